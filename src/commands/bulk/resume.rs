//! `bulk resume`: goes on with a run. It needs no input and no message, and sends as the one who began it, or not at all.

use super::arguments::{EarlierOptions, RunOptions};
use super::before::{refuse_templates, report_before_resume};
use super::begin::{confirm, is_asked};
use super::earlier::{self, Repetition};
use super::excluded_since::leave_out_of_file;
use super::hours::of_resumed_run;
use super::locked_run::LockedRun;
use crate::bulk::{Details, EarlierRuns, Ledger, RunLock, RunName, Runs};
use crate::commands::CommandError;
use crate::config::{ApiUrl, BotId, ConfigError, Environment, Rate};
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::hours::HoursChoice;
use crate::people::Exclusions;
use crate::process::block_on;
use crate::sending::{
    Connection, Interrupted, Opening, Sender, UnresolvedSender, add_do_not_contact, reread_do_not_contact,
};

pub(crate) fn run(
    context: &mut Context,
    runs: &Runs,
    asked: Option<&RunName>,
    options: RunOptions,
    hours: &HoursChoice,
    earlier: &EarlierOptions,
) -> Result<ExitCode, CommandError> {
    let unresolved = UnresolvedSender::claim(context)?;
    let Some(name) = runs.named_or_unfinished(asked)? else {
        context.stderr.note("no run is unfinished: there is nothing to resume");
        return Ok(ExitCode::Success);
    };
    let lock = runs.lock_to_send(&name)?;
    let ledger = Ledger::read(&runs.path(&name))?;
    // What was changed is compared with nothing that was typed.
    ledger.check_seal()?;
    let mut details = ledger.details()?;
    let conditions = of_resumed_run(hours, options.keep_going, earlier, &details.conditions)?;
    let is_changed = conditions != details.conditions;
    details.conditions = conditions;
    if let Some(environment) = unresolved.said().filter(|_| !details.sandbox) {
        refuse_environment(context, environment, &name, &details)?;
    }
    send_as_begun(context, &name, &details)?;

    let sender = sender_of_run(context, unresolved, &name, &details)?;
    let mut exclusions = Exclusions::default();
    add_do_not_contact(context, &mut exclusions, &sender.settings)?;
    leave_out_of_file(context, &runs.path(&name), &lock, &exclusions)?;
    if sender.settings.allow_to.is_some() {
        ledger.pending_requests::<CommandError>(|row| {
            Ok(sender.check_allowed(row.recipients()?.iter().map(String::as_str))?)
        })?;
    }
    if !details.sandbox {
        leave_out_sent(context, runs, (&name, &lock), &details, &ledger, &earlier.ignored_runs)?;
    }
    let pending = ledger.counts()?.pending;
    if pending > 0 && is_asked(context, &sender) {
        let rate = options.rate.map_or(details.rate, Rate::per_second);
        report_before_resume(context, &ledger, &details, rate)?;
        confirm(context, &sender, pending)?;
        // The question may have stood there for hours.
        leave_out_of_file(context, &runs.path(&name), &lock, &reread_do_not_contact(&sender.settings)?)?;
        if !details.sandbox {
            leave_out_sent(context, runs, (&name, &lock), &details, &ledger, &earlier.ignored_runs)?;
        }
    }
    let counts = ledger.counts()?;
    let has_work = counts.pending > 0;
    drop(ledger);
    let run = LockedRun { runs, name, details, is_changed, found: Some(counts), lock };
    block_on(async {
        match sender.connect(context).await? {
            Opening::Open(mut connection) => {
                if !options.unchecked && has_work {
                    check_templates(context, &sender, &mut connection, &run).await?;
                }
                run.send(context, &sender, connection, options).await
            }
            Opening::Interrupted(signal) => Err(Interrupted(signal).into()),
        }
    })
}

/// The templates of the rows that are left.
async fn check_templates(
    context: &Context,
    sender: &Sender,
    connection: &mut Connection,
    run: &LockedRun<'_>,
) -> Result<(), CommandError> {
    let requests = |each: &mut dyn FnMut(&str)| {
        Ledger::read(&run.runs.path(&run.name))?.pending_requests(|row| {
            each(&row.body);
            Ok(())
        })
    };
    refuse_templates(context, sender, connection, &run.details.templates, false, requests).await
}

