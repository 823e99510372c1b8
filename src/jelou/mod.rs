//! Jelou's messages and the client of its API. This module does not know the user's files or bulk runs.

pub(crate) mod api;
pub(crate) mod message;
