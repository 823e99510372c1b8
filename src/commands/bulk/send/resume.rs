//! `bulk resume` and `bulk work` continue a run. They need no input and no message, and send only as the
//! sender that began it. `resume` asks, and resumes a paused run; `work` is for scripts and does neither.

use std::time::Duration;

use clap::{Args, ValueHint};

use super::report_end::{ActiveRun, log_refused_run};
use crate::base::exit::ExitCode;
use crate::base::input::{Source, UsageError};
use crate::base::output::{counted, counted_are, rounded};
use crate::base::process::block_on;
use crate::command_error::{CommandError, Phase};
use crate::commands::bulk::earlier::leave_out_sent;
use crate::commands::bulk::exclude::{UnsentRows, leave_out, look_up_windows};
use crate::commands::bulk::options::OR_UNCHECKED;
use crate::commands::bulk::options::{
    EarlierOptions, HoursOptions, RARE, RunOptions, WorkOptions, default_of_run,
};
use crate::commands::bulk::pauses::{since_when, what_to_look_at};
use crate::commands::bulk::people_limit::limit_of_run;
use crate::commands::bulk::plan::begin::{ask, is_asked};
use crate::commands::bulk::run_sender::sender_of_run;
use crate::commands::bulk::summary::undecided;
use crate::commands::bulk::zone::zone_of_sender;
use crate::commands::store::{check_clocks, open_store, wait_for_turn};
use crate::jelou::message::MessageKind;
use crate::lists::exclusions::{CountryRule, ExclusionOptions, Exclusions};
use crate::runs::hours::HoursBase;
use crate::runs::ledger::{
    LedgerError, PauseReason, ResumeOptions, Run, RunConditions, RunName, RunPause, RunSettings,
};
use crate::runs::sending::{RunEnd, StopReason};
use crate::sender::context::Context;
use crate::sender::{
    Sender, check_allowed, claim_exclusions, read_exclusions, refuse_templates,
    reread_do_not_contact,
};

/// From this age on, a script must confirm the run explicitly.
const MUST_BE_MEANT: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Continue a run that was stopped, paused or killed
///
/// Examples:
///   jelouctl bulk resume
///   jelouctl bulk resume people-20261120-101500 --rate 2/s
///
/// At a terminal, shows the next message and asks, as `bulk send` does. Elsewhere, continues at once,
/// but needs --yes if the run has not changed for three days. Does not send unknown rows again: see
/// `bulk resolve`.
#[derive(Args, Debug, Default)]
#[command(verbatim_doc_comment, mut_args(default_of_run))]
pub(crate) struct BulkResumeArgs {
    /// Name of the run [default: the only unfinished one]
    ///
    /// With --sandbox, sandbox runs come first; without it, they come last.
    run: Option<RunName>,

    #[command(flatten)]
    options: RunOptions,

    #[command(flatten)]
    hours: HoursOptions,

    #[command(flatten)]
    earlier: EarlierOptions,

    /// Skip the recipients on this list (repeatable)
    ///
    /// A file with one number, user id or `id:RECIPIENT` per line, or a list file with a header.
    #[arg(long, value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    exclude: Vec<Source>,

    #[command(flatten, next_help_heading = RARE)]
    work: WorkOptions,
}

/// Help other processes send a run, until it is complete
///
/// Examples:
///   jelouctl bulk work --ledger postgres://jelou@db.example/jelou
///   jelouctl bulk work people-20261120-101500 --concurrency 16
///
/// For scripts and containers: never asks, and does not resume a paused run (exits with 4, 5, 8 or 11).
/// All processes share the run's rate, on one machine or several.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment, mut_args(default_of_run))]
pub(crate) struct BulkWorkArgs {
    /// Name of the run [default: the only unfinished one]
    run: Option<RunName>,

    #[command(flatten)]
    work: WorkOptions,
}

pub(crate) fn work(
    context: &mut Context,
    BulkWorkArgs { run, work }: BulkWorkArgs,
) -> Result<ExitCode, CommandError> {
    go_on(
        context,
        &BulkResumeArgs {
            run,
            work,
            ..BulkResumeArgs::default()
        },
        true,
    )
}

/// Continues a run, also next to other processes. `resume` resumes a paused run; `work` (`is_worker`) does not.
pub(crate) fn go_on(
    context: &mut Context,
    args: &BulkResumeArgs,
    is_worker: bool,
) -> Result<ExitCode, CommandError> {
    let ended =
        open_and_go_on(context, args, is_worker).map_err(|error| error.in_phase(Phase::Resuming));
    log_refused_run(context, args.run.as_ref(), &ended);
    ended
}

