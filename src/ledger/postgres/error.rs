//! What can be wrong with the database of a ledger, and the way out.

use std::error::Error as _;
use std::time::Duration;

use thiserror::Error;
use tokio_postgres::error::SqlState;

use crate::ledger::name::RunName;

/// An error of the database, in words.
#[derive(Debug, Error)]
#[error("{message}")]
pub(crate) struct DatabaseError {
    pub(crate) fault: DatabaseFault,
    message: String,
    /// The database's own words, which the message ends with.
    pub(super) cause: String,
    /// The way out.
    hint: String,
}

/// What a fault of the database means to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DatabaseFault {
    /// It does not answer; a retry may succeed.
    Away,
    /// It did not answer however often that was retried. Messages may have been sent before.
    Gone,
    /// It cannot be written, unless it was just promoted, or is restarting: then it can be soon.
    ReadOnly,
    /// It has no ledger.
    NoLedger,
    /// Something between here and the database drops the settings of a session.
    Pooler,
    /// The role may not do this.
    Rights,
    /// Anything else that stays until someone changes the setup.
    Setup,
    /// A statement failed, for a reason that is not known here.
    Failed,
    /// It is not known whether the run was made, or messages had been sent before.
    Later,
}

/// A prepared statement is missing or replaced, or two connections have one process: the pooler is in transaction mode.
pub(super) const FOR_ONE_TRANSACTION: &str = "a connection has a process of the server for one transaction only";

impl DatabaseError {
    /// The error of a setup that someone has to change.
    pub(super) fn setup(message: impl Into<String>, hint: &str) -> Self {
        Self::new(DatabaseFault::Setup, message, String::new(), hint)
    }

    /// `cause` is appended to the message.
    fn new(fault: DatabaseFault, message: impl Into<String>, cause: String, hint: &str) -> Self {
        let mut message = message.into();
        if !cause.is_empty() {
            message = format!("{message}: {cause}");
        }
        Self { fault, message, cause, hint: hint.to_owned() }
    }

    pub(crate) fn unreachable(at: &str, cause: String) -> Self {
        let hint = "check the address in --ledger, JELOUCTL_LEDGER or the profile, and that the database runs; to continue \
                    what was begun: `jelouctl bulk work`";
        Self::new(DatabaseFault::Away, format!("the database of the ledger, {at}, is not available"), cause, hint)
    }

    fn login_refused(at: &str, cause: String) -> Self {
        let hint = "check that the role is there and may log in (PostgreSQL does not tell), and its password: in \
                    JELOUCTL_LEDGER, PGPASSWORD, or by ledger_password_file or ledger_password_command of the profile";
        Self::new(DatabaseFault::Setup, format!("the database of the ledger, {at}, does not let us in"), cause, hint)
    }

    pub(super) fn no_ledger(at: &str) -> Self {
        let hint = "make it once with `jelouctl ledger setup`, as the owner of the database";
        Self::new(DatabaseFault::NoLedger, format!("the database {at} has no ledger of jelouctl"), String::new(), hint)
    }

    pub(super) fn older_schema(version: i64) -> Self {
        Self::setup(
            format!("the ledger in the database is of version {version}, older than this jelouctl uses"),
            "finish its runs with the jelouctl that made it; then its owner removes it, with all that is known of them, by \
             DROP SCHEMA jelouctl CASCADE, and makes it anew with `jelouctl ledger setup`",
        )
    }

    pub(crate) fn standby() -> Self {
        Self::unwritable("the database is a standby, which cannot be written")
    }

    pub(super) fn read_only() -> Self {
        Self::unwritable("the database is read-only")
    }

    fn unwritable(message: &str) -> Self {
        Self::new(DatabaseFault::ReadOnly, message, String::new(), "name the primary")
    }

    pub(super) fn pooler(cause: &str) -> Self {
        let message = "a pooler between here and the database drops the settings of the session";
        let hint = "connect to the database itself, or to a pool in session mode";
        Self::new(DatabaseFault::Pooler, message, cause.to_owned(), hint)
    }

    pub(super) fn rights(at: &str, cause: String) -> Self {
        let hint =
            "ask its owner: GRANT jelouctl_sender TO the role that sends, jelouctl_reader TO one that only looks";
        Self::new(DatabaseFault::Rights, format!("the role of {at} may not use the ledger"), cause, hint)
    }

    pub(super) fn failed(cause: String) -> Self {
        let hint = "look into the log of the database; `jelouctl bulk status` says how the run stands";
        Self::new(DatabaseFault::Failed, "the ledger in the database cannot be read or written", cause, hint)
    }

