//! The format of a list, detected from its first bytes. They also identify other kinds of files,
//! regardless of their names.

use crate::base::input::{STANDARD_INPUT, UsageError};
use crate::base::message::{Message, msg};
use crate::base::texts::{shell_argument, shorten};

/// How many bytes are read together. A list is recognized by the first of them.
pub(super) const BUFFER: usize = 64 * 1024;

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
pub(super) fn pass_list() -> Message {
    msg!("pass a list: CSV, NDJSON, .xlsx or .ods")
}

/// Returns the hint for a file that a spreadsheet can open.
pub(super) fn save_sheet() -> Message {
    msg!("open it, and save the sheet as .xlsx or \"CSV UTF-8\"")
}
