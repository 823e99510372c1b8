//! Answers that say both that the message was accepted and that it was not: the outcome is unknown, and it is never
//! sent again.

use crate::harness::{Ended, Home};
use crate::server::{Reply, Server};

/// Sends with all retries. The server gets one request.
fn once(words: &str, reply: Reply) -> Ended {
    let server = Server::answering(reply);
    let ended = Home::new().run(words).args(&["-o", "record"]).api(&server.url).end();
    assert_eq!(server.received().len(), 1, "{ended:?}");
    ended
}

fn is_unknown(ended: &Ended, what: &str) {
    let record = ended.json();
    assert_eq!((ended.code, &record["sent"]), (8, &"unknown".into()), "{what}: {ended:?}");
    assert_eq!((&record["attempts"], &record["error"]["code"]), (&1.into(), &"unknown".into()), "{what}");
    assert!(ended.stderr.contains("it says both that it was accepted and that it failed"), "{what}: {ended:?}");
}

#[test]
fn an_answer_that_says_both_is_unknown_and_never_sent_again() {
    for (status, headers, body) in [
        (429, "", r#"{"messageId":"m"}"#),
        (429, "Retry-After: 1\r\n", r#"{"success":true}"#),
        (425, "", r#"{"success":true}"#),
        (503, "Retry-After: 1\r\n", r#"{"success":true,"messageId":"m"}"#),
        (400, "", r#"{"messageId":"m","error":{"code":130429}}"#),
        (400, "", r#"{"success":true}"#),
        (401, "", r#"{"messageId":1}"#),
        (422, "", r#"{"success":"true"}"#),
        (302, "", r#"{"messageId":"m"}"#),
        (200, "", r#"{"success":"false","messageId":"m"}"#),
        (200, "", r#"{"success":"FALSE","messageId":12}"#),
        (200, "", r#"{"success":true,"errors":["no"]}"#),
        (200, "", r#"{"success":true,"status":"error"}"#),
        (200, "", r#"{"messageId":"m","code":"E0422"}"#),
        (200, "", r#"{"messageId":"m","validationError":{"text":["short"]}}"#),
        (200, "", r#"{"success":false,"success":true,"messageId":"m"}"#),
        (200, "", r#"{"success":true,"success":false}"#),
        (200, "", r#"{"messageId":"a","messageId":"b"}"#),
        (200, "", r#"{"status":1,"success":true,"status":0,"status":1}"#),
        (400, "", r#"{"error":{"code":"E0422","code":130429}}"#),
        (429, "", r#"{"error":"x","error":null}"#),
        (429, "", r#"[{"success":true,"messageId":"m"}]"#),
        (429, "", r#"{"data":{"success" : true}}"#),
        (429, "", r#"{"success":true,"messageId":"m"}x"#),
        (422, "", r#"{"text":"x","messageId":"m"#),
        (400, "", r#"{"error":{"code":130429},"messageId": 7"#),
    ] {
        let ended = once("send text --to 593987654321 Hola", Reply::with_headers(status, headers, body));
        is_unknown(&ended, &format!("{status} {body}"));
    }
}

#[test]
fn an_answer_that_breaks_off_behind_an_id_is_unknown() {
    let cut = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 99\r\n\r\n{\"success\":true,\"messageId\":\"m\"";
    is_unknown(&once("send text --to 593987654321 Hola", Reply::Bytes(cut.into())), cut);
    // An empty text is not an id.
    let server = Server::start(vec![Reply::json(429, r#"{"messageId":""}"#), Reply::accepted()]);
    Home::new().run("send text --to 593987654321 Hola").api(&server.url).success();
}

#[test]
fn an_id_and_an_error_among_the_entries_of_a_destination_are_unknown() {
    let template = "send template --to 593987654321 name --language es";
    for body in [
        r#"[{"destination":"593987654321","id":"m"},{"destination":"593987654321","code":"x"}]"#,
        r#"[{"destination":"593987654321","code":"x"},{"destination":"593987654321","id":"m"}]"#,
        r#"[{"destination":"+593 987654321","id":"m"},{"destination":593987654321,"error":"x"}]"#,
        r#"[{"destination":"593987654321"},{"destination":"593987654321","code":130429}]"#,
        r#"[{"destination":"593987654321","id":"a","id":"b"}]"#,
    ] {
        is_unknown(&once(template, Reply::json(200, body)), body);
    }
    for (body, code, id) in [
        (r#"[{"destination":"593987654321","id":"a"},{"destination":"593987654321","id":"b"}]"#, 0, Some("a")),
        (r#"[{"destination":"593987654321"},{"destination":"593987654321","id":5}]"#, 0, Some("5")),
        (r#"[{"destination":"1","code":"x"},{"destination":"593987654321","id":"m"}]"#, 0, Some("m")),
        (r#"[{"destination":"593987654321","code":"x"},{"destination":"593987654321","code":"y"}]"#, 5, None),
    ] {
        let ended = once(template, Reply::json(200, body));
        assert_eq!((ended.code, ended.json()["message_id"].as_str()), (code, id), "{body}: {ended:?}");
    }
}

#[test]
fn a_number_is_an_id() {
    let ended = once("send text --to 593987654321 Hola", Reply::json(200, r#"{"messageId":123456789012345678}"#));
    assert_eq!((ended.code, &ended.json()["message_id"]), (0, &"123456789012345678".into()));
}
