//! What goes to standard output, and when it has colour.

use anstream::ColorChoice;
use anstream::stream::RawStream;
use clap::ValueEnum;

/// A value of `--output`; the comments are its help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The API's response (default)
    #[default]
    Response,
    /// Only the message id, or for a list the name of its run; nothing if there is none
    Id,
    /// One JSON object with the outcome of the message
    Record,
    /// Recipients, one a line; only of a command that lists messages
    #[value(hide = true)]
    To,
    /// Nothing; check the exit code
    None,
}

/// A value of `--color`; the comments are its help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    // `NO_COLOR`, then `CLICOLOR_FORCE`, then whether it is a terminal.
    /// On a terminal, unless `NO_COLOR` is set (default)
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    pub(crate) fn choice(self, stream: &impl RawStream) -> ColorChoice {
        match self {
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
            Self::Auto => anstream::AutoStream::choice(stream),
        }
    }
}
