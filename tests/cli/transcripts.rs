//! The sessions of the READMEs and of `tests/transcripts`, compared in full.

use assert_cmd::cargo::cargo_bin;
use trycmd::TestCases;
use trycmd::schema::Bin;

use crate::harness::Home;

#[test]
fn sessions_match_their_transcripts() {
    let directory = Home::new();
    let home = directory.path().to_str().unwrap();
    let cases = TestCases::new();
    // trycmd would silently skip a program that it does not find.
    cases.register_bin("jelouctl", Bin::Path(cargo_bin!("jelouctl").into()));
    cases.env("HOME", home).env("XDG_CONFIG_HOME", home);
    cases
        .env("USERPROFILE", home)
        .env("APPDATA", home)
        .env("LOCALAPPDATA", home);
    cases
        .case("README.md")
        .case("README.es.md")
        .case("tests/transcripts/*.trycmd")
        .run();
}
