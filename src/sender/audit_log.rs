//! The audit log: a JSON line for each message of `send`, `run` and `--test-to`, each change of a bulk run and its end,
//! each run that a safety check blocked, and each decision about rows. The profile or `JELOUCTL_LOG` sets the file. Lines contain no
//! message text and no secret. A failed write does not change the exit code.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::resolve::read_environment;
use crate::base::message::msg;
use crate::base::output::{Record, Stderr, compact};
#[cfg(unix)]
use crate::base::owner::is_trusted;
use crate::base::private_file::{FileAction, FileError, MissingReader, directory_of, open_named};
use crate::base::process::{host_name, user_name};
use crate::base::timestamps::rfc_3339_millis;
use crate::command_error::CommandError;
use crate::jelou::api::excerpt;
use crate::jelou::message::merge;
use crate::lists::exclusions::{ExclusionList, Exclusions};
use crate::sender::config::{Flags, Settings};

/// The file of the log, if there is one, and the sender.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuditLog {
    path: Option<PathBuf>,
    /// The fields of every line that describe the sender.
    sender: Value,
}

impl AuditLog {
    pub(crate) fn from_settings(settings: &Settings) -> Self {
        let sender = json!({
            "sandbox": settings.is_sandboxed(),
            "profile": settings.profile.as_ref().map(|profile| &profile.value),
            "bot_id": settings.bot.as_deref(),
            "client_id": settings.login.id().map(|id| id.value.as_str()),
            "exclusions": [],
        });
        Self {
            path: settings.log.clone(),
            sender,
        }
    }

    /// Adds the lists of excluded recipients.
    pub(crate) fn with(mut self, exclusions: &Exclusions) -> Self {
        // To count the recipients of a long list takes time.
        if self.path.is_none() {
            return self;
        }
        let list = |list: &ExclusionList| json!({ "list": list.name, "people": list.count(), "sheets": list.sheets });
        let lists: Value = exclusions.lists.iter().map(list).collect();
        merge(&mut self.sender, json!({ "exclusions": lists }));
        self
    }

    /// Opens the log of the configuration that these flags select. Does not print its warnings.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn from_flags(flags: &Flags) -> Result<Self, CommandError> {
        let environment = read_environment()?;
        Ok(Self::from_settings(&Settings::load(flags, &environment)?))
    }

    /// Does the same for a change that was made. If the settings cannot be read, it prints a warning and logs nothing.
    pub(crate) fn after_change(flags: &Flags, stderr: &Stderr) -> Self {
        Self::from_flags(flags).unwrap_or_else(|error| {
            stderr.warning(msg!(
                "the audit log may be incomplete: {problem}",
                problem = error.message
            ));
            Self::default()
        })
    }

    /// Adds the bot and the client that started a run.
    pub(crate) fn for_run(mut self, bot: &str, client_id: &str) -> Self {
        merge(
            &mut self.sender,
            json!({ "bot_id": bot, "client_id": client_id }),
        );
        self
    }

    /// Adds the bot of the messages.
    pub(crate) fn for_bot(mut self, bot: &str) -> Self {
        merge(&mut self.sender, json!({ "bot_id": bot }));
        self
    }

    /// Logs the outcome of one message. `exit_code` is the exit code of a single send with this outcome.
    pub(crate) fn message(&self, stderr: &Stderr, record: &Record, exit_code: u8) {
        let error = record.error.as_ref();
        let mut message = json!({
                "sent": record.sent,
                "replayed": record.replayed,
                "exit_code": exit_code,
                "code": error.map(|error| error.code),
                // Both come from the API, so they may contain anything.
                "api_code": error.and_then(|error| error.api_code.as_deref()).map(excerpt),
                "message_id": record.message_id.as_deref().map(excerpt),
                "http_status": record.http_status,
                "attempts": record.attempts,
                "duration_ms": record.duration_ms,
                "kind": record.kind,
                "to": record.to,
                "api_url": record.api_url,
        });
        if let Some(check) = record.key_check {
            merge(&mut message, json!({ "once": check }));
        }
        self.add(stderr, "message", &record.command, message);
    }

    /// Adds a line about an event:
    /// - `run`: the state of a bulk run when it finishes or stops, or after `command`
    /// - `change`: this process created, changed or removed a run, or began to send it
    /// - `key`: a decision about recipients of a key
    /// - `ledger`: a decision about a whole ledger
    /// - `exclusion`: a change of the recipients that no list of a ledger reaches
    pub(crate) fn add(&self, stderr: &Stderr, event: &str, command: &str, what: Value) {
        let Some(path) = &self.path else { return };
        #[cfg(unix)]
        let user_id = Some(rustix::process::getuid().as_raw());
        #[cfg(not(unix))]
        let user_id = None::<u32>;
        let mut entry = json!({
            "schema_version": 1,
            "time": rfc_3339_millis(SystemTime::now()),
            "event": event,
            "command": command,
            "host": host_name(),
            "user": user_name(),
            "user_id": user_id,
            "pid": process::id(),
            "version": env!("CARGO_PKG_VERSION"),
        });
        merge(&mut entry, self.sender.clone());
        merge(&mut entry, what);
        let line = compact(&entry) + "\n";
        if let Err(cause) = open(path).and_then(|log| append(log, path, line)) {
            let error = FileError::while_doing(FileAction::Write, path)(cause);
            let problem = error.message();
            stderr.warning(msg!(
                "the audit log is missing this {event}: {problem}",
                event,
                problem
            ));
        }
    }
}

