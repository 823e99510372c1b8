//! The format of a list, and how it is detected from the first bytes.

/// How many bytes are read at once, and by how many a list is recognized.
pub(super) const BUFFER: usize = 64 * 1024;

/// The format of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ListFormat {
    Csv(CsvFormat),
    Ndjson,
}

/// How a CSV is written. A report on it is written in the same way, because spreadsheets depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub(crate) struct CsvFormat {
    pub(crate) delimiter: u8,
    /// Whether it begins with a UTF-8 mark.
    pub(crate) has_mark: bool,
    /// Whether lines end with a carriage return and a line feed.
    pub(crate) has_returns: bool,
    /// Whether the first line is Excel's `sep=;`.
    pub(crate) has_separator_line: bool,
}

impl Default for CsvFormat {
    fn default() -> Self {
        Self { delimiter: b',', has_mark: false, has_returns: false, has_separator_line: false }
    }
}

impl CsvFormat {
    /// Removes the mark and the line `sep=;` from the beginning of an input, and detects from the rest how it is
    /// written.
    pub(crate) fn take(head: &mut Vec<u8>) -> Self {
        let has_mark = head.starts_with(MARK);
        if has_mark {
            head.drain(..MARK.len());
        }
        let line: Vec<_> = first_line(head).collect();
        let has_returns = line.ends_with(b"\r");
        let separator = separator(line.trim_ascii());
        let end = (line.len() + 1).min(head.len());
        if separator.is_some() {
            head.drain(..end);
        }
        let delimiter = separator.unwrap_or_else(|| delimiter(head));
        Self { delimiter, has_mark, has_returns, has_separator_line: separator.is_some() }
    }

    /// The format of a table that begins with `head`, further down in the same input.
    pub(super) fn below(self, head: &[u8]) -> Self {
        if self.has_separator_line { self } else { Self { delimiter: delimiter(head), ..self } }
    }

    /// The first line that is part of the list.
    pub(super) fn first_line(self) -> u64 {
        if self.has_separator_line { 2 } else { 1 }
    }
}

/// The UTF-8 mark.
pub(crate) const MARK: &[u8] = b"\xef\xbb\xbf";

/// The delimiter that Excel's first line names: `sep=;`, perhaps in quotes.
fn separator(line: &[u8]) -> Option<u8> {
    let bare = line.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(line);
    let named = bare.get(..4).filter(|begin| begin.eq_ignore_ascii_case(b"sep="))?.len();
    match bare.get(named..)? {
        // Trimming has removed a tab at the end of the line.
        [] => Some(b'\t'),
        [delimiter @ (b',' | b';' | b'|' | b'\t')] => Some(*delimiter),
        _ => None,
    }
}

/// The first line, without its line feed; a line feed inside quotes does not end it.
fn first_line(head: &[u8]) -> impl Iterator<Item = u8> {
    let mut quoted = false;
    head.iter().copied().take_while(move |byte| {
        quoted ^= *byte == b'"';
        quoted || *byte != b'\n'
    })
}

/// The most frequent delimiter in the first line, outside quotes.
fn delimiter(head: &[u8]) -> u8 {
    let mut quoted = false;
    // Empty lines may come before the header.
    let head = head.get(head.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count()..).unwrap_or_default();
    let outside: Vec<u8> = first_line(head)
        .filter(|byte| {
            quoted ^= *byte == b'"';
            !quoted
        })
        .collect();
    let count = |delimiter: u8| outside.split(|byte| *byte == delimiter).count();
    // `max_by_key` takes the last of equals.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}
