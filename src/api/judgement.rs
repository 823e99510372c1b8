//! Judges an attempt: whether the message was sent. It is the table of `docs/exit-codes.md`, from the top.

use std::borrow::Cow;
use std::fmt::Write;
use std::time::Duration;

use serde_json::Value;

use super::answer::{Answer, ApiError, Body};
use super::codes::{self, Effect, PAIR_RATE_LIMIT, PAIR_RATE_LIMIT_SECONDS};
use super::failure::{Failure, PROXY_CREDENTIALS_HINT};
use super::outcome::{Cause, Outcome, Problem, Verdict};
use super::request::{Request, SuccessCriterion};
use super::transport::Attempt;

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

/// A failed read changed nothing: it may be retried, and its outcome is never unknown.
fn unread(verdict: Verdict, attempt: &Attempt, accepts: &SuccessCriterion) -> Verdict {
    const AGAIN: &str = "try again";
    let (cause, hint, retry) = match attempt {
        Attempt::Failed(_) => (Cause::Network, AGAIN, Some(Duration::ZERO)),
        Attempt::Answered(answer) if answer.body.is_too_large => {
            (Cause::Rejected, "ask for less at once, such as a smaller page", None)
        }
        Attempt::Answered(answer) if answer.status < 300 && answer.body.complete => {
            let hint = match accepts {
                SuccessCriterion::Listing => "this is not a listing of Jelou's; check --api-url",
                _ => "this is not an answer of Jelou's API; check --api-url and the network",
            };
            (Cause::Rejected, hint, None)
        }
        Attempt::Answered(answer) => (Cause::Unavailable, AGAIN, Some(answer.retry_after.unwrap_or_default())),
    };
    let outcome = Outcome::NotSent(cause);
    let problem = verdict.problem.map(|problem| Problem { code: outcome.code(), hint: hint.to_owned(), ..problem });
    Verdict { outcome, problem, retry }
}

fn judge_failure(failure: &Failure, accepts: &SuccessCriterion) -> Verdict {
    let (hint, retry) = match failure.cause {
        None => (accepts.unknown_hint(), None),
        Some(Cause::Network) => ("check the network, the proxy and --api-url, then try again", Some(Duration::ZERO)),
        Some(_) => ("for a private certificate authority, give --ca-cert", None),
    };
    let outcome = failure.cause.map_or(Outcome::Unknown(None), Outcome::NotSent);
    let problem = Problem::new(&outcome, &failure.message, failure.hint.unwrap_or(hint));
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
    let is_failed = !(200..300).contains(&answer.status) || says_error(body, accepts);
    let is_contradictory = !accepts.reads() && says_both(answer, bodies);
    if !is_failed && !is_contradictory && is_accepted(answer, body, accepts) {
        let message_id = body.message_id().map(Cow::into_owned);
        return Verdict { outcome: Outcome::Sent { message_id }, problem: None, retry: None };
    }
    let mut error = body.error();
    if (400..500).contains(&answer.status) {
        error.code = code_in_words(body, &error, request).map(str::to_owned).or(error.code);
    }
    // Comes before the rate limits, which would send again: an answer with a message id may mean that a message was
    // sent.
    let (outcome, advice) = if is_contradictory {
        (Outcome::Unknown(None), "it says both that it was accepted and that it failed".into())
    } else {
        ruling(answer, &error, is_failed, accepts)
    };
    let retry = (outcome == Outcome::NotSent(Cause::Unavailable)).then(|| {
        let is_of_pair = error.code.as_deref() == Some(PAIR_RATE_LIMIT);
        let least = if is_of_pair { PAIR_RATE_LIMIT_SECONDS } else { 0 };
        Duration::from_secs(least).max(answer.retry_after.unwrap_or_default())
    });
    let problem = problem(answer, error, &outcome, &advice, accepts);
    Verdict { outcome, problem: Some(problem), retry }
}

