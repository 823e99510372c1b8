//! The store as a file of this machine, in SQLite. A process that changes it waits for its turn, since SQLite's own waiting
//! is unfair: beside a process that commits in a loop, it may never end. A file that was copied or put back is recognized.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{process, thread};

use rusqlite::config::DbConfig;
use rusqlite::types::{FromSqlError, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, ErrorCode, OpenFlags, Statement, ToSql, params_from_iter};
use url::Url;

use super::db::{
    DbEngine, EachSqlRow, FillRow, LONGEST, Life, SqlRow, SqlValue, VERSION, check_version,
    new_secret,
};
use super::error::{LedgerError, LedgerFault};
use super::model::now;
use crate::private_file::{self, FileError};
use crate::process::overdue_signal;

/// `PRAGMA application_id`: "Jelo".
const APPLICATION: i32 = 0x4a65_6c6f;
/// How long a process waits for its turn before it says so, and how often it checks.
const TOLD_AFTER: Duration = Duration::from_secs(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);
/// How long it waits at most: the one before it may have been suspended.
const LONGEST_WAIT: Duration = LONGEST;
/// SQLite's own wait, for a reader that recovers the log.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const STATEMENTS: usize = 48;

/// Called once while a process waits for its turn, with the number of the process that has it, if that is known.
pub(crate) type OnWait = Arc<dyn Fn(Option<u32>) + Send + Sync>;

/// A store in a file.
pub(super) struct FileEngine {
    db: Connection,
    path: PathBuf,
    /// The file that was opened; another one in its place is not written.
    opened: FileId,
    /// Its log, once it was seen: it stays as long as the file is open.
    log: Option<FileId>,
    turn: File,
    write: File,
    on_wait: OnWait,
    /// The file beside the store that has the number of its commits. None if the store can only be read.
    commits: Option<File>,
    /// In a transaction that changes the store: whether its log was empty.
    changes: Option<bool>,
    /// The locks by which others see that the processes with these numbers live.
    entered: HashMap<i64, File>,
    /// In a transaction that only reads: the processes that were alive before it. The rows of
    /// those that end meanwhile are still under way in what it reads.
    alive_before: Option<HashSet<i64>>,
}

impl FileEngine {
    /// Opens the store in `directory`, which with `creates` is made where it is missing; otherwise none is opened.
    pub(super) fn open(
        directory: &Path,
        creates: bool,
        on_wait: OnWait,
    ) -> Result<Option<Self>, LedgerError> {
        let beside = |ending: &str| directory.join(format!("state.db{ending}"));
        let path = beside("");
        let not_opened = |cause: io::Error| {
            let hint = "put the file back where it is missing; where it is another user's, let them give you the right to read it";
            LedgerError::unusable(
                format!("the ledger {} cannot be opened: {cause}", path.display()),
                hint,
            )
        };
        // Opening a pipe would block forever.
        let mut files = ["", "-turn", "-write", "-commits"].map(beside).into_iter();
        if let Some(other) = files.find(|file| {
            file.symlink_metadata()
                .is_ok_and(|metadata| !metadata.is_file())
        }) {
            let is_link = other.is_symlink();
            let link = "is a link: link the directory of the file instead";
            let what = if is_link {
                link
            } else {
                "is not a regular file: move it away"
            };
            return Err(not_opened(io::Error::other(format!(
                "{} {what}",
                other.display()
            ))));
        }
        match path.metadata() {
            Ok(_) => {}
            Err(cause)
                if creates
                    && matches!(
                        cause.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                    ) =>
            {
                private_file::create_directory(directory)?;
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(not_opened(cause)),
        }
        let beside = |ending: &str| {
            let open = &mut File::options();
            private_file::open(
                "create",
                &beside(ending),
                open.read(true).write(true).create(true).truncate(false),
            )
        };
        let locks =
            || Ok::<_, FileError>((beside("-turn")?, beside("-write")?, beside("-commits")?));
        let (db, turn, write, commits) = match locks() {
            Ok((turn, write, commits)) => {
                if !path.exists() {
                    beside("")?;
                }
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                (
                    Connection::open_with_flags(&path, flags)?,
                    turn,
                    write,
                    Some(commits),
                )
            }
            Err(error) if creates && !path.exists() => return Err(error.into()),
            // On a disk that is read-only, or in the directory of another user, the store can only be read.
            Err(error) => {
                let handle = || File::open(&path).map_err(not_opened);
                let (turn, write) = (handle()?, handle()?);
                (
                    open_immutable(&path).map_err(|_| LedgerError::from(error))?,
                    turn,
                    write,
                    None,
                )
            }
        };
        db.busy_timeout(BUSY_TIMEOUT)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        // Otherwise a statement is compiled again whenever its LIMIT changes.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let opened = FileId::of(&path).map_err(not_opened)?;
        let (log, changes, entered, alive_before) = (None, None, HashMap::new(), None);
        let mut engine = Self {
            db,
            path,
            opened,
            log,
            turn,
            write,
            on_wait,
            commits,
            changes,
            entered,
            alive_before,
        };
        if engine.commits.is_some() {
            engine.prepare()?;
        } else {
            engine.check_version()?;
        }
        Ok(Some(engine))
    }

    fn prepare(&mut self) -> Result<(), LedgerError> {
        if self.pragma("user_version")? == 0 {
            // Another process may be making it at this moment.
            self.wait_for_turn()?;
            let created = self.create();
            let _ = self.write.unlock();
            created?;
        }
        // On macOS a plain sync returns before the data is on the disk. The cache is in KiB. Each checkpoint waits for the
        // disk twice, so it is rare: every 8 MiB, in pages. A log that no longer grows is also synced sooner.
        self.db.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1; PRAGMA cache_size = -2048; \
             PRAGMA wal_autocheckpoint = 2000; PRAGMA secure_delete = ON",
        )?;
        self.check_version()?;
        self.check_log()?;
        self.check_commits()
    }

