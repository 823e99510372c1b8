//! The name that was probably meant, and what two spellings of one have in common.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// How alike two names must be, from 0 (nothing in common) to 1 (Jaro-Winkler).
const ALIKE: f64 = 0.75;

/// The one of `known` that is nearest to `name`, when one is near enough to be meant; capitals do not matter.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&name, &known.to_lowercase());
    let best = known.into_iter().map(|known| (likeness(known), known)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > ALIKE).then_some(best.1)
}

/// A name as people mean it: its letters and digits, lower case, without accents.
pub(crate) fn plain(name: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(name);
    decomposed.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant_or_nothing() {
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
}
