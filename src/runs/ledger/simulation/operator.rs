//! The operator, who stops, cancels and removes runs, and decides rows and claims. Every decision is true: it agrees
//! with the recipients' chats.

use super::sender::scope;
use super::server::Truth;
use super::world::{Role, World, expect_explained, log, open_ledger, world};
use crate::base::output::Sent;
use crate::runs::ledger::claims::OnceEntry;
use crate::runs::ledger::db::values;
use crate::runs::ledger::delivery::{DeliveryUpdates, ProvenRow};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::key_changes::{ConfirmedEntries, KeyAddition};
use crate::runs::ledger::model::{Counts, OnceState, RowState};
use crate::runs::ledger::name::RunName;
use crate::runs::ledger::open::Ledger;
use crate::runs::ledger::resolution::Resolution;
use crate::runs::ledger::run::Run;
use crate::runs::ledger::types::RowFilter;

/// A command of the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Stop,
    Cancel,
    Resolve,
    Remove,
    Deliveries,
    ResolveClaim,
    RemoveClaim,
    AddToKey,
    Status,
}

pub(super) struct Operator {
    wish: Wish,
    name: RunName,
    recipient: String,
    ledger: Option<Ledger>,
    /// The entries that the first step of the command has shown. The second step decides only these.
    seen_change: Option<i64>,
    seen_claim: Option<OnceEntry>,
    seen_proofs: Option<Vec<ProvenRow>>,
}

/// The result of a step as a text for the log, and whether the command has another step.
enum Done {
    Looked(String),
    Ended(String),
}

/// Runs `work` without interruption: no other process runs between its reads and its decision.
fn calmly<T>(work: impl FnOnce() -> T) -> T {
    let before = world(|world| std::mem::replace(&mut world.is_calm, true));
    let done = work();
    world(|world| world.is_calm = before);
    done
}

impl Operator {
    pub(super) fn come(world: &mut World) {
        let wish = world.choose(world.profile.wishes);
        let mut names = world.checker.existing_runs();
        if names.is_empty() {
            names.clone_from(&world.names);
        }
        // Only a run without the key can be added to the key.
        if wish == Wish::AddToKey {
            names.retain(|name| !world.lists[&name.to_string()].is_keyed);
        }
        if names.is_empty() {
            return;
        }
        let name = names.swap_remove(world.rng.usize(0..names.len()));
        let operator = Self {
            wish,
            name,
            recipient: world.draw_recipient(),
            ledger: None,
            seen_change: None,
            seen_claim: None,
            seen_proofs: None,
        };
        world.add_actor(Role::Operator(Box::new(operator)));
    }

    /// Makes one step. False once the command has ended.
    pub(super) fn step(&mut self) -> bool {
        let done = self.act();
        let words = match self.wish {
            Wish::ResolveClaim | Wish::RemoveClaim => self.recipient.clone(),
            _ => self.name.to_string(),
        };
        let command = format!("{} {:?} {words}", world(|world| world.current), self.wish);
        match done {
            Ok(Done::Looked(words)) => {
                log(&format!("{command}: {words}"));
                true
            }
            Ok(Done::Ended(words)) => {
                log(&format!("{command}: {words}"));
                false
            }
            Err(error) => {
                log(&format!("{command}: {error}"));
                expect_explained(&error);
                false
            }
        }
    }

    fn act(&mut self) -> Result<Done, LedgerError> {
        let ledger = match &self.ledger {
            Some(ledger) => ledger.clone(),
            None => open_ledger()?,
        };
        self.ledger = Some(ledger.clone());
        match self.wish {
            Wish::Stop => {
                let is_stopped = ledger.run(&self.name)?.stop(None)?;
                Ok(Done::Ended(format!("stopped: {is_stopped}")))
            }
            Wish::Cancel => {
                let is_cancelled = ledger.run(&self.name)?.cancel()?;
                Ok(Done::Ended(format!("cancelled: {is_cancelled}")))
            }
            Wish::Status => {
                check_report(&ledger.run(&self.name)?)?;
                Ok(Done::Ended("shown".to_owned()))
            }
            Wish::Resolve => calmly(|| resolve(&ledger.run(&self.name)?)),
            Wish::Deliveries => self.save_deliveries(&ledger),
            Wish::Remove => self.remove(&ledger),
            Wish::ResolveClaim => calmly(|| self.resolve_claim(&ledger)),
            Wish::RemoveClaim => self.remove_claim(&ledger),
            Wish::AddToKey => calmly(|| self.add_to_key(&ledger)),
        }
    }

