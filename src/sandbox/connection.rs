//! The connections: how many, how long a request may take, and how they end, which a fault can force. Also the rules
//! for every request and response. A request must come from this machine and not from a page of another site (DNS
//! rebinding, CSRF). A response cannot be framed, sniffed, or run as a script of another origin.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use url::{Host, Url};

use super::answers;
use crate::base::message::{Message, msg};

/// The maximum of open connections. More wait in the system's queue.
pub(super) const MAX_CONNECTIONS: u32 = 1024;
/// How long the head of a request may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait before accepting again if the system has no file descriptors left.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// How a fault ends a connection before the response is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Normally, like a server that stops.
    Close,
    /// The connection ends with a reset.
    Reset,
}

/// Lets a request end its own connection.
#[derive(Clone, Debug)]
pub(super) struct ConnectionCloser(watch::Sender<Option<Ending>>);

impl ConnectionCloser {
    /// Ends the connection after everything written so far is sent. Never returns.
    pub(crate) async fn end<T>(self, ending: Ending) -> T {
        self.0.send_replace(Some(ending));
        std::future::pending().await
    }
}

/// Serves `app` forever, and checks each request with `guard`.
pub(super) async fn serve(listener: TcpListener, guard: Guard, app: Router) {
    let guard = Arc::new(guard);
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS as usize));
    let app = TowerToHyperService::new(app);
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_RETRY).await;
            continue;
        };
        let guard = Arc::clone(&guard);
        let app = app.clone();
        tokio::spawn(async move {
            serve_one(stream, &guard, app).await;
            drop(place);
        });
    }
}

async fn serve_one(stream: TcpStream, guard: &Guard, app: TowerToHyperService<Router>) {
    // If this fails, responses are only slower.
    let _ = stream.set_nodelay(true);
    let (asked, mut ending) = watch::channel(None);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let refused = guard.refuse(request.uri(), request.headers());
        let mut request = request.map(Body::new);
        request
            .extensions_mut()
            .insert(ConnectionCloser(asked.clone()));
        let app = &app;
        async move {
            let mut response = match refused {
                Some(answer) => answer,
                None => app.call(request).await?,
            };
            response.headers_mut().extend(HEADERS);
            Ok::<_, Infallible>(response)
        }
    });
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    let mut connection = server.serve_connection(TokioIo::new(stream), service);
    let is_reset = tokio::select! {
        biased;
        // Nothing can be reported to a client that closed the connection.
        _ = &mut connection => return,
        ending = ending.wait_for(Option::is_some) => ending.is_ok_and(|ending| *ending == Some(Ending::Reset)),
    };
    let stream = connection.into_parts().io.into_inner();
    if is_reset {
        // Closing a socket without lingering resets the connection.
        let _ = stream.set_zero_linger();
    }
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// The port that browsers omit from a URL.
const HTTP_PORT: u16 = 80;

/// A name or address of the sandbox for other machines: `sandbox`, `10.0.0.5`, or `sandbox:8080` for another
/// port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AllowedHost {
    name: String,
    port: Option<u16>,
}

impl AllowedHost {
    /// Returns the host in a URL, for a sandbox that listens on `own_port`.
    pub(crate) fn authority(&self, own_port: u16) -> String {
        format!("{}:{}", self.name, self.port.unwrap_or(own_port))
    }
}

impl FromStr for AllowedHost {
    type Err = Message;

    fn from_str(raw: &str) -> Result<Self, Message> {
        let error = || {
            let host = raw.escape_debug().to_string();
            msg!("`{host}` is not a host name or IP address", host)
        };
        let url = Url::parse(&format!("http://{raw}")).map_err(|_| error())?;
        let is_name = |name: &str| {
            name.chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter))
        };
        let name = match url.host().ok_or_else(error)? {
            Host::Domain(name) if !is_name(name) => return Err(error()),
            Host::Ipv4(address) if address.is_unspecified() => return Err(error()),
            host => host.to_string(),
        };
        // Requires a URL with only a host and a port. The parser drops port 80.
        let port = url
            .port()
            .or_else(|| raw.ends_with(":80").then_some(HTTP_PORT));
        let whole = port.map_or_else(|| name.clone(), |port| format!("{name}:{port}"));
        if raw.to_lowercase() == whole {
            Ok(Self { name, port })
        } else {
            Err(error())
        }
    }
}

