//! A flag of a kind of message: how it is typed, and the field that it sets.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, ValueHint};
use serde_json::{Number, Value, json};

use super::limits::limit;
use super::or_template::{WordOrTemplate, is_template};
use super::schema_path;
use crate::input::{Input, UsageError};
use crate::line_breaks::with_plain_line_breaks;

/// A flag, or an argument. Its help is the description of its field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    /// The path on the wire of the field that it sets, or else a name.
    pub(super) id: &'static str,
    /// The field, if it sets one.
    field: Option<&'static str>,
    /// As a usage line has it: `--button LABEL`, or `TEXT` for an argument.
    usage: &'static str,
    takes: Takes,
    is_list: bool,
    alias: Option<&'static str>,
    /// The ids of flags that cannot be typed beside it.
    pub(super) conflicts: &'static [&'static str],
    /// The id of a flag that must be typed beside it.
    requires: Option<&'static str>,
    /// The help of a flag that is not described as its field is.
    help: Option<&'static str>,
    check: fn(&str) -> Result<(), String>,
}

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// A text; what else its schema allows, a number or one of some words, is checked.
    Text,
    /// JSON, or `@FILE` with it.
    Json,
    /// A file with a text, or `-`.
    TextFile,
}

pub(super) const TITLE: Flag = Flag::text("title", "--title TITLE");
pub(super) const TEXT: Flag = Flag::text("text", "--text TEXT");
pub(super) const CAPTION: Flag = Flag::text("caption", "--caption CAPTION");
/// A text below a file.
pub(super) const FILE_TEXT: Flag = TEXT.alias("caption");
pub(super) const TEXT_FILE: Flag = Flag { takes: Takes::TextFile, ..Flag::text("text", "--text-file FILE|-") }
    .named("text_file")
    .conflicts(&["text"])
    .help("Read the text from a file, or from standard input\n\nOne final newline is dropped.");
pub(super) const MEDIA_URL: Flag = Flag::text("mediaUrl", "--media-url URL").alias("url");
pub(super) const FLOW_NAME: Flag = Flag::text("parameters.flow_name", "--flow-name NAME");
pub(super) const FLOW_CTA: Flag = Flag::text("parameters.flow_cta", "--button LABEL").alias("cta");
pub(super) const SCREEN: Flag =
    Flag::text("parameters.flow_action_payload.screen", "--screen SCREEN").conflicts(&[ACTION_PAYLOAD.id]);
pub(super) const ACTION_PAYLOAD: Flag = Flag::json("parameters.flow_action_payload", "--action-payload JSON|@FILE")
    .help("The action payload as JSON, instead of --screen\n\nSuch as '{\"screen\": \"A\", \"data\": {…}}'.");

impl Flag {
    pub(super) const fn text(field: &'static str, usage: &'static str) -> Self {
        Self {
            id: field,
            field: Some(field),
            usage,
            takes: Takes::Text,
            is_list: false,
            alias: None,
            conflicts: &[],
            requires: None,
            help: None,
            check: |_| Ok(()),
        }
    }

    /// One that may be repeated.
    pub(super) const fn texts(field: &'static str, usage: &'static str) -> Self {
        Self { is_list: true, ..Self::text(field, usage) }
    }

    pub(super) const fn json(field: &'static str, usage: &'static str) -> Self {
        Self { takes: Takes::Json, ..Self::text(field, usage) }
    }

    /// One that may be repeated, each time with one value or an array of values.
    pub(super) const fn json_list(field: &'static str, usage: &'static str) -> Self {
        Self { is_list: true, ..Self::json(field, usage) }
    }

    /// One that only its kind reads.
    pub(super) const fn other(id: &'static str, usage: &'static str, help: &'static str) -> Self {
        Self { field: None, ..Self::text(id, usage) }.help(help)
    }

    /// One with an id that is not the path of its field.
    pub(super) const fn named(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    pub(super) const fn alias(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }

    pub(super) const fn conflicts(self, conflicts: &'static [&'static str]) -> Self {
        Self { conflicts, ..self }
    }

    pub(super) const fn requires(self, id: &'static str) -> Self {
        Self { requires: Some(id), ..self }
    }

