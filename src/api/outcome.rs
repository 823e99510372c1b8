//! The outcome of an attempt: sent, not sent or unknown. It is the table of the delivery rules, from the top.

use std::borrow::Cow;
use std::fmt::Write;
use std::time::Duration;

use serde_json::Value;

use super::answer::{Answer, ApiError, Body};
use super::codes::{self, Effect, PAIR_RATE_LIMIT, PAIR_RATE_LIMIT_SECONDS};
use super::credentials::Credentials;
use super::failure::{Failure, PROXY_CREDENTIALS_HINT, Stage};
use super::request::{Request, SuccessCriterion};
use super::transport::Attempt;
use crate::process::Signal;

/// The outcome of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Accepted by Jelou; whether it was delivered is unknown.
    Sent { message_id: Option<String> },
    /// Certainly not sent.
    NotSent(Cause),
    /// It may have been sent; with the signal, if one ended the attempt.
    Unknown(Option<Signal>),
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// 401, 403, or credentials without a company.
    Credentials,
    /// WhatsApp lets the business send nothing: its account is locked or not paid for.
    Account,
    /// The API refused the message.
    Rejected,
    /// Rate limited or unavailable, beyond the retry budget.
    Unavailable,
    /// DNS or connect.
    Network,
    /// The proxy asks for credentials.
    ProxyCredentials,
    /// The proxy does not open a tunnel.
    ProxyRefusal,
    Tls,
    /// A signal came before an attempt or between two attempts.
    Interrupted(Signal),
}

/// An outcome that is not a success, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Stable name for scripts: `rejected`, `network`, …
    pub(crate) code: &'static str,
    /// The API's own code.
    pub(crate) api_code: Option<String>,
    /// What happened, in the API's words if possible.
    pub(crate) message: String,
    pub(crate) hint: String,
    pub(crate) retry_after: Option<Duration>,
    /// The beginning of an answer that was not understood at all.
    pub(crate) beginning: Option<String>,
}

impl Problem {
    /// What happened. If the answer was not understood, this includes its beginning, for readers who do not see the
    /// answer.
    pub(crate) fn told(&self) -> Cow<'_, str> {
        match &self.beginning {
            None => Cow::Borrowed(&self.message),
            Some(beginning) => Cow::Owned(format!("{}: {beginning}", self.message)),
        }
    }
}

/// The verdict on one attempt.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    pub(crate) problem: Option<Problem>,
    /// Set if trying again is safe; the shortest wait before it.
    pub(crate) retry: Option<Duration>,
}

/// The verdict on an `attempt` to send `request`.
pub(crate) fn judge(attempt: &Attempt, request: &Request) -> Verdict {
    let verdict = match attempt {
        Attempt::Failed(failure) => judge_failure(failure, &request.accepts),
        Attempt::Answered(answer) => judge_answer(answer, request),
    };
    match verdict.outcome {
        Outcome::Unknown(None) if request.accepts.reads() => unread(verdict, attempt, &request.accepts),
        _ => verdict,
    }
}

impl Verdict {
    /// The same; a refusal of `credentials` says where they were read from.
    pub(crate) fn naming_origin(mut self, credentials: &Credentials) -> Self {
        if let (Outcome::NotSent(Cause::Credentials), Some(problem), Some(origin)) =
            (&self.outcome, &mut self.problem, credentials.origin())
        {
            problem.hint = format!("{}; {origin}", problem.hint);
        }
        self
    }
}

/// A failed read changed nothing: it may be retried, and its outcome is never unknown.
fn unread(verdict: Verdict, attempt: &Attempt, accepts: &SuccessCriterion) -> Verdict {
    const AGAIN: &str = "try again";
    let (cause, code, hint, retry) = match attempt {
        Attempt::Failed(_) => (Cause::Network, "network", AGAIN, Some(Duration::ZERO)),
        Attempt::Answered(answer) if answer.body.is_too_large => {
            (Cause::Rejected, "rejected", "ask for less at once, such as a smaller page", None)
        }
        Attempt::Answered(answer) if answer.status < 300 && answer.body.complete => {
            let hint = match accepts {
                SuccessCriterion::Page => "this is not a list of templates; check --api-url",
                SuccessCriterion::LookUp => "this is not a list of messages; check --api-url",
                _ => "this is not an answer of Jelou's API; check --api-url and the network",
            };
            (Cause::Rejected, "rejected", hint, None)
        }
        Attempt::Answered(answer) => {
            (Cause::Unavailable, "unavailable", AGAIN, Some(answer.retry_after.unwrap_or_default()))
        }
    };
    let problem = verdict.problem.map(|problem| Problem { code, hint: hint.to_owned(), ..problem });
    Verdict { outcome: Outcome::NotSent(cause), problem, retry }
}

