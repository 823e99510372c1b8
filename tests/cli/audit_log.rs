//! The audit log: what each message and each run writes to it, and that it never changes the exit code.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::bulk_server::{Act, Jelou};
use crate::harness::{CONFIG, Home, Run, STATE, set_mode, tool, under, user_name};
use crate::server::{Reply, Server};

const WORDS: &str = "the words of the message";

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    assert!(!text.contains("canary") && !text.contains(WORDS), "{text}");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn send<'a>(home: &'a Home, url: &str, log: &str) -> Run<'a> {
    home.run_args(&["send", "text", "--to", "593987654321", WORDS])
        .api(url)
        .env("JELOUCTL_LOG", log)
}

#[test]
fn message_logs_one_line_without_its_text() {
    let (home, server) = (Home::new(), Server::answering(Reply::accepted()));
    send(&home, &server.url, "log.ndjson").success();
    let path = home.path().join("log.ndjson");
    let mut logged = lines(&path);
    assert_eq!(
        (
            logged.len(),
            path.metadata().unwrap().permissions().mode() & 0o777
        ),
        (1, 0o600)
    );
    let own = logged[0].as_object_mut().unwrap();
    let taken = [
        "time",
        "host",
        "user",
        "user_id",
        "pid",
        "version",
        "duration_ms",
    ]
    .map(|name| own.remove(name).unwrap());
    assert!(
        taken[0].as_str().unwrap().ends_with('Z') && taken[1].is_string() && taken[4].is_u64(),
        "{taken:?}"
    );
    assert_eq!(taken[2], user_name());
    assert_eq!(
        logged[0],
        json!({
            "schema_version": 1, "event": "message", "command": "send", "sandbox": false, "profile": null,
            "bot_id": "BOT-ID", "client_id": "id", "exclusions": [], "sent": "yes", "replayed": false, "exit_code": 0, "code": null,
            "api_code": null,
            "message_id": "msg_123456789", "http_status": 200, "attempts": 1, "kind": "text", "to": "593987654321",
            "api_url": server.url,
        })
    );
}

#[test]
fn refused_and_unknown_messages_are_logged() {
    let home = Home::new();
    let rejecting = Server::answering(Reply::json(
        400,
        r#"{"code":"E1","description":"the words of the message"}"#,
    ));
    let silent = Server::answering(Reply::HangAfterReading);
    send(&home, &rejecting.url, "log").fails(5, &[]);
    send(&home, &silent.url, "log")
        .args(&["--timeout", "200ms"])
        .fails(8, &[]);
    home.write("bajas.txt", "593987654321\n");
    send(&home, "http://127.0.0.1:9", "log")
        .args(&["--exclude", "bajas.txt"])
        .fails(11, &[]);
    let told: Vec<_> = lines(&home.path().join("log"))
        .iter()
        .map(|line| ["sent", "exit_code", "code", "api_code", "to"].map(|name| line[name].clone()))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["no", 5, "rejected", "E1", "593987654321"],
            ["unknown", 8, "unknown", null, "593987654321"],
            ["no", 11, "excluded", null, "593987654321"],
        ])
    );
    // A preview and an invalid message write no line.
    send(&home, "http://127.0.0.1:9", "other")
        .args(&["--dry-run"])
        .success();
    send(&home, "http://127.0.0.1:9", "other")
        .args(&["--to", "x"])
        .fails(2, &[]);
    assert!(!home.path().join("other").exists());
}

#[test]
fn refused_runs_have_codes_of_their_own() {
    let home = Home::new();
    let jelou = Jelou::expect_no_requests();
    home.write("people.csv", "to\n593987654321\n525512345678\n");
    home.write("bajas.txt", "593987654321\n");
    home.write(
        "prices.csv",
        "country,category,price,currency\n*,service,1,USD\n",
    );
    home.profile("p", &jelou.url, "log = \"~/log\"\nallow_to = [\"593*\"]");
    let refused = |words: &str, code: &str| {
        let ended = home
            .run(&format!(
                "bulk send people.csv --yes -o record {words} text"
            ))
            .args(&[WORDS])
            .fails(11, &[]);
        assert_eq!(ended.json()["error"]["code"], code, "{words}: {ended:?}");
        let logged = lines(&home.path().join("log"));
        let last = logged.last().unwrap();
        assert_eq!(
            (&last["exit_code"], &last["code"]),
            (&json!(11), &json!(code)),
            "{words}: {last}"
        );
    };
    refused("", "not_allowed");
    refused("--limit 1 --prices prices.csv --budget 0.5", "budget");
    refused(
        "--limit 1 --exclude bajas.txt --test-to 593987654321",
        "excluded",
    );
    // Also if the price list lacks the price.
    home.write(
        "prices.csv",
        "country,category,price,currency\nMX,service,1,USD\n",
    );
    refused("--limit 1 --prices prices.csv --budget 5", "budget");
    // Other safety checks share a code.
    home.run("bulk send people.csv --limit 1 -o record text")
        .args(&[WORDS])
        .fails(11, &["was not confirmed"]);
    assert_eq!(
        lines(&home.path().join("log")).last().unwrap()["code"],
        "guard"
    );
}