    pub(super) const fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }

    pub(super) const fn checked(self, check: fn(&str) -> Result<(), String>) -> Self {
        Self { check, ..self }
    }

    /// Its name as it is typed, if it is not an argument, and that of its value.
    fn names(&self) -> (Option<&'static str>, &'static str) {
        let flag = self.usage.strip_prefix("--").and_then(|usage| usage.split_once(' '));
        flag.map_or((None, self.usage), |(name, value)| (Some(name), value))
    }

    /// `--button`, or `TEXT` for an argument.
    pub(super) fn shown(&self) -> String {
        let (name, value) = self.names();
        name.map_or(value.to_owned(), |name| format!("--{name}"))
    }

    /// The flag as clap has it, of a kind with this `schema`.
    pub(super) fn arg(self, schema: &'static Value) -> Arg {
        let of_field = self.field.and_then(|field| schema_path::at(schema, field));
        let help = self.help.or_else(|| of_field?.get("description")?.as_str()).unwrap_or_default();
        let (name, value) = self.names();
        let hint = match value {
            "URL" => ValueHint::Url,
            "FILE|-" => ValueHint::FilePath,
            _ => ValueHint::Unknown,
        };
        let mut arg = Arg::new(self.id).value_name(value).value_hint(hint).conflicts_with_all(self.conflicts);
        arg = arg.action(if self.is_list { ArgAction::Append } else { ArgAction::Set });
        // A text may begin with a dash. These do not: behind an empty variable they would swallow the next flag.
        arg = arg.allow_hyphen_values(name.is_some() && !["URL", "FILE|-", "CODE"].contains(&value));
        arg = match help.split_once("\n\n") {
            Some((short, _)) => arg.help(short).long_help(help),
            None => arg.help(help),
        };
        if let Some(name) = name {
            arg = arg.long(name).visible_aliases(self.alias);
        }
        if let Some(required) = self.requires {
            arg = arg.requires(required);
        }
        match of_field.and_then(|field| field.get("enum")?.as_array()) {
            Some(words) => {
                let words = PossibleValuesParser::new(words.iter().filter_map(Value::as_str));
                arg.ignore_case(true).value_parser(WordOrTemplate(words))
            }
            None => arg.value_parser(move |raw: &str| {
                (self.check)(raw)?;
                match of_field.filter(|field| is_number(field) && !is_template(raw) && raw.parse::<Number>().is_err()) {
                    Some(field) => {
                        Err(format!("`{}` is not a number; write one from {}", raw.escape_debug(), limit(field)))
                    }
                    None => Ok::<_, String>(raw.to_owned()),
                }
            }),
        }
    }

    /// The field that it sets and its value, as it was `typed`.
    pub(super) fn read(
        &self,
        typed: &[&str],
        schema: &Value,
        input: &mut Input,
    ) -> Result<Option<(&'static str, Value)>, UsageError> {
        let (Some(field), [first, ..]) = (self.field, typed) else { return Ok(None) };
        let flag = self.shown();
        let value = match self.takes {
            Takes::Text if self.is_list => json!(typed),
            Takes::Text => match first.parse::<Number>() {
                Ok(number) if schema_path::at(schema, field).is_some_and(is_number) => Value::Number(number),
                Ok(_) | Err(_) => json!(first),
            },
            Takes::Json if self.is_list => {
                let Ok(sources) = typed.iter().map(|raw| raw.parse()).collect::<Result<Vec<_>, _>>();
                Value::Array(input.json_list(&flag, &sources)?)
            }
            Takes::Json => {
                let Ok(source) = first.parse();
                input.json_flag(&flag, &source)?
            }
            Takes::TextFile => {
                let Ok(source) = first.parse();
                // A file from Windows has the same text.
                json!(with_plain_line_breaks(&input.text(&flag, &source)?))
            }
        };
        Ok(Some((field, value)))
    }
}

fn is_number(schema: &Value) -> bool {
    schema.get("type") == Some(&json!("number"))
}

/// What was typed for the flags of a message, by their ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct TypedFlags(Vec<(&'static str, String)>);

impl TypedFlags {
    pub(super) fn of(flags: &[Flag], matches: &ArgMatches) -> Self {
        let values = flags.iter().map(|flag| (flag.id, matches.get_many::<String>(flag.id).into_iter().flatten()));
        Self(values.flat_map(|(id, values)| values.map(move |value| (id, value.clone()))).collect())
    }

    pub(super) fn all(&self, id: &str) -> Vec<&str> {
        self.0.iter().filter(|(known, _)| *known == id).map(|(_, value)| value.as_str()).collect()
    }

    pub(super) fn one(&self, id: &str) -> Option<&str> {
        self.all(id).first().copied()
    }

    /// Whether one of the flags with these ids was typed.
    pub(super) fn has_any(&self, ids: &[&str]) -> bool {
        self.0.iter().any(|(known, _)| ids.contains(known))
    }
}
