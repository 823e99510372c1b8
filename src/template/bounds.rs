//! How large a template may be. minijinja compiles an expression by recursion for each operator, without a limit. A
//! stack overflow would end the process with rows under way.

use minijinja::machinery::{Token, tokenize};

use super::language::syntax;

/// The longest string that may be a template, in bytes: WhatsApp's longest text has 4,096 characters.
const MAX_BYTES: usize = 16 * 1024;
/// The most statements of a string: each may stand inside the one before, as `elif` does.
const MAX_STATEMENTS: usize = 100;
/// The most words and signs of one expression.
const MAX_PARTS: usize = 500;
/// The most brackets inside each other: each needs as much of a stack as a dozen operators.
const MAX_DEPTH: usize = 40;

/// Says which limit `source`, a text with a template's marks, exceeds.
pub(crate) fn check(source: &str) -> Result<(), String> {
    if source.len() > MAX_BYTES {
        let length = source.len();
        return Err(format!("has {length} bytes; a text with {{{{ }}}} or {{% %}} may have {MAX_BYTES} (16 KiB)"));
    }
    let (mut statements, mut parts, mut depth) = (0, 0, 0_usize);
    for (token, _) in tokenize(source, false, syntax()).map_while(Result::ok) {
        match token {
            Token::VariableStart | Token::BlockStart => (parts, depth) = (0, 0),
            Token::BracketOpen | Token::ParenOpen | Token::BraceOpen => depth += 1,
            Token::BracketClose | Token::ParenClose | Token::BraceClose => depth = depth.saturating_sub(1),
            _ => {}
        }
        parts += 1;
        statements += usize::from(matches!(token, Token::BlockStart));
        for (count, most, what) in [
            (statements, MAX_STATEMENTS, "statements {% %} in a text"),
            (parts, MAX_PARTS, "words and signs in an expression"),
            (depth, MAX_DEPTH, "brackets inside each other in an expression"),
        ] {
            if count > most {
                return Err(format!("has too many {what}; at most {most} are allowed"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{TextTemplate, language};

    #[test]
    fn what_is_within_the_bounds_needs_less_than_a_small_stack_and_what_is_not_is_refused() {
        let many = |part: &str, count: usize| part.repeat(count);
        let expressions = move |count: usize| {
            [
                format!("{{{{ {}1 }}}}", many("-", count)),
                format!("{{{{ {}x }}}}", many("not ", count)),
                format!("{{{{ x{} }}}}", many("|a", count)),
                format!("{{{{ x{} }}}}", many("|trim", count.min(3000))),
                format!("{{{{ x{} }}}}", many(".a", count)),
                format!("{{{{ x{} }}}}", many("[0]", count)),
                format!("{{{{ {}x{} }}}}", many("(", count.min(5000)), many(")", count.min(5000))),
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
                format!("{{% if x %}}{}{{% endif %}}", many("{%elif x%}", if count > 500 { 1500 } else { 98 })),
                many("{%if x%}", if count > 500 { 1900 } else { 100 }),
                format!("{{{{ '}}}}' {}1 }}}}", many("-", count)),
                format!("{{{{ {{'a': {{}} }} {}1 }}}}", many("-", count)),
                format!("{{# {{{{ ' #}}{{{{ {}1 }}}}", many("-", count)),
                format!("{{% raw %}}{{{{ ' {{% endraw %}}{{{{ {}1 }}}} '", many("-", count)),
            ]
        };
        let on_a_small_stack = move || {
            let language = language();
            for source in expressions(498) {
                let _ = TextTemplate::compile(&language, "text", &source);
            }
            for source in expressions(15_000) {
                let refused = TextTemplate::compile(&language, "text", &source).err().expect("refused").problem;
                assert!(refused.contains("at most ") || refused.contains("16 KiB"), "{refused}: {source:.40}");
            }
        };
        std::thread::Builder::new().stack_size(1024 * 1024).spawn(on_a_small_stack).unwrap().join().unwrap();
    }

    #[test]
    fn counts_an_expression_and_not_the_text_around_it() {
        let signs = "- (a) = b, ".repeat(90);
        assert_eq!(check(&format!("{signs}{{{{ x }}}}{signs}{{{{ x | upper }}}}{signs}")), Ok(()));
        assert_eq!(check(&"{{ a.b }}".repeat(700)), Ok(()));
        let long = format!("{{{{ x }}}}{}", "ñ".repeat(8200));
        assert!(check(&long).unwrap_err().contains("16 KiB"));
    }
}
