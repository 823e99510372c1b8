//! Recognizes texts that stand for a missing value: the words of programs, such as `null`, and the errors of
//! spreadsheets, such as `#N/A`.

use crate::base::conventions::Conventions;

/// Words that programs write for a missing or pending value, in lower case and without spaces.
const NOTHING: [&str; 45] = [
    "-",
    "--",
    "---",
    "–",
    "—",
    "n/a",
    "s/d",
    "n/d",
    "n.a.",
    "n.d.",
    "null",
    "(null)",
    "<null>",
    "nan",
    "none",
    "(none)",
    "undefined",
    "<na>",
    "nil",
    "\\n",
    "nulo",
    "(blank)",
    "(vacío)",
    "(vacio)",
    "(vazio)",
    "(enblanco)",
    "(embranco)",
    "<nil>",
    "<none>",
    "%!s(<nil>)",
    "invaliddate",
    "loading...",
    "loading…",
    "cargando...",
    "cargando…",
    "carregando...",
    "carregando…",
    "inf",
    "infinity",
    "-infinity",
    "+inf",
    "-inf",
    "1.#inf",
    "1.#qnan",
    "-1.#ind",
];
/// The first characters, in lower case, of every text that [`NoValue::in_text`] finds, except a zero as a dash.
const FIRST_CHARACTERS: [char; 20] = [
    '-', '–', '—', 'n', 's', '(', '<', 'u', '\\', 'i', 'l', 'c', '+', '1', '0', '[', '%', '#', 'e',
    '=',
];
/// A missing time in pandas. Written `Nat` or `NAT`, it is a name and not a missing value.
const NO_TIME: &str = "NaT";
/// A given name. Only other spellings, `nil` and `NIL`, are a missing value.
const NAME: &str = "Nil";
/// The date that Excel shows for an empty cell or 0, in the orders of its countries.
const EMPTY_DATES: [&str; 8] = [
    "00/01/1900",
    "0/1/1900",
    "0/01/1900",
    "01/00/1900",
    "1/0/1900",
    "00-01-1900",
    "1900-01-00",
    "1900/01/00",
];
/// Words that spreadsheets write after `#` for an error, in English, Spanish and Portuguese. In lower case, they count
/// only with their final punctuation.
const ERRORS: &str = "N/A N/D REF! VALUE! VALOR! DIV/0! NUM! NÚM! NULL! NULO! NAME? NOMBRE? NOME? SPILL! DESBORDAMIENTO! \
    DESPEJAR! DERRAMAR! CALC! ERROR! ERR! FIELD! CAMPO! BLOCKED! BLOQUEADO! UNKNOWN! DESCONOCIDO! DESCONHECIDO! CONNECT! \
    CONECTAR! BUSY! OCUPADO! PYTHON! EXTERNAL! TIMEOUT! GETTING_DATA OBTENIENDO_DATOS";

/// Words for a missing value inside a text, exactly as programs print them: `Ana nan` was joined from two columns.
const PRINTED_WORDS: [&str; 6] = ["None", "nan", "NaN", "null", "undefined", "<nil>"];
/// The most words of a name that was joined from two columns.
const MAX_NAME_WORDS: usize = 5;

/// The fields of a body that the recipient reads as text, except the titles of replies and options: `N/A` can be a
/// choice.
const READ_FIELDS: [&str; 8] = [
    "text",
    "caption",
    "title",
    "name",
    "address",
    "parameters",
    "headerParameters",
    "buttonParameters",
];
/// The data that a WhatsApp flow gets. The recipient does not read it.
const FLOW_DATA: &str = "flow_action_payload";

/// A word that stands for a missing value, as a text has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoValue<'t> {
    pub(crate) word: &'t str,
    kind: NoValueKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoValueKind {
    Nothing,
    SpreadsheetError,
    /// Only the beginning of the formula is the word, because each row has another formula.
    Formula,
}

