//! The only place that prints, escapes and draws. Standard output carries the API's response and nothing else; standard
//! error carries what it means. They are two types, so that nothing goes to the wrong one.

mod checkup;
mod color;
mod error;
mod escape;
mod format;
mod json;
mod progress;
mod record;
mod stderr;
mod stdout;
mod table;

pub use self::checkup::{Check, CheckState};
pub use self::color::Color;
pub use self::error::StreamError;
pub use self::escape::one_line;
pub use self::format::Format;
pub use self::json::{compact, pretty_plain as pretty, visible as visible_json};
pub use self::progress::{Progress, ProgressFormat, Tally};
pub use self::record::{Record, RecordError, Sent};
pub use self::stderr::{Stderr, Verbosity, ask_hidden, pass_through};
pub use self::stdout::Stdout;
pub use self::table::markdown_table;
