//! One string that is a template; it is compiled once.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::machinery::ast::{Expr, Stmt};
use minijinja::machinery::{CodeGenerator, Instructions, eval, make_string_output, parse};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Value as Cell};
use serde_json::Value;

use super::bounds;
use super::error::TemplateError;
use super::language::{describe, syntax};
use super::misspelling::name_with_blanks;
use super::operators::checked;
use super::row_view::RowView;
use super::uses::Uses;
use super::walk::walk;
use crate::list::Row;
use crate::message::is_template;

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
        let faulty = |problem| TemplateError::new(path, problem, true);
        let unreadable = |problem| faulty(format!("is not a template: {problem}"));
        bounds::check(source).map_err(unreadable)?;
        let text = parse(source, "<text>", syntax())
            .map_err(|error| unreadable(name_with_blanks(source).unwrap_or_else(|| describe(&error))))?;
        let whole = whole_expression(&text);
        let uses = walk(&text, whole.is_some()).map_err(faulty)?;
        let mut generator = CodeGenerator::new("<text>", source);
        match whole {
            Some(expression) => generator.compile_expr(expression),
            None => generator.compile_stmt(&text),
        }
        let instructions = checked(&generator.finish().0);
        Ok(Some(Self { language, source, instructions, is_whole: whole.is_some(), uses: Box::new(uses) }))
    }

    /// The value of `row` in this `view`.
    pub(crate) fn fill(&self, path: &str, row: &Row, view: RowView) -> Result<Value, TemplateError> {
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
            TemplateError::new(path, describe(&error), false)
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

    /// The error for an undefined value: which of its names the row lacks, if it is one of them.
    fn undefined(&self, path: &str, row: &Row) -> TemplateError {
        // With a header, each row has the same names.
        let is_fixed = matches!(row, Row::Cells { .. });
        let has = row.names().join(", ");
        let missing = self.uses.columns.iter().find(|name| !row.has(name));
        let problem = match missing {
            Some(name) if is_fixed => format!("there is no column `{name}`; there are: {has}"),
            Some(name) => format!("there is no `{name}`; there are: {has}"),
            None => {
                "a value is missing, such as a part that a cell does not have, the first of an empty one, or `x if y` \
                     without `else`; write `| default('…')` behind it"
                    .to_owned()
            }
        };
        TemplateError::new(path, problem, is_fixed && missing.is_some())
    }
}

/// The expression of a text that is one expression and nothing else.
fn whole_expression<'a, 'b>(text: &'b Stmt<'a>) -> Option<&'b Expr<'a>> {
    match text {
        Stmt::Template(template) => match template.children.as_slice() {
            [Stmt::EmitExpr(emit)] => Some(&emit.expr),
            _ => None,
        },
        _ => None,
    }
}
