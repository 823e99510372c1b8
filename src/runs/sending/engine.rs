//! Sends the rows of a run at its pace. The engine asks the ledger for as many rows as it has room for, sends them, and
//! reports their outcomes.

use std::future::ready;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use super::row_task::{ApiSession, RowTaskEnd, send_row};
use super::run_end::{RunEnd, StopReason, wait_event};
use super::throttle::{RunLimits, Throttle};
use super::writer::{Order, Writer};
use crate::base::message::{Message, msg};
use crate::base::output::Progress;
use crate::base::process::Signal;
use crate::jelou::api::{Problem, Verdict};
use crate::runs::ledger::{
    AttemptResult, Counts, Delay, DraftRequest, ExchangeReply, FinishedRow, LISTENS_EVERY,
    LedgerError, PauseReason, RowState, RowToSend, RunEvent, Worker,
};

/// How long an immediate exit waits until the outcomes are written.
const LONGEST_WAIT_FOR_THE_WRITER: Duration = Duration::from_secs(2);

/// After a longer wait for the messaging limit, jelouctl reads the exclusion lists again.
const LONGEST_SHORT_WAIT: Duration = Duration::from_secs(60);

/// If the ledger takes longer than this to answer, jelouctl prints a note.
const LONGEST_SILENCE: Duration = Duration::from_secs(5);

/// Whether the safety checks allow a request now. The ledger may have been changed since they passed.
pub(crate) type RequestCheck<'a> = &'a dyn Fn(&DraftRequest<'_>) -> bool;

/// A run in progress.
pub(crate) struct Engine<'a> {
    session: Arc<ApiSession>,
    is_allowed: RequestCheck<'a>,
    writer: Writer,
    throttle: Throttle,
    tasks: JoinSet<RowTaskEnd>,
    /// Outcomes to report with the next order.
    finished: Vec<FinishedRow>,
    /// Events to report with the next order.
    events: Vec<RunEvent>,
    /// The outcomes of the order in progress, which the ledger may lack. After a failure, it does.
    outcomes_in_order: Option<Arc<Vec<FinishedRow>>>,
    /// How many rows the order in progress asks for. They may already be in flight in the ledger.
    wanted: usize,
    /// How long an order waits for more outcomes.
    batch_delay: Duration,
    /// Since when the next order waits for more outcomes.
    gathering_since: Option<Instant>,
    /// Why an exchange failed. After that, nothing more is written to the ledger.
    failure: Option<LedgerError>,
    ordered_at: Instant,
    /// When to note that the ledger does not answer.
    note_silence_at: Option<Instant>,
    /// When the ledger has another row, and why not earlier; None if the ledger has no more rows now.
    next: Option<(Instant, Delay)>,
    counts: Counts,
    progress: &'a mut Progress<'a>,
    /// Whether the run has waited long for the messaging limit.
    has_long_limit_wait: bool,
    /// Why the engine asks for no more rows; None while it does.
    stop: Option<StopReason>,
    /// The pause to report to the other processes that send this run.
    pause: Option<PauseReason>,
    /// Whether a signal arrived. The second one exits without waiting.
    is_signalled: bool,
    /// Whether the engine has asked for a row.
    has_begun: bool,
}

/// How the loop over the rows ended.
enum LoopEnd {
    /// No row is in flight.
    Drained,
    /// A second signal abandons the rows in flight.
    Abandoned,
}

