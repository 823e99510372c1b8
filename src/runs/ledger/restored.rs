//! A copied or restored ledger may lack its latest records. It refuses to send until you accept it.
//!
//! `store.identity` names the ledger that was created or last accepted, and `run.identity` does so
//! for each run. If it differs from [`Presence::identity`](super::db::Presence::identity), the
//! ledger was restored, or the run is stale unless it is finished. Refusing changes neither, so the
//! next command is refused, too.

use super::db::{Db, values};
use super::error::LedgerError;
use super::identity::{MARK_RUNS, SeenIdentities, identity_of_restore, newest_record};
use super::name::RunName;
use super::open::{Ledger, lock_ledger};
use super::rows::transitions::LockedRun;
use super::run::Run;

/// Marks the ledger at a time when other processes may already have added later records.
const MARK_LATE: &str = "UPDATE store SET identity = ?1, complete_until = 0 WHERE id = 1";
/// Accepts the ledger, unless it was restored again: `identity` and the shown identity.
pub(super) const ACCEPT: &str = "UPDATE store SET identity = ?1, complete_until = NULL WHERE id = 1 \
    AND identity = ?2";
/// Accepts its runs, also finished ones, because you may reopen them: `identity`.
const ACCEPT_RUNS: &str = "UPDATE run SET identity = ?1 WHERE identity <> ?1";
/// The stale runs to real recipients: `identity`.
const STALE_RUNS: &str = "SELECT name, (SELECT count(*) FROM row WHERE row.run = run.id \
    AND state = 'pending') AS pending FROM run WHERE finished_at IS NULL AND sandbox = 0 \
    AND identity <> ?1 ORDER BY id";

/// A ledger that was copied or restored, as a command found it. Its acceptance is valid only for
/// this state.
#[derive(Debug)]
pub(crate) struct RestoredLedger {
    identities: SeenIdentities,
    /// The time of its newest record, in milliseconds since 1970. None if it is unknown, or if there
    /// is no record.
    pub(crate) complete_until: Option<i64>,
    pub(crate) stale_runs: Vec<StaleRun>,
}

/// A stale run of a restored ledger.
#[derive(Debug)]
pub(crate) struct StaleRun {
    pub(crate) name: RunName,
    /// The number of its pending rows, which may have been sent.
    pub(crate) pending: u64,
}

impl Ledger {
    /// Returns the error of a restored ledger: the recipients of runs and keys that it lacks could
    /// get their messages again.
    pub(crate) fn restored_error(&self) -> Option<LedgerError> {
        self.was_restored.then(LedgerError::restored)
    }

    /// Refuses a restored ledger.
    pub(crate) fn refuse_restored(&self) -> Result<(), LedgerError> {
        self.restored_error().map_or(Ok(()), Err)
    }

    /// Reads what a restored ledger may lack. None if it was not restored.
    pub(crate) fn restored(&self) -> Result<Option<RestoredLedger>, LedgerError> {
        self.db().read_transaction(|db| {
            let here = db.0.identity().to_owned();
            let query = "SELECT identity, complete_until FROM store WHERE id = 1";
            let mut store = db.one(query, &[])?;
            let stored = store.take_text("identity")?;
            if stored == here {
                return Ok(None);
            }
            let complete_until = match store.opt_int("complete_until")? {
                Some(0) => None,
                Some(kept) => Some(kept),
                None => newest_record(db)?,
            };
            let stale_runs = db.rows(STALE_RUNS, &values![&here], |run| {
                Ok(StaleRun {
                    name: run.parse("name", |name| name.parse().ok())?,
                    pending: run.count("pending")?,
                })
            })?;
            Ok(Some(RestoredLedger {
                identities: SeenIdentities { stored, here },
                complete_until,
                stale_runs,
            }))
        })
    }

    /// Accepts the ledger and its runs for a person who has seen `seen`. False if another command has accepted it before.
    ///
    /// # Errors
    ///
    /// If the ledger was restored again since then.
    pub(crate) fn accept(&self, seen: &RestoredLedger) -> Result<bool, LedgerError> {
        self.db().change(|db| {
            if lock_ledger(db)?.is_accepted {
                return Ok(false);
            }
            let SeenIdentities { stored, here } = &seen.identities;
            if db.0.identity() != here || db.run(ACCEPT, &values![here, stored])? == 0 {
                return Err(LedgerError::restored_again(None));
            }
            db.run(ACCEPT_RUNS, &values![here])?;
            Ok(true)
        })
    }

    /// Marks the ledger and its runs, because it lacks records of a process although its identity
    /// is the same. If it was restored before, this is another restore: an open answer does not
    /// count for it, and the runs that were accepted are stale again.
    pub(super) fn mark_restored(&self) -> Result<(), LedgerError> {
        self.db().change(|db| {
            lock_ledger(db)?;
            let identity = identity_of_restore();
            db.run(MARK_LATE, &values![&identity])?;
            db.run(MARK_RUNS, &values![&identity])?;
            Ok(())
        })
    }
}

impl Run {
    /// Returns what identifies this restore if the run is stale.
    pub(crate) fn stale_identities(&self) -> Result<Option<SeenIdentities>, LedgerError> {
        let mut run = self.one("SELECT identity, finished_at FROM run WHERE id = ?1")?;
        let is_finished = run.opt_int("finished_at")?.is_some();
        let stored = run.take_text("identity")?;
        let here = self.ledger.db().0.identity().to_owned();
        let is_stale = !is_finished && stored != here;
        Ok(is_stale.then_some(SeenIdentities { stored, here }))
    }
}

impl LockedRun {
    /// Accepts the run if it is stale and you have `seen` this restore.
    pub(super) fn accept(
        &mut self,
        db: &Db,
        name: &RunName,
        seen: Option<&SeenIdentities>,
    ) -> Result<(), LedgerError> {
        if !self.is_stale(db) {
            return Ok(());
        }
        let here = db.0.identity();
        match seen {
            Some(seen) if seen.stored == self.identity && seen.here == here => {
                here.clone_into(&mut self.identity);
                Ok(())
            }
            Some(_) => Err(LedgerError::restored_again(Some(name))),
            None => Err(LedgerError::stale_run(name)),
        }
    }
}
