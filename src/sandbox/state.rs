//! The options of a sandbox, and the state that all its paths share.

use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::State;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::connection::AllowedHost;
use super::fault::{Fault, Faults};
use super::refused::RefusedRequests;
use super::store::{Filter, MessageStore};
use super::templates::Templates;
use crate::base::message::Lang;
use crate::base::paths::STATE;
use crate::base::timestamps::rfc_3339_millis;

/// How many messages are kept.
pub(crate) const DEFAULT_MAX: usize = 10_000;
/// How long WhatsApp takes to deliver a message.
pub(crate) const DEFAULT_DELIVER_AFTER: Duration = Duration::from_secs(1);

/// The options of a sandbox.
#[derive(Debug)]
pub(crate) struct Options {
    /// The language of the inbox.
    pub(crate) lang: Lang,
    /// Port 0 means any free port.
    pub(crate) listen: SocketAddr,
    /// Its host names, in addition to this machine's own names.
    pub(crate) allowed_hosts: Vec<AllowedHost>,
    /// The only bot. None if every bot exists.
    pub(crate) bot: Option<String>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) templates: Templates,
    /// Whether a user must have written in the last 24 hours.
    pub(crate) window: bool,
    /// The messaging limit: how many recipients templates reach in 24 hours.
    pub(crate) limit_24h: Option<u32>,
    /// How many messages are kept.
    pub(crate) max: usize,
    /// How long WhatsApp takes to deliver a message.
    pub(crate) deliver_after: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lang: Lang::default(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            allowed_hosts: Vec::new(),
            bot: None,
            faults: Vec::new(),
            templates: Templates::default(),
            window: false,
            limit_24h: None,
            max: DEFAULT_MAX,
            deliver_after: DEFAULT_DELIVER_AFTER,
        }
    }
}

/// The state, as a handler gets it.
pub(super) type SharedState = State<Arc<SandboxState>>;

#[derive(Debug)]
pub(super) struct SandboxState {
    /// Different for each start of a sandbox, to detect a restart.
    pub(crate) instance: String,
    pub(crate) started_at: SystemTime,
    /// Its address.
    pub(crate) address: SocketAddr,
    pub(crate) options: Options,
    pub(crate) faults: Faults,
    pub(crate) store: MessageStore,
    pub(crate) refused: RefusedRequests,
    /// Changes whenever the page needs an update.
    pub(crate) changes: watch::Sender<()>,
}

impl SandboxState {
    /// Returns the templates and the language, if this query requests drawn messages.
    pub(super) fn to_draw(&self, filter: &Filter) -> Option<(&Templates, Lang)> {
        let Options {
            templates, lang, ..
        } = &self.options;
        filter.drawn.then_some((templates, *lang))
    }

    /// Returns the flags that change its responses.
    fn options_in_force(&self) -> Vec<&'static str> {
        let Options {
            bot,
            templates,
            window,
            limit_24h,
            ..
        } = &self.options;
        let flags = [
            ("--bot", bot.is_some()),
            ("--fault", !self.faults.is_empty()),
            ("--templates", templates.is_complete),
            ("--window", *window),
            ("--limit-24h", limit_24h.is_some()),
        ];
        let in_force = flags.into_iter().filter(|(_, is_in_force)| *is_in_force);
        in_force.map(|(flag, _)| flag).collect()
    }

    /// Returns the content of `/sandbox/health` and of each event.
    pub(super) fn health(&self) -> Value {
        let (stored, (refused, refused_dropped)) = (self.store.counts(), self.refused.counts());
        json!({
            "sandbox": "jelouctl",
            "version": env!("CARGO_PKG_VERSION"),
            "instance": self.instance,
            "started_at": rfc_3339_millis(self.started_at),
            "directory": env::current_dir().ok(),
            "state_directory": STATE.directory(),
            "options": self.options_in_force(),
            "arrived": stored.arrived,
            "cleared": stored.cleared,
            "kept": stored.kept,
            "dropped": stored.dropped,
            "kinds": stored.kinds,
            "refused": refused,
            "refused_dropped": refused_dropped,
            "bot": self.options.bot,
            "window": self.options.window,
            "limit_24h": self.options.limit_24h,
        })
    }
}
