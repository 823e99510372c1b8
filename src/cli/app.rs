//! The commands.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use super::global::GlobalFlags;
use super::profile::ProfileAction;
use super::send::{FlowMessageCommand, SendCommand};

/// Send WhatsApp messages through the Jelou API
///
/// Examples:
///   jelouctl --sandbox send text --to 593987654321 "Hola"
///   jelouctl profile set prod --bot 77 --client-id ID --client-secret-file secret.txt
///   jelouctl send text --to 593987654321 "Hola"
///
/// A send ends as sent (accepted by Jelou), not sent or unknown, with an exit code for each.
/// Nothing is sent twice unasked.
#[derive(Debug, Parser)]
#[command(name = "jelouctl", version, verbatim_doc_comment, max_term_width = 100, disable_help_subcommand = true)]
pub struct App {
    #[command(flatten)]
    pub global: GlobalFlags,

    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Send(SendCommand),
    FlowMessage(FlowMessageCommand),
    /// Keep who sends in the configuration file
    #[command(subcommand, arg_required_else_help = true)]
    Profile(ProfileAction),
    /// Print the completion script of a shell
    ///
    /// Examples:
    ///   jelouctl completions bash > ~/.local/share/bash-completion/completions/jelouctl
    #[command(verbatim_doc_comment)]
    Completions {
        /// Shell to write it for
        shell: Shell,
    },
    /// Print the manual page
    ///
    /// Examples:
    ///   jelouctl man | man -l -
    ///   jelouctl man --dir ~/.local/share/man/man1
    #[command(verbatim_doc_comment)]
    Man {
        /// Write one page a command into this directory instead
        #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
    /// Answered with the command that does it here
    #[command(hide = true, visible_aliases = ["auth", "init", "configure"])]
    Login {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        rest: Vec<String>,
    },
}
