//! Errors of a list as a whole, with their hints.

use std::io;

use thiserror::Error;

use super::encoding::Undecodable;
use super::foreign::Foreign;
use super::workbook::WorkbookError;
use crate::nearest::nearest;

#[derive(Debug, Error)]
pub(crate) enum ListError {
    #[error("failed to read {name}: {cause}")]
    Unreadable { name: String, cause: io::Error },
    #[error("{name} is {}, not a list", foreign.name())]
    Foreign { name: String, foreign: Foreign },
    #[error("{name} {error}")]
    Workbook { name: String, error: WorkbookError },
    #[error("--sheet: {name} is a text, which has no sheets")]
    SheetOfText { name: String },
    #[error("--encoding: {name} is a workbook, which has no encoding")]
    EncodingOfWorkbook { name: String },
    #[error("--encoding: {name} is marked as {marked}, not {asked}")]
    MarkedOtherwise { name: String, marked: &'static str, asked: &'static str },
    #[error("{name}: line {line} is not UTF-8{}", as_windows_1252(sample))]
    NotUtf8 { name: String, line: u64, sample: String },
    #[error("{name}: {undecodable}")]
    Undecodable { name: String, undecodable: Undecodable },
    #[error("{name}: the row of line {line} has more than 1 MiB; a quote may be missing")]
    RowTooLong { name: String, line: u64 },
    #[error("{name}: a quote in the row of line {line} is never closed")]
    OpenQuote { name: String, line: u64 },
    #[error("{name}: a quote in the header of line {line} stands inside a cell, or has text behind it")]
    StrayInHeader { name: String, line: u64 },
    #[error("{name}: the quote that opens a cell in line {from} closes in line {to}, and text stands behind it")]
    TornCell { name: String, from: u64, to: u64 },
    #[error(
        "{name}: the row of line {from} goes on to line {to} because of a quote, and line {inner} reads like a row"
    )]
    SwallowedRow { name: String, from: u64, to: u64, inner: u64 },
    #[error(
        "{name}: the row of line {from} goes on to line {to} because of a quote, so who stands there may be missed"
    )]
    SeveralLines { name: String, from: u64, to: u64 },
    #[error("{name}: {problem}; it is in the header")]
    Header { name: String, problem: String },
    #[error("the first line is not a header but a person's row: {}", cells.join(", "))]
    NoHeader { cells: Vec<String>, number: String },
    #[error("{}", above_header(title))]
    Title { title: String, line: u64, names: String },
    #[error("the header of {name} could be {}", could_be(places))]
    UnclearHeader { name: String, places: Vec<HeaderPlace> },
    #[error("{name} has no table of people: among the first rows of its sheets, none names the recipient's column")]
    NoTable { name: String },
    #[error("--header-row {wanted}: {name} ends in line {last}")]
    HeaderBeyond { name: String, wanted: u64, last: u64 },
    #[error("--header-row {wanted}: this line of {name} is empty")]
    EmptyHeader { name: String, wanted: u64 },
    #[error("--header-row: {name} is NDJSON, which has no header")]
    HeaderOfObjects { name: String },
    #[error("{name} is one JSON array")]
    JsonArray { name: String },
    #[error("--skip {skip}: {name} has only {}", number_of_rows(*rows))]
    AllSkipped { name: String, skip: u64, rows: u64 },
    #[error("{name}: the object of line {line} goes on over more lines")]
    WrappedObject { name: String, line: u64 },
    #[error("{name} has no rows")]
    NoRows { name: String },
    #[error("line {line}: with this row the list has more than {most} differently named fields")]
    TooManyFields { line: u64, most: usize },
    #[error("two columns have the name `{name}`")]
    TwoColumns { name: String },
    #[error("the list has a report's columns {}, but not `sent`, which says what was sent", columns.join(", "))]
    ReportWithoutSent { columns: Vec<String> },
    #[error("the columns {} and {} have the name `{name}`, and which one is the report's is not certain", columns[0], columns[1])]
    TwoOfReport { name: String, columns: [usize; 2] },
    #[error("{flag}: there is no column `{name}`{}; there are: {}", meant(name, columns), columns.join(", "))]
    NoSuchColumn { flag: &'static str, name: String, columns: Vec<String> },
    #[error("{path}: there is no column `{name}`{}; there are: {}", meant(name, columns), columns.join(", "))]
    UnknownColumn { path: String, name: String, columns: Vec<String> },
    #[error("`{first}` and `{second}` could both be the recipient's column")]
    TwoRecipients { first: String, second: String },
    #[error("no column is named like a recipient column (to, phone, celular, …); the columns are: {}", columns.join(", "))]
    NoRecipientColumn { columns: Vec<String>, proposed: Vec<String> },
    #[error("{path}: `{name}` could be the column `{first}` or `{second}`")]
    SeveralColumns { path: String, name: String, first: String, second: String },
}

