//! `bulk resume`, and `bulk work` (`work.rs`): go on with a run. They need no input and no message, and send as the one who began it, or
//! not at all. A person who resumes a run is asked, and lifts a pause; a machine that works on it does neither.

use clap::{Args, ValueHint};

use super::before::{refuse_templates, report_before_resume};
use super::begin::{ask, confirm, is_asked};
use super::carry_out::carry_out;
use super::earlier::leave_out_sent;
use super::excluded::leave_out_excluded;
use super::hours::of_resumed_run;
use super::old_run::{ASKED_BY_NAME, MUST_BE_MEANT, age_of, question_by_name, refuse_old};
use super::options::{EarlierOptions, HoursOptions, RunOptions};
use super::run_log::log_refused_run;
use super::store::{check_clocks, open_store};
use super::summary::without_end;
use super::window::{leave_others_out, read_windows};
use super::words::{since_when, warn_of_left_alone, what_to_look_at};
use crate::commands::CommandError;
use crate::config::{ApiUrl, BotId, ConfigError, Origin, Rate, Sourced, knows_profile};
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::input::Source;
use crate::ledger::{Counts, Details, HeldFor, HeldRun, LedgerStore, Resumed, RunName};
use crate::output::counted;
use crate::people::{CountryRule, ExclusionOptions};
use crate::process::block_on;
use crate::sending::{
    Connection, OpenWindows, Sender, UnresolvedSender, add_do_not_contact, claim_exclusions, read_exclusions,
    reread_do_not_contact,
};

/// Continue a run that was stopped, paused or killed
///
/// Examples:
///   jelouctl bulk resume
///   jelouctl bulk resume people-20261120-101500 --rate 2/s
///
/// At a terminal it shows the first message that is left and asks, as `bulk send` does; elsewhere
/// it continues at once. A run in which nothing has changed for three days needs --yes there.
/// What may have been sent is never sent again: see `bulk resolve`.
#[derive(Args, Debug, Default)]
#[command(verbatim_doc_comment)]
pub(crate) struct BulkResumeArgs {
    /// Name of the run [default: the only unfinished one]
    ///
    /// A run on the sandbox is the default only if there is no other.
    pub(super) run: Option<RunName>,

    #[command(flatten)]
    pub(super) options: RunOptions,

    #[command(flatten)]
    pub(super) hours: HoursOptions,

    #[command(flatten)]
    pub(super) earlier: EarlierOptions,

    /// Leave out people on this list: one number, user id or `id:USER` a line, or a list with a header (repeatable)
    #[arg(long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    pub(super) exclude: Vec<Source>,
}

/// Who continues a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContinuedBy {
    Person,
    /// A machine that sends beside others.
    Worker,
}

/// `bulk resume`: continues a run, wherever its ledger is.
pub(crate) fn run(context: &mut Context, args: &BulkResumeArgs) -> Result<ExitCode, CommandError> {
    let ended = open_store(context)
        .and_then(|store| go_on(context, &*store, args, ContinuedBy::Person))
        .map_err(CommandError::of_send);
    log_refused_run(context, args.run.as_ref(), &ended);
    ended
}

