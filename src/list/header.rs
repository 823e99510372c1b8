//! Finds where the table of a list begins: a title, a date or a cover sheet may come before it.

use super::columns::{CERTAIN_NUMBER, ColumnRole, is_number, recipient_places};
use super::csv_records::CsvRecords;
use super::format::CsvFormat;
use crate::input::UsageError;
use crate::invisible::is_invisible;

/// How many filled rows of a sheet or a text are searched for the header.
pub(super) const LOOKED_AT: usize = 20;

/// The fewest digits of a number below the name of a recipient's column: national numbers are short.
const FEWEST_DIGITS: usize = 7;

/// The row that names the columns.
#[derive(Clone, Debug, Default)]
pub(crate) enum HeaderChoice {
    /// The first filled row.
    #[default]
    First,
    /// `--header-row`: the row in this line.
    Line(u64),
    /// The first row, or the only one of the first rows that names the recipient's column.
    Sought {
        /// `--to-column`
        to_column: Option<String>,
    },
}

/// The first filled rows of a sheet, or of a text, each with its line.
#[derive(Debug, Default)]
pub(super) struct TableHead {
    /// None for a text.
    pub(super) sheet: Option<String>,
    pub(super) rows: Vec<(u64, Vec<String>)>,
}

impl TableHead {
    fn names(&self, place: usize) -> Vec<&str> {
        self.rows.get(place).map(|(_, cells)| cells.iter().map(String::as_str).collect()).unwrap_or_default()
    }

    /// The rows that name a recipient's column with a number below it; only the first row if it is one of them.
    fn headers(&self, to_column: Option<&str>) -> Vec<usize> {
        // A row with a number is a person's row, whatever else it says.
        let places = |place: usize| {
            if self.has_number_in(place) { Vec::new() } else { recipient_places(&self.names(place), to_column) }
        };
        let named: Vec<_> = (0..self.rows.len()).map(places).collect();
        let has_number = |place: &usize| {
            let Some(columns) = named.get(*place) else { return false };
            // Rows below another such row belong to that one.
            let below = self.rows.iter().zip(&named).skip(place + 1).take_while(|(_, names)| names.is_empty());
            below.into_iter().any(|((_, cells), _)| {
                columns.iter().any(|at| cells.get(*at).is_some_and(|cell| is_number(cell, FEWEST_DIGITS)))
            })
        };
        let headers: Vec<_> = (0..self.rows.len()).filter(has_number).collect();
        if headers.first() == Some(&0) { vec![0] } else { headers }
    }

    fn is_number_above(&self, place: usize) -> bool {
        self.rows.iter().take(place).any(|(_, cells)| cells.iter().any(|cell| names_person(cell)))
    }

    /// `line 4 of the sheet Clientes`
    fn place(&self, place: usize) -> String {
        let line = self.rows.get(place).map_or(0, |(line, _)| *line);
        self.sheet
            .as_ref()
            .map_or_else(|| format!("line {line}"), |sheet| format!("line {line} of the sheet `{sheet}`"))
    }

    /// Whether the first row plainly names the recipient's column: `Contacto` may also be a title.
    fn names_recipient(&self, to_column: Option<&str>) -> bool {
        let names = self.names(0);
        let is_plain = |at: usize| names.get(at).is_some_and(|name| ColumnRole::of(name) == ColumnRole::Recipient);
        recipient_places(&names, to_column).into_iter().any(|at| to_column.is_some() || is_plain(at))
    }

    fn has_number_in(&self, place: usize) -> bool {
        self.names(place).into_iter().any(|cell| is_number(cell, FEWEST_DIGITS))
    }
}

/// Whether a cell can only mean a person: a phone number in any pasted form, or an id.
fn names_person(cell: &str) -> bool {
    let cell = &cell.replace(is_invisible, "");
    // As Excel shortens it.
    let is_shortened = cell.contains(['E', 'e'])
        && cell.starts_with(|first: char| first.is_ascii_digit())
        && cell.ends_with(|last: char| last.is_ascii_digit())
        && cell.chars().all(|sign| sign.is_ascii_digit() || ".,Ee+".contains(sign));
    let is_user_id = cell.split_once('.').is_some_and(|(country, id)| {
        country.len() == 2 && country.chars().all(|letter| letter.is_ascii_uppercase()) && is_number(id, CERTAIN_NUMBER)
    });
    is_number(cell, CERTAIN_NUMBER) || is_shortened || is_user_id || cell.starts_with("id:")
}

/// The one of `heads` that has the header of the list `name`, and the row of the header; None if no row reads like one.
///
/// # Errors
/// If several rows do, or a number or the name of the recipient's column is above the only one.
pub(super) fn find_header(
    heads: &[TableHead],
    name: &str,
    to_column: Option<&str>,
) -> Result<Option<(usize, usize)>, UsageError> {
    let mut found = Vec::new();
    for (at, head) in heads.iter().enumerate() {
        found.extend(head.headers(to_column).into_iter().map(|place| (at, place)));
    }
    let is_below_number =
        |(at, place): &(usize, usize)| heads.get(*at).is_some_and(|head| head.is_number_above(*place));
    // No number is below it, but it reads like the header.
    let first = heads.first().filter(|head| head.names_recipient(to_column));
    match found.as_slice() {
        [] => Ok(None),
        [(0, 0), ..] => Ok(Some((0, 0))),
        [only] if !is_below_number(only) && first.is_none() => Ok(Some(*only)),
        several => {
            let others = several.iter().filter_map(|(at, place)| Some(heads.get(*at)?.place(*place)));
            let places: Vec<_> = first.map(|head| head.place(0)).into_iter().chain(others).collect();
            let more = if places.len() == 1 { ", but a number stands above it" } else { "" };
            Err(UsageError::new(
                format!("the header of {name} could be {}{more}", places.join(" or ")),
                "say which one with --header-row LINE, and in a workbook --sheet NAME",
            ))
        }
    }
}

/// Where the header of a text was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextHeader {
    pub(super) line: u64,
    /// Whether there are other rows above it.
    pub(super) is_below: bool,
    /// A title does not show it.
    pub(super) delimiter: u8,
}

/// The header of a CSV that begins with `head`, whose first byte is in `line`; None if no row reads like one.
///
/// # Errors
/// If several rows do.
pub(super) fn find_in_text(
    head: &[u8],
    name: &str,
    format: CsvFormat,
    line: u64,
    to_column: Option<&str>,
) -> Result<Option<TextHeader>, UsageError> {
    let others = [b',', b';', b'\t', b'|'].into_iter().filter(|other| *other != format.delimiter);
    let others = others.take(if format.has_separator_line { 0 } else { usize::MAX });
    for delimiter in [format.delimiter].into_iter().chain(others) {
        let heads = [TableHead { sheet: None, rows: text_rows(head, delimiter, line) }];
        if let Some((_, place)) = find_header(&heads, name, to_column)? {
            let [TableHead { rows, .. }] = heads;
            return Ok(rows.get(place).map(|(line, _)| TextHeader { line: *line, is_below: place > 0, delimiter }));
        }
    }
    Ok(None)
}

/// The first filled rows of a CSV, each with its line.
fn text_rows(head: &[u8], delimiter: u8, line: u64) -> Vec<(u64, Vec<String>)> {
    let mut records = CsvRecords::new(head, delimiter, line);
    let mut rows = Vec::new();
    while rows.len() < LOOKED_AT
        && let Ok(Some(record)) = records.next()
    {
        let cells: Vec<_> = record.cells().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        if cells.iter().any(|cell| !cell.trim().is_empty()) {
            rows.push((record.line, cells));
        }
    }
    rows
}
