//! Where the runs are: one ledger a run, its lock beside it, in a directory of ours alone.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::SystemTime;

use thiserror::Error;

use super::ledger::{Details, Ledger, LedgerError, now};
use crate::private_file::{self, FileError};

/// For so long after its end the same campaign is taken for a mistake: 12 hours, in milliseconds.
const REMEMBERED: i64 = 12 * 60 * 60 * 1000;
const LEDGER: &str = "db";
/// What SQLite keeps beside a ledger.
const LOGS: [&str; 2] = ["db-wal", "db-shm"];
const DRAFT: &str = "db.part";
const LOCK: &str = "lock";

/// The name of a run: `[a-z0-9-]`, 1 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunName(String);

impl FromStr for RunName {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if raw.is_empty() || raw.len() > 64 || !raw.bytes().all(known) || raw.starts_with('-') {
            let raw = raw.escape_debug();
            return Err(format!(
                "`{raw}` cannot be the name of a run; it has a-z, 0-9 and -, at most 64, and is no path"
            ));
        }
        Ok(Self(raw.to_owned()))
    }
}

impl fmt::Display for RunName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl RunName {
    /// A name for a run of the input `source`, now: `people-20261120-101500`.
    #[must_use]
    pub fn of_source(source: &Path) -> Self {
        let stem = source.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
        let plain: String =
            stem.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        let plain: String = plain.trim_matches('-').chars().take(32).collect();
        let time: String = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let (date, time) = time.split_once('T').unwrap_or_default();
        let stem = if plain.is_empty() { "run" } else { plain.trim_matches('-') };
        Self(format!("{stem}-{}-{}", digits(date), digits(time)))
    }
}

#[derive(Debug, Error)]
pub enum RunError {
    #[error("there is no run {name}{}", list(known))]
    NoSuchRun { name: RunName, known: Vec<RunName> },
    #[error("there are no runs")]
    NoRuns,
    #[error("there are several runs{}", list(known))]
    Several { known: Vec<RunName> },
    #[error("there is a run {name} already")]
    Exists { name: RunName },
}

impl RunError {
    /// The way out, for the hint line.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoSuchRun { .. } | Self::Several { .. } => "name one; `jelouctl bulk list` shows them",
            Self::NoRuns => "begin one with `jelouctl bulk send FILE KIND`",
            Self::Exists { .. } => "choose another name, or go on with it: `jelouctl bulk resume NAME`",
        }
    }
}

fn list(known: &[RunName]) -> String {
    let names = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if names.is_empty() { "; there are none".to_owned() } else { format!("; there are: {names}") }
}

/// The directory of the runs.
#[derive(Debug)]
pub struct Runs {
    directory: PathBuf,
}

/// A run that no other process can touch, until this is dropped.
#[derive(Debug)]
pub struct Lock {
    /// The system gives the lock back when this is closed, also when the process is killed.
    _file: File,
}

/// A name that is taken for a run which is still being read in; dropped before it is kept, nothing of it stays.
#[derive(Debug)]
pub struct Reserved<'a> {
    pub name: RunName,
    runs: &'a Runs,
    lock: Option<Lock>,
}

/// A run that sends the same requests.
#[derive(Debug)]
pub struct SameCampaign {
    pub run: RunName,
    /// Whether nothing of it is left to be done.
    pub is_finished: bool,
}

