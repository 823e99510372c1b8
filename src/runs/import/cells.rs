//! The columns of a message with amounts, dates, percentages and comparisons: cells that contradict the format of their
//! country, such as `1,234` in a column that also has `950.00`, or each other, such as `0.5` and `5` as percentages, and cells
//! that differ from a compared text only in case or accents.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::ImportPlan;
use crate::base::conventions::Conventions;
use crate::base::input::UsageError;
use crate::base::letters::are_same_letters;
use crate::base::message::{Message, msg};
use crate::base::suggest::folded;
use crate::lists::list_file::Row;
use crate::lists::template::{
    BareShares, CountryFit, DateOrder, ReadAmount, describe_decimals, number_fit,
};
use crate::phone::Country;

/// The columns that a message uses.
pub(super) struct MessageColumns<'a> {
    /// The columns that are read as dates, then those that are read as amounts.
    read: Vec<ReadColumn<'a>>,
    /// The cells of `read`, by the position of the column and by the format of the row's country.
    cells: BTreeMap<(usize, &'static str), FirstCells>,
    shares: FirstShares,
    compared: BTreeSet<&'a (String, String)>,
}

/// A column that a text reads.
struct ReadColumn<'a> {
    /// The path of the text.
    path: &'a str,
    name: &'a str,
    /// None for dates.
    amount: Option<&'a ReadAmount>,
}

/// Cells that contradict each other. The first has the format of its country only if the second is wrong.
#[derive(Default)]
struct FirstCells {
    /// The first cell that may have either format, so the country decides.
    by_country: Option<FirstCell>,
    /// The first cell in another format than its country's.
    contrary: Option<FirstCell>,
}

/// The first cells without a percent sign that are read as percentages; see [`BareShares`].
#[derive(Default)]
struct FirstShares {
    part: Option<FirstCell>,
    above_1: Option<FirstCell>,
}

struct FirstCell {
    line: u64,
    text: String,
}

impl<'a> MessageColumns<'a> {
    pub(super) fn new(plan: &'a ImportPlan<'a>) -> Self {
        let mut dates = Vec::new();
        let mut amounts = Vec::new();
        let mut compared = BTreeSet::new();
        for (path, uses) in plan.texts() {
            dates.extend(uses.dates.iter().map(|name| ReadColumn {
                path,
                name,
                amount: None,
            }));
            amounts.extend(uses.amounts.iter().map(|amount| ReadColumn {
                path,
                name: &amount.column,
                amount: Some(amount),
            }));
            compared.extend(&uses.compared);
        }
        dates.append(&mut amounts);
        Self {
            read: dates,
            cells: BTreeMap::new(),
            shares: FirstShares::default(),
            compared,
        }
    }

    /// Records how the dates and amounts of a row, which may be invalid, fit the format of its country.
    pub(super) fn note(&mut self, line: u64, row: &Row, country: impl FnOnce() -> Option<Country>) {
        if self.read.is_empty() {
            return;
        }
        let known = country().and_then(|country| Conventions::for_country(country.code()));
        let Some(known) = known else {
            return;
        };
        for (place, column) in self.read.iter().enumerate() {
            let Some(text) = row.text(column.name) else {
                continue;
            };
            // A number that the sheet stores has no format.
            let is_stored = column.amount.is_some() && row.shown_text(column.name).is_some();
            let fit = column.fit(text, &known).filter(|_| !is_stored);
            let Some(fit) = fit else {
                continue;
            };
            let cells = self
                .cells
                .entry((place, column.format(&known)))
                .or_default();
            let first = match fit {
                CountryFit::ByCountry => &mut cells.by_country,
                CountryFit::Contrary => &mut cells.contrary,
            };
            first.get_or_insert_with(|| FirstCell {
                line,
                text: text.trim().to_owned(),
            });
        }
    }

    /// Records the percentages of a row, which may be invalid.
    pub(super) fn note_shares(&mut self, line: u64, shares: BareShares) {
        let part = shares.part.map(|text| FirstCell { line, text });
        let above_1 = shares.above_1.map(|text| FirstCell { line, text });
        self.shares.part = self.shares.part.take().or(part);
        self.shares.above_1 = self.shares.above_1.take().or(above_1);
    }

