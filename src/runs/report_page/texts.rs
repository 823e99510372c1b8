//! All texts of the page in each language (`texts.tsv`), and its times, in one zone and a format for all languages. Codes
//! and commands are the same in all languages. Texts of users, sheets and Jelou stay unchanged. `words.tsv` has the words
//! of the ledger, and `explain` the codes of the API.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::base::conventions::Conventions;
use crate::base::message::{Lang, Message, Value};
use crate::base::paths::file_name;
use crate::base::texts::rows;
use crate::jelou::api::look_up_code;
use crate::phone::Country;

/// Name, English and Spanish; `kind text` is the kind of message `text`.
const TEXTS: &str = include_str!("texts.tsv");

impl Lang {
    /// Returns the language code in HTML.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// Returns the text with this name. The table must have it.
    pub(super) fn text(self, name: &str) -> &'static str {
        let found = self.find(name);
        debug_assert!(found.is_some(), "no text is called {name}");
        found.unwrap_or_default()
    }

    /// Returns the text with this name, if the table has it.
    pub(super) fn find(self, name: &str) -> Option<&'static str> {
        let row = rows::<3>(TEXTS).find(|[known, ..]| *known == name);
        row.map(|[_, english, spanish]| self.pick([english, spanish]))
    }

    /// Returns the text with this name, with `value` in place of `{}`.
    pub(super) fn text_with(self, name: &str, value: &str) -> String {
        self.text(name).replace("{}", value)
    }

    /// Returns a text for a number: `name_1` for one, `name_n` for others.
    pub(super) fn counted(self, name: &str, number: u64) -> String {
        let name = format!("{name}_{}", if number == 1 { "1" } else { "n" });
        self.text_with(&name, &self.number(number))
    }

    /// Returns all texts by name, for the template.
    pub(super) fn texts(self) -> BTreeMap<&'static str, &'static str> {
        rows::<3>(TEXTS)
            .map(|[name, english, spanish]| (name, self.pick([english, spanish])))
            .collect()
    }

    /// Formats an amount with the decimal separator of this language.
    pub(super) fn amount(self, amount: &str) -> String {
        amount.replace('.', self.pick([".", ","]))
    }

    /// Formats the share of `part` in `whole`, to a tenth of a percent. Only zero is shown as 0%, and only the whole as
    /// 100%.
    pub(super) fn share(self, part: u64, whole: u64) -> String {
        let thousandths =
            part.saturating_mul(2000).saturating_add(whole) / whole.saturating_mul(2).max(1);
        let shown = match thousandths {
            0 if part > 0 => 1,
            1000 if part < whole => 999,
            thousandths => thousandths,
        };
        let tenth = if shown % 10 == 0 {
            String::new()
        } else {
            format!("{}{}", self.pick([".", ","]), shown % 10)
        };
        format!("{}{tenth}{}", shown / 10, self.pick(["%", "\u{a0}%"]))
    }
}

/// The time zone and the language of the page. Times are milliseconds since 1970; an invalid time is a dash.
#[derive(Clone)]
pub(super) struct PageClock {
    zone: TimeZone,
    language: Lang,
    /// The format of a date, for strftime.
    pub(super) date: &'static str,
}

impl PageClock {
    pub(super) fn new(zone: TimeZone, language: Lang) -> Self {
        Self {
            zone,
            language,
            date: language.pick(["%Y-%m-%d", "%d/%m/%Y"]),
        }
    }

    /// Writes dates as in this country, if the page is in Spanish.
    pub(super) fn with_country(self, country: Option<Country>) -> Self {
        let conventions = country.and_then(|country| Conventions::for_country(country.code()));
        let date = match (self.language, conventions) {
            (Lang::Es, Some(conventions)) => conventions.short_date,
            _ => self.date,
        };
        Self { date, ..self }
    }

    pub(super) fn format(&self, at: i64, format: &str) -> String {
        let at = Timestamp::from_millisecond(at)
            .ok()
            .map(|at| at.to_zoned_datetime(self.zone.clone()));
        at.map_or_else(|| "–".to_owned(), |at| at.strftime(format).to_string())
    }

