//! The parts of a text that are sent as they are: without its expressions, its statements, and code in backticks.

use minijinja::machinery::{Token, tokenize};

use super::syntax::syntax;

/// Stands for an expression, a statement, a part in `{% raw %}`, or code.
const CUT: &str = "\0";

/// Returns the words of `source` that are meant as they are, with a sign that no text has for each other part.
pub(super) fn literal_words(source: &str) -> String {
    without_code(&without_tags(source))
}

fn without_tags(source: &str) -> String {
    if !source.contains('{') {
        return source.to_owned();
    }
    let mut words = String::new();
    let tokens = tokenize(source, false, syntax()).map_while(Result::ok);
    for (token, span) in tokens {
        match token {
            Token::TemplateData(text) => {
                let before = source.get(..span.start_offset as usize);
                let is_raw = before.is_some_and(opens_raw);
                words.push_str(if is_raw { CUT } else { text });
            }
            _ => words.push_str(CUT),
        }
    }
    words
}

/// Returns whether the text `before` a part ends with `{% raw %}`.
fn opens_raw(before: &str) -> bool {
    let statement = before.trim_end().strip_suffix("%}");
    let inside = statement.and_then(|text| text.rsplit_once("{%"));
    inside.is_some_and(|(_, inside)| inside.trim_matches(['-', '+', ' ']).trim() == "raw")
}

/// Cuts the parts between two backticks.
pub(super) fn without_code(words: &str) -> String {
    let parts: Vec<_> = words.split('`').collect();
    let last = parts.len() - 1;
    let is_code = |place: usize| place % 2 == 1 && place < last;
    let kept = parts.iter().enumerate();
    let kept = kept.map(|(place, part)| if is_code(place) { CUT } else { part });
    kept.collect::<Vec<_>>().join("`")
}

/// Returns whether `words` have `\n` as two characters, outside paths such as `C:\nuevo` and `\\equipo\nuevo`.
pub(super) fn has_typed_line_break(words: &str) -> bool {
    words
        .split_whitespace()
        .any(|word| word.contains("\\n") && !is_path(word))
}

fn is_path(word: &str) -> bool {
    let word = word.trim_start_matches(|sign: char| !sign.is_alphanumeric() && sign != '\\');
    let mut signs = word.chars();
    let has_drive =
        signs.next().is_some_and(char::is_alphabetic) && signs.as_str().starts_with(":\\");
    has_drive || word.starts_with("\\\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_and_code_are_no_words() {
        for (source, expected) in [
            ("Hola", "Hola"),
            ("Hola {{ nombre }}!", "Hola \0\0\0!"),
            ("a{# nota #}b", "ab"),
            ("{% raw %}{x}{% endraw %} y", "\0 y"),
            ("usa `{x}` y `{y}` ya", "usa `\0` y `\0` ya"),
            ("```\n{x}\n```", "`\0``\0``\0`"),
            ("un ` solo {x}", "un ` solo {x}"),
        ] {
            assert_eq!(literal_words(source), expected, "{source}");
        }
    }

    #[test]
    fn typed_line_break_is_no_path() {
        for (text, expected) in [
            ("Hola\\nAna", true),
            ("Hola \\n", true),
            ("(\\nHola)", true),
            ("Hola\nAna", false),
            ("C:\\nuevo\\notas.txt", false),
            ("en (D:\\nomina) y \"E:\\n\"", false),
            ("\\\\equipo\\nuevo", false),
            ("a \\ n", false),
        ] {
            assert_eq!(has_typed_line_break(text), expected, "{text}");
        }
    }
}
