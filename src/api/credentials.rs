//! The credentials of a request, and the one place that sees them in a text.

use std::fmt::Display;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::answer::{Body, scalar_text};
use super::redaction::SecretForms;
use crate::secret::Secret;

/// Replaces every hidden value.
pub(crate) const REDACTED: &str = "(redacted)";

/// Client id and secret of Jelou's Basic authentication, ready to sign many requests. Without `Debug`, nothing prints them by
/// mistake.
#[derive(Clone)]
pub(crate) struct Credentials {
    /// The value of the `Authorization` header: `Basic base64(id:secret)`, both as UTF-8 (RFC 7617).
    authorization: Secret,
    /// What is searched for in answers.
    forms: SecretForms,
    /// Where they were read from, for an error: `profile prod`.
    origin: Option<String>,
}

impl Credentials {
    /// The id must not contain `:`, because the server splits there.
    pub(crate) fn new(client_id: &str, client_secret: &Secret) -> Self {
        let secret = client_secret.reveal();
        let signed = format!("{client_id}:{secret}");
        let authorization = Secret::new(format!("Basic {}", BASE64_STANDARD.encode(&signed)));
        Self { authorization, forms: SecretForms::new(&signed, secret), origin: None }
    }

    /// The same, with where the id and the secret were read from.
    pub(crate) fn read_from(self, id: &impl Display, secret: &impl Display) -> Self {
        Self { origin: Some(format!("the client id is from {id}, the secret from {secret}")), ..self }
    }

    pub(super) fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    pub(crate) fn authorization(&self) -> &str {
        self.authorization.reveal()
    }

    /// Whether `text` repeats the secret or the header's value, in any encoding.
    pub(crate) fn are_repeated_in(&self, text: &str) -> bool {
        self.forms.are_in(text)
    }

    /// `text`, in which each line that repeats them is hidden.
    pub(crate) fn hidden_in_lines(&self, text: &str) -> String {
        let shown = |line| if self.are_repeated_in(line) { REDACTED } else { line };
        let lines = text.split('\n').map(shown).collect::<Vec<_>>().join("\n");
        // A secret may have several lines.
        if self.are_repeated_in(&lines) { REDACTED.to_owned() } else { lines }
    }

    /// Hides in an answer what repeats our secret: of JSON each such text, of another body all of it.
    pub(crate) fn hide_in(&self, body: &mut Body) {
        let repeats = self.are_repeated_in(&body.text);
        match &mut body.json {
            None if repeats => REDACTED.clone_into(&mut body.text),
            // Without escapes, strings occur in the text literally; very few answers have escapes.
            Some(json) if repeats || body.text.contains('\\') => {
                let original = json.clone();
                self.hide_in_json(json);
                if *json != original {
                    body.text = json.to_string();
                }
            }
            None | Some(_) => {}
        }
    }

    fn hide_in_json(&self, json: &mut Value) {
        match json {
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_in_json(item)),
            Value::Object(fields) => {
                let hidden = std::mem::take(fields).into_iter().map(|(name, mut value)| {
                    self.hide_in_json(&mut value);
                    (if self.are_repeated_in(&name) { REDACTED.to_owned() } else { name }, value)
                });
                *fields = hidden.collect();
            }
            Value::String(_) | Value::Number(_)
                if scalar_text(json).is_some_and(|text| self.are_repeated_in(&text)) =>
            {
                *json = REDACTED.into();
            }
            Value::String(_) | Value::Number(_) | Value::Null | Value::Bool(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_ids_with_spaces_and_secrets_with_colons() {
        // Expected values from `printf %s 'ID:SECRET' | base64`.
        for (id, secret, expected) in [
            ("id", "secret", "Basic aWQ6c2VjcmV0"),
            ("mi id", "a:b:c", "Basic bWkgaWQ6YTpiOmM="),
            ("ñandú", "contraseña", "Basic w7FhbmTDujpjb250cmFzZcOxYQ=="),
        ] {
            let credentials = Credentials::new(id, &Secret::new(secret.to_owned()));
            assert_eq!(credentials.authorization(), expected);
        }
    }

    #[test]
    fn sees_what_is_echoed() {
        for secret in [r#"ends in a quote""#, r#""begins with one"#, r"a/slash/and\more", "plain-and-long"] {
            let credentials = Credentials::new("id", &Secret::new(secret.to_owned()));
            let json = serde_json::Value::from(secret).to_string();
            let slashed = json.replace('/', r"\/");
            for text in [&*format!("<{secret}>"), &json, &slashed, credentials.authorization()] {
                assert!(credentials.are_repeated_in(text), "{text}");
                let lines = credentials.hidden_in_lines(&format!("one\n{text}\ntwo"));
                assert_eq!(lines, "one\n(redacted)\ntwo");
            }
            assert!(!credentials.are_repeated_in("nothing of it"));
        }
        let credentials = Credentials::new("id", &Secret::new("one\nand another".to_owned()));
        assert_eq!(credentials.hidden_in_lines("a\none\nand another"), REDACTED);
    }
}
