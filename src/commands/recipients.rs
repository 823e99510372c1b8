//! The recipients of one command: each gets one message, and one error lists all recipients that cannot get it.

use std::collections::HashMap;

use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::output::counted;
use crate::command_error::CommandError;
use crate::jelou::message::{RecipientChoice, RecipientSources};
use crate::phone::person_key;
use crate::sender::context::Context;

/// The maximum number of recipients. For more, `bulk send` checks a list and can resume.
const MAX_RECIPIENTS: usize = 20;

/// Returns the recipients without repetitions, with a note about each repetition.
///
/// # Errors
/// If there are more than the maximum of one command.
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
                context.stderr.note(&named_again(first, &raw));
                continue;
            }
            typed_by_key.insert(person, raw);
        }
        distinct.push(source);
    }
    if distinct.len() > MAX_RECIPIENTS {
        let message = format!(
            "{} recipients: one command sends to at most {MAX_RECIPIENTS}",
            distinct.len()
        );
        let hint = "to send to a list: jelouctl bulk send LIST text 'Hola {{ nombre }}'";
        return Err(UsageError::new(message, hint));
    }
    Ok(distinct)
}

fn named_again(first: &str, again: &str) -> String {
    if first == again {
        format!("{first} is named twice and gets one message")
    } else {
        format!("{first} and {again} are the same recipient, which gets one message")
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
    let hint = shared.map_or("correct or remove these recipients", |hint| hint.as_str());
    let message = format!(
        "{} of {} cannot get the message",
        refused.len(),
        counted(recipients as u64, "recipient")
    );
    let (code, name) = errors()
        .find(code)
        .map_or((ExitCode::Usage, "usage"), |error| (error.code, error.name));
    CommandError {
        details: errors().map(CommandError::line).collect(),
        ..CommandError::new(code, name, message, Some(hint.to_owned()))
    }
}

/// Returns the exit code of a command from the codes of its messages. The first match in this order
/// decides:
/// - a signal
/// - 8, if a message may have been sent
/// - the code of the first message that was not sent
/// - 15, if a message did not reach the status of `--wait`
/// - 0
pub(super) fn exit_code(codes: &[ExitCode]) -> ExitCode {
    let first = |is_wanted: fn(&ExitCode) -> bool| codes.iter().copied().find(is_wanted);
    first(|code| matches!(code, ExitCode::Signal(_)))
        .or_else(|| first(|code| *code == ExitCode::Unknown))
        .or_else(|| first(|code| !matches!(code, ExitCode::Success | ExitCode::NotReached)))
        .or_else(|| first(|code| *code == ExitCode::NotReached))
        .unwrap_or(ExitCode::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_code_follows_the_worst_message() {
        use ExitCode::{
            Credentials, Guard, Network, NotReached, Rejected, Signal, Success, Unknown,
        };
        for (codes, expected) in [
            (&[Success][..], Success),
            (&[Rejected], Rejected),
            (&[Unknown], Unknown),
            (&[NotReached], NotReached),
            (&[Signal(15)], Signal(15)),
            (&[Success, Success], Success),
            (&[Success, Rejected], Rejected),
            (&[Guard, Rejected], Guard),
            (&[Rejected, Network, Success], Rejected),
            (&[Rejected, Unknown, Network], Unknown),
            (&[NotReached, Success], NotReached),
            (&[NotReached, Rejected], Rejected),
            (&[NotReached, Unknown], Unknown),
            (&[Unknown, Signal(2), Signal(2)], Signal(2)),
            (&[Success, Credentials, Credentials], Credentials),
        ] {
            assert_eq!(exit_code(codes), expected, "{codes:?}");
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
            (
                vec![guard(), usage()],
                2,
                "correct or remove these recipients",
            ),
            (vec![guard(), guard()], 11, "take it off"),
        ] {
            let error = refusal(&refused, 3);
            assert_eq!(error.code.code(), code);
            assert_eq!(error.hint.as_deref(), Some(hint));
            assert_eq!(error.details.len(), 2);
            assert_eq!(error.message, "2 of 3 recipients cannot get the message");
        }
    }
}
