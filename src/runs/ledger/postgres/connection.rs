//! Connects to the database of a ledger, and checks the settings that the ledger needs. Every call
//! has a time limit.

use std::borrow::Cow;
use std::error::Error;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, thread};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::runtime::{Handle, Runtime};
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::base::message::{Message, msg};
use crate::base::process::{becomes_overdue, ensure_thread};
use crate::base::secret::Secret;
use crate::runs::ledger::db::SHORT;
use crate::runs::ledger::error::LedgerError;

/// A connection is lost if the peer does not acknowledge data within this time.
const TCP_TIMEOUT: Duration = Duration::from_secs(10);
/// A silent connection is checked after this time.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// The settings of every session.
const SETTINGS: [(&str, &str); 17] = [
    ("synchronous_commit", "on"),
    // The default of a role or a database may be a stricter level. With it, statements that wait
    // for a row fail.
    ("default_transaction_isolation", "read committed"),
    ("statement_timeout", "57s"),
    ("lock_timeout", "12s"),
    // A process that is suspended during an exchange blocks the others for this long. It then makes
    // the exchange again.
    ("idle_in_transaction_session_timeout", "2s"),
    // The session of a vanished machine, with its locks, ends within half a minute, not after
    // hours.
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("search_path", "jelouctl,pg_temp"),
    ("client_encoding", "UTF8"),
    // A plan for the specific run relies on the statistics from before the import. They have no
    // rows of a new run, so that each page would read the whole run.
    ("plan_cache_mode", "force_generic_plan"),
    // Any other join reads whole tables if they have several runs, and the queries set the order. A
    // bitmap would contain all remaining rows, to read only the first few.
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("join_collapse_limit", "1"),
    // A plan that is off has a very high cost, so the server would compile every statement first.
    ("jit", "off"),
];
/// A setting with a different value in each session. If it arrives, the other settings have arrived
/// too: no pooler dropped them, and they are not from another session.
const MARK: &str = "jelouctl.session";
const OLDEST_SERVER: i32 = 13;

/// The database, with the runtime for its connections.
pub(crate) struct Database {
    pub(super) address: DatabaseAddress,
    /// `Some` until it is dropped.
    runtime: Option<Runtime>,
}

impl Database {
    pub(crate) fn new(address: DatabaseAddress) -> Result<Self, LedgerError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| LedgerError::failed(&error.to_string()))?;
        Ok(Self {
            address,
            runtime: Some(runtime),
        })
    }

    /// Opens the connection, and checks that the database keeps committed data.
    pub(crate) fn connect(&self) -> Result<Client, LedgerError> {
        let password = self
            .outside(|_| (self.address.password)())?
            .map_err(|problem| {
                let message = msg!(
                    "cannot get the password of the ledger's database: {problem}",
                    problem
                );
                LedgerError::setup(message, msg!("check where the password comes from"))
            })?;
        let mut config = self.address.config.clone();
        config
            .application_name("jelouctl")
            .connect_timeout(SHORT)
            .tcp_user_timeout(TCP_TIMEOUT);
        // A firewall may drop a silent connection during a prompt.
        config.keepalives_idle(KEEPALIVE);
        if let Some(password) = password {
            config.password(password.reveal());
        }
        let roots = self.address.roots.as_deref();
        let verified = self
            .address
            .is_encrypted
            .then(|| verified_tls(roots))
            .transpose();
        let tls = verified.map_err(|problem| {
            let message = msg!(
                "cannot use the certificate authorities of sslrootcert: {path}: {problem}",
                path = roots.unwrap_or(Path::new("")),
                problem
            );
            LedgerError::setup(message, msg!("pass a file with PEM certificates"))
        })?;
        // Without this, the crate would continue unencrypted if the server does not support TLS.
        config.ssl_mode(if tls.is_some() {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        let at = &self.address.shown;
        let mark = format!("{:016x}", fastrand::u64(..));
        let settings = SETTINGS.into_iter().chain([(MARK, mark.as_str())]);
        // An unescaped space would start the next option.
        let settings: Vec<_> = settings
            .map(|(name, value)| format!("-c {name}={}", value.replace(' ', "\\ ")))
            .collect();
        config.options(settings.join(" "));
        // The name of the host is looked up in a thread.
        ensure_thread().map_err(LedgerError::no_thread)?;
        self.outside(|runtime| {
            runtime.block_on(async {
                let client = within(SHORT, at, open(at, &config, tls.as_ref())).await?;
                within(SHORT, at, check(at, &client, &mark)).await?;
                Ok(client)
            })
        })?
    }

    /// Returns the response of the database, or an error if it takes longer than `limit`.
    pub(super) fn call<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, tokio_postgres::Error>> + Send,
    ) -> Result<T, LedgerError> {
        let at = &self.address.shown;
        let role = self.address.config.get_user();
        let answered = async {
            work.await
                .map_err(|error| LedgerError::from_statement(at, &error).for_role(role))
        };
        self.outside(|runtime| runtime.block_on(within(limit, at, answered)))?
    }

    /// Runs `work`. Inside another runtime, which cannot block on this one, it runs in a new
    /// thread.
    ///
    /// # Errors
    ///
    /// If the thread cannot be started.
    fn outside<T: Send>(&self, work: impl FnOnce(&Runtime) -> T + Send) -> Result<T, LedgerError> {
        let runtime = self.runtime.as_ref();
        if let (Some(runtime), Err(_)) = (runtime, Handle::try_current()) {
            return Ok(work(runtime));
        }
        thread::scope(|scope| {
            let working = thread::Builder::new().spawn_scoped(scope, || runtime.map(work));
            match working.map_err(LedgerError::no_thread)?.join() {
                Ok(Some(done)) => Ok(done),
                Ok(None) => unreachable!("the runtime is there until this is dropped"),
                Err(panic) => resume_unwind(panic),
            }
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // The owner may drop this inside another runtime, where a runtime must not block.
            runtime.shutdown_background();
        }
    }
}

/// Waits for `work`. Returns an error if it takes longer than `limit`, or if a signal ends this
/// process.
async fn within<T>(
    limit: Duration,
    at: &str,
    work: impl Future<Output = Result<T, LedgerError>>,
) -> Result<T, LedgerError> {
    let seconds = limit.as_secs();
    let late = |_| LedgerError::unreachable(at, &msg!("no answer within {seconds} s", seconds));
    tokio::select! {
        biased;
        answered = timeout(limit, work) => answered.map_err(late)?,
        signal = becomes_overdue() => Err(LedgerError::interrupted(signal)),
    }
}

async fn open(
    at: &str,
    config: &Config,
    tls: Option<&MakeRustlsConnect>,
) -> Result<Client, LedgerError> {
    let opened = match tls {
        None => config.connect(NoTls).await.map(|(client, connection)| {
            tokio::spawn(connection);
            client
        }),
        Some(tls) => config
            .connect(tls.clone())
            .await
            .map(|(client, connection)| {
                tokio::spawn(connection);
                client
            }),
    };
    opened.map_err(|error| LedgerError::from_connect(at, &error))
}

/// Creates a TLS connector that verifies certificate and name, with the authorities of a PEM file
/// or of the system.
fn verified_tls(roots: Option<&Path>) -> Result<MakeRustlsConnect, Message> {
    let failed = |error: &dyn Error| Message::verbatim(error.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| failed(&error))?;
    let config = match roots {
        Some(path) => {
            let mut store = RootCertStore::empty();
            let certificates =
                CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))?;
            for certificate in certificates {
                store
                    .add(certificate.map_err(|error| failed(&error))?)
                    .map_err(|error| failed(&error))?;
            }
            if store.is_empty() {
                return Err(msg!("it has no certificate"));
            }
            builder.with_root_certificates(store)
        }
        None => builder
            .with_platform_verifier()
            .map_err(|error| failed(&error))?,
    };
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

