//! Lays out JSON text as it is. A `Value` would round numbers with many digits.

use std::iter;

/// Returns JSON without spaces between its tokens, and with plain letters in its strings.
pub(crate) fn compact_json(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    for token in tokens(json) {
        let string = serde_json::from_str::<String>(token).ok();
        let plain = string.and_then(|string| serde_json::to_string(&string).ok());
        compact.push_str(plain.as_deref().unwrap_or(token));
    }
    compact
}

/// Returns JSON with an item on each line.
pub(super) fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut depth = 0_usize;
    let mut before = "";
    for token in tokens(json) {
        let is_end = token.starts_with(['}', ']']);
        let is_after_begin = before.starts_with(['{', '[']);
        if is_end {
            depth = depth.saturating_sub(1);
        }
        // `{}` and `[]` stay together.
        if before == "," || is_after_begin != is_end {
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
        }
        text.push_str(token);
        if token.starts_with(['{', '[']) {
            depth += 1;
        }
        if token == ":" {
            text.push(' ');
        }
        before = token;
    }
    text
}

/// Splits JSON into strings and other characters, without the spaces between them.
fn tokens(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    iter::from_fn(move || {
        rest = rest.trim_start();
        let (token, after) = rest.split_at_checked(token_length(rest))?;
        rest = after;
        (!token.is_empty()).then_some(token)
    })
}

fn token_length(json: &str) -> usize {
    if !json.starts_with('"') {
        return json.chars().next().map_or(0, char::len_utf8);
    }
    let mut is_escaped = false;
    for (place, character) in json.char_indices().skip(1) {
        if character == '"' && !is_escaped {
            return place + 1;
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let json =
            "{ \"id\": 123456789012345678901234567890,\n\"n\": [-0.10000000000000000000001, 1E5] }";
        assert_eq!(
            compact_json(json),
            r#"{"id":123456789012345678901234567890,"n":[-0.10000000000000000000001,1E5]}"#
        );
    }

    #[test]
    fn layout_is_that_of_a_value() {
        for json in [
            "{}",
            " [ ] ",
            "null",
            r#""a \"b\\\" {c}, [d]: é \u00e9""#,
            r#"{"a":{},"b":[],"c":[1,-2.5,true,null,{"d":"x, y: {z}\\"}],"e":{"f":[[],[{}]]}}"#,
        ] {
            let value: Value = serde_json::from_str(json).unwrap();
            assert_eq!(compact_json(json), value.to_string(), "{json}");
            assert_eq!(indented(&value.to_string()), format!("{value:#}"), "{json}");
        }
    }
}
