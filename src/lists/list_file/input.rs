//! The input of a list, and what its bytes are: the format, detected from the first ones, another kind of file, or another
//! encoding than expected.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};

use encoding_rs::Encoding;

use super::encoding::ListEncoding;
use crate::base::input::{STANDARD_INPUT, UsageError};
use crate::base::message::{Message, msg};
use crate::base::text_encoding::{LineSurvey, WesternEncoding};
use crate::base::texts::{shell_argument, shell_word, shorten};

/// How to read a list. Anything that is None is detected.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListOptions {
    /// `--sheet`
    pub(crate) sheet: Option<String>,
    /// `--encoding`
    pub(crate) encoding: Option<ListEncoding>,
    /// `--header-row`: the line of the header. Default: the first filled row.
    pub(crate) header_row: Option<u64>,
}

pub(crate) enum ListInput {
    File(File),
    /// Read once, from start to end.
    Stream(Box<dyn Read>),
}

impl Read for ListInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Stream(stream) => stream.read(buffer),
        }
    }
}

impl ListInput {
    /// Returns a file that can be read in any order; `head` has already been read. Other inputs are
    /// copied into an unnamed file, which disappears with this process.
    pub(super) fn into_file(self, head: &[u8]) -> io::Result<File> {
        match self {
            Self::File(mut file) if file.metadata()?.is_file() => {
                file.rewind()?;
                Ok(file)
            }
            mut input => {
                let mut file = tempfile::tempfile()?;
                file.write_all(head)?;
                io::copy(&mut input, &mut file)?;
                file.rewind()?;
                Ok(file)
            }
        }
    }
}

/// The format of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ListFormat {
    Csv(CsvFormat),
    Ndjson,
}

/// How a CSV is written. A report about it is written in the same way, because spreadsheets depend
/// on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub(crate) struct CsvFormat {
    pub(crate) delimiter: u8,
    /// Whether it begins with a UTF-8 byte order mark.
    pub(crate) has_mark: bool,
    /// Whether lines end with a carriage return and a line feed.
    pub(crate) has_returns: bool,
    /// Whether the first line is Excel's `sep=;`.
    pub(crate) has_separator_line: bool,
}

impl Default for CsvFormat {
    fn default() -> Self {
        Self {
            delimiter: b',',
            has_mark: false,
            has_returns: false,
            has_separator_line: false,
        }
    }
}

impl CsvFormat {
    /// Removes the byte order mark and the line `sep=;` from the start of an input, and detects the
    /// rest of the format.
    pub(crate) fn take(head: &mut Vec<u8>) -> Self {
        let has_mark = head.starts_with(BOM);
        if has_mark {
            head.drain(..BOM.len());
        }
        let line: Vec<_> = first_line(head).collect();
        let has_returns = line.ends_with(b"\r");
        let separator = separator(line.trim_ascii());
        let end = (line.len() + 1).min(head.len());
        if separator.is_some() {
            head.drain(..end);
        }
        let delimiter = separator.unwrap_or_else(|| delimiter(head));
        Self {
            delimiter,
            has_mark,
            has_returns,
            has_separator_line: separator.is_some(),
        }
    }

    /// Returns the format of a table that begins with `head`, further down in the same input.
    pub(super) fn below(self, head: &[u8]) -> Self {
        if self.has_separator_line {
            self
        } else {
            Self {
                delimiter: delimiter(head),
                ..self
            }
        }
    }

    /// Returns the first line of the list.
    pub(super) fn first_line(self) -> u64 {
        if self.has_separator_line { 2 } else { 1 }
    }
}

/// The UTF-8 byte order mark.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Returns the delimiter in Excel's first line: `sep=;`, sometimes in quotes.
fn separator(line: &[u8]) -> Option<u8> {
    let bare = line
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""))
        .unwrap_or(line);
    let named = bare
        .get(..4)
        .filter(|begin| begin.eq_ignore_ascii_case(b"sep="))?
        .len();
    match bare.get(named..)? {
        // Trimming has removed a tab at the end of the line.
        [] => Some(b'\t'),
        [delimiter @ (b',' | b';' | b'|' | b'\t')] => Some(*delimiter),
        _ => None,
    }
}

/// Returns the first line, without its line feed. A line feed inside quotes does not end it.
fn first_line(head: &[u8]) -> impl Iterator<Item = u8> {
    let mut quoted = false;
    head.iter().copied().take_while(move |byte| {
        quoted ^= *byte == b'"';
        quoted || *byte != b'\n'
    })
}

