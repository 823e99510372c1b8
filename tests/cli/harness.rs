//! A run of the command in a temporary home and an empty environment.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use assert_cmd::assert::OutputAssertExt;
use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use tempfile::TempDir;

use crate::needs::can_test;
#[cfg(target_os = "linux")]
use crate::needs::works;

/// The paths of the configuration and the ledger in a home.
pub(crate) const CONFIG: &str = if cfg!(windows) {
    r"AppData\Roaming\jelouctl"
} else {
    ".config/jelouctl"
};
pub(crate) const STATE: &str = if cfg!(windows) {
    r"AppData\Local\jelouctl"
} else {
    ".local/state/jelouctl"
};

/// A temporary home and current directory. Commands find its files by relative paths.
pub(crate) struct Home {
    directory: TempDir,
    /// The address of its own ledger in a database; None if the ledger is a file.
    ledger: Option<String>,
}

thread_local! {
    /// Creates the address of a ledger in a database for each home of this test; None if the ledgers are files.
    static LEDGERS: Cell<Option<fn() -> String>> = const { Cell::new(None) };
}

/// Runs a test in which each home has its own ledger, made by `make`.
pub(crate) fn with_ledgers(make: fn() -> String, test: fn()) {
    LEDGERS.set(Some(make));
    test();
    LEDGERS.set(None);
}

/// Runs these tests once more, with the ledger of each home in a database. `src/runs/ledger/contract/` and the
/// simulation check the rules of the ledger in both engines. So only tests of locks between processes, of types of
/// values, or of the database's clock belong here.
macro_rules! test_with_both_ledgers {
    ($($test:ident,)+) => {
        #[cfg(target_os = "linux")]
        mod in_a_database {
            $(
                #[test]
                fn $test() {
                    crate::postgres::in_a_database(super::$test);
                }
            )+
        }
    };
}
pub(crate) use test_with_both_ledgers;

/// A command for `run` that succeeds on every platform.
pub(crate) const SUCCEEDS: [&str; 2] = [env!("CARGO_BIN_EXE_jelouctl"), "--version"];

/// The pause between two checks of a condition.
pub(crate) const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Waits until `is_so`; fails after a minute.
pub(crate) fn wait_until(what: &str, is_so: impl FnMut() -> bool) {
    assert!(becomes_so(is_so), "waited in vain until {what}");
}

