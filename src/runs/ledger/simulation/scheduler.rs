//! The scheduler of a simulation. It draws what happens next: mostly one actor makes a step. Otherwise time passes, an
//! actor arrives, or a fault happens.

use std::time::Duration;

use super::actors::{Role, kill, run_actor};
use super::late_exchange::run_late_exchange;
use super::operator::Operator;
use super::restores::draw_restore;
use super::sender::Sender;
use super::single_send::SingleSend;
use super::world::{HOUR, MINUTE, SECOND, World, world};

const MAX_ACTORS: usize = 5;
/// How deep actors may run within steps of other actors.
const MAX_DEPTH: usize = 3;

/// Makes one step of the world, unless a promise is broken.
pub(super) fn make_step() {
    if world(|world| !world.violations.is_empty()) {
        return;
    }
    if world(|world| world.depth == 0) {
        draw_restore();
    }
    let drawn = world(|world| {
        world.steps += 1;
        world.rng.u32(0..1000)
    });
    let suspensions = world(|world| world.profile().suspensions);
    match drawn {
        770..840 => world(World::let_time_pass),
        840..880 => world(World::skip_to_next_event),
        880..884 => world(World::sleep_for_long),
        884..950 => world(World::draw_new_actor),
        950..960 => kill_some_actor(),
        960..964 => world(World::set_clock),
        964..980 => run_late_exchange(),
        _ if (980..980 + suspensions).contains(&drawn) => world(World::suspend_some_actor),
        _ => run_some_actor(),
    }
    world(|world| {
        world.receive();
        world.remove_ended_actors();
        world.check();
    });
}

fn run_some_actor() {
    if let Some(actor) = world(World::draw_actor) {
        run_actor(&actor);
    }
}

fn kill_some_actor() {
    let actor = world(World::draw_actor);
    let has_kills = world(|world| !world.profile().has_no_kills);
    if let Some(actor) = actor
        && has_kills
    {
        kill(&actor);
    }
}

/// Replaces the sleep of a process: time passes, and other actors may act.
pub(super) fn sleep(time: Duration) {
    let passed = i64::try_from(time.as_millis()).expect("a sleep is short");
    world(|world| world.advance(passed.max(1)));
    if world(|world| world.may_interleave()) {
        interleave();
    }
}

/// Lets other actors make some steps within an operation of the current one.
pub(super) fn interleave() {
    let steps = world(|world| {
        world.depth += 1;
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

impl World {
    pub(super) fn may_interleave(&self) -> bool {
        self.depth < MAX_DEPTH && !self.is_exclusive && self.current != 0
    }

    fn let_time_pass(&mut self) {
        let by = if self.percent(self.profile().lease_percent) {
            self.rng.i64(MINUTE..3 * MINUTE)
        } else {
            match self.rng.u8(0..10) {
                0..7 => self.rng.i64(1..500),
                7..9 => self.rng.i64(500..5 * SECOND),
                _ => self.rng.i64(5 * SECOND..50 * SECOND),
            }
        };
        self.advance(by);
    }

    /// Lets time pass until a request arrives or an actor wakes up. With a messaging limit, hours may pass.
    fn skip_to_next_event(&mut self) {
        if self.server.limit.is_some() && self.rng.u8(0..12) == 0 {
            let by = self.rng.i64(HOUR..16 * HOUR);
            self.advance(by);
            return;
        }
        let wakes = self.actors.iter().map(|actor| actor.suspended_until.get());
        let events = wakes.chain(self.server.next_arrival());
        let next = events.filter(|at| *at > self.now).min();
        if let Some(at) = next {
            self.advance((at - self.now).min(20 * SECOND));
        }
    }

    /// Suspends the whole machine for hours, but rarely while a request is in flight.
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

    fn draw_new_actor(&mut self) {
        if self.actors.len() >= MAX_ACTORS {
            return;
        }
        let drawn = self.rng.u32(0..100);
        let profile = self.profile();
        if self.lists.is_empty() || drawn < profile.sender_percent {
            Sender::add_to(self);
        } else if drawn < profile.sender_percent + profile.single_percent {
            SingleSend::add_to(self);
        } else {
            Operator::add_to(self);
        }
    }

    fn suspend_some_actor(&mut self) {
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

    /// Sets the clock of the machine. The clock of a database moves by little. With a messaging limit, the clock only
    /// goes back: if it went forward, recipients would count for less than 24 hours, and the ledger could not detect
    /// that. If some processes already have a wrong clock, the others keep the right one.
    fn set_clock(&mut self) {
        if self.wrong_clock != 0 {
            return;
        }
        // A clock that goes forward ends the time under a key early, and that is correct.
        let may_go_forward = self.server.limit.is_none() && self.profile().every.is_none();
        let goes_forward = may_go_forward && self.rng.bool();
        let by = self.rng.i64(1..3 * HOUR);
        let by = if self.is_shared { by / 1000 } else { by };
        self.shift_clock(if goes_forward { by } else { -by });
    }
}
