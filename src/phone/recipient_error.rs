//! The error for a text that is not a recipient, with the digits that were read and the probable number.

use thiserror::Error;

use crate::base::invisible::{control_name, with_control_pictures};
use crate::base::message::Message;

/// How many digits a number with its country code can have (E.164).
pub(crate) const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The hint for a text that is not clearly a number.
const WITH_CODE: &str =
    "write a phone number as +593987654321, and a user of another channel as `id:USER`";

/// What to do about a local number without a country. The code of a country follows.
const PASS_COUNTRY: &str = "pass its country, such as --country ";

/// The country in errors about a number that may be of any country.
const ANY_COUNTRY: &str = "EC";

const WITH_COUNTRY: &str =
    "pass the number's country, such as --country EC; for a user of another channel: `id:USER`";

#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{problem}")]
pub(crate) struct RecipientError {
    problem: String,
    pub(crate) hint: String,
    /// Whether the error names a probable number.
    pub(crate) is_misspelt: bool,
    /// Whether it could be a number of a country set with `--country` or in the profile.
    pub(crate) is_without_country: bool,
    /// Whether it seems to be several numbers.
    has_several: bool,
    /// The numbers that it may be, if it may be several.
    pub(crate) candidates: Vec<String>,
}

impl RecipientError {
    pub(crate) fn message(&self) -> Message {
        Message::verbatim(self.to_string())
    }

    pub(crate) fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            problem: with_control_pictures(problem.into()),
            hint: hint.into(),
            is_misspelt: false,
            is_without_country: false,
            has_several: false,
            candidates: Vec::new(),
        }
    }

    /// Describes the problem for a row of a list. If the text has several numbers, adds how to
    /// write them.
    pub(crate) fn in_row(&self) -> String {
        if self.has_several {
            format!("{self}; write one number, or a row for each")
        } else {
            self.to_string()
        }
    }

    pub(crate) fn empty() -> Self {
        let hint = "write a phone number such as 593987654321, a WhatsApp user id, or `id:USER`";
        Self::new("the recipient is empty", hint)
    }

    /// Creates the error for text that is not a number. `digits` are the digits before `found`, the
    /// first character that a number cannot contain.
    pub(super) fn not_a_phone(typed: &str, found: char, digits: &str) -> Self {
        let rest = typed.split_once(found).map_or("", |(_, rest)| rest);
        let digits_after = rest.chars().filter(char::is_ascii_digit).count();
        let min_digits = *NUMBER_DIGITS.start();
        let so_far = if digits.is_empty() {
            String::new()
        } else {
            format!(" (read so far: `{digits}`)")
        };
        let sign = control_name(found).unwrap_or_else(|| format!("`{found}`"));
        let hint = "write one phone number, a WhatsApp user id such as US.13491208655302741918, or `id:USER`";
        let problem = format!("`{typed}` is not a phone number: it contains {sign}{so_far}");
        Self {
            has_several: digits.len() >= min_digits && digits_after >= min_digits,
            ..Self::new(problem, hint)
        }
    }

    /// Returns the error for digits that may be one of several numbers, which `problem` names.
    pub(super) fn ambiguous(problem: String, candidates: Vec<String>) -> Self {
        Self {
            candidates,
            ..Self::new(
                problem,
                "write the number that you mean with + and its country code",
            )
        }
    }

    /// Adds a number that the digits may also be.
    pub(super) fn with_candidate(mut self, number: String) -> Self {
        self.candidates.push(number);
        self
    }

    /// Names the country column of the list instead of `--country`, which would override the column in every row.
    pub(crate) fn with_way_to_country(self, way: &str) -> Self {
        let advice = self.problem.rsplit_once(PASS_COUNTRY);
        let Some((problem, _)) = advice.filter(|_| self.is_without_country) else {
            return self;
        };
        let problem = format!("{problem}{way}");
        Self { problem, ..self }
    }

    /// Puts `context`, which names the form of the number, before the problem.
    pub(super) fn with_context(self, context: String) -> Self {
        Self {
            problem: format!("{}; {}", with_control_pictures(context), self.problem),
            ..self
        }
    }

    /// Returns the error for a misspelt number. `suggestion` is the probable number.
    pub(super) fn misspelt(problem: &str, suggestion: &str, hint: &str) -> Self {
        Self {
            is_misspelt: true,
            ..Self::new(format!("{problem}; did you mean +{suggestion}?"), hint)
        }
    }

    pub(super) fn length(typed: &str, digits: &str) -> Self {
        let count = digits.len();
        let problem = format!(
            "a phone number has 7 to 15 digits; `{typed}` has {count} (read as `{digits}`)"
        );
        let has_number = |word: &&str| {
            let count = word.chars().filter(char::is_ascii_digit).count();
            NUMBER_DIGITS.contains(&count)
        };
        Self {
            has_several: typed.split_whitespace().filter(has_number).count() > 1,
            ..Self::with_code(problem)
        }
    }

    pub(super) fn with_code(problem: String) -> Self {
        Self::new(problem, WITH_CODE)
    }

    pub(super) fn national(typed: &str) -> Self {
        let problem = format!("`{typed}` is a local number: {PASS_COUNTRY}{ANY_COUNTRY}");
        Self {
            is_without_country: true,
            ..Self::new(problem, WITH_COUNTRY)
        }
    }

    /// Creates the error for a number with digits in parentheses in front: an area code of `country`, or the country
    /// code of `other`, where the number is `digits`.
    pub(super) fn area_code(typed: &str, other: &str, digits: &str, country: &str) -> Self {
        let problem = format!(
            "in `{typed}`, the digits in parentheses may be an area code; for a number of {other}, write +{digits}; if \
             it is a local number, {PASS_COUNTRY}{country}"
        );
        let hint = format!(
            "to set the number's country: --country {country}; for a number of {other}: +{digits}"
        );
        Self {
            is_without_country: true,
            ..Self::new(problem, hint)
        }
    }

    /// Creates the error for an invalid number. `suggestion` is the probable number.
    pub(super) fn invalid(
        typed: &str,
        reason: &str,
        suggestion: Option<&str>,
        is_without_country: bool,
    ) -> Self {
        let advice = match suggestion {
            Some(suggestion) => format!("did you mean +{suggestion}?"),
            None if is_without_country => {
                format!("if it is a local number, {PASS_COUNTRY}{ANY_COUNTRY}")
            }
            None => "check the number".to_owned(),
        };
        let hint = if is_without_country {
            WITH_COUNTRY
        } else {
            WITH_CODE
        };
        let problem = format!("`{typed}` is not a phone number: {reason}; {advice}");
        Self {
            is_misspelt: suggestion.is_some(),
            is_without_country,
            ..Self::new(problem, hint)
        }
    }
}
