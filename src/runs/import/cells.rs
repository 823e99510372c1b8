//! The columns of a message with amounts, dates and comparisons: cells that contradict each other, and cells that differ from
//! a compared text only in case.

use std::collections::BTreeSet;

use super::contradictions::{Contradiction, Contradictions};
use super::plan::ImportPlan;
use crate::base::conventions::Conventions;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::lists::list_file::Row;
use crate::lists::template::{CountryFit, ReadAmount, date_fit, describe_decimals, number_fit};
use crate::phone::Country;

/// The columns that a message uses.
pub(super) struct MessageColumns<'a> {
    /// Each with the path of its text.
    amounts: Vec<(&'a str, &'a ReadAmount)>,
    /// The cells of `amounts`, with the decimal separator of the row's country.
    amount_cells: Contradictions<char>,
    /// The columns that are read as dates, each with the path of its text.
    dates: Vec<(&'a str, &'a str)>,
    /// The cells of `dates`, with the short date of the row's country.
    date_cells: Contradictions<&'static str>,
    compared: BTreeSet<&'a (String, String)>,
}

impl<'a> MessageColumns<'a> {
    pub(super) fn new(plan: &'a ImportPlan<'a>) -> Self {
        let texts = plan.texts().collect::<Vec<_>>();
        let amounts = texts
            .iter()
            .flat_map(|(path, uses)| uses.amounts.iter().map(move |amount| (*path, amount)));
        let dates = texts.iter().flat_map(|(path, uses)| {
            uses.dates
                .iter()
                .map(move |column| (*path, column.as_str()))
        });
        Self {
            amounts: amounts.collect(),
            amount_cells: Contradictions::default(),
            dates: dates.collect(),
            date_cells: Contradictions::default(),
            compared: texts.iter().flat_map(|(_, uses)| &uses.compared).collect(),
        }
    }

    /// Records which decimal separators the amounts of a row show.
    pub(super) fn note_decimals(
        &mut self,
        line: u64,
        row: &Row,
        country: impl Fn() -> Option<Country>,
    ) {
        let country = if self.amounts.is_empty() {
            None
        } else {
            country()
        };
        let conventions = country.and_then(|country| Conventions::for_country(country.code()));
        let Some(mark) = conventions.map(|known| known.decimal_mark) else {
            return;
        };
        for (place, (_, amount)) in self.amounts.iter().enumerate() {
            let is_stored = row.shown_text(&amount.column).is_some();
            let Some(text) = row.text(&amount.column).filter(|_| !is_stored) else {
                continue;
            };
            match number_fit(text, mark) {
                Some(CountryFit::ByCountry) => {
                    self.amount_cells.note_by_country(place, mark, line, text);
                }
                Some(CountryFit::Contrary) => {
                    self.amount_cells.note_contrary(place, mark, line, text);
                }
                None => {}
            }
        }
    }

    /// Refuses the first column with cells that contradict each other, up to the line `last`.
    pub(super) fn refuse_unclear_columns(&self, last: Option<u64>) -> Result<(), UsageError> {
        self.refuse_dates(last)?;
        self.refuse_decimals(last)
    }

    /// Refuses the first column with both decimal separators.
    fn refuse_decimals(&self, last: Option<u64>) -> Result<(), UsageError> {
        let Some(found) = self.amount_cells.first(last) else {
            return Ok(());
        };
        let Some((path, amount)) = self.amounts.get(found.place) else {
            return Ok(());
        };
        let Contradiction {
            by_country,
            contrary,
            ..
        } = found;
        let mark = found.format;
        let other_mark = if mark == ',' { '.' } else { ',' };
        let column = &amount.column;
        let message = msg!(
            "{path}: the decimal separator of {column} is unclear: in its country, {read}, but {other}",
            path,
            column,
            read = describe_decimals(&by_country.text, by_country.line, mark),
            other = describe_decimals(&contrary.text, contrary.line, other_mark)
        );
        let filter = format!("number(\"{other_mark}\")");
        let correct = amount.with_point.replace("number(\".\")", &filter);
        let hint = msg!(
            "to set it, write `{correct}`; or write these cells in the same format",
            correct
        );
        Err(UsageError::new(message, hint))
    }

    /// Records how the dates of a row, which may be invalid, fit the order of day and month in its country.
    pub(super) fn note_dates(
        &mut self,
        line: u64,
        row: &Row,
        country: impl Fn() -> Option<Country>,
    ) {
        if self.dates.is_empty() {
            return;
        }
        let known = country().and_then(|country| Conventions::for_country(country.code()));
        let Some(known) = known else {
            return;
        };
        for (place, (_, column)) in self.dates.iter().enumerate() {
            let Some(text) = row.text(column) else {
                continue;
            };
            let format = known.short_date;
            match date_fit(text, &known) {
                Some(CountryFit::ByCountry) => {
                    self.date_cells.note_by_country(place, format, line, text);
                }
                Some(CountryFit::Contrary) => {
                    self.date_cells.note_contrary(place, format, line, text);
                }
                None => {}
            }
        }
    }

    /// Refuses the first column with dates in both orders: `12/05/2026` may be wrong if the column also has `12/25/2026`.
    fn refuse_dates(&self, last: Option<u64>) -> Result<(), UsageError> {
        let Some(found) = self.date_cells.first(last) else {
            return Ok(());
        };
        let Some((path, column)) = self.dates.get(found.place) else {
            return Ok(());
        };
        let Contradiction {
            by_country,
            contrary,
            ..
        } = found;
        let [text, other] = [&by_country.text, &contrary.text];
        let [line, other_line] = [by_country.line, contrary.line];
        let message = if found.format.starts_with("%m") {
            msg!(
                "{path}: the order of day and month in {column} is unclear: in its country, `{text}` in line {line} has the \
                 month first, but `{other}` in line {other_line} has the day first",
                path,
                column,
                text,
                line,
                other,
                other_line
            )
        } else {
            msg!(
                "{path}: the order of day and month in {column} is unclear: in its country, `{text}` in line {line} has the \
                 day first, but `{other}` in line {other_line} has the month first",
                path,
                column,
                text,
                line,
                other,
                other_line
            )
        };
        let hint = msg!("write each date of the column as year-month-day: 2026-11-28");
        Err(UsageError::new(message, hint))
    }

    /// Warnings about cells that the message compares with a text, if they differ only in case, and from all such texts.
    pub(super) fn warnings(&self, row: &Row) -> impl Iterator<Item = Message> {
        self.compared.iter().filter_map(move |(column, text)| {
            let cell = row.text(column)?;
            let is_similar = cell.trim().to_lowercase() == text.trim().to_lowercase();
            if !is_similar || self.compares(column, cell) {
                return None;
            }
            let way = if cell.trim() == text.trim() {
                msg!("`{column} | trim` ignores spaces around it", column)
            } else {
                msg!("`{column} | lower` ignores case", column)
            };
            Some(msg!(
                "{column}: `{cell}` is not exactly `{text}`, as in the message; {way}",
                column,
                cell,
                text,
                way
            ))
        })
    }

    /// Whether the message compares `column` with `text`.
    fn compares(&self, column: &str, text: &str) -> bool {
        let mut compared = self.compared.iter();
        compared.any(|(name, other)| name == column && other == text)
    }
}