    /// Formats a time: `2026-11-20 10:15:03`.
    pub(super) fn moment(&self, at: i64) -> String {
        self.format(at, &format!("{} %H:%M:%S", self.date))
    }

    /// Formats a time to the minute: `2026-11-20 10:15`.
    pub(super) fn minute(&self, at: i64) -> String {
        self.format(at, &format!("{} %H:%M", self.date))
    }

    /// Formats a range of times. A shared day appears once.
    pub(super) fn span(&self, from: i64, to: i64) -> String {
        format!("{} – {}", self.moment(from), self.later(from, to))
    }

    /// Formats the end of a range of times, without a shared day.
    fn later(&self, from: i64, to: i64) -> String {
        if self.format(from, "%F") == self.format(to, "%F") {
            self.format(to, "%H:%M:%S")
        } else {
            self.moment(to)
        }
    }

    /// Writes a time as HTML: `<time datetime="2026-11-20T10:15:03-05:00">20/11/2026 10:15:03</time>`.
    pub(super) fn time_element(&self, at: i64) -> String {
        self.element(at, &self.moment(at))
    }

    /// Writes a range of times as HTML.
    pub(super) fn span_element(&self, from: i64, to: i64) -> String {
        let end = self.element(to, &self.later(from, to));
        format!("{} – {end}", self.time_element(from))
    }

