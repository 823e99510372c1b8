//! A deterministic simulation of the ledger. A seeded scheduler runs several processes, a server and an operator over
//! the real code of the ledger and its file, in one thread and with simulated clocks. At any step a process may be
//! killed, be suspended or fail. The server counts what each recipient got, and `check.rs` compares the ledger with
//! that.
//!
//! `SIMULATION_SEED=7` replays one seed, and prints what each process did. `SIMULATION_STEPS=1000000` runs new seeds up
//! to this number of steps. If both are set, the first seed is `SIMULATION_SEED`.

mod check;
mod engine;
mod mutants;
mod operator;
mod profile;
mod sender;
mod server;
mod single;
mod world;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use self::engine::drop_killed;
pub(super) use self::engine::open_engine;
use self::mutants::Mutation;
use self::operator::check_report;
use self::profile::{PROFILES, Profile};
use self::sender::Sender;
use self::world::{DAY, HOUR, MINUTE, Role, World, open_ledger, run_actor, world};
use super::name::RunName;
use crate::base::clock;

/// The number of steps of a seed with faults.
const STEPS: u64 = 500;
/// The number of seeds in every test run.
const SEEDS: u64 = 44;
/// Every actor must end within this number of rounds without faults. In a round, each actor makes one step.
const MAX_ROUNDS: usize = 4_000;

/// The profile of a seed.
fn profile_of(seed: u64) -> &'static Profile {
    let at = usize::try_from(seed % PROFILES.len() as u64).expect("there are few profiles");
    PROFILES[at]
}

/// Simulates one seed, and returns its world as it was at the end.
fn simulate(seed: u64, mutation: Option<&'static Mutation>) -> World {
    let memory = Path::new("/dev/shm");
    let root = if memory.exists() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    let home = tempfile::TempDir::new_in(root).unwrap();
    // The ledger draws the numbers of processes from this generator.
    fastrand::seed(seed ^ 0x5eed);
    let profile = profile_of(seed);
    let mut new = World::new(home.path().to_owned(), seed, profile);
    new.mutation = mutation;
    new.log(&format!(
        "seed {seed}, {}: {}, limit {:?}",
        profile.name,
        if new.is_shared {
            "as a database"
        } else {
            "as a file"
        },
        new.server.limit
    ));
    world::begin(new);
    drop(open_ledger().expect("the first open meets no fault"));
    world(|world| {
        world.checker.open();
        Sender::come(world);
    });
    while world(|world| world.steps < STEPS && world.violations.is_empty()) {
        world::make_step();
    }
    finish();
    let actors = world(|world| std::mem::take(&mut world.actors));
    drop_killed(actors);
    world(|world| {
        if !world.violations.is_empty() {
            for line in world.checker.dump() {
                world.log(&line);
            }
        }
    });
    world::end()
}

/// Ends the faults. After that, every process must end, and then every run.
fn finish() {
    world(World::end_faults);
    drain();
    // After this, every lease has expired, and no run waits for the limit.
    world(|world| {
        let has_limit = world.server.limit.is_some();
        world.advance(if has_limit { 25 * HOUR } else { 3 * MINUTE });
    });
    let names = world(|world| world.names.clone());
    for _ in 0..6 {
        for name in &names {
            resume_unfinished(name);
            drain();
        }
    }
    for name in &names {
        if world(|world| world.violations.is_empty()) {
            check_end(name);
        }
    }
}

fn resume_unfinished(name: &RunName) {
    let Ok(run) = open_ledger().and_then(|ledger| ledger.run(name)) else {
        return;
    };
    let is_finished = run.counts().expect("the faults have ended").is_finished();
    if !is_finished && world(|world| world.violations.is_empty()) {
        let sender = Sender::resuming(name.clone());
        world(|world| world.add_actor(Role::Sender(Box::new(sender))));
    }
}

/// Checks a run after everything has ended.
fn check_end(name: &RunName) {
    let Ok(run) = open_ledger().and_then(|ledger| ledger.run(name)) else {
        return;
    };
    let counts = run.counts().expect("the faults have ended");
    if !counts.is_finished() {
        world(|world| world.violate(format!("end: run {name} does not end: {counts:?}")));
    }
    check_report(&run).expect("the faults have ended");
    world(|world| {
        for (n, worker) in world.checker.unknown_rows(run.id) {
            let flights = &world.server.flights;
            let has_left = flights
                .iter()
                .any(|flight| flight.message.row == Some((run.id, n)));
            let actor = world.workers.get(&worker);
            let is_clean = actor.is_some_and(|actor| !world.unclean.contains(actor));
            if !has_left && is_clean {
                world.violate(format!(
                    "reason: row {n} of {name} is unknown, and never left"
                ));
            }
        }
    });
}