    /// Saves the rows that Jelou's list proves. The first step reads the list, and the second step saves the rows.
    fn save_deliveries(&mut self, ledger: &Ledger) -> Result<Done, LedgerError> {
        let run = ledger.run(&self.name)?;
        let Some(proven) = self.seen_proofs.take() else {
            let query = "SELECT n, number FROM row WHERE run = ?1 AND state = 'unknown'";
            let mut proofs = ledger.db().rows(query, &values![run.id], |row| {
                Ok(ProvenRow {
                    index: row.int("n")?,
                    number: row.int("number")?,
                    evidence: "seen".to_owned(),
                })
            })?;
            proofs.retain(|row| world(|world| world.truth((run.id, row.index)).has_message));
            let found = proofs.len();
            self.seen_proofs = Some(proofs);
            return Ok(Done::Looked(format!("{found} rows are proven")));
        };
        let news = DeliveryUpdates {
            proven,
            ..DeliveryUpdates::default()
        };
        let decided = run.save_deliveries(&news)?;
        Ok(Done::Ended(format!("{decided} rows are decided")))
    }

    /// Removes the run. After that, each of its messages may be sent once more.
    fn remove(&mut self, ledger: &Ledger) -> Result<Done, LedgerError> {
        let run = ledger.run(&self.name)?;
        let Some(seen) = self.seen_change else {
            self.seen_change = Some(run.changed_at()?);
            return Ok(Done::Looked("looked".to_owned()));
        };
        world(|world| {
            let server = &mut world.server;
            for flight in &server.flights {
                let is_of_run = flight.message.row.is_some_and(|(of, _)| of == run.id);
                if is_of_run && flight.counts() {
                    let message = &flight.message;
                    let repeated = (message.recipient.clone(), message.text.clone());
                    *server.allowed.entry(repeated).or_insert(1) += 1;
                }
            }
        });
        run.remove(seen)?;
        world(|world| world.count("removed"));
        Ok(Done::Ended("removed".to_owned()))
    }

    fn resolve_claim(&self, ledger: &Ledger) -> Result<Done, LedgerError> {
        let person = ledger.hasher()?.person(&self.recipient);
        let is_open = |entry: &OnceEntry| entry.state == OnceState::Unknown && entry.run.is_none();
        if !ledger
            .once_entry(&scope(), &person)?
            .is_some_and(|entry| is_open(&entry))
        {
            return Ok(Done::Ended("nothing to decide".to_owned()));
        }
        let truth = world(|world| world.server.truth_under_key(&self.recipient));
        if truth.may_still_arrive {
            return Ok(Done::Ended("a message may still arrive".to_owned()));
        }
        let sent = if truth.has_message {
            Sent::Yes
        } else {
            Sent::No
        };
        world(|world| world.count("decided claims"));
        let is_decided = ledger.decide_claim(&scope(), &person, sent)?;
        Ok(Done::Ended(format!("{sent:?}: {is_decided}")))
    }

    /// Removes the claim. After that, the recipient may get one more message under the key.
    fn remove_claim(&mut self, ledger: &Ledger) -> Result<Done, LedgerError> {
        let person = ledger.hasher()?.person(&self.recipient);
        let Some(seen) = &self.seen_claim else {
            let standing = ledger.once_entry(&scope(), &person)?;
            let Some(entry) = standing else {
                return Ok(Done::Ended("nothing to forget".to_owned()));
            };
            if matches!(entry.state, OnceState::Inflight | OnceState::ToBeSent) {
                return Ok(Done::Ended("a message is pending or in flight".to_owned()));
            }
            let words = format!("{:?}", entry.state);
            self.seen_claim = Some(entry);
            return Ok(Done::Looked(words));
        };
        let allow = |count: u32| {
            let recipient = self.recipient.clone();
            world(|world| world.server.key_allowed.insert(recipient, count))
        };
        // Allow the message before the removal, which may succeed although its answer is lost or the command is killed.
        let allowed = world(|world| world.server.count_under_key(&self.recipient)) + 1;
        let before = allow(allowed).unwrap_or(1);
        allow(allowed.max(before));
        let shown = ConfirmedEntries::Person(&person, seen);
        let is_forgotten = calmly(|| ledger.remove_claims(&scope(), &shown))?;
        allow(if is_forgotten { allowed } else { before });
        world(|world| world.count("forgotten"));
        Ok(Done::Ended(format!("forgotten: {is_forgotten}")))
    }

    /// Adds the run to the key. Recipients that certainly got a message get no other message under the key, unless a
    /// single send has already claimed them.
    fn add_to_key(&self, ledger: &Ledger) -> Result<Done, LedgerError> {
        let run = ledger.run(&self.name)?.require_not_stale()?;
        run.prepare()?;
        if !run.counts()?.is_finished() || run.details()?.conditions.once.is_some() {
            return Ok(Done::Ended(
                "the run is unfinished, or has a key".to_owned(),
            ));
        }
        let added = ledger.add_to_key(&scope(), &run)?;
        if matches!(added, KeyAddition::Added(_)) {
            world(|world| {
                world.count("added to the key");
                for recipient in world.checker.sent_recipients(run.id) {
                    let allowed = world.server.count_under_key(&recipient)
                        + world.count_unsent_single_sends(&recipient);
                    world.server.key_allowed.insert(recipient, allowed);
                }
            });
        }
        Ok(Done::Ended(format!("{added:?}")))
    }
}

