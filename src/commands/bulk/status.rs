//! `bulk status`: the state of one run, even while it is sent.

use clap::Args;
use serde_json::{Value, json};

use super::hours::waiting;
use super::store::{find_or_newest, open_store};
use super::summary::{RunSummary, print_summary, to_continue};
use super::words::{deliveries_as_json, deliveries_in_words, local_time, report_damage, since_when, utc};
use crate::commands::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::{LedgerError, LedgerStore, Run, RunEvent, RunEventKind, RunName, RunWorker};
use crate::timestamps::{local_second, of_milliseconds};

/// A live process reports more often than this, in seconds.
const QUIET_S: f64 = 5.0;

/// The process that sends the run, or why none does.
#[derive(Default)]
struct Standing {
    fields: Vec<(&'static str, Value)>,
    /// Lines after the figures.
    lines: Vec<String>,
    /// Why it is not being sent, or will stop soon.
    halt: Option<String>,
}

/// Show the state of a run, also while it is running
#[derive(Args, Debug)]
pub(crate) struct BulkStatusArgs {
    /// Name of the run [default: the newest one]
    ///
    /// A run on the sandbox is the default only if there is no other.
    run: Option<RunName>,
}

/// Prints the run in figures, even while it is sent.
pub(crate) fn run(context: &Context, args: &BulkStatusArgs) -> Result<ExitCode, CommandError> {
    let store = open_store(context)?;
    let name = find_or_newest(context, &*store, args.run.as_ref())?;
    // Checked before the ledger is read: a process that ends in between has written everything by then.
    let is_held = store.is_held(&name);
    let run = store.read(&name)?;
    let (details, created_at, changed_at) = (run.details()?, run.created_at()?, run.changed_at()?);
    let shared = if run.is_shared() { Some(of_shared(&*run)?) } else { None };
    let (deliveries, last) = (run.delivery_counts()?, run.events()?.pop());
    let summary = RunSummary::of(run, details.written_to, is_held)?;
    let is_finished = summary.is_complete();
    let is_running = is_held && !is_finished;
    let standing = shared.unwrap_or_else(|| of_single(&*store, &name, is_running));
    let may_wait = is_running && summary.counts.pending > 0;
    let waiting = if may_wait { waiting(&details) } else { None };
    let mut json = summary.to_json(Some(&name));
    let fields = [
        ("damaged", json!(summary.damage.as_ref().map(ToString::to_string))),
        ("kind", json!(details.kind)),
        ("profile", json!(details.profile)),
        ("bot_id", json!(details.bot)),
        ("api_url", json!(details.api_url)),
        ("created_at", json!(utc(created_at))),
        ("changed_at", json!(utc(changed_at))),
        ("running", json!(is_running)),
        ("hours", json!(details.conditions.hours)),
        ("waiting", json!(waiting)),
        ("deliveries", json!(deliveries.as_ref().map(deliveries_as_json))),
    ];
    if let Value::Object(json) = &mut json {
        json.extend(fields.into_iter().chain(standing.fields).map(|(key, value)| (key.to_owned(), value)));
    }
    let mut words = vec![format!("run {name}: {}, begun {}", details.description(), local_time(created_at))];
    words.extend(summary.words(None));
    words.extend(deliveries.as_ref().map(deliveries_in_words));
    words.extend(standing.lines);
    words.push(match (standing.halt, &waiting) {
        _ if summary.is_cancelled => format!("cancelled, last changed {}", local_time(changed_at)),
        _ if is_finished => format!("complete, last changed {}", local_time(changed_at)),
        (Some(halt), _) => halt,
        _ if summary.damage.is_some() => "its ledger is damaged".to_owned(),
        (None, Some(waiting)) => format!("it waits {}", waiting.shown),
        (None, _) if is_running => format!("a process is sending it; to stop it: jelouctl bulk stop {name}"),
        (None, _) => last_words(last.as_ref()),
    });
    print_summary(context, &json, &words, Some(&name))?;
    if context.stdout.wants_words() && !is_running {
        let to_continue = (!is_finished && summary.damage.is_none()).then(|| to_continue(&name));
        to_continue.into_iter().chain(summary.ways_on(&name, &details)).for_each(|way| context.stderr.note(&way));
    }
    Ok(report_damage(context, &name, summary.damage.as_ref()))
}

/// Why no process sends the run any more, by its last event.
fn last_words(last: Option<&RunEvent>) -> String {
    let Some(RunEvent { kind, at, reason, problem, .. }) = last else { return "no process has sent it yet".to_owned() };
    let why = problem.as_ref().or(reason.as_ref()).map(|why| format!(": {why}")).unwrap_or_default();
    match kind {
        RunEventKind::Paused => format!("paused at {}{why}", local_time(*at)),
        RunEventKind::Stopped => format!("stopped at {}{why}", local_time(*at)),
        RunEventKind::Begun | RunEventKind::Resumed | RunEventKind::Waiting => {
            "no process is sending it; the last one did not record why it ended, as when it is killed".to_owned()
        }
        RunEventKind::Cancelled | RunEventKind::Ended => "no process is sending it".to_owned(),
    }
}

/// The state of a run that only one process may send.
fn of_single(store: &dyn LedgerStore, name: &RunName, is_running: bool) -> Standing {
    let is_stopping = is_running && store.is_stopping(name);
    Standing {
        fields: vec![("stopping", json!(is_stopping))],
        halt: is_stopping.then(|| "it is stopping, as `jelouctl bulk stop` asks".to_owned()),
        ..Standing::default()
    }
}

/// The state of a run that several processes may send, with those processes.
fn of_shared(run: &dyn Run) -> Result<Standing, LedgerError> {
    let (paused, workers) = (run.pause()?, run.workers()?);
    let pause = paused
        .as_ref()
        .map(|paused| json!({ "reason": paused.pause.reason.name(), "by": paused.pause.by, "at": utc(paused.at) }));
    Ok(Standing {
        fields: vec![("paused", json!(pause)), ("workers", json!(workers))],
        lines: workers.iter().map(in_words).collect(),
        halt: paused.as_ref().map(since_when),
    })
}

/// `db-2 pid 812, heard of 0.4 s ago: 3120 sent, 16 under way`
fn in_words(RunWorker { host, pid, seen_s, inflight, lost_at, is_lost, sent, .. }: &RunWorker) -> String {
    let lost = match lost_at.map(of_milliseconds) {
        Some(_) if *is_lost => "; they count as unknown".to_owned(),
        Some(at) if *seen_s > QUIET_S => {
            format!("; unless it is heard of again, they count as unknown at {}", local_second(at))
        }
        _ => String::new(),
    };
    format!("{host} pid {pid}, heard of {seen_s} s ago: {sent} sent, {inflight} under way{lost}")
}
