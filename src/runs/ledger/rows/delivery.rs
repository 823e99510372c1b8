//! The delivery status of messages, as Jelou reports it later. It does not affect whether a row may
//! be sent, or when the run last changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reported_rows::delivery_facts;
use crate::base::message::Message;
use crate::base::timestamps::from_millis;
use crate::jelou::api::{DeliveryFacts, DeliveryState};
use crate::runs::ledger::db::{Db, SqlRow, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::joined_workers::JoinedWorkers;
use crate::runs::ledger::model::RowState;
use crate::runs::ledger::run::Run;

/// Attempts that may have reached Jelou, for rows with a request.
const ATTEMPTS: &str = "SELECT row.n, recipient, path, body, attempt.began_at, \
    attempt.message_id, state, row.number AS row_number, delivery_reports, delivery, delivery_code, \
    delivery_reason, delivery_at, delivery_since, worker, ended_at, \
    CASE WHEN attempt.number = attempt.last_number THEN 1 ELSE 0 END AS is_last \
    FROM (SELECT run, n, number, began_at, message_id, max(number) OVER (PARTITION \
    BY n) AS last_number FROM (SELECT run, n, number, began_at, message_id FROM tried \
    WHERE run = ?1 UNION ALL SELECT run, n, number, began_at, message_id FROM row \
    WHERE run = ?1 AND began_at IS NOT NULL AND (state = 'sent' OR state = 'unknown' \
    OR state = 'inflight')) AS made) AS attempt CROSS JOIN row CROSS JOIN message \
    WHERE attempt.began_at >= ?2 AND attempt.began_at <= ?3 AND row.run = attempt.run \
    AND row.n = attempt.n AND message.run = row.run AND message.n = row.n \
    ORDER BY attempt.n, attempt.number";

/// In milliseconds: a check of all messages of a run looks back 72 hours.
pub(crate) const LOOKS_BACK: i64 = 72 * 60 * 60 * 1000;

/// An attempt that may have reached Jelou: accepted, unknown, or in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttemptToCheck {
    pub(crate) index: i64,
    pub(crate) recipient: String,
    /// Path and query below the API's address.
    pub(crate) path: String,
    pub(crate) body: String,
    /// Milliseconds since 1970, by the ledger's clock.
    pub(crate) began_at: i64,
    /// Whether it is the last attempt of its row that may have reached Jelou.
    pub(crate) is_last: bool,
    /// The id of the message, from the response or from a lookup that found it.
    pub(crate) message_id: Option<String>,
    /// The state of the row, and the number of its last record.
    pub(crate) row: RowState,
    pub(crate) row_number: i64,
    /// The known delivery status of the row's message.
    pub(crate) delivery: Option<DeliveryRecord>,
    /// Whether a process with recent contact may still report the outcome.
    pub(crate) may_still_report: bool,
}

/// The delivery status of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryRecord {
    /// The number of records about it.
    pub(crate) number: i64,
    pub(crate) facts: DeliveryFacts,
    /// The time when its state was first seen, in milliseconds since 1970.
    pub(crate) since: i64,
}

/// A newer delivery status of a row's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryUpdate {
    pub(crate) index: i64,
    /// The number of records before this update. If there are more now, another process has saved a
    /// newer status, and this update is dropped.
    pub(crate) after: i64,
    pub(crate) steps: Vec<DeliveryFacts>,
    /// The id of the message, if the response had none.
    pub(crate) message_id: Option<String>,
}

/// An unknown row that was sent, according to Jelou's lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProvenRow {
    pub(crate) index: i64,
    /// The number of its last record.
    pub(crate) number: i64,
    /// The evidence in words, for the decision.
    pub(crate) evidence: Message,
}

/// The results of a delivery check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeliveryUpdates {
    pub(crate) updates: Vec<DeliveryUpdate>,
    /// The unknown rows that were sent. A row that is no longer unknown does not change.
    pub(crate) proven: Vec<ProvenRow>,
    /// The start of the check, and its number of rows. Set after the check has read everything.
    pub(crate) asked: Option<(i64, u64)>,
}

