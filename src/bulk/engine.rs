//! Sends the rows of a run: at its pace, in order where one recipient has several, and never a byte before the ledger
//! has the row as under way.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{JoinError, JoinSet};
use url::Url;

use super::breaker::{Breaker, PauseReason};
use super::ledger::{Counts, EndedAttempt, Ledger, LedgerError, QueuedRow, RowState, now};
use super::pace::Pace;
use super::writer::{LedgerHandle, WriteFailure, Writer};
use crate::api::{
    Accepts, Attempt, Cause, Client, Credentials, Fault, Outcome, PAIR_RATE_LIMIT, Request, Verdict, backoff, judge,
};
use crate::output::Progress;
use crate::process::Signal;

/// Least time between two messages to one recipient (`api.md`, 131056).
const RECIPIENT_GAP: Duration = Duration::from_secs(6);
/// Rows that are read from the ledger at once.
const ROWS_READ_AT_ONCE: usize = 128;

/// What requests are sent with.
pub struct ApiSession {
    pub client: Client,
    pub credentials: Credentials,
    pub base: Url,
    pub accepts: Accepts,
}

/// How a run came to its end.
#[derive(Debug)]
pub enum RunEnd {
    /// Every row has its final state.
    Complete,
    /// A fault that would meet the other rows too.
    Paused(PauseReason, Fault),
    Signal(Signal),
    /// The ledger cannot be written; what it does not know is in here.
    Ledger(WriteFailure),
    /// A fault of our own while a request was under way.
    Panicked,
}

/// Why no more rows are taken.
enum StopReason {
    Paused(PauseReason, Fault),
    Signal(Signal),
    Ledger(LedgerError),
    Panicked,
}

/// A run that is going on.
pub struct Engine<'a> {
    session: Arc<ApiSession>,
    reader: Ledger,
    writer: Writer,
    ledger: LedgerHandle,
    concurrency: usize,
    pace: Pace,
    breaker: Breaker,
    /// Rows that wait for no other, in the order of the input.
    fresh: VecDeque<QueuedRow>,
    /// The last row that was read from the ledger; nothing when there are no more.
    cursor: Option<i64>,
    /// Rows that may be taken at a time of their own, the earliest first.
    due: BinaryHeap<Reverse<(Instant, i64)>>,
    tasks: JoinSet<Done>,
    counts: Counts,
    progress: &'a mut Progress<'a>,
}

/// What a task says of its row.
enum Done {
    /// The ledger did not take it, so nothing left.
    NotBegun,
    Ended {
        row: QueuedRow,
        state: RowState,
        verdict: Box<Verdict>,
    },
}

impl<'a> Engine<'a> {
    /// Takes over `ledger`, whose run the caller has locked; `reader` is the same one, to read while the other writes.
    pub fn new(
        session: ApiSession,
        ledger: Ledger,
        reader: Ledger,
        rate: f64,
        concurrency: usize,
        progress: &'a mut Progress<'a>,
    ) -> Result<Self, LedgerError> {
        let now_at = Instant::now();
        let followers = reader.followers()?.into_iter().map(|(n, at)| {
            let age = Duration::from_millis(u64::try_from(now() - at).unwrap_or_default());
            Reverse((now_at + RECIPIENT_GAP.saturating_sub(age), n))
        });
        let due = followers.collect();
        let counts = reader.counts()?;
        progress.begin(&counts.shown());
        let (writer, handle) = Writer::start(ledger);
        Ok(Self {
            session: Arc::new(session),
            reader,
            writer,
            ledger: handle,
            concurrency,
            pace: Pace::new(rate, now_at),
            breaker: Breaker::default(),
            fresh: VecDeque::new(),
            cursor: Some(0),
            due,
            tasks: JoinSet::new(),
            counts,
            progress,
        })
    }

