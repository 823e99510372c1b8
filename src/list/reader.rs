//! The rows of a CSV or NDJSON input, one at a time, with the line where each begins.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;

use csv::StringRecord;
use serde_json::Value;

use super::bounded::{BUFFER, BoundedInput};
use super::columns::Columns;
use super::error::ListError;
use super::foreign::Foreign;
use super::format::{CsvFormat, ListFormat};
use super::outcome::{CODE_PLACE, OUTCOME_COLUMNS, unguarded};
use super::record_marks::RecordMarks;
use super::repeated::repeated_field;
use super::row::Row;

/// A row behind the last one of a CSV input: a quote that is never closed swallows it.
const END_MARK: &str = "\u{1}end of the list\u{1}";

/// A row with the line where it begins; a bad one with what is wrong.
#[derive(Debug)]
pub(crate) struct ListRow {
    pub(crate) line: u64,
    pub(crate) row: Result<Row, String>,
    /// What a report of ours says became of it, in its column `code`.
    pub(crate) code: Option<String>,
}

/// An input that is being read.
pub(crate) struct ListReader {
    name: String,
    rows: Rows,
    /// Whether it is a report of ours, to be read back as what was reported on.
    is_report: bool,
    /// Rows without a filled cell, which were passed over.
    empty_rows: u64,
}

enum Rows {
    Csv { reader: Box<csv::Reader<BoundedInput>>, columns: Arc<Columns>, format: CsvFormat },
    Ndjson { reader: BufReader<BoundedInput>, line: u64 },
}

impl ListReader {
    /// Begins to read; `name` stands in errors, and tells NDJSON by its ending.
    pub(crate) fn open(mut input: Box<dyn Read>, name: &str) -> Result<Self, ListError> {
        let name = name.to_owned();
        let mut head = Vec::new();
        let read = input.by_ref().take(BUFFER as u64).read_to_end(&mut head);
        read.map_err(|cause| ListError::Unreadable { name: name.clone(), cause })?;
        if let Some(foreign) = Foreign::at(&head) {
            return Err(ListError::Foreign { name, foreign });
        }
        let format = CsvFormat::take(&mut head);
        let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
        let named_ndjson = [".ndjson", ".jsonl"].iter().any(|ending| name.to_lowercase().ends_with(ending));
        let is_array = first == Some(&b'[');
        let is_ndjson = named_ndjson || first == Some(&b'{');
        let input = Cursor::new(head).chain(input);
        match (is_ndjson, is_array) {
            (false, true) => Err(ListError::JsonArray { name }),
            (true, _) => {
                let rows =
                    Rows::Ndjson { reader: BufReader::with_capacity(BUFFER, BoundedInput::new(input, None)), line: 0 };
                Ok(Self { name, rows, is_report: false, empty_rows: 0 })
            }
            (false, false) => Self::csv(input, name, format),
        }
    }

