//! Finds rows where `--country` and a column of the list lead to different numbers.

use super::countries::{FLAG, ListCountries, NO_COLUMN};
use super::plan::{Addressee, ImportPlan};
use crate::base::input::UsageError;
use crate::base::message::{Lang, Message, Value, msg};
use crate::base::question::{PossibleAnswer, Question, TypedFlag};
use crate::lists::column_facts::RecipientCountries;
use crate::lists::exclusions::country_in;
use crate::lists::list_file::{CountryColumn, Row, typed_name};
use crate::phone::Country;

/// The numbers of a list by `--country` and by the column that it sets aside.
#[derive(Debug, Default)]
pub(super) struct CountryConflict {
    first: Option<OtherNumber>,
    /// The rows with another number.
    rows: u64,
    by_column: RecipientCountries,
    by_flag: RecipientCountries,
    /// Whether later rows were counted that are not sent.
    is_cut: bool,
}

/// A row where the column leads to another number.
#[derive(Debug)]
struct OtherNumber {
    line: u64,
    column: String,
    /// The recipient as the list has it.
    written: String,
    by_column: String,
    by_flag: Option<String>,
}

impl CountryConflict {
    /// Counts the row in `line`, if nothing says whether `--country` or a column has its country. `by_flag` is its recipient
    /// by `--country`.
    pub(super) fn note(
        &mut self,
        plan: &ImportPlan<'_>,
        line: u64,
        row: &Row,
        recipient_column: &str,
        by_flag: Option<&Addressee>,
    ) {
        if !plan.countries.is_open {
            return;
        }
        let cells = row.country_cells(&CountryColumn::Usual);
        let column = cells.first().map(|(column, _)| (*column).to_owned());
        let Some(column) = column else {
            return;
        };
        let named = country_in(cells).ok().flatten();
        let is_same = named.is_none() || named == plan.countries.otherwise;
        let countries = ListCountries {
            otherwise: named,
            ..ListCountries::unknown()
        };
        let other = match by_flag {
            Some(_) if is_same => None,
            _ => plan.recipient.read(row, recipient_column, &countries).ok(),
        };
        let flag_number = by_flag.map(Addressee::recipient);
        let column_number = other.as_ref().or(by_flag).map(Addressee::recipient);
        if let Some(number) = flag_number {
            self.by_flag.count(number, line);
        }
        let Some(number) = column_number else {
            return;
        };
        self.by_column.count(number, line);
        if named.is_none() || flag_number == Some(number) {
            return;
        }
        self.rows += 1;
        let written = other.as_ref().map_or("", Addressee::written);
        self.first.get_or_insert_with(|| OtherNumber {
            line,
            column,
            written: written.trim().to_owned(),
            by_column: number.to_owned(),
            by_flag: flag_number.map(str::to_owned),
        });
    }

    /// Drops what was found after the line `last`.
    pub(super) fn cut(&mut self, last: u64) {
        if self.first.as_ref().is_some_and(|first| first.line > last) {
            self.first = None;
        }
        self.is_cut = true;
    }

    /// Returns the error for a list where `country` and the column lead to different numbers.
    pub(super) fn refuse(&self, country: Option<Country>) -> Result<(), UsageError> {
        let (Some(first), Some(country)) = (&self.first, country) else {
            return Ok(());
        };
        let OtherNumber {
            line,
            column,
            written,
            by_column,
            by_flag,
        } = first;
        let by_flag = match by_flag {
            Some(number) => Message::verbatim(format!("+{number}")),
            None => msg!("not a number"),
        };
        let flag = TypedFlag::with_value("--country", country.code()).to_string();
        let problem = msg!(
            "`{written}` in line {line} is {by_flag} with {flag}, but +{by_column} with the country in `{column}`",
            written,
            line,
            by_flag,
            flag,
            by_column,
            column
        );
        let problem = if self.is_cut {
            problem
        } else {
            msg!(
                "{problem} ({rows} {rows|row|rows})",
                problem,
                rows = self.rows
            )
        };
        let answers = vec![
            PossibleAnswer::new(
                self.counted(
                    msg!("use the countries in `{column}`", column),
                    &self.by_column,
                ),
                TypedFlag::with_value(FLAG, typed_name(column)),
            ),
            PossibleAnswer::new(
                self.counted(msg!("use {country} for every row", country), &self.by_flag),
                TypedFlag::with_value(FLAG, NO_COLUMN),
            ),
        ];
        let question = Question::new(which_country_text(), answers);
        Err(UsageError::open(problem, question))
    }

    /// Adds how many recipients of which `countries` an answer leads to.
    fn counted(&self, answer: Message, countries: &RecipientCountries) -> Message {
        if self.is_cut {
            return answer;
        }
        let countries = Value::ByLanguage {
            english: countries.words(Lang::En),
            spanish: countries.words(Lang::Es),
        };
        msg!("{answer} ({countries})", answer, countries)
    }
}

pub(super) fn which_country_text() -> Message {
    msg!("Which country are the local numbers of?")
}
