//! Asks whether to send a plan or the rest of a run, after a summary of earlier runs, templates, cost and limits. At a
//! terminal the summary is enough to answer. Elsewhere it has only numbers, because a recipient's message does not belong
//! in a log.

use std::time::Duration;

use jiff::SignedDuration;

use super::options::or_unchecked;
use super::plan::Plan;
use super::send_args::BulkSendArgs;
use super::summary::describe_skips;
use super::summary::{report_closed, report_ignored_hours};
use crate::base::message::{Lang, Message, ToValue, msg};
use crate::base::output::{count_value, duration_value, one_line, wrapped};
use crate::base::process::Signals;
use crate::base::timestamps::{self, time_value};
use crate::command_error::CommandError;
use crate::commands::confirm;
use crate::commands::zone::sender_zone;
use crate::jelou::message::{MessageKind, Part};
use crate::lists::exclusions::{ExclusionList, Exclusions};
use crate::runs::cost::Estimate;
use crate::runs::hours::SendingHours;
use crate::runs::import::{DrawnRow, contrasting_rows, describe_exclusion, earlier_query};
use crate::runs::ledger::{DailyLimit, Ledger, LedgerDraft, LedgerError, RunSettings};
use crate::sender::context::Context;
use crate::sender::{Connection, Sender, refuse_templates};

/// The number of terminal columns to use.
const COLUMNS: usize = 80;
/// The number of lines of a message to show, if it is the only one or one of several.
const DRAWN_LINES: usize = 10;
const DRAWN_LINES_EACH: usize = 6;
/// A shorter time is not described.
const SHORT: Duration = Duration::from_secs(60);

/// The number of messages to draw: the first, the longest, and the one with the rarest shape.
const CONTRASTS: usize = 3;

/// Prints the summary and asks. After that, the connection is open and the templates are checked.
///
/// # Errors
/// If the plan was not confirmed, costs more than the budget, or its templates cannot be sent.
pub(crate) async fn confirm_plan(
    plan: &mut Plan,
    context: &Context,
    args: &BulkSendArgs,
) -> Result<Connection, CommandError> {
    let is_asked = is_asked(context, &plan.sender);
    let hours = plan.settings.conditions.sending_hours();
    // The sandbox does not compare runs, does not wait, and costs nothing.
    if plan.settings.sandbox {
        report_ignored_hours(context, &hours);
    } else {
        note_earlier_runs(plan, context)?;
        report_closed(context, &hours);
    }
    let opened = look_up_templates(plan, context, args, is_asked).await?;
    plan.estimate_cost()?;
    if !plan.settings.sandbox {
        plan.cost_limit.check(plan.settings.estimate.as_ref())?;
    }
    let takes_days = report_limit(context, plan.ledger.as_ref(), &plan.settings, &plan.draft)?;
    report_plan(plan, context, is_asked, takes_days)?;
    if needs_yes(&plan.sender) {
        ask_to_send(plan, context)?;
    }
    if let Some(mut connection) = opened {
        connection.catch_signals()?;
        return Ok(connection);
    }
    let mut connection = plan.sender.connect(context).await?;
    if !args.work.unchecked {
        note_templates(plan, args, &mut connection).await?;
        plan.estimate_cost()?;
    }
    Ok(connection)
}

/// Warns of recipients with a sent or unsent message of an earlier run.
fn note_earlier_runs(plan: &mut Plan, context: &Context) -> Result<(), LedgerError> {
    let Some(ledger) = &plan.ledger else {
        return Ok(());
    };
    let earlier = earlier_query(&plan.settings);
    let (written_to, waiting) =
        ledger.with_earlier_runs(&earlier, |known| known.people(&plan.draft))?;
    report_recipients(context, written_to, waiting);
    plan.settings.written_to = written_to;
    Ok(())
}

/// Warns that earlier runs sent messages to these recipients recently, because the text of a sent list may have been
/// corrected. Also warns of unfinished runs with messages for them, because these runs may have been forgotten.
pub(super) fn report_recipients(context: &Context, written_to: u64, waiting: u64) {
    if waiting > 0 {
        context.stderr.warning_with_hint(
            msg!("{count} of these recipients still {count|has|have} unsent messages in unfinished runs", count = waiting),
            msg!("to see them: jelouctl bulk list"),
        );
    }
    if written_to > 0 {
        context.stderr.warning(msg!(
            "earlier runs sent messages to {count} of these recipients in the last 24 hours",
            count = written_to
        ));
    }
}

/// Looks up the templates if the question needs them, over a connection that stays open. The question shows the message
/// with the text of the template, and the price depends on the category of the template.
async fn look_up_templates(
    plan: &mut Plan,
    context: &Context,
    args: &BulkSendArgs,
    is_asked: bool,
) -> Result<Option<Connection>, CommandError> {
    let is_needed = is_asked || plan.cost_limit.prices.is_some();
    if !is_needed || args.work.unchecked || plan.settings.templates.uses.is_empty() {
        return Ok(None);
    }
    let mut opened = plan.sender.connect_before_question(context).await?;
    if let Some(connection) = &mut opened {
        note_templates(plan, args, connection).await?;
        // A signal at the question ends the process.
        connection.signals = Signals::default();
    }
    Ok(opened)
}

