//! Finds a program by the name that the user gave.

use std::ffi::{OsStr, OsString};

/// The program as the command line of Windows finds it: `npm` is `npm.cmd`, by the extensions in `PATHEXT`. Other systems
/// search `PATH` themselves.
pub(crate) fn find_program(name: &OsStr) -> OsString {
    #[cfg(windows)]
    if let Ok(found) = which::which(name) {
        return found.into();
    }
    name.to_owned()
}
