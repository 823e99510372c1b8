//! Copies a ledger in a file, while other processes may write it.

use std::ffi::c_int;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, Error, ErrorCode, ffi};

use super::engine::FileEngine;
use crate::base::private_file::{self, FileAction, FileError};
use crate::runs::ledger::error::LedgerError;

/// All pages are copied in one step, so that the copy is one moment of the ledger.
const ALL_PAGES: c_int = c_int::MAX;
/// The wait before another try if a process recovers the log of the ledger.
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

impl FileEngine {
    /// Copies the ledger as it is now to a new file. If that fails, no file is left.
    pub(crate) fn back_up(&self, copy: &Path) -> Result<(), LedgerError> {
        private_file::create(copy, |temporary| {
            self.copy_pages(temporary)
                .map_err(|error| not_copied(error, copy))
        })
    }

    fn copy_pages(&self, to: &Path) -> rusqlite::Result<()> {
        let mut copy = Connection::open(to)?;
        // Nobody opens the copy before it is complete.
        copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")?;
        Backup::new(self.connection(), &mut copy)?.run_to_completion(ALL_PAGES, BETWEEN_TRIES, None)
    }
}

/// Returns the error of a copy. SQLite only writes to the copy, so an error of a write is one of its file.
fn not_copied(error: Error, copy: &Path) -> LedgerError {
    let is_not_written = error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_WRITE);
    let cause = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => io::ErrorKind::StorageFull.into(),
        _ if is_not_written => io::Error::other(error),
        _ => return error.into(),
    };
    FileError::while_doing(FileAction::Write, copy)(cause).into()
}
