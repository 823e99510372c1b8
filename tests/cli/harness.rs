//! A run of the command in a temporary home and an empty environment.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use assert_cmd::assert::OutputAssertExt;
use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use tempfile::TempDir;

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

impl Home {
    pub fn new() -> Self {
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
        self.write(".config/jelouctl/config.toml", content)
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

pub fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
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
