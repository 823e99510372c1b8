//! `run`: runs a command, then sends its result. Of the command, only its name goes into the message, unless the end of
//! its stderr is requested.

mod args;
mod notice;
mod prepared;

use std::cell::Cell;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

pub(crate) use self::args::RunArgs;
use self::notice::{Facts, NO_TAIL, Notice};
use self::prepared::{Prepared, check};
use super::CommandError;
use super::claim::{self, OnceSend, OnceTurn, note_replay};
use super::error::of_signal;
use super::result::note_delivery;
use crate::api::Request;
use crate::config::SecretSource;
use crate::context::{Context, Mode};
use crate::exit::ExitCode;
use crate::input::{JsonSource, Source};
use crate::message::{Outgoing, TemplateUses};
use crate::output::{Format, Record, RecordError, Sent};
use crate::people::Exclusions;
use crate::process::{Signal, Signals, Tail, block_on, run_command};
use crate::sending::{
    AuditLog, ConnectError, Connection, Flight, Interrupted, Sender, UnresolvedSender, UnusableTemplates, catch_panic,
    check_needs_number, check_sender, claim_exclusions, wait_for_delivery,
};
use crate::template::language;
use crate::timestamps::{now, of_milliseconds};

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
    let (read, problem) = match notice::read(context, arguments) {
        Ok(read) => (Some(read), None),
        // This can be seen from the command line alone.
        Err(error) if asks_twice_for_stdin(context, arguments) => return Err(error),
        Err(error) => (None, Some(error)),
    };
    let prepared = match &read {
        Some(read) => Prepared::new(context, arguments, &language, read, unresolved),
        None => Prepared { problem, ..Prepared::default() },
    };
    let Prepared { ready, exclusions, example, templates, warnings, log, record, problem } = prepared;
    let is_preview = context.mode != Mode::Send;
    let problem = match problem {
        Some(problem) if arguments.check_first || is_preview => return Err(problem),
        problem => problem,
    };
    if let (true, Some((_, sender)), Some(example)) = (is_preview, &ready, &example) {
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
    let command = CommandRun {
        context,
        arguments,
        flight: &flight,
        ready,
        exclusions,
        templates,
        warnings,
        log,
        record,
        is_logged: Cell::new(false),
        problem,
    };
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
    ready: Option<(Notice<'a>, Sender)>,
    templates: TemplateUses,
    /// The warnings about the notice that were printed before the command ran.
    warnings: Vec<String>,
    exclusions: Exclusions,
    log: AuditLog,
    /// The state of the notice.
    record: Record,
    /// Whether its outcome is in the log.
    is_logged: Cell<bool>,
    problem: Option<CommandError>,
}

/// A failed notice: its exit code, the stable name of the error, and its message.
struct NoticeFailure(ExitCode, &'static str, String);

impl From<CommandError> for NoticeFailure {
    fn from(error: CommandError) -> Self {
        Self(error.code, error.name, format!("not sent: {}", error.line()))
    }
}

impl NoticeFailure {
    /// The same with its hint.
    fn with_way_out(error: &CommandError) -> Self {
        let hint = error.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        Self(error.code, error.name, format!("not sent: {}{hint}", error.line()))
    }

    /// A notice that was not accepted within `limit`, according to `flight`.
    fn late(limit: Duration, flight: &Flight) -> Self {
        let seconds = limit.as_secs_f64();
        if flight.is_under_way() {
            return Self(ExitCode::Unknown, "unknown", format!("it may have been sent: no answer within {seconds} s"));
        }
        match flight.last_problem() {
            Some(("network", cause)) => {
                Self(ExitCode::Network, "network", format!("not sent within {seconds} s: {cause}"))
            }
            Some((_, cause)) => {
                Self(ExitCode::Unavailable, "unavailable", format!("not sent within {seconds} s: {cause}"))
            }
            None => Self(ExitCode::Unavailable, "unavailable", format!("not sent within {seconds} s")),
        }
    }
}

impl CommandRun<'_> {
    /// Runs the command, then sends the notice if wanted. Returns the command's exit code, or with `--strict-notify`
    /// that of a failed notice.
    async fn run(mut self) -> Result<ExitCode, CommandError> {
        let Self { context, arguments, .. } = self;
        let can_be_made = self.ready.is_some() && self.problem.is_none();
        let mut connection = match &self.ready {
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
        if let (true, Some((_, sender)), Some(connection)) = (arguments.check_first, &self.ready, &mut connection) {
            let retry_for = sender.settings.retry_for.value.duration();
            let (stderr, bot, patience) = (&context.stderr, &sender.bot, arguments.patience());
            let faults = check_sender(connection, stderr, bot, &self.templates, retry_for, patience).await?;
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
        let told = self.problem.as_ref().map(CommandError::line);
        let facts = Facts::new(arguments.program());
        let mut tail = arguments.tail.map(usize::from).map(Tail::new);
        let (ended, at) = run_command(&context.stderr, &arguments.command, &[], tail.as_mut()).await?;
        let code = ended.code.map_or(ExitCode::Unexpected, ExitCode::Command);
        if !arguments.on.wants(ended) {
            return Ok(code);
        }
        let mut record = std::mem::take(&mut self.record);
        let notified = self.fill_and_notify(connection, &facts.ended(ended, at), at, tail, &mut record).await;
        let of_notice = notified.as_ref().err().map_or(ExitCode::Success, |failure| failure.0);
        if let Err(NoticeFailure(_, code, message)) = &notified {
            // Also where an earlier notice under the key may have been sent.
            if of_notice == ExitCode::Unknown {
                record.sent = Sent::Unknown;
            }
            let (api_code, hint, retry_after_s) = (None, None, None);
            let error = || RecordError { code, api_code, message: message.clone(), hint, retry_after_s };
            record.error.get_or_insert_with(error);
        }
        if !self.is_logged.get() {
            self.log.message(&context.stderr, "run", &record, of_notice.code());
        }
        let Err(NoticeFailure(_, _, problem)) = notified else {
            if told.is_some() {
                context.stderr.note("the notice was sent after all");
            }
            return Ok(code);
        };
        context.stderr.error(&without_notice(&problem, told.as_deref()), &[], None);
        Ok(if arguments.strict_notify { of_notice } else { code })
    }

    /// Fills the notice from what is known now, and sends it.
    async fn fill_and_notify(
        &mut self,
        connection: Option<Connection>,
        facts: &Map<String, Value>,
        ended: Instant,
        tail: Option<Tail>,
        record: &mut Record,
    ) -> Result<(), NoticeFailure> {
        let (notice, sender) = match (&self.ready, self.problem.take()) {
            (Some(ready), _) => ready,
            (None, Some(problem)) => return Err(problem.into()),
            (None, None) => return Ok(()),
        };
        let connection = match connection {
            Some(connection) => after_command(connection, ended)?,
            None => self.connect_again(sender, ended).await?,
        };
        // A job with `set -x` prints the secret that it was given.
        let redact = |text: String| connection.credentials.hidden_in_lines(&text);
        let tail = tail.map(|tail| tail.text(redact));
        let tail = tail.as_deref().map(|text| if text.is_empty() { NO_TAIL } else { text });
        let (outgoing, mut warnings) = notice.fill_to_fit(facts, tail)?;
        warnings.retain(|warning| !self.warnings.contains(warning));
        self.context.stderr.warnings(&warnings);
        record.to = Some(outgoing.recipient().to_string());
        check(self.arguments, sender, &self.exclusions, &outgoing)?;
        record.api_url = Some(connection.base.to_string());
        self.notify(connection, sender, &outgoing, record).await
    }

    /// Connects again: a sealed vault or an unavailable network may be back after a long command.
    async fn connect_again(&self, sender: &Sender, ended: Instant) -> Result<Connection, NoticeFailure> {
        let Self { context, arguments, .. } = self;
        match tokio::time::timeout(arguments.patience(), sender.connect_after(context, ended)).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(ConnectError::Interrupted(Interrupted(signal)))) => Err(NoticeFailure(
                of_signal(signal),
                "interrupted",
                format!("not sent: interrupted by {}", signal.name()),
            )),
            Ok(Err(error)) => Err(CommandError::from(error).into()),
            Err(_) => {
                let seconds = arguments.patience().as_secs_f64();
                Err(NoticeFailure(
                    ExitCode::Configuration,
                    "configuration",
                    format!("not sent: no secret within {seconds} s"),
                ))
            }
        }
    }

    /// What the notice may do under the key of `--once`; None without a key.
    async fn turn(
        &self,
        connection: &mut Connection,
        sender: &Sender,
        outgoing: &Outgoing,
    ) -> Result<Option<OnceTurn>, NoticeFailure> {
        let Self { context, arguments, flight, .. } = self;
        let opened = OnceSend::open(context, arguments.once.once.as_ref(), sender);
        let Some(once) = opened.map_err(|error| NoticeFailure::with_way_out(&error))? else { return Ok(None) };
        let turn = once.turn(context, connection, sender, outgoing);
        match tokio::time::timeout(arguments.patience(), turn).await {
            Ok(turn) => turn.map(Some).map_err(|error| NoticeFailure::with_way_out(&error)),
            Err(_) => Err(NoticeFailure::late(arguments.patience(), flight)),
        }
    }

    /// Sends the notice, and waits for the state that `--wait` names; a signal that was not meant for the command ends
    /// it.
    async fn notify(
        &self,
        mut connection: Connection,
        sender: &Sender,
        outgoing: &Outgoing,
        record: &mut Record,
    ) -> Result<(), NoticeFailure> {
        let Self { context, arguments, flight, .. } = self;
        let unusable = check_needs_number(&mut connection, &context.stderr, &sender.bot, outgoing).await;
        if let Some(unusable) = unusable.map_err(CommandError::from)? {
            return Err(CommandError::from(unusable).into());
        }
        let mut begun = now();
        match self.turn(&mut connection, sender, outgoing).await? {
            Some(OnceTurn::Replay(entry)) => {
                begun = of_milliseconds(entry.at);
                note_replay(entry, record);
            }
            turn => {
                let delivered = self.deliver(&mut connection, sender, outgoing, record).await;
                if let Some(OnceTurn::Send(claimed)) = turn {
                    claimed.end(context, &mut connection.signals, record).await;
                }
                delivered?;
                flight.landed();
            }
        }
        let Some(wait) = arguments.wait.wait() else { return Ok(()) };
        // It was sent. Log it now, in case the process is killed while it waits.
        self.log.message(&context.stderr, "run", record, ExitCode::Success.code());
        self.is_logged.set(true);
        let ended = wait_for_delivery(&mut connection, context, sender, outgoing, begun, wait, record).await;
        ended.map_err(|(message, hint)| {
            NoticeFailure(ExitCode::NotReached, "unknown", format!("accepted, but {message}; {hint}"))
        })
    }

    /// Sends the notice, and reports it if it was accepted.
    async fn deliver(
        &self,
        connection: &mut Connection,
        sender: &Sender,
        outgoing: &Outgoing,
        record: &mut Record,
    ) -> Result<(), NoticeFailure> {
        let Self { context, arguments, flight, .. } = self;
        let request = Request::new(connection.base.url(), sender.bot.as_str(), outgoing);
        let retry_for = sender.settings.retry_for.value.duration();
        let delivery = connection.deliver(&context.stderr, &request, retry_for, flight);
        let Ok(delivery) = tokio::time::timeout(arguments.patience(), delivery).await else {
            if flight.is_under_way() {
                record.sent = Sent::Unknown;
            }
            return Err(NoticeFailure::late(arguments.patience(), flight));
        };
        let code = note_delivery(delivery, record, false);
        if let Some(error) = &record.error {
            let state = if record.sent == Sent::Unknown { "it may have been sent" } else { "not sent" };
            let hint = error.hint.as_deref().unwrap_or_default();
            return Err(NoticeFailure(code, error.code, format!("{state}: {}; {hint}", error.message)));
        }
        let recipient = outgoing.recipient();
        context.stderr.accepted(&format!("the notice for {recipient} from bot {}", sender.bot.as_str()));
        if let Some(note) = sender.settings.sandbox_note() {
            context.stderr.note(note);
            context.stderr.preview(recipient.as_str(), &outgoing.draw());
        }
        Ok(())
    }
}

/// `connection` with the signals that end the notice. Its previous signals were caught before the command, and were
/// meant for the command.
fn after_command(connection: Connection, ended: Instant) -> Result<Connection, NoticeFailure> {
    let mut signals = Signals::after_command(ended);
    let caught = signals.catch(&Signal::THAT_END_US);
    caught.map_err(|error| NoticeFailure(ExitCode::Unexpected, "unexpected", format!("not sent: {error}")))?;
    Ok(Connection { signals, ..connection })
}

/// Reports a notice that failed with `problem`. What was `told` before the command ran is not repeated.
fn without_notice(problem: &str, told: Option<&str>) -> String {
    if told.is_some() && problem.strip_prefix("not sent: ") == told {
        return "the notice was not sent, for the reason given above".to_owned();
    }
    match problem.strip_prefix("it may have been sent") {
        Some(why) => format!("the notice may have been sent{why}"),
        None => format!("the notice was {problem}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Event, Problem};

    #[test]
    fn a_notice_that_is_late_is_unknown_only_while_a_request_is_under_way() {
        let problem = |code| Problem {
            code,
            api_code: None,
            message: "because".to_owned(),
            hint: String::new(),
            retry_after: None,
            beginning: None,
        };
        let (network, limit) = (problem("network"), problem("unavailable"));
        let waits = |problem| Event::Waiting { wait: Duration::ZERO, problem };
        for (events, code, name, words) in [
            (vec![], 6, "unavailable", "not sent within 1.5 s"),
            (vec![Event::Attempt(1)], 8, "unknown", "it may have been sent: no answer within 1.5 s"),
            (vec![Event::Attempt(1), waits(&network)], 7, "network", "not sent within 1.5 s: because"),
            (vec![Event::Attempt(1), waits(&limit)], 6, "unavailable", "not sent within 1.5 s: because"),
            (
                vec![Event::Attempt(1), waits(&limit), Event::Attempt(2)],
                8,
                "unknown",
                "it may have been sent: no answer within 1.5 s",
            ),
        ] {
            let flight = Flight::default();
            for event in &events {
                flight.note(event);
            }
            let NoticeFailure(found, its_name, its_words) = NoticeFailure::late(Duration::from_millis(1500), &flight);
            assert_eq!((found.code(), its_name, its_words.as_str()), (code, name, words), "{events:?}");
        }
    }

    #[test]
    fn a_notice_that_failed_is_told_once() {
        for (problem, told, expected) in [
            ("not sent: no bot", None, "the notice was not sent: no bot"),
            ("not sent: no bot", Some("no bot"), "the notice was not sent, for the reason given above"),
            ("not sent: no bot", Some("no secret"), "the notice was not sent: no bot"),
            ("it may have been sent: cut", None, "the notice may have been sent: cut"),
            ("it may have been sent: cut", Some("no bot"), "the notice may have been sent: cut"),
        ] {
            assert_eq!(without_notice(problem, told), expected);
        }
    }
}
