//! Finds a secret in a text in any form in which a server, a proxy or a framework may repeat it: unchanged, in base64,
//! and under any nested escapes of JSON, URLs, forms and HTML.

use std::ops::Range;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// How deep escapes may be nested.
const DEEPEST: usize = 4;
/// The longest text that is searched through nested escapes; in a longer one, only the outermost are undone.
const LONGEST_OF_DEPTH: usize = 64 * 1024;

/// A text with its escapes undone, and the position of each byte in the original text.
struct Decoded {
    bytes: Vec<u8>,
    sources: Vec<Range<usize>>,
}

/// A decoded escape: its bytes, and its length in the text.
type Unescaped = (Vec<u8>, usize);

/// The base64 forms of `value`, without padding. The last group is left out: it would differ if more followed the
/// value, such as a line break.
pub(super) fn base64_forms(value: &str) -> Vec<String> {
    let whole_groups = value.len() / 3 * 3;
    let bytes = value.as_bytes().get(..whole_groups).unwrap_or_default();
    let mut forms = vec![BASE64_STANDARD_NO_PAD.encode(bytes), BASE64_URL_SAFE_NO_PAD.encode(bytes)];
    forms.dedup();
    forms
}

/// Finds one of `plain` in `text`, or one of `base64` with all the base64 after it, under any escapes.
pub(super) fn find_secrets(text: &str, plain: &[&str], base64: &[&str]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    find_as_it_is(text, plain, base64, &mut found);
    if text.contains(['\\', '%', '&', '+']) {
        let sources = (0..text.len()).map(|at| at..at + 1).collect();
        let first = Decoded { bytes: text.as_bytes().to_vec(), sources };
        let depth = if text.len() <= LONGEST_OF_DEPTH { DEEPEST } else { 1 };
        look_into(&first, depth, plain, base64, &mut found);
    }
    merged(found)
}

fn find_as_it_is(text: &str, plain: &[&str], base64: &[&str], found: &mut Vec<Range<usize>>) {
    for needle in plain {
        found.extend(text.match_indices(needle).map(|(at, _)| at..at + needle.len()));
    }
    for needle in base64 {
        found.extend(text.match_indices(needle).map(|(at, _)| at..base64_end(text.as_bytes(), at + needle.len())));
    }
}

/// Undoes one kind of escape after another, each inside the result of the others.
fn look_into(text: &Decoded, depth: usize, plain: &[&str], base64: &[&str], found: &mut Vec<Range<usize>>) {
    for unescape in [of_json, of_url, of_plus, of_html] {
        let Some(decoded) = text.decoded(unescape) else { continue };
        for (needles, is_base64) in [(plain, false), (base64, true)] {
            for needle in needles.iter().filter(|needle| !needle.is_empty()) {
                let starts = positions(&decoded.bytes, needle.as_bytes());
                found.extend(starts.filter_map(|at| {
                    let end = at + needle.len();
                    let end = if is_base64 { base64_end(&decoded.bytes, end) } else { end };
                    Some(decoded.sources.get(at)?.start..decoded.sources.get(end - 1)?.end)
                }));
            }
        }
        if depth > 1 {
            look_into(&decoded, depth - 1, plain, base64, found);
        }
    }
}

impl Decoded {
    /// The text with one kind of escape undone; None if it has none.
    fn decoded(&self, unescape: fn(&[u8]) -> Option<Unescaped>) -> Option<Self> {
        let mut decoded = Self { bytes: Vec::with_capacity(self.bytes.len()), sources: Vec::new() };
        let mut is_changed = false;
        let mut at = 0;
        while let Some((byte, source)) = self.bytes.get(at).zip(self.sources.get(at)) {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let escape = if matches!(byte, b'\\' | b'%' | b'&' | b'+') { unescape(rest) } else { None };
            let Some((bytes, length)) = escape else {
                decoded.bytes.push(*byte);
                decoded.sources.push(source.clone());
                at += 1;
                continue;
            };
            let end = self.sources.get(at + length - 1).map_or(source.end, |last| last.end);
            decoded.sources.extend(std::iter::repeat_n(source.start..end, bytes.len()));
            decoded.bytes.extend(bytes);
            is_changed = true;
            at += length;
        }
        is_changed.then_some(decoded)
    }
}

/// `\"`, `\\`, `\/`, `\n`, `\u00e9` and pairs of those (RFC 8259, 7).
fn of_json(text: &[u8]) -> Option<Unescaped> {
    let [b'\\', kind, ..] = text else { return None };
    let simple = |byte| Some((vec![byte], 2));
    match kind {
        b'"' | b'\\' | b'/' | b'\'' => simple(*kind),
        b'n' => simple(b'\n'),
        b't' => simple(b'\t'),
        b'r' => simple(b'\r'),
        b'b' => simple(8),
        b'f' => simple(12),
        b'u' => {
            let unit = |at: usize| {
                let escape = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
                u16::try_from(number(escape, 16)?).ok()
            };
            let first = unit(0)?;
            let pair = unit(6).and_then(|second| char::decode_utf16([first, second]).next()?.ok());
            match (pair, char::from_u32(first.into())) {
                (_, Some(single)) => Some((utf8(single), 6)),
                (Some(pair), None) => Some((utf8(pair), 12)),
                (None, None) => None,
            }
        }
        _ => None,
    }
}

