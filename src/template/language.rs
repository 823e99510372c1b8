//! The template language: a strict minijinja, and the values that a text may contain.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value as Cell};

use super::dates::date;
use super::formats::{money, number, percent, refused};
use super::numbers::read_yes;
use super::operators::{add_checks, in_text};
use crate::phone::{Country, PhoneNumber};

/// The template language: strict about undefined names, without escaping, final newlines kept.
pub(crate) fn language<'source>() -> Environment<'source> {
    let mut language = Environment::new();
    language.set_undefined_behavior(UndefinedBehavior::Strict);
    language.set_syntax(syntax());
    language.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    language.set_formatter(|output, state, value| write_text(output, state, value));
    language.add_filter("phone", phone);
    language.add_filter("number", number);
    language.add_filter("money", money);
    language.add_filter("percent", percent);
    language.add_filter("date", date);
    language.add_filter("yes", yes);
    language.add_filter("default", default);
    add_checks(&mut language);
    language
}

/// The marks of templates.
#[expect(clippy::expect_used, reason = "the marks are minijinja's own")]
pub(super) fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder().keep_trailing_newline(true).build().expect("the usual marks")
}

/// `{{ celular | phone("EC") }}`, or `phone(pais)`: the number in international form, `+593987654321`.
fn phone(typed: &Cell, country: Option<&str>) -> Result<String, Error> {
    let typed = match typed.kind() {
        ValueKind::String | ValueKind::Number => typed.to_string(),
        ValueKind::Undefined => return Err(ErrorKind::UndefinedError.into()),
        other => return Err(refused("phone", &format!("a {other} is not a phone number"))),
    };
    let country = country.map(Country::meant).transpose();
    let country = country.map_err(|problem| refused("phone", &problem))?;
    let number = PhoneNumber::read(&typed, country).map_err(|error| refused("phone", &error.to_string()))?;
    Ok(format!("+{}", number.as_str()))
}

/// `{{ saldo | default("0") }}`: a replacement for an empty cell, too; minijinja's own filter counts that as a text.
/// The last argument says that no and 0 are also empty.
fn default(value: Cell, other: Option<Cell>, is_lax: Option<bool>) -> Cell {
    let is_blank = value.as_str().is_some_and(|text| text.trim().is_empty());
    let is_empty = value.is_undefined() || value.is_none() || is_blank || is_lax == Some(true) && !value.is_true();
    if is_empty { other.unwrap_or_else(|| Cell::from("")) } else { value }
}

/// `{% if vip | yes %}`: whether a text says yes.
fn yes(typed: &Cell) -> Result<bool, Error> {
    match typed.kind() {
        ValueKind::Bool => Ok(typed.is_true()),
        ValueKind::None => Ok(false),
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::String | ValueKind::Number => {
            read_yes(&typed.to_string()).map_err(|problem| refused("yes", &problem))
        }
        other => Err(refused("yes", &format!("a {other} is neither yes nor no"))),
    }
}

fn write_text(output: &mut Output<'_>, state: &State<'_, '_>, value: &Cell) -> Result<(), Error> {
    output.write_str(&in_text(state, value)?).map_err(Error::from)
}

/// minijinja's message, without a name and a line, which the template does not have.
pub(super) fn describe(error: &Error) -> String {
    let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    if message.contains("none") {
        return format!("{message}; write `| default('…')` behind a value that may be missing");
    }
    message
}
