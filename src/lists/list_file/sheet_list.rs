//! A sheet as a list. The header is the first filled row or the one in `--header-row`; each filled
//! row below it is a row. Notes about the sheet are collected for a later report.

use std::fs::File;

use super::columns::{HeaderPlace, LAST_HEADER_LINE, has_recipient_below};
use super::input::ListOptions;
use super::outcome::ends_with_outcome;
use super::questions::{read_sheet, which_sheet, with_sheets};
use super::row::{FaultyCell, ListRow, Row, TableHeader};
use super::workbook::{
    CellFault, CellLook, FormatFallback, MergedCellPolicy, SheetRow, SheetStream, Workbook,
    column_letters,
};
use crate::base::conventions::Conventions;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};

/// Notes about the list so far.
#[derive(Debug, Default)]
pub(crate) struct ListNotes {
    /// Rows that a spreadsheet hides or shows crossed out. They are read like all others.
    pub(crate) hidden_rows: Vec<u64>,
    /// The columns with cells that are not written as the sheet shows them.
    pub(crate) fallback_columns: Vec<FallbackColumn>,
    /// For a workbook, the sheet that is read.
    pub(crate) sheet: Option<String>,
    /// Whether `--sheet` names it.
    is_sheet_chosen: bool,
    /// The other visible sheets with rows. The front sheet comes first.
    pub(crate) other_sheets: Vec<String>,
    /// How the list reads in the encoding in `--encoding`, if another one fits better.
    pub(crate) misread: Option<Message>,
}

impl ListNotes {
    /// Adds the other sheets of the workbook to the answers of an error, unless the sheet is chosen and there are others.
    pub(crate) fn with_sheets(&self, error: UsageError) -> UsageError {
        let question = error.question.as_ref();
        if self.is_sheet_chosen && question.is_none_or(|question| question.can_be_asked()) {
            return error;
        }
        with_sheets(error, &self.other_sheets)
    }

    /// Returns the names of the first other sheets.
    pub(crate) fn named_sheets(&self) -> String {
        let mut named: Vec<_> = self
            .other_sheets
            .iter()
            .take(MAX_NAMED_SHEETS)
            .map(|sheet| format!("`{sheet}`"))
            .collect();
        if self.other_sheets.len() > MAX_NAMED_SHEETS {
            named.push("…".to_owned());
        }
        named.join(", ")
    }
}

/// The most other sheets that an error names.
const MAX_NAMED_SHEETS: usize = 5;

/// A column with cells that are not written as the sheet shows them.
#[derive(Debug)]
pub(crate) struct FallbackColumn {
    pub(crate) name: String,
    pub(crate) why: FormatFallback,
    /// The format, the row and the stored value of the first of these cells.
    pub(crate) format: String,
    pub(crate) row: u64,
    pub(crate) stored: String,
    pub(super) place: usize,
}

pub(super) struct SheetList {
    stream: SheetStream,
    pub(super) header: TableHeader,
    /// How to write numbers and dates if their formats do not decide it.
    pub(super) conventions: Option<Conventions>,
}

impl SheetList {
    pub(super) fn open(
        file: File,
        options: &ListOptions,
        name: &str,
        notes: &mut ListNotes,
    ) -> Result<Self, UsageError> {
        let workbook = Workbook::open(file, name)?;
        let place = workbook.find_sheet(options.sheet.as_deref())?;
        notes.sheet = workbook.sheets.get(place).map(|sheet| sheet.name.clone());
        notes.is_sheet_chosen = options.sheet.is_some();
        notes.other_sheets = other_sheets(&workbook, place);
        let mut stream = workbook.rows(place, MergedCellPolicy::Hidden)?;
        let row = header_row(&mut stream, options.header_row, name)
            .map_err(|error| notes.with_sheets(error))?;
        if let Some((column, fault)) = row.faults.first() {
            let problem = problem(*column, row.number, None, fault);
            return Err(UsageError::new(
                msg!("{name}: {problem} (in the header)", name, problem),
                msg!("write the column's name there as a text"),
            ));
        }
        let mut names = texts(&row.cells);
        while names.pop_if(|name| name.trim().is_empty()).is_some() {}
        let header_place = HeaderPlace {
            line: row.number,
            is_chosen: options.header_row.is_some(),
        };
        let header = TableHeader::new(&names, header_place)
            .map_err(|error| notes.with_sheets(error.in_file(name)))?;
        if options.sheet.is_none() {
            let front = workbook.front().filter(|front| *front != place);
            let header_row = options.header_row;
            if let Some(front) = front
                && is_like_list(&workbook, front, &header, header_row)
            {
                return Err(unclear_sheet(&workbook, place, front, name));
            }
        }
        Ok(Self {
            stream,
            header,
            conventions: None,
        })
    }

