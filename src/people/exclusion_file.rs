//! A file of people who must not be written to: one a line, or a list with a header. Whatever it does not understand is an
//! error with its line: who is passed over would be written to.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use serde_json::Value;
use thiserror::Error;

use crate::list::{
    Foreign, ListError, ListInput, ListOptions, ListReader, ListRow, Row, decoded, recipient_column, sample,
};
use crate::message::{RecipientError, TypedRecipient};
use crate::phone::{Country, is_user_id, short_user_id};

/// The most bytes of a line that names one person.
const MAX_LINE: u64 = 1024;
/// The most bytes of the line that tells what the file is.
const MAX_FIRST_LINE: u64 = 1024 * 1024;
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Who asks for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExclusionOrigin {
    /// `--exclude`
    Flag,
    /// `do_not_contact` of this profile.
    Profile(String),
}

/// A list of people who must not be written to that cannot be used; who is on it is not known, so nothing may leave.
#[derive(Debug, Error)]
#[error("{}: {}{problem}", flag(origin), file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default())]
pub(crate) struct ExclusionError {
    pub(crate) origin: ExclusionOrigin,
    /// Where the problem does not name it: there may be several lists.
    file: Option<String>,
    problem: Box<ExclusionProblem>,
}

#[derive(Debug, Error)]
pub(super) enum ExclusionProblem {
    #[error(transparent)]
    List(#[from] ListError),
    #[error("{name} is empty")]
    Empty { name: String },
    #[error("{name}: line {line} has more than {MAX_LINE} bytes")]
    LongLine { name: String, line: u64 },
    #[error("{name}: line {line}: {error}")]
    Recipient { name: String, line: u64, error: RecipientError },
    #[error("{name}: line {line}: `{column}` is empty, so nobody can tell who is meant")]
    NoRecipient { name: String, line: u64, column: String },
    #[error("{name}: line {line}: {problem}")]
    Row { name: String, line: u64, problem: String },
}

fn flag(origin: &ExclusionOrigin) -> String {
    match origin {
        ExclusionOrigin::Flag => "--exclude".to_owned(),
        ExclusionOrigin::Profile(profile) => format!("do_not_contact (profile {profile})"),
    }
}

impl ExclusionError {
    /// The file that is called `name` cannot be opened.
    pub(crate) fn unreadable(origin: &ExclusionOrigin, name: &str, cause: io::Error) -> Self {
        Self::new(origin, name, ListError::Unreadable { name: name.to_owned(), cause }.into())
    }

    pub(super) fn new(origin: &ExclusionOrigin, name: &str, problem: ExclusionProblem) -> Self {
        let is_unnamed = matches!(
            problem,
            ExclusionProblem::List(
                ListError::NoHeader { .. }
                    | ListError::Title { .. }
                    | ListError::ChangedReport
                    | ListError::TooManyFields { .. }
                    | ListError::TwoColumns { .. }
                    | ListError::TwoRecipients { .. }
                    | ListError::NoRecipientColumn { .. }
            )
        );
        Self { origin: origin.clone(), file: is_unnamed.then(|| name.to_owned()), problem: Box::new(problem) }
    }