/// Returns whether `is_so` within a minute.
pub(crate) fn becomes_so(mut is_so: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !is_so() {
        if begun.elapsed() > Duration::from_secs(60) {
            return false;
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    true
}

/// Returns the variables of a sender to the API at `url`.
pub(crate) fn sender(url: &str) -> [(&str, &str); 4] {
    [
        ("JELOU_API_URL", url),
        ("JELOU_BOT_ID", "BOT-ID"),
        ("JELOU_CLIENT_ID", "id"),
        ("JELOU_CLIENT_SECRET", "canary-secret-of-the-tests"),
    ]
}

/// Kills a process and waits for its end.
pub(crate) fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// One command line, not yet run.
pub(crate) struct Run<'a> {
    command: assert_cmd::Command,
    /// The home must outlive the run.
    home: PhantomData<&'a Home>,
}

/// Returns the library of faketime, which sets the clock of a process. None if the test is skipped.
pub(crate) fn faketime() -> Option<String> {
    // The command could print the path, but it fails if a killed process with the same id has left its semaphore.
    let places = std::fs::read_dir("/usr/lib")
        .into_iter()
        .flatten()
        .map(|place| place.unwrap().path());
    let places = places.chain(["/usr/lib".into(), "/usr/lib64".into()]);
    let library = places
        .map(|place| place.join("faketime/libfaketime.so.1"))
        .find(|library| library.exists());
    can_test("faketime", || library.is_some())
        .then(|| library.unwrap().to_str().unwrap().to_owned())
}

/// Splits a command line into words. Spaces separate them, except between single quotes.
pub(crate) fn split_words(line: &str) -> Vec<&str> {
    assert!(
        line.matches('\'').count().is_multiple_of(2),
        "a quote is missing: {line}"
    );
    let parts = line.split('\'').enumerate();
    parts
        .flat_map(|(at, part)| {
            if at.is_multiple_of(2) {
                part.split_whitespace().collect()
            } else {
                vec![part]
            }
        })
        .collect()
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Whether a sandbox of this user runs here: `--sandbox` would send to it, and the tests would not be isolated.
static IS_SANDBOX_RUNNING: LazyLock<bool> = LazyLock::new(|| {
    let address = SocketAddr::from(([127, 0, 0, 1], 4780));
    let health = || {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        write!(
            stream,
            "GET /sandbox/health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        io::read_to_string(stream)
    };
    health().is_ok_and(|answer: String| answer.contains("\"arrived\""))
});

/// Resets signals that the test process ignores (under `nohup`, in the background of a script). Commands would inherit
/// this, except for the signals that they catch.
#[cfg(target_os = "linux")]
static NOTHING_IS_IGNORED: LazyLock<()> = LazyLock::new(|| {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:\t"))
        .unwrap();
    let ignored = u64::from_str_radix(ignored, 16).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    for signal in [1, 2, 3, 15]
        .into_iter()
        .filter(|signal| ignored >> (signal - 1) & 1 == 1)
    {
        drop(
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(signal)).unwrap(),
        );
    }
});

impl Home {
    pub(crate) fn new() -> Self {
        #[cfg(target_os = "linux")]
        LazyLock::force(&NOTHING_IS_IGNORED);
        assert!(
            !*IS_SANDBOX_RUNNING,
            "a sandbox runs on 127.0.0.1:4780: stop it first"
        );
        let of_machine = Path::new("/etc/jelouctl/config.toml");
        assert!(
            !of_machine.exists(),
            "the tests would read {}: move it away first",
            of_machine.display()
        );
        Self {
            directory: TempDir::new().unwrap(),
            ledger: LEDGERS.get().map(|make| make()),
        }
    }

    /// Returns the address of its ledger in a database; None if the ledger is a file.
    pub(crate) fn ledger(&self) -> Option<&str> {
        self.ledger.as_deref()
    }

    /// Uses this database as its ledger.
    #[cfg(unix)]
    pub(crate) fn on(self, ledger: String) -> Self {
        Self {
            ledger: Some(ledger),
            ..self
        }
    }

    /// Creates the home of another machine, with the same database.
    #[cfg(unix)]
    pub(crate) fn another_machine(&self) -> Self {
        Self::new().on(self.ledger.clone().unwrap())
    }

    /// Returns the rows of a query by the owner of its database.
    #[cfg(unix)]
    pub(crate) fn sql(&self, statement: &str) -> Vec<tokio_postgres::Row> {
        crate::postgres::sql(self.ledger().unwrap(), statement)
    }

    /// Does `work` while another session of its database stays in the transaction that `script` begins.
    #[cfg(unix)]
    pub(crate) fn while_holding<T>(&self, script: &str, work: impl FnOnce() -> T) -> T {
        crate::postgres::while_holding(self.ledger().unwrap(), script, work)
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Returns whether its ledger has this run.
    pub(crate) fn has_run(&self, run: &str) -> bool {
        self.run("bulk list -o id")
            .end()
            .stdout
            .lines()
            .any(|name| name == run)
    }

    /// Changes the ledger directly, in a file or in a database.
    pub(crate) fn change_store(&self, change: &str) {
        if !self.change_database(change) {
            let store =
                rusqlite::Connection::open(self.path().join(STATE).join("state.db")).unwrap();
            store.execute_batch(change).unwrap();
        }
    }

    /// Changes the ledger directly if it is in a database. Returns whether it is.
    pub(crate) fn change_database(&self, change: &str) -> bool {
        if let Some(ledger) = self.ledger() {
            #[cfg(unix)]
            crate::postgres::change(ledger, change);
            #[cfg(not(unix))]
            unreachable!("no test makes {ledger} here: {change}");
        }
        self.ledger().is_some()
    }

    /// Ends the leases of killed processes in a database, so that the test need not wait. With a file, the rows of a
    /// killed process are free immediately.
    pub(crate) fn end_leases(&self) {
        self.change_database(
            "UPDATE worker SET seen_at = seen_at - lease_ms WHERE left_at IS NULL; UPDATE claim SET lease_until = 0",
        );
    }

    /// Writes a file that only we can read.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        // With uniform separators, as in the output of the command.
        let path: PathBuf = self.path().join(name).components().collect();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        set_mode(&path, 0o600);
        path
    }

    pub(crate) fn config(&self, content: &str) -> PathBuf {
        self.write(&format!("{CONFIG}/config.toml"), content)
    }

    /// Writes a configuration with one profile: a sender to the API at `url`, with more keys.
    pub(crate) fn profile(&self, name: &str, url: &str, keys: &str) -> PathBuf {
        let [_, (_, bot), (_, id), (_, secret)] = sender(url);
        let login =
            format!("bot_id = \"{bot}\"\nclient_id = \"{id}\"\nclient_secret = \"{secret}\"");
        self.config(&format!(
            "[profiles.{name}]\n{login}\napi_url = \"{url}\"\n{keys}\n"
        ))
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Creates a run of this command line.
    pub(crate) fn run(&self, line: &str) -> Run<'_> {
        self.run_args(&split_words(line))
    }

    /// Creates a dry run of a list with the sandbox. It prints the requests and sends nothing.
    pub(crate) fn dry_run_list(&self, arguments: &[&str]) -> Run<'_> {
        self.run("--sandbox --dry-run bulk send").args(arguments)
    }

    pub(crate) fn run_args(&self, arguments: &[&str]) -> Run<'_> {
        let mut command = assert_cmd::Command::from_std(self.command());
        command.args(arguments).timeout(Duration::from_secs(60));
        Run {
            command,
            home: PhantomData,
        }
    }

    /// Creates a process that sends to the API at `url`, with its outputs in pipes.
    pub(crate) fn process(&self, line: &str, url: &str) -> Command {
        let mut command = self.command();
        command
            .args(split_words(line))
            .envs(sender(url))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Returns the rows of a report as objects.
    pub(crate) fn report(&self, line: &str) -> Vec<Value> {
        self.run("bulk report --format ndjson")
            .args(&split_words(line))
            .success()
            .rows()
    }

    /// Creates the process of another program in this home. It finds the binary as `jelouctl`.
    pub(crate) fn program(&self, program: &str) -> Command {
        let ours = self.command();
        let binaries = Path::new(ours.get_program()).parent().unwrap().display();
        let mut command = Command::new(program);
        command.env_clear().envs(
            ours.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command
            .env("PATH", format!("{binaries}:/usr/bin:/bin"))
            .current_dir(self.path());
        command
    }

    /// Creates the process of the binary in this home, for tests that need the process itself.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(cargo_bin!("jelouctl"));
        command
            .env_clear()
            .env("HOME", self.path())
            .env("USERPROFILE", self.path());
        command.env("XDG_CONFIG_HOME", self.path().join(".config"));
        if cfg!(windows) {
            // Wine gives every process its own directory, which all homes would share.
            let local = self.path().join(r"AppData\Local");
            command
                .env("APPDATA", self.path().join(r"AppData\Roaming"))
                .env("LOCALAPPDATA", local);
        }
        // Programs there have no sockets without it.
        command.envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
        command.envs(self.ledger().map(|ledger| ("JELOUCTL_LEDGER", ledger)));
        command.current_dir(self.path());
        command
    }
}

impl Run<'_> {
    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn stdin(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.command.write_stdin(content);
        self
    }

    /// Sets the bot and the credentials for the API at `url`.
    pub(crate) fn api(self, url: &str) -> Self {
        sender(url)
            .into_iter()
            .fold(self, |run, (name, value)| run.env(name, value))
    }

    /// Runs the command. In every test, the secret must not appear, and the command must not panic.
    pub(crate) fn end(mut self) -> CommandOutput {
        let ended = CommandOutput::new(&self.command.output().unwrap());
        let shown = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!shown.contains("canary"), "a secret shows: {shown}");
        assert!(!shown.contains("panicked"), "{shown}");
        ended
    }

    pub(crate) fn success(self) -> CommandOutput {
        let ended = self.end();
        assert_eq!(ended.code, 0, "{ended:?}");
        ended
    }

    /// Checks that the command fails with `code`, and that stderr contains each of `parts`.
    pub(crate) fn fails(self, code: i32, parts: &[&str]) -> CommandOutput {
        let ended = self.end();
        assert_eq!(ended.code, code, "{ended:?}");
        ended.stderr_has(parts)
    }
}

