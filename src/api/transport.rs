//! One attempt over the network. No redirect is followed and nothing is tried twice here.

use std::error::Error;
use std::time::{Duration, SystemTime};

use http::Uri;
use reqwest::header::{AUTHORIZATION, DATE, HeaderMap, RETRY_AFTER};
use thiserror::Error;
use url::Url;

use super::answer::{Answer, Body};
use super::credentials::Credentials;
use super::request::Request;

/// The most of an answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;
/// The longest wait for a connection: TCP, proxy and TLS.
const MAX_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept for the next row of a run.
const IDLE_TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Clone, Debug)]
pub(crate) struct ClientOptions {
    /// Of one attempt, from its first byte to the answer's last.
    pub(crate) timeout: Duration,
    pub(crate) roots: Roots,
    /// Whether the proxies of the environment are used; never for loopback.
    pub(crate) proxies: bool,
}

/// Which certificate authorities are trusted.
#[derive(Clone, Debug)]
pub(crate) enum Roots {
    /// None, for plain HTTP: reading the platform's takes milliseconds.
    None,
    Platform,
    /// PEM certificates in place of the platform's.
    Only(Vec<u8>),
}

#[derive(Debug, Error)]
pub(crate) enum ClientError {
    #[error("the CA certificate file holds no certificate that can be read")]
    NoCertificate,
    #[error("the root certificates cannot be used: {0}")]
    Roots(String),
    #[error("{0} is not the address of an HTTP proxy")]
    Proxy(&'static str),
}

impl ClientError {
    /// The way out, for the hint line.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::NoCertificate | Self::Roots(_) => {
                "name the certificate authorities with --ca-cert FILE, or install the system's"
            }
            Self::Proxy(_) => "write it as http://HOST:PORT, or unset it; nothing was sent",
        }
    }
}

/// What came of one attempt.
#[derive(Debug)]
pub(crate) enum Attempt {
    Answered(Answer),
    Failed(Failure),
}

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) stage: Stage,
    pub(crate) message: String,
}

/// How far an attempt came; up to `Tls` no byte of the request can have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Connect,
    Tls,
    InFlight,
}

pub(crate) struct Client {
    http: reqwest::Client,
}

impl Client {
    /// A client that does nothing by itself: no redirect, no retry.
    ///
    /// # Errors
    /// When the certificate roots or the proxy of the environment cannot be used.
    pub(crate) fn new(options: &ClientOptions) -> Result<Self, ClientError> {
        // It fails only when a provider is there already, which is this one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .http1_only()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .timeout(options.timeout)
            .connect_timeout(MAX_CONNECT_TIMEOUT.min(options.timeout / 2))
            .pool_idle_timeout(IDLE_TIMEOUT);
        if options.proxies {
            refuse_broken_proxy()?;
        } else {
            builder = builder.no_proxy();
        }
        builder = match &options.roots {
            Roots::Platform => builder,
            Roots::None => builder.tls_certs_only([]),
            Roots::Only(pem) => match reqwest::Certificate::from_pem_bundle(pem) {
                Ok(certificates) if !certificates.is_empty() => builder.tls_certs_only(certificates),
                Ok(_) | Err(_) => return Err(ClientError::NoCertificate),
            },
        };
        builder.build().map(|http| Self { http }).map_err(|error| ClientError::Roots(innermost(&error)))
    }

