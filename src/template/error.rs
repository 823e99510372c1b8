//! What can be wrong with a template, or with a row for it.

/// A template that cannot be used, or a row that cannot fill one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub(crate) struct TemplateError {
    /// The field of the body, or the flag.
    pub(crate) path: String,
    pub(crate) problem: String,
}
