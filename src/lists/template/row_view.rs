//! A row as seen by templates.

use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr, Serde};
use minijinja::{State, Value as Cell};

use crate::lists::list_file::Row;
use crate::phone::{Country, PhoneNumber};

/// The name by which a template reaches any column: `row['Nombre completo']`.
pub(super) const ROW: &str = "row";
/// The name by which a filter reaches the row. A template cannot write it.
const VIEW: &str = "\0view";

/// A row for minijinja's lookups: only the cells that a template names become values.
#[derive(Debug)]
pub(super) struct RowView {
    row: Row,
    /// Whether `row` is the row itself: it is at the top, not inside `row`.
    outside: bool,
    /// The country of its numbers.
    pub(super) country: Option<Country>,
    /// The cells that are not printed as they are stored, by position, as they are stored. Each is marked as safe, and
    /// passing it on unchanged keeps the same piece of memory. A printed text is therefore recognized as this cell,
    /// while filters and comparisons see the stored value.
    shown: Arc<[(usize, Cell)]>,
    /// The numbers that the filter `phone` has read.
    numbers: Mutex<Vec<PhoneNumber>>,
}

impl RowView {
    /// Each column by its name, and the row itself as `row`; cells have their stored values, and are printed as the
    /// sheet shows them if this is `as_shown`.
    pub(super) fn new(row: &Row, country: Option<Country>, as_shown: bool) -> Self {
        let stored =
            |place| Cell::from_safe_string(row.cell_at(place).unwrap_or_default().to_owned());
        let shown = if as_shown { row.shown() } else { &[] };
        Self {
            row: row.clone(),
            outside: true,
            country,
            shown: shown
                .iter()
                .map(|(place, _)| (*place, stored(*place)))
                .collect(),
            numbers: Mutex::default(),
        }
    }

    /// Keeps a number that a text was filled with, since its warnings are about the row.
    pub(super) fn note_number(&self, number: PhoneNumber) {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.push(number);
    }

    /// The numbers that were noted.
    pub(super) fn take_numbers(&self) -> Vec<PhoneNumber> {
        std::mem::take(&mut *self.numbers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The text to print for a cell that the sheet shows differently from what it stores.
    pub(super) fn shown_text(&self, value: &Cell) -> Option<&str> {
        let text = value.as_str().filter(|_| value.is_safe())?;
        let is_it = |stored: &Cell| {
            stored
                .as_str()
                .is_some_and(|stored| std::ptr::eq(stored, text))
        };
        self.row
            .cell_text(self.shown.iter().find(|(_, stored)| is_it(stored))?.0)
    }

    /// Whether a cell that the sheet shows differently is stored as `text`.
    pub(super) fn stores(&self, text: &str) -> bool {
        self.shown
            .iter()
            .any(|(_, stored)| stored.as_str() == Some(text))
    }

    /// The view of the row that fills a text.
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
        if self.outside && name == ROW {
            let row = self.row.clone();
            let shown = Arc::clone(&self.shown);
            return Some(Cell::from_object(Self {
                row,
                outside: false,
                country: self.country,
                shown,
                numbers: Mutex::default(),
            }));
        }
        if self.outside && name == VIEW {
            return Some(Cell::from_dyn_object(Arc::clone(self)));
        }
        if let Some(place) = self.row.place(name)
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
