//! The currencies of the world, by the signs, codes and names that people write for them.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::suggest::plain;
use super::texts::rows;

/// The code of each currency, its countries, its signs, the nouns of its names, and their other words. `tests/currencies`
/// writes it.
const CURRENCIES: &str = include_str!("currencies.tsv");

/// A currency in circulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Currency {
    code: &'static str,
    countries: &'static str,
}

/// What a word means in an amount.
#[derive(Clone, Copy, Debug)]
struct CurrencyWord {
    currency: Currency,
    /// Whether the word alone names the currency, unlike `peruanos`.
    is_name: bool,
}

/// Returns the currencies that `text` may name, such as `S/`, `COP $`, `soles` or `dólares americanos`: all its words must
/// belong to them.
pub(crate) fn named_currencies(text: &str) -> Vec<Currency> {
    static WORDS: LazyLock<HashMap<String, Vec<CurrencyWord>>> = LazyLock::new(read_words);
    let meanings = |word: &str| WORDS.get(&key(word)).map_or(&[][..], Vec::as_slice);
    let mut words = text.split_whitespace().map(meanings);
    let mut found = words.next().unwrap_or_default().to_vec();
    for other in words {
        found.retain_mut(|known| {
            let same = other
                .iter()
                .find(|meaning| meaning.currency == known.currency);
            known.is_name |= same.is_some_and(|meaning| meaning.is_name);
            same.is_some()
        });
    }
    let named = found.into_iter().filter(|meaning| meaning.is_name);
    named.map(|meaning| meaning.currency).collect()
}

/// Returns whether an amount with `shown`, a sign or name of a currency, may be in the currency `printed`. A sign of the
/// country means its currency. Any other sign, and a mere `$` in a list, may be of each country that has it.
pub(crate) fn may_be_same_currency(country: Option<&str>, shown: &str, printed: &str) -> bool {
    let shown = in_country(country.filter(|_| shown != "$"), named_currencies(shown));
    let printed = in_country(country, named_currencies(printed));
    shown.iter().any(|currency| printed.contains(currency))
}

/// Returns the currencies of the `country`, or all if none of them is in use there.
fn in_country(country: Option<&str>, all: Vec<Currency>) -> Vec<Currency> {
    let is_own = |currency: &Currency| {
        let mut countries = currency.countries.split(' ');
        countries.any(|code| Some(code) == country)
    };
    let own: Vec<_> = all.iter().copied().filter(is_own).collect();
    if own.is_empty() { all } else { own }
}

fn read_words() -> HashMap<String, Vec<CurrencyWord>> {
    let mut words: HashMap<String, Vec<CurrencyWord>> = HashMap::new();
    for [code, countries, signs, nouns, others] in rows(CURRENCIES) {
        let currency = Currency { code, countries };
        let names = signs.split(' ').chain(nouns.split(' '));
        let names = names.map(|name| (name, true));
        let all = names.chain(others.split(' ').map(|other| (other, false)));
        for (word, is_name) in all {
            let known = words.entry(key(word)).or_default();
            known.push(CurrencyWord { currency, is_name });
        }
    }
    words
}

/// Returns a word without accents and capitals, and without the point of an abbreviation. A single letter keeps its case:
/// `20 L` are lempiras, `20 l` are litres.
fn key(word: &str) -> String {
    let may_be_short =
        |word: &&str| word.ends_with(|sign: char| sign.is_alphabetic() || sign == '/');
    let word = word.strip_suffix('.').filter(may_be_short).unwrap_or(word);
    if word.chars().nth(1).is_none() {
        word.to_owned()
    } else if word.chars().all(char::is_alphabetic) {
        plain(word)
    } else {
        word.to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_named_by_sign_code_and_name() {
        for (text, expected) in [
            ("S/", &["PEN"][..]),
            ("s/.", &["PEN"]),
            ("PEN", &["PEN"]),
            ("soles", &["PEN"]),
            ("SOLES PERUANOS", &["PEN"]),
            ("COP$", &["COP"]),
            ("COP $", &["COP"]),
            ("AR$", &["ARS"]),
            ("MXN pesos", &["MXN"]),
            ("pesos mexicanos", &["MXN"]),
            ("dólares americanos", &["USD"]),
            ("dolares", &["AUD", "BBD"]),
            ("reais", &["BRL"]),
            ("L.", &["HNL"]),
            ("Lps.", &["HNL"]),
            ("Bs.S", &["VES"]),
            ("zł", &["PLN"]),
            ("₡", &["CRC"]),
            ("peruanos", &[]),
            ("pesos peruanos", &[]),
            ("nuevos", &[]),
            ("MXN soles", &[]),
            ("l", &[]),
            ("k", &[]),
            ("km", &[]),
            ("kg", &[]),
            ("mil", &[]),
            ("CR", &[]),
            ("de", &[]),
            (".", &[]),
            ("", &[]),
        ] {
            let found = named_currencies(text).into_iter();
            let found: Vec<_> = found.take(2).map(|currency| currency.code).collect();
            assert_eq!(found, expected, "{text}");
        }
        assert!(named_currencies("$").len() > 20);
    }

    #[test]
    fn sign_means_the_currency_of_the_country() {
        for (country, shown, printed, expected) in [
            (Some("EC"), "US$", "$", true),
            (Some("EC"), "R$", "$", false),
            (Some("EC"), "COP", "$", false),
            (Some("MX"), "US$", "$", false),
            (Some("MX"), "$", "USD", true),
            (Some("PE"), "US$", "$", true),
            (Some("PE"), "soles", "S/", true),
            (Some("PE"), "dólares", "S/", false),
            (Some("DO"), "$", "RD$", true),
            (Some("PA"), "B/.", "US$", true),
            (Some("HT"), "US$", "G", false),
            (None, "US$", "$", true),
            (None, "S/", "$", false),
        ] {
            assert_eq!(
                may_be_same_currency(country, shown, printed),
                expected,
                "{country:?} {shown} {printed}"
            );
        }
    }
}
