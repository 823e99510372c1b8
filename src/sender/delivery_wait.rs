//! Waits for the delivery status in `--wait`, by checking the accepted message.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::connection::{Connection, RequestProgress, report_event};
use crate::base::output::{Record, rounded};
use crate::base::timestamps::now;
use crate::jelou::api::{
    Cause, Code, Delivery, DeliveryState, DeliveryStatus, Event, LookUpError, LookUps,
    MessageClass, Outcome, Request, TrackedMessage, look_up_code, look_up_pace,
};
use crate::jelou::message::Outgoing;

/// The pause between the first two checks. Each further pause is half as long again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(10);
/// The last check starts this long before the deadline, so that the response arrives in time.
const LAST_CHECK: Duration = Duration::from_secs(1);

/// `--wait` and `--for`
#[derive(Clone, Debug)]
pub(crate) struct DeliveryWait {
    /// The delivery status to wait for.
    pub(crate) goal: DeliveryState,
    pub(crate) within: Duration,
}

/// Why a message does not have the status, and a hint.
type WaitProblem = (String, Option<String>);

impl DeliveryWait {
    /// The default of `--for`.
    pub(crate) const DEFAULT: Duration = Duration::from_secs(120);
}

impl Connection {
    /// Look-ups of the bot's messages over this connection. They print their progress, and `flight` records why Jelou
    /// does not respond.
    pub(crate) fn look_ups<'a>(&'a mut self, flight: &'a RequestProgress) -> LookUps<'a> {
        let stderr = &self.stderr;
        let watch = |request: &Request, event: Event<'_>| {
            flight.note(&event);
            report_event(stderr, request, &event);
        };
        LookUps {
            client: &self.client,
            credentials: &self.credentials,
            base: self.base.url(),
            bot: &self.bot,
            signals: &mut self.signals,
            watch: Box::new(watch),
            retry_for: self.retry_for,
            pace: look_up_pace(self.rate),
            clock: SignedDuration::ZERO,
        }
    }

    /// Checks `tracked` until it has the status in `wait`, has failed, or the time is up. Returns the problem if it
    /// does not have the status.
    ///
    /// # Errors
    /// If Jelou refuses the check, or a signal arrives.
    pub(crate) async fn wait(
        &mut self,
        tracked: &mut TrackedMessage,
        wait: &DeliveryWait,
    ) -> Result<Option<WaitProblem>, LookUpError> {
        let flight = RequestProgress::default();
        let deadline = Instant::now() + wait.within;
        let mut look_ups = self.look_ups(&flight);
        let mut pause = FIRST_PAUSE;
        let mut has_response = false;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            look_ups.retry_for = left;
            match tokio::time::timeout(left, look_ups.look_for(tracked)).await {
                Err(_) => {
                    let problem = flight.last_problem().map(|(_, problem)| problem);
                    let no_response = (!has_response).then(|| "no response in time".to_owned());
                    return Ok(Some(late(
                        tracked.facts.as_ref(),
                        wait,
                        problem.or(no_response).as_deref(),
                    )));
                }
                // The retries lasted until the time was up.
                Ok(Err(error))
                    if matches!(
                        error.outcome(),
                        Outcome::NotSent(Cause::Unavailable | Cause::Network)
                    ) =>
                {
                    return Ok(Some(late(
                        tracked.facts.as_ref(),
                        wait,
                        Some(&error.to_string()),
                    )));
                }
                Ok(Err(error)) => return Err(error),
                Ok(Ok(())) => has_response = true,
            }
            match &tracked.facts {
                Some(facts) if facts.state.has_reached(&wait.goal) => return Ok(None),
                Some(facts) if facts.state == DeliveryState::Undelivered => {
                    return Ok(Some(undelivered(facts)));
                }
                Some(_) | None => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let until_next = until_next_check(pause, left);
            tokio::select! {
                biased;
                signal = look_ups.signals.next() => return Err(LookUpError::failed(Delivery::never_begun(signal))),
                () = tokio::time::sleep(until_next.unwrap_or(left)) => {}
            }
            if until_next.is_none() {
                return Ok(Some(late(tracked.facts.as_ref(), wait, None)));
            }
            pause = MAX_PAUSE.min(pause + pause / 2);
        }
    }
}

/// The pause before the next check, with `left` until the deadline. None after the last one.
fn until_next_check(pause: Duration, left: Duration) -> Option<Duration> {
    let until_last = left
        .checked_sub(LAST_CHECK)
        .filter(|until_last| !until_last.is_zero())?;
    Some(pause.min(until_last))
}

