//! What a cell of a list means: the country of a row's national numbers, which is the one in a column unless one was
//! typed; its recipient; and whom a list of excluded people may mean, where a text may also be a date, or a number
//! among other words.

use crate::base::invisible::is_invisible;
use crate::jelou::message::TypedRecipient;
use crate::lists::list_file::ONE_A_LINE;
use crate::phone::{
    Country, DIGITS_WITHOUT_PLUS, RecipientError, bare_digits, country_of, is_user_id,
};

/// How a list is read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CountryRule {
    /// The country of rows that name none.
    pub(crate) otherwise: Option<Country>,
    /// Whether a column of the list counts.
    pub(crate) by_column: bool,
}

impl CountryRule {
    /// By `--country`, or else by the list's column and the profile's country.
    pub(crate) fn new(typed: Option<Country>, of_profile: Option<Country>) -> Self {
        Self {
            otherwise: typed.or(of_profile),
            by_column: typed.is_none(),
        }
    }

    /// The country of a row, from its `cells` in columns of countries, each with its column's name.
    ///
    /// # Errors
    /// If a cell does not name a country, or two cells name different ones.
    pub(crate) fn resolve<'a>(
        self,
        cells: impl IntoIterator<Item = (&'a str, impl AsRef<str>)>,
    ) -> Result<Option<Country>, String> {
        let mut named: Option<(&str, Country)> = None;
        let cells = cells
            .into_iter()
            .filter(|(_, cell)| self.by_column && !cell.as_ref().trim().is_empty());
        for (column, cell) in cells {
            let cell = cell.as_ref();
            let unknown = || {
                format!(
                    "{column}: `{}` is not a country, so nobody can tell whose number this is; write EC or Ecuador, or say it \
                     for all rows with --country",
                    cell.trim()
                )
            };
            let country = Country::named(cell).ok_or_else(unknown)?;
            match named {
                Some((first, other)) if other != country => {
                    return Err(format!(
                        "{first} and {column} name different countries; say it for all rows with --country"
                    ));
                }
                _ => named = Some((column, country)),
            }
        }
        Ok(named.map(|(_, country)| country).or(self.otherwise))
    }
}

/// The recipient in `typed`, for a row of this country. An international number does not need a country.
///
/// # Errors
/// If the recipient is uncertain.
pub(crate) fn read_recipient(
    typed: &str,
    country: Result<Option<Country>, String>,
) -> Result<TypedRecipient, RecipientError> {
    match country {
        Ok(country) => TypedRecipient::read(typed, country),
        Err(problem) => {
            let read = TypedRecipient::read(typed, None)
                .ok()
                .filter(|read| read.bare_code().is_none());
            read.ok_or_else(|| RecipientError::new(problem, ONE_A_LINE))
        }
    }
}

/// The people that a text in a list of excluded people may mean. It is impossible to tell, so none of them gets a
/// message.
pub(super) struct PossibleRecipients {
    /// The first is the one that it is read as. The others are those whom its digits reach in another of the possible
    /// countries, with a country code that they may begin with, or without one.
    pub(super) people: Vec<String>,
    /// The digits, if neither they, nor their row, nor a flag says of which country they are. They mean everybody who
    /// has this national number, in any country.
    pub(super) national: Option<u64>,
}

