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
        let is_of_date = |character: char| character.is_ascii_digit() || "-/.".contains(character);
        let is_like_date = raw.chars().all(is_of_date) && !raw.starts_with(['.', '/']);
        if is_like_date { parse_date(raw).map(Self::Date) } else { Ok(Self::File(raw.into())) }
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

fn parse_date(text: &str) -> Result<Date, String> {
    // Only this form is accepted: 2026-1-2 could mean February 1st, as 05/06/2026 could mean two days.
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
                let text = read(path).map_err(FileError::of("read", path)).map_err(|error| error.to_string())?;
                let read = parse_file(&text).map_err(|problem| format!("{}: {problem}", path.display()))?;
                dates.extend(read);
            }
        }
    }
    Ok(dates)
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
        for (text, is_date) in
            [("2026-12-25", true), ("holidays.txt", false), ("2026-holidays", false), ("./2026", false)]
        {
            let value: DayOff = text.parse().unwrap();
            assert_eq!(matches!(value, DayOff::Date(_)), is_date, "{text}");
        }
        for text in ["", "2026", "2026-02-30", "2026-13-01", "2026-1-2", "20261225", "05/06/2026", "25/12/2026"] {
            text.parse::<DayOff>().expect_err(text);
        }
    }

    #[test]
    fn a_file_has_a_date_a_line_and_a_bad_line_is_named() {
        let dates = parse_file("\u{feff}# Feriados\r\n2026-12-25\r\n\r\n 2027-01-01  # Año nuevo\n").unwrap();
        assert_eq!(dates.len(), 2);
        for (text, expected) in [
            ("2026-12-25\n05/06/2026\n", "line 2: `05/06/2026` is not a date; write one as 2026-12-25"),
            ("2026-12-25,Navidad\n", "line 1: `2026-12-25,Navidad` is not a date"),
            ("", "has no date"),
            ("# none yet\n", "has no date"),
        ] {
            let error = parse_file(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
