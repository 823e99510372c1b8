//! The meaning of a cell in a list: the country of a row's local numbers, the recipient, and the
//! recipients that a text of an exclusion list may mean. A flag for the country has precedence over
//! the list's column. A text of an exclusion list may also be a date, or a number among words.

use crate::base::invisible::is_invisible;
use crate::base::message::{Message, msg};
use crate::jelou::message::{TypedRecipient, check_id_to_exclude};
use crate::lists::list_file::one_a_line;
use crate::phone::{
    Country, DIGITS_WITHOUT_PLUS, RecipientError, bare_digits, find_country, is_number, is_user_id,
};

/// The source of a row's country.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CountryRule {
    /// The country of rows without one.
    pub(crate) otherwise: Option<Country>,
    /// Whether a column of the list sets the country.
    pub(crate) by_column: bool,
}

impl CountryRule {
    /// Uses `--country`, or else the list's column and the profile's country.
    pub(crate) fn new(typed: Option<Country>, of_profile: Option<Country>) -> Self {
        Self {
            otherwise: typed.or(of_profile),
            by_column: typed.is_none(),
        }
    }

    /// The country of a row. `cells` are its cells in country columns, each with the name of its
    /// column.
    ///
    /// # Errors
    /// If a cell is not a country, or two cells are different countries.
    pub(super) fn resolve<'a>(
        self,
        cells: impl IntoIterator<Item = (&'a str, impl AsRef<str>)>,
    ) -> Result<Option<Country>, Message> {
        let cells = cells.into_iter().filter(|_| self.by_column);
        Ok(country_in(cells)?.or(self.otherwise))
    }
}

/// Returns the country that `cells` name, each with the name of its column. None if all are empty.
///
/// # Errors
/// If a cell is not a country, or two cells are different countries.
pub(crate) fn country_in<'a>(
    cells: impl IntoIterator<Item = (&'a str, impl AsRef<str>)>,
) -> Result<Option<Country>, Message> {
    let mut named: Option<(&str, Country)> = None;
    for (column, cell) in cells {
        let cell = cell.as_ref().trim();
        if cell.is_empty() {
            continue;
        }
        let country = read_country(cell)
            .ok_or_else(|| msg!("{column}: `{cell}` is not a country", column, cell))?;
        match named {
            Some((first, other)) if other != country => {
                return Err(msg!(
                    "{first} and {column} name different countries",
                    first,
                    column
                ));
            }
            _ => named = Some((column, country)),
        }
    }
    Ok(named.map(|(_, country)| country))
}

/// Reads the code, the name or the calling code of a country. Of several countries with one calling code, returns the main
/// one: their numbers are the same.
fn read_country(cell: &str) -> Option<Country> {
    let by_calling_code = || {
        let is_around = |sign: char| sign.is_whitespace() || "+()'".contains(sign);
        let digits = cell.trim_matches(is_around);
        let code = digits.strip_prefix("00").unwrap_or(digits);
        let countries = Country::with_calling_code(&format!("+{code}"));
        countries.into_iter().next()
    };
    Country::from_name(cell).or_else(by_calling_code)
}

/// Reads the recipient in `typed`, for a row of this country. An international number needs no
/// country.
///
/// # Errors
/// If the recipient is unclear.
pub(crate) fn read_recipient(
    typed: &str,
    country: Result<Option<Country>, Message>,
) -> Result<TypedRecipient, RecipientError> {
    match country {
        Ok(country) => TypedRecipient::read(typed, country),
        Err(problem) => {
            let read = TypedRecipient::read(typed, None)
                .ok()
                .filter(|read| read.bare_code().is_none());
            read.ok_or_else(|| RecipientError::new(problem, one_a_line()))
        }
    }
}

/// The recipients that a text of an exclusion list may mean. None of them gets a message, because
/// the text does not tell which one it means.
pub(super) struct PossibleRecipients {
    /// The first is the usual reading. The others are numbers with the same digits: in another
    /// possible country, with a country code that the digits may begin with, or without one.
    pub(super) people: Vec<String>,
    /// The local number, if its country is unknown. The list then excludes it in every country.
    pub(super) national: Option<u64>,
}

