//! Errors of the operating system, most of them of our streams.

use std::io;

use thiserror::Error;

#[derive(Debug, Error)]
#[error("failed to {action}: {cause}")]
pub(crate) struct SystemError {
    pub(crate) action: &'static str,
    pub(crate) cause: io::Error,
}
