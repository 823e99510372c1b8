//! Requests that the sandbox refused are stored with request, answer and wrong fields, without secrets, within limits.

use std::io::Write;

use serde_json::{Value, json};

use crate::listening::{Sandbox, fixture, read_answer, text_to};

const ANA: &str = "593987654321";

/// Sends one request with these header lines.
fn raw(sandbox: &Sandbox, line: &str, headers: &str, body: &str) -> u16 {
    let mut stream = sandbox.connect();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: {}\r\n{headers}Content-Length: {length}\r\n\r\n{body}",
        sandbox.address
    );
    stream.write_all(request.as_bytes()).unwrap();
    read_answer(&mut stream).status
}

fn refused(sandbox: &Sandbox) -> Vec<Value> {
    sandbox.read("/sandbox/refused").as_array().unwrap().clone()
}

#[test]
fn rejection_stores_request_response_and_fields() {
    let sandbox = Sandbox::start(&["--bot", "77", "--window"]);
    let long = text_to(ANA, &"x".repeat(4097)).to_string();
    assert_eq!(
        sandbox.ask("POST", "/v1/bots/77/messages", &long).status,
        422
    );
    assert_eq!(
        sandbox
            .ask(
                "POST",
                "/v1/bots/78/messages",
                &text_to(ANA, "other bot").to_string()
            )
            .status,
        404
    );
    assert_eq!(
        sandbox
            .ask("POST", "/v1/bots/77/messages", "{not json")
            .status,
        400
    );
    assert_eq!(
        sandbox
            .ask(
                "POST",
                "/v1/bots/77/messages",
                &text_to(ANA, "window").to_string()
            )
            .status,
        400
    );
    assert_eq!(
        sandbox
            .ask(
                "POST",
                "/v1/bots/77/message",
                &text_to(ANA, "a slip").to_string()
            )
            .status,
        404
    );
    assert_eq!(sandbox.ask("GET", "/v1/bots/77/messages", "").status, 405);
    let mut template = fixture("bodies/template.json");
    template["parameters"] = json!(["one"]);
    assert_eq!(
        sandbox
            .ask("POST", "/v2/whatsapp/77/hsm", &template.to_string())
            .status,
        400
    );
    // A request to any other address is not stored.
    assert_eq!(sandbox.ask("GET", "/favicon.ico", "").status, 404);
    let kept = refused(&sandbox);
    let told: Vec<_> = kept
        .iter()
        .map(|one| json!([one["answer"]["status"], one["user"], one["kind"]]))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            [422, ANA, null],
            [404, null, null],
            [400, null, null],
            [400, ANA, "text"],
            [404, null, null],
            [405, null, null],
            [400, ANA, "template"],
        ])
    );
    assert_eq!(
        kept[0]["fields"],
        json!({ "text": "has 4097 characters; at most 4096 are allowed" })
    );
    assert_eq!(kept[0]["request"]["path"], "/v1/bots/77/messages");
    assert_eq!(
        (&kept[1]["body"]["text"], &kept[2]["body"]),
        (&json!("other bot"), &json!("{not json"))
    );
    assert_eq!(kept[6]["answer"]["body"]["code"], "132000");
    assert_eq!(
        sandbox
            .read("/sandbox/refused?since=5")
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(sandbox.read("/sandbox/refused?limit=1")[0]["number"], 7);
    assert_eq!(
        sandbox.ask("GET", "/sandbox/refused?sinc=5", "").status,
        422
    );
    let health = sandbox.read("/sandbox/health");
    assert_eq!(
        (
            &health["refused"],
            &health["refused_dropped"],
            &health["kept"]
        ),
        (&json!(7), &json!(0), &json!(0))
    );
    sandbox.ask("DELETE", "/sandbox/messages", "");
    assert_eq!(refused(&sandbox), Vec::<Value>::new());
}

#[test]
fn refused_request_stores_no_secret() {
    let sandbox = Sandbox::start(&[]);
    let body = text_to(ANA, "Hola").to_string();
    let headers = "Authorization: Basic Y2FuYXJ5OmNhbmFyeQ==\r\nX-Api-Key: canary\r\nCookie: a=canary\r\nX-Auth: canary\r\n";
    assert_eq!(
        raw(
            &sandbox,
            "POST /v1/bots/77/messages?token=canary&client_secret=canary&page=2",
            headers,
            &body
        ),
        401
    );
    assert_eq!(
        raw(
            &sandbox,
            "GET /v1/bots/77/templates",
            "Authorization: Bearer canary\r\n",
            ""
        ),
        401
    );
    let kept = refused(&sandbox);
    let text = json!(kept).to_string();
    assert!(
        !text.contains("canary") && !text.contains("Y2FuYXJ5"),
        "{text}"
    );
    assert_eq!(
        kept[0]["request"]["path"],
        "/v1/bots/77/messages?token=(redacted)&client_secret=(redacted)&page=2"
    );
    assert_eq!((&kept[0]["body"]["text"], kept.len()), (&json!("Hola"), 2));
}

