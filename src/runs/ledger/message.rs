//! Decides whether two requests are the same message to the same recipient. Some countries have two
//! forms of a number, and either may appear in the path, as the recipient and in the body. The
//! order of the fields does not matter, and neither do spaces that a reader does not see. This file
//! also computes two kinds of checksums: they compare rows, and they prove that a request has not
//! changed since the list was read.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ring::digest::{Context, Digest, SHA256, digest};
use serde_json::value::RawValue;

use super::types::DraftRequest;
use crate::base::invisible::{with_single_blanks, without_blanks_at_ends};
use crate::base::texts::has_only_digits;
use crate::phone::{person_key, two_forms};

/// Replaces the long form of the number `key` in `text` by the key, but not inside longer numbers.
fn with_key<'a>(text: &'a str, key: &str) -> Cow<'a, str> {
    let is_number = has_only_digits(key);
    let Some([_, long]) = two_forms(key).filter(|_| is_number) else {
        return Cow::Borrowed(text);
    };
    let has_digit = |at: Option<usize>| {
        let byte = at.and_then(|at| text.as_bytes().get(at));
        byte.is_some_and(u8::is_ascii_digit)
    };
    let mut folded = String::new();
    let mut kept = 0;
    for (begin, _) in text.match_indices(&long) {
        let end = begin + long.len();
        let is_part = has_digit(begin.checked_sub(1)) || has_digit(Some(end));
        if !is_part {
            folded.push_str(text.get(kept..begin).unwrap_or_default());
            folded.push_str(key);
            kept = end;
        }
    }
    folded.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(folded)
}

/// Adds a body to a hash, with the fields of every object in alphabetical order. It builds no
/// values, because it runs for every row of a list.
fn add_ordered(hash: &mut Context, json: &str) -> serde_json::Result<()> {
    match json.bytes().next() {
        Some(b'{') => {
            for (name, value) in serde_json::from_str::<BTreeMap<String, &RawValue>>(json)? {
                hash.update(b"{");
                hash.update(serde_json::to_string(&name)?.as_bytes());
                hash.update(b":");
                add_ordered(hash, value.get())?;
            }
            hash.update(b"}");
        }
        Some(b'[') => {
            for value in serde_json::from_str::<Vec<&RawValue>>(json)? {
                hash.update(b"[");
                add_ordered(hash, value.get())?;
            }
            hash.update(b"]");
        }
        Some(b'"') if may_have_extra_spaces(json) => {
            let text: String = serde_json::from_str(json)?;
            let text = with_single_blanks(without_blanks_at_ends(&text));
            hash.update(serde_json::to_string(&text)?.as_bytes());
        }
        _ => hash.update(json.as_bytes()),
    }
    Ok(())
}

/// Returns whether a JSON text may have spaces that are not compared. Most texts do not: spaces
/// beyond ASCII begin with one of these bytes.
fn may_have_extra_spaces(json: &str) -> bool {
    let bytes = json.as_bytes();
    let is_at_an_end = json.starts_with("\" ") || json.ends_with(" \"");
    is_at_an_end
        || bytes.windows(2).any(|pair| pair == b"  ")
        || bytes
            .iter()
            .any(|byte| matches!(byte, b'\\' | 0xc2 | 0xe1..=0xe3 | 0xef))
}

/// Identifies a message to a recipient, in every row and every run.
pub(super) fn compute_fingerprint(
    DraftRequest {
        recipient,
        path,
        body,
    }: &DraftRequest<'_>,
) -> i64 {
    let person = person_key(recipient);
    let mut message = hash_before_body(&with_key(path, &person), &person);
    let body = with_key(body, &person);
    if add_ordered(&mut message, &body).is_err() {
        message.update(body.as_bytes());
    }
    eight_bytes(&message.finish())
}

/// Computes the checksum of the exact bytes of a request, its fingerprint, and its place in the
/// list.
pub(super) fn compute_checksum(
    request: &DraftRequest<'_>,
    fingerprint: i64,
    index: i64,
    line: u64,
) -> i64 {
    let mut hash = hash_before_body(request.path, request.recipient);
    for part in [fingerprint, index, line.cast_signed()] {
        hash.update(&part.to_be_bytes());
    }
    hash.update(request.body.as_bytes());
    eight_bytes(&hash.finish())
}

/// Hashes a request up to its body. Neither a path nor a recipient contains a line break.
fn hash_before_body(path: &str, recipient: &str) -> Context {
    let mut hash = Context::new(&SHA256);
    for part in [path, "\n", recipient, "\n"] {
        hash.update(part.as_bytes());
    }
    hash
}

/// Identifies the recipient of a row, in this run and others.
pub(super) fn hash_recipient(recipient: &str) -> i64 {
    eight_bytes(&digest(&SHA256, person_key(recipient).as_bytes()))
}

