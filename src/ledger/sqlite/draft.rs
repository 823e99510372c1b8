//! A ledger while its rows are read: fast, and not a run before it is complete. It is written to a temporary file,
//! which is then renamed.

use std::fs::File;
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::{Connection, params};

use super::commit::skipped;
use super::integrity::{first_opening, run_checksum};
use super::lock_file::{LockFile, RunNote};
use super::opening::{APPLICATION, VERSION};
use super::reading::skip_counts;
use super::record::{RecordKind, Records};
use super::{comparison, record, text_of, walk};
use crate::ledger::{
    Details, LedgerError, RequestHash, Skip, SkipCounts, SkipReason, hash_of_person, now, recipients_of,
};
use crate::private_file::{self, FileError};

/// Whether a row of a draft makes a request and is not skipped.
pub(super) const IS_SENT: &str =
    "recipient IS NOT NULL AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.n = row.n)";

/// The tables of a run whose rows never change or disappear.
const KEPT: [&str; 9] = ["run", "row", "content", "attempt", "outcome", "decision", "event", "delivery", "inquiry"];

/// A ledger that is being filled.
pub(crate) struct LedgerDraft {
    pub(super) db: Connection,
    /// Where it is written; none for a preview, which leaves nothing behind.
    path: Option<PathBuf>,
    pub(super) rows: i64,
    pub(super) left_out: LeftOut,
}

/// The skipped rows. Each has one decision.
#[derive(Default)]
pub(super) struct LeftOut {
    rows: SkipCounts,
    /// The sum of the hashes of the decisions.
    records: i64,
}

impl LeftOut {
    /// Computed from the decisions in `db`.
    fn of(db: &Connection) -> Result<Self, LedgerError> {
        let mut statement = db.prepare(RecordKind::Decision.select())?;
        let mut decisions = Records::new(RecordKind::Decision, statement.query([])?)?;
        while decisions.pass()?.is_some() {}
        Ok(Self { rows: skip_counts(db)?, records: decisions.sum })
    }

    /// Skips row `n`, which has no other record.
    pub(super) fn add(&mut self, db: &Connection, n: i64, skip: Skip<'_>) -> Result<(), LedgerError> {
        let hash = record::insert(db, RecordKind::Decision, &skipped(n, 1, skip, now()))?;
        self.records = self.records.wrapping_add(hash);
        self.rows.add(skip.reason);
        Ok(())
    }
}

/// A row of the input, with its request, or the reason why it makes none.
#[derive(Debug)]
pub(crate) struct DraftRow<'a> {
    pub(crate) line: u64,
    /// JSON.
    pub(crate) cells: &'a str,
    pub(crate) request: Result<DraftRequest<'a>, &'a str>,
    /// Why its request is not to be sent.
    pub(crate) skip: Option<Skip<'a>>,
}

#[derive(Debug)]
pub(crate) struct DraftRequest<'a> {
    pub(crate) recipient: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a str,
}

