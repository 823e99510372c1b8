//! `bulk remove`: removes a run, or finished runs of some age.

use std::time::Duration;

use clap::Args;

use super::run_log::{change_fields, log_of_run};
use super::summary::{joined_counts, may_have_been_sent, not_sent_yet};
use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::timestamps::{parse_duration, time_value};
use crate::command_error::CommandError;
use crate::commands::confirm;
use crate::commands::open_ledger::open_ledger;
use crate::commands::zone::profile_zone;
use crate::runs::ledger::{Counts, Ledger, LedgerError, LedgerErrorKind, RunName, RunOverview};
use crate::runs::once::OnceScope;
use crate::sender::context::Context;

/// Remove a run or old runs, with all records (asks first)
///
/// Examples:
///   jelouctl bulk remove people-20261120-101500
///   jelouctl bulk remove --older-than 90d --yes
///
/// To remove an unfinished run, pass its name. jelouctl cannot find duplicates of a removed run: sending its list again repeats the messages.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
#[group(required = true, multiple = false)]
pub(crate) struct BulkRemoveArgs {
    /// Name of the run
    run: Option<RunName>,

    /// Remove finished runs that have not changed for this long, such as 90d
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<Duration>,
}

/// Reads a value of `--older-than`. A number without a unit is ambiguous, and an age of zero means every run.
fn age(raw: &str) -> Result<Duration, Message> {
    let is_allowed = |age: Duration| !age.is_zero();
    parse_duration(raw, is_allowed, |shown| {
        msg!("`{shown}` is not a duration such as 90d, 12h or 30m", shown)
    })
}

pub(crate) fn run(context: &mut Context, args: &BulkRemoveArgs) -> Result<ExitCode, CommandError> {
    let ledger = open_ledger(context)?;
    let chosen = match (&args.run, args.older_than) {
        (Some(name), _) => choose_run(&ledger, name)?,
        (None, Some(age)) => choose_old_runs(context, &ledger, age)?,
        // clap does not allow a command line without either.
        (None, None) => {
            let hint = msg!(
                "to remove one run: jelouctl bulk remove RUN; to remove old runs: --older-than 90d"
            );
            return Err(UsageError::new(msg!("no run is named"), hint).into());
        }
    };
    let ChosenRuns { runs, what } = chosen;
    if runs.is_empty() {
        context.stderr.note(msg!("no finished run is that old"));
        return Ok(ExitCode::Success);
    }
    warn_about_duplicates(context, &runs);
    let question = msg!("Remove {what}?", what);
    let refusal = msg!("{what}: nothing was removed", what);
    confirm(context, question, refusal)?;
    // The command may have waited hours for the answer.
    let ledger = ledger.reconnected()?;
    for run in &runs {
        remove(context, &ledger, run, args.older_than.is_some())?;
    }
    Ok(ExitCode::Success)
}

/// The runs to remove.
struct ChosenRuns {
    runs: Vec<RunOverview>,
    /// A description of the runs.
    what: Message,
}

fn choose_run(ledger: &Ledger, name: &RunName) -> Result<ChosenRuns, LedgerError> {
    let run = ledger.run(name)?;
    run.require_change()?;
    let run = RunOverview::read(&run)?;
    if run.is_running {
        return Err(LedgerError::in_use(&run.name, None));
    }
    Ok(ChosenRuns {
        what: describe_removed_run(&run),
        runs: vec![run],
    })
}

/// Prints and returns the finished runs that have not changed for this time.
fn choose_old_runs(
    context: &Context,
    ledger: &Ledger,
    age: Duration,
) -> Result<ChosenRuns, CommandError> {
    let runs = ledger.finished_for(age)?;
    let zone = profile_zone(context, None)?;
    for run in &runs {
        context.stderr.note(msg!(
            "{run}: {rows} {rows|row|rows}, last changed {time}",
            run = run.name,
            rows = run.counts.all(),
            time = time_value(&zone, run.changed_at)
        ));
    }
    Ok(ChosenRuns {
        what: msg!("{runs} finished {runs|run|runs}", runs = runs.len()),
        runs,
    })
}

/// Removes a run, unless it has changed since it was chosen: one of several is then left.
fn remove(
    context: &mut Context,
    ledger: &Ledger,
    run: &RunOverview,
    is_of_several: bool,
) -> Result<(), LedgerError> {
    let name = &run.name;
    let removed = ledger
        .run(name)
        .and_then(|found| found.remove(run.changed_at));
    if let Err(LedgerError {
        kind: LedgerErrorKind::InUse | LedgerErrorKind::Choice,
        ..
    }) = removed
        && is_of_several
    {
        context.stderr.note(msg!(
            "did not remove run {run}: it has changed or no longer exists",
            run = name
        ));
        return Ok(());
    }
    removed?;
    let change = change_fields(ledger, name, &run.details, "removed", None);
    let log = log_of_run(context, &run.details);
    log.add(&context.stderr, "change", "bulk remove", change);
    context.stderr.note(if let Some(OnceScope { key, .. }) = run.details.scope() {
        msg!(
            "run {run} is removed; the ledger still records who got, or may have got, a message with key {key}",
            run = name,
            key
        )
    } else {
        msg!("run {run} is removed", run = name)
    });
    Ok(())
}

/// Describes what is removed with a run: ` (5 not sent yet, 4 may have been sent)`; empty for a
/// complete run.
fn describe_removed_run(run: &RunOverview) -> Message {
    let counts = joined_counts([
        (run.counts.pending, not_sent_yet(run.counts.pending)),
        (
            undecided(&run.counts),
            may_have_been_sent(undecided(&run.counts)),
        ),
    ]);
    let stale = run.stale.as_ref().map(|stale| stale.message.clone());
    let facts: Vec<_> = counts.into_iter().chain(stale).collect();
    let name = &run.name;
    if facts.is_empty() {
        return msg!("run {run}", run = name);
    }
    let facts = Message::joined(facts, "; ");
    msg!("run {run} ({facts})", run = name, facts)
}

/// Warns of what is lost with these runs: the protection from duplicates, and the records of undecided rows.
fn warn_about_duplicates(context: &Context, runs: &[RunOverview]) {
    let rows: u64 = runs.iter().map(RunOverview::remembered).sum();
    if rows > 0 {
        let has_keys = runs.iter().any(|run| run.details.scope().is_some());
        context.stderr.warning(if has_keys {
            msg!(
                "{rows} {rows|message was|messages were} or may have been sent: after the removal, a later run \
                 without the key can send {rows|it|them} again",
                rows
            )
        } else {
            msg!(
                "{rows} {rows|message was|messages were} or may have been sent: after the removal, a later run \
                 can send {rows|it|them} again",
                rows
            )
        });
    }
    for run in runs
        .iter()
        .filter(|run| undecided(&run.counts) > 0 && !run.details.sandbox)
    {
        let name = &run.name;
        context.stderr.warning_with_hint(
            msg!(
                "run {run}: {messages} {messages|message|messages} may have been sent, and only this run records them",
                run = name,
                messages = undecided(&run.counts)
            ),
            msg!(
                "to keep the list: jelouctl bulk report {run} --state unknown --state inflight --file {run}-unknown.csv",
                run = name
            ),
        );
    }
}

fn undecided(counts: &Counts) -> u64 {
    counts.unknown + counts.inflight
}
