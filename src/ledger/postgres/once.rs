//! The claims under keys in a database: from single sends, removed runs, and rows of runs.

use std::collections::{BTreeSet, HashMap};
use std::thread;
use std::time::Duration;

use tokio_postgres::{Error, Row};

use super::CLAIMS_VERSION;
use super::database::{LONG, SHORT};
use super::error::DatabaseError;
use super::runs::{RunId, SharedRuns};
use crate::ledger::LedgerError;
use crate::ledger::claims::{ClaimEnd, Claimed, HeldClaim, OnceClaims, OnceFinding, OnceSummary, scope_of};
use crate::once::{NewClaim, OnceEntry, OnceHash, OnceHasher, OncePeople, OnceScope, OnceState};

/// The sender's session locks this number together with the claim's number: `once` in ASCII, as in `once.sql`.
const HOLDER: i32 = 0x6f6e_6365;
/// A process that makes a run or claims a person holds this lock from its last check of the others on: `jelo` in ASCII.
pub(super) const MAKING: i64 = 0x6a65_6c6f;

/// How often to retry writing the end of a claim if the database is unavailable: a restart takes some seconds.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// The claims of a database.
pub(super) struct SharedClaims {
    runs: SharedRuns,
    hasher: OnceHasher,
    /// Whether it locks out other processes until it is dropped.
    is_making: bool,
}

impl SharedClaims {
    /// Opens the claims of a ledger, which may lack them or have an older version.
    pub(super) fn open(runs: &SharedRuns) -> Result<Self, DatabaseError> {
        let query = "SELECT version, secret FROM jelouctl_once.store";
        let (version, secret): (i32, Vec<u8>) = runs
            .call(SHORT, async {
                let row = runs.client().query_one(query, &[]).await?;
                Ok((row.try_get(0)?, row.try_get(1)?))
            })
            .map_err(|error| match error {
                DatabaseError::NoLedger { .. } => DatabaseError::OlderClaims { version: 0 },
                other => other,
            })?;
        match version {
            CLAIMS_VERSION => Ok(Self { runs: runs.clone(), hasher: OnceHasher::new(&secret), is_making: false }),
            version if version > CLAIMS_VERSION => Err(DatabaseError::NewerClaims { version }),
            version => Err(DatabaseError::OlderClaims { version }),
        }
    }

    /// As [`SharedClaims::open`], but locks out other processes; None if another process has the lock.
    pub(super) fn try_hold(runs: &SharedRuns) -> Result<Option<Self>, DatabaseError> {
        if !runs.try_lock_making()? {
            return Ok(None);
        }
        // The connection may be reused, so the lock must be released after an error.
        let mut claims = Self::open(runs).inspect_err(|_| runs.unlock_making())?;
        claims.is_making = true;
        Ok(Some(claims))
    }

    /// Claims the people of rows of `run`, given as pairs of number and person, if they are free or already claimed by
    /// this row. Returns the numbers of the rows that have their person.
    pub(super) fn claim_rows(
        &self,
        scope: &OnceScope,
        run: RunId,
        rows: &[(i64, OnceHash)],
    ) -> Result<BTreeSet<i64>, LedgerError> {
        let numbers: Vec<_> = rows.iter().map(|(n, _)| *n).collect();
        let people: Vec<_> = rows.iter().map(|(_, person)| person.0.to_vec()).collect();
        let key = scope.key.as_str();
        let query = "SELECT jelouctl_once.claim_rows($1, $2, $3, $4, $5, $6)";
        self.call_for(async {
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
                [&scope.bot, &scope.address, &key, &run.0, &people, &numbers];
            self.runs.client().query(query, &values).await?.iter().map(|row| row.try_get(0)).collect()
        })
    }

