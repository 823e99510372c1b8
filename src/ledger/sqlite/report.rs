//! Rows of a ledger with their outcomes, one at a time.

use rusqlite::OptionalExtension;

use super::Ledger;
use crate::ledger::{LedgerError, ReportedRow, RowState, SkipReason};

/// Which rows are taken: those in one of the states, and of the skipped ones those with one of the reasons. Where nothing is
/// named, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowFilter {
    pub(crate) states: Vec<RowState>,
    pub(crate) reasons: Vec<SkipReason>,
}

impl RowFilter {
    pub(crate) fn takes(&self, row: &ReportedRow) -> bool {
        let has_reason = || self.reasons.iter().any(|reason| row.code.as_deref() == Some(reason.name()));
        match row.state {
            RowState::Skipped if !self.reasons.is_empty() => has_reason(),
            _ if self.states.is_empty() => self.reasons.is_empty(),
            state => self.states.contains(&state),
        }
    }
}

impl Ledger {
    /// Gives every row that `filter` takes to `write`, in the order of the input.
    pub(crate) fn report<E: From<LedgerError>>(
        &self,
        filter: &RowFilter,
        mut write: impl FnMut(ReportedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let query = format!("{REPORTED} ORDER BY row.n");
        let mut statement = self.db.prepare(&query).map_err(LedgerError::from)?;
        let mut rows = statement.query([]).map_err(LedgerError::from)?;
        while let Some(row) = rows.next().map_err(LedgerError::from)? {
            let reported = self.shown(reported(row).map_err(LedgerError::from)?);
            if filter.takes(&reported) {
                write(reported)?;
            }
        }
        Ok(())
    }

    /// One row, as it is reported on.
    pub(super) fn reported_row(&self, n: i64) -> Result<ReportedRow, LedgerError> {
        let query = format!("{REPORTED} WHERE row.n = ?1");
        Ok(self.shown(self.db.prepare_cached(&query)?.query_row([n], reported)?))
    }
}

impl Ledger {
    /// The first request that was not left out, or else the first of all: its recipient, and its body.
    pub(crate) fn first_message(&self) -> Result<Option<(String, String)>, LedgerError> {
        let query = "SELECT recipient, body FROM row JOIN content USING (n) WHERE recipient IS NOT NULL ORDER BY \
                     EXISTS (SELECT 1 FROM decision WHERE decision.row = n AND \"to\" = 'skipped'), n LIMIT 1";
        Ok(self.db.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }
}

/// The last answer stays beside what a person decided later.
const REPORTED: &str = "SELECT line, standing.state, cells, message_id, http_status, \
     CASE WHEN \"to\" = 'skipped' THEN reason WHEN \"to\" IS NOT NULL THEN 'resolved' \
       ELSE coalesce(code, nullif(standing.state, 'sent')) END, \
     CASE WHEN \"to\" IS NULL THEN error WHEN error IS NULL THEN problem \
       ELSE problem || '; before that: ' || error END, \
     (SELECT count(*) FROM attempt WHERE attempt.row = row.n), standing.at, recipient, api_code, ended_at \
     FROM row JOIN content USING (n) JOIN standing USING (n) \
     LEFT JOIN outcome ON outcome.row = row.n \
       AND outcome.number = (SELECT max(number) FROM outcome WHERE outcome.row = row.n) \
     LEFT JOIN decision ON decision.row = row.n AND decision.number = standing.number";

fn reported(row: &rusqlite::Row<'_>) -> rusqlite::Result<ReportedRow> {
    Ok(ReportedRow {
        line: row.get(0)?,
        state: row.get(1)?,
        cells: row.get(2)?,
        message_id: row.get(3)?,
        http_status: row.get(4)?,
        code: row.get(5)?,
        error: row.get(6)?,
        attempts: row.get(7)?,
        at: row.get(8)?,
        recipient: row.get(9)?,
        api_code: row.get(10)?,
        ended_at: row.get(11)?,
    })
}
