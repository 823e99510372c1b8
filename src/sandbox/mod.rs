//! A local Jelou: its endpoints on this machine, a store of received messages, faults that test a sender, and a page
//! that shows the messages. It validates with the same structs as the sender, and fetches no URL.

mod answers;
mod client;
mod connection;
mod fault;
mod lookups;
mod messages;
mod read_back;
mod refused;
mod request;
mod server;
mod state;
mod store;
mod stored_message;
mod templates;

pub(crate) use self::client::{PortOwner, RunningSandbox, neighbor};
pub(crate) use self::connection::AllowedHost;
pub(crate) use self::fault::{Fault, delay};
pub(crate) use self::server::{DEFAULT_PORT, Sandbox};
pub(crate) use self::state::{DEFAULT_DELIVER_AFTER, DEFAULT_MAX, Options};
pub(crate) use self::stored_message::is_list;
pub(crate) use self::templates::Templates;
