//! Reads the files that flags name, standard input for `-`, and `@FILE` in flags that take JSON. Only one flag can read
//! standard input. A repeated field in JSON is an error, because serde_json would keep only the last one. Also has the
//! error for a wrong command line.

use std::convert::Infallible;
use std::fmt;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::base::invisible::without_final_line_break;
use crate::base::message::{Message, msg};
use crate::base::private_file::{FileAction, FileError, PipeBound, open_to_read, read_to_limit};
use crate::base::question::Question;
use crate::base::text_encoding::{NotText, decode_text};
use crate::base::texts::shell_argument;

/// The maximum size of a file or standard input, in bytes. A message body is far smaller.
pub(crate) const MAX_INPUT_BYTES: u64 = 1024 * 1024;

/// The value of a flag that takes `FILE|-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(raw: &str) -> Result<Self, Infallible> {
        Ok(if raw == "-" {
            Self::Stdin
        } else {
            Self::File(PathBuf::from(raw))
        })
    }
}

/// The value of a flag that takes `JSON|@FILE`; `@-` is standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonSource {
    Literal(String),
    From(Source),
}

impl JsonSource {
    /// Parses the value of `--body`: a file or `-`. Like other flags, it also accepts JSON that
    /// begins with `{` or `[`, and `@FILE`.
    pub(crate) fn from_body_flag(raw: &str) -> Result<Self, Infallible> {
        if raw.trim_start().starts_with(['{', '[']) {
            return Ok(Self::Literal(raw.to_owned()));
        }
        raw.strip_prefix('@').unwrap_or(raw).parse().map(Self::From)
    }
}

impl FromStr for JsonSource {
    type Err = Infallible;

    fn from_str(raw: &str) -> Result<Self, Infallible> {
        match raw.strip_prefix('@') {
            Some(named) => named.parse().map(Self::From),
            None => Ok(Self::Literal(raw.to_owned())),
        }
    }
}

/// Refuses `typed`, a text that `flag` sends as it is, if it is `@FILE` and the file exists, or `@-`: other flags and
/// programs read the file. `file_flag` is the flag that does, if there is one.
pub(crate) fn refuse_file_as_text(
    flag: &str,
    typed: &str,
    file_flag: Option<&str>,
) -> Result<(), UsageError> {
    let Some(file) = typed.strip_prefix('@') else {
        return Ok(());
    };
    if file != "-" && !Path::new(file).is_file() {
        return Ok(());
    }
    let problem = match file {
        "-" => msg!(
            "{flag}: `{typed}` would be sent as a text, but names standard input",
            flag,
            typed
        ),
        _ => msg!(
            "{flag}: `{typed}` would be sent as a text, but names a file",
            flag,
            typed
        ),
    };
    Err(UsageError::new(problem, way_to_read(flag, file, file_flag)))
}

/// Refuses a text that is a lone `-`, because other programs read standard input then.
pub(crate) fn refuse_lone_dash(
    flag: &str,
    typed: &str,
    file_flag: Option<&str>,
) -> Result<(), UsageError> {
    if typed != "-" {
        return Ok(());
    }
    Err(UsageError::new(
        msg!("{flag}: the text is a lone `-`", flag),
        way_to_read(flag, typed, file_flag),
    ))
}

/// Returns the flag that sends the content of a file, or of standard input for `-`.
fn way_to_read(flag: &str, file: &str, file_flag: Option<&str>) -> Message {
    let word = shell_argument(file);
    match file_flag {
        Some(file_flag) => msg!("to send its content: {file_flag} {word}", file_flag, word),
        None => msg!("to send its content: {flag} \"$(cat {word})\"", flag, word),
    }
}

/// The error for a wrong command line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub(crate) struct UsageError {
    pub(crate) message: Message,
    /// The faults one by one, if there are several.
    pub(crate) details: Vec<Message>,
    /// None if the message says everything.
    pub(crate) hint: Option<Message>,
    /// What to ask at a terminal instead. Its answers are the hint.
    pub(crate) question: Option<Box<Question>>,
}

impl UsageError {
    pub(crate) fn new(message: Message, hint: Message) -> Self {
        Self {
            hint: Some(hint),
            ..Self::bare(message)
        }
    }

