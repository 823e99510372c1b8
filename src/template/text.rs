//! One string that is a template; it is compiled once.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::machinery::ast::{Expr, Stmt};
use minijinja::machinery::{CodeGenerator, Instructions, eval, make_string_output, parse};
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
use super::walk::walk;
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
        if pieces(source).iter().any(|piece| matches!(piece, Piece::Statement(raw) if trimmed(raw) == "raw")) {
            return Err(faulty("`{% raw %}`: write `{{ '{{' }}` for braces that are sent".to_owned()));
        }
        let text = parse(source, "<text>", syntax())
            .map_err(|error| unreadable(name_with_blanks(source).unwrap_or_else(|| describe(&error))))?;
        let whole = whole_expression(source, &text);
        let uses = walk(source, &text, whole.is_some()).map_err(faulty)?;
        let mut generator = CodeGenerator::new("<text>", source);
        match whole {
            Some(expression) => generator.compile_expr(expression),
            None => generator.compile_stmt(&text),
        }
        let instructions = checked(&generator.finish().0);
        Ok(Some(Self { language, source, instructions, is_whole: whole.is_some(), uses: Box::new(uses) }))
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
            if error.kind() == ErrorKind::UndefinedError {
                return self.undefined(path, row);
            }
            TemplateError { path: path.to_owned(), problem: describe(&error), missing: None, is_of_every_row: false }
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
        let name = self.uses.columns.iter().find(|name| !RowView::has(row, name)).cloned();
        let inside = || self.uses.paths.iter().find(|path| !RowView::has_path(row, path)).cloned();
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
}

/// The expression of a text that is `{{ expression }}` and nothing else.
fn whole_expression<'a, 'b>(source: &str, text: &'b Stmt<'a>) -> Option<&'b Expr<'a>> {
    let inside = source.strip_prefix("{{")?.strip_suffix("}}")?;
    match text {
        Stmt::Template(template) if trimmed(inside) == inside.trim() => match template.children.as_slice() {
            [Stmt::EmitExpr(emit)] => Some(&emit.expr),
            _ => None,
        },
        _ => None,
    }
}

/// minijinja's message, without a name and a line, which the template does not have.
fn describe(error: &Error) -> String {
    let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    if message.contains("none") {
        return format!("{message}; write `| default('…')` behind a value that may be missing");
    }
    if ["cannot parse", "invalid float"].iter().any(|begin| message.starts_with(begin)) {
        return "the text is not a number; write `| number | default(0)` in place of `| int` or `| float`".to_owned();
    }
    message
}
