//! Sources of a secret. jelouctl fetches the secret only right before a request.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use super::error::interrupted;
use super::keys::redacted;
use super::layer::{Layer, Origin, WithOrigin};
use crate::base::message::{Message, ToValue, Value, msg};
#[cfg(unix)]
use crate::base::owner::is_on_read_only_disk;
#[cfg(unix)]
use crate::base::paths::service_secrets;
use crate::base::private_file::{self, FileAction, FileError, PipeBound, open_to_read};
use crate::base::process::{Signal, find_program, run_blocking};
use crate::base::secret::Secret;
use crate::base::text_encoding::{NotText, decode_text};
use crate::command_error::CommandError;

/// The largest secret, in bytes.
const MAX_BYTES: u64 = 64 * 1024;
/// The timeout of a secret command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait for the signal that ended the command: this process may get it a little later.
const SIGNAL_DELAY: Duration = Duration::from_secs(1);
/// How long to read output after the command has exited.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(100);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretSource {
    Value(Secret),
    File(SecretFile),
    Stdin,
    /// Program and arguments.
    Command(Vec<String>),
    /// Typed at a hidden prompt.
    Prompt,
}

/// A file with a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretFile {
    path: PathBuf,
    /// Whether the path is a name without folder or extension: it may be the secret itself.
    is_bare: bool,
}

impl SecretFile {
    /// Creates the source of a file. Relative paths of the source start at `directory`.
    fn new(path: PathBuf, directory: &Path) -> Self {
        let is_bare = path.file_name().is_some_and(|name| {
            let is_below = directory.join(name).as_os_str() == path.as_os_str();
            is_below && is_bare_name(&name.to_string_lossy())
        });
        Self { path, is_bare }
    }

    fn may_be_secret(&self) -> bool {
        self.is_bare && !self.path.exists()
    }
}

/// Returns whether `path` has neither folder nor extension. If the file does not exist, the path may
/// be a secret that was typed instead of a file.
pub(crate) fn is_bare_name(path: &str) -> bool {
    !path.contains(['/', '\\', '.'])
}

impl SecretSource {
    /// Returns the keys that can set the secret called `name`: itself, a command or a file.
    pub(super) fn ways(name: &str) -> [String; 3] {
        ["", "_command", "_file"].map(|ending| format!("{name}{ending}"))
    }

    /// Reads the source of the secret called `name`. Relative paths of `layer` start at
    /// `directory`.
    ///
    /// # Errors
    /// If two keys set it.
    pub(super) fn from_layer(
        layer: &Layer,
        name: &str,
        directory: &Path,
    ) -> Result<Option<WithOrigin<Self>>, CommandError> {
        let ways = Self::ways(name);
        let mut given = ways.iter().filter(|way| layer.has(way));
        let Some(key) = given.next() else {
            return Ok(None);
        };
        if let Some(other) = given.next() {
            let message = msg!(
                "both {key} ({origin}) and {other} ({second}) are set",
                key,
                origin = layer.origin(key),
                other,
                second = layer.origin(other)
            );
            return Err(CommandError::bare_configuration(message));
        }
        let words = layer.list(key).unwrap_or_default();
        let source = match key.strip_prefix(name) {
            Some("_command") => Self::Command(words.to_vec()),
            Some("_file") if layer.has_stdin(key) => Self::Stdin,
            Some("_file") => Self::File(SecretFile::new(words.concat().into(), directory)),
            _ => Self::Value(Secret::new(words.concat())),
        };
        Ok(Some(layer.origin(key).tag(source)))
    }
}

/// The kind of source. A command is shown without its arguments, which may contain a secret.
impl ToValue for SecretSource {
    fn to_value(&self) -> Value {
        let shown = match self {
            Self::Value(_) => redacted(),
            Self::File(file) if file.may_be_secret() => msg!("a file that does not exist"),
            Self::File(file) => msg!("file {path}", path = file.path),
            Self::Stdin => msg!("standard input"),
            Self::Command(words) => {
                let program = words.first().map_or("", String::as_str);
                msg!("command {program}", program)
            }
            Self::Prompt => msg!("a prompt on the terminal"),
        };
        Value::Message(shown)
    }
}

