//! Sends one attempt over the network. It follows no redirects and does not retry.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use flate2::read::MultiGzDecoder;
use reqwest::ClientBuilder;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use tower::util::MapResponseLayer;
use url::Url;

use super::answer::{Answer, Body};
use super::credentials::Credentials;
use super::deadline::{Deadline, TimelyBody};
use super::failure::{FailedAttempt, Failure, UnknownHost, innermost};
use super::proxy::{Proxy, not_a_proxy};
use super::request::Request;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::process::run_blocking;
use crate::base::texts::shell_argument;

/// Returns the error if no certificate authority can be used.
fn no_roots(problem: &Message) -> Message {
    msg!("cannot use the root certificates: {problem}", problem)
}

/// The first bytes of a body in gzip (RFC 1952).
const GZIP: &[u8] = &[0x1f, 0x8b];

/// The maximum wait for a connection: TCP, proxy and TLS.
const MAX_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection stays open for the next row of a run. Servers count whole seconds after the end of
/// their answer (`Keep-Alive: timeout=1`). If a server closes while a row is being sent, the row's outcome is unknown.
/// Half of the minimum is safe.
const IDLE_TIMEOUT: Duration = Duration::from_millis(500);

#[derive(Clone)]
pub(crate) struct ClientOptions {
    /// It limits one attempt, from its first byte to the answer's last.
    pub(crate) timeout: Duration,
    pub(crate) roots: Roots,
    /// The proxy, if the connection is not direct.
    pub(crate) proxy: Option<Proxy>,
}

/// The trusted certificate authorities.
#[derive(Clone, Debug)]
pub(crate) enum Roots {
    /// None, for plain HTTP, because reading the platform's authorities takes milliseconds.
    None,
    Platform,
    /// The PEM certificates of a file, instead of the platform's.
    Only {
        file: PathBuf,
        content: Vec<u8>,
    },
}

pub(crate) type Attempt = Result<Answer, Failure>;

pub(crate) struct Client {
    /// Uses each connection for one request.
    once: reqwest::Client,
    /// Keeps connections for later requests, as long as that works.
    keeping: Option<reqwest::Client>,
    keeps: AtomicBool,
    /// The number of complete connections, including proxy and TLS. No request sends a byte before that.
    connections: Arc<AtomicU64>,
    options: ClientOptions,
}

impl Client {
    /// Creates a client without automatic redirects or retries.
    ///
    /// # Errors
    /// If the certificate roots cannot be used.
    pub(crate) fn new(options: &ClientOptions) -> Result<Self, UsageError> {
        let connections = Arc::default();
        let once = build(options, false, &connections)?;
        Ok(Self {
            once,
            keeping: None,
            keeps: AtomicBool::new(false),
            connections,
            options: options.clone(),
        })
    }

    /// Creates a client for the messages of a run. If it `keeps` its connections, it uses each of
    /// them for several messages.
    ///
    /// # Errors
    /// As for [`Client::new`].
    pub(crate) fn for_run(&self, keeps: bool) -> Result<Self, UsageError> {
        let Self {
            once,
            connections,
            options,
            ..
        } = self;
        let keeping = if keeps {
            Some(build(options, true, connections)?)
        } else {
            None
        };
        let once = once.clone();
        let connections = connections.clone();
        let options = options.clone();
        Ok(Self {
            once,
            keeping,
            keeps: AtomicBool::new(keeps),
            connections,
            options,
        })
    }

    /// Uses each connection for one request from now on.
    fn use_connections_once(&self) {
        self.keeps.store(false, Ordering::SeqCst);
    }

    /// Returns the number of connections made, for [`Client::may_have_left`].
    pub(crate) fn connections_made(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }

    /// Returns whether a request that began after `made` connections may have sent a byte.
    pub(crate) fn may_have_left(&self, made: u64) -> bool {
        self.keeping.is_some() || self.connections_made() > made
    }

    /// Signs `request` and sends it once. With a deadline, the first byte is sent before the deadline. Returns None if
    /// that was not possible.
    pub(crate) async fn attempt_until(
        &self,
        deadline: Option<Deadline>,
        request: &Request,
        credentials: &Credentials,
    ) -> Option<Attempt> {
        let is_late = Arc::new(AtomicBool::new(false));
        let body = request.body.as_deref().map(|body| match deadline {
            Some(deadline) => {
                reqwest::Body::wrap(TimelyBody::new(body, deadline, Arc::clone(&is_late)))
            }
            None => body.to_owned().into(),
        });
        let attempt = self.attempt_with(body, request, credentials).await;
        (!is_late.load(Ordering::SeqCst)).then_some(attempt)
    }

