//! The head of a request as it is read back and shown on the page.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
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
        for (_, value) in headers.iter_mut().filter(|(name, _)| is_secret(name)) {
            *value = HeaderValue::from_static("(redacted)");
        }
        Self { method, path, headers }
    }
}

fn method<S: Serializer>(method: &Method, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(method.as_str())
}

fn path<S: Serializer>(path: &Uri, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(path)
}

/// The headers as the page shows them; of one that came twice, the last.
fn visible<S: Serializer>(headers: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
    let last = |name| headers.get_all(name).iter().next_back();
    let visible =
        headers.keys().filter_map(|name| Some((name.as_str(), String::from_utf8_lossy(last(name)?.as_bytes()))));
    serializer.collect_map(visible)
}

fn is_secret(name: &HeaderName) -> bool {
    // `str::contains` makes ready for long texts first.
    let has = |word: &&[u8]| name.as_str().as_bytes().windows(word.len()).any(|part| part == *word);
    [&b"authorization"[..], b"cookie", b"token", b"secret", b"key"].iter().any(has)
}