/// Returns the error for a missing file. It does not print the name, which may be the secret.
fn no_such_file(origin: &Origin) -> CommandError {
    CommandError::configuration(
        msg!(
            "{origin}: no such file; its name is hidden because it may be the secret",
            origin
        ),
        msg!(
            "to pass a file: --client-secret-file ./secret; to pass the secret itself: set JELOU_CLIENT_SECRET"
        ),
    )
}

impl WithOrigin<SecretSource> {
    /// Fetches the secret, and a warning if others can read its file. `ask` prompts for it. An
    /// empty secret is an error.
    pub(crate) async fn fetch(
        &self,
        ask: impl AsyncFnOnce() -> io::Result<String>,
    ) -> Result<(Secret, Option<Message>), CommandError> {
        let source = self.source();
        let unreadable = |cause: io::Error| {
            configuration_error(msg!(
                "the secret from {source} cannot be read: {cause}",
                source,
                cause
            ))
        };
        let mut warning = None;
        let raw = match &self.value {
            SecretSource::Value(secret) => secret.reveal().as_bytes().to_vec(),
            SecretSource::File(file) => {
                let path = file.path.clone();
                let read = run_blocking(move || read_file(&path)).await;
                let (raw, of_file) = read.map_err(|cause| self.unreadable_file(file, cause))?;
                warning = of_file;
                raw
            }
            SecretSource::Stdin => {
                let read = || private_file::read_to_limit(io::stdin().lock(), MAX_BYTES);
                run_blocking(read).await.map_err(unreadable)?
            }
            SecretSource::Command(words) => run(words, &self.origin).await?,
            SecretSource::Prompt => match ask().await {
                Ok(typed) => typed.into_bytes(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    return Err(interrupted(Signal::Interrupt));
                }
                Err(error) => return Err(unreadable(error)),
            },
        };
        Ok((read_secret(raw, &source)?, warning))
    }

    fn unreadable_file(&self, file: &SecretFile, cause: io::Error) -> CommandError {
        let origin = &self.origin;
        if file.may_be_secret() {
            return no_such_file(origin);
        }
        let problem = FileError::while_doing(FileAction::Read, &file.path)(cause);
        configuration_error(msg!(
            "{origin}: {problem}",
            origin,
            problem = problem.message()
        ))
    }

    /// Returns where the secret comes from.
    fn source(&self) -> Message {
        let origin = &self.origin;
        match &self.value {
            SecretSource::Value(_) => origin.message(),
            SecretSource::Prompt => msg!("the terminal"),
            other => msg!("{source} ({origin})", source = other, origin),
        }
    }
}

fn configuration_error(message: Message) -> CommandError {
    CommandError::bare_configuration(message)
}

fn read_file(path: &Path) -> io::Result<(Vec<u8>, Option<Message>)> {
    let file = open_to_read(path, PipeBound::FirstByte)?;
    let warning = open_to_others(path, &file.metadata()?);
    Ok((private_file::read_to_limit(file, MAX_BYTES)?, warning))
}

/// Reads the secret in the bytes from `source`.
fn read_secret(raw: Vec<u8>, source: &Message) -> Result<Secret, CommandError> {
    let is_too_long = raw.len() as u64 > MAX_BYTES;
    let problem = match decode_text(raw).map(Secret::new) {
        _ if is_too_long => msg!("the secret from {source} is longer than 64 KiB", source),
        Err(NotText { encoding, line }) => msg!(
            "the secret from {source} is not {encoding} at line {line}",
            source,
            encoding,
            line
        ),
        Ok(secret) if secret.is_empty() => msg!("the secret from {source} is empty", source),
        Ok(secret) if secret.reveal().contains(['\n', '\r']) => {
            msg!("the secret from {source} has more than one line", source)
        }
        Ok(secret) => return Ok(secret),
    };
    Err(configuration_error(problem))
}

