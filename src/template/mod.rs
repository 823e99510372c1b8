//! The language of a row: message texts that are templates over the cells of a list.

mod body;
mod dates;
mod filters;
#[cfg(test)]
mod fixture;
mod language;
mod misspelling;
mod numbers;
mod operators;
mod row_view;
mod text;
mod values;
mod walk;

pub(crate) use self::body::BodyTemplate;
pub(crate) use self::language::language;
pub(crate) use self::misspelling::{
    Misspelling, expressions, left_as_they_are, misspelling, misspelt, typed_line_break,
};
pub(crate) use self::numbers::decimal_mark;
pub(crate) use self::text::{TemplateError, TextTemplate};
pub(crate) use self::walk::{ReadAmount, Uses};
