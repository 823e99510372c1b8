//! `bulk status`: the state of one run, even while it is sent.

use clap::Args;
use jiff::tz::TimeZone;
use serde_json::json;

use super::delivery_counts::{deliveries_in_words, utc};
use super::list::overview_as_json;
use crate::base::exit::ExitCode;
use crate::base::timestamps::time_in;
use crate::command_error::CommandError;
use crate::commands::bulk::pauses::{report_stale, since_when};
use crate::commands::bulk::summary::{RunSummary, print_run, to_continue};
use crate::commands::bulk::waiting::waiting;
use crate::commands::bulk::zone::zone_of_run;
use crate::commands::store::{find_or_newest, open_store};
use crate::jelou::message::merge;
use crate::runs::ledger::{RunEvent, RunName, RunOverview, RunWorker};
use crate::sender::context::Context;

/// Show the state of a run, even while it is in progress
#[derive(Args, Debug)]
pub(crate) struct BulkStatusArgs {
    /// Name of the run [default: the newest one]
    ///
    /// With --sandbox, sandbox runs come first; without it, they come last.
    run: Option<RunName>,
}

/// Prints the numbers of a run, even while it is in progress.
pub(crate) fn run(context: &Context, args: &BulkStatusArgs) -> Result<ExitCode, CommandError> {
    let store = open_store(context)?;
    let run = find_or_newest(context, &store, args.run.as_ref())?;
    let name = run.name();
    // Checked before the rows are read: a process that exits in between has written all its rows.
    let is_running = run.is_running()?;
    let overview = RunOverview {
        is_running,
        ..RunOverview::read(&run)?
    };
    let last = run.events()?.pop();
    let RunOverview {
        details,
        created_at,
        changed_at,
        deliveries,
        ..
    } = &overview;
    let zone = zone_of_run(context, None, details)?;
    let paused = run.pause()?;
    let workers = run.workers()?;
    let summary = RunSummary::new(&run, details)?;
    let is_finished = summary.is_complete();
    let is_running = is_running && !is_finished;
    let may_wait = is_running && paused.is_none() && summary.counts.pending > 0;
    let waiting = if may_wait {
        waiting(&run, details, &zone)?
    } else {
        None
    };
    let pause = paused.as_ref().map(
        |paused| json!({ "reason": paused.reason.name(), "by": paused.by, "at": utc(paused.at) }),
    );
    let hours = &details.conditions.hours;
    let per_day = details.conditions.per_day;
    let more = json!({ "running": is_running, "hours": hours, "per_day": per_day, "paused": pause, "workers": workers });
    let mut json = overview_as_json(&overview, waiting.as_ref());
    merge(&mut json, more);
    merge(&mut json, summary.to_json());
    let mut words = vec![format!(
        "run {name}: {}, begun {}",
        details.description(),
        time_in(&zone, *created_at)
    )];
    words.extend(summary.words(None));
    words.extend(
        deliveries
            .as_ref()
            .map(|counts| deliveries_in_words(counts, &zone)),
    );
    words.extend(workers.iter().map(in_words));
    words.push(match (&paused, &waiting) {
        _ if summary.is_cancelled => {
            format!("cancelled, last changed {}", time_in(&zone, *changed_at))
        }
        _ if is_finished => format!("complete, last changed {}", time_in(&zone, *changed_at)),
        (Some(paused), _) => since_when(paused, &zone),
        _ if summary.stale.is_some() => "the run is stale and sends nothing".to_owned(),
        (None, Some(waiting)) => format!("waiting {}", waiting.shown),
        (None, _) if is_running => {
            format!("a process is sending it; to stop it: jelouctl bulk stop {name}")
        }
        (None, _) => describe_last_event(last.as_ref(), &zone),
    });
    print_run(context, Some(name), &json, &words)?;
    if context.stdout.wants_words() && !is_running {
        if !is_finished && summary.stale.is_none() {
            context.stderr.note(&to_continue(name));
        }
        summary.tell_ways_on(context, name);
    }
    Ok(report_stale(context, name, summary.stale.as_ref()))
}

/// Why no process sends the run, by its last event: `no process is sending it; stopped at 2026-11-20 10:15 -05:00: SIGINT`
fn describe_last_event(last: Option<&RunEvent>, zone: &TimeZone) -> String {
    let Some(RunEvent {
        kind,
        at,
        reason,
        problem,
        ..
    }) = last
    else {
        return "no process has sent it yet".to_owned();
    };
    let why = problem
        .as_ref()
        .or(reason.as_ref())
        .map(|why| format!(": {why}"))
        .unwrap_or_default();
    format!(
        "no process is sending it; {} at {}{why}",
        kind.name(),
        time_in(zone, *at)
    )
}

/// `db-2 pid 812, seen 0.4 s ago: 3120 sent, 16 in flight`
fn in_words(
    RunWorker {
        host,
        pid,
        seen_s,
        inflight,
        sent,
        ..
    }: &RunWorker,
) -> String {
    format!("{host} pid {pid}, seen {seen_s} s ago: {sent} sent, {inflight} in flight")
}
