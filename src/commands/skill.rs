//! `skill`: prints what an agent needs to know before it sends.

use crate::command_error::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;

/// The page that agents read.
const PAGE: &str = include_str!("../../skills/jelouctl/SKILL.md");

pub(crate) fn run(context: &Context) -> Result<ExitCode, CommandError> {
    context.stdout.bytes(PAGE.as_bytes())?;
    Ok(ExitCode::Success)
}
