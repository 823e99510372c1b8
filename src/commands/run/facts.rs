//! What templates see of a command: its name, never its arguments, which may hold secrets.

use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Map, Value, json};

use crate::process::{CommandEnd, signal_name};

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
            host: host(),
            started: SystemTime::now(),
            begun: Instant::now(),
        }
    }

    /// As it is now that it has `ended`, or would be.
    pub(crate) fn ended(&self, ended: CommandEnd) -> Map<String, Value> {
        let elapsed = self.begun.elapsed();
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
            "started": humantime::format_rfc3339_seconds(self.started).to_string(),
        });
        facts.as_object().cloned().unwrap_or_default()
    }
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}