fn judge_failure(failure: &Failure, accepts: &SuccessCriterion) -> Verdict {
    let (outcome, code, hint, retry) = match failure.stage {
        Stage::Connect => (
            Outcome::NotSent(Cause::Network),
            "network",
            "check the network, the proxy and --api-url, then try again",
            Some(Duration::ZERO),
        ),
        Stage::ProxyCredentials => {
            (Outcome::NotSent(Cause::ProxyCredentials), "proxy_credentials", PROXY_CREDENTIALS_HINT, None)
        }
        Stage::ProxyRefusal => (Outcome::NotSent(Cause::ProxyRefusal), "network", "ask who runs the proxy", None),
        Stage::Tls => {
            (Outcome::NotSent(Cause::Tls), "tls", "for a private certificate authority, give --ca-cert", None)
        }
        Stage::InFlight => (Outcome::Unknown(None), "unknown", accepts.unknown_hint(), None),
    };
    let message = failure.message.clone();
    let hint = failure.hint.as_deref().unwrap_or(hint).to_owned();
    let problem = Problem { code, api_code: None, message, hint, retry_after: None, beginning: None };
    Verdict { outcome, problem: Some(problem), retry }
}

fn judge_answer(answer: &Answer, request: &Request) -> Verdict {
    let accepts = &request.accepts;
    let entries = match accepts {
        SuccessCriterion::Destination(destination) => answer.body.of_destination(destination),
        _ => Vec::new(),
    };
    let bodies = if entries.is_empty() { std::slice::from_ref(&answer.body) } else { &entries[..] };
    // Of several entries, one with an error counts first, then one with an id.
    let telling =
        bodies.iter().find(|body| body.says_error()).or_else(|| bodies.iter().find(|body| body.message_id().is_some()));
    let body = telling.or(bodies.first()).unwrap_or(&answer.body);
    let success = (200..300).contains(&answer.status);
    if success && *accepts == SuccessCriterion::LookUp && body.is_look_up() {
        // An error in it is the reason why a message failed, not why the look-up failed.
        return Verdict { outcome: Outcome::Sent { message_id: None }, problem: None, retry: None };
    }
    let failed = !success || says_error(body, accepts);
    let is_contradictory = !accepts.reads() && says_both(answer, bodies);
    if !failed && !is_contradictory && is_accepted(answer, body, accepts) {
        let message_id = body.message_id().map(Cow::into_owned);
        return Verdict { outcome: Outcome::Sent { message_id }, problem: None, retry: None };
    }
    let mut error = body.error();
    if (400..500).contains(&answer.status) {
        error.code = code_in_words(body, &error, request).map(str::to_owned).or(error.code);
    }
    // Comes before the rate limits, which would send again: an answer with a message id may mean that a message was
    // sent.
    if is_contradictory {
        let advice = "it says both that it was accepted and that it failed";
        return refused(answer, error, Outcome::Unknown(None), advice, accepts);
    }
    let limit = error.code.as_deref().and_then(codes::look_up).is_some_and(|code| code.effect == Effect::RateLimited);
    let unavailable = match answer.status {
        429 | 425 => true,
        503 => answer.retry_after.is_some(),
        _ => failed && limit,
    };
    if unavailable {
        let least = match error.code.as_deref() {
            Some(PAIR_RATE_LIMIT) => Duration::from_secs(PAIR_RATE_LIMIT_SECONDS),
            _ => Duration::ZERO,
        };
        let advice = match answer.retry_after {
            Some(wait) if wait > Duration::from_secs(24 * 60 * 60) => {
                "the API asks to wait longer than a day".to_owned()
            }
            Some(wait) if !wait.is_zero() => format!("the API asks to wait {} s; try again after that", wait.as_secs()),
            _ => "try again later".to_owned(),
        };
        let verdict = refused(answer, error, Outcome::NotSent(Cause::Unavailable), &advice, accepts);
        return Verdict { retry: Some(least.max(answer.retry_after.unwrap_or_default())), ..verdict };
    }
    match answer.status {
        200..300 if failed => rejected(answer, error, accepts),
        200..300 => {
            let advice = match accepts {
                SuccessCriterion::Done => "its body does not say whether the request was carried out",
                _ => "its body does not say whether the message was accepted",
            };
            refused(answer, error, Outcome::Unknown(None), advice, accepts)
        }
        401 | 403 if answer.body.is_page => refused(
            answer,
            error,
            Outcome::NotSent(Cause::Credentials),
            "a portal, a proxy or a firewall may have answered in Jelou's place: check the network and --api-url, then \
             client id, secret and --bot",
            accepts,
        ),
        407 => refused(answer, error, Outcome::NotSent(Cause::ProxyCredentials), PROXY_CREDENTIALS_HINT, accepts),
        401 | 403 => {
            refused(answer, error, Outcome::NotSent(Cause::Credentials), "check client id, secret and --bot", accepts)
        }
        500 if names_the_company(&error) => {
            refused(answer, error, Outcome::NotSent(Cause::Credentials), "check client id and secret", accepts)
        }
        // The request was carried out, and its result is elsewhere (RFC 9110, 15.4.4).
        303 if !accepts.reads() => {
            refused(answer, error, Outcome::Unknown(None), rejection_hint(answer.status, None, accepts), accepts)
        }
        408 => refused(answer, error, Outcome::Unknown(None), accepts.unknown_hint(), accepts),
        501 | 505 | 300..=499 => rejected(answer, error, accepts),
        _ => refused(answer, error, Outcome::Unknown(None), accepts.unknown_hint(), accepts),
    }
}

