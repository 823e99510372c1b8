//! `docs/sandbox.openapi.json` describes the sandbox's answers: every address is in it, and every described answer is
//! requested and fits its description.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::{Value, json};

use crate::listening::{AUTHORIZATION, Answer, Sandbox, fixture, read_answer, text_to};

const ANA: &str = "593987654321";
/// A stream has no end, and is tested separately.
const STREAM: &str = "/sandbox/events";

/// The description, and the answers that occurred.
struct Description {
    document: Value,
    seen: BTreeSet<String>,
}

impl Description {
    fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sandbox.openapi.json");
        let document = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        Self { document, seen: BTreeSet::new() }
    }

    /// `METHOD PATH`, as they are described.
    fn operations(&self) -> BTreeSet<String> {
        let paths = self.document["paths"].as_object().unwrap().iter();
        let operations = paths.flat_map(|(path, operations)| {
            operations.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        });
        operations.collect()
    }

    /// `METHOD PATH STATUS`, as they are described.
    fn answers(&self) -> BTreeSet<String> {
        let operations = self.operations();
        let answers = operations.iter().flat_map(|operation| {
            let (method, path) = operation.split_once(' ').unwrap();
            let answers = self.document["paths"][path][method.to_lowercase()]["responses"].as_object().unwrap();
            answers.keys().map(move |status| format!("{operation} {status}"))
        });
        answers.collect()
    }

    /// Whether `value` fits a schema of the document.
    fn check(&self, schema: &Value, value: &Value, of_what: &str) {
        let mut whole = json!({ "components": self.document["components"], "allOf": [schema] });
        whole["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        let validator = jsonschema::options().should_validate_formats(true).build(&whole).unwrap();
        let problems: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{of_what}: {problems:?}\n{value:#}");
    }

    /// The path that describes `path`.
    fn template(&self, path: &str) -> String {
        let path = path.split('?').next().unwrap();
        let given: Vec<_> = path.split('/').collect();
        let fits = |template: &str| {
            let parts: Vec<_> = template.split('/').collect();
            parts.len() == given.len()
                && parts.iter().zip(&given).all(|(part, given)| part.starts_with('{') || part == given)
        };
        let mut found: Vec<_> = self.document["paths"].as_object().unwrap().keys().filter(|path| fits(path)).collect();
        found.sort_by_key(|template| template.matches('{').count());
        (*found.first().unwrap_or_else(|| panic!("{path} is not described"))).clone()
    }

    /// Checks an answer; a body that was taken must fit as well.
    fn answered(&mut self, (method, path): (&str, &str), body: &str, answer: &Answer) {
        let template = self.template(path);
        let of_what = format!("{method} {template} {}", answer.status);
        let operation = &self.document["paths"][&template][method.to_lowercase()];
        let described = &operation["responses"][answer.status.to_string()];
        assert!(described.is_object(), "{of_what} is not described: {answer:?}");
        match &described["content"] {
            Value::Null => assert_eq!(answer.body, "", "{of_what}"),
            content => self.check(&content["application/json"]["schema"], &answer.json(), &of_what),
        }
        if answer.status < 300 && operation["requestBody"].is_object() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            self.check(schema, &serde_json::from_str(body).unwrap(), &format!("the body of {of_what}"));
        }
        self.seen.insert(of_what);
    }
}

/// A request without credentials.
fn ask_unknown(sandbox: &Sandbox, method: &str, path: &str) -> Answer {
    let mut stream = sandbox.connect();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: 2\r\n\r\n{{}}", sandbox.address);
    stream.write_all(head.as_bytes()).unwrap();
    read_answer(&mut stream)
}

