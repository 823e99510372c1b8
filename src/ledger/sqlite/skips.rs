//! How many rows of a ledger, or of a draft, are left out.

use rusqlite::Connection;

use super::Ledger;
use super::text_column::text_of;
use crate::ledger::{LedgerError, SkipCounts, SkipReason};

impl Ledger {
    /// How many rows are left out for each reason.
    pub(crate) fn skip_counts(&self) -> Result<SkipCounts, LedgerError> {
        skip_counts(&self.db)
    }
}

/// Of a ledger, or of a draft.
pub(super) fn skip_counts(db: &Connection) -> Result<SkipCounts, LedgerError> {
    let query = "SELECT reason, count(*) FROM decision WHERE \"to\" = 'skipped' GROUP BY reason";
    let mut statement = db.prepare_cached(query)?;
    let mut rows = statement.query([])?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let name = text_of(row, 0)?;
        let damaged = || LedgerError::Damaged { problem: format!("no row is skipped for the reason `{name}`") };
        counts.push((SkipReason::of_name(name).ok_or_else(damaged)?, row.get(1)?));
    }
    counts.sort_unstable();
    Ok(SkipCounts(counts))
}