/// Runs a command without a shell and without standard input. Its standard output is the secret. Its standard error is
/// discarded, because the trace of a script (`set -x`) shows the secret. `origin` names the setting in errors.
async fn run(words: &[String], origin: &Origin) -> Result<Vec<u8>, CommandError> {
    let program = words.first().map_or("", String::as_str);
    let failed = |problem: Message| {
        let hint = msg!("run the command yourself: it must print the secret, without a prompt");
        CommandError::configuration(msg!("{origin}: {problem}", origin, problem), hint)
    };
    let failed_to_run = |cause: io::Error| {
        failed(msg!(
            "failed to run the secret command `{program}`: {cause}",
            program,
            cause
        ))
    };
    let mut command = Command::new(find_program(program.as_ref()));
    command
        .args(words.iter().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.kill_on_drop(true).spawn().map_err(failed_to_run)?;
    let mut stdout = Vec::new();
    let ended = read_output(&mut child, &mut stdout);
    let finished = tokio::time::timeout(COMMAND_TIMEOUT, ended).await;
    let Ok(status) = finished else {
        let seconds = COMMAND_TIMEOUT.as_secs();
        return Err(failed(msg!(
            "the secret command `{program}` printed no secret within {seconds} s",
            program,
            seconds
        )));
    };
    let status = status.map_err(failed_to_run)?;
    let too_long = stdout.len() as u64 > MAX_BYTES;
    if !status.success() && !too_long {
        if status.code().is_none_or(|code| code > 128) {
            // Ctrl-C at a terminal signals the command and this process, perhaps a little later.
            tokio::time::sleep(SIGNAL_DELAY).await;
        }
        return Err(failed(msg!(
            "the secret command `{program}` failed with {status}",
            program,
            status = status.to_string()
        )));
    }
    Ok(stdout)
}

/// Reads the output of a command until it has ended, or until the limit. The closed pipe then ends a command that keeps
/// writing.
async fn read_output(child: &mut Child, stdout: &mut Vec<u8>) -> io::Result<ExitStatus> {
    if let Some(stream) = child.stdout.take() {
        let mut limited = stream.take(MAX_BYTES + 1);
        let mut reading = pin!(limited.read_to_end(stdout));
        tokio::select! {
            read = &mut reading => drop(read?),
            _ = child.wait() => {
                // A child of the command, such as an agent, may keep the pipe open. The command's own output is
                // complete.
                if let Ok(read) = tokio::time::timeout(DRAIN_TIMEOUT, &mut reading).await {
                    read?;
                }
            }
        }
    }
    child.wait().await
}

/// Warns if others can read or change the file of a secret.
#[cfg(unix)]
pub(super) fn open_to_others(path: &Path, metadata: &Metadata) -> Option<Message> {
    use std::os::unix::fs::MetadataExt;

    if !metadata.is_file() || is_managed(path) {
        return None;
    }
    let mode = metadata.mode() & 0o777;
    let shown = format!("{mode:o}");
    if mode & 0o044 != 0 {
        Some(msg!(
            "{path} contains a secret, and others can read it (mode {mode}, not 600)",
            path,
            mode = shown
        ))
    } else if mode & 0o022 != 0 {
        Some(msg!(
            "{path} contains a secret, and others can write it (mode {mode}, not 600)",
            path,
            mode = shown
        ))
    } else {
        None
    }
}

/// Returns whether a container or a service manager created the file, so that the user cannot
/// change its permissions. Docker, Kubernetes and systemd put secrets, some with mode 0444, into
/// their own directories or on a read-only mount.
#[cfg(unix)]
fn is_managed(path: &Path) -> bool {
    let is_from_systemd = service_secrets().is_some_and(|place| path.starts_with(place));
    let is_from_container = ["/run/secrets", "/var/run/secrets"]
        .iter()
        .any(|place| path.starts_with(place));
    is_from_systemd || is_from_container || is_on_read_only_disk(path)
}

#[cfg(not(unix))]
pub(super) fn open_to_others(_path: &Path, _metadata: &Metadata) -> Option<Message> {
    None
}
