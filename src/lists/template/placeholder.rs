//! Finds placeholders in the marks of other tools, such as `{nombre | upper}`, `#nombre#` and `<%=
//! nombre %>`.

use super::marked_text::{MarkedText, Usage, is_opening};
use super::usual_names::{USUAL_NAMES, is_usual_name};
use crate::base::suggest::plain;

/// A placeholder with its marks, and its meaning.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Placeholder<T> {
    pub(super) written: String,
    pub(super) value: T,
}

/// Returns the first placeholder in `text` that means a column, with all that it may mean. `columns` returns the columns
/// that a name means or resembles.
pub(super) fn column_placeholder(
    text: &str,
    columns: &impl Fn(&str) -> Vec<String>,
) -> Option<Placeholder<Vec<String>>> {
    let found = placeholders(text, |marked| {
        let meant = marked.columns(columns);
        (!meant.is_empty()).then_some(meant)
    });
    found.into_iter().next()
}

/// Returns the placeholders in a text without a list: any name in marks with no other use, and the
/// usual names in other marks.
pub(super) fn placeholders_without_list(text: &str) -> Vec<String> {
    let usual = |name: &str| {
        let is_it = |usual: &&str| plain(usual) == plain(name);
        let usual = USUAL_NAMES.into_iter().find(is_it);
        Vec::from_iter(usual.map(str::to_owned))
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

/// Returns the first placeholder in a cell: a usual name, or the name of one of the list's
/// `columns`, in marks; or any name in the marks of a program. Other words in braces, such as
/// `{off}`, are probably part of the text: a cell is not a template of jelouctl.
pub(crate) fn placeholder_in_cell(cell: &str, columns: &[&str]) -> Option<String> {
    let is_column = |name: &str, column: &&&str| plain(column) == plain(name);
    let known = |name: &str| {
        let usual = USUAL_NAMES.iter().find(|usual| is_column(name, usual));
        let of_list = || columns.iter().find(|column| is_column(name, column));
        let known = usual.or_else(of_list);
        Vec::from_iter(known.map(|name| (*name).to_owned()))
    };
    let usual = |name: &str| Vec::from_iter(is_usual_name(name).then(|| name.to_owned()));
    let is_meant = |marked: &MarkedText<'_>| {
        let is_placeholder = if marked.usage == Usage::Placeholder {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::template::near_columns;

    fn found(text: &str) -> Option<String> {
        let columns = ["to", "nombre", "Nombre completo", "saldo-total"];
        let near = |name: &str| near_columns(&columns, name);
        let meant = column_placeholder(text, &near)?;
        Some(format!("{} {}", meant.written, meant.value.join(", ")))
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
            ("%recipient.nombre%", "nombre"),
            ("%contact.nombre%", "nombre"),
            ("#contact.nombre#", "nombre"),
            ("{nombre,fallback=cliente}", "nombre"),
            ("{nombre, cliente}", "nombre"),
            ("{nombre;cliente}", "nombre"),
            ("{nombre:-señor cliente}", "nombre"),
            ("{nombre ?? 'señor cliente'}", "nombre"),
            ("{customer: nombre}", "nombre"),
            ("[data:nombre:\"cliente\"]", "nombre"),
            ("$!nombre", "nombre"),
            ("%%=v(@nombre)=%%", "nombre"),
            ("%%nombre%%", "nombre"),
            ("@Model.nombre", "nombre"),
            ("@Model.Cliente.Nombre", "nombre"),
            ("$nombreCliente", "nombre"),
            ("{nombr}", "nombre"),
            ("{nombres}", "nombre"),
            ("[nombres]", "nombre"),
            ("[NOMBRE CLIENTE]", "nombre"),
            ("<nombre_del_cliente>", "nombre"),
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
            "{nombre:x,saldo:y} {nombre: x, to: y} {a: 1, nombre: 2}",
            "{\"nombre\": \"x\"} {nombre: 1} [\"nombre\"] {'nombre'}",
            "Elige [acepto|rechazo] o {sí|no}",
            "[acepta nombre, apellido] {a, nombre}",
            "_nombre_ ~nombre~ *nombre* (nombre) `nombre`",
            "10% nombre 5% y 10%, nombre, 5%",
            "| nombre | saldo |",
            "a = nombre; b == nombre",
            "{nombre",
            "#nombre #nombre",
            "«Nombre propio» [Nombre #1042] [Nombre de pila] [Nombre 2x1] <nombre de pila>",
            "{nombre con IVA} $nombrazo $nombrecito [nombrecito] «nombrado»",
            "50%% y 20%% de 10%%, @model.nombre @nombre.com@ $! %1.nombre%",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
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
            ("Hola %recipient.nombre%", Some("%recipient.nombre%")),
            ("Hola {nombre,fallback=x}", Some("{nombre,fallback=x}")),
            ("Hola $!nombre", Some("$!nombre")),
            ("Hola %%=v(@plazo)=%%", Some("%%=v(@plazo)=%%")),
            ("Hola @Model.Nombre", Some("@Model.Nombre")),
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
            (
                "{nombre, cliente} {algo,fallback=x} %recipient.nombre%",
                &[
                    "{nombre, cliente}",
                    "{algo,fallback=x}",
                    "%recipient.nombre%",
                ],
            ),
            (
                "$!nombre %%=v(@algo)=%% @Model.nombre",
                &["$!nombre", "%%=v(@algo)=%%", "@Model.nombre"],
            ),
            ("[URGENTE] «hola» <b>x</b> #promo# $5 $MXN", &[]),
            ("{1} {} {a, b} {\"a\": 1} a = {", &[]),
        ] {
            assert_eq!(placeholders_without_list(text), expected, "{text}");
        }
    }
}
