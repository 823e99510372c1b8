//! The ledger as a file of this machine, in SQLite. A process that changes it waits for its turn.
//! This file also detects a copied or restored ledger.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, Statement, params_from_iter};

use super::commit_count::CommitCount;
use super::file_and_log::FileAndLog;
use super::file_id::{FileFacts, FileFault, FileId, OpenFiles};
use super::moved_away::{free_path, moved_away, read_exclusions};
use super::opening::{LedgerHandles, check_file_types, file_in, not_opened};
use super::process_locks::{ProcessLocks, is_locked};
use super::sqlite::{APPLICATION, value};
use super::turn::{TurnPatience, WriteTurn};
use crate::base::message::msg;
use crate::base::private_file::{self, FileAction, FileError};
use crate::base::process::ensure_open_files;
use crate::runs::ledger::db::{
    AliveCheck, CopiedExclusions, EXCLUSION_COLUMNS, EachSqlRow, FillRow, Presence, SqlEngine,
    SqlRow, SqlScript, SqlValue, VERSION, check_version, new_secret,
};
use crate::runs::ledger::error::{LedgerError, LedgerErrorKind};
use crate::runs::ledger::identity::{MARK_RUNS, MARK_STORE, identity_of_restore};
use crate::runs::ledger::model::now;

/// SQLite's own wait, for a reader that recovers the log.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const STATEMENTS: usize = 48;
/// The highest number of open files while a ledger is opened. Six stay open; the others serve to
/// create and check it.
const FILES: usize = 14;

/// The engine of a ledger in a file.
pub(crate) struct FileEngine {
    /// Is dropped before `db`, so that SQLite can remove the log on Windows.
    file_and_log: FileAndLog,
    db: Connection,
    path: PathBuf,
    /// The file that was opened.
    opened: FileId,
    /// The ledger file and the files next to it. If one of them is replaced, nothing is written.
    /// None before the check, and if the ledger is read-only.
    files: Option<OpenFiles>,
    turn: WriteTurn,
    can_write: bool,
    count: CommitCount,
    /// See [`Presence::identity`].
    identity: String,
    /// The number of commits when this process last wrote the ledger.
    commits: i64,
    /// Whether a transaction that changes the ledger is open.
    is_changing: bool,
    processes: ProcessLocks,
    /// In a read transaction: the processes that were alive before it. If one of them ends in the
    /// meantime, the snapshot still has its rows in flight.
    alive_before: Option<HashSet<i64>>,
    /// What it copied when it was created.
    copied: Vec<CopiedExclusions>,
}

/// Whether the ledger has the mark that it needs.
#[derive(PartialEq, Eq)]
enum RestoreMark {
    /// It was not restored, or it has the mark of its last restore.
    Current,
    /// It was restored, but cannot be marked.
    Unwritable,
}

impl FileEngine {
    /// Opens the ledger in `directory`. If it does not exist, it is created with `creates`, and
    /// otherwise not opened.
    pub(crate) fn open(
        directory: &Path,
        creates: bool,
        patience: TurnPatience,
    ) -> Result<Option<Self>, LedgerError> {
        ensure_open_files(FILES).map_err(LedgerError::cannot_open_files)?;
        check_file_types(directory)?;
        let path = file_in(directory, "");
        match path.metadata() {
            Ok(_) => {}
            Err(cause) if creates && is_missing(&cause) => {
                private_file::create_directory(directory)?;
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(not_opened(directory, &cause)),
        }
        let LedgerHandles {
            db,
            turn,
            write,
            can_write,
        } = LedgerHandles::open(directory, creates)?;
        db.busy_timeout(BUSY_TIMEOUT.min(patience.longest))?;
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        // Otherwise SQLite compiles a statement again whenever its LIMIT changes.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let mut engine = Self {
            db,
            opened: FileId::read(&path).map_err(|cause| not_opened(directory, &cause))?,
            files: None,
            file_and_log: FileAndLog::new(&path),
            turn: WriteTurn::new(&path, turn, write, patience),
            can_write,
            count: CommitCount::new(&path),
            identity: String::new(),
            commits: 0,
            is_changing: false,
            processes: ProcessLocks::new(&path),
            alive_before: None,
            copied: Vec::new(),
            path,
        };
        let mark = if can_write {
            engine.prepare()?
        } else {
            engine.check_version()?;
            if engine.seems_restored()? {
                RestoreMark::Unwritable
            } else {
                RestoreMark::Current
            }
        };
        let mut identity = engine.read_identity()?;
        if mark == RestoreMark::Unwritable {
            identity.push_str(", restored without a mark");
        }
        engine.identity = identity;
        Ok(Some(engine))
    }

