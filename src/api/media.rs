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
use super::transport::{ClientOptions, Roots, builder};
use crate::message::{is_public_address, is_public_host};

/// How long to wait for one file.
const TIMEOUT: Duration = Duration::from_secs(5);
const MOST_REDIRECTS: usize = 5;

/// What an answer says about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MediaLook {
    Answered {
        status: u16,
        /// In lower case, without parameters; empty if missing.
        content_type: String,
        bytes: Option<u64>,
    },
    /// Its address is not public.
    NotPublic,
    /// No answer came; and whether the reason is that this machine trusts other authorities than the public's.
    Unreachable { why: String, is_of_roots: bool },
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

    /// Requests information about `url` without fetching the file.
    pub(crate) async fn look(&self, url: &Url) -> MediaLook {
        if !is_public(url) {
            return MediaLook::NotPublic;
        }
        match self.http.head(url.clone()).send().await {
            Ok(answer) => {
                let headers = answer.headers();
                let content_type = text(headers, &CONTENT_TYPE).split(';').next().unwrap_or_default();
                MediaLook::Answered {
                    status: answer.status().as_u16(),
                    content_type: content_type.trim().to_lowercase(),
                    bytes: text(headers, &CONTENT_LENGTH).parse().ok(),
                }
            }
            Err(error) if is_not_public(&error) => MediaLook::NotPublic,
            Err(error) => {
                let failure = Failure::new(&error, &Peer::new(url, None), TIMEOUT, !error.is_connect(), true);
                let is_of_roots = self.has_own_roots && failure.cause == Some(Cause::Tls);
                MediaLook::Unreachable { why: failure.message, is_of_roots }
            }
        }
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
            let url = Url::parse(&url.replace("PORT", &port.to_string())).unwrap();
            assert_eq!(client.look(&url).await, MediaLook::NotPublic, "{url}");
        }
        assert!(tokio::time::timeout(Duration::ZERO, listener.accept()).await.is_err());
    }
}
