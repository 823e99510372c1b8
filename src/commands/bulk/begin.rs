//! A list that may be sent becomes a run: what it is, the question, and its beginning.

use std::time::Duration;

use serde_json::Value;

use super::arguments::BulkSendArguments;
use super::before::{BeforeRun, refuse_templates};
use super::earlier::{self, Repetition};
use super::excluded_since::leave_out_of_draft;
use super::hours::{report_closed, report_over_midnight};
use super::joined_run::JoinedRun;
use super::locked_run::LockedRun;
use super::plan::typed_country;
use super::run_place::{MakingHold, RunPlace};
use super::summary::{RunSummary, nothing_to_send, print_summary};
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::exit::ExitCode;
use crate::hours::Hours;
use crate::import::Imported;
use crate::input::Source;
use crate::ledger::{Details, KnownRuns, LedgerDraft, LedgerError, RecipientFlags, RunConditions, RunName, StoredRun};
use crate::list::ListFormat;
use crate::message::Message;
use crate::output::counted;
use crate::sending::{Connection, GuardError, Interrupted, Opening, Sender, reread_do_not_contact};

/// What a run is stored with where nothing leaves the machine.
const SANDBOX: &str = "sandbox";
const DEFAULT_CONCURRENCY: usize = 64;
const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(15 * 60);

/// All of a run that is read in and not begun.
pub(crate) struct PreparedRun<'a> {
    pub(crate) place: RunPlace<'a>,
    pub(crate) draft: LedgerDraft,
    pub(crate) details: Details,
    /// The kind that the message is.
    pub(crate) kind: &'a Message,
    /// Nothing in the sandbox, which is not compared.
    pub(crate) earlier: Option<KnownRuns<'a>>,
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
        let PreparedRun { place, mut draft, mut details, kind, mut earlier, repetition } = self;
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
            let requests = |each: &mut dyn FnMut(u64, &str)| {
                draft.requests(|line, _, body| {
                    each(line, body);
                    Ok(())
                })
            };
            refuse_templates(context, sender, &mut connection, &details.templates, arguments.strict, requests).await?;
        }
        if is_asked {
            // The question may have stood there for hours.
            leave_out_of_draft(context, &mut draft, &reread_do_not_contact(&sender.settings)?)?;
        }
        let held = place.hold(context, &mut connection.signals).await?;
        if let Some(earlier) = &mut earlier {
            earlier::compare(earlier, &mut draft, repetition)?;
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
        let run = ConfirmedRun { place, held, draft, details, rows };
        run.make(context, arguments, sender, connection).await
    }
}

/// A run about which nothing is left to ask.
struct ConfirmedRun<'a> {
    place: RunPlace<'a>,
    held: MakingHold<'a>,
    draft: LedgerDraft,
    details: Details,
    /// That will be sent.
    rows: u64,
}

impl ConfirmedRun<'_> {
    /// Makes the run and carries it out, unless it is to be made only.
    async fn make(
        self,
        context: &Context,
        arguments: &BulkSendArguments,
        sender: &Sender,
        connection: Connection,
    ) -> Result<ExitCode, CommandError> {
        let Self { place, held, mut draft, details, rows } = self;
        let name = place.name();
        let made = format!("run {name}: {} from bot {}", counted(rows, "message"), sender.bot.as_str());
        match place {
            RunPlace::Shared { runs, .. } => {
                let run = runs.import(&mut draft, &details, &name)?;
                held.let_go()?;
                context.stderr.note(&made);
                if arguments.import_only {
                    let ways = format!("jelouctl bulk work {name}, on as many machines as you like");
                    return imported(context, StoredRun::Shared(runs, run, None), &name, &ways);
                }
                let timeout = sender.settings.timeout.value.duration();
                let joined = JoinedRun { runs, run, name: &name, details: &details, timeout };
                joined.send(context, sender, connection, arguments.options).await
            }
            RunPlace::File { runs, reserved } => {
                draft.complete(&details, &reserved.mark()?, &runs.path(&name))?;
                held.let_go()?;
                context.stderr.note(&made);
                let in_use = || LedgerError::InUse { run: name.to_string() };
                let lock = reserved.keep().ok_or_else(in_use)?;
                if arguments.import_only {
                    let run = StoredRun::File(Box::new(runs.read_locked(&name, &lock)?));
                    return imported(context, run, &name, &format!("jelouctl bulk resume {name}"));
                }
                let run = LockedRun { runs, name, details, is_changed: false, found: None, lock };
                run.send(context, sender, connection, arguments.options).await
            }
        }
    }
}

/// `--import-only`: the run is made, and nothing is sent.
fn imported(context: &Context, run: StoredRun<'_>, name: &RunName, ways: &str) -> Result<ExitCode, CommandError> {
    context.stderr.note(&format!("the run is made and nothing was sent; to send it: {ways}"));
    let written_to = run.details()?.written_to;
    let summary = RunSummary::of(run, written_to)?;
    print_summary(context, &summary.to_json(Some(name)), &summary.words(None, false), Some(name))?;
    Ok(ExitCode::Success)
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
    let nothing = || UsageError::new("no row can be sent", "fix the message or the rows");
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
        recipient_flags: RecipientFlags {
            country: typed_country(arguments)?.or(settings.country()),
            to: arguments.to.clone(),
            to_column: arguments.to_column.clone(),
        },
        message: body.cloned(),
        rate: arguments.options.rate.unwrap_or(settings.rate.value).per_second(),
        concurrency: arguments.options.concurrency.unwrap_or(DEFAULT_CONCURRENCY),
        max_wait: arguments.options.max_wait.unwrap_or(DEFAULT_MAX_WAIT),
        no_keep_alive: arguments.options.no_keep_alive,
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