impl LedgerDraft {
    /// Creates a ledger at `path`, or without a path in a temporary file that disappears when it is closed.
    pub(crate) fn create(path: Option<&Path>) -> Result<Self, LedgerError> {
        let db = match path {
            Some(path) => {
                // SQLite gives the files beside it the same permissions.
                private_file::open("create", path, File::options().write(true).create_new(true))?;
                Connection::open(path)?
            }
            None => Connection::open("")?,
        };
        let draft = Self { db, path: path.map(Path::to_owned), rows: 0, left_out: LeftOut::default() };
        // A draft that fails is discarded whole, so it needs no journal, and only one sync at the end. A row and what
        // it refers to are written together here, so foreign keys need no check.
        draft.db.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; \
             PRAGMA foreign_keys = OFF;",
        )?;
        draft.db.pragma_update(None, "application_id", APPLICATION)?;
        draft.db.pragma_update(None, "user_version", VERSION)?;
        draft.db.execute_batch(concat!("BEGIN;", include_str!("schema.sql")))?;
        comparison::prepare(&draft.db)?;
        Ok(draft)
    }

    /// Adds the next rows of the list.
    pub(crate) fn add<'a>(&mut self, rows: impl IntoIterator<Item = DraftRow<'a>>) -> Result<(), LedgerError> {
        let Self { db, rows: n, left_out, .. } = self;
        let mut insert_row = db.prepare_cached(
            "INSERT INTO row (n, line, recipient, person, fingerprint, row_checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let mut insert_content =
            db.prepare_cached("INSERT INTO content (n, cells, path, body) VALUES (?1, ?2, ?3, ?4)")?;
        for row in rows {
            *n += 1;
            let request = row.request.as_ref().ok();
            let hash = request.map(|request| RequestHash::of(request.path, request.recipient, request.body));
            insert_row.execute(params![
                *n,
                row.line,
                request.map(|request| request.recipient),
                request.map(|request| hash_of_person(request.recipient)),
                hash.as_ref().map(RequestHash::fingerprint),
                hash.as_ref().map(|hash| hash.row_checksum(*n, row.line)),
            ])?;
            let (path, body) = (request.map(|request| request.path), request.map(|request| request.body));
            insert_content.execute(params![*n, row.cells, path, body])?;
            let skip = match row.request {
                Ok(_) => row.skip,
                Err(problem) => Some(row.skip.unwrap_or(Skip { reason: SkipReason::Invalid, problem, run: None })),
            };
            if let Some(skip) = skip {
                left_out.add(db, *n, skip)?;
            }
        }
        Ok(())
    }

    /// Skips row `n`, which has no other record.
    pub(crate) fn skip(&mut self, n: i64, skip: Skip<'_>) -> Result<(), LedgerError> {
        self.left_out.add(&self.db, n, skip)
    }

    /// The number of rows that are to be sent.
    pub(crate) fn to_be_sent(&self) -> u64 {
        self.rows.cast_unsigned() - self.skip_counts().all()
    }

    pub(crate) fn skip_counts(&self) -> &SkipCounts {
        &self.left_out.rows
    }

    /// Updates the totals after all but the first `rows` rows were removed.
    pub(super) fn has_rows(&mut self, rows: i64) -> Result<(), LedgerError> {
        self.rows = rows;
        self.left_out = LeftOut::of(&self.db)?;
        Ok(())
    }

    /// Passes the path and the body of every request, in order.
    pub(crate) fn requests<E: From<LedgerError>>(
        &self,
        mut show: impl FnMut(u64, &str, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        let query = format!("SELECT line, path, body FROM row JOIN content USING (n) WHERE {IS_SENT} ORDER BY n");
        // Does not use `walk`: an error here may not come from the ledger.
        let mut statement = self.db.prepare(&query).map_err(LedgerError::from)?;
        let mut rows = statement.query([]).map_err(LedgerError::from)?;
        while let Some(row) = rows.next().map_err(LedgerError::from)? {
            show(row.get(0).map_err(LedgerError::from)?, text_of(row, 1)?, text_of(row, 2)?)?;
        }
        Ok(())
    }

    /// Passes the number and the line of every row with a request, and every person in the request.
    pub(crate) fn recipients(&self, mut each: impl FnMut((i64, u64), &[String])) -> Result<(), LedgerError> {
        let query =
            format!("SELECT n, line, recipient, body FROM row JOIN content USING (n) WHERE {IS_SENT} ORDER BY n");
        walk(&self.db, &query, [], |row| {
            each((row.get(0)?, row.get(1)?), &recipients_of(text_of(row, 2)?, text_of(row, 3)?)?);
            Ok(())
        })
    }

    /// Turns the draft into a run: whole on the disk, under the name `to`. Its lock file is written first. If the write
    /// fails, the run does not exist.
    pub(crate) fn complete(self, details: &Details, mark: &LockFile, to: &Path) -> Result<(), LedgerError> {
        self.put_in_order()?;
        let Self { db, path, rows, left_out } = self;
        let Some(path) = path else { return Ok(()) };
        db.execute_batch(include_str!("rules.sql"))?;
        for table in KEPT {
            db.execute_batch(&format!(
                "CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} \
                 BEGIN SELECT RAISE(ABORT, 'what a run has written does not change'); END; \
                 CREATE TRIGGER {table}_is_kept BEFORE DELETE ON {table} \
                 BEGIN SELECT RAISE(ABORT, 'a run loses nothing'); END;"
            ))?;
        }
        let created_at = now();
        // No other run has the same.
        let identity: [u8; 16] = random()?;
        // At this point, every row with a decision is skipped.
        db.execute(
            "INSERT INTO progress (id, opened, began, closed, records, pending, skipped, changed_at) \
             SELECT 1, ?1, ?1, ?1, ?2, ?3 - count(*), count(*), max(?4, coalesce(max(at), 0)) FROM decision",
            [first_opening(&identity), left_out.records, rows, created_at],
        )?;
        let name = to.file_stem().unwrap_or_default().to_string_lossy();
        let fields = serde_json::to_string(details).map_err(LedgerError::damaged)?;
        let (rows_bytes, created_bytes) = (rows.to_be_bytes(), created_at.to_be_bytes());
        let run_checksum =
            run_checksum(&db, [&identity, name.as_bytes(), fields.as_bytes(), &rows_bytes, &created_bytes])?;
        db.execute(
            "INSERT INTO run (id, identity, name, details, rows, created_at, run_checksum) VALUES \
             (1, ?1, ?2, ?3, ?4, ?5, ?6)",
            params![identity, name, fields, rows, created_at, run_checksum],
        )?;
        db.execute_batch("COMMIT; PRAGMA journal_mode = WAL;")?;
        db.close().map_err(|(_, error)| error)?;
        mark.write(&RunNote::new(details, &identity))?;
        put_in_place(&path, to)
    }
}

/// Random bytes.
pub(super) fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], LedgerError> {
    let mut bytes = [0; LENGTH];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| LedgerError::Sqlite("the system gives no random numbers".to_owned()))?;
    Ok(bytes)
}

/// Renames a complete file. Afterwards the whole file is on the disk under its new name, or nothing was renamed.
pub(super) fn put_in_place(draft: &Path, to: &Path) -> Result<(), LedgerError> {
    // Windows does not sync a file that was opened only for reading.
    let written = File::options().write(true).open(draft).and_then(|file| file.sync_all());
    written.map_err(FileError::of("write", draft))?;
    std::fs::rename(draft, to).map_err(FileError::of("create", to))?;
    #[cfg(unix)]
    if let Some(directory) = to.parent() {
        File::open(directory).and_then(|file| file.sync_all()).map_err(FileError::of("write", directory))?;
    }
    Ok(())
}
