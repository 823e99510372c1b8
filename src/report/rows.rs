//! The rows of a report, from a run or from a list before its run.

use crate::import::BulkError;
use crate::ledger::{DraftedRow, ReportedRow, RowState, now};
use crate::list::ListFormat;

/// Called with each row.
pub(super) type EachRow<'a> = &'a mut dyn FnMut(ReportedRow) -> Result<(), BulkError>;

/// The rows of a report.
pub(super) struct ReportRows<'a> {
    /// The name of their run; empty if there is none.
    pub(super) run: String,
    pub(super) columns: &'a [String],
    /// The format of the list.
    pub(super) format: ListFormat,
    /// The maximum number of rows.
    pub(super) most: u64,
    pub(super) each: &'a dyn Fn(EachRow<'_>) -> Result<(), BulkError>,
}

/// A row of a draft for a report; None if it will be sent.
pub(super) fn left_out(row: &DraftedRow<'_>) -> Option<ReportedRow> {
    let (reason, problem) = row.skip?;
    Some(ReportedRow {
        line: row.line,
        recipient: row.recipient.map(str::to_owned),
        cells: row.cells.to_owned(),
        state: RowState::Skipped,
        message_id: None,
        http_status: None,
        code: Some(reason.to_owned()),
        error: problem.map(str::to_owned),
        api_code: None,
        attempts: 0,
        at: Some(now()),
        ended_at: None,
        delivery: None,
    })
}
