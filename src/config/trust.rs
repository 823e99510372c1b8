//! Files that settings and secrets come from: how much of one is read, and whether its owner and permissions let it be
//! trusted.

use std::fs::Metadata;
use std::io;
use std::path::Path;

use super::error::ConfigError;
use crate::private_file::{FileError, PipeBound, open_to_read, read_to_limit};

/// The largest file that is read, in bytes.
pub(super) const MAX_BYTES: u64 = 1024 * 1024;

/// The text of a configuration that only its owner can have written; None if there is no file.
pub(super) fn read_trusted(path: &Path) -> Result<Option<(String, Metadata)>, ConfigError> {
    let unreadable = FileError::of("read", path);
    let file = match open_to_read(path, PipeBound::FirstByte) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error).into()),
    };
    let metadata = file.metadata().map_err(&unreadable)?;
    if metadata.is_dir() {
        return Err(unreadable(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory, not a file")).into());
    }
    // The owner and permissions of a pipe or /dev/null do not say who wrote what comes out of it.
    #[cfg(unix)]
    if metadata.is_file() {
        refuse_unsafe(path, &metadata)?;
    }
    let text = String::from_utf8(read_to_limit(file, MAX_BYTES).map_err(&unreadable)?);
    let text = text.map_err(|_| unreadable(io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8")))?;
    Ok(Some((text, metadata)))
}

/// Anyone who can write the configuration chooses where messages and secrets go.
#[cfg(unix)]
fn refuse_unsafe(path: &Path, metadata: &Metadata) -> Result<(), ConfigError> {
    use std::os::unix::fs::MetadataExt;

    let owner = metadata.uid();
    let (problem, remedy) = if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        ("it belongs to another user, who could send your secret elsewhere", "chown \"$(id -u)\"")
    } else if metadata.mode() & 0o022 != 0 {
        ("others can write it, and could send your secret elsewhere", "chmod 600")
    } else {
        return Ok(());
    };
    let path = path.display();
    Err(ConfigError::new(format!("{path}: {problem}"), format!("make it yours alone: {remedy} {path}")))
}

/// A warning for a file with a secret.
#[cfg(unix)]
pub(super) fn open_to_others(path: &Path, metadata: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;

    let can = match metadata.mode() {
        mode if mode & 0o044 != 0 => "read",
        mode if mode & 0o022 != 0 => "write",
        _ => return None,
    };
    let shown = path.display();
    (metadata.is_file() && !is_handed_over(path))
        .then(|| format!("{shown} holds a secret and others can {can} it: chmod 600 {shown}"))
}

/// Whether a container or a service manager put the file there, so that its permissions are not the user's to change: Docker,
/// Kubernetes and systemd give secrets, some as 0444, on a mount that is read-only.
#[cfg(unix)]
fn is_handed_over(path: &Path) -> bool {
    use rustix::fs::{StatVfsMountFlags, statvfs};

    statvfs(path).is_ok_and(|mount| mount.f_flag.contains(StatVfsMountFlags::RDONLY))
}

#[cfg(not(unix))]
pub(super) fn open_to_others(_path: &Path, _metadata: &Metadata) -> Option<String> {
    None
}
