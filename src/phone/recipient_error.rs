//! Why a text is not a recipient, with what was understood and the probable number.

use thiserror::Error;

use crate::base::invisible::{name_of_control, with_control_pictures};

/// Fewest and most digits of a number with its country code (E.164).
pub(crate) const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// What to write in place of a text that is not clearly a number.
const WITH_CODE: &str = "write the number with + and its country code, such as +593987654321; a user of another channel is `id:USER`";

const WITH_COUNTRY: &str = "write it with + and its country code, or add --country, or `country` to the profile; a user of another \
                            channel is `id:USER`";

#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{problem}")]
pub(crate) struct RecipientError {
    problem: String,
    pub(crate) hint: String,
    /// Whether a probable number is named.
    pub(super) is_misspelt: bool,
    /// Whether it could be a number if a country were set with `--country` or in the profile.
    pub(crate) is_without_country: bool,
    /// The numbers that it may be; empty if it is not one of several.
    pub(crate) candidates: Vec<String>,
}

impl RecipientError {
    pub(crate) fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            problem: with_control_pictures(problem.into()),
            hint: hint.into(),
            is_misspelt: false,
            is_without_country: false,
            candidates: Vec::new(),
        }
    }

    pub(crate) fn empty() -> Self {
        let hint = "give a phone number with its country code, such as 593987654321, a WhatsApp user id, or `id:USER`";
        Self::new("the recipient is empty", hint)
    }

    /// `digits` are those before what cannot be in a number.
    pub(super) fn not_a_phone(typed: &str, found: char, digits: &str) -> Self {
        let so_far = if digits.is_empty() {
            String::new()
        } else {
            format!(" (read so far: `{digits}`)")
        };
        let sign = name_of_control(found).unwrap_or_else(|| format!("`{found}`"));
        let hint = "give one phone number, or a WhatsApp user id such as US.13491208655302741918; a user of another channel is \
            written `id:USER`; to send to several people: jelouctl bulk send LIST text 'Hola'";
        Self::new(
            format!("`{typed}` is not a phone number: it contains {sign}{so_far}"),
            hint,
        )
    }

    /// One of several numbers, which `problem` names.
    pub(super) fn ambiguous(problem: String, candidates: Vec<String>) -> Self {
        Self {
            candidates,
            ..Self::new(
                problem,
                "write the number that you mean with + and its country code",
            )
        }
    }

    /// The same error behind `context`, which says where the number was found.
    pub(super) fn behind(self, context: String) -> Self {
        Self {
            problem: format!("{}; {}", with_control_pictures(context), self.problem),
            ..self
        }
    }

    /// `meant` is the number in a text that has a fault.
    pub(super) fn meant(problem: &str, meant: &str, hint: &str) -> Self {
        Self {
            is_misspelt: true,
            ..Self::new(format!("{problem}; did you mean +{meant}?"), hint)
        }
    }

    pub(super) fn length(typed: &str, digits: &str) -> Self {
        let count = digits.len();
        Self::with_code(format!(
            "a phone number has 7 to 15 digits; `{typed}` has {count} (read as `{digits}`)"
        ))
    }

    pub(super) fn with_code(problem: String) -> Self {
        Self::new(problem, WITH_CODE)
    }

    pub(super) fn national(typed: &str) -> Self {
        let problem =
            format!("`{typed}` is a national number: say of which country, such as --country EC");
        Self {
            is_without_country: true,
            ..Self::new(problem, WITH_COUNTRY)
        }
    }

    /// `meant` is the probable number.
    pub(super) fn invalid(
        typed: &str,
        reason: &str,
        meant: Option<&str>,
        is_without_country: bool,
    ) -> Self {
        let way_out = match meant {
            Some(meant) => format!("did you mean +{meant}?"),
            None if is_without_country => {
                "if it is a national number, say of which country, such as --country EC".to_owned()
            }
            None => "check the number".to_owned(),
        };
        let hint = if is_without_country {
            WITH_COUNTRY
        } else {
            WITH_CODE
        };
        let problem = format!("`{typed}` is not a phone number: {reason}; {way_out}");
        Self {
            is_misspelt: meant.is_some(),
            is_without_country,
            ..Self::new(problem, hint)
        }
    }
}
