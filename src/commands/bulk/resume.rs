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
use super::words::{since_when, what_to_look_at};
use crate::commands::CommandError;
use crate::config::Rate;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::input::Source;
use crate::ledger::{Counts, Details, LedgerError, PausedRun, Resumed, Run, RunName, Store};
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

/// Continues a run, also beside other processes: `resume` lifts a pause, and `work`, if `is_worker`, does not.
pub(super) fn go_on(context: &mut Context, args: &BulkResumeArgs, is_worker: bool) -> Result<ExitCode, CommandError> {
    let ended = open_store(context).and_then(|store| go_on_in(&store, context, args, is_worker));
    let ended = ended.map_err(CommandError::of_resume);
    log_refused_run(context, args.run.as_ref(), &ended);
    ended
}

fn go_on_in(
    store: &Store,
    context: &mut Context,
    args: &BulkResumeArgs,
    is_worker: bool,
) -> Result<ExitCode, CommandError> {
    let BulkResumeArgs { run: asked, options, hours, earlier, exclude } = args;
    let is_resumed = !is_worker;
    let unresolved = UnresolvedSender::claim(context)?;
    claim_exclusions(context, exclude)?;
    let Some(run) = store.named_or_unfinished(asked.as_ref(), false)? else {
        let what = if is_resumed { "resume" } else { "send" };
        context.stderr.note(&format!("no run is unfinished: there is nothing to {what}"));
        return Ok(ExitCode::Success);
    };
    check_clocks(store)?;
    let (name, paused) = (run.name(), run.prepare()?);
    let (mut details, age) = (run.details()?, age_of(store, &run)?);
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
    let sender = sender_of_run(context, unresolved, (name, store.is_shared()), &details)?;
    let is_old = !details.sandbox && age >= MUST_BE_MEANT;
    let asks = is_asked(context, &sender) || is_old && !context.assume_yes && context.can_ask();
    if is_old && !is_resumed {
        warn_of_old(context, &run, age)?;
    } else if is_old && !asks && !context.assume_yes {
        refuse_old(&run, age)?;
    }
    let country = details.recipient_flags.country.or(sender.settings.country());
    let countries = CountryRule { otherwise: country, by_column: true };
    let of_lists = ExclusionOptions { countries, encoding: None };
    let exclusions = read_exclusions(context, exclude, of_lists, &sender.settings)?;
    if let Some(paused) = paused.as_ref().filter(|paused| !is_resumed && paused.pause.reason.is_doubt()) {
        // A person must decide what happens to its rows before anyone is left out.
        let pause = paused.pause.clone();
        let run = RunOnItsWay { held: &run, details: &details, exclusions: &exclusions };
        return report_paused(context, &sender, run, pause);
    }
    leave_out_excluded(context, UnsentRows::OfRun(&run), &exclusions)?;
    if sender.settings.allow_to.is_some() {
        run.pending_requests::<CommandError>(|row| {
            Ok(sender.check_allowed(row.recipients()?.iter().map(String::as_str))?)
        })?;
    }
    let mut has_answered = false;
    if is_resumed {
        report_pause(context, name, paused.as_ref());
    }
    let windows = open_windows(context, &sender, &run, &details)?;
    leave_out_sent(&run, &details)?;
    if is_resumed {
        let pending = pending_of(&run)?;
        if pending > 0 && asks {
            let rate = options.rate.map_or(details.rate, Rate::per_second);
            report_before_resume(context, &run, &details, rate, &exclusions)?;
            if age >= ASKED_BY_NAME {
                ask(context, pending, &question_by_name(&run, &sender, age)?)?;
            } else {
                confirm(context, &sender, pending)?;
            }
            has_answered = true;
            // The question may have waited for hours.
            let run = run.reconnected()?;
            leave_out_excluded(context, UnsentRows::OfRun(&run), &reread_do_not_contact(&sender.settings)?)?;
            leave_out_sent(&run, &details)?;
            if let Some(windows) = &windows {
                leave_others_out(context, windows, &run)?;
            }
        }
    }
    let run = run.reconnected()?;
    let name = run.name();
    block_on(async {
        let mut connection = sender.connect(context).await?;
        if !options.work.unchecked {
            check_templates(context, &sender, &mut connection, &run, &details).await?;
        }
        let found = run.counts()?;
        if is_resumed {
            let conditions = is_changed.then_some(&details.conditions);
            let resumed = Resumed { has_answered, rate: options.rate.map(Rate::per_second), conditions };
            run.resume(paused.as_ref(), &resumed).map_err(|error| stop_first(error, name))?;
        }
        // The process that resumes a run may be the only one that sends it.
        if run.is_cancelled()? {
            context.stderr.note(&format!("run {name} is cancelled: the rows that were left of it are never sent"));
        } else {
            report_found(context, name, &found);
        }
        carry_out(context, &sender, connection, run.clone(), &details, &exclusions, options).await
    })
}

