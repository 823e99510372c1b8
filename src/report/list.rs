//! The report on a run: the input's own columns, followed by the outcome of each row.

use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::import::BulkError;
use crate::ledger::{LedgerError, ReportedDelivery, ReportedRow};
use crate::list::{CsvFormat, ListFormat, MARK, ReportLanguage, guarded, kept_cells, outcome_columns, quoted};
use crate::message::typed_form;
use crate::output::{compact, one_line};
use crate::timestamps::rfc_3339_millis;

/// The column of how far a message came.
const DELIVERY: &str = "delivery";
/// The year 10,000, which the time format cannot represent.
const END_OF_TIMES: Duration = Duration::from_secs(253_402_300_800);

/// Called with each row.
pub(super) type EachRow<'a> = &'a mut dyn FnMut(ReportedRow) -> Result<(), BulkError>;

/// The rows of a report.
pub(super) struct ReportRows<'a> {
    /// The name of their run; empty if there is none.
    pub(super) run: String,
    pub(super) columns: &'a [String],
    /// The format of the list.
    pub(super) format: ListFormat,
    pub(super) each: &'a dyn Fn(EachRow<'_>) -> Result<(), BulkError>,
}

/// Writes the report as CSV, in the format of the list.
pub(super) fn write_csv(
    report: &ReportRows<'_>,
    (is_for_a_terminal, delimiter, language): (bool, Option<u8>, ReportLanguage),
    mut to: impl Write,
) -> Result<u64, BulkError> {
    let own = |cell: String| if is_for_a_terminal { one_line(&cell).into_owned() } else { cell };
    let format = match report.format {
        ListFormat::Csv(format) => format,
        ListFormat::Ndjson => CsvFormat::default(),
    };
    // A given delimiter suggests a spreadsheet, which recognizes UTF-8 by its mark.
    let format = match delimiter {
        Some(delimiter) => CsvFormat { delimiter, has_mark: true, ..format },
        None => format,
    };
    write_beginning(format, &mut to).map_err(BulkError::Report)?;
    let columns = report.columns.iter().cloned().map(own).chain(outcome_columns(language).map(str::to_owned));
    write_line(format, &mut to, columns).map_err(BulkError::Report)?;
    let mut rows = 0;
    (report.each)(&mut |row| {
        rows += 1;
        let cells = cells_under(report.columns, &row.cells)?;
        let outcome = outcome_cells(&report.run, &row, language)?;
        write_line(format, &mut to, cells.iter().map(text).map(own).chain(outcome)).map_err(BulkError::Report)
    })?;
    to.flush().map_err(BulkError::Report)?;
    Ok(rows)
}

/// What comes before the list's header: without it a spreadsheet misreads the accents or the delimiter.
fn write_beginning(format: CsvFormat, to: &mut impl Write) -> io::Result<()> {
    if format.has_mark {
        to.write_all(MARK)?;
    }
    if format.has_separator_line {
        write!(to, "sep={}{}", char::from(format.delimiter), line_end(format))?;
    }
    Ok(())
}

/// A line of at least two cells, without cells that a spreadsheet would execute.
fn write_line(format: CsvFormat, to: &mut impl Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    let cells: Vec<_> = cells.map(|cell| quoted(&guarded(&cell)).into_owned()).collect();
    write!(to, "{}{}", cells.join(&char::from(format.delimiter).to_string()), line_end(format))
}

fn line_end(format: CsvFormat) -> &'static str {
    if format.has_returns { "\r\n" } else { "\n" }
}

/// Writes the report as JSON, one object per line.
pub(super) fn write_ndjson(report: &ReportRows<'_>, mut to: impl Write) -> Result<u64, BulkError> {
    let ours = outcome_columns(ReportLanguage::En);
    if let Some(column) = report.columns.iter().find(|column| ours.contains(&column.trim())) {
        let message = format!("the input's own column `{column}` has the name of one of the outcome's");
        return Err(BulkError::needs_csv(message));
    }
    let mut rows = 0;
    (report.each)(&mut |row| {
        rows += 1;
        let mut line = if let Value::Object(fields) = stored(&row.cells)? {
            fields
        } else {
            let cells = cells_under(report.columns, &row.cells)?;
            report.columns.iter().map(|name| name.trim().to_owned()).zip(cells).collect()
        };
        line.extend(outcome(&report.run, &row)?.into_iter().map(|(name, value)| (name.to_owned(), value)));
        writeln!(to, "{}", compact(&Value::Object(line))).map_err(BulkError::Report)
    })?;
    to.flush().map_err(BulkError::Report)?;
    Ok(rows)
}

