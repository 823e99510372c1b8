//! Opens a ledger: checks its file before SQLite may touch it, since SQLite may then reset its log or write it into the
//! file. Also opens it for writing, which takes a complete ledger (`integrity.rs`) unless a person accepts it in its
//! present state, and closes it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use url::Url;

use super::lock_file::{LockFile, RunNote};
use super::run_files::{Identity, log_of};
use super::{BUSY_TIMEOUT, Ledger, LedgerProgress};
use crate::ledger::{ENDED_UNDER_WAY, EndedAttempt, LedgerError, RowState, Run, now};

/// `PRAGMA application_id`: "Jelo".
pub(super) const APPLICATION: i32 = 0x4a65_6c6f;
/// `PRAGMA user_version` of the ledgers that this version writes.
pub(super) const VERSION: i32 = 11;

/// The page size of the ledgers that SQLite creates.
const PAGE: u64 = 4096;
/// The size of the header of a log. Frames follow, each a page with its own header.
const LOG_HEADER: usize = 32;
const FRAME: usize = 24 + 4096;

impl Ledger {
    /// Opens the ledger without checking whether it is complete.
    pub(super) fn open(path: &Path) -> Result<Self, LedgerError> {
        let has_log = check_file(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY_TIMEOUT)?;
        if !has_log && cannot_be_written(&db) {
            db = open_immutable(path)?;
        }
        db.set_prepared_statement_cache_capacity(32);
        db.pragma_update(None, "synchronous", "FULL")?;
        // On macOS a plain sync returns before the data is on the disk. Elsewhere these have no effect.
        db.pragma_update(None, "fullfsync", true)?;
        db.pragma_update(None, "checkpoint_fullfsync", true)?;
        // In KiB. Two of these are open, and rows are read and written in order.
        db.pragma_update(None, "cache_size", -512)?;
        // In pages, 32 MiB in all. Each checkpoint waits for the disk twice, so it should be rare.
        db.pragma_update(None, "wal_autocheckpoint", 8000)?;
        let ledger = Self {
            db,
            files: Identity::default(),
            progress: LedgerProgress::default(),
            mark: None,
            damage: None,
            is_at_rest: false,
            first_pending: 1,
            untouched: i64::MAX,
        };
        // If there was no log, the empty one that SQLite creates is not kept.
        ledger.keep_log(has_log)?;
        Ok(ledger)
    }

    /// Opens the ledger to continue the run, whose lock the caller holds. The ledger is checked, and rows that were
    /// under way when the last process ended become unknown.
    pub(crate) fn resume(path: &Path, mark: LockFile) -> Result<Self, LedgerError> {
        Ok(Self::open_to_write(path, mark, false)?.0)
    }

    /// Like [`Ledger::resume`], but also accepts a ledger that has lost records. In the same commit every row that is
    /// still to be sent becomes unknown, and if records are lost, so does every failed row. Returns the number of these
    /// rows.
    pub(crate) fn accept_loss(path: &Path, mark: LockFile) -> Result<(Self, u64), LedgerError> {
        Self::open_to_write(path, mark, true)
    }

