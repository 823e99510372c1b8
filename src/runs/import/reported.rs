//! The outcomes of rows when a report is sent again: what the report says, unless the ledger has the row as sent since.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::error::RowError;
use super::policy::DuplicatePolicy;
use crate::base::input::UsageError;
use crate::jelou::message::TypedRecipient;
use crate::lists::list_file::{ReportedOutcome, ReportedSent, Row};
use crate::phone::person_key;
use crate::runs::ledger::{
    Ledger, LedgerError, ReportedRow, RowFilter, RowState, RunName, RunSettings, SkipReason,
};

/// The whole list is refused where columns belong to another row: after only one is sorted, every outcome is beside the
/// wrong person.
const SORTED: &str = "perhaps one column was sorted without the others: write the report again, and sort all its columns \
     together; where the number was corrected, empty its `sent_to`";
const OF_ANOTHER_RUN: &str = "perhaps one column was sorted without the others: write the report again; if the run is another \
     one of this name, empty the column `run`";
const INCOMPLETE: &str = "take the report as `jelouctl bulk report` writes it; to send to every row again, delete the columns \
     that the report added";

/// The earlier outcome of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KnownOutcome {
    /// Why the row would be skipped, if it was or may have been sent.
    pub(super) sent: Option<SkipReason>,
    /// Why it stays skipped, if it was skipped on purpose.
    pub(super) skip_reason: Option<SkipReason>,
}

/// The runs that a report names, each read once.
pub(super) struct ReportedRuns<'a> {
    /// Where to look for the runs.
    store: Option<&'a Ledger>,
    policy: DuplicatePolicy,
    /// The reasons for which a row stays skipped.
    skip_reason: Vec<SkipReason>,
    /// By their names in the report; None if they are not here.
    runs: HashMap<String, Option<RunOfReport>>,
}

/// What the ledger knows of a run.
struct RunOfReport {
    /// The columns of its list.
    columns: Vec<String>,
    /// By their lines.
    rows: HashMap<u64, RowOfRun>,
}

/// A person as a hash, to save memory: a run may have millions of rows.
struct RowOfRun {
    person: Option<u64>,
    /// Set if it was sent, may have been sent, or was excluded.
    reason: Option<SkipReason>,
    /// Those that a sheet shows differently from what it stores; see [`Row::shown_alone`].
    cells: Option<Box<str>>,
}

impl<'a> ReportedRuns<'a> {
    pub(super) fn new(
        store: Option<&'a Ledger>,
        policy: DuplicatePolicy,
        skip_reason: Vec<SkipReason>,
    ) -> Self {
        Self {
            store,
            policy,
            skip_reason,
            runs: HashMap::new(),
        }
    }

    /// Why a row that the report has as skipped stays skipped. A user who deletes the reason there wants it sent.
    pub(super) fn left_out(&self, outcome: &ReportedOutcome) -> Option<SkipReason> {
        let reason = SkipReason::from_name(outcome.code.as_deref()?.trim())?;
        Some(reason).filter(|reason| self.skip_reason.contains(reason))
    }

    /// The outcome of the row in `line`, which is for `recipient`; `outcome` is the one in the report.
    pub(super) fn known(
        &mut self,
        line: u64,
        outcome: &ReportedOutcome,
        recipient: &str,
    ) -> Result<KnownOutcome, RowError> {
        let sent_to = outcome.sent_to.as_deref().unwrap_or_default().trim();
        if !sent_to.is_empty() && !is_same_person(sent_to, recipient) {
            let message = format!(
                "line {line} is to {recipient}, but its `sent_to` is `{}`",
                sent_to.escape_debug()
            );
            return Err(refused(message, SORTED));
        }
        let by_report = outcome
            .is_sent()
            .map_err(|problem| RowError::Problem(format!("the report's {problem}")))?;
        let is_missing = match by_report {
            _ if outcome.code.is_none() => Some("code"),
            ReportedSent::Yes | ReportedSent::Unknown if outcome.sent_to.is_none() => {
                Some("sent_to")
            }
            _ => None,
        };
        if let Some(column) = is_missing {
            return Err(refused(
                format!("line {line}: the report has no column `{column}`"),
                INCOMPLETE,
            ));
        }
        let of_run = self
            .row(outcome)
            .map_err(RowError::from_list)?
            .map(|(_, row)| row);
        let theirs = of_run
            .flatten()
            .filter(|row| row.person == Some(hash_of(recipient)));
        // Who got another number has no `sent_to`.
        if of_run.is_some() && theirs.is_none() && !sent_to.is_empty() {
            let [of_run, run] =
                [&outcome.line, &outcome.run].map(|named| named.trim().escape_debug());
            let message = format!(
                "line {line} names line `{of_run}` of run {run}, which has no message to {recipient} there"
            );
            return Err(refused(message, OF_ANOTHER_RUN));
        }
        let by_run = theirs.and_then(|row| row.reason);
        let (excluded, sent_since) = match by_run {
            Some(SkipReason::Excluded) => (by_run, None),
            _ => (None, by_run),
        };
        let sent = match by_report {
            ReportedSent::Yes => Some(SkipReason::AlreadySent),
            ReportedSent::Unknown => sent_since.or(Some(SkipReason::MayHaveBeenSent)),
            ReportedSent::No => sent_since,
        };
        Ok(KnownOutcome {
            sent: sent.filter(|_| self.policy != DuplicatePolicy::Meant),
            skip_reason: self.left_out(outcome).or(excluded),
        })
    }

