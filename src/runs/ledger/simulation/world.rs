//! The world of a simulation: its clock, its random numbers, its actors and its log. The scheduler lets one actor after
//! the other make a step. A world belongs to one thread.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::check::Checker;
use super::engine::{FaultRates, drop_killed, was_killed};
use super::mutants::Mutation;
use super::operator::Operator;
use super::profile::Profile;
use super::sender::{LateExchange, ListPlan, Sender};
use super::server::{MessageKind, Server, Truth};
use super::single::SingleSend;
use crate::base::clock::simulated::{self, ClockReading};
use crate::runs::ledger::comparing::FIRST_TIME;
use crate::runs::ledger::error::{LedgerError, LedgerErrorKind};
use crate::runs::ledger::name::RunName;
use crate::runs::ledger::open::{Ledger, LedgerLocation};

/// Times are in milliseconds since the simulation began.
pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;
/// The time limit of a request.
pub(super) const TIMEOUT: i64 = 30 * SECOND;
/// The time of day at which a simulation begins, in milliseconds since 1970.
const START: i64 = FIRST_TIME + 20 * DAY;
const MAX_ACTORS: usize = 5;
/// How many actors may run, each within an operation of the one before.
const MAX_DEPTH: usize = 3;

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

/// Runs `work` on the world of this thread. `work` must not open a ledger or run an actor, because these use the world
/// too.
pub(super) fn world<T>(work: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with_borrow_mut(|world| work(world.as_mut().expect("a simulation runs")))
}

/// Adds a line to the log.
pub(super) fn log(line: &str) {
    world(|world| world.log(line));
}

/// Begins a world on this thread.
pub(super) fn begin(new: World) {
    new.set_clocks();
    simulated::set_sleep(Some(sleep));
    WORLD.set(Some(new));
}

/// Ends the world of this thread.
pub(super) fn end() -> World {
    let ended = WORLD.take().expect("a simulation runs");
    simulated::set(None);
    simulated::set_sleep(None);
    ended
}

/// The role of an actor, with its progress.
pub(super) enum Role {
    Sender(Box<Sender>),
    Single(Box<SingleSend>),
    Operator(Box<Operator>),
}

/// A process, or the operator at a command.
pub(super) struct Actor {
    pub(super) id: usize,
    /// How far its clock is off from the clocks of the others.
    clock_offset: i64,
    /// Until when it is suspended.
    suspended_until: Cell<i64>,
    /// None once the actor has ended. It is borrowed while the actor makes a step.
    pub(super) role: RefCell<Option<Role>>,
}

pub(super) struct World {
    pub(super) home: PathBuf,
    pub(super) rng: fastrand::Rng,
    pub(super) profile: &'static Profile,
    pub(super) is_shared: bool,
    pub(super) faults: FaultRates,
    pub(super) mutation: Option<&'static Mutation>,
    /// True time since the beginning.
    pub(super) now: i64,
    /// How far the time of day is off, because the clock was set.
    clock_offset: i64,
    /// How often the clock was set.
    pub(super) clock_jumps: u64,
    /// How far the clocks of some processes are off from the other clocks; 0 if all clocks agree.
    wrong_clock: i64,
    /// How far the clock of the current actor is off.
    pub(super) current_offset: i64,
    began: Instant,
    /// Whether no other actor may run within the current step.
    pub(super) is_calm: bool,
    /// Whether the faults are over, so that every actor must end.
    pub(super) is_ending: bool,
    /// The current actor, which makes a step; 0 is the simulation itself.
    pub(super) current: usize,
    depth: usize,
    last_id: usize,
    pub(super) actors: Vec<Rc<Actor>>,
    pub(super) late_exchanges: Vec<LateExchange>,
    /// The actor of each worker in the ledger.
    pub(super) workers: BTreeMap<i64, usize>,
    /// Actors that were killed, failed or were lost. Their rows may be unknown without having left.
    pub(super) unclean: BTreeSet<usize>,
    /// Rows that have passed the check of their deadline and have not left, each with its actor.
    pub(super) at_the_socket: BTreeMap<(i64, i64), usize>,
    pub(super) server: Server,
    pub(super) checker: Checker,
    pub(super) names: Vec<RunName>,
    pub(super) lists: BTreeMap<String, ListPlan>,
    pub(super) violations: Vec<String>,
    pub(super) lines: Vec<String>,
    pub(super) steps: u64,
    pub(super) operations: u64,
    /// How often each event happened, by name. A test run must reach some of them.
    pub(super) events: BTreeMap<&'static str, u64>,
}

