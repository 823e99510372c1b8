//! A value that must never be shown. It has no `Display`, its `Debug` hides it, and there is one way to read it.

use std::fmt;

use crate::base::invisible::without_final_line_break;

/// A client secret from any source, without one final line break and without a byte order mark.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// Cleans the value: `secret\n` and `secret\r\n` become `secret`.
    pub(crate) fn new(mut raw: String) -> Self {
        raw.truncate(without_final_line_break(&raw).len());
        Self(
            raw.strip_prefix('\u{feff}')
                .map(str::to_owned)
                .unwrap_or(raw),
        )
    }

    /// Returns the value itself. Callers must never print it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_loses_only_one_final_line_break() {
        for (raw, expected) in [
            ("a", "a"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            (" a ", " a "),
            ("\u{feff}a\n", "a"),
        ] {
            assert_eq!(Secret::new(raw.to_owned()).reveal(), expected);
        }
    }

    #[test]
    fn debug_output_hides_the_secret() {
        assert_eq!(
            format!("{:?}", Secret::new("canary".to_owned())),
            "(redacted)"
        );
    }
}
