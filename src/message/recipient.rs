//! Whom a message goes to: what a person types, turned into the `userId` on the wire, or refused with the reason.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Fewest and most digits of a phone number with its country code (E.164).
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// With fewer digits and no `+`, a number is as likely a national one.
const DIGITS_WITHOUT_PLUS: usize = 10;

/// A `userId` as it goes onto the wire: a phone's digits, or the user of another channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipient(String);

#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum RecipientError {
    #[error("the recipient is empty")]
    Empty,
    #[error("`{}` is not a phone number: it has `{}` (read so far: `{digits}`)", raw.escape_debug(), found.escape_debug())]
    NotAPhone { raw: String, found: char, digits: String },
    #[error("`{raw}` is in the national form: it begins with 0 or has (0) (read as `{digits}`)")]
    National { raw: String, digits: String },
    #[error("`{raw}` ends in .0, as a spreadsheet writes a number (read as `{digits}`)")]
    Spreadsheet { raw: String, digits: String },
    #[error("a phone number has 7 to 15 digits; `{raw}` has {count} (read as `{digits}`)")]
    Length { raw: String, digits: String, count: usize },
    #[error(
        "`{raw}` has only {count} digits, fewer than 10, and no + (read as `{digits}`): the country code may be missing"
    )]
    NoCountryCode { raw: String, digits: String, count: usize },
    #[error("`{0}` cannot be a recipient: as a part of a URL it means a folder")]
    DotSegment(String),
    #[error("`{}` has a control character", .0.escape_debug())]
    Control(String),
}

impl RecipientError {
    /// The way out, for the hint line.
    #[must_use]
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "give a phone number with its country code, such as 593987654321, or `id:USER`",
            Self::NotAPhone { .. } => "give one phone number; a user of another channel is written `id:USER`",
            Self::National { .. } => {
                "write the number with + and its country code, without the leading 0 or 00 and without (0): +593987654321"
            }
            Self::Spreadsheet { .. } => "format the column as text and take the number without `.0`",
            Self::Length { .. } | Self::NoCountryCode { .. } => {
                "write the number with its country code, such as +593987654321; a user of another channel is `id:USER`"
            }
            Self::DotSegment(_) | Self::Control(_) => "give the user's identifier",
        }
    }
}

impl Recipient {
    /// A `userId` from a body, taken as it stands.
    ///
    /// # Errors
    /// When it is empty, a dot segment of a path, or has control characters, some of which a URL would lose.
    pub(crate) fn verbatim(user: &str) -> Result<Self, RecipientError> {
        match user {
            "" => Err(RecipientError::Empty),
            "." | ".." => Err(RecipientError::DotSegment(user.to_owned())),
            _ if user.chars().any(char::is_control) => Err(RecipientError::Control(user.to_owned())),
            _ => Ok(Self(user.to_owned())),
        }
    }

    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Recipient {
    type Err = RecipientError;

    fn from_str(raw: &str) -> Result<Self, RecipientError> {
        match raw.strip_prefix("id:") {
            Some(user) => Self::verbatim(user),
            None => phone(raw).map(Self),
        }
    }
}

/// The digits of a phone number typed or pasted by a person.
///
/// # Errors
/// When it is not surely one international number.
pub(crate) fn phone(raw: &str) -> Result<String, RecipientError> {
    let bare: String = raw.chars().filter(|character| !is_paste_residue(*character)).collect();
    let (plus, number) = match bare.trim_start_matches(['(', '.', '-']).strip_prefix('+') {
        Some(number) => (true, number),
        None => (false, bare.as_str()),
    };
    let digits: String =
        number.chars().take_while(|character| is_part_of_phone(*character)).filter(char::is_ascii_digit).collect();
    let raw = || raw.to_owned();
    if let Some(found) = number.chars().find(|character| !is_part_of_phone(*character)) {
        return Err(RecipientError::NotAPhone { raw: raw(), found, digits });
    }
    let count = digits.len();
    if count == 0 {
        return Err(RecipientError::Empty);
    }
    if digits.starts_with('0') || number.contains("(0)") {
        return Err(RecipientError::National { raw: raw(), digits });
    }
    if is_from_a_spreadsheet(number) {
        return Err(RecipientError::Spreadsheet { raw: raw(), digits });
    }
    if !DIGITS.contains(&count) {
        return Err(RecipientError::Length { raw: raw(), digits, count });
    }
    if !plus && count < DIGITS_WITHOUT_PLUS {
        return Err(RecipientError::NoCountryCode { raw: raw(), digits, count });
    }
    Ok(digits)
}

/// `593987654321.0`, or more zeros behind the only dot of a number; `415.555.0000` is a phone.
fn is_from_a_spreadsheet(number: &str) -> bool {
    let Some((whole, decimals)) = number.rsplit_once('.') else { return false };
    let is_zero = !decimals.is_empty() && decimals.bytes().all(|byte| byte == b'0');
    is_zero && (decimals.len() == 1 || !whole.contains('.'))
}

fn is_part_of_phone(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '-' | '.' | '(' | ')')
}

