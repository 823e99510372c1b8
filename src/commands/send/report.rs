//! What happened to a message or request: its record, the lines on standard error, the result on standard output, and
//! the exit code.

use std::cell::Cell;
use std::time::Duration;

use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{Format, Record, RecordError, Sent, SystemError};
use crate::command_error::{CommandError, Phase};
use crate::commands::error::outcome_exit_code;
use crate::jelou::api::{Delivery, Outcome, Request, excerpt};
use crate::jelou::message::{Outgoing, sends_template};
use crate::phone::{find_country, is_user_id};
use crate::runs::cost::{Category, PriceList};
use crate::sender::Sender;
use crate::sender::config::ApiUrl;
use crate::sender::context::{Context, Mode};

/// Prints what happens to the messages of a command on standard error.
pub(crate) struct Reporter<'a> {
    pub(crate) context: &'a Context,
    pub(crate) sender: &'a Sender,
    /// Whether the messages are notifications of `run`.
    is_notification: bool,
    /// Whether a line names its recipient, because there are several.
    are_several: bool,
    /// What the command prints once about the sandbox.
    sandbox_note: Cell<Option<Message>>,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(
        context: &'a Context,
        sender: &'a Sender,
        is_notification: bool,
        are_several: bool,
    ) -> Self {
        Self {
            context,
            sender,
            is_notification,
            are_several,
            sandbox_note: Cell::new(sender.settings.sandbox_note()),
        }
    }

    /// Returns the recipient if a line about its message names it.
    pub(crate) fn named<'b>(&self, recipient: &'b str) -> Option<&'b str> {
        self.are_several.then_some(recipient)
    }

    /// Adds the recipient to a line, if there are several.
    fn with_recipient(&self, recipient: &str, line: Message) -> Message {
        match self.named(recipient) {
            Some(recipient) => msg!("{recipient}: {line}", recipient, line),
            None => line,
        }
    }

    /// Prints the error of the message to `recipient`, and writes it to its record.
    pub(crate) fn error(
        &self,
        error: CommandError,
        recipient: Option<&str>,
        record: &mut Record,
    ) -> ExitCode {
        let phase = if self.are_several {
            Phase::OneOfSeveral
        } else {
            Phase::SingleSend
        };
        let tell = |problem: Message| {
            let told = if self.is_notification {
                unsent_notification(&problem)
            } else {
                problem
            };
            match recipient {
                Some(recipient) => self.with_recipient(recipient, told),
                None => told,
            }
        };
        note_error_as(self.context, tell, error.in_phase(phase), record)
    }

    /// Prints the outcome of a message, as its record has it.
    pub(crate) fn outcome(&self, outgoing: &Outgoing, record: &Record, is_awaited: bool) {
        let stderr = &self.context.stderr;
        let recipient = outgoing.recipient().as_str();
        let is_accepted = record.sent == Sent::Yes;
        if is_accepted {
            stderr.accepted(self.accepted(recipient, record));
        }
        if let Some(error) = &record.error {
            let message = self.with_recipient(recipient, self.problem(error, record.sent));
            stderr.error(message, &[], error.hint.as_ref());
        }
        if let Some(note) = self.sandbox_note.take() {
            let page = self.sender.planned_base().to_string();
            // The sandbox does not show a message that did not reach it.
            let has_arrived = record.http_status.is_some();
            let is_shown = has_arrived && record.api_url.as_ref() == Some(&page);
            stderr.note(if is_shown {
                msg!("{note}; it is shown on {page}", note, page)
            } else {
                note
            });
        }
        if is_accepted && self.sender.settings.is_sandboxed() {
            let drawn = outgoing.draw(self.context.lang());
            stderr.preview(msg!("{recipient} would see:", recipient), &drawn);
        }
        if is_accepted && !is_awaited && is_user_id(recipient) {
            stderr.note(msg!(
                "WhatsApp may silently drop a message to a user id; to confirm delivery: --wait delivered"
            ));
        }
    }

    fn accepted(&self, recipient: &str, record: &Record) -> Message {
        let sender = self.sender.description();
        let accepted = if self.is_notification {
            msg!(
                "the notification for {recipient} from {sender}",
                recipient,
                sender
            )
        } else {
            msg!("for {recipient} from {sender}", recipient, sender)
        };
        match &record.message_id {
            Some(id) => msg!("{accepted}: {id}", accepted, id = excerpt(id)),
            None => accepted,
        }
    }

    fn problem(&self, error: &RecordError, sent: Sent) -> Message {
        let problem = error.message.clone();
        match (self.is_notification, sent) {
            (true, Sent::Unknown) => {
                msg!("the notification may have been sent: {problem}", problem)
            }
            (true, _) => unsent_notification(&problem),
            (false, Sent::Unknown) => msg!("it may have been sent: {problem}", problem),
            (false, _) => msg!("not sent: {problem}", problem),
        }
    }

    /// Prints how the wait for an accepted message has ended, and returns its exit code.
    pub(crate) fn wait_end(
        &self,
        recipient: &str,
        reached: Result<Message, (Message, Message)>,
        record: &mut Record,
    ) -> ExitCode {
        let stderr = &self.context.stderr;
        let (problem, hint) = match reached {
            Ok(state) => {
                stderr.note(self.with_recipient(recipient, state));
                return ExitCode::Success;
            }
            Err(problem) => problem,
        };
        record.error = Some(unreached(problem.clone(), Some(hint.clone())));
        let message = if self.is_notification {
            msg!("the notification was accepted, but {problem}", problem)
        } else {
            msg!("accepted, but {problem}", problem)
        };
        stderr.error(self.with_recipient(recipient, message), &[], Some(&hint));
        ExitCode::NotReached
    }
}

