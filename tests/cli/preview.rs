//! `--dry-run` and `--curl` print the same request as the real send, and have no other effect.

use std::process::Command;

use serde_json::{Value, json};

use crate::bulk_server::Jelou;
use crate::harness::{Home, STATE, fixture_path, tool};
use crate::server::{Reply, Server};

/// Command lines of each kind, with texts that a shell or a log would interpret.
fn commands() -> Vec<Vec<String>> {
    let path = |name: &str| {
        fixture_path(&format!("bodies/{name}"))
            .to_str()
            .unwrap()
            .to_owned()
    };
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    vec![
        words(&[
            "send",
            "text",
            "--to",
            "593987654321",
            "--",
            "it's \"$HOME\" `id` $(id) \\ \n\t\u{202e} ñ 👍 !x",
        ]),
        words(&[
            "send",
            "flow",
            "--to",
            "id:a b",
            "--body",
            &path("flow.json"),
        ]),
        words(&["send", "contacts", "--body", &path("contacts.json")]),
        words(&[
            "send",
            "call",
            "--body",
            &path("call.json"),
            "--header",
            "-u x:y",
        ]),
        words(&["send", "raw", "--body", &path("text.json")]),
        words(&[
            "flow-message",
            "--to",
            "id:[1-3]{ab}'*",
            "--type",
            "a b&c",
            "--body",
            &path("flow-message.pt.json"),
        ]),
    ]
}

