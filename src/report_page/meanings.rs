//! The meaning of a reason, in the page's language: `explain`'s own sentences for the codes of the API, and plain ones
//! for the words of the ledger (`words.tsv`).

use serde::Serialize;

use crate::api::look_up_code;
use crate::list::ReportLanguage;
use crate::tables::rows;

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
            return Some(Self { sentence, hint: Some(language.of([code.hint, code.hint_in_spanish])) });
        }
        let [_, _, english, spanish] = word(reason).filter(|[.., sentence, _]| !sentence.is_empty())?;
        Some(Self { sentence: language.of([english, spanish]), hint: None })
    }
}

/// A reason as one word: a code of the API is the same in every language, as is each word of the ledger in English.
pub(super) fn shown_reason(reason: &str, language: ReportLanguage) -> String {
    word(reason).map_or(reason, |[english, spanish, ..]| language.of([english, spanish])).to_owned()
}

fn word(reason: &str) -> Option<[&'static str; 4]> {
    rows::<4>(WORDS).find(|[word, ..]| *word == reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::codes;
    use crate::ledger::SkipReason;
    use crate::message::Message;

    #[test]
    fn every_reason_and_kind_has_its_texts_in_both_languages() {
        assert_eq!(rows::<4>(WORDS).count(), WORDS.lines().count() - 1);
        for code in codes() {
            assert_ne!((code.meaning, code.hint), (code.meaning_in_spanish, code.hint_in_spanish), "{}", code.code);
        }
        for kind in Message::all() {
            let name = format!("kind {}", kind.command());
            assert!(ReportLanguage::En.texts().contains_key(name.as_str()), "{name}");
        }
        for reason in SkipReason::ALL {
            assert!(Meaning::of(reason.name(), ReportLanguage::Es).is_some(), "{reason:?}");
        }
    }
}
