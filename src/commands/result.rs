//! The result of a message or request: in the record, on standard output, and as an exit code.

use super::error::outcome_exit_code;
use crate::base::exit::ExitCode;
use crate::base::message::{Message, msg};
use crate::base::output::{Format, Record, RecordError, Sent, SystemError};
use crate::command_error::{CommandError, Phase};
use crate::jelou::api::{Delivery, Outcome, Request};
use crate::sender::Sender;
use crate::sender::config::ApiUrl;
use crate::sender::context::{Context, Mode};

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
        retry_after_s: problem.retry_after.map(|wait| wait.as_secs()),
    });
    code
}

/// Prints the response, the id or the record.
pub(crate) fn print_answer(
    context: &Context,
    format: Format,
    record: &Record,
) -> Result<(), SystemError> {
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
    record: &Record,
    code: ExitCode,
) -> ExitCode {
    let Context { stdout, stderr, .. } = context;
    let problem = match print_answer(context, format, record) {
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
