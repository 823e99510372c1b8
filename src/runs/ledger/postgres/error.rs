//! The errors of the database of a ledger, each with a hint.

use std::error::Error as _;

use tokio_postgres::error::SqlState;

use crate::base::message::{Message, ToValue, msg};
use crate::runs::ledger::error::{LedgerError, LedgerErrorKind};
use crate::runs::ledger::name::RunName;

impl LedgerError {
    /// Creates the error of a setup that you must change.
    pub(super) fn setup(message: Message, hint: Message) -> Self {
        Self::new(LedgerErrorKind::Setup, message, hint)
    }

    pub(crate) fn unreachable(
        at: &(impl ToValue + ?Sized),
        cause: &(impl ToValue + ?Sized),
    ) -> Self {
        Self::new(
            LedgerErrorKind::Away,
            msg!(
                "the ledger's database {at} is not available: {cause}",
                at,
                cause
            ),
            msg!("check the address of the ledger, and that its database runs"),
        )
    }

    /// Creates the error of a connection from before a restored dump replaced the tables. On a new
    /// connection, the ledger has another identity.
    pub(super) fn replaced_tables(at: &str) -> Self {
        Self::unreachable(at, &msg!("its tables were replaced"))
    }

    fn login_refused(at: &str, cause: &(impl ToValue + ?Sized)) -> Self {
        let hint = msg!(
            "check that the role exists and may log in, and its password in \
                JELOUCTL_LEDGER, PGPASSWORD or the profile"
        );
        let message = msg!(
            "the ledger's database {at} refused the login: {cause}",
            at,
            cause
        );
        Self::setup(message, hint)
    }

    pub(super) fn no_ledger(at: &str) -> Self {
        let hint = msg!(
            "to create it as a role with CREATEROLE and CREATE on the database: jelouctl \
                ledger setup; for an administrator: jelouctl ledger setup --print"
        );
        let message = msg!("the database {at} has no ledger of jelouctl", at);
        Self::new(LedgerErrorKind::NoLedger, message, hint)
    }

    pub(crate) fn read_only() -> Self {
        Self::new(
            LedgerErrorKind::ReadOnly,
            msg!("the database is read-only, or a standby"),
            msg!("pass the address of the primary"),
        )
    }

    pub(super) fn pooler(cause: &Message) -> Self {
        let message = msg!(
            "a connection pooler drops the settings of the session: {cause}",
            cause
        );
        Self::setup(message, msg!("connect to the database without it"))
    }

    pub(super) fn rights(at: &str, cause: &str) -> Self {
        let hint = msg!(
            "as its owner: GRANT jelouctl_sender TO a role that sends, or \
                jelouctl_reader TO one that reads"
        );
        let message = msg!(
            "the role of {at} may not use the ledger: {cause}",
            at,
            cause
        );
        Self::new(LedgerErrorKind::Rights, message, hint)
    }

    /// Names the role in the statements that fix a missing right.
    pub(super) fn for_role(self, role: Option<&str>) -> Self {
        let Some(role) = role.filter(|_| self.kind == LedgerErrorKind::Rights) else {
            return self;
        };
        let hint = msg!(
            "as its owner: GRANT jelouctl_sender TO \"{role}\"; to let it only read: GRANT jelouctl_reader TO \"{role}\"",
            role
        );
        Self { hint, ..self }
    }

    pub(super) fn failed(cause: &str) -> Self {
        Self::new(
            LedgerErrorKind::Other,
            msg!(
                "the ledger in the database cannot be read or written: {cause}",
                cause
            ),
            msg!("check the log of the database, then `jelouctl bulk status`"),
        )
    }

    /// Creates the error of a connection.
    pub(super) fn from_connect(at: &str, error: &tokio_postgres::Error) -> Self {
        let cause = &with_causes(error);
        let Some(refusal) = error.as_db_error() else {
            // The crate offers no other way to detect this.
            if cause.contains("does not support TLS") {
                let hint =
                    msg!("turn `ssl` on in the database; only local connections may do without it");
                return Self::setup(msg!("the ledger's database {at} has no TLS", at), hint);
            }
            if cause.contains("TLS handshake") {
                let message = msg!("cannot verify the certificate of {at}: {cause}", at, cause);
                let hint = msg!(
                    "pass its CA certificates with ?sslrootcert=FILE, and use the host name in \
                        its certificate"
                );
                return Self::setup(message, hint);
            }
            if cause.contains("password missing") {
                return Self::login_refused(at, &msg!("it asks for a password, but none is set"));
            }
            return Self::unreachable(at, cause);
        };
        let code = refusal.code();
        if refusal.message().contains("startup parameter") {
            Self::pooler(&msg!("it rejects startup parameters"))
        } else if [
            SqlState::INVALID_PASSWORD,
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        ]
        .contains(code)
        {
            Self::login_refused(at, cause)
        } else if *code == SqlState::INVALID_CATALOG_NAME {
            let hint = msg!("create it with createdb, then run `jelouctl ledger setup`");
            Self::setup(
                msg!("the database {at} does not exist: {cause}", at, cause),
                hint,
            )
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
            Self::pooler(&msg!(
                "a prepared statement is missing or belongs to another session"
            ))
        } else if [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME].contains(code) {
            Self::no_ledger(at)
        } else if *code == SqlState::LOCK_NOT_AVAILABLE {
            let busy = Self::unreachable(at, &msg!("another command is using it"));
            Self {
                hint: msg!("try again in a moment"),
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
        Self::new(
            LedgerErrorKind::Unusable,
            msg!(
                "run {run} may or may not exist: {error}",
                run,
                error = self.message
            ),
            Message::verbatim("jelouctl bulk list"),
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
