//! `run`: runs a command, then sends its result. Of the command, only its name goes into the message, unless the end of
//! its stderr is requested.

mod args;
mod notice;
mod prepared;

use std::time::Instant;

use serde_json::{Map, Value};

pub(crate) use self::args::RunArgs;
use self::notice::{Facts, NO_TAIL};
use self::prepared::Prepared;
use super::CommandError;
use super::claim::{self, OnceSend};
use super::result::note_error;
use super::send::PreparedSend;
use crate::api::Request;
use crate::config::SecretSource;
use crate::context::{Context, Mode};
use crate::exit::ExitCode;
use crate::input::{JsonSource, Source};
use crate::output::Format;
use crate::process::{Signal, Signals, Tail, block_on, run_command};
use crate::sending::{
    Connection, Flight, UnresolvedSender, UnusableTemplates, catch_panic, check_sender, claim_exclusions,
};
use crate::template::language;

/// Runs the command and sends the notice. The command matters more than the notice: problems with the notice are
/// reported before and after, and the command runs anyway, unless `--check-first` is given.
///
/// # Errors
/// If standard input is requested twice; with `--check-first`, `--dry-run` and `--curl` also if the notice cannot be
/// created or sent. The command has not run then.
pub(crate) fn run(context: &mut Context, arguments: &RunArgs) -> Result<ExitCode, CommandError> {
    let unresolved = UnresolvedSender::claim(context)?;
    claim_exclusions(context, &arguments.exclude)?;
    let language = language();
    let (read, unread) = match notice::read(context, arguments) {
        Ok(read) => (Some(read), None),
        // This can be seen from the command line alone.
        Err(error) if asks_twice_for_stdin(context, arguments) => return Err(error),
        Err(error) => (None, Some(error)),
    };
    let mut prepared = Prepared::default();
    let tried = read.as_ref().map(|read| prepared.prepare(context, arguments, &language, read, unresolved));
    let (example, problem) = match tried {
        Some(Ok(example)) => (Some(example), None),
        Some(Err(problem)) => (None, Some(problem)),
        None => (None, unread),
    };
    let is_preview = context.mode != Mode::Send;
    let problem = match problem {
        Some(problem) if arguments.check_first || is_preview => return Err(problem),
        problem => problem,
    };
    if let (true, Some((_, sender)), Some(example)) = (is_preview, &prepared.ready, &example) {
        let request = Request::new(sender.planned_base().url(), sender.bot.as_str(), example);
        sender.show(context, &request)?;
        claim::preview(context, arguments.once.once.as_ref(), sender, example)?;
        return Ok(ExitCode::Success);
    }
    if matches!(context.stdout.format, Format::Id | Format::Record) {
        context.stderr.warning(
            "-o does nothing here: standard output is the command's; JELOUCTL_LOG=FILE keeps the record of the notice",
        );
    }
    let flight = Flight::default();
    let command = CommandRun { context, arguments, flight: &flight, prepared, problem };
    catch_panic(&flight, || block_on(command.run()))
}

fn asks_twice_for_stdin(context: &Context, arguments: &RunArgs) -> bool {
    let is_taken =
        context.flags.client_secret == Some(SecretSource::Stdin) || arguments.exclude.contains(&Source::Stdin);
    is_taken && arguments.body == Some(JsonSource::From(Source::Stdin))
}

/// A command about to run, with what its notice needs.
struct CommandRun<'a> {
    context: &'a Context,
    arguments: &'a RunArgs,
    flight: &'a Flight,
    prepared: Prepared<'a>,
    /// What keeps the notice from being sent so far.
    problem: Option<CommandError>,
}