/// The cells of a row under `columns`, as text.
pub(crate) fn reported_cells(columns: &[String], cells: &str) -> Result<Vec<String>, BulkError> {
    Ok(cells_under(columns, cells)?.iter().map(text).collect())
}

/// The cells of a row under `columns`. A field that an object lacks is empty; the text of a row without cells is in the
/// first column.
fn cells_under(columns: &[String], cells: &str) -> Result<Vec<Value>, BulkError> {
    Ok(match stored(cells)? {
        Value::Object(mut fields) => {
            columns.iter().map(|column| fields.remove(column).unwrap_or(Value::Null)).collect()
        }
        Value::String(text) => {
            let texts = std::iter::once(Value::from(text)).chain(std::iter::repeat(Value::Null));
            texts.take(columns.len()).collect()
        }
        cells => kept_cells(cells).map_err(LedgerError::damaged)?,
    })
}

/// The cells of a row as the ledger keeps them.
fn stored(cells: &str) -> Result<Value, LedgerError> {
    serde_json::from_str(cells).map_err(LedgerError::damaged)
}

/// The outcome of a row: a value for each of the columns.
///
/// # Errors
/// When its time cannot be represented.
pub(crate) fn outcome(run: &str, row: &ReportedRow) -> Result<[(&'static str, Value); 14], LedgerError> {
    let at = row.at.map(|at| time(at).ok_or(LedgerError::time_out_of_range(row.line, at))).transpose()?;
    let [run_column, line, sent, message_id, http_status, code, error, attempts, at_column, others @ ..] =
        outcome_columns(ReportLanguage::En);
    let [delivery_column, delivered_at, read_at, delivery_error, sent_to] = others;
    let delivery = row.delivery.as_ref();
    let delivery_time = |at: fn(&ReportedDelivery) -> Option<i64>| json!(delivery.and_then(at).and_then(time));
    Ok([
        (run_column, json!(run)),
        (line, json!(row.line)),
        (sent, json!(row.state.sent())),
        (message_id, json!(row.message_id)),
        (http_status, json!(row.http_status)),
        (code, json!(row.code)),
        (error, json!(row.error)),
        (attempts, json!(row.attempts)),
        (at_column, json!(at)),
        (delivery_column, json!(delivery.map(|delivery| &delivery.facts.state))),
        (delivered_at, delivery_time(|delivery| delivery.delivered_at)),
        (read_at, delivery_time(|delivery| delivery.read_at)),
        (delivery_error, json!(delivery.and_then(|delivery| delivery.facts.failure()))),
        (sent_to, json!(row.recipient.as_deref().map(typed_form))),
    ])
}

/// What became of a row, as the cells of a list.
pub(super) fn outcome_cells(run: &str, row: &ReportedRow, language: ReportLanguage) -> Result<Vec<String>, BulkError> {
    let state = row.delivery.as_ref().and_then(|delivery| language.of([None, delivery.facts.state.in_spanish()]));
    let cells = outcome(run, row)?.into_iter().map(|(column, value)| match state {
        Some(state) if column == DELIVERY => state.to_owned(),
        // Text from outside must not affect a terminal or a log, wherever it is printed in the end.
        _ => one_line(&text(&value)).into_owned(),
    });
    Ok(cells.collect())
}

/// A time of the ledger for people and spreadsheets; empty before 1970 and after the year 9999.
fn time(milliseconds: i64) -> Option<String> {
    let since_1970 = Duration::from_millis(u64::try_from(milliseconds).ok()?);
    (since_1970 < END_OF_TIMES).then(|| rfc_3339_millis(UNIX_EPOCH + since_1970))
}

/// A value as the text of a cell.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
