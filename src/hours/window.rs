//! One window of hours: on which days it opens, when, and when it closes.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Other names of the days, in English and in Spanish, with and without accents.
const DAY_NAMES: [&[&str]; 7] = [
    &["monday", "lun", "lunes"],
    &["tuesday", "mar", "martes"],
    &["wednesday", "mie", "mié", "miercoles", "miércoles"],
    &["thursday", "jue", "jueves"],
    &["friday", "vie", "viernes"],
    &["saturday", "sab", "sáb", "sabado", "sábado"],
    &["sunday", "dom", "domingo"],
];
const MINUTES_OF_A_DAY: u16 = 24 * 60;

/// `mon-fri 07:00-19:00`: the days on which it opens, the first minute, and the minute at which it closes. A window that ends
/// before it starts continues past midnight, and belongs to the day on which it opened.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct DailyWindow {
    /// Starting with Monday.
    days: [bool; 7],
    /// As it was written, in lower case; None for all days.
    days_text: Option<String>,
    /// Minutes since midnight.
    start: u16,
    end: u16,
}

impl DailyWindow {
    /// Whether it can open on a day.
    pub(super) fn opens_on(&self, day: Weekday) -> bool {
        let index = usize::try_from(day.to_monday_zero_offset()).unwrap_or_default();
        self.days.get(index).is_some_and(|is_open| *is_open)
    }

    /// Minutes since midnight.
    pub(super) fn start(&self) -> u16 {
        self.start
    }

    /// Whether it covers a minute of the day on which it opened.
    pub(super) fn covers(&self, minute: u16) -> bool {
        minute >= self.start && (self.is_over_midnight() || minute < self.end)
    }

    /// Whether it covers a minute of the day after the one on which it opened.
    pub(super) fn covers_next_day(&self, minute: u16) -> bool {
        self.is_over_midnight() && minute < self.end
    }

    pub(super) fn is_over_midnight(&self) -> bool {
        self.end < self.start
    }
}

impl FromStr for DailyWindow {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let shown = raw.escape_debug();
        let words: Vec<&str> = raw.split_whitespace().collect();
        let (days, times) = match words.as_slice() {
            [times] => (None, *times),
            [days, times] => (Some(days.to_lowercase()), *times),
            _ => {
                return Err(format!("`{shown}` is not a window; write '[DAYS] HH:MM-HH:MM', as 'mon-fri 07:00-19:00'"));
            }
        };
        let Some((start, end)) = times.split_once('-') else {
            return Err(format!("`{shown}` has no hours; write '[DAYS] HH:MM-HH:MM', as 'mon-fri 07:00-19:00'"));
        };
        if days.is_none() && parse_days(&times.to_lowercase()).is_ok() {
            return Err(format!("`{shown}` has no hours; write days and hours in quotes, as 'mon-fri 07:00-19:00'"));
        }
        let (start, end) = (parse_time(start)?, parse_time(end)?);
        if start == MINUTES_OF_A_DAY {
            return Err(format!("`{shown}` begins at the end of a day; write 00:00 of the next one"));
        }
        if start == end {
            return Err(format!("`{shown}` is never open, as its end is its start; a whole day is 00:00-24:00"));
        }
        Ok(Self {
            days: days.as_deref().map_or(Ok([true; 7]), parse_days)?,
            days_text: days,
            start,
            // Midnight of the next day ends this day.
            end: if end == 0 { MINUTES_OF_A_DAY } else { end },
        })
    }
}

/// `mon`, `mon-fri`, `mon,wed,fri-sun`; a range may cross the end of the week.
fn parse_days(text: &str) -> Result<[bool; 7], String> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (parse_day(first)?, parse_day(last)?);
        let length = (last + 7 - first) % 7;
        for offset in 0..=length {
            if let Some(day) = days.get_mut((first + offset) % 7) {
                *day = true;
            }
        }
    }
    Ok(days)
}