/// The number of messages of a run in each delivery status. Each message counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct DeliveryCounts {
    /// The time of the last check of all messages, in milliseconds since 1970, and their number.
    /// None before the first check.
    pub(crate) asked_at: Option<i64>,
    pub(crate) asked: u64,
    /// The number of messages in each state, by its stable name.
    pub(crate) states: BTreeMap<String, u64>,
    /// Checked and not found.
    pub(crate) not_listed: u64,
    /// Accepted by a response without a message id.
    pub(crate) no_id: u64,
    /// Accepted after the last check, or too long before it.
    pub(crate) not_asked: u64,
    /// The number of undelivered messages for each code, or else each reason.
    pub(crate) reasons: BTreeMap<String, u64>,
}

impl Run {
    /// Passes every attempt that began between these times and may have reached Jelou, in the order
    /// of the list.
    pub(crate) fn each_attempt(
        &self,
        [since, until]: [i64; 2],
        each: &mut dyn FnMut(AttemptToCheck),
    ) -> Result<(), LedgerError> {
        let mut db = self.ledger.db();
        let joined = JoinedWorkers::read(&mut db)?;
        db.for_each_row(ATTEMPTS, &values![self.id, since, until], |mut row| {
            each(attempt(&mut row, &joined)?);
            Ok(())
        })
    }

    /// Returns the time of the last delivery check of all its messages, in milliseconds since 1970,
    /// or None before the first check.
    pub(crate) fn asked_at(&self) -> Result<Option<i64>, LedgerError> {
        self.one("SELECT asked_at FROM run WHERE id = ?1")?
            .opt_int("asked_at")
    }

    /// Counts all messages by their delivery status, as of the last delivery check.
    pub(crate) fn all_deliveries(&self) -> Result<DeliveryCounts, LedgerError> {
        let row = self.one("SELECT deliveries FROM run WHERE id = ?1")?;
        match row.opt_text("deliveries")? {
            Some(_) => row.json("deliveries"),
            None => self.deliveries(i64::MIN),
        }
    }

    /// Counts the messages that were sent at `since` or later, as [`Self::all_deliveries`] does.
    pub(crate) fn deliveries(&self, since: i64) -> Result<DeliveryCounts, LedgerError> {
        let counts = count_deliveries(&mut self.ledger.db(), self.id, since)?;
        counts.ok_or_else(|| LedgerError::changed(self.name()))
    }
}

/// Counts the messages of a run that were sent at `since` or later by their delivery status. None
/// if the run was removed.
pub(crate) fn count_deliveries(
    db: &mut Db,
    run: i64,
    since: i64,
) -> Result<Option<DeliveryCounts>, LedgerError> {
    let check = "SELECT asked_at, asked FROM run WHERE id = ?1";
    let Some(check) = db.first(check, &values![run])? else {
        return Ok(None);
    };
    let mut counts = DeliveryCounts {
        asked_at: check.opt_int("asked_at")?,
        asked: check.opt_int("asked")?.unwrap_or_default().unsigned_abs(),
        ..DeliveryCounts::default()
    };
    let query = "SELECT delivery, delivery_code, delivery_reason, count(*) AS messages \
        FROM row WHERE run = ?1 AND began_at >= ?2 AND delivery IS NOT NULL \
        GROUP BY 1, 2, 3";
    db.for_each_row(query, &values![run, since], |mut row| {
        if let Some(facts) = delivery_facts(&mut row)? {
            counts.add(&facts, row.count("messages")?);
        }
        Ok(())
    })?;
    // Accepted messages without a delivery status. Either they have no id, or the last check did not
    // find them.
    let query = "SELECT count(*) AS messages, count(CASE WHEN message_id IS NULL THEN 1 \
        END) AS no_id, count(CASE WHEN message_id IS NOT NULL AND began_at >= ?3 \
        AND ended_at <= ?4 THEN 1 END) AS not_listed FROM row WHERE run = ?1 \
        AND began_at >= ?2 AND state = 'sent' AND delivery IS NULL";
    let [first, last] = counts
        .asked_at
        .map_or([i64::MAX; 2], |at| [at - LOOKS_BACK, at]);
    let row = db.one(query, &values![run, since, first, last])?;
    counts.no_id = row.count("no_id")?;
    counts.not_listed = row.count("not_listed")?;
    counts.not_asked = row
        .count("messages")?
        .saturating_sub(counts.no_id + counts.not_listed);
    Ok(Some(counts))
}

