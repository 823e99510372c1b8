//! Finds placeholders in the marks of other tools, such as `{nombre | upper}`, `#nombre#` and `<%=
//! nombre %>`.

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
enum Usage {
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

const fn marks(opens: &'static str, closes: &'static str, usage: Usage) -> Marks {
    Marks {
        opens,
        closes,
        usage,
    }
}

/// The marks that other tools put around a column. If a mark begins with another mark, it comes
/// before that mark.
const OTHER_MARKS: [Marks; 20] = [
    marks("*|", "|*", OnlyPlaceholder),
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

/// The names that most lists have. A single message has no columns, but these names between marks
/// are probably columns of a list.
const USUAL_NAMES: [&str; 40] = [
    "nombre",
    "nombres",
    "nombre_completo",
    "primer_nombre",
    "apellido",
    "apellidos",
    "cliente",
    "usuario",
    "nome",
    "name",
    "first_name",
    "last_name",
    "full_name",
    "fname",
    "lname",
    "customer",
    "user",
    "telefono",
    "celular",
    "phone",
    "correo",
    "email",
    "empresa",
    "company",
    "ciudad",
    "city",
    "direccion",
    "fecha",
    "date",
    "hora",
    "monto",
    "saldo",
    "amount",
    "deuda",
    "factura",
    "pedido",
    "codigo",
    "placa",
    "cedula",
    "producto",
];

/// A placeholder with its marks, and its meaning.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Placeholder<T> {
    pub(super) written: String,
    pub(super) value: T,
}

/// Returns the first placeholder in `text` that means a column. `column` returns the column that a
/// name means or resembles.
pub(super) fn meant_column(
    text: &str,
    column: &impl Fn(&str) -> Option<String>,
) -> Option<Placeholder<String>> {
    let found = placeholders(text, |marked| marked.column(column));
    found.into_iter().next()
}

/// Returns the placeholders in a text without a list: any name in marks with no other use, and the
/// usual names in other marks.
pub(super) fn placeholders_without_list(text: &str) -> Vec<String> {
    let usual = |name: &str| {
        let is_it = |usual: &&str| plain(usual) == plain(name);
        USUAL_NAMES.into_iter().find(is_it).map(str::to_owned)
    };
    let is_meant = |marked: &MarkedText<'_>| {
        let is_placeholder = marked.names_anything() || marked.exact_column(&usual).is_some();
        is_placeholder.then_some(())
    };
    let found = placeholders(text, is_meant);
    found.into_iter().map(|meant| meant.written).collect()
}

/// Returns the placeholders in `text` that would be sent unchanged, in marks with no other use:
/// `{otro}` without a column `otro`.
pub(super) fn unknown_placeholders(text: &str) -> Vec<String> {
    let found = placeholders(text, |marked| marked.names_anything().then_some(()));
    found.into_iter().map(|meant| meant.written).collect()
}

/// Returns whether most lists have a column called `name`.
pub(crate) fn is_usual_name(name: &str) -> bool {
    USUAL_NAMES.iter().any(|usual| plain(usual) == plain(name))
}

/// Returns the first placeholder in a cell: a usual name, or the name of one of the list's
/// `columns`, in marks; or any name in the marks of a program. Other words in braces, such as
/// `{off}`, are probably part of the text: a cell is not a template of jelouctl.
pub(crate) fn placeholder_in_cell(cell: &str, columns: &[&str]) -> Option<String> {
    let is_column = |name: &str, column: &&&str| plain(column) == plain(name);
    let known = |name: &str| {
        let usual = USUAL_NAMES.iter().find(|usual| is_column(name, usual));
        let of_list = || columns.iter().find(|column| is_column(name, column));
        usual.or_else(of_list).map(|name| (*name).to_owned())
    };
    let usual = |name: &str| is_usual_name(name).then(|| name.to_owned());
    let is_meant = |marked: &MarkedText<'_>| {
        let is_placeholder = if marked.usage == OnlyPlaceholder {
            let is_of_program = !marked.written.starts_with(['{', '｛']);
            marked.exact_column(&known).is_some() || is_of_program && marked.names_anything()
        } else {
            marked.exact_column(&usual).is_some()
        };
        is_placeholder.then_some(())
    };
    let found = placeholders(cell, is_meant);
    found.into_iter().next().map(|meant| meant.written)
}

