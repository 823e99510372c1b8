//! The table of outcomes: every answer of the API, its meaning and the exit code.

use httpmock::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Ended, Home};
use crate::server::{Reply, Server};

/// Sends a text once to a server with this answer.
fn answered(status: u16, body: &str) -> Ended {
    let server = MockServer::start();
    let mock = server.mock(|when, then| {
        when.method(POST)
            .path("/v1/bots/BOT_ID/messages")
            .json_body(json!({"type": "text", "userId": "593987654321", "text": "Hola"}));
        then.status(status).header("content-type", "application/json").body(body);
    });
    let ended =
        Home::new().run("send text --to 593987654321 Hola -o record --retry-for 0").api(&server.base_url()).end();
    mock.assert_calls(1);
    ended
}

/// (status, body) → (exit code, `sent`, `error.code`)
fn check(rows: &[(u16, &str, i32, &str, Option<&str>)]) {
    for (status, body, code, sent, error) in rows {
        let ended = answered(*status, body);
        let record = ended.json();
        assert_eq!(ended.code, *code, "{status} {body}: {ended:?}");
        assert_eq!(record["sent"], *sent, "{status} {body}: {record}");
        assert_eq!(record["http_status"], *status, "{record}");
        assert_eq!(record["attempts"], 1);
        assert_eq!(record["error"]["code"].as_str(), *error, "{status} {body}: {record}");
        let said = match *sent {
            "no" => "error: not sent: ",
            "unknown" => "error: it may have been sent: ",
            _ => "",
        };
        assert!(ended.stderr.starts_with(said), "{status} {body}: {}", ended.stderr);
        assert_eq!(ended.stderr.contains("hint: "), *sent != "yes", "{}", ended.stderr);
    }
}

