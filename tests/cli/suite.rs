//! Checks the test suite itself: when slow tests run, and which tests are skipped.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{CommandOutput, Home, set_mode};
use crate::needs::LEFT_OUT;

/// Returns the tests of a file, each with the lines above it.
fn tests(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut above = String::new();
    for line in text.lines() {
        match line
            .strip_prefix("fn ")
            .and_then(|rest| rest.split('(').next())
        {
            Some(name) if above.contains("#[test]") => found.push((name.to_owned(), above.clone())),
            _ => {}
        }
        if line.starts_with("#[") || line.starts_with("///") {
            above.push_str(line);
            above.push('\n');
        } else {
            above.clear();
        }
    }
    found
}

/// Returns the name and the text of each file of these tests.
fn files() -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let sources =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    sources
        .map(|path| {
            (
                path.file_stem().unwrap().to_str().unwrap().to_owned(),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .collect()
}

#[test]
fn ignored_tests_are_listed_in_contributing() {
    let manual =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("CONTRIBUTING.md")).unwrap();
    let slow: Vec<_> = files()
        .iter()
        .flat_map(|(_, text)| tests(text))
        .filter(|(_, above)| above.contains("#[ignore"))
        .collect();
    assert_eq!(slow.len(), 6, "{slow:?}");
    for (test, above) in slow {
        assert!(
            manual.contains(&format!("- `{test}` (")) && above.contains("CONTRIBUTING.md"),
            "{test}"
        );
    }
}

/// Returns the exit code of a test that needs fish, on a machine without fish.
#[cfg(target_os = "linux")]
fn without_fish(left_out: Option<&Path>) -> std::process::Output {
    let mut tests = Command::new(std::env::current_exe().unwrap());
    tests
        .args(["--exact", "completion::fish_completes_a_profile_and_a_file"])
        .env("PATH", "")
        .env_remove(LEFT_OUT);
    tests
        .envs(left_out.map(|list| (LEFT_OUT, list)))
        .output()
        .unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn test_without_its_tool_fails_unless_skipped() {
    let failed = without_fish(None);
    let told = String::from_utf8(failed.stdout).unwrap();
    assert!(
        !failed.status.success() && told.contains("this test needs fish: "),
        "{told}"
    );
    let home = Home::new();
    let list = home.path().join("left-out");
    assert!(without_fish(Some(&list)).status.success());
    assert_eq!(
        home.read("left-out"),
        "fish\tcompletion::fish_completes_a_profile_and_a_file\n"
    );
}

/// Runs `tests/run` with these words. Returns its calls, each with the file for skipped tests. The test program called
/// `failing` fails.
#[cfg(target_os = "linux")]
fn round(words: &[&str], failing: &str) -> (CommandOutput, Vec<String>) {
    let home = Home::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run");
    home.write("tests/run", fs::read_to_string(script).unwrap());
    let call = "#!/bin/sh\necho \"${0##*/} $* [$TESTS_LEFT_OUT]\" >> \"$HOME/calls\"\n";
    // Cargo decides the directory of the binary, which may differ from target/.
    let tests = "case \"$*\" in metadata*) echo '{\"target_directory\":\"/elsewhere\",\"version\":1}';; *'test cli') [ ! \"$TESTS_LEFT_OUT\" ] || printf '%s\\n' \
                 'fish\tcompletion::b' 'a database\truns::in_a_database::c' 'a database\truns::in_a_database::c' \
                 'a database\tsum::d' 'a database\tsum::e' >> \"$TESTS_LEFT_OUT\";; esac\n";
    home.write(
        "bin/cargo",
        format!("{call}{tests}[ \"${{*##* }}\" != '{failing}' ]\n"),
    );
    home.write("tests/smoke", call);
    home.write("tests/package", call);
    // No sandbox of a user answers, and no tool is installed.
    home.write("bin/curl", "#!/bin/sh\nexit 1\n");
    let installed = "apt-get sudo rustup bash zsh python3 fish chromium npm strace ip faketime systemd-analyze jq initdb pgbouncer";
    for name in installed.split(' ') {
        home.write(&format!("bin/{name}"), "#!/bin/sh\n");
    }
    for name in fs::read_dir(home.path().join("bin"))
        .unwrap()
        .chain(fs::read_dir(home.path().join("tests")).unwrap())
    {
        set_mode(&name.unwrap().path(), 0o755);
    }
    let mut run = Command::new("/bin/bash");
    run.arg(home.path().join("tests/run"))
        .args(words)
        .env_clear()
        .env("HOME", home.path());
    // A user's own variable changes nothing.
    run.env(
        "PATH",
        home.path().join("bin").display().to_string() + ":/usr/bin:/bin",
    )
    .env(LEFT_OUT, "/nowhere");
    let ended = CommandOutput::new(&run.output().unwrap());
    let calls = fs::read_to_string(home.path().join("calls")).unwrap_or_default();
    let is_test = |call: &&str| {
        !call.contains(" --no-run ")
            && (!call.starts_with("cargo ") || call.starts_with("cargo test "))
    };
    let place = format!("[{}/", home.path().display());
    (
        ended,
        calls
            .lines()
            .filter(is_test)
            .map(|call| call.replace(&place, "["))
            .collect(),
    )
}

#[test]
#[cfg(target_os = "linux")]
fn full_and_quick_rounds_call_their_tests() {
    let (ended, mut calls) = round(&[], "nothing");
    assert_eq!(ended.code, 0, "{ended:?}");
    // These run at the same time.
    calls[1..4].sort();
    let all = [
        "cargo test --locked --quiet --lib --bins []",
        "cargo test --locked --quiet --test cli []",
        "cargo test --locked --quiet --test page []",
        "package tools []",
        "smoke /elsewhere/debug/jelouctl []",
        "package  []",
    ];
    assert_eq!(calls, all);
    for failing in ["--bins", "cli", "page"] {
        let (ended, calls) = round(&[], failing);
        assert!(
            ended.code != 0 && !calls.contains(&"package  []".to_owned()),
            "{failing}: {ended:?} {calls:?}"
        );
    }
    let (ended, calls) = round(&["--quick"], "nothing");
    assert_eq!(ended.code, 0, "{ended:?}");
    let quick = [
        "cargo test --locked --quiet --lib --bins [target/tests-left-out]",
        "cargo test --locked --quiet --test cli [target/tests-left-out]",
        "smoke /elsewhere/debug/jelouctl [target/tests-left-out]",
    ];
    assert_eq!(calls, quick);
    let told = "The quick round passed. It skipped these parts of tests/run:
- the pages in a browser (tests/page)
- the Debian package (tests/package)
- the licences and advisories of dependencies (cargo-deny)
- 3 tests that need a database: runs::in_a_database, sum
- 1 test that needs fish: completion
The names of the skipped tests: target/tests-left-out
";
    let (_, after) = ended.stdout.split_once(told).expect(&ended.stdout);
    let parts = [
        "format", "lints", "build", "units", "cli", "smoke", "in all",
    ];
    assert!(
        parts
            .iter()
            .all(|part| after.contains(&format!("  {part}\n"))),
        "{after}"
    );
    for words in [&["quick"][..], &["--quick", "--quick"], &[""]] {
        let (ended, calls) = round(words, "nothing");
        assert_eq!(
            (ended.code, ended.stderr.as_str(), calls.len()),
            (2, "usage: tests/run [--quick]\n", 0),
            "{words:?}"
        );
    }
}
