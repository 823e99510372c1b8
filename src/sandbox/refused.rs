//! Requests that were refused or met a fault without a stored message: the request, the response and the wrong fields.
//! All stay in memory, with a limit on their number and bytes. The oldest are dropped first. Accepted requests cost no
//! time here.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use axum::body::{Body, Bytes, to_bytes};
use axum::response::Response;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use crate::base::timestamps::rfc_3339_millis;

/// The maximum of kept requests.
const MAX: usize = 1000;
/// The maximum total size of the kept requests, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The maximum size of the sandbox's own responses, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// A request that was not accepted.
#[derive(Debug)]
pub(super) struct RefusedRequest {
    /// The recipient, if the request shows it.
    pub(crate) user: Option<String>,
    /// The kind of message, if the request shows it.
    pub(crate) kind: Option<&'static str>,
    /// The request has no secrets.
    pub(crate) request: Box<RawValue>,
    /// JSON, or a text if it is not JSON. None if it was not read.
    pub(crate) body: Option<Value>,
}

#[derive(Debug, Default)]
pub(super) struct RefusedRequests {
    inner: Mutex<StoredRefusals>,
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct StoredRefusals {
    /// Each with its number, as JSON.
    refusals: VecDeque<(u64, String)>,
    bytes: usize,
    number: u64,
    dropped: u64,
}

impl RefusedRequests {
    pub(crate) fn new(changes: watch::Sender<()>) -> Self {
        Self {
            inner: Mutex::default(),
            changes,
        }
    }

    /// Records `refused` with its response, and returns the response.
    pub(crate) async fn answered(&self, refused: RefusedRequest, answer: Response) -> Response {
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, MAX_ANSWER).await.unwrap_or_default();
        self.keep(
            refused,
            &json!({ "status": head.status.as_u16(), "body": readable(&bytes) }),
        );
        Response::from_parts(head, Body::from(bytes))
    }

    /// Records `refused`. `answer` is the response.
    pub(crate) fn keep(&self, refused: RefusedRequest, answer: &Value) {
        let RefusedRequest {
            user,
            kind,
            request,
            body,
        } = refused;
        let mut inner = self.lock();
        inner.number += 1;
        let json = json!({
            "number": inner.number,
            "received_at": rfc_3339_millis(SystemTime::now()),
            "user": user,
            "kind": kind,
            "request": request,
            "body": body,
            "fields": fields(answer),
            "answer": answer,
        });
        inner.push(json.to_string());
        drop(inner);
        self.changes.send_replace(());
    }

    /// Returns the refusals after `number` as a JSON array, oldest first. If there are more than
    /// `limit`, only the newest.
    pub(crate) fn select(&self, since: u64, limit: usize) -> String {
        let inner = self.lock();
        let begin = inner
            .refusals
            .partition_point(|(number, _)| *number <= since);
        let begin = begin.max(inner.refusals.len().saturating_sub(limit));
        let selected: Vec<_> = inner
            .refusals
            .range(begin..)
            .map(|(_, json)| json.as_str())
            .collect();
        format!("[{}]", selected.join(","))
    }

    /// Returns how many are kept, and how many were dropped since the last clear.
    pub(crate) fn counts(&self) -> (usize, u64) {
        let inner = self.lock();
        (inner.refusals.len(), inner.dropped)
    }

    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        *inner = StoredRefusals {
            number: inner.number,
            ..StoredRefusals::default()
        };
    }

    fn lock(&self) -> MutexGuard<'_, StoredRefusals> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StoredRefusals {
    fn push(&mut self, json: String) {
        self.bytes += json.len();
        self.refusals.push_back((self.number, json));
        while self.refusals.len() > MAX || self.bytes > MAX_BYTES {
            let Some((_, oldest)) = self.refusals.pop_front() else {
                break;
            };
            self.bytes -= oldest.len();
            self.dropped += 1;
        }
    }
}

/// Parses JSON; other text becomes a JSON string. None if it is empty.
pub(super) fn readable(bytes: &Bytes) -> Option<Value> {
    let text = || Value::String(String::from_utf8_lossy(bytes).into_owned());
    (!bytes.is_empty()).then(|| serde_json::from_slice(bytes).unwrap_or_else(|_| text()))
}

/// Returns path → problem, for the fields in a response of Jelou's validator.
fn fields(answer: &Value) -> Map<String, Value> {
    let named = answer
        .pointer("/body/validationError")
        .and_then(Value::as_object);
    let problem = |message: &Value| message.pointer("/0/en").cloned().unwrap_or_default();
    named
        .into_iter()
        .flatten()
        .map(|(path, message)| (path.clone(), problem(message)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> RefusedRequest {
        RefusedRequest {
            request: Box::default(),
            body: Some(json!(body)),
            user: None,
            kind: None,
        }
    }

    fn numbers(store: &RefusedRequests, since: u64, limit: usize) -> Vec<u64> {
        let read: Vec<Value> = serde_json::from_str(&store.select(since, limit)).unwrap();
        read.iter()
            .map(|one| one["number"].as_u64().unwrap())
            .collect()
    }

    #[test]
    fn refused_requests_keep_newest_and_limit_size() {
        let store = RefusedRequests::default();
        for _ in 0..1500 {
            store.keep(refused("x"), &json!({ "status": 422 }));
        }
        assert_eq!(store.counts(), (1000, 500));
        assert_eq!(numbers(&store, 0, 2), [1499, 1500]);
        assert_eq!(numbers(&store, 3, 1000)[0], 501);
        for _ in 0..40 {
            store.keep(refused(&"x".repeat(1024 * 1024)), &json!({ "status": 422 }));
        }
        assert_eq!(store.counts().0, 15);
        store.clear();
        assert_eq!((store.counts(), numbers(&store, 0, 10).len()), ((0, 0), 0));
        store.keep(refused("x"), &json!({}));
        assert_eq!(numbers(&store, 0, 1), [1541]);
    }
}
