//! A text split at its marks: literal parts, expressions, and statements.

/// A piece of a text with marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Sent literally.
    Literal(&'a str),
    /// The part between `{{` and `}}`.
    Expression(&'a str),
    /// The part between `{%` and `%}`.
    Statement(&'a str),
    /// The rest behind a `{{` or `{%` that is not closed.
    Open(&'a str),
}

/// Splits `source` at its marks. Comments are not pieces.
pub(super) fn pieces(source: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = source;
    while let Some(at) = ["{{", "{%", "{#"].iter().filter_map(|mark| rest.find(mark)).min() {
        let (literal, marked) = rest.split_at(at);
        pieces.push(Piece::Literal(literal));
        let inside = marked.get(2..).unwrap_or_default();
        let (length, close) = match marked.get(..2) {
            Some("{{") => (measure(inside, "}}").0, "}}"),
            Some("{%") => (measure(inside, "%}").0, "%}"),
            _ => (inside.find("#}").unwrap_or(inside.len()), "#}"),
        };
        let (content, behind) = inside.split_at(length);
        let Some(behind) = behind.strip_prefix(close) else {
            pieces.push(Piece::Open(inside));
            return pieces;
        };
        rest = behind;
        match close {
            "}}" => pieces.push(Piece::Expression(content)),
            "%}" => pieces.push(Piece::Statement(content)),
            _ => {}
        }
    }
    pieces.push(Piece::Literal(rest));
    pieces
}

/// The length of the expression at the beginning of `source`, up to an `end` outside strings and brackets or to the end
/// of the text; and the nesting of its brackets.
pub(super) fn measure(source: &str, end: &str) -> (usize, usize) {
    let (mut depth, mut deepest) = (0_isize, 0);
    let mut string = None;
    let mut escaped = false;
    for (at, character) in source.char_indices() {
        match (string, character) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(quote), _) if quote == character => string = None,
            (None, '\'' | '"') => string = Some(character),
            (None, _) if depth == 0 && source.get(at..).is_some_and(|rest| rest.starts_with(end)) => {
                return (at, deepest);
            }
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (Some(_) | None, _) => {}
        }
        deepest = deepest.max(depth.unsigned_abs());
    }
    (source.len(), deepest)
}

/// The expression without the signs that remove blanks around it.
pub(super) fn trimmed(expression: &str) -> &str {
    let inside = expression.strip_prefix(['-', '+']).unwrap_or(expression);
    inside.strip_suffix(['-', '+']).unwrap_or(inside).trim()
}

/// Its names and keywords.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric() && character != '_')
}
