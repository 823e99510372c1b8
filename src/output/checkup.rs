//! The findings of `doctor`, one line each.

use std::fmt::Write;

use serde_json::{Value, json};

use super::escape::one_line;
use super::{Format, Stdout, SystemError};

/// A single check.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) state: CheckState,
    pub(crate) detail: String,
    /// What to do about it, if anything.
    pub(crate) hint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckState {
    Ok,
    Warning,
    Failed,
}

impl CheckState {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }

    fn color(self) -> &'static str {
        match self {
            Self::Ok => "\x1b[32m",
            Self::Warning => "\x1b[33m",
            Self::Failed => "\x1b[1;31m",
        }
    }
}

impl Stdout {
    /// The checks on stdout: one line each with the hint below it, or one JSON object with `--output record`.
    pub(crate) fn checkup(&self, checks: &[Check], exit_code: u8, summary: &str) -> Result<(), SystemError> {
        if self.format == Format::Record {
            let checks: Vec<_> = checks.iter().map(as_json).collect();
            return self.json(&json!({ "schema_version": 1, "exit_code": exit_code, "checks": checks }));
        }
        let mut text = String::new();
        for Check { name, state, detail, hint } in checks {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}{:<7}\x1b[0m  {name}: {}", state.color(), state.word(), one_line(detail));
            if let Some(hint) = hint {
                let _ = writeln!(text, "         {}", one_line(hint));
            }
        }
        let _ = writeln!(text, "{}", one_line(summary));
        self.help(&text)
    }
}

fn as_json(check: &Check) -> Value {
    json!({ "name": check.name, "state": check.state.word(), "detail": check.detail, "hint": check.hint })
}
