//! `bulk remove`: forgets a run, or finished runs of some age.

use super::shared;
use super::store::open_store;
use super::times::local_time;
use crate::bulk::{Counts, Ledger, LedgerError, RunAge, RunName, RunOverview, RunStore, Runs, now};
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::output::counted;

/// Removes a run with all that is known of its rows.
pub(crate) fn run(context: &Context, asked: &RunName) -> Result<ExitCode, CommandError> {
    let runs = match open_store(context)? {
        RunStore::Files(runs) => runs,
        RunStore::Shared(runs) => return shared::remove(context, &runs, asked),
    };
    let name = runs.named(asked)?;
    let lock = runs.lock(&name)?;
    let counts = Ledger::read(&runs.path(&name)).and_then(|ledger| ledger.counts());
    let what = match counts.map(|counts| (counts.pending, counts.inflight + counts.unknown, counts.is_finished())) {
        Ok((_, _, true)) => "which is complete".to_owned(),
        Ok((pending, 0, false)) => format!("of which {} still to be sent", are(pending)),
        Ok((pending, unknown, false)) => {
            format!("of which {} still to be sent and {unknown} may have been sent", are(pending))
        }
        Err(error) => format!("whose ledger cannot be read ({error})"),
    };
    if let Ok(overview) = runs.overview(&name) {
        warn_of_memory(context, &[overview]);
    }
    if context.confirms(&format!("Remove run {name}, {what}?"))? != Some(true) {
        return Err(UsageError::new(format!("run {name}, {what}, was not removed"), "add --yes to remove it").into());
    }
    runs.remove(&name, lock)?;
    context.stderr.note(&format!("run {name} is removed"));
    Ok(ExitCode::Success)
}

/// Removes the finished runs in which nothing has changed for so long.
pub(crate) fn older_than(context: &Context, age: RunAge) -> Result<ExitCode, CommandError> {
    let runs = match open_store(context)? {
        RunStore::Files(runs) => runs,
        RunStore::Shared(_) => return Err(shared::only_in_files("--older-than").into()),
    };
    let mut old = runs.overviews(|name, error| {
        context.stderr.warning(&format!("run {name} is left alone: {error}"));
    })?;
    let is_old = |run: &RunOverview| run.is_finished() && age.has_passed(run.changed_at, now());
    old.retain(|run| !run.is_held && is_old(run));
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
        removed += u64::from(remove_finished(&runs, &run.name, age)?);
    }
    context.stderr.note(&match removed {
        1 => "1 run is removed".to_owned(),
        _ => format!("{removed} runs are removed"),
    });
    Ok(ExitCode::Success)
}

/// Removes the run, unless another process has it, or has gone on with it meanwhile.
fn remove_finished(runs: &Runs, name: &RunName, age: RunAge) -> Result<bool, LedgerError> {
    let lock = match runs.lock(name) {
        Err(LedgerError::InUse { .. }) => return Ok(false),
        lock => lock?,
    };
    let ledger = match Ledger::read(&runs.path(name)) {
        Err(_) if runs.is_removed(name) => return Ok(false),
        ledger => ledger?,
    };
    let is_old = ledger.finished_at()?.is_some_and(|at| age.has_passed(at, now()));
    drop(ledger);
    if is_old {
        runs.remove(name, lock)?;
    }
    Ok(is_old)
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

/// `1 message is`
fn are(rows: u64) -> String {
    format!("{} {}", counted(rows, "message"), if rows == 1 { "is" } else { "are" })
}
