//! Serves the received messages to tests in any language and to the page (`docs/sandbox.md`), and reports changes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::answers;
use super::fault::Fault;
use super::request::{ValidQuery, read_json};
use super::state::{SandboxState, SharedState};
use super::store::{Filter, Writers};
use super::stored_message::DeliveryFault;
use super::stored_message::{Author, StoredMessage};
use crate::base::message::{Message, msg};
use crate::base::texts::rows;

/// The query for refused requests.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RefusedQuery {
    /// Only those with a greater number.
    since: u64,
    /// Only the newest ones, at most this many.
    limit: Option<usize>,
}

/// A user's message, from the page or from a request.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, tag = "type", rename = "text")]
struct UserMessage {
    text: String,
    /// The id of the message with the pressed button.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to: Option<String>,
    /// The payload of the button, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
}

/// Method, path and purpose of each address.
const ADDRESSES: &str = include_str!("addresses.tsv");

/// Handles `GET /sandbox`: the addresses of the API and of the sandbox.
pub(super) async fn addresses() -> Json<Value> {
    let addresses = rows::<3>(ADDRESSES).map(
        |[method, path, purpose]| json!({ "method": method, "path": path, "purpose": purpose }),
    );
    Json(json!({ "addresses": addresses.collect::<Vec<_>>() }))
}

/// Handles `GET /sandbox/health`
pub(super) async fn health(State(sandbox): SharedState) -> Json<Value> {
    Json(sandbox.health())
}

/// Handles `GET /sandbox/messages`: the bot's messages, oldest first.
pub(super) async fn messages(
    State(sandbox): SharedState,
    ValidQuery(mut filter): ValidQuery<Filter>,
) -> Json<Value> {
    filter.from.get_or_insert(Writers::Bot);
    let messages = sandbox.store.select(&filter);
    Json(
        messages
            .iter()
            .map(|message| message.read_back(sandbox.to_draw(&filter), None))
            .collect(),
    )
}

/// Handles `GET /sandbox/chats`: the newest matching message of each user, newest first, and the
/// number of unread messages.
pub(super) async fn chats(
    State(sandbox): SharedState,
    ValidQuery(filter): ValidQuery<Filter>,
) -> Json<Value> {
    let chats = sandbox.store.chats(&filter);
    Json(
        chats
            .iter()
            .map(|(newest, unread)| newest.read_back(sandbox.to_draw(&filter), Some(*unread)))
            .collect(),
    )
}

/// Handles `GET /sandbox/messages/{id}`
pub(super) async fn message(State(sandbox): SharedState, Path(id): Path<String>) -> Response {
    match sandbox.store.get(&id) {
        Some(message) => Json(message.read_back(None, None)).into_response(),
        None => answers::no_such_message(&id),
    }
}

/// Handles `GET /sandbox/refused`: requests that were refused or met a fault without a stored
/// message, oldest first.
pub(super) async fn refused(
    State(sandbox): SharedState,
    ValidQuery(asked): ValidQuery<RefusedQuery>,
) -> Response {
    let refused = sandbox
        .refused
        .select(asked.since, asked.limit.unwrap_or(usize::MAX));
    ([(CONTENT_TYPE, "application/json")], refused).into_response()
}

/// Handles `POST /sandbox/chats/{user}/read`: the user opens the chat.
pub(super) async fn open_chat(State(sandbox): SharedState, Path(user): Path<String>) -> StatusCode {
    sandbox.store.open_chat(&user);
    StatusCode::NO_CONTENT
}

/// Handles `DELETE /sandbox/messages`: also deletes the refused requests.
pub(super) async fn clear(State(sandbox): SharedState) -> StatusCode {
    sandbox.refused.clear();
    sandbox.store.clear();
    StatusCode::NO_CONTENT
}

/// Handles `GET /sandbox/faults`
pub(super) async fn faults(State(sandbox): SharedState) -> Json<Value> {
    Json(sandbox.faults.to_json())
}

