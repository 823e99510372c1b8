//! A process that sends a single message, with the steps of `commands/single_send.rs`: claim, limit, deadline, send, end.

use std::time::Duration;

use super::sender::scope;
use super::server::{MessageKind, Verdict};
use super::world::{
    MINUTE, Role, SECOND, TIMEOUT, World, expect_explained, log, open_ledger, world,
};
use crate::base::output::Sent;
use crate::jelou::api::Deadline;
use crate::runs::ledger::claims::{ClaimResult, HeldClaim};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::fixture;
use crate::runs::ledger::model::OnceState;
use crate::runs::ledger::open::Ledger;
use crate::runs::ledger::reach::{ReachEntry, ReachKey, SendLimit};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Claim,
    CheckLimit,
    Launch,
    Wait,
    TakeBack,
    End,
}

pub(super) struct SingleSend {
    recipient: String,
    body: String,
    is_keyed: bool,
    /// How long a message counts under the key.
    every: Option<Duration>,
    stage: Stage,
    ledger: Option<Ledger>,
    held: Option<HeldClaim>,
    /// The deadline for the send. After it, others may count this process as lost, or its recipient may no longer
    /// count.
    begins_by: Option<Deadline>,
    reached: Option<ReachEntry>,
    flight: Option<usize>,
    sent: Sent,
    gives_up_at: Option<i64>,
}

impl SingleSend {
    pub(super) fn come(world: &mut World) {
        let number = world.rng.u32(..);
        let single = Self {
            recipient: world.draw_recipient(),
            body: format!("single {number}"),
            is_keyed: world.server.limit.is_none() || world.rng.bool(),
            every: world
                .profile
                .every
                .map(|every| Duration::from_millis(every.unsigned_abs())),
            stage: Stage::Claim,
            ledger: None,
            held: None,
            begins_by: None,
            reached: None,
            flight: None,
            sent: Sent::No,
            gives_up_at: None,
        };
        world.add_actor(Role::Single(Box::new(single)));
    }

    /// Whether this process has claimed the recipient under the key, and has not sent its message yet.
    pub(super) fn may_still_send_under_key(&self, recipient: &str) -> bool {
        let is_before = matches!(self.stage, Stage::CheckLimit | Stage::Launch);
        self.is_keyed && is_before && self.recipient == recipient
    }

    /// Makes one step. False once the process has ended.
    pub(super) fn step(&mut self) -> bool {
        let stage = self.stage;
        let id = world(|world| world.current);
        match self.run_stage() {
            Ok(next) => {
                if stage != Stage::Wait || next != Some(Stage::Wait) {
                    log(&format!("{id} single to {}, {stage:?}", self.recipient));
                }
                self.stage = next.unwrap_or(stage);
                next.is_some()
            }
            Err(error) => {
                log(&format!(
                    "{id} single to {}, {stage:?}: {error}",
                    self.recipient
                ));
                expect_explained(&error);
                false
            }
        }
    }

    fn run_stage(&mut self) -> Result<Option<Stage>, LedgerError> {
        match self.stage {
            Stage::Claim => self.claim(),
            Stage::CheckLimit => Ok(Some(self.meet_limit())),
            Stage::Launch => Ok(Some(self.launch())),
            Stage::Wait => Ok(Some(self.wait())),
            Stage::TakeBack => Ok(Some(self.take_back())),
            Stage::End => self.end(),
        }
    }

    fn claim(&mut self) -> Result<Option<Stage>, LedgerError> {
        let ledger = open_ledger()?;
        let has_limit = world(|world| world.server.limit.is_some());
        let may_be_lost = self.is_keyed && ledger.is_shared();
        if may_be_lost || has_limit || self.every.is_some() {
            self.begins_by = Some(Deadline::after(Duration::from_secs(30)));
        }
        if self.is_keyed {
            let person = ledger.hasher()?.person(&self.recipient);
            // The lease and the deadline of `commands/claim.rs`: two requests and a minute, and half of that minute.
            let lease = Duration::from_millis((2 * TIMEOUT + MINUTE).unsigned_abs());
            let ClaimResult::Held(held) = ledger.claim(&scope(), &person, self.every, lease)?
            else {
                return Ok(None);
            };
            self.held = Some(held);
            world(|world| {
                let now = world.now;
                let clock_offset = world.current_offset;
                world.server.note_claim(&self.recipient, now, clock_offset);
            });
        }
        self.ledger = Some(ledger);
        Ok(Some(Stage::CheckLimit))
    }