    /// The claims of everyone under the key, or of one person.
    fn standing(&self, scope: &OnceScope, person: Option<&OnceHash>) -> Result<OncePeople, LedgerError> {
        let (key, person) = (scope.key.as_str(), person.map(|person| &person.0[..]));
        let read = |person: Option<&[u8]>| -> Result<OncePeople, LedgerError> {
            let query = "SELECT * FROM jelouctl_once.people($1, $2, $3, $4)";
            let rows = self.call_for(self.runs.client().query(query, &[&scope.bot, &scope.address, &key, &person]))?;
            let read: Result<OncePeople, Error> = rows.iter().map(entry_of).collect();
            Ok(read.map_err(|error| DatabaseError::Failed { cause: error.to_string() })?)
        };
        let mut people = read(person)?;
        // A send may have ended after its claim was read and before its lock was checked: then its end is written by
        // now.
        let may_have_ended = |entry: &OnceEntry| entry.state == OnceState::Unknown && !entry.is_row;
        let again: Vec<_> =
            people.iter().filter(|(_, entry)| may_have_ended(entry)).map(|(person, _)| *person).collect();
        for person in again {
            people.extend(read(Some(&person.0))?);
        }
        Ok(people)
    }

    fn call_for<T: Send>(&self, work: impl Future<Output = Result<T, Error>> + Send) -> Result<T, LedgerError> {
        Ok(self.runs.call(LONG, work)?)
    }
}

impl Drop for SharedClaims {
    fn drop(&mut self) {
        if self.is_making {
            self.runs.unlock_making();
        }
    }
}

impl SharedRuns {
    /// Locks out every other process that would make a run or claim a person; false if another process has the lock.
    /// The lock ends with the connection at the latest.
    pub(super) fn try_lock_making(&self) -> Result<bool, DatabaseError> {
        let query = "SELECT pg_try_advisory_lock($1)";
        self.call(SHORT, async { self.client().query_one(query, &[&MAKING]).await?.try_get(0) })
    }

    pub(super) fn unlock_making(&self) {
        let _ = self.call(SHORT, self.client().execute("SELECT pg_advisory_unlock($1)", &[&MAKING]));
    }

    /// Writes how the claim with this number ended; false if the claim no longer exists.
    fn end_claim(&self, claim: &SharedClaim, end: &ClaimEnd) -> Result<bool, DatabaseError> {
        let SharedClaim { scope: OnceScope { key, bot, address }, person, holder, .. } = claim;
        let (key, person, state, id) = (key.as_str(), &person.0[..], end.state().name(), end.message_id());
        let query = "SELECT jelouctl_once.end_claim($1, $2, $3, $4, $5, $6, $7)";
        self.call(SHORT, async {
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
                [&bot, &address, &key, &person, &holder, &state, &id];
            self.client().query_one(query, &values).await?.try_get(0)
        })
    }
}

impl OnceClaims for SharedClaims {
    fn hasher(&self) -> &OnceHasher {
        &self.hasher
    }

    fn people(&self, scope: &OnceScope) -> Result<OncePeople, LedgerError> {
        self.standing(scope, None)
    }

    fn person(&self, scope: &OnceScope, person: &OnceHash) -> Result<Option<OnceEntry>, LedgerError> {
        Ok(self.standing(scope, Some(person))?.remove(person))
    }

    fn alike(&self, bot: &str, kind: &OnceHash, person: &OnceHash) -> Result<Vec<(OnceHash, OnceEntry)>, LedgerError> {
        let query = "SELECT person, jelouctl_once.state_of(c), (extract(epoch FROM at) * 1000)::bigint, message_id, of_run, words, \
                     kind, shown, false FROM jelouctl_once.claim AS c WHERE bot = $1 AND run IS NULL AND (kind = $2 OR person = $3)";
        let rows = self.call_for(self.runs.client().query(query, &[&bot, &&kind.0[..], &&person.0[..]]))?;
        let read: Result<_, Error> = rows.iter().map(entry_of).collect();
        Ok(read.map_err(|error| DatabaseError::Failed { cause: error.to_string() })?)
    }

