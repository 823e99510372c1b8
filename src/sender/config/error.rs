//! Errors of the configuration, each with its hint.

use std::path::Path;

use crate::base::private_file::FileError;
use crate::base::process::Signal;
use crate::base::suggest::nearest;
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

/// Describes the fault of a file that is not TOML or has a value of the wrong type. `message` is the
/// parser's: the result contains neither its value of a wrong type nor the line, because they may
/// contain a secret.
pub(super) fn toml_problem(message: &str) -> String {
    let (problem, expected) = message.rsplit_once(", expected ").unwrap_or((message, ""));
    let described = match problem {
        "duplicate key" => "this key is set twice",
        "string values must be quoted" => "a value is missing; a text needs double quotes",
        "too few unicode value digits" | "missing escaped value" => {
            r"write a \ in a text as \\, or put the text in single quotes"
        }
        "extra `=`" | "key with no value" | "invalid key-value pair" => {
            "write a setting as KEY = \"VALUE\""
        }
        _ if problem.starts_with("invalid type") && expected == "a map" => {
            "expected a table, such as [profiles.prod]"
        }
        _ if problem.starts_with("invalid type") => "expected a text in double quotes",
        _ if problem.starts_with("unknown field") => message,
        _ if problem.starts_with("unclosed table") => {
            "write a table as [profiles.NAME], with double quotes for a NAME with spaces"
        }
        _ if problem.starts_with("unclosed") => "a bracket is not closed",
        _ if problem.starts_with("missing comma") => "a comma is missing",
        _ if problem.contains("string") => "a quote is not closed",
        _ => "this is not valid TOML; write a setting as KEY = \"VALUE\"",
    };
    described.to_owned()
}

/// Creates the error for a file that cannot be read or written.
pub(crate) fn bad_file(error: FileError) -> CommandError {
    let hint = match error.action {
        "read" => "check the path and its permissions",
        _ => "check the permissions of the directory and the free disk space",
    };
    CommandError::configuration(error, hint)
}

pub(super) fn unknown_profile(name: &str, origin: &str, known: &[&str]) -> CommandError {
    let hint = match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("to create it: jelouctl profile set {name} --bot BOT --client-id ID"),
    };
    let known = if known.is_empty() {
        "no profiles exist".to_owned()
    } else {
        format!("profiles: {}", known.join(", "))
    };
    let message = format!("profile `{name}` (from {origin}) does not exist; {known}");
    CommandError::configuration(message, hint)
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
        message,
        hint: None,
        ..CommandError::interrupted(signal)
    }
}
