//! The language of a row: message texts that are templates over the cells of a list.

mod body;
mod bounds;
mod dates;
mod error;
mod filters;
#[cfg(test)]
mod fixture;
mod formats;
mod known;
mod language;
mod misspelling;
mod numbers;
mod operators;
mod row_view;
mod text;
mod uses;
mod values;
mod walk;

pub(crate) use self::body::BodyTemplate;
pub(crate) use self::error::{TemplateError, misspelt};
pub(crate) use self::language::language;
pub(crate) use self::misspelling::{Misspelling, expressions, left_as_they_are, misspelling, typed_line_break};
pub(crate) use self::numbers::decimal_mark;
pub(crate) use self::row_view::RowView;
pub(crate) use self::text::TextTemplate;
pub(crate) use self::uses::{ReadAmount, Uses};
