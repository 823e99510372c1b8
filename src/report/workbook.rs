//! The report as an Excel workbook: each cell is a text, so that no spreadsheet reads it as a number or a formula.

use std::io::{self, Seek, Write};

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::list::{ReportRows, outcome_cells, reported_cells};
use crate::import::BulkError;
use crate::list::{ReportLanguage, guarded_in_sheet, outcome_columns};

/// The maximum number of rows in a sheet below its header.
const MOST_ROWS: u32 = 1_048_575;
/// The maximum number of columns in a sheet.
const MOST_COLUMNS: usize = 16_384;
/// The maximum number of characters in a cell.
const MOST_CHARACTERS: usize = 32_767;
/// The width of a column, in characters.
const WIDTH: f64 = 18.0;

/// Writes the rows to `to`; returns how many. Memory use does not depend on their number.
pub(super) fn write_workbook(
    report: &ReportRows<'_>,
    language: ReportLanguage,
    mut to: impl Write,
) -> Result<u64, BulkError> {
    let ours = outcome_columns(language).map(str::to_owned);
    let columns: Vec<String> = report.columns.iter().cloned().chain(ours).collect();
    if columns.len() > MOST_COLUMNS {
        let message = format!("the report has {} columns, and a sheet has room for {MOST_COLUMNS}", columns.len());
        return Err(BulkError::needs_csv(message));
    }
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory().map_err(failed)?;
    let cell_format = Format::new().set_num_format("@");
    for place in 0..u16::try_from(columns.len()).unwrap_or(u16::MAX) {
        sheet.set_column_width(place, WIDTH).map_err(failed)?.set_column_format(place, &cell_format).map_err(failed)?;
    }
    sheet.set_freeze_panes(1, 0).map_err(failed)?;
    let header_format = Format::new().set_num_format("@").set_bold();
    write_row(sheet, 0, &columns, (&columns, 1), &header_format)?;
    let mut rows: u32 = 0;
    (report.each)(&mut |row| {
        rows += 1;
        if rows > MOST_ROWS {
            return Err(BulkError::needs_csv(format!(
                "a sheet has room for {MOST_ROWS} rows, and the report has more"
            )));
        }
        let mut cells = reported_cells(report.columns, &row.cells)?;
        cells.extend(outcome_cells(&report.run, &row, language)?);
        write_row(sheet, rows, &cells, (&columns, row.line), &cell_format)
    })?;
    // An archive is not written sequentially.
    let mut file = tempfile::tempfile().map_err(BulkError::Report)?;
    workbook.save_to_writer(&mut file).map_err(failed)?;
    file.rewind().and_then(|()| io::copy(&mut file, &mut to)).and_then(|_| to.flush()).map_err(BulkError::Report)?;
    Ok(rows.into())
}

fn write_row(
    sheet: &mut Worksheet,
    row: u32,
    cells: &[String],
    (columns, line): (&[String], u64),
    format: &Format,
) -> Result<(), BulkError> {
    for (place, cell) in (0..).zip(cells) {
        let cell = guarded_in_sheet(cell);
        if cell.chars().count() > MOST_CHARACTERS {
            let column = columns.get(usize::from(place)).map(String::as_str).unwrap_or_default();
            return Err(BulkError::needs_csv(format!(
                "line {line}: the cell under `{column}` has more than the {MOST_CHARACTERS} characters that a cell of a \
                 sheet may have"
            )));
        }
        sheet.write_string_with_format(row, place, cell, format).map_err(failed)?;
    }
    Ok(())
}

fn failed(error: XlsxError) -> BulkError {
    match error {
        XlsxError::IoError(cause) => BulkError::Report(cause),
        error => BulkError::Report(io::Error::other(error)),
    }
}
