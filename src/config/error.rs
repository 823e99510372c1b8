//! Errors of the configuration, each with its hint.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::private_file::FileError;

#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    #[error("{name} is not UTF-8")]
    VariableNotUtf8 { name: &'static str },
    #[error("{name}: {problem}")]
    Variable { name: &'static str, problem: String },
    #[error("{origin}: {problem}")]
    Ledger { origin: String, problem: String },
    /// An error that nothing is decided by.
    #[error("{message}")]
    Other { message: String, hint: String },
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{}: line {line}: {problem}", path.display())]
    Syntax { path: PathBuf, line: usize, problem: String, nearest: Option<String> },
    #[error("there is no profile `{name}` (from {origin}){}", list(known))]
    UnknownProfile { name: String, origin: String, known: Vec<String>, nearest: Option<String> },
    #[error("there are several profiles and none is the default{}", list(known))]
    NoDefaultProfile { known: Vec<String> },
    #[error("no bot to send from")]
    NoBot,
    #[error("no credentials")]
    NoCredentials,
    #[error("no client secret for client id `{client_id}`")]
    NoSecret { client_id: String },
    #[error("run {run} sends to {of_run}, but this process is set up to send to {own}")]
    RunAtAnotherAddress { run: String, of_run: String, own: String },
    #[error("{place}: {error}")]
    SecretFile { place: String, error: FileError },
    #[error("{place}: failed to run the secret command `{program}`: {cause}")]
    SecretCommand { place: String, program: String, cause: io::Error },
    #[error("{place}: the secret command `{program}` failed with {status}{}", said(stderr))]
    SecretCommandFailed { place: String, program: String, status: String, stderr: String },
    #[error("{place}: the secret command `{program}` gave no secret within {seconds} s{}", said(stderr))]
    SecretCommandHangs { place: String, program: String, seconds: u64, stderr: String },
    #[error("the client secret from {origin} {problem}")]
    BadSecret { origin: String, problem: String },
    #[error("interrupted while the secret was asked for")]
    PromptInterrupted,
    /// It stops for the same reason as a guard: nothing under a sandbox must reach anyone.
    #[error("this runs inside a sandbox (process {process}), whose address cannot be found")]
    HiddenSandbox { process: u32 },
}

fn said(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!(": {stderr}") }
}

fn list(known: &[String]) -> String {
    if known.is_empty() { "; there are no profiles".to_owned() } else { format!("; there are: {}", known.join(", ")) }
}

impl ConfigError {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Other { message: message.into(), hint: hint.into() }
    }

    /// What to do, for the hint line.
    pub(crate) fn hint(&self) -> Option<String> {
        const EVERY_WAY: &str = "give credentials with a profile (jelouctl profile set NAME --bot BOT --client-id ID), with JELOU_CLIENT_ID and \
            JELOU_CLIENT_SECRET, or with --client-id and --client-secret-file FILE; to try without any, add --sandbox";
        let hint = match self {
            Self::Other { hint, .. } => hint.clone(),
            Self::VariableNotUtf8 { .. } | Self::Variable { .. } => "fix its value, or unset it".to_owned(),
            Self::Ledger { .. } => "write it as postgres://USER@HOST/DATABASE; a password comes from JELOUCTL_LEDGER, PGPASSWORD, or \
                 ledger_password_file or ledger_password_command of the profile"
                .to_owned(),
            Self::File(FileError { action: "read", .. }) | Self::SecretFile { .. } => "check the path and its permissions".to_owned(),
            Self::File(_) => "check the permissions of the directory, and that the disk is not full".to_owned(),
            Self::Syntax { nearest: Some(nearest), .. } | Self::UnknownProfile { nearest: Some(nearest), .. } => {
                format!("did you mean `{nearest}`?")
            }
            Self::Syntax { .. } | Self::PromptInterrupted => return None,
            Self::HiddenSandbox { .. } => {
                "keep JELOUCTL_SANDBOX in the environment, and the user who started the sandbox".to_owned()
            }
            Self::UnknownProfile { name, .. } => format!("make it with: jelouctl profile set {name} --bot BOT --client-id ID"),
            Self::NoDefaultProfile { .. } => "choose with --profile NAME, or once for all with: jelouctl profile use NAME".to_owned(),
            Self::NoBot => "give one with --bot, JELOU_BOT_ID or bot_id of a profile; to try without any, add --sandbox".to_owned(),
            Self::NoCredentials => EVERY_WAY.to_owned(),
            Self::NoSecret { .. } => {
                "give the profile its secret: jelouctl profile set NAME --client-secret-file FILE; or give both id and secret outside \
                 it, with JELOU_CLIENT_ID and JELOU_CLIENT_SECRET"
                    .to_owned()
            }
            Self::RunAtAnotherAddress { .. } => {
                "if the credentials may be sent to that address, name it with JELOU_API_URL, --api-url or api_url of the profile"
                    .to_owned()
            }
            Self::SecretCommand { .. } | Self::SecretCommandFailed { .. } | Self::SecretCommandHangs { .. } => {
                "run the command by hand; it must print the secret and ask for nothing".to_owned()
            }
            Self::BadSecret { .. } => "check where the secret comes from".to_owned(),
        };
        Some(hint)
    }
}
