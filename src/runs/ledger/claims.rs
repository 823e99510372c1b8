//! The recipients that have a message under a key of `--once`: from a row of a run, a single send,
//! or a removed run. Each recipient has at most one claim under a key. This file decides whether a
//! recipient is free.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::LazyLock;
use std::time::Duration;

use ring::digest::{SHA256, digest};

use super::db::{Db, FillRow, SqlRow, SqlScript, SqlValue, values};
use super::error::LedgerError;
use super::lost_workers::LostWorkers;
use super::message::eight_bytes;
use super::model::{OnceState, RowState};
use super::open::{Ledger, lock_ledger};
use super::run::{Run, is_stale};
use crate::base::output::Sent;
use crate::base::timestamps::wrong_clock;
use crate::jelou::api::Deadline;
use crate::runs::once::{OnceHasher, OnceScope};

/// Claims a free recipient for a row: `once_key, person, run, n, every_ms`.
pub(super) const CLAIM_ROW: &str = "INSERT INTO claim (once_key, person, run, n, every_ms) \
    VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (once_key, person) DO UPDATE \
    SET run = excluded.run, n = excluded.n, state = NULL, at = NULL, message_id = NULL, \
    worker = NULL, lease_until = NULL, counts_from = NULL, behind_from = NULL, \
    every_ms = excluded.every_ms";

/// Claims a recipient for a single send: `once_key, person, state, at, worker, lease_until,
/// every_ms`.
const CLAIM: &str = "INSERT INTO claim (once_key, person, state, at, worker, lease_until, \
    every_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
const CLAIM_AGAIN: &str = "UPDATE claim SET run = NULL, n = NULL, state = ?3, at = ?4, \
    message_id = NULL, worker = ?5, lease_until = ?6, counts_from = NULL, \
    behind_from = NULL, every_ms = ?7 WHERE once_key = ?1 AND person = ?2";
/// Keeps the `--every` of a command that found the message of a single send or a run: `once_key,
/// person, every_ms`.
const KEEP_EVERY: &str = "UPDATE claim SET every_ms = ?3 WHERE once_key = ?1 AND person = ?2";
/// Records from when a message counts by a clock that is behind it: `once_key, person,
/// behind_from`.
const FOLLOW_CLOCK: &str = "UPDATE claim SET behind_from = ?3 WHERE once_key = ?1 AND person = ?2";

/// The recipients to look up under a key.
const CANDIDATES: SqlScript = SqlScript {
    sqlite: "CREATE TEMP TABLE IF NOT EXISTS candidate_person (person TEXT NOT NULL, \
        n INTEGER NOT NULL, PRIMARY KEY (person, n)) WITHOUT ROWID; DELETE \
        FROM candidate_person;",
    postgres: "CREATE TEMP TABLE IF NOT EXISTS candidate_person (person TEXT NOT NULL, \
        n BIGINT NOT NULL, PRIMARY KEY (person, n)); DELETE FROM candidate_person;",
};

/// A claim with the row that it may belong to. [`claims`] reads it.
const CLAIM_COLUMNS: &str = "claim.person, claim.run, claim.n, \
    CASE WHEN claim.run IS NULL THEN claim.at ELSE coalesce(row.at, run.created_at) \
    END AS at, claim.message_id, row.message_id AS row_message_id, claim.state, \
    claim.worker, claim.lease_until, row.state AS row_state, row.worker AS row_worker, \
    run.name AS run_name, run.identity, run.finished_at, \
    CASE WHEN claim.run IS NULL THEN coalesce(claim.counts_from, claim.lease_until, \
    claim.at) ELSE coalesce(row.ended_at, row.began_at, row.at, run.created_at) \
    END AS counts_from, claim.behind_from, claim.every_ms";
const ROW_OF_CLAIM: &str = "LEFT JOIN row ON row.run = claim.run AND row.n = claim.n \
    LEFT JOIN run ON run.id = claim.run";