/// Continues a run: a person resumes it, a machine joins those who send it. Of a file only one process can.
pub(super) fn go_on(
    context: &mut Context,
    store: &dyn LedgerStore,
    args: &BulkResumeArgs,
    by: ContinuedBy,
) -> Result<ExitCode, CommandError> {
    let BulkResumeArgs { run: asked, options, hours, earlier, exclude } = args;
    let is_resumed = by == ContinuedBy::Person || !store.is_shared();
    let unresolved = UnresolvedSender::claim(context)?;
    claim_exclusions(context, exclude)?;
    let Some(name) = store.named_or_unfinished(asked.as_ref(), false, &mut warn_of_left_alone(context))? else {
        let what = if is_resumed { "resume" } else { "send" };
        context.stderr.note(&format!("no run is unfinished: there is nothing to {what}"));
        return Ok(ExitCode::Success);
    };
    check_clocks(store)?;
    let mut run = store.hold(&name, HeldFor::Sending)?;
    let (mut details, age) = (run.read()?.details()?, age_of(store, &*run.read()?)?);
    let mut is_changed = false;
    if is_resumed {
        let hours = of_resumed_run(hours, details.conditions.hours.as_ref())?;
        if let Some(key) = details.conditions.once.as_ref().filter(|_| earlier.again) {
            let message = format!("run {name} has the key {key}, under which nobody gets a second message");
            return Err(UsageError::new(message, "leave --again out").into());
        }
        let conditions = options.conditions(hours, earlier, &details.conditions);
        is_changed = conditions != details.conditions;
        details.conditions = conditions;
    }
    send_as_begun(context, &unresolved, (run.name(), run.is_shared()), &details)?;
    let sender = sender_of_run(context, unresolved, run.name(), &details)?;
    let is_old = by == ContinuedBy::Person && !details.sandbox && age >= MUST_BE_MEANT;
    let asks = is_asked(context, &sender) || is_old && !context.assume_yes && context.can_ask();
    if is_old && !asks && !context.assume_yes {
        refuse_old(&*run, age)?;
    }
    let country = details.recipient_flags.country.or(sender.settings.country());
    let countries = CountryRule { otherwise: country, by_column: true };
    let mut exclusions = read_exclusions(context, exclude, ExclusionOptions { countries, encoding: None })?;
    add_do_not_contact(context, &mut exclusions, &sender.settings)?;
    leave_out_excluded(context, &mut *run, &exclusions)?;
    if sender.settings.allow_to.is_some() {
        run.read()?.pending_requests::<CommandError>(|row| {
            Ok(sender.check_allowed(row.recipients()?.iter().map(String::as_str))?)
        })?;
    }
    let mut has_answered = false;
    if is_resumed {
        report_pause(context, &*run);
    }
    let windows = open_windows(context, &sender, &mut *run, &details)?;
    leave_out_sent(&mut *run, &details, &earlier.ignore_run)?;
    if is_resumed {
        let pending = run.read()?.counts()?.pending;
        if pending > 0 && asks {
            let rate = options.rate.map_or(details.rate, Rate::per_second);
            report_before_resume(context, &*run.read()?, &details, rate, &exclusions)?;
            if age >= ASKED_BY_NAME {
                ask(context, pending, &question_by_name(&*run, &sender, age)?)?;
            } else {
                confirm(context, &sender, pending)?;
            }
            has_answered = true;
            // The question may have stood there for hours.
            run.reconnect()?;
            leave_out_excluded(context, &mut *run, &reread_do_not_contact(&sender.settings)?)?;
            leave_out_sent(&mut *run, &details, &earlier.ignore_run)?;
            if let Some(windows) = &windows {
                leave_others_out(context, windows, &mut *run)?;
            }
        }
    }
    block_on(async {
        let mut connection = sender.connect(context).await?.connection()?;
        if !options.work.unchecked {
            check_templates(context, &sender, &mut connection, &*run, &details).await?;
        }
        let found = run.read()?.counts()?;
        if is_resumed {
            let conditions = is_changed.then_some(&details.conditions);
            run.resume(&Resumed { has_answered, rate: options.rate.map(Rate::per_second), conditions })?;
        }
        // Who resumes a run may be the only one who is left of it.
        report_found(context, &*run, &found, run.is_shared() && !is_resumed);
        carry_out(context, &sender, connection, run, &details, &exclusions, options).await
    })
}

/// Leaves out whoever has not written lately, where the run is for others only.
fn open_windows(
    context: &Context,
    sender: &Sender,
    run: &mut dyn HeldRun,
    details: &Details,
) -> Result<Option<OpenWindows>, CommandError> {
    if !details.conditions.only_in_window || run.read()?.counts()?.pending == 0 {
        return Ok(None);
    }
    let windows = read_windows(context, sender)?;
    // That may have taken minutes.
    run.reconnect()?;
    leave_others_out(context, &windows, run)?;
    Ok(Some(windows))
}

/// Tells a person who resumes the run what it is paused for.
fn report_pause(context: &Context, run: &dyn HeldRun) {
    if let Some(paused) = run.pause() {
        let (name, look) = (run.name(), what_to_look_at(paused.pause.reason, run.name()));
        context.stderr.warning(&format!("run {name} is {}; {look}", since_when(paused)));
    }
}

/// The rows of a resumed run that are still to be sent, and those that are not.
fn report_found(context: &Context, run: &dyn HeldRun, found: &Counts, is_joined: bool) {
    let (name, all) = (run.name(), counted(found.all(), "message"));
    context.stderr.note(&format!("run {name}: {} of {all} left to send", found.pending));
    for told in without_end(name, found, is_joined) {
        context.stderr.note(&told);
    }
}

/// The templates of the rows that are left.
async fn check_templates(
    context: &Context,
    sender: &Sender,
    connection: &mut Connection,
    run: &dyn HeldRun,
    details: &Details,
) -> Result<(), CommandError> {
    if run.read()?.counts()?.pending == 0 {
        return Ok(());
    }
    let requests = |each: &mut dyn FnMut(u64, &str)| {
        run.read()?.pending_requests(|row| {
            each(row.line, &row.body);
            Ok(())
        })
    };
    refuse_templates(context, sender, connection, &details.templates, false, requests).await.map(|_| ())
}

