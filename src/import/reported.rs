//! Finds the outcomes of rows when a report is sent again. If their run is in the ledger, the ledger decides, by run
//! and line. Otherwise the report itself decides: the run may be on another machine, or too old to count, and a run of
//! that name here a different one.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::RangeInclusive;

use super::error::{BulkError, RowError};
use super::policy::DuplicatePolicy;
use crate::ledger::{LedgerError, ReportedRow, RowFilter, RowState, Run, RunName, SkipReason, Store};
use crate::list::{ReportedOutcome, ReportedSent, Row};
use crate::message::TypedRecipient;
use crate::phone::person_key;
use crate::timestamps::read_time;

/// The whole list is refused where columns belong to another row: after only one is sorted, every outcome is beside the
/// wrong person.
const SORTED: &str = "perhaps one column was sorted without the others: write the report again with `jelouctl bulk report RUN \
     --file FILE`, and sort all its columns together; to send to every row again, delete the columns that the report added";
const SORTED_OR_CORRECTED: &str = "perhaps one column was sorted without the others: write the report again; if the recipient \
     was corrected, write `no` in its column `sent`";
const INCOMPLETE: &str = "take the report as `jelouctl bulk report` writes it; to send to every row again, delete the columns \
     that the report added";

/// The earlier outcome of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KnownOutcome {
    /// Why the row would be skipped, if it was or may have been sent.
    pub(super) sent: Option<SkipReason>,
    /// Why it stays skipped, if it was skipped on purpose.
    pub(super) kept_out: Option<SkipReason>,
}

/// The runs that a report names, each read once.
pub(super) struct ReportedRuns<'a> {
    /// Where to look for the runs.
    store: Option<&'a Store>,
    policy: DuplicatePolicy,
    /// The reasons for which a row stays skipped.
    kept_out: Vec<SkipReason>,
    /// By their names in the report; None if they are not here.
    runs: HashMap<String, Option<RunOfReport>>,
}

/// What a ledger knows about the rows of a run.
struct RunOfReport {
    name: RunName,
    is_sandbox: bool,
    /// The columns of its list.
    columns: Vec<String>,
    /// In milliseconds since 1970, as the times of its rows.
    created_at: i64,
    /// In the order of the list.
    rows: Vec<RowOfRun>,
    /// The first line of each person, computed when it is needed.
    people: OnceCell<HashMap<u64, u64>>,
}

/// People as hashes, to save memory: a run may have millions of rows.
struct RowOfRun {
    line: u64,
    person: Option<u64>,
    state: RowState,
    /// When it entered its state.
    at: Option<i64>,
    /// Why it was skipped.
    skipped: Option<SkipReason>,
    /// Those that a sheet shows differently from what it stores; see [`Row::shown_alone`].
    cells: Option<Box<str>>,
}

impl<'a> ReportedRuns<'a> {
    pub(super) fn new(store: Option<&'a Store>, policy: DuplicatePolicy, kept_out: Vec<SkipReason>) -> Self {
        Self { store, policy, kept_out, runs: HashMap::new() }
    }

    /// Why a row that the report has as skipped stays skipped. A user who deletes the reason there wants it sent.
    pub(super) fn left_out(&self, outcome: &ReportedOutcome) -> Option<SkipReason> {
        let reason = SkipReason::of_name(outcome.code.as_deref()?.trim())?;
        Some(reason).filter(|reason| self.kept_out.contains(reason))
    }

    /// The same for a row to `recipient`. A different recipient is not skipped: the number was corrected.
    fn left_out_to(&self, outcome: &ReportedOutcome, recipient: &str) -> Option<SkipReason> {
        let sent_to = outcome.sent_to.as_deref().filter(|sent_to| !sent_to.trim().is_empty());
        let is_other = sent_to.is_some_and(|sent_to| !is_same_person(sent_to, recipient));
        self.left_out(outcome).filter(|reason| *reason == SkipReason::Excluded || !is_other)
    }

