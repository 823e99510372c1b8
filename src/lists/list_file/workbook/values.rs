//! The content of a cell as the text that a CSV would have: numbers without `.0`, dates in ISO
//! format.

use jiff::civil::{Date, DateTime, Time, date as day};
use jiff::{SignedDuration, ToSpan};

use crate::base::texts::has_only_digits;

const SECONDS_A_DAY: f64 = 86_400.0;
/// The days from 1900 to 1904, the first year in workbooks of older Macs.
const DAYS_TO_1904: i64 = 1462;
/// The day before day 1. Excel's day numbers fit this date from March 1900.
const DAY_ZERO: Date = day(1899, 12, 30);
/// 31 December 9999, the last day in Excel.
const LAST_DAY: i64 = 2_958_465;

/// How the format of a cell shows its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberKind {
    Plain,
    /// A date, which may have a time.
    Date,
    /// A time of day.
    Time,
    /// A duration, which may have more than 24 hours.
    Elapsed,
}

/// Returns whether a format shows a number as it is stored. Other programs write `Standard` for it.
pub(super) fn is_general(code: &str) -> bool {
    ["", "general", "@", "standard"].contains(&code.trim().to_ascii_lowercase().as_str())
}

/// Parses a boolean in XML.
pub(super) fn is_true(text: &str) -> bool {
    text == "1" || text == "true"
}

/// Formats a boolean as in CSV.
pub(super) fn truth(stored: &str) -> &'static str {
    if is_true(stored) { "TRUE" } else { "FALSE" }
}

/// Converts a stored number to a text. Anything else is unchanged.
pub(super) fn number(stored: &str, kind: NumberKind, is_1904: bool) -> String {
    let stored = stored.trim();
    let digits = stored.strip_prefix('-').unwrap_or(stored);
    let is_whole = !digits.is_empty() && has_only_digits(digits);
    if is_whole && kind == NumberKind::Plain {
        return stored.to_owned();
    }
    let Some(value) = stored.parse().ok().filter(|value: &f64| value.is_finite()) else {
        return stored.to_owned();
    };
    let dated = match kind {
        NumberKind::Plain => None,
        NumberKind::Time if (0.0..1.0).contains(&value) => {
            moment(value, is_1904).map(|at| at.clock.time().to_string())
        }
        NumberKind::Date | NumberKind::Time => date(value, is_1904),
        NumberKind::Elapsed => elapsed(value),
    };
    dated.unwrap_or_else(|| plain_number(value))
}

/// Formats a number as a spreadsheet shows it: a whole number with all its digits, any other with
/// at most 15, because further digits are rounding errors.
pub(crate) fn plain_number(value: f64) -> String {
    let rounded = format!("{value:.14e}").parse().unwrap_or(value);
    let shown = if value.fract() == 0.0 { value } else { rounded };
    if shown == 0.0 {
        "0".to_owned()
    } else {
        shown.to_string()
    }
}

/// A number of days as formats show it.
pub(super) struct SerialDate {
    /// None if the calendar does not have the day.
    pub(super) date: Option<DateTime>,
    /// The time of day, on any day.
    pub(super) clock: DateTime,
    /// The total number of hours.
    pub(super) hours: i64,
}

/// Converts a serial number to a date. None if it cannot be a time.
pub(super) fn moment(value: f64, is_1904: bool) -> Option<SerialDate> {
    let (days, milliseconds) = days_and_milliseconds(value)?;
    let clock = DateTime::default()
        .checked_add(milliseconds.milliseconds())
        .ok()?;
    let day = date_from_day_number(if is_1904 { days + DAYS_TO_1904 } else { days });
    let date = day.map(|day| day.to_datetime(clock.time()));
    Some(SerialDate {
        date,
        clock,
        hours: days * 24 + milliseconds / 3_600_000,
    })
}

/// Converts a day number to a date. None for a day outside Excel's calendar, and for its 29
/// February 1900, which did not exist.
fn date_from_day_number(days: i64) -> Option<Date> {
    let since_zero = match days {
        1..=59 => days + 1,
        61..=LAST_DAY => days,
        _ => return None,
    };
    DAY_ZERO.checked_add(since_zero.days()).ok()
}

/// Formats a number of days as a date, a time of day, or both. None if the calendar does not have the day.
fn date(value: f64, is_1904: bool) -> Option<String> {
    let at = moment(value, is_1904)?;
    if value < 1.0 && at.clock != DateTime::default() {
        return Some(at.clock.time().to_string());
    }
    at.date.map(iso)
}