    /// Makes the tables, unless another process has made them meanwhile.
    fn create(&mut self) -> Result<(), LedgerError> {
        let tables: i64 = self
            .db
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if self.pragma("user_version")? != 0 || tables > 0 {
            return Ok(());
        }
        if self.noted_commits().is_some_and(|noted| noted > 0) {
            return Err(LedgerError::damaged(
                "it is empty, and was not: its log or the file itself was removed",
            ));
        }
        self.db
            .execute_batch("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL")?;
        self.db.execute_batch(&format!(
            "BEGIN IMMEDIATE; {} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT",
            schema()
        ))?;
        // From now on a store without this file is one that was moved or put back.
        if let Some(file) = &self.commits {
            let _ = write_at_start(file, "0").and_then(|()| file.sync_all());
        }
        Ok(())
    }

    fn pragma(&self, name: &str) -> Result<i32, LedgerError> {
        Ok(self
            .db
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))?)
    }

    fn check_version(&self) -> Result<(), LedgerError> {
        if self.pragma("application_id")? != APPLICATION {
            return Err(LedgerError::damaged("it is not a store of jelouctl"));
        }
        let way_out = "finish its runs with the jelouctl that made it, then move it away";
        check_version(
            self.pragma("user_version")?.into(),
            LedgerFault::Unusable,
            way_out,
        )
    }

    /// Whether the log belongs to the file: the file must have every change that was made before the log began. A file
    /// that was put back below a newer log lacks some.
    fn check_log(&self) -> Result<(), LedgerError> {
        if self.is_log_empty() {
            return Ok(());
        }
        let began: i64 = self
            .db
            .query_row("SELECT log_began FROM store", [], |row| row.get(0))?;
        let in_file = open_immutable(&self.path).and_then(|file| {
            file.query_row("SELECT commits FROM store", [], |row| row.get::<_, i64>(0))
        });
        match in_file {
            Ok(commits) if commits < began => Err(LedgerError::unusable(
                format!(
                    "{0} and its log, {0}-wal, do not belong together",
                    self.path.display()
                ),
                "put the file back that the log belongs to; what an older file lacks may have been sent",
            )),
            // While the log is written into the file, the file alone may not be readable.
            _ => Ok(()),
        }
    }

    /// A store that has fewer commits than the file beside it says was replaced by an older one, and one without that file was
    /// moved or put back alone: it gets another identity.
    fn check_commits(&mut self) -> Result<(), LedgerError> {
        if !self.lacks_commits()? {
            return Ok(());
        }
        self.begin(true)?;
        let renew = "UPDATE store SET epoch = ?1, commits = max(commits, ?2)";
        // Another process may have written both meanwhile.
        let renewed = self.lacks_commits().and_then(|lacks| {
            let values = (fastrand::i64(1..), self.noted_commits().unwrap_or_default());
            Ok(if lacks {
                self.db.execute(renew, values)?
            } else {
                0
            })
        });
        if let Err(error) = renewed {
            self.rollback();
            return Err(error);
        }
        self.commit()
    }

    fn lacks_commits(&self) -> Result<bool, LedgerError> {
        // Read before the store is: another process may write more of both meanwhile.
        let noted = self.noted_commits();
        let commits: i64 = self
            .db
            .query_row("SELECT commits FROM store", [], |row| row.get(0))?;
        Ok(noted.map_or(commits > 0, |noted| commits < noted))
    }

    fn noted_commits(&self) -> Option<i64> {
        number_in(&self.path.with_extension("db-commits"))
    }

    fn is_log_empty(&self) -> bool {
        !fs::metadata(self.path.with_extension("db-wal")).is_ok_and(|log| log.len() > 0)
    }

    /// Takes the lock to write, after the processes that waited before. None of them holds it for long: not while a list is
    /// read, a person is asked or a request is under way.
    fn wait_for_turn(&self) -> Result<(), LedgerError> {
        let began = Instant::now();
        let mut is_told = false;
        for lock in [&self.turn, &self.write] {
            loop {
                match lock.try_lock() {
                    Ok(()) => break,
                    Err(TryLockError::WouldBlock) => thread::sleep(BETWEEN_LOOKS),
                    Err(TryLockError::Error(cause)) => {
                        let _ = self.turn.unlock();
                        return Err(FileError {
                            action: "lock",
                            path: self.path.clone(),
                            cause,
                        }
                        .into());
                    }
                }
                if let Some(signal) = overdue_signal(began) {
                    let _ = self.turn.unlock();
                    return Err(LedgerError::interrupted(signal));
                }
                if !is_told && began.elapsed() >= TOLD_AFTER {
                    is_told = true;
                    (self.on_wait)(self.writing());
                }
                if began.elapsed() >= LONGEST_WAIT {
                    let _ = self.turn.unlock();
                    let process = self
                        .writing()
                        .map(|id| format!(" {id}"))
                        .unwrap_or_default();
                    let path = self.path.display();
                    return Err(LedgerError::unusable(
                        format!(
                            "another process{process} has been writing the ledger {path} for ten minutes"
                        ),
                        "let it go on (kill -CONT, or fg in its terminal), or end it; then run the command again",
                    ));
                }
            }
        }
        let _ = self.turn.unlock();
        // Only a process that waits reads it.
        let _ = write_at_start(&self.write, &format!("{:<20}", process::id()));
        Ok(())
    }

    /// The directory of the files by whose locks others see that processes live.
    fn processes(&self) -> PathBuf {
        self.path.with_file_name("processes")
    }

    /// The processes whose locks are held.
    fn alive(&self) -> HashSet<i64> {
        let locks = fs::read_dir(self.processes())
            .into_iter()
            .flatten()
            .flatten()
            .map(|lock| lock.path());
        let held = locks.filter(|path| is_locked(path));
        held.filter_map(|path| path.file_stem()?.to_str()?.parse().ok())
            .collect()
    }

    fn end_transaction(&mut self) {
        if self.changes.take().is_some() {
            let _ = self.write.unlock();
        }
    }
}