    pub(super) fn next(
        &mut self,
        name: &str,
        notes: &mut ListNotes,
    ) -> Result<Option<ListRow>, UsageError> {
        let Some(row) = self.stream.next()? else {
            return Ok(None);
        };
        let cells = texts(&row.cells);
        if let Err(error) = self.header.columns.check_title(row.number, &cells) {
            let is_header = self
                .header
                .columns
                .later_header(row.number, &cells)
                .is_some();
            let later = if is_header { None } else { self.later_header() };
            return Err(notes.with_sheets(later.unwrap_or(error).in_file(name)));
        }
        let made = self.row(&row, notes);
        if let Err(problem) = &made
            && row.number <= LAST_HEADER_LINE
            && let Some(question) = self.header.columns.second_header(row.number, &cells)
        {
            let message = msg!(
                "line {line}: {message}",
                line = row.number,
                message = problem
            );
            let error = UsageError::open(message, question);
            return Err(notes.with_sheets(error.in_file(name)));
        }
        let is_hidden = row.is_hidden || row.is_crossed_out();
        notes.hidden_rows.extend(is_hidden.then_some(row.number));
        let bad_text = if made.is_err() {
            cells.join("\t").trim_end().to_owned()
        } else {
            String::new()
        };
        Ok(Some(ListRow {
            is_hidden,
            faulty_cells: self.faulty_cells(&row),
            outcome: self.header.layout.outcome(&cells),
            bad_text,
            ..ListRow::new(row.number, made)
        }))
    }

    /// Returns the error for a list with titles, if one of the next rows reads like its header.
    fn later_header(&mut self) -> Option<UsageError> {
        while let Ok(Some(row)) = self.stream.next() {
            if row.number > LAST_HEADER_LINE {
                break;
            }
            let columns = &self.header.columns;
            let later = columns.later_header(row.number, &texts(&row.cells));
            if later.is_some() {
                return later;
            }
        }
        None
    }

    fn faulty_cells(&self, row: &SheetRow) -> Vec<FaultyCell> {
        let describe = |(column, fault): &(usize, CellFault)| {
            let name = self
                .header
                .layout
                .own_place(*column)
                .and_then(|place| self.header.columns.names().get(place));
            (
                name.cloned().unwrap_or_default(),
                problem(*column, row.number, name, fault),
            )
        };
        row.faults.iter().map(describe).collect()
    }

    /// Returns the texts that the sheet shows for a row's cells, if they differ from the stored
    /// values.
    fn collect_cell_texts(&self, row: &SheetRow, notes: &mut ListNotes) -> Vec<(usize, String)> {
        let header = &self.header;
        let fallbacks = &mut notes.fallback_columns;
        let mut shown = Vec::new();
        for (place, look) in &row.looks {
            let (Some(own), Some(stored)) =
                (header.layout.own_place(*place), row.cells.get(*place))
            else {
                continue;
            };
            let Some(name) = header.columns.names().get(own) else {
                continue;
            };
            let written = show(look, stored, self.conventions.as_ref());
            // A number with decimals is recognized by its format, regardless of the list's country.
            let is_different = |text: &String| text != stored || stored.contains('.');
            match written {
                Ok(text) if is_different(&text) => shown.push((own, text)),
                Ok(_) => {}
                Err((why, format)) => {
                    if is_different(stored) {
                        shown.push((own, stored.clone()));
                    }
                    if fallbacks
                        .iter()
                        .all(|known| (known.place, known.why) != (*place, why))
                    {
                        let [name, format, stored] =
                            [name.as_str(), format, stored].map(|text| text.trim().to_owned());
                        fallbacks.push(FallbackColumn {
                            name,
                            why,
                            format,
                            row: row.number,
                            stored,
                            place: *place,
                        });
                    }
                }
            }
        }
        shown
    }

    fn row(&self, row: &SheetRow, notes: &mut ListNotes) -> Result<Row, Message> {
        let beyond = row
            .cells
            .iter()
            .enumerate()
            .skip(self.header.width)
            .find(|(_, cell)| !cell.trim().is_empty());
        if let Some((column, _)) = beyond {
            let cell = column_letters(column);
            let last = column_letters(self.header.width.saturating_sub(1));
            return Err(msg!(
                "cell {cell}{row} is filled, but the header ends at column {last}",
                cell,
                row = row.number,
                last
            ));
        }
        let shown = self.collect_cell_texts(row, notes);
        Ok(self.header.row(&texts(&row.cells), shown))
    }
}

