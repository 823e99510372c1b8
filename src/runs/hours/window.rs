//! One window of hours with its days, start and end; or `always`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};

use crate::base::conventions::Language;
use crate::base::message::{Message, ToValue, Value, msg};
use crate::base::suggest::plain;
use crate::base::texts::has_only_digits;

const MINUTES_OF_A_DAY: u16 = 24 * 60;

/// `mon-fri 07:00-19:00`: the days when it opens, its first minute, and the minute when it closes. A window with an end
/// before its start continues past midnight, and belongs to the day when it opened.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct DailyWindow {
    days: Vec<Weekday>,
    /// The days as typed, in lower case; None for all days.
    days_text: Option<String>,
    /// Minutes since midnight.
    pub(super) start: u16,
    pub(super) end: u16,
}

impl DailyWindow {
    /// Whether it can open on a day.
    pub(super) fn opens_on(&self, day: Weekday) -> bool {
        self.days.contains(&day)
    }

    /// Whether it covers a minute of the day when it opened.
    pub(super) fn covers(&self, minute: u16) -> bool {
        minute >= self.start && (self.is_over_midnight() || minute < self.end)
    }

    pub(super) fn is_over_midnight(&self) -> bool {
        self.end < self.start
    }
}

impl TryFrom<String> for DailyWindow {
    type Error = Message;

    fn try_from(text: String) -> Result<Self, Message> {
        text.parse()
    }
}

impl From<DailyWindow> for String {
    fn from(window: DailyWindow) -> Self {
        window.to_string()
    }
}

impl FromStr for DailyWindow {
    type Err = Message;

    fn from_str(raw: &str) -> Result<Self, Message> {
        let typed = raw.escape_debug().to_string();
        let is_not = || {
            msg!(
                "`{typed}` is not a range of hours such as 'mon-fri 07:00-19:00'",
                typed
            )
        };
        // Spaces around a hyphen do not matter.
        let ends: Vec<_> = raw.split('-').map(str::trim).collect();
        let joined = ends.join("-");
        let words: Vec<&str> = joined.split_whitespace().collect();
        let (days, times) = match words.as_slice() {
            [times] => (None, *times),
            [days, times] => (Some(days.to_lowercase()), *times),
            _ => return Err(is_not()),
        };
        let times = times
            .split_once('-')
            .filter(|_| times.starts_with(|first: char| first.is_ascii_digit()));
        let (start, end) = times.ok_or_else(is_not)?;
        let start = parse_time(start)?;
        let end = parse_time(end)?;
        if start == MINUTES_OF_A_DAY {
            return Err(msg!(
                "`{typed}` starts at the end of a day, which is 00:00 of the next day",
                typed
            ));
        }
        if start == end {
            return Err(msg!(
                "`{typed}` starts and ends at the same time; a whole day is 00:00-24:00",
                typed
            ));
        }
        Ok(Self {
            days: parse_days(days.as_deref().unwrap_or("mon-sun"))?,
            days_text: days,
            start,
            // An end at 00:00 is the end of this day.
            end: if end == 0 { MINUTES_OF_A_DAY } else { end },
        })
    }
}

/// `mon`, `mon-fri`, `mon,wed,fri-sun`; a range may cross the end of the week.
fn parse_days(text: &str) -> Result<Vec<Weekday>, Message> {
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let first = parse_day(first)?;
        let last = parse_day(last)?;
        days.extend(
            first
                .cycle_forward()
                .take_while(|day| *day != last)
                .chain([last]),
        );
    }
    Ok(days)
}

/// Parses the name of a day in any language, or at least its first three letters.
fn parse_day(text: &str) -> Result<Weekday, Message> {
    let name = plain(text);
    let is_it = |day: &Weekday| {
        Language::ALL
            .iter()
            .any(|language| plain(language.day(*day)).starts_with(&name))
    };
    let known = Weekday::Monday
        .cycle_forward()
        .take(7)
        .find(is_it)
        .filter(|_| name.len() >= 3);
    known.ok_or_else(|| {
        let typed = text.escape_debug().to_string();
        msg!(
            "`{typed}` is not a day; the days are mon, tue, wed, thu, fri, sat, sun",
            typed
        )
    })
}

/// Minutes since midnight: 00:00 to 24:00.
fn parse_time(text: &str) -> Result<u16, Message> {
    let is_number = |part: &str| !part.is_empty() && part.len() <= 2 && has_only_digits(part);
    // A full hour needs no minutes.
    let parsed = text
        .split_once(':')
        .or(Some((text, "00")))
        .filter(|(hour, minute)| is_number(hour) && is_number(minute) && minute.len() == 2);
    let parsed = parsed
        .and_then(|(hour, minute)| Some((hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?)));
    let minutes = parsed
        .filter(|(_, minute)| *minute < 60)
        .map(|(hour, minute)| hour * 60 + minute);
    minutes
        .filter(|minutes| *minutes <= MINUTES_OF_A_DAY)
        .ok_or_else(|| {
            let typed = text.escape_debug().to_string();
            msg!(
                "`{typed}` is not a time of day from 00:00 to 24:00, such as 07:00",
                typed
            )
        })
}