impl<'a> Engine<'a> {
    /// Starts the run on `ledger`; `counts` has the number of rows in each state.
    pub(crate) fn new(
        session: Arc<ApiSession>,
        ledger: Worker,
        counts: Counts,
        limits: RunLimits,
        is_allowed: RequestCheck<'a>,
        progress: &'a mut Progress<'a>,
    ) -> Self {
        let now = Instant::now();
        progress.begin(&counts.tally());
        Self {
            session,
            is_allowed,
            writer: Writer::start(ledger),
            throttle: Throttle::new(limits, counts.sent > 0, now),
            tasks: JoinSet::new(),
            finished: Vec::new(),
            events: Vec::new(),
            outcomes_in_order: None,
            wanted: 0,
            batch_delay: Duration::ZERO,
            gathering_since: None,
            failure: None,
            ordered_at: now,
            note_silence_at: None,
            // The first answer shows whether there is a row.
            next: Some((now, Delay::Retry)),
            counts,
            progress,
            has_long_limit_wait: false,
            stop: None,
            pause: None,
            is_signalled: false,
            has_begun: false,
        }
    }

    /// Sends until every row is final, something pauses the run, or a signal arrives. It finishes the rows in flight,
    /// unless a second signal arrives. `next_signal` waits for the next signal and takes priority.
    pub(crate) async fn run(mut self, mut next_signal: impl AsyncFnMut() -> Signal) -> RunEnd {
        match AssertUnwindSafe(self.send_rows(&mut next_signal))
            .catch_unwind()
            .await
        {
            Ok(LoopEnd::Drained) => self.close(),
            Ok(LoopEnd::Abandoned) => self.abandon().await,
            // Before the first row, nothing can have been sent.
            Err(panic) if !self.has_begun => resume_unwind(panic),
            Err(_) => {
                self.stop_for(StopReason::Panicked);
                self.abandon().await
            }
        }
    }

    async fn send_rows(&mut self, next_signal: &mut impl AsyncFnMut() -> Signal) -> LoopEnd {
        // A signal before the first row also stops that row.
        tokio::select! {
            biased;
            signal = next_signal() => {
                if let Some(end) = self.handle_signal(signal) {
                    return end;
                }
            }
            () = ready(()) => {}
        }
        loop {
            while let Some(done) = self.tasks.try_join_next() {
                self.note_task_end(done);
            }
            let now = Instant::now();
            if self.throttle.check_hours(now) {
                self.stop_for(StopReason::WaitOver);
            }
            let next = self.next_at(now);
            let is_due = next.is_some_and(|at| at <= now);
            self.order(if is_due { self.room() } else { 0 }, now);
            if next.is_none() && self.tasks.is_empty() && !self.is_ordered() {
                return LoopEnd::Drained;
            }
            self.note_silence(now);
            let gathered_at = self.gathering_since.map(|since| since + self.batch_delay);
            let times = [next, self.listens_at(), gathered_at, self.note_silence_at];
            let later = times.into_iter().flatten().filter(|at| *at > now).min();
            let tick = self.progress.due().into();
            tokio::select! {
                biased;
                signal = next_signal() => {
                    if let Some(end) = self.handle_signal(signal) {
                        return end;
                    }
                }
                exchanged = self.writer.exchanged(), if self.is_ordered() => self.handle_exchange(exchanged),
                Some(done) = self.tasks.join_next(), if !self.tasks.is_empty() => self.note_task_end(done),
                () = tokio::time::sleep_until(later.unwrap_or(now).into()), if later.is_some() => {}
                () = tokio::time::sleep_until(tick) => self.show(),
            }
        }
    }

    /// Stops asking for rows; the second signal ends the run immediately.
    fn handle_signal(&mut self, signal: Signal) -> Option<LoopEnd> {
        let inflight = self.describe_inflight();
        match signal {
            signal if !self.is_signalled => {
                self.is_signalled = true;
                self.progress.note(msg!(
                    "stopping: {in_flight}; press Ctrl-C again after a second to stop immediately",
                    in_flight = inflight
                ));
                self.stop_for(StopReason::Signal(signal));
            }
            // A closing terminal delivers its signal twice, from the shell and from the system. The second one is not
            // the user's.
            Signal::Hangup => {}
            _ => return Some(LoopEnd::Abandoned),
        }
        None
    }

