//! A process that sends a single message, with the steps of `commands/send/deliver.rs`.

use std::time::Duration;

use super::actors::{Role, Step, expect_explained, open_ledger};
use super::lists::scope;
use super::server::{Message, Verdict};
use super::world::{MINUTE, SECOND, TIMEOUT, World, world};
use crate::base::output::Sent;
use crate::jelou::api::Deadline;
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::fixture;
use crate::runs::ledger::history::reach::{ReachEntry, ReachKey, SendLimit};
use crate::runs::ledger::keys::claims::{ClaimResult, HeldClaim};
use crate::runs::ledger::model::OnceState;
use crate::runs::ledger::open::Ledger;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Claim,
    CheckLimit,
    Send,
    Wait,
    TakeBack,
    EndClaim,
}

pub(super) struct SingleSend {
    recipient: String,
    body: String,
    is_keyed: bool,
    /// How long a message counts under the key.
    every: Option<Duration>,
    stage: Stage,
    ledger: Option<Ledger>,
    claim: Option<HeldClaim>,
    /// When the message must be sent. After that, others may consider the process lost, or the recipient may not count
    /// for the limit.
    deadline: Option<Deadline>,
    reached: Option<ReachEntry>,
    request: Option<usize>,
    sent: Sent,
    gives_up_at: Option<i64>,
    /// The number of restores when it claimed the recipient.
    restores: u32,
}

impl SingleSend {
    pub(super) fn add_to(world: &mut World) {
        let number = world.rng.u32(..);
        let every = world.profile().every;
        let single = Self {
            recipient: world.draw_recipient(),
            body: format!("single {number}"),
            is_keyed: world.server.limit.is_none() || world.rng.bool(),
            every: every.map(|every| Duration::from_millis(every.unsigned_abs())),
            stage: Stage::Claim,
            ledger: None,
            claim: None,
            deadline: None,
            reached: None,
            request: None,
            sent: Sent::No,
            gives_up_at: None,
            restores: 0,
        };
        world.add_actor(Role::Single(Box::new(single)));
    }

    /// Returns whether it claimed the recipient, and did not send the message yet.
    pub(super) fn may_still_send_under_key(&self, recipient: &str) -> bool {
        let is_before = matches!(self.stage, Stage::CheckLimit | Stage::Send);
        self.is_keyed && is_before && self.recipient == recipient
    }

    pub(super) fn describe(&self) -> String {
        format!("single send to {}, {:?}", self.recipient, self.stage)
    }

    pub(super) fn step(&mut self) -> Result<Step, LedgerError> {
        let next = match self.stage {
            Stage::Claim => self.claim()?,
            Stage::CheckLimit => Some(self.check_limit()),
            Stage::Send => Some(self.send()),
            Stage::Wait => match self.receive() {
                Some(next) => Some(next),
                None => return Ok(Step::Silent),
            },
            Stage::TakeBack => Some(self.take_back()),
            Stage::EndClaim => self.end_claim()?,
        };
        let Some(next) = next else {
            return Ok(Step::Last("ends".to_owned()));
        };
        if next == Stage::EndClaim && self.stage != Stage::EndClaim {
            wait_before_end();
        }
        self.stage = next;
        Ok(Step::More("done".to_owned()))
    }

    fn claim(&mut self) -> Result<Option<Stage>, LedgerError> {
        let ledger = open_ledger()?;
        let has_limit = world(|world| world.server.limit.is_some());
        let may_be_lost = self.is_keyed && ledger.is_shared();
        if may_be_lost || has_limit || self.every.is_some() {
            self.deadline = Some(Deadline::after(Duration::from_secs(30)));
        }
        if self.is_keyed {
            let person = ledger.hasher()?.person(&self.recipient);
            // The lease of `commands/send/claim.rs` is two requests and a minute, and the deadline is half of that minute.
            let lease = Duration::from_millis((2 * TIMEOUT + MINUTE).unsigned_abs());
            let ClaimResult::Held(claim) = ledger.claim(&scope(), &person, self.every, lease)?
            else {
                return Ok(None);
            };
            self.claim = Some(claim);
            world(|world| {
                let clock_error = world.current_clock_error;
                world
                    .server
                    .note_claim(&self.recipient, world.now, clock_error);
            });
        }
        self.ledger = Some(ledger);
        self.restores = world(|world| world.server.restores);
        Ok(Some(Stage::CheckLimit))
    }

