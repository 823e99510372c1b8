//! `bulk resume` and `bulk work` (`work.rs`) continue a run. They need no input and no message, and send only as the
//! sender who began it. `resume` asks the person and lifts a pause; `work` is for machines and does neither.

use std::collections::HashSet;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::before::{refuse_templates, report_before_resume};
use super::begin::{ask, confirm, is_asked};
use super::cancel::stop_first;
use super::carry_out::carry_out;
use super::earlier::leave_out_sent;
use super::ending::{RunOnItsWay, log_refused_run, report_paused};
use super::hours::of_resumed_run;
use super::leave_out::{UnsentRows, leave_others_out, leave_out_excluded, read_windows};
use super::options::{EarlierOptions, HoursOptions, RunOptions};
use super::run_sender::sender_of_run;
use super::store::{check_clocks, open_store};
use super::summary::without_end;
use super::words::{since_when, warn_of_left_alone, what_to_look_at};
use crate::commands::CommandError;
use crate::config::Rate;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::input::Source;
use crate::ledger::{Counts, Details, HeldFor, HeldRun, LedgerError, LedgerStore, Resumed, Run, RunName, now};
use crate::output::{counted, counted_people, rounded};
use crate::people::{CountryRule, ExclusionOptions};
use crate::phone::person_key;
use crate::process::block_on;
use crate::sending::{
    Connection, GuardError, OpenWindows, Sender, UnresolvedSender, claim_exclusions, read_exclusions,
    reread_do_not_contact,
};

/// From this age on, the question includes the name of the run.
const ASKED_BY_NAME: Duration = Duration::from_secs(24 * 60 * 60);
/// From this age on, a script must confirm the run explicitly.
const MUST_BE_MEANT: Duration = Duration::from_secs(3 * 24 * 60 * 60);

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

/// `bulk resume`: continues a run in any ledger.
pub(crate) fn run(context: &mut Context, args: &BulkResumeArgs) -> Result<ExitCode, CommandError> {
    go_on(context, args, false)
}

/// Continues a run: `resume`, or `work` together with other processes, if `is_worker`. Only one process can send a run in
/// a file.
pub(super) fn go_on(context: &mut Context, args: &BulkResumeArgs, is_worker: bool) -> Result<ExitCode, CommandError> {
    let ended = open_store(context).and_then(|store| go_on_in(&*store, context, args, is_worker));
    let ended = ended.map_err(CommandError::of_resume);
    log_refused_run(context, args.run.as_ref(), &ended);
    ended
}

fn go_on_in(
    store: &dyn LedgerStore,
    context: &mut Context,
    args: &BulkResumeArgs,
    is_worker: bool,
) -> Result<ExitCode, CommandError> {
    let BulkResumeArgs { run: asked, options, hours, earlier, exclude } = args;
    let is_resumed = !is_worker || !store.is_shared();
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
            let message = format!("run {name} has the key {key}, under which no one gets a second message");
            return Err(UsageError::new(message, "leave --again out").into());
        }
        let conditions = options.conditions(hours, earlier, &details.conditions);
        is_changed = conditions != details.conditions;
        details.conditions = conditions;
    }
    let sender = sender_of_run(context, unresolved, (&name, store.is_shared()), &details)?;
    let is_old = !details.sandbox && age >= MUST_BE_MEANT;
    let asks = is_asked(context, &sender) || is_old && !context.assume_yes && context.can_ask();
    if is_old && !is_resumed {
        warn_of_old(context, &*run, age)?;
    } else if is_old && !asks && !context.assume_yes {
        refuse_old(&*run, age)?;
    }
    let country = details.recipient_flags.country.or(sender.settings.country());
    let countries = CountryRule { otherwise: country, by_column: true };
    let of_lists = ExclusionOptions { countries, encoding: None };
    let exclusions = read_exclusions(context, exclude, of_lists, &sender.settings)?;
    if let Some(paused) = run.pause().filter(|paused| !is_resumed && paused.pause.reason.is_doubt()) {
        // A person must decide what happens to its rows before anyone is left out.
        let pause = paused.pause.clone();
        let run = RunOnItsWay { held: &mut *run, details: &details, exclusions: &exclusions };
        return report_paused(context, &sender, run, pause);
    }
    leave_out_excluded(context, UnsentRows::OfRun(&mut *run), &exclusions)?;
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
            // The question may have waited for hours.
            run.reconnect()?;
            leave_out_excluded(context, UnsentRows::OfRun(&mut *run), &reread_do_not_contact(&sender.settings)?)?;
            leave_out_sent(&mut *run, &details, &earlier.ignore_run)?;
            if let Some(windows) = &windows {
                leave_others_out(context, windows, &mut *run)?;
            }
        }
    }
    block_on(async {
        let mut connection = sender.connect(context).await?;
        if !options.work.unchecked {
            check_templates(context, &sender, &mut connection, &*run, &details).await?;
        }
        let found = run.read()?.counts()?;
        if is_resumed {
            let conditions = is_changed.then_some(&details.conditions);
            let resumed = Resumed { has_answered, rate: options.rate.map(Rate::per_second), conditions };
            run.resume(&resumed).map_err(|error| stop_first(error, &name))?;
        }
        // The process that resumes a run may be the only one that sends it.
        if run.read()?.is_cancelled()? {
            context.stderr.note(&format!("run {name} is cancelled: the rows that were left of it are never sent"));
        } else {
            report_found(context, &*run, &found, store.is_shared() && !is_resumed);
        }
        carry_out(context, &sender, connection, run, &details, &exclusions, options).await
    })
}

