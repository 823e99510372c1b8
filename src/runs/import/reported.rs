//! The earlier outcomes of rows in a list that is a report: from the report, or from the ledger if the row was sent later.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::error::RowError;
use super::policy::DuplicatePolicy;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::jelou::message::TypedRecipient;
use crate::lists::list_file::{ReportedOutcome, Row, SentValue};
use crate::phone::person_key;
use crate::runs::ledger::{
    Ledger, LedgerError, ReportRow, RowFilter, RowState, RunName, RunSettings, SkipDetail,
    SkipReason,
};

/// The earlier outcome of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EarlierOutcome {
    /// Why to skip the row, if it was or may have been sent.
    pub(super) sent: Option<SkipReason>,
    /// Whether it was sent, but not delivered.
    pub(super) is_undelivered: bool,
    /// Why it stays skipped, if it was skipped on purpose.
    pub(super) skip_reason: Option<SkipReason>,
}

/// The runs that a report names, each read once.
pub(super) struct ReportRuns<'a> {
    /// The ledger with the runs.
    ledger: Option<&'a Ledger>,
    policy: DuplicatePolicy,
    /// The reasons that keep a row skipped.
    skip_reason: Vec<SkipReason>,
    /// The runs by their names in the report; None if the ledger does not have them.
    runs: HashMap<String, Option<ReportRun>>,
}

/// A run in the ledger.
struct ReportRun {
    /// The columns of its list.
    columns: Vec<String>,
    /// The rows by their lines.
    rows: HashMap<u64, ReportRunRow>,
}

/// A row of a run.
struct ReportRunRow {
    /// The recipient as a hash, to save memory: a run may have millions of rows.
    person: Option<u64>,
    /// Set if it was sent, may have been sent, is being sent, or was excluded.
    reason: Option<SkipReason>,
    /// The cells that a sheet shows differently from what it stores; see [`Row::shown_alone`].
    cells: Option<Box<str>>,
}

impl<'a> ReportRuns<'a> {
    pub(super) fn new(
        ledger: Option<&'a Ledger>,
        policy: DuplicatePolicy,
        skip_reason: Vec<SkipReason>,
    ) -> Self {
        Self {
            ledger,
            policy,
            skip_reason,
            runs: HashMap::new(),
        }
    }

    /// Why a skipped row of the report stays skipped. A row without a reason in the report does not stay skipped.
    pub(super) fn kept_reason(&self, outcome: &ReportedOutcome) -> Option<SkipReason> {
        let reason = SkipReason::from_name(outcome.code.as_deref()?.trim())?;
        Some(reason).filter(|reason| self.skip_reason.contains(reason))
    }

    /// The earlier outcome of the row in `line` for `recipient`; `outcome` is the one in the report.
    pub(super) fn earlier_outcome(
        &mut self,
        line: u64,
        outcome: &ReportedOutcome,
        recipient: &str,
    ) -> Result<EarlierOutcome, RowError> {
        let sent_to = outcome.sent_to.as_deref().unwrap_or_default().trim();
        if !sent_to.is_empty() && !is_same_recipient(sent_to, recipient) {
            let message = msg!(
                "line {line} is to {recipient}, but its `sent_to` is `{sent_to}`",
                line,
                recipient,
                sent_to = sent_to.escape_debug().to_string()
            );
            let hint = msg!(
                "if you sorted only one column: write the report again; if you corrected the number: empty its `sent_to`"
            );
            return Err(list_error(message, hint));
        }
        let by_report = outcome
            .is_sent()
            .map_err(|problem| RowError::from(msg!("the report's {problem}", problem)))?;
        refuse_missing_column(line, outcome, by_report)?;
        let of_run = self
            .row(outcome)
            .map_err(RowError::from_list)?
            .map(|(_, row)| row);
        let theirs = of_run
            .flatten()
            .filter(|row| row.person == Some(hash_recipient(recipient)));
        // If the number was corrected, `sent_to` is empty.
        if of_run.is_some() && theirs.is_none() && !sent_to.is_empty() {
            let [of_run, run] =
                [&outcome.line, &outcome.run].map(|named| named.trim().escape_debug().to_string());
            let message = msg!(
                "line {line} names line `{of_run}` of run {run}, which has no message to {recipient} there",
                line,
                of_run,
                run,
                recipient
            );
            let hint = msg!(
                "if you sorted only one column: write the report again; if another run has this name: empty the column `run`"
            );
            return Err(list_error(message, hint));
        }
        let by_run = theirs.and_then(|row| row.reason);
        let (excluded, sent_since) = match by_run {
            Some(SkipReason::Excluded) => (by_run, None),
            _ => (None, by_run),
        };
        let sent = match by_report {
            SentValue::Yes => Some(SkipReason::AlreadySent),
            SentValue::Unknown => sent_since.or(Some(SkipReason::MayHaveBeenSent)),
            SentValue::No => sent_since,
        };
        Ok(EarlierOutcome {
            is_undelivered: by_report == SentValue::Yes && outcome.is_undelivered(),
            sent: sent.filter(|_| self.policy != DuplicatePolicy::Send),
            skip_reason: self.kept_reason(outcome).or(excluded),
        })
    }

