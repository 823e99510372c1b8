//! Finds the column that a name in a text probably means, although it has another spelling.

use super::columns::meant_columns;
use crate::base::suggest::{nearest, plain};

/// The fewest letters of a word that may be a misspelled name.
const MIN_NEAR_LENGTH: usize = 4;

/// The fewest letters of a name in which two letters may be wrong.
const LONG_NAME: usize = 9;

/// Words of a name that another spelling may omit: `fecha_cita` for `Fecha de cita`.
pub(crate) const LINKING_WORDS: [&str; 8] = ["de", "del", "la", "el", "los", "las", "do", "da"];

/// Returns the column that `asked` means, or one with a word that is all of `asked`, or a misspelt one. A text that only
/// begins with the name of a column means something else, such as `Plan Oro` or `saldazo`, unless only a program writes
/// it: `saldo_pendiente`.
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
    let found = all
        .clone()
        .find(|name| has_word(name))
        .or_else(|| all.clone().find(|name| is_misspelt(asked, name)));
    if found.is_some() || !is_program_name(asked) {
        return found;
    }
    let long = all.filter(|name| plain(name).chars().count() >= MIN_NEAR_LENGTH);
    nearest(asked, long)
}

/// Returns whether only programs write such a name: `saldo_pendiente`, `saldoPendiente`.
pub(crate) fn is_program_name(name: &str) -> bool {
    name.contains('_') || words(name).any(|word| camel_case_words(word).len() > 1)
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

/// Returns whether `asked` is the name of the column `name` with a wrong, missing or swapped letter in its words. Two
/// letters may be wrong in a long name.
fn is_misspelt(asked: &str, name: &str) -> bool {
    let written_words = content_words(asked);
    let right_words = content_words(name);
    let written = written_words.concat();
    let right = right_words.concat();
    let length = right.chars().count();
    let max_wrong = if length < LONG_NAME { 1 } else { 2 };
    length >= MIN_NEAR_LENGTH
        && written.chars().next() == right.chars().next()
        && written_words.len() == right_words.len()
        && strsim::osa_distance(&written, &right) <= max_wrong
}

/// Returns the words of a name in their common form, without linking words. An article at the start is part of a title.
pub(crate) fn content_words(name: &str) -> Vec<String> {
    let words = words(name).flat_map(camel_case_words).map(plain);
    words
        .enumerate()
        .filter(|(place, word)| *place == 0 || !LINKING_WORDS.contains(&word.as_str()))
        .map(|(_, word)| word)
        .collect()
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
            "Fecha de cita",
            "monto_deuda",
        ];
        for (asked, expected) in [
            ("NOMBRE", Some("nombre")),
            ("nombr", Some("nombre")),
            ("nmobre", Some("nombre")),
            ("nombres", Some("nombre")),
            ("completo", Some("Nombre completo")),
            ("nombre_cmpletto", Some("Nombre completo")),
            ("saldp", Some("saldo")),
            ("saldo_pendiente", Some("saldo")),
            ("nombreCliente", Some("nombre")),
            ("Fecha cita", Some("Fecha de cita")),
            ("fecha de la cita", Some("Fecha de cita")),
            ("FechaCita", Some("Fecha de cita")),
            ("Monto de la deuda", Some("monto_deuda")),
            ("hombre", None),
            ("El plan", None),
            ("La fecha de cita", None),
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
