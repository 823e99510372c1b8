//! All texts of the page, in each of its languages (`texts.tsv`), and times, in one zone and in digits that read the
//! same in every language. Codes and commands are the same in all languages. A ledger keeps a reason as its English
//! sentence; `reasons.tsv` has each with the same in Spanish, and `{1}`, `{2}` … for its values. What a person, a
//! sheet or Jelou wrote stays as it is. `words.tsv` has the words of the ledger, and `explain` the codes of the API.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::api::look_up_code;
use crate::list::ReportLanguage;
use crate::output::grouped;
use crate::texts::rows;

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
        rows::<3>(TEXTS)
            .map(|[name, english, spanish]| (name, self.of([english, spanish])))
            .collect()
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
            format!("{}{}", self.of([".", ","]), shown % 10)
        };
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

    pub(super) fn shown(&self, at: i64, format: &str) -> String {
        let at = Timestamp::from_millisecond(at)
            .ok()
            .map(|at| at.to_zoned_datetime(self.zone.clone()));
        at.map_or_else(|| "–".to_owned(), |at| at.strftime(format).to_string())
    }

    /// `2026-11-20 10:15:03`
    pub(super) fn moment(&self, at: i64) -> String {
        self.shown(at, "%Y-%m-%d %H:%M:%S")
    }

    /// A range of times: the day appears once if it is the same.
    pub(super) fn span(&self, from: i64, to: i64) -> String {
        let is_one_day = self.shown(from, "%F") == self.shown(to, "%F");
        let to = self.shown(
            to,
            if is_one_day {
                "%H:%M:%S"
            } else {
                "%Y-%m-%d %H:%M:%S"
            },
        );
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

/// An English sentence, and the same in Spanish; the first that fits counts.
const REASONS: &str = include_str!("reasons.tsv");

/// `reason` in the page's language, with what it consists of: sentences between semicolons, and the column or field
/// before a colon. What is not in the table is unchanged.
pub(super) fn said_in(language: ReportLanguage, reason: &str) -> String {
    match language {
        ReportLanguage::En => reason.to_owned(),
        ReportLanguage::Es => in_spanish(reason),
    }
}

fn in_spanish(reason: &str) -> String {
    if let Some((first, rest)) = reason.split_once("; ") {
        return format!("{}; {}", in_spanish(first), in_spanish(rest));
    }
    let mut said = rows::<2>(REASONS)
        .filter_map(|[english, spanish]| Some(filled(spanish, &values(english, reason)?)));
    if let Some(said) = said.next() {
        return said;
    }
    match reason.split_once(": ") {
        Some((place, rest)) => format!("{place}: {}", in_spanish(rest)),
        None => reason.to_owned(),
    }
}

/// The values of `reason` if it is the sentence `english`, in order.
fn values<'a>(english: &str, reason: &'a str) -> Option<Vec<&'a str>> {
    let (begin, mut english) = english.split_once('{').unwrap_or((english, ""));
    let (mut rest, mut values) = (reason.strip_prefix(begin)?, Vec::new());
    while let Some((_, behind)) = english.split_once('}') {
        let (words, next) = behind.split_once('{').unwrap_or((behind, ""));
        // The last words end the sentence.
        let at = if next.is_empty() {
            rest.strip_suffix(words)?.len()
        } else {
            rest.find(words)?
        };
        values.push(rest.get(..at)?);
        rest = rest.get(at + words.len()..)?;
        english = next;
    }
    rest.is_empty().then_some(values)
}

/// `spanish` with its values, which may be sentences too.
fn filled(spanish: &str, values: &[&str]) -> String {
    let mut said = String::new();
    let mut rest = spanish;
    while let Some((words, behind)) = rest.split_once('{') {
        said.push_str(words);
        let (number, behind) = behind.split_once('}').unwrap_or((behind, ""));
        let value = number
            .parse::<usize>()
            .ok()
            .and_then(|number| values.get(number.checked_sub(1)?));
        said.push_str(&value.map(|value| in_spanish(value)).unwrap_or_default());
        rest = behind;
    }
    said + rest
}

/// A word of the ledger, the same in Spanish, and its sentence in both languages.
const WORDS: &str = include_str!("words.tsv");

/// A reason's meaning, and the remedy if there is one.
#[derive(Debug, Serialize)]
pub(super) struct Meaning {
    sentence: &'static str,
    hint: Option<&'static str>,
}

impl Meaning {
    /// For a code of the API or a word of the ledger; None if it is unknown.
    pub(super) fn of(reason: &str, language: ReportLanguage) -> Option<Self> {
        if let Some(code) = look_up_code(reason) {
            let sentence = language.of([code.meaning, code.meaning_in_spanish]);
            return Some(Self {
                sentence,
                hint: Some(language.of([code.hint, code.hint_in_spanish])),
            });
        }
        let [_, _, english, spanish] =
            word(reason).filter(|[.., sentence, _]| !sentence.is_empty())?;
        Some(Self {
            sentence: language.of([english, spanish]),
            hint: None,
        })
    }
}

/// A reason as one word: a code of the API is the same in every language, as is each word of the ledger in English.
pub(super) fn shown_reason(reason: &str, language: ReportLanguage) -> String {
    word(reason)
        .map_or(reason, |[english, spanish, ..]| {
            language.of([english, spanish])
        })
        .to_owned()
}

