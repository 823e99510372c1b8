//! What a list is written as, and how that is told from its beginning.

/// What the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ListFormat {
    Csv { delimiter: u8 },
    Ndjson,
}

/// The one that stands most often in the first line, outside quotes.
pub(crate) fn delimiter(head: &[u8]) -> u8 {
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
