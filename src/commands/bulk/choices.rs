//! The flags that also answer questions about a list.

use clap::{Args, Command, FromArgMatches};

use super::options::{EarlierOptions, LIST, RARE, at_least_one};
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::base::question::TypedFlag;
use crate::phone::Country;
use crate::runs::import::HiddenRule;

/// How a list is read, where jelouctl may have to ask.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ListChoices {
    /// Read this sheet of the workbook [default: the first visible one]
    #[arg(long, value_name = "NAME", help_heading = LIST)]
    pub(crate) sheet: Option<String>,

    /// Read recipients from this column [default: found by its name]
    ///
    /// The default is the column with a usual name, such as to, userId, phone, telefono or celular. If none or several have
    /// one, jelouctl asks, or refuses the list.
    #[arg(long, value_name = "COLUMN", help_heading = LIST)]
    pub(crate) to_column: Option<String>,

    /// Country of numbers without a country code: EC [default: the profile's]
    #[arg(long, value_name = "CODE", help_heading = LIST)]
    pub(crate) country: Option<Country>,

    /// Read countries from this column, or `none` [default: found by its name]
    ///
    /// The default is a column named `país`, `country` or `Country/Region`, unless --country is passed. Its cells are codes,
    /// names or calling codes. For an empty cell, --country or the profile sets the country.
    #[arg(long, value_name = "NAME", help_heading = LIST)]
    pub(crate) country_column: Option<String>,

    /// Skip or send the rows that are hidden or crossed out in the sheet
    ///
    /// Without this flag, jelouctl asks, or refuses a sheet with these rows.
    #[arg(long, value_name = "WHAT", help_heading = LIST)]
    pub(crate) hidden: Option<HiddenRule>,

    /// Read the header from line N [default: the first filled row]
    ///
    /// N is the line number in a sheet or editor.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = at_least_one, help_heading = RARE)]
    pub(crate) header_row: Option<u64>,

    #[command(flatten)]
    pub(crate) earlier: EarlierOptions,
}

impl ListChoices {
    /// Adds the flag of an answer, which is read as on a command line.
    ///
    /// # Errors
    /// If the flag has another value.
    pub(super) fn answer(&mut self, flag: &TypedFlag) -> Result<(), UsageError> {
        let command = Self::augment_args(Command::new("jelouctl").no_binary_name(true));
        let parsed = command
            .try_get_matches_from(flag.words())
            .and_then(|matches| Self::from_arg_matches(&matches));
        let answer = parsed.map_err(|_| {
            UsageError::bare(msg!("{flag} cannot be used here", flag = flag.to_string()))
        })?;
        *self = answer.over(std::mem::take(self));
        Ok(())
    }

    /// Returns these choices, and those of `typed` where this has none.
    fn over(self, typed: Self) -> Self {
        Self {
            sheet: self.sheet.or(typed.sheet),
            to_column: self.to_column.or(typed.to_column),
            country: self.country.or(typed.country),
            country_column: self.country_column.or(typed.country_column),
            hidden: self.hidden.or(typed.hidden),
            header_row: self.header_row.or(typed.header_row),
            earlier: EarlierOptions {
                skip_sent: self.earlier.skip_sent || typed.earlier.skip_sent,
                again: self.earlier.again || typed.earlier.again,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_added_to_the_typed_flags() {
        let mut choices = ListChoices {
            sheet: Some("Hoja1".to_owned()),
            earlier: EarlierOptions {
                again: true,
                ..EarlierOptions::default()
            },
            ..ListChoices::default()
        };
        for flag in [
            TypedFlag::with_value("--to-column", "-cel"),
            TypedFlag::with_value("--country", "EC"),
            TypedFlag::with_value("--country-column", "none"),
            TypedFlag::with_value("--header-row", "4"),
            TypedFlag::with_value("--hidden", "skip"),
            TypedFlag::with_value("--sheet", "Hoja 2"),
        ] {
            choices.answer(&flag).unwrap();
        }
        assert_eq!(choices.sheet.as_deref(), Some("Hoja 2"));
        assert_eq!(choices.to_column.as_deref(), Some("-cel"));
        assert_eq!(choices.country.map(Country::code), Some("EC"));
        assert_eq!(choices.country_column.as_deref(), Some("none"));
        assert_eq!(choices.header_row, Some(4));
        assert_eq!(choices.hidden, Some(HiddenRule::Skip));
        assert!(choices.earlier.again && !choices.earlier.skip_sent);
        let wrong = TypedFlag::with_value("--header-row", "x");
        assert!(choices.answer(&wrong).is_err());
    }
}