    /// The way out, for the hint line.
    pub(crate) fn hint(&self) -> String {
        const LINES: &str = "write one person a line, as +593987654321, a WhatsApp user id or id:USER, or a header with a column \
                             such as celular";
        match self.problem.as_ref() {
            ExclusionProblem::List(
                ListError::NoRecipientColumn { .. } | ListError::TwoRecipients { .. } | ListError::NoRows { .. },
            )
            | ExclusionProblem::LongLine { .. }
            | ExclusionProblem::Row { .. } => LINES.to_owned(),
            ExclusionProblem::List(ListError::NotUtf8 { .. }) => "save it as UTF-8".to_owned(),
            ExclusionProblem::List(ListError::Foreign { foreign: Foreign::Utf16(_) | Foreign::Utf32, .. }) => {
                "save it as UTF-8, or as UTF-16 with a mark".to_owned()
            }
            ExclusionProblem::NoRecipient { .. } => "write who is meant there, or delete the line".to_owned(),
            ExclusionProblem::List(error) => error.hint(),
            ExclusionProblem::Empty { .. } => {
                "check where it comes from; a file with only a header, or a comment after #, is nobody".to_owned()
            }
            ExclusionProblem::Recipient { error, .. } => error.hint(),
        }
    }
}

/// Gives each person of `input` to `add`, as the recipient on the wire; `name` stands in errors.
pub(super) fn read(
    input: Box<dyn Read>,
    name: &str,
    country: Option<Country>,
    mut add: impl FnMut(&str),
) -> Result<(), ExclusionProblem> {
    let mut add = |text: &str, line| {
        let typed = TypedRecipient::read(text, country);
        let typed = typed.map_err(|error| ExclusionProblem::Recipient { name: name.to_owned(), line, error })?;
        add(typed.recipient.as_str());
        Ok(())
    };
    let unreadable = |cause| ListError::unreadable(name, cause);
    let mut input = BufReader::new(decoded(input).map_err(unreadable)?);
    let mut first = Vec::new();
    let (mut passed, mut is_comment) = (0, false);
    loop {
        first.clear();
        input.by_ref().take(MAX_FIRST_LINE).read_until(b'\n', &mut first).map_err(unreadable)?;
        if passed == 0 && first.starts_with(MARK) {
            first.drain(..MARK.len());
        }
        if first.is_empty() {
            // What only has comments says that nobody is meant; what has nothing at all may have lost it.
            let empty = ExclusionProblem::Empty { name: name.to_owned() };
            return if is_comment { Ok(()) } else { Err(empty) };
        }
        match content(&first) {
            Content::Comment => is_comment = true,
            Content::Nothing => {}
            Content::Person => return read_lines(Cursor::new(first).chain(input), name, passed, &mut add),
            Content::Header { is_text } => {
                let before = vec![b'\n'; passed];
                let is_ndjson = first.trim_ascii_start().starts_with(b"{");
                let rest = Cursor::new(first).chain(input);
                // In a file that is no text nothing is a comment.
                let rest: Box<dyn Read> =
                    if is_text { Box::new(WithoutComments::new(rest, is_ndjson)) } else { Box::new(rest) };
                return read_list(Box::new(Cursor::new(before).chain(rest)), name, &mut add);
            }
        }
        passed += 1;
    }
}

/// What the first line says of a file.
enum Content {
    Nothing,
    Comment,
    /// One a line.
    Person,
    Header {
        is_text: bool,
    },
}

fn content(line: &[u8]) -> Content {
    let Ok(text) = std::str::from_utf8(line) else { return Content::Header { is_text: false } };
    let text = text.trim();
    if text.is_empty() {
        return Content::Nothing;
    }
    if text.starts_with('#') {
        return Content::Comment;
    }
    // What stands before a delimiter: a list without a header is told for its first line.
    let cell = bare(text).split([',', ';', '\t', '|']).next().unwrap_or_default().trim_matches('"');
    let is_number = cell.contains(|character: char| character.is_ascii_digit())
        && !cell.contains(|character: char| {
            character.is_alphabetic() || character.is_control() || "[{".contains(character)
        });
    let is_user = is_user_id(cell) || short_user_id(cell).is_some();
    if text.starts_with("id:") || is_number || is_user {
        Content::Person
    } else {
        Content::Header { is_text: !text.contains('\0') }
    }
}

/// Who a line names, without a comment behind it and the quotes that some programs write around each cell.
fn bare(line: &str) -> &str {
    let comment =
        line.match_indices('#').find(|(at, _)| line.get(..*at).is_some_and(|before| before.ends_with([' ', '\t'])));
    let text = comment.and_then(|(at, _)| line.get(..at)).unwrap_or(line).trim();
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

/// One person a line; `passed` lines stand before.
fn read_lines(
    mut input: impl BufRead,
    name: &str,
    passed: usize,
    mut add: impl FnMut(&str, u64) -> Result<(), ExclusionProblem>,
) -> Result<(), ExclusionProblem> {
    let mut line = passed as u64;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        line += 1;
        let read = input.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut bytes);
        let read = read.map_err(|cause| ListError::unreadable(name, cause))?;
        if read == 0 {
            return Ok(());
        }
        if read as u64 > MAX_LINE {
            return Err(ExclusionProblem::LongLine { name: name.to_owned(), line });
        }
        let not_utf8 = |_| ListError::NotUtf8 { name: name.to_owned(), line, sample: sample(&bytes) };
        let text = std::str::from_utf8(&bytes).map_err(not_utf8)?;
        let text = text.trim();
        if !text.is_empty() && !text.starts_with('#') {
            add(bare(text), line)?;
        }
    }
}

