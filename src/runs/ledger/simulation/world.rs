//! The world of a simulation: its clocks, random numbers, actors, server and log. It belongs to one thread.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::actors::Actor;
use super::check::Checker;
use super::late_exchange::LateExchange;
use super::lists::ListPlan;
use super::mutation::Mutation;
use super::profile::Profile;
use super::promises::Moment;
use super::restores::{Backup, Restore};
use super::scheduler;
use super::server::{Message, Server, Truth};
use crate::base::clock::simulated::{self, ClockReading};
use crate::base::timestamps::FIRST_TIME;

/// Times are in milliseconds since the simulation began.
pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;
/// The time limit of a request.
pub(super) const TIMEOUT: i64 = 30 * SECOND;
/// A simulation begins at this time, in milliseconds since 1970.
const START: i64 = FIRST_TIME + 20 * DAY;

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
    /// Simulated time begins at this instant.
    static BEGAN: Instant = Instant::now();
}

/// Runs `work` on the world of this thread. It must not use the ledger or run an actor.
pub(super) fn world<T>(work: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with_borrow_mut(|world| work(world.as_mut().expect("a simulation runs")))
}

/// Adds a line to the log.
pub(super) fn log(line: &str) {
    world(|world| world.log(line));
}

/// Begins the simulation of a world on this thread.
pub(super) fn begin(new: World) {
    new.set_clocks();
    simulated::set_sleep(Some(scheduler::sleep));
    WORLD.set(Some(new));
}

/// Ends the simulation of this thread.
pub(super) fn end() -> World {
    let ended = WORLD.take().expect("a simulation runs");
    simulated::set(None);
    simulated::set_sleep(None);
    ended
}

#[derive(Default)]
pub(super) struct World {
    pub(super) home: PathBuf,
    seed: u64,
    pub(super) rng: fastrand::Rng,
    /// Whether the ledger behaves like a database that several machines share.
    pub(super) is_shared: bool,
    /// Multiplies the rates of the ledger's faults.
    pub(super) fault_level: u32,
    pub(super) mutation: Option<&'static Mutation>,
    /// True time since the beginning.
    pub(super) now: i64,
    /// The error of the time of day, which changes when the clock is set.
    clock_error: i64,
    pub(super) clock_jumps: u64,
    /// The additional clock error of some single sends. 0 if all clocks agree.
    pub(super) wrong_clock: i64,
    /// The additional clock error of the current actor.
    pub(super) current_clock_error: i64,
    /// Whether no other actor may act within the current step.
    pub(super) is_exclusive: bool,
    /// Whether the faults are over, so that everything must end.
    pub(super) is_ending: bool,
    /// The actor that makes a step. 0 is the simulation itself.
    pub(super) current: usize,
    /// The number of steps of other actors that the current step runs in.
    pub(super) depth: usize,
    pub(super) last_id: usize,
    pub(super) actors: Vec<Rc<Actor>>,
    pub(super) late_exchanges: Vec<LateExchange>,
    /// The actor of each worker in the ledger.
    pub(super) workers: BTreeMap<i64, usize>,
    /// Actors that were killed, failed or seemed lost. Their rows may become unknown without a request.
    pub(super) unclean: BTreeSet<usize>,
    /// Rows between the check of their deadline and their request, each with its actor.
    pub(super) at_the_socket: BTreeMap<(i64, i64), usize>,
    pub(super) server: Server,
    /// The latest copy of the ledger.
    pub(super) backup: Option<Backup>,
    pub(super) restore: Restore,
    /// The first identity of the ledger.
    pub(super) first_identity: String,
    pub(super) checker: Checker,
    pub(super) lists: Vec<ListPlan>,
    pub(super) violations: Vec<String>,
    pub(super) lines: Vec<String>,
    pub(super) steps: u64,
    /// How often each event happened.
    pub(super) events: BTreeMap<&'static str, u64>,
}

