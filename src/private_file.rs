//! Files that are ours to write: whole or not at all, and nobody else's to read.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Replaces the file, through a link to what it names: 0600, in a directory that is made 0700.
///
/// # Errors
/// When it cannot be written; the old file is whole then.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let target = target_of(path);
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_directory(directory)?;
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(&target)?;
    Ok(())
}

/// What a link names, whether it is there or not; else the path itself.
fn target_of(path: &Path) -> PathBuf {
    let dangling = |path: &Path| Some(path.parent()?.join(fs::read_link(path).ok()?));
    fs::canonicalize(path).ok().or_else(|| dangling(path)).unwrap_or_else(|| path.to_owned())
}

/// Makes the directory and those around it that are missing, 0700 each.
///
/// # Errors
/// When one cannot be made.
#[cfg(unix)]
pub fn create_directory(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Makes the directory and those around it that are missing.
///
/// # Errors
/// When one cannot be made.
#[cfg(not(unix))]
pub fn create_directory(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}
