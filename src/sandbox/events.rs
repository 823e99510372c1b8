//! `GET /sandbox/events`: server-sent events. Each subscriber has its own position in the store and takes one message
//! at a time; all share its text unless it is drawn, so that a slow subscriber costs no memory. One that reconnects
//! (`Last-Event-ID`) misses nothing that is still kept. The first event identifies the sandbox: after a restart, earlier
//! numbers mean nothing.

use std::convert::Infallible;
use std::fmt;
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
use super::version::Version;

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
    version: watch::Receiver<Version>,
    /// What it was told; `number` is that of the last message that it got.
    told: Version,
    /// Up to when deliveries were reported.
    delivered: SystemTime,
}

pub(super) async fn events(
    State(sandbox): State<Arc<SandboxState>>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Response {
    let version = sandbox.version.subscribe();
    let mut told = *version.borrow();
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    told.number = last.or(query.since).unwrap_or(told.number);
    let known = json!({ "instance": sandbox.instance, "cleared": told.cleared, "deleted": told.deleted });
    let first = Bytes::from(format!("retry: {RETRY_MS}\nevent: sandbox\ndata: {known}\n\n"));
    let subscriber = Subscriber { sandbox, drawn: query.drawn, version, told, delivered: SystemTime::now() };
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
            let Version { cleared, deleted, read, refused, faults, .. } = *self.version.borrow_and_update();
            if cleared != self.told.cleared {
                self.told.cleared = cleared;
                return Some(event("cleared", &json!({ "cleared": cleared })));
            }
            if deleted != self.told.deleted {
                self.told.deleted = deleted;
                return Some(event("deleted", &json!({ "deleted": deleted })));
            }
            let now = SystemTime::now();
            let arrival = self.next_arrival();
            if read != self.told.read || arrival.is_some_and(|arrival| arrival <= now) {
                (self.told.read, self.delivered) = (read, now);
                return Some(event("receipts", &"{}"));
            }
            if refused > self.told.refused
                && let Some(refusal) = self.sandbox.refused.after(self.told.refused)
            {
                self.told.refused = refusal.number;
                return Some(event("refused", &refusal.json));
            }
            if faults != self.told.faults {
                self.told.faults = faults;
                return Some(event("faults", &self.sandbox.faults.to_json()));
            }
            if let Some(message) = self.sandbox.store.after(self.told.number) {
                self.told.number = message.number;
                if !self.drawn {
                    return Some(message.event.clone());
                }
                let json = message.json_now(Some(&self.sandbox.templates));
                return Some(format!("event: message\nid: {}\ndata: {json}\n\n", message.number).into());
            }
            let wait = arrival.and_then(|arrival| arrival.duration_since(now).ok()).unwrap_or_default();
            tokio::select! {
                changed = self.version.changed() => changed.ok()?,
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

fn event(name: &str, data: &dyn fmt::Display) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}
