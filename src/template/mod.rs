//! The language of a row: texts of a message that are templates over the cells of a list.

mod body;
mod error;
mod language;
mod row_view;
mod text;

pub use self::body::BodyTemplate;
pub use self::error::TemplateError;
pub use self::language::language;
pub use self::row_view::RowView;
pub use self::text::TextTemplate;
