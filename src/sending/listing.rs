//! The bot's templates, read from the API: all pages as one listing.

use std::time::Duration;

use serde_json::{Map, Value};
use thiserror::Error;

use super::connection::Connection;
use super::flight::Flight;
use crate::api::{Body, Cause, Delivery, Outcome, Problem, Request, TemplateFilter};
use crate::config::BotId;
use crate::output::Stderr;

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
    let mut listing = Map::new();
    let mut found: Vec<Value> = Vec::new();
    for page in 1..=MAX_PAGES {
        let request = Request::templates(connection.base.url(), bot.as_str(), filter, page);
        let delivery = connection.deliver(stderr, &request, retry_for, &Flight::default()).await;
        let body = delivery.answer.as_ref().map(|answer| &answer.body);
        let (Outcome::Sent { .. }, Some(Value::Object(answer)), Some(results)) =
            (&delivery.outcome, body.and_then(|body| body.json.as_ref()), body.and_then(Body::results))
        else {
            return Err(ReadError::new(delivery));
        };
        let results = results.clone();
        let new: Vec<_> = results.into_iter().filter(|template| !found.contains(template)).collect();
        // A server that does not count pages gives the same ones again.
        let is_over = new.is_empty() || is_last(answer, page);
        found.extend(new);
        if listing.is_empty() {
            listing.clone_from(answer);
        }
        if is_over {
            listing.shift_remove("data");
            listing.insert("results".to_owned(), Value::Array(found));
            return Ok(Value::Object(listing));
        }
    }
    Err(ReadError::Endless { pages: MAX_PAGES })
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
}

impl ReadError {
    pub(crate) fn new(delivery: Delivery) -> Self {
        Self::Failed { delivery: Box::new(delivery) }
    }

    /// The API's answer, which is shown whatever it says.
    pub(crate) fn answer(&self) -> Option<Value> {
        match self {
            Self::Failed { delivery } => delivery.answer.as_ref().and_then(|answer| answer.body.clone().into_value()),
            Self::Endless { .. } => None,
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
            Self::Endless { .. } => Outcome::NotSent(Cause::Unavailable),
        }
    }

    /// Whether it would be the same for a message, and tomorrow: what passes by itself and what a listing alone lacks is not.
    pub(crate) fn is_lasting(&self) -> bool {
        let Self::Failed { delivery } = self else { return false };
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
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            // What is said of a message that was under way does not hold for a read.
            Self::Failed { delivery } if matches!(delivery.outcome, Outcome::Unknown(_)) => None,
            Self::Failed { delivery } => delivery.problem.as_ref().map(|problem| problem.hint.clone()),
            Self::Endless { .. } => Some("ask for fewer with --query, --status or --category".to_owned()),
        }
    }
}