/// The tables of a new store.
pub(super) fn schema() -> String {
    in_sqlite(include_str!("schema.sql"))
        .replace("\n);", "\n) STRICT;")
        .replace("\n) WITHOUT", "\n) STRICT, WITHOUT")
        + &format!(
            "INSERT INTO store VALUES (1, {VERSION}, '{}', 0, 0, 0, 0);",
            new_secret()
        )
}

/// The statements in the words of SQLite.
fn in_sqlite(sql: &str) -> String {
    sql.replace("BIGINT", "INTEGER")
        .replace("/*WITHOUT ROWID*/", "WITHOUT ROWID")
}

/// Opens a file without its log and without locks.
fn open_immutable(path: &Path) -> rusqlite::Result<Connection> {
    let mut url = Url::from_file_path(path).map_err(|()| Error::InvalidPath(path.to_owned()))?;
    url.set_query(Some("immutable=1"));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(url.as_str(), flags)
}

/// Tells one file from another in its place: the file system keeps both for as long as the file exists.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileId {
    inode: u64,
    /// When it was made, in milliseconds since 1970, if the file system keeps that.
    born: u128,
}

impl FileId {
    #[cfg(unix)]
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = path.metadata()?;
        let born = metadata
            .created()
            .ok()
            .and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
        let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
        Ok(Self {
            inode,
            born: born.unwrap_or_default().as_millis(),
        })
    }

    /// NTFS does not give the index of a removed file to another one.
    #[cfg(windows)]
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            inode: winapi_util::file::information(File::open(path)?)?.file_index(),
            born: 0,
        })
    }
}

