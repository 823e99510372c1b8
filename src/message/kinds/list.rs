//! A text with a list of options, which opens from a button. On the wire it is a text that has options.

use std::convert::Infallible;
use std::str::FromStr;

use clap::Args;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::input::{Input, InputError};
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
#[derive(Args, Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[command(verbatim_doc_comment)]
pub(crate) struct List {
    /// Line above the text, up to 60 characters
    #[arg(long, allow_hyphen_values = true)]
    #[garde(length(chars, min = 1, max = 60))]
    #[schemars(extend("x-source" = "Jelou"))]
    title: Option<String>,

    /// Text of the message, 1 to 4096 characters (Jelou's editor takes 1024)
    #[arg(long, allow_hyphen_values = true)]
    #[garde(required, length(chars, min = 1, max = 4096))]
    #[schemars(extend("x-source" = "WhatsApp", "x-advised" = {"maxLength": 1024, "source": "Jelou's editor"}))]
    text: Option<String>,

    #[command(flatten)]
    #[serde(skip)]
    text_file: TextFile,

    #[arg(skip)]
    #[garde(dive)]
    buttonText: Option<ButtonText>,

    #[arg(skip)]
    #[garde(required, length(min = 1, max = 10), dive)]
    #[schemars(extend("x-source" = "Jelou"))]
    options: Option<Vec<ListOption>>,

    #[command(flatten)]
    #[serde(skip)]
    flags: ListFlags,

    #[arg(skip)]
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// The button that opens the list.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct ButtonText {
    r#type: Option<String>,

    #[garde(required, length(chars, min = 1, max = 20))]
    #[schemars(extend("x-source" = "WhatsApp"))]
    text: Option<String>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// One option; without an id Jelou gives it one.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize, Validate)]
#[garde(allow_unvalidated)]
#[serde(expecting = "an object")]
struct ListOption {
    #[garde(length(chars, min = 1, max = 200))]
    #[schemars(extend("x-source" = "WhatsApp"))]
    id: Option<String>,

    #[garde(required, length(chars, min = 1, max = 24))]
    #[schemars(extend("x-source" = "Jelou"))]
    title: Option<String>,

    #[garde(length(chars, min = 1, max = 72))]
    #[schemars(extend("x-source" = "Jelou"))]
    description: Option<String>,

    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Args, Clone, Debug, Default)]
struct ListFlags {
    /// Label of the button that opens the list, up to 20 characters [default: Jelou's]
    #[arg(id = "buttonText", long = "button", value_name = "LABEL", allow_hyphen_values = true)]
    button: Option<String>,

    /// An option, up to 10 of them; titles up to 24 characters, descriptions 72 (repeatable)
    #[arg(id = "options", long = "option", value_name = "[ID=]TITLE[|DESCRIPTION]", allow_hyphen_values = true)]
    options: Vec<ListOption>,
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
        Ok(Self { id, title: Some(title), description, unknown: Map::new() })
    }
}

impl Kind for List {
    const COMMAND: &'static str = "list";
    const ENVELOPE: Envelope = Envelope::Typed("text");
    const EXAMPLE: &'static str = "send list --to 593987654321 --text \"What do you need?\" --button \"Our menu\" \
            --option \"sales=Sales|Prices and orders\" --option Support";

    fn draw(body: &Value) -> Vec<Part> {
        file_and_texts(body, [options(body)])
    }

    fn shape_flags(&self, input: &mut Input) -> Result<Map<String, Value>, InputError> {
        let mut body = self.text_file.shape(input)?;
        if let Some(label) = &self.flags.button {
            body.insert("buttonText".to_owned(), json!({ "type": "text", "text": label }));
        }
        if !self.flags.options.is_empty() {
            body.insert("options".to_owned(), json!(self.flags.options));
        }
        Ok(body)
    }

    fn fill_defaults(&mut self) {
        if let Some(button) = &mut self.buttonText {
            button.r#type.get_or_insert_with(|| "text".to_owned());
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
            assert_eq!(option.title.as_deref(), Some(title), "{raw}");
            assert_eq!(option.description.as_deref(), description, "{raw}");
        }
    }
}
