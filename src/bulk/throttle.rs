//! What holds rows back: the pace, the breaker and the rate limit, asked and told as one.

use std::time::{Duration, Instant, SystemTime};

use super::breaker::{Breaker, PauseReason};
use super::pace::Pace;
use super::queue::Delay;
use super::rate_limit::RateLimit;
use crate::api::{Cause, Outcome, PAIR_RATE_LIMIT, Problem, Verdict, backoff};

/// A wait is told when it is longer than this, and as another one when it ends later by more than this.
const LONGEST_SILENT_WAIT: Duration = Duration::from_secs(1);
/// A wait too long to be reckoned with: a signal ends it.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How fast a run may send, and how long it may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunLimits {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Requests that may be under way at once.
    pub(crate) concurrency: usize,
    /// How long it goes on while every row that is tried meets a rate limit.
    pub(crate) max_wait: Duration,
}

/// Says when the next row may leave, from what became of the others.
#[derive(Debug)]
pub(crate) struct Throttle {
    concurrency: usize,
    pace: Pace,
    breaker: Breaker,
    rate_limit: RateLimit,
    /// The last rate limit, in words.
    limited_by: String,
    /// The end of the last wait that was told.
    told_until: Option<Instant>,
}

/// What an outcome means for the run.
#[derive(Debug)]
pub(crate) struct Consequence {
    /// When its row may be tried again, where it was certainly not sent, and why not before.
    pub(crate) due: Instant,
    pub(crate) delay: Delay,
    pub(crate) pause: Option<PauseReason>,
}

impl Throttle {
    pub(crate) fn new(limits: RunLimits, now: Instant) -> Self {
        Self {
            concurrency: limits.concurrency,
            pace: Pace::new(limits.rate, now),
            breaker: Breaker::default(),
            rate_limit: RateLimit::new(limits.max_wait),
            limited_by: String::new(),
            told_until: None,
        }
    }

    /// How many rows may be under way.
    pub(crate) fn allowance(&self) -> usize {
        if self.rate_limit.is_probing() { 1 } else { self.breaker.allowance(self.concurrency) }
    }

    /// When a row may leave.
    pub(crate) fn ready_at(&self) -> Instant {
        self.pace.ready_at()
    }

    /// How many rows may leave now, by the pace.
    pub(crate) fn available(&self, now: Instant) -> usize {
        self.pace.available(now)
    }

    /// No row could have left from `since` until `now`, whatever the pace.
    pub(crate) fn pass_over(&mut self, since: Instant, now: Instant) {
        self.pace.pass_over(since, now);
    }

    /// A row leaves.
    pub(crate) fn take(&mut self, now: Instant) {
        self.pace.take(now);
    }

    /// Notes what became of a row.
    pub(crate) fn note(&mut self, verdict: &Verdict, now: Instant) -> Consequence {
        let pause = self.breaker.note(&verdict.outcome);
        let mut consequence = Consequence { due: now, delay: Delay::Retry, pause };
        match (&verdict.outcome, &verdict.problem) {
            (Outcome::Sent { .. } | Outcome::NotSent(Cause::Rejected) | Outcome::Unknown(_), _) => {
                self.rate_limit.lift();
            }
            (Outcome::NotSent(Cause::Network), _) => self.pace.stop(now, self.breaker.network_wait()),
            (Outcome::NotSent(Cause::Unavailable), Some(problem)) => {
                let asked = verdict.retry.unwrap_or_default();
                if problem.api_code.as_deref() == Some(PAIR_RATE_LIMIT) {
                    consequence.due = now.checked_add(backoff(asked, 1)).unwrap_or(now + A_DAY);
                    consequence.delay = Delay::PairLimit;
                } else {
                    self.back_off(asked, problem, now, &mut consequence);
                }
            }
            (
                Outcome::NotSent(
                    Cause::Credentials
                    | Cause::ProxyCredentials
                    | Cause::ProxyRefusal
                    | Cause::Tls
                    | Cause::Interrupted(_)
                    | Cause::Unavailable,
                ),
                _,
            ) => {}
        }
        consequence
    }

    /// A rate limit that is not one recipient's: everyone waits, or the run pauses.
    fn back_off(&mut self, asked: Duration, problem: &Problem, now: Instant, consequence: &mut Consequence) {
        self.pace.cut(now);
        self.limited_by.clone_from(&problem.message);
        match self.rate_limit.note(asked, now) {
            Some(wait) => {
                if wait.is_for_all {
                    self.pace.stop(now, wait.until - now);
                }
                consequence.due = wait.until;
            }
            None => consequence.pause = Some(PauseReason::RateLimit),
        }
    }

    /// The wait for a row that the queue gives at `queue_ready_at`, in words: why nothing leaves, and until when. Nothing
    /// for a short one, and for one that was told. That the rate is slow is no wait.
    pub(crate) fn wait_to_tell(&mut self, queue_ready_at: Instant, delay: Delay, now: Instant) -> Option<String> {
        let stopped_until = self.pace.stopped_until();
        let until = queue_ready_at.max(stopped_until);
        let wait = until.saturating_duration_since(now);
        let is_told = self.told_until.is_some_and(|told| until <= told + LONGEST_SILENT_WAIT);
        if wait <= LONGEST_SILENT_WAIT || is_told {
            return None;
        }
        self.told_until = Some(until);
        let reason = match delay {
            _ if stopped_until >= queue_ready_at => &self.limited_by,
            Delay::Retry => &self.limited_by,
            Delay::RecipientGap => "messages to one recipient leave 6 s apart",
            Delay::PairLimit => "WhatsApp takes no more messages to the next recipient for now",
        };
        let seconds = (wait + Duration::from_millis(500)).as_secs();
        let shown = humantime::format_duration(Duration::from_secs(seconds));
        let end = humantime::format_rfc3339_seconds(SystemTime::now() + wait);
        Some(format!("waiting {shown}, until {end}: {reason}"))
    }
}
