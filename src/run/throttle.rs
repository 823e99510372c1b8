//! Combines what holds rows back apart from the pace: the breaker, rate limits, a network that is down, and the hours.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use super::breaker::Breaker;
use super::hours_gate::{Closed, HoursGate};
use super::patience::{ObstacleWait, Patience};
use crate::api::{Cause, Outcome, PAIR_RATE_LIMIT, Problem, Verdict, backoff};
use crate::hours::Hours;
use crate::ledger::{Delay, EndedAttempt, PauseReason, RowState, SettledRow};
use crate::output::{WaitReason, Waiting, rounded};
use crate::timestamps::{self, local_second, rfc_3339, timestamp};

/// A wait is reported if it is longer than this, and again if its end moves by more than this.
const LONGEST_SILENT_WAIT: Duration = Duration::from_secs(1);
/// A wait that is effectively forever; a signal ends it.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// If others send the run too, a process whose network is down for longer leaves the run to them.
const LONGEST_WAIT_BESIDE_OTHERS: Duration = Duration::from_secs(60);

/// How fast and when a run may send, and how long it may wait.
#[derive(Clone, Debug)]
pub(crate) struct RunLimits {
    /// The maximum number of requests in flight.
    pub(crate) concurrency: usize,
    /// How long it continues while every row that it tries meets a rate limit, or the network is down.
    pub(crate) max_wait: Duration,
    /// The hours in which rows may be sent; None for any time.
    pub(crate) hours: Option<Hours>,
    /// Whether it continues when every row is rejected.
    pub(crate) keep_going: bool,
}

/// Decides when the next row may be sent, from the outcomes of the others.
#[derive(Debug)]
pub(crate) struct Throttle {
    concurrency: usize,
    /// No row is sent until this time, because a row met an obstacle that others would meet too.
    stopped_until: Instant,
    breaker: Breaker,
    rate_limit: Patience,
    network: Patience,
    gate: HoursGate,
    /// Whether the hours were closed when last checked.
    closed: Option<Closed>,
    /// What last held rows back.
    obstacle: Option<Obstacle>,
    /// The end of the last wait that was reported.
    told_until: Option<Instant>,
    /// The opening of the hours that was reported.
    told_opening: Option<Timestamp>,
}

/// A rate limit, or a network that is down.
#[derive(Debug)]
struct Obstacle {
    reason: WaitReason,
    /// The time since which every row that was tried met it.
    since: SystemTime,
    problem: Problem,
}

/// The consequences of an outcome for the run.
#[derive(Debug)]
pub(crate) struct Consequence {
    /// When its row may be tried again, and why not earlier; only if it was certainly not sent.
    pub(crate) due: Instant,
    pub(crate) delay: Delay,
    /// Whether the API said that it is too much; then all other processes that send the run slow down too.
    pub(crate) slows: bool,
    /// When sending may resume: for every worker if the API asks for the wait, only for this process if the network is
    /// down.
    pub(crate) stopped_until: Option<Instant>,
    pub(crate) pause: Option<PauseReason>,
}

impl Consequence {
    /// The entry in the ledger for its row, which `ended`.
    pub(crate) fn settled(&self, ended: EndedAttempt, at: Instant) -> SettledRow {
        let retry = (ended.state == RowState::Pending).then_some((self.due, self.delay));
        SettledRow { ended, at, retry, slows: self.slows, stopped_until: self.stopped_until }
    }
}

impl Throttle {
    /// `ever_accepted` says whether a row of the run was accepted before.
    pub(crate) fn new(limits: RunLimits, ever_accepted: bool, now: Instant) -> Self {
        Self {
            concurrency: limits.concurrency,
            stopped_until: now,
            breaker: Breaker::new(!ever_accepted && !limits.keep_going),
            rate_limit: Patience::new(limits.max_wait),
            network: Patience::new(limits.max_wait),
            gate: HoursGate::new(limits.hours),
            closed: None,
            obstacle: None,
            told_until: None,
            told_opening: None,
        }
    }

