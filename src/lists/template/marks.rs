//! Names in the marks of other tools, in a text of a list: any word in single braces, and the name of a column alone
//! between other marks, such as `[nombre]`.

use super::literals::literal_words;
use super::spelling::{escape_marks, spelling};
use super::walk::ColumnUses;
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::base::suggest::{nearest, plain};

/// Marks around the name of a column.
struct Marks {
    opens: &'static str,
    closes: &'static str,
    /// Whether spaces may be between the marks and the name, unlike in `5 < saldo > 3`.
    may_have_spaces: bool,
}

const fn marks(opens: &'static str, closes: &'static str, may_have_spaces: bool) -> Marks {
    Marks {
        opens,
        closes,
        may_have_spaces,
    }
}

const COLUMN_MARKS: [Marks; 7] = [
    marks("[", "]", true),
    marks("«", "»", true),
    marks("<%=", "%>", true),
    marks("<%", "%>", true),
    marks("<", ">", false),
    marks("%", "%", false),
    marks("#", "#", false),
];

/// The signs after the name of a column in braces: `{nombre | upper}`, `{nombre, cliente}`, `{nombre:>10}`.
const AFTER_NAME: [char; 3] = ['|', ',', ':'];

/// A name in marks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MarkedName<'a> {
    /// The name with its marks.
    pub(crate) written: String,
    /// The column with this name.
    pub(crate) column: Option<&'a str>,
}

impl<'a> MarkedName<'a> {
    /// Finds the first one in `source`, a text for a list with these `columns`. `uses` is set if it is a template.
    pub(crate) fn find(
        source: &str,
        uses: Option<&ColumnUses>,
        columns: &[&'a str],
    ) -> Option<Self> {
        let is_printed = |column: &str| {
            uses.is_some_and(|uses| {
                uses.is_of_all || uses.printed.iter().any(|name| plain(name) == plain(column))
            })
        };
        let words = literal_words(source);
        let mut last = None;
        for (at, sign) in words.char_indices() {
            let rest = words.get(at..).unwrap_or_default();
            let found = Self::in_braces(rest, columns)
                .or_else(|| Self::in_marks(last, rest, columns, is_printed));
            if found.is_some() {
                return found;
            }
            last = Some(sign);
        }
        None
    }

    /// Reads a word in braces at the beginning of `text`.
    fn in_braces(text: &str, columns: &[&'a str]) -> Option<Self> {
        let (inside, _) = text.strip_prefix('{')?.split_once('}')?;
        let name = inside.split(AFTER_NAME).next().unwrap_or_default();
        let column = find_column(name.trim(), columns);
        let is_found = column.is_some() || is_word(inside.trim());
        is_found.then(|| Self {
            written: format!("{{{inside}}}"),
            column,
        })
    }

    /// Reads the name of a column that the text does not print, in marks at the beginning of `text`. No letter or digit may
    /// touch the marks; `last` is the character before them.
    fn in_marks(
        last: Option<char>,
        text: &str,
        columns: &[&'a str],
        is_printed: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        if last.is_some_and(char::is_alphanumeric) {
            return None;
        }
        COLUMN_MARKS.iter().find_map(|marks| {
            let (inside, after) = text.strip_prefix(marks.opens)?.split_once(marks.closes)?;
            let name = inside.trim();
            let is_alone = name == inside || marks.may_have_spaces;
            if !is_alone || after.starts_with(char::is_alphanumeric) {
                return None;
            }
            let column = find_column(name, columns).filter(|column| !is_printed(column))?;
            Some(Self {
                written: format!("{}{inside}{}", marks.opens, marks.closes),
                column: Some(column),
            })
        })
    }

    /// Returns the error for the text at `path`, with the right spelling for a list with these `columns`.
    pub(crate) fn error(&self, path: &str, columns: &[&str]) -> UsageError {
        let written = &self.written;
        let escaped = escape_marks(written);
        let name = written.trim_matches(['{', '}', ' ']);
        let Some(meant) = self
            .column
            .or_else(|| nearest(name, columns.iter().copied()))
        else {
            return UsageError::new(
                msg!(
                    "{path}: {written} would be sent unchanged: no column has this name",
                    path,
                    written
                ),
                msg!("to send it unchanged, write {escaped}", escaped),
            );
        };
        let column = spelling(meant.trim(), columns);
        let problem = match self.column {
            Some(_) => {
                msg!(
                    "{path}: {written} would be sent unchanged; the column is {column}",
                    path,
                    written,
                    column
                )
            }
            None => msg!(
                "{path}: {written} would be sent unchanged; the nearest column is {column}",
                path,
                written,
                column
            ),
        };
        let hint = msg!(
            "to print the column, write {column}; to send it unchanged, write {escaped}",
            column,
            escaped
        );
        UsageError::new(problem, hint)
    }
}

/// Returns the column that `name` is, apart from capitals, accents and signs.
pub(crate) fn find_column<'a>(name: &str, columns: &[&'a str]) -> Option<&'a str> {
    let is_of_name = |sign: char| sign.is_alphanumeric() || sign == '_';
    let is_bare = name.starts_with(is_of_name) && name.ends_with(is_of_name);
    let is_it = |column: &&&str| column.trim() == name || is_bare && plain(column) == plain(name);
    columns
        .iter()
        .find(|column| !name.is_empty() && is_it(column))
        .copied()
}

/// Returns whether `text` is a single word with a letter.
fn is_word(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
        && text
            .chars()
            .all(|sign| sign.is_alphanumeric() || "_-.".contains(sign))
}

