//! Why an attempt has no answer: how far it got, and the cause, with host, port and proxy.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};
use url::Url;

use super::proxy::Proxy;
use crate::timestamps::rfc_3339;

/// An attempt without an answer.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) stage: Stage,
    pub(crate) message: String,
    /// The hint, if it differs from the hint of the stage.
    pub(crate) hint: Option<String>,
}

/// How far an attempt got; before `InFlight` the server cannot have read any byte of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Connect,
    /// The proxy requires other credentials.
    ProxyCredentials,
    /// The proxy does not open a tunnel.
    ProxyRefusal,
    Tls,
    InFlight,
}

/// The other end of a connection, and the proxy on the way there.
#[derive(Debug)]
pub(super) struct Peer {
    address: String,
    proxy: Option<String>,
}

impl Peer {
    pub(super) fn new(url: &Url, proxy: Option<&Proxy>) -> Self {
        let host = url.host_str().unwrap_or_default();
        let address = url.port_or_known_default().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        Self { address, proxy: proxy.map(Proxy::to_string) }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.address)?;
        match &self.proxy {
            Some(proxy) => write!(formatter, " through the proxy {proxy}"),
            None => Ok(()),
        }
    }
}

/// The hint for a proxy that asks for credentials.
pub(super) const PROXY_CREDENTIALS_HINT: &str =
    "give them as HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT, special characters percent-encoded";
const ALERT_HINT: &str = "jelouctl has no client certificate to give: check --api-url";
const HANDSHAKE_HINT: &str = "jelouctl speaks TLS 1.2 and 1.3 and has no client certificate to give: check --api-url";
const HTTP_2_HINT: &str = "jelouctl speaks HTTP/1.1: check --api-url, or let the server speak it too";
const NO_TLS_HINT: &str = "check the port of --api-url, and whether a proxy or a portal answers there";
const TLS_HINT: &str = "check --api-url, and ask who runs that server";
const CLOCK_HINT: &str = "set the clock here if it is wrong, else the server needs a new certificate";
const NAME_HINT: &str = "check --api-url, and whether a proxy or a portal answers in place of that host";

impl Failure {
    /// `is_fresh`: the connection was made for this attempt. `has_left`: a connection was made at all.
    pub(super) fn new(error: &reqwest::Error, peer: &Peer, timeout: Duration, has_left: bool, is_fresh: bool) -> Self {
        let tls = tls_error(error);
        let before = error.is_connect() || error.is_builder() || !has_left;
        let of = |stage, message| Self { stage, message, hint: None };
        match tls {
            Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)) if before || is_fresh => Self {
                hint: Some(ALERT_HINT.to_owned()),
                ..of(Stage::Tls, format!("TLS failed: {} asks for a client certificate", peer.address))
            },
            Some(tls) if before => Self::of_tls(tls, peer),
            _ if !before && error.is_timeout() => {
                of(Stage::InFlight, format!("no answer in time (waited {} s)", timeout.as_secs_f64()))
            }
            _ if !before && tls.is_none() && is_not_http(error) => of(
                Stage::InFlight,
                format!(
                    "what came from {} is not HTTP/1.1, or its header is too long; a port for TLS wants https",
                    peer.address
                ),
            ),
            // Once the connection is made, even a TLS error does not show what the server has read.
            _ if !before => {
                let cause = tls.map_or_else(|| innermost(error), |tls| without_manual(&tls.to_string()));
                of(Stage::InFlight, format!("the connection failed before an answer came: {cause}"))
            }
            _ if error.is_timeout() => of(Stage::Connect, format!("connecting took too long: {peer}")),
            _ => Self::of_connecting(error, peer),
        }
    }

    fn of_connecting(error: &reqwest::Error, peer: &Peer) -> Self {
        let cause = innermost(error);
        // The library's error has no public type.
        let (stage, cause, hint) = match cause.as_str() {
            "tunnel error: proxy authorization required" => {
                (Stage::ProxyCredentials, "the proxy asks for credentials (407)", Some(PROXY_CREDENTIALS_HINT))
            }
            "tunnel error: unsuccessful" => (
                Stage::ProxyRefusal,
                "the proxy refused the tunnel",
                Some("ask who runs the proxy to let this host through, or name it in NO_PROXY"),
            ),
            cause => (Stage::Connect, cause, None),
        };
        Self { stage, message: format!("failed to connect to {peer}: {cause}"), hint: hint.map(str::to_owned) }
    }

    fn of_tls(error: &rustls::Error, peer: &Peer) -> Self {
        let (cause, hint) = match error {
            rustls::Error::InvalidCertificate(fault) => certificate_fault(fault, &peer.address),
            other => {
                let (cause, hint) = handshake_fault(other);
                (cause, Some(hint))
            }
        };
        let cause = if cause.contains(&peer.address) { cause } else { format!("{cause} ({})", peer.address) };
        Self { stage: Stage::Tls, message: format!("TLS failed: {cause}"), hint: hint.map(str::to_owned) }
    }
}

