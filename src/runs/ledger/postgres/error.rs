//! The errors of the database of a ledger, each with a hint.

use std::error::Error as _;

use tokio_postgres::error::SqlState;

use crate::base::message::Message;
use crate::runs::ledger::error::{LedgerError, LedgerErrorKind};
use crate::runs::ledger::name::RunName;

impl LedgerError {
    /// Creates the error of a setup that you must change.
    pub(super) fn setup(message: impl Into<Message>, hint: &str) -> Self {
        Self::new(LedgerErrorKind::Setup, message, hint)
    }

    pub(crate) fn unreachable(at: &str, cause: &str) -> Self {
        let hint = "check the address of the ledger, and that its database runs";
        Self::new(
            LedgerErrorKind::Away,
            format!("the ledger's database {at} is not available: {cause}"),
            hint,
        )
    }

    /// Creates the error of a connection from before a restored dump replaced the tables. On a new
    /// connection, the ledger has another identity.
    pub(super) fn replaced_tables(at: &str) -> Self {
        Self::unreachable(at, "its tables were replaced")
    }

    fn login_refused(at: &str, cause: &str) -> Self {
        let hint = "check that the role exists and may log in, and its password in \
            JELOUCTL_LEDGER, PGPASSWORD or the profile";
        Self::setup(
            format!("the ledger's database {at} refused the login: {cause}"),
            hint,
        )
    }

    pub(super) fn no_ledger(at: &str) -> Self {
        let hint = "to create it as a role with CREATEROLE and CREATE on the database: jelouctl \
            ledger setup; for an administrator: jelouctl ledger setup --print";
        Self::new(
            LedgerErrorKind::NoLedger,
            format!("the database {at} has no ledger of jelouctl"),
            hint,
        )
    }

    pub(crate) fn read_only() -> Self {
        Self::new(
            LedgerErrorKind::ReadOnly,
            "the database is read-only, or a standby",
            "pass the address of the primary",
        )
    }

    pub(super) fn pooler(cause: &str) -> Self {
        let message = format!("a connection pooler drops the settings of the session: {cause}");
        Self::setup(message, "connect to the database without it")
    }

    pub(super) fn rights(at: &str, cause: &str) -> Self {
        let hint = "as its owner: GRANT jelouctl_sender TO a role that sends, or \
            jelouctl_reader TO one that reads";
        Self::new(
            LedgerErrorKind::Rights,
            format!("the role of {at} may not use the ledger: {cause}"),
            hint,
        )
    }

    pub(super) fn failed(cause: &str) -> Self {
        let hint = "check the log of the database, then `jelouctl bulk status`";
        Self::new(
            LedgerErrorKind::Other,
            format!("the ledger in the database cannot be read or written: {cause}"),
            hint,
        )
    }

    /// Creates the error of a connection.
    pub(super) fn from_connect(at: &str, error: &tokio_postgres::Error) -> Self {
        let cause = &with_causes(error);
        let Some(refusal) = error.as_db_error() else {
            // The crate offers no other way to detect this.
            if cause.contains("does not support TLS") {
                let hint = "turn `ssl` on in the database; only local connections may do \
                    without it";
                return Self::setup(format!("the ledger's database {at} has no TLS"), hint);
            }
            if cause.contains("TLS handshake") {
                let message = format!("cannot verify the certificate of {at}: {cause}");
                let hint = "pass its CA certificates with ?sslrootcert=FILE, and use the host \
                    name in its certificate";
                return Self::setup(message, hint);
            }
            if cause.contains("password missing") {
                return Self::login_refused(at, "it asks for a password, but none is set");
            }
            return Self::unreachable(at, cause);
        };
        let code = refusal.code();
        if refusal.message().contains("startup parameter") {
            Self::pooler("it rejects startup parameters")
        } else if [
            SqlState::INVALID_PASSWORD,
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        ]
        .contains(code)
        {
            Self::login_refused(at, cause)
        } else if *code == SqlState::INVALID_CATALOG_NAME {
            let hint = "create it with createdb, then run `jelouctl ledger setup`";
            Self::setup(format!("the database {at} does not exist: {cause}"), hint)
        } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
            Self::rights(at, cause)
        } else {
            Self::unreachable(at, cause)
        }
    }

    /// Creates the error of a statement.
    pub(super) fn from_statement(at: &str, error: &tokio_postgres::Error) -> Self {
        let cause = &with_causes(error);
        let Some(code) = error.code() else {
            // The database rejects one of our values. The crate offers no other way to detect this.
            return if cause.contains("serializing") {
                Self::failed(cause)
            } else {
                Self::unreachable(at, cause)
            };
        };
        // These errors end without your help: shutdown, lack of resources, locks, rollbacks,
        // disconnects, I/O errors, and 25P03. With 25P03 the database has ended a transaction
        // because its process was suspended.
        let passes = ["57", "53", "55", "40", "08", "58", "25P03"]
            .iter()
            .any(|class| code.code().starts_with(class));
        if *code == SqlState::INSUFFICIENT_PRIVILEGE {
            Self::rights(at, cause)
        } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
            Self::read_only()
        } else if [
            SqlState::INVALID_SQL_STATEMENT_NAME,
            SqlState::DUPLICATE_PSTATEMENT,
        ]
        .contains(code)
        {
            Self::pooler("a prepared statement is missing or belongs to another session")
        } else if [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME].contains(code) {
            Self::no_ledger(at)
        } else if *code == SqlState::LOCK_NOT_AVAILABLE {
            let busy = Self::unreachable(at, "another command is using it");
            Self {
                hint: "try again in a moment".to_owned().into(),
                ..busy
            }
        } else if passes {
            Self::unreachable(at, cause)
        } else {
            Self::failed(cause)
        }
    }

    /// Returns the error if the transaction that creates a run fails to end: the run may or may not
    /// exist.
    pub(crate) fn during_import(self, run: &RunName) -> Self {
        if self.kind != LedgerErrorKind::Away {
            return self;
        }
        let hint = "jelouctl bulk list";
        Self::new(
            LedgerErrorKind::Unusable,
            format!("run {run} may or may not exist: {self}"),
            hint,
        )
    }
}

/// Describes the error and its causes on one line.
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