    fn claim(&self, scope: &OnceScope, claim: &NewClaim) -> Result<Claimed, LedgerError> {
        let client = self.runs.client();
        let holder: i32 = self.runs.call(SHORT, async {
            let query = "SELECT holder, pg_advisory_lock($1, holder) FROM \
                         (SELECT nextval('jelouctl_once.holder')::int AS holder) AS next";
            client.query_one(query, &[&HOLDER]).await?.try_get(0)
        })?;
        // From here on the claim is released in any case.
        let held = SharedClaim { runs: self.runs.clone(), scope: scope.clone(), person: claim.person, holder };
        let (key, person) = (scope.key.as_str(), &claim.person.0[..]);
        let [words, kind] = [&claim.words.0[..], &claim.kind.0[..]];
        let shown = claim.shown.as_ref().map(|shown| &shown.0[..]);
        let query = "SELECT jelouctl_once.claim_person($1, $2, $3, $4, $5, $6, $7, $8)";
        let is_claimed: Result<bool, _> = self.runs.call(SHORT, async {
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
                [&scope.bot, &scope.address, &key, &person, &holder, &words, &kind, &shown];
            client.query_one(query, &values).await?.try_get(0)
        });
        let is_claimed = is_claimed.inspect_err(|error| {
            // The claim may have been written anyway, but nothing has been sent.
            if matches!(error, DatabaseError::Unreachable { .. }) {
                let _ = self.runs.reopened().and_then(|runs| runs.end_claim(&held, &ClaimEnd::NotSent));
            }
        })?;
        if is_claimed {
            return Ok(Claimed::Now(Box::new(held)));
        }
        let known = self.person(scope, &claim.person)?.filter(|known| !known.state.is_free());
        Ok(Claimed::Before(known.ok_or(DatabaseError::ClaimedMeanwhile)?))
    }

    fn add(
        &self,
        scope: &OnceScope,
        people: &mut dyn Iterator<Item = (OnceHash, OnceEntry)>,
    ) -> Result<u64, LedgerError> {
        let mut all: HashMap<OnceHash, OnceEntry> = HashMap::new();
        for (person, entry) in people {
            let is_new = all.get(&person).is_none_or(|known| entry.state.outweighs(known.state));
            if is_new {
                all.insert(person, entry);
            }
        }
        let hashes = |of: fn(&OnceEntry) -> Option<OnceHash>| -> Vec<Option<Vec<u8>>> {
            all.values().map(|entry| of(entry).map(|hash| hash.0.to_vec())).collect()
        };
        let (words, kinds, shown) = (hashes(|of| of.words), hashes(|of| of.kind), hashes(|of| of.shown));
        let people: Vec<_> = all.keys().map(|person| person.0.to_vec()).collect();
        let states: Vec<_> = all.values().map(|entry| entry.state.name()).collect();
        let ats: Vec<_> = all.values().map(|entry| entry.at).collect();
        let ids: Vec<_> = all.values().map(|entry| entry.message_id.as_deref()).collect();
        let runs: Vec<_> = all.values().map(|entry| entry.run.as_deref()).collect();
        let key = scope.key.as_str();
        let query = "SELECT jelouctl_once.add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let added: i64 = self.call_for(async {
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 11] =
                [&scope.bot, &scope.address, &key, &people, &states, &ats, &ids, &runs, &words, &kinds, &shown];
            self.runs.client().query_one(query, &values).await?.try_get(0)
        })?;
        Ok(added.unsigned_abs())
    }

    fn decide(&self, scope: &OnceScope, person: &OnceHash, found: &OnceFinding) -> Result<bool, LedgerError> {
        let state = if found.was_sent { OnceState::Sent } else { OnceState::NotSent }.name();
        let (key, person) = (scope.key.as_str(), &person.0[..]);
        let query = "SELECT jelouctl_once.decide($1, $2, $3, $4, $5, $6)";
        self.call_for(async {
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
                [&scope.bot, &scope.address, &key, &person, &state, &found.message_id];
            self.runs.client().query_one(query, &values).await?.try_get(0)
        })
    }

    fn forget(&self, scope: &OnceScope, person: Option<&OnceHash>) -> Result<u64, LedgerError> {
        let (key, person) = (scope.key.as_str(), person.map(|person| &person.0[..]));
        let query = "SELECT jelouctl_once.forget($1, $2, $3, $4)";
        let forgotten: i64 = self.call_for(async {
            self.runs.client().query_one(query, &[&scope.bot, &scope.address, &key, &person]).await?.try_get(0)
        })?;
        Ok(forgotten.unsigned_abs())
    }

    fn keys(&self) -> Result<Vec<OnceSummary>, LedgerError> {
        let query = "SELECT key, bot, address, state, count(*), (extract(epoch FROM max(at)) * 1000)::bigint FROM \
                     (SELECT DISTINCT bot, address, key FROM jelouctl_once.claim) AS k, \
                     jelouctl_once.people(bot, address, key, NULL) AS p, \
                     to_timestamp(at_ms / 1000.0) AS at GROUP BY key, bot, address, state ORDER BY key, bot, address";
        let rows = self.call_for(self.runs.client().query(query, &[]))?;
        let mut all: Vec<OnceSummary> = Vec::new();
        let mut read = || {
            for row in &rows {
                let (key, bot, address): (String, _, _) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                let state = OnceState::of_name(&row.try_get::<_, String>(3)?);
                let (Some(scope), Some(state)) = (scope_of(&key, bot, address), state) else { continue };
                if all.last().is_none_or(|last| last.scope != scope) {
                    all.push(OnceSummary::new(scope));
                }
                let (people, at): (i64, Option<i64>) = (row.try_get(4)?, row.try_get(5)?);
                if let Some(last) = all.last_mut() {
                    last.count(state, people.unsigned_abs(), at.unwrap_or_default());
                }
            }
            Ok(())
        };
        read().map_err(|error: Error| DatabaseError::Failed { cause: error.to_string() })?;
        Ok(all)
    }
}

