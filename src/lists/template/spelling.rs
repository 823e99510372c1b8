//! How a text writes a column, or sends its marks as they are.

use minijinja::machinery::parse_expr;

use super::problem::TextProblem;
use crate::base::message::msg;
use crate::base::suggest::{identifier, plain};

/// Returns how to write a column in a text, for a list with these `columns`.
pub(crate) fn spelling(column: &str, columns: &[impl AsRef<str>]) -> String {
    let is_name = column
        .chars()
        .all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !column.starts_with(|character: char| character.is_ascii_digit());
    // A similar name could match another column.
    let is_only = columns
        .iter()
        .filter(|other| plain(other.as_ref()) == plain(column))
        .count()
        < 2;
    // Avoid quotes, because they are easily lost inside a shell's quotes.
    match identifier(column).filter(|_| !is_name && is_only) {
        _ if is_name => format!("{{{{ {column} }}}}"),
        Some(identifier) => format!("{{{{ {identifier} }}}}"),
        None => format!("{{{{ row[{}] }}}}", quoted(column)),
    }
}

/// Returns how to write `text` so that it is sent unchanged.
pub(crate) fn escape_marks(text: &str) -> String {
    format!("{{{{ {} }}}}", quoted(text))
}

/// Writes `text` as a constant of the language, in double quotes: a shell drops single quotes inside its own.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Returns the problem of an `expression` that is the name of a column with spaces or signs: `Nombre
/// completo`.
pub(super) fn name_with_blanks(expression: &str) -> Option<TextProblem> {
    let name = expression.split('|').next().unwrap_or_default().trim();
    let name = name.strip_prefix("row.").unwrap_or(name);
    let is_of_name = |sign: char| sign.is_alphanumeric() || "_ .-#()°º".contains(sign);
    let is_name = name.starts_with(char::is_alphabetic) && name.chars().all(is_of_name);
    let is_operator =
        |word: &str| word.chars().all(char::is_alphabetic) && identifier(word).is_none();
    if !is_name || parse_expr(name).is_ok() || name.split(' ').any(is_operator) {
        return None;
    }
    let written = spelling(name, &[name]);
    let expression = format!("{{{{{expression}}}}}");
    let problem = msg!(
        "{expression}: a column name with spaces or signs has the form {written}",
        expression,
        written
    );
    Some(problem.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_spelling_is_unambiguous() {
        let columns = [
            "Nombre completo",
            "nombre_completo",
            "Ciudad",
            "CIUDAD ",
            "saldo total",
        ];
        for (column, expected) in [
            ("Nombre completo", "{{ row[\"Nombre completo\"] }}"),
            ("nombre_completo", "{{ nombre_completo }}"),
            ("Ciudad", "{{ Ciudad }}"),
            ("CIUDAD ", "{{ row[\"CIUDAD \"] }}"),
            ("saldo total", "{{ saldo_total }}"),
        ] {
            assert_eq!(spelling(column, &columns), expected);
        }
    }
}
