//! Checks the verdicts on answers of the API.

use serde_json::Value;

use crate::jelou::api::{Answer, Body, Outcome, Request, SuccessCriterion, judge};

/// The recipient of the message.
const DESTINATION: &str = "593987654321";

/// Checks the verdict on an answer. The first line is the status, and the rest is the body. Only a complete 2xx answer
/// that accepts the message counts as sent. A message that got an id never counts as not sent. Only a message that was
/// certainly not sent may be retried.
pub fn answer(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (status, body) = text.split_once('\n').unwrap_or((&text, ""));
    let status = status.trim().parse().unwrap_or(200_u16).clamp(100, 599);
    for complete in [true, false] {
        let body = Body::new(body.to_owned(), complete);
        for accepts in [
            SuccessCriterion::MessageId,
            SuccessCriterion::AnyObject,
            SuccessCriterion::Destination(DESTINATION.to_owned()),
            SuccessCriterion::Read,
            SuccessCriterion::Done,
            SuccessCriterion::Listing,
        ] {
            hold(status, &body, accepts);
        }
    }
}

fn hold(status: u16, body: &Body, accepts: SuccessCriterion) {
    let answer = Answer {
        status,
        retry_after: None,
        date: None,
        warnings: Vec::new(),
        body: body.clone(),
    };
    let Ok(url) = "https://api.jelou.ai/".parse() else {
        return;
    };
    let request = Request::post(url, "{}".into(), accepts);
    let verdict = judge(&Ok(answer), &request);
    let is_not_sent = matches!(verdict.outcome, Outcome::NotSent(_));
    assert!(
        verdict.retry.is_none() || is_not_sent,
        "tried again: {verdict:?}"
    );
    assert_eq!(
        verdict.problem.is_none(),
        matches!(verdict.outcome, Outcome::Sent { .. }),
        "{verdict:?}"
    );
    // Checked independently of the code that judges the answer.
    let text = body.text.trim_start_matches('\u{feff}');
    let json: Option<Value> = serde_json::from_str(text).ok().filter(|_| body.complete);
    let field = |name: &str| json.as_ref().and_then(|json| json.get(name));
    let id = field("messageId")
        .and_then(Value::as_str)
        .filter(|id| !id.is_empty());
    match &request.accepts {
        SuccessCriterion::MessageId => {
            assert!(
                !(is_not_sent && id.is_some()),
                "accepted, and said not to be sent: {verdict:?}"
            );
            let is_accepted =
                field("success") == Some(&Value::Bool(true)) || field("messageId").is_some();
            let is_sent = is_accepted
                && field("success") != Some(&Value::Bool(false))
                && (200..300).contains(&status);
            assert!(
                is_sent || !matches!(verdict.outcome, Outcome::Sent { .. }),
                "{verdict:?}"
            );
        }
        SuccessCriterion::Destination(_) => {
            let is_named = json
                .as_ref()
                .is_some_and(|json| has_text(json, DESTINATION));
            let is_single =
                field("success") == Some(&Value::Bool(true)) || field("messageId").is_some();
            let is_sent = (is_named || is_single) && (200..300).contains(&status);
            assert!(
                is_sent || !matches!(verdict.outcome, Outcome::Sent { .. }),
                "{verdict:?}"
            );
        }
        SuccessCriterion::AnyObject => {
            let is_sent =
                json.as_ref().is_some_and(Value::is_object) && (200..300).contains(&status);
            assert!(
                is_sent || !matches!(verdict.outcome, Outcome::Sent { .. }),
                "{verdict:?}"
            );
        }
        SuccessCriterion::Listing | SuccessCriterion::Read => {
            assert!(
                !matches!(verdict.outcome, Outcome::Unknown(_)),
                "{verdict:?}"
            );
        }
        SuccessCriterion::Done => {
            let is_done = (200..300).contains(&status)
                && body.complete
                && field("success") != Some(&Value::Bool(false));
            assert!(
                is_done || !matches!(verdict.outcome, Outcome::Sent { .. }),
                "{verdict:?}"
            );
        }
    }
}

/// Returns whether a text or number in an entry has the letters and digits of `text`. No other recipient has this
/// number.
fn has_text(json: &Value, text: &str) -> bool {
    let entries = json
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("destination"));
    let bare = |value: &Value| {
        value
            .to_string()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
    };
    entries.map(bare).any(|found| found == text)
}
