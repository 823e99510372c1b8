//! The database of a ledger: one SQL text for SQLite and PostgreSQL. A [`SqlEngine`] runs it.
//! Parameters are `?1`, `?2`.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use serde::de::DeserializeOwned;

use super::error::{LedgerError, LedgerErrorKind};
use crate::base::message::{Message, msg};
use crate::base::private_file::FileError;
use crate::base::process::{host_name, user_name};
use crate::runs::once::OnceHasher;

/// The time limit for a new connection, and for an exchange.
pub(super) const SHORT: Duration = Duration::from_secs(3);
/// The time limit for a statement that reads or writes many rows.
pub(super) const LONG: Duration = Duration::from_secs(60);
/// The time limit for a statement that writes all rows of a run.
pub(super) const LONGEST: Duration = Duration::from_secs(600);
/// The version of the schema; in a file its `PRAGMA user_version`.
pub(super) const VERSION: i32 = 27;
/// The columns of `exclusion`, which a ledger of another version copies. If one of them changes, or the key of a person,
/// the table needs another name.
pub(super) const EXCLUSION_COLUMNS: &str = "sandbox, person, recipient, reason, added_by, added_at";

/// The first version with the table `exclusion`.
pub(super) const FIRST_WITH_EXCLUSIONS: i32 = 27;

/// The exclusions that a new ledger took over from another one.
pub(crate) struct CopiedExclusions {
    pub(crate) count: usize,
    /// The directory or the schema of the other ledger.
    pub(crate) from: String,
}

/// Returns the endings of the name of a ledger of this version that is moved away, by preference.
pub(super) fn moved_away_endings(version: i64) -> impl Iterator<Item = String> {
    let first = format!("v{version}");
    let others = (2..100).map(move |number| format!("v{version}_{number}"));
    std::iter::once(first).chain(others)
}

/// Returns whether a ledger with this ending of its name was moved away.
pub(super) fn is_moved_away_ending(ending: &str) -> bool {
    let is_number = |byte: u8| byte.is_ascii_digit() || byte == b'_';
    let version = ending.strip_prefix('v').unwrap_or_default();
    ending == "old" || !version.is_empty() && version.bytes().all(is_number)
}

/// A value in a column or a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SqlValue<'a> {
    Null,
    Int(i64),
    Text(Cow<'a, str>),
}

impl From<i64> for SqlValue<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for SqlValue<'_> {
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl<'a, T: AsRef<str> + ?Sized> From<&'a T> for SqlValue<'a> {
    fn from(value: &'a T) -> Self {
        Self::Text(Cow::Borrowed(value.as_ref()))
    }
}

impl From<String> for SqlValue<'_> {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl<'a, T: Into<SqlValue<'a>>> From<Option<T>> for SqlValue<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The values of a statement, each of a type that becomes a [`SqlValue`].
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::runs::ledger::db::SqlValue::from($value)),*] };
}
pub(super) use values;

/// A row of a query. Its columns are read by their names.
#[derive(Debug)]
pub(crate) struct SqlRow {
    /// The names of the columns, which all rows of a query share.
    columns: Rc<[String]>,
    values: Vec<SqlValue<'static>>,
    /// The index after the last column that was read.
    next: Cell<usize>,
}

impl SqlRow {
    pub(super) fn new(columns: Rc<[String]>, values: Vec<SqlValue<'static>>) -> Self {
        Self {
            columns,
            values,
            next: Cell::new(0),
        }
    }

    /// Finds the index of a column. Most rows are read in the order of their columns, so the next
    /// column is compared first. A search for each column would slow down a report of a million
    /// rows.
    fn column_index(&self, column: &str) -> Result<usize, LedgerError> {
        let next = self.next.get();
        let index = if self.columns.get(next).is_some_and(|name| name == column) {
            next
        } else {
            let found = self.columns.iter().position(|name| name == column);
            found.ok_or_else(|| LedgerError::damaged(format!("a row has no column {column}")))?
        };
        self.next.set(index + 1);
        Ok(index)
    }