    /// Returns how many more rows may be in flight.
    fn room(&self) -> usize {
        self.throttle
            .allowance()
            .saturating_sub(self.tasks.len() + self.wanted)
    }

    /// Returns when to ask for the next row, or None if there is no row or no room, or if an answer must arrive first.
    fn next_at(&mut self, now: Instant) -> Option<Instant> {
        let Some((at, delay)) = self.next.filter(|_| self.stop.is_none() && self.room() > 0) else {
            self.progress.wait(None);
            return None;
        };
        let wait = self.throttle.wait(at, delay, now);
        self.events.extend(wait.as_ref().and_then(wait_event));
        self.progress.wait(wait);
        let at = at.max(self.throttle.ready_at());
        (at <= now || self.wanted == 0).then_some(at)
    }

    /// Returns when to contact the ledger even with nothing to report: others may have paused the run.
    fn listens_at(&self) -> Option<Instant> {
        (self.stop.is_none() && !self.is_ordered()).then(|| self.ordered_at + LISTENS_EVERY)
    }

    /// Returns whether an order waits for its answer.
    fn is_ordered(&self) -> bool {
        self.outcomes_in_order.is_some() && self.failure.is_none()
    }

    /// Notes once that the ledger does not answer.
    fn note_silence(&mut self, now: Instant) {
        if self.note_silence_at.take_if(|at| *at <= now).is_some() {
            self.progress
                .note("waiting for the ledger, which has not answered for 5 s; jelouctl sends nothing new until it answers");
        }
    }

    /// Reports the outcomes of rows and asks for more rows, after the answer to the previous order.
    fn order(&mut self, wanted: usize, now: Instant) {
        if self.outcomes_in_order.is_some() || self.failure.is_some() {
            return;
        }
        let has_nothing = wanted == 0
            && self.finished.is_empty()
            && self.events.is_empty()
            && self.pause.is_none();
        if has_nothing && self.listens_at().is_none_or(|at| at > now) {
            return;
        }
        if !self.finished.is_empty() && !self.tasks.is_empty() {
            let since = *self.gathering_since.get_or_insert(now);
            if now < since + self.batch_delay {
                return;
            }
        }
        self.ordered_at = now;
        self.note_silence_at = Some(now + LONGEST_SILENCE);
        self.gathering_since = None;
        self.has_begun |= wanted > 0;
        self.wanted = wanted;
        let finished = Arc::new(std::mem::take(&mut self.finished));
        self.outcomes_in_order = Some(Arc::clone(&finished));
        let events = std::mem::take(&mut self.events);
        self.writer.order(Order {
            finished,
            wanted,
            pause: self.pause.take(),
            events,
        });
    }

    /// Uses the answer to an order. After a failed exchange, the engine stops.
    fn handle_exchange(&mut self, exchanged: Result<ExchangeReply, LedgerError>) {
        self.wanted = 0;
        self.note_silence_at = None;
        match exchanged {
            Ok(reply) => self.apply_reply(reply),
            Err(error) => {
                self.failure = Some(error);
                self.next = None;
                self.stop_for(StopReason::ledger(LedgerError::writer_gone()));
            }
        }
    }

    fn apply_reply(&mut self, reply: ExchangeReply) {
        self.outcomes_in_order = None;
        self.next = reply.next;
        self.batch_delay = reply.batch_delay;
        let now = Instant::now();
        match reply.held_until {
            Some(until) => self.has_long_limit_wait |= until > now + LONGEST_SHORT_WAIT,
            None if self.has_long_limit_wait => self.stop_for(StopReason::WaitOver),
            None => {}
        }
        // Check the hours again: the ledger may have taken minutes to respond, or the machine may have slept.
        if self.throttle.check_hours(now) || reply.was_lost {
            self.stop_for(StopReason::WaitOver);
        }
        for row in reply.rows {
            self.start_row(row);
        }
        if let Some(error) = reply.problem {
            self.stop_for(StopReason::ledger(error));
        }
        if let Some(pause) = reply.pause {
            self.stop_for(StopReason::PausedByOthers(pause));
        }
        if let Some(counts) = reply.counts {
            self.counts = counts;
        }
    }