/// Skips people who have not written recently, if the run excludes them.
fn open_windows(
    context: &Context,
    sender: &Sender,
    run: &mut dyn HeldRun,
    details: &Details,
) -> Result<Option<OpenWindows>, CommandError> {
    if !details.conditions.only_in_window || run.read()?.counts()?.pending == 0 {
        return Ok(None);
    }
    let windows = block_on(async {
        let mut connection = sender.connect(context).await?;
        read_windows(context, sender, &mut connection).await
    })?;
    // That may have taken minutes.
    run.reconnect()?;
    leave_others_out(context, &windows, run)?;
    Ok(Some(windows))
}

/// Prints why the run is paused, for the person who resumes it.
fn report_pause(context: &Context, run: &dyn HeldRun) {
    if let Some(paused) = run.pause() {
        let (name, look) = (run.name(), what_to_look_at(paused.pause.reason, run.name()));
        context.stderr.warning(&format!("run {name} is {}; {look}", since_when(paused)));
    }
}

/// Prints how many rows of a resumed run are left, and which rows have no outcome.
fn report_found(context: &Context, run: &dyn HeldRun, found: &Counts, is_joined: bool) {
    let (name, all) = (run.name(), counted(found.all(), "message"));
    context.stderr.note(&format!("run {name}: {} of {all} left to send", found.pending));
    for told in without_end(name, found, is_joined) {
        context.stderr.note(&told);
    }
}

/// Checks the templates of the remaining rows.
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

/// The time since the last change of a run, by the clock of its ledger.
fn age_of(store: &dyn LedgerStore, run: &dyn Run) -> Result<Duration, LedgerError> {
    let now = store.clock()?.unwrap_or_else(now);
    Ok(Duration::from_millis(u64::try_from(now.saturating_sub(run.changed_at()?)).unwrap_or_default()))
}

/// Refuses an old run, unless no row is left.
fn refuse_old(run: &dyn HeldRun, age: Duration) -> Result<(), CommandError> {
    let rows = run.read()?.counts()?.pending;
    if rows == 0 {
        return Ok(());
    }
    Err(GuardError::OldRun { run: run.name().to_string(), age: rounded(age), rows }.into())
}

/// Warns of an old run that a machine sends together with others, unless no row is left.
fn warn_of_old(context: &Context, run: &dyn HeldRun, age: Duration) -> Result<(), LedgerError> {
    if run.read()?.counts()?.pending > 0 {
        let (name, age) = (run.name(), rounded(age));
        let way_out = format!("to leave out what is left of it: jelouctl bulk cancel {name}");
        context.stderr.warning(&format!("run {name} last changed {age} ago; {way_out}"));
    }
    Ok(())
}

/// The question for a run that may be forgotten: its name, its age, and the number of people left.
fn question_by_name(run: &dyn HeldRun, sender: &Sender, age: Duration) -> Result<String, LedgerError> {
    let (mut people, mut rows) = (HashSet::new(), 0);
    run.read()?.pending_requests::<LedgerError>(|row| {
        rows += 1;
        people.extend(row.recipients()?.iter().map(|recipient| person_key(recipient).into_owned()));
        Ok(())
    })?;
    let people = counted_people(people.len() as u64);
    let (messages, from, to) = (counted(rows, "message"), sender.description(), sender.planned_base());
    Ok(format!(
        "Run {} last changed {} ago. Send {messages} to {people} from {from} to {to}?",
        run.name(),
        rounded(age)
    ))
}
