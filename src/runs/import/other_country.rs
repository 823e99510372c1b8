//! Finds the countries in columns that jelouctl does not use for the number of a row.

use std::borrow::Cow;

use super::plan::{ImportPlan, RecipientRule};
use crate::base::texts::shell_word;
use crate::jelou::message::TypedRecipient;
use crate::lists::list_file::{Row, is_calling_code_column, is_country_column};
use crate::lists::template::spelling;
use crate::phone::Country;

/// A cell with a country.
struct CountryCell<'a> {
    column: &'a str,
    cell: String,
    /// Several, if they share a calling code.
    countries: Vec<Country>,
    is_calling_code: bool,
}

impl<'a> CountryCell<'a> {
    /// None if the cell has neither a country nor a calling code.
    fn read(column: &'a str, cell: &str) -> Option<Self> {
        // `Sr` as a prefix is not Suriname.
        let may_be_name = cell.contains(char::is_alphabetic) && !is_calling_code_column(column);
        let named = Some(cell)
            .filter(|_| may_be_name)
            .and_then(Country::from_name);
        let countries = match named {
            Some(country) => vec![country],
            None => Country::with_calling_code(cell),
        };
        let is_found = !countries.is_empty();
        is_found.then(|| Self {
            column,
            cell: cell.trim().to_owned(),
            countries,
            is_calling_code: named.is_none(),
        })
    }

    /// Returns whether the local number `written` begins with the code, so that it is an area code: `55` in Mexico.
    fn is_area_code_of(&self, written: &str) -> bool {
        self.is_calling_code
            && !self.cell.starts_with('+')
            && digits(written).starts_with(&digits(&self.cell))
    }
}

impl ImportPlan<'_> {
    /// Returns a warning if a column has another country, where `written` is another number. The list's `country` gave
    /// `number`, and jelouctl does not use the column.
    pub(super) fn other_country(
        &self,
        row: &Row,
        written: &str,
        number: &str,
        country: Country,
    ) -> Option<String> {
        let read = |country| {
            let read = TypedRecipient::read(written, country).ok()?;
            Some(read.recipient.as_str().to_owned())
        };
        let is_other_number = |named: &Country| {
            read(Some(*named))
                .is_some_and(|other| other != number && other.starts_with(named.calling_code()))
        };
        let unused = self.unused_countries(row);
        let other = unused.iter().find(|unused| {
            !unused.countries.contains(&country)
                && !unused.is_area_code_of(written)
                && unused.countries.iter().any(is_other_number)
        })?;
        if read(None).as_deref() == Some(number) {
            return None;
        }
        Some(format!(
            "`{written}` is read as a number of {}, but `{}` is `{}`; {}",
            country.code(),
            other.column,
            other.cell,
            self.way_to_use(row, other)
        ))
    }

    /// Returns how to use the first calling code in a column of this row, or None.
    pub(super) fn way_to_use_code(&self, row: &Row) -> Option<String> {
        let unused = self.unused_countries(row);
        let code = unused.iter().find(|unused| unused.is_calling_code)?;
        Some(format!(
            "to use the code in `{}`: {}",
            code.column,
            self.way_to_add_code(row, code)
        ))
    }

    /// Returns the column with the first calling code of this row, or None.
    pub(super) fn code_column<'a>(&self, row: &'a Row) -> Option<&'a str> {
        let mut unused = self.unused_countries(row).into_iter();
        let code = unused.find(|unused| unused.is_calling_code)?;
        Some(code.column)
    }

    /// Returns the countries in the row's cells that jelouctl does not use.
    fn unused_countries<'a>(&self, row: &'a Row) -> Vec<CountryCell<'a>> {
        let mut cells = row.possible_country_cells();
        let country_cells = row.country_cells();
        if !country_cells.is_empty() {
            // A list with a country column may have others for another purpose, but a calling code belongs to the number.
            cells.retain(|(column, cell)| {
                is_calling_code_column(column) || cell.trim().starts_with('+')
            });
        }
        if !self.countries.by_column {
            cells.extend(country_cells);
        }
        let is_unused = |(column, _): &(&str, Cow<'_, str>)| !self.addresses_by(row, column);
        let unused = cells.into_iter().filter(is_unused);
        unused
            .filter_map(|(column, cell)| CountryCell::read(column, &cell))
            .collect()
    }

    /// Returns how to use this cell for the number, or how to avoid the warning.
    fn way_to_use(&self, row: &Row, used: &CountryCell<'_>) -> String {
        if used.is_calling_code {
            let way = self.way_to_add_code(row, used);
            return format!("{way}, or remove the column");
        }
        let way = match (is_country_column(used.column), self.countries.by_column) {
            (true, _) => "omit --country, or remove the column",
            (false, true) => "rename the column to `pais`, or remove it",
            (false, false) => "rename the column to `pais` and omit --country, or remove it",
        };
        way.to_owned()
    }

    fn way_to_add_code(&self, row: &Row, code: &CountryCell<'_>) -> String {
        let names = row.names();
        let plus = if code.cell.contains('+') || code.cell.contains("00") {
            ""
        } else {
            "+"
        };
        let start = format!("{plus}{}", spelling(code.column, &names));
        match &self.recipient {
            RecipientRule::Template(_) => format!("begin --to with {}", shell_word(&start)),
            RecipientRule::Column(_) => {
                let column = self.recipient.column(row).unwrap_or_default();
                let number = row.text(&column).unwrap_or_default();
                let calling_code = code
                    .countries
                    .first()
                    .map_or("", |named| named.calling_code());
                if TypedRecipient::read(&format!("+{calling_code}{number}"), None).is_err() {
                    return "write countries such as EC instead of the codes, and rename the column to `pais`".to_owned();
                }
                let template = format!("{start}{}", spelling(&column, &names));
                format!("add after the kind: --to {}", shell_word(&template))
            }
        }
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
