//! Whose national numbers a row has: those of the country that a column of its list names, unless one was typed.

use thiserror::Error;

use crate::message::{RecipientError, TypedRecipient};
use crate::phone::Country;

/// How a list is read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CountryRule {
    /// The country of rows that name none.
    pub(crate) otherwise: Option<Country>,
    /// Whether a column of the list counts.
    pub(crate) by_column: bool,
}

/// A row whose country is not surely one.
#[derive(Clone, Debug, Error)]
pub(crate) enum CountryError {
    #[error(
        "{column}: `{cell}` is not a country, so nobody can tell whose number this is; write EC or Ecuador, or say it for \
         all rows with --country"
    )]
    Unknown { column: String, cell: String },
    #[error("{first} and {second} name different countries; say it for all rows with --country")]
    Two { first: String, second: String },
}

/// A recipient of a row that is not surely one.
#[derive(Debug, Error)]
pub(crate) enum PersonError {
    #[error("{0}")]
    Recipient(RecipientError),
    #[error("{0}")]
    Country(CountryError),
}

impl CountryRule {
    /// By `--country`, or else by the list's column and the profile's country.
    pub(crate) fn new(typed: Option<Country>, of_profile: Option<Country>) -> Self {
        Self { otherwise: typed.or(of_profile), by_column: typed.is_none() }
    }

    /// The country of a row, by its `cells` under columns of countries, each with its column's name.
    ///
    /// # Errors
    /// When one names no country, or two name different ones.
    pub(crate) fn of<'a>(
        self,
        cells: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Option<Country>, CountryError> {
        let mut named: Option<(&str, Country)> = None;
        let cells = cells.into_iter().filter(|(_, cell)| self.by_column && !cell.trim().is_empty());
        for (column, cell) in cells {
            let unknown = || CountryError::Unknown { column: column.to_owned(), cell: cell.trim().to_owned() };
            let country = Country::named(cell).ok_or_else(unknown)?;
            match named {
                Some((first, other)) if other != country => {
                    return Err(CountryError::Two { first: first.to_owned(), second: column.to_owned() });
                }
                _ => named = Some((column, country)),
            }
        }
        Ok(named.map(|(_, country)| country).or(self.otherwise))
    }
}

/// The recipient that `typed` is in a row of this country. An international number needs none.
///
/// # Errors
/// When it is not surely one.
pub(crate) fn read_recipient(
    typed: &str,
    country: Result<Option<Country>, CountryError>,
) -> Result<TypedRecipient, PersonError> {
    match country {
        Ok(country) => TypedRecipient::read(typed, country).map_err(PersonError::Recipient),
        Err(error) => {
            let read = TypedRecipient::read(typed, None).ok().filter(|read| read.bare_code().is_none());
            read.ok_or(PersonError::Country(error))
        }
    }
}

/// Gives `add` the recipient that `text` was read as, and behind it the other one that its digits are when a country code was
/// meant to begin them: `51987654321` is somebody in Peru, but also in Brazil. Nobody can tell, so neither is written to.
pub(super) fn readings(text: &str, typed: &TypedRecipient, add: &mut dyn FnMut(&[&str])) {
    let meant = typed.recipient.as_str();
    match TypedRecipient::read(text, None) {
        Ok(other) if other.recipient.as_str() != meant => add(&[meant, other.recipient.as_str()]),
        Ok(_) | Err(_) => add(&[meant]),
    }
}
