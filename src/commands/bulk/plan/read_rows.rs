//! Reads the rows of the list into the draft, and checks whether the list may be sent.

use jiff::tz::TimeZone;

use super::list_notes::{
    describe_hidden, fallback_columns, note_countries, note_list, note_other_columns,
};
use super::row_report::RowReport;
use crate::base::input::UsageError;
use crate::base::output::{ProgressFormat, ReadProgress, Stderr, counted};
use crate::command_error::CommandError;
use crate::commands::bulk::earlier::{compare, refuse_reported};
use crate::commands::bulk::exclude::{UnsentRows, skip_excluded};
use crate::lists::exclusions::{CountryRule, Exclusions};
use crate::lists::list_file::{ListReader, propose};
use crate::runs::import::{
    ImportPlan, ImportResult, NOT_ALLOWED, Remarks, RowFault, RowProblem, import_list,
};
use crate::runs::ledger::{
    EarlierQuery, Ledger, LedgerDraft, LedgerError, RunConditions, SkipDetail, SkipReason,
};
use crate::sender::context::Context;
use crate::sender::{OpenWindows, Sender, check_allowed};

/// The results of reading the list, apart from its rows, which are in the draft.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) imported: ImportResult,
    /// The error if the list may not be sent.
    pub(super) list_error: Option<CommandError>,
    /// The error if earlier runs prevent a send.
    pub(super) earlier_error: Option<CommandError>,
    /// The faults of single rows, if the page needs them.
    pub(super) remarks: Remarks,
    /// Warnings about the whole list, for the page.
    pub(super) list_warnings: Vec<String>,
}

impl Findings {
    /// Returns the error if the list may not be sent.
    pub(super) fn require_sendable_list(&mut self) -> Result<(), CommandError> {
        self.list_error.take().map_or(Ok(()), Err)
    }

    /// Returns the error if the list or earlier runs prevent the send.
    pub(super) fn require_sendable(&mut self) -> Result<(), CommandError> {
        self.require_sendable_list()?;
        self.earlier_error.take().map_or(Ok(()), Err)
    }
}

/// How a list is read.
pub(super) struct ListReading<'a> {
    pub(super) context: &'a Context,
    pub(super) import: &'a ImportPlan<'a>,
    /// The hint for an invalid message, if its body is of another kind.
    pub(super) other_kind_hint: Option<&'a str>,
    /// None for a test, which goes to another recipient.
    pub(super) checks: Option<RowChecks<'a>>,
    pub(super) progress: ProgressFormat,
    pub(super) keeps_remarks: bool,
}

/// The checks that decide whether a valid row may be sent.
pub(super) struct RowChecks<'a> {
    /// Its `allow_to` applies.
    pub(super) sender: &'a Sender,
    pub(super) windows: Option<&'a OpenWindows>,
    /// The ledger with the earlier runs; None if they do not count.
    pub(super) ledger: Option<&'a Ledger>,
    pub(super) earlier: EarlierQuery,
    pub(super) conditions: &'a RunConditions,
    /// The zone of the times in errors.
    pub(super) zone: TimeZone,
}

impl RowChecks<'_> {
    /// Skips the rows of recipients that have not written recently, and the rows that earlier runs have.
    fn skip_earlier(&self, context: &Context, draft: &mut LedgerDraft) -> Result<(), CommandError> {
        let no_exclusions = Exclusions::default();
        skip_excluded(
            context,
            UnsentRows::OfDraft(draft),
            &no_exclusions,
            self.windows,
        )?;
        let Some(ledger) = self.ledger else {
            return Ok(());
        };
        let has_other_every = ledger.known(&self.earlier, |known| {
            compare(self.conditions, known, draft, &self.zone)
        })?;
        if has_other_every {
            note_other_every(context, self.conditions);
        }
        Ok(())
    }
}

/// Prints a note that the last command with the key had another --every.
fn note_other_every(context: &Context, conditions: &RunConditions) {
    if let Some(key) = &conditions.once {
        context.stderr.note(&format!(
            "an earlier command with --once {key} had another --every; this one uses its own"
        ));
    }
}

