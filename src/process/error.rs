//! What the system refused.

use std::io;

use thiserror::Error;

#[derive(Debug, Error)]
#[error("failed to {action}: {cause}")]
pub struct SystemError {
    pub action: &'static str,
    pub cause: io::Error,
}
