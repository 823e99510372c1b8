//! All texts of the page, in each of its languages (`texts.tsv`), and times, in one zone and in digits that read the same in
//! every language. Codes and commands are the same in all languages.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::list::ReportLanguage;
use crate::tables::rows;

/// Name, English and Spanish; `kind text` is the kind of message `text`.
const TEXTS: &str = include_str!("texts.tsv");

impl ReportLanguage {
    /// The language code in HTML.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The text with this name, which is in the table.
    pub(super) fn text(self, name: &str) -> &'static str {
        let found = self.find(name);
        debug_assert!(found.is_some(), "no text is called {name}");
        found.unwrap_or_default()
    }

    /// The text with this name, if the table has it.
    pub(super) fn find(self, name: &str) -> Option<&'static str> {
        let row = rows::<3>(TEXTS).find(|[known, ..]| *known == name);
        row.map(|[_, english, spanish]| self.of([english, spanish]))
    }

    /// The text with this name, with a value in place of `{}`.
    pub(super) fn text_with(self, name: &str, value: &str) -> String {
        self.text(name).replace("{}", value)
    }

    /// A text that depends on a number: `name_1` for one, `name_n` for others.
    pub(super) fn counted(self, name: &str, number: u64) -> String {
        let name = format!("{name}_{}", if number == 1 { "1" } else { "n" });
        self.text_with(&name, &self.number(number))
    }

    /// All texts by name, for the template.
    pub(super) fn texts(self) -> BTreeMap<&'static str, &'static str> {
        rows::<3>(TEXTS).map(|[name, english, spanish]| (name, self.of([english, spanish]))).collect()
    }

    /// An amount that is written with a decimal point, as this language has it.
    pub(super) fn amount(self, amount: &str) -> String {
        amount.replace('.', self.of([".", ","]))
    }

    /// `12,345`, or with a thin space between the thousands: in Spanish, both dot and comma are ambiguous.
    pub(super) fn number(self, number: u64) -> String {
        let digits = number.to_string();
        let mut grouped = String::with_capacity(digits.len() * 2);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                grouped.push_str(self.of([",", "\u{202f}"]));
            }
            grouped.push(digit);
        }
        grouped
    }

    /// The share of `part` in `whole`, to a tenth of a percent; a share above zero is never shown as zero, nor one
    /// below all as all.
    pub(super) fn share(self, part: u64, whole: u64) -> String {
        let thousandths = part.saturating_mul(2000).saturating_add(whole) / whole.saturating_mul(2).max(1);
        let shown = match thousandths {
            0 if part > 0 => 1,
            1000 if part < whole => 999,
            thousandths => thousandths,
        };
        let tenth = if shown % 10 == 0 { String::new() } else { format!("{}{}", self.of([".", ","]), shown % 10) };
        format!("{}{tenth}{}", shown / 10, self.of(["%", "\u{a0}%"]))
    }
}

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

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

    /// `11-20 10:15:03`
    pub(super) fn day_and_second(&self, at: i64) -> String {
        self.shown(at, "%m-%d %H:%M:%S")
    }

    /// A range of times: the day appears once if it is the same.
    pub(super) fn span(&self, from: i64, to: i64) -> String {
        let is_one_day = self.shown(from, "%F") == self.shown(to, "%F");
        let to = self.shown(to, if is_one_day { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" });
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
    fn no_two_texts_have_one_name() {
        assert_eq!(ReportLanguage::Es.texts().len(), TEXTS.lines().count() - 1);
    }

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
