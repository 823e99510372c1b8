//! The template language: a strict minijinja, the values that a text may contain, and the size
//! limits.

use minijinja::machinery::{Token, tokenize};
use minijinja::{Environment, Error, UndefinedBehavior};

use super::expressions::add_notes;
use super::filters::add_filters;
use super::operators::{add_operators, in_text};
use super::problem::{TextProblem, problem_in};
use super::syntax::syntax;
use crate::base::message::msg;

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
pub(super) fn words_of_minijinja(error: &Error) -> String {
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
}