/// Returns the most frequent delimiter in the first line, outside quotes.
fn delimiter(head: &[u8]) -> u8 {
    let mut quoted = false;
    // Empty lines may come before the header.
    let head = head
        .get(
            head.iter()
                .take_while(|byte| matches!(byte, b'\n' | b'\r'))
                .count()..,
        )
        .unwrap_or_default();
    let outside: Vec<u8> = first_line(head)
        .filter(|byte| {
            quoted ^= *byte == b'"';
            !quoted
        })
        .collect();
    let count = |delimiter: u8| outside.split(|byte| *byte == delimiter).count();
    // `max_by_key` returns the last of equal delimiters.
    [b'|', b'\t', b';', b',']
        .into_iter()
        .max_by_key(|delimiter| count(*delimiter))
        .unwrap_or(b',')
}

/// The delimiters between the cells of a line.
pub(crate) const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// The first bytes of a zip archive. Every modern workbook is one.
pub(super) const ZIP: &[u8] = b"PK\x03\x04";

/// The first bytes of a file in gzip (RFC 1952).
const GZIP: &[u8] = &[0x1f, 0x8b];

/// The first bytes of a text that is not a list.
const MARKUP: [&[u8]; 8] = [
    b"<!", b"<html", b"<head", b"<body", b"<script", b"<meta", b"<table", b"<?xml",
];

/// The most characters of a page's title that are shown.
const MAX_TITLE_LENGTH: usize = 60;

/// Returns the error for the lock file that a spreadsheet creates next to an open workbook. None
/// for other names.
pub(super) fn lock_file(name: &str) -> Option<UsageError> {
    let file_name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let of_excel = file_name.strip_prefix("~$");
    let of_libre_office = || file_name.strip_prefix(".~lock.")?.strip_suffix('#');
    let workbook = of_excel.or_else(of_libre_office)?;
    let directory = name.strip_suffix(file_name).unwrap_or_default();
    Some(not_a_list(
        &msg!(
            "the lock file of {workbook}, which is open in a spreadsheet",
            workbook
        ),
        msg!(
            "save the workbook there, and pass '{directory}{workbook}'",
            directory,
            workbook
        ),
    ))
}