    /// The outcome of the row in `line`, which is for `recipient`; `outcome` is the one in the report.
    pub(super) fn known(
        &mut self,
        line: u64,
        outcome: &ReportedOutcome,
        recipient: &str,
    ) -> Result<KnownOutcome, RowError> {
        let (store, policy) = (self.store, self.policy);
        let by_file = self.left_out_to(outcome, recipient);
        let kept_out = self.kept_out.clone();
        let Some((run, row)) = self.row(outcome).map_err(RowError::of_list)? else {
            return Ok(KnownOutcome { sent: by_report(line, outcome, recipient, policy)?, kept_out: by_file });
        };
        let person = hash_of(recipient);
        let theirs = row.filter(|row| row.person == Some(person));
        // The ledger decides if the report has no such column, and always for excluded people.
        let by_ledger = theirs
            .and_then(|row| row.skipped)
            .filter(|reason| kept_out.contains(reason) && (*reason == SkipReason::Excluded || outcome.code.is_none()));
        let kept_out = by_file.or(by_ledger);
        let is_meant = policy == DuplicatePolicy::Meant;
        if let Some(row) = theirs {
            return Ok(KnownOutcome { sent: reason_of(row.state).filter(|_| !is_meant), kept_out });
        }
        let name = &run.name;
        // If one column was sorted alone, each number is beside another person's cells. No flag asks for that.
        if let (Some(RowOfRun { line: of_run, .. }), Some(theirs)) = (row, run.line_of(person)) {
            let message =
                format!("line {line} names line {of_run} of run {name}, but {recipient} is in line {theirs} of it");
            return Err(refused(message, SORTED));
        }
        if is_meant {
            return Ok(KnownOutcome { sent: None, kept_out });
        }
        let Some(row) = row else {
            let named = outcome.line.trim().escape_debug();
            let message = format!("line {line} names line `{named}` of run {name}, which has no such line");
            return Err(refused(message, SORTED));
        };
        let of_run = row.line;
        // A person who did not get a message may have a new number.
        if row.person.is_none() || row.state == RowState::Failed {
            return Ok(KnownOutcome { sent: None, kept_out });
        }
        let standing = store.map(|store| store.run(name)?.at_lines(&[of_run].into())).transpose();
        let rows = standing.map_err(RowError::of_list)?;
        let theirs = rows.and_then(|rows| rows.get(&of_run)?.recipient.clone()).unwrap_or_default();
        let message =
            format!("line {line} is to {recipient}, but line {of_run} of run {name}, which it names, was to {theirs}");
        Err(refused(message, SORTED))
    }

    /// The row of a report with what the sheet of its run stored, if the run is here: the report has what the sheet
    /// showed. The report of an older run with the same name is left as it is.
    pub(super) fn with_stored(&mut self, outcome: &ReportedOutcome, row: Row) -> Result<Row, LedgerError> {
        let Some((run, Some(theirs))) = self.row(outcome)? else { return Ok(row) };
        let is_of_run = match read_time(outcome.at.trim()) {
            Some(times) => !run.is_before(&times),
            None => theirs.at.is_none(),
        };
        Ok(match &theirs.cells {
            Some(cells) if is_of_run => row.with_stored(&run.columns, cells),
            _ => row,
        })
    }

    /// The run that a row of a report names, if it is here, and its row.
    fn row(&mut self, outcome: &ReportedOutcome) -> Result<Option<(&RunOfReport, Option<&RowOfRun>)>, LedgerError> {
        let times = read_time(outcome.at.trim());
        let is_sent = outcome.is_sent() == Ok(ReportedSent::Yes);
        let line = outcome.line.trim().parse().ok();
        let run = self.run(outcome.run.trim())?.map(|run| (run, line.and_then(|line| run.row(line))));
        Ok(run.filter(|(run, row)| !run.is_another(*row, is_sent, times.as_ref())))
    }

    /// The run with this name, if it is here.
    fn run(&mut self, name: &str) -> Result<Option<&RunOfReport>, LedgerError> {
        if !self.runs.contains_key(name) {
            let run = match (self.store, name.parse::<RunName>()) {
                (Some(store), Ok(run)) if store.names()?.contains(&run) => Some(RunOfReport::read(&store.run(&run)?)?),
                _ => None,
            };
            self.runs.insert(name.to_owned(), run);
        }
        Ok(self.runs.get(name).and_then(Option::as_ref))
    }
}

impl RunOfReport {
    fn read(run: &Run) -> Result<Self, LedgerError> {
        let (name, mut rows) = (run.name().clone(), Vec::new());
        run.report::<LedgerError>(&RowFilter::default(), |row| {
            rows.push(RowOfRun::of(&row));
            Ok(())
        })?;
        rows.sort_by_key(|row| row.line);
        let (details, created_at) = (run.details()?, run.created_at()?);
        let (is_sandbox, columns) = (details.sandbox, details.columns);
        Ok(Self { name, is_sandbox, columns, created_at, rows, people: OnceCell::new() })
    }

