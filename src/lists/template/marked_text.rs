//! Texts in the marks of another tool, such as `{nombre | upper}`, `#nombre#` and `<%= nombre %>`, and the names in them.

use super::near_column::{columns_with_words, exact_column, is_program_name};
use super::usual_names::is_usual_name;
use crate::base::suggest::plain;

/// The most letters that a column name usually has.
const MAX_NAME_LENGTH: usize = 60;

/// The signs around a placeholder.
struct Marks {
    opens: &'static str,
    closes: &'static str,
    usage: Usage,
}

/// The other uses of these signs in texts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    /// Hardly any: any name between them is a placeholder.
    Placeholder,
    /// A remark, such as `[ver nota]`: only a known or similar name is a placeholder.
    Bracket,
    /// Anything, such as `#1` and `10% y 20%`: a known name is a placeholder only without spaces
    /// inside the marks.
    Sign,
    /// Like [`Usage::Sign`], but the name must match exactly.
    CommonSign,
}

use Usage::{Bracket, CommonSign, Placeholder as OnlyPlaceholder, Sign};

/// The first words of a title, such as `El año`.
const ARTICLES: [&str; 6] = ["el", "la", "los", "las", "o", "a"];

/// The marks between a name and its default: `{nombre, cliente}`, `${nombre:-cliente}`, `{nombre ?? 'cliente'}`.
const BEFORE_DEFAULT: [&str; 4] = [",", ";", ":-", "?"];

const fn marks(opens: &'static str, closes: &'static str, usage: Usage) -> Marks {
    Marks {
        opens,
        closes,
        usage,
    }
}

/// The marks that other tools put around a column. If a mark begins with another mark, it comes
/// before that mark.
const OTHER_MARKS: [Marks; 22] = [
    marks("*|", "|*", OnlyPlaceholder),
    marks("%%=", "=%%", OnlyPlaceholder),
    marks("%%", "%%", Sign),
    marks("%(", ")s", Bracket),
    marks("%(", ")", Bracket),
    marks("$(", ")", Bracket),
    marks("<%", "%>", OnlyPlaceholder),
    marks("<?", "?>", OnlyPlaceholder),
    marks("{", "}", OnlyPlaceholder),
    marks("｛", "｝", OnlyPlaceholder),
    marks("<<", ">>", Bracket),
    marks("[", "]", Bracket),
    marks("«", "»", Bracket),
    marks("‹", "›", Bracket),
    marks("【", "】", Bracket),
    marks("<", ">", Sign),
    marks("%", "%", Sign),
    marks("#", "#", CommonSign),
    marks("@", "@", CommonSign),
    marks("__", "__", CommonSign),
    marks("||", "||", CommonSign),
    marks("((", "))", CommonSign),
];

/// A text between marks.
pub(super) struct MarkedText<'a> {
    /// The text with its marks.
    pub(super) written: &'a str,
    inside: &'a str,
    pub(super) usage: Usage,
}

impl<'a> MarkedText<'a> {
    /// Returns all possible marked texts at the beginning of `text`.
    pub(super) fn all_at(text: &'a str) -> Vec<Self> {
        let between = OTHER_MARKS
            .iter()
            .filter_map(|marks| Self::between(text, marks));
        Self::variable(text).into_iter().chain(between).collect()
    }

    fn between(text: &'a str, marks: &Marks) -> Option<Self> {
        let (inside, _) = text.strip_prefix(marks.opens)?.split_once(marks.closes)?;
        let length = marks.opens.len() + inside.len() + marks.closes.len();
        // Spaces inside these marks show that it is not a name: 5 < x > 3, 10% or 20%.
        let may_have_blanks = !matches!(marks.usage, Sign | CommonSign);
        if inside.contains(marks.opens) || !may_have_blanks && inside.trim() != inside {
            return None;
        }
        Some(Self {
            written: text.get(..length)?,
            inside,
            usage: marks.usage,
        })
    }

    /// Parses `$nombre`, `$!nombre`, `$cliente.nombre`, `$row->nombre`, `$row['nombre']` or `@Model.nombre`.
    fn variable(text: &'a str) -> Option<Self> {
        let mark = ["$!", "$", "@Model."]
            .into_iter()
            .find(|mark| text.starts_with(mark))?;
        let name = text.get(mark.len()..)?;
        let length = variable_length(name);
        Some(Self {
            written: text.get(..mark.len() + length)?,
            inside: name.get(..length)?,
            usage: Sign,
        })
    }

