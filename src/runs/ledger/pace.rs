//! The common pace of all processes that send a run. Rows are sent at a rate. The rate falls when
//! the API asks for a slower pace, and recovers slowly. Rows that are late because the machine is
//! busy catch up. A generic cell rate algorithm limits this, so that no second exceeds the rate by
//! more than a tenth.
//!
//! [`Pace`] is a state machine that reads no clock. The next state follows from a state, a time and
//! the news until then. Times are milliseconds since 1970, by the clock of the ledger. The ledger
//! keeps the state as JSON.

use serde::{Deserialize, Serialize};

/// In milliseconds: rows catch up at most this long a delay.
const LONGEST_DELAY_TO_MAKE_UP: f64 = 1000.0;
/// Rows that catch up are faster than the rate by this factor. Together with a burst, that is a
/// tenth in any second.
const CATCHING_UP: f64 = 1.05;
/// How much may be sent in one burst, as the time that it takes while catching up. In any second,
/// this makes 1.05 × (1 s + 45 ms), which is 1.1 s.
const BURST: f64 = 45.0;
/// A cut multiplies the rate by this.
const PART_LEFT_BY_A_CUT: f64 = 0.7;
/// Cuts are at least this far apart, because the responses to one burst count as one signal.
const TIME_BETWEEN_CUTS: f64 = 1000.0;
/// The part of the full rate that is regained each second.
const REGAINED_A_SECOND: f64 = 0.02;
/// The rate never falls below this part of the full one.
const LOWEST_PART: f64 = 0.02;

/// Decides when the next rows may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Pace {
    /// Rows a second: the full rate, and the current one after any cuts.
    pub(super) full: f64,
    pub(super) rate: f64,
    /// The time of the next row at the rate.
    pub(super) due: f64,
    /// The time of the next row if all rows were late and caught up.
    pub(super) spread: f64,
    pub(super) stopped_until: f64,
    pub(super) cut_at: f64,
    /// The time when the rate had this value.
    pub(super) at: f64,
}

/// A change of pace that the API requests.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct PaceUpdate {
    /// The API asks for a slower pace.
    pub(super) is_rate_limited: bool,
    /// The API accepts nothing until this time; zero if it did not say.
    pub(super) stopped_until: f64,
}

/// Converts a time of the ledger into a time of a pace.
#[expect(
    clippy::cast_precision_loss,
    reason = "a time in milliseconds is exact"
)]
pub(super) fn moment(at: i64) -> f64 {
    at as f64
}

impl Pace {
    /// Creates the pace of a run. `rate` is in rows a second, and positive.
    pub(crate) fn new(rate: f64, now: f64) -> Self {
        Self {
            full: rate,
            rate,
            due: now,
            spread: now,
            stopped_until: 0.0,
            cut_at: 0.0,
            at: now,
        }
    }

    /// Sets another full rate, without recovery time.
    pub(super) fn with_rate(self, rate: f64, now: f64) -> Self {
        Self {
            full: rate,
            rate,
            due: self.due.max(now),
            ..self
        }
    }

    /// Advances to `now`, and applies the news. If the clock was set back, no wait becomes longer.
    pub(crate) fn apply(&mut self, news: PaceUpdate, now: f64) {
        let back = (self.at - now).max(0.0);
        for time in [
            &mut self.due,
            &mut self.spread,
            &mut self.stopped_until,
            &mut self.cut_at,
            &mut self.at,
        ] {
            *time -= back;
        }
        self.rate =
            (self.rate + REGAINED_A_SECOND * self.full * (now - self.at) / 1000.0).min(self.full);
        self.at = now;
        if news.is_rate_limited && now - self.cut_at > TIME_BETWEEN_CUTS {
            self.rate = (self.rate * PART_LEFT_BY_A_CUT).max(self.full * LOWEST_PART);
            self.cut_at = now;
            // Rows that were missed at the old rate do not catch up.
            self.due = self.due.max(now);
        }
        self.stopped_until = self.stopped_until.max(news.stopped_until);
        self.due = self
            .due
            .max(self.stopped_until)
            .max(now - LONGEST_DELAY_TO_MAKE_UP);
        self.spread = self.spread.max(now - self.early());
    }

    /// Returns the time when the next row may be sent.
    pub(crate) fn ready_at(&self) -> f64 {
        self.due
            .max(self.spread - self.early())
            .max(self.stopped_until)
    }