impl DeliveryUpdates {
    pub(crate) fn is_empty(&self) -> bool {
        self.updates.is_empty() && self.proven.is_empty() && self.asked.is_none()
    }

    /// Merges a status that Jelou reported `now` about a row, and updates `known`.
    pub(crate) fn merge(
        &mut self,
        index: i64,
        known: &mut Option<DeliveryRecord>,
        steps: Vec<DeliveryFacts>,
        message_id: Option<&str>,
        now: i64,
    ) {
        let Some(facts) = steps.last().cloned() else {
            return;
        };
        let after = known.as_ref().map_or(0, |known| known.number);
        let since = known
            .as_ref()
            .filter(|known| known.facts.state == facts.state)
            .map_or(now, |known| known.since);
        let number = after.saturating_add(i64::try_from(steps.len()).unwrap_or(i64::MAX));
        *known = Some(DeliveryRecord {
            number,
            facts,
            since,
        });
        self.updates.push(DeliveryUpdate {
            index,
            after,
            steps,
            message_id: message_id.map(str::to_owned),
        });
    }
}

impl DeliveryCounts {
    /// Counts `messages` more in this state.
    pub(crate) fn add(&mut self, facts: &DeliveryFacts, messages: u64) {
        *self
            .states
            .entry(facts.state.name().to_owned())
            .or_default() += messages;
        if facts.state == DeliveryState::Undelivered {
            let reason = facts.code.as_ref().or(facts.reason.as_ref());
            *self
                .reasons
                .entry(reason.map_or("no_reason", String::as_str).to_owned())
                .or_default() += messages;
        }
    }

    /// Returns the number of messages in this state.
    pub(crate) fn count(&self, state: &DeliveryState) -> u64 {
        self.states.get(state.name()).copied().unwrap_or_default()
    }

    /// Returns each count with its stable name, in the order of delivery. The last counts are of
    /// messages without a known state.
    pub(crate) fn list_counts(&self) -> Vec<(&'static str, u64)> {
        let states = DeliveryState::NAMES
            .map(|name| (name, self.states.get(name).copied().unwrap_or_default()));
        let others = [
            ("not_listed", self.not_listed),
            ("no_id", self.no_id),
            ("not_asked", self.not_asked),
        ];
        states.into_iter().chain(others).collect()
    }

    /// Returns the number of messages with a known state.
    pub(crate) fn count_known(&self) -> u64 {
        self.states.values().sum()
    }
}

fn attempt(row: &mut SqlRow, joined: &JoinedWorkers) -> Result<AttemptToCheck, LedgerError> {
    let worker = row.opt_int("worker")?;
    let state = joined.shown_state(row.parse("state", RowState::from_name)?, worker);
    let delivery = match delivery_facts(row)? {
        None => None,
        Some(facts) => Some(DeliveryRecord {
            number: row.int("delivery_reports")?,
            facts: DeliveryFacts {
                at: row.opt_int("delivery_at")?.map(from_millis),
                ..facts
            },
            since: row.opt_int("delivery_since")?.unwrap_or_default(),
        }),
    };
    Ok(AttemptToCheck {
        index: row.int("n")?,
        recipient: row.take_text("recipient")?,
        path: row.take_text("path")?,
        body: row.take_text("body")?,
        began_at: row.int("began_at")?,
        is_last: row.is_set("is_last")?,
        message_id: row.opt_take_text("message_id")?,
        row: state,
        row_number: row.int("row_number")?,
        delivery,
        may_still_report: state == RowState::Unknown
            && row.opt_int("ended_at")?.is_none()
            && joined.is_alive(worker),
    })
}
