//! Checks whether the conditions of a message mean what they seem to mean: a cell is a text, which cannot be compared
//! with 100 and is not false.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::list::Row;
use crate::template::{TakenFor, TemplateError, Uses, is_amount, is_plain_number, says_no};

/// The columns that the texts of a message depend on, each with the path of its text.
#[derive(Default)]
pub(crate) struct Conditions {
    numbers: Vec<(String, TakenFor)>,
    casts: Vec<(String, TakenFor)>,
    truths: Vec<(String, TakenFor)>,
    /// Columns that must not be empty, since `| number` of an empty cell is less than any number.
    less: BTreeSet<(String, String)>,
    /// Two columns that are compared, with the expression.
    ordered: BTreeSet<(String, (String, String, String))>,
    compared: BTreeSet<(String, String)>,
}

impl Conditions {
    pub(crate) fn new<'a>(texts: impl Iterator<Item = (&'a str, &'a Uses)>) -> Self {
        let mut conditions = Self::default();
        for (path, uses) in texts {
            let with_path = |taken: &TakenFor| (path.to_owned(), taken.clone());
            conditions.numbers.extend(uses.numbers.iter().map(with_path));
            conditions.casts.extend(uses.casts.iter().map(with_path));
            conditions.truths.extend(uses.truths.iter().map(with_path));
            conditions.less.extend(uses.less.iter().map(|column| (path.to_owned(), column.clone())));
            conditions.ordered.extend(uses.ordered.iter().map(|ordered| (path.to_owned(), ordered.clone())));
            conditions.compared.extend(uses.compared.iter().cloned());
        }
        conditions
    }

    /// Refuses a condition that no row with these columns can meet as intended. In a list with a header, every cell is
    /// a text.
    pub(crate) fn check_columns(&self, row: &Row) -> Result<(), TemplateError> {
        match (row, self.numbers.first()) {
            (Row::Cells { .. }, Some((path, taken))) => Err(fault(path, number_problem(taken), true)),
            _ => Ok(()),
        }
    }

    /// The same check for the cells of a row.
    pub(crate) fn check(&self, row: &Row) -> Result<(), TemplateError> {
        for (path, taken) in &self.numbers {
            if matches!(row.get(&taken.column), Some(Value::String(_))) {
                return Err(fault(path, number_problem(taken), false));
            }
        }
        for (path, taken) in &self.casts {
            if row.text(&taken.column).is_some_and(|cell| !is_plain_number(cell)) {
                return Err(fault(path, number_problem(taken), false));
            }
        }
        for (path, TakenFor { column, written, meant }) in &self.truths {
            if let Some(cell) = row.text(column).filter(|cell| says_no(cell)) {
                // `says_no` is also true for a zero amount, which needs `| number`.
                let meant = if is_amount(cell) { meant.replace("| yes", "| number") } else { meant.clone() };
                let problem = format!(
                    "`{written}` is true for `{}` in {column}, because that cell is not empty; write `{meant}`, or `{column} != '{}'`",
                    cell.trim(),
                    cell.trim().replace('\'', "\\'")
                );
                return Err(fault(path, problem, false));
            }
        }
        for (path, (one, other, written)) in &self.ordered {
            let is_number = |column| row.text(column).is_some_and(is_amount);
            if is_number(one) && is_number(other) {
                let problem = format!(
                    "`{written}` compares two numbers letter by letter; write `{one} | number` and `{other} | number`"
                );
                return Err(fault(path, problem, false));
            }
        }
        for (path, column) in &self.less {
            if row.text(column).is_some_and(|cell| cell.trim().is_empty()) {
                let problem = format!(
                    "{column} is empty, which counts as less than any number; write `{column} and {column} | number < …`"
                );
                return Err(fault(path, problem, false));
            }
        }
        Ok(())
    }

    /// Warnings about cells that differ only in case from the text that they are compared with.
    pub(crate) fn warnings<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = String> + 'a {
        self.compared.iter().filter_map(|(column, text)| {
            let cell = row.text(column)?;
            let is_near = cell != text && cell.trim().to_lowercase() == text.trim().to_lowercase();
            is_near.then(|| {
                format!("{column}: `{cell}` is not `{text}`, as the message has it; `{column} | lower` ignores case")
            })
        })
    }
}

fn number_problem(TakenFor { column, written, meant }: &TakenFor) -> String {
    format!("`{written}` uses {column} as a number, but its cells are text; write `{meant}`")
}

fn fault(path: &str, problem: String, is_of_every_row: bool) -> TemplateError {
    TemplateError { path: path.to_owned(), problem, missing: None, is_of_every_row }
}