    /// Creates the error for a message that says everything.
    pub(crate) fn bare(message: Message) -> Self {
        Self {
            message,
            details: Vec::new(),
            hint: None,
            question: None,
        }
    }

    /// Adds this hint to an error without one.
    pub(crate) fn or_hint(self, hint: Option<Message>) -> Self {
        Self {
            hint: self.hint.or(hint),
            ..self
        }
    }

    /// Creates the error for a line that leaves `question` open.
    pub(crate) fn open(message: Message, question: Question) -> Self {
        let hint = question.hint();
        Self {
            question: Some(Box::new(question)),
            ..Self::new(message, hint)
        }
    }
}

/// Reads the sources that flags name, and records which flag uses standard input.
#[derive(Debug, Default)]
pub(crate) struct Input {
    stdin_reader: Option<String>,
    /// How long to wait for a pipe.
    pub(crate) bound: PipeBound,
    /// Warnings about the content of a file.
    pub(crate) warnings: Vec<Message>,
}

impl Input {
    /// Returns whether `flag` has read standard input.
    pub(crate) fn is_piped_into(&self, flag: &str) -> bool {
        self.stdin_reader.as_deref() == Some(flag)
    }

    /// Reserves standard input for `flag`, which may read it later or never. It is an error if another flag has
    /// reserved it, or if it is a terminal.
    pub(crate) fn claim_stdin(&mut self, flag: &str) -> Result<(), UsageError> {
        if let Some(reader) = &self.stdin_reader {
            let problem = msg!("{flag} and {reader} both read standard input", flag, reader);
            return Err(UsageError::new(
                problem,
                msg!("put one of the two into a file"),
            ));
        }
        if io::stdin().is_terminal() {
            let problem = msg!("{flag}: standard input is a terminal", flag);
            return Err(UsageError::new(
                problem,
                msg!("pipe the data in, or pass a file"),
            ));
        }
        self.stdin_reader = Some(flag.to_owned());
        Ok(())
    }

    /// Reads the whole text of `source` without its byte order mark, as [`decode_text`] reads it.
    /// Errors name `flag`. A text longer than [`MAX_INPUT_BYTES`] is an error.
    fn read(&mut self, flag: &str, source: &Source) -> Result<String, UsageError> {
        let bytes = self.read_bytes(flag, source)?;
        decode_text(bytes).map_err(|error| {
            let name = source_name(source);
            let NotText { encoding, line } = error;
            UsageError::new(
                msg!(
                    "{flag}: {name} is not {encoding} at line {line}",
                    flag,
                    name,
                    encoding,
                    line
                ),
                msg!("save the file as UTF-8"),
            )
        })
    }

    /// Reads the bytes of `source`. More than [`MAX_INPUT_BYTES`] are an error. Errors name `flag`.
    pub(crate) fn read_bytes(
        &mut self,
        flag: &str,
        source: &Source,
    ) -> Result<Vec<u8>, UsageError> {
        let read = match source {
            Source::Stdin => {
                self.claim_stdin(flag)?;
                read_to_limit(io::stdin().lock(), MAX_INPUT_BYTES)
                    .map_err(|cause| msg!("failed to read standard input: {cause}", cause))
            }
            Source::File(path) => open_to_read(path, self.bound)
                .and_then(|file| read_to_limit(file, MAX_INPUT_BYTES))
                .map_err(|cause| FileError::while_doing(FileAction::Read, path)(cause).message()),
        };
        let is_absent = matches!(source, Source::File(path) if !path.exists());
        read.map_err(|problem| {
            let message = msg!("{flag}: {problem}", flag, problem);
            if is_absent {
                return UsageError::bare(message);
            }
            let hint = msg!("check the path, its permissions and its size: at most 1 MiB");
            UsageError::new(message, hint)
        })
    }

    /// Reads a text for a message, like [`Input::read`], but without one final newline.
    pub(crate) fn text(&mut self, flag: &str, source: &Source) -> Result<String, UsageError> {
        let text = self.read(flag, source)?;
        Ok(without_final_line_break(&text).to_owned())
    }

    /// Reads the JSON in `source`. An integer beyond 64 bits and a repeated field are errors.
    pub(crate) fn json(&mut self, flag: &str, source: &Source) -> Result<Value, UsageError> {
        let text = self.read(flag, source)?;
        parse(flag, Some(source_name(source)), &text)
    }

