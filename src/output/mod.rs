//! The only place that prints, escapes and draws. Standard output carries only the API's response; standard error
//! carries what it means. They have different types, so that nothing goes to the wrong one.

mod checkup;
mod counted;
mod escape;
mod format;
mod json;
mod progress;
mod record;
mod stderr;
mod stdout;
mod table;

pub(crate) use self::checkup::{Check, CheckState};
pub(crate) use self::counted::{counted, counted_are, counted_people, grouped, rounded};
pub(crate) use self::escape::{one_line, without_escape_sequences};
pub(crate) use self::format::{Color, Format};
pub(crate) use self::json::{compact, pretty, visible as visible_json};
pub(crate) use self::progress::{Progress, ProgressFormat, Reading, Tally, WaitReason, Waiting};
pub(crate) use self::record::{Record, RecordDelivery, RecordError, Sent};
pub(crate) use self::stderr::{Stderr, SystemError, Verbosity, ask_hidden};
pub(crate) use self::stdout::{OutputRow, Stdout};
pub(crate) use self::table::wrapped;
