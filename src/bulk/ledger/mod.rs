//! The ledger of a run: an SQLite file in which every row has one true state. SQL stands here and nowhere else.

mod draft;
mod error;
mod file;
mod report;
mod state;
mod types;

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row as SqlRow, params};

pub(crate) use self::draft::{DraftRequest, DraftRow, LedgerDraft};
pub(crate) use self::error::LedgerError;
use self::file::Identity;
pub(crate) use self::state::{Counts, RowState};
pub(crate) use self::types::{Details, EndedAttempt, QueuedRow, ReportedRow};

/// `PRAGMA application_id`: "Jelo".
const APPLICATION: i32 = 0x4a65_6c6f;
/// `PRAGMA user_version` of the ledgers that this version writes.
const VERSION: i32 = 1;
/// How long a statement waits for a reader that is in the way.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

const QUEUED: &str = "SELECT row.n, line, recipient, path, body, (SELECT later.n FROM row AS later WHERE later.before = row.n) \
     FROM row JOIN content USING (n)";

/// The ledger of a run that exists.
pub(crate) struct Ledger {
    db: Connection,
    identity: Identity,
}

impl Ledger {
    /// Opens the ledger to read it, also while another process writes it.
    ///
    /// # Errors
    /// When it is none, or one of a newer version.
    pub(crate) fn read(path: &Path) -> Result<Self, LedgerError> {
        Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Opens the ledger to go on with the run, whose lock the caller has: the file is checked, and a row that was under
    /// way when the last process ended becomes unknown.
    pub(crate) fn resume(path: &Path) -> Result<Self, LedgerError> {
        let mut ledger = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let found: String = ledger.db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found != "ok" {
            return Err(LedgerError::Damaged { problem: found });
        }
        ledger.recover()?;
        ledger.identity = Identity::of(path);
        Ok(ledger)
    }

    fn open(path: &Path, flags: OpenFlags) -> Result<Self, LedgerError> {
        let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        db.busy_timeout(BUSY_TIMEOUT)?;
        db.set_prepared_statement_cache_capacity(32);
        let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
        match (pragma("application_id")?, pragma("user_version")?) {
            (APPLICATION, VERSION) => {}
            (APPLICATION, version) if version > VERSION => return Err(LedgerError::Newer { version }),
            (_, _) => return Err(LedgerError::Damaged { problem: "it is no ledger of jelouctl".to_owned() }),
        }
        db.pragma_update(None, "synchronous", "FULL")?;
        // In KiB; two of these are open, and rows are read and written in order.
        db.pragma_update(None, "cache_size", -512)?;
        // Pages of the log before it is written back, 32 MiB: every write back waits for the disk twice.
        db.pragma_update(None, "wal_autocheckpoint", 8000)?;
        Ok(Self { db, identity: Identity::none() })
    }

    /// What was under way when the last process ended may have been sent.
    fn recover(&mut self) -> Result<(), LedgerError> {
        let batch = self.db.transaction()?;
        batch.execute(
            "INSERT INTO attempt (row, number, began_at, ended_at, state, code, error) \
             SELECT n, 1 + coalesce((SELECT max(number) FROM attempt WHERE row = n), 0), at, max(at, ?1), 'unknown', \
             'unknown', 'jelouctl ended while the request was under way' FROM row WHERE state = 'inflight'",
            [now()],
        )?;
        batch.execute("UPDATE row SET state = 'unknown', at = max(at, ?1) WHERE state = 'inflight'", [now()])?;
        Ok(batch.commit()?)
    }

    /// What the run is.
    pub(crate) fn details(&self) -> Result<Details, LedgerError> {
        let details: String = self.db.query_row("SELECT details FROM run", [], |row| row.get(0))?;
        serde_json::from_str(&details).map_err(|error| LedgerError::Damaged { problem: error.to_string() })
    }

    /// Of all requests, whatever their order.
    pub(crate) fn digest(&self) -> Result<[u8; 16], LedgerError> {
        Ok(self.db.query_row("SELECT digest FROM run", [], |row| row.get(0))?)
    }

    /// When the run ended, in milliseconds since 1970; nothing while a row is not final. A process that was killed behind
    /// its last row has not noted it: then it is the time of the last change.
    pub(crate) fn finished_at(&self) -> Result<Option<i64>, LedgerError> {
        let query = format!(
            "SELECT CASE WHEN {} THEN coalesce(finished_at, (SELECT max(at) FROM row), created_at) END FROM run",
            no_row_is_left()
        );
        Ok(self.db.query_row(&query, [], |row| row.get(0))?)
    }

    /// How many rows are in each state.
    pub(crate) fn counts(&self) -> Result<Counts, LedgerError> {
        let mut counts = Counts::default();
        let mut statement = self.db.prepare_cached("SELECT state, count(*) FROM row GROUP BY state")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            *counts.of_mut(row.get(0)?) = row.get(1)?;
        }
        Ok(counts)
    }

