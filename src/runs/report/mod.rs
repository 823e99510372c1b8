//! Writes the report of a run as a list.

mod list;

use std::fmt::Display;
use std::io::Write;

use jiff::tz::TimeZone;

pub(crate) use self::list::{CsvOptions, outcome as reported_outcome, reported_cells};
use self::list::{EachRow, ReportRows, write_csv, write_ndjson, write_workbook};
use crate::base::message::{Lang, Value};
use crate::lists::list_file::{ListFormat, with_stored_dates};
use crate::runs::import::BulkError;
use crate::runs::ledger::{
    LedgerDraft, NewDraftRow, ReportRow, RowFilter, RowState, Run, RunSettings, SkipDetail, now,
};

/// The format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListReport {
    Csv(CsvOptions),
    Ndjson,
    Workbook { language: Lang },
}

/// Writes the skipped rows of `draft`; returns how many. `settings` has the columns of its list.
pub(crate) fn write_skipped_rows(
    draft: &LedgerDraft,
    settings: &RunSettings,
    format: ListReport,
    zone: TimeZone,
    to: impl Write,
) -> Result<u64, BulkError> {
    let each =
        |write: EachRow<'_>| draft.each_row(|row| skipped_row(&row).map_or(Ok(()), &mut *write));
    write(
        &ReportRows {
            run: String::new(),
            columns: &settings.columns,
            format: settings.format,
            zone,
            each: &each,
        },
        format,
        to,
    )
}

/// Writes the rows that match `filter` to `to`, with times in `zone`; returns how many.
pub(crate) fn write_report(
    ledger: &Run,
    details: &RunSettings,
    filter: &RowFilter,
    format: ListReport,
    zone: TimeZone,
    to: impl Write,
) -> Result<u64, BulkError> {
    let each = |write: EachRow<'_>| ledger.report::<BulkError>(filter, write);
    let run = ledger.name().to_string();
    write(
        &ReportRows {
            run,
            columns: &details.columns,
            format: details.format,
            zone,
            each: &each,
        },
        format,
        to,
    )
}

fn write(rows: &ReportRows<'_>, format: ListReport, to: impl Write) -> Result<u64, BulkError> {
    match format {
        ListReport::Csv(options) => write_csv(rows, options, to),
        ListReport::Ndjson => write_ndjson(rows, to),
        ListReport::Workbook { language } => write_workbook(rows, language, to),
    }
}

/// Returns the command that writes the rows of the run `name` to correct and send again, in the format of the list.
/// Returns None if no row needs a correction.
pub(crate) fn report_to_correct(
    name: impl Display,
    details: &RunSettings,
    failed: u64,
    invalid: u64,
) -> Option<Value> {
    let filter = match (failed, invalid) {
        (0, 0) => return None,
        (_, 0) => "--state failed",
        (0, _) => "--reason invalid",
        (_, _) => "--state failed --reason invalid",
    };
    let list = details.list.as_deref().unwrap_or_default().to_lowercase();
    let ending = match details.format {
        ListFormat::Ndjson => "ndjson",
        ListFormat::Csv(_)
            if [".xlsx", ".xlsm", ".ods"]
                .iter()
                .any(|ending| list.ends_with(ending)) =>
        {
            "xlsx"
        }
        ListFormat::Csv(_) => "csv",
    };
    let report = format!("jelouctl bulk report {name} {filter} --file");
    Some(Value::ByLanguage {
        english: format!("{report} {name}-again.{ending}"),
        spanish: format!("{report} {name}-corregir.{ending} --lang es"),
    })
}

/// Converts a row of a draft for a report. Returns None if it will be sent.
fn skipped_row(row: &NewDraftRow<'_>) -> Option<ReportRow> {
    let SkipDetail { reason, problem } = row.skip.clone()?;
    Some(ReportRow {
        line: row.line,
        recipient: row
            .request
            .as_ref()
            .map(|request| request.recipient.to_owned()),
        cells: with_stored_dates(row.cells),
        state: RowState::Skipped,
        message_id: None,
        http_status: None,
        code: Some(reason.name().to_owned()),
        error: Some(problem),
        api_code: None,
        attempts: 0,
        at: Some(now()),
        ended_at: None,
        delivery: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::message::msg;
    use crate::lists::list_file::CsvFormat;

    #[test]
    fn correction_report_keeps_the_list_format() {
        let csv = ListFormat::Csv(CsvFormat::default());
        for (list, format, file) in [
            (Some("people.csv"), csv, "r-again.csv"),
            (None, csv, "r-again.csv"),
            (Some("Lista.XLSX"), csv, "r-again.xlsx"),
            (Some("people.txt"), ListFormat::Ndjson, "r-again.ndjson"),
        ] {
            let details = RunSettings {
                list: list.map(str::to_owned),
                format,
                ..crate::runs::ledger::fixture::details()
            };
            let report = report_to_correct("r", &details, 1, 0).unwrap();
            let expected = format!("jelouctl bulk report r --state failed --file {file}");
            assert_eq!(msg!("{report}", report), expected.as_str());
        }
    }
}
