//! Decides what a run does about a fault that would affect all later rows: it pauses, or waits. During a rate limit or a
//! network outage, each wait is longer, until a row gets through or the run has waited long enough.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::jelou::api::{Cause, Outcome, backoff};
use crate::runs::ledger::PauseReason;

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
    pub(crate) fn allowance(&self, concurrency: usize) -> usize {
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
    pub(crate) fn renew(&mut self) {
        *self = Self::new(self.max_wait);
    }

    /// Returns whether to try a single row, because all the latest rows met the obstacle.
    pub(crate) fn is_probing(&self) -> bool {
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
    use super::*;

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
