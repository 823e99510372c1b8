//! The bot's templates, read from the API: all pages as one listing.

use std::time::Duration;

use serde_json::{Map, Value};
use thiserror::Error;

use super::connection::Connection;
use super::flight::Flight;
use crate::api::{Body, Cause, Delivery, Outcome, Problem, Request, TemplateFilter};
use crate::config::BotId;
use crate::output::Stderr;
use crate::process::Signal;

/// More pages than any bot has: a server that gives new ones for ever is left.
const MAX_PAGES: u32 = 100;

/// Every page as one listing in the API's own shape: the first page's, with the `results` of all.
///
/// # Errors
/// When a page cannot be read, or there is no end to them.
pub(crate) async fn read_templates(
    connection: &mut Connection,
    stderr: &Stderr,
    bot: &BotId,
    filter: &TemplateFilter,
    retry_for: Duration,
) -> Result<Value, ReadError> {
    let mut listing = Listing::default();
    while !listing.is_whole {
        listing.read_page(connection, stderr, bot, filter, retry_for, &Flight::default()).await?;
    }
    Ok(listing.into_value())
}

/// The pages that were read so far, as one.
#[derive(Default)]
pub(super) struct Listing {
    /// The first page, whose results give way to those of all.
    first: Map<String, Value>,
    found: Vec<Value>,
    pages: u32,
    pub(super) is_whole: bool,
}

impl Listing {
    /// Reads the next page.
    ///
    /// # Errors
    /// When it cannot be read, or there is no end to them.
    pub(super) async fn read_page(
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
        let results = results.clone();
        let new: Vec<_> = results.into_iter().filter(|template| !self.found.contains(template)).collect();
        // A server that does not count pages gives the same ones again.
        self.is_whole = new.is_empty() || is_last(answer, page);
        self.found.extend(new);
        if self.first.is_empty() {
            self.first.clone_from(answer);
        }
        self.pages = page;
        Ok(())
    }

    /// Whether no page was read yet.
    pub(super) fn is_empty(&self) -> bool {
        self.pages == 0
    }

    pub(super) fn into_value(mut self) -> Value {
        self.first.shift_remove("data");
        self.first.insert("results".to_owned(), Value::Array(self.found));
        Value::Object(self.first)
    }
}

/// Whether the API says that no page follows.
fn is_last(listing: &Map<String, Value>, page: u32) -> bool {
    let pages = listing.get("pagination").and_then(|pagination| pagination.get("totalPages"));
    let pages = pages.and_then(|pages| pages.as_u64().or_else(|| pages.as_str()?.parse().ok()));
    pages.is_some_and(|pages| u64::from(page) >= pages)
}

/// A command that only reads, and could not.
#[derive(Debug, Error)]
pub(crate) enum ReadError {
    #[error("nothing could be read: {}", delivery.problem.as_ref().map_or("no answer".into(), Problem::told))]
    Failed { delivery: Box<Delivery> },
    #[error("the API has more than {pages} pages; what was read is incomplete")]
    Endless { pages: u32 },
    /// The time for it was over.
    #[error("nothing could be read: {cause} (tried for {} s)", tried_for.as_secs_f64())]
    Late { tried_for: Duration, code: &'static str, cause: String },
}

impl ReadError {
    pub(crate) fn new(delivery: Delivery) -> Self {
        Self::Failed { delivery: Box::new(delivery) }
    }

    /// A page that was tried for so long, as `flight` tells.
    pub(super) fn late(tried_for: Duration, flight: &Flight) -> Self {
        let (code, cause) = flight.last_problem().unwrap_or(("network", "no answer in time".to_owned()));
        Self::Late { tried_for, code, cause }
    }

    /// The API's answer, which is shown whatever it says.
    pub(crate) fn answer(&self) -> Option<Value> {
        match self {
            Self::Failed { delivery } => delivery.answer.as_ref().and_then(|answer| answer.body.clone().into_value()),
            Self::Endless { .. } | Self::Late { .. } => None,
        }
    }

    /// The signal that ended it.
    pub(super) fn signal(&self) -> Option<Signal> {
        match self.outcome() {
            Outcome::NotSent(Cause::Interrupted(signal)) => Some(signal),
            Outcome::Unknown(signal) => signal,
            Outcome::NotSent(_) | Outcome::Sent { .. } => None,
        }
    }

    /// The same for whoever sees the answer.
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
            Self::Endless { .. } | Self::Late { .. } => Outcome::NotSent(Cause::Unavailable),
        }
    }

    /// Whether a send would fail in the same way, also later. What passes by itself, or concerns the listing alone, is not
    /// lasting.
    pub(crate) fn is_lasting(&self) -> bool {
        let delivery = match self {
            Self::Failed { delivery } => delivery,
            Self::Late { code, .. } => return *code == "network",
            Self::Endless { .. } => return false,
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
            Self::Endless { .. } => "unavailable",
            Self::Late { code, .. } => code,
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            // What is said of a message that was under way does not hold for a read.
            Self::Failed { delivery } if matches!(delivery.outcome, Outcome::Unknown(_)) => None,
            Self::Failed { delivery } => delivery.problem.as_ref().map(|problem| problem.hint.clone()),
            Self::Endless { .. } => Some("ask for fewer with --query, --status or --category".to_owned()),
            Self::Late { .. } => Some("check the network, or allow more time with --notify-timeout".to_owned()),
        }
    }
}
