//! What other users may do with a file: they must not redirect what jelouctl writes, or change what it sends. On
//! Windows, every file counts as this user's, because the permissions of the user's own directories keep others out.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

#[cfg(unix)]
use rustix::{
    fs::{StatVfsMountFlags, statvfs},
    process::{getegid, geteuid, getgroups},
};

use super::message::{Message, msg};

/// The permissions of all users but the owner.
#[cfg(unix)]
const OTHERS: u32 = 0o077;
#[cfg(unix)]
const OTHERS_WRITE: u32 = 0o022;
#[cfg(unix)]
const ALL_WRITE: u32 = 0o002;

/// The system's own limit for the links of a path.
const MOST_LINKS: usize = 40;

/// What users other than this one and root may do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(unix),
    expect(dead_code, reason = "only Unix has owners and modes of files")
)]
pub(crate) enum OthersAccess {
    None,
    Read,
    /// It belongs to root, and only members of this group may write it, among them this user.
    WriteInGroup(u32),
    Write,
    /// It belongs to this other user.
    Own(u32),
}

/// Removes the permissions of other users from a file, if this user may do that. Returns what they may still do.
///
/// # Errors
/// If the file does not exist, or its directory cannot be read.
#[cfg(unix)]
pub(crate) fn take_from_others(path: &Path) -> io::Result<OthersAccess> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let mut metadata = path.metadata()?;
    if !is_trusted(&metadata) {
        return Ok(OthersAccess::Own(metadata.uid()));
    }
    let is_own_kind = metadata.is_file() || metadata.is_dir();
    // A link may lead to a device, which everyone uses.
    if is_own_kind && metadata.mode() & OTHERS != 0 {
        // Only its owner may do this, and some file systems have no permissions.
        let private = fs::Permissions::from_mode(metadata.mode() & !OTHERS);
        let _ = fs::set_permissions(path, private);
        metadata = path.metadata()?;
    }
    let mode = metadata.mode();
    let groups = getgroups().unwrap_or_default();
    let mut groups = groups.into_iter().chain([getegid()]);
    let is_in_group = metadata.uid() == 0 && groups.any(|own| own.as_raw() == metadata.gid());
    Ok(if mode & OTHERS == 0 {
        OthersAccess::None
    } else if mode & OTHERS_WRITE == 0 {
        OthersAccess::Read
    } else if mode & ALL_WRITE == 0 && is_in_group {
        OthersAccess::WriteInGroup(metadata.gid())
    } else {
        OthersAccess::Write
    })
}

#[cfg(not(unix))]
pub(crate) fn take_from_others(path: &Path) -> io::Result<OthersAccess> {
    path.metadata().map(|_| OthersAccess::None)
}

/// Returns whether the file system of an existing path is read-only here.
#[cfg(unix)]
pub(crate) fn is_on_read_only_disk(path: &Path) -> bool {
    statvfs(path).is_ok_and(|system| system.f_flag.contains(StatVfsMountFlags::RDONLY))
}

#[cfg(not(unix))]
pub(crate) fn is_on_read_only_disk(_path: &Path) -> bool {
    false
}

/// Returns whether a file belongs to this user, or to root, who can change every file anyway.
#[cfg(unix)]
pub(crate) fn is_trusted(metadata: &Metadata) -> bool {
    let owner = std::os::unix::fs::MetadataExt::uid(metadata);
    owner == 0 || owner == user_id()
}

#[cfg(not(unix))]
pub(crate) fn is_trusted(_metadata: &Metadata) -> bool {
    true
}

/// Returns the id of the user that this process acts as.
#[cfg(unix)]
pub(crate) fn user_id() -> u32 {
    geteuid().as_raw()
}

#[cfg(not(unix))]
pub(crate) fn user_id() -> u32 {
    0
}

/// Describes the user that a file belongs to: `user 1000`.
#[cfg(unix)]
pub(crate) fn describe_owner(metadata: &Metadata) -> Message {
    let user = std::os::unix::fs::MetadataExt::uid(metadata);
    msg!("user {user}", user)
}

#[cfg(not(unix))]
pub(crate) fn describe_owner(_metadata: &Metadata) -> Message {
    msg!("another user")
}

/// Follows the symbolic links of a path that this process is about to write, and returns the path without them. The file
/// and its directories may be missing.
///
/// # Errors
/// If a link belongs to another user: in a shared directory, it could point to any file of this user.
pub(crate) fn follow_own_links(path: &Path) -> io::Result<PathBuf> {
    let mut parts: Vec<_> = path.components().rev().map(to_part).collect();
    let mut followed = PathBuf::new();
    let mut links = 0;
    while let Some(part) = parts.pop() {
        let directory = followed.clone();
        followed.push(part);
        let Ok(metadata) = followed.symlink_metadata() else {
            continue;
        };
        if !metadata.is_symlink() {
            continue;
        }
        if !is_trusted(&metadata) {
            let owner = describe_owner(&metadata);
            let problem = msg!(
                "{link} is a symbolic link of {owner}",
                link = followed,
                owner
            );
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
        }
        links += 1;
        let target = fs::read_link(&followed)?;
        // The target of `/proc/self/fd/1` may not be a path.
        let is_path = directory.join(&target).symlink_metadata().is_ok() || !followed.exists();
        if is_path && links <= MOST_LINKS {
            parts.extend(target.components().rev().map(to_part));
            followed = directory;
        }
    }
    Ok(followed)
}

fn to_part(component: Component<'_>) -> OsString {
    component.as_os_str().to_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::process::Command;

    use super::*;

    /// With a link to /dev/null, root would take it from all other users.
    #[test]
    fn special_file_keeps_its_permissions() {
        let home = tempfile::TempDir::new().unwrap();
        let file = home.path().join("file");
        let pipe = home.path().join("pipe");
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        let mut mkfifo = Command::new("mkfifo");
        let made = mkfifo.args(["-m", "666"]).arg(&pipe).status();
        assert!(made.unwrap().success());
        for (path, mode) in [(file, 0o600), (pipe, 0o666)] {
            take_from_others(&path).unwrap();
            assert_eq!(path.metadata().unwrap().mode() & 0o777, mode, "{path:?}");
        }
    }
}
