//! Temporary files with a name, which are removed also if a signal ends this process.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::listener::{Listener, temporary_paths};

/// How many characters of the target's name the file has in its own name, which has a maximum length.
const MAX_NAME: usize = 40;

/// A temporary file next to the file that it becomes. Only its user may read it.
pub(crate) struct TemporaryFile {
    pub(crate) file: NamedTempFile,
    _listed: ListedPath,
}

impl TemporaryFile {
    /// Creates the file for `target` in a directory. If this process is killed, its name shows where it comes from.
    ///
    /// # Errors
    /// If the file cannot be created, or the system does not allow signal handlers.
    pub(crate) fn create(directory: &Path, target: &Path) -> io::Result<Self> {
        let listener = Listener::get().map_err(|error| error.cause)?;
        listener.handle_all()?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let name: String = name.chars().take(MAX_NAME).collect();
        let mut paths = temporary_paths();
        let file = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .tempfile_in(directory)?;
        let path = file.path().to_owned();
        paths.push(path.clone());
        Ok(Self {
            file,
            _listed: ListedPath(path),
        })
    }
}

/// A path that is removed if a signal ends this process.
struct ListedPath(PathBuf);

impl Drop for ListedPath {
    fn drop(&mut self) {
        temporary_paths().retain(|path| *path != self.0);
    }
}
