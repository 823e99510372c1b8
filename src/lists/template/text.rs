//! One text that is a template, compiled once, and the errors in it or in a row for it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::machinery::ast::{Expr, Stmt};
use minijinja::machinery::{CodeGenerator, Instructions, eval, make_string_output, parse};
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Value as Cell};
use serde_json::Value;

use super::expressions::{Expressions, compile_noted};
use super::language::{check_bounds, describe, describe_syntax_error};
use super::operators::{null_in_text, replace_operators};
use super::problem::TextProblem;
use super::row_view::{ROW, RowValues, RowView};
use super::spelling::spelling;
use super::stored_amount::stored_amount;
use super::syntax::syntax;
use super::walk::{ColumnUses, walk};
use crate::base::message::{Message, msg};
use crate::jelou::message::is_template;
use crate::lists::list_file::{Row, plain_number};
use crate::phone::{Country, PhoneNumber};

/// The value for a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) value: Value,
    /// The numbers that the filter `phone` has read.
    pub(crate) numbers: Vec<PhoneNumber>,
}

impl Filled {
    /// Returns the warnings about these numbers, each once.
    pub(crate) fn warnings(&self) -> Vec<Message> {
        let mut warnings: Vec<Message> = Vec::new();
        for warning in self.numbers.iter().flat_map(PhoneNumber::warnings) {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
        warnings
    }
}

/// A text that is a template.
pub(crate) struct TextTemplate<'a> {
    language: &'a Environment<'a>,
    /// The source of the template.
    pub(crate) source: &'a str,
    instructions: Instructions<'a>,
    /// Whether it is a single `{{ expression }}`, so that it gets the value of the row.
    is_whole: bool,
    /// Its parts, if they are only literal text and columns.
    parts: Option<Vec<PlainPart<'a>>>,
    /// How it uses columns. Boxed, because most bodies have many fields and few templates.
    pub(crate) uses: Box<ColumnUses>,
    /// The number of the expression, if the text is a single one.
    number: Option<usize>,
}

/// A part of a simple text, which has only literal text and columns. A row with a header fills it
/// without minijinja.
enum PlainPart<'a> {
    Words(&'a str),
    Column {
        name: &'a str,
        /// The number of the expression.
        number: Option<usize>,
    },
}

impl<'a> TextTemplate<'a> {
    /// Compiles `source`, which is at `path`. None if it is not a template.
    pub(crate) fn compile(
        language: &'a Environment<'a>,
        path: &str,
        source: &'a str,
    ) -> Result<Option<Self>, TextProblem> {
        Self::compile_part(language, path, source, &mut Expressions::default())
    }

    /// As [`Self::compile`], for a text of a message with these `expressions`. Adds its own.
    pub(super) fn compile_part(
        language: &'a Environment<'a>,
        path: &str,
        source: &'a str,
        expressions: &mut Expressions,
    ) -> Result<Option<Self>, TextProblem> {
        if !is_template(source) {
            return Ok(None);
        }
        check_bounds(source).map_err(|problem| problem.at(path))?;
        let text = parse(source, "<text>", syntax())
            .map_err(|error| describe_syntax_error(source, &error).at(path))?;
        let whole = whole_expression(&text);
        let walked = walk(source, &text).map_err(|problem| problem.at(path))?;
        let noted = walked.noted.into_iter();
        let numbers: Vec<_> = noted
            .map(|noted| noted.map(|expression| expressions.number(expression)))
            .collect();
        let instructions = match whole {
            Some(expression) => compile_expression(source, expression),
            None => compile_noted(source, &text, &numbers),
        };
        Ok(Some(Self {
            language,
            source,
            instructions,
            is_whole: whole.is_some(),
            parts: simple_parts(&text, &numbers),
            uses: Box::new(walked.uses),
            number: numbers.first().copied().flatten(),
        }))
    }

    /// Fills the text for `row`, with numbers of `country`. Cells are printed as the sheet shows
    /// them (`as_shown`) or as it stores them.
    pub(crate) fn fill(
        &self,
        path: &str,
        row: &Row,
        country: Option<Country>,
        as_shown: bool,
    ) -> Result<Filled, TextProblem> {
        self.fill_part(path, row, country, as_shown, &mut RowValues::default())
    }

