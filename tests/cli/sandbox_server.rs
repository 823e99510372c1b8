//! `jelouctl sandbox` as a server: Jelou's answers, stored messages, and refused requests.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Home, tool};
use crate::listening::{AUTHORIZATION, KINDS, Sandbox, fixture, read_answer, text_to};

const USER: &str = "593987654321";

/// Sends a request with these header lines.
fn with_head(sandbox: &Sandbox, line: &str, headers: &[&str], body: &str) -> u16 {
    let mut stream = sandbox.connect();
    let headers = headers.join("\r\n");
    let request = format!(
        "{line} HTTP/1.1\r\n{headers}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    read_answer(&mut stream).status
}

#[test]
#[cfg(unix)]
fn plain_curl_gets_the_documented_responses() {
    let sandbox = Sandbox::start(&[]);
    let url = format!("http://{}", sandbox.address);
    let curl = |path: &str, user: &str, body: &Value| {
        let mut command = Command::new("curl");
        command.args([
            "--silent",
            "--request",
            "POST",
            "--url",
            &format!("{url}{path}"),
            "--user",
            user,
        ]);
        command.args([
            "--header",
            "Content-Type: application/json",
            "--data",
            &body.to_string(),
        ]);
        serde_json::from_slice::<Value>(&tool(&mut command).stdout).unwrap()
    };
    let kinds = [&KINDS[..], &["template-by-id"]].concat();
    for (number, kind) in kinds.iter().enumerate() {
        let answer = curl(
            "/v1/bots/BOT-ID/messages",
            "sandbox:sandbox",
            &fixture(&format!("bodies/{kind}.json")),
        );
        assert_eq!(
            answer,
            json!({ "success": true, "messageId": format!("msg_sandbox_{}", number + 1) }),
            "{kind}"
        );
    }
    let id = |behind: usize| format!("msg_sandbox_{}", kinds.len() + behind);
    let template = curl(
        "/v2/whatsapp/BOT-ID/hsm",
        "sandbox:sandbox",
        &fixture("bodies/template.json"),
    );
    assert_eq!(template, json!([{ "id": id(1), "destination": USER }]));
    let by_id = fixture("bodies/template-by-id.json");
    let campaign = curl(
        "/v1/bots/BOT-ID/campaigns/7/template-messages",
        "sandbox:sandbox",
        &by_id,
    );
    assert_eq!(campaign["messageId"], id(2));
    let flow = fixture("bodies/flow-message.en.json");
    let path = "/v1/bots/BOT-ID/users/593987654321/flow_message?type=x";
    assert_eq!(curl(path, "sandbox:sandbox", &flow), json!({}));
    let refused = curl(path, "sandbox:wrong", &flow);
    assert_eq!(refused["code"], "unauthorized");
    let wanted = "in the sandbox, both are `sandbox`";
    assert!(
        refused["description"].as_str().unwrap().contains(wanted),
        "{refused}"
    );

    let stored = sandbox.read("/sandbox/messages");
    let stored: Vec<_> = stored
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        stored,
        [&kinds[..], &["template", "template-by-id", "flow-message"]].concat()
    );
    let last = sandbox.read(&format!("/sandbox/messages/{}", id(3)));
    assert_eq!(
        (&last["user"], &last["body"], &last["bot"]),
        (&json!(USER), &flow, &json!("BOT-ID"))
    );
    assert_eq!(last["request"]["path"], path);
    assert_eq!(last["request"]["headers"]["authorization"], "(redacted)");
    assert_eq!(last["answer"], json!({ "status": 200, "body": {} }));
}

