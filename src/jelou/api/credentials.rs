//! The credentials of a request, and the search for them in a text. A server, proxy or framework may repeat a secret
//! unchanged, in base64, in a wrong encoding, or under nested escapes of JSON, URLs, forms and HTML.

use std::fmt::{Display, Write};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use encoding_rs::WINDOWS_1252;
use memchr::memmem::Finder;
use serde_json::Value;

use super::answer::{Body, scalar_text};
use crate::base::message::{Message, msg};
use crate::base::secret::Secret;

/// Replaces every hidden value.
pub(crate) const REDACTED: &str = "(redacted)";

/// Client id and secret of Jelou's Basic authentication, ready to sign many requests. The type has no `Debug`, so that
/// nothing prints them by mistake.
#[derive(Clone)]
pub(crate) struct Credentials {
    /// The value of the `Authorization` header: `Basic base64(id:secret)`, both as UTF-8 (RFC 7617).
    authorization: Secret,
    /// The forms to search for in answers.
    forms: SecretForms,
    /// The origin of both, for an error.
    origin: Option<Message>,
}

impl Credentials {
    /// Creates credentials. The id must not contain `:`, because the server splits there.
    pub(crate) fn new(client_id: &str, client_secret: &Secret) -> Self {
        let secret = client_secret.reveal();
        let signed = format!("{client_id}:{secret}");
        let authorization = Secret::new(format!("Basic {}", BASE64_STANDARD.encode(&signed)));
        Self {
            authorization,
            forms: SecretForms::new(&signed, secret),
            origin: None,
        }
    }

    /// Adds the origins of the id and the secret.
    pub(crate) fn read_from(self, id: &impl Display, secret: &impl Display) -> Self {
        Self {
            origin: Some(msg!(
                "the client id is from {id}, the secret from {secret}",
                id = id.to_string(),
                secret = secret.to_string()
            )),
            ..self
        }
    }

    pub(super) fn origin(&self) -> Option<&Message> {
        self.origin.as_ref()
    }

    pub(crate) fn authorization(&self) -> &str {
        self.authorization.reveal()
    }

    /// Returns whether a secret is too short to be hidden in a response that repeats it.
    pub(crate) fn are_too_short(client_secret: &Secret) -> bool {
        client_secret.reveal().len() < MIN_LENGTH
    }

    /// Returns whether `text` repeats the secret or the header's value, in any encoding.
    pub(crate) fn are_repeated_in(&self, text: &str) -> bool {
        self.forms.are_in(text)
    }

    /// Hides each line of `text` that repeats the credentials.
    pub(crate) fn hidden_in_lines(&self, text: &str) -> String {
        let shown = |line| {
            if self.are_repeated_in(line) {
                REDACTED
            } else {
                line
            }
        };
        let lines = text.split('\n').map(shown).collect::<Vec<_>>().join("\n");
        // A secret may have several lines.
        if self.are_repeated_in(&lines) {
            REDACTED.to_owned()
        } else {
            lines
        }
    }

    /// Hides our secret in an answer: in JSON each text that repeats it, and otherwise the whole body.
    pub(crate) fn hide_in(&self, body: &mut Body) {
        let repeats = self.are_repeated_in(&body.text);
        match &mut body.json {
            None if repeats => REDACTED.clone_into(&mut body.text),
            // Without escapes, strings occur in the text literally, and very few answers have escapes.
            Some(json) if repeats || body.text.contains('\\') => {
                let original = json.clone();
                self.hide_in_json(json);
                if *json != original {
                    body.text = json.to_string();
                }
            }
            None | Some(_) => {}
        }
    }

    fn hide_in_json(&self, json: &mut Value) {
        match json {
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_in_json(item)),
            Value::Object(fields) => {
                let hidden = std::mem::take(fields).into_iter().map(|(name, mut value)| {
                    self.hide_in_json(&mut value);
                    (
                        if self.are_repeated_in(&name) {
                            REDACTED.to_owned()
                        } else {
                            name
                        },
                        value,
                    )
                });
                *fields = hidden.collect();
            }
            Value::String(_) | Value::Number(_)
                if scalar_text(json).is_some_and(|text| self.are_repeated_in(&text)) =>
            {
                *json = REDACTED.into();
            }
            Value::String(_) | Value::Number(_) | Value::Null | Value::Bool(_) => {}
        }
    }
}

