//! The locations of the user's files: the XDG directories on every Unix, including macOS as with gh and git, and the
//! native directories on Windows.

use std::env;
use std::path::{Path, PathBuf};

/// A directory of the user that contains ours.
pub(crate) struct UserDirectory {
    /// The variable that names it.
    pub(crate) variable: &'static str,
    /// Its place in the home directory, if the variable is not set.
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

/// Records of what was done, which must not be lost.
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
    /// Our directory in this place; None if the variable, or else the home directory, is not an absolute path: the meaning
    /// of a relative path changes with the working directory.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        let place = if self.is_named() {
            env::var_os(self.variable)?.into()
        } else {
            home()?.join(self.in_home)
        };
        Some(place)
            .filter(|place| place.is_absolute())
            .map(|place| place.join("jelouctl"))
    }

    /// Whether the variable names a place, perhaps one that cannot be used.
    pub(crate) fn is_named(&self) -> bool {
        env::var_os(self.variable).is_some_and(|place| !place.is_empty())
    }
}

/// The user's home directory; if no variable names it, the system may know it.
pub(crate) fn home() -> Option<PathBuf> {
    dirs::home_dir().filter(|home| home.is_absolute())
}

/// Whether a path is one of the files of this user's ledger.
pub(crate) fn is_of_the_ledger(path: &Path) -> bool {
    let is_store = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("state.db"));
    let canonical = |path: &Path| path.canonicalize().ok();
    let parent = path.parent().and_then(canonical);
    let place = STATE.directory().as_deref().and_then(canonical);
    let (Some(parent), Some(place)) = (parent, place) else {
        return false;
    };
    is_store && parent == place || parent == place.join("processes")
}