    fn check_limit(&mut self) -> Stage {
        let Some(limit) = world(|world| world.server.limit) else {
            return Stage::Send;
        };
        let lag = Duration::from_millis((2 * TIMEOUT).unsigned_abs());
        let key = ReachKey::for_run(&fixture::details(), lag).expect("it is not in the sandbox");
        let ledger = self.ledger.as_ref().expect("the ledger is open");
        match ledger.reach(&key, &self.recipient, Some(limit)) {
            Ok(SendLimit::Counted(reached)) => {
                self.reached = Some(reached);
                Stage::Send
            }
            Ok(SendLimit::Full { .. }) => Stage::EndClaim,
            Err(error) => {
                expect_explained(&error);
                Stage::EndClaim
            }
        }
    }

    fn send(&mut self) -> Stage {
        if self.deadline.is_some_and(Deadline::is_over) {
            return Stage::TakeBack;
        }
        self.request = world(|world| {
            world.send(Message {
                recipient: self.recipient.clone(),
                text: self.body.clone(),
                row: None,
                is_keyed: self.is_keyed,
                every: world.profile().every,
                clock_error: world.current_clock_error,
                is_template: world.server.limit.is_some(),
                restores: self.restores,
            })
        });
        if self.request.is_some() {
            Stage::Wait
        } else {
            Stage::TakeBack
        }
    }

    /// Receives the response. Returns None before it arrives.
    fn receive(&mut self) -> Option<Stage> {
        let request = self.request.expect("the request was sent");
        let Some(verdict) = world(|world| world.server.outcome(request, world.now)) else {
            world(|world| world.advance(20));
            return None;
        };
        self.sent = match verdict {
            Verdict::Accepted => Sent::Yes,
            Verdict::Rejected | Verdict::RateLimit | Verdict::PairLimit => Sent::No,
            Verdict::AcceptedResponseLost | Verdict::Lost | Verdict::NoNetwork => Sent::Unknown,
        };
        Some(if self.sent == Sent::No {
            Stage::TakeBack
        } else {
            Stage::EndClaim
        })
    }

    /// Removes the recipient from the messaging limit.
    fn take_back(&mut self) -> Stage {
        if let Some(reached) = self.reached.take()
            && let Err(error) = reached.take_back()
        {
            expect_explained(&error);
        }
        Stage::EndClaim
    }

    fn end_claim(&mut self) -> Result<Option<Stage>, LedgerError> {
        let Some(claim) = &mut self.claim else {
            return Ok(None);
        };
        let now = world(|world| world.now);
        let gives_up_at = *self.gives_up_at.get_or_insert(now + 10 * SECOND);
        let message_id = (self.sent == Sent::Yes).then_some("m");
        match claim.end(self.sent, message_id) {
            Err(error) if error.may_pass() && now < gives_up_at => {
                world(|world| world.advance(500));
                Ok(Some(Stage::EndClaim))
            }
            Err(error) => Err(error),
            Ok(true) => Ok(None),
            Ok(false) => self.check_warning().map(|()| None),
        }
    }

    /// The process warns that the key has something else for the recipient. Checks that this is not its own outcome.
    fn check_warning(&self) -> Result<(), LedgerError> {
        let ledger = open_ledger()?;
        let person = ledger.hasher()?.person(&self.recipient);
        let entry = ledger.once_entry(&scope(), &person)?;
        let found = entry.map(|entry| (entry.state, entry.message_id, entry.run));
        let own = (OnceState::Sent, Some("m".to_owned()), None);
        if self.sent == Sent::Yes && found == Some(own) {
            world(|world| {
                world.add_violation("key: a single send warns about its own outcome".to_owned());
            });
        }
        Ok(())
    }
}

/// Suspends the current process before it ends its claim, so that others may decide it first. Only one profile does so,
/// half of the time.
fn wait_before_end() {
    world(|world| {
        if world.profile().waits_before_end && world.rng.bool() {
            let wait = world.rng.i64(SECOND..5 * MINUTE);
            world.suspend_current(wait);
        }
    });
}