/// A list as `bulk send` takes it.
fn read_list(
    input: Box<dyn Read>,
    name: &str,
    mut add: impl FnMut(&str, u64) -> Result<(), ExclusionProblem>,
) -> Result<(), ExclusionProblem> {
    let mut list = ListReader::open(ListInput::Stream(input), name, &ListOptions::default())?;
    // A header must be one, also when nobody stands below it.
    let names = list.header().map(|names| names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut column = names.map(|names| recipient_column(&names, None)).transpose()?;
    while let Some(ListRow { line, row, faulty_cells, .. }) = list.read()? {
        let faulty = |problem| ExclusionProblem::Row { name: name.to_owned(), line, problem };
        let row = row.map_err(faulty)?;
        let column = match &column {
            Some(column) => column,
            None => column.insert(recipient_column(&row.names(), None)?),
        };
        if let Some((_, problem)) = faulty_cells.into_iter().find(|(name, _)| name == column) {
            return Err(faulty(problem));
        }
        let text = cell(&row, column).map_err(faulty)?;
        if text.trim().is_empty() {
            return Err(ExclusionProblem::NoRecipient { name: name.to_owned(), line, column: column.clone() });
        }
        add(&text, line)?;
    }
    Ok(())
}

fn cell(row: &Row, column: &str) -> Result<String, String> {
    match row.get(column) {
        Some(Value::String(text)) => Ok(text),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(found) => Err(format!("{column}: is {found}; a recipient is a text or a number")),
        None => Err(format!("has no `{column}`, the recipient's")),
    }
}

/// A list whose lines that begin with `#` are empty, outside quotes.
struct WithoutComments<R> {
    inner: R,
    /// Of NDJSON a line is a whole row.
    is_ndjson: bool,
    place: Place,
}

/// Where a byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    LineBegins,
    Comment,
    Quoted,
    Plain,
}

impl<R: Read> WithoutComments<R> {
    fn new(inner: R, is_ndjson: bool) -> Self {
        Self { inner, is_ndjson, place: Place::LineBegins }
    }

    /// Whether the byte belongs to the list.
    fn keeps(&mut self, byte: u8) -> bool {
        self.place = match (self.place, byte) {
            (Place::Quoted, b'\n') if !self.is_ndjson => Place::Quoted,
            (_, b'\n') => Place::LineBegins,
            (Place::LineBegins, b'#') | (Place::Comment, _) => Place::Comment,
            (Place::Quoted, b'"') => Place::Plain,
            (Place::Quoted, _) | (_, b'"') => Place::Quoted,
            (Place::LineBegins | Place::Plain, _) => Place::Plain,
        };
        self.place != Place::Comment
    }
}

impl<R: Read> Read for WithoutComments<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.inner.read(buffer)?;
            let mut kept = 0;
            for at in 0..read {
                let Some(byte) = buffer.get(at).copied() else { break };
                if self.keeps(byte) {
                    if let Some(place) = buffer.get_mut(kept) {
                        *place = byte;
                    }
                    kept += 1;
                }
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}
