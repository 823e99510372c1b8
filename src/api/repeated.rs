//! Reads JSON like serde_json, and detects a key that occurs twice in an object; serde_json keeps only the last one.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The keys that decide the outcome of a message.
const DECIDING: [&str; 7] = ["success", "status", "statusMessage", "messageId", "error", "code", "id"];

/// Parses `text` as JSON; also whether a key that decides the outcome occurs twice in one object with different values.
pub(super) fn read_json(text: &str) -> Option<(Value, bool)> {
    let mut contradicts = false;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = ValueSeed { contradicts: &mut contradicts }.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some((value, contradicts))
}

/// Reads one value.
struct ValueSeed<'a> {
    contradicts: &'a mut bool,
}

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
        while let Some(value) = items.next_element_seed(ValueSeed { contradicts: &mut *self.contradicts })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(ValueSeed { contradicts: &mut *self.contradicts })?;
            let decides = DECIDING.contains(&name.as_str());
            match object.get(&name) {
                Some(earlier) if decides && *earlier != value => *self.contradicts = true,
                _ => {}
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
    fn reads_what_serde_json_reads() {
        for text in [
            r#"{"a":[1,-2,3.5,1e300,18446744073709551615,"x\u00e9\n",true,null,{}],"b":{"c":""}}"#,
            "\"text\"",
            " 1 ",
            "{} x",
            "{",
            "",
            r#"{"a":1,}"#,
        ] {
            let read = read_json(text);
            assert_eq!(read.as_ref().map(|(value, _)| value), serde_json::from_str(text).ok().as_ref(), "{text}");
            assert!(!read.is_some_and(|(_, contradicts)| contradicts), "{text}");
        }
        // Real answers are never nested so deeply; serde_json stops before the stack overflows.
        assert!(read_json(&"[".repeat(100_000)).is_none());
    }

    #[test]
    fn sees_a_deciding_key_that_stands_twice() {
        for (text, expected) in [
            (r#"{"success":true,"success":false}"#, true),
            (r#"{"success":true,"success":true}"#, false),
            (r#"{"messageId":"a","messageId":"b"}"#, true),
            (r#"{"error":{"code":1,"code":130429}}"#, true),
            (r#"[{"id":"a","id":"b"}]"#, true),
            (r#"{"stat\u0075s":1,"status":"failed"}"#, true),
            (r#"{"text":"a","text":"b"}"#, false),
            (r#"{"id":"a","x":{"id":"b"}}"#, false),
        ] {
            assert_eq!(read_json(text).unwrap().1, expected, "{text}");
        }
    }
}
