//! `--wait` waits until an accepted message has a status. In every case the message is sent once, and every look-up is
//! a GET.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::harness::{CommandOutput, Home, tool, wait_until};
use crate::server::{Received, Reply, Server, refused_url};

const ANA: &str = "593987654321";
const ID: &str = "msg_123456789";
const SEND: &str = "send text --to 593987654321 Hola -o record --wait delivered";
const NOT_AGAIN: &str = "do not send it again: the recipient could get both";

/// Returns a page of the history with the message in this state.
fn listed(status: &str) -> Reply {
    listed_for(ANA, status)
}

/// Returns a page of the history with a message to this recipient in this state.
fn listed_for(person: &str, status: &str) -> Reply {
    history(
        &json!({"by": "bot", "recipient": {"id": person}, "sender": {"id": "BOT-ID"}}),
        status,
    )
}

/// Returns a page of the history with a message from the user in this state.
fn written_by_user(status: &str) -> Reply {
    history(
        &json!({"by": "user", "recipient": {"id": "BOT-ID"}, "sender": {"id": ANA}}),
        status,
    )
}

fn history(entry: &Value, status: &str) -> Reply {
    let mut entry = entry.clone();
    (entry["messageId"], entry["status"]) = (json!(ID), json!(status));
    Reply::json(
        200,
        &json!({"pagination": {"totalPages": 1}, "results": [entry]}).to_string(),
    )
}