#[test]
fn blocked_runs_and_manual_decisions_are_logged() {
    let (home, jelou) = (
        Home::new(),
        Jelou::start(|_, _| Act::Reset { accepted: true }),
    );
    home.write("people.csv", "to\n593987654321\n");
    home.profile("p", &jelou.url, "log = \"~/log\"\nallow_to = [\"593*\"]");
    let bulk = |words: &str| {
        home.run(&format!("bulk send people.csv --run r {words} text"))
            .args(&[WORDS])
    };
    bulk("").fails(11, &["was not confirmed"]);
    bulk("--yes").fails(10, &[]);
    home.run("bulk send people.csv --yes --run s text")
        .args(&[WORDS])
        .fails(11, &["may have been sent"]);
    home.run("bulk resolve r --unknown-as sent").success();
    home.run("bulk send people.csv --test-to +525512345678 text")
        .args(&[WORDS])
        .fails(11, &["is not among"]);
    let told: Vec<_> = lines(&home.path().join("log"))
        .iter()
        .filter(|line| line["event"] != "change")
        .map(|line| {
            [
                "command",
                "run",
                "exit_code",
                "code",
                "rows_sent",
                "rows_unknown",
                "to",
            ]
            .map(|name| line[name].clone())
        })
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["bulk", "r", 11, "guard", null, null, null],
            ["bulk", "r", 10, null, 0, 1, null],
            ["bulk", "s", 11, "guard", null, null, null],
            ["bulk resolve", "r", 0, null, 1, 0, null],
            [
                "bulk send --test-to",
                null,
                11,
                "not_allowed",
                null,
                null,
                "525512345678"
            ],
        ])
    );
    let logged = lines(&home.path().join("log"));
    assert!(
        logged
            .iter()
            .all(|line| line["bot_id"] == "BOT-ID" && line["profile"] == "p"),
        "{logged:?}"
    );
}

#[test]
fn audit_log_variable_overrides_the_profile() {
    let (home, server) = (Home::new(), Server::answering(Reply::accepted()));
    let profile = |log: &str| home.profile("p", &server.url, &format!("log = \"{log}\""));
    let send = || home.run_args(&["send", "text", "--to", "593987654321", WORDS]);
    profile("log.ndjson");
    send().success();
    // A path in the configuration is relative to the configuration's directory. A path in the variable is relative to
    // the current directory. Both may begin with `~/`.
    let of_profile = home.path().join(CONFIG).join("log.ndjson");
    assert_eq!(lines(&of_profile)[0]["profile"], "p");
    send().env("JELOUCTL_LOG", "here").success();
    send().env("JELOUCTL_LOG", "~/there").success();
    profile("~/home");
    send().success();
    send().env("JELOUCTL_LOG", "/dev/null").success();
    for name in ["here", "there", "home"] {
        assert_eq!(lines(&home.path().join(name)).len(), 1, "{name}");
    }
    assert_eq!(lines(&of_profile).len(), 1);
    let shown = home.run("profile show").success().stdout;
    assert!(
        shown.contains(&format!(
            "log\t{}\tprofile p\n",
            home.path().join("home").display()
        )),
        "{shown}"
    );
    home.run("send text --to 593987654321 x")
        .env("JELOUCTL_LOG", "")
        .fails(3, &["JELOUCTL_LOG is set but empty"]);
}

