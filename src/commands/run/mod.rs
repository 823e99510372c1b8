//! `run`: runs a command, then sends its result. Of the command, only its name goes into the message, unless the end of
//! its stderr is requested.

mod args;
mod notice;

use std::time::Instant;

use minijinja::Environment as Language;
use serde_json::{Map, Value};

pub(crate) use self::args::RunArgs;
use self::notice::{ENDS, Facts, NO_TAIL, Notice};
use super::claim::OnceSend;
use super::prepared_send::PreparedSend;
use super::result::note_error;
use super::send::sender_and_exclusions;
use super::store::open_store;
use crate::api::Request;
use crate::command_error::CommandError;
use crate::context::{Context, Mode};
use crate::exit::ExitCode;
use crate::message::{Message, Outgoing, RecipientSources, TemplateUses};
use crate::output::{Format, Record};
use crate::people::Exclusions;
use crate::process::{Signal, Signals, Tail, block_on, run_command};
use crate::sending::{
    AuditLog, Connection, Flight, Sender, catch_panic, check_sender, claim_exclusions, read_environment, read_settings,
    refuse_unusable,
};
use crate::template::language;

/// Runs the command and sends the notice. The command matters more than the notice: a problem with the notice is
/// reported before and after, and the command runs anyway, unless `--check-first` is given.
///
/// # Errors
/// With `--check-first`, `--dry-run` and `--curl`, if the notice cannot be created or sent. The command has not run then.
pub(crate) fn run(context: &mut Context, arguments: &RunArgs) -> Result<ExitCode, CommandError> {
    claim_exclusions(context, &arguments.exclude)?;
    let (language, mut read, mut known) = (language(), None, NoticeLog::default());
    let prepared = Prepared::new(context, arguments, &language, &mut read, &mut known);
    if context.mode != Mode::Send {
        let Prepared { sender, example, .. } = prepared?;
        sender.show(context, &Request::new(sender.planned_base().url(), sender.bot.as_str(), &example))?;
        return Ok(ExitCode::Success);
    }
    if matches!(context.stdout.format, Format::Id | Format::Record) {
        context.stderr.warning(
            "-o does nothing here: standard output is the command's; JELOUCTL_LOG=FILE keeps the record of the notice",
        );
    }
    let flight = Flight::default();
    let command = CommandRun { context, arguments, flight: &flight };
    catch_panic(&flight, || block_on(command.run(prepared, known)))
}

/// A command about to run.
struct CommandRun<'a> {
    context: &'a Context,
    arguments: &'a RunArgs,
    flight: &'a Flight,
}

impl CommandRun<'_> {
    /// Runs the command, then sends the notice if wanted. Returns the command's exit code, or with `--strict-notify`
    /// that of a failed notice.
    async fn run(
        self,
        prepared: Result<Prepared<'_>, CommandError>,
        mut known: NoticeLog,
    ) -> Result<ExitCode, CommandError> {
        let Self { context, arguments, .. } = self;
        let ready = match prepared {
            Ok(prepared) => self.connect(prepared).await,
            Err(problem) => Err(problem),
        };
        match &ready {
            Ok(_) => {}
            Err(problem) if !arguments.check_first && !matches!(problem.code, ExitCode::Signal(_)) => {
                let message =
                    format!("the command runs, but a notice of how it ended cannot be sent: {}", problem.message);
                context.stderr.error(&message, &problem.details, problem.hint.as_deref());
            }
            // The command must not run, with `--check-first` or after Ctrl-C at the question for the secret.
            Err(_) => return ready.map(|_| ExitCode::Success),
        }
        let facts = Facts::new(arguments.program());
        let mut tail = arguments.tail.map(usize::from).map(Tail::new);
        let (ended, at) = run_command(&context.stderr, &arguments.command, &[], tail.as_mut()).await?;
        let code = ended.code.map_or(ExitCode::Unexpected, ExitCode::Command);
        if !arguments.on.wants(ended) {
            return Ok(code);
        }
        let notified = match ready {
            Ok((prepared, connection)) => {
                self.notify(&prepared, connection, &facts.ended(ended, at), at, tail, &mut known).await
            }
            Err(problem) => Err(problem),
        };
        let of_notice =
            notified.unwrap_or_else(|error| note_error(context, "the notice was not sent: ", error, &mut known.record));
        known.log.message(&context.stderr, "run", &known.record, of_notice.code());
        let is_told_by_code = arguments.strict_notify && of_notice != ExitCode::Success;
        Ok(if is_told_by_code { of_notice } else { code })
    }

    /// Connects before the command gets the terminal and standard input; with `--check-first`, checks the notice.
    async fn connect<'b>(&self, prepared: Prepared<'b>) -> Result<(Prepared<'b>, Connection), CommandError> {
        let Self { context, arguments, .. } = self;
        let sender = &prepared.sender;
        let mut connection = sender.connect(context).await?;
        if arguments.check_first {
            let not_run = |error: CommandError| error.hint_ending_with("the command did not run");
            if arguments.once.once.is_some() && !sender.settings.is_sandboxed() {
                open_store(context).map_err(not_run)?;
            }
            let checked = check_sender(&mut connection, &prepared.templates, arguments.notify_timeout).await;
            let faults = checked.map_err(|error| not_run(error.into()))?;
            refuse_unusable(&faults, "fix the notice, or leave out --check-first; the command did not run")?;
        }
        Ok((prepared, connection))
    }

    /// Fills the notice from what is known now, and sends it as any message, within its time.
    async fn notify(
        &self,
        prepared: &Prepared<'_>,
        mut connection: Connection,
        facts: &Map<String, Value>,
        ended: Instant,
        tail: Option<Tail>,
        NoticeLog { log, record }: &mut NoticeLog,
    ) -> Result<ExitCode, CommandError> {
        let Self { context, arguments, flight } = self;
        let (sender, patience) = (&prepared.sender, arguments.notify_timeout);
        // The signals so far were meant for the command.
        connection.signals = Signals::after_command(ended);
        connection.signals.catch(&Signal::THAT_END_US)?;
        // A job with `set -x` prints the secret that it was given.
        let redact = |text: String| connection.credentials.hidden_in_lines(&text);
        let tail = tail.map(|tail| tail.text(redact));
        let tail = tail.as_deref().map(|text| if text.is_empty() { NO_TAIL } else { text });
        let (outgoing, mut warnings) = prepared.notice.fill_to_fit(facts, tail)?;
        warnings.retain(|warning| !prepared.warnings.contains(warning));
        context.stderr.warnings(&warnings);
        record.to = Some(outgoing.recipient().to_string());
        prepared.check(arguments, &outgoing)?;
        record.api_url = Some(connection.base.to_string());
        let once = OnceSend::open(context, arguments.once.once.as_ref(), sender)?;
        let prepared =
            PreparedSend { context, sender, outgoing: &outgoing, limit: None, notice_within: Some(patience) };
        prepared.deliver_over(&mut connection, record, log, flight, once.as_ref(), arguments.wait.wait()).await
    }
}

