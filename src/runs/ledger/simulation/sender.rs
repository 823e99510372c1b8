//! A process that sends a list: it makes the run, or resumes one, joins it, and then makes the steps of `run/engine.rs`, of
//! which this is a model: outcomes in, rows out, and what leaves is launched at the server.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::server::{MessageKind, Verdict};
use super::world::{Role, SECOND, TIMEOUT, World, expect_explained, log, open_ledger, world};
use crate::base::clock;
use crate::jelou::api::{Deadline, PAIR_RATE_LIMIT};
use crate::runs::import::DuplicatePolicy;
use crate::runs::ledger::comparing::{EarlierQuery, EarlierRuns};
use crate::runs::ledger::create_run::{CreatedRun, NewRun};
use crate::runs::ledger::draft::{DraftRow, LedgerDraft};
use crate::runs::ledger::error::{LedgerError, LedgerErrorKind};
use crate::runs::ledger::events::{PauseReason, RunPause};
use crate::runs::ledger::fixture;
use crate::runs::ledger::model::{Counts, RowState};
use crate::runs::ledger::name::RunName;
use crate::runs::ledger::open::Ledger;
use crate::runs::ledger::run::Run;
use crate::runs::ledger::types::{
    AttemptResult, ExchangeReply, FinishedRow, ResumeOptions, RowToSend, RunSettings,
};
use crate::runs::ledger::worker::{Joined, Worker};
use crate::runs::once::OnceScope;

/// How many requests a process has in flight at most.
const MAX_TASKS: usize = 3;
/// A process gives up when the ledger was away for this long.
const GIVES_UP_AFTER: i64 = 300 * SECOND;

/// A list that is to be sent.
#[derive(Clone, Debug)]
pub(super) struct ListPlan {
    /// Recipient and body of each row.
    pub(super) rows: Vec<(String, String)>,
    pub(super) is_keyed: bool,
    is_again: bool,
    skips_sent: bool,
    rate: f64,
}

impl ListPlan {
    fn describe(&self) -> String {
        let rows = self.rows.iter();
        let rows: Vec<_> = rows
            .map(|(recipient, body)| format!("{recipient} {body}"))
            .collect();
        let how = match self {
            Self { is_keyed: true, .. } => "under the key",
            Self { is_again: true, .. } => "sent again",
            Self {
                skips_sent: true, ..
            } => "skips what was sent",
            _ => "refused if it was sent",
        };
        format!("{}; {how}; {} a second", rows.join(", "), self.rate)
    }
}

/// An outcome that the ledger does not have yet.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    ended: AttemptResult,
    at: Instant,
    retry: Option<Instant>,
    slows: bool,
    stopped_until: Option<Instant>,
}

impl Outcome {
    fn new(row: &RowToSend, state: RowState) -> Self {
        let time = clock::unix_millis();
        let ended = AttemptResult {
            number: row.number,
            recipient: row.recipient.clone(),
            began_at: time,
            ended_at: time,
            message_id: (state == RowState::Sent).then(|| format!("m-{}", row.index)),
            ..fixture::ended(row.index, state)
        };
        Self {
            ended,
            at: clock::instant(),
            retry: None,
            slows: false,
            stopped_until: None,
        }
    }

    /// The row was not sent, and may be tried again after this time.
    fn retry_after(row: &RowToSend, wait: Duration) -> Self {
        Self {
            retry: Some(clock::instant() + wait),
            ..Self::new(row, RowState::Pending)
        }
    }

    fn settled(&self) -> FinishedRow {
        FinishedRow {
            at: self.at,
            retry: self.retry,
            slows: self.slows,
            stopped_until: self.stopped_until,
            ..FinishedRow::new(self.ended.clone())
        }
    }
}

fn settled_rows(outcomes: &[Outcome]) -> Vec<FinishedRow> {
    outcomes.iter().map(Outcome::settled).collect()
}

/// A row that was given to this process.
struct Task {
    row: RowToSend,
    progress: Progress,
}

