//! A message whose strings are templates over a row. They are compiled once. A cell is a value, so it can never break
//! out of its string or be rendered again.

use minijinja::Environment;
use serde_json::{Map, Value};

use super::error::TemplateError;
use super::text::TextTemplate;
use super::uses::Uses;
use crate::list::Row;
use crate::message::LeafType;
use crate::phone::Country;

/// The body of a run, ready to fill.
pub(crate) enum BodyTemplate<'a> {
    Constant(&'a Value),
    Text {
        path: String,
        template: TextTemplate<'a>,
        becomes: LeafType,
    },
    Object(Vec<(&'a str, BodyTemplate<'a>)>),
    Array(Vec<BodyTemplate<'a>>),
    /// The row itself.
    Row,
}

impl<'a> BodyTemplate<'a> {
    /// Compiles every string of `body`; `schema` is the schema of the kind.
    pub(crate) fn compile(
        language: &'a Environment<'a>,
        schema: &Value,
        body: &'a Value,
        path: &str,
    ) -> Result<Self, TemplateError> {
        match body {
            Value::String(source) => Ok(match TextTemplate::compile(language, path, source)? {
                Some(template) => Self::Text { path: path.to_owned(), template, becomes: LeafType::at(schema, path) },
                None => Self::Constant(body),
            }),
            Value::Object(fields) => {
                let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                let compiled = fields
                    .iter()
                    .map(|(name, value)| Ok((name.as_str(), Self::compile(language, schema, value, &inside(name))?)));
                compiled.collect::<Result<_, _>>().map(Self::Object)
            }
            Value::Array(items) => {
                let compiled = items.iter().enumerate();
                let compiled =
                    compiled.map(|(index, item)| Self::compile(language, schema, item, &format!("{path}[{index}]")));
                compiled.collect::<Result<_, _>>().map(Self::Array)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(Self::Constant(body)),
        }
    }

    /// The body for one row; `country` decides how its numbers are read.
    pub(crate) fn fill(&self, row: &Row, country: Option<Country>) -> Result<Value, TemplateError> {
        match self {
            Self::Constant(value) => Ok((*value).clone()),
            Self::Text { path, template, becomes } => {
                let value = match becomes {
                    LeafType::Json(_) => template.fill(path, row, country)?,
                    LeafType::Text | LeafType::Any => template.fill_as_shown(path, row, country)?,
                };
                let unfit =
                    |problem| TemplateError { path: path.clone(), problem, missing: None, is_of_every_row: false };
                becomes.fit(value).map_err(unfit)
            }
            Self::Object(fields) => {
                let filled = fields.iter().map(|(name, field)| Ok(((*name).to_owned(), field.fill(row, country)?)));
                filled.collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
            Self::Array(items) => {
                items.iter().map(|item| item.fill(row, country)).collect::<Result<_, _>>().map(Value::Array)
            }
            Self::Row => Ok(row.to_json()),
        }
    }

    /// Whether the value at `path`, or above or below it, depends on the row.
    pub(crate) fn varies_at(&self, path: &str) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Row => true,
            Self::Text { path: own, .. } => {
                // A list of NAME=VALUE becomes an object with these names.
                let list = own.rsplit_once('[').map(|(list, _)| list);
                let is_named_there = |list| path.strip_prefix(list).is_some_and(|rest| rest.starts_with('.'));
                own.starts_with(path) || path.starts_with(own.as_str()) || list.is_some_and(is_named_there)
            }
            Self::Object(fields) => fields.iter().any(|(_, field)| field.varies_at(path)),
            Self::Array(items) => items.iter().any(|item| item.varies_at(path)),
        }
    }

    /// Each string of the body, template or not, with its path; `path` is the body's own.
    pub(crate) fn sources(&self, path: &str) -> Vec<(String, &str)> {
        match self {
            Self::Constant(value) => value.as_str().map(|text| (path.to_owned(), text)).into_iter().collect(),
            Self::Text { path, template, .. } => vec![(path.clone(), template.source())],
            Self::Object(fields) => {
                let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                fields.iter().flat_map(|(name, field)| field.sources(&inside(name))).collect()
            }
            Self::Array(items) => {
                items.iter().enumerate().flat_map(|(at, item)| item.sources(&format!("{path}[{at}]"))).collect()
            }
            Self::Row => Vec::new(),
        }
    }

    /// How each template uses columns, with its path.
    pub(crate) fn uses(&self) -> Vec<(&str, &Uses)> {
        match self {
            Self::Constant(_) | Self::Row => Vec::new(),
            Self::Text { path, template, .. } => vec![(path.as_str(), template.uses())],
            Self::Object(fields) => fields.iter().flat_map(|(_, field)| field.uses()).collect(),
            Self::Array(items) => items.iter().flat_map(Self::uses).collect(),
        }
    }
}