async fn check(at: &str, client: &Client, mark: &str) -> Result<(), LedgerError> {
    let failed = |error: tokio_postgres::Error| LedgerError::from_statement(at, &error);
    let query = "SELECT current_setting('server_version_num')::int / 10000, \
        current_setting('transaction_read_only'), current_setting('fsync'), \
        current_setting('synchronous_commit'), coalesce(current_setting($1, true), ''), \
        current_setting('server_encoding')";
    let row = client.query_one(query, &[&MARK]).await.map_err(failed)?;
    let text = |column: usize| row.try_get::<_, String>(column).map_err(failed);
    let version: i32 = row.try_get(0).map_err(failed)?;
    if version < OLDEST_SERVER {
        let message = msg!(
            "the database is PostgreSQL {version}; a ledger needs {oldest} or newer",
            version,
            oldest = OLDEST_SERVER
        );
        return Err(LedgerError::setup(message, msg!("use a newer PostgreSQL")));
    }
    if text(1)? != "off" {
        return Err(LedgerError::read_only());
    }
    if text(4)? != mark {
        return Err(LedgerError::pooler(&msg!("they did not arrive")));
    }
    // SQL_ASCII keeps every byte unchanged.
    let encoding = text(5)?;
    if !["UTF8", "SQL_ASCII"].contains(&encoding.as_str()) {
        return Err(LedgerError::setup(
            msg!(
                "the encoding of the database is {encoding}; a ledger needs UTF8",
                encoding
            ),
            msg!("to create one with UTF8: createdb --encoding UTF8 --template template0 NAME"),
        ));
    }
    for (setting, value) in [("fsync", text(2)?), ("synchronous_commit", text(3)?)] {
        if value != "on" {
            return Err(LedgerError::setup(
                msg!(
                    "the database could lose committed data: {setting} is {value}",
                    setting,
                    value
                ),
                msg!("turn it on: after a power cut, messages could be sent twice"),
            ));
        }
    }
    Ok(())
}

/// Converts a text for the database, which does not allow U+0000.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Returns the password for a new connection. It may differ each time.
pub(crate) type PasswordSource = Arc<dyn Fn() -> Result<Option<Secret>, Message> + Send + Sync>;

/// The address of a database.
#[derive(Clone)]
pub(crate) struct DatabaseAddress {
    /// The configuration has the password of the address, if there is one.
    pub(crate) config: tokio_postgres::Config,
    /// Whether certificate and name are verified. They are not for a unix socket or loopback.
    pub(crate) is_encrypted: bool,
    /// A file with the authorities, instead of the system's.
    pub(crate) roots: Option<PathBuf>,
    pub(crate) password: PasswordSource,
    /// The address without a password, for display.
    pub(crate) shown: String,
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}