impl DbEngine for FileEngine {
    fn begin(&mut self, changes: bool) -> Result<(), LedgerError> {
        if !changes {
            let alive = self.alive();
            // What is read first decides of which moment all is.
            let begun = self.db.execute_batch("BEGIN; SELECT commits FROM store");
            if begun.is_err() {
                self.rollback();
            }
            self.alive_before = Some(alive);
            return Ok(begun?);
        }
        self.require_write()?;
        self.wait_for_turn()?;
        self.changes = Some(self.is_log_empty());
        let log = FileId::of(&self.path.with_extension("db-wal")).ok();
        let is_in_place = FileId::of(&self.path).is_ok_and(|found| found == self.opened)
            && (self.log.is_none() || self.log == log);
        let begun = if is_in_place {
            self.log = log;
            let begun = self
                .db
                .prepare_cached("BEGIN IMMEDIATE")
                .and_then(|mut begin| begin.execute([]));
            begun.map(drop).map_err(LedgerError::from)
        } else {
            Err(LedgerError::unusable(
                format!(
                    "the ledger {} was removed or replaced while the run went on",
                    self.path.display()
                ),
                "put it back before you resume; rows without a state may have been sent",
            ))
        };
        if begun.is_err() {
            self.end_transaction();
        }
        begun
    }

