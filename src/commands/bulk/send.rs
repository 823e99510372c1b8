//! `bulk send`: a list becomes a plan, the confirmed plan becomes a run, and the run is sent.

use std::cell::RefCell;

use jiff::tz::TimeZone;

use super::active_run::{ActiveRun, skip_excluded};
use super::confirm::{confirm_plan, is_asked};
use super::list_message::ListMessage;
use super::plan::{Plan, list_time_zone, new_conditions, print_finding};
use super::questions::Questions;
use super::report_end::send_run;
use super::report_file::{ReportFile, format_from_name};
use super::run_log::{change_fields, log_refused_run};
use super::send_args::BulkSendArgs;
use super::show::{show, write_refusal};
use super::summary::{RunSummary, nothing_to_send, report_idle_runs, report_skipped};
use super::test_send::send_test;
use crate::base::exit::ExitCode;
use crate::base::input::{Source, UsageError};
use crate::base::message::{Lang, msg};
use crate::base::process::block_on;
use crate::command_error::{CommandError, Phase};
use crate::commands::open_ledger::wait_for_turn;
use crate::commands::zone::sender_zone;
use crate::runs::import::{
    BulkError, UnsentRows, compare, earlier_query, idle_runs, refuse_abandoned_rows,
};
use crate::runs::ledger::{CreatedRun, EarlierRuns, LedgerDraft, NewRun, Run, RunSettings};
use crate::runs::report::{ListReport, write_skipped_rows};
use crate::sender::config::Settings;
use crate::sender::context::{Context, Mode};
use crate::sender::{AuditLog, Connection, ProfileRules, check_allowed, claim_exclusions};

const REJECTS: &str = "--rejects";

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
    args.page_file()?;
    claim_inputs(context, args)?;
    let rejects = RejectsFile::open(context, args)?;
    let mut page = open_page(context, args)?;
    let message = ListMessage::read(context, args)?;
    let plan = make_plan(context, args, message, &mut page)?;
    plan.print_findings(context, args);
    if let Some(rejects) = rejects {
        rejects.write(context, &plan)?;
    }
    if args.test_to.is_some() {
        plan.refusals.require_sendable_list()?;
        return Ok(send_test(&plan, context, args));
    }
    if !args.makes_run(context.mode) {
        return show(plan, context, args, page);
    }
    plan.refusals.require_sendable()?;
    if let Some(ledger) = &plan.ledger {
        report_idle_runs(context, &idle_runs(ledger, &plan.draft.awaited_runs()?)?);
    }
    if plan.draft.to_be_sent() == 0 {
        return nothing_to_send(context, plan.ledger.as_ref(), &plan.draft);
    }
    block_on(confirm_and_send(plan, context, args))
}

/// Reads and checks the list: first the sender, then the rows. At a terminal it asks what the flags leave open, and adds
/// the answers to them. The `page` of a list that is refused here says why.
///
/// # Errors
/// If no row can be read, or if the error is not in a row.
fn make_plan(
    context: &Context,
    args: &mut BulkSendArgs,
    message: ListMessage,
    page: &mut Option<ReportFile>,
) -> Result<Plan, CommandError> {
    let mut questions = Questions::new(context, args);
    let opened = questions.open_list(context, args);
    let mut list = opened.inspect_err(|error| write_refusal(context, args, page.take(), error))?;
    let mut plan = Plan::new(context, args, message, list.format())?;
    loop {
        let read = plan.read(context, args, &mut list, questions.can_ask);
        let open_error = match &read {
            Ok(()) => plan.refusals.open_error(),
            Err(error) => Some(error),
        };
        if let Some(error) = open_error
            && questions.ask(context, args, error)?
        {
            list = questions.open_list(context, args)?;
            plan.reread_exclusions(args)?;
            continue;
        }
        if let Err(error) = read {
            for finding in &plan.rows.listed {
                print_finding(&context.stderr, finding);
            }
            write_refusal(context, args, page.take(), &error);
            return Err(error.refusing(plan.rows.refused));
        }
        questions.finish(context, &plan.sender)?;
        return Ok(plan);
    }
}