#[derive(Clone, Copy)]
enum Progress {
    Given,
    /// Its deadline was checked; the next step sends it.
    AtTheSocket,
    InFlight(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The list is read and compared, and the question asked.
    Look,
    Make,
    /// A run is looked at before it is resumed or worked on.
    Prepare,
    Resume,
    Join,
    Send,
    Close,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a state of its own")]
pub(super) struct Sender {
    name: RunName,
    plan: Option<ListPlan>,
    phase: Phase,
    /// `bulk work`: it joins without resuming.
    only_works: bool,
    skips_sent: bool,
    has_answered: bool,
    ledger: Option<Ledger>,
    run: Option<Run>,
    draft: Option<LedgerDraft>,
    details: Option<RunSettings>,
    seen: Option<RunPause>,
    worker: Option<Worker>,
    tasks: Vec<Task>,
    outcomes: Vec<Outcome>,
    /// The number of rows of an exchange that is not answered yet.
    wanted: Option<usize>,
    failing_since: Option<i64>,
    is_stopping: bool,
    has_failed: bool,
    /// It was lost, and joins again.
    joins_again: bool,
    /// The user wants it to end.
    is_interrupted: bool,
    next: Option<Instant>,
}

/// The exchange of an older connection, which arrives late.
pub(super) struct LateExchange {
    worker: Worker,
    outcomes: Vec<Outcome>,
    wanted: usize,
}

/// The key of all lists and single sends.
pub(super) fn scope() -> OnceScope {
    let details = fixture::details();
    OnceScope {
        key: "november".parse().expect("it is a key"),
        bot: details.bot,
        address: details.api_url,
    }
}

fn earlier_runs() -> EarlierQuery {
    EarlierQuery {
        remember: Duration::MAX,
        ..fixture::earlier()
    }
}

/// How long a request takes at most.
fn timeout() -> Duration {
    Duration::from_millis(TIMEOUT.unsigned_abs())
}

/// Templates count for the limit, texts do not.
fn path(world: &World) -> &'static str {
    if world.server.limit.is_some() {
        "/v2/whatsapp/1/hsm"
    } else {
        "/v1/bots/1/messages"
    }
}

/// What `commands::bulk::earlier::compare` does.
fn compare(
    details: &RunSettings,
    known: &mut EarlierRuns<'_>,
    draft: &mut LedgerDraft,
) -> Result<(), LedgerError> {
    if let Some(key) = &details.conditions.once {
        known.find_claimed(draft, key, details.conditions.every)?;
        draft.skip_earlier(Some(key))?;
        draft.keep_one_per_recipient(|_, _| ())?;
    }
    let policy = DuplicatePolicy::new(&details.conditions);
    if policy == DuplicatePolicy::Meant {
        return Ok(());
    }
    known.compare(draft)?;
    if policy == DuplicatePolicy::LeftOut {
        return draft.skip_earlier(None);
    }
    if draft.earlier()?.is_empty() {
        Ok(())
    } else {
        Err(LedgerError::from_choice("an earlier run has these rows"))
    }
}

/// Whether rows that others have sent are skipped; None if they are sent again.
fn leaves_out_sent(details: &RunSettings) -> Option<bool> {
    match DuplicatePolicy::new(&details.conditions) {
        DuplicatePolicy::Meant => None,
        policy => Some(policy == DuplicatePolicy::LeftOut),
    }
}

fn draw_plan(world: &mut World) -> ListPlan {
    let profile = world.profile;
    let is_keyed = world.percent(profile.keyed_percent);
    let text = if is_keyed {
        9
    } else if profile.other_text_percent == 0 {
        0
    } else {
        world.rng.u8(0..2)
    };
    let mut rows = Vec::new();
    for _ in 0..world.rng.usize(profile.rows.clone()) {
        let is_other = !is_keyed && world.percent(profile.other_text_percent);
        let text = text + u8::from(is_other) * 3;
        rows.push((world.draw_recipient(), format!("{{\"text\":{text}}}")));
    }
    let is_again = !is_keyed && world.percent(profile.again_percent);
    let is_refusing = world.percent(profile.refusing_percent);
    ListPlan {
        rows,
        is_keyed,
        is_again,
        skips_sent: !is_keyed && !is_again && !is_refusing,
        rate: world.choose(profile.rates),
    }
}

/// Suspends the current process before it joins a run, half of the time if the profile says so. Others may send its rows meanwhile.
fn wait_before_join() {
    world(|world| {
        if world.profile.waits_before_join && world.rng.bool() {
            let wait = world.rng.i64(SECOND..20 * SECOND);
            world.suspend_current(wait);
        }
    });
}

impl Sender {
    /// A process comes that sends a new list, or a run that exists.
    pub(super) fn come(world: &mut World) {
        let may_make = world.names.len() < world.profile.max_lists;
        let mut runs = world.checker.open_runs();
        let makes = may_make && (runs.is_empty() || world.rng.u8(0..3) == 0);
        let sender = if makes {
            Self::with_new_list(world)
        } else if runs.is_empty() {
            return;
        } else {
            let name = runs.swap_remove(world.rng.usize(0..runs.len()));
            Self {
                only_works: world.rng.u8(0..3) == 0,
                skips_sent: world.rng.u8(0..3) > 0 || world.profile.refusing_percent == 0,
                has_answered: world.rng.bool(),
                ..Self::new(name, None)
            }
        };
        world.add_actor(Role::Sender(Box::new(sender)));
    }