#[test]
fn every_address_is_described() {
    let server = include_str!("../../src/sandbox/server.rs");
    let mut routes = BTreeSet::new();
    for route in server.split(".route(\"").skip(1) {
        let (path, rest) = route.split_once('"').unwrap();
        let handlers = rest.split(".route(").next().unwrap().split(';').next().unwrap();
        for method in ["get", "post", "put", "delete"] {
            let [first, chained] = [format!(", {method}("), format!(".{method}(")];
            if handlers.contains(&first) || handlers.contains(&chained) {
                routes.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    assert!(routes.len() > 20, "{routes:?}");
    assert_eq!(routes, Description::read().operations());
}

#[test]
fn every_answer_is_as_it_is_described() {
    let mut description = Description::read();
    let sandbox = Sandbox::start(&["--bot", "77", "--deliver-after", "0"]);
    let text = text_to(ANA, "Hola").to_string();
    let too_long = text_to(ANA, &"x".repeat(5000)).to_string();
    let [template, by_id, flow] = ["template", "template-by-id", "flow-message.en"]
        .map(|name| fixture(&format!("bodies/{name}.json")).to_string());
    let unknown_template =
        template.replace(fixture("bodies/template.json")["elementName"].as_str().unwrap(), "bienvenida");
    let image = json!({ "type": "image", "userId": ANA, "mediaUrl": "https://example.com/a.png" }).to_string();
    let webhooks =
        json!({ "webhooks": [{ "url": "https://example.com/a", "events": ["read", "failed"] }] }).to_string();
    let rules = json!(["status=418,kind=call", { "undelivered": 131_049, "to": "52*" }, "reset,stored,late=2s,to=52*"]);
    let rules = rules.to_string();
    let (flow_path, hsm) = ("/v1/bots/77/users/593987654321/flow_message?type=x", "/v2/whatsapp/77/hsm");
    let in_campaign = "/v1/bots/77/campaigns/7/template-messages";
    let (history, notifications) = ("/v1/external/messages/history/77", "/v1/external/bots/77/notifications");
    let hooks = "/v1/bots/77/events/webhook";
    let writes = "/sandbox/users/593987654321/messages";
    for (method, path, body, status) in [
        ("GET", "/sandbox/health", "", 200),
        ("POST", "/v1/bots/77/messages", &*text, 200),
        ("POST", "/v1/bots/77/messages", &*image, 200),
        ("POST", "/v1/bots/77/messages", "{", 400),
        ("POST", "/v1/bots/77/messages", &*too_long, 422),
        ("POST", flow_path, &*flow, 200),
        ("POST", flow_path, "{", 400),
        ("POST", flow_path, "{}", 422),
        ("POST", hsm, &*template, 200),
        ("POST", hsm, &*unknown_template, 400),
        ("POST", hsm, "{}", 422),
        ("POST", in_campaign, &*by_id, 200),
        ("POST", in_campaign, "{", 400),
        ("POST", in_campaign, "{}", 422),
        ("GET", "/v1/bots/77/templates", "", 200),
        ("GET", "/v1/bots/77/templates?page=x", "", 422),
        ("POST", writes, r#"{"text": "Gracias", "in_reply_to": "msg_sandbox_1", "payload": {"a": 1}}"#, 201),
        ("POST", writes, "{", 400),
        ("POST", writes, r#"{"text": " "}"#, 422),
        ("GET", history, "", 200),
        ("GET", "/v1/external/messages/history/77?limit=51", "", 422),
        ("GET", notifications, "", 200),
        ("GET", "/v1/external/bots/77/notifications?from=x", "", 422),
        ("GET", "/v1/bots/77/notifications/msg_sandbox_4", "", 200),
        ("GET", hooks, "", 200),
        ("POST", hooks, &*webhooks, 200),
        ("POST", hooks, "{", 400),
        ("POST", hooks, "{}", 422),
        ("GET", hooks, "", 200),
        ("PUT", "/sandbox/faults", &*rules, 200),
        ("PUT", "/sandbox/faults", "{", 400),
        ("PUT", "/sandbox/faults", "{}", 422),
        ("POST", "/v1/bots/77/messages", &*text_to("5215512345678", "undelivered").to_string(), 200),
        ("GET", history, "", 200),
        ("GET", "/sandbox/faults", "", 200),
        ("GET", "/sandbox/messages?from=all", "", 200),
        ("GET", "/sandbox/messages?since=x", "", 422),
        ("GET", "/sandbox/messages/msg_sandbox_1", "", 200),
        ("GET", "/sandbox/messages/msg_sandbox_99", "", 404),
        ("GET", "/sandbox/chats", "", 200),
        ("GET", "/sandbox/chats?limit=x", "", 422),
        ("GET", "/sandbox/refused", "", 200),
        ("GET", "/sandbox/refused?limit=x", "", 422),
        ("GET", "/sandbox/templates", "", 200),
        ("POST", "/sandbox/chats/593987654321/read", "", 204),
        ("DELETE", "/sandbox/chats/593987654321", "", 204),
        ("DELETE", "/sandbox/chats/593987654321", "", 404),
        ("DELETE", "/sandbox/messages", "", 204),
    ] {
        let answer = sandbox.ask(method, path, body);
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        description.answered((method, path), body, &answer);
    }
    for operation in description.operations() {
        let (method, path) = operation.split_once(' ').unwrap();
        if description.document["paths"][path][method.to_lowercase()]["security"].is_array() {
            let path = path.replace("{bot}", "78").replace(['{', '}'], "");
            for (answer, status) in
                [(ask_unknown(&sandbox, method, &path), 401), (sandbox.ask(method, &path, "{}"), 404)]
            {
                assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
                description.answered((method, &path), "{}", &answer);
            }
        }
    }
    let mut stream = sandbox.connect();
    let head = format!("GET {STREAM} HTTP/1.1\r\nHost: {}\r\n{AUTHORIZATION}\r\n\r\n", sandbox.address);
    stream.write_all(head.as_bytes()).unwrap();
    // Only its head has no length, so that the client does not wait for a body.
    let answer = read_answer(&mut stream);
    assert!(answer.status == 200 && answer.head.contains("content-type: text/event-stream\r\n"), "{answer:?}");
    description.seen.insert(format!("GET {STREAM} 200"));
    assert_eq!(description.seen, description.answers());
}
