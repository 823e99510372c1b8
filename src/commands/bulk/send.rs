//! `bulk send`: a list becomes a plan, the confirmed plan becomes a run, and the run is sent.

use super::active_run::ActiveRun;
use super::confirm::confirm;
use super::create_run::create_run;
use super::plan::{Plan, plan};
use super::report_end::send_run;
use super::run_log::log_refused_run;
use super::send_args::BulkSendArgs;
use super::show::show;
use super::test_send::send_test;

use super::summary::{RunSummary, nothing_to_send};
use crate::base::exit::ExitCode;
use crate::base::message::msg;
use crate::base::process::block_on;
use crate::command_error::{CommandError, Phase};
use crate::runs::ledger::{Run, RunSettings};
use crate::sender::context::Context;

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
    let mut connection = confirm(&mut plan, context, args).await?;
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
