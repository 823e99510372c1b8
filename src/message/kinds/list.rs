//! A text with a list of options, which opens from a button. On the wire it is a text that has options.

use std::convert::Infallible;
use std::str::FromStr;

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::input::{Input, UsageError};
use crate::message::drawing::{Part, file_and_texts, options};
use crate::message::envelope::Envelope;
use crate::message::kind::Kind;
use crate::message::text_file::TextFile;

/// Send a text with a list of options to choose from
///
/// Examples:
///   jelouctl send list --to 593987654321 --text "Need help?" --option "s=Sales|Prices" --option Other
///   jelouctl send list --to 593987654321 --body menu.json --button "Our menu"
///
/// The id of an option comes back when it is chosen. `\=` and `\|` stand for the characters themselves.
#[skip_serializing_none]
#[derive(Args, Clone, Debug, Default, Serialize)]
#[command(verbatim_doc_comment)]
pub(crate) struct List {
    /// Line above the text, up to 60 characters
    #[arg(long, allow_hyphen_values = true)]
    title: Option<String>,

    /// Text of the message, 1 to 4096 characters (Jelou's editor takes 1024)
    #[arg(long, allow_hyphen_values = true)]
    text: Option<String>,

    #[command(flatten)]
    #[serde(skip)]
    text_file: TextFile,

    /// Label of the button that opens the list, up to 20 characters [default: Jelou's]
    #[arg(id = "buttonText", long = "button", value_name = "LABEL", allow_hyphen_values = true)]
    #[serde(skip)]
    button: Option<String>,

    /// An option, up to 10 of them; titles up to 24 characters, descriptions 72 (repeatable)
    #[arg(id = "options", long = "option", value_name = "[ID=]TITLE[|DESCRIPTION]", allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<ListOption>,
}

/// One option; without an id Jelou gives it one.
#[skip_serializing_none]
#[derive(Clone, Debug, Serialize)]
struct ListOption {
    id: Option<String>,
    title: String,
    description: Option<String>,
}

impl FromStr for ListOption {
    type Err = Infallible;

    /// `ID=Title|Description`; id and description may be left out, `\=`, `\|` and `\\` are the characters themselves.
    fn from_str(raw: &str) -> Result<Self, Infallible> {
        let (mut id, mut title, mut description) = (None, String::new(), None::<String>);
        let mut characters = raw.chars().peekable();
        while let Some(character) = characters.next() {
            let escaped = (character == '\\').then(|| characters.next_if(|next| "=|\\".contains(*next))).flatten();
            match (escaped, character, &mut description) {
                (None, '=', None) if id.is_none() => id = Some(std::mem::take(&mut title)),
                (None, '|', None) => description = Some(String::new()),
                (_, _, Some(description)) => description.push(escaped.unwrap_or(character)),
                (_, _, None) => title.push(escaped.unwrap_or(character)),
            }
        }
        Ok(Self { id, title, description })
    }
}

impl Kind for List {
    const COMMAND: &'static str = "list";
    const ENVELOPE: Envelope = Envelope::Typed("text");
    const SCHEMA: &'static str = include_str!("list.json");
    const EXAMPLE: &'static str = "send list --to 593987654321 --text \"What do you need?\" --button \"Our menu\" \
            --option \"sales=Sales|Prices and orders\" --option Support";

    fn draw(body: &Value) -> Vec<Part> {
        file_and_texts(body, [options(body)])
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, UsageError> {
        let mut body = self.text_file.shape(input)?;
        if let Some(label) = &self.button {
            body.insert("buttonText".to_owned(), json!({ "type": "text", "text": label }));
        }
        Ok(body)
    }

    fn fill_defaults(fields: &mut Map<String, Value>) {
        if let Some(Value::Object(button)) = fields.get_mut("buttonText") {
            button.entry("type").or_insert(json!("text"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_an_option_apart() {
        for (raw, id, title, description) in [
            ("Sales", None, "Sales", None),
            ("s=Sales", Some("s"), "Sales", None),
            ("Sales|All day", None, "Sales", Some("All day")),
            ("s=Sales|All day", Some("s"), "Sales", Some("All day")),
            (r"a\=b=1\|2|3|4=5", Some("a=b"), "1|2", Some("3|4=5")),
            (r"C:\dir\\", None, r"C:\dir\", None),
            ("a=b=c", Some("a"), "b=c", None),
            ("=T|", Some(""), "T", Some("")),
            ("", None, "", None),
            (r"\", None, r"\", None),
        ] {
            let Ok(option) = raw.parse::<ListOption>();
            assert_eq!(option.id.as_deref(), id, "{raw}");
            assert_eq!(option.title, title, "{raw}");
            assert_eq!(option.description.as_deref(), description, "{raw}");
        }
    }
}
