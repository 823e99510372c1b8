//! Finds the proxy of a request in the environment, by curl's rules. An entry of `NO_PROXY` may also begin with `*.`,
//! as in other programs.

use std::env;
use std::fmt;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::base::input::UsageError;

/// The variables for HTTPS, in curl's order; the first nonempty one counts. Plain HTTP stays on this machine.
const PROXY_VARIABLES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const NO_PROXY_VARIABLES: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// A proxy. `Display` omits user and password.
#[derive(Clone)]
pub(crate) struct Proxy {
    /// The variable that sets it.
    pub(crate) variable: &'static str,
    pub(super) url: Url,
}

impl Proxy {
    /// Returns the proxy for requests to `target`; None without a proxy, or if `NO_PROXY` lists the
    /// target.
    ///
    /// # Errors
    /// If the value is invalid. A direct connection could be forbidden, so it is not tried.
    pub(crate) fn for_target(target: &Url) -> Result<Option<Self>, UsageError> {
        let found = PROXY_VARIABLES
            .into_iter()
            .find_map(|name| Some((name, not_empty(name)?)));
        let Some((variable, value)) = found else {
            return Ok(None);
        };
        let exceptions = NO_PROXY_VARIABLES
            .into_iter()
            .find_map(not_empty)
            .unwrap_or_default();
        if is_excepted(target, &exceptions) {
            return Ok(None);
        }
        parse(&value)
            .map(|url| Some(Self { variable, url }))
            .ok_or_else(|| not_a_proxy(variable, &value))
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.url.host_str().unwrap_or_default())?;
        self.url
            .port()
            .map_or(Ok(()), |port| write!(formatter, ":{port}"))
    }
}

fn not_empty(name: &str) -> Option<String> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(|value| value.to_string_lossy().into_owned())
}

/// Parses `http://host:port`, `https://…`, or without a scheme.
fn parse(value: &str) -> Option<Url> {
    let url = if value.contains("://") {
        Url::parse(value)
    } else {
        Url::parse(&format!("http://{value}"))
    }
    .ok()?;
    // A URL parser ends the password at `/`, `?` or `#`, and its first part then looks like a port.
    let is_plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    (is_plain && ["http", "https"].contains(&url.scheme())).then_some(url)
}

/// Returns the error for an invalid proxy. It does not show the value, which may contain a password
/// anywhere.
pub(super) fn not_a_proxy(variable: &str, value: &str) -> UsageError {
    let (credentials, _) = value.rsplit_once('@').unwrap_or_default();
    let credentials = credentials
        .split_once("://")
        .map_or(credentials, |(_, after)| after);
    if credentials.contains(['#', '\\', '/', '?', '@', ' ', '%', '[', ']']) {
        return UsageError::new(
            format!(
                "{variable}: the user or the password of the proxy has a character that must be percent-encoded"
            ),
            r"write # as %23, \ as %5C, / as %2F, ? as %3F, @ as %40 and % as %25",
        );
    }
    let hint = "write it as http://HOST:PORT, or unset it; jelouctl supports only HTTP proxies";
    UsageError::new(
        format!("{variable} is not the address of an HTTP proxy"),
        hint,
    )
}

/// Returns whether `exceptions` (`NO_PROXY`) name the target.
fn is_excepted(target: &Url, exceptions: &str) -> bool {
    if exceptions.trim() == "*" {
        return true;
    }
    // In the library, a name also includes its subdomains, with or without a leading dot.
    let in_its_syntax = |entry: &str| entry.strip_prefix("*.").unwrap_or(entry).to_owned();
    let known: Vec<_> = exceptions
        .split([',', ' ', '\t'])
        .map(in_its_syntax)
        .collect();
    let matcher = Matcher::builder()
        .all("http://proxy.invalid")
        .no(known.join(","))
        .build();
    let target = target.as_str().parse();
    target.is_ok_and(|target: Uri| matcher.intercept(&target).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_proxy_is_never_bypassed() {
        for (value, expected) in [
            ("http://127.0.0.1:8080", true),
            ("https://user:word@proxy.example:3128/", true),
            ("http://user:wo%40rd@[::1]:3128", true),
            ("proxy.example:3128", true),
            ("user:word@proxy.example:3128", true),
            ("proxy", true),
            ("http://[bad", false),
            ("http://h:notaport", false),
            ("http://h:65536", false),
            ("h:notaport", false),
            ("garbage::::", false),
            ("ftp://proxy.example", false),
            ("socks5://proxy.example", false),
        ] {
            assert_eq!(parse(value).is_some(), expected, "{value}");
        }
    }

    #[test]
    fn proxy_password_is_never_shown() {
        // The part of a password before the first `/`, `?` or `#` would look like a port.
        for value in [
            "http://user:12/x@proxy:3128",
            "http://user:12?x@proxy:3128",
            "http://user:12#x@proxy:3128",
        ] {
            assert!(parse(value).is_none(), "{value}");
        }
        let proxy = Proxy {
            variable: "HTTPS_PROXY",
            url: parse("http://user:secret@h:1").unwrap(),
        };
        assert_eq!(proxy.to_string(), "h:1");
    }

    /// From CURLOPT_NOPROXY(3) and lib/noproxy.c of curl; curl does not know `*.`.
    #[test]
    fn no_proxy_names_hosts_as_for_curl() {
        for (exceptions, target, expected) in [
            ("", "api.example", false),
            ("api.example", "api.example", true),
            ("API.Example", "api.example", true),
            ("example", "api.example", true),
            (".example", "api.example", true),
            (".api.example", "api.example", true),
            ("pi.example", "api.example", false),
            ("api.example.org", "api.example", false),
            ("other, api.example", "api.example", true),
            ("other ,\tapi.example ,", "api.example", true),
            (",,", "api.example", false),
            ("*", "api.example", true),
            (" *", "203.0.113.7", true),
            ("203.0.113.7", "203.0.113.7", true),
            ("203.0.113.70", "203.0.113.7", false),
            ("203.0.113.0/24", "203.0.113.7", true),
            ("203.0.114.0/24", "203.0.113.7", false),
            ("203.0.113.0/24", "api.example", false),
            ("2001:db8::7", "[2001:db8::7]", true),
            ("2001:db8::/32", "[2001:db8::7]", true),
            ("2001:db9::/32", "[2001:db8::7]", false),
            ("*.example", "api.example", true),
            ("*.pi.example", "api.example", false),
        ] {
            let target = Url::parse(&format!("https://{target}")).unwrap();
            assert_eq!(
                is_excepted(&target, exceptions),
                expected,
                "{exceptions} for {target}"
            );
        }
    }
}
