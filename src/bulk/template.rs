//! A message whose string leaves are templates over a row. They are compiled once; a cell is a value, so it can never
//! break out of its leaf or be rendered again.

use std::collections::HashSet;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Expression, Template, UndefinedBehavior, Value as Cell};
use serde_json::{Map, Value};

use super::row::Row;
use crate::message::{LeafType, is_template};

/// The template language: strict about undefined names, without escaping, final newlines kept.
#[must_use]
#[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "the marks are minijinja's own")]
pub fn language<'source>() -> Environment<'source> {
    let mut language = Environment::new();
    language.set_undefined_behavior(UndefinedBehavior::Strict);
    language.set_syntax(SyntaxConfig::builder().keep_trailing_newline(true).build().expect("the usual marks"));
    language.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    language.set_formatter(|output, _, value| write_text(output, value));
    language
}

/// Inside a text stand texts, numbers and booleans only: null would read `None`.
fn write_text(output: &mut minijinja::Output<'_>, value: &Cell) -> Result<(), Error> {
    let refuse = |what: &str| Err(Error::new(ErrorKind::InvalidOperation, format!("{what} stands inside a text")));
    match value.kind() {
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::None => refuse("null"),
        // As JSON writes it, not as Python does.
        ValueKind::Bool => write!(output, "{}", value.is_true()).map_err(Error::from),
        ValueKind::String | ValueKind::Number => write!(output, "{value}").map_err(Error::from),
        other => refuse(&format!("a {other}")),
    }
}

/// A template that cannot be used, or a row that cannot fill one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct TemplateError {
    /// The field of the body, or the flag.
    pub path: String,
    pub problem: String,
}

/// One string with its template.
pub enum Leaf<'a> {
    Text(Template<'a, 'a>),
    /// `{{ expression }}` and nothing else: takes the row's value.
    Whole(Expression<'a, 'a>),
}

/// The body of a run, ready to be filled.
pub enum Body<'a> {
    Constant(&'a Value),
    Leaf {
        path: String,
        leaf: Leaf<'a>,
        becomes: LeafType,
    },
    Object(Vec<(&'a str, Body<'a>)>),
    Array(Vec<Body<'a>>),
    /// The row itself.
    Row,
}

impl<'a> Leaf<'a> {
    /// Compiles `source`, which stands at `path`; nothing when it is no template.
    ///
    /// # Errors
    /// When it cannot be read as one.
    pub fn compile(language: &'a Environment<'a>, path: &str, source: &'a str) -> Result<Option<Self>, TemplateError> {
        if !is_template(source) {
            return Ok(None);
        }
        let inside = source.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        if let Some(expression) = inside.and_then(|inside| language.compile_expression(inside.trim()).ok()) {
            return Ok(Some(Self::Whole(expression)));
        }
        match language.template_from_str(source) {
            Ok(template) => Ok(Some(Self::Text(template))),
            Err(error) => Err(TemplateError { path: path.to_owned(), problem: describe(&error) }),
        }
    }

    /// The row's value.
    ///
    /// # Errors
    /// When the row lacks something.
    pub fn fill(&self, path: &str, row: &Row) -> Result<Value, TemplateError> {
        let context = row.context();
        let filled = match self {
            Self::Text(template) => template.render(context).map(Value::from),
            Self::Whole(expression) => expression.eval(context).and_then(|cell| {
                if cell.is_undefined() {
                    return Err(ErrorKind::UndefinedError.into());
                }
                serde_json::to_value(&cell).map_err(|error| {
                    Error::new(ErrorKind::BadSerialization, format!("the value cannot be JSON: {error}"))
                })
            }),
        };
        filled.map_err(|error| TemplateError {
            path: path.to_owned(),
            problem: match error.kind() {
                ErrorKind::UndefinedError => self.undefined(row),
                _ => describe(&error),
            },
        })
    }

    /// The names that a row must have.
    #[must_use]
    pub fn names(&self) -> HashSet<String> {
        match self {
            Self::Text(template) => template.undeclared_variables(false),
            Self::Whole(expression) => expression.undeclared_variables(false),
        }
    }

    /// Which of its names the row lacks.
    fn undefined(&self, row: &Row) -> String {
        let mut missing: Vec<_> = self.names().into_iter().filter(|name| !row.has(name)).collect();
        missing.sort();
        match missing.first() {
            Some(name) => format!("the row has no `{name}`; it has: {}", row.names().join(", ")),
            None => format!("the row has no such value; it has: {}", row.names().join(", ")),
        }
    }
}

impl<'a> Body<'a> {
    /// Compiles every string of `body`; `schema` is that of the kind.
    ///
    /// # Errors
    /// With the first template that cannot be read.
    pub fn compile(
        language: &'a Environment<'a>,
        schema: &Value,
        body: &'a Value,
        path: &str,
    ) -> Result<Self, TemplateError> {
        match body {
            Value::String(source) => Ok(match Leaf::compile(language, path, source)? {
                Some(leaf) => Self::Leaf { path: path.to_owned(), leaf, becomes: LeafType::at(schema, path) },
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

    /// The body for one row.
    ///
    /// # Errors
    /// With the first leaf that the row cannot fill.
    pub fn fill(&self, row: &Row) -> Result<Value, TemplateError> {
        match self {
            Self::Constant(value) => Ok((*value).clone()),
            Self::Leaf { path, leaf, becomes } => {
                let value = leaf.fill(path, row)?;
                becomes.fit(value).map_err(|problem| TemplateError { path: path.clone(), problem })
            }
            Self::Object(fields) => {
                let filled = fields.iter().map(|(name, field)| Ok(((*name).to_owned(), field.fill(row)?)));
                filled.collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
            Self::Array(items) => items.iter().map(|item| item.fill(row)).collect::<Result<_, _>>().map(Value::Array),
            Self::Row => Ok(row.to_json()),
        }
    }

    /// Each name that a template uses, with the path of the template.
    pub fn names(&self) -> Vec<(&str, String)> {
        match self {
            Self::Constant(_) | Self::Row => Vec::new(),
            Self::Leaf { path, leaf, .. } => leaf.names().into_iter().map(|name| (path.as_str(), name)).collect(),
            Self::Object(fields) => fields.iter().flat_map(|(_, field)| field.names()).collect(),
            Self::Array(items) => items.iter().flat_map(Self::names).collect(),
        }
    }
}

/// minijinja's words without the name and line of a template that has neither.
fn describe(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}
