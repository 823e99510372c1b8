//! A value that must never be shown: no `Display`, a `Debug` that hides it, and one way to read it.

use std::fmt;

use crate::line_breaks::without_final_line_break;

/// A client secret, without one final line break and a byte order mark, whatever its source.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// Takes the value from its source; `secret\n` and `secret\r\n` become `secret`.
    #[must_use]
    pub(crate) fn new(mut raw: String) -> Self {
        raw.truncate(without_final_line_break(&raw).len());
        Self(raw.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(raw))
    }

    /// The value itself, for the one place that signs a request.
    #[must_use]
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// What the value probably is if it is not just a secret, without revealing any of it: an API key has neither lines
    /// nor quotes, and a name in front belongs in a file of variables.
    #[must_use]
    pub(crate) fn suspicious_shape(&self) -> Option<&'static str> {
        let value = self.0.trim();
        let is_between = |open: char, close: char| value.len() > 1 && value.starts_with(open) && value.ends_with(close);
        let is_name = |name: &str| {
            name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let variable = value.strip_prefix('$').map(|name| name.trim_matches(['{', '}', '(', ')', ' ']));
        let assigned = value.strip_prefix("export ").unwrap_or(value).split_once('=');
        // The padding of base64 is not a value.
        let assigned = assigned.filter(|(_, text)| !text.trim_matches('=').is_empty());
        if is_between('{', '}') || is_between('[', ']') {
            Some("looks like JSON; only the secret itself may stand there")
        } else if is_between('"', '"') || is_between('\'', '\'') {
            Some("stands in quotes, which are sent as a part of it")
        } else if variable.is_some_and(is_name) {
            Some("looks like an unexpanded variable")
        } else if value.contains('\n') {
            Some("has several lines, which are all sent as one secret")
        } else if assigned.is_some_and(|(name, _)| is_name(name)) {
            Some("looks like NAME=VALUE; only the value may stand there")
        } else {
            None
        }
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
    fn knows_what_is_not_a_secret_alone() {
        for (raw, expected) in [
            ("one\ntwo", Some("several lines")),
            ("JELOU_CLIENT_SECRET=abc\n", Some("NAME=VALUE")),
            ("export SECRET=abc", Some("NAME=VALUE")),
            ("client_secret=a=b", Some("NAME=VALUE")),
            ("\"abc\"", Some("quotes")),
            ("'abc'\n", Some("quotes")),
            ("{\"secret\": \"abc\"}", Some("JSON")),
            ("{\n  \"secret\": \"abc\"\n}\n", Some("JSON")),
            ("$SECRET", Some("variable")),
            ("${SECRET}", Some("variable")),
            ("${{ secrets }}", Some("variable")),
            ("abc", None),
            ("YWJjZA==", None),
            ("YWJjZA=", None),
            ("a$b'c\"d", None),
            ("$2y$10$abc.def", None),
            ("abc=", None),
            ("a-b=c", None),
            ("\"", None),
        ] {
            let found = Secret::new(raw.to_owned()).suspicious_shape();
            assert_eq!(found.is_some(), expected.is_some(), "{raw:?}: {found:?}");
            assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()), "{raw:?}: {found:?}");
        }
    }

    #[test]
    fn debug_does_not_show_it() {
        assert_eq!(format!("{:?}", Secret::new("canary".to_owned())), "(redacted)");
    }
}