impl World {
    pub(super) fn new(home: PathBuf, seed: u64, profile: &'static Profile) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let is_shared = profile.is_shared.unwrap_or_else(|| rng.bool());
        let faults = profile.draw_faults(&mut rng);
        let has_limit = rng.u32(0..100) < profile.limit_percent;
        let limit = has_limit.then(|| rng.u32(1..4));
        let may_be_wrong = profile.wrong_clock_percent > 0 && !is_shared;
        let wrong_clock = if may_be_wrong && rng.bool() {
            rng.i64(-6 * HOUR..6 * HOUR)
        } else {
            0
        };
        let server = Server::new(profile.refused_percent, limit);
        Self {
            checker: Checker::new(&home),
            home,
            rng,
            profile,
            is_shared,
            faults,
            mutation: None,
            now: 0,
            clock_offset: 0,
            clock_jumps: 0,
            wrong_clock,
            current_offset: 0,
            began: Instant::now(),
            is_calm: false,
            is_ending: false,
            current: 0,
            depth: 0,
            last_id: 0,
            actors: Vec::new(),
            late_exchanges: Vec::new(),
            workers: BTreeMap::new(),
            unclean: BTreeSet::new(),
            at_the_socket: BTreeMap::new(),
            server,
            names: Vec::new(),
            lists: BTreeMap::new(),
            violations: Vec::new(),
            lines: Vec::new(),
            steps: 0,
            operations: 0,
            events: BTreeMap::new(),
        }
    }

    pub(super) fn log(&mut self, line: &str) {
        self.lines.push(format!("{:>9} {line}", self.now));
    }

    pub(super) fn count(&mut self, event: &'static str) {
        *self.events.entry(event).or_default() += 1;
    }

    /// Records a violation: something happened that must not.
    pub(super) fn violate(&mut self, words: String) {
        self.log(&format!("VIOLATION {words}"));
        self.violations.push(words);
    }

    fn set_clocks(&self) {
        let passed = Duration::from_millis(self.now.unsigned_abs());
        simulated::set(Some(ClockReading {
            unix_millis: self.time_of_day(),
            instant: self.began + passed,
            since_boot: passed,
        }));
    }

    /// The time by the clock of the current actor, in milliseconds since 1970.
    pub(super) fn time_of_day(&self) -> i64 {
        START + self.now + self.clock_offset + self.current_offset
    }

    /// Lets time pass.
    pub(super) fn advance(&mut self, by: i64) {
        self.now += by;
        self.set_clocks();
    }

