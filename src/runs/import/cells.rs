//! Finds cells that are probably a mistake. Examples are a placeholder or a spreadsheet error, such as `#N/A` in a
//! greeting, and an empty cell that leaves a gap. Others are a text in a wrong encoding or in HTML, and amounts with
//! contradicting decimal separators.

use std::collections::BTreeSet;

use serde_json::Value;

use super::contradictions::{Contradiction, Contradictions};
use super::error::RowError;
use super::plan::ImportPlan;
use crate::base::conventions::Conventions;
use crate::base::input::UsageError;
use crate::jelou::message::{each_text, refused_character};
use crate::lists::list_file::Row;
use crate::lists::template::{
    BodyText, ColumnPrint, CountryFit, ForeignText, NoValue, ReadAmount, date_fit,
    describe_decimals, may_have_placeholder, number_fit, placeholder_in_cell, unfilled_template,
};
use crate::phone::Country;

/// A text of a row that the message may print.
struct PrintedCell<'r> {
    column: &'r str,
    text: &'r str,
}

/// A cell that is probably a mistake.
pub(super) struct SuspectCell<'r> {
    pub(super) column: &'r str,
    /// The word in the cell that stands for a missing value. None for an empty cell, which leaves a gap.
    pub(super) found: Option<NoValue<'r>>,
}

/// The cells of a row that the message may print, and what is unusual about them.
pub(super) struct RowCells<'r> {
    pub(super) row: &'r Row,
    printed: Vec<PrintedCell<'r>>,
    /// Cells with a placeholder or an error, and empty cells that leave a gap. A cell is not suspect if the message
    /// compares it with that text, or does not print it in this row.
    pub(super) suspects: Vec<SuspectCell<'r>>,
    /// Descriptions of text for another program or in another encoding.
    pub(super) foreign_texts: Vec<String>,
}

/// The columns that a message uses.
pub(super) struct MessageColumns<'a> {
    printed: BTreeSet<&'a str>,
    /// Whether any column may be printed.
    prints_all: bool,
    /// Each place that prints a column, with its text.
    prints: Vec<(&'a BodyText<'a>, &'a ColumnPrint)>,
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
        let prints_of = |text: &'a BodyText<'a>| {
            let prints = text.uses().into_iter().flat_map(|uses| &uses.prints);
            prints.map(move |print| (text, print))
        };
        let prints: Vec<_> = plan.body.texts().iter().flat_map(prints_of).collect();
        Self {
            printed: prints
                .iter()
                .map(|(_, print)| print.column.as_str())
                .collect(),
            prints_all: plan.body.uses().any(|(_, uses)| uses.is_of_all),
            prints,
            amounts: amounts.collect(),
            amount_cells: Contradictions::default(),
            dates: dates.collect(),
            date_cells: Contradictions::default(),
            compared: texts.iter().flat_map(|(_, uses)| &uses.compared).collect(),
        }
    }

    /// Reads the cells of `row` that the message may print. `country` returns the country of the row.
    pub(super) fn read<'r>(
        &self,
        row: &'r Row,
        country: &impl Fn() -> Option<Country>,
    ) -> RowCells<'r>
    where
        'a: 'r,
    {
        let printed = self.printed(row);
        let suspects = self.suspects(row, &printed, country);
        let foreign_texts = printed
            .iter()
            .filter_map(|cell| {
                let description = describe_foreign_text(cell)?;
                self.prints(row, cell.column, country)
                    .then_some(description)
            })
            .collect();
        RowCells {
            row,
            printed,
            suspects,
            foreign_texts,
        }
    }

    fn printed<'r>(&self, row: &'r Row) -> Vec<PrintedCell<'r>>
    where
        'a: 'r,
    {
        let all = if self.prints_all {
            row.names()
        } else {
            Vec::new()
        };
        let rest = all.into_iter().filter(|name| !self.printed.contains(name));
        let columns = self.printed.iter().copied().chain(rest);
        columns
            .filter_map(|column| {
                let text = row.text(column)?;
                Some(PrintedCell { column, text })
            })
            .collect()
    }

    fn suspects<'r>(
        &self,
        row: &Row,
        cells: &[PrintedCell<'r>],
        country: &impl Fn() -> Option<Country>,
    ) -> Vec<SuspectCell<'r>> {
        let mut suspects = Vec::new();
        for cell in cells {
            let PrintedCell { column, text } = *cell;
            let found = NoValue::in_cell(text.trim());
            let is_suspect = if found.is_some() {
                self.prints(row, column, country)
            } else {
                text.trim().is_empty() && self.leaves_gap(row, column, country)
            };
            if is_suspect && !self.is_compared(cell) {
                suspects.push(SuspectCell { column, found });
            }
        }
        suspects
    }

    /// Returns whether the message compares the column with the text of its cell.
    fn is_compared(&self, cell: &PrintedCell<'_>) -> bool {
        self.compared
            .iter()
            .any(|(column, text)| column == cell.column && text == cell.text)
    }

    /// Returns whether the message of `row` prints `column`.
    fn prints(&self, row: &Row, column: &str, country: &impl Fn() -> Option<Country>) -> bool {
        self.prints_all
            || self
                .places(column)
                .any(|(text, print)| text.prints(print, row, country()))
    }

    /// Returns whether the empty cell of `column` leaves a gap in the message of `row`.
    fn leaves_gap(&self, row: &Row, column: &str, country: &impl Fn() -> Option<Country>) -> bool {
        self.places(column)
            .any(|(text, print)| text.leaves_gap(print, row, country()))
    }

    /// Returns the places that print `column`.
    fn places(&self, column: &str) -> impl Iterator<Item = &(&'a BodyText<'a>, &'a ColumnPrint)> {
        self.prints
            .iter()
            .filter(move |(_, print)| print.column == column)
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
        let read = describe_decimals(&by_country.text, mark);
        let other_read = describe_decimals(&contrary.text, other_mark);
        let message = format!(
            "{path}: the decimal separator of {column} is unclear: in its country, `{}` in line {} {read}, but `{}` in line {} \
             {other_read}",
            by_country.text, by_country.line, contrary.text, contrary.line
        );
        let filter = format!("number('{other_mark}')");
        let correct = amount.with_point.replace("number('.')", &filter);
        let hint = format!("to set it, write `{correct}`; or write these cells in the same format");
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
        let (usual, shown) = if found.format.starts_with("%m") {
            ("month", "day")
        } else {
            ("day", "month")
        };
        let message = format!(
            "{path}: the order of day and month in {column} is unclear: in its country, `{}` in line {} has the {usual} first, \
             but `{}` in line {} has the {shown} first",
            by_country.text, by_country.line, contrary.text, contrary.line
        );
        Err(UsageError::new(
            message,
            "write all dates of the column as 2026-11-28",
        ))
    }

    /// Warnings about cells that the message compares with a text, if they differ only in case.
    pub(super) fn warnings(&self, row: &Row) -> impl Iterator<Item = String> {
        self.compared.iter().filter_map(|(column, text)| {
            let cell = row.text(column)?;
            if cell == text || cell.trim().to_lowercase() != text.trim().to_lowercase() {
                return None;
            }
            let what = format!("{column}: `{cell}` is not exactly `{text}`, as in the message");
            Some(if cell.trim() == text.trim() {
                format!("{what}; to ignore spaces around it: `{column} | trim`")
            } else {
                format!("{what}; to ignore case: `{column} | lower`")
            })
        })
    }
}

