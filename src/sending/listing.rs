//! The bot's templates, read from the API: all pages as one listing.

use std::time::Duration;

use serde_json::{Map, Value};
use thiserror::Error;

use super::connection::Connection;
use super::flight::Flight;
use crate::api::{Body, Cause, Delivery, Outcome, Problem, Request, TemplateFilter, total_pages};
use crate::config::BotId;
use crate::output::Stderr;
use crate::process::Signal;

/// More pages than any bot has: a server may return new ones forever.
const MAX_PAGES: u32 = 100;

/// Reads every page.
///
/// # Errors
/// If a page cannot be read, or the pages do not end.
pub(crate) async fn read_templates(
    connection: &mut Connection,
    stderr: &Stderr,
    bot: &BotId,
    filter: &TemplateFilter,
    retry_for: Duration,
) -> Result<Listing, ReadError> {
    let mut listing = Listing::default();
    while !listing.is_read {
        listing.read_page(connection, stderr, bot, filter, retry_for, &Flight::default()).await?;
    }
    Ok(listing)
}

/// The pages read so far, as one.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// The first page; its results are replaced by those of all pages.
    first: Map<String, Value>,
    found: Vec<Value>,
    /// Whether the API was asked for some of the templates only; its total may be that of all.
    is_filtered: bool,
    pages: u32,
    /// The most pages that a page announced.
    announced: Option<u64>,
    /// Whether a page that was announced has nothing new.
    lacks_page: bool,
    /// Whether no page follows.
    pub(crate) is_read: bool,
}

impl Listing {
    /// Reads the next page.
    ///
    /// # Errors
    /// If it cannot be read, or the pages do not end.
    pub(crate) async fn read_page(
        &mut self,
        connection: &mut Connection,
        stderr: &Stderr,
        bot: &BotId,
        filter: &TemplateFilter,
        retry_for: Duration,
        flight: &Flight,
    ) -> Result<(), ReadError> {
        if self.pages == MAX_PAGES {
            return Err(ReadError::Endless { pages: MAX_PAGES });
        }
        let page = self.pages + 1;
        let request = Request::templates(connection.base.url(), bot.as_str(), filter, page);
        let delivery = connection.deliver(stderr, &request, retry_for, flight).await;
        let body = delivery.answer.as_ref().map(|answer| &answer.body);
        let (Outcome::Sent { .. }, Some(Value::Object(answer)), Some(results)) =
            (&delivery.outcome, body.and_then(|body| body.json.as_ref()), body.and_then(Body::results))
        else {
            return Err(ReadError::new(delivery));
        };
        self.is_filtered = *filter != TemplateFilter::default();
        self.add_page(answer, results);
        Ok(())
    }

    /// Adds the next page, whose templates are `results`.
    pub(super) fn add_page(&mut self, answer: &Map<String, Value>, results: &[Value]) {
        self.pages += 1;
        if self.first.is_empty() {
            self.first.clone_from(answer);
        }
        let new: Vec<_> = results.iter().filter(|template| !self.found.contains(template)).cloned().collect();
        let (has_new, page) = (!new.is_empty(), u64::from(self.pages));
        self.found.extend(new);
        // A later page may announce less than an earlier one.
        self.announced = self.announced.max(total_pages(answer.get("pagination")));
        // A listing of nothing can have one page.
        self.lacks_page = !has_new && self.announced.is_some_and(|pages| pages >= page.max(2));
        let is_last = self.announced.is_some_and(|pages| page >= pages) && !self.lacks_templates();
        // A server that does not count pages gives the same ones again.
        self.is_read = !has_new || is_last;
    }

    /// Whether the API announces more than it gave.
    pub(crate) fn is_partial(&self) -> bool {
        self.lacks_page || self.lacks_templates()
    }

    fn lacks_templates(&self) -> bool {
        !self.is_filtered && self.total().is_some_and(|total| total > self.found.len() as u64)
    }

