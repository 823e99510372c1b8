//! The placeholders of lines in Spanish, for each line that an error or a hint shows. The help is in English. Their Spanish
//! is in `es.tsv`, between angle brackets.

use super::message::{Lang, Value, spanish_of};

/// Returns `line` with its placeholders in this language.
pub(crate) fn written_in(lang: Lang, line: &str) -> String {
    match lang {
        Lang::En => line.to_owned(),
        Lang::Es => line.split_inclusive(is_sign).map(in_spanish).collect(),
    }
}

/// Returns `line` as a value of a text.
pub(crate) fn in_both(line: &str) -> Value {
    Value::ByLanguage {
        english: line.to_owned(),
        spanish: written_in(Lang::Es, line),
    }
}

/// Returns whether the character separates placeholders. Those of a path do not.
fn is_sign(sign: char) -> bool {
    !(sign.is_alphanumeric() || "./_-".contains(sign))
}

/// Returns a word, with the sign after it.
fn in_spanish(word: &str) -> String {
    let name = word.trim_end_matches(|sign| is_sign(sign) || sign == '.');
    spanish_of(&format!("<{name}>")).map_or_else(
        || word.to_owned(),
        |spanish| word.replacen(name, spanish, 1),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_line_stay() {
        for (line, expected) in [
            (
                "jelouctl send text --to NUMBER -- 'TEXT'",
                "jelouctl send text --to NÚMERO -- 'TEXTO'",
            ),
            (
                "RUN or --older-than AGE",
                "ENVÍO or --older-than ANTIGÜEDAD",
            ),
            ("-f KEY=TEXT …", "-f CLAVE=TEXTO …"),
            ("COMMAND...", "COMANDO..."),
            ("./LIST.csv FILES TEXTo", "./LIST.csv FILES TEXTo"),
        ] {
            assert_eq!(written_in(Lang::Es, line), expected);
        }
    }
}
