//! A run, wherever its ledger is: what can be read of it, and what may be done by whoever holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use super::delivery::{DeliveryCounts, DeliveryNews, KnownAttempt};
use super::duplicate_window::{EarlierError, EarlierMessages};
use super::error::LedgerError;
use super::events::{RunEvent, RunEventKind};
use super::exchange::RunLedger;
use super::model::{Counts, RowState};
use super::name::RunName;
use super::pause::{LostWorker, PausedRun, Resumed, RunWorker};
use super::resolution::{DecidedRow, Resolution, ResolveError, RowOfReport, StandingRow};
use super::skip::{Skip, SkipCounts};
use super::types::{DAMAGED, Details, QueuedRow, ReportedRow, RowFilter};
use crate::ledger::StopWatch;
use crate::once::{OnceEntry, OnceHash, OnceHasher, OnceState};
use crate::output::Sent;

/// Rows still to be sent that are read at once.
const ROWS_AT_ONCE: usize = 1000;

/// A run, to look at. Where it is damaged, its counts and rows have as unknown what may have been sent.
pub(crate) trait Run {
    /// Its name, as the ledger has it.
    fn name(&self) -> Result<String, LedgerError>;

    /// What the run is, with the conditions that were given last.
    fn details(&self) -> Result<Details, LedgerError>;

    /// When the list was read, in milliseconds since 1970.
    fn created_at(&self) -> Result<i64, LedgerError>;

    /// The last outcome or decision; where there is none, when the run was made.
    fn changed_at(&self) -> Result<i64, LedgerError>;

    /// Why it is not all that was written.
    fn damage(&self) -> Option<&LedgerError>;

    /// For those who can do nothing with one that is damaged.
    fn into_whole(self: Box<Self>) -> Result<Box<dyn Run>, LedgerError>;

    /// How many rows are in each state by the records, whatever may be lost.
    fn noted_counts(&self) -> Result<Counts, LedgerError>;

    /// How many rows are left out for each reason.
    fn skip_counts(&self) -> Result<SkipCounts, LedgerError>;

    /// How many unknown rows, and failed ones where `failed_too`, there are for each reason by the records: the API's own code
    /// where it gave one, else the record's, else `resolved` for what a person decided.
    fn noted_reasons(&self, failed_too: bool) -> Result<BTreeMap<String, u64>, LedgerError>;

    /// What happened to the run, in order.
    fn events(&self) -> Result<Vec<RunEvent>, LedgerError>;

    /// Recipient and body of the first message: of one that is not left out, where there is one.
    fn first_message(&self) -> Result<Option<(String, String)>, LedgerError>;

    /// The next rows after row `after` that are still to be sent, `most` of them at most.
    fn pending_behind(&self, after: i64, most: usize) -> Result<Vec<QueuedRow>, LedgerError>;

    /// Gives every row in the order of the input, all as they were at one instant.
    fn each_row(&self, each: &mut dyn FnMut(ReportedRow) -> ControlFlow<()>) -> Result<(), LedgerError>;

    /// Gives every attempt that began between these times and may have reached Jelou, in the order of the list.
    fn each_attempt(&self, began: [i64; 2], each: &mut dyn FnMut(KnownAttempt)) -> Result<(), LedgerError>;

    /// How far its messages came; nothing where nobody has asked yet.
    fn delivery_counts(&self) -> Result<Option<DeliveryCounts>, LedgerError>;

    /// The rows at these lines of the list, by their lines.
    fn at_lines(&self, lines: &BTreeSet<u64>) -> Result<BTreeMap<u64, StandingRow>, LedgerError>;

    /// The rows to the person whom `recipient` means, in the order of the list.
    fn to_person(&self, recipient: &str) -> Result<Vec<StandingRow>, LedgerError>;

    /// Whether no process had it when it was opened: what is under way there may have been sent.
    fn is_at_rest(&self) -> bool {
        false
    }