    fn meet_limit(&mut self) -> Stage {
        let Some(limit) = world(|world| world.server.limit) else {
            return Stage::Launch;
        };
        let lag = Duration::from_millis((2 * TIMEOUT).unsigned_abs());
        let of =
            ReachKey::for_run(&fixture::details(), lag).expect("the run is not in the sandbox");
        let ledger = self
            .ledger
            .as_ref()
            .expect("the first stage opened the ledger");
        match ledger.reach(&of, &self.recipient, Some(limit)) {
            Ok(SendLimit::Counted(reached)) => {
                self.reached = Some(reached);
                Stage::Launch
            }
            Ok(SendLimit::Full { .. }) => Stage::End,
            Err(error) => {
                expect_explained(&error);
                Stage::End
            }
        }
    }

    fn launch(&mut self) -> Stage {
        if self.begins_by.is_some_and(Deadline::is_over) {
            return Stage::TakeBack;
        }
        let message = MessageKind {
            recipient: self.recipient.clone(),
            text: self.body.clone(),
            row: None,
            is_keyed: self.is_keyed,
            every: world(|world| world.profile.every),
            clock_offset: world(|world| world.current_offset),
            is_template: world(|world| world.server.limit.is_some()),
        };
        self.flight = world(|world| world.launch(message));
        if self.flight.is_some() {
            Stage::Wait
        } else {
            Stage::TakeBack
        }
    }

    fn wait(&mut self) -> Stage {
        let flight = self.flight.expect("the message has left");
        let verdict = world(|world| world.server.outcome(flight, world.now));
        self.sent = match verdict {
            None => {
                world(|world| world.advance(20));
                return Stage::Wait;
            }
            Some(Verdict::Accepted) => Sent::Yes,
            Some(Verdict::Refused | Verdict::RateLimit | Verdict::PairLimit) => Sent::No,
            Some(Verdict::AcceptedAnswerLost | Verdict::Lost | Verdict::NoNetwork) => Sent::Unknown,
        };
        if self.sent == Sent::No {
            Stage::TakeBack
        } else {
            Stage::End
        }
    }

    fn take_back(&mut self) -> Stage {
        if let Some(reached) = self.reached.take()
            && let Err(error) = reached.take_back()
        {
            expect_explained(&error);
        }
        Stage::End
    }

    fn end(&mut self) -> Result<Option<Stage>, LedgerError> {
        let Some(held) = &mut self.held else {
            return Ok(None);
        };
        let now = world(|world| world.now);
        let gives_up_at = *self.gives_up_at.get_or_insert(now + 10 * SECOND);
        let message_id = (self.sent == Sent::Yes).then_some("m");
        match held.end(self.sent, message_id) {
            Err(error) if error.may_pass() && now < gives_up_at => {
                world(|world| world.advance(500));
                Ok(Some(Stage::End))
            }
            Err(error) => Err(error),
            Ok(true) => Ok(None),
            Ok(false) => self.check_warning().map(|()| None),
        }
    }

    /// Checks the warning that the key has another entry for the recipient. It must not be about the outcome of this
    /// process.
    fn check_warning(&self) -> Result<(), LedgerError> {
        let ledger = open_ledger()?;
        let person = ledger.hasher()?.person(&self.recipient);
        let standing = ledger.once_entry(&scope(), &person)?;
        let state = standing.map(|entry| (entry.state, entry.message_id, entry.run));
        let own = (OnceState::Sent, Some("m".to_owned()), None);
        if self.sent == Sent::Yes && state == Some(own) {
            world(|world| {
                world.violate("key: a single send warns about its own outcome".to_owned())
            });
        }
        Ok(())
    }
}
