//! Prints and escapes; no other module does. Standard output gets only the API's response or the requested data, and
//! standard error the rest. They have different types, so that nothing goes to the wrong one.

mod escape;
mod facts;
mod program;
mod progress;
mod record;
mod stderr;
mod stdout;
mod words;

pub(crate) use self::escape::{
    compact, compact_json, one_line, pretty, visible_json, without_escape_sequences,
};
pub(crate) use self::facts::FactLine;
pub(crate) use self::program::set_flags;
pub(crate) use self::progress::{
    Progress, ProgressFormat, ReadProgress, Tally, WaitReason, Waiting,
};
pub(crate) use self::record::{
    EarlierMessage, RECORD_SCHEMA, Record, RecordError, RefusedRow, RefusedRows, Retry, Sent,
    versioned,
};
pub(crate) use self::stderr::{Color, HiddenInput, Stderr, SystemError, Verbosity, ask_hidden};
pub(crate) use self::stdout::{Check, CheckState, Format, OutputRow, Stdout};
pub(crate) use self::words::{count_value, duration_value, grouped, rounded, wrapped};