static CLAIM_OF_PERSON: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT claim.once_key AS number, {CLAIM_COLUMNS} FROM claim {ROW_OF_CLAIM} \
         WHERE claim.once_key = ?1 AND claim.person = ?2"
    )
});
static CLAIMS_OF_CANDIDATES: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT candidate_person.n AS number, {CLAIM_COLUMNS} FROM candidate_person \
            CROSS JOIN claim {ROW_OF_CLAIM} WHERE claim.once_key = ?1 \
            AND claim.person = candidate_person.person"
    )
});

/// The state of a recipient under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OnceEntry {
    pub(crate) state: OnceState,
    /// The time of this state, in milliseconds since 1970.
    pub(crate) at: i64,
    /// The time from which its message counts for a limited time: about when it was sent.
    pub(crate) counts_from: i64,
    /// How long it counts for the last command with the key, in milliseconds; None if forever.
    pub(crate) every: Option<i64>,
    pub(crate) message_id: Option<String>,
    /// The run of its row; None for a single send or a removed run.
    pub(crate) run: Option<String>,
}

impl OnceEntry {
    /// Returns whether a command whose messages count for `every` may send another message at
    /// `now`. With None, a message counts forever. A message that is in flight or pending always
    /// counts.
    pub(crate) fn is_free(&self, every: Option<Duration>, now: i64) -> bool {
        match self.state {
            OnceState::NotSent => true,
            OnceState::Inflight | OnceState::ToBeSent => false,
            OnceState::Sent | OnceState::Unknown => {
                every.is_some_and(|every| now.saturating_sub(self.counts_from) >= millis(every))
            }
        }
    }

    /// Returns the time until which its message counts for the last command with the key, or None
    /// if it counts forever or not at all.
    pub(crate) fn until(&self) -> Option<i64> {
        let every = self.every.filter(|_| !self.state.is_free())?;
        Some(self.counts_from.saturating_add(every))
    }

    /// Returns the time until which its message counts for a command with this `--every`, or None
    /// if it counts forever.
    pub(crate) fn counts_until(&self, every: Option<Duration>) -> Option<i64> {
        Some(self.counts_from.saturating_add(millis(every?)))
    }
}

/// Converts a duration to milliseconds.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The contents of one key, in counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OnceSummary {
    pub(crate) scope: OnceScope,
    /// The number of recipients in each state, in the order of [`OnceState::ALL`].
    pub(crate) people: [u64; OnceState::ALL.len()],
    /// The last change, in milliseconds since 1970.
    pub(crate) at: i64,
    /// Until when its last message counts. None if one of them counts forever, or none counts.
    pub(crate) until: Option<i64>,
}

/// A claim with its row.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) person: String,
    pub(super) entry: OnceEntry,
    pub(super) row: Option<(i64, i64)>,
    worker: Option<i64>,
    /// Whether the clock is behind the message of a single send, and was not when it was read
    /// before.
    is_newly_ahead: bool,
}

/// A claim that a process needs for a single send.
struct WantedClaim<'a> {
    scope: &'a OnceScope,
    person: &'a str,
    every: Option<Duration>,
    worker: i64,
    lease: Duration,
}

/// Whether this process may send a message with a key.
pub(crate) enum Claimed {
    /// This process holds the claim, so it may send.
    Held(HeldClaim),
    /// The recipient already has this entry with the key.
    Found(OnceEntry),
}

/// What the transaction of a claim has written. A [`HeldClaim`] is built only after the
/// transaction, because dropping one locks the ledger.
enum WrittenClaim {
    Own { key: i64, before: Option<OnceEntry> },
    None(OnceEntry),
}

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

/// A recipient that this process has claimed. If the process is killed, the message is unknown.
pub(crate) struct HeldClaim {
    ledger: Ledger,
    key: i64,
    person: String,
    worker: i64,
    /// The earlier entry of the recipient, which no longer counts.
    pub(crate) before: Option<OnceEntry>,
    /// The deadline for sending its message, if others cannot see whether this process is alive.
    pub(crate) begins_by: Option<Deadline>,
}

/// Returns the state of a recipient after the claimed message has ended.
fn ended(sent: Sent) -> &'static str {
    match sent {
        Sent::Yes => OnceState::Sent,
        Sent::No => OnceState::NotSent,
        Sent::Unknown => OnceState::Unknown,
    }
    .name()
}

