//! Finds the proxy of a request in the environment, by curl's rules. As in other programs, an entry of `NO_PROXY` may also
//! begin with `*.`, end with `.*` or a port, be in brackets, and be separated by `;`.

use std::env;
use std::fmt;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::base::input::UsageError;
use crate::base::message::msg;

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
            .find_map(|name| Some((name, not_empty(name)?)));
        if let Some((name, exceptions)) = exceptions
            && is_excepted(target, &exceptions).map_err(|entry| not_an_exception(name, &entry))?
        {
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
            msg!(
                "{variable}: the user or the password of the proxy has a character that must be percent-encoded",
                variable
            ),
            msg!(r"write # as %23, \ as %5C, / as %2F, ? as %3F, @ as %40 and % as %25"),
        );
    }
    UsageError::new(
        msg!("{variable} is not the address of an HTTP proxy", variable),
        msg!("write it as http://HOST:PORT, or unset it"),
    )
}

fn not_an_exception(variable: &str, entry: &str) -> UsageError {
    UsageError::new(
        msg!(
            "{variable}: `{entry}` is neither a host, a domain, an address nor a network",
            variable,
            entry
        ),
        msg!("write *.example.com for a domain, and 10.0.0.0/8 for a network"),
    )
}

/// Returns whether `exceptions` (`NO_PROXY`) name the target.
///
/// # Errors
/// If none of them does, and this one is not understood.
fn is_excepted(target: &Url, exceptions: &str) -> Result<bool, String> {
    if exceptions.trim() == "*" {
        return Ok(true);
    }
    let mut known = Vec::new();
    let mut unknown = None;
    for entry in exceptions.split([',', ';', ' ', '\t']) {
        let (host, port) = split_port(entry);
        if port.is_some() && port != target.port_or_known_default() {
            continue;
        }
        // In the library, a name also includes its subdomains, with or without a leading dot.
        let host = host.strip_prefix("*.").unwrap_or(host);
        if !host.contains('*') {
            known.push(host.to_owned());
        } else if let Some(network) = network(host) {
            known.push(network);
        } else {
            unknown = Some(entry.to_owned());
        }
    }
    let is_named = names(target, &known.join(","));
    unknown.filter(|_| !is_named).map_or(Ok(is_named), Err)
}

/// Splits the port from `host:443` and `[::1]:443`, and removes the brackets of an address.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    let in_brackets = entry
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'));
    if let Some((address, after)) = in_brackets {
        let port = after.strip_prefix(':').and_then(|port| port.parse().ok());
        return (address, port);
    }
    match entry.split_once(':') {
        // An address of version 6 has several colons.
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
        _ => (entry, None),
    }
}

/// Returns the network of `10.*` or `192.168.*.*`, as `10.0.0.0/8`.
fn network(pattern: &str) -> Option<String> {
    let parts: Vec<_> = pattern.split('.').collect();
    let fixed: Vec<_> = parts.iter().take_while(|part| **part != "*").collect();
    let is_open = parts.iter().skip(fixed.len()).all(|part| *part == "*");
    let are_bytes = fixed.iter().all(|part| part.parse::<u8>().is_ok());
    if !is_open || !are_bytes || !(1..=3).contains(&fixed.len()) || parts.len() > 4 {
        return None;
    }
    let mut address: Vec<_> = fixed.iter().map(|part| (**part).to_owned()).collect();
    let bits = 8 * address.len();
    address.resize(4, "0".to_owned());
    Some(format!("{}/{bits}", address.join(".")))
}

fn names(target: &Url, known: &str) -> bool {
    let matcher = Matcher::builder()
        .all("http://proxy.invalid")
        .no(known)
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
            ("api.example:443", "api.example", true),
            ("api.example:8443", "api.example", false),
            ("api.example:8443", "api.example:8443", true),
            ("10.*", "10.1.2.3", true),
            ("10.*", "110.1.2.3", false),
            ("192.168.*.*", "192.168.7.7", true),
            ("192.168.*", "192.169.7.7", false),
            ("[2001:db8::7]", "[2001:db8::7]", true),
            ("[2001:db8::7]:443", "[2001:db8::7]", true),
            ("[2001:db8::7]:80", "[2001:db8::7]", false),
            ("a;api.example", "api.example", true),
            ("a;b", "api.example", false),
            ("api*.example, api.example", "api.example", true),
        ] {
            let target = Url::parse(&format!("https://{target}")).unwrap();
            assert_eq!(
                is_excepted(&target, exceptions),
                Ok(expected),
                "{exceptions} for {target}"
            );
        }
        let target = Url::parse("https://api.example").unwrap();
        for entry in ["api*.example", "*api.example", "10.*.1", "a.*"] {
            let found = is_excepted(&target, &format!("b,{entry}"));
            assert_eq!(found, Err(entry.to_owned()));
        }
    }
}
