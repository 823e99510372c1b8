//! `GET /sandbox/events`: server-sent events. Each says how much there is by now, as `/sandbox/health` does; what has
//! changed is read at the other addresses. So a slow subscriber costs no memory, and one that reconnects misses nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::watch;

use super::state::SandboxState;

/// How often an event is sent when nothing changes, as a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The minimum time between two events, so that thousands of messages do not cause thousands of them.
const PAUSE: Duration = Duration::from_millis(60);
/// How long a browser waits before it connects again, in milliseconds.
const RETRY_MS: u32 = 1000;

struct Subscriber {
    sandbox: Arc<SandboxState>,
    changes: watch::Receiver<()>,
    /// When it was told last; None before its first event, which comes at once.
    told_at: Option<SystemTime>,
}

pub(super) async fn events(State(sandbox): State<Arc<SandboxState>>) -> Response {
    let subscriber = Subscriber { changes: sandbox.changes.subscribe(), sandbox, told_at: None };
    let stream = stream::unfold(subscriber, |mut subscriber| async {
        let event = subscriber.next().await;
        Some((Ok::<_, Infallible>(event), subscriber))
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(stream)).into_response()
}

impl Subscriber {
    async fn next(&mut self) -> Bytes {
        if let Some(told_at) = self.told_at {
            let arrival = self.sandbox.store.next_arrival(told_at);
            let wait = arrival.map(|at| at.duration_since(SystemTime::now()).unwrap_or_default());
            // Whichever comes first: a change, a delivery, or the next sign of life.
            let _ = tokio::time::timeout(wait.unwrap_or(HEARTBEAT).min(HEARTBEAT), self.changes.changed()).await;
            tokio::time::sleep(PAUSE).await;
        }
        self.changes.mark_unchanged();
        self.told_at = Some(SystemTime::now());
        format!("retry: {RETRY_MS}\nevent: changed\ndata: {}\n\n", self.sandbox.health()).into()
    }
}