    /// Sets the clock, as a user or a time server does.
    fn set_clock(&mut self, by: i64) {
        self.clock_offset += by;
        self.clock_jumps += 1;
        self.log(&format!("the clock is set by {by} ms"));
        self.set_clocks();
    }

    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.rng.u32(0..100) < percent
    }

    pub(super) fn choose<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.rng.usize(0..choices.len())]
    }

    pub(super) fn may_interleave(&self) -> bool {
        self.depth < MAX_DEPTH && !self.is_calm && self.current != 0
    }

    /// Whether this step runs within another one.
    pub(super) fn is_nested(&self) -> bool {
        self.depth > 0
    }

    pub(super) fn lives(&self, actor: usize) -> bool {
        self.actors.iter().any(|other| other.id == actor)
    }

    pub(super) fn draw_recipient(&mut self) -> String {
        let number = self.rng.u64(0..self.profile.recipients);
        format!("{}", 593_990_000_000 + number)
    }

    /// Sends a request, and returns its index. None if there is no network.
    pub(super) fn launch(&mut self, message: MessageKind) -> Option<usize> {
        let words = format!(
            "  to {}: {} of row {:?}",
            message.recipient, message.text, message.row
        );
        let flight = self.server.launch(message, &mut self.rng, self.now);
        let end = if flight.is_some() {
            "leaves"
        } else {
            "meets no network"
        };
        self.log(&format!("{words} {end}"));
        flight
    }

    /// Lets the server receive the requests that are due.
    pub(super) fn receive(&mut self) {
        let (events, violations) = self.server.receive(self.now);
        for line in events {
            self.count("accepted");
            self.log(&line);
        }
        for words in violations {
            self.violate(words);
        }
    }

    /// Looks up the message of a row. A row at the socket may still arrive.
    pub(super) fn truth(&self, row: (i64, i64)) -> Truth {
        let truth = self.server.truth(row);
        Truth {
            may_still_arrive: truth.may_still_arrive || self.at_the_socket.contains_key(&row),
            ..truth
        }
    }

    /// Checks the promises of the ledger.
    pub(super) fn check(&mut self) {
        let violations = self.checker.check(&self.server, &self.lists);
        for words in violations {
            self.violate(words);
        }
    }

    pub(super) fn add_actor(&mut self, role: Role) {
        self.last_id += 1;
        let may_be_wrong = self.wrong_clock != 0 && matches!(role, Role::Single(_));
        let is_wrong = may_be_wrong && self.percent(self.profile.wrong_clock_percent);
        let clock_offset = if is_wrong { self.wrong_clock } else { 0 };
        if is_wrong {
            let id = self.last_id;
            self.log(&format!("the clock of {id} is off by {clock_offset} ms"));
        }
        self.actors.push(Rc::new(Actor {
            id: self.last_id,
            clock_offset,
            suspended_until: Cell::new(0),
            role: RefCell::new(Some(role)),
        }));
    }

    /// Suspends the current actor after this step.
    pub(super) fn suspend_current(&mut self, time: i64) {
        let current = self.current;
        if let Some(actor) = self.actors.iter().find(|actor| actor.id == current) {
            actor.suspended_until.set(self.now + time);
        }
    }

    pub(super) fn forget_ended(&mut self) {
        let is_there =
            |actor: &Rc<Actor>| actor.role.try_borrow().is_err() || actor.role.borrow().is_some();
        self.actors.retain(is_there);
    }

    fn draw_actor(&mut self) -> Option<Rc<Actor>> {
        let now = self.now;
        let awake = self.actors.iter();
        let awake: Vec<_> = awake
            .filter(|actor| actor.suspended_until.get() <= now)
            .cloned()
            .collect();
        if awake.is_empty() {
            return None;
        }
        Some(Rc::clone(&awake[self.rng.usize(0..awake.len())]))
    }

    /// When something is due next.
    fn next_event(&self) -> Option<i64> {
        let wakes = self.actors.iter().map(|actor| actor.suspended_until.get());
        let arrival = self.server.next_arrival();
        let next = wakes.chain(arrival).filter(|at| *at > self.now);
        next.min()
    }

    /// Ends the faults, and interrupts the senders.
    pub(super) fn end_faults(&mut self) {
        self.faults = FaultRates::default();
        self.is_ending = true;
        self.late_exchanges.clear();
        for actor in &self.actors {
            actor.suspended_until.set(0);
            if let Some(Role::Sender(sender)) = &mut *actor.role.borrow_mut() {
                sender.interrupt();
            }
        }
        self.log("the faults end");
    }
}

/// Opens the ledger for the current actor.
pub(super) fn open_ledger() -> Result<Ledger, LedgerError> {
    let home = world(|world| world.home.clone());
    Ledger::open(LedgerLocation::Simulated(home), std::sync::Arc::new(|_| {}))
}

