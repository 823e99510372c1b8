//! `skill`: prints what an agent needs to know before it sends.

use clap::Args;

use crate::command_error::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;

/// The page that agents read.
const PAGE: &str = include_str!("../../skills/jelouctl/SKILL.md");

/// Print the instructions for an agent that uses jelouctl
///
/// Examples:
///   mkdir -p .claude/skills/jelouctl
///   jelouctl skill > .claude/skills/jelouctl/SKILL.md
///
/// One page: the sandbox first, what each exit code asks for, and when not to send again.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct SkillArgs {}

pub(crate) fn run(context: &Context) -> Result<ExitCode, CommandError> {
    context.stdout.bytes(PAGE.as_bytes())?;
    Ok(ExitCode::Success)
}