async fn confirm_and_send(
    mut plan: Plan,
    context: &Context,
    args: &BulkSendArgs,
) -> Result<ExitCode, CommandError> {
    let mut connection = confirm_plan(&mut plan, context, args).await?;
    let mut rules = ProfileRules::unread(&plan.sender.settings);
    let created = create_run(&mut plan, context, args, &mut connection, &mut rules).await?;
    let Some(created) = created else {
        return nothing_to_send(context, plan.ledger.as_ref(), &plan.draft);
    };
    let run = &created.run;
    let change = change_fields(run.ledger(), run.name(), &plan.settings, "created", None);
    AuditLog::from_settings(&plan.sender.settings)
        .with(&plan.exclusions)
        .add(&context.stderr, "change", "bulk send", change);
    if args.hold {
        return report_unsent(context, &created.run, &plan.settings);
    }
    let active = ActiveRun {
        run: created.run,
        sender: plan.sender,
        settings: plan.settings,
        exclusions: plan.exclusions,
        replaced: args.hours.replaced(),
        rules: RefCell::new(rules),
    };
    // Its file may be large.
    drop(plan.draft);
    let progress = args.work.progress;
    send_run(context, &active, created.worker, connection, progress).await
}

/// Prints how to send a run of `--hold`.
fn report_unsent(
    context: &Context,
    run: &Run,
    settings: &RunSettings,
) -> Result<ExitCode, CommandError> {
    context.stderr.note(msg!(
        "the run is created, and nothing was sent; to send it: jelouctl bulk work {run}",
        run = run.name()
    ));
    RunSummary::new(run, settings)?.print(context, None, ExitCode::Success, None)?;
    Ok(ExitCode::Success)
}

/// Reads the profile's `rules` again, compares the plan with the ledger once more and creates its run, in one transaction. Without
/// `--hold`, this process sends the run from then on. None if no row is left to be sent, or
/// the plan has no run.
///
/// # Errors
/// If the run is not created. The run may still exist if the error mentions that.
pub(crate) async fn create_run(
    plan: &mut Plan,
    context: &Context,
    args: &BulkSendArgs,
    connection: &mut Connection,
    rules: &mut ProfileRules,
) -> Result<Option<CreatedRun>, CommandError> {
    let is_asked = is_asked(context, &plan.sender);
    let reported_skips = plan.draft.skip_counts().clone();
    let confirmed_rows = plan.draft.to_be_sent();
    let (Some(ledger), Some(name)) = (&plan.ledger, plan.run_name.clone()) else {
        return Ok(None);
    };
    // The connection to the database may have closed while the command waited for the answer.
    let ledger = ledger.reconnected()?;
    wait_for_turn(&ledger, &mut connection.signals).await?;
    // The command may have waited hours for the answer.
    *rules = rules.read_again(context, None)?;
    apply_rules(plan, context, args, rules)?;
    let earlier = earlier_query(&plan.settings);
    let zone = list_time_zone(args, &plan.settings, &plan.sender);
    let cost_limit = &plan.cost_limit;
    let timeout = plan.sender.settings.timeout;
    let new = NewRun {
        name: &name,
        is_typed: args.run.is_some(),
        draft: &mut plan.draft,
        settings: &mut plan.settings,
        earlier: &earlier,
        sends_with_timeout: Some(timeout).filter(|_| !args.hold),
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
        settings.awaited_runs = draft.awaited_runs()?;
        if draft.to_be_sent() != confirmed_rows {
            settings.estimate = cost_limit.estimate(draft, settings)?;
        }
        if !settings.sandbox {
            cost_limit.check(settings.estimate.as_ref())?;
        }
        Ok::<_, CommandError>(draft.to_be_sent() > 0)
    });
    let Some(created) = created? else {
        return Ok(None);
    };
    report_skipped(context, &plan.draft.skip_counts().since(&reported_skips));
    context.stderr.note(msg!(
        "run {run}: {count} {count|message|messages} from bot {bot}",
        run = created.run.name(),
        count = plan.draft.to_be_sent(),
        bot = plan.sender.bot
    ));
    Ok(Some(created))
}

