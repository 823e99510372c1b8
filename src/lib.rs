//! `jelouctl` as a library, only for its binary. A module uses only the modules below it.

mod cli;
mod commands;

mod command_error;
mod sender;

mod sandbox;

mod runs;

mod lists;

mod jelou;

mod phone;

mod base;

#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(all(test, not(fuzzing)))]
mod fuzzing;

use std::ffi::OsString;

pub use crate::base::exit::ExitCode;

/// Runs the command line `arguments`, which begins with the program's name.
pub fn run(arguments: &[OsString]) -> ExitCode {
    cli::run(arguments)
}
