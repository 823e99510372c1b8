//! The sandbox's faults, and the outcome of a send for each, compared with the messages that the sandbox stored.

use std::io::{ErrorKind, Read, Write};

use serde_json::json;

use crate::harness::Home;
use crate::listening::{AUTHORIZATION, Sandbox, text_to};

const USER: &str = "593987654321";

#[test]
fn send_reports_each_fault_truthfully() {
    for (fault, code, sent, stored) in [
        ("reset,stored", 8, "unknown", 1),
        ("reset", 8, "unknown", 0),
        ("status=500,stored", 8, "unknown", 1),
        ("status=502", 8, "unknown", 0),
        ("truncate", 8, "unknown", 1),
        ("hang,stored", 8, "unknown", 1),
        ("hang", 8, "unknown", 0),
        ("delay=10s", 8, "unknown", 0),
        ("delay=10ms", 0, "yes", 1),
        ("status=429,retry_after=1", 6, "no", 0),
        ("status=503,header=Retry-After: 1", 6, "no", 0),
        ("status=400,body={\"code\":131056}", 6, "no", 0),
        ("status=403", 4, "no", 0),
        ("status=200,body={\"success\":false}", 5, "no", 0),
        ("status=200,body=<html>", 8, "unknown", 0),
        ("reset,stored,kind=flow", 0, "yes", 1),
        ("reset,stored,to=52*", 0, "yes", 1),
    ] {
        let sandbox = Sandbox::start(&["--fault", fault]);
        let run = Home::new();
        let run = run.run("send text --to 593987654321 Hola -o record --timeout 2s --retry-for 0");
        let ended = run
            .env("JELOUCTL_SANDBOX", format!("http://{}", sandbox.address))
            .end();
        assert_eq!(
            (ended.code, ended.json()["sent"].as_str()),
            (code, Some(sent)),
            "{fault}: {ended:?}"
        );
        assert_eq!(
            sandbox.read("/sandbox/health")["arrived"],
            stored,
            "{fault}"
        );
    }
}

/// A sandbox in the place of the API, so that the hint can be followed: the listing proves which message was sent.
#[test]
fn hint_of_an_unknown_message_shows_whether_it_was_sent() {
    for (fault, listed) in [("reset,stored", 1), ("reset", 0)] {
        let sandbox = Sandbox::start(&["--fault", fault]);
        let url = format!("http://{}", sandbox.address);
        let home = Home::new();
        // The default profile is of another bot.
        home.config(&format!(
            "default_profile = \"other\"\n[profiles.other]\nbot_id = \"78\"\nclient_id = \"sandbox\"\nclient_secret = \"sandbox\"\n\
             api_url = \"{url}\"\n[profiles.'of it']\nbot_id = \"76\"\nclient_id = \"sandbox\"\nclient_secret = \"sandbox\"\n\
             api_url = \"{url}\"\n"
        ));
        let flags = "--profile 'of it' --bot 77";
        let send = |more: &str| {
            let line = format!("send text --to id:u1 Hola --once k -o record {flags} {more}");
            home.run(&line).fails(8, &[])
        };
        let unknown = send("");
        let hint = unknown.json()["error"]["hint"].as_str().unwrap().to_owned();
        let start = "ask the recipient or check in Jelou before you send it again: jelouctl ";
        let command = hint.strip_prefix(start).unwrap();
        assert_eq!(command, format!("messages list {flags} --to id:u1"));
        let list = |command: &str| {
            let ended = home.run(&format!("{command} -o record")).success();
            ended.rows().len()
        };
        assert_eq!(list(command), listed, "{fault}");
        // Later, the key has the message.
        let again = send("");
        assert_eq!(sandbox.read("/sandbox/health")["arrived"], listed);
        let hint = again.json()["error"]["hint"].as_str().unwrap().to_owned();
        let (look, resolve) = hint
            .strip_prefix("to look for it: jelouctl ")
            .and_then(|hint| hint.split_once("; to set the outcome to sent or failed: jelouctl "))
            .unwrap();
        assert_eq!(list(look), listed, "{look}");
        let state = if listed == 1 { "sent" } else { "failed" };
        home.run(&resolve.replace("STATE", state)).success();
        if listed == 1 {
            let line = format!("send text --to id:u1 Hola --once k {flags}");
            home.run(&line).success().stderr_has(&["already sent"]);
        }
    }
    // Nothing of this applies to the sandbox itself.
    let home = Home::new();
    let ended = home
        .run("sandbox --fault reset -- jelouctl send text --to 593987654321 Hola")
        .env("PATH", home.path())
        .end();
    assert!(!ended.stderr.contains("messages list"), "{ended:?}");
}