/// Applies the profile's rules to a plan that was made earlier.
fn apply_rules(
    plan: &mut Plan,
    context: &Context,
    args: &BulkSendArgs,
    rules: &ProfileRules,
) -> Result<(), CommandError> {
    let conditions = new_conditions(args, &rules.settings, &plan.message.kind)?;
    plan.settings.conditions.hours = conditions.hours;
    plan.settings.conditions.per_day = conditions.per_day;
    let rows = UnsentRows::OfDraft(&mut plan.draft);
    skip_excluded(context, rows, &rules.exclusions, plan.windows.as_ref())?;
    check_draft_allowed(&plan.draft, &rules.settings)?;
    plan.settings.allow_to.clone_from(&rules.settings.allow_to);
    plan.settings.do_not_contact = rules.settings.do_not_contact.is_some();
    plan.cost_limit
        .reread_budget(args.budget, &rules.settings)?;
    Ok(())
}

/// Checks that the profile allows the recipients of all rows.
fn check_draft_allowed(draft: &LedgerDraft, profile: &Settings) -> Result<(), CommandError> {
    if profile.allow_to.is_none() {
        return Ok(());
    }
    draft.each_row_to_send(|_, request| {
        let recipients = request.recipients()?;
        check_allowed(profile, recipients.iter().map(String::as_str))
    })
}

/// Compares the rows with newer runs and single sends.
fn compare_again(
    settings: &RunSettings,
    known: &mut EarlierRuns<'_>,
    draft: &mut LedgerDraft,
    zone: &TimeZone,
) -> Result<(), BulkError> {
    let are_recalled = draft.recall_awaited()?;
    compare(&settings.conditions, known, draft, zone)?;
    if are_recalled {
        refuse_abandoned_rows(draft)?;
    }
    Ok(())
}

/// Claims standard input for the list, or for an exclusion list.
fn claim_inputs(context: &mut Context, args: &BulkSendArgs) -> Result<(), CommandError> {
    if args.test_to.is_some() && context.mode != Mode::Send {
        let message = msg!("--test-to cannot be used with --dry-run or --curl");
        return Err(UsageError::bare(message).into());
    }
    if args.source == Source::Stdin {
        context.input.claim_stdin("the list file")?;
    }
    claim_exclusions(context, &args.policy.exclude)?;
    Ok(())
}

/// Opens the file of the page; None without the flag.
fn open_page(context: &Context, args: &BulkSendArgs) -> Result<Option<ReportFile>, UsageError> {
    let path = args.page_file()?;
    path.map(|path| ReportFile::open(context, "--file", path, &args.inputs()))
        .transpose()
}

/// The file of `--rejects`, and how its rows are written.
struct RejectsFile {
    file: ReportFile,
    format: ListReport,
}

impl RejectsFile {
    /// Opens the file; None without the flag.
    fn open(context: &Context, args: &BulkSendArgs) -> Result<Option<Self>, UsageError> {
        let Some(path) = args.rejects.as_deref() else {
            return Ok(None);
        };
        let format = format_from_name(REJECTS, path)?
            .list_report(false, None, Lang::En)
            .ok_or_else(|| {
                UsageError::new(
                    msg!(
                        "{flag}: rows are written as a list, not as a page",
                        flag = REJECTS
                    ),
                    msg!("write to a .csv, .xlsx or .ndjson file"),
                )
            })?;
        let file = ReportFile::open(context, REJECTS, path, &args.inputs())?;
        Ok(Some(Self { file, format }))
    }

    /// Writes the skipped rows of the plan.
    fn write(self, context: &Context, plan: &Plan) -> Result<(), CommandError> {
        let format = self.format;
        let zone = sender_zone(&plan.settings, &plan.sender);
        self.file.write(context, |to| {
            let rows = write_skipped_rows(&plan.draft, &plan.settings, format, zone, to)?;
            Ok(msg!("{rows} skipped {rows|row|rows}", rows))
        })
    }
}
