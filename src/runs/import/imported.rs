//! The result of reading a list: notes about rows, and totals at the end.

use std::collections::{BTreeMap, HashSet};

use super::policy::ImportPolicy;
use crate::base::input::UsageError;
use crate::base::output::counted;
use crate::jelou::api::SuccessCriterion;
use crate::jelou::message::TemplateUses;
use crate::lists::list_file::Row;
use crate::phone::{country_of, may_be_national};
use crate::runs::ledger::{LedgerDraft, LedgerError, SkipCounts, SkipReason};

/// The maximum number of different field names in the rows of an NDJSON list.
const MOST_FIELDS: usize = 1000;
/// The maximum number of codes that are listed.
const MOST_NAMED: usize = 5;

/// Why a row is skipped whose recipient is on `list`, for the report.
pub(crate) fn problem_of_excluded(list: &str) -> String {
    format!("the recipient must not be written to: they are on {list}")
}

/// For the report of the run.
pub(crate) const NOT_ALLOWED: &str = "the recipient is not among those that allow_to allows";

/// Called with the line of a row and what is to be said of it.
pub(super) type FaultReport<'a> = &'a mut dyn FnMut(u64, RowFault);

/// Notes about a row during the import.
#[derive(Debug)]
pub(crate) enum RowFault {
    Remark(RowProblem),
    /// A report says that it was sent, or may have been sent.
    Reported(SkipReason),
    /// It is skipped: its recipient is excluded by the list with this name.
    Excluded(String),
    /// It is skipped for this reason, as it was in the report that is sent again.
    KeptOut(SkipReason),
    /// It is skipped: this earlier line is for the same person.
    SamePerson {
        of: u64,
    },
}

/// What the user should check in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowProblem {
    /// It does not make a valid request.
    Invalid(String),
    /// Its request is the same as that of an earlier line.
    Duplicate {
        of: u64,
        recipient: String,
    },
    /// `allow_to` does not allow its recipient.
    NotAllowed,
    Warning(String),
    /// The cell in this column, which a text uses, is empty.
    EmptyCell(String),
    /// The cell of a column that a text uses has a word for "nothing".
    PlaceholderCell {
        column: String,
        cell: String,
    },
    /// It is sent, and so is this earlier line to the same person.
    RepeatedPerson {
        of: u64,
    },
}

/// The notes about rows, by line.
pub(crate) type Remarks = BTreeMap<u64, Vec<RowProblem>>;

impl RowProblem {
    /// Whether it prevents the row from being sent.
    pub(crate) fn is_fault(&self) -> bool {
        match self {
            Self::Invalid(_) | Self::Duplicate { .. } | Self::NotAllowed => true,
            Self::Warning(_)
            | Self::EmptyCell(_)
            | Self::PlaceholderCell { .. }
            | Self::RepeatedPerson { .. } => false,
        }
    }
}

/// The result of reading a list.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    /// Rows that make a request.
    pub(crate) rows: u64,
    pub(crate) invalid: u64,
    /// Of these, the rows whose numbers would be valid with a country.
    pub(crate) without_country: u64,
    pub(crate) guarded: u64,
    pub(crate) duplicates: u64,
    /// Rows skipped because of an earlier row for the same person.
    pub(crate) same_person: u64,
    /// Rows that were skipped before the rows were compared with each other.
    skips: SkipCounts,
    /// The line of the row at which the limit is reached.
    pub(crate) last_line: Option<u64>,
    pub(crate) columns: Vec<String>,
    /// Those of rows that bring their own.
    fields: HashSet<String>,
    /// Warnings about the texts that apply to every row.
    pub(crate) warnings: Vec<String>,
    /// The templates that rows name.
    pub(crate) templates: TemplateUses,
    pub(crate) bare_codes: BareCodes,
    /// How a success is recognized; None if no row makes a request.
    pub(crate) accepts: Option<SuccessCriterion>,
}

impl Imported {
    /// Adds the columns of a row that brings its own; a row below a header has those of the header.
    pub(super) fn note_columns(&mut self, line: u64, row: &Row) -> Result<(), UsageError> {
        let Row::Fields(fields) = row else {
            return Ok(());
        };
        for name in fields.keys() {
            if !self.fields.contains(name) {
                self.fields.insert(name.clone());
                self.columns.push(name.clone());
            }
        }
        if self.fields.len() > MOST_FIELDS {
            return Err(UsageError::new(
                format!(
                    "line {line}: with this row the list has more than {MOST_FIELDS} differently named fields"
                ),
                "leave out the fields that the message does not use, as `jq -c '{to, nombre}'` does",
            ));
        }
        Ok(())
    }

    /// Rows that can be sent.
    pub(crate) fn fine(&self) -> u64 {
        self.rows - self.guarded
    }

    /// Rows that are skipped as intended.
    pub(crate) fn left_out(&self) -> u64 {
        let skipped = [
            SkipReason::Excluded,
            SkipReason::OutsideWindow,
            SkipReason::Hidden,
            SkipReason::NotAllowed,
        ];
        let skipped: u64 = skipped
            .into_iter()
            .map(|reason| self.skips.rows(reason))
            .sum();
        skipped + self.earlier() + self.same_person
    }

