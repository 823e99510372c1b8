//! All texts of the page, in each of its languages (`texts.tsv`). Codes and commands are the same in all languages.

use std::collections::BTreeMap;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_texts_have_one_name() {
        assert_eq!(ReportLanguage::Es.texts().len(), TEXTS.lines().count() - 1);
    }
}
