//! What is known about the delivery of one message: the state, when, and why it failed.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::answer::{clipped, is_something};
use super::super::codes::{code_at_start, code_of_title, look_up};
use super::super::refusal;
use super::fields::text_at;
use super::ladder::DeliveryState;

/// The most bytes of a reason that are kept.
const MOST: usize = 2048;

/// As in `delivery` of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DeliveryFacts {
    pub(crate) state: DeliveryState,
    /// Since when; Jelou gives it only for templates.
    pub(crate) at: Option<Timestamp>,
    /// WhatsApp's or Jelou's code of a failure.
    pub(crate) code: Option<String>,
    /// Why it failed, in the API's words.
    pub(crate) reason: Option<String>,
}

impl DeliveryFacts {
    pub(crate) fn new(state: DeliveryState) -> Self {
        Self { state, at: None, code: None, reason: None }
    }

    /// Takes what was `seen` later, by the rule of [`DeliveryState::after`]. If the state is the same, it fills in
    /// missing facts.
    pub(crate) fn learn(&mut self, seen: Self) {
        if seen.state == self.state {
            self.at = self.at.or(seen.at);
            self.code = self.code.take().or(seen.code);
            self.reason = self.reason.take().or(seen.reason);
        } else if self.state.clone().after(seen.state.clone()) == seen.state {
            *self = seen;
        }
    }

    /// Code and reason of a failure, each once.
    pub(crate) fn failure(&self) -> Option<String> {
        if self.state != DeliveryState::Undelivered {
            return None;
        }
        match (&self.code, &self.reason) {
            (Some(code), Some(reason)) if !reason.contains(code.as_str()) => Some(format!("{code}: {reason}")),
            (code, reason) => reason.clone().or_else(|| code.clone()),
        }
    }

    /// The same with the reason of a failure from `error`: a code, a text, or an object with either.
    pub(super) fn failed_with(self, error: &Value) -> Self {
        // An object can be encoded as a text.
        let within = error.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(within) = within.filter(Value::is_object) {
            return self.failed_with(&within);
        }
        let title = text_at(error, &["/title", "/0/title", "/errors/0/title", "/error/title"]);
        let code = text_at(
            error,
            &["/code", "/error_code", "/0/code", "/errors/0/code", "/errors/0/error/code", "/error/code"],
        );
        let told = Some(refusal::words(&json!({ "error": error }), MOST)).filter(|told| !told.is_empty());
        let as_it_stands = Some(error.to_string()).filter(|_| code.is_none() && is_something(error));
        let words = told.or(title.clone()).or(as_it_stands).unwrap_or_default();
        let code = code.or_else(|| {
            let of_title = || code_of_title(title.as_deref().unwrap_or(&words), "");
            code_at_start(&words, "").or_else(of_title).or_else(|| known_code_in(&words)).map(str::to_owned)
        });
        let reason =
            Some(clipped(&words).into_owned()).filter(|reason| !reason.is_empty() && Some(reason) != code.as_ref());
        Self { code: code.map(|code| clipped(&code).into_owned()), reason, ..self }
    }
}

/// The first WhatsApp code in a text, as a separate number.
fn known_code_in(words: &str) -> Option<&str> {
    words
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .find(|word| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit()) && look_up(word).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_reason_of_a_failure_in_whatever_shape() {
        for (error, code, reason) in [
            (json!(131_026), Some("131026"), None),
            (json!("131026"), Some("131026"), None),
            (json!("Message undeliverable"), Some("131026"), Some("Message undeliverable")),
            (json!("(#131047) Re-engagement message"), Some("131047"), Some("(#131047) Re-engagement message")),
            (json!("it broke"), None, Some("it broke")),
            (json!({"code": 131_049, "title": "x", "message": "held back"}), Some("131049"), Some("held back")),
            (json!({"title": "Message undeliverable"}), Some("131026"), Some("Message undeliverable")),
            (json!([{"code": 131_026, "error_data": {"details": "gone"}}]), Some("131026"), Some("gone")),
            (json!({"errors": [{"code": 131_026}]}), Some("131026"), None),
            (json!("131050: User opted out"), Some("131050"), Some("131050: User opted out")),
            (json!("Error 131050"), Some("131050"), Some("Error 131050")),
            (json!(r#"{"code":131050,"message":"stopped"}"#), Some("131050"), Some("stopped")),
            (json!({"error_data": {"details": "131050"}}), Some("131050"), None),
            (json!({"error_code": 131_050}), Some("131050"), None),
            (json!({"reason": {"x": "gone"}}), None, Some(r#"{"reason":{"x":"gone"}}"#)),
            (json!("order 131050123 failed"), None, Some("order 131050123 failed")),
            (json!({}), None, None),
            (json!(""), None, None),
            (json!(null), None, None),
            (json!(false), None, None),
        ] {
            let facts = DeliveryFacts::new(DeliveryState::Undelivered).failed_with(&error);
            let found = (facts.code.as_deref(), facts.reason.as_deref());
            assert_eq!(found, (code, reason), "{error}");
        }
        let long = DeliveryFacts::new(DeliveryState::Undelivered).failed_with(&json!("x".repeat(1 << 20)));
        assert_eq!(long.reason.map(|reason| reason.len()), Some(MOST));
    }

    #[test]
    fn what_is_learnt_later_adds_and_never_takes_away() {
        let at = |second| Timestamp::from_second(second).ok();
        let mut known = DeliveryFacts::new(DeliveryState::Accepted);
        known.learn(DeliveryFacts::new(DeliveryState::Undelivered));
        let reason = || Some("Message undeliverable".to_owned());
        known.learn(DeliveryFacts { reason: reason(), ..DeliveryFacts::new(DeliveryState::Undelivered) });
        assert_eq!(known.reason, reason());
        known.learn(DeliveryFacts { at: at(7), ..DeliveryFacts::new(DeliveryState::Delivered) });
        known.learn(DeliveryFacts { at: at(9), reason: reason(), ..DeliveryFacts::new(DeliveryState::Undelivered) });
        known.learn(DeliveryFacts { at: at(8), ..DeliveryFacts::new(DeliveryState::Delivered) });
        assert_eq!(known, DeliveryFacts { at: at(7), ..DeliveryFacts::new(DeliveryState::Delivered) });
    }
}