/// Records a violation if no fault explains the error.
pub(super) fn expect_explained(error: &LedgerError) {
    let words = error.to_string();
    let is_explained = match error.kind {
        LedgerErrorKind::Choice | LedgerErrorKind::InUse | LedgerErrorKind::Superseded => true,
        LedgerErrorKind::File => words.contains("database or disk is full"),
        LedgerErrorKind::Away | LedgerErrorKind::Gone => world(|world| world.is_shared),
        LedgerErrorKind::Unusable => [
            "may or may not exist",
            "simulated",
            "database or disk is full",
        ]
        .iter()
        .any(|explained| words.contains(explained)),
        _ => false,
    };
    if !is_explained {
        world(|world| world.violate(format!("error: {words} ({:?})", error.kind)));
    }
}

/// Simulates the sleep of a process: time passes, and others may run.
fn sleep(time: Duration) {
    let passed = i64::try_from(time.as_millis()).expect("a sleep is short");
    let may_interleave = world(|world| {
        world.advance(passed.max(1));
        world.may_interleave()
    });
    if may_interleave {
        interleave();
    }
}

/// Lets others make some steps within an operation of this actor.
pub(super) fn interleave() {
    let steps = world(|world| {
        world.depth += 1;
        world.count("interleaved");
        if world.rng.u8(0..8) == 0 {
            let by = world.rng.i64(10 * SECOND..200 * SECOND);
            world.advance(by);
        }
        world.rng.usize(1..6)
    });
    for _ in 0..steps {
        make_step();
    }
    world(|world| world.depth -= 1);
}

/// Runs one step of an actor, unless it is in the middle of a step.
pub(super) fn run_actor(actor: &Actor) {
    let Ok(mut place) = actor.role.try_borrow_mut() else {
        return;
    };
    let Some(mut role) = place.take() else {
        return;
    };
    let before = world(|world| world.enter(actor.id, actor.clock_offset));
    let depth = world(|world| world.depth);
    let stepped = catch_unwind(AssertUnwindSafe(|| match &mut role {
        Role::Sender(sender) => sender.step(),
        Role::Single(single) => single.step(),
        Role::Operator(operator) => operator.step(),
    }));
    match stepped {
        Ok(true) => *place = Some(role),
        Ok(false) => drop(role),
        Err(payload) => {
            drop_killed(role);
            world(|world| {
                world.is_calm = false;
                world.depth = depth;
                world.forget_actor(actor.id);
                if !was_killed(&*payload) {
                    let words = payload.downcast_ref::<String>().cloned();
                    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
                    let words = words.or(text).unwrap_or_default();
                    world.violate(format!("panic: {words}"));
                }
            });
        }
    }
    world(|world| world.enter(before.id, before.clock_offset));
}

/// The current actor, with the error of its clock.
struct Current {
    id: usize,
    clock_offset: i64,
}

impl World {
    /// Makes this the current actor. Returns the previous one.
    fn enter(&mut self, id: usize, clock_offset: i64) -> Current {
        let before = Current {
            id: self.current,
            clock_offset: self.current_offset,
        };
        self.current = id;
        self.current_offset = clock_offset;
        self.set_clocks();
        before
    }

    /// Records that an actor has ended without cleanup.
    fn forget_actor(&mut self, actor: usize) {
        self.unclean.insert(actor);
        self.at_the_socket.retain(|_, of| *of != actor);
    }
}

/// Ends an actor as SIGKILL does, unless it is in the middle of a step.
fn kill(actor: &Actor) {
    let Ok(mut place) = actor.role.try_borrow_mut() else {
        return;
    };
    let Some(role) = place.take() else { return };
    world(|world| {
        world.log(&format!("{} is killed", actor.id));
        world.forget_actor(actor.id);
    });
    drop_killed(role);
}

