//! Describes why a text cannot be read as a template: names the expression or statement, and gives minijinja's reason, or a
//! better one.

use minijinja::Error;
use minijinja::machinery::{Token, tokenize};

use super::language::words_of_minijinja;
use super::problem::TextProblem;
use super::spelling::name_with_blanks;
use super::syntax::syntax;
use crate::base::invisible::is_unseen;
use crate::base::message::{Message, msg};
use crate::base::texts::shorten;

/// The statements of the language.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "raw", "endraw"];

/// The longest part of a text that an error repeats, in characters.
const MAX_SHOWN: usize = 60;

/// Describes `error`, the reason why `source` cannot be read. Names the expression or statement at
/// fault.
pub(super) fn describe_syntax_error(source: &str, error: &Error) -> TextProblem {
    let (tags, unreadable) = read_tags(source);
    if let Some(problem) = tags.iter().find_map(Tag::statement_problem) {
        return problem;
    }
    // The parser reports an unreadable part as the end of the text.
    let error = unreadable.as_ref().unwrap_or(error);
    let message = words_of_minijinja(error);
    if let Some(problem) = problem_without_tag(&message) {
        return problem.into();
    }
    let place = error.range().map_or(source.len(), |range| range.start);
    let Some(tag) = tags.iter().rev().find(|tag| tag.start <= place) else {
        return Message::verbatim(message).into();
    };
    if let Some(statement) = message.strip_prefix("unknown statement ") {
        return misplaced(statement, &tags).into();
    }
    if message.starts_with("unexpected end of input") && tag.is_closed {
        return msg!("`{{% if … %}}` is not closed by `{{% endif %}}`").into();
    }
    if unreadable.is_none()
        && let Some(problem) = name_with_blanks(tag.inside())
    {
        return problem;
    }
    // An open bracket hides the end of its expression from the parser.
    let is_after = place >= tag.start + tag.text.len();
    let problem = match (message.as_str(), tag.open_bracket()) {
        (_, Some(bracket)) if is_after => msg!("`{bracket}` is not closed", bracket),
        ("unexpected character", _) => unsupported_sign(source, place),
        ("unexpected end of string", _) => msg!("a quote is not closed"),
        _ => tag.problem(&message),
    };
    let words: Vec<_> = tag.text.split_whitespace().collect();
    let line = words.join(" ");
    let line = shorten(&line, MAX_SHOWN);
    msg!("`{line}`: {problem}", line, problem).into()
}

/// An expression `{{ … }}` or a statement `{% … %}`.
struct Tag<'a> {
    /// Its first byte in the source.
    start: usize,
    /// From its opening mark to its closing one, or to where the next one begins.
    text: &'a str,
    /// The parts between the marks.
    tokens: Vec<Token<'a>>,
    is_statement: bool,
    is_closed: bool,
}

/// Reads the expressions and statements, up to the first part that cannot be read.
fn read_tags(source: &str) -> (Vec<Tag<'_>>, Option<Error>) {
    let mut tags: Vec<Tag<'_>> = Vec::new();
    for read in tokenize(source, false, syntax()) {
        let (token, span) = match read {
            Ok(read) => read,
            Err(error) => return (tags, Some(error)),
        };
        let start = span.start_offset as usize;
        match token {
            Token::VariableStart | Token::BlockStart => {
                let is_statement = matches!(token, Token::BlockStart);
                let rest = source.get(start..).unwrap_or_default();
                tags.push(Tag {
                    start,
                    text: until_mark(rest, if is_statement { "%}" } else { "}}" }),
                    tokens: Vec::new(),
                    is_statement,
                    is_closed: false,
                });
            }
            Token::TemplateData(_) => {}
            Token::VariableEnd | Token::BlockEnd => {
                if let Some(tag) = tags.last_mut() {
                    let end = span.end_offset as usize;
                    tag.text = source.get(tag.start..end).unwrap_or(tag.text);
                    tag.is_closed = true;
                }
            }
            token => {
                if let Some(tag) = tags.last_mut() {
                    tag.tokens.push(token);
                }
            }
        }
    }
    (tags, None)
}

/// Returns the start of `rest` up to its closing mark, or up to the next opening one.
fn until_mark<'a>(rest: &'a str, closing: &str) -> &'a str {
    let after = rest.get(2..).unwrap_or_default();
    let closed = after.find(closing).map(|end| end + 2 + closing.len());
    let opened = ["{{", "{%"].iter().filter_map(|mark| after.find(mark));
    let end = opened.map(|start| start + 2).chain(closed).min();
    rest.get(..end.unwrap_or(rest.len()))
        .unwrap_or(rest)
        .trim_end()
}

