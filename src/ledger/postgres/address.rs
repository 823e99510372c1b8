//! Which database has the ledger, and how it is reached.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::secret::Secret;

/// Gives the password for a new connection; it may be another one each time.
pub(crate) type PasswordSource = Arc<dyn Fn() -> Result<Option<Secret>, String> + Send + Sync>;

/// Where a database is.
#[derive(Clone)]
pub(crate) struct DatabaseAddress {
    /// Without a password.
    pub(crate) config: tokio_postgres::Config,
    pub(crate) tls: DatabaseTls,
    pub(crate) password: PasswordSource,
    /// As a person may read it: without a password.
    pub(crate) shown: String,
}

/// How a connection is kept from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DatabaseTls {
    /// On a unix socket or on loopback.
    None,
    /// Certificate and name are verified, by the system's authorities or by those of a file.
    Verified { roots: Option<PathBuf> },
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}
