//! The steps that `bulk resume` and `bulk work` share: they open a run, skip rows that must not be sent now, and send the
//! rest.

use std::cell::RefCell;

use serde_json::json;

use super::active_run::{ActiveRun, SendingEnd, look_up_windows, skip_excluded};
use super::cost_limit::CostLimit;
use super::options::{ContinueOptions, ReplacedRules, WorkOptions, or_unchecked};
use super::report_end::{report_end, send_run};
use super::run_sender::resolve_run_sender;
use super::summary::undecided;
use super::summary::{describe_repeats, next_check, since_when};
use crate::base::exit::ExitCode;
use crate::base::input::Source;
use crate::base::message::{Message, msg};
use crate::base::timestamps::time_value;
use crate::command_error::CommandError;
use crate::commands::open_ledger::{check_clocks, open_ledger, wait_for_turn};
use crate::lists::exclusions::{CountryRule, ExclusionOptions, Exclusions};
use crate::runs::import::{UnsentRows, skip_sent_rows};
use crate::runs::ledger::{
    LedgerError, ResumeOptions, Run, RunEventKind, RunName, RunPause, RunSettings, SeenIdentities,
};
use crate::runs::sending::RunEnd;
use crate::sender::context::Context;
use crate::sender::{
    Connection, OpenWindows, ProfileRules, Sender, claim_exclusions, read_exclusions,
    refuse_templates, warn_about_lists,
};

const WITHOUT_LIST: &str = "--without-do-not-contact";
const WITHOUT_BUDGET: &str = "--without-budget";

/// A run to continue, with its settings and its sender.
pub(super) struct OpenedRun {
    pub(super) run: Run,
    pub(super) settings: RunSettings,
    pub(super) sender: Sender,
    /// The restore that the command accepts, if the run is stale.
    pub(super) accepted: Option<SeenIdentities>,
    /// The flags that set aside rules of the run.
    pub(super) overrides: Vec<&'static str>,
}

impl OpenedRun {
    /// Opens the run with this name, or the only unfinished run; None if there is none.
    ///
    /// # Errors
    /// Also if the run is stale, unless the command `accepts_stale`: it may then send messages twice.
    pub(super) fn open(
        context: &mut Context,
        name: Option<&RunName>,
        accepts_stale: bool,
        options: &ContinueOptions,
        exclude: &[Source],
    ) -> Result<Option<Self>, CommandError> {
        let ledger = open_ledger(context)?;
        claim_exclusions(context, exclude)?;
        let Some(run) = ledger.named_or_unfinished(name)? else {
            return Ok(None);
        };
        check_clocks(&ledger)?;
        let accepted = run.stale_identities()?;
        if accepted.is_some() && !accepts_stale {
            if let Some(repeats) = describe_repeats(&run)? {
                context.stderr.note(repeats);
            }
            return Err(LedgerError::stale_run(run.name()).into());
        }
        let settings = run.details()?;
        let sender = resolve_run_sender(context, &run, &settings)?;
        let lacks_list = settings.do_not_contact && sender.settings.do_not_contact.is_none();
        if lacks_list && !options.without_do_not_contact {
            return Err(refuse_without_list(&run, &sender));
        }
        let budget = check_budget(&run, &settings, &sender);
        let overrides = [
            ("--accept-stale", accepted.is_some()),
            (WITHOUT_LIST, lacks_list),
            (WITHOUT_BUDGET, budget.is_err()),
        ];
        if !options.without_budget {
            budget?;
        }
        Ok(Some(Self {
            run,
            settings,
            sender,
            accepted,
            overrides: chosen_flags(overrides).collect(),
        }))
    }

    /// Reads the exclusion lists, for the run with its new settings.
    pub(super) fn activate(
        self,
        context: &Context,
        settings: RunSettings,
        exclude: &[Source],
        replaced: ReplacedRules,
    ) -> Result<ActiveRun, CommandError> {
        let countries = CountryRule {
            otherwise: settings.country.or(self.sender.settings.country),
            by_column: true,
        };
        let of_lists = ExclusionOptions {
            countries,
            encoding: None,
        };
        let exclusions = read_exclusions(exclude, of_lists, &self.sender.settings, None)?;
        warn_about_lists(context, &exclusions);
        let rules = ProfileRules::unread(&self.sender.settings);
        Ok(ActiveRun {
            run: self.run,
            sender: self.sender,
            settings,
            exclusions,
            replaced,
            rules: RefCell::new(rules),
        })
    }
}

