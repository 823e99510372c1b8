//! The country of a row's local numbers: from a column of the list, from `--country`, or from the profile.

use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::question::TypedFlag;
use crate::lists::column_facts::NamedCountry;
use crate::lists::exclusions::country_in;
use crate::lists::list_file::{CountryColumn, ListReader, Row, meant_columns};
use crate::phone::Country;

pub(super) const FLAG: &str = "--country-column";

/// The value of the flag for a list whose columns have no countries.
pub(super) const NO_COLUMN: &str = "none";

/// The value of `--country` for a list whose local numbers have no country.
pub(crate) const NO_COUNTRY: &str = "none";

/// The countries of the local numbers in a list.
#[derive(Clone, Debug)]
pub(crate) struct ListCountries {
    pub(crate) column: CountryColumn,
    /// The country of rows without one in the column.
    pub(crate) otherwise: Option<Country>,
    /// Whether `--country` sets aside the column, although it may lead to other numbers.
    pub(super) is_open: bool,
    /// Whether `--country` says that local numbers have no country, so nothing is asked.
    pub(crate) has_none: bool,
}

impl ListCountries {
    /// Reads the values of `--country` and `--country-column`.
    ///
    /// # Errors
    /// If the list does not have the typed column.
    pub(crate) fn new(
        country: Option<Country>,
        column: Option<&str>,
        of_profile: Option<Country>,
        list: &mut ListReader,
    ) -> Result<Self, UsageError> {
        let named = match (column, country) {
            (None, None) => CountryColumn::Usual,
            (None, Some(_)) | (Some(NO_COLUMN), _) => CountryColumn::None,
            (Some(name), _) => CountryColumn::Named(find_column(name, list)?),
        };
        Ok(Self {
            column: named,
            otherwise: country.or(of_profile),
            is_open: column.is_none() && country.is_some(),
            has_none: false,
        })
    }

    /// Creates the rule that knows no country.
    pub(super) fn unknown() -> Self {
        Self {
            column: CountryColumn::None,
            otherwise: None,
            is_open: false,
            has_none: false,
        }
    }

    /// Returns the country of a row.
    ///
    /// # Errors
    /// If a cell is not a country, or two cells are different countries.
    pub(super) fn row_country(&self, row: &Row) -> Result<Option<Country>, Message> {
        let cells = row.country_cells(&self.column);
        Ok(country_in(cells)?.or(self.otherwise))
    }

    /// Returns the country that a column of the list names for a row, even if `--country` sets the column aside.
    pub(super) fn named_for<'r>(&self, row: &'r Row) -> Option<NamedCountry<'r>> {
        let column = if self.is_open {
            &CountryColumn::Usual
        } else {
            &self.column
        };
        let cells = row.country_cells(column);
        let filled = cells.iter().find(|(_, cell)| !cell.trim().is_empty())?;
        let column = filled.0;
        let country = country_in(cells).ok()??;
        Some(NamedCountry { column, country })
    }
}

fn find_column(name: &str, list: &mut ListReader) -> Result<String, UsageError> {
    let names = list.first_names();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    match meant_columns(&names, name)[..] {
        [one] => Ok(one.to_owned()),
        [_, _, ..] => Err(UsageError::ambiguous_column(FLAG, name, &names)),
        [] => {
            let flag = TypedFlag::with_value(FLAG, NO_COLUMN).to_string();
            let hint = msg!("if no column has the countries: {flag}", flag);
            Err(UsageError {
                hint: Some(hint),
                ..UsageError::no_column(FLAG, name, &names)
            })
        }
    }
}

/// Returns the first column of `names` that has the countries.
pub(super) fn country_column<'a>(
    names: &'a [String],
    countries: &ListCountries,
) -> Option<&'a str> {
    let mut names = names.iter().map(|name| name.trim());
    names.find(|name| countries.column.has_name(name))
}