/// Returns the error of an accepted message that does not have the status of `--wait`.
pub(crate) fn unreached(message: Message, hint: Option<Message>) -> RecordError {
    RecordError {
        code: "not_reached",
        message,
        hint,
        ..RecordError::default()
    }
}

pub(crate) fn unsent_notification(problem: &Message) -> Message {
    msg!("the notification was not sent: {problem}", problem)
}

/// Prints the request instead of sending it, for `--dry-run` and `--curl`.
pub(crate) fn preview(
    context: &Context,
    sender: &Sender,
    request: impl FnOnce(&ApiUrl) -> Result<Request, CommandError>,
    record: &mut Record,
) -> Result<(), CommandError> {
    record.dry_run = true;
    if context.mode == Mode::Curl || context.stdout.format == Format::Response {
        sender.show(context, &request(&sender.planned_base())?)?;
    }
    Ok(())
}

/// Prints the error of a request, and writes it to the record.
pub(crate) fn note_error(context: &Context, error: CommandError, record: &mut Record) -> ExitCode {
    note_error_as(context, |problem| problem, error, record)
}

/// Works like [`note_error`], but prints the sentence that `tell` makes of the message. The record has the message.
pub(crate) fn note_error_as(
    context: &Context,
    tell: impl FnOnce(Message) -> Message,
    error: CommandError,
    record: &mut Record,
) -> ExitCode {
    let mut error = error.in_phase(Phase::SingleSend);
    let code = record_error(&error, record);
    error.message = tell(error.message);
    error.print(&context.stderr);
    code
}

/// Writes the error of a request to the record, and returns its code.
pub(crate) fn record_error(error: &CommandError, record: &mut Record) -> ExitCode {
    record.sent = if error.code == ExitCode::Unknown {
        Sent::Unknown
    } else {
        Sent::No
    };
    record.error = Some(RecordError::from(error));
    error.code
}

/// Fills in the record with the outcome of a message, and returns its exit code.
pub(crate) fn note_delivery(delivery: Delivery, record: &mut Record) -> ExitCode {
    let (code, sent) = outcome_exit_code(&delivery.outcome);
    record.sent = sent;
    record.attempts = delivery.attempts;
    record.duration_ms = u64::try_from(delivery.duration.as_millis()).unwrap_or(u64::MAX);
    if let Some(answer) = delivery.answer {
        record.http_status = Some(answer.status);
        record.response = answer.body.into_json();
    }
    if let Outcome::Sent { message_id } = delivery.outcome {
        record.message_id = message_id;
    }
    record.error = delivery.problem.map(|problem| RecordError {
        code: problem.code,
        message: problem.message,
        api_code: problem.api_code,
        hint: Some(problem.hint),
        retry_after_s: problem.retry_after.and_then(wait_in_record),
        ..RecordError::default()
    });
    code
}

/// Returns the wait in seconds; None if it is so long that it cannot be meant.
fn wait_in_record(wait: Duration) -> Option<u64> {
    u32::try_from(wait.as_secs()).ok().map(u64::from)
}

/// Prints the response, the id or the record.
pub(crate) fn print_answer(
    context: &Context,
    format: Format,
    record: &mut Record,
    code: ExitCode,
) -> Result<(), SystemError> {
    record.end(code);
    let stdout = &context.stdout;
    match (format, &record.response, &record.message_id) {
        (Format::Record, _, _) if context.mode == Mode::Curl && record.error.is_none() => Ok(()),
        (Format::Record, _, _) => stdout.json(record),
        (Format::Response, Some(response), _) => stdout.json(response),
        (Format::Id, _, Some(id)) => stdout.value(id),
        (Format::Response | Format::Id | Format::None | Format::To, _, _) => Ok(()),
    }
}

/// Prints the response, id or record of `what`, a message or a request, and returns the exit code. An accepted message
/// stays a success if standard output fails: an error could make a script send again.
pub(crate) fn print_result(
    context: &Context,
    what: &Message,
    format: Format,
    record: &mut Record,
    code: ExitCode,
) -> ExitCode {
    let Context { stdout, stderr, .. } = context;
    let problem = match print_answer(context, format, record, code) {
        Ok(()) if record.sent == Sent::Yes && stdout.is_reader_gone() => {
            msg!("the reader closed standard output")
        }
        Ok(()) => return code,
        Err(error) => msg!("{problem}", problem = error.cause),
    };
    let (state, code) = unprinted(what, record.sent, code);
    let message = msg!(
        "{state}, but the response could not be printed: {problem}",
        state,
        problem
    );
    stderr.error(message, &[], None);
    code
}

