//! The server of the sandbox: it listens on loopback, checks Basic authentication and each body.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{answers, templates};
use crate::message::{self, InvalidMessage};

/// Where a sandbox of its own process listens.
pub const DEFAULT_PORT: u16 = 4780;
/// `Basic base64("sandbox:sandbox")`
const AUTHORIZED: &str = "Basic c2FuZGJveDpzYW5kYm94";
const MAX_REQUEST: usize = 1024 * 1024;

/// A sandbox that listens as long as the runtime runs.
#[derive(Debug)]
pub struct Sandbox {
    port: u16,
}

/// Messages accepted so far; ids count from it, so that a run gives the same ids again.
type Accepted = Arc<AtomicU64>;

impl Sandbox {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let app = Router::new()
            .route("/v1/bots/{bot}/messages", post(message))
            .route("/v1/bots/{bot}/users/{user}/flow_message", post(flow_message))
            .route("/v2/whatsapp/{bot}/hsm", post(template))
            .route("/v1/bots/{bot}/campaigns/{campaign}/template-messages", post(campaign_template))
            .route("/v1/bots/{bot}/templates", get(list_templates))
            .layer(DefaultBodyLimit::max(MAX_REQUEST))
            .with_state(Accepted::default());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { port })
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

async fn message(
    State(accepted): State<Accepted>,
    Path(_bot): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match check(&headers, &body, message::check_message) {
        Ok(warnings) => {
            let answer = json!({ "success": true, "messageId": next_id(&accepted) });
            answers::accepted(&answer, &warnings)
        }
        Err(answer) => answer,
    }
}

/// A template by its id, to a user of the campaign.
async fn campaign_template(
    accepted: State<Accepted>,
    Path((bot, _campaign)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    message(accepted, Path(bot), headers, body).await
}

async fn flow_message(Path((_bot, _user)): Path<(String, String)>, headers: HeaderMap, body: Bytes) -> Response {
    match check(&headers, &body, message::check_flow_message) {
        Ok(warnings) => answers::accepted(&json!({}), &warnings),
        Err(answer) => answer,
    }
}

async fn template(
    State(accepted): State<Accepted>,
    Path(_bot): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match check(&headers, &body, message::check_template) {
        Ok((destination, warnings)) => {
            let answer = json!([{ "id": next_id(&accepted), "destination": destination }]);
            answers::accepted(&answer, &warnings)
        }
        Err(answer) => answer,
    }
}

async fn list_templates(
    Path(_bot): Path<String>,
    Query(query): Query<templates::Page>,
    headers: HeaderMap,
) -> Response {
    match authorize(&headers) {
        Ok(()) => Json(templates::page(&query)).into_response(),
        Err(answer) => answer,
    }
}

fn next_id(accepted: &Accepted) -> String {
    format!("msg_sandbox_{}", accepted.fetch_add(1, Ordering::Relaxed) + 1)
}

/// What comes must be authorised, JSON, and a valid message.
#[expect(clippy::result_large_err, reason = "the answer is the error, once a request")]
fn check<T>(headers: &HeaderMap, body: &[u8], check: fn(Value) -> Result<T, InvalidMessage>) -> Result<T, Response> {
    authorize(headers)?;
    let body = serde_json::from_slice(body).map_err(|error| answers::bad_request(&error.to_string()))?;
    check(body).map_err(|error| answers::unprocessable(&error))
}

#[expect(clippy::result_large_err, reason = "the answer is the error, once a request")]
fn authorize(headers: &HeaderMap) -> Result<(), Response> {
    if headers.get(AUTHORIZATION).is_none_or(|value| value.as_bytes() != AUTHORIZED.as_bytes()) {
        return Err(answers::unauthorized());
    }
    Ok(())
}
