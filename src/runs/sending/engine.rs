//! The engine of a run: a state machine that decides what a process that sends a run does next. Inputs and times go in,
//! actions come out. It makes no request, uses no ledger and reads no clock: `driver.rs` does this, and so does the
//! simulation of the ledger.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::row_task::RowTaskEnd;
use super::run_end::{RunEnd, StopReason, wait_event};
use super::throttle::{RunLimits, Throttle};
use crate::base::clock::Now;
use crate::base::message::{Message, msg};
use crate::base::output::{Tally, Waiting};
use crate::base::process::Signal;
use crate::jelou::api::Problem;
use crate::runs::ledger::{
    Counts, Delay, ExchangeOrder, ExchangeReply, FinishedRow, LedgerError, POLL_EVERY, PauseReason,
    RowState, RowToSend,
};

/// How long an immediate exit waits until the outcomes are written.
const LONGEST_WAIT_FOR_THE_WRITER: Duration = Duration::from_secs(2);

/// After a longer wait for the messaging limit, jelouctl reads the exclusion lists again.
const LONGEST_SHORT_WAIT: Duration = Duration::from_secs(60);

/// If the ledger takes longer than this to answer, jelouctl prints a note.
const LONGEST_SILENCE: Duration = Duration::from_secs(5);

/// What happened.
pub(crate) enum EngineInput {
    Signal(Signal),
    /// The ledger has answered [`EngineAction::Exchange`]. After an error, it must not be used.
    Exchanged(Result<ExchangeReply, LedgerError>),
    RowEnded(RowTaskEnd),
    /// The row was not started, and the run must stop.
    RowRefused {
        row: RowToSend,
        why: Message,
        stop: StopReason,
    },
    /// The task of a row panicked.
    RowPanicked,
    /// The driver panicked.
    Panicked,
}

/// What to do next.
pub(crate) enum EngineAction {
    Exchange(Arc<ExchangeOrder>),
    /// Send the row once. Its end is an input.
    Start(RowToSend),
    Note(Message),
    /// Show that the run waits, or that the wait has ended.
    ShowWait(Option<Waiting>),
    /// Abandon the requests in flight, and do not repeat a failed exchange.
    Abandon,
    /// Wait for the next input, at the latest until this time.
    Wait(Option<Instant>),
    /// Close the ledger, which has every outcome. Has the reason of an early stop.
    Close(Option<StopReason>),
    /// End without the ledger.
    End(RunEnd),
}

/// A run in progress.
pub(crate) struct Engine {
    /// The time of the newest input or action.
    now: Now,
    throttle: Throttle,
    /// What to do before the next decision.
    actions: VecDeque<EngineAction>,
    /// Rows from the ledger that are not started yet.
    assigned: VecDeque<RowToSend>,
    /// The number of rows that were started and have not ended.
    inflight: usize,
    /// What the next order reports.
    next_order: ExchangeOrder,
    /// The order in progress. The ledger may lack its outcomes, and after a failure, it does. The rows that it asks for may
    /// already be in flight in the ledger.
    order: Option<Arc<ExchangeOrder>>,
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
    /// Whether the run has waited long for the messaging limit.
    has_long_limit_wait: bool,
    /// Why the engine asks for no more rows; None while it does.
    stop: Option<StopReason>,
    /// Whether a signal arrived. The second one exits without waiting.
    is_signalled: bool,
    /// The time until which an immediate exit waits for the ledger.
    pub(super) gives_up_at: Option<Instant>,
    /// Whether the engine has asked for a row.
    pub(super) has_begun: bool,
}

impl Engine {
    /// Creates the engine of a run; `counts` has the number of rows in each state.
    pub(crate) fn new(counts: Counts, limits: RunLimits, now: Now) -> Self {
        Self {
            now,
            throttle: Throttle::new(limits, counts.sent > 0, now.instant),
            // A signal before the first row also stops that row.
            actions: VecDeque::from([EngineAction::Wait(Some(now.instant))]),
            assigned: VecDeque::new(),
            inflight: 0,
            next_order: ExchangeOrder::default(),
            order: None,
            batch_delay: Duration::ZERO,
            gathering_since: None,
            failure: None,
            ordered_at: now.instant,
            note_silence_at: None,
            // The first answer shows whether there is a row.
            next: Some((now.instant, Delay::Retry)),
            counts,
            has_long_limit_wait: false,
            stop: None,
            is_signalled: false,
            gives_up_at: None,
            has_begun: false,
        }
    }

    /// Returns whether an order waits for its answer.
    pub(crate) fn is_ordered(&self) -> bool {
        self.order.is_some() && self.failure.is_none()
    }

    /// Returns the rows by their outcome, as progress shows them.
    pub(crate) fn tally(&self) -> Tally {
        let own = self.inflight as u64;
        Tally {
            elsewhere: self.counts.inflight.saturating_sub(own),
            ..self.counts.tally()
        }
    }

