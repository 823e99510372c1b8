//! One string that is a template; it is compiled once.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use minijinja::machinery::{CodeGenerator, Instructions, eval, make_string_output, parse, parse_expr};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Value as Cell};
use serde_json::Value;

use super::bounds;
use super::error::TemplateError;
use super::language::syntax;
use super::misspelling::name_with_blanks;
use super::operators::checked;
use super::pieces::{Piece, pieces, trimmed};
use super::row_view::RowView;
use super::uses::Uses;
use crate::list::Row;
use crate::message::is_template;
use crate::phone::Country;

/// One string with its template.
pub(crate) struct TextTemplate<'a> {
    language: &'a Environment<'a>,
    source: &'a str,
    instructions: Instructions<'a>,
    /// Whether it is `{{ expression }}` and nothing else, and takes the row's value.
    is_whole: bool,
    /// Boxed, since most bodies have many fields and few templates.
    uses: Box<Uses>,
}

impl<'a> TextTemplate<'a> {
    /// Compiles `source`, which is at `path`; None if it is not a template.
    pub(crate) fn compile(
        language: &'a Environment<'a>,
        path: &str,
        source: &'a str,
    ) -> Result<Option<Self>, TemplateError> {
        if !is_template(source) {
            return Ok(None);
        }
        let faulty = |problem| TemplateError { path: path.to_owned(), problem, missing: None, is_of_every_row: true };
        let unreadable = |problem| faulty(format!("is not a template: {problem}"));
        bounds::check(source).map_err(unreadable)?;
        let inside = source.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        let mut generator = CodeGenerator::new("<text>", source);
        let whole = inside.and_then(|inside| parse_expr(inside.trim()).ok());
        if let Some(expression) = &whole {
            generator.compile_expr(expression);
        } else {
            let text = parse(source, "<text>", syntax())
                .map_err(|error| unreadable(name_with_blanks(language, source).unwrap_or_else(|| describe(&error))))?;
            generator.compile_stmt(&text);
        }
        let (instructions, is_whole) = (checked(&generator.finish().0), whole.is_some());
        let mut uses = Box::new(Uses::of(language, source));
        uses.fault.take().map_or(Ok(()), |fault| Err(faulty(fault)))?;
        Ok(Some(Self { language, source, instructions, is_whole, uses }))
    }

    /// The row's value, with cells as they are stored.
    pub(crate) fn fill(&self, path: &str, row: &Row, country: Option<Country>) -> Result<Value, TemplateError> {
        self.fill_with(path, row, RowView::of(row, country))
    }

    /// The row's value; an unchanged cell has the text that the sheet shows.
    pub(crate) fn fill_as_shown(
        &self,
        path: &str,
        row: &Row,
        country: Option<Country>,
    ) -> Result<Value, TemplateError> {
        self.fill_with(path, row, RowView::as_shown(row, country))
    }

    fn fill_with(&self, path: &str, row: &Row, view: RowView) -> Result<Value, TemplateError> {
        let view = Arc::new(view);
        let context = Cell::from_dyn_object(Arc::clone(&view));
        let mut text = String::new();
        let mut output = make_string_output(&mut text);
        let blocks = BTreeMap::new();
        let filled = eval(self.language, &self.instructions, context, &blocks, &mut output, AutoEscape::None);
        let filled = filled.and_then(|(value, _)| {
            let Some(cell) = value.filter(|_| self.is_whole) else { return Ok(Value::from(text)) };
            if cell.is_undefined() {
                return Err(ErrorKind::UndefinedError.into());
            }
            if let Some(shown) = view.shown_text(&cell) {
                return Ok(Value::from(shown));
            }
            serde_json::to_value(&cell)
                .map_err(|error| Error::new(ErrorKind::BadSerialization, format!("the value cannot be JSON: {error}")))
        });
        filled.map_err(|error| {
            let (problem, is_of_every_row) = match error.kind() {
                ErrorKind::UndefinedError => return self.undefined(path, row),
                ErrorKind::UnknownFilter
                | ErrorKind::UnknownTest
                | ErrorKind::UnknownFunction
                | ErrorKind::UnknownMethod => (describe(&error), true),
                ErrorKind::OutOfFuel => {
                    ("takes more than 50,000 steps for one message; go through less in its loops".to_owned(), false)
                }
                _ => (self.told(&view, &error).unwrap_or_else(|| describe(&error)), false),
            };
            TemplateError { path: path.to_owned(), problem, missing: None, is_of_every_row }
        })
    }

