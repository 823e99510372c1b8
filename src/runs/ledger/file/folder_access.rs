//! Who may change the files of a ledger. Another user who can change a pending row chooses what this process sends, and
//! to whom. The directories above the ledger do not matter: their owners can replace it, but not write in it.

use std::fs;
use std::path::{Path, PathBuf};

use super::opening::{FILE, PROCESSES};
use crate::base::message::{Message, msg};
use crate::base::owner::{
    OthersAccess, describe_owner, is_on_read_only_disk, is_trusted, take_from_others, user_id,
};
use crate::base::paths::STATE;
use crate::base::texts::shell_argument;
use crate::runs::ledger::error::{LedgerError, LedgerErrorKind};

/// What other users may still do with the files of a ledger that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessWarning {
    pub(crate) message: Message,
    pub(crate) hint: Message,
}

/// Removes the permissions of other users from a ledger's directory and its files, if they exist. Returns what only root
/// can remove. A ledger on a read-only disk is not checked, because nothing can be sent with it.
///
/// # Errors
/// If a file belongs to another user, or other users may write it.
pub(crate) fn make_private(directory: &Path) -> Result<Option<AccessWarning>, LedgerError> {
    if is_on_read_only_disk(directory) {
        return Ok(None);
    }
    refuse_foreign_link(directory)?;
    let mut left = take(directory, directory)?;
    for file in ledger_files(directory) {
        let left_of_file = take(directory, &file)?;
        left = left.or(left_of_file);
    }
    Ok(left)
}

/// Refuses a directory that is reached by the symbolic link of another user.
fn refuse_foreign_link(directory: &Path) -> Result<(), LedgerError> {
    let Ok(metadata) = directory.symlink_metadata() else {
        return Ok(());
    };
    if !metadata.is_symlink() || is_trusted(&metadata) {
        return Ok(());
    }
    let owner = describe_owner(&metadata);
    let message = msg!(
        "{directory} is a symbolic link of {owner}",
        directory,
        owner
    );
    let hint = msg!(
        "set {variable} to another directory",
        variable = STATE.variable
    );
    Err(LedgerError::new(LedgerErrorKind::Other, message, hint))
}

/// Returns the files of the ledger, without symbolic links.
fn ledger_files(directory: &Path) -> Vec<PathBuf> {
    let processes = directory.join(PROCESSES);
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(FILE) || name == PROCESSES
    };
    let in_directory = entries(directory).filter(is_ours);
    // A link may be another user's. Opening the ledger then refuses it.
    let locks = entries(&processes).filter(|_| !processes.is_symlink());
    in_directory
        .chain(locks)
        .filter(|path| !path.is_symlink())
        .collect()
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.flatten().map(|entry| entry.path())
}

/// Makes one file of the ledger in `directory` private. It accepts a missing file, because another
/// process may have removed it.
fn take(directory: &Path, file: &Path) -> Result<Option<AccessWarning>, LedgerError> {
    let hint = how_to_take(directory);
    match take_from_others(file).unwrap_or(OthersAccess::None) {
        OthersAccess::None => Ok(None),
        OthersAccess::Read => Ok(Some(AccessWarning {
            message: msg!("other users can read {file}", file),
            hint,
        })),
        OthersAccess::WriteInGroup(group) => Ok(Some(AccessWarning {
            message: msg!(
                "the members of group {group} can write {file}, and so change what jelouctl sends",
                group,
                file
            ),
            hint,
        })),
        OthersAccess::Write => Err(LedgerError::new(
            LedgerErrorKind::Other,
            msg!(
                "other users can write {file}, and so change what jelouctl sends",
                file
            ),
            hint,
        )),
        OthersAccess::Own(user) => Err(LedgerError::new(
            LedgerErrorKind::Other,
            msg!(
                "{file} belongs to user {user}, who could change what jelouctl sends",
                file,
                user
            ),
            hint,
        )),
    }
}

fn how_to_take(directory: &Path) -> Message {
    msg!(
        "to make it yours: chown -R {user} {directory}; to use another directory: set {variable}",
        user = user_id(),
        directory = shell_argument(&directory.to_string_lossy()),
        variable = STATE.variable
    )
}