#[test]
fn temporary_rate_limit_is_retried() {
    let sandbox = Sandbox::start(&["--fault", "status=429,retry_after=1,first=1"]);
    let home = Home::new();
    let run = home.run("send text --to 593987654321 Hola -o record");
    let ended = run
        .env("JELOUCTL_SANDBOX", format!("http://{}", sandbox.address))
        .success();
    assert_eq!(ended.json()["attempts"], 2);
    assert_eq!(
        sandbox.read("/sandbox/faults"),
        json!([{ "rule": "status=429,retry_after=1,first=1", "seen": 2, "hits": 1 }])
    );
}

#[test]
fn reset_and_truncate_faults_differ() {
    let sandbox = Sandbox::start(&["--fault", "reset,first=1", "--fault", "truncate"]);
    let body = text_to(USER, "Hola").to_string();
    let read_all = || {
        let mut stream = sandbox.connect();
        let head = format!(
            "POST /v1/bots/1/messages HTTP/1.1\r\nHost: {}\r\n{AUTHORIZATION}\r\n",
            sandbox.address
        );
        stream
            .write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    };
    assert_eq!(read_all().unwrap_err().kind(), ErrorKind::ConnectionReset);
    let cut = read_all().unwrap();
    let whole = r#"{"success":true,"messageId":"msg_sandbox_1"}"#;
    assert!(
        cut.contains(&format!("content-length: {}\r\n", whole.len())),
        "{cut}"
    );
    assert!(
        cut.ends_with(&format!("\r\n\r\n{}", &whole[..whole.len() / 2])),
        "{cut}"
    );
}

#[test]
fn fault_rules_change_while_running() {
    let sandbox = Sandbox::start(&[]);
    let body = text_to(USER, "Hola").to_string();
    let rules = json!([
        "status=418,every=2",
        r#"status=503,header=X-Why: test,body={"a":1}"#
    ]);
    assert_eq!(
        sandbox
            .ask("PUT", "/sandbox/faults", &rules.to_string())
            .status,
        200
    );
    let first = sandbox.ask("POST", "/v1/bots/1/messages", &body);
    assert_eq!((first.status, first.json()), (503, json!({ "a": 1 })));
    assert!(first.head.contains("x-why: test\r\n"), "{}", first.head);
    assert_eq!(
        sandbox.ask("POST", "/v1/bots/1/messages", &body).status,
        418
    );
    for (wrong, problem) in [
        (
            r#"["reset", "statsu=1"]"#,
            "`statsu=1`: unknown key `statsu`",
        ),
        (
            r#"["status=99"]"#,
            "status is `99`, but must be a whole number from 200 to 599",
        ),
        ("{}", "send an array of rules"),
        ("[7]", "as texts, such as"),
    ] {
        let answer = sandbox.ask("PUT", "/sandbox/faults", wrong);
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains(problem), "{wrong}: {}", answer.body);
    }
    assert_eq!(
        sandbox.ask("PUT", "/sandbox/faults", "[]").json(),
        json!([])
    );
    assert_eq!(
        sandbox.ask("POST", "/v1/bots/1/messages", &body).status,
        200
    );
}

#[test]
fn stored_message_records_its_faulty_response() {
    let sandbox = Sandbox::start(&[
        "--fault",
        "status=500,stored,first=1,body=oops",
        "--fault",
        "truncate",
    ]);
    let body = text_to(USER, "Hola").to_string();
    assert_eq!(
        sandbox.ask("POST", "/v1/bots/1/messages", &body).body,
        "oops"
    );
    let answer = sandbox.read("/sandbox/messages/msg_sandbox_1")["answer"].clone();
    assert_eq!(
        answer,
        json!({ "status": 500, "body": "oops", "fault": "status" })
    );
}
