//! What goes to standard output.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// The API's response.
    #[default]
    Response,
    /// The message id only.
    Id,
    /// One JSON object that says what became of the message.
    Record,
}