/// A notice that can be sent.
struct Prepared<'a> {
    notice: Notice<'a>,
    sender: Sender,
    /// The people who must not be written to.
    exclusions: Exclusions,
    /// The notice of one outcome.
    example: Outgoing,
    /// The templates that the notices name.
    templates: TemplateUses,
    /// The warnings about the notice that were printed.
    warnings: Vec<String>,
}

/// What is known of a notice, for the audit log.
#[derive(Default)]
struct NoticeLog {
    log: AuditLog,
    record: Record,
}

impl<'a> Prepared<'a> {
    /// Prepares the notice, whose kind and body are kept in `read`.
    ///
    /// # Errors
    /// If it cannot be sent for one of these outcomes.
    fn new(
        context: &mut Context,
        arguments: &RunArgs,
        language: &'a Language<'a>,
        read: &'a mut Option<(Message, Value)>,
        known: &mut NoticeLog,
    ) -> Result<Self, CommandError> {
        let environment = read_environment()?;
        let settings = read_settings(context, &environment)?;
        let country = arguments.country.or(settings.country);
        let to = RecipientSources { flag: arguments.to.clone(), environment: environment.to, country };
        let read = read.insert(notice::read(context, arguments)?);
        known.record.kind = Some(read.0.command().into());
        let notice = Notice::compile(language, read, to)?;
        let (templates, example, warnings) = try_out(arguments, &notice)?;
        context.stderr.warnings(&warnings);
        known.record.to = Some(example.recipient().to_string());
        let (sender, exclusions) =
            sender_and_exclusions(context, settings, &arguments.exclude, country, &mut known.log)?;
        let prepared = Self { notice, sender, exclusions, example, templates, warnings };
        prepared.check(arguments, &prepared.example)?;
        Ok(prepared)
    }

    /// Checks the bot that a body names, and the recipients.
    ///
    /// # Errors
    /// If `outgoing` may not be sent.
    fn check(&self, arguments: &RunArgs, outgoing: &Outgoing) -> Result<(), CommandError> {
        outgoing.check_bot(self.sender.bot.as_str())?;
        self.sender.check_message(&self.exclusions, arguments.once.once.is_some(), outgoing)
    }
}

/// Fills the notice for each outcome that `--on` selects; returns the templates of all, and the last notice with its
/// warnings.
fn try_out(arguments: &RunArgs, notice: &Notice<'_>) -> Result<(TemplateUses, Outgoing, Vec<String>), CommandError> {
    let facts = Facts::new(arguments.program());
    let tail = arguments.tail.map(|_| NO_TAIL);
    let mut templates = TemplateUses::default();
    let mut fill = |facts: &Map<String, Value>| {
        let filled = notice.fill(facts, tail)?;
        templates.note(&filled.0);
        Ok::<_, CommandError>(filled)
    };
    let mut ends =
        ENDS.into_iter().filter(|ended| arguments.on.wants(*ended)).map(|ended| facts.ended(ended, facts.begun));
    let first = fill(&ends.next().unwrap_or_default())?;
    let (outgoing, warnings) = ends.try_fold(first, |_, facts| fill(&facts))?;
    Ok((templates, outgoing, warnings))
}
