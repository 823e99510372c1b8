//! `bulk send`: a list becomes a plan, the confirmed plan becomes a run, and the run is sent.

use jiff::tz::TimeZone;

use super::active_run::ActiveRun;
use super::confirm::{confirm_plan, is_asked};
use super::earlier::{compare, earlier_query, refuse_abandoned_rows};
use super::exclude::{UnsentRows, skip_excluded};
use super::plan::{Plan, list_time_zone, plan};
use super::report_end::send_run;
use super::run_log::log_refused_run;
use super::send_args::BulkSendArgs;
use super::show::show;
use super::summary::{RunSummary, nothing_to_send, report_skipped};
use super::test_send::send_test;
use crate::base::exit::ExitCode;
use crate::base::message::msg;
use crate::base::process::block_on;
use crate::command_error::{CommandError, Phase};
use crate::commands::open_ledger::wait_for_turn;
use crate::runs::ledger::{CreatedRun, EarlierRuns, LedgerDraft, NewRun, Run, RunSettings};
use crate::sender::context::Context;
use crate::sender::{Connection, reread_do_not_contact};

pub(super) fn run(
    context: &mut Context,
    args: &mut BulkSendArgs,
) -> Result<ExitCode, CommandError> {
    let ended = send_list(context, args).map_err(|error| error.in_phase(Phase::Planning));
    if args.makes_run(context.mode) {
        log_refused_run(context, args.run.as_ref(), &ended);
    }
    ended
}

fn send_list(context: &mut Context, args: &mut BulkSendArgs) -> Result<ExitCode, CommandError> {
    let mut plan = plan(context, args)?;
    plan.print_findings(context);
    plan.write_rejects(context)?;
    if args.test_to.is_some() {
        plan.require_sendable_list()?;
        return Ok(send_test(&plan, context, args));
    }
    if !args.makes_run(context.mode) {
        return show(plan, context, args);
    }
    plan.require_sendable(context)?;
    if plan.draft.to_be_sent() == 0 {
        return nothing_to_send(context, &plan.draft);
    }
    block_on(confirm_and_send(plan, context, args))
}

async fn confirm_and_send(
    mut plan: Plan,
    context: &Context,
    args: &BulkSendArgs,
) -> Result<ExitCode, CommandError> {
    let mut connection = confirm_plan(&mut plan, context, args).await?;
    let created = create_run(&mut plan, context, args, &mut connection).await?;
    let Some(created) = created else {
        return nothing_to_send(context, &plan.draft);
    };
    if args.import_only {
        return report_unsent(context, &created.run, &plan.settings);
    }
    let active = ActiveRun {
        run: created.run,
        sender: plan.sender,
        settings: plan.settings,
        exclusions: plan.exclusions,
    };
    // Its file may be large.
    drop(plan.draft);
    let progress = args.work.progress;
    send_run(context, &active, created.worker, connection, progress).await
}

/// Prints how to send an `--import-only` run.
fn report_unsent(
    context: &Context,
    run: &Run,
    settings: &RunSettings,
) -> Result<ExitCode, CommandError> {
    context.stderr.note(msg!(
        "the run is created, and nothing was sent; to send it: jelouctl bulk work {run}",
        run = run.name()
    ));
    RunSummary::new(run, settings)?.print(context, None)?;
    Ok(ExitCode::Success)
}

/// Compares the plan with the ledger once more and creates its run, in one transaction. Without
/// `--import-only`, this process sends the run from then on. None if no row is left to be sent, or
/// the plan has no run.
///
/// # Errors
/// If the run is not created. The run may still exist if the error mentions that.
pub(crate) async fn create_run(
    plan: &mut Plan,
    context: &Context,
    args: &BulkSendArgs,
    connection: &mut Connection,
) -> Result<Option<CreatedRun>, CommandError> {
    let is_asked = is_asked(context, &plan.sender);
    let reported_skips = plan.draft.skip_counts().clone();
    let confirmed_rows = plan.draft.to_be_sent();
    if is_asked {
        exclude_again(plan, context)?;
    }
    let (Some(ledger), Some(name)) = (&plan.ledger, &plan.run_name) else {
        return Ok(None);
    };
    // The connection to the database may have closed while the command waited for the answer.
    let ledger = ledger.reconnected()?;
    wait_for_turn(&ledger, &mut connection.signals).await?;
    let earlier = earlier_query(&plan.settings);
    let zone = list_time_zone(args, &plan.settings, &plan.sender);
    let cost_limit = &plan.cost_limit;
    let timeout = plan.sender.settings.timeout;
    let new = NewRun {
        name,
        is_typed: args.run.is_some(),
        draft: &mut plan.draft,
        settings: &mut plan.settings,
        earlier: &earlier,
        sends_with_timeout: Some(timeout).filter(|_| !args.import_only),
    };
    let created = ledger.create_run(new, |known, draft, settings| {
        if !settings.sandbox {
            compare_again(settings, known, draft, &zone)?;
            if is_asked || draft.to_be_sent() != confirmed_rows {
                (settings.written_to, _) = known.people(draft)?;
            }
        }
        if let Some(signal) = connection.signals.came() {
            return Err(CommandError::interrupted(signal));
        }
        if draft.to_be_sent() != confirmed_rows {
            settings.estimate = cost_limit.estimate(draft, settings)?;
        }
        Ok::<_, CommandError>(draft.to_be_sent() > 0)
    });
    let Some(created) = created? else {
        return Ok(None);
    };
    report_skipped(context, &plan.draft.skip_counts().since(&reported_skips));
    context.stderr.note(msg!(
        "run {run}: {count} {count|message|messages} from bot {bot}",
        run = created.run.name().to_string(),
        count = plan.draft.to_be_sent(),
        bot = plan.sender.bot
    ));
    Ok(Some(created))
}

/// Applies the exclusion lists again: the command may have waited hours for the answer to its
/// prompt.
fn exclude_again(plan: &mut Plan, context: &Context) -> Result<(), CommandError> {
    let excluded_now = reread_do_not_contact(&plan.sender.settings)?;
    let rows = UnsentRows::OfDraft(&mut plan.draft);
    skip_excluded(context, rows, &excluded_now, plan.windows.as_ref())
}

/// Compares the rows with newer runs and single sends.
fn compare_again(
    settings: &RunSettings,
    known: &mut EarlierRuns<'_>,
    draft: &mut LedgerDraft,
    zone: &TimeZone,
) -> Result<(), CommandError> {
    let are_recalled = draft.recall_awaited()?;
    compare(&settings.conditions, known, draft, zone)?;
    if are_recalled {
        refuse_abandoned_rows(draft)?;
    }
    Ok(())
}