    /// Takes what this process copied into the ledger when it created it.
    pub(crate) fn take_copied(&mut self) -> Vec<CopiedExclusions> {
        std::mem::take(&mut self.copied)
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.db
    }

    fn prepare(&mut self) -> Result<RestoreMark, LedgerError> {
        let version = self.pragma("user_version");
        // Another process may be creating it now. Then it cannot be read.
        if is_busy(&version) || version? == 0 {
            self.turn.wait()?;
            let created = self.create();
            self.turn.release();
            created?;
        }
        // On macOS a plain sync returns before the data is on the disk. The cache is in KiB. Only
        // `copy_long_log` copies the log into the file, and the last process when it closes both.
        self.db.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = \
                1; PRAGMA cache_size = -2048; PRAGMA wal_autocheckpoint = 0; PRAGMA \
                secure_delete = ON",
        )?;
        self.check_version()?;
        if !self.path.with_extension("db-wal").exists() {
            // It is the output of VACUUM INTO.
            self.turn.wait()?;
            let begun = self.begin_log();
            self.turn.release();
            begun?;
        }
        let files = self.check_files()?;
        self.check_log()?;
        self.files = Some(files);
        let is_marked = self.check_commits()?;
        self.file_and_log.note_header(self.commits);
        Ok(is_marked)
    }

    /// Creates the tables, unless another process has created them in the meantime.
    fn create(&mut self) -> Result<(), LedgerError> {
        if self.pragma("user_version")? != 0 || self.tables()? > 0 {
            return Ok(());
        }
        match self.count.highest()? {
            // From now on, a ledger without this file was moved or restored.
            None => self.count.create(0)?,
            Some(0) => {}
            Some(_) => return Err(self.lacks_all()),
        }
        let identity = self.read_identity()?;
        self.db.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")?;
        self.begin_log()?;
        self.db.execute_batch(&format!(
            "BEGIN IMMEDIATE; {} PRAGMA application_id = {APPLICATION}; PRAGMA user_version \
                = {VERSION}",
            schema(&identity)
        ))?;
        self.copy_exclusions()?;
        self.db.execute_batch("COMMIT")?;
        // From now on, the file is a ledger even without its log.
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        self.db.query_row(checkpoint, [], |_| Ok(()))?;
        Ok(())
    }

    /// Copies the exclusions of the ledgers that were moved away.
    fn copy_exclusions(&mut self) -> Result<(), LedgerError> {
        for old in moved_away(self.directory())? {
            let rows = read_exclusions(&old)?;
            let add = format!(
                "INSERT INTO exclusion ({EXCLUSION_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                    ON CONFLICT DO NOTHING"
            );
            let mut add = self.db.prepare(&add)?;
            for row in &rows {
                add.execute(params_from_iter(row))?;
            }
            self.copied.push(CopiedExclusions {
                count: rows.len(),
                from: old.display().to_string(),
            });
        }
        Ok(())
    }

    fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Starts the log. SQLite returns before the new mode is on the disk, so after a fault of the
    /// disk the old mode is back. A read creates the log file only in the new mode.
    fn begin_log(&self) -> Result<(), LedgerError> {
        self.db.execute_batch("PRAGMA journal_mode = WAL")?;
        self.tables()?;
        if self.path.with_extension("db-wal").exists() {
            return Ok(());
        }
        Err(LedgerError::unusable(
            msg!(
                "cannot begin the log of the ledger {path}: its disk reported an error",
                path = self.path
            ),
            msg!("check that the disk is not full, then run the command again"),
        ))
    }

    /// Counts the tables and indices.
    fn tables(&self) -> Result<i64, LedgerError> {
        let count = "SELECT count(*) FROM sqlite_schema";
        Ok(self.db.query_row(count, [], |row| row.get(0))?)
    }

    fn lacks_all(&self) -> LedgerError {
        LedgerError::damaged(format!(
            "{0} is empty, but it was used before: it was copied without its log, {0}-wal, \
                or one of them was removed",
            self.path.display()
        ))
    }

    fn pragma(&self, name: &str) -> rusqlite::Result<i32> {
        self.db
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
    }

    fn check_version(&self) -> Result<(), LedgerError> {
        if self.pragma("application_id")? != APPLICATION {
            let path = self.path.display();
            return Err(LedgerError::damaged(format!(
                "{path} is not a ledger of jelouctl"
            )));
        }
        let directory = self.directory();
        let version = self.pragma("user_version")?.into();
        check_version(version, LedgerErrorKind::Unusable, || {
            msg!(
                "finish its runs with the jelouctl version that created it, then: mv {directory} {old}",
                directory,
                old = free_path(directory, version)
            )
        })
    }

    /// Checks whether another living process has the same files open.
    fn check_files(&self) -> Result<OpenFiles, LedgerError> {
        if FileFacts::read(&self.path).is_ok_and(|file| file.has_other_link()) {
            return Err(self.has_other_link());
        }
        let read = FileError::while_doing(FileAction::Read, &self.path);
        let files = OpenFiles::read(&self.path).map_err(read)?;
        for lock in self.processes.paths() {
            let noted = fs::read_to_string(&lock).unwrap_or_default();
            let differing = files.differs_from(&noted);
            if let Some(file) = differing.filter(|_| !noted.is_empty() && is_locked(&lock)) {
                let problem = msg!(
                    "{file} was removed or replaced while a process sends; that process has the \
                        lock {lock}",
                    file,
                    lock
                );
                let hint = msg!("wait until that process has ended, then run the command again");
                return Err(LedgerError::unusable(problem, hint));
            }
        }
        Ok(files)
    }

    /// Checks that the log belongs to the file. Another process may write both in the meantime, so only a check in the
    /// turn refuses a ledger, or is remembered.
    fn check_log(&mut self) -> Result<(), LedgerError> {
        let seems_right = self.find_other()?.is_none();
        self.file_and_log = FileAndLog::new(&self.path);
        if seems_right {
            return Ok(());
        }
        self.turn.wait()?;
        let other = self.find_other();
        self.turn.release();
        if other?.is_none() {
            return Ok(());
        }
        let file = &self.path;
        Err(LedgerError::unusable(
            msg!(
                "{file}-wal is not the log of {file}, because an older copy of one of them was restored",
                file
            ),
            msg!(
                "to use {file} without it: mv {file}-wal {file}-wal.old",
                file
            ),
        ))
    }

    fn find_other(&mut self) -> Result<Option<PathBuf>, LedgerError> {
        let other = self.file_and_log.find_other(&self.db)?;
        Ok(other.map(Path::to_owned))
    }

    /// Marks a ledger that was restored. If it has fewer commits than the commit file records, an
    /// older ledger replaced it. If it has no commit file, it was moved or restored without it.
    fn check_commits(&mut self) -> Result<RestoreMark, LedgerError> {
        if !self.seems_restored()? {
            return Ok(RestoreMark::Current);
        }
        match self.mark_restored() {
            Ok(()) => Ok(RestoreMark::Current),
            // On a full disk, the ledger can still be read.
            Err(error) if error.kind == LedgerErrorKind::File => Ok(RestoreMark::Unwritable),
            Err(error) => Err(error),
        }
    }

    fn seems_restored(&mut self) -> Result<bool, LedgerError> {
        Ok(self.lacks_commits()? || self.count.has_several()? || self.count.is_unmarked()?)
    }

    fn mark_restored(&mut self) -> Result<(), LedgerError> {
        self.begin(true)?;
        if let Err(error) = self.mark() {
            self.rollback();
            return Err(error);
        }
        self.commit()
    }

    /// Marks a ledger without some commits. No other process writes it at the same time.
    fn mark(&mut self) -> Result<(), LedgerError> {
        // A commit file without a mark was copied together with the ledger.
        let is_copied = self.count.is_unmarked()? && self.count.mark()?;
        let is_copied = is_copied || self.count.has_several()?;
        if !self.lacks_commits()? && !is_copied {
            return Ok(());
        }
        let noted = self.count.highest()?;
        if self.commits == 0 && noted != Some(0) {
            return Err(self.lacks_all());
        }
        let commits = self.commits.max(noted.unwrap_or_default());
        let identity = identity_of_restore();
        self.db.execute(MARK_STORE, [&identity])?;
        self.db.execute(MARK_RUNS, [&identity])?;
        self.db
            .execute("UPDATE store SET commits = ?1", [commits])?;
        if noted.is_none() {
            self.count.create(commits)?;
        }
        Ok(self.count.remove_below(commits)?)
    }

    fn lacks_commits(&mut self) -> Result<bool, LedgerError> {
        // The commit file is read before the ledger, because another process may write more of both
        // in the meantime.
        let noted = self.count.highest()?;
        self.commits = self
            .db
            .query_row("SELECT commits FROM store", [], |row| row.get(0))?;
        Ok(noted.is_none_or(|noted| self.commits < noted))
    }

    /// Identifies the ledger by its file and the commit file: `rsync` replaces only files that differ
    /// in size or time, and may keep one of them.
    fn read_identity(&self) -> Result<String, LedgerError> {
        let FileId { inode, created } = self.opened;
        let count = self.count.id()?.unwrap_or(FileId {
            inode: 0,
            created: 0,
        });
        Ok(format!(
            "file {inode:x}, made {created:x}, commits in {:x}, made {:x}",
            count.inode, count.created
        ))
    }

    /// Checks that the files are the ones that this process or other processes have written: none
    /// was removed, replaced or emptied, and log and file belong together.
    fn check_opened_files(&mut self) -> Result<(), LedgerError> {
        let Some(files) = &self.files else {
            return Ok(());
        };
        let (file, fault) = match files.fault() {
            Some((_, FileFault::OtherLink)) => return Err(self.has_other_link()),
            Some((file, FileFault::Replaced)) => (file.to_owned(), msg!("removed or replaced")),
            Some((file, FileFault::Emptied)) => (file.to_owned(), msg!("emptied")),
            None => match self.find_other()? {
                Some(file) => (file, msg!("replaced by an older file")),
                None => return Ok(()),
            },
        };
        Err(LedgerError::unusable(
            msg!("the ledger {file} was {fault} during the run", file, fault),
            msg!("restore it before you resume; rows without a state may have been sent"),
        ))
    }

    /// The error for a ledger with a second path: a copy by links has no log, and seems to be the
    /// original when it is put back.
    fn has_other_link(&self) -> LedgerError {
        let file = &self.path;
        LedgerError::unusable(
            msg!(
                "{file} has another hard link, so a copy would change with it",
                file
            ),
            msg!("to find it: find / -xdev -samefile {file}", file),
        )
    }

    /// Begins a transaction that changes the ledger.
    fn begin_change(&mut self) -> Result<(), LedgerError> {
        self.check_opened_files()?;
        if self.file_and_log.copy_long_log(&self.db) {
            self.check_opened_files()?;
        }
        self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        self.file_and_log.record(&self.db)
    }

    /// Counts the commit of the transaction that is about to end.
    fn count_commit(&self) -> Result<i64, LedgerError> {
        let count = "UPDATE store SET commits = commits + 1 RETURNING commits";
        let commits: i64 = self
            .db
            .prepare_cached(count)?
            .query_row([], |row| row.get(0))?;
        let is_newest = self.count.highest()?.is_none_or(|noted| noted < commits);
        if commits > self.commits && is_newest {
            return Ok(commits);
        }
        Err(LedgerError::new(
            LedgerErrorKind::RestoredDuringRun,
            msg!(
                "the ledger {path} was restored to an earlier state during the run",
                path = self.path
            ),
            msg!("rows without a state may have been sent; check jelouctl bulk status"),
        ))
    }

    /// Leaves the log when this process ends, as if it were killed.
    #[cfg(test)]
    pub(crate) fn leave_log(&mut self) {
        self.files = None;
    }

    fn end_transaction(&mut self) {
        if self.is_changing {
            self.is_changing = false;
            self.turn.release();
        }
    }
}

