//! The server of the sandbox: its options, its paths and its page.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde_json::json;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

use super::connection::Guard;
use super::fault::Faults;
use super::refused::RefusedRequests;
use super::state::{Options, SandboxState};
use super::store::{Filter, MessageStore, Writers};
use super::stored_message::StoredMessage;
use super::{connection, lookups, messages, read_back};
use crate::base::message::{Lang, msg};
use crate::base::texts::rows;

/// The address of `jelouctl sandbox`.
pub(crate) const DEFAULT_PORT: u16 = 4780;

/// A sandbox that listens while the runtime runs.
#[derive(Debug)]
pub(crate) struct Sandbox {
    state: Arc<SandboxState>,
}

impl Sandbox {
    /// Starts to listen; must be called inside a runtime. The sandbox always answers on 127.0.0.1 too, where a jelouctl
    /// inside the sandbox's command looks for it.
    pub(crate) fn start(options: Options) -> io::Result<Self> {
        let listener = listen(options.listen)?;
        let address = listener.local_addr()?;
        let is_reached_here = address.ip().is_loopback() || address.ip().is_unspecified();
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()));
        let more = if is_reached_here {
            None
        } else {
            Some(listen(here)?)
        };
        let changes = watch::Sender::default();
        let guard = Guard::new(address, &options.allowed_hosts);
        let state = Arc::new(SandboxState {
            instance: format!("{:016x}", fastrand::u64(..)),
            started_at: SystemTime::now(),
            address,
            faults: Faults::new(options.faults.clone()),
            store: MessageStore::new(options.max, options.deliver_after, changes.clone()),
            refused: RefusedRequests::new(changes.clone()),
            changes,
            options,
        });
        for listener in [Some(listener), more].into_iter().flatten() {
            tokio::spawn(connection::serve(listener, guard.clone(), routes(&state)));
        }
        Ok(Self { state })
    }

    pub(crate) fn port(&self) -> u16 {
        self.state.address.port()
    }

    /// Its address on this machine.
    pub(crate) fn url(&self) -> String {
        let address = self.state.address;
        if address.ip().is_loopback() {
            format!("http://{address}")
        } else {
            format!("http://127.0.0.1:{}", address.port())
        }
    }

    /// Returns how many messages arrived, including the dropped ones.
    pub(crate) fn arrived(&self) -> u64 {
        self.state.store.counts().arrived
    }

    /// Returns the messages in the store, oldest first.
    pub(crate) fn messages(&self) -> Vec<Arc<StoredMessage>> {
        self.state.store.select(&Filter {
            from: Some(Writers::Bot),
            ..Filter::default()
        })
    }
}

/// Listens like `TcpListener::bind`, with a queue as long as the maximum number of connections. A
/// full queue would delay a client by a second.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    // hyper writes the date into each response, and panics if HTTP cannot express it.
    let now = SystemTime::now();
    if now < SystemTime::UNIX_EPOCH || Timestamp::try_from(now).is_err() {
        let problem = msg!(
            "the clock of this machine shows a time before 1970 or after 9999, which HTTP cannot express"
        );
        return Err(io::Error::other(problem));
    }
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // On Windows it would allow another process to take the port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(connection::MAX_CONNECTIONS)
}

fn routes(state: &Arc<SandboxState>) -> Router {
    let api = Router::new()
        .route("/v1/bots/{bot}/messages", post(messages::message))
        .route(
            "/v1/bots/{bot}/users/{user}/flow_message",
            post(messages::flow_message),
        )
        .route(
            "/v1/bots/{bot}/campaigns/{campaign}/template-messages",
            post(messages::message),
        )
        .route("/v2/whatsapp/{bot}/hsm", post(messages::template))
        .route("/v1/bots/{bot}/templates", get(messages::templates))
        .route("/v1/external/messages/history/{bot}", get(lookups::history))
        .route(
            "/v1/external/bots/{bot}/notifications",
            get(lookups::notifications),
        )
        .route(
            "/v1/external/bots/{bot}/notifications/{notification}",
            get(lookups::notification),
        )
        .route(
            "/v1/bots/{bot}/notifications/{notification}",
            get(lookups::notification),
        );
    let sandbox = Router::new()
        .route("/sandbox", get(read_back::addresses))
        .route("/sandbox/health", get(read_back::health))
        .route(
            "/sandbox/messages",
            get(read_back::messages).delete(read_back::clear),
        )
        .route("/sandbox/messages/{id}", get(read_back::message))
        .route("/sandbox/refused", get(read_back::refused))
        .route("/sandbox/chats", get(read_back::chats))
        .route("/sandbox/chats/{user}/read", post(read_back::open_chat))
        .route("/sandbox/users/{user}/messages", post(read_back::write))
        .route(
            "/sandbox/faults",
            get(read_back::faults).put(read_back::set_faults),
        )
        .route("/sandbox/events", get(read_back::events));
    api.merge(sandbox)
        .merge(page(state.options.lang))
        .fallback(messages::no_such_address)
        .method_not_allowed_fallback(messages::wrong_method)
        .with_state(Arc::clone(state))
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The page's own texts: name, English and Spanish.
const TEXTS: &str = include_str!("page/texts.tsv");

fn texts(lang: Lang) -> impl Iterator<Item = (&'static str, &'static str)> {
    rows::<3>(TEXTS).map(move |[name, english, spanish]| (name, lang.pick([english, spanish])))
}

/// Returns the page with its texts in place of `{{ name }}`.
fn html(lang: Lang) -> String {
    let page = include_str!("page/index.html");
    texts(lang).fold(page.to_owned(), |page, (name, text)| {
        page.replace(&format!("{{{{ {name} }}}}"), text)
    })
}

/// Returns the texts for the page's scripts.
fn script_texts(lang: Lang) -> String {
    let texts: BTreeMap<_, _> = texts(lang).collect();
    format!("export const texts = {};\n", json!(texts))
}

/// Serves the page in `lang`, and its parts, embedded in the binary. They need no build step and no other server.
fn page<S: Clone + Send + Sync + 'static>(lang: Lang) -> Router<S> {
    let index = move || async move { ([(CONTENT_TYPE, "text/html; charset=utf-8")], html(lang)) };
    let words = move || async move { ([(CONTENT_TYPE, SCRIPT)], script_texts(lang)) };
    let mut page = Router::new()
        .route("/", get(index))
        .route("/page/texts.js", get(words));
    let parts = [
        (
            "/page/style.css",
            "text/css; charset=utf-8",
            include_str!("page/style.css"),
        ),
        (
            "/page/icon.svg",
            "image/svg+xml",
            include_str!("page/icon.svg"),
        ),
        ("/page/app.js", SCRIPT, include_str!("page/app.js")),
        ("/page/chats.js", SCRIPT, include_str!("page/chats.js")),
        (
            "/page/conversation.js",
            SCRIPT,
            include_str!("page/conversation.js"),
        ),
        ("/page/dom.js", SCRIPT, include_str!("page/dom.js")),
        ("/page/draw.js", SCRIPT, include_str!("page/draw.js")),
        ("/page/links.js", SCRIPT, include_str!("page/links.js")),
        ("/page/panel.js", SCRIPT, include_str!("page/panel.js")),
        ("/page/refused.js", SCRIPT, include_str!("page/refused.js")),
        ("/page/state.js", SCRIPT, include_str!("page/state.js")),
    ];
    for (path, media_type, content) in parts {
        let part = move || async move { ([(CONTENT_TYPE, media_type)], content) };
        page = page.route(path, get(part));
    }
    page
}