#[test]
fn dry_run_shows_what_the_server_receives() {
    for command in commands() {
        let arguments: Vec<_> = command.iter().map(String::as_str).collect();
        let server = Server::answering(Reply::json(200, r#"{"success":true}"#));
        let home = Home::new();
        let shown = home
            .run_args(&[&["--dry-run"], &arguments[..]].concat())
            .api(&server.url)
            .success()
            .json();
        assert_eq!(server.received().len(), 0);
        home.run_args(&arguments).api(&server.url).success();
        let received = server.only();
        assert_eq!(shown["body"], received.json());
        let path = shown["url"]
            .as_str()
            .unwrap()
            .strip_prefix(&server.url)
            .unwrap();
        assert_eq!(
            format!("{} {path} HTTP/1.1", shown["method"].as_str().unwrap()),
            received.line
        );
        for (name, value) in shown["headers"].as_object().unwrap() {
            if name == "authorization" {
                assert_eq!(value, "Basic (redacted)");
            } else {
                assert_eq!(value, &received.headers[name]);
            }
        }
        assert_eq!(shown["dry_run"], true);
        assert!(!shown.to_string().contains("canary"));
    }
}

#[test]
#[cfg(unix)]
fn curl_command_sends_the_same_request() {
    for shell in ["sh", "bash"] {
        for (client_id, secret) in [
            ("id", "canary:x"),
            ("it's an \"id\" $HOME ñ", "canary ' \" $x `id` \\"),
        ] {
            for command in commands() {
                let arguments: Vec<_> = command.iter().map(String::as_str).collect();
                let server = Server::answering(Reply::json(200, r#"{"success":true}"#));
                let home = Home::new();
                let credentials = |run: crate::harness::Run<'_>| {
                    let run = run
                        .env("JELOU_API_URL", &server.url)
                        .env("JELOU_BOT_ID", "[1]{b}");
                    run.env("JELOU_CLIENT_ID", client_id)
                        .env("JELOU_CLIENT_SECRET", secret)
                        .success()
                };
                let line =
                    credentials(home.run_args(&[&["--curl"], &arguments[..]].concat())).stdout;
                assert_eq!(server.received().len(), 0);
                credentials(home.run_args(&arguments));
                tool(
                    Command::new(shell)
                        .args(["-c", &line])
                        .env("JELOU_CLIENT_SECRET", secret)
                        .env_remove("http_proxy"),
                );
                let received = server.received();
                let (ours, curls) = (&received[0], &received[1]);
                assert_eq!(curls.line, ours.line);
                assert_eq!(curls.json(), ours.json());
                for header in ["authorization", "content-type", "accept", "user-agent"] {
                    assert_eq!(curls.headers[header], ours.headers[header]);
                }
            }
        }
    }
}

/// A body with the names in another order, every escape, and numbers in unusual forms.
const BODY: &str = r#"{"type": "text", "zeta": 1.0, "alpha": 1e3, "text": "ñ 👍 \ud83d\ude00 \u00e9 \"q\" \\ \/ \n\t\u001b it's",
    "deep": {"b": [-0.0, 0.1, 1E-7, 18446744073709551615, 1e18, true, null], "a": {}}}"#;
/// The body as it is sent, without the recipient.
const BYTES: &str = r#""type":"text","zeta":1.0,"alpha":1000.0,"text":"ñ 👍 😀 é \"q\" \\ / \n\t\u001b it's","deep":{"b":[-0.0,0.1,1e-7,18446744073709551615,1e+18,true,null],"a":{}}}"#;

/// The body's text in a dry run's line.
fn shown_body(line: &str) -> &str {
    line.split_once(r#","body":"#)
        .unwrap()
        .1
        .strip_suffix("}\n")
        .unwrap()
}

fn run_curl(line: &str) {
    let secret = "canary-secret-of-the-tests";
    tool(
        Command::new("sh")
            .args(["-c", line])
            .env("JELOU_CLIENT_SECRET", secret)
            .env_remove("http_proxy"),
    );
}

#[test]
#[cfg(unix)]
fn body_bytes_are_equal_in_every_output() {
    let server = Server::answering(Reply::json(200, r#"{"success":true}"#));
    let home = Home::new();
    home.write("body.json", BODY);
    let run = |mode: &[&str]| {
        home.run("send raw --to 593987654321 --body body.json")
            .args(mode)
            .api(&server.url)
            .success()
            .stdout
    };
    let expected = format!(r#"{{"userId":"593987654321",{BYTES}"#);
    assert_eq!(shown_body(&run(&["--dry-run"])), expected);
    run_curl(&run(&["--curl"]));
    run(&[]);
    for received in server.received() {
        assert_eq!(String::from_utf8(received.body).unwrap(), expected);
    }
    assert_eq!(server.received().len(), 2);
}

#[test]
#[cfg(unix)]
fn row_bytes_are_equal_in_every_output() {
    let server = Jelou::accept_all();
    let home = Home::new();
    home.write("body.json", BODY.replace("it's", "{{ nombre }}"));
    home.write("people.csv", "nombre,celular\nit's,593987654321\n");
    let run = |mode: &[&str]| {
        home.run("bulk send people.csv --run r --yes raw --body body.json")
            .args(mode)
            .api(&server.url)
            .success()
            .stdout
    };
    let expected = format!(r#"{{"userId":"593987654321",{BYTES}"#);
    assert_eq!(shown_body(&run(&["--dry-run"])), expected);
    run_curl(&run(&["--curl"]));
    run(&[]);
    let seen = server.requests();
    assert_eq!(seen.len(), 2);
    for request in seen {
        assert_eq!(String::from_utf8(request.received.body).unwrap(), expected);
    }
    assert_eq!(stored_body(&home), expected);
}

/// The ledger's content for the only row of run `r`.
fn stored_body(home: &Home) -> String {
    let path = home.path().join(STATE).join("state.db");
    let ledger = rusqlite::Connection::open(path).unwrap();
    ledger
        .query_row("SELECT body FROM message", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn control_characters_are_escaped_in_every_output() {
    let server = Server::answering(Reply::json(200, r#"{"success":true}"#));
    let home = Home::new();
    let text = "a\u{85}\u{7f}\u{202e}b";
    home.write(
        "body.json",
        json!({"type": "text", "userId": "593987654321", "text": text}).to_string(),
    );
    let run = |mode: &[&str]| {
        home.run("send raw --body body.json")
            .args(mode)
            .api(&server.url)
            .success()
    };
    let escaped = r#"{"userId":"593987654321","type":"text","text":"a\u0085\u007f\u202eb"}"#;
    assert_eq!(shown_body(&run(&["--dry-run"]).stdout), escaped);
    assert!(run(&["--curl"]).stdout.contains(escaped));
    assert!(run(&["--verbose"]).stderr.contains(&format!("> {escaped}")));
    let sent = String::from_utf8(server.only().body).unwrap();
    assert_eq!(
        sent,
        format!(r#"{{"userId":"593987654321","type":"text","text":"{text}"}}"#)
    );
}

#[test]
#[cfg(unix)]
fn curl_command_needs_secret_and_names_ca() {
    let home = Home::new();
    let line = home
        .run("send text --to 593987654321 Hola --curl --ca-cert my.pem")
        .api("https://x.example")
        .success()
        .stdout;
    assert!(line.contains("--cacert 'my.pem'"), "{line}");
    let output = Command::new("sh")
        .args(["-c", &line])
        .env_remove("JELOU_CLIENT_SECRET")
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("JELOU_CLIENT_SECRET"));
}

#[test]
fn nothing_is_fetched_read_or_written() {
    let home = Home::new();
    let marker = home.path().join("ran");
    for secret in [
        format!(
            "client_secret_command = [\"touch\", '{}']",
            marker.display()
        ),
        "client_secret_file = \"missing.txt\"".to_owned(),
    ] {
        home.config(&format!(
            "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\n{secret}\n"
        ));
        for mode in ["--dry-run", "--curl"] {
            home.run("send text --to 593987654321 Hola")
                .args(&[mode])
                .env("PATH", "/usr/bin:/bin")
                .success();
        }
    }
    assert!(!marker.exists());
    let files: Vec<_> = std::fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files, [if cfg!(windows) { "AppData" } else { ".config" }]);
    home.run(
        "send text --to 593987654321 Hola --dry-run --client-id x --client-secret-file - --bot 1",
    )
    .stdin("canary")
    .success();
    Home::new()
        .run("send text --to 593987654321 Hola --dry-run")
        .fails(3, &["no bot"]);
    home.run("send text --to 593987654321 Hola --dry-run --curl")
        .fails(2, &["cannot be used with"]);
}

#[test]
fn dry_run_has_a_record_without_id() {
    let home = Home::new();
    let run = |words: &str| home.run(words).api("https://x.example").success();
    let record = run("send text --to 593987654321 Hola --dry-run -o record").json();
    assert_eq!(
        (&record["dry_run"], &record["sent"], &record["attempts"]),
        (&json!(true), &json!("no"), &json!(0))
    );
    assert_eq!(
        (&record["error"], &record["api_url"]),
        (&Value::Null, &json!("https://x.example"))
    );
    let ended = home
        .run("send text --to 593987654321 Hola --dry-run -o id")
        .api("https://x.example");
    ended.fails(
        2,
        &["-o id: --dry-run and --curl send nothing, so there is no id"],
    );
    let shown = home
        .run("send text --to 593987654321 Hola --dry-run --sandbox")
        .success()
        .json();
    assert_eq!(
        shown["url"],
        "http://127.0.0.1:4780/v1/bots/sandbox/messages"
    );
}