fn nothing_listed() -> Reply {
    Reply::json(200, r#"{"pagination":{"totalPages":0},"results":[]}"#)
}

/// Accepts every POST, and answers look-ups with these answers in order. Repeats the last one.
fn accept_all(accepted: Reply, look_ups: Vec<Reply>) -> Server {
    let looks = AtomicUsize::new(0);
    Server::responding(move |_, request| {
        if request.line.starts_with("POST ") {
            return accepted.clone();
        }
        let look = looks.fetch_add(1, Ordering::SeqCst);
        look_ups[look.min(look_ups.len() - 1)].clone()
    })
}

/// Checks that the server got one POST, followed only by GETs. Returns the number of GETs.
fn look_ups(received: &[Received]) -> usize {
    let methods: Vec<_> = received
        .iter()
        .map(|request| request.line.split(' ').next().unwrap())
        .collect();
    assert_eq!(methods[0], "POST");
    assert!(
        methods[1..].iter().all(|method| *method == "GET"),
        "{methods:?}"
    );
    methods.len() - 1
}

const SEND_TEMPLATE: &str =
    "send template --to 593987654321 order_shipped -o record --wait delivered";

/// Returns a page of the notifications with the template in this state, to this recipient.
fn template(person: &str, status: &str, error: &str) -> Reply {
    let entry = json!({"id": "u-1", "destination": person, "sentStatus": status, "error": error, "deliveryUserAt": null});
    Reply::json(
        200,
        &json!({"pagination": {"totalPages": 1}, "results": [entry]}).to_string(),
    )
}

/// The answers of a look-up, with the last one repeated; the exit code, `delivery.state`, and a part of the output.
type Case = (Vec<Reply>, i32, &'static str, &'static str);

/// Sends with `words` to a server that answers as in each of the cases. Each of its answers must have been requested.
fn check(words: &str, accepted: &Reply, cases: Vec<Case>) {
    let home = Home::new();
    for (replies, code, state, said) in cases {
        let (asked, case) = (replies.len(), format!("{replies:?}"));
        let server = accept_all(accepted.clone(), replies);
        let within = if code == 0 || state == "undelivered" {
            "60s"
        } else {
            "300ms"
        };
        let ended = home
            .run(&format!("{words} --for {within}"))
            .api(&server.url)
            .end();
        assert_eq!(ended.code, code, "{case}: {ended:?}");
        assert!(
            ended.stderr.contains(said),
            "{case}: `{said}` is missing in {}",
            ended.stderr
        );
        assert_eq!(
            ended.stderr.contains(NOT_AGAIN),
            code == 15,
            "{case}: {}",
            ended.stderr
        );
        let record = ended.json();
        assert_eq!(
            (&record["sent"], &record["delivery"]["state"]),
            (&json!("yes"), &json!(state)),
            "{case}: {record}"
        );
        let error = &record["error"]["code"];
        assert_eq!(error == "not_reached", code == 15, "{case}: {record}");
        assert_eq!(record["retry"], "never", "{case}: {record}");
        assert!(
            look_ups(&server.received()) >= asked,
            "{case}: {:?}",
            server.received()
        );
    }
}

#[test]
fn wait_exits_with_0_only_at_requested_status() {
    let late = vec![
        nothing_listed(),
        listed("CREATED"),
        listed("DELIVERED_USER"),
    ];
    let undelivered = "error: accepted, but undelivered: Jelou reports no reason";
    let at_whatsapp = "error: accepted, but not delivered within 0.3 s: it is at WhatsApp";
    let cases = vec![
        (
            vec![listed("DELIVERED_USER")],
            0,
            "delivered",
            "note: delivered after ",
        ),
        (vec![listed("READ")], 0, "read", "note: read after "),
        (late, 0, "delivered", ""),
        (
            vec![listed("DELIVERED_CHANNEL"), listed("FAILED")],
            15,
            "undelivered",
            undelivered,
        ),
        (
            vec![listed("DELIVERED_CHANNEL")],
            15,
            "at_whatsapp",
            at_whatsapp,
        ),
        (vec![listed("PAUSED")], 15, "other", "it is PAUSED"),
        (
            vec![nothing_listed()],
            15,
            "accepted",
            "Jelou does not list it yet",
        ),
        // An id of another type, or another spelling, may be the same recipient.
        (
            vec![listed_for("US.13491208655302741918", "READ")],
            0,
            "read",
            "",
        ),
        (vec![listed_for("+593 98 765 4321", "READ")], 0, "read", ""),
    ];
    check(SEND, &Reply::accepted(), cases);
    let nothing_to_ask_by = "cannot check the status: the response has no message id";
    check(
        SEND,
        &Reply::json(200, r#"{"success":true}"#),
        vec![(vec![], 15, "accepted", nothing_to_ask_by)],
    );
    let cases = vec![
        (
            vec![template(ANA, "FAILED", "(#131049) Held back")],
            15,
            "undelivered",
            "undelivered: (#131049) Held back",
        ),
        (
            vec![template(ANA, "DELIVERED_USER", "")],
            0,
            "delivered",
            "",
        ),
        (
            vec![template("593987654399", "DELIVERED_USER", "")],
            15,
            "accepted",
            "error: accepted, but not ",
        ),
    ];
    check(SEND_TEMPLATE, &hsm(), cases);
}

fn hsm() -> Reply {
    Reply::json(200, &json!([{"id": "u-1", "destination": ANA}]).to_string())
}

#[test]
fn failed_or_unrelated_lookup_is_not_a_delivery() {
    let other =
        r#"{"pagination":{"totalPages":1},"results":[{"messageId":"x","status":"READ"},7]}"#;
    let unlisted = "does not list it yet";
    let cases = [
        (
            Reply::json(404, "{}"),
            "this account cannot look up messages",
        ),
        (
            Reply::json(404, r#"{"code":"E1019"}"#),
            "Jelou answered 404: E1019",
        ),
        (Reply::json(401, "{}"), "Jelou answered 401"),
        (Reply::json(422, "{}"), "Jelou answered 422"),
        (Reply::json(500, "{}"), "Jelou answered 500"),
        (
            Reply::with_headers(429, "Retry-After: 60\r\n", "{}"),
            "Jelou answered 429",
        ),
        (
            Reply::HangAfterReading,
            "not confirmed as delivered: no response in time",
        ),
        (Reply::ResetAfterReading, "the connection failed"),
        (Reply::json(200, "<html>"), "its body is an HTML page"),
        (Reply::json(200, other), unlisted),
        // Messages with the same id: of another recipient, and from the user.
        (listed_for("593987654399", "READ"), unlisted),
        (written_by_user("READ"), unlisted),
    ];
    let cases = cases.map(|(reply, said)| (vec![reply], 15, "accepted", said));
    check(SEND, &Reply::accepted(), cases.into());
}

/// Three messages, two of them with one id, and a history that does not name the recipients' numbers.
#[test]
fn id_of_two_messages_proves_neither_delivery() {
    let people = [ANA, "593987654322", "593987654323"];
    let server = Server::responding(move |_, request| {
        if request.line.starts_with("POST ") {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let id = if body["userId"] == people[1] {
                "own"
            } else {
                ID
            };
            return Reply::json(200, &json!({"success": true, "messageId": id}).to_string());
        }
        let id = if request.line.contains("messageId=own") {
            "own"
        } else {
            ID
        };
        let entry = json!({
            "messageId": id, "by": "bot", "recipient": {"id": "US.13491208655302741918"}, "sender": {"id": "BOT-ID"},
            "status": "READ",
        });
        Reply::json(
            200,
            &json!({"pagination": {"totalPages": 1}, "results": [entry]}).to_string(),
        )
    });
    let to = people.map(|person| format!("--to {person}")).join(" ");
    let words = format!("send text {to} Hola -o record --wait delivered --for 60s");
    let ended = Home::new().run(&words).api(&server.url).end();
    assert_eq!(ended.code, 15, "{ended:?}");
    let states: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["delivery"]["state"].clone())
        .collect();
    assert_eq!(states, ["accepted", "read", "accepted"], "{ended:?}");
    for person in [people[0], people[2]] {
        let said = format!(
            "error: {person}: accepted, but cannot check the status: another message of the command has the same id"
        );
        assert!(ended.stderr.contains(&said), "{}", ended.stderr);
    }
}

#[test]
fn record_shows_why_template_was_undelivered() {
    let server = accept_all(hsm(), vec![template(ANA, "FAILED", "(#131049) Held back")]);
    let record = Home::new().run(SEND_TEMPLATE).api(&server.url).end().json();
    let expected = json!({"state": "undelivered", "at": null, "code": "131049", "reason": "(#131049) Held back"});
    assert_eq!(record["delivery"], expected);
}

#[test]
fn rejected_message_is_not_waited_for() {
    let home = Home::new();
    for (reply, code) in [
        (Reply::json(400, "{}"), 5),
        (Reply::json(500, "{}"), 8),
        (Reply::json(401, "{}"), 4),
    ] {
        let server = accept_all(reply, vec![listed("READ")]);
        let ended = home.run(SEND).api(&server.url).end();
        assert_eq!(
            (ended.code, look_ups(&server.received())),
            (code, 0),
            "{ended:?}"
        );
        assert_eq!(ended.json()["delivery"], Value::Null);
    }
    let server = Server::expect_no_requests();
    for (words, said) in [
        (
            format!(
                "flow-message --to {ANA} --title t --text t --caption c --flow-name f --cta b --screen S --wait read"
            ),
            "--wait: the response to a flow message has no id",
        ),
        (
            format!("send text --to {ANA} Hola --for 1m"),
            "--for needs --wait STATE",
        ),
        (
            format!("send text --to {ANA} Hola --wait replied"),
            "--wait: expected delivered or read, found `replied`",
        ),
        (
            format!("send text --to {ANA} Hola --wait read --for soon"),
            "`soon` is not a duration",
        ),
    ] {
        home.run(&words).api(&server.url).fails(2, &[said]);
    }
    home.run(&format!("{SEND} --dry-run"))
        .api(&refused_url())
        .success();
}

#[test]
fn signal_during_the_wait_keeps_message_accepted() {
    let home = Home::new();
    let server = Arc::new(accept_all(
        Reply::accepted(),
        vec![nothing_listed(), Reply::HangAfterReading],
    ));
    for (signal, looks) in [("-TERM", 1), ("-INT", 2), ("-HUP", 2)] {
        let before = server.received().len();
        let log = home.path().join("log.jsonl");
        let child = home
            .process(SEND, &server.url)
            .env("JELOUCTL_LOG", log)
            .spawn()
            .unwrap();
        wait_until("it looks", || {
            server.received().len() > before + if before == 0 { looks } else { 1 }
        });
        // The audit log already has the message, even if the process ends now.
        assert!(
            home.read("log.jsonl")
                .lines()
                .last()
                .unwrap()
                .contains(r#""sent":"yes""#)
        );
        tool(std::process::Command::new("kill").args([signal, &child.id().to_string()]));
        let ended = CommandOutput::new(&child.wait_with_output().unwrap());
        assert_eq!(
            (ended.code, &ended.json()["sent"]),
            (15, &json!("yes")),
            "{ended:?}"
        );
        assert!(
            ended.stderr.contains("accepted, but interrupted by SIG"),
            "{}",
            ended.stderr
        );
    }
    assert_eq!(home.read("log.jsonl").lines().count(), 3);
}

#[test]
fn notification_wait_affects_exit_code_only_if_strict() {
    let home = Home::new();
    for (reply, flags, code) in [
        (listed("DELIVERED_USER"), "--strict-notify", 7),
        (listed("FAILED"), "", 7),
        (listed("FAILED"), "--strict-notify", 15),
        (Reply::json(401, "{}"), "--strict-notify", 15),
    ] {
        let server = accept_all(Reply::accepted(), vec![reply]);
        let words = format!("run --to {ANA} --wait delivered {flags} --");
        let ended = home
            .run(&words)
            .args(&["sh", "-c", "exit 7"])
            .api(&server.url)
            .end();
        assert_eq!(ended.code, code, "{flags}: {ended:?}");
        let is_said = ended
            .stderr
            .contains("error: the notification was accepted, but ")
            && ended.stderr.contains(NOT_AGAIN);
        assert_eq!(is_said, flags.is_empty() || code == 15, "{}", ended.stderr);
        assert_eq!(look_ups(&server.received()), 1);
    }
}

#[test]
fn replayed_notification_is_waited_for() {
    let home = Home::new();
    let server = accept_all(
        Reply::accepted(),
        vec![listed("DELIVERED_USER"), listed("FAILED")],
    );
    let words = format!("run --to {ANA} --once k --wait delivered --strict-notify -- true");
    home.run(&words).api(&server.url).success();
    let again = home.run(&words).api(&server.url).fails(
        15,
        &["error: the notification was accepted, but undelivered"],
    );
    assert!(again.stderr.contains(" with the key k at "), "{again:?}");
    assert_eq!(look_ups(&server.received()), 2);
}

#[test]
fn sandbox_simulates_every_delivery_result() {
    let home = Home::new();
    for (fault, within, code, said) in [
        ("", "60s", 0, "note: delivered after "),
        ("--fault late=1s", "60s", 0, "note: delivered after "),
        (
            "--fault undelivered",
            "60s",
            15,
            "error: accepted, but undelivered: ",
        ),
        (
            "--fault unlisted",
            "300ms",
            15,
            "Jelou does not list it yet",
        ),
    ] {
        let run = home.run(&format!("sandbox --deliver-after 100ms {fault} --"));
        let send = format!(
            "{} send text --to {ANA} Hola --wait delivered --for {within}",
            env!("CARGO_BIN_EXE_jelouctl")
        );
        let ended = run.args(&send.split(' ').collect::<Vec<_>>()).end();
        assert_eq!(ended.code, code, "{fault}: {ended:?}");
        assert!(ended.stderr.contains(said), "{fault}: {}", ended.stderr);
    }
}