    /// Reads the JSON of a flag that takes `JSON|@FILE`. A bare `{{ expression }}` is never JSON,
    /// so it is a text that a bulk run fills. No JSON field accepts it unfilled.
    pub(crate) fn json_flag(&mut self, flag: &str, typed: &str) -> Result<Value, UsageError> {
        if typed.trim_start().starts_with("{{") {
            return Ok(Value::from(typed.trim()));
        }
        let Ok(source) = typed.parse();
        self.json_value(flag, &source)
    }

    /// Reads the JSON in `value`, or in the file that it names.
    pub(crate) fn json_value(
        &mut self,
        flag: &str,
        value: &JsonSource,
    ) -> Result<Value, UsageError> {
        match value {
            JsonSource::Literal(text) => parse(flag, None, text),
            JsonSource::From(source) => self.json(flag, source),
        }
    }

    /// Reads the JSON of a repeatable flag, each time with one value or an array of values.
    pub(crate) fn json_list(
        &mut self,
        flag: &str,
        typed: &[&str],
    ) -> Result<Vec<Value>, UsageError> {
        let mut list = Vec::new();
        for typed in typed {
            match self.json_flag(flag, typed)? {
                Value::Array(many) => list.extend(many),
                one => list.push(one),
            }
        }
        Ok(list)
    }
}

/// How errors name standard input.
pub(crate) const STANDARD_INPUT: &str = "standard input";

/// Returns how errors name `source`.
pub(crate) fn source_name(source: &Source) -> Message {
    match source {
        Source::Stdin => msg!("standard input"),
        Source::File(path) => Message::verbatim(path.display().to_string()),
    }
}

/// Parses JSON. A repeated field is an error. A number beyond 64 bits is too, because it would be rounded. The caller
/// puts the name of the text before the error.
pub(crate) fn parse_exact(text: &str) -> Result<Value, UsageError> {
    parse_with_hint(text, write_object())
}

/// Does the same as [`parse_exact`], with the hint `to_fix` for a text that is not JSON.
fn parse_with_hint(text: &str, to_fix: Message) -> Result<Value, UsageError> {
    let mut repeated = None;
    let read = read_json(text, &mut |name, _, _| {
        repeated.get_or_insert_with(|| name.to_owned());
    });
    let value = read.map_err(|error| {
        let problem = match text.trim() {
            "" => msg!("is empty; JSON is needed"),
            _ => msg!(
                "is not valid JSON: {problem}",
                problem = json_problem(&error, text)
            ),
        };
        UsageError::new(problem, to_fix)
    })?;
    match (repeated, rounded(&value)) {
        (Some(field), _) => Err(UsageError::new(
            msg!("has the field `{field}` twice", field),
            msg!("keep one of the two"),
        )),
        (None, Some(number)) => {
            let number = number.to_string();
            Err(UsageError::new(
                msg!(
                    "has a number beyond 64 bits, {number}, which would be rounded",
                    number
                ),
                msg!("write the number as text, in quotes"),
            ))
        }
        (None, None) => Ok(value),
    }
}

/// Describes the fault of the invalid JSON in `typed`, with its position.
fn json_problem(error: &serde_json::Error, typed: &str) -> Message {
    let text = error.to_string();
    let line = error.line();
    let column = error.column();
    let place = format!("at line {line} column {column}");
    let message = text.trim_end_matches(&place).trim_end();
    let problem = match message {
        _ if error.is_eof() => msg!("a bracket or a quote is not closed"),
        "expected ident" | "expected value" => {
            msg!("a value is missing; a text needs double quotes")
        }
        "key must be a string" => msg!("the name of a field needs double quotes"),
        "invalid escape" => msg!("write a \\ in a text as \\\\"),
        "trailing comma" => msg!("there is a comma before the closing bracket"),
        "trailing characters" => msg!("the JSON ends before this text"),
        "recursion limit exceeded" => msg!("too many brackets are open"),
        text if text.starts_with("control character") => {
            msg!("write a line break in a text as \\n, and a tab as \\t")
        }
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
            msg!("a \\u in a text has only half of its character")
        }
        _ => return Message::verbatim(error.to_string()),
    };
    if column == 0 {
        // The parser has read the line break.
        let line = line.saturating_sub(1);
        return msg!("{problem}, at the end of line {line}", problem, line);
    }
    if !typed.trim_end().contains('\n') {
        return msg!("{problem}, at column {column}", problem, column);
    }
    msg!(
        "{problem}, at line {line} column {column}",
        problem,
        line,
        column
    )
}

