//! A file of excluded people: one on each line, a list with a header, or a workbook. Anything that cannot be read is an error
//! with its line, because a person who is overlooked would get messages.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use serde_json::Value;

use super::country_rule::{CountryRule, readings};
use super::exclusion_error::{BadLines, behind, nobody, unclear};
use super::exclusion_list::ExclusionList;
use super::exclusion_table::{ExclusionTables, is_person, may_name_person};
use crate::input::UsageError;
use crate::list::{AnyInput, ListEncoding, ListInput, ListOptions, ListReader, ListRow, ReportedOutcome, Row, sample};
use crate::phone::{is_user_id, short_user_id};

/// The most bytes of a line that names one person.
const MAX_LINE: u64 = 1024;
/// The most bytes of any line that are read at once: more than a row of a list may have, so that a longer one is refused.
const MAX_READ: u64 = 1024 * 1024 + 1;
const MARK: &[u8] = b"\xef\xbb\xbf";
/// What may stand between the cells of a line.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// How the lists of excluded people are read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExclusionOptions {
    /// The countries of their national numbers.
    pub(crate) countries: CountryRule,
    /// For a text that is not UTF-8.
    pub(crate) encoding: Option<ListEncoding>,
}

/// Fills `list` from `input`; errors use its name.
pub(super) fn read(input: ListInput, options: ExclusionOptions, list: &mut ExclusionList) -> Result<(), UsageError> {
    let name = list.name.clone();
    let name = name.as_str();
    let text = match AnyInput::open(input, name, options.encoding)? {
        AnyInput::Workbook(workbook) => {
            // Each sheet is a table of its own.
            let mut tables = ExclusionTables::new(options.countries, list);
            workbook.each_row(|sheet, line, cells| tables.sheet_row(sheet, line, cells))?;
            return tables.finish();
        }
        AnyInput::Text(text) => text,
    };
    let unreadable = |cause: io::Error| UsageError::unreadable(name, &cause);
    let mut input = BufReader::new(LineFeeds(BufReader::new(text)));
    let mut first = Vec::new();
    let (mut passed, mut above) = (0, Vec::new());
    let (mut is_comment, mut is_row) = (false, false);
    loop {
        first.clear();
        input.by_ref().take(MAX_READ).read_until(b'\n', &mut first).map_err(unreadable)?;
        if passed == 0 && first.starts_with(MARK) {
            first.drain(..MARK.len());
        }
        match content(&first) {
            Content::Nothing if first.is_empty() && !is_row => {
                // A file with only comments excludes no one on purpose; an empty one may have lost its content.
                let hint =
                    "check where it comes from; a file with only a header, or a comment after #, excludes no one";
                return if is_comment { Ok(()) } else { Err(UsageError::new(format!("{name} is empty"), hint)) };
            }
            Content::Comment => {
                is_comment = true;
                is_row |= is_table_row(&first);
            }
            Content::Nothing if !first.is_empty() => {}
            Content::Person => {
                return read_lines(Cursor::new(first).chain(input), name, passed, options.countries, list);
            }
            Content::Nothing | Content::Header => {
                let is_ndjson = first.trim_ascii_start().starts_with(b"{");
                let all = Cursor::new(above).chain(Cursor::new(first)).chain(input);
                let all = WithoutComments { inner: all, is_ndjson, lines: Cursor::default(), is_quoted: false };
                return read_list(Box::new(all), name, options.countries, list);
            }
        }
        passed += 1;
        above.extend_from_slice(&first);
    }
}

/// What kind of file the first line shows.
enum Content {
    Nothing,
    Comment,
    /// One on each line.
    Person,
    Header,
}

fn content(line: &[u8]) -> Content {
    let Ok(text) = std::str::from_utf8(line) else { return Content::Header };
    let text = text.trim();
    if text.is_empty() {
        return Content::Nothing;
    }
    if text.starts_with('#') {
        return Content::Comment;
    }
    // The text before a delimiter: a list without a header is reported with its first line.
    let cell = bare(text).split(DELIMITERS).next().unwrap_or_default().trim_matches('"');
    let is_number = cell.contains(|character: char| character.is_ascii_digit())
        && !cell.contains(|character: char| {
            character.is_alphabetic() || character.is_control() || "[{".contains(character)
        });
    let is_user = is_user_id(cell) || short_user_id(cell).is_some();
    if text.starts_with("id:") || is_number || is_user { Content::Person } else { Content::Header }
}

