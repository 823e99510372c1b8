//! The rows of a CSV or NDJSON input, one at a time, with the line where each begins.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;

use csv::StringRecord;
use serde_json::Value;
use thiserror::Error;

use super::columns::Columns;
use super::report::{self, OUTCOME};
use super::row::Row;
use crate::nearest::nearest;

/// The most bytes of one row: a request has at most 1 MiB.
const MAX_ROW: usize = 1024 * 1024;
const BUFFER: usize = 64 * 1024;
/// A row behind the last one of a CSV input: a quote that is never closed swallows it.
const END: &str = "\u{1}end of the list\u{1}";

#[derive(Debug, Error)]
pub enum SourceError {
    #[error("failed to read {name}: {cause}")]
    Unreadable { name: String, cause: io::Error },
    #[error("{name} is UTF-16")]
    Utf16 { name: String },
    #[error("{name}: line {line} is not UTF-8")]
    NotUtf8 { name: String, line: u64 },
    #[error("{name}: the row of line {line} has more than 1 MiB; a quote may be missing")]
    RowTooLong { name: String, line: u64 },
    #[error("{name}: a quote in the row of line {line} is never closed")]
    OpenQuote { name: String, line: u64 },
    #[error("{name} is one JSON array")]
    JsonArray { name: String },
    #[error("{name} has no rows")]
    NoRows { name: String },
    #[error("two columns have the name `{name}`")]
    TwoColumns { name: String },
    #[error("{flag}: there is no column `{name}`; there are: {}", columns.join(", "))]
    NoSuchColumn { flag: &'static str, name: String, columns: Vec<String> },
    #[error("{path}: there is no column `{name}`{}; there are: {}", meant(name, columns), columns.join(", "))]
    UnknownColumn { path: String, name: String, columns: Vec<String> },
    #[error("`{first}` and `{second}` could both be the recipient's column")]
    TwoRecipients { first: String, second: String },
    #[error("no column has the name of a recipient's; there are: {}", columns.join(", "))]
    NoRecipientColumn { columns: Vec<String> },
}

impl SourceError {
    /// The way out, for the hint line.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "check the path and its permissions; nothing was sent",
            Self::Utf16 { .. } | Self::NotUtf8 { .. } => "save it as \"CSV UTF-8\"; nothing was sent",
            Self::OpenQuote { .. } => "close it, or write a quote that is meant as two; nothing was sent",
            Self::RowTooLong { .. } => "look at the quotes of the row before it; nothing was sent",
            Self::JsonArray { .. } => "write one object a line, as `jq -c '.[]'` does; nothing was sent",
            Self::NoRows { .. } => "a CSV file has a header and a row for each message; nothing was sent",
            Self::TwoColumns { .. } => "rename one of them; nothing was sent",
            Self::UnknownColumn { .. } => {
                "write a column as the header does; one with spaces is {{ row['Nombre completo'] }}; nothing was sent"
            }
            Self::NoSuchColumn { .. } => "write a column as the header does; nothing was sent",
            Self::TwoRecipients { .. } | Self::NoRecipientColumn { .. } => {
                "name it with --to-column COLUMN, or write it from columns: --to '593{{ celular }}'"
            }
        }
    }
}

/// The column that was probably meant.
fn meant(name: &str, columns: &[String]) -> String {
    let nearest = nearest(name, columns.iter().map(String::as_str));
    nearest.map(|column| format!(" (did you mean `{column}`?)")).unwrap_or_default()
}

/// What the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Csv { delimiter: u8 },
    Ndjson,
}

/// A row with the line where it begins; a bad one with what is wrong.
#[derive(Debug)]
pub struct SourceRow {
    pub line: u64,
    pub row: Result<Row, String>,
}

/// An input that is being read.
pub struct Source {
    name: String,
    reader: Reader,
    /// Whether it is a report of ours, to be read back as what was reported on.
    is_report: bool,
}

