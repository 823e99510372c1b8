//! Explains why an attempt got no answer, and whether the server may have read the request.

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};
use url::Url;

use super::outcome::Cause;
use super::proxy::Proxy;
use crate::base::message::{Message, msg};
use crate::base::system_error::system_problem;
use crate::base::timestamps::rfc_3339;

/// An attempt without an answer.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Why the server cannot have read any byte of the request; None if it may have.
    pub(crate) cause: Option<Cause>,
    pub(crate) message: Message,
    /// The hint, if it differs from the hint of the cause.
    pub(crate) hint: Option<Message>,
}

/// The hint for a proxy that asks for credentials.
pub(super) fn proxy_credentials_hint() -> Message {
    msg!("set HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT, with special characters percent-encoded")
}

/// The host name of the API, or of the proxy, was not found.
#[derive(Debug, thiserror::Error)]
#[error("the host name was not found")]
pub(super) struct UnknownHost;

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
        let peer = peer_at(&address, proxy);
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
                    msg!("connecting took too long: {peer}", peer),
                ),
                None => Self::from_connect_error(error, &peer),
            };
        }
        let message = if error.is_timeout() {
            let seconds = timeout.as_secs_f64().to_string();
            msg!("no response in time (waited {seconds} s)", seconds)
        } else {
            broken_connection(error, &peer)
        };
        // After the connection is made, even a TLS error does not show what the server has read.
        failed(None, message)
    }

    fn from_connect_error(error: &reqwest::Error, peer: &Message) -> Self {
        // The library's error type is not public, so its text decides.
        let (kind, problem, hint) = match innermost_error(error).to_string().as_str() {
            "tunnel error: proxy authorization required" => (
                Cause::ProxyCredentials,
                msg!("the proxy asks for credentials (407)"),
                Some(proxy_credentials_hint()),
            ),
            "tunnel error: unsuccessful" => (
                Cause::ProxyRefusal,
                msg!("the proxy refused the tunnel"),
                Some(msg!("to bypass the proxy, add this host to NO_PROXY")),
            ),
            _ => (Cause::Network, innermost(error), None),
        };
        Self {
            cause: Some(kind),
            message: msg!("failed to connect to {peer}: {problem}", peer, problem),
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
            ) => Some(msg!(
                "set the clock if it is wrong; otherwise the server needs a new certificate"
            )),
            rustls::Error::InvalidCertificate(invalid)
                if !matches!(invalid, NotValidForName | NotValidForNameContext { .. }) =>
            {
                None
            }
            _ => Some(msg!(
                "check the port of --api-url, and whether a proxy intercepts the connection"
            )),
        };
        let message = msg!(
            "TLS failed: {problem} ({address})",
            problem = tls_problem(error),
            address
        );
        Self {
            cause: Some(Cause::Tls),
            message,
            hint,
        }
    }
}

/// Returns what the request was sent to: the address, perhaps through a proxy.
fn peer_at(address: &str, proxy: Option<&Proxy>) -> Message {
    match proxy {
        Some(proxy) => msg!(
            "{address} through the proxy {proxy}",
            address,
            proxy = proxy.to_string()
        ),
        None => Message::verbatim(address),
    }
}

/// Explains why a connection to `peer` broke before a response came.
fn broken_connection(error: &reqwest::Error, peer: &Message) -> Message {
    let problem = innermost(error);
    let http = innermost_error(error).downcast_ref::<hyper::Error>();
    if http.is_some_and(hyper::Error::is_parse) {
        msg!(
            "{peer} did not answer with HTTP, like a server for https://: {problem}",
            peer,
            problem
        )
    } else {
        msg!(
            "the connection failed before a response came: {problem}",
            problem
        )
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
fn tls_problem(error: &rustls::Error) -> Message {
    let invalid = match error {
        rustls::Error::InvalidCertificate(invalid) => invalid,
        rustls::Error::InvalidMessage(_) => {
            return msg!("the server does not speak TLS, like a server for http:// or a portal");
        }
        rustls::Error::AlertReceived(alert) => {
            let alert = format!("{alert:?}");
            return msg!("the server ended the handshake: {alert}", alert);
        }
        _ => return Message::verbatim(without_manual(&error.to_string())),
    };
    match invalid {
        CertificateError::ExpiredContext { time, not_after } => msg!(
            "the certificate expired on {end}, and this machine's clock shows {now}",
            end = day(*not_after),
            now = day(*time)
        ),
        CertificateError::NotValidYetContext { time, not_before } => msg!(
            "the certificate is valid from {begin}, and this machine's clock shows {now}",
            begin = day(*not_before),
            now = day(*time)
        ),
        CertificateError::Expired => msg!("the certificate has expired"),
        CertificateError::NotValidYet => msg!("the certificate is not valid yet"),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            let names: Vec<_> = presented.iter().map(|name| presented_name(name)).collect();
            msg!(
                "the certificate is for {names}, not for {host}",
                names = names.join(", "),
                host = expected.to_str()
            )
        }
        CertificateError::NotValidForName => msg!("the certificate is for another host"),
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            msg!("this machine does not trust the certificate's authority")
        }
        CertificateError::Revoked => msg!("the certificate was revoked"),
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            msg!("the server presents the certificate of an authority, not its own")
        }
        CertificateError::Other(error) => {
            let error = error.to_string();
            msg!("this system refuses the certificate ({error})", error)
        }
        other => {
            let problem = format!("{other:?}");
            msg!("the certificate is invalid ({problem})", problem)
        }
    }
}

fn day(at: UnixTime) -> String {
    let since = Duration::from_secs(at.as_secs());
    let at = SystemTime::UNIX_EPOCH.checked_add(since);
    at.map_or_else(|| "a day without a date".to_owned(), rfc_3339)
}

/// Describes the first cause of an error: in our words, if they say it all, else in the library's.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> Message {
    let cause = innermost_error(error);
    if cause.is::<UnknownHost>() {
        return msg!("the host name was not found");
    }
    let http = cause.downcast_ref::<hyper::Error>();
    if http.is_some_and(hyper::Error::is_incomplete_message) {
        return msg!("the server closed the connection");
    }
    match cause.downcast_ref::<io::Error>() {
        Some(error) if error.get_ref().is_none() => system_problem(error),
        _ => Message::verbatim(without_manual(&cause.to_string())),
    }
}

fn innermost_error<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost
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
