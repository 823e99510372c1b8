//! A text with a list of options, which a button opens. In the body it is a text with options.

use serde_json::{Map, Value, json};

use crate::jelou::message::envelope::Envelope;
use crate::jelou::message::kind::Kind;
use crate::jelou::message::vcard::filled;

pub(super) const LIST: Kind = Kind {
    shape: |_, fields, _| {
        with_objects(fields);
        Ok(())
    },
    ..Kind::new("list", Envelope::Typed("text"), include_str!("list.json"))
};

/// Turns the texts of the option flag into objects.
fn with_objects(fields: &mut Map<String, Value>) {
    for typed in fields
        .get_mut("options")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        *typed = option(typed.as_str().unwrap_or_default());
    }
}

/// Parses `ID=Title|Description`. Id and description are optional; `\=`, `\|` and `\\` are literal
/// characters.
fn option(raw: &str) -> Value {
    let mut id = None;
    let mut title = String::new();
    let mut description = None::<String>;
    let mut characters = raw.chars().peekable();
    while let Some(character) = characters.next() {
        let escaped = (character == '\\')
            .then(|| characters.next_if(|next| "=|\\".contains(*next)))
            .flatten();
        match (escaped, character, &mut description) {
            (None, '=', None) if id.is_none() => id = Some(std::mem::take(&mut title)),
            (None, '|', None) => description = Some(String::new()),
            (_, _, Some(description)) => description.push(escaped.unwrap_or(character)),
            (_, _, None) => title.push(escaped.unwrap_or(character)),
        }
    }
    let [id, description] = [id, description].map(|text| text.map(Value::from));
    json!(filled([
        ("id", id),
        ("title", Some(json!(title))),
        ("description", description)
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_option_is_split_into_fields() {
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
            let fields = [
                ("id", id),
                ("title", Some(title)),
                ("description", description),
            ];
            assert_eq!(
                option(raw),
                json!(filled(
                    fields.map(|(name, text)| (name, text.map(Value::from)))
                )),
                "{raw}"
            );
        }
    }
}
