//! The sessions of the READMEs and of `tests/transcripts`, compared in full.

use assert_cmd::cargo::cargo_bin;
use trycmd::TestCases;
use trycmd::schema::Bin;

use crate::harness::Home;

/// Returns no cases yet, with their own home.
fn cases_in(home: &str) -> TestCases {
    let cases = TestCases::new();
    // trycmd would silently skip a program that it does not find.
    cases.register_bin("jelouctl", Bin::Path(cargo_bin!("jelouctl").into()));
    for variable in [
        "HOME",
        "XDG_CONFIG_HOME",
        "USERPROFILE",
        "APPDATA",
        "LOCALAPPDATA",
    ] {
        cases.env(variable, home);
    }
    cases
}

#[test]
fn sessions_match_their_transcripts() {
    let directory = Home::new();
    let home = directory.path().to_str().unwrap();
    cases_in(home)
        .case("README.md")
        .case("tests/transcripts/*.trycmd")
        .run();
    cases_in(home)
        .env("JELOUCTL_LANG", "es")
        .case("README.es.md")
        .run();
}