fn entry_of(row: &Row) -> Result<(OnceHash, OnceEntry), Error> {
    let hash = |column: usize| {
        let bytes: Option<Vec<u8>> = row.try_get(column)?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(OnceHash))
    };
    // An unknown state could mean anything, so it counts as unknown.
    let state = OnceState::of_name(&row.try_get::<_, String>(1)?).unwrap_or(OnceState::Unknown);
    let person = hash(0)?.unwrap_or(OnceHash([0; 16]));
    let entry = OnceEntry {
        state,
        at: row.try_get::<_, Option<i64>>(2)?.unwrap_or_default(),
        message_id: row.try_get(3)?,
        run: row.try_get(4)?,
        is_row: row.try_get(8)?,
        words: hash(5)?,
        kind: hash(6)?,
        shown: hash(7)?,
    };
    Ok((person, entry))
}

/// A person claimed by this process; the lock of its session shows that the process is alive.
struct SharedClaim {
    runs: SharedRuns,
    scope: OnceScope,
    person: OnceHash,
    holder: i32,
}

impl HeldClaim for SharedClaim {
    fn end(self: Box<Self>, end: &ClaimEnd) -> Result<(), LedgerError> {
        let mut ended = self.runs.end_claim(&self, end);
        for _ in 0..TRIES {
            let Err(error) = &ended else { break };
            if !error.may_pass() {
                break;
            }
            // The claim still belongs to this process, even if others have looked at it meanwhile.
            ended = self.runs.reopened().and_then(|runs| runs.end_claim(&self, end));
            if ended.is_err() {
                thread::sleep(BETWEEN_TRIES);
            }
        }
        if ended? { Ok(()) } else { Err(DatabaseError::ClaimedMeanwhile.into()) }
    }
}

impl Drop for SharedClaim {
    fn drop(&mut self) {
        let unlock = "SELECT pg_advisory_unlock($1, $2)";
        let _ = self.runs.call(SHORT, self.runs.client().execute(unlock, &[&HOLDER, &self.holder]));
    }
}
