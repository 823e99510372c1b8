//! The result of reading a list: notes about rows, and totals at the end.

use std::collections::HashSet;

use super::country_conflict::CountryConflict;
use super::finding::{Finding, RowNote, RowReport, Severity};
use super::policy::ImportPolicy;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::jelou::api::SuccessCriterion;
use crate::jelou::message::TemplateUses;
use crate::lists::column_facts::ColumnCounts;
use crate::lists::list_file::Row;
use crate::runs::ledger::{LedgerDraft, LedgerError, SkipCounts, SkipReason};

/// The maximum number of different field names in the rows of an NDJSON list.
const MAX_FIELDS: usize = 1000;
/// How many local numbers without a country are kept, to find out where they are valid.
const MAX_LOCAL_NUMBERS: usize = 100;

/// The reason for a row with a recipient on `list`.
pub(crate) fn describe_exclusion(list: &str) -> Message {
    msg!("the recipient is excluded by {list}", list)
}

/// The reason for a recipient that `allow_to` excludes.
pub(crate) fn describe_not_allowed() -> Message {
    msg!("allow_to does not allow the recipient")
}

/// A number of rows, and what is said about them.
type CountedRows = (u64, fn(u64) -> Message);

/// A number that would be valid with a country.
#[derive(Debug)]
pub(super) struct LocalNumber {
    pub(super) line: u64,
    /// As the list has it; empty if it is not in one cell.
    pub(super) written: String,
}

/// The result of reading a list.
#[derive(Debug, Default)]
pub(crate) struct ImportResult {
    /// The recipient's column, or `--to`.
    pub(super) recipient_column: String,
    /// The columns of the rows to send so far.
    pub(super) counted: Option<ColumnCounts>,
    /// Rows with a request.
    pub(crate) rows: u64,
    pub(crate) invalid: u64,
    /// The first invalid rows with a number that would be valid with a country.
    pub(super) without_country: Vec<LocalNumber>,
    pub(super) country_conflict: CountryConflict,
    pub(crate) not_allowed: u64,
    pub(crate) duplicates: u64,
    /// Rows skipped because of an earlier row for the same recipient.
    pub(crate) same_person: u64,
    /// Rows skipped before the comparison with other rows of the list.
    skips: SkipCounts,
    /// The error of a column with cells that contradict each other: some may be read wrongly.
    pub(crate) unclear_column: Option<UsageError>,
    /// The values of `--skip-if` and `--only-if` that no row has.
    pub(super) unmet: Vec<Finding>,
    /// The line of the row that reaches the limit.
    pub(crate) last_line: Option<u64>,
    pub(crate) columns: Vec<String>,
    /// The field names of NDJSON rows.
    fields: HashSet<String>,
    /// Warnings about the texts that apply to every row.
    pub(crate) warnings: Vec<Message>,
    /// The templates that the rows use.
    pub(crate) templates: TemplateUses,
    /// Whether a number without `+` has a country in the list.
    pub(super) uses_country_column: bool,
    /// How to recognize a success; None if no row has a request.
    pub(crate) accepts: Option<SuccessCriterion>,
}

