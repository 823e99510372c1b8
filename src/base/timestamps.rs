//! Formats times, in UTC for programs and in local time for users. Any time of a wrong clock can be formatted. Also parses
//! durations as users type them: `90m`, `12h`, `3d`.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::message::{Message, Value, msg};

/// The beginning of the day of this release in UTC, in milliseconds since 1970: 2026-11-01. Until CHANGELOG.md has a
/// dated release, it is a day before the first one.
const RELEASED: i64 = 1_793_491_200_000;
/// 2026-11-01, in milliseconds since 1970. No ledger of this format is older: an earlier time comes
/// from a wrong clock, and the true time is unknown. Later releases must not change it, or every
/// message from before an update would count forever.
pub(crate) const FIRST_TIME: i64 = 1_793_491_200_000;
/// Time zones differ by up to a day.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Returns why a clock that shows `now` (milliseconds since 1970) is wrong: it is before this
/// release, or after the year 9999.
pub(crate) fn wrong_clock(now: i64) -> Option<Message> {
    if now < RELEASED - DAY {
        return Some(msg!(
            "{shown}, before this jelouctl was released ({released})",
            shown = format!("{:.0}", from_millis(now)),
            released = from_millis(RELEASED).strftime("%F").to_string()
        ));
    }
    Timestamp::from_millisecond(now)
        .is_err()
        .then(|| msg!("a time after the year 9999"))
}

/// Formats a time in UTC: `2026-11-20T13:23:05Z`
pub(crate) fn rfc_3339(at: SystemTime) -> String {
    format!("{:.0}", timestamp(at))
}

/// Formats a time in UTC, with milliseconds: `2026-11-20T13:23:05.120Z`
pub(crate) fn rfc_3339_millis(at: SystemTime) -> String {
    format!("{:.3}", timestamp(at))
}

