//! Times as the page shows them: in one zone, in digits that read the same in every language.

use jiff::Timestamp;
use jiff::tz::TimeZone;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// The clock of the page. Times are milliseconds since 1970; a time that cannot be shown is a dash.
#[derive(Clone)]
pub(super) struct PageClock {
    zone: TimeZone,
}

impl PageClock {
    pub(super) fn new(zone: TimeZone) -> Self {
        Self { zone }
    }

    fn shown(&self, at: i64, format: &str) -> String {
        let at = Timestamp::from_millisecond(at).ok().map(|at| at.to_zoned_datetime(self.zone.clone()));
        at.map_or_else(|| "–".to_owned(), |at| at.strftime(format).to_string())
    }

    /// `2026-11-20 10:15:03`
    pub(super) fn moment(&self, at: i64) -> String {
        self.shown(at, "%Y-%m-%d %H:%M:%S")
    }

    /// `10:15:03`
    pub(super) fn second(&self, at: i64) -> String {
        self.shown(at, "%H:%M:%S")
    }

    /// `10:15`
    pub(super) fn minute(&self, at: i64) -> String {
        self.shown(at, "%H:%M")
    }

    /// `11-20 10:15`
    pub(super) fn day_and_minute(&self, at: i64) -> String {
        self.shown(at, "%m-%d %H:%M")
    }

    /// `11-20 10:15:03`
    pub(super) fn day_and_second(&self, at: i64) -> String {
        self.shown(at, "%m-%d %H:%M:%S")
    }

    /// Whether both are on the same day.
    pub(super) fn is_one_day(&self, from: i64, to: i64) -> bool {
        self.shown(from, "%F") == self.shown(to, "%F")
    }

    /// A range of times: the day appears once if it is the same.
    pub(super) fn span(&self, from: i64, to: i64) -> String {
        let to = if self.is_one_day(from, to) { self.second(to) } else { self.moment(to) };
        format!("{} – {to}", self.moment(from))
    }

    /// `America/Guayaquil, UTC−05`
    pub(super) fn zone(&self, at: i64) -> String {
        let offset = self.shown(at, "%:::z").replace('-', "−");
        match self.zone.iana_name() {
            Some(name) if name != "UTC" && name != "Etc/UTC" => format!("{name}, UTC{offset}"),
            _ if offset == "+00" => "UTC".to_owned(),
            _ => format!("UTC{offset}"),
        }
    }

    /// How far its clock is ahead of UTC, in milliseconds.
    pub(super) fn offset(&self, at: i64) -> i64 {
        let at = Timestamp::from_millisecond(at).unwrap_or_default();
        i64::from(self.zone.to_offset(at).seconds()) * SECOND
    }
}

/// A duration in its two largest units: `1 h 20 min`.
pub(super) fn duration(milliseconds: i64) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s")];
    let mut rest = milliseconds.max(0);
    let mut parts = Vec::new();
    for (length, unit) in units {
        let number = rest / length;
        if number > 0 || !parts.is_empty() {
            parts.push((number, unit));
            rest -= number * length;
        }
    }
    let shown: Vec<_> = parts
        .iter()
        .take(2)
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number} {unit}"))
        .collect();
    if shown.is_empty() { "< 1 s".to_owned() } else { shown.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_with_their_zone_and_durations_in_two_units() {
        let clock = PageClock::new(TimeZone::get("America/Guayaquil").unwrap());
        let at = 1_795_187_703_000;
        assert_eq!(clock.moment(at), "2026-11-20 10:15:03");
        assert_eq!(clock.zone(at), "America/Guayaquil, UTC−05");
        assert_eq!(clock.span(at, at + 5000), "2026-11-20 10:15:03 – 10:15:08");
        assert_eq!(clock.span(at, at + DAY), "2026-11-20 10:15:03 – 2026-11-21 10:15:03");
        assert_eq!(clock.moment(i64::MAX), "–");
        assert_eq!(PageClock::new(TimeZone::UTC).zone(at), "UTC");
        for (milliseconds, expected) in [
            (-5, "< 1 s"),
            (999, "< 1 s"),
            (1000, "1 s"),
            (61_000, "1 min 1 s"),
            (3_600_000, "1 h"),
            (3_605_000, "1 h"),
            (90_060_000, "1 d 1 h"),
        ] {
            assert_eq!(duration(milliseconds), expected, "{milliseconds}");
        }
    }
}
