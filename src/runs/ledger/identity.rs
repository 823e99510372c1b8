//! The identity of a ledger, which shows whether it was copied or restored. `restored.rs` has the rules.

use super::db::{Db, values};
use super::error::LedgerError;

/// Marks a ledger that lacks records, although its identity is the same. The new identity is from
/// [`identity_of_restore`].
pub(super) const MARK_STORE: &str = "UPDATE store SET identity = ?1 WHERE id = 1";
/// Does the same for its runs. A finished run becomes stale if you reopen it.
pub(super) const MARK_RUNS: &str = "UPDATE run SET identity = ?1";
/// The time of the newest record of a message.
const NEWEST_RECORD: &str = "SELECT max(at) AS at FROM (SELECT max(changed_at) AS at FROM run \
    UNION ALL SELECT max(at) AS at FROM claim) AS newest";
/// Keeps the time of the newest record, before a later record hides it: `identity, complete_until`.
pub(super) const KEEP_TIME: &str = "UPDATE store SET complete_until = ?2 WHERE id = 1 \
    AND complete_until IS NULL AND identity <> ?1";

/// The identities of a restored ledger or a stale run when you saw it. If it was restored again,
/// one of them differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeenIdentities {
    pub(super) stored: String,
    pub(super) here: String,
}

/// Creates an identity that no ledger has. It differs each time, so that an answer counts only for
/// the restore that it was about.
pub(super) fn identity_of_restore() -> String {
    format!("restored {:016x}", fastrand::u64(..))
}

/// Returns whether the ledger was restored, and nobody has accepted it since.
pub(super) fn is_restored(db: &mut Db) -> Result<bool, LedgerError> {
    let store = db.one("SELECT identity FROM store WHERE id = 1", &[])?;
    Ok(store.text("identity")? != db.0.identity())
}

/// Keeps the time of the newest record of a restored ledger, if it can be written.
pub(super) fn keep_time_of_newest_record(db: &mut Db) -> Result<(), LedgerError> {
    let store = db.one("SELECT complete_until FROM store WHERE id = 1", &[])?;
    let is_kept = store.opt_int("complete_until")?.is_some();
    // A process that locks the ledger has kept the time when it opened the ledger. A role or a disk
    // that cannot write has no later records either.
    if is_kept || db.0.ensure_writable().is_err() || !matches!(db.0.is_free(), Ok(true)) {
        return Ok(());
    }
    if let Some(newest) = newest_record(db)? {
        let here = db.0.identity().to_owned();
        let _ = db.change(|db| db.run(KEEP_TIME, &values![here, newest]));
    }
    Ok(())
}

pub(super) fn newest_record(db: &mut Db) -> Result<Option<i64>, LedgerError> {
    db.one(NEWEST_RECORD, &[])?.opt_int("at")
}
