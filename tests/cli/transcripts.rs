//! The help of every command and the README's sessions, compared in full.

#[test]
fn help_and_sessions_are_as_written() {
    let home = tempfile::TempDir::new().unwrap();
    trycmd::TestCases::new()
        .env("HOME", home.path().to_str().unwrap())
        .env("XDG_CONFIG_HOME", home.path().to_str().unwrap())
        .env("COLUMNS", "100")
        .case("tests/transcripts/*.trycmd")
        .case("README.md");
}
