//! The language of templates: minijinja, strict, and what may stand inside a text.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value as Cell};

use crate::phone::{Country, PhoneNumber};

/// The most instructions that one text may take, so that none runs for ever: a text of 16 KiB without a loop takes a third
/// of them at most.
const MOST_STEPS: u64 = 50_000;

/// The template language: strict about undefined names, without escaping, final newlines kept.
#[expect(clippy::expect_used, reason = "the marks are minijinja's own")]
pub(crate) fn language<'source>() -> Environment<'source> {
    let mut language = Environment::new();
    language.set_undefined_behavior(UndefinedBehavior::Strict);
    language.set_fuel(Some(MOST_STEPS));
    language.set_syntax(SyntaxConfig::builder().keep_trailing_newline(true).build().expect("the usual marks"));
    language.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    language.set_formatter(|output, _, value| write_text(output, value));
    language.add_filter("phone", phone);
    // It would send everybody all that the row has.
    language.remove_global("debug");
    language
}

/// `{{ celular | phone("EC") }}`: the number in international form, `+593987654321`.
fn phone(typed: &Cell, country: Option<&str>) -> Result<String, Error> {
    let refuse = |problem: String| Error::new(ErrorKind::InvalidOperation, problem);
    let typed = match typed.kind() {
        ValueKind::String | ValueKind::Number => typed.to_string(),
        ValueKind::Undefined => return Err(ErrorKind::UndefinedError.into()),
        other => return Err(refuse(format!("phone: a {other} is not a phone number"))),
    };
    let country = country.map(str::parse::<Country>).transpose();
    let country = country.map_err(|problem| refuse(format!("phone: {problem}")))?;
    let number = PhoneNumber::read(&typed, country).map_err(|error| refuse(format!("phone: {error}")))?;
    Ok(format!("+{}", number.as_str()))
}

/// Inside a text stand texts, numbers and booleans only: null would read `None`.
fn write_text(output: &mut minijinja::Output<'_>, value: &Cell) -> Result<(), Error> {
    let refuse = |what: &str| Err(Error::new(ErrorKind::InvalidOperation, format!("{what} cannot be part of a text")));
    match value.kind() {
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::None => refuse("null"),
        // As JSON writes it, not as Python does.
        ValueKind::Bool => write!(output, "{}", value.is_true()).map_err(Error::from),
        ValueKind::String | ValueKind::Number => write!(output, "{value}").map_err(Error::from),
        other => refuse(&format!("a {other}")),
    }
}
