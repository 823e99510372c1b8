//! The tests' own PostgreSQL server and its faults. Each test process has one server, and each test has a database.

use std::fs;
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use tokio_postgres::{NoTls, Row};

use self::server::{
    EMPTY_LEDGER, NOBODY, PROGRAMS, SENDER, empty_directory, free_port, give_away, is_root,
    program, programs,
};
use crate::harness::{Home, tool, wait_until, with_ledgers};
use crate::needs::can_test;

#[path = "../support/postgres.rs"]
mod server;

pub(crate) use self::server::Cluster;

/// Runs a test with each ledger in a separate database.
pub(crate) fn in_a_database(test: fn()) {
    if Cluster::shared().is_some() {
        with_ledgers(|| Cluster::shared().unwrap().ledger(), test);
    }
}

/// A pgbouncer of a test.
pub(crate) struct Pooler {
    directory: PathBuf,
    port: u16,
    process: Child,
}

/// Changes a ledger directly.
pub(crate) fn change(ledger: &str, change: &str) {
    let script = format!("SET search_path = jelouctl; {change}");
    Cluster::shared()
        .unwrap()
        .script("postgres", database_name(ledger), &script);
}

/// Returns the rows of a query by the owner of a ledger.
pub(crate) fn sql(ledger: &str, statement: &str) -> Vec<Row> {
    Cluster::shared()
        .unwrap()
        .sql(database_name(ledger), statement)
}

/// Does `work` while another session of a ledger stays in the transaction that `script` begins.
pub(crate) fn while_holding<T>(ledger: &str, script: &str, work: impl FnOnce() -> T) -> T {
    let _held = HeldTransaction::begin(ledger, script);
    work()
}

/// A session that stays in a transaction.
pub(crate) struct HeldTransaction {
    _client: tokio_postgres::Client,
    _runtime: tokio::runtime::Runtime,
}

impl HeldTransaction {
    /// A session of a ledger that runs `script`, which begins the transaction.
    pub(crate) fn begin(ledger: &str, script: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let url = Cluster::shared()
            .unwrap()
            .url("postgres", database_name(ledger));
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute(script).await.unwrap();
            client
        });
        Self {
            _client: client,
            _runtime: runtime,
        }
    }
}

/// Returns the name of the database in an address.
pub(crate) fn database_name(ledger: &str) -> &str {
    ledger.rsplit('/').next().unwrap()
}

/// Several statements, without an answer.
fn execute(url: &str, script: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(script).await.unwrap();
    });
}