    /// Sends a row from the ledger, or returns it after a stop.
    fn start_row(&mut self, mut row: RowToSend) {
        self.counts.change(RowState::Pending, RowState::Inflight);
        if self.stop.is_some() {
            self.requeue_row(
                row,
                msg!("the run was stopped before this message was sent"),
            );
            return;
        }
        if self.throttle.is_closed() {
            self.requeue_row(
                row,
                msg!("the sending hours ended before this message was sent"),
            );
            return;
        }
        if !(self.is_allowed)(&row.request()) {
            // Before the run continues, its process skips excluded recipients and refuses the others.
            self.requeue_row(
                row,
                msg!("a safety check refused this message when it was due"),
            );
            self.stop_for(StopReason::WaitOver);
            return;
        }
        match self.session.request(&mut row) {
            Ok(request) => {
                let task = send_row(Arc::clone(&self.session), request, row);
                self.tasks.spawn(task);
            }
            Err(error) => {
                self.requeue_row(row, error.message.clone());
                self.stop_for(StopReason::ledger(error));
            }
        }
    }

    /// Returns an unsent row to the ledger: it is pending again, and due if the run continues.
    fn requeue_row(&mut self, row: RowToSend, error: Message) {
        self.counts.change(RowState::Inflight, RowState::Pending);
        let retry = Some(Instant::now());
        self.finished.push(FinishedRow {
            retry,
            ..FinishedRow::new(AttemptResult::not_begun(row, error))
        });
    }

    /// Waits until the ledger has every outcome. Rows that arrived too late are unsent and go back to it.
    async fn write_the_rest(&mut self) {
        loop {
            self.order(0, Instant::now());
            if !self.is_ordered() {
                return;
            }
            let exchanged = self.writer.exchanged().await;
            self.handle_exchange(exchanged);
        }
    }

    /// Returns the outcomes of rows that the ledger may lack.
    fn unwritten(&self) -> Vec<AttemptResult> {
        self.outcomes_in_order
            .iter()
            .flat_map(|finished| finished.iter())
            .chain(&self.finished)
            .map(|row| row.ended.clone())
            .collect()
    }

    /// Records the outcome of a row for the next order, or stops if its task has panicked.
    fn note_task_end(&mut self, done: Result<RowTaskEnd, JoinError>) {
        match done {
            Ok(done) => self.note_outcome(done.line, done.ended, *done.verdict),
            Err(_) => self.stop_for(StopReason::Panicked),
        }
    }

    fn note_outcome(&mut self, line: u64, ended: AttemptResult, verdict: Verdict) {
        let state = ended.state;
        self.counts.change(RowState::Inflight, state);
        let (finished, pause) = self.throttle.note(&verdict, ended, Instant::now());
        self.finished.push(finished);
        let Some(problem) = verdict.problem else {
            return;
        };
        if state != RowState::Pending {
            self.progress
                .fault(line, state.describe(), problem.message.clone());
        }
        if let Some(pause) = pause {
            self.pause(pause, problem);
        }
    }

    /// Stops asking for rows; prints the reason immediately if requests are still in flight.
    fn pause(&mut self, reason: PauseReason, problem: Problem) {
        if self.stop.is_none() && !self.tasks.is_empty() {
            self.progress.note(msg!(
                "paused: {problem}; {in_flight}",
                problem = problem.message,
                in_flight = self.describe_inflight()
            ));
        }
        if reason.affects_all_senders() {
            self.pause = Some(reason);
        }
        self.stop_for(StopReason::Paused(reason, problem));
    }

    fn describe_inflight(&self) -> Message {
        match self.tasks.len() {
            0 if self.is_ordered() => msg!("no request in flight; waiting for the ledger"),
            0 => msg!("no request in flight"),
            tasks => msg!("{tasks} {tasks|request|requests} in flight", tasks),
        }
    }

