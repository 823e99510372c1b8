//! `GET /sandbox/events`: what happens, as server-sent events. A subscriber has its own place in the store, so that a slow
//! one costs no memory, and one that comes back (`Last-Event-ID`) misses nothing that is still kept.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use serde::Deserialize;
use tokio::sync::watch;

use super::state::SandboxState;
use super::store::StoreVersion;

/// Messages taken from the store at once.
const BATCH: usize = 256;
/// How often a silent stream says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EventsQuery {
    /// Messages after this number; without it, those that come from now on.
    since: Option<u64>,
}

struct Subscriber {
    sandbox: Arc<SandboxState>,
    /// The last message read.
    number: u64,
    /// How often the store was cleared, as far as the subscriber was told.
    cleared: u64,
    version: watch::Receiver<StoreVersion>,
    faults: watch::Receiver<u64>,
    waiting: VecDeque<Event>,
}

pub(super) async fn events(
    State(sandbox): State<Arc<SandboxState>>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let version = sandbox.store.changes();
    let faults = sandbox.faults.changes();
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let StoreVersion { number, cleared } = *version.borrow();
    let number = last.or(query.since).unwrap_or(number);
    let subscriber = Subscriber { sandbox, number, cleared, version, faults, waiting: VecDeque::new() };
    let stream = futures_util::stream::unfold(subscriber, |mut subscriber| async {
        let event = subscriber.next().await?;
        Some((Ok(event), subscriber))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}

impl Subscriber {
    /// The next event; nothing once the sandbox is gone.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            let cleared = self.version.borrow_and_update().cleared;
            if cleared != self.cleared {
                self.cleared = cleared;
                return Some(Event::default().event("cleared").data("{}"));
            }
            self.read_on();
            if !self.waiting.is_empty() {
                continue;
            }
            tokio::select! {
                changed = self.version.changed() => changed.ok()?,
                changed = self.faults.changed() => {
                    changed.ok()?;
                    return Some(Event::default().event("faults").data(self.sandbox.faults.to_json().to_string()));
                }
            }
        }
    }

    fn read_on(&mut self) {
        for message in self.sandbox.store.after(self.number, BATCH) {
            self.number = message.number;
            let event = Event::default().event("message").id(message.number.to_string());
            self.waiting.push_back(event.data(&message.json));
        }
    }
}