/// Checks whether the log can be written, without writing or creating it, for `doctor`.
///
/// # Errors
/// If it cannot be written, with the reason.
pub(crate) fn check_audit_log(path: &Path) -> Result<(), FileError> {
    let checked = match (own_descriptor(path), path.try_exists()) {
        (None, Ok(false)) => check_directory(directory_of(path)),
        (None, Err(cause)) => Err(cause),
        (Some(_), _) | (None, Ok(true)) => open(path).map(|_| ()),
    };
    checked.map_err(FileError::while_doing(FileAction::Write, path))
}

fn check_directory(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    rustix::fs::access(directory, rustix::fs::Access::WRITE_OK)?;
    std::fs::metadata(directory).map(|_| ())
}

/// Appends in one write, so that the lines of several processes do not mix.
fn append(mut log: File, path: &Path, mut line: String) -> io::Result<()> {
    // If two processes start the new line at the same time, one empty line remains.
    if ends_within_a_line(path) {
        line.insert(0, '\n');
    }
    match log.write(line.as_bytes())? {
        length if length < line.len() => Err(io::Error::new(
            io::ErrorKind::WriteZero,
            msg!("only a part was written"),
        )),
        _ => Ok(()),
    }
}

/// Returns whether the last line is cut, for example by a full disk. An unreadable file counts as
/// complete.
fn ends_within_a_line(path: &Path) -> bool {
    let last = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        Ok::<_, io::Error>(last)
    };
    path.is_file() && last().is_ok_and(|last| last != [b'\n'])
}

/// Opens the log to append. A new file has mode 0600.
fn open(path: &Path) -> io::Result<File> {
    if let Some(descriptor) = own_descriptor(path) {
        return descriptor;
    }
    // A pipe without a reader must not block a send.
    let opened = open_named(
        path,
        File::options().append(true).create(true),
        MissingReader::Fail,
    );
    let file = opened.map_err(|error| error.cause)?;
    #[cfg(unix)]
    refuse_unsafe(&file)?;
    Ok(file)
}

/// This process's descriptor for `path`. Opening the path again would fail for a socket, as in a systemd service, or
/// for another user's pipe.
#[cfg(unix)]
fn own_descriptor(path: &Path) -> Option<io::Result<File>> {
    use std::os::fd::AsFd;

    let descriptor = match path.to_str()? {
        "/dev/stdout" => io::stdout().as_fd().try_clone_to_owned(),
        "/dev/stderr" => io::stderr().as_fd().try_clone_to_owned(),
        _ => return None,
    };
    Some(descriptor.map(File::from))
}