/// What comes along when a number is copied from a page or a chat: spaces, typographic hyphens, direction marks.
/// A tab or a line break is not among them: it separates two values.
fn is_paste_residue(character: char) -> bool {
    matches!(
        character,
        ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{2060}' | '\u{3000}' | '\u{feff}'
            | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
            | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_a_person_types_or_pastes() {
        for (raw, expected) in [
            ("593987654321", "593987654321"),
            ("+593 98 765-4321", "593987654321"),
            ("\u{202a}+593\u{a0}98\u{2011}765\u{2011}4321\u{202c}", "593987654321"),
            ("+1 (415) 555.0100", "14155550100"),
            (" 593987654321 ", "593987654321"),
            ("+4612345", "4612345"),
            ("+1.415.555.0000", "14155550000"),
            ("(+593) 987654321", "593987654321"),
            ("593.98.765.4321", "593987654321"),
            ("123456789012345", "123456789012345"),
            ("id:USER_ID", "USER_ID"),
            ("id: 1,2", " 1,2"),
        ] {
            assert_eq!(
                raw.parse::<Recipient>().map(|recipient| recipient.to_string()),
                Ok(expected.to_owned()),
                "{raw}"
            );
        }
    }

    #[test]
    fn refuses_what_is_not_surely_one_number() {
        for (raw, expected) in [
            ("", "is empty"),
            ("+", "is empty"),
            ("id:", "is empty"),
            ("id:..", "means a folder"),
            ("id:1\n4155550100", r"`1\n4155550100` has a control character"),
            ("id:.\t.", "has a control character"),
            ("593987654321,593987654322", "has `,`"),
            ("593987654321\n593987654322", "has `\\n`"),
            ("593987654321\t1", "has `\\t`"),
            ("++593987654321", "has `+`"),
            ("5939876+54321", "has `+`"),
            ("5.93988E+11", "has `E`"),
            ("USER_ID", "has `U`"),
            ("٥٩٣٩٨٧٦٥٤٣٢١", "has `٥`"),
            ("0987654321", "national form"),
            ("00593987654321", "national form"),
            ("+44 (0)20 7946 0000", "national form"),
            ("+0987654321", "national form"),
            ("593987654321.0", "spreadsheet"),
            ("593987654321.00", "spreadsheet"),
            ("593.98.765.4321.0", "spreadsheet"),
            ("593-987-654-321.00", "spreadsheet"),
            ("987654321", "fewer than 10"),
            ("+123456", "7 to 15"),
            ("1234567890123456", "7 to 15"),
            ("593987654321 593987654322", "7 to 15"),
        ] {
            let error = raw.parse::<Recipient>().expect_err(raw).to_string();
            assert!(error.contains(expected), "{raw}: {error}");
        }
    }
}
