//! When to use colour.

use anstream::ColorChoice;
use anstream::stream::RawStream;
use clap::ValueEnum;

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
