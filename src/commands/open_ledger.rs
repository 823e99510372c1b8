//! Opens the ledger of a command: the database of `--ledger`, `JELOUCTL_LEDGER` or the profile, else this user's file.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::message::msg;
use crate::base::process::{Signals, block_on, enclosing_sandbox, outlive_file_size_limit};
use crate::base::timestamps::wrong_clock;
use crate::command_error::CommandError;
use crate::runs::ledger::{
    AccessWarning, CopiedExclusions, DatabaseAddress, Ledger, LedgerError, LedgerLocation, Run,
    RunName, TurnPatience, now,
};
use crate::sender::config::{Environment, LedgerDatabase};
use crate::sender::context::Context;

/// Report waits longer than this.
const REPORTED_AFTER: Duration = Duration::from_secs(1);
const BETWEEN_CHECKS: Duration = Duration::from_millis(20);

/// Opens the ledger; creates its file if necessary.
pub(crate) fn open_ledger(context: &Context) -> Result<Ledger, CommandError> {
    open_ledger_with(context, patience(context))
}

fn open_ledger_with(context: &Context, patience: TurnPatience) -> Result<Ledger, CommandError> {
    let environment = Environment::read_only("ledger")?;
    // In a sandbox, the command must not change runs with real recipients, whatever its profile.
    let is_in_sandbox =
        context.flags.sandbox || environment.sandbox.is_some() || enclosing_sandbox().is_some();
    let ledger = Ledger::open(location(context)?, patience)?;
    warn_about_access(context, &ledger);
    report_copied(context, ledger.copied_exclusions());
    Ok(ledger.with_sandbox(is_in_sandbox))
}

/// Warns about a ledger that other users may read, or that members of one of our groups may write.
pub(super) fn warn_about_access(context: &Context, ledger: &Ledger) {
    if let Some(AccessWarning { message, hint }) = ledger.access_warning() {
        context.stderr.warning_with_hint(message, hint);
    }
}

/// Prints what a new ledger took over.
pub(super) fn report_copied(context: &Context, copied: &[CopiedExclusions]) {
    for CopiedExclusions { count, from } in copied {
        context.stderr.note(msg!(
            "the new ledger took over {count} {count|exclusion|exclusions} from {from}",
            count,
            from
        ));
    }
}

/// Opens the ledger of a command that shows its records. Warns if it was restored.
pub(crate) fn open_ledger_to_show(context: &Context) -> Result<Ledger, CommandError> {
    let ledger = open_ledger(context)?;
    warn_if_restored(context, &ledger);
    Ok(ledger)
}

fn warn_if_restored(context: &Context, ledger: &Ledger) {
    if let Some(error) = ledger.restored_error() {
        let hint = msg!(
            "to send from it, even if recipients get messages twice: {hint}",
            hint = error.hint
        );
        context.stderr.warning_with_hint(error.message, hint);
    }
}

/// Opens the ledger for a single message or a notification.
pub(super) fn open_ledger_for_send(context: &Context) -> Result<Ledger, CommandError> {
    outlive_file_size_limit()?;
    Ok(open_ledger(context)?.for_single_send())
}

/// Opens the ledger of a `--once` key. With `longest`, it does not wait longer for a process that may be suspended.
pub(super) fn open_keys(
    context: &Context,
    longest: Option<Duration>,
) -> Result<Ledger, CommandError> {
    outlive_file_size_limit()?;
    let patience = match longest {
        Some(longest) => at_most(context, longest),
        None => patience(context),
    };
    let ledger = match sandbox_keys()? {
        Some(own) => Ledger::open(own, patience)?,
        None => open_ledger_with(context, patience)?,
    };
    Ok(ledger.for_single_send())
}

/// Opens the ledger of the `--once` keys without creating anything; None if it does not exist.
pub(super) fn open_keys_to_read(context: &Context) -> Result<Option<Ledger>, CommandError> {
    match sandbox_keys()? {
        Some(own) => open_to_read(context, own),
        None => open_ledger_to_read(context),
    }
}

/// Returns the ledger that `sandbox -- COMMAND` has for the keys of its command. None outside it.
fn sandbox_keys() -> Result<Option<LedgerLocation>, CommandError> {
    let directory = Environment::read_only("ledger")?.sandbox_keys;
    Ok(directory.map(|directory| LedgerLocation::Files(Some(directory))))
}

/// Opens this machine's own ledger for a notification, even if the command uses a database.
pub(super) fn open_local_ledger(
    context: &Context,
    longest: Duration,
) -> Result<Ledger, LedgerError> {
    let ledger = Ledger::open(LedgerLocation::home(), at_most(context, longest))?;
    warn_about_access(context, &ledger);
    report_copied(context, ledger.copied_exclusions());
    Ok(ledger)
}

