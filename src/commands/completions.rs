//! `completions SHELL`: the completion script of a shell, on stdout.

use clap_complete::Shell;

use super::Context;
use crate::exit::ExitCode;

/// Prints the script for `app`.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(context: &Context, mut app: clap::Command, shell: Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut app, "jelouctl", &mut script);
    context.output.bytes(&script)?;
    Ok(ExitCode::Success)
}