impl ImportResult {
    /// Adds the field names of an NDJSON row. Other rows have the columns of the header.
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
        if self.fields.len() > MAX_FIELDS {
            return Err(UsageError::new(
                msg!(
                    "line {line}: up to this row, the list has more than {max} different field names",
                    line,
                    max = MAX_FIELDS
                ),
                msg!("to keep only the fields of the message: jq -c '{{to, nombre}}'"),
            ));
        }
        Ok(())
    }

    /// Records a number that would be valid with a country.
    pub(super) fn note_local_number(&mut self, number: LocalNumber) {
        if self.without_country.len() < MAX_LOCAL_NUMBERS {
            self.without_country.push(number);
        }
    }

    /// Drops what was found after the line `last`, because `--limit` does not send these rows.
    pub(super) fn cut(&mut self, last: u64) {
        self.without_country.retain(|number| number.line <= last);
        self.country_conflict.cut(last);
        self.last_line = Some(last);
    }

    /// Rows that can be sent.
    fn sendable(&self) -> u64 {
        self.rows - self.not_allowed
    }

    /// Rows that are skipped as intended.
    pub(crate) fn skipped_on_purpose(&self) -> u64 {
        let skipped = self.skipped(&[
            SkipReason::Excluded,
            SkipReason::OutsideWindow,
            SkipReason::Hidden,
            SkipReason::NotAllowed,
            SkipReason::NotSelected,
        ]);
        skipped + self.earlier() + self.same_person
    }

    /// Rows skipped because of an earlier run.
    fn earlier(&self) -> u64 {
        self.skipped(&[
            SkipReason::AlreadySent,
            SkipReason::MayHaveBeenSent,
            SkipReason::ToBeSent,
        ])
    }

    fn skipped(&self, reasons: &[SkipReason]) -> u64 {
        let rows = reasons.iter().map(|reason| self.skips.rows(*reason));
        rows.sum()
    }

    /// All rows that were read.
    pub(crate) fn all(&self) -> u64 {
        self.rows + self.invalid + self.duplicates + self.skipped_on_purpose()
    }

    /// `507 rows: 480 are fine, 10 are invalid, …`, with numbers that add up.
    pub(crate) fn sums(&self) -> Message {
        let skipped = |reason| self.skips.rows(reason);
        let kinds: [CountedRows; 10] = [
            (self.sendable(), |rows| {
                msg!("{rows} {rows|is|are} fine", rows)
            }),
            (self.invalid, |rows| {
                msg!("{rows} {rows|is|are} invalid", rows)
            }),
            (self.duplicates, |rows| {
                msg!("{rows} {rows|is|are} the same as another row", rows)
            }),
            (self.not_allowed + skipped(SkipReason::NotAllowed), |rows| {
                msg!(
                    "{rows} {rows|is|are} addressed to recipients that are not allowed",
                    rows
                )
            }),
            (skipped(SkipReason::Excluded), |rows| {
                msg!("{rows} {rows|is|are} excluded", rows)
            }),
            (skipped(SkipReason::OutsideWindow), |rows| {
                msg!(
                    "{rows} {rows|is|are} addressed to recipients outside the 24-hour window",
                    rows
                )
            }),
            (self.same_person, |rows| {
                msg!(
                    "{rows} {rows|is|are} addressed to a recipient with an earlier row",
                    rows
                )
            }),
            (self.earlier(), |rows| {
                msg!("{rows} {rows|is|are} skipped because of earlier runs", rows)
            }),
            (skipped(SkipReason::Hidden), |rows| {
                msg!("{rows} {rows|is|are} hidden", rows)
            }),
            (skipped(SkipReason::NotSelected), |rows| {
                msg!("{rows} {rows|is|are} not selected", rows)
            }),
        ];
        let kinds = kinds.into_iter().filter(|(rows, _)| *rows > 0);
        let kinds = kinds.map(|(rows, describe)| describe(rows)).collect();
        let kinds = Message::joined(kinds, ", ");
        msg!("{rows} {rows|row|rows}: {kinds}", rows = self.all(), kinds)
    }

    /// Drops the templates that no row to send in `draft` has. Call it after every step that skips rows.
    pub(super) fn keep_templates_to_send(
        &mut self,
        draft: &LedgerDraft,
    ) -> Result<(), LedgerError> {
        self.templates = self.templates.filter_unsent(|each| {
            draft.each_row_to_send(|_, request| {
                each(request.body);
                Ok::<_, LedgerError>(())
            })
        })?;
        Ok(())
    }

    /// Counts the rows in `draft`. Call it before [`Self::settle_repeated`].
    pub(super) fn count(&mut self, draft: &LedgerDraft) {
        self.rows = draft.to_be_sent();
        self.skips = draft.skip_counts().clone();
        self.invalid += self.skips.rows(SkipReason::Invalid);
        self.same_person += self.skips.rows(SkipReason::Repeated);
    }

    /// Finds the rows of `draft` that repeat another row, and skips or reports them as `policy` says. Call it after
    /// all other reasons for skipping a row.
    pub(super) fn settle_repeated(
        &mut self,
        draft: &mut LedgerDraft,
        policy: ImportPolicy,
        report: RowReport<'_>,
    ) -> Result<(), LedgerError> {
        if !draft.find_repeated()? {
            return Ok(());
        }
        if policy.one_per_recipient {
            let before = self.same_person;
            draft.keep_one_per_recipient(|line, of| {
                self.same_person += 1;
                let problem = msg!("an earlier row has the same recipient");
                let finding = Finding::skipped_row(line, problem);
                report(RowNote::Found(finding.in_row(|row| row.same_as = Some(of))));
            })?;
            self.rows -= self.same_person - before;
        } else if !policy.allow_duplicates {
            draft.duplicates(|line, of, recipient| {
                self.duplicates += 1;
                let problem = msg!(
                    "sends {recipient} the same message as line {of}",
                    recipient,
                    of
                );
                report(RowNote::Found(policy.finding(line, problem)));
            })?;
            self.rows -= self.duplicates;
        }
        if !policy.one_per_recipient && (self.duplicates == 0 || policy.skip_invalid) {
            for (_, line, of) in draft.followers()? {
                let message = msg!("addressed to the recipient of an earlier row");
                let finding = Finding::for_row(line, Severity::Note, message)
                    .in_row(|row| row.same_as = Some(of))
                    .with_hint(msg!("to send only the first: --one-per-recipient"));
                report(RowNote::Found(finding));
            }
        }
        Ok(())
    }
}
