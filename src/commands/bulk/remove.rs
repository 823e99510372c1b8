//! `bulk remove`: forgets a run, or finished runs of some age.

use super::damage::warn_of_left_alone;
use super::store::open_store;
use super::times::local_time;
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::ledger::{
    Counts, LedgerError, RunAge, RunId, RunLock, RunName, RunOverview, RunStore, Runs, SharedRuns, now,
};
use crate::output::{counted, counted_are};

/// A run that is about to be removed.
enum RunToRemove<'a> {
    /// Nobody goes on with it while the question stands.
    File(&'a Runs, RunLock),
    /// Who sends it is looked for once more when it is removed.
    Shared(&'a SharedRuns, RunId),
}

impl<'a> RunToRemove<'a> {
    fn of(store: &'a RunStore, name: &RunName) -> Result<Self, LedgerError> {
        Ok(match store {
            RunStore::Files(runs) => Self::File(runs, runs.lock(name)?),
            RunStore::Shared(runs) => {
                let run = runs.id(name)?;
                if let Some(worker) = runs.sent_by(run)? {
                    return Err(LedgerError::in_use_by(name, &worker));
                }
                Self::Shared(runs, run)
            }
        })
    }

    fn overview(&self, name: &RunName) -> Result<RunOverview, LedgerError> {
        match self {
            Self::File(runs, lock) => runs.overview_locked(name, lock),
            Self::Shared(runs, _) => runs.overview(name),
        }
    }

    fn remove(self, name: &RunName) -> Result<(), LedgerError> {
        match self {
            Self::File(runs, lock) => runs.remove(name, lock),
            Self::Shared(runs, run) => runs.remove(run, name),
        }
    }
}

/// Removes a run with all that is known of its rows.
pub(crate) fn run(context: &Context, asked: &RunName) -> Result<ExitCode, CommandError> {
    let store = open_store(context)?;
    let name = store.named(asked)?;
    let run = RunToRemove::of(&store, &name)?;
    let overview = run.overview(&name);
    let what = what_goes(&overview);
    match overview {
        Ok(overview) => warn_of_memory(context, &[overview]),
        Err(_) => context.stderr.warning(&format!(
            "removing run {name} loses its record of recipients: a later run may send to them again"
        )),
    }
    if context.confirms(&format!("Remove run {name}, {what}?"))? != Some(true) {
        return Err(UsageError::new(format!("run {name}, {what}, was not removed"), "add --yes to remove it").into());
    }
    run.remove(&name)?;
    context.stderr.note(&format!("run {name} is removed"));
    Ok(ExitCode::Success)
}

/// `of which 5 messages are still to be sent and 4 may have been sent`
fn what_goes(run: &Result<RunOverview, LedgerError>) -> String {
    let run = match run {
        Ok(run) => run,
        Err(error) => return format!("whose ledger cannot be read ({error})"),
    };
    let counts = run.counts();
    let pending = counted_are(counts.pending, "message");
    match (&run.damage, undecided(&counts)) {
        (Some(damage), unknown) => format!("of which {} may have been sent ({damage})", counted(unknown, "message")),
        (None, _) if run.is_finished() => "which is complete".to_owned(),
        (None, 0) => format!("of which {pending} still to be sent"),
        (None, unknown) => format!("of which {pending} still to be sent and {unknown} may have been sent"),
    }
}

/// Removes the finished runs in which nothing has changed for so long.
pub(crate) fn older_than(context: &Context, age: RunAge) -> Result<ExitCode, CommandError> {
    let store = open_store(context)?;
    let old = store.finished_for(age, warn_of_left_alone(context))?;
    if old.is_empty() {
        context.stderr.note(&format!("no finished run is older than {age}"));
        return Ok(ExitCode::Success);
    }
    let what = format!("{}, complete for more than {age}", counted(old.len() as u64, "run"));
    for run in &old {
        let (rows, changed) = (counted(run.counts().all(), "row"), local_time(run.changed_at));
        context.stderr.note(&format!("{}: {rows}, last changed {changed}", run.name));
    }
    warn_of_memory(context, &old);
    if context.confirms(&format!("Remove {what}?"))? != Some(true) {
        return Err(UsageError::new(format!("{what}: nothing was removed"), "add --yes to remove them").into());
    }
    let mut removed = 0;
    for run in &old {
        removed += u64::from(store.remove_finished(&run.name, age)?);
    }
    context.stderr.note(&match removed {
        1 => "1 run is removed".to_owned(),
        _ => format!("{removed} runs are removed"),
    });
    Ok(ExitCode::Success)
}

/// Says what goes with these runs: what keeps people from being written to twice, where it still would, and what nobody has
/// decided yet.
fn warn_of_memory(context: &Context, runs: &[RunOverview]) {
    let now = now();
    let rows: u64 = runs.iter().map(|run| run.remembered(now)).sum();
    if rows > 0 {
        let (messages, them) = (counted(rows, "message"), if rows == 1 { "it" } else { "them" });
        context.stderr.warning(&format!(
            "{messages} went out, or may have: once that is removed, nothing keeps a later run from sending {them} again"
        ));
    }
    for run in runs.iter().filter(|run| undecided(&run.counts()) > 0 && !run.details.sandbox) {
        let (name, messages) = (&run.name, counted(undecided(&run.counts()), "message"));
        context.stderr.warning(&format!(
            "run {name}: {messages} may have been sent, and to whom is known here alone; to keep the list: jelouctl bulk \
             report {name} --state unknown --state inflight --file {name}.csv"
        ));
    }
}

fn undecided(counts: &Counts) -> u64 {
    counts.unknown + counts.inflight
}
