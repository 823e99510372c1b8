//! Claims recipients under a key of `--once`. A claim is from a row of a run, a single send, or a
//! removed run, and each recipient has at most one under a key. This file decides whether a
//! recipient is free.

use std::sync::LazyLock;
use std::time::Duration;

use ring::digest::{SHA256, digest};

use crate::base::clock::millis;
use crate::base::output::Sent;
use crate::base::timestamps::{FIRST_TIME, wrong_clock};
use crate::jelou::api::Deadline;
use crate::runs::ledger::db::{Db, FillRow, SqlRow, SqlScript, SqlValue, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::joined_workers::JoinedWorkers;
use crate::runs::ledger::message::eight_bytes;
use crate::runs::ledger::model::{OnceState, RowState};
use crate::runs::ledger::open::{Ledger, lock_ledger};
use crate::runs::ledger::run::is_stale;
use crate::runs::once::{OnceHasher, OnceScope};

/// Claims a free recipient for a row: `once_key, person, run, n, every_ms`.
pub(crate) const CLAIM_ROW: &str = "INSERT INTO claim (once_key, person, run, n, every_ms) \
    VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (once_key, person) DO UPDATE \
    SET run = excluded.run, n = excluded.n, state = NULL, at = NULL, message_id = NULL, \
    worker = NULL, lease_until = NULL, counts_from = NULL, behind_from = NULL, \
    every_ms = excluded.every_ms";

/// Claims a recipient for a single send: `once_key, person, state, at, worker, lease_until,
/// every_ms`.
pub(crate) const CLAIM: &str = "INSERT INTO claim (once_key, person, state, at, worker, lease_until, \
    every_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
const REPLACE_CLAIM: &str = "UPDATE claim SET run = NULL, n = NULL, state = ?3, at = ?4, \
    message_id = NULL, worker = ?5, lease_until = ?6, counts_from = NULL, \
    behind_from = NULL, every_ms = ?7 WHERE once_key = ?1 AND person = ?2";
/// Keeps the `--every` of a command that found the message of a single send or a run: `once_key,
/// person, every_ms`.
const KEEP_EVERY: &str = "UPDATE claim SET every_ms = ?3 WHERE once_key = ?1 AND person = ?2";
/// Records from when a message counts if its time is in the future by the current clock: `once_key,
/// person, behind_from`.
pub(crate) const FOLLOW_CLOCK: &str =
    "UPDATE claim SET behind_from = ?3 WHERE once_key = ?1 AND person = ?2";
/// Writes the outcome of a single send: `once_key, person, worker, state, at, message_id`.
pub(crate) const END_CLAIM: &str = "UPDATE claim SET state = ?4, at = ?5, counts_from = ?5, \
    behind_from = NULL, message_id = ?6, worker = NULL WHERE once_key = ?1 AND person = ?2 \
    AND (worker = ?3 OR worker IS NULL AND (state = ?4 OR ?4 = 'sent' AND state = 'not_sent'))";

/// The recipients to look up under a key.
const CANDIDATES: SqlScript = SqlScript {
    sqlite: "CREATE TEMP TABLE IF NOT EXISTS candidate_person (person TEXT NOT NULL, \
        n INTEGER NOT NULL, PRIMARY KEY (person, n)) WITHOUT ROWID; DELETE \
        FROM candidate_person;",
    postgres: "CREATE TEMP TABLE IF NOT EXISTS candidate_person (person TEXT NOT NULL, \
        n BIGINT NOT NULL, PRIMARY KEY (person, n)); DELETE FROM candidate_person;",
};

/// A claim with the row that it may belong to. [`claims`] reads it.
pub(crate) const CLAIM_COLUMNS: &str = "claim.person, claim.run, claim.n, \
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
pub(crate) static CLAIMS_OF_CANDIDATES: LazyLock<String> = LazyLock::new(|| {
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
    /// When its message starts to count for a limited time: about when it was sent.
    pub(crate) counts_from: i64,
    /// How long it counts for the last command with the key, in milliseconds; None if forever.
    pub(crate) every: Option<i64>,
    pub(crate) message_id: Option<String>,
    /// The run of its row; None for a single send or a removed run.
    pub(crate) run: Option<String>,
}

impl OnceEntry {
    /// Returns whether a command with this `every` may send another message at
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

/// A claim with its row.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) person: String,
    pub(crate) entry: OnceEntry,
    pub(crate) row: Option<(i64, i64)>,
    worker: Option<i64>,
    /// From when the message of a single send counts, if the clock of its time was wrong by the current clock, and was
    /// not at the last read.
    new_start: Option<i64>,
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
#[expect(clippy::large_enum_variant, reason = "it is made once for a message")]
pub(crate) enum ClaimResult {
    /// This process holds the claim, so it may send.
    Held(HeldClaim),
    /// The recipient already has this entry with the key.
    Found(OnceEntry),
}

/// The result of the transaction of a claim. A [`HeldClaim`] is built only after the
/// transaction, because dropping one locks the ledger.
enum ClaimWrite {
    Own { key: i64, before: Option<OnceEntry> },
    None(OnceEntry),
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

/// Returns the name of a recipient's state after a claimed message that ended as `sent`.
pub(crate) fn state_name(sent: Sent) -> &'static str {
    match sent {
        Sent::Yes => OnceState::Sent,
        Sent::No => OnceState::NotSent,
        Sent::Unknown => OnceState::Unknown,
    }
    .name()
}

impl OnceHasher {
    /// Reads the secret of this ledger.
    pub(crate) fn load(db: &mut Db) -> Result<Self, LedgerError> {
        Ok(Self::new(
            db.one("SELECT secret FROM store WHERE id = 1", &[])?
                .text("secret")?
                .as_bytes(),
        ))
    }
}

/// Fills in the recipients to look up under a key.
pub(crate) fn fill_recipients(
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
    pub(crate) fn once_entry(
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
    ) -> Result<ClaimResult, LedgerError> {
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
        if !matches!(claimed, Ok(ClaimResult::Held(_))) {
            self.db().0.leave(worker);
        }
        claimed
    }

    fn try_claim(&self, wanted: &WantedClaim<'_>) -> Result<ClaimResult, LedgerError> {
        let WantedClaim {
            scope,
            person,
            every,
            worker,
            lease,
        } = *wanted;
        let every_ms = every.map(millis);
        let written = self.db().change(|db| {
            let ledger = lock_ledger(db)?;
            ledger.require_accepted()?;
            let now = ledger.now;
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
                    return Ok(ClaimWrite::None(found));
                }
                db.run(REPLACE_CLAIM, &claim)?;
            }
            let before = before.map(|before| before.entry);
            Ok::<_, LedgerError>(ClaimWrite::Own { key, before })
        })?;
        Ok(match written {
            ClaimWrite::None(entry) => ClaimResult::Found(entry),
            ClaimWrite::Own { key, before } => ClaimResult::Held(HeldClaim {
                ledger: self.clone(),
                key,
                before,
                person: person.to_owned(),
                worker,
                begins_by: None,
            }),
        })
    }
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
            db.run(
                END_CLAIM,
                &values![
                    self.key,
                    &self.person,
                    self.worker,
                    state_name(sent),
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

/// Reads a recipient's state. `row` needs the claim's columns (`state, worker, lease_until`), its
/// row's (`row_state, row_worker`), and those for [`is_stale`].
pub(crate) fn read_state(
    row: &SqlRow,
    identity: &str,
    joined: &JoinedWorkers,
) -> Result<OnceState, LedgerError> {
    if row.opt_text("row_state")?.is_none() {
        return state_without_row(row, joined);
    }
    let state = row.parse("row_state", RowState::from_name)?;
    let shown = joined.shown_state(state, row.opt_int("row_worker")?);
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
fn state_without_row(row: &SqlRow, joined: &JoinedWorkers) -> Result<OnceState, LedgerError> {
    if row.opt_text("state")?.is_none() {
        return Ok(OnceState::NotSent);
    }
    let state = row.parse("state", OnceState::from_name)?;
    let worker = row.opt_int("worker")?;
    let lease_until = row.opt_int("lease_until")?.unwrap_or_default();
    if state == OnceState::Inflight && !joined.is_sender_alive(worker, lease_until) {
        return Ok(OnceState::Unknown);
    }
    Ok(state)
}

/// Keeps the `--every` of the command that found this claim, and returns the new entry. If the time
/// of a single send is in the future by the current clock, the message counts from now on:
/// otherwise it could count for years. If it is before the first release, its true time is unknown, so it also counts
/// from now on. The claim keeps its own time too, which counts again once the clock is right.
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
    if let Some(start) = found.new_start
        && every.is_some()
        && wrong_clock(now).is_none()
    {
        entry.counts_from = start;
        db.run(FOLLOW_CLOCK, &values![key, person, start])?;
    }
    Ok(entry)
}

/// Returns the number of a key: a part of the hash of its name, bot and address.
pub(crate) fn key_number(OnceScope { key, bot, address }: &OnceScope) -> i64 {
    eight_bytes(&digest(
        &SHA256,
        format!("{key}\n{bot}\n{address}").as_bytes(),
    ))
}

/// Records a key in the ledger, and returns its number.
pub(crate) fn note_key(db: &mut Db, scope: &OnceScope) -> Result<i64, LedgerError> {
    let (id, OnceScope { key, bot, address }) = (key_number(scope), scope);
    let query = "INSERT INTO once_key (id, key, bot, address) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT DO NOTHING";
    db.run(query, &values![id, key.as_str(), bot, address])?;
    Ok(id)
}

/// Returns the claim of a recipient.
pub(crate) fn claim_under(
    db: &mut Db,
    scope: &OnceScope,
    person: &str,
) -> Result<Option<Claim>, LedgerError> {
    let mut found = None;
    let key = key_number(scope);
    claims(db, &CLAIM_OF_PERSON, &values![key, person], |_, claim| {
        found = Some(claim);
        Ok(())
    })?;
    Ok(found)
}

/// Passes the claims of candidates ([`fill_recipients`]) to `each`, with the number of the candidate.
pub(crate) fn read_candidate_claims(
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
    let joined = JoinedWorkers::read(db)?;
    let identity = db.0.identity().to_owned();
    let now = db.0.now()?;
    db.for_each_row(query, values, |mut row| {
        let message_id = if row.opt_text("row_state")?.is_some() {
            "row_message_id"
        } else {
            "message_id"
        };
        let at = row.opt_int("at")?.unwrap_or_default();
        let own_start = row.opt_int("counts_from")?.unwrap_or_default();
        let row_of_run = row.opt_int("run")?.zip(row.opt_int("n")?);
        let is_ahead = at > now && own_start > now;
        let is_too_early = at < FIRST_TIME && wrong_clock(now).is_none();
        let is_wrong = row_of_run.is_none() && (is_ahead || is_too_early);
        // The lease of a message without an outcome is after its time.
        let latest_start = own_start.saturating_sub(at.saturating_sub(now));
        // If the clock went back once more, the recorded start is in the future too, and does not
        // count.
        let known_start = row
            .opt_int("behind_from")?
            .filter(|start| is_wrong && *start <= latest_start);
        let new_start = (is_wrong && known_start.is_none()).then_some(latest_start);
        let early_start = new_start.filter(|_| is_too_early);
        let entry = OnceEntry {
            state: read_state(&row, &identity, &joined)?,
            at,
            counts_from: known_start.or(early_start).unwrap_or(own_start),
            every: row.opt_int("every_ms")?,
            message_id: row.opt_take_text(message_id)?,
            run: row.opt_take_text("run_name")?,
        };
        let claim = Claim {
            person: row.take_text("person")?,
            row: row_of_run,
            worker: row.opt_int("worker")?,
            new_start,
            entry,
        };
        each(row.int("number")?, claim)
    })
}
