//! Turns a list that may be sent into a run: its metadata, the question, and the start.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::before::{refuse_templates, report_before};
use super::carry_out::carry_out;
use super::earlier;
use super::hours::{report_closed, report_over_midnight};
use super::leave_out::{UnsentRows, leave_others_out_of_draft, leave_out_excluded};
use super::media::look_at_media;
use super::send_args::BulkSendArgs;
use super::store::hold_off_others;
use super::summary::{RunSummary, nothing_to_send, print_summary};
use crate::api::SuccessCriterion;
use crate::commands::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::hours::Hours;
use crate::import::Imported;
use crate::input::Source;
use crate::ledger::{
    Details, HeldRun, KnownRuns, LedgerDraft, LedgerStore, NewRun, RecipientFlags, RunConditions, WrittenTo,
};
use crate::list::{ListFormat, is_country_column};
use crate::message::{Message, TemplateTexts};
use crate::output::counted;
use crate::people::{CountryRule, Exclusions};
use crate::sending::{Connection, GuardError, Interrupted, OpenWindows, Sender, reread_do_not_contact};

/// The API address of a rehearsal in the metadata of its run.
const SANDBOX: &str = "sandbox";
const DEFAULT_CONCURRENCY: usize = 64;
const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(15 * 60);

/// A run whose list is read but which has not begun.
pub(crate) struct PreparedRun<'a> {
    pub(crate) store: &'a dyn LedgerStore,
    pub(crate) new: NewRun,
    pub(crate) details: Details,
    /// The kind of the message.
    pub(crate) kind: &'a Message,
    /// The people who must not be written to.
    pub(crate) exclusions: &'a Exclusions,
    /// None in the sandbox, which does not compare runs.
    pub(crate) earlier: Option<Box<dyn KnownRuns + 'a>>,
    /// The people who have written recently, if only they may get messages.
    pub(crate) windows: Option<OpenWindows>,
}

impl PreparedRun<'_> {
    /// Asks, compares again, creates the run and sends it, unless it is only imported.
    pub(crate) async fn begin(
        self,
        context: &Context,
        args: &BulkSendArgs,
        sender: &Sender,
    ) -> Result<ExitCode, CommandError> {
        let Self { store, mut new, mut details, kind, exclusions, mut earlier, windows } = self;
        let rule = args.earlier_rule();
        let mut written_to = WrittenTo::default();
        if let Some(earlier) = &mut earlier {
            written_to = earlier.people_written_to(&new.draft)?;
            earlier::report_unfinished(context, &mut **earlier, &new.draft)?;
        }
        let (skips, rows_told) = (new.draft.skip_counts().clone(), new.draft.to_be_sent());
        let hours = details.conditions.hours.as_ref();
        report_over_midnight(context, hours);
        if !details.sandbox {
            report_closed(context, hours);
        }
        let strict = args.typed.delivery.strict;
        look_at_media(context, sender, &new.draft, kind, strict).await?;
        let is_asked = is_asked(context, sender);
        let checks = !args.options.work.unchecked;
        // The question shows the message with the template's own text.
        let mut opened = None;
        if is_asked && checks && !details.templates.uses.is_empty() {
            opened = sender.connect_before_question(context).await?;
        }
        if let Some(connection) = &mut opened {
            note_templates(context, sender, connection, &new.draft, &mut details, strict).await?;
        }
        report_before(context, &new.draft, kind, &details, exclusions, &written_to, is_asked)?;
        confirm(context, sender, rows_told)?;
        let mut connection = if let Some(mut connection) = opened {
            connection.catch_signals()?;
            connection
        } else {
            let mut connection = sender.connect(context).await?;
            if checks {
                note_templates(context, sender, &mut connection, &new.draft, &mut details, strict).await?;
            }
            connection
        };
        if is_asked {
            // The question may have waited for hours.
            let excluded_now = reread_do_not_contact(&sender.settings)?;
            leave_out_excluded(context, UnsentRows::OfDraft(&mut new.draft), &excluded_now)?;
            leave_others_out_of_draft(windows.as_ref(), &mut new.draft)?;
        }
        let try_hold = || store.try_hold(&mut new).map(|is_held| is_held.then_some(()));
        hold_off_others(context, store, &mut connection.signals, try_hold).await.map_err(|error| match error {
            Ok(interrupted) => CommandError::from(interrupted),
            Err(error) => error.into(),
        })?;
        if let Some(earlier) = &mut earlier {
            rule.compare(&mut **earlier, &mut new.draft)?;
        }
        let rows = new.draft.to_be_sent();
        if rows == 0 {
            return nothing_to_send(context, &new.draft, rule);
        }
        rule.report_skipped(context, &new.draft.skip_counts().since(&skips));
        if args.limit.is_some() && args.earlier.skip_sent && rule.once.is_none() {
            earlier::report_many_days(context, &new.draft)?;
        }
        if let Some(earlier) = earlier.as_mut().filter(|_| is_asked || rows != rows_told) {
            written_to = earlier.people_written_to(&new.draft)?;
        }
        details.written_to = written_to.people;
        if let Some(signal) = connection.signals.came() {
            return Err(Interrupted(signal).into());
        }
        let run = store.make(new, &details).map_err(|error| CommandError::from(error).of_unmade_run())?;
        let made = format!("run {}: {} from bot {}", run.name(), counted(rows, "message"), sender.bot.as_str());
        context.stderr.note(&made);
        if args.import_only {
            imported(context, &*run)
        } else {
            carry_out(context, sender, connection, run, &details, exclusions, &args.options).await
        }
    }
}

