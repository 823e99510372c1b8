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
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        Ok(FileFacts::read(path)?.id)
    }
}

/// What the file system knows of a file.
pub(crate) struct FileFacts {
    id: FileId,
    bytes: u64,
    /// The number of its paths.
    links: u64,
}

impl FileFacts {
    #[cfg(unix)]
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;

        let metadata = path.metadata()?;
        let created = metadata
            .created()
            .ok()
            .and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
        Ok(Self {
            id: FileId {
                inode: metadata.ino(),
                created: created.unwrap_or_default().as_millis(),
            },
            bytes: metadata.len(),
            links: metadata.nlink(),
        })
    }

    /// Reads the index of the file. The index is enough: NTFS does not reuse the index of a removed
    /// file.
    #[cfg(windows)]
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let information = winapi_util::file::information(std::fs::File::open(path)?)?;
        Ok(Self {
            id: FileId {
                inode: information.file_index(),
                created: 0,
            },
            bytes: information.file_size(),
            links: information.number_of_links(),
        })
    }

    pub(crate) fn has_other_link(&self) -> bool {
        self.links > 1
    }
}

/// What happened to an open file.
pub(crate) enum FileFault {
    /// It has a second path.
    OtherLink,
    /// It was removed or replaced.
    Replaced,
    Emptied,
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

    /// Finds the first file with a fault.
    pub(crate) fn fault(&self) -> Option<(&Path, FileFault)> {
        let [ledger, log, index] = &self.0;
        let of_ledger = match FileFacts::read(&ledger.0) {
            Ok(found) if found.has_other_link() => Some(FileFault::OtherLink),
            Ok(found) if found.id != ledger.1 => Some(FileFault::Replaced),
            // Even a new ledger contains its tables.
            Ok(found) if found.bytes == 0 => Some(FileFault::Emptied),
            Ok(_) => None,
            Err(_) => Some(FileFault::Replaced),
        };
        if let Some(fault) = of_ledger {
            return Some((&ledger.0, fault));
        }
        let mut others = [log, index].into_iter();
        let is_replaced =
            |(path, id): &&(PathBuf, FileId)| FileId::read(path).map_or(true, |found| found != *id);
        others
            .find(is_replaced)
            .map(|(path, _)| (path.as_path(), FileFault::Replaced))
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