/// Returns whether `text` has a sign that may begin a placeholder. Most texts do not.
pub(crate) fn may_have_placeholder(text: &str) -> bool {
    text.contains(is_opening)
}

/// Returns whether a placeholder may begin with `sign`.
fn is_opening(sign: char) -> bool {
    matches!(
        sign,
        '*' | '%' | '$' | '<' | '{' | '｛' | '[' | '«' | '‹' | '【' | '#' | '@' | '_' | '|' | '('
    )
}

/// Returns the texts between marks that `meant` accepts, from left to right. They do not overlap.
fn placeholders<T>(
    text: &str,
    meant: impl Fn(&MarkedText<'_>) -> Option<T>,
) -> Vec<Placeholder<T>> {
    let mut found = Vec::new();
    let mut rest = text;
    // Most texts of a long list have no opening sign, so this search is all that they need.
    while let Some(at) = rest.find(is_opening) {
        rest = rest.get(at..).unwrap_or_default();
        let Some(first) = rest.chars().next() else {
            break;
        };
        let placeholder = MarkedText::all_at(rest)
            .into_iter()
            .find_map(|marked| Some((marked.written, meant(&marked)?)));
        let length = match placeholder {
            Some((written, value)) => {
                found.push(Placeholder {
                    written: written.to_owned(),
                    value,
                });
                written.len()
            }
            None => first.len_utf8(),
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

/// A text between marks.
struct MarkedText<'a> {
    /// The text with its marks.
    written: &'a str,
    inside: &'a str,
    usage: Usage,
}

impl<'a> MarkedText<'a> {
    /// Returns all possible marked texts at the beginning of `text`.
    fn all_at(text: &'a str) -> Vec<Self> {
        let between = OTHER_MARKS
            .iter()
            .filter_map(|marks| Self::between(text, marks));
        Self::shell_variable(text)
            .into_iter()
            .chain(between)
            .collect()
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

    /// Parses `$nombre`, `$cliente.nombre`, `$row->nombre` or `$row['nombre']`.
    fn shell_variable(text: &'a str) -> Option<Self> {
        let name = text.strip_prefix('$')?;
        let is_of_name = |sign: char| sign.is_alphanumeric() || sign == '_';
        let end_of_name = |from: &str| from.find(|sign| !is_of_name(sign)).unwrap_or(from.len());
        let mut length = end_of_name(name);
        loop {
            let rest = name.get(length..)?;
            let part = ["->", "."].into_iter().find_map(|dot| {
                let name = end_of_name(rest.strip_prefix(dot)?);
                (name > 0).then_some(dot.len() + name)
            });
            let item = rest
                .starts_with("['")
                .then(|| rest.find("']"))
                .flatten()
                .or(rest.starts_with("[\"").then(|| rest.find("\"]")).flatten());
            match part.or(item.map(|end| end + 2)) {
                Some(more) => length += more,
                None => break,
            }
        }
        Some(Self {
            written: text.get(..=length)?,
            inside: name.get(..length)?,
            usage: Sign,
        })
    }

    /// Returns the column that the marked text means.
    fn column(&self, column: &impl Fn(&str) -> Option<String>) -> Option<String> {
        let name = self.inside.trim();
        let name = name.strip_prefix("row.").unwrap_or(name);
        let near = || column(name).filter(|found| found == name || looks_like_name(name));
        let exact = self.exact_column(column);
        if self.usage == CommonSign {
            exact
        } else {
            exact.or_else(near)
        }
    }

    /// Returns the column with its name in the text, perhaps with a filter or inside another value.
    fn exact_column(&self, column: &impl Fn(&str) -> Option<String>) -> Option<String> {
        self.names()
            .into_iter()
            .filter(|name| looks_like_name(name))
            .find_map(|name| column(name).filter(|found| plain(found) == plain(name)))
    }

    /// Returns whether it can only be a placeholder, whatever its name.
    fn names_anything(&self) -> bool {
        let inside = self.inside.trim();
        let is_code = inside.contains('|')
            || inside.contains("[\"")
            || inside.contains("['")
            || inside.starts_with(['=', '!', '$', '@', '-']);
        let is_name = looks_like_name(inside) || is_code && !self.names().is_empty();
        self.usage == OnlyPlaceholder && is_name
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
        // A URL between these marks has the same signs.
        if matches!(self.usage, Sign | CommonSign) && !self.written.starts_with('$') {
            return vec![operand];
        }
        [vec![operand], names_in_code(operand)].concat()
    }
}

/// Returns the last and the first name in an expression such as `row["nombre"]`, `leadfield=nombre`
/// or `nombre.upper()`.
fn names_in_code(operand: &str) -> Vec<&str> {
    let has_quotes = operand.contains("['") || operand.contains("[\"");
    let is_of_name = |sign: char| {
        sign.is_alphanumeric() || sign == '_' || has_quotes && (sign == ' ' || sign == '-')
    };
    let is_code = |sign: char| is_of_name(sign) || ".[]\"'()=:!?->$@".contains(sign);
    if !operand.chars().all(is_code) {
        return Vec::new();
    }
    let mut names = operand
        .split(|sign| !is_of_name(sign))
        .filter(|name| !name.is_empty());
    let first = names.next();
    names.next_back().into_iter().chain(first).collect()
}

/// Returns whether `text` may be the name of a column, and not code, a number or a sentence.
pub(super) fn looks_like_name(text: &str) -> bool {
    let is_of_name =
        |character: char| character.is_alphanumeric() || "_ .-#()°º".contains(character);
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && text.chars().all(is_of_name)
        && text.chars().count() <= MAX_NAME_LENGTH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::list_file::near_column;

    fn found(text: &str) -> Option<String> {
        let columns = ["to", "nombre", "Nombre completo", "saldo-total"];
        let column = |name: &str| near_column(&columns, name).map(str::to_owned);
        let meant = meant_column(text, &column)?;
        Some(format!("{} {}", meant.written, meant.value))
    }

    #[test]
    fn column_in_other_marks_is_found() {
        for (written, column) in [
            ("{nombre | upper}", "nombre"),
            ("{ nombre|default:'x' }", "nombre"),
            ("{Nombre completo | title}", "Nombre completo"),
            ("{nombre_completo|title}", "Nombre completo"),
            ("{row[\"nombre\"]}", "nombre"),
            ("{row['Nombre completo']}", "Nombre completo"),
            ("{!nombre}", "nombre"),
            ("{!Contact.nombre}", "nombre"),
            ("{=nombre}", "nombre"),
            ("{leadfield=nombre}", "nombre"),
            ("{contactfield=nombre|upper}", "nombre"),
            ("{nombre.upper()}", "nombre"),
            ("{upper(nombre)}", "nombre"),
            ("{nombre!r}", "nombre"),
            ("{nombre:>10}", "nombre"),
            ("{nombre or 'x'}", "nombre"),
            ("{MERGEFIELD nombre}", "nombre"),
            ("{@nombre}", "nombre"),
            ("[nombre|upper]", "nombre"),
            ("[contact.nombre]", "nombre"),
            ("[%nombre%]", "nombre"),
            ("#nombre#", "nombre"),
            ("#NOMBRE#", "nombre"),
            ("@nombre@", "nombre"),
            ("@saldo-total@", "saldo-total"),
            ("__nombre__", "nombre"),
            ("||nombre||", "nombre"),
            ("((nombre))", "nombre"),
            ("<%= nombre %>", "nombre"),
            ("<%=nombre.upcase%>", "nombre"),
            ("<%- row[\"nombre\"] %>", "nombre"),
            ("<?= nombre ?>", "nombre"),
            ("$(nombre)", "nombre"),
            ("$cliente.nombre", "nombre"),
            ("$row['nombre']", "nombre"),
            ("$row->nombre", "nombre"),
            ("*|TITLE:NOMBRE|*", "nombre"),
            ("%(nombre)d", "nombre"),
            ("<nombre|upper>", "nombre"),
            ("%nombre|upper%", "nombre"),
            ("«nombre|upper»", "nombre"),
        ] {
            let written = written.strip_suffix('d').unwrap_or(written);
            let text = format!("Hola {written}, hoy");
            let expected = format!("{written} {column}");
            assert_eq!(found(&text).as_deref(), Some(expected.as_str()), "{text}");
        }
    }

    #[test]
    fn ordinary_text_is_not_a_placeholder() {
        for text in [
            "Pedido #1 y #2, #nombrado y #otro#",
            "ana@nombre.com, luis@nombre.com @nombre",
            "<ana@nombre.com> <a href=nombre> </nombre>",
            "https://x.example/?nombre=1&to=2#nombre y #nombre",
            "{\"nombre\": \"x\"} {nombre: 1} [\"nombre\"] {'nombre'}",
            "Elige [acepto|rechazo] o {sí|no}",
            "[acepta nombre, apellido] {a, nombre}",
            "_nombre_ ~nombre~ *nombre* (nombre) `nombre`",
            "10% nombre 5% y 10%, nombre, 5%",
            "| nombre | saldo |",
            "a = nombre; b == nombre",
            "{nombre",
            "#nombre #nombre",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn every_mark_begins_with_an_opening_sign() {
        for marks in OTHER_MARKS {
            assert!(marks.opens.starts_with(is_opening), "{}", marks.opens);
        }
        assert!(is_opening('$'));
    }

    #[test]
    fn placeholder_in_cell_is_recognized() {
        let columns = ["celular", "mensaje", "Fecha de pago"];
        for (cell, expected) in [
            ("Hola {nombre}, hoy", Some("{nombre}")),
            ("Hola {nombre | upper}", Some("{nombre | upper}")),
            ("Hola { Nombre }", Some("{ Nombre }")),
            ("Hola %nombre%", Some("%nombre%")),
            ("Hola ${nombre}", Some("{nombre}")),
            ("Hola $nombre", Some("$nombre")),
            ("Hola *|FNAME|*", Some("*|FNAME|*")),
            ("Hola *|PLAZO|*", Some("*|PLAZO|*")),
            ("Hola [[nombre]]", Some("[nombre]")),
            ("Hola <?= nombre ?>", Some("<?= nombre ?>")),
            ("Hola <%= plazo %>", Some("<%= plazo %>")),
            ("Hola #nombre# «cliente»", Some("#nombre#")),
            ("Paga el {fecha_de_pago}", Some("{fecha_de_pago}")),
            ("Hola { y }", None),
            ("100% {off}", None),
            ("5 % de 10 %, 10% y 20%", None),
            ("Calle 5 #12 y #1", None),
            ("a={b: 1} {\"nombre\": \"x\"}", None),
            ("https://x.example/?a=1&b=2#nombre", None),
            ("[URGENTE] (nombre) <b>x</b> _nombre_ *nombre*", None),
            ("Elige {sí|no}", None),
            ("José Núñez", None),
        ] {
            let found = placeholder_in_cell(cell, &columns);
            assert_eq!(found.as_deref(), expected, "{cell}");
        }
    }

    #[test]
    fn placeholder_without_list_is_recognized() {
        for (text, expected) in [
            (
                "Hola {nombre}, {algo | upper}",
                &["{nombre}", "{algo | upper}"][..],
            ),
            (
                "<%= x %> {!x} {row['x']}",
                &["<%= x %>", "{!x}", "{row['x']}"],
            ),
            (
                "Hola #nombre# [Nombre] «cliente»",
                &["#nombre#", "[Nombre]", "«cliente»"],
            ),
            (
                "Hola %NOMBRE%, <nombre>, $nombre",
                &["%NOMBRE%", "<nombre>", "$nombre"],
            ),
            ("[URGENTE] «hola» <b>x</b> #promo# $5 $MXN", &[]),
            ("{1} {} {a, b} {\"a\": 1} a = {", &[]),
        ] {
            assert_eq!(placeholders_without_list(text), expected, "{text}");
        }
    }
}