/// Keeps the texts of the templates of `draft` in `details`.
///
/// # Errors
/// If the bot cannot send one of them.
async fn note_templates(
    context: &Context,
    sender: &Sender,
    connection: &mut Connection,
    draft: &LedgerDraft,
    details: &mut Details,
    strict: bool,
) -> Result<(), CommandError> {
    let requests = |each: &mut dyn FnMut(u64, &str)| {
        draft.requests(|line, _, body| {
            each(line, body);
            Ok(())
        })
    };
    details.template_texts =
        refuse_templates(context, sender, connection, &details.templates, strict, requests).await?;
    Ok(())
}

/// `--import-only`: creates the run and sends nothing.
fn imported(context: &Context, run: &dyn HeldRun) -> Result<ExitCode, CommandError> {
    let (name, made) = (run.name(), run.read()?);
    let ways = if made.is_shared() {
        format!("jelouctl bulk work {name}, on as many machines as you like")
    } else {
        format!("jelouctl bulk resume {name}")
    };
    context.stderr.note(&format!("the run is made and nothing was sent; to send it: {ways}"));
    let written_to = made.details()?.written_to;
    let summary = RunSummary::of(made, written_to, false)?;
    print_summary(context, &summary.to_json(Some(name)), &summary.words(None), Some(name))?;
    Ok(ExitCode::Success)
}

/// The file of a list, used to name its run; None for standard input.
pub(crate) fn file_of(source: &Source) -> &Path {
    match source {
        Source::Stdin => Path::new(""),
        Source::File(path) => path,
    }
}

/// The metadata of the run.
pub(crate) fn details(
    args: &BulkSendArgs,
    sender: &Sender,
    countries: CountryRule,
    hours: Option<Hours>,
    format: ListFormat,
    imported: &Imported,
    body: Option<&Value>,
) -> Details {
    let (settings, options) = (&sender.settings, &args.options);
    let begun =
        RunConditions { once: args.once.clone(), only_in_window: args.only_in_window, ..RunConditions::default() };
    Details {
        kind: args.message().command().to_owned(),
        profile: settings.profile.as_ref().map(|profile| profile.value.clone()),
        bot: sender.bot.as_str().to_owned(),
        client_id: sender.client_id.value.as_str().to_owned(),
        api_url: if settings.is_sandboxed() { SANDBOX.to_owned() } else { settings.api_url.value.as_key() },
        sandbox: settings.is_sandboxed(),
        // If no row of a list can be sent, the value is used only for the page.
        accepts: imported.accepts.clone().unwrap_or(SuccessCriterion::AnyObject),
        format,
        columns: imported.columns.clone(),
        list: file_of(&args.source).file_name().map(|name| name.to_string_lossy().into_owned()),
        recipient_flags: RecipientFlags {
            country: countries.otherwise,
            country_column: countries.by_column && imported.columns.iter().any(|name| is_country_column(name)),
            to: args.typed.delivery.to.clone(),
            to_column: args.to_column.clone(),
        },
        message: body.cloned(),
        rate: options.rate.unwrap_or(settings.rate.value).per_second(),
        concurrency: options.work.concurrency_or(DEFAULT_CONCURRENCY),
        max_wait: options.work.max_wait_or(DEFAULT_MAX_WAIT),
        no_keep_alive: options.work.no_keep_alive,
        conditions: options.conditions(hours, &args.earlier, &begun),
        templates: imported.templates.clone(),
        template_texts: TemplateTexts::default(),
        remember: Duration::ZERO,
        written_to: 0,
    }
}

/// Whether the user will be asked.
pub(crate) fn is_asked(context: &Context, sender: &Sender) -> bool {
    needs_yes(sender) && !context.assume_yes && context.can_ask()
}

fn needs_yes(sender: &Sender) -> bool {
    !sender.settings.is_sandboxed() && sender.settings.confirm_bulk.value
}

/// Asks the user. A script uses `--yes`, unless the profile or the sandbox makes that unnecessary.
pub(crate) fn confirm(context: &Context, sender: &Sender, rows: u64) -> Result<(), CommandError> {
    if !needs_yes(sender) {
        return Ok(());
    }
    let rows_in_words = counted(rows, "message");
    ask(context, rows, &format!("Send {rows_in_words} from {} to {}?", sender.description(), sender.planned_base()))
}

/// Asks whether to send the messages.
pub(crate) fn ask(context: &Context, rows: u64, question: &str) -> Result<(), CommandError> {
    match context.confirms(question)? {
        Some(true) => Ok(()),
        answer => Err(GuardError::Unconfirmed { rows, is_answer: answer.is_some() }.into()),
    }
}