    /// Sends until every row is final, something makes it pause, or `signal` gives a signal: the first one lets the rows
    /// under way come to their end, the second does not.
    pub async fn run(mut self, mut signal: impl AsyncFnMut() -> Signal) -> RunEnd {
        let mut halt = None;
        loop {
            while let Some(done) = self.tasks.try_join_next() {
                self.settle(done, &mut halt);
            }
            let next = if halt.is_some() { None } else { self.next(&mut halt) };
            let now = Instant::now();
            if next.is_some_and(|at| at <= now) {
                self.take(now, &mut halt);
                continue;
            }
            if next.is_none() && self.tasks.is_empty() {
                return self.close(halt);
            }
            let tick = self.progress.due().into();
            tokio::select! {
                biased;
                came = signal() => {
                    if matches!(halt, Some(StopReason::Signal(_))) {
                        self.tasks.abort_all();
                        return RunEnd::Signal(came);
                    }
                    halt = Some(StopReason::Signal(came));
                    self.progress.note(&format!("stopping: {} requests are under way; again to leave at once", self.tasks.len()));
                }
                Some(done) = self.tasks.join_next(), if !self.tasks.is_empty() => self.settle(done, &mut halt),
                () = tokio::time::sleep_until(next.unwrap_or(now).into()), if next.is_some() => {}
                () = tokio::time::sleep_until(tick) => self.show(),
            }
        }
    }

    /// When the next row may be taken; nothing while there is none, or no room for it.
    fn next(&mut self, halt: &mut Option<StopReason>) -> Option<Instant> {
        if self.tasks.len() >= self.breaker.allowance(self.concurrency) {
            return None;
        }
        if let (true, Some(cursor)) = (self.fresh.is_empty(), self.cursor) {
            match self.reader.fresh(cursor, ROWS_READ_AT_ONCE) {
                Ok(rows) => {
                    self.cursor = rows.last().map(|row| row.n);
                    self.fresh.extend(rows);
                }
                Err(error) => {
                    *halt = Some(StopReason::Ledger(error));
                    return None;
                }
            }
        }
        let due = self.due.peek().map(|Reverse((at, _))| *at);
        let first = if self.fresh.is_empty() { due? } else { Instant::now() };
        Some(first.max(self.pace.ready_at()))
    }

    /// Takes a row that is due, else the next one of the input.
    fn take(&mut self, now: Instant, halt: &mut Option<StopReason>) {
        let is_due = self.due.peek().is_some_and(|Reverse((at, _))| *at <= now);
        let due = if is_due { self.due.pop() } else { None };
        let row = match due {
            Some(Reverse((_, n))) => self.reader.pending(n),
            None => Ok(self.fresh.pop_front()),
        };
        let begun = row.and_then(|row| row.map(|row| Ok((self.request(&row)?, row))).transpose());
        match begun {
            Ok(Some((request, row))) => {
                self.pace.take(now);
                self.counts.change(RowState::Pending, RowState::Inflight);
                self.tasks.spawn(send(Arc::clone(&self.session), self.ledger.clone(), request, row));
            }
            // It has been decided by hand in the meantime.
            Ok(None) => {}
            Err(error) => *halt = Some(StopReason::Ledger(error)),
        }
    }

    fn request(&self, row: &QueuedRow) -> Result<Request, LedgerError> {
        let accepts = self.session.accepts.for_recipient(&row.recipient);
        Request::below(&self.session.base, &row.path, row.body.as_str().into(), accepts)
            .map_err(|error| LedgerError::Damaged { problem: format!("row {}: {error}", row.n) })
    }

    /// Deals with what became of a row.
    fn settle(&mut self, done: Result<Done, JoinError>, halt: &mut Option<StopReason>) {
        let (row, state, verdict) = match done {
            Ok(Done::Ended { row, state, verdict }) => (row, state, verdict),
            Ok(Done::NotBegun) => {
                self.counts.change(RowState::Inflight, RowState::Pending);
                halt.get_or_insert(StopReason::Ledger(LedgerError::WriterGone));
                return;
            }
            Err(_) => {
                *halt = Some(StopReason::Panicked);
                return;
            }
        };
        self.counts.change(RowState::Inflight, state);
        let now = Instant::now();
        let trip = self.breaker.note(&verdict.outcome);
        match (state, row.follower) {
            (RowState::Pending, _) => self.postpone(row.n, &verdict, now),
            (_, Some(follower)) => self.due.push(Reverse((now + RECIPIENT_GAP, follower))),
            (_, None) => {}
        }
        let Some(fault) = verdict.fault else { return };
        if state != RowState::Pending {
            self.progress.fault(row.line, state.name(), &fault.message);
        }
        if let (Some(trip), None) = (trip, &halt) {
            *halt = Some(StopReason::Paused(trip, fault));
        }
    }

