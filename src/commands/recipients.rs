//! The recipients of one command: each gets one message, and one error lists all recipients that cannot get it.

use std::collections::HashMap;

use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::output::Sent;
use crate::base::texts::shell_argument;
use crate::command_error::CommandError;
use crate::jelou::message::{RecipientChoice, RecipientSources, typed_form};
use crate::phone::person_key;
use crate::sender::context::{Context, Mode};

/// The maximum number of recipients of a command that sends. For more, `bulk send` checks a list and can resume.
const MAX_RECIPIENTS: usize = 20;

/// Returns the recipients without repetitions, with a note about each repetition.
///
/// # Errors
/// If it sends to more than the maximum.
pub(super) fn distinct(
    context: &Context,
    sources: Vec<RecipientSources>,
) -> Result<Vec<RecipientSources>, UsageError> {
    if sources.len() < 2 {
        return Ok(sources);
    }
    let mut distinct = Vec::new();
    let mut typed_by_key: HashMap<String, String> = HashMap::new();
    for source in sources {
        // Invalid recipients are refused later, all together.
        if let Ok(typed) = RecipientChoice::Among(&source).make(None) {
            let person = person_key(typed.recipient.as_str()).into_owned();
            let raw = source.raw().to_owned();
            if let Some(first) = typed_by_key.get(&person) {
                context.stderr.note(named_again(first, &raw));
                continue;
            }
            typed_by_key.insert(person, raw);
        }
        distinct.push(source);
    }
    if context.mode == Mode::Send && distinct.len() > MAX_RECIPIENTS {
        let message = msg!(
            "{recipients} recipients: one command sends to at most {most}",
            recipients = distinct.len(),
            most = MAX_RECIPIENTS
        );
        let command = "jelouctl bulk send LIST text 'Hola {{ nombre }}'";
        let hint = msg!("to send to a list: {command}", command);
        return Err(UsageError::new(message, hint));
    }
    Ok(distinct)
}

fn named_again(first: &str, again: &str) -> Message {
    if first == again {
        msg!("{first} is named twice and gets one message", first)
    } else {
        msg!(
            "{first} and {again} are the same recipient, which gets one message",
            first,
            again
        )
    }
}

/// A recipient that cannot get the message: its index among the recipients, and the error.
pub(super) struct Refused {
    pub(super) at: usize,
    pub(super) error: CommandError,
}

/// Returns the error that ends a command if `refused` of its recipients cannot get the message.
pub(super) fn refusal(refused: &[Refused], recipients: usize) -> CommandError {
    let errors = || refused.iter().map(|refused| &refused.error);
    let is_usage = errors().any(|error| error.code == ExitCode::Usage);
    let code = |error: &&CommandError| !is_usage || error.code == ExitCode::Usage;
    let hints: Vec<_> = errors().filter_map(|error| error.hint.as_ref()).collect();
    let shared = hints
        .first()
        .filter(|hint| hints.iter().all(|other| other == *hint));
    let hint = shared.map(|hint| (*hint).clone());
    let message = msg!(
        "{count} of {recipients} {recipients|recipient|recipients} cannot get the message",
        count = refused.len(),
        recipients
    );
    let (code, name) = errors()
        .find(code)
        .map_or((ExitCode::Usage, "usage"), |error| (error.code, error.name));
    CommandError {
        details: errors().map(CommandError::line).collect(),
        ..CommandError::new(code, name, message, hint)
    }
}

/// The end of the message to one recipient.
#[derive(Clone, Copy, Debug)]
pub(super) struct MessageEnd {
    pub(super) sent: Sent,
    /// The exit code of a command that sends only this message.
    pub(super) code: ExitCode,
}

/// Returns the exit code of a command from the ends of its messages. The first match in this order
/// decides:
/// - a signal
/// - 8, if a message may have been sent
/// - 10, if some recipients got the message and some did not
/// - the code of the first message that was not sent
/// - 15, if a message did not reach the status of `--wait`
/// - 0
pub(super) fn exit_code(ends: &[MessageEnd]) -> ExitCode {
    let first = |is_wanted: fn(&MessageEnd) -> bool| {
        let found = ends.iter().find(|end| is_wanted(end));
        found.map(|end| end.code)
    };
    let is_some_sent = first(|end| end.sent == Sent::Yes).is_some();
    let not_sent = first(|end| end.sent == Sent::No && end.code != ExitCode::Success);
    let not_sent = if is_some_sent {
        not_sent.map(|_| ExitCode::Incomplete)
    } else {
        not_sent
    };
    first(|end| matches!(end.code, ExitCode::Signal(_)))
        .or_else(|| first(|end| end.code == ExitCode::Unknown))
        .or(not_sent)
        .or_else(|| first(|end| end.code == ExitCode::NotReached))
        .unwrap_or(ExitCode::Success)
}