/// Why a TLS handshake failed for a reason other than the certificate, and the hint.
fn handshake_fault(error: &rustls::Error) -> (String, &'static str) {
    let (cause, hint) = match error {
        // TLS versions before 1.3 have no alert for this.
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::BadCertificate) => (
            "the server ended the handshake: it may ask for a client certificate, or have no cipher in common",
            HANDSHAKE_HINT,
        ),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            ("the server asks for a client certificate", ALERT_HINT)
        }
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) | rustls::Error::PeerIncompatible(_) => {
            ("the server has no version or cipher of TLS in common with jelouctl", HANDSHAKE_HINT)
        }
        rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            ("the server does not speak HTTP/1.1, perhaps HTTP/2 alone", HTTP_2_HINT)
        }
        rustls::Error::InvalidMessage(_) => ("what answered does not speak TLS", NO_TLS_HINT),
        other => return (without_manual(&other.to_string()), TLS_HINT),
    };
    (cause.to_owned(), hint)
}

/// What is wrong with the certificate of `address`, and the hint.
fn certificate_fault(fault: &CertificateError, address: &str) -> (String, Option<&'static str>) {
    let date = |time: &UnixTime| rfc_3339(UNIX_EPOCH + Duration::from_secs(time.as_secs()));
    let now = || rfc_3339(SystemTime::now());
    let (what, hint) = match fault {
        CertificateError::ExpiredContext { time, not_after } => {
            (format!("expired on {}; the clock here says {}", date(not_after), date(time)), CLOCK_HINT)
        }
        CertificateError::Expired => (format!("has expired; the clock here says {}", now()), CLOCK_HINT),
        CertificateError::NotValidYetContext { time, not_before } => {
            (format!("is not valid before {}; the clock here says {}", date(not_before), date(time)), CLOCK_HINT)
        }
        CertificateError::NotValidYet => (format!("is not valid yet; the clock here says {}", now()), CLOCK_HINT),
        CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            (format!("is for {}", names(presented)), NAME_HINT)
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ("is for another name".to_owned(), NAME_HINT)
        }
        other => return (rustls::Error::InvalidCertificate(other.clone()).to_string(), None),
    };
    (format!("the certificate of {address} {what}"), Some(hint))
}

/// The names in a certificate without the library's form, `DnsName("a.example")`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| match (name.find('('), name.strip_suffix(')')) {
        (Some(open), Some(inner)) => inner.get(open + 1..).unwrap_or_default().trim_matches('"').to_owned(),
        _ => name.clone(),
    };
    presented.iter().map(bare).collect::<Vec<_>>().join(", ")
}

pub(super) fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    without_manual(&innermost.to_string())
}

/// Some texts of the TLS library end with an address in its manual, which is not useful here.
fn without_manual(text: &str) -> String {
    text.split(": https://docs.rs").next().unwrap_or_default().to_owned()
}

/// The TLS library's error in the chain; `io::Error::source` skips the error inside it, so that one is examined, too.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    find_error(error, &|_| true)
}

/// Whether the other end closed a TLS connection without saying so in TLS.
pub(super) fn is_without_close_notify(error: &reqwest::Error) -> bool {
    find_error(error, &|fault: &std::io::Error| fault.kind() == std::io::ErrorKind::UnexpectedEof).is_some()
}

/// Whether an answer came that cannot be read as HTTP/1.1, such as a TLS alert.
fn is_not_http(error: &reqwest::Error) -> bool {
    find_error(error, &hyper::Error::is_parse).is_some()
}

fn find_error<'a, E: Error + 'static>(error: &'a (dyn Error + 'static), is_it: &dyn Fn(&E) -> bool) -> Option<&'a E> {
    if let Some(found) = error.downcast_ref().filter(|found| is_it(found)) {
        return Some(found);
    }
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    if let Some(found) = inner.and_then(|inner| find_error(inner, is_it)) {
        return Some(found);
    }
    error.source().and_then(|source| find_error(source, is_it))
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;

    use super::*;

    #[test]
    fn says_what_is_wrong_with_a_certificate() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        for (fault, expected, hint) in [
            (
                CertificateError::ExpiredContext { time: at(1_800_000_000), not_after: at(1_700_000_000) },
                "the certificate of h:443 expired on 2023-11-14T22:13:20Z; the clock here says 2027-01-15T08:00:00Z",
                "set the clock",
            ),
            (
                CertificateError::NotValidYetContext { time: at(0), not_before: at(1_700_000_000) },
                "the certificate of h:443 is not valid before 2023-11-14T22:13:20Z; the clock here says \
                 1970-01-01T00:00:00Z",
                "set the clock",
            ),
            (
                CertificateError::NotValidForNameContext {
                    expected: ServerName::try_from("h").unwrap(),
                    presented: vec!["DnsName(\"a.example\")".to_owned(), "*.b.example".to_owned()],
                },
                "the certificate of h:443 is for a.example, *.b.example",
                "--api-url",
            ),
        ] {
            let (said, way_out) = certificate_fault(&fault, "h:443");
            assert_eq!(said, expected);
            assert!(way_out.unwrap().contains(hint), "{way_out:?}");
        }
    }

    #[test]
    fn leaves_the_librarys_manual_out() {
        let text = "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/x#y";
        assert_eq!(without_manual(text), "peer closed connection without sending TLS close_notify");
    }
}