/// Checks every request first. As a layer of the router it would cost several allocations for each message.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// The host names of valid requests, in lower case.
    hosts: Vec<String>,
}

impl Guard {
    /// Creates the guard of a sandbox on `address`. It accepts the names of this machine, and the
    /// `allowed` ones.
    pub(crate) fn new(address: SocketAddr, allowed: &[AllowedHost]) -> Self {
        let port = address.port();
        let own = Some(address)
            .filter(|address| address.ip().is_loopback())
            .map(|address| address.to_string());
        let mut hosts: Vec<_> = ["127.0.0.1", "localhost", "[::1]"]
            .map(|name| format!("{name}:{port}"))
            .into();
        hosts.extend(own);
        hosts.extend(allowed.iter().map(|host| host.authority(port)));
        let short = hosts
            .iter()
            .filter_map(|host| host.strip_suffix(":80").map(str::to_owned));
        let short: Vec<_> = short.collect();
        hosts.extend(short);
        Self { hosts }
    }

    /// Returns the response to a request for another host or from another site.
    fn refuse(&self, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
        // A link on another site may open the page, because that site cannot read it.
        let may_be_linked = uri.path() == "/";
        self.foreign_header(headers, may_be_linked)
            .map(answers::foreign)
    }

    /// Returns the header with another host or site. Browsers request pictures and scripts without
    /// an origin, but still send the site.
    fn foreign_header(&self, headers: &HeaderMap, may_be_linked: bool) -> Option<&'static str> {
        let is_ours = |host: &[u8]| {
            self.hosts
                .iter()
                .any(|ours| ours.as_bytes().eq_ignore_ascii_case(host))
        };
        let origin_is_ours = |origin: &HeaderValue| {
            origin
                .as_bytes()
                .strip_prefix(b"http://")
                .is_some_and(is_ours)
        };
        let mut hosts = headers.get_all(HOST).iter();
        match (hosts.next(), hosts.next()) {
            (Some(host), None) if is_ours(host.as_bytes()) => {}
            _ => return Some("Host"),
        }
        if !headers.get_all(ORIGIN).iter().all(origin_is_ours) {
            return Some("Origin");
        }
        let is_link = may_be_linked
            && headers
                .get(FETCH_MODE)
                .is_some_and(|mode| mode == "navigate");
        let is_from_here = headers
            .get_all(FETCH_SITE)
            .iter()
            .all(|site| site == "same-origin" || site == "none");
        (!is_from_here && !is_link).then_some("Sec-Fetch-Site")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_origin_must_match_exactly() {
        for (host, origin, expected) in [
            (Some("127.0.0.1:4780"), None, None),
            (Some("localhost:4780"), Some("http://localhost:4780"), None),
            (Some("127.0.0.1:4780"), Some("http://127.0.0.1:4780"), None),
            (Some("LocalHost:4780"), Some("http://localhost:4780"), None),
            (Some("[::1]:4780"), Some("http://[::1]:4780"), None),
            (Some("10.0.0.5:4780"), None, Some("Host")),
            (Some("sandbox:4780"), None, Some("Host")),
            (None, None, Some("Host")),
            (Some("127.0.0.1"), None, Some("Host")),
            (Some("127.0.0.1:47801"), None, Some("Host")),
            (Some("127.0.0.1:4780.evil.example"), None, Some("Host")),
            (Some("evil.example:4780"), None, Some("Host")),
            (
                Some("127.0.0.1:4780"),
                Some("https://127.0.0.1:4780"),
                Some("Origin"),
            ),
            (
                Some("127.0.0.1:4780"),
                Some("http://127.0.0.1:3000"),
                Some("Origin"),
            ),
            (
                Some("127.0.0.1:4780"),
                Some("http://evil.example"),
                Some("Origin"),
            ),
            (Some("127.0.0.1:4780"), Some("null"), Some("Origin")),
            (Some("127.0.0.1:4780"), Some(""), Some("Origin")),
        ] {
            let mut headers = HeaderMap::new();
            host.and_then(|host| headers.insert(HOST, host.parse().unwrap()));
            origin.and_then(|origin| headers.insert(ORIGIN, origin.parse().unwrap()));
            let guard = Guard::new(([127, 0, 0, 1], 4780).into(), &[]);
            assert_eq!(
                guard.foreign_header(&headers, false),
                expected,
                "{host:?} {origin:?}"
            );
        }
    }