    async fn attempt_with(
        &self,
        body: Option<reqwest::Body>,
        request: &Request,
        credentials: &Credentials,
    ) -> Attempt {
        let keeping = self
            .keeping
            .as_ref()
            .filter(|_| self.keeps.load(Ordering::SeqCst));
        let http = keeping.unwrap_or(&self.once);
        let made = self.connections_made();
        let mut outgoing = reqwest::Request::new(request.method.clone(), request.url.clone());
        *outgoing.headers_mut() = signed(request.headers, credentials);
        *outgoing.body_mut() = body;
        let response = match http.execute(outgoing).await {
            Ok(response) => response,
            Err(error) => {
                // Other requests connect at the same time. Only if none of them did, this connection is certainly
                // an old one.
                let is_kept = keeping.is_some() && self.connections_made() == made;
                let failure = self.failure(&error, &request.url, made);
                if is_kept && failure.cause.is_none() && !error.is_timeout() {
                    self.use_connections_once();
                }
                return Err(failure);
            }
        };
        let headers = response.headers();
        if forbids_reuse(headers) {
            self.use_connections_once();
        }
        let status = response.status().as_u16();
        let retry_after = retry_after(headers, SystemTime::now());
        // jelouctl itself prints the other warnings.
        let warnings = headers.get_all("x-sandbox-note").iter();
        let warnings = warnings.filter_map(|warning| warning.to_str().ok());
        let warnings = warnings
            .map(Message::decode)
            .filter(|warning| !credentials.are_repeated_in(&warning.to_string()))
            .collect();
        let date = date(headers);
        let mut body = read_body(response, request.accepts.read_limit()).await;
        credentials.hide_in(&mut body);
        Ok(Answer {
            status,
            retry_after,
            date,
            warnings,
            body,
        })
    }

    /// Requests `url` without signing, and accepts any answer. Returns the server's time, if the answer has it.
    ///
    /// # Errors
    /// If no answer came.
    pub(crate) async fn probe(&self, url: &Url) -> Result<Option<SystemTime>, Failure> {
        let made = self.connections_made();
        let result = self.once.get(url.clone()).send().await;
        let answer = result.map_err(|error| self.failure(&error, url, made))?;
        Ok(date(answer.headers()))
    }

    fn failure(&self, error: &reqwest::Error, url: &Url, made: u64) -> Failure {
        Failure::new(&FailedAttempt {
            error,
            url,
            proxy: self.options.proxy.as_ref(),
            timeout: self.options.timeout,
            may_have_left: self.may_have_left(made),
            is_fresh: self.connections_made() > made,
        })
    }
}

/// Reads at most `limit` bytes of the body. If it is longer, or the connection ends early, it is not complete. A body in
/// gzip, which some proxies send without being asked, is unpacked up to the same limit.
async fn read_body(mut response: reqwest::Response, limit: usize) -> Body {
    let mut bytes = Vec::new();
    let mut is_too_large = false;
    let mut is_complete = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                is_too_large = bytes.len() + chunk.len() > limit;
                if is_too_large {
                    break false;
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    if is_complete
        && bytes.starts_with(GZIP)
        && let Ok(unpacked) = unpack(&bytes, limit)
    {
        is_too_large = unpacked.len() > limit;
        is_complete = !is_too_large;
        bytes = unpacked;
    }
    let mut body = Body::new(String::from_utf8_lossy(&bytes).into_owned(), is_complete);
    body.is_too_large = is_too_large;
    body
}

/// Unpacks `bytes` until they have more than `limit` bytes.
fn unpack(bytes: &[u8], limit: usize) -> io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut reader = MultiGzDecoder::new(bytes).take(most);
    reader.read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

/// Returns `headers` with the signature. There is room for the headers that reqwest and hyper add to each request:
/// `host` and `content-length`.
fn signed(headers: &[(&'static str, &'static str)], credentials: &Credentials) -> HeaderMap {
    let mut signed = HeaderMap::with_capacity(headers.len() + 4);
    // Base64 is valid in a header.
    if let Ok(mut authorization) = HeaderValue::from_str(credentials.authorization()) {
        authorization.set_sensitive(true);
        signed.insert(AUTHORIZATION, authorization);
    }
    for (name, value) in headers {
        signed.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    // Without it, an answer may be compressed (RFC 9110, 12.5.3).
    signed.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    signed
}

fn build(
    options: &ClientOptions,
    keeps: bool,
    connections: &Arc<AtomicU64>,
) -> Result<reqwest::Client, UsageError> {
    builder(options, keeps, connections)?
        .build()
        .map_err(|error| {
            let problem = innermost(&error);
            let problem = match &options.roots {
                Roots::Only { file, .. } => msg!("{file}: {problem}", file, problem),
                Roots::None | Roots::Platform => problem,
            };
            UsageError::new(
                no_roots(&problem),
                msg!("to use other certificates: --ca-cert FILE"),
            )
        })
}

/// Creates a builder of clients with `options`, which counts connections in `connections`.
fn builder(
    options: &ClientOptions,
    keeps: bool,
    connections: &Arc<AtomicU64>,
) -> Result<ClientBuilder, UsageError> {
    // This fails only if the same provider is already installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let loopback = [
        IpAddr::from(Ipv4Addr::LOCALHOST),
        IpAddr::from(Ipv6Addr::LOCALHOST),
    ];
    let made = Arc::clone(connections);
    let counting = MapResponseLayer::new(move |connection| {
        made.fetch_add(1, Ordering::SeqCst);
        connection
    });
    let mut builder = reqwest::Client::builder()
        .http1_only()
        // With a limit of zero, reqwest does not even copy the request.
        .retry(reqwest::retry::never().max_retries_per_request(0))
        .redirect(reqwest::redirect::Policy::none())
        .timeout(options.timeout)
        .connect_timeout(MAX_CONNECT_TIMEOUT.min(options.timeout / 2))
        .connector_layer(counting)
        // Plain HTTP is only for this machine, so no resolver may decide. The URL's port replaces port 0.
        .resolve_to_addrs(
            "localhost",
            &loopback.map(|address| SocketAddr::from((address, 0))),
        )
        .dns_resolver(Resolver)
        .pool_idle_timeout(IDLE_TIMEOUT);
    if !keeps {
        builder = builder.pool_max_idle_per_host(0);
    }
    builder = builder.no_proxy();
    if let Some(proxy) = &options.proxy {
        builder = builder.proxy(
            reqwest::Proxy::all(proxy.url.clone())
                .map_err(|_| not_a_proxy(proxy.variable, proxy.url.as_str()))?,
        );
    }
    builder = match &options.roots {
        Roots::Platform => builder,
        Roots::None => builder.tls_certs_only([]),
        Roots::Only { file, content } => match reqwest::Certificate::from_pem_bundle(content) {
            Ok(certificates) if !certificates.is_empty() => builder.tls_certs_only(certificates),
            Ok(_) | Err(_) => {
                let name = file.display().to_string();
                let word = shell_argument(&name);
                return Err(UsageError::new(
                    msg!("{name} has no PEM certificate", name),
                    msg!(
                        "to convert DER to PEM: openssl x509 -inform der -in {word}",
                        word
                    ),
                ));
            }
        },
    };
    Ok(builder)
}

/// Returns whether the server forbids using a connection again, with `Keep-Alive: timeout=0`.
fn forbids_reuse(headers: &HeaderMap) -> bool {
    let values = headers
        .get_all("keep-alive")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut parameters = values
        .flat_map(|value| value.split(','))
        .filter_map(|parameter| parameter.split_once('='));
    parameters.any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("timeout") && value.trim().parse() == Ok(0_u32)
    })
}