#[test]
fn sandbox_rejects_requests_as_jelou_does() {
    let sandbox = Sandbox::start(&["--bot", "77"]);
    let host = format!("Host: {}", sandbox.address);
    let body = text_to(USER, "Hola").to_string();
    let line = "POST /v1/bots/77/messages";
    for (line, headers, body, status) in [
        (line, vec![&*host, AUTHORIZATION], &*body, 200),
        (line, vec![&*host], &*body, 401),
        (
            line,
            vec![&*host, "Authorization: Basic c2FuZGJveDp3cm9uZw=="],
            &*body,
            401,
        ),
        (
            line,
            vec![&*host, "Authorization: Bearer c2FuZGJveDpzYW5kYm94"],
            &*body,
            401,
        ),
        (
            "POST /v1/bots/78/messages",
            vec![&*host, AUTHORIZATION],
            &*body,
            404,
        ),
        (line, vec![&*host, AUTHORIZATION], "{", 400),
        (line, vec![&*host, AUTHORIZATION], "[]", 422),
        (
            line,
            vec![&*host, AUTHORIZATION],
            r#"{"type":"text","userId":"1"}"#,
            422,
        ),
        (
            "GET /v1/bots/77/messages",
            vec![&*host, AUTHORIZATION],
            "",
            405,
        ),
        (
            "POST /v1/bots/%FF/messages",
            vec![&*host, AUTHORIZATION],
            &*body,
            400,
        ),
        ("POST /v3/nothing", vec![&*host, AUTHORIZATION], &*body, 404),
    ] {
        assert_eq!(
            with_head(&sandbox, line, &headers, body),
            status,
            "{line} {headers:?} {body}"
        );
    }
    assert_eq!(sandbox.read("/sandbox/health")["arrived"], 1);
    assert_eq!(
        sandbox.ask("POST", "/v1/bots/78/messages", &body).json()["code"],
        "bot_not_found"
    );
}

/// The sandbox lists its own addresses, for programs that cannot read the documentation.
#[test]
fn sandbox_lists_every_address_that_it_has() {
    let sandbox = Sandbox::start(&[]);
    let listed = sandbox.read("/sandbox");
    let addresses = listed["addresses"].as_array().unwrap();
    let documented = std::fs::read_to_string("docs/sandbox.md").unwrap();
    for address in addresses {
        let method = address["method"].as_str().unwrap();
        let path = address["path"].as_str().unwrap();
        // Its answer never ends.
        if path == "/sandbox/events" {
            continue;
        }
        let path = path.replace("{bot}", "77").replace("{user}", USER);
        let answer = sandbox.ask(method, &path, "");
        assert_ne!(answer.status, 405, "{address}");
        let is_known = !answer.body.contains("GET /sandbox lists the addresses");
        assert!(is_known, "{address}: {}", answer.body);
    }
    for line in documented.lines() {
        let mut words = line
            .strip_prefix("| `")
            .unwrap_or_default()
            .split(['`', ' ']);
        let (Some(method), Some(path)) = (words.next(), words.next()) else {
            continue;
        };
        if path.starts_with('/') {
            let is_listed =
                |address: &Value| address["method"] == method && address["path"] == path;
            assert!(addresses.iter().any(is_listed), "{line}");
        }
    }
    for (method, path) in [
        ("POST", "/v1/bots/77/message"),
        ("GET", "/v3"),
        ("PUT", "/sandbox/health"),
    ] {
        let answer = sandbox.ask(method, path, "");
        let told = answer.json()["description"].as_str().unwrap().to_owned();
        assert!(
            told.contains(path) && told.contains("GET /sandbox lists"),
            "{told}"
        );
    }
}

