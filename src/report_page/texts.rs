//! All texts of the page, in each of its languages (`texts.tsv`), and times, in one zone and in digits that read the same in
//! every language. Codes and commands are the same in all languages.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::list::ReportLanguage;
use crate::output::grouped;
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
        grouped(number).replace(',', self.of([",", "\u{202f}"]))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_texts_have_one_name() {
        assert_eq!(ReportLanguage::Es.texts().len(), TEXTS.lines().count() - 1);
    }

    #[test]
    fn times_are_told_with_their_zone() {
        let clock = PageClock::new(TimeZone::get("America/Guayaquil").unwrap());
        let at = 1_795_187_703_000;
        assert_eq!(clock.moment(at), "2026-11-20 10:15:03");
        assert_eq!(clock.zone(at), "America/Guayaquil, UTC−05");
        assert_eq!(clock.span(at, at + 5000), "2026-11-20 10:15:03 – 10:15:08");
        assert_eq!(clock.span(at, at + 86_400_000), "2026-11-20 10:15:03 – 2026-11-21 10:15:03");
        assert_eq!(clock.moment(i64::MAX), "–");
        assert_eq!(PageClock::new(TimeZone::UTC).zone(at), "UTC");
    }
}