/// Returns what happened to `what` if the response cannot be printed, and the exit code of a command that would otherwise
/// exit with `code`.
fn unprinted(what: &Message, sent: Sent, code: ExitCode) -> (Message, ExitCode) {
    match sent {
        Sent::Yes => (msg!("{what} was accepted", what), code),
        Sent::No if code == ExitCode::Success => (msg!("nothing was sent"), ExitCode::Unexpected),
        Sent::No => (msg!("{what} was not sent", what), code),
        Sent::Unknown => (msg!("{what} may have been sent", what), code),
    }
}

/// Prints what one message costs. Only the bot's list has the category of a template, so all its prices are printed.
pub(crate) fn report_cost(context: &Context, outgoing: &Outgoing, list: Option<&PriceList>) {
    let Some(list) = list else { return };
    let country = find_country(outgoing.recipient().as_str());
    let is_template = sends_template(outgoing.route().endpoint(), outgoing.json());
    let categories = Category::ALL
        .into_iter()
        .filter(|category| (*category == Category::Service) != is_template);
    let rated =
        categories.filter_map(|category| Some((category.name(), list.price(country, category)?)));
    let costs: Vec<_> = rated
        .map(|(name, price)| {
            let price = format!("{price} {}", list.currency);
            msg!("{price} as {name}", price, name)
        })
        .collect();
    let to = match country {
        Some(country) => msg!("a number of {country}", country = country.to_string()),
        None => msg!("a recipient without a country"),
    };
    context.stderr.note(if costs.is_empty() {
        msg!("the price list has no price for this message to {to}", to)
    } else {
        let costs = Message::joined(costs, ", ");
        msg!("cost by your prices, for {to}: {costs}", to, costs)
    });
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::jelou::api::{Answer, Body, Problem};

    fn problem() -> Problem {
        Problem {
            code: "unknown",
            api_code: Some("x".to_owned()),
            message: "the answer was not understood".into(),
            hint: "look at it".into(),
            retry_after: Some(Duration::from_secs(7)),
        }
    }

    fn answer() -> Answer {
        Answer {
            status: 200,
            retry_after: None,
            date: None,
            warnings: Vec::new(),
            body: Body::new(r#"{"messageId":"m-1"}"#.to_owned(), true),
        }
    }

    #[test]
    fn lost_output_fails_only_an_unsent_success() {
        use ExitCode::{Rejected, Success, Unexpected, Unknown};
        for (sent, code, expected) in [
            (Sent::Yes, Success, ("the message was accepted", Success)),
            (Sent::No, Success, ("nothing was sent", Unexpected)),
            (Sent::No, Rejected, ("the message was not sent", Rejected)),
            (
                Sent::Unknown,
                Unknown,
                ("the message may have been sent", Unknown),
            ),
        ] {
            let (state, code) = unprinted(&msg!("the message"), sent, code);
            assert_eq!((state.to_string().as_str(), code), expected);
        }
    }

    #[test]
    fn record_contains_the_delivery_result() {
        let message_id = Some("m-1".to_owned());
        let delivery = |outcome, problem, answer| Delivery {
            outcome,
            problem,
            answer,
            attempts: 3,
            duration: Duration::from_micros(1_500_900),
            is_late: false,
        };
        let mut record = Record::default();
        let accepted = delivery(Outcome::Sent { message_id }, None, Some(answer()));
        assert_eq!(note_delivery(accepted, &mut record), ExitCode::Success);
        let attempts = record.attempts;
        let took = record.duration_ms;
        assert_eq!(
            (
                record.sent,
                record.message_id.as_deref(),
                record.http_status
            ),
            (Sent::Yes, Some("m-1"), Some(200))
        );
        assert_eq!(
            (record.response.unwrap().get(), attempts, took),
            (r#"{"messageId":"m-1"}"#, 3, 1500)
        );
        assert!(record.error.is_none());

        let mut record = Record::default();
        let unknown = delivery(Outcome::Unknown(None), Some(problem()), None);
        assert_eq!(note_delivery(unknown, &mut record), ExitCode::Unknown);
        let error = record.error.unwrap();
        let message = error.message.to_string();
        let said = (record.sent, error.code, message.as_str());
        assert_eq!(
            said,
            (Sent::Unknown, "unknown", "the answer was not understood")
        );
        let api_code = error.api_code.as_deref();
        let hint = error.hint.map(|hint| hint.to_string());
        assert_eq!(
            (api_code, hint.as_deref(), error.retry_after_s),
            (Some("x"), Some("look at it"), Some(7))
        );
    }
}
