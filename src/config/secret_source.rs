//! Where a secret comes from, and how it is fetched: only when a request is about to leave.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::error::ConfigError;
use super::sourced::{Origin, Sourced};
use super::trust::open_to_others;
use crate::private_file::{FileError, PipeBound, open_to_read};
use crate::program::start_program;
use crate::secret::Secret;

/// The beginning of the directory in which systemd puts the secrets of a service.
const CREDENTIALS_DIRECTORY: &str = "${CREDENTIALS_DIRECTORY}/";
/// The largest secret, in bytes.
const MAX_BYTES: u64 = 64 * 1024;
/// How long a secret command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long its output may still arrive after it has ended.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(100);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretSource {
    Value(Secret),
    File(PathBuf),
    Stdin,
    /// Program and arguments.
    Command(Vec<String>),
    /// Typed on the terminal, hidden.
    Prompt,
}

impl fmt::Display for SecretSource {
    /// The kind of source; of a command only the program, since its arguments may contain a secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => formatter.write_str("(redacted)"),
            Self::File(path) => write!(formatter, "file {}", path.display()),
            Self::Stdin => formatter.write_str("standard input"),
            Self::Command(words) => write!(formatter, "command {}", words.first().map_or("", String::as_str)),
            Self::Prompt => formatter.write_str("asked for on the terminal"),
        }
    }
}

impl Sourced<SecretSource> {
    /// The secret, with warnings when others can read its file or when it looks like something around a secret. `ask` reads
    /// it from the terminal. An empty secret is an error.
    pub(crate) async fn fetch(&self, ask: fn() -> io::Result<String>) -> Result<(Secret, Vec<String>), ConfigError> {
        let unreadable = |cause: io::Error| self.bad(&format!("cannot be read: {cause}"));
        let (raw, warning) = match &self.value {
            SecretSource::Value(secret) => (secret.reveal().as_bytes().to_vec(), None),
            SecretSource::File(path) => {
                let path = self.found(path)?;
                let file = path.clone();
                let read = blocking(move || read_file(&file)).await;
                let failed =
                    |cause| ConfigError::SecretFile { place: self.place(), error: FileError::of("read", &path)(cause) };
                read.map_err(failed)?
            }
            SecretSource::Stdin => (blocking(|| read(io::stdin().lock())).await.map_err(unreadable)?, None),
            SecretSource::Command(words) => (run(words, &self.place()).await?, None),
            SecretSource::Prompt => match ask() {
                Ok(typed) => (typed.into_bytes(), None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(ConfigError::PromptInterrupted),
                Err(error) => return Err(unreadable(error)),
            },
        };
        if raw.len() as u64 > MAX_BYTES {
            return Err(self.bad("is longer than 64 KiB"));
        }
        let secret = String::from_utf8(raw).map(Secret::new).map_err(|_| self.bad("is not UTF-8"))?;
        if secret.is_empty() {
            return Err(self.bad("is empty"));
        }
        let shape = secret.suspicious_shape().map(|shape| format!("the client secret from {} {shape}", self.origin()));
        Ok((secret, warning.into_iter().chain(shape).collect()))
    }

    /// The file at `path`, which in a profile may begin with the directory of a service's credentials.
    fn found(&self, path: &Path) -> Result<PathBuf, ConfigError> {
        let Some(text) = path.to_str().filter(|path| path.starts_with("${")) else { return Ok(path.to_owned()) };
        if !matches!(self.origin, Origin::Profile(_)) {
            return Ok(path.to_owned());
        }
        let Some(name) = text.strip_prefix(CREDENTIALS_DIRECTORY) else {
            return Err(self.bad("names a variable; only ${CREDENTIALS_DIRECTORY}/NAME is understood"));
        };
        let directory = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|directory| !directory.is_empty());
        let directory = directory.ok_or_else(|| {
            self.bad(
                "cannot be found: CREDENTIALS_DIRECTORY is not set (systemd sets it in a service with LoadCredential=)",
            )
        })?;
        Ok(PathBuf::from(directory).join(name))
    }

    /// The flag, the variable, or the profile's key that names the source.
    fn place(&self) -> String {
        let key = match (&self.origin, &self.value) {
            (Origin::Profile(_), SecretSource::File(_)) => ", client_secret_file",
            (Origin::Profile(_), SecretSource::Command(_)) => ", client_secret_command",
            _ => "",
        };
        format!("{}{key}", self.origin)
    }

    fn bad(&self, problem: &str) -> ConfigError {
        ConfigError::BadSecret { origin: self.origin(), problem: problem.to_owned() }
    }

    fn origin(&self) -> String {
        match &self.value {
            SecretSource::Value(_) => self.origin.to_string(),
            SecretSource::Prompt => "the terminal".to_owned(),
            other => format!("{other} ({})", self.place()),
        }
    }
}

/// A read that may wait for another process (a pipe) must not block signals.
async fn blocking<T: Send + 'static>(read: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn read_file(path: &Path) -> io::Result<(Vec<u8>, Option<String>)> {
    let file = open_to_read(path, PipeBound::FirstByte)?;
    let warning = open_to_others(path, &file.metadata()?);
    Ok((read(file)?, warning))
}

fn read(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Runs a command without a shell and without standard input; its standard output is the secret. `place` names the setting in
/// errors.
async fn run(words: &[String], place: &str) -> Result<Vec<u8>, ConfigError> {
    let place = place.to_owned();
    let program = words.first().cloned().unwrap_or_default();
    let failed_to_run = |cause| ConfigError::SecretCommand { place: place.clone(), program: program.clone(), cause };
    let started = start_program(program.as_ref(), |mut command| {
        let command = command.args(words.iter().skip(1)).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn()
    });
    let mut child = started.map_err(failed_to_run)?;
    let streams = (child.stdout.take(), child.stderr.take());
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let finished = {
        // Reading stops at the limit; a command that keeps writing is ended by the closed pipe.
        let mut reading = pin!(async {
            tokio::try_join!(read_to_limit(streams.0, &mut stdout), read_to_limit(streams.1, &mut stderr)).map(|_| ())
        });
        let ended = async {
            tokio::select! {
                read = &mut reading => read?,
                _ = child.wait() => {
                    // A process that it started, such as an agent, may keep the pipes open; the command's own output is
                    // complete.
                    tokio::time::timeout(DRAIN_TIMEOUT, &mut reading).await.unwrap_or(Ok(()))?;
                }
            }
            child.wait().await
        };
        tokio::time::timeout(COMMAND_TIMEOUT, ended).await
    };
    let said = || String::from_utf8_lossy(&stderr).trim().to_owned();
    let Ok(status) = finished else {
        return Err(ConfigError::SecretCommandHangs {
            place,
            program,
            seconds: COMMAND_TIMEOUT.as_secs(),
            stderr: said(),
        });
    };
    let status = status.map_err(failed_to_run)?;
    let too_long = stdout.len() as u64 > MAX_BYTES;
    if !status.success() && !too_long {
        return Err(ConfigError::SecretCommandFailed { place, program, status: status.to_string(), stderr: said() });
    }
    Ok(stdout)
}

async fn read_to_limit(stream: Option<impl AsyncRead + Unpin>, bytes: &mut Vec<u8>) -> io::Result<()> {
    if let Some(stream) = stream {
        stream.take(MAX_BYTES + 1).read_to_end(bytes).await?;
    }
    Ok(())
}