    /// The number of templates, by the first page.
    fn total(&self) -> Option<u64> {
        let total = self.first.get("pagination")?.get("total")?;
        total.as_u64().or_else(|| total.as_str()?.parse().ok())
    }

    /// Whether the API says how many pages or templates there are.
    pub(super) fn is_counted(&self) -> bool {
        self.total().is_some() || self.announced.is_some()
    }

    pub(super) fn has_samples_only(&self) -> bool {
        self.first.get("samples_only") == Some(&Value::Bool(true))
    }

    /// The templates of all pages.
    pub(crate) fn templates(&self) -> &[Value] {
        &self.found
    }

    /// Whether no page has been read yet.
    pub(super) fn is_empty(&self) -> bool {
        self.pages == 0
    }

    /// In the API's own shape: the first page, with the `results` of all.
    pub(crate) fn into_value(mut self) -> Value {
        self.first.shift_remove("data");
        self.first.insert("results".to_owned(), Value::Array(self.found));
        Value::Object(self.first)
    }
}

/// The error of a command that only reads.
#[derive(Debug, Error)]
pub(crate) enum ReadError {
    #[error("nothing could be read: {}", delivery.problem.as_ref().map_or("no answer".into(), Problem::told))]
    Failed { delivery: Box<Delivery> },
    #[error("the API has more than {pages} pages; what was read is incomplete")]
    Endless { pages: u32 },
    #[error("the listing is incomplete: the API counts more templates than it gave ({read})")]
    Partial { read: usize },
    /// The time was up.
    #[error("nothing could be read: {cause} (tried for {} s)", tried_for.as_secs_f64())]
    Late { tried_for: Duration, code: &'static str, cause: String },
}

impl ReadError {
    pub(crate) fn new(delivery: Delivery) -> Self {
        Self::Failed { delivery: Box::new(delivery) }
    }

    /// The error for a page that was tried for this long, according to `flight`.
    pub(super) fn late(tried_for: Duration, flight: &Flight) -> Self {
        let (code, cause) = flight.last_problem().unwrap_or(("network", "no answer in time".to_owned()));
        Self::Late { tried_for, code, cause }
    }

    /// The API's answer, which is always shown.
    pub(crate) fn answer(&self) -> Option<Value> {
        match self {
            Self::Failed { delivery } => delivery.answer.as_ref().and_then(|answer| answer.body.clone().into_value()),
            Self::Endless { .. } | Self::Partial { .. } | Self::Late { .. } => None,
        }
    }

    /// The signal that ended the read.
    pub(super) fn signal(&self) -> Option<Signal> {
        match self.outcome() {
            Outcome::NotSent(Cause::Interrupted(signal)) => Some(signal),
            Outcome::Unknown(signal) => signal,
            Outcome::NotSent(_) | Outcome::Sent { .. } => None,
        }
    }

    /// The same error for a reader who also sees the answer.
    #[must_use]
    pub(crate) fn beside_answer(mut self) -> Self {
        if let Self::Failed { delivery } = &mut self
            && let Some(problem) = &mut delivery.problem
        {
            problem.beginning = None;
        }
        self
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::Failed { delivery } => delivery.outcome.clone(),
            Self::Late { code: "network", .. } => Outcome::NotSent(Cause::Network),
            Self::Endless { .. } | Self::Partial { .. } | Self::Late { .. } => Outcome::NotSent(Cause::Unavailable),
        }
    }