impl World {
    /// Counts the single sends to this recipient under the key that may still leave. An actor in the middle of a step
    /// counts too, because its recipient cannot be read.
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

/// Decides rows according to the recipients' chats.
fn resolve(run: &Run) -> Result<Done, LedgerError> {
    use RowState::{Failed, Pending, Sent as RowSent, Unknown};
    let mut changes = [
        [Unknown, RowSent],
        [Unknown, Failed],
        [Unknown, Pending],
        [Failed, Pending],
    ];
    world(|world| world.rng.shuffle(&mut changes));
    // This makes the rows of lost processes unknown.
    run.prepare()?;
    for change in changes {
        let rows = rows_for(run, change)?;
        if !rows.is_empty() {
            return decide(run, change, rows);
        }
    }
    Ok(Done::Ended("no rows to decide".to_owned()))
}

/// The rows with a true decision for this change; see [`is_true`].
fn rows_for(run: &Run, change: [RowState; 2]) -> Result<Vec<i64>, LedgerError> {
    let query = "SELECT n FROM row WHERE run = ?1 AND state = ?2";
    let from = change[0].name();
    let mut rows = run
        .ledger
        .db()
        .rows(query, &values![run.id, from], |row| row.int("n"))?;
    rows.retain(|n| is_true(change, (run.id, *n)));
    Ok(rows)
}

fn decide(run: &Run, change: [RowState; 2], mut rows: Vec<i64>) -> Result<Done, LedgerError> {
    let max = world(|world| world.rng.usize(1..4));
    rows.truncate(max);
    let resolution = Resolution {
        change,
        lines: rows.iter().map(|n| n.unsigned_abs() + 1).collect(),
        people: Vec::new(),
    };
    let Some(asked) = ask_about_lost(run, &resolution)? else {
        return Ok(Done::Ended("a process may still send it".to_owned()));
    };
    let resolved = run.resolve(&resolution, &asked)?;
    world(|world| world.count("resolved"));
    Ok(Done::Ended(format!("{change:?} of {rows:?}: {resolved:?}")))
}

/// Whether a decision about a row is true. If a suspended process is about to send the row, the chat does not show
/// that. For a change to pending, `ask_about_lost` checks that process instead.
fn is_true([from, to]: [RowState; 2], row: (i64, i64)) -> bool {
    let Truth {
        has_message,
        may_still_arrive,
    } = if to == RowState::Pending {
        world(|world| world.server.truth(row))
    } else {
        world(|world| world.truth(row))
    };
    match (from, to) {
        (_, RowState::Sent) => has_message,
        (RowState::Failed, _) => true,
        _ => !has_message && !may_still_arrive,
    }
}

/// Answers for the operator whether the lost processes have ended. Returns their numbers, or None if one of them still
/// runs.
fn ask_about_lost(run: &Run, resolution: &Resolution) -> Result<Option<Vec<i64>>, LedgerError> {
    let mut asked = Vec::new();
    if !resolution.sends_again() {
        return Ok(Some(asked));
    }
    loop {
        let lost = run.lost_processes(resolution, &asked)?;
        if lost.is_empty() {
            return Ok(Some(asked));
        }
        for (worker, _) in lost {
            let is_running = world(|world| {
                let actor = world.workers.get(&worker);
                actor.is_some_and(|actor| world.lives(*actor))
            });
            if is_running {
                return Ok(None);
            }
            asked.push(worker);
        }
    }
}

/// Checks that the report of a run is true.
pub(super) fn check_report(run: &Run) -> Result<(), LedgerError> {
    let mut shown = Vec::new();
    let counts = calmly(|| {
        run.report::<LedgerError>(&RowFilter::default(), |row| {
            shown.push((row.line, row.state));
            Ok(())
        })?;
        run.counts()
    })?;
    world(|world| {
        let name = run.name().to_string();
        let mut of_rows = Counts::default();
        for (line, state) in shown {
            *of_rows.count_mut(state) += 1;
            let n = i64::try_from(line).expect("a list is short") - 1;
            let truth = world.truth((run.id, n));
            let may_have = truth.has_message || truth.may_still_arrive;
            let is_untrue = match state.sent() {
                Sent::No => may_have && !world.at_the_socket.contains_key(&(run.id, n)),
                Sent::Yes => !truth.has_message,
                Sent::Unknown => false,
            };
            if is_untrue {
                world.violate(format!(
                    "report: row {n} of {name} is shown as {state:?}: {truth:?}"
                ));
            }
        }
        let rows = world.lists[&name].rows.len() as u64;
        if of_rows != counts || counts.all() != rows {
            world.violate(format!(
                "report: {of_rows:?} are shown of {name}, and {counts:?} counted"
            ));
        }
    });
    Ok(())
}
