//! A sheet as a list: its first filled row is the header, and each filled row below it is a row.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Seek;

use super::error::ListError;
use super::header::{HeaderChoice, LOOKED_AT, TableHead, find_header};
use super::input::ListOptions;
use super::row::{ListRow, Row};
use super::table_header::TableHeader;
use super::workbook::{CellFault, CellLook, SheetChoice, SheetRow, SheetStream, Unshown, column_letters, read_sheets};
use crate::conventions::Conventions;

/// The most rows that are listed with their numbers.
const NAMED_ROWS: usize = 5;

/// Rows that a spreadsheet hides or shows crossed out.
#[derive(Debug, Default)]
pub(crate) struct HiddenRows {
    pub(crate) count: u64,
    /// Those of them that are crossed out.
    pub(crate) crossed_out: u64,
    /// The first of them.
    pub(crate) first: Vec<u64>,
}

/// A column in which a cell is not written as the sheet shows it.
#[derive(Debug)]
pub(crate) struct UnshownColumn {
    pub(crate) name: String,
    pub(crate) why: Unshown,
    /// The format, the row and the stored value of the first such cell.
    pub(crate) format: String,
    pub(crate) row: u64,
    pub(crate) stored: String,
    place: usize,
}

pub(super) struct SheetList {
    stream: SheetStream,
    /// Rows below the header that were read to find it.
    first: VecDeque<SheetRow>,
    pub(super) header: TableHeader,
    /// The last row that was returned.
    last: u64,
    /// Empty rows above a filled one.
    pub(super) empty_rows: u64,
    pub(super) hidden_rows: HiddenRows,
    /// How to write numbers and dates whose formats do not say it.
    pub(super) conventions: Option<Conventions>,
    pub(super) unshown: Vec<UnshownColumn>,
}

impl HiddenRows {
    /// Notes the row if it is one; tells whether it is.
    fn note(&mut self, row: &SheetRow) -> bool {
        let is_crossed_out = !row.is_hidden && row.is_crossed_out();
        if !row.is_hidden && !is_crossed_out {
            return false;
        }
        self.count += 1;
        self.crossed_out += u64::from(is_crossed_out);
        if self.first.len() < NAMED_ROWS {
            self.first.push(row.number);
        }
        true
    }
}

impl SheetList {
    /// The list, and the line of its header if that was found below other rows.
    pub(super) fn open(file: &File, options: &ListOptions, name: &str) -> Result<(Self, Option<u64>), ListError> {
        let (stream, mut first, is_below) = begin(file, options, name)?;
        let Some(row) = first.pop_front() else { return Err(ListError::no_rows(name)) };
        if let Some((column, fault)) = row.faults.first() {
            let problem = problem(*column, row.number, None, fault);
            let problem = format!("{name}: {problem}; it is in the header");
            return Err(ListError::new(problem, "write the column's name there as a text"));
        }
        let mut names = texts(&row.cells);
        while names.pop_if(|name| name.trim().is_empty()).is_some() {}
        let list = Self {
            stream,
            first,
            header: TableHeader::of(&names)?,
            last: row.number,
            empty_rows: 0,
            hidden_rows: HiddenRows::default(),
            conventions: None,
            unshown: Vec::new(),
        };
        Ok((list, is_below.then_some(row.number)))
    }

    pub(super) fn next(&mut self, name: &str) -> Result<Option<ListRow>, ListError> {
        let next = match self.first.pop_front() {
            Some(row) => Some(row),
            None => next_row(&mut self.stream, name)?,
        };
        let Some(row) = next else { return Ok(None) };
        let cells = texts(&row.cells);
        self.header.columns.check_title(row.number, cells.iter().copied())?;
        self.empty_rows += row.number.saturating_sub(self.last + 1);
        self.last = row.number;
        let made = self.row(&row);
        let bad_text = if made.is_err() { cells.join("\t").trim_end().to_owned() } else { String::new() };
        Ok(Some(ListRow {
            is_hidden: self.hidden_rows.note(&row),
            faulty_cells: self.faulty_cells(&row),
            outcome: self.header.layout.outcome(&cells),
            bad_text,
            ..ListRow::new(row.number, made)
        }))
    }