#[test]
fn rejection_names_every_field_also_in_spanish() {
    let sandbox = Sandbox::start(&[]);
    for (path, body, fields) in [
        (
            "/v1/bots/77/messages",
            r#"{"type":"text","userId":"","text":""}"#,
            vec!["text", "userId"],
        ),
        (
            "/v1/bots/77/messages",
            r#"{"type":"imagen"}"#,
            vec!["type", "userId"],
        ),
        (
            "/v1/bots/77/messages",
            r#"{"type":"location","userId":5,"coordinates":{"lat":91,"long":"x"}}"#,
            vec!["coordinates.lat", "coordinates.long", "userId"],
        ),
        (
            "/v1/bots/77/messages",
            r#"{"type":"quick_reply","userId":"a/b","text":null,"quick_replies":[{"title":"a"},{"title":"a"}]}"#,
            vec!["quick_replies", "text"],
        ),
        ("/v1/bots/77/messages", "[]", vec!["body"]),
        (
            "/v2/whatsapp/77/hsm",
            r#"{"destinations":["1","2"],"elementName":7,"parameters":["a\tb",true]}"#,
            vec![
                "destinations",
                "elementName",
                "parameters[0]",
                "parameters[1]",
            ],
        ),
        (
            "/v1/bots/77/users/5/flow_message",
            r#"{"text":""}"#,
            vec!["caption", "text"],
        ),
    ] {
        let answer = sandbox.ask("POST", path, body).json();
        let invalid = answer["validationError"].as_object().unwrap();
        for field in fields {
            let problem = &invalid
                .get(field)
                .unwrap_or_else(|| panic!("{field}: {answer}"))[0];
            assert_ne!(problem["en"], problem["es"], "{body}");
        }
        let untranslated = [" is ", "has ", "needed", "the "];
        for problem in invalid.values() {
            let spanish = problem[0]["es"].as_str().unwrap();
            let words = untranslated.iter().find(|words| spanish.contains(**words));
            assert_eq!(words, None, "{spanish}");
        }
        assert_eq!(
            answer["error"]["clientMessages"]["es"],
            "El cuerpo no es válido"
        );
    }
    let query = "/v1/external/messages/history/77?limit=99&page=0&startAt=x";
    let answer = sandbox.ask("GET", query, "").json();
    let invalid = answer["validationError"].as_object().unwrap();
    assert_eq!(invalid.len(), 3, "{answer}");
    let faults = sandbox.ask("PUT", "/sandbox/faults", r#"["a","reset","status=1"]"#);
    let told = faults.json()["description"].as_str().unwrap().to_owned();
    assert!(told.contains("`a`") && told.contains("`status=1`") && !told.contains("`reset`"));
}

#[test]
fn other_sites_cannot_use_the_sandbox() {
    let sandbox = Sandbox::start(&[]);
    let port = sandbox.address.split(':').nth(1).unwrap();
    let body = text_to(USER, "Hola").to_string();
    for (host, origin, status) in [
        (format!("127.0.0.1:{port}"), None, 200),
        (
            format!("localhost:{port}"),
            Some(format!("http://localhost:{port}")),
            200,
        ),
        (format!("evil.example:{port}"), None, 403),
        (format!("127.0.0.1.evil.example:{port}"), None, 403),
        ("127.0.0.1".to_owned(), None, 403),
        (
            format!("127.0.0.1:{port}"),
            Some("http://evil.example".to_owned()),
            403,
        ),
        (
            format!("127.0.0.1:{port}"),
            Some(format!("https://127.0.0.1:{port}")),
            403,
        ),
        (format!("127.0.0.1:{port}"), Some("null".to_owned()), 403),
    ] {
        let mut headers = vec![format!("Host: {host}"), AUTHORIZATION.to_owned()];
        headers.extend(origin.map(|origin| format!("Origin: {origin}")));
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        for (line, body) in [
            ("POST /v1/bots/1/messages", &*body),
            ("GET /sandbox/messages", ""),
            ("GET /", ""),
        ] {
            assert_eq!(
                with_head(&sandbox, line, &headers, body),
                status,
                "{line} {headers:?}"
            );
        }
    }
    for path in ["/", "/page/app.js", "/sandbox/messages", "/nothing"] {
        let head = sandbox.ask("GET", path, "").head;
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
             frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\n",
            "x-content-type-options: nosniff\r\n",
            "cross-origin-resource-policy: same-origin\r\n",
        ] {
            assert!(head.contains(header), "{path}: {head}");
        }
    }
}

