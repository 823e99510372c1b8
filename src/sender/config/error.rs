//! Errors of the configuration, each with its hint.

use std::path::Path;

use crate::base::message::{Lang, Message, ToValue, Value, msg};
use crate::base::placeholders::{in_both, written_in};
use crate::base::private_file::FileError;
use crate::base::process::Signal;
use crate::base::suggest::nearest;
use crate::base::texts::shell_argument;
use crate::command_error::CommandError;

/// Creates the error for a wrong value of the variable or setting called `name`.
pub(crate) fn wrong_variable(name: &str, problem: impl ToValue) -> CommandError {
    CommandError::bare_configuration(msg!("{name}: {problem}", name, problem))
}

/// Creates the error for a syntax error at the byte `offset` of the file at `path`.
pub(super) fn wrong_syntax(
    path: &Path,
    text: &str,
    offset: usize,
    problem: impl ToValue,
) -> CommandError {
    let breaks = text.bytes().take(offset).filter(|byte| *byte == b'\n');
    wrong_line(path, 1 + breaks.count(), problem)
}

/// Creates the error for a syntax error in a line of the file at `path`.
pub(super) fn wrong_line(path: &Path, line: usize, problem: impl ToValue) -> CommandError {
    CommandError::bare_configuration(msg!("{path}: line {line}: {problem}", path, line, problem))
}

/// Describes an unknown key, which may be `near` in another spelling.
pub(super) fn unknown_key(name: &str, near: Option<&str>) -> Message {
    match near {
        Some(near) => msg!("unknown key `{name}`; did you mean `{near}`?", name, near),
        None => msg!("unknown key `{name}`", name),
    }
}

/// Creates the error for a file that cannot be read or written.
#[expect(
    clippy::needless_pass_by_value,
    reason = "`map_err` gives the error itself"
)]
pub(crate) fn bad_file(error: FileError) -> CommandError {
    CommandError::bare_configuration(error.message())
}

/// Creates the error for a profile that does not exist. It names the `variable` with the name, if there is one, because
/// the user may not know of it.
pub(super) fn unknown_profile(name: &str, variable: Option<&str>, known: &[&str]) -> CommandError {
    let hint = if let Some(nearest) = nearest(name, known.iter().copied()) {
        msg!("did you mean `{nearest}`?", nearest)
    } else {
        let command = set_profile(name, "--bot BOT --client-id ID");
        msg!("to create it: {command}", command)
    };
    let problem = if known.is_empty() {
        msg!("there is no profile `{name}`; none exists", name)
    } else {
        let known = known.join(", ");
        msg!(
            "there is no profile `{name}`; there are: {known}",
            name,
            known
        )
    };
    let message = match variable {
        Some(variable) => msg!("{variable}: {problem}", variable, problem),
        None => problem,
    };
    CommandError::configuration(message, hint)
}

/// Returns the command that saves `flags` in a profile. Their values may be placeholders.
pub(crate) fn set_profile(name: &str, flags: &str) -> Value {
    let line = |flags: &str| format!("jelouctl profile set {} {flags}", shell_argument(name));
    Value::ByLanguage {
        english: line(flags),
        spanish: line(&written_in(Lang::Es, flags)),
    }
}

/// Returns the hint to make this profile the default.
pub(crate) fn use_profile(name: &str) -> Message {
    let name = shell_argument(name);
    msg!("to set the default: jelouctl profile use {name}", name)
}

pub(crate) fn no_bot() -> CommandError {
    incomplete(msg!("no bot to send from"))
}

/// Creates the error for a missing setting that every sender needs.
pub(super) fn incomplete(message: Message) -> CommandError {
    let hint = msg!(
        "to create a profile: {command}; to try without an account: --sandbox",
        command = in_both("jelouctl profile set NAME --bot BOT --client-id ID")
    );
    CommandError::configuration(message, hint)
}

/// Creates the error for a signal at the prompt for the secret.
pub(crate) fn interrupted(signal: Signal) -> CommandError {
    CommandError {
        message: msg!("interrupted at the prompt for the secret"),
        hint: None,
        ..CommandError::interrupted(signal)
    }
}