/// Keeps the texts of the templates of the list.
///
/// # Errors
/// If the bot cannot send one of them.
async fn note_templates(
    plan: &mut Plan,
    args: &BulkSendArgs,
    connection: &mut Connection,
) -> Result<(), CommandError> {
    let uses = &plan.settings.templates;
    let strict = args.typed.delivery.strict;
    plan.settings.template_texts =
        refuse_templates(connection, uses, strict, or_unchecked()).await?;
    Ok(())
}

fn ask_to_send(plan: &Plan, context: &Context) -> Result<(), CommandError> {
    let rows = plan.draft.to_be_sent();
    let question = msg!(
        "Send {rows} {rows|message|messages} from {from} to {to}?",
        rows,
        from = plan.sender.description(),
        to = plan.sender.planned_base().to_string()
    );
    ask(context, rows, question)
}

/// Prints the summary before the question. Draws messages only if the command will ask (`is_asked`), and the
/// duration unless a warning already said that it `takes_days`.
fn report_plan(
    plan: &Plan,
    context: &Context,
    is_asked: bool,
    takes_days: bool,
) -> Result<(), CommandError> {
    if context.stderr.is_quiet() {
        return Ok(());
    }
    let rows = plan.draft.to_be_sent();
    let mut lines: Vec<_> = describe_skipped(&plan.draft).into_iter().collect();
    lines.extend(excluding_rows(plan)?);
    lines.extend(plan.settings.estimate.iter().flat_map(Estimate::describe));
    if !is_asked {
        for line in lines {
            context.stderr.note(line);
        }
        print_column_table(plan, context);
        return Ok(());
    }
    if !takes_days {
        let hours = plan.settings.conditions.sending_hours();
        lines.extend(duration(rows, &plan.settings, &hours, &plan.sender));
    }
    draw_messages(plan, context)?;
    print_lines(context, lines);
    print_column_table(plan, context);
    Ok(())
}

/// Prints what the rows send, column by column. A log gets no cell.
pub(super) fn print_column_table(plan: &Plan, context: &Context) {
    let stderr = &context.stderr;
    let table = &plan.settings.column_table;
    if table.rows == 0 {
        return;
    }
    let language = context.lang();
    let lines = if stderr.is_terminal() {
        table.lines(language, stderr.is_verbose())
    } else {
        table.without_cells().lines(language, stderr.is_verbose())
    };
    stderr.fact_table(Message::verbatim(table.title(language)), &lines);
}

/// Draws the messages that differ most, each with its line.
fn draw_messages(plan: &Plan, context: &Context) -> Result<(), LedgerError> {
    let table = &plan.settings.column_table;
    let rows = contrasting_rows(&plan.draft, table, CONTRASTS)?;
    let preview = if rows.len() > 1 { CONTRASTS } else { 1 };
    draw_rows(plan, context, &rows, |title, lines| {
        print_message(context, title, lines, Some(preview));
    })
}

/// Draws the messages of `rows`, and passes each with its title to `print`.
pub(super) fn draw_rows(
    plan: &Plan,
    context: &Context,
    rows: &[DrawnRow],
    print: impl Fn(Message, &[String]),
) -> Result<(), LedgerError> {
    for row in rows {
        plan.draft.row_to_send_in(row.line, |_, message| {
            let lines = draw(
                &plan.message.kind,
                message.body,
                &plan.settings,
                context.lang(),
            )?;
            print(row.title(message.recipient), &lines);
            Ok::<_, LedgerError>(())
        })?;
    }
    Ok(())
}

/// Describes the skipped rows: `100 rows: 95 to send; skipped: 3 invalid, 2 already sent`; None if
/// no row is skipped.
fn describe_skipped(draft: &LedgerDraft) -> Option<Message> {
    let sent = draft.to_be_sent();
    let skips = draft.skip_counts();
    let rows = sent + skips.all();
    let reasons = describe_skips(skips.iter())?;
    Some(msg!(
        "{rows} {rows|row|rows}: {sent} to send; skipped: {reasons}",
        rows,
        sent,
        reasons
    ))
}

/// Returns whether the command will ask.
pub(super) fn is_asked(context: &Context, sender: &Sender) -> bool {
    needs_yes(sender) && !context.assume_yes && context.can_ask()
}

fn needs_yes(sender: &Sender) -> bool {
    !sender.settings.is_sandboxed() && sender.settings.confirm_bulk
}

/// Asks whether to send the messages. A script uses `--yes`, unless the profile or the sandbox makes that unnecessary.
pub(super) fn ask(context: &Context, rows: u64, question: Message) -> Result<(), CommandError> {
    let not_done = msg!(
        "sending {rows} {rows|message|messages} was not confirmed",
        rows
    );
    confirm(context, question, not_done)
}