/// Reads `text`. `cells` are the cells of its row in country columns.
///
/// # Errors
/// If the text cannot be a recipient.
pub(super) fn readings<'a>(
    text: &str,
    countries: CountryRule,
    cells: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> Result<PossibleRecipients, RecipientError> {
    // Most lines of a long list are digits with a country code; this path is fast.
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = is_number(digits);
    if is_number && digits.len() < text.len() {
        return Ok(PossibleRecipients {
            people: vec![digits.to_owned()],
            national: None,
        });
    }
    let country = countries.resolve(cells.clone());
    // The country flag applies to the list of recipients. If this row has another country, the
    // number may belong to that country.
    let column_country = CountryRule {
        otherwise: None,
        by_column: true,
    }
    .resolve(cells)
    .unwrap_or_default();
    if is_number
        && digits.len() >= DIGITS_WITHOUT_PLUS
        && matches!(country, Ok(None))
        && column_country.is_none()
    {
        let national = digits.parse().ok().filter(|_| countries.by_column);
        return Ok(PossibleRecipients {
            people: vec![digits.to_owned()],
            national,
        });
    }
    let national = bare_digits(text).filter(|_| countries.by_column && column_country.is_none());
    let people = all_readings(text, country, column_country)?;
    Ok(PossibleRecipients { people, national })
}

/// All recipients that `text` may mean, each once: with the country of the rule, with the row's own country, without a
/// country, and with a country code that the digits may begin with.
fn all_readings(
    text: &str,
    country: Result<Option<Country>, Message>,
    column_country: Option<Country>,
) -> Result<Vec<String>, RecipientError> {
    let own = country.clone().unwrap_or_default();
    check_id_to_exclude(text, own)?;
    let named = column_country.filter(|named| Some(*named) != own);
    let read = |text: &str, country| TypedRecipient::read(text, country).ok();
    let by_name = named.and_then(|named| read(text, Some(named)));
    // Digits that may be a number of two countries exclude both numbers.
    let mut candidates = Vec::new();
    let meant = match read_recipient(text, country) {
        Ok(typed) => Some(typed),
        Err(error) if by_name.is_none() && error.candidates.is_empty() => return Err(error),
        Err(error) => {
            candidates = error.candidates;
            None
        }
    };
    let with_code = [
        with_code(meant.as_ref(), own),
        with_code(by_name.as_ref(), named),
    ];
    let is_other = meant
        .as_ref()
        .is_none_or(|typed| typed.recipient.as_str() != text);
    let without_country = match own.filter(|_| is_other) {
        Some(_) => read_without_country(text),
        None => Vec::new(),
    };
    let all = meant
        .into_iter()
        .chain(by_name)
        .map(|typed| typed.recipient.as_str().to_owned())
        .chain(without_country)
        .chain(candidates);
    let mut people: Vec<String> = Vec::new();
    for person in all.chain(with_code.into_iter().flatten()) {
        if !people.contains(&person) {
            people.push(person);
        }
    }
    Ok(people)
}

/// Returns the recipients that `text` may mean without a country.
fn read_without_country(text: &str) -> Vec<String> {
    match TypedRecipient::read(text, None) {
        Ok(typed) => vec![typed.recipient.as_str().to_owned()],
        Err(error) => error.candidates,
    }
}

/// Returns the digits of a text that is certainly a number with its country code, in a row without a country. All its
/// other readings end with the same digits.
pub(super) fn international_digits(text: &str, countries: CountryRule) -> Option<&str> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_certain = digits.len() < text.len()
        || digits.len() >= DIGITS_WITHOUT_PLUS
            && countries
                .otherwise
                .is_none_or(|country| digits.starts_with(country.calling_code()));
    (is_certain && is_number(digits)).then_some(digits)
}

