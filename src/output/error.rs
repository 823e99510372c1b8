//! A stream of ours that cannot be written or read.

use std::io;

use thiserror::Error;

#[derive(Debug, Error)]
#[error("failed to {action}: {cause}")]
pub(crate) struct StreamError {
    pub(crate) action: &'static str,
    pub(crate) cause: io::Error,
}
