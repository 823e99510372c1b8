//! Judges whether an attempt sent the message. It follows the table of `docs/exit-codes.md`, from the top.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

use super::answer::{Answer, ApiError, Body};
use super::codes::{self, CodeOutcome, PAIR_RATE_LIMIT, PAIR_RATE_LIMIT_SECONDS};
use super::failure::{Failure, proxy_credentials_hint};
use super::outcome::{Cause, Outcome, Problem, Verdict};
use super::request::{Request, SuccessCriterion};
use super::transport::Attempt;
use crate::base::message::{Message, Value as TextValue, msg};
use crate::base::texts::has_only_digits;

/// Judges an `attempt` to send `request`.
pub(crate) fn judge(attempt: &Attempt, request: &Request) -> Verdict {
    let verdict = match attempt {
        Err(failure) => judge_failure(failure, &request.accepts),
        Ok(answer) => judge_answer(answer, request),
    };
    match verdict.outcome {
        Outcome::Unknown(None) if request.accepts.reads() => {
            unread(verdict, attempt, &request.accepts)
        }
        _ => verdict,
    }
}

/// Returns the verdict on a failed read. A read changes nothing, so it can be retried and its
/// outcome is never unknown.
fn unread(verdict: Verdict, attempt: &Attempt, accepts: &SuccessCriterion) -> Verdict {
    let again = msg!("try again");
    let (cause, hint, retry) = match attempt {
        Err(_) => (Cause::Network, again, Some(Duration::ZERO)),
        Ok(answer) if answer.body.is_too_large => (
            Cause::Rejected,
            msg!("request less, such as a smaller page"),
            None,
        ),
        Ok(answer) if answer.status < 300 && answer.body.complete => {
            let hint = match accepts {
                SuccessCriterion::Listing => {
                    msg!("check --api-url: this is not a listing of Jelou's API")
                }
                _ => msg!("check --api-url and the network: this is not a response of Jelou's API"),
            };
            (Cause::Rejected, hint, None)
        }
        Ok(answer) => (
            Cause::Unavailable,
            again,
            Some(answer.retry_after.unwrap_or_default()),
        ),
    };
    let outcome = Outcome::NotSent(cause);
    let problem = verdict.problem.map(|problem| Problem {
        code: outcome.code(),
        hint,
        ..problem
    });
    Verdict {
        outcome,
        problem,
        retry,
    }
}

fn judge_failure(failure: &Failure, accepts: &SuccessCriterion) -> Verdict {
    let (hint, retry) = match failure.cause {
        None => (accepts.unknown_hint(), None),
        Some(Cause::Network) => (
            msg!("check the network, the proxy and --api-url, then try again"),
            Some(Duration::ZERO),
        ),
        Some(_) => (
            msg!("for a private certificate authority: --ca-cert FILE"),
            None,
        ),
    };
    let outcome = failure
        .cause
        .map_or(Outcome::Unknown(None), Outcome::NotSent);
    let hint = failure.hint.as_ref().unwrap_or(&hint);
    let problem = Problem::new(&outcome, failure.message.clone(), hint.clone());
    Verdict {
        outcome,
        problem: Some(problem),
        retry,
    }
}

fn judge_answer(answer: &Answer, request: &Request) -> Verdict {
    let accepts = &request.accepts;
    let entries = match accepts {
        SuccessCriterion::Destination(destination) => answer.body.for_destination(destination),
        _ => Vec::new(),
    };
    let bodies = if entries.is_empty() {
        std::slice::from_ref(&answer.body)
    } else {
        &entries[..]
    };
    // If there are several entries, the first with an error decides, and otherwise the first with an id.
    let deciding = bodies
        .iter()
        .find(|body| body.reports_error())
        .or_else(|| bodies.iter().find(|body| body.message_id().is_some()));
    let body = deciding.or(bodies.first()).unwrap_or(&answer.body);
    let is_failed = !(200..300).contains(&answer.status) || reports_error(body, accepts);
    let is_contradictory = !accepts.reads() && reports_both(answer, bodies);
    if !is_failed && !is_contradictory && is_accepted(answer, body, accepts) {
        let message_id = body.message_id().map(Cow::into_owned);
        return Verdict {
            outcome: Outcome::Sent { message_id },
            problem: None,
            retry: None,
        };
    }
    let mut error = body.error();
    if (400..500).contains(&answer.status) {
        error.code = code_in_words(body, &error, request)
            .map(str::to_owned)
            .or(error.code);
    }
    // This comes before the rate limits, which lead to a retry: an answer with a message id may mean that Jelou sent
    // the message.
    let ruling = if is_contradictory {
        Ruling::unknown_because(msg!("the response reports both success and failure"))
    } else {
        ruling(answer, &error, is_failed, accepts)
    };
    let outcome = ruling.outcome.clone();
    let retry = (outcome == Outcome::NotSent(Cause::Unavailable)).then(|| {
        let is_of_pair = error.code.as_deref() == Some(PAIR_RATE_LIMIT);
        let min_seconds = if is_of_pair {
            PAIR_RATE_LIMIT_SECONDS
        } else {
            0
        };
        Duration::from_secs(min_seconds).max(answer.retry_after.unwrap_or_default())
    });
    let problem = problem(answer, error, ruling, accepts);
    Verdict {
        outcome,
        problem: Some(problem),
        retry,
    }
}