/// Returns the server's time, if the answer has it.
fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

/// Reads `Retry-After` in seconds or as a date (RFC 9110, 10.2.3). A fraction counts as the next
/// second, a too large number as forever, and a past date as zero.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if value.starts_with(|first: char| first.is_ascii_digit())
        && let Ok(seconds) = value.parse::<f64>()
    {
        return Some(Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(Duration::MAX));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// The system's resolver in a separate thread. The library's own resolver panics if no thread can start.
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let look_up = move || (name.as_str(), 0).to_socket_addrs();
            match run_blocking(look_up).await {
                Ok(found) => Ok(Box::new(found) as Addrs),
                // The system lacks threads or files.
                Err(error) if error.raw_os_error().is_some() => Err(error.into()),
                Err(_) => Err(UnknownHost.into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_or_date() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        for (value, expected) in [
            ("2", Some(Duration::from_secs(2))),
            (" 0 ", Some(Duration::ZERO)),
            ("1.2", Some(Duration::from_secs(2))),
            ("99999999999999999999999", Some(Duration::MAX)),
            (
                "Wed, 21 Oct 2026 07:28:09 GMT",
                Some(Duration::from_secs(9)),
            ),
            ("Wed, 21 Oct 2026 07:27:00 GMT", Some(Duration::ZERO)),
            ("-1", None),
            ("soon", None),
            ("1, 2", None),
            ("inf", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), expected, "{value}");
        }
    }

    /// A test cannot change the hosts file, so the resolver of this test knows no name.
    #[tokio::test]
    async fn localhost_needs_no_resolver() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let options = ClientOptions {
            timeout: Duration::from_secs(10),
            roots: Roots::None,
            proxy: None,
        };
        let resolver = NoResolver::default();
        let builder = builder(&options, false, &Arc::default()).unwrap();
        let http = builder.dns_resolver(resolver.clone()).build().unwrap();
        let asked = tokio::spawn(http.get(format!("http://LOCALHOST:{port}/")).send());
        listener.accept().await.unwrap();
        assert!(
            http.get("http://elsewhere.invalid/")
                .send()
                .await
                .unwrap_err()
                .is_connect()
        );
        assert_eq!(*resolver.names.lock().unwrap(), ["elsewhere.invalid"]);
        asked.abort();
    }

    /// A resolver that knows no name, and records the requested ones.
    #[derive(Clone, Default)]
    struct NoResolver {
        names: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
    }

    impl reqwest::dns::Resolve for NoResolver {
        fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
            self.names.lock().unwrap().push(name.as_str().to_owned());
            Box::pin(std::future::ready(Err("no such name".into())))
        }
    }
}