/// The person that a line names, without a comment after it and the quotes that some programs write around each cell.
fn bare(line: &str) -> &str {
    let comment =
        line.match_indices('#').find(|(at, _)| line.get(..*at).is_some_and(|before| before.ends_with([' ', '\t'])));
    let text = comment.and_then(|(at, _)| line.get(..at)).unwrap_or(line).trim();
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

/// One person on each line, after `passed` lines.
fn read_lines(
    mut input: impl BufRead,
    name: &str,
    passed: usize,
    countries: CountryRule,
    list: &mut ExclusionList,
) -> Result<(), UsageError> {
    let (mut line, mut bytes, mut bad) = (passed as u64, Vec::new(), BadLines::default());
    loop {
        bytes.clear();
        line += 1;
        let read = input.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut bytes);
        let read = read.map_err(|cause| UsageError::unreadable(name, &cause))?;
        if read == 0 {
            return bad.check(name);
        }
        if read as u64 > MAX_LINE {
            bad.add(None, line, nobody(format!("has more than {MAX_LINE} bytes")));
            input.skip_until(b'\n').map_err(|cause| UsageError::unreadable(name, &cause))?;
            continue;
        }
        let not_utf8 = |_| UsageError::not_utf8(name, line, &sample(&bytes));
        let text = std::str::from_utf8(&bytes).map_err(not_utf8)?.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match readings(bare(text), countries, std::iter::empty()) {
            Ok(readings) => list.add(&readings),
            Err(error) => {
                let text = bare(text);
                let cut = text.find(DELIMITERS).map(|at| text.split_at(at));
                let person = cut.filter(|(first, _)| is_person(first));
                let fault = person.map_or_else(|| unclear(error), |(_, text)| behind(text));
                bad.add(None, line, fault);
            }
        }
    }
}

/// A list as in `bulk send`.
fn read_list(
    input: Box<dyn Read>,
    name: &str,
    countries: CountryRule,
    list: &mut ExclusionList,
) -> Result<(), UsageError> {
    let mut reader = ListReader::open(ListInput::Stream(input), name, &ListOptions::default())?;
    let mut tables = ExclusionTables::new(countries, list);
    if let Some(names) = reader.header() {
        tables.header(1, names);
    }
    while let Some(ListRow { line, last_line, row, outcome, .. }) = reader.read()? {
        let was_invalid = outcome.as_ref().is_some_and(ReportedOutcome::was_invalid);
        if last_line > line {
            let problem = format!(
                "{name}: the row of line {line} goes on to line {last_line} because of a quote, so who stands there may be \
                 missed"
            );
            return Err(UsageError::new(problem, "remove the quote, or write one person a line"));
        }
        // A report has the number of a row where the list has it without its country.
        let sent_to = outcome.and_then(|outcome| outcome.sent_to);
        let sent_to = sent_to.iter().map(|cell| ("sent_to", Ok(cell.as_str())));
        match row {
            Err(problem) => tables.bad(line, problem),
            Ok(Row::Cells { cells, .. }) => {
                let cells = cells.iter().map(|cell| Ok(cell.as_str()));
                tables.row(line, cells.chain(sent_to.map(|(_, cell)| cell)), was_invalid);
            }
            Ok(Row::Fields(fields)) => {
                let texts: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), text_of(value))).collect();
                let fields = texts.iter().map(|(name, text)| (*name, text.as_deref().map_err(Clone::clone)));
                tables.fields(line, fields.chain(sent_to), was_invalid);
            }
        }
    }
    tables.finish()
}

/// A field that may hold a recipient.
fn text_of(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        found => Err(format!("is {found}; a recipient is a text or a number")),
    }
}

/// A text whose lines end with a line feed: a carriage return alone, as some programs on a Mac write it, is one.
struct LineFeeds<R>(R);

impl<R: BufRead> Read for LineFeeds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        let bytes = buffer.get_mut(..read).unwrap_or_default();
        let mut next = if bytes.ends_with(b"\r") { self.0.fill_buf()?.first().copied() } else { None };
        for byte in bytes.iter_mut().rev() {
            if *byte == b'\r' && next != Some(b'\n') {
                *byte = b'\n';
            }
            next = Some(*byte);
        }
        Ok(read)
    }
}

/// A list whose comments are empty lines.
struct WithoutComments<R> {
    inner: R,
    /// In NDJSON a line is a whole row, and none begins with `#`.
    is_ndjson: bool,
    lines: Cursor<Vec<u8>>,
    /// Whether the line below is inside quotes.
    is_quoted: bool,
}

impl<R: BufRead> WithoutComments<R> {
    /// Adds a line to `lines`, if there is another.
    fn add_line(&mut self, lines: &mut Vec<u8>) -> io::Result<bool> {
        let begin = lines.len();
        let is_any = self.inner.by_ref().take(MAX_READ).read_until(b'\n', lines)? > 0;
        let line = lines.get(begin..).unwrap_or_default();
        let is_comment = !self.is_quoted && line.starts_with(b"#");
        if is_comment && (self.is_ndjson || !is_table_row(line)) {
            lines.truncate(begin);
            lines.push(b'\n');
        } else if !self.is_ndjson {
            self.is_quoted = line.iter().fold(self.is_quoted, |is_quoted, byte| is_quoted ^ (*byte == b'"'));
        }
        Ok(is_any)
    }
}

impl<R: BufRead> Read for WithoutComments<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.lines.fill_buf()?.is_empty() {
            let mut lines = std::mem::take(&mut self.lines).into_inner();
            lines.clear();
            while lines.len() < buffer.len() && self.add_line(&mut lines)? {}
            self.lines = Cursor::new(lines);
        }
        self.lines.read(buffer)
    }
}

/// Whether a line that begins with `#` is a row of a table, in which a cell behind the first may name a person: the
/// names of orders begin so.
fn is_table_row(line: &[u8]) -> bool {
    String::from_utf8_lossy(line).split(DELIMITERS).skip(1).any(may_name_person)
}
