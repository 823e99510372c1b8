//! Which columns a text names as they are: what an empty or strange cell does to a text can be said before it is sent.

use minijinja::Environment;

use super::pieces::{Piece, pieces, trimmed, words};

/// The names of columns that `source` has as they are, but for filters: an empty cell leaves a gap there. One that a
/// statement looks at, or a filter gives a default, is none of them.
pub(crate) fn bare_columns(source: &str) -> Vec<String> {
    let pieces = pieces(source);
    let is_looked_at = |name: &str| {
        pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Statement(statement) if words(statement).any(|word| word == name)))
    };
    let bare = pieces.iter().filter_map(|piece| match piece {
        Piece::Expression(expression) => bare_column(trimmed(expression)),
        Piece::Literal(_) | Piece::Statement(_) => None,
    });
    bare.filter(|name| !is_looked_at(name)).map(str::to_owned).collect()
}

/// The columns whose cells `source` prints, whatever filters follow. One that a statement compares with a text is none of
/// them: the author has thought of what it says.
pub(crate) fn printed_columns(language: &Environment<'_>, source: &str) -> Vec<String> {
    let pieces = pieces(source);
    let has_text = |code: &str| code.contains(['"', '\'']);
    let is_compared = |name: &String| {
        pieces.iter().any(|piece| {
            matches!(piece, Piece::Statement(statement)
                if has_text(statement) && words(statement).any(|word| word == name))
        })
    };
    let names = |expression: &str| -> Vec<String> {
        if let Some((name, _)) = leading_column(expression) {
            return vec![name.to_owned()];
        }
        let compiled = language.compile_expression(expression).ok().filter(|_| !has_text(expression));
        compiled.map(|compiled| compiled.undeclared_variables(false).into_iter().collect()).unwrap_or_default()
    };
    let printed = pieces.iter().filter_map(|piece| match piece {
        Piece::Expression(expression) => Some(names(trimmed(expression))),
        Piece::Literal(_) | Piece::Statement(_) => None,
    });
    printed.flatten().filter(|name| name != "row" && !is_compared(name)).collect()
}

/// `nombre`, or what `row.nombre` and `row['nombre']` name; filters may follow, but for a default.
fn bare_column(expression: &str) -> Option<&str> {
    let (name, filters) = leading_column(expression)?;
    (!words(filters).any(|word| ["default", "d"].contains(&word))).then_some(name)
}

/// The column that is all of an expression, and the filters behind it.
fn leading_column(expression: &str) -> Option<(&str, &str)> {
    let end = expression.find(|character: char| !character.is_alphanumeric() && character != '_');
    let (first, rest) = expression.split_at(end.unwrap_or(expression.len()));
    if first.starts_with(|character: char| character.is_ascii_digit()) {
        return None;
    }
    let (name, rest) = if first != "row" {
        (first, rest)
    } else if let Some(rest) = rest.strip_prefix('.') {
        let end = rest.find(|character: char| !character.is_alphanumeric() && character != '_');
        rest.split_at(end.unwrap_or(rest.len()))
    } else {
        let inside = rest.strip_prefix('[')?;
        let quote = inside.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
        inside.get(1..)?.split_once(quote).and_then(|(name, rest)| Some((name, rest.strip_prefix(']')?)))?
    };
    let rest = rest.trim();
    (!name.is_empty() && (rest.is_empty() || rest.starts_with('|'))).then_some((name, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::language;

    #[test]
    fn knows_the_columns_that_stand_as_they_are() {
        for (source, expected) in [
            (
                "Hola {{ nombre }}, {{ row['Nombre completo'] | upper }} {{ row.a }}",
                &["nombre", "Nombre completo", "a"][..],
            ),
            ("{{ nombre or 'x' }} {{ nombre | default('x', true) }} {{ a ~ b }} {{ f(x) }}", &[]),
            ("{% if nombre %}{{ nombre }}{% endif %}{{ otro }}", &["otro"]),
        ] {
            assert_eq!(bare_columns(source), expected, "{source}");
        }
    }

    #[test]
    fn knows_the_columns_that_are_printed() {
        let language = language();
        for (source, expected) in [
            (
                "Hola {{ nombre }} {{ row['Nombre completo'] | default('x') }} {{ 1 }}",
                &["nombre", "Nombre completo"][..],
            ),
            ("{{ a ~ a }}", &["a"]),
            ("{{ nombre if nombre != '#N/A' else 'x' }} {{ 'x' }} {{ row }}", &[]),
            ("{% if nombre %}{{ nombre }}{% endif %}", &["nombre"]),
            ("{% if nombre != '-' %}{{ nombre }}{% endif %}{{ otro }}", &["otro"]),
        ] {
            assert_eq!(printed_columns(&language, source), expected, "{source}");
        }
    }
}
