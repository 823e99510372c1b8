//! Requests a media file as Jelou and WhatsApp would: without our credentials, and never on a private network, wherever
//! a name or a redirect leads.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::redirect::{Attempt as Redirect, Policy};
use thiserror::Error;
use url::Url;

use super::client_error::ClientError;
use super::failure::{Failure, Peer};
use super::outcome::Cause;
use super::proxy::Proxy;
use super::transport::{ClientOptions, Roots, builder};
use crate::message::{MediaFile, is_public_address, is_public_host};

/// How long to wait for one file.
const TIMEOUT: Duration = Duration::from_secs(5);
const MOST_REDIRECTS: usize = 5;

/// What a look at a file shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MediaLook {
    Fine,
    /// It cannot be fetched, or its kind does not accept it.
    Faulty(String),
    /// It cannot be judged from here.
    Unknown,
}

#[derive(Clone)]
pub(crate) struct MediaClient {
    http: reqwest::Client,
    has_own_roots: bool,
}

/// An address that is only reachable on a private network.
#[derive(Debug, Error)]
#[error("the address is not public")]
struct NotPublic;

/// Resolves a name to its public addresses only.
struct PublicAddresses;

impl MediaClient {
    /// A client that trusts `roots`.
    ///
    /// # Errors
    /// If they cannot be used.
    pub(crate) fn new(roots: Roots) -> Result<Self, ClientError> {
        let has_own_roots = matches!(roots, Roots::Only { .. });
        let options = ClientOptions { timeout: TIMEOUT, roots, proxy: None };
        let builder = builder(&options, false, &Arc::default())?;
        let http = builder.redirect(Policy::custom(follow)).dns_resolver(PublicAddresses).build();
        let http = http.map_err(ClientError::of_roots)?;
        Ok(Self { http, has_own_roots })
    }

    /// Requests information about `file` without fetching it.
    pub(crate) async fn look(&self, file: &MediaFile) -> MediaLook {
        // A message with an invalid address is not sent, and a proxy has its own way to the file.
        let Ok(url) = Url::parse(&file.url) else { return MediaLook::Unknown };
        if !matches!(Proxy::of(&url), Ok(None)) {
            return MediaLook::Unknown;
        }
        if !is_public(&url) {
            return not_public();
        }
        match self.http.head(url.clone()).send().await {
            Ok(answer) => judged(answer.status().as_u16(), answer.headers(), file),
            Err(error) if is_not_public(&error) => not_public(),
            Err(error) => {
                let failure = Failure::new(&error, &Peer::new(&url, None), TIMEOUT, !error.is_connect(), true);
                // This machine may trust other authorities than the public's.
                let is_of_roots = self.has_own_roots && failure.cause == Some(Cause::Tls);
                let fault = || MediaLook::Faulty(format!("it cannot be fetched: {}", failure.message));
                if is_of_roots { MediaLook::Unknown } else { fault() }
            }
        }
    }
}

fn not_public() -> MediaLook {
    MediaLook::Faulty("its address is not public, so WhatsApp cannot fetch it".to_owned())
}

fn judged(status: u16, headers: &HeaderMap, file: &MediaFile) -> MediaLook {
    let content_type = text(headers, &CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_lowercase();
    let bytes: Option<u64> = text(headers, &CONTENT_LENGTH).parse().ok();
    match status {
        404 | 410 => MediaLook::Faulty(format!("it does not exist ({status})")),
        200..300 if ["text/html", "application/xhtml+xml"].contains(&content_type.as_str()) => {
            MediaLook::Faulty(format!("it is a page ({content_type}), not a file"))
        }
        200..300 => match bytes.zip(file.most.as_ref()).filter(|(bytes, (most, _))| bytes > most) {
            Some((bytes, (_, most))) => MediaLook::Faulty(format!("it has {bytes} bytes; at most {most} are accepted")),
            None => MediaLook::Fine,
        },
        _ => MediaLook::Unknown,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn is_public(url: &Url) -> bool {
    ["http", "https"].contains(&url.scheme()) && url.host().is_some_and(|host| is_public_host(&host))
}

fn follow(redirect: Redirect<'_>) -> reqwest::redirect::Action {
    if !is_public(redirect.url()) {
        redirect.error(NotPublic)
    } else if redirect.previous().len() > MOST_REDIRECTS {
        redirect.stop()
    } else {
        redirect.follow()
    }
}

/// Whether the request was refused because an address is not public.
fn is_not_public(error: &(dyn Error + 'static)) -> bool {
    error.is::<NotPublic>() || error.source().is_some_and(is_not_public)
}

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<_> = found.filter(|address| is_public_address(address.ip())).collect();
            if public.is_empty() { Err(NotPublic.into()) } else { Ok(Box::new(public.into_iter()) as Addrs) }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[tokio::test]
    async fn a_name_of_this_machine_has_no_public_address() {
        let found = PublicAddresses.resolve(Name::from_str("localhost").unwrap()).await;
        assert!(found.is_err_and(|error| error.is::<NotPublic>()));
    }

    #[tokio::test]
    async fn nothing_is_asked_on_a_network_of_our_own() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = MediaClient::new(Roots::None).unwrap();
        for url in [
            "http://127.0.0.1:PORT/a",
            "http://localhost:PORT/a",
            "http://[::ffff:127.0.0.1]:PORT/a",
            "ftp://a.example/",
        ] {
            let file = MediaFile { url: url.replace("PORT", &port.to_string()), most: None };
            assert_eq!(client.look(&file).await, not_public(), "{url}");
        }
        assert!(tokio::time::timeout(Duration::ZERO, listener.accept()).await.is_err());
    }
}
