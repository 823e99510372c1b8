//! The variables that are ours, read once. One that is set but empty is an error: a CI secret that does not exist. So is
//! one with characters around its value that a person cannot see or did not mean: an env file keeps quotes, a file from
//! Windows a carriage return.

use super::error::ConfigError;
use crate::secret::Secret;

/// What the environment says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// `JELOU_PROFILE`
    pub(crate) profile: Option<String>,
    /// `JELOUCTL_CONFIG`
    pub(crate) config: Option<String>,
    /// `JELOU_BOT_ID`
    pub(crate) bot_id: Option<String>,
    /// `JELOU_CLIENT_ID`
    pub(crate) client_id: Option<String>,
    /// `JELOU_CLIENT_SECRET`
    pub(crate) client_secret: Option<Secret>,
    /// `JELOU_API_URL`
    pub(crate) api_url: Option<String>,
    /// `JELOU_TIMEOUT`
    pub(crate) timeout: Option<String>,
    /// `JELOU_RETRY_FOR`
    pub(crate) retry_for: Option<String>,
    /// `JELOUCTL_SANDBOX`
    pub(crate) sandbox: Option<String>,
    /// `JELOU_TO`
    pub(crate) to: Option<String>,
}

impl Environment {
    pub(crate) fn read() -> Result<Self, ConfigError> {
        let read = |name: &'static str| match std::env::var_os(name) {
            None => Ok(None),
            Some(value) if value.is_empty() => Err(ConfigError::EmptyVariable { name }),
            Some(value) => {
                let value = value.into_string().map_err(|_| ConfigError::VariableNotUtf8 { name })?;
                match stray_character(&value) {
                    None => Ok(Some(value)),
                    Some(problem) => Err(ConfigError::Variable { name, problem: problem.to_owned() }),
                }
            }
        };
        Ok(Self {
            profile: read("JELOU_PROFILE")?,
            config: read("JELOUCTL_CONFIG")?,
            bot_id: read("JELOU_BOT_ID")?,
            client_id: read("JELOU_CLIENT_ID")?,
            client_secret: read("JELOU_CLIENT_SECRET")?.map(Secret::new),
            api_url: read("JELOU_API_URL")?,
            timeout: read("JELOU_TIMEOUT")?,
            retry_for: read("JELOU_RETRY_FOR")?,
            sandbox: read("JELOUCTL_SANDBOX")?,
            to: read("JELOU_TO")?,
        })
    }
}

/// What stands at the edge of a value and is no part of it; the value itself may be secret. One final line break may stay.
fn stray_character(value: &str) -> Option<&'static str> {
    let line = value.strip_suffix('\n').unwrap_or(value);
    let is_quoted = |quote: char| line.len() > 1 && line.starts_with(quote) && line.ends_with(quote);
    if line.contains('\r') {
        Some("its value has a carriage return; it may come from a file with Windows line breaks")
    } else if line.trim() != line {
        Some("its value begins or ends with a blank")
    } else if is_quoted('"') || is_quoted('\'') {
        Some("its value stands in quotes, which would be a part of it")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_meant_is_found_at_the_edges() {
        for (value, problem) in [
            ("77", None),
            ("a b", None),
            ("77\n", None),
            ("\"", None),
            ("'a\"", None),
            ("it's", None),
            (" 77", Some("blank")),
            ("77\t", Some("blank")),
            ("77\n\n", Some("blank")),
            ("\u{a0}77", Some("blank")),
            ("77\r", Some("carriage return")),
            ("77\r\n", Some("carriage return")),
            ("a\rb", Some("carriage return")),
            ("\"77\"", Some("quotes")),
            ("'77'\n", Some("quotes")),
            ("''", Some("quotes")),
        ] {
            let found = stray_character(value);
            assert_eq!(found.is_some(), problem.is_some(), "{value:?}: {found:?}");
            assert!(found.unwrap_or_default().contains(problem.unwrap_or_default()), "{value:?}: {found:?}");
        }
    }
}
