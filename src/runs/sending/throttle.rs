//! Combines the reasons to wait, except the pace: the breaker, rate limits, network outages, and the sending hours. The
//! hours follow the time of day. Its clock continues while the machine sleeps, and someone may set it, so the throttle
//! compares it with the hours for each row, and every few seconds outside the hours.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::obstacles::{CircuitBreaker, OutageTimer, OutageWait};
use crate::base::clock::Now;
use crate::base::message::{Message, msg};
use crate::base::output::{WaitReason, Waiting, rounded};
use crate::base::timestamps::{from_millis, second_value};
use crate::jelou::api::{Cause, Outcome, PAIR_RATE_LIMIT, Problem, Verdict, backoff};
use crate::runs::hours::Hours;
use crate::runs::ledger::{AttemptResult, Delay, FinishedRow, PauseReason, RowState};

/// Waits longer than this are reported, and again if their end moves by more than this.
const LONGEST_SILENT_WAIT: Duration = Duration::from_secs(1);
/// The length of a wait that only a signal ends.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The maximum time between comparisons with the hours while they are closed.
const TIME_BETWEEN_CHECKS: Duration = Duration::from_secs(5);

/// How fast and when a run may send, and how long it may wait.
#[derive(Clone, Debug)]
pub(crate) struct RunLimits {
    /// The maximum number of requests in flight.
    pub(crate) concurrency: usize,
    /// How long the run continues during a rate limit or a network outage.
    pub(crate) max_wait: Duration,
    /// The sending hours; None for any time.
    pub(crate) hours: Option<Hours>,
    /// The zone of the times that the run reports in words.
    pub(crate) zone: TimeZone,
    /// Whether the run continues if every row is rejected.
    pub(crate) keep_going: bool,
}

/// Decides when to send the next row, from the outcomes of earlier rows.
#[derive(Debug)]
pub(crate) struct Throttle {
    limits: RunLimits,
    /// No row is sent until this time: a row met an obstacle that other rows would meet too.
    stopped_until: Instant,
    breaker: CircuitBreaker,
    rate_limit: OutageTimer,
    network: OutageTimer,
    /// When the sending hours open, if they were closed at the last check.
    closed: Option<OutsideHours>,
    /// The latest obstacle.
    obstacle: Option<Obstacle>,
    /// The end of the last reported wait.
    reported_until: Option<Instant>,
    /// The last reported opening of the hours.
    reported_opening: Option<Timestamp>,
}

/// A rate limit, or a network outage.
#[derive(Debug)]
struct Obstacle {
    reason: WaitReason,
    /// Since when every row has met it.
    since: Timestamp,
    problem: Problem,
}

/// The hours are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OutsideHours {
    /// When they open.
    until: Timestamp,
    /// When to check again.
    check_at: Instant,
}

impl Throttle {
    /// Creates the throttle of a run. `ever_accepted` is whether Jelou has accepted a row of the run before.
    pub(crate) fn new(limits: RunLimits, ever_accepted: bool, now: Instant) -> Self {
        Self {
            stopped_until: now,
            breaker: CircuitBreaker::new(!ever_accepted && !limits.keep_going),
            rate_limit: OutageTimer::new(limits.max_wait),
            network: OutageTimer::new(limits.max_wait),
            limits,
            closed: None,
            obstacle: None,
            reported_until: None,
            reported_opening: None,
        }
    }

    /// Returns how many rows may be in flight.
    pub(crate) fn allowance(&self) -> usize {
        let is_probing = self.rate_limit.is_probing() || self.network.is_probing();
        if is_probing {
            1
        } else {
            self.breaker.allowance(self.limits.concurrency)
        }
    }

    /// Checks the time of day if the run has hours. Returns whether they have opened since the last check.
    pub(crate) fn check_hours(&mut self, now: Now) -> bool {
        let Some(hours) = &self.limits.hours else {
            return false;
        };
        let closed = OutsideHours::new(hours, from_millis(now.unix_millis), now.instant);
        std::mem::replace(&mut self.closed, closed).is_some() && self.closed.is_none()
    }

    /// Returns whether the hours were closed at the last check.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Closes the hours forever.
    #[cfg(test)]
    pub(crate) fn close(&mut self) {
        self.closed = Some(OutsideHours {
            until: Timestamp::MAX,
            check_at: Instant::now(),
        });
    }

    /// Returns when a row may be sent, or when to check again.
    pub(crate) fn ready_at(&self) -> Instant {
        self.closed.map_or(self.stopped_until, |closed| {
            self.stopped_until.max(closed.check_at)
        })
    }