    fn csv(input: impl Read + 'static, name: String, format: CsvFormat) -> Result<Self, ListError> {
        let mut builder = csv::ReaderBuilder::new();
        builder.delimiter(format.delimiter).flexible(true).buffer_capacity(BUFFER);
        let end = Cursor::new(format!("\n{END_MARK}\n").into_bytes());
        let marks = RecordMarks::new(format.delimiter, if format.has_separator_line { 2 } else { 1 });
        let mut reader = Box::new(builder.from_reader(BoundedInput::new(input.chain(end), Some(marks))));
        let header = reader.headers().cloned();
        let (line, is_torn) = record_read(&mut reader, 0);
        let header = header.map_err(|error| unreadable(&name, line, error))?;
        if ends_open(&header) {
            return Err(ListError::OpenQuote { name, line });
        }
        if is_torn {
            return Err(ListError::TornHeader { name, line });
        }
        if header.is_empty() || is_end(&header) {
            return Err(ListError::NoRows { name });
        }
        let (names, is_report) = names(&header);
        let columns = Arc::new(Columns::new(names)?);
        Ok(Self { name, rows: Rows::Csv { reader, columns, format }, is_report, empty_rows: 0 })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The names of the header; NDJSON has none.
    pub(crate) fn header(&self) -> Option<&[String]> {
        match &self.rows {
            Rows::Csv { columns, .. } => Some(columns.names()),
            Rows::Ndjson { .. } => None,
        }
    }

    pub(crate) fn format(&self) -> ListFormat {
        match self.rows {
            Rows::Csv { format, .. } => ListFormat::Csv(format),
            Rows::Ndjson { .. } => ListFormat::Ndjson,
        }
    }

    /// Rows without a filled cell so far: a spreadsheet leaves them below the last person.
    pub(crate) fn empty_rows(&self) -> u64 {
        self.empty_rows
    }

    /// The next row.
    ///
    /// # Errors
    /// When the rest cannot be read: a row that is bad in itself is none.
    pub(crate) fn read(&mut self) -> Result<Option<ListRow>, ListError> {
        match &mut self.rows {
            Rows::Csv { reader, columns, .. } => {
                next_record(reader, columns, self.is_report, &self.name, &mut self.empty_rows)
            }
            Rows::Ndjson { reader, line } => next_object(reader, line).map_err(|cause| match cause.kind() {
                io::ErrorKind::FileTooLarge => ListError::RowTooLong { name: self.name.clone(), line: *line },
                io::ErrorKind::InvalidData => ListError::NotUtf8 { name: self.name.clone(), line: *line },
                _ => ListError::Unreadable { name: self.name.clone(), cause },
            }),
        }
    }
}

/// The columns that are the user's, and whether ours follow them.
fn names(header: &StringRecord) -> (Vec<String>, bool) {
    let all: Vec<_> = header.iter().collect();
    match all.strip_suffix(&OUTCOME_COLUMNS[..]) {
        Some(own) => (own.iter().map(|name| unguarded(name)).collect(), true),
        None => (all.into_iter().map(str::to_owned).collect(), false),
    }
}

fn next_record(
    reader: &mut csv::Reader<BoundedInput>,
    columns: &Arc<Columns>,
    is_report: bool,
    name: &str,
    empty_rows: &mut u64,
) -> Result<Option<ListRow>, ListError> {
    let mut record = StringRecord::new();
    let (line, is_torn) = loop {
        reader.get_ref().begin_row();
        let from = reader.position().byte();
        let is_read = reader.read_record(&mut record);
        let (line, is_torn) = record_read(reader, from);
        if !is_read.map_err(|error| unreadable(name, line, error))? || ends_open(&record) {
            return Err(ListError::OpenQuote { name: name.to_owned(), line });
        }
        if is_end(&record) {
            return Ok(None);
        }
        if record.iter().any(|cell| !cell.trim().is_empty()) {
            break (line, is_torn);
        }
        *empty_rows += 1;
    };
    let (expected, found) = (columns.names().len() + if is_report { OUTCOME_COLUMNS.len() } else { 0 }, record.len());
    let row = if is_torn {
        Err("text stands behind a quote that closes its cell; inside a cell, write each quote twice".to_owned())
    } else if found == expected {
        let cells = record.iter().take(columns.names().len());
        let cells = cells.map(|cell| if is_report { unguarded(cell) } else { cell.to_owned() });
        Ok(Row::Cells { columns: Arc::clone(columns), cells: cells.collect() })
    } else {
        Err(format!("has {found} cells, but the header has {expected}"))
    };
    let code = record.get(columns.names().len() + CODE_PLACE).filter(|_| is_report).map(str::to_owned);
    Ok(Some(ListRow { line, row, code }))
}

/// Where the record that begins at byte `from`, and was read just now, begins in an editor; and whether text stands behind
/// a closing quote in it.
fn record_read(reader: &mut csv::Reader<BoundedInput>, from: u64) -> (u64, bool) {
    let to = reader.position().byte();
    reader.get_mut().record(from, to)
}

fn is_end(record: &StringRecord) -> bool {
    record.len() == 1 && record.get(0) == Some(END_MARK)
}

/// Whether the row has swallowed the end of the list.
fn ends_open(record: &StringRecord) -> bool {
    !is_end(record) && record.iter().next_back().is_some_and(|cell| cell.trim_end().ends_with(END_MARK))
}

fn next_object(reader: &mut BufReader<BoundedInput>, line: &mut u64) -> io::Result<Option<ListRow>> {
    loop {
        reader.get_ref().begin_row();
        let mut bytes = Vec::new();
        *line += 1;
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
        if !text.trim().is_empty() {
            let (row, code) = object(&text);
            return Ok(Some(ListRow { line: *line, row, code }));
        }
    }
}

/// The row of a line, and the code of a report.
fn object(text: &str) -> (Result<Row, String>, Option<String>) {
    if let Some(name) = repeated_field(text) {
        return (Err(format!("has the field `{name}` twice")), None);
    }
    match crate::input::parse_exact(text) {
        Ok(Value::Object(mut fields)) => {
            let mut code = None;
            if fields.keys().rev().map(String::as_str).take(OUTCOME_COLUMNS.len()).eq(OUTCOME_COLUMNS.into_iter().rev())
            {
                code = fields.get("code").and_then(Value::as_str).map(str::to_owned);
                fields.retain(|name, _| !OUTCOME_COLUMNS.contains(&name.as_str()));
            }
            (Ok(Row::Fields(Arc::new(fields))), code)
        }
        Ok(_) => (Err("is not a JSON object".to_owned()), None),
        Err(problem) => (Err(problem), None),
    }
}

fn unreadable(name: &str, line: u64, error: csv::Error) -> ListError {
    let name = name.to_owned();
    match error.into_kind() {
        csv::ErrorKind::Utf8 { .. } => ListError::NotUtf8 { name, line },
        csv::ErrorKind::Io(cause) if cause.kind() == io::ErrorKind::FileTooLarge => {
            ListError::RowTooLong { name, line }
        }
        csv::ErrorKind::Io(cause) => ListError::Unreadable { name, cause },
        other => ListError::Unreadable { name, cause: io::Error::other(format!("{other:?}")) },
    }
}
