//! Finds texts that look like a column or a line break, but are neither.

use minijinja::machinery::{Token, parse_expr, tokenize};

use super::language::syntax;
use super::marked_text::looks_like_name;
use super::near_column::exact_column;
use super::near_column::near_columns;
use super::placeholder::{column_placeholder, placeholders_without_list, unknown_placeholders};
use super::walk::{ColumnUses, quoted};
use crate::base::input::UsageError;
use crate::base::suggest::{identifier, plain};

/// Words that are not names in an expression.
const OPERATORS: [&str; 7] = ["if", "else", "and", "or", "not", "is", "in"];

/// A text that probably means a column, but is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misspelling {
    pub(crate) written: String,
    /// The columns that `{nombre}`, `#nombre#` or the marks of another tool may mean. Empty for `{{1}}`,
    /// which is neither a column nor a text.
    pub(crate) columns: Vec<String>,
}

impl Misspelling {
    /// Returns whether it is the name of a column in quotes: `{{ 'nombre' }}`.
    pub(crate) fn is_quoted(&self) -> bool {
        !self.columns.is_empty() && self.written.starts_with("{{")
    }
}

/// Returns the first misspelling in `source`. `uses` is set if it is a template, and `columns`
/// returns the columns that a name means or resembles.
pub(crate) fn misspelling(
    source: &str,
    uses: Option<&ColumnUses>,
    columns: impl Fn(&str) -> Vec<String>,
) -> Option<Misspelling> {
    let constant = uses.and_then(|uses| uses.constants.first().cloned());
    let constant = constant.map(|written| Misspelling {
        written,
        columns: Vec::new(),
    });
    let constant = constant.or_else(|| quoted_column(source, &columns));
    let constant = constant.or_else(|| column_in_comment(source, &columns));
    constant.or_else(|| {
        let found =
            unquoted_literals(source).find_map(|text| column_placeholder(text, &columns))?;
        Some(Misspelling {
            written: found.written,
            columns: found.value,
        })
    })
}

/// Returns the first column written as a comment, `{#nombre#}`. Other tools fill it in, but here it
/// would vanish.
fn column_in_comment(source: &str, columns: &impl Fn(&str) -> Vec<String>) -> Option<Misspelling> {
    let comments = source
        .split("{#")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("#}")?.0));
    let is_raw = |name: &str| {
        let written = format!("{{#{name}#}}");
        literals(source)
            .iter()
            .any(|literal| literal.is_raw && literal.text.contains(&written))
    };
    let found = comments
        .filter(|name| name.trim() == *name && !is_raw(name))
        .find_map(|name| {
            let exact = exact_column(name, columns)?;
            Some((name, exact))
        });
    found.map(|(name, column)| Misspelling {
        written: format!("{{#{name}#}}"),
        columns: vec![column],
    })
}

/// Returns the first column with its name in quotes: `{{ 'nombre' }}`.
fn quoted_column(source: &str, columns: &impl Fn(&str) -> Vec<String>) -> Option<Misspelling> {
    let tokens: Vec<_> = tokenize(source, false, syntax())
        .map_while(Result::ok)
        .map(|(token, _)| token)
        .collect();
    tokens.windows(3).find_map(|tokens| match tokens {
        [
            Token::VariableStart,
            Token::Str(name),
            Token::VariableEnd | Token::Pipe,
        ] if looks_like_name(name) => {
            let column = exact_column(name, columns)?;
            Some(Misspelling {
                written: escape_marks(name),
                columns: vec![column],
            })
        }
        _ => None,
    })
}

/// A part of a text that is sent unchanged.
pub(super) struct Literal<'a> {
    pub(super) text: &'a str,
    /// Whether it is in `{% raw %}`, so that its braces are meant.
    pub(super) is_raw: bool,
}

