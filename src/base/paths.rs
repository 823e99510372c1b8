//! The directories of the user's files: XDG directories on every Unix, also on macOS like gh and git, and the native
//! directories on Windows.

use std::env;
use std::path::{Path, PathBuf};

use super::message::{Message, msg};

/// Returns the name of the file at a path from the root, below a directory; None for another text.
pub(crate) fn file_name(text: &str) -> Option<String> {
    let path = Path::new(text);
    let is_below = path
        .parent()
        .is_some_and(|directory| directory.parent().is_some());
    let name = path.file_name().filter(|_| path.has_root() && is_below)?;
    Some(name.to_string_lossy().into_owned())
}

/// A directory of the user that contains ours.
pub(crate) struct UserDirectory {
    /// The variable that names it.
    pub(crate) variable: &'static str,
    /// Its path in the home directory, if the variable is not set.
    in_home: &'static str,
}

/// The variable that names the home directory.
pub(crate) const HOME: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };

/// The user's settings.
pub(crate) const CONFIGURATION: UserDirectory = if cfg!(windows) {
    UserDirectory {
        variable: "APPDATA",
        in_home: r"AppData\Roaming",
    }
} else {
    UserDirectory {
        variable: "XDG_CONFIG_HOME",
        in_home: ".config",
    }
};

/// The ledger, which must not be lost.
pub(crate) const STATE: UserDirectory = if cfg!(windows) {
    UserDirectory {
        variable: "LOCALAPPDATA",
        in_home: r"AppData\Local",
    }
} else {
    UserDirectory {
        variable: "XDG_STATE_HOME",
        in_home: ".local/state",
    }
};

impl UserDirectory {
    /// Returns jelouctl's directory in this one. None if the variable, or without it the home directory,
    /// is not an absolute path: a relative path would depend on the working directory.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        let directory = if self.is_named() {
            env::var_os(self.variable)?.into()
        } else {
            home()?.join(self.in_home)
        };
        Some(directory)
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join("jelouctl"))
    }

    /// Describes why [`Self::directory`] returns None.
    pub(crate) fn problem(&self) -> Message {
        let variable = self.variable;
        if self.is_named() {
            msg!("`{variable}` is not an absolute path", variable)
        } else {
            msg!(
                "neither `{variable}` nor `{home}` is an absolute path",
                variable,
                home = HOME
            )
        }
    }

    /// Returns whether the variable is set, perhaps to an unusable path.
    pub(crate) fn is_named(&self) -> bool {
        env::var_os(self.variable).is_some_and(|path| !path.is_empty())
    }
}

/// Returns jelouctl's directory for files that need not survive a restart of the machine. None if the system has none.
pub(crate) fn runtime_directory() -> Option<PathBuf> {
    env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join("jelouctl"))
}

/// Returns the user's home directory, from the variable or otherwise from the system.
pub(crate) fn home() -> Option<PathBuf> {
    dirs::home_dir().filter(|home| home.is_absolute())
}

/// Returns the directory with the secrets of a systemd service.
pub(crate) fn service_secrets() -> Option<PathBuf> {
    let directory = env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    directory.filter(|directory| !directory.as_os_str().is_empty())
}

/// Returns whether a path is a file of this user's ledger.
pub(crate) fn is_ledger_file(path: &Path) -> bool {
    let is_ledger = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("state.db"));
    let canonical = |path: &Path| path.canonicalize().ok();
    let parent = path.parent().and_then(canonical);
    let directory = STATE.directory().as_deref().and_then(canonical);
    let (Some(parent), Some(directory)) = (parent, directory) else {
        return false;
    };
    is_ledger && parent == directory || parent == directory.join("processes")
}
