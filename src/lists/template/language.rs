//! The template language: a strict minijinja, the size limits of a text, and the errors in it.

use minijinja::machinery::{Token, parse, tokenize};
use minijinja::{Environment, Error, UndefinedBehavior};

use super::expressions::add_notes;
use super::filters::add_filters;
use super::operators::{add_operators, in_text};
use super::problem::{TextProblem, problem_in};
use super::spelling::name_with_blanks;
use super::syntax::syntax;
use crate::base::invisible::is_unseen;
use crate::base::message::{Message, msg};
use crate::base::texts::shorten;

/// Creates the template language: undefined names are errors, nothing is escaped, and final
/// newlines are kept.
pub(crate) fn language<'source>() -> Environment<'source> {
    let mut language = Environment::empty();
    // Errors keep their place in the text, but not a copy of the text and the row.
    language.set_debug(false);
    language.set_undefined_behavior(UndefinedBehavior::Strict);
    language.set_syntax(syntax());
    language.set_formatter(|output, state, value| Ok(output.write_str(&in_text(state, value)?)?));
    add_filters(&mut language);
    add_operators(&mut language);
    add_notes(&mut language);
    language
}

/// Returns our problem in `error`, or what minijinja says about a part of `source`.
pub(super) fn describe(source: &str, error: &Error) -> TextProblem {
    if let Some(problem) = problem_in(error) {
        return problem.clone();
    }
    let words = words_of_minijinja(error);
    // The parser keeps where a filter begins, but not where the value before it does.
    let part = error.range().and_then(|range| source.get(range));
    let problem = match part.filter(|part| part.starts_with(char::is_alphabetic)) {
        Some(part) => msg!("`{part}` cannot be calculated: \"{words}\"", part, words),
        None => msg!("cannot be calculated: \"{words}\"", words),
    };
    if words.contains("none") {
        let hint = msg!("write `| default(\"…\")` after a value that may be missing");
        return TextProblem::new(problem, hint);
    }
    problem.into()
}

/// Returns minijinja's words without the name and line of the template, which mean nothing here.
fn words_of_minijinja(error: &Error) -> String {
    error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned)
}

/// The longest template in bytes. WhatsApp's longest text has 4,096 characters.
const MAX_BYTES: usize = 16 * 1024;
/// The most statements of a text. Each may be inside the one before, as `elif` is.
const MAX_STATEMENTS: usize = 100;
/// The most words and signs of one expression.
const MAX_PARTS: usize = 500;
/// The deepest nesting of brackets. Each level needs as much stack as a dozen operators.
const MAX_DEPTH: usize = 40;