impl Cluster {
    /// Returns the server that all tests of this process share. None if tests with a database are skipped.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        can_test("a PostgreSQL server", || programs().is_some())
            .then(|| SHARED.get_or_init(|| Self::start("")))
    }

    /// Starts a server for one test, with these lines in its configuration.
    pub(crate) fn start(settings: &str) -> Self {
        Self::start_with(settings, &[], &[])
    }

    /// Starts a server with a clock that begins at this time.
    pub(crate) fn start_at(library: &str, time: &str) -> Self {
        let clock = [
            ("LD_PRELOAD", library),
            ("FAKETIME", &format!("@{time}")),
            ("DONT_FAKE_MONOTONIC", "1"),
        ];
        Self::start_with("", &[], &clock)
    }

    /// Starts a server with this certificate and its key, as PEM.
    pub(crate) fn start_with_tls(certificate: &str, key: &str) -> Self {
        let settings = "ssl = on\nssl_cert_file = 'server.pem'\nssl_key_file = 'server.key'";
        Self::start_with(
            settings,
            &[("server.pem", certificate), ("server.key", key)],
            &[],
        )
    }

    fn start_with(settings: &str, files: &[(&str, &str)], environment: &[(&str, &str)]) -> Self {
        let cluster = Self::empty(settings, files, environment);
        let home = Home::new();
        home.run("ledger setup")
            .env("JELOUCTL_LEDGER", cluster.url("postgres", EMPTY_LEDGER))
            .success();
        cluster.let_send();
        cluster
    }

    /// Starts a standby of this server.
    pub(crate) fn standby(&self) -> Self {
        let directory = empty_directory();
        let port = self.port.to_string();
        let mut copy = program("pg_basebackup", &directory);
        copy.args([
            "--checkpoint=fast",
            "--no-sync",
            "-R",
            "-U",
            "postgres",
            "-p",
            &port,
            "-h",
        ])
        .arg(&self.directory);
        tool(copy.arg("-D").arg(directory.join("data")));
        Self::serve(directory, "", &[])
    }

    /// Promotes a standby to a primary.
    pub(crate) fn promote(&self) {
        tool(
            program("pg_ctl", &self.directory)
                .arg("-D")
                .arg(self.data())
                .args(["-w", "promote"]),
        );
    }

    /// Starts a pgbouncer in front of the server, with additional `settings`. In the mode `session` or `transaction`, a
    /// client keeps a server process that long. None if tests with pgbouncer are skipped.
    pub(crate) fn pooler(&self, mode: &str, settings: &str) -> Option<Pooler> {
        let is_there = || {
            let version = Command::new("pgbouncer")
                .env("PATH", PROGRAMS)
                .arg("--version")
                .output();
            version.is_ok_and(|told| told.status.success())
        };
        can_test("pgbouncer", is_there).then(|| Pooler::start(self, mode, settings))
    }

    /// Returns the path of the socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.join(format!(".s.PGSQL.{}", self.port))
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Creates an empty ledger, and returns its address for the sender.
    pub(crate) fn ledger(&self) -> String {
        self.url(SENDER, &self.database())
    }

    /// Several statements, without an answer.
    pub(crate) fn script(&self, role: &str, database: &str, script: &str) {
        execute(&self.url(role, database), script);
    }

    /// Stops the server as in a crash, then starts it again.
    pub(crate) fn crash(&self) {
        self.control(&["-m", "immediate", "restart"]);
    }

    pub(crate) fn stop(&self) {
        self.control(&["-m", "fast", "stop"]);
    }

    pub(crate) fn start_again(&self) {
        self.control(&["start"]);
    }

    fn control(&self, arguments: &[&str]) {
        let mut control = program("pg_ctl", &self.directory);
        control
            .args(["-w", "-l"])
            .arg(self.directory.join("log"))
            .arg("-D")
            .arg(self.data());
        tool(control.args(arguments).stdout(Stdio::null()));
    }

    /// Stops the server, copies its files, and starts it again.
    pub(crate) fn keep_files(&self) {
        self.stop();
        tool(
            self.on_files("cp")
                .arg("-a")
                .arg(self.data())
                .arg(self.directory.join("kept")),
        );
        self.start_again();
    }

    /// Replaces the current files with the copied ones.
    pub(crate) fn put_files_back(&self) {
        self.stop();
        tool(self.on_files("rm").arg("-rf").arg(self.data()));
        tool(
            self.on_files("cp")
                .arg("-a")
                .arg(self.directory.join("kept"))
                .arg(self.data()),
        );
        self.control(&["start"]);
    }

    fn on_files(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.current_dir(&self.directory);
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// Returns the output of `pg_dump` for a database.
    pub(crate) fn dump(&self, database: &str, flags: &[&str]) -> String {
        let dumped = tool(self.client("pg_dump").args(flags).arg(database));
        String::from_utf8(dumped.stdout).unwrap()
    }

    /// Restores a dump in one transaction, after these statements.
    pub(crate) fn restore(&self, database: &str, before: &str, dump: &str) {
        let path = self.directory.join(format!("{database}.sql"));
        fs::write(&path, format!("{before};\n{dump}")).unwrap();
        give_away(&path);
        let mut psql = self.client("psql");
        psql.args(["-q", "-1", "-v", "ON_ERROR_STOP=1", "-f"])
            .arg(path)
            .arg(database);
        // If a worker and psql wait for each other's locks, the server ends one of them, and an administrator tries
        // again.
        let is_deadlock =
            |output: &Output| String::from_utf8_lossy(&output.stderr).contains("deadlock detected");
        let ended = (0..5)
            .map(|_| psql.output().unwrap())
            .find(|output| !is_deadlock(output));
        assert!(
            ended.as_ref().is_some_and(|output| output.status.success()),
            "{ended:?}"
        );
    }

    fn client(&self, name: &str) -> Command {
        let mut command = program(name, &self.directory);
        command
            .args(["-U", "postgres", "-p", &self.port.to_string(), "-h"])
            .arg(&self.directory);
        command
    }
}

impl Pooler {
    fn start(cluster: &Cluster, mode: &str, settings: &str) -> Self {
        let directory = empty_directory();
        let (port, shown) = (free_port(), directory.display());
        let (socket, server) = (cluster.directory.display(), cluster.port);
        let configuration = format!(
            "[databases]\n* = host={socket} port={server} user={SENDER}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\nlogfile = {shown}/log\n\
             {settings}\n"
        );
        let path = directory.join("pgbouncer.ini");
        fs::write(&path, configuration).unwrap();
        give_away(&path);
        let mut command = Command::new("pgbouncer");
        command
            .env_clear()
            .env("PATH", PROGRAMS)
            .arg("--quiet")
            .arg(path)
            .current_dir(&directory);
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let process = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pooler = Self {
            directory,
            port,
            process,
        };
        wait_until("the pooler listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        pooler
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{SENDER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs several statements through the pooler, without a result.
    pub(crate) fn script(&self, database: &str, script: &str) {
        execute(&self.url(database), script);
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        fs::remove_dir_all(&self.directory).unwrap();
    }
}
