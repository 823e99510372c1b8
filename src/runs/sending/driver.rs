//! Drives the engine of a run with tokio: a task for each request, a thread for the exchanges, signals and time. The thread
//! owns the ledger. During an exchange, the engine collects outcomes for the next one, so that many rows share one wait
//! for the disk.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use futures_util::FutureExt;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep_until;

use super::engine::{Engine, EngineAction, EngineInput};
use super::row_task::{ApiSession, RowTaskEnd, send_row};
use super::run_end::{RunEnd, StopReason};
use super::throttle::RunLimits;
use crate::base::clock;
use crate::base::message::msg;
use crate::base::output::Progress;
use crate::base::process::Signal;
use crate::jelou::api::{Problem, UrlsBelow};
use crate::runs::ledger::{
    Counts, DraftRequest, ExchangeOrder, ExchangeReply, LedgerError, PauseReason, RowState,
    RowToSend, Worker,
};

/// Whether the safety checks allow a request now, or why they cannot be made. The ledger or the rules may have changed
/// since they passed.
pub(crate) type RequestCheck<'a> = &'a dyn Fn(&DraftRequest<'_>) -> Result<bool, Problem>;

/// This process, while it sends a run.
pub(crate) struct Driver<'a> {
    engine: Engine,
    session: Arc<ApiSession>,
    urls: UrlsBelow,
    is_allowed: RequestCheck<'a>,
    writer: Writer,
    tasks: JoinSet<RowTaskEnd>,
    progress: &'a mut Progress<'a>,
}

impl<'a> Driver<'a> {
    /// Starts the run on `ledger`; `counts` has the number of rows in each state.
    pub(crate) fn new(
        session: Arc<ApiSession>,
        ledger: Worker,
        counts: Counts,
        limits: RunLimits,
        is_allowed: RequestCheck<'a>,
        progress: &'a mut Progress<'a>,
    ) -> Self {
        progress.begin(&counts.tally());
        Self {
            engine: Engine::new(counts, limits, clock::now()),
            urls: UrlsBelow::new(session.base.clone()),
            session,
            is_allowed,
            writer: Writer::start(ledger),
            tasks: JoinSet::new(),
            progress,
        }
    }

    /// Sends the run. `next_signal` waits for the next signal and takes priority.
    pub(crate) async fn run(mut self, mut next_signal: impl AsyncFnMut() -> Signal) -> RunEnd {
        let driven = AssertUnwindSafe(self.drive(&mut next_signal));
        match driven.catch_unwind().await {
            Ok(end) => end,
            // Before the first row, nothing can have been sent.
            Err(panic) if !self.engine.has_begun => resume_unwind(panic),
            Err(_) => {
                self.note_ended_tasks();
                self.handle(EngineInput::Panicked);
                self.drive(&mut next_signal).await
            }
        }
    }

    async fn drive(&mut self, next_signal: &mut impl AsyncFnMut() -> Signal) -> RunEnd {
        loop {
            match self.engine.next_action(clock::now()) {
                EngineAction::Exchange(order) => self.writer.order(order),
                EngineAction::Start(row) => self.start_row(row),
                EngineAction::Note(text) => self.progress.note(text),
                EngineAction::ShowWait(waiting) => self.progress.wait(waiting),
                EngineAction::Abandon => {
                    self.tasks.shutdown().await;
                    self.writer.stop_retrying();
                }
                EngineAction::Wait(until) => self.wait(until, next_signal).await,
                EngineAction::Close(stop) => {
                    self.finish_progress();
                    return match self.writer.close() {
                        Ok(ledger) => RunEnd::new(ledger, stop),
                        Err(error) => RunEnd::stopped(StopReason::ledger(error)),
                    };
                }
                EngineAction::End(end) => {
                    self.finish_progress();
                    return end;
                }
            }
        }
    }

    /// Waits for an input, at the latest until this time.
    async fn wait(
        &mut self,
        until: Option<Instant>,
        next_signal: &mut impl AsyncFnMut() -> Signal,
    ) {
        let tick = self.progress.due();
        // Then only the ledger may still answer.
        let is_abandoned = self.engine.gives_up_at.is_some();
        tokio::select! {
            biased;
            signal = next_signal(), if !is_abandoned => {
                self.note_ended_tasks();
                self.handle(EngineInput::Signal(signal));
            }
            exchanged = self.writer.exchanged(), if self.engine.is_ordered() => {
                self.handle(EngineInput::Exchanged(exchanged));
            }
            Some(done) = self.tasks.join_next(), if !self.tasks.is_empty() => self.note_task_end(done),
            () = sleep_until(until.unwrap_or(tick).into()), if until.is_some() => {}
            () = sleep_until(tick.into()), if !is_abandoned => self.show(),
        }
        self.note_ended_tasks();
    }

    fn handle(&mut self, input: EngineInput) {
        self.engine.handle(input, clock::now());
    }

    fn note_ended_tasks(&mut self) {
        while let Some(done) = self.tasks.try_join_next() {
            self.note_task_end(done);
        }
    }

    fn note_task_end(&mut self, done: Result<RowTaskEnd, JoinError>) {
        let Ok(end) = done else {
            return self.handle(EngineInput::RowPanicked);
        };
        let state = end.row.state;
        if let Some(problem) = &end.verdict.problem
            && state != RowState::Pending
        {
            self.progress
                .fault(end.row.line, &state.describe(), problem.message.clone());
        }
        self.handle(EngineInput::RowEnded(end));
    }