enum Reader {
    Csv { reader: Box<csv::Reader<Bounded>>, columns: Arc<Columns>, delimiter: u8 },
    Ndjson { reader: BufReader<Bounded>, line: u64 },
}

impl Source {
    /// Begins to read; `name` stands in errors, and tells NDJSON by its ending.
    ///
    /// # Errors
    /// When it cannot be read, or its header cannot be used.
    pub fn open(mut input: Box<dyn Read>, name: &str) -> Result<Self, SourceError> {
        let name = name.to_owned();
        let mut head = Vec::new();
        let read = input.by_ref().take(BUFFER as u64).read_to_end(&mut head);
        read.map_err(|cause| SourceError::Unreadable { name: name.clone(), cause })?;
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) || head.contains(&0) {
            return Err(SourceError::Utf16 { name });
        }
        if head.starts_with(&[0xef, 0xbb, 0xbf]) {
            head.drain(..3);
        }
        let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
        let named_ndjson = [".ndjson", ".jsonl"].iter().any(|ending| name.to_lowercase().ends_with(ending));
        let delimiter = delimiter(&head);
        let is_array = first == Some(&b'[');
        let is_ndjson = named_ndjson || first == Some(&b'{');
        let input = Bounded { inner: Box::new(Cursor::new(head).chain(input)), left: Cell::new(MAX_ROW + BUFFER) };
        match (is_ndjson, is_array) {
            (false, true) => Err(SourceError::JsonArray { name }),
            (true, _) => {
                let reader = Reader::Ndjson { reader: BufReader::with_capacity(BUFFER, input), line: 0 };
                Ok(Self { name, reader, is_report: false })
            }
            (false, false) => Self::csv(input, name, delimiter),
        }
    }

    fn csv(input: Bounded, name: String, delimiter: u8) -> Result<Self, SourceError> {
        let mut builder = csv::ReaderBuilder::new();
        builder.delimiter(delimiter).flexible(true).buffer_capacity(BUFFER);
        let end = Box::new(Cursor::new(format!("\n{END}\n").into_bytes()));
        let input = Bounded { inner: Box::new(input.inner.chain(end)), ..input };
        let mut reader = Box::new(builder.from_reader(input));
        let header = match reader.headers() {
            Ok(header) => header.clone(),
            Err(error) => return Err(unreadable(&name, 1, error)),
        };
        if header.is_empty() || is_end(&header) {
            return Err(SourceError::NoRows { name });
        }
        let (names, is_report) = names(&header);
        let columns = Arc::new(Columns::new(names)?);
        Ok(Self { name, reader: Reader::Csv { reader, columns, delimiter }, is_report })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn format(&self) -> Format {
        match self.reader {
            Reader::Csv { delimiter, .. } => Format::Csv { delimiter },
            Reader::Ndjson { .. } => Format::Ndjson,
        }
    }

    /// The next row.
    ///
    /// # Errors
    /// When the rest cannot be read: a row that is bad in itself is none.
    pub fn read(&mut self) -> Result<Option<SourceRow>, SourceError> {
        match &mut self.reader {
            Reader::Csv { reader, columns, .. } => next_record(reader, columns, self.is_report, &self.name),
            Reader::Ndjson { reader, line } => next_object(reader, line).map_err(|cause| match cause.kind() {
                io::ErrorKind::FileTooLarge => SourceError::RowTooLong { name: self.name.clone(), line: *line },
                io::ErrorKind::InvalidData => SourceError::NotUtf8 { name: self.name.clone(), line: *line },
                _ => SourceError::Unreadable { name: self.name.clone(), cause },
            }),
        }
    }
}

/// The columns that are the user's, and whether ours follow them.
fn names(header: &StringRecord) -> (Vec<String>, bool) {
    let all: Vec<_> = header.iter().collect();
    match all.strip_suffix(&OUTCOME[..]) {
        Some(own) => (own.iter().map(|name| report::unguarded(name).to_owned()).collect(), true),
        None => (all.into_iter().map(str::to_owned).collect(), false),
    }
}