/// `%2F` (RFC 3986, 2.1).
fn of_url(text: &[u8]) -> Option<Unescaped> {
    let byte = u8::try_from(number(text.get(..3)?.strip_prefix(b"%")?, 16)?).ok()?;
    Some((vec![byte], 3))
}

/// `+` for a blank, in addition to the escapes of URLs (application/x-www-form-urlencoded).
fn of_plus(text: &[u8]) -> Option<Unescaped> {
    text.starts_with(b"+").then(|| (vec![b' '], 1))
}

/// `&amp;`, `&#38;`, `&#x26;` and the like.
fn of_html(text: &[u8]) -> Option<Unescaped> {
    let end = text.iter().take(12).position(|byte| *byte == b';')?;
    let name = text.get(1..end).filter(|_| text.starts_with(b"&"))?;
    let character = match name {
        b"amp" => '&',
        b"quot" => '"',
        b"apos" => '\'',
        b"lt" => '<',
        b"gt" => '>',
        b"sol" => '/',
        b"plus" => '+',
        b"equals" => '=',
        b"bsol" => '\\',
        b"percnt" => '%',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(digits, 16)?)?,
        [b'#', digits @ ..] => char::from_u32(number(digits, 10)?)?,
        _ => return None,
    };
    Some((utf8(character), end + 1))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| is_digit(&byte)))?;
    u32::from_str_radix(digits, radix).ok()
}

fn utf8(character: char) -> Vec<u8> {
    character.to_string().into_bytes()
}

/// The end of the base64 that continues at `from`, including its padding.
fn base64_end(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let is_of_it = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    from + rest.iter().position(|byte| !is_of_it(byte)).unwrap_or(rest.len())
}

fn positions<'a>(text: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    text.windows(needle.len()).enumerate().filter(move |(_, window)| *window == needle).map(|(at, _)| at)
}

/// In order; ranges that overlap or touch are joined.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
    use proptest::prelude::*;

    use super::super::credentials::Credentials;
    use crate::fuzzing::{WAYS, written};
    use crate::secret::Secret;

    #[test]
    fn a_form_writes_a_blank_as_plus() {
        let credentials = Credentials::new("id", &Secret::new("pass w/ords".to_owned()));
        let redacted = credentials.redact("secret=pass+w%2Fords&x=1").unwrap();
        assert!(redacted.starts_with("secret=(redacted)") && redacted.ends_with("&x=1"), "{redacted}");
    }

    proptest! {
        #[test]
        fn no_form_of_the_secret_gets_through(
            secret in "[ -~ñ😀]{8,24}",
            base in 0..7_usize,
            ways in proptest::collection::vec((0..WAYS, any::<u64>()), 0..3),
            around in "[a-z]{0,6}",
        ) {
            let credentials = Credentials::new("id", &Secret::new(secret.clone()));
            let signed = format!("id:{secret}");
            let base = match base {
                0 => secret.clone(),
                1 => BASE64_STANDARD.encode(&signed),
                2 => BASE64_URL_SAFE.encode(&signed),
                3 => BASE64_STANDARD.encode(&signed).trim_end_matches('=').to_owned(),
                4 => BASE64_STANDARD.encode(&secret),
                5 => BASE64_URL_SAFE.encode(format!("{secret}\n")),
                _ => serde_json::to_string(&serde_json::to_string(&secret).unwrap()).unwrap(),
            };
            let shown = ways.iter().fold(base, |text: String, (way, which)| written(&text, *way, *which));
            let text = format!("<{around} {shown} {around}>");
            let redacted = credentials.redact(&text);
            prop_assert!(redacted.is_some(), "{text}");
            let redacted = redacted.unwrap();
            prop_assert!(redacted.contains("(redacted)") && ![&shown, &secret].iter().any(|form| redacted.contains(*form)), "{text} {redacted}");
            prop_assert!(redacted.starts_with(&format!("<{around} ")), "{text} {redacted}");
        }
    }

    #[test]
    fn leaves_other_texts_as_they_are() {
        let credentials = Credentials::new("id", &Secret::new("canary-7f3a9c51".to_owned()));
        for text in ["", "{\"a\":\"\\u00e9\\n\"}", "100%", "%zz &amp; &; &#; \\u12 \\", "canary-7f3a9c5", "&#99999999;"]
        {
            assert_eq!(credentials.redact(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_text_full_of_escapes_takes_no_time() {
        let credentials = Credentials::new("id", &Secret::new("canary-7f3a9c51".to_owned()));
        let text = "\\\\u0025\\u0026%5c".repeat(64 * 1024);
        let begun = std::time::Instant::now();
        assert_eq!(credentials.redact(&text), None);
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
}
