//! The claims under keys in a database: from single sends, removed runs, and rows of runs.

use std::collections::{BTreeSet, HashMap};

use tokio_postgres::{Error, Row};

use super::CLAIMS_VERSION;
use super::database::{LONG, SHORT, column};
use super::error::DatabaseError;
use super::runs::{RunId, SharedRuns, SqlParameters};
use crate::ledger::LedgerError;
use crate::ledger::claims::{ClaimEnd, Claimed, HeldClaim, OnceClaims, OnceSummary, scope_of};
use crate::once::{NewClaim, OnceEntry, OnceHash, OnceHasher, OncePeople, OnceScope, OnceState};

/// The sender's session locks this number together with the claim's number: `once` in ASCII, as in `once.sql`.
const HOLDER: i32 = 0x6f6e_6365;
/// A process that makes a run or claims a person holds this lock from its last check of the others on: `jelo` in ASCII.
pub(super) const MAKING: i64 = 0x6a65_6c6f;

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
        let read = |row: &Row| Ok((row.try_get(0)?, OnceHasher::new(row.try_get(1)?)));
        let (version, hasher) = runs.one(SHORT, query, &[], read).map_err(|error| match error {
            DatabaseError::NoLedger { .. } => DatabaseError::OlderClaims { version: 0 },
            other => other,
        })?;
        match version {
            CLAIMS_VERSION => Ok(Self { runs: runs.clone(), hasher, is_making: false }),
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
        let OnceScope { key, bot, address } = scope;
        let (people, numbers) = (column(rows, |(_, person)| &person.0[..]), column(rows, |(n, _)| *n));
        let query = "SELECT jelouctl_once.claim_rows($1, $2, $3, $4, $5, $6)";
        let parameters: SqlParameters<'_> = &[bot, address, &key.as_str(), &run.0, &people, &numbers];
        Ok(self.runs.rows(LONG, query, parameters, |row| row.try_get(0))?.into_iter().collect())
    }

    /// The claims of everyone under the key, or of one person.
    fn standing(&self, scope: &OnceScope, person: Option<&OnceHash>) -> Result<OncePeople, LedgerError> {
        let OnceScope { key, bot, address } = scope;
        let read = |person: Option<&OnceHash>| -> Result<OncePeople, LedgerError> {
            let query = "SELECT * FROM jelouctl_once.people($1, $2, $3, $4)";
            let parameters: SqlParameters<'_> = &[bot, address, &key.as_str(), &person.map(|person| &person.0[..])];
            Ok(self.runs.rows(LONG, query, parameters, entry_of)?.into_iter().collect())
        };
        let mut people = read(person)?;
        // A send may have ended after its claim was read and before its lock was checked: then its end is written by
        // now.
        let may_have_ended = |entry: &OnceEntry| entry.state == OnceState::Unknown && !entry.is_row;
        let again: Vec<_> =
            people.iter().filter(|(_, entry)| may_have_ended(entry)).map(|(person, _)| *person).collect();
        for person in again {
            people.extend(read(Some(&person))?);
        }
        Ok(people)
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
        self.value(SHORT, "SELECT pg_try_advisory_lock($1)", &[&MAKING])
    }

    pub(super) fn unlock_making(&self) {
        let _ = self.execute(SHORT, "SELECT pg_advisory_unlock($1)", &[&MAKING]);
    }

    /// Writes how the claim with this number ended; false if the claim no longer exists.
    fn end_claim(&self, claim: &SharedClaim, end: &ClaimEnd) -> Result<bool, DatabaseError> {
        let SharedClaim { scope: OnceScope { key, bot, address }, person, holder, .. } = claim;
        let (key, person, state, id) = (key.as_str(), &person.0[..], end.state().name(), end.message_id());
        let query = "SELECT jelouctl_once.end_claim($1, $2, $3, $4, $5, $6, $7)";
        self.value(SHORT, query, &[bot, address, &key, &person, holder, &state, &id])
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

    fn claim(&self, scope: &OnceScope, claim: &NewClaim) -> Result<Claimed, LedgerError> {
        let query = "SELECT holder, pg_advisory_lock($1, holder) FROM \
                     (SELECT nextval('jelouctl_once.holder')::int AS holder) AS next";
        let holder: i32 = self.runs.value(SHORT, query, &[&HOLDER])?;
        // From here on the claim is released in any case.
        let held =
            SharedClaim { runs: self.runs.clone(), scope: scope.clone(), person: claim.person, holder, is_lost: false };
        let OnceScope { key, bot, address } = scope;
        let [person, words] = [&claim.person, &claim.words].map(|hash| &hash.0[..]);
        let query = "SELECT jelouctl_once.claim_person($1, $2, $3, $4, $5, $6)";
        let parameters: SqlParameters<'_> = &[bot, address, &key.as_str(), &person, &holder, &words];
        let is_claimed = self.runs.value(SHORT, query, parameters).inspect_err(|error| {
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
        let (people, entries): (Vec<_>, Vec<_>) = all.iter().map(|(person, entry)| (&person.0[..], entry)).unzip();
        let hash = |hash: Option<OnceHash>| hash.map(|hash| hash.0.to_vec());
        let OnceScope { key, bot, address } = scope;
        let added: i64 = self.runs.value(
            LONG,
            "SELECT jelouctl_once.add($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &[
                bot,
                address,
                &key.as_str(),
                &people,
                &column(&entries, |entry| entry.state.name()),
                &column(&entries, |entry| entry.at),
                &column(&entries, |entry| entry.message_id.as_deref()),
                &column(&entries, |entry| entry.run.as_deref()),
                &column(&entries, |entry| hash(entry.words)),
            ],
        )?;
        Ok(added.unsigned_abs())
    }

    fn decide(&self, scope: &OnceScope, person: &OnceHash, end: &ClaimEnd) -> Result<bool, LedgerError> {
        let (OnceScope { key, bot, address }, person) = (scope, &person.0[..]);
        let (state, id) = (end.state().name(), end.message_id());
        let query = "SELECT jelouctl_once.decide($1, $2, $3, $4, $5, $6)";
        Ok(self.runs.value(LONG, query, &[bot, address, &key.as_str(), &person, &state, &id])?)
    }

    fn forget(&self, scope: &OnceScope, person: Option<&OnceHash>) -> Result<u64, LedgerError> {
        let (OnceScope { key, bot, address }, person) = (scope, person.map(|person| &person.0[..]));
        let query = "SELECT jelouctl_once.forget($1, $2, $3, $4)";
        let forgotten: i64 = self.runs.value(LONG, query, &[bot, address, &key.as_str(), &person])?;
        Ok(forgotten.unsigned_abs())
    }

    fn keys(&self) -> Result<Vec<OnceSummary>, LedgerError> {
        let query = "SELECT key, bot, address, state, count(*), (extract(epoch FROM max(at)) * 1000)::bigint FROM \
                     (SELECT DISTINCT bot, address, key FROM jelouctl_once.claim) AS k, \
                     jelouctl_once.people(bot, address, key, NULL) AS p, \
                     to_timestamp(at_ms / 1000.0) AS at GROUP BY key, bot, address, state ORDER BY key, bot, address";
        let read = |row: &Row| {
            let scope = scope_of(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let (people, at): (i64, Option<i64>) = (row.try_get(4)?, row.try_get(5)?);
            Ok((scope, OnceState::of_name(row.try_get(3)?), people.unsigned_abs(), at.unwrap_or_default()))
        };
        let mut all: Vec<OnceSummary> = Vec::new();
        for (scope, state, people, at) in self.runs.rows(LONG, query, &[], read)? {
            let (Some(scope), Some(state)) = (scope, state) else { continue };
            if all.last().is_none_or(|last| last.scope != scope) {
                all.push(OnceSummary::new(scope));
            }
            if let Some(last) = all.last_mut() {
                last.count(state, people, at);
            }
        }
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
        is_row: row.try_get(6)?,
        words: hash(5)?,
    };
    Ok((person, entry))
}

/// A person claimed by this process; the lock of its session shows that the process is alive.
struct SharedClaim {
    runs: SharedRuns,
    scope: OnceScope,
    person: OnceHash,
    holder: i32,
    /// Whether its connection failed: each call would wait for it again.
    is_lost: bool,
}

impl HeldClaim for SharedClaim {
    fn end(&mut self, end: &ClaimEnd) -> Result<(), LedgerError> {
        let mut ended = Ok(false);
        if !self.is_lost {
            ended = self.runs.end_claim(self, end);
            self.is_lost = ended.as_ref().is_err_and(DatabaseError::may_pass);
        }
        if self.is_lost {
            // The claim still belongs to this process, even if others have looked at it meanwhile.
            ended = self.runs.reopened().and_then(|runs| runs.end_claim(self, end));
        }
        if ended? { Ok(()) } else { Err(DatabaseError::ClaimedMeanwhile.into()) }
    }
}

impl Drop for SharedClaim {
    fn drop(&mut self) {
        if !self.is_lost {
            let _ = self.runs.execute(SHORT, "SELECT pg_advisory_unlock($1, $2)", &[&HOLDER, &self.holder]);
        }
    }
}
