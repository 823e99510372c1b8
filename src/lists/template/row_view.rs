//! A row as templates see it, and the values that it gives the expressions of a message.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr, Serde};
use minijinja::{State, Value as Cell};

use super::stored_amount::stored_amount;
use crate::lists::list_file::Row;
use crate::phone::{Country, PhoneNumber};

/// The variable for columns with any name: `row['Nombre completo']`.
pub(super) const ROW: &str = "row";
/// The variable through which filters find the row. A template cannot write this name.
const VIEW: &str = "\0view";

/// A row for minijinja's lookups. Only the cells that a template uses become values.
#[derive(Debug)]
pub(super) struct RowView {
    row: Row,
    /// Whether this is the top level. Inside `row`, it is false.
    is_top_level: bool,
    /// The country of the row's numbers.
    pub(super) country: Option<Country>,
    /// Whether cells are printed as the sheet shows them, not as it stores them.
    as_shown: bool,
    /// The cells that the sheet shows differently from their stored value, by position, with the stored
    /// value. Each is marked as safe, and keeps its address if it is passed on unchanged. So a
    /// printed text is recognized as this cell, and filters and comparisons see the stored value.
    shown: Arc<[(usize, Cell)]>,
    found: Mutex<FoundInRow>,
}

/// What filling a text finds in the row.
#[derive(Debug, Default)]
struct FoundInRow {
    /// The numbers that the filter `phone` has read.
    numbers: Vec<PhoneNumber>,
    /// The last amount or date that a filter has read in the current expression.
    amount: Option<f64>,
    values: RowValues,
}

impl RowView {
    /// Creates the view: each column by its name, and the row itself as `row`. Cells keep the stored
    /// values. With `as_shown` they are printed as the sheet shows them.
    pub(super) fn new(row: &Row, country: Option<Country>, as_shown: bool) -> Self {
        let stored =
            |place| Cell::from_safe_string(row.cell_at(place).unwrap_or_default().to_owned());
        Self {
            row: row.clone(),
            is_top_level: true,
            country,
            as_shown,
            shown: row
                .cell_texts()
                .iter()
                .map(|(place, _)| (*place, stored(*place)))
                .collect(),
            found: Mutex::default(),
        }
    }

    /// Returns whether its cells can be null, as in NDJSON.
    pub(super) fn has_nulls(&self) -> bool {
        matches!(self.row, Row::Fields(_))
    }

    fn found(&self) -> MutexGuard<'_, FoundInRow> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a number that a text used, because its warnings are about the row.
    pub(super) fn keep_number(&self, number: PhoneNumber) {
        self.found().numbers.push(number);
    }

    pub(super) fn take_numbers(&self) -> Vec<PhoneNumber> {
        std::mem::take(&mut self.found().numbers)
    }

    /// Keeps an amount, or a date in seconds since 1970, that a filter has read.
    pub(super) fn keep_amount(&self, amount: f64) {
        self.found().amount = Some(amount);
    }

    pub(super) fn take_amount(&self) -> Option<f64> {
        self.found().amount.take()
    }

    /// Notes a value of the row.
    pub(super) fn note(&self, note: impl FnOnce(&mut RowValues)) {
        note(&mut self.found().values);
    }

    /// Exchanges the notes for `values`.
    pub(super) fn swap_values(&self, values: &mut RowValues) {
        std::mem::swap(&mut self.found().values, values);
    }

    /// Returns the amount or date that the sheet stores for an unchanged cell, if it shows it differently.
    pub(super) fn stored_amount(&self, value: &Cell) -> Option<f64> {
        self.sheet_text(value)?;
        stored_amount(value.as_str()?)
    }

    /// Returns the text to print for a cell that the sheet shows differently from its stored value.
    pub(super) fn shown_text(&self, value: &Cell) -> Option<&str> {
        self.sheet_text(value).filter(|_| self.as_shown)
    }

    /// Returns the text of the sheet for an unchanged cell that it shows differently from its stored value.
    pub(super) fn sheet_text(&self, value: &Cell) -> Option<&str> {
        let text = value.as_str().filter(|_| value.is_safe())?;
        let is_it = |stored: &Cell| {
            stored
                .as_str()
                .is_some_and(|stored| std::ptr::eq(stored, text))
        };
        self.row
            .cell_text(self.shown.iter().find(|(_, stored)| is_it(stored))?.0)
    }

