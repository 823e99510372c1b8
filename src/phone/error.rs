//! Why a text is not a telephone number, with what was understood and the probable number.

use thiserror::Error;

#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum PhoneError {
    #[error("the recipient is empty")]
    Empty,
    #[error("`{}` is not a phone number: it contains `{}`{}", shown(typed), shown(&found.to_string()), so_far(digits))]
    NotAPhone { typed: String, found: char, digits: String },
    #[error("Excel has shortened this number, `{typed}`, and its last digits are lost")]
    Shortened { typed: String },
    #[error("`{typed}` has a part of a whole behind its dot, which no number has (read as `{digits}`)")]
    Decimals { typed: String, digits: String },
    #[error("`{typed}` ends in .0, as a spreadsheet writes a number (read as `{digits}`)")]
    Spreadsheet { typed: String, digits: String },
    #[error("`{typed}` has (0), which is dialled only inside the country; write it without: +{international}")]
    ZeroInBrackets { typed: String, international: String },
    #[error("a phone number has 7 to 15 digits; `{typed}` has {count} (read as `{digits}`)")]
    Length { typed: String, digits: String, count: usize },
    #[error("`{typed}` is a national number: say of which country, such as --country EC")]
    National { typed: String },
    #[error("`{typed}` is not a phone number: {reason}; {}", way_out(meant.as_ref(), *is_without_country))]
    Invalid {
        typed: String,
        reason: String,
        meant: Option<String>,
        /// Whether it may be a national number, and no country was given.
        is_without_country: bool,
    },
}

/// A cell as one line: unprintable characters are escaped, quotes are not.
fn shown(typed: &str) -> String {
    let escaped = typed.chars().map(|character| match character {
        '\'' | '"' => character.to_string(),
        other => other.escape_debug().to_string(),
    });
    escaped.collect()
}

fn so_far(digits: &str) -> String {
    if digits.is_empty() { String::new() } else { format!(" (read so far: `{digits}`)") }
}

fn way_out(meant: Option<&String>, is_without_country: bool) -> String {
    match meant {
        Some(meant) => format!("did you mean +{meant}?"),
        None if is_without_country => {
            "if it is a national number, say of which country, such as --country EC".to_owned()
        }
        None => "check the number".to_owned(),
    }
}

impl PhoneError {
    pub(crate) fn hint(&self) -> String {
        let id = "a user of another channel is `id:USER`";
        match self {
            Self::Empty => {
                "give a phone number with its country code, such as 593987654321, a WhatsApp user id, or `id:USER`".to_owned()
            }
            Self::NotAPhone { found: ',' | ';', digits, .. } if !digits.is_empty() => {
                "give one recipient; to send to several people: jelouctl bulk send LIST text 'Hola'".to_owned()
            }
            Self::NotAPhone { .. } => {
                "give one phone number, or a WhatsApp user id such as US.13491208655302741918; a user of another channel is \
                 written `id:USER`"
                    .to_owned()
            }
            Self::Shortened { .. } => {
                "send the .xlsx itself, or format the column as a number without decimals and save it \
                                       again"
                    .to_owned()
            }
            Self::Decimals { .. } => "write the number without decimals".to_owned(),
            Self::Spreadsheet { .. } => "format the column as text and take the number without `.0`".to_owned(),
            Self::ZeroInBrackets { .. } | Self::Length { .. } => {
                format!("write the number with + and its country code, such as +593987654321; {id}")
            }
            Self::National { .. } | Self::Invalid { is_without_country: true, .. } => {
                format!("write it with + and its country code, or add --country, or `country` to the profile; {id}")
            }
            Self::Invalid { .. } => {
                format!("write the number with + and its country code; {id}, and goes as it is written")
            }
        }
    }

    /// Whether it could be a number if a country were set with `--country` or in the profile.
    pub(crate) fn is_without_country(&self) -> bool {
        matches!(self, Self::National { .. } | Self::Invalid { is_without_country: true, .. })
    }
}
