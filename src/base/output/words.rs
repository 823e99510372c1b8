//! Text for users: tables aligned by the width of their characters, lines broken for a terminal, counts and durations.

use std::time::Duration;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use indicatif::HumanCount;
use unicode_width::UnicodeWidthStr;

use super::escape::one_line;
use crate::base::message::Value;
use crate::base::texts::shorten;

/// The maximum of characters of a cell.
const MAX_CELL: usize = 60;

/// The narrowest part of a column that is shown.
const MIN_PART: usize = 10;

/// The spaces around a cell.
const GAP: usize = 2;

/// Aligns `rows` under `header`, for a terminal of this width. Every cell is on one line. A column without any value is
/// left out. The last columns are cut or left out if the terminal is narrower.
pub(crate) fn aligned(
    header: &[String],
    rows: impl Iterator<Item = Vec<String>>,
    terminal_width: usize,
) -> String {
    let rows: Vec<Vec<String>> = rows
        .map(|row| row.iter().map(|cell| one_line(cell).into_owned()).collect())
        .collect();
    let mut left = terminal_width;
    let mut shown = Vec::new();
    for (place, name) in header.iter().enumerate() {
        let cells = rows.iter().filter_map(|row| row.get(place));
        if place > 0 && cells.clone().all(|cell| cell == "0" || cell == "-") {
            continue;
        }
        let widths = cells.map(|cell| cell.width().min(MAX_CELL));
        let wanted = widths.fold(name.width(), usize::max);
        let width = wanted.min(left.saturating_sub(GAP));
        if width < wanted && width < MIN_PART {
            break;
        }
        shown.push((place, width));
        left -= width + GAP;
    }
    let line = |cells: &[String]| {
        let cells = shown
            .iter()
            .filter_map(|(place, width)| Some((cells.get(*place)?, *width)));
        let cells = cells.map(|(cell, width)| shorten(cell, width).into_owned());
        cells.collect::<Vec<_>>()
    };
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(line(header));
    table.add_rows(rows.iter().map(|row| line(row)));
    table.trim_fmt()
}

/// Breaks `text` at spaces into lines of at most `columns`. A longer word gets its own line.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        if used > 0 && used + word.trim_end().width() > columns {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0;
        }
        line.push_str(word);
        used += word.width();
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// Formats a number with separators: `1,000`
pub(crate) fn grouped(count: u64) -> String {
    HumanCount(count).to_string()
}

/// Returns a count as a value of a text: `1,000` in English, `1000` in Spanish.
pub(crate) fn count_value(count: u64) -> Value {
    Value::ByLanguage {
        english: grouped(count),
        spanish: count.to_string(),
    }
}

/// Returns a duration as a value of a text: `0.4 s` in English, `0,4 s` in Spanish.
pub(crate) fn duration_value(time: Duration) -> Value {
    let english = rounded(time);
    let spanish = english.replace('.', ",");
    Value::ByLanguage { english, spanish }
}

/// Formats a duration for users: `0.4 s`, `20 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
pub(crate) fn rounded(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    let seconds = (time.as_millis() + 500) / 1000;
    match (tenths, seconds) {
        (0..100, _) if tenths == 0 || !tenths.is_multiple_of(10) => {
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        (_, 0..60) => format!("{seconds} s"),
        (_, 60..3600) => format!("{} min {} s", seconds / 60, seconds % 60),
        (_, 3600..172_800) => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        (_, _) => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_columns_align_on_single_lines() {
        let rows = [["día", "a\nb"], ["日本", "x"]].map(|row| row.map(str::to_owned).to_vec());
        let header = ["NAME", "TEXT"].map(str::to_owned);
        let table = aligned(&header, rows.into_iter(), 80);
        assert_eq!(table, " NAME  TEXT\n día   a\\nb\n 日本  x");
        assert_eq!(
            shorten(&"ñ".repeat(61), MAX_CELL),
            format!("{}…", "ñ".repeat(59))
        );
    }

    #[test]
    fn table_fits_its_terminal() {
        let header = ["RUN", "FAILED", "SENT", "CREATED BY", "TEXT"].map(str::to_owned);
        let row = |run: &str, sent: &str| {
            [run, "0", sent, "ana at build-7", "Hola"]
                .map(str::to_owned)
                .to_vec()
        };
        let table = |width| aligned(&header, [row("a", "7"), row("b", "-")].into_iter(), width);
        for (width, expected) in [
            (
                80,
                " RUN  SENT  CREATED BY      TEXT\n a    7     ana at build-7  Hola\n b    -     ana at build-7  Hola",
            ),
            (
                26,
                " RUN  SENT  CREATED BY\n a    7     ana at build…\n b    -     ana at build…",
            ),
            (20, " RUN  SENT\n a    7\n b    -"),
        ] {
            assert_eq!(table(width), expected);
        }
    }

    #[test]
    fn wrapping_keeps_width_and_every_token() {
        for (text, columns, expected) in [
            ("", 5, vec![""]),
            ("a b", 5, vec!["a b"]),
            ("abc def", 5, vec!["abc", "def"]),
            ("a bcdefgh ij", 5, vec!["a", "bcdefgh", "ij"]),
            ("abcde fghij", 5, vec!["abcde", "fghij"]),
            ("日本 語日 本", 5, vec!["日本", "語日", "本"]),
        ] {
            assert_eq!(wrapped(text, columns), expected, "{text}");
        }
    }

    #[test]
    fn duration_is_rounded_by_its_length() {
        for (milliseconds, expected) in [
            (0, "0.0 s"),
            (449, "0.4 s"),
            (1_000, "1 s"),
            (9_949, "9.9 s"),
            (9_950, "10 s"),
            (59_499, "59 s"),
            (59_500, "1 min 0 s"),
            (200_000, "3 min 20 s"),
            (3_599_500, "1 h 0 min"),
            (7_500_000, "2 h 5 min"),
            (172_799_499, "47 h 59 min"),
            (172_799_500, "2 d 0 h"),
        ] {
            assert_eq!(rounded(Duration::from_millis(milliseconds)), expected);
        }
    }
}