/// Takes the profile from the run, and for a rehearsal its bot. What was typed, or is in the environment, may say the same,
/// but nothing else.
pub(super) fn send_as_begun(
    context: &mut Context,
    unresolved: &UnresolvedSender,
    (name, is_shared): (&RunName, bool),
    run: &Details,
) -> Result<(), CommandError> {
    let of_run = run.profile.as_deref().unwrap_or("none");
    let flags = &mut context.flags;
    // Of a shared run a container may have variables alone.
    if !is_shared {
        refuse_other(name, "--profile", of_run, flags.profile.as_deref())?;
        let in_environment = unresolved.said().filter(|_| !run.sandbox && flags.profile.is_none());
        let profile = in_environment.and_then(|environment| environment.profile.as_deref());
        refuse_other(name, "JELOU_PROFILE", of_run, profile)?;
        flags.default_profile.clone_from(&run.profile);
    } else if let Some(profile) = &run.profile
        // Credentials from outside the profiles go only where this process says: the run must not choose for them.
        && (run.sandbox || !unresolved.said().is_some_and(|environment| flags.has_credentials(environment)))
        && knows_profile(flags, profile)?
    {
        flags.default_profile = Some(profile.clone());
    }
    if run.sandbox {
        let url = flags.api_url.as_ref().map(ToString::to_string);
        refuse_other(name, "--bot", &run.bot, flags.bot.as_ref().map(BotId::as_str))?;
        refuse_other(name, "--api-url", &run.api_url, url.as_deref())?;
        flags.sandbox = true;
        flags.bot = Some(bot_of(run)?);
    }
    Ok(())
}

fn bot_of(run: &Details) -> Result<BotId, ConfigError> {
    run.bot.parse().map_err(|problem| ConfigError::Variable { name: "the run", problem })
}

/// The sender of a resumed run: the bot and the credentials that it was begun with, at its address.
pub(super) fn sender_of_run(
    context: &Context,
    unresolved: UnresolvedSender,
    name: &RunName,
    run: &Details,
) -> Result<Sender, CommandError> {
    let mut settings = unresolved.settings(context)?;
    if settings.is_sandboxed() && !run.sandbox {
        // The environment may say so too; what is sent there would count as sent to people.
        refuse_other(name, "the sandbox", &run.api_url, Some("the sandbox"))?;
    }
    if !run.sandbox {
        check_address(name, run, &settings.api_url)?;
        match &settings.bot {
            Some(bot) => refuse_setting(name, ("bot_id", &bot.origin), &run.bot, bot.value.as_str())?,
            None => settings.bot = Some(Origin::Run.of(bot_of(run)?)),
        }
    }
    let sender = Sender::of(settings, context)?;
    refuse_other(name, "client id", &run.client_id, Some(sender.client_id.as_str()))?;
    Ok(sender)
}

/// The secret goes where this process is configured to send, never where only the run says: whoever may write to its ledger
/// could name an address of their own.
fn check_address(name: &RunName, run: &Details, own: &Sourced<ApiUrl>) -> Result<(), CommandError> {
    let own_url = own.value.to_string();
    if own.origin == Origin::Default && own_url != run.api_url {
        return Err(ConfigError::RunAtAnotherAddress {
            run: name.to_string(),
            of_run: run.api_url.clone(),
            own: own_url,
        }
        .into());
    }
    Ok(refuse_setting(name, ("api_url", &own.origin), &run.api_url, &own_url)?)
}

/// Refuses a setting that is not what the run was started with.
fn refuse_setting(name: &RunName, (key, origin): (&str, &Origin), of_run: &str, given: &str) -> Result<(), UsageError> {
    let or_flag = if key == "bot_id" { format!(", or pass --bot {of_run}") } else { String::new() };
    match origin {
        Origin::Profile(profile) if given != of_run => Err(UsageError::new(
            format!("{key} of profile {profile}: run {name} was started with {of_run}, not with {given}"),
            format!("change it back until the run is complete{or_flag}"),
        )),
        _ => refuse_other(name, &origin.to_string(), of_run, Some(given)),
    }
}

fn refuse_other(name: &RunName, what: &str, of_run: &str, given: Option<&str>) -> Result<(), UsageError> {
    match given {
        Some(given) if given != of_run => Err(UsageError::new(
            format!("{what}: run {name} was started with {of_run}, not with {given}"),
            "resume the run with the values that it was started with",
        )),
        _ => Ok(()),
    }
}