    /// The next rows behind `after` that wait for no other row, at most `limit`.
    pub(crate) fn fresh(&self, after: i64, limit: usize) -> Result<Vec<QueuedRow>, LedgerError> {
        let query =
            format!("{QUEUED} WHERE row.n > ?1 AND state = 'pending' AND before IS NULL ORDER BY row.n LIMIT ?2");
        let mut statement = self.db.prepare_cached(&query)?;
        let rows = statement.query_map(params![after, i64::try_from(limit).unwrap_or(i64::MAX)], queued)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One row that is still to be sent.
    pub(crate) fn pending(&self, n: i64) -> Result<Option<QueuedRow>, LedgerError> {
        let mut statement = self.db.prepare_cached(&format!("{QUEUED} WHERE row.n = ?1 AND state = 'pending'"))?;
        Ok(statement.query_row([n], queued).optional()?)
    }

    /// Pending rows whose row before is final, with when that became so.
    pub(crate) fn followers(&self) -> Result<Vec<(i64, i64)>, LedgerError> {
        let mut statement = self.db.prepare(
            "SELECT row.n, first.at FROM row JOIN row AS first ON first.n = row.before \
             WHERE row.before IS NOT NULL AND row.state = 'pending' AND first.state IN ('sent', 'failed', 'unknown')",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Gives the recipient of every row that is still to be sent.
    pub(crate) fn recipients(&self, mut check: impl FnMut(&str)) -> Result<(), LedgerError> {
        let mut statement = self.db.prepare("SELECT recipient FROM row WHERE state = 'pending'")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            check(row.get_ref(0)?.as_str().unwrap_or_default());
        }
        Ok(())
    }

    /// Commits that the rows `begun` are under way and what became of the rows `ended`, all or nothing. Once it returns,
    /// a power cut cannot take it back.
    ///
    /// # Errors
    /// When it cannot be written; then nothing of it may be relied on.
    pub(crate) fn commit(&mut self, begun: &[i64], ended: &[EndedAttempt]) -> Result<(), LedgerError> {
        let batch = self.db.transaction()?;
        {
            let mut start = batch.prepare_cached(
                "UPDATE row SET state = 'inflight', attempts = attempts + 1, at = ?2 WHERE n = ?1 AND state = 'pending'",
            )?;
            let mut end =
                batch.prepare_cached("UPDATE row SET state = ?2, at = ?3 WHERE n = ?1 AND state = 'inflight'")?;
            let mut note = batch.prepare_cached(
                "INSERT INTO attempt (row, number, began_at, ended_at, state, http_status, message_id, code, error) VALUES \
                 (?1, 1 + coalesce((SELECT max(number) FROM attempt WHERE row = ?1), 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?;
            for row in ended {
                let ended_at = row.ended_at.max(row.began_at);
                one(end.execute(params![row.n, row.state, ended_at])?)?;
                note.execute(params![
                    row.n,
                    row.began_at,
                    ended_at,
                    row.state,
                    row.http_status,
                    row.message_id,
                    row.code,
                    row.error
                ])?;
            }
            for n in begun {
                one(start.execute(params![n, now()])?)?;
            }
        }
        batch.commit()?;
        self.identity.check()
    }

    /// Notes that nothing is left to be done, when that is so; says whether it is.
    pub(crate) fn finish(&self) -> Result<bool, LedgerError> {
        let query = format!("UPDATE run SET finished_at = coalesce(finished_at, ?1) WHERE {}", no_row_is_left());
        Ok(self.db.execute(&query, [now()])? == 1)
    }

    /// Decides by hand: every row in the state `from` is now in the state `to`. Says how many.
    ///
    /// # Errors
    /// When it cannot be written, or the schema forbids that change.
    pub(crate) fn resolve(&mut self, from: RowState, to: RowState) -> Result<usize, LedgerError> {
        let batch = self.db.transaction()?;
        batch.execute(
            "INSERT INTO attempt (row, number, began_at, ended_at, state, code, error) SELECT n, 1 + coalesce((SELECT \
             max(number) FROM attempt WHERE row = n), 0), ?1, ?1, ?3, 'resolved', 'decided by hand: ' || ?2 || ' as ' || ?3 \
             FROM row WHERE state = ?2",
            params![now(), from, to],
        )?;
        let changed = batch.execute("UPDATE row SET state = ?2, at = ?3 WHERE state = ?1", params![from, to, now()])?;
        if changed > 0 && to == RowState::Pending {
            batch.execute("UPDATE run SET finished_at = NULL", [])?;
        }
        batch.commit()?;
        Ok(changed)
    }
}

/// The condition that every row is final, as SQL.
fn no_row_is_left() -> String {
    let open = RowState::ALL.into_iter().filter(|state| !state.is_final());
    let open: Vec<_> = open.map(|state| format!("'{}'", state.name())).collect();
    format!("NOT EXISTS (SELECT 1 FROM row WHERE state IN ({}))", open.join(", "))
}

/// A change that meets no row would leave one with two states.
fn one(changed: usize) -> Result<(), LedgerError> {
    match changed {
        1 => Ok(()),
        _ => Err(LedgerError::Damaged { problem: "a row is not in the state that it was left in".to_owned() }),
    }
}

fn queued(row: &SqlRow<'_>) -> rusqlite::Result<QueuedRow> {
    Ok(QueuedRow {
        n: row.get(0)?,
        line: row.get(1)?,
        recipient: row.get(2)?,
        path: row.get(3)?,
        body: row.get(4)?,
        follower: row.get(5)?,
    })
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}
