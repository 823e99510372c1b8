//! Explains why an attempt got no answer, and whether the server may have read the request.

use std::error::Error;
use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};
use url::Url;

use super::outcome::Cause;
use super::proxy::Proxy;
use crate::base::timestamps::rfc_3339;

/// An attempt without an answer.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Why the server cannot have read any byte of the request; None if it may have.
    pub(crate) cause: Option<Cause>,
    pub(crate) message: String,
    /// The hint, if it differs from the hint of the cause.
    pub(crate) hint: Option<&'static str>,
}

/// The hint for a proxy that asks for credentials.
pub(super) const PROXY_CREDENTIALS_HINT: &str =
    "set HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT, with special characters percent-encoded";
const TLS_HINT: &str = "check the port of --api-url, and whether a proxy intercepts the connection";
const CLOCK_HINT: &str =
    "set the clock if it is wrong; otherwise the server needs a new certificate";

/// An attempt that failed, and its connection.
pub(super) struct FailedAttempt<'a> {
    pub(super) error: &'a reqwest::Error,
    pub(super) url: &'a Url,
    pub(super) proxy: Option<&'a Proxy>,
    pub(super) timeout: Duration,
    /// Whether a connection was made at all, so that a part of the request may have been sent.
    pub(super) may_have_left: bool,
    /// Whether the connection was made for this attempt.
    pub(super) is_fresh: bool,
}

impl Failure {
    pub(super) fn new(attempt: &FailedAttempt<'_>) -> Self {
        let FailedAttempt {
            error,
            url,
            proxy,
            timeout,
            may_have_left,
            is_fresh,
        } = *attempt;
        let host = url.host_str().unwrap_or_default();
        let address = url
            .port_or_known_default()
            .map_or(host.to_owned(), |port| format!("{host}:{port}"));
        let peer = proxy.map_or(address.clone(), |proxy| {
            format!("{address} through the proxy {proxy}")
        });
        let tls = tls_error(error);
        // TLS 1.3 reports this only after the handshake, but before the server reads anything else.
        let wants_certificate = is_fresh
            && matches!(
                tls,
                Some(rustls::Error::AlertReceived(
                    AlertDescription::CertificateRequired
                ))
            );
        let failed = |cause, message| Self {
            cause,
            message,
            hint: None,
        };
        if error.is_connect() || error.is_builder() || !may_have_left || wants_certificate {
            return match tls {
                Some(tls) => Self::from_tls_error(tls, &address),
                None if error.is_timeout() => failed(
                    Some(Cause::Network),
                    format!("connecting took too long: {peer}"),
                ),
                None => Self::from_connect_error(error, &peer),
            };
        }
        // After the connection is made, even a TLS error does not show what the server has read.
        let message = match innermost(error) {
            _ if error.is_timeout() => {
                format!("no response in time (waited {} s)", timeout.as_secs_f64())
            }
            cause if cause.starts_with("invalid HTTP") => {
                format!("{peer} did not answer with HTTP: {cause}; for a TLS port, use https://")
            }
            cause => format!("the connection failed before a response came: {cause}"),
        };
        failed(None, message)
    }

    fn from_connect_error(error: &reqwest::Error, peer: &str) -> Self {
        let cause = innermost(error);
        // The library's error type is not public, so its text decides.
        let (kind, cause, hint) = match cause.as_str() {
            "tunnel error: proxy authorization required" => (
                Cause::ProxyCredentials,
                "the proxy asks for credentials (407)",
                Some(PROXY_CREDENTIALS_HINT),
            ),
            "tunnel error: unsuccessful" => (
                Cause::ProxyRefusal,
                "the proxy refused the tunnel",
                Some("to bypass the proxy, add this host to NO_PROXY"),
            ),
            cause => (Cause::Network, cause, None),
        };
        Self {
            cause: Some(kind),
            message: format!("failed to connect to {peer}: {cause}"),
            hint,
        }
    }

    fn from_tls_error(error: &rustls::Error, address: &str) -> Self {
        use CertificateError::{
            ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYetContext,
        };
        let hint = match error {
            rustls::Error::InvalidCertificate(
                ExpiredContext { .. } | NotValidYetContext { .. },
            ) => Some(CLOCK_HINT),
            rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
                Some(TLS_HINT)
            }
            rustls::Error::InvalidCertificate(_) => None,
            _ => Some(TLS_HINT),
        };
        let message = format!("TLS failed: {} ({address})", tls_problem(error));
        Self {
            cause: Some(Cause::Tls),
            message,
            hint,
        }
    }
}

/// Returns the name in a description of rustls: `DnsName("example.com")` or `IpAddress(127.0.0.1)`.
fn presented_name(description: &str) -> &str {
    description
        .split_once('(')
        .and_then(|(_, name)| name.strip_suffix(')'))
        .map_or(description, |name| name.trim_matches('"'))
}

/// Describes the fault of the server's certificate or handshake.
fn tls_problem(error: &rustls::Error) -> String {
    let invalid = match error {
        rustls::Error::InvalidCertificate(invalid) => invalid,
        rustls::Error::InvalidMessage(_) => {
            return "the server does not speak TLS, like a server for http:// or a portal"
                .to_owned();
        }
        rustls::Error::AlertReceived(alert) => {
            return format!("the server ended the handshake: {alert:?}");
        }
        _ => return without_manual(&error.to_string()),
    };
    match invalid {
        CertificateError::ExpiredContext { time, not_after } => format!(
            "the certificate expired on {}, and this machine's clock shows {}",
            day(*not_after),
            day(*time)
        ),
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "the certificate is valid from {}, and this machine's clock shows {}",
            day(*not_before),
            day(*time)
        ),
        CertificateError::Expired => "the certificate has expired".to_owned(),
        CertificateError::NotValidYet => "the certificate is not valid yet".to_owned(),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            let names: Vec<_> = presented.iter().map(|name| presented_name(name)).collect();
            format!(
                "the certificate is for {}, not for {}",
                names.join(", "),
                expected.to_str()
            )
        }
        CertificateError::NotValidForName => "the certificate is for another host".to_owned(),
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "this machine does not trust the certificate's authority".to_owned()
        }
        CertificateError::Revoked => "the certificate was revoked".to_owned(),
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "the server presents the certificate of an authority, not its own".to_owned()
        }
        CertificateError::Other(error) => format!("this system refuses the certificate ({error})"),
        other => format!("the certificate is invalid ({other:?})"),
    }
}

fn day(at: UnixTime) -> String {
    let since = Duration::from_secs(at.as_secs());
    let at = SystemTime::UNIX_EPOCH.checked_add(since);
    at.map_or_else(|| "a day without a date".to_owned(), rfc_3339)
}

pub(super) fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    without_manual(&innermost.to_string())
}

/// Removes the URL of the TLS library's manual at the end of its errors, because it does not help users.
fn without_manual(text: &str) -> String {
    text.split(": https://docs.rs")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Finds the TLS library's error in the chain. `io::Error::source` skips the error inside it, so this examines it, too.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let inner = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    error
        .downcast_ref()
        .or_else(|| tls_error(inner?))
        .or_else(|| tls_error(error.source()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_library_manual_is_removed_from_errors() {
        let text = "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/x#y";
        assert_eq!(
            without_manual(text),
            "peer closed connection without sending TLS close_notify"
        );
    }
}
