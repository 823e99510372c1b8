//! How a text uses the columns of a row: what the walk over its syntax tree has found.

use std::collections::BTreeSet;

/// How a text uses columns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// The columns that it uses for anything.
    pub(crate) columns: BTreeSet<String>,
    /// Those that it names without `row`.
    pub(crate) names: BTreeSet<String>,
    /// Whether it may use any column: `row['cuota ' ~ n]`.
    pub(crate) is_of_all: bool,
    /// The columns that it prints.
    pub(crate) printed: BTreeSet<String>,
    /// The columns that it prints as the sheet shows them.
    pub(crate) plain: BTreeSet<String>,
    /// The columns that it prints unchanged, without a text for an empty cell.
    pub(crate) gaps: BTreeSet<String>,
    /// Where it leaves the decimal sign of a column to its cells and the country.
    pub(crate) amounts: Vec<ReadAmount>,
    /// The texts that columns are compared with.
    pub(crate) compared: BTreeSet<(String, String)>,
    /// Expressions that name no column and have no text: `{{1}}`.
    pub(crate) constants: Vec<String>,
}

/// A column that is read as a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReadAmount {
    pub(crate) column: String,
    /// The expression with a point as the decimal sign: `saldo | number('.')`.
    pub(crate) with_point: String,
}

impl Uses {
    /// Whether every row gives the same text.
    pub(crate) fn is_empty(&self) -> bool {
        self.columns.is_empty() && !self.is_of_all
    }
}