impl ListError {
    /// `name`, at `path`, matches both columns.
    pub(crate) fn several(path: &str, name: &str, first: &str, second: &str) -> Self {
        let [path, name, first, second] = [path, name, first, second].map(str::to_owned);
        Self::SeveralColumns { path, name, first, second }
    }

    /// The list, or the rest of it, cannot be read.
    pub(crate) fn unreadable(name: &str, cause: io::Error) -> Self {
        let name = name.to_owned();
        match cause.downcast::<Undecodable>() {
            Ok(undecodable) => Self::Undecodable { name, undecodable },
            Err(cause) => Self::Unreadable { name, cause },
        }
    }

    /// The row that begins at `line`, and everything after it, cannot be read.
    pub(super) fn unreadable_row(name: &str, line: u64, cause: io::Error) -> Self {
        if cause.kind() == io::ErrorKind::FileTooLarge {
            return Self::RowTooLong { name: name.to_owned(), line };
        }
        Self::unreadable(name, cause)
    }

    pub(super) fn workbook(name: &str, error: WorkbookError) -> Self {
        let name = name.to_owned();
        match error {
            WorkbookError::Foreign(foreign) => Self::Foreign { name, foreign },
            error => Self::Workbook { name, error },
        }
    }

    pub(crate) fn hint(&self) -> String {
        let hint = match self {
            Self::NoRecipientColumn { proposed, .. } if !proposed.is_empty() => return propose(proposed),
            Self::TwoRecipients { first, second } => {
                return propose(&[first.clone(), second.clone()]);
            }
            Self::NoHeader { cells, number } => {
                return format!(
                    "write a line above it that names the columns, such as {}",
                    example_header(cells, number)
                );
            }
            Self::Title { line, names, .. } => {
                return format!("if line {line} is the header ({names}), add --header-row {line}");
            }
            Self::UnclearHeader { places, .. } => {
                let flags = places.iter().take(MOST_PLACES).map(HeaderPlace::flags).collect::<Vec<_>>();
                return format!("say which one: {}", flags.join(" or "));
            }
            Self::NoTable { .. } => {
                "where the header names it otherwise, add --header-row N --sheet NAME --to-column COLUMN before the kind"
            }
            Self::HeaderBeyond { .. } | Self::EmptyHeader { .. } => {
                "give the line of the header, as the sheet or an editor counts it"
            }
            Self::HeaderOfObjects { .. } => "leave --header-row out",
            Self::Unreadable { name, .. } if name.contains("://") => "download it: a list is a file on this machine",
            Self::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::IsADirectory => {
                "it is a directory: give a file in it"
            }
            Self::Unreadable { .. } => "check the path and its permissions",
            Self::Foreign { foreign, .. } => foreign.hint(),
            Self::Workbook { error, .. } => error.hint(),
            Self::SheetOfText { .. } => "leave --sheet out",
            Self::EncodingOfWorkbook { .. } | Self::MarkedOtherwise { .. } => "leave --encoding out",
            Self::NotUtf8 { .. } => {
                "if that is right, add --encoding windows-1252 before the kind; or save it as \"CSV UTF-8\""
            }
            Self::Undecodable { .. } => "give another --encoding, or save it as \"CSV UTF-8\"",
            Self::OpenQuote { .. } | Self::TornCell { .. } => "close it; inside a cell, write each quote twice",
            Self::StrayInHeader { .. } => "put the whole cell in quotes; inside a cell, write each quote twice",
            Self::SwallowedRow { .. } => {
                "remove the quote, or close it; inside a cell, write each quote twice; if the cell is meant to have these \
                 lines, send the list as a workbook or NDJSON"
            }
            Self::SeveralLines { .. } => "remove the quote, or write one person a line",
            Self::RowTooLong { .. } => "look at the quotes of the row before it",
            Self::Header { .. } => "write the column's name there as a text",
            Self::WrappedObject { .. } => "write one object a line, as `jq -c .` does",
            Self::JsonArray { .. } => "write one object a line, as `jq -c '.[]'` does",
            Self::AllSkipped { .. } => "skip fewer rows",
            Self::NoRows { .. } => "check the file; a list needs a header and at least one row",
            Self::TooManyFields { .. } => {
                "leave out the fields that the message does not use, as `jq -c '{to, nombre}'` does"
            }
            Self::TwoColumns { .. } => "rename one of them",
            Self::TwoOfReport { .. } => "rename the list's own, or move it in front of the report's columns",
            Self::ReportWithoutSent { .. } => {
                "call its column `sent` again, or take the report as `jelouctl bulk report` writes it; if it is not a \
                 report, rename some of these columns"
            }
            Self::UnknownColumn { .. } => {
                "spaces, capitals and accents do not matter: `Nombre completo` is {{ nombre_completo }}"
            }
            Self::NoSuchColumn { .. } | Self::SeveralColumns { .. } => "write the name exactly as in the header",
            Self::NoRecipientColumn { .. } => {
                "give its name with --to-column COLUMN before the kind, or build it from columns after the kind: --to '593{{ celular }}'; \
                 if the header is another line, add --header-row LINE"
            }
        };
        hint.to_owned()
    }
}