fn word(reason: &str) -> Option<[&'static str; 4]> {
    rows::<4>(WORDS).find(|[word, ..]| *word == reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::codes;
    use crate::ledger::{EarlierRow, SkipReason};
    use crate::message::{Message, TypedRecipient, unclear};

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
        assert_eq!(
            clock.span(at, at + 86_400_000),
            "2026-11-20 10:15:03 – 2026-11-21 10:15:03"
        );
        assert_eq!(clock.moment(i64::MAX), "–");
        assert_eq!(PageClock::new(TimeZone::UTC).zone(at), "UTC");
    }

    #[test]
    fn every_sentence_of_the_table_is_found_with_its_values() {
        assert_eq!(rows::<2>(REASONS).count(), REASONS.lines().count() - 1);
        for [english, spanish] in rows::<2>(REASONS) {
            assert!(!english.contains("; "), "it is cut there: {english}");
            let numbers = |text: &str| {
                let mut numbers: Vec<_> = (1..=9)
                    .filter(|number| text.contains(&format!("{{{number}}}")))
                    .collect();
                numbers.dedup();
                numbers
            };
            assert_eq!(numbers(english), numbers(spanish), "{english}");
            let reason = (1..=9).fold(english.to_owned(), |text, number| {
                text.replace(&format!("{{{number}}}"), &format!("~{number}~"))
            });
            let said = in_spanish(&reason);
            assert!(
                said != reason
                    && numbers(english)
                        .iter()
                        .all(|number| said.contains(&format!("~{number}~"))),
                "{said}"
            );
        }
    }

    /// The sentences that the rest of the program makes, not copies of them.
    #[test]
    fn what_is_said_of_a_row_is_spanish() {
        let of_number = |typed: &str| TypedRecipient::read(typed, None).unwrap_err().to_string();
        for typed in [
            "",
            "hola",
            "593x",
            "5.93E+11",
            "593987654321.5",
            "593987654321.0",
            "+593 (0) 987654321",
            "12",
        ] {
            assert_spanish(&format!("to: {}", of_number(typed)));
        }
        for typed in [
            "0987654321",
            "+0987654321",
            "+59398765432",
            "+593593987654321",
            "+5930987654321",
            "US.12",
        ] {
            assert_spanish(&format!("to: {}", of_number(typed)));
        }
        assert_spanish(&unclear("x").to_string());
        for reason in [
            SkipReason::AlreadySent,
            SkipReason::MayHaveBeenSent,
            SkipReason::ToBeSent,
        ] {
            assert_spanish(&EarlierRow { reason, at: 0 }.problem("avisos"));
        }
        assert_spanish(&crate::import::problem_of_excluded("no.txt"));
    }

    fn assert_spanish(reason: &str) {
        let said = in_spanish(reason);
        let english = [
            "the ",
            " is ",
            " has ",
            "which",
            "number",
            "was ",
            "must",
            "country code",
            "spreadsheet",
            "digits",
        ];
        assert!(
            !english.iter().any(|word| said.contains(word)),
            "{reason}: {said}"
        );
    }

    #[test]
    fn parts_are_said_one_by_one_and_what_is_not_known_stays() {
        for (reason, expected) in [
            (
                "text: has 5000 characters; at most 4096 are allowed; mediaUrl: is missing",
                "text: tiene 5000 caracteres; se permiten como máximo 4096; mediaUrl: falta",
            ),
            (
                "to: `x` is not a phone number: it contains `x`",
                "to: `x` no es un número de teléfono: contiene `x`",
            ),
            ("2 rows cannot be sent", "no se puede enviar 2 filas"),
            (
                "5 of 9 messages are in earlier runs: 3 were sent by run a at 2026-11-20 08:23, 2 were sent by run b at 2026-11-21 08:23",
                "5 de 9 mensajes están en envíos anteriores: 3 los envió a el 2026-11-20 08:23, 2 los envió b el 2026-11-21 08:23",
            ),
            (
                "the messages cost 0.225 USD, more than the budget of 0.05",
                "los mensajes cuestan 0.225 USD, más que el presupuesto de 0.05",
            ),
            (
                "the API answered 400: no existe",
                "la API respondió 400: no existe",
            ),
            ("Algo de Jelou; otra cosa", "Algo de Jelou; otra cosa"),
        ] {
            assert_eq!(in_spanish(reason), expected);
            assert_eq!(said_in(ReportLanguage::En, reason), reason);
        }
    }

    #[test]
    fn every_reason_and_kind_has_its_texts_in_both_languages() {
        assert_eq!(rows::<4>(WORDS).count(), WORDS.lines().count() - 1);
        for code in codes() {
            assert_ne!(
                (code.meaning, code.hint),
                (code.meaning_in_spanish, code.hint_in_spanish),
                "{}",
                code.code
            );
        }
        for kind in Message::all() {
            let name = format!("kind {}", kind.command());
            assert!(
                ReportLanguage::En.texts().contains_key(name.as_str()),
                "{name}"
            );
        }
        for reason in SkipReason::ALL {
            assert!(
                Meaning::of(reason.name(), ReportLanguage::Es).is_some(),
                "{reason:?}"
            );
        }
    }
}