/// Handles `PUT /sandbox/faults`: a JSON array of rules, which replace the current ones.
pub(super) async fn set_faults(
    State(sandbox): SharedState,
    body: Body,
) -> Result<Json<Value>, Response> {
    let rules: Vec<String> = serde_json::from_value(read_json(body).await?).map_err(|_| {
        answers::invalid_request(&msg!(
            "send an array of rules as texts, such as [\"status=500\"]"
        ))
    })?;
    let mut faults = Vec::new();
    let mut problems = Vec::new();
    for rule in &rules {
        match rule.parse::<Fault>() {
            Ok(fault) => faults.push(fault),
            Err(problem) => problems.push(msg!("`{rule}`: {problem}", rule, problem)),
        }
    }
    if !problems.is_empty() {
        return Err(answers::invalid_request(&Message::joined(problems, "; ")));
    }
    sandbox.faults.replace(faults);
    Ok(Json(sandbox.faults.to_json()))
}

/// Handles `POST /sandbox/users/{user}/messages`: the user writes, or presses a button.
pub(super) async fn write(
    State(sandbox): SharedState,
    Path(user): Path<String>,
    body: Body,
) -> Result<Response, Response> {
    let written = serde_json::from_value(read_json(body).await?);
    let written: UserMessage =
        written.map_err(|error| answers::invalid_request(&Message::verbatim(error.to_string())))?;
    if written.text.trim().is_empty() {
        return Err(answers::invalid_request(&msg!("text: is empty")));
    }
    let body = json!(written);
    let bot = sandbox
        .options
        .bot
        .clone()
        .or_else(|| sandbox.store.last_bot(&user))
        .unwrap_or_else(|| "sandbox".to_owned());
    let message = StoredMessage::new(Author::User, bot, user, "text", body);
    let message = sandbox
        .store
        .add(message, DeliveryFault::default(), |_| Value::Null);
    Ok((StatusCode::CREATED, Json(&*message)).into_response())
}

/// How often to send an event without a change, to show that the connection is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The minimum time between two events, so that thousands of messages cause only a few.
const PAUSE: Duration = Duration::from_millis(60);
/// How long a browser waits before it reconnects, in milliseconds.
const RETRY_MS: u32 = 1000;

struct Subscriber {
    sandbox: Arc<SandboxState>,
    changes: watch::Receiver<()>,
    /// When the last event was sent. None before the first event, which is sent immediately.
    notified_at: Option<SystemTime>,
}

/// Handles `GET /sandbox/events`: server-sent events. Each contains the same counts as
/// `/sandbox/health`; the changes are read from the other paths. So a slow subscriber needs no
/// memory, and a reconnecting one misses nothing.
pub(super) async fn events(State(sandbox): SharedState) -> Response {
    let subscriber = Subscriber {
        changes: sandbox.changes.subscribe(),
        sandbox,
        notified_at: None,
    };
    let stream = stream::unfold(subscriber, |mut subscriber| async {
        let event = subscriber.next().await;
        Some((Ok::<_, Infallible>(event), subscriber))
    });
    (
        [(CONTENT_TYPE, "text/event-stream")],
        Body::from_stream(stream),
    )
        .into_response()
}

impl Subscriber {
    async fn next(&mut self) -> Bytes {
        if let Some(notified_at) = self.notified_at {
            let arrival = self.sandbox.store.next_arrival(notified_at);
            let wait = arrival.map(|at| at.duration_since(SystemTime::now()).unwrap_or_default());
            // Waits for a change, a delivery or the next keep-alive event.
            let _ = tokio::time::timeout(
                wait.unwrap_or(HEARTBEAT).min(HEARTBEAT),
                self.changes.changed(),
            )
            .await;
            tokio::time::sleep(PAUSE).await;
        }
        self.changes.mark_unchanged();
        self.notified_at = Some(SystemTime::now());
        format!(
            "retry: {RETRY_MS}\nevent: changed\ndata: {}\n\n",
            self.sandbox.health()
        )
        .into()
    }
}