    #[test]
    fn only_allowed_hosts_are_accepted() {
        let allowed = [
            "Sandbox",
            "10.0.0.5",
            "sandbox:8080",
            "proxy:80",
            "[fe80::1]",
        ]
        .map(|raw| raw.parse().unwrap());
        let guard = Guard::new(([0, 0, 0, 0], 4780).into(), &allowed);
        for (host, origin, expected) in [
            ("sandbox:4780", None, None),
            ("SANDBOX:4780", Some("http://sandbox:4780"), None),
            ("sandbox:8080", Some("http://sandbox:8080"), None),
            ("proxy", Some("http://proxy"), None),
            ("proxy:80", None, None),
            ("[FE80::1]:4780", None, None),
            ("10.0.0.5:4780", None, None),
            ("127.0.0.1:4780", None, None),
            ("localhost:4780", None, None),
            ("0.0.0.0:4780", None, Some("Host")),
            ("10.0.0.6:4780", None, Some("Host")),
            ("sandbox", None, Some("Host")),
            ("sandbox:8081", None, Some("Host")),
            ("sandbox.evil.example:4780", None, Some("Host")),
            ("sandbox:4780", Some("http://evil.example"), Some("Origin")),
            ("sandbox:4780", Some("http://sandbox:3000"), Some("Origin")),
            ("sandbox:4780", Some("https://sandbox:4780"), Some("Origin")),
            ("sandbox:4780", Some("null"), Some("Origin")),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            origin.and_then(|origin: &str| headers.insert(ORIGIN, origin.parse().unwrap()));
            assert_eq!(
                guard.foreign_header(&headers, false),
                expected,
                "{host} {origin:?}"
            );
        }
    }

    #[test]
    fn allowed_host_is_one_name_or_address() {
        for raw in [
            "sandbox",
            "sandbox.internal:8080",
            "my_sandbox",
            "10.0.0.5",
            "[fe80::1]",
            "[fe80::1]:80",
            "proxy:80",
        ] {
            assert_eq!(
                raw.parse::<AllowedHost>()
                    .unwrap()
                    .authority(4780)
                    .split(']')
                    .count(),
                raw.split(']').count()
            );
        }
        for raw in [
            "",
            "*",
            "*.example",
            "http://sandbox",
            "sandbox/",
            "user@sandbox",
            "sandbox:x",
            "a b",
            "0.0.0.0",
            "fe80::1",
        ] {
            let problem = format!("`{}` is not a host name or IP address", raw.escape_debug());
            let error = raw.parse::<AllowedHost>().unwrap_err();
            assert_eq!(error.to_string(), problem);
        }
    }

    #[test]
    fn several_host_headers_are_refused() {
        let mut headers = HeaderMap::new();
        headers.append(HOST, HeaderValue::from_static("127.0.0.1:4780"));
        headers.append(HOST, HeaderValue::from_static("evil.example"));
        let guard = Guard::new(([127, 0, 0, 1], 4780).into(), &[]);
        assert_eq!(guard.foreign_header(&headers, false), Some("Host"));
    }
}