impl ListReading<'_> {
    /// Reads every row into `draft`, and prints the faults of rows. A row that cannot or may not be sent is not an error:
    /// the results contain it.
    pub(super) fn read(
        &self,
        list: &mut ListReader,
        draft: &mut LedgerDraft,
    ) -> Result<Findings, CommandError> {
        let import = self.import;
        let stderr = &self.context.stderr;
        let name = list.name().to_owned();
        let progress = ReadProgress::new(stderr, self.progress, &name);
        let mut report = RowReport::new(stderr, &progress, import.policy, self.keeps_remarks);
        let mut earlier = Ok(());
        let mut imported = import_list(
            list,
            draft,
            import,
            &mut |line, fault| report.report_row(line, &fault),
            &|rows| progress.show(rows),
            |draft| {
                earlier = self.skip_earlier(draft);
                earlier.is_ok()
            },
        )
        .map_err(|error| match self.other_kind_hint {
            Some(hint) => error.with_message_hint(hint),
            None => error,
        })?;
        let earlier = earlier
            .and_then(|()| refuse_reported(report.reported(), import.reported))
            .and_then(|()| self.skip_earlier(draft));
        if earlier.is_err() && import.policy.notes_rejects {
            draft.skip_earlier(None)?;
        }
        imported.count(draft);
        imported.settle_repeated(draft, import.policy, &mut |line, fault| {
            report.report_row(line, &fault);
        })?;
        let first_not_allowed = self.find_not_allowed(draft, &mut imported, &mut report)?;
        let reported = report.finish();
        drop(progress);
        let fallbacks = fallback_columns(list, import, imported.last_line);
        let mut list_warnings = list_warnings(&imported, &fallbacks, import.countries);
        stderr.warnings(&list_warnings);
        note_countries(stderr, &imported, import.countries);
        note_other_columns(stderr, &imported);
        reported.notes.print(stderr);
        note_list(stderr, list, import.policy.hidden, imported.last_line);
        note_limit(stderr, &imported);
        let list_error = match imported.unclear_column.take() {
            Some(unclear) => Some(unclear.into()),
            None => self.find_list_error(list, &imported, &fallbacks, first_not_allowed),
        };
        list_warnings.extend(list.notes.misread.clone());
        Ok(Findings {
            imported,
            list_warnings,
            list_error,
            earlier_error: earlier.err(),
            remarks: reported.remarks,
        })
    }

    /// Returns the error if the list may not be sent, and prints how many rows are fine.
    fn find_list_error(
        &self,
        list: &ListReader,
        imported: &ImportResult,
        fallbacks: &[String],
        first_not_allowed: Option<CommandError>,
    ) -> Option<CommandError> {
        let verdict = refuse_list(list, imported, self.import, fallbacks, first_not_allowed);
        if verdict.is_err() {
            self.context.stderr.note(&imported.sums());
        }
        verdict.err()
    }

    fn skip_earlier(&self, draft: &mut LedgerDraft) -> Result<(), CommandError> {
        match &self.checks {
            Some(checks) => checks.skip_earlier(self.context, draft),
            None => Ok(()),
        }
    }

    /// Counts the rows that `allow_to` blocks, and returns the first error. Runs after every step that skips rows.
    fn find_not_allowed(
        &self,
        draft: &mut LedgerDraft,
        imported: &mut ImportResult,
        report: &mut RowReport<'_>,
    ) -> Result<Option<CommandError>, CommandError> {
        let sender = self.checks.as_ref().map(|checks| checks.sender);
        let Some(sender) = sender.filter(|sender| sender.settings.allow_to.is_some()) else {
            return Ok(None);
        };
        let mut first = None;
        let mut found = Vec::new();
        draft.each_row_to_send(|row, request| {
            let recipients = request.recipients()?;
            if let Err(error) =
                check_allowed(&sender.settings, recipients.iter().map(String::as_str))
            {
                found.push(row.index);
                report.report_row(row.line, &RowFault::Remark(RowProblem::NotAllowed));
                first.get_or_insert(error);
            }
            Ok::<_, LedgerError>(())
        })?;
        imported.guarded = found.len() as u64;
        if self.import.policy.notes_rejects {
            for n in found {
                let skip = SkipDetail {
                    reason: SkipReason::NotAllowed,
                    problem: NOT_ALLOWED,
                };
                draft.skip(n, skip)?;
            }
        }
        Ok(first)
    }
}

