//! The API's address, which gets the secret. A sandbox may have any address, because it gets no secret.

use std::fmt;
use std::str::FromStr;

use url::{Host, ParseError, Url};

use super::error::url_problem;
use crate::base::message::{Message, msg};

/// The API's address: `https://…`, or `http://…` for this machine or a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiUrl(Url);

impl ApiUrl {
    /// Creates the address of a server on this machine.
    #[expect(clippy::expect_used, reason = "any port makes a URL")]
    pub(crate) fn on_loopback(port: u16) -> Self {
        Self(Url::parse(&format!("http://127.0.0.1:{port}")).expect("an address and a port"))
    }

    /// Parses the address of a sandbox, `http://…` on any machine. It gets its own credentials,
    /// never a secret.
    ///
    /// # Errors
    /// If it is another kind of address, or Jelou itself.
    pub(super) fn parse_sandbox(raw: &str) -> Result<Self, Message> {
        let not_a_url = |error| msg!("not a URL: {problem}", problem = url_problem(error, "http"));
        let url = Self::parse(raw, not_a_url)?;
        let name = url.0.domain().unwrap_or_default();
        if name == "jelou.ai" || name.ends_with(".jelou.ai") {
            return Err(msg!("this is Jelou, not a sandbox"));
        }
        if url.is_plain_http() || url.is_loopback() {
            return Ok(url);
        }
        Err(msg!(
            "`{scheme}` is not the scheme of a sandbox, which uses http://",
            scheme = url.0.scheme()
        ))
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// Returns whether the host is this machine: `127.0.0.0/8`, `[::1]` or `localhost`.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// Returns the address for finding duplicates. All names of this machine count as one.
    #[expect(
        clippy::expect_used,
        reason = "any host can be replaced with an address"
    )]
    pub(crate) fn as_key(&self) -> String {
        let mut url = self.clone();
        if matches!(self.0.host_str(), Some("localhost" | "[::1]")) {
            url.0
                .set_host(Some("127.0.0.1"))
                .expect("an address can replace a host");
        }
        url.to_string()
    }

    pub(crate) fn is_plain_http(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Parses an address with any scheme. The error does not repeat the value, which may contain a password or a token.
    fn parse(raw: &str, not_a_url: impl Fn(ParseError) -> Message) -> Result<Self, Message> {
        let url = Url::parse(raw).map_err(&not_a_url)?;
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(msg!(
                "the URL cannot contain a user, a password, a query or a fragment"
            ));
        }
        let mut url = Self(url);
        // A dot at the end of the host or a slash at the end of the path does not change the address.
        if let Some(name) = url.0.domain().filter(|name| name.ends_with('.')) {
            let name = name.trim_end_matches('.').to_owned();
            url.0.set_host(Some(&name)).map_err(not_a_url)?;
        }
        if let Ok(mut segments) = url.0.path_segments_mut() {
            segments.pop_if_empty();
        }
        Ok(url)
    }
}

impl FromStr for ApiUrl {
    type Err = Message;

