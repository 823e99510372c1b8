//! A request as data: the real send, `--dry-run` and `--curl` all use this value and nothing else.

use serde_json::{Value, json};
use url::Url;

use super::credentials::REDACTED;
use crate::message::{Outgoing, Route};

/// A POST to the API. It holds no secret: the transport signs it.
#[derive(Clone, Debug)]
pub struct Request {
    pub url: Url,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
    /// What a success looks like there.
    pub accepts: Accepts,
}

/// What in a 2xx answer says that the message was accepted (`api.md`, "Request").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// `success: true` or a `messageId`.
    MessageId,
    /// Any JSON object; the documents show `{}`.
    AnyObject,
}

impl Request {
    /// The method of every request that sends.
    pub const METHOD: &'static str = "POST";

    /// The request that sends `outgoing` from `bot` through the API at `base`, a URL that can be a base.
    pub fn new(base: &Url, bot: &str, outgoing: &Outgoing) -> Self {
        let mut url = base.clone();
        let (path, accepts, query) = match outgoing.route() {
            Route::Messages => (vec!["v1", "bots", bot, "messages"], Accepts::MessageId, None),
            Route::FlowMessage { flow_type } => (
                vec!["v1", "bots", bot, "users", outgoing.recipient().as_str(), "flow_message"],
                Accepts::AnyObject,
                flow_type.as_ref(),
            ),
        };
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if let Some(flow_type) = query {
            url.query_pairs_mut().append_pair("type", flow_type);
        }
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json".to_owned()),
            ("user-agent", concat!("jelouctl/", env!("CARGO_PKG_VERSION")).to_owned()),
        ];
        Self { url, headers, body: outgoing.body().clone(), accepts }
    }

    /// `{"method", "url", "headers", "body"}`, the signature redacted.
    pub fn to_json(&self) -> Value {
        let mut headers = serde_json::Map::new();
        headers.insert("authorization".to_owned(), json!(format!("Basic {REDACTED}")));
        headers.extend(self.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
        json!({ "method": Self::METHOD, "url": self.url.as_str(), "headers": headers, "body": self.body })
    }
}