/// A row that may be the header.
#[derive(Debug)]
pub(crate) struct HeaderPlace {
    /// None for a text.
    pub(super) sheet: Option<String>,
    pub(super) line: u64,
    /// Whether there is nothing above it.
    pub(super) is_first: bool,
}

impl HeaderPlace {
    /// `line 4 of the sheet Clientes`
    fn words(&self) -> String {
        match &self.sheet {
            Some(sheet) => format!("line {} of the sheet `{sheet}`", self.line),
            None => format!("line {}", self.line),
        }
    }

    /// The flags that select it.
    fn flags(&self) -> String {
        let sheet = self.sheet.as_ref().map(|sheet| format!("--sheet '{}'", sheet.replace('\'', "'\\''")));
        let row = (!self.is_first || sheet.is_none()).then(|| format!("--header-row {}", self.line));
        row.into_iter().chain(sheet).collect::<Vec<_>>().join(" ")
    }
}

/// The most places of a header that are named.
const MOST_PLACES: usize = 5;

fn could_be(places: &[HeaderPlace]) -> String {
    match places {
        [only] => format!("{}, but a number stands above it", only.words()),
        several => {
            let more = if several.len() > MOST_PLACES { ", …" } else { "" };
            let words: Vec<_> = several.iter().take(MOST_PLACES).map(HeaderPlace::words).collect();
            format!("{}{more}", words.join(" or "))
        }
    }
}

fn above_header(title: &str) -> String {
    match title {
        "" => "the first line has no names of columns".to_owned(),
        title => format!("the first line is a title, not the header: `{title}`"),
    }
}

fn number_of_rows(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}

/// The sample read as windows-1252.
fn as_windows_1252(sample: &str) -> String {
    if sample.is_empty() { String::new() } else { format!("; read as windows-1252, `{sample}` stands there") }
}

/// A header for a row with these `cells`, one of which is a phone number: `celular,nombre`.
fn example_header(cells: &[String], number: &str) -> String {
    let names = cells.iter().enumerate().map(|(at, cell)| match (cell == number, at) {
        (true, _) => "celular".to_owned(),
        (false, 0 | 1) => "nombre".to_owned(),
        (false, _) => format!("columna{}", at + 1),
    });
    names.collect::<Vec<_>>().join(",")
}

/// The flags that would select one of `columns`.
fn propose(columns: &[String]) -> String {
    let flags = columns.iter().take(3).map(|name| format!("--to-column '{}'", name.replace('\'', "'\\''")));
    format!("say which one before the kind: {}", flags.collect::<Vec<_>>().join(" or "))
}

/// The column that `name` probably means.
fn meant(name: &str, columns: &[String]) -> String {
    let nearest = nearest(name, columns.iter().map(String::as_str));
    nearest.map(|column| format!(" (did you mean `{column}`?)")).unwrap_or_default()
}
