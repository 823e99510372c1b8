//! Ten thousand requests that no client should send: an answer for each, never a 5xx, never a panic.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use proptest::prelude::*;
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::listening::{AUTHORIZATION, Sandbox, fixture, text_to};

/// The statuses of the answers before the connection ended.
fn statuses(address: &str, request: &[u8]) -> Vec<u16> {
    let mut stream = TcpStream::connect(address).unwrap();
    // It may refuse before it has read to the end.
    let _ = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|rest| rest[..3].parse::<u16>().unwrap())
        .collect()
}

fn any_path() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(
            &[
                "/v1/bots/1/messages",
                "/v1/bots/1/users/2/flow_message",
                "/v2/whatsapp/1/hsm",
                "/v1/bots/1/campaigns/3/template-messages",
                "/v1/bots/1/templates?page=18446744073709551615&limit=18446744073709551615",
                "/v1/bots/1/templates?limit=x",
                "/v1/bots/%ff/messages",
                "/v1/bots//messages",
                "/sandbox/messages?limit=99999999999999999999&since=-1",
                "/sandbox/messages/%00",
                "/sandbox/chats?search=%F0%9F%9B%B5&before=0",
                "/sandbox/users/%2e%2e/messages",
                "/sandbox/faults",
                "/page/../../etc/passwd",
            ][..]
        )
        .prop_map(str::to_owned),
        // Read once: a pattern that is a text is read for each value.
        string_regex("/[!-~]{0,40}").unwrap(),
    ]
}

/// A body of the documents with one of its values replaced, or any other body.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let kinds = [
        "text",
        "list",
        "contacts",
        "carousel",
        "flow",
        "template",
        "quick-reply",
        "location",
        "flow-message.en",
    ];
    let junk = prop_oneof![
        Just(Value::Null),
        Just(Value::from(-1)),
        Just(Value::from("")),
        Just(serde_json::json!([{}])),
        Just(serde_json::json!({"a": {}}))
    ];
    let near = (
        prop::sample::select(kinds.to_vec()),
        any::<prop::sample::Index>(),
        junk,
        any::<bool>(),
    )
        .prop_map(|(kind, index, junk, cut)| {
            let mut body = fixture(&format!("bodies/{kind}.json"));
            let paths = pointers(&body, String::new());
            *body.pointer_mut(&paths[index.index(paths.len())]).unwrap() = junk;
            let mut bytes = body.to_string().into_bytes();
            if cut {
                bytes.pop();
            }
            bytes
        });
    prop_oneof![
        near,
        prop::collection::vec(any::<u8>(), 0..120),
        Just("[".repeat(5000).into_bytes())
    ]
}

fn pointers(value: &Value, at: String) -> Vec<String> {
    let children: Vec<_> = match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| pointers(value, format!("{at}/{name}")))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(index, item)| pointers(item, format!("{at}/{index}")))
            .collect(),
        _ => Vec::new(),
    };
    std::iter::once(at).chain(children).collect()
}

fn any_head(address: &str) -> impl Strategy<Value = String> {
    let host = format!("Host: {address}\r\n");
    prop_oneof![
        8 => Just(format!("{host}{AUTHORIZATION}\r\n")),
        1 => Just(host.clone()),
        1 => string_regex("[ -~]{0,20}: [ -~]{0,20}\r\n").unwrap(),
        1 => Just(format!("{host}Transfer-Encoding: chunked\r\n{AUTHORIZATION}\r\n")),
        1 => Just(format!("{host}Expect: 100-continue\r\n{AUTHORIZATION}\r\n")),
    ]
}

/// Whole requests; most have the right length.
fn any_request(address: &str) -> impl Strategy<Value = Vec<u8>> {
    let method = prop::sample::select(&["POST", "GET", "PUT", "DELETE", "HEAD", "PATCH", "X"][..]);
    let wrong = prop_oneof![4 => Just(0i64), 1 => -3i64..40];
    (method, any_path(), any_head(address), wrong, any_body()).prop_map(
        |(method, path, head, wrong, body)| {
            let length = i64::try_from(body.len()).unwrap() + wrong;
            let head =
                format!("{method} {path} HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n");
            [head.as_bytes(), &body].concat()
        },
    )
}

#[test]
fn malformed_requests_are_answered_and_break_nothing() {
    let mut sandbox = Sandbox::start(&["--max", "100"]);
    let config = ProptestConfig {
        cases: 10_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let checked = TestRunner::new(config).run(&any_request(&sandbox.address), |request| {
        for status in statuses(&sandbox.address, &request) {
            prop_assert!(status < 500, "{status}");
        }
        Ok(())
    });
    checked.unwrap();
    assert_eq!(sandbox.ask("PUT", "/sandbox/faults", "[]").status, 200);
    assert_eq!(
        sandbox
            .ask(
                "POST",
                "/v1/bots/1/messages",
                &text_to("1", "x").to_string()
            )
            .status,
        200
    );
    sandbox.process.kill().unwrap();
    let mut stderr = String::new();
    sandbox
        .process
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(stderr, "");
}