    /// As it was written.
    pub(crate) fn source(&self) -> &'a str {
        self.source
    }

    /// How it uses columns.
    pub(crate) fn uses(&self) -> &Uses {
        &self.uses
    }

    /// The error for an undefined value: which of its names the row lacks, or which value inside a cell.
    fn undefined(&self, path: &str, row: &Row) -> TemplateError {
        // With a header, each row has the same names, and its texts contain nothing further.
        let is_fixed = matches!(row, Row::Cells { .. });
        let has = row.names().join(", ");
        let names = self.uses.names.iter().chain(&self.uses.printed);
        let name = names.filter(|name| !RowView::has(row, name)).min().cloned();
        let inside = || self.paths().into_iter().filter(|path| !RowView::has_path(row, path)).min();
        let (problem, missing, is_of_every_row) = match (name, is_fixed) {
            (Some(name), true) => (format!("there is no column `{name}`; there are: {has}"), Some(name), true),
            (Some(name), false) => (format!("the row has no `{name}`; it has: {has}"), Some(name), false),
            (None, _) => match inside() {
                Some(path) => (format!("the row has no `{path}`; it has: {has}"), Some(path), is_fixed),
                None => (
                    format!(
                        "the value is undefined, as the first of an empty cell or list is, or `x if y` without `else`; write \
                         `| default('…')` behind it; the row has: {has}"
                    ),
                    None,
                    false,
                ),
            },
        };
        TemplateError { path: path.to_owned(), problem, missing, is_of_every_row }
    }

    /// Our words for an error of minijinja's own, behind the expression that has it, if only one does.
    fn told(&self, view: &Arc<RowView>, error: &Error) -> Option<String> {
        let message = message_of(error);
        let (_, words) = WORDS.iter().find(|(begin, _)| message.starts_with(begin))?;
        let has_it = |expression: &&str| {
            let compiled = self.language.compile_expression(expression);
            let value = compiled.and_then(|compiled| compiled.eval(Cell::from_dyn_object(Arc::clone(view))));
            value.is_err_and(|error| message_of(&error) == message)
        };
        let expression = |piece| match piece {
            Piece::Expression(text) => Some(trimmed(text)),
            Piece::Statement(text) => trimmed(text).strip_prefix("if "),
            Piece::Literal(_) => None,
        };
        let mut found = pieces(self.source).into_iter().filter_map(expression).filter(has_it);
        Some(match (found.next(), found.next()) {
            (Some(only), None) => format!("`{only}`: {words}"),
            _ => (*words).to_owned(),
        })
    }

    /// The names with their attributes: `row.nombre`.
    fn paths(&self) -> HashSet<String> {
        let template = self.language.template_from_str(self.source);
        template.map(|template| template.undeclared_variables(true)).unwrap_or_default()
    }
}

/// How minijinja's messages about an operand or an argument begin, and what to say instead.
const WORDS: [(&str, &str); 13] = [
    ("missing argument", "a filter or test needs one more value in its brackets"),
    ("too many arguments", "a filter or test has too many values in its brackets"),
    ("unknown keyword argument", "a filter or test takes no value of this name"),
    (
        "cannot convert string to",
        "a text stands where a number, or true or false, belongs; if it is a column, write `| number` behind it",
    ),
    ("cannot convert none to", "a value is missing; if it is a column, write `| default('…')` behind it"),
    ("cannot round value", "only a number can be rounded; write `| number` before `| round`"),
    ("cannot get absolute value", "only a number has an absolute value; write `| number` before `| abs`"),
    ("can only sum numbers", "only numbers have a sum; write `| map('number')` before `| sum`"),
    ("cannot parse", "an empty cell is not a number; write `| number | default(0)` in place of `| int` or `| float`"),
    ("invalid float literal", "the text is not a number; write `| number` in place of `| int` or `| float`"),
    ("tried to use", "only numbers can be computed with; write `| number | default(0)` behind a column"),
    ("value is not iterable", "a list is needed here, and this is not one; `| split` makes one of the words of a cell"),
    ("number is not iterable", "a list is needed here, and this is a number; `range(3)` counts from 0 to 2"),
];

/// minijinja's message, without a name and a line, which the template does not have.
fn describe(error: &Error) -> String {
    if error.kind() == ErrorKind::UnknownMethod {
        let detail = error.detail().unwrap_or("there is no such method");
        return format!("{detail}; write a filter: {{{{ nombre | split | first }}}} is the first word");
    }
    message_of(error)
}

fn message_of(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}
