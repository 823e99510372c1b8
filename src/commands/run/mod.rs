//! `run`: runs a command, then sends its result. Of the command, only its name goes into the message, unless the end of
//! its stderr is requested.

mod args;
mod notice;
mod prepared;

use std::time::Instant;

use serde_json::{Map, Value};

pub(crate) use self::args::RunArgs;
use self::notice::{Facts, NO_TAIL};
use self::prepared::{NoticeLog, Prepared};
use super::claim::OnceSend;
use super::result::note_error;
use super::send::PreparedSend;
use crate::api::Request;
use crate::command_error::CommandError;
use crate::context::{Context, Mode};
use crate::exit::ExitCode;
use crate::output::Format;
use crate::process::{Signal, Signals, Tail, block_on, run_command};
use crate::sending::{Connection, Flight, catch_panic, check_sender, claim_exclusions, refuse_unusable};
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
            let retry_for = sender.settings.retry_for;
            let (stderr, bot, patience) = (&context.stderr, &sender.bot, arguments.notify_timeout);
            let checked = check_sender(&mut connection, stderr, bot, &prepared.templates, retry_for, patience).await;
            let faults =
                checked.map_err(|error| CommandError::from(error).hint_ending_with("the command did not run"))?;
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
