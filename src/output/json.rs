//! JSON for stdout: compact or pretty, with or without colour, never with a character that a terminal would act on.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::escape::is_control;

/// On one line.
pub(crate) fn compact(value: &Value) -> String {
    write_value(value, Visible { inner: CompactFormatter, color: false, in_key: false })
}

/// On one line; JSON text inside `value` stays as it was written.
pub(crate) fn compact_text(value: &impl Serialize) -> serde_json::Result<String> {
    write_with(value, Visible { inner: CompactFormatter, color: false, in_key: false })
}

/// JSON text, unchanged except for characters that a terminal would act on: these can only be inside a string, so they are
/// written as escapes.
pub(crate) fn visible(json: &str) -> Cow<'_, str> {
    if !json.contains(is_control) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if is_control(character) { text.push_str(&escape(character)) } else { text.push(character) }
    }
    Cow::Owned(text)
}

/// All of these characters are at most U+FFFF.
fn escape(control: char) -> String {
    format!("\\u{:04x}", u32::from(control))
}

/// On one line, in colour.
pub(crate) fn colored(value: &Value) -> String {
    write_value(value, Visible { inner: CompactFormatter, color: true, in_key: false })
}

/// Indented by two spaces, for one of our own texts.
pub(crate) fn pretty_plain(value: &Value) -> String {
    pretty(value, false)
}

/// Indented by two spaces.
pub(crate) fn pretty(value: &Value, color: bool) -> String {
    write_value(value, Visible { inner: PrettyFormatter::new(), color, in_key: false })
}

#[expect(clippy::expect_used, reason = "a Value has text keys only, and a Vec takes every byte")]
fn write_value(value: &Value, formatter: impl Formatter) -> String {
    write_with(value, formatter).expect("JSON to memory")
}

#[expect(clippy::expect_used, reason = "serde_json writes UTF-8 only")]
fn write_with(value: &impl Serialize, formatter: impl Formatter) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter))?;
    Ok(String::from_utf8(bytes).expect("JSON is UTF-8"))
}

const KEY: &str = "\x1b[34m";
const TEXT: &str = "\x1b[32m";
const SCALAR: &str = "\x1b[33m";
const RESET: &str = "\x1b[0m";

/// Wraps a layout to add colours and to escape control characters that JSON itself allows.
struct Visible<F> {
    inner: F,
    color: bool,
    in_key: bool,
}

impl<F> Visible<F> {
    fn paint<W: ?Sized + Write>(&self, writer: &mut W, color: &str) -> io::Result<()> {
        if self.color { writer.write_all(color.as_bytes()) } else { Ok(()) }
    }

    fn scalar<W: ?Sized + Write>(&self, writer: &mut W, text: &str) -> io::Result<()> {
        self.paint(writer, SCALAR)?;
        writer.write_all(text.as_bytes())?;
        self.paint(writer, RESET)
    }
}

impl<F: Formatter> Formatter for Visible<F> {
    fn write_null<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.scalar(writer, "null")
    }

    fn write_bool<W: ?Sized + Write>(&mut self, writer: &mut W, value: bool) -> io::Result<()> {
        self.scalar(writer, if value { "true" } else { "false" })
    }

    fn write_i64<W: ?Sized + Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        self.scalar(writer, &value.to_string())
    }

    fn write_u64<W: ?Sized + Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        self.scalar(writer, &value.to_string())
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        self.paint(writer, SCALAR)?;
        self.inner.write_f64(writer, value)?;
        self.paint(writer, RESET)
    }

    fn begin_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.paint(writer, if self.in_key { KEY } else { TEXT })?;
        self.inner.begin_string(writer)
    }

    fn end_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.end_string(writer)?;
        self.paint(writer, RESET)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        writer.write_all(visible(fragment).as_bytes())
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        writer.write_all(visible(fragment).as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.inner.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.in_key = true;
        self.inner.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.in_key = false;
        self.inner.end_object_key(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.inner.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn escapes_what_json_would_let_through_and_stays_the_same_value() {
        let value = json!({"a\u{7f}": "\u{1b}[31m\u{85}\u{202e}\n\"ñ 👍", "n": [1, -2, 0.5, null, true, {}, []]});
        let text = compact(&value);
        assert!(text.starts_with(r#"{"a\u007f":"\u001b[31m\u0085\u202e\n\"ñ 👍""#), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert_eq!(serde_json::from_str::<Value>(&pretty(&value, false)).unwrap(), value);
    }

    #[test]
    fn text_that_was_written_before_is_escaped_alike() {
        let value = json!({"a\u{7f}": "\u{1b}[31m\u{85}\u{202e}\n\"ñ 👍", "n": [1.0, 1e300]});
        let text = value.to_string();
        assert_eq!(visible(&text), compact(&value));
        let raw: Box<RawValue> = serde_json::from_str(&text).unwrap();
        assert_eq!(compact_text(&[raw]).unwrap(), format!("[{}]", compact(&value)));
    }

    #[test]
    fn colours_only_where_asked() {
        let value = json!({"id": "x", "n": 1});
        assert_eq!(pretty(&value, false), "{\n  \"id\": \"x\",\n  \"n\": 1\n}");
        assert_eq!(
            colored(&value),
            "{\x1b[34m\"id\"\x1b[0m:\x1b[32m\"x\"\x1b[0m,\x1b[34m\"n\"\x1b[0m:\x1b[33m1\x1b[0m}"
        );
    }
}
