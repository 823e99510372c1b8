//! A list that may be sent becomes a run: what it is, the question, and its beginning.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::arguments::BulkSendArguments;
use super::before::{BeforeRun, refuse_templates};
use super::carry_out::{LockedRun, carry_out};
use super::earlier::{self, Repetition};
use super::excluded_since::leave_out_of_draft;
use super::hours::{report_closed, report_over_midnight};
use super::summary::nothing_to_send;
use crate::bulk::{
    BulkError, Details, EarlierRuns, Imported, LedgerDraft, LedgerError, ReservedRun, RunConditions, RunError, RunName,
    Runs,
};
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::hours::Hours;
use crate::input::Source;
use crate::list::ListFormat;
use crate::message::Message;
use crate::output::counted;
use crate::sending::{GuardError, Interrupted, Opening, Sender, reread_do_not_contact};

/// What a run is stored with where nothing leaves the machine.
const SANDBOX: &str = "sandbox";
const DEFAULT_CONCURRENCY: usize = 64;
const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(15 * 60);

/// All of a run that is read in and not begun.
pub(crate) struct PreparedRun<'a> {
    pub(crate) runs: &'a Runs,
    pub(crate) reserved: ReservedRun,
    pub(crate) draft: LedgerDraft,
    pub(crate) details: Details,
    /// The kind that the message is.
    pub(crate) kind: &'a Message,
    /// Nothing in the sandbox, which is not compared.
    pub(crate) earlier: Option<EarlierRuns<'a>>,
    pub(crate) repetition: Repetition,
}

impl PreparedRun<'_> {
    /// Asks, compares once more, makes the run and carries it out.
    pub(crate) async fn begin(
        self,
        context: &Context,
        arguments: &BulkSendArguments,
        sender: &Sender,
    ) -> Result<ExitCode, CommandError> {
        let PreparedRun { runs, reserved, mut draft, mut details, kind, mut earlier, repetition } = self;
        if let Some(earlier) = &mut earlier {
            details.written_to = earlier.people_written_to(&draft)?;
            earlier::report_unfinished(context, earlier, &draft)?;
        }
        let (skips, rows_told) = (draft.skip_counts()?, draft.to_be_sent());
        report_over_midnight(context, details.conditions.hours.as_ref());
        if !details.sandbox {
            report_closed(context, details.conditions.hours.as_ref());
        }
        let hours = details.conditions.hours.as_ref();
        let before = BeforeRun { draft: &draft, kind, rate: details.rate, hours, written_to: details.written_to };
        let is_asked = is_asked(context, sender);
        before.report(context, is_asked)?;
        confirm(context, sender, rows_told)?;
        let mut connection = match sender.connect(context).await? {
            Opening::Open(connection) => connection,
            Opening::Interrupted(signal) => return Err(Interrupted(signal).into()),
        };
        if !arguments.options.unchecked {
            let requests = |each: &mut dyn FnMut(&str)| {
                draft.requests(|_, body| {
                    each(body);
                    Ok(())
                })
            };
            refuse_templates(context, sender, &mut connection, &details.templates, arguments.strict, requests).await?;
        }
        let name = reserved.name().clone();
        if is_asked {
            // The question may have stood there for hours.
            leave_out_of_draft(context, &mut draft, &reread_do_not_contact(&sender.settings)?)?;
        }
        let held = runs.hold()?;
        if let Some(earlier) = &mut earlier {
            earlier::compare(context, earlier, &mut draft, repetition)?;
        }
        let rows = draft.to_be_sent();
        if rows == 0 {
            return nothing_to_send(context, &draft);
        }
        earlier::report_skipped(context, &draft.skip_counts()?.since(&skips));
        if let Some(earlier) = earlier.as_mut().filter(|_| is_asked || rows != rows_told) {
            details.written_to = earlier.people_written_to(&draft)?;
        }
        if let Some(signal) = connection.signals.came() {
            return Err(Interrupted(signal).into());
        }
        draft.complete(&details, &reserved.mark()?, &runs.path(&name))?;
        drop(held);
        let Some(lock) = reserved.keep() else { return Err(LedgerError::InUse { run: name.to_string() }.into()) };
        context.stderr.note(&format!("run {name}: {} from bot {}", counted(rows, "message"), sender.bot.as_str()));
        let run = LockedRun { runs, name, details, is_changed: false, found: None, lock };
        carry_out(context, sender, connection, &run, arguments.options).await
    }
}

