//! The actors of a simulation: each is a process, or the operator at a command. An actor makes one step at a time, and
//! may be suspended or killed.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::engine::{drop_killed, was_killed};
use super::operator::Operator;
use super::sender::Sender;
use super::single_send::SingleSend;
use super::world::{World, log, world};
use crate::runs::ledger::TurnPatience;
use crate::runs::ledger::error::{LedgerError, LedgerErrorKind};
use crate::runs::ledger::open::{Ledger, LedgerLocation};

pub(super) enum Role {
    Sender(Box<Sender>),
    Single(Box<SingleSend>),
    Operator(Box<Operator>),
}

pub(super) struct Actor {
    pub(super) id: usize,
    /// The error of its clock, compared with the others.
    clock_error: i64,
    pub(super) suspended_until: Cell<i64>,
    /// None after it has ended. It is borrowed during a step, because other actors may act within that step.
    pub(super) role: RefCell<Option<Role>>,
}

/// The result of a step, with a text for the log.
pub(super) enum Step {
    More(String),
    /// The actor makes another step, and there is nothing to log.
    Silent,
    Last(String),
}

impl Role {
    fn describe(&self) -> String {
        match self {
            Self::Sender(sender) => sender.describe(),
            Self::Single(single) => single.describe(),
            Self::Operator(operator) => operator.describe(),
        }
    }

    /// Makes a step, and logs it. Returns whether the actor ends.
    fn make_step(&mut self, id: usize) -> bool {
        let description = self.describe();
        let step = match self {
            Self::Sender(sender) => sender.step(),
            Self::Single(single) => single.step(),
            Self::Operator(operator) => operator.step(),
        };
        match step {
            Ok(Step::Silent) => false,
            Ok(Step::More(text)) => {
                log(&format!("{id} {description}: {text}"));
                false
            }
            Ok(Step::Last(text)) => {
                log(&format!("{id} {description}: {text}"));
                true
            }
            Err(error) => {
                log(&format!("{id} {description}: error: {error}"));
                world(|world| world.unclean.insert(id));
                expect_explained(&error);
                true
            }
        }
    }
}

/// Opens the ledger for the current actor.
pub(super) fn open_ledger() -> Result<Ledger, LedgerError> {
    let home = world(|world| world.home.clone());
    Ledger::open(LedgerLocation::Simulated(home), TurnPatience::quiet())
}

/// Records a violation if no simulated fault explains the error.
pub(super) fn expect_explained(error: &LedgerError) {
    let text = error.to_string();
    let is_explained = match error.kind {
        LedgerErrorKind::Choice | LedgerErrorKind::InUse | LedgerErrorKind::Superseded => true,
        LedgerErrorKind::Guard => world(|world| {
            world.count("refused after a restore");
            world.server.restores > 0
        }),
        LedgerErrorKind::File => text.contains("database or disk is full"),
        LedgerErrorKind::Away | LedgerErrorKind::Gone => world(|world| world.is_shared),
        LedgerErrorKind::Unusable => [
            "may or may not exist",
            "simulated",
            "database or disk is full",
            "removed or replaced",
        ]
        .iter()
        .any(|explained| text.contains(explained)),
        _ => false,
    };
    if !is_explained {
        world(|world| world.add_violation(format!("error: {text} ({:?})", error.kind)));
    }
}

/// Runs one step of an actor, unless it is in the middle of one.
pub(super) fn run_actor(actor: &Actor) {
    let Ok(mut place) = actor.role.try_borrow_mut() else {
        return;
    };
    let Some(mut role) = place.take() else {
        return;
    };
    let id = actor.id;
    let (before, clock_error_before, depth) =
        world(|world| (world.current, world.current_clock_error, world.depth));
    world(|world| world.set_current(id, actor.clock_error));
    match catch_unwind(AssertUnwindSafe(|| role.make_step(id))) {
        Ok(true) => drop(role),
        Ok(false) => *place = Some(role),
        Err(payload) => {
            drop_killed(role);
            world(|world| {
                world.is_exclusive = false;
                world.depth = depth;
                world.note_sudden_end(id);
                if !was_killed(&*payload) {
                    let text = payload.downcast_ref::<String>().cloned();
                    let literal = payload.downcast_ref::<&str>().map(ToString::to_string);
                    let text = text.or(literal).unwrap_or_default();
                    world.add_violation(format!("panic: {text}"));
                }
            });
        }
    }
    world(|world| world.set_current(before, clock_error_before));
}

/// Ends an actor as SIGKILL does, unless it is in the middle of a step.
pub(super) fn kill(actor: &Actor) {
    let Ok(mut place) = actor.role.try_borrow_mut() else {
        return;
    };
    let Some(role) = place.take() else { return };
    world(|world| {
        world.log(&format!("{} is killed", actor.id));
        world.note_sudden_end(actor.id);
    });
    drop_killed(role);
}

impl World {
    fn set_current(&mut self, id: usize, clock_error: i64) {
        self.current = id;
        self.current_clock_error = clock_error;
        self.set_clocks();
    }

    /// Records that an actor ended in the middle of its work.
    pub(super) fn note_sudden_end(&mut self, id: usize) {
        self.unclean.insert(id);
        self.at_the_socket.retain(|_, actor| *actor != id);
    }

    pub(super) fn add_actor(&mut self, role: Role) {
        self.last_id += 1;
        let may_be_wrong = self.wrong_clock != 0 && matches!(role, Role::Single(_));
        let is_wrong = may_be_wrong && self.percent(self.profile().wrong_clock_percent);
        let clock_error = if is_wrong { self.wrong_clock } else { 0 };
        if is_wrong {
            let id = self.last_id;
            self.log(&format!("the clock of {id} is wrong by {clock_error} ms"));
        }
        self.actors.push(Rc::new(Actor {
            id: self.last_id,
            clock_error,
            suspended_until: Cell::new(0),
            role: RefCell::new(Some(role)),
        }));
    }

    pub(super) fn is_running(&self, id: usize) -> bool {
        self.actors.iter().any(|actor| actor.id == id)
    }

    /// Suspends the current actor after its step.
    pub(super) fn suspend_current(&self, time: i64) {
        let current = self.actors.iter().find(|actor| actor.id == self.current);
        if let Some(actor) = current {
            actor.suspended_until.set(self.now + time);
        }
    }

    pub(super) fn remove_ended_actors(&mut self) {
        self.actors.retain(|actor| match actor.role.try_borrow() {
            Ok(role) => role.is_some(),
            Err(_) => true,
        });
    }

    /// Draws one of the actors that are not suspended.
    pub(super) fn draw_actor(&mut self) -> Option<Rc<Actor>> {
        let now = self.now;
        let mut awake = self.actors.clone();
        awake.retain(|actor| actor.suspended_until.get() <= now);
        if awake.is_empty() {
            return None;
        }
        Some(awake.swap_remove(self.rng.usize(0..awake.len())))
    }
}