    fn with_new_list(world: &mut World) -> Self {
        let name: RunName = format!("r{}", world.names.len())
            .parse()
            .expect("it is a name");
        let plan = draw_plan(world);
        if plan.is_again {
            let path = path(world);
            let texts: BTreeSet<_> = plan.rows.iter().collect();
            for (recipient, body) in texts {
                let whose = (recipient.clone(), format!("{path} {body}"));
                *world.server.allowed.entry(whose).or_insert(1) += 1;
            }
        }
        world.log(&format!("list {name}: {}", plan.describe()));
        world.names.push(name.clone());
        world.lists.insert(name.to_string(), plan.clone());
        Self::new(name, Some(plan))
    }

    /// A process that resumes a run, and skips what others have sent.
    pub(super) fn resuming(name: RunName) -> Self {
        Self {
            skips_sent: true,
            has_answered: true,
            ..Self::new(name, None)
        }
    }

    fn new(name: RunName, plan: Option<ListPlan>) -> Self {
        Self {
            name,
            phase: if plan.is_some() {
                Phase::Look
            } else {
                Phase::Prepare
            },
            plan,
            only_works: false,
            skips_sent: false,
            has_answered: false,
            ledger: None,
            run: None,
            draft: None,
            details: None,
            seen: None,
            worker: None,
            tasks: Vec::new(),
            outcomes: Vec::new(),
            wanted: None,
            failing_since: None,
            is_stopping: false,
            has_failed: false,
            joins_again: false,
            is_interrupted: false,
            next: None,
        }
    }

    /// The user presses Ctrl-C, and it ends as soon as it can.
    pub(super) fn interrupt(&mut self) {
        self.is_interrupted = true;
    }