/// Returns whether a file or its directory does not exist.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Returns whether another process has locked the whole file.
fn is_busy<T>(result: &rusqlite::Result<T>) -> bool {
    let error = result.as_ref().err();
    error.and_then(rusqlite::Error::sqlite_error_code) == Some(ErrorCode::DatabaseBusy)
}

/// Returns the SQL that creates the tables of a new ledger.
fn schema(identity: &str) -> String {
    let tables = format!(
        include_str!("../schema.sql"),
        bigint = "INTEGER",
        strict = " STRICT",
        without_rowid = " STRICT, WITHOUT ROWID"
    );
    let secret = new_secret();
    format!(
        "{tables}INSERT INTO store VALUES (1, {VERSION}, '{secret}', 0, 0, 0, '{identity}', NULL);"
    )
}

impl Presence for FileEngine {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn enter(&mut self, id: i64) -> Result<(), LedgerError> {
        self.processes.enter(id, self.files.as_ref())
    }

    fn leave(&mut self, id: i64) {
        self.processes.leave(id);
    }

    fn alive_check(&mut self) -> Result<AliveCheck, LedgerError> {
        let before = self.alive_before.clone();
        let before = before.unwrap_or_else(|| self.processes.alive());
        Ok(self.processes.alive_check(before))
    }

