//! What holds rows back: the pace, the breaker, the rate limit and the hours, asked and told as one.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use super::breaker::{Breaker, PauseReason};
use super::hours_gate::{Closed, HoursGate};
use super::pace::Pace;
use super::queue::Delay;
use super::rate_limit::RateLimit;
use crate::api::{Cause, Outcome, PAIR_RATE_LIMIT, Problem, Verdict, backoff};
use crate::hours::Hours;
use crate::output::{WaitReason, Waiting, rounded};
use crate::timestamps::{local_second, rfc_3339, timestamp};

/// A wait is told when it is longer than this, and as another one when it ends later by more than this.
const LONGEST_SILENT_WAIT: Duration = Duration::from_secs(1);
/// A wait too long to be reckoned with: a signal ends it.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How fast and when a run may send, and how long it may wait.
#[derive(Clone, Debug)]
pub(crate) struct RunLimits {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Requests that may be under way at once.
    pub(crate) concurrency: usize,
    /// How long it goes on while every row that is tried meets a rate limit.
    pub(crate) max_wait: Duration,
    /// The hours in which rows may leave; nothing for any.
    pub(crate) hours: Option<Hours>,
    /// Whether it goes on when every row is rejected.
    pub(crate) keep_going: bool,
}

/// Says when the next row may leave, from what became of the others.
#[derive(Debug)]
pub(crate) struct Throttle {
    concurrency: usize,
    pace: Pace,
    breaker: Breaker,
    rate_limit: RateLimit,
    gate: HoursGate,
    /// Whether the hours are closed, as they were looked at last.
    closed: Option<Closed>,
    /// The last rate limit, in words.
    limited_by: String,
    /// The end of the last wait that was told.
    told_until: Option<Instant>,
    /// The opening of the hours that was told.
    told_opening: Option<Timestamp>,
    /// Since when no row could have left, whatever the pace.
    held_since: Option<Instant>,
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
    /// `ever_accepted` says whether a row of the run was accepted before.
    pub(crate) fn new(limits: RunLimits, ever_accepted: bool, now: Instant) -> Self {
        Self {
            concurrency: limits.concurrency,
            pace: Pace::new(limits.rate, now),
            breaker: Breaker::new(!ever_accepted && !limits.keep_going),
            rate_limit: RateLimit::new(limits.max_wait),
            gate: HoursGate::new(limits.hours),
            closed: None,
            limited_by: String::new(),
            told_until: None,
            told_opening: None,
            held_since: None,
        }
    }

    /// How many rows may be under way.
    pub(crate) fn allowance(&self) -> usize {
        if self.rate_limit.is_probing() { 1 } else { self.breaker.allowance(self.concurrency) }
    }

    /// Looks at the clock on the wall, where the run has hours. Says whether they have opened since the last look.
    pub(crate) fn look(&mut self, now: Instant) -> bool {
        self.gate.hours().is_some() && self.look_at(Timestamp::now(), now)
    }

    /// As [`Throttle::look`], when the clock shows `wall`.
    fn look_at(&mut self, wall: Timestamp, now: Instant) -> bool {
        std::mem::replace(&mut self.closed, self.gate.look(wall, now)).is_some() && self.closed.is_none()
    }

    /// When a row may leave, or when to look again.
    pub(crate) fn ready_at(&self) -> Instant {
        let ready_at = self.pace.ready_at();
        self.closed.map_or(ready_at, |closed| ready_at.max(closed.look_at))
    }

    /// How many rows may leave now, by the pace.
    pub(crate) fn available(&self, now: Instant) -> usize {
        self.pace.available(now)
    }

    /// Keeps the pace from making up for a time in which nothing could leave: while the hours were closed, or `is_held`
    /// was so.
    pub(crate) fn note_hold(&mut self, is_held: bool, now: Instant) {
        if is_held || self.closed.is_some() {
            self.held_since.get_or_insert(now);
        } else if let Some(since) = self.held_since.take() {
            self.pace.pass_over(since, now);
        }
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

    /// The wait for a row that the queue gives at `queue_ready_at`: why nothing leaves, and until when. Nothing for a short
    /// one. That the rate is slow is no wait.
    pub(crate) fn wait(&mut self, queue_ready_at: Instant, delay: Delay, now: Instant) -> Option<Waiting> {
        if let (Some(Closed { until, .. }), Some(hours)) = (self.closed, self.gate.hours()) {
            let is_new = self.told_opening.replace(until) != Some(until);
            let words = format!("outside of the hours of this run, {hours}");
            let shown = format!("until {}", hours.shown(until));
            return Some(Waiting { reason: WaitReason::Hours, until: hours.rfc_3339(until), shown, words, is_new });
        }
        let stopped_until = self.pace.stopped_until();
        let until = queue_ready_at.max(stopped_until);
        let wait = until.saturating_duration_since(now);
        let is_told = self.told_until.is_some_and(|told| until <= told + LONGEST_SILENT_WAIT);
        if wait <= LONGEST_SILENT_WAIT {
            return None;
        }
        if !is_told {
            self.told_until = Some(until);
        }
        let (reason, words) = match delay {
            _ if stopped_until >= queue_ready_at => (WaitReason::RateLimit, self.limited_by.as_str()),
            Delay::Retry => (WaitReason::RateLimit, self.limited_by.as_str()),
            Delay::RecipientGap => (WaitReason::RecipientGap, "messages to one recipient leave 6 s apart"),
            Delay::PairLimit => {
                (WaitReason::PairLimit, "WhatsApp takes no more messages to the next recipient for now")
            }
        };
        let end = SystemTime::now() + wait;
        let length = rounded(Duration::from_secs((wait + Duration::from_millis(500)).as_secs()));
        let shown = format!("{length}, until {}", local_second(timestamp(end)));
        Some(Waiting { reason, until: rfc_3339(end), shown, words: words.to_owned(), is_new: !is_told })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(now: Instant) -> Throttle {
        let kept = r#"{"between":["07:00-19:00"],"not_on":[],"time_zone":"America/Bogota"}"#;
        let hours = serde_json::from_str(kept).unwrap();
        let limits = RunLimits { rate: 100.0, concurrency: 64, max_wait: Duration::ZERO, hours, keep_going: true };
        Throttle::new(limits, true, now)
    }

    /// How many rows leave in the minute from `wall` on, where each leaves as soon as it may.
    fn count(throttle: &mut Throttle, wall: Timestamp, now: Instant) -> usize {
        let mut count = 0;
        for millisecond in 0..60_000 {
            let later = Duration::from_millis(millisecond);
            throttle.look_at(wall + later, now + later);
            throttle.note_hold(false, now + later);
            while throttle.ready_at() <= now + later {
                throttle.take(now + later);
                count += 1;
            }
        }
        count
    }

    #[test]
    fn closed_hours_are_not_made_up_for() {
        let (start, hour) = (Instant::now(), Duration::from_secs(60 * 60));
        let opening: Timestamp = "2026-11-20T07:00:00-05".parse().unwrap();
        let mut throttle = throttle(start);
        assert_eq!(count(&mut throttle, opening - hour, start), 0);
        let counted = count(&mut throttle, opening, start + hour);
        assert!((5_990..6_010).contains(&counted), "{counted}");
    }

    #[test]
    fn a_time_without_a_row_that_could_leave_is_not_made_up_for() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let noon: Timestamp = "2026-11-20T12:00:00-05".parse().unwrap();
        let mut throttle = throttle(start);
        throttle.note_hold(true, start);
        let counted = count(&mut throttle, noon, start + 30 * second);
        assert!((5_990..6_010).contains(&counted), "{counted}");
    }
}