/// Opens this machine's own ledger for a notification, if it exists, without writing.
pub(super) fn open_local_ledger_to_read(
    context: &Context,
    longest: Duration,
) -> Result<Option<Ledger>, LedgerError> {
    Ledger::open_to_look(LedgerLocation::home(), at_most(context, longest))
}

/// Opens the ledger without creating anything; None if it does not exist. Warns if it was restored.
pub(crate) fn open_ledger_to_read(context: &Context) -> Result<Option<Ledger>, CommandError> {
    open_to_read(context, location(context)?)
}

fn open_to_read(
    context: &Context,
    location: LedgerLocation,
) -> Result<Option<Ledger>, CommandError> {
    let ledger = Ledger::open_to_look(location, patience(context))?;
    if let Some(ledger) = &ledger {
        warn_about_access(context, ledger);
        warn_if_restored(context, ledger);
    }
    Ok(ledger)
}

/// Opens the ledger without creating anything; None if it does not exist. The command reports itself whether it was
/// restored, and what other users may do with it.
pub(crate) fn open_existing_ledger(context: &Context) -> Result<Option<Ledger>, CommandError> {
    Ok(Ledger::open_to_look(location(context)?, patience(context))?)
}

fn location(context: &Context) -> Result<LedgerLocation, CommandError> {
    Ok(
        ledger_address(context)?.map_or_else(LedgerLocation::home, |address| {
            LedgerLocation::Database(Box::new(address))
        }),
    )
}

/// Waits for a process that writes to the ledger, and prints that it waits.
fn patience(context: &Context) -> TurnPatience {
    let stderr = context.stderr.clone();
    TurnPatience::new(Arc::new(move |process| {
        stderr.note(match process {
            Some(id) => msg!(
                "waiting for another process that writes to the ledger: process {id}",
                id
            ),
            None => msg!("waiting for another process that writes to the ledger"),
        });
    }))
}

fn at_most(context: &Context, longest: Duration) -> TurnPatience {
    TurnPatience {
        longest,
        ..patience(context)
    }
}

/// Waits until no other process locks the ledger for long.
///
/// # Errors
/// If a signal comes first.
pub(crate) async fn wait_for_turn(
    ledger: &Ledger,
    signals: &mut Signals,
) -> Result<(), CommandError> {
    let began = Instant::now();
    let mut is_reported = false;
    while !ledger.is_free()? {
        if !is_reported && began.elapsed() >= REPORTED_AFTER {
            is_reported = true;
            ledger.report_wait();
        }
        tokio::select! {
            signal = signals.next() => return Err(CommandError::interrupted(signal)),
            () = tokio::time::sleep(BETWEEN_CHECKS) => {}
        }
    }
    Ok(())
}

/// Finds the named run, or else the newest one and prints its name.
pub(crate) fn find_or_newest(
    context: &Context,
    ledger: &Ledger,
    asked: Option<&RunName>,
) -> Result<Run, LedgerError> {
    if let Some(asked) = asked {
        return ledger.run(asked);
    }
    let newest = ledger.newest()?;
    context.stderr.note(msg!(
        "using the newest run, {newest}; to list all: jelouctl bulk list",
        newest = newest.to_string()
    ));
    ledger.run(&newest)
}

/// Checks the clocks that date the rows: this machine's and the database's.
pub(crate) fn check_clocks(ledger: &Ledger) -> Result<(), CommandError> {
    for (owner, now) in [
        (msg!("this machine"), now()),
        (msg!("the database"), ledger.now()?),
    ] {
        if let Some(problem) = wrong_clock(now) {
            let message = msg!("the clock of {owner} shows {problem}", owner, problem);
            let hint = msg!("set the clock: with a wrong clock, jelouctl cannot detect duplicates");
            return Err(CommandError::guard(message, hint));
        }
    }
    Ok(())
}

/// Returns the database of the ledger; None if the ledger is a file.
pub(crate) fn ledger_database(context: &Context) -> Result<Option<LedgerDatabase>, CommandError> {
    LedgerDatabase::load(&context.flags, &Environment::read_only("ledger")?)
}

/// Returns how to reach that database.
pub(crate) fn ledger_address(context: &Context) -> Result<Option<DatabaseAddress>, CommandError> {
    let Some(database) = ledger_database(context)? else {
        return Ok(None);
    };
    let LedgerDatabase {
        config,
        is_encrypted,
        roots,
        shown,
        ..
    } = database.clone();
    let fetch_password =
        Arc::new(move || block_on(database.fetch_password()).map_err(|error| error.line()));
    Ok(Some(DatabaseAddress {
        config,
        is_encrypted,
        roots,
        password: fetch_password,
        shown: shown.value,
    }))
}