#[test]
fn foreign_page_cannot_time_a_response() {
    let sandbox = Sandbox::start(&[]);
    let host = format!("Host: {}", sandbox.address);
    for (site, mode, of_page, of_others) in [
        ("same-origin", "cors", 200, 200),
        ("none", "navigate", 200, 200),
        ("cross-site", "no-cors", 403, 403),
        ("same-site", "no-cors", 403, 403),
        ("something-new", "no-cors", 403, 403),
        // A link from another site may open the inbox, but not the messages.
        ("cross-site", "navigate", 200, 403),
        ("same-site", "navigate", 200, 403),
    ] {
        let headers = [
            &*host,
            &format!("Sec-Fetch-Site: {site}"),
            &format!("Sec-Fetch-Mode: {mode}"),
        ];
        assert_eq!(
            with_head(&sandbox, "GET /", &headers, ""),
            of_page,
            "{site} {mode}"
        );
        for line in [
            "GET /sandbox/messages?search=a",
            "GET /sandbox/health",
            "GET /page/app.js",
        ] {
            assert_eq!(
                with_head(&sandbox, line, &headers, ""),
                of_others,
                "{line} {site} {mode}"
            );
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn sandbox_listens_only_on_loopback() {
    let sandbox = Sandbox::start(&[]);
    let port: u16 = sandbox.address.split(':').nth(1).unwrap().parse().unwrap();
    // The port is free on another address of this machine, so the sandbox does not listen on all addresses.
    TcpListener::bind(("127.0.0.2", port)).unwrap();
}

#[test]
fn body_is_limited_to_one_mebibyte() {
    let sandbox = Sandbox::start(&[]);
    let padded = |length: usize| {
        let empty = json!({ "type": "text", "userId": USER, "text": "Hola", "more": "" })
            .to_string()
            .len();
        json!({ "type": "text", "userId": USER, "text": "Hola", "more": "x".repeat(length - empty) }).to_string()
    };
    assert_eq!(
        sandbox
            .ask("POST", "/v1/bots/1/messages", &padded(1024 * 1024))
            .status,
        200
    );
    let answer = sandbox.ask("POST", "/v1/bots/1/messages", &padded(1024 * 1024 + 1));
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (413, &json!("payload_too_large"))
    );
}

#[test]
fn received_messages_are_listed_and_filtered() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send((1..=3).map(|number| text_to("1111111111", &format!("uno {number}"))));
    sandbox.send([text_to("2222222222", "Dos"), fixture("bodies/call.json")]);
    sandbox.ask(
        "POST",
        "/sandbox/users/2222222222/messages",
        r#"{"text":"Gracias"}"#,
    );
    let ids = |query: &str| {
        let messages = sandbox.read(&format!("/sandbox/messages{query}"));
        messages
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                one["id"]
                    .as_str()
                    .unwrap()
                    .trim_start_matches("msg_sandbox_")
                    .to_owned()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(""), ["1", "2", "3", "4", "5"]);
    assert_eq!(ids("?user=1111111111"), ["1", "2", "3"]);
    assert_eq!(ids("?kind=call"), ["5"]);
    assert_eq!(ids("?user=1111111111&limit=2"), ["2", "3"]);
    assert_eq!(ids("?since=3"), ["4", "5"]);
    assert_eq!(ids("?before=3"), ["1", "2"]);
    assert_eq!(ids("?from=user"), ["user_1"]);
    assert_eq!(ids("?from=all").len(), 6);
    assert_eq!(ids("?search=DOS"), ["4"]);
    assert_eq!(ids("?search=userId").len(), 0);
    for wrong in ["?since=yesterday", "?from=me", "?limit=-1", "?usr=1"] {
        assert_eq!(
            sandbox
                .ask("GET", &format!("/sandbox/messages{wrong}"), "")
                .status,
            422,
            "{wrong}"
        );
    }
    let chats = sandbox.read("/sandbox/chats");
    let newest: Vec<_> = chats
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["user"].as_str().unwrap(), one["id"].as_str().unwrap()))
        .collect();
    assert_eq!(newest[0], ("2222222222", "msg_sandbox_user_1"));
    assert_eq!(newest[2], ("1111111111", "msg_sandbox_3"));
    sandbox.ask("POST", "/sandbox/chats/1111111111/read", "");
    let unread = |chats: &Value| {
        chats
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["unread"].clone())
            .collect::<Value>()
    };
    // A user who writes has read the earlier messages.
    assert_eq!(
        [unread(&chats), unread(&sandbox.read("/sandbox/chats"))],
        [json!([0, 1, 3]), json!([0, 1, 0])]
    );

    assert_eq!(
        sandbox
            .ask("GET", "/sandbox/messages/msg_sandbox_9", "")
            .status,
        404
    );
    assert_eq!(sandbox.ask("DELETE", "/sandbox/messages", "").status, 204);
    assert_eq!(ids("?from=all").len(), 0);
    sandbox.send([text_to("1111111111", "again")]);
    assert_eq!(ids(""), ["1"]);
    assert_eq!(sandbox.read("/sandbox/health")["arrived"], 6);
}

