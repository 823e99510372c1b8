//! The help of every command and the READMEs' sessions, compared in full.

use std::path::Path;

use assert_cmd::cargo::cargo_bin;
use trycmd::TestCases;
use trycmd::schema::Bin;

use crate::harness::Home;

/// The only transcript that shows the global options; the others have `[GLOBAL_OPTIONS]` instead.
const WHOLE: &str = "tests/transcripts/help-jelouctl.trycmd";

/// Wide enough for every line, whatever the terminal.
const COLUMNS: &str = "100";

fn cases(home: &Path) -> TestCases {
    let cases = TestCases::new();
    let home = home.to_str().unwrap();
    // A program that trycmd does not find by itself would be left out without failing.
    cases.register_bin("jelouctl", Bin::Path(cargo_bin!("jelouctl").into()));
    cases.env("HOME", home).env("XDG_CONFIG_HOME", home).env("COLUMNS", COLUMNS);
    cases.env("USERPROFILE", home).env("APPDATA", home).env("LOCALAPPDATA", home);
    cases
}

/// The text under "Global options:" in the help.
fn global_options(home: &Home) -> String {
    let help = home.run("--help").env("COLUMNS", COLUMNS).success().stdout;
    let (_, options) = help.split_once("Global options:\n").unwrap();
    let (options, _) = options.split_once("\n\nExit codes:").unwrap();
    options.to_owned()
}

#[test]
fn help_and_sessions_are_as_written() {
    let home = Home::new();
    cases(home.path()).case("README.md").case("README.es.md").run();
    // A help names the program as it was started: with its ending on Windows.
    if cfg!(windows) {
        return;
    }
    cases(home.path()).case(WHOLE).run();
    let others = cases(home.path());
    others.insert_var("[GLOBAL_OPTIONS]", global_options(&home)).unwrap();
    others.case("tests/transcripts/*.trycmd").skip(WHOLE).run();
}
