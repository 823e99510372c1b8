//! The placeholders of lines in Spanish, for each line that an error or a hint shows. The help is in English.

use crate::base::message::{Lang, Value};

/// The placeholders that Spanish writes in another way, sorted.
const SPANISH: [(&str, &str); 54] = [
    ("ACTION", "ACCIÓN"),
    ("ADDRESS", "DIRECCIÓN"),
    ("AGE", "ANTIGÜEDAD"),
    ("AMOUNT", "MONTO"),
    ("ARGUMENTS", "ARGUMENTOS"),
    ("CAPTION", "LEYENDA"),
    ("CATEGORY", "CATEGORÍA"),
    ("CODE", "CÓDIGO"),
    ("COLUMN", "COLUMNA"),
    ("COMMAND", "COMANDO"),
    ("DATE", "FECHA"),
    ("DEGREES", "GRADOS"),
    ("DESCRIPTION", "DESCRIPCIÓN"),
    ("DIR", "CARPETA"),
    ("DURATION", "DURACIÓN"),
    ("EMAIL", "CORREO"),
    ("FILE", "ARCHIVO"),
    ("FORMAT", "FORMATO"),
    ("HOURS", "HORARIO"),
    ("KEY", "CLAVE"),
    ("KIND", "TIPO"),
    ("LABEL", "ETIQUETA"),
    ("LANG", "IDIOMA"),
    ("LANGUAGE", "IDIOMA"),
    ("LINES", "LÍNEAS"),
    ("LIST", "LISTA"),
    ("METHOD", "MÉTODO"),
    ("MODE", "MODO"),
    ("NAME", "NOMBRE"),
    ("NUMBER", "NÚMERO"),
    ("PATH", "RUTA"),
    ("PATTERN", "PATRÓN"),
    ("PHONE", "TELÉFONO"),
    ("PORT", "PUERTO"),
    ("RATE", "RITMO"),
    ("REASON", "MOTIVO"),
    ("RECIPIENT", "DESTINATARIO"),
    ("RULE", "REGLA"),
    ("RUN", "ENVÍO"),
    ("SCREEN", "PANTALLA"),
    ("SENDER", "REMITENTE"),
    ("SIGN", "SIGNO"),
    ("STATE", "ESTADO"),
    ("STATUS", "ESTADO"),
    ("TEMPLATE", "PLANTILLA"),
    ("TEXT", "TEXTO"),
    ("TIME", "HORA"),
    ("TITLE", "TÍTULO"),
    ("TYPE", "TIPO"),
    ("VALUE", "VALOR"),
    ("VERSION", "VERSIÓN"),
    ("WHAT", "QUÉ"),
    ("WHEN", "CUÁNDO"),
    ("ZONE", "ZONA"),
];

/// Returns `line` with its placeholders in this language.
pub(super) fn written_in(lang: Lang, line: &str) -> String {
    match lang {
        Lang::En => line.to_owned(),
        Lang::Es => line.split_inclusive(is_sign).map(in_spanish).collect(),
    }
}

/// Returns `line` as a value of a text.
pub(super) fn in_both(line: &str) -> Value {
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
    let mut known = SPANISH.iter();
    let spanish = known.find(|(english, _)| *english == name);
    spanish.map_or_else(
        || word.to_owned(),
        |(english, spanish)| word.replacen(english, spanish, 1),
    )
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::base::texts::rows;
    use crate::cli::app::App;
    use crate::cli::hints::Hint;
    use crate::cli::line::all_commands;

    /// The placeholders that are the same in Spanish.
    const SAME: [&str; 9] = [
        "BOOL", "BOT", "HOST", "ID", "JSON", "N", "REGEX", "SHELL", "URL",
    ];

    #[test]
    fn each_placeholder_has_its_spanish() {
        let mut app = App::command();
        app.build();
        for command in all_commands(&app) {
            let arguments = command.get_arguments();
            let arguments = arguments.filter(|argument| argument.get_action().takes_values());
            let names = arguments.filter_map(|argument| argument.get_value_names());
            for name in names.flatten() {
                let words = name.split(is_sign).filter(|word| !word.is_empty());
                for word in words.filter(|word| !word.starts_with('-')) {
                    let is_known = SPANISH.iter().any(|(english, _)| *english == word);
                    let is_word = word.starts_with(char::is_lowercase);
                    let is_known = is_known || is_word || SAME.contains(&word);
                    assert!(is_known, "{name} of {:?}", command.get_bin_name());
                }
            }
        }
    }

    #[test]
    fn spanish_texts_have_no_english_placeholder() {
        let table = rows::<2>(include_str!("../base/es.tsv"));
        let texts = table.map(|[english, spanish]| (english.to_owned(), spanish.to_owned()));
        let hints = Hint::all().filter(|row| row.hint[0] != row.hint[1]);
        let hints = hints.map(|row| (row.hint[0].to_owned(), row.hint[1].to_owned()));
        for (english, spanish) in texts.chain(hints) {
            assert_eq!(written_in(Lang::Es, &spanish), spanish, "{english}");
        }
    }

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