    pub(super) fn has_tasks(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// When it has something to do, if it only waits.
    pub(super) fn waits_until(&self) -> Option<Instant> {
        let is_idle = self.worker.is_some() && self.tasks.is_empty() && self.outcomes.is_empty();
        self.next.filter(|_| is_idle && !self.is_stopping)
    }

    /// Makes one step. False once the process has ended.
    pub(super) fn step(&mut self) -> bool {
        if self.phase == Phase::Send {
            self.send();
            return !(self.has_failed && self.tasks.is_empty());
        }
        let phase = self.phase;
        let next = self.run_phase();
        let id = world(|world| world.current);
        match next {
            Ok(next) => {
                log(&format!("{id} {phase:?} {}", self.name));
                self.phase = next.unwrap_or(phase);
                if next == Some(Phase::Join) {
                    wait_before_join();
                }
                next.is_some()
            }
            Err(error) => {
                log(&format!("{id} {phase:?} {}: {error}", self.name));
                world(|world| world.unclean.insert(id));
                expect_explained(&error);
                false
            }
        }
    }

    fn run_phase(&mut self) -> Result<Option<Phase>, LedgerError> {
        match self.phase {
            Phase::Look => self.look(),
            Phase::Make => self.make(),
            Phase::Prepare => self.prepare(),
            Phase::Resume => self.resume(),
            Phase::Join => self.join(),
            Phase::Send => Ok(Some(Phase::Send)),
            Phase::Close => self.close(),
        }
    }

    fn look(&mut self) -> Result<Option<Phase>, LedgerError> {
        let plan = self.plan.as_ref().expect("it sends a new list");
        let ledger = open_ledger()?;
        let path = world(|world| path(world));
        let mut draft = LedgerDraft::create()?;
        for (line, (recipient, body)) in (2..).zip(&plan.rows) {
            draft.add(&[DraftRow {
                line,
                cells: "[]".to_owned(),
                request: Some([recipient.clone(), path.to_owned(), body.clone()]),
                skip: None,
            }])?;
        }
        draft.find_repeated()?;
        draft.duplicates(|_, _, _| ())?;
        let mut details = RunSettings {
            rate: plan.rate,
            remember: Duration::MAX,
            ..fixture::details()
        };
        details.conditions.again = plan.is_again;
        details.conditions.skip_sent = plan.skips_sent;
        details.conditions.once = plan.is_keyed.then(|| scope().key);
        details.conditions.per_day = world(|world| world.server.limit);
        ledger.known(&earlier_runs(), |known| {
            compare(&details, known, &mut draft)
        })?;
        if draft.to_be_sent() == 0 {
            return Ok(None);
        }
        self.ledger = Some(ledger);
        self.draft = Some(draft);
        self.details = Some(details);
        Ok(Some(Phase::Make))
    }

    fn make(&mut self) -> Result<Option<Phase>, LedgerError> {
        let ledger = self.ledger.as_ref().expect("it has looked");
        let mut draft = self.draft.take().expect("it has looked");
        let details = self.details.as_mut().expect("it has looked");
        let is_left = world(|world| world.percent(world.profile.left_percent));
        let is_imported = is_left || world(|world| world.percent(world.profile.imported_percent));
        let new = NewRun {
            name: &self.name,
            is_typed: true,
            draft: &mut draft,
            settings: details,
            earlier: &earlier_runs(),
            sends_with_timeout: Some(timeout()).filter(|_| !is_imported),
        };
        let created = ledger.create_run(new, |known, draft, details| {
            let are_recalled = draft.recall_awaited()?;
            compare(details, known, draft)?;
            if are_recalled && draft.freed()? > 0 {
                return Err(LedgerError::from_choice("others no longer send these rows"));
            }
            Ok::<_, LedgerError>(draft.to_be_sent() > 0)
        })?;
        let Some(CreatedRun { run, worker }) = created else {
            return Ok(None);
        };
        world(|world| world.count("lists"));
        if is_left {
            return Ok(None);
        }
        let counts = run.counts()?;
        self.run = Some(run);
        // An imported run is sent by a process that joins it, as `bulk work` does.
        Ok(Some(match worker {
            Some(worker) => self.begin(worker, counts),
            None => Phase::Join,
        }))
    }

    fn prepare(&mut self) -> Result<Option<Phase>, LedgerError> {
        let ledger = open_ledger()?;
        let run = ledger.run(&self.name)?;
        let mut details = run.details()?;
        let conditions = &mut details.conditions;
        let has_choice = conditions.once.is_none() && !conditions.again && !self.only_works;
        if self.skips_sent && has_choice {
            conditions.skip_sent = true;
        }
        self.seen = run.prepare()?;
        let is_stale = |pause: &RunPause| pause.reason == PauseReason::Stale;
        if self.only_works && self.seen.as_ref().is_some_and(is_stale) {
            return Ok(None);
        }
        if let Some(leaves_out) = leaves_out_sent(&details) {
            let found = run.compare(&details, leaves_out)?;
            if !found.is_empty() && !leaves_out {
                return Ok(None);
            }
        }
        self.ledger = Some(ledger);
        self.run = Some(run);
        self.details = Some(details);
        Ok(Some(if self.only_works {
            Phase::Join
        } else {
            Phase::Resume
        }))
    }

    fn resume(&mut self) -> Result<Option<Phase>, LedgerError> {
        let run = self.run.as_ref().expect("it is prepared");
        let details = self.details.as_ref().expect("it is prepared");
        let is_changed = run.details()?.conditions != details.conditions;
        let resumed = ResumeOptions {
            has_answered: self.has_answered,
            rate: None,
            conditions: is_changed.then_some(&details.conditions),
        };
        run.resume(self.seen.as_ref(), &resumed)?;
        Ok(Some(Phase::Join))
    }

    fn join(&mut self) -> Result<Option<Phase>, LedgerError> {
        let run = self.run.as_ref().expect("it is made or prepared");
        let details = self.details.as_ref().expect("it is made or prepared");
        let joined = run.join(timeout(), leaves_out_sent(details))?;
        let Joined::Sender { worker, counts } = joined else {
            return Ok(None);
        };
        Ok(Some(self.begin(*worker, counts)))
    }

    /// Begins to send, once it has joined.
    fn begin(&mut self, worker: Worker, counts: Counts) -> Phase {
        world(|world| {
            world.workers.insert(worker.id(), world.current);
            let rows = world.lists[&self.name.to_string()].rows.len();
            if counts.all() != rows as u64 {
                world.violate(format!("counts: {counts:?} are not {rows} rows"));
            }
        });
        self.worker = Some(worker);
        self.next = Some(clock::instant());
        self.is_stopping = false;
        self.wanted = None;
        Phase::Send
    }

    fn close(&mut self) -> Result<Option<Phase>, LedgerError> {
        let worker = self.worker.take().expect("it has joined");
        worker.close()?;
        let joins_again = std::mem::take(&mut self.joins_again);
        Ok(joins_again.then_some(Phase::Prepare))
    }

    /// One step of the loop of the engine: a request leaves, an outcome is heard, or an exchange is made.
    fn send(&mut self) {
        let is_written = self.outcomes.is_empty() && self.wanted.is_none();
        if self.tasks.is_empty() && self.is_stopping && (is_written || self.has_failed) {
            self.phase = Phase::Close;
            return;
        }
        let ready: Vec<_> = (0..self.tasks.len())
            .filter(|at| self.can_go_on(*at))
            .collect();
        let exchanges = if self.has_failed { 0 } else { 2 };
        let drawn = world(|world| world.rng.usize(0..=ready.len() + exchanges));
        if let Some(at) = ready.get(drawn) {
            self.go_on(*at);
        } else if self.has_failed {
            world(|world| world.advance(20));
        } else {
            self.hear_signal();
            self.exchange();
        }
    }

    fn can_go_on(&self, at: usize) -> bool {
        match self.tasks[at].progress {
            Progress::Given | Progress::AtTheSocket => true,
            Progress::InFlight(flight) => {
                world(|world| world.server.outcome(flight, world.now).is_some())
            }
        }
    }

    /// The user presses Ctrl-C, or twice.
    fn hear_signal(&mut self) {
        if self.is_interrupted {
            self.is_stopping = true;
            self.joins_again = false;
        }
        if world(|world| world.is_ending) {
            return;
        }
        let id = world(|world| world.current);
        let drawn = world(|world| world.rng.u32(0..250));
        if drawn == 0 && !self.is_stopping {
            log(&format!("{id} is interrupted"));
            self.is_stopping = true;
        } else if drawn == 1 {
            log(&format!("{id} is left at once"));
            self.is_stopping = true;
            self.tasks.clear();
            world(|world| {
                world.unclean.insert(id);
                world.at_the_socket.retain(|_, actor| *actor != id);
            });
        }
    }

    fn exchange(&mut self) {
        let room = MAX_TASKS.saturating_sub(self.tasks.len());
        let is_due = self.next.is_some_and(|at| at <= clock::instant());
        let asks = !self.is_stopping && is_due;
        let wanted = *self.wanted.get_or_insert(if asks { room } else { 0 });
        let worker = self.worker.as_mut().expect("it has joined");
        let was_late = world(|world| {
            let time_of_day = world.time_of_day();
            world.checker.is_lease_over(worker.id(), time_of_day)
        });
        let jumps = world(|world| world.clock_jumps);
        let run = self.run.as_ref().expect("it has joined").id;
        // Others may pause the run between the commit of the exchange and its end.
        let may_leave = world(|world| world.checker.may_leave(run));
        let settled = settled_rows(&self.outcomes);
        let reply = worker.exchange_within(Duration::ZERO, &settled, &[], wanted);
        match reply {
            Ok(reply) => {
                let is_certainly_late =
                    was_late && world(|world| world.is_shared && world.clock_jumps == jumps);
                if is_certainly_late && !reply.rows.is_empty() {
                    world(|world| {
                        world.violate("late: a process that was lost gets rows".to_owned());
                    });
                }
                world(|world| {
                    let may_leave = may_leave || world.checker.may_leave(run);
                    if !reply.rows.is_empty() && !may_leave {
                        world.violate(format!("paused: rows of run {run} leave"));
                    }
                });
                self.take(reply);
            }
            Err(error) if error.kind == LedgerErrorKind::Gone => self.wait_for_the_ledger(wanted),
            Err(error) => {
                let id = world(|world| world.current);
                log(&format!("{id} {}: {error}", self.name));
                expect_explained(&error);
                self.fail();
            }
        }
    }

    fn fail(&mut self) {
        self.has_failed = true;
        self.is_stopping = true;
        world(|world| world.unclean.insert(world.current));
    }

    /// Takes the reply of an exchange.
    fn take(&mut self, reply: ExchangeReply) {
        let id = world(|world| world.current);
        let run = self.run.as_ref().expect("it has joined").id;
        let worker = self.worker.as_ref().expect("it has joined");
        let given: Vec<_> = reply.rows.iter().map(|row| row.index).collect();
        if !given.is_empty() || !self.outcomes.is_empty() {
            let settled = self.outcomes.len();
            log(&format!(
                "{id} {}: {settled} settled, given {given:?}",
                self.name
            ));
        }
        world(|world| {
            // A process that was left at once has dropped its rows.
            if !self.is_stopping {
                let of_tasks = self.tasks.iter().map(|task| task.row.index);
                let held = of_tasks.chain(given.iter().copied()).collect();
                let found = world.checker.check_held(worker.id(), &held);
                if let Some(words) = found {
                    world.violate(words);
                }
            }
            for outcome in &self.outcomes {
                let Outcome { ended, .. } = outcome;
                let found = world.checker.check_told(run, ended, world.clock_jumps == 0);
                if let Some(words) = found {
                    world.violate(words);
                }
            }
        });
        self.outcomes.clear();
        self.wanted = None;
        self.failing_since = None;
        self.next = reply.next.map(|(at, _)| at);
        for row in reply.rows {
            if self.is_stopping {
                self.outcomes
                    .push(Outcome::retry_after(&row, Duration::ZERO));
            } else {
                self.tasks.push(Task {
                    row,
                    progress: Progress::Given,
                });
            }
        }
        if reply.was_lost {
            log(&format!("{id} was lost"));
            self.is_stopping = true;
            self.joins_again = !self.is_interrupted;
            world(|world| {
                world.count("was lost");
                world.unclean.insert(id);
            });
        }
        if let Some(problem) = reply.problem {
            world(|world| world.violate(format!("problem: {problem}")));
        }
        if reply.pause.is_some() || worker.is_complete() {
            self.is_stopping = true;
        }
        if self.tasks.is_empty() && self.outcomes.is_empty() && !self.is_stopping {
            world(|world| world.advance(if world.is_nested() { 1 } else { 100 }));
        }
    }

    /// The database is away, or its answer was lost: the exchange is made again later, and may also arrive late.
    fn wait_for_the_ledger(&mut self, wanted: usize) {
        let since = *self
            .failing_since
            .get_or_insert_with(|| world(|world| world.now));
        let arrives_late = world(|world| {
            world.log(&format!(
                "{} {}: the ledger is away",
                world.current, self.name
            ));
            world.late_exchanges.len() < 3 && world.rng.bool() && world.current != 0
        });
        if arrives_late {
            let worker = self.worker.as_ref().expect("it has joined");
            let before = world(|world| std::mem::take(&mut world.current));
            let twin = worker.late_twin();
            world(|world| {
                world.current = before;
                if let Ok(worker) = twin {
                    world.late_exchanges.push(LateExchange {
                        worker,
                        outcomes: self.outcomes.clone(),
                        wanted,
                    });
                }
            });
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
        if world(|world| world.now) - since > GIVES_UP_AFTER {
            self.fail();
        }
        world(|world| world.advance(50));
    }

    /// A task makes its next step: its request leaves, or its outcome is heard.
    fn go_on(&mut self, at: usize) {
        match self.tasks[at].progress {
            Progress::Given => {
                let row = &self.tasks[at].row;
                if row.deadline.is_some_and(Deadline::is_over) {
                    world(|world| world.count("too late to leave"));
                    self.outcomes
                        .push(Outcome::retry_after(row, Duration::ZERO));
                    self.tasks.remove(at);
                } else if world(|world| world.profile.has_gap_at_the_socket) {
                    let place = (self.run.as_ref().expect("it has joined").id, row.index);
                    world(|world| world.at_the_socket.insert(place, world.current));
                    self.tasks[at].progress = Progress::AtTheSocket;
                } else {
                    self.launch(at);
                }
            }
            Progress::AtTheSocket => self.launch(at),
            Progress::InFlight(flight) => {
                let verdict = world(|world| world.server.outcome(flight, world.now));
                let verdict = verdict.expect("its outcome is known");
                let task = self.tasks.remove(at);
                self.outcomes.push(judge(&task.row, verdict));
            }
        }
    }

    fn launch(&mut self, at: usize) {
        let row = &self.tasks[at].row;
        let details = self.details.as_ref().expect("it has joined");
        let place = (self.run.as_ref().expect("it has joined").id, row.index);
        let flight = world(|world| {
            world.at_the_socket.remove(&place);
            world.launch(MessageKind {
                recipient: row.recipient.clone(),
                text: format!("{} {}", row.path, row.body),
                row: Some(place),
                is_keyed: details.conditions.once.is_some(),
                every: None,
                clock_offset: world.current_offset,
                is_template: world.server.limit.is_some(),
            })
        });
        if let Some(flight) = flight {
            self.tasks[at].progress = Progress::InFlight(flight);
        } else {
            self.outcomes
                .push(Outcome::retry_after(row, Duration::from_secs(2)));
            self.tasks.remove(at);
        }
    }
}

/// What the process makes of an answer.
fn judge(row: &RowToSend, verdict: Verdict) -> Outcome {
    match verdict {
        Verdict::Accepted => Outcome::new(row, RowState::Sent),
        Verdict::Refused => Outcome::new(row, RowState::Failed),
        Verdict::RateLimit => {
            let wait = Duration::from_secs(world(|world| world.rng.u64(0..10)));
            let stops_all = world(|world| world.rng.bool());
            Outcome {
                slows: true,
                stopped_until: stops_all.then(|| clock::instant() + wait),
                ..Outcome::retry_after(row, wait)
            }
        }
        Verdict::PairLimit => {
            let mut outcome = Outcome::retry_after(row, Duration::from_secs(6));
            outcome.ended.api_code = Some(PAIR_RATE_LIMIT.to_owned());
            outcome
        }
        Verdict::AcceptedAnswerLost | Verdict::Lost | Verdict::NoNetwork => {
            Outcome::new(row, RowState::Unknown)
        }
    }
}

/// An exchange of an older connection arrives.
pub(super) fn run_late_exchange() {
    let arriving = world(|world| {
        let waiting = world.late_exchanges.len();
        (waiting > 0).then(|| {
            let at = world.rng.usize(0..waiting);
            world.late_exchanges.remove(at)
        })
    });
    let Some(mut late) = arriving else { return };
    let before = world(|world| std::mem::take(&mut world.current));
    let ignores_connection = world(|world| {
        world
            .mutation
            .is_some_and(|mutation| mutation.ignores_connection)
    });
    if ignores_connection
        && let Some(connection) = world(|world| world.checker.connection(late.worker.id()))
    {
        late.worker.set_connection(connection);
    }
    let settled = settled_rows(&late.outcomes);
    let arrived = late.worker.exchange_once(&settled, late.wanted);
    world(|world| {
        world.current = before;
        world.count("late exchanges");
        let end = match arrived {
            Ok(reply) => format!("{} rows", reply.rows.len()),
            Err(error) => error.to_string(),
        };
        world.log(&format!(
            "  a late exchange of {} arrives: {end}",
            late.worker.id()
        ));
    });
}
