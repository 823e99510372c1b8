//! What is shown about the columns of a list: counts, lines and shapes, and a few cells.

use serde::{Deserialize, Serialize};

use super::shape::shape_in_log;

/// The facts about the columns of a message, over the rows that would be sent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct ColumnTable {
    /// The number of rows that would be sent.
    pub(crate) rows: u64,
    pub(super) recipient: RecipientFacts,
    /// In the order of the message.
    pub(super) expressions: Vec<ExpressionFacts>,
    /// Whether every recipient gets the same, because no text of the message uses a column.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) uses_no_column: bool,
    /// How many further expressions the message has.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) more_expressions: usize,
    /// The columns that the message does not use, those that deserve a look first.
    pub(super) unused: Vec<UnusedColumn>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) more_unused: usize,
    #[serde(skip)]
    pub(crate) contrast: ContrastLines,
}

/// The lines of messages that differ most from each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ContrastLines {
    pub(crate) longest: Option<u64>,
    pub(crate) rarest: Option<RareShape>,
}

/// The shape that the fewest rows have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RareShape {
    pub(crate) expression: String,
    pub(crate) shape: String,
    pub(crate) line: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(super) struct RecipientFacts {
    /// Its column, or `--to`.
    pub(super) column: String,
    /// By two letters, those with most rows first.
    pub(super) countries: Vec<CountryRows>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) other_code: Option<OtherCode>,
}

/// The rows whose number has another calling code than the country that the list names for them.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct OtherCode {
    /// The column with the countries.
    pub(super) column: String,
    pub(super) rows: u64,
    /// The first line.
    pub(super) line: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct CountryRows {
    /// Two letters; None for recipients without a country.
    pub(super) country: Option<String>,
    pub(super) rows: u64,
    /// The first line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u64>,
}

/// The facts about an expression, or about a condition.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(super) struct ExpressionFacts {
    /// Its source: `nombre | title`, or `if plan == 'oro'`.
    pub(super) expression: String,
    /// The rows with a value, or the rows for which the condition is true.
    pub(super) rows: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) values: Option<ValueFacts>,
    /// The columns of a condition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) columns: Vec<ColumnValues>,
}

/// The facts about the values that an expression prints.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct ValueFacts {
    /// The most frequent value, if several rows have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) most_often: Option<FrequentValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) amounts: Option<Range>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) characters: Option<Lengths>,
    /// The commonest first, then the rarest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) shapes: Vec<Shape>,
    /// How many different shapes there are. None if they are too many: their counts are then at least this high.
    #[serde(default)]
    pub(super) shape_count: Option<usize>,
    /// Characters that are no letters of Spanish, Portuguese or English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) letters: Vec<Letter>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct FrequentValue {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
    pub(super) rows: u64,
    /// Whether more rows may have it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) at_least: bool,
    /// Whether all rows with a value have it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) is_only: bool,
}

/// The smallest and the largest number or date.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Range {
    pub(super) smallest: ValueInLine,
    pub(super) largest: ValueInLine,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct ValueInLine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
    pub(super) line: u64,
}

/// The shortest and the longest value, in characters.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Lengths {
    pub(super) shortest: LengthInLine,
    pub(super) longest: LengthInLine,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct LengthInLine {
    pub(super) length: u64,
    pub(super) line: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Shape {
    pub(super) shape: String,
    pub(super) rows: u64,
    /// A line with it, and its value there.
    pub(super) line: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Letter {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) letter: Option<char>,
    pub(super) line: u64,
}

/// The values of a column, if it has few.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct ColumnValues {
    pub(super) column: String,
    /// None if there are too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) values: Option<Vec<ValueRows>>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct ValueRows {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
    pub(super) rows: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct UnusedColumn {
    pub(super) column: String,
    /// How all its cells read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reads_as: Option<CellKind>,
    /// The values with most rows, if it has few different ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) values: Vec<ValueRows>,
}

/// What all cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CellKind {
    Phones,
    Countries,
}

impl ColumnTable {
    /// Returns the table without a cell: its counts, lines and shapes may stand in a log.
    pub(crate) fn without_cells(&self) -> Self {
        let mut table = self.clone();
        for expression in &mut table.expressions {
            if let Some(values) = &mut expression.values {
                values.hide_cells();
            }
            let values = expression.columns.iter_mut();
            for known in values.filter_map(|column| column.values.as_mut()).flatten() {
                known.value = None;
            }
        }
        for column in &mut table.unused {
            column.values.clear();
        }
        table
    }
}

impl ValueFacts {
    fn hide_cells(&mut self) {
        if let Some(frequent) = &mut self.most_often {
            frequent.value = None;
        }
        if let Some(range) = &mut self.amounts {
            range.smallest.value = None;
            range.largest.value = None;
        }
        for shape in &mut self.shapes {
            shape.value = None;
            shape.shape = shape_in_log(&shape.shape);
        }
        for letter in &mut self.letters {
            letter.letter = None;
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}
