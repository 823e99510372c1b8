//! Checks that redaction finds a secret in every escape.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};

use crate::base::secret::Secret;
use crate::jelou::api::Credentials;

/// The number of ways to escape a text.
pub(crate) const WAYS: usize = 10;

/// Escapes `text` in the way with this number. `which` selects the characters to escape. The escape
/// character itself is always escaped.
pub(crate) fn escape_text(text: &str, way: usize, which: u64) -> String {
    let sign = ['\\', '%', '%', '&', '&'][way / 2];
    let escaped = |character: char, at: usize| {
        (which >> (at % 64)) & 1 == 1 || way.is_multiple_of(2) || character == sign
    };
    let escape = |character: char| -> String {
        let bytes = character.to_string().into_bytes();
        let parts: Vec<_> = match way / 2 {
            0 => character
                .encode_utf16(&mut [0; 2])
                .iter()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect(),
            1 => bytes.iter().map(|byte| format!("%{byte:02X}")).collect(),
            2 => bytes.iter().map(|byte| format!("%{byte:02x}")).collect(),
            3 => vec![format!("&#{};", u32::from(character))],
            _ => vec![format!("&#x{:X};", u32::from(character))],
        };
        parts.concat()
    };
    let keep = |character: char| {
        if way / 2 == 0 && character == '"' {
            "\\\"".to_owned()
        } else {
            character.into()
        }
    };
    let pieces = text.chars().enumerate();
    pieces
        .map(|(at, character)| {
            if escaped(character, at) {
                escape(character)
            } else {
                keep(character)
            }
        })
        .collect()
}

/// Finds a secret under at most two layers of escapes, in any text, unless the secret itself looks escaped. The first
/// bytes select the escapes. The rest is the secret on one line, followed by the surrounding text.
pub fn redaction(bytes: &[u8]) {
    let Some(([form, ways @ ..], rest)) = bytes.split_first_chunk::<28>() else {
        return;
    };
    let text = String::from_utf8_lossy(rest);
    let (secret, around) = text
        .split_once('\n')
        .unwrap_or(("canary-7f3a9c51 ñ😀", &text));
    if secret.len() < 8
        || secret.contains(|character: char| character.is_control() || "%&\\".contains(character))
    {
        return;
    }
    let credentials = Credentials::new("id", &Secret::new(secret.to_owned()));
    let signed = format!("id:{secret}");
    let base = match form % 6 {
        0 => secret.to_owned(),
        1 => BASE64_STANDARD.encode(&signed),
        2 => BASE64_URL_SAFE.encode(&signed),
        3 => BASE64_STANDARD.encode(secret),
        4 => BASE64_URL_SAFE.encode(format!("{secret}\n")),
        _ => serde_json::to_string(secret).unwrap(),
    };
    let shown = ways
        .chunks_exact(9)
        .take(2)
        .filter(|way| usize::from(way[0]) < WAYS)
        .fold(base, |text, way| {
            escape_text(
                &text,
                way[0].into(),
                u64::from_le_bytes(way[1..].try_into().unwrap()),
            )
        });
    let middle = around
        .char_indices()
        .nth(around.chars().count() / 2)
        .map_or(0, |(at, _)| at);
    let (before, after) = around.split_at(middle);
    let text = format!("{before} {shown} {after}");
    assert!(
        credentials.are_repeated_in(&text),
        "{text:?} shows {secret:?}"
    );
    let hidden = credentials.hidden_in_lines(&text);
    // The secret may be the text that replaces hidden values.
    assert!(
        hidden
            .split("(redacted)")
            .all(|left| !left.contains(&shown)),
        "{text:?} {hidden:?}"
    );
}
