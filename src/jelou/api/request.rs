//! A request as data. The real send, `--dry-run` and `--curl` all use only this value.

use std::path::Path;

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use url::Url;

use super::credentials::REDACTED;
use crate::base::message::{Message, msg};
use crate::base::texts::shell_word;
use crate::jelou::message::{Outgoing, Route};

/// A request to the API. It contains no secret, because the transport signs it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// JSON, byte for byte as it is sent; None for a read.
    pub(crate) body: Option<Box<str>>,
    /// How to recognize a success.
    pub(crate) accepts: SuccessCriterion,
}

/// Which part of a 2xx answer shows that Jelou accepted the request.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SuccessCriterion {
    /// `success: true` or a `messageId`.
    MessageId,
    /// Any JSON object without a sign of an error; the API's documents show `{}`.
    AnyObject,
    /// An array with an object for this destination.
    Destination(String),
    /// Any answer except an error, for other reads.
    Read,
    /// Any answer without a sign of an error, for other requests that may change something.
    Done,
    /// A page of a listing, or one message of it, which can contain its own error. The request sends nothing, so the
    /// outcome is never unknown.
    Listing,
}

impl SuccessCriterion {
    /// Returns the criterion for the request that sends `outgoing`.
    pub(crate) fn for_message(outgoing: &Outgoing) -> Self {
        match outgoing.route() {
            Route::Messages | Route::CampaignTemplate { .. } => Self::MessageId,
            Route::FlowMessage { .. } => Self::AnyObject,
            Route::Template => Self::Destination(outgoing.recipient().as_str().to_owned()),
        }
    }

    /// Returns the criterion for another recipient of the same message type.
    pub(crate) fn for_recipient(&self, recipient: &str) -> Self {
        match self {
            Self::Destination(_) => Self::Destination(recipient.to_owned()),
            other => other.clone(),
        }
    }

    /// Returns whether the request changes nothing.
    pub(crate) fn reads(&self) -> bool {
        matches!(self, Self::Listing | Self::Read)
    }

    /// Returns the read limit of an answer, in bytes. The answer to a send is short; the answer to
    /// a read may be long.
    pub(super) fn read_limit(&self) -> usize {
        const MIB: usize = 1024 * 1024;
        if self.reads() { 8 * MIB } else { MIB }
    }

    /// Returns the hint if it is unknown whether the request took effect.
    pub(super) fn unknown_hint(&self) -> Message {
        match self {
            Self::MessageId | Self::AnyObject | Self::Destination(_) => unknown_hint(),
            Self::Done => msg!("check in Jelou whether it took effect before you try again"),
            Self::Listing | Self::Read => msg!("run the command again"),
        }
    }
}

/// The requested page of a listing of messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListingQuery<'a> {
    /// The earliest time of creation.
    pub(crate) since: Timestamp,
    /// The latest time of creation. One page of Jelou's documents calls both ends optional, another one required.
    pub(crate) until: Timestamp,
    pub(crate) message_id: Option<&'a str>,
    /// The first is 1.
    pub(crate) page: u32,
}

/// Which templates are listed; an absent field does not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TemplateFilter {
    /// Matches a part of the name.
    pub(crate) query: Option<String>,
    /// `APPROVED`, `PENDING`, `REJECTED`, …
    pub(crate) status: Option<String>,
    /// `UTILITY`, `MARKETING`, `AUTHENTICATION`
    pub(crate) category: Option<String>,
}

/// The hint if it is unknown whether a message was sent.
pub(crate) fn unknown_hint() -> Message {
    msg!("ask the recipient or check in Jelou before you send it again")
}