    /// Returns the columns that the marked text may mean. `columns` returns the columns that a name means or resembles.
    pub(super) fn columns(&self, columns: &impl Fn(&str) -> Vec<String>) -> Vec<String> {
        if self.lists_columns(columns) {
            return Vec::new();
        }
        let exact = self.exact_column(columns);
        if exact.is_some() || self.usage == CommonSign {
            return exact.into_iter().collect();
        }
        let name = self.inside.trim();
        let name = name.strip_prefix("row.").unwrap_or(name);
        let near = self.near_columns(name, columns);
        if !near.is_empty() {
            return near;
        }
        let in_words = columns_in_words(name, columns);
        if in_words.is_empty() {
            columns_of_usual_name(name, columns)
        } else {
            in_words
        }
    }

    /// Returns whether it lists columns, as a program does: `{ nombre, total }` or `{fecha: total}`.
    fn lists_columns(&self, columns: &impl Fn(&str) -> Vec<String>) -> bool {
        let is_column = |part: &str| exact_column(part, columns).is_some();
        let parts: Vec<_> = self.inside.split([',', ';', ':']).map(str::trim).collect();
        self.usage == OnlyPlaceholder && parts.len() > 1 && parts.into_iter().all(is_column)
    }

    /// Returns the columns with names similar to `name`. Outside braces, a longer word such as
    /// `pedidos` is probably not the column `pedido`.
    fn near_columns(&self, name: &str, columns: &impl Fn(&str) -> Vec<String>) -> Vec<String> {
        let is_meant = |found: &String| {
            let is_other_word = self.usage != OnlyPlaceholder
                && plain(name) != plain(found)
                && plain(name).starts_with(&plain(found))
                && !is_usual_name(name)
                && !is_program_name(name);
            let is_name = found == name || looks_like_name(name);
            is_name && !is_other_word
        };
        columns(name).into_iter().filter(is_meant).collect()
    }

    /// Returns the column with its name in the text, perhaps with a filter or inside another value.
    pub(super) fn exact_column(&self, columns: &impl Fn(&str) -> Vec<String>) -> Option<String> {
        self.names()
            .into_iter()
            .filter(|name| looks_like_name(name))
            .find_map(|name| exact_column(name, columns))
    }

    /// Returns whether it can only be a placeholder, whatever its name.
    pub(super) fn names_anything(&self) -> bool {
        let inside = self.inside.trim();
        let is_code = inside.contains('|')
            || inside.contains("[\"")
            || inside.contains("['")
            || inside.contains("fallback=")
            || inside.starts_with(['=', '!', '$', '@', '-'])
            || self.written.starts_with("%%=");
        let is_name = looks_like_name(inside) || is_code && !self.names().is_empty();
        self.usage == OnlyPlaceholder && is_name
    }

    /// Returns whether it has only a mark before it, such as `$nombre`.
    fn is_variable(&self) -> bool {
        self.written.starts_with('$') || self.written.starts_with("@Model.")
    }

    /// Returns the names in the marked text that may be a column name.
    fn names(&self) -> Vec<&'a str> {
        let is_sign = |sign: char| sign.is_whitespace() || "=-!$@#:~&^*+%?\\".contains(sign);
        let expression = self.inside.trim_matches(is_sign).trim_end_matches('/');
        let expression = expression.strip_prefix("MERGEFIELD ").unwrap_or(expression);
        let operand = expression.split(['|']).next().unwrap_or_default();
        let operand = operand.split(" or ").next().unwrap_or_default().trim();
        // A quote at the beginning is JSON.
        if !operand.starts_with(|first: char| first.is_alphabetic() || first == '_') {
            return Vec::new();
        }
        match self.usage {
            // A URL between these marks has the same signs.
            Sign | CommonSign if !self.is_variable() => {
                let field =
                    field_of_record(operand).filter(|_| self.written.starts_with(['%', '#']));
                vec![operand].into_iter().chain(field).collect()
            }
            OnlyPlaceholder => {
                let before = before_default(operand);
                // `{nombre:x, saldo:y}` is data.
                let code = if before.contains(':') {
                    operand
                } else {
                    before
                };
                let names = vec![operand, before].into_iter();
                names
                    .chain(value_of_key(operand))
                    .chain(names_in_code(code))
                    .collect()
            }
            Bracket | Sign | CommonSign => [vec![operand], names_in_code(operand)].concat(),
        }
    }
}

