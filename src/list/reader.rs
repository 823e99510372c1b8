//! The rows of a list, one at a time, with the line where each begins: told apart by how it begins, and read.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;

use csv::{ByteRecord, StringRecord};
use serde_json::Value;

use super::bounded::{BUFFER, BoundedInput};
use super::columns::Columns;
use super::encoding::{DecodedInput, encoding_of, sample};
use super::error::ListError;
use super::foreign::{Foreign, OLD_OFFICE, ZIP};
use super::format::{CsvFormat, ListFormat};
use super::input::{ListInput, ListOptions};
use super::outcome::{OUTCOME_COLUMNS, ReportedOutcome, own_columns, unguarded};
use super::record_marks::RecordMarks;
use super::repeated::repeated_field;
use super::row::{ListRow, Row};
use super::sheet_list::{HiddenRows, SheetList};
use super::workbook::old_office;

/// A row behind the last one of a CSV input: a quote that is never closed swallows it.
const END_MARK: &str = "\u{1}end of the list\u{1}";

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
    Sheet(Box<SheetList>),
}

impl ListReader {
    /// Begins to read; `name` stands in errors, and tells NDJSON by its ending.
    pub(crate) fn open(input: impl Into<ListInput>, name: &str, options: &ListOptions) -> Result<Self, ListError> {
        let mut input = input.into();
        let name = name.to_owned();
        let head = head_of(&mut input, &name)?;
        if head.starts_with(ZIP) {
            return Self::workbook(input, &head, name, options);
        }
        if options.sheet.is_some() {
            return Err(ListError::SheetOfText { name });
        }
        if head.starts_with(OLD_OFFICE) {
            return Err(ListError::workbook(&name, old_office(Cursor::new(head).chain(input))));
        }
        // Its mark begins with that of UTF-16.
        if let Some(foreign @ Foreign::Utf32) = Foreign::at(&head) {
            return Err(ListError::Foreign { name, foreign });
        }
        let encoding = encoding_of(&head, options.encoding).map_err(|other| ListError::MarkedOtherwise {
            name: name.clone(),
            marked: other.marked,
            asked: other.asked,
        })?;
        let Some(encoding) = encoding else { return Self::text(head, input, name, false) };
        let mut input = DecodedInput::new(Box::new(Cursor::new(head).chain(input)), encoding);
        let head = head_of(&mut input, &name)?;
        Self::text(head, input, name, true)
    }

    /// A list in UTF-8, of which `head` is read already.
    fn text(mut head: Vec<u8>, input: impl Read + 'static, name: String, was_decoded: bool) -> Result<Self, ListError> {
        if let Some(foreign) = Foreign::at(&head) {
            return Err(ListError::Foreign { name, foreign });
        }
        let mut format = CsvFormat::take(&mut head);
        // The report is UTF-8, and a spreadsheet takes it for that by its mark.
        format.has_mark |= was_decoded;
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

    fn workbook(input: ListInput, head: &[u8], name: String, options: &ListOptions) -> Result<Self, ListError> {
        if options.encoding.is_some() {
            return Err(ListError::EncodingOfWorkbook { name });
        }
        let file = input.into_file(head).map_err(|cause| ListError::unreadable(&name, cause))?;
        let list = SheetList::open(file, options.sheet.clone(), &name)?;
        Ok(Self { name, rows: Rows::Sheet(Box::new(list)), is_report: false, empty_rows: 0 })
    }

    fn csv(input: impl Read + 'static, name: String, format: CsvFormat) -> Result<Self, ListError> {
        let mut builder = csv::ReaderBuilder::new();
        builder.delimiter(format.delimiter).flexible(true).buffer_capacity(BUFFER);
        let end = Cursor::new(format!("\n{END_MARK}\n").into_bytes());
        let marks = RecordMarks::new(format.delimiter, if format.has_separator_line { 2 } else { 1 });
        let mut reader = Box::new(builder.from_reader(BoundedInput::new(input.chain(end), Some(marks))));
        let header = reader.byte_headers().cloned();
        let (line, is_torn) = record_read(&mut reader, 0);
        let header = header.map_err(|error| unreadable(&name, line, error))?;
        let header = as_text(header, &name, line)?;
        if ends_open(&header) {
            return Err(ListError::OpenQuote { name, line });
        }
        if is_torn {
            return Err(ListError::TornHeader { name, line });
        }
        if header.is_empty() || is_end(&header) {
            return Err(ListError::NoRows { name });
        }
        let (names, is_report) = own_columns(&header.iter().collect::<Vec<_>>());
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
            Rows::Sheet(list) => Some(list.columns().names()),
            Rows::Ndjson { .. } => None,
        }
    }

