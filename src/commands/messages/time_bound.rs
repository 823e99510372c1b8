//! The beginning or end of a span of time: `24h` ago, or a point in time.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// A value of `--since` and `--until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeBound {
    Ago(Duration),
    At(Timestamp),
}

impl TimeBound {
    /// The point in time, relative to `now`. A time before all dates becomes the first date.
    pub(super) fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(duration) => now.checked_sub(duration).unwrap_or(Timestamp::MIN),
            Self::At(at) => at,
        }
    }
}

impl FromStr for TimeBound {
    type Err = String;

    /// A time without a zone is in this machine's zone.
    fn from_str(raw: &str) -> Result<Self, String> {
        let text = raw.trim();
        let here = |time: DateTime| time.to_zoned(TimeZone::system()).ok().map(|time| time.timestamp());
        let day = || here(text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight()));
        let is_day = text.len() == "2026-11-20".len();
        let at = if is_day { day() } else { text.parse().ok().or_else(|| here(text.parse().ok()?)) };
        let ago = || humantime::parse_duration(text).ok().map(Self::Ago);
        at.map(Self::At).or_else(ago).ok_or_else(|| {
            format!("`{}` is not a time; write 24h, 30d, 2026-11-20 or 2026-11-20T08:00", raw.escape_debug())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_duration_or_a_point_in_time() {
        for (raw, expected) in [
            ("24h", TimeBound::Ago(Duration::from_secs(86_400))),
            ("30d", TimeBound::Ago(Duration::from_secs(30 * 86_400))),
            ("2026-11-20T08:00:00-05:00", TimeBound::At("2026-11-20T13:00:00Z".parse().unwrap())),
            ("2026-11-20T13:00:00Z", TimeBound::At("2026-11-20T13:00:00Z".parse().unwrap())),
        ] {
            assert_eq!(raw.parse(), Ok(expected), "{raw}");
        }
        for raw in ["2026-11-20", "2026-11-20T08:00", "2026-11-20 08:00:00"] {
            assert!(matches!(raw.parse(), Ok(TimeBound::At(_))), "{raw}");
        }
        for raw in ["", "24", "yesterday", "2026-13-01", "2026-02-30", "-1h", "20/11/2026", "1e9"] {
            let error = raw.parse::<TimeBound>().unwrap_err();
            assert!(error.contains("is not a time; write 24h"), "{raw}: {error}");
        }
        assert_eq!(TimeBound::Ago(Duration::MAX).at(Timestamp::UNIX_EPOCH), Timestamp::MIN);
    }
}
