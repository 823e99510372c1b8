//! Sends the rows of a run: at its pace, in order where one recipient has several, and never a byte before the ledger
//! has the row as under way.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::task::{JoinError, JoinSet};

use super::breaker::PauseReason;
use super::ledger::{Counts, Ledger, LedgerError, QueuedRow, RowState};
use super::queue::{Delay, RECIPIENT_GAP, RowQueue};
use super::row_task::{ApiSession, RowTaskEnd, send_row};
use super::run_end::{RunEnd, StopReason};
use super::throttle::{Consequence, RunLimits, Throttle};
use super::writer::{LedgerHandle, Writer};
use crate::api::{Problem, Verdict};
use crate::output::Progress;
use crate::process::Signal;

/// Who leaves at once waits for so long that what has become of rows is written.
const LONGEST_WAIT_FOR_THE_WRITER: Duration = Duration::from_secs(2);

/// More warnings of a sandbox than these would say nothing new.
const MOST_WARNINGS: usize = 5;

/// A run that is going on.
pub(crate) struct Engine<'a> {
    session: Arc<ApiSession>,
    queue: RowQueue,
    writer: Writer,
    ledger: LedgerHandle,
    throttle: Throttle,
    tasks: JoinSet<RowTaskEnd>,
    counts: Counts,
    progress: &'a mut Progress<'a>,
    /// Why no more rows are taken, once that is so.
    stop: Option<StopReason>,
    /// Whether a signal came; the second one does not wait for anything.
    is_signalled: bool,
    /// Whether a row was taken.
    has_begun: bool,
    /// What a sandbox has warned of so far.
    warned: Vec<String>,
}

/// How the loop over the rows ends.
enum LoopEnd {
    /// Nothing is under way.
    Drained,
    /// Whoever watches does not want to wait for what is under way.
    LeftAtOnce,
}

impl<'a> Engine<'a> {
    /// Takes over `ledger`, whose run the caller has locked; `reader` is the same one, to read while the other writes.
    pub(crate) fn new(
        session: ApiSession,
        ledger: Ledger,
        reader: Ledger,
        limits: RunLimits,
        progress: &'a mut Progress<'a>,
    ) -> Result<Self, LedgerError> {
        let now = Instant::now();
        let queue = RowQueue::new(reader, now)?;
        let counts = queue.counts()?;
        progress.begin(&counts.shown());
        let (writer, handle) = Writer::start(ledger);
        Ok(Self {
            session: Arc::new(session),
            queue,
            writer,
            ledger: handle,
            throttle: Throttle::new(limits, counts.sent > 0, now),
            tasks: JoinSet::new(),
            counts,
            progress,
            stop: None,
            is_signalled: false,
            has_begun: false,
            warned: Vec::new(),
        })
    }

    /// Sends until every row is final, something makes it pause, or `signal` gives a signal: the first one lets the rows
    /// under way come to their end, the second does not.
    pub(crate) async fn run(mut self, mut signal: impl AsyncFnMut() -> Signal) -> RunEnd {
        match caught(self.send_rows(&mut signal)).await {
            Ok(LoopEnd::Drained) => self.close(),
            Ok(LoopEnd::LeftAtOnce) => self.leave().await,
            // Before the first row nothing can have been sent.
            Err(panic) if !self.has_begun => resume_unwind(panic),
            Err(_) => {
                self.stop_for(StopReason::Panicked);
                self.leave().await
            }
        }
    }

    async fn send_rows(&mut self, signal: &mut impl AsyncFnMut() -> Signal) -> LoopEnd {
        loop {
            while let Some(done) = self.tasks.try_join_next() {
                self.settle(done);
            }
            let now = Instant::now();
            let next = self.next_at(now);
            if next.is_some_and(|at| at <= now) {
                self.take(now);
                continue;
            }
            if next.is_none() && self.tasks.is_empty() {
                return LoopEnd::Drained;
            }
            let tick = self.progress.due().into();
            tokio::select! {
                biased;
                came = signal() => {
                    match (self.is_signalled, came) {
                        (false, _) => self.hear(came),
                        // A terminal that goes is told twice, by the shell and by the system: nobody is impatient there.
                        (true, Signal::Hangup) => {}
                        (true, _) => return LoopEnd::LeftAtOnce,
                    }
                }
                Some(done) = self.tasks.join_next(), if !self.tasks.is_empty() => self.settle(done),
                () = tokio::time::sleep_until(next.unwrap_or(now).into()), if next.is_some() => {}
                () = tokio::time::sleep_until(tick) => self.show(),
            }
        }
    }

    /// When the next row may be taken; nothing while there is none, or no room for it.
    fn next_at(&mut self, now: Instant) -> Option<Instant> {
        if self.stop.is_some() || self.tasks.len() >= self.throttle.allowance() {
            self.progress.wait(None);
            return None;
        }
        match self.queue.next_at(now) {
            Ok(Some((at, delay))) => {
                let ready_at = at.max(self.throttle.ready_at(now));
                let wait = self.throttle.wait(at, delay, now);
                self.progress.wait(wait);
                Some(ready_at)
            }
            Ok(None) => None,
            Err(error) => {
                self.stop_for(StopReason::ledger(error));
                None
            }
        }
    }

    /// Takes the next row and sends it.
    fn take(&mut self, now: Instant) {
        let row = self.queue.take(now);
        let begun = row.and_then(|row| row.map(|row| Ok((self.session.request(&row)?, row))).transpose());
        match begun {
            Ok(Some((request, row))) => {
                self.throttle.take(now);
                self.has_begun = true;
                self.counts.change(RowState::Pending, RowState::Inflight);
                self.tasks.spawn(send_row(Arc::clone(&self.session), self.ledger.clone(), request, row));
            }
            Ok(None) => {}
            Err(error) => self.stop_for(StopReason::ledger(error)),
        }
    }

