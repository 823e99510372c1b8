//! The language of templates: minijinja, strict, and what may stand inside a text.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value as Cell};

use super::numbers::{Amount, decimal_mark, read_number, read_yes};
use super::row_view::RowView;
use crate::phone::{Country, PhoneNumber};

/// The most instructions that one text may take, so that none runs for ever: a text of 16 KiB without a loop takes a third
/// of them at most.
const MOST_STEPS: u64 = 50_000;

/// The template language: strict about undefined names, without escaping, final newlines kept.
pub(crate) fn language<'source>() -> Environment<'source> {
    let mut language = Environment::new();
    language.set_undefined_behavior(UndefinedBehavior::Strict);
    language.set_fuel(Some(MOST_STEPS));
    language.set_syntax(syntax());
    language.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    language.set_formatter(|output, _, value| write_text(output, value));
    language.add_filter("phone", phone);
    language.add_filter("number", number);
    language.add_filter("yes", yes);
    // It would send everybody all that the row has.
    language.remove_global("debug");
    language
}

/// The marks of templates.
#[expect(clippy::expect_used, reason = "the marks are minijinja's own")]
pub(super) fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder().keep_trailing_newline(true).build().expect("the usual marks")
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

/// `{% if saldo | number > 100 %}`: a text as a number, none of an empty one; `mark` is the sign of its decimals.
fn number(state: &State<'_, '_>, typed: &Cell, mark: Option<&str>) -> Result<Cell, Error> {
    let refuse = |problem: String| Error::new(ErrorKind::InvalidOperation, format!("number: {problem}"));
    let mark = match mark {
        Some(",") => Some(','),
        Some(".") => Some('.'),
        Some(other) => {
            return Err(refuse(format!("`{other}` is not a sign of decimals; write number(',') or number('.')")));
        }
        None => RowView::country_of(state).and_then(decimal_mark),
    };
    match typed.kind() {
        ValueKind::Number | ValueKind::None => Ok(typed.clone()),
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::String => {
            let read = read_number(typed.as_str().unwrap_or_default(), mark).map_err(refuse)?;
            Ok(match read {
                Some(Amount::Whole(whole)) => Cell::from(whole),
                Some(Amount::Fraction(fraction)) => Cell::from(fraction),
                None => Cell::from(()),
            })
        }
        other => Err(refuse(format!("a {other} is not a number"))),
    }
}

/// `{% if vip | yes %}`: whether a text says yes.
fn yes(typed: &Cell) -> Result<bool, Error> {
    let refuse = |problem: String| Error::new(ErrorKind::InvalidOperation, format!("yes: {problem}"));
    match typed.kind() {
        ValueKind::Bool => Ok(typed.is_true()),
        ValueKind::None => Ok(false),
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::String | ValueKind::Number => read_yes(&typed.to_string()).map_err(refuse),
        other => Err(refuse(format!("a {other} is neither yes nor no"))),
    }
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
