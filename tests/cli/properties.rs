//! Any JSON as a body and any text as a flag never cause a panic, and are sent unchanged. `src/cli/tests.rs` tests
//! refused values and files of any bytes: one process can check many more of them there.

use std::io::Write;
use std::process::Stdio;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::harness::{CommandOutput, Home};
use crate::server::{Reply, Server};

/// Any JSON with numbers that JSON can express exactly.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e15..1e15).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any_key(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Names with a meaning in a body.
const FIELDS: &str = "type userId botId text title caption header parameters contacts name phones flow_cta \
                      flow_action_payload screen payload phone display_text mode";

/// Names of fields: known ones, and any other.
fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(FIELDS.split(' ').collect::<Vec<_>>()).prop_map(str::to_owned),
        any::<String>()
    ]
}

/// A text as an argument, which cannot contain a NUL.
fn any_argument() -> impl Strategy<Value = String> {
    prop_oneof![
        "[^\0]{0,80}",
        Just("-".to_owned()),
        Just("--".to_owned()),
        Just("@x".to_owned()),
        Just("{{ x }}".to_owned())
    ]
}

fn run_with_body(home: &Home, url: &str, words: &[&str], body: &Value) -> CommandOutput {
    let mut command = home.process("", url);
    command
        .args(words)
        .args(["--body", "-", "--retry-for", "0"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    // The command may refuse the body before it reads all of it.
    let _ = child
        .stdin
        .take()
        .unwrap()
        .write_all(body.to_string().as_bytes());
    CommandOutput::new(&child.wait_with_output().unwrap())
}

fn is_orderly(ended: &CommandOutput, codes: &[i32]) {
    assert!(codes.contains(&ended.code), "{ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
    assert!(
        ended.stderr.lines().all(|line| !line.starts_with("::")),
        "{ended:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn raw_body_arrives_unchanged(fields in prop::collection::hash_map(any_key(), any_json(), 0..6)) {
        let mut body: Map<String, Value> = fields.into_iter().filter(|(name, _)| name != "botId").collect();
        body.insert("userId".to_owned(), json!("593987654321"));
        let body = Value::Object(body);
        let server = Server::answering(Reply::accepted());
        let ended = run_with_body(&Home::new(), &server.url, &["send", "raw"], &body);
        is_orderly(&ended, &[0]);
        prop_assert_eq!(server.only().json(), body);
    }

    #[test]
    fn unknown_fields_of_a_kind_arrive(name in "[a-z]{9,12}", value in any_json()) {
        let body = json!({"text": "Hola", name.clone(): value.clone()});
        let server = Server::answering(Reply::accepted());
        let ended = run_with_body(&Home::new(), &server.url, &["send", "text", "--to", "593987654321"], &body);
        is_orderly(&ended, &[0]);
        prop_assert_eq!(&server.only().json()[name.as_str()], &value);
    }

    #[test]
    fn any_flag_text_arrives_unchanged(text in any_argument(), label in any_argument(), header in any_argument()) {
        let server = Server::answering(Reply::accepted()).allow_no_requests();
        let home = Home::new();
        let arguments = ["send", "call", "--to", "593987654321", "--text", &text, "--button", &label, "--header", &header];
        let ended = home.run_args(&arguments).api(&server.url).end();
        is_orderly(&ended, &[0, 2]);
        let others = ['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
        let plain = |value: &str| value.replace("\r\n", "\n").replace(others, "\n");
        let is_refused = |character: char| character.is_control() && !['\n', '\t'].contains(&character);
        let [text, label, header] = [plain(&text), plain(&label), plain(&header)];
        let valid = |value: &str, most| (1..=most).contains(&value.chars().count()) && !value.contains(is_refused);
        // A lone dash means standard input to other programs.
        let is_text = valid(&text, 1024) && text != "-";
        prop_assert_eq!(ended.code == 0, is_text && valid(&label, 20) && valid(&header, 60), "{:?}", ended);
        if ended.code == 0 {
            let body = server.only().json();
            prop_assert_eq!(&body["text"], &json!(text));
            prop_assert_eq!(&body["parameters"]["display_text"], &json!(label));
            prop_assert_eq!(&body["header"], &json!(header));
        }
    }
}
