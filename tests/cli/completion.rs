//! Completion while typing: in real shells on a pseudo-terminal, and its limits.

use std::process::Command;
use std::time::Duration;

use expectrl::{Expect, Session};

use crate::harness::{CACHE, CONFIG, Ended, Home, STATE};
use crate::needs::{can_test, works};
use crate::server::{Reply, Server};

const PROFILES: &str = "default_profile = \"prod\"\n[profiles.prod]\nbot_id = \"7477\"\nclient_secret = \"canary-1\"\n[profiles.staging]\nbot_id = \"7488\"\n";

/// The candidates after `words`, as bash gets them.
fn candidates(home: &Home, words: &[&str]) -> Ended {
    let run = home.run_args(&[&["--", "jelouctl"], words].concat());
    let index = words.len().to_string();
    run.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", index).env("_CLAP_IFS", "\n").end()
}

/// Types a line with a Tab into `shell` and returns the output up to `expected`.
fn typed(shell: &[&str], setup: &str, expected: &str) {
    let home = Home::new();
    home.config(PROFILES);
    let command = home.command();
    let binaries = std::path::Path::new(command.get_program()).parent().unwrap().to_str().unwrap().to_owned();
    let mut process = Command::new(shell[0]);
    process.args(&shell[1..]).env_clear().current_dir(home.path());
    process.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    process.env("PATH", format!("{binaries}:/usr/bin:/bin")).env("TERM", "dumb").env("PS1", "ready> ");
    let mut session = Session::spawn(process).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(20)));
    session.send_line(setup).unwrap();
    session.send_line("echo set-''up").unwrap();
    session.expect("set-up").unwrap();
    // The name is whole only if the shell completes it, and only then has the profile this bot.
    session.send("jelouctl profile show stag\t").unwrap();
    session.send_line("").unwrap();
    session.expect(expected).unwrap();
}

// The bash of macOS is too old.
#[test]
#[cfg(target_os = "linux")]
fn bash_completes_a_profile() {
    typed(&["bash", "--norc", "--noprofile", "-i"], "source <(COMPLETE=bash jelouctl)", "7488");
}

#[test]
fn zsh_completes_a_profile() {
    if !can_test("zsh", || works("zsh", &["--version"])) {
        return;
    }
    let setup = "autoload -U compinit; compinit -u -D; source <(COMPLETE=zsh jelouctl)";
    typed(&["zsh", "-f", "-i"], setup, "7488");
}

#[test]
#[cfg(target_os = "linux")]
fn fish_completes_a_profile() {
    if !can_test("fish", || works("fish", &["--version"])) {
        return;
    }
    typed(&["fish", "--no-config", "-i"], "COMPLETE=fish jelouctl | source", "7488");
}

#[test]
fn the_line_for_the_start_up_file_is_what_the_shells_were_given() {
    let home = Home::new();
    for (shell, line) in [
        ("bash", "source <(COMPLETE=bash jelouctl)\n"),
        ("zsh", "source <(COMPLETE=zsh jelouctl)\n"),
        ("fish", "COMPLETE=fish jelouctl | source\n"),
    ] {
        assert_eq!(home.run("completions --dynamic").args(&[shell]).success().stdout, line);
    }
}

#[test]
fn profiles_kinds_and_remembered_templates_are_offered() {
    let home = Home::new();
    home.config(PROFILES);
    assert_eq!(candidates(&home, &["--profile", "pr"]).stdout, "prod");
    assert_eq!(candidates(&home, &["-p", ""]).stdout, "prod\nstaging");
    assert_eq!(candidates(&home, &["profile", "use", "s"]).stdout, "staging");
    assert_eq!(candidates(&home, &["send", "loc"]).stdout, "location\nlocation-request");
    assert_eq!(candidates(&home, &["send", "template", "or"]).stdout, "");
    let listing =
        r#"{"results":[{"elementName":"order_shipped"},{"elementName":"other"},{"elementName":"a\u001b[2Jb"}]}"#;
    let server = Server::start(vec![Reply::json(200, listing)]);
    home.run("templates").api(&server.url).success();
    assert_eq!(candidates(&home, &["send", "template", "or"]).stdout, "order_shipped");
    assert_eq!(candidates(&home, &["send", "template", ""]).stdout.matches('\u{1b}').count(), 0);
}

