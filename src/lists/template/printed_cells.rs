//! Checks what a row prints: an expression that prints nothing, a cell with an error, and a value that would end its link.

use super::cell_notes::CellNote;
use super::expressions::TextExpression;
use super::links::ends_link;
use super::row_values::{RowValue, RowValues};
use super::text::written_column;
use crate::base::invisible::without_blanks_at_ends;
use crate::lists::list_file::Row;

/// Returns warnings about the `values` of `row`, which the message has printed. `expressions` are those of the message.
///
/// # Errors
/// If the row must not be sent.
pub(crate) fn check_printed(
    expressions: &[TextExpression],
    values: &RowValues,
    row: &Row,
) -> Result<Vec<String>, String> {
    let mut warnings = Vec::new();
    let mut fault = None;
    values.each(|number, value| {
        let RowValue::Printed { text, .. } = value else {
            return;
        };
        let Some(expression) = expressions.get(number) else {
            return;
        };
        let printed = CheckedValue {
            expression,
            text,
            row,
        };
        if fault.is_none() {
            fault = printed.problem();
            printed.note_cells(&mut fault, &mut warnings);
        }
    });
    fault.map_or(Ok(warnings), Err)
}

/// The value of an expression in a row.
struct CheckedValue<'a> {
    expression: &'a TextExpression,
    text: &'a str,
    row: &'a Row,
}

impl CheckedValue<'_> {
    /// Returns the problem of the value itself.
    fn problem(&self) -> Option<String> {
        if without_blanks_at_ends(self.text).is_empty() && !self.expression.rule.may_be_empty {
            return Some(self.describe_empty());
        }
        let sign = self.text.chars().find(|sign| ends_link(*sign))?;
        self.expression
            .rule
            .is_in_link
            .then(|| self.describe_link(sign))
    }

    fn describe_empty(&self) -> String {
        let written = &self.expression.written;
        match self.expression.rule.printed.as_slice() {
            [column] => {
                let name = self.row.column(column).unwrap_or(column).trim();
                let column = written_column(column, self.row);
                format!(
                    "{name}: is empty, so the text lacks a value; write `{column} | default('cliente')`"
                )
            }
            _ => format!("`{written}` prints nothing; write `({written}) | default('cliente')`"),
        }
    }

    fn describe_link(&self, sign: char) -> String {
        let what = if sign.is_whitespace() {
            "a space".to_owned()
        } else {
            format!("`{sign}`")
        };
        let text = self.text;
        let written = &self.expression.written;
        // A filter belongs to the last part of an expression.
        let is_name = written
            .chars()
            .all(|sign| sign.is_alphanumeric() || sign == '_');
        let encoded = if is_name {
            format!("{written} | urlencode")
        } else {
            format!("({written}) | urlencode")
        };
        format!("`{text}` has {what}, which ends its link; write `{encoded}`")
    }

    /// Finds what the printed cells have: the first fault, and warnings.
    fn note_cells(&self, fault: &mut Option<String>, warnings: &mut Vec<String>) {
        let own = &self.expression.columns;
        let all = if own.is_empty() {
            self.row.names()
        } else {
            own.iter().map(String::as_str).collect()
        };
        for column in all {
            let Some(note) = self.row.text(column).and_then(CellNote::find) else {
                continue;
            };
            if !self.contains(&note.part) {
                continue;
            }
            let name = self.row.column(column).unwrap_or(column).trim();
            let description = format!("{name}: {}", note.description);
            if note.is_fault {
                fault.get_or_insert(description);
            } else if !warnings.contains(&description) {
                warnings.push(description);
            }
        }
    }

    /// Returns whether the value has this part of a cell. A filter may have changed its capitals.
    fn contains(&self, part: &str) -> bool {
        self.text.contains(part) || self.text.to_lowercase().contains(&part.to_lowercase())
    }
}
