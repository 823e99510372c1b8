//! A stream of ours that cannot be written or read.

use std::io;

use thiserror::Error;

#[derive(Debug, Error)]
#[error("failed to {action}: {cause}")]
pub struct StreamError {
    pub action: &'static str,
    pub cause: io::Error,
}