#[test]
fn oldest_messages_are_dropped_at_the_limit() {
    let sandbox = Sandbox::start(&["--max", "10"]);
    sandbox.send((0..25).map(|number| text_to(USER, &number.to_string())));
    let kept = sandbox.read("/sandbox/messages");
    let texts: Vec<_> = kept
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["body"]["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        texts,
        (15..25)
            .map(|number| number.to_string())
            .collect::<Vec<_>>()
    );
}

#[test]
fn warnings_are_in_header_and_message() {
    let sandbox = Sandbox::start(&[]);
    let mut flow = fixture("bodies/flow.json");
    flow["parameters"]["flow_cta"] = json!("Iniciar 🚀");
    let answer = sandbox.ask("POST", "/v1/bots/1/messages", &flow.to_string());
    let header = answer
        .head
        .lines()
        .find_map(|line| line.strip_prefix("x-sandbox-warning: "))
        .unwrap();
    assert!(
        header.starts_with("parameters.flow_cta: ") && header.contains("emoji"),
        "{header}"
    );
    let kept = sandbox.read("/sandbox/messages/msg_sandbox_1");
    assert!(
        kept["warnings"][0].as_str().unwrap().contains("emoji"),
        "{kept}"
    );
}

#[test]
fn recipient_in_undocumented_form_has_warning() {
    let sandbox = Sandbox::start(&[]);
    for (user, meant) in [
        ("0987654321", ""),
        ("+593987654321", ": 593987654321"),
        ("593987654321.0", ": 593987654321"),
        ("593 987654321", ": 593987654321"),
        (" 593987654321", ": 593987654321"),
    ] {
        let answer = sandbox.ask(
            "POST",
            "/v1/bots/1/messages",
            &text_to(user, "Hola").to_string(),
        );
        let header = answer
            .head
            .lines()
            .find_map(|line| line.strip_prefix("x-sandbox-warning: "))
            .unwrap_or_else(|| panic!("{user}: {}", answer.head));
        let expected = format!(
            "the recipient `{user}` may open another chat: Jelou documents digits with the country code, \
             without +{meant}"
        );
        // The test reads a head in small letters.
        assert_eq!(header, expected.to_lowercase());
    }
    for user in [USER, "U1", "5f0c2a", "US.13491208655302741918"] {
        let answer = sandbox.ask(
            "POST",
            "/v1/bots/1/messages",
            &text_to(user, "Hola").to_string(),
        );
        assert!(
            !answer.head.contains("x-sandbox-warning"),
            "{}",
            answer.head
        );
    }
}

/// The next event of a stream: its name and data.
fn next_event(stream: &mut impl Read) -> (String, Value) {
    let mut text = String::new();
    let mut byte = [0];
    loop {
        stream.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::to_owned)
        };
        if let (true, Some(name), Some(data)) =
            (text.ends_with("\n\n"), field("event: "), field("data: "))
        {
            return (name, serde_json::from_str(&data).unwrap());
        }
    }
}

#[test]
fn events_report_every_change_of_the_count() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send([text_to(USER, "before")]);
    let mut stream = sandbox.connect();
    let request = format!(
        "GET /sandbox/events HTTP/1.1\r\nHost: {}\r\n\r\n",
        sandbox.address
    );
    stream.write_all(request.as_bytes()).unwrap();
    assert_eq!(read_answer(&mut stream).status, 200);
    // The first event arrives immediately.
    assert_eq!(
        next_event(&mut stream),
        ("changed".to_owned(), sandbox.read("/sandbox/health"))
    );
    sandbox.send([text_to(USER, "uno")]);
    assert_eq!(next_event(&mut stream).1["kept"], 2);
    sandbox.ask("PUT", "/sandbox/faults", r#"["status=500"]"#);
    assert_eq!(
        sandbox
            .ask(
                "POST",
                "/v1/bots/1/messages",
                &text_to(USER, "dos").to_string()
            )
            .status,
        500
    );
    assert_eq!(next_event(&mut stream).1["refused"], 1);
    sandbox.ask("DELETE", "/sandbox/messages", "");
    let told = next_event(&mut stream).1;
    assert_eq!(
        json!([told["cleared"], told["kept"], told["refused"]]),
        json!([1, 0, 0])
    );
    let other = Sandbox::start(&[]).read("/sandbox/health");
    assert!(
        other["instance"].as_str().unwrap().len() >= 16 && other["instance"] != told["instance"],
        "{other}"
    );
}

