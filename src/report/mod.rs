//! The report on a run as a list again, and how rows that were not sent are sent again.

mod list;
mod send_again;
mod workbook;

use std::io::Write;

pub(crate) use self::list::{outcome as reported_outcome, reported_cells};
use self::list::{write_csv, write_ndjson};
pub(crate) use self::send_again::commands_to_send_again;
use self::workbook::write_workbook;
use crate::import::BulkError;
use crate::ledger::{Details, RowFilter, Run};

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListReport {
    /// Onto a terminal the list's own cells too are escaped, and elsewhere stay as they are.
    Csv {
        is_for_a_terminal: bool,
        /// In place of the list's own.
        delimiter: Option<u8>,
    },
    Ndjson,
    Workbook,
}

/// Writes the rows that `filter` takes to `to`; says how many.
pub(crate) fn write_report(
    ledger: &dyn Run,
    details: &Details,
    filter: &RowFilter,
    format: ListReport,
    to: impl Write,
) -> Result<u64, BulkError> {
    match format {
        ListReport::Csv { is_for_a_terminal, delimiter } => {
            write_csv(ledger, details, filter, (is_for_a_terminal, delimiter), to)
        }
        ListReport::Ndjson => write_ndjson(ledger, details, filter, to),
        ListReport::Workbook => write_workbook(ledger, details, filter, to),
    }
}
