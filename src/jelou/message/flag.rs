//! A flag of a kind of message: how it is typed, and the field that it sets.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, ValueHint};
use serde::Deserialize;
use serde_json::{Number, Value, json};

use super::schema::Schema;
use crate::base::input::{Input, UsageError, refuse_file_as_text, refuse_lone_dash};
use crate::base::invisible::with_plain_line_breaks;
use crate::base::message::{Message, msg};

/// A flag, or an argument, as the definition of a kind has it (`x-flags`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Flag {
    /// The flag in a usage line: `--button LABEL`, or `TEXT` for an argument.
    usage: String,
    /// The path in the body of the field that it sets, if it sets one.
    pub(super) field: Option<String>,
    /// If the items of a list are objects: the field of an item that gets the typed text.
    item: Option<String>,
    /// The flag's name in conflicts and requirements, if that is not its field.
    id: Option<String>,
    alias: Option<String>,
    /// The ids of flags that conflict with this flag.
    #[serde(default)]
    pub(super) conflicts: Vec<String>,
    /// The id of a flag that this flag requires.
    requires: Option<String>,
    /// The help text, if it differs from the field's description.
    help: Option<String>,
}

impl Flag {
    /// Creates the flag that reads a message's text from a file. Every kind with a text has it.
    pub(super) fn text_file() -> Self {
        let help =
            "Read the text from a file, or from standard input\n\nRemoves one final newline.";
        Self {
            usage: "--text-file FILE|-".to_owned(),
            field: Some("text".to_owned()),
            id: Some("text_file".to_owned()),
            conflicts: vec!["text".to_owned()],
            help: Some(help.to_owned()),
            ..Self::default()
        }
    }

    /// Returns the path of the flag's field, or a name.
    pub(super) fn id(&self) -> &str {
        self.id
            .as_ref()
            .or(self.field.as_ref())
            .map_or("", String::as_str)
    }

    /// Returns the flag's name, unless it is an argument, and the name of its value.
    fn names(&self) -> (Option<&str>, &str) {
        let flag = self
            .usage
            .strip_prefix("--")
            .and_then(|usage| usage.split_once(' '));
        flag.map_or((None, &self.usage), |(name, value)| (Some(name), value))
    }

    /// Returns the name for help and errors: `--button`, or `TEXT` for an argument.
    pub(super) fn display_name(&self) -> String {
        let (name, value) = self.names();
        name.map_or(value.to_owned(), |name| format!("--{name}"))
    }

    /// Returns the schema of the flag's field.
    fn schema<'a>(&self, root: &'a Schema) -> Option<&'a Schema> {
        root.at(self.field.as_ref()?)
    }

    /// Returns whether the flag may be repeated, or take a JSON array.
    fn is_list(&self, root: &Schema) -> bool {
        self.schema(root)
            .is_some_and(|schema| schema.items.is_some())
    }

    /// Returns the flag for clap, for a kind with the schema `root`.
    pub(super) fn arg(&'static self, root: &'static Schema) -> Arg {
        let of_field = self.schema(root);
        let help = self
            .help
            .as_ref()
            .or(of_field.map(|field| &field.description))
            .map_or("", String::as_str);
        let (name, value) = self.names();
        let hint = match value {
            "URL" => ValueHint::Url,
            "FILE|-" => ValueHint::FilePath,
            _ => ValueHint::Unknown,
        };
        let mut arg = Arg::new(self.id()).value_name(value).value_hint(hint);
        arg = arg.conflicts_with_all(self.conflicts.iter().map(String::as_str));
        arg = arg.action(if self.is_list(root) {
            ArgAction::Append
        } else {
            ArgAction::Set
        });
        // A text may begin with a dash. These values may not: after an empty variable they would
        // consume the next flag.
        arg =
            arg.allow_hyphen_values(name.is_some() && !["URL", "FILE|-", "CODE"].contains(&value));
        arg = match help.split_once("\n\n") {
            Some((short, _)) => arg.help(short).long_help(help),
            None => arg.help(help),
        };
        if let Some(name) = name {
            arg = arg.long(name).visible_aliases(self.alias.as_deref());
        }
        if let Some(required) = &self.requires {
            arg = arg.requires(required.as_str());
        }
        match of_field {
            Some(Schema { words, .. }) if !words.is_empty() => {
                let words = PossibleValuesParser::new(words.iter().map(String::as_str));
                arg.ignore_case(true).value_parser(WordOrTemplate(words))
            }
            _ => arg,
        }
    }

    /// Reads the value of the flag's field. The usage decides whether `typed` is JSON or a text
    /// from a file. Otherwise it is a text, or a number if the schema has one.
    pub(super) fn read(
        &self,
        typed: &[&str],
        root: &Schema,
        input: &mut Input,
    ) -> Result<Option<Value>, UsageError> {
        let (Some(field), [first, ..]) = (&self.field, typed) else {
            return Ok(None);
        };
        let flag = self.display_name();
        let is_number = || root.type_at(field) == Some("number");
        let of_item = |text: &&str| {
            self.item
                .as_ref()
                .map_or_else(|| json!(text), |item| json!({ item: text }))
        };
        Ok(Some(match (self.names().1, self.is_list(root)) {
            ("JSON|@FILE", true) => Value::Array(input.json_list(&flag, typed)?),
            ("JSON|@FILE", false) => input.json_flag(&flag, first)?,
            ("FILE|-", _) => {
                let Ok(source) = first.parse();
                // A file from Windows has CR LF, but is the same text.
                json!(with_plain_line_breaks(&input.text(&flag, &source)?))
            }
            (_, true) => {
                for text in typed {
                    self.refuse_misread(text)?;
                }
                typed.iter().map(of_item).collect()
            }
            (_, false) => match read_number(first, ',') {
                Some(number) if is_number() => Value::Number(number),
                Some(_) | None => {
                    self.refuse_misread(first)?;
                    json!(first)
                }
            },
        }))
    }

    /// Refuses a text that other programs take for the name of a file, or for standard input. An argument may be a lone
    /// `-` after `--`.
    fn refuse_misread(&self, typed: &str) -> Result<(), UsageError> {
        let flag = self.display_name();
        let is_text = self.field.as_deref() == Some("text");
        let file_flag = is_text.then_some("--text-file");
        refuse_file_as_text(&flag, typed, file_flag)?;
        if is_text && self.names().0.is_some() {
            refuse_lone_dash(&flag, typed, file_flag)?;
        }
        Ok(())
    }
}

