//! `ledger`: creates the ledger in a database, for runs that several machines send. Also copies a ledger in a file, and
//! accepts a restored one.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueHint};
use serde_json::json;

use super::confirm;
use super::open_ledger::{ledger_address, open_existing_ledger, report_copied, warn_about_access};
use super::zone::profile_zone;
use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::base::paths::is_ledger_file;
use crate::base::process::outlive_file_size_limit;
use crate::base::timestamps::{from_millis, time_value};
use crate::command_error::CommandError;
use crate::runs::ledger::{RestoredLedger, RunName, StaleRun, schema_sql, set_up};
use crate::sender::AuditLog;
use crate::sender::context::Context;

/// Create a shared ledger, back one up, or accept a restored one
#[derive(Debug, Subcommand)]
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
    /// Allow sends from a ledger that was copied or restored (asks first)
    ///
    /// Examples:
    ///   jelouctl ledger accept
    ///   jelouctl ledger accept --yes
    ///
    /// Such a ledger may lack its latest messages, runs, --once keys and exclusions. So `bulk send`,
    /// `bulk resume`, `bulk work` and `send --once` exit with 11 until you accept it. After that,
    /// recipients can get messages twice, and lists can reach recipients that were excluded since. Before
    /// you accept it, add them: `bulk exclude add`. Also accepts the stale runs of the ledger. To accept
    /// only one stale run, use `bulk resume RUN --accept-stale`.
    #[command(verbatim_doc_comment)]
    Accept,
    /// Copy the ledger to a new file, even during a run
    ///
    /// Examples:
    ///   jelouctl ledger backup /backup/ledger-20261120.db
    ///
    /// The copy is a snapshot, and only you can read it. If you replace the ledger with the copy, it counts
    /// as restored: jelouctl sends nothing from it until `ledger accept`. To copy a PostgreSQL database, use
    /// pg_dump.
    #[command(verbatim_doc_comment)]
    Backup {
        /// Write the copy to this file, which must not exist
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}

pub(crate) fn run(context: &Context, command: &LedgerCommand) -> Result<ExitCode, CommandError> {
    match command {
        LedgerCommand::Setup { print: true } => {
            context.stdout.bytes(schema_sql().as_bytes())?;
        }
        LedgerCommand::Setup { print: false } => create(context)?,
        LedgerCommand::Accept => accept(context)?,
        LedgerCommand::Backup { file } => back_up(context, file)?,
    }
    Ok(ExitCode::Success)
}

fn back_up(context: &Context, file: &Path) -> Result<(), CommandError> {
    context.refuse_preview(msg!("writes a file"))?;
    if let Some(address) = ledger_address(context)? {
        let shown = address.shown;
        return Err(UsageError::new(
            msg!("the ledger {shown} is a database, not a file", shown),
            msg!("pg_dump --schema jelouctl {shown}", shown),
        )
        .into());
    }
    if is_ledger_file(file) {
        return Err(
            UsageError::bare(msg!("{file} has the name of a file of the ledger", file)).into(),
        );
    }
    if file.symlink_metadata().is_ok() {
        return Err(UsageError::bare(msg!("{file} exists already", file)).into());
    }
    outlive_file_size_limit()?;
    let Some(ledger) = open_existing_ledger(context)? else {
        return Err(UsageError::bare(msg!("nothing to copy: there is no ledger")).into());
    };
    warn_about_access(context, &ledger);
    ledger.back_up(file)?;
    context.stderr.note(msg!(
        "the ledger {place} is copied to {file}",
        place = ledger.location().to_string(),
        file
    ));
    Ok(())
}

fn create(context: &Context) -> Result<(), CommandError> {
    let Some(address) = ledger_address(context)? else {
        return Err(UsageError::new(
            msg!("no database is set; a ledger in a file needs no setup"),
            msg!("--ledger postgres://USER@HOST/DATABASE"),
        )
        .into());
    };
    let shown = address.shown.clone();
    if let Some(copied) = set_up(address)? {
        report_copied(context, &copied);
        context.stderr.note(msg!(
            "{shown} has a ledger now; to let a role send: GRANT jelouctl_sender TO NAME",
            shown
        ));
    } else {
        context
            .stderr
            .note(msg!("{shown} already has a ledger of this version", shown));
    }
    Ok(())
}

/// Accepts a restored ledger, after the user has seen what it may lack.
fn accept(context: &Context) -> Result<(), CommandError> {
    let Some(ledger) = open_existing_ledger(context)? else {
        context
            .stderr
            .note(msg!("nothing to accept: there is no ledger"));
        return Ok(());
    };
    warn_about_access(context, &ledger);
    let place = ledger.location().to_string();
    let Some(restored) = ledger.restored()? else {
        context.stderr.note(msg!(
            "nothing to accept: the ledger {place} was not restored",
            place
        ));
        return Ok(());
    };
    ledger.ensure_writable()?;
    warn_about_restore(context, &place, &restored)?;
    confirm(
        context,
        msg!(
            "Accept the ledger, even if recipients get messages twice, or exclusions are missing?"
        ),
        msg!("the ledger {place} was not accepted", place),
    )?;
    // While the command waited for the answer, the ledger may have been restored again.
    let is_accepted = ledger.reopened()?.accept(&restored)?;
    if !is_accepted {
        context.stderr.note(msg!(
            "nothing to accept: another command has accepted the ledger {place}",
            place
        ));
        return Ok(());
    }
    log_acceptance(context, &place, &restored);
    context.stderr.note(msg!(
        "the ledger {place} is accepted, and jelouctl sends from it again",
        place
    ));
    Ok(())
}

/// Prints what the ledger may lack, and what its stale runs may repeat.
fn warn_about_restore(
    context: &Context,
    place: &str,
    restored: &RestoredLedger,
) -> Result<(), CommandError> {
    let zone = profile_zone(context, None)?;
    context.stderr.warning(match restored.complete_until {
        Some(until) => msg!(
            "the ledger {place} was copied or restored: it may lack the messages, runs, --once keys and exclusions since {since}",
            place,
            since = time_value(&zone, until)
        ),
        None => msg!(
            "the ledger {place} was copied or restored: it may lack the messages, runs, --once keys and exclusions",
            place
        ),
    });
    for StaleRun { name, pending } in restored.stale_runs.iter().filter(|run| run.pending > 0) {
        context.stderr.warning(msg!(
            "run {name}: up to {pending} unsent {pending|message|messages} may have been sent, and the next bulk resume \
             or bulk work sends them",
            name = name.to_string(),
            pending
        ));
    }
    Ok(())
}

fn log_acceptance(context: &Context, place: &str, restored: &RestoredLedger) {
    let until = restored
        .complete_until
        .map(|at| from_millis(at).to_string());
    let runs = restored.stale_runs.iter().map(|run| &run.name);
    let runs: Vec<_> = runs.map(RunName::to_string).collect();
    let accepted = json!({ "ledger": place, "complete_until": until, "stale_runs": runs });
    let log = AuditLog::after_change(&context.flags, &context.stderr);
    log.add(&context.stderr, "ledger", "ledger accept", accepted);
}