    /// As [`Self::fill`], for a text of a message. Adds the values of its expressions to `values`.
    pub(super) fn fill_part(
        &self,
        path: &str,
        row: &Row,
        country: Option<Country>,
        as_shown: bool,
        values: &mut RowValues,
    ) -> Result<Filled, TextProblem> {
        if let (Some(field), Row::Cells { .. }) = (&self.uses.field, row) {
            let problem = msg!("`{field}`: a cell has no fields", field);
            return Err(TextProblem::from(problem).at(path));
        }
        if let Some(text) = self.joined(row, as_shown, values) {
            return Ok(Filled {
                value: Value::from(text),
                numbers: Vec::new(),
            });
        }
        let view = Arc::new(RowView::new(row, country, as_shown));
        view.swap_values(values);
        let filled = self.value_for(&view);
        view.swap_values(values);
        match filled {
            Ok(value) => Ok(Filled {
                value,
                numbers: view.take_numbers(),
            }),
            Err(error) if error.kind() == ErrorKind::UndefinedError => {
                Err(self.undefined(row).at(path))
            }
            Err(error) => Err(self.row_error(path, row, &error)),
        }
    }

    /// Fills the text for the row of `view`, and notes its values there.
    fn value_for(&self, view: &Arc<RowView>) -> Result<Value, Error> {
        let mut text = String::new();
        let value = self.evaluate(&self.instructions, view, &mut text)?;
        let Some(cell) = value.filter(|_| self.is_whole) else {
            return Ok(Value::from(text));
        };
        if cell.is_undefined() {
            return Err(ErrorKind::UndefinedError.into());
        }
        let value = match view.shown_text(&cell) {
            Some(shown) => Value::from(shown),
            None => json(&cell)?,
        };
        if let Some(number) = self.number {
            let amount = view.take_amount().or_else(|| view.stored_amount(&cell));
            let text = value
                .as_str()
                .map_or_else(|| value.to_string().into(), Cow::Borrowed);
            view.note(|values| values.note_text(number, &text, amount));
        }
        Ok(value)
    }

    /// Describes the `error` of a row. A column replaces the text at `path` if only its cell can be the cause.
    fn row_error(&self, path: &str, row: &Row, error: &Error) -> TextProblem {
        let mut problem = describe(self.source, error);
        // In NDJSON, null may be in any field.
        if matches!(row, Row::Cells { .. })
            && problem == null_in_text()
            && let Some(name) = self.only_column(row, "")
        {
            let written = written_column(name, row);
            let empty = msg!("is empty, so it has no number");
            let hint = msg!(
                "write `| default(\"…\")` after the filter, or `{{% if {written} != \"\" %}}` before it",
                written
            );
            return TextProblem::new(empty, hint).at(name);
        }
        let cell = problem.cell.as_deref().filter(|cell| !cell.is_empty());
        let Some(column) = cell.and_then(|cell| self.only_column(row, cell)) else {
            return problem.at(path);
        };
        let written = written_column(column, row);
        let hint = problem.hint.take();
        problem.hint = hint.map(|hint| hint.with_value("column", &written));
        problem.at(column)
    }

    /// Returns the name of the only column of the text with this `cell`, stored or as the sheet shows it.
    fn only_column<'r>(&'r self, row: &'r Row, cell: &str) -> Option<&'r str> {
        let has_cell = |name: &&String| {
            let texts = [row.text(name), row.shown_text(name)];
            texts.into_iter().flatten().any(|text| text.trim() == cell)
        };
        let mut names = self.uses.columns.iter().filter(has_cell);
        let only = names.next().filter(|_| names.next().is_none())?;
        Some(row.column(only).unwrap_or(only).trim())
    }

    /// Runs `instructions` for a row. The text is added to `text`; an expression has a value.
    fn evaluate(
        &self,
        instructions: &Instructions<'a>,
        view: &Arc<RowView>,
        text: &mut String,
    ) -> Result<Option<Cell>, Error> {
        let context = Cell::from_dyn_object(Arc::clone(view));
        let blocks = BTreeMap::new();
        let (value, _) = eval(
            self.language,
            instructions,
            context,
            &blocks,
            &mut make_string_output(text),
            AutoEscape::None,
        )?;
        Ok(value)
    }

    /// Fills the text, if it has only literal text and columns of the header of `row`. Adds their values to `values`.
    fn joined(&self, row: &Row, as_shown: bool, values: &mut RowValues) -> Option<String> {
        let parts = self.parts.as_ref()?;
        let before = values.count();
        let mut text = String::with_capacity(2 * self.source.len());
        for part in parts {
            match part {
                PlainPart::Words(words) => text.push_str(words),
                PlainPart::Column { name, number } => {
                    let Some(cell) = PlainCell::read(row, name, as_shown) else {
                        values.truncate(before);
                        return None;
                    };
                    text.push_str(cell.text);
                    if let Some(number) = number {
                        values.note_text(*number, cell.text, cell.amount);
                    }
                }
            }
        }
        Some(text)
    }

