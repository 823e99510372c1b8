//! Counts the connections that are made: before that, no byte of a request has left.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

/// The connections that were made.
#[derive(Clone, Debug, Default)]
pub(super) struct ConnectionLog {
    made: Arc<AtomicU64>,
}

impl ConnectionLog {
    /// The number of connections that were made, including proxy and TLS.
    pub(super) fn made(&self) -> u64 {
        self.made.load(Ordering::SeqCst)
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
            log.made.fetch_add(1, Ordering::SeqCst);
            Ok(connection)
        })
    }
}