    /// Whether several processes may send it at once: what is under way may be theirs.
    fn is_shared(&self) -> bool {
        false
    }

    /// Why nobody takes rows of it, where the ledger says so to all who send it.
    fn pause(&self) -> Result<Option<PausedRun>, LedgerError> {
        Ok(None)
    }

    /// The processes that send it, where the ledger knows them.
    fn workers(&self) -> Result<Vec<RunWorker>, LedgerError> {
        Ok(Vec::new())
    }

    /// Whether a person gave it up: nothing of it is sent any more.
    fn is_cancelled(&self) -> Result<bool, LedgerError> {
        Ok(self.events()?.iter().any(|event| event.kind == RunEventKind::Cancelled))
    }

    /// How many rows are in each state.
    fn counts(&self) -> Result<Counts, LedgerError> {
        let counts = self.noted_counts()?;
        Ok(if self.damage().is_some() { counts.where_records_are_lost() } else { counts })
    }

    /// How many failed and unknown rows there are for each reason.
    fn reasons(&self) -> Result<BTreeMap<String, u64>, LedgerError> {
        let (noted, counts) = (self.noted_counts()?, self.counts()?);
        if counts.failed + counts.unknown == 0 {
            return Ok(BTreeMap::new());
        }
        // Of a damaged run those that failed are unknown too.
        let mut reasons = self.noted_reasons(self.damage().is_none())?;
        if counts.unknown > noted.unknown {
            *reasons.entry(DAMAGED.to_owned()).or_default() += counts.unknown - noted.unknown;
        }
        Ok(reasons)
    }
}

impl dyn Run + '_ {
    pub(super) fn check_resolution(&self, resolution: &Resolution) -> Result<(), ResolveError> {
        if resolution.sends_again() && self.is_cancelled()? { Err(ResolveError::Cancelled) } else { Ok(()) }
    }

    /// Gives every row that `filter` takes to `write`, in the order of the input.
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

    /// The people to whom it has sent a message, or may have: what that means under a key.
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
                // Nobody sends it any more.
                RowState::Inflight => entry.state = OnceState::Unknown,
                RowState::Pending | RowState::Failed | RowState::Skipped => return Ok::<_, LedgerError>(()),
            }
            let Some(recipient) = &row.recipient else { return Ok(()) };
            reached.push((hasher.person(recipient), entry));
            Ok(())
        })?;
        Ok(reached)
    }

    /// Gives every row that is still to be sent to `check`, some at a time, so that the memory it takes does not grow with them.
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

    /// The rows at `lines` and to `people`.
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

    /// The unknown rows of which `said` says that they were sent, or were not. What it says of others must be so already, and
    /// all must be to the people that the run has there.
    pub(super) fn rows_reported_otherwise(
        &self,
        said: &BTreeMap<u64, RowOfReport>,
    ) -> Result<Vec<DecidedRow>, ResolveError> {
        let at_lines = self.at_lines(&said.keys().copied().collect())?;
        let mut rows = Vec::new();
        for (line, said) in said {
            let row = at_lines.get(line).ok_or(ResolveError::NoSuchLine { line: *line })?;
            row.check_recipient(said)?;
            let to = match said.sent {
                Sent::Yes => RowState::Sent,
                Sent::No => RowState::Failed,
                Sent::Unknown => continue,
            };
            if row.state == RowState::Unknown || row.state.sent() != said.sent {
                let decided = row.decided([RowState::Unknown, to])?;
                row.check_time(said)?;
                rows.push(decided);
            }
        }
        Ok(rows)
    }
}

/// What a run is held for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeldFor {
    Sending,
    /// A person decides the state of rows.
    Deciding,
    Removal,
}

/// A run that this process holds: in a file alone, in a database perhaps beside others. It may be one that cannot be read, to
/// remove it, or to take it as it is.
pub(crate) trait HeldRun {
    fn name(&self) -> &RunName;

