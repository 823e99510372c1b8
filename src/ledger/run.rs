//! A run in any ledger: what can be read from it, and what its holder may do with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use super::delivery::{DeliveryCounts, DeliveryNews, KnownAttempt};
use super::duplicate_window::{EarlierError, EarlierMessages};
use super::error::LedgerError;
use super::events::{LostWorker, PausedRun, Resumed, RunEvent, RunEventKind, RunWorker};
use super::exchange::RunLedger;
use super::model::{Counts, RowState, Skip, SkipCounts};
use super::name::RunName;
use super::resolution::{DecidedRow, Resolution, ResolveError, StandingRow};
use super::types::{DAMAGED, Details, QueuedRow, ReportedRow, RowFilter};
use crate::ledger::StopWatch;
use crate::once::{OnceEntry, OnceHash, OnceHasher, OnceState};

/// The number of rows still to be sent that are read at once.
const ROWS_AT_ONCE: usize = 1000;

/// A run, to read. If it is damaged, its counts and rows treat what may have been sent as unknown.
pub(crate) trait Run {
    /// The name of the run in its ledger.
    fn name(&self) -> Result<String, LedgerError>;

    /// The details of the run, with its latest conditions.
    fn details(&self) -> Result<Details, LedgerError>;

    /// When the list was read, in milliseconds since 1970.
    fn created_at(&self) -> Result<i64, LedgerError>;

    /// The last outcome or decision, or the time when the run was made if there is none.
    fn changed_at(&self) -> Result<i64, LedgerError>;

    /// Why the ledger is incomplete.
    fn damage(&self) -> Option<&LedgerError>;

    /// For callers that cannot work with a damaged ledger.
    fn into_whole(self: Box<Self>) -> Result<Box<dyn Run>, LedgerError>;

    /// The number of rows in each state according to the records, whatever may be lost.
    fn noted_counts(&self) -> Result<Counts, LedgerError>;

    /// The number of skipped rows for each reason.
    fn skip_counts(&self) -> Result<SkipCounts, LedgerError>;

    /// The number of unknown rows, and of failed ones if `failed_too`, for each reason in the records: the API's own
    /// code if it gave one, else the record's code, else `resolved` for a person's decision.
    fn noted_reasons(&self, failed_too: bool) -> Result<BTreeMap<String, u64>, LedgerError>;

    /// What happened to the run, in order.
    fn events(&self) -> Result<Vec<RunEvent>, LedgerError>;

    /// The recipient and the body of the first message, if possible of a row that is not skipped.
    fn first_message(&self) -> Result<Option<(String, String)>, LedgerError>;

    /// The next rows after row `after` that are still to be sent, at most `most` of them.
    fn pending_behind(&self, after: i64, most: usize) -> Result<Vec<QueuedRow>, LedgerError>;

    /// Passes every row in the order of the input, all from one snapshot.
    fn each_row(&self, each: &mut dyn FnMut(ReportedRow) -> ControlFlow<()>) -> Result<(), LedgerError>;

    /// Passes every attempt that began between these times and may have reached Jelou, in the order of the list.
    fn each_attempt(&self, began: [i64; 2], each: &mut dyn FnMut(KnownAttempt)) -> Result<(), LedgerError>;

    /// How far its messages came; none if this was never asked.
    fn delivery_counts(&self) -> Result<Option<DeliveryCounts>, LedgerError>;

    /// The rows at these lines of the list.
    fn at_lines(&self, lines: &BTreeSet<u64>) -> Result<BTreeMap<u64, StandingRow>, LedgerError>;

    /// The rows for the person in `recipient`, in the order of the list.
    fn to_person(&self, recipient: &str) -> Result<Vec<StandingRow>, LedgerError>;

    /// Whether no process held the run when it was opened. If so, its rows under way may have been sent.
    fn is_at_rest(&self) -> bool {
        false
    }

    /// Whether several processes may send the run at once. If so, its rows under way may be theirs.
    fn is_shared(&self) -> bool {
        false
    }

    /// Why no process takes its rows, if the ledger tells all senders so.
    fn pause(&self) -> Result<Option<PausedRun>, LedgerError> {
        Ok(None)
    }

    /// The processes that send it, if the ledger knows them.
    fn workers(&self) -> Result<Vec<RunWorker>, LedgerError> {
        Ok(Vec::new())
    }