    pub(crate) fn format(&self) -> ListFormat {
        match self.rows {
            Rows::Csv { format, .. } => ListFormat::Csv(format),
            Rows::Ndjson { .. } => ListFormat::Ndjson,
            // A spreadsheet reads the report as UTF-8 by its mark.
            Rows::Sheet(_) => ListFormat::Csv(CsvFormat { has_mark: true, ..CsvFormat::default() }),
        }
    }

    /// A row that was read, from what the ledger keeps of it.
    pub(crate) fn read_back(&self, cells: &str) -> Option<Row> {
        let columns = match &self.rows {
            Rows::Csv { columns, .. } => columns,
            Rows::Sheet(list) => list.columns(),
            Rows::Ndjson { .. } => return Some(Row::Fields(Arc::new(serde_json::from_str(cells).ok()?))),
        };
        let cells: Vec<String> = serde_json::from_str(cells).ok()?;
        Some(Row::Cells { columns: Arc::clone(columns), cells: cells.into() })
    }

    /// Rows without a filled cell so far: a spreadsheet leaves them below the last person.
    pub(crate) fn empty_rows(&self) -> u64 {
        match &self.rows {
            Rows::Sheet(list) => list.empty_rows(),
            Rows::Csv { .. } | Rows::Ndjson { .. } => self.empty_rows,
        }
    }

    /// Rows so far that a spreadsheet does not show; they are given as the others are.
    pub(crate) fn hidden_rows(&self) -> Option<&HiddenRows> {
        match &self.rows {
            Rows::Sheet(list) => Some(list.hidden_rows()),
            Rows::Csv { .. } | Rows::Ndjson { .. } => None,
        }
    }

    /// Of a workbook, the sheet that is read and the visible ones that are not, once that is known.
    pub(crate) fn sheets(&self) -> Option<(&str, &[String])> {
        match &self.rows {
            Rows::Sheet(list) => list.sheets(),
            Rows::Csv { .. } | Rows::Ndjson { .. } => None,
        }
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
            Rows::Ndjson { reader, line } => next_object(reader, line, &self.name),
            Rows::Sheet(list) => list.next(&self.name),
        }
    }
}

/// The beginning of an input.
fn head_of(input: &mut impl Read, name: &str) -> Result<Vec<u8>, ListError> {
    let mut head = Vec::new();
    let read = input.take(BUFFER as u64).read_to_end(&mut head);
    read.map_err(|cause| ListError::unreadable(name, cause))?;
    Ok(head)
}

/// A record as text, or which of its cells is none.
fn as_text(record: ByteRecord, name: &str, line: u64) -> Result<StringRecord, ListError> {
    StringRecord::from_byte_record(record).map_err(|error| {
        let field = error.utf8_error().field();
        let sample = error.into_byte_record().get(field).map(sample).unwrap_or_default();
        ListError::NotUtf8 { name: name.to_owned(), line, sample }
    })
}

