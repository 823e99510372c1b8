//! Finds the runs of a command: in the database of `--ledger`, `JELOUCTL_LEDGER` or the profile, else in files.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::commands::CommandError;
use crate::config::{ConfigError, LedgerDatabase};
use crate::context::Context;
use crate::ledger::{
    DatabaseAddress, DatabaseTls, LedgerError, LedgerStore, OnceClaims, RunName, Runs, SharedRuns, now,
};
use crate::process::{Signals, block_on};
use crate::sending::{GuardError, Interrupted, read_ledger_environment};
use crate::timestamps::wrong_clock;

/// The time between two attempts to hold off the others, and the delay before the wait is explained.
const BETWEEN_TRIES: Duration = Duration::from_millis(50);
const TOLD_AFTER: Duration = Duration::from_secs(1);

/// Opens the store; creates the directory if runs are files.
pub(crate) fn open_store(context: &Context) -> Result<Box<dyn LedgerStore>, CommandError> {
    Ok(store_at(ledger_address(context)?)?)
}

/// Opens the store in a database or in files.
pub(crate) fn store_at(address: Option<DatabaseAddress>) -> Result<Box<dyn LedgerStore>, LedgerError> {
    Ok(match address {
        Some(address) => Box::new(SharedRuns::open(address)?),
        None => Box::new(Runs::open()?),
    })
}

/// Opens the store without creating anything; None if it does not exist.
pub(crate) fn open_store_to_look(context: &Context) -> Result<Option<Box<dyn LedgerStore>>, CommandError> {
    Ok(store_to_look_at(ledger_address(context)?)?)
}

/// The same for this address.
pub(crate) fn store_to_look_at(address: Option<DatabaseAddress>) -> Result<Option<Box<dyn LedgerStore>>, LedgerError> {
    match address {
        Some(address) => Ok(Some(Box::new(SharedRuns::open(address)?))),
        None => Ok(Runs::at_home().ok().map(|runs| Box::new(runs) as Box<dyn LedgerStore>)),
    }
}

/// Holds off other processes that would create a run or claim a person, once none of them is doing so. Reading a long
/// list may take minutes: after a second the wait is explained, and a signal ends it.
pub(crate) async fn hold_off_others<T>(
    context: &Context,
    store: &dyn LedgerStore,
    signals: &mut Signals,
    mut try_hold: impl FnMut() -> Result<Option<T>, LedgerError>,
) -> Result<T, Result<Interrupted, LedgerError>> {
    let (began, mut is_told) = (Instant::now(), false);
    loop {
        if let Some(held) = try_hold().map_err(Err)? {
            return Ok(held);
        }
        tokio::select! {
            biased;
            signal = signals.next() => return Err(Ok(Interrupted(signal))),
            () = sleep(BETWEEN_TRIES) => {}
        }
        if !is_told && began.elapsed() >= TOLD_AFTER {
            is_told = true;
            report_wait(context, store);
        }
    }
}

/// The same for a command that does not handle signals otherwise: a signal ends it at once.
pub(crate) fn hold_claims(context: &Context, store: &dyn LedgerStore) -> Result<Box<dyn OnceClaims>, LedgerError> {
    let (began, mut is_told) = (Instant::now(), false);
    loop {
        if let Some(held) = store.try_hold_claims()? {
            return Ok(held);
        }
        thread::sleep(BETWEEN_TRIES);
        if !is_told && began.elapsed() >= TOLD_AFTER {
            is_told = true;
            report_wait(context, store);
        }
    }
}

fn report_wait(context: &Context, store: &dyn LedgerStore) {
    let lock = store.making_lock();
    context.stderr.note(&format!("waiting for another process that is making a run ({lock})"));
}

/// Finds the named run, or else the newest one and prints its name.
pub(crate) fn find_or_newest(
    context: &Context,
    store: &dyn LedgerStore,
    asked: Option<&RunName>,
) -> Result<RunName, LedgerError> {
    if let Some(asked) = asked {
        return store.named(asked);
    }
    let newest = store.newest()?;
    context.stderr.note(&format!("this is the newest run, {newest}; jelouctl bulk list shows all"));
    Ok(newest)
}

/// Checks the clocks used to remember rows: this machine's and the ledger's own.
pub(crate) fn check_clocks(store: &dyn LedgerStore) -> Result<(), CommandError> {
    let clocks = [Some(("this machine", now())), store.clock()?.map(|now| ("the database", now))];
    let mut wrong = clocks.into_iter().flatten().filter_map(|(whose, now)| Some((whose, wrong_clock(now)?)));
    wrong.next().map_or(Ok(()), |(whose, problem)| Err(GuardError::Clock { whose, problem }.into()))
}

/// The database of the ledger; None if runs are files.
pub(crate) fn ledger_database(context: &Context) -> Result<Option<LedgerDatabase>, ConfigError> {
    LedgerDatabase::load(&context.flags, &read_ledger_environment()?)
}

/// How to reach that database.
pub(crate) fn ledger_address(context: &Context) -> Result<Option<DatabaseAddress>, ConfigError> {
    let Some(database) = ledger_database(context)? else { return Ok(None) };
    let url = &database.url.value;
    let tls = if url.is_encrypted { DatabaseTls::Verified { roots: url.roots.clone() } } else { DatabaseTls::None };
    let (config, shown) = (url.config.clone(), url.shown.clone());
    let password = Arc::new(move || {
        block_on(async { Ok::<_, anyhow::Error>(database.password().await?) }).map_err(|error| error.to_string())
    });
    Ok(Some(DatabaseAddress { config, tls, password, shown }))
}
