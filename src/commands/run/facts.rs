//! The facts about a command that templates see: its name, never its arguments, which may hold secrets.

use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Map, Value, json};

use crate::process::{CommandEnd, host_name, signal_name};
use crate::timestamps::rfc_3339;

/// The ways a command can end.
pub(super) const ENDS: [CommandEnd; 3] = [
    CommandEnd { code: Some(0), signal: None },
    CommandEnd { code: Some(137), signal: Some(9) },
    CommandEnd { code: Some(1), signal: None },
];

/// A command that began when this was created.
pub(crate) struct Facts {
    command: String,
    host: String,
    started: SystemTime,
    begun: Instant,
}

impl Facts {
    pub(crate) fn new(program: &OsStr) -> Self {
        let program = Path::new(program).file_name();
        Self {
            command: program.unwrap_or_default().to_string_lossy().into_owned(),
            host: host_name(),
            started: SystemTime::now(),
            begun: Instant::now(),
        }
    }

    pub(super) fn begun(&self) -> Instant {
        self.begun
    }

    /// The facts once the command has `ended` at this instant, or would have.
    pub(crate) fn ended(&self, ended: CommandEnd, at: Instant) -> Map<String, Value> {
        let elapsed = at.saturating_duration_since(self.begun);
        // Milliseconds do not matter after minutes.
        let precision = if elapsed < Duration::from_secs(10) { 100 } else { 1000 };
        let rounded = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX) / precision * precision;
        let facts = json!({
            "command": self.command,
            "result": result(ended),
            "code": ended.code.map_or_else(|| json!("unknown"), |code| json!(code)),
            "signal": ended.signal.map(signal_name).unwrap_or_default(),
            "duration": humantime::format_duration(Duration::from_millis(rounded)).to_string(),
            "host": self.host,
            "started": rfc_3339(self.started),
        });
        facts.as_object().cloned().unwrap_or_default()
    }
}

fn result(ended: CommandEnd) -> &'static str {
    match ended {
        CommandEnd { signal: Some(_), .. } => "killed",
        CommandEnd { code: Some(0), .. } => "ok",
        CommandEnd { code: Some(_), .. } => "failed",
        CommandEnd { code: None, .. } => "ended",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_that_a_command_has_ended_where_nobody_knows_how() {
        for (code, signal, expected) in [
            (Some(0), None, json!(["ok", 0])),
            (Some(3), None, json!(["failed", 3])),
            (Some(137), Some(9), json!(["killed", 137])),
            (None, None, json!(["ended", "unknown"])),
        ] {
            let facts = Facts::new(OsStr::new("backup")).ended(CommandEnd { code, signal }, Instant::now());
            assert_eq!(json!([facts["result"], facts["code"]]), expected);
        }
    }
}
