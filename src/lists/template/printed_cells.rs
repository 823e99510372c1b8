//! Checks what a row prints: an expression that prints nothing, a cell with an error, and a value that would end its link.

use super::cell_notes::CellNote;
use super::expressions::TextExpression;
use super::links::ends_link;
use super::problem::TextProblem;
use super::row_view::{RowValue, RowValues};
use super::text::{default_for, written_column};
use crate::base::invisible::without_blanks_at_ends;
use crate::base::message::{Message, msg};
use crate::lists::list_file::Row;

/// Returns warnings about the `values` of `row`, which the message has printed. `expressions` are those of the message.
///
/// # Errors
/// If the row must not be sent.
pub(crate) fn check_printed(
    expressions: &[TextExpression],
    values: &RowValues,
    row: &Row,
) -> Result<Vec<Message>, TextProblem> {
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
    fn problem(&self) -> Option<TextProblem> {
        if without_blanks_at_ends(self.text).is_empty() && !self.expression.rule.may_be_empty {
            return Some(self.describe_empty());
        }
        if !self.expression.rule.is_in_link {
            return None;
        }
        let sign = self.text.chars().find(|sign| ends_link(*sign))?;
        Some(self.describe_link(sign))
    }

    fn describe_empty(&self) -> TextProblem {
        let expression = &self.expression.written;
        let [column] = self.expression.rule.printed.as_slice() else {
            let hint = default_for(&format!("({expression})"));
            return TextProblem::new(
                msg!("`{written}` prints nothing", written = expression),
                hint,
            );
        };
        let name = self.row.column(column).unwrap_or(column).trim();
        let hint = if self.expression.is_formatted {
            // A filter of amounts or dates reads no other text.
            default_for(&format!("({expression})"))
        } else {
            default_for(&written_column(column, self.row))
        };
        TextProblem::new(msg!("`{name}` is empty, but the text needs it", name), hint)
    }

    fn describe_link(&self, sign: char) -> TextProblem {
        let text = self.text;
        let problem = if sign.is_whitespace() {
            msg!("`{text}` has a space, which ends its link", text)
        } else {
            msg!("`{text}` has `{sign}`, which ends its link", text, sign)
        };
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
        TextProblem::new(problem, msg!("write `{encoded}`", encoded))
    }

    /// Finds what the printed cells have: the first fault, and warnings.
    fn note_cells(&self, fault: &mut Option<TextProblem>, warnings: &mut Vec<Message>) {
        let own = self.expression.columns.iter().map(String::as_str);
        let any = self.expression.columns.is_empty().then(|| self.row.names());
        for column in own.chain(any.unwrap_or_default()) {
            let Some(note) = self.row.text(column).and_then(CellNote::find) else {
                continue;
            };
            if !self.has_part(&note.part) {
                continue;
            }
            let name = self.row.column(column).unwrap_or(column).trim();
            let description = msg!("{name}: {note}", name, note = note.description);
            if note.is_fault {
                fault.get_or_insert(description.into());
            } else if !warnings.contains(&description) {
                warnings.push(description);
            }
        }
    }

    /// Returns whether the value has this part of a cell, or a word of it that is not a name: `first` prints `{{` of
    /// `{{ nombre }}`.
    fn has_part(&self, part: &str) -> bool {
        let is_name = |word: &str| word.chars().all(char::is_alphanumeric);
        let mut words = part.split_whitespace().filter(|word| !is_name(word));
        self.contains(part) || words.any(|word| self.contains(word))
    }

    /// Returns whether the value has this text of a cell. A filter may have changed its capitals.
    fn contains(&self, cell: &str) -> bool {
        self.text.contains(cell) || self.text.to_lowercase().contains(&cell.to_lowercase())
    }
}
