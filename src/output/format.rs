//! What goes to standard output.

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