/// Returns the first word in braces in a text that is not a template.
pub(super) fn word_in_braces(text: &str) -> Option<String> {
    let words = literal_words(text);
    let mut places = words.match_indices('{');
    places.find_map(|(at, _)| {
        let found = MarkedName::in_braces(words.get(at..)?, &[])?;
        Some(found.written)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::template::{TextTemplate, language};

    fn found(source: &str) -> Option<String> {
        let language = language();
        let template = TextTemplate::compile(&language, "text", source).unwrap_or_default();
        let uses = template.as_ref().map(|template| &*template.uses);
        let columns = [
            "to",
            "nombre",
            "Nombre completo",
            "Teléfono (móvil)",
            "City",
            "Comunidad",
            "Marca",
            "fecha",
        ];
        let found = MarkedName::find(source, uses, &columns)?;
        Some(format!("{} {}", found.written, found.column.unwrap_or("-")))
    }

    #[test]
    fn words_in_braces_are_found() {
        for (source, expected) in [
            ("Hola {nombre}", "{nombre} nombre"),
            ("{{ nombre }} {Nombre}", "{Nombre} nombre"),
            ("{ nombre }", "{ nombre } nombre"),
            ("${nombre}", "{nombre} nombre"),
            ("{nombre | upper}", "{nombre | upper} nombre"),
            ("{nombre, cliente}", "{nombre, cliente} nombre"),
            ("{nombre:>10}", "{nombre:>10} nombre"),
            ("{Nombre completo}", "{Nombre completo} Nombre completo"),
            ("{nombre_completo}", "{nombre_completo} Nombre completo"),
            ("{Teléfono (móvil)}", "{Teléfono (móvil)} Teléfono (móvil)"),
            ("{nombr}", "{nombr} -"),
            ("{FNAME} {1}", "{FNAME} -"),
            ("{contact.first_name}", "{contact.first_name} -"),
            ("{% raw %}{x}{% endraw %}{nombre}", "{nombre} nombre"),
        ] {
            assert_eq!(found(source).as_deref(), Some(expected), "{source}");
        }
    }

    #[test]
    fn columns_in_other_marks_are_found() {
        for (source, expected) in [
            ("Hola [nombre], hoy", "[nombre] nombre"),
            ("[ NOMBRE ]", "[ NOMBRE ] nombre"),
            ("[[nombre]]", "[nombre] nombre"),
            ("<nombre>", "<nombre> nombre"),
            ("<<nombre>>", "<nombre> nombre"),
            ("<% nombre %> <%= nombre %>", "<% nombre %> nombre"),
            ("<%= nombre %>", "<%= nombre %> nombre"),
            ("«Nombre completo»", "«Nombre completo» Nombre completo"),
            ("10% %NOMBRE%", "%NOMBRE% nombre"),
            ("(#nombre#)", "#nombre# nombre"),
            ("{{ nombre }} [fecha]", "[fecha] fecha"),
            ("{% if fecha != '' %}[fecha]{% endif %}", "[fecha] fecha"),
        ] {
            assert_eq!(found(source).as_deref(), Some(expected), "{source}");
        }
    }

    #[test]
    fn ordinary_text_has_no_marked_name() {
        for source in [
            "{{ nombre }} {{ row['Nombre completo'] }}",
            "{{ '{nombre}' }} {{ \"[nombre]\" }}",
            "{# {nombre} #} {% raw %}{nombre} [nombre]{% endraw %}",
            "usa `{nombre}` y `[nombre]`",
            "[CITA] [COMUNICADO] «Marcha» VOTO#NOMBRE#JRV List<Nombre>",
            "[FECHA] 05/12: {{ fecha }}",
            "{\"nombre\": \"x\"} [\"nombre\"] {'nombre'} {1} {} { }",
            "{a, nombre} {sí|no} [acepta nombre, apellido] {nombre con IVA}",
            "5 < nombre > 3, 10% nombre 5%, 10 % nombre %",
            "</nombre> <b>nombre</b> _nombre_ *nombre* (nombre) $nombre",
            "{nombre",
            "nombre} %nombre [1] #1 y #2",
            "https://x.ec/?nombre=1#nombre",
        ] {
            assert_eq!(found(source), None, "{source}");
        }
    }

    #[test]
    fn error_names_the_nearest_column() {
        let columns = ["celular", "nombre", "Nombre completo"];
        for (source, message, hint) in [
            (
                "{nombre}",
                "text: {nombre} would be sent unchanged; the column is {{ nombre }}",
                "to print the column, write {{ nombre }}; to send it unchanged, write {{ \"{nombre}\" }}",
            ),
            (
                "[NOMBRE COMPLETO]",
                "text: [NOMBRE COMPLETO] would be sent unchanged; the column is {{ nombre_completo }}",
                "to print the column, write {{ nombre_completo }}; to send it unchanged, write {{ \"[NOMBRE COMPLETO]\" }}",
            ),
            (
                "{nombr}",
                "text: {nombr} would be sent unchanged; the nearest column is {{ nombre }}",
                "to print the column, write {{ nombre }}; to send it unchanged, write {{ \"{nombr}\" }}",
            ),
            (
                "{zzz}",
                "text: {zzz} would be sent unchanged: no column has this name",
                "to send it unchanged, write {{ \"{zzz}\" }}",
            ),
        ] {
            let found = MarkedName::find(source, None, &columns).unwrap();
            let error = found.error("text", &columns);
            assert_eq!(error.message.to_string(), message);
            assert_eq!(error.hint.unwrap().to_string(), hint);
        }
    }
}
