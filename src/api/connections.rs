//! Watches connections being made: before that, no byte of a request has left. An answer on a connection that was used
//! before may be a late one to another request.

use std::collections::HashSet;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::Extensions;
use hyper_util::client::legacy::connect::{Connection, HttpInfo};
use tower_layer::Layer;
use tower_service::Service;

/// The connections that were made.
#[derive(Clone, Debug, Default)]
pub(super) struct ConnectionLog {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    made: AtomicU64,
    /// The local addresses of connections without an answer so far.
    fresh: Mutex<HashSet<SocketAddr>>,
}

impl ConnectionLog {
    /// The number of connections that were made, including proxy and TLS.
    pub(super) fn made(&self) -> u64 {
        self.shared.made.load(Ordering::SeqCst)
    }

    /// Notes an answer, and returns whether it is the first on its connection.
    pub(super) fn note_answer(&self, extensions: &Extensions) -> bool {
        let address = extensions.get::<HttpInfo>().map(HttpInfo::local_addr);
        address.is_some_and(|address| self.fresh().remove(&address))
    }

    fn note_made(&self, connection: &impl Connection) {
        let mut extensions = Extensions::new();
        connection.connected().get_extras(&mut extensions);
        if let Some(info) = extensions.get::<HttpInfo>() {
            self.fresh().insert(info.local_addr());
        }
        self.shared.made.fetch_add(1, Ordering::SeqCst);
    }

    fn fresh(&self) -> std::sync::MutexGuard<'_, HashSet<SocketAddr>> {
        self.shared.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Layer<S> for ConnectionLog {
    type Service = WatchedConnector<S>;

    fn layer(&self, inner: S) -> Self::Service {
        WatchedConnector { inner, log: self.clone() }
    }
}

/// Makes connections and notes each of them.
#[derive(Clone)]
pub(super) struct WatchedConnector<S> {
    inner: S,
    log: ConnectionLog,
}

impl<S, R> Service<R> for WatchedConnector<S>
where
    S: Service<R>,
    S::Response: Connection,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (connecting, log) = (self.inner.call(request), self.log.clone());
        Box::pin(async move {
            let connection = connecting.await?;
            log.note_made(&connection);
            Ok(connection)
        })
    }
}
