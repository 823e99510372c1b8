//! The ledger of a run: an SQLite file in which every row has one true state. SQL stands here and nowhere else.

mod commit;
mod commit_mark;
mod comparison;
mod draft;
mod earlier;
mod error;
mod file;
mod keys;
mod memory;
mod message;
mod opening;
mod overview;
mod record;
mod report;
mod row_set;
mod row_states;
mod rows;
mod seal;
mod skip;
mod state;
mod types;

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags};

pub(crate) use self::commit_mark::{CommitMark, RunNote};
pub(crate) use self::comparison::Comparison;
pub(crate) use self::draft::{DraftRequest, DraftRow, LedgerDraft};
pub(crate) use self::error::LedgerError;
use self::file::Identity;
pub(crate) use self::keys::KeyKind;
pub(crate) use self::memory::{EarlierMessages, EarlierRow, Memory};
pub(crate) use self::overview::DraftOverview;
pub(crate) use self::report::RowFilter;
use self::seal::{RunFields, seal_of_conditions, seal_of_run};
pub(crate) use self::skip::{Skip, SkipCounts, SkipReason};
pub(crate) use self::state::{Counts, RowState};
use self::types::LedgerProgress;
pub(crate) use self::types::{BegunAttempt, Details, EndedAttempt, QueuedRow, ReportedRow, RunConditions};

/// `PRAGMA application_id`: "Jelo".
const APPLICATION: i32 = 0x4a65_6c6f;
/// `PRAGMA user_version` of the ledgers that this version writes.
const VERSION: i32 = 4;
/// How long a statement waits for a reader that is in the way.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How many rows are in each state: every record takes a row from one state to another.
const COUNTS: &str = "SELECT run.rows - attempts + o.pending + d.pending - d.from_pending, attempts - o.ended, \
     o.sent + d.sent, o.failed + d.failed - d.from_failed, o.unknown + d.unknown - d.from_unknown, d.skipped \
     FROM run, (SELECT count(*) AS attempts FROM attempt), \
     (SELECT count(*) AS ended, total(state = 'pending') AS pending, total(state = 'sent') AS sent, \
       total(state = 'failed') AS failed, total(state = 'unknown') AS unknown FROM outcome) AS o, \
     (SELECT total(\"to\" = 'pending') AS pending, total(\"to\" = 'sent') AS sent, total(\"to\" = 'failed') AS failed, \
       total(\"to\" = 'unknown') AS unknown, total(\"to\" = 'skipped') AS skipped, \
       total(\"from\" = 'pending') AS from_pending, total(\"from\" = 'failed') AS from_failed, \
       total(\"from\" = 'unknown') AS from_unknown FROM decision) AS d";

/// The ledger of a run that exists.
pub(crate) struct Ledger {
    db: Connection,
    identity: Identity,
    progress: LedgerProgress,
    /// The lock file, where the ledger is written.
    mark: Option<CommitMark>,
}