    /// The row of a report with what the sheet of its run stored, if the run is here: the report has what the sheet
    /// showed.
    pub(super) fn with_stored(
        &mut self,
        outcome: &ReportedOutcome,
        row: Row,
    ) -> Result<Row, LedgerError> {
        let Some((
            run,
            Some(RowOfRun {
                cells: Some(cells), ..
            }),
        )) = self.row(outcome)?
        else {
            return Ok(row);
        };
        Ok(row.with_stored(&run.columns, cells))
    }

    /// The run that a row of a report names, if it is here, and its row.
    fn row(
        &mut self,
        outcome: &ReportedOutcome,
    ) -> Result<Option<(&RunOfReport, Option<&RowOfRun>)>, LedgerError> {
        let name = outcome.run.trim();
        if !self.runs.contains_key(name) {
            let run = match (self.store, name.parse()) {
                (Some(store), Ok(run)) => RunOfReport::read(store, &run)?,
                _ => None,
            };
            self.runs.insert(name.to_owned(), run);
        }
        let run = self.runs.get(name).and_then(Option::as_ref);
        let line = outcome.line.trim().parse::<u64>().ok();
        Ok(run.map(|run| (run, line.and_then(|line| run.rows.get(&line)))))
    }
}

impl RunOfReport {
    /// The run with this name, if it is here.
    fn read(store: &Ledger, name: &RunName) -> Result<Option<Self>, LedgerError> {
        if !store.names()?.contains(name) {
            return Ok(None);
        }
        let run = store.run(name)?;
        let mut rows = HashMap::new();
        let RunSettings {
            sandbox, columns, ..
        } = run.details()?;
        run.report::<LedgerError>(&RowFilter::default(), |row| {
            rows.insert(row.line, RowOfRun::new(&row, sandbox));
            Ok(())
        })?;
        Ok(Some(Self { columns, rows }))
    }
}

impl RowOfRun {
    /// A rehearsal in the sandbox has sent nothing.
    fn new(row: &ReportedRow, is_sandbox: bool) -> Self {
        let reason = match row.state {
            _ if is_sandbox => None,
            RowState::Sent => Some(SkipReason::AlreadySent),
            RowState::Unknown | RowState::Inflight => Some(SkipReason::MayHaveBeenSent),
            RowState::Skipped if row.code.as_deref() == Some(SkipReason::Excluded.name()) => {
                Some(SkipReason::Excluded)
            }
            RowState::Pending | RowState::Failed | RowState::Skipped => None,
        };
        Self {
            person: row.recipient.as_deref().map(hash_of),
            reason,
            cells: Row::shown_alone(&row.cells),
        }
    }
}

fn hash_of(recipient: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    person_key(recipient).hash(&mut hasher);
    hasher.finish()
}

fn is_same_person(sent_to: &str, recipient: &str) -> bool {
    TypedRecipient::read(sent_to, None)
        .is_ok_and(|typed| person_key(typed.recipient.as_str()) == person_key(recipient))
}

fn refused(message: String, hint: &str) -> RowError {
    RowError::from_list(UsageError::new(message, hint))
}

/// For the report of the new run.
pub(super) fn problem_of_report(reason: SkipReason) -> String {
    let was = match reason {
        SkipReason::AlreadySent => "sent",
        SkipReason::MayHaveBeenSent => "one that may have been sent",
        other => other.name(),
    };
    format!("the report that was sent again has it as {was}")
}
