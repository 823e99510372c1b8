//! Reads what the user names: a file, standard input as `-`, and `@FILE` in flags that take JSON. Nothing else is read,
//! and standard input serves only one flag. Here is also the error for a line that cannot be carried out.

use std::convert::Infallible;
use std::fmt::Display;
use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;
use std::str::FromStr;

use serde_json::Value;
use thiserror::Error;

use crate::line_breaks::without_final_line_break;
use crate::private_file::{FileError, PipeBound, open_to_read};
use crate::repeated_field::repeated_field;

/// The maximum size of a file or standard input, in bytes: a message body is far smaller.
pub(crate) const MAX_BYTES: u64 = 1024 * 1024;

/// How errors name JSON that was typed as the value of a flag.
const ITS_VALUE: &str = "its value";

/// The value of a flag that takes `FILE|-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(raw: &str) -> Result<Self, Infallible> {
        Ok(if raw == "-" { Self::Stdin } else { Self::File(PathBuf::from(raw)) })
    }
}

/// The value of a flag that takes `JSON|@FILE`; `@-` is standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonSource {
    Literal(String),
    From(Source),
}

impl JsonSource {
    /// The value of `--body`: a file or `-`; as with other flags, also JSON that begins with `{` or `[`, and `@FILE`.
    pub(crate) fn of_body(raw: &str) -> Result<Self, Infallible> {
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

/// A command that cannot be carried out as it was typed.
#[derive(Debug, Error)]
#[error("{message}")]
pub(crate) struct UsageError {
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl UsageError {
    pub(crate) fn new(message: impl Display, hint: impl Into<String>) -> Self {
        Self { message: message.to_string(), hint: hint.into() }
    }
}

/// Reads what flags name; remembers which flag uses standard input.
#[derive(Debug, Default)]
pub(crate) struct Input {
    stdin_taken_by: Option<String>,
    /// How long to wait for a pipe.
    pub(crate) bound: PipeBound,
}

impl Input {
    /// Reserves standard input for `flag`, which may read it later or never. It is an error if another flag has it, or
    /// if it is a terminal.
    pub(crate) fn claim_stdin(&mut self, flag: &str) -> Result<(), UsageError> {
        if let Some(taken_by) = &self.stdin_taken_by {
            let problem = format!("{flag} and {taken_by} both ask for standard input, which can be read only once");
            return Err(UsageError::new(problem, "put one of them into a file"));
        }
        if io::stdin().is_terminal() {
            let problem = format!("{flag}: standard input is a terminal, so nothing would ever arrive");
            return Err(UsageError::new(problem, "pipe something in, or name a file"));
        }
        self.stdin_taken_by = Some(flag.to_owned());
        Ok(())
    }

    /// The whole text of `source` without its byte order mark; `flag` is named in errors. A text longer than
    /// [`MAX_BYTES`] is an error.
    pub(crate) fn read(&mut self, flag: &str, source: &Source) -> Result<String, UsageError> {
        let read = match source {
            Source::Stdin => {
                self.claim_stdin(flag)?;
                read_to_limit(io::stdin().lock()).map_err(|cause| format!("failed to read standard input: {cause}"))
            }
            Source::File(path) => open_to_read(path, self.bound)
                .and_then(read_to_limit)
                .map_err(|cause| FileError::of("read", path)(cause).to_string()),
        };
        let bytes = read
            .map_err(|problem| UsageError::new(format!("{flag}: {problem}"), "check the path and its permissions"))?;
        let name = name_of(source);
        if bytes.len() as u64 > MAX_BYTES {
            let problem = format!("{flag}: {name} has more than {MAX_BYTES} bytes (1 MiB), the most that is read");
            return Err(UsageError::new(problem, "name a smaller file"));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
            let line = 1 + valid.filter(|byte| **byte == b'\n').count();
            UsageError::new(format!("{flag}: {name} is not UTF-8 at line {line}"), "save the file as UTF-8")
        })?;
        Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
    }

    /// A text for a message: as [`Input::read`], without one final newline.
    pub(crate) fn text(&mut self, flag: &str, source: &Source) -> Result<String, UsageError> {
        let text = self.read(flag, source)?;
        Ok(without_final_line_break(&text).to_owned())
    }

    /// The JSON in `source`. An integer that JSON cannot carry exactly is an error, and so is a repeated field.
    pub(crate) fn json(&mut self, flag: &str, source: &Source) -> Result<Value, UsageError> {
        let text = self.read(flag, source)?;
        parse(flag, &name_of(source), &text)
    }

    /// The JSON of a flag that takes `JSON|@FILE`. A bare `{{ expression }}`, which is never JSON, is a text that a
    /// bulk run fills; no field that takes JSON accepts it unfilled.
    pub(crate) fn json_flag(&mut self, flag: &str, value: &JsonSource) -> Result<Value, UsageError> {
        match value {
            JsonSource::Literal(text) if text.trim_start().starts_with("{{") => Ok(Value::from(text.trim())),
            value => self.json_value(flag, value),
        }
    }

    /// The JSON that `value` is or names.
    pub(crate) fn json_value(&mut self, flag: &str, value: &JsonSource) -> Result<Value, UsageError> {
        match value {
            JsonSource::Literal(text) => parse(flag, ITS_VALUE, text),
            JsonSource::From(source) => self.json(flag, source),
        }
    }

    /// The JSON of a flag that may be repeated, each time with one value or an array of values.
    pub(crate) fn json_list(&mut self, flag: &str, values: &[JsonSource]) -> Result<Vec<Value>, UsageError> {
        let mut list = Vec::new();
        for value in values {
            match self.json_flag(flag, value)? {
                Value::Array(many) => list.extend(many),
                one => list.push(one),
            }
        }
        Ok(list)
    }
}

fn read_to_limit(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// How errors name it.
pub(crate) fn name_of(source: &Source) -> String {
    match source {
        Source::Stdin => "standard input".to_owned(),
        Source::File(path) => path.display().to_string(),
    }
}

/// Parses JSON and keeps its numbers exact; an integer beyond 64 bits is an error. Errors are in plain words.
pub(crate) fn parse_exact(text: &str) -> Result<Value, String> {
    let value = serde_json::from_str(text).map_err(|error| {
        format!("is not valid JSON at line {}, column {}: {}", error.line(), error.column(), json_problem(&error))
    })?;
    match inexact_integer(text) {
        Some(number) => Err(format!("has the number {number}, which is beyond 64 bits; write it in quotes")),
        None => Ok(value),
    }
}

fn parse(flag: &str, name: &str, text: &str) -> Result<Value, UsageError> {
    let refused = |problem: String, hint: &str| Err(UsageError::new(format!("{flag}: {name} {problem}"), hint));
    match serde_json::from_str(text) {
        Ok(value) => match (repeated_field(text), inexact_integer(text)) {
            (Some(field), _) => refused(format!("has the field `{field}` twice"), "keep one of the two"),
            (None, Some(number)) => refused(
                format!("has the number {number}, which is beyond 64 bits and would change on the way"),
                "write the number as text, in quotes",
            ),
            (None, None) => Ok(value),
        },
        Err(_) if text.trim().is_empty() => refused(
            "is empty; JSON is needed".to_owned(),
            "write {\"field\": value, …}; `jelouctl explain KIND --example` prints a body",
        ),
        Err(error) => {
            let hint = if flag == "--contact" {
                "one card has flags: --name 'Juan Pérez' --phone +593987654322; JSON stands in single quotes, a file as @FILE"
            } else if name == ITS_VALUE {
                "write JSON in single quotes, or name a file as @FILE"
            } else {
                "fix the file at that place; an object is {\"field\": value, …}"
            };
            let (line, column, problem) = (error.line(), error.column(), json_problem(&error));
            refused(format!("is not valid JSON at line {line}, column {column}: {problem}"), hint)
        }
    }
}

/// Describes an error in JSON for people who have not written a parser.
fn json_problem(error: &serde_json::Error) -> String {
    let told = error.to_string();
    let told = told.split(" at line ").next().unwrap_or(&told);
    let problem = match told {
        _ if error.is_eof() => "it ends too early",
        "expected ident" | "expected value" => "a value belongs here, and a text stands in double quotes",
        "key must be a string" => "the name of a field belongs here, in double quotes",
        "trailing comma" => "there is a comma after the last value",
        "trailing characters" => "something follows the end of the JSON",
        "recursion limit exceeded" => "it is nested too deeply",
        "invalid escape" => "a backslash in a text stands before one of \" \\ / b f n r t u",
        told if told.starts_with("control character") => {
            "a line break or a control character in a text is written \\n or \\u0000"
        }
        told => told,
    };
    problem.to_owned()
}

/// An integer outside -2^63…2^64-1 in valid JSON: `serde_json` reads it as the nearest double, which is a different
/// number.
fn inexact_integer(json: &str) -> Option<&str> {
    let mut rest = json;
    loop {
        rest = rest
            .trim_start_matches(|character: char| character != '"' && character != '-' && !character.is_ascii_digit());
        let is_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        let length = match rest.bytes().next()? {
            b'"' => 2 + closing_quote(rest.get(1..)?)?,
            _ => rest.bytes().take_while(is_number).count(),
        };
        let (token, after) = rest.split_at_checked(length)?;
        let is_integer = !token.contains(['"', '.', 'e', 'E']);
        if is_integer && token.parse::<i64>().is_err() && token.parse::<u64>().is_err() {
            return Some(token);
        }
        rest = after;
    }
}

/// The position of the quote that ends a JSON string.
fn closing_quote(inside: &str) -> Option<usize> {
    let mut escaped = false;
    inside.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_line_and_column_of_broken_json() {
        let error = parse("--body", "x.json", "{\n  \"a\": nope\n}").unwrap_err().to_string();
        assert_eq!(
            error,
            "--body: x.json is not valid JSON at line 2, column 9: a value belongs here, and a text stands in double quotes"
        );
    }

    #[test]
    fn says_what_is_wrong_with_json_in_plain_words() {
        for (json, told) in [
            ("", "x.json is empty; JSON is needed"),
            (" \n", "x.json is empty; JSON is needed"),
            (r#"{"a": "b"#, "column 8: it ends too early"),
            ("{a: 1}", "column 2: the name of a field belongs here, in double quotes"),
            (r#"{"a": 1,}"#, "column 9: there is a comma after the last value"),
            (r#"{"a": 1} x"#, "column 10: something follows the end of the JSON"),
            ("{\"a\": \"b\nc\"}", "a line break or a control character in a text is written"),
        ] {
            let error = parse("--body", "x.json", json).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn refuses_an_integer_that_would_change() {
        for json in [r#"{"a\\":[18446744073709551616]}"#, r#"["\"", 18446744073709551616]"#, "18446744073709551616 "] {
            let error = parse("--body", "x.json", json).unwrap_err().to_string();
            assert!(error.contains("has the number 18446744073709551616"), "{error}");
        }
        assert!(parse("--body", "x.json", "-9223372036854775809").is_err());
        assert!(parse("--body", "x.json", r#"[18446744073709551615, -9223372036854775808, 1e300, 0.1, "18446744073709551616", "\"99999999999999999999"]"#).is_ok());
    }
}
