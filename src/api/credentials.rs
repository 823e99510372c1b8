//! The credentials of a request, and the one place that removes a secret from a text.

use std::fmt::Display;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::redaction::{base64_forms, find_secrets};
use crate::secret::Secret;

/// Replaces every hidden value.
pub(crate) const REDACTED: &str = "(redacted)";

/// A shorter secret is not searched for in answers: that would remove ordinary words.
const SHORTEST_SEARCHED: usize = 8;

/// Client id and secret of Jelou's Basic authentication, ready to sign many requests.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    /// The value of the `Authorization` header: `Basic base64(id:secret)`, both as UTF-8 (RFC 7617).
    authorization: Secret,
    /// Searched for in answers: the secret itself …
    plain: Option<Secret>,
    /// … and the header's value and the secret in base64, without the end.
    base64: Vec<Secret>,
    /// Where they were read from, for an error: `profile prod`.
    origin: Option<String>,
}

impl Credentials {
    /// The id must not contain `:`, because the server splits there.
    pub(crate) fn new(client_id: &str, client_secret: &Secret) -> Self {
        let secret = client_secret.reveal();
        let signed = format!("{client_id}:{secret}");
        let authorization = Secret::new(format!("Basic {}", BASE64_STANDARD.encode(&signed)));
        let is_searched = secret.len() >= SHORTEST_SEARCHED;
        let mut base64 = base64_forms(&signed);
        if is_searched {
            base64.extend(base64_forms(secret));
        }
        Self {
            authorization,
            plain: is_searched.then(|| client_secret.clone()),
            base64: base64.into_iter().map(Secret::new).collect(),
            origin: None,
        }
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

    /// `text` without the secret and the header's value, in any encoding; None if it contains neither.
    pub(crate) fn redact(&self, text: &str) -> Option<String> {
        let plain: Vec<_> = self.plain.iter().map(Secret::reveal).collect();
        let base64: Vec<_> = self.base64.iter().map(Secret::reveal).filter(|form| !form.is_empty()).collect();
        let found = find_secrets(text, &plain, &base64);
        if found.is_empty() {
            return None;
        }
        let mut redacted = String::with_capacity(text.len());
        let mut from = 0;
        for range in found {
            redacted.push_str(text.get(from..range.start).unwrap_or_default());
            redacted.push_str(REDACTED);
            from = range.end;
        }
        redacted.push_str(text.get(from..).unwrap_or_default());
        Some(redacted)
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
    fn takes_an_echoed_secret_out_whole() {
        for secret in [r#"ends in a quote""#, r#""begins with one"#, r"a/slash/and\more", "plain-and-long"] {
            let credentials = Credentials::new("id", &Secret::new(secret.to_owned()));
            let json = serde_json::Value::from(secret).to_string();
            let slashed = json.replace('/', r"\/");
            for (text, expected) in [
                (&*format!("<{secret}>"), "<(redacted)>"),
                (&json, "\"(redacted)\""),
                (&slashed, "\"(redacted)\""),
                (credentials.authorization(), "Basic (redacted)"),
            ] {
                assert_eq!(credentials.redact(text).as_deref(), Some(expected), "{text}");
            }
            assert_eq!(credentials.redact("nothing of it"), None);
            assert!(!format!("{credentials:?}").contains(secret));
        }
    }
}
