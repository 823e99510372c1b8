//! A value that must never be shown: no `Display`, a `Debug` that hides it, and one way to read it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny};

/// A client secret. It loses one final line break and a byte order mark, wherever it came from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// Takes the value as it was read; `secret\n` and `secret\r\n` become `secret`.
    #[must_use]
    pub(crate) fn new(raw: String) -> Self {
        let mut raw = raw.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(raw);
        if raw.ends_with('\n') {
            raw.pop();
            if raw.ends_with('\r') {
                raw.pop();
            }
        }
        Self(raw)
    }

    /// The value itself, for the one place that signs a request.
    #[must_use]
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(redacted)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    /// Serde's own message for a wrong type quotes the value, so it is read as anything first.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum AnyValue {
            Text(String),
            Other(IgnoredAny),
        }
        match AnyValue::deserialize(deserializer)? {
            AnyValue::Text(text) => Ok(Self::new(text)),
            AnyValue::Other(_) => Err(D::Error::custom("invalid type: expected a string in quotes")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loses_one_final_line_break_and_no_more() {
        for (raw, expected) in
            [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a "), ("\u{feff}a\n", "a")]
        {
            assert_eq!(Secret::new(raw.to_owned()).reveal(), expected);
        }
    }

    #[test]
    fn debug_does_not_show_it() {
        assert_eq!(format!("{:?}", Secret::new("canary".to_owned())), "(redacted)");
    }
}
