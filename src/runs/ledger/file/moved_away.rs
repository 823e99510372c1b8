//! The ledgers that were moved away because they have another version. A new ledger takes over their exclusions.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

use super::commit_count::CommitCount;
use super::opening::{check_file_types, file_in};
use super::sqlite::APPLICATION;
use crate::base::message::{Message, msg};
use crate::base::private_file::{FileAction, FileError};
use crate::runs::ledger::db::{
    EXCLUSION_COLUMNS, FIRST_WITH_EXCLUSIONS, is_moved_away_ending, moved_away_endings,
};
use crate::runs::ledger::error::LedgerError;

/// Returns where to move the ledger in `directory`: next to it, to a path that does not exist.
pub(super) fn free_path(directory: &Path, version: i64) -> PathBuf {
    let mut paths = moved_away_endings(version).map(|ending| with_ending(directory, &ending));
    let free = paths.find(|path| path.symlink_metadata().is_err());
    free.unwrap_or_else(|| with_ending(directory, "old"))
}

fn with_ending(directory: &Path, ending: &str) -> PathBuf {
    let mut path = directory.as_os_str().to_owned();
    path.push(".");
    path.push(ending);
    path.into()
}

/// Returns the ledgers that were moved away from `directory`. `mv` to a directory that exists moves into it.
///
/// # Errors
/// If the directory above cannot be read.
pub(super) fn moved_away(directory: &Path) -> Result<Vec<PathBuf>, LedgerError> {
    let (Some(above), Some(name)) = (directory.parent(), directory.file_name()) else {
        return Ok(Vec::new());
    };
    let read = FileError::while_doing(FileAction::Read, above);
    let mut ledgers = Vec::new();
    for entry in fs::read_dir(above).map_err(&read)? {
        let entry = entry.map_err(&read)?;
        let other = entry.file_name();
        let other = other.to_string_lossy();
        let ending = other
            .strip_prefix(&*name.to_string_lossy())
            .and_then(|rest| rest.strip_prefix('.'));
        if !ending.is_some_and(is_moved_away_ending) {
            continue;
        }
        let inside = entry.path().join(name);
        if inside.symlink_metadata().is_ok() {
            ledgers.push(inside);
        }
        ledgers.push(entry.path());
    }
    Ok(ledgers)
}

/// Reads the rows of `exclusion` of the ledger in the directory `old`.
///
/// # Errors
/// If it is not a ledger, cannot be read, or lacks its last changes.
pub(super) fn read_exclusions(old: &Path) -> Result<Vec<Vec<Value>>, LedgerError> {
    check_file_types(old)?;
    let path = file_in(old, "");
    let noted = CommitCount::new(&path).highest()?;
    let problem = match read(&path) {
        Err(cause) => Message::verbatim(cause.to_string()),
        Ok(None) => msg!("it is not a ledger of jelouctl"),
        Ok(Some(found))
            if found
                .commits
                .zip(noted)
                .is_some_and(|(read, noted)| read < noted) =>
        {
            msg!("it lacks the last changes, which were in {path}-wal", path)
        }
        Ok(Some(found)) => return Ok(found.exclusions),
    };
    Err(LedgerError::unusable(
        msg!(
            "the exclusions of the old ledger {path} cannot be copied: {problem}",
            path,
            problem
        ),
        msg!(
            "restore it from a backup; to create the ledger without them: mv {old} {old}.unused",
            old
        ),
    ))
}

/// What a new ledger needs to know of an old one.
struct OldLedger {
    exclusions: Vec<Vec<Value>>,
    /// None if its version had no exclusions to lose.
    commits: Option<i64>,
}

/// Returns None if the file is not a ledger. The log next to it counts.
fn read(path: &Path) -> rusqlite::Result<Option<OldLedger>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    let pragma = |name| db.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    if pragma("application_id")? != APPLICATION {
        return Ok(None);
    }
    let query = "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'exclusion'";
    let has_table: bool = db.query_row(query, [], |row| row.get(0))?;
    if pragma("user_version")? < FIRST_WITH_EXCLUSIONS && !has_table {
        return Ok(Some(OldLedger {
            exclusions: Vec::new(),
            commits: None,
        }));
    }
    let mut query = db.prepare(&format!("SELECT {EXCLUSION_COLUMNS} FROM exclusion"))?;
    let columns = query.column_count();
    let rows = query.query_map([], |row| {
        (0..columns).map(|column| row.get(column)).collect()
    })?;
    Ok(Some(OldLedger {
        exclusions: rows.collect::<rusqlite::Result<_>>()?,
        commits: Some(db.query_row("SELECT commits FROM store", [], |row| row.get(0))?),
    }))
}