    /// Describes an undefined value: the name that the row lacks, or the empty column that can be the cause.
    fn undefined(&self, row: &Row) -> TextProblem {
        let mut columns = self.uses.columns.iter();
        // With a header, each row has the same names.
        if let Some(name) = columns.clone().find(|name| !row.has(name)) {
            let has = row.names().join(", ");
            return msg!("there is no `{name}`; there are: {has}", name, has).into();
        }
        let is_empty = |name: &&String| row.text(name).is_some_and(|cell| cell.trim().is_empty());
        match columns.find(is_empty) {
            Some(name) => {
                let column = row.column(name).unwrap_or(name).trim();
                let written = written_column(name, row);
                TextProblem::new(
                    msg!("`{name}` is empty, but the text needs it", name = column),
                    default_for(&written),
                )
            }
            None => TextProblem::new(
                msg!("a value is missing, because the cell lacks this part"),
                msg!("write `| default(\"…\")` after it"),
            ),
        }
    }
}

/// Returns the hint for a value that is missing in some rows: the text to print instead.
pub(super) fn default_for(written: &str) -> Message {
    msg!("write `{written} | default(\"…\")`", written)
}

/// A cell that a simple text prints.
struct PlainCell<'r> {
    text: &'r str,
    /// The amount or date that the sheet stores, if it shows it differently.
    amount: Option<f64>,
}

impl<'r> PlainCell<'r> {
    /// None if the row has no header, or no such column.
    fn read(row: &'r Row, column: &str, as_shown: bool) -> Option<Self> {
        let place = row.position(column)?;
        let stored = row.cell_at(place)?;
        match row.cell_text(place) {
            Some(shown) if as_shown => Some(Self {
                text: shown,
                amount: stored_amount(stored),
            }),
            _ => Some(Self {
                text: stored,
                amount: None,
            }),
        }
    }
}

/// Returns a column as it is written in an expression: `saldo`, or `row['% mensual']`.
pub(super) fn written_column(name: &str, row: &Row) -> String {
    let placeholder = spelling(name, &row.names());
    placeholder.trim_matches(['{', '}', ' ']).to_owned()
}

/// Returns the parts of a text, if they are only literal text and columns. `numbers` has the numbers of the columns.
fn simple_parts<'a>(text: &Stmt<'a>, numbers: &[Option<usize>]) -> Option<Vec<PlainPart<'a>>> {
    let Stmt::Template(template) = text else {
        return None;
    };
    let mut numbers = numbers.iter().copied();
    let part = |part: &Stmt<'a>| match part {
        Stmt::EmitRaw(words) => Some(PlainPart::Words(words.raw)),
        Stmt::EmitExpr(emit) => match &emit.expr {
            Expr::Var(name) if name.id != ROW => Some(PlainPart::Column {
                name: name.id,
                number: numbers.next().flatten(),
            }),
            _ => None,
        },
        _ => None,
    };
    template.children.iter().map(part).collect()
}

/// Returns the value as JSON. A computed number has the digits that it has within a text.
fn json(cell: &Cell) -> Result<Value, Error> {
    let is_computed = cell.kind() == ValueKind::Number && !cell.is_integer();
    let json = if is_computed {
        serde_json::from_str(&plain_number(f64::try_from(cell.clone())?))
    } else {
        serde_json::to_value(cell)
    };
    json.map_err(|error| {
        let error = error.to_string();
        TextProblem::from(msg!("the value cannot be JSON: {error}", error)).into()
    })
}

/// Compiles a text that is a single expression.
fn compile_expression<'a>(source: &'a str, expression: &Expr<'a>) -> Instructions<'a> {
    let mut generator = CodeGenerator::new("<text>", source);
    generator.compile_expr(expression);
    let (mut instructions, _) = generator.finish();
    replace_operators(&mut instructions);
    instructions
}

