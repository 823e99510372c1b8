//! Errors when one of our streams cannot be read or written.

use std::io;

use thiserror::Error;

#[derive(Debug, Error)]
#[error("failed to {action}: {cause}")]
pub(crate) struct StreamError {
    pub(crate) action: &'static str,
    pub(crate) cause: io::Error,
}
