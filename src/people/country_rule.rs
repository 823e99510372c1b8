//! Decides the country of a row's national numbers: the one in a column of its list, unless one was typed.

use crate::list::ONE_A_LINE;
use crate::message::TypedRecipient;
use crate::phone::{Country, DIGITS_WITHOUT_PLUS, RecipientError, bare_digits, country_of};

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
        Self { otherwise: typed.or(of_profile), by_column: typed.is_none() }
    }

    /// The country of a row, from its `cells` in columns of countries, each with its column's name.
    ///
    /// # Errors
    /// If a cell does not name a country, or two cells name different ones.
    pub(crate) fn of<'a>(
        self,
        cells: impl IntoIterator<Item = (&'a str, impl AsRef<str>)>,
    ) -> Result<Option<Country>, String> {
        let mut named: Option<(&str, Country)> = None;
        let cells = cells.into_iter().filter(|(_, cell)| self.by_column && !cell.as_ref().trim().is_empty());
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
            let read = TypedRecipient::read(typed, None).ok().filter(|read| read.bare_code().is_none());
            read.ok_or_else(|| RecipientError::new(problem, ONE_A_LINE))
        }
    }
}

/// The people that a text in a list of excluded people may mean. It is impossible to tell, so none of them gets a message.
pub(super) struct Readings {
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
) -> Result<Readings, RecipientError> {
    // Nearly every line of a long list is digits with their country code.
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && country_of(digits).is_some();
    if is_number && digits.len() < text.len() {
        return Ok(Readings { people: vec![digits.to_owned()], national: None });
    }
    let country = countries.of(cells.clone());
    // A typed country applies to the list of recipients; a row that names another country may mean that one.
    let of_column = CountryRule { otherwise: None, by_column: true }.of(cells).unwrap_or_default();
    if is_number && digits.len() >= DIGITS_WITHOUT_PLUS && matches!(country, Ok(None)) && of_column.is_none() {
        let national = digits.parse().ok().filter(|_| countries.by_column);
        return Ok(Readings { people: vec![digits.to_owned()], national });
    }
    let own = country.clone().unwrap_or_default();
    let named = of_column.filter(|named| Some(*named) != own);
    let read = |text: &str, country| TypedRecipient::read(text, country).ok();
    let by_name = named.and_then(|named| read(text, Some(named)));
    let meant = match (read_recipient(text, country), &by_name) {
        (Err(_), Some(_)) => None,
        (Err(error), None) => return Err(error),
        (Ok(typed), _) => Some(typed),
    };
    let with_code = [with_code(meant.as_ref(), own), with_code(by_name.as_ref(), named)];
    let is_other = meant.as_ref().is_none_or(|typed| typed.recipient.as_str() != text);
    let without_country = own.filter(|_| is_other).and_then(|_| read(text, None));
    let all = meant.into_iter().chain(by_name).chain(without_country).map(|typed| typed.recipient.as_str().to_owned());
    let mut people: Vec<String> = Vec::new();
    for person in all.chain(with_code.into_iter().flatten()) {
        if !people.contains(&person) {
            people.push(person);
        }
    }
    Ok(Readings { people, national: bare_digits(text).filter(|_| countries.by_column && of_column.is_none()) })
}

/// The person of bare digits whose first ones look like the country's code but belong to the national number.
fn with_code(typed: Option<&TypedRecipient>, country: Option<Country>) -> Option<String> {
    let (typed, code) = (typed?, country?.calling_code());
    let digits = typed.recipient.as_str();
    let number = Some(digits).filter(|digits| digits.starts_with(code) && typed.bare_code().is_some());
    number.map(|digits| format!("{code}{digits}")).filter(|number| country_of(number).is_some())
}
