//! The hidden question for a secret.

use std::io;

use crate::output;
use crate::process::{Signal, Signals};

/// Asks on the terminal without showing the input; needs a runtime. Ctrl-C ends the question with an error and restores
/// the terminal.
///
/// # Errors
/// If the terminal cannot be read; `Interrupted` after Ctrl-C.
pub(crate) fn ask_secret(question: &str) -> io::Result<String> {
    // A caught signal ends the read; one that is not caught would end the process with the terminal still silent.
    let mut signals = Signals::default();
    signals.catch(&[Signal::Interrupt]).map_err(|error| error.cause)?;
    output::ask_hidden(question)
}