/// The meaning of an answer that does not accept the message.
struct Ruling {
    outcome: Outcome,
    /// Why the outcome is unknown, if the answer itself does not show it.
    unknown_because: Option<Message>,
    /// None if the criterion has the hint.
    hint: Option<Message>,
}

impl Ruling {
    fn not_sent(cause: Cause, hint: Message) -> Self {
        Self {
            outcome: Outcome::NotSent(cause),
            unknown_because: None,
            hint: Some(hint),
        }
    }

    fn unknown() -> Self {
        Self {
            outcome: Outcome::Unknown(None),
            unknown_because: None,
            hint: None,
        }
    }

    fn unknown_because(reason: Message) -> Self {
        Self {
            unknown_because: Some(reason),
            ..Self::unknown()
        }
    }
}

fn ruling(
    answer: &Answer,
    error: &ApiError,
    is_failed: bool,
    accepts: &SuccessCriterion,
) -> Ruling {
    let effect = error
        .code
        .as_deref()
        .and_then(codes::look_up)
        .map(|code| code.effect);
    let is_limited = match answer.status {
        429 | 425 => true,
        503 => answer.retry_after.is_some(),
        _ => is_failed && effect == Some(CodeOutcome::RateLimited),
    };
    if is_limited {
        return Ruling::not_sent(Cause::Unavailable, when_to_try_again(answer.retry_after));
    }
    let refused = |cause| {
        let hint = rejection_hint(answer.status, error.text.as_deref(), accepts);
        Ruling::not_sent(cause, hint)
    };
    match answer.status {
        // A read changes nothing.
        200..300 if !is_failed && accepts.reads() => Ruling::unknown(),
        200..300 if !is_failed && *accepts == SuccessCriterion::Done => Ruling::unknown_because(
            msg!("the response does not show whether the request took effect"),
        ),
        200..300 if !is_failed => Ruling::unknown_because(msg!(
            "the response does not show whether Jelou accepted the message"
        )),
        401 | 403 if answer.body.is_page() => Ruling::not_sent(
            Cause::Credentials,
            msg!("check --api-url and the network, then the credentials: jelouctl doctor"),
        ),
        401 | 403 => Ruling::not_sent(
            Cause::Credentials,
            msg!("check client id, secret, --bot and the path of --api-url"),
        ),
        407 => Ruling::not_sent(Cause::ProxyCredentials, proxy_credentials_hint()),
        500 if names_the_company(error) => {
            Ruling::not_sent(Cause::Credentials, msg!("check client id and secret"))
        }
        // The request took effect, and its result is at another address (RFC 9110, 15.4.4).
        303 if !accepts.reads() => {
            Ruling::unknown_because(msg!("the result is at another address"))
        }
        408 => Ruling::unknown(),
        501 | 505 | 200..=499 if effect == Some(CodeOutcome::RefusedForAccount) => {
            refused(Cause::Account)
        }
        501 | 505 | 200..=499 => refused(Cause::Rejected),
        _ => Ruling::unknown(),
    }
}

fn when_to_try_again(retry_after: Option<Duration>) -> Message {
    match retry_after {
        Some(wait) if wait > Duration::from_secs(24 * 60 * 60) => {
            msg!("try again later: the API asks to wait longer than a day")
        }
        Some(wait) if !wait.is_zero() => {
            let seconds = wait.as_secs();
            msg!("try again later: the API asks to wait {seconds} s", seconds)
        }
        _ => msg!("try again later"),
    }
}