#[test]
fn closed_window_allows_only_recent_users() {
    let sandbox = Sandbox::start(&["--window"]);
    let body = text_to(USER, "Hola").to_string();
    let refused = sandbox.ask("POST", "/v1/bots/1/messages", &body);
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (400, &json!("message_could_not_be_send"))
    );
    assert_eq!(
        sandbox
            .ask(
                "POST",
                &format!("/sandbox/users/{USER}/messages"),
                r#"{"text":"Hola"}"#
            )
            .status,
        201
    );
    assert_eq!(
        sandbox.ask("POST", "/v1/bots/1/messages", &body).status,
        200
    );
    assert_eq!(
        sandbox
            .ask(
                "POST",
                "/v1/bots/1/messages",
                &text_to("1111111111", "x").to_string()
            )
            .status,
        400
    );
}

#[test]
fn templates_from_file_are_listed_and_validated() {
    let home = Home::new();
    let file = home.write(
        "templates.json",
        r#"{"results":[{"id":9,"elementName":"mine","template":"Hi {{1}}"}]}"#,
    );
    let sandbox = Sandbox::start(&["--window", "--templates", file.to_str().unwrap()]);
    assert_eq!(
        sandbox.read("/v1/bots/1/templates")["results"][0]["elementName"],
        "mine"
    );
    assert_eq!(
        sandbox.read("/v1/bots/1/templates?query=none")["results"],
        json!([])
    );
    // A message needs as many parameters as the template's text, and the name of a listed template.
    let mut body = fixture("bodies/template.json");
    let mut ask = |field: &str, value: Value| {
        body[field] = value;
        let answer = sandbox.ask("POST", "/v2/whatsapp/1/hsm", &body.to_string());
        (
            answer.status,
            if answer.status == 200 {
                json!(null)
            } else {
                answer.json()["code"].clone()
            },
        )
    };
    assert_eq!(
        ask("parameters", json!(["Ana"])),
        (400, json!("notification_could_not_be_send"))
    );
    assert_eq!(ask("elementName", json!("mine")), (200, json!(null)));
    assert_eq!(
        ask("parameters", json!(["Ana", "A-1"])),
        (400, json!("132000"))
    );
    assert_eq!(
        sandbox.read("/sandbox/messages").as_array().unwrap().len(),
        1
    );
    let samples = Sandbox::start(&[]);
    let mut body = json!({"elementName": "codigo", "destinations": ["US.13491208655302741918"], "parameters": ["1"]});
    let refused = samples.ask("POST", "/v2/whatsapp/1/hsm", &body.to_string());
    assert_eq!(
        (refused.status, refused.json()["code"].clone()),
        (400, json!("131062"))
    );
    body["destinations"] = json!(["593987654321"]);
    assert_eq!(
        samples
            .ask("POST", "/v2/whatsapp/1/hsm", &body.to_string())
            .status,
        200
    );
    for (content, problem) in [
        ("{}", "it has no array `results`"),
        ("[{}]", "template 1 has no elementName"),
        ("x", "is not valid JSON"),
    ] {
        home.write("wrong.json", content);
        home.run("sandbox --templates wrong.json -- true")
            .env("PATH", "/usr/bin:/bin")
            .fails(2, &["--templates", problem]);
    }
}

