//! What templates see of a command: its name, never its arguments, which may hold secrets.

use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Map, Value, json};

use crate::process::{CommandEnd, host_name, signal_name};
use crate::timestamps::rfc_3339;

/// The ways a command can end.
pub(super) const ENDS: [CommandEnd; 3] = [
    CommandEnd { code: 0, signal: None },
    CommandEnd { code: 137, signal: Some(9) },
    CommandEnd { code: 1, signal: None },
];

/// A command that began when this was made.
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

    /// As it is now that it has `ended` so at this instant, or would have.
    pub(crate) fn ended(&self, ended: CommandEnd, at: Instant) -> Map<String, Value> {
        let elapsed = at.saturating_duration_since(self.begun);
        // Nobody reads milliseconds behind minutes.
        let precision = if elapsed < Duration::from_secs(10) { 100 } else { 1000 };
        let rounded = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX) / precision * precision;
        let facts = json!({
            "command": self.command,
            "result": match ended { CommandEnd { signal: Some(_), .. } => "killed", CommandEnd { code: 0, .. } => "ok", _ => "failed" },
            "code": ended.code,
            "signal": ended.signal.map(signal_name).unwrap_or_default(),
            "duration": humantime::format_duration(Duration::from_millis(rounded)).to_string(),
            "host": self.host,
            "started": rfc_3339(self.started),
        });
        facts.as_object().cloned().unwrap_or_default()
    }
}