    /// Returns how many rows may be sent now. Call `apply` for `now` first.
    pub(crate) fn available(&self, now: f64) -> usize {
        if self.ready_at() > now {
            return 0;
        }
        let spread_ready_at = (self.spread - self.early()).max(now - self.early());
        let more = ((now - self.due) / self.interval())
            .min((now - spread_ready_at) / self.interval() * CATCHING_UP);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float that is too large saturates"
        )]
        let more = more as usize;
        more.saturating_add(1)
    }

    /// Records that `rows` rows are sent now.
    pub(crate) fn count_rows(&mut self, rows: usize, now: f64) {
        #[expect(clippy::cast_precision_loss, reason = "there are not that many rows")]
        let time = self.interval() * rows as f64;
        if rows > 0 {
            self.due += time;
            self.spread = self.spread.max(now) + time / CATCHING_UP;
        }
    }

    /// Returns the time between two rows.
    fn interval(&self) -> f64 {
        1000.0 / self.rate
    }

    fn early(&self) -> f64 {
        BURST * self.rate / self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: f64 = 1000.0;
    const START: f64 = 1_793_500_000_000.0;

    /// Takes as many rows as may be sent, and returns their number.
    fn take_all(pace: &mut Pace, now: f64) -> usize {
        pace.apply(PaceUpdate::default(), now);
        let rows = pace.available(now);
        pace.count_rows(rows, now);
        rows
    }

    /// Counts the rows that are sent within `time`, if each is sent immediately and the clock is
    /// read every millisecond.
    fn count(pace: &mut Pace, from: f64, milliseconds: u32) -> usize {
        (0..milliseconds)
            .map(|millisecond| take_all(pace, from + f64::from(millisecond)))
            .sum()
    }

    /// Returns the time of each row within ten seconds, if the sender wakes up late by each of
    /// `delays` in turn, in milliseconds.
    fn send_times_with_late_wakes(rate: f64, delays: &[u32]) -> Vec<f64> {
        let mut pace = Pace::new(rate, START);
        let mut instants = Vec::new();
        for delay in delays.iter().cycle() {
            let now = pace.ready_at() + f64::from(*delay);
            if now >= START + 10.0 * SECOND {
                break;
            }
            let rows = take_all(&mut pace, now);
            instants.extend(vec![now - START; rows]);
            assert!(pace.ready_at() > now, "more were ready than are available");
        }
        instants
    }

    #[test]
    fn busy_machine_keeps_rate_without_bursts() {
        let one_long_wait = [vec![400], vec![0; 250_000]].concat();
        for delays in [
            &[0][..],
            &[3],
            &[0, 0, 1, 12, 40],
            &[25, 1],
            &[40, 45, 30],
            &one_long_wait,
        ] {
            for rate in [20_u32, 200, 1_000, 20_000] {
                let instants = send_times_with_late_wakes(rate.into(), delays);
                let min = usize::try_from(rate).unwrap() * 98 / 10;
                assert!(
                    instants.len() >= min,
                    "{rate}/s, {:?}: {} in ten seconds",
                    &delays[..1],
                    instants.len()
                );
                let max = usize::try_from(rate).unwrap() * 11 / 10;
                for (at, first) in instants.iter().enumerate() {
                    let second =
                        instants[at..].partition_point(|instant| *instant < *first + SECOND);
                    assert!(
                        second <= max,
                        "{rate}/s, {:?}: {second} in the second from {first:?}",
                        &delays[..1]
                    );
                }
            }
        }
    }

    #[test]
    fn long_delays_and_stops_cause_no_catch_up() {
        let late = count(&mut Pace::new(100.0, START), START + 30.0 * SECOND, 60_000);
        assert!((6_090..6_120).contains(&late), "{late}");
        let mut stopped = Pace::new(100.0, START);
        let news = PaceUpdate {
            is_rate_limited: false,
            stopped_until: START + 30.0 * SECOND,
        };
        stopped.apply(news, START);
        assert_eq!(count(&mut stopped, START, 30_000), 0);
        let counted = count(&mut stopped, START + 30.0 * SECOND, 60_000);
        assert!((5_990..6_010).contains(&counted), "{counted}");
    }

    #[test]
    fn pace_ignores_clock_that_goes_back() {
        let mut pace = Pace::new(100.0, START);
        let before = count(&mut pace, START, 1_000);
        let after = count(&mut pace, START - 600.0 * SECOND, 1_000);
        assert!(before.abs_diff(after) < 10, "{before} {after}");
    }

    /// A pace, its news, and the result. Times are in milliseconds from now.
    #[derive(Debug)]
    struct PaceCase {
        /// The full rate is 100.
        rate: f64,
        due: f64,
        spread: f64,
        stopped_until: f64,
        cut_at: f64,
        /// The time when the rate had this value.
        at: f64,
        is_rate_limited: bool,
        stop: f64,
        wanted: usize,
        /// How many rows may be sent, and the rate and the time of the next row after that.
        given: usize,
        rate_after: f64,
        ready: f64,
    }

    /// A pace at the full rate without late rows.
    const FULL: PaceCase = PaceCase {
        rate: 100.0,
        due: 0.0,
        spread: 0.0,
        stopped_until: -9_999.0,
        cut_at: -9_999.0,
        at: 0.0,
        is_rate_limited: false,
        stop: 0.0,
        wanted: 64,
        given: 1,
        rate_after: 100.0,
        ready: 10.0,
    };

    const PACES: [PaceCase; 15] = [
        FULL,
        PaceCase {
            wanted: 0,
            given: 0,
            ready: 0.0,
            ..FULL
        },
        PaceCase {
            due: 7.0,
            given: 0,
            ready: 7.0,
            ..FULL
        },
        // Late rows catch up, a burst at a time and 5% faster, for at most one second of delay.
        PaceCase {
            due: -25.0,
            spread: -25.0,
            given: 3,
            ready: 5.0,
            ..FULL
        },
        PaceCase {
            due: -25.0,
            spread: -25.0,
            wanted: 2,
            given: 2,
            ready: -5.0,
            ..FULL
        },
        PaceCase {
            due: -9_000.0,
            spread: -9_000.0,
            given: 5,
            ready: 2.619,
            ..FULL
        },
        PaceCase {
            due: -9_000.0,
            spread: 48.0,
            given: 0,
            ready: 3.0,
            ..FULL
        },
        // The rate is cut at most once a second, and not below 1/50 of the full rate. After a cut, no burst makes up
        // for overdue rows.
        PaceCase {
            is_rate_limited: true,
            rate_after: 70.0,
            ready: 14.286,
            ..FULL
        },
        PaceCase {
            due: -500.0,
            is_rate_limited: true,
            rate_after: 70.0,
            ready: 14.286,
            ..FULL
        },
        PaceCase {
            rate: 70.0,
            cut_at: -400.0,
            is_rate_limited: true,
            rate_after: 70.0,
            ready: 14.286,
            ..FULL
        },
        PaceCase {
            rate: 70.0,
            cut_at: -1_500.0,
            at: -1_500.0,
            is_rate_limited: true,
            rate_after: 51.1,
            ready: 19.569,
            ..FULL
        },
        PaceCase {
            rate: 2.5,
            is_rate_limited: true,
            rate_after: 2.0,
            ready: 500.0,
            ..FULL
        },
        // The rate recovers by a fiftieth of the full rate each second, up to the full rate.
        PaceCase {
            rate: 70.0,
            at: -10_000.0,
            rate_after: 90.0,
            ready: 11.111,
            ..FULL
        },
        PaceCase {
            rate: 95.0,
            at: -10_000.0,
            ..FULL
        },
        // The longer of two waits counts.
        PaceCase {
            stopped_until: 5_000.0,
            stop: 2_000.0,
            given: 0,
            ready: 5_000.0,
            ..FULL
        },
    ];

    #[test]
    fn pace_follows_its_table_of_cases() {
        for case in PACES {
            let at = |milliseconds: f64| START + milliseconds;
            let due = at(case.due);
            let spread = at(case.spread);
            let stopped_until = at(case.stopped_until);
            let cut_at = at(case.cut_at);
            let at = at(case.at);
            let mut pace = Pace {
                full: 100.0,
                rate: case.rate,
                due,
                spread,
                stopped_until,
                cut_at,
                at,
            };
            let stopped_until = if case.stop > 0.0 {
                START + case.stop
            } else {
                0.0
            };
            pace.apply(
                PaceUpdate {
                    is_rate_limited: case.is_rate_limited,
                    stopped_until,
                },
                START,
            );
            let given = case.wanted.min(pace.available(START));
            pace.count_rows(given, START);
            assert_eq!(given, case.given, "{case:?}");
            assert!(
                (pace.rate - case.rate_after).abs() < 0.001,
                "{case:?}: {}",
                pace.rate
            );
            let ready = pace.ready_at() - START;
            assert!((ready - case.ready).abs() < 0.001, "{case:?}: {ready}");
        }
    }
}
