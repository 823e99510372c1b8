//! Errors of the configuration, each with its hint.

use std::path::Path;

use crate::base::private_file::{FileAction, FileError};
use crate::base::process::Signal;
use crate::base::suggest::nearest;
use crate::base::texts::shell_argument;
use crate::command_error::CommandError;

/// Creates the error for a wrong value of the variable or setting called `name`.
pub(crate) fn wrong_variable(name: &str, problem: impl AsRef<str>) -> CommandError {
    CommandError::configuration(
        format!("{name}: {}", problem.as_ref()),
        "fix its value, or unset it",
    )
}

/// Creates the error for a syntax error at the byte `offset` of the file at `path`.
pub(super) fn wrong_syntax(path: &Path, text: &str, offset: usize, problem: &str) -> CommandError {
    let breaks = text.bytes().take(offset).filter(|byte| *byte == b'\n');
    wrong_line(path, 1 + breaks.count(), problem)
}

/// Creates the error for a syntax error in a line of the file at `path`.
pub(super) fn wrong_line(path: &Path, line: usize, problem: &str) -> CommandError {
    CommandError::configuration(
        format!("{}: line {line}: {problem}", path.display()),
        "fix it in that file",
    )
}

/// Creates the error for a file that cannot be read or written.
pub(crate) fn bad_file(error: FileError) -> CommandError {
    let hint = match error.action {
        FileAction::Read if error.is_missing() => {
            return CommandError::bare_configuration(error.message());
        }
        FileAction::Read => "check the path and its permissions",
        _ => "check the permissions of the directory and the free disk space",
    };
    CommandError::configuration(error.message(), hint)
}

/// Creates the error for a profile that does not exist. It names the `variable` with the name, if there is one, because
/// the user may not know of it.
pub(super) fn unknown_profile(name: &str, variable: Option<&str>, known: &[&str]) -> CommandError {
    let hint = match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!(
            "to create it: {}",
            set_profile(name, "--bot BOT --client-id ID")
        ),
    };
    let known = if known.is_empty() {
        "none exists".to_owned()
    } else {
        format!("there are: {}", known.join(", "))
    };
    let place = variable.map(|variable| format!("{variable}: "));
    let place = place.unwrap_or_default();
    let message = format!("{place}there is no profile `{name}`; {known}");
    CommandError::configuration(message, hint)
}

/// Returns the command that saves `flags` in a profile.
pub(crate) fn set_profile(name: &str, flags: &str) -> String {
    format!("jelouctl profile set {} {flags}", shell_argument(name))
}

pub(crate) fn no_bot() -> CommandError {
    incomplete("no bot to send from")
}

/// Creates the error for a missing setting that every sender needs.
pub(super) fn incomplete(message: &str) -> CommandError {
    const HINT: &str = "to create a profile: jelouctl profile set NAME --bot BOT --client-id ID; to try without an \
        account: --sandbox";
    CommandError::configuration(message, HINT)
}

/// Creates the error for a signal at the prompt for the secret.
pub(crate) fn interrupted(signal: Signal) -> CommandError {
    let message = "interrupted at the prompt for the secret".to_owned();
    CommandError {
        message: message.into(),
        hint: None,
        ..CommandError::interrupted(signal)
    }
}