    /// Sends a row, unless a safety check refuses it now.
    fn start_row(&mut self, mut row: RowToSend) {
        let refusal = match (self.is_allowed)(&row.request()) {
            Ok(true) => None,
            // Before the run continues, its process skips excluded recipients and refuses the others.
            Ok(false) => Some((
                msg!("a safety check refused this message when it was due"),
                StopReason::MustRejoin,
            )),
            Err(problem) => Some((
                problem.message.clone(),
                StopReason::Paused(PauseReason::Configuration, problem),
            )),
        };
        if let Some((why, stop)) = refusal {
            self.handle(EngineInput::RowRefused { row, why, stop });
            return;
        }
        match self.session.request(&mut self.urls, &mut row) {
            Ok(request) => {
                let task = send_row(Arc::clone(&self.session), request, row);
                self.tasks.spawn(task);
            }
            Err(error) => {
                let why = error.message.clone();
                let stop = StopReason::ledger(error);
                self.handle(EngineInput::RowRefused { row, why, stop });
            }
        }
    }

    fn show(&mut self) {
        self.progress.show(&self.engine.tally());
    }

    fn finish_progress(&mut self) {
        if self.engine.gives_up_at.is_none() {
            self.show();
        }
        self.progress.finish();
    }
}

/// The engine's side of the thread.
pub(crate) struct Writer {
    /// The thread ends when this is dropped.
    orders: Sender<Arc<ExchangeOrder>>,
    exchanged: UnboundedReceiver<Result<ExchangeReply, LedgerError>>,
    /// The ledger, unless an exchange failed.
    end: Receiver<Worker>,
    /// Whether to stop retrying failed writes.
    is_abandoned: Arc<AtomicBool>,
}

impl Writer {
    pub(crate) fn start(mut ledger: Worker) -> Self {
        let (orders, receiver) = channel::<Arc<ExchangeOrder>>();
        let (answers, exchanged) = unbounded_channel();
        let (at_end, end) = channel();
        let is_abandoned = Arc::new(AtomicBool::new(false));
        ledger.stop_retrying_once(Arc::clone(&is_abandoned));
        // Sends may fail: after an immediate exit, no one reads the answers. If the thread does not start, no answer
        // comes, and the engine sees that as an error.
        let _ = thread::Builder::new().spawn(move || {
            for order in receiver {
                let exchanged = ledger.exchange(&order);
                let has_failed = exchanged.is_err();
                let _ = answers.send(exchanged);
                if has_failed {
                    // After an error, the ledger must not be used.
                    return;
                }
            }
            let _ = at_end.send(ledger);
        });
        Self {
            orders,
            exchanged,
            end,
            is_abandoned,
        }
    }

    /// Asks for an exchange; [`Writer::exchanged`] returns its result.
    pub(crate) fn order(&self, order: Arc<ExchangeOrder>) {
        // If the thread has ended, the engine still has the outcomes.
        let _ = self.orders.send(order);
    }

    /// Waits for the result of the next exchange. An error ends the exchanges.
    async fn exchanged(&mut self) -> Result<ExchangeReply, LedgerError> {
        self.exchanged
            .recv()
            .await
            .unwrap_or_else(|| Err(LedgerError::writer_gone()))
    }

    /// Stops retrying failed writes, for an immediate exit.
    fn stop_retrying(&self) {
        self.is_abandoned.store(true, Ordering::SeqCst);
    }

    /// Ends the thread after all its orders. Returns the ledger, unless an exchange failed.
    pub(crate) fn close(&mut self) -> Result<Worker, LedgerError> {
        self.orders = channel().0;
        self.end.recv().map_err(|_| LedgerError::writer_gone())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::future::pending;
    use std::time::Duration;

    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;
    use crate::base::output::{ProgressFormat, Stderr};
    use crate::jelou::api::{
        Client, ClientOptions, Credentials, Deadline, Roots, SuccessCriterion,
    };
    use crate::runs::hours::SendingHours;
    use crate::runs::ledger::{Run, fixture};

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

    /// Sends the rows of `run`.
    async fn send(
        session: ApiSession,
        ledger: Worker,
        run: &Run,
        next_signal: impl AsyncFnMut() -> Signal,
    ) -> RunEnd {
        let stderr = Stderr::default();
        let mut progress = Progress::new(&stderr, ProgressFormat::None);
        let limits = RunLimits {
            concurrency: 64,
            max_wait: Duration::ZERO,
            hours: SendingHours::default(),
            zone: jiff::tz::TimeZone::UTC,
            keep_going: false,
        };
        let counts = run.counts().unwrap();
        let session = Arc::new(session);
        Driver::new(
            session,
            ledger,
            counts,
            limits,
            &|_| Ok(true),
            &mut progress,
        )
        .run(next_signal)
        .await
    }

    #[tokio::test]
    async fn row_is_not_sent_after_its_deadline() {
        let home = tempfile::TempDir::new().unwrap();
        let run = fixture::make(&fixture::ledger(home.path()), &["593990000000"], 1.0);
        let mut row = run.pending_after(0, 1).unwrap().pop().unwrap();
        row.deadline = Some(Deadline::after(Duration::ZERO));
        let (server, session) = session().await;
        let mut urls = UrlsBelow::new(session.base.clone());
        let request = session.request(&mut urls, &mut row).unwrap();
        let end = send_row(Arc::new(session), request, row).await;
        assert_eq!(
            (end.row.state, end.row.code),
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
        let end = send(session, ledger, &reader, async || {
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
            let mut calls = 0;
            let end = send(session, ledger, &reader, async || {
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
}