fn open_and_go_on(
    context: &mut Context,
    args: &BulkResumeArgs,
    is_worker: bool,
) -> Result<ExitCode, CommandError> {
    let store = open_store(context)?;
    claim_exclusions(context, &args.exclude)?;
    let Some(run) = store.named_or_unfinished(args.run.as_ref(), false)? else {
        let what = if is_worker { "send" } else { "resume" };
        context
            .stderr
            .note(&format!("nothing to {what}: no unfinished runs"));
        return Ok(ExitCode::Success);
    };
    check_clocks(&store)?;
    let kept = run.details()?;
    let sender = sender_of_run(context, &run, &kept)?;
    let conditions = if is_worker {
        kept.conditions.clone()
    } else {
        conditions_of_resumed(args, &run, &kept, &sender)?
    };
    args.hours
        .warn_of_past_days(conditions.hours.as_ref(), &context.stderr);
    let is_changed = conditions != kept.conditions;
    let rate = args.options.rate.unwrap_or(kept.rate);
    let details = args.work.over(RunSettings {
        rate,
        conditions,
        ..kept
    });
    let age = store.now()?.saturating_sub(run.changed_at()?);
    let age = Duration::from_millis(u64::try_from(age).unwrap_or_default());
    // A machine that sends it together with others was started on purpose.
    let asks = !is_worker && check_age(context, &sender, &run, &details, age)?;
    let paused = run.prepare()?;
    let countries = CountryRule {
        otherwise: details.country.or(sender.settings.country),
        by_column: true,
    };
    let of_lists = ExclusionOptions {
        countries,
        encoding: None,
    };
    let exclusions = read_exclusions(context, &args.exclude, of_lists, &sender.settings, None)?;
    let details = &details;
    let exclusions = &exclusions;
    let sender = &sender;
    let way = ActiveRun {
        context,
        sender,
        run,
        details,
        exclusions,
    };
    if let Some(paused) = paused
        .as_ref()
        .filter(|paused| is_worker && paused.reason == PauseReason::Stale)
    {
        // You must decide what happens to its rows before any recipient is skipped.
        let reason = StopReason::PausedByOthers(paused.clone());
        return way.report(
            Ok(RunEnd::Stopped {
                reason,
                unwritten: None,
            }),
            None,
        );
    }
    let lifted = paused.filter(|_| !is_worker);
    let has_answered = way.prepare(lifted.as_ref(), asks, age)?;
    let conditions = is_changed.then_some(&details.conditions);
    let resumed = ResumeOptions {
        has_answered,
        rate: args.options.rate,
        conditions,
    };
    block_on(way.send_the_rest(
        &args.work,
        (!is_worker).then_some((lifted.as_ref(), resumed)),
    ))
}

/// The conditions of the resumed run: typed flags replace the run's own. If the run has no messaging limit and no process
/// sends it, the profile's limit applies.
fn conditions_of_resumed(
    args: &BulkResumeArgs,
    run: &Run,
    kept: &RunSettings,
    sender: &Sender,
) -> Result<RunConditions, CommandError> {
    let RunSettings {
        kind,
        conditions: kept,
        ..
    } = kept;
    let hours = args.hours.over(
        kept.hours.as_ref().map(HoursBase::from).unwrap_or_default(),
        false,
    )?;
    if let Some(key) = kept.once.as_ref().filter(|_| args.earlier.again) {
        let message = format!(
            "run {} has the key {key}: its recipients get at most one message",
            run.name()
        );
        return Err(UsageError::new(message, "remove --again").into());
    }
    let of_profile = if run.is_running()? {
        None
    } else {
        sender.settings.limit_24h
    };
    let per_day = match MessageKind::named(kind) {
        Some(kind) => limit_of_run(args.hours.per_day, kept.per_day.or(of_profile), &kind)?,
        None => kept.per_day,
    };
    Ok(args
        .options
        .conditions((hours, per_day), &args.earlier, kept))
}

/// Refuses an old run if the command cannot ask, because it may have been forgotten. Returns whether to ask.
fn check_age(
    context: &Context,
    sender: &Sender,
    run: &Run,
    details: &RunSettings,
    age: Duration,
) -> Result<bool, CommandError> {
    let is_old = !details.sandbox && age >= MUST_BE_MEANT;
    let asks = is_asked(context, sender) || is_old && !context.assume_yes && context.can_ask();
    let rows = if is_old && !asks && !context.assume_yes {
        run.pending()?
    } else {
        0
    };
    if rows > 0 {
        let name = run.name();
        let age = rounded(age);
        let left = counted_are(rows, "message");
        return Err(CommandError::guard(
            format!("run {name} last changed {age} ago, and {left} not sent yet"),
            format!("to send the rest: add --yes; to cancel the run: jelouctl bulk cancel {name}"),
        ));
    }
    Ok(asks)
}

