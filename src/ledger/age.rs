//! How old a run must be to be removed with others.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// `90d`; a number alone would say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunAge(Duration);

impl RunAge {
    /// Whether what happened at `then` is at least so long ago, both in milliseconds since 1970.
    pub(crate) fn has_passed(self, then: i64, now: i64) -> bool {
        let age = now.saturating_sub(then);
        u128::try_from(age).is_ok_and(|age| age >= self.0.as_millis())
    }

    /// In milliseconds; what is more than they can say is for ever.
    pub(super) fn milliseconds(self) -> i64 {
        i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX)
    }
}

impl FromStr for RunAge {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let is_not = |why: &str| format!("`{}` {why}; write 90d, 12h or 30m", raw.escape_debug());
        match humantime::parse_duration(raw.trim()) {
            Ok(duration) if duration.is_zero() => Err(is_not("would remove runs that have just ended")),
            Ok(duration) => Ok(Self(duration)),
            Err(_) => Err(is_not("is not an age")),
        }
    }
}

impl fmt::Display for RunAge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            // A month of humantime's is not the number of days that a person expects.
            86_400 => formatter.write_str("1 day"),
            seconds if seconds > 0 && seconds % 86_400 == 0 => write!(formatter, "{} days", seconds / 86_400),
            _ => humantime::format_duration(self.0).fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_a_unit() {
        for (raw, expected) in
            [("90d", "90 days"), ("1d", "1 day"), ("12h", "12h"), (" 24h ", "1 day"), ("2w", "14 days"), ("1ms", "1ms")]
        {
            assert_eq!(raw.parse::<RunAge>().unwrap().to_string(), expected, "{raw}");
        }
        for (raw, expected) in
            [("90", "is not an age"), ("-1d", "is not"), ("", "is not"), ("soon", "`soon`"), ("0s", "just ended")]
        {
            let error = raw.parse::<RunAge>().unwrap_err();
            assert!(error.contains(expected) && error.contains("write 90d"), "{raw}: {error}");
        }
    }

    #[test]
    fn a_clock_that_was_put_back_makes_nothing_old() {
        let age: RunAge = "1h".parse().unwrap();
        for (then, now, expected) in [(0, 3_600_000, true), (0, 3_599_999, false), (10, 0, false)] {
            assert_eq!(age.has_passed(then, now), expected, "{then} {now}");
        }
    }
}