/// Prints that some recipients got the message and the `left` ones did not. With `has_key`, a repeated command sends
/// only to them.
pub(super) fn report_incomplete(
    context: &Context,
    left: &[&str],
    recipients: usize,
    has_key: bool,
) {
    let message = msg!(
        "{count} of {recipients} {recipients|recipient|recipients} did not get the message",
        count = left.len(),
        recipients
    );
    let hint = if has_key {
        msg!("to send it only to them: repeat the command")
    } else {
        let flags: Vec<_> = left.iter().map(|recipient| to_flag(recipient)).collect();
        msg!("to send it only to them: {flags}", flags = flags.join(" "))
    };
    context.stderr.error(message, &[], Some(&hint));
}

/// Returns the flag that names this recipient, quoted for a shell.
pub(super) fn to_flag(recipient: &str) -> String {
    let typed = typed_form(recipient);
    let quoted = shell_argument(&typed);
    format!("--to {quoted}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_code_tells_some_from_none() {
        use ExitCode::{
            Credentials, Guard, Incomplete, Network, NotReached, Rejected, Signal, Success,
            Unavailable, Unexpected, Unknown, Usage,
        };
        let yes = |code| MessageEnd {
            sent: Sent::Yes,
            code,
        };
        let no = |code| MessageEnd {
            sent: Sent::No,
            code,
        };
        let unknown = |code| MessageEnd {
            sent: Sent::Unknown,
            code,
        };
        for (ends, expected) in [
            (&[yes(Success)][..], Success),
            (&[no(Rejected)], Rejected),
            (&[unknown(Unknown)], Unknown),
            (&[yes(NotReached)], NotReached),
            (&[unknown(Signal(15))], Signal(15)),
            (&[yes(Success), yes(Success)], Success),
            (&[no(Guard), no(Rejected)], Guard),
            (&[no(Unavailable), no(Unavailable)], Unavailable),
            (&[yes(NotReached), yes(Success)], NotReached),
            // Some got it, and some did not.
            (&[yes(Success), no(Rejected)], Incomplete),
            (&[no(Rejected), no(Network), yes(Success)], Incomplete),
            (&[no(Usage), yes(Success)], Incomplete),
            (&[yes(NotReached), no(Unavailable)], Incomplete),
            (
                &[yes(Success), no(Credentials), no(Credentials)],
                Incomplete,
            ),
            // 8 comes first, and a signal before it.
            (&[no(Rejected), unknown(Unknown), no(Network)], Unknown),
            (&[yes(Success), no(Rejected), unknown(Unknown)], Unknown),
            (&[yes(NotReached), unknown(Unknown)], Unknown),
            (
                &[unknown(Unknown), unknown(Signal(2)), no(Signal(2))],
                Signal(2),
            ),
            (&[yes(Success), no(Signal(2))], Signal(2)),
            // Shown, and not sent.
            (&[no(Success), no(Success)], Success),
            (&[no(Success), no(Unexpected)], Unexpected),
            (&[], Success),
        ] {
            assert_eq!(exit_code(ends), expected, "{ends:?}");
        }
    }

    #[test]
    fn usage_error_outranks_a_safety_check() {
        let guard = || Refused {
            at: 0,
            error: CommandError::guard("a is excluded", "take it off"),
        };
        let usage = || Refused {
            at: 1,
            error: UsageError::new("b is wrong", "write it right").into(),
        };
        for (refused, code, hint) in [
            (vec![guard(), usage()], 2, None),
            (vec![guard(), guard()], 11, Some("take it off")),
        ] {
            let error = refusal(&refused, 3);
            assert_eq!(error.code.code(), code);
            assert_eq!(error.hint, hint.map(Message::from));
            assert_eq!(error.details.len(), 2);
            assert_eq!(error.message, "2 of 3 recipients cannot get the message");
        }
    }
}
