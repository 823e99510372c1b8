//! Finds the outcomes of rows when a report is sent again. If their run is in the ledger, the ledger decides, by run
//! and line. Otherwise the report itself decides: the run may be on another machine, or too old to count, and a run of
//! that name here a different one.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::RangeInclusive;

use super::error::{BulkError, ReportedError};
use super::policy::DuplicatePolicy;
use crate::ledger::{LedgerError, ReportedRow, RowFilter, RowState, Run, RunName, SkipReason, Store};
use crate::list::{ReportedOutcome, ReportedSent, Row};
use crate::message::TypedRecipient;
use crate::phone::person_key;
use crate::timestamps::read_time;

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
    ) -> Result<Result<KnownOutcome, String>, BulkError> {
        let (store, policy) = (self.store, self.policy);
        let by_file = self.left_out_to(outcome, recipient);
        let kept_out = self.kept_out.clone();
        let named = outcome.line.trim();
        let Some((run, row)) = self.row(outcome)? else {
            let sent = by_report(line, outcome, recipient, policy)?;
            return Ok(sent.map(|sent| KnownOutcome { sent, kept_out: by_file }));
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
            let sent = reason_of(row.state).filter(|_| !is_meant);
            return Ok(Ok(KnownOutcome { sent, kept_out }));
        }
        let (to, name) = (recipient.to_owned(), run.name.clone());
        // If one column was sorted alone, each number is beside another person's cells. No flag asks for that.
        if let (Some(row), Some(theirs)) = (row, run.line_of(person)) {
            return Err(ReportedError::OtherLine { line, to, of_run: row.line, run: name, theirs }.into());
        }
        if is_meant {
            return Ok(Ok(KnownOutcome { sent: None, kept_out }));
        }
        let Some(row) = row else {
            return Err(ReportedError::NoSuchLine { line, of_run: named.to_owned(), run: name }.into());
        };
        let of_run = row.line;
        // A person who did not get a message may have a new number.
        if row.person.is_none() || row.state == RowState::Failed {
            return Ok(Ok(KnownOutcome { sent: None, kept_out }));
        }
        let standing = store.map(|store| store.run(&name)?.at_lines(&[of_run].into())).transpose()?;
        let recipient = standing.and_then(|rows| rows.get(&of_run)?.recipient.clone()).unwrap_or_default();
        Err(ReportedError::OtherPerson { line, to, of_run, run: name, recipient }.into())
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
) -> Result<Result<Option<SkipReason>, String>, BulkError> {
    let missing = |column| ReportedError::MissingColumn { line, column, run: outcome.run.trim().to_owned() };
    if outcome.code.is_none() {
        return Err(missing("code").into());
    }
    if policy == DuplicatePolicy::Meant {
        return Ok(Ok(None));
    }
    let sent = match outcome.is_sent() {
        Ok(ReportedSent::Yes) => SkipReason::AlreadySent,
        Ok(ReportedSent::Unknown) => SkipReason::MayHaveBeenSent,
        Ok(ReportedSent::No) => return Ok(Ok(None)),
        Err(problem) => return Ok(Err(problem)),
    };
    let sent_to = outcome.sent_to.as_deref().ok_or_else(|| missing("sent_to"))?;
    if is_same_person(sent_to, recipient) {
        return Ok(Ok(Some(sent)));
    }
    let (to, sent_to) = (recipient.to_owned(), sent_to.to_owned());
    Err(ReportedError::SentToOther { line, to, sent_to }.into())
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
