//! A list that is sent in parts: rows after the limit are removed from the draft again.

use rusqlite::{OptionalExtension, params};

use super::comparison::prepare;
use super::draft::{IS_SENT, LedgerDraft};
use super::repeated_rows::OF_EARLIER_RUNS;
use crate::ledger::LedgerError;

/// What the limit counts, each only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitOf {
    Rows,
    Messages,
    /// Who has a message of an earlier run does not count.
    People,
}

impl LedgerDraft {
    /// Where `limit` is reached, removes all rows after it; gives the line of the last row that stays.
    pub(crate) fn cut(&mut self, limit: u64, of: LimitOf) -> Result<Option<u64>, LedgerError> {
        let Some(before) = limit.checked_sub(1) else { return Ok(None) };
        // Whoever has a message of an earlier run gets none of this list, wherever that row stands.
        let of_nobody_earlier = format!(
            "AND person NOT IN (SELECT person FROM row JOIN decision ON decision.n = row.n \
             WHERE person IS NOT NULL AND reason IN ({OF_EARLIER_RUNS}))"
        );
        let (key, only) = match of {
            LimitOf::Rows => ("n", ""),
            LimitOf::Messages => ("fingerprint", ""),
            LimitOf::People => ("person", of_nobody_earlier.as_str()),
        };
        let query = format!(
            "SELECT n, line FROM row WHERE n IN (SELECT min(n) FROM row WHERE {IS_SENT} {only} GROUP BY {key}) \
             ORDER BY n LIMIT 1 OFFSET ?1"
        );
        let last = self.db.query_row(&query, [before], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((last, line)) = last else { return Ok(None) };
        prepare(&self.db)?;
        for delete in [
            "DELETE FROM row WHERE n > ?1",
            "DELETE FROM content WHERE n > ?1",
            "DELETE FROM decision WHERE n > ?1",
            "DELETE FROM earlier WHERE n > ?1",
        ] {
            self.db.execute(delete, params![last])?;
        }
        self.has_rows(last)?;
        Ok(Some(line))
    }
}
