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
        let digits_after = count_digits(rest);
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
        Self::unreadable(problem, typed)
    }

    /// Creates the error for `typed` with its hint: the number in it, or else its form as an id.
    fn unreadable(problem: Message, typed: &str) -> Self {
        let hint = only_number(typed).or_else(|| as_id(typed));
        Self {
            hint,
            ..Self::bare(problem)
        }
    }

    /// Creates the error for an id that is rather a number with a comment.
    pub(crate) fn not_an_id(problem: Message, id: &str) -> Self {
        let hint = only_number(id).unwrap_or_else(|| msg!("write the recipient's number or id"));
        Self::new(problem, hint)
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
        let has_number = |word: &&str| NUMBER_DIGITS.contains(&count_digits(word));
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
        Self::unreadable(problem, typed)
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
        let hint = (!self.is_misspelt)
            .then(|| msg!("for a local number: pass its country, such as --country EC"));
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

/// Returns the number in `typed`, without the text around it. None if `typed` is only a number, has several, or has one as a
/// part of a word.
fn number_within(typed: &str) -> Option<&str> {
    let is_part =
        |sign: char| sign.is_ascii_digit() || sign.is_whitespace() || "+-.()".contains(sign);
    let mut numbers = typed
        .split(|sign| !is_part(sign))
        .map(without_edges)
        .filter(|part| NUMBER_DIGITS.contains(&count_digits(part)));
    let number = numbers.next().filter(|number| *number != typed)?;
    let (before, after) = typed.split_once(number)?;
    let is_glue = |sign: char| sign.is_alphanumeric() || "@._".contains(sign);
    let is_word = !before.ends_with(is_glue) && !after.starts_with(is_glue);
    (is_word && numbers.next().is_none()).then_some(number)
}

/// Returns `part` without the signs at its ends that do not belong to a number, and without parentheses around all of it.
fn without_edges(part: &str) -> &str {
    let is_edge = |sign: char| sign.is_whitespace() || "-.".contains(sign);
    let part = part
        .trim_start_matches(|sign| is_edge(sign) || sign == ')')
        .trim_end_matches(|sign| is_edge(sign) || sign == '(');
    let inner = part
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    inner
        .filter(|inner| !inner.contains(['(', ')']))
        .unwrap_or(part)
}

fn only_number(typed: &str) -> Option<Message> {
    number_within(typed).map(|number| msg!("write only the number: `{number}`", number))
}

/// Returns whether a hint may propose `id` as the id of a user. A text with another sign is more likely a file or an
/// address; one with the digits of a number in any script, a wrong number.
fn may_be_id(id: &str) -> bool {
    let digits = id.chars().filter(|sign| sign.is_numeric()).count();
    let is_of_id = |sign: char| sign.is_alphanumeric() || "-_".contains(sign);
    id.chars().all(is_of_id) && digits < *NUMBER_DIGITS.start()
}

fn count_digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

/// Returns the text after `id:`, however that is written.
fn after_id_mark(typed: &str) -> &str {
    match typed.split_once(':') {
        Some((mark, user)) if mark.trim().eq_ignore_ascii_case("id") => user.trim(),
        _ => typed.trim(),
    }
}

/// Returns the hint that shows how to write `typed` as an id. None if it cannot be one.
fn as_id(typed: &str) -> Option<Message> {
    let user = after_id_mark(typed);
    let is_like_user_id = is_like_user_id(&user.to_ascii_uppercase());
    match (is_like_user_id, may_be_id(user)) {
        (true, true) => Some(msg!(
            "write a WhatsApp user id as US.13491208655302741918, and a user of another channel as `id:{user}`",
            user
        )),
        (true, false) => Some(msg!("write a WhatsApp user id as US.13491208655302741918")),
        (false, true) => Some(msg!("for a user of another channel: `id:{user}`", user)),
        (false, false) => None,
    }
}

fn shown(typed: &str) -> String {
    with_control_pictures(typed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hint_has_the_number_or_an_id_without_digits_of_a_number() {
        for (typed, expected) in [
            (
                "Bego\u{f1}a 0991230001",
                "write only the number: `0991230001`",
            ),
            ("0991230001 (Ana)", "write only the number: `0991230001`"),
            (
                "Ana: +593 99 123 0001",
                "write only the number: `+593 99 123 0001`",
            ),
            ("id:Ana 0991230001", "write only the number: `0991230001`"),
            ("ana", "for a user of another channel: `id:ana`"),
            ("ID: ana", "for a user of another channel: `id:ana`"),
            ("user 12", ""),
            ("people.csv", ""),
            ("ana@example.com", ""),
            ("Ana0991230001", ""),
            ("12345678901234@lid", ""),
            (
                "\u{ff15}\u{ff19}\u{ff13}\u{ff19}\u{ff18}\u{ff17}\u{ff16}",
                "",
            ),
            ("0991230001 Ana 0991230002", ""),
            (
                "EC.593991230001",
                "write a WhatsApp user id as US.13491208655302741918",
            ),
        ] {
            let error = RecipientError::unreadable("x".into(), typed);
            let hint = error.hint.unwrap_or_default().to_string();
            assert_eq!(hint, expected, "{typed}");
        }
    }
}