/// Reads `text`, with the `cells` of its row in columns of countries.
///
/// # Errors
/// If it may not mean a person.
pub(super) fn readings<'a>(
    text: &str,
    countries: CountryRule,
    cells: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> Result<PossibleRecipients, RecipientError> {
    // Nearly every line of a long list is digits with their country code.
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && country_of(digits).is_some();
    if is_number && digits.len() < text.len() {
        return Ok(PossibleRecipients {
            people: vec![digits.to_owned()],
            national: None,
        });
    }
    let country = countries.resolve(cells.clone());
    // A typed country applies to the list of recipients; a row that names another country may mean that one.
    let of_column = CountryRule {
        otherwise: None,
        by_column: true,
    }
    .resolve(cells)
    .unwrap_or_default();
    if is_number
        && digits.len() >= DIGITS_WITHOUT_PLUS
        && matches!(country, Ok(None))
        && of_column.is_none()
    {
        let national = digits.parse().ok().filter(|_| countries.by_column);
        return Ok(PossibleRecipients {
            people: vec![digits.to_owned()],
            national,
        });
    }
    let own = country.clone().unwrap_or_default();
    let named = of_column.filter(|named| Some(*named) != own);
    let read = |text: &str, country| TypedRecipient::read(text, country).ok();
    let by_name = named.and_then(|named| read(text, Some(named)));
    // Digits that may be a number of two countries exclude both.
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
    let without_country = own.filter(|_| is_other).and_then(|_| read(text, None));
    let all = meant
        .into_iter()
        .chain(by_name)
        .chain(without_country)
        .map(|typed| typed.recipient.as_str().to_owned())
        .chain(candidates);
    let mut people: Vec<String> = Vec::new();
    for person in all.chain(with_code.into_iter().flatten()) {
        if !people.contains(&person) {
            people.push(person);
        }
    }
    Ok(PossibleRecipients {
        people,
        national: bare_digits(text).filter(|_| countries.by_column && of_column.is_none()),
    })
}

/// The person of bare digits whose first ones look like the country's code but belong to the national number.
fn with_code(typed: Option<&TypedRecipient>, country: Option<Country>) -> Option<String> {
    let typed = typed?;
    let code = country?.calling_code();
    let digits = typed.recipient.as_str();
    let number =
        Some(digits).filter(|digits| digits.starts_with(code) && typed.bare_code().is_some());
    number
        .map(|digits| format!("{code}{digits}"))
        .filter(|number| country_of(number).is_some())
}

/// The fewest digits of a number.
const FEWEST_DIGITS: usize = 7;
/// The most digits of a number with its country code, as of E.164.
const MOST_DIGITS: usize = 15;

/// Whether a cell of any column can only be meant for a person, even if it cannot be read.
pub(super) fn is_person(text: &str) -> bool {
    let id = text.trim_matches(|sign: char| !sign.is_alphanumeric());
    id.starts_with("id:") || is_user_id(id) || (has_number(text) && !text.contains(is_letter))
}

/// Whether it is one number with its country code, which means the same in every country.
pub(super) fn is_international(text: &str) -> bool {
    let is_of_number = |sign: char| sign.is_ascii_digit() || " -.()".contains(sign);
    let digits = text
        .trim()
        .strip_prefix('+')
        .filter(|digits| digits.chars().all(is_of_number));
    digits.is_some_and(|digits| digits.chars().filter(char::is_ascii_digit).count() <= MOST_DIGITS)
}

/// Whether a cell may be meant for a person, or hold somebody's number among other words.
pub(super) fn may_name_person(text: &str) -> bool {
    is_person(text) || has_number(text) || may_be_id(text)
}

/// Whether a text may be meant as `id:USER`: `ID :juan`.
pub(super) fn may_be_id(text: &str) -> bool {
    let visible: String = text
        .chars()
        .filter(|sign| !is_invisible(*sign))
        .take(4)
        .collect();
    visible.len() > 3 && visible.to_ascii_lowercase().starts_with("id:")
}

/// Whether it has enough digits for a number, of any script and wherever they stand.
pub(super) fn has_digits(text: &str) -> bool {
    text.chars().filter(|sign| sign.is_numeric()).count() >= FEWEST_DIGITS
}

/// Whether enough digits for a number stand together, with no letters between them, that are not a date.
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
    has_digits(text)
        && text
            .split(is_letter)
            .any(|part| digits(part) >= FEWEST_DIGITS)
}

/// Whether it is a letter that a number does not have: Excel shortens one to `5,93988E+11`.
fn is_letter(sign: char) -> bool {
    sign.is_alphabetic() && sign != 'E'
}

/// Whether a word is a day, as `2026-11-20` and `20/11/2026`, a time of day, or two years, as `2025-2026`.
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