    /// Records the outcome of a row. Returns what to report to the ledger, and why the run must pause.
    pub(crate) fn note(
        &mut self,
        verdict: &Verdict,
        ended: AttemptResult,
        at: Now,
    ) -> (FinishedRow, Option<PauseReason>) {
        let now = at.instant;
        let mut pause = self.breaker.note(&verdict.outcome);
        let mut row = FinishedRow {
            retry: (ended.state == RowState::Pending).then_some(now),
            ..FinishedRow::new(ended, now)
        };
        match (&verdict.outcome, &verdict.problem) {
            (Outcome::Sent { .. } | Outcome::NotSent(Cause::Rejected) | Outcome::Unknown(_), _) => {
                self.rate_limit.renew();
                self.network.renew();
            }
            (Outcome::NotSent(Cause::Network), Some(problem)) => {
                match self.network.note(Duration::ZERO, now) {
                    Some(wait) => self.delay_row(&wait, &mut row),
                    None => pause = Some(PauseReason::Network),
                }
                self.obstacle = Some(Obstacle::new(
                    WaitReason::Network,
                    &self.network,
                    problem,
                    at,
                ));
            }
            (Outcome::NotSent(Cause::Unavailable), Some(problem)) => {
                self.network.renew();
                let asked = verdict.retry.unwrap_or_default();
                if problem.api_code.as_deref() == Some(PAIR_RATE_LIMIT) {
                    row.retry = Some(now.checked_add(backoff(asked, 1)).unwrap_or(now + A_DAY));
                } else {
                    row.slows = true;
                    match self.rate_limit.note(asked, now) {
                        Some(wait) => {
                            row.stopped_until = wait.is_for_all.then_some(wait.until);
                            self.delay_row(&wait, &mut row);
                        }
                        None => pause = Some(PauseReason::RateLimit),
                    }
                    self.obstacle = Some(Obstacle::new(
                        WaitReason::RateLimit,
                        &self.rate_limit,
                        problem,
                        at,
                    ));
                }
            }
            // `CircuitBreaker` pauses the run for these, or there was no response.
            (Outcome::NotSent(_), _) => {}
        }
        (row, pause)
    }

    /// Delays the row, and all others if the obstacle affects them.
    fn delay_row(&mut self, wait: &OutageWait, row: &mut FinishedRow) {
        row.retry = Some(wait.until);
        if wait.is_for_all {
            self.stopped_until = self.stopped_until.max(wait.until);
        }
    }

    /// Returns the wait for a row that is due at `queue_ready_at`: why nothing is sent, and until when. Returns None
    /// for a short wait or for the pace of the run.
    pub(crate) fn wait(
        &mut self,
        queue_ready_at: Instant,
        delay: Delay,
        now: Now,
    ) -> Option<Waiting> {
        let wall = from_millis(now.unix_millis);
        let until = queue_ready_at.max(self.stopped_until);
        let wait = until.saturating_duration_since(now.instant);
        let end = wall.saturating_add(wait).unwrap_or(Timestamp::MAX);
        if let Some(closed) = self.closed
            && (delay != Delay::MessagingLimit || end <= closed.until)
            && let Some(waiting) = self.wait_for_opening(closed.until)
        {
            return Some(waiting);
        }
        if wait <= LONGEST_SILENT_WAIT {
            return None;
        }
        let WaitCause {
            reason,
            since,
            words,
        } = self.wait_cause(delay, queue_ready_at > self.stopped_until)?;
        let is_reported = self
            .reported_until
            .is_some_and(|reported| until <= reported + LONGEST_SILENT_WAIT);
        if !is_reported {
            self.reported_until = Some(until);
        }
        // If the hours are closed then, the wait lasts until they open.
        let end = self
            .limits
            .hours
            .as_ref()
            .and_then(|hours| hours.next_opening(end))
            .unwrap_or(end);
        let wait = end.duration_since(wall).unsigned_abs() + Duration::from_millis(500);
        let duration_text = msg!(
            "{time}, until {until}",
            time = rounded(Duration::from_secs(wait.as_secs())),
            until = second_value(&self.limits.zone, end)
        );
        Some(Waiting {
            reason,
            until: format!("{end:.0}"),
            since,
            duration_text,
            reason_text: words,
            is_new: !is_reported,
        })
    }

    /// Describes the wait for the hours, which open at `opening`.
    fn wait_for_opening(&mut self, opening: Timestamp) -> Option<Waiting> {
        let hours = self.limits.hours.as_ref()?;
        let is_new = self.reported_opening.replace(opening) != Some(opening);
        Some(Waiting {
            reason: WaitReason::OutsideHours,
            until: hours.rfc_3339(opening),
            since: None,
            duration_text: msg!("until {time}", time = hours.local_value(opening)),
            reason_text: msg!(
                "outside the run's sending hours, {hours}",
                hours = hours.to_string()
            ),
            is_new,
        })
    }

