//! `jelouctl` as a library, only for its binary. The modules are in reading order: what is typed, what is done, what is
//! sent, how, and what is printed about it.

mod cli;
mod command_error;
mod commands;
mod context;

mod report_page;
mod sending;

mod deliveries;
mod import;
mod ledger;
mod list;
mod people;
mod report;
mod run;
mod sandbox;
mod template;

mod api;
mod config;
mod hours;
mod message;
mod process;

#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(all(test, not(fuzzing)))]
mod fuzzing;

mod clock;
mod conventions;
mod cost;
mod exit;
mod input;
mod invisible;
mod nearest;
mod once;
mod output;
mod phone;
mod places;
mod private_file;
mod secret;
mod text_encoding;
mod texts;
mod timestamps;

use std::ffi::OsString;

pub use crate::exit::ExitCode;

/// Runs the command line `arguments`, the program's name first.
pub fn run(arguments: &[OsString]) -> ExitCode {
    cli::run(arguments)
}
