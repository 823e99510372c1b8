//! The connections: their number, how long a request may take to arrive, and how they end, which a fault may force.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::guard::Guard;

/// Connections at once; more wait in the system's queue.
pub(super) const MAX_CONNECTIONS: u32 = 1024;
/// How long the head of a request may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The delay before accepting again if the system has no more file descriptors.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// How a fault ends a connection before its answer is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Orderly, like a server that was stopped.
    Close,
    /// With a reset.
    Reset,
}

/// Lets a request end the connection that it came on.
#[derive(Clone, Debug)]
pub(super) struct Hangup(watch::Sender<Option<Ending>>);

impl Hangup {
    /// Ends the connection once everything written so far has been sent; never returns.
    pub(crate) async fn end<T>(self, ending: Ending) -> T {
        self.0.send_replace(Some(ending));
        std::future::pending().await
    }
}

/// Serves `app` behind `guard` forever.
pub(super) async fn serve(listener: TcpListener, guard: Guard, app: Router) {
    let guard = Arc::new(guard);
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS as usize));
    let app = TowerToHyperService::new(app);
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_RETRY).await;
            continue;
        };
        let (guard, app) = (Arc::clone(&guard), app.clone());
        tokio::spawn(async move {
            serve_one(stream, &guard, app).await;
            drop(place);
        });
    }
}

async fn serve_one(stream: TcpStream, guard: &Guard, app: TowerToHyperService<Router>) {
    // A failure only costs speed.
    let _ = stream.set_nodelay(true);
    let (asked, mut ending) = watch::channel(None);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let refused = guard.refuse(request.uri(), request.headers());
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Hangup(asked.clone()));
        let app = &app;
        async move {
            let mut response = match refused {
                Some(answer) => answer,
                None => app.call(request).await?,
            };
            Guard::secure(&mut response);
            Ok::<_, Infallible>(response)
        }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let mut connection = server.serve_connection(TokioIo::new(stream), service);
    let is_reset = tokio::select! {
        biased;
        // If a client breaks off, there is no one to report it to.
        _ = &mut connection => return,
        ending = ending.wait_for(Option::is_some) => ending.is_ok_and(|ending| *ending == Some(Ending::Reset)),
    };
    let stream = connection.into_parts().io.into_inner();
    if is_reset {
        // Closing a socket without lingering resets the connection.
        let _ = stream.set_zero_linger();
    }
}