impl CommandRun<'_> {
    /// Runs the command, then sends the notice if wanted. Returns the command's exit code, or with `--strict-notify`
    /// that of a failed notice.
    async fn run(mut self) -> Result<ExitCode, CommandError> {
        let Self { context, arguments, .. } = self;
        let can_be_made = self.prepared.ready.is_some() && self.problem.is_none();
        let mut connection = match &self.prepared.ready {
            None => None,
            Some((_, sender)) => match sender.connect(context).await.map_err(CommandError::from) {
                Ok(connection) => Some(connection),
                // Ctrl-C at the question for the secret ends the whole command.
                Err(error) if arguments.check_first || matches!(error.code, ExitCode::Signal(_)) => return Err(error),
                Err(error) => {
                    self.problem.get_or_insert(error);
                    None
                }
            },
        };
        if let (true, Some((_, sender)), Some(connection)) =
            (arguments.check_first, &self.prepared.ready, &mut connection)
        {
            let retry_for = sender.settings.retry_for.value.duration();
            let (stderr, bot, patience) = (&context.stderr, &sender.bot, arguments.patience());
            let checked = check_sender(connection, stderr, bot, &self.prepared.templates, retry_for, patience).await;
            let faults =
                checked.map_err(|error| CommandError::from(error).hint_ending_with("the command did not run"))?;
            if !faults.is_empty() {
                let hint = "fix the notice, or leave out --check-first; the command did not run";
                return Err(UnusableTemplates { faults, hint }.into());
            }
        }
        if let Some(problem) = &self.problem {
            let state = if can_be_made {
                "cannot be sent so far; it is tried again after the command"
            } else {
                "could not be sent"
            };
            let message = format!("the command runs, but a notice of how it ended {state}: {}", problem.message());
            context.stderr.error(&message, &problem.details, problem.hint.as_deref());
        }
        let facts = Facts::new(arguments.program());
        let mut tail = arguments.tail.map(usize::from).map(Tail::new);
        let (ended, at) = run_command(&context.stderr, &arguments.command, &[], tail.as_mut()).await?;
        let code = ended.code.map_or(ExitCode::Unexpected, ExitCode::Command);
        if !arguments.on.wants(ended) {
            return Ok(code);
        }
        let notified = self.notify(connection, &facts.ended(ended, at), at, tail).await;
        let of_notice = notified
            .unwrap_or_else(|error| note_error(context, "the notice was not sent: ", error, &mut self.prepared.record));
        self.prepared.log.message(&context.stderr, "run", &self.prepared.record, of_notice.code());
        let is_told_by_code = arguments.strict_notify && of_notice != ExitCode::Success;
        Ok(if is_told_by_code { of_notice } else { code })
    }

    /// Fills the notice from what is known now, and sends it as any message, within its time.
    async fn notify(
        &mut self,
        connection: Option<Connection>,
        facts: &Map<String, Value>,
        ended: Instant,
        tail: Option<Tail>,
    ) -> Result<ExitCode, CommandError> {
        let Self { context, arguments, flight, prepared, .. } = self;
        let patience = arguments.patience();
        let unsent = |problem: Option<CommandError>| problem.map_or(Ok(ExitCode::Success), Err);
        let problem = self.problem.take();
        let Some((notice, sender)) = &prepared.ready else { return unsent(problem) };
        let mut connection = match connection {
            Some(connection) => after_command(connection, ended)?,
            // A sealed vault or an unavailable network may be back after a long command.
            None => match tokio::time::timeout(patience, sender.connect_after(context, ended)).await {
                Ok(connected) => connected?,
                Err(_) => return unsent(problem),
            },
        };
        // A job with `set -x` prints the secret that it was given.
        let redact = |text: String| connection.credentials.hidden_in_lines(&text);
        let tail = tail.map(|tail| tail.text(redact));
        let tail = tail.as_deref().map(|text| if text.is_empty() { NO_TAIL } else { text });
        let (outgoing, mut warnings) = notice.fill_to_fit(facts, tail)?;
        warnings.retain(|warning| !prepared.warnings.contains(warning));
        context.stderr.warnings(&warnings);
        prepared.record.to = Some(outgoing.recipient().to_string());
        prepared.check(arguments, sender, &outgoing)?;
        let Prepared { record, log, .. } = prepared;
        record.api_url = Some(connection.base.to_string());
        let once = OnceSend::open(context, arguments.once.once.as_ref(), sender)?;
        let prepared =
            PreparedSend { context, sender, outgoing: &outgoing, limit: None, notice_within: Some(patience) };
        prepared.deliver_over(&mut connection, record, log, flight, once.as_ref(), arguments.wait.wait()).await
    }
}

/// `connection` with the signals that end the notice. Its previous signals were caught before the command, and were
/// meant for the command.
fn after_command(connection: Connection, ended: Instant) -> Result<Connection, CommandError> {
    let mut signals = Signals::after_command(ended);
    signals.catch(&Signal::THAT_END_US)?;
    Ok(Connection { signals, ..connection })
}
