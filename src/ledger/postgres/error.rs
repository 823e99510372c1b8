//! Errors of a ledger in a database, with their hints.

use std::error::Error as _;
use std::path::PathBuf;

use thiserror::Error;
use tokio_postgres::error::SqlState;

use crate::ledger::name::RunName;

#[derive(Debug, Error)]
pub(crate) enum DatabaseError {
    #[error("the database of the ledger, {at}, is not available: {cause}")]
    Unreachable { at: String, cause: String },
    #[error("the database of the ledger, {at}, does not let us in: {cause}")]
    LoginRefused { at: String, cause: String },
    #[error("the password for the ledger's database cannot be had: {problem}")]
    Password { problem: String },
    #[error("{at} is not the server that it should be, or its certificate cannot be verified: {cause}")]
    Tls { at: String, cause: String },
    #[error("the certificate authorities of sslrootcert cannot be used: {}: {problem}", path.display())]
    Roots { path: PathBuf, problem: String },
    #[error("there is no such database: {at}: {cause}")]
    NoDatabase { at: String, cause: String },
    #[error("the database {at} has no ledger of jelouctl")]
    NoLedger { at: String },
    #[error("the ledger in the database is of version {version}, older than this jelouctl uses")]
    OlderSchema { version: i64 },
    #[error("the ledger in the database is of version {version}, newer than this jelouctl knows")]
    NewerSchema { version: i64 },
    #[error("the database is PostgreSQL {version}, and a ledger needs 13 or newer")]
    OldServer { version: i32 },
    #[error("the database may lose what it has said is written: {setting} is {value}")]
    NotDurable { setting: &'static str, value: String },
    #[error("the encoding of the database is {encoding}, and a ledger needs UTF8")]
    Encoding { encoding: String },
    #[error("the database is a standby, which cannot be written")]
    Standby,
    #[error("the database is read-only")]
    ReadOnly,
    #[error("a pooler between here and the database drops the settings of the session: {cause}")]
    Pooler { cause: &'static str },
    #[error("the role of {at} may not use the ledger: {cause}")]
    Rights { at: String, cause: String },
    #[error("the ledger cannot be made by the role of {at}: {cause}")]
    SetupRights { at: String, cause: String },
    #[error("the ledger in the database cannot be read or written: {cause}")]
    Failed { cause: String },
    /// The commit was not answered.
    #[error("whether the run {run} was made is not known: {cause}")]
    PerhapsImported { run: String, cause: String },
    /// The retries took too long.
    #[error("{cause} (tried for {seconds} s)")]
    Gone { seconds: u64, cause: String },
    /// Messages had already been sent.
    #[error("{error}")]
    InMidRun { error: Box<DatabaseError> },
}

/// Why a statement that waited for a lock ended.
const BUSY: &str = "another command is at work on it";

/// The time at which a fault is found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FaultComes {
    /// At any time, until someone changes the database's setup.
    WithTheSetup,
    /// Before anything is sent; the command ends with it.
    BeforeSending,
    /// After messages may have been sent, or after the run was made.
    Later,
}

impl DatabaseError {
    /// For a connection that failed.
    pub(super) fn of_connect(at: &str, error: &tokio_postgres::Error) -> Self {
        let (at, cause) = (at.to_owned(), with_causes(error));
        let Some(refusal) = error.as_db_error() else {
            // The crate offers no other way to tell.
            return match &cause {
                text if text.contains("does not support TLS") => Self::Unreachable { at, cause },
                text if text.contains("TLS handshake") => Self::Tls { at, cause },
                text if text.contains("password missing") => {
                    Self::LoginRefused { at, cause: "it asks for a password, and none was given".to_owned() }
                }
                _ => Self::Unreachable { at, cause },
            };
        };
        let code = refusal.code();
        if refusal.message().contains("startup parameter") {
            Self::Pooler { cause: "it takes none" }
        } else if [SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION].contains(code) {
            Self::LoginRefused { at, cause }
        } else if *code == SqlState::INVALID_CATALOG_NAME {
            Self::NoDatabase { at, cause }
        } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
            Self::Rights { at, cause }
        } else {
            Self::Unreachable { at, cause }
        }
    }

    /// For a statement that failed.
    pub(super) fn of_statement(at: &str, error: &tokio_postgres::Error) -> Self {
        let (at, cause) = (at.to_owned(), with_causes(error));
        match error.code() {
            Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => Self::Rights { at, cause },
            Some(code) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Self::ReadOnly,
            // A prepared statement is missing or replaced: another server process answered.
            Some(code) if [SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::DUPLICATE_PSTATEMENT].contains(code) => {
                Self::Pooler { cause: "a connection has a process of the server for one transaction only" }
            }
            Some(code) if [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME].contains(code) => {
                Self::NoLedger { at }
            }
            Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => Self::Unreachable { at, cause: BUSY.to_owned() },
            // These pass without help: shutdown, lack of resources, locks, rollbacks, disconnects, I/O errors.
            Some(code) if ["57", "53", "55", "40", "08", "58"].iter().any(|class| code.code().starts_with(class)) => {
                Self::Unreachable { at, cause }
            }
            Some(_) => Self::Failed { cause },
            // A value of ours that the database rejects; the crate offers no other way to tell.
            None if cause.contains("serializing") => Self::Failed { cause },
            None => Self::Unreachable { at, cause },
        }
    }

