//! Posts a user's message from the page to a server under test, as Jelou would.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use axum::http::Method;
use serde_json::{Map, Value, json};
use url::{Host, Url};

use super::client::exchange;
use super::stored_message::StoredMessage;

/// How long the server may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A server on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    url: Url,
    address: SocketAddr,
}

impl FromStr for Webhook {
    type Err = &'static str;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(raw).map_err(|_| "it is not a URL")?;
        if url.scheme() != "http" || !url.username().is_empty() || url.password().is_some() {
            return Err("it is not of the form http://127.0.0.1:PORT/PATH");
        }
        // `localhost` is not looked up: a name could lead anywhere.
        let host = match url.host() {
            Some(Host::Ipv4(host)) if host.is_loopback() => IpAddr::V4(host),
            Some(Host::Ipv6(host)) if host.is_loopback() => IpAddr::V6(host),
            Some(Host::Domain("localhost")) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            _ => return Err("it is not on this machine; only 127.0.0.1, [::1] and localhost are"),
        };
        let address = SocketAddr::new(host, url.port().unwrap_or(80));
        Ok(Self { url, address })
    }
}

impl fmt::Display for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.url.as_str())
    }
}

impl Webhook {
    /// Posts `event` once, and returns the result: the status, or why there is none.
    pub(super) async fn post(&self, event: &Value) -> String {
        let mut path = self.url.path().to_owned();
        if let Some(query) = self.url.query() {
            path = format!("{path}?{query}");
        }
        let posting = exchange(self.address, Method::POST, &path, Some(event));
        match tokio::time::timeout(ANSWER_TIMEOUT, posting).await {
            Ok(Ok((status, _))) => status.as_u16().to_string(),
            Ok(Err(error)) => format!("failed: {error}"),
            Err(_) => "failed: no answer in 5 s".to_owned(),
        }
    }
}

/// The event of a user's message, as in `https://docs.jelou.ai/webhook/messages-events`. `inReplyTo` and the bubble's `payload`
/// are the sandbox's own, for a pressed button: Jelou documents no event for one.
pub(super) fn event(message: &StoredMessage) -> Value {
    let received = message.received_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut bubble = Map::from_iter([("type".to_owned(), json!("text"))]);
    let fields =
        ["text", "payload"].into_iter().filter_map(|name| Some((name.to_owned(), message.body.get(name)?.clone())));
    bubble.extend(fields);
    let mut event = json!({
        "messageId": message.id,
        "bubble": bubble,
        "names": message.user,
        "userId": message.user,
        "botId": message.bot,
        "received": u64::try_from(received.as_millis()).unwrap_or(u64::MAX),
        "status": "created",
        "owner": "user",
    });
    if let (Value::Object(event), Some(id)) = (&mut event, message.body.get("in_reply_to")) {
        event.insert("inReplyTo".to_owned(), id.clone());
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_posted_to() {
        for (raw, address) in [
            ("http://127.0.0.1:3000/hook?x=1", "127.0.0.1:3000"),
            ("http://localhost:3000", "127.0.0.1:3000"),
            ("http://[::1]:3000/", "[::1]:3000"),
            ("http://127.9.9.9/", "127.9.9.9:80"),
        ] {
            assert_eq!(raw.parse::<Webhook>().unwrap().address.to_string(), address, "{raw}");
        }
        for raw in [
            "http://example.com/",
            "http://10.0.0.1/",
            "http://127.0.0.1.example.com/",
            "http://[::ffff:10.0.0.1]/",
            "http://0.0.0.0:3000/",
            "https://127.0.0.1/",
            "http://user@127.0.0.1/",
            "file:///etc/passwd",
            "hook",
            "",
        ] {
            assert!(raw.parse::<Webhook>().is_err(), "{raw}");
        }
    }
}
