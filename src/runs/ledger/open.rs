//! Finds and opens the ledger: all runs of this machine, or of a team, and the messages with keys.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::db::{CopiedExclusions, Db, SHORT, SqlEngine, values};
use super::error::LedgerError;
use super::identity::{is_restored, keep_time_of_newest_record};
use super::joined_workers::JoinedWorkers;
use super::{
    AccessWarning, DatabaseAddress, DatabaseEngine, FileEngine, TurnPatience, file_in, make_private,
};
use crate::base::message::Message;
use crate::base::paths::STATE;
use crate::base::private_file::{FileAction, FileError};

/// Locks the ledger: `identity`.
pub(super) const LOCK_LEDGER: &str = "SELECT runs, CASE WHEN identity = ?1 THEN 1 ELSE 0 END \
    AS is_accepted FROM store WHERE id = 1";

/// The location of a ledger.
#[derive(Clone, Debug)]
pub(crate) enum LedgerLocation {
    /// The file `state.db` in this directory. None if the user has no directory for it.
    Files(Option<PathBuf>),
    Database(Box<DatabaseAddress>),
    /// In the files of a directory, in a simulation of this thread.
    #[cfg(test)]
    Simulated(PathBuf),
}

/// A ledger. All clones share one connection.
#[expect(clippy::struct_excessive_bools, reason = "each is independent")]
#[derive(Clone)]
pub(crate) struct Ledger {
    db: Arc<Mutex<Db>>,
    location: LedgerLocation,
    patience: TurnPatience,
    /// What other users may still do with the files of this ledger.
    access_warning: Option<AccessWarning>,
    is_shared: bool,
    /// What it took over when this process created it.
    copied: Arc<[CopiedExclusions]>,
    /// Whether it was restored when it was opened.
    pub(super) was_restored: bool,
    /// Whether the command works on sandbox runs. Then no other run may change.
    pub(super) in_sandbox: bool,
    /// Whether each call of a database takes a few seconds at most.
    is_hurried: bool,
}

impl Ledger {
    /// Opens the ledger. A missing file is created.
    pub(crate) fn open(
        location: LedgerLocation,
        patience: TurnPatience,
    ) -> Result<Self, LedgerError> {
        Self::open_or_make(location, patience, true)?.ok_or_else(LedgerError::no_directory)
    }

    /// Opens the ledger without creating anything. Returns None if it does not exist.
    pub(crate) fn open_to_look(
        location: LedgerLocation,
        patience: TurnPatience,
    ) -> Result<Option<Self>, LedgerError> {
        Self::open_or_make(location, patience, false)
    }

    fn open_or_make(
        location: LedgerLocation,
        patience: TurnPatience,
        makes: bool,
    ) -> Result<Option<Self>, LedgerError> {
        let mut access_warning = None;
        let mut copied = Vec::new();
        let engine: Box<dyn SqlEngine> = match &location {
            LedgerLocation::Database(address) => {
                Box::new(DatabaseEngine::open((**address).clone())?)
            }
            LedgerLocation::Files(None) => return Ok(None),
            LedgerLocation::Files(Some(directory)) => {
                access_warning = make_private(directory)?;
                match FileEngine::open(directory, makes, patience.clone())? {
                    Some(mut file) => {
                        copied = file.take_copied();
                        Box::new(file)
                    }
                    None => return Ok(None),
                }
            }
            #[cfg(test)]
            LedgerLocation::Simulated(directory) => super::simulation::open_engine(directory)?,
        };
        let is_shared = engine.is_shared();
        let mut db = Db(engine);
        let was_restored = is_restored(&mut db)?;
        if was_restored {
            keep_time_of_newest_record(&mut db)?;
        }
        Ok(Some(Self {
            db: Arc::new(Mutex::new(db)),
            location,
            patience,
            access_warning,
            is_shared,
            copied: copied.into(),
            was_restored,
            in_sandbox: false,
            is_hurried: false,
        }))
    }

    /// Sets whether the command works in the sandbox.
    pub(crate) fn with_sandbox(self, in_sandbox: bool) -> Self {
        Self { in_sandbox, ..self }
    }

    /// Limits each call to a few seconds. A single message or a notification cannot wait longer for
    /// a database that does not answer.
    pub(crate) fn for_single_send(self) -> Self {
        self.db().0.limit(SHORT);
        Self {
            is_hurried: true,
            ..self
        }
    }

    /// Opens the same ledger on a new connection. A file that was removed is not created again.
    pub(crate) fn reopened(&self) -> Result<Self, LedgerError> {
        let opened = Self::open_to_look(self.location.clone(), self.patience.clone())?;
        let opened = opened.ok_or_else(|| LedgerError::removed(&self.location))?;
        let opened = opened.with_sandbox(self.in_sandbox);
        Ok(if self.is_hurried {
            opened.for_single_send()
        } else {
            opened
        })
    }

    /// Opens a new connection to a database after a long pause, which may have ended the old one. A
    /// file stays open.
    pub(crate) fn reconnected(&self) -> Result<Self, LedgerError> {
        if self.is_shared() {
            self.reopened()
        } else {
            Ok(self.clone())
        }
    }

    pub(super) fn db(&self) -> MutexGuard<'_, Db> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns who changes the ledger: `ana at build-7`, in a database `ana as jelou at build-7`
    pub(crate) fn who(&self) -> Message {
        self.db().who()
    }

    /// Returns where the ledger is, for errors and notes.
    pub(crate) fn location(&self) -> &LedgerLocation {
        &self.location
    }

