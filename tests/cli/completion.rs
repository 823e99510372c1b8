//! Completion while typing: in real shells on a pseudo-terminal, and its limits.

use std::process::Command;
use std::time::Duration;

use expectrl::Expect;

use crate::harness::{CONFIG, CommandOutput, Home, STATE};
use crate::needs::{can_test, works};
use crate::server::{Reply, Server};
use crate::terminal::open_session;

const PROFILES: &str = "default_profile = \"prod\"\n[profiles.prod]\nbot_id = \"7477\"\nclient_secret = \"canary-1\"\n[profiles.staging]\nbot_id = \"7488\"\n";

const NAME: &str = "jelouctl profile show stag";
const FILE: &str = "jelouctl profile show staging --config other";

/// Returns the candidates after `words`, as bash gets them.
fn candidates(home: &Home, words: &[&str]) -> CommandOutput {
    let run = home.run_args(&[&["--", "jelouctl"], words].concat());
    let index = words.len().to_string();
    run.env("COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", index)
        .env("_CLAP_IFS", "\n")
        .end()
}

/// Types `line` and a Tab into `shell`, and expects the bot of the profile. Only the completed name selects that
/// profile.
fn shows_a_profile(shell: &[&str], setup: &str, line: &str) {
    let home = Home::new();
    home.config(PROFILES);
    home.write("other profiles.toml", PROFILES);
    let mut session = open_session(|| {
        let mut process = home.program(shell[0]);
        process
            .args(&shell[1..])
            .env("TERM", "dumb")
            .env("PS1", "ready> ");
        process
    });
    session.set_expect_timeout(Some(Duration::from_secs(20)));
    session.send_line(setup).unwrap();
    session.send_line("echo set-''up").unwrap();
    session.expect("set-up").unwrap();
    session.send(format!("{line}\t")).unwrap();
    session.send_line("").unwrap();
    session.expect("7488").unwrap();
}

// The bash of macOS is too old.
#[test]
#[cfg(target_os = "linux")]
fn bash_completes_a_profile() {
    shows_a_profile(
        &["bash", "--norc", "--noprofile", "-i"],
        "source <(jelouctl completions bash)",
        NAME,
    );
}

#[test]
fn zsh_completes_a_profile_and_a_file() {
    if !can_test("zsh", || works("zsh", &["--version"])) {
        return;
    }
    let setup = "autoload -U compinit; compinit -u -D; source <(jelouctl completions zsh)";
    shows_a_profile(&["zsh", "-f", "-i"], setup, NAME);
    shows_a_profile(&["zsh", "-f", "-i"], setup, FILE);
}

/// A package puts the script where zsh loads it at the first Tab.
#[test]
fn installed_zsh_script_completes_at_first_tab() {
    if !can_test("zsh", || works("zsh", &["--version"])) {
        return;
    }
    let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/completions");
    let setup = format!("fpath=('{installed}' $fpath); autoload -U compinit; compinit -u -D");
    shows_a_profile(&["zsh", "-f", "-i"], &setup, NAME);
}

#[test]
#[cfg(target_os = "linux")]
fn fish_completes_a_profile_and_a_file() {
    if !can_test("fish", || works("fish", &["--version"])) {
        return;
    }
    let setup = "jelouctl completions fish | source";
    shows_a_profile(&["fish", "--no-config", "-i"], setup, NAME);
    shows_a_profile(&["fish", "--no-config", "-i"], setup, FILE);
}

#[test]
fn profiles_and_kinds_are_completed() {
    let home = Home::new();
    home.config(PROFILES);
    assert_eq!(candidates(&home, &["--profile", "pr"]).stdout, "prod");
    assert_eq!(candidates(&home, &["-p", ""]).stdout, "prod\nstaging");
    assert_eq!(
        candidates(&home, &["--output", ""]).stdout,
        "response\nid\nrecord\nnone"
    );
    assert_eq!(
        candidates(&home, &["profile", "use", "s"]).stdout,
        "staging"
    );
    assert_eq!(
        candidates(&home, &["send", "loc"]).stdout,
        "location\nlocation-request"
    );
}