/// Returns the length of the variable at the start of `text`, with its fields: `row['nombre']`.
fn variable_length(text: &str) -> usize {
    let is_of_name = |sign: char| sign.is_alphanumeric() || sign == '_';
    let end_of_name = |from: &str| from.find(|sign| !is_of_name(sign)).unwrap_or(from.len());
    let mut length = end_of_name(text);
    loop {
        let rest = text.get(length..).unwrap_or_default();
        let field = ["->", "."].into_iter().find_map(|dot| {
            let name = end_of_name(rest.strip_prefix(dot)?);
            (name > 0).then_some(dot.len() + name)
        });
        let item = [("['", "']"), ("[\"", "\"]")]
            .into_iter()
            .find_map(|(opens, closes)| {
                let end = rest
                    .starts_with(opens)
                    .then(|| rest.find(closes))
                    .flatten()?;
                Some(end + closes.len())
            });
        match field.or(item) {
            Some(more) => length += more,
            None => return length,
        }
    }
}

/// Returns the columns if all words of `name` are names: `nombre` for `NOMBRE CLIENTE`.
fn columns_in_words(name: &str, columns: &impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let first = name.split(' ').next().unwrap_or_default();
    if !looks_like_name(name) || ARTICLES.contains(&first.to_lowercase().as_str()) {
        return Vec::new();
    }
    columns_with_words(name, columns, is_usual_name)
}

/// Returns the columns with the first word of a usual name: `nombre` for `Nombre completo`.
fn columns_of_usual_name(name: &str, columns: &impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let first = name.split([' ', '_']).next().unwrap_or_default();
    if looks_like_name(name) && is_usual_name(name) {
        columns(first)
    } else {
        Vec::new()
    }
}

/// Returns the field of a record: `nombre` in `recipient.nombre`.
fn field_of_record(operand: &str) -> Option<&str> {
    let is_of_name = |sign: char| sign.is_alphanumeric() || sign == '_' || sign == '.';
    let (_, field) = operand.rsplit_once('.')?;
    Some(field).filter(|_| operand.chars().all(is_of_name))
}

/// Returns the value of a key: `nombre` in `customer: nombre`.
fn value_of_key(operand: &str) -> Option<&str> {
    let (key, value) = operand.split_once(": ")?;
    Some(value.trim()).filter(|_| looks_like_name(key))
}

/// Returns the part of an expression before its default: `nombre` in `nombre, cliente`.
fn before_default(operand: &str) -> &str {
    let ends = BEFORE_DEFAULT.iter().filter_map(|mark| operand.find(mark));
    let end = ends.min().unwrap_or(operand.len());
    operand.get(..end).unwrap_or(operand).trim()
}

/// Returns the names in an expression such as `row["nombre"]`, `leadfield=nombre` or `nombre.upper()`. The last one comes
/// first, because it is probably the column.
fn names_in_code(operand: &str) -> Vec<&str> {
    let has_quotes = operand.contains("['") || operand.contains("[\"");
    let is_of_name = |sign: char| {
        sign.is_alphanumeric() || sign == '_' || has_quotes && (sign == ' ' || sign == '-')
    };
    let is_code = |sign: char| is_of_name(sign) || ".[]\"'()=:!?->$@".contains(sign);
    if !operand.chars().all(is_code) {
        return Vec::new();
    }
    let names = operand.rsplit(|sign| !is_of_name(sign));
    names.filter(|name| !name.is_empty()).collect()
}

/// Returns whether `text` may be the name of a column, and not code, a number or a sentence.
pub(super) fn looks_like_name(text: &str) -> bool {
    let is_of_name =
        |character: char| character.is_alphanumeric() || "_ .-#()°º".contains(character);
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && text.chars().all(is_of_name)
        && text.chars().count() <= MAX_NAME_LENGTH
}

/// Returns whether a placeholder may begin with `sign`.
pub(super) fn is_opening(sign: char) -> bool {
    matches!(
        sign,
        '*' | '%' | '$' | '<' | '{' | '｛' | '[' | '«' | '‹' | '【' | '#' | '@' | '_' | '|' | '('
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::template::near_columns;

    #[test]
    fn title_and_set_of_columns_are_no_placeholder() {
        let columns = ["nombre", "total", "año", "correo"];
        let near = |name: &str| near_columns(&columns, name);
        let found = |text: &str| {
            let marked = MarkedText::all_at(text).into_iter();
            let mut columns = marked.flat_map(|marked| marked.columns(&near));
            columns.next()
        };
        for text in [
            "[Nombre completo]",
            "[nombre_completo]",
            "[nombre_paciente]",
            "{nombre, cliente}",
        ] {
            assert_eq!(found(text).as_deref(), Some("nombre"), "{text}");
        }
        for text in [
            "«El año»",
            "[El total]",
            "[Usuario y correo]",
            "{ nombre, total }",
            "{total: nombre}",
            "[Nombre propio]",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn every_mark_begins_with_an_opening_sign() {
        for marks in OTHER_MARKS {
            assert!(marks.opens.starts_with(is_opening), "{}", marks.opens);
        }
        assert!(is_opening('$') && is_opening('@'));
    }
}