    /// Returns whether a cell that the sheet shows differently has the stored value `text`.
    pub(super) fn has_stored_text(&self, text: &str) -> bool {
        self.shown
            .iter()
            .any(|(_, stored)| stored.as_str() == Some(text))
    }

    /// Returns the view of the row that fills a text.
    pub(super) fn in_state(state: &State<'_, '_>) -> Option<Arc<Self>> {
        state.lookup(VIEW)?.downcast_object()
    }
}

impl Object for RowView {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Cell) -> Option<Cell> {
        let name = key.as_str()?;
        if self.is_top_level && name == ROW {
            let row = self.row.clone();
            let shown = Arc::clone(&self.shown);
            return Some(Cell::from_object(Self {
                row,
                is_top_level: false,
                country: self.country,
                as_shown: self.as_shown,
                shown,
                found: Mutex::default(),
            }));
        }
        if self.is_top_level && name == VIEW {
            return Some(Cell::from_dyn_object(Arc::clone(self)));
        }
        if let Some(place) = self.row.position(name)
            && let Some((_, stored)) = self.shown.iter().find(|(shown, _)| *shown == place)
        {
            return Some(stored.clone());
        }
        match &self.row {
            Row::Cells { .. } => self.row.cell(name).map(Cell::from),
            Row::Fields(_) => self.row.field(name).map(|value| Cell::from(Serde(value))),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.row.names().into_iter().map(Cell::from).collect())
    }
}

/// The value of an expression in a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RowValue<'a> {
    Printed {
        text: &'a str,
        /// The number, or the date in seconds since 1970, if the text is certainly one.
        amount: Option<f64>,
    },
    Condition(bool),
}

/// Works like [`RowValue`], but its text ends at this place of the texts of the row.
#[derive(Debug)]
enum NotedValue {
    Printed { end: usize, amount: Option<f64> },
    Condition(bool),
}

#[derive(Debug)]
struct Noted {
    /// The number of the expression.
    expression: usize,
    value: NotedValue,
}

/// The values of a row, as they are sent. Cleared for the next row, so that a row allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct RowValues {
    texts: String,
    noted: Vec<Noted>,
    pub(super) bare_shares: BareShares,
}

/// The first cells without a percent sign that the filter `percent` has read in a row, except zero.
#[derive(Debug, Default)]
pub(crate) struct BareShares {
    /// One that is at most 1, which is printed as its percentage: 0.5 as 50%.
    pub(crate) part: Option<String>,
    /// One that is above 1, so the row is invalid.
    pub(crate) above_1: Option<String>,
}

impl RowValues {
    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.noted.clear();
        self.bare_shares = BareShares::default();
    }

    pub(crate) fn take_bare_shares(&mut self) -> BareShares {
        std::mem::take(&mut self.bare_shares)
    }

    /// Passes each value with the number of its expression, in the order of the message.
    pub(crate) fn each(&self, mut each: impl FnMut(usize, RowValue<'_>)) {
        let mut start = 0;
        for noted in &self.noted {
            let value = match noted.value {
                NotedValue::Printed { end, amount } => {
                    let text = self.texts.get(start..end).unwrap_or_default();
                    start = end;
                    RowValue::Printed { text, amount }
                }
                NotedValue::Condition(is_true) => RowValue::Condition(is_true),
            };
            each(noted.expression, value);
        }
    }

    /// The number of values so far.
    pub(super) fn count(&self) -> usize {
        self.noted.len()
    }

    /// Drops the values after the first `count`.
    pub(super) fn truncate(&mut self, count: usize) {
        self.noted.truncate(count);
        let mut earlier = self.noted.iter().rev();
        let end = earlier.find_map(|noted| match noted.value {
            NotedValue::Printed { end, .. } => Some(end),
            NotedValue::Condition(_) => None,
        });
        self.texts.truncate(end.unwrap_or_default());
    }

    pub(super) fn note_text(&mut self, expression: usize, text: &str, amount: Option<f64>) {
        self.texts.push_str(text);
        let end = self.texts.len();
        let value = NotedValue::Printed { end, amount };
        self.noted.push(Noted { expression, value });
    }

    pub(super) fn note_condition(&mut self, expression: usize, is_true: bool) {
        let value = NotedValue::Condition(is_true);
        self.noted.push(Noted { expression, value });
    }
}
