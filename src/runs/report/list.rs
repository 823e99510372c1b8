//! The report of a run as CSV, JSON lines or an Excel workbook: the columns of the list, then the outcome of each row. In a
//! workbook, each cell is text, so that no spreadsheet reads it as a number or a formula.

use std::io::{self, Seek, Write};

use jiff::tz::TimeZone;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use serde_json::{Value, json};

use crate::base::message::{self, Lang, msg};
use crate::base::output::{Sent, compact, one_line};
use crate::base::timestamps::{rfc_3339_in, time_in};
use crate::jelou::message::typed_form;
use crate::lists::list_file::{
    BOM, CsvFormat, ListFormat, guarded, guarded_in_sheet, kept_cells, outcome_columns, quoted,
};
use crate::runs::import::BulkError;
use crate::runs::ledger::{LedgerError, ReportRow, RowDelivery};

/// The columns with words in the language of the report.
const SENT: &str = "sent";
const ERROR: &str = "error";
const DELIVERY: &str = "delivery";
/// The year 10,000, which the time format cannot represent, in milliseconds since 1970.
const END_OF_TIMES: i64 = 253_402_300_800_000;

/// Called with each row.
pub(super) type EachRow<'a> = &'a mut dyn FnMut(ReportRow) -> Result<(), BulkError>;

/// The rows of a report.
pub(super) struct ReportRows<'a> {
    /// The name of their run; empty without a run.
    pub(super) run: String,
    pub(super) columns: &'a [String],
    /// The format of the list.
    pub(super) format: ListFormat,
    /// The time zone of the times, except in JSON.
    pub(super) zone: TimeZone,
    pub(super) each: &'a dyn Fn(EachRow<'_>) -> Result<(), BulkError>,
}

/// How a report differs from its list, as CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CsvOptions {
    /// Whether to escape the list's own cells too, which a terminal needs.
    pub(crate) is_for_a_terminal: bool,
    /// Replaces the list's own delimiter.
    pub(crate) delimiter: Option<u8>,
    /// The language of the report columns.
    pub(crate) language: Lang,
}

/// Writes the report as CSV, in the format of the list.
pub(super) fn write_csv(
    report: &ReportRows<'_>,
    options: CsvOptions,
    mut to: impl Write,
) -> Result<u64, BulkError> {
    let own = |cell: String| {
        if options.is_for_a_terminal {
            one_line(&cell).into_owned()
        } else {
            cell
        }
    };
    let format = match report.format {
        ListFormat::Csv(format) => format,
        ListFormat::Ndjson => CsvFormat::default(),
    };
    // A delimiter suggests a spreadsheet, which recognizes UTF-8 by its byte order mark.
    let format = match options.delimiter {
        Some(delimiter) => CsvFormat {
            delimiter,
            has_mark: true,
            ..format
        },
        None => format,
    };
    write_beginning(format, &mut to).map_err(BulkError::Report)?;
    let columns = report
        .columns
        .iter()
        .cloned()
        .map(own)
        .chain(outcome_columns(options.language).map(str::to_owned));
    write_line(format, &mut to, columns).map_err(BulkError::Report)?;
    let mut rows = 0;
    (report.each)(&mut |row| {
        rows += 1;
        let cells = cells_under(report.columns, &row.cells)?;
        let outcome = outcome_cells(report, &row, options.language);
        write_line(
            format,
            &mut to,
            cells.iter().map(text).map(own).chain(outcome),
        )
        .map_err(BulkError::Report)
    })?;
    to.flush().map_err(BulkError::Report)?;
    Ok(rows)
}

/// Writes what a spreadsheet needs before the header to read the accents and the delimiter.
fn write_beginning(format: CsvFormat, to: &mut impl Write) -> io::Result<()> {
    if format.has_mark {
        to.write_all(BOM)?;
    }
    if format.has_separator_line {
        write!(
            to,
            "sep={}{}",
            char::from(format.delimiter),
            line_end(format)
        )?;
    }
    Ok(())
}

/// Writes a line of at least two cells. Escapes cells that a spreadsheet would execute.
fn write_line(
    format: CsvFormat,
    to: &mut impl Write,
    cells: impl Iterator<Item = String>,
) -> io::Result<()> {
    let cells: Vec<_> = cells
        .map(|cell| quoted(&guarded(&cell)).into_owned())
        .collect();
    write!(
        to,
        "{}{}",
        cells.join(&char::from(format.delimiter).to_string()),
        line_end(format)
    )
}

fn line_end(format: CsvFormat) -> &'static str {
    if format.has_returns { "\r\n" } else { "\n" }
}

