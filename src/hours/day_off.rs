//! Days on which nothing is sent: dates, and files of dates.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::civil::Date;

use crate::private_file::{FileError, PipeBound, open_to_read};

/// The most bytes of a file of dates.
const LONGEST_FILE: u64 = 1024 * 1024;

/// One value of `--not-on`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DayOff {
    Date(Date),
    /// One date per line.
    File(PathBuf),
}

impl FromStr for DayOff {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let begins_as_date = raw.len() > 4 && raw.bytes().take(4).all(|byte| byte.is_ascii_digit());
        match raw {
            "" => Err("is empty; give a date as 2026-12-25, or a file of dates".to_owned()),
            _ if begins_as_date && raw.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => {
                parse_date(raw).map(Self::Date)
            }
            _ if with_year_last(raw).is_some() => parse_date(raw).map(Self::Date),
            _ => Ok(Self::File(raw.into())),
        }
    }
}

impl fmt::Display for DayOff {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => date.fmt(formatter),
            Self::File(path) => path.display().fmt(formatter),
        }
    }
}

/// The two numbers before the year of `25/12/2026`, and the year; None if it is not written that way.
fn with_year_last(text: &str) -> Option<(i8, i8, i16)> {
    let parts: Vec<&str> = text.split(['/', '.', '-']).collect();
    let [first, second, year] = parts.as_slice() else { return None };
    let is_number = |part: &str, most: usize| {
        !part.is_empty() && part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_date = is_number(first, 2) && is_number(second, 2) && is_number(year, 4) && year.len() == 4;
    is_date.then(|| Some((first.parse().ok()?, second.parse().ok()?, year.parse().ok()?))).flatten()
}

fn parse_date(text: &str) -> Result<Date, String> {
    if let Some((first, second, year)) = with_year_last(text) {
        let (day, month) = if second > 12 { (second, first) } else { (first, second) };
        if first <= 12 && second <= 12 && first != second {
            return Err(format!("`{text}` may be two days; write it as 2026-12-25"));
        }
        return Date::new(year, month, day).map_err(|_| format!("`{text}` is not a date; write one as 2026-12-25"));
    }
    // Only this form is accepted: 2026-1-2 could mean February 1st.
    let date = if text.len() == "2026-12-25".len() { Date::strptime("%Y-%m-%d", text).ok() } else { None };
    date.ok_or_else(|| format!("`{}` is not a date; write one as 2026-12-25", text.escape_debug()))
}

/// The dates in `all`, including those in files.
///
/// # Errors
/// If a file is invalid.
pub(crate) fn days_off_in(all: &[DayOff]) -> Result<BTreeSet<Date>, String> {
    let mut dates = BTreeSet::new();
    for one in all {
        match one {
            DayOff::Date(date) => {
                dates.insert(*date);
            }
            DayOff::File(path) => {
                let text = read(path).map_err(|cause| unread(path, cause))?;
                let read = parse_file(&text).map_err(|problem| format!("{}: {problem}", path.display()))?;
                dates.extend(read);
            }
        }
    }
    Ok(dates)
}

/// The error for a file without dates: dates in another order are refused.
fn unread(path: &Path, cause: io::Error) -> String {
    let shown = path.display().to_string();
    let is_like_date = shown.starts_with(|first: char| first.is_ascii_digit())
        && shown.chars().all(|character| character.is_ascii_digit() || "/.-".contains(character));
    if is_like_date && cause.kind() == io::ErrorKind::NotFound {
        return format!("`{shown}` is neither a file nor a date such as 2026-12-25");
    }
    FileError::of("read", path)(cause).to_string()
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open_to_read(path, PipeBound::FirstByte)?.take(LONGEST_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST_FILE {
        return Err(io::Error::other("it has more than 1 MiB"));
    }
    Ok(text)
}

/// One date per line; blank lines and text after a `#` are ignored.
fn parse_file(text: &str) -> Result<BTreeSet<Date>, String> {
    let mut dates = BTreeSet::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() {
            dates.insert(parse_date(line).map_err(|problem| format!("line {number}: {problem}"))?);
        }
    }
    if dates.is_empty() { Err("has no date; write one a line, as 2026-12-25".to_owned()) } else { Ok(dates) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_date_or_else_a_file() {
        for (text, is_date) in [
            ("2026-12-25", true),
            ("25/12/2026", true),
            ("12/25/2026", true),
            ("holidays.txt", false),
            ("2026-holidays", false),
            ("2026", false),
        ] {
            let value: DayOff = text.parse().unwrap();
            assert_eq!(matches!(value, DayOff::Date(_)), is_date, "{text}");
        }
        for text in ["", "2026-02-30", "2026-13-01", "2026-1-2", "20261225", "05/06/2026", "31/02/2026", "13/13/2026"] {
            text.parse::<DayOff>().expect_err(text);
        }
    }

    #[test]
    fn a_file_has_a_date_a_line_and_a_bad_line_is_named() {
        let dates = parse_file("\u{feff}# Feriados\r\n2026-12-25\r\n\r\n 2027-01-01  # Año nuevo\n").unwrap();
        assert_eq!(dates.len(), 2);
        for (text, expected) in [
            ("25/12/2026\n05/06/2026\n", "line 2: `05/06/2026` may be two days"),
            ("2026-12-25,Navidad\n", "line 1: `2026-12-25,Navidad` is not a date"),
            ("", "has no date"),
            ("# none yet\n", "has no date"),
        ] {
            let error = parse_file(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
