//! The operator runs one command: stop, cancel, resolve, remove, and so on. Every decision agrees with what the
//! recipients have.

use std::slice;

use super::actors::{Role, Step, open_ledger};
use super::lists::scope;
use super::promises::Moment;
use super::resolve_rows::resolve_rows;
use super::world::{World, world};
use crate::base::output::Sent;
use crate::runs::ledger::db::values;
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::keys::changes::{ConfirmedEntries, KeyAddition};
use crate::runs::ledger::keys::claims::OnceEntry;
use crate::runs::ledger::model::{Counts, OnceState};
use crate::runs::ledger::name::RunName;
use crate::runs::ledger::open::Ledger;
use crate::runs::ledger::restored::RestoredLedger;
use crate::runs::ledger::rows::delivery::{DeliveryUpdates, ProvenRow};
use crate::runs::ledger::run::Run;
use crate::runs::ledger::types::RowFilter;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Stop,
    Cancel,
    Resolve,
    Remove,
    Deliveries,
    ResolveClaim,
    RemoveClaim,
    AddToKey,
    Exclude,
    StopExcluding,
    Status,
    /// Accepts a restored ledger.
    Accept,
}

pub(super) struct Operator {
    command: Command,
    name: RunName,
    recipient: String,
    ledger: Option<Ledger>,
    shown: Option<Shown>,
}

/// The output of the command before the operator confirms it.
enum Shown {
    ChangedAt(i64),
    Claim(OnceEntry),
    Proofs(Vec<ProvenRow>),
    /// A restored ledger, and the number of restores.
    Restored(RestoredLedger, u32),
}

/// Runs `work` while no other actor acts.
pub(super) fn run_exclusively<T>(work: impl FnOnce() -> T) -> T {
    let before = world(|world| std::mem::replace(&mut world.is_exclusive, true));
    let result = work();
    world(|world| world.is_exclusive = before);
    result
}

impl Operator {
    pub(super) fn add_to(world: &mut World) {
        let command = world.choose(world.profile().commands);
        let mut names = world.checker.existing_runs();
        if names.is_empty() {
            names.extend(world.lists.iter().map(|list| list.name.clone()));
        }
        // A run with the key cannot be added to it.
        if command == Command::AddToKey {
            names.retain(|name| !world.list(name).is_keyed);
        }
        if names.is_empty() {
            return;
        }
        let name = names.swap_remove(world.rng.usize(0..names.len()));
        let operator = Self {
            command,
            name,
            recipient: world.draw_recipient(),
            ledger: None,
            shown: None,
        };
        world.add_actor(Role::Operator(Box::new(operator)));
    }

    pub(super) fn describe(&self) -> String {
        match self.command {
            Command::ResolveClaim
            | Command::RemoveClaim
            | Command::Exclude
            | Command::StopExcluding => {
                format!("{:?} {}", self.command, self.recipient)
            }
            _ => format!("{:?} {}", self.command, self.name),
        }
    }

    pub(super) fn step(&mut self) -> Result<Step, LedgerError> {
        let ledger = match &self.ledger {
            Some(ledger) => ledger.clone(),
            None => open_ledger()?,
        };
        self.ledger = Some(ledger.clone());
        match self.command {
            Command::Stop => {
                let is_stopped = ledger.run(&self.name)?.stop(None)?.has_rows_left();
                Ok(Step::Last(format!("stopped: {is_stopped}")))
            }
            Command::Cancel => {
                let is_cancelled = ledger.run(&self.name)?.cancel()?;
                Ok(Step::Last(format!("cancelled: {is_cancelled}")))
            }
            Command::Status => {
                check_report(&ledger.run(&self.name)?)?;
                Ok(Step::Last("done".to_owned()))
            }
            Command::Resolve => run_exclusively(|| resolve_rows(&ledger.run(&self.name)?)),
            Command::Deliveries => self.save_deliveries(&ledger),
            Command::Remove => self.remove_run(&ledger),
            Command::ResolveClaim => run_exclusively(|| self.resolve_claim(&ledger)),
            Command::RemoveClaim => self.remove_claim(&ledger),
            Command::AddToKey => run_exclusively(|| self.add_to_key(&ledger)),
            Command::Exclude => {
                let change = ledger.exclude(false, slice::from_ref(&self.recipient), None)?;
                Ok(Step::Last(format!("{change:?}")))
            }
            Command::StopExcluding => {
                let change = ledger.stop_excluding(false, slice::from_ref(&self.recipient))?;
                Ok(Step::Last(format!("{change:?}")))
            }
            Command::Accept => run_exclusively(|| self.accept(&ledger)),
        }
    }

