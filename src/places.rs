//! Where the user's files are: XDG's directories on every Unix, macOS too as with gh and git, and on Windows the
//! directories of its own.

use std::env;
use std::path::PathBuf;

/// A directory of the user's, in which ours is.
pub(crate) struct UserDirectory {
    /// The variable that names it.
    pub(crate) variable: &'static str,
    /// Where it is in the home, when the variable names none.
    in_home: &'static str,
}

/// The variable that names the home.
pub(crate) const HOME: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };

/// What the user says.
pub(crate) const CONFIGURATION: UserDirectory = if cfg!(windows) {
    UserDirectory { variable: "APPDATA", in_home: r"AppData\Roaming" }
} else {
    UserDirectory { variable: "XDG_CONFIG_HOME", in_home: ".config" }
};

/// What was done, and must not be lost.
pub(crate) const STATE: UserDirectory =
    if cfg!(windows) { LOCAL } else { UserDirectory { variable: "XDG_STATE_HOME", in_home: ".local/state" } };

/// What can be had again.
pub(crate) const CACHE: UserDirectory =
    if cfg!(windows) { LOCAL } else { UserDirectory { variable: "XDG_CACHE_HOME", in_home: ".cache" } };

/// Of this machine, where a user has several.
const LOCAL: UserDirectory = UserDirectory { variable: "LOCALAPPDATA", in_home: r"AppData\Local" };

impl UserDirectory {
    /// Our directory in this place; nothing where neither the variable nor the home is an absolute path: what a relative
    /// one means changes with the working directory.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        let named = env::var_os(self.variable).map(PathBuf::from).filter(|path| path.is_absolute());
        named.or_else(|| Some(home()?.join(self.in_home))).map(|path| path.join("jelouctl"))
    }
}

/// The user's home; where no variable names it, the system may know it.
pub(crate) fn home() -> Option<PathBuf> {
    dirs::home_dir().filter(|home| home.is_absolute())
}
