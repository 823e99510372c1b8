//! `bulk list`: all runs, newest first.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::summary::{deliveries_as_json, pause_as_json, report_stale, utc, waiting};
use crate::base::exit::ExitCode;
use crate::base::message::{Lang, Message, msg};
use crate::base::output::{OutputRow, Waiting, versioned};
use crate::base::timestamps::time_in_both;
use crate::command_error::CommandError;
use crate::commands::open_ledger::open_ledger_to_show;
use crate::commands::zone::profile_zone;
use crate::jelou::message::merge;
use crate::runs::ledger::{LedgerError, RunOverview, RunSettings};
use crate::sender::context::Context;

pub(crate) fn run(context: &Context) -> Result<ExitCode, CommandError> {
    let ledger = open_ledger_to_show(context)?;
    let runs = ledger.overviews()?;
    if runs.is_empty() {
        context.stderr.note(msg!("there are no runs"));
    }
    let zone = profile_zone(context, None)?;
    let waits = |run: &RunOverview| {
        if run.is_running && run.pause.is_none() {
            waiting(&ledger.run(&run.name)?, &run.details, &zone)
        } else {
            Ok(None)
        }
    };
    let lang = context.lang();
    let rows = runs
        .iter()
        .map(|run| Ok(row(run, waits(run)?.as_ref(), &zone, lang)));
    let rows: Vec<_> = rows.collect::<Result<_, LedgerError>>()?;
    context.stdout.rows(&header(), rows.into_iter())?;
    if let Err(error) = ledger.refuse_older_layout() {
        context.stderr.warning_with_hint(error.message, error.hint);
    }
    let mut code = ExitCode::Success;
    for run in runs.iter().filter(|run| run.stale.is_some()) {
        code = report_stale(context, &run.name, run.stale.as_ref());
    }
    Ok(code)
}

fn header() -> [Message; 11] {
    [
        msg!("RUN"),
        msg!("STARTED"),
        msg!("ROWS"),
        msg!("SENT{#rows}"),
        msg!("FAILED"),
        msg!("UNKNOWN"),
        msg!("SKIPPED"),
        msg!("LEFT"),
        msg!("KIND"),
        msg!("FROM"),
        msg!("CREATED BY"),
    ]
}

/// Returns the output row of a run, and what it is `waiting` for if a process is sending it.
fn row(run: &RunOverview, waiting: Option<&Waiting>, zone: &TimeZone, lang: Lang) -> OutputRow {
    let record = overview_as_json(run, waiting);
    OutputRow {
        id: Some(run.name.to_string()),
        words: describe_run(run, waiting, zone, lang),
        record,
    }
}

fn describe_run(
    run: &RunOverview,
    waiting: Option<&Waiting>,
    zone: &TimeZone,
    lang: Lang,
) -> Vec<String> {
    let counts = run.counts;
    let left = match (counts.count_open(), run.is_running) {
        _ if run.stale.is_some() => msg!("stale"),
        (0, _) if run.is_cancelled => msg!("cancelled"),
        (0, _) => Message::verbatim("-"),
        (left, _) if run.pause.is_some() => msg!("{left}, paused", left),
        (left, true) => match waiting {
            Some(waiting) => msg!("{left}, waits {until}", left, until = waiting.duration_text),
            None => msg!("{left}, running", left),
        },
        (left, false) => Message::verbatim(left.to_string()),
    };
    let figures = [
        counts.all(),
        counts.sent,
        counts.failed,
        counts.unknown,
        counts.skipped,
    ];
    let RunSettings {
        kind, bot, sandbox, ..
    } = &run.details;
    let from = if *sandbox {
        "sandbox".to_owned()
    } else {
        bot.clone()
    };
    let words = [
        run.name.to_string(),
        lang.pick(time_in_both(zone, run.created_at)),
    ];
    words
        .into_iter()
        .chain(figures.map(|count| count.to_string()))
        .chain([
            left.text(lang),
            kind.clone(),
            from,
            run.created_by.text(lang),
        ])
        .collect()
}

/// Returns a run as JSON; `bulk status` has it too.
pub(crate) fn overview_as_json(run: &RunOverview, waiting: Option<&Waiting>) -> Value {
    let details = &run.details;
    let mut overview = versioned(json!({
        "run": run.name.to_string(),
        "complete": run.is_finished(),
        "cancelled": run.is_cancelled,
        "stale": run.stale.as_ref().map(ToString::to_string),
        "running": run.is_running && !run.is_finished(),
        "paused": run.pause.as_ref().map(pause_as_json),
        "waiting": waiting,
        "created_by": run.created_by,
        "created_at": utc(run.created_at),
        "changed_at": utc(run.changed_at),
        "kind": details.kind,
        "profile": details.profile,
        "bot_id": details.bot,
        "api_url": details.api_url,
        "sandbox": details.sandbox,
        "rows": run.counts.all(),
        "deliveries": run.deliveries.as_ref().map(deliveries_as_json),
    }));
    merge(&mut overview, json!(run.counts));
    overview
}
