//! What reading a list in says: of a row that is not as it should be, and of all rows at the end.

use std::collections::BTreeMap;

use super::cells::BareCodes;
use crate::api::SuccessCriterion;
use crate::ledger::{LedgerDraft, LedgerError, SkipReason};
use crate::message::TemplateUses;
use crate::phone::Country;

/// Why the recipient of a row is left out who is on `list`, for the report.
pub(crate) fn problem_of_excluded(list: &str) -> String {
    format!("the recipient must not be written to: they are on {list}")
}

/// Notes about a row during the import.
#[derive(Debug)]
pub(crate) enum RowFault<'a> {
    /// It makes no valid request.
    Invalid(String),
    Warning(String),
    /// Its number has no `+`, and is read as a number of the country in the list; None if the row has no country.
    NationalNumber {
        country: Option<Country>,
    },
    /// A report says that it was sent, or may have been.
    Reported(SkipReason),
    /// It is left out: its recipient must not be written to, by the list of this name.
    Excluded(&'a str),
    /// It is left out, since a report that is sent again has it as left out for this reason.
    KeptOut(SkipReason),
    /// The cell under this column, which a text has, is empty.
    EmptyCell(String),
    /// The cell of a column that a text uses has a word for "nothing".
    PlaceholderCell {
        column: String,
        cell: String,
    },
    /// It is sent, as is this earlier line to the same person.
    RepeatedPerson {
        of: u64,
    },
    /// It is left out: this earlier line goes to the same person.
    SamePerson {
        of: u64,
    },
    /// Its request is that of an earlier line.
    Duplicate {
        of: u64,
        recipient: &'a str,
    },
}

/// What a person should check in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Remark {
    /// It makes no valid request.
    Invalid(String),
    /// Its request is that of an earlier line.
    Duplicate {
        of: u64,
    },
    /// `allow_to` does not allow its recipient.
    NotAllowed,
    Warning(String),
    EmptyCell(String),
    PlaceholderCell {
        column: String,
        cell: String,
    },
    /// This earlier line goes to the same person.
    RepeatedPerson {
        of: u64,
    },
}

/// The remarks about rows, by their lines.
pub(crate) type Remarks = BTreeMap<u64, Vec<Remark>>;

impl Remark {
    /// The part of a fault that a person should check.
    pub(crate) fn of(fault: &RowFault<'_>) -> Option<Self> {
        Some(match fault {
            RowFault::Invalid(problem) => Self::Invalid(problem.clone()),
            RowFault::Duplicate { of, .. } => Self::Duplicate { of: *of },
            RowFault::Warning(warning) => Self::Warning(warning.clone()),
            RowFault::EmptyCell(column) => Self::EmptyCell(column.clone()),
            RowFault::PlaceholderCell { column, cell } => {
                Self::PlaceholderCell { column: column.clone(), cell: cell.clone() }
            }
            RowFault::RepeatedPerson { of } => Self::RepeatedPerson { of: *of },
            RowFault::NationalNumber { .. }
            | RowFault::Reported(_)
            | RowFault::Excluded(_)
            | RowFault::KeptOut(_)
            | RowFault::SamePerson { .. } => return None,
        })
    }

    /// Whether the row cannot be sent because of it.
    pub(crate) fn is_fault(&self) -> bool {
        match self {
            Self::Invalid(_) | Self::Duplicate { .. } | Self::NotAllowed => true,
            Self::Warning(_) | Self::EmptyCell(_) | Self::PlaceholderCell { .. } | Self::RepeatedPerson { .. } => false,
        }
    }
}

/// The result of reading a list.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    /// Rows that make a request.
    pub(crate) rows: u64,
    pub(crate) invalid: u64,
    /// Of these, the rows whose numbers a country could make valid.
    pub(crate) without_country: u64,
    pub(crate) guarded: u64,
    pub(crate) excluded: u64,
    pub(crate) duplicates: u64,
    /// Rows left out for an earlier row to the same person.
    pub(crate) same_person: u64,
    /// Rows that were skipped because their people have not written lately.
    pub(crate) outside_window: u64,
    /// Rows that were left out because of an earlier run.
    pub(crate) earlier: u64,
    /// Rows that were left out because their recipients are not allowed.
    pub(crate) not_allowed: u64,
    /// Rows that were left out because the sheet hides them.
    pub(crate) hidden: u64,
    pub(crate) columns: Vec<String>,
    /// Warnings about the texts, whatever the rows are.
    pub(crate) warnings: Vec<String>,
    /// The templates that rows name.
    pub(crate) templates: TemplateUses,
    pub(crate) bare_codes: BareCodes,
    /// How a success is recognized; None if no row makes a request.
    pub(crate) accepts: Option<SuccessCriterion>,
}

impl Imported {
    /// Rows that can be sent.
    pub(crate) fn fine(&self) -> u64 {
        self.rows - self.guarded
    }

    /// Rows that are left out as they should be.
    pub(crate) fn left_out(&self) -> u64 {
        self.excluded + self.outside_window + self.same_person + self.earlier + self.hidden + self.not_allowed
    }

    /// Every row that was read.
    pub(crate) fn all(&self) -> u64 {
        self.rows + self.invalid + self.duplicates + self.left_out()
    }

    /// `507 rows: 480 are fine, 10 are invalid, …`, with numbers that add up; None if all rows are of one sort.
    pub(crate) fn sums(&self) -> Option<String> {
        let kinds = [
            (self.fine(), "fine"),
            (self.invalid, "invalid"),
            (self.duplicates, "the same as another row"),
            (self.guarded + self.not_allowed, "to recipients that are not allowed"),
            (self.excluded, "excluded"),
            (self.outside_window, "to people who have not written within 23 hours"),
            (self.same_person, "to a person with an earlier row"),
            (self.earlier, "skipped because of earlier runs"),
            (self.hidden, "hidden"),
        ];
        let told = kinds.into_iter().filter(|(rows, _)| *rows > 0);
        let told: Vec<_> =
            told.map(|(rows, what)| format!("{rows} {} {what}", if rows == 1 { "is" } else { "are" })).collect();
        (told.len() > 1).then(|| format!("{} rows: {}", self.all(), told.join(", ")))
    }

    /// Counts the rows as `draft` has them, before those are left out that repeat another one.
    pub(crate) fn count(&mut self, draft: &LedgerDraft) -> Result<(), LedgerError> {
        self.rows = draft.to_be_sent();
        for (reason, rows) in draft.skip_counts()?.iter() {
            match reason {
                SkipReason::Invalid => self.invalid += rows,
                SkipReason::Excluded => self.excluded += rows,
                SkipReason::OutsideWindow => self.outside_window += rows,
                SkipReason::AlreadySent | SkipReason::MayHaveBeenSent | SkipReason::ToBeSent => self.earlier += rows,
                SkipReason::Hidden => self.hidden += rows,
                SkipReason::Repeated => self.same_person += rows,
                SkipReason::NotAllowed | SkipReason::Cancelled => {}
            }
        }
        Ok(())
    }
}