/// How many layers of escapes are decoded.
const MAX_LAYERS: usize = 16;
/// A shorter text is not searched for, because that would hide ordinary words.
const MIN_LENGTH: usize = 8;

/// The forms to search for: a secret and the signature of a request with it, each also in base64.
#[derive(Clone)]
pub(super) struct SecretForms(Vec<Finder<'static>>);

impl SecretForms {
    fn new(signed: &str, secret: &str) -> Self {
        let mut forms = encoded_forms(signed);
        if secret.len() >= MIN_LENGTH {
            forms.extend(encoded_forms(secret));
            forms.push(secret.as_bytes().to_vec());
            // The search also decodes characters of the secret that look like an escape. A tab, `\t`, becomes `t`.
            let in_json = Value::from(secret).to_string();
            forms.extend(
                [secret.as_bytes(), in_json.trim_matches('"').as_bytes()].map(below_escapes),
            );
            if !secret.is_ascii() {
                forms.extend(misread_forms(secret).map(String::into_bytes));
            }
        }
        Self(
            forms
                .iter()
                .filter(|form| form.len() >= MIN_LENGTH / 2)
                .map(|form| Finder::new(&alike(form)).into_owned())
                .collect(),
        )
    }

    /// Returns whether `text` repeats one of the forms, unchanged or below escapes.
    fn are_in(&self, text: &str) -> bool {
        let mut shown = vec![
            alike(text.as_bytes()),
            alike(&below_escapes(text.as_bytes())),
            alike(without_line_breaks(text).as_bytes()),
        ];
        // Most answers have neither escapes nor line breaks.
        shown.dedup();
        self.0.iter().any(|form| {
            shown
                .iter()
                .any(|text| form.find(text).is_some() || ends_within(text, form.needle()))
        })
    }
}

/// Returns whether a text ends with at least half of `form`, because an answer may be cut there.
fn ends_within(text: &[u8], form: &[u8]) -> bool {
    let min = MIN_LENGTH.max(form.len() / 2);
    (min..form.len()).any(|length| {
        form.get(..length)
            .is_some_and(|begun| text.ends_with(begun))
    })
}

/// Returns a secret as a program repeats it that read it in a wrong encoding: UTF-8 as Latin-1 or Windows-1252, or one of
/// them as UTF-8, in which its letters beyond ASCII are lost.
fn misread_forms(secret: &str) -> [String; 3] {
    let (as_windows, ..) = WINDOWS_1252.decode(secret.as_bytes());
    let (in_windows, ..) = WINDOWS_1252.encode(secret);
    [
        secret.bytes().map(char::from).collect(),
        as_windows.into_owned(),
        String::from_utf8_lossy(&in_windows).into_owned(),
    ]
}

/// Returns the text below all its escapes, without backslashes. Each layer only adds backslashes,
/// so removing them is safe.
fn below_escapes(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    // Every escape has one of these bytes. This runs for each answer, and most have none.
    if !text.iter().any(|byte| matches!(byte, b'\\' | b'%' | b'&')) {
        return text;
    }
    for _ in 0..MAX_LAYERS {
        let undone = without_escapes(&text, decode_url_or_html)
            .or_else(|| without_escapes(&text, decode_json_escape));
        let Some(undone) = undone else { break };
        text = undone;
    }
    text.retain(|byte| *byte != b'\\');
    text
}

/// Returns the bytes of `value` in small hexadecimal digits.
fn hexadecimal(value: &str) -> String {
    let mut digits = String::new();
    for byte in value.bytes() {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// Returns `value` in base64, encoded once or twice, and in hexadecimal digits, small or large.
fn encoded_forms(value: &str) -> Vec<Vec<u8>> {
    let once = base64_form(value);
    let twice = base64_form(&String::from_utf8_lossy(&once));
    let hex = hexadecimal(value);
    let large_hex = hex.to_uppercase();
    vec![once, twice, hex.into_bytes(), large_hex.into_bytes()]
}

/// Returns `text` on one line, to undo the line breaks and indentation of base64.
fn without_line_breaks(text: &str) -> String {
    text.lines().map(str::trim).collect()
}

/// Encodes `value` in base64 without the last group, which differs if more text follows the value,
/// such as a line break.
fn base64_form(value: &str) -> Vec<u8> {
    let whole_groups = value.len() / 3 * 3;
    BASE64_STANDARD_NO_PAD
        .encode(value.as_bytes().get(..whole_groups).unwrap_or_default())
        .into_bytes()
}

/// Returns the text with equivalent characters made equal. A form writes a space as `+`. Base64 for
/// URLs uses `-` and `_` instead of `+` and `/`.
fn alike(text: &[u8]) -> Vec<u8> {
    let one = |byte: &u8| match byte {
        b'+' | b'-' => b' ',
        b'_' => b'/',
        other => *other,
    };
    text.iter().map(one).collect()
}

/// Decodes the escape at the beginning of a text, and returns the bytes and its length; None without an escape.
type Undo = fn(&[u8]) -> Option<(Vec<u8>, usize)>;

/// Decodes all escapes that `undo` finds in a text. Returns None if the text has no escapes.
fn without_escapes(text: &[u8], undo: Undo) -> Option<Vec<u8>> {
    let mut undone = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if let Some((bytes, length)) = undo(rest) {
            undone.extend(bytes);
            rest = rest.get(length..).unwrap_or_default();
        } else {
            undone.push(*first);
            rest = after;
        }
    }
    // An escape is longer than its bytes.
    (undone.len() < text.len()).then_some(undone)
}

/// Decodes `\u00e9` or a pair of them, with any number of backslashes (RFC 8259, 7). Other escapes lose only their
/// backslashes. One backslash stays before a `u`, `%` or `&`, because an escaped `u` or its digits may follow.
fn decode_json_escape(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (first, length) = unit(text)?;
    let Some(first) = first else {
        let is_of_unit = matches!(text.get(length), Some(b'u' | b'%' | b'&'));
        let kept = if is_of_unit {
            b"\\".to_vec()
        } else {
            Vec::new()
        };
        return (kept.len() < length).then_some((kept, length));
    };
    if let Some(character) = char::from_u32(first.into()) {
        return Some((utf8(character), length));
    }
    // The other half of the pair may still be escaped.
    let (second, more) = unit(text.get(length..)?)?;
    let character = char::decode_utf16([first, second?]).next()?.ok()?;
    Some((utf8(character), length + more))
}

/// Returns the number after backslashes if it has the form `u00e9`, and the length of both; None
/// without a backslash.
fn unit(text: &[u8]) -> Option<(Option<u16>, usize)> {
    let slashes = text.iter().take_while(|byte| **byte == b'\\').count();
    let digits = text
        .get(slashes..slashes + 5)
        .and_then(|unit| unit.strip_prefix(b"u"));
    let unit = digits.and_then(|digits| u16::try_from(number(digits, 16)?).ok());
    let length = slashes + if unit.is_some() { 5 } else { 0 };
    (slashes > 0).then_some((unit, length))
}

fn decode_url_or_html(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    match text.first()? {
        b'%' => decode_url(text),
        b'&' => decode_html(text),
        _ => None,
    }
}

/// Decodes `%2F` (RFC 3986, 2.1).
fn decode_url(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let byte = u8::try_from(number(text.get(..3)?.strip_prefix(b"%")?, 16)?).ok()?;
    Some((vec![byte], 3))
}

/// Decodes `&amp;`, `&#38;`, `&#x26;` and the like.
fn decode_html(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let end = text.iter().take(12).position(|byte| *byte == b';')?;
    let character = match text.get(..end)?.strip_prefix(b"&")? {
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
    let digits = std::str::from_utf8(digits)
        .ok()
        .filter(|digits| digits.bytes().all(|byte| is_digit(&byte)))?;
    u32::from_str_radix(digits, radix).ok()
}

fn utf8(character: char) -> Vec<u8> {
    character.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
    use proptest::prelude::*;

    use super::super::credentials::Credentials;
    use super::*;
    use crate::base::secret::Secret;
    use crate::fuzzing::{WAYS, escape_text};

    #[test]
    fn ids_and_secrets_with_punctuation_are_signed() {
        // Expected values from `printf %s 'ID:SECRET' | base64`.
        for (id, secret, expected) in [
            ("id", "secret", "Basic aWQ6c2VjcmV0"),
            ("mi id", "a:b:c", "Basic bWkgaWQ6YTpiOmM="),
            ("ñandú", "contraseña", "Basic w7FhbmTDujpjb250cmFzZcOxYQ=="),
        ] {
            let credentials = Credentials::new(id, &Secret::new(secret.to_owned()));
            assert_eq!(credentials.authorization(), expected);
        }
    }

    #[test]
    fn echoed_secrets_are_redacted() {
        for secret in [
            r#"ends in a quote""#,
            r#""begins with one"#,
            r"a/slash/and\more",
            "plain-and-long",
        ] {
            let credentials = Credentials::new("id", &Secret::new(secret.to_owned()));
            let json = serde_json::Value::from(secret).to_string();
            let slashed = json.replace('/', r"\/");
            for text in [
                &*format!("<{secret}>"),
                &json,
                &slashed,
                credentials.authorization(),
                &BASE64_STANDARD.encode(BASE64_STANDARD.encode(secret)),
                &hexadecimal(secret),
                &hexadecimal(secret).to_uppercase(),
                &hexadecimal(&format!("id:{secret}")),
            ] {
                assert!(credentials.are_repeated_in(text), "{text}");
                let lines = credentials.hidden_in_lines(&format!("one\n{text}\ntwo"));
                assert_eq!(lines, "one\n(redacted)\ntwo");
            }
            let mut lines = BASE64_STANDARD.encode(secret);
            lines.insert_str(4, "\r\n  ");
            assert!(credentials.are_repeated_in(&lines), "{lines}");
            assert!(!credentials.are_repeated_in("nothing of it"));
        }
        let credentials = Credentials::new("id", &Secret::new("one\nand another".to_owned()));
        assert_eq!(credentials.hidden_in_lines("a\none\nand another"), REDACTED);
    }

    /// A Latin-1 server reads the signature as Latin-1, or its answer is not UTF-8.
    #[test]
    fn secret_in_a_wrong_encoding_is_redacted() {
        let secret = "Contraseña-É-9f3kQ7zX";
        let credentials = Credentials::new("id", &Secret::new(secret.to_owned()));
        for text in [
            "ContraseÃ±a-Ã\u{89}-9f3kQ7zX",
            "ContraseÃ±a-Ã‰-9f3kQ7zX",
            "Contrase\u{fffd}a-\u{fffd}-9f3kQ7zX",
        ] {
            assert!(credentials.are_repeated_in(text), "{text}");
        }
        assert!(!credentials.are_repeated_in("Contraseñas"));
    }

    #[test]
    fn form_encoded_space_is_plus() {
        let credentials = Credentials::new("id", &Secret::new("pass w/ords".to_owned()));
        assert!(credentials.are_repeated_in("secret=pass+w%2Fords&x=1"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn every_form_of_the_secret_is_redacted(
            secret in "[ -~ñ😀][ -~\t\nñ😀]{6,22}[ -~ñ😀]",
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
            let shown = ways.iter().fold(base, |text: String, (way, which)| escape_text(&text, *way, *which));
            let text = format!("<{around} {shown} {around}>");
            prop_assert!(credentials.are_repeated_in(&text), "{text}");
        }
    }

    #[test]
    fn response_cut_within_the_secret_is_redacted() {
        let credentials = Credentials::new("id", &Secret::new("canary-7f3a9c51".to_owned()));
        for (text, expected) in [
            ("denied canary-7f3a9c5", true),
            ("denied \\u0063anary-7f", true),
            ("denied canary", false),
        ] {
            assert_eq!(credentials.are_repeated_in(text), expected, "{text}");
        }
    }

    #[test]
    fn text_without_the_secret_is_unchanged() {
        let credentials = Credentials::new("id", &Secret::new("canary-7f3a9c51".to_owned()));
        for text in [
            "",
            "{\"a\":\"\\u00e9\\n\"}",
            "100%",
            "%zz &amp; &; &#; \\u12 \\",
            "canary-7f3a9c5.",
            "&#99999999;",
        ] {
            assert!(!credentials.are_repeated_in(text), "{text}");
        }
    }

    #[test]
    fn long_escaped_text_is_checked_quickly() {
        let credentials = Credentials::new("id", &Secret::new("canary-7f3a9c51".to_owned()));
        let text = "\\\\u0025\\u0026%5c".repeat(64 * 1024);
        let begun = std::time::Instant::now();
        assert!(!credentials.are_repeated_in(&text));
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
}
