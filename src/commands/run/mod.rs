//! `run`: runs a command, then sends how it ended. Nothing of the command but its name goes into the message, unless the
//! end of its stderr is asked for.

mod arguments;
mod facts;
mod notice;

pub(crate) use self::arguments::{NoticeContent, NotifyOn, RunArguments};
use self::facts::Facts;
use self::notice::{NO_TAIL, Notice};
use super::CommandError;
use super::error::{of_outcome, of_signal};
use crate::api::{Delivery, Request};
use crate::context::{Context, Mode};
use crate::exit::ExitCode;
use crate::message::{Outgoing, RecipientSources};
use crate::output::Sent;
use crate::process::{CommandEnd, Signals, Tail, block_on, run_command};
use crate::sending::{Connection, Flight, Opening, Sender, Unresolved, catch_panic};
use crate::template::language;

/// The ways a command can end.
const ENDS: [CommandEnd; 3] = [
    CommandEnd { code: 0, signal: None },
    CommandEnd { code: 137, signal: Some(9) },
    CommandEnd { code: 1, signal: None },
];

/// Runs the command and sends the notice. What would keep the notice from leaving is told before the command runs.
///
/// # Errors
/// When the notice cannot be made or could not leave; the command has not run then.
pub(crate) fn run(context: &mut Context, arguments: &RunArguments) -> Result<ExitCode, CommandError> {
    let unresolved = Unresolved::claim(context)?;
    let read = notice::read(context, arguments)?;
    let (schema, language) = (read.0.schema(), language());
    let to = RecipientSources { flag: arguments.to.clone(), environment: unresolved.recipient() };
    let notice = Notice::compile(&language, &schema, &read, to)?;
    let example = match try_out(context, arguments, &notice) {
        Ok(example) => example,
        Err(error) => {
            // A recipient may be missing only because the environment is broken.
            unresolved.environment()?;
            return Err(error);
        }
    };
    let sender = unresolved.resolve(context)?;
    example.check_bot(sender.bot.as_str())?;
    sender.check_allowed(example.recipients())?;
    if context.mode != Mode::Send {
        let request = Request::new(sender.expected_base().url(), sender.bot.as_str(), &example);
        sender.show(context, &request)?;
        return Ok(ExitCode::Success);
    }
    let flight = Flight::default();
    let work = async {
        match sender.connect(context).await? {
            Opening::Interrupted(signal) => Ok(of_signal(signal)),
            Opening::Open(connection) => {
                CommandRun { context, arguments, sender: &sender, flight: &flight, connection }.run(&notice).await
            }
        }
    };
    catch_panic(&flight, || block_on(work))
}

/// A notice that cannot be made must be known before the command runs: it is filled for each end that is told.
fn try_out(context: &Context, arguments: &RunArguments, notice: &Notice<'_>) -> Result<Outgoing, CommandError> {
    let facts = Facts::new(arguments.program());
    let tail = arguments.tail.map(|_| NO_TAIL);
    let mut ends = ENDS.into_iter().filter(|ended| arguments.on.wants(*ended)).map(|ended| facts.ended(ended));
    let first = notice.fill(&ends.next().unwrap_or_default(), tail)?;
    let (example, warnings) = ends.try_fold(first, |_, facts| notice.fill(&facts, tail))?;
    context.stderr.warnings(&warnings);
    Ok(example)
}

/// A command about to run, with all that its notice needs to leave.
struct CommandRun<'a> {
    context: &'a Context,
    arguments: &'a RunArguments,
    sender: &'a Sender,
    flight: &'a Flight,
    connection: Connection,
}

/// A notice that failed: its own exit code, and why.
struct NoticeFailure(ExitCode, String);

impl CommandRun<'_> {
    /// Runs the command, then sends the notice where it is wanted. Gives the command's exit code, or with
    /// `--strict-notify` that of a notice that failed.
    async fn run(mut self, notice: &Notice<'_>) -> Result<ExitCode, CommandError> {
        let Self { context, arguments, .. } = self;
        let facts = Facts::new(arguments.program());
        let mut tail = arguments.tail.map(Tail::new);
        let ended = run_command(&context.stderr, &arguments.command, &[], tail.as_mut()).await?;
        let code = ExitCode::Command(ended.code);
        if !arguments.on.wants(ended) {
            return Ok(code);
        }
        let tail = tail.map(|tail| tail.text());
        let tail = tail.as_deref().map(|text| if text.is_empty() { NO_TAIL } else { text });
        let notified = match notice.fill_to_fit(&facts.ended(ended), tail) {
            Ok((outgoing, _)) => self.notify(&outgoing).await,
            Err(error) => Err(NoticeFailure(error.code, error.line())),
        };
        let Err(NoticeFailure(of_notice, problem)) = notified else { return Ok(code) };
        context.stderr.error(&format!("the notice of how the command ended: {problem}"), &[], None);
        Ok(if arguments.strict { of_notice } else { code })
    }

    /// Sends the notice; from here on a signal ends it, not the command.
    async fn notify(&mut self, outgoing: &Outgoing) -> Result<(), NoticeFailure> {
        let Self { context, arguments, sender, flight, connection } = self;
        let request = Request::new(connection.base.url(), sender.bot.as_str(), outgoing);
        // Those that came before were the command's.
        connection.signals =
            Signals::that_end().map_err(|error| NoticeFailure(ExitCode::Unexpected, error.to_string()))?;
        let retry_for = sender.settings.retry_for.value.duration();
        let delivery = connection.deliver(&context.stderr, &request, retry_for, flight);
        let Ok(Delivery { outcome, problem, .. }) = tokio::time::timeout(arguments.timeout, delivery).await else {
            let seconds = arguments.timeout.as_secs_f64();
            return Err(match flight.last_problem() {
                _ if flight.is_under_way() => {
                    NoticeFailure(ExitCode::Unknown, format!("it may have been sent: no answer within {seconds} s"))
                }
                Some(("network", cause)) => {
                    NoticeFailure(ExitCode::Network, format!("not sent within {seconds} s: {cause}"))
                }
                Some((_, cause)) => {
                    NoticeFailure(ExitCode::Unavailable, format!("not sent within {seconds} s: {cause}"))
                }
                None => NoticeFailure(ExitCode::Unavailable, format!("not sent within {seconds} s")),
            });
        };
        flight.landed();
        if let Some(problem) = problem {
            let (code, sent) = of_outcome(&outcome);
            let state = if sent == Sent::Unknown { "it may have been sent" } else { "not sent" };
            return Err(NoticeFailure(code, format!("{state}: {}; {}", problem.message, problem.hint)));
        }
        let recipient = outgoing.recipient();
        context.stderr.accepted(&format!("the notice for {recipient} from bot {}", sender.bot.as_str()));
        if sender.settings.is_sandboxed() {
            context.stderr.note("sandbox: nothing left this machine");
            context.stderr.would_see(recipient.as_str(), &outgoing.draw());
        }
        Ok(())
    }
}