#[test]
fn fault_is_stored_as_refusal_or_message() {
    let sandbox = Sandbox::start(&[
        "--fault",
        "status=503,kind=text,body=busy",
        "--fault",
        "reset,kind=sticker",
    ]);
    assert_eq!(
        sandbox
            .ask(
                "POST",
                "/v1/bots/77/messages",
                &text_to(ANA, "Hola").to_string()
            )
            .status,
        503
    );
    let mut stream = sandbox.connect();
    let body = fixture("bodies/sticker.json").to_string();
    let head = format!(
        "POST /v1/bots/77/messages HTTP/1.1\r\nHost: {}\r\n{}\r\n",
        sandbox.address,
        crate::listening::AUTHORIZATION
    );
    stream
        .write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
        .unwrap();
    assert!(
        std::io::Read::read(&mut stream, &mut [0; 64]).is_err(),
        "the connection is reset"
    );
    let kept = refused(&sandbox);
    let told: Vec<_> = kept
        .iter()
        .map(|one| json!([one["kind"], one["answer"]]))
        .collect();
    assert_eq!(
        json!(told),
        json!([["text", { "status": 503, "body": "busy", "fault": "status" }], ["sticker", { "fault": "reset" }]])
    );
    assert_eq!(sandbox.read("/sandbox/messages"), json!([]));
    sandbox.ask("PUT", "/sandbox/faults", r#"["status=500,stored"]"#);
    assert_eq!(
        sandbox
            .ask(
                "POST",
                "/v1/bots/77/messages",
                &text_to(ANA, "Hola").to_string()
            )
            .status,
        500
    );
    assert_eq!(refused(&sandbox).len(), 2);
    assert_eq!(
        sandbox.read("/sandbox/messages/msg_sandbox_1")["answer"]["fault"],
        "status"
    );
}

#[test]
fn control_characters_and_multiline_parameters_are_refused() {
    let sandbox = Sandbox::start(&["--bot", "77"]);
    let template = |text: &str| {
        let mut template = fixture("bodies/template.json");
        template["parameters"][0] = json!(text);
        template.to_string()
    };
    let by_id = |text: &str| {
        json!({"type": "template", "userId": ANA, "templateId": "7", "parameters": {"name": text}})
            .to_string()
    };
    let messages = "/v1/bots/77/messages";
    for (path, body, field, problem) in [
        (
            messages,
            text_to(ANA, "a\u{1b}[m").to_string(),
            "text",
            "character 2 is the control character U+001B (ESC)",
        ),
        (
            messages,
            by_id("a\0"),
            "parameters.name",
            "character 2 is the control character U+0000 (NUL)",
        ),
        (
            messages,
            by_id("a\nb"),
            "parameters.name",
            "has a line break, which WhatsApp rejects",
        ),
        (
            "/v2/whatsapp/77/hsm",
            template("a\tb"),
            "parameters[0]",
            "has a tab, which WhatsApp rejects",
        ),
        (
            "/v2/whatsapp/77/hsm",
            template("a\rb"),
            "parameters[0]",
            "has a line break, which WhatsApp rejects",
        ),
        (
            "/v2/whatsapp/77/hsm",
            template("a     b"),
            "parameters[0]",
            "has more than 4 spaces in a row",
        ),
        (
            "/v2/whatsapp/77/hsm",
            template(""),
            "parameters[0]",
            "is empty; a template parameter cannot be empty",
        ),
    ] {
        assert_eq!(sandbox.ask("POST", path, &body).status, 422, "{body}");
        let kept = refused(&sandbox).pop().unwrap();
        let told = kept["fields"][field]
            .as_str()
            .unwrap_or_else(|| panic!("{kept}"));
        assert!(told.starts_with(problem), "{told}");
    }
    let text = text_to(ANA, "a\r\nb\tc").to_string();
    assert_eq!(sandbox.ask("POST", messages, &text).status, 200);
}