/// Whether an answer indicates both success and failure: by its status, by its fields, or by one field that occurs twice.
/// `bodies` are its parts about our message.
fn says_both(answer: &Answer, bodies: &[Body]) -> bool {
    let is_success = (200..300).contains(&answer.status);
    let speaks_against = !is_success || bodies.iter().any(Body::hints_at_error);
    answer.body.repeats_a_key || speaks_against && bodies.iter().any(Body::hints_at_success)
}

/// Whether a 2xx says that the request was accepted; `body` is its part about our message.
fn is_accepted(answer: &Answer, body: &Body, accepts: &SuccessCriterion) -> bool {
    match accepts {
        SuccessCriterion::MessageId | SuccessCriterion::Destination(_) => body.says_success(),
        SuccessCriterion::AnyObject => body.json.as_ref().is_some_and(Value::is_object) && !body.hints_at_error(),
        SuccessCriterion::Page => body.results().is_some(),
        SuccessCriterion::Done => answer.body.may_be_of_the_api() && !body.hints_at_error(),
        SuccessCriterion::Read => answer.body.may_be_of_the_api(),
        SuccessCriterion::LookUp => false,
    }
}

/// Whether `body` is an error. A page that is read may contain such fields itself, such as the `error` of a failed
/// message.
fn says_error(body: &Body, accepts: &SuccessCriterion) -> bool {
    if *accepts == SuccessCriterion::Read { body.is_error_alone() } else { body.says_error() }
}

/// The code in the API's own text: WhatsApp's code inside Jelou's, or alone in a text (`api.md`, "Errors").
fn code_in_words<'a>(body: &'a Body, error: &ApiError, request: &Request) -> Option<&'a str> {
    let sent = request.body.as_deref().unwrap_or_default();
    let words = || body.own_words();
    match error.code.as_deref() {
        None => words().find_map(|text| codes::code_at_start(text, sent).or_else(|| codes::code_of_title(text, sent))),
        // Jelou's code is less specific.
        Some(code) if !code.bytes().all(|byte| byte.is_ascii_digit()) => {
            words().find_map(|text| codes::code_at_start(text, sent))
        }
        Some(_) => None,
    }
}