/// Refuses a list that may not be sent. Errors of the list come before errors of a safety check. `fallbacks` are the
/// warnings about cells that are sent as stored.
fn refuse_list(
    list: &ListReader,
    imported: &ImportResult,
    import: &ImportPlan<'_>,
    fallbacks: &[String],
    first_not_allowed: Option<CommandError>,
) -> Result<(), CommandError> {
    let policy = import.policy;
    refuse_faulty(imported, import)?;
    if let Some(misread) = list.notes.misread.as_ref().filter(|_| import.strict) {
        let hint = "pass the right --encoding, or remove --strict";
        return Err(UsageError::new(misread, hint).into());
    }
    if let Some(fallback) = fallbacks.first().filter(|_| import.strict) {
        return Err(
            UsageError::new(fallback, "to send the cells as stored, remove --strict").into(),
        );
    }
    let hidden = describe_hidden(&list.notes.hidden_rows, imported.last_line);
    if let Some(hidden) = hidden.filter(|_| policy.hidden.is_none()) {
        let way = "to skip them: --hidden skip; to send them: --hidden send";
        return Err(UsageError::new(hidden, way).into());
    }
    match first_not_allowed {
        Some(first) => {
            let count = imported.guarded;
            let one = &first.message;
            let message = if count == 1 {
                format!("1 row has a recipient that is not allowed: {one}")
            } else {
                format!("{count} rows have recipients that are not allowed; the first: {one}")
            };
            Err(CommandError { message, ..first })
        }
        None => Ok(()),
    }
}

fn refuse_faulty(imported: &ImportResult, import: &ImportPlan<'_>) -> Result<(), UsageError> {
    let policy = import.policy;
    let ImportResult {
        rows,
        invalid,
        duplicates,
        ..
    } = imported;
    let them = if invalid + duplicates == 1 {
        "it"
    } else {
        "them"
    };
    match (invalid, duplicates) {
        _ if rows + imported.skipped_on_purpose() == 0
            && (policy.skip_invalid || *duplicates == 0) =>
        {
            Err(UsageError::new(
                "no row can be sent",
                hint_for_no_row(imported, import.countries),
            ))
        }
        (0, 0) => Ok(()),
        _ if policy.skip_invalid => Ok(()),
        (0, _) => Err(UsageError::new(
            format!(
                "{} with the message and recipient of another row",
                counted(*duplicates, "row")
            ),
            format!("to skip {them}: --skip-invalid; to send {them}: --allow-duplicates"),
        )),
        (_, _) => Err(UsageError::new(
            format!("{} cannot be sent", counted(invalid + duplicates, "row")),
            country_hint(imported, import.countries)
                .unwrap_or_else(|| format!("fix {them}; or, to skip {them}: --skip-invalid")),
        )),
    }
}

/// Returns the warnings about the whole list.
fn list_warnings(
    imported: &ImportResult,
    fallbacks: &[String],
    countries: CountryRule,
) -> Vec<String> {
    let mut warnings = imported.warnings.clone();
    warnings.extend_from_slice(fallbacks);
    let country_column = imported.country_column(countries);
    warnings.extend(imported.bare_codes.warning(country_column));
    warnings
}

fn note_limit(stderr: &Stderr, imported: &ImportResult) {
    if let Some(line) = imported.last_line {
        stderr.note(&format!(
            "--limit is reached in line {line}; later rows are neither checked nor sent"
        ));
    }
}

/// Returns the hint for a list without a valid row. If no recipient is valid, they may be in another column.
fn hint_for_no_row(imported: &ImportResult, rule: CountryRule) -> String {
    let lacks_recipients = imported.invalid_recipients == imported.invalid;
    if lacks_recipients && !imported.other_columns.is_empty() {
        return propose(&imported.other_columns);
    }
    country_hint(imported, rule).unwrap_or_else(|| "fix the message or the rows".to_owned())
}

/// Returns the hint for local numbers without a country, if there are any. With their country these recipients get their
/// message; with --skip-invalid they do not.
fn country_hint(imported: &ImportResult, rule: CountryRule) -> Option<String> {
    let (first, others) = imported.lines_without_country.split_first()?;
    // --country would override the column, and send the numbers of other countries to strangers.
    let hint = match imported.country_column(rule) {
        Some(column) if others.is_empty() => {
            format!("write the country of the number in `{column}` in line {first}")
        }
        Some(column) => {
            format!("write the countries of the local numbers in `{column}`, first in line {first}")
        }
        None => hint_without_country_column(imported),
    };
    Some(hint)
}

/// Returns the hint for local numbers in a list without a country column.
fn hint_without_country_column(imported: &ImportResult) -> String {
    if let Some(way) = &imported.way_to_use_code {
        return way.clone();
    }
    match imported.possible_country_column() {
        Some(column) => format!(
            "to read each country from `{column}`: rename it to `pais`; if all local numbers are of one country: pass \
             it with --country CODE"
        ),
        None => "pass the country of the local numbers with --country CODE".to_owned(),
    }
}
