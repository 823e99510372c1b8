//! The error values and formulas of spreadsheets.

/// A comment, and the error values in their exact spelling.
const ERROR_VALUES: &str = include_str!("error_values.txt");

/// Returns whether `text`, without spaces around it, is an error value of a spreadsheet: `#¡REF!`, `Err:502`, or `####` of a
/// number that is wider than its column.
pub(super) fn is_error_value(text: &str) -> bool {
    let may_be = text.starts_with('#') || text.starts_with("Err:");
    let is_known = || ERROR_VALUES.lines().skip(1).any(|value| value == text);
    let is_too_wide = || text.len() > 1 && text.bytes().all(|sign| sign == b'#');
    may_be && (is_too_wide() || is_known())
}

/// Returns the beginning of a formula: `=CONCATENAR(`.
pub(super) fn formula_function(text: &str) -> Option<&str> {
    let (name, rest) = text.strip_prefix('=')?.split_once('(')?;
    let is_of_name = |sign: char| sign.is_alphabetic() || sign == '.' || sign == '_';
    let is_function = name.chars().count() > 1 && name.chars().all(is_of_name);
    let end = "=(".len() + name.len();
    text.get(..end)
        .filter(|_| is_function && rest.contains(')'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_values_have_their_exact_spelling() {
        for text in [
            "#N/A",
            "#N/D",
            "#¡REF!",
            "#REF!",
            "#¿NOMBRE?",
            "#NOME?",
            "#DIV/0!",
            "#¡DIV/0!",
            "#VALUE!",
            "#¡VALOR!",
            "#VALOR!",
            "#NÚM!",
            "#¡DESBORDAMIENTO!",
            "#GETTING_DATA",
            "#######",
            "Err:502",
            "Err:508",
        ] {
            assert!(is_error_value(text), "{text}");
        }
        for text in [
            "#PYTHON", "#CAMPO", "#REF", "#ref!", "#n/a", "#nombre", "#", "##1", "#1", "#OFERTA!",
            "Err:", "Err:5", "Err:5020", "err:502", "Error", "N/A", "",
        ] {
            assert!(!is_error_value(text), "{text}");
        }
    }

    #[test]
    fn formula_begins_with_a_function() {
        for (text, expected) in [
            ("=CONCATENAR(A1;B1)", Some("=CONCATENAR(")),
            ("=HOY()", Some("=HOY(")),
            ("=SI.ERROR(A1;0)*2", Some("=SI.ERROR(")),
            ("=D (x)", None),
            ("=5*(2)", None),
            ("= total (IVA)", None),
            ("=)", None),
            ("a=F(x)", None),
            ("", None),
        ] {
            assert_eq!(formula_function(text), expected, "{text}");
        }
    }
}
