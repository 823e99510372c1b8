//! Waits for the delivery status in `--wait`, by checking the accepted message.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::connection::{Connection, RequestProgress, report_event};
use crate::base::message::{Message, msg};
use crate::base::output::duration_value;
use crate::base::timestamps::now;
use crate::jelou::api::{
    Cause, Delivery, DeliveryFacts, DeliveryState, Event, LookUpError, LookUps, MessageClass,
    Outcome, Request, TrackedMessage, look_up_code, look_up_pace,
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
type WaitProblem = (Message, Option<Message>);

impl DeliveryWait {
    /// The default of `--for`.
    pub(crate) const DEFAULT: Duration = Duration::from_secs(120);
}

impl Connection {
    /// Creates look-ups of the bot's messages over this connection. They print their progress, and
    /// `flight` records why Jelou does not respond.
    pub(crate) fn look_ups<'a>(&'a mut self, flight: &'a RequestProgress) -> LookUps<'a> {
        let stderr = &self.stderr;
        let credentials = &self.credentials;
        let watch = |request: &Request, event: Event<'_>| {
            flight.note(&event);
            report_event(stderr, credentials, request, None, &event);
        };
        LookUps {
            client: &self.client,
            credentials,
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
        let mut ended = Ok(None);
        self.wait_for_all(std::slice::from_mut(tracked), wait, |_, _, end| ended = end)
            .await;
        ended
    }

    /// Waits like [`Self::wait`] for several messages, until one deadline. `on_end` receives the
    /// index of each message when its wait ends.
    async fn wait_for_all(
        &mut self,
        tracked: &mut [TrackedMessage],
        wait: &DeliveryWait,
        mut on_end: impl FnMut(usize, &TrackedMessage, WaitEnd),
    ) {
        let flight = RequestProgress::default();
        let deadline = Instant::now() + wait.within;
        let time_left = || deadline.saturating_duration_since(Instant::now());
        let mut look_ups = self.look_ups(&flight);
        let mut pause = FIRST_PAUSE;
        let mut waiting: Vec<_> = tracked
            .iter_mut()
            .map(WaitingMessage::new)
            .enumerate()
            .collect();
        loop {
            let mut still_waiting = Vec::new();
            for (at, mut message) in waiting {
                match message
                    .look_up(&mut look_ups, &flight, wait, time_left())
                    .await
                {
                    Some(end) => on_end(at, message.tracked, end),
                    None => still_waiting.push((at, message)),
                }
            }
            waiting = still_waiting;
            if waiting.is_empty() {
                return;
            }
            let left = time_left();
            let until_next = until_next_check(pause, left);
            let signal = tokio::select! {
                biased;
                signal = look_ups.signals.next() => Some(signal),
                () = tokio::time::sleep(until_next.unwrap_or(left)) => None,
            };
            if signal.is_some() || until_next.is_none() {
                for (at, message) in waiting {
                    let facts = message.tracked.facts.as_ref();
                    let end = match signal {
                        Some(signal) => Err(LookUpError::failed(Delivery::never_begun(signal))),
                        None => Ok(Some(not_in_time(facts, wait, None))),
                    };
                    on_end(at, message.tracked, end);
                }
                return;
            }
            pause = MAX_PAUSE.min(pause + pause / 2);
        }
    }
}

/// How the wait for a message ends: the problem if it does not have the status, or the error of the check.
type WaitEnd = Result<Option<WaitProblem>, LookUpError>;

/// A message that has neither failed nor reached the status yet.
struct WaitingMessage<'a> {
    tracked: &'a mut TrackedMessage,
    has_response: bool,
}

impl<'a> WaitingMessage<'a> {
    fn new(tracked: &'a mut TrackedMessage) -> Self {
        Self {
            tracked,
            has_response: false,
        }
    }

