//! Describes why a text cannot be read as a template, in our own words.

use minijinja::Error;

use super::language::describe;
use super::misspelling::unreadable_expression;

/// What minijinja calls a part of a template, and what the template has there.
const PARTS: [(&str, &str); 9] = [
    ("end of variable block", "`}}`"),
    ("start of variable block", "`{{`"),
    ("end of block", "`%}`"),
    ("start of block", "`{%`"),
    ("end of input", "end of the text"),
    ("identifier", "name"),
    ("integer", "number"),
    ("float", "number"),
    ("string", "text in quotes"),
];

/// Describes `error`, for which `source` cannot be read. Names the expression that has the fault, if
/// it can be read to its end.
pub(super) fn describe_syntax_error(source: &str, error: &Error) -> String {
    let problem = problem(source, &describe(error));
    match unreadable_expression(source) {
        Some(expression) => format!("`{expression}`: {problem}"),
        None => problem,
    }
}

/// Returns our words for the problem that minijinja reports as `message`.
fn problem(source: &str, message: &str) -> String {
    if let Some(name) = message.strip_prefix("unknown statement ") {
        return match name {
            "elif" | "else" | "endif" => {
                format!("`{{% {name} %}}` needs `{{% if … %}}` before it")
            }
            "elseif" | "elsif" => "write `{% elif … %}` for another condition".to_owned(),
            _ => format!("`{{% {name} %}}` is not supported; to print a column: {{{{ {name} }}}}"),
        };
    }
    let described = match message {
        "unexpected character" => "a sign is not supported here",
        "unexpected `=`, expected end of block" => "to compare, write `==`",
        "unexpected end of comment" => "`{#` is not closed by `#}`",
        "unexpected end of string" => "a quote is not closed",
        "unexpected end of raw block" => "`{% raw %}` is not closed by `{% endraw %}`",
        "unexpected end of input, expected end of block" if has_closed_statements(source) => {
            "`{% if … %}` is not closed by `{% endif %}`"
        }
        "unexpected end of input, expected end of block" => "`{%` is not closed by `%}`",
        "unexpected end of input, expected end of variable block"
        | "unexpected `}`, expected end of variable block" => "`{{` is not closed by `}}`",
        _ => return with_own_parts(message),
    };
    described.to_owned()
}

fn has_closed_statements(source: &str) -> bool {
    source.matches("{%").count() == source.matches("%}").count()
}

fn with_own_parts(message: &str) -> String {
    PARTS
        .iter()
        .fold(message.to_owned(), |text, (theirs, ours)| {
            text.replace(theirs, ours)
        })
}

#[cfg(test)]
mod tests {
    use crate::lists::template::{TextTemplate, language};

    #[test]
    fn syntax_errors_are_in_our_words() {
        let language = language();
        for (source, expected) in [
            ("{{ nombre", "`{{` is not closed by `}}`"),
            ("{{ nombre }", "`{{` is not closed by `}}`"),
            ("{# hola", "`{#` is not closed by `#}`"),
            ("{% raw %}x", "`{% raw %}` is not closed by `{% endraw %}`"),
            ("{{ \"a }}", "`{{ \"a }}`: a quote is not closed"),
            ("{% if a %}x", "`{% if … %}` is not closed by `{% endif %}`"),
            ("{% if a", "`{%` is not closed by `%}`"),
            (
                "{% nombre %}",
                "`{% nombre %}` is not supported; to print a column: {{ nombre }}",
            ),
            ("a{% endif %}", "`{% endif %}` needs `{% if … %}` before it"),
            (
                "{{ a }} {{ b ?? 'x' }}",
                "`{{ b ?? 'x' }}`: a sign is not supported here",
            ),
            ("{{ a | }}", "`{{ a | }}`: unexpected `}}`, expected name"),
            ("{{ a + }}", "`{{ a + }}`: unexpected `}}`"),
            (
                "{{ a | upper 'x' }}",
                "`{{ a | upper 'x' }}`: unexpected text in quotes, expected `}}`",
            ),
            ("{% if a = 1 %}x{% endif %}", "to compare, write `==`"),
            (
                "{% if a %}x{% elseif b %}y{% endif %}",
                "write `{% elif … %}` for another condition",
            ),
            ("{% if %}x{% endif %}", "unexpected `%}`"),
        ] {
            let fault = TextTemplate::compile(&language, "text", source).err();
            let problem = fault.map(|error| error.problem).unwrap_or_default();
            assert_eq!(problem, format!("is not a template: {expected}"));
        }
    }
}