/// Returns the expression of a text that is a single expression.
fn whole_expression<'a, 'b>(text: &'b Stmt<'a>) -> Option<&'b Expr<'a>> {
    let Stmt::Template(template) = text else {
        return None;
    };
    let [Stmt::EmitExpr(emit)] = template.children.as_slice() else {
        return None;
    };
    Some(&emit.expr)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::lists::list_file::{ListInput, ListOptions, ListReader};
    use crate::lists::template::language;

    /// Returns the first row of a CSV list.
    fn first_row(list: &'static str) -> Row {
        let input = ListInput::Stream(Box::new(Cursor::new(list)));
        let mut list = ListReader::open(input, "p.csv", &ListOptions::default()).unwrap();
        list.read().unwrap().unwrap().row.unwrap()
    }

    #[test]
    fn empty_column_without_value_is_named() {
        let row = first_row("Representante,Mi saldo,plan\n,,oro\n");
        let language = language();
        for (source, expected) in [
            (
                "Hola {{ representante | split | first }}",
                "`Representante` is empty, but the text needs it; write `representante | default(\"…\")`",
            ),
            (
                "{{ row['Mi saldo'] | split | first }} {{ representante }}",
                "`Mi saldo` is empty, but the text needs it; write `mi_saldo | default(\"…\")`",
            ),
            (
                "{{ plan | replace('oro', '') | split | first }}",
                "a value is missing, because the cell lacks this part; write `| default(\"…\")` after it",
            ),
        ] {
            let template = TextTemplate::compile(&language, "text", source)
                .unwrap()
                .unwrap();
            let error = template.fill("text", &row, None, true).unwrap_err();
            assert_eq!(error.to_string(), format!("text: {expected}"), "{source}");
        }
    }

    #[test]
    fn column_of_an_error_is_named() {
        let row = first_row("Mi saldo,tasa,vence,otra,vacío,% anual\nmucho,15,45989,15,,\"2,5\"\n");
        let language = language();
        for (source, expected) in [
            (
                "{{ vence | date('%d') }}",
                "vence: date: `45989` is Excel's number",
            ),
            (
                "{% if row['Mi saldo'] | number > 5 %}a{% endif %}",
                "Mi saldo: number: `mucho` is not a number",
            ),
            (
                "{{ vence | number(11) }}",
                "text: number: the number of decimals",
            ),
            ("{{ tasa | date('%d') }}", "tasa: date: `15` is not a date"),
            (
                "{{ tasa | percent(2) }}",
                "tasa: percent: `15` would be 1.500,00%; write `15%` in the cell, or if the whole column is without %: \
                 `(tasa | number / 100) | percent(2)`",
            ),
            (
                "{{ row['% anual'] | percent }}",
                "% anual: percent: `2,5` would be 250%; write `2,5%` in the cell, or if the whole column is without %: \
                 `(anual | number / 100) | percent`",
            ),
            (
                "{{ tasa | date('%d') }} {{ otra }}",
                "text: date: `15` is not a date",
            ),
            (
                "Son {{ vacio | number }}",
                "vacío: is empty, so it has no number; write `| default(\"…\")` after the filter, or `{% if vacio != \"\" %}`",
            ),
            ("{{ 'a' ~ (vacio | number) }}", "vacío: is empty"),
        ] {
            let template = TextTemplate::compile(&language, "text", source)
                .unwrap()
                .unwrap();
            let error = template.fill("text", &row, Some("EC".parse().unwrap()), true);
            let error = error.unwrap_err().to_string();
            assert!(error.starts_with(expected), "{source}: {error}");
        }
    }

    #[test]
    fn fast_fill_matches_minijinja() {
        let row = first_row("Nombre completo,saldo,vacío\n\"{{ saldo }}, \"\"ñ\"\"\",1.50,\n");
        let language = language();
        for (source, is_plain) in [
            (
                "Hola {{ nombre_completo }},\n\n{{- saldo -}}  {{ SALDO }}{{ vacio }}\n",
                true,
            ),
            ("{{ saldo }}", true),
            ("{# - #}{{ saldo }}{% raw %}{{ x }}{% endraw %}", true),
            ("{{ otra }}", true),
            ("{{ range }} {{ nombre }}", true),
            ("{{ row.saldo }}", false),
            ("{{ row }}", false),
            ("{{ saldo | upper }}", false),
        ] {
            let plain = TextTemplate::compile(&language, "text", source)
                .unwrap()
                .unwrap();
            assert_eq!(plain.parts.is_some(), is_plain, "{source}");
            let filled = plain.fill("text", &row, None, true);
            assert_eq!(
                filled,
                TextTemplate {
                    parts: None,
                    ..plain
                }
                .fill("text", &row, None, true),
                "{source}"
            );
        }
    }
}
