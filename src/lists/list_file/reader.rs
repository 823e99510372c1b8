//! Reads the rows of a list one at a time, each with its first line. The first bytes decide the
//! format. A line of NDJSON is one object.

use std::collections::{HashSet, VecDeque};
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::sync::Arc;

use encoding_rs::UTF_8;
use serde_json::{Map, Value};

use super::columns::{HeaderPlace, LAST_HEADER_LINE, meant_columns};
use super::csv::{CsvRecords, CsvRows, MAX_ROW};
use super::encoding::{BUFFER, DecodedInput, detect_encoding};
use super::input::{
    CsvFormat, ListFormat, ListInput, ListOptions, Utf8Check, ZIP, check_encoding, foreign_file,
    lock_file,
};
use super::outcome::{COLUMNS, ReportedOutcome, ends_with_outcome, outcome_columns};
use super::row::{ListRow, Row, TableHeader};
use super::sheet_list::{ListNotes, SheetList};
use crate::base::conventions::Conventions;
use crate::base::input::UsageError;
use crate::base::message::{Lang, Message, msg};

/// How many rows to look at for a header below titles: more than there can be up to its last line.
const LOOKED_AT_FOR_HEADER: usize = 10;

/// How many rows of NDJSON to look at for the names of its fields, if the first ones are bad.
const LOOKED_AT_FOR_NAMES: usize = 100;

/// How many rows of NDJSON have the names that a flag can select.
const FIRST_ROWS: usize = 1000;

/// Reads the rows of a list.
pub(crate) struct ListReader {
    name: String,
    format: ListFormat,
    rows: Rows,
    pub(crate) notes: ListNotes,
    /// Rows that were looked at before their turn, and the error after them.
    ahead: VecDeque<Result<ListRow, UsageError>>,
    /// Whether `ahead` has the end of the list.
    has_ended: bool,
}

enum Rows {
    Csv(Box<CsvRows>),
    Ndjson(NdjsonRows),
    Sheet(Box<SheetList>),
}

