//! The end of a simulation. After the faults, every process must end, and then every run.

use super::actors::{Role, open_ledger, run_actor};
use super::operator::check_report;
use super::sender::Sender;
use super::world::{DAY, HOUR, MINUTE, World, world};
use crate::base::clock;
use crate::runs::ledger::name::RunName;
use crate::runs::ledger::run::Run;

/// All actors must end within this number of rounds. In a round, every actor makes a step.
const MAX_ROUNDS: usize = 4_000;

/// Ends the faults, waits until every process and run ends, and checks the runs.
pub(super) fn finish() {
    world(World::end_faults);
    run_until_all_end();
    accept_ledger();
    // Leases expire. With a messaging limit, no recipient counts any more.
    world(|world| {
        let has_limit = world.server.limit.is_some();
        world.advance(if has_limit { 25 * HOUR } else { 3 * MINUTE });
    });
    let lists = world(|world| world.lists.clone());
    for _ in 0..6 {
        for list in &lists {
            resume_unfinished(&list.name);
            run_until_all_end();
        }
    }
    for list in &lists {
        if !has_violations()
            && let Some(run) = open_run(&list.name)
        {
            check_end(&run);
        }
    }
}

/// Accepts the ledger if it was restored, so that its runs can end.
fn accept_ledger() {
    let ledger = open_ledger().expect("the faults are over");
    if let Some(restored) = ledger.restored().expect("the faults are over") {
        ledger.accept(&restored).expect("the faults are over");
    }
    world(|world| world.note_acceptance(world.server.restores));
}

fn has_violations() -> bool {
    world(|world| !world.violations.is_empty())
}

/// Opens a run. None if it was not created, or was removed.
fn open_run(name: &RunName) -> Option<Run> {
    open_ledger().and_then(|ledger| ledger.run(name)).ok()
}

fn resume_unfinished(name: &RunName) {
    let Some(run) = open_run(name) else {
        return;
    };
    let counts = run.counts().expect("the faults are over");
    if !counts.is_finished() && !has_violations() {
        let sender = Sender::resuming(name.clone());
        world(|world| world.add_actor(Role::Sender(Box::new(sender))));
    }
}

/// Checks a run after everything has ended.
fn check_end(run: &Run) {
    let name = run.name();
    let counts = run.counts().expect("the faults are over");
    if !counts.is_finished() {
        world(|world| world.add_violation(format!("end: run {name} does not end: {counts:?}")));
    }
    check_report(run).expect("the faults are over");
    world(|world| {
        for (n, worker) in world.checker.unknown_rows(run.id) {
            let mut requests = world.server.requests.iter();
            let was_sent = requests.any(|request| request.message.row == Some((run.id, n)));
            let actor = world.workers.get(&worker);
            let is_clean = actor.is_some_and(|actor| !world.unclean.contains(actor));
            if !was_sent && is_clean {
                world.add_violation(format!(
                    "reason: row {n} of {name} is unknown, but its request was never sent"
                ));
            }
        }
    });
}

/// Lets every actor make steps until all have ended.
fn run_until_all_end() {
    let mut idle_rounds = 0;
    for _ in 0..MAX_ROUNDS {
        let actors = world(|world| world.actors.clone());
        if actors.is_empty() || has_violations() {
            return;
        }
        let requests = world(|world| world.server.requests.len());
        for actor in &actors {
            run_actor(actor);
            world(|world| {
                world.steps += 1;
                world.receive();
                world.check();
            });
        }
        world(World::remove_ended_actors);
        let has_sent = world(|world| world.server.requests.len() > requests);
        idle_rounds = if has_sent { 0 } else { idle_rounds + 1 };
        // A run that waits for the messaging limit may look at its rows every six seconds.
        let all_wait = world(World::wait);
        if idle_rounds > 60 && all_wait {
            idle_rounds = 0;
            world(|world| world.advance(5 * HOUR));
        }
    }
    world(|world| world.add_violation("end: an actor never ends".to_owned()));
}

impl World {
    fn end_faults(&mut self) {
        self.fault_level = 0;
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

    /// Lets time pass until an actor continues. Returns whether all actors only wait.
    fn wait(&mut self) -> bool {
        let waits: Vec<_> = self
            .actors
            .iter()
            .map(|actor| match &*actor.role.borrow() {
                Some(Role::Sender(sender)) => sender.waits_until(),
                _ => None,
            })
            .collect();
        let milliseconds = waits.iter().map(|until| match until {
            Some(until) => {
                until
                    .saturating_duration_since(clock::instant())
                    .as_millis()
                    + 1
            }
            None => 50,
        });
        let shortest = milliseconds.min().unwrap_or(0);
        self.advance(i64::try_from(shortest).map_or(0, |wait| wait.min(DAY)));
        self.receive();
        waits.iter().all(Option::is_some)
    }
}
