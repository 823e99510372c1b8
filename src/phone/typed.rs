//! The digits of what a person types or pastes, or why they are not a recipient, with what was understood and the
//! probable number.

use thiserror::Error;

use crate::invisible::{is_invisible, is_other_line_break};

/// Fewest and most digits of a number with its country code (E.164).
pub(crate) const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The digits of what was typed.
#[derive(Debug)]
pub(super) struct Typed {
    /// Whether they begin with a country code: it was typed after `+`, or after 00, which is not among the digits.
    pub(super) is_international: bool,
    pub(super) digits: String,
}

impl Typed {
    /// # Errors
    /// If it is not clearly one number.
    pub(super) fn read(typed: &str) -> Result<Self, RecipientError> {
        // Nearly all the numbers of a list are digits alone.
        let digits = typed.strip_prefix('+').unwrap_or(typed);
        let is_plain = NUMBER_DIGITS.contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_plain && !typed.starts_with("00") {
            return Ok(Self {
                is_international: digits.len() < typed.len(),
                digits: digits.to_owned(),
            });
        }
        let bare: String = typed
            .chars()
            .filter(|character| !is_paste_residue(*character))
            .collect();
        let (plus, number) = match bare.trim_start_matches(['(', '.', '-']).strip_prefix('+') {
            Some(number) => (true, number),
            None => (false, bare.as_str()),
        };
        let digits: String = number
            .chars()
            .take_while(|character| is_part_of_phone(*character))
            .filter(char::is_ascii_digit)
            .collect();
        if is_shortened(number) {
            let hint = "send the .xlsx itself, or format the column as a number without decimals and save it again";
            let problem =
                format!("Excel has shortened this number, `{typed}`, and its last digits are lost");
            return Err(RecipientError::new(problem, hint));
        }
        if let Some(found) = number
            .chars()
            .find(|character| !is_part_of_phone(*character))
        {
            return Err(RecipientError::not_a_phone(typed, found, &digits));
        }
        if digits.is_empty() {
            return Err(RecipientError::empty());
        }
        if has_decimals(number) {
            let problem = format!(
                "`{typed}` has decimals, as a spreadsheet writes a number (read as `{digits}`)"
            );
            return Err(RecipientError::new(
                problem,
                "format the column as text and take the number without decimals",
            ));
        }
        let (is_international, digits) = match digits.strip_prefix("00") {
            Some(rest) if !plus => (true, rest.to_owned()),
            _ => (plus, digits),
        };
        let count = digits.len();
        if count > *NUMBER_DIGITS.end() || is_international && count < *NUMBER_DIGITS.start() {
            return Err(RecipientError::length(typed, &digits));
        }
        Ok(Self {
            is_international,
            digits,
        })
    }
}

/// `593987654321.0`, more zeros behind the only dot of a number, or `593987650001.5`, whose only dot comes after too
/// many digits to be a separator; `415.555.0000` is a phone number.
fn has_decimals(number: &str) -> bool {
    let Some((whole, decimals)) = number.rsplit_once('.') else {
        return false;
    };
    let is_zero = !decimals.is_empty() && decimals.bytes().all(|byte| byte == b'0');
    let is_whole =
        whole.len() >= *NUMBER_DIGITS.start() && whole.bytes().all(|byte| byte.is_ascii_digit());
    let is_part =
        (1..=2).contains(&decimals.len()) && decimals.bytes().all(|byte| byte.is_ascii_digit());
    is_zero && (decimals.len() == 1 || !whole.contains('.')) || is_whole && is_part
}

/// `5,93988E+11`, as Excel writes a long number.
fn is_shortened(number: &str) -> bool {
    let Some((mantissa, exponent)) = number.split_once(['E', 'e']) else {
        return false;
    };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let is_number = |text: &str, other: &str| {
        text.starts_with(|first: char| first.is_ascii_digit())
            && text
                .chars()
                .all(|character| character.is_ascii_digit() || other.contains(character))
    };
    is_number(mantissa, ",.") && is_number(exponent, "")
}

fn is_part_of_phone(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '-' | '.' | '(' | ')')
}

/// Characters that are copied along with a number from a page or a chat: spaces, typographic hyphens, direction marks.
/// Tabs and line breaks are not among them: they separate values.
fn is_paste_residue(character: char) -> bool {
    is_invisible(character) && !is_other_line_break(character)
        || matches!(
            character,
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
        )
}

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
}

impl RecipientError {
    pub(crate) fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            hint: hint.into(),
            is_misspelt: false,
            is_without_country: false,
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
        let (typed, sign) = (typed.escape_debug(), found.escape_debug());
        let hint = "give one phone number, or a WhatsApp user id such as US.13491208655302741918; a user of another channel is \
            written `id:USER`; to send to several people: jelouctl bulk send LIST text 'Hola'";
        Self::new(
            format!("`{typed}` is not a phone number: it contains `{sign}`{so_far}"),
            hint,
        )
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