    /// Returns what to do next. The engine sends until every row is final, something pauses the run, or a signal
    /// arrives. It finishes the rows in flight, unless a second signal arrives.
    pub(crate) fn next_action(&mut self, now: Now) -> EngineAction {
        self.now = now;
        loop {
            if let Some(action) = self.actions.pop_front() {
                return action;
            }
            // The input that follows from one row may stop the next ones.
            match self.assigned.pop_front() {
                Some(row) => self.start_row(row),
                None => self.decide(),
            }
        }
    }

    /// Records what happened.
    pub(crate) fn handle(&mut self, input: EngineInput, now: Now) {
        self.now = now;
        match input {
            EngineInput::Signal(signal) => self.handle_signal(signal),
            EngineInput::Exchanged(exchanged) => self.handle_exchange(exchanged),
            EngineInput::RowEnded(end) => self.note_outcome(end),
            EngineInput::RowRefused { row, why, stop } => {
                self.note_row_end();
                self.requeue_row(row, why);
                self.stop_for(stop);
            }
            EngineInput::RowPanicked => {
                self.note_row_end();
                self.counts.change(RowState::Inflight, RowState::Unknown);
                self.stop_for(StopReason::Panicked);
            }
            EngineInput::Panicked => {
                self.stop_for(StopReason::Panicked);
                self.abandon();
            }
        }
    }

    fn decide(&mut self) {
        if self.throttle.check_hours(self.now) {
            self.stop_for(StopReason::MustRejoin);
        }
        let now = self.now.instant;
        let next = self.next_at();
        let is_due = next.is_some_and(|at| at <= now);
        self.order(if is_due { self.room() } else { 0 });
        if next.is_none() && self.inflight == 0 && !self.is_ordered() {
            self.end();
        } else if self.gives_up_at.is_some_and(|at| at <= now) {
            self.give_up();
        } else {
            self.note_silence();
            let gathered_at = self.gathering_since.map(|since| since + self.batch_delay);
            let times = [
                next,
                self.polls_at(),
                gathered_at,
                self.note_silence_at,
                self.gives_up_at,
            ];
            let later = times.into_iter().flatten().filter(|at| *at > now).min();
            self.actions.push_back(EngineAction::Wait(later));
        }
    }

    /// Stops asking for rows; the second signal ends the run immediately.
    fn handle_signal(&mut self, signal: Signal) {
        if !self.is_signalled {
            self.is_signalled = true;
            self.note(msg!(
                "stopping: {in_flight}; press Ctrl-C again after a second to stop immediately",
                in_flight = self.describe_inflight()
            ));
            self.stop_for(StopReason::Signal(signal));
        } else if signal != Signal::Hangup {
            // A closing terminal delivers its signal twice, from the shell and from the system. The second one is not
            // the user's.
            self.abandon();
        }
    }

    /// Abandons the rows in flight, but not the outcomes of the finished rows.
    fn abandon(&mut self) {
        self.inflight = 0;
        self.gives_up_at = Some(self.now.instant + LONGEST_WAIT_FOR_THE_WRITER);
        self.actions.push_back(EngineAction::Abandon);
    }

    fn note(&mut self, text: Message) {
        self.actions.push_back(EngineAction::Note(text));
    }

    /// Returns how many rows the order in progress asks for.
    fn wanted(&self) -> usize {
        self.order.as_ref().map_or(0, |order| order.wanted)
    }

    /// Returns how many more rows may be in flight.
    fn room(&self) -> usize {
        let taken = self.inflight + self.wanted();
        self.throttle.allowance().saturating_sub(taken)
    }

    /// Returns when to ask for the next row, or None if there is no row or no room, or if an answer must arrive first.
    fn next_at(&mut self) -> Option<Instant> {
        let Some((at, delay)) = self.next.filter(|_| self.stop.is_none() && self.room() > 0) else {
            self.actions.push_back(EngineAction::ShowWait(None));
            return None;
        };
        let wait = self.throttle.wait(at, delay, self.now);
        let at_millis = self.now.unix_millis;
        let event = wait.as_ref().and_then(|wait| wait_event(wait, at_millis));
        self.next_order.events.extend(event);
        self.actions.push_back(EngineAction::ShowWait(wait));
        let at = at.max(self.throttle.ready_at());
        (at <= self.now.instant || self.wanted() == 0).then_some(at)
    }

    /// Returns when to contact the ledger even with nothing to report: others may have paused the run.
    fn polls_at(&self) -> Option<Instant> {
        (self.stop.is_none() && !self.is_ordered()).then(|| self.ordered_at + POLL_EVERY)
    }