    fn stop_for(&mut self, reason: StopReason) {
        if self
            .stop
            .as_ref()
            .is_none_or(|earlier| reason.outweighs(earlier))
        {
            self.events.extend(reason.event());
            self.stop = Some(reason);
        }
    }

    fn show(&mut self) {
        self.progress.show(&self.counts.tally());
    }

    fn close(mut self) -> RunEnd {
        self.show();
        self.progress.finish();
        self.end()
    }

    /// Abandons the rows in flight, but not the outcomes of the finished rows.
    async fn abandon(mut self) -> RunEnd {
        while let Some(done) = self.tasks.try_join_next() {
            self.note_task_end(done);
        }
        self.tasks.shutdown().await;
        self.writer.stop_retrying();
        let is_written = timeout(LONGEST_WAIT_FOR_THE_WRITER, self.write_the_rest())
            .await
            .is_ok();
        self.progress.finish();
        if is_written {
            return self.end();
        }
        let unwritten = Some(self.unwritten());
        RunEnd::Stopped {
            reason: self.stop.unwrap_or(StopReason::Panicked),
            unwritten,
        }
    }

    /// Ends the run. After a failed exchange, the writer has no ledger to return.
    fn end(mut self) -> RunEnd {
        if let Some(ledger) = self.writer.close() {
            return RunEnd::new(ledger, self.stop);
        }
        let outcomes = self.unwritten();
        let error = self.failure.unwrap_or_else(LedgerError::writer_gone);
        RunEnd::Stopped {
            reason: StopReason::LedgerFailed { error, outcomes },
            unwritten: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs::File;
    use std::future::pending;

    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;
    use crate::base::output::{ProgressFormat, Stderr};
    use crate::jelou::api::{
        Client, ClientOptions, Credentials, Deadline, Roots, SuccessCriterion,
    };
    use crate::runs::ledger::fixture;

    /// Creates a session with a server that never answers.
    async fn session() -> (TcpListener, ApiSession) {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = ClientOptions {
            timeout: Duration::from_secs(60),
            roots: Roots::None,
            proxy: None,
        };
        let credentials =
            Credentials::new("id", &crate::base::secret::Secret::new("secret".to_owned()));
        let session = ApiSession {
            client: Client::new(&options).unwrap(),
            credentials,
            base: format!("http://{}", server.local_addr().unwrap())
                .parse()
                .unwrap(),
            accepts: SuccessCriterion::MessageId,
        };
        (server, session)
    }

    #[tokio::test]
    async fn row_is_not_sent_after_its_deadline() {
        let home = tempfile::TempDir::new().unwrap();
        let run = fixture::make(&fixture::ledger(home.path()), &["593990000000"], 1.0);
        let mut row = run.pending_after(0, 1).unwrap().pop().unwrap();
        row.deadline = Some(Deadline::after(Duration::ZERO));
        let (server, session) = session().await;
        let request = session.request(&mut row).unwrap();
        let end = send_row(Arc::new(session), request, row).await;
        assert_eq!(
            (end.ended.state, end.ended.code),
            (RowState::Pending, Some("ledger"))
        );
        let (mut connection, _) = server.accept().await.unwrap();
        let mut received = Vec::new();
        connection.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, b"");
    }

    #[tokio::test]
    async fn panic_with_request_in_flight_stops_the_run() {
        let home = tempfile::TempDir::new().unwrap();
        let (reader, ledger) = fixture::sent(home.path(), &["593990000000", "593990000001"]);
        let (server, session) = session().await;
        let stderr = Stderr::default();
        let mut progress = Progress::new(&stderr, ProgressFormat::None);
        let limits = RunLimits {
            concurrency: 64,
            max_wait: Duration::ZERO,
            hours: None,
            zone: jiff::tz::TimeZone::UTC,
            keep_going: false,
        };
        let engine = Engine::new(
            Arc::new(session),
            ledger,
            reader.counts().unwrap(),
            limits,
            &|_| true,
            &mut progress,
        );
        let end = engine
            .run(async || {
                let _connection = server.accept().await.unwrap();
                panic!("a fault of our own");
            })
            .await;
        assert!(
            matches!(
                end,
                RunEnd::Stopped {
                    reason: StopReason::Panicked,
                    unwritten: None
                }
            ),
            "{end:?}"
        );
    }

    #[tokio::test]
    async fn rows_are_not_sent_after_a_stop() {
        for is_impatient in [false, true] {
            let home = tempfile::TempDir::new().unwrap();
            let (reader, ledger) = fixture::sent(home.path(), &fixture::people(0..3));
            // While another process writes, the ledger assigns no rows.
            let other = File::open(home.path().join("state.db-write")).unwrap();
            other.lock().unwrap();
            let (server, session) = session().await;
            let stderr = Stderr::default();
            let mut progress = Progress::new(&stderr, ProgressFormat::None);
            let limits = RunLimits {
                concurrency: 64,
                max_wait: Duration::ZERO,
                hours: None,
                zone: jiff::tz::TimeZone::UTC,
                keep_going: false,
            };
            let engine = Engine::new(
                Arc::new(session),
                ledger,
                reader.counts().unwrap(),
                limits,
                &|_| true,
                &mut progress,
            );
            let mut calls = 0;
            let end = engine
                .run(async || {
                    calls += 1;
                    match calls {
                        // The engine asks for no row before the first call.
                        1 => pending().await,
                        2 => Signal::Interrupt,
                        _ => {
                            let _ = other.unlock();
                            if is_impatient {
                                Signal::Interrupt
                            } else {
                                pending().await
                            }
                        }
                    }
                })
                .await;
            assert!(
                matches!(
                    end,
                    RunEnd::Stopped {
                        reason: StopReason::Signal(_),
                        unwritten: None
                    }
                ),
                "{end:?}"
            );
            assert_eq!(
                reader.counts().unwrap(),
                Counts {
                    pending: 3,
                    ..Counts::default()
                }
            );
            assert!(server.accept().now_or_never().is_none());
        }
    }

    #[tokio::test]
    async fn rows_wait_until_sending_hours_open() {
        let home = tempfile::TempDir::new().unwrap();
        let (reader, ledger) = fixture::sent(
            home.path(),
            &["593990000000", "593990000000", "593990000001"],
        );
        let (_server, session) = session().await;
        let stderr = Stderr::default();
        let mut progress = Progress::new(&stderr, ProgressFormat::None);
        let limits = RunLimits {
            concurrency: 64,
            max_wait: Duration::ZERO,
            hours: None,
            zone: jiff::tz::TimeZone::UTC,
            keep_going: false,
        };
        let mut engine = Engine::new(
            Arc::new(session),
            ledger,
            reader.counts().unwrap(),
            limits,
            &|_| true,
            &mut progress,
        );
        // A returned row does not let the next row of its recipient go first.
        for _ in 0..2 {
            engine.order(10, Instant::now());
            let exchanged = engine.writer.exchanged().await;
            let assigned: BTreeSet<_> = exchanged
                .as_ref()
                .unwrap()
                .rows
                .iter()
                .map(|row| row.index)
                .collect();
            assert_eq!(assigned, BTreeSet::from([1, 3]));
            engine.throttle.close();
            engine.handle_exchange(exchanged);
            assert_eq!((engine.tasks.len(), engine.finished.len()), (0, 2));
            engine.order(0, Instant::now());
            let exchanged = engine.writer.exchanged().await;
            engine.handle_exchange(exchanged);
            assert_eq!(
                reader.counts().unwrap(),
                Counts {
                    pending: 3,
                    ..Counts::default()
                }
            );
        }
    }
}
