//! The head of a request as it is read back and shown on the page.

use std::borrow::Cow;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use serde::{Serialize, Serializer};

/// Method, path and headers of a request, as they are shown: without secrets.
#[derive(Debug, Serialize)]
pub(super) struct RequestHead {
    #[serde(serialize_with = "method")]
    method: Method,
    #[serde(serialize_with = "path")]
    path: Uri,
    #[serde(serialize_with = "visible")]
    headers: HeaderMap,
}

impl RequestHead {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { method, uri: path, mut headers, .. } = parts;
        for (_, value) in headers.iter_mut().filter(|(name, _)| is_secret(name.as_str())) {
            *value = HeaderValue::from_static("(redacted)");
        }
        Self { method, path, headers }
    }
}

fn method<S: Serializer>(method: &Method, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(method.as_str())
}

fn path<S: Serializer>(path: &Uri, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(query) = path.query() else { return serializer.collect_str(path) };
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if name.contains('%') || is_secret(&name.to_ascii_lowercase()) => {
            Cow::Owned(format!("{name}=(redacted)"))
        }
        _ => Cow::Borrowed(pair),
    });
    serializer.collect_str(&format_args!("{}?{}", path.path(), shown.collect::<Vec<_>>().join("&")))
}

/// The headers as the page shows them; of a repeated header, the last.
fn visible<S: Serializer>(headers: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
    let last = |name| headers.get_all(name).iter().next_back();
    let visible =
        headers.keys().filter_map(|name| Some((name.as_str(), String::from_utf8_lossy(last(name)?.as_bytes()))));
    serializer.collect_map(visible)
}

/// `name` in lower case.
fn is_secret(name: &str) -> bool {
    ["auth", "cookie", "key", "passw", "secret", "token"].iter().any(|word| name.contains(word))
}