    fn is_free(&mut self) -> Result<bool, LedgerError> {
        match self.write.try_lock() {
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(cause)) => Err(FileError {
                action: "lock",
                path: self.path.clone(),
                cause,
            }
            .into()),
            Ok(()) => {
                let _ = self.write.unlock();
                Ok(true)
            }
        }
    }

    fn writing(&self) -> Option<u32> {
        number_in(&self.path.with_extension("db-write"))
    }

    fn commit(&mut self) -> Result<(), LedgerError> {
        self.alive_before = None;
        let Some(was_empty) = self.changes else {
            return Ok(self.db.execute_batch("COMMIT")?);
        };
        let end = || -> rusqlite::Result<i64> {
            let count = "UPDATE store SET log_began = CASE WHEN ?1 THEN commits ELSE log_began END, commits = commits + 1 \
                         RETURNING commits";
            let commits = self
                .db
                .prepare_cached(count)?
                .query_row([was_empty], |row| row.get(0))?;
            self.db.prepare_cached("COMMIT")?.execute([])?;
            Ok(commits)
        };
        match end() {
            Ok(commits) => {
                if let Some(file) = &self.commits {
                    // Only a store that is put back needs it.
                    let _ = write_at_start(file, &format!("{commits:<20}"));
                }
                self.end_transaction();
                Ok(())
            }
            Err(error) => {
                self.rollback();
                Err(error.into())
            }
        }
    }

    fn rollback(&mut self) {
        self.alive_before = None;
        // After some errors SQLite has done it already.
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
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|column| value(row.get_ref(column)?));
            if each(SqlRow(values.collect::<Result<_, LedgerError>>()?))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn lock(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
    ) -> Result<(Option<SqlRow>, i64), LedgerError> {
        Ok((self.first(sql, values)?, now()))
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

    fn script(&mut self, sql: &str) -> Result<(), LedgerError> {
        Ok(self.db.execute_batch(&in_sqlite(sql))?)
    }

    fn now(&mut self) -> Result<i64, LedgerError> {
        Ok(now())
    }

    fn identity(&mut self) -> Result<String, LedgerError> {
        let epoch: i64 = self
            .db
            .prepare_cached("SELECT epoch FROM store")?
            .query_row([], |row| row.get(0))?;
        let FileId { inode, born } = &self.opened;
        // `rsync` replaces only what differs in size or time, which may be the log and this file.
        let path = self.path.with_extension("db-commits");
        let commits = if path.exists() {
            FileId::of(&path)
                .map_err(FileError::of("read", &path))?
                .inode
        } else {
            0
        };
        Ok(format!(
            "file {inode:x}, made {born:x}, commits in {commits:x}, epoch {epoch:x}"
        ))
    }

    fn life(&mut self) -> Result<Life, LedgerError> {
        let (processes, before) = (
            self.processes(),
            self.alive_before.clone().unwrap_or_else(|| self.alive()),
        );
        Ok(Box::new(move |id, _lost_at| {
            let path = lock_in(&processes, id);
            let is_alive = before.contains(&id) || is_locked(&path);
            if !is_alive {
                let _ = fs::remove_file(path);
            }
            is_alive
        }))
    }

    fn enter(&mut self, id: i64) -> Result<(), LedgerError> {
        let path = lock_in(&self.processes(), id);
        private_file::create_directory(&self.processes())?;
        let file = private_file::open(
            "create",
            &path,
            File::options().write(true).create(true).truncate(false),
        )?;
        file.lock().map_err(FileError::of("lock", &path))?;
        self.entered.insert(id, file);
        Ok(())
    }

    fn leave(&mut self, id: i64) {
        if self.entered.remove(&id).is_some() {
            let _ = fs::remove_file(lock_in(&self.processes(), id));
        }
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn require_write(&mut self) -> Result<(), LedgerError> {
        if self.commits.is_some() {
            return Ok(());
        }
        let cause = io::ErrorKind::ReadOnlyFilesystem.into();
        Err(FileError {
            action: "write",
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

    fn tidy(&mut self) {
        if self.begin(true).is_ok() {
            // What could not be given back is used again.
            let _ = self.db.execute_batch("PRAGMA incremental_vacuum");
            let _ = self.commit();
        }
    }
}

impl Drop for FileEngine {
    fn drop(&mut self) {
        for id in self.entered.keys().copied().collect::<Vec<_>>() {
            self.leave(id);
        }
    }
}

fn lock_in(processes: &Path, id: i64) -> PathBuf {
    processes.join(format!("{id}.lock"))
}

fn execute(statement: &mut Statement<'_>, values: &[SqlValue<'_>]) -> Result<u64, LedgerError> {
    Ok(statement.execute(params_from_iter(values))? as u64)
}

/// Whether a process holds the lock. Where locks do not work, or the file cannot be opened, the process counts as alive until
/// it says that it has ended.
fn is_locked(path: &Path) -> bool {
    match File::open(path) {
        // Shared: of two that look at once, neither sees the other.
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

fn number_in<T: FromStr>(path: &Path) -> Option<T> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn write_at_start(file: &File, text: &str) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::write_all_at(file, text.as_bytes(), 0);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_write(file, text.as_bytes(), 0).map(drop);
}

impl ToSql for SqlValue<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

fn value(value: ValueRef<'_>) -> Result<SqlValue<'static>, LedgerError> {
    Ok(match value {
        ValueRef::Null => SqlValue::Null,
        ValueRef::Integer(value) => SqlValue::Int(value),
        text => SqlValue::Text(text.as_str()?.to_owned().into()),
    })
}

impl From<Error> for LedgerError {
    fn from(error: Error) -> Self {
        // A value of the wrong type is damage, just like a page that cannot be read.
        let is_other_value = matches!(
            error,
            Error::FromSqlConversionFailure(..)
                | Error::InvalidColumnType(..)
                | Error::IntegralValueOutOfRange(..)
                | Error::Utf8Error(..)
        );
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::damaged(error),
            _ if is_other_value => Self::damaged(error),
            _ => Self::sqlite(&error.to_string()),
        }
    }
}

impl From<FromSqlError> for LedgerError {
    fn from(error: FromSqlError) -> Self {
        Error::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn only_a_lock_that_is_free_or_gone_says_that_its_process_has_ended() {
        let home = TempDir::new().unwrap();
        let lock = home.path().join("1.lock");
        assert!(!is_locked(&lock));
        let held = File::create(&lock).unwrap();
        held.lock().unwrap();
        assert!(is_locked(&lock));
        drop(held);
        assert!(!is_locked(&lock));
        // A file that cannot be opened is not one that is gone; Windows says the same of this path.
        assert!(cfg!(windows) || is_locked(&lock.join("2.lock")));
    }

    #[cfg(unix)]
    #[test]
    fn a_log_that_was_replaced_or_removed_is_refused_each_time() {
        for is_replaced in [true, false] {
            let home = TempDir::new().unwrap();
            let mut engine = FileEngine::open(home.path(), true, Arc::new(|_| {}))
                .unwrap()
                .unwrap();
            engine.begin(true).unwrap();
            engine.commit().unwrap();
            let (log, moved) = (home.path().join("state.db-wal"), home.path().join("moved"));
            fs::rename(&log, &moved).unwrap();
            if is_replaced {
                fs::copy(&moved, &log).unwrap();
            }
            for _ in 0..2 {
                assert_eq!(engine.begin(true).unwrap_err().fault, LedgerFault::Unusable);
            }
        }
    }
}
