//! The rows of a draft, for a run whose ledger is elsewhere.

use super::comparison::{note, prepare};
use super::draft::{IS_SENT, LedgerDraft};
use super::walk::walk;
use crate::ledger::{EarlierRow, LedgerError};

/// A row, and what it is compared by.
#[derive(Debug)]
pub(crate) struct DraftedRow<'a> {
    pub(crate) n: i64,
    pub(crate) line: u64,
    /// The row before it to the same person.
    pub(crate) before: Option<i64>,
    /// JSON.
    pub(crate) cells: &'a str,
    /// Nothing of these where no request could be made.
    pub(crate) recipient: Option<&'a str>,
    pub(crate) path: Option<&'a str>,
    pub(crate) body: Option<&'a str>,
    pub(crate) person: Option<i64>,
    pub(crate) fingerprint: Option<i64>,
    pub(crate) row_checksum: Option<i64>,
    /// Why it is left out.
    pub(crate) skip: Option<DraftedSkip<'a>>,
}

/// Why a row is left out.
#[derive(Debug)]
pub(crate) struct DraftedSkip<'a> {
    pub(crate) reason: &'a str,
    pub(crate) problem: Option<&'a str>,
    pub(crate) run: Option<&'a str>,
    pub(crate) at: i64,
}

impl LedgerDraft {
    /// Puts the rows to one person in order; there are no more to come.
    pub(crate) fn settle_order(&self) -> Result<(), LedgerError> {
        self.put_in_order()
    }

    /// Gives every row, in order.
    pub(crate) fn each_row(
        &self,
        mut each: impl FnMut(DraftedRow<'_>) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let query = "SELECT row.n, line, before, cells, recipient, path, body, person, fingerprint, row_checksum, reason, problem, \
             other_run, at FROM row JOIN content USING (n) LEFT JOIN decision ON decision.n = row.n ORDER BY row.n";
        walk(&self.db, query, [], |row| {
            let text = |column| row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from);
            let skip = match text(10)? {
                Some(reason) => Some(DraftedSkip { reason, problem: text(11)?, run: text(12)?, at: row.get(13)? }),
                None => None,
            };
            each(DraftedRow {
                n: row.get(0)?,
                line: row.get(1)?,
                before: row.get(2)?,
                cells: text(3)?.unwrap_or_default(),
                recipient: text(4)?,
                path: text(5)?,
                body: text(6)?,
                person: row.get(7)?,
                fingerprint: row.get(8)?,
                row_checksum: row.get(9)?,
                skip,
            })
        })
    }
}

/// What a row that is to be sent is compared by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowKey {
    pub(crate) n: i64,
    pub(crate) fingerprint: i64,
    pub(crate) person: i64,
}

impl LedgerDraft {
    /// The keys of the next rows behind `after` that are to be sent.
    pub(crate) fn keys(&self, after: i64, limit: usize) -> Result<Vec<RowKey>, LedgerError> {
        let query = format!("SELECT n, fingerprint, person FROM row WHERE n > ?1 AND {IS_SENT} ORDER BY n LIMIT ?2");
        let mut statement = self.db.prepare_cached(&query)?;
        let rows = statement.query_map((after, i64::try_from(limit).unwrap_or(i64::MAX)), |row| {
            Ok(RowKey { n: row.get(0)?, fingerprint: row.get(1)?, person: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Gives `each` the people who have a row that is to be sent, so many at once, with the fingerprint of each message to
    /// them.
    pub(crate) fn each_addressees(
        &self,
        most: usize,
        mut each: impl FnMut(&[i64], &[i64]) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let query = format!("SELECT DISTINCT person, fingerprint FROM row WHERE {IS_SENT} ORDER BY person");
        let (mut people, mut fingerprints) = (Vec::new(), Vec::new());
        walk(&self.db, &query, [], |row| {
            let person = row.get(0)?;
            // All messages of a person are given together.
            if people.len() >= most && people.last() != Some(&person) {
                each(&people, &fingerprints)?;
                people.clear();
                fingerprints.clear();
            }
            people.push(person);
            fingerprints.push(row.get(1)?);
            Ok(())
        })?;
        if people.is_empty() { Ok(()) } else { each(&people, &fingerprints) }
    }

    /// Makes room for [`LedgerDraft::note_earlier`].
    pub(crate) fn prepare_earlier(&self) -> Result<(), LedgerError> {
        Ok(prepare(&self.db)?)
    }

    /// Notes that `run` has row `n` too; of several notes the worst stays.
    pub(crate) fn note_earlier(&self, n: i64, run: &str, found: EarlierRow) -> Result<(), LedgerError> {
        note(&self.db, n, Some(run), found)
    }
}