/// Parses the JSON of `flag`, which is in a file or on standard input with this `name`; without a name, it is the value.
fn parse(flag: &str, name: Option<Message>, text: &str) -> Result<Value, UsageError> {
    let to_fix = match name {
        None => write_object(),
        Some(_) => msg!("fix it there"),
    };
    let name = name.unwrap_or_else(|| msg!("its value"));
    parse_with_hint(text, to_fix).map_err(|error| UsageError {
        message: msg!(
            "{flag}: {name} {problem}",
            flag,
            name,
            problem = error.message
        ),
        ..error
    })
}

/// The hint for JSON in a flag.
fn write_object() -> Message {
    msg!("write an object as '{{\"field\": value}}' in single quotes, or pass @FILE")
}

/// Returns a number in JSON beyond 64 bits, which was rounded to the nearest double.
fn rounded(value: &Value) -> Option<f64> {
    /// 2^63
    const MIN: f64 = 9_223_372_036_854_775_808.0;
    match value {
        Value::Number(number) if number.is_f64() => {
            number.as_f64().filter(|number| number.abs() >= MIN)
        }
        Value::Array(items) => items.iter().find_map(rounded),
        Value::Object(fields) => fields.values().find_map(rounded),
        _ => None,
    }
}

/// Parses `text`, and calls `on_repeated` with the name of each repeated field, its earlier and its later value.
///
/// # Errors
/// If it is not JSON.
pub(crate) fn read_json(
    text: &str,
    on_repeated: &mut dyn FnMut(&str, &Value, &Value),
) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = ValueSeed(on_repeated).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

struct ValueSeed<'a>(&'a mut dyn FnMut(&str, &Value, &Value));

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(ValueSeed(&mut *self.0))? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(ValueSeed(&mut *self.0))?;
            if let Some(earlier) = object.get(&name) {
                (self.0)(&name, earlier, &value);
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_json_reports_position_and_reason() {
        for (json, expected) in [
            ("", "--body: x.json is empty; JSON is needed"),
            (" \n", "--body: x.json is empty; JSON is needed"),
            (
                "{\n  \"a\": 1,\n}",
                "--body: x.json is not valid JSON: there is a comma before the closing bracket, at line 3 column 1",
            ),
            (
                r#"{"a": 1} x"#,
                "--body: x.json is not valid JSON: the JSON ends before this text, at column 10",
            ),
            (
                r#"{"a": {"b": 1, "b": 1}}"#,
                "--body: x.json has the field `b` twice",
            ),
            (
                r#"{"a\\":[18446744073709551616]}"#,
                "--body: x.json has a number beyond 64 bits, 18446744073709552000",
            ),
            ("1e100", "--body: x.json has a number beyond 64 bits, 1000"),
            (
                "-9223372036854775809",
                "--body: x.json has a number beyond 64 bits, -9223372036854776000",
            ),
        ] {
            let error = parse("--body", Some("x.json".into()), json)
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        let exact = r#"[18446744073709551615, -9223372036854775808, 1e18, 0.1, "18446744073709551616", "\"99999999999999999999"]"#;
        assert!(parse("--body", Some("x.json".into()), exact).is_ok());
    }

    #[test]
    fn json_reader_agrees_with_serde_json() {
        for text in [
            r#"{"a":[1,-2,3.5,1e300,18446744073709551615,"x\u00e9\n",true,null,{}],"b":{"c":""}}"#,
            "\"text\"",
            " 1 ",
            "{} x",
            "{",
            "",
            r#"{"a":1,}"#,
        ] {
            let read = read_json(text, &mut |name, _, _| panic!("{name} in {text}"));
            assert_eq!(read.ok(), serde_json::from_str(text).ok(), "{text}");
        }
        // serde_json stops before the stack overflows. Real answers are never nested so deeply.
        assert!(read_json(&"[".repeat(100_000), &mut |_, _, _| ()).is_err());
    }
}
