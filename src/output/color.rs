//! When to colour.

use anstream::ColorChoice;
use anstream::stream::RawStream;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Color {
    /// `NO_COLOR`, then `CLICOLOR_FORCE`, then whether it is a terminal.
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    pub(crate) fn is_wanted(self, stream: &impl RawStream) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => anstream::AutoStream::choice(stream) != ColorChoice::Never,
        }
    }
}