    /// Refuses the first column with cells that contradict each other, or with dates that two countries read in another
    /// order, up to the line `last`. Also refuses percentages that contradict each other.
    pub(super) fn refuse_unclear_columns(&self, last: Option<u64>) -> Result<(), UsageError> {
        let is_within = |cell: &&FirstCell| last.is_none_or(|last| cell.line <= last);
        if let Some(part) = self.shares.part.as_ref().filter(is_within)
            && let Some(above_1) = self.shares.above_1.as_ref().filter(is_within)
        {
            return Err(unclear_shares(part, above_1));
        }
        for ((place, format), cells) in &self.cells {
            let by_country = cells.by_country.as_ref().filter(is_within);
            let contrary = cells.contrary.as_ref().filter(is_within);
            if let Some(by_country) = by_country
                && let Some(contrary) = contrary
                && let Some(column) = self.read.get(*place)
            {
                return Err(column.unclear(format, by_country, contrary));
            }
            let others = self.cells.range((*place, *format)..(*place + 1, ""));
            if let Some(by_country) = by_country
                && let Some(column) = self.read.get(*place)
                && let Some(other) = others
                    .filter(|((_, other), _)| column.is_other_order(format, other))
                    .find_map(|(_, cells)| cells.by_country.as_ref().filter(is_within))
            {
                let hint = msg!(
                    "if all rows have the day first: date(\"…\", from=\"%d/%m/%Y\"); if not, write each date of the column \
                     as year-month-day: 2026-11-28"
                );
                let error = column.unclear(format, by_country, other);
                return Err(UsageError::new(error.message, hint));
            }
        }
        Ok(())
    }

    /// Warnings about cells that the message compares with a text, if they differ only in case, accents and
    /// spaces, and from all such texts.
    pub(super) fn warnings(&self, row: &Row) -> impl Iterator<Item = Message> {
        self.compared.iter().filter_map(move |(column, text)| {
            let cell = row.text(column)?;
            if folded(cell) != folded(text) || self.compares(column, cell) {
                return None;
            }
            let way = if cell.trim() == text.trim() {
                msg!("`{column} | trim` ignores spaces around it", column)
            } else if cell.trim().to_lowercase() == text.trim().to_lowercase() {
                msg!("`{column} | lower` ignores case", column)
            } else {
                msg!(
                    "`{column} in [\"{text}\", \"{cell}\"]` takes both",
                    column,
                    text,
                    cell
                )
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
        compared.any(|(name, other)| name == column && are_same_letters(other, text))
    }
}

impl ReadColumn<'_> {
    fn fit(&self, text: &str, known: &Conventions) -> Option<CountryFit> {
        match self.amount {
            Some(_) => number_fit(text, known.decimal_mark),
            None => DateOrder::find(text)?.fit(known),
        }
    }

    /// Returns the short date or the decimal separator of a country.
    fn format(&self, known: &Conventions) -> &'static str {
        match (self.amount, known.decimal_mark) {
            (None, _) => known.short_date,
            (Some(_), ',') => ",",
            (Some(_), _) => ".",
        }
    }

    /// Returns whether the two formats of dates differ in the order of day and month.
    fn is_other_order(&self, format: &str, other: &str) -> bool {
        self.amount.is_none() && has_month_first(format) != has_month_first(other)
    }

    /// Returns the error for a column with both formats: `12/05/2026` may be wrong if it also has `12/25/2026`.
    fn unclear(&self, format: &str, by_country: &FirstCell, contrary: &FirstCell) -> UsageError {
        match self.amount {
            Some(amount) => self.unclear_decimals(amount, format, by_country, contrary),
            None => self.unclear_dates(format, by_country, contrary),
        }
    }

    fn unclear_decimals(
        &self,
        amount: &ReadAmount,
        format: &str,
        by_country: &FirstCell,
        contrary: &FirstCell,
    ) -> UsageError {
        let [mark, other_mark] = if format == "," {
            [',', '.']
        } else {
            ['.', ',']
        };
        let message = msg!(
            "{path}: the decimal separator of {column} is unclear: in its country, {read}, but {other}",
            path = self.path,
            column = self.name,
            read = describe_decimals(&by_country.text, by_country.line, mark),
            other = describe_decimals(&contrary.text, contrary.line, other_mark)
        );
        let filter = format!("number(\"{other_mark}\")");
        let correct = amount.with_point.replace("number(\".\")", &filter);
        let hint = msg!(
            "to set it, write `{correct}`; or write these cells in the same format",
            correct
        );
        UsageError::new(message, hint)
    }

    fn unclear_dates(
        &self,
        format: &str,
        by_country: &FirstCell,
        contrary: &FirstCell,
    ) -> UsageError {
        let path = self.path;
        let column = self.name;
        let [text, other] = [&by_country.text, &contrary.text];
        let [line, other_line] = [by_country.line, contrary.line];
        let message = if has_month_first(format) {
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
        UsageError::new(message, hint)
    }
}

/// Returns the error for percentages of which one may lack its sign: `0.5` may mean 0.5% if another row has `5`.
fn unclear_shares(part: &FirstCell, above_1: &FirstCell) -> UsageError {
    let message = msg!(
        "percent: `{text}` in line {line} may mean {text}%, because `{other}` in line {other_line} is more than 1",
        text = part.text,
        line = part.line,
        other = above_1.text,
        other_line = above_1.line
    );
    let hint = msg!(
        "write % in both cells; or for a column without %: `(… | number / 100) | percent` if 0.5 means 0.5%, \
         `… | number | percent` if 0.5 means 50%"
    );
    UsageError::new(message, hint)
}

fn has_month_first(format: &str) -> bool {
    format.starts_with("%m")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Map, Value, json};

    use super::*;

    #[test]
    fn contradiction_is_in_one_column_and_one_format_up_to_the_limit() {
        let column = |name| ReadColumn {
            path: "text",
            name,
            amount: None,
        };
        let mut columns = MessageColumns {
            read: ["a", "b", "c"].map(column).into(),
            cells: BTreeMap::new(),
            shares: FirstShares::default(),
            compared: BTreeSet::new(),
        };
        let note = |columns: &mut MessageColumns<'_>, line, code: &str, cell| {
            let fields: Map<String, Value> = serde_json::from_value(cell).unwrap();
            let country = code.parse().ok();
            columns.note(line, &Row::Fields(Arc::new(fields)), || country);
        };
        for (line, code, cell) in [
            (2, "EC", json!({ "a": " 12/05/2026 " })),
            (3, "EC", json!({ "a": "11/05/2026" })),
            (4, "EC", json!({ "b": "10/05/2026" })),
            (5, "US", json!({ "a": "25/12/2026" })),
            (6, "EC", json!({ "c": "12/25/2026" })),
        ] {
            note(&mut columns, line, code, cell);
        }
        assert!(columns.refuse_unclear_columns(None).is_ok());
        note(&mut columns, 7, "EC", json!({ "b": "12/26/2026" }));
        note(&mut columns, 8, "EC", json!({ "a": "12/27/2026" }));
        let in_a = Some(
            "in a is unclear: in its country, `12/05/2026` in line 2 has the day first, but `12/27/2026` in line 8",
        );
        let in_b = Some(
            "in b is unclear: in its country, `10/05/2026` in line 4 has the day first, but `12/26/2026` in line 7",
        );
        for (last, expected) in [
            (None, in_a),
            (Some(8), in_a),
            (Some(7), in_b),
            (Some(6), None),
            (Some(2), None),
        ] {
            let refused = columns.refuse_unclear_columns(last).err();
            let text = refused.map(|error| error.message.to_string());
            let is_expected = text
                .as_ref()
                .is_some_and(|text| text.contains(expected.unwrap_or("-")));
            assert_eq!(is_expected, expected.is_some(), "{last:?}: {text:?}");
            assert_eq!(text.is_some(), expected.is_some(), "{last:?}: {text:?}");
        }
    }

