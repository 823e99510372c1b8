//! A deterministic simulation of the ledger. Several processes, a server and an operator use the real ledger in a file.
//! A seed decides the order of their steps, their faults and the time. Processes are killed or suspended, and fail at
//! any step. `server.rs` counts what each recipient got, and `check.rs` checks what the ledger promises.
//!
//! `SIMULATION_SEED=7` replays one seed, and prints what each process did. `SIMULATION_STEPS=1000000` simulates new
//! seeds until their steps add up to this number. If both variables are set, the first of them is that seed.

mod actors;
mod check;
mod driver;
mod ending;
mod engine;
mod late_exchange;
mod lists;
mod mutants;
mod mutation;
mod operator;
mod profile;
mod promises;
mod resolve_rows;
mod restores;
mod scheduler;

mod sender;
mod server;
mod single_send;
mod world;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use self::actors::open_ledger;
use self::engine::drop_killed;
pub(super) use self::engine::open_engine;
use self::mutation::Mutation;
use self::profile::PROFILES;
use self::sender::Sender;
use self::world::{World, world};

/// The number of steps with faults in each seed.
const STEPS: u64 = 500;
/// The number of seeds in every run of the tests.
const SEEDS: u64 = 52;
/// The events that these seeds must reach.
const REQUIRED_EVENTS: [&str; 9] = [
    "accepted",
    "lists",
    "resolved",
    "was lost",
    "late exchanges",
    "restored",
    "refused after a restore",
    "accepted ledgers",
    "accepted runs",
];

/// Simulates one seed, and returns its world at the end.
fn simulate(seed: u64, mutation: Option<&'static Mutation>) -> World {
    let memory = Path::new("/dev/shm");
    let root = if memory.exists() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    let home = tempfile::TempDir::new_in(root).unwrap();
    // The ledger draws the numbers of processes.
    fastrand::seed(seed ^ 0x5eed);
    let mut new = World::new(home.path().join("ledger"), seed, mutation);
    new.log(&format!(
        "seed {seed}, profile {}, shared: {}, messaging limit {:?}",
        new.profile().name,
        new.is_shared,
        new.server.limit
    ));
    world::begin(new);
    let ledger = open_ledger().expect("the simulation itself meets no faults");
    let identity = ledger.db().0.identity().to_owned();
    drop(ledger);
    world(|world| {
        world.first_identity = identity;
        world.checker.open();
        Sender::add_to(world);
    });
    while world(|world| world.steps < STEPS && world.violations.is_empty()) {
        scheduler::make_step();
    }
    ending::finish();
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

/// Reads a number from an environment variable.
fn read_number(variable: &str) -> Option<u64> {
    let value = std::env::var_os(variable)?;
    let value = value.to_string_lossy();
    let number = value.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} must be a number, not `{value}`")))
}

/// Prints a line that the test harness does not capture.
fn print(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn require_no_violation(seed: u64, ended: &World) {
    let violations = &ended.violations;
    let profile = ended.profile().name;
    let last = &ended.lines[ended.lines.len().saturating_sub(40)..];
    assert!(
        violations.is_empty(),
        "seed {seed}, {profile}: {violations:#?}\n{}\nSIMULATION_SEED={seed} cargo test --lib simulation",
        last.join("\n")
    );
}

#[test]
#[cfg_attr(
    windows,
    ignore = "on Windows, it uses a thread-local value after its end"
)]
fn simulation_keeps_every_promise() {
    let seed = read_number("SIMULATION_SEED");
    let steps = read_number("SIMULATION_STEPS");
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
        for (event, count) in ended.events {
            *events.entry(event).or_default() += count;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{made} steps in {seconds:.1} s: {events:?}");
    if seed.is_none() {
        for event in REQUIRED_EVENTS {
            assert!(events.contains_key(event), "{event}: not in {events:?}");
        }
    }
}

#[test]
#[cfg_attr(
    windows,
    ignore = "on Windows, it uses a thread-local value after its end"
)]
fn seed_replays_exactly() {
    for seed in 0..PROFILES.len() as u64 {
        let first = simulate(seed, None).lines;
        let second = simulate(seed, None).lines;
        let different = first.iter().zip(&second).find(|(one, other)| one != other);
        assert_eq!(different, None, "seed {seed}");
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}
