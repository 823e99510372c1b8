//! The counts of all columns: of those that a message uses, and of the others.

use super::countries::RecipientCountries;
use super::printed_values::PrintedValues;
use super::unused_column::CountedColumn;
use super::unused_column::{UnusedCounts, sort_unused};
use super::{
    ColumnTable, ContrastLines, CountedRow, ExpressionFacts, LengthInLine, NotMobile, OtherCode,
    RareShape, RecipientFacts, SentValues, UnusedColumn, ValueOfRow,
};
use crate::base::conventions::Conventions;
use crate::jelou::message::each_text;
use crate::lists::list_file::Row;
use crate::lists::template::{RowValue, TextExpression};

/// The most expressions that are counted, so that a text with thousands of them needs little memory.
const MAX_EXPRESSIONS: usize = 100;
/// The most unused columns with counted values.
const MAX_UNUSED: usize = 500;
/// The most unused columns in a table.
const KEPT_UNUSED: usize = 100;

/// The counts of the rows so far.
#[derive(Debug, Default)]
pub(crate) struct ColumnCounts {
    rows: u64,
    recipient_column: String,
    pub(crate) countries: RecipientCountries,
    other_code: Option<OtherCode>,
    not_mobile: Option<NotMobile>,
    expressions: Vec<ExpressionCounts>,
    more_expressions: usize,
    unused: Vec<UnusedCounts>,
    /// The message with most characters.
    longest: Option<LengthInLine>,
}

impl ColumnCounts {
    /// Prepares the counts for a message with these `expressions`, whose recipients are in `recipient_column`. `unused` are
    /// the columns of the first row, `row`, that the message does not use.
    pub(crate) fn new(
        recipient_column: &str,
        expressions: &[TextExpression],
        unused: &[&str],
        row: &Row,
    ) -> Self {
        let counted = expressions.iter().take(MAX_EXPRESSIONS);
        let unused = unused.iter().take(MAX_UNUSED);
        Self {
            recipient_column: recipient_column.trim().to_owned(),
            expressions: counted
                .map(|expression| ExpressionCounts::new(expression, row))
                .collect(),
            more_expressions: expressions.len().saturating_sub(MAX_EXPRESSIONS),
            unused: unused.map(|name| UnusedCounts::new(name, row)).collect(),
            ..Self::default()
        }
    }

    /// The number of counted rows.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    pub(crate) fn count(&mut self, counted: CountedRow<'_>) {
        self.rows += 1;
        self.countries.count(counted.recipient, counted.line);
        if let Some(named) = counted.named_country {
            named.count_other_code(&mut self.other_code, counted.recipient, counted.line);
        }
        NotMobile::count(&mut self.not_mobile, counted.recipient, counted.line);
        self.count_length(counted);
        match counted.sent {
            SentValues::OfExpressions(values) => {
                let expressions = &mut self.expressions;
                values.each(|number, value| {
                    if let Some(expression) = expressions.get_mut(number) {
                        expression.count(value, counted);
                    }
                });
            }
            SentValues::Message(message) => each_text(message, "", &mut |path, text| {
                if path != self.recipient_column {
                    self.count_text(path, text, counted);
                }
            }),
        }
        for expression in &mut self.expressions {
            expression.count_columns(counted.row);
        }
        for unused in &mut self.unused {
            unused.count(counted, self.rows);
        }
    }

    /// Counts the text at `path` of a whole message.
    fn count_text(&mut self, path: &str, text: &str, counted: CountedRow<'_>) {
        let paths = &mut self.expressions;
        let known = paths.iter().position(|known| known.written == path);
        let place = known.unwrap_or_else(|| {
            if paths.len() < MAX_EXPRESSIONS {
                paths.push(ExpressionCounts::for_path(path));
            }
            paths.len() - 1
        });
        if let Some(counts) = paths.get_mut(place).filter(|known| known.written == path) {
            let amount = None;
            counts.count(RowValue::Printed { text, amount }, counted);
        }
    }

    fn count_length(&mut self, counted: CountedRow<'_>) {
        let longest = self.longest.map_or(0, |known| known.length);
        // A text has at most as many characters as bytes.
        if counted.json.len() as u64 <= longest {
            return;
        }
        let length = counted.json.chars().count() as u64;
        if length > longest {
            let line = counted.line;
            self.longest = Some(LengthInLine { length, line });
        }
    }

    /// Returns what is shown. `texts` are the texts of the message, and `unused` all columns that it does not use.
    pub(crate) fn table(&self, texts: &[&str], unused: &[&str]) -> ColumnTable {
        let expressions = self.expressions.iter();
        let mut unused: Vec<_> = unused.iter().map(|name| self.unused_column(name)).collect();
        sort_unused(&mut unused, texts);
        let more_unused = unused.len().saturating_sub(KEPT_UNUSED);
        unused.truncate(KEPT_UNUSED);
        let mut expressions: Vec<_> = expressions.map(ExpressionCounts::facts).collect();
        show_columns_once(&mut expressions);
        ColumnTable {
            rows: self.rows,
            recipient: RecipientFacts {
                column: self.recipient_column.clone(),
                countries: self.countries.facts(),
                other_code: self.other_code.clone(),
                not_mobile: self.not_mobile.clone(),
            },
            expressions,
            uses_no_column: self.expressions.is_empty(),
            more_expressions: self.more_expressions,
            unused,
            more_unused,
            contrast: ContrastLines {
                longest: self.longest.map(|known| known.line),
                rarest: self.rarest_shape(),
            },
        }
    }

    fn unused_column(&self, name: &str) -> UnusedColumn {
        let name = name.trim();
        let counted = self.unused.iter().find(|known| known.name() == name);
        counted.map_or_else(
            || UnusedColumn {
                column: name.to_owned(),
                reads_as: None,
                values: Vec::new(),
            },
            UnusedCounts::facts,
        )
    }

    /// The rarest shape of all expressions.
    fn rarest_shape(&self) -> Option<RareShape> {
        let shapes = self.expressions.iter().filter_map(ExpressionCounts::rarest);
        shapes.min_by_key(|found| found.rank)
    }
}