    fn faulty_cells(&self, row: &SheetRow) -> Vec<(String, String)> {
        let told = |(column, fault): &(usize, CellFault)| {
            let name = self.header.layout.own_place(*column).and_then(|place| self.header.columns.names().get(place));
            (name.cloned().unwrap_or_default(), problem(*column, row.number, name, fault))
        };
        row.faults.iter().map(told).collect()
    }

    /// What the sheet shows for a row's cells, if it stores something else.
    fn shown(&mut self, row: &SheetRow) -> Vec<(usize, String)> {
        let Self { header, conventions, unshown, .. } = self;
        let mut shown = Vec::new();
        for (place, look) in &row.looks {
            let (Some(own), Some(stored)) = (header.layout.own_place(*place), row.cells.get(*place)) else { continue };
            let Some(name) = header.columns.names().get(own) else { continue };
            let written = match look {
                CellLook::Text(text) => Ok(text.clone()),
                CellLook::Stored => match conventions {
                    Some(known) => Ok(stored.replace('.', &known.decimal_mark.to_string())),
                    None if stored.contains('.') => Err((Unshown::Country, "General")),
                    None => Ok(stored.clone()),
                },
                CellLook::Number(value, format) => {
                    format.show(*value, conventions.as_ref()).map_err(|why| (why, format.code.as_str()))
                }
            };
            // A number with decimals is recognized by its format, whatever the conventions of the list's country.
            let is_told = |text: &String| text != stored || stored.contains('.');
            match written {
                Ok(text) if is_told(&text) => shown.push((own, text)),
                Ok(_) => {}
                Err((why, format)) => {
                    if is_told(stored) {
                        shown.push((own, stored.clone()));
                    }
                    if unshown.iter().all(|known| (known.place, known.why) != (*place, why)) {
                        let [name, format, stored] = [name.as_str(), format, stored].map(|text| text.trim().to_owned());
                        unshown.push(UnshownColumn { name, why, format, row: row.number, stored, place: *place });
                    }
                }
            }
        }
        shown
    }

    fn row(&mut self, row: &SheetRow) -> Result<Row, String> {
        let beyond = row.cells.iter().enumerate().skip(self.header.width).find(|(_, cell)| !cell.trim().is_empty());
        if let Some((column, _)) = beyond {
            let (cell, last) = (column_letters(column), column_letters(self.header.width.saturating_sub(1)));
            return Err(format!("cell {cell}{} is filled, but the header ends at column {last}", row.number));
        }
        let shown = self.shown(row);
        Ok(self.header.row(&texts(&row.cells), shown))
    }

    /// The sheet that is read, and the visible ones that are not.
    pub(super) fn sheets(&self) -> Option<(&str, &[String])> {
        self.stream.chosen().map(|chosen| (chosen.name.as_str(), chosen.others.as_slice()))
    }
}

/// Begins to read the sheet that has the table: with its first filled rows, from the header on, and whether there are others
/// above them.
fn begin(file: &File, options: &ListOptions, name: &str) -> Result<(SheetStream, VecDeque<SheetRow>, bool), ListError> {
    let open = |sheet| open_sheets(file, SheetChoice::One(sheet), name);
    let mut stream = open(options.sheet.clone())?;
    let (to_column, is_built) = match &options.header {
        HeaderChoice::First => {
            let rows = filled_rows(&mut stream, 1, name)?;
            return Ok((stream, rows, false));
        }
        HeaderChoice::Line(wanted) => {
            let rows = VecDeque::from([row_of_line(&mut stream, *wanted, name)?]);
            return Ok((stream, rows, false));
        }
        HeaderChoice::Sought { to_column, is_built } => (to_column.as_deref(), *is_built),
    };
    let rows = filled_rows(&mut stream, LOOKED_AT, name)?;
    let sheet = stream.chosen().map(|chosen| chosen.name.clone());
    let first = TableHead { sheet, rows: rows.iter().map(|row| (row.number, row.cells.clone())).collect() };
    let mut heads = vec![first];
    if matches!(find_header(&heads, name, to_column), Ok(Some((_, 0)))) {
        return Ok((stream, rows, false));
    }
    stream.stop();
    if options.sheet.is_none() {
        add_heads(&mut heads, open_sheets(file, SheetChoice::Heads(LOOKED_AT), name)?, name)?;
    }
    let found = find_header(&heads, name, to_column)?;
    if found.is_none() && !is_built && is_without_table(&heads, to_column) {
        return Err(ListError::new(
            format!(
                "{name} has no table of people: among the first rows of its sheets, none names the recipient's column"
            ),
            "where the header names it otherwise, add --header-row N --sheet NAME --to-column COLUMN before the kind",
        ));
    }
    let (at, place) = found.unwrap_or_default();
    let head = heads.into_iter().nth(at).unwrap_or_default();
    let line = head.rows.get(place).map_or(0, |(line, _)| *line);
    let elsewhere = head.sheet.filter(|_| at > 0);
    let mut stream = open(elsewhere.or_else(|| options.sheet.clone()))?;
    let mut rows = filled_rows(&mut stream, LOOKED_AT, name)?;
    rows.retain(|row| row.number >= line);
    Ok((stream, rows, place > 0))
}