    /// Signs `request` and sends it once.
    pub(crate) async fn attempt(&self, request: &Request, credentials: &Credentials) -> Attempt {
        let mut builder = self.http.request(request.method.clone(), request.url.clone());
        builder = builder.header(AUTHORIZATION, credentials.authorization());
        for (name, value) in &request.headers {
            builder = builder.header(*name, *value);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.to_string());
        }
        let mut response = match builder.send().await {
            Ok(response) => response,
            Err(error) => return Attempt::Failed(failure(&error)),
        };
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers(), SystemTime::now());
        let warnings = response.headers().get_all("x-sandbox-warning").iter();
        let warnings = warnings.filter_map(|warning| warning.to_str().ok());
        // The others say what the sender has said itself.
        let warnings = warnings.filter(|warning| warning.starts_with("the sandbox ")).map(str::to_owned).collect();
        let mut bytes = Vec::new();
        let complete = loop {
            match response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() <= MAX_ANSWER => bytes.extend_from_slice(&chunk),
                Ok(None) => break true,
                Ok(Some(_)) | Err(_) => break false,
            }
        };
        let mut body = Body::new(String::from_utf8_lossy(&bytes).into_owned(), complete);
        body.redact(credentials);
        Attempt::Answered(Answer { status, retry_after, warnings, body })
    }

    /// Asks for `url` without signing: any answer will do. Gives the server's time, where it tells it.
    ///
    /// # Errors
    /// When no answer came.
    pub(crate) async fn probe(&self, url: &Url) -> Result<Option<SystemTime>, Failure> {
        let answer = self.http.get(url.clone()).send().await.map_err(|error| failure(&error))?;
        let date = answer.headers().get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        Ok(date)
    }
}

/// The HTTP library would pass over a proxy that it does not understand and connect without it.
fn refuse_broken_proxy() -> Result<(), ClientError> {
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        match std::env::var(name) {
            Ok(value) if value.is_empty() || is_proxy(&value) => {}
            Err(std::env::VarError::NotPresent) => {}
            Ok(_) | Err(std::env::VarError::NotUnicode(_)) => return Err(ClientError::Proxy(name)),
        }
    }
    Ok(())
}

/// `http://host:port`, `https://…`, or without a scheme; read as strictly as the HTTP library reads it.
fn is_proxy(value: &str) -> bool {
    let is_http = |uri: &Uri| uri.scheme_str().is_none_or(|scheme| scheme == "http" || scheme == "https");
    value
        .parse()
        .is_ok_and(|uri: Uri| is_http(&uri) && uri.authority().is_some_and(|authority| !authority.host().is_empty()))
}

fn failure(error: &reqwest::Error) -> Failure {
    let tls = tls_error(error);
    // After the connection is made even a TLS error leaves open what the server has read.
    let stage = match (error.is_connect() || error.is_builder(), tls.is_some()) {
        (true, false) => Stage::Connect,
        (true, true) => Stage::Tls,
        (false, _) => Stage::InFlight,
    };
    let cause = tls.map_or_else(|| innermost(error), ToString::to_string);
    let message = match stage {
        Stage::Connect if error.is_timeout() => "connecting took too long".to_owned(),
        Stage::Connect => format!("failed to connect: {cause}"),
        Stage::Tls => format!("TLS failed: {cause}"),
        Stage::InFlight if error.is_timeout() => "no answer in time".to_owned(),
        Stage::InFlight => format!("the connection failed before an answer came: {cause}"),
    };
    Failure { stage, message }
}

fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The TLS library's error in the chain; `io::Error::source` skips the error inside it, so that is looked into too.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    if let Some(found) = inner.and_then(|inner| tls_error(inner)) {
        return Some(found);
    }
    error.source().and_then(tls_error)
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3). A fraction counts as the next second, a number too large
/// to wait for as forever, a date that has passed as zero.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_retry_after_in_seconds_or_as_a_date() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        for (value, expected) in [
            ("2", Some(Duration::from_secs(2))),
            (" 0 ", Some(Duration::ZERO)),
            ("1.2", Some(Duration::from_secs(2))),
            ("99999999999999999999999", Some(Duration::MAX)),
            ("Wed, 21 Oct 2026 07:28:09 GMT", Some(Duration::from_secs(9))),
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

    #[test]
    fn a_proxy_that_cannot_be_understood_is_not_gone_around() {
        for (value, expected) in [
            ("http://127.0.0.1:8080", true),
            ("https://user:word@proxy.example:3128/", true),
            ("proxy.example:3128", true),
            ("proxy", true),
            ("http://[bad", false),
            ("garbage::::", false),
            ("http://127.0.0.1:8080\n", false),
            (" http://127.0.0.1:8080", false),
            ("http://user:a b@127.0.0.1:8080", false),
            ("http:///127.0.0.1:8080", false),
            ("http:\\\\127.0.0.1:8080", false),
            ("ftp://proxy.example", false),
            ("socks5://proxy.example", false),
        ] {
            assert_eq!(is_proxy(value), expected, "{value}");
        }
    }
}
