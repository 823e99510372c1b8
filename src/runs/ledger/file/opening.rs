//! Opens the files of a ledger on this machine: the database, and the locks next to it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Error, OpenFlags};
use url::Url;

use crate::base::message::msg;
use crate::base::private_file::{self, FileAction, FileError};
use crate::runs::ledger::error::LedgerError;

/// The name of the database, and the beginning of the names of the files next to it.
pub(crate) const FILE: &str = "state.db";
/// The directory with the locks of the processes.
pub(crate) const PROCESSES: &str = "processes";

/// The open database and its locks.
pub(crate) struct LedgerHandles {
    pub(crate) db: Connection,
    pub(crate) turn: File,
    pub(crate) write: File,
    pub(crate) can_write: bool,
}

impl LedgerHandles {
    /// Opens the files in `directory`. With `creates`, it creates missing files.
    pub(crate) fn open(directory: &Path, creates: bool) -> Result<Self, LedgerError> {
        let path = file_in(directory, "");
        match open_locks(directory) {
            Ok([turn, write]) => {
                if !path.exists() {
                    open_or_create(&path)?;
                }
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                Ok(Self {
                    db: Connection::open_with_flags(&path, flags)?,
                    turn,
                    write,
                    can_write: true,
                })
            }
            Err(error) if creates && !path.exists() => Err(error.into()),
            // On a read-only disk, or in a directory of root, the ledger can only be read.
            Err(error) => {
                let handle = || File::open(&path).map_err(|cause| not_opened(directory, &cause));
                Ok(Self {
                    turn: handle()?,
                    write: handle()?,
                    db: open_to_read(&path, error)?,
                    can_write: false,
                })
            }
        }
    }
}

/// Returns the path of the ledger's file with this ending: the database, without an ending, or a
/// lock.
pub(crate) fn file_in(directory: &Path, ending: &str) -> PathBuf {
    directory.join(format!("{FILE}{ending}"))
}

/// Opens the locks for the turn and for writing.
fn open_locks(directory: &Path) -> Result<[File; 2], FileError> {
    let turn = open_or_create(&file_in(directory, "-turn"))?;
    let write = open_or_create(&file_in(directory, "-write"))?;
    Ok([turn, write])
}

fn open_or_create(path: &Path) -> Result<File, FileError> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    private_file::open(FileAction::Create, path, &mut options)
}

/// Refuses links and special files. Opening a pipe would block forever, and another user could have made a link.
pub(crate) fn check_file_types(directory: &Path) -> Result<(), LedgerError> {
    let files = ["", "-turn", "-write", "-wal", "-shm", "-journal"];
    let files = files.map(|ending| file_in(directory, ending));
    for path in files.iter().chain([&directory.join(PROCESSES)]) {
        let Ok(metadata) = path.symlink_metadata() else {
            continue;
        };
        let (problem, hint) = if metadata.is_symlink() {
            (
                msg!(
                    "the ledger cannot be opened: {path} is a symbolic link",
                    path
                ),
                msg!("link the directory of the ledger instead"),
            )
        } else if files.contains(path) && !metadata.is_file() {
            (
                msg!(
                    "the ledger cannot be opened: {path} is not a regular file",
                    path
                ),
                msg!("move it away"),
            )
        } else {
            continue;
        };
        return Err(LedgerError::unusable(problem, hint));
    }
    Ok(())
}

pub(crate) fn not_opened(directory: &Path, cause: &io::Error) -> LedgerError {
    let path = file_in(directory, "");
    LedgerError::unusable(
        msg!("the ledger {path} cannot be opened: {cause}", path, cause),
        msg!("if the file is missing, restore it"),
    )
}

/// Opens a file that cannot be written because of `not_written`, with its log if that has changes.
fn open_to_read(path: &Path, not_written: FileError) -> Result<Connection, LedgerError> {
    let log = path.with_extension("db-wal");
    if !log.metadata().is_ok_and(|log| log.len() > 0) {
        return open_immutable(path).map_err(|_| not_written.into());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|db| {
        db.query_row("SELECT commits FROM store", [], |_| Ok(()))?;
        Ok(db)
    });
    opened.map_err(|cause| {
        let problem = msg!(
            "the latest changes of the ledger are in {log}, which cannot be read: {cause}",
            log,
            cause = cause.to_string()
        );
        let hint = msg!("run the command as the user that owns the ledger");
        LedgerError::unusable(problem, hint)
    })
}

/// Writes a text at the start of an open file.
pub(crate) fn write_at_start(file: &File, text: &str) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::write_all_at(file, text.as_bytes(), 0);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_write(file, text.as_bytes(), 0).map(drop);
}

/// Opens a file without its log and without locks.
pub(crate) fn open_immutable(path: &Path) -> rusqlite::Result<Connection> {
    let mut url = Url::from_file_path(path).map_err(|()| Error::InvalidPath(path.to_owned()))?;
    url.set_query(Some("immutable=1"));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(url.as_str(), flags)
}
