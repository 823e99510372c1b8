//! Detects answers that went to the wrong requests. A server that sends one answer too many shifts every later answer
//! on that connection by one; an id that occurs twice reveals it.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use super::outcome::{Outcome, Problem, Verdict};
use super::request::UNKNOWN_HINT;
use super::transport::{Attempt, Client};

/// How many of the last ids are remembered.
const REMEMBERED_IDS: usize = 4096;

/// Watches the ids of a run.
#[derive(Debug, Default)]
pub(crate) struct SwapWatch {
    seen: Mutex<SeenIds>,
}

#[derive(Debug, Default)]
struct SeenIds {
    hasher: RandomState,
    in_order: VecDeque<u64>,
    all: HashSet<u64>,
    /// An id occurred twice, from a server that gives each message a different one.
    is_swapped: bool,
}

impl SwapWatch {
    /// `verdict`, unless the answer may belong to another request. `client` then uses each connection once.
    pub(crate) fn check(&self, verdict: Verdict, attempt: &Attempt, client: &Client) -> Verdict {
        let Attempt::Answered(answer) = attempt else { return verdict };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match &verdict.outcome {
            Outcome::Sent { message_id: Some(id) } if seen.is_repeated(id) => {
                seen.is_swapped = true;
                client.use_connections_once();
                doubted(verdict, "the answer has the message id of an earlier one, so it may be another message's")
            }
            Outcome::NotSent(_) if seen.is_swapped && answer.is_on_used_connection => doubted(
                verdict,
                "it came on a connection that was used before, after answers were mixed up, so it may be another message's",
            ),
            Outcome::Sent { .. } | Outcome::NotSent(_) | Outcome::Unknown(_) => verdict,
        }
    }
}

impl SeenIds {
    /// Whether `id` occurred before, if ids have differed so far. A server that gives every message the same id proves
    /// nothing.
    fn is_repeated(&mut self, id: &str) -> bool {
        let hash = self.hasher.hash_one(id);
        if !self.all.insert(hash) {
            return self.all.len() > 1;
        }
        self.in_order.push_back(hash);
        if self.in_order.len() > REMEMBERED_IDS
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.all.remove(&oldest);
        }
        false
    }
}

fn doubted(verdict: Verdict, why: &str) -> Verdict {
    let said = verdict.problem.as_ref().map(|problem| format!("{}; ", problem.told())).unwrap_or_default();
    let problem = Problem {
        code: "unknown",
        api_code: verdict.problem.and_then(|problem| problem.api_code),
        message: format!("{said}{why}"),
        hint: UNKNOWN_HINT.to_owned(),
        retry_after: None,
        beginning: None,
    };
    Verdict { outcome: Outcome::Unknown(None), problem: Some(problem), retry: None }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::answer::{Answer, Body};
    use super::super::outcome::{Cause, judge};
    use super::super::request::{Request, SuccessCriterion};
    use super::super::transport::{ClientOptions, Roots};
    use super::*;

    #[test]
    fn after_a_swap_a_refusal_on_an_old_connection_is_no_refusal() {
        let options = ClientOptions { timeout: Duration::from_secs(1), roots: Roots::None, proxy: None };
        let (client, watch) = (Client::new(&options).unwrap(), SwapWatch::default());
        let url = "https://api.jelou.ai/v1/bots/b/messages".parse().unwrap();
        let request = Request::post(url, "{}".into(), SuccessCriterion::MessageId);
        let outcome = |status, body: &str, is_on_used_connection| {
            let body = Body::new(body.to_owned(), true);
            let answer = Answer {
                status,
                retry_after: None,
                date: None,
                warnings: Vec::new(),
                body,
                is_on_used_connection,
                is_whole_by_its_json: false,
            };
            let attempt = Attempt::Answered(answer);
            let verdict = watch.check(judge(&attempt, &request), &attempt, &client);
            (verdict.outcome, verdict.retry.is_some())
        };
        let limited = (Outcome::NotSent(Cause::Unavailable), true);
        assert_eq!(outcome(429, "", true), limited);
        for (id, is_known) in [("a", true), ("b", true), ("a", false)] {
            let (outcome, _) = outcome(200, &format!("{{\"messageId\":\"{id}\"}}"), true);
            assert_eq!(matches!(outcome, Outcome::Sent { .. }), is_known, "{id}");
        }
        for status in [429, 425, 422] {
            assert_eq!(outcome(status, "", true), (Outcome::Unknown(None), false), "{status}");
        }
        assert_eq!(outcome(429, "", false), limited);
    }

    #[test]
    fn an_id_that_comes_again_is_seen_where_ids_differ() {
        let mut seen = SeenIds::default();
        for (id, expected) in [("a", false), ("a", false), ("b", false), ("a", true), ("c", false), ("b", true)] {
            assert_eq!(seen.is_repeated(id), expected, "{id}");
        }
        for number in 0..REMEMBERED_IDS {
            assert!(!seen.is_repeated(&number.to_string()));
        }
        assert_eq!((seen.in_order.len(), seen.all.len()), (REMEMBERED_IDS, REMEMBERED_IDS));
        assert!(!seen.is_repeated("a"), "one of long ago is forgotten");
    }
}
