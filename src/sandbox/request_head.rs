//! The head of a request as it is read back and shown on the page.

use axum::http::{HeaderMap, HeaderName, Method, Uri};
use serde::{Serialize, Serializer};

/// Method, path and headers of a request, as they are shown: without secrets.
#[derive(Debug, Serialize)]
pub(super) struct RequestHead {
    #[serde(serialize_with = "method")]
    pub(super) method: Method,
    #[serde(serialize_with = "path")]
    pub(super) path: Uri,
    #[serde(serialize_with = "visible")]
    pub(super) headers: HeaderMap,
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
    let visible = headers.keys().filter_map(|name| {
        let value = if is_secret(name) { "(redacted)".into() } else { String::from_utf8_lossy(last(name)?.as_bytes()) };
        Some((name.as_str(), value))
    });
    serializer.collect_map(visible)
}

fn is_secret(name: &HeaderName) -> bool {
    ["authorization", "cookie", "token", "secret", "key"].iter().any(|word| name.as_str().contains(word))
}