    /// Rows that are skipped because of an earlier run.
    fn earlier(&self) -> u64 {
        let reasons = [
            SkipReason::AlreadySent,
            SkipReason::MayHaveBeenSent,
            SkipReason::ToBeSent,
        ];
        reasons
            .into_iter()
            .map(|reason| self.skips.rows(reason))
            .sum()
    }

    /// All rows that were read.
    pub(crate) fn all(&self) -> u64 {
        self.rows + self.invalid + self.duplicates + self.left_out()
    }

    /// `507 rows: 480 are fine, 10 are invalid, …`, with numbers that add up.
    pub(crate) fn sums(&self) -> String {
        let kinds = [
            (self.fine(), "fine"),
            (self.invalid, "invalid"),
            (self.duplicates, "the same as another row"),
            (
                self.guarded + self.skips.rows(SkipReason::NotAllowed),
                "addressed to recipients that are not allowed",
            ),
            (self.skips.rows(SkipReason::Excluded), "excluded"),
            (
                self.skips.rows(SkipReason::OutsideWindow),
                "addressed to people who have not written within 23 hours",
            ),
            (
                self.same_person,
                "addressed to a person with an earlier row",
            ),
            (self.earlier(), "skipped because of earlier runs"),
            (self.skips.rows(SkipReason::Hidden), "hidden"),
        ];
        let told = kinds.into_iter().filter(|(rows, _)| *rows > 0);
        let told: Vec<_> = told
            .map(|(rows, what)| format!("{rows} {} {what}", if rows == 1 { "is" } else { "are" }))
            .collect();
        format!("{}: {}", counted(self.all(), "row"), told.join(", "))
    }

    /// Counts the rows in `draft`, before repeated rows are skipped.
    pub(crate) fn count(&mut self, draft: &LedgerDraft) {
        self.rows = draft.to_be_sent();
        self.skips = draft.skip_counts().clone();
        self.invalid += self.skips.rows(SkipReason::Invalid);
        self.same_person += self.skips.rows(SkipReason::Repeated);
    }

    /// Finds the rows of `draft` that repeat another one, skips those that `policy` excludes, and sorts the rest. It
    /// runs after all other reasons for skipping a row have been applied.
    pub(crate) fn settle_repeated(
        &mut self,
        draft: &mut LedgerDraft,
        policy: ImportPolicy,
        report: FaultReport<'_>,
    ) -> Result<(), LedgerError> {
        if !draft.find_repeated()? {
            return Ok(());
        }
        if policy.one_per_person {
            let before = self.same_person;
            draft.keep_one_per_person(|line, of| {
                self.same_person += 1;
                report(line, RowFault::SamePerson { of });
            })?;
            self.rows -= self.same_person - before;
        } else if !policy.allow_duplicates {
            draft.duplicates(|line, of, recipient| {
                self.duplicates += 1;
                report(
                    line,
                    RowFault::Remark(RowProblem::Duplicate {
                        of,
                        recipient: recipient.to_owned(),
                    }),
                );
            })?;
            self.rows -= self.duplicates;
        }
        if !policy.one_per_person && (self.duplicates == 0 || policy.skip_invalid) {
            for (_, line, of) in draft.followers()? {
                report(line, RowFault::Remark(RowProblem::RepeatedPerson { of }));
            }
        }
        Ok(())
    }
}

/// The numbers that were written without `+`.
#[derive(Debug, Default)]
pub(crate) struct BareCodes {
    /// Each country code, with its first number, that number's line, and the country.
    codes: Vec<(&'static str, String, u64, &'static str)>,
    /// Whether the list says of any whose national number it is.
    pub(crate) by_column: bool,
}

impl BareCodes {
    /// Records a number that was written without `+`, unless a country was given for national numbers.
    pub(super) fn note(&mut self, code: &'static str, (written, number): (&str, &str), line: u64) {
        if self.codes.iter().all(|(known, ..)| *known != code) {
            // A number that is probably right needs no note.
            let unlikely = country_of(number)
                .filter(|_| may_be_national(number))
                .unwrap_or_default();
            self.codes.push((code, written.to_owned(), line, unlikely));
        }
    }

    /// Drops codes whose first number is after `line`.
    pub(super) fn cut(&mut self, line: u64) {
        self.codes.retain(|(_, _, first, _)| *first <= line);
    }

    /// The note for the user if there are several codes, or an unlikely one.
    pub(crate) fn warning(&self) -> Option<String> {
        let count = self.codes.len();
        if let [(code, written, _, unlikely)] = self.codes.as_slice()
            && !unlikely.is_empty()
        {
            return Some(format!(
                "the numbers without + are read as numbers of {unlikely} (+{code}), such as {written}: if they are national \
                 numbers, say of which country, --country"
            ));
        }
        if count < 2 {
            return None;
        }
        let examples = self.codes.iter().take(MOST_NAMED);
        let examples =
            examples.map(|(code, written, line, _)| format!("+{code} (line {line}: `{written}`)"));
        let more = if count > MOST_NAMED { ", …" } else { "" };
        let examples = examples.collect::<Vec<_>>().join(", ");
        Some(format!(
            "the numbers without + are of {count} country codes: {examples}{more}; if they are national numbers, say of which \
             country with --country"
        ))
    }
}
