//! A message with texts that are templates over a row. They are compiled once. A cell is a value,
//! so it cannot end its text early or be filled again.

use std::slice;

use minijinja::Environment;
use serde_json::{Map, Value};

use super::expressions::{Expressions, TextExpression};
use super::problem::TextProblem;
use super::row_view::RowValues;
use super::text::{Filled, TextTemplate};
use super::walk::ColumnUses;
use crate::base::conventions::Conventions;
use crate::jelou::message::{Schema, each_text, fit};
use crate::lists::list_file::Row;
use crate::phone::{Country, PhoneNumber};

/// The body of a run, ready to fill.
pub(crate) enum BodyTemplate<'a> {
    /// A body with its texts.
    Of {
        body: &'a Value,
        texts: Vec<BodyText<'a>>,
        /// The different expressions and conditions of its texts.
        expressions: Vec<TextExpression>,
    },
    /// The row itself.
    Row,
}

/// A text of a body.
pub(crate) struct BodyText<'a> {
    pub(crate) path: String,
    pub(crate) source: &'a str,
    /// The template, with the JSON Schema type of its field. None if the text is not a template.
    template: Option<(TextTemplate<'a>, Option<&'a str>)>,
}

impl BodyText<'_> {
    /// Returns how the text uses columns, if it is a template.
    pub(crate) fn uses(&self) -> Option<&ColumnUses> {
        self.template.as_ref().map(|(template, _)| &*template.uses)
    }

    /// Fills the value for a row. Adds what the text reads to `found`.
    fn fill(
        &self,
        row: &Row,
        country: Option<Country>,
        found: &mut FoundInTexts<'_>,
    ) -> Result<Value, TextProblem> {
        let Some((template, type_name)) = &self.template else {
            return Ok(Value::from(self.source));
        };
        let decimal_mark = match country {
            Some(country) if *type_name == Some("number") => {
                Conventions::for_country(country.code()).map_or('.', |known| known.decimal_mark)
            }
            Some(_) | None => '.',
        };
        let as_shown = is_text(*type_name);
        let filled = template.fill_part(&self.path, row, country, as_shown, found.values)?;
        found.numbers.extend(filled.numbers);
        fit(*type_name, decimal_mark, filled.value)
            .map_err(|problem| TextProblem::from(problem).at(&self.path))
    }
}

/// What the texts of a body read in a row.
struct FoundInTexts<'v> {
    numbers: Vec<PhoneNumber>,
    values: &'v mut RowValues,
}

impl<'a> BodyTemplate<'a> {
    /// Compiles every text of `body`. `schema` is the schema of the kind.
    pub(crate) fn compile(
        language: &'a Environment<'a>,
        schema: &'a Schema,
        body: &'a Value,
    ) -> Result<Self, TextProblem> {
        let mut texts = Vec::new();
        let mut expressions = Expressions::default();
        each_text(body, "", &mut |path, source| {
            texts.push(BodyText {
                path: path.to_owned(),
                source,
                template: None,
            });
        });
        for text in &mut texts {
            let path = &text.path;
            let template =
                TextTemplate::compile_part(language, path, text.source, &mut expressions)?;
            text.template = template.map(|template| (template, schema.type_at(path)));
        }
        Ok(Self::Of {
            body,
            texts,
            expressions: expressions.into_all(),
        })
    }

    /// Fills the body for one row. `country` decides how its numbers are read.
    pub(crate) fn fill(&self, row: &Row, country: Option<Country>) -> Result<Filled, TextProblem> {
        self.fill_and_note(row, country, &mut RowValues::default())
    }

    /// As [`Self::fill`]. Replaces `values` with the values of [`Self::expressions`].
    pub(crate) fn fill_and_note(
        &self,
        row: &Row,
        country: Option<Country>,
        values: &mut RowValues,
    ) -> Result<Filled, TextProblem> {
        values.clear();
        let numbers = Vec::new();
        let mut found = FoundInTexts { numbers, values };
        let value = match self {
            Self::Of { body, texts, .. } => {
                filled(body, &mut texts.iter(), row, country, &mut found)?
            }
            Self::Row => row.to_json(),
        };
        Ok(Filled {
            value,
            numbers: found.numbers,
        })
    }

    /// Returns the different expressions and conditions of the texts, in their order.
    pub(crate) fn expressions(&self) -> &[TextExpression] {
        match self {
            Self::Of { expressions, .. } => expressions,
            Self::Row => &[],
        }
    }

    /// Returns whether the value at `path`, or one inside or around it, depends on the row.
    pub(crate) fn varies_at(&self, path: &str) -> bool {
        let varies = |own: &str| {
            // A list of NAME=VALUE becomes an object with these names.
            let list = own.rsplit_once('[').map(|(list, _)| list);
            let is_named_there = |list| {
                path.strip_prefix(list)
                    .is_some_and(|rest: &str| rest.starts_with('.'))
            };
            own.starts_with(path) || path.starts_with(own) || list.is_some_and(is_named_there)
        };
        matches!(self, Self::Row) || self.uses().any(|(own, _)| varies(own))
    }

    /// Returns each text of the body, template or not.
    pub(crate) fn texts(&self) -> &[BodyText<'a>] {
        match self {
            Self::Of { texts, .. } => texts,
            Self::Row => &[],
        }
    }

    /// Returns how each template uses columns, with its path.
    pub(crate) fn uses(&self) -> impl Iterator<Item = (&str, &ColumnUses)> {
        self.texts()
            .iter()
            .filter_map(|text| Some((text.path.as_str(), text.uses()?)))
    }
}

/// Returns whether a field with this JSON Schema type has a text.
fn is_text(type_name: Option<&str>) -> bool {
    matches!(type_name, None | Some("string"))
}

/// Fills the value for one row. `texts` starts with the texts of this value, in their order.
fn filled(
    value: &Value,
    texts: &mut slice::Iter<'_, BodyText<'_>>,
    row: &Row,
    country: Option<Country>,
    found: &mut FoundInTexts<'_>,
) -> Result<Value, TextProblem> {
    match value {
        Value::String(_) => texts
            .next()
            .map_or(Ok(Value::Null), |text| text.fill(row, country, found)),
        Value::Object(fields) => {
            let mut object = Map::new();
            for (name, field) in fields {
                let value = filled(field, texts, row, country, found)?;
                object.insert(name.clone(), value);
            }
            Ok(Value::Object(object))
        }
        Value::Array(items) => items
            .iter()
            .map(|item| filled(item, texts, row, country, found))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::jelou::message::MessageKind;
    use crate::lists::template::language;

    #[test]
    fn every_text_is_filled_in_place() {
        let language = language();
        let body = json!({"a/b": "{{ x }}", "c~1d": [1, ["{{ x | upper }}", "x"]], "n": null});
        let schema = MessageKind::from_name("raw").unwrap().schema();
        let template = BodyTemplate::compile(&language, schema, &body).unwrap();
        let row = Row::Fields(Arc::new(
            serde_json::from_value(json!({ "x": "ñ" })).unwrap(),
        ));
        let filled = json!({"a/b": "ñ", "c~1d": [1, ["Ñ", "x"]], "n": null});
        assert_eq!(template.fill(&row, None).unwrap().value, filled);
        let varies = ["a/b", "c~1d[1][0]", "c~1d[1]", "c~1d[1][1]", "n"]
            .map(|path| template.varies_at(path));
        assert_eq!(varies, [true, true, true, false, false]);
    }
}
