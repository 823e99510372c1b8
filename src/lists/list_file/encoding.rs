//! Detects the encoding of lists that are not UTF-8, and decodes them.

use std::io::{self, BufRead, Cursor, Read};
use std::str::FromStr;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, WINDOWS_1252};

use crate::base::message::{Message, msg};

/// How many bytes are read together. A list is recognized by the first of them.
pub(super) const BUFFER: usize = 64 * 1024;

/// The value of `--encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListEncoding(&'static Encoding);

impl FromStr for ListEncoding {
    type Err = Message;

    fn from_str(label: &str) -> Result<Self, Message> {
        let known = Encoding::for_label_no_replacement(label.as_bytes()).map(Self);
        known.ok_or_else(
            || match label.to_lowercase().replace(['-', '_', ' '], "").as_str() {
                "cp850" | "ibm850" | "850" | "cp437" | "ibm437" | "437" => msg!(
                    "convert a list in `{label}` first: iconv -f {label} -t UTF-8 LIST > NEW",
                    label
                ),
                "macroman" | "macosroman" | "applemac" => {
                    msg!("`{label}` is called `macintosh` here", label)
                }
                _ => msg!(
                    "unknown encoding `{label}`; most lists are utf-8, windows-1252 or utf-16le",
                    label
                ),
            },
        )
    }
}

/// Detects the encoding of the text that begins with `head`. A byte order mark takes precedence
/// over `asked`.
pub(super) fn detect_encoding(head: &[u8], asked: Option<ListEncoding>) -> &'static Encoding {
    let marked = Encoding::for_bom(head).map(|(encoding, _)| encoding);
    marked.or(asked.map(|asked| asked.0)).unwrap_or(UTF_8)
}

/// Decodes a text to UTF-8, without its byte order mark, which decides the encoding. Without one,
/// valid UTF-8 is unchanged, and any other text is read in the encoding `asked`, or in
/// windows-1252.
pub(super) fn decoded(bytes: Vec<u8>, asked: Option<ListEncoding>) -> io::Result<String> {
    let otherwise = detect_encoding(&bytes, asked.or(Some(ListEncoding(WINDOWS_1252))));
    // Without a byte order mark, every byte of UTF-16 may also be valid UTF-8.
    let is_wide = !otherwise.is_ascii_compatible() && bytes.contains(&0);
    let encoding = if !is_wide && std::str::from_utf8(&bytes).is_ok() {
        UTF_8
    } else {
        otherwise
    };
    io::read_to_string(DecodedInput::new(Box::new(Cursor::new(bytes)), encoding))
}

/// An input as UTF-8. Bytes that cannot be decoded end the text with an error of the kind
/// `InvalidData`.
pub(super) struct DecodedInput {
    inner: Box<dyn Read>,
    decoder: Decoder,
    has_ended: bool,
    is_broken: bool,
    /// The decoded text that has not been read yet, and the number of its last line.
    text: Cursor<Vec<u8>>,
    line: u64,
}

impl DecodedInput {
    pub(super) fn new(inner: Box<dyn Read>, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        let text = Cursor::default();
        Self {
            inner,
            decoder,
            has_ended: false,
            is_broken: false,
            text,
            line: 1,
        }
    }

    fn decode_more(&mut self) -> io::Result<()> {
        if self.is_broken {
            let encoding = self.decoder.encoding().name();
            let problem = msg!("line {line} is not {encoding}", line = self.line, encoding);
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        let mut raw = Vec::new();
        self.has_ended = self
            .inner
            .by_ref()
            .take(BUFFER as u64)
            .read_to_end(&mut raw)?
            == 0;
        // In every encoding, one byte becomes at most three bytes of UTF-8.
        let mut text = vec![0; raw.len() * 3 + 16];
        let (result, _, written) =
            self.decoder
                .decode_to_utf8_without_replacement(&raw, &mut text, self.has_ended);
        self.is_broken = matches!(result, DecoderResult::Malformed(..));
        text.truncate(written);
        self.line += text
            .iter()
            .filter(|byte| **byte == b'\n')
            .map(|_| 1)
            .sum::<u64>();
        self.text = Cursor::new(text);
        Ok(())
    }
}

impl Read for DecodedInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.text.fill_buf()?.is_empty() && (self.is_broken || !self.has_ended) {
            self.decode_more()?;
        }
        self.text.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], label: &str) -> (String, Option<String>) {
        let mut input = DecodedInput::new(
            Box::new(Cursor::new(bytes.to_vec())),
            label.parse::<ListEncoding>().unwrap().0,
        );
        let mut text = Vec::new();
        let error = input
            .read_to_end(&mut text)
            .err()
            .map(|error| error.to_string());
        (String::from_utf8(text).unwrap(), error)
    }

    #[test]
    fn unknown_encoding_label_is_rejected() {
        for label in ["windows_1252", "replacement", ""] {
            assert!(
                label
                    .parse::<ListEncoding>()
                    .unwrap_err()
                    .to_string()
                    .contains("unknown encoding"),
                "{label}"
            );
        }
    }

    #[test]
    fn invalid_text_is_reported_with_its_line() {
        assert_eq!(
            decoded(b"Jos\xe9 \x80", "latin1"),
            ("José €".to_owned(), None)
        );
        assert_eq!(decoded(b"", "shift_jis"), (String::new(), None));
        let long = b"\x82\xa0".repeat(BUFFER);
        assert_eq!(decoded(&long, "shift_jis"), ("あ".repeat(BUFFER), None));
        let broken = decoded(b"a\n\x82\xa0\x82", "shift_jis");
        assert_eq!(
            broken,
            (
                "a\nあ".to_owned(),
                Some("line 2 is not Shift_JIS".to_owned())
            )
        );
        let odd = decoded(b"\xff\xfea\0\n\0b", "utf-16");
        assert_eq!(
            odd,
            ("a\n".to_owned(), Some("line 2 is not UTF-16LE".to_owned()))
        );
        let inside = decoded(b"a\xff\nb", "euc-jp");
        assert_eq!(
            inside,
            ("a".to_owned(), Some("line 1 is not EUC-JP".to_owned()))
        );
    }
}
