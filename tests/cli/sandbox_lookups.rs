//! The look-ups of the sandbox, in the formats of Jelou's documentation: the history, the notifications and the
//! receivers of events. Also the delivery status of a message.

use std::io::{BufRead, BufReader, Write};

use serde_json::{Value, json};

use crate::harness::{Home, wait_until};
use crate::listening::{AUTHORIZATION, Sandbox, text_to};

const ANA: &str = "593987654321";
const JUAN: &str = "593987654322";
const HISTORY: &str = "/v1/external/messages/history/77";
const NOTIFICATIONS: &str = "/v1/external/bots/77/notifications";

/// The values of `field` in the entries of a listing.
fn column(listing: &Value, field: &str) -> Vec<Value> {
    listing["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry[field].clone())
        .collect()
}

fn write(sandbox: &Sandbox, user: &str, text: &str) {
    let path = format!("/sandbox/users/{user}/messages");
    assert_eq!(
        sandbox
            .ask("POST", &path, &json!({ "text": text }).to_string())
            .status,
        201
    );
}

fn open_chat(sandbox: &Sandbox, user: &str) {
    assert_eq!(
        sandbox
            .ask("POST", &format!("/sandbox/chats/{user}/read"), "")
            .status,
        204
    );
}

/// Sends a template of the samples, and returns its id.
fn send_template(sandbox: &Sandbox, user: &str, campaign: &str) -> String {
    let body = json!({ "elementName": "bienvenida", "destinations": [user], "language": "es", "parameters": ["Ana"],
        "campaignId": campaign });
    let answer = sandbox.ask("POST", "/v2/whatsapp/77/hsm", &body.to_string());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()[0]["id"].as_str().unwrap().to_owned()
}

/// Returns the status of message `id`, in the sandbox, the history and a notification.
fn states(sandbox: &Sandbox, id: &str) -> [Value; 3] {
    let delivery = sandbox.read(&format!("/sandbox/messages/{id}"))["delivery"]["state"].clone();
    let history = sandbox.read(HISTORY);
    let listed = history["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["messageId"] == id)
        .unwrap();
    let notification =
        sandbox.read(&format!("/v1/bots/77/notifications/{id}"))["sentStatus"].clone();
    [delivery, listed["status"].clone(), notification]
}

#[test]
fn history_lists_both_sides_newest_first() {
    let sandbox = Sandbox::start(&["--deliver-after", "0"]);
    sandbox.send([text_to(ANA, "Hola")]);
    write(&sandbox, ANA, "¿Quién es?");
    let mut image = text_to(JUAN, "Mira");
    image["type"] = json!("image");
    image["mediaUrl"] = json!("https://example.com/a.png");
    sandbox.send([image]);
    assert_eq!(
        sandbox
            .ask(
                "POST",
                "/v1/bots/78/messages",
                &text_to(ANA, "of another bot").to_string()
            )
            .status,
        200
    );

    let kept = sandbox.read("/sandbox/messages?from=all");
    let at = |index: usize| kept[index]["received_at"].clone();
    assert_eq!(
        sandbox.read(HISTORY),
        json!({
            "pagination": { "limit": 10, "page": 1, "total": 3, "offset": 0, "totalPages": 1 },
            "_metadata": {},
            "results": [
                {
                    "recipient": { "id": JUAN, "names": JUAN },
                    "sender": { "id": "77", "name": "77", "type": "Whatsapp" },
                    "by": "bot",
                    "messageId": "msg_sandbox_2",
                    "status": "DELIVERED_USER",
                    "bubble": { "type": "IMAGE", "text": "Mira", "mediaUrl": "https://example.com/a.png" },
                    "createdAt": at(2),
                },
                {
                    "recipient": { "id": "77", "names": "77" },
                    "sender": { "id": ANA, "name": ANA, "type": "Whatsapp" },
                    "by": "user",
                    "messageId": "msg_sandbox_user_1",
                    "status": "CREATED",
                    "bubble": { "type": "TEXT", "text": "¿Quién es?" },
                    "createdAt": at(1),
                },
                {
                    "recipient": { "id": ANA, "names": ANA },
                    "sender": { "id": "77", "name": "77", "type": "Whatsapp" },
                    "by": "bot",
                    "messageId": "msg_sandbox_1",
                    "status": "REPLY",
                    "bubble": { "type": "TEXT", "text": "Hola" },
                    "createdAt": at(0),
                },
            ],
        })
    );
}

#[test]
fn history_is_filtered_by_page_and_time() {
    let sandbox = Sandbox::start(&[]);
    sandbox.send(
        (1..=23).map(|number| text_to(if number == 7 { JUAN } else { ANA }, &format!("{number}"))),
    );
    let texts = |query: &str| {
        let listing = sandbox.read(&format!("{HISTORY}?{query}"));
        let texts: Vec<_> = column(&listing, "bubble")
            .iter()
            .map(|bubble| bubble["text"].clone())
            .collect();
        (listing["pagination"].clone(), texts)
    };
    let (pagination, last) = texts("limit=10&page=3");
    assert_eq!(
        pagination,
        json!({ "limit": 10, "page": 3, "total": 23, "offset": 20, "totalPages": 3 })
    );
    assert_eq!(last, ["3", "2", "1"]);
    assert_eq!(texts("page=4").1, [""; 0]);
    assert_eq!(texts("limit=50").1.len(), 23);

    let at = |id: &str| {
        sandbox.read(&format!("/sandbox/messages/{id}"))["received_at"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (begin, end) = (at("msg_sandbox_5"), at("msg_sandbox_20"));
    let (_, between) = texts(&format!("limit=50&startAt={begin}&endAt={end}"));
    // Others may have arrived in the same millisecond.
    assert!(
        between.contains(&json!("5")) && between.contains(&json!("20")),
        "{between:?}"
    );
    assert_eq!(texts("startAt=2200-01-01").1, [""; 0]);
    assert_eq!(texts("endAt=2020-01-01T00:00:00-05:00").1, [""; 0]);
    let today = &begin[..10];
    assert!(texts(&format!("startAt={today}&endAt=2200-01-01")).0["total"] == 23);
    // The conversation with the message, for any of its messages.
    assert_eq!(texts("messageId=msg_sandbox_7").1, ["7"]);
    assert_eq!(texts("messageId=msg_sandbox_1").0["total"], 22);
    assert_eq!(texts("messageId=msg_nobody_knows").0["total"], 0);
}

#[test]
fn lookups_are_rejected_as_by_jelou() {
    let sandbox = Sandbox::start(&["--bot", "77"]);
    let validator = |field: &str, answer: &Value| {
        assert_eq!(
            (&answer["error"]["code"], &answer["statusMessage"]),
            (&json!("E0422"), &json!("failed"))
        );
        assert!(
            answer["validationError"][field][0]["en"].is_string(),
            "{field}: {answer}"
        );
    };
    for (path, field) in [
        (format!("{HISTORY}?limit=51"), "limit"),
        (format!("{HISTORY}?limit=0"), "limit"),
        (format!("{HISTORY}?limit=ten"), "limit"),
        (format!("{HISTORY}?page=0"), "page"),
        (format!("{HISTORY}?startAt=yesterday"), "startAt"),
        (format!("{HISTORY}?endAt=2026-13-01"), "endAt"),
        (format!("{NOTIFICATIONS}?from=1"), "from"),
        (format!("{NOTIFICATIONS}?limit=51"), "limit"),
    ] {
        let answer = sandbox.ask("GET", &path, "");
        assert_eq!(answer.status, 422, "{path}: {answer:?}");
        validator(field, &answer.json());
    }
    for path in [
        "/v1/external/messages/history/78",
        "/v1/external/bots/78/notifications",
    ] {
        let answer = sandbox.ask("GET", path, "");
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (404, &json!("E1019")),
            "{path}"
        );
        assert_eq!(
            answer.json()["message"],
            json!(["The Bot could not be found at the moment."])
        );
    }
    assert_eq!(
        sandbox.ask("GET", "/v1/bots/77/notifications/x", "").status,
        404
    );
    assert_eq!(sandbox.ask("POST", HISTORY, "{}").status, 405);
    let mut stream = sandbox.connect();
    let head = format!(
        "GET {HISTORY} HTTP/1.1\r\nHost: {}\r\n\r\n",
        sandbox.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    let answer = crate::listening::read_answer(&mut stream);
    assert_eq!(
        (answer.status, answer.json()),
        (401, json!({ "message": "Authentication failed" }))
    );
}

#[test]
fn message_becomes_delivered_read_and_replied() {
    // Delivered immediately.
    let sandbox = Sandbox::start(&["--deliver-after", "0"]);
    let id = send_template(&sandbox, ANA, "c1");
    assert_eq!(
        states(&sandbox, &id),
        ["delivered", "DELIVERED_USER", "DELIVERED_USER"]
    );
    // Another user's chat changes nothing.
    open_chat(&sandbox, JUAN);
    assert_eq!(
        states(&sandbox, &id),
        ["delivered", "DELIVERED_USER", "DELIVERED_USER"]
    );
    open_chat(&sandbox, ANA);
    assert_eq!(states(&sandbox, &id), ["read", "READ", "READ"]);
    write(&sandbox, ANA, "Gracias");
    assert_eq!(states(&sandbox, &id), ["replied", "REPLY", "REPLY"]);
    // Later messages are not read with it.
    let later = send_template(&sandbox, ANA, "c1");
    assert_eq!(
        states(&sandbox, &later),
        ["delivered", "DELIVERED_USER", "DELIVERED_USER"]
    );

    // The message is delivered in an hour. A user who opens the chat, or writes, does not see it before that.
    let sandbox = Sandbox::start(&["--deliver-after", "1h"]);
    let id = send_template(&sandbox, ANA, "c1");
    open_chat(&sandbox, ANA);
    write(&sandbox, ANA, "¿Hay alguien?");
    assert_eq!(
        states(&sandbox, &id),
        ["at_whatsapp", "DELIVERED_CHANNEL", "DELIVERED_CHANNEL"]
    );
}

#[test]
fn events_report_delivered_and_read() {
    let sandbox = Sandbox::start(&["--deliver-after", "300ms"]);
    let id = send_template(&sandbox, ANA, "c1");
    let mut stream = sandbox.connect();
    let head = format!(
        "GET /sandbox/events HTTP/1.1\r\nHost: {}\r\n{AUTHORIZATION}\r\n\r\n",
        sandbox.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut events = BufReader::new(stream)
        .lines()
        .map(Result::unwrap)
        .filter(|line| line == "event: changed");
    let message = || sandbox.read(&format!("/sandbox/messages/{id}"));
    while message()["delivery"]["state"] != "delivered" {
        events.next();
    }
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let taken = time(&message()["delivery"]["at"]).duration_since(time(&message()["received_at"]));
    assert_eq!(taken.as_millis(), 300);
    open_chat(&sandbox, ANA);
    while message()["delivery"]["state"] != "read" {
        events.next();
    }
}

#[test]
fn notifications_list_sent_templates() {
    let sandbox = Sandbox::start(&["--deliver-after", "0"]);
    sandbox.send([text_to(ANA, "Hola")]);
    let first = send_template(&sandbox, ANA, "november");
    let by_id = json!({ "type": "template", "userId": JUAN, "templateId": "9", "parameters": {} });
    let path = "/v1/bots/77/campaigns/december/template-messages";
    assert_eq!(sandbox.ask("POST", path, &by_id.to_string()).status, 200);
    open_chat(&sandbox, ANA);

    let listing = sandbox.read(NOTIFICATIONS);
    assert_eq!(
        listing["pagination"],
        json!({ "limit": 10, "page": 1, "total": 2, "offset": 0, "totalPages": 1 })
    );
    assert_eq!(column(&listing, "campaignId"), ["december", "november"]);
    assert_eq!(
        column(&listing, "elementName"),
        [Value::Null, json!("bienvenida")]
    );
    let kept = sandbox.read(&format!("/sandbox/messages/{first}"));
    let notification = json!({
        "id": first,
        "messageId": first,
        "internalId": "2",
        "origin": "BULK",
        "sentStatus": "READ",
        "wasRead": true,
        "createdAt": kept["received_at"],
        "sentDate": kept["received_at"],
        "deliveryChannelAt": kept["received_at"],
        "deliveryUserAt": kept["received_at"],
        "readAt": kept["delivery"]["at"],
        "destination": ANA,
        "elementName": "bienvenida",
        "campaignId": "november",
        "error": null,
    });
    assert_eq!(listing["results"][1], notification);
    assert_eq!(
        sandbox.read(&format!("/v1/bots/77/notifications/{first}")),
        notification
    );
    for (query, total) in [
        ("campaignId=november", 1),
        ("campaignId=x", 0),
        ("elementName=bienvenida", 1),
        ("elementName=x", 0),
        ("from=2200-01-01", 0),
        ("to=2200-01-01", 2),
        ("limit=1&page=2", 2),
        (&format!("messageId={first}"), 1),
        ("messageId=msg_sandbox_1", 0),
    ] {
        assert_eq!(
            sandbox.read(&format!("{NOTIFICATIONS}?{query}"))["pagination"]["total"],
            total,
            "{query}"
        );
    }
    // A text is not a notification, and another bot has none.
    assert_eq!(
        sandbox
            .ask("GET", "/v1/bots/77/notifications/msg_sandbox_1", "")
            .status,
        404
    );
    assert_eq!(
        sandbox
            .ask("GET", &format!("/v1/bots/78/notifications/{first}"), "")
            .status,
        404
    );
}

#[test]
fn faults_decide_the_delivery_status() {
    for (fault, history, notified, delivery) in [
        (
            "undelivered",
            "FAILED",
            json!("(#131026) Message undeliverable"),
            json!(131_026),
        ),
        (
            "undelivered=131049",
            "FAILED",
            json!("(#131049) Meta chose not to deliver"),
            json!(131_049),
        ),
        (
            "undelivered=7,delay=1ms",
            "FAILED",
            json!("(#7) Message failed to send"),
            json!(7),
        ),
    ] {
        let sandbox = Sandbox::start(&["--deliver-after", "0", "--fault", fault]);
        let id = send_template(&sandbox, ANA, "c1");
        open_chat(&sandbox, ANA);
        write(&sandbox, ANA, "Hola");
        assert_eq!(
            states(&sandbox, &id),
            ["undelivered", history, history],
            "{fault}"
        );
        let notification = &sandbox.read(NOTIFICATIONS)["results"][0];
        assert_eq!(
            (&notification["error"], &notification["deliveryUserAt"]),
            (&notified, &Value::Null),
            "{fault}"
        );
        let kept = &sandbox.read(&format!("/sandbox/messages/{id}"))["delivery"];
        assert_eq!(
            (&kept["code"], kept["reason"].is_string()),
            (&delivery, true),
            "{fault}"
        );
    }

    // Every message is accepted first, whatever its later status.
    let sandbox = Sandbox::start(&["--deliver-after", "1h", "--fault", "undelivered"]);
    let id = send_template(&sandbox, ANA, "c1");
    assert_eq!(
        states(&sandbox, &id),
        ["at_whatsapp", "DELIVERED_CHANNEL", "DELIVERED_CHANNEL"]
    );

    for (fault, total) in [("unlisted", 0), ("late=1h", 0), ("unlisted,to=52*", 1)] {
        let sandbox = Sandbox::start(&["--fault", fault]);
        let id = send_template(&sandbox, ANA, "c1");
        for listing in [HISTORY, NOTIFICATIONS] {
            assert_eq!(
                sandbox.read(listing)["pagination"]["total"],
                total,
                "{fault} {listing}"
            );
        }
        let status = sandbox
            .ask("GET", &format!("/v1/bots/77/notifications/{id}"), "")
            .status;
        assert_eq!(status, if total == 0 { 404 } else { 200 }, "{fault}");
        // A message that arrived is shown anyway.
        assert_eq!(
            sandbox.read("/sandbox/messages").as_array().unwrap().len(),
            1,
            "{fault}"
        );
    }
}

#[test]
fn message_with_lost_response_is_found_when_listed() {
    let sandbox = Sandbox::start(&["--fault", "reset,stored,late=500ms"]);
    let home = Home::new();
    let run = home.run(&format!(
        "send text --to {ANA} Hola --bot 77 -o record --retry-for 0"
    ));
    let ended = run
        .env("JELOUCTL_SANDBOX", format!("http://{}", sandbox.address))
        .end();
    assert_eq!(
        (ended.code, ended.json()["sent"].as_str()),
        (8, Some("unknown")),
        "{ended:?}"
    );
    wait_until("the message is listed", || {
        sandbox.read(HISTORY)["pagination"]["total"] == 1
    });
}

#[test]
fn deliver_after_is_at_most_an_hour() {
    for time in ["soon", "2h", "-1s"] {
        let problem =
            format!("--deliver-after: `{time}` is not a delay of at most 1h, such as 500ms or 2s");
        Home::new()
            .run(&format!("sandbox --port 0 --deliver-after={time} -- true"))
            .fails(2, &[&problem]);
    }
}