/// The API refused it, and would refuse it again.
fn rejected(answer: &Answer, error: ApiError, accepts: &SuccessCriterion) -> Verdict {
    let known = error.code.as_deref().and_then(codes::look_up);
    let is_of_account = known.is_some_and(|code| code.effect == Effect::RefusedForAccount);
    let cause = if is_of_account { Cause::Account } else { Cause::Rejected };
    let hint = rejection_hint(answer.status, error.text.as_deref(), accepts);
    refused(answer, error, Outcome::NotSent(cause), hint, accepts)
}

fn rejection_hint(status: u16, told: Option<&str>, accepts: &SuccessCriterion) -> &'static str {
    // A server that does not know the path says only that.
    let is_of_address = told.is_none_or(|told| told.starts_with("Cannot ") || told.eq_ignore_ascii_case("not found"));
    let is_of_any_endpoint = matches!(accepts, SuccessCriterion::Read | SuccessCriterion::Done);
    match status {
        300..=399 => "redirects are not followed; check --api-url",
        404 if is_of_any_endpoint => "check the path, --bot and --api-url",
        404 if is_of_address || accepts.reads() => "check --bot and --api-url",
        404 if told.is_some_and(|told| told.to_lowercase().contains("flow")) => {
            "check --flow-name or --flow-id, or choose another bot with --bot"
        }
        404 => "name one that this bot has, or choose another bot with --bot",
        _ if is_of_any_endpoint => "fix the request and try again",
        _ if accepts.reads() => "check --bot and what is asked for",
        _ => "fix the message and send again",
    }
}

/// Jelou's 500 for a token without a company is a credentials problem, not a temporary fault.
fn names_the_company(error: &ApiError) -> bool {
    let text = error.text.as_deref().unwrap_or_default().to_lowercase();
    error.code.as_deref() == Some("internal_server_error")
        && ["company", "compañía", "empresa"].iter().any(|word| text.contains(word))
}

/// Any failure: Jelou's words, the meaning of its code, and the hint.
fn refused(answer: &Answer, error: ApiError, outcome: Outcome, advice: &str, accepts: &SuccessCriterion) -> Verdict {
    let code = match outcome {
        Outcome::NotSent(Cause::Credentials) => "credentials",
        Outcome::NotSent(Cause::ProxyCredentials) => "proxy_credentials",
        Outcome::NotSent(Cause::Account) => "account",
        Outcome::NotSent(Cause::Unavailable) => "unavailable",
        Outcome::NotSent(_) => "rejected",
        Outcome::Sent { .. } | Outcome::Unknown(_) => "unknown",
    };
    let known = error.code.as_deref().and_then(codes::look_up);
    let mut message = format!("the API answered {}", answer.status);
    // A text that begins with the code already names it.
    let is_said = |code: &&str| error.text.as_ref().is_some_and(|text| text.starts_with(&format!("(#{code})")));
    let code_said = error.code.as_deref().filter(|code| !is_said(code));
    for part in [code_said, error.text.as_deref()].into_iter().flatten() {
        message.push_str(": ");
        message.push_str(part);
    }
    let is_told = error.code.is_some() || error.text.is_some() || outcome == Outcome::NotSent(Cause::Unavailable);
    if let Some(nature) = answer.body.nature().filter(|_| !is_told && matches!(answer.status, 200..300 | 400..500)) {
        message.push_str(": ");
        message.push_str(nature);
    }
    if answer.body.is_too_large {
        let _ = write!(message, " (its body has more than {} MiB)", accepts.most_read() >> 20);
    } else if !answer.body.complete {
        message.push_str(" (its body could not be read whole)");
    }
    let hint = match (&outcome, known) {
        (Outcome::Unknown(_), _) if advice != accepts.unknown_hint() => {
            format!("{advice}; {}", accepts.unknown_hint())
        }
        (Outcome::NotSent(_), Some(known)) if known.effect != Effect::Open => {
            format!("{}; {}", known.meaning, known.hint)
        }
        _ => advice.to_owned(),
    };
    let beginning = answer.body.beginning();
    let problem = Problem { code, api_code: error.code, message, hint, retry_after: answer.retry_after, beginning };
    Verdict { outcome, problem: Some(problem), retry: None }
}
