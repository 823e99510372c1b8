//! A run that is not there, or not the only one, and the way out.

use thiserror::Error;

use super::name::RunName;
use crate::nearest::nearest;

/// Runs that are named where one is missing.
const NAMED: usize = 5;

#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error("there is no run {name}{}", instead(name, known))]
    NoSuchRun { name: RunName, known: Vec<RunName> },
    #[error("there are no runs")]
    NoRuns,
    #[error("no run is unfinished{}", list(known))]
    NoneUnfinished { known: Vec<RunName> },
    /// Whether the others are finished is not known.
    #[error("no readable run is unfinished; left alone: {}", names(unreadable))]
    NoneReadable { unreadable: Vec<RunName> },
    #[error("several runs are unfinished: {}", names(known))]
    Several { known: Vec<RunName> },
    #[error("run {name} already exists")]
    Exists { name: RunName },
}

impl RunError {
    /// The way out, for the hint line.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::NoSuchRun { .. } | Self::Several { .. } | Self::NoneUnfinished { .. } => {
                "name one; `jelouctl bulk list` shows them"
            }
            Self::NoneReadable { .. } => "`jelouctl bulk list` says why, and what to do about it",
            Self::NoRuns => "start one with `jelouctl bulk send FILE KIND`",
            Self::Exists { .. } => {
                "choose another name; `jelouctl bulk resume NAME` continues one that is not complete, and `bulk cancel` ends it"
            }
        }
    }
}

/// The run that was probably meant, else those that there are.
fn instead(name: &RunName, known: &[RunName]) -> String {
    let names: Vec<_> = known.iter().map(ToString::to_string).collect();
    match nearest(&name.to_string(), names.iter().map(String::as_str)) {
        Some(nearest) => format!("; the nearest is {nearest}"),
        None => list(known),
    }
}

fn list(known: &[RunName]) -> String {
    if known.is_empty() { "; there are none".to_owned() } else { format!("; there are: {}", names(known)) }
}

fn names(runs: &[RunName]) -> String {
    let mut names: Vec<_> = runs.iter().take(NAMED).map(ToString::to_string).collect();
    match runs.len().saturating_sub(NAMED) {
        0 => {}
        more => names.push(format!("and {more} more")),
    }
    names.join(", ")
}
