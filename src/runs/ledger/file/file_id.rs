//! Detects replaced files of a ledger.

use std::io;
use std::path::{Path, PathBuf};

/// Identifies a file, and so detects another file with the same path. The file system keeps both
/// values while the file exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    pub(crate) inode: u64,
    /// The creation time, in milliseconds since 1970; 0 if the file system has none.
    pub(crate) created: u128,
}

impl FileId {
    #[cfg(unix)]
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let metadata = path.metadata()?;
        let created = metadata
            .created()
            .ok()
            .and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
        Ok(Self {
            inode: std::os::unix::fs::MetadataExt::ino(&metadata),
            created: created.unwrap_or_default().as_millis(),
        })
    }

    /// Reads the index of the file. The index is enough: NTFS does not reuse the index of a removed
    /// file.
    #[cfg(windows)]
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let file = std::fs::File::open(path)?;
        Ok(Self {
            inode: winapi_util::file::information(file)?.file_index(),
            created: 0,
        })
    }
}

/// Returns whether the file has a second path.
#[cfg(unix)]
pub(crate) fn has_other_link(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    path.metadata().is_ok_and(|metadata| metadata.nlink() > 1)
}

#[cfg(windows)]
pub(crate) fn has_other_link(path: &Path) -> bool {
    let information = std::fs::File::open(path).and_then(winapi_util::file::information);
    information.is_ok_and(|information| information.number_of_links() > 1)
}

/// The open files of a connection to the ledger, each with its path: the ledger, its log, and the
/// index of the log. If a process has another file open, it does not see what the others write.
#[derive(Clone, Debug)]
pub(crate) struct OpenFiles([(PathBuf, FileId); 3]);

impl OpenFiles {
    /// Reads the identities of the files of a connection that has just read from the ledger.
    pub(crate) fn read(ledger: &Path) -> io::Result<Self> {
        let with_id = |ending: &str| {
            let path = ledger.with_extension(format!("db{ending}"));
            let id = FileId::read(&path)?;
            io::Result::Ok((path, id))
        };
        Ok(Self([with_id("")?, with_id("-wal")?, with_id("-shm")?]))
    }

    /// Finds a file that was removed or replaced.
    pub(crate) fn replaced(&self) -> Option<&Path> {
        let replaced =
            |(path, id): &&(PathBuf, FileId)| FileId::read(path).map_or(true, |found| found != *id);
        self.0.iter().find(replaced).map(|(path, _)| path.as_path())
    }

    /// Returns the ledger file if it is empty. Then it was truncated: even a new ledger contains
    /// its tables.
    pub(crate) fn emptied(&self) -> Option<&Path> {
        let [(ledger, _), ..] = &self.0;
        let is_empty = ledger.metadata().is_ok_and(|found| found.len() == 0);
        is_empty.then_some(ledger.as_path())
    }

    /// Describes each file in one line, for [`OpenFiles::differs_from`].
    pub(crate) fn describe(&self) -> String {
        self.lines().concat()
    }

    /// Finds a file that differs from the description of another process.
    pub(crate) fn differs_from(&self, described: &str) -> Option<&Path> {
        let lines = self.lines();
        let mut pairs = self.0.iter().zip(&lines);
        let differing = pairs.find(|(_, line)| !described.contains(line.as_str()));
        differing.map(|((path, _), _)| path.as_path())
    }

    fn lines(&self) -> [String; 3] {
        let line = |(path, id): &(PathBuf, FileId)| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            format!("{name} {:x} {:x}\n", id.inode, id.created)
        };
        self.0.each_ref().map(line)
    }
}