/// Refuses `source`, a text with the marks of a template, if it exceeds a limit.
pub(super) fn check_bounds(source: &str) -> Result<(), TextProblem> {
    let mut statements = 0;
    let mut parts = 0;
    let mut depth = 0_usize;
    let mut is_too_large = source.len() > MAX_BYTES;
    for (token, _) in tokenize(source, false, syntax()).map_while(Result::ok) {
        match token {
            Token::VariableStart | Token::BlockStart => (parts, depth) = (0, 0),
            Token::BracketOpen | Token::ParenOpen | Token::BraceOpen => depth += 1,
            Token::BracketClose | Token::ParenClose | Token::BraceClose => {
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        parts += 1;
        statements += usize::from(matches!(token, Token::BlockStart));
        is_too_large |= statements > MAX_STATEMENTS || parts > MAX_PARTS || depth > MAX_DEPTH;
    }
    if !is_too_large {
        return Ok(());
    }
    Err(msg!(
        "too long: a text with {{{{ }}}} or {{% %}} has at most {bytes} bytes and {statements} statements, and an expression \
         {words} words and signs and {brackets} nested brackets",
        bytes = MAX_BYTES,
        statements = MAX_STATEMENTS,
        words = MAX_PARTS,
        brackets = MAX_DEPTH
    )
    .into())
}

/// The longest part of a text that an error repeats, in characters.
const MAX_SHOWN: usize = 60;

/// Describes `error`, the reason why `source` cannot be read.
pub(super) fn describe_syntax_error(source: &str, error: &Error) -> TextProblem {
    // The parser reports an unreadable part as the end of the text.
    let unreadable = tokenize(source, false, syntax()).find_map(Result::err);
    let error = unreadable.as_ref().unwrap_or(error);
    let reason = words_of_minijinja(error);
    let place = error.range().map_or(source.len(), |range| range.start);
    let unread = msg!("cannot be read: \"{reason}\"", reason);
    let Some(tag) = Tag::find(source, place) else {
        return unread.into();
    };
    if reason.starts_with("unexpected end of input") && tag.is_closed {
        let problem = msg!("`{{% if … %}}` is not closed by `{{% endif %}}`");
        return problem.into();
    }
    if unreadable.is_none()
        && let Some(problem) = name_with_blanks(tag.inside)
    {
        return problem;
    }
    let sign = source.get(place..).and_then(|rest| rest.chars().next());
    let problem = match (reason.as_str(), sign) {
        ("unexpected character", Some(sign)) => unsupported_sign(sign),
        _ if !tag.is_closed => {
            let opening = tag.opening;
            let closing = tag.closing;
            msg!("`{opening}` is not closed by `{closing}`", opening, closing)
        }
        _ => unread,
    };
    let words: Vec<_> = tag.written.split_whitespace().collect();
    let line = shorten(&words.join(" "), MAX_SHOWN).into_owned();
    let problem = msg!("`{line}`: {problem}", line, problem);
    let straight = tag.written.replace(['“', '”', '„'], "\"");
    let straight = straight.replace(['‘', '’', '‚'], "'");
    let fits = straight != tag.written && straight.chars().count() <= MAX_SHOWN;
    if fits && parse(&straight, "<text>", syntax()).is_ok() {
        return TextProblem::new(problem, msg!("write `{straight}`", straight));
    }
    problem.into()
}

/// An expression or a statement.
struct Tag<'a> {
    opening: &'static str,
    closing: &'static str,
    /// The text from its opening mark to its closing one, or to where the next one begins.
    written: &'a str,
    /// The part between the marks.
    inside: &'a str,
    is_closed: bool,
}

impl<'a> Tag<'a> {
    /// Finds the one at `place` of `source`, or the last one before it.
    fn find(source: &'a str, place: usize) -> Option<Self> {
        let sign = source.get(place..).and_then(|rest| rest.chars().next());
        let end = place + sign.map_or(0, char::len_utf8);
        let before = source.get(..end).unwrap_or(source);
        let marks = [("{{", "}}"), ("{%", "%}")];
        let marks = marks.into_iter();
        let begun = marks.filter_map(|(opening, closing)| {
            before.rfind(opening).map(|start| (start, opening, closing))
        });
        let (start, opening, closing) = begun.max()?;
        let rest = source.get(start..)?;
        let after = rest.get(2..).unwrap_or_default();
        let next = ["{{", "{%"].iter().filter_map(|mark| after.find(mark));
        let next = next.min().unwrap_or(after.len());
        let end = after.find(closing).filter(|end| *end < next);
        let inside = after.get(..end.unwrap_or(next)).unwrap_or_default();
        let length = opening.len() + inside.len() + end.map_or(0, |_| closing.len());
        Some(Self {
            opening,
            closing,
            written: rest.get(..length).unwrap_or(rest).trim_end(),
            inside,
            is_closed: end.is_some(),
        })
    }
}

fn unsupported_sign(sign: char) -> Message {
    if is_unseen(sign) || sign.is_whitespace() || sign.is_control() {
        let code = format!("U+{:04X}", u32::from(sign));
        return msg!("the invisible character {code} is not supported here", code);
    }
    msg!("the sign `{sign}` is not supported here", sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::template::{TextTemplate, language};

    #[test]
    fn bounded_expressions_fit_a_small_stack() {
        let many = |part: &str, count: usize| part.repeat(count);
        let expressions = move |count: usize| {
            [
                format!("{{{{ {}1 }}}}", many("-", count)),
                format!("{{{{ {}x }}}}", many("not ", count)),
                format!("{{{{ x{} }}}}", many("|a", count)),
                format!("{{{{ x{} }}}}", many("|trim", count.min(3000))),
                format!("{{{{ x{} }}}}", many(".a", count)),
                format!("{{{{ x{} }}}}", many("[0]", count)),
                format!(
                    "{{{{ {}x{} }}}}",
                    many("(", count.min(5000)),
                    many(")", count.min(5000))
                ),
                format!("{{{{ {}x }}}}", many("[", count)),
                format!(
                    "{{{{ {}{}x{} }}}}",
                    many("not -(", count.min(2000) / 13),
                    many("-", count / 2),
                    many(")", count.min(2000) / 13)
                ),
                format!("{{{{ 1{} }}}}", many("+1", count)),
                format!("{{{{ 1{} }}}}", many("~1", count)),
                format!("{{{{ 1{} }}}}", many("**1", count)),
                format!("{{{{ x{} }}}}", many(" if x else x", count.min(1200))),
                format!("{{{{ x{} }}}}", many(" and x", count)),
                format!("{{{{ x{} }}}}", many(" is x", count)),
                format!(
                    "{{% if x %}}{}{{% endif %}}",
                    many("{%elif x%}", if count > 500 { 1500 } else { 98 })
                ),
                many("{%if x%}", if count > 500 { 1900 } else { 100 }),
                format!("{{{{ '}}}}' {}1 }}}}", many("-", count)),
                format!("{{{{ {{'a': {{}} }} {}1 }}}}", many("-", count)),
                format!("{{# {{{{ ' #}}{{{{ {}1 }}}}", many("-", count)),
                format!(
                    "{{% raw %}}{{{{ ' {{% endraw %}}{{{{ {}1 }}}} '",
                    many("-", count)
                ),
            ]
        };
        let on_a_small_stack = move || {
            let language = language();
            for source in expressions(498) {
                let _ = TextTemplate::compile(&language, "text", &source);
            }
            for source in expressions(15_000) {
                let refused = TextTemplate::compile(&language, "text", &source)
                    .err()
                    .expect("refused")
                    .to_string();
                assert!(refused.contains("at most "), "{refused}: {source:.40}");
            }
        };
        std::thread::Builder::new()
            .stack_size(1024 * 1024)
            .spawn(on_a_small_stack)
            .unwrap()
            .join()
            .unwrap();
    }

    #[test]
    fn bounds_apply_to_expressions_not_plain_text() {
        let signs = "- (a) = b, ".repeat(90);
        assert_eq!(
            check_bounds(&format!(
                "{signs}{{{{ x }}}}{signs}{{{{ x | upper }}}}{signs}"
            )),
            Ok(())
        );
        assert_eq!(check_bounds(&"{{ a.b }}".repeat(700)), Ok(()));
        let long = format!("{{{{ x }}}}{}", "ñ".repeat(8200));
        assert!(check_bounds(&long).is_err());
    }

    #[test]
    fn faulty_part_is_named() {
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
            ("50%} {% if a", "`{% if a`: `{%` is not closed by `%}`"),
            ("{# hola", "cannot be read: \"unexpected end of comment\""),
            (
                "{% raw %}x",
                "`{% raw %}`: cannot be read: \"unexpected end of raw block\"",
            ),
            (
                "{{ \"a }}",
                "`{{ \"a }}`: cannot be read: \"unexpected end of string\"",
            ),
            ("{% if a %}x", "`{% if … %}` is not closed by `{% endif %}`"),
            (
                "{% nombre %}",
                "`{% nombre %}`: cannot be read: \"unknown statement nombre\"",
            ),
            (
                "{% IF a %}x{% endif %}",
                "`{% IF a %}`: cannot be read: \"unknown statement IF\"",
            ),
            (
                "a{% endif %}",
                "`{% endif %}`: cannot be read: \"unknown statement endif\"",
            ),
            (
                "{{- a -}} {{ b ?? 'x' }}",
                "`{{ b ?? 'x' }}`: the sign `?` is not supported here",
            ),
            (
                "{# {{ a ?? 'x' }} #}{% raw %}{{ a ; }}{% endraw %}{{ '}}' }}{{ b | }}",
                "`{{ b | }}`: cannot be read: \"unexpected end of variable block, expected identifier\"",
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
                "`{{ monto | money(“$”) }}`: the sign `“` is not supported here; write `{{ monto | money(\"$\") }}`",
            ),
            (
                "Hola {{ nombre | default(“cliente”) }}, saldo {{ saldo }}",
                "`{{ nombre | default(“cliente”) }}`: the sign `“` is not supported here; \
                 write `{{ nombre | default(\"cliente\") }}`",
            ),
            (
                "{{ }}",
                "`{{ }}`: cannot be read: \"unexpected end of variable block\"",
            ),
            (
                "{{ 'a' if b = 'si' else 'c' }}",
                "`{{ 'a' if b = 'si' else 'c' }}`: cannot be read: \"unexpected `=`, expected end of variable block\"",
            ),
            (
                "{{ a }} {{ Nombre completo }}",
                "{{ Nombre completo }}: a column name with spaces or signs has the form {{ nombre_completo }}",
            ),
        ] {
            let problem = TextTemplate::compile(&language(), "text", source).err();
            let expected = format!("text: {expected}");
            assert_eq!(problem.unwrap().to_string(), expected, "{source}");
        }
    }
}