    /// Replaces the displayed values in a row of a report by the stored values of its sheet, if the ledger has the run.
    pub(super) fn restore_stored(
        &mut self,
        outcome: &ReportedOutcome,
        row: &mut Row,
    ) -> Result<(), LedgerError> {
        if let Some((run, Some(of_run))) = self.row(outcome)?
            && let Some(cells) = &of_run.cells
        {
            *row = row.with_stored(&run.columns, cells);
        }
        Ok(())
    }

    /// The run that a row of a report names, if the ledger has it, and its row.
    fn row(
        &mut self,
        outcome: &ReportedOutcome,
    ) -> Result<Option<(&ReportRun, Option<&ReportRunRow>)>, LedgerError> {
        let name = outcome.run.trim();
        if !self.runs.contains_key(name) {
            let run = match (self.ledger, name.parse()) {
                (Some(ledger), Ok(run)) => ReportRun::read(ledger, &run)?,
                _ => None,
            };
            self.runs.insert(name.to_owned(), run);
        }
        let run = self.runs.get(name).and_then(Option::as_ref);
        let line = outcome.line.trim().parse::<u64>().ok();
        Ok(run.map(|run| (run, line.and_then(|line| run.rows.get(&line)))))
    }
}

impl ReportRun {
    /// The run with this name, if the ledger has it.
    fn read(ledger: &Ledger, name: &RunName) -> Result<Option<Self>, LedgerError> {
        if !ledger.names()?.contains(name) {
            return Ok(None);
        }
        let run = ledger.run(name)?;
        let mut rows = HashMap::new();
        let RunSettings {
            sandbox, columns, ..
        } = run.details()?;
        run.report::<LedgerError>(&RowFilter::default(), |row| {
            rows.insert(row.line, ReportRunRow::new(&row, sandbox));
            Ok(())
        })?;
        Ok(Some(Self { columns, rows }))
    }
}

impl ReportRunRow {
    /// Rows of a sandbox run were not sent.
    fn new(row: &ReportRow, is_sandbox: bool) -> Self {
        let reason = match row.state {
            _ if is_sandbox => None,
            RowState::Sent => Some(SkipReason::AlreadySent),
            RowState::Unknown => Some(SkipReason::MayHaveBeenSent),
            // In a process that is alive: the rows of a lost one are unknown.
            RowState::Inflight => Some(SkipReason::ToBeSent),
            RowState::Skipped if row.code.as_deref() == Some(SkipReason::Excluded.name()) => {
                Some(SkipReason::Excluded)
            }
            RowState::Pending | RowState::Failed | RowState::Skipped => None,
        };
        Self {
            person: row.recipient.as_deref().map(hash_recipient),
            reason,
            cells: Row::shown_alone(&row.cells),
        }
    }
}

/// Refuses a report without the columns that say which rows were sent to whom.
fn refuse_missing_column(
    line: u64,
    outcome: &ReportedOutcome,
    by_report: SentValue,
) -> Result<(), RowError> {
    let is_missing = match by_report {
        _ if outcome.code.is_none() => Some("code"),
        SentValue::Yes | SentValue::Unknown if outcome.sent_to.is_none() => Some("sent_to"),
        _ => None,
    };
    if let Some(column) = is_missing {
        return Err(list_error(
            msg!(
                "line {line}: the report has no column `{column}`",
                line,
                column
            ),
            msg!(
                "to send a report: keep it as `jelouctl bulk report` writes it; to send every row again: delete the \
                 columns that the report added"
            ),
        ));
    }
    Ok(())
}

fn hash_recipient(recipient: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    person_key(recipient).hash(&mut hasher);
    hasher.finish()
}

fn is_same_recipient(sent_to: &str, recipient: &str) -> bool {
    TypedRecipient::read(sent_to, None)
        .is_ok_and(|typed| person_key(typed.recipient.as_str()) == person_key(recipient))
}

/// Refuses the whole list: if someone sorted only one column, every outcome is next to the wrong recipient.
fn list_error(message: Message, hint: Message) -> RowError {
    RowError::from_list(UsageError::new(message, hint))
}

/// Why the new run skips a row of a report.
pub(super) fn reported_skip(reason: SkipReason) -> SkipDetail {
    let problem = match reason {
        SkipReason::AlreadySent => msg!("the report says that the message was sent"),
        SkipReason::MayHaveBeenSent => msg!("the report says that the message may have been sent"),
        SkipReason::ToBeSent => msg!("the run of the report is sending it"),
        other => msg!("the report says `{code}`", code = other.name()),
    };
    SkipDetail { reason, problem }
}