    /// For a connection that failed.
    pub(super) fn of_connect(at: &str, error: &tokio_postgres::Error) -> Self {
        let cause = with_causes(error);
        let Some(refusal) = error.as_db_error() else {
            // The crate offers no other way to tell.
            return match &cause {
                text if text.contains("does not support TLS") => Self::unreachable(at, cause),
                text if text.contains("TLS handshake") => {
                    let message = format!(
                        "{at} is not the server that it should be, or its certificate cannot be verified: {cause}"
                    );
                    let hint = "name the authorities with ?sslrootcert=FILE, and the host as its certificate has it";
                    Self::setup(message, hint)
                }
                text if text.contains("password missing") => {
                    Self::login_refused(at, "it asks for a password, and none was given".to_owned())
                }
                _ => Self::unreachable(at, cause),
            };
        };
        let code = refusal.code();
        if refusal.message().contains("startup parameter") {
            Self::pooler("it takes none")
        } else if [SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION].contains(code) {
            Self::login_refused(at, cause)
        } else if *code == SqlState::INVALID_CATALOG_NAME {
            let hint = "make it with createdb, then run `jelouctl ledger setup`";
            Self::setup(format!("there is no such database: {at}: {cause}"), hint)
        } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
            Self::rights(at, cause)
        } else {
            Self::unreachable(at, cause)
        }
    }

    /// For a statement that failed.
    pub(super) fn of_statement(at: &str, error: &tokio_postgres::Error) -> Self {
        let cause = with_causes(error);
        match error.code() {
            Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => Self::rights(at, cause),
            Some(code) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Self::read_only(),
            Some(code) if [SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::DUPLICATE_PSTATEMENT].contains(code) => {
                Self::pooler(FOR_ONE_TRANSACTION)
            }
            Some(code) if [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME].contains(code) => {
                Self::no_ledger(at)
            }
            Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => {
                let busy = Self::unreachable(at, "another command is at work on it".to_owned());
                Self { hint: "try again in a moment".to_owned(), ..busy }
            }
            // The process stood still within the transaction.
            Some(code) if *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Self::unreachable(at, cause),
            // These pass without help: shutdown, lack of resources, locks, rollbacks, disconnects, I/O errors.
            Some(code) if ["57", "53", "55", "40", "08", "58"].iter().any(|class| code.code().starts_with(class)) => {
                Self::unreachable(at, cause)
            }
            Some(_) => Self::failed(cause),
            // A value of ours that the database rejects; the crate offers no other way to tell.
            None if cause.contains("serializing") => Self::failed(cause),
            None => Self::unreachable(at, cause),
        }
    }

    /// The error after retries for this time, each of which ended with `cause`.
    pub(crate) fn gone(tried: Duration, cause: &str) -> Self {
        let hint = "when the database is back, `jelouctl bulk status` says what is known";
        Self::new(DatabaseFault::Gone, format!("{cause} (tried for {} s)", tried.as_secs()), String::new(), hint)
    }

    /// The same error of the end of the transaction that makes a run: whether it was made is not known.
    pub(crate) fn of_import(self, run: &RunName) -> Self {
        if self.fault != DatabaseFault::Away {
            return self;
        }
        let hint =
            "where `jelouctl bulk list` has the run, `jelouctl bulk work RUN` sends it, else send the list again";
        Self::new(DatabaseFault::Later, format!("whether the run {run} was made is not known"), self.cause, hint)
    }

    /// The same error for a run in progress: the setup error came too late to say that nothing was sent.
    pub(crate) fn in_mid_run(self) -> Self {
        if !self.is_of_configuration() {
            return self;
        }
        let hint = format!("{}; then `jelouctl bulk status` says what is known", self.hint);
        Self { fault: DatabaseFault::Later, hint, ..self }
    }

    /// Whether a retry may succeed without anyone fixing anything.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.fault, DatabaseFault::Away | DatabaseFault::ReadOnly)
    }

    /// Whether the setup is wrong; if not, the database is temporarily unavailable.
    pub(crate) fn is_of_configuration(&self) -> bool {
        match self.fault {
            DatabaseFault::ReadOnly
            | DatabaseFault::NoLedger
            | DatabaseFault::Pooler
            | DatabaseFault::Rights
            | DatabaseFault::Setup => true,
            DatabaseFault::Away | DatabaseFault::Gone | DatabaseFault::Failed | DatabaseFault::Later => false,
        }
    }

    /// Whether a command that ends with this error has sent nothing and made no run that others may send.
    pub(crate) fn nothing_was_sent(&self) -> bool {
        !matches!(self.fault, DatabaseFault::Gone | DatabaseFault::Later)
    }

    /// The way out, for the hint line.
    pub(crate) fn hint(&self) -> String {
        self.hint.clone()
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
