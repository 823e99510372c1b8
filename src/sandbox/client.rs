//! Checks whether a sandbox runs on a port of this machine, and which user owns it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::header::HOST;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;

use crate::base::owner::user_id;
use crate::base::paths::STATE;

/// How long to wait for a running sandbox, which needs less than a millisecond.
const HEALTH_TIMEOUT: Duration = Duration::from_millis(300);
/// The maximum size of a response, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// How a running sandbox was started.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(crate) struct RunningSandbox {
    sandbox: String,
    /// The time is in RFC 3339.
    pub(crate) started_at: String,
    pub(crate) directory: PathBuf,
    /// The directory where its user keeps the state of jelouctl; None if unknown.
    state_directory: Option<PathBuf>,
    /// The flags that change its responses.
    pub(crate) options: Vec<String>,
}

/// The process that listens on a port of this machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PortOwner {
    /// A sandbox of the same user.
    SameUser(RunningSandbox),
    /// A sandbox of the same user with another home directory, such as a test's.
    OtherHome(RunningSandbox),
    /// A sandbox of another user, who could read the messages and fake the responses.
    OtherUser,
    /// Nothing, or not a sandbox.
    NoSandbox,
}

/// Finds the owner of the process that listens on this port of 127.0.0.1. An unknown owner counts as this user.
pub(crate) async fn neighbor(port: u16) -> PortOwner {
    let Some(running) = running(port).await else {
        return PortOwner::NoSandbox;
    };
    let has_other_home =
        running.state_directory.is_some() && running.state_directory != STATE.directory();
    match listening_user(port) {
        Some(user) if user != user_id() => PortOwner::OtherUser,
        _ if has_other_home => PortOwner::OtherHome(running),
        Some(_) | None => PortOwner::SameUser(running),
    }
}

/// Finds the user that listens on this port of 127.0.0.1, or of every address; only works on Linux.
fn listening_user(port: u16) -> Option<u32> {
    // A socket that listens on every IPv4 and IPv6 address is only in the second table.
    ["tcp", "tcp6"].iter().find_map(|table| {
        owner(
            &std::fs::read_to_string(format!("/proc/self/net/{table}")).ok()?,
            port,
        )
    })
}

/// Finds the user of the socket that listens on `port`, in one of Linux's tables.
fn owner(table: &str, port: u16) -> Option<u32> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().take(8).collect();
        let [_, local, _, state, _, _, _, user] = fields[..] else {
            return None;
        };
        let (_, local) = local.split_once(':')?;
        let listens = state == "0A" && u16::from_str_radix(local, 16).ok()? == port;
        listens.then(|| user.parse().ok())?
    })
}

/// Finds the sandbox that listens on this port of 127.0.0.1.
async fn running(port: u16) -> Option<RunningSandbox> {
    let health = tokio::time::timeout(HEALTH_TIMEOUT, health(port)).await;
    health
        .ok()
        .flatten()
        .filter(|health| health.sandbox == "jelouctl")
}

/// Requests the health report of the sandbox on this port. None if it is not a sandbox.
async fn health(port: u16) -> Option<RunningSandbox> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    let request = Request::get("/sandbox/health")
        .header(HOST, address.to_string())
        .body(Body::empty())
        .ok()?;
    let answer = sender
        .send_request(request)
        .await
        .ok()
        .filter(|answer| answer.status().is_success())?;
    let body = to_bytes(Body::new(answer.into_body()), MAX_ANSWER)
        .await
        .ok()?;
    serde_json::from_slice(&body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Options, Sandbox};

    #[tokio::test]
    async fn only_a_running_sandbox_is_detected() {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let owner = neighbor(sandbox.port()).await;
        assert!(matches!(owner, PortOwner::SameUser(_)), "{owner:?}");

        let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = other.local_addr().unwrap().port();
        let app = axum::Router::new().fallback(|| async { r#"{"sandbox":"another"}"# });
        tokio::spawn(async move { axum::serve(other, app).await });
        assert_eq!(neighbor(port).await, PortOwner::NoSandbox);

        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent = silent.local_addr().unwrap().port();
        assert_eq!(running(silent).await, None);
    }

    #[test]
    fn port_belongs_to_its_listening_user() {
        // In Linux's format: a connection from this port, then the listener; 4780 is 12AC.
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
                     0: 0100007F:12AC 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1001        0 7 1 0 20\n   \
                     1: 0100007F:12AC 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 8 1 0 100\n";
        assert_eq!((owner(table, 4780), owner(table, 4781)), (Some(1000), None));
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn our_own_port_is_ours() {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        assert_eq!(listening_user(sandbox.port()), Some(user_id()));
        // A machine without IPv6 does not have this address.
        if let Ok(everywhere) = std::net::TcpListener::bind("[::]:0") {
            assert_eq!(
                listening_user(everywhere.local_addr().unwrap().port()),
                Some(user_id())
            );
        }
    }
}