    /// To look at it as it stands now. What somebody else doubts is not doubted here: whoever goes on takes it as it is.
    fn read(&self) -> Result<Box<dyn Run>, LedgerError>;

    /// Leaves out those of `rows`, each by its number, that are still to be sent: any other stays as it is. When it cannot be
    /// written, rows that were left out by then stay so.
    fn skip(&mut self, rows: &mut dyn Iterator<Item = (i64, Skip<'_>)>) -> Result<(), LedgerError>;

    /// What other runs have sent meanwhile, or are about to, of what is left to be sent here, by run and reason, the most first.
    /// Where it `leaves_out`, those rows are left out.
    fn compare(
        &mut self,
        details: &Details,
        ignored: &[RunName],
        leaves_out: bool,
    ) -> Result<Vec<EarlierMessages>, EarlierError>;

    /// Of a run with a key: leaves out the rows whose people have a message under it by others. Nobody can claim them while the
    /// run is there, but it may have been away, or was ignored. In a database each row has claimed its person.
    fn leave_out_taken(&mut self, _details: &Details, _ignored: &[RunName]) -> Result<(), EarlierError> {
        Ok(())
    }

    /// A person goes on with it.
    fn resume(&mut self, resumed: &Resumed<'_>) -> Result<(), LedgerError>;

    /// Its ledger, to send rows whose requests take no longer than `timeout`, with how many rows are in each state; asked for
    /// once more where the run goes on after its hours opened.
    fn open(&mut self, timeout: Duration) -> Result<(Box<dyn RunLedger>, Counts), LedgerError>;

    /// Decides rows by hand. Of a run with a key a row is sent again only where its person is still free under it: of all in
    /// one state the others stay as they are. Whoever asks holds off the others then ([`super::LedgerStore::try_hold_claims`]).
    /// Says how many are in which state now because of it. `have_ended` is asked of processes that were not
    /// heard of again and would still send such rows if they were only stopped. When a row is not there or in another state
    /// than was meant, or it cannot be written, nothing is changed.
    fn resolve(
        &mut self,
        resolution: &Resolution,
        have_ended: &mut dyn FnMut(&[LostWorker]) -> bool,
    ) -> Result<Counts, ResolveError>;

    /// Makes rows unknown that were under way at a process that is gone.
    fn note_lost(&mut self) -> Result<(), LedgerError>;

    /// Keeps what was learnt of messages; says how many unknown rows are sent now. When the run last changed stays as it is, but
    /// for these. When it cannot be written, nothing of it is kept.
    fn learn(&mut self, news: &DeliveryNews) -> Result<u64, LedgerError>;

    /// Leaves out all that is still to be sent, and whatever comes back later: nothing of it leaves any more. What is under way at
    /// other processes ends first. Once more it notes what has come back or was not heard of again. When it cannot be
    /// written, nothing of a file is changed.
    fn cancel(&mut self) -> Result<(), LedgerError>;

    /// Removes it with all that is known of its rows. Whom it reached stays known under its key: whoever asks holds off the
    /// others then. Of one that `is_unreadable` that is lost; of any other it is an error that it cannot be read now.
    fn remove(self: Box<Self>, is_unreadable: bool) -> Result<(), LedgerError>;

    /// What tells that somebody asks it to stop, where the exchange does not.
    fn stop_watch(&self) -> Option<StopWatch> {
        None
    }

    /// Every row is final.
    fn end(&self) {}

    /// Whether several processes may send it at once, by one pace that the ledger keeps.
    fn is_shared(&self) -> bool {
        false
    }

    /// Why nobody took rows of it when it was taken, where the ledger says so to all who send it.
    fn pause(&self) -> Option<&PausedRun> {
        None
    }

    /// Goes on after some time, which the connection to the ledger may not have outlived.
    fn reconnect(&mut self) -> Result<(), LedgerError> {
        Ok(())
    }
}
