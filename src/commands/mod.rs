//! One file per command: each takes plain values and a context, calls the rest of the crate, and returns an exit code.

pub(crate) mod api;
pub(crate) mod bulk;
mod claim;
pub(crate) mod completions;
mod cost;
pub(crate) mod doctor;
mod error;
pub(crate) mod explain;
pub(crate) mod ledger;
mod limit;
pub(crate) mod man;
pub(crate) mod messages;
pub(crate) mod once;
mod person;
mod prepared_send;
pub(crate) mod profile;
mod result;
pub(crate) mod run;
pub(crate) mod sandbox;
pub(crate) mod schema;
pub(crate) mod send;
mod single_send;
pub(crate) mod skill;
pub(crate) mod store;
pub(crate) mod templates;

use crate::command_error::CommandError;
use crate::context::Context;
use crate::input::UsageError;

/// Asks `question`; without a yes, the error says what was `not_done`.
fn confirm(context: &Context, question: &str, not_done: &str) -> Result<(), CommandError> {
    let hint = match context.confirms(question)? {
        Some(true) => return Ok(()),
        Some(false) => "answer y, or add --yes",
        None => "there is no terminal to ask on: add --yes",
    };
    Err(UsageError::new(not_done, hint).into())
}