    fn value(&self, column: &str) -> Result<&SqlValue<'static>, LedgerError> {
        let index = self.column_index(column)?;
        self.values.get(index).ok_or_else(|| unexpected(column))
    }

    /// Returns the number in a column.
    pub(super) fn int(&self, column: &str) -> Result<i64, LedgerError> {
        self.opt_int(column)?.ok_or_else(|| unexpected(column))
    }

    pub(super) fn opt_int(&self, column: &str) -> Result<Option<i64>, LedgerError> {
        match self.value(column)? {
            SqlValue::Int(value) => Ok(Some(*value)),
            SqlValue::Null => Ok(None),
            SqlValue::Text(_) => Err(unexpected(column)),
        }
    }

    /// Returns the count or line in a column.
    pub(super) fn count(&self, column: &str) -> Result<u64, LedgerError> {
        u64::try_from(self.int(column)?).map_err(|_| unexpected(column))
    }

    pub(super) fn is_set(&self, column: &str) -> Result<bool, LedgerError> {
        Ok(self.opt_int(column)?.is_some_and(|value| value != 0))
    }

    /// Returns the text in a column.
    pub(super) fn text(&self, column: &str) -> Result<&str, LedgerError> {
        self.opt_text(column)?.ok_or_else(|| unexpected(column))
    }

    pub(super) fn opt_text(&self, column: &str) -> Result<Option<&str>, LedgerError> {
        match self.value(column)? {
            SqlValue::Text(value) => Ok(Some(value)),
            SqlValue::Null => Ok(None),
            SqlValue::Int(_) => Err(unexpected(column)),
        }
    }

    /// Returns the text of jelouctl in a column.
    pub(super) fn message(&self, column: &str) -> Result<Message, LedgerError> {
        self.text(column).map(Message::decode)
    }

    /// Moves the text out of a column.
    pub(super) fn take_text(&mut self, column: &str) -> Result<String, LedgerError> {
        self.opt_take_text(column)?
            .ok_or_else(|| unexpected(column))
    }

    pub(super) fn opt_take_text(&mut self, column: &str) -> Result<Option<String>, LedgerError> {
        let index = self.column_index(column)?;
        let value = self.values.get_mut(index);
        match value.map(|value| std::mem::replace(value, SqlValue::Null)) {
            Some(SqlValue::Text(value)) => Ok(Some(value.into_owned())),
            Some(SqlValue::Null) => Ok(None),
            Some(SqlValue::Int(_)) | None => Err(unexpected(column)),
        }
    }

    /// Parses the JSON in a column.
    pub(super) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, LedgerError> {
        serde_json::from_str(self.text(column)?).map_err(LedgerError::damaged)
    }

    /// Parses the text in a column with `read`, such as the name of a state.
    pub(super) fn parse<T>(
        &self,
        column: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, LedgerError> {
        let text = self.text(column)?;
        read(text)
            .ok_or_else(|| LedgerError::damaged(format!("`{text}` is not known to this version")))
    }
}

fn unexpected(column: &str) -> LedgerError {
    LedgerError::damaged(format!("column {column} has another type of value"))
}

/// A process that sends, with the values that decide whether it is alive.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) id: i64,
    pub(super) host: String,
    pub(super) pid: i64,
    /// The time of its last contact, and how long after it the rows belong to the process.
    pub(super) seen_at: i64,
    pub(super) lease_ms: i64,
}

impl Process {
    /// Describes the process: `db-2 pid 812`.
    pub(super) fn describe(&self) -> String {
        format!("{} pid {}", self.host, self.pid)
    }
}