    fn from_str(raw: &str) -> Result<Self, Message> {
        let not_a_url = |error| {
            msg!(
                "not a URL: {problem}",
                problem = url_problem(error, "https")
            )
        };
        let url = Self::parse(raw, not_a_url)?;
        match url.0.scheme() {
            "https" => Ok(url),
            "http" if url.is_loopback() => Ok(url),
            "http" => Err(msg!(
                "`http://{host}` would get the secret unencrypted: http:// is only for this machine",
                host = url.0.host_str().unwrap_or_default()
            )),
            _ if !raw.contains("://") => Err(not_a_url(ParseError::RelativeUrlWithoutBase)),
            other => Err(msg!(
                "the API uses the scheme `https`, not `{other}`",
                other
            )),
        }
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_https_or_this_machine() {
        for (raw, expected) in [
            ("https://api.jelou.ai", Ok("https://api.jelou.ai")),
            (
                "https://gateway.example/jelou/",
                Ok("https://gateway.example/jelou"),
            ),
            ("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080")),
            ("http://127.9.9.9", Ok("http://127.9.9.9")),
            ("http://[::1]:1", Ok("http://[::1]:1")),
            ("http://LOCALHOST:1", Ok("http://localhost:1")),
            ("http://localhost.:1", Ok("http://localhost:1")),
            ("https://api.jelou.ai./v1/", Ok("https://api.jelou.ai/v1")),
            ("http://127.0.0.1.example.com", Err("unencrypted")),
            ("http://localhost.example.com", Err("unencrypted")),
            ("http://api.jelou.ai", Err("unencrypted")),
            (
                "https://user:secret@api.jelou.ai",
                Err("a user, a password"),
            ),
            ("https://api.jelou.ai?x=1", Err("a query or a fragment")),
            ("https://api.jelou.ai#x", Err("a fragment")),
            ("ftp://api.jelou.ai", Err("not `ftp`")),
            (
                "api.jelou.ai",
                Err("not a URL: it has no scheme such as https://"),
            ),
            ("", Err("not a URL: it has no scheme such as https://")),
            (
                "https://api.jelou.ai:x",
                Err("not a URL: its port is not a number from 0 to 65535"),
            ),
            (
                "https://api.jelou.ai:65536",
                Err("not a URL: its port is not a number from 0 to 65535"),
            ),
            ("https://", Err("not a URL: it")),
            ("https://.", Err("not a URL: it")),
            ("https://api jelou.ai", Err("not a URL: it")),
            ("https://xn--\u{fc}", Err("not a URL: it")),
            ("https://1.2.3.256", Err("not a URL: it")),
            ("https://[::1", Err("not a URL: it")),
        ] {
            match (raw.parse::<ApiUrl>(), expected) {
                (Ok(url), Ok(expected)) => assert_eq!(url.to_string(), expected),
                (Err(error), Err(expected)) => {
                    let error = error.to_string();
                    assert!(
                        error.contains(expected) && !error.contains("secret@"),
                        "{raw}: {error}"
                    );
                }
                (found, _) => panic!("{raw}: {found:?}"),
            }
        }
    }

    #[test]
    fn loopback_names_share_one_key() {
        for (raw, expected) in [
            ("http://localhost:9000/v1", "http://127.0.0.1:9000/v1"),
            ("http://LOCALHOST.:9000/v1/", "http://127.0.0.1:9000/v1"),
            ("http://[::1]:9000/v1", "http://127.0.0.1:9000/v1"),
            ("http://[0:0::1]:9000/v1", "http://127.0.0.1:9000/v1"),
            ("http://127.0.0.1:9000/v1", "http://127.0.0.1:9000/v1"),
            ("http://127.0.0.2:9000", "http://127.0.0.2:9000"),
            ("https://localhost", "https://127.0.0.1"),
            ("https://api.jelou.ai.", "https://api.jelou.ai"),
        ] {
            assert_eq!(raw.parse::<ApiUrl>().unwrap().as_key(), expected, "{raw}");
        }
    }

    #[test]
    fn sandbox_may_run_on_another_machine() {
        for (raw, expected) in [
            ("http://sandbox:4780", Ok("http://sandbox:4780")),
            ("http://SANDBOX:4780/", Ok("http://sandbox:4780")),
            ("http://10.0.0.5:4780", Ok("http://10.0.0.5:4780")),
            ("http://127.0.0.1:4780", Ok("http://127.0.0.1:4780")),
            ("https://sandbox:4780", Err("uses http://")),
            ("https://api.jelou.ai", Err("this is Jelou")),
            ("http://API.jelou.ai.", Err("this is Jelou")),
            ("http://notjelou.ai", Ok("http://notjelou.ai")),
            (
                "http://sandbox:sandbox@sandbox:4780",
                Err("a user, a password"),
            ),
            ("sandbox:4780", Err("not the scheme of a sandbox")),
            ("", Err("not a URL")),
        ] {
            match (ApiUrl::parse_sandbox(raw), expected) {
                (Ok(url), Ok(expected)) => assert_eq!(url.to_string(), expected),
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().contains(expected), "{raw}: {error}");
                }
                (found, _) => panic!("{raw}: {found:?}"),
            }
        }
    }
}