impl fmt::Display for DailyWindow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(days) = &self.days_text {
            write!(formatter, "{days} ")?;
        }
        let Self { start, end, .. } = self;
        write!(
            formatter,
            "{:02}:{:02}-{:02}:{:02}",
            start / 60,
            start % 60,
            end / 60,
            end % 60
        )
    }
}

/// Writes the days in the language of the text: `lun-vie 07:00-19:00`.
impl ToValue for DailyWindow {
    fn to_value(&self) -> Value {
        let in_spanish = Self {
            days_text: self.days_text.as_deref().map(days_in_spanish),
            ..self.clone()
        };
        Value::ByLanguage {
            english: self.to_string(),
            spanish: in_spanish.to_string(),
        }
    }
}

/// Writes typed days such as `mon,wed-fri` with the first letters of their Spanish names.
fn days_in_spanish(typed: &str) -> String {
    let short = |day: &str| match parse_day(day) {
        Ok(day) => Language::Spanish.day(day).chars().take(3).collect(),
        Err(_) => day.to_owned(),
    };
    let ranges = typed.split(',').map(|range| {
        let ends: Vec<_> = range.split('-').map(short).collect();
        ends.join("-")
    });
    ranges.collect::<Vec<_>>().join(",")
}

/// One value of `--between`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Between {
    /// `always`: no hours.
    Always,
    Window(DailyWindow),
}

impl FromStr for Between {
    type Err = Message;

    fn from_str(raw: &str) -> Result<Self, Message> {
        if raw.trim().eq_ignore_ascii_case("always") {
            Ok(Self::Always)
        } else {
            raw.parse().map(Self::Window)
        }
    }
}

/// The windows of all the values; without any, rows are sent at any time.
///
/// # Errors
/// If `always` is combined with other values.
pub(crate) fn collect_windows(all: &[Between]) -> Result<Vec<DailyWindow>, Message> {
    if all.len() > 1 && all.contains(&Between::Always) {
        return Err(msg!("`always` cannot be combined with hours"));
    }
    let windows = all.iter().filter_map(|one| {
        if let Between::Window(window) = one {
            Some(window.clone())
        } else {
            None
        }
    });
    Ok(windows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_round_trips_as_text() {
        for (text, expected) in [
            ("07:00-19:00", "07:00-19:00"),
            ("7:00-19:00", "07:00-19:00"),
            ("Mon-FRI 07:00-19:00", "mon-fri 07:00-19:00"),
            (
                "mon,wed,fri-sun  22:00-06:00",
                "mon,wed,fri-sun 22:00-06:00",
            ),
            ("fri-mon 18:00-00:00", "fri-mon 18:00-24:00"),
            ("sun 00:00-24:00", "sun 00:00-24:00"),
            ("8-18", "08:00-18:00"),
            ("Lun-vie 8-18:30", "lun-vie 08:00-18:30"),
            ("08:00 - 20:00", "08:00-20:00"),
            ("lun - vie 8 -18", "lun-vie 08:00-18:00"),
        ] {
            assert_eq!(
                text.parse::<DailyWindow>().unwrap().to_string(),
                expected,
                "{text}"
            );
            assert_eq!(
                expected.parse::<DailyWindow>().unwrap().to_string(),
                expected
            );
        }
    }

    #[test]
    fn invalid_hours_explain_the_correct_format() {
        for (text, expected) in [
            ("", "is not a range of hours"),
            ("mon fri 07:00-19:00", "is not a range of hours"),
            ("07:00", "is not a range of hours"),
            ("mon-fri", "is not a range of hours"),
            ("mon-fri 25:00-26:00", "`25:00` is not a time of day"),
            ("07:60-19:00", "`07:60` is not a time of day"),
            ("07:0-19:00", "`07:0` is not a time of day"),
            ("7h-19", "`7h` is not a time of day"),
            ("25-26", "`25` is not a time of day"),
            ("07:00-24:01", "`24:01` is not a time of day"),
            (
                "luness 07:00-19:00",
                "`luness` is not a day; the days are mon, tue",
            ),
            ("mon- 07:00-19:00", "is not a range of hours"),
            ("mon-fri 07:00 19:00", "is not a range of hours"),
            ("07:00-07:00", "starts and ends at the same time"),
            ("24:00-07:00", "starts at the end of a day"),
            ("sat 24:00-00:00", "starts at the end of a day"),
        ] {
            let error = text.parse::<DailyWindow>().expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn day_range_may_wrap_around_the_week() {
        use Weekday::{Friday, Monday, Saturday, Sunday, Tuesday};
        assert_eq!(
            parse_days("fri-mon").unwrap(),
            [Friday, Saturday, Sunday, Monday]
        );
        assert_eq!(
            parse_days("lun-vie,dom").unwrap(),
            parse_days("mon-fri,sun").unwrap()
        );
        assert_eq!(
            parse_days("lunes-viernes,sunday").unwrap(),
            parse_days("mon-fri,sun").unwrap()
        );
        assert_eq!(
            parse_days("mié,sáb").unwrap(),
            parse_days("wed,sat").unwrap()
        );
        assert_eq!(parse_days("tue").unwrap(), [Tuesday]);
        assert_eq!(parse_days("mar").unwrap(), [Tuesday]);
    }
}
