//! Holds rows back outside the run's hours. The wall clock counts. It may be changed, and it continues while the
//! machine sleeps, so it is read again for each row, and every few seconds while no row may be sent.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::hours::Hours;

/// How often the clock is read, at least, while the hours are closed.
const TIME_BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// Tells whether the hours are open, and when they open.
#[derive(Debug, Default)]
pub(crate) struct HoursGate {
    hours: Option<Hours>,
    /// The last minute that was checked, and when the hours open if they are closed then. The result does not change
    /// within a minute: windows begin and end on a minute, and so do changes of a zone's clock.
    looked: Option<(i64, Option<Timestamp>)>,
}

/// The hours are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    /// When they open.
    pub(crate) until: Timestamp,
    /// When to check again.
    pub(crate) look_at: Instant,
}

impl HoursGate {
    /// For a run with `hours`, or one that may send at any time.
    pub(crate) fn new(hours: Option<Hours>) -> Self {
        Self { hours, looked: None }
    }

    pub(crate) fn hours(&self) -> Option<&Hours> {
        self.hours.as_ref()
    }

    /// Checks whether the hours are closed at `wall`.
    pub(crate) fn look(&mut self, wall: Timestamp, now: Instant) -> Option<Closed> {
        let hours = self.hours.as_ref()?;
        let minute = wall.as_second().div_euclid(60);
        let opening = match self.looked {
            Some((looked, opening)) if looked == minute => opening,
            _ if hours.is_open(wall) => None,
            _ => Some(hours.next_opening(wall).unwrap_or(Timestamp::MAX)),
        };
        self.looked = Some((minute, opening));
        let until = opening?;
        // A time in the past would make the loop spin.
        let wait = Duration::try_from(until.duration_since(wall)).unwrap_or_default().max(Duration::from_millis(1));
        Some(Closed { until, look_at: now + wait.min(TIME_BETWEEN_LOOKS) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> HoursGate {
        let kept = r#"{"between":["07:00-19:00"],"not_on":[],"time_zone":"America/Bogota"}"#;
        HoursGate::new(serde_json::from_str(kept).unwrap())
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn looks_every_few_seconds_and_at_the_opening_itself() {
        let (mut gate, now) = (gate(), Instant::now());
        let until = at("2026-11-20T07:00:00-05");
        let closed = gate.look(at("2026-11-20T05:00:00-05"), now).unwrap();
        assert_eq!(closed, Closed { until, look_at: now + TIME_BETWEEN_LOOKS });
        let closed = gate.look(at("2026-11-20T06:59:58-05"), now).unwrap();
        assert_eq!(closed, Closed { until, look_at: now + Duration::from_secs(2) });
        assert_eq!(gate.look(until, now + Duration::from_secs(9)), None);
    }

    #[test]
    fn believes_a_clock_that_is_moved() {
        let (mut gate, now) = (gate(), Instant::now());
        assert_eq!(gate.look(at("2026-11-20T18:59:00-05"), now), None);
        assert_eq!(gate.look(at("2026-11-20T03:00:00-05"), now).unwrap().until, at("2026-11-20T07:00:00-05"));
        assert_eq!(gate.look(at("2026-11-20T12:00:00-05"), now), None);
        assert_eq!(gate.look(at("2026-11-22T20:00:00-05"), now).unwrap().until, at("2026-11-23T07:00:00-05"));
    }

    #[test]
    fn a_run_without_hours_may_send_at_any() {
        assert_eq!(HoursGate::default().look(at("2026-11-20T03:00:00-05"), Instant::now()), None);
    }
}
