//! `GET /sandbox/events`: server-sent events. Each subscriber has its own position in the store and takes one message
//! at a time; all share its text, so that a slow subscriber costs no memory. One that reconnects (`Last-Event-ID`)
//! misses nothing that is still kept. The first event identifies the sandbox: after a restart, earlier numbers mean
//! nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;

use super::state::SandboxState;
use super::store::StoreVersion;
use super::stored_message::StoredMessage;

/// How often a silent stream sends a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The minimum time between two notices of deliveries, so that thousands of messages do not cause thousands of notices.
const BETWEEN_RECEIPTS: Duration = Duration::from_millis(100);
/// How long a browser waits before it connects again, in milliseconds.
const RETRY_MS: u32 = 1000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EventsQuery {
    /// Messages after this number; without it, only new ones.
    since: Option<u64>,
    /// With what the recipient sees of each, as the page shows it.
    drawn: bool,
}

struct Subscriber {
    sandbox: Arc<SandboxState>,
    drawn: bool,
    /// The last message read.
    number: u64,
    /// How often the store was cleared and a chat deleted, as far as the subscriber knows.
    cleared: u64,
    deleted: u64,
    /// How often a person read something or replied, and up to when deliveries were reported.
    read: u64,
    delivered: SystemTime,
    /// The last refused request that was sent to it.
    refused: u64,
    version: watch::Receiver<StoreVersion>,
    faults: watch::Receiver<u64>,
    refusals: watch::Receiver<u64>,
}

/// The event of a message as bytes that need no copy.
struct SharedEvent(Arc<StoredMessage>);

pub(super) async fn events(
    State(sandbox): State<Arc<SandboxState>>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Response {
    let version = sandbox.store.changes();
    let faults = sandbox.faults.changes();
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let refusals = sandbox.refused.changes();
    let refused = *refusals.borrow();
    let StoreVersion { number, cleared, deleted, read } = *version.borrow();
    let number = last.or(query.since).unwrap_or(number);
    let known = json!({ "instance": sandbox.instance, "cleared": cleared, "deleted": deleted });
    let first = Bytes::from(format!("retry: {RETRY_MS}\nevent: sandbox\ndata: {known}\n\n"));
    let delivered = SystemTime::now();
    let subscriber = Subscriber {
        sandbox,
        drawn: query.drawn,
        number,
        cleared,
        deleted,
        read,
        delivered,
        refused,
        version,
        faults,
        refusals,
    };
    let stream = stream::unfold(subscriber, |mut subscriber| async {
        let event = subscriber.next().await?;
        Some((Ok::<_, Infallible>(event), subscriber))
    });
    let stream = stream::once(async { Ok(first) }).chain(stream);
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(stream)).into_response()
}

impl Subscriber {
    /// The next event; None once the sandbox has ended.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let StoreVersion { cleared, deleted, read, .. } = *self.version.borrow_and_update();
            if cleared != self.cleared {
                self.cleared = cleared;
                return Some(format!("event: cleared\ndata: {{\"cleared\":{cleared}}}\n\n").into());
            }
            if deleted != self.deleted {
                self.deleted = deleted;
                return Some(format!("event: deleted\ndata: {{\"deleted\":{deleted}}}\n\n").into());
            }
            let now = SystemTime::now();
            let arrival = self.next_arrival();
            if read != self.read || arrival.is_some_and(|arrival| arrival <= now) {
                (self.read, self.delivered) = (read, now);
                return Some(Bytes::from_static(b"event: receipts\ndata: {}\n\n"));
            }
            if *self.refusals.borrow_and_update() > self.refused
                && let Some(refusal) = self.sandbox.refused.after(self.refused)
            {
                self.refused = refusal.number;
                return Some(format!("event: refused\ndata: {}\n\n", refusal.json).into());
            }
            if let Some(message) = self.sandbox.store.after(self.number) {
                self.number = message.number;
                if self.drawn {
                    let json = message.json_now(Some(&self.sandbox.templates));
                    return Some(format!("event: message\nid: {}\ndata: {json}\n\n", self.number).into());
                }
                return Some(Bytes::from_owner(SharedEvent(message)));
            }
            let wait = arrival.and_then(|arrival| arrival.duration_since(now).ok()).unwrap_or_default();
            tokio::select! {
                changed = self.version.changed() => changed.ok()?,
                changed = self.refusals.changed() => changed.ok()?,
                changed = self.faults.changed() => {
                    changed.ok()?;
                    return Some(format!("event: faults\ndata: {}\n\n", self.sandbox.faults.to_json()).into());
                }
                () = tokio::time::sleep(wait), if arrival.is_some() => {}
                () = tokio::time::sleep(HEARTBEAT) => return Some(Bytes::from_static(b":\n\n")),
            }
        }
    }

    /// When the next delivery event is due, if there is one.
    fn next_arrival(&self) -> Option<SystemTime> {
        let arrival = self.sandbox.store.next_arrival(self.delivered)?;
        Some(arrival.max(self.delivered + BETWEEN_RECEIPTS))
    }
}

impl AsRef<[u8]> for SharedEvent {
    fn as_ref(&self) -> &[u8] {
        self.0.event().as_bytes()
    }
}