/// bash inserts a candidate literally.
#[test]
fn nothing_is_offered_that_a_shell_would_run() {
    let home = Home::new();
    let names = ["x$(touch PWN)", "x`touch PWN`", "x.2", "x|y", "x*", "x>y", "x'", "x\\\\"];
    let results: Vec<_> = names.iter().map(|name| format!(r#"{{"elementName":"{name}"}}"#)).collect();
    let listing = format!(r#"{{"results":[{}]}}"#, results.join(","));
    let server = Server::start(vec![Reply::json(200, &listing)]);
    home.run("templates").api(&server.url).success();
    assert_eq!(candidates(&home, &["send", "template", "x"]).stdout, "x.2");
    home.config("[profiles.\"x;touch PWN\"]\n[profiles.x-1_a]\n[profiles.\"x y\"]\n");
    assert_eq!(candidates(&home, &["--profile", "x"]).stdout, "x-1_a");
    for name in ["files/x$(touch PWN)", "files/x.csv"] {
        home.write(name, "");
    }
    assert_eq!(candidates(&home, &["bulk", "send", "files/x"]).stdout, "files/x.csv");
    assert_eq!(candidates(&home, &["send", "contacts", "--contact", "@files/x"]).stdout, "@files/x.csv");
    assert_eq!(candidates(&home, &["send", "contacts", "--contact", "files/x"]).stdout, "");
}

#[test]
fn keys_are_offered_where_one_is_named() {
    let home = Home::new();
    assert_eq!(candidates(&home, &["once", "show", "nov"]).stdout, "");
    assert!(!home.path().join(STATE).join("once.db").exists());
    let server = Server::start(vec![Reply::json(200, r#"{"success":true,"messageId":"1"}"#)]);
    home.run("send text --to 593987654321 Hola --once november").api(&server.url).success();
    for words in [["once", "show", "nov"], ["once", "forget", "nov"]] {
        assert_eq!(candidates(&home, &words).stdout, "november");
    }
    assert_eq!(candidates(&home, &["once", "add", "nov"]).stdout, "");
}

#[test]
fn runs_are_offered_where_one_is_named() {
    let home = Home::new();
    assert_eq!(candidates(&home, &["bulk", "status", ""]).stdout.lines().next(), Some("--profile"));
    // If one directory is used for both, the configuration may be there.
    let kept = if STATE == CONFIG { "runs" } else { "" };
    assert!(!home.path().join(STATE).join(kept).exists());
    home.write("people.csv", "to\n593987654321\n");
    home.run("bulk send people.csv --run orders --sandbox --yes text Hola").success();
    assert_eq!(candidates(&home, &["bulk", "status", "or"]).stdout, "orders");
    assert_eq!(candidates(&home, &["bulk", "resume", "or"]).stdout, "orders");
    // A database's runs are not requested, and these are not among them.
    let offered = |variable: &str, value: &str| {
        let run = home.run_args(&["--", "jelouctl", "bulk", "resume", "or"]).env(variable, value);
        run.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", "3").env("_CLAP_IFS", "\n").success().stdout
    };
    assert_eq!(offered("JELOU_API_URL", "http://127.0.0.1:9"), "orders");
    assert_eq!(offered("JELOUCTL_LEDGER", "postgres://canary@127.0.0.1:9/jelouctl"), "");
    home.config("[profiles.prod]\nledger = \"postgres://u@127.0.0.1:9/j\"\n");
    assert_eq!(candidates(&home, &["bulk", "resume", "or"]).stdout, "");
}

#[test]
fn a_broken_configuration_or_cache_is_one_without_names() {
    let home = Home::new();
    for config in ["[profiles", "[profiles.p]\nclient_secret = \"canary-1\"\nnope = 1\n", "\u{0}"] {
        home.config(config);
        let ended = candidates(&home, &["--profile", ""]);
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""), "{config}");
    }
    home.write(&format!("{CACHE}/templates.json"), "{broken");
    let ended = candidates(&home, &["send", "template", ""]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    // Completion must not wait for a pipe without a writer.
    crate::harness::tool(Command::new("mkfifo").arg(home.path().join("pipe")));
    for words in [["--profile", "", ""], ["bulk", "resume", ""]] {
        let run = home.run_args(&[&["--", "jelouctl"], &words[..]].concat()).env("JELOUCTL_CONFIG", "pipe");
        let index = words.iter().position(|word| word.is_empty()).unwrap() + 1;
        run.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", index.to_string()).success();
    }
}

#[test]
fn the_variable_alone_does_not_keep_a_message_from_being_sent() {
    for value in ["bash", "1", "nonsense", ""] {
        let server = Server::answering(Reply::accepted());
        let home = Home::new();
        let ended = home.run("send text --to 593987654321 Hola").api(&server.url).env("COMPLETE", value).success();
        assert!(ended.stdout.contains("messageId"), "{}", ended.stdout);
        server.only();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn fish_offers_the_values_of_a_flag_in_front_of_the_command() {
    if !can_test("fish", || works("fish", &["--version"])) {
        return;
    }
    let home = Home::new();
    home.write("a-file", "");
    let script = home.write("jelouctl.fish", home.run("completions fish").success().stdout);
    let ask = format!("source {}; complete -C 'jelouctl --output '", script.display());
    let mut fish = Command::new("fish");
    let offered =
        crate::harness::tool(fish.args(["-c", &ask]).env("HOME", home.path()).current_dir(home.path())).stdout;
    let offered = String::from_utf8(offered).unwrap();
    let values: Vec<_> = offered.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(values, ["id", "none", "record", "response", "to"]);
}
