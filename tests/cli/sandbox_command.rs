//! `jelouctl sandbox` as a command: its child, its exit code, its signals, its files.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::{CommandOutput, Home, STATE, set_mode, tool, under};
use crate::needs::{by_root, can_test, works};
use crate::server::{Server, refused_url};

/// `jelouctl` as a script calls it.
fn script(home: &Home, text: &str) -> String {
    let program = assert_cmd::cargo::cargo_bin!("jelouctl");
    let path = home.write(
        "script.sh",
        format!("#!/bin/sh\nalias j={}\n{text}\n", program.display()),
    );
    set_mode(&path, 0o700);
    path.to_str().unwrap().to_owned()
}

fn sandbox(home: &Home, words: &str, text: &str) -> CommandOutput {
    let script = script(home, text);
    home.run(&format!("sandbox {words} -- {script}"))
        .env("PATH", "/usr/bin:/bin")
        .end()
}

#[test]
fn script_is_tested_without_an_account() {
    let home = Home::new();
    let text = "j send text --to 593987654321 'Hola
::error::forged' && j --bot 9 send call --to 593987654322 --text Llama --button Go; exit 3";
    let ended = sandbox(&home, "--list sent.ndjson --expect 2", text);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert_eq!(
        ended.stdout.lines().last(),
        Some(r#"{"success":true,"messageId":"msg_sandbox_2"}"#)
    );
    assert!(
        ended
            .stderr
            .starts_with("note: sandbox: the inbox is on http://127.0.0.1:"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.ends_with(
            "note: sandbox: 2 messages arrived\n  - msg_sandbox_1  text  593987654321  Hola / ::error::forged\n  \
             - msg_sandbox_2  call  593987654322  Llama / [ Go ]\n"
        ),
        "{}",
        ended.stderr
    );
    let list = home.read("sent.ndjson");
    let listed: Vec<Value> = list
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(listed.len(), 2);
    assert!(listed[0]["delivery"]["state"].is_string(), "{list}");
    assert_eq!(
        (&listed[0]["bot"], &listed[1]["bot"]),
        (&"sandbox".into(), &"9".into())
    );
    let mode = std::fs::metadata(home.path().join("sent.ndjson"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
#[cfg(target_os = "linux")]
fn script_with_cleared_environment_stays_sandboxed() {
    let home = Home::new();
    let server = Server::expect_no_requests();
    let secret = "client_secret = \"canary-of-the-profile\"";
    home.config(&format!(
        "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\n{secret}\napi_url = \"{}\"\n",
        server.url
    ));
    let of_home = home.command();
    let clean = format!(
        "env -i HOME={0} XDG_CONFIG_HOME={0}/.config",
        home.path().display()
    );
    let send = format!(
        "{} send text --to 593987654321 Hola",
        of_home.get_program().to_str().unwrap()
    );
    // Under a shell, in its own session, and as the command itself.
    for text in [
        format!("{clean} {send}"),
        format!("exec setsid -w {clean} {send}"),
        format!("exec {clean} {send}"),
    ] {
        let ended = sandbox(&home, "--expect 0", &text);
        assert_eq!(ended.code, 11, "{text}: {ended:?}");
        assert!(
            ended
                .stderr
                .contains("error: jelouctl runs inside a sandbox (process "),
            "{ended:?}"
        );
    }
    // The command of `run` does not belong to a sandbox.
    let run = home.run("run --to 593987654321 --dry-run -- true").end();
    assert!(!run.stderr.contains("inside a sandbox"), "{run:?}");
}

/// The name of a process, and the rest of its command line, do not make it a sandbox.
#[test]
#[cfg(target_os = "linux")]
fn sandbox_is_detected_for_every_start_method() {
    let home = Home::new();
    let server = Server::expect_no_requests();
    let profile = |name| {
        let url = &server.url;
        format!(
            "[profiles.{name}]\nbot_id = \"1\"\nclient_id = \"x\"\nclient_secret = \"canary\"\napi_url = \"{url}\"\n"
        )
    };
    home.config(&format!(
        "default_profile = \"p\"\n{}{}",
        profile("p"),
        profile("run")
    ));
    let of_home = home.command();
    let program = of_home.get_program().to_str().unwrap();
    std::os::unix::fs::symlink(program, home.path().join("jc")).unwrap();
    // Another process writes the file, for the same reason as below.
    tool(
        Command::new("cp")
            .arg(program)
            .arg(home.path().join("jelouctl-0.3.0")),
    );
    let of_inner = format!(
        "HOME={0} XDG_CONFIG_HOME={0}/.config",
        home.path().display()
    );
    home.write(
        "inner.sh",
        format!("exec env -i {of_inner} {program} send text --to 593987654321 Hola"),
    );
    let directory = std::path::Path::new(program).parent().unwrap().display();
    for way in [
        r#""$0""#,
        &format!("env PATH={directory}:$PATH jelouctl"),
        "./jc",
        "./jelouctl-0.3.0",
        r#""$0" --profile run"#,
        r#""$0" --bot run"#,
        r#"$(ls /lib*/ld-linux-*.so.* | head -n 1) "$0""#,
    ] {
        let start = format!("exec {way} sandbox -- sh inner.sh");
        let mut command = under(&["/bin/sh", "-c", &start], &of_home);
        let ended = CommandOutput::new(&command.env("PATH", "/usr/bin:/bin").output().unwrap());
        assert!(
            ended
                .stderr
                .contains("jelouctl runs inside a sandbox (process "),
            "{way}: {ended:?}"
        );
    }
}

/// Only root can become another user.
#[test]
#[cfg(target_os = "linux")]
fn other_user_inside_a_sandbox_cannot_send() {
    let another = by_root(&["setpriv", "--reuid=65534", "--clear-groups"]);
    let is_there = || works(another[0], &[&another[1..], &["true"]].concat());
    if !can_test("root, or sudo without a password, and setpriv", is_there) {
        return;
    }
    let home = Home::new();
    set_mode(home.path(), 0o755);
    let binary = home.path().join("jelouctl");
    // Another process must copy the file. A process that another thread starts would inherit our open file for a
    // moment, and a file that is open for writing cannot be run.
    tool(
        std::process::Command::new("cp")
            .arg(home.command().get_program())
            .arg(&binary),
    );
    set_mode(&binary, 0o755);
    let variables =
        "HOME=/nonexistent JELOU_BOT_ID=1 JELOU_CLIENT_ID=x JELOU_CLIENT_SECRET=canary-of-nobody";
    let send = format!(
        "{} send text --to 593987654321 Hola -o record",
        binary.display()
    );
    let text = format!(
        "{} env -i {variables} JELOU_API_URL={} {send}",
        another.join(" "),
        refused_url()
    );
    let ended = sandbox(&home, "--expect 0", &text);
    assert_eq!(ended.code, 11, "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("error: jelouctl runs inside a sandbox (process "),
        "{ended:?}"
    );
    assert!(ended.stdout.contains("\"sent\":\"no\""), "{ended:?}");
}

#[test]
fn unknown_template_warns_and_wrong_template_is_refused() {
    let home = Home::new();
    let invoice = r#"{"elementName":"invoice","language":"es","template":"Hola {{1}}","headerType":"document"}"#;
    let mine = r#"{"elementName":"mine","language":"es","template":"Hola {{1}}"}"#;
    home.write("mine.json", format!("[{mine},{invoice}]"));
    let send = "j send template --to 593987654321 --language es --retry-for 0";
    let ended = sandbox(&home, "--expect 1", &format!("{send} other --param Ana"));
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("warning: the sandbox has only its samples"),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("the template `other`"), "{ended:?}");
    home.write("people.csv", "celular\n593987654321\n593987654322\n");
    let bulk = "j bulk send people.csv --yes --progress none --rate 100/s template other --language es --param Ana";
    let ended = sandbox(&home, "--expect 2", bulk);
    // The warning is printed once, before the first message. The same warning in the answers is not printed.
    let told = [
        "`other`: the sandbox has only its samples",
        "the sandbox has only its samples",
    ];
    assert_eq!(
        (
            ended.code,
            told.map(|words| ended.stderr.matches(words).count())
        ),
        (0, [1, 1]),
        "{ended:?}"
    );
    // The sender's own warnings are not repeated.
    let list = "j send quick-reply --to 593987654321 --text Hola --reply '*Sí*'";
    assert_eq!(
        sandbox(&home, "", list).stderr.matches("warning: ").count(),
        1
    );
    for (words, code, problem) in [
        ("mine --param Ana", 0, ""),
        ("other --param Ana", 5, "Template does not exist"),
        ("mine", 5, "Number of parameters does not match"),
        ("invoice --param Ana", 5, "expected document, got none"),
        (
            "invoice --param Ana --type image --media-url https://a.example/a.png",
            5,
            "expected document, got image",
        ),
        (
            "mine --language en --param Ana",
            5,
            "Template does not exist",
        ),
    ] {
        let send = send.replace(
            "--language es ",
            if words.contains("--language") {
                ""
            } else {
                "--language es "
            },
        );
        let ended = sandbox(&home, "--templates mine.json", &format!("{send} {words}"));
        assert_eq!(ended.code, code, "{words}: {ended:?}");
        assert!(
            ended.stderr.contains(problem) && !ended.stderr.contains("warning: "),
            "{words}: {ended:?}"
        );
    }
}

#[test]
fn keys_last_as_long_as_the_sandbox() {
    let home = Home::new();
    let text = "set -e
echo \"$JELOUCTL_SANDBOX_KEYS\" > keys
j send text --to 593987654321 --once k --every 1h Hola
j send text --to 593987654321 --once k --every 1h Hola
j run --to 593987654321 --once k --every 1h -- true
j --dry-run send text --to 593987654321 --once k --every 1h Hola
j once show k -o record
j once remove k --yes
j send text --to 593987654321 --once k Hola";
    let ended = sandbox(&home, "--expect 2", text);
    assert_eq!(ended.code, 0, "{ended:?}");
    let replays = ended.stderr.matches("already sent to 593987654321").count();
    assert_eq!(replays, 2, "{ended:?}");
    assert!(
        ended.stderr.contains("593987654321 would be skipped"),
        "{ended:?}"
    );
    assert!(ended.stdout.contains(r#""sent":1"#), "{ended:?}");
    let keys = home.read("keys");
    assert!(!std::path::Path::new(keys.trim()).exists(), "{keys}");
    // The user's own keys are neither read nor written.
    assert!(!home.path().join(STATE).exists());
    let ended = sandbox(
        &home,
        "--expect 1",
        "j send text --to 593987654321 --once k Hola",
    );
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn existing_list_output_becomes_private() {
    let home = Home::new();
    let send = "j send text --to 593987654321 Hola";
    let twice = format!("{send} && {send}");
    home.write("sent.ndjson", "");
    sandbox(&home, "--list sent.ndjson", &twice);
    assert_eq!(home.read("sent.ndjson").lines().count(), 2);
    set_mode(&home.path().join("sent.ndjson"), 0o644);
    sandbox(&home, "--list sent.ndjson", send);
    assert_eq!(home.read("sent.ndjson").lines().count(), 1);
    assert_eq!(
        std::fs::metadata(home.path().join("sent.ndjson"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    // A file that is not regular is written to directly.
    let ended = sandbox(&home, "--list /dev/stderr", send);
    assert!(
        ended.code == 0 && ended.stderr.contains(r#""user":"593987654321""#),
        "{ended:?}"
    );
}

#[test]
fn list_output_overwrites_only_sandbox_lists() {
    let home = Home::new();
    let report = "to,run,line,sent,message_id,http_status,code,error,attempts,at,delivery,delivered_at,\
                  read_at,delivery_error,sent_to\n";
    for content in ["to\n593987654321\n", "{\"number\":1}\n", report, "\n"] {
        set_mode(&home.write("people.csv", content), 0o644);
        let ended = sandbox(&home, "--list people.csv", "touch it-ran");
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(
            ended
                .stderr
                .contains("--list: people.csv exists and is not a list of the sandbox"),
            "{ended:?}"
        );
        assert!(ended.stderr.contains("to overwrite it: --yes"), "{ended:?}");
        assert_eq!(home.read("people.csv"), content);
        assert_eq!(
            std::fs::metadata(home.path().join("people.csv"))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o644
        );
        assert!(!home.path().join("it-ran").exists());
    }
    let ended = sandbox(
        &home,
        "--yes --list people.csv",
        "j send text --to 593987654321 Hola",
    );
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(home.read("people.csv").lines().count(), 1);
}

#[test]
fn child_gets_the_sandbox_variables() {
    let home = Home::new();
    let ended = sandbox(&home, "--bot 77 --quiet", "env | grep ^JELOU | sort; cat");
    let lines: Vec<_> = ended.stdout.lines().collect();
    let url = lines[0]
        .strip_prefix("JELOUCTL_SANDBOX=")
        .unwrap_or_else(|| panic!("{ended:?}"));
    let expected = [
        format!("JELOU_API_URL={url}"),
        "JELOU_BOT_ID=77".to_owned(),
        "JELOU_CLIENT_ID=sandbox".to_owned(),
    ];
    assert!(lines[1].starts_with("JELOUCTL_SANDBOX_KEYS=/"), "{lines:?}");
    assert_eq!(lines[2..5], expected);
    assert_eq!(lines[5], "JELOU_CLIENT_SECRET=sandbox");
    assert_eq!(ended.stderr, "");
}

#[test]
fn child_inherits_the_streams() {
    let home = Home::new();
    let script = script(&home, "cat; echo to stderr >&2");
    let ended = home
        .run(&format!("sandbox --quiet -- {script}"))
        .env("PATH", "/usr/bin:/bin")
        .stdin("from stdin\0\n")
        .success();
    assert_eq!(
        (&*ended.stdout, &*ended.stderr),
        ("from stdin\0\n", "to stderr\n")
    );
}

#[test]
fn sandbox_needs_no_temporary_directory() {
    let home = Home::new();
    let send = "\"$0\" send text --to 593987654321 --once k -o record Hola";
    let twice = format!("{send} && {send}");
    let program = env!("CARGO_BIN_EXE_jelouctl");
    let run = home.run_args(&["sandbox", "--", "sh", "-c", &twice, program]);
    let ended = run.env("TMPDIR", "/nowhere").success();
    let ended = ended.stderr_has(&[
        "failed to create a temporary directory: ",
        "hint: to save the keys of --once: set TMPDIR",
        "this sandbox does not save keys",
    ]);
    let replayed: Vec<_> = ended
        .stdout
        .lines()
        .map(|line| line.contains("\"replayed\":true"))
        .collect();
    assert_eq!(replayed, [false, false], "{ended:?}");
}

#[test]
fn exit_code_is_that_of_the_child() {
    let home = Home::new();
    for (text, code) in [
        ("exit 0", 0),
        ("exit 42", 42),
        ("kill -9 $$", 137),
        ("kill -TERM $$", 143),
        ("exit 255", 255),
    ] {
        assert_eq!(sandbox(&home, "", text).code, code, "{text}");
    }
    home.run("sandbox -- no-such-command-anywhere")
        .fails(127, &["error: failed to run no-such-command-anywhere: "]);
    home.write("not-executable", "x");
    home.run("sandbox -- ./not-executable")
        .fails(126, &["error: failed to run ./not-executable: "]);
}

#[test]
fn unmet_expectation_exits_with_14() {
    let home = Home::new();
    let send = "j send text --to 593987654321 Hola";
    for (words, text, code) in [
        ("--expect 1", send, 0),
        ("--expect 0", "true", 0),
        ("--expect 0", send, 14),
        ("--expect 2", send, 14),
        ("--expect 1", "exit 3", 14),
    ] {
        assert_eq!(sandbox(&home, words, text).code, code, "{words} {text}");
    }
    let ended = sandbox(&home, "--expect 1 --quiet", "exit 3");
    assert_eq!(
        ended.stderr,
        "error: --expect 1: 0 messages arrived\n  - the command exited with 3\n"
    );
}

#[test]
fn impossible_options_are_reported_before_the_script() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    home.write("file", "");
    for (words, parts) in [
        (
            format!("--port {port}"),
            &[
                "failed to listen on 127.0.0.1:",
                "to use any free port",
                "--port 0",
            ][..],
        ),
        (
            "--fault statsu=1".to_owned(),
            &["--fault `statsu=1`: unknown key `statsu`"],
        ),
        (
            "--list no/such/place".to_owned(),
            &["--list: failed to write no/such/place"],
        ),
        (
            "--list file/x".to_owned(),
            &["--list: failed to write file/x"],
        ),
        (
            "--list -".to_owned(),
            &["--list needs a file, not standard output"],
        ),
        (
            "--dry-run".to_owned(),
            &["--dry-run and --curl apply only to sends"],
        ),
        ("--max 0".to_owned(), &["--max"]),
        ("--port 65536".to_owned(), &["--port"]),
    ] {
        home.run(&format!("sandbox {words} -- touch ran"))
            .env("PATH", "/usr/bin:/bin")
            .fails(2, parts);
        assert!(!home.path().join("ran").exists());
    }
}

#[test]
fn open_flag_opens_the_browser() {
    let home = Home::new();
    let opener = home.write(
        "bin/xdg-open",
        "#!/bin/sh\nprintf %s \"$1\" > opened.part\nmv opened.part opened\n",
    );
    set_mode(&opener, 0o700);
    let path = format!("{}:/usr/bin:/bin", home.path().join("bin").display());
    let script = script(
        &home,
        "while [ ! -e opened ]; do :; done; printf %s $JELOU_API_URL",
    );
    let ended = home
        .run(&format!("sandbox --open -- {script}"))
        .env("PATH", path)
        .success();
    assert_eq!(home.read("opened"), ended.stdout);
}

/// Starts the sandbox in a separate process group, and returns the first line of its standard output.
fn start(
    home: &Home,
    words: &[&str],
) -> (
    std::process::Child,
    BufReader<std::process::ChildStdout>,
    String,
) {
    let mut command = home.command();
    command
        .arg("sandbox")
        .args(words)
        .env("PATH", "/usr/bin:/bin")
        .process_group(0);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    (child, stdout, line)
}

fn signal(name: &str, process: &str) {
    tool(Command::new("/bin/kill").args([&format!("-{name}"), "--", process]));
}

#[test]
fn signal_is_passed_to_the_child() {
    let home = Home::new();
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let script = script(&home, "echo ready; exec sleep 1000");
        let (child, _stdout, line) = start(&home, &["--", &script]);
        assert_eq!(line, "ready\n");
        signal(name, &child.id().to_string());
        assert_eq!(
            child.wait_with_output().unwrap().status.code(),
            Some(code),
            "{name}"
        );
    }
    let script = script(
        &home,
        "trap 'echo cleaned up; exit 7' TERM; echo ready; while :; do :; done",
    );
    let (child, mut stdout, line) = start(&home, &["--", &script]);
    assert_eq!(line, "ready\n");
    signal("TERM", &child.id().to_string());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), &*rest), (Some(7), "cleaned up\n"));
}

#[test]
fn signal_ends_a_sandbox_without_a_command() {
    let home = Home::new();
    for name in ["INT", "TERM"] {
        for (expect, code) in [("0", 0), ("1", 14)] {
            let (child, mut stdout, line) = start(
                &home,
                &["--port", "0", "--expect", expect, "--list", "sent.ndjson"],
            );
            assert!(
                line.starts_with("export JELOU_API_URL='http://127.0.0.1:"),
                "{line}"
            );
            let mut lines = vec![line];
            for _ in 0..4 {
                let mut line = String::new();
                stdout.read_line(&mut line).unwrap();
                lines.push(line);
            }
            assert_eq!(
                lines[1..4].concat(),
                "export JELOU_BOT_ID='sandbox'\nexport JELOU_CLIENT_ID='sandbox'\nexport JELOU_CLIENT_SECRET='sandbox'\n"
            );
            // Messages that jelouctl sends there count as sandbox messages.
            assert_eq!(
                lines[4].replace("JELOUCTL_SANDBOX", "JELOU_API_URL"),
                lines[0]
            );
            signal(name, &child.id().to_string());
            let ended = CommandOutput::new(&child.wait_with_output().unwrap());
            assert_eq!(ended.code, code, "{name}: {ended:?}");
            assert!(
                ended.stderr.contains("note: sandbox: 0 messages arrived\n"),
                "{}",
                ended.stderr
            );
            assert_eq!(home.read("sent.ndjson"), "");
        }
    }
}

#[test]
fn closed_standard_output_is_not_an_error() {
    let home = Home::new();
    let mut command = home.command();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = command
        .args(["sandbox", "--port", "0"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim_end().rsplit("http://").next().unwrap().to_owned();
    // The sandbox continues to listen.
    std::net::TcpStream::connect(&address).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn nested_sandboxes_run_together() {
    let home = Home::new();
    let inner = "j send text --to 593987654321 inner";
    let outer = format!(
        "j send text --to 593987654321 outer; j sandbox --expect 1 -- {}",
        script(&home, inner)
    );
    let path = home.write(
        "outer.sh",
        format!(
            "#!/bin/sh\nalias j={}\n{outer}\n",
            assert_cmd::cargo::cargo_bin!("jelouctl").display()
        ),
    );
    set_mode(&path, 0o700);
    home.run(&format!("sandbox --expect 1 -- {}", path.display()))
        .env("PATH", "/usr/bin:/bin")
        .success();
}