    /// How many rows may be in flight.
    pub(crate) fn allowance(&self) -> usize {
        let is_probing = self.rate_limit.is_probing() || self.network.is_probing();
        if is_probing { 1 } else { self.breaker.allowance(self.concurrency) }
    }

    /// Checks the wall clock if the run has hours. Returns whether they have opened since the last check.
    pub(crate) fn look(&mut self, now: Instant) -> bool {
        if self.gate.hours().is_none() {
            return false;
        }
        let closed = self.gate.look(timestamps::now(), now);
        std::mem::replace(&mut self.closed, closed).is_some() && self.closed.is_none()
    }

    /// When a row may be sent, or when to check again.
    pub(crate) fn ready_at(&self) -> Instant {
        self.closed.map_or(self.stopped_until, |closed| self.stopped_until.max(closed.look_at))
    }

    /// Records the outcome of a row.
    pub(crate) fn note(&mut self, verdict: &Verdict, now: Instant) -> Consequence {
        let pause = self.breaker.note(&verdict.outcome);
        let mut consequence = Consequence { due: now, delay: Delay::Retry, slows: false, stopped_until: None, pause };
        match (&verdict.outcome, &verdict.problem) {
            (Outcome::Sent { .. } | Outcome::NotSent(Cause::Rejected) | Outcome::Unknown(_), _) => {
                self.rate_limit.renew();
                self.network.renew();
            }
            (Outcome::NotSent(Cause::Network), Some(problem)) => {
                let wait = self.network.note(Duration::ZERO, now).ok_or(PauseReason::Network);
                self.obstacle = Some(Obstacle::new(WaitReason::Network, &self.network, problem, now));
                self.hold(wait, &mut consequence);
            }
            (Outcome::NotSent(Cause::Unavailable), Some(problem)) => {
                self.network.renew();
                let asked = verdict.retry.unwrap_or_default();
                if problem.api_code.as_deref() == Some(PAIR_RATE_LIMIT) {
                    consequence.due = now.checked_add(backoff(asked, 1)).unwrap_or(now + A_DAY);
                    consequence.delay = Delay::PairLimit;
                } else {
                    consequence.slows = true;
                    let wait = self.rate_limit.note(asked, now).ok_or(PauseReason::RateLimit);
                    consequence.stopped_until =
                        wait.as_ref().ok().filter(|wait| wait.is_for_all).map(|wait| wait.until);
                    self.obstacle = Some(Obstacle::new(WaitReason::RateLimit, &self.rate_limit, problem, now));
                    self.hold(wait, &mut consequence);
                }
            }
            (
                Outcome::NotSent(
                    Cause::Credentials
                    | Cause::Account
                    | Cause::ProxyCredentials
                    | Cause::ProxyRefusal
                    | Cause::Tls
                    | Cause::Network
                    | Cause::Interrupted(_)
                    | Cause::Unavailable,
                ),
                _,
            ) => {}
        }
        consequence
    }

    /// Handles an obstacle that is not specific to one recipient: all rows wait, or the run pauses.
    fn hold(&mut self, wait: Result<ObstacleWait, PauseReason>, consequence: &mut Consequence) {
        match wait {
            Ok(wait) => {
                if wait.is_for_all {
                    self.stopped_until = self.stopped_until.max(wait.until);
                }
                consequence.due = wait.until;
            }
            Err(pause) => consequence.pause = Some(pause),
        }
    }

    /// Why this process leaves the run to the others that send it: its network has been down for too long, and theirs
    /// may be up.
    pub(crate) fn leaves_to_others(&self, now: Instant) -> Option<&Problem> {
        let since = self.network.since().filter(|_| self.closed.is_none())?;
        let is_over = now.duration_since(since) >= LONGEST_WAIT_BESIDE_OTHERS;
        self.obstacle.as_ref().filter(|_| is_over).map(|obstacle| &obstacle.problem)
    }