    /// Returns what other users may still do with the files of this ledger.
    pub(crate) fn access_warning(&self) -> Option<&AccessWarning> {
        self.access_warning.as_ref()
    }

    /// Returns the exclusions that it took over when this process created it.
    pub(crate) fn copied_exclusions(&self) -> &[CopiedExclusions] {
        &self.copied
    }

    /// Returns whether the ledger is a database, which several machines may share.
    pub(crate) fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// Refuses a file next to runs or keys of an older layout, because their recipients could get
    /// their messages again.
    pub(crate) fn refuse_older_layout(&self) -> Result<(), LedgerError> {
        let LedgerLocation::Files(Some(directory)) = &self.location else {
            return Ok(());
        };
        let runs = directory.join("runs");
        let keys = directory.join("once.db");
        let is_run = |entry: fs::DirEntry| {
            entry
                .path()
                .extension()
                .is_some_and(|ending| ending == "db")
        };
        if fs::read_dir(&runs)
            .into_iter()
            .flatten()
            .flatten()
            .any(is_run)
        {
            return Err(LedgerError::older_layout(&runs));
        }
        if keys.exists() {
            Err(LedgerError::older_layout(&keys))
        } else {
            Ok(())
        }
    }

    /// Returns the time of the ledger's clock, in milliseconds since 1970.
    pub(crate) fn now(&self) -> Result<i64, LedgerError> {
        self.db().0.now()
    }

    /// Returns whether no other process has locked the ledger now.
    pub(crate) fn is_free(&self) -> Result<bool, LedgerError> {
        self.db().0.is_free()
    }

    /// Returns the error if another process has locked the ledger for this long. None for a database.
    pub(crate) fn kept_lock(&self, waited: Duration) -> Option<LedgerError> {
        self.db().0.kept_lock(waited)
    }

    /// Reports that this process waits for another one.
    pub(crate) fn report_wait(&self) {
        (self.patience.on_wait)(self.db().0.writing());
    }

    /// Checks that the ledger is writable.
    pub(crate) fn ensure_writable(&self) -> Result<(), LedgerError> {
        self.db().0.ensure_writable()
    }

    /// Reads the whole ledger to find damage.
    pub(crate) fn check(&self) -> Result<(), LedgerError> {
        self.db().0.check()
    }

    /// Copies a ledger in a file as it is now to a new file.
    pub(crate) fn back_up(&self, copy: &Path) -> Result<(), LedgerError> {
        let LedgerLocation::Files(Some(directory)) = &self.location else {
            return Err(LedgerError::no_directory());
        };
        match FileEngine::open(directory, false, self.patience.clone())? {
            Some(engine) => engine.back_up(copy),
            None => Err(LedgerError::removed(&self.location)),
        }
    }

    pub(super) fn joined_workers(&self) -> Result<JoinedWorkers, LedgerError> {
        JoinedWorkers::read(&mut self.db())
    }
}

/// Checks that a file could be written in a directory, which may not exist yet. Creates nothing.
pub(crate) fn check_writable(directory: &Path) -> Result<(), LedgerError> {
    // A path that exists but cannot be read does not count as missing.
    let is_missing = |path: &&Path| {
        path.symlink_metadata()
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    };
    let there = directory
        .ancestors()
        .find(|path| !is_missing(path))
        .unwrap_or(directory);
    let written = tempfile::tempfile_in(there).and_then(|mut file| file.write_all(b"x"));
    Ok(written.map_err(FileError::while_doing(FileAction::Write, directory))?)
}

/// Writes the file of the ledger, or the address of its database without a password.
impl fmt::Display for LedgerLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(directory) => {
                let directory = directory.as_deref().unwrap_or(Path::new(""));
                write!(formatter, "{}", file_in(directory, "").display())
            }
            Self::Database(address) => formatter.write_str(&address.shown),
            #[cfg(test)]
            // Its temporary directory differs each time, but a seed must replay exactly.
            Self::Simulated(_) => formatter.write_str("of the simulation"),
        }
    }
}

impl LedgerLocation {
    /// Returns the usual location: the files of this user.
    pub(crate) fn home() -> Self {
        Self::Files(STATE.directory())
    }
}

/// The ledger, locked for the rest of a transaction.
pub(super) struct LockedLedger {
    /// The number of the last run.
    pub(super) last_run: i64,
    /// The time of the lock.
    pub(super) now: i64,
    /// False if it was restored, and nobody has accepted it since.
    pub(super) is_accepted: bool,
}

/// Locks the ledger for a change of the messages of recipients. The second of two changes then sees
/// the first. Lock a run only after this.
pub(super) fn lock_ledger(db: &mut Db) -> Result<LockedLedger, LedgerError> {
    let here = db.0.identity().to_owned();
    let (store, now) = db.0.lock(LOCK_LEDGER, &values![here])?;
    let store = store.ok_or_else(|| LedgerError::damaged("a row is missing"))?;
    Ok(LockedLedger {
        last_run: store.int("runs")?,
        now,
        is_accepted: store.is_set("is_accepted")?,
    })
}

impl LockedLedger {
    /// Refuses a restored ledger in the transaction that is about to claim recipients: it may have
    /// been restored after the command opened it.
    pub(super) fn require_accepted(&self) -> Result<(), LedgerError> {
        if self.is_accepted {
            Ok(())
        } else {
            Err(LedgerError::restored())
        }
    }
}