    /// Whether a send would fail in the same way, also later. A temporary problem, or one of the listing alone, is not
    /// lasting.
    pub(crate) fn is_lasting(&self) -> bool {
        let delivery = match self {
            Self::Failed { delivery } => delivery,
            Self::Late { code, .. } => return *code == "network",
            Self::Endless { .. } | Self::Partial { .. } => return false,
        };
        match delivery.outcome {
            Outcome::NotSent(Cause::Unavailable) | Outcome::Unknown(None) | Outcome::Sent { .. } => false,
            Outcome::NotSent(Cause::Rejected) => {
                delivery.answer.as_ref().is_some_and(|answer| matches!(answer.status, 300..=399 | 404))
            }
            Outcome::NotSent(
                Cause::Credentials
                | Cause::Account
                | Cause::Network
                | Cause::ProxyCredentials
                | Cause::ProxyRefusal
                | Cause::Tls
                | Cause::Interrupted(_),
            )
            | Outcome::Unknown(Some(_)) => true,
        }
    }

    /// The stable name of the fault.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Failed { delivery } => delivery.problem.as_ref().map_or("unavailable", |problem| problem.code),
            Self::Endless { .. } | Self::Partial { .. } => "unavailable",
            Self::Late { code, .. } => code,
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            // The text about a message under way does not apply to a read.
            Self::Failed { delivery } if matches!(delivery.outcome, Outcome::Unknown(_)) => None,
            Self::Failed { delivery } => delivery.problem.as_ref().map(|problem| problem.hint.clone()),
            Self::Endless { .. } => Some("ask for fewer with --query, --status or --category".to_owned()),
            Self::Partial { .. } => Some("try again; what is missing may matter".to_owned()),
            Self::Late { .. } => Some("check the network, or allow more time with --notify-timeout".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::Answer;

    /// Whether this is the end after pages with these templates and counts, and whether something is missing.
    fn ends(pages: &[(&[&str], Value)]) -> (bool, bool) {
        let mut listing = Listing::default();
        for (names, pagination) in pages {
            assert!(!listing.is_read, "{pages:?}");
            let results: Vec<_> = names.iter().map(|name| json!(name)).collect();
            listing.add_page(&Map::from_iter([("pagination".to_owned(), pagination.clone())]), &results);
        }
        (listing.is_read, listing.is_partial())
    }

    #[test]
    fn a_listing_ends_where_the_api_says_so_and_knows_whether_that_is_all() {
        let pages = |count: u64| json!({ "totalPages": count });
        let both = |pages: u64, total: u64| json!({ "totalPages": pages, "total": total });
        for (read, expected) in [
            (&[(&["a"][..], pages(2))][..], (false, false)),
            (&[(&["a"], pages(2)), (&["b"], pages(2))], (true, false)),
            (&[(&["a"], json!({ "totalPages": "1" }))], (true, false)),
            (&[(&["a"], json!({ "totalPages": "two" }))], (false, false)),
            (&[(&["a"], json!({ "total": 1 }))], (false, false)),
            (&[(&["a"], json!({ "total": 1 })), (&["a"], json!({}))], (true, false)),
            (&[(&["a"], json!({})), (&[], json!({}))], (true, false)),
            (&[(&[], pages(0))], (true, false)),
            (&[(&[], pages(1))], (true, false)),
            (&[(&[], pages(2))], (true, true)),
            (&[(&["a"], both(1, 1))], (true, false)),
            (&[(&["a"], both(1, 2))], (false, true)),
            (&[(&["a"], both(1, 2)), (&["b"], json!({}))], (true, false)),
            (&[(&["a"], json!({ "totalPages": 1, "total": "2" })), (&[], json!({}))], (true, true)),
            // The server repeats its page, or announces less than before.
            (&[(&["a"], pages(2)), (&["a"], pages(2))], (true, true)),
            (&[(&["a"], pages(3)), (&["b"], pages(1))], (false, false)),
            (&[(&["a"], pages(3)), (&[], pages(0))], (true, true)),
        ] {
            assert_eq!(ends(read), expected, "{read:?}");
        }
    }

    fn failed(outcome: Outcome, code: &'static str, status: Option<u16>) -> ReadError {
        let problem = Problem {
            code,
            api_code: None,
            message: "x".to_owned(),
            hint: "do y".to_owned(),
            retry_after: None,
            beginning: Some("<html>".to_owned()),
        };
        let answer = status.map(|status| Answer {
            status,
            retry_after: None,
            date: None,
            warnings: Vec::new(),
            body: Body::new("{}".to_owned(), true),
            is_whole_by_its_json: false,
        });
        ReadError::new(Delivery { outcome, problem: Some(problem), answer, attempts: 1, duration: Duration::ZERO })
    }

    /// `run --check-first` refuses to begin for a lasting fault, and warns of other faults.
    #[test]
    fn what_passes_by_itself_or_concerns_the_list_alone_is_not_lasting() {
        let not_sent = |cause| Outcome::NotSent(cause);
        for (error, is_lasting) in [
            (failed(not_sent(Cause::Credentials), "credentials", Some(401)), true),
            (failed(not_sent(Cause::Account), "account", Some(400)), true),
            (failed(not_sent(Cause::Network), "network", None), true),
            (failed(not_sent(Cause::Tls), "tls", None), true),
            (failed(not_sent(Cause::ProxyCredentials), "proxy_credentials", None), true),
            (failed(not_sent(Cause::ProxyRefusal), "proxy", None), true),
            (failed(not_sent(Cause::Interrupted(Signal::Interrupt)), "interrupted", None), true),
            (failed(Outcome::Unknown(Some(Signal::Interrupt)), "interrupted", None), true),
            // A redirection or a missing page suggests another host or path.
            (failed(not_sent(Cause::Rejected), "rejected", Some(302)), true),
            (failed(not_sent(Cause::Rejected), "rejected", Some(404)), true),
            (failed(not_sent(Cause::Rejected), "rejected", Some(400)), false),
            (failed(not_sent(Cause::Rejected), "rejected", Some(200)), false),
            (failed(not_sent(Cause::Unavailable), "unavailable", Some(503)), false),
            (failed(Outcome::Unknown(None), "unknown", None), false),
            (ReadError::Endless { pages: 100 }, false),
            (ReadError::Partial { read: 1 }, false),
            (ReadError::Late { tried_for: Duration::ZERO, code: "network", cause: String::new() }, true),
            (ReadError::Late { tried_for: Duration::ZERO, code: "unavailable", cause: String::new() }, false),
        ] {
            assert_eq!(error.is_lasting(), is_lasting, "{error:?}");
        }
    }

    #[test]
    fn a_read_that_failed_is_told_as_one() {
        let late = |flight: &Flight| ReadError::late(Duration::from_secs(3), flight);
        let flight = Flight::default();
        assert_eq!(late(&flight).to_string(), "nothing could be read: no answer in time (tried for 3 s)");
        assert_eq!((late(&flight).outcome(), late(&flight).code()), (Outcome::NotSent(Cause::Network), "network"));
        let unavailable = Problem {
            code: "unavailable",
            api_code: None,
            message: "too much".to_owned(),
            hint: String::new(),
            retry_after: None,
            beginning: None,
        };
        flight.note(&crate::api::Event::Waiting { wait: Duration::ZERO, problem: &unavailable });
        assert_eq!(late(&flight).to_string(), "nothing could be read: too much (tried for 3 s)");
        assert_eq!(late(&flight).outcome(), Outcome::NotSent(Cause::Unavailable));

        let rejected = failed(Outcome::NotSent(Cause::Rejected), "rejected", Some(400));
        assert_eq!((rejected.hint().as_deref(), rejected.signal()), (Some("do y"), None));
        // The text about a message that may have been sent does not apply here.
        let unknown = failed(Outcome::Unknown(Some(Signal::Terminate)), "unknown", None);
        assert_eq!((unknown.hint(), unknown.signal()), (None, Some(Signal::Terminate)));
        // A reader who sees the answer does not need a part of it in the error.
        assert_eq!(rejected.to_string(), "nothing could be read: x: <html>");
        assert_eq!(rejected.beside_answer().to_string(), "nothing could be read: x");
    }
}
