//! A process that sends a run: it drives the real engine of `runs/sending/`, as `driver.rs` there does with tokio. It
//! makes the exchanges with the ledger, and sends the rows to the server.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::actors::expect_explained;
use super::late_exchange::LateExchange;
use super::server::{Message, Verdict};
use super::world::{SECOND, log, world};
use crate::base::clock;
use crate::base::process::Signal;
use crate::jelou::api::{self, Cause, Deadline, Outcome, PAIR_RATE_LIMIT, Problem};
use crate::runs::hours::SendingHours;
use crate::runs::ledger::error::LedgerErrorKind;
use crate::runs::ledger::model::{Counts, RowState};
use crate::runs::ledger::run::Run;
use crate::runs::ledger::types::{ExchangeOrder, ExchangeReply, RowToSend};
use crate::runs::ledger::worker::Worker;
use crate::runs::sending::{
    Engine, EngineAction, EngineInput, RowTaskEnd, RunEnd, RunLimits, StopReason,
};

/// The limit of requests in flight of one process.
const MAX_TASKS: usize = 3;
/// How long a run continues during a rate limit or a network outage.
const MAX_WAIT: Duration = Duration::from_secs(900);
/// A process fails after the database was unreachable for this long.
const MAX_OUTAGE: i64 = 300 * SECOND;

/// A row that was started.
struct Task {
    row: RowToSend,
    progress: Progress,
    /// The number of restores when it was assigned.
    restores: u32,
}

#[derive(Clone, Copy)]
enum Progress {
    Started,
    /// The deadline was checked. The next step sends the request.
    AtTheSocket,
    InFlight(usize),
}

pub(super) struct Driver {
    run: Run,
    is_keyed: bool,
    engine: Engine,
    /// None after it has closed the ledger.
    worker: Option<Worker>,
    worker_id: i64,
    /// The exchange that the ledger has not answered.
    order: Option<Arc<ExchangeOrder>>,
    failing_since: Option<i64>,
    tasks: Vec<Task>,
    /// The rows of this process without an outcome in the ledger.
    held: BTreeSet<i64>,
    /// The time until which the engine waits for an input.
    waits_until: Option<Instant>,
    /// Whether a row of this process was accepted, rejected or unknown. Before that, only one may be in flight.
    has_outcome: bool,
    /// Why no row may start any more.
    stopped_by: Option<&'static str>,
    is_abandoned: bool,
    /// The number of restores when the process joined.
    restores: u32,
}

impl Driver {
    pub(super) fn new(run: Run, is_keyed: bool, worker: Worker, counts: Counts) -> Self {
        let limits = RunLimits {
            concurrency: MAX_TASKS,
            max_wait: MAX_WAIT,
            hours: SendingHours::default(),
            zone: jiff::tz::TimeZone::UTC,
            keep_going: false,
        };
        Self {
            run,
            is_keyed,
            engine: Engine::new(counts, limits, clock::now()),
            worker_id: worker.id(),
            worker: Some(worker),
            order: None,
            failing_since: None,
            tasks: Vec::new(),
            held: BTreeSet::new(),
            waits_until: None,
            has_outcome: false,
            stopped_by: None,
            is_abandoned: false,
            restores: world(|world| world.server.restores),
        }
    }