/// Returns the flags that have an effect.
pub(super) fn chosen_flags<const N: usize>(
    flags: [(&'static str, bool); N],
) -> impl Iterator<Item = &'static str> {
    flags
        .into_iter()
        .filter_map(|(flag, is_chosen)| is_chosen.then_some(flag))
}

/// Creates the error of a run that another machine began with a `do_not_contact`.
fn refuse_without_list(run: &Run, sender: &Sender) -> CommandError {
    let flag = WITHOUT_LIST;
    let with_list = match &sender.settings.profile {
        Some(profile) => msg!(
            "to set it: jelouctl profile set {profile} --do-not-contact FILE",
            profile = profile.value
        ),
        None => msg!("to exclude a list: --exclude FILE {flag}", flag),
    };
    CommandError::guard(
        msg!(
            "run {run} was created with a do_not_contact, but this machine has none",
            run = run.name()
        ),
        msg!("{with_list}; to send without one: {flag}", with_list, flag),
    )
}

/// Checks that the unsent messages of the run cost at most the budget of the profile.
fn check_budget(run: &Run, settings: &RunSettings, sender: &Sender) -> Result<(), CommandError> {
    if settings.sandbox || sender.settings.budget.is_none() {
        return Ok(());
    }
    let with_flag = |error| CommandError {
        hint: Some(msg!(
            "to send the rest anyway: {flag}",
            flag = WITHOUT_BUDGET
        )),
        ..error
    };
    let limit = CostLimit::read(None, None, &sender.settings).map_err(with_flag)?;
    let estimate = limit.estimate_rest(run, settings)?;
    limit.check(estimate.as_ref()).map_err(with_flag)
}

/// Reports a run that was cancelled, and returns the exit code. None if its rows may be sent.
pub(super) fn report_if_cancelled(
    context: &Context,
    active: &ActiveRun,
) -> Result<Option<ExitCode>, CommandError> {
    if active.run.cancellation()?.is_none() {
        return Ok(None);
    }
    let end = SendingEnd {
        end: Ok(RunEnd::Complete),
        took: None,
    };
    report_end(context, active, end).map(Some)
}

/// Warns about the pause that ends, then skips the rows that must not be sent. With `--only-in-window`, returns the
/// recipients that have written recently.
pub(super) fn recheck_pending_rows(
    context: &Context,
    active: &mut ActiveRun,
    paused: Option<&RunPause>,
) -> Result<Option<OpenWindows>, CommandError> {
    active.sending_hours()?;
    let rows = UnsentRows::OfRun(&active.run);
    skip_excluded(context, rows, &active.exclusions, None)?;
    active.check_allowed(&active.run, &active.sender.settings)?;
    if let Some(paused) = paused {
        let name = active.run.name();
        let pause = since_when(paused, &active.zone());
        let warning = msg!("run {run} is {pause}", run = name, pause);
        context.stderr.warning_with_hint(warning, next_check(name));
    }
    let mut windows = None;
    if active.settings.conditions.only_in_window && active.run.pending()? > 0 {
        windows = Some(look_up_windows(context, &active.sender)?);
        // Reading them may have taken minutes.
        active.run = active.run.reconnected()?;
    }
    let rows = UnsentRows::OfRun(&active.run);
    skip_excluded(context, rows, &Exclusions::default(), windows.as_ref())?;
    let zone = active.zone();
    skip_sent_rows(&active.run, &active.settings, &zone)?;
    Ok(windows)
}

/// How a user resumes a run.
pub(super) struct Resumption<'a> {
    /// The pause that the command has reported.
    pub(super) seen: Option<&'a RunPause>,
    pub(super) options: ResumeOptions<'a>,
}

/// Checks the templates that are left, records the flags that set aside rules of the run, lifts the pause if the run is
/// resumed, and sends the rest.
pub(super) async fn continue_run(
    context: &Context,
    mut active: ActiveRun,
    work: &WorkOptions,
    resumption: Option<Resumption<'_>>,
    overrides: &[&str],
) -> Result<ExitCode, CommandError> {
    let mut connection = active.sender.connect(context).await?;
    // The connection to the database may have closed while the command waited for the answer.
    active.run = active.run.reconnected()?;
    if !work.unchecked {
        check_templates_left(&active, &mut connection).await?;
    }
    wait_for_turn(active.run.ledger(), &mut connection.signals).await?;
    let was_stale = active.run.stale_reason()?.is_some();
    active.run.note_overrides(overrides)?;
    for flag in overrides {
        active.log_change(context, RunEventKind::Overridden.name(), Some(flag));
    }
    if let Some(Resumption { seen, options }) = resumption {
        active.run.resume(seen, &options)?;
        active.log_change(context, RunEventKind::Resumed.name(), None);
        if options.accepted.is_some() {
            // Recipients may get its messages twice.
            let accepted = json!({
                "run": active.run.name().to_string(),
                "accepted_stale": true,
                "rows_left": active.run.pending()?,
            });
            active
                .log()
                .add(&context.stderr, "run", "bulk resume", accepted);
        }
    }
    report_rows_left(context, &active, was_stale)?;
    send_run(context, &active, None, connection, work.progress).await
}

async fn check_templates_left(
    active: &ActiveRun,
    connection: &mut Connection,
) -> Result<(), CommandError> {
    if active.run.pending()? == 0 {
        return Ok(());
    }
    let left = active.settings.templates.filter_unsent(|each| {
        active.run.pending_requests(|row| {
            each(&row.body);
            Ok::<_, LedgerError>(())
        })
    })?;
    refuse_templates(connection, &left, false, or_unchecked()).await?;
    Ok(())
}

/// Prints what this process is about to send, of a run that `was_stale` until now.
fn report_rows_left(
    context: &Context,
    active: &ActiveRun,
    was_stale: bool,
) -> Result<(), LedgerError> {
    let run = &active.run;
    let name = run.name();
    let found = run.counts()?;
    let left = found.pending;
    let list = active.settings.list.as_deref();
    context.stderr.note(msg!(
        "run {run}: {left} of {all} {all|message|messages} left to send, as in {list} on {time}",
        run = name,
        left,
        all = found.all(),
        list = list.map_or_else(|| msg!("standard input"), Message::verbatim),
        time = time_value(&active.zone(), run.created_at()?)
    ));
    let others = active.count_others()?;
    if others > 0 {
        context.stderr.note(msg!(
            "{others} other {others|process|processes} already {others|sends|send} it",
            others
        ));
    }
    if was_stale && left > 0 {
        context.stderr.note(msg!(
            "up to {left} of them may already have been sent, because the ledger was copied or restored",
            left
        ));
    }
    if let Some(undecided) = undecided(name, &found) {
        context.stderr.note(undecided);
    }
    Ok(())
}
