//! How fast requests leave: each has its time at the rate, which falls when the API says that it is too much and comes
//! back slowly. Who is late, since the machine is busy, catches up; a generic cell rate algorithm holds that back, so that
//! in no second more than a tenth above the rate leaves.

use std::time::{Duration, Instant};

/// How late the rows may be and still catch up: what a machine that was busy for longer than this has missed is forgotten.
const LONGEST_DELAY_TO_MAKE_UP: Duration = Duration::from_secs(1);
/// Who catches up is faster than the rate by this much. With what may leave at once, that is a tenth in any second.
const CATCHING_UP: f64 = 1.05;
/// How much may leave at once, as the time in which it would leave while catching up: 1.05 × (1 s + 45 ms) is 1.1 s.
const BURST: Duration = Duration::from_millis(45);
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
    /// The time of the next request at the rate.
    due: Instant,
    /// When the next one would leave if none had come early, where all of them catch up.
    spread: Instant,
    stopped_until: Instant,
    cut_at: Option<Instant>,
    regained_at: Instant,
}

impl Pace {
    /// `rate` is in requests a second, and positive.
    pub(crate) fn new(rate: f64, now: Instant) -> Self {
        Self { full: rate, rate, due: now, spread: now, stopped_until: now, cut_at: None, regained_at: now }
    }

    pub(crate) fn ready_at(&self) -> Instant {
        self.due.max(self.spread_ready_at()).max(self.stopped_until)
    }

    /// How many may leave now.
    pub(crate) fn available(&self, now: Instant) -> usize {
        if self.ready_at() > now {
            return 0;
        }
        let by = |ready_at: Instant, interval: Duration| {
            let more = now.saturating_duration_since(ready_at).as_nanos() / interval.as_nanos().max(1);
            usize::try_from(more).unwrap_or(usize::MAX).saturating_add(1)
        };
        let spread_ready_at = self.spread_ready_at().max(now.checked_sub(self.early()).unwrap_or(now));
        by(self.due.max(earliest(now)), self.interval()).min(by(spread_ready_at, self.spread_interval()))
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
        self.due = self.due.max(earliest(now)) + self.interval();
        self.spread = self.spread.max(now) + self.spread_interval();
    }

    /// No request could have left from `since` until `now`, whatever the pace: that is not made up for.
    pub(crate) fn pass_over(&mut self, since: Instant, now: Instant) {
        self.due = (self.due + now.saturating_duration_since(since)).min(self.due.max(now));
    }

    /// The API says that it is too much.
    pub(crate) fn cut(&mut self, now: Instant) {
        if self.cut_at.is_none_or(|cut_at| now.duration_since(cut_at) >= TIME_BETWEEN_CUTS) {
            self.rate = (self.rate * PART_LEFT_BY_A_CUT).max(self.full * LOWEST_PART);
            self.cut_at = Some(now);
            self.regained_at = now;
            // What was missed at the old rate is not made up for.
            self.due = self.due.max(now);
        }
    }

    /// Nobody leaves for `wait`.
    pub(crate) fn stop(&mut self, now: Instant, wait: Duration) {
        // A wait too long to be reckoned with is a day: a signal ends it.
        let until = now.checked_add(wait).unwrap_or(now + Duration::from_secs(24 * 60 * 60));
        self.stopped_until = self.stopped_until.max(until);
        self.due = self.due.max(self.stopped_until);
    }

    fn interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate)
    }

    fn spread_interval(&self) -> Duration {
        self.interval().div_f64(CATCHING_UP)
    }

    fn spread_ready_at(&self) -> Instant {
        self.spread.checked_sub(self.early()).unwrap_or(self.spread)
    }

    fn early(&self) -> Duration {
        BURST.mul_f64(self.rate / self.full)
    }
}

/// Who had his time before this is too late to catch up from there.
fn earliest(now: Instant) -> Instant {
    now.checked_sub(LONGEST_DELAY_TO_MAKE_UP).unwrap_or(now)
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

    /// When each leaves within ten seconds, where who waits is woken late by each of `delays` in turn, in milliseconds.
    fn instants_of_late_wakes(rate: f64, delays: &[u64]) -> Vec<Duration> {
        let start = Instant::now();
        let mut pace = Pace::new(rate, start);
        let mut instants = Vec::new();
        for delay in delays.iter().cycle() {
            let now = pace.ready_at() + Duration::from_millis(*delay);
            if now >= start + Duration::from_secs(10) {
                break;
            }
            for _ in 0..pace.available(now) {
                assert!(pace.ready_at() <= now);
                pace.take(now);
                instants.push(now - start);
            }
            assert!(pace.ready_at() > now, "more were ready than are available");
        }
        instants
    }

    #[test]
    fn a_busy_machine_keeps_the_rate_and_no_second_has_a_tenth_more() {
        let one_long_wait = [vec![400], vec![0; 250_000]].concat();
        for delays in [&[0][..], &[3], &[0, 0, 1, 12, 40], &[25, 1], &[40, 45, 30], &one_long_wait] {
            for rate in [20_u32, 200, 1_000, 20_000] {
                let instants = instants_of_late_wakes(rate.into(), delays);
                let least = usize::try_from(rate).unwrap() * 98 / 10;
                assert!(instants.len() >= least, "{rate}/s, {:?}: {} in ten seconds", &delays[..1], instants.len());
                let most = usize::try_from(rate).unwrap() * 11 / 10;
                for (at, first) in instants.iter().enumerate() {
                    let second = instants[at..].partition_point(|instant| *instant < *first + Duration::from_secs(1));
                    assert!(second <= most, "{rate}/s, {:?}: {second} in the second from {first:?}", &delays[..1]);
                }
            }
        }
    }

    #[test]
    fn what_was_missed_for_long_or_by_a_stop_is_not_made_up_for() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let counted_after = |mut pace: Pace, from: Instant| count(&mut pace, from, 60 * second);
        let late = counted_after(Pace::new(100.0, start), start + 30 * second);
        assert!((6_090..6_120).contains(&late), "{late}");
        let mut stopped = Pace::new(100.0, start);
        stopped.stop(start, 30 * second);
        let stopped = counted_after(stopped, start + 30 * second);
        assert!((5_990..6_010).contains(&stopped), "{stopped}");
        let mut held = Pace::new(100.0, start);
        held.pass_over(start, start + second / 2);
        let held = counted_after(held, start + second / 2);
        assert!((5_990..6_010).contains(&held), "{held}");
        let mut never_late = Pace::new(100.0, start);
        never_late.take(start);
        let due = never_late.ready_at();
        never_late.pass_over(start, start + second / 1000);
        assert_eq!(never_late.ready_at(), due);
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
        count(&mut pace, now + second, 19 * second);
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
