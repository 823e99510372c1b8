//! `ledger`: creates the ledger in a database, for runs that several machines send.

use clap::Subcommand;

use super::open_ledger::ledger_address;
use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::command_error::CommandError;
use crate::runs::ledger::{schema_sql, set_up};
use crate::sender::context::Context;

/// Prepare a database for bulk runs on several machines
#[derive(Debug, Subcommand)]
#[command(arg_required_else_help = true)]
pub(crate) enum LedgerCommand {
    /// Create the ledger's tables and roles in a PostgreSQL database
    ///
    /// Examples:
    ///   jelouctl ledger setup --ledger postgres://owner@db.example/jelou
    ///   jelouctl ledger setup --print > setup.sql
    ///
    /// Needs a role with CREATEROLE and with CREATE on the database. Without this role, an
    /// administrator can run the SQL of --print. Grant jelouctl_sender to roles that send and
    /// jelouctl_reader to roles that only read: GRANT jelouctl_sender TO NAME. Running setup again
    /// changes nothing.
    #[command(verbatim_doc_comment)]
    Setup {
        /// Print the SQL for a database administrator, and change nothing
        #[arg(long)]
        print: bool,
    },
}

pub(crate) fn run(context: &Context, command: &LedgerCommand) -> Result<ExitCode, CommandError> {
    let LedgerCommand::Setup { print } = command;
    if *print {
        context.stdout.bytes(schema_sql().as_bytes())?;
        return Ok(ExitCode::Success);
    }
    let Some(address) = ledger_address(context)? else {
        return Err(UsageError::new(
            "no database is named",
            "pass its address with --ledger or set JELOUCTL_LEDGER; a ledger in a file needs no setup",
        )
        .into());
    };
    let shown = address.shown.clone();
    if set_up(address)? {
        context.stderr.note(&format!(
            "{shown} has a ledger now; to let a role send: GRANT jelouctl_sender TO NAME"
        ));
    } else {
        context
            .stderr
            .note(&format!("{shown} already has a ledger of this version"));
    }
    Ok(ExitCode::Success)
}
