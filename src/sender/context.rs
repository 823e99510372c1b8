//! The context of every command: the global flags and the streams.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use crate::base::input::{Input, UsageError};
use crate::base::message::{Lang, Message, msg};
use crate::base::output::{Stderr, Stdout, SystemError};
use crate::base::question::TypedLine;
use crate::sender::config::Flags;

/// How many bytes to read to identify a file: more than the longest row of a list.
const HEAD_BYTES: u64 = 2 << 20;

/// The context of every command.
#[derive(Debug, Default)]
pub(crate) struct Context {
    pub(crate) flags: Flags,
    pub(crate) stdout: Stdout,
    pub(crate) stderr: Stderr,
    pub(crate) input: Input,
    pub(crate) mode: Mode,
    /// `--yes`
    pub(crate) assume_yes: bool,
    /// `--no-input`, or `CI` in the environment.
    pub(crate) no_input: bool,
    /// The command line of `bulk send`, which is printed with the answers to its questions, and on the page of its list.
    pub(crate) typed_line: Option<TypedLine>,
}

/// What to do with a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    #[default]
    Send,
    /// `--dry-run`: print it as JSON.
    DryRun,
    /// `--curl`: print it as a curl command.
    Curl,
}

impl Context {
    /// Sets the language of all that people read.
    pub(crate) fn set_lang(&mut self, lang: Lang) {
        self.stderr.lang = lang;
        self.stdout.lang = lang;
    }

    /// Returns the language of all that people read.
    pub(crate) fn lang(&self) -> Lang {
        self.stderr.lang
    }

    /// Returns whether a prompt can be answered. A script must never hang on one.
    pub(crate) fn can_ask(&self) -> bool {
        !self.no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Returns whether `--yes` or the answer to `question` confirms it. None if a prompt is
    /// impossible.
    pub(crate) fn confirms(
        &self,
        question: impl Into<Message>,
    ) -> Result<Option<bool>, SystemError> {
        if self.assume_yes {
            return Ok(Some(true));
        }
        if !self.can_ask() {
            return Ok(None);
        }
        self.says_yes(question).map(Some)
    }

    /// Returns whether the answer to `question` is yes. The caller has checked that there is a terminal.
    pub(crate) fn says_yes(&self, question: impl Into<Message>) -> Result<bool, SystemError> {
        let answer = self.ask_line(msg!("{question} [y/N]", question = question.into()))?;
        let answer = answer.unwrap_or_default().to_lowercase();
        Ok(["y", "yes", "s", "si", "sí"].contains(&answer.as_str()))
    }

    /// Asks for one line; None at the end of the input. The caller has checked that there is a terminal.
    pub(crate) fn ask_line(
        &self,
        question: impl Into<Message>,
    ) -> Result<Option<String>, SystemError> {
        // Earlier input must not answer the question. If it cannot be discarded, the question is asked anyway.
        #[cfg(unix)]
        let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
        self.stderr.ask_line(question)
    }

    /// Refuses `--dry-run` and `--curl` for a command that sends nothing and `does` something else.
    pub(crate) fn refuse_preview(&self, does: impl Into<Message>) -> Result<(), UsageError> {
        match self.mode {
            Mode::Send => Ok(()),
            Mode::DryRun | Mode::Curl => Err(UsageError::bare(msg!(
                "--dry-run and --curl apply only to sends; this command {does}",
                does = does.into()
            ))),
        }
    }

    /// Refuses the file of `flag` if writing it would destroy anything but `what`. `--yes` allows it if
    /// `yes_overwrites`. `is_ours` checks the beginning of the file. Empty files, devices and pipes are never refused.
    ///
    /// # Errors
    /// If it is another file, or cannot be read.
    pub(crate) fn check_overwrite(
        &self,
        flag: &str,
        path: &Path,
        what: impl Into<Message>,
        yes_overwrites: bool,
        is_ours: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), UsageError> {
        let is_filled = path
            .metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0);
        if !is_filled || self.assume_yes && yes_overwrites {
            return Ok(());
        }
        let mut begin = Vec::new();
        let read = File::open(path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut begin));
        if read.is_ok() && is_ours(&begin) {
            return Ok(());
        }
        let what = what.into();
        let message = msg!("{flag}: {path} exists and is not {what}", flag, path, what);
        Err(if yes_overwrites {
            UsageError::new(message, msg!("to overwrite it: --yes"))
        } else {
            UsageError::bare(message)
        })
    }
}