    pub(super) fn has_tasks(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Returns when it continues, if it only waits.
    pub(super) fn waits_until(&self) -> Option<Instant> {
        let is_idle = self.tasks.is_empty() && self.order.is_none();
        self.waits_until.filter(|_| is_idle)
    }

    /// The user presses Ctrl-C.
    pub(super) fn interrupt(&mut self) {
        self.handle(EngineInput::Signal(Signal::Interrupt));
        self.stopped_by.get_or_insert("a signal");
    }

    fn handle(&mut self, input: EngineInput) {
        self.engine.handle(input, clock::now());
    }

    /// Makes one step: signals may arrive, and a task continues, or the process exchanges outcomes for rows. Returns how
    /// the run has ended.
    pub(super) fn step(&mut self) -> Option<RunEnd> {
        self.draw_signals();
        let exchanges = !self.continue_some_task();
        if exchanges && self.order.is_none() {
            self.wait();
        }
        let mut end = self.act();
        if exchanges && let Some(order) = self.order.take() {
            self.exchange(order);
            end = self.act();
        }
        if let Some(end) = &end {
            self.check_reported(end);
        }
        end
    }

    /// Draws whether the user presses Ctrl-C once, or twice. After the second time, the process takes no more signals.
    fn draw_signals(&mut self) {
        let may_arrive = !self.is_abandoned && !world(|world| world.is_ending);
        if may_arrive && world(|world| world.rng.u8(0..175) == 0) {
            self.interrupt();
            if world(|world| world.rng.bool()) {
                self.interrupt();
            }
        }
    }

    /// Lets time pass until the engine continues, but only a moment if something else may happen.
    fn wait(&self) {
        let until = self.waits_until.unwrap_or_else(clock::instant);
        let wait = until.saturating_duration_since(clock::instant());
        let is_busy = world(|world| world.depth > 0) || self.has_tasks();
        let longest = Duration::from_millis(if is_busy { 20 } else { 500 });
        let wait = wait.min(longest).as_millis();
        world(|world| world.advance(1 + i64::try_from(wait).expect("a wait is short")));
    }

    /// Carries out the actions of the engine until it waits.
    fn act(&mut self) -> Option<RunEnd> {
        loop {
            let mut action = self.engine.next_action(clock::now());
            if let Some(mutation) = world(|world| world.mutation) {
                (mutation.change_engine)(&mut self.engine, &mut action);
            }
            match action {
                EngineAction::Exchange(order) => self.order = Some(order),
                EngineAction::Start(row) => self.start(row),
                EngineAction::Note(text) => log(&format!("  {}: {text}", self.run.name())),
                EngineAction::ShowWait(_) => {}
                EngineAction::Abandon => self.abandon(),
                EngineAction::Wait(until) => {
                    self.waits_until = until;
                    return None;
                }
                EngineAction::Close(stop) => {
                    let worker = self.worker.take().expect("it closes the ledger once");
                    return Some(RunEnd::new(worker, stop));
                }
                EngineAction::End(end) => return Some(end),
            }
        }
    }

    fn start(&mut self, row: RowToSend) {
        let n = row.index;
        self.tasks.push(Task {
            row,
            progress: Progress::Started,
            restores: world(|world| world.server.restores),
        });
        let tasks = self.tasks.len();
        let max = if self.has_outcome { MAX_TASKS } else { 1 };
        world(|world| {
            if let Some(reason) = self.stopped_by {
                world.add_violation(format!("stop: row {n} starts after {reason}"));
            }
            if tasks > max {
                world.add_violation(format!(
                    "pace: {tasks} rows are in flight, but {max} may be"
                ));
            }
        });
    }

    /// Drops the requests in flight.
    fn abandon(&mut self) {
        let id = world(|world| world.current);
        log(&format!("{id} ends at once"));
        world(|world| world.note_sudden_end(id));
        self.is_abandoned = true;
        for task in self.tasks.drain(..) {
            self.held.remove(&task.row.index);
        }
    }

    /// Checks that every row that ended has its outcome in the ledger, or in the report of the run's end.
    fn check_reported(&self, end: &RunEnd) {
        let reported = match end {
            RunEnd::Stopped {
                reason: StopReason::LedgerFailed { outcomes, .. },
                ..
            }
            | RunEnd::Stopped {
                unwritten: Some(outcomes),
                ..
            } => outcomes.as_slice(),
            RunEnd::Complete | RunEnd::Stopped { .. } => &[],
        };
        for row in &self.held {
            if reported.iter().all(|outcome| outcome.index != *row) {
                let text = format!("lost: nobody learns the outcome of row {row}");
                world(|world| world.add_violation(text));
            }
        }
    }

    /// Writes the outcomes, and asks for rows.
    fn exchange(&mut self, order: Arc<ExchangeOrder>) {
        let run = self.run.id;
        let (is_late, may_send) = world(|world| {
            let time_of_day = world.time_of_day();
            let is_late = world.checker.is_lease_over(self.worker_id, time_of_day);
            (is_late, world.checker.may_send(run))
        });
        let clock_jumps = world(|world| world.clock_jumps);
        let worker = self.worker.as_mut().expect("it closes the ledger last");
        let reply = worker.exchange_within(Duration::ZERO, &order);
        match reply {
            Ok(reply) => {
                let has_rows = !reply.rows.is_empty();
                world(|world| {
                    let is_certain = world.is_shared && world.clock_jumps == clock_jumps;
                    if has_rows && is_late && is_certain {
                        world.add_violation("late: a lost process gets rows".to_owned());
                    }
                    // Another actor may pause the run before or after the commit of the exchange.
                    if has_rows && !may_send && !world.checker.may_send(run) {
                        world.add_violation(format!("paused: rows of run {run} are assigned"));
                    }
                });
                self.receive(&order, reply, is_late);
            }
            Err(error) if error.kind == LedgerErrorKind::Gone && self.is_patient() => {
                self.wait_for_ledger(order);
            }
            Err(error) => {
                world(|world| world.unclean.insert(world.current));
                self.stopped_by.get_or_insert("a failed exchange");
                self.handle(EngineInput::Exchanged(Err(error)));
            }
        }
    }

    /// Receives the reply of an exchange.
    fn receive(&mut self, order: &ExchangeOrder, reply: ExchangeReply, is_late: bool) {
        self.failing_since = None;
        for row in &order.finished {
            self.held.remove(&row.index);
        }
        self.held.extend(reply.rows.iter().map(|row| row.index));
        self.log_exchange(order, &reply);
        self.check_exchange(order);
        let id = world(|world| world.current);
        if reply.was_lost && (is_late || self.stopped_by.is_none()) {
            log(&format!("{id} seemed lost"));
            world(|world| {
                world.count("was lost");
                world.unclean.insert(id);
            });
        }
        if reply.was_lost {
            self.stopped_by.get_or_insert("it seemed lost");
        }
        if reply.pause.is_some() {
            self.stopped_by.get_or_insert("a pause");
        }
        if let Some(problem) = &reply.problem {
            expect_explained(problem);
            self.stopped_by.get_or_insert("an error of the ledger");
        }
        self.handle(EngineInput::Exchanged(Ok(reply)));
    }

    fn log_exchange(&self, order: &ExchangeOrder, reply: &ExchangeReply) {
        if reply.rows.is_empty() && order.finished.is_empty() {
            return;
        }
        let id = world(|world| world.current);
        let rows: Vec<_> = reply.rows.iter().map(|row| row.index).collect();
        let written = order.finished.len();
        log(&format!(
            "{id} {}: {written} outcomes written, rows {rows:?} assigned",
            self.run.name()
        ));
    }

    /// Checks that the ledger has the outcomes, and no row in flight that the process does not have.
    fn check_exchange(&self, order: &ExchangeOrder) {
        world(|world| {
            let found = world.checker.check_inflight(self.worker_id, &self.held);
            if let Some(text) = found.filter(|_| !self.is_abandoned) {
                world.add_violation(text);
            }
            if world.server.restores > self.restores {
                // The restored ledger may lack the rows.
                return;
            }
            let has_true_clock = world.clock_jumps == 0;
            let rate = world.list(self.run.name()).rate;
            let found = world.checker.check_pace(self.run.id, rate);
            if let Some(text) = found.filter(|_| has_true_clock) {
                world.add_violation(text);
            }
            for outcome in &order.finished {
                let checker = &world.checker;
                let found = checker.check_outcome(self.run.id, outcome, has_true_clock);
                if let Some(text) = found {
                    world.add_violation(text);
                }
            }
        });
    }

    /// Returns whether a failed exchange is repeated.
    fn is_patient(&mut self) -> bool {
        let now = world(|world| world.now);
        let since = *self.failing_since.get_or_insert(now);
        !self.is_abandoned && now - since <= MAX_OUTAGE
    }

    /// After a lost connection, the process repeats the exchange later. The first one may also arrive late.
    fn wait_for_ledger(&mut self, order: Arc<ExchangeOrder>) {
        let name = self.run.name();
        let arrives_late = world(|world| {
            let id = world.current;
            world.log(&format!("{id} {name}: the ledger is unreachable"));
            world.late_exchanges.len() < 3 && world.rng.bool() && id != 0
        });
        if arrives_late && let Some(worker) = &self.worker {
            LateExchange::add(worker, Arc::clone(&order));
        }
        self.order = Some(order);
        world(|world| {
            let wait = match world.rng.u8(0..6) {
                0..3 => world.rng.i64(2 * SECOND..15 * SECOND),
                3 => world.rng.i64(60 * SECOND..100 * SECOND),
                _ => 0,
            };
            if !world.is_ending && wait > 0 {
                world.suspend_current(wait);
            }
            world.advance(50);
        });
    }

    fn can_continue(&self, index: usize) -> bool {
        match self.tasks[index].progress {
            Progress::Started | Progress::AtTheSocket => true,
            Progress::InFlight(request) => {
                world(|world| world.server.outcome(request, world.now).is_some())
            }
        }
    }

    /// Draws whether a task makes its next step: it sends its request, or receives the outcome.
    fn continue_some_task(&mut self) -> bool {
        let mut ready: Vec<_> = (0..self.tasks.len())
            .filter(|index| self.can_continue(*index))
            .collect();
        let drawn = world(|world| world.rng.usize(0..=ready.len() + 2));
        if drawn >= ready.len() {
            return false;
        }
        self.continue_task(ready.swap_remove(drawn));
        true
    }

    fn continue_task(&mut self, index: usize) {
        let Task { row, progress, .. } = &mut self.tasks[index];
        match *progress {
            Progress::Started if row.deadline.is_some_and(Deadline::is_over) => {
                self.end_task(index, RowTaskEnd::after_lease);
            }
            Progress::Started if world(|world| world.profile().has_gap_at_the_socket) => {
                let key = (self.run.id, row.index);
                world(|world| world.at_the_socket.insert(key, world.current));
                *progress = Progress::AtTheSocket;
            }
            Progress::Started | Progress::AtTheSocket => self.send_request(index),
            Progress::InFlight(request) => {
                let verdict = world(|world| world.server.outcome(request, world.now));
                let verdict = verdict.expect("its outcome is known");
                self.end_task(index, |row| end_row(row, verdict));
            }
        }
    }

    fn send_request(&mut self, index: usize) {
        let Task { row, restores, .. } = &self.tasks[index];
        let key = (self.run.id, row.index);
        let request = world(|world| {
            world.at_the_socket.remove(&key);
            world.send(Message {
                recipient: row.recipient.clone(),
                text: format!("{} {}", row.path, row.body),
                row: Some(key),
                is_keyed: self.is_keyed,
                every: None,
                clock_error: world.current_clock_error,
                is_template: world.server.limit.is_some(),
                restores: *restores,
            })
        });
        match request {
            Some(request) => self.tasks[index].progress = Progress::InFlight(request),
            None => self.end_task(index, |row| end_row(row, Verdict::NoNetwork)),
        }
    }

    fn end_task(&mut self, index: usize, end: impl FnOnce(RowToSend) -> RowTaskEnd) {
        let task = self.tasks.remove(index);
        let end = end(task.row);
        self.has_outcome |= end.row.state != RowState::Pending;
        self.handle(EngineInput::RowEnded(end));
    }
}

/// Ends a row by the fate of its request, as `jelou/api/classify.rs` judges it.
fn end_row(row: RowToSend, fate: Verdict) -> RowTaskEnd {
    let outcome = match fate {
        Verdict::Accepted => Outcome::Sent {
            message_id: Some("m".to_owned()),
        },
        Verdict::Rejected => Outcome::NotSent(Cause::Rejected),
        Verdict::RateLimit | Verdict::PairLimit => Outcome::NotSent(Cause::Unavailable),
        Verdict::NoNetwork => Outcome::NotSent(Cause::Network),
        Verdict::AcceptedResponseLost | Verdict::Lost => Outcome::Unknown(None),
    };
    let is_pair_limit = fate == Verdict::PairLimit;
    let problem = (fate != Verdict::Accepted).then(|| Problem {
        api_code: is_pair_limit.then(|| PAIR_RATE_LIMIT.to_owned()),
        ..Problem::new(&outcome, format!("{fate:?}").as_str().into(), "".into())
    });
    let asked = match fate {
        Verdict::PairLimit => 6,
        _ => world(|world| world.rng.u64(0..10)),
    };
    let verdict = api::Verdict {
        outcome,
        problem,
        retry: Some(Duration::from_secs(asked)),
    };
    RowTaskEnd::new(row, Duration::ZERO, None, verdict)
}
