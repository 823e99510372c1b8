//! A row as templates see it.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Serde};
use minijinja::{State, Value as Cell};

use crate::list::Row;
use crate::phone::Country;

/// The name under which a template reaches any column: `row['Nombre completo']`.
const ROW: &str = "row";
/// The name under which a filter reaches the country of the row. No template can write it.
const COUNTRY: &str = "\0country";

/// A row as minijinja looks names up in it: only the cells that a template names are made into values.
#[derive(Debug)]
pub(crate) struct RowView {
    row: Row,
    /// Whether `row` is the row itself: it is at the top, not inside `row`.
    outside: bool,
    /// Whose numbers it has.
    country: Option<Country>,
}

impl RowView {
    /// Each column by its name, and the row itself as `row`.
    pub(crate) fn of(row: &Row, country: Option<Country>) -> Cell {
        Cell::from_object(Self { row: row.clone(), outside: true, country })
    }

    /// The country of the row that a text is filled with.
    pub(super) fn country_of(state: &State<'_, '_>) -> Option<Country> {
        state.lookup(COUNTRY)?.as_str()?.parse().ok()
    }

    /// Whether a template finds `name` in `row`.
    pub(crate) fn has(row: &Row, name: &str) -> bool {
        name == ROW || row.has(name)
    }

    /// Whether a template finds `path`, such as `row.nombre`, in `row`.
    pub(crate) fn has_path(row: &Row, path: &str) -> bool {
        let mut found = Self::of(row, None);
        for name in path.split('.') {
            match found.get_attr(name) {
                Ok(inside) if !inside.is_undefined() => found = inside,
                _ => return false,
            }
        }
        true
    }
}

impl Object for RowView {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Cell) -> Option<Cell> {
        let name = key.as_str()?;
        if self.outside && name == ROW {
            return Some(Cell::from_object(Self { row: self.row.clone(), outside: false, country: self.country }));
        }
        if self.outside && name == COUNTRY {
            return self.country.map(|country| Cell::from(country.code()));
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