#[cfg(not(unix))]
fn own_descriptor(_path: &Path) -> Option<io::Result<File>> {
    None
}

/// Refuses an unsafe log. A log that others can change proves nothing, and another user may have
/// created it to read the recipients. The permissions of special files, such as a terminal, do not
/// show that.
#[cfg(unix)]
fn refuse_unsafe(file: &File) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let metadata = file.metadata()?;
    let problem = if !metadata.is_file() {
        return Ok(());
    } else if !is_trusted(&metadata) {
        msg!("it belongs to another user")
    } else if metadata.mode() & 0o002 != 0 {
        let mode = format!("{:o}", metadata.mode() & 0o777);
        msg!("anyone can change it (mode {mode}, not 600)", mode)
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::PermissionDenied, problem))
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;
    use crate::base::output::{Color, RecordError, Sent, Verbosity};

    fn log(path: &Path) -> AuditLog {
        let sender = json!({"sandbox": true, "profile": "p", "bot_id": "1", "client_id": "c", "exclusions": []});
        AuditLog {
            path: Some(path.to_owned()),
            sender,
        }
    }

    #[test]
    fn audit_line_has_outcome_without_message_text() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("log");
        let stderr = Stderr::new(Verbosity::Quiet, Color::default());
        let long = "x".repeat(10_000);
        let error = RecordError {
            code: "rejected",
            api_code: Some(long.clone()),
            message: "canary".into(),
            hint: Some("canary".into()),
            ..RecordError::default()
        };
        let record = Record {
            command: "send".into(),
            sent: Sent::No,
            kind: Some("text".into()),
            to: Some("593987654321".to_owned()),
            message_id: Some(long),
            http_status: Some(400),
            response: to_raw_value("canary").ok(),
            attempts: 2,
            duration_ms: 7,
            error: Some(error),
            ..Record::default()
        };
        log(&path).message(&stderr, &record, 5);
        // A cut line is terminated first.
        let half = std::fs::read_to_string(&path).unwrap() + "{\"half\":";
        std::fs::write(&path, half).unwrap();
        log(&path)
            .for_run("2", "d")
            .add(&stderr, "run", "bulk send", json!({ "run": "r" }));

        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("canary"), "{text}");
        let lines: Vec<_> = text.lines().collect();
        let [message, half, run] = lines[..] else {
            panic!("{text}")
        };
        assert_eq!(half, "{\"half\":");
        let mut message: Value = serde_json::from_str(message).unwrap();
        let fields = message.as_object_mut().unwrap();
        for of_here in ["time", "host", "user", "user_id", "pid", "version"] {
            assert!(fields.remove(of_here).is_some(), "{of_here}");
        }
        for of_api in ["api_code", "message_id"] {
            let text = fields.remove(of_api).unwrap();
            assert!(
                text.as_str()
                    .is_some_and(|text| text.len() < 10_000 && text.ends_with('…')),
                "{text}"
            );
        }
        let expected = json!({
            "schema_version": 1, "event": "message", "command": "send", "sandbox": true, "profile": "p", "bot_id": "1",
            "client_id": "c", "exclusions": [], "sent": "no", "replayed": false, "exit_code": 5, "code": "rejected",
            "http_status": 400, "attempts": 2, "duration_ms": 7, "kind": "text", "to": "593987654321", "api_url": null,
        });
        assert_eq!(message, expected);
        let run: Value = serde_json::from_str(run).unwrap();
        let named = ["event", "command", "run", "profile", "bot_id", "client_id"]
            .map(|name| run[name].as_str().unwrap());
        assert_eq!(named, ["run", "bulk send", "r", "p", "2", "d"]);
    }
}
