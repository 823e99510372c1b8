//! `--matching`: a regular expression that ignores case and accents, since people write `Bája`, `BAJA` and `baja`.

use std::str::FromStr;

use icu_normalizer::DecomposingNormalizerBorrowed;
use regex_lite::{Regex, RegexBuilder};

#[derive(Clone, Debug)]
pub(super) struct Matching(Regex);

impl Matching {
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.0.is_match(&plain(text, char::to_lowercase))
    }
}

impl FromStr for Matching {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        // In an expression, an ASCII capital can be a class: `\S` differs from `\s`. The builder ignores case for
        // ASCII.
        let lowered = |character: char| {
            let kept = if character.is_ascii() { Some(character) } else { None };
            let lowered = character.to_lowercase().filter(move |_| kept.is_none());
            kept.into_iter().chain(lowered).collect::<Vec<_>>().into_iter()
        };
        let regex = RegexBuilder::new(&plain(raw, lowered)).case_insensitive(true).build();
        regex.map(Self).map_err(|error| format!("`{}` is not a regular expression: {error}", raw.escape_debug()))
    }
}

/// Replaces each letter and digit of `text` with its plain form; `lower` converts it to lower case.
fn plain<I: Iterator<Item = char>>(text: &str, lower: impl Fn(char) -> I) -> String {
    let normalizer = DecomposingNormalizerBorrowed::new_nfkd();
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() || !character.is_alphanumeric() && !is_mark(character) {
            plain.extend(lower(character));
            continue;
        }
        for small in lower(character) {
            let decomposed = normalizer.normalize(small.encode_utf8(&mut [0; 4])).into_owned();
            plain.extend(decomposed.chars().filter(|character| !is_mark(*character)));
        }
    }
    plain
}

/// Whether the character only adds an accent to the previous letter.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_do_not_matter() {
        for (regex, text, expected) in [
            (r"^\s*(baja|stop)\b", "BAJA", true),
            (r"^\s*(baja|stop)\b", "  Bája, por favor", true),
            (r"^\s*(baja|stop)\b", "ba\u{301}ja", true),
            (r"^\s*(baja|stop)\b", "ＳＴＯＰ", true),
            (r"^\s*(baja|stop)\b", "bajada", false),
            (r"^\s*(baja|stop)\b", "no bajes", false),
            ("SÍ", "si", true),
            ("si", "SÍ", true),
            ("año", "ANO", true),
            ("ANO", "Año", true),
            ("[á-ú]+$", "EO", true),
            (r"^\S+$", "a b", false),
            (r"^\D+$", "12", false),
            ("ı", "ı", true),
            ("i", "İ", true),
            ("👍", "vale 👍", true),
            ("…", "...", false),
        ] {
            assert_eq!(regex.parse::<Matching>().unwrap().is_in(text), expected, "{regex} {text}");
        }
        for regex in ["(", "[", "a{2", r"\p{Lu}", "*"] {
            let error = regex.parse::<Matching>().unwrap_err();
            assert!(error.contains("is not a regular expression: "), "{regex}: {error}");
        }
    }
}
