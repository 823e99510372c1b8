//! Sentences in other words, such as in Spanish. `reasons.tsv` has each English sentence of an error or a reason with the
//! same in Spanish, and `{1}`, `{2}` … for its values.

use super::texts::rows;

const REASONS: &str = include_str!("reasons.tsv");

/// A sentence, and its replacement.
pub(crate) struct Phrase {
    pub(crate) sentence: &'static str,
    pub(crate) other: &'static str,
}

/// Returns English sentences with their Spanish. The first sentence that fits a text counts.
pub(crate) fn spanish_phrases() -> impl Iterator<Item = Phrase> {
    rows::<2>(REASONS).map(|[sentence, other]| Phrase { sentence, other })
}

/// Translates an English text into Spanish.
pub(crate) fn in_spanish(text: &str) -> String {
    let phrases: Vec<_> = spanish_phrases().collect();
    rephrased(&phrases, text)
}

/// Translates `text` with `phrases`. The text consists of sentences that semicolons separate.
/// Before each sentence is the field or column that it is about. A sentence without a phrase stays
/// unchanged. A sentence with an empty phrase is removed.
pub(crate) fn rephrased(phrases: &[Phrase], text: &str) -> String {
    let parts = text.split("; ").map(|part| rephrased_part(phrases, part));
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

fn rephrased_part(phrases: &[Phrase], part: &str) -> String {
    let found = phrases.iter().find_map(|phrase| {
        let values = values(phrase.sentence, part)?;
        Some(filled(phrases, phrase.other, &values))
    });
    if let Some(found) = found {
        return found;
    }
    let Some((place, rest)) = part.split_once(": ") else {
        return part.to_owned();
    };
    match rephrased_part(phrases, rest) {
        rest if rest.is_empty() => rest,
        rest => format!("{place}: {rest}"),
    }
}

/// Returns the values in `text`, in order, if the text is this `sentence`.
pub(crate) fn values<'a>(sentence: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let (begin, mut sentence) = sentence.split_once('{').unwrap_or((sentence, ""));
    let mut rest = text.strip_prefix(begin)?;
    let mut values = Vec::new();
    while let Some((_, behind)) = sentence.split_once('}') {
        let (words, next) = behind.split_once('{').unwrap_or((behind, ""));
        // The last words end the sentence.
        let at = if next.is_empty() {
            rest.strip_suffix(words)?.len()
        } else {
            rest.find(words)?
        };
        values.push(rest.get(..at)?);
        rest = rest.get(at + words.len()..)?;
        sentence = next;
    }
    rest.is_empty().then_some(values)
}

/// Fills the values into `sentence`. A value that is a sentence is translated too.
fn filled(phrases: &[Phrase], sentence: &str, values: &[&str]) -> String {
    let mut filled = String::new();
    let mut rest = sentence;
    while let Some((words, behind)) = rest.split_once('{') {
        filled.push_str(words);
        let (number, behind) = behind.split_once('}').unwrap_or((behind, ""));
        let value = number
            .parse::<usize>()
            .ok()
            .and_then(|number| values.get(number.checked_sub(1)?));
        let value = value.map(|value| rephrased_part(phrases, value));
        filled.push_str(&value.unwrap_or_default());
        rest = behind;
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::texts::rows;

    #[test]
    fn every_phrase_matches_with_its_values() {
        assert_eq!(rows::<2>(REASONS).count(), REASONS.lines().count() - 1);
        for Phrase { sentence, other } in spanish_phrases() {
            assert!(!sentence.contains("; "), "it is cut there: {sentence}");
            let numbers = |text: &str| {
                let mut numbers: Vec<_> = (1..=9)
                    .filter(|number| text.contains(&format!("{{{number}}}")))
                    .collect();
                numbers.dedup();
                numbers
            };
            assert_eq!(numbers(sentence), numbers(other), "{sentence}");
            let text = (1..=9).fold(sentence.to_owned(), |text, number| {
                text.replace(&format!("{{{number}}}"), &format!("~{number}~"))
            });
            let spanish = in_spanish(&text);
            let has_value = |number: &i32| spanish.contains(&format!("~{number}~"));
            assert!(spanish != text, "{spanish}");
            assert!(numbers(sentence).iter().all(has_value), "{spanish}");
        }
    }
}
