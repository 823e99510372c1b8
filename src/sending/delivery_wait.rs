//! Waits until a message that Jelou accepted has come as far as was asked for, by asking Jelou.

use std::time::{Duration, Instant};

use clap::ValueEnum;
use jiff::SignedDuration;

use super::connection::{Connection, report_event};
use super::flight::Flight;
use crate::api::{
    Cause, Code, DeliveryFacts, DeliveryState, Event, LookUpError, LookUpPace, LookUps, Outcome, Request,
    TrackedMessage, look_up_code,
};
use crate::config::Settings;
use crate::output::{Stderr, rounded};
use crate::process::Signal;

/// Between the first two look-ups of a message; half as long again after each.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How far a message is to come, a value of `--wait`; the comments are its help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitGoal {
    /// It is on the person's phone
    Delivered,
    /// The person has read it; only where read receipts are shown
    Read,
    /// The person has answered
    Replied,
}

/// `--wait` and `--for`
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeliveryWait {
    pub(crate) goal: WaitGoal,
    pub(crate) within: Duration,
}

/// How the waiting ended.
#[derive(Debug)]
pub(crate) enum WaitEnd {
    Reached,
    /// It failed on its way.
    Undelivered,
    /// It has not come so far in time; with what kept Jelou from answering, where that was so.
    TimeIsUp {
        problem: Option<String>,
    },
    /// Jelou cannot be asked.
    Failed(LookUpError),
    Interrupted(Signal),
}

impl DeliveryWait {
    /// How long, where nothing says so.
    pub(crate) const DEFAULT: Duration = Duration::from_secs(120);
}

impl WaitGoal {
    pub(crate) fn state(self) -> DeliveryState {
        match self {
            Self::Delivered => DeliveryState::Delivered,
            Self::Read => DeliveryState::Read,
            Self::Replied => DeliveryState::Replied,
        }
    }
}

impl Connection {
    /// Asks for messages of `bot` over this connection, and tells what happens on the way; `flight` knows meanwhile what
    /// keeps Jelou from answering.
    pub(crate) fn look_ups<'a>(
        &'a mut self,
        stderr: &'a Stderr,
        settings: &Settings,
        bot: &'a str,
        flight: &'a Flight,
    ) -> LookUps<'a> {
        let watch = |request: &Request, event: Event<'_>| {
            flight.note(&event);
            report_event(stderr, request, &event);
        };
        LookUps {
            client: &self.client,
            credentials: &self.credentials,
            base: self.base.url(),
            bot,
            signals: &mut self.signals,
            watch: Box::new(watch),
            retry_for: settings.retry_for.value.duration(),
            pace: LookUpPace::per_second(settings.rate.value.per_second()),
            clock: SignedDuration::ZERO,
        }
    }

    /// Asks for `tracked` until it has come as far as `wait` says, has failed, or the time is up.
    pub(crate) async fn wait(
        &mut self,
        stderr: &Stderr,
        settings: &Settings,
        bot: &str,
        tracked: &mut TrackedMessage,
        wait: DeliveryWait,
    ) -> WaitEnd {
        let flight = Flight::default();
        let deadline = Instant::now() + wait.within;
        let mut look_ups = self.look_ups(stderr, settings, bot, &flight);
        let mut pause = FIRST_PAUSE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            look_ups.retry_for = left;
            match tokio::time::timeout(left, look_ups.look_for(tracked)).await {
                Err(_) => return WaitEnd::TimeIsUp { problem: flight.last_problem().map(|(_, problem)| problem) },
                Ok(Err(error)) => return WaitEnd::of(error),
                Ok(Ok(())) => {}
            }
            match tracked.facts.as_ref().map(|facts| &facts.state) {
                Some(state) if state.has_reached(&wait.goal.state()) => return WaitEnd::Reached,
                Some(DeliveryState::Undelivered) => return WaitEnd::Undelivered,
                Some(_) | None => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            tokio::select! {
                biased;
                signal = look_ups.signals.next() => return WaitEnd::Interrupted(signal),
                () = tokio::time::sleep(pause.min(left)) => {}
            }
            if left <= pause {
                return WaitEnd::TimeIsUp { problem: None };
            }
            pause = LONGEST_PAUSE.min(pause + pause / 2);
        }
    }
}

impl WaitEnd {
    /// What to say of a message that did not come so far, and the way out; nothing of one that did.
    pub(crate) fn problem(
        &self,
        facts: Option<&DeliveryFacts>,
        wait: DeliveryWait,
    ) -> Option<(String, Option<String>)> {
        match self {
            Self::Reached => None,
            Self::Undelivered => Some(facts.map_or_else(|| ("undelivered".to_owned(), None), failure)),
            Self::TimeIsUp { problem } => {
                let state = facts.map(|facts| format!("it is {}", facts.state.words()));
                let state = state.unwrap_or_else(|| "Jelou does not list it yet".to_owned());
                let problem = problem.as_ref().map(|problem| format!("; {problem}")).unwrap_or_default();
                let (goal, within) = (wait.goal.state(), rounded(wait.within));
                Some((format!("not {} within {within}: {state}{problem}", goal.words()), None))
            }
            Self::Failed(error) => Some((error.to_string(), error.hint())),
            Self::Interrupted(signal) => Some((format!("interrupted by {} while waiting", signal.name()), None)),
        }
    }

    fn of(error: LookUpError) -> Self {
        match error.outcome() {
            Outcome::NotSent(Cause::Interrupted(signal)) | Outcome::Unknown(Some(signal)) => Self::Interrupted(signal),
            // Waited out until the time was up.
            Outcome::NotSent(Cause::Unavailable | Cause::Network) => {
                Self::TimeIsUp { problem: Some(error.to_string()) }
            }
            Outcome::NotSent(_) | Outcome::Unknown(None) | Outcome::Sent { .. } => Self::Failed(error),
        }
    }
}

/// `undelivered: (#131026) Message undeliverable`, and what the code means where we know it.
fn failure(facts: &DeliveryFacts) -> (String, Option<String>) {
    let reason = facts.reason.as_deref();
    let is_said = |code: &&str| reason.is_some_and(|reason| reason.starts_with(&format!("(#{code})")));
    let code = facts.code.as_deref().filter(|code| !is_said(code));
    let parts: Vec<_> = [code, reason].into_iter().flatten().collect();
    let why = if parts.is_empty() { "Jelou gives no reason".to_owned() } else { parts.join(": ") };
    let known = facts.code.as_deref().and_then(look_up_code);
    (format!("undelivered: {why}"), known.map(|Code { meaning, hint, .. }| format!("{meaning}; {hint}")))
}
