//! Waits while a rate limit refuses every row, or while the network is down. The waits get longer until a row gets
//! through or the run has waited long enough.

use std::time::{Duration, Instant};

use crate::api::backoff;

/// Tracks one obstacle that rows meet: a rate limit, or a network that is down.
#[derive(Debug)]
pub(crate) struct Patience {
    /// How long the run continues while every row that it tries meets the obstacle.
    max_wait: Duration,
    /// When a row first met the obstacle since one did not.
    since: Option<Instant>,
    /// How many rows met it since then.
    rows: u32,
    /// How often the run has waited since then.
    waits: u32,
    /// When the last wait ends.
    until: Option<Instant>,
}

/// A wait for an obstacle to pass.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ObstacleWait {
    pub(crate) until: Instant,
    /// Whether all rows wait, not only the one that met the obstacle: the API asks for it, or several rows met it.
    pub(crate) is_for_all: bool,
}

impl Patience {
    pub(crate) fn new(max_wait: Duration) -> Self {
        Self { max_wait, since: None, rows: 0, waits: 0, until: None }
    }

    /// A row did not meet the obstacle.
    pub(crate) fn renew(&mut self) {
        *self = Self::new(self.max_wait);
    }

    /// Whether to try a single row, because all of the latest ones met the obstacle.
    pub(crate) fn is_probing(&self) -> bool {
        self.waits > 1
    }

    /// The time since which every row that was tried met the obstacle.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.since
    }

    /// A row met the obstacle, and the API asks to wait for `asked`; zero if it names no time. Returns None if the run
    /// must not wait that long.
    pub(crate) fn note(&mut self, asked: Duration, now: Instant) -> Option<ObstacleWait> {
        let since = *self.since.get_or_insert(now);
        self.rows = self.rows.saturating_add(1);
        // The answers to one burst count as one.
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
        Some(ObstacleWait { until, is_for_all: !asked.is_zero() || self.rows > 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const QUARTER: Duration = Duration::from_secs(15 * 60);

    #[test]
    fn waits_longer_each_time_until_a_row_gets_through() {
        let mut limit = Patience::new(QUARTER);
        let mut now = Instant::now();
        let mut is_first = true;
        for longest in [500, 1000, 2000, 4000, 8000, 8000] {
            let wait = limit.note(Duration::ZERO, now).unwrap();
            let waited = (wait.until - now).as_millis();
            assert!((longest / 2..=longest).contains(&waited), "{waited} of {longest}");
            assert_eq!(wait.is_for_all, !is_first);
            is_first = false;
            // The other answers to the same burst.
            let other = limit.note(Duration::ZERO, now).unwrap();
            assert_eq!(other, ObstacleWait { until: wait.until, is_for_all: true });
            now = wait.until;
        }
        assert!(limit.is_probing());
        limit.renew();
        assert!(!limit.is_probing());
        assert!(limit.note(Duration::ZERO, now).unwrap().until - now <= SECOND / 2);
    }

    #[test]
    fn waits_as_long_as_it_is_asked_to_but_not_longer_than_it_may() {
        let now = Instant::now();
        let mut limit = Patience::new(QUARTER);
        assert_eq!(limit.note(60 * SECOND, now), Some(ObstacleWait { until: now + 60 * SECOND, is_for_all: true }));
        assert_eq!(limit.note(QUARTER + SECOND, now), None);
        assert_eq!(limit.note(Duration::MAX, now), None);
        // After fourteen and a half minutes, another minute is too long.
        let later = now + 29 * 30 * SECOND;
        assert_eq!(limit.note(60 * SECOND, later), None);
        limit.renew();
        assert!(limit.note(60 * SECOND, later).is_some());
        assert_eq!(Patience::new(Duration::ZERO).note(Duration::ZERO, now), None);
    }
}
