//! `--preview`, `--dry-run` and `--curl` of `bulk send`: show what would be sent, also as a page, and change nothing
//! else.

use jiff::tz::TimeZone;

use super::confirm::{draw_rows, print_column_table, report_limit, report_recipients};
use super::options::or_unchecked;
use super::plan::{Plan, list_time_zone};
use super::report_file::{ReportFile, page_lang};
use super::send_args::BulkSendArgs;
use super::summary::report_skipped;
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::process::block_on;
use crate::command_error::CommandError;
use crate::jelou::api::{Request, UrlsBelow};
use crate::jelou::message::TemplateTexts;
use crate::runs::cost::Estimate;
use crate::runs::import::{earlier_query, rows_to_preview};
use crate::runs::ledger::{DailyLimit, DraftRequest, LedgerError};
use crate::runs::report_page::{self, ListPreview, PageStyle, Refusal};
use crate::sender::context::{Context, Mode};
use crate::sender::{CheckedTemplates, check_templates, refuse_unusable};

/// The number of messages that `--preview` draws.
const MAX_DRAWN: usize = 10;

/// Shows the plan. The faults of its rows were printed when they were read.
pub(crate) fn show(
    mut plan: Plan,
    context: &Context,
    args: &BulkSendArgs,
    page: Option<ReportFile>,
) -> Result<ExitCode, CommandError> {
    let mut refusals = refusals_by_ledger(&mut plan, context)?;
    let is_sendable = plan.refusals.by_list.is_some() || refusals.is_empty();
    if page.is_none() && args.preview.is_none() && !is_sendable {
        return finish(context, &plan, refusals);
    }
    plan.settings.template_texts = template_texts(&plan, context, args, &mut refusals)?;
    plan.estimate_cost()?;
    let cost_refusal = report_cost(&plan, context);
    let refusal = first_refusal(&plan, &refusals, cost_refusal.as_ref());
    refusals.extend(cost_refusal);
    if context.mode == Mode::Send {
        report_limit(context, plan.ledger.as_ref(), &plan.settings, &plan.draft)?;
    }
    if let Some(page) = page {
        write_page(&plan, context, args, page, refusal)?;
        print_column_table(&plan, context);
        return finish(context, &plan, refusals);
    }
    let Some(max) = args.preview else {
        plan.refusals.require_sendable_list()?;
        if refusals.is_empty() {
            print_requests(&plan, context, u64::MAX)?;
        }
        print_column_table(&plan, context);
        return end(context, refusals);
    };
    // At a terminal it shows the messages; the requests are for programs, and for --dry-run.
    let is_refused = plan.refusals.by_list.is_some() || !refusals.is_empty();
    if !is_refused && (context.mode != Mode::Send || !context.stdout.wants_words()) {
        print_requests(&plan, context, max)?;
    }
    draw_messages(&plan, context, max)?;
    print_column_table(&plan, context);
    finish(context, &plan, refusals)
}

/// Returns the error if the list would be refused because of earlier runs. Otherwise prints which
/// rows they have.
fn refusals_by_ledger(
    plan: &mut Plan,
    context: &Context,
) -> Result<Vec<CommandError>, CommandError> {
    match plan.refusals.by_ledger.clone() {
        None => {}
        Some(error) if error.code == ExitCode::Guard => return Ok(vec![error]),
        Some(error) => return Err(error),
    }
    if let Some(ledger) = plan.ledger.as_ref().filter(|_| !plan.settings.sandbox) {
        report_skipped(context, plan.draft.skip_counts());
        let earlier = earlier_query(&plan.settings);
        let (written_to, waiting) =
            ledger.with_earlier_runs(&earlier, |known| known.people(&plan.draft))?;
        report_recipients(context, written_to, waiting);
    }
    Ok(Vec::new())
}

/// Returns the texts of the templates for `--preview`. Adds to `refusals` why templates cannot be
/// sent. A command that must not send anything does not look them up.
fn template_texts(
    plan: &Plan,
    context: &Context,
    args: &BulkSendArgs,
    refusals: &mut Vec<CommandError>,
) -> Result<TemplateTexts, CommandError> {
    let uses = &plan.settings.templates;
    if uses.uses.is_empty()
        || args.work.unchecked
        || args.preview.is_none()
        || context.mode != Mode::Send
    {
        return Ok(TemplateTexts::default());
    }
    let CheckedTemplates { faults, texts } = block_on(async {
        let mut connection = plan.sender.connect(context).await?;
        check_templates(&mut connection, uses, args.typed.delivery.strict).await
    })?;
    refusals.extend(refuse_unusable(&faults, or_unchecked()).err());
    Ok(texts)
}

/// Prints what the list costs; returns the error if that is more than the budget.
fn report_cost(plan: &Plan, context: &Context) -> Option<CommandError> {
    let estimate = plan.settings.estimate.as_ref();
    for line in estimate.into_iter().flat_map(Estimate::describe) {
        context.stderr.note(line);
    }
    // A dry run does not know the categories of templates, and the sandbox costs nothing.
    let knows_categories = context.mode == Mode::Send || plan.settings.templates.uses.is_empty();
    if !knows_categories || plan.settings.sandbox {
        return None;
    }
    plan.cost_limit.check(estimate).err()
}

