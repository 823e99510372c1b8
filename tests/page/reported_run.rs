//! A run in a separate home, with a sandbox that has the test's faults, and the run's report in a browser.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::inbox::Inbox;
use crate::listening::Sandbox;

/// Records everything that the page's own policy blocks, from the start.
const VIOLATIONS: &str = "window.refused = []; addEventListener('securitypolicyviolation', (event) => \
                          window.refused.push(`${event.effectiveDirective} ${event.blockedURI}`))";

pub(crate) struct ReportedRun {
    home: TempDir,
    pub(crate) sandbox: Sandbox,
}

impl ReportedRun {
    /// Sends `text` to the rows of `list`, with these faults of the sandbox.
    pub(crate) fn send(list: &str, faults: &[&str], more: &[&str], text: &str) -> Self {
        let faults = faults.iter().flat_map(|fault| ["--fault", fault]);
        let sandbox = Sandbox::start(
            &["--deliver-after", "0ms"]
                .into_iter()
                .chain(faults)
                .collect::<Vec<_>>(),
        );
        let run = Self {
            home: TempDir::new().unwrap(),
            sandbox,
        };
        run.write("clientes-noviembre.csv", list);
        run.write(
            ".config/jelouctl/config.toml",
            &format!(
                "[profiles.tienda]\nbot_id = \"4512\"\nclient_id = \"sandbox\"\nclient_secret = \"sandbox\"\n\
                 api_url = \"http://{}\"\nconfirm_bulk = false\n",
                run.sandbox.address
            ),
        );
        let send = [
            "bulk",
            "send",
            "clientes-noviembre.csv",
            "--run",
            "clientes-noviembre",
            "--rate=100000/s",
        ];
        run.jelouctl(&[&send[..], more, &["text", text]].concat());
        run
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
    }

    pub(crate) fn jelouctl(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(cargo_bin!("jelouctl"));
        let home = [
            ("HOME", self.home.path().as_os_str()),
            ("TZ", "America/Guayaquil".as_ref()),
        ];
        command
            .env_clear()
            .envs(home)
            .current_dir(self.home.path())
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Opens the ledger, so that a test can change its times before a report reads them.
    pub(crate) fn ledger(&self) -> rusqlite::Connection {
        let path = self.home.path().join(".local/state/jelouctl/state.db");
        rusqlite::Connection::open(path).unwrap()
    }

    pub(crate) fn status(&self) -> Value {
        serde_json::from_slice(&self.jelouctl(&["bulk", "status"]).stdout).unwrap()
    }

    /// Writes the page, and returns its path.
    pub(crate) fn page(&self, flags: &[&str]) -> PathBuf {
        let made =
            self.jelouctl(&[&["bulk", "report", "--file", "report.html"][..], flags].concat());
        assert!(made.status.success(), "{made:?}");
        self.home.path().join("report.html")
    }

    /// Writes the page, and opens it from the disk.
    pub(crate) fn open(&self, flags: &[&str], width: u32, height: u32) -> Inbox {
        Self::open_at(&self.page(flags), width, height)
    }

    /// Writes the preview page of `list`, and opens it.
    pub(crate) fn open_preview(&self, list: &str, flags: &[&str], text: &str) -> Inbox {
        self.write("por-aprobar.csv", list);
        let send = [
            "bulk",
            "send",
            "por-aprobar.csv",
            "--preview",
            "all",
            "--file",
            "preview.html",
        ];
        let made = self.jelouctl(&[&send[..], flags, &["text", text]].concat());
        assert!([Some(0), Some(2)].contains(&made.status.code()), "{made:?}");
        self.open_file("preview.html")
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.home.path().join(name)).unwrap()
    }

    /// Opens a page in the home directory.
    pub(crate) fn open_file(&self, name: &str) -> Inbox {
        Self::open_at(&self.home.path().join(name), 1280, 900)
    }

    fn open_at(page: &Path, width: u32, height: u32) -> Inbox {
        let window = Inbox::open_at("about:blank", width, height);
        window.page.call(
            "Page.addScriptToEvaluateOnNewDocument",
            &json!({ "source": VIOLATIONS }),
        );
        window.page.go_to(&format!("file://{}", page.display()));
        window.until("document.readyState === 'complete' && window.refused");
        window
    }
}