/// Looks whether another run has sent meanwhile what this one has left.
fn leave_out_sent(
    context: &Context,
    runs: &Runs,
    (name, lock): (&RunName, &RunLock),
    details: &Details,
    ledger: &Ledger,
    ignored: &[RunName],
) -> Result<(), CommandError> {
    let repetition = Repetition::of(details.conditions.again, details.conditions.skip_sent);
    let created_at = ledger.created_at()?;
    let mut earlier = EarlierRuns::of_run(runs, (name, details), created_at, ignored);
    if earlier::compare_run(context, &mut earlier, ledger, name, repetition)? {
        let mut written = Ledger::resume(&runs.path(name), lock.mark()?)?;
        written.skip_earlier(ledger)?;
        written.close()?;
    }
    Ok(())
}

/// What the environment says holds where no flag says otherwise; it must be what the run was begun with.
fn refuse_environment(
    context: &Context,
    environment: &Environment,
    name: &RunName,
    run: &Details,
) -> Result<(), UsageError> {
    let flags = &context.flags;
    let url = environment.api_url.as_ref().map(|url| url.parse().map_or(url.clone(), |url: ApiUrl| url.to_string()));
    let profile = run.profile.as_deref().unwrap_or("none");
    for (variable, is_typed, of_run, given) in [
        ("JELOU_PROFILE", flags.profile.is_some(), profile, environment.profile.as_deref()),
        ("JELOU_BOT_ID", flags.bot.is_some(), &run.bot, environment.bot_id.as_deref()),
        ("JELOU_API_URL", flags.api_url.is_some(), &run.api_url, url.as_deref()),
    ] {
        // One final line break is no part of a value.
        let given = given.map(|given| given.strip_suffix('\n').unwrap_or(given));
        refuse_other(name, variable, of_run, given.filter(|_| !is_typed))?;
    }
    Ok(())
}

/// Takes profile, bot and address from the run; what was typed may say the same, but nothing else.
fn send_as_begun(context: &mut Context, name: &RunName, run: &Details) -> Result<(), CommandError> {
    let flags = &mut context.flags;
    let url = flags.api_url.as_ref().map(ToString::to_string);
    refuse_other(name, "--profile", run.profile.as_deref().unwrap_or("none"), flags.profile.as_deref())?;
    refuse_other(name, "--bot", &run.bot, flags.bot.as_ref().map(BotId::as_str))?;
    refuse_other(name, "--api-url", &run.api_url, url.as_deref())?;
    let broken = |problem| ConfigError::Variable { name: "the run", problem };
    flags.sandbox |= run.sandbox;
    flags.default_profile.clone_from(&run.profile);
    flags.bot = Some(run.bot.parse().map_err(broken)?);
    if !run.sandbox {
        flags.api_url = Some(run.api_url.parse().map_err(broken)?);
    }
    Ok(())
}

/// Who goes on with a run: with the credentials that it was begun with.
pub(crate) fn sender_of_run(
    context: &Context,
    unresolved: UnresolvedSender,
    name: &RunName,
    run: &Details,
) -> Result<Sender, CommandError> {
    let settings = unresolved.settings(context)?;
    if settings.is_sandboxed() && !run.sandbox {
        // The environment may say so too; what is sent there would count as sent to people.
        refuse_other(name, "the sandbox", &run.api_url, Some("the sandbox"))?;
    }
    let sender = Sender::of(settings, context)?;
    refuse_other(name, "client id", &run.client_id, Some(sender.client_id.as_str()))?;
    Ok(sender)
}

pub(crate) fn refuse_other(name: &RunName, what: &str, of_run: &str, given: Option<&str>) -> Result<(), UsageError> {
    match given {
        Some(given) if given != of_run => Err(UsageError::new(
            format!("{what}: run {name} was started with {of_run}, not with {given}"),
            "resume the run with the values that it was started with; nothing was sent",
        )),
        _ => Ok(()),
    }
}