/// What an answer means that does not accept the message, and what to do.
fn ruling(
    answer: &Answer,
    error: &ApiError,
    is_failed: bool,
    accepts: &SuccessCriterion,
) -> (Outcome, Cow<'static, str>) {
    const UNKNOWN: Outcome = Outcome::Unknown(None);
    let effect = error.code.as_deref().and_then(codes::look_up).map(|code| code.effect);
    let is_limited = match answer.status {
        429 | 425 => true,
        503 => answer.retry_after.is_some(),
        _ => is_failed && effect == Some(Effect::RateLimited),
    };
    if is_limited {
        return (Outcome::NotSent(Cause::Unavailable), when_to_try_again(answer.retry_after));
    }
    let refusal = || rejection_hint(answer.status, error.text.as_deref(), accepts);
    let (outcome, advice) = match answer.status {
        200..300 if !is_failed && *accepts == SuccessCriterion::Done => {
            (UNKNOWN, "its body does not say whether the request was carried out")
        }
        200..300 if !is_failed => (UNKNOWN, "its body does not say whether the message was accepted"),
        401 | 403 if answer.body.is_page() => (
            Outcome::NotSent(Cause::Credentials),
            "a portal, a proxy or a firewall may have answered in Jelou's place: check the network and --api-url, then \
             client id, secret and --bot",
        ),
        401 | 403 => (Outcome::NotSent(Cause::Credentials), "check client id, secret and --bot"),
        407 => (Outcome::NotSent(Cause::ProxyCredentials), PROXY_CREDENTIALS_HINT),
        500 if names_the_company(error) => (Outcome::NotSent(Cause::Credentials), "check client id and secret"),
        // The request was carried out, and its result is elsewhere (RFC 9110, 15.4.4).
        303 if !accepts.reads() => (UNKNOWN, refusal()),
        408 => (UNKNOWN, accepts.unknown_hint()),
        501 | 505 | 200..=499 if effect == Some(Effect::RefusedForAccount) => {
            (Outcome::NotSent(Cause::Account), refusal())
        }
        501 | 505 | 200..=499 => (Outcome::NotSent(Cause::Rejected), refusal()),
        _ => (UNKNOWN, accepts.unknown_hint()),
    };
    (outcome, advice.into())
}

fn when_to_try_again(retry_after: Option<Duration>) -> Cow<'static, str> {
    match retry_after {
        Some(wait) if wait > Duration::from_secs(24 * 60 * 60) => "the API asks to wait longer than a day".into(),
        Some(wait) if !wait.is_zero() => {
            format!("the API asks to wait {} s; try again after that", wait.as_secs()).into()
        }
        _ => "try again later".into(),
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
        SuccessCriterion::Listing => body.is_listing(),
        SuccessCriterion::Done => answer.body.may_be_of_the_api() && !body.hints_at_error(),
        SuccessCriterion::Read => answer.body.may_be_of_the_api(),
    }
}

/// Whether `body` is an error. What is read may contain such fields itself, such as the `error` of a failed message.
fn says_error(body: &Body, accepts: &SuccessCriterion) -> bool {
    match accepts {
        SuccessCriterion::Read => body.is_error_alone(),
        SuccessCriterion::Listing => body.says_error() && !body.is_listing(),
        _ => body.says_error(),
    }
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

/// Any failure in words: Jelou's, or what stands in their place, the meaning of its code, and the hint.
fn problem(answer: &Answer, error: ApiError, outcome: &Outcome, advice: &str, accepts: &SuccessCriterion) -> Problem {
    let mut message = format!("the API answered {}", answer.status);
    // A text that begins with the code already names it.
    let is_said = |code: &&str| error.text.as_ref().is_some_and(|text| text.starts_with(&format!("(#{code})")));
    let code_said = error.code.as_deref().filter(|code| !is_said(code));
    let what_stands_there = answer.body.nature().filter(|_| error == ApiError::default());
    for part in [code_said, error.text.as_deref(), what_stands_there.as_deref()].into_iter().flatten() {
        message.push_str(": ");
        message.push_str(part);
    }
    if answer.body.is_too_large {
        let _ = write!(message, " (its body has more than {} MiB)", accepts.most_read() >> 20);
    } else if !answer.body.complete {
        message.push_str(" (its body could not be read whole)");
    }
    let hint = match (outcome, error.code.as_deref().and_then(codes::look_up)) {
        (Outcome::Unknown(_), _) if advice != accepts.unknown_hint() => {
            format!("{advice}; {}", accepts.unknown_hint())
        }
        (Outcome::NotSent(_), Some(known)) if known.effect != Effect::Open => {
            format!("{}; {}", known.meaning, known.hint)
        }
        _ => advice.to_owned(),
    };
    Problem { api_code: error.code, retry_after: answer.retry_after, ..Problem::new(outcome, message, hint) }
}
