//! Who signs a request, and the one place that takes a secret out of a text.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::secret::Secret;

/// What a hidden value is replaced with, everywhere.
pub const REDACTED: &str = "(redacted)";

/// A shorter secret is not searched for in answers: it would blot out ordinary words.
const SHORTEST_SEARCHED: usize = 8;

/// Client id and secret of Jelou's Basic authentication. The id has no `:`, as the server splits there.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub client_id: String,
    pub client_secret: Secret,
}

impl Credentials {
    /// The value of the `Authorization` header: `Basic base64(id:secret)`, both as UTF-8 (RFC 7617).
    pub fn authorization(&self) -> String {
        format!("Basic {}", self.token())
    }

    /// `text` without the secret and without the header's value, which a server may echo, as they are or inside JSON.
    pub fn redact(&self, text: &str) -> String {
        let (token, secret) = (self.token(), self.client_secret.reveal());
        let mut forms = vec![token];
        if secret.len() >= SHORTEST_SEARCHED {
            let quoted = serde_json::Value::from(secret).to_string();
            let escaped = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            forms.extend([escaped.unwrap_or_default().to_owned(), secret.to_owned()]);
        }
        let slashes: Vec<_> = forms.iter().map(|form| form.replace('/', r"\/")).collect();
        forms.splice(0..0, slashes);
        forms.iter().fold(text.to_owned(), |text, form| text.replace(form, REDACTED))
    }

    fn token(&self) -> String {
        BASE64_STANDARD.encode(format!("{}:{}", self.client_id, self.client_secret.reveal()))
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
            let credentials = Credentials { client_id: id.to_owned(), client_secret: Secret::new(secret.to_owned()) };
            assert_eq!(credentials.authorization(), expected);
        }
    }

    #[test]
    fn takes_an_echoed_secret_out_whole() {
        for secret in [r#"ends in a quote""#, r#""begins with one"#, r"a/slash/and\more", "plain-and-long"] {
            let credentials = Credentials { client_id: "id".to_owned(), client_secret: Secret::new(secret.to_owned()) };
            let json = serde_json::Value::from(secret).to_string();
            let slashed = json.replace('/', r"\/");
            assert_eq!(credentials.redact(&format!("<{secret}>")), "<(redacted)>");
            assert_eq!(credentials.redact(&json), "\"(redacted)\"");
            assert_eq!(credentials.redact(&slashed), "\"(redacted)\"");
            assert_eq!(credentials.redact(&credentials.authorization()), "Basic (redacted)");
        }
    }
}