/// Returns the parts of a text that are sent unchanged.
pub(super) fn literals(source: &str) -> Vec<Literal<'_>> {
    if !source.contains('{') {
        return vec![Literal {
            text: source,
            is_raw: false,
        }];
    }
    let tokens = tokenize(source, false, syntax()).map_while(Result::ok);
    tokens
        .filter_map(|(token, span)| {
            let Token::TemplateData(text) = token else {
                return None;
            };
            let before = source.get(..span.start_offset as usize).unwrap_or_default();
            Some(Literal {
                text,
                is_raw: opens_raw(before),
            })
        })
        .collect()
}

/// Returns whether the text `before` a part ends with `{% raw %}`.
fn opens_raw(before: &str) -> bool {
    let statement = before.trim_end().strip_suffix("%}");
    let inside = statement.and_then(|text| text.rsplit_once("{%"));
    inside.is_some_and(|(_, inside)| inside.trim_matches(['-', '+', ' ']).trim() == "raw")
}

/// Returns the parts of a text that are sent unchanged, and are not in `{% raw %}`.
fn unquoted_literals(source: &str) -> impl Iterator<Item = &str> {
    literals(source)
        .into_iter()
        .filter(|literal| !literal.is_raw)
        .map(|literal| literal.text)
}

/// Returns the expressions in a text that is not a template, such as `{{ nombre }}`, because they
/// are sent unchanged. Also returns the first statement, such as `{% if vip %}`.
fn unfilled_expressions(source: &str) -> Vec<String> {
    // This runs for each cell of a list.
    if !source.contains('{') {
        return Vec::new();
    }
    let expressions = placeholders(source).map(|inside| format!("{{{{{inside}}}}}"));
    let statement = statements(source)
        .next()
        .map(|inside| format!("{{%{inside}%}}"));
    expressions.chain(statement).collect()
}

/// Returns the first expression or statement in a cell: a program should have filled it in. A cell
/// is never read as a template, so the recipient would read it.
pub(crate) fn unfilled_template(cell: &str) -> Option<String> {
    let marks: &[char] = &['{', '}', '%', ' '];
    unfilled_expressions(cell)
        .into_iter()
        .find(|written| !written.trim_matches(marks).is_empty())
}

/// Returns the error for a text at `path` that probably means one of the `columns`.
pub(crate) fn misspelt(path: &str, misspelling: &Misspelling, columns: &[String]) -> UsageError {
    let written = &misspelling.written;
    let spellings = |names: &[String]| -> Vec<String> {
        names.iter().map(|name| spelling(name, columns)).collect()
    };
    let spelled = spellings(&misspelling.columns).join(" or ");
    if misspelling.is_quoted() {
        let problem = format!("{path}: {written} is a word in quotes, not the column {spelled}");
        let hint =
            format!("to print the column, write {spelled}; to send the word, remove the braces");
        return UsageError::new(problem, hint);
    }
    let (problem, meant) = if misspelling.columns.is_empty() {
        let all = spellings(columns).join(", ");
        (
            format!("{written} is not a column: every recipient would get the same"),
            format!("to print a column, write one of: {all}"),
        )
    } else {
        (
            format!("{written} would be sent unchanged; the column is {spelled}"),
            format!("to print the column, write {spelled}"),
        )
    };
    let hint = format!(
        "{meant}; to send it unchanged, write {}",
        escape_marks(written)
    );
    UsageError::new(format!("{path}: {problem}"), hint)
}

/// Returns the texts between `{{` and `}}`.
fn placeholders(source: &str) -> impl Iterator<Item = &str> {
    between(source, "{{", "}}")
}

/// Returns the texts between `{%` and `%}`.
fn statements(source: &str) -> impl Iterator<Item = &str> {
    between(source, "{%", "%}")
}

fn between<'a>(source: &'a str, opens: &str, closes: &str) -> impl Iterator<Item = &'a str> {
    source
        .split(opens)
        .skip(1)
        .filter_map(move |rest| rest.split_once(closes).map(|(inside, _)| inside))
}