    /// Whether a report with these `times` for `row` is of a different run of this name.
    fn is_another(&self, row: Option<&RowOfRun>, is_sent: bool, times: Option<&RangeInclusive<i64>>) -> bool {
        let Some(row) = row else { return times.is_some_and(|times| self.is_before(times)) };
        let is_its_time = |times: &RangeInclusive<i64>| row.at.is_some_and(|at| times.contains(&at));
        if is_sent {
            // A row that was sent keeps its state and its time.
            return row.state != RowState::Sent || !times.is_none_or(is_its_time);
        }
        // Clocks may be wrong: what may have reached somebody counts, except in a rehearsal.
        if reason_of(row.state).is_some() && !self.is_sandbox {
            return false;
        }
        let is_older = |times: &RangeInclusive<i64>| row.at.is_none_or(|at| at < *times.start());
        times.is_some_and(|times| !is_its_time(times) && (self.is_before(times) || is_older(times)))
    }

    /// Whether it was made after all of these times.
    fn is_before(&self, times: &RangeInclusive<i64>) -> bool {
        *times.end() < self.created_at
    }

    fn row(&self, line: u64) -> Option<&RowOfRun> {
        self.rows.binary_search_by_key(&line, |row| row.line).ok().and_then(|at| self.rows.get(at))
    }

    fn line_of(&self, person: u64) -> Option<u64> {
        let people = self.people.get_or_init(|| {
            // If there are several lines, the first one is kept.
            self.rows.iter().rev().filter_map(|row| Some((row.person?, row.line))).collect()
        });
        people.get(&person).copied()
    }
}

impl RowOfRun {
    fn of(row: &ReportedRow) -> Self {
        Self {
            line: row.line,
            person: row.recipient.as_deref().map(hash_of),
            state: row.state,
            at: row.at,
            skipped: row.code.as_deref().filter(|_| row.state == RowState::Skipped).and_then(SkipReason::of_name),
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
    TypedRecipient::read(sent_to, None).is_ok_and(|typed| person_key(typed.recipient.as_str()) == person_key(recipient))
}

fn reason_of(state: RowState) -> Option<SkipReason> {
    match state {
        RowState::Sent => Some(SkipReason::AlreadySent),
        RowState::Unknown | RowState::Inflight => Some(SkipReason::MayHaveBeenSent),
        RowState::Pending | RowState::Failed | RowState::Skipped => None,
    }
}

/// Why a row would be skipped according to the report, if its run is not here.
fn by_report(
    line: u64,
    outcome: &ReportedOutcome,
    recipient: &str,
    policy: DuplicatePolicy,
) -> Result<Option<SkipReason>, RowError> {
    let missing = |column| {
        let run = outcome.run.trim().escape_debug().to_string();
        let named = if run.is_empty() { run } else { format!(" `{run}`") };
        let message = format!("line {line}: the report has no column `{column}`, and its run{named} is not known here");
        refused(message, INCOMPLETE)
    };
    if outcome.code.is_none() {
        return Err(missing("code"));
    }
    if policy == DuplicatePolicy::Meant {
        return Ok(None);
    }
    let is_sent = outcome.is_sent().map_err(|problem| RowError::Problem(format!("the report's {problem}")))?;
    let sent = match is_sent {
        ReportedSent::Yes => SkipReason::AlreadySent,
        ReportedSent::Unknown => SkipReason::MayHaveBeenSent,
        ReportedSent::No => return Ok(None),
    };
    let sent_to = outcome.sent_to.as_deref().ok_or_else(|| missing("sent_to"))?;
    if is_same_person(sent_to, recipient) {
        return Ok(Some(sent));
    }
    let sent_to = sent_to.escape_debug();
    let message = format!("line {line} is to {recipient}, but what its columns say was sent to `{sent_to}`");
    Err(refused(message, SORTED_OR_CORRECTED))
}

fn refused(message: String, hint: &str) -> RowError {
    RowError::of_list(BulkError::refused(message, hint))
}

/// For the report of the new run.
pub(super) fn problem_of_kept_out(reason: SkipReason) -> String {
    format!("the report that was sent again has it as {}", reason.name())
}

/// For the report of the new run.
pub(super) fn problem_of_report(reason: SkipReason) -> &'static str {
    if reason == SkipReason::AlreadySent {
        "the report that was sent again has it as sent"
    } else {
        "the report that was sent again has it as one that may have been sent"
    }
}
