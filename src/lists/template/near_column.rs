//! Finds the columns that a name in a text probably means, although it has another spelling.

use crate::base::suggest::{camel_case_words, name_words, nearest, plain};
use crate::lists::list_file::meant_columns;

/// The fewest letters of a word that may be a misspelled name.
const MIN_NEAR_LENGTH: usize = 4;

/// The fewest letters of a name in which two letters may be wrong.
const LONG_NAME: usize = 9;

/// Words of a name that another spelling may omit: `fecha_cita` for `Fecha de cita`.
const LINKING_WORDS: [&str; 8] = ["de", "del", "la", "el", "los", "las", "do", "da"];

/// Returns the column that `asked` means, or else the columns with `asked` as a word, or else those that `asked`
/// misspells. A text that only begins with the name of a column means something else, such as `Plan Oro` or `saldazo`,
/// unless only a program writes it: `saldo_pendiente`.
pub(crate) fn near_columns(names: &[&str], asked: &str) -> Vec<String> {
    if let Some(name) = meant_columns(names, asked).first() {
        return vec![(*name).to_owned()];
    }
    // A short word is similar to many others.
    if plain(asked).chars().count() < MIN_NEAR_LENGTH {
        return Vec::new();
    }
    let all = names.iter().map(|name| name.trim());
    let with_word: Vec<_> = all.clone().filter(|name| has_word(name, asked)).collect();
    let misspelt = all.clone().filter(|name| is_misspelt(asked, name));
    let found = if with_word.is_empty() {
        misspelt.collect()
    } else {
        with_word
    };
    if !found.is_empty() || !is_program_name(asked) {
        return found.into_iter().map(str::to_owned).collect();
    }
    let long = all.filter(|name| plain(name).chars().count() >= MIN_NEAR_LENGTH);
    nearest(asked, long)
        .map(str::to_owned)
        .into_iter()
        .collect()
}

/// Returns the column that `name` names, apart from case, accents and signs.
pub(super) fn exact_column(name: &str, columns: &impl Fn(&str) -> Vec<String>) -> Option<String> {
    let mut found = columns(name).into_iter();
    found.find(|column| plain(column) == plain(name))
}

/// Returns the columns that share a word with `name`: `nombre` for `NOMBRE CLIENTE`. None unless a word of `name` is the
/// name of a column, and each other word is too or `is_usual`. `columns` returns the columns that a word means or resembles.
pub(super) fn columns_with_words(
    name: &str,
    columns: &impl Fn(&str) -> Vec<String>,
    is_usual: impl Fn(&str) -> bool,
) -> Vec<String> {
    let is_column = |word: &&str| exact_column(word, columns).is_some();
    let words: Vec<_> = words(name)
        .filter(|word| !LINKING_WORDS.contains(&word.to_lowercase().as_str()))
        .collect();
    let are_names = words.iter().all(|word| is_usual(word) || is_column(word));
    if !are_names || !words.iter().any(is_column) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for word in words {
        for column in columns(word) {
            let shares_word = has_word(&column, word) || plain(&column) == plain(word);
            if shares_word && !found.contains(&column) {
                found.push(column);
            }
        }
    }
    found
}

/// Returns whether `word` is a word of the column `name`.
fn has_word(name: &str, word: &str) -> bool {
    words(name).any(|own| plain(own) == plain(word))
}

/// Returns whether only programs write such a name: `saldo_pendiente`, `saldoPendiente`.
pub(super) fn is_program_name(name: &str) -> bool {
    name.contains('_') || words(name).any(|word| camel_case_words(word).len() > 1)
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
pub(super) fn content_words(name: &str) -> Vec<String> {
    name_words(name)
        .into_iter()
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
            let expected: Vec<_> = expected.into_iter().collect();
            assert_eq!(near_columns(&columns, asked), expected, "{asked}");
        }
    }

    #[test]
    fn all_columns_with_a_word_are_found() {
        let columns = [
            "Monto total",
            "Monto pagado",
            "Pedido",
            "Nombre paciente",
            "E-mail",
        ];
        let near = |name: &str| near_columns(&columns, name);
        assert_eq!(near("monto"), ["Monto total", "Monto pagado"]);
        assert_eq!(near("mnoto total"), ["Monto total"]);
        let is_usual = |word: &str| ["Monto", "Nombre"].contains(&word);
        for (name, expected) in [
            (
                "Monto del pedido",
                &["Monto total", "Monto pagado", "Pedido"][..],
            ),
            ("Nombre del pedido", &["Nombre paciente", "Pedido"]),
            ("Email del pedido", &["E-mail", "Pedido"]),
            ("Monto del paciente", &[]),
            ("Nombre", &[]),
            ("Pedido urgente", &[]),
        ] {
            let found = columns_with_words(name, &near, is_usual);
            assert_eq!(found, expected, "{name}");
        }
    }
}