/// Makes one step of the world, mostly a step of an actor. Otherwise time passes, an actor comes, or a fault happens.
pub(super) fn make_step() {
    if world(|world| !world.violations.is_empty()) {
        return;
    }
    let drawn = world(|world| {
        world.steps += 1;
        world.rng.u32(0..1000)
    });
    let suspensions = world(|world| world.profile.suspensions);
    match drawn {
        0..770 => {
            if let Some(actor) = world(World::draw_actor) {
                run_actor(&actor);
            }
        }
        770..840 => world(World::let_time_pass),
        840..880 => world(World::skip_to_next_event),
        880..884 => world(World::sleep_for_long),
        884..950 => world(World::add_random_actor),
        950..960 => {
            if let Some(actor) = world(World::draw_actor)
                && !world(|world| world.profile.has_no_kills)
            {
                kill(&actor);
            }
        }
        960..964 => world(World::jump_clock),
        964..980 => super::sender::run_late_exchange(),
        _ if drawn < 980 + suspensions => world(World::suspend),
        _ => {
            if let Some(actor) = world(World::draw_actor) {
                run_actor(&actor);
            }
        }
    }
    world(|world| {
        world.receive();
        world.forget_ended();
        world.check();
    });
}

impl World {
    fn let_time_pass(&mut self) {
        if self.percent(self.profile.lease_percent) {
            let by = self.rng.i64(MINUTE..3 * MINUTE);
            return self.advance(by);
        }
        let by = match self.rng.u8(0..10) {
            0..7 => self.rng.i64(1..500),
            7..9 => self.rng.i64(500..5 * SECOND),
            _ => self.rng.i64(5 * SECOND..50 * SECOND),
        };
        self.advance(by);
    }

    fn skip_to_next_event(&mut self) {
        if self.server.limit.is_some() && self.rng.u8(0..12) == 0 {
            let by = self.rng.i64(HOUR..16 * HOUR);
            self.advance(by);
        } else if let Some(at) = self.next_event() {
            self.advance((at - self.now).min(20 * SECOND));
        }
    }

    /// Lets the machine sleep, rarely while a request is in flight.
    fn sleep_for_long(&mut self) {
        let is_busy = self
            .actors
            .iter()
            .any(|actor| match actor.role.try_borrow() {
                Err(_) => true,
                Ok(role) => matches!(&*role, Some(Role::Sender(sender)) if sender.has_tasks()),
            });
        if !is_busy || self.rng.u8(0..8) == 0 {
            let by = self.rng.i64(10 * MINUTE..26 * HOUR);
            self.advance(by);
        }
    }

    fn add_random_actor(&mut self) {
        if self.actors.len() >= MAX_ACTORS {
            return;
        }
        let drawn = self.rng.u32(0..100);
        let profile = self.profile;
        if self.names.is_empty() || drawn < profile.sender_percent {
            Sender::come(self);
        } else if drawn < profile.sender_percent + profile.single_percent {
            SingleSend::come(self);
        } else {
            Operator::come(self);
        }
    }

    fn suspend(&mut self) {
        let Some(actor) = self.draw_actor() else {
            return;
        };
        let time = if self.rng.bool() {
            self.rng.i64(SECOND..50 * SECOND)
        } else {
            self.rng.i64(50 * SECOND..10 * MINUTE)
        };
        actor.suspended_until.set(self.now + time);
        self.log(&format!("{} is suspended for {time} ms", actor.id));
    }

    /// Sets the clock of a machine, or the clock of a database by less. With a messaging limit, the clock never goes
    /// forward: recipients would count for less than 24 hours, and the ledger cannot detect that. The clock stays if
    /// some processes have a wrong clock.
    fn jump_clock(&mut self) {
        if self.wrong_clock != 0 {
            return;
        }
        // A clock that goes forward ends the time under a key early, which is correct.
        let may_go_forward = self.server.limit.is_none() && self.profile.every.is_none();
        let goes_forward = may_go_forward && self.rng.bool();
        let by = self.rng.i64(1..3 * HOUR);
        let by = if self.is_shared { by / 1000 } else { by };
        self.set_clock(if goes_forward { by } else { -by });
    }
}
