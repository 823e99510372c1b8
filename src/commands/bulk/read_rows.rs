//! Reads the rows of the list into the draft, and checks whether the list may be sent. It prints nothing but the progress.

use jiff::tz::TimeZone;

use super::earlier::{compare, refuse_reported};
use super::exclude::{UnsentRows, skip_excluded};
use super::row_report::{RowReportEnd, RowReporter, print_findings};
use crate::base::message::{Message, msg};
use crate::base::output::{ProgressFormat, ReadProgress, Stderr};
use crate::command_error::CommandError;
use crate::lists::exclusions::Exclusions;
use crate::lists::list_file::ListReader;
use crate::runs::import::{
    Finding, ImportPlan, ImportResult, ListFindings, Severity, describe_not_allowed, import_list,
    refuse_list,
};
use crate::runs::ledger::{
    EarlierQuery, Ledger, LedgerDraft, LedgerError, RunConditions, SkipDetail, SkipReason,
};
use crate::sender::context::Context;
use crate::sender::{OpenWindows, Sender, check_allowed};

/// The results of reading the list, apart from its rows, which are in the draft.
pub(super) struct Findings {
    pub(super) imported: ImportResult,
    /// The error if the list may not be sent.
    pub(super) list_error: Option<CommandError>,
    /// The error if earlier runs prevent a send.
    pub(super) earlier_error: Option<CommandError>,
    /// The findings about the whole list.
    pub(super) of_list: Vec<Finding>,
}

impl Findings {
    /// Returns the error if the list may not be sent.
    pub(super) fn require_sendable_list(&self) -> Result<(), CommandError> {
        self.list_error.clone().map_or(Ok(()), Err)
    }

    /// Returns the error if the list or earlier runs prevent the send.
    pub(super) fn require_sendable(&self) -> Result<(), CommandError> {
        self.require_sendable_list()?;
        self.earlier_error.clone().map_or(Ok(()), Err)
    }

    /// Returns the first error that an answer may settle. An error of the list that no answer settles comes first.
    pub(super) fn open_error(&self) -> Option<&CommandError> {
        let first = self.list_error.as_ref().or(self.earlier_error.as_ref());
        first.filter(|error| error.question.is_some())
    }

    /// Prints the findings, and for a list that is refused how many rows are fine.
    pub(super) fn print(&self, stderr: &Stderr) {
        print_findings(stderr, &self.of_list);
        if self.list_error.is_some() && self.imported.unclear_column.is_none() {
            stderr.note(self.imported.sums());
        }
    }

    /// Returns the warnings about the whole list, for the page.
    pub(super) fn list_warnings(&self) -> Vec<Message> {
        let warnings = self.of_list.iter();
        warnings
            .filter(|finding| finding.severity == Severity::Warning)
            .map(Finding::line)
            .collect()
    }
}

/// How a list is read.
pub(super) struct ListReading<'a> {
    pub(super) context: &'a Context,
    pub(super) import: &'a ImportPlan<'a>,
    /// The hint for an invalid message, if its body is of another kind.
    pub(super) other_kind_hint: Option<&'a Message>,
    /// None for a test, which goes to another recipient.
    pub(super) checks: Option<RowChecks<'a>>,
    pub(super) progress: ProgressFormat,
    pub(super) keeps_findings: bool,
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
    /// Skips the rows of recipients that have not written recently, and the rows that earlier runs have. Returns whether
    /// the last command with the key had another --every.
    fn skip_earlier(
        &self,
        context: &Context,
        draft: &mut LedgerDraft,
    ) -> Result<bool, CommandError> {
        let no_exclusions = Exclusions::default();
        skip_excluded(
            context,
            UnsentRows::OfDraft(draft),
            &no_exclusions,
            self.windows,
        )?;
        let Some(ledger) = self.ledger else {
            return Ok(false);
        };
        ledger.known(&self.earlier, |known| {
            compare(self.conditions, known, draft, &self.zone)
        })
    }
}

