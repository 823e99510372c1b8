//! A run in figures: what goes to standard output at its end, and what `bulk status` shows.

use serde_json::{Value, json};

use crate::bulk::{Counts, RunName};
use crate::context::Context;
use crate::output::{Format, StreamError};

pub(crate) fn summary(name: &RunName, counts: &Counts) -> Value {
    json!({
        "schema_version": 1,
        "run": name.to_string(),
        "complete": counts.is_finished(),
        "rows": counts.all(),
        "sent": counts.sent,
        "failed": counts.failed,
        "unknown": counts.unknown,
        "skipped": counts.skipped,
        "pending": counts.pending,
        "inflight": counts.inflight,
    })
}

/// `--output id` is the run's name.
pub(crate) fn print_summary(context: &Context, summary: &Value, name: &RunName) -> Result<(), StreamError> {
    match context.stdout.format {
        Format::Id => context.stdout.value(&name.to_string()),
        Format::Response | Format::Record => context.stdout.json(summary),
        Format::None => Ok(()),
    }
}