    /// Whether a person cancelled it: nothing more of it is sent.
    fn is_cancelled(&self) -> Result<bool, LedgerError> {
        Ok(self.events()?.iter().any(|event| event.kind == RunEventKind::Cancelled))
    }

    /// The number of rows in each state.
    fn counts(&self) -> Result<Counts, LedgerError> {
        let counts = self.noted_counts()?;
        Ok(if self.damage().is_some() { counts.where_records_are_lost() } else { counts })
    }

    /// These counts as they are shown: a row that was under way when its process died may have been sent, so it counts
    /// as unknown. `is_held` says whether a process has the run.
    fn shown_counts(&self, counts: Counts, is_held: bool) -> Result<Counts, LedgerError> {
        Ok(if is_held { counts } else { counts.at_rest() })
    }

    /// The number of failed and unknown rows for each reason.
    fn reasons(&self) -> Result<BTreeMap<String, u64>, LedgerError> {
        let (noted, counts) = (self.noted_counts()?, self.counts()?);
        if counts.failed + counts.unknown == 0 {
            return Ok(BTreeMap::new());
        }
        // In a damaged run, failed rows are unknown too.
        let mut reasons = self.noted_reasons(self.damage().is_none())?;
        if counts.unknown > noted.unknown {
            *reasons.entry(DAMAGED.to_owned()).or_default() += counts.unknown - noted.unknown;
        }
        Ok(reasons)
    }
}