    /// A row that surely was not sent comes again, and everyone else waits too where the fault is not its own.
    fn postpone(&mut self, n: i64, verdict: &Verdict, now: Instant) {
        let mut wait = Duration::ZERO;
        match (&verdict.outcome, &verdict.fault) {
            (Outcome::NotSent(Cause::Network), _) => self.pace.stop(now, self.breaker.network_wait()),
            (Outcome::NotSent(Cause::Unavailable), Some(fault)) => {
                wait = backoff(verdict.retry.unwrap_or_default(), 1);
                if fault.api_code.as_deref() != Some(PAIR_RATE_LIMIT) {
                    self.pace.cut(now);
                    self.pace.stop(now, fault.retry_after.unwrap_or_default());
                }
            }
            _ => {}
        }
        let at = now.checked_add(wait).unwrap_or(now + RECIPIENT_GAP);
        self.due.push(Reverse((at, n)));
    }

    fn show(&mut self) {
        self.progress.show(&self.counts.shown());
    }

    /// Waits for the writer, which may have failed last of all.
    fn close(mut self, halt: Option<StopReason>) -> RunEnd {
        self.show();
        self.progress.finish();
        drop(self.ledger);
        match (self.writer.close(), halt) {
            (Err(lost), _) => RunEnd::Ledger(lost),
            (Ok(_), Some(StopReason::Ledger(error))) => RunEnd::Ledger(WriteFailure { error, outcomes: Vec::new() }),
            (Ok(_), Some(StopReason::Paused(trip, fault))) => RunEnd::Paused(trip, fault),
            (Ok(_), Some(StopReason::Signal(signal))) => RunEnd::Signal(signal),
            (Ok(_), Some(StopReason::Panicked)) => RunEnd::Panicked,
            (Ok(ledger), None) => match ledger.finish() {
                Ok(true) => RunEnd::Complete,
                Ok(false) => {
                    let problem = "rows are left that nothing led to".to_owned();
                    RunEnd::Ledger(WriteFailure { error: LedgerError::Damaged { problem }, outcomes: Vec::new() })
                }
                Err(error) => RunEnd::Ledger(WriteFailure { error, outcomes: Vec::new() }),
            },
        }
    }
}

/// One row: under way in the ledger, then on the wire, then its outcome in the ledger.
async fn send(session: Arc<ApiSession>, ledger: LedgerHandle, request: Request, row: QueuedRow) -> Done {
    if !ledger.begin(row.n).await {
        return Done::NotBegun;
    }
    let began_at = now();
    let attempt = session.client.attempt(&request, &session.credentials).await;
    let verdict = judge(&attempt, &request.accepts);
    let (state, message_id) = match &verdict.outcome {
        Outcome::Sent { message_id } => (RowState::Sent, message_id.clone()),
        Outcome::NotSent(Cause::Rejected) => (RowState::Failed, None),
        Outcome::NotSent(_) => (RowState::Pending, None),
        Outcome::Unknown(_) => (RowState::Unknown, None),
    };
    let http_status = match &attempt {
        Attempt::Answered(answer) => Some(answer.status),
        Attempt::Failed(_) => None,
    };
    ledger.end(EndedAttempt {
        n: row.n,
        recipient: row.recipient.clone(),
        state,
        began_at,
        ended_at: now(),
        http_status,
        message_id,
        code: verdict.fault.as_ref().map(|fault| fault.code),
        error: verdict.fault.as_ref().map(|fault| fault.message.clone()),
    });
    Done::Ended { row, state, verdict: Box::new(verdict) }
}