/// The recipient for digits that begin with the country's code, if the code is part of the local
/// number.
fn with_code(typed: Option<&TypedRecipient>, country: Option<Country>) -> Option<String> {
    let typed = typed?;
    let code = country?.calling_code();
    let digits = typed.recipient.as_str();
    let number =
        Some(digits).filter(|digits| digits.starts_with(code) && typed.bare_code().is_some());
    number
        .map(|digits| format!("{code}{digits}"))
        .filter(|number| find_country(number).is_some())
}

/// The fewest digits of a number.
const MIN_DIGITS: usize = 7;
/// The most digits of a number with its country code (E.164).
const MAX_DIGITS: usize = 15;

/// Whether a cell of any column can only be a recipient, even if it cannot be read.
pub(super) fn is_recipient_text(text: &str) -> bool {
    let id = text.trim_matches(|sign: char| !sign.is_alphanumeric());
    id.starts_with("id:") || is_user_id(id) || (has_number(text) && !text.contains(is_letter))
}

/// Whether the text is one number with its country code, which is the same in every country.
pub(super) fn is_international(text: &str) -> bool {
    let is_of_number = |sign: char| sign.is_ascii_digit() || " -.()".contains(sign);
    let digits = text
        .trim()
        .strip_prefix('+')
        .filter(|digits| digits.chars().all(is_of_number));
    digits.is_some_and(|digits| digits.chars().filter(char::is_ascii_digit).count() <= MAX_DIGITS)
}

/// Whether a cell may be a recipient, or contain a number among words.
pub(super) fn may_be_recipient(text: &str) -> bool {
    is_recipient_text(text) || has_number(text) || may_be_id(text)
}

/// Whether the text may be a misspelled `id:USER`, such as `ID :juan`.
pub(super) fn may_be_id(text: &str) -> bool {
    let visible: String = text
        .chars()
        .filter(|sign| !is_invisible(*sign))
        .take(4)
        .collect();
    visible.len() > 3 && visible.to_ascii_lowercase().starts_with("id:")
}

/// Whether the text has enough digits for a number, in any script and at any place.
pub(super) fn has_digits(text: &str) -> bool {
    text.chars().filter(|sign| sign.is_numeric()).count() >= MIN_DIGITS
}

/// Whether the text has enough digits for a number without letters between them, and is not a date.
pub(super) fn has_number(text: &str) -> bool {
    let digits = |part: &str| {
        let words = part
            .split_whitespace()
            .filter(|word| part.contains('+') || !is_date(word));
        words
            .flat_map(str::chars)
            .filter(|sign| sign.is_numeric())
            .count()
    };
    has_digits(text) && text.split(is_letter).any(|part| digits(part) >= MIN_DIGITS)
}

/// Whether this is a letter that a number cannot have. Excel shortens a number to `5,93988E+11`.
fn is_letter(sign: char) -> bool {
    sign.is_alphabetic() && sign != 'E'
}

/// Whether a word is a date (`2026-11-20`, `20/11/2026`), a time of day, or two years
/// (`2025-2026`).
fn is_date(word: &str) -> bool {
    let word = word.trim_matches(|sign: char| !sign.is_ascii_digit());
    let is_year = |part: u16| (1900..2100).contains(&part);
    let is_day = |[year, month, day]: [u16; 3]| {
        is_year(year) && (1..=12).contains(&month) && (1..=31).contains(&day)
    };
    let parts: Result<Vec<u16>, _> = word.split(['-', '/', '.']).map(str::parse::<u16>).collect();
    match parts.as_deref() {
        Ok([first, second, third]) => [
            [first, second, third],
            [third, second, first],
            [third, first, second],
        ]
        .into_iter()
        .any(|parts| is_day(parts.map(|part| *part))),
        Ok([from, to]) => is_year(*from) && to.checked_sub(*from) == Some(1),
        _ => {
            word.contains(':')
                && word
                    .chars()
                    .all(|sign| sign.is_ascii_digit() || ":.".contains(sign))
        }
    }
}