impl<'t> NoValue<'t> {
    /// Finds the word in the text at `path` of a body. A script with an unset variable sends texts like this. Only
    /// fields that the recipient reads count.
    pub(crate) fn in_field(path: &str, text: &'t str) -> Option<Self> {
        let field = path.split(['.', '[']).next().unwrap_or_default();
        if !READ_FIELDS.contains(&field) || path.contains(FLOW_DATA) {
            return None;
        }
        Self::in_text(text.trim())
    }

    /// Finds the word in a cell without spaces around it. The cell may be joined from two columns.
    pub(crate) fn in_cell(cell: &'t str) -> Option<Self> {
        let in_name = || {
            word_in_name(cell).map(|word| Self {
                word,
                kind: NoValueKind::Nothing,
            })
        };
        Self::in_text(cell).or_else(in_name)
    }

    /// Finds the word in a text without spaces around it.
    fn in_text(text: &'t str) -> Option<Self> {
        // This runs for each cell of a list, and most begin with another character.
        let first = text.chars().next()?.to_ascii_lowercase();
        if !FIRST_CHARACTERS.contains(&first) && !Conventions::is_zero_as_dash(text) {
            return None;
        }
        let (word, kind) = if is_spreadsheet_error(text) {
            (text, NoValueKind::SpreadsheetError)
        } else if means_nothing(text) {
            (text, NoValueKind::Nothing)
        } else if let Some(word) = repeated_word(text) {
            (word, NoValueKind::Nothing)
        } else {
            (formula_function(text)?, NoValueKind::Formula)
        };
        Some(Self { word, kind })
    }

    /// Returns whether the word is a spreadsheet error, which is never meant.
    pub(crate) fn is_spreadsheet_error(&self) -> bool {
        self.kind == NoValueKind::SpreadsheetError
    }

    pub(crate) fn describe(&self) -> String {
        let word = self.word;
        match self.kind {
            NoValueKind::Nothing => format!("`{word}` means no value and would be sent"),
            NoValueKind::SpreadsheetError => {
                format!("`{word}` is a spreadsheet error and would be sent")
            }
            NoValueKind::Formula => {
                format!("`{word}` begins a formula without its result, and would be sent")
            }
        }
    }
}

/// Warns about the text at `path` of a body if the whole text stands for a missing value.
pub(crate) fn missing_value(path: &str, text: &str) -> Option<String> {
    let found = NoValue::in_field(path, text)?;
    Some(format!("{path}: {}", found.describe()))
}

/// Returns the first word of a text of several words that all mean nothing: `None None`.
fn repeated_word(text: &str) -> Option<&str> {
    let first = text.split_whitespace().next()?;
    let is_repeated = text
        .split_whitespace()
        .all(|word| PRINTED_WORDS.contains(&word));
    (is_repeated && first.len() < text.len()).then_some(first)
}

/// Returns the word that means nothing in a name: `nan` in `Ana nan`. The other words of the name begin with a capital.
fn word_in_name(cell: &str) -> Option<&str> {
    let found = cell
        .split_whitespace()
        .find(|word| PRINTED_WORDS.contains(word))?;
    let is_of_name = |word: &str| {
        let is_letter = |sign: char| sign.is_alphabetic() || ".'’-".contains(sign);
        PRINTED_WORDS.contains(&word)
            || word.starts_with(char::is_uppercase) && word.chars().all(is_letter)
    };
    let words: Vec<_> = cell.split_whitespace().collect();
    let is_name = words.len() <= MAX_NAME_WORDS && words.into_iter().all(is_of_name);
    is_name.then_some(found)
}

/// Returns the beginning of a spreadsheet formula: `=CONCATENAR(`.
fn formula_function(text: &str) -> Option<&str> {
    let (name, rest) = text.strip_prefix('=')?.split_once('(')?;
    let is_of_name = |sign: char| sign.is_alphabetic() || sign == '.' || sign == '_';
    let is_function = name.chars().count() > 1 && name.chars().all(is_of_name);
    let end = "=(".len() + name.len();
    text.get(..end)
        .filter(|_| is_function && rest.contains(')'))
}

