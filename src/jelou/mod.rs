//! Jelou: the messages that can be sent, and the client of its API. It knows no file of the user and no run.

pub(crate) mod api;
pub(crate) mod message;
