//! How a text uses the columns of a row: what the walk over its syntax tree has found.

use std::collections::BTreeSet;

/// How a text uses columns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// The columns that it uses for anything.
    pub(crate) columns: BTreeSet<String>,
    /// Those that it names without `row`.
    pub(crate) names: BTreeSet<String>,
    /// The values inside columns: `cliente.saldo`.
    pub(super) paths: BTreeSet<String>,
    /// Whether it may use any column: `row['cuota ' ~ n]`.
    pub(crate) is_of_all: bool,
    /// The columns that it prints.
    pub(crate) printed: BTreeSet<String>,
    /// The columns that it prints as the sheet shows them.
    pub(crate) plain: BTreeSet<String>,
    /// The columns that it prints unchanged, without a text for an empty cell.
    pub(crate) gaps: BTreeSet<String>,
    /// Where it uses a column as a number.
    pub(crate) numbers: Vec<TakenFor>,
    /// Where it leaves the decimal sign of a column to its cells and the country; `meant` says that it is a point.
    pub(crate) amounts: Vec<TakenFor>,
    /// Where it uses a column as yes or no.
    pub(crate) truths: Vec<TakenFor>,
    /// The texts that columns are compared with.
    pub(crate) compared: BTreeSet<(String, String)>,
    /// Expressions that name no column and have no text: `{{1}}`.
    pub(crate) constants: Vec<String>,
}

/// A use of a column as something other than the text of its cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TakenFor {
    /// With the names inside its value, if it is JSON: `cuotas[].pagada`.
    pub(crate) column: String,
    /// The expression, and a way to write it that works.
    pub(crate) written: String,
    pub(crate) meant: String,
    /// The texts for which the condition is false anyway: `'0'` in `saldo and saldo != '0'`.
    pub(crate) ruled_out: Vec<String>,
}

impl TakenFor {
    pub(super) fn new(column: &str, written: &str, meant: String) -> Self {
        Self { column: column.to_owned(), written: written.to_owned(), meant, ruled_out: Vec::new() }
    }
}

impl Uses {
    /// Whether every row gives the same text.
    pub(crate) fn is_empty(&self) -> bool {
        self.columns.is_empty() && !self.is_of_all
    }
}