impl dyn Run + '_ {
    pub(super) fn check_resolution(&self, resolution: &Resolution) -> Result<(), ResolveError> {
        if resolution.sends_again() && self.is_cancelled()? {
            return Err(ResolveError::Cancelled { run: self.name()? });
        }
        Ok(())
    }

    /// Passes every row that matches `filter` to `write`, in the order of the input.
    pub(crate) fn report<E: From<LedgerError>>(
        &self,
        filter: &RowFilter,
        mut write: impl FnMut(ReportedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut written = Ok(());
        self.each_row(&mut |row| {
            let row = row.shown(self.damage(), self.is_at_rest());
            if filter.takes(&row) {
                written = write(row);
            }
            if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        written
    }

    /// The people that the run has sent a message to, or may have, with their state under a key.
    pub(crate) fn reached(
        &self,
        hasher: &OnceHasher,
        name: &RunName,
    ) -> Result<Vec<(OnceHash, OnceEntry)>, LedgerError> {
        let mut reached = Vec::new();
        self.report(&RowFilter::default(), |row| {
            let mut entry = OnceEntry { is_row: false, ..row.under_key(name) };
            match row.state {
                RowState::Sent | RowState::Unknown => {}
                // No process sends the run any more.
                RowState::Inflight => entry.state = OnceState::Unknown,
                RowState::Pending | RowState::Failed | RowState::Skipped => return Ok::<_, LedgerError>(()),
            }
            let Some(recipient) = &row.recipient else { return Ok(()) };
            reached.push((hasher.person(recipient), entry));
            Ok(())
        })?;
        Ok(reached)
    }

    /// Passes the rows that are still to be sent to `check` in batches, so that memory use does not grow with them.
    pub(crate) fn pending_requests<E: From<LedgerError>>(
        &self,
        mut check: impl FnMut(&QueuedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = 0;
        loop {
            let rows = self.pending_behind(after, ROWS_AT_ONCE)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.n;
            rows.iter().try_for_each(&mut check)?;
        }
    }

    /// The rows at `lines` and for `people`.
    pub(super) fn chosen_rows(
        &self,
        change: [RowState; 2],
        lines: &[u64],
        people: &[String],
    ) -> Result<Vec<DecidedRow>, ResolveError> {
        let mut chosen = BTreeMap::new();
        let at_lines = self.at_lines(&lines.iter().copied().collect())?;
        for line in lines {
            let row = at_lines.get(line).ok_or(ResolveError::NoSuchLine { line: *line })?.decided(change)?;
            chosen.insert(row.n, row);
        }
        for recipient in people {
            let rows = self.to_person(recipient)?;
            let Some(first) = rows.first() else {
                return Err(ResolveError::NobodyOf { recipient: recipient.clone() });
            };
            let mut decided: Vec<_> = rows.iter().filter_map(|row| row.decided(change).ok()).collect();
            if decided.is_empty() {
                decided.push(first.decided(change)?);
            }
            chosen.extend(decided.into_iter().map(|row| (row.n, row)));
        }
        Ok(chosen.into_values().collect())
    }
}

/// Why a run is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeldFor {
    Sending,
    /// A person decides the state of rows.
    Deciding,
    Removal,
}

/// A run that this process holds: alone if it is in a file, perhaps beside other processes if it is in a database. It
/// may be unreadable and held only to be removed, or to be taken in its present state.
pub(crate) trait HeldRun {
    fn name(&self) -> &RunName;

    /// Opens the run to read its present state. Doubts raised elsewhere apply only if it is held to be removed: a process
    /// that resumes the run takes it as it is.
    fn read(&self) -> Result<Box<dyn Run>, LedgerError>;

    /// Skips those of `rows`, each by its number, that are still to be sent. Any other row does not change. If a write
    /// fails, rows skipped before it stay skipped.
    fn skip(&mut self, rows: &mut dyn Iterator<Item = (i64, Skip<'_>)>) -> Result<(), LedgerError>;

    /// The remaining rows that other runs have sent since, or are about to send, by run and reason, largest counts
    /// first. With `leaves_out`, those rows are skipped.
    fn compare(
        &mut self,
        details: &Details,
        ignored: &[RunName],
        leaves_out: bool,
    ) -> Result<Vec<EarlierMessages>, EarlierError>;

    /// Only for a run with a key: skips the rows whose people have a message under it from elsewhere. No other process
    /// can claim them while the run exists, but the run may have been absent or ignored. In a database, each row has
    /// claimed its person.
    fn leave_out_taken(&mut self, _details: &Details, _ignored: &[RunName]) -> Result<(), EarlierError> {
        Ok(())
    }

    /// A person resumes it.
    fn resume(&mut self, resumed: &Resumed<'_>) -> Result<(), LedgerError>;

    /// The ledger of the run, for sending rows whose requests take at most `timeout`, and the number of rows in each
    /// state. Called again when the run continues after its hours opened.
    fn open(&mut self, timeout: Duration) -> Result<(Box<dyn RunLedger>, Counts), LedgerError>;

    /// Decides rows by hand. In a run with a key, a row is sent again only if its person is still free under the key;
    /// if all rows in a state are decided, the others do not change. In that case the caller holds off other processes
    /// ([`super::LedgerStore::try_hold_claims`]). Returns the number of changed rows in each state. `have_ended` is
    /// asked about processes that stopped responding and would still send such rows if they were only suspended. If a
    /// row does not exist or is not in the expected state, or the write fails, nothing changes.
    fn resolve(
        &mut self,
        resolution: &Resolution,
        have_ended: &mut dyn FnMut(&[LostWorker]) -> bool,
    ) -> Result<Counts, ResolveError>;

    /// Makes rows unknown that were under way in a process that is gone.
    fn note_lost(&mut self) -> Result<(), LedgerError>;

    /// Stores what was learned about messages. Returns how many unknown rows are now sent. Only those change the time
    /// when the run last changed. If the write fails, nothing is stored.
    fn learn(&mut self, news: &DeliveryNews) -> Result<u64, LedgerError>;

    /// Skips every row that is still to be sent, and any that is given back later: nothing more of the run is sent.
    /// Rows under way in other processes end first. A second call records rows that were given back, and rows of
    /// processes that stopped responding. If the write fails, nothing in a file changes.
    fn cancel(&mut self) -> Result<(), LedgerError>;

    /// Removes the run and everything known about its rows. The people that it reached stay known under its key, so the
    /// caller holds off other processes. If the run `is_unreadable`, they are lost; for any other run, failing to read
    /// it is an error.
    fn remove(self: Box<Self>, is_unreadable: bool) -> Result<(), LedgerError>;

    /// Watches for a request to stop, if the exchange does not report it.
    fn stop_watch(&self) -> Option<StopWatch> {
        None
    }

    /// Every row is final.
    fn end(&self) {}

    /// Why no process took its rows when it was held, if the ledger tells all senders so.
    fn pause(&self) -> Option<&PausedRun> {
        None
    }

    /// Continues after a pause that the connection to the ledger may not have survived.
    fn reconnect(&mut self) -> Result<(), LedgerError> {
        Ok(())
    }
}
