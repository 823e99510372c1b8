//! The faults of a text that is sent as it is, because nothing fills in its expressions or decodes it again.

use super::cell_notes::{
    is_error_value, no_value, spreadsheet_error, typed_line_break, unfilled_tags, wrong_letters,
};
use super::literals::{has_typed_line_break, literal_words};
use super::marks::word_in_braces;
use crate::base::message::{Message, msg};

/// What a program prints for an unset variable, if it is the whole text.
const UNSET: [&str; 3] = ["null", "NULL", "undefined"];

/// The data that a WhatsApp flow gets. The recipient does not read it.
const FLOW_DATA: &str = "flow_action_payload";

/// Warns about a text of a single message, which has no columns.
pub(crate) fn faults_of_single_text(path: &str, text: &str) -> Vec<Message> {
    let tags = unfilled_tags(text).into_iter();
    let tags = tags.map(|tag| {
        msg!(
            "{path}: {tag} is sent unchanged: only `bulk send` fills in columns",
            path,
            tag
        )
    });
    tags.chain(faults_of_words(path, text)).collect()
}

/// Warns about a text of a row that is a whole body.
pub(crate) fn faults_of_row_text(path: &str, text: &str) -> Vec<Message> {
    let tags = unfilled_tags(text).into_iter().chain(word_in_braces(text));
    let tags = tags.map(|tag| {
        msg!(
            "{path}: `{tag}` is sent unchanged: the rows of `raw` are not templates",
            path,
            tag
        )
    });
    tags.chain(faults_of_words(path, text)).collect()
}

/// Warns about the words of a text, which may be a template: a line break that is typed as `\n`, wrong letters, and a text
/// that is as a whole no value.
pub(crate) fn faults_of_words(path: &str, text: &str) -> Vec<Message> {
    let mut found = Vec::new();
    if text.contains("\\n") && has_typed_line_break(&literal_words(text)) {
        let problem = typed_line_break();
        found.push(msg!(
            "{problem}; for a line break, press Enter within the quotes",
            problem
        ));
    }
    found.extend(wrong_letters(text).map(|letters| letters.describe()));
    let whole = text.trim();
    if UNSET.contains(&whole) && !path.contains(FLOW_DATA) {
        found.push(no_value(whole));
    } else if is_error_value(whole) {
        found.push(spreadsheet_error(whole));
    }
    found
        .iter()
        .map(|problem| msg!("{path}: {problem}", path, problem))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_certain_faults_of_a_single_text_are_found() {
        for (text, expected) in [
            (
                "Hola {{ nombre }}",
                &["text: {{ nombre }} is sent unchanged"][..],
            ),
            ("Hola {% if x %}", &["text: {% if x %} is sent unchanged"]),
            ("NULL", &["text: `NULL` means no value"]),
            (" undefined\n", &["text: `undefined` means no value"]),
            ("#¡REF!", &["text: `#¡REF!` is a spreadsheet error"]),
            ("MarÃ\u{ad}a", &["text: `MarÃ\u{ad}a` was probably `María`"]),
            (
                "Ana\\nLuz",
                &["text: `\\n` is sent as these two characters"],
            ),
            (
                "fix: `{name}` and `\\n` in {name}, <name>, [name], %name%",
                &[],
            ),
            ("Null", &[]),
            ("El valor es NULL", &[]),
            ("N/A", &[]),
            ("Hola<br>Ana &nbsp; %20 $x }}", &[]),
            ("C:\\nuevo\\archivo", &[]),
            ("María José Núñez", &[]),
            ("", &[]),
        ] {
            let found = faults_of_single_text("text", text);
            assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.to_string().starts_with(expected), "{text}: {found}");
            }
        }
        let data = "parameters.flow_action_payload.data.x";
        assert!(faults_of_single_text(data, "null").is_empty());
        let row = faults_of_row_text("text", "Hola {nombre} {1}");
        let row: Vec<_> = row.iter().map(ToString::to_string).collect();
        assert_eq!(
            row,
            ["text: `{nombre}` is sent unchanged: the rows of `raw` are not templates"]
        );
    }
}