/// Returns the text that a sheet shows for a cell. If jelouctl cannot write its format, returns the reason and the format.
fn show<'a>(
    look: &'a CellLook,
    stored: &str,
    conventions: Option<&Conventions>,
) -> Result<String, (FormatFallback, &'a str)> {
    match look {
        CellLook::Text(text) => Ok(text.clone()),
        CellLook::Stored => match conventions {
            Some(known) => Ok(stored.replace('.', &known.decimal_mark.to_string())),
            None if stored.contains('.') => Err((FormatFallback::Country, "General")),
            None => Ok(stored.to_owned()),
        },
        CellLook::Number(value, format) => match format.show(*value, conventions) {
            Ok(text) => Ok(text),
            // The number has more digits than a spreadsheet calculates with.
            Err(_) if format.shows_digits(*value, stored) => Ok(stored.to_owned()),
            Err(why) => Err((why, format.code.as_str())),
        },
    }
}

/// Returns the names of the visible sheets with rows, except the sheet at `place`. The sheet that was in front when the
/// workbook was saved comes first.
fn other_sheets(workbook: &Workbook, place: usize) -> Vec<String> {
    let front = workbook.front();
    let mut others: Vec<_> = workbook
        .visible()
        .filter(|(other, _)| *other != place && workbook.is_filled(*other))
        .collect();
    others.sort_by_key(|(other, _)| Some(*other) != front);
    let names = others.into_iter().map(|(_, sheet)| sheet.name.clone());
    names.collect()
}

/// Creates the error for a workbook that was saved with the list at `front` in front, not the list at `first`. The user
/// may mean either list.
fn unclear_sheet(workbook: &Workbook, first: usize, front: usize, name: &str) -> UsageError {
    let sheet = |place: usize| {
        let sheet = workbook.sheets.get(place);
        sheet.map(|sheet| sheet.name.as_str()).unwrap_or_default()
    };
    let first = sheet(first);
    let front = sheet(front);
    let problem = msg!(
        "{name} was saved with the sheet `{front}` open, but its first sheet is `{first}`",
        name,
        front,
        first
    );
    let answers = [front, first].map(read_sheet);
    UsageError::open(problem, which_sheet(answers.to_vec()))
}

/// Returns whether the sheet at `place` looks like a list: it has a row below a header with all columns of `other`, or
/// a number below the name of a recipient column. A sheet that cannot be read does not look like a list.
fn is_like_list(
    workbook: &Workbook,
    place: usize,
    other: &TableHeader,
    header_row: Option<u64>,
) -> bool {
    let last = header_row.unwrap_or_default().max(LAST_HEADER_LINE);
    let Ok(mut rows) = workbook.rows(place, MergedCellPolicy::Hidden) else {
        return false;
    };
    let mut above: Option<SheetRow> = None;
    while let Ok(Some(row)) = rows.next() {
        if let Some(header) = above.take_if(|above| above.number <= last) {
            let names = texts(&header.cells);
            if other.columns.are_in(&names) || has_recipient_below(&names, &texts(&row.cells)) {
                return true;
            }
        } else if row.number > last {
            break;
        }
        above = Some(row);
    }
    false
}

/// Returns the row in the line `wanted`, otherwise the first filled row.
fn header_row(
    stream: &mut SheetStream,
    wanted: Option<u64>,
    name: &str,
) -> Result<SheetRow, UsageError> {
    let mut last = 0;
    while let Some(row) = stream.next()? {
        match wanted {
            Some(wanted) if row.number < wanted && ends_with_outcome(&texts(&row.cells)) => {
                return Err(UsageError::header_of_report(name, wanted, row.number));
            }
            Some(wanted) if row.number < wanted => last = row.number,
            Some(wanted) if row.number > wanted => {
                return Err(UsageError::no_header_row(name, wanted, None));
            }
            _ => return Ok(row),
        }
    }
    Err(wanted.map_or_else(
        || UsageError::no_rows(name),
        |wanted| UsageError::no_header_row(name, wanted, Some(last)),
    ))
}

fn texts(cells: &[String]) -> Vec<&str> {
    cells.iter().map(String::as_str).collect()
}

/// Returns the problem of a cell. `name` is the name of its column, if it has one.
pub(super) fn problem(
    column: usize,
    row: u64,
    name: Option<&String>,
    fault: &CellFault,
) -> Message {
    let cell = format!("{}{row}", column_letters(column));
    let problem = match fault {
        CellFault::Error(error) => msg!("cell {cell} has the error {error}", cell, error),
        CellFault::NotCalculated => msg!("cell {cell} has a formula without a value", cell),
    };
    match name.map(|name| name.trim()).filter(|name| !name.is_empty()) {
        Some(name) => msg!("{name}: {problem}", name, problem),
        None => problem,
    }
}
