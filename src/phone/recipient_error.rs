//! The error for a text that is not a recipient, with the digits that were read and the probable number.

use thiserror::Error;

use super::rules::Country;
use super::user_id::is_like_user_id;
use crate::base::invisible::{control_name, with_control_pictures};
use crate::base::message::{Message, Value, msg};

/// How many digits a number with its country code can have (E.164).
pub(crate) const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{problem}")]
pub(crate) struct RecipientError {
    pub(super) problem: Message,
    /// None if the problem says everything.
    pub(crate) hint: Option<Message>,
    /// Whether the error names a probable number.
    pub(crate) is_misspelt: bool,
    /// Whether it could be a number of a country set with `--country` or in the profile.
    pub(crate) is_without_country: bool,
    /// The numbers that it may be, if it may be several.
    pub(crate) candidates: Vec<String>,
}

impl RecipientError {
    pub(crate) fn message(&self) -> Message {
        self.problem.clone()
    }

    pub(crate) fn new(problem: Message, hint: Message) -> Self {
        Self {
            hint: Some(hint),
            ..Self::bare(problem)
        }
    }

    /// Creates the error for a problem that says everything.
    pub(super) fn bare(problem: Message) -> Self {
        Self {
            problem,
            hint: None,
            is_misspelt: false,
            is_without_country: false,
            candidates: Vec::new(),
        }
    }

    pub(crate) fn empty() -> Self {
        Self::new(
            msg!("the recipient is empty"),
            msg!("write a phone number such as 593987654321, or `id:USER`"),
        )
    }

    /// Creates the error for text that is not a number. `digits` are the digits before `found`, the
    /// first character that a number cannot contain.
    pub(super) fn not_a_phone(typed: &str, found: char, digits: &str) -> Self {
        let rest = typed.split_once(found).map_or("", |(_, rest)| rest);
        let digits_after = rest.chars().filter(char::is_ascii_digit).count();
        let min_digits = *NUMBER_DIGITS.start();
        let typed = &shown(typed);
        if digits.len() >= min_digits && digits_after >= min_digits {
            return Self::several(typed);
        }
        let sign = control_name(found).unwrap_or_else(|| msg!("`{found}`", found));
        let problem = if digits.is_empty() {
            msg!(
                "`{typed}` is not a phone number: it contains {sign}",
                typed,
                sign
            )
        } else {
            msg!(
                "`{typed}` is not a phone number: it contains {sign} (read so far: `{digits}`)",
                typed,
                sign,
                digits
            )
        };
        Self::new(problem, for_other_channel(typed))
    }

    /// Creates the error for a text that seems to be several numbers.
    fn several(typed: &str) -> Self {
        Self::bare(msg!("`{typed}` seems to be several numbers", typed))
    }

    /// Returns the error for digits that may be one of several numbers, which `problem` names.
    pub(super) fn ambiguous(problem: Message, candidates: Vec<String>) -> Self {
        let hint = msg!("write the number that you mean with + and its country code");
        Self {
            candidates,
            ..Self::new(problem, hint)
        }
    }

    /// Adds a number that the digits may also be.
    pub(super) fn with_candidate(mut self, number: String) -> Self {
        self.candidates.push(number);
        self
    }

    /// Puts `form`, the form of the number, before the problem.
    pub(super) fn in_form(self, form: &Message) -> Self {
        let problem = msg!("{form}, and {problem}", form, problem = self.problem);
        Self { problem, ..self }
    }

    /// Returns the error for a misspelt number. `suggestion` is the probable number.
    pub(super) fn misspelt(problem: &Message, suggestion: &str) -> Self {
        Self {
            is_misspelt: true,
            ..Self::bare(msg!(
                "{problem} (did you mean +{suggestion}?)",
                problem,
                suggestion
            ))
        }
    }

    pub(super) fn length(typed: &str, digits: &str) -> Self {
        let has_number = |word: &&str| {
            let count = word.chars().filter(char::is_ascii_digit).count();
            NUMBER_DIGITS.contains(&count)
        };
        let has_several = typed.split_whitespace().filter(has_number).count() > 1;
        let typed = &shown(typed);
        if has_several {
            return Self::several(typed);
        }
        let count = digits.len();
        let problem = if count == 0 {
            msg!("`{typed}` has no number after it", typed)
        } else if typed == digits {
            msg!(
                "`{typed}` has {count} {count|digit|digits}, and a phone number has 7 to 15",
                typed,
                count
            )
        } else {
            msg!(
                "`{typed}` has {count} {count|digit|digits} (`{digits}`), and a phone number has 7 to 15",
                typed,
                count,
                digits
            )
        };
        Self::new(problem, for_other_channel(typed))
    }

    pub(super) fn national(typed: &str) -> Self {
        let typed = shown(typed);
        Self::bare(msg!("`{typed}` has no country code", typed)).without_country()
    }

    /// Creates the error for a number with digits in parentheses in front: an area code of `local`, or the country code of
    /// `other`, where the number is `digits`.
    pub(super) fn area_code(
        typed: &str,
        other: Option<Country>,
        digits: &str,
        local: Country,
    ) -> Self {
        let problem = msg!(
            "in `{typed}`, the digits in parentheses may be an area code",
            typed
        );
        let hint = msg!(
            "for a number of {local}: --country {code}; for a number of {other}: +{digits}",
            local = local.with_article(),
            code = local.code(),
            other = country_or_another(other),
            digits
        );
        Self {
            is_without_country: true,
            ..Self::new(problem, hint)
        }
    }

    /// Creates the error for an invalid number. `suggestion` is the probable number.
    pub(super) fn invalid(typed: &str, reason: &Message, suggestion: Option<&str>) -> Self {
        let typed = shown(typed);
        let problem = msg!("`{typed}` is not a phone number: {reason}", typed, reason);
        match suggestion {
            Some(suggestion) => Self::misspelt(&problem, suggestion),
            None => Self::bare(problem),
        }
    }

    /// Marks the error as one that a country can solve.
    pub(super) fn without_country(self) -> Self {
        let hint = (!self.is_misspelt).then(|| msg!("for a local number of Ecuador: --country EC"));
        Self {
            hint,
            is_without_country: true,
            ..self
        }
    }
}

/// The name of a country in a sentence, or "another country".
pub(crate) fn country_or_another(country: Option<Country>) -> Value {
    match country {
        Some(country) => country.with_article(),
        None => Value::Message(msg!("another country")),
    }
}

fn for_other_channel(typed: &str) -> Message {
    let user = match typed.split_once(':') {
        Some((mark, user)) if mark.trim().eq_ignore_ascii_case("id") => user.trim(),
        _ => typed,
    };
    if is_like_user_id(&user.to_ascii_uppercase()) {
        return msg!(
            "write a WhatsApp user id as US.13491208655302741918, and a user of another channel as `id:{user}`",
            user
        );
    }
    msg!("for a user of another channel: `id:{user}`", user)
}

fn shown(typed: &str) -> String {
    with_control_pictures(typed.to_owned())
}
