//! The loop of a process that sends a run, a model of `runs/sending/engine.rs`. It exchanges outcomes for rows with the
//! ledger, and sends the rows to the server.

use std::time::{Duration, Instant};

use super::actors::expect_explained;
use super::late_exchange::LateExchange;
use super::server::{Message, Verdict};
use super::world::{SECOND, log, world};
use crate::base::clock;
use crate::jelou::api::{Deadline, PAIR_RATE_LIMIT};
use crate::runs::ledger::error::LedgerErrorKind;
use crate::runs::ledger::fixture;
use crate::runs::ledger::model::RowState;
use crate::runs::ledger::run::Run;
use crate::runs::ledger::types::{AttemptResult, ExchangeReply, FinishedRow, RowToSend};
use crate::runs::ledger::worker::Worker;

/// The limit of requests in flight of one process.
const MAX_TASKS: usize = 3;
/// A process fails after the database was unreachable for this long.
const MAX_OUTAGE: i64 = 300 * SECOND;

/// A row that was assigned to this process.
struct Task {
    row: RowToSend,
    progress: Progress,
    /// The number of restores when it was assigned.
    restores: u32,
}

#[derive(Clone, Copy)]
enum Progress {
    Assigned,
    /// The deadline was checked. The next step sends the request.
    AtTheSocket,
    InFlight(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LoopState {
    Sends,
    Stops,
    /// The process seemed lost. It stops, and then joins again.
    JoinsAgain,
    /// The process reports no more outcomes.
    Failed,
}

pub(super) struct SendLoop {
    run: Run,
    is_keyed: bool,
    pub(super) worker: Worker,
    tasks: Vec<Task>,
    /// Outcomes that the ledger does not have yet.
    outcomes: Vec<FinishedRow>,
    /// The number of rows that an unanswered exchange asked for.
    wanted: Option<usize>,
    failing_since: Option<i64>,
    is_interrupted: bool,
    pub(super) state: LoopState,
    next: Option<Instant>,
    /// The number of restores when the process joined.
    restores: u32,
}

impl SendLoop {
    pub(super) fn new(run: Run, is_keyed: bool, worker: Worker) -> Self {
        Self {
            run,
            is_keyed,
            worker,
            tasks: Vec::new(),
            outcomes: Vec::new(),
            wanted: None,
            failing_since: None,
            is_interrupted: false,
            state: LoopState::Sends,
            next: Some(clock::instant()),
            restores: world(|world| world.server.restores),
        }
    }

    pub(super) fn has_tasks(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Returns when it continues, if it only waits.
    pub(super) fn waits_until(&self) -> Option<Instant> {
        let is_idle = self.tasks.is_empty() && self.outcomes.is_empty();
        self.next.filter(|_| is_idle && !self.is_stopping())
    }

    fn is_stopping(&self) -> bool {
        self.state != LoopState::Sends
    }

    fn stop(&mut self) {
        if self.state == LoopState::Sends {
            self.state = LoopState::Stops;
        }
    }

    /// Makes one step: a task continues, or the process exchanges outcomes for rows. Returns whether the loop has
    /// ended.
    pub(super) fn step(&mut self, is_interrupted: bool) -> bool {
        self.is_interrupted = is_interrupted;
        let is_written = self.outcomes.is_empty() && self.wanted.is_none();
        if self.tasks.is_empty() && self.is_stopping() && is_written {
            return true;
        }
        let ready: Vec<_> = (0..self.tasks.len())
            .filter(|index| self.can_continue(*index))
            .collect();
        let has_failed = self.state == LoopState::Failed;
        let exchanges = if has_failed { 0 } else { 2 };
        let drawn = world(|world| world.rng.usize(0..=ready.len() + exchanges));
        if let Some(index) = ready.get(drawn) {
            self.continue_task(*index);
        } else if has_failed {
            world(|world| world.advance(20));
        } else {
            self.draw_signal();
            self.exchange();
        }
        self.state == LoopState::Failed && self.tasks.is_empty()
    }

    /// Draws whether the user presses Ctrl-C once, or twice.
    fn draw_signal(&mut self) {
        if self.is_interrupted {
            self.state = LoopState::Stops;
        }
        if world(|world| world.is_ending) {
            return;
        }
        let id = world(|world| world.current);
        let drawn = world(|world| world.rng.u32(0..250));
        if drawn == 0 && !self.is_stopping() {
            log(&format!("{id} is interrupted"));
            self.stop();
        } else if drawn == 1 {
            log(&format!("{id} is interrupted twice, and ends at once"));
            self.stop();
            self.tasks.clear();
            world(|world| world.note_sudden_end(id));
        }
    }

    fn fail(&mut self) {
        self.state = LoopState::Failed;
        world(|world| world.unclean.insert(world.current));
    }

    /// Writes the outcomes, and asks for rows.
    fn exchange(&mut self) {
        let room = MAX_TASKS.saturating_sub(self.tasks.len());
        let is_due = self.next.is_some_and(|at| at <= clock::instant());
        let asks = !self.is_stopping() && is_due;
        let wanted = *self.wanted.get_or_insert(if asks { room } else { 0 });
        let run = self.run.id;
        let (is_late, may_send) = world(|world| {
            let time_of_day = world.time_of_day();
            let is_late = world.checker.is_lease_over(self.worker.id(), time_of_day);
            (is_late, world.checker.may_send(run))
        });
        let clock_jumps = world(|world| world.clock_jumps);
        let reply = self
            .worker
            .exchange_within(Duration::ZERO, &self.outcomes, &[], wanted);
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
                self.receive(reply);
            }
            Err(error) if error.kind == LedgerErrorKind::Gone => self.wait_for_ledger(wanted),
            Err(error) => {
                let id = world(|world| world.current);
                log(&format!("{id} {}: error: {error}", self.run.name()));
                expect_explained(&error);
                self.fail();
            }
        }
    }

    /// Receives the reply of an exchange.
    fn receive(&mut self, reply: ExchangeReply) {
        let id = world(|world| world.current);
        self.log_exchange(id, &reply);
        self.check_exchange(&reply);
        self.outcomes.clear();
        self.wanted = None;
        self.failing_since = None;
        self.next = reply.next.map(|(at, _)| at);
        for row in reply.rows {
            if self.is_stopping() {
                self.outcomes.push(retry_after(&row, Duration::ZERO));
            } else {
                self.tasks.push(Task {
                    row,
                    progress: Progress::Assigned,
                    restores: world(|world| world.server.restores),
                });
            }
        }
        if reply.was_lost {
            log(&format!("{id} seemed lost"));
            self.state = if self.is_interrupted {
                LoopState::Stops
            } else {
                LoopState::JoinsAgain
            };
            world(|world| {
                world.count("was lost");
                world.unclean.insert(id);
            });
        }
        if let Some(problem) = reply.problem {
            world(|world| world.add_violation(format!("problem: {problem}")));
        }
        if reply.pause.is_some() || self.worker.is_complete() {
            self.stop();
        }
        if self.tasks.is_empty() && self.outcomes.is_empty() && !self.is_stopping() {
            world(|world| world.advance(if world.depth > 0 { 1 } else { 100 }));
        }
    }

    fn log_exchange(&self, id: usize, reply: &ExchangeReply) {
        if reply.rows.is_empty() && self.outcomes.is_empty() {
            return;
        }
        let rows: Vec<_> = reply.rows.iter().map(|row| row.index).collect();
        let written = self.outcomes.len();
        log(&format!(
            "{id} {}: {written} outcomes written, rows {rows:?} assigned",
            self.run.name()
        ));
    }

    /// Checks that the ledger has the outcomes, and no row in flight that the process does not have.
    fn check_exchange(&self, reply: &ExchangeReply) {
        world(|world| {
            // A process that was interrupted twice has dropped its rows.
            if !self.is_stopping() {
                let assigned = reply.rows.iter().map(|row| row.index);
                let tasks = self.tasks.iter().map(|task| task.row.index);
                let own_rows = tasks.chain(assigned).collect();
                let found = world.checker.check_inflight(self.worker.id(), &own_rows);
                if let Some(text) = found {
                    world.add_violation(text);
                }
            }
            if world.server.restores > self.restores {
                // The restored ledger may lack the rows.
                return;
            }
            let has_true_clock = world.clock_jumps == 0;
            for outcome in &self.outcomes {
                let checker = &world.checker;
                let found = checker.check_outcome(self.run.id, &outcome.ended, has_true_clock);
                if let Some(text) = found {
                    world.add_violation(text);
                }
            }
        });
    }

    /// After a lost connection, the process repeats the exchange later. The first one may also arrive late.
    fn wait_for_ledger(&mut self, wanted: usize) {
        let now = world(|world| world.now);
        let since = *self.failing_since.get_or_insert(now);
        let name = self.run.name();
        let arrives_late = world(|world| {
            let id = world.current;
            world.log(&format!("{id} {name}: the ledger is unreachable"));
            world.late_exchanges.len() < 3 && world.rng.bool() && id != 0
        });
        if arrives_late {
            LateExchange::add(&self.worker, &self.outcomes, wanted);
        }
        world(|world| {
            let wait = match world.rng.u8(0..6) {
                0..3 => world.rng.i64(2 * SECOND..15 * SECOND),
                3 => world.rng.i64(60 * SECOND..100 * SECOND),
                _ => 0,
            };
            if !world.is_ending && wait > 0 {
                world.suspend_current(wait);
            }
        });
        if world(|world| world.now) - since > MAX_OUTAGE {
            self.fail();
        }
        world(|world| world.advance(50));
    }

    fn can_continue(&self, index: usize) -> bool {
        match self.tasks[index].progress {
            Progress::Assigned | Progress::AtTheSocket => true,
            Progress::InFlight(request) => {
                world(|world| world.server.outcome(request, world.now).is_some())
            }
        }
    }

    /// A task makes its next step: it sends its request, or receives the outcome.
    fn continue_task(&mut self, index: usize) {
        let row = &self.tasks[index].row;
        match self.tasks[index].progress {
            Progress::Assigned => {
                if row.deadline.is_some_and(Deadline::is_over) {
                    self.outcomes.push(retry_after(row, Duration::ZERO));
                    self.tasks.remove(index);
                } else if world(|world| world.profile().has_gap_at_the_socket) {
                    let key = (self.run.id, row.index);
                    world(|world| world.at_the_socket.insert(key, world.current));
                    self.tasks[index].progress = Progress::AtTheSocket;
                } else {
                    self.send_request(index);
                }
            }
            Progress::AtTheSocket => self.send_request(index),
            Progress::InFlight(request) => {
                let verdict = world(|world| world.server.outcome(request, world.now));
                let verdict = verdict.expect("its outcome is known");
                self.outcomes.push(finish_row(row, verdict));
                self.tasks.remove(index);
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
        if let Some(request) = request {
            self.tasks[index].progress = Progress::InFlight(request);
        } else {
            self.outcomes.push(retry_after(row, Duration::from_secs(2)));
            self.tasks.remove(index);
        }
    }
}

/// Creates the outcome of a row from the fate of its request.
fn finish_row(row: &RowToSend, verdict: Verdict) -> FinishedRow {
    match verdict {
        Verdict::Accepted => with_state(row, RowState::Sent),
        Verdict::Rejected => with_state(row, RowState::Failed),
        Verdict::RateLimit => {
            let wait = Duration::from_secs(world(|world| world.rng.u64(0..10)));
            let stops_all = world(|world| world.rng.bool());
            FinishedRow {
                slows: true,
                stopped_until: stops_all.then(|| clock::instant() + wait),
                ..retry_after(row, wait)
            }
        }
        Verdict::PairLimit => {
            let mut finished = retry_after(row, Duration::from_secs(6));
            finished.ended.api_code = Some(PAIR_RATE_LIMIT.to_owned());
            finished
        }
        Verdict::AcceptedResponseLost | Verdict::Lost | Verdict::NoNetwork => {
            with_state(row, RowState::Unknown)
        }
    }
}

/// Creates the outcome of a row that was not sent, and may be retried after this time.
fn retry_after(row: &RowToSend, wait: Duration) -> FinishedRow {
    FinishedRow {
        retry: Some(clock::instant() + wait),
        ..with_state(row, RowState::Pending)
    }
}

fn with_state(row: &RowToSend, state: RowState) -> FinishedRow {
    let time = clock::unix_millis();
    FinishedRow::new(
        AttemptResult {
            number: row.number,
            recipient: row.recipient.clone(),
            began_at: time,
            ended_at: time,
            message_id: (state == RowState::Sent).then(|| format!("m-{}", row.index)),
            ..fixture::ended(row.index, state)
        },
        clock::instant(),
    )
}
