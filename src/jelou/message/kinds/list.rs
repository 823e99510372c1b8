//! A text with a list of options, which a button opens. In the body it is a text with options.

use serde_json::{Value, json};

use super::Kind;
use crate::jelou::message::envelope::{Envelope, items_mut};
use crate::jelou::message::vcard::filled;

pub(super) const LIST: Kind = Kind {
    shape: |_, fields, _| {
        // The flag sets texts.
        items_mut(fields.get_mut("options"))
            .for_each(|typed| *typed = option(typed.as_str().unwrap_or_default()));
        Ok(())
    },
    ..Kind::new("list", Envelope::Typed("text"), include_str!("list.json"))
};

/// Parses `ID=Title|Description`. Id and description are optional; `\=`, `\|` and `\\` are literal
/// characters, and so is all in `{{ … }}` and `{% … %}`. An id has no space outside of these: `Precio = $5` is a title.
fn option(raw: &str) -> Value {
    let mut id = None;
    let mut title = String::new();
    let mut description = None::<String>;
    let mut characters = raw.chars().peekable();
    let mut is_expression = false;
    let mut has_space = false;
    let mut previous = None;
    while let Some(character) = characters.next() {
        if character == '{' && matches!(characters.peek(), Some('{' | '%')) {
            is_expression = true;
        }
        if character == '}' && matches!(previous, Some('}' | '%')) {
            is_expression = false;
        }
        previous = Some(character);
        let escaped = (character == '\\')
            .then(|| characters.next_if(|next| "=|\\".contains(*next)))
            .flatten();
        let divides = escaped.is_none() && !is_expression;
        has_space |= divides && character.is_whitespace();
        match (character, &mut description) {
            ('=', None) if divides && id.is_none() && !has_space => {
                id = Some(std::mem::take(&mut title));
            }
            ('|', None) if divides => description = Some(String::new()),
            (_, Some(description)) => description.push(escaped.unwrap_or(character)),
            (_, None) => title.push(escaped.unwrap_or(character)),
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
            ("Precio = $5", None, "Precio = $5", None),
            ("Precio =$5|Hoy", None, "Precio =$5", Some("Hoy")),
            ("Dos a=b", None, "Dos a=b", None),
            ("p=Precio = $5", Some("p"), "Precio = $5", None),
            ("{{ a }}=b c", Some("{{ a }}"), "b c", None),
            (
                "a={{ b | upper }}|{% if c == 'd' %}e|f{% endif %}",
                Some("a"),
                "{{ b | upper }}",
                Some("{% if c == 'd' %}e|f{% endif %}"),
            ),
            ("{{ a|upper }}=b|c", Some("{{ a|upper }}"), "b", Some("c")),
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
