//! How a program is found by the name that the user gave it.

#[cfg(unix)]
use std::ffi::OsStr;
#[cfg(windows)]
use std::ffi::{OsStr, OsString};

/// The program as the command line finds it there: `npm` is `npm.cmd`, by the endings of `PATHEXT`.
#[cfg(windows)]
pub(crate) fn find_program(name: &OsStr) -> OsString {
    which::which(name).map_or_else(|_| name.to_owned(), OsString::from)
}

/// The system itself looks in `PATH`.
#[cfg(unix)]
pub(crate) fn find_program(name: &OsStr) -> &OsStr {
    name
}