    fn unreadable_lock(&self, id: i64) -> Option<FileError> {
        self.processes.unreadable(id)
    }

    fn is_free(&mut self) -> Result<bool, LedgerError> {
        self.turn.is_free()
    }

    fn writing(&self) -> Option<u32> {
        self.turn.writing()
    }

    fn kept_lock(&self, waited: Duration) -> Option<LedgerError> {
        Some(self.turn.kept_lock(waited))
    }
}

impl SqlEngine for FileEngine {
    fn begin(&mut self, changes: bool) -> Result<(), LedgerError> {
        if !changes {
            let alive = self.processes.alive();
            // The first read sets the snapshot of the transaction.
            let begun = self.db.execute_batch("BEGIN; SELECT commits FROM store");
            if begun.is_err() {
                self.rollback();
            }
            self.alive_before = Some(alive);
            return Ok(begun?);
        }
        self.ensure_writable()?;
        self.turn.wait()?;
        self.is_changing = true;
        let begun = self.begin_change();
        if begun.is_err() {
            self.rollback();
        }
        begun
    }

    fn commit(&mut self) -> Result<(), LedgerError> {
        self.alive_before = None;
        if !self.is_changing {
            return Ok(self.db.execute_batch("COMMIT")?);
        }
        let ended = self.count_commit().and_then(|commits| {
            self.db.prepare_cached("COMMIT")?.execute([])?;
            Ok(commits)
        });
        match ended {
            Ok(commits) => {
                self.commits = commits;
                self.file_and_log.note_commit(commits);
                // Only the check for a restored ledger needs it.
                let _ = self.count.advance(commits);
                self.end_transaction();
                Ok(())
            }
            Err(error) => {
                self.rollback();
                Err(error)
            }
        }
    }