    /// Notes once that the ledger does not answer.
    fn note_silence(&mut self) {
        let now = self.now.instant;
        if self.note_silence_at.take_if(|at| *at <= now).is_some() {
            self.note(msg!("waiting for the ledger, which has not answered for 5 s; jelouctl sends nothing new until it answers"));
        }
    }

    /// Reports the outcomes of rows and asks for more rows, after the answer to the previous order.
    fn order(&mut self, wanted: usize) {
        let now = self.now.instant;
        if self.order.is_some() {
            return;
        }
        self.next_order.wanted = wanted;
        if self.next_order.is_empty() && self.polls_at().is_none_or(|at| at > now) {
            return;
        }
        if !self.next_order.finished.is_empty() && self.inflight > 0 {
            let since = *self.gathering_since.get_or_insert(now);
            if now < since + self.batch_delay {
                return;
            }
        }
        self.ordered_at = now;
        self.note_silence_at = Some(now + LONGEST_SILENCE);
        self.gathering_since = None;
        self.has_begun |= wanted > 0;
        let order = Arc::new(std::mem::take(&mut self.next_order));
        self.order = Some(Arc::clone(&order));
        self.actions.push_back(EngineAction::Exchange(order));
    }

    /// Uses the answer to an order. After a failed exchange, the engine stops.
    fn handle_exchange(&mut self, exchanged: Result<ExchangeReply, LedgerError>) {
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
        let now = self.now;
        self.order = None;
        self.next = reply.next;
        self.batch_delay = reply.batch_delay;
        match reply.held_until {
            Some(until) => self.has_long_limit_wait |= until > now.instant + LONGEST_SHORT_WAIT,
            None if self.has_long_limit_wait => self.stop_for(StopReason::MustRejoin),
            None => {}
        }
        // Check the hours again: the ledger may have taken minutes to respond, or the machine may have slept.
        if self.throttle.check_hours(now) || reply.was_lost {
            self.stop_for(StopReason::MustRejoin);
        }
        self.assigned.extend(reply.rows);
        if let Some(error) = reply.problem {
            self.stop_for(StopReason::ledger(error));
        }
        if let Some(pause) = reply.pause {
            self.stop_for(StopReason::PausedByOthers(pause));
        }
        if let Some(counts) = reply.counts {
            self.counts = counts;
            // In the ledger, all assigned rows are in flight, and so are those that ended since the order.
            for _ in &self.assigned {
                self.counts.change(RowState::Inflight, RowState::Pending);
            }
            for row in &self.next_order.finished {
                self.counts.change(RowState::Inflight, row.state);
            }
        }
    }

    /// Starts a row from the ledger, or returns it after a stop.
    fn start_row(&mut self, row: RowToSend) {
        self.counts.change(RowState::Pending, RowState::Inflight);
        if self.stop.is_some() {
            let why = msg!("the run was stopped before this message was sent");
            self.requeue_row(row, why);
        } else if self.throttle.is_closed() {
            let why = msg!("the sending hours ended before this message was sent");
            self.requeue_row(row, why);
        } else {
            self.inflight += 1;
            self.actions.push_back(EngineAction::Start(row));
        }
    }

    fn note_row_end(&mut self) {
        self.inflight = self.inflight.saturating_sub(1);
    }

    /// Returns an unsent row to the ledger: it is pending again, and due if the run continues.
    fn requeue_row(&mut self, row: RowToSend, error: Message) {
        self.counts.change(RowState::Inflight, RowState::Pending);
        let returned = FinishedRow::not_begun(row, error);
        self.next_order.finished.push(returned);
    }

    /// Returns the outcomes of rows that the ledger may lack.
    fn unwritten(&self) -> Vec<FinishedRow> {
        let ordered = self.order.iter().flat_map(|order| &order.finished);
        let outcomes = ordered.chain(&self.next_order.finished);
        outcomes.cloned().collect()
    }

    /// Records the outcome of a row for the next order.
    fn note_outcome(&mut self, mut end: RowTaskEnd) {
        self.note_row_end();
        self.counts.change(RowState::Inflight, end.row.state);
        let pause = self.throttle.note(&end.verdict, &mut end.row, self.now);
        self.next_order.finished.push(end.row);
        if let Some(pause) = pause
            && let Some(problem) = end.verdict.problem
        {
            self.pause(pause, problem);
        }
    }

    /// Stops asking for rows; prints the reason immediately if requests are still in flight.
    fn pause(&mut self, reason: PauseReason, problem: Problem) {
        if self.stop.is_none() && self.inflight > 0 {
            self.note(msg!(
                "paused: {problem}; {in_flight}",
                problem = problem.message,
                in_flight = self.describe_inflight()
            ));
        }
        if reason.affects_all_senders() {
            self.next_order.pause = Some(reason);
        }
        self.stop_for(StopReason::Paused(reason, problem));
    }

    fn describe_inflight(&self) -> Message {
        match self.inflight {
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
            self.next_order.events.extend(reason.event());
            self.stop = Some(reason);
        }
    }

