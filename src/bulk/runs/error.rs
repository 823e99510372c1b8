//! A run that is not there, or not the only one, and the way out.

use thiserror::Error;

use super::name::RunName;

#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error("there is no run {name}{}", list(known))]
    NoSuchRun { name: RunName, known: Vec<RunName> },
    #[error("there are no runs")]
    NoRuns,
    #[error("there are several runs{}", list(known))]
    Several { known: Vec<RunName> },
    #[error("run {name} already exists")]
    Exists { name: RunName },
}

impl RunError {
    /// The way out, for the hint line.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::NoSuchRun { .. } | Self::Several { .. } => "name one; `jelouctl bulk list` shows them",
            Self::NoRuns => "start one with `jelouctl bulk send FILE KIND`",
            Self::Exists { .. } => "choose another name, or go on with it: `jelouctl bulk resume NAME`",
        }
    }
}

fn list(known: &[RunName]) -> String {
    let names = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if names.is_empty() { "; there are none".to_owned() } else { format!("; there are: {names}") }
}