/// Returns whether `text`, without spaces around it, is a word that programs write for a missing or pending value.
fn means_nothing(text: &str) -> bool {
    match text {
        NO_TIME => return true,
        NAME => return false,
        _ => {}
    }
    if Conventions::is_zero_as_dash(text) {
        return true;
    }
    let word = without_spaces(text).to_lowercase();
    NOTHING.contains(&word.as_str()) || is_object(&word) || EMPTY_DATES.contains(&word.as_str())
}

/// Returns whether `word` is an object of JavaScript that was printed: `[object Object]`, `[object
/// Promise]`.
fn is_object(word: &str) -> bool {
    let class = word
        .strip_prefix("[object")
        .and_then(|rest| rest.strip_suffix(']'));
    class.is_some_and(|class| {
        !class.is_empty() && class.bytes().all(|letter| letter.is_ascii_alphabetic())
    })
}

/// Returns whether `text` is a spreadsheet error: `#¡REF!`, `#REF`, `#######` or `Err:502`.
fn is_spreadsheet_error(text: &str) -> bool {
    if !text.starts_with('#') && !text.contains(':') {
        return false;
    }
    let word = without_spaces(text);
    let upper = word.to_uppercase();
    if let Some(number) = upper.strip_prefix("ERR:") {
        return (1..=3).contains(&number.len())
            && number.bytes().all(|digit| digit.is_ascii_digit());
    }
    let (Some(name), Some(as_written)) = (upper.strip_prefix('#'), word.strip_prefix('#')) else {
        return false;
    };
    // The column was too narrow for a number or a date.
    if name.len() > 1 && name.bytes().all(|sign| sign == b'#') {
        return true;
    }
    let opening = ['¡', '¿'];
    let name = name.trim_start_matches(opening);
    let as_written = as_written.trim_start_matches(opening);
    ERRORS.split_whitespace().any(|error| {
        let unpunctuated = error.trim_end_matches(['!', '?']);
        error == name || unpunctuated == as_written
    })
}

