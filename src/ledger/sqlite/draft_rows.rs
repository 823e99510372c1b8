//! The contents of a draft: its figures, its first messages, and its rows for a run whose ledger is elsewhere.

use std::collections::BTreeMap;

use super::comparison::note;
use super::draft::{IS_SENT, LedgerDraft};
use super::{text_of, walk};
use crate::ledger::{EarlierRow, LedgerError, SkipCounts};
use crate::phone::country_of;

/// A row, and the keys that it is compared by.
#[derive(Debug)]
pub(crate) struct DraftedRow<'a> {
    pub(crate) n: i64,
    pub(crate) line: u64,
    /// The previous row for the same person.
    pub(crate) before: Option<i64>,
    /// JSON.
    pub(crate) cells: &'a str,
    /// None in all of these if no request could be made.
    pub(crate) recipient: Option<&'a str>,
    pub(crate) path: Option<&'a str>,
    pub(crate) body: Option<&'a str>,
    pub(crate) person: Option<i64>,
    pub(crate) fingerprint: Option<i64>,
    pub(crate) row_checksum: Option<i64>,
    /// Why it is skipped.
    pub(crate) skip: Option<DraftedSkip<'a>>,
}

/// Why a row is skipped.
#[derive(Debug)]
pub(crate) struct DraftedSkip<'a> {
    pub(crate) reason: &'a str,
    pub(crate) problem: Option<&'a str>,
    pub(crate) run: Option<&'a str>,
    pub(crate) at: i64,
}

impl LedgerDraft {
    /// Passes every row, in order.
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

/// The keys by which a row that is to be sent is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowKey {
    pub(crate) n: i64,
    pub(crate) fingerprint: i64,
    pub(crate) person: i64,
}

impl LedgerDraft {
    /// The keys of the next rows after `after` that are to be sent.
    pub(crate) fn keys(&self, after: i64, limit: usize) -> Result<Vec<RowKey>, LedgerError> {
        let query = format!("SELECT n, fingerprint, person FROM row WHERE n > ?1 AND {IS_SENT} ORDER BY n LIMIT ?2");
        let mut statement = self.db.prepare_cached(&query)?;
        let rows = statement.query_map((after, i64::try_from(limit).unwrap_or(i64::MAX)), |row| {
            Ok(RowKey { n: row.get(0)?, fingerprint: row.get(1)?, person: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Passes to `each` the people with a row that is to be sent, `most` at a time, with the fingerprint of each
    /// message for them.
    pub(crate) fn each_addressees(
        &self,
        most: usize,
        mut each: impl FnMut(&[i64], &[i64]) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let query = format!("SELECT DISTINCT person, fingerprint FROM row WHERE {IS_SENT} ORDER BY person");
        let (mut people, mut fingerprints) = (Vec::new(), Vec::new());
        walk(&self.db, &query, [], |row| {
            let person = row.get(0)?;
            // All messages for a person are passed together.
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

    /// Records that `run` has row `n` too. If there are several matches, the worst one stays.
    pub(crate) fn note_earlier(&self, n: i64, run: &str, found: EarlierRow) -> Result<(), LedgerError> {
        note(&self.db, n, Some(run), found)
    }
}

/// The figures of a draft.
#[derive(Debug)]
pub(crate) struct DraftOverview {
    /// Rows that are to be sent.
    pub(crate) rows: u64,
    pub(crate) skips: SkipCounts,
    /// Those of them whose person has an earlier row.
    pub(crate) repeated: u64,
    /// Rows by the country of their number, as two letters.
    pub(crate) countries: BTreeMap<&'static str, u64>,
}

/// A row that is to be sent.
#[derive(Debug)]
pub(crate) struct DraftedMessage {
    /// The line where it begins in the input.
    pub(crate) line: u64,
    /// The row of the input, as JSON.
    pub(crate) cells: String,
    pub(crate) recipient: String,
    pub(crate) body: String,
}

impl LedgerDraft {
    /// The figures of the draft, once all skipped rows are decided.
    pub(crate) fn overview(&self) -> Result<DraftOverview, LedgerError> {
        let db = &self.db;
        let skips = self.skip_counts().clone();
        let (mut rows, mut countries) = (0, BTreeMap::new());
        let is_sent = if skips.iter().next().is_some() { IS_SENT } else { "recipient IS NOT NULL" };
        // The rows are not in order yet: for each person, all rows but one are repeated.
        let people = format!("SELECT count(*), count(DISTINCT person) FROM row WHERE {is_sent}");
        let people = format!("{people} AND person IN (SELECT person FROM repeated)");
        let repeated = db.query_row(&people, [], |row| Ok(row.get::<_, u64>(0)? - row.get::<_, u64>(1)?))?;
        walk(db, &format!("SELECT recipient FROM row WHERE {is_sent}"), [], |row| {
            rows += 1;
            if let Some(country) = country_of(text_of(row, 0)?) {
                *countries.entry(country).or_default() += 1;
            }
            Ok(())
        })?;
        Ok(DraftOverview { rows, skips, repeated, countries })
    }

    /// The first rows that are to be sent, at most `most` of them.
    pub(crate) fn first_messages(&self, most: u64) -> Result<Vec<DraftedMessage>, LedgerError> {
        let query = format!(
            "SELECT line, cells, recipient, body FROM row JOIN content USING (n) WHERE {IS_SENT} ORDER BY row.n LIMIT ?1"
        );
        let mut statement = self.db.prepare(&query)?;
        let rows = statement.query_map([most], |row| {
            Ok(DraftedMessage { line: row.get(0)?, cells: row.get(1)?, recipient: row.get(2)?, body: row.get(3)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