    /// Looks up the message once, with `left` until the deadline. None if it must be looked up again.
    async fn look_up(
        &mut self,
        look_ups: &mut LookUps<'_>,
        flight: &RequestProgress,
        wait: &DeliveryWait,
        left: Duration,
    ) -> Option<WaitEnd> {
        look_ups.retry_for = left;
        let looked = tokio::time::timeout(left, look_ups.look_for(self.tracked)).await;
        let facts = self.tracked.facts.as_ref();
        match looked {
            Err(_) => {
                let problem = flight.last_problem().map(|(_, problem)| problem);
                let no_response = (!self.has_response).then(|| msg!("no response in time"));
                return Some(Ok(Some(not_in_time(facts, wait, problem.or(no_response)))));
            }
            // The retries lasted until the time was up.
            Ok(Err(error))
                if matches!(
                    error.outcome(),
                    Outcome::NotSent(Cause::Unavailable | Cause::Network)
                ) =>
            {
                return Some(Ok(Some(not_in_time(facts, wait, Some(error.message())))));
            }
            Ok(Err(error)) => return Some(Err(error)),
            Ok(Ok(())) => self.has_response = true,
        }
        match facts {
            Some(facts) if facts.state.has_reached(&wait.goal) => Some(Ok(None)),
            Some(facts) if facts.state == DeliveryState::Undelivered => {
                Some(Ok(Some(undelivered(facts))))
            }
            Some(_) | None => None,
        }
    }
}

/// Returns the pause before the next check, with `left` until the deadline. None after the last
/// one.
fn until_next_check(pause: Duration, left: Duration) -> Option<Duration> {
    let until_last = left
        .checked_sub(LAST_CHECK)
        .filter(|until_last| !until_last.is_zero())?;
    Some(pause.min(until_last))
}

/// Returns the problem of an undelivered message, and its hint.
fn undelivered(facts: &DeliveryFacts) -> WaitProblem {
    let why = match facts.failure() {
        Some(reason) => Message::verbatim(reason),
        None => msg!("Jelou reports no reason"),
    };
    let known = facts.code.as_deref().and_then(look_up_code);
    let hint = known.map(|code| code.explain());
    (msg!("undelivered: {why}", why), hint)
}

/// Returns the problem of a message without the status in time, with the last error if Jelou did
/// not respond at the end.
fn not_in_time(
    facts: Option<&DeliveryFacts>,
    wait: &DeliveryWait,
    problem: Option<Message>,
) -> WaitProblem {
    let state = facts.map(|facts| &facts.state);
    let goal = &wait.goal;
    let within = duration_value(wait.within);
    let message = match (problem, state) {
        (Some(problem), Some(state)) => {
            msg!(
                "not confirmed as {goal}: it is {state}; {problem}",
                goal,
                state,
                problem
            )
        }
        (Some(problem), None) => msg!("not confirmed as {goal}: {problem}", goal, problem),
        (None, Some(state)) => {
            msg!(
                "not {goal} within {within}: it is {state}",
                goal,
                within,
                state
            )
        }
        (None, None) => {
            msg!(
                "not {goal} within {within}: Jelou does not list it yet",
                goal,
                within
            )
        }
    };
    (message, None)
}

/// An accepted message, for a wait.
pub(crate) struct AwaitedMessage {
    /// Its place among the messages of the command.
    pub(crate) place: usize,
    pub(crate) outgoing: Outgoing,
    /// When its request began, unless an earlier command made it.
    pub(crate) begun: Option<Timestamp>,
    /// Jelou's id, if the response had one.
    pub(crate) id: Option<String>,
}

/// How the wait for an accepted message has ended.
pub(crate) struct DeliveryEnd {
    /// The delivery status, as in the record.
    pub(crate) delivery: Value,
    /// What to print if it has reached the status; otherwise the problem, and the hint.
    pub(crate) reached: Result<Message, (Message, Message)>,
}