    /// Returns whether its command waits for an answer, without an open ledger.
    pub(super) fn is_asked(&self) -> bool {
        self.ledger.is_none() && self.shown.is_some()
    }

    /// Shows what a restored ledger may lack in one step, and accepts it in the next.
    fn accept(&mut self, ledger: &Ledger) -> Result<Step, LedgerError> {
        self.ledger = None;
        let Some(Shown::Restored(restored, asked_after)) = &self.shown else {
            let Some(restored) = ledger.restored()? else {
                return Ok(Step::Last("the ledger was not restored".to_owned()));
            };
            let asked_after = world(|world| world.server.restores);
            self.shown = Some(Shown::Restored(restored, asked_after));
            return Ok(Step::More("asked".to_owned()));
        };
        let asked_after = *asked_after;
        world(|world| world.note_acceptance(asked_after));
        let is_accepted = ledger.accept(restored)?;
        if is_accepted {
            world(|world| {
                world.count("accepted ledgers");
                world.check_promises(&Moment::LedgerAccepted { asked_after });
            });
        }
        Ok(Step::Last(format!("accepted: {is_accepted}")))
    }

    /// Reads proofs from Jelou's list in one step, and decides the rows in the next.
    fn save_deliveries(&mut self, ledger: &Ledger) -> Result<Step, LedgerError> {
        let run = ledger.run(&self.name)?;
        if let Some(Shown::Proofs(proven)) = self.shown.take() {
            let updates = DeliveryUpdates {
                proven,
                ..DeliveryUpdates::default()
            };
            let decided = run.save_deliveries(&updates)?;
            return Ok(Step::Last(format!("{decided} rows are decided")));
        }
        let query = "SELECT n, number FROM row WHERE run = ?1 AND state = 'unknown'";
        let mut proofs = ledger.db().rows(query, &values![run.id], |row| {
            Ok(ProvenRow {
                index: row.int("n")?,
                number: row.int("number")?,
                evidence: "seen".into(),
            })
        })?;
        proofs.retain(|row| world(|world| world.truth((run.id, row.index)).has_message));
        let found = proofs.len();
        self.shown = Some(Shown::Proofs(proofs));
        Ok(Step::More(format!("{found} rows are proven")))
    }

    /// Removes a run. After that, its messages may be sent once more.
    fn remove_run(&mut self, ledger: &Ledger) -> Result<Step, LedgerError> {
        let run = ledger.run(&self.name)?;
        let Some(Shown::ChangedAt(changed_at)) = self.shown else {
            self.shown = Some(Shown::ChangedAt(run.changed_at()?));
            return Ok(Step::More("shown".to_owned()));
        };
        world(|world| {
            let server = &mut world.server;
            for request in &server.requests {
                let message = &request.message;
                let is_of_run = message.row.is_some_and(|(id, _)| id == run.id);
                if is_of_run && request.counts() {
                    let key = (message.recipient.clone(), message.text.clone());
                    *server.allowed.entry(key).or_insert(1) += 1;
                }
            }
        });
        run.remove(changed_at)?;
        Ok(Step::Last("removed".to_owned()))
    }

    fn resolve_claim(&self, ledger: &Ledger) -> Result<Step, LedgerError> {
        let person = ledger.hasher()?.person(&self.recipient);
        let entry = ledger.once_entry(&scope(), &person)?;
        let is_open =
            entry.is_some_and(|entry| entry.state == OnceState::Unknown && entry.run.is_none());
        if !is_open {
            return Ok(Step::Last("nothing to decide".to_owned()));
        }
        let truth = world(|world| world.server.truth_under_key(&self.recipient));
        if truth.may_still_arrive {
            return Ok(Step::Last("a message may still arrive".to_owned()));
        }
        let sent = if truth.has_message {
            Sent::Yes
        } else {
            Sent::No
        };
        let is_decided = ledger.decide_claim(&scope(), &person, sent)?;
        Ok(Step::Last(format!("sent {sent:?}: {is_decided}")))
    }

