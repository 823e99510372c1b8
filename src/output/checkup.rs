//! The findings of `doctor`, one line each.

use std::fmt::Write;

use serde::Serialize;
use serde_json::json;

use super::escape::one_line;
use super::{Format, Stdout, SystemError};

/// A single check.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) state: CheckState,
    pub(crate) detail: String,
    /// What to do about it, if anything.
    pub(crate) hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CheckState {
    Ok,
    Warning,
    Failed,
}

impl Stdout {
    /// The checks on stdout: one line each with the hint below it, or one JSON object with `--output record`.
    pub(crate) fn checkup(&self, checks: &[Check], exit_code: u8, summary: &str) -> Result<(), SystemError> {
        if self.format == Format::Record {
            return self.json(&json!({ "schema_version": 1, "exit_code": exit_code, "checks": checks }));
        }
        let mut text = String::new();
        for Check { name, state, detail, hint } in checks {
            let (color, word) = match state {
                CheckState::Ok => ("\x1b[32m", "ok"),
                CheckState::Warning => ("\x1b[33m", "warning"),
                CheckState::Failed => ("\x1b[1;31m", "failed"),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{color}{word:<7}\x1b[0m  {name}: {}", one_line(detail));
            if let Some(hint) = hint {
                let _ = writeln!(text, "         {}", one_line(hint));
            }
        }
        let _ = writeln!(text, "{}", one_line(summary));
        self.help(&text)
    }
}
