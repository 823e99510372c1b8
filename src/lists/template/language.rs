//! The template language: a strict minijinja, the values that a text may contain, and the size
//! limits.

use minijinja::machinery::{Token, tokenize};
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value as Cell};

use super::dates::date;
use super::expressions::add_notes;
use super::numbers::{money, number};
use super::operators::{add_operators, in_text};
use super::percentages::percent;
use super::problem::{TextProblem, problem_in, refused};
use super::row_view::RowView;
use super::syntax::syntax;
use crate::base::message::{Message, msg};
use crate::base::suggest::folded;
use crate::phone::{Country, PhoneNumber};

/// Creates the template language: undefined names are errors, nothing is escaped, and final
/// newlines are kept.
pub(crate) fn language<'source>() -> Environment<'source> {
    let mut language = Environment::new();
    // Errors keep their place in the text, but not a copy of the text and the row.
    language.set_debug(false);
    language.set_undefined_behavior(UndefinedBehavior::Strict);
    language.set_syntax(syntax());
    language.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    language.set_formatter(|output, state, value| Ok(output.write_str(&in_text(state, value)?)?));
    language.add_filter("phone", phone);
    language.add_filter("number", number);
    language.add_filter("money", money);
    language.add_filter("percent", percent);
    language.add_filter("date", date);
    language.add_filter("yes", yes);
    language.add_filter("default", default);
    add_operators(&mut language);
    add_notes(&mut language);
    language
}

/// Implements `{{ celular | phone("EC") }}` or `phone(pais)`: the number in international form,
/// `+593987654321`. Without a country, or if its cell is empty, the country of the row applies.
fn phone(state: &State<'_, '_>, typed: &Cell, country: Option<&str>) -> Result<String, Error> {
    let typed = match typed.kind() {
        ValueKind::String | ValueKind::Number => typed.to_string(),
        ValueKind::Undefined => return Err(ErrorKind::UndefinedError.into()),
        other => {
            let other = other.to_string();
            return Err(refused(
                "phone",
                msg!("a {other} is not a phone number", other),
            ));
        }
    };
    let view = RowView::in_state(state);
    let named = country.filter(|country| !country.trim().is_empty());
    let country = match named {
        Some(named) => Some(Country::parse(named).map_err(|problem| refused("phone", problem))?),
        None => view.as_ref().and_then(|view| view.country),
    };
    let number = PhoneNumber::read_in_any_form(&typed, country).map_err(|error| {
        let problem = TextProblem::from(error.message()).of_cell(typed.trim());
        let hint = error.hint;
        refused("phone", TextProblem { hint, ..problem })
    })?;
    let written = format!("+{}", number.as_str());
    if let Some(view) = view {
        // For numbers without a certain country, the warnings are about the whole list.
        let number = if country.is_some() {
            number.with_known_country()
        } else {
            number
        };
        view.keep_number(number);
    }
    Ok(written)
}

/// Implements `{{ saldo | default("0") }}`: a replacement that also applies to an empty cell,
/// unlike minijinja's own filter. With the last argument, no and 0 are also empty.
fn default(value: Cell, other: Option<Cell>, is_lax: Option<bool>) -> Cell {
    let is_blank = value.as_str().is_some_and(|text| text.trim().is_empty());
    let is_empty = value.is_undefined()
        || value.is_none()
        || is_blank
        || is_lax == Some(true) && !value.is_true();
    if is_empty {
        other.unwrap_or_else(|| Cell::from(""))
    } else {
        value
    }
}

/// Implements `{% if vip | yes %}`: whether a text means yes.
fn yes(typed: &Cell) -> Result<bool, Error> {
    match typed.kind() {
        ValueKind::Bool => Ok(typed.is_true()),
        ValueKind::None => Ok(false),
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::String | ValueKind::Number => {
            let text = typed.to_string();
            let text = text.trim();
            means_yes(text).ok_or_else(|| {
                let problem = msg!("`{text}` is neither yes nor no", text);
                refused("yes", TextProblem::from(problem).of_cell(text))
            })
        }
        other => {
            let other = other.to_string();
            Err(refused(
                "yes",
                msg!("a {other} is neither yes nor no", other),
            ))
        }
    }
}