/// Templates on a page; the API's own default is 50.
pub(crate) const TEMPLATES_LIMIT: usize = 100;
/// Messages on a page of a look-up; Jelou's maximum.
pub(crate) const LOOK_UP_LIMIT: usize = 50;
const JSON: &str = "application/json";
const USER_AGENT: &str = concat!("jelouctl/", env!("CARGO_PKG_VERSION"));
/// The headers of every request with a body, without the signature.
const POST_HEADERS: &[(&str, &str)] = &[
    ("content-type", JSON),
    ("accept", JSON),
    ("user-agent", USER_AGENT),
];
/// `content-length` is required if the method expects a body (RFC 9110, 8.6).
const EMPTY_BODY_HEADERS: &[(&str, &str)] = &[
    ("content-length", "0"),
    ("accept", JSON),
    ("user-agent", USER_AGENT),
];
const GET_HEADERS: &[(&str, &str)] = &[("accept", JSON), ("user-agent", USER_AGENT)];

impl Request {
    /// Creates the request that sends `outgoing` from `bot` through the API at `base`.
    pub(crate) fn new(base: &Url, bot: &str, outgoing: &Outgoing) -> Self {
        Self::post(
            message_url(base, bot, outgoing),
            outgoing.json().into(),
            SuccessCriterion::for_message(outgoing),
        )
    }

    /// Returns the URL with this path and query below `base`. It is never on another host, because
    /// a path from a ledger may be forged.
    ///
    /// # Errors
    /// If they do not form a URL.
    pub(crate) fn url_below(base: &Url, path: &str) -> Result<Url, url::ParseError> {
        let path = path.strip_prefix('/').unwrap_or(path);
        Url::parse(&format!("{}/{path}", base.as_str().trim_end_matches('/')))
    }

    /// Returns the path and query below `base` where [`Request::new`] sends `outgoing`.
    pub(crate) fn message_path(base: &Url, bot: &str, outgoing: &Outgoing) -> String {
        let url = message_url(base, bot, outgoing);
        let base = base.as_str().trim_end_matches('/');
        let path = url.as_str().strip_prefix(base);
        path.unwrap_or_else(|| url.path()).to_owned()
    }

    /// Creates a request that sends `body` to `url`.
    pub(crate) fn post(url: Url, body: Box<str>, accepts: SuccessCriterion) -> Self {
        Self {
            method: Method::POST,
            url,
            headers: POST_HEADERS,
            body: Some(body),
            accepts,
        }
    }

    /// Creates the request that reads a page of `bot`'s templates; the first is 1.
    pub(crate) fn templates(base: &Url, bot: &str, filter: &TemplateFilter, page: u32) -> Self {
        let mut url = endpoint(base, &["v1", "bots", bot, "templates"]);
        let TemplateFilter {
            query,
            status,
            category,
        } = filter;
        for (name, value) in [("query", query), ("status", status), ("category", category)] {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        let page = page.to_string();
        let limit = TEMPLATES_LIMIT.to_string();
        url.query_pairs_mut()
            .append_pair("page", &page)
            .append_pair("limit", &limit);
        Self::get(url, SuccessCriterion::Listing)
    }

    /// Creates the request that reads a page of `bot`'s messages, in both directions.
    pub(crate) fn history(base: &Url, bot: &str, query: &ListingQuery<'_>) -> Self {
        let url = endpoint(base, &["v1", "external", "messages", "history", bot]);
        Self::listing(url, query, ["startAt", "endAt"])
    }

    /// Creates the request that reads a page of the templates that `bot` sent.
    pub(super) fn notifications(base: &Url, bot: &str, query: &ListingQuery<'_>) -> Self {
        let url = endpoint(base, &["v1", "external", "bots", bot, "notifications"]);
        Self::listing(url, query, ["from", "to"])
    }

    /// Creates the request that reads one of the templates that `bot` sent, or reads it at the
    /// older address. The documents of the older address show another way to sign in.
    pub(super) fn notification(base: &Url, bot: &str, id: &str, is_older: bool) -> Self {
        let path = if is_older {
            &["v1", "bots", bot][..]
        } else {
            &["v1", "external", "bots", bot]
        };
        Self::get(
            endpoint(base, &[path, &["notifications", id]].concat()),
            SuccessCriterion::Listing,
        )
    }

    fn listing(mut url: Url, query: &ListingQuery<'_>, [since, until]: [&str; 2]) -> Self {
        let mut pairs = url.query_pairs_mut();
        pairs
            .append_pair("limit", &LOOK_UP_LIMIT.to_string())
            .append_pair("page", &query.page.to_string());
        for (name, at) in [(since, query.since), (until, query.until)] {
            pairs.append_pair(name, &format!("{at:.3}"));
        }
        if let Some(id) = query.message_id {
            pairs.append_pair("messageId", id);
        }
        drop(pairs);
        Self::get(url, SuccessCriterion::Listing)
    }

    fn get(url: Url, accepts: SuccessCriterion) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: GET_HEADERS,
            body: None,
            accepts,
        }
    }

    /// Creates any request. Only a GET counts as a read.
    pub(crate) fn any(method: Method, url: Url, body: Option<Box<str>>) -> Self {
        let accepts = if method == Method::GET {
            SuccessCriterion::Read
        } else {
            SuccessCriterion::Done
        };
        let headers = match (&method, &body) {
            (_, Some(_)) => POST_HEADERS,
            (&Method::POST | &Method::PUT | &Method::PATCH, None) => EMPTY_BODY_HEADERS,
            (_, None) => GET_HEADERS,
        };
        Self {
            method,
            url,
            headers,
            body,
            accepts,
        }
    }

    /// Returns the request as `--dry-run` prints it.
    ///
    /// # Errors
    /// If the body is not JSON, which is only possible if the ledger was changed from outside.
    pub(crate) fn dry_run(&self) -> serde_json::Result<DryRun<'_>> {
        let body = self.body.as_deref();
        Ok(DryRun {
            dry_run: true,
            method: self.method.as_str(),
            url: self.url.as_str(),
            headers: ShownHeaders(self),
            body: body.map(serde_json::from_str).transpose()?,
        })
    }

    /// Returns every header, with the signature redacted.
    pub(crate) fn redacted_headers(&self) -> impl Iterator<Item = (&str, String)> {
        let others = self
            .headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        std::iter::once(("authorization", format!("Basic {REDACTED}"))).chain(others)
    }
}

