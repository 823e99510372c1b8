//! Explains the codes of Jelou and WhatsApp (from Jelou's documents and the WhatsApp Cloud API's error codes). The
//! errors of `send` and `explain CODE` use the same table, `codes.tsv`.

use crate::base::message::{Message, Value, msg};
use crate::base::texts::{has_only_digits, rows};

/// A code with its meaning for a message, and the hint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    pub(crate) code: &'static str,
    /// Jelou or WhatsApp.
    pub(crate) origin: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) meaning_in_spanish: &'static str,
    pub(crate) hint_in_spanish: &'static str,
    pub(crate) effect: CodeOutcome,
    /// WhatsApp's titles of the code, separated by semicolons, to recognize answers without the code.
    titles: &'static str,
}

/// The outcome of a message that got a code as its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeOutcome {
    /// Rejected, also on a retry. With a 5xx the outcome is unknown.
    Refused,
    /// Rejected if the text names the company; otherwise the outcome is unknown.
    RefusedByCompany,
    /// The business itself is blocked and cannot send anything until that is resolved.
    RefusedForAccount,
    /// Rate limited, so the message was certainly not sent and may be retried.
    RateLimited,
    /// The code does not determine the outcome.
    Open,
}

/// WhatsApp's limit of messages to the same user.
pub(crate) const PAIR_RATE_LIMIT: &str = "131056";
/// The minimum wait after this limit, in seconds: one message per 6 s to the same user.
pub(crate) const PAIR_RATE_LIMIT_SECONDS: u64 = 6;

/// The digits of the longest code to look for in a text.
const MAX_DIGITS: usize = 7;

/// The codes, with Spanish texts for the pages.
const TABLE: &str = include_str!("codes.tsv");

/// Returns every known code.
pub(crate) fn codes() -> impl Iterator<Item = Code> {
    rows(TABLE).map(
        |[
            code,
            origin,
            effect,
            titles,
            meaning,
            hint,
            meaning_in_spanish,
            hint_in_spanish,
        ]| Code {
            code,
            origin,
            meaning,
            hint,
            meaning_in_spanish,
            hint_in_spanish,
            effect: match effect {
                "RefusedByCompany" => CodeOutcome::RefusedByCompany,
                "RefusedForAccount" => CodeOutcome::RefusedForAccount,
                "RateLimited" => CodeOutcome::RateLimited,
                "Open" => CodeOutcome::Open,
                _ => CodeOutcome::Refused,
            },
            titles,
        },
    )
}

impl Code {
    pub(crate) fn meaning_value(&self) -> Value {
        in_both(self.meaning, self.meaning_in_spanish)
    }

    pub(crate) fn hint_value(&self) -> Value {
        in_both(self.hint, self.hint_in_spanish)
    }

    /// Returns its meaning, and what to do.
    pub(crate) fn explain(&self) -> Message {
        msg!(
            "{meaning}; {hint}",
            meaning = self.meaning_value(),
            hint = self.hint_value()
        )
    }
}

fn in_both(english: &str, spanish: &str) -> Value {
    Value::ByLanguage {
        english: english.to_owned(),
        spanish: spanish.to_owned(),
    }
}

pub(crate) fn look_up(code: &str) -> Option<Code> {
    codes().find(|known| known.code == code)
}

/// Returns WhatsApp's code at the start of a message of the API, `(#131047) …`. It does not count
/// if the message may repeat a text of `sent`, the body of the request.
pub(crate) fn code_at_start<'a>(text: &'a str, sent: &str) -> Option<&'a str> {
    let (code, _) = text.trim_start().strip_prefix("(#")?.split_once(')')?;
    let is_code = (1..=MAX_DIGITS).contains(&code.len()) && has_only_digits(code);
    (is_code && !sent.contains(&format!("#{code}"))).then_some(code)
}

/// Returns the code of a message of the API that is exactly one of WhatsApp's titles. `sent` is as
/// in [`code_at_start`].
pub(crate) fn code_by_title(text: &str, sent: &str) -> Option<&'static str> {
    let title = text.trim().trim_end_matches('.');
    let is_it = |known: &Code| {
        known
            .titles
            .split(';')
            .any(|known| known.eq_ignore_ascii_case(title))
    };
    let known = codes().find(is_it).filter(|_| !title.is_empty())?;
    let is_repeated = sent
        .to_ascii_lowercase()
        .contains(&title.to_ascii_lowercase());
    (!is_repeated).then_some(known.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_read_from_text_start_or_title() {
        let read = |text, sent| code_at_start(text, sent).or_else(|| code_by_title(text, sent));
        for (text, code) in [
            ("(#131047) Re-engagement message", Some("131047")),
            ("  (#100) Invalid parameter", Some("100")),
            ("(#131047)", Some("131047")),
            ("(#131047", None),
            ("(#12345678) x", None),
            ("(#) x", None),
            ("(#13a) x", None),
            ("error (#131047) x", None),
            ("131047", None),
            ("Message Undeliverable", Some("131026")),
            ("message undeliverable.", Some("131026")),
            ("Message Undeliverable to you", None),
            // This text is too common to be certainly from WhatsApp.
            ("Something went wrong", None),
            ("", None),
        ] {
            assert_eq!(read(text, r#"{"text":"Hola"}"#), code, "{text}");
        }
        for (text, sent) in [
            ("(#131042) hola is too long", r#"{"text":"(#131042) hola"}"#),
            ("(#131042) is too long", "{\"text\":\"#131042\"}"),
            ("Rate limit hit", r#"{"text":"rate limit hit"}"#),
        ] {
            assert_eq!(read(text, sent), None, "{text}");
        }
    }

    #[test]
    fn every_table_outcome_is_known() {
        let known = [
            "Refused",
            "RefusedByCompany",
            "RefusedForAccount",
            "RateLimited",
            "Open",
        ];
        for [code, _, effect, ..] in rows::<8>(TABLE) {
            assert!(known.contains(&effect), "{code}: {effect}");
        }
    }

    #[test]
    fn code_names_and_titles_are_unique() {
        assert_eq!(codes().count(), TABLE.lines().count() - 1);
        let titles = codes()
            .flat_map(|code| code.titles.split(';'))
            .filter(|title| !title.is_empty());
        let mut names: Vec<_> = codes().map(|code| code.code.to_owned()).collect();
        names.extend(titles.map(str::to_lowercase));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
