//! The only place that prints, escapes and draws. Standard output carries only the API's response; standard error
//! carries what it means. They have different types, so that nothing goes to the wrong one.

mod escape;
mod progress;
mod record;
mod stderr;
mod stdout;
mod words;

pub(crate) use self::escape::{compact, one_line, pretty, visible_json, without_escape_sequences};
pub(crate) use self::progress::{
    Progress, ProgressFormat, ReadProgress, Tally, WaitReason, Waiting,
};
pub(crate) use self::record::{Record, RecordError, Sent};
pub(crate) use self::stderr::{Color, Stderr, SystemError, TerminalMode, Verbosity, ask_hidden};
pub(crate) use self::stdout::{Check, CheckState, Format, OutputRow, Stdout};
pub(crate) use self::words::{counted, counted_are, counted_people, grouped, rounded, wrapped};
