//! `bulk resume` continues a run. It needs no input and no message, and sends only as the sender who began it. It asks the
//! user, and lifts a pause.

use std::time::Duration;

use clap::{Args, ValueHint};

use super::active_run::ActiveRun;
use super::confirm::{ask, draw, duration, excluding, is_asked, print_lines, print_message};
use super::continued_run::{
    OpenedRun, Resumption, chosen_flags, continue_run, recheck_pending_rows, report_if_cancelled,
};
use super::options::{
    ContinueOptions, EarlierOptions, HoursOptions, RARE, RUN, RunOptions, WorkOptions,
    describe_run_default, run_messaging_limit,
};
use super::run_log::log_refused_run;
use super::summary::report_closed;
use crate::base::exit::ExitCode;
use crate::base::input::{Source, UsageError};
use crate::base::message::msg;
use crate::base::output::duration_value;
use crate::base::process::block_on;
use crate::command_error::{CommandError, Phase};
use crate::jelou::message::MessageKind;
use crate::runs::cost::RunCost;
use crate::runs::hours::HoursBase;
use crate::runs::ledger::{LedgerError, ResumeOptions, Run, RunConditions, RunName, RunSettings};
use crate::sender::OpenWindows;
use crate::sender::context::Context;

/// From this age on, a script must confirm the run explicitly.
const MUST_BE_CONFIRMED: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Continue a run that was stopped, paused or killed
///
/// Examples:
///   jelouctl bulk resume
///   jelouctl bulk resume people-20261120-101500 --rate 2/s
///
/// At a terminal, shows the next message and asks, as `bulk send` does. Elsewhere, continues immediately,
/// but needs --yes if the run has not changed for three days. Does not send unknown rows again: see
/// `bulk resolve`.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment, mut_args(describe_run_default))]
pub(crate) struct BulkResumeArgs {
    /// Name of the run [default: the only unfinished one]
    ///
    /// Without --sandbox, sandbox runs are not the default.
    run: Option<RunName>,

    #[command(flatten)]
    options: RunOptions,

    #[command(flatten)]
    hours: HoursOptions,

    #[command(flatten)]
    earlier: EarlierOptions,

    #[command(flatten)]
    continued: ContinueOptions,

    /// Skip the recipients in this file (repeatable)
    ///
    /// A file with one number, user id or `id:USER` per line, or a list file with a header.
    #[arg(long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    exclude: Vec<Source>,

    /// Send a stale run, even if recipients could get its messages twice
    ///
    /// A run is stale if its ledger was copied or restored: its unsent messages may have been sent. To
    /// accept the whole ledger, use `jelouctl ledger accept`.
    #[arg(long, help_heading = RUN)]
    accept_stale: bool,

    #[command(flatten, next_help_heading = RARE)]
    work: WorkOptions,
}

pub(crate) fn run(context: &mut Context, args: &BulkResumeArgs) -> Result<ExitCode, CommandError> {
    let ended = resume(context, args).map_err(|error| error.in_phase(Phase::Resuming));
    log_refused_run(context, args.run.as_ref(), &ended);
    ended
}

fn resume(context: &mut Context, args: &BulkResumeArgs) -> Result<ExitCode, CommandError> {
    let name = args.run.as_ref();
    let opened = OpenedRun::open(
        context,
        name,
        args.accept_stale,
        &args.continued,
        &args.exclude,
    )?;
    let Some(opened) = opened else {
        context
            .stderr
            .note(msg!("nothing to resume: no unfinished runs"));
        context.stdout.outcome(ExitCode::Success, None);
        return Ok(ExitCode::Success);
    };
    let conditions = resumed_conditions(args, &opened)?;
    args.hours
        .warn_about_past_days(conditions.hours.as_ref(), &context.stderr);
    let new_conditions = Some(&conditions).filter(|new| **new != opened.settings.conditions);
    let settings = args.work.over(RunSettings {
        rate: args.options.rate.unwrap_or(opened.settings.rate),
        conditions: conditions.clone(),
        ..opened.settings.clone()
    });
    let age = age(&opened.run)?;
    let asks = check_age(context, &opened, age)?;
    let accepted = opened.accepted.clone();
    let overrides: Vec<_> = opened
        .overrides
        .iter()
        .copied()
        .chain(typed_overrides(args))
        .collect();
    let paused = opened.run.prepare()?;
    let mut active = opened.activate(context, settings, &args.exclude, args.hours.replaced())?;
    if let Some(code) = report_if_cancelled(context, &active)? {
        return Ok(code);
    }
    let windows = recheck_pending_rows(context, &mut active, paused.as_ref())?;
    if asks && active.run.pending()? > 0 {
        ask_to_resume(context, &mut active, age, windows.as_ref())?;
    }
    let resumption = Resumption {
        seen: paused.as_ref(),
        options: ResumeOptions {
            accepted: accepted.as_ref(),
            rate: args.options.rate,
            conditions: new_conditions,
        },
    };
    block_on(continue_run(
        context,
        active,
        &args.work,
        Some(resumption),
        &overrides,
    ))
}