    /// Returns why a row waits, or None for the pace of the run. `is_of_row` is whether only this row waits.
    fn wait_cause(&self, delay: Delay, is_of_row: bool) -> Option<WaitCause> {
        match (delay, &self.obstacle) {
            (Delay::Pace, _) if is_of_row => None,
            (Delay::MessagingLimit, _) if is_of_row => Some(WaitCause {
                reason: WaitReason::MessagingLimit,
                since: None,
                words: msg!("this bot has reached its 24-hour messaging limit"),
            }),
            (_, Some(obstacle)) => Some(WaitCause {
                reason: obstacle.reason,
                since: Some(format!("{:.0}", obstacle.since)),
                words: obstacle.describe(&self.limits.zone),
            }),
            // Another process made the earlier attempt.
            (_, None) => Some(WaitCause {
                reason: WaitReason::Retry,
                since: None,
                words: msg!("retry of a failed attempt"),
            }),
        }
    }
}

/// Why a row waits.
struct WaitCause {
    reason: WaitReason,
    /// Since when, as RFC 3339.
    since: Option<String>,
    words: Message,
}

impl OutsideHours {
    /// Checks the hours at `wall`. Returns None if they are open.
    fn new(hours: &Hours, wall: Timestamp, now: Instant) -> Option<Self> {
        let until = hours.next_opening(wall).unwrap_or(Timestamp::MAX);
        let wait = Duration::try_from(until.duration_since(wall))
            .ok()
            .filter(|wait| !wait.is_zero())?;
        Some(Self {
            until,
            check_at: now + wait.min(TIME_BETWEEN_CHECKS),
        })
    }
}

impl Obstacle {
    /// Creates the obstacle of `problem`, tracked by `timer`.
    fn new(reason: WaitReason, timer: &OutageTimer, problem: &Problem, now: Now) -> Self {
        let since = timer.since().unwrap_or(now.instant);
        let age = now.instant.saturating_duration_since(since);
        Self {
            reason,
            since: from_millis(now.unix_millis)
                .saturating_sub(age)
                .unwrap_or(Timestamp::MIN),
            problem: problem.clone(),
        }
    }

    fn describe(&self, zone: &TimeZone) -> Message {
        let problem = self.problem.message.clone();
        if self.reason == WaitReason::Network {
            return msg!(
                "{problem}; unreachable since {time}",
                problem,
                time = second_value(zone, self.since)
            );
        }
        problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn closed(wall: &str, now: Instant) -> Option<OutsideHours> {
        let kept = r#"{"between":["07:00-19:00"],"not_on":[],"time_zone":"America/Bogota"}"#;
        OutsideHours::new(&serde_json::from_str(kept).unwrap(), at(wall), now)
    }

    #[test]
    fn hours_are_checked_periodically_and_at_opening() {
        let now = Instant::now();
        let until = at("2026-11-20T07:00:00-05");
        let in_time = |check_at| Some(OutsideHours { until, check_at });
        assert_eq!(
            closed("2026-11-20T05:00:00-05", now),
            in_time(now + TIME_BETWEEN_CHECKS)
        );
        assert_eq!(
            closed("2026-11-20T06:59:58-05", now),
            in_time(now + Duration::from_secs(2))
        );
        assert_eq!(closed("2026-11-20T07:00:00-05", now), None);
        assert_eq!(closed("2026-11-20T18:59:59-05", now), None);
        let tomorrow = closed("2026-11-20T19:00:00-05", now).map(|closed| closed.until);
        assert_eq!(tomorrow, Some(at("2026-11-21T07:00:00-05")));
    }

    #[test]
    fn limit_wait_ends_within_sending_hours() {
        let kept = r#"{"between":["00:00-00:01"],"not_on":[],"time_zone":"UTC"}"#;
        let hours: Hours = serde_json::from_str(kept).unwrap();
        let now = clock::now();
        let limit = Duration::from_secs(25 * 60 * 60);
        let limits = RunLimits {
            concurrency: 1,
            max_wait: limit,
            hours: Some(hours.clone()),
            zone: TimeZone::get("America/Guayaquil").unwrap(),
            keep_going: true,
        };
        let mut throttle = Throttle::new(limits, true, now.instant);
        throttle.check_hours(now);
        let wait = throttle
            .wait(now.instant + limit, Delay::MessagingLimit, now)
            .unwrap();
        let until = at(&wait.until);
        assert!(
            wait.reason == WaitReason::MessagingLimit
                && until >= from_millis(now.unix_millis) + limit / 25 * 24,
            "{wait:?}"
        );
        assert_eq!(hours.next_opening(until), Some(until));
        assert!(
            wait.duration_text.to_string().ends_with(":00 -05:00"),
            "{}",
            wait.duration_text
        );
    }
}