fn next_record(
    reader: &mut csv::Reader<BoundedInput>,
    columns: &Arc<Columns>,
    is_report: bool,
    name: &str,
    empty_rows: &mut u64,
) -> Result<Option<ListRow>, ListError> {
    let (line, is_torn, record) = loop {
        reader.get_ref().begin_row();
        let from = reader.position().byte();
        let mut record = ByteRecord::new();
        let is_read = reader.read_byte_record(&mut record);
        let (line, is_torn) = record_read(reader, from);
        let is_read = is_read.map_err(|error| unreadable(name, line, error))?;
        let record = as_text(record, name, line)?;
        if !is_read || ends_open(&record) {
            return Err(ListError::OpenQuote { name: name.to_owned(), line });
        }
        if is_end(&record) {
            return Ok(None);
        }
        if record.iter().any(|cell| !cell.trim().is_empty()) {
            break (line, is_torn, record);
        }
        *empty_rows += 1;
    };
    columns.check_title(line, &record)?;
    let (expected, found) = (columns.names().len() + if is_report { OUTCOME_COLUMNS.len() } else { 0 }, record.len());
    let row = if is_torn {
        Err("text stands behind a quote that closes its cell; inside a cell, write each quote twice".to_owned())
    } else if found == expected {
        let cells = record.iter().take(columns.names().len());
        let cells = cells.map(|cell| if is_report { unguarded(cell) } else { cell.to_owned() });
        Ok(Row::Cells { columns: Arc::clone(columns), cells: cells.collect() })
    } else {
        let cells = if found == 1 { "cell" } else { "cells" };
        Err(format!("has {found} {cells}, but the header has {expected}"))
    };
    let cell = |place: usize, _: &str| unguarded(record.get(columns.names().len() + place).unwrap_or_default());
    let outcome = is_report.then(|| ReportedOutcome::of(cell));
    Ok(Some(ListRow { line, row, outcome }))
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

fn next_object(reader: &mut BufReader<BoundedInput>, line: &mut u64, name: &str) -> Result<Option<ListRow>, ListError> {
    loop {
        reader.get_ref().begin_row();
        let mut bytes = Vec::new();
        *line += 1;
        let read = reader.read_until(b'\n', &mut bytes).map_err(|cause| unreadable_input(name, *line, cause))?;
        if read == 0 {
            return Ok(None);
        }
        let text = String::from_utf8(bytes).map_err(|error| ListError::NotUtf8 {
            name: name.to_owned(),
            line: *line,
            sample: sample(error.as_bytes()),
        })?;
        if text.trim() == "{" {
            return Err(ListError::WrappedObject { name: name.to_owned(), line: *line });
        }
        if !text.trim().is_empty() {
            let (row, outcome) = object(text.trim_end());
            return Ok(Some(ListRow { line: *line, row, outcome }));
        }
    }
}

/// The row of a line, and what a report says of it.
fn object(text: &str) -> (Result<Row, String>, Option<ReportedOutcome>) {
    if let Some(name) = repeated_field(text) {
        return (Err(format!("has the field `{name}` twice")), None);
    }
    match crate::input::parse_exact(text) {
        Ok(Value::Object(mut fields)) => {
            let mut outcome = None;
            if fields.keys().rev().map(String::as_str).take(OUTCOME_COLUMNS.len()).eq(OUTCOME_COLUMNS.into_iter().rev())
            {
                outcome = Some(ReportedOutcome::of(|_, column| match fields.get(column) {
                    Some(Value::String(text)) => text.clone(),
                    Some(Value::Number(number)) => number.to_string(),
                    _ => String::new(),
                }));
                fields.retain(|name, _| !OUTCOME_COLUMNS.contains(&name.as_str()));
            }
            (Ok(Row::Fields(Arc::new(fields))), outcome)
        }
        Ok(_) => (Err("is not a JSON object".to_owned()), None),
        // The line is named already, and it is the only one of this row.
        Err(problem) => (Err(problem.replace(" at line 1 column ", " at column ")), None),
    }
}

fn unreadable(name: &str, line: u64, error: csv::Error) -> ListError {
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => unreadable_input(name, line, cause),
        other => ListError::Unreadable { name: name.to_owned(), cause: io::Error::other(format!("{other:?}")) },
    }
}

fn unreadable_input(name: &str, line: u64, cause: io::Error) -> ListError {
    if cause.kind() == io::ErrorKind::FileTooLarge {
        return ListError::RowTooLong { name: name.to_owned(), line };
    }
    ListError::unreadable(name, cause)
}
