//! `ledger`: the ledger in a database, for runs that several machines send.

use clap::Subcommand;

use super::store::ledger_address;
use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::command_error::CommandError;
use crate::runs::ledger::{schema_sql, set_up};
use crate::sender::context::Context;

/// Prepare a database for bulk runs on several machines
#[derive(Debug, Subcommand)]
#[command(arg_required_else_help = true)]
pub(crate) enum LedgerCommand {
    /// Make the tables and roles of the ledger in a PostgreSQL database, once
    ///
    /// Examples:
    ///   jelouctl ledger setup --ledger postgres://owner@db.example/jelou
    ///   jelouctl ledger setup --print > setup.sql
    ///
    /// It needs a role that owns the database and may create roles (CREATEROLE), and makes the roles
    /// jelouctl_sender and jelouctl_reader. Without such a role, give an administrator the SQL of
    /// --print. Then grant a role to each user: GRANT jelouctl_sender TO NAME; jelouctl_reader may
    /// only read. If the ledger exists already, nothing changes.
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
            "give its address with --ledger or JELOUCTL_LEDGER; a run in a file needs no setup",
        )
        .into());
    };
    let shown = address.shown.clone();
    if set_up(address)? {
        context.stderr.note(&format!(
            "{shown} has a ledger now; a sender needs: GRANT jelouctl_sender TO NAME"
        ));
    } else {
        context
            .stderr
            .note(&format!("{shown} has a ledger already, of this version"));
    }
    Ok(ExitCode::Success)
}