fn parse_day(text: &str) -> Result<usize, String> {
    let known = DAYS.iter().position(|day| *day == text);
    let known = known.or_else(|| DAY_NAMES.iter().position(|names| names.contains(&text)));
    known.ok_or_else(|| format!("`{}` is not a day; the days are {}", text.escape_debug(), DAYS.join(", ")))
}

/// Minutes since midnight: 00:00 to 24:00.
fn parse_time(text: &str) -> Result<u16, String> {
    let is_number = |part: &str| !part.is_empty() && part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    // A full hour needs no minutes.
    let parsed = text
        .split_once(':')
        .or(Some((text, "00")))
        .filter(|(hour, minute)| is_number(hour) && is_number(minute) && minute.len() == 2);
    let parsed = parsed.and_then(|(hour, minute)| Some((hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?)));
    let minutes = parsed.filter(|(_, minute)| *minute < 60).map(|(hour, minute)| hour * 60 + minute);
    minutes.filter(|minutes| *minutes <= MINUTES_OF_A_DAY).ok_or_else(|| {
        format!("`{}` is not a time of day; write one as 07:00, from 00:00 to 24:00", text.escape_debug())
    })
}

impl fmt::Display for DailyWindow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(days) = &self.days_text {
            write!(formatter, "{days} ")?;
        }
        let Self { start, end, .. } = self;
        write!(formatter, "{:02}:{:02}-{:02}:{:02}", start / 60, start % 60, end / 60, end % 60)
    }
}

impl TryFrom<String> for DailyWindow {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<DailyWindow> for String {
    fn from(window: DailyWindow) -> Self {
        window.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_and_written_the_same() {
        for (text, expected) in [
            ("07:00-19:00", "07:00-19:00"),
            ("7:00-19:00", "07:00-19:00"),
            ("Mon-FRI 07:00-19:00", "mon-fri 07:00-19:00"),
            ("mon,wed,fri-sun  22:00-06:00", "mon,wed,fri-sun 22:00-06:00"),
            ("fri-mon 18:00-00:00", "fri-mon 18:00-24:00"),
            ("sun 00:00-24:00", "sun 00:00-24:00"),
            ("8-18", "08:00-18:00"),
            ("Lun-vie 8-18:30", "lun-vie 08:00-18:30"),
        ] {
            assert_eq!(text.parse::<DailyWindow>().unwrap().to_string(), expected, "{text}");
            assert_eq!(expected.parse::<DailyWindow>().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn errors_say_what_is_wrong_and_how_it_is_written() {
        for (text, expected) in [
            ("", "is not a window"),
            ("mon fri 07:00-19:00", "is not a window"),
            ("07:00", "has no hours"),
            ("mon-fri", "write days and hours in quotes"),
            ("mon-fri 25:00-26:00", "`25:00` is not a time of day"),
            ("07:60-19:00", "`07:60` is not a time of day"),
            ("07:0-19:00", "`07:0` is not a time of day"),
            ("7h-19", "`7h` is not a time of day"),
            ("25-26", "`25` is not a time of day"),
            ("07:00-24:01", "`24:01` is not a time of day"),
            ("luness 07:00-19:00", "`luness` is not a day; the days are mon, tue"),
            ("mon- 07:00-19:00", "`` is not a day"),
            ("07:00-07:00", "is never open"),
            ("24:00-07:00", "begins at the end of a day"),
        ] {
            let error = text.parse::<DailyWindow>().expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_range_of_days_may_go_over_the_end_of_the_week() {
        assert_eq!(parse_days("fri-mon").unwrap(), [true, false, false, false, true, true, true]);
        assert_eq!(parse_days("lun-vie,dom").unwrap(), parse_days("mon-fri,sun").unwrap());
        assert_eq!(parse_days("lunes-viernes,sunday").unwrap(), parse_days("mon-fri,sun").unwrap());
        assert_eq!(parse_days("mié,sáb").unwrap(), parse_days("wed,sat").unwrap());
        assert_eq!(parse_days("tue").unwrap(), [false, true, false, false, false, false, false]);
    }
}