/// Returns the typed flags that set aside rules of the run.
fn typed_overrides(args: &BulkResumeArgs) -> impl Iterator<Item = &'static str> {
    let hours = &args.hours;
    chosen_flags([
        ("--again", args.earlier.again),
        ("--between", !hours.between.is_empty()),
        ("--time-zone", hours.time_zone.is_some()),
        ("--per-day", hours.per_day.is_some()),
        ("--keep-going", args.options.keep_going),
        ("--unchecked", args.work.unchecked),
    ])
}

/// Returns the time since the run last changed.
fn age(run: &Run) -> Result<Duration, LedgerError> {
    let age = run.ledger().now()?.saturating_sub(run.changed_at()?);
    Ok(Duration::from_millis(
        u64::try_from(age).unwrap_or_default(),
    ))
}

/// Returns the conditions of the resumed run: typed flags replace the run's own.
fn resumed_conditions(
    args: &BulkResumeArgs,
    opened: &OpenedRun,
) -> Result<RunConditions, CommandError> {
    let run = &opened.run;
    let kept = &opened.settings.conditions;
    let base = kept.hours.as_ref().map(HoursBase::from);
    let hours = args.hours.over(base.unwrap_or_default(), false)?;
    if let Some(key) = kept.once.as_ref().filter(|_| args.earlier.again) {
        let message = msg!(
            "run {run} has the key {key}: its recipients get at most one message",
            run = run.name(),
            key
        );
        return Err(UsageError::new(message, msg!("remove --again")).into());
    }
    let per_day = match MessageKind::from_name(&opened.settings.kind) {
        Some(kind) => run_messaging_limit(args.hours.per_day, kept.per_day, &kind)?,
        None => kept.per_day,
    };
    Ok(args.options.conditions(hours, per_day, &args.earlier, kept))
}

/// Refuses an old run if the command cannot ask, because it may have been forgotten. Returns whether to ask.
fn check_age(context: &Context, opened: &OpenedRun, age: Duration) -> Result<bool, CommandError> {
    let is_old = !opened.settings.sandbox && age >= MUST_BE_CONFIRMED;
    let can_ask = !context.assume_yes && context.can_ask();
    let asks = is_asked(context, &opened.sender) || is_old && can_ask;
    let is_confirmed = context.assume_yes || opened.accepted.is_some();
    if asks || !is_old || is_confirmed {
        return Ok(asks);
    }
    let rows = opened.run.pending()?;
    if rows == 0 {
        return Ok(false);
    }
    let run = opened.run.name();
    Err(CommandError::guard(
        msg!(
            "run {run} last changed {age} ago, and {rows} {rows|message is|messages are} not sent yet",
            run,
            age = duration_value(age),
            rows
        ),
        msg!(
            "to send the rest: --yes; to cancel the run: jelouctl bulk cancel {run}",
            run
        ),
    ))
}

/// Asks whether to send the rest of the run, which last changed `age` ago.
fn ask_to_resume(
    context: &Context,
    active: &mut ActiveRun,
    age: Duration,
    windows: Option<&OpenWindows>,
) -> Result<(), CommandError> {
    let rows = active.run.pending()?;
    report_before(context, active)?;
    let run = active.run.name();
    let age = duration_value(age);
    let from = active.sender.description();
    let to = active.sender.planned_base().to_string();
    let question = if active.run.stale_reason()?.is_some() {
        msg!(
            "Run {run} last changed {age} ago. Up to {rows} {rows|message|messages} may already have been sent. \
             Send {rows} {rows|message|messages} from {from} to {to}?",
            run,
            age,
            rows,
            from,
            to
        )
    } else {
        msg!(
            "Run {run} last changed {age} ago. Send {rows} {rows|message|messages} from {from} to {to}?",
            run,
            age,
            rows,
            from,
            to
        )
    };
    ask(context, rows, question)?;
    // The command may have waited hours for the answer.
    active.run = active.run.reconnected()?;
    active.apply_rules(context, &active.run, windows)
}

/// Prints what the run still has to send, at a terminal, before the question.
fn report_before(context: &Context, active: &ActiveRun) -> Result<(), CommandError> {
    if context.stderr.is_quiet() {
        return Ok(());
    }
    let settings = &active.settings;
    let pending = active.run.counts()?.pending;
    draw_first_left(context, active, pending)?;
    let hours = active.sending_hours()?;
    let limit = active.profile_limit(&active.sender.settings);
    let duration = duration(pending, settings, &hours, &active.sender)
        .filter(|_| settings.conditions.per_day.or(limit).is_none());
    let spent = active.run.spent()?.as_ref().map(RunCost::describe);
    let lines = excluding(&active.exclusions).into_iter().chain(spent);
    print_lines(context, lines.chain(duration));
    report_closed(context, &hours);
    Ok(())
}

fn draw_first_left(context: &Context, active: &ActiveRun, pending: u64) -> Result<(), LedgerError> {
    let first = active.run.pending_after(0, 1)?.pop();
    let (Some(first), Some(kind)) = (first, MessageKind::from_name(&active.settings.kind)) else {
        return Ok(());
    };
    let line = first.line;
    let recipient = &first.recipient;
    let title = if pending == 1 {
        msg!(
            "the unsent message, line {line}, as {recipient} would see it:",
            line,
            recipient
        )
    } else {
        msg!(
            "the first unsent message, line {line}, as {recipient} would see it:",
            line,
            recipient
        )
    };
    let lines = draw(&kind, &first.body, &active.settings, context.lang())?;
    print_message(context, title, &lines, None);
    Ok(())
}