    /// The wait for a row that is due at `queue_ready_at`: why nothing is sent, and until when. None for a short wait.
    /// A slow rate does not count as a wait.
    pub(crate) fn wait(&mut self, queue_ready_at: Instant, delay: Delay, now: Instant) -> Option<Waiting> {
        if let (Some(Closed { until, .. }), Some(hours)) = (self.closed, self.gate.hours()) {
            let is_new = self.told_opening.replace(until) != Some(until);
            let words = format!("outside of the hours of this run, {hours}");
            let shown = format!("until {}", hours.shown(until));
            let until = hours.rfc_3339(until);
            return Some(Waiting { reason: WaitReason::Hours, until, since: None, shown, words, is_new });
        }
        let until = queue_ready_at.max(self.stopped_until);
        let wait = until.saturating_duration_since(now);
        if wait <= LONGEST_SILENT_WAIT {
            return None;
        }
        let is_of_row = queue_ready_at > self.stopped_until;
        let (reason, since, words) = match (delay, &self.obstacle) {
            (Delay::Pace, _) if is_of_row => return None,
            (Delay::RecipientGap, _) if is_of_row => {
                (WaitReason::RecipientGap, None, "messages to one recipient leave 6 s apart".to_owned())
            }
            (Delay::PairLimit, _) if is_of_row => {
                let words = "WhatsApp takes no more messages to the next recipient for now".to_owned();
                (WaitReason::PairLimit, None, words)
            }
            (_, obstacle) => {
                let obstacle = obstacle.as_ref()?;
                (obstacle.reason, Some(rfc_3339(obstacle.since)), obstacle.words())
            }
        };
        let is_told = self.told_until.is_some_and(|told| until <= told + LONGEST_SILENT_WAIT);
        if !is_told {
            self.told_until = Some(until);
        }
        let end = SystemTime::now() + wait;
        let length = rounded(Duration::from_secs((wait + Duration::from_millis(500)).as_secs()));
        let shown = format!("{length}, until {}", local_second(timestamp(end)));
        Some(Waiting { reason, until: rfc_3339(end), since, shown, words, is_new: !is_told })
    }
}

impl Obstacle {
    /// The obstacle of `problem`, tracked by `patience`.
    fn new(reason: WaitReason, patience: &Patience, problem: &Problem, now: Instant) -> Self {
        let age = patience.since().map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        Self { reason, since: SystemTime::now() - age, problem: problem.clone() }
    }

    fn words(&self) -> String {
        match self.reason {
            WaitReason::Network => {
                format!("{}; unreachable since {}", self.problem.message, local_second(timestamp(self.since)))
            }
            WaitReason::RateLimit | WaitReason::Hours | WaitReason::RecipientGap | WaitReason::PairLimit => {
                self.problem.message.clone()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_left_to_others_when_the_network_has_been_away_for_a_minute() {
        let failed = |cause, message: &str| Verdict {
            outcome: Outcome::NotSent(cause),
            problem: Some(Problem {
                code: "network",
                api_code: None,
                message: message.to_owned(),
                hint: String::new(),
                retry_after: None,
                beginning: None,
            }),
            retry: Some(Duration::ZERO),
        };
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let limits = RunLimits { concurrency: 64, max_wait: 900 * second, hours: None, keep_going: true };
        let mut throttle = Throttle::new(limits, true, start);
        for second in (0..60).step_by(5) {
            let now = start + Duration::from_secs(second);
            assert!(throttle.note(&failed(Cause::Network, "away"), now).pause.is_none());
            assert_eq!(throttle.leaves_to_others(now), None, "{second}");
        }
        assert_eq!(throttle.allowance(), 1);
        let problem = throttle.leaves_to_others(start + 60 * second);
        assert_eq!(problem.map(|problem| problem.message.as_str()), Some("away"));
        // Any answer shows that the network works.
        throttle.note(&failed(Cause::Unavailable, "too much"), start + 61 * second);
        assert_eq!(throttle.leaves_to_others(start + 62 * second), None);
    }
}
