//! What a draft holds before its run begins: how much is to be sent to which countries, what is left out, and the first
//! messages.

use std::collections::BTreeMap;

use super::draft::{IS_SENT, LedgerDraft};
use super::reading::skip_counts;
use super::walk::{text_of, walk};
use crate::ledger::{LedgerError, SkipCounts};
use crate::phone::country_of;

/// A draft in figures.
#[derive(Debug)]
pub(crate) struct DraftOverview {
    /// Rows that are to be sent.
    pub(crate) rows: u64,
    pub(crate) skips: SkipCounts,
    /// Rows among them that go to the person of an earlier row.
    pub(crate) repeated: u64,
    /// Rows by the country of their number: two letters.
    pub(crate) countries: BTreeMap<&'static str, u64>,
}

/// A row that is to be sent.
#[derive(Debug)]
pub(crate) struct DraftedMessage {
    /// Where it begins in the input.
    pub(crate) line: u64,
    /// The row of the input, as JSON.
    pub(crate) cells: String,
    pub(crate) recipient: String,
    pub(crate) body: String,
}

impl LedgerDraft {
    /// The draft in figures, once all that is left out is decided.
    pub(crate) fn overview(&self) -> Result<DraftOverview, LedgerError> {
        let db = self.connection();
        let skips = skip_counts(db)?;
        let (mut rows, mut countries) = (0, BTreeMap::new());
        let is_sent = if skips.iter().next().is_some() { IS_SENT } else { "recipient IS NOT NULL" };
        // Nothing has an order yet: of each person's rows all but one are repeated.
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

    /// The first rows that are to be sent, at most so many.
    pub(crate) fn first_messages(&self, most: u64) -> Result<Vec<DraftedMessage>, LedgerError> {
        let query = format!(
            "SELECT line, cells, recipient, body FROM row JOIN content USING (n) WHERE {IS_SENT} ORDER BY row.n LIMIT ?1"
        );
        let mut statement = self.connection().prepare(&query)?;
        let rows = statement.query_map([most], |row| {
            Ok(DraftedMessage { line: row.get(0)?, cells: row.get(1)?, recipient: row.get(2)?, body: row.get(3)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
