//! What every request and every answer must have: a request comes from this machine and from no other site's page
//! (DNS rebinding, CSRF); an answer cannot be framed, sniffed, or run as a script of another origin.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;

use super::answers;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Stands in front of every address. It is no layer of the router, which would cost each message several boxes.
#[derive(Debug)]
pub(super) struct Guard {
    /// What a request may call us.
    hosts: [String; 2],
}

impl Guard {
    pub(crate) fn new(port: u16) -> Self {
        Self { hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")] }
    }

    /// The answer to a request that is not for us, or comes from another site.
    pub(crate) fn refuse(&self, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
        // A link on another site may lead to the page: what opens is ours alone, and that site reads nothing of it.
        let may_be_linked = uri.path() == "/";
        self.foreign_header(headers, may_be_linked).map(answers::foreign)
    }

    /// Gives `response` what every answer must have.
    pub(crate) fn secure(response: &mut Response) {
        response.headers_mut().extend(HEADERS);
    }

    /// The header that names another site than ours, or says that the request comes from one. A picture or a script of
    /// another site's page is asked for without an origin, but browsers say where it comes from.
    fn foreign_header(&self, headers: &HeaderMap, may_be_linked: bool) -> Option<&'static str> {
        let is_ours = |host: &[u8]| self.hosts.iter().any(|ours| ours.as_bytes() == host);
        let origin_is_ours = |origin: &HeaderValue| origin.as_bytes().strip_prefix(b"http://").is_some_and(is_ours);
        let mut hosts = headers.get_all(HOST).iter();
        match (hosts.next(), hosts.next()) {
            (Some(host), None) if is_ours(host.as_bytes()) => {}
            _ => return Some("Host"),
        }
        if !headers.get_all(ORIGIN).iter().all(origin_is_ours) {
            return Some("Origin");
        }
        let is_link = may_be_linked && headers.get(FETCH_MODE).is_some_and(|mode| mode == "navigate");
        let is_from_here = headers.get_all(FETCH_SITE).iter().all(|site| site == "same-origin" || site == "none");
        (!is_from_here && !is_link).then_some("Sec-Fetch-Site")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_origin_are_exactly_ours() {
        for (host, origin, expected) in [
            (Some("127.0.0.1:4780"), None, None),
            (Some("localhost:4780"), Some("http://localhost:4780"), None),
            (Some("127.0.0.1:4780"), Some("http://127.0.0.1:4780"), None),
            (None, None, Some("Host")),
            (Some("127.0.0.1"), None, Some("Host")),
            (Some("127.0.0.1:47801"), None, Some("Host")),
            (Some("127.0.0.1:4780.evil.example"), None, Some("Host")),
            (Some("evil.example:4780"), None, Some("Host")),
            (Some("127.0.0.1:4780"), Some("https://127.0.0.1:4780"), Some("Origin")),
            (Some("127.0.0.1:4780"), Some("http://127.0.0.1:3000"), Some("Origin")),
            (Some("127.0.0.1:4780"), Some("http://evil.example"), Some("Origin")),
            (Some("127.0.0.1:4780"), Some("null"), Some("Origin")),
            (Some("127.0.0.1:4780"), Some(""), Some("Origin")),
        ] {
            let mut headers = HeaderMap::new();
            host.and_then(|host| headers.insert(HOST, host.parse().unwrap()));
            origin.and_then(|origin| headers.insert(ORIGIN, origin.parse().unwrap()));
            assert_eq!(Guard::new(4780).foreign_header(&headers, false), expected, "{host:?} {origin:?}");
        }
    }

    #[test]
    fn one_host_among_several_is_not_enough() {
        let mut headers = HeaderMap::new();
        headers.append(HOST, HeaderValue::from_static("127.0.0.1:4780"));
        headers.append(HOST, HeaderValue::from_static("evil.example"));
        assert_eq!(Guard::new(4780).foreign_header(&headers, false), Some("Host"));
    }
}