/// The counts of an expression of the message.
#[derive(Debug)]
struct ExpressionCounts {
    written: String,
    counts: ValueCounts,
}

#[derive(Debug)]
enum ValueCounts {
    Printed(Box<PrintedValues>),
    Condition {
        /// The rows for which it is true.
        rows: u64,
        columns: Vec<CountedColumn>,
    },
}

impl ExpressionCounts {
    fn new(expression: &TextExpression, row: &Row) -> Self {
        let counts = if expression.is_condition {
            let columns = expression.columns.iter();
            ValueCounts::Condition {
                rows: 0,
                columns: columns.map(|name| CountedColumn::new(name, row)).collect(),
            }
        } else {
            ValueCounts::Printed(Box::new(PrintedValues::new(expression.is_formatted)))
        };
        Self {
            written: expression.written.clone(),
            counts,
        }
    }

    /// Creates the counts of a text of messages.
    fn for_path(path: &str) -> Self {
        Self {
            written: path.to_owned(),
            counts: ValueCounts::Printed(Box::default()),
        }
    }

    fn count(&mut self, value: RowValue<'_>, counted: CountedRow<'_>) {
        match (&mut self.counts, value) {
            (ValueCounts::Printed(values), RowValue::Printed { text, amount }) => {
                let line = counted.line;
                values.count(ValueOfRow { line, text, amount }, || {
                    Conventions::for_country(counted.country?.code())
                });
            }
            (ValueCounts::Condition { rows, .. }, RowValue::Condition(is_true)) => {
                *rows += u64::from(is_true);
            }
            (ValueCounts::Printed(_), RowValue::Condition(_))
            | (ValueCounts::Condition { .. }, RowValue::Printed { .. }) => {}
        }
    }

    /// Counts the cells of the columns of a condition.
    fn count_columns(&mut self, row: &Row) {
        if let ValueCounts::Condition { columns, .. } = &mut self.counts {
            for column in columns {
                column.count_stored(row);
            }
        }
    }

    fn facts(&self) -> ExpressionFacts {
        let expression = self.written.clone();
        match &self.counts {
            ValueCounts::Printed(values) => ExpressionFacts {
                expression,
                rows: values.rows(),
                values: Some(values.facts()),
                columns: Vec::new(),
            },
            ValueCounts::Condition { rows, columns } => ExpressionFacts {
                expression,
                rows: *rows,
                values: None,
                columns: columns.iter().map(CountedColumn::facts).collect(),
            },
        }
    }

    fn rarest(&self) -> Option<RareShape> {
        match &self.counts {
            ValueCounts::Printed(values) => values.rarest_shape(&self.written),
            ValueCounts::Condition { .. } => None,
        }
    }
}

/// Removes the values of a column from a condition, if an earlier condition has them.
fn show_columns_once(expressions: &mut [ExpressionFacts]) {
    let mut shown = Vec::new();
    for expression in expressions {
        expression.columns.retain(|column| {
            let is_new = !shown.contains(&column.column);
            if is_new {
                shown.push(column.column.clone());
            }
            is_new
        });
    }
}
