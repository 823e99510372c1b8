//! Reads JSON like serde_json, and finds a field that stands twice in one object: serde_json keeps the last one, and silently
//! loses the first.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Parses `text`, and calls `on_repeated` with the name of each repeated field, its earlier and its later value.
///
/// # Errors
/// If it is not JSON.
pub(crate) fn read_json(text: &str, on_repeated: &mut dyn FnMut(&str, &Value, &Value)) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = ValueSeed(on_repeated).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Reads one value.
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
            let read = read_json(text, &mut |name, _, _| panic!("{name} in {text}"));
            assert_eq!(read.ok(), serde_json::from_str(text).ok(), "{text}");
        }
        // Real answers are never nested so deeply; serde_json stops before the stack overflows.
        assert!(read_json(&"[".repeat(100_000), &mut |_, _, _| ()).is_err());
    }
}
