//! How fast the rows of a run leave, in every ledger. Rows leave at a rate, which falls when the API asks for a slower
//! pace and recovers slowly. Rows that are late because the machine is busy catch up. A generic cell rate algorithm
//! limits this, so that no second exceeds the rate by more than a tenth.
//!
//! It is a state machine that reads no clock: a state, a time, and the news until then give the next state. A run in a
//! file keeps one. In a database, `exchange` of `postgres/functions.sql` does the same in SQL, and `contract.rs`
//! compares the two.

use std::time::{Duration, Instant};

use super::exchange::SettledRow;

/// How late rows may be and still catch up. A longer delay is not made up for.
const LONGEST_DELAY_TO_MAKE_UP: Duration = Duration::from_secs(1);
/// Rows that catch up are faster than the rate by this factor. Together with a burst, that is a tenth in any second.
const CATCHING_UP: f64 = 1.05;
/// How much may leave at once, as the time that it takes while catching up: 1.05 × (1 s + 45 ms) is 1.1 s.
const BURST: Duration = Duration::from_millis(45);
/// The part of the rate that is left after a cut.
const PART_LEFT_BY_A_CUT: f64 = 0.7;
/// Cuts are at least this far apart: the answers to one burst count as one signal.
const TIME_BETWEEN_CUTS: Duration = Duration::from_secs(1);
/// The part of the full rate that is regained each second.
const REGAINED_A_SECOND: f64 = 0.02;
/// The rate never falls below this part of the full one.
const LOWEST_PART: f64 = 0.02;

/// When the next rows may leave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Rows a second: the full rate, and the current one after any cuts.
    pub(super) full: f64,
    pub(super) rate: f64,
    /// The time of the next row at the rate.
    pub(super) due: Instant,
    /// When the next row would leave if none had left early and all of them were catching up.
    pub(super) spread: Instant,
    pub(super) stopped_until: Instant,
    pub(super) cut_at: Option<Instant>,
    /// When the rate had this value.
    pub(super) at: Instant,
}

/// News from the API about the pace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PaceNews {
    /// The API asks for a slower pace.
    pub(super) is_too_much: bool,
    /// The API takes nothing until this time.
    pub(super) stopped_until: Option<Instant>,
}

impl PaceNews {
    /// The news in these rows.
    pub(super) fn of<'a>(settled: impl IntoIterator<Item = &'a SettledRow>) -> Self {
        settled.into_iter().fold(Self::default(), |news, row| Self {
            is_too_much: news.is_too_much || row.slows,
            stopped_until: news.stopped_until.max(row.stopped_until),
        })
    }
}

impl Pace {
    /// `rate` is in rows a second, and positive.
    pub(crate) fn new(rate: f64, now: Instant) -> Self {
        Self { full: rate, rate, due: now, spread: now, stopped_until: now, cut_at: None, at: now }
    }

    /// Advances to `now`, and applies the news.
    pub(crate) fn hear(&mut self, news: PaceNews, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.rate = (self.rate + REGAINED_A_SECOND * self.full * passed).min(self.full);
        self.at = now;
        if news.is_too_much && self.cut_at.is_none_or(|cut_at| now.duration_since(cut_at) > TIME_BETWEEN_CUTS) {
            self.rate = (self.rate * PART_LEFT_BY_A_CUT).max(self.full * LOWEST_PART);
            self.cut_at = Some(now);
            // Rows missed at the old rate are not made up for.
            self.due = self.due.max(now);
        }
        if let Some(until) = news.stopped_until {
            self.stopped_until = self.stopped_until.max(until);
            self.due = self.due.max(self.stopped_until);
        }
        let before = |time: Duration| now.checked_sub(time).unwrap_or(now);
        self.due = self.due.max(before(LONGEST_DELAY_TO_MAKE_UP));
        self.spread = self.spread.max(before(self.early()));
    }

    /// When the next row may leave.
    pub(crate) fn ready_at(&self) -> Instant {
        self.due.max(self.spread_ready_at()).max(self.stopped_until)
    }

    /// How many rows may leave now, after `hear` was called for `now`.
    pub(crate) fn available(&self, now: Instant) -> usize {
        if self.ready_at() > now {
            return 0;
        }
        let by = |ready_at: Instant, interval: Duration| {
            let more = now.saturating_duration_since(ready_at).as_nanos() / interval.as_nanos().max(1);
            usize::try_from(more).unwrap_or(usize::MAX).saturating_add(1)
        };
        let spread_ready_at = self.spread_ready_at().max(now.checked_sub(self.early()).unwrap_or(now));
        by(self.due, self.interval()).min(by(spread_ready_at, self.spread_interval()))
    }

    /// Takes `rows` rows, which leave now.
    pub(crate) fn take(&mut self, rows: usize, now: Instant) {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        self.due += self.interval() * rows;
        if rows > 0 {
            self.spread = self.spread.max(now) + self.spread_interval() * rows;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NOTHING: PaceNews = PaceNews { is_too_much: false, stopped_until: None };

    /// Takes as many rows as may leave, and returns their number.
    fn take_all(pace: &mut Pace, now: Instant) -> usize {
        pace.hear(NOTHING, now);
        let rows = pace.available(now);
        pace.take(rows, now);
        rows
    }

    /// How many rows leave within `time`, if each leaves as soon as it may and the clock is read every millisecond.
    fn count(pace: &mut Pace, from: Instant, time: Duration) -> usize {
        let milliseconds = u64::try_from(time.as_millis()).unwrap();
        (0..milliseconds).map(|millisecond| take_all(pace, from + Duration::from_millis(millisecond))).sum()
    }

    /// When each row leaves within ten seconds, if the sender is woken late by each of `delays` in turn, in
    /// milliseconds.
    fn instants_of_late_wakes(rate: f64, delays: &[u64]) -> Vec<Duration> {
        let start = Instant::now();
        let mut pace = Pace::new(rate, start);
        let mut instants = Vec::new();
        for delay in delays.iter().cycle() {
            let now = pace.ready_at() + Duration::from_millis(*delay);
            if now >= start + 10 * SECOND {
                break;
            }
            let rows = take_all(&mut pace, now);
            instants.extend(vec![now - start; rows]);
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
                    let second = instants[at..].partition_point(|instant| *instant < *first + SECOND);
                    assert!(second <= most, "{rate}/s, {:?}: {second} in the second from {first:?}", &delays[..1]);
                }
            }
        }
    }

    #[test]
    fn what_was_missed_for_long_or_by_a_stop_is_not_made_up_for() {
        let start = Instant::now();
        let late = count(&mut Pace::new(100.0, start), start + 30 * SECOND, 60 * SECOND);
        assert!((6_090..6_120).contains(&late), "{late}");
        let mut stopped = Pace::new(100.0, start);
        stopped.hear(PaceNews { stopped_until: Some(start + 30 * SECOND), ..NOTHING }, start);
        assert_eq!(count(&mut stopped, start, 30 * SECOND), 0);
        let counted = count(&mut stopped, start + 30 * SECOND, 60 * SECOND);
        assert!((5_990..6_010).contains(&counted), "{counted}");
    }
}