/// The problem of an undelivered message, and its hint.
fn undelivered(facts: &DeliveryStatus) -> WaitProblem {
    let why = facts
        .failure()
        .unwrap_or_else(|| "Jelou reports no reason".to_owned());
    let known = facts.code.as_deref().and_then(look_up_code);
    let hint = known.map(|Code { meaning, hint, .. }| format!("{meaning}; {hint}"));
    (format!("undelivered: {why}"), hint)
}

/// The problem of a message without the status in time, with the last error if Jelou did not respond at the end.
fn late(facts: Option<&DeliveryStatus>, wait: &DeliveryWait, problem: Option<&str>) -> WaitProblem {
    let state = facts.map(|facts| format!("it is {}", facts.state.words()));
    let goal = wait.goal.words();
    let within = rounded(wait.within);
    let message = match (problem, state) {
        (Some(problem), Some(state)) => format!("not confirmed as {goal}: {state}; {problem}"),
        (Some(problem), None) => format!("not confirmed as {goal}: {problem}"),
        (None, Some(state)) => format!("not {goal} within {within}: {state}"),
        (None, None) => format!("not {goal} within {within}: Jelou does not list it yet"),
    };
    (message, None)
}

/// Waits until an accepted message has the status in `wait`, and records its delivery status.
///
/// # Errors
/// If it does not have the status, with the reason and the hint.
pub(crate) async fn wait_for_delivery(
    connection: &mut Connection,
    outgoing: &Outgoing,
    begun: Option<Timestamp>,
    wait: &DeliveryWait,
    record: &mut Record,
) -> Result<(), (String, String)> {
    const NO_SECOND_SEND: &str = "do not send it again: the recipient could get both";
    let accepted = DeliveryStatus::new(DeliveryState::Accepted);
    let Some(id) = record.message_id.clone() else {
        record.delivery = Some(json!(accepted));
        let message = "cannot check the status: the response has no message id".to_owned();
        return Err((message, NO_SECOND_SEND.to_owned()));
    };
    let goal = wait.goal.words();
    let within = rounded(wait.within);
    connection
        .stderr
        .note(&format!("waiting until it is {goal}, at most {within}"));
    let request = Request::new(connection.base.url(), &connection.bot, outgoing);
    let fields = outgoing.body().as_object().cloned().unwrap_or_default();
    let mut tracked = TrackedMessage::new(
        id,
        MessageClass::from_request(request.url.path(), &fields),
        begun,
    );
    tracked.recipient = Some(outgoing.recipient().to_string());
    let ended = connection.wait(&mut tracked, wait).await;
    record.delivery = Some(json!(tracked.facts.as_ref().unwrap_or(&accepted)));
    let (message, hint) = match ended {
        Ok(None) => {
            let state = tracked
                .facts
                .as_ref()
                .map(|facts| facts.state.words())
                .unwrap_or_default();
            let after = |begun| {
                format!(
                    " after {}",
                    rounded(Duration::try_from(now() - begun).unwrap_or_default())
                )
            };
            connection
                .stderr
                .note(&format!("{state}{}", begun.map(after).unwrap_or_default()));
            return Ok(());
        }
        Ok(Some(problem)) => problem,
        Err(error) => match error.signal() {
            Some(signal) => (
                format!("interrupted by {} while waiting", signal.name()),
                None,
            ),
            None => (error.to_string(), error.hint()),
        },
    };
    let hint = hint.map_or_else(
        || NO_SECOND_SEND.to_owned(),
        |hint| format!("{hint}; {NO_SECOND_SEND}"),
    );
    Err((message, hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_known_status_is_reported_with_the_problem() {
        let wait = DeliveryWait {
            goal: DeliveryState::Read,
            within: DeliveryWait::DEFAULT,
        };
        let facts = DeliveryStatus::new(DeliveryState::Delivered);
        for (problem, facts, expected) in [
            (
                Some("silence"),
                Some(&facts),
                "not confirmed as read: it is delivered; silence",
            ),
            (Some("silence"), None, "not confirmed as read: silence"),
            (
                None,
                Some(&facts),
                "not read within 2 min 0 s: it is delivered",
            ),
            (
                None,
                None,
                "not read within 2 min 0 s: Jelou does not list it yet",
            ),
        ] {
            assert_eq!(late(facts, &wait, problem), (expected.to_owned(), None));
        }
    }

    #[test]
    fn last_check_runs_just_before_the_deadline() {
        let seconds = Duration::from_secs_f64;
        for (pause, left, expected) in [
            (1.0, 8.0, Some(1.0)),
            (3.0, 3.25, Some(2.25)),
            (10.0, 10.5, Some(9.5)),
            (2.0, 1.25, Some(0.25)),
            (2.0, 1.0, None),
            (2.0, 0.0, None),
        ] {
            assert_eq!(
                until_next_check(seconds(pause), seconds(left)),
                expected.map(seconds),
                "{pause} {left}"
            );
        }
    }
}