    fn open_to_write(path: &Path, mark: LockFile, accepts_loss: bool) -> Result<(Self, u64), LedgerError> {
        let mut ledger = Self::open(path)?;
        let noted = mark.note();
        let mut progress = ledger.read_progress()?;
        ledger.check_run(path, &progress)?;
        let problem = ledger.loss(&progress, &noted)?;
        let scan = ledger.integrity_scan()?;
        let doubted = match problem.or_else(|| scan.problem(&progress.records).map(str::to_owned)) {
            problem if accepts_loss => ledger.rows_in_doubt(problem.is_some())?,
            Some(problem) => return Err(ledger.damaged(problem)),
            None => Vec::new(),
        };
        let note = ledger.note()?;
        let noted_commits = noted.of_run(&ledger.identity()?).map(|noted| noted.commits);
        progress.commits = progress.commits.max(noted_commits.unwrap_or_default());
        progress.records = scan.records;
        progress.opened = progress.opened.max(progress.began).max(progress.closed) + 1;
        ledger.mark = Some(mark);
        ledger.progress = progress;
        ledger.write(|batch| doubted.iter().try_for_each(|row| batch.doubt(*row)))?;
        // Not earlier: the lock file would vouch for rows that this commit makes unknown.
        if let Some(mark) = ledger.mark.as_ref().filter(|_| noted_commits.is_none()) {
            mark.write(&RunNote { commits: ledger.progress.commits, ..note })?;
        }
        // From here on, the file itself says that there is a log. An accepted loss is committed, and sends nothing.
        if !accepts_loss && !ledger.fold_log_in()? {
            return Err(LedgerError::InUse { run: ledger.name()? });
        }
        ledger.keep_log(false)?;
        ledger.files = Identity::of(path, ledger.mark.as_ref().map(LockFile::path));
        ledger.progress.began = ledger.progress.opened;
        ledger.first_pending = scan.first_pending;
        ledger.untouched = scan.untouched;
        ledger.end_inflight(&scan.inflight)?;
        Ok((ledger, doubted.len() as u64))
    }

    /// Rows that were under way when the last process ended may have been sent. This is the first commit in the log.
    fn end_inflight(&mut self, rows: &[(i64, i64, i64)]) -> Result<(), LedgerError> {
        self.write(|batch| {
            rows.iter().try_for_each(|(n, number, began_at)| {
                batch.end(&EndedAttempt {
                    n: *n,
                    number: *number,
                    recipient: String::new(),
                    state: RowState::Unknown,
                    began_at: *began_at,
                    ended_at: now(),
                    http_status: None,
                    message_id: None,
                    code: Some(RowState::Unknown.name()),
                    error: Some(ENDED_UNDER_WAY.to_owned()),
                    api_code: None,
                })
            })
        })
    }

    /// Writes the log back into the file. False if a reader blocks it.
    fn fold_log_in(&self) -> Result<bool, LedgerError> {
        let is_busy: bool = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(!is_busy)
    }

    /// Closes the ledger cleanly. Returns whether every row is final.
    pub(crate) fn close(mut self) -> Result<bool, LedgerError> {
        self.progress.closed = self.progress.opened;
        let is_finished = self.progress.records.counts.is_finished();
        let end = if is_finished { self.end()? } else { None };
        self.write(|batch| end.iter().try_for_each(|end| batch.event(end)))?;
        // This does not wait for readers, since the contents of the log count too.
        self.db.busy_timeout(Duration::ZERO)?;
        let _ = self.fold_log_in();
        Ok(is_finished)
    }
}

/// Checks that the file at `path` is a whole ledger of this version, without changing any of its files. Returns whether
/// it has a log, which may be needed.
fn check_file(path: &Path) -> Result<bool, LedgerError> {
    let not_opened = |cause| LedgerError::NotOpened { path: path.to_owned(), cause };
    // Opening a pipe would block forever.
    let file_length = check_type(path).map_err(not_opened)?;
    let log = log_of(path);
    let length = match check_type(&log) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => 0,
        length => length.map_err(|cause| LedgerError::NotOpened { path: log.clone(), cause })?,
    };
    match check_header(path) {
        Ok(()) if file_length.is_multiple_of(PAGE) => {}
        Ok(()) | Err(LedgerError::Damaged { .. }) if is_completed_by(path, &log).map_err(not_opened)? => {}
        Ok(()) => return Err(LedgerError::damaged("its end is missing")),
        Err(error) => return Err(error),
    }
    Ok(length > 0)
}

/// Returns the length of the file.
fn check_type(path: &Path) -> io::Result<u64> {
    let metadata = path.metadata()?;
    match metadata.file_type() {
        kind if kind.is_file() => Ok(metadata.len()),
        kind if kind.is_dir() => Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory: move it away")),
        _ => Err(io::Error::other("it is not a regular file: move it away")),
    }
}

