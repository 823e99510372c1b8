//! What templates see of a command: its name, never its arguments, which may hold secrets.

use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Map, Value, json};

use crate::commands::child::Ended;

/// A command that began when this was made.
pub struct Facts {
    command: String,
    host: String,
    started: SystemTime,
    begun: Instant,
}

impl Facts {
    pub fn new(program: &OsStr) -> Self {
        let program = Path::new(program).file_name();
        Self {
            command: program.unwrap_or_default().to_string_lossy().into_owned(),
            host: host(),
            started: SystemTime::now(),
            begun: Instant::now(),
        }
    }

    /// As it is now that it has `ended`, or would be.
    pub fn ended(&self, ended: Ended) -> Map<String, Value> {
        let elapsed = self.begun.elapsed();
        // Nobody reads milliseconds behind minutes.
        let precision = if elapsed < Duration::from_secs(10) { 100 } else { 1000 };
        let rounded = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX) / precision * precision;
        let facts = json!({
            "command": self.command,
            "result": match ended { Ended { signal: Some(_), .. } => "killed", Ended { code: 0, .. } => "ok", _ => "failed" },
            "code": ended.code,
            "signal": ended.signal.map(name_of).unwrap_or_default(),
            "duration": humantime::format_duration(Duration::from_millis(rounded)).to_string(),
            "host": self.host,
            "started": humantime::format_rfc3339_seconds(self.started).to_string(),
        });
        facts.as_object().cloned().unwrap_or_default()
    }
}

/// The signals that end programs, by their names.
fn name_of(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}