impl ActiveRun<'_> {
    /// Checks the templates of the unsent rows, resumes a paused run if it is `resumed`, and sends the rest.
    async fn send_the_rest(
        self,
        work: &WorkOptions,
        resumed: Option<(Option<&RunPause>, ResumeOptions<'_>)>,
    ) -> Result<ExitCode, CommandError> {
        let Self {
            context,
            sender,
            details,
            ..
        } = self;
        let mut connection = sender.connect(context).await?;
        // The connection to the database may have closed while the command waited for the answer.
        let way = Self {
            run: self.run.reconnected()?,
            ..self
        };
        let run = &way.run;
        let name = way.run.name();
        if !work.unchecked && run.pending()? > 0 {
            let left = details.templates.left(|each| {
                run.pending_requests(|row| {
                    each(&row.body);
                    Ok::<_, LedgerError>(())
                })
            })?;
            refuse_templates(&mut connection, &left, false, OR_UNCHECKED).await?;
        }
        wait_for_turn(run.store(), &mut connection.signals).await?;
        if let Some((paused, resumed)) = resumed {
            run.resume(paused, &resumed)?;
        }
        let found = run.counts()?;
        // The process that resumes a run may be the only one that sends it.
        if run.is_cancelled()? {
            let who = format!("to see the processes that still send: jelouctl bulk status {name}");
            context.stderr.note(&format!(
                "run {name} is cancelled: its unsent rows will never be sent; {who}"
            ));
        } else {
            let all = counted(found.all(), "message");
            context.stderr.note(&format!(
                "run {name}: {} of {all} left to send",
                found.pending
            ));
            if let Some(undecided) = undecided(name, &found) {
                context.stderr.note(&undecided);
            }
        }
        way.carry_out(connection, work.progress)
            .await
            .map_err(|error| error.in_phase(Phase::Sending))
    }

    /// Checks that the profile allows the recipients of all unsent rows.
    pub(crate) fn check_allowed(&self, run: &Run) -> Result<(), CommandError> {
        let Self { sender, .. } = self;
        if sender.settings.allow_to.is_none() {
            return Ok(());
        }
        run.pending_requests(|row| {
            check_allowed(
                &sender.settings,
                row.request().recipients()?.iter().map(String::as_str),
            )
        })
    }

    /// Skips the recipients that must not get a message now, and, if it `asks`, asks whether to send the rest of the run,
    /// which last changed `age` ago. Returns whether the answer was yes.
    fn prepare(
        &self,
        paused: Option<&RunPause>,
        asks: bool,
        age: Duration,
    ) -> Result<bool, CommandError> {
        let Self {
            context,
            sender,
            run,
            details,
            exclusions,
        } = self;
        leave_out(context, UnsentRows::OfRun(run), exclusions, None)?;
        self.check_allowed(run)?;
        if let Some(paused) = paused {
            let look = what_to_look_at(paused.reason, run.name());
            let zone = zone_of_sender(details, sender);
            context.stderr.warning(&format!(
                "run {} is {}; {look}",
                run.name(),
                since_when(paused, &zone)
            ));
        }
        let is_windowed = details.conditions.only_in_window && run.pending()? > 0;
        let windows = if is_windowed {
            Some(look_up_windows(context, sender)?)
        } else {
            None
        };
        // Reading them may have taken minutes.
        let run = if windows.is_some() {
            &run.reconnected()?
        } else {
            run
        };
        leave_out(
            context,
            UnsentRows::OfRun(run),
            &Exclusions::default(),
            windows.as_ref(),
        )?;
        leave_out_sent(run, details)?;
        let pending = run.pending()?;
        if !asks || pending == 0 {
            return Ok(false);
        }
        self.report_before(run)?;
        let name = run.name();
        let age = rounded(age);
        let messages = counted(pending, "message");
        let from = sender.description();
        let to = sender.planned_base();
        ask(
            context,
            pending,
            &format!("Run {name} last changed {age} ago. Send {messages} from {from} to {to}?"),
        )?;
        // The command may have waited hours for the answer.
        let run = run.reconnected()?;
        let excluded_now = reread_do_not_contact(&sender.settings)?;
        leave_out(
            context,
            UnsentRows::OfRun(&run),
            &excluded_now,
            windows.as_ref(),
        )?;
        Ok(true)
    }
}