impl World {
    pub(super) fn new(home: PathBuf, seed: u64, mutation: Option<&'static Mutation>) -> Self {
        let profile = Profile::for_seed(seed);
        let mut rng = fastrand::Rng::with_seed(seed);
        let is_shared = profile.is_shared.unwrap_or_else(|| rng.bool());
        let fault_level = rng.u32(0..=profile.max_fault_level);
        let has_limit = rng.u32(0..100) < profile.limit_percent;
        let limit = has_limit.then(|| rng.u32(1..4));
        let may_be_wrong = profile.wrong_clock_percent > 0 && !is_shared;
        let wrong_clock = if may_be_wrong && rng.bool() {
            rng.i64(-6 * HOUR..6 * HOUR)
        } else {
            0
        };
        Self {
            checker: Checker::new(&home),
            server: Server::new(profile, limit),
            home,
            seed,
            rng,
            is_shared,
            fault_level,
            mutation,
            wrong_clock,
            ..Self::default()
        }
    }

    pub(super) fn profile(&self) -> &'static Profile {
        Profile::for_seed(self.seed)
    }

    pub(super) fn log(&mut self, line: &str) {
        // The path of the ledger differs in each simulation.
        let line = line.replace(&*self.home.to_string_lossy(), "HOME");
        self.lines.push(format!("{:>9} {line}", self.now));
    }

    pub(super) fn count(&mut self, event: &'static str) {
        *self.events.entry(event).or_default() += 1;
    }

    /// Records a broken promise.
    pub(super) fn add_violation(&mut self, text: String) {
        self.log(&format!("VIOLATION {text}"));
        self.violations.push(text);
    }

    pub(super) fn set_clocks(&self) {
        let passed = Duration::from_millis(self.now.unsigned_abs());
        simulated::set(Some(ClockReading {
            unix_millis: self.time_of_day(),
            instant: BEGAN.with(|began| *began) + passed,
            since_boot: passed,
        }));
    }

    /// Returns the time of the current actor's clock, in milliseconds since 1970.
    pub(super) fn time_of_day(&self) -> i64 {
        START + self.now + self.clock_error + self.current_clock_error
    }

    /// Lets time pass.
    pub(super) fn advance(&mut self, by: i64) {
        self.now += by;
        self.set_clocks();
    }

    /// Sets the time of day forward, or back if `by` is negative.
    pub(super) fn shift_clock(&mut self, by: i64) {
        self.clock_error += by;
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

    pub(super) fn draw_recipient(&mut self) -> String {
        let number = self.rng.u64(0..self.profile().recipients);
        format!("{}", 593_990_000_000 + number)
    }

    /// Returns the path of requests. A template counts for the messaging limit, a text does not.
    pub(super) fn message_path(&self) -> &'static str {
        if self.server.limit.is_some() {
            "/v2/whatsapp/1/hsm"
        } else {
            "/v1/bots/1/messages"
        }
    }

    /// Sends a request. Returns its index, or None without a network.
    pub(super) fn send(&mut self, message: Message) -> Option<usize> {
        self.check_promises(&Moment::Departure(&message));
        let text = format!("  {message}");
        let request = self.server.send(message, &mut self.rng, self.now);
        let result = if request.is_some() {
            "is sent"
        } else {
            "meets no network"
        };
        self.log(&format!("{text} {result}"));
        request
    }

    /// Lets the server receive the requests that are due.
    pub(super) fn receive(&mut self) {
        for message in self.server.receive(self.now) {
            self.count("accepted");
            self.log(&format!("  {message} is accepted"));
        }
        for text in std::mem::take(&mut self.server.violations) {
            self.add_violation(text);
        }
    }

    /// Returns the truth about the message of a row. A row at the socket may still arrive.
    pub(super) fn truth(&self, row: (i64, i64)) -> Truth {
        let truth = self.server.truth(row);
        Truth {
            may_still_arrive: truth.may_still_arrive || self.at_the_socket.contains_key(&row),
            ..truth
        }
    }

    /// Checks the promises that hold after every step.
    pub(super) fn check(&mut self) {
        for text in self.checker.check(&self.server, &self.lists) {
            self.add_violation(text);
        }
    }
}