fn elapsed(value: f64) -> Option<String> {
    let at = moment(value, false)?;
    Some(format!("{:02}:{}", at.hours, at.clock.strftime("%M:%S%.f")))
}

/// Formats a date, without the time if that is midnight.
fn iso(at: DateTime) -> String {
    if at.time() == Time::midnight() {
        at.date().to_string()
    } else {
        at.to_string()
    }
}

/// Returns the whole days, and the milliseconds of the last one. None if it cannot be a time.
fn days_and_milliseconds(value: f64) -> Option<(i64, i64)> {
    #[expect(clippy::cast_precision_loss, reason = "seven digits")]
    let last = LAST_DAY as f64 + 1.0;
    if !(0.0..last).contains(&value) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked above")]
    let milliseconds = (value * SECONDS_A_DAY * 1000.0).round() as i64;
    Some((milliseconds / 86_400_000, milliseconds % 86_400_000))
}

/// Removes an empty time from a date that is stored as a text: `2026-11-20T00:00:00.000` is only a
/// date.
pub(super) fn iso_date(stored: &str) -> String {
    stored
        .trim_end_matches('Z')
        .parse()
        .map_or_else(|_| stored.to_owned(), iso)
}

/// Formats an ODF duration as a clock: `PT13H30M00S` becomes `13:30:00`. Anything else is
/// unchanged.
pub(super) fn iso_duration(stored: &str) -> String {
    let days = stored
        .parse::<SignedDuration>()
        .map(|duration| duration.as_secs_f64() / SECONDS_A_DAY);
    days.ok()
        .and_then(elapsed)
        .unwrap_or_else(|| stored.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_written_as_in_csv() {
        for (stored, expected) in [
            ("593987654321", "593987654321"),
            ("5.93987654321E11", "593987654321"),
            ("12345678901234567890", "12345678901234567890"),
            ("1.2345678901234567E16", "12345678901234568"),
            ("12.0", "12"),
            ("-3", "-3"),
            ("-0.0", "0"),
            ("19.899999999999999", "19.9"),
            ("0.30000000000000004", "0.3"),
            ("2.9999999999999996", "3"),
            ("1.5E-3", "0.0015"),
        ] {
            assert_eq!(
                number(stored, NumberKind::Plain, false),
                expected,
                "{stored}"
            );
        }
        for stored in ["", "x", "inf", "NaN", "1e999"] {
            assert_eq!(number(stored, NumberKind::Date, false), stored);
        }
    }

    #[test]
    fn date_is_written_in_iso_format() {
        for (stored, is_1904, expected) in [
            ("1", false, "1900-01-01"),
            ("59", false, "1900-02-28"),
            ("60", false, "60"),
            ("61", false, "1900-03-01"),
            ("25569", false, "1970-01-01"),
            ("46346", false, "2026-11-20"),
            ("46346.5625", false, "2026-11-20T13:30:00"),
            ("46346.999999999996", false, "2026-11-21"),
            ("45351", false, "2024-02-29"),
            ("2958465", false, "9999-12-31"),
            ("0.5625", false, "13:30:00"),
            ("0.00000289351851851852", false, "00:00:00.25"),
            ("44884", true, "2026-11-20"),
            ("0", true, "1904-01-01"),
            ("0.5", true, "12:00:00"),
            ("0", false, "0"),
            ("-1", false, "-1"),
            ("2958466", false, "2958466"),
        ] {
            assert_eq!(
                number(stored, NumberKind::Date, is_1904),
                expected,
                "{stored}"
            );
        }
        for (stored, expected) in [
            ("0", "00:00:00"),
            ("1e-12", "00:00:00"),
            ("0.5625", "13:30:00"),
        ] {
            assert_eq!(number(stored, NumberKind::Time, true), expected, "{stored}");
        }
        assert_eq!(number("1.5", NumberKind::Elapsed, false), "36:00:00");
    }

    #[test]
    fn iso_dates_and_durations_are_shortened() {
        for (stored, expected) in [
            ("2026-11-20", "2026-11-20"),
            ("2026-11-20T00:00:00", "2026-11-20"),
            ("2026-11-20T00:00:00.000000000", "2026-11-20"),
            ("2026-11-20T13:30:00.000", "2026-11-20T13:30:00"),
            ("2026-11-20T13:30:00Z", "2026-11-20T13:30:00"),
        ] {
            assert_eq!(iso_date(stored), expected, "{stored}");
        }
        for (stored, expected) in [
            ("PT13H30M00S", "13:30:00"),
            ("PT36H0M0.000S", "36:00:00"),
            ("P1D", "P1D"),
        ] {
            assert_eq!(iso_duration(stored), expected, "{stored}");
        }
    }
}
