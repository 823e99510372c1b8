//! How large a template may be. minijinja compiles an expression by recursion for each operator, without a limit. A
//! stack overflow would end the process with rows under way.

use super::pieces::{Piece, measure, pieces, words};

/// The longest string that may be a template, in bytes: WhatsApp's longest text has 4,096 characters.
const MAX_BYTES: usize = 16 * 1024;
/// The most statements of a string: each may stand inside the one before, as `elif` does.
const MAX_STATEMENTS: usize = 100;
/// The most operators, filters and brackets of one expression.
const MAX_PARTS: usize = 500;
/// The most brackets inside each other: each needs as much of a stack as a dozen operators.
const MAX_DEPTH: usize = 40;

/// Says which limit `source`, a text with a template's marks, exceeds.
pub(crate) fn check(source: &str) -> Result<(), String> {
    if source.len() > MAX_BYTES {
        let length = source.len();
        return Err(format!("has {length} bytes; a text with {{{{ }}}} or {{% %}} may have {MAX_BYTES} (16 KiB)"));
    }
    let statements = source.matches("{%").count();
    if statements > MAX_STATEMENTS {
        return Err(format!("has {statements} statements {{% %}}; at most {MAX_STATEMENTS} are allowed"));
    }
    for piece in pieces(source) {
        let (Piece::Expression(text) | Piece::Statement(text) | Piece::Open(text)) = piece else { continue };
        let (parts, depth) = (parts(text), measure(text, "\0").1);
        if parts > MAX_PARTS {
            let told = format!("an expression has {parts} operators, filters and brackets");
            return Err(format!("{told}; at most {MAX_PARTS} are allowed"));
        }
        if depth > MAX_DEPTH {
            let told = format!("an expression has brackets inside each other, {depth} deep");
            return Err(format!("{told}; at most {MAX_DEPTH} are allowed"));
        }
    }
    Ok(())
}

/// Counts the signs and words that may be parts of an expression.
fn parts(text: &str) -> usize {
    let signs = text.chars().filter(|character| "+-*/%~|.([{<>=!".contains(*character)).count();
    signs + words(text).filter(|word| ["and", "or", "not", "is", "in", "if", "else", "elif"].contains(word)).count()
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
