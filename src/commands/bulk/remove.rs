//! `bulk remove`: forgets a run, or finished runs of some age.

use super::store::open_store;
use super::times::local_time;
use crate::bulk::{Counts, LedgerError, RunAge, RunId, RunLock, RunName, RunOverview, RunStore, Runs, SharedRuns, now};
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
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
    let counts = store.read(&name).and_then(|run| run.counts());
    let what = match counts.map(|counts| (counts.pending, counts.inflight + counts.unknown, counts.is_finished())) {
        Ok((_, _, true)) => "which is complete".to_owned(),
        Ok((pending, 0, false)) => format!("of which {} still to be sent", counted_are(pending, "message")),
        Ok((pending, unknown, false)) => {
            format!("of which {} still to be sent and {unknown} may have been sent", counted_are(pending, "message"))
        }
        Err(error) => format!("whose ledger cannot be read ({error})"),
    };
    if let Ok(overview) = store.overview(&name) {
        warn_of_memory(context, &[overview]);
    }
    if context.confirms(&format!("Remove run {name}, {what}?"))? != Some(true) {
        return Err(UsageError::new(format!("run {name}, {what}, was not removed"), "add --yes to remove it").into());
    }
    run.remove(&name)?;
    context.stderr.note(&format!("run {name} is removed"));
    Ok(ExitCode::Success)
}

/// Removes the finished runs in which nothing has changed for so long.
pub(crate) fn older_than(context: &Context, age: RunAge) -> Result<ExitCode, CommandError> {
    let store = open_store(context)?;
    let old = store.finished_for(age, |name, error| {
        context.stderr.warning(&format!("run {name} is left alone: {error}"));
    })?;
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
    let rows: u64 = runs.iter().map(remembered).sum();
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

/// Rows that a new run would still be compared with: of those under way it is whatever their age.
fn remembered(run: &RunOverview) -> u64 {
    let Counts { sent, unknown, inflight, .. } = run.counts();
    let age = u128::try_from(now().saturating_sub(run.changed_at)).unwrap_or_default();
    if run.details.sandbox {
        0
    } else if age < run.details.remember.as_millis() {
        sent + unknown + inflight
    } else {
        inflight
    }
}

fn undecided(counts: &Counts) -> u64 {
    counts.unknown + counts.inflight
}
