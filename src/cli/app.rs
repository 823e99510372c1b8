//! The commands.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};
use clap_complete::Shell;

use super::bulk::BulkCommand;
use super::global::GlobalFlags;
use super::ledger::LedgerCommand;
use super::profile::ProfileCommand;
use super::sandbox::SandboxCommand;
use super::templates::TemplatesCommand;
use crate::commands::run::RunArgs;
use crate::commands::schema;
use crate::commands::send::{FlowMessageArgs, SendArgs};

/// What belongs to every command.
const AFTER_HELP: &str = "\
Exit codes:
  0  accepted           5  rejected                         10  bulk: some rows were not sent
  1  unexpected error   6  rate limited                     11  stopped by a guard (allow_to)
  2  wrong input        7  network                          12  bulk: the ledger cannot be written
  3  configuration      8  unknown: it may have been sent   13  bulk: the run is in use
  4  credentials      130  SIGINT                          143  SIGTERM
                      129  SIGHUP                           14  sandbox --expect was not met

Files:
  ~/.config/jelouctl/config.toml (on Windows in %APPDATA%)
  /etc/jelouctl/config.toml, where the user has none
  ~/.local/state/jelouctl/runs/ (on Windows in %LOCALAPPDATA%), bulk runs

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
#[command(name = "jelouctl", version, verbatim_doc_comment, max_term_width = 100, disable_help_subcommand = true)]
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
    Templates(TemplatesCommand),
    /// Send a message to each row of a list, and keep the state of each row
    #[command(subcommand, arg_required_else_help = true)]
    Bulk(BulkCommand),
    Run(RunArgs),
    Sandbox(SandboxCommand),
    /// Manage profiles: who sends, kept in the configuration file
    #[command(subcommand, arg_required_else_help = true)]
    Profile(ProfileCommand),
    /// Prepare a database for bulk runs that several machines send
    #[command(subcommand, arg_required_else_help = true)]
    Ledger(LedgerCommand),
    /// Check, step by step, whether a message could be sent from here
    ///
    /// Examples:
    ///   jelouctl doctor
    ///   jelouctl doctor --profile prod --output record
    ///   jelouctl doctor --offline
    ///
    /// It sends nothing: it reads the bot's templates to try the credentials. It ends with 0, or the
    /// exit code that a send would end with.
    #[command(verbatim_doc_comment)]
    Doctor {
        /// Leave out what needs the network
        #[arg(long)]
        offline: bool,
    },
    /// Explain a kind of message, or an error code of Jelou or WhatsApp
    ///
    /// Examples:
    ///   jelouctl explain image
    ///   jelouctl explain 131047
    ///   jelouctl explain 8
    ///
    /// An exit code, an HTTP status and a name of the record are explained too.
    /// Without a topic: every kind with its limits and an example, and every code. Works offline.
    #[command(verbatim_doc_comment)]
    Explain {
        /// Kind of message, error code, exit code, HTTP status, or name of the record
        #[arg(value_name = "KIND|CODE")]
        topic: Option<String>,
    },
    /// Print the JSON Schema of a body, or of the configuration
    ///
    /// Examples:
    ///   jelouctl schema carousel
    ///   jelouctl schema config
    ///
    /// A value outside `x-advised` is a warning, not an error. Works offline.
    #[command(verbatim_doc_comment)]
    Schema {
        /// Kind of message, `message` for any of them, or `config` [default: message]
        #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(schema::names()))]
        name: Option<String>,

        /// Write every schema into this directory instead
        #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath, conflicts_with = "name")]
        dir: Option<PathBuf>,
    },
    /// Print the completion script of a shell
    ///
    /// Examples:
    ///   mkdir -p ~/.local/share/bash-completion/completions
    ///   jelouctl completions bash > ~/.local/share/bash-completion/completions/jelouctl
    ///   jelouctl completions fish > ~/.config/fish/completions/jelouctl.fish
    ///   jelouctl completions bash --dynamic >> ~/.bashrc
    ///
    /// The script is complete. The line of --dynamic asks jelouctl while you type, so that profiles and
    /// templates are completed too; it never uses the network.
    #[command(verbatim_doc_comment)]
    Completions {
        /// Shell to write it for
        shell: Shell,

        /// Print the line for the shell's start-up file that completes names too
        #[arg(long)]
        dynamic: bool,
    },
    /// Print the manual page
    ///
    /// Examples:
    ///   jelouctl man | man -l -
    ///   jelouctl man --dir ~/.local/share/man/man1
    #[command(verbatim_doc_comment)]
    Man {
        /// Write one page per command into this directory instead
        #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
}