/// Returns the number in the first bytes of a digest.
pub(super) fn eight_bytes(digest: &Digest) -> i64 {
    digest
        .as_ref()
        .iter()
        .take(8)
        .fold(0, |sum, byte| sum << 8 | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(number: &str, body: &str) -> i64 {
        compute_fingerprint(&DraftRequest {
            recipient: number,
            path: &format!("/bots/1/users/{number}/x"),
            body,
        })
    }

    #[test]
    fn both_number_forms_make_one_message() {
        let message = |number: &str| {
            fingerprint(
                number,
                &format!("{{\"userId\":\"{number}\",\"text\":\"1 {number}\"}}"),
            )
        };
        for (one, other, are_same) in [
            ("5215512345678", "525512345678", true),
            ("5491123456789", "541123456789", true),
            ("5511987654321", "551187654321", true),
            ("5215512345678", "525512345679", false),
            ("593987654321", "593987654322", false),
        ] {
            assert_eq!(message(one) == message(other), are_same, "{one} {other}");
        }
    }

    #[test]
    fn body_comparison_ignores_field_order() {
        for (one, other, are_same) in [
            (
                r#"{"a":1,"b":{"x":[1,{"d":2,"c":3}],"y":null}}"#,
                r#"{"b":{"y":null,"x":[1,{"c":3,"d":2}]},"a":1}"#,
                true,
            ),
            (r#"{ "a" : 1 }"#, r#"{"a":1}"#, true),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false),
            (r#"{"a":[1,2]}"#, r#"{"a":[12]}"#, false),
            (r#"{"a":"b","c":1}"#, r#"{"a:\"b\",c":1}"#, false),
            (r#"{"a":1}"#, r#"{"a":"1"}"#, false),
            (r#"{"a":1}"#, r#"{"a":1,"b":null}"#, false),
            (r#"{"a":"x"}"#, r#"{"a":"x "}"#, true),
            (r#"{"a":"x"}"#, r#"{"a":"x\n"}"#, true),
            (r#"{"a":"x"}"#, r#"{"a":"\r\n\n x \n\t"}"#, true),
            ("{\"a\":\"x\"}", "{\"a\":\"\u{feff}x\u{200b}\"}", true),
            (r#"{"a":" x y"}"#, "{\"a\":\"x\u{a0}\u{a0} y\"}", true),
            (r#"{"a":["x  y"]}"#, r#"{"a":["x\ty"]}"#, true),
            (r#"{"a":"x\ny"}"#, r#"{"a":"x \n\t y"}"#, true),
            ("{\"a\":\"x\u{2007}y\"}", r#"{"a":"x y"}"#, true),
            (r#"{"a":"x\ny"}"#, r#"{"a":"x y"}"#, false),
            (r#"{"a":"x\n\ny"}"#, r#"{"a":"x\ny"}"#, false),
            (r#"{"a":"xy"}"#, r#"{"a":"x y"}"#, false),
            (r#"{"a":"x","b":""}"#, r#"{"a":"x ","b":"y"}"#, false),
            (r#"{"a":"x\\ty"}"#, r#"{"a":"x y"}"#, false),
            (
                r#"{"a":9007199254740993}"#,
                r#"{"a":9007199254740992}"#,
                false,
            ),
            ("no JSON", "no  JSON", false),
        ] {
            let [one, other] = [one, other].map(|body| fingerprint("593987654321", body));
            assert_eq!(one == other, are_same, "{one:?} {other:?}");
        }
    }

    #[test]
    fn modified_request_fails_its_checksum() {
        let path = "/1";
        let recipient = "593987654321";
        let body = "{\"text\":\"Hola\"}";
        let checksum = |fingerprint, n, line, path, recipient, body| {
            compute_checksum(
                &DraftRequest {
                    recipient,
                    path,
                    body,
                },
                fingerprint,
                n,
                line,
            )
        };
        let written = checksum(7, 3, 5, path, recipient, body);
        for changed in [
            checksum(8, 3, 5, path, recipient, body),
            checksum(7, 4, 5, path, recipient, body),
            checksum(7, 3, 6, path, recipient, body),
            checksum(7, 3, 5, "/2", recipient, body),
            checksum(7, 3, 5, path, "593987654322", body),
            checksum(7, 3, 5, path, recipient, "{\"text\":\"Hole\"}"),
        ] {
            assert_ne!(changed, written);
        }
    }

    #[test]
    fn only_the_recipients_own_number_is_replaced() {
        for (text, key, expected) in [
            ("5215512345678", "525512345678", "525512345678"),
            (
                "call 5215500000000, not 5215512345678!",
                "525512345678",
                "call 5215500000000, not 525512345678!",
            ),
            ("15215512345678", "525512345678", "15215512345678"),
            ("525512345678", "525512345678", "525512345678"),
            (
                "ñ5215512345678ñ5215512345678",
                "525512345678",
                "ñ525512345678ñ525512345678",
            ),
            ("5215512345678", "U1", "5215512345678"),
            ("", "525512345678", ""),
        ] {
            assert_eq!(with_key(text, key), expected, "{text}");
        }
    }
}
