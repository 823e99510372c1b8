//! Finds the column that a name in a text probably means, although it has another spelling.

use super::columns::meant_columns;
use crate::base::suggest::plain;

/// The fewest letters of a word that may be a misspelled name.
const MIN_NEAR_LENGTH: usize = 4;

/// The fewest letters of a name in which two letters may be wrong.
const LONG_NAME: usize = 9;

/// Returns the column that `asked` means, or one with a word that is all of `asked`, or a misspelt one. A text that only
/// begins with the name of a column means something else: `Plan Oro`, `saldazo`.
pub(crate) fn near_column<'a>(names: &[&'a str], asked: &str) -> Option<&'a str> {
    if let Some(name) = meant_columns(names, asked).first() {
        return Some(name);
    }
    let wanted = plain(asked);
    // A short word is similar to many others.
    if wanted.chars().count() < MIN_NEAR_LENGTH {
        return None;
    }
    let all = names.iter().map(|name| name.trim());
    let has_word = |name: &str| words(name).any(|word| plain(word) == wanted);
    all.clone()
        .find(|name| has_word(name))
        .or_else(|| all.clone().find(|name| is_misspelt(asked, name)))
}

/// Returns whether `asked` is the name of the column `name` with a wrong, missing or swapped letter in its words. Two
/// letters may be wrong in a long name.
fn is_misspelt(asked: &str, name: &str) -> bool {
    let written = plain(asked);
    let right = plain(name);
    let length = right.chars().count();
    let max_wrong = if length < LONG_NAME { 1 } else { 2 };
    length >= MIN_NEAR_LENGTH
        && written.chars().next() == right.chars().next()
        && words(asked).count() == words(name).count()
        && strsim::osa_distance(&written, &right) <= max_wrong
}

/// Returns the words of a name.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_name_is_found_and_other_words_are_not() {
        let columns = [
            "celular",
            "nombre",
            "Nombre completo",
            "saldo",
            "plan",
            "link",
        ];
        for (asked, expected) in [
            ("NOMBRE", Some("nombre")),
            ("nombr", Some("nombre")),
            ("nmobre", Some("nombre")),
            ("nombres", Some("nombre")),
            ("completo", Some("Nombre completo")),
            ("nombre_cmpletto", Some("Nombre completo")),
            ("saldp", Some("saldo")),
            ("hombre", None),
            ("Plan Oro", None),
            ("Plan B", None),
            ("Saldo pendiente", None),
            ("link de pago", None),
            ("saldazo", None),
            ("planeta", None),
            ("sal", None),
        ] {
            assert_eq!(near_column(&columns, asked), expected, "{asked}");
        }
    }
}