#[test]
fn unwritable_log_warns_and_keeps_exit_code() {
    let (home, server) = (Home::new(), Server::answering(Reply::accepted()));
    std::fs::create_dir(home.path().join("directory")).unwrap();
    set_mode(&home.write("open", ""), 0o666);
    tool(Command::new("mkfifo").arg(home.path().join("pipe")));
    for (log, problem) in [
        ("directory", "it is a directory"),
        ("/dev/full", "the disk is full"),
        ("nowhere/log", "nowhere does not exist"),
        ("open", "anyone can change it (mode 666, not 600)"),
        ("pipe", "No such device or address"),
    ] {
        let ended = send(&home, &server.url, log).success();
        let start = "warning: the audit log is missing this message: failed to write ";
        assert!(
            ended.stderr.contains(start) && ended.stderr.contains(problem),
            "{log}: {}",
            ended.stderr
        );
    }
    assert_eq!(home.read("open"), "");
    // A link is followed, as by any program that appends.
    symlink(home.path().join("real"), home.path().join("link")).unwrap();
    assert_eq!(send(&home, &server.url, "link").success().stderr, "");
    assert_eq!(lines(&home.path().join("real")).len(), 1);
    for (log, problem) in [
        ("/dev/full", None),
        ("nowhere/log", Some("nowhere/log")),
        ("open", Some("anyone can change")),
    ] {
        let found = home
            .run("doctor --offline")
            .api(&server.url)
            .env("JELOUCTL_LOG", log)
            .end()
            .stdout;
        let warned = found
            .lines()
            .find(|line| line.starts_with("\u{1b}[33mwarning\u{1b}[0m  log: "));
        let warned = warned.or_else(|| {
            found
                .lines()
                .find(|line| line.starts_with("warning  log: "))
        });
        assert_eq!(warned.is_some(), problem.is_some(), "{log}: {found}");
        assert!(
            warned
                .unwrap_or_default()
                .contains(problem.unwrap_or_default()),
            "{log}: {found}"
        );
    }
    assert!(!home.path().join("nowhere").exists());
    // A line would break these.
    let configuration = home.config("");
    let processes = home.path().join(STATE).join("processes");
    std::fs::create_dir_all(&processes).unwrap();
    for log in [
        configuration,
        processes.with_file_name("state.db-turn"),
        processes.join("1.lock"),
    ] {
        let told = "is the configuration or a file of the ledger";
        send(&home, &server.url, log.to_str().unwrap()).fails(3, &["JELOUCTL_LOG: ", told]);
        assert!(
            !std::fs::read_to_string(&log).is_ok_and(|content| !content.is_empty()),
            "{log:?}"
        );
    }
}

