//! Cells that leave a gap in a message: counted in a text, a fault in a parameter of a template.

use serde_json::Value;

use crate::list::Row;
use crate::template::{BodyTemplate, bare_columns};

/// The fields of a template's body whose texts WhatsApp wants filled.
const PARAMETERS: [&str; 4] = ["parameters", "headerParameters", "buttonParameters", "cards"];

/// The columns that stand in the texts of a body as they are.
pub(crate) struct EmptyCells(Vec<String>);

impl EmptyCells {
    pub(crate) fn new(body: &BodyTemplate<'_>) -> Self {
        let mut columns: Vec<_> = body.sources("").into_iter().flat_map(|(_, source)| bare_columns(source)).collect();
        columns.sort();
        columns.dedup();
        Self(columns)
    }

    /// Those columns that are empty in `row`.
    pub(crate) fn of<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(String::as_str).filter(move |name| row.text(name).is_some_and(|text| text.trim().is_empty()))
    }
}

/// Where a template is given an empty parameter.
pub(crate) fn empty_parameter(body: &Value) -> Option<String> {
    let is_template = ["elementName", "templateId"].into_iter().any(|field| body.get(field).is_some());
    let given = PARAMETERS.into_iter().filter(|_| is_template).filter_map(|field| Some((field, body.get(field)?)));
    given.into_iter().find_map(|(field, value)| empty_text(field.to_owned(), value))
}

fn empty_text(path: String, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.trim().is_empty().then_some(path),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(at, item)| empty_text(format!("{path}[{at}]"), item))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, field)| empty_text(format!("{path}.{name}"), field)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}