    /// Deals with what became of a row.
    fn settle(&mut self, done: Result<RowTaskEnd, JoinError>) {
        match done {
            Ok(RowTaskEnd::Ended { row, state, verdict, warnings }) => {
                for warning in warnings {
                    self.warn(warning);
                }
                self.settle_row(&row, state, *verdict);
            }
            Ok(RowTaskEnd::NotBegun) => {
                self.counts.change(RowState::Inflight, RowState::Pending);
                self.stop_for(StopReason::ledger(LedgerError::WriterGone));
            }
            Err(_) => self.stop_for(StopReason::Panicked),
        }
    }

    /// Says what a sandbox warns of, once for all rows.
    fn warn(&mut self, warning: String) {
        if self.warned.len() < MOST_WARNINGS && !self.warned.contains(&warning) {
            self.progress.note(&warning);
            self.warned.push(warning);
        }
    }

    fn settle_row(&mut self, row: &QueuedRow, state: RowState, verdict: Verdict) {
        self.counts.change(RowState::Inflight, state);
        let now = Instant::now();
        let Consequence { due, delay, pause } = self.throttle.note(&verdict, now);
        match (state, row.follower) {
            (RowState::Pending, _) => self.queue.put(row.n, due, delay),
            (_, Some(follower)) => self.queue.put(follower, now + RECIPIENT_GAP, Delay::RecipientGap),
            (_, None) => {}
        }
        let Some(mut problem) = verdict.problem else { return };
        if state != RowState::Pending {
            self.progress.fault(row.line, state.name(), &problem.message);
        }
        if let Some(pause) = pause {
            if pause == PauseReason::RateLimit {
                problem.hint.push_str(", or let the run wait for longer with --max-wait");
            }
            self.pause(pause, problem);
        }
    }

    /// Takes no more rows; says so at once where others are still under way.
    fn pause(&mut self, reason: PauseReason, problem: Problem) {
        if self.stop.is_none() && !self.tasks.is_empty() {
            self.progress.note(&format!("paused: {}; {}", problem.message, self.under_way()));
        }
        self.stop_for(StopReason::Paused(reason, problem));
    }

    fn hear(&mut self, signal: Signal) {
        self.is_signalled = true;
        self.progress.note(&format!("stopping: {}; press Ctrl-C again to stop at once", self.under_way()));
        self.stop_for(StopReason::Signal(signal));
    }

    fn under_way(&self) -> String {
        match self.tasks.len() {
            1 => "1 request is under way".to_owned(),
            tasks => format!("{tasks} requests are under way"),
        }
    }

    fn stop_for(&mut self, reason: StopReason) {
        if self.stop.as_ref().is_none_or(|earlier| reason.outweighs(earlier)) {
            self.stop = Some(reason);
        }
    }

    fn show(&mut self) {
        self.progress.show(&self.counts.shown());
    }

    /// Waits for the writer, which may have failed last of all.
    fn close(mut self) -> RunEnd {
        self.show();
        self.progress.finish();
        drop(self.ledger);
        RunEnd::of(self.writer.close(), self.stop)
    }

    /// Gives up what is under way, but not what is known of the rows that have ended.
    async fn leave(mut self) -> RunEnd {
        self.tasks.shutdown().await;
        self.progress.finish();
        drop(self.ledger);
        match (self.writer.close_within(LONGEST_WAIT_FOR_THE_WRITER), self.stop) {
            (None, reason) => RunEnd::Stopped { reason: reason.unwrap_or(StopReason::Panicked), is_written: false },
            (Some(written), reason) => RunEnd::of(written, reason),
        }
    }
}

/// What `work` gives, or what it panicked with: rows that are under way must not be taken for ones that never left.
async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut work = pin!(work);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::api::{Client, ClientOptions, Credentials, Roots, SuccessCriterion, SwapWatch};
    use crate::bulk::fixture;
    use crate::output::{ProgressFormat, Stderr};

    /// A session with a server that never answers.
    async fn session() -> (TcpListener, ApiSession) {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = ClientOptions { timeout: Duration::from_secs(60), roots: Roots::None, proxies: false };
        let session = ApiSession {
            client: Client::new(&options).unwrap(),
            credentials: Credentials::new("id", &serde_json::from_str("\"secret\"").unwrap()),
            base: format!("http://{}", server.local_addr().unwrap()).parse().unwrap(),
            accepts: SuccessCriterion::MessageId,
            swaps: SwapWatch::default(),
        };
        (server, session)
    }

    #[tokio::test]
    async fn a_panic_while_a_request_is_under_way_is_no_failure_that_sent_nothing() {
        let home = tempfile::TempDir::new().unwrap();
        let (ledger, reader) = fixture::ledgers(home.path(), &["593990000000", "593990000001"]);
        let (server, session) = session().await;
        let stderr = Stderr::default();
        let mut progress = Progress::new(&stderr, ProgressFormat::None);
        let limits =
            RunLimits { rate: 1000.0, concurrency: 64, max_wait: Duration::ZERO, hours: None, keep_going: false };
        let engine = Engine::new(session, ledger, reader, limits, &mut progress).unwrap();
        let end = engine
            .run(async || {
                let _connection = server.accept().await.unwrap();
                panic!("a fault of our own");
            })
            .await;
        assert!(matches!(end, RunEnd::Stopped { reason: StopReason::Panicked, is_written: true }), "{end:?}");
    }
}