    fn rollback(&mut self) {
        self.alive_before = None;
        // After some errors, SQLite has already rolled back.
        let _ = self.db.execute_batch("ROLLBACK");
        self.end_transaction();
    }

    fn walk(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
        each: EachSqlRow<'_>,
    ) -> Result<(), LedgerError> {
        let mut statement = self.db.prepare_cached(sql)?;
        let columns: Rc<[String]> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let values = (0..columns.len()).map(|column| value(row.get_ref(column)?));
            let values = values.collect::<Result<_, LedgerError>>()?;
            if each(SqlRow::new(Rc::clone(&columns), values))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn each(&mut self, sql: &'static str, all: &[Vec<SqlValue<'_>>]) -> Result<u64, LedgerError> {
        let mut statement = self.db.prepare_cached(sql)?;
        let mut changed = 0;
        for values in all {
            changed += execute(&mut statement, values)?;
        }
        Ok(changed)
    }

    fn fill(
        &mut self,
        table: &'static str,
        rows: &mut dyn FnMut(FillRow<'_>) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let places: Vec<_> = (1..=table.split(',').count())
            .map(|place| format!("?{place}"))
            .collect();
        let mut statement = self.db.prepare(&format!(
            "INSERT INTO {table} VALUES ({})",
            places.join(", ")
        ))?;
        rows(&mut |values| execute(&mut statement, values).map(drop))
    }

    fn script(&mut self, script: &SqlScript) -> Result<(), LedgerError> {
        Ok(self.db.execute_batch(script.sqlite)?)
    }

    fn now(&mut self) -> Result<i64, LedgerError> {
        Ok(now())
    }

    fn ensure_writable(&mut self) -> Result<(), LedgerError> {
        if self.can_write {
            return Ok(());
        }
        let cause = io::ErrorKind::ReadOnlyFilesystem.into();
        Err(FileError {
            action: FileAction::Write,
            path: self.path.clone(),
            cause,
        }
        .into())
    }

    fn check(&mut self) -> Result<(), LedgerError> {
        let found: String = self
            .db
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found == "ok" {
            Ok(())
        } else {
            Err(LedgerError::damaged(found))
        }
    }

    fn limit(&mut self, limit: Duration) -> Duration {
        limit
    }
}

impl Drop for FileEngine {
    fn drop(&mut self) {
        self.processes.leave_all();
        let is_checked = self.files.is_some() && self.turn.try_take();
        if !is_checked || self.check_opened_files().is_err() {
            // The last connection to a file copies its log into it and removes the log. That may be
            // another file's log. While another process has the turn, this is not the last one.
            let keeps_log = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            let _ = self.db.set_db_config(keeps_log, true);
        }
    }
}

fn execute(statement: &mut Statement<'_>, values: &[SqlValue<'_>]) -> Result<u64, LedgerError> {
    Ok(statement.execute(params_from_iter(values))? as u64)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use tempfile::TempDir;

    use super::*;

    fn open(directory: &Path) -> Result<FileEngine, LedgerError> {
        let opened = FileEngine::open(directory, true, TurnPatience::quiet())?;
        Ok(opened.unwrap())
    }

    fn commit_times(engine: &mut FileEngine, times: u32) {
        for _ in 0..times {
            engine.begin(true).unwrap();
            engine.commit().unwrap();
        }
    }

    fn is_marked(engine: &FileEngine) -> bool {
        let query = "SELECT identity FROM store";
        let stored: String = engine.db.query_row(query, [], |row| row.get(0)).unwrap();
        stored.starts_with("restored ")
    }

    /// The first process that finds an older copy marks it, in a new log.
    #[test]
    fn restored_ledger_opens_twice_at_once() {
        let home = TempDir::new().unwrap();
        let backup = TempDir::new().unwrap();
        commit_times(&mut open(home.path()).unwrap(), 3);
        copy(home.path(), backup.path());
        commit_times(&mut open(home.path()).unwrap(), 3);
        copy(backup.path(), home.path());
        for _ in 0..2 {
            assert!(is_marked(&open(home.path()).unwrap()));
        }
    }

    fn copy(from: &Path, to: &Path) {
        for file in fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            if file.metadata().unwrap().is_file() {
                fs::copy(file.path(), to.join(file.file_name())).unwrap();
            }
        }
    }

    /// The process opened the ledger before other processes wrote what the copy lacks.
    #[test]
    #[cfg_attr(windows, ignore = "Windows lets no program overwrite an open ledger")]
    fn copy_over_an_open_ledger_is_not_written() {
        let home = TempDir::new().unwrap();
        let backup = TempDir::new().unwrap();
        // While it is open, its log stays.
        let mut first = open(home.path()).unwrap();
        commit_times(&mut open(home.path()).unwrap(), 3);
        copy(home.path(), backup.path());
        commit_times(&mut open(home.path()).unwrap(), 3);
        copy(backup.path(), home.path());
        first.begin(true).unwrap();
        let refused = first.commit().unwrap_err();
        assert_eq!(refused.kind, LedgerErrorKind::RestoredDuringRun);
        assert!(is_marked(&open(home.path()).unwrap()));
    }

    /// Between its reads, the second process may find the log of another moment.
    #[test]
    fn commit_between_the_reads_is_not_taken_for_another_log() {
        let home = TempDir::new().unwrap();
        let path = |ending: &str| home.path().join(format!("state.db{ending}"));
        let mut first = open(home.path()).unwrap();
        commit_times(&mut first, 1);
        first.begin(true).unwrap();
        let log = fs::read(path("-wal")).unwrap();
        let mut changing = log.clone();
        changing[16..24].fill(0);
        fs::write(path("-wal"), &changing).unwrap();
        let second = thread::scope(|scope| {
            let second = scope.spawn(|| open(home.path()).map(drop));
            let turn = fs::File::open(path("-turn")).unwrap();
            while !second.is_finished() && turn.try_lock().is_ok() {
                // Wine unlocks it, and returns an error.
                let _ = turn.unlock();
                thread::yield_now();
            }
            fs::write(path("-wal"), &log).unwrap();
            first.commit().unwrap();
            second.join().unwrap()
        });
        second.unwrap();
    }

    /// Some file systems keep times in whole seconds.
    #[test]
    fn changed_file_with_the_same_time_is_read_again() {
        let home = TempDir::new().unwrap();
        let mut first = open(home.path()).unwrap();
        commit_times(&mut first, 1);
        let file = fs::File::open(home.path().join("state.db")).unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        // Copies the log into the file, and begins the log again.
        commit_times(&mut open(home.path()).unwrap(), 100);
        file.set_modified(modified).unwrap();
        commit_times(&mut first, 1);
    }

    #[cfg(unix)]
    #[test]
    fn replaced_or_removed_log_is_always_refused() {
        for is_replaced in [true, false] {
            let home = TempDir::new().unwrap();
            let mut engine = FileEngine::open(home.path(), true, TurnPatience::quiet())
                .unwrap()
                .unwrap();
            engine.begin(true).unwrap();
            engine.commit().unwrap();
            let log = home.path().join("state.db-wal");
            let moved = home.path().join("moved");
            fs::rename(&log, &moved).unwrap();
            if is_replaced {
                fs::copy(&moved, &log).unwrap();
            }
            for _ in 0..2 {
                assert_eq!(
                    engine.begin(true).unwrap_err().kind,
                    LedgerErrorKind::Unusable
                );
            }
        }
    }
}
