//! Where a secret comes from, and how it is fetched: only when a request is about to leave.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::error::ConfigError;
use super::file::readable_by_others;
use crate::secret::Secret;

/// The largest secret, in bytes.
const MAX_BYTES: u64 = 64 * 1024;
/// How long a secret command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    Value(Secret),
    File(PathBuf),
    Stdin,
    /// Program and arguments.
    Command(Vec<String>),
    /// Typed on the terminal, hidden.
    Prompt,
}

impl fmt::Display for SecretSource {
    /// The kind of source; of a command only the program, since its arguments may hold something secret.
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

impl SecretSource {
    /// The secret, with a warning when others can read its file. `ask` reads it from the terminal.
    ///
    /// # Errors
    /// When it cannot be had, or is empty.
    pub async fn fetch(
        &self,
        ask: impl FnOnce() -> io::Result<String>,
    ) -> Result<(Secret, Option<String>), ConfigError> {
        let mut warning = None;
        let raw = match self {
            Self::Value(secret) => return self.check(secret.clone()).map(|secret| (secret, None)),
            Self::File(path) => {
                let unreadable = |cause| ConfigError::File { action: "read", path: path.clone(), cause };
                let file = File::open(path).map_err(unreadable)?;
                let metadata = file.metadata().map_err(unreadable)?;
                if readable_by_others(&metadata) {
                    warning = Some(format!("{} holds a secret and others can read it: chmod 600 {0}", path.display()));
                }
                read(file).map_err(unreadable)?
            }
            Self::Stdin => read(io::stdin().lock()).map_err(|cause| self.bad(&format!("cannot be read: {cause}")))?,
            Self::Command(words) => run(words).await?,
            Self::Prompt => ask().map_err(|cause| self.bad(&format!("cannot be read: {cause}")))?.into_bytes(),
        };
        if raw.len() as u64 > MAX_BYTES {
            return Err(self.bad("is longer than 64 KiB"));
        }
        let secret = String::from_utf8(raw).map_err(|_| self.bad("is not UTF-8"))?;
        Ok((self.check(Secret::new(secret))?, warning))
    }

    fn check(&self, secret: Secret) -> Result<Secret, ConfigError> {
        if secret.is_empty() { Err(self.bad("is empty")) } else { Ok(secret) }
    }

    fn bad(&self, problem: &str) -> ConfigError {
        ConfigError::BadSecret { origin: self.to_string(), problem: problem.to_owned() }
    }
}

fn read(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Runs a command without a shell and with nothing on its standard input; its standard output is the secret.
async fn run(words: &[String]) -> Result<Vec<u8>, ConfigError> {
    let program = words.first().cloned().unwrap_or_default();
    let failed_to_run = |cause| ConfigError::SecretCommand { program: program.clone(), cause };
    let mut child = Command::new(&program)
        .args(words.iter().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed_to_run)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    // Reading stops at the limit, which ends a command that goes on writing by a closed pipe.
    let finished = tokio::time::timeout(COMMAND_TIMEOUT, async {
        let (stdout, stderr) = tokio::try_join!(read_to_limit(stdout), read_to_limit(stderr))?;
        Ok((child.wait().await?, stdout, stderr))
    });
    let (status, stdout, stderr) = match finished.await {
        Ok(result) => result.map_err(failed_to_run)?,
        Err(_) => return Err(ConfigError::SecretCommandHangs { program, seconds: COMMAND_TIMEOUT.as_secs() }),
    };
    if stdout.len() as u64 > MAX_BYTES {
        return Ok(stdout);
    }
    if !status.success() {
        let stderr = String::from_utf8_lossy(&stderr).trim().to_owned();
        return Err(ConfigError::SecretCommandFailed { program, status: status.to_string(), stderr });
    }
    Ok(stdout)
}

async fn read_to_limit(stream: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(MAX_BYTES + 1).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}