impl RowCells<'_> {
    /// Refuses a spreadsheet error; if `is_strict`, also a placeholder, an empty cell, or text for another program.
    pub(super) fn refuse_suspects(&self, is_strict: bool) -> Result<(), RowError> {
        let is_error =
            |cell: &SuspectCell<'_>| cell.found.is_some_and(|found| found.is_spreadsheet_error());
        let refused = self
            .suspects
            .iter()
            .find(|cell| is_error(cell) || is_strict);
        if let Some(cell) = refused {
            return Err(RowError::Problem(describe_suspect(cell)));
        }
        match self.foreign_texts.first() {
            Some(warning) if is_strict => Err(RowError::Problem(warning.clone())),
            _ => Ok(()),
        }
    }

    /// The problem of the first printed cell with a character that messages cannot contain.
    pub(super) fn refused_character(&self) -> Option<String> {
        let mut cells = self.printed.iter();
        cells.find_map(|cell| {
            let problem = refused_character(cell.text)?;
            Some(format!("{}: {problem}", cell.column))
        })
    }

    /// The problem of the first printed cell with a template that no program has filled in, such as `Hola {{ nombre }}`.
    /// A filter may have removed it, so `body`, the message, decides.
    pub(super) fn unfilled_template(&self, body: &Value) -> Option<String> {
        let mut cells = self.printed.iter();
        let (column, written) =
            cells.find_map(|cell| Some((cell.column, unfilled_template(cell.text)?)))?;
        let is_sent = any_text(body, |text| unfilled_template(text).is_some());
        is_sent.then(|| {
            format!("{column}: `{written}` is a template that was not filled in, and would be sent")
        })
    }

    /// Warnings about the printed cells with a column in the marks of another tool, such as `{nombre}`, if `body`, the
    /// message, contains it too.
    pub(super) fn placeholders(&self, body: &Value) -> Vec<String> {
        let in_cell = |cell: &PrintedCell<'_>| {
            if !may_have_placeholder(cell.text) {
                return None;
            }
            let written = placeholder_in_cell(cell.text, &self.row.names())?;
            let lower = written.to_lowercase();
            let is_sent = unfilled_template(cell.text).is_none()
                && any_text(body, |text| text.to_lowercase().contains(&lower));
            is_sent.then(|| format!("{}: `{written}` is sent unchanged", cell.column))
        };
        self.printed.iter().filter_map(in_cell).collect()
    }
}

/// Describes text in a cell for another program or in another encoding.
fn describe_foreign_text(cell: &PrintedCell<'_>) -> Option<String> {
    let found = ForeignText::find(cell.text)?;
    Some(format!("{}: {}", cell.column, found.describe_in_cell()))
}

fn describe_suspect(SuspectCell { column, found }: &SuspectCell<'_>) -> String {
    match found {
        Some(found) => format!("{column}: {}", found.describe()),
        None => format!("{column}: is empty and would leave a gap in the text"),
    }
}

/// Whether `is_it` is true for a text of `body`.
fn any_text(body: &Value, is_it: impl Fn(&str) -> bool) -> bool {
    let mut is_found = false;
    each_text(body, "", &mut |_, text| {
        is_found |= is_it(text);
    });
    is_found
}
