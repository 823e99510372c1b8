//! Errors of the configuration, each with its hint.

use std::path::Path;

use crate::base::private_file::FileError;
use crate::base::process::Signal;
use crate::base::suggest::nearest;
use crate::command_error::CommandError;

/// A wrong value of the variable, or whatever else, called `name`.
pub(crate) fn wrong_variable(name: &str, problem: impl AsRef<str>) -> CommandError {
    CommandError::configuration(
        format!("{name}: {}", problem.as_ref()),
        "fix its value, or unset it",
    )
}

/// What stands at the byte `offset` of the file at `path` is wrong.
pub(super) fn wrong_syntax(path: &Path, text: &str, offset: usize, problem: &str) -> CommandError {
    let line = 1 + text
        .bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count();
    CommandError::configuration(
        format!("{}: line {line}: {problem}", path.display()),
        "fix it in that file",
    )
}

/// A file that cannot be read or written.
pub(crate) fn bad_file(error: FileError) -> CommandError {
    let hint = match error.action {
        "read" => "check the path and its permissions",
        _ => "check the permissions of the directory, and that the disk is not full",
    };
    CommandError::configuration(error, hint)
}

pub(super) fn unknown_profile(name: &str, origin: &str, known: &[&str]) -> CommandError {
    let hint = match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("make it with: jelouctl profile set {name} --bot BOT --client-id ID"),
    };
    let known = if known.is_empty() {
        " no profiles".to_owned()
    } else {
        format!(": {}", known.join(", "))
    };
    let message = format!("there is no profile `{name}` (from {origin}); there are{known}");
    CommandError::configuration(message, hint)
}

pub(crate) fn no_bot() -> CommandError {
    incomplete("no bot to send from")
}

/// Something is missing that every sender needs.
pub(super) fn incomplete(message: &str) -> CommandError {
    const EVERY_WAY: &str = "keep bot and credentials in a profile: jelouctl profile set NAME --bot BOT --client-id ID; or give them with \
        JELOU_BOT_ID, JELOU_CLIENT_ID and JELOU_CLIENT_SECRET, or with --bot, --client-id and --client-secret-file FILE; to \
        try without an account, add --sandbox";
    CommandError::configuration(message, EVERY_WAY)
}

/// A signal came while the secret was asked for.
pub(crate) fn interrupted(signal: Signal) -> CommandError {
    let message = "interrupted while the secret was asked for".to_owned();
    CommandError {
        message,
        hint: None,
        ..CommandError::interrupted(signal)
    }
}
