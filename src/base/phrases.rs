//! Sentences in other words, such as in Spanish. `reasons.tsv` has each English sentence of an error or a reason with the
//! same in Spanish, and `{1}`, `{2}` … for its values. `{#1}` is a value that is a number.

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
    let parts = sentences(text);
    let parts = parts.iter().map(|part| rephrased_part(phrases, part));
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

/// Splits a text into its sentences. A semicolon inside backticks belongs to a value.
fn sentences(text: &str) -> Vec<String> {
    let has_open_quote = |text: &str| text.matches('`').count() % 2 == 1;
    let parts = text.split("; ").map(str::to_owned);
    // With an odd number, a backtick belongs to a value, and the quotes are unclear.
    if has_open_quote(text) {
        return parts.collect();
    }
    let mut sentences: Vec<String> = Vec::new();
    for part in parts {
        match sentences.last_mut() {
            Some(last) if has_open_quote(last) => *last = format!("{last}; {part}"),
            _ => sentences.push(part),
        }
    }
    sentences
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

/// Returns the values in `text`, in order, if the text is this `sentence`. A value at its beginning does not contain the
/// field or column before the sentence.
pub(crate) fn values<'a>(sentence: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let begins_with_value = sentence.starts_with('{');
    let (begin, mut sentence) = sentence.split_once('{').unwrap_or((sentence, ""));
    let mut rest = text.strip_prefix(begin)?;
    let mut values = Vec::new();
    while let Some((name, behind)) = sentence.split_once('}') {
        let (words, next) = behind.split_once('{').unwrap_or((behind, ""));
        // The last words end the sentence.
        let at = if next.is_empty() {
            rest.strip_suffix(words)?.len()
        } else {
            rest.find(words)?
        };
        let value = rest.get(..at)?;
        let is_at_beginning = begins_with_value && values.is_empty();
        if is_at_beginning && value.contains(": ") {
            return None;
        }
        if name.starts_with('#') && !is_number(value) {
            return None;
        }
        values.push(value);
        rest = rest.get(at + words.len()..)?;
        sentence = next;
    }
    rest.is_empty().then_some(values)
}

/// Returns whether `value` is a whole number, such as `12,345`.
fn is_number(value: &str) -> bool {
    let is_of_number = |sign: char| sign.is_ascii_digit() || sign == ',';
    !value.is_empty() && value.chars().all(is_of_number)
}

/// Fills the values into `sentence`. A value that is a sentence is translated too, but not a text in quotes.
fn filled(phrases: &[Phrase], sentence: &str, values: &[&str]) -> String {
    let mut filled = String::new();
    let mut rest = sentence;
    while let Some((words, behind)) = rest.split_once('{') {
        filled.push_str(words);
        let (number, behind) = behind.split_once('}').unwrap_or((behind, ""));
        let is_quoted = filled.ends_with(['`', '"', '\'']);
        let value = number
            .trim_start_matches('#')
            .parse::<usize>()
            .ok()
            .and_then(|number| values.get(number.checked_sub(1)?));
        let value = value.map(|value| {
            if is_quoted {
                (*value).to_owned()
            } else {
                rephrased_part(phrases, value)
            }
        });
        filled.push_str(&value.unwrap_or_default());
        rest = behind;
    }
    filled + rest
}

/// Checks that the Spanish of `text` has no English words, except in quotes.
#[cfg(test)]
pub(crate) fn assert_in_spanish(text: &str) {
    const ENGLISH: [&str; 33] = [
        "the", "is", "has", "are", "was", "were", "be", "been", "not", "and", "or", "of", "which",
        "that", "with", "from", "its", "it", "but", "may", "must", "for", "without", "after",
        "before", "write", "pass", "add", "row", "than", "instead", "day", "month",
    ];
    let spanish = in_spanish(text);
    let unquoted: String = spanish.split('`').step_by(2).collect();
    let mut words = unquoted.split(|sign: char| !sign.is_alphanumeric());
    let found = words.find(|word| ENGLISH.contains(word));
    assert_eq!(found, None, "{text}: {spanish}");
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
            let sentence = sentence.replace("{#1}", "{1}");
            let other = other.replace("{#1}", "{1}");
            assert_eq!(numbers(&sentence), numbers(&other), "{sentence}");
            let text = (1..=9).fold(sentence.clone(), |text, number| {
                text.replace(&format!("{{{number}}}"), &format!("{number}{number}"))
            });
            let spanish = in_spanish(&text);
            let has_value = |number: &i32| spanish.contains(&format!("{number}{number}"));
            assert!(spanish != text, "{spanish}");
            assert!(numbers(&sentence).iter().all(has_value), "{spanish}");
        }
    }

    #[test]
    fn only_whole_sentences_are_translated() {
        for (text, expected) in [
            ("2 rows", "2 filas"),
            ("12,345 rows", "12,345 filas"),
            ("3 rows cannot be sent", "no se pueden enviar 3 filas"),
            // A sentence that is not in the table.
            ("lies in a row", "lies in a row"),
            ("x: lies in two rows", "x: lies in two rows"),
            (
                "parameters[0]: has more than 4 spaces in a row, which WhatsApp rejects in a template parameter",
                "parameters[0]: tiene más de 4 espacios seguidos, y WhatsApp lo rechaza en un parámetro de plantilla",
            ),
            // The values are texts of the user.
            ("x: `5 rows` is not a number", "x: `5 rows` no es un número"),
            (
                "x: `is empty` is not a date",
                "x: `is empty` no es una fecha",
            ),
            (
                "x: `a; b` is not a date; write it as 2026-11-28",
                "x: `a; b` no es una fecha; escríbela como 2026-11-28",
            ),
            (
                "x: `a` b` is not a date; is empty",
                "x: `a` b` no es una fecha; está vacío",
            ),
        ] {
            assert_eq!(in_spanish(text), expected);
        }
    }

    #[test]
    fn every_sentence_about_a_row_has_spanish() {
        for sentence in [
            "a quote is inside a cell, or has text after it; put the whole cell in quotes; inside a cell, write each quote twice",
            "is not valid JSON: a bracket or a quote is not closed, at column 9",
            "has a number beyond 64 bits, 99999999999999999999, which would be rounded",
            "vence: a map is not a date",
            "x: date: `12/25/2026` has the month first, but in its country the day comes first; write it as 2026-11-28",
            "text: a bool cannot contain anything",
            "to: +525512345678 is a number of MX; if it is a local number, pass its country with --country",
            "contacts[0].phones[0].phone: sent unchanged, but Jelou expects + and digits",
            "contacts[0].phones[0].phone: `0987654321` is sent unchanged; Jelou expects +593987654321",
            "parameters[0]: `nombre=` is sent too, because these parameters have an order and no names; write only the value",
            "val: cells are sent as stored, `1234.5` in line 2: jelouctl does not know the format `# ?/?`; to format it, add a \
             filter such as number(2)",
            "val: cells are sent as stored, `1234.5` in line 2: the format `0.00` depends on the country; add --country, or a \
             filter such as number(2)",
            "--encoding windows-1252: line 2 of list.csv reads `Jos‚`; in CP850 it reads `José`",
            "text: the decimal separator of x is unclear: in its country, `1.500` in line 3 is read as 1500, but `950.00` in \
             line 4 has a decimal point",
            "text: the order of day and month in x is unclear: in its country, `12/05/2026` in line 2 has the day first, but \
             `12/25/2026` in line 3 has the month first",
            "text: `\\n` is sent as these two characters; for a line break, write $'first\\nsecond' in bash, or press Enter \
             within the quotes",
            "the report's sent: is empty; write `no` if the row was not sent yet, else `yes`",
            "parameters: `a` is not NAME=VALUE; a template by its id has named parameters",
        ] {
            assert_in_spanish(sentence);
        }
    }
}