impl CommandOutput {
    pub(crate) fn new(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Checks that stderr contains each of `parts`.
    pub(crate) fn stderr_has(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(
                self.stderr.contains(part),
                "`{part}` is missing in {self:?}"
            );
        }
        self
    }

    /// Checks that stderr contains none of `parts`.
    pub(crate) fn stderr_lacks(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(!self.stderr.contains(part), "`{part}` is in {self:?}");
        }
        self
    }

    /// Returns stdout, which has one JSON value on each line.
    pub(crate) fn rows(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| checked_record(serde_json::from_str(line).unwrap()))
            .collect()
    }

    /// Returns the reasons of skipped rows, from the summary of a run.
    pub(crate) fn reasons(&self) -> Value {
        self.json()["skipped_reasons"].clone()
    }

    /// Returns stdout, which must be exactly one line of JSON.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.matches('\n').count(), 1, "{self:?}");
        checked_record(serde_json::from_str(&self.stdout).unwrap())
    }
}

/// Returns the JSON. If it is a record about an outcome, it must match its schema.
pub(crate) fn checked_record(record: Value) -> Value {
    static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let schema = include_str!("../../src/base/output/record.json");
        jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
    });
    let has = |field| record.get(field).is_some();
    let is_outcome = has("exit_code") || has("dry_run");
    if has("schema_version") && is_outcome {
        let faults: Vec<_> = SCHEMA.iter_errors(&record).collect();
        assert!(faults.is_empty(), "{record}: {faults:?}");
        note_checked(&record);
    }
    record
}

