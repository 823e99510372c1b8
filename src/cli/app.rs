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
const AFTER_HELP: &str = "\
Exit codes:
  0  accepted           5  rejected                         10  bulk: some rows were not sent
  1  unexpected error   6  rate limited                     11  stopped by a guard (allow_to)
  2  wrong input        7  network                          12  bulk: the ledger cannot be written
  3  configuration      8  unknown: it may have been sent   13  bulk: the run is in use
  4  credentials      129  SIGHUP                           14  sandbox --expect was not met
                      130  SIGINT                           15  accepted, but undelivered (--wait)
                      143  SIGTERM

Files:
  ~/.config/jelouctl/config.toml (on Windows in %APPDATA%)
  /etc/jelouctl/config.toml, where the user has none
  ~/.local/state/jelouctl/state.db (on Windows in %LOCALAPPDATA%), bulk runs and keys of --once

Proxies come from HTTPS_PROXY, ALL_PROXY and NO_PROXY; they are never used for this machine.
Certificate authorities are the system's; on Linux, SSL_CERT_FILE and SSL_CERT_DIR name others.";

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