    /// Removes the recipient from the key, who may then get one more message.
    fn remove_claim(&mut self, ledger: &Ledger) -> Result<Step, LedgerError> {
        let person = ledger.hasher()?.person(&self.recipient);
        let Some(Shown::Claim(entry)) = &self.shown else {
            let Some(entry) = ledger.once_entry(&scope(), &person)? else {
                return Ok(Step::Last("nothing to remove".to_owned()));
            };
            if matches!(entry.state, OnceState::Inflight | OnceState::ToBeSent) {
                return Ok(Step::Last("the message is not sent yet".to_owned()));
            }
            let text = format!("{:?}", entry.state);
            self.shown = Some(Shown::Claim(entry));
            return Ok(Step::More(text));
        };
        let allow = |count: u32| {
            let recipient = self.recipient.clone();
            world(|world| world.server.key_allowed.insert(recipient, count))
        };
        // If the command fails or is killed, the claim may still be removed.
        let allowed = world(|world| world.server.count_under_key(&self.recipient)) + 1;
        let before = allow(allowed).unwrap_or(1);
        allow(allowed.max(before));
        let confirmed = ConfirmedEntries::Person(&person, entry);
        let is_removed = run_exclusively(|| ledger.remove_claims(&scope(), &confirmed))?;
        allow(if is_removed { allowed } else { before });
        Ok(Step::Last(format!("removed: {is_removed}")))
    }

    /// Adds a run to the key. Recipients of its sent rows may then get no further message under the key.
    fn add_to_key(&self, ledger: &Ledger) -> Result<Step, LedgerError> {
        let run = ledger.run(&self.name)?.require_not_stale()?;
        run.prepare()?;
        if !run.counts()?.is_finished() || run.details()?.conditions.once.is_some() {
            return Ok(Step::Last("the run is unfinished, or has a key".to_owned()));
        }
        let added = ledger.add_to_key(&scope(), &run)?;
        if matches!(added, KeyAddition::Added(_)) {
            world(|world| {
                for recipient in world.checker.sent_recipients(run.id) {
                    let allowed = world.server.count_under_key(&recipient)
                        + world.count_unsent_single_sends(&recipient);
                    world.server.key_allowed.insert(recipient, allowed);
                }
            });
        }
        Ok(Step::Last(format!("{added:?}")))
    }
}

impl World {
    /// Counts the single sends that may still send this recipient a message under the key. Actors in the middle of a
    /// step also count, because their recipients are not readable.
    fn count_unsent_single_sends(&self, recipient: &str) -> u32 {
        let singles = self.actors.iter().filter(|actor| {
            let Ok(role) = actor.role.try_borrow() else {
                return true;
            };
            match &*role {
                Some(Role::Single(single)) => single.may_still_send_under_key(recipient),
                _ => false,
            }
        });
        u32::try_from(singles.count()).expect("there are few actors")
    }
}

/// Checks that the report and the counts of a run are true.
pub(super) fn check_report(run: &Run) -> Result<(), LedgerError> {
    let mut rows = Vec::new();
    let counts = run_exclusively(|| {
        run.report::<LedgerError>(&RowFilter::default(), |row| {
            rows.push((row.line, row.state));
            Ok(())
        })?;
        run.counts()
    })?;
    world(|world| {
        let name = run.name();
        let mut reported = Counts::default();
        for (line, state) in rows {
            *reported.count_mut(state) += 1;
            let n = i64::try_from(line).expect("a list is short") - 1;
            let truth = world.truth((run.id, n));
            let is_untrue = match state.sent() {
                Sent::No => truth.must_be_known && !world.at_the_socket.contains_key(&(run.id, n)),
                Sent::Yes => !truth.has_message,
                Sent::Unknown => false,
            };
            if is_untrue {
                world.add_violation(format!(
                    "report: row {n} of {name} is reported as {state:?}, but {truth:?}"
                ));
            }
        }
        let expected = world.list(name).rows.len() as u64;
        if reported != counts || counts.all() != expected {
            world.add_violation(format!(
                "report: {name} has {expected} rows, but reports {reported:?} and counts {counts:?}"
            ));
        }
    });
    Ok(())
}