pub(super) fn print_lines(context: &Context, lines: impl IntoIterator<Item = Message>) {
    for line in lines {
        let line = line.text(context.stderr.lang);
        let lines = wrapped(&one_line(&line), COLUMNS);
        let lines: Vec<_> = lines.into_iter().map(Message::verbatim).collect();
        context.stderr.before_prompt(&lines);
    }
}

/// Prints a drawn message above the question. `preview` is the value of `--preview` that shows the rest of a long message,
/// if there is one. With several messages, each gets fewer lines.
pub(super) fn print_message(
    context: &Context,
    title: Message,
    lines: &[String],
    preview: Option<usize>,
) {
    print_lines(context, [title]);
    let most = match preview {
        Some(CONTRASTS) => DRAWN_LINES_EACH,
        _ => DRAWN_LINES,
    };
    // The mark at the side takes four columns.
    let mut lines: Vec<_> = lines
        .iter()
        .flat_map(|line| wrapped(&one_line(line), COLUMNS - 4))
        .collect();
    if lines.len() > most {
        let cut = lines.split_off(most - 1).len();
        let more = match preview {
            Some(rows) => msg!(
                "… and {cut} {cut|line|lines}; --preview {rows} shows all",
                cut,
                rows
            ),
            None => msg!("… and {cut} {cut|line|lines}", cut),
        };
        lines.push(more.text(context.stderr.lang));
    }
    context.stderr.bubble(&lines);
}

/// Draws the lines that show a body as its recipient would see it.
pub(super) fn draw(
    kind: &MessageKind,
    body: &str,
    settings: &RunSettings,
    lang: Lang,
) -> Result<Vec<String>, LedgerError> {
    let body = serde_json::from_str(body).map_err(LedgerError::damaged)?;
    let parts = settings.template_texts.drawn(kind, &body, lang);
    Ok(Part::lines(parts, lang))
}

/// Describes all recipients on the exclusion lists: `exclusion lists: bajas.xlsx: 214 recipients from
/// 2 sheets`; None without lists.
pub(super) fn excluding(exclusions: &Exclusions) -> Option<Message> {
    let lists = exclusions.lists.iter().map(ExclusionList::describe);
    describe_lists(lists.collect())
}

/// Describes all recipients on the exclusion lists, and how many rows each list skips: `exclusion lists: bajas.xlsx:
/// 214 recipients from 2 sheets, 0 rows of this list`.
fn excluding_rows(plan: &Plan) -> Result<Option<Message>, LedgerError> {
    let mut lists = Vec::new();
    for list in &plan.exclusions.lists {
        let problem = describe_exclusion(&list.name);
        let rows = plan.draft.rows_skipped_by(&problem)?;
        lists.push(msg!(
            "{list}, {rows} {rows|row|rows} of this list",
            list = list.describe(),
            rows
        ));
    }
    Ok(describe_lists(lists))
}

fn describe_lists(lists: Vec<Message>) -> Option<Message> {
    let lists = (!lists.is_empty()).then(|| Message::joined(lists, "; "))?;
    Some(msg!("exclusion lists: {lists}", lists))
}

/// Describes how long the rows take, and when the last one is sent, in the zone of the sender. None for a short time.
pub(super) fn duration(
    rows: u64,
    details: &RunSettings,
    hours: &SendingHours,
    sender: &Sender,
) -> Option<Message> {
    let takes = details.time_for(rows).filter(|takes| *takes >= SHORT)?;
    let now = timestamps::now();
    let work = SignedDuration::try_from(takes).ok()?;
    let end = hours.estimate_end(now, work);
    let end = end.map(|end| match hours.first() {
        Some(hours) => hours.local_value(end),
        None => time_value(&sender_zone(details, sender), end.as_millisecond()),
    });
    let takes = duration_value(takes);
    Some(match end {
        Some(end) => msg!("takes about {takes}, until {end}", takes, end),
        None => msg!("takes about {takes}", takes),
    })
}

/// Warns before the question if the messaging limit has no room now for all new recipients; returns whether it warned.
pub(crate) fn report_limit(
    context: &Context,
    ledger: Option<&Ledger>,
    details: &RunSettings,
    draft: &LedgerDraft,
) -> Result<bool, LedgerError> {
    let Some(daily) = DailyLimit::for_draft(ledger, details, draft)? else {
        return Ok(false);
    };
    if details.sandbox {
        context.stderr.note(msg!(
            "the sandbox does not count recipients, so --per-day has no effect here"
        ));
        return Ok(false);
    }
    let DailyLimit {
        limit,
        new: recipients,
        room,
    } = daily;
    if recipients <= room {
        return Ok(false);
    }
    let room = if room == 0 {
        msg!("none").to_value()
    } else {
        count_value(room)
    };
    context.stderr.warning(msg!(
        "templates may go to {limit} different recipients in 24 hours: this list has {recipients} new ones, and there is room \
         for {room}; at the limit, the run waits, so keep this command running",
        limit = count_value(limit),
        recipients = count_value(recipients),
        room
    ));
    Ok(true)
}
