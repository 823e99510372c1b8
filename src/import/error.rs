//! Errors of an import, and of its rows.

use std::io;

use serde_json::Value;
use thiserror::Error;

use crate::ledger::{LedgerError, RunName};
use crate::list::ListError;
use crate::message::{InvalidMessage, RecipientError};
use crate::people::CountryError;
use crate::template::{MisspellingError, TemplateError};

#[derive(Debug, Error)]
pub(crate) enum BulkError {
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Misspelling(#[from] MisspellingError),
    /// A template that no row can fill.
    #[error(transparent)]
    Template(TemplateError),
    /// A message that is invalid for every row.
    #[error(transparent)]
    Message(InvalidMessage),
    #[error(transparent)]
    Reported(#[from] ReportedError),
    #[error(transparent)]
    Decimals(Box<MixedDecimals>),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// NDJSON does not allow two fields with the same name.
    #[error("the input's own column `{column}` has the name of one of the outcome's")]
    ColumnOfOutcome { column: String },
    /// A sheet has a limited size.
    #[error("the report has {number} {what}, and a sheet has room for {most}")]
    TooLarge { number: u64, what: &'static str, most: u64 },
    #[error(
        "line {line}: the cell under `{column}` has more than the {most} characters that a cell of a sheet may have"
    )]
    CellTooLong { line: u64, column: String, most: usize },
    #[error("the report cannot be written: {0}")]
    Report(io::Error),
}

/// A row that does not make a request.
#[derive(Debug, Error)]
pub(crate) enum RowError {
    #[error("{0}")]
    Unreadable(String),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("{column}: {error}")]
    Recipient { column: String, error: RecipientError },
    #[error(transparent)]
    Country(CountryError),
    #[error("{column}: is {found}; a recipient is a text or a number")]
    RecipientType { column: String, found: Value },
    #[error("has no `{0}`, the recipient's")]
    NoRecipient(String),
    #[error("{column}: is empty, and the row says `{cell}`: it seems to be a row of totals")]
    Total { column: String, cell: String },
    #[error("{column}: `{cell}` is an error of the spreadsheet, and would be sent")]
    CellError { column: String, cell: String },
    #[error("{column}: `{cell}` stands for nothing, and would be sent")]
    PlaceholderCell { column: String, cell: String },
    #[error(
        "sent: is `{0}`, but too many columns of the report are missing to compare the row; send the whole report, or delete \
         this column, or --again"
    )]
    SentBefore(String),
    #[error("the report's {0}")]
    Reported(String),
    #[error("{}", words(.0))]
    Message(#[from] InvalidMessage),
    /// It stands for the whole list.
    #[error(transparent)]
    List(Box<BulkError>),
}

impl RowError {
    pub(super) fn of_list(error: impl Into<BulkError>) -> Self {
        Self::List(Box::new(error.into()))
    }
}

fn words(error: &InvalidMessage) -> String {
    let details = error.details();
    if details.is_empty() { error.to_string() } else { details.join("; ") }
}

/// A cell that is a number with either decimal sign and is read by its country, and a cell of the same column with the
/// other sign.
#[derive(Debug, Error)]
#[error(
    "{path}: the decimals of {column} are not clear: `{}` in line {} is read as in its country, with a decimal {}, but `{}` \
     in line {} has a decimal {}",
    cell.text, cell.line, if *mark == ',' { "comma" } else { "point" },
    other.text, other.line, if *mark == ',' { "point" } else { "comma" },
)]
pub(crate) struct MixedDecimals {
    pub(crate) path: String,
    pub(crate) column: String,
    /// The sign of the country.
    pub(crate) mark: char,
    pub(crate) cell: ReadCell,
    pub(crate) other: ReadCell,
    /// The expression with the sign of `other`.
    pub(crate) meant: String,
}

/// A cell, with its line in the list.
#[derive(Debug)]
pub(crate) struct ReadCell {
    pub(crate) line: u64,
    pub(crate) text: String,
}

/// A row of a report whose columns belong to another row, or are incomplete. The whole list is refused: after only one
/// column is sorted, every outcome is beside the wrong person.
#[derive(Debug, Error)]
pub(crate) enum ReportedError {
    #[error("line {line} is to {to}, but line {of_run} of run {run}, which it names, was to {recipient}")]
    OtherPerson { line: u64, to: String, of_run: u64, run: RunName, recipient: String },
    #[error("line {line} names line {of_run} of run {run}, but {to} is in line {theirs} of it")]
    OtherLine { line: u64, to: String, of_run: u64, run: RunName, theirs: u64 },
    #[error("line {line} names line `{}` of run {run}, which has no such line", of_run.escape_debug())]
    NoSuchLine { line: u64, of_run: String, run: RunName },
    #[error("line {line} is to {to}, but what its columns say was sent to `{}`", sent_to.escape_debug())]
    SentToOther { line: u64, to: String, sent_to: String },
    #[error("line {line}: the report has no column `{column}`, and its run{} is not known here", of_name(run))]
    MissingColumn { line: u64, column: &'static str, run: String },
}

fn of_name(run: &str) -> String {
    if run.is_empty() { String::new() } else { format!(" `{}`", run.escape_debug()) }
}

impl ReportedError {
    /// The remedy, for the hint line.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::OtherPerson { .. } | Self::OtherLine { .. } | Self::NoSuchLine { .. } => {
                "perhaps one column was sorted without the others: write the report again with `jelouctl bulk report RUN --file \
                 FILE`, and sort all its columns together; to send to every row again, delete the columns that the report added"
            }
            Self::SentToOther { .. } => {
                "perhaps one column was sorted without the others: write the report again; if the recipient was corrected, write \
                 `no` in its column `sent`"
            }
            Self::MissingColumn { .. } => {
                "take the report as `jelouctl bulk report` writes it; to send to every row again, delete the columns that \
                 the report added"
            }
        }
    }
}
