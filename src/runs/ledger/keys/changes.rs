//! Your changes of a `--once` key: you decide an unknown message, remove recipients, or add the
//! recipients of a finished run.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::claims::{
    CLAIM_ROW, Claim, OnceEntry, claim_under, fill_recipients, key_number, note_key,
    read_candidate_claims, state_name,
};
use super::summaries::{OnceSummary, summaries};
use crate::base::output::Sent;
use crate::runs::ledger::db::{Db, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::model::{OnceState, RowState};
use crate::runs::ledger::open::{Ledger, lock_ledger};
use crate::runs::ledger::run::Run;
use crate::runs::once::{OnceHasher, OnceScope};

/// The rows of a run that were sent or may have been sent.
pub(crate) const REACHED_ROWS: &str = "SELECT row.n, recipient, state FROM row \
    CROSS JOIN message WHERE row.run = ?1 AND message.run = row.run AND message.n = row.n \
    AND (state = 'sent' OR state = 'unknown' OR state = 'inflight')";

/// The result of adding the recipients of a run to a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KeyAddition {
    /// The number of new recipients under the key.
    Added(u64),
    /// This run will send one of them a message with the key.
    ToBeSent { run: String },
    /// A single send with the key is in flight to this recipient, who may have got a message of the
    /// run.
    InFlight { recipient: String },
}

/// The entries that a command has shown before you confirmed their removal.
pub(crate) enum ConfirmedEntries<'a> {
    Person(&'a str, &'a OnceEntry),
    Everybody(&'a OnceSummary),
}

impl Ledger {
    /// Records your decision whether an unknown message of a single send or a removed run was sent.
    /// False if it is not unknown.
    pub(crate) fn decide_claim(
        &self,
        scope: &OnceScope,
        person: &str,
        sent: Sent,
    ) -> Result<bool, LedgerError> {
        self.db().change(|db| {
            let now = lock_ledger(db)?.now;
            let Some(claim) = claim_under(db, scope, person)? else {
                return Ok(false);
            };
            if claim.row.is_some() || claim.entry.state != OnceState::Unknown {
                return Ok(false);
            }
            let query = "UPDATE claim SET state = ?3, at = ?4, message_id = NULL, \
                worker = NULL WHERE once_key = ?1 AND person = ?2";
            Ok(db.run(
                query,
                &values![key_number(scope), person, state_name(sent), now],
            )? > 0)
        })
    }

    /// Removes one recipient or all of them from the key, unless the entries have changed since
    /// they were shown. Returns whether it did. The caller has checked that no message of the key
    /// is in flight or pending.
    pub(crate) fn remove_claims(
        &self,
        scope: &OnceScope,
        shown: &ConfirmedEntries<'_>,
    ) -> Result<bool, LedgerError> {
        self.db().change(|db| {
            lock_ledger(db)?;
            let key = key_number(scope);
            match shown {
                ConfirmedEntries::Person(person, entry) => {
                    if claim_under(db, scope, person)?.is_none_or(|claim| claim.entry != **entry) {
                        return Ok(false);
                    }
                    db.run(
                        "DELETE FROM claim WHERE once_key = ?1 AND person = ?2",
                        &values![key, *person],
                    )?;
                }
                ConfirmedEntries::Everybody(summary) => {
                    if !summaries(db)?.contains(summary) {
                        return Ok(false);
                    }
                    db.run("DELETE FROM claim WHERE once_key = ?1", &values![key])?;
                }
            }
            Ok::<_, LedgerError>(true)
        })
    }

    /// Adds the recipients of a finished run that got a message, or may have got one, to the key.
    /// Adds none if one of them may still get a message with the key.
    pub(crate) fn add_to_key(
        &self,
        scope: &OnceScope,
        run: &Run,
    ) -> Result<KeyAddition, LedgerError> {
        self.db().change(|db| {
            lock_ledger(db)?;
            let key = note_key(db, scope)?;
            let mut reached = reached_recipients(db, run)?;
            fill_recipients(db, |each| {
                reached
                    .iter()
                    .try_for_each(|(person, row)| each(&values![person, row.index]))
            })?;
            let mut obstacle = None;
            read_candidate_claims(db, key, |_, Claim { person, entry, .. }| {
                let Some(row) = reached.get(&person) else {
                    return Ok(());
                };
                match entry.state {
                    OnceState::ToBeSent => {
                        let run = entry.run.unwrap_or_default();
                        obstacle.get_or_insert(KeyAddition::ToBeSent { run });
                    }
                    // A message that was certainly sent outweighs an unknown one and one in flight.
                    OnceState::Unknown | OnceState::Inflight if row.is_sent => {}
                    OnceState::Sent | OnceState::Unknown => drop(reached.remove(&person)),
                    OnceState::Inflight => {
                        // If you later decide the row as not sent, the key would not have the
                        // single send.
                        let recipient = row.recipient.clone();
                        obstacle.get_or_insert(KeyAddition::InFlight { recipient });
                    }
                    OnceState::NotSent => {}
                }
                Ok(())
            })?;
            if let Some(obstacle) = obstacle {
                return Ok(obstacle);
            }
            let claims: Vec<_> = reached
                .iter()
                .map(|(person, row)| values![key, person, run.id, row.index, None::<i64>].to_vec())
                .collect();
            db.each(CLAIM_ROW, &claims)?;
            Ok::<_, LedgerError>(KeyAddition::Added(claims.len() as u64))
        })
    }
}

/// A row of a finished run that was sent or may have been sent.
struct RowToAdd {
    index: i64,
    recipient: String,
    is_sent: bool,
}

/// Returns the recipients that a run has reached or may have reached, each with one row. If a
/// recipient has several rows, a row that was certainly sent is preferred.
fn reached_recipients(db: &mut Db, run: &Run) -> Result<HashMap<String, RowToAdd>, LedgerError> {
    let hasher = OnceHasher::load(db)?;
    let mut reached: HashMap<String, RowToAdd> = HashMap::new();
    db.for_each_row(REACHED_ROWS, &values![run.id], |mut row| {
        let recipient = row.take_text("recipient")?;
        let row = RowToAdd {
            index: row.int("n")?,
            is_sent: row.parse("state", RowState::from_name)? == RowState::Sent,
            recipient,
        };
        match reached.entry(hasher.person(&row.recipient)) {
            Entry::Occupied(mut known) if row.is_sent && !known.get().is_sent => {
                known.insert(row);
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(place) => drop(place.insert(row)),
        }
        Ok(())
    })?;
    Ok(reached)
}
