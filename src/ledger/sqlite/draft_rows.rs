//! The rows of a draft, for a run whose ledger is elsewhere.

use super::comparison::{note, prepare};
use super::draft::LedgerDraft;
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
    ///
    /// # Errors
    /// When it cannot be read, or `each` fails.
    pub(crate) fn each_row(
        &self,
        mut each: impl FnMut(DraftedRow<'_>) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let mut statement = self.db.prepare(
            "SELECT row.n, line, before, cells, recipient, path, body, person, fingerprint, row_checksum, reason, problem, \
             other_run, at FROM row JOIN content USING (n) LEFT JOIN decision ON decision.n = row.n ORDER BY row.n",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
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
            })?;
        }
        Ok(())
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
        let mut statement = self.db.prepare_cached(
            "SELECT n, fingerprint, person FROM row WHERE n > ?1 AND recipient IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.n = row.n) ORDER BY n LIMIT ?2",
        )?;
        let rows = statement.query_map((after, i64::try_from(limit).unwrap_or(i64::MAX)), |row| {
            Ok(RowKey { n: row.get(0)?, fingerprint: row.get(1)?, person: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Gives `each` the people who have a row that is to be sent, so many at once, with the fingerprint of each message to
    /// them.
    pub(crate) fn each_addressees<E: From<LedgerError>>(
        &self,
        most: usize,
        mut each: impl FnMut(&[i64], &[i64]) -> Result<(), E>,
    ) -> Result<(), E> {
        let query = "SELECT DISTINCT person, fingerprint FROM row WHERE recipient IS NOT NULL \
                     AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.n = row.n) ORDER BY person";
        let mut statement = self.db.prepare(query).map_err(LedgerError::from)?;
        let mut rows = statement.query([]).map_err(LedgerError::from)?;
        let (mut people, mut fingerprints) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next().map_err(LedgerError::from)? {
            let person = row.get(0).map_err(LedgerError::from)?;
            // All messages of a person are given together.
            if people.len() >= most && people.last() != Some(&person) {
                each(&people, &fingerprints)?;
                people.clear();
                fingerprints.clear();
            }
            people.push(person);
            fingerprints.push(row.get(1).map_err(LedgerError::from)?);
        }
        if people.is_empty() { Ok(()) } else { each(&people, &fingerprints) }
    }

    /// Makes room for [`LedgerDraft::note_earlier`].
    pub(crate) fn prepare_earlier(&self) -> Result<(), LedgerError> {
        Ok(prepare(&self.db)?)
    }

    /// Notes that `run` has row `n` too; of several notes the worst stays.
    pub(crate) fn note_earlier(&self, n: i64, run: &str, found: EarlierRow) -> Result<(), LedgerError> {
        note(&self.db, n, run, found)
    }
}
