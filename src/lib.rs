//! `jelouctl` as a library, for its binary and its tests. The modules stand in reading order: what is typed, what is
//! done, what is sent, how, and what is said about it.

pub mod cli;
pub mod commands;
pub mod config;
pub mod message;

pub mod api;
mod bulk;
pub mod sandbox;

pub mod exit;
pub mod input;
mod list;
pub mod nearest;
pub mod output;
pub mod private_file;
pub mod secret;
mod template;

use std::ffi::OsString;

pub use crate::exit::ExitCode;

/// Runs the command line `arguments`, the program's name first.
pub fn run(arguments: &[OsString]) -> ExitCode {
    cli::run(arguments)
}
