//! What was typed for `run`.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use clap::ValueEnum;

use crate::input::Source;
use crate::phone::Country;
use crate::process::CommandEnd;

/// What was typed.
#[derive(Debug)]
pub(crate) struct RunArguments {
    /// `--to`
    pub(crate) to: Option<String>,
    /// `--country`
    pub(crate) country: Option<Country>,
    pub(crate) on: NotifyOn,
    pub(crate) content: NoticeContent,
    /// `--tail`, a number of lines.
    pub(crate) tail: Option<usize>,
    /// The longest that the notice may take.
    pub(crate) timeout: Duration,
    /// `--exclude`
    pub(crate) excluded: Vec<Source>,
    /// `--check-first`
    pub(crate) check_first: bool,
    /// `--strict-notify`
    pub(crate) strict: bool,
    pub(crate) command: Vec<OsString>,
}

/// When a notice is sent, a value of `--on`; the comments are its help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NotifyOn {
    /// However it ended (default)
    Always,
    /// When it failed, was killed or could not be started
    Failure,
    /// When it ended with 0
    Success,
}

/// What is sent; texts are templates.
#[derive(Debug)]
pub(crate) enum NoticeContent {
    Text(Option<String>),
    Template { name: String, language: Option<String>, parameters: Vec<String> },
    Body(Source),
}

impl RunArguments {
    pub(crate) fn program(&self) -> &OsStr {
        self.command.first().map(OsString::as_os_str).unwrap_or_default()
    }
}

impl NotifyOn {
    pub(crate) fn wants(self, ended: CommandEnd) -> bool {
        match self {
            Self::Always => true,
            Self::Failure => ended.code != Some(0),
            Self::Success => ended.code == Some(0),
        }
    }
}
