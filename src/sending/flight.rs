//! Whether a request is under way; the meaning of a panic or a time-out for the message depends on it.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::api::{Cause, Delivery, Event, Outcome, Problem, UNKNOWN_HINT};
use crate::command_error::CommandError;
use crate::exit::ExitCode;

const TIME_HINT: &str = "check the network, or allow more time with --notify-timeout";

/// How far a request got, according to its events.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    is_under_way: Cell<bool>,
    /// Stable name and text of the last attempt's problem.
    last_problem: RefCell<Option<(&'static str, String)>>,
}

impl Flight {
    pub(crate) fn note(&self, event: &Event<'_>) {
        match event {
            Event::Attempt(_) => self.is_under_way.set(true),
            Event::Waiting { problem, .. } => {
                self.is_under_way.set(false);
                self.last_problem.replace(Some((problem.code, problem.message.clone())));
            }
            // The answer has not been judged yet; a failure is reported next.
            Event::Answered(_) => drop(self.last_problem.take()),
            Event::Failed(_) => {}
        }
    }

    pub(crate) fn is_under_way(&self) -> bool {
        self.is_under_way.get()
    }

    /// The outcome of the message is known.
    pub(crate) fn landed(&self) {
        self.is_under_way.set(false);
    }

    pub(crate) fn last_problem(&self) -> Option<(&'static str, String)> {
        self.last_problem.borrow().clone()
    }

    /// The end of a request that was given up after this time.
    pub(crate) fn given_up(&self, tried_for: Duration) -> Delivery {
        let (code, cause) = match self.last_problem() {
            _ if self.is_under_way() => ("unknown", "no answer".to_owned()),
            Some(problem) => problem,
            None => ("unavailable", "no answer in time".to_owned()),
        };
        let (outcome, hint) = match code {
            "unknown" => (Outcome::Unknown(None), UNKNOWN_HINT),
            "network" => (Outcome::NotSent(Cause::Network), TIME_HINT),
            _ => (Outcome::NotSent(Cause::Unavailable), TIME_HINT),
        };
        let message = format!("{cause} (tried for {} s)", tried_for.as_secs_f64());
        let problem = Problem::new(&outcome, message, hint);
        Delivery { outcome, problem: Some(problem), answer: None, attempts: 0, duration: tried_for }
    }
}

/// Runs `work`; a panic in it becomes an error that says whether a request was under way.
pub(crate) fn catch_panic<T>(
    flight: &Flight,
    work: impl FnOnce() -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked(flight.is_under_way())))
}

/// An internal error. It is unknown what the server has read of a request that was under way; earlier ones may have been sent
/// in any case.
pub(crate) fn panicked(is_under_way: bool) -> CommandError {
    if is_under_way {
        let message = "a fault in jelouctl while the request was under way; the message may have been sent";
        return CommandError::unknown(message, UNKNOWN_HINT);
    }
    let message = "a fault in jelouctl before the request began";
    CommandError::new(ExitCode::Unexpected, "unexpected", message, None).after_sending()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_may_have_sent_a_message_only_while_a_request_is_under_way() {
        let problem = Problem::new(&Outcome::NotSent(Cause::Network), "away", "");
        let waiting = || Event::Waiting { wait: Duration::ZERO, problem: &problem };
        for (events, lands, is_under_way) in [
            (&[][..], false, false),
            (&[Event::Attempt(1)], false, true),
            // The failure comes first.
            (&[Event::Attempt(1), Event::Failed("reset")], false, true),
            (&[Event::Attempt(1), waiting()], false, false),
            (&[Event::Attempt(1), waiting(), Event::Attempt(2)], false, true),
            (&[Event::Attempt(1)], true, false),
        ] {
            let flight = Flight::default();
            for event in events {
                flight.note(event);
            }
            if lands {
                flight.landed();
            }
            let has_waited = events.iter().any(|event| matches!(event, Event::Waiting { .. }));
            assert_eq!(flight.last_problem(), has_waited.then(|| ("network", "away".to_owned())));
            let panicked = catch_panic::<()>(&flight, || panic!("a fault of our own")).unwrap_err();
            assert_eq!(panicked.code == ExitCode::Unknown, is_under_way, "{events:?}");
        }
        assert_eq!(catch_panic(&Flight::default(), || Ok(7)).unwrap(), 7);
    }

    #[test]
    fn what_is_given_up_is_unknown_only_while_a_request_is_under_way() {
        let problem = |cause| Problem::new(&Outcome::NotSent(cause), "because", "");
        let (network, limit) = (problem(Cause::Network), problem(Cause::Unavailable));
        let waits = |problem| Event::Waiting { wait: Duration::ZERO, problem };
        let not_sent = Outcome::NotSent;
        for (events, outcome, code, message) in [
            (vec![], not_sent(Cause::Unavailable), "unavailable", "no answer in time (tried for 1.5 s)"),
            (vec![Event::Attempt(1)], Outcome::Unknown(None), "unknown", "no answer (tried for 1.5 s)"),
            (
                vec![Event::Attempt(1), waits(&network)],
                not_sent(Cause::Network),
                "network",
                "because (tried for 1.5 s)",
            ),
            (
                vec![Event::Attempt(1), waits(&limit)],
                not_sent(Cause::Unavailable),
                "unavailable",
                "because (tried for 1.5 s)",
            ),
            (
                vec![Event::Attempt(1), waits(&limit), Event::Attempt(2)],
                Outcome::Unknown(None),
                "unknown",
                "no answer (tried for 1.5 s)",
            ),
        ] {
            let flight = Flight::default();
            for event in &events {
                flight.note(event);
            }
            let ended = flight.given_up(Duration::from_millis(1500));
            let problem = ended.problem.unwrap();
            assert_eq!((ended.outcome, problem.code, problem.message.as_str()), (outcome, code, message), "{events:?}");
        }
    }
}