/// The URLs of paths below an address. Most rows have the path of the row before, so its URL is parsed once.
pub(crate) struct UrlsBelow {
    base: Url,
    last: Option<(String, Url)>,
}

impl UrlsBelow {
    pub(crate) fn new(base: Url) -> Self {
        Self { base, last: None }
    }

    /// Returns the URL of `path`.
    ///
    /// # Errors
    /// As for [`Request::url_below`].
    pub(crate) fn url(&mut self, path: &str) -> Result<Url, url::ParseError> {
        if let Some((known, url)) = &self.last
            && known == path
        {
            return Ok(url.clone());
        }
        let url = Request::url_below(&self.base, path)?;
        self.last = Some((path.to_owned(), url.clone()));
        Ok(url)
    }
}

/// A request that is shown, not sent. Its body stays the same, byte for byte.
#[derive(Serialize)]
pub(crate) struct DryRun<'a> {
    dry_run: bool,
    method: &'a str,
    url: &'a str,
    headers: ShownHeaders<'a>,
    body: Option<&'a RawValue>,
}

struct ShownHeaders<'a>(&'a Request);

impl Serialize for ShownHeaders<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.redacted_headers())
    }
}

fn message_url(base: &Url, bot: &str, outgoing: &Outgoing) -> Url {
    let recipient = outgoing.recipient().as_str();
    match outgoing.route() {
        Route::Messages => endpoint(base, &["v1", "bots", bot, "messages"]),
        Route::FlowMessage { flow_type } => {
            let path = ["v1", "bots", bot, "users", recipient, "flow_message"];
            let mut url = endpoint(base, &path);
            if let Some(flow_type) = flow_type {
                url.query_pairs_mut().append_pair("type", flow_type);
            }
            url
        }
        Route::Template => endpoint(base, &["v2", "whatsapp", bot, "hsm"]),
        Route::CampaignTemplate { campaign } => {
            let path = [
                "v1",
                "bots",
                bot,
                "campaigns",
                campaign,
                "template-messages",
            ];
            endpoint(base, &path)
        }
    }
}

/// A path that no endpoint of messages has.
#[derive(Debug)]
pub(crate) struct UnknownPath;