/// Returns the problem of an `expression` that is the name of a column with spaces or signs: `Nombre
/// completo`.
pub(super) fn name_with_blanks(expression: &str) -> Option<String> {
    let name = expression.split('|').next().unwrap_or_default().trim();
    let name = name.strip_prefix("row.").unwrap_or(name);
    let is_operator = |word: &str| OPERATORS.contains(&word);
    if !looks_like_name(name) || parse_expr(name).is_ok() || name.split(' ').any(is_operator) {
        return None;
    }
    let written = spelling(name, &[name]);
    Some(format!(
        "{{{{{expression}}}}}: write a column name with spaces or signs as {written}"
    ))
}

/// Returns whether an expression of a text has no value if its condition is false: `{{ 'a' if vip
/// == 'si' }}`.
pub(super) fn has_choice_without_else(source: &str) -> bool {
    placeholders(source).any(|inside| inside.contains(" if ") && !inside.contains(" else "))
}

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

/// Returns the parts of `source` that would be sent unchanged, probably by mistake: `{otro}`
/// without a column `otro`.
pub(crate) fn unfilled_placeholders(source: &str) -> Vec<String> {
    unquoted_literals(source)
        .flat_map(unknown_placeholders)
        .collect()
}

/// Returns the placeholders in a text without a list: `{{ nombre }}`, `{nombre}` or `#nombre#`.
pub(super) fn find_placeholders(source: &str) -> Vec<String> {
    [unfilled_expressions(source), placeholders_in_words(source)].concat()
}

/// Works like [`find_placeholders`], for a text that may be a template.
pub(crate) fn placeholders_in_words(source: &str) -> Vec<String> {
    unquoted_literals(source)
        .flat_map(placeholders_without_list)
        .collect()
}