/// Formats milliseconds since 1970 as `2026-11-20T08:23:05.120-05:00`. An offset of zero is written
/// `Z`.
pub(crate) fn rfc_3339_in(zone: &TimeZone, at: i64) -> String {
    let at = from_millis(at);
    let local = at.to_zoned_datetime(zone.clone());
    if local.offset().is_zero() {
        return format!("{at:.3}");
    }
    local.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// Formats milliseconds since 1970 as `2026-11-20 08:23 -05:00`.
pub(crate) fn time_in(zone: &TimeZone, at: i64) -> String {
    from_millis(at)
        .to_zoned_datetime(zone.clone())
        .strftime("%Y-%m-%d %H:%M %:z")
        .to_string()
}

/// Returns a time as a value of a text: `2026-11-20 08:23 -05:00` in English, `hoy a las 08:23` in Spanish. The Spanish has
/// the zone if its time is not that of this machine, or if it is UTC.
pub(crate) fn time_value(zone: &TimeZone, at: i64) -> Value {
    let [english, spanish] = time_in_both(zone, at);
    Value::Time {
        at,
        english,
        spanish,
    }
}

/// Formats like [`time_value`], in English and Spanish.
pub(crate) fn time_in_both(zone: &TimeZone, at: i64) -> [String; 2] {
    [
        time_in(zone, at),
        time_in_spanish(zone, from_millis(at), "%H:%M"),
    ]
}

/// Returns a time like [`time_value`], to the second.
pub(crate) fn second_value(zone: &TimeZone, at: Timestamp) -> Value {
    Value::ByLanguage {
        english: second_in(zone, at),
        spanish: time_in_spanish(zone, at, "%H:%M:%S"),
    }
}

/// Returns `english`, or in Spanish the same time as in [`time_value`].
pub(crate) fn value_of_time(english: String, zone: &TimeZone, at: Timestamp) -> Value {
    let spanish = time_in_spanish(zone, at, "%H:%M");
    Value::ByLanguage { english, spanish }
}

fn time_in_spanish(zone: &TimeZone, at: Timestamp, format: &str) -> String {
    let local = at.to_zoned_datetime(zone.clone());
    let today = now().to_zoned_datetime(zone.clone()).date();
    let day = match local.date().duration_since(today).as_hours() {
        0 => "hoy".to_owned(),
        -24 => "ayer".to_owned(),
        24 => "mañana".to_owned(),
        _ => local.strftime("el %d/%m/%Y").to_string(),
    };
    let hour = if local.hour() == 1 { "la" } else { "las" };
    let offset = local.offset();
    let is_own = !offset.is_zero() && TimeZone::system().to_offset(at) == offset;
    let zone = if is_own {
        String::new()
    } else {
        let name = zone.iana_name().filter(|name| *name != "Etc/UTC");
        format!(" ({})", name.unwrap_or("UTC"))
    };
    format!("{day} a {hour} {}{zone}", local.strftime(format))
}

/// Formats like [`second_in`], in the time zone of this machine.
pub(crate) fn local_second(at: Timestamp) -> String {
    second_in(&TimeZone::system(), at)
}

/// Formats like [`time_in`], to the second.
pub(crate) fn second_in(zone: &TimeZone, at: Timestamp) -> String {
    at.to_zoned_datetime(zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S %:z")
        .to_string()
}

/// Converts a time to a timestamp. A time outside its range becomes the first or the last one.
pub(crate) fn timestamp(at: SystemTime) -> Timestamp {
    let is_past = at < SystemTime::UNIX_EPOCH;
    Timestamp::try_from(at).unwrap_or(if is_past {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// Returns the time on this machine's clock, which [`timestamp`] may have to round. jiff's own
/// `now` would panic.
pub(crate) fn now() -> Timestamp {
    timestamp(SystemTime::now())
}

/// Creates the time from milliseconds since 1970.
pub(crate) fn from_millis(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(if at < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// Parses a duration. `problem` describes a text that is none, or not allowed.
///
/// # Errors
/// The letter `M` is refused, too: the library reads it as a month, so `5M` would be five months instead of five
/// minutes.
pub(crate) fn parse_duration(
    raw: &str,
    is_allowed: impl Fn(Duration) -> bool,
    problem: impl Fn(&str) -> Message,
) -> Result<Duration, Message> {
    let raw = raw.trim();
    let shown = raw.escape_debug().to_string();
    match humantime::parse_duration(raw) {
        Ok(_) if raw.contains('M') => Err(msg!(
            "`{shown}` is in months; for minutes: {minutes}",
            shown,
            minutes = raw.replace('M', "m")
        )),
        Ok(duration) if is_allowed(duration) => Ok(duration),
        Ok(_) | Err(_) => Err(problem(&shown)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn release_date_matches_the_changelog() {
        let changelog = include_str!("../../CHANGELOG.md");
        let dated = changelog
            .lines()
            .find_map(|line| line.strip_prefix("## ")?.split_once(" – "));
        let released = from_millis(RELEASED).strftime("%F").to_string();
        assert_eq!(dated.map_or("2026-11-01", |(_, date)| date), released);
        assert_eq!(wrong_clock(RELEASED - DAY), None);
        assert_eq!(
            wrong_clock(i64::MAX),
            Some(msg!("a time after the year 9999"))
        );
        assert!(wrong_clock(RELEASED - DAY - 1).is_some_and(|problem| {
            problem
                .to_string()
                .starts_with("2026-10-30T23:59:59Z, before")
        }));
    }

    #[test]
    fn every_time_can_be_formatted() {
        let epoch = SystemTime::UNIX_EPOCH;
        for (at, expected) in [
            (
                epoch + Duration::from_millis(1_700_000_000_120),
                "2023-11-14T22:13:20.120Z",
            ),
            (epoch, "1970-01-01T00:00:00.000Z"),
            (
                epoch - Duration::from_secs(315_619_200),
                "1960-01-01T00:00:00.000Z",
            ),
            // The year 10680; the clock of Windows ends before 1 << 40.
            (
                epoch + Duration::from_secs(1 << 38),
                "9999-12-30T22:00:00.999Z",
            ),
        ] {
            assert_eq!(rfc_3339_millis(at), expected);
        }
        assert_eq!(
            rfc_3339(epoch + Duration::from_millis(1_700_000_000_999)),
            "2023-11-14T22:13:20Z"
        );
    }
}