fn next_record(
    reader: &mut csv::Reader<Bounded>,
    columns: &Arc<Columns>,
    is_report: bool,
    name: &str,
) -> Result<Option<SourceRow>, SourceError> {
    reader.get_ref().left.set(MAX_ROW + BUFFER);
    let mut record = StringRecord::new();
    let line = reader.position().line();
    if !reader.read_record(&mut record).map_err(|error| unreadable(name, line, error))? || ends_open(&record) {
        return Err(SourceError::OpenQuote { name: name.to_owned(), line });
    }
    if is_end(&record) {
        return Ok(None);
    }
    // Empty lines before a row count as its own for the library.
    let inside: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
    let line = line.max(reader.position().line().saturating_sub(1 + inside as u64));
    let (expected, found) = (columns.names().len() + if is_report { OUTCOME.len() } else { 0 }, record.len());
    let row = if found == expected {
        let cells = record.iter().take(columns.names().len());
        let cells = cells.map(|cell| if is_report { report::unguarded(cell) } else { cell }.to_owned());
        Ok(Row::Cells { columns: Arc::clone(columns), cells: cells.collect() })
    } else {
        Err(format!("has {found} cells, but the header has {expected}"))
    };
    Ok(Some(SourceRow { line, row }))
}

fn is_end(record: &StringRecord) -> bool {
    record.len() == 1 && record.get(0) == Some(END)
}

/// Whether the row has swallowed the end of the list.
fn ends_open(record: &StringRecord) -> bool {
    !is_end(record) && record.iter().next_back().is_some_and(|cell| cell.trim_end().ends_with(END))
}

fn next_object(reader: &mut BufReader<Bounded>, line: &mut u64) -> io::Result<Option<SourceRow>> {
    loop {
        reader.get_ref().left.set(MAX_ROW + BUFFER);
        let mut bytes = Vec::new();
        *line += 1;
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
        if !text.trim().is_empty() {
            return Ok(Some(SourceRow { line: *line, row: object(&text) }));
        }
    }
}

fn object(text: &str) -> Result<Row, String> {
    match crate::input::parse_exact(text) {
        Ok(Value::Object(mut fields)) => {
            if fields.keys().rev().map(String::as_str).take(OUTCOME.len()).eq(OUTCOME.into_iter().rev()) {
                fields.retain(|name, _| !OUTCOME.contains(&name.as_str()));
            }
            Ok(Row::Fields(Arc::new(fields)))
        }
        Ok(_) => Err("is no JSON object".to_owned()),
        Err(problem) => Err(problem),
    }
}

fn unreadable(name: &str, line: u64, error: csv::Error) -> SourceError {
    let name = name.to_owned();
    let line = error.position().map_or(line, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Utf8 { .. } => SourceError::NotUtf8 { name, line },
        csv::ErrorKind::Io(cause) if cause.kind() == io::ErrorKind::FileTooLarge => {
            SourceError::RowTooLong { name, line }
        }
        csv::ErrorKind::Io(cause) => SourceError::Unreadable { name, cause },
        other => SourceError::Unreadable { name, cause: io::Error::other(format!("{other:?}")) },
    }
}

/// The one that stands most often in the first line, outside quotes.
fn delimiter(head: &[u8]) -> u8 {
    let mut quoted = false;
    let header = head.iter().take_while(|byte| {
        quoted ^= **byte == b'"';
        quoted || **byte != b'\n'
    });
    let mut quoted = false;
    let outside: Vec<u8> = header
        .copied()
        .filter(|byte| {
            quoted ^= *byte == b'"';
            !quoted
        })
        .collect();
    let count = |delimiter: u8| outside.split(|byte| *byte == delimiter).count();
    // Of equals `max_by_key` takes the last.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

/// An input of which one row may take only so much: a quote that is never closed must not fill the memory.
struct Bounded {
    inner: Box<dyn Read>,
    left: Cell<usize>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let left = self.left.get().checked_sub(read).ok_or(io::ErrorKind::FileTooLarge)?;
        self.left.set(left);
        Ok(read)
    }
}
