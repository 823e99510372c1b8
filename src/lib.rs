//! `jelouctl` as a library, for its binary and its tests. The modules stand in reading order: what is typed, what is
//! done, what is sent, how, and what is said about it.

pub mod cli;
pub mod commands;
mod config;
pub mod message;

pub mod api;
mod bulk;
mod sandbox;

pub mod exit;
mod input;
mod list;
mod nearest;
pub mod output;
mod private_file;
mod secret;
mod template;

use std::ffi::OsString;

pub use crate::exit::ExitCode;

/// Runs the command line `arguments`, the program's name first.
pub fn run(arguments: &[OsString]) -> ExitCode {
    cli::run(arguments)
}