#[test]
fn truncated_line_is_not_continued() {
    let (home, server) = (Home::new(), Server::answering(Reply::accepted()));
    let log = home.write("log", r#"{"schema_version":1,"time":"20"#);
    for _ in 0..2 {
        assert_eq!(send(&home, &server.url, "log").success().stderr, "");
    }
    let text = std::fs::read_to_string(&log).unwrap();
    let (cut, rest) = text.split_once('\n').unwrap();
    assert_eq!(cut, r#"{"schema_version":1,"time":"20"#);
    std::fs::write(&log, rest).unwrap();
    assert_eq!(lines(&log).len(), 2);
}

/// Runs a send as under `flock log jelouctl send …`, which holds the lock until the send has ended.
#[test]
fn log_lines_can_go_to_standard_streams() {
    let (home, server) = (Home::new(), Server::answering(Reply::accepted()));
    for (log, redirected) in [("/dev/stderr", ""), ("/dev/stdout", ">&2")] {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let script = format!("exec \"$0\" \"$@\" {redirected}");
        let words = "--output none send text --to 593987654321";
        let mut command = under(
            &["sh", "-c", &script],
            home.process(words, &server.url).arg(WORDS),
        );
        command.env("JELOUCTL_LOG", log).stdout(Stdio::null());
        let status = command.stderr(OwnedFd::from(theirs)).status().unwrap();
        // The command holds the other end.
        drop(command);
        let mut said = String::new();
        ours.read_to_string(&mut said).unwrap();
        assert!(status.success(), "{log}: {said}");
        let line: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{log}: {said}"));
        assert_eq!(line["sent"], "yes", "{log}");
    }
    let found = home
        .run("doctor --offline")
        .api(&server.url)
        .env("JELOUCTL_LOG", "/dev/stderr")
        .end()
        .stdout;
    assert!(!found.contains("warning  log: "), "{found}");
}

#[test]
fn concurrent_processes_write_separate_lines() {
    let (home, server) = (Home::new(), Server::answering(Reply::accepted()));
    // A line was cut before.
    home.write("log", "{");
    let all: Vec<_> = (0..12)
        .map(|_| {
            let mut command = home.process("send text --to 593987654321", &server.url);
            command
                .arg(WORDS)
                .env("JELOUCTL_LOG", "log")
                .env("JELOU_BOT_ID", "b".repeat(60))
                .spawn()
                .unwrap()
        })
        .collect();
    for mut process in all {
        assert!(process.wait().unwrap().success());
    }
    let text = home.read("log");
    let (cut, rest) = text.split_once('\n').unwrap();
    // If two processes start a new line after the truncated line, one line stays empty. It may come after the line of a
    // third process.
    let rest: Vec<_> = rest
        .split_inclusive('\n')
        .filter(|line| *line != "\n")
        .collect();
    home.write("log", rest.concat());
    assert_eq!((cut, lines(&home.path().join("log")).len()), ("{", 12));
}

#[test]
fn notifications_are_logged_sent_or_unsent() {
    let (home, server) = (Home::new(), Server::answering(Reply::accepted()));
    let run = |to: &str, url: &str| {
        let words = [
            "run",
            "--to",
            to,
            "--text",
            WORDS,
            "--exclude",
            "bajas.txt",
            "--",
            "/bin/sh",
            "-c",
            "exit 3",
        ];
        home.run_args(&words)
            .api(url)
            .env("JELOUCTL_LOG", "log")
            .env("JELOU_RETRY_FOR", "0")
    };
    home.write("bajas.txt", "593987654322\n");
    run("593987654321", &server.url).fails(3, &[]);
    run("593987654322", &server.url).fails(3, &["is excluded by"]);
    run("593987654321", "http://127.0.0.1:9").fails(3, &[]);
    let told: Vec<_> = lines(&home.path().join("log"))
        .iter()
        .map(|line| {
            [
                "command",
                "sent",
                "exit_code",
                "code",
                "to",
                "kind",
                "message_id",
            ]
            .map(|name| line[name].clone())
        })
        .collect();
    assert_eq!(
        json!(told[..2]),
        json!([
            [
                "run",
                "yes",
                0,
                null,
                "593987654321",
                "text",
                "msg_123456789"
            ],
            ["run", "no", 11, "excluded", "593987654322", "text", null],
        ])
    );
    assert_eq!(json!(told[2][..4]), json!(["run", "no", 7, "network"]));
}

#[test]
fn notification_with_unknown_earlier_send_is_unknown() {
    let (home, server) = (Home::new(), Server::answering(Reply::json(500, "{}")));
    for words in [
        "send text Hola --to 593987654321 --once k",
        "run --to 593987654321 --once k -- true",
    ] {
        home.run(words)
            .api(&server.url)
            .env("JELOUCTL_LOG", "log")
            .end();
    }
    let told: Vec<_> = lines(&home.path().join("log"))
        .iter()
        .map(|line| ["command", "sent", "exit_code", "attempts"].map(|name| line[name].clone()))
        .collect();
    assert_eq!(
        json!(told),
        json!([["send", "unknown", 8, 1], ["run", "unknown", 8, 0]])
    );
}

#[test]
fn run_logs_each_end_and_test_message() {
    let home = Home::new();
    home.write(
        "people.csv",
        "to,nombre\n593987654321,Ana\n593987654322,Luz\n593987654323,Eva\n",
    );
    let jelou = Jelou::start(|user, before| match (user, before) {
        ("593987654323", _) => Act::Answer(400, "", r#"{"code":"E1","description":"no"}"#),
        _ => Act::Accept,
    });
    let bulk = |words: &[&str]| {
        let run = home
            .run("bulk send people.csv --rate 1000/s --yes")
            .args(words);
        run.args(&["text", WORDS])
            .api(&jelou.url)
            .env("JELOUCTL_LOG", "log")
    };
    bulk(&["--test-to", "593987654329", "--test-rows", "1"]).success();
    bulk(&["--run", "promo"]).fails(10, &[]);
    let logged = lines(&home.path().join("log"));
    let of = |line: &Value, names: &[&str]| {
        json!(
            names
                .iter()
                .map(|name| line[*name].clone())
                .collect::<Vec<_>>()
        )
    };
    assert_eq!(logged.len(), 4);
    assert_eq!(
        of(&logged[0], &["event", "command", "to", "sent"]),
        json!(["message", "bulk send --test-to", "593987654329", "yes"])
    );
    let changes = [&logged[1], &logged[2]].map(|line| of(line, &["event", "change", "run"]));
    assert_eq!(
        changes,
        [
            json!(["change", "created", "promo"]),
            json!(["change", "started", "promo"])
        ]
    );
    assert_eq!(
        of(
            &logged[3],
            &[
                "event",
                "run",
                "complete",
                "exit_code",
                "rows",
                "rows_sent",
                "rows_failed",
                "rows_left"
            ]
        ),
        json!(["run", "promo", true, 10, 3, 2, 1, 0])
    );
}

#[test]
fn sandbox_messages_are_marked_in_the_log() {
    let home = Home::new();
    home.run_args(&["--sandbox", "send", "text", "--to", "593987654321", WORDS])
        .env("JELOUCTL_LOG", "log")
        .success();
    assert_eq!(lines(&home.path().join("log"))[0]["sandbox"], true);
}
