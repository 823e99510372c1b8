//! A row of the input: its columns, its cells, and how templates see them.

use std::sync::Arc;

use minijinja::Value as Cell;
use minijinja::value::{Enumerator, Object, ObjectRepr, Serde};
use serde_json::{Map, Value, json};

use super::columns::Columns;

/// The name under which a template reaches any column: `row['Nombre completo']`.
const ROW: &str = "row";

/// One row. Of CSV, cells under the header's columns, all texts; of NDJSON, the fields of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    Cells { columns: Arc<Columns>, cells: Arc<[String]> },
    Fields(Arc<Map<String, Value>>),
}

impl Row {
    /// What stands under `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value> {
        match self {
            Self::Cells { .. } => self.cell(name).map(Value::from),
            Self::Fields(fields) => fields.get(name).cloned(),
        }
    }

    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Cells { columns, .. } => name == ROW || columns.place(name).is_some(),
            Self::Fields(fields) => name == ROW || fields.contains_key(name),
        }
    }

    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Cells { columns, .. } => columns.names().iter().map(String::as_str).collect(),
            Self::Fields(fields) => fields.keys().map(String::as_str).collect(),
        }
    }

    /// As an object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Cells { columns, cells } => {
                let named = columns.names().iter().map(|name| name.trim().to_owned());
                Value::Object(named.zip(cells.iter().map(|cell| Value::from(cell.as_str()))).collect())
            }
            Self::Fields(fields) => Value::Object(fields.as_ref().clone()),
        }
    }

    /// As the ledger keeps it: a JSON array of cells, or the object.
    #[must_use]
    pub fn cells(&self) -> String {
        match self {
            Self::Cells { cells, .. } => json!(cells.as_ref()).to_string(),
            Self::Fields(fields) => json!(fields.as_ref()).to_string(),
        }
    }

    /// What a template sees: each column by its name, and the row itself as `row`.
    #[must_use]
    pub fn context(&self) -> Cell {
        Cell::from_object(Names { row: self.clone(), outside: true })
    }

    fn cell(&self, name: &str) -> Option<&str> {
        match self {
            Self::Cells { columns, cells } => cells.get(columns.place(name)?).map(String::as_str),
            Self::Fields(_) => None,
        }
    }
}

/// A row as minijinja looks names up in it: only the cells that a template names are made into values.
#[derive(Debug)]
struct Names {
    row: Row,
    /// Whether `row` is the row itself: it is at the top, not inside `row`.
    outside: bool,
}

impl Object for Names {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Cell) -> Option<Cell> {
        let name = key.as_str()?;
        if self.outside && name == ROW {
            return Some(Cell::from_object(Self { row: self.row.clone(), outside: false }));
        }
        match &self.row {
            Row::Cells { .. } => self.row.cell(name).map(Cell::from),
            Row::Fields(fields) => fields.get(name).map(|value| Cell::from(Serde(value))),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.row.names().into_iter().map(Cell::from).collect())
    }
}