/// bash inserts a candidate literally.
#[test]
fn completions_contain_no_shell_code() {
    let home = Home::new();
    let names = [
        "x;touch PWN",
        "x$(touch PWN)",
        "x`touch PWN`",
        "x.2",
        "x-1_a",
        "x y",
        "x|y",
        "x*",
        "x>y",
        "x'",
        "x\\\\",
    ];
    let profiles: Vec<_> = names
        .iter()
        .map(|name| format!("[profiles.\"{name}\"]\n"))
        .collect();
    home.config(&profiles.concat());
    assert_eq!(candidates(&home, &["--profile", "x"]).stdout, "x-1_a\nx.2");
    for name in ["files/x$(touch PWN)", "files/x.csv"] {
        home.write(name, "");
    }
    assert_eq!(
        candidates(&home, &["bulk", "send", "files/x"]).stdout,
        "files/x.csv"
    );
}

#[test]
fn once_keys_are_completed() {
    let home = Home::new();
    assert_eq!(candidates(&home, &["once", "show", "nov"]).stdout, "");
    assert!(!home.path().join(STATE).join("state.db").exists());
    let server = Server::start(vec![Reply::json(
        200,
        r#"{"success":true,"messageId":"1"}"#,
    )]);
    home.run("send text --to 593987654321 Hola --once november")
        .api(&server.url)
        .success();
    for words in [["once", "show", "nov"], ["once", "forget", "nov"]] {
        assert_eq!(candidates(&home, &words).stdout, "november");
    }
    assert_eq!(candidates(&home, &["once", "add", "nov"]).stdout, "");
}

#[test]
fn run_names_are_completed() {
    let home = Home::new();
    assert_eq!(
        candidates(&home, &["bulk", "status", ""])
            .stdout
            .lines()
            .next(),
        Some("--profile")
    );
    // The configuration may be in the same directory.
    let kept = if STATE == CONFIG { "state.db" } else { "" };
    assert!(!home.path().join(STATE).join(kept).exists());
    home.write("people.csv", "to\n593987654321\n");
    home.run("bulk send people.csv --run orders --sandbox --yes text Hola")
        .success();
    assert_eq!(
        candidates(&home, &["bulk", "status", "or"]).stdout,
        "orders"
    );
    assert_eq!(
        candidates(&home, &["bulk", "resume", "or"]).stdout,
        "orders"
    );
    // Completion does not read the runs in a database, and must not offer the local runs instead.
    let offered = |variable: &str, value: &str| {
        let run = home.run("-- jelouctl bulk resume or").env(variable, value);
        run.env("COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", "3")
            .env("_CLAP_IFS", "\n")
            .success()
            .stdout
    };
    assert_eq!(offered("JELOU_API_URL", "http://127.0.0.1:9"), "orders");
    assert_eq!(
        offered("JELOUCTL_LEDGER", "postgres://canary@127.0.0.1:9/jelouctl"),
        ""
    );
    home.config("[profiles.prod]\nledger = \"postgres://u@127.0.0.1:9/j\"\n");
    assert_eq!(candidates(&home, &["bulk", "resume", "or"]).stdout, "");
}

#[test]
fn broken_configuration_completes_no_names() {
    let home = Home::new();
    for config in [
        "[profiles",
        "[profiles.p]\nclient_secret = \"canary-1\"\nnope = 1\n",
        "\u{0}",
    ] {
        home.config(config);
        let ended = candidates(&home, &["--profile", ""]);
        assert_eq!(
            (ended.code, ended.stdout.as_str(), ended.stderr.as_str()),
            (0, "", ""),
            "{config}"
        );
    }
    // Completion must not wait for a pipe without a writer.
    crate::harness::tool(Command::new("mkfifo").arg(home.path().join("pipe")));
    for words in [["--profile", "", ""], ["bulk", "resume", ""]] {
        let run = home
            .run_args(&[&["--", "jelouctl"], &words[..]].concat())
            .env("JELOUCTL_CONFIG", "pipe");
        let index = words.iter().position(|word| word.is_empty()).unwrap() + 1;
        run.env("COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", index.to_string())
            .success();
    }
}

#[test]
fn complete_variable_alone_does_not_prevent_sending() {
    for value in ["bash", "1", "nonsense", ""] {
        let server = Server::answering(Reply::accepted());
        let home = Home::new();
        let ended = home
            .run("send text --to 593987654321 Hola")
            .api(&server.url)
            .env("COMPLETE", value)
            .success();
        assert!(ended.stdout.contains("messageId"), "{}", ended.stdout);
        server.only();
    }
}