/// Returns the recipient that the path of a message names, as it is written there, unless it is `recipient`. Most
/// endpoints have no recipient in their path.
pub(crate) fn other_recipient_in_path<'a>(
    path: &'a str,
    recipient: &str,
) -> Result<Option<&'a str>, UnknownPath> {
    let without_query = path.split('?').next().unwrap_or(path);
    let segments: Vec<_> = without_query.trim_start_matches('/').split('/').collect();
    match segments.as_slice() {
        ["v1", "bots", _, "messages"]
        | ["v2", "whatsapp", _, "hsm"]
        | ["v1", "bots", _, "campaigns", _, "template-messages"] => Ok(None),
        ["v1", "bots", _, "users", written, "flow_message"] => {
            let is_own = Url::parse("https://path/").is_ok_and(|base| {
                let own = endpoint(&base, &[recipient]);
                own.path().trim_start_matches('/') == *written
            });
            Ok((!is_own).then_some(written))
        }
        _ => Err(UnknownPath),
    }
}

fn endpoint(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

/// Returns a curl command that sends `request`, signed as `client_id` with `$JELOU_CLIENT_SECRET`.
///
/// `body` is the request's body as JSON text, escaped as the caller prints JSON.
pub(crate) fn curl_command(
    request: &Request,
    client_id: &str,
    ca_cert: Option<&Path>,
    body: Option<&str>,
) -> String {
    let mut words = vec![
        "curl --silent --show-error --fail-with-body --globoff".to_owned(),
        format!("--request {}", request.method),
    ];
    if let Some(path) = ca_cert {
        words.push(format!("--cacert {}", shell_word(&path.to_string_lossy())));
    }
    words.push(format!(
        "-u {}:\"${{JELOU_CLIENT_SECRET:?}}\"",
        shell_word(client_id)
    ));
    words.extend(
        request
            .headers
            .iter()
            .map(|(name, value)| format!("--header {}", shell_word(&format!("{name}: {value}")))),
    );
    words.extend(body.map(|body| format!("--data-raw {}", shell_word(body))));
    words.push(shell_word(request.url.as_str()));
    words.join(" \\\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipient_in_a_path_is_found() {
        let ana = "593987654321";
        for (path, recipient, expected) in [
            ("/v1/bots/7/messages", ana, Some(None)),
            ("/v2/whatsapp/7/hsm", ana, Some(None)),
            ("/v1/bots/7/campaigns/c/template-messages", ana, Some(None)),
            (
                "/v1/bots/7/users/593987654321/flow_message?type=x",
                ana,
                Some(None),
            ),
            ("/v1/bots/7/users/a%20b/flow_message", "a b", Some(None)),
            (
                "/v1/bots/7/users/593987654322/flow_message",
                ana,
                Some(Some("593987654322")),
            ),
            ("/v1/bots/7/users/593987654321/../1/flow_message", ana, None),
            ("/v1/bots/7/users/593987654321/messages", ana, None),
            ("/v1/bots/7/messages/", ana, None),
            ("", ana, None),
        ] {
            let found = other_recipient_in_path(path, recipient).ok();
            assert_eq!(found, expected, "{path} {recipient}");
        }
    }

    #[test]
    fn no_path_leads_to_another_host() {
        for base in ["https://api.jelou.ai", "https://api.jelou.ai/v2/"] {
            let base = Url::parse(base).unwrap();
            for path in [
                ".evil.example/x",
                "@evil.example/x",
                ":8443/x",
                "//evil.example/x",
                "https://evil.example",
                "\\x",
                "",
            ] {
                let url = Request::url_below(&base, path).unwrap();
                assert_eq!(url.origin(), base.origin(), "{path}");
                assert!(url.username().is_empty(), "{url}");
            }
        }
        let base = Url::parse("https://api.jelou.ai/v2/").unwrap();
        assert_eq!(
            Request::url_below(&base, "/bots/1?x=/").unwrap().as_str(),
            "https://api.jelou.ai/v2/bots/1?x=/"
        );
    }
}