/// Returns the note that the last command with the key had another --every.
fn other_every(conditions: &RunConditions) -> Option<Finding> {
    let key = conditions.once.as_ref()?;
    Some(Finding::note(msg!(
        "an earlier command with --once {key} had another --every; this one uses its own",
        key = key.to_string()
    )))
}

impl ListReading<'_> {
    /// Reads every row into `draft`. A row that cannot or may not be sent is not an error: the results contain it. `rows`
    /// gets the faults of rows, also with an error.
    pub(super) fn read(
        &self,
        list: &mut ListReader,
        draft: &mut LedgerDraft,
        rows: &mut RowReportEnd,
    ) -> Result<Findings, CommandError> {
        let stderr = &self.context.stderr;
        let name = list.name().to_owned();
        let progress = ReadProgress::new(stderr, self.progress, &name);
        let mut report = RowReporter::new(stderr, &progress, self.keeps_findings);
        let read = self.read_rows(list, draft, &progress, &mut report);
        *rows = report.finish();
        read
    }

    fn read_rows(
        &self,
        list: &mut ListReader,
        draft: &mut LedgerDraft,
        progress: &ReadProgress<'_>,
        report: &mut RowReporter<'_>,
    ) -> Result<Findings, CommandError> {
        let import = self.import;
        let mut earlier = Ok(false);
        let mut imported = import_list(
            list,
            draft,
            import,
            &mut |note| report.add(note),
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
            .and_then(|_| refuse_reported(report.reported(), import.reported))
            .and_then(|()| self.skip_earlier(draft));
        if earlier.is_err() && import.policy.notes_rejects {
            draft.skip_earlier(None)?;
        }
        imported.count(draft);
        imported.settle_repeated(draft, import.policy, &mut |note| report.add(note))?;
        let first_not_allowed = self.find_not_allowed(draft, &mut imported, report)?;
        let found = ListFindings::collect(list, import, &imported);
        let list_error = refuse_list(list, import, &imported, &found)
            .err()
            .map(CommandError::from)
            .or_else(|| first_not_allowed.map(|first| not_allowed(first, imported.guarded)));
        let mut of_list = found.all;
        if let (Ok(true), Some(checks)) = (&earlier, &self.checks) {
            of_list.extend(other_every(checks.conditions));
        }
        Ok(Findings {
            imported,
            list_error,
            earlier_error: earlier.err(),
            of_list,
        })
    }

    /// Returns whether the last command with the key had another --every.
    fn skip_earlier(&self, draft: &mut LedgerDraft) -> Result<bool, CommandError> {
        match &self.checks {
            Some(checks) => checks.skip_earlier(self.context, draft),
            None => Ok(false),
        }
    }

    /// Counts the rows that `allow_to` blocks, and returns the first error. Runs after every step that skips rows.
    fn find_not_allowed(
        &self,
        draft: &mut LedgerDraft,
        imported: &mut ImportResult,
        report: &mut RowReporter<'_>,
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
                let problem = describe_not_allowed();
                report.add_finding(Finding::of_row(row.line, Severity::Fault, problem));
                first.get_or_insert(error);
            }
            Ok::<_, LedgerError>(())
        })?;
        imported.guarded = found.len() as u64;
        if self.import.policy.notes_rejects {
            for n in found {
                let skip = SkipDetail {
                    reason: SkipReason::NotAllowed,
                    problem: describe_not_allowed(),
                };
                draft.skip(n, &skip)?;
            }
        }
        Ok(first)
    }
}

/// Returns the error for `count` rows with recipients that are not allowed. `first` is the error of the first one.
fn not_allowed(first: CommandError, count: u64) -> CommandError {
    let message = msg!(
        "{rows} {rows|row has a recipient that is|rows have recipients that are} not allowed{rows|:|; the first:} {first}",
        rows = count,
        first = first.message
    );
    CommandError {
        message,
        hint: Some(msg!(
            "to skip {rows|it|them}: --skip-not-allowed",
            rows = count
        )),
        ..first
    }
}
