//! The state that all addresses of a running sandbox share.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::faults::Faults;
use super::refused::RefusedRequests;
use super::store::{Filter, MessageStore};
use super::templates::Templates;
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
    /// Marked whenever anything changes.
    pub(crate) changes: watch::Sender<()>,
}

impl SandboxState {
    /// The templates, if the messages of this query are to be drawn.
    pub(super) fn drawing(&self, filter: &Filter) -> Option<&Templates> {
        filter.drawn.then_some(&self.templates)
    }

    /// What `/sandbox/health` and each event say.
    pub(super) fn health(&self) -> Value {
        let (stored, (refused, refused_dropped)) = (self.store.counts(), self.refused.counts());
        json!({
            "sandbox": "jelouctl",
            "version": env!("CARGO_PKG_VERSION"),
            "instance": self.instance,
            "arrived": stored.arrived,
            "cleared": stored.cleared,
            "kept": stored.kept,
            "dropped": stored.dropped,
            "kinds": stored.kinds,
            "refused": refused,
            "refused_dropped": refused_dropped,
            "bot": self.bot,
            "window": self.window,
            "limit_24h": self.limit_24h,
            "webhook": self.webhook.as_ref().map(ToString::to_string),
        })
    }
}
