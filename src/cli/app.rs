//! The commands.

use clap::{Parser, Subcommand};

use super::global::GlobalFlags;
use crate::commands::api::ApiArgs;
use crate::commands::bulk::BulkCommand;
use crate::commands::completions::CompletionsArgs;
use crate::commands::doctor::DoctorArgs;
use crate::commands::explain::ExplainArgs;
use crate::commands::ledger::LedgerCommand;
use crate::commands::man::ManArgs;
use crate::commands::messages::MessagesCommand;
use crate::commands::once::OnceCommand;
use crate::commands::profile::ProfileCommand;
use crate::commands::run::RunArgs;
use crate::commands::sandbox::SandboxArgs;
use crate::commands::schema::SchemaArgs;
use crate::commands::send::{FlowMessageArgs, SendArgs};
use crate::commands::skill::SkillArgs;
use crate::commands::templates::TemplatesArgs;

/// The help is not wider, however wide the terminal.
pub(super) const MOST_COLUMNS: usize = 100;

/// What belongs to every command.
const AFTER_HELP: &str = include_str!("after_help.txt").trim_ascii_end();

/// Send WhatsApp messages through the Jelou API
///
/// Examples:
///   jelouctl --sandbox send text --to 593987654321 "Hola"
///   jelouctl profile set prod --bot 77 --client-id ID --client-secret-file secret.txt
///   jelouctl send text --to 593987654321 "Hola"
///
/// A send ends as sent (accepted by Jelou), not sent or unknown, with an exit code for each.
/// Nothing is sent twice unless you ask for it.
#[derive(Debug, Parser)]
#[command(
    name = "jelouctl",
    bin_name = "jelouctl",
    version,
    verbatim_doc_comment,
    max_term_width = MOST_COLUMNS,
    disable_help_subcommand = true
)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct App {
    #[command(flatten)]
    pub(crate) global: GlobalFlags,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Send(SendArgs),
    FlowMessage(FlowMessageArgs),
    Templates(TemplatesArgs),
    /// Show what a bot sent and received, and what was delivered
    #[command(subcommand, arg_required_else_help = true)]
    Messages(MessagesCommand),
    #[command(subcommand)]
    Bulk(BulkCommand),
    #[command(subcommand)]
    Once(OnceCommand),
    Run(RunArgs),
    Api(ApiArgs),
    Sandbox(SandboxArgs),
    #[command(subcommand)]
    Profile(ProfileCommand),
    #[command(subcommand)]
    Ledger(LedgerCommand),
    Doctor(DoctorArgs),
    Explain(ExplainArgs),
    Schema(SchemaArgs),
    Skill(SkillArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}