impl Runs {
    /// The user's directory, made when it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open() -> Result<Self, LedgerError> {
        let runs = Self::at_home()?;
        match private_file::create_directory(&runs.directory) {
            Ok(()) => Ok(runs),
            Err(FileError { action, path, cause }) => Err(LedgerError::File { action, path, cause }),
        }
    }

    /// The user's directory, whether it is there or not.
    ///
    /// # Errors
    /// When there is no home directory.
    pub fn at_home() -> Result<Self, LedgerError> {
        let state = dirs::state_dir().or_else(dirs::data_local_dir).ok_or(LedgerError::NoDirectory)?;
        Ok(Self { directory: state.join("jelouctl/runs") })
    }

    /// The directory, once a file has been written there and is gone again.
    ///
    /// # Errors
    /// When none can be written.
    pub fn writable(&self) -> Result<&Path, LedgerError> {
        let path = &self.directory;
        let written = tempfile::tempfile_in(path).and_then(|mut file| file.write_all(b"x"));
        written.map(|()| path.as_path()).map_err(|cause| LedgerError::File {
            action: "write",
            path: path.clone(),
            cause,
        })
    }

    /// Every run, by name.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn names(&self) -> Result<Vec<RunName>, LedgerError> {
        let mut names = self.with_ending(LEDGER)?;
        names.sort();
        Ok(names)
    }

    /// The ledger of a run.
    #[must_use]
    pub fn path(&self, name: &RunName) -> PathBuf {
        self.file(name, LEDGER)
    }

    /// The run `asked` for; without a name the only unfinished one, or the only one.
    ///
    /// # Errors
    /// When there is no such run, or more than one.
    pub fn find(&self, asked: Option<&RunName>) -> Result<RunName, anyhow::Error> {
        let known = self.names()?;
        if let Some(name) = asked {
            if known.contains(name) {
                return Ok(name.clone());
            }
            return Err(RunError::NoSuchRun { name: name.clone(), known }.into());
        }
        // A ledger that cannot be read is not finished.
        let is_open = |name: &RunName| {
            !Ledger::read(&self.path(name)).and_then(|run| run.times()).is_ok_and(|times| times.2.is_some())
        };
        let unfinished: Vec<_> = known.iter().filter(|name| is_open(name)).collect();
        match (unfinished.as_slice(), known.as_slice()) {
            ([name], _) => Ok((*name).clone()),
            ([], [name]) => Ok(name.clone()),
            (_, []) => Err(RunError::NoRuns.into()),
            (_, _) => Err(RunError::Several { known }.into()),
        }
    }

    /// Takes a run for this process.
    ///
    /// # Errors
    /// When another process has it.
    pub fn lock(&self, name: &RunName) -> Result<Lock, LedgerError> {
        let path = self.file(name, LOCK);
        let failed = |cause| LedgerError::File { action: "lock", path: path.clone(), cause };
        let file = lock_options().open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LedgerError::InUse { run: name.to_string() }),
            Err(TryLockError::Error(cause)) => Err(failed(cause)),
        }
    }

    /// Takes a name for a new run, and clears away what imports left that were killed.
    ///
    /// # Errors
    /// When there is a run of that name, or another process is making it.
    pub fn reserve(&self, name: &RunName) -> Result<Reserved<'_>, anyhow::Error> {
        for abandoned in self.with_ending(DRAFT)? {
            if let Ok(lock) = self.lock(&abandoned) {
                drop(Reserved { name: abandoned, runs: self, lock: Some(lock) });
            }
        }
        let lock = self.lock(name)?;
        if self.path(name).exists() {
            return Err(RunError::Exists { name: name.clone() }.into());
        }
        // The log of a ledger that somebody removed would be played into the new one.
        for ending in LOGS {
            remove(&self.file(name, ending))?;
        }
        Ok(Reserved { name: name.clone(), runs: self, lock: Some(lock) })
    }

    /// Removes a run; the caller has its lock.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn remove(&self, name: &RunName, lock: Lock) -> Result<(), LedgerError> {
        for ending in std::iter::once(LEDGER).chain(LOGS) {
            remove(&self.file(name, ending))?;
        }
        let removed = remove(&self.file(name, LOCK));
        drop(lock);
        removed
    }

    /// A run that sends the same requests from the same bot to the same address, and is not finished or was not long
    /// ago.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn same_campaign(&self, details: &Details, digest: [u8; 16]) -> Result<Option<SameCampaign>, LedgerError> {
        let same = |name: &RunName| {
            let run = Ledger::read(&self.path(name))?;
            let (other, _, finished) = run.times()?;
            let lately = finished.is_none_or(|finished| now() - finished < REMEMBERED);
            if other != digest || !lately {
                return Ok(None);
            }
            let other = run.details()?;
            let is_same =
                other.bot == details.bot && other.api_url == details.api_url && !other.sandbox && !details.sandbox;
            let found = SameCampaign { run: name.clone(), is_finished: finished.is_some() };
            Ok::<_, LedgerError>(is_same.then_some(found))
        };
        // A ledger that cannot be read says nothing about its campaign.
        Ok(self.names()?.iter().find_map(|name| same(name).unwrap_or_default()))
    }

    /// Holds off every other process that would make a run.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn hold(&self) -> Result<Lock, LedgerError> {
        let path = self.directory.join(".lock");
        let options = lock_options();
        let locked = options.open(&path).and_then(|file| file.lock().map(|()| file));
        locked.map(|file| Lock { _file: file }).map_err(|cause| LedgerError::File { action: "lock", path, cause })
    }

    fn with_ending(&self, ending: &str) -> Result<Vec<RunName>, LedgerError> {
        let failed = |cause: io::Error| LedgerError::File { action: "read", path: self.directory.clone(), cause };
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            let file = entry.map_err(failed)?.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(ending)?.strip_suffix('.')?.parse().ok());
            names.extend(name);
        }
        Ok(names)
    }

    fn file(&self, name: &RunName, ending: &str) -> PathBuf {
        self.directory.join(format!("{name}.{ending}"))
    }
}

impl Reserved<'_> {
    /// Where the ledger is written until it is complete.
    #[must_use]
    pub fn draft_path(&self) -> PathBuf {
        self.runs.file(&self.name, DRAFT)
    }

    /// The run exists from now on, and stays this process's.
    #[must_use]
    pub fn keep(mut self) -> Option<Lock> {
        self.lock.take()
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if self.lock.is_some() {
            // Nothing refers to them; what stays is cleared away by the next run.
            let _ = remove(&self.draft_path());
            if !self.runs.path(&self.name).exists() {
                let _ = remove(&self.runs.file(&self.name, LOCK));
            }
        }
    }
}

/// A file to lock, ours alone; what is in it does not matter.
fn lock_options() -> fs::OpenOptions {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn remove(path: &Path) -> Result<(), LedgerError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            Err(LedgerError::File { action: "remove", path: path.to_owned(), cause })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        for raw in ["people-1", "7", "a"] {
            assert!(raw.parse::<RunName>().is_ok(), "{raw}");
        }
        for raw in ["", "..", "a/b", "A", "ñ", "-a", "a b", &"a".repeat(65)] {
            assert!(raw.parse::<RunName>().is_err(), "{raw}");
        }
    }

    #[test]
    fn a_run_is_named_after_its_input() {
        for (source, expected) in [("/x/Mis Clientes.csv", "mis-clientes-20"), ("-", "run-20"), ("ñ.csv", "run-20")] {
            let name = RunName::of_source(Path::new(source));
            assert!(name.0.starts_with(expected) && name.0.parse::<RunName>().is_ok(), "{name}");
        }
    }
}