/// The name that was typed, or one of the input's that is free.
pub(crate) fn reserve(runs: &Runs, arguments: &BulkSendArguments) -> Result<ReservedRun, BulkError> {
    if let Some(name) = &arguments.run {
        return runs.reserve(name);
    }
    let path = match &arguments.source {
        Source::Stdin => Path::new(""),
        Source::File(path) => path,
    };
    let first = RunName::of_source(path);
    let others = (2..100).filter_map(|number| format!("{first}-{number}").parse().ok());
    for name in std::iter::once(first.clone()).chain(others) {
        match runs.reserve(&name) {
            Err(BulkError::Run(_) | BulkError::Ledger(LedgerError::InUse { .. })) => {}
            reserved => return reserved,
        }
    }
    Err(RunError::Exists { name: first }.into())
}

/// What the run is.
pub(crate) fn details(
    arguments: &BulkSendArguments,
    sender: &Sender,
    hours: Option<Hours>,
    format: ListFormat,
    imported: &Imported,
    body: Option<&Value>,
) -> Result<Details, UsageError> {
    let settings = &sender.settings;
    let nothing = || UsageError::new("no row can be sent", "fix the message or the rows; nothing was sent");
    Ok(Details {
        kind: arguments.message.command().to_owned(),
        profile: settings.profile.as_ref().map(|profile| profile.value.clone()),
        bot: sender.bot.as_str().to_owned(),
        client_id: sender.client_id.as_str().to_owned(),
        api_url: if settings.is_sandboxed() { SANDBOX.to_owned() } else { settings.api_url.value.to_string() },
        sandbox: settings.is_sandboxed(),
        accepts: imported.accepts.clone().ok_or_else(nothing)?,
        format,
        columns: imported.columns.clone(),
        list: file_name(&arguments.source),
        message: body.cloned(),
        rate: arguments.options.rate.unwrap_or(settings.rate.value).per_second(),
        concurrency: arguments.options.concurrency.unwrap_or(DEFAULT_CONCURRENCY),
        max_wait: arguments.options.max_wait.unwrap_or(DEFAULT_MAX_WAIT),
        conditions: RunConditions {
            hours,
            keep_going: arguments.options.keep_going,
            again: arguments.earlier.again,
            skip_sent: arguments.earlier.skip_sent,
        },
        templates: imported.templates.clone(),
        remember: Duration::ZERO,
        written_to: 0,
    })
}

fn file_name(source: &Source) -> Option<String> {
    match source {
        Source::Stdin => None,
        Source::File(path) => Some(path.file_name()?.to_string_lossy().into_owned()),
    }
}

/// Whether a person will be asked.
pub(crate) fn is_asked(context: &Context, sender: &Sender) -> bool {
    let needs_yes = !sender.settings.is_sandboxed() && sender.settings.confirm_bulk.value;
    needs_yes && !context.assume_yes && context.can_ask()
}

/// A person is asked; a script says `--yes`, unless the profile or the sandbox makes that needless.
pub(crate) fn confirm(context: &Context, sender: &Sender, rows: u64) -> Result<(), CommandError> {
    if sender.settings.is_sandboxed() || !sender.settings.confirm_bulk.value {
        return Ok(());
    }
    let rows_in_words = counted(rows, "message");
    let question = format!("Send {rows_in_words} from {} to {}?", sender.description(), sender.planned_base());
    match context.confirms(&question)? {
        Some(true) => Ok(()),
        answer => Err(GuardError::Unconfirmed { rows, is_answer: answer.is_some() }.into()),
    }
}
