//! A local Jelou: the endpoints in use, on loopback, in this process. It validates with the same structs as the sender.

mod answers;
mod server;
mod templates;

pub use self::server::{DEFAULT_PORT, Sandbox};
