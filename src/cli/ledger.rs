//! `ledger …`.

use clap::Subcommand;

use crate::commands::ledger::LedgerAction;

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Make the tables, functions and roles of the ledger in a PostgreSQL database, once
    ///
    /// Examples:
    ///   jelouctl ledger setup --ledger postgres://owner@db.example/jelou
    ///   jelouctl ledger setup --print > setup.sql
    ///
    /// It needs the owner of the database, and makes the roles jelouctl_sender and jelouctl_reader. Who
    /// sends is given the first of them, who only looks the second: GRANT jelouctl_sender TO NAME.
    /// Where the ledger is made already it does nothing.
    #[command(verbatim_doc_comment)]
    Setup {
        /// Print the SQL for whoever may run it, and change nothing
        #[arg(long)]
        print: bool,
    },
}

impl From<LedgerCommand> for LedgerAction {
    fn from(command: LedgerCommand) -> Self {
        match command {
            LedgerCommand::Setup { print } => Self::Setup { print },
        }
    }
}