/// See [`Presence::alive_check`].
pub(super) type AliveCheck = Box<dyn Fn(i64, i64) -> bool + Send>;
/// Receives the rows of a query, one by one, until it breaks.
pub(super) type EachSqlRow<'a> = &'a mut dyn FnMut(SqlRow) -> Result<ControlFlow<()>, LedgerError>;
/// Receives the rows for a table.
pub(super) type FillRow<'a> = &'a mut dyn FnMut(&[SqlValue<'_>]) -> Result<(), LedgerError>;

/// Statements without parameters, in the dialect of each database.
pub(super) struct SqlScript {
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

/// Which processes use the ledger, and which ledger it is.
pub(super) trait Presence {
    /// Identifies this database. A copy has another identity.
    fn identity(&self) -> &str;

    /// Returns the role of the session. A file has none.
    fn role(&self) -> Option<&str> {
        None
    }

    /// Returns whether several machines may share the database. Then a process that seems lost may
    /// only be disconnected, and may return.
    fn is_shared(&self) -> bool;

    /// Registers a process as alive for [`Presence::alive_check`], until it leaves or is killed.
    fn enter(&mut self, id: i64) -> Result<(), LedgerError>;

    /// Ends the registration of a process.
    fn leave(&mut self, id: i64);

    /// Returns a check whether a process is alive, by its number and the end of its lease. A file
    /// checks the lock of the process, and a database the end of the lease.
    fn alive_check(&mut self) -> Result<AliveCheck, LedgerError>;

    /// Returns the error if the lock of a process cannot be opened. The process then counts as
    /// alive.
    fn unreadable_lock(&self, id: i64) -> Option<FileError>;

    /// Returns whether no other process has locked the ledger now.
    fn is_free(&mut self) -> Result<bool, LedgerError>;

    /// Returns the id of the process of this machine that changes the ledger, or changed it last,
    /// if known.
    fn writing(&self) -> Option<u32>;

    /// Returns the error if another process has locked the ledger for this long. None if the engine has no locks of its
    /// own.
    fn kept_lock(&self, waited: Duration) -> Option<LedgerError>;
}

/// The transactions and statements of a database.
pub(super) trait SqlEngine: Presence + Send {
    /// Begins a transaction: to make changes when it is this process's turn, or to read one
    /// snapshot.
    fn begin(&mut self, changes: bool) -> Result<(), LedgerError>;

    /// Ends the transaction. When this returns, its changes are durable.
    fn commit(&mut self) -> Result<(), LedgerError>;

    fn rollback(&mut self);

    /// Passes the rows of a query to `each`.
    fn walk(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
        each: EachSqlRow<'_>,
    ) -> Result<(), LedgerError>;

    /// Returns the first row of a query.
    fn first(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
    ) -> Result<Option<SqlRow>, LedgerError> {
        let mut first = None;
        self.walk(sql, values, &mut |row| {
            first = Some(row);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(first)
    }

    /// Locks the row of a query for the rest of the transaction. A file is already locked. Also
    /// returns the time of the lock, in milliseconds since 1970.
    fn lock(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
    ) -> Result<(Option<SqlRow>, i64), LedgerError> {
        Ok((self.first(sql, values)?, self.now()?))
    }

    /// Runs one statement for each of `all`, which concern different rows. Returns the number of
    /// changed rows.
    fn each(&mut self, sql: &'static str, all: &[Vec<SqlValue<'_>>]) -> Result<u64, LedgerError>;

    /// Adds the rows that `rows` passes to a table: `row (run, n, state)`.
    fn fill(
        &mut self,
        table: &'static str,
        rows: &mut dyn FnMut(FillRow<'_>) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError>;

    /// Runs statements that do not concern the tables of the ledger.
    fn script(&mut self, script: &SqlScript) -> Result<(), LedgerError>;

    /// Returns the time of the ledger's clock, in milliseconds since 1970.
    fn now(&mut self) -> Result<i64, LedgerError>;

    /// Checks that the ledger is writable.
    fn ensure_writable(&mut self) -> Result<(), LedgerError>;

    /// Reads the whole ledger to find damage.
    fn check(&mut self) -> Result<(), LedgerError>;

    /// Sets the time limit of a database statement, and returns the previous limit. A file has no
    /// limit.
    fn limit(&mut self, limit: Duration) -> Duration;
}

/// The database of a ledger.
pub(crate) struct Db(pub(super) Box<dyn SqlEngine>);

impl Db {
    /// Returns who makes a change: `ana at build-7`, in a database with the role: `ana as jelou at build-7`
    pub(super) fn who(&self) -> Message {
        let user = user_name();
        let host = host_name();
        match self.0.role() {
            Some(role) => msg!("{user} as {role} at {host}", user, role, host),
            None => msg!("{user} at {host}", user, host),
        }
    }

    /// Runs `work` in one transaction. It is durable when this returns. After an error, nothing was
    /// changed.
    pub(super) fn change<T, E: From<LedgerError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction(true, |error| error, work)
    }

    /// Runs `work` on one snapshot.
    pub(super) fn read_transaction<T, E: From<LedgerError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction(false, |error| error, work)
    }

    /// Runs `work` in a transaction, to make changes or only to read. `unwritten` converts an error
    /// of the commit.
    pub(super) fn transaction<T, E: From<LedgerError>>(
        &mut self,
        changes: bool,
        unwritten: impl FnOnce(LedgerError) -> LedgerError,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.0.begin(changes)?;
        match work(self) {
            Ok(done) => {
                self.0.commit().map_err(unwritten)?;
                Ok(done)
            }
            Err(error) => {
                self.0.rollback();
                Err(error)
            }
        }
    }

    /// Returns the rows of a query, each converted by `read`.
    pub(super) fn rows<T>(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
        mut read: impl FnMut(SqlRow) -> Result<T, LedgerError>,
    ) -> Result<Vec<T>, LedgerError> {
        let mut all = Vec::new();
        self.for_each_row(sql, values, |row| {
            all.push(read(row)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// Passes every row of a query to `each`.
    pub(super) fn for_each_row(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
        mut each: impl FnMut(SqlRow) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        self.0
            .walk(sql, values, &mut |row| each(row).map(ControlFlow::Continue))
    }

    /// Returns the first row of a query.
    pub(super) fn first(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
    ) -> Result<Option<SqlRow>, LedgerError> {
        self.0.first(sql, values)
    }

    /// Returns the first row of a query that always has one.
    pub(super) fn one(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
    ) -> Result<SqlRow, LedgerError> {
        self.first(sql, values)?
            .ok_or_else(|| LedgerError::damaged("a row is missing"))
    }

    /// Returns whether a query returns a row.
    pub(super) fn exists(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
    ) -> Result<bool, LedgerError> {
        Ok(self.first(sql, values)?.is_some())
    }

    /// Runs a statement; returns how many rows it changed.
    pub(super) fn run(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
    ) -> Result<u64, LedgerError> {
        self.0.each(sql, &[values.to_vec()])
    }

    pub(super) fn each(
        &mut self,
        sql: &'static str,
        all: &[Vec<SqlValue<'_>>],
    ) -> Result<u64, LedgerError> {
        if all.is_empty() {
            Ok(0)
        } else {
            self.0.each(sql, all)
        }
    }
}

/// Converts a value to JSON for a column.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, LedgerError> {
    serde_json::to_string(value).map_err(LedgerError::damaged)
}

/// Checks the version of a ledger. `older_hint` is the hint for an older one.
pub(super) fn check_version(
    version: i64,
    kind: LedgerErrorKind,
    older_hint: impl FnOnce() -> Message,
) -> Result<(), LedgerError> {
    let (message, hint) = match version.cmp(&VERSION.into()) {
        Ordering::Equal => return Ok(()),
        Ordering::Greater => (
            msg!(
                "the ledger has version {version}, newer than this jelouctl",
                version
            ),
            msg!("use the newer jelouctl"),
        ),
        Ordering::Less => (
            msg!(
                "the ledger has version {version}, older than this jelouctl reads",
                version
            ),
            older_hint(),
        ),
    };
    Err(LedgerError::new(kind, message, hint))
}

/// Creates the secret of a new ledger.
pub(crate) fn new_secret() -> String {
    let mut bytes = [0_u8; OnceHasher::SECRET];
    #[expect(
        clippy::expect_used,
        reason = "without a secret, readers of the ledger could look up its recipients"
    )]
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system provides random numbers");
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