/// What means yes in Spanish, Portuguese and English, without accents.
const YES: [&str; 8] = [
    "si",
    "sim",
    "yes",
    "true",
    "verdadero",
    "verdadeiro",
    "1",
    "x",
];
const NO: [&str; 6] = ["no", "nao", "false", "falso", "0", ""];

/// Returns whether `text` means yes or no, as a word or its first letter. None if it is neither.
fn means_yes(text: &str) -> Option<bool> {
    let folded = folded(text);
    // A single point is not an answer.
    let without_point = folded.strip_suffix('.').filter(|word| !word.is_empty());
    let answer = without_point.unwrap_or(&folded);
    let is_in = |words: &[&str]| {
        let mut letters = words.iter().filter_map(|word| word.get(..1));
        words.contains(&answer) || letters.any(|letter| letter == answer)
    };
    if is_in(&YES) {
        Some(true)
    } else if is_in(&NO) {
        Some(false)
    } else {
        None
    }
}

/// Returns our problem in `error`, or what minijinja says.
pub(super) fn describe(error: &Error) -> TextProblem {
    if let Some(problem) = problem_in(error) {
        return problem.clone();
    }
    let words = words_of_minijinja(error);
    let problem = msg!("cannot be calculated: {words}", words);
    if words.contains("none") {
        let hint = msg!("write `| default('…')` after a value that may be missing");
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

/// Returns the limit that `source`, a text with the marks of a template, exceeds.
pub(super) fn check_bounds(source: &str) -> Result<(), Message> {
    if source.len() > MAX_BYTES {
        let length = source.len();
        return Err(msg!(
            "has {length} bytes; a text with {{{{ }}}} or {{% %}} may have {most} (16 KiB)",
            length,
            most = MAX_BYTES
        ));
    }
    let mut statements = 0;
    let mut parts = 0;
    let mut depth = 0_usize;
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
        if statements > MAX_STATEMENTS {
            let most = MAX_STATEMENTS;
            return Err(msg!(
                "has too many statements {{% %}} in a text; at most {most} are allowed",
                most
            ));
        }
        if parts > MAX_PARTS {
            let most = MAX_PARTS;
            return Err(msg!(
                "has too many words and signs in an expression; at most {most} are allowed",
                most
            ));
        }
        if depth > MAX_DEPTH {
            let most = MAX_DEPTH;
            return Err(msg!(
                "has too many nested brackets in an expression; at most {most} are allowed",
                most
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::template::{TextTemplate, language};

    #[test]
    fn yes_and_no_are_read_in_three_languages() {
        for (text, expected) in [
            ("Sí", Some(true)),
            ("Si.", Some(true)),
            ("SÍ.", Some(true)),
            ("Sim", Some(true)),
            ("yes", Some(true)),
            ("VERDADEIRO", Some(true)),
            ("1", Some(true)),
            ("T", Some(true)),
            ("v", Some(true)),
            ("s", Some(true)),
            ("y.", Some(true)),
            ("F", Some(false)),
            ("n", Some(false)),
            ("q", None),
            ("No.", Some(false)),
            ("Não", Some(false)),
            ("nao", Some(false)),
            ("FALSO", Some(false)),
            ("0", Some(false)),
            ("", Some(false)),
            (".", None),
            ("no..", None),
            ("no, gracias.", None),
            ("simón", None),
            ("tal vez", None),
        ] {
            assert_eq!(means_yes(text), expected, "{text}");
        }
    }

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
                assert!(
                    refused.contains("at most ") || refused.contains("16 KiB"),
                    "{refused}: {source:.40}"
                );
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
        assert!(
            check_bounds(&long)
                .unwrap_err()
                .to_string()
                .contains("16 KiB")
        );
    }
}