    #[test]
    fn ambiguous_dates_have_one_order_in_the_column() {
        for (rows, expected) in [
            (
                [("EC", "05/12/2026"), ("US", "08/12/2026")],
                "in fecha is unclear: in its country, `05/12/2026` in line 0 has the day first, but `08/12/2026` in line 1 \
                 has the month first",
            ),
            ([("EC", "05/12/2026"), ("CL", "08-12-2026")], ""),
            ([("EC", "05/12/2026"), ("US", "12/15/2026")], ""),
            ([("EC", "05/12/2026"), ("US", "2026-12-08")], ""),
            ([("EC", "05/12/2026"), ("US", "08/08/2026")], ""),
        ] {
            let mut columns = MessageColumns {
                read: vec![ReadColumn {
                    path: "text",
                    name: "fecha",
                    amount: None,
                }],
                cells: BTreeMap::new(),
                shares: FirstShares::default(),
                compared: BTreeSet::new(),
            };
            for (line, (code, date)) in (0..).zip(rows) {
                let fields = serde_json::from_value(json!({ "fecha": date })).unwrap();
                let country = code.parse().ok();
                columns.note(line, &Row::Fields(Arc::new(fields)), || country);
            }
            let refused = columns.refuse_unclear_columns(None).err();
            let told = refused.map(|error| error.message.to_string());
            let told = told.unwrap_or_default();
            assert!(told.contains(expected), "{rows:?}: {told}");
            assert_eq!(told.is_empty(), expected.is_empty(), "{rows:?}: {told}");
        }
    }
}
