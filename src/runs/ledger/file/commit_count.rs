//! The number of commits of a ledger in a file, in the name of an empty file next to it:
//! `state.db-commits-57`. A copy that replaces the ledger brings an older name and keeps the newer
//! one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::file_id::FileId;
use crate::base::message::msg;
use crate::base::private_file::{self, FileAction, FileError};

/// How often to look for the file while other processes rename it.
const TRIES: usize = 100;

pub(crate) struct CommitCount {
    directory: PathBuf,
    /// The start of the names: `state.db-commits-`.
    prefix: String,
}

impl CommitCount {
    /// Counts the commits of the ledger in this file.
    pub(crate) fn new(ledger: &Path) -> Self {
        let name = ledger.file_name().unwrap_or_default().to_string_lossy();
        Self {
            directory: ledger.parent().unwrap_or(ledger).to_owned(),
            prefix: format!("{name}-commits-"),
        }
    }

    /// Returns the highest number in the names of the commit files; None without a commit file.
    pub(crate) fn highest(&self) -> Result<Option<i64>, FileError> {
        Ok(self.all()?.into_iter().max())
    }

    /// Returns whether there are several commit files. Then one of them came with a copy, unless another process renames
    /// the file now.
    pub(crate) fn has_several(&self) -> Result<bool, FileError> {
        Ok(self.all()?.len() > 1)
    }

    /// Creates the file. A ledger has it before its tables.
    pub(crate) fn create(&self, commits: i64) -> Result<(), FileError> {
        let path = self.path(commits);
        let options = &mut File::options();
        private_file::open(FileAction::Create, &path, options.write(true).create(true))?;
        if is_unmarked(&path) {
            // Without the mark, only a copy that replaces the ledger is detected.
            let _ = mark(&path);
        }
        Ok(())
    }

    /// Counts one more commit of a process that holds the ledger. A removed file is not created
    /// again, so that the next process detects it.
    pub(crate) fn advance(&self, commits: i64) -> Result<(), FileError> {
        let path = self.path(commits);
        let renamed = fs::rename(self.path(commits - 1), &path);
        let is_missing = |error: &io::Error| matches!(error.kind(), io::ErrorKind::NotFound);
        match renamed {
            Err(error) if is_missing(&error) => {}
            done => return done.map_err(FileError::while_doing(FileAction::Rename, &path)),
        }
        // The process before may have been killed between its commit and this.
        match self.highest()? {
            Some(before) if before < commits => fs::rename(self.path(before), &path)
                .map_err(FileError::while_doing(FileAction::Rename, &path)),
            _ => Ok(()),
        }
    }

    /// Removes the files with a lower number, which came with a copy.
    pub(crate) fn remove_below(&self, commits: i64) -> Result<(), FileError> {
        for lower in self.all()?.into_iter().filter(|number| *number < commits) {
            let path = self.path(lower);
            fs::remove_file(&path).map_err(FileError::while_doing(FileAction::Remove, &path))?;
        }
        Ok(())
    }

    /// Identifies the commit file. Returns None if the file does not exist.
    pub(crate) fn id(&self) -> Result<Option<FileId>, FileError> {
        for _ in 0..TRIES {
            let Some(commits) = self.highest()? else {
                return Ok(None);
            };
            match FileId::read(&self.path(commits)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                id => {
                    return id.map(Some).map_err(FileError::while_doing(
                        FileAction::Read,
                        &self.path(commits),
                    ));
                }
            }
        }
        let cause = io::Error::other(msg!("other processes rename it all the time"));
        Err(FileError::while_doing(FileAction::Read, &self.path(0))(
            cause,
        ))
    }

    /// Returns whether the file may be a copy: the file system has no creation times, and the file
    /// has no mark.
    pub(crate) fn is_unmarked(&self) -> Result<bool, FileError> {
        Ok(self
            .highest()?
            .is_some_and(|commits| is_unmarked(&self.path(commits))))
    }

    /// Marks the file as the original. Returns whether that is possible.
    pub(crate) fn mark(&self) -> Result<bool, FileError> {
        Ok(self
            .highest()?
            .is_some_and(|commits| mark(&self.path(commits))))
    }

    fn all(&self) -> Result<Vec<i64>, FileError> {
        let in_directory = FileError::while_doing(FileAction::Read, &self.directory);
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(&in_directory)? {
            let name = entry.map_err(&in_directory)?.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.strip_prefix(&self.prefix));
            numbers.extend(number.and_then(|number| number.parse::<i64>().ok()));
        }
        Ok(numbers)
    }

    fn path(&self, commits: i64) -> PathBuf {
        self.directory.join(format!("{}{commits}", self.prefix))
    }
}

/// Checks for the mark. It is `chattr +A`, "do not keep when this was read", which has no effect on
/// an empty file. `cp`, `tar` and `rsync` do not copy it, and `chmod` and `chown` do not remove it.
#[cfg(target_os = "linux")]
fn is_unmarked(path: &Path) -> bool {
    use rustix::fs::{IFlags, ioctl_getflags};

    let has_time = path
        .metadata()
        .is_ok_and(|metadata| metadata.created().is_ok());
    if has_time {
        return false;
    }
    let flags = File::open(path).and_then(|file| Ok(ioctl_getflags(file)?));
    flags.is_ok_and(|flags| !flags.contains(IFlags::NOATIME))
}

#[cfg(target_os = "linux")]
fn mark(path: &Path) -> bool {
    use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};

    let marked = File::open(path).and_then(|file| {
        let flags = ioctl_getflags(&file)?;
        Ok(ioctl_setflags(&file, flags | IFlags::NOATIME)?)
    });
    marked.is_ok()
}

/// Returns false: other systems have creation times.
#[cfg(not(target_os = "linux"))]
fn is_unmarked(_path: &Path) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn mark(_path: &Path) -> bool {
    true
}
