//! `bulk status`: the state of one run, even while it is sent.

use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::list::overview_as_json;
use super::summary::{RunSummary, describe_deliveries, print_run, utc};
use super::summary::{
    describe_cancellation, hint_after_pause, report_stale, since_when, to_continue, waiting,
};
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{Waiting, duration_value};
use crate::base::timestamps::time_value;
use crate::command_error::CommandError;
use crate::commands::open_ledger::{find_or_newest, open_ledger_to_show};
use crate::commands::zone::run_zone;
use crate::jelou::message::merge;
use crate::runs::ledger::{Run, RunEvent, RunName, RunOverview, RunWorker};
use crate::sender::context::Context;

/// Show the state of a run, even while it is in progress
#[derive(Args, Debug)]
pub(crate) struct BulkStatusArgs {
    /// Name of the run [default: the newest one]
    ///
    /// Without --sandbox, sandbox runs are not the default.
    run: Option<RunName>,
}

/// Prints the numbers of a run, even while it is in progress.
pub(crate) fn run(context: &Context, args: &BulkStatusArgs) -> Result<ExitCode, CommandError> {
    let ledger = open_ledger_to_show(context)?;
    let run = find_or_newest(context, &ledger, args.run.as_ref())?;
    let status = RunStatus::read(context, &run)?;
    print_run(
        context,
        Some(run.name()),
        &status.to_json(),
        &status.describe(),
    )?;
    status.print_next_steps(context);
    let stale = status.summary.stale.as_ref();
    Ok(report_stale(context, run.name(), stale))
}

/// The state of one run.
struct RunStatus {
    overview: RunOverview,
    summary: RunSummary,
    waiting: Option<Waiting>,
    workers: Vec<RunWorker>,
    /// Who sends it or has sent it.
    senders: Vec<Message>,
    history: Vec<RunEvent>,
    last_event: Option<RunEvent>,
    zone: TimeZone,
}

impl RunStatus {
    fn read(context: &Context, run: &Run) -> Result<Self, CommandError> {
        // Checked before the rows are read: a process that exits in between has written all its rows.
        let is_running = run.is_running()?;
        let mut overview = RunOverview::read(run)?;
        let history = run.history()?;
        let last_event = run.events()?.pop();
        let zone = run_zone(context, None, &overview.details)?;
        let workers = run.workers()?;
        let summary = RunSummary::new(run, &overview.details)?;
        overview.is_running = is_running && !summary.is_complete();
        let may_wait =
            overview.is_running && overview.pause.is_none() && summary.counts.pending > 0;
        let waiting = if may_wait {
            waiting(run, &overview.details, &zone)?
        } else {
            None
        };
        Ok(Self {
            overview,
            summary,
            waiting,
            workers,
            senders: run.senders()?,
            history,
            last_event,
            zone,
        })
    }

    fn to_json(&self) -> Value {
        let conditions = &self.overview.details.conditions;
        let mut json = overview_as_json(&self.overview, self.waiting.as_ref());
        let more = json!({
            "running": self.overview.is_running,
            "hours": conditions.hours,
            "per_day": conditions.per_day,
            "workers": self.workers,
            "sent_by": self.senders,
            "events": self.history.iter().map(event_as_json).collect::<Vec<_>>(),
        });
        merge(&mut json, more);
        merge(&mut json, self.summary.to_json());
        json
    }

    fn describe(&self) -> Vec<Message> {
        let overview = &self.overview;
        let mut words = vec![msg!(
            "run {run}: {kind}, started {time}",
            run = overview.name,
            kind = overview.details.description(),
            time = time_value(&self.zone, overview.created_at)
        )];
        let by = &overview.created_by;
        words.push(match self.senders.as_slice() {
            [] => msg!("created by {by}", by),
            senders => msg!(
                "created by {by}; sent by {senders}",
                by,
                senders = Message::joined(senders.to_vec(), ", ")
            ),
        });
        words.extend(self.summary.describe(None));
        let deliveries = overview.deliveries.as_ref();
        words.extend(deliveries.map(|counts| describe_deliveries(counts, &self.zone)));
        words.extend(self.workers.iter().map(describe_worker));
        words.push(self.state_in_words());
        words
    }

    fn state_in_words(&self) -> Message {
        if let Some(cancellation) = &self.summary.cancellation {
            return describe_cancellation(cancellation, &self.zone);
        }
        match (&self.overview.pause, &self.waiting) {
            _ if self.summary.is_complete() => msg!(
                "complete, last changed {time}",
                time = time_value(&self.zone, self.overview.changed_at)
            ),
            (Some(pause), _) => since_when(pause, &self.zone),
            _ if self.summary.stale.is_some() => msg!("the run is stale and sends nothing"),
            (None, Some(waiting)) => msg!("waiting {until}", until = waiting.duration_text),
            (None, _) if self.overview.is_running => msg!(
                "a process is sending it; to stop it: jelouctl bulk stop {run}",
                run = self.overview.name
            ),
            (None, _) => describe_last_event(self.last_event.as_ref(), &self.zone),
        }
    }

    /// Prints at a terminal how to continue the run, and what to do about its rows.
    fn print_next_steps(&self, context: &Context) {
        if !context.stdout.wants_words() || self.overview.is_running {
            return;
        }
        let name = &self.overview.name;
        if !self.summary.is_complete() && self.summary.stale.is_none() {
            let hint = match &self.overview.pause {
                Some(pause) => hint_after_pause(pause.reason, name, &self.overview.details),
                None => to_continue(name),
            };
            context.stderr.note(hint);
        }
        self.summary.print_next_steps(context, name);
    }
}

fn event_as_json(event: &RunEvent) -> Value {
    json!({
        "event": event.kind.name(),
        "at": utc(event.at),
        "by": event.by,
        "reason": event.reason,
        "problem": event.problem.as_ref().map(ToString::to_string),
        "until": event.until.map(utc),
    })
}

/// Describes why no process sends the run, by its last event: `no process is sending it; stopped at
/// 2026-11-20 10:15 -05:00: SIGINT`
fn describe_last_event(last: Option<&RunEvent>, zone: &TimeZone) -> Message {
    let Some(event) = last else {
        return msg!("no process has sent it yet");
    };
    let what = event.kind.describe();
    let by = &event.by;
    let time = time_value(zone, event.at);
    let reason = event.reason.as_deref().map(|reason| match reason {
        "SIGINT" => Message::verbatim("Ctrl-C"),
        "unexpected" => msg!("an error of the program"),
        reason => Message::verbatim(reason),
    });
    match event.problem.clone().or(reason) {
        Some(why) => msg!(
            "no process is sending it; {what} at {time} by {by}: {why}",
            what,
            time,
            by,
            why
        ),
        None => msg!(
            "no process is sending it; {what} at {time} by {by}",
            what,
            time,
            by
        ),
    }
}

/// Describes a worker: `ana at db-2, pid 812, seen 0.4 s ago: 3120 sent, 16 in flight`
fn describe_worker(
    RunWorker {
        by,
        pid,
        seen_s,
        inflight,
        sent,
        ..
    }: &RunWorker,
) -> Message {
    msg!(
        "{by}, pid {pid}, seen {time} ago: {sent} sent, {inflight} in flight",
        by,
        pid,
        time = duration_value(Duration::try_from_secs_f64(*seen_s).unwrap_or_default()),
        sent,
        inflight
    )
}