/// Runs the actors until all of them have ended.
fn drain() {
    let mut idle_rounds = 0;
    for _ in 0..MAX_ROUNDS {
        let actors = world(|world| world.actors.clone());
        if actors.is_empty() || world(|world| !world.violations.is_empty()) {
            return;
        }
        let flights = world(|world| world.server.flights.len());
        for actor in &actors {
            run_actor(actor);
            world(|world| {
                world.steps += 1;
                world.receive();
                world.check();
            });
        }
        world(World::forget_ended);
        let has_flown = world(|world| world.server.flights.len() > flights);
        idle_rounds = if has_flown { 0 } else { idle_rounds + 1 };
        // A run that waits for the limit may check its rows every six seconds.
        let all_wait = world(|world| world.wait() == world.actors.len());
        if idle_rounds > 60 && all_wait {
            idle_rounds = 0;
            world(|world| world.advance(5 * HOUR));
        }
    }
    world(|world| world.violate("end: an actor never ends".to_owned()));
}

impl World {
    /// Lets time pass until an actor has something to do. Returns how many actors only wait.
    fn wait(&mut self) -> usize {
        let mut next = None;
        let mut waiting = 0;
        for actor in &self.actors {
            let role = actor.role.borrow();
            let waits_until = match &*role {
                Some(Role::Sender(sender)) => sender.waits_until(),
                _ => None,
            };
            let wait = match waits_until {
                Some(at) => {
                    waiting += 1;
                    at.saturating_duration_since(clock::instant()).as_millis() + 1
                }
                None => 50,
            };
            next = Some(next.map_or(wait, |next: u128| next.min(wait)));
        }
        let wait = next.and_then(|wait| i64::try_from(wait).ok());
        self.advance(wait.unwrap_or(0).min(DAY));
        self.receive();
        waiting
    }
}

/// The number in an environment variable. Panics if the value is not a number.
fn number_in(variable: &str) -> Option<u64> {
    let value = std::env::var_os(variable)?;
    let value = value.to_string_lossy();
    let number = value.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} must be a number, and is `{value}`")))
}

/// Prints a line even if the test harness captures the output.
fn print(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn require_no_violation(seed: u64, ended: &World) {
    let violations = &ended.violations;
    let profile = ended.profile.name;
    let last = &ended.lines[ended.lines.len().saturating_sub(40)..];
    assert!(
        violations.is_empty(),
        "seed {seed}, {profile}: {violations:#?}\n{}\nSIMULATION_SEED={seed} cargo test --lib simulation",
        last.join("\n")
    );
}

#[test]
fn simulation_keeps_every_promise() {
    let seed = number_in("SIMULATION_SEED");
    let steps = number_in("SIMULATION_STEPS");
    if let (Some(seed), None) = (seed, steps) {
        let ended = simulate(seed, None);
        for line in &ended.lines {
            print(line);
        }
        return require_no_violation(seed, &ended);
    }
    let began = Instant::now();
    let first = seed.unwrap_or(if steps.is_some() { SEEDS } else { 0 });
    let mut made = 0;
    let mut operations = 0;
    let mut events: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in first.. {
        let is_enough = match steps {
            Some(steps) => made >= steps,
            None => seed == SEEDS,
        };
        if is_enough {
            break;
        }
        let ended = simulate(seed, None);
        require_no_violation(seed, &ended);
        made += ended.steps;
        operations += ended.operations;
        for (event, count) in ended.events {
            *events.entry(event).or_default() += count;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{made} steps and {operations} operations of the ledger in {seconds:.1} s: {events:?}"
    );
    if seed.is_none() {
        for event in [
            "accepted",
            "lists",
            "resolved",
            "was lost",
            "late exchanges",
        ] {
            assert!(
                events.contains_key(event),
                "{event} never happens: {events:?}"
            );
        }
    }
}

#[test]
fn seed_replays_exactly() {
    for seed in 0..PROFILES.len() as u64 {
        let first = simulate(seed, None).lines;
        let second = simulate(seed, None).lines;
        let differs = first.iter().zip(&second).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}
