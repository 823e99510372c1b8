//! Generated files are committed and current. `tests/update` writes them.

use std::fs;
use std::path::Path;

use crate::harness::Home;

fn committed(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn completions_are_current() {
    let shells = [
        ("bash", "jelouctl.bash"),
        ("elvish", "jelouctl.elv"),
        ("fish", "jelouctl.fish"),
        ("powershell", "_jelouctl.ps1"),
        ("zsh", "_jelouctl"),
    ];
    for (shell, file) in shells {
        let generated = Home::new()
            .run("completions")
            .args(&[shell])
            .success()
            .stdout;
        assert!(
            generated == committed(&format!("completions/{file}")),
            "{file} is not current: run tests/update"
        );
    }
}

/// Returns the files in `directory`.
fn names(directory: &Path) -> Vec<String> {
    let files = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The reference has one kind of `bulk send`, and the manual none, because they have the same flags as the kinds of
/// `send`.
#[test]
fn every_command_has_a_manual_page() {
    let home = Home::new();
    home.run("man --dir written").success();
    let reference = committed("docs/reference.md");
    let commands = reference
        .lines()
        .filter_map(|line| line.strip_prefix("## "));
    let mut expected: Vec<_> = commands
        .filter(|command| !command.starts_with("jelouctl bulk send "))
        .map(|command| format!("{}.1", command.replace(' ', "-")))
        .collect();
    expected.sort();
    assert_eq!(names(&home.path().join("written")), expected);
    for page in expected {
        assert!(
            home.read(&format!("written/{page}"))
                .contains("\n.SH SYNOPSIS\n"),
            "{page}"
        );
    }
    assert_eq!(
        home.run("man").success().stdout,
        home.read("written/jelouctl.1")
    );
}

#[test]
fn schemas_are_current() {
    let home = Home::new();
    home.run("schema --dir written").success();
    let written = names(&home.path().join("written"));
    assert_eq!(
        written,
        names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema")),
        "run tests/update"
    );
    for name in written {
        let current =
            home.read(&format!("written/{name}")) == committed(&format!("docs/schema/{name}"));
        assert!(
            current,
            "docs/schema/{name} is not current: run tests/update"
        );
    }
}

#[test]
fn example_configuration_is_valid_and_complete() {
    let example = committed("config.example.toml");
    let home = Home::new();
    home.write("example.toml", &example);
    let shown = home
        .run("profile show --config example.toml")
        .success()
        .stdout;
    assert!(
        shown.contains("allow_to\t[\"593*\"]\tprofile prod"),
        "{shown}"
    );
    let keys = "default_profile bot_id client_id client_secret client_secret_file client_secret_command api_url \
                        timeout retry_for ca_cert allow_to rate between country not_on remember time_zone confirm_bulk";
    for key in keys.split(' ') {
        assert!(example.contains(&format!("{key} = ")), "{key} is missing");
    }
}

#[test]
fn every_exit_code_is_documented() {
    let documented = committed("docs/exit-codes.md");
    for code in [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 130, 143] {
        assert!(
            documented.contains(&format!("| {code} |")),
            "{code} is missing"
        );
    }
}
