//! The language of a row: texts of a message that are templates over the cells of a list.

mod body;
mod bounds;
mod error;
mod language;
mod row_view;
mod text;
mod words;

pub(crate) use self::body::BodyTemplate;
pub(crate) use self::error::{MisspellingError, TemplateError};
pub(crate) use self::language::language;
pub(crate) use self::row_view::RowView;
pub(crate) use self::text::TextTemplate;
pub(crate) use self::words::{
    Misspelling, bare_columns, expressions, left_as_they_are, misspelling, printed_columns, spelling, typed_line_break,
};