fn without_spaces(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_value_are_found_in_texts() {
        let printed = ["[object object]", NO_TIME];
        for word in NOTHING.iter().chain(&EMPTY_DATES).chain(&printed) {
            let found = NoValue::in_text(word).map(|found| found.kind);
            assert_eq!(found, Some(NoValueKind::Nothing), "{word}");
        }
        for word in PRINTED_WORDS {
            let text = format!("{word} {word}");
            let found = NoValue::in_text(&text).map(|found| found.word);
            assert_eq!(found, Some(word), "{text}");
        }
        for text in ["$ -", "- €", "US$ –"] {
            assert!(NoValue::in_text(text).is_some(), "{text}");
        }
    }

    #[test]
    fn spreadsheet_errors_and_empty_words_are_recognized() {
        for (text, expected) in [
            ("#N/A", (true, false)),
            ("#¡REF!", (true, false)),
            ("#¿NOMBRE?", (true, false)),
            ("#DIV/0!", (true, false)),
            ("#n/a", (true, false)),
            ("# ref!", (true, false)),
            ("#REF", (true, false)),
            ("#¡valor!", (true, false)),
            ("#¿NOMBRE?", (true, false)),
            ("#######", (true, false)),
            ("Err:502", (true, false)),
            ("err: 508", (true, false)),
            ("#ref", (false, false)),
            ("#nombre", (false, false)),
            ("#", (false, false)),
            ("##1", (false, false)),
            ("Err:5", (true, false)),
            ("Err:5020", (false, false)),
            ("Err:", (false, false)),
            ("Error", (false, false)),
            ("N/A", (false, true)),
            ("n / a", (false, true)),
            ("<NA>", (false, true)),
            ("NaT", (false, true)),
            ("nil", (false, true)),
            ("\\N", (false, true)),
            ("[object Object]", (false, true)),
            ("[object Promise]", (false, true)),
            ("[objeto perdido]", (false, false)),
            ("[object]", (false, false)),
            ("Invalid Date", (false, true)),
            ("00/01/1900", (false, true)),
            ("01/01/1900", (false, false)),
            ("10/01/1900", (false, false)),
            ("Loading...", (false, true)),
            ("CARGANDO…", (false, true)),
            ("-Infinity", (false, true)),
            ("(null)", (false, true)),
            ("Nil", (false, false)),
            ("Nat", (false, false)),
            ("N. A. Díaz", (false, false)),
            ("Loading", (false, false)),
            ("S/N", (false, false)),
            ("0", (false, false)),
            ("false", (false, false)),
            ("NaN", (false, true)),
            ("Null", (false, true)),
            ("—", (false, true)),
            ("$-", (false, true)),
            (" $   -   ", (false, true)),
            ("- €", (false, true)),
            ("S/ -", (false, true)),
            ("US$ –", (false, true)),
            ("$", (false, false)),
            ("$-5", (false, false)),
            ("L-", (false, false)),
            ("A -", (false, false)),
            ("", (false, false)),
            ("#1", (false, false)),
            ("#OFERTA!", (false, false)),
            ("Na", (false, false)),
            ("Nancy - Ana", (false, false)),
        ] {
            assert_eq!(
                (is_spreadsheet_error(text), means_nothing(text)),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn joined_words_and_formulas_are_found_in_cells() {
        for (cell, expected) in [
            ("None None", Some("None")),
            ("nan nan", Some("nan")),
            ("null undefined", Some("null")),
            ("Ana nan", Some("nan")),
            ("nan Ríos", Some("nan")),
            ("Ana María None", Some("None")),
            ("(en blanco)", Some("(en blanco)")),
            ("S/D", Some("S/D")),
            ("S/ 20", None),
            ("<nil>", Some("<nil>")),
            ("=CONCATENAR(A1;B1)", Some("=CONCATENAR(")),
            ("=HOY()", Some("=HOY(")),
            ("=SI.ERROR(A1;0)*2", Some("=SI.ERROR(")),
            ("#N/A", Some("#N/A")),
            ("Ana Nan", None),
            ("Pollo con nan", None),
            ("Jennifer Null", None),
            ("no es null ni nada", None),
            ("Nil Nan", None),
            ("=D (x)", None),
            ("=5*(2)", None),
            ("= total (IVA)", None),
            ("=)", None),
            ("a=F(x)", None),
            ("Ana  Ríos", None),
            ("", None),
        ] {
            let found = NoValue::in_cell(cell).map(|found| found.word);
            assert_eq!(found, expected, "{cell}");
        }
    }

    #[test]
    fn whole_text_without_value_is_reported() {
        for (path, text, expected) in [
            (
                "text",
                "NULL",
                Some("text: `NULL` means no value and would be sent"),
            ),
            (
                "text",
                " undefined\n",
                Some("text: `undefined` means no value and would be sent"),
            ),
            (
                "caption",
                "[object Object]",
                Some("caption: `[object Object]` means no value and would be sent"),
            ),
            (
                "parameters[1]",
                "Err:502",
                Some("parameters[1]: `Err:502` is a spreadsheet error and would be sent"),
            ),
            (
                "parameters.name",
                "#N/A",
                Some("parameters.name: `#N/A` is a spreadsheet error and would be sent"),
            ),
            (
                "buttonParameters[0].param",
                "NaN",
                Some("buttonParameters[0].param: `NaN` means no value and would be sent"),
            ),
            (
                "text",
                "None None",
                Some("text: `None` means no value and would be sent"),
            ),
            (
                "parameters[0]",
                "=CONCATENAR(A1;B1)",
                Some(
                    "parameters[0]: `=CONCATENAR(` begins a formula without its result, and would be sent",
                ),
            ),
            ("text", "Elige None", None),
            ("text", "El valor es NULL", None),
            ("text", "Nil", None),
            ("text", "N. A. Díaz", None),
            ("text", "", None),
            ("quick_replies[0].title", "N/A", None),
            ("options[0].title", "-", None),
            ("parameters.flow_action_payload.data.x", "null", None),
            ("language", "none", None),
        ] {
            assert_eq!(
                missing_value(path, text).as_deref(),
                expected,
                "{path} {text}"
            );
        }
    }
}
