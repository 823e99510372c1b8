//! One file a command: takes plain values and a context, calls the rest of the crate, and ends with an exit code.

pub mod bulk;
mod child;
pub mod completions;
mod connection;
pub mod doctor;
mod error;
pub mod explain;
mod guard;
mod interrupt;
pub mod man;
mod preview;
pub mod profile;
pub mod run;
pub mod sandbox;
pub mod schema;
pub mod send;
mod tail;
pub mod template_names;
pub mod templates;
pub mod usage;

use std::io::{self, IsTerminal};

pub use self::error::{GuardError, PanicInFlight, ReadError, UsageError, wrong_usage};
use crate::config::{Flags, SecretSource};
use crate::exit::{self, ExitCode, Told};
use crate::input::{Input, InputError};
use crate::output::Output;

/// What every command works with.
#[derive(Debug, Default)]
pub struct Context {
    pub flags: Flags,
    pub output: Output,
    pub input: Input,
    pub mode: Mode,
    /// `--yes`
    pub assume_yes: bool,
    /// `--no-input`, or `CI` in the environment.
    pub no_input: bool,
}

/// What becomes of a request once it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Send,
    /// `--dry-run`: print it as JSON.
    DryRun,
    /// `--curl`: print it as a curl command.
    Curl,
}

impl Context {
    /// Reserves standard input for the secret where `--client-secret-file -` says so, before anything else reads it.
    ///
    /// # Errors
    /// When standard input is taken, or a terminal.
    pub fn claim_secret(&mut self) -> Result<(), InputError> {
        match self.flags.client_secret {
            Some(SecretSource::Stdin) => self.input.claim_stdin("--client-secret-file"),
            _ => Ok(()),
        }
    }

    /// Whether a person is there to answer: a script must never hang on a prompt.
    pub fn can_ask(&self) -> bool {
        !self.no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
    }
}

/// Tells an error that ended a command.
fn tell_error(context: &Context, error: &anyhow::Error) -> Told {
    let told = exit::of_error(error);
    context.output.error(&told.message, &told.details, told.hint.as_deref());
    told
}

/// Tells an error that ended a command, and gives its exit code.
pub fn fail(context: &Context, error: &anyhow::Error) -> ExitCode {
    tell_error(context, error).code
}