/// Waits until accepted messages have the status in `wait`, all until one deadline. `on_end` receives the place of each
/// message when its wait ends.
pub(crate) async fn wait_for_deliveries(
    connection: &mut Connection,
    awaited: &[AwaitedMessage],
    wait: &DeliveryWait,
    mut on_end: impl FnMut(usize, DeliveryEnd),
) {
    let mut waited = Vec::new();
    let mut all_tracked = Vec::new();
    for message in awaited {
        match own_id(awaited, message) {
            Ok(id) => {
                waited.push(message);
                all_tracked.push(tracked(connection, message, id.to_owned()));
            }
            Err(problem) => on_end(
                message.place,
                DeliveryEnd {
                    delivery: known_delivery(None),
                    reached: Err((
                        msg!("cannot check the status: {problem}", problem),
                        no_second_send(),
                    )),
                },
            ),
        }
    }
    if all_tracked.is_empty() {
        return;
    }
    let recipients: Vec<_> = waited
        .iter()
        .map(|message| message.outgoing.recipient().as_str())
        .collect();
    connection.stderr.note(msg!(
        "waiting until the {count|message|messages} to {recipients} {count|is|are} {goal}, at most {within}",
        count = recipients.len(),
        recipients = recipients.join(", "),
        goal = wait.goal,
        within = duration_value(wait.within)
    ));
    let end = |at: usize, tracked: &TrackedMessage, ended| {
        let Some(message) = waited.get(at) else {
            return;
        };
        on_end(
            message.place,
            DeliveryEnd {
                delivery: known_delivery(tracked.facts.as_ref()),
                reached: reached(ended, tracked, message.begun),
            },
        );
    };
    connection.wait_for_all(&mut all_tracked, wait, end).await;
}

fn no_second_send() -> Message {
    msg!("do not send it again: the recipient could get both")
}

/// Returns the id of one of the `awaited` messages, or why it cannot be looked up. An id that two of them have proves
/// nothing about either.
fn own_id<'a>(awaited: &[AwaitedMessage], message: &'a AwaitedMessage) -> Result<&'a str, Message> {
    let Some(id) = &message.id else {
        return Err(msg!("the response has no message id"));
    };
    let with_id = awaited
        .iter()
        .filter(|other| other.id.as_ref() == Some(id))
        .count();
    if with_id > 1 {
        return Err(msg!("another message of the command has the same id"));
    }
    Ok(id)
}

/// Returns an accepted message that is looked up by its id.
fn tracked(connection: &Connection, message: &AwaitedMessage, id: String) -> TrackedMessage {
    let outgoing = &message.outgoing;
    let request = Request::new(connection.base.url(), &connection.bot, outgoing);
    let fields = outgoing.body().as_object().cloned().unwrap_or_default();
    let class = MessageClass::from_request(request.url.path(), &fields);
    TrackedMessage {
        recipient: Some(outgoing.recipient().to_string()),
        ..TrackedMessage::new(id, class, message.begun)
    }
}

/// Returns the delivery status for the record. A message that Jelou does not list yet is `accepted`.
fn known_delivery(facts: Option<&DeliveryFacts>) -> Value {
    facts.map_or_else(
        || json!(DeliveryFacts::new(DeliveryState::Accepted)),
        |facts| json!(facts),
    )
}

/// Returns what to print about a message after its wait.
fn reached(
    ended: WaitEnd,
    tracked: &TrackedMessage,
    begun: Option<Timestamp>,
) -> Result<Message, (Message, Message)> {
    let (message, hint) = match ended {
        Ok(None) => {
            let facts = tracked.facts.as_ref();
            let state = facts.map(|facts| msg!("{state}", state = facts.state));
            let state = state.unwrap_or_default();
            return Ok(match begun {
                Some(begun) => {
                    let took = Duration::try_from(now() - begun).unwrap_or_default();
                    msg!("{state} after {took}", state, took = duration_value(took))
                }
                None => state,
            });
        }
        Ok(Some(problem)) => problem,
        Err(error) => match error.signal() {
            Some(signal) => {
                let signal = signal.name();
                (msg!("interrupted by {signal} while waiting", signal), None)
            }
            None => (error.message(), error.hint()),
        },
    };
    let hints = hint.into_iter().chain([no_second_send()]);
    Err((message, Message::joined(hints.collect(), "; ")))
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
        let facts = DeliveryFacts::new(DeliveryState::Delivered);
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
            let (message, _) = not_in_time(facts, &wait, problem.map(Message::from));
            assert_eq!(message, expected);
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