impl Tag<'_> {
    /// The text between its marks.
    fn inside(&self) -> &str {
        self.text
            .trim_start_matches(['{', '%'])
            .trim_end_matches(['}', '%'])
    }

    /// Returns the problem of a statement that the language does not have.
    fn statement_problem(&self) -> Option<TextProblem> {
        let name = match self.tokens.first() {
            Some(Token::Ident(name)) if self.is_statement => *name,
            _ => return None,
        };
        let is_else_if = name == "else" && matches!(self.tokens.get(1), Some(Token::Ident("if")));
        if is_else_if || ["elseif", "elsif"].contains(&name) {
            return Some(msg!("for another condition, write `{{% elif … %}}`").into());
        }
        if STATEMENTS.contains(&name) {
            return None;
        }
        let lower = name.to_lowercase();
        Some(if STATEMENTS.contains(&lower.as_str()) {
            msg!("write `{lower}` in lower case, not `{name}`", lower, name).into()
        } else {
            TextProblem::new(
                msg!(
                    "`{{% {name} %}}` is not supported: there are only if, elif, else and endif",
                    name
                ),
                msg!("to print a column: {{{{ nombre }}}}"),
            )
        })
    }

    /// Returns our words for the problem in it that minijinja reports as `message`.
    fn problem(&self, message: &str) -> Message {
        let (opening, closing) = if self.is_statement {
            ("{%", "%}")
        } else {
            ("{{", "}}")
        };
        let is_inner =
            |pair: &[Token<'_>]| matches!(pair, [Token::BraceOpen, Token::BraceOpen | Token::Mod]);
        let unclosed = msg!("`{opening}` is not closed by `{closing}`", opening, closing);
        if self.tokens.windows(2).any(is_inner) {
            return unclosed;
        }
        if let Some(bracket) = self.open_bracket() {
            return msg!("`{bracket}` is not closed", bracket);
        }
        if matches!(self.tokens.first(), Some(Token::BraceOpen)) {
            return msg!("write two braces, not three");
        }
        if !self.is_closed || message.starts_with("unexpected `}`") {
            return unclosed;
        }
        if self.tokens.is_empty() {
            return msg!(
                "nothing is between `{opening}` and `{closing}`",
                opening,
                closing
            );
        }
        match message {
            "unexpected `=`, expected end of block"
            | "unexpected `=`, expected end of variable block" => msg!("to compare, write `==`"),
            "non-keyword arg after keyword arg" => msg!("an argument has no name"),
            _ => Message::verbatim(message),
        }
    }

    /// Returns a bracket that is opened, but not closed.
    fn open_bracket(&self) -> Option<char> {
        let mut open = Vec::new();
        for token in &self.tokens {
            let (bracket, is_opened) = match token {
                Token::ParenOpen => ('(', true),
                Token::BracketOpen => ('[', true),
                Token::BraceOpen => ('{', true),
                Token::ParenClose => ('(', false),
                Token::BracketClose => ('[', false),
                Token::BraceClose => ('{', false),
                _ => continue,
            };
            match open.last() {
                _ if is_opened => open.push(bracket),
                Some(last) if *last != bracket => break,
                _ => drop(open.pop()),
            }
        }
        open.pop()
    }
}

/// Returns our words for a problem that is in no expression or statement.
fn problem_without_tag(message: &str) -> Option<Message> {
    match message {
        "unexpected end of comment" => Some(msg!("`{{#` is not closed by `#}}`")),
        "unexpected end of raw block" => {
            Some(msg!("`{{% raw %}}` is not closed by `{{% endraw %}}`"))
        }
        _ => None,
    }
}