    /// Ends the run. After a failed exchange, the ledger cannot be closed.
    fn end(&mut self) {
        let stop = self.stop.take();
        self.actions.push_back(match self.failure.take() {
            None => EngineAction::Close(stop),
            Some(error) => EngineAction::End(RunEnd::stopped(StopReason::LedgerFailed {
                error,
                outcomes: self.unwritten(),
            })),
        });
    }

    /// Ends the run without an answer of the ledger.
    fn give_up(&mut self) {
        let reason = self.stop.take();
        self.actions.push_back(EngineAction::End(RunEnd::Stopped {
            reason: reason.unwrap_or(StopReason::Panicked),
            unwritten: Some(self.unwritten()),
        }));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::base::clock;
    use crate::runs::hours::SendingHours;
    use crate::runs::ledger::fixture;

    /// Faults for the simulation of the ledger.
    impl Engine {
        /// Starts a row again if another one is in flight.
        pub(crate) fn repeat(&mut self, row: &RowToSend) {
            if self.inflight == 2 {
                self.assigned.push_front(row.clone());
            }
        }

        pub(crate) fn lose_outcomes(&mut self) {
            self.next_order.finished.clear();
        }

        pub(crate) fn clear_stop(&mut self) {
            self.stop = None;
            self.next_order.events.clear();
        }
    }

    /// Returns the next exchange of the engine.
    fn next_order(engine: &mut Engine) -> Arc<ExchangeOrder> {
        loop {
            match engine.next_action(clock::now()) {
                EngineAction::Exchange(order) => return order,
                EngineAction::ShowWait(_) | EngineAction::Wait(_) => {}
                _ => panic!("the engine does nothing else"),
            }
        }
    }

    fn limits() -> RunLimits {
        RunLimits {
            concurrency: 64,
            max_wait: Duration::ZERO,
            hours: SendingHours::default(),
            zone: jiff::tz::TimeZone::UTC,
            keep_going: false,
        }
    }

    #[test]
    fn rows_of_other_processes_are_counted() {
        let home = tempfile::TempDir::new().unwrap();
        let (_, mut ledger) = fixture::sent(home.path(), &["593990000000", "593990000001"]);
        let pending = Counts {
            pending: 5,
            ..Counts::default()
        };
        let mut engine = Engine::new(pending, limits(), clock::now());
        engine.order(2);
        let order = next_order(&mut engine);
        let mut reply = ledger.exchange(&order).unwrap();
        assert_eq!(reply.rows.len(), 2);
        // Another process has the other three.
        let all_in_flight = Some(Counts {
            inflight: 5,
            ..Counts::default()
        });
        reply.counts = all_in_flight;
        engine.handle(EngineInput::Exchanged(Ok(reply)), clock::now());
        assert_eq!(engine.tally().elsewhere, 3);
        let mut started = Vec::new();
        while started.len() < 2 {
            if let EngineAction::Start(row) = engine.next_action(clock::now()) {
                started.push(row);
            }
        }
        assert_eq!(engine.tally().elsewhere, 3);
        // One row ends during an exchange that counts it as in flight.
        engine.order(1);
        let row = started.swap_remove(0);
        engine.counts.change(RowState::Inflight, RowState::Sent);
        engine.note_row_end();
        let ended = FinishedRow::new(row, RowState::Sent);
        engine.next_order.finished.push(ended);
        let reply = ExchangeReply {
            counts: all_in_flight,
            ..ExchangeReply::default()
        };
        engine.handle(EngineInput::Exchanged(Ok(reply)), clock::now());
        let tally = engine.tally();
        assert_eq!((tally.sent, tally.elsewhere), (1, 3));
    }

    #[test]
    fn rows_wait_until_sending_hours_open() {
        let home = tempfile::TempDir::new().unwrap();
        let (reader, mut ledger) = fixture::sent(
            home.path(),
            &["593990000000", "593990000000", "593990000001"],
        );
        let mut engine = Engine::new(reader.counts().unwrap(), limits(), clock::now());
        // A returned row does not let the next row of its recipient go first.
        for _ in 0..2 {
            engine.now = clock::now();
            engine.order(10);
            let order = next_order(&mut engine);
            let reply = ledger.exchange(&order).unwrap();
            let assigned: BTreeSet<_> = reply.rows.iter().map(|row| row.index).collect();
            assert_eq!(assigned, BTreeSet::from([1, 3]));
            engine.throttle.close();
            engine.handle(EngineInput::Exchanged(Ok(reply)), clock::now());
            let order = next_order(&mut engine);
            assert_eq!((order.wanted, order.finished.len()), (0, 2));
            let reply = ledger.exchange(&order).unwrap();
            engine.handle(EngineInput::Exchanged(Ok(reply)), clock::now());
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