    fn element(&self, at: i64, shown: &str) -> String {
        let for_machines = self.format(at, "%Y-%m-%dT%H:%M:%S%:z");
        format!(r#"<time datetime="{for_machines}">{shown}</time>"#)
    }

    /// Returns whether both times are on one day.
    pub(super) fn is_one_day(&self, one: Timestamp, other: Timestamp) -> bool {
        self.days_between(one, other) == 1
    }

    /// Counts the calendar days from one time to another, including both.
    pub(super) fn days_between(&self, from: Timestamp, to: Timestamp) -> u64 {
        let day = |at: Timestamp| self.zone.to_datetime(at).date();
        let days = day(to).duration_since(day(from)).as_hours() / 24;
        days.unsigned_abs() + 1
    }

    /// Returns how far local time is ahead of UTC at this time, in milliseconds.
    pub(super) fn offset(&self, at: i64) -> i64 {
        let at = Timestamp::from_millisecond(at).unwrap_or_default();
        i64::from(self.zone.to_offset(at).seconds()) * 1000
    }

    /// Returns the name of the zone: `Guayaquil time`, or its distance from UTC if it has no place.
    pub(super) fn zone(&self, at: i64) -> String {
        let name = self.zone.iana_name().unwrap_or_default();
        let place = name.rsplit('/').next().unwrap_or_default();
        let is_place = !name.starts_with("Etc/") && place.contains(char::is_lowercase);
        if is_place {
            let known = self.language.find(&format!("place {place}"));
            let place = known.map_or_else(|| place.replace('_', " "), str::to_owned);
            return self.language.text_with("time_of", &place);
        }
        let minutes = self.offset(at) / 60_000;
        let hours = format!("{}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
        match minutes {
            0 => self.language.text("universal_time").to_owned(),
            1.. => self.language.text_with("ahead_of_utc", &hours),
            _ => self.language.text_with("behind_utc", &hours),
        }
    }

    /// Returns a text for the page: in its language, with times in its zone, and with the name of a file in place of its
    /// path.
    pub(super) fn shown(&self, message: &Message) -> String {
        let message = message.clone().with_texts(&|value| match value {
            Value::Time { at, .. } => Some(self.minute(*at)),
            Value::Text(text) => file_name(text),
            _ => None,
        });
        replace_backticks(self.language, &message.text(self.language))
    }
}

/// Replaces pairs of backticks in `text` with quotation marks.
fn replace_backticks(language: Lang, text: &str) -> String {
    let pieces: Vec<_> = text.split('`').collect();
    // With an odd number, at least one backtick belongs to the text.
    if pieces.len() % 2 == 0 {
        return text.to_owned();
    }
    let mut shown = String::new();
    for (place, piece) in pieces.iter().enumerate() {
        shown.push_str(match place {
            0 => "",
            place if place % 2 == 1 => language.pick(["“", "«"]),
            _ => language.pick(["”", "»"]),
        });
        shown.push_str(piece);
    }
    shown
}

/// Hints for the readers of a page, who have no terminal. They replace the hints of `codes.tsv` that name a command, a
/// flag or a setting.
const HINTS: &str = include_str!("hints.tsv");

/// The words of the ledger with their Spanish translation, and a sentence for each in both languages.
const WORDS: &str = include_str!("words.tsv");

/// The meaning of a word of the ledger, and the remedy of a code of the API.
#[derive(Debug, Serialize)]
pub(super) struct Meaning {
    sentence: String,
    hint: Option<String>,
}

impl Meaning {
    /// Finds a code of the API or a word of the ledger. Returns None if it is unknown.
    pub(super) fn find(reason: &str, language: Lang) -> Option<Self> {
        if let Some(code) = look_up_code(reason) {
            let plain = rows::<3>(HINTS).find(|[known, ..]| *known == code.code);
            let hint = match plain {
                Some([_, english, spanish]) => language.pick([english, spanish]),
                None => language.pick([code.hint, code.hint_in_spanish]),
            };
            return Some(Self {
                sentence: String::new(),
                hint: Some(hint.to_owned()),
            });
        }
        let [_, _, english, spanish] = find_word(reason)?;
        Some(Self {
            sentence: language.pick([english, spanish]).to_owned(),
            hint: None,
        })
    }
}

/// The reason of an undelivered message without a code from Jelou.
pub(super) const NO_CODE: &str = "no_code";

/// Returns the text for a reason: the meaning of a code of the API with the code, or a word of the ledger.
pub(super) fn reason_in_words(reason: &str, language: Lang) -> String {
    match reason {
        "" => return String::new(),
        NO_CODE => return language.text("does_not_say_why").to_owned(),
        _ => {}
    }
    if let Some(code) = look_up_code(reason) {
        let meaning = language.pick([code.meaning, code.meaning_in_spanish]);
        return format!("{meaning} ({reason})");
    }
    ledger_word(reason, language).unwrap_or_else(|| language.text_with("unknown_code", reason))
}

/// Returns a word of the ledger, such as `not_selected`, as the page prints it.
pub(crate) fn ledger_word(word: &str, language: Lang) -> Option<String> {
    let [english, spanish, ..] = find_word(word)?;
    Some(language.pick([english.replace('_', " "), spanish.to_owned()]))
}

fn find_word(reason: &str) -> Option<[&'static str; 4]> {
    rows::<4>(WORDS).find(|[word, ..]| *word == reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::message::msg;
    use crate::base::timestamps::time_value;
    use crate::jelou::api::codes;
    use crate::jelou::message::MessageKind;
    use crate::runs::ledger::{EarlierRow, SkipReason};

    #[test]
    fn text_names_are_unique() {
        assert_eq!(Lang::Es.texts().len(), TEXTS.lines().count() - 1);
    }

    #[test]
    fn times_are_shown_with_their_zone() {
        let zone = TimeZone::get("America/Guayaquil").unwrap();
        let clock = PageClock::new(zone, Lang::En);
        let at = 1_795_187_703_000;
        assert_eq!(clock.moment(at), "2026-11-20 10:15:03");
        assert_eq!(clock.span(at, at + 5000), "2026-11-20 10:15:03 – 10:15:08");
        assert_eq!(
            clock.span(at, at + 86_400_000),
            "2026-11-20 10:15:03 – 2026-11-21 10:15:03"
        );
        assert_eq!(
            clock.span_element(at, at + 5000),
            "<time datetime=\"2026-11-20T10:15:03-05:00\">2026-11-20 10:15:03</time> – \
             <time datetime=\"2026-11-20T10:15:08-05:00\">10:15:08</time>"
        );
        for (language, country, expected) in [
            (Lang::En, Some("EC"), "2026-11-20 10:15"),
            (Lang::Es, None, "20/11/2026 10:15"),
            (Lang::Es, Some("EC"), "20/11/2026 10:15"),
            (Lang::Es, Some("CL"), "20-11-2026 10:15"),
        ] {
            let clock = PageClock::new(clock.zone.clone(), language);
            let clock = clock.with_country(country.map(|code| code.parse().unwrap()));
            assert_eq!(clock.minute(at), expected, "{country:?}");
        }
        assert_eq!(clock.moment(i64::MAX), "–");
        let time = time_value(&TimeZone::UTC, at);
        let reason = msg!("by run `a` at {time}", time);
        for reason in [Message::joined(vec![reason.clone()], "; "), reason] {
            let stored = Message::decode(&reason.encode());
            assert_eq!(stored, reason);
            assert_eq!(clock.shown(&stored), "by run “a” at 2026-11-20 10:15");
        }
    }

    #[test]
    fn page_has_file_names_without_paths() {
        let clock = PageClock::new(TimeZone::UTC, Lang::En);
        let shown = |name: &str| clock.shown(&msg!("excluded by {name}: line 3", name));
        for name in ["/home/ana/listas/bajas.csv", "bajas.csv"] {
            assert_eq!(shown(name), "excluded by bajas.csv: line 3");
        }
    }

    #[test]
    fn hints_on_page_name_no_commands() {
        use Lang::{En, Es};
        for code in codes() {
            for language in [En, Es] {
                let meaning = Meaning::find(code.code, language).unwrap();
                let hint = meaning.hint.unwrap();
                for part in ["--", "`", "jelouctl", "do_not_contact", "{"] {
                    assert!(!hint.contains(part), "{}: {hint}", code.code);
                }
            }
        }
        let of_code = |code| Meaning::find(code, Es).unwrap().hint.unwrap();
        assert_eq!(of_code("131050"), "agrégalo a la lista de exclusión");
        assert_eq!(of_code("131021"), "envíalo a otro número");
        assert_eq!(rows::<3>(HINTS).count(), HINTS.lines().count() - 1);
        for [code, ..] in rows::<3>(HINTS) {
            let hint = look_up_code(code).unwrap().hint;
            let names_command = hint.contains("--") || hint.contains('`');
            assert!(names_command, "{code} needs no other hint: {hint}");
        }
    }

    #[test]
    fn zone_is_named_after_its_place() {
        use Lang::{En, Es};
        for (zone, language, expected) in [
            ("America/Guayaquil", En, "Guayaquil time"),
            ("America/Argentina/Buenos_Aires", Es, "hora de Buenos Aires"),
            ("America/Bogota", Es, "hora de Bogotá"),
            ("Etc/GMT+5", En, "5:00 hours behind universal time, UTC"),
            ("Etc/GMT-5", Es, "5:00 horas más que la hora universal, UTC"),
            ("EST5EDT", Es, "5:00 horas menos que la hora universal, UTC"),
            ("UTC", En, "universal time, UTC"),
        ] {
            let clock = PageClock::new(TimeZone::get(zone).unwrap(), language);
            assert_eq!(clock.zone(1_795_187_703_000), expected, "{zone}");
        }
    }

    #[test]
    fn row_reasons_are_translated_to_spanish() {
        let clock = PageClock::new(TimeZone::UTC, Lang::Es);
        for reason in [
            SkipReason::AlreadySent,
            SkipReason::MayHaveBeenSent,
            SkipReason::ToBeSent,
        ] {
            let problem = EarlierRow { reason, at: 0 }.problem("avisos");
            let stored = Message::decode(&problem.encode());
            let shown = clock.shown(&stored);
            assert!(shown.contains("avisos"), "{shown}");
            assert_ne!(shown, problem.to_string());
        }
    }

    #[test]
    fn every_reason_and_kind_is_translated() {
        assert_eq!(rows::<4>(WORDS).count(), WORDS.lines().count() - 1);
        for code in codes() {
            assert_ne!(
                (code.meaning, code.hint),
                (code.meaning_in_spanish, code.hint_in_spanish),
                "{}",
                code.code
            );
        }
        for kind in MessageKind::all() {
            let name = format!("kind {}", kind.command());
            assert!(Lang::En.texts().contains_key(name.as_str()), "{name}");
        }
        for reason in SkipReason::ALL.iter().copied() {
            assert!(
                Meaning::find(reason.name(), Lang::Es).is_some(),
                "{reason:?}"
            );
        }
    }
}
