//! What all addresses of a running sandbox share.

use super::faults::Faults;
use super::store::Store;
use super::templates::Templates;
use super::webhook::Webhook;

#[derive(Debug)]
pub(super) struct SandboxState {
    /// Another one for each sandbox that is started: tells a restart.
    pub instance: String,
    pub port: u16,
    /// The only bot there is; without it, any is.
    pub bot: Option<String>,
    /// Whether a user must have written in the last 24 hours.
    pub window: bool,
    pub webhook: Option<Webhook>,
    pub templates: Templates,
    pub faults: Faults,
    pub store: Store,
}
