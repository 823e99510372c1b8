//! Finds the columns that may have the country of a row's number, by their names.

use std::ops::RangeInclusive;

use crate::base::suggest::{name_words, plain};

/// The names of a country column, without spaces and punctuation.
const NAMES_OF_COUNTRY: [&str; 3] = ["pais", "country", "countryregion"];
/// The words for a country in the name of a column that only may have the country of a row's local numbers.
const WORDS_FOR_COUNTRY: [&str; 2] = ["pais", "country"];
/// The other words of such a name. With any other word, such as `origen`, the country says nothing about a number.
const WORDS_BESIDE_COUNTRY: [&str; 49] = [
    "address",
    "area",
    "billing",
    "calling",
    "celular",
    "clave",
    "cliente",
    "cod",
    "code",
    "codigo",
    "contact",
    "contacto",
    "customer",
    "ddi",
    "de",
    "default",
    "del",
    "dial",
    "dialing",
    "direccion",
    "domicilio",
    "envio",
    "facturacion",
    "indicativo",
    "internacional",
    "international",
    "iso",
    "la",
    "lada",
    "marcacion",
    "mobile",
    "movil",
    "name",
    "nombre",
    "number",
    "numero",
    "phone",
    "prefijo",
    "prefix",
    "region",
    "residence",
    "residencia",
    "ship",
    "shipping",
    "tel",
    "telefonico",
    "telefono",
    "usuario",
    "whatsapp",
];
/// The words for the calling code of a number, which need no word for a country.
const WORDS_FOR_CALLING_CODE: [&str; 7] = [
    "calling",
    "ddi",
    "dial",
    "dialing",
    "indicativo",
    "prefijo",
    "prefix",
];
/// The words for any code. With a word for a number, the code is a calling code: `Phone code`.
const WORDS_FOR_CODE: [&str; 4] = ["clave", "cod", "code", "codigo"];
/// The words for a phone number, next to a code.
const WORDS_FOR_NUMBER: [&str; 11] = [
    "celular",
    "internacional",
    "international",
    "marcacion",
    "mobile",
    "movil",
    "phone",
    "tel",
    "telefonico",
    "telefono",
    "whatsapp",
];
/// The possible lengths of a country column's name, in bytes.
const LENGTHS_OF_COUNTRY: RangeInclusive<usize> = 4..=20;

/// Returns whether a column with this name has the country of a row's local numbers.
pub(crate) fn is_country_column(name: &str) -> bool {
    // Check the length first: each NDJSON row has its own names, and most are not country columns.
    LENGTHS_OF_COUNTRY.contains(&name.len()) && NAMES_OF_COUNTRY.contains(&plain(name).as_str())
}

/// Returns whether a column with this name may have the country of a row's local numbers, or its calling code: `Billing
/// Country`, `País de residencia`, `Indicativo`. jelouctl does not read the country from such a column.
pub(crate) fn is_possible_country_column(name: &str) -> bool {
    let words = name_words(name);
    let has_only_known = words.iter().all(|word| is_known_word(word));
    let names_country = has_one_of(&words, &WORDS_FOR_COUNTRY) || has_calling_code(&words);
    has_only_known && names_country && !is_country_column(name)
}

/// Returns whether a column with this name may have a calling code, but not a country.
pub(crate) fn is_calling_code_column(name: &str) -> bool {
    let words = name_words(name);
    let has_only_known = words.iter().all(|word| is_known_word(word));
    has_only_known && has_calling_code(&words) && !has_one_of(&words, &WORDS_FOR_COUNTRY)
}

/// Returns whether a word may be in the name of a possible country column.
fn is_known_word(word: &str) -> bool {
    WORDS_FOR_COUNTRY.contains(&word) || WORDS_BESIDE_COUNTRY.contains(&word)
}

/// Returns whether a name with these words may be the name of a calling code. A code of an area is not one.
fn has_calling_code(words: &[String]) -> bool {
    let is_code_of_number =
        has_one_of(words, &WORDS_FOR_CODE) && has_one_of(words, &WORDS_FOR_NUMBER);
    let is_of_area = words.iter().any(|word| word == "area");
    !is_of_area && (is_code_of_number || has_one_of(words, &WORDS_FOR_CALLING_CODE))
}

/// Returns whether one of the `words` is `wanted`.
pub(super) fn has_one_of(words: &[String], wanted: &[&str]) -> bool {
    words.iter().any(|word| wanted.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn possible_country_column_has_the_word() {
        for (name, expected) in [
            ("País de residencia", true),
            ("Default Address Country Code", true),
            ("Pais/Region", true),
            ("Cod. País", true),
            ("Pais_cliente", true),
            ("billingCountry", true),
            ("Código país", true),
            ("Indicativo", true),
            ("Código de país", true),
            ("Country calling code", true),
            ("LADA país", true),
            ("Phone code", true),
            ("Prefijo", true),
            ("Código telefónico", true),
            ("Prefijo internacional", true),
            ("DDI", true),
            ("Código WhatsApp", true),
            ("LADA", false),
            ("Cód. área", false),
            ("Prefijo de área", false),
            ("Código", false),
            ("Código postal", false),
            ("Código de producto", false),
            ("Código cliente", false),
            ("Indicativo pedido", false),
            ("Teléfono", false),
            ("País de origen", false),
            ("País de nacimiento", false),
            ("Nacionalidad país", false),
            ("Pais Producto", false),
            ("IP Country", false),
            ("País", false),
            ("Country/Region", false),
            ("paisaje", false),
            ("Countryside", false),
            ("", false),
        ] {
            assert_eq!(is_possible_country_column(name), expected, "{name}");
        }
    }

    #[test]
    fn calling_code_column_has_no_country() {
        for (name, expected) in [
            ("Indicativo", true),
            ("Phone code", true),
            ("Country Code", false),
            ("Prefijo país", false),
            ("Código", false),
        ] {
            assert_eq!(is_calling_code_column(name), expected, "{name}");
        }
    }

    #[test]
    fn country_column_is_recognized_by_name() {
        for (name, expected) in [
            ("País", true),
            ("COUNTRY", true),
            ("Country/Region", true),
            ("country_code", false),
            ("paisaje", false),
        ] {
            assert_eq!(is_country_column(name), expected, "{name}");
        }
    }
}