/// The values of a message's flags, by the ids of the flags.
#[derive(Clone, Debug, Default)]
pub(crate) struct FlagValues(Vec<(&'static str, String)>);

impl FlagValues {
    pub(super) fn from_matches(flags: &'static [Flag], matches: &ArgMatches) -> Self {
        let values = flags.iter().map(|flag| {
            (
                flag.id(),
                matches.get_many::<String>(flag.id()).into_iter().flatten(),
            )
        });
        Self(
            values
                .flat_map(|(id, values)| values.map(move |value| (id, value.clone())))
                .collect(),
        )
    }

    pub(super) fn all(&self, id: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(known, _)| *known == id)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    pub(super) fn one(&self, id: &str) -> Option<&str> {
        self.all(id).first().copied()
    }

    /// Returns whether one of the flags with these ids was passed.
    pub(super) fn has_any(&self, ids: &[impl AsRef<str>]) -> bool {
        self.0
            .iter()
            .any(|(known, _)| ids.iter().any(|id| id.as_ref() == *known))
    }
}

/// One of a fixed set of words, in lower case, or a template that each row of a bulk run turns into
/// one.
#[derive(Clone, Debug)]
struct WordOrTemplate(PossibleValuesParser);

impl TypedValueParser for WordOrTemplate {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        match value.to_str().filter(|text| is_template(text)) {
            Some(template) => Ok(template.to_owned()),
            None => self
                .0
                .parse_ref(command, argument, value)
                .map(|word| word.to_ascii_lowercase()),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}

/// Returns whether `text` contains the marks of a template.
pub(crate) fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}

/// Reads a number with a decimal point or with this decimal sign: `-0,1806`.
fn read_number(text: &str, decimal_mark: char) -> Option<Number> {
    let text = text.trim();
    let with_point = || text.replacen(decimal_mark, ".", 1).parse().ok();
    text.parse().ok().or_else(with_point)
}

/// Converts a filled value to the type in its schema, if the schema has one. A text cell contains a
/// number, a boolean, an object or an array as JSON; a number may have this `decimal_mark`. A value of another type stays
/// unchanged, and the check of the body reports it.
///
/// # Errors
/// For null if a text is required. The error follows the name of the field.
pub(crate) fn fit(
    type_name: Option<&str>,
    decimal_mark: char,
    value: Value,
) -> Result<Value, Message> {
    match (type_name, value) {
        (Some("number"), Value::String(text)) => {
            Ok(read_number(&text, decimal_mark).map_or(Value::String(text), Value::Number))
        }
        (Some("string"), Value::Number(number)) => Ok(Value::from(number.to_string())),
        (Some("string"), Value::Bool(flag)) => Ok(Value::from(flag.to_string())),
        (Some("string"), Value::Null) => Err(msg!("is null, but a text is required")),
        (Some(name), Value::String(text)) if name != "string" => {
            Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
        }
        (_, value) => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jelou::message::schema::Schema;

    #[test]
    fn number_may_have_the_decimal_sign_of_its_country() {
        for (text, mark, expected) in [
            ("-0,1806", ',', Some(-0.1806)),
            (" -78.4678 ", ',', Some(-78.4678)),
            ("-78,467", ',', Some(-78.467)),
            ("-0,1806", '.', None),
            ("1.234,5", ',', None),
            ("0,18,2", ',', None),
            ("", ',', None),
        ] {
            let read = read_number(text, mark).and_then(|number| number.as_f64());
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn schema_decides_the_type_of_a_value() {
        let schema = json!({"properties": {
            "text": {"type": ["string", "null"]}, "lat": {"type": ["number", "null"]},
            "payload": {"anyOf": [{"$ref": "#/$defs/P"}, {"type": "null"}]}, "free": true,
            "mode": {"type": "string", "enum": ["draft"]},
        }, "$defs": {"P": {"type": "object"}}});
        let schema = Schema::read(&schema, &schema).unwrap();
        for (path, value, expected) in [
            ("text", json!(5), Ok(json!("5"))),
            ("text", json!(true), Ok(json!("true"))),
            ("text", json!("5"), Ok(json!("5"))),
            ("text", json!(null), Err("is null, but a text is required")),
            ("text", json!([1]), Ok(json!([1]))),
            ("mode", json!("draft"), Ok(json!("draft"))),
            ("lat", json!("-0.18"), Ok(json!(-0.18))),
            ("lat", json!(1), Ok(json!(1))),
            ("lat", json!("-0,18"), Ok(json!("-0,18"))),
            ("payload", json!("{\"a\":1}"), Ok(json!({"a": 1}))),
            ("free", json!("7"), Ok(json!("7"))),
            ("nowhere", json!(null), Ok(json!(null))),
        ] {
            let fitted = fit(schema.type_at(path), '.', value.clone());
            let fitted = fitted.map_err(|problem| problem.to_string());
            assert_eq!(fitted, expected.map_err(str::to_owned), "{path} {value}");
        }
    }
}
