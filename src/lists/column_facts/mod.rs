//! Counts what a message takes from the columns of a list, row by row, so that a person sees odd cells before the
//! question. Only facts: nothing here decides whether a value is right. Memory does not grow with the list.

mod column_counts;
mod countries;
mod frequent;
mod printed_values;
mod shape;
mod unused_column;
mod words;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use twox_hash::XxHash3_64;

pub(crate) use self::column_counts::ColumnCounts;
pub(crate) use self::countries::{NamedCountry, RecipientCountries};

use self::shape::shape_in_log;
use crate::base::texts::shorten;
use crate::lists::list_file::Row;
use crate::lists::template::RowValues;
use crate::phone::Country;

/// The most characters of a shown value.
const MAX_VALUE: usize = 40;

/// A row that would be sent.
#[derive(Clone, Copy)]
pub(crate) struct CountedRow<'a> {
    pub(crate) line: u64,
    pub(crate) row: &'a Row,
    pub(crate) country: Option<Country>,
    /// The country that the list names for the row.
    pub(crate) named_country: Option<NamedCountry<'a>>,
    pub(crate) recipient: &'a str,
    /// Its message as JSON.
    pub(crate) json: &'a str,
    pub(crate) sent: SentValues<'a>,
}

/// What a row sends.
#[derive(Clone, Copy)]
pub(crate) enum SentValues<'a> {
    /// The values of the expressions of the message.
    OfExpressions(&'a RowValues),
    /// The row is a whole message.
    Message(&'a Value),
}

/// A value that an expression prints in a row.
#[derive(Clone, Copy)]
struct ValueOfRow<'a> {
    line: u64,
    text: &'a str,
    /// The number or the date, if the text is certainly one.
    amount: Option<f64>,
}

/// Returns the beginning of a value, as it is shown.
fn shown_value(text: &str) -> String {
    shorten(text, MAX_VALUE).into_owned()
}

/// The key of a text in a table of counts.
fn hash(text: &str) -> u64 {
    XxHash3_64::oneshot(text.as_bytes())
}

/// The facts about the columns of a message, over the rows that would be sent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct ColumnTable {
    /// The number of rows that would be sent.
    pub(crate) rows: u64,
    recipient: RecipientFacts,
    /// In the order of the message.
    expressions: Vec<ExpressionFacts>,
    /// Whether every recipient gets the same, because no text of the message uses a column.
    #[serde(default, skip_serializing_if = "is_false")]
    uses_no_column: bool,
    /// How many further expressions the message has.
    #[serde(default, skip_serializing_if = "is_zero")]
    more_expressions: usize,
    /// The columns that the message does not use, those that deserve a look first.
    unused: Vec<UnusedColumn>,
    #[serde(default, skip_serializing_if = "is_zero")]
    more_unused: usize,
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
    /// To compare it with those of other expressions.
    rank: ShapeRank,
}

/// What makes a shape rare: few rows; of these, first a sign that few rows have, then a short shape, which says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ShapeRank {
    rows: u64,
    rows_with_rarest_sign: u64,
    length: usize,
    line: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
struct RecipientFacts {
    /// Its column, or `--to`.
    column: String,
    /// By two letters, those with most rows first.
    countries: Vec<CountryRows>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other_code: Option<OtherCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_mobile: Option<NotMobile>,
}

/// The rows whose number can only be a landline or a service, by the numbering plan of its country.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct NotMobile {
    rows: u64,
    /// The first line.
    line: u64,
}

/// The rows whose number has another calling code than the country that the list names for them.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct OtherCode {
    /// The column with the countries.
    column: String,
    rows: u64,
    /// The first line.
    line: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct CountryRows {
    /// Two letters; None for recipients without a country.
    country: Option<String>,
    rows: u64,
    /// The first line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
}

/// The facts about an expression, or about a condition.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
struct ExpressionFacts {
    /// Its source: `nombre | title`, or `if plan == 'oro'`.
    expression: String,
    /// The rows with a value, or the rows for which the condition is true.
    rows: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<ValueFacts>,
    /// The columns of a condition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    columns: Vec<ColumnValues>,
}

/// The facts about the values that an expression prints.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct ValueFacts {
    /// The most frequent value, if several rows have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    most_often: Option<FrequentValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amounts: Option<Range>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date_orders: Option<DateOrders>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    characters: Option<Lengths>,
    /// The commonest first, then the rarest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shapes: Vec<Shape>,
    /// How many different shapes there are. None if they are too many: their counts are then at least this high.
    #[serde(default)]
    shape_count: Option<usize>,
    /// Characters outside ASCII that Spanish, Portuguese and English do not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    letters: Vec<Letter>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct FrequentValue {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    rows: u64,
    /// Whether more rows may have it.
    #[serde(default, skip_serializing_if = "is_false")]
    at_least: bool,
    /// Whether all rows with a value have it.
    #[serde(default, skip_serializing_if = "is_false")]
    is_only: bool,
}

/// The smallest and the largest number or date.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Range {
    smallest: ValueInLine,
    largest: ValueInLine,
}

/// The dates of a column in which day and month have two orders.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
struct DateOrders {
    day_first: OrderedDates,
    month_first: OrderedDates,
    /// The dates that may have either order.
    either: OrderedDates,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
struct OrderedDates {
    rows: u64,
    /// The first of them; None if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<ValueInLine>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct ValueInLine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    line: u64,
}

/// The shortest and the longest value, in characters.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Lengths {
    shortest: LengthInLine,
    longest: LengthInLine,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
struct LengthInLine {
    length: u64,
    line: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Shape {
    shape: String,
    rows: u64,
    /// A line with it, and its value there.
    line: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Letter {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    letter: Option<char>,
    line: u64,
}

/// The values of a column, if it has few.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct ColumnValues {
    column: String,
    /// None if there are too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<Vec<ValueRows>>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct ValueRows {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    rows: u64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct UnusedColumn {
    column: String,
    /// How all its cells read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reads_as: Option<CellKind>,
    /// The values with most rows, if it has few different ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<ValueRows>,
}

/// What all cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum CellKind {
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
        if let Some(orders) = &mut self.date_orders {
            orders.hide_cells();
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

impl DateOrders {
    fn hide_cells(&mut self) {
        let all = [&mut self.day_first, &mut self.month_first, &mut self.either];
        for first in all.into_iter().filter_map(|dates| dates.first.as_mut()) {
            first.value = None;
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