impl OnceHasher {
    /// Reads the secret of this ledger.
    pub(super) fn load(db: &mut Db) -> Result<Self, LedgerError> {
        Ok(Self::new(
            db.one("SELECT secret FROM store WHERE id = 1", &[])?
                .text("secret")?
                .as_bytes(),
        ))
    }
}

/// Fills in the recipients to look up under a key.
pub(super) fn fill_people(
    db: &mut Db,
    mut people: impl FnMut(FillRow<'_>) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    db.0.script(&CANDIDATES)?;
    db.0.fill("candidate_person (person, n)", &mut people)
}

impl Ledger {
    pub(crate) fn hasher(&self) -> Result<OnceHasher, LedgerError> {
        OnceHasher::load(&mut self.db())
    }

    /// Returns the entry of the recipient under the key.
    pub(crate) fn standing(
        &self,
        scope: &OnceScope,
        person: &str,
    ) -> Result<Option<OnceEntry>, LedgerError> {
        let mut db = self.db();
        Ok(claim_under(&mut db, scope, person)?.map(|claim| claim.entry))
    }

    /// Claims the recipient for a message that this process is about to send within `lease`, or
    /// returns why the recipient is not free. An older message counts for `every`, or forever. The
    /// claim is on the disk when this returns. After an error, the recipient has no message.
    pub(crate) fn claim(
        &self,
        scope: &OnceScope,
        person: &str,
        every: Option<Duration>,
        lease: Duration,
    ) -> Result<Claimed, LedgerError> {
        let worker = fastrand::i64(1..);
        self.db().0.enter(worker)?;
        let wanted = WantedClaim {
            scope,
            person,
            every,
            worker,
            lease,
        };
        let claimed = self.try_claim(&wanted);
        let claimed = match claimed {
            // The ledger may or may not have the claim. The next try finds it and uses it.
            Err(error) if error.may_pass() => self.reopened()?.try_claim(&wanted),
            claimed => claimed,
        };
        if !matches!(claimed, Ok(Claimed::Held(_))) {
            self.db().0.leave(worker);
        }
        claimed
    }

    fn try_claim(&self, wanted: &WantedClaim<'_>) -> Result<Claimed, LedgerError> {
        let WantedClaim {
            scope,
            person,
            every,
            worker,
            lease,
        } = *wanted;
        let every_ms = every.map(millis);
        let written = self.db().change(|db| {
            let (_, now) = lock_ledger(db)?;
            let key = note_key(db, scope)?;
            let claim = values![
                key,
                person,
                OnceState::Inflight.name(),
                now,
                worker,
                now.saturating_add(millis(lease)),
                every_ms
            ];
            // Most recipients have no claim under the key.
            let is_first = db.run(CLAIM, &claim)? > 0;
            let before = if is_first {
                None
            } else {
                claim_under(db, scope, person)?
            };
            let before = before.filter(|before| before.worker != Some(worker));
            if let Some(before) = &before {
                if !before.entry.is_free(every, now) {
                    let found = keep_found(db, key, before, every, now)?;
                    return Ok(WrittenClaim::None(found));
                }
                db.run(CLAIM_AGAIN, &claim)?;
            }
            let before = before.map(|before| before.entry);
            Ok::<_, LedgerError>(WrittenClaim::Own { key, before })
        })?;
        Ok(match written {
            WrittenClaim::None(entry) => Claimed::Found(entry),
            WrittenClaim::Own { key, before } => Claimed::Held(HeldClaim {
                ledger: self.clone(),
                key,
                before,
                person: person.to_owned(),
                worker,
                begins_by: None,
            }),
        })
    }

    /// Returns every key of every bot, ordered by name.
    pub(crate) fn keys(&self) -> Result<Vec<OnceSummary>, LedgerError> {
        summaries(&mut self.db())
    }

    /// Returns the unfinished runs with rows under the key.
    pub(crate) fn runs_under(&self, scope: &OnceScope) -> Result<Vec<String>, LedgerError> {
        let query = "SELECT DISTINCT run.name FROM claim CROSS JOIN run \
            WHERE claim.once_key = ?1 AND run.id = claim.run AND run.finished_at IS NULL \
            ORDER BY 1";
        self.db()
            .rows(query, &values![number_of(scope)], |mut row| {
                row.take("name")
            })
    }

    /// Records your decision whether an unknown message of a single send or a removed run was sent.
    /// False if it is not unknown.
    pub(crate) fn decide_claim(
        &self,
        scope: &OnceScope,
        person: &str,
        sent: Sent,
    ) -> Result<bool, LedgerError> {
        self.db().change(|db| {
            let (_, now) = lock_ledger(db)?;
            let Some(claim) = claim_under(db, scope, person)? else {
                return Ok(false);
            };
            if claim.row.is_some() || claim.entry.state != OnceState::Unknown {
                return Ok(false);
            }
            let query = "UPDATE claim SET state = ?3, at = ?4, message_id = NULL, \
                worker = NULL WHERE once_key = ?1 AND person = ?2";
            Ok(db.run(query, &values![number_of(scope), person, ended(sent), now])? > 0)
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
            let key = number_of(scope);
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
            let mut reached = recipients_of_run(db, run)?;
            fill_people(db, |each| {
                reached
                    .iter()
                    .try_for_each(|(person, row)| each(&values![person, row.index]))
            })?;
            let mut obstacle = None;
            claims_of_candidates(db, key, |_, Claim { person, entry, .. }| {
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
struct ReachedRow {
    index: i64,
    recipient: String,
    is_sent: bool,
}

/// Returns the recipients that a run has reached or may have reached, each with one row. If a
/// recipient has several rows, a row that was certainly sent is preferred.
fn recipients_of_run(db: &mut Db, run: &Run) -> Result<HashMap<String, ReachedRow>, LedgerError> {
    let hasher = OnceHasher::load(db)?;
    let query = "SELECT row.n, recipient, state FROM row CROSS JOIN message \
        WHERE row.run = ?1 AND message.run = row.run AND message.n = row.n \
        AND (state = 'sent' OR state = 'unknown' OR state = 'inflight')";
    let mut reached: HashMap<String, ReachedRow> = HashMap::new();
    db.each_of(query, &values![run.id], |mut row| {
        let recipient = row.take("recipient")?;
        let row = ReachedRow {
            index: row.int("n")?,
            is_sent: row.named("state", RowState::from_name)? == RowState::Sent,
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

impl HeldClaim {
    /// Writes the outcome. The caller can retry if the error may pass. If the write fails, the
    /// message counts as unknown under the key. A message that was certainly sent overrides your
    /// decision. False if the key now has another entry for the recipient.
    pub(crate) fn end(
        &mut self,
        sent: Sent,
        message_id: Option<&str>,
    ) -> Result<bool, LedgerError> {
        let ended = self.ledger.db().change(|db| {
            let now = db.0.now()?;
            let query = "UPDATE claim SET state = ?4, at = ?5, counts_from = ?5, \
                behind_from = NULL, message_id = ?6, worker = NULL WHERE once_key = ?1 AND person = ?2 \
                AND (worker = ?3 OR worker IS NULL AND (state = ?4 OR ?4 = 'sent' \
                AND state = 'not_sent'))";
            db.run(
                query,
                &values![
                    self.key,
                    &self.person,
                    self.worker,
                    ended(sent),
                    now,
                    message_id
                ],
            )
        });
        if ended.as_ref().is_err_and(LedgerError::may_pass) {
            self.ledger = self.ledger.reopened()?;
        }
        ended.map(|changed| changed > 0)
    }
}

impl Drop for HeldClaim {
    fn drop(&mut self) {
        self.ledger.db().0.leave(self.worker);
    }
}

/// The entries that a command has shown before you confirmed their removal.
pub(crate) enum ConfirmedEntries<'a> {
    Person(&'a str, &'a OnceEntry),
    Everybody(&'a OnceSummary),
}

/// The number of recipients in each state under each key, with the time of the last change.
const GROUPS: &str = "SELECT once_key.key, once_key.bot, once_key.address, claim.state, \
    CASE WHEN claim.state = 'inflight' THEN claim.worker END AS worker, \
    CASE WHEN claim.state = 'inflight' THEN claim.lease_until END AS lease_until, \
    row.state AS row_state, CASE WHEN row.state = 'inflight' THEN row.worker \
    END AS row_worker, run.name AS run_name, run.identity, run.finished_at, \
    count(*) AS people, max(coalesce(claim.at, row.at, run.created_at, 0)) AS changed_at, \
    count(claim.every_ms) AS limited, \
    max(CASE WHEN claim.behind_from IS NOT NULL AND claim.at > ?1 THEN claim.behind_from \
    WHEN claim.run IS NULL THEN coalesce(claim.counts_from, claim.lease_until, claim.at) ELSE coalesce(row.ended_at, row.began_at, row.at, run.created_at) \
    END + claim.every_ms) AS until FROM once_key CROSS JOIN claim LEFT JOIN row \
    ON row.run = claim.run AND row.n = claim.n LEFT JOIN run ON run.id = claim.run \
    WHERE claim.once_key = once_key.id GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 \
    ORDER BY 1, 2, 3";

/// Counts the recipients of every key. The keys are ordered by name.
fn summaries(db: &mut Db) -> Result<Vec<OnceSummary>, LedgerError> {
    let lost = LostWorkers::read(db)?;
    let identity = db.0.identity()?;
    let mut keys: Vec<OnceSummary> = Vec::new();
    let now = db.0.now()?;
    db.each_of(GROUPS, &values![now], |mut row| {
        let state = read_state(&row, &identity, &lost)?;
        let people = row.count("people")?;
        let at = row.int("changed_at")?;
        let is_limited = row.count("limited")? == people;
        let until = row.opt_int("until")?.filter(|_| is_limited);
        let scope = scope(&mut row)?;
        if keys.last().is_none_or(|last| last.scope != scope) {
            keys.push(OnceSummary {
                scope,
                people: Default::default(),
                at: 0,
                until: Some(i64::MIN),
            });
        }
        if let Some(key) = keys.last_mut() {
            let counts = key.people.iter_mut().zip(OnceState::ALL.iter().copied());
            counts
                .filter(|(_, of)| *of == state)
                .for_each(|(count, _)| *count += people);
            key.at = key.at.max(at);
            if !state.is_free() {
                // An entry that counts forever outlasts the others.
                key.until = key.until.and_then(|last| Some(last.max(until?)));
            }
        }
        Ok(())
    })?;
    for key in &mut keys {
        key.until = key.until.filter(|until| *until > i64::MIN);
    }
    Ok(keys)
}

/// Reads a recipient's state. `row` needs the claim's columns (`state, worker, lease_until`), its
/// row's (`row_state, row_worker`), and those for [`is_stale`].
fn read_state(row: &SqlRow, identity: &str, lost: &LostWorkers) -> Result<OnceState, LedgerError> {
    if row.opt_text("row_state")?.is_none() {
        return state_without_row(row, lost);
    }
    let state = row.named("row_state", RowState::from_name)?;
    let shown = lost.shown(state, row.opt_int("row_worker")?);
    let state = if is_stale(row, identity)? {
        shown.with_lost_records()
    } else {
        shown
    };
    Ok(match state {
        RowState::Sent => OnceState::Sent,
        RowState::Unknown => OnceState::Unknown,
        RowState::Pending | RowState::Inflight => OnceState::ToBeSent,
        RowState::Failed | RowState::Skipped => OnceState::NotSent,
    })
}

/// Returns the state of a recipient from a single send or a removed run.
fn state_without_row(row: &SqlRow, lost: &LostWorkers) -> Result<OnceState, LedgerError> {
    if row.opt_text("state")?.is_none() {
        return Ok(OnceState::NotSent);
    }
    let state = row.named("state", OnceState::from_name)?;
    let worker = row.opt_int("worker")?;
    let lease_until = row.opt_int("lease_until")?.unwrap_or_default();
    if state == OnceState::Inflight && !lost.lives(worker, lease_until) {
        return Ok(OnceState::Unknown);
    }
    Ok(state)
}

/// Reads the columns `key, bot, address`.
fn scope(row: &mut SqlRow) -> Result<OnceScope, LedgerError> {
    Ok(OnceScope {
        key: row.named("key", |key| key.parse().ok())?,
        bot: row.take("bot")?,
        address: row.take("address")?,
    })
}

/// Keeps the `--every` of the command that found this claim, and returns the entry as it is then.
/// If the clock is behind the message of a single send, the message counts from now on by this
/// clock, so that a message with a time of the future does not count for years. Its own time stays:
/// by a clock that is right again, it counts from that.
fn keep_found(
    db: &mut Db,
    key: i64,
    found: &Claim,
    every: Option<Duration>,
    now: i64,
) -> Result<OnceEntry, LedgerError> {
    let person = &found.person;
    let mut entry = found.entry.clone();
    let every_ms = every.map(millis);
    if entry.every != every_ms {
        db.run(KEEP_EVERY, &values![key, person, every_ms])?;
    }
    if every.is_some() && found.is_newly_ahead && wrong_clock(now).is_none() {
        entry.counts_from = entry
            .counts_from
            .saturating_sub(entry.at.saturating_sub(now));
        db.run(FOLLOW_CLOCK, &values![key, person, entry.counts_from])?;
    }
    Ok(entry)
}

/// Returns the number of a key: a part of the hash of its name, bot and address.
pub(super) fn number_of(OnceScope { key, bot, address }: &OnceScope) -> i64 {
    eight_bytes(&digest(
        &SHA256,
        format!("{key}\n{bot}\n{address}").as_bytes(),
    ))
}

/// Records a key in the ledger, and returns its number.
pub(super) fn note_key(db: &mut Db, scope: &OnceScope) -> Result<i64, LedgerError> {
    let (id, OnceScope { key, bot, address }) = (number_of(scope), scope);
    let query = "INSERT INTO once_key (id, key, bot, address) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT DO NOTHING";
    db.run(query, &values![id, key.as_str(), bot, address])?;
    Ok(id)
}

/// Returns the claim of a recipient.
fn claim_under(db: &mut Db, scope: &OnceScope, person: &str) -> Result<Option<Claim>, LedgerError> {
    let mut found = None;
    let key = number_of(scope);
    claims(db, &CLAIM_OF_PERSON, &values![key, person], |_, claim| {
        found = Some(claim);
        Ok(())
    })?;
    Ok(found)
}

/// Passes the claims of candidates ([`fill_people`]) to `each`, with the number of the candidate.
pub(super) fn claims_of_candidates(
    db: &mut Db,
    key: i64,
    each: impl FnMut(i64, Claim) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    claims(db, &CLAIMS_OF_CANDIDATES, &values![key], each)
}

/// Passes the claims of a query to `each`, with the number in its first column.
fn claims(
    db: &mut Db,
    query: &'static str,
    values: &[SqlValue<'_>],
    mut each: impl FnMut(i64, Claim) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let lost = LostWorkers::read(db)?;
    let identity = db.0.identity()?;
    let now = db.0.now()?;
    db.each_of(query, values, |mut row| {
        let message_id = if row.opt_text("row_state")?.is_some() {
            "row_message_id"
        } else {
            "message_id"
        };
        let at = row.opt_int("at")?.unwrap_or_default();
        let own_start = row.opt_int("counts_from")?.unwrap_or_default();
        let row_of_run = row.opt_int("run")?.zip(row.opt_int("n")?);
        let is_ahead = row_of_run.is_none() && at > now && own_start > now;
        // The lease of a message without an outcome is after its time.
        let latest_start = own_start.saturating_sub(at.saturating_sub(now));
        // A clock that went back once more has another start.
        let behind_from = row
            .opt_int("behind_from")?
            .filter(|start| is_ahead && *start <= latest_start);
        let entry = OnceEntry {
            state: read_state(&row, &identity, &lost)?,
            at,
            counts_from: behind_from.unwrap_or(own_start),
            every: row.opt_int("every_ms")?,
            message_id: row.opt_take(message_id)?,
            run: row.opt_take("run_name")?,
        };
        let claim = Claim {
            person: row.take("person")?,
            row: row_of_run,
            worker: row.opt_int("worker")?,
            is_newly_ahead: is_ahead && behind_from.is_none(),
            entry,
        };
        each(row.int("number")?, claim)
    })
}
