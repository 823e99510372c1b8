//! A PostgreSQL server for both test programs: as an unprivileged user, on a unix socket, with `fsync` on. It ends with
//! the tests, even if they crash.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use assert_cmd::assert::OutputAssertExt;
use tempfile::TempDir;
use tokio_postgres::{NoTls, Row};

/// The user `nobody`, because the server refuses to run as root.
pub(crate) const NOBODY: u32 = 65534;
/// A database for a ledger that is still empty.
pub(crate) const EMPTY_LEDGER: &str = "empty_ledger";
/// The role that sends in the tests: it has only the rights of a sender.
pub(crate) const SENDER: &str = "app";
pub(crate) const PROGRAMS: &str = "/usr/sbin:/usr/bin:/bin:/usr/local/bin";

pub(crate) struct Cluster {
    pub(crate) directory: PathBuf,
    pub(crate) port: u16,
    /// Stops the server and removes its files when its standard input ends.
    guard: Child,
}

/// The directory of the server's programs; Debian does not put them in PATH.
pub(crate) fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for version in (13..30).rev() {
        places.push(format!("/usr/lib/postgresql/{version}/bin").into());
    }
    let initdb = places
        .into_iter()
        .map(|place| place.join("initdb"))
        .find(|initdb| initdb.exists())?;
    // `initdb` may be a link in a directory without the other programs.
    Some(fs::canonicalize(initdb).ok()?.parent()?.to_owned())
}

pub(crate) fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

/// Changes the owner of a file to the server's user.
pub(crate) fn give_away(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

/// Creates a directory for a server.
pub(crate) fn empty_directory() -> PathBuf {
    let directory = TempDir::new().unwrap().keep();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
    give_away(&directory);
    directory
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Creates the process of one of the server's programs, as the server's user.
pub(crate) fn program(name: &str, directory: &Path) -> Command {
    let mut command = Command::new(programs().unwrap().join(name));
    // The locale of the machine must not matter.
    command
        .env_clear()
        .env("PATH", PROGRAMS)
        .env("LC_ALL", "C")
        .current_dir(directory);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

impl Cluster {
    /// Starts a server with a database for a ledger, and a role that sends. It has these lines in its configuration,
    /// these files in its directory, and these variables.
    pub(crate) fn empty(
        settings: &str,
        files: &[(&str, &str)],
        environment: &[(&str, &str)],
    ) -> Self {
        let directory = empty_directory();
        let data = directory.join("data");
        program("initdb", &directory)
            .args(["-U", "postgres", "-A", "trust", "--no-sync", "-D"])
            .arg(&data)
            .assert()
            .success();
        for (name, content) in files {
            let path = data.join(name);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            give_away(&path);
        }
        let access = "local all secretive,secretive_sender scram-sha-256\nlocal all,replication all trust\nhost all all 127.0.0.1/32 trust\n";
        fs::write(data.join("pg_hba.conf"), access).unwrap();
        let cluster = Self::serve(directory, settings, environment);
        cluster.sql("postgres", &format!("CREATE ROLE {SENDER} LOGIN"));
        cluster.sql("postgres", &format!("CREATE DATABASE {EMPTY_LEDGER}"));
        cluster
    }

    /// Starts the server from a directory that has its files, with these lines in its configuration and these
    /// variables.
    pub(crate) fn serve(directory: PathBuf, settings: &str, environment: &[(&str, &str)]) -> Self {
        let data = directory.join("data");
        let port = free_port();
        let shown = directory.display();
        let written = format!(
            "unix_socket_directories = '{shown}'\nlisten_addresses = '127.0.0.1'\nport = {port}\nmax_connections = 100\n\
             logging_collector = off\n{settings}\n"
        );
        let configuration = data.join("postgresql.conf");
        let before = fs::read_to_string(&configuration).unwrap();
        fs::write(&configuration, format!("{before}\n{written}")).unwrap();
        let control = programs().unwrap().join("pg_ctl");
        let script = "\"$0\" -D \"$1\" -l \"$2/log\" -w start >/dev/null && echo ready; cat >/dev/null; \
                      \"$0\" -D \"$1\" -m immediate stop >/dev/null; rm -rf \"$2\"";
        let mut guard = Command::new("sh");
        guard
            .args(["-c", script])
            .arg(control)
            .arg(&data)
            .arg(&directory)
            .env("LC_ALL", "C");
        guard.envs(environment.iter().copied());
        if is_root() {
            guard.uid(NOBODY).gid(NOBODY);
        }
        let mut guard = guard
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(guard.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let server = Self {
            directory,
            port,
            guard,
        };
        assert_eq!(
            line,
            "ready\n",
            "the server did not start: {}",
            server.log()
        );
        server
    }

    /// Returns the server's log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap()
    }

    pub(crate) fn url(&self, role: &str, database: &str) -> String {
        let directory = self.directory.display().to_string().replace('/', "%2F");
        format!("postgres://{role}@{directory}:{}/{database}", self.port)
    }

    /// Records that the empty database now has a ledger, so that new databases are copies of it.
    pub(crate) fn let_send(&self) {
        self.sql("postgres", &format!("GRANT jelouctl_sender TO {SENDER}"));
    }

    /// Creates a database with a ledger, and returns its name.
    pub(crate) fn database(&self) -> String {
        let name = self.database_like(EMPTY_LEDGER);
        // A copy of a ledger counts as restored.
        self.sql(
            &name,
            "UPDATE jelouctl.store SET identity = regexp_replace(identity, 'database \\d+', \
             'database ' || (SELECT oid FROM pg_database WHERE datname = current_database()))",
        );
        name
    }

    /// Creates a copy of the database `template`, with a new name.
    pub(crate) fn database_like(&self, template: &str) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        // Only one copy of a template can be made at a time.
        static COPYING: std::sync::Mutex<()> = std::sync::Mutex::new(());
        let name = format!("t{}", NUMBER.fetch_add(1, Ordering::SeqCst));
        let copying = COPYING.lock().unwrap();
        self.sql(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        );
        drop(copying);
        name
    }

    /// The rows that the owner gets from the last of these statements.
    pub(crate) fn sql(&self, database: &str, statement: &str) -> Vec<Row> {
        self.try_sql("postgres", database, statement).unwrap()
    }

    pub(crate) fn try_sql(
        &self,
        role: &str,
        database: &str,
        statement: &str,
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (client, connection) =
                tokio_postgres::connect(&self.url(role, database), NoTls).await?;
            tokio::spawn(connection);
            client.query(statement, &[]).await
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        self.guard.wait().unwrap();
    }
}