/// Returns whether an answer reports both success and failure: by its status, by its fields, or by
/// a repeated field. `bodies` are its parts about our message.
fn reports_both(answer: &Answer, bodies: &[Body]) -> bool {
    let is_success = (200..300).contains(&answer.status);
    let indicates_failure = !is_success || bodies.iter().any(Body::hints_at_error);
    answer.body.repeats_a_key || indicates_failure && bodies.iter().any(Body::hints_at_success)
}

/// Returns whether a 2xx shows that Jelou accepted the request; `body` is its part about our
/// message.
fn is_accepted(answer: &Answer, body: &Body, accepts: &SuccessCriterion) -> bool {
    match accepts {
        SuccessCriterion::MessageId | SuccessCriterion::Destination(_) => body.reports_success(),
        SuccessCriterion::AnyObject => {
            body.json.as_ref().is_some_and(Value::is_object) && !body.hints_at_error()
        }
        SuccessCriterion::Listing => body.is_listing(),
        SuccessCriterion::Done => answer.body.may_be_api_response() && !body.hints_at_error(),
        SuccessCriterion::Read => answer.body.may_be_api_response(),
    }
}

/// Returns whether `body` is an error. The result of a read can contain the same fields, such as
/// the `error` of a failed message.
fn reports_error(body: &Body, accepts: &SuccessCriterion) -> bool {
    match accepts {
        SuccessCriterion::Read => body.is_only_error(),
        SuccessCriterion::Listing => body.reports_error() && !body.is_listing(),
        _ => body.reports_error(),
    }
}

/// Returns the code in the API's own text: WhatsApp's code inside Jelou's, or the whole text.
fn code_in_words<'a>(body: &'a Body, error: &ApiError, request: &Request) -> Option<&'a str> {
    let sent = request.body.as_deref().unwrap_or_default();
    let words = || body.api_messages();
    match error.code.as_deref() {
        None => words().find_map(|text| {
            codes::code_at_start(text, sent).or_else(|| codes::code_by_title(text, sent))
        }),
        // Jelou's code is less specific.
        Some(code) if !has_only_digits(code) => {
            words().find_map(|text| codes::code_at_start(text, sent))
        }
        Some(_) => None,
    }
}

fn rejection_hint(status: u16, text: Option<&str>, accepts: &SuccessCriterion) -> Message {
    // A server that does not know the path reports only that.
    let is_unknown_path = text
        .is_none_or(|text| text.starts_with("Cannot ") || text.eq_ignore_ascii_case("not found"));
    let is_any_endpoint = matches!(accepts, SuccessCriterion::Read | SuccessCriterion::Done);
    match status {
        300..=399 => msg!("check --api-url: jelouctl does not follow redirects"),
        404 if is_any_endpoint => msg!("check the path, --bot and --api-url"),
        404 if is_unknown_path || accepts.reads() => msg!("check --bot and --api-url"),
        404 if text.is_some_and(|text| text.to_lowercase().contains("flow")) => {
            msg!("check --flow-name or --flow-id, or choose another bot with --bot")
        }
        404 => msg!("check that this bot has it, or choose another bot with --bot"),
        _ if is_any_endpoint => msg!("fix the request and try again"),
        _ if accepts.reads() => msg!("check --bot and the request"),
        _ => msg!("fix the message and send again"),
    }
}

/// Returns whether the error is Jelou's 500 for credentials without a company, which is not a
/// temporary fault.
fn names_the_company(error: &ApiError) -> bool {
    let text = error.text.as_deref().unwrap_or_default().to_lowercase();
    error.code.as_deref() == Some("internal_server_error")
        && ["company", "compañía", "empresa"]
            .iter()
            .any(|word| text.contains(word))
}