#[test]
fn a_success_says_so() {
    check(&[
        (200, r#"{"success":true,"messageId":"msg_1"}"#, 0, "yes", None),
        (201, r#"{"messageId":"msg_1"}"#, 0, "yes", None),
        (202, r#"{"success":true}"#, 0, "yes", None),
        (200, r#"{"success":true,"messageId":"m","error":null,"status":1,"statusMessage":"success"}"#, 0, "yes", None),
        (200, r#"{"messageId":123456789012345678}"#, 0, "yes", None),
    ]);
    let record = answered(200, r#"{"success":true,"messageId":"msg_1"}"#).json();
    assert_eq!(record["message_id"], "msg_1");
}

#[test]
fn a_success_with_an_error_was_not_sent() {
    check(&[
        (200, r#"{"success":false}"#, 5, "no", Some("rejected")),
        (200, r#"{"statusMessage":"failed"}"#, 5, "no", Some("rejected")),
        (200, r#"{"status":0}"#, 5, "no", Some("rejected")),
        (200, r#"{"status":"failed"}"#, 5, "no", Some("rejected")),
        (200, r#"{"error":"no"}"#, 5, "no", Some("rejected")),
        (200, r#"{"error":{"code":"E0422","description":"no"}}"#, 5, "no", Some("rejected")),
        (200, r#"{"error":{"code":131056}}"#, 6, "no", Some("unavailable")),
    ]);
}

#[test]
fn a_success_that_does_not_say_so_is_unknown() {
    check(&[
        (200, "", 8, "unknown", Some("unknown")),
        (204, "", 8, "unknown", Some("unknown")),
        (200, "{}", 8, "unknown", Some("unknown")),
        (200, "[]", 8, "unknown", Some("unknown")),
        (200, "<html>OK</html>", 8, "unknown", Some("unknown")),
        (200, r#"{"success":"#, 8, "unknown", Some("unknown")),
        (200, r#"{"messageId":"","success":null}"#, 8, "unknown", Some("unknown")),
        (200, r#"{"success":true,"error":"but"}"#, 8, "unknown", Some("unknown")),
        (200, r#"{"messageId":"m","success":false}"#, 8, "unknown", Some("unknown")),
        (200, r#"{"messageId":"m","error":{"code":130429}}"#, 8, "unknown", Some("unknown")),
    ]);
}

#[test]
fn an_answer_that_is_no_json_is_told_for_what_it_is() {
    let page = "\n<!DOCTYPE html><title>Sign in</title>";
    for (status, body, code, said) in [
        (200, page, 8, "it may have been sent: the API answered 200: its body is an HTML page, not JSON"),
        (200, "", 8, "the API answered 200\nhint: its body does not say whether the message was accepted"),
        (
            403,
            page,
            4,
            "not sent: the API answered 403: its body is an HTML page, not JSON: a portal or a proxy?\nhint: a portal, a proxy or a firewall",
        ),
        (200, "<?xml version=\"1.0\"?><a/>", 8, "the API answered 200: <?xml version=\"1.0\"?><a/>\n"),
    ] {
        let ended = answered(status, body);
        assert_eq!(ended.code, code, "{ended:?}");
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}

#[test]
fn credentials_have_a_code_of_their_own() {
    check(&[
        (401, r#"{"code":"unauthorized","description":"no"}"#, 4, "no", Some("credentials")),
        (401, "", 4, "no", Some("credentials")),
        (403, r#"{"code":"forbidden_bot"}"#, 4, "no", Some("credentials")),
        (
            500,
            r#"{"code":"internal_server_error","description":"The token has no Company"}"#,
            4,
            "no",
            Some("credentials"),
        ),
        (
            500,
            r#"{"error":{"code":"internal_server_error","description":"El token no tiene compañía"}}"#,
            4,
            "no",
            Some("credentials"),
        ),
        (500, r#"{"code":"internal_server_error","message":"sin empresa"}"#, 4, "no", Some("credentials")),
        (500, r#"{"code":"internal_server_error","description":"oops"}"#, 8, "unknown", Some("unknown")),
        (500, r#"{"code":"E0000","description":"company"}"#, 8, "unknown", Some("unknown")),
    ]);
}

#[test]
fn a_refusal_was_not_sent() {
    let statuses = [300, 301, 302, 307, 308, 400, 402, 404, 405, 409, 410, 413, 415, 418, 422, 431, 451, 499, 501, 505];
    for status in statuses {
        check(&[(status, r#"{"code":"x"}"#, 5, "no", Some("rejected"))]);
    }
    check(&[(400, "<h1>Bad Request</h1>", 5, "no", Some("rejected")), (422, "", 5, "no", Some("rejected"))]);
}

#[test]
fn a_gateway_that_fails_leaves_it_unknown() {
    for status in [408, 500, 502, 503, 504, 507, 520, 599] {
        check(&[(status, "<h1>Bad Gateway</h1>", 8, "unknown", Some("unknown"))]);
    }
    // The request was carried out, and its result is elsewhere (RFC 9110, 15.4.4).
    check(&[(303, "", 8, "unknown", Some("unknown")), (303, r#"{"code":"x"}"#, 8, "unknown", Some("unknown"))]);
}

#[test]
fn a_rate_limit_was_not_sent() {
    check(&[
        (429, "", 6, "no", Some("unavailable")),
        (425, "{}", 6, "no", Some("unavailable")),
        (400, r#"{"error":{"code":130429}}"#, 6, "no", Some("unavailable")),
        (400, r#"{"error":{"code":"131056"}}"#, 6, "no", Some("unavailable")),
        (500, r#"{"code":80007}"#, 6, "no", Some("unavailable")),
        (400, r#"{"message":"(#130429) Rate limit hit"}"#, 6, "no", Some("unavailable")),
        (422, r#"{"code":"message_could_not_be_send","description":"(#80007) x"}"#, 6, "no", Some("unavailable")),
        (400, r#"{"message":"Rate limit hit"}"#, 6, "no", Some("unavailable")),
        // Jelou echoes requests: a code counts only in a code's field, or at the start of the API's own text.
        (
            400,
            r#"{"error":{"code":"E0422","description":"130429"},"request":{"code":130429}}"#,
            5,
            "no",
            Some("rejected"),
        ),
        (400, r#"{"message":"it said (#130429)"}"#, 5, "no", Some("rejected")),
        (400, r#"{"message":"it broke","request":{"text":"(#130429)"}}"#, 5, "no", Some("rejected")),
        (200, r#"{"success":false,"message":"(#130429) Rate limit hit"}"#, 5, "no", Some("rejected")),
        (500, r#"{"message":"130429"}"#, 8, "unknown", Some("unknown")),
        (500, r#"{"message":"(#130429) Rate limit hit"}"#, 8, "unknown", Some("unknown")),
    ]);
}

#[test]
fn a_503_counts_as_not_sent_only_with_retry_after() {
    for (header, code) in [(Some("5"), 6), (Some("Wed, 21 Oct 2099 07:28:00 GMT"), 6), (Some("soon"), 8), (None, 8)] {
        let server = MockServer::start();
        let mock = server.mock(|_, then| {
            let then = then.status(503).body("<html>");
            if let Some(header) = header {
                then.header("Retry-After", header);
            }
        });
        let ended = Home::new().run("send text --to 593987654321 Hola --retry-for 0").api(&server.base_url()).end();
        mock.assert_calls(1);
        assert_eq!(ended.code, code, "{header:?}: {ended:?}");
        assert_eq!(ended.stdout, "\"<html>\"\n");
    }
}

#[test]
fn a_flow_message_is_accepted_with_any_object_that_does_not_speak_of_an_error() {
    let arguments =
        ["--title", "t", "--text", "x", "--caption", "c", "--flow-name", "n", "--cta", "Go", "--screen", "S"];
    for (body, code) in [
        ("{}", 0),
        (r#"{"anything":1}"#, 0),
        ("[]", 8),
        ("", 8),
        ("null", 8),
        (r#"{"code":"bot_not_found","description":"No such bot"}"#, 8),
        (r#"{"errors":["x"]}"#, 8),
        (r#"{"success":"false"}"#, 8),
        (r#"{"status":"error","message":"nope"}"#, 8),
        (r#"{"validationError":{"title":["short"]},"message":["bad"]}"#, 8),
        (r#"{"success":false}"#, 5),
        (r#"{"error":"x"}"#, 5),
    ] {
        let server = MockServer::start();
        let mock = server.mock(|when, then| {
            when.method(POST).path("/v1/bots/BOT_ID/users/593987654321/flow_message");
            then.status(200).body(body);
        });
        let run = Home::new();
        let run = run.run("flow-message --to 593987654321 --retry-for 0").args(&arguments);
        let ended = run.api(&server.base_url()).end();
        mock.assert_calls(1);
        assert_eq!(ended.code, code, "{body}: {ended:?}");
    }
}

#[test]
fn the_error_says_what_the_api_said_in_english_and_what_to_do() {
    let envelope = json!({
        "message": ["El cuerpo está mal"], "statusMessage": "failed", "status": 0,
        "error": {"code": "E0422", "key": "VALIDATOR_ERROR", "description": "d",
            "developerMessages": {"es": "El cuerpo está mal", "en": "The body is wrong"}},
        "validationError": {"text": [{"en": "text is too short", "es": "texto corto"}]},
    });
    let ended = answered(422, &envelope.to_string());
    assert_eq!(
        ended.stderr,
        "error: not sent: the API answered 422: E0422: The body is wrong; text: text is too short\n\
         hint: a field is missing or wrong; fix the field and send again\n"
    );
    let record = ended.json();
    assert_eq!(record["error"]["api_code"], "E0422");
    assert_eq!(record["response"], envelope);
}

#[test]
fn every_documented_shape_of_an_error_is_read() {
    for (status, body, said) in [
        (
            404,
            r#"{"code":"bot_not_found","description":"No such bot"}"#,
            "404: bot_not_found: No such bot\nhint: this bot does not exist",
        ),
        (
            404,
            r#"{"error":{"code":"E1019","key":"BOT_NOT_FOUND","description":"No"}}"#,
            "404: E1019: No\nhint: this bot does not exist",
        ),
        (
            404,
            r#"{"message":"Flow not found"}"#,
            "404: Flow not found\nhint: check --flow-name or --flow-id, or choose another bot with --bot",
        ),
        (
            403,
            r#"{"code":"forbidden_bot","description":"No"}"#,
            "403: forbidden_bot: No\nhint: these credentials may not use this bot",
        ),
        (
            400,
            r#"{"code":"message_could_not_be_send"}"#,
            "400: message_could_not_be_send\nhint: Jelou could not send it",
        ),
        (
            400,
            r#"{"error":{"code":131047,"message":"Re-engagement"}}"#,
            "400: 131047: Re-engagement\nhint: the recipient has not written",
        ),
        (
            415,
            r#"{"error":{"key":"UNSUPPORTED_MEDIA_TYPE"}}"#,
            "415: UNSUPPORTED_MEDIA_TYPE\nhint: WhatsApp does not take",
        ),
        (400, r#"{"error":"it broke"}"#, "400: it broke\nhint: "),
        (400, r#"{"message":["a","b"],"statusMessage":"failed"}"#, "400: a; b\nhint: "),
        (400, r#"{"message":"a"}"#, "400: a\nhint: "),
        (400, r#"{"error":{"clientMessages":{"es":"no","en":"never"}}}"#, "400: never\nhint: "),
        (
            400,
            "<html><h1>Bad Request</h1></html>",
            "400: its body is an HTML page, not JSON: a portal or a proxy?\nhint: ",
        ),
        (400, "", "400\nhint: "),
        (400, "not JSON", "400: not JSON\nhint: "),
    ] {
        let ended = answered(status, body);
        assert!(
            ended.stderr.contains(&format!("error: not sent: the API answered {said}")),
            "{body}: {}",
            ended.stderr
        );
    }
}

#[test]
fn a_business_that_may_send_nothing_ends_with_the_code_of_credentials() {
    check(&[
        (400, r#"{"error":{"code":131042}}"#, 4, "no", Some("account")),
        (
            400,
            r#"{"code":"message_could_not_be_send","message":["(#131031) Account locked"]}"#,
            4,
            "no",
            Some("account"),
        ),
        (400, r#"{"description":"Business eligibility payment issue"}"#, 4, "no", Some("account")),
        (200, r#"{"success":false,"code":131042}"#, 4, "no", Some("account")),
        (500, r#"{"code":131042}"#, 8, "unknown", Some("unknown")),
    ]);
}

#[test]
fn a_code_of_whatsapp_is_read_from_the_apis_own_words() {
    for (body, code, said) in [
        (
            r#"{"message":"(#131047) Re-engagement message"}"#,
            "131047",
            "400: (#131047) Re-engagement message\nhint: the recipient has not written to the bot in the last 24 hours",
        ),
        (
            r#"{"code":"message_could_not_be_send","description":"(#131050) Opted out"}"#,
            "131050",
            "400: (#131050) Opted out\nhint: the recipient has opted out of this business's marketing; never send them \
             marketing again: add them to the list of --exclude or do_not_contact\n",
        ),
        (
            r#"{"message":["(#130497) No"]}"#,
            "130497",
            "400: (#130497) No\nhint: WhatsApp does not let this business write to the recipient's country; do not send it",
        ),
        (
            r#"{"error":"Message Undeliverable."}"#,
            "131026",
            "400: 131026: Message Undeliverable.\nhint: WhatsApp cannot",
        ),
        (r#"{"message":"(#4321) New"}"#, "4321", "400: (#4321) New\nhint: fix the message and send again"),
    ] {
        let ended = answered(400, body);
        assert!(ended.stderr.contains(said), "{body}: {}", ended.stderr);
        assert_eq!(ended.json()["error"]["api_code"], code, "{body}");
    }
    // The sent text is never read as a code, in whatever form it comes back.
    for (text, body) in [
        ("(#131042) x", r#"{"message":"(#131042) x is too long"}"#),
        ("#131042", r#"{"message":"(#131042) is too long"}"#),
        ("rate limit hit", r#"{"message":"Rate limit hit"}"#),
    ] {
        let server = Server::answering(Reply::json(400, body));
        let home = Home::new();
        let run = home.run("send text --to 593987654321 -o record").args(&[text]).api(&server.url);
        assert_eq!(run.fails(5, &["hint: fix the message and send again"]).json()["error"]["api_code"], Value::Null);
    }
}

/// (body, what the error says)
const FOREIGN: [(&str, &str); 17] = [
    (r#"{"message":["text should not be empty"],"error":"Bad Request"}"#, "400: Bad Request; text should not be empty"),
    (r#"{"statusCode":400,"message":"Bad Request","details":"text is missing"}"#, "400: Bad Request; text is missing"),
    (r#"{"errors":[{"field":"text","message":"is required"},{"message":"no bot"}]}"#, "400: is required; no bot"),
    (
        r#"{"errors":{"text":["is required","is short"],"to":"is wrong"}}"#,
        "400: text: is required; text: is short; to: is wrong",
    ),
    (r#"{"detail":[{"loc":["body","text"],"msg":"field required","type":"missing"}]}"#, "400: field required"),
    (r#"{"type":"about:blank","title":"Bad Request","detail":"No such number"}"#, "400: No such number"),
    (r#"{"msg":"no credit"}"#, "400: no credit"),
    (r#"{"data":{"response":{"error":{"message":"deep"}}}}"#, "400: deep"),
    (r#"[{"error":"first"},{"error":"second"}]"#, "400: first; second"),
    (
        r#"{"error":{"code":131047,"message":"Re-engagement","error_data":{"details":"24 hours"}}}"#,
        "400: 131047: Re-engagement; 24 hours",
    ),
    (r#"{"error":true,"message":"no","request":{"message":"Hola"}}"#, "400: no"),
    (r#"{"error":"Bad Request","message":"bad request"}"#, "400: Bad Request"),
    (
        r#"{"message":["zz-text"],"error":{"code":"E0422","developerMessages":{"en":"zz-text"}},"validationError":{"text":[{"en":"zz-text"}]}}"#,
        "400: E0422: text: zz-text",
    ),
    (r#"{"status":400,"error":"Bad Request","path":"/v1/bots/1/messages"}"#, "400: Bad Request"),
    (r#"{"reason":"quota"}"#, r#"400: {"reason":"quota"}"#),
    ("Upstream\u{7} refused\nit", r"400: Upstream\u{7} refused\nit"),
    (r#""no""#, r#"400: "no""#),
];

#[test]
fn a_refusal_in_any_shape_says_why() {
    for (body, said) in FOREIGN {
        let server = Server::answering(Reply::json(400, body));
        let home = Home::new();
        let ended = home.run("send text --to 593987654321 Hola -o id").api(&server.url).fails(5, &[]);
        let first = ended.stderr.lines().next().unwrap();
        assert_eq!(first, format!("error: not sent: the API answered {said}"), "{body}");
    }
}

#[test]
fn what_is_not_understood_is_shown_in_part() {
    let long = format!("{}é", "x".repeat(299));
    for format in ["id", "record"] {
        let server = Server::answering(Reply::json(400, &format!("{long}tail")));
        let home = Home::new();
        let run = home.run("send text --to 593987654321 Hola").args(&["-o", format]).api(&server.url);
        run.fails(5, &[&format!("answered 400: {long}…\nhint")]);
    }
    // An answer that is not one, or that was already explained, is not shown again.
    for body in ["{}", "[]", " ", "<html>x</html>"] {
        let server = Server::answering(Reply::json(400, body));
        let home = Home::new();
        let ended = home.run("send text --to 593987654321 Hola -o id").api(&server.url).fails(5, &[]);
        assert!(!ended.stderr.contains(&format!(": {body}\n")), "{ended:?}");
    }
    // No one sees the answer to a row.
    let server = Server::answering(Reply::json(400, "quota exceeded"));
    let home = Home::new();
    home.write("people.csv", "to\n593987654321\n");
    home.run("bulk send people.csv --yes --run r text Hola")
        .api(&server.url)
        .fails(10, &["answered 400: quota exceeded"]);
    let report = home.run("bulk report r").success().stdout;
    assert!(report.contains("the API answered 400: quota exceeded"), "{report}");
    let server = Server::answering(Reply::json(400, "quota exceeded"));
    let home = Home::new();
    home.run("templates -o id").api(&server.url).fails(5, &["answered 400: quota exceeded\n"]);
}

#[test]
fn hostile_words_of_the_api_stay_on_their_line() {
    let body = json!({"code": "x", "description": "a\n::error::forged\r\u{1b}[31m\u{202e}"});
    let ended = answered(400, &body.to_string());
    assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
    assert!(ended.stderr.contains(r"a\n::error::forged\r\u{1b}[31m\u{202e}"), "{}", ended.stderr);
    assert!(!ended.stdout.contains(['\u{1b}', '\u{202e}']), "{}", ended.stdout);
    assert_eq!(ended.json()["response"], body);
}

#[test]
fn the_record_has_the_same_fields_on_success_and_failure() {
    let fields = [
        "schema_version",
        "sent",
        "dry_run",
        "kind",
        "to",
        "profile",
        "bot_id",
        "api_url",
        "message_id",
        "http_status",
        "attempts",
        "duration_ms",
        "response",
        "error",
        "delivery",
    ];
    let success = answered(200, r#"{"success":true,"messageId":"m"}"#).json();
    let failure = answered(500, "").json();
    let invalid = Home::new().run("send text -o record").end().json();
    for record in [&success, &failure, &invalid] {
        let keys: Vec<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, fields);
        assert_eq!(record["schema_version"], 1);
        assert_eq!(record["kind"], "text");
    }
    assert_eq!(invalid["sent"], "no");
    assert_eq!(invalid["error"]["code"], "invalid_message");
    assert_eq!(failure["response"], Value::Null);
    let error: Vec<_> = failure["error"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(error, ["code", "api_code", "message", "hint", "retry_after_s"]);
}

#[test]
fn what_a_server_says_ends_at_two_kibibytes_but_for_standard_output() {
    let long = "x".repeat(100_000);
    let accepted = json!({"success": true, "messageId": long});
    let refused = json!({"error": {"code": long, "description": long}});
    for (status, body) in [(200, &accepted), (422, &refused)] {
        for words in [&[][..], &["-v"]] {
            let server = Server::answering(Reply::json(status, &body.to_string()));
            let home = Home::new();
            let run = home.run("send text --to 593987654321 Hola -o record").args(words);
            let ended = run.api(&server.url).end();
            // A success is only printed on a terminal.
            assert!(ended.stderr.is_empty() || ended.stderr.contains("xxx…"), "{}", ended.stderr.len());
            assert!(ended.stderr.len() < 10_000, "{}", ended.stderr.len());
            let record = ended.json();
            assert_eq!(&record["response"], body);
            assert!(record["error"].to_string().len() < 10_000);
            assert_eq!(record["message_id"].as_str(), body["messageId"].as_str());
        }
    }
}
