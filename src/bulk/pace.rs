//! How fast requests leave: a generic cell rate algorithm whose rate falls when the API says that it is too much, and
//! comes back slowly.

use std::time::{Duration, Instant};

/// How much may leave at once, as the time in which it would leave at the rate.
const BURST: Duration = Duration::from_millis(10);
/// What is left of the rate after a cut.
const PART_LEFT_BY_A_CUT: f64 = 0.7;
/// Cuts are at least so far apart: the answers to one burst are one message.
const TIME_BETWEEN_CUTS: Duration = Duration::from_secs(1);
/// What of the full rate comes back in a second.
const REGAINED_A_SECOND: f64 = 0.02;
/// The rate never falls below this part of the full one.
const LOWEST_PART: f64 = 0.02;

/// When the next request may leave.
#[derive(Debug)]
pub(crate) struct Pace {
    full: f64,
    rate: f64,
    /// When the next request would leave if none had come early.
    due: Instant,
    stopped_until: Instant,
    cut_at: Option<Instant>,
    regained_at: Instant,
}

impl Pace {
    /// `rate` is in requests a second, and positive.
    pub(crate) fn new(rate: f64, now: Instant) -> Self {
        Self { full: rate, rate, due: now, stopped_until: now, cut_at: None, regained_at: now }
    }

    pub(crate) fn ready_at(&self) -> Instant {
        let early = (BURST.mul_f64(self.rate / self.full)).saturating_sub(self.interval());
        self.due.checked_sub(early).unwrap_or(self.due).max(self.stopped_until)
    }

    /// Until when nobody leaves, whatever the rate.
    pub(crate) fn stopped_until(&self) -> Instant {
        self.stopped_until
    }

    /// A request leaves.
    pub(crate) fn take(&mut self, now: Instant) {
        let regained = REGAINED_A_SECOND * self.full * now.duration_since(self.regained_at).as_secs_f64();
        self.rate = (self.rate + regained).min(self.full);
        self.regained_at = now;
        self.due = self.due.max(now) + self.interval();
    }

    /// The API says that it is too much.
    pub(crate) fn cut(&mut self, now: Instant) {
        if self.cut_at.is_none_or(|cut_at| now.duration_since(cut_at) >= TIME_BETWEEN_CUTS) {
            self.rate = (self.rate * PART_LEFT_BY_A_CUT).max(self.full * LOWEST_PART);
            self.cut_at = Some(now);
            self.regained_at = now;
        }
    }

    /// Nobody leaves for `wait`.
    pub(crate) fn stop(&mut self, now: Instant, wait: Duration) {
        // A wait too long to be reckoned with is a day: a signal ends it.
        let until = now.checked_add(wait).unwrap_or(now + Duration::from_secs(24 * 60 * 60));
        self.stopped_until = self.stopped_until.max(until);
    }

    fn interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many leave within `time`, when each leaves as soon as it may and the clock is read every millisecond.
    fn count(pace: &mut Pace, from: Instant, time: Duration) -> u32 {
        let mut count = 0;
        for millisecond in 0..u64::try_from(time.as_millis()).unwrap() {
            let now = from + Duration::from_millis(millisecond);
            while pace.ready_at() <= now {
                pace.take(now);
                count += 1;
            }
        }
        count
    }

    #[test]
    fn keeps_the_rate_however_coarse_the_clock() {
        for (rate, expected) in [(5.0, 50), (100.0, 1_000), (1_000.0, 10_000), (20_000.0, 200_000)] {
            let now = Instant::now();
            let mut pace = Pace::new(rate, now);
            let counted = count(&mut pace, now, Duration::from_secs(10));
            assert!(counted.abs_diff(expected) <= expected / 50, "{rate}: {counted}");
        }
    }

    #[test]
    fn falls_once_a_second_and_comes_back_slowly() {
        let now = Instant::now();
        let mut pace = Pace::new(1_000.0, now);
        pace.cut(now);
        pace.cut(now);
        let second = Duration::from_secs(1);
        let counted = count(&mut pace, now, second);
        assert!((690..730).contains(&counted), "{counted}");
        let counted = count(&mut pace, now + 20 * second, second);
        assert!((990..1020).contains(&counted), "{counted}");
    }

    #[test]
    fn nobody_leaves_before_the_api_says_so() {
        let now = Instant::now();
        let mut pace = Pace::new(1_000.0, now);
        pace.stop(now, Duration::from_secs(2));
        assert_eq!(pace.ready_at(), now + Duration::from_secs(2));
        pace.stop(now, Duration::MAX);
        assert!(pace.ready_at() > now + Duration::from_secs(60 * 60));
    }
}
