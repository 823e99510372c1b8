//! Combines the reasons to wait, except the pace: the breaker, rate limits, network outages, and the sending hours. The
//! hours follow the time of day. Its clock continues while the machine sleeps, and someone may set it, so the throttle
//! compares it with the hours for each row, and every few seconds outside the hours.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::base::clock::Now;
use crate::base::message::{Message, msg};
use crate::base::output::{WaitReason, Waiting, duration_value};
use crate::base::timestamps::{from_millis, second_value};
use crate::jelou::api::{Cause, Outcome, PAIR_RATE_LIMIT, Problem, Verdict, backoff};
use crate::runs::hours::SendingHours;
use crate::runs::ledger::{Delay, FinishedRow, PauseReason};

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
    pub(crate) hours: SendingHours,
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

    /// Checks the time of day. Returns whether they have opened since the last check.
    pub(crate) fn check_hours(&mut self, now: Now) -> bool {
        let wall = from_millis(now.unix_millis);
        let closed = OutsideHours::new(&self.limits.hours, wall, now.instant);
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

    /// Records the outcome of a row, and sets when it may be retried. Returns why the run must pause.
    pub(crate) fn note(
        &mut self,
        verdict: &Verdict,
        row: &mut FinishedRow,
        at: Now,
    ) -> Option<PauseReason> {
        let now = at.instant;
        let mut pause = self.breaker.note(&verdict.outcome);
        match (&verdict.outcome, &verdict.problem) {
            (Outcome::Sent { .. } | Outcome::NotSent(Cause::Rejected) | Outcome::Unknown(_), _) => {
                self.rate_limit.renew();
                self.network.renew();
            }
            (Outcome::NotSent(Cause::Network), Some(problem)) => {
                match self.network.note(Duration::ZERO, now) {
                    Some(wait) => self.delay_row(&wait, row),
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
                            self.delay_row(&wait, row);
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
        pause
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
        let end = self.limits.hours.next_opening(end).unwrap_or(end);
        let wait = end.duration_since(wall).unsigned_abs() + Duration::from_millis(500);
        let duration_text = msg!(
            "{time}, until {until}",
            time = duration_value(Duration::from_secs(wait.as_secs())),
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
        let wait = self.limits.hours.wait_until(opening)?;
        let is_new = self.reported_opening.replace(opening) != Some(opening);
        Some(Waiting { is_new, ..wait })
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
    fn new(hours: &SendingHours, wall: Timestamp, now: Instant) -> Option<Self> {
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

/// The number of latest rows for `MAX_UNKNOWN`.
const RECENT_ROWS: usize = 500;
/// The maximum number of unknown rows among the recent ones.
const MAX_UNKNOWN: usize = 10;
/// Rows in flight at the start: one, then ten, until that many have a final outcome.
const FIRST_STAGE: u64 = 1;
const SECOND_STAGE: usize = 10;
/// How many rows may be rejected before the first acceptance: both stages.
const MAX_REJECTED: usize = 1 + SECOND_STAGE;

/// Counts outcomes, and pauses the run if too many are bad.
#[derive(Debug, Default)]
pub(crate) struct CircuitBreaker {
    finals: u64,
    /// Whether each of the last rows is unknown.
    recent: VecDeque<bool>,
    /// How many rows were rejected; None after an acceptance, or if the run continues despite rejections.
    refused: Option<usize>,
}

impl CircuitBreaker {
    /// Creates a breaker. With `stops_refused`, the run pauses if every row is rejected.
    pub(crate) fn new(stops_refused: bool) -> Self {
        Self {
            refused: stops_refused.then_some(0),
            ..Self::default()
        }
    }

    /// Returns how many rows may be in flight, at most `concurrency`.
    fn allowance(&self, concurrency: usize) -> usize {
        let stage_limit = match self.finals {
            finals if finals < FIRST_STAGE => 1,
            finals if finals < FIRST_STAGE + SECOND_STAGE as u64 => SECOND_STAGE.min(concurrency),
            _ => concurrency,
        };
        // No more rows may be in flight than may be rejected.
        self.refused.map_or(stage_limit, |refused| {
            stage_limit.min(MAX_REJECTED.saturating_sub(refused)).max(1)
        })
    }

    /// Records an outcome; returns whether the run must pause.
    pub(crate) fn note(&mut self, outcome: &Outcome) -> Option<PauseReason> {
        match outcome {
            Outcome::NotSent(Cause::Tls | Cause::ProxyRefusal) => {
                return Some(PauseReason::Network);
            }
            Outcome::NotSent(Cause::ProxyCredentials) => {
                return Some(PauseReason::ProxyCredentials);
            }
            Outcome::NotSent(Cause::Credentials) => return Some(PauseReason::Credentials),
            Outcome::NotSent(Cause::Account) => return Some(PauseReason::Account),
            // `OutageTimer` handles faults that may pass.
            Outcome::NotSent(Cause::Network | Cause::Unavailable | Cause::Interrupted(_)) => {}
            Outcome::Sent { .. } => {
                self.refused = None;
                self.note_final(false);
            }
            Outcome::NotSent(Cause::Rejected) => {
                self.note_final(false);
                let refused = self.refused.as_mut()?;
                *refused += 1;
                return (*refused >= MAX_REJECTED).then_some(PauseReason::AllRejected);
            }
            Outcome::Unknown(_) => {
                self.note_final(true);
                let unknown = self.recent.iter().filter(|unknown| **unknown).count();
                return (self.finals == FIRST_STAGE || unknown > MAX_UNKNOWN)
                    .then_some(PauseReason::Unknown);
            }
        }
        None
    }

    fn note_final(&mut self, unknown: bool) {
        self.finals += 1;
        self.recent.push_back(unknown);
        if self.recent.len() > RECENT_ROWS {
            self.recent.pop_front();
        }
    }
}

/// Tracks one obstacle: a rate limit, or a network outage.
#[derive(Debug)]
pub(crate) struct OutageTimer {
    /// How long the run continues while every row meets the obstacle.
    max_wait: Duration,
    /// Since when every row has met the obstacle.
    since: Option<Instant>,
    /// How many rows have met it since then.
    rows: u32,
    /// How often the run has waited since then.
    waits: u32,
    /// When the last wait ends.
    until: Option<Instant>,
}

/// A wait for an obstacle to pass.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OutageWait {
    pub(crate) until: Instant,
    /// Whether all rows wait: the API asks for it, or several rows met the obstacle.
    pub(crate) is_for_all: bool,
}

impl OutageTimer {
    pub(crate) fn new(max_wait: Duration) -> Self {
        Self {
            max_wait,
            since: None,
            rows: 0,
            waits: 0,
            until: None,
        }
    }

    /// Starts again, after a row that did not meet the obstacle.
    fn renew(&mut self) {
        *self = Self::new(self.max_wait);
    }

    /// Returns whether to try a single row, because all the latest rows met the obstacle.
    fn is_probing(&self) -> bool {
        self.waits > 1
    }

    /// Returns the time since when every row has met the obstacle.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.since
    }

    /// Records that a row met the obstacle. `asked` is the wait that the API requests; zero for none. Returns None if
    /// the run must not wait that long.
    pub(crate) fn note(&mut self, asked: Duration, now: Instant) -> Option<OutageWait> {
        let since = *self.since.get_or_insert(now);
        self.rows = self.rows.saturating_add(1);
        // Count the responses to one burst as one wait.
        let running = self.until.filter(|until| *until > now);
        if running.is_none() {
            self.waits += 1;
        }
        let wait = match running {
            Some(until) if asked.is_zero() => until.duration_since(now),
            _ => backoff(asked, self.waits),
        };
        if wait > self.max_wait.saturating_sub(now.duration_since(since)) {
            return None;
        }
        let until = now + wait;
        self.until = self.until.max(Some(until));
        Some(OutageWait {
            until,
            is_for_all: !asked.is_zero() || self.rows > 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::base::clock;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn closed(wall: &str, now: Instant) -> Option<OutsideHours> {
        let kept = r#"{"between":["07:00-19:00"],"not_on":[],"time_zone":"America/Bogota"}"#;
        let hours = SendingHours::new(serde_json::from_str(kept).unwrap(), None);
        OutsideHours::new(&hours, at(wall), now)
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
        let hours = SendingHours::new(serde_json::from_str(kept).unwrap(), None);
        let now = clock::now();
        let limit = Duration::from_secs(25 * 60 * 60);
        let limits = RunLimits {
            concurrency: 1,
            max_wait: limit,
            hours: hours.clone(),
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

    const SENT: Outcome = Outcome::Sent { message_id: None };
    const UNKNOWN_ROW: Outcome = Outcome::Unknown(None);

    #[test]
    fn breaker_allows_one_then_ten_then_all() {
        let mut breaker = CircuitBreaker::default();
        let mut seen = Vec::new();
        for _ in 0..13 {
            seen.push(breaker.allowance(64));
            assert_eq!(breaker.note(&SENT), None);
        }
        assert_eq!(seen, [1, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 64, 64]);
        assert_eq!(CircuitBreaker::default().allowance(64), 1);
    }

    #[test]
    fn breaker_pauses_on_faults_of_every_row() {
        assert_eq!(
            CircuitBreaker::default().note(&UNKNOWN_ROW),
            Some(PauseReason::Unknown)
        );
        assert_eq!(
            CircuitBreaker::default().note(&Outcome::NotSent(Cause::Credentials)),
            Some(PauseReason::Credentials)
        );
        assert_eq!(
            CircuitBreaker::default().note(&Outcome::NotSent(Cause::Account)),
            Some(PauseReason::Account)
        );
        assert_eq!(
            CircuitBreaker::default().note(&Outcome::NotSent(Cause::Rejected)),
            None
        );
        for cause in [Cause::Tls, Cause::ProxyRefusal] {
            assert_eq!(
                CircuitBreaker::default().note(&Outcome::NotSent(cause)),
                Some(PauseReason::Network)
            );
        }
        let mut breaker = CircuitBreaker::default();
        for _ in 0..100 {
            assert_eq!(
                breaker.note(&Outcome::NotSent(Cause::Network)),
                None,
                "that may pass"
            );
        }
    }

    #[test]
    fn breaker_pauses_after_eleven_rejections_without_acceptance() {
        let rejected = Outcome::NotSent(Cause::Rejected);
        let mut breaker = CircuitBreaker::new(true);
        for refused in 0..10 {
            assert!(breaker.allowance(64) <= 11 - refused);
            assert_eq!(breaker.note(&rejected), None);
        }
        assert_eq!(breaker.note(&rejected), Some(PauseReason::AllRejected));
        let mut once_accepted = CircuitBreaker::new(true);
        let mut keeps_going = CircuitBreaker::new(false);
        once_accepted.note(&SENT);
        for _ in 0..20 {
            assert_eq!(once_accepted.note(&rejected), None);
            assert_eq!(keeps_going.note(&rejected), None);
        }
    }

    #[test]
    fn ten_unknown_of_five_hundred_are_allowed() {
        let mut breaker = CircuitBreaker::default();
        for _ in 0..20 {
            for _ in 0..49 {
                assert_eq!(breaker.note(&SENT), None);
            }
            assert_eq!(breaker.note(&UNKNOWN_ROW), None);
        }
        assert_eq!(breaker.note(&UNKNOWN_ROW), Some(PauseReason::Unknown));
    }

    const SECOND: Duration = Duration::from_secs(1);
    const QUARTER: Duration = Duration::from_secs(15 * 60);

    #[test]
    fn rate_limit_wait_doubles_until_a_success() {
        let mut limit = OutageTimer::new(QUARTER);
        let mut now = Instant::now();
        let mut is_first = true;
        for longest in [500, 1000, 2000, 4000, 8000, 8000] {
            let wait = limit.note(Duration::ZERO, now).unwrap();
            let waited = (wait.until - now).as_millis();
            assert!(
                (longest / 2..=longest).contains(&waited),
                "{waited} of {longest}"
            );
            assert_eq!(wait.is_for_all, !is_first);
            is_first = false;
            // The other responses to the same burst.
            let other = limit.note(Duration::ZERO, now).unwrap();
            assert_eq!(
                other,
                OutageWait {
                    until: wait.until,
                    is_for_all: true
                }
            );
            now = wait.until;
        }
        assert!(limit.is_probing());
        limit.renew();
        assert!(!limit.is_probing());
        assert!(limit.note(Duration::ZERO, now).unwrap().until - now <= SECOND / 2);
    }

    #[test]
    fn outage_wait_is_honored_up_to_its_maximum() {
        let now = Instant::now();
        let mut limit = OutageTimer::new(QUARTER);
        assert_eq!(
            limit.note(60 * SECOND, now),
            Some(OutageWait {
                until: now + 60 * SECOND,
                is_for_all: true
            })
        );
        assert_eq!(limit.note(QUARTER + SECOND, now), None);
        assert_eq!(limit.note(Duration::MAX, now), None);
        // After fourteen and a half minutes, another minute is too long.
        let later = now + 29 * 30 * SECOND;
        assert_eq!(limit.note(60 * SECOND, later), None);
        limit.renew();
        assert!(limit.note(60 * SECOND, later).is_some());
        assert_eq!(
            OutageTimer::new(Duration::ZERO).note(Duration::ZERO, now),
            None
        );
    }
}
