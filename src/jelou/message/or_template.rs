//! Values of a body that may be templates, which the rows of a bulk run fill. The value of some
//! flags is one of a fixed set of words. Any other value gets the type in its schema.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::{Number, Value};

use crate::base::message::{Message, msg};

/// One of a fixed set of words, in lower case, or a template that each row of a bulk run turns into
/// one.
#[derive(Clone, Debug)]
pub(crate) struct WordOrTemplate(pub(crate) PossibleValuesParser);

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
pub(crate) fn read_number(text: &str, decimal_mark: char) -> Option<Number> {
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