#[test]
fn environment_variable_selects_a_running_sandbox() {
    let sandbox = Sandbox::start(&[]);
    let url = format!("http://{}", sandbox.address);
    let home = Home::new();
    home.profile("p", "https://a.invalid", "");
    // It has precedence over everything else.
    for words in [
        "",
        "--sandbox",
        "--profile p",
        "--api-url https://b.invalid",
        "--profile unknown",
        "--client-id y --client-secret-file no",
    ] {
        let run = home
            .run("send text --to 593987654321 Hola -o record")
            .args(&words.split_whitespace().collect::<Vec<_>>());
        let ended = run
            .env("JELOU_API_URL", "https://c.invalid")
            .env("JELOUCTL_SANDBOX", &url)
            .success();
        assert_eq!(ended.json()["api_url"], json!(url), "{words}");
        assert!(
            ended
                .stderr
                .contains(&format!("nothing was sent to Jelou; it is shown on {url}")),
            "{}",
            ended.stderr
        );
    }
    assert_eq!(sandbox.read("/sandbox/health")["arrived"], 6);
    assert_eq!(
        sandbox.read("/sandbox/messages/msg_sandbox_1")["bot"],
        "BOT-ID"
    );
    let shown = home
        .run("send text --to 593987654321 Hola --dry-run --profile p")
        .env("JELOUCTL_SANDBOX", &url)
        .success();
    assert_eq!(
        shown.json()["url"],
        json!(format!("{url}/v1/bots/BOT-ID/messages"))
    );
    let curl = home
        .run("send text --to 593987654321 Hola --curl --profile p")
        .env("JELOUCTL_SANDBOX", &url)
        .success();
    assert!(
        curl.stdout
            .contains(&format!("{url}/v1/bots/BOT-ID/messages")),
        "{}",
        curl.stdout
    );
    let guess = home
        .run("send text --to 593987654321 Hola")
        .env("JELOUCTL_SANDBOX", "1");
    guess.fails(
        3,
        &[
            "JELOUCTL_SANDBOX: ",
            "not a URL: it has no scheme such as http://",
            "to use a running sandbox: JELOUCTL_SANDBOX=http://HOST:PORT; to use the default one: unset JELOUCTL_SANDBOX and \
             pass --sandbox",
        ],
    );
    let shown = home
        .run("profile show")
        .env("JELOUCTL_SANDBOX", &url)
        .success()
        .stdout;
    assert!(
        shown.contains(&format!("api_url\t{url}\tJELOUCTL_SANDBOX")),
        "{shown}"
    );
}

#[test]
fn address_without_a_sandbox_is_refused() {
    let home = Home::new();
    for (value, problem) in [
        ("", "JELOUCTL_SANDBOX is set but empty"),
        (
            "https://api.jelou.ai",
            "JELOUCTL_SANDBOX: this is Jelou, not a sandbox",
        ),
        (
            "http://api.jelou.ai",
            "JELOUCTL_SANDBOX: this is Jelou, not a sandbox",
        ),
        (
            "https://sandbox:4780",
            "JELOUCTL_SANDBOX: `https` is not the scheme of a sandbox, which uses http://",
        ),
        (
            "sandbox:4780",
            "to use a running sandbox: JELOUCTL_SANDBOX=http://HOST:PORT",
        ),
        ("4780", "JELOUCTL_SANDBOX: not a URL"),
    ] {
        home.run("send text --to 593987654321 Hola")
            .env("JELOUCTL_SANDBOX", value)
            .fails(3, &[problem]);
    }
}

#[test]
fn slow_clients_do_not_delay_others() {
    let sandbox = Sandbox::start(&[]);
    let mut slow: Vec<_> = (0..200).map(|_| sandbox.connect()).collect();
    for stream in &mut slow {
        stream
            .write_all(b"POST /v1/bots/1/messages HTTP/1.1\r\nHost: ")
            .unwrap();
    }
    sandbox.send([text_to(USER, "Hola")]);
    assert_eq!(sandbox.read("/sandbox/health")["arrived"], 1);
}

#[test]
fn sandbox_makes_no_requests() {
    // A message full of URLs. The server must not get a request.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    let sandbox = Sandbox::start(&[]);
    sandbox
        .send([json!({ "type": "text", "userId": USER, "text": format!("{url}/a"), "mediaUrl": format!("{url}/b") })]);
    let page = sandbox.ask("GET", "/", "").body;
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "{page}"
    );
    assert!(listener.accept().is_err());
}
