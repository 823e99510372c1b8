//! Finds the nearest name for a misspelt one, and the common form of different spellings.

use std::borrow::Cow;

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::invisible::is_invisible;

/// How similar two names must be, from 0 (nothing in common) to 1 (Jaro-Winkler).
const ALIKE: f64 = 0.75;

/// Returns the name in `known` that is nearest to `name`, if it is near enough. Case does not
/// matter.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&name, &known.to_lowercase());
    let best = known
        .into_iter()
        .map(|known| (likeness(known), known))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > ALIKE).then_some(best.1)
}

/// Returns the name in `known` that `typed` misspells or begins, in lower case. It is stricter than [`nearest`], because
/// following a wrong hint can send messages.
pub(crate) fn find_similar<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let similar = known.into_iter().filter(|name| is_similar(&typed, name));
    similar.min_by_key(|name| strsim::osa_distance(&typed, name))
}

/// Returns whether `typed` is the start of `known` or one of its parts, or has at most one typo for every four letters.
fn is_similar(typed: &str, known: &str) -> bool {
    let letters = typed.chars().count();
    if letters < 3 {
        return false;
    }
    let is_part = known.split('-').any(|part| part == typed);
    let max_typos = (letters / 4).max(1);
    known.starts_with(typed) || is_part || strsim::osa_distance(typed, known) <= max_typos
}

/// Returns a name in its common form: letters and digits, lower case, without accents.
pub(crate) fn plain(name: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(name);
    decomposed
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Returns a text in lower case, without accents and invisible characters, and without spaces at its ends.
pub(crate) fn folded(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let is_accent = |character: &char| matches!(character, '\u{300}'..='\u{36f}');
    let is_seen =
        |letter: &char| letter.is_whitespace() || !is_accent(letter) && !is_invisible(*letter);
    let letters = decomposed.chars().filter(is_seen);
    let folded: String = letters.flat_map(char::to_lowercase).collect();
    Cow::Owned(folded.trim().to_owned())
}

/// Splits `FechaCita` into `Fecha` and `Cita`.
fn camel_case_words(word: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut after_small = false;
    for (place, letter) in word.char_indices() {
        if after_small && letter.is_uppercase() {
            words.extend(word.get(start..place));
            start = place;
        }
        after_small = letter.is_lowercase();
    }
    words.extend(word.get(start..));
    words
}

/// Returns the words of a column's name in the form of [`plain`].
pub(crate) fn name_words(name: &str) -> Vec<String> {
    // WhatsApp is one word.
    let name = name.replace("WhatsApp", "whatsapp");
    let parts = name.split(|character: char| !character.is_alphanumeric());
    let words = parts.flat_map(camel_case_words).map(plain);
    words.filter(|word| !word.is_empty()).collect()
}

/// Words that have another meaning in a template.
const RESERVED: [&str; 13] = [
    "row", "loop", "range", "dict", "true", "false", "none", "not", "and", "or", "in", "is", "if",
];

/// Returns an equivalent name that a template can write without quotes: `nombre_completo`. None
/// without one.
pub(crate) fn identifier(name: &str) -> Option<String> {
    let words = name
        .split(|sign: char| !sign.is_alphanumeric())
        .map(plain)
        .filter(|word| !word.is_empty());
    let identifier = words.collect::<Vec<_>>().join("_");
    let is_one = identifier.starts_with(|first: char| first.is_ascii_lowercase())
        && identifier.is_ascii()
        && !RESERVED.contains(&identifier.as_str());
    is_one.then_some(identifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_text_has_no_capitals_and_accents() {
        for (text, expected) in [
            ("si", "si"),
            (" Sí\u{a0}", "si"),
            ("\u{feff}Sí \u{200b}", "si"),
            ("SI", "si"),
            ("S\u{131}", "sı"),
            ("Añejo, N/A", "anejo, n/a"),
            ("Si\u{301}", "si"),
            ("", ""),
            (" \t", ""),
            ("ÇÃO", "cao"),
            ("1 250", "1 250"),
        ] {
            assert_eq!(folded(text), expected, "{text:?}");
        }
    }

    #[test]
    fn nearest_name_is_suggested_or_none() {
        let known = ["carousel", "call", "image", "131047"];
        for (name, expected) in [
            ("caroussel", Some("carousel")),
            ("IMAGE", Some("image")),
            ("13147", Some("131047")),
            ("calls", Some("call")),
            ("zzz", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn similar_names_are_near() {
        for (typed, known, expected) in [
            ("too", "to", true),
            ("lang", "language", true),
            ("url", "media-url", true),
            ("parma", "param", true),
            ("recipiant", "recipient", true),
            ("at", "prices", false),
            ("on-failure", "profile", false),
            ("not-sent", "no-input", false),
            ("title", "file", false),
            ("move", "remove", false),
            ("rename", "resume", false),
        ] {
            assert_eq!(is_similar(typed, known), expected, "{typed} {known}");
        }
    }

    #[test]
    fn nearest_name_wins() {
        let names = ["resume", "report", "remove"];
        assert_eq!(find_similar("Remov", names), Some("remove"));
        assert_eq!(find_similar("xyzzy", names), None);
    }

    #[test]
    fn column_name_becomes_an_identifier() {
        for (name, expected) in [
            ("Nombre completo", Some("nombre_completo")),
            (" Nº de celular", Some("no_de_celular")),
            ("Teléfono (móvil)", Some("telefono_movil")),
            ("2 cuotas", None),
            ("Row", None),
            ("名前", None),
            ("¿?", None),
        ] {
            assert_eq!(identifier(name).as_deref(), expected, "{name}");
        }
    }
}
