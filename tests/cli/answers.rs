//! The table of outcomes: every answer of the API, its meaning and the exit code.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use httpmock::prelude::*;
use serde_json::{Value, json};

use crate::harness::{CommandOutput, Home};
use crate::server::{Reply, Server};

/// Sends a text once to a server with this answer.
fn answered(status: u16, body: &str) -> CommandOutput {
    let server = MockServer::start();
    let mock = server.mock(|when, then| {
        when.method(POST)
            .path("/v1/bots/BOT-ID/messages")
            .json_body(json!({"type": "text", "userId": "593987654321", "text": "Hola"}));
        then.status(status)
            .header("content-type", "application/json")
            .body(body);
    });
    let ended = Home::new()
        .run("send text --to 593987654321 Hola -o record --retry-for 0")
        .api(&server.base_url())
        .end();
    mock.assert_calls(1);
    ended
}

/// Returns `text` in gzip.
fn packed(text: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

#[test]
fn compressed_response_is_unpacked() {
    let accepted = packed(br#"{"success":true,"messageId":"m-1"}"#);
    let cut = accepted[..accepted.len() - 10].to_vec();
    let mut huge = br#"{"success":true,"messageId":"m-1"}"#.to_vec();
    huge.resize(64 * 1024 * 1024, b' ');
    for (encoding, body, code) in [
        ("gzip", &accepted, 0),
        ("x-gzip", &accepted, 0),
        ("gzip", &cut, 8),
        ("gzip", &packed(&huge), 8),
        ("br", &b"\x0b\x11\x80{\xff\xfe}\x03".to_vec(), 8),
    ] {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        let reply = Reply::Bytes([head.as_bytes(), body].concat());
        let server = Server::answering(reply);
        let ended = Home::new()
            .run("send text --to 593987654321 Hola -o id --retry-for 0")
            .api(&server.url)
            .end();
        assert_eq!(ended.code, code, "{encoding}: {ended:?}");
        let id = if code == 0 { "m-1\n" } else { "" };
        assert_eq!(ended.stdout, id, "{encoding}");
    }
}

/// `classify.rs` tests the meaning of each answer. This tests the exit code and the record.
#[test]
fn outcome_sets_exit_code_and_record() {
    for (status, body, code, sent, error) in [
        (200, r#"{"messageId":123456789012345678}"#, 0, "yes", None),
        (200, r#"{"success":false}"#, 5, "no", Some("rejected")),
        (422, "<h1>Bad Request</h1>", 5, "no", Some("rejected")),
        (401, "", 4, "no", Some("credentials")),
        (
            400,
            r#"{"error":{"code":131042}}"#,
            4,
            "no",
            Some("account"),
        ),
        (429, "", 6, "no", Some("unavailable")),
        (502, "<h1>Bad Gateway</h1>", 8, "unknown", Some("unknown")),
        (204, "", 8, "unknown", Some("unknown")),
    ] {
        let ended = answered(status, body);
        let record = ended.json();
        assert_eq!(ended.code, code, "{status} {body}: {ended:?}");
        assert_eq!(record["sent"], sent, "{status} {body}: {record}");
        assert_eq!(record["http_status"], status, "{record}");
        assert_eq!(record["attempts"], 1);
        assert_eq!(
            record["error"]["code"].as_str(),
            error,
            "{status} {body}: {record}"
        );
        assert_eq!(
            record["message_id"].as_str(),
            error.is_none().then_some("123456789012345678"),
            "{record}"
        );
        let said = match sent {
            "no" => "error: not sent: ",
            "unknown" => "error: it may have been sent: ",
            _ => "",
        };
        assert!(
            ended.stderr.starts_with(said),
            "{status} {body}: {}",
            ended.stderr
        );
        assert_eq!(
            ended.stderr.contains("hint: "),
            sent != "yes",
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn contradictory_response_is_unknown_and_never_retried() {
    let both = r#"{"success":true,"messageId":"m"}"#;
    let cut = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 99\r\n\r\n{\"success\":true,\"messageId\":\"m\"";
    for reply in [
        Reply::with_headers(503, "Retry-After: 1\r\n", both),
        Reply::Bytes(cut.into()),
    ] {
        let server = Server::answering(reply);
        let home = Home::new();
        let run = home
            .run("send text --to 593987654321 Hola -o record")
            .api(&server.url);
        let record = run
            .fails(8, &["the response reports both success and failure"])
            .json();
        assert_eq!(
            (&record["sent"], &record["attempts"]),
            (&json!("unknown"), &json!(1)),
            "{record}"
        );
        server.only();
    }
}

#[test]
fn non_json_response_is_described() {
    let page = "\n<!DOCTYPE html><title>Sign in</title>";
    for (status, body, code, said) in [
        (
            200,
            page,
            8,
            "it may have been sent: Jelou answered 200: its body is an HTML page, not JSON",
        ),
        (
            200,
            "",
            8,
            "Jelou answered 200; the response does not show whether Jelou accepted the message\nhint: ask the recipient",
        ),
        (
            403,
            page,
            4,
            "not sent: Jelou answered 403: its body is an HTML page, not JSON: a portal or a proxy?\nhint: check --api-url and the network",
        ),
        (
            200,
            "<?xml version=\"1.0\"?><a/>",
            8,
            "Jelou answered 200: <?xml version=\"1.0\"?><a/>; ",
        ),
    ] {
        let ended = answered(status, body);
        assert_eq!(ended.code, code, "{ended:?}");
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}

#[test]
fn status_503_is_unsent_only_with_retry_after() {
    for (header, code) in [
        (Some("5"), 6),
        (Some("Wed, 21 Oct 2099 07:28:00 GMT"), 6),
        (Some("soon"), 8),
        (None, 8),
    ] {
        let header = header
            .map(|header| format!("Retry-After: {header}\r\n"))
            .unwrap_or_default();
        let server = Server::answering(Reply::with_headers(503, &header, "<html>"));
        let ended = Home::new()
            .run("send text --to 593987654321 Hola --retry-for 0")
            .api(&server.url)
            .end();
        server.only();
        assert_eq!(ended.code, code, "{header:?}: {ended:?}");
        assert_eq!(ended.stdout, "\"<html>\"\n");
    }
}

#[test]
fn error_shows_english_api_message_and_hint() {
    let envelope = json!({
        "message": ["El cuerpo está mal"], "statusMessage": "failed", "status": 0,
        "error": {"code": "E0422", "key": "VALIDATOR_ERROR", "description": "d",
            "developerMessages": {"es": "El cuerpo está mal", "en": "The body is wrong"}},
        "validationError": {"text": [{"en": "text is too short", "es": "texto corto"}]},
    });
    let ended = answered(422, &envelope.to_string());
    assert_eq!(
        ended.stderr,
        "error: not sent: Jelou answered 422: E0422: The body is wrong; text: text is too short\n\
         hint: a field is missing or wrong; fix the field and send again\n"
    );
    let record = ended.json();
    assert_eq!(record["error"]["api_code"], "E0422");
    assert_eq!(record["response"], envelope);
}

#[test]
fn unrecognized_response_is_shown_in_part() {
    let long = "x".repeat(2045);
    for format in ["id", "record"] {
        let server = Server::answering(Reply::json(400, &format!("{long}tail")));
        let home = Home::new();
        let run = home
            .run("send text --to 593987654321 Hola")
            .args(&["-o", format])
            .api(&server.url);
        run.fails(5, &[&format!("answered 400: {long}…\nhint")]);
    }
    // The error does not repeat an answer without content, or one that was already explained.
    for body in ["{}", "[]", " ", "<html>x</html>"] {
        let server = Server::answering(Reply::json(400, body));
        let home = Home::new();
        let ended = home
            .run("send text --to 593987654321 Hola -o id")
            .api(&server.url)
            .fails(5, &[]);
        assert!(!ended.stderr.contains(&format!(": {body}\n")), "{ended:?}");
    }
    // The answer to a row is not printed.
    let server = Server::answering(Reply::json(400, "quota exceeded"));
    let home = Home::new();
    home.write("people.csv", "to\n593987654321\n");
    home.run("bulk send people.csv --yes --run r text Hola")
        .api(&server.url)
        .fails(10, &["answered 400: quota exceeded"]);
    let report = home.run("bulk report r").success().stdout;
    assert!(
        report.contains("Jelou answered 400: quota exceeded"),
        "{report}"
    );
    let server = Server::answering(Reply::json(400, "quota exceeded"));
    let home = Home::new();
    home.run("templates -o id")
        .api(&server.url)
        .fails(5, &["answered 400: quota exceeded\n"]);
}

#[test]
fn hostile_api_text_stays_on_one_line() {
    let body = json!({"code": "x", "description": "a\n::error::forged\r\u{1b}[31m\u{202e}"});
    let ended = answered(400, &body.to_string());
    assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains(r"a\n::error::forged\r\u{1b}[31m\u{202e}"),
        "{}",
        ended.stderr
    );
    assert!(
        !ended.stdout.contains(['\u{1b}', '\u{202e}']),
        "{}",
        ended.stdout
    );
    assert_eq!(ended.json()["response"], body);
}

#[test]
fn record_fields_are_equal_on_success_and_failure() {
    let fields = "schema_version command exit_code retry error sent dry_run kind to profile bot_id api_url message_id \
                  http_status attempts duration_ms response delivery";
    let success = answered(200, r#"{"success":true,"messageId":"m"}"#).json();
    let failure = answered(500, "").json();
    let invalid = Home::new().run("send text -o record").end().json();
    for record in [&success, &failure, &invalid] {
        let keys: Vec<_> = record
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(keys.join(" "), fields);
        assert_eq!(record["schema_version"], 2);
        assert_eq!(record["command"], "send");
        assert_eq!(record["kind"], "text");
    }
    assert_eq!(invalid["sent"], "no");
    assert_eq!(invalid["error"]["code"], "invalid_message");
    assert_eq!(failure["response"], Value::Null);
    let error: Vec<_> = failure["error"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        error,
        ["code", "api_code", "message", "hint", "retry_after_s"]
    );
}

#[test]
fn server_text_is_limited_except_on_stdout() {
    let long = "x".repeat(100_000);
    let accepted = json!({"success": true, "messageId": long});
    let refused = json!({"error": {"code": long, "description": long}});
    for (status, body) in [(200, &accepted), (422, &refused)] {
        for words in [&[][..], &["-v"]] {
            let server = Server::answering(Reply::json(status, &body.to_string()));
            let home = Home::new();
            let run = home
                .run("send text --to 593987654321 Hola -o record")
                .args(words);
            let ended = run.api(&server.url).end();
            // A success is only printed on a terminal.
            assert!(
                ended.stderr.is_empty() || ended.stderr.contains("xxx…"),
                "{}",
                ended.stderr.len()
            );
            assert!(ended.stderr.len() < 10_000, "{}", ended.stderr.len());
            let record = ended.json();
            assert_eq!(&record["response"], body);
            assert!(record["error"].to_string().len() < 10_000);
            assert_eq!(record["message_id"].as_str(), body["messageId"].as_str());
        }
    }
}