/// Returns the error for a web page that is not an exported table, such as the login page that a
/// download redirected to. None for other texts.
fn web_page(text: &[u8]) -> Option<UsageError> {
    let text = String::from_utf8_lossy(text);
    // Lower case must keep the byte positions.
    let lower_text = text.to_ascii_lowercase();
    let is_page = lower_text.starts_with("<!doctype html") || lower_text.contains("<html");
    let asks_for_password = ["type=\"password\"", "type='password'", "type=password"]
        .iter()
        .any(|field| lower_text.contains(field));
    if !is_page || lower_text.contains("<table") && !asks_for_password {
        return None;
    }
    let title = || {
        let (before, _) = lower_text.split_once("</title")?;
        let begin = before.rfind("<title")?;
        let (_, title) = text.get(begin..before.len())?.split_once('>')?;
        Some(title.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let page = match title() {
        Some(title) => {
            let title = shorten(&title, MAX_TITLE_LENGTH);
            msg!("a web page (`{title}`)", title)
        }
        None => msg!("a web page"),
    };
    let hint = msg!("sign in where the list comes from, and download it again as .xlsx or CSV");
    Some(not_a_list(&page, hint))
}

/// Creates the error for a file that is `what`. The caller adds the name of the list before it.
pub(super) fn not_a_list(what: &Message, hint: Message) -> UsageError {
    UsageError::new(msg!("expected a list, found {what}", what), hint)
}

/// Returns the error for the file `name` that begins with `head`; None if it may be a text.
pub(super) fn foreign_file(head: &[u8], name: &str) -> Option<UsageError> {
    if head.starts_with(GZIP) {
        let unpacked = name.strip_suffix(".gz").unwrap_or("unpacked.csv");
        let command = if name == STANDARD_INPUT {
            "gunzip -c LIST | jelouctl bulk send - …".to_owned()
        } else {
            let [packed, unpacked] = [name, unpacked].map(shell_argument);
            format!("gunzip -c {packed} > {unpacked}")
        };
        let hint = msg!("to unpack it: {command}", command);
        return Some(not_a_list(&msg!("a gzip archive"), hint));
    }
    let text = head.strip_prefix(BOM).unwrap_or(head).trim_ascii_start();
    let begins = |tag: &[u8]| {
        text.get(..tag.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(tag))
    };
    let is_markup = MARKUP.iter().any(|tag| begins(tag));
    if let Some(error) = is_markup.then(|| web_page(text)).flatten() {
        return Some(error);
    }
    let (what, hint) = if is_markup {
        (
            msg!("HTML or XML, as some programs export under the name .xls"),
            save_sheet(),
        )
    } else if begins(b"BEGIN:VCARD") {
        (
            msg!("a vCard file"),
            msg!("export the contacts as CSV, and pass that file"),
        )
    } else if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        // Workbooks with a password are in the same container.
        (
            msg!("an older Office file (.xls) or a workbook with a password"),
            save_sheet(),
        )
    } else if head.starts_with(b"%PDF-") {
        (msg!("a PDF"), pass_list())
    } else if head.contains(&0) {
        let in_utf_16 = |encoding| {
            msg!(
                "if it is a text in UTF-16: --encoding {encoding}; or save it as \"CSV UTF-8\"",
                encoding
            )
        };
        let hint = match head {
            [0, (1..), 0, (1..), ..] => in_utf_16("utf-16be"),
            [(1..), 0, (1..), 0, ..] => in_utf_16("utf-16le"),
            _ => pass_list(),
        };
        (msg!("NUL bytes, so it is not a text in UTF-8"), hint)
    } else {
        return None;
    };
    Some(not_a_list(&what, hint))
}

/// Returns the hint for a file that no spreadsheet can open.
fn pass_list() -> Message {
    msg!("pass a list: CSV, NDJSON, .xlsx or .ods")
}

/// Returns the hint for a file that a spreadsheet can open.
fn save_sheet() -> Message {
    msg!("open it, and save the sheet as .xlsx or \"CSV UTF-8\"")
}

/// The most characters of a line that are shown, and how many of them may come before the first
/// unclear letter.
const SHOWN: usize = 60;
const SHOWN_BEFORE: usize = 20;

/// The facts about a list in UTF-8 that explain an error in it.
#[derive(Default)]
pub(super) struct Utf8Check {
    /// The list, if it can be read again.
    file: Option<File>,
    /// The first text with letters of several bytes.
    letters: Option<(u64, String)>,
}

impl Utf8Check {
    pub(super) fn new(input: &ListInput) -> Self {
        let file = match input {
            ListInput::File(file) => file.try_clone().ok(),
            ListInput::Stream(_) => None,
        };
        // A pipe cannot be read again.
        let is_regular = |file: &File| file.metadata().is_ok_and(|metadata| metadata.is_file());
        Self {
            file: file.filter(is_regular),
            letters: None,
        }
    }

    /// Keeps the first text that is not ASCII.
    pub(super) fn keep_letters(&mut self, line: u64, text: &str) {
        if self.letters.is_none() && !text.is_ascii() {
            self.letters = Some((line, text.to_owned()));
        }
    }

    /// Works like [`Utf8Check::keep_letters`], for the cells of a row.
    pub(super) fn keep_letters_of_row(&mut self, line: u64, cells: &[&str]) {
        if self.letters.is_none() && cells.iter().any(|cell| !cell.is_ascii()) {
            self.letters = Some((line, cells.join(" ")));
        }
    }

    /// Returns the error for the list `name`: its `bytes` at `line` are not UTF-8.
    pub(super) fn error(&self, name: &str, line: u64, bytes: &[u8]) -> UsageError {
        let survey = self
            .survey_file()
            .filter(|survey| survey.other.count > 0)
            .unwrap_or_else(|| self.survey_line(line, bytes));
        if survey.other_bytes.iter().any(|byte| is_control(*byte)) {
            let found = msg!("bytes that are neither a text nor a workbook");
            return not_a_list(&found, pass_list()).in_file(name);
        }
        if survey.is_mixed() {
            return mixed(name, &survey);
        }
        let encoding = WesternEncoding::guess(&survey.other_bytes);
        let shown = excerpt(&encoding.decode(&survey.other.sample));
        let hint = match encoding {
            WesternEncoding::Windows1252 | WesternEncoding::MacRoman => msg!(
                "if that is right, add --encoding {encoding} before the kind; if not, save the list as \"CSV UTF-8\"",
                encoding = encoding.to_string()
            ),
            WesternEncoding::Cp850 => msg!(
                "if that is right, convert it: iconv -f CP850 -t UTF-8 {file} > utf8.csv; if not, save the list as \
                 \"CSV UTF-8\"",
                file = shell_word(name)
            ),
        };
        let message = msg!(
            "{name}: line {line} is not UTF-8; in {encoding} it reads `{shown}`",
            name,
            line,
            encoding = encoding.to_string(),
            shown
        );
        UsageError::new(message, hint)
    }

    /// Surveys the whole list.
    fn survey_file(&self) -> Option<LineSurvey> {
        let mut file = self.file.as_ref()?.try_clone().ok()?;
        file.rewind().ok()?;
        LineSurvey::read(BufReader::new(file)).ok()
    }

    /// Surveys the known lines of a list that cannot be read again.
    fn survey_line(&self, line: u64, bytes: &[u8]) -> LineSurvey {
        let mut survey = LineSurvey::default();
        if let Some((line, text)) = &self.letters {
            survey.add(*line, text.as_bytes());
        }
        survey.add(line, bytes);
        survey
    }
}

/// Returns whether the byte is a control character in every encoding, and not white space.
fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && !byte.is_ascii_whitespace()
}