/// Adds a line to the file that `CHECKED_RECORDS` names, if it is set: its lines are the records that the schema checked.
fn note_checked(record: &Value) {
    let Some(path) = std::env::var_os("CHECKED_RECORDS") else {
        return;
    };
    let file = OpenOptions::new().append(true).create(true).open(path);
    writeln!(file.unwrap(), "{}", record["command"]).unwrap();
}

#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Windows has no file modes. A file in the user's own directory belongs to the user.
#[cfg(not(unix))]
pub(crate) fn set_mode(_: &Path, _: u32) {}

/// Returns `tests/fixtures/…` as JSON.
pub(crate) fn fixture(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(fixture_path(name)).unwrap()).unwrap()
}

pub(crate) fn fixture_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// Puts `command` after the words of `launcher`, such as `timeout 9` or no words.
pub(crate) fn under(launcher: &[&str], command: &Command) -> Command {
    let mut words = launcher
        .iter()
        .map(OsStr::new)
        .chain([command.get_program()])
        .chain(command.get_args());
    let mut started = Command::new(words.next().unwrap());
    started
        .args(words)
        .env_clear()
        .current_dir(command.get_current_dir().unwrap());
    started.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    started
}

/// Returns whether to run a test that makes system calls of a process fail.
#[cfg(target_os = "linux")]
pub(crate) fn can_trace() -> bool {
    let is_there = || works("strace", &["-f", "-o", "/dev/null", "/bin/true"]);
    can_test("strace, and the right to trace a child", is_there)
}

/// Runs `command` under strace. The call with this number among `calls` gets the `fault`. The file `trace` lists the
/// calls.
#[cfg(target_os = "linux")]
pub(crate) fn with_fault(command: &Command, calls: &str, fault: &str, when: usize) -> Command {
    let (trace, inject) = (
        format!("trace={calls}"),
        format!("inject={calls}:{fault}:when={when}"),
    );
    let mut traced = under(
        &[
            "strace", "-f", "-qq", "-o", "trace", "-e", &trace, "-e", &inject,
        ],
        command,
    );
    traced.env("PATH", "/usr/bin:/bin");
    traced
}

/// Returns the name of the user of the tests, whatever the environment says.
pub(crate) fn user_name() -> String {
    words_of(Command::new("id").arg("-un"))
}

pub(crate) fn host_name() -> String {
    words_of(Command::new("uname").arg("-n"))
}

fn words_of(command: &mut Command) -> String {
    let words = String::from_utf8(tool(command).stdout).unwrap();
    words.trim().to_owned()
}

/// Runs a tool of the tests, which must succeed.
pub(crate) fn tool(command: &mut Command) -> Output {
    command.assert().success().get_output().clone()
}
