//! `GET /sandbox/events`: what happens, as server-sent events. A reader has its own place in the store, so that a slow
//! one costs no memory, and one that comes back (`Last-Event-ID`) misses nothing that is still kept.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State as Extract};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use serde::Deserialize;
use tokio::sync::watch;

use super::server::State;
use super::store::Progress;

/// Messages taken from the store at once.
const BATCH: usize = 256;
/// How often a silent stream says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Place {
    /// Messages after this number; without it, those that come from now on.
    since: Option<u64>,
}

struct Reader {
    sandbox: Arc<State>,
    /// The last message read.
    number: u64,
    /// How often the store was cleared, as far as the reader was told.
    cleared: u64,
    progress: watch::Receiver<Progress>,
    faults: watch::Receiver<u64>,
    waiting: VecDeque<Event>,
}

pub(super) async fn events(
    Extract(sandbox): Extract<Arc<State>>,
    Query(place): Query<Place>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let progress = sandbox.store.progress();
    let faults = sandbox.faults.changes();
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let Progress { number, cleared } = *progress.borrow();
    let number = last.or(place.since).unwrap_or(number);
    let reader = Reader { sandbox, number, cleared, progress, faults, waiting: VecDeque::new() };
    let stream = futures_util::stream::unfold(reader, |mut reader| async {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}

impl Reader {
    /// The next event; nothing once the sandbox is gone.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            let cleared = self.progress.borrow_and_update().cleared;
            if cleared != self.cleared {
                self.cleared = cleared;
                return Some(Event::default().event("cleared").data("{}"));
            }
            self.read_on();
            if !self.waiting.is_empty() {
                continue;
            }
            tokio::select! {
                changed = self.progress.changed() => changed.ok()?,
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
