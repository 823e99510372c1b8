//! Who signs a request, and the one place that takes a secret out of a text.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::secret::Secret;

/// What a hidden value is replaced with, everywhere.
pub(crate) const REDACTED: &str = "(redacted)";

/// A shorter secret is not searched for in answers: it would blot out ordinary words.
const SHORTEST_SEARCHED: usize = 8;

/// Client id and secret of Jelou's Basic authentication, ready to sign many requests.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    /// The value of the `Authorization` header: `Basic base64(id:secret)`, both as UTF-8 (RFC 7617).
    authorization: Secret,
    /// What of it a server may echo, as it is or inside JSON.
    echoes: Vec<Secret>,
}

impl Credentials {
    /// The id has no `:`, as the server splits there.
    pub(crate) fn new(client_id: &str, client_secret: &Secret) -> Self {
        let secret = client_secret.reveal();
        let token = BASE64_STANDARD.encode(format!("{client_id}:{secret}"));
        let authorization = Secret::new(format!("Basic {token}"));
        let mut echoes = vec![token];
        if secret.len() >= SHORTEST_SEARCHED {
            let quoted = serde_json::Value::from(secret).to_string();
            let escaped = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            echoes.extend([escaped.unwrap_or_default().to_owned(), secret.to_owned()]);
        }
        let slashes: Vec<_> = echoes.iter().map(|echo| echo.replace('/', r"\/")).collect();
        echoes.splice(0..0, slashes);
        echoes.dedup();
        Self { authorization, echoes: echoes.into_iter().map(Secret::new).collect() }
    }

    pub(crate) fn authorization(&self) -> &str {
        self.authorization.reveal()
    }

    /// `text` without the secret and without the header's value; nothing where neither is in it.
    pub(crate) fn redact(&self, text: &str) -> Option<String> {
        let found = self.echoes.iter().filter(|echo| text.contains(echo.reveal()));
        found.fold(None, |redacted: Option<String>, echo| {
            Some(redacted.as_deref().unwrap_or(text).replace(echo.reveal(), REDACTED))
        })
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