/// Returns the problem of an `elif`, `else` or `endif` that is not in its place.
fn misplaced(statement: &str, tags: &[Tag<'_>]) -> Message {
    let count = |wanted: &str| {
        let begins = |tag: &&Tag<'_>| matches!(tag.tokens.first(), Some(Token::Ident(name)) if *name == wanted);
        tags.iter()
            .filter(|tag| tag.is_statement)
            .filter(begins)
            .count()
    };
    if count("else") > 0 && count("if") > 0 && statement != "endif" {
        return msg!("after `{{% else %}}`, only `{{% endif %}}` can follow");
    }
    msg!(
        "`{{% {statement} %}}` needs `{{% if … %}}` before it",
        statement
    )
}

/// Returns the problem of the character at `place`.
fn unsupported_sign(source: &str, place: usize) -> Message {
    let sign = source.get(place..).and_then(|rest| rest.chars().next());
    match sign {
        Some(sign) if is_unseen(sign) || sign.is_whitespace() || sign.is_control() => {
            let code = format!("U+{:04X}", u32::from(sign));
            msg!("the invisible character {code} is not supported here", code)
        }
        Some(sign) if !sign.is_ascii() => {
            msg!(
                "the sign `{sign}` is not supported here; quotes are `'` or `\"`",
                sign
            )
        }
        Some(sign) => msg!("the sign `{sign}` is not supported here", sign),
        None => msg!("a sign is not supported here"),
    }
}

#[cfg(test)]
mod tests {
    use crate::lists::template::{TextTemplate, language};

    #[test]
    fn unclosed_parts_and_statements_are_described() {
        for (source, expected) in [
            ("{{ nombre", "`{{ nombre`: `{{` is not closed by `}}`"),
            ("{{ nombre }", "`{{ nombre }`: `{{` is not closed by `}}`"),
            (
                "{{ nombre\n\nGracias {{ saldo }}",
                "`{{ nombre Gracias`: `{{` is not closed by `}}`",
            ),
            (
                "{{ nombre {% if vip %}a{% endif %}",
                "`{{ nombre`: `{{` is not closed by `}}`",
            ),
            ("{# hola", "`{#` is not closed by `#}`"),
            ("{% raw %}x", "`{% raw %}` is not closed by `{% endraw %}`"),
            ("{{ \"a }}", "`{{ \"a }}`: a quote is not closed"),
            ("{% if a %}x", "`{% if … %}` is not closed by `{% endif %}`"),
            (
                "100%} {% if a == '%}' %}x{# {% #}",
                "`{% if … %}` is not closed by `{% endif %}`",
            ),
            ("50%} {% if a", "`{% if a`: `{%` is not closed by `%}`"),
            (
                "{% nombre %}",
                "`{% nombre %}` is not supported: there are only if, elif, else and endif; to print a column: {{ nombre }}",
            ),
            (
                "{% for x in a %}y",
                "`{% for %}` is not supported: there are only if, elif, else and endif; to print a column: {{ nombre }}",
            ),
            (
                "{% IF a %}x{% endif %}",
                "write `if` in lower case, not `IF`",
            ),
            (
                "{% if a %}x{% else if b %}y{% endif %}",
                "for another condition, write `{% elif … %}`",
            ),
            (
                "{% if a %}x{% elsif b %}y{% endif %}",
                "for another condition, write `{% elif … %}`",
            ),
            ("a{% endif %}", "`{% endif %}` needs `{% if … %}` before it"),
            (
                "{% if a %}x{% else %}y{% else %}z{% endif %}",
                "after `{% else %}`, only `{% endif %}` can follow",
            ),
        ] {
            assert_eq!(described(source), expected, "{source}");
        }
    }

    #[test]
    fn faulty_expression_is_named() {
        for (source, expected) in [
            (
                "{{- a -}} {{ b ?? 'x' }}",
                "`{{ b ?? 'x' }}`: the sign `?` is not supported here",
            ),
            (
                "{# {{ a ?? 'x' }} #}{% raw %}{{ a ; }}{% endraw %}{{ '}}' }}{{ b | }}",
                "`{{ b | }}`: unexpected end of variable block, expected identifier",
            ),
            (
                "{{ 'a' if b == 'si' && c }}",
                "`{{ 'a' if b == 'si' && c }}`: the sign `&` is not supported here",
            ),
            (
                "{% if vip == 'si' ; %}a{% endif %}",
                "`{% if vip == 'si' ; %}`: the sign `;` is not supported here",
            ),
            (
                "{{ a == '\u{a0}' }}{{ a\u{a0}}}",
                "`{{ a }}`: the invisible character U+00A0 is not supported here",
            ),
            (
                "{{ monto | money(“$”) }}",
                "`{{ monto | money(“$”) }}`: the sign `“` is not supported here; quotes are `'` or `\"`",
            ),
            (
                "{% if plan == ‘oro’ %}a{% endif %}",
                "`{% if plan == ‘oro’ %}`: the sign `‘` is not supported here; quotes are `'` or `\"`",
            ),
            ("{{ a + }}", "`{{ a + }}`: unexpected end of variable block"),
            ("{{ }}", "`{{ }}`: nothing is between `{{` and `}}`"),
            (
                "{{ a | round(2 }}",
                "`{{ a | round(2 }}`: `(` is not closed",
            ),
            (
                "{{ a | round(2 }} {{ b ?? 1 }}",
                "`{{ a | round(2 }}`: `(` is not closed",
            ),
            (
                "{{ 'a' if b = 'si' else 'c' }}",
                "`{{ 'a' if b = 'si' else 'c' }}`: to compare, write `==`",
            ),
            (
                "{{{ nombre }}}",
                "`{{{ nombre }}}`: write two braces, not three",
            ),
            (
                "{{ a | upper 'x' }}",
                "`{{ a | upper 'x' }}`: unexpected string, expected end of variable block",
            ),
            (
                "{% if a = 1 %}{{ b }}{% endif %}",
                "`{% if a = 1 %}`: to compare, write `==`",
            ),
            (
                "{% if %}x{% endif %}",
                "`{% if %}`: unexpected end of block",
            ),
            (
                "{{ a }} {{ Nombre completo }} {{ b ?? 1 }}",
                "`{{ b ?? 1 }}`: the sign `?` is not supported here",
            ),
            (
                "{{ a if b else }}",
                "`{{ a if b else }}`: unexpected end of variable block",
            ),
        ] {
            assert_eq!(described(source), expected, "{source}");
        }
    }

    fn described(source: &str) -> String {
        let language = language();
        let fault = TextTemplate::compile(&language, "text", source).err();
        let problem = fault
            .map(|error| error.problem.to_string())
            .unwrap_or_default();
        problem.trim_start_matches("is not a template: ").to_owned()
    }
}
