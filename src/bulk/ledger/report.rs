//! Rows of a ledger with their outcomes, one at a time.

use super::{Ledger, LedgerError, ReportedRow, RowState};

impl Ledger {
    /// Gives every row that is in one of `states` to `write`, in the order of the input.
    pub(crate) fn report<E: From<LedgerError>>(
        &self,
        states: &[RowState],
        mut write: impl FnMut(ReportedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self
            .db
            .prepare(
                "SELECT row.state, cells, message_id, http_status, coalesce(code, nullif(row.state, 'sent')), \
                 coalesce(error, problem), attempts, coalesce(ended_at, at) \
                 FROM row JOIN content USING (n) LEFT JOIN attempt ON attempt.row = row.n \
                 AND attempt.number = (SELECT max(number) FROM attempt WHERE attempt.row = row.n) ORDER BY row.n",
            )
            .map_err(LedgerError::from)?;
        let mut rows = statement.query([]).map_err(LedgerError::from)?;
        while let Some(row) = rows.next().map_err(LedgerError::from)? {
            let reported = reported(row).map_err(LedgerError::from)?;
            if states.contains(&reported.state) {
                write(reported)?;
            }
        }
        Ok(())
    }
}

fn reported(row: &rusqlite::Row<'_>) -> rusqlite::Result<ReportedRow> {
    Ok(ReportedRow {
        state: row.get(0)?,
        cells: row.get(1)?,
        message_id: row.get(2)?,
        http_status: row.get(3)?,
        code: row.get(4)?,
        error: row.get(5)?,
        attempts: row.get(6)?,
        at: row.get(7)?,
    })
}
