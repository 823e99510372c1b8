//! Reads an API request for every endpoint: checks the credentials and the bot, and parses the JSON body.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::answers;
use super::connection::ConnectionCloser;
use super::refused::{RefusedRequest, readable};
use super::state::SandboxState;
use crate::base::message::{Message, msg};

/// `sandbox:sandbox`
const CREDENTIALS: &str = "c2FuZGJveDpzYW5kYm94";
/// How long to wait for a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// The maximum size of a body, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// The caller and the request.
pub(super) struct Caller {
    pub(crate) sandbox: Arc<SandboxState>,
    pub(crate) bot: String,
    /// The user in the path, if the endpoint has one.
    pub(crate) user: Option<String>,
    /// The notification in the path, if the endpoint has one.
    pub(crate) notification: Option<String>,
}

/// A received message, before it is checked.
pub(super) struct MessageRequest {
    pub(crate) caller: Caller,
    /// The request without secrets.
    pub(crate) request: Box<RawValue>,
    pub(crate) body: Value,
    pub(crate) hangup: Option<ConnectionCloser>,
}

impl FromRequestParts<Arc<SandboxState>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        sandbox: &Arc<SandboxState>,
    ) -> Result<Self, Response> {
        match Self::authenticate(parts, sandbox).await {
            Ok(caller) => Ok(caller),
            Err(answer) => Err(refuse(sandbox, parts, None, answer).await),
        }
    }
}

impl Caller {
    async fn authenticate(
        parts: &mut Parts,
        sandbox: &Arc<SandboxState>,
    ) -> Result<Self, Response> {
        let is_external = parts.uri.path().starts_with("/v1/external/");
        if !is_authorized(&parts.headers) {
            return Err(if is_external {
                answers::external_unauthorized()
            } else {
                let description = msg!(
                    "Client id or secret is missing or wrong; in the sandbox, both are `sandbox`"
                );
                answers::coded(StatusCode::UNAUTHORIZED, "unauthorized", &description)
            });
        }
        let path = RawPathParams::from_request_parts(parts, sandbox).await;
        let path = path.map_err(|rejection| {
            let problem = rejection.body_text();
            answers::bad_request(&msg!("Invalid URL: {problem}", problem))
        })?;
        let of = |wanted| {
            path.iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| value.to_owned())
        };
        let bot = of("bot").unwrap_or_default();
        if sandbox
            .options
            .bot
            .as_ref()
            .is_some_and(|known| *known != bot)
        {
            return Err(if is_external {
                answers::external_bot_not_found()
            } else {
                let description = msg!(
                    "Bot {bot} does not exist; the sandbox was started with another --bot",
                    bot
                );
                answers::coded(StatusCode::NOT_FOUND, "bot_not_found", &description)
            });
        }
        Ok(Self {
            sandbox: Arc::clone(sandbox),
            bot,
            user: of("user"),
            notification: of("notification"),
        })
    }
}

impl FromRequest<Arc<SandboxState>> for MessageRequest {
    type Rejection = Response;

    async fn from_request(request: Request, sandbox: &Arc<SandboxState>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::authenticate(&mut parts, sandbox).await;
        let bytes = read_bytes(body).await;
        // Part of the record of a refused request.
        let sent = bytes.as_ref().cloned().unwrap_or_default();
        let read = match (caller, bytes) {
            (Ok(caller), Ok(bytes)) => serde_json::from_slice(&bytes)
                .map(|body| (caller, body))
                .map_err(|error| not_json(&error)),
            (Err(answer), _) | (_, Err(answer)) => Err(answer),
        };
        match read {
            Ok((caller, body)) => Ok(Self {
                caller,
                request: head(&parts),
                body,
                hangup: parts.extensions.remove(),
            }),
            Err(answer) => Err(refuse(sandbox, &parts, readable(&sent), answer).await),
        }
    }
}

impl MessageRequest {
    /// Records the request as refused, and returns the response.
    pub(crate) async fn refuse(
        self,
        user: Option<String>,
        kind: Option<&'static str>,
        answer: Response,
    ) -> Response {
        let Self {
            caller:
                Caller {
                    sandbox,
                    user: in_path,
                    ..
                },
            request,
            body,
            ..
        } = self;
        let user = user
            .or(in_path)
            .or_else(|| body.get("userId")?.as_str().map(str::to_owned));
        let refused = RefusedRequest {
            request,
            body: Some(body),
            user,
            kind,
        };
        sandbox.refused.answered(refused, answer).await
    }
}

/// Records a request that is not a message, and returns the response.
pub(super) async fn refuse(
    sandbox: &SandboxState,
    parts: &Parts,
    body: Option<Value>,
    answer: Response,
) -> Response {
    let refused = RefusedRequest {
        request: head(parts),
        body,
        user: None,
        kind: None,
    };
    sandbox.refused.answered(refused, answer).await
}

/// The method, path and headers of a request, for display. Secrets are redacted. Only the last of a repeated header is
/// kept.
#[derive(Serialize)]
struct Head<'a> {
    method: &'a str,
    path: String,
    headers: BTreeMap<&'a str, Cow<'a, str>>,
}

fn head(parts: &Parts) -> Box<RawValue> {
    let headers = parts.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (
            name.as_str(),
            if is_secret(name.as_str()) {
                "(redacted)".into()
            } else {
                value
            },
        )
    });
    let path = shown_path(&parts.uri);
    let headers = headers.collect();
    to_raw_value(&Head {
        method: parts.method.as_str(),
        path,
        headers,
    })
    .unwrap_or_default()
}

fn shown_path(uri: &Uri) -> String {
    let Some(query) = uri.query() else {
        return uri.to_string();
    };
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if name.contains('%') || is_secret(&name.to_ascii_lowercase()) => {
            format!("{name}=(redacted)")
        }
        _ => pair.to_owned(),
    });
    format!("{}?{}", uri.path(), shown.collect::<Vec<_>>().join("&"))
}

/// Returns whether a field called `name`, in lower case, may contain a secret.
fn is_secret(name: &str) -> bool {
    ["auth", "cookie", "key", "passw", "secret", "token"]
        .iter()
        .any(|word| name.contains(word))
}

/// A parsed query. The response to a wrong one is `422`.
pub(super) struct ValidQuery<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ValidQuery<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let asked = Query::from_request_parts(parts, state).await;
        asked.map(|Query(asked)| Self(asked)).map_err(|rejection| {
            answers::invalid_request(&Message::verbatim(rejection.body_text()))
        })
    }
}

/// Reads a whole body as JSON.
pub(super) async fn read_json(body: Body) -> Result<Value, Response> {
    serde_json::from_slice(&read_bytes(body).await?).map_err(|error| not_json(&error))
}

/// Reads a whole body.
pub(super) async fn read_bytes(body: Body) -> Result<Bytes, Response> {
    match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(answers::unreadable(&error)),
        Err(_) => Err(answers::coded(
            StatusCode::REQUEST_TIMEOUT,
            "request_timeout",
            &msg!("The body did not arrive in time"),
        )),
    }
}

fn not_json(error: &serde_json::Error) -> Response {
    let problem = error.to_string();
    answers::bad_request(&msg!("not JSON: {problem}", problem))
}

fn is_authorized(headers: &HeaderMap) -> bool {
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.split_once(' '));
    given.is_some_and(|(scheme, credentials)| {
        scheme.eq_ignore_ascii_case("basic") && credentials == CREDENTIALS
    })
}
