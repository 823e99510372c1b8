//! One file a command: takes plain values and a context, calls the rest of the crate, and ends with an exit code.

pub mod bulk;
pub mod completions;
pub mod doctor;
mod error;
pub mod explain;
pub mod man;
pub mod profile;
pub mod run;
pub mod sandbox;
pub mod schema;
pub mod send;
pub mod templates;

pub use self::error::CommandError;