/// Skips people who have not written recently, if the run excludes them.
fn open_windows(
    context: &Context,
    sender: &Sender,
    run: &Run,
    details: &Details,
) -> Result<Option<OpenWindows>, CommandError> {
    if !details.conditions.only_in_window || pending_of(run)? == 0 {
        return Ok(None);
    }
    let windows = block_on(async {
        let mut connection = sender.connect(context).await?;
        read_windows(context, sender, &mut connection).await
    })?;
    // That may have taken minutes.
    leave_others_out(context, &windows, &run.reconnected()?)?;
    Ok(Some(windows))
}

/// Prints why the run is paused, for the person who resumes it.
fn report_pause(context: &Context, name: &RunName, paused: Option<&PausedRun>) {
    if let Some(paused) = paused {
        let look = what_to_look_at(paused.pause.reason, name);
        context.stderr.warning(&format!("run {name} is {}; {look}", since_when(paused)));
    }
}

/// Prints how many rows of a resumed run are left, and which rows have no outcome.
fn report_found(context: &Context, name: &RunName, found: &Counts) {
    let all = counted(found.all(), "message");
    context.stderr.note(&format!("run {name}: {} of {all} left to send", found.pending));
    for told in without_end(name, found) {
        context.stderr.note(&told);
    }
}

/// Checks the templates of the remaining rows.
async fn check_templates(
    context: &Context,
    sender: &Sender,
    connection: &mut Connection,
    run: &Run,
    details: &Details,
) -> Result<(), CommandError> {
    if pending_of(run)? == 0 {
        return Ok(());
    }
    let requests = |each: &mut dyn FnMut(u64, &str)| {
        run.pending_requests(|row| {
            each(row.line, &row.body);
            Ok(())
        })
    };
    refuse_templates(context, sender, connection, &details.templates, false, requests).await.map(|_| ())
}

/// The time since the last change of a run, by the clock of its ledger.
fn age_of(store: &Store, run: &Run) -> Result<Duration, LedgerError> {
    let age = store.now()?.saturating_sub(run.changed_at()?);
    Ok(Duration::from_millis(u64::try_from(age).unwrap_or_default()))
}

/// The rows that are still to be sent, whatever is doubted of them.
fn pending_of(run: &Run) -> Result<u64, LedgerError> {
    Ok(run.noted_counts()?.pending)
}

/// Refuses an old run, unless no row is left.
fn refuse_old(run: &Run, age: Duration) -> Result<(), CommandError> {
    let rows = pending_of(run)?;
    if rows == 0 {
        return Ok(());
    }
    Err(GuardError::OldRun { run: run.name().to_string(), age: rounded(age), rows }.into())
}

/// Warns of an old run that a machine sends together with others, unless no row is left.
fn warn_of_old(context: &Context, run: &Run, age: Duration) -> Result<(), LedgerError> {
    if pending_of(run)? > 0 {
        let (name, age) = (run.name(), rounded(age));
        let way_out = format!("to leave out what is left of it: jelouctl bulk cancel {name}");
        context.stderr.warning(&format!("run {name} last changed {age} ago; {way_out}"));
    }
    Ok(())
}

/// The question for a run that may be forgotten: its name, its age, and the number of people left.
fn question_by_name(run: &Run, sender: &Sender, age: Duration) -> Result<String, LedgerError> {
    let (mut people, mut rows) = (HashSet::new(), 0);
    run.pending_requests::<LedgerError>(|row| {
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