impl Ledger {
    /// Opens the ledger to read it, also while another process writes it.
    ///
    /// # Errors
    /// When it is none, or one of another version.
    pub(crate) fn read(path: &Path) -> Result<Self, LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY_TIMEOUT)?;
        db.set_prepared_statement_cache_capacity(32);
        let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
        match (pragma("application_id")?, pragma("user_version")?) {
            (APPLICATION, VERSION) => {}
            (APPLICATION, version) if version > VERSION => return Err(LedgerError::Newer { version }),
            (APPLICATION, version) if version > 0 => return Err(LedgerError::Older { version }),
            (_, _) => return Err(LedgerError::Damaged { problem: "it is no ledger of jelouctl".to_owned() }),
        }
        db.pragma_update(None, "synchronous", "FULL")?;
        // On macOS a plain wait for the disk ends before it has written; elsewhere these say nothing.
        db.pragma_update(None, "fullfsync", true)?;
        db.pragma_update(None, "checkpoint_fullfsync", true)?;
        // In KiB; two of these are open, and rows are read and written in order.
        db.pragma_update(None, "cache_size", -512)?;
        // Pages of the log before it is written back, 32 MiB: every write back waits for the disk twice.
        db.pragma_update(None, "wal_autocheckpoint", 8000)?;
        Ok(Self { db, identity: Identity::none(), progress: LedgerProgress::default(), mark: None })
    }

    /// What the run is, with the conditions that were given last.
    pub(crate) fn details(&self) -> Result<Details, LedgerError> {
        let query = "SELECT details, conditions, conditions_seal FROM run, progress";
        let (details, conditions, seal): (String, Option<String>, Option<i64>) =
            self.db.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        if conditions.as_deref().map(seal_of_conditions) != seal {
            return Err(LedgerError::Damaged { problem: "the conditions of the run were changed".to_owned() });
        }
        let broken = |error: serde_json::Error| LedgerError::Damaged { problem: error.to_string() };
        let mut details: Details = serde_json::from_str(&details).map_err(broken)?;
        if let Some(conditions) = conditions {
            details.conditions = serde_json::from_str(&conditions).map_err(broken)?;
        }
        Ok(details)
    }

    /// The name of the run, which its file has too unless it is a copy.
    pub(crate) fn name(&self) -> Result<String, LedgerError> {
        Ok(self.db.query_row("SELECT name FROM run", [], |row| row.get(0))?)
    }

    /// Checks that the run is still what was written when the list was read.
    pub(crate) fn check_seal(&self) -> Result<(), LedgerError> {
        let query = "SELECT identity, name, details, rows, created_at, seal FROM run";
        let (fields, seal): (_, [u8; 32]) = self.db.query_row(query, [], |row| {
            let fields = RunFields {
                identity: row.get(0)?,
                name: row.get(1)?,
                details: row.get(2)?,
                rows: row.get(3)?,
                created_at: row.get(4)?,
            };
            Ok((fields, row.get(5)?))
        })?;
        if seal_of_run(&self.db, &fields)? == seal {
            Ok(())
        } else {
            Err(LedgerError::Damaged { problem: "what the run is was changed".to_owned() })
        }
    }

    /// When the run ended, in milliseconds since 1970; nothing while a row is not final.
    pub(crate) fn finished_at(&self) -> Result<Option<i64>, LedgerError> {
        if !self.counts()?.is_finished() {
            return Ok(None);
        }
        let query = "SELECT coalesce(max(o, d), o, d, created_at) FROM run, \
                     (SELECT max(ended_at) AS o FROM outcome), (SELECT max(at) AS d FROM decision)";
        Ok(Some(self.db.query_row(query, [], |row| row.get(0))?))
    }

    /// How many rows are in each state.
    pub(crate) fn counts(&self) -> Result<Counts, LedgerError> {
        let mut counts = Counts::default();
        let states = [
            RowState::Pending,
            RowState::Inflight,
            RowState::Sent,
            RowState::Failed,
            RowState::Unknown,
            RowState::Skipped,
        ];
        self.db.prepare_cached(COUNTS)?.query_row([], |row| {
            for (column, state) in states.into_iter().enumerate() {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
                let count = row.get::<_, f64>(column)? as u64;
                *counts.of_mut(state) = count;
            }
            Ok(())
        })?;
        Ok(counts)
    }

    /// What its lock file says of it, but for the commits.
    fn note(&self) -> Result<RunNote, LedgerError> {
        let identity: [u8; 16] = self.db.query_row("SELECT identity FROM run", [], |row| row.get(0))?;
        Ok(self.details()?.note(&identity))
    }

    /// It is not all that was written; what is left can be taken as it is.
    fn damaged(&self, problem: String) -> LedgerError {
        match self.name() {
            Ok(run) => LedgerError::Incomplete { run, problem },
            Err(error) => error,
        }
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}