impl ListReader {
    /// Starts reading. Errors use `name`. Its extension may identify NDJSON.
    pub(crate) fn open(
        input: ListInput,
        name: &str,
        options: &ListOptions,
    ) -> Result<Self, UsageError> {
        let mut notes = ListNotes::default();
        let (format, rows) = open(input, name, options, &mut notes)?;
        Ok(Self {
            name: name.to_owned(),
            format,
            rows,
            notes,
            ahead: VecDeque::new(),
            has_ended: false,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn format(&self) -> ListFormat {
        self.format
    }

    /// Returns the header. None for NDJSON: each row has its own fields.
    fn table_header(&self) -> Option<&TableHeader> {
        match &self.rows {
            Rows::Csv(rows) => Some(&rows.header),
            Rows::Sheet(list) => Some(&list.header),
            Rows::Ndjson(_) => None,
        }
    }

    /// Returns the column names of the header; None for NDJSON.
    pub(crate) fn header(&self) -> Option<&[String]> {
        self.table_header().map(|header| header.columns.names())
    }

    /// Returns the names of the columns; of NDJSON, the fields of its first good row.
    pub(crate) fn column_names(&mut self) -> Vec<String> {
        if let Some(names) = self.header() {
            return names.to_vec();
        }
        let good = self
            .look_ahead(LOOKED_AT_FOR_NAMES)
            .find_map(|row| row.row.as_ref().ok());
        let names = good.map(Row::names).unwrap_or_default();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Returns the names of the columns; of NDJSON, the fields of its first rows.
    pub(crate) fn first_names(&mut self) -> Vec<String> {
        if let Some(names) = self.header() {
            return names.to_vec();
        }
        let rows = self.look_ahead(FIRST_ROWS);
        let rows = rows.filter_map(|row| row.row.as_ref().ok());
        let mut known = HashSet::new();
        let names = rows.flat_map(Row::names);
        let new = names.filter(|name| known.insert((*name).to_owned()));
        new.map(str::to_owned).collect()
    }

    /// Returns whether the list is a report that was saved as a workbook.
    pub(crate) fn is_report_workbook(&self) -> bool {
        matches!(&self.rows, Rows::Sheet(list) if list.header.layout.is_as_written())
    }

    /// Restores a row that was read earlier, from its form in the ledger.
    pub(crate) fn read_back(&self, cells: &str) -> Option<Row> {
        match self.table_header() {
            Some(header) => Row::read_back(&header.columns, cells),
            None => Some(Row::Fields(Arc::new(serde_json::from_str(cells).ok()?))),
        }
    }

    /// Sets how to write the numbers and dates of a sheet if their formats do not decide it, and the
    /// delimiter of its report, which the sheet does not have.
    pub(crate) fn write_as(&mut self, conventions: Option<Conventions>) {
        let Rows::Sheet(list) = &mut self.rows else {
            return;
        };
        list.conventions = conventions;
        if let (Some(conventions), ListFormat::Csv(format)) = (conventions, &mut self.format) {
            format.delimiter = conventions.csv_delimiter();
        }
    }

    /// Returns whether `name` selects the column with the name `header`.
    pub(crate) fn is_column(&self, name: &str, header: &str) -> bool {
        let names: Vec<_> = self
            .header()
            .unwrap_or_default()
            .iter()
            .map(String::as_str)
            .collect();
        meant_columns(&names, name) == [header]
    }

    /// Returns the columns that a report lacks. Empty for NDJSON, because each row has its own
    /// fields.
    pub(crate) fn missing_columns(&self) -> Vec<&'static str> {
        self.table_header()
            .map(|header| header.layout.missing())
            .unwrap_or_default()
    }

    /// Returns the error for a list without a recipient column, if one of its next rows, up to line 10, reads like its
    /// header. None for NDJSON.
    pub(crate) fn later_header(&mut self) -> Option<UsageError> {
        let columns = Arc::clone(&self.table_header()?.columns);
        self.fill_ahead(LOOKED_AT_FOR_HEADER);
        let mut ahead = self.ahead.iter();
        ahead.find_map(|row| match row {
            Ok(row) if row.line <= LAST_HEADER_LINE => {
                let error = columns.later_header(row.line, &row.texts())?;
                Some(error.in_file(&self.name))
            }
            // The reader has found the header.
            Err(error) if error.question.is_some() => Some(error.clone()),
            _ => None,
        })
    }

    /// Returns the next `count` rows, or fewer if the list ends or cannot be read further. They remain to be read.
    pub(crate) fn look_ahead(&mut self, count: usize) -> impl Iterator<Item = &ListRow> {
        self.fill_ahead(count);
        let rows = self.ahead.iter().take(count);
        rows.filter_map(|row| row.as_ref().ok())
    }

    /// Reads on until `ahead` has `count` rows, or the end.
    fn fill_ahead(&mut self, count: usize) {
        while self.ahead.len() < count && !self.has_ended {
            let read = self.read_on().transpose();
            self.has_ended = read.as_ref().is_none_or(Result::is_err);
            self.ahead.extend(read);
        }
    }

    /// Reads the next row.
    ///
    /// # Errors
    /// If the rest cannot be read. A single bad row is not an error.
    pub(crate) fn read(&mut self) -> Result<Option<ListRow>, UsageError> {
        match self.ahead.pop_front() {
            Some(row) => row.map(Some),
            None if self.has_ended => Ok(None),
            None => self.read_on(),
        }
    }

    fn read_on(&mut self) -> Result<Option<ListRow>, UsageError> {
        match &mut self.rows {
            Rows::Csv(rows) => rows.next(&self.name),
            Rows::Ndjson(rows) => rows.next(&self.name),
            Rows::Sheet(list) => list.next(&self.name, &mut self.notes),
        }
    }
}

fn open(
    mut input: ListInput,
    name: &str,
    options: &ListOptions,
    notes: &mut ListNotes,
) -> Result<(ListFormat, Rows), UsageError> {
    let unreadable = |cause: io::Error| UsageError::unreadable(name, &cause);
    let head = read_head(&mut input, name)?;
    if head.starts_with(ZIP) {
        return open_workbook(input, &head, name, options, notes);
    }
    if let Some(error) = lock_file(name) {
        return Err(error.in_file(name));
    }
    if options.sheet.is_some() {
        let foreign = foreign_file(&head, name).map(|error| error.in_file(name));
        let no_sheets = || {
            UsageError::bare(msg!(
                "--sheet: {name} is not a workbook, so it has no sheets",
                name
            ))
        };
        return Err(foreign.unwrap_or_else(no_sheets));
    }
    let encoding = detect_encoding(&head, options.encoding);
    let header_row = options.header_row;
    if encoding == UTF_8 {
        let text = ListText {
            head,
            utf8_check: Utf8Check::new(&input),
            input: Box::new(input),
            was_decoded: false,
        };
        return open_text(text, name, header_row);
    }
    let mut file = input.into_file(&head).map_err(unreadable)?;
    if encoding.is_single_byte() {
        notes.misread = check_encoding(&file, name, encoding)?;
        file.rewind().map_err(unreadable)?;
    }
    let mut input = DecodedInput::new(Box::new(file), encoding);
    let text = ListText {
        head: read_head(&mut input, name)?,
        utf8_check: Utf8Check::default(),
        input: Box::new(input),
        was_decoded: true,
    };
    open_text(text, name, header_row)
}

fn open_workbook(
    input: ListInput,
    head: &[u8],
    name: &str,
    options: &ListOptions,
    notes: &mut ListNotes,
) -> Result<(ListFormat, Rows), UsageError> {
    if options.encoding.is_some() {
        return Err(UsageError::bare(msg!(
            "--encoding: {name} is a workbook, which has no encoding",
            name
        )));
    }
    let file = input
        .into_file(head)
        .map_err(|cause| UsageError::unreadable(name, &cause))?;
    let list = SheetList::open(file, options, name, notes)?;
    // A spreadsheet recognizes a UTF-8 report by its byte order mark.
    let format = CsvFormat {
        has_mark: true,
        ..CsvFormat::default()
    };
    Ok((ListFormat::Csv(format), Rows::Sheet(Box::new(list))))
}

/// A list in UTF-8.
struct ListText {
    /// The bytes that have already been read.
    head: Vec<u8>,
    input: Box<dyn Read>,
    /// Whether the list was in another encoding.
    was_decoded: bool,
    utf8_check: Utf8Check,
}

fn open_text(
    text: ListText,
    name: &str,
    header_row: Option<u64>,
) -> Result<(ListFormat, Rows), UsageError> {
    let ListText {
        mut head,
        input,
        was_decoded,
        utf8_check,
    } = text;
    if let Some(error) = foreign_file(&head, name) {
        return Err(error.in_file(name));
    }
    let mut format = CsvFormat::take(&mut head);
    // The report is UTF-8, and a spreadsheet recognizes it only by its byte order mark.
    format.has_mark |= was_decoded;
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    let named_ndjson = [".ndjson", ".jsonl"]
        .iter()
        .any(|ending| name.to_lowercase().ends_with(ending));
    if named_ndjson || first == Some(&b'{') {
        if header_row.is_some() {
            return Err(UsageError::bare(msg!(
                "--header-row: {name} is NDJSON, which has no header",
                name
            )));
        }
        return Ok((
            ListFormat::Ndjson,
            Rows::Ndjson(NdjsonRows::new(
                Box::new(Cursor::new(head).chain(input)),
                utf8_check,
            )),
        ));
    }
    if first == Some(&b'[') {
        return Err(UsageError::new(
            msg!("{name} is one JSON array", name),
            msg!("to write one object per line: jq -c '.[]'"),
        ));
    }
    let mut line = format.first_line();
    if let Some(wanted) = header_row.filter(|wanted| *wanted > line)
        && is_report(&head)
    {
        return Err(UsageError::header_of_report(name, wanted, line));
    }
    let mut input = BufReader::with_capacity(BUFFER, Cursor::new(head).chain(input));
    let mut head = Vec::new();
    if let Some(wanted) = header_row {
        skip_lines(&mut input, line, wanted, name)?;
        head = read_head(&mut input, name)?;
        line = line.max(wanted);
        format = format.below(&head);
    }
    let input = Box::new(Cursor::new(head).chain(input));
    let place = HeaderPlace {
        line,
        is_chosen: header_row.is_some(),
    };
    let rows = CsvRows::open(input, name, format.delimiter, place, utf8_check)?;
    Ok((ListFormat::Csv(format), Rows::Csv(Box::new(rows))))
}

/// Skips the lines above `wanted`. The input begins in `line`.
fn skip_lines(
    input: &mut impl BufRead,
    line: u64,
    wanted: u64,
    name: &str,
) -> Result<(), UsageError> {
    let unreadable = |cause: io::Error| UsageError::unreadable(name, &cause);
    for above in line..wanted {
        if input.skip_until(b'\n').map_err(unreadable)? == 0 {
            return Err(UsageError::no_header_row(name, wanted, Some(above - 1)));
        }
    }
    match input.fill_buf().map_err(unreadable)?.first() {
        None => Err(UsageError::no_header_row(name, wanted, Some(wanted - 1))),
        Some(b'\n' | b'\r') => Err(UsageError::no_header_row(name, wanted, None)),
        Some(_) => Ok(()),
    }
}

/// Reads the first bytes of an input.
pub(super) fn read_head(input: &mut impl Read, name: &str) -> Result<Vec<u8>, UsageError> {
    let mut head = Vec::new();
    let read = input.take(BUFFER as u64).read_to_end(&mut head);
    read.map_err(|cause| UsageError::unreadable(name, &cause))?;
    Ok(head)
}

/// Returns whether a file that begins like this is an unchanged report, as CSV or NDJSON.
pub(crate) fn is_report(begin: &[u8]) -> bool {
    let mut head = begin.to_vec();
    let format = CsvFormat::take(&mut head);
    if head.starts_with(b"{") {
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        return serde_json::from_slice(line).is_ok_and(|fields: Map<String, Value>| {
            let last = fields.keys().rev().map(String::as_str).take(COLUMNS.len());
            last.eq(outcome_columns(Lang::En).into_iter().rev())
        });
    }
    let header = CsvRecords::new(head.as_slice(), format.delimiter, 1)
        .next()
        .ok()
        .flatten()
        .unwrap_or_default();
    let names = header.texts().unwrap_or_default();
    ends_with_outcome(&names)
}

pub(super) struct NdjsonRows {
    reader: BufReader<Box<dyn Read>>,
    line: u64,
    utf8_check: Utf8Check,
}

impl NdjsonRows {
    pub(super) fn new(input: Box<dyn Read>, utf8_check: Utf8Check) -> Self {
        Self {
            reader: BufReader::with_capacity(BUFFER, input),
            line: 0,
            utf8_check,
        }
    }

    /// Returns the next row.
    pub(super) fn next(&mut self, name: &str) -> Result<Option<ListRow>, UsageError> {
        loop {
            let mut bytes = Vec::new();
            self.line += 1;
            let read = self
                .reader
                .by_ref()
                .take(MAX_ROW + 1)
                .read_until(b'\n', &mut bytes);
            match read.map_err(|cause| UsageError::unreadable(name, &cause))? as u64 {
                0 => return Ok(None),
                1..=MAX_ROW => {}
                _ => return Err(UsageError::row_too_long(name, self.line)),
            }
            let text = String::from_utf8(bytes)
                .map_err(|error| self.utf8_check.error(name, self.line, error.as_bytes()))?;
            self.utf8_check.keep_letters(self.line, &text);
            if text.trim() == "{" {
                let problem = msg!(
                    "{name}: the object in line {line} spans several lines",
                    name,
                    line = self.line
                );
                let hint = msg!("to write one object per line: jq -c .");
                return Err(UsageError::new(problem, hint));
            }
            if !text.trim().is_empty() {
                let (row, outcome) = object(text.trim_end());
                // A single cell could become a recipient in the report before it is corrected, so
                // this text never looks like one.
                let end = if text.starts_with('{') { "" } else { "," };
                let bad_text = if row.is_err() {
                    text.trim_end().to_owned() + end
                } else {
                    String::new()
                };
                return Ok(Some(ListRow {
                    outcome,
                    bad_text,
                    ..ListRow::new(self.line, row)
                }));
            }
        }
    }
}

/// Returns the row in a line, and its outcome if the list is a report.
fn object(text: &str) -> (Result<Row, Message>, Option<ReportedOutcome>) {
    match crate::base::input::parse_exact(text) {
        Ok(Value::Object(mut fields)) => {
            let outcome = ReportedOutcome::take(&mut fields);
            (Ok(Row::Fields(Arc::new(fields))), outcome)
        }
        Ok(_) => (Err(msg!("is not a JSON object")), None),
        Err(error) => (Err(error.message), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_is_recognized_by_its_first_bytes() {
        let [columns, spanish] = [Lang::En, Lang::Es].map(outcome_columns);
        let ours = columns.join(",");
        let with = |delimiter: &str| format!("to{delimiter}{}\r\n", columns.join(delimiter));
        let object = r#"{"to":"1","run":"r","line":2,"sent":"no","message_id":null,"http_status":null,"code":null,"error":null,"attempts":0,"at":null,"delivery":null,"delivered_at":null,"read_at":null,"delivery_error":null,"sent_to":null}"#;
        for (begin, expected) in [
            (with(","), true),
            (format!("\u{feff}sep=;\r\n{}1;r;2", with(";")), true),
            (with("\t"), true),
            (format!("\"to\n(WhatsApp)\",{ours}"), true),
            (format!("to,{}\n", spanish.join(",")), true),
            (
                format!("to,{}\n", spanish.join(",").replace("intentos", "attempts")),
                false,
            ),
            (format!("{object}\n"), true),
            (object.to_owned(), true),
            ("to\n593987654321\n".to_owned(), false),
            (format!("to\n{ours}\n"), false),
            (format!("{ours},to\n"), false),
            ("{\"to\":\"1\"}\n".to_owned(), false),
            (
                object.replace("\"sent_to\":null", "\"sent_to\":null,\"x\":1"),
                false,
            ),
            ("SQLite format 3\0".to_owned(), false),
            ("{".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_report(begin.as_bytes()), expected, "{begin:?}");
        }
    }
}
