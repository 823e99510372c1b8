//! Errors of the configuration, each with its hint.

use std::path::Path;

use thiserror::Error;

use crate::nearest::nearest;
use crate::private_file::FileError;

#[derive(Debug, Error)]
#[error("{message}")]
pub(crate) struct ConfigError {
    pub(crate) fault: ConfigFault,
    message: String,
    /// What to do, for the hint line.
    pub(crate) hint: Option<String>,
}

/// Errors that something is decided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfigFault {
    /// A signal came while the secret was asked for.
    Interrupted,
    /// It stops for the same reason as a guard: nothing under a sandbox must reach anyone.
    LostSandbox,
    Other,
}

impl ConfigError {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { fault: ConfigFault::Other, message: message.into(), hint: Some(hint.into()) }
    }

    /// A wrong value of the variable, or whatever else, called `name`.
    pub(crate) fn variable(name: &str, problem: impl AsRef<str>) -> Self {
        Self::new(format!("{name}: {}", problem.as_ref()), "fix its value, or unset it")
    }

    /// What stands at the byte `offset` of the file at `path` is wrong.
    pub(super) fn syntax(path: &Path, text: &str, offset: usize, problem: &str) -> Self {
        let line = 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        Self::new(format!("{}: line {line}: {problem}", path.display()), "fix it in that file")
    }

    pub(super) fn unknown_profile(name: &str, origin: &str, known: &[&str]) -> Self {
        let hint = match nearest(name, known.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("make it with: jelouctl profile set {name} --bot BOT --client-id ID"),
        };
        let known = if known.is_empty() { " no profiles".to_owned() } else { format!(": {}", known.join(", ")) };
        let message = format!("there is no profile `{name}` (from {origin}); there are{known}");
        Self::new(message, hint)
    }

    pub(crate) fn no_bot() -> Self {
        Self::incomplete("no bot to send from")
    }

    /// Something is missing that every sender needs.
    pub(super) fn incomplete(message: &str) -> Self {
        const EVERY_WAY: &str = "keep bot and credentials in a profile: jelouctl profile set NAME --bot BOT --client-id ID; or give them with \
            JELOU_BOT_ID, JELOU_CLIENT_ID and JELOU_CLIENT_SECRET, or with --bot, --client-id and --client-secret-file FILE; to \
            try without an account, add --sandbox";
        Self::new(message, EVERY_WAY)
    }

    pub(crate) fn interrupted() -> Self {
        let message = "interrupted while the secret was asked for".to_owned();
        Self { fault: ConfigFault::Interrupted, message, hint: None }
    }

    pub(crate) fn lost_sandbox(process: u32) -> Self {
        let message = format!("this runs inside a sandbox (process {process}), but JELOUCTL_SANDBOX is not set");
        let hint = "keep JELOUCTL_SANDBOX in the environment of the script";
        Self { fault: ConfigFault::LostSandbox, ..Self::new(message, hint) }
    }
}

impl From<FileError> for ConfigError {
    fn from(error: FileError) -> Self {
        let hint = match error.action {
            "read" => "check the path and its permissions",
            _ => "check the permissions of the directory, and that the disk is not full",
        };
        Self::new(error.to_string(), hint)
    }
}