/// Writes the report as JSON, one object per line.
pub(super) fn write_ndjson(report: &ReportRows<'_>, mut to: impl Write) -> Result<u64, BulkError> {
    let ours = outcome_columns(Lang::En);
    if let Some(column) = report
        .columns
        .iter()
        .find(|column| ours.contains(&column.trim()))
    {
        let message = msg!(
            "the list's column `{column}` has the name of a report column",
            column
        );
        return Err(BulkError::needs_csv(message));
    }
    let mut rows = 0;
    (report.each)(&mut |row| {
        rows += 1;
        let mut line = if let Value::Object(fields) = stored(&row.cells)? {
            fields
        } else {
            let cells = cells_under(report.columns, &row.cells)?;
            report
                .columns
                .iter()
                .map(|name| name.trim().to_owned())
                .zip(cells)
                .collect()
        };
        line.extend(
            outcome(&report.run, &row, &TimeZone::UTC)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        writeln!(to, "{}", compact(&Value::Object(line))).map_err(BulkError::Report)
    })?;
    to.flush().map_err(BulkError::Report)?;
    Ok(rows)
}

/// Returns the cells of a row under `columns`, as text.
pub(crate) fn reported_cells(columns: &[String], cells: &str) -> Result<Vec<String>, BulkError> {
    Ok(cells_under(columns, cells)?.iter().map(text).collect())
}

/// Returns the cells of a row under `columns`. A missing field of an object is empty. The text of a row without cells
/// is in the first column.
fn cells_under(columns: &[String], cells: &str) -> Result<Vec<Value>, BulkError> {
    Ok(match stored(cells)? {
        Value::Object(mut fields) => columns
            .iter()
            .map(|column| fields.remove(column).unwrap_or(Value::Null))
            .collect(),
        Value::String(text) => {
            let texts = std::iter::once(Value::from(text)).chain(std::iter::repeat(Value::Null));
            texts.take(columns.len()).collect()
        }
        cells => kept_cells(cells).map_err(LedgerError::damaged)?,
    })
}

/// Parses the cells of a row from the ledger.
fn stored(cells: &str) -> Result<Value, LedgerError> {
    serde_json::from_str(cells).map_err(LedgerError::damaged)
}

/// Returns the outcome of a row: a value for each report column.
pub(crate) fn outcome(run: &str, row: &ReportRow, zone: &TimeZone) -> [(&'static str, Value); 14] {
    let [
        run_column,
        line,
        sent,
        message_id,
        http_status,
        code,
        error,
        attempts,
        at_column,
        others @ ..,
    ] = outcome_columns(Lang::En);
    let [
        delivery_column,
        delivered_at,
        read_at,
        delivery_error,
        sent_to,
    ] = others;
    let delivery = row.delivery.as_ref();
    let time = |at: i64| time(at, zone);
    let delivery_time =
        |at: fn(&RowDelivery) -> Option<i64>| json!(delivery.and_then(at).and_then(time));
    [
        (run_column, json!(run)),
        (line, json!(row.line)),
        (sent, json!(row.state.sent())),
        (message_id, json!(row.message_id)),
        (http_status, json!(row.http_status)),
        (code, json!(row.code)),
        (error, json!(row.error)),
        (attempts, json!(row.attempts)),
        (at_column, json!(row.at.and_then(time))),
        (
            delivery_column,
            json!(delivery.map(|delivery| &delivery.facts.state)),
        ),
        (
            delivered_at,
            delivery_time(|delivery| delivery.delivered_at),
        ),
        (read_at, delivery_time(|delivery| delivery.read_at)),
        (
            delivery_error,
            json!(delivery.and_then(|delivery| delivery.facts.failure())),
        ),
        (sent_to, json!(row.recipient.as_deref().map(typed_form))),
    ]
}

/// Converts the outcome of a row to the cells of a list.
fn outcome_cells(report: &ReportRows<'_>, row: &ReportRow, language: Lang) -> Vec<String> {
    let cells = outcome(&report.run, row, &report.zone)
        .into_iter()
        .map(|(column, value)| {
            let cell = match (column, language) {
                (ERROR, _) => {
                    let error = row.error.clone().unwrap_or_default();
                    let error = error.with_texts(&|value| match value {
                        message::Value::Time { at, .. } => Some(time_in(&report.zone, *at)),
                        _ => None,
                    });
                    error.text(language)
                }
                (_, Lang::En) => text(&value),
                (_, Lang::Es) => cell_in_spanish(column, text(&value), row),
            };
            // Text from outside must not affect a terminal or a log.
            one_line(&cell).into_owned()
        });
    cells.collect()
}

/// Returns a cell of the report column `column` in Spanish.
fn cell_in_spanish(column: &str, cell: String, row: &ReportRow) -> String {
    match column {
        SENT => match row.state.sent() {
            Sent::Yes => "sí".to_owned(),
            Sent::No => "no".to_owned(),
            Sent::Unknown => "sin confirmar".to_owned(),
        },
        DELIVERY => {
            let delivery = row.delivery.as_ref();
            let state = delivery.and_then(|delivery| delivery.facts.state.in_spanish());
            state.map_or(cell, str::to_owned)
        }
        _ => cell,
    }
}

/// Formats a time of the ledger as RFC 3339. Returns None before 1970 and after the year 9999.
fn time(milliseconds: i64, zone: &TimeZone) -> Option<String> {
    (0..END_OF_TIMES)
        .contains(&milliseconds)
        .then(|| rfc_3339_in(zone, milliseconds))
}

/// Converts a value to the text of a cell.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The maximum number of rows in a sheet below its header.
const MAX_ROWS: u32 = 1_048_575;
/// The maximum number of columns in a sheet.
const MAX_COLUMNS: usize = 16_384;
/// The maximum number of characters in a cell.
const MAX_CHARACTERS: usize = 32_767;
/// The width of a column, in characters.
const WIDTH: f64 = 18.0;

/// Writes the rows to `to`; returns how many. Memory use does not depend on their number.
pub(super) fn write_workbook(
    report: &ReportRows<'_>,
    language: Lang,
    mut to: impl Write,
) -> Result<u64, BulkError> {
    let ours = outcome_columns(language).map(str::to_owned);
    let columns: Vec<String> = report.columns.iter().cloned().chain(ours).collect();
    if columns.len() > MAX_COLUMNS {
        let message = msg!(
            "the report has {columns} columns; a sheet has at most {limit}",
            columns = columns.len(),
            limit = MAX_COLUMNS
        );
        return Err(BulkError::needs_csv(message));
    }
    let mut workbook = Workbook::new();
    let sheet = workbook
        .add_worksheet_with_constant_memory()
        .map_err(failed)?;
    let cell_format = Format::new().set_num_format("@");
    for place in 0..u16::try_from(columns.len()).unwrap_or(u16::MAX) {
        sheet
            .set_column_width(place, WIDTH)
            .map_err(failed)?
            .set_column_format(place, &cell_format)
            .map_err(failed)?;
    }
    sheet.set_freeze_panes(1, 0).map_err(failed)?;
    let header_format = Format::new().set_num_format("@").set_bold();
    check_lengths(&columns, &columns, 1)?;
    write_row(sheet, 0, &columns, &header_format)?;
    let mut rows: u32 = 0;
    (report.each)(&mut |row| {
        rows += 1;
        if rows > MAX_ROWS {
            return Err(BulkError::needs_csv(msg!(
                "the report has more than {limit} rows, the maximum of a sheet",
                limit = MAX_ROWS
            )));
        }
        let mut cells = reported_cells(report.columns, &row.cells)?;
        cells.extend(outcome_cells(report, &row, language));
        check_lengths(&cells, &columns, row.line)?;
        write_row(sheet, rows, &cells, &cell_format)
    })?;
    // The writer of the archive needs to seek.
    let mut file = tempfile::tempfile().map_err(BulkError::Report)?;
    workbook.save_to_writer(&mut file).map_err(failed)?;
    file.rewind()
        .and_then(|()| io::copy(&mut file, &mut to))
        .and_then(|_| to.flush())
        .map_err(BulkError::Report)?;
    Ok(rows.into())
}

/// Refuses a cell that is too long for a sheet. `columns` has the name of each cell.
fn check_lengths(cells: &[String], columns: &[String], line: u64) -> Result<(), BulkError> {
    for (place, cell) in cells.iter().enumerate() {
        if guarded_in_sheet(cell).chars().count() > MAX_CHARACTERS {
            let column = columns.get(place).map_or("", String::as_str);
            return Err(BulkError::needs_csv(msg!(
                "line {line}: the cell under `{column}` has more than {limit} characters, the maximum in a sheet",
                line,
                column,
                limit = MAX_CHARACTERS
            )));
        }
    }
    Ok(())
}

fn write_row(
    sheet: &mut Worksheet,
    row: u32,
    cells: &[String],
    format: &Format,
) -> Result<(), BulkError> {
    for (place, cell) in (0..).zip(cells) {
        sheet
            .write_string_with_format(row, place, guarded_in_sheet(cell), format)
            .map_err(failed)?;
    }
    Ok(())
}

fn failed(error: XlsxError) -> BulkError {
    match error {
        XlsxError::IoError(cause) => BulkError::Report(cause),
        error => BulkError::Report(io::Error::other(error)),
    }
}
