//! Counts the recipients of each `--once` key in each state.

use super::claims::{key_number, read_state};
use crate::base::timestamps::FIRST_TIME;
use crate::runs::ledger::db::{Db, SqlRow, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::joined_workers::JoinedWorkers;
use crate::runs::ledger::model::OnceState;
use crate::runs::ledger::open::Ledger;
use crate::runs::once::OnceScope;

/// The number of recipients in each state under each key, with the time of the last change.
const GROUPS: &str = "SELECT once_key.key, once_key.bot, once_key.address, claim.state, \
    CASE WHEN claim.state = 'inflight' THEN claim.worker END AS worker, \
    CASE WHEN claim.state = 'inflight' THEN claim.lease_until END AS lease_until, \
    row.state AS row_state, CASE WHEN row.state = 'inflight' THEN row.worker \
    END AS row_worker, run.name AS run_name, run.identity, run.finished_at, \
    count(*) AS people, max(coalesce(claim.at, row.at, run.created_at, 0)) AS changed_at, \
    count(claim.every_ms) AS limited, \
    max(CASE WHEN claim.behind_from IS NOT NULL AND (claim.at > ?1 OR claim.at < ?2) THEN claim.behind_from \
    WHEN claim.run IS NULL THEN coalesce(claim.counts_from, claim.lease_until, claim.at) ELSE coalesce(row.ended_at, row.began_at, row.at, run.created_at) \
    END + claim.every_ms) AS until FROM once_key CROSS JOIN claim LEFT JOIN row \
    ON row.run = claim.run AND row.n = claim.n LEFT JOIN run ON run.id = claim.run \
    WHERE claim.once_key = once_key.id GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 \
    ORDER BY 1, 2, 3";

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

impl Ledger {
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
            .rows(query, &values![key_number(scope)], |mut row| {
                row.take_text("name")
            })
    }
}

/// Counts the recipients of every key. The keys are ordered by name.
pub(crate) fn summaries(db: &mut Db) -> Result<Vec<OnceSummary>, LedgerError> {
    let joined = JoinedWorkers::read(db)?;
    let identity = db.0.identity().to_owned();
    let mut keys: Vec<OnceSummary> = Vec::new();
    let now = db.0.now()?;
    db.for_each_row(GROUPS, &values![now, FIRST_TIME], |mut row| {
        let state = read_state(&row, &identity, &joined)?;
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
            let place = OnceState::ALL.iter().position(|known| *known == state);
            if let Some(count) = place.and_then(|place| key.people.get_mut(place)) {
                *count += people;
            }
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

/// Reads the columns `key, bot, address`.
fn scope(row: &mut SqlRow) -> Result<OnceScope, LedgerError> {
    Ok(OnceScope {
        key: row.parse("key", |key| key.parse().ok())?,
        bot: row.take_text("bot")?,
        address: row.take_text("address")?,
    })
}