/// Whether SQLite cannot write beside the file, as it does even to read one: it is on a disk that is read-only, or in
/// the directory of another user.
fn cannot_be_written(db: &Connection) -> bool {
    let read = db.query_row("PRAGMA schema_version", [], |_| Ok(()));
    let code = read.err().and_then(|error| error.sqlite_error_code());
    matches!(code, Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen))
}

/// Opens a ledger without its log and without locks.
fn open_immutable(path: &Path) -> Result<Connection, LedgerError> {
    let not_opened = |cause| LedgerError::NotOpened { path: path.to_owned(), cause };
    let mut url = Url::from_file_path(path).map_err(|()| not_opened(io::ErrorKind::InvalidInput.into()))?;
    url.set_query(Some("immutable=1"));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(url.as_str(), flags).map_err(|error| match File::open(path) {
        // No part of this process has the file open, so closing it releases no lock of SQLite.
        Err(cause) => not_opened(cause),
        Ok(_) => error.into(),
    })
}

/// Reads the header through SQLite: if this process opened the file itself, closing it would release the locks that
/// SQLite holds on it.
fn check_header(path: &Path) -> Result<(), LedgerError> {
    let db = open_immutable(path)?;
    let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
    match (pragma("application_id")?, pragma("user_version")?) {
        (APPLICATION, VERSION) => Ok(()),
        (APPLICATION, version) if version > VERSION => Err(LedgerError::Newer { version }),
        (APPLICATION, version) if version > 0 => Err(LedgerError::Older { version }),
        (_, _) => Err(LedgerError::damaged("it is not a ledger of jelouctl")),
    }
}

/// Whether the file is shorter than its header says only because a process is writing its log into it, or was killed
/// while doing so. In that case the log has all of the missing end.
fn is_completed_by(path: &Path, log: &Path) -> io::Result<bool> {
    let length = path.metadata()?.len();
    if length < PAGE {
        return Ok(false);
    }
    let (logged, pages) = match File::open(log) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
        log => pages_of(log?)?,
    };
    let is_in_log = pages > 0 && (length / PAGE + 1..=pages).all(|page| logged.contains(&page));
    // Meanwhile the log may have been written back, and be empty again.
    Ok(is_in_log || path.metadata()?.len() > length)
}

/// The pages in a log, and the number of pages that the ledger has after the last commit in it.
fn pages_of(log: File) -> io::Result<(BTreeSet<u64>, u64)> {
    let mut log = BufReader::new(log);
    let (mut logged, mut pages) = (BTreeSet::new(), 0);
    let mut begin = [0; LOG_HEADER];
    let mut frame = [0; FRAME];
    let mut is_read = log.read_exact(&mut begin);
    loop {
        is_read = is_read.and_then(|()| log.read_exact(&mut frame));
        match is_read {
            Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => return Ok((logged, pages)),
            Err(cause) => return Err(cause),
            Ok(()) => {}
        }
        let [p0, p1, p2, p3, n0, n1, n2, n3, ..] = frame;
        logged.insert(u32::from_be_bytes([p0, p1, p2, p3]).into());
        // This is 0 in a frame that does not end a commit.
        pages = pages.max(u32::from_be_bytes([n0, n1, n2, n3]).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sqlite::fixture;

    #[test]
    fn a_reader_does_not_turn_an_accepted_loss_into_an_error() {
        let home = tempfile::TempDir::new().unwrap();
        let (ledger, _) = fixture::ledgers(home.path(), &fixture::people(0..2));
        ledger.close().unwrap();
        let path = home.path().join("r.db");
        let reader = Connection::open(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM progress").unwrap();
        let (ledger, unknown) = Ledger::accept_loss(&path, fixture::mark(home.path())).unwrap();
        ledger.close().unwrap();
        reader.execute_batch("COMMIT").unwrap();
        let counts = Ledger::read(&path, &fixture::mark(home.path()).note(), false).unwrap().counts().unwrap();
        assert_eq!((unknown, counts.unknown), (2, 2));
    }
}