/// Checks that the list in `file` can have the encoding `asked`, where each byte is a character.
/// Returns a warning if another encoding fits better.
///
/// # Errors
/// If some of its lines are UTF-8.
pub(super) fn check_encoding(
    file: &File,
    name: &str,
    asked: &'static Encoding,
) -> Result<Option<Message>, UsageError> {
    let survey = file
        .try_clone()
        .and_then(|file| LineSurvey::read(BufReader::new(file)))
        .map_err(|cause: io::Error| UsageError::unreadable(name, &cause))?;
    if survey.is_mixed() {
        return Err(mixed(name, &survey));
    }
    if survey.utf_8.count > 0 || survey.other.count == 0 && survey.has_unusual_utf_8 {
        let encoding = asked.name();
        return Err(UsageError::bare(msg!(
            "--encoding: {name} is UTF-8, not {encoding}",
            name,
            encoding
        )));
    }
    let Some(asked) = WesternEncoding::from_encoding(asked) else {
        return Ok(None);
    };
    let guess = WesternEncoding::guess(&survey.other_bytes);
    let fits_better =
        guess.fitness(&survey.other_bytes) > asked.fitness(&survey.other_bytes) && guess != asked;
    Ok(fits_better.then(|| {
        let sample = &survey.other.sample;
        let asked_text = excerpt(&asked.decode(sample));
        let guessed_text = excerpt(&guess.decode(sample));
        msg!(
            "--encoding {asked}: line {line} of {name} reads `{asked_text}`; in {guess} it reads `{guessed_text}`",
            asked = asked.to_string(),
            line = survey.other.first(),
            name,
            asked_text,
            guess = guess.to_string(),
            guessed_text
        )
    }))
}

/// Returns the error for a list with some lines in UTF-8 and others in another encoding.
fn mixed(name: &str, survey: &LineSurvey) -> UsageError {
    let [utf_8, other] = [&survey.utf_8, &survey.other];
    let encoding = WesternEncoding::guess(&survey.other_bytes);
    let utf_8_text = excerpt(&String::from_utf8_lossy(&utf_8.sample));
    let other_text = excerpt(&encoding.decode(&other.sample));
    let message = msg!(
        "{name} mixes two encodings: {utf_8} {count|is|are} UTF-8 (`{utf_8_text}`), {other} {others|is|are} not \
         (`{other_text}` in {encoding})",
        name,
        utf_8 = utf_8.describe(),
        count = utf_8.count,
        utf_8_text,
        other = other.describe(),
        others = other.count,
        other_text,
        encoding = encoding.to_string()
    );
    let fewer = if utf_8.count < other.count {
        utf_8
    } else {
        other
    };
    let hint = msg!(
        "retype the letters of {lines} in an editor, and save the list as UTF-8",
        lines = fewer.describe()
    );
    UsageError::new(message, hint)
}

/// Returns the shown part of a line, with the first letter that is not ASCII.
fn excerpt(line: &str) -> String {
    let visible: Vec<char> = line
        .trim()
        .chars()
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect();
    let first = visible
        .iter()
        .position(|character| !character.is_ascii())
        .unwrap_or_default();
    let begin = if first < SHOWN {
        0
    } else {
        first.saturating_sub(SHOWN_BEFORE)
    };
    let shown: String = visible.iter().skip(begin).collect();
    let shown = shorten(&shown, SHOWN);
    if begin == 0 {
        shown.into_owned()
    } else {
        format!("…{shown}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_shows_the_first_unclear_letter() {
        assert_eq!(excerpt(" José;1\t"), "José;1");
        let long = format!("{}José;{}", "x".repeat(100), "y".repeat(100));
        let shown = excerpt(&long);
        assert!(shown.starts_with("…xxx") && shown.contains("José;") && shown.ends_with('…'));
        assert_eq!(excerpt("a\u{81}b"), "a\u{fffd}b");
    }
}
