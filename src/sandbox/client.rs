//! A request to a server on this machine: is a sandbox running there, and the webhook's posts.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Method, Request, StatusCode};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// How long a running sandbox may take to say so. It answers within a millisecond; who does not is none.
const HEALTH_TIMEOUT: Duration = Duration::from_millis(300);
/// The most that is read of an answer, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Whether a sandbox listens on this port of 127.0.0.1.
pub(crate) async fn is_running(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let asking = exchange(address, Method::GET, "/sandbox/health", None);
    match tokio::time::timeout(HEALTH_TIMEOUT, asking).await {
        Ok(Ok((StatusCode::OK, body))) => {
            let health: Value = serde_json::from_slice(&body).unwrap_or_default();
            health.get("sandbox").is_some_and(|name| name == "jelouctl")
        }
        _ => false,
    }
}

/// One request, and the answer's status and body.
pub(super) async fn exchange(
    address: SocketAddr,
    method: Method,
    path: &str,
    json: Option<&Value>,
) -> io::Result<(StatusCode, Bytes)> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header(HOST, address.to_string());
    let request = match json {
        Some(json) => request.header(CONTENT_TYPE, "application/json").body(Body::from(json.to_string())),
        None => request.body(Body::empty()),
    };
    let answer = sender.send_request(request.map_err(io::Error::other)?).await.map_err(io::Error::other)?;
    let (parts, body) = answer.into_parts();
    let body = to_bytes(Body::new(body), MAX_ANSWER).await.map_err(io::Error::other)?;
    Ok((parts.status, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Options, Sandbox};

    #[tokio::test]
    async fn a_running_sandbox_is_known_and_nothing_else_is() {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        assert!(is_running(sandbox.port()).await);

        let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = other.local_addr().unwrap().port();
        let app = axum::Router::new().fallback(|| async { r#"{"sandbox":"another"}"# });
        tokio::spawn(async move { axum::serve(other, app).await });
        assert!(!is_running(port).await);

        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        assert!(!is_running(silent.local_addr().unwrap().port()).await);
    }
}