pub(super) fn open_sheets(file: &File, choice: SheetChoice, name: &str) -> Result<SheetStream, ListError> {
    let again = file.try_clone().and_then(|mut file| file.rewind().map(|()| file));
    let file = again.map_err(|cause| ListError::unreadable(name, cause))?;
    read_sheets(file, choice).map_err(|error| ListError::workbook(name, &error))
}

/// The next filled row.
pub(super) fn next_row(stream: &mut SheetStream, name: &str) -> Result<Option<SheetRow>, ListError> {
    stream.next().map_err(|error| ListError::workbook(name, &error))
}

fn filled_rows(stream: &mut SheetStream, most: usize, name: &str) -> Result<VecDeque<SheetRow>, ListError> {
    let mut rows = VecDeque::new();
    while rows.len() < most
        && let Some(row) = next_row(stream, name)?
    {
        rows.push_back(row);
    }
    Ok(rows)
}

fn row_of_line(stream: &mut SheetStream, wanted: u64, name: &str) -> Result<SheetRow, ListError> {
    let mut last = 0;
    while let Some(row) = next_row(stream, name)? {
        if row.number == wanted {
            return Ok(row);
        }
        if row.number > wanted {
            return Err(ListError::no_header_row(name, wanted, None));
        }
        last = row.number;
    }
    Err(ListError::no_header_row(name, wanted, Some(last)))
}

/// Adds the heads of the sheets after the first one.
fn add_heads(heads: &mut Vec<TableHead>, mut stream: SheetStream, name: &str) -> Result<(), ListError> {
    let first = heads.first().and_then(|head| head.sheet.clone());
    while let Some(row) = next_row(&mut stream, name)? {
        let sheet = stream.chosen().map(|chosen| chosen.name.clone());
        if sheet == first {
            continue;
        }
        if heads.last().is_none_or(|head| head.sheet != sheet) {
            heads.push(TableHead { sheet, rows: Vec::new() });
        }
        if let Some(head) = heads.last_mut() {
            head.rows.push((row.number, row.cells));
        }
    }
    Ok(())
}

/// Whether none of these sheets, in which no header was found, looks like a list of people.
fn is_without_table(heads: &[TableHead], to_column: Option<&str>) -> bool {
    let is_filled = |head: &TableHead| !head.rows.is_empty();
    match heads.first() {
        Some(first) if is_filled(first) => {
            !first.begins_with_header(to_column) && !heads.iter().any(TableHead::has_number)
        }
        _ => heads.iter().any(is_filled),
    }
}

fn texts(cells: &[String]) -> Vec<&str> {
    cells.iter().map(String::as_str).collect()
}

/// What is wrong with a cell; `name` is its column's name, if it has one.
pub(super) fn problem(column: usize, row: u64, name: Option<&String>, fault: &CellFault) -> String {
    let cell = format!("{}{row}", column_letters(column));
    let name = name.map(|name| name.trim()).filter(|name| !name.is_empty());
    let place = name.map_or_else(|| format!("cell {cell}"), |name| format!("{name}: cell {cell}"));
    match fault {
        CellFault::Error(error) => format!("{place} has the error {error}"),
        CellFault::NotCalculated => {
            format!("{place} has a formula without a value; open the workbook and save it again")
        }
    }
}