/// Returns how to write the value of a notification that the text has in the marks of another tool.
/// `names` are all values.
pub(crate) fn meant_value(source: &str, names: &[&str]) -> Option<Misspelling> {
    misspelling(source, None, |name| near_columns(names, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::template::{TextTemplate, language};

    fn found(source: &str) -> Option<String> {
        let language = language();
        let template = TextTemplate::compile(&language, "text", source).unwrap_or_default();
        let columns = ["to", "nombre", "Nombre completo", "Teléfono (móvil)"];
        let near = |name: &str| near_columns(&columns, name);
        let found = misspelling(
            source,
            template.as_ref().map(|template| &*template.uses),
            near,
        )?;
        let column = found
            .columns
            .first()
            .map(|column| format!(" {}", spelling(column, &columns)));
        Some(format!("{}{}", found.written, column.unwrap_or_default()))
    }

    #[test]
    fn misspelled_placeholders_are_found() {
        for (source, expected) in [
            ("Hola {{1}}", "{{1}}"),
            ("{{ 1 }}", "{{1}}"),
            ("{{- 2 -}}", "{{2}}"),
            ("{{ nombre }} {{ 1 | string }}", "{{1 | string}}"),
            ("{{ true }}", "{{true}}"),
            ("Hola {nombre}", "{nombre} {{ nombre }}"),
            ("{{ nombre }} {Nombre}", "{Nombre} {{ nombre }}"),
            (
                "[ nombre_completo ]",
                "[ nombre_completo ] {{ nombre_completo }}",
            ),
            (
                "{Teléfono (móvil)}",
                "{Teléfono (móvil)} {{ telefono_movil }}",
            ),
            ("<nombre>", "<nombre> {{ nombre }}"),
            ("10% %NOMBRE%", "%NOMBRE% {{ nombre }}"),
            ("[[nombre]]", "[nombre] {{ nombre }}"),
            ("${nombre}", "{nombre} {{ nombre }}"),
            ("<<nombre>>", "<<nombre>> {{ nombre }}"),
            ("« nombre »", "« nombre » {{ nombre }}"),
            ("%(nombre)s", "%(nombre)s {{ nombre }}"),
            ("*|NOMBRE|*", "*|NOMBRE|* {{ nombre }}"),
            ("Hola $nombre, paga $5", "$nombre {{ nombre }}"),
            ("｛nombre｝", "｛nombre｝ {{ nombre }}"),
            ("{row.nombre}", "{row.nombre} {{ nombre }}"),
            ("{completo}", "{completo} {{ nombre_completo }}"),
            ("{nombe}", "{nombe} {{ nombre }}"),
            ("{{ \"\" ~ 1 }}", "{{(…)}}"),
            ("{{ 'Nombre' | upper }}", "{{ 'Nombre' }} {{ nombre }}"),
            ("Hola {#nombre#}", "{#nombre#} {{ nombre }}"),
            ("Hola {nombre | upper}", "{nombre | upper} {{ nombre }}"),
            ("{{ nombre }} #nombre#", "#nombre# {{ nombre }}"),
            ("{% raw %}{x}{% endraw %}{nombre}", "{nombre} {{ nombre }}"),
            (
                "{# {x} #}{% if nombre %}{nombre}{% endif %}",
                "{nombre} {{ nombre }}",
            ),
        ] {
            assert_eq!(found(source).as_deref(), Some(expected), "{source}");
        }
    }

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
            ("Nombre completo", "{{ row['Nombre completo'] }}"),
            ("nombre_completo", "{{ nombre_completo }}"),
            ("Ciudad", "{{ Ciudad }}"),
            ("CIUDAD ", "{{ row['CIUDAD '] }}"),
            ("saldo total", "{{ saldo_total }}"),
        ] {
            assert_eq!(spelling(column, &columns), expected);
        }
    }

    #[test]
    fn unfilled_template_in_cell_is_found() {
        for (cell, expected) in [
            ("Hola {{ nombre }}, su pedido", Some("{{ nombre }}")),
            ("Hola {{1}}", Some("{{1}}")),
            (
                "Hola {{nombre | upper}} y {{ x }}",
                Some("{{nombre | upper}}"),
            ),
            ("{% if vip %}Gracias{% endif %}", Some("{% if vip %}")),
            ("Gracias {%- if vip %}", Some("{%- if vip %}")),
            ("{{}} {{ }} {%%}", None),
            ("Hola {nombre}, 100% {off}", None),
            ("{ y } a={b: 1} {\"a\":{\"b\":1}}", None),
            ("10{%} 5 % de 10 %", None),
            ("{{ nombre", None),
        ] {
            assert_eq!(unfilled_template(cell).as_deref(), expected, "{cell}");
        }
    }

    #[test]
    fn statement_in_single_text_is_found() {
        for (text, expected) in [
            ("Hola {% if vip %}", &["{% if vip %}"][..]),
            (
                "Hola {{ x }}{% if vip %}a{% endif %}",
                &["{{ x }}", "{% if vip %}"],
            ),
            ("5 % de {10 %", &[]),
        ] {
            assert_eq!(find_placeholders(text), expected, "{text}");
        }
    }

    #[test]
    fn ordinary_text_is_not_a_placeholder() {
        for source in [
            "{{ nombre }} {{ row['Nombre completo'] }}",
            "{{ '{nombre}' }} {{ \"[nombre]\" }} {{ '{{1}}' }}",
            "{# {nombre} {{1}} #} {# nombre #}",
            "{% raw %}{nombre} [nombre] {#nombre#}{% endraw %}",
            "{%- raw -%} {nombre} {%- endraw -%} {{ nombre }}",
            "<strong>x</strong> $5 US$ 20 $100",
            "<b>x</b> [1] {} [] {x} </nombre> 100% 10% nombre 5% <3",
            "5 < nombre > 3",
            r#"{"nombre": "x"} ["nombre"] {'nombre'} {"to":{"a":[1]}}"#,
            "https://example.com/?a=%20nombre%20&b={c}",
            "{nombre",
            "nombre} %nombre",
        ] {
            assert_eq!(found(source), None, "{source}");
        }
    }
}
