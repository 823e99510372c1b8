//! A run of the command in a temporary home and an empty environment.

use std::io::{self, Write};
use std::marker::PhantomData;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::time::Duration;

use assert_cmd::assert::OutputAssertExt;
use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use tempfile::TempDir;

const IS_MACOS: bool = cfg!(target_os = "macos");

/// Where the configuration is in a home, what runs keep, and what can be had again.
pub const CONFIG: &str = if IS_MACOS { "Library/Application Support/jelouctl" } else { ".config/jelouctl" };
pub const STATE: &str = if IS_MACOS { "Library/Application Support/jelouctl" } else { ".local/state/jelouctl" };
pub const CACHE: &str = if IS_MACOS { "Library/Caches/jelouctl" } else { ".cache/jelouctl" };

/// A place to run in; files written into it are found by relative paths.
pub struct Home {
    directory: TempDir,
}

/// One command line, not yet run.
pub struct Run<'a> {
    command: assert_cmd::Command,
    /// The home must outlive the run.
    home: PhantomData<&'a Home>,
}

/// What came of it.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Whether somebody's sandbox runs here: `--sandbox` would send to it, and the tests would not be alone.
static IS_SANDBOX_RUNNING: LazyLock<bool> = LazyLock::new(|| {
    let address = SocketAddr::from(([127, 0, 0, 1], 4780));
    let health = || {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        write!(stream, "GET /sandbox/health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        io::read_to_string(stream)
    };
    health().is_ok_and(|answer: String| answer.contains("\"arrived\""))
});

impl Home {
    pub fn new() -> Self {
        assert!(!*IS_SANDBOX_RUNNING, "a sandbox runs on 127.0.0.1:4780: stop it first");
        Self { directory: TempDir::new().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file that only we can read.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        set_mode(&path, 0o600);
        path
    }

    pub fn config(&self, content: &str) -> PathBuf {
        self.write(&format!("{CONFIG}/config.toml"), content)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// A command line, its words separated by spaces.
    pub fn run(&self, words: &str) -> Run<'_> {
        self.run_args(&words.split_whitespace().collect::<Vec<_>>())
    }

    pub fn run_args(&self, arguments: &[&str]) -> Run<'_> {
        let mut command = assert_cmd::Command::from_std(self.command());
        command.args(arguments).timeout(Duration::from_secs(60));
        Run { command, home: PhantomData }
    }

    /// The binary in this home, for tests that need the process itself.
    pub fn command(&self) -> Command {
        let mut command = Command::new(cargo_bin!("jelouctl"));
        command.env_clear().env("HOME", self.path()).env("XDG_CONFIG_HOME", self.path().join(".config"));
        command.current_dir(self.path());
        command
    }
}

impl Run<'_> {
    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub fn stdin(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.command.write_stdin(content);
        self
    }

    /// Bot and credentials for the API at `url`.
    pub fn api(self, url: &str) -> Self {
        self.env("JELOU_API_URL", url)
            .env("JELOU_BOT_ID", "BOT_ID")
            .env("JELOU_CLIENT_ID", "id")
            .env("JELOU_CLIENT_SECRET", "canary-secret-of-the-tests")
    }

    /// Runs it. Whatever the test, the secret must not show and no panic may happen.
    pub fn end(mut self) -> Ended {
        let ended = Ended::new(&self.command.output().unwrap());
        let shown = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!shown.contains("canary"), "a secret shows: {shown}");
        assert!(!shown.contains("panicked"), "{shown}");
        ended
    }

    pub fn success(self) -> Ended {
        let ended = self.end();
        assert_eq!(ended.code, 0, "{ended:?}");
        ended
    }

    /// Fails with `code`, and stderr has each of `parts`.
    pub fn fails(self, code: i32, parts: &[&str]) -> Ended {
        let ended = self.end();
        assert_eq!(ended.code, code, "{ended:?}");
        for part in parts {
            assert!(ended.stderr.contains(part), "`{part}` is missing in {}", ended.stderr);
        }
        ended
    }
}

impl Ended {
    pub fn new(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// stdout, which must be exactly one line of JSON.
    pub fn json(&self) -> Value {
        assert_eq!(self.stdout.matches('\n').count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }
}

#[cfg(unix)]
pub fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// There are no modes here: a file in the user's own directory is the user's own.
#[cfg(not(unix))]
pub fn set_mode(_: &Path, _: u32) {}

/// Whether a test can be made here: `is_there` says whether the machine has what it `needs`. In CI all must be there.
pub fn can_test(needs: &str, is_there: bool) -> bool {
    if !is_there {
        assert!(std::env::var_os("CI").is_none(), "this test needs {needs}");
        // The text of `eprintln!` is only shown when a test fails.
        let mut stderr = io::stderr();
        writeln!(stderr, "skipped: a test needs {needs}").unwrap();
    }
    is_there
}

/// Whether a tool is there and does what `arguments` ask of it.
pub fn works(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// `tests/fixtures/…` as JSON.
pub fn fixture(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(fixture_path(name)).unwrap()).unwrap()
}

pub fn fixture_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A command that must succeed, for the tools that tests use.
pub fn tool(command: &mut Command) -> Output {
    command.assert().success().get_output().clone()
}