/// Returns the first reason to refuse the list. Only an error about the cost certainly contains no
/// recipient.
fn first_refusal(
    plan: &Plan,
    refusals: &[CommandError],
    cost_refusal: Option<&CommandError>,
) -> Option<Refusal> {
    let of_list = plan.refusals.by_list.as_ref().or(refusals.first());
    let first = of_list.or(cost_refusal)?;
    Some(Refusal {
        reason: first.line(),
        may_name_recipients: of_list.is_some(),
        hint: first.hint.clone(),
    })
}

/// Writes the page, with the `refusal` of the list.
fn write_page(
    plan: &Plan,
    context: &Context,
    args: &BulkSendArgs,
    page: ReportFile,
    refusal: Option<Refusal>,
) -> Result<(), CommandError> {
    let to_send = context.typed_line.as_ref().map(|line| {
        line.without(&["--preview", "--file", "--mask", "--lang"])
            .with_file_names()
            .to_string()
    });
    let list = ListPreview {
        to_send: to_send.filter(|_| refusal.is_none() && !args.mask),
        details: &plan.settings,
        draft: &plan.draft,
        kind: &plan.message.kind,
        findings: &plan.rows.by_line,
        warnings: &plan.list_warnings(),
        skip_invalid: args.policy.skip_invalid,
        refused: refusal,
        daily: DailyLimit::for_draft(plan.ledger.as_ref(), &plan.settings, &plan.draft)?,
        budget: plan.cost_limit.budget,
    };
    let style = PageStyle {
        language: page_lang(context, args.lang),
        mask: args.mask,
        zone: list_time_zone(args, &plan.settings, &plan.sender),
    };
    page.write(context, |to| report_page::write_preview(&list, style, to))
}

/// Writes the page of a list that was refused before its columns were known. A page that cannot be written is a warning:
/// the error of the list comes first.
pub(super) fn write_refusal(
    context: &Context,
    args: &BulkSendArgs,
    page: Option<ReportFile>,
    error: &CommandError,
) {
    let Some(page) = page else { return };
    let refusal = Refusal {
        reason: error.line(),
        may_name_recipients: true,
        hint: error.hint.clone(),
    };
    let zone = args.hours.time_zone.as_ref();
    let style = PageStyle {
        language: page_lang(context, args.lang),
        mask: args.mask,
        zone: zone.map_or_else(TimeZone::system, |zone| zone.zone().clone()),
    };
    let written = page.write(context, |to| {
        report_page::write_refused_list(args.list_name(), &refusal, style, to)
    });
    if let Err(failed) = written {
        context.stderr.warning(failed.line());
    }
}

/// Prints the first `max` requests.
fn print_requests(plan: &Plan, context: &Context, max: u64) -> Result<(), CommandError> {
    let Some(accepts) = plan.imported.accepts.as_ref() else {
        return Ok(());
    };
    let mut urls = UrlsBelow::new(plan.sender.planned_base().url().clone());
    plan.draft.each_row_to_send_up_to(max, |_, request| {
        let DraftRequest { path, body, .. } = request;
        let url = urls.url(path).map_err(LedgerError::damaged)?;
        let request = Request::post(url, body.into(), accepts.clone());
        Ok(plan.sender.show(context, &request)?)
    })
}

/// Draws at most `max` messages as their recipients would see them, but not more than [`MAX_DRAWN`].
fn draw_messages(plan: &Plan, context: &Context, max: u64) -> Result<(), LedgerError> {
    let table = &plan.settings.column_table;
    let most = usize::try_from(max).unwrap_or(MAX_DRAWN).min(MAX_DRAWN);
    let rows = rows_to_preview(&plan.draft, table, most)?;
    draw_rows(plan, context, &rows, |title, lines| {
        context.stderr.preview(title, lines);
    })?;
    let wanted = max.min(plan.draft.to_be_sent());
    if wanted > MAX_DRAWN as u64 {
        context.stderr.note(msg!(
            "these are {shown} of {wanted} messages; to see all: --preview all --file page.html",
            shown = MAX_DRAWN,
            wanted
        ));
    }
    Ok(())
}

/// Returns the error of the list or of its run, or else prints how many rows are fine.
fn finish(
    context: &Context,
    plan: &Plan,
    refusals: Vec<CommandError>,
) -> Result<ExitCode, CommandError> {
    plan.refusals.require_sendable_list()?;
    if refusals.is_empty() {
        context.stderr.note(plan.imported.sums());
    }
    end(context, refusals)
}

/// Returns the first reason to refuse the run, and prints the other errors as warnings.
fn end(context: &Context, refusals: Vec<CommandError>) -> Result<ExitCode, CommandError> {
    let mut refusals = refusals.into_iter();
    let first = refusals.next();
    for other in refusals {
        context.stderr.warning(would_be_refused(&other.line()));
    }
    match first {
        None => Ok(ExitCode::Success),
        Some(error) => Err(CommandError {
            message: would_be_refused(&error.message),
            ..error
        }),
    }
}

fn would_be_refused(reason: &Message) -> Message {
    msg!("this would be refused: {reason}", reason)
}
