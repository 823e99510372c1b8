//! The state that all addresses of a running sandbox share.

use std::net::SocketAddr;

use super::faults::Faults;
use super::refused::RefusedRequests;
use super::store::MessageStore;
use super::templates::Templates;
use super::version::Changes;
use super::webhook::Webhook;

#[derive(Debug)]
pub(super) struct SandboxState {
    /// Different for each sandbox that is started, to detect a restart.
    pub(crate) instance: String,
    /// Its address.
    pub(crate) address: SocketAddr,
    /// The only bot; None if any bot exists.
    pub(crate) bot: Option<String>,
    /// Whether a user must have written in the last 24 hours.
    pub(crate) window: bool,
    /// How many different people templates reach in 24 hours.
    pub(crate) limit_24h: Option<u32>,
    pub(crate) webhook: Option<Webhook>,
    pub(crate) templates: Templates,
    pub(crate) faults: Faults,
    pub(crate) store: MessageStore,
    pub(crate) refused: RefusedRequests,
    pub(crate) version: Changes,
}