/// Describes a failure: Jelou's text or the beginning of the body, the meaning of the code, and the hint.
fn problem(
    answer: &Answer,
    error: ApiError,
    ruling: Ruling,
    accepts: &SuccessCriterion,
) -> Problem {
    let mut message = msg!("Jelou answered {status}", status = answer.status);
    // A text that begins with the code needs no other mention of it.
    let is_in_text = |code: &&str| {
        error
            .text
            .as_ref()
            .is_some_and(|text| text.starts_with(&format!("(#{code})")))
    };
    let code = error.code.as_deref().filter(|code| !is_in_text(code));
    let other_body = answer
        .body
        .describe()
        .filter(|_| error == ApiError::default());
    let text = error.text.as_ref().map(|english| {
        let spanish = error.spanish.as_ref().unwrap_or(english);
        let text = TextValue::ByLanguage {
            english: english.clone(),
            spanish: spanish.clone(),
        };
        msg!("{text}", text)
    });
    for part in [code.map(Message::verbatim), text, other_body]
        .into_iter()
        .flatten()
    {
        message = msg!("{message}: {part}", message, part);
    }
    if answer.body.is_too_large {
        message = msg!(
            "{message} (the response has more than {limit} MiB)",
            message,
            limit = accepts.read_limit() >> 20
        );
    } else if !answer.body.complete {
        message = msg!("{message} (the response is incomplete)", message);
    }
    if let Some(reason) = ruling.unknown_because {
        message = msg!("{message}; {reason}", message, reason);
    }
    let hint = match (
        &ruling.outcome,
        error.code.as_deref().and_then(codes::look_up),
    ) {
        (Outcome::NotSent(_), Some(known)) if known.effect != CodeOutcome::Open => known.explain(),
        _ => ruling.hint.unwrap_or_else(|| accepts.unknown_hint()),
    };
    Problem {
        api_code: error.code,
        retry_after: answer.retry_after,
        ..Problem::new(&ruling.outcome, message, hint)
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use serde_json::json;
    use url::Url;

    use super::*;

    /// Returns the verdict on an answer, with `Retry-After` in seconds, to a request with this
    /// text.
    fn judged(
        accepts: &SuccessCriterion,
        text: &str,
        status: u16,
        wait: Option<u64>,
        body: &str,
    ) -> Verdict {
        let url = Url::parse("https://x.example").expect("an address");
        let body_of_request = Some(json!({ "text": text }).to_string().into());
        let request = Request {
            method: Method::POST,
            url,
            headers: &[],
            body: body_of_request,
            accepts: accepts.clone(),
        };
        let body = Body::new(body.to_owned(), true);
        let retry_after = wait.map(Duration::from_secs);
        judge(
            &Ok(Answer {
                status,
                retry_after,
                date: None,
                warnings: Vec::new(),
                body,
            }),
            &request,
        )
    }

    /// Returns `sent`, or the name of the problem, of an answer with each of these statuses and
    /// bodies.
    fn check(accepts: &SuccessCriterion, expected: &str, rows: &[(u16, &str)]) {
        for (status, body) in rows {
            let verdict = judged(accepts, "Hola", *status, None, body);
            assert_eq!(
                matches!(verdict.outcome, Outcome::Sent { .. }),
                verdict.problem.is_none(),
                "{verdict:?}"
            );
            let found = verdict
                .problem
                .as_ref()
                .map_or("sent", |problem| problem.code);
            assert_eq!(found, expected, "{status} {body}");
            // Only this outcome is retried.
            assert_eq!(
                verdict.retry.is_some(),
                found == "unavailable",
                "{status} {body}"
            );
        }
    }

    fn message(expected: &str, rows: &[(u16, &str)]) {
        check(&SuccessCriterion::MessageId, expected, rows);
    }

    /// Returns the message, the hint and the code of the problem.
    fn describe(text: &str, status: u16, body: &str) -> (String, String, Option<String>) {
        let problem = judged(&SuccessCriterion::MessageId, text, status, None, body)
            .problem
            .expect("a problem");
        (
            problem.message.to_string(),
            problem.hint.to_string(),
            problem.api_code,
        )
    }

    #[test]
    fn accepted_responses_must_report_success() {
        message(
            "sent",
            &[
                (200, r#"{"success":true,"messageId":"msg_1"}"#),
                (201, r#"{"messageId":"msg_1"}"#),
                (202, r#"{"success":true}"#),
                (
                    200,
                    r#"{"success":true,"messageId":"m","error":null,"status":1,"statusMessage":"success"}"#,
                ),
                (200, r#"{"messageId":123456789012345678}"#),
            ],
        );
        message(
            "rejected",
            &[
                (200, r#"{"success":false}"#),
                (200, r#"{"error":{"code":"E0422","description":"no"}}"#),
                (
                    200,
                    r#"{"success":false,"message":"(#130429) Rate limit hit"}"#,
                ),
            ],
        );
        message("unavailable", &[(200, r#"{"error":{"code":131056}}"#)]);
        message(
            "unknown",
            &[
                (200, ""),
                (204, ""),
                (200, "{}"),
                (200, "[]"),
                (200, "<html>OK</html>"),
                (200, r#"{"success":"#),
                (200, r#"{"messageId":"","success":null}"#),
            ],
        );
    }

    #[test]
    fn flow_accepts_any_object_without_an_error() {
        let flow = |expected, body| check(&SuccessCriterion::AnyObject, expected, &[(200, body)]);
        flow("sent", "{}");
        flow("sent", r#"{"anything":1}"#);
        for body in ["[]", "", "null"] {
            flow("unknown", body);
        }
        flow(
            "unknown",
            r#"{"code":"bot_not_found","description":"No such bot"}"#,
        );
        flow("unknown", r#"{"errors":["x"]}"#);
        flow("unknown", r#"{"success":"false"}"#);
        flow("unknown", r#"{"status":"error","message":"nope"}"#);
        flow(
            "unknown",
            r#"{"validationError":{"title":["short"]},"message":["bad"]}"#,
        );
        flow("rejected", r#"{"success":false}"#);
        flow("rejected", r#"{"error":"x"}"#);
    }

    /// The outcome of a read is never unknown.
    #[test]
    fn read_requests_are_judged_by_their_purpose() {
        let listing = SuccessCriterion::Listing;
        check(
            &listing,
            "sent",
            &[(200, r#"{"results":[]}"#), (200, r#"{"data":[]}"#)],
        );
        let no_listing = [
            "{}",
            r#"{"results":{"0":{}}}"#,
            "[]",
            "<html>login</html>",
            "",
            r#"{"success":false}"#,
        ];
        for body in no_listing {
            check(&listing, "rejected", &[(200, body)]);
        }
        check(&listing, "credentials", &[(401, "{}"), (403, "{}")]);
        check(
            &listing,
            "rejected",
            &[
                (302, ""),
                (404, "{}"),
                (422, r#"{"message":["startAt must be a date"]}"#),
            ],
        );
        check(&listing, "unavailable", &[(429, ""), (500, ""), (503, "")]);
        let done = SuccessCriterion::Done;
        check(
            &done,
            "sent",
            &[
                (204, ""),
                (200, "[]"),
                (200, r#"{"id":7,"code":"SUMMER","description":"10 % off"}"#),
            ],
        );
        check(
            &done,
            "rejected",
            &[
                (200, r#"{"success":false,"message":"no"}"#),
                (200, r#"{"error":"x"}"#),
            ],
        );
        check(
            &done,
            "unknown",
            &[(502, ""), (303, "{}"), (200, "<html>login</html>")],
        );
        check(
            &done,
            "unknown",
            &[
                (200, r#"{"success":true,"error":"x"}"#),
                (200, r#"{"success":"false","errors":["x"]}"#),
            ],
        );
        let read = SuccessCriterion::Read;
        check(
            &read,
            "sent",
            &[
                (200, "plain words"),
                (200, r#"{"success":"false","errors":["bad"]}"#),
            ],
        );
        check(
            &read,
            "rejected",
            &[
                (200, r#"{"error":{"code":"E0000"},"status":0}"#),
                (200, "<html>login</html>"),
                (302, ""),
            ],
        );
        check(&read, "rejected", &[(404, "{}")]);
        check(&read, "unavailable", &[(502, "")]);
    }

    /// Each entry of a template's answer is about one destination.
    #[test]
    fn template_outcome_comes_from_its_destination_entry() {
        let template = SuccessCriterion::Destination("593987654321".to_owned());
        let id = |body: &str| match judged(&template, "", 200, None, body).outcome {
            Outcome::Sent { message_id } => message_id,
            other => panic!("{body}: {other:?}"),
        };
        for (body, expected) in [
            (r#"[{"id":"a","destination":"593987654321"}]"#, Some("a")),
            (
                r#"[{"id":"x","destination":"1"},{"id":7,"destination":"+593987654321"}]"#,
                Some("7"),
            ),
            (r#"[{"destination":593987654321}]"#, None),
            (
                r#"[{"destination":"593987654321","id":"a"},{"destination":"593987654321","id":"b"}]"#,
                Some("a"),
            ),
            (
                r#"[{"destination":"593987654321"},{"destination":"593987654321","id":5}]"#,
                Some("5"),
            ),
            (
                r#"[{"destination":"1","code":"x"},{"destination":"593987654321","id":"m"}]"#,
                Some("m"),
            ),
        ] {
            assert_eq!(id(body).as_deref(), expected, "{body}");
        }
        for body in [
            r#"[{"destination":"593987654321","error":{"code":"132001"}}]"#,
            r#"[{"destination":"593987654321","code":"132001","description":"no such template"}]"#,
            r#"[{"destination":"593987654321","code":"x"},{"destination":"593987654321","code":"y"}]"#,
            r#"{"success":false}"#,
        ] {
            check(&template, "rejected", &[(200, body)]);
        }
        for body in [
            r#"[{"id":"a","destination":"593987654322"}]"#,
            "[]",
            "{}",
            r#"[{"destination":"593987654321","status":"error"}]"#,
            r#"[{"id":"","destination":"593987654321"}]"#,
            r#"[{"id":"a","destination":"593987654321","error":"maybe"}]"#,
            r#"[{"destination":"593987654321","id":"m"},{"destination":"593987654321","code":"x"}]"#,
            r#"[{"destination":"593987654321","code":"x"},{"destination":"593987654321","id":"m"}]"#,
            r#"[{"destination":"+593 987654321","id":"m"},{"destination":593987654321,"error":"x"}]"#,
            r#"[{"destination":"593987654321"},{"destination":"593987654321","code":130429}]"#,
            r#"[{"destination":"593987654321","id":"a","id":"b"}]"#,
        ] {
            check(&template, "unknown", &[(200, body)]);
        }
    }

    #[test]
    fn status_code_decides_if_body_is_unclear() {
        for status in [
            300, 301, 302, 307, 308, 400, 402, 404, 405, 409, 410, 413, 415, 418, 422, 431, 451,
            499, 501, 505,
        ] {
            message(
                "rejected",
                &[
                    (status, r#"{"code":"x"}"#),
                    (status, "<h1>Bad Request</h1>"),
                    (status, ""),
                ],
            );
        }
        // The request took effect, and its result is at another address (RFC 9110, 15.4.4).
        for status in [303, 408, 500, 502, 503, 504, 507, 520, 599] {
            message(
                "unknown",
                &[
                    (status, r#"{"code":"x"}"#),
                    (status, "<h1>Bad Gateway</h1>"),
                    (status, ""),
                ],
            );
        }
        message(
            "credentials",
            &[
                (401, r#"{"code":"unauthorized"}"#),
                (401, ""),
                (403, r#"{"code":"forbidden_bot"}"#),
            ],
        );
        for text in [
            "The token has no Company",
            "El token no tiene compañía",
            "sin empresa",
        ] {
            let body = json!({"code": "internal_server_error", "description": text});
            message(
                "credentials",
                &[
                    (500, &body.to_string()),
                    (500, &json!({ "error": body }).to_string()),
                ],
            );
        }
        message(
            "unknown",
            &[(
                500,
                r#"{"code":"internal_server_error","description":"oops"}"#,
            )],
        );
        message(
            "unknown",
            &[(500, r#"{"code":"E0000","description":"company"}"#)],
        );
        let waits = |wait| judged(&SuccessCriterion::MessageId, "", 503, wait, "<html>").outcome;
        assert_eq!(waits(Some(5)), Outcome::NotSent(Cause::Unavailable));
        assert_eq!(waits(None), Outcome::Unknown(None));
    }

    #[test]
    fn rate_limited_message_is_not_sent() {
        message(
            "unavailable",
            &[
                (429, ""),
                (425, "{}"),
                (400, r#"{"error":{"code":130429}}"#),
                (400, r#"{"error":{"code":"131056"}}"#),
                (500, r#"{"code":80007}"#),
                (400, r#"{"message":"(#130429) Rate limit hit"}"#),
                (
                    422,
                    r#"{"code":"message_could_not_be_send","description":"(#80007) x"}"#,
                ),
                (400, r#"{"message":"Rate limit hit"}"#),
            ],
        );
        // Jelou echoes requests: a code counts only in a code's field, or at the start of the API's own text.
        message(
            "rejected",
            &[
                (
                    400,
                    r#"{"error":{"code":"E0422","description":"130429"},"request":{"code":130429}}"#,
                ),
                (400, r#"{"message":"it said (#130429)"}"#),
                (
                    400,
                    r#"{"message":"it broke","request":{"text":"(#130429)"}}"#,
                ),
            ],
        );
        message(
            "unknown",
            &[
                (500, r#"{"message":"130429"}"#),
                (500, r#"{"message":"(#130429) Rate limit hit"}"#),
            ],
        );
    }

    #[test]
    fn blocked_business_account_has_its_own_outcome() {
        message(
            "account",
            &[
                (400, r#"{"error":{"code":131042}}"#),
                (
                    400,
                    r#"{"code":"message_could_not_be_send","message":["(#131031) Account locked"]}"#,
                ),
                (
                    400,
                    r#"{"description":"Business eligibility payment issue"}"#,
                ),
                (200, r#"{"success":false,"code":131042}"#),
            ],
        );
        message("unknown", &[(500, r#"{"code":131042}"#)]);
    }

    #[test]
    fn contradictory_response_is_unknown_and_never_retried() {
        message(
            "unknown",
            &[
                (200, r#"{"success":true,"error":"but"}"#),
                (200, r#"{"messageId":"m","success":false}"#),
                (200, r#"{"messageId":"m","error":{"code":130429}}"#),
                (429, r#"{"messageId":"m"}"#),
                (425, r#"{"success":true}"#),
                (503, r#"{"success":true,"messageId":"m"}"#),
                (400, r#"{"messageId":"m","error":{"code":130429}}"#),
                (400, r#"{"success":true}"#),
                (401, r#"{"messageId":1}"#),
                (422, r#"{"success":"true"}"#),
                (302, r#"{"messageId":"m"}"#),
                (200, r#"{"success":"false","messageId":"m"}"#),
                (200, r#"{"success":"FALSE","messageId":12}"#),
                (200, r#"{"success":true,"errors":["no"]}"#),
                (200, r#"{"success":true,"status":"error"}"#),
                (200, r#"{"messageId":"m","code":"E0422"}"#),
                (
                    200,
                    r#"{"messageId":"m","validationError":{"text":["short"]}}"#,
                ),
                (200, r#"{"success":false,"success":true,"messageId":"m"}"#),
                (200, r#"{"success":true,"success":false}"#),
                (200, r#"{"messageId":"a","messageId":"b"}"#),
                (200, r#"{"status":1,"success":true,"status":0,"status":1}"#),
                (400, r#"{"error":{"code":"E0422","code":130429}}"#),
                (429, r#"{"error":"x","error":null}"#),
                (429, r#"[{"success":true,"messageId":"m"}]"#),
                (429, r#"{"data":{"success" : true}}"#),
                (429, r#"{"success":true,"messageId":"m"}x"#),
                (422, r#"{"text":"x","messageId":"m"#),
                (400, r#"{"error":{"code":130429},"messageId": 7"#),
            ],
        );
        // An empty text is not an id.
        message("unavailable", &[(429, r#"{"messageId":""}"#)]);
        let verdict = judged(
            &SuccessCriterion::MessageId,
            "",
            429,
            Some(1),
            r#"{"success":true}"#,
        );
        assert_eq!(
            (verdict.outcome, verdict.retry),
            (Outcome::Unknown(None), None)
        );
    }

    /// The body of a 400, the message after the status, and the beginning of the hint.
    const REJECTIONS: [(&str, &str, &str); 28] = [
        (
            r#"{"code":"bot_not_found","description":"No"}"#,
            ": bot_not_found: No",
            "this bot does not exist",
        ),
        (
            r#"{"error":{"code":"E1019","description":"No"}}"#,
            ": E1019: No",
            "this bot does not exist",
        ),
        (
            r#"{"code":"message_could_not_be_send"}"#,
            ": message_could_not_be_send",
            "Jelou could not send it",
        ),
        (
            r#"{"error":{"code":131047,"message":"Re-engagement","error_data":{"details":"24 hours"}}}"#,
            ": 131047: Re-engagement; 24 hours",
            "the recipient has not written",
        ),
        (
            r#"{"error":{"key":"UNSUPPORTED_MEDIA_TYPE"}}"#,
            ": UNSUPPORTED_MEDIA_TYPE",
            "WhatsApp does not accept this",
        ),
        (r#"{"error":"it broke"}"#, ": it broke", "fix the message"),
        (
            r#"{"message":["a","b"],"statusMessage":"failed"}"#,
            ": a; b",
            "fix the message",
        ),
        (
            r#"{"error":{"clientMessages":{"es":"no","en":"never"}}}"#,
            ": never",
            "fix the message",
        ),
        (
            "<html><h1>No</h1></html>",
            ": its body is an HTML page, not JSON: a portal or a proxy?",
            "fix the message",
        ),
        ("", "", "fix the message"),
        ("not JSON", ": not JSON", "fix the message"),
        (
            r#"{"message":["text should not be empty"],"error":"Bad Request"}"#,
            ": Bad Request; text should not be empty",
            "",
        ),
        (
            r#"{"statusCode":400,"message":"Bad Request","details":"text is missing"}"#,
            ": Bad Request; text is missing",
            "",
        ),
        (
            r#"{"errors":[{"field":"text","message":"is required"},{"message":"no bot"}]}"#,
            ": is required; no bot",
            "",
        ),
        (
            r#"{"errors":{"text":["is required","is short"],"to":"is wrong"}}"#,
            ": text: is required; text: is short; to: is wrong",
            "",
        ),
        (
            r#"{"detail":[{"loc":["body","text"],"msg":"field required","type":"missing"}]}"#,
            ": field required",
            "",
        ),
        (
            r#"{"type":"about:blank","title":"Bad Request","detail":"No such number"}"#,
            ": No such number",
            "",
        ),
        (r#"{"msg":"no credit"}"#, ": no credit", ""),
        (
            r#"{"data":{"response":{"error":{"message":"deep"}}}}"#,
            ": deep",
            "",
        ),
        (
            r#"[{"error":"first"},{"error":"second"}]"#,
            ": first; second",
            "",
        ),
        (
            r#"{"error":true,"message":"no","request":{"message":"Hola"}}"#,
            ": no",
            "",
        ),
        (
            r#"{"error":"Bad Request","message":"bad request"}"#,
            ": Bad Request",
            "",
        ),
        (
            r#"{"message":["zz"],"error":{"code":"E0422","developerMessages":{"en":"zz"}},"validationError":{"text":[{"en":"zz"}]}}"#,
            ": E0422: text: zz",
            "",
        ),
        (
            r#"{"status":400,"error":"Bad Request","path":"/v1/bots/1/messages"}"#,
            ": Bad Request",
            "",
        ),
        (r#"{"reason":"quota"}"#, r#": {"reason":"quota"}"#, ""),
        (
            "Upstream\u{7} refused\nit",
            ": Upstream\u{7} refused\nit",
            "",
        ),
        (r#""no""#, r#": "no""#, ""),
        (
            r#"{"message":"(#4321) New"}"#,
            ": (#4321) New",
            "fix the message and send again",
        ),
    ];

    #[test]
    fn rejection_in_any_shape_shows_its_reason() {
        for (body, text, hint) in REJECTIONS {
            let (message, found, _) = describe("Hola", 400, body);
            assert_eq!(message, format!("Jelou answered 400{text}"), "{body}");
            assert!(found.starts_with(hint), "{body}: {found}");
        }
        let (message, hint, _) = describe("Hola", 404, r#"{"message":"Flow not found"}"#);
        assert_eq!(message, "Jelou answered 404: Flow not found");
        assert_eq!(
            hint,
            "check --flow-name or --flow-id, or choose another bot with --bot"
        );
    }

    #[test]
    fn whatsapp_code_is_read_from_response_text() {
        for (body, code, told, hint) in [
            (
                r#"{"message":"(#131047) No"}"#,
                "131047",
                "(#131047) No",
                "the recipient has not written to the bot in",
            ),
            (
                r#"{"code":"message_could_not_be_send","description":"(#131050) Opted out"}"#,
                "131050",
                "(#131050) Opted out",
                "the recipient has opted out of this business's marketing; send them no more marketing: add them to the \
                exclusion list, with --exclude or do_not_contact",
            ),
            (
                r#"{"message":["(#130497) No"]}"#,
                "130497",
                "(#130497) No",
                "WhatsApp does not let this business send to the recipient's country; do not send it",
            ),
            (
                r#"{"error":"Message Undeliverable."}"#,
                "131026",
                "131026: Message Undeliverable.",
                "WhatsApp cannot",
            ),
        ] {
            let (message, found, api_code) = describe("Hola", 400, body);
            assert_eq!(
                (message, api_code.as_deref()),
                (format!("Jelou answered 400: {told}"), Some(code)),
                "{body}"
            );
            assert!(found.starts_with(hint), "{body}: {found}");
        }
        // The sent text is never read as a code, in whatever form it comes back.
        for (text, body) in [
            ("(#131042) x", r#"{"message":"(#131042) x is too long"}"#),
            ("#131042", r#"{"message":"(#131042) is too long"}"#),
            ("rate limit hit", r#"{"message":"Rate limit hit"}"#),
        ] {
            let (_, hint, code) = describe(text, 400, body);
            assert_eq!(
                (hint.as_str(), code),
                ("fix the message and send again", None),
                "{body}"
            );
        }
    }
}