    /// Whether a retry may succeed without anyone fixing anything.
    pub(crate) fn may_pass(&self) -> bool {
        // A database that was just promoted, or is restarting, reports this for a while.
        matches!(self, Self::Unreachable { .. } | Self::Standby | Self::ReadOnly)
    }

    /// Whether the setup is wrong; if not, the database is temporarily unavailable.
    pub(crate) fn is_of_configuration(&self) -> bool {
        self.comes() == FaultComes::WithTheSetup
    }

    fn comes(&self) -> FaultComes {
        match self {
            Self::LoginRefused { .. }
            | Self::Password { .. }
            | Self::Tls { .. }
            | Self::Roots { .. }
            | Self::NoDatabase { .. }
            | Self::NoLedger { .. }
            | Self::OlderSchema { .. }
            | Self::NewerSchema { .. }
            | Self::OldServer { .. }
            | Self::NotDurable { .. }
            | Self::Encoding { .. }
            | Self::Standby
            | Self::ReadOnly
            | Self::Pooler { .. }
            | Self::Rights { .. }
            | Self::SetupRights { .. } => FaultComes::WithTheSetup,
            Self::Unreachable { .. } | Self::Failed { .. } => FaultComes::BeforeSending,
            Self::PerhapsImported { .. } | Self::Gone { .. } | Self::InMidRun { .. } => FaultComes::Later,
        }
    }

    /// The same error of the end of the transaction that makes a run: whether it was made is not known.
    pub(crate) fn of_import(self, run: &RunName) -> Self {
        match self {
            Self::Unreachable { cause, .. } => Self::PerhapsImported { run: run.to_string(), cause },
            other => other,
        }
    }

    /// The same error for a run in progress: the setup error came too late to say that nothing was sent.
    pub(crate) fn in_mid_run(self) -> Self {
        if self.is_of_configuration() { Self::InMidRun { error: Box::new(self) } } else { self }
    }

    /// Whether a command that ends with this error has sent nothing and made no run that others may send.
    pub(crate) fn nothing_was_sent(&self) -> bool {
        self.comes() != FaultComes::Later
    }

    /// The way out, for the hint line.
    pub(crate) fn hint(&self) -> String {
        let way_out = self.way_out();
        match self {
            Self::InMidRun { .. } => format!("{way_out}; then `jelouctl bulk status` says what is known"),
            _ => way_out.to_owned(),
        }
    }

    fn way_out(&self) -> &'static str {
        match self {
            Self::Unreachable { cause, .. } if cause == BUSY => "try again in a moment",
            Self::Unreachable { .. } => {
                "check the address in --ledger, JELOUCTL_LEDGER or the profile, and that the database runs; to continue \
                 what was begun: `jelouctl bulk work`"
            }
            Self::LoginRefused { .. } => {
                "check that the role is there and may log in (PostgreSQL does not tell), and its password: in JELOUCTL_LEDGER, \
                 PGPASSWORD, or by ledger_password_file or ledger_password_command of the profile"
            }
            Self::Password { .. } => "check where the password comes from",
            Self::Tls { .. } => "name the authorities with ?sslrootcert=FILE, and the host as its certificate has it",
            Self::Roots { .. } => "name a file with certificates in PEM",
            Self::NoDatabase { .. } => "make it with createdb, then run `jelouctl ledger setup`",
            Self::NoLedger { .. } => "make it once with `jelouctl ledger setup`, as the owner of the database",
            Self::OlderSchema { .. } => {
                "finish its runs with the jelouctl that made it; then its owner removes it, with all that is known of them, by \
                 DROP SCHEMA jelouctl CASCADE, and makes it anew with `jelouctl ledger setup`"
            }
            Self::NewerSchema { .. } => "use the jelouctl that made it, or a newer one",
            Self::OldServer { .. } => "use a newer PostgreSQL",
            Self::NotDurable { .. } => "set it on: after a power cut messages would be sent twice otherwise",
            Self::Encoding { .. } => {
                "make one that holds every text: createdb --encoding UTF8 --template template0 NAME"
            }
            Self::Standby | Self::ReadOnly => "name the primary",
            Self::Pooler { .. } => "connect to the database itself, or to a pool in session mode",
            Self::Rights { .. } => {
                "ask its owner: GRANT jelouctl_sender TO the role that sends, jelouctl_reader TO one that only looks"
            }
            Self::SetupRights { .. } => {
                "give its SQL to whoever may run it: `jelouctl ledger setup --print`; roles that are there already are used"
            }
            Self::Failed { .. } => "look into the log of the database; `jelouctl bulk status` says how the run stands",
            Self::PerhapsImported { .. } => {
                "where `jelouctl bulk list` has the run, `jelouctl bulk work RUN` sends it, else send the list again"
            }
            Self::Gone { .. } => "when the database is back, `jelouctl bulk status` says what is known",
            Self::InMidRun { error } => error.way_out(),
        }
    }
}

/// The error and its causes, on one line.
fn with_causes(error: &tokio_postgres::Error) -> String {
    let Some(refusal) = error.as_db_error() else {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let inner_text = inner.to_string();
            if !text.contains(&inner_text) {
                text = format!("{text}: {inner_text}");
            }
            cause = inner.source();
        }
        return text;
    };
    refusal.message().to_owned()
}
