//! `messages`: reads any answers of Jelou's look-ups, and sends only GETs.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::{Duration, SystemTime};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::bulk_run::signal;
use crate::harness::{Home, Run, wait_until};
use crate::server::{Received, Reply, Server};
use crate::terminal::Terminal;

const ANA: &str = "593987654321";
const LUIS: &str = "593987654322";

/// Returns the time this many seconds ago, as the API writes it.
fn ago(seconds: u64) -> String {
    rfc_3339(SystemTime::now() - Duration::from_secs(seconds))
}

fn rfc_3339(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at)
        .map(|at| format!("{at:.3}"))
        .unwrap()
}

/// An entry of the history, as documented by Jelou.
fn entry(id: &str, by: &str, person: &str, text: &str, seconds_ago: u64) -> Value {
    let (bot, person) = (
        json!({"id": "BOT-ID", "name": "Bot"}),
        json!({"id": person, "names": "Ana"}),
    );
    let (sender, recipient) = if by == "bot" {
        (bot, person)
    } else {
        (person, bot)
    };
    json!({
        "recipient": recipient, "sender": sender, "by": by, "messageId": id, "status": "DELIVERED_USER",
        "bubble": {"type": "TEXT", "text": text}, "createdAt": ago(seconds_ago),
    })
}

/// A message of the bot with this status.
fn entry_in(id: &str, status: &str) -> Value {
    let mut entry = entry(id, "bot", ANA, "Hola", 5);
    entry["status"] = json!(status);
    entry
}

/// Returns a user's message with this bubble. A higher id means an older message.
fn in_bubble(id: &str, person: &str, bubble: &Value) -> Value {
    json!({"by": "user", "messageId": id, "sender": {"id": person}, "bubble": bubble, "createdAt": ago(70 + id.parse::<u64>().unwrap())})
}

fn page(entries: &[Value], pages: u64) -> Reply {
    let pagination =
        json!({"limit": 50, "page": 1, "total": entries.len(), "offset": 0, "totalPages": pages});
    Reply::json(
        200,
        &json!({"pagination": pagination, "_metadata": {}, "results": entries}).to_string(),
    )
}

fn no_look_up() -> Reply {
    Reply::json(404, r#"{"message":"Not Found"}"#)
}

/// The parameter `name` of a request's address.
fn parameter(request: &Received, name: &str) -> Option<String> {
    let path = request.line.split(' ').nth(1).unwrap();
    let url = url::Url::parse(&format!("http://a{path}")).unwrap();
    url.query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

fn page_number(request: &Received) -> usize {
    parameter(request, "page").unwrap().parse().unwrap()
}

/// A profile that asks the API at `url` as fast as possible, without retries.
fn use_quick_profile(home: &Home, url: &str) {
    home.profile("quick", url, "rate = \"100000/s\"\nretry_for = \"0\"");
}

trait Asking {
    fn asking(&self, words: &str, server: &Server) -> Run<'_>;
}

impl Asking for Home {
    fn asking(&self, words: &str, server: &Server) -> Run<'_> {
        use_quick_profile(self, &server.url);
        self.run(words)
    }
}

#[test]
fn every_page_is_read_with_newest_message_last() {
    let entries: Vec<_> = (0..120)
        .map(|at| entry(&format!("m{at}"), "bot", ANA, "Hola", at * 10))
        .collect();
    let shown = entries.clone();
    let server = Server::responding(move |_, request| {
        let begin = (page_number(request) - 1) * 50;
        page(&entries[begin..entries.len().min(begin + 50)], 3)
    });
    let home = Home::new();
    let ended = home.asking("messages list --since 2h", &server).success();
    // The API's entries unchanged, one on each line.
    assert_eq!(
        ended.rows(),
        shown.iter().rev().cloned().collect::<Vec<_>>()
    );
    let received = server.received();
    assert_eq!(received.len(), 3);
    for (number, request) in received.iter().enumerate() {
        let begin = format!(
            "GET /v1/external/messages/history/BOT-ID?limit=50&page={}&startAt=",
            number + 1
        );
        assert!(
            request.line.starts_with(&begin) && request.body.is_empty(),
            "{}",
            request.line
        );
        assert_eq!(
            request.headers["authorization"],
            "Basic aWQ6Y2FuYXJ5LXNlY3JldC1vZi10aGUtdGVzdHM="
        );
        // From the second page on, new entries do not move the pages.
        assert!(parameter(request, "endAt").is_some(), "{}", request.line);
        assert!(
            number == 0 || parameter(request, "endAt") == parameter(&received[1], "endAt"),
            "{}",
            request.line
        );
    }
    let record = home
        .asking("messages list --since 2h --limit 1 -o record", &server)
        .success()
        .json();
    let expected = json!({
        "schema_version": 2, "message_id": "m0", "at": record["at"], "by": "bot", "user": ANA, "name": "Ana", "state": "delivered", "status": null,
        "kind": "TEXT", "text": "Hola", "media_url": null,
    });
    assert_eq!(record, expected);
    assert_eq!(
        server.received().len(),
        4,
        "the newest stands on the first page"
    );
    assert_eq!(
        home.asking("messages list --limit 2 -o id", &server)
            .success()
            .stdout,
        "m1\nm0\n"
    );
}

#[test]
fn table_shows_status_only_for_sent_messages() {
    let entries = [
        entry("2", "bot", ANA, "Listo", 10),
        entry("1", "user", ANA, "Gracias", 20),
    ];
    let server = Server::answering(page(&entries, 1));
    let home = Home::new();
    use_quick_profile(&home, &server.url);
    let (code, screen) = Terminal::plain(&home, &["-p", "quick", "messages", "list"]).end();
    let row = |text: &str| {
        screen
            .lines()
            .find(|line| line.contains(text))
            .unwrap_or_else(|| panic!("{screen}"))
    };
    assert_eq!(code, 0, "{screen}");
    assert!(
        row("Listo").contains("delivered") && !row("Gracias").contains("delivered"),
        "{screen}"
    );
}

#[test]
fn opt_out_messages_become_a_list() {
    let entries = [
        entry("1", "user", ANA, "Bája, por favor", 10),
        entry("2", "bot", LUIS, "Para darte de baja escribe BAJA", 20),
        entry("3", "user", "5215512345678", "STOP", 30),
        entry("4", "user", "525512345678", " stop", 40),
        entry("5", "user", LUIS, "no bajes", 50),
        entry("6", "user", "US.13491208655302741918", "stop", 60),
        entry("7", "user", "web-visitor", "stop", 70),
        json!({"by": "ana@example.com", "sender": {"id": "5f"}, "recipient": {"id": LUIS}, "bubble": {"text": "baja"}}),
        // Shapes that are not documented: a text in another place, the label of a button, an image.
        in_bubble(
            "8",
            "593987654328",
            &json!({"type": "TEXT", "text": {"body": "Baja"}}),
        ),
        in_bubble(
            "9",
            "593987654329",
            &json!({"type": "BUTTON", "payload": "no", "title": "STOP"}),
        ),
        in_bubble(
            "10",
            "593987654330",
            &json!({"type": "IMAGE", "mediaUrl": "https://a.example/x.png"}),
        ),
    ];
    let server = Server::answering(page(&entries, 1));
    let home = Home::new();
    let words = r"messages list --by user --since 30d --matching '^\s*(baja|stop)\b' -o to";
    let people = home.asking(words, &server).success().stdout;
    let of_other_shapes = "+593987654329\n+593987654328\n";
    assert_eq!(
        people,
        format!(
            "{of_other_shapes}id:web-visitor\nUS.13491208655302741918\n+525512345678\n+{ANA}\n"
        )
    );
    // It is a list that a send accepts.
    home.write("opted-out.txt", &people);
    let run = home.asking(
        &format!("send text --to {ANA} Hola --exclude opted-out.txt --dry-run"),
        &server,
    );
    run.fails(11, &["opted-out.txt"]);
    home.asking("messages list --to +593987654321 -o id", &server)
        .success();
    assert_eq!(
        home.asking("messages list --to 5215512345678 -o id", &server)
            .success()
            .stdout,
        "4\n3\n"
    );
    assert_eq!(
        home.asking("messages list --by bot -o id", &server)
            .success()
            .stdout,
        "2\n"
    );
    // The entry does not call its sender a user, and the sender has no number.
    let mut to_the_bot = entry("8", "user", "5f0c2a99", "baja", 70);
    to_the_bot["by"] = json!("client");
    // Recipients are printed only if the whole listing could be read.
    for (second, code, said) in [
        (Reply::json(500, "{}"), 6, "error: Jelou answered 500"),
        (
            page(&[], 2),
            6,
            "error: the listing is incomplete: the API did not list everything",
        ),
        (
            page(&[json!("x")], 2),
            6,
            "error: the listing is incomplete: 1 entry lacks a required field",
        ),
        (
            page(&[json!({"by": "user", "bubble": {"text": "baja"}})], 2),
            6,
            "1 entry lacks a required field",
        ),
        (
            page(&[in_bubble("8", LUIS, &json!({"type": "TEXT"}))], 2),
            6,
            "1 entry lacks a required field",
        ),
        (
            page(&[in_bubble("8", LUIS, &Value::Null)], 2),
            6,
            "1 entry lacks a required field",
        ),
        (page(&[to_the_bot], 2), 6, "1 entry lacks a required field"),
    ] {
        let server = Server::start(vec![page(&entries, 2), second]);
        let ended = home.asking(words, &server).fails(code, &[said]);
        assert_eq!(ended.stdout, "");
    }
}

/// A listing of two messages, and the answers that follow it; the code, the output, and the number of printed messages.
#[test]
fn incomplete_listing_never_exits_with_0() {
    let two = || {
        [
            entry("1", "bot", ANA, "a", 10),
            entry("2", "bot", ANA, "b", 20),
        ]
    };
    let bytes = |body: &str| Reply::json(200, body);
    let date = |seconds: u64| {
        let at = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds));
        let results = json!({"pagination": {"totalPages": 1}, "results": two()}).to_string();
        Reply::with_headers(200, &format!("Date: {at}\r\n"), &results)
    };
    let huge = json!({"results": [entry("h", "bot", ANA, &"x".repeat(7 << 20), 1)], "pagination": {"totalPages": 1}});
    let mixed = [
        two()[1].clone(),
        two()[0].clone(),
        entry("old", "bot", ANA, "c", 200_000),
    ];
    let cases: Vec<(&str, Vec<Reply>, i32, &str, usize)> = vec![
        (
            "no listing",
            vec![bytes("[]")],
            5,
            "check --api-url: this is not a listing of Jelou's API",
            0,
        ),
        (
            "no messages",
            vec![page(&[], 0)],
            0,
            "note: no messages found",
            0,
        ),
        (
            "cut short",
            vec![Reply::Bytes(
                b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\n{\"results\":[".to_vec(),
            )],
            6,
            "the response is incomplete",
            0,
        ),
        (
            "named data, no pagination",
            vec![bytes(&json!({"data": two()}).to_string())],
            0,
            "",
            2,
        ),
        (
            "entries that are none",
            vec![page(&[json!(null), json!([1]), two()[0].clone()], 1)],
            6,
            "2 entries lack a required field",
            1,
        ),
        ("another order, too old", vec![page(&mixed, 1)], 0, "", 2),
        ("a page of 7 MiB", vec![bytes(&huge.to_string())], 0, "", 1),
        ("a clock an hour ahead", vec![date(3600)], 0, "", 2),
        (
            "fails later",
            vec![page(&two(), 2), Reply::json(503, "")],
            6,
            "error: Jelou answered 503",
            2,
        ),
        (
            "breaks off later",
            vec![page(&two(), 2), Reply::ResetAfterReading],
            7,
            "before a response came",
            2,
        ),
        (
            "refuses later",
            vec![
                page(&two(), 2),
                Reply::json(401, r#"{"message":"Authentication failed"}"#),
            ],
            4,
            "Jelou answered 401: Authentication failed",
            2,
        ),
        (
            "no look-up",
            vec![no_look_up()],
            5,
            "this account cannot look up messages: GET /v1/external",
            0,
        ),
        (
            "a secret repeated",
            vec![bytes(
                r#"{"message":"canary-secret-of-the-tests is wrong"}"#,
            )],
            5,
            "(redacted)",
            0,
        ),
    ];
    let home = Home::new();
    for (name, replies, code, said, printed) in cases {
        let server = Server::start(replies);
        let ended = home.asking("messages list -o record", &server).end();
        assert_eq!(ended.code, code, "{name}: {ended:?}");
        assert!(
            ended.stderr.contains(said),
            "{name}: `{said}` is missing in {}",
            ended.stderr
        );
        assert!(
            !ended.stderr.contains("may have been sent"),
            "{name}: {}",
            ended.stderr
        );
        // After an error, the last line is its record.
        let lines = printed + usize::from(code != 0);
        assert_eq!(ended.rows().len(), lines, "{name}: {ended:?}");
        assert!(
            server
                .received()
                .iter()
                .all(|request| request.line.starts_with("GET ")),
            "{name}"
        );
    }
}

#[test]
fn slow_or_busy_server_is_retried() {
    let busy = Reply::with_headers(429, "Retry-After: 1\r\n", "{}");
    let server = Server::start(vec![
        busy,
        Reply::json(502, ""),
        page(&[entry("1", "bot", ANA, "a", 1)], 1),
    ]);
    let home = Home::new();
    let ended = home.run("messages list -o id").api(&server.url).success();
    assert_eq!(ended.stdout, "1\n");
    assert!(
        ended.stderr.contains("retrying in 1.0 s"),
        "{}",
        ended.stderr
    );
    let server = Server::start(vec![Reply::HangAfterReading, page(&[], 1)]);
    home.run("messages list --timeout 2s")
        .api(&server.url)
        .success();
    let server = Server::answering(Reply::HangAfterReading);
    home.asking("messages list --timeout 100ms --retry-for 0", &server)
        .fails(7, &["no response in time"]);
}

#[test]
fn time_span_uses_the_server_clock() {
    let ahead = SystemTime::now() + Duration::from_secs(7200);
    let results = json!({"pagination": {"totalPages": 1}, "results": []}).to_string();
    let date = httpdate::fmt_http_date(ahead);
    let server = Server::answering(Reply::with_headers(
        200,
        &format!("Date: {date}\r\n"),
        &results,
    ));
    let home = Home::new();
    home.asking("messages list --since 1h", &server).success();
    let starts: Vec<jiff::Timestamp> = server
        .received()
        .iter()
        .map(|request| parameter(request, "startAt").unwrap().parse().unwrap())
        .collect();
    assert_eq!(starts.len(), 2, "it begins again by the other clock");
    let moved = starts[1].duration_since(starts[0]).as_secs();
    assert!((7190..=7210).contains(&moved), "{moved}");
}

#[test]
fn invalid_query_is_refused_before_any_request() {
    let server = Server::expect_no_requests();
    let home = Home::new();
    for (words, said) in [
        (
            "messages list --since yesterday",
            "`yesterday` is not a time such as 24h, 30d, 2026-11-20 or 2026-11-20",
        ),
        (
            "messages list --until 2026-02-30",
            "`2026-02-30` is not a time",
        ),
        (
            "messages list --since 1h --until 2h",
            "is not before --until",
        ),
        (
            "messages list --since 2099-01-01",
            "--since 2099-01-01T00:00:00Z is not before now",
        ),
        (
            "messages list --matching ''",
            "an empty expression matches every message",
        ),
        (
            "messages list --matching '('",
            "`(` is not a regular expression: ",
        ),
        (
            "messages list --by agent",
            "--by: expected bot or user, found `agent`",
        ),
        (
            "messages list --limit 0",
            "--limit: expected 1 or more, found `0`",
        ),
        (
            "messages list --to 0987654321",
            "--to: `0987654321` has no country code",
        ),
        ("messages get ''", "an id has 1 to 200 characters"),
        ("messages get ..", "it is neither . nor .."),
        ("messages get x --for 1m", "--for needs --wait STATE"),
        (
            "messages get x --wait accepted",
            "--wait: expected delivered, read or replied, found `accepted`",
        ),
        (
            "messages get x -o to",
            "-o to: this command lists no recipients",
        ),
        ("templates -o to", "-o to: this command lists no recipients"),
    ] {
        home.asking(words, &server).fails(2, &[said]);
    }
    let long = "x".repeat(201);
    home.asking(&format!("messages get {long}"), &server)
        .fails(2, &["an id has 1 to 200 characters"]);
    let shown = home
        .asking(
            "messages list --since 2026-11-20T00:00:00Z --dry-run",
            &server,
        )
        .success()
        .json();
    assert_eq!(
        (shown["method"].as_str(), shown["body"].is_null()),
        (Some("GET"), true)
    );
    let shown = home
        .asking("messages get m/1 --curl", &server)
        .success()
        .stdout;
    assert!(
        shown.contains("--request GET") && shown.contains("messageId=m%2F1"),
        "{shown}"
    );
}

/// A process that lists the ids of messages, and what it prints.
fn listing(home: &Home, flags: &str, url: &str) -> (Child, impl Iterator<Item = String> + use<>) {
    use_quick_profile(home, url);
    let mut child = home
        .process(&format!("messages list -o id {flags}"), url)
        .spawn()
        .unwrap();
    let printed = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    (child, printed)
}

#[test]
fn signal_during_listing_exits_with_its_code() {
    let server = Server::start(vec![
        page(&[entry("1", "bot", ANA, "a", 1)], 2),
        Reply::HangAfterReading,
    ]);
    let home = Home::new();
    let (mut child, printed) = listing(&home, "", &server.url);
    wait_until("the second page is asked for", || {
        server.received().len() == 2
    });
    signal(&child, Signal::TERM);
    assert_eq!(
        (child.wait().unwrap().code(), printed.collect::<Vec<_>>()),
        (Some(143), vec!["1".to_owned()])
    );
}

fn notification(id: &str, status: &str) -> Value {
    json!({
        "wasRead": false, "destination": ANA, "sentStatus": status, "origin": "BULK", "createdAt": ago(60), "sentDate": ago(60),
        "elementName": "order_shipped", "campaignId": null, "error": null, "internalId": "i", "id": id,
    })
}

/// Answers each look-up by its path: the history, the notifications, and one notification.
fn by_place(history: Reply, notifications: Reply, one: Reply) -> Server {
    Server::responding(move |_, request| {
        let path = request.line.split([' ', '?']).nth(1).unwrap();
        let reply = match path {
            "/v1/external/messages/history/BOT-ID" => &history,
            "/v1/external/bots/BOT-ID/notifications" => &notifications,
            _ if path.starts_with("/v1/external/bots/BOT-ID/notifications/") => &one,
            _ if path.starts_with("/v1/bots/BOT-ID/notifications/") => &one,
            other => panic!("{other}"),
        };
        assert!(request.line.starts_with("GET "), "{}", request.line);
        reply.clone()
    })
}

#[test]
fn message_is_found_wherever_it_is_listed() {
    let home = Home::new();
    let none = || page(&[], 0);
    let mut failed = notification("t", "FAILED");
    failed["error"] = json!("(#131026) Message undeliverable");
    let template = notification("t", "DELIVERED_USER");
    let free = entry("t", "bot", ANA, "Hola", 5);
    let single = |entry: &Value| Reply::json(200, &entry.to_string());
    let in_history = |entries: &[Value]| by_place(page(entries, 1), none(), no_look_up());
    for (server, expected) in [
        (
            in_history(&[entry("other", "bot", ANA, "x", 1), free.clone()]),
            json!({"state": "delivered", "text": "Hola", "template": null}),
        ),
        (
            by_place(page(&[free], 1), no_look_up(), no_look_up()),
            json!({"state": "delivered", "user": ANA, "at": null}),
        ),
        (
            by_place(
                none(),
                page(std::slice::from_ref(&template), 1),
                no_look_up(),
            ),
            json!({"state": "delivered", "template": "order_shipped", "user": ANA}),
        ),
        (
            in_history(&["CREATED", "READ", "DELIVERED_USER"].map(|sent| entry_in("t", sent))),
            json!({"state": "read"}),
        ),
        (
            by_place(none(), none(), single(&template)),
            json!({"state": "delivered", "template": "order_shipped"}),
        ),
        (
            by_place(none(), none(), single(&failed)),
            json!({"state": "undelivered", "code": "131026", "reason": "(#131026) Message undeliverable"}),
        ),
        (
            in_history(&[json!({"messageId": "t", "status": "PAUSED"})]),
            json!({"state": "other", "status": "PAUSED"}),
        ),
        (
            in_history(&[json!({"messageId": "t"})]),
            json!({"state": "accepted", "status": null}),
        ),
    ] {
        let record = home
            .asking("messages get t -o record", &server)
            .success()
            .json();
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&record[field], value, "{field}: {record}");
        }
    }
    let unlisted = "error: Jelou lists no message `t` from the bot\n";
    let unread = "Jelou lists no message `t` from the bot, but the listing is incomplete";
    let refused = |status: u16| Reply::json(status, "{}");
    for (history, notifications, one, code, said) in [
        (none(), none(), no_look_up(), 5, unlisted),
        (none(), no_look_up(), no_look_up(), 5, unlisted),
        // A message that the user wrote does not count, and an entry with another name does not either.
        (
            page(&[entry("t", "user", ANA, "x", 1)], 1),
            none(),
            no_look_up(),
            5,
            unlisted,
        ),
        (
            page(&[entry("u", "bot", ANA, "x", 1)], 1),
            none(),
            single(&notification("u", "READ")),
            5,
            unlisted,
        ),
        (
            page(&[entry("u", "bot", ANA, "x", 1)], 9),
            none(),
            no_look_up(),
            5,
            unread,
        ),
        (
            refused(401),
            no_look_up(),
            no_look_up(),
            4,
            "Jelou answered 401",
        ),
        (
            no_look_up(),
            Reply::json(404, r#"{"code":"E1019"}"#),
            no_look_up(),
            5,
            "E1019",
        ),
        // One source may refuse the ids of another source.
        (none(), refused(422), refused(400), 5, unread),
        (refused(500), none(), no_look_up(), 6, "Jelou answered 500"),
    ] {
        let server = by_place(history, notifications, one);
        let ended = home.asking("messages get t", &server).fails(code, &[said]);
        assert_eq!(ended.stdout, "");
    }
    let server = by_place(no_look_up(), no_look_up(), no_look_up());
    home.asking("messages get t", &server).fails(
        5,
        &[
            "this account cannot look up messages: GET /v1/",
            "Jelou answered 404",
        ],
    );
}

/// Both addresses of a notification and the history, with every combination of possible answers.
#[test]
fn failed_lookup_is_not_a_missing_message() {
    let home = Home::new();
    let places = [
        "/v1/external/bots/BOT-ID/notifications/t",
        "/v1/bots/BOT-ID/notifications/t",
        "/messages/history/",
    ];
    for combination in 0..64_usize {
        let statuses = [combination / 16, combination / 4 % 4, combination % 4]
            .map(|at| [200_u16, 401, 404, 500][at]);
        let answer = move |request: &Received| {
            let Some(place) = places
                .iter()
                .position(|place| request.line.contains(&format!(" {place}")))
                .or_else(|| request.line.contains(places[2]).then_some(2))
            else {
                return page(&[], 0);
            };
            match (statuses[place], place) {
                (200, 2) => page(&[entry("t", "bot", ANA, "Hola", 5)], 1),
                (200, _) => Reply::json(200, &notification("t", "DELIVERED_USER").to_string()),
                (status, _) => Reply::json(status, "{}"),
            }
        };
        // If one source lists the message, the answer arrives in time, even on a slow machine.
        let most = if statuses.contains(&200) {
            "60s"
        } else {
            "300ms"
        };
        for wait in [&[][..], &["--wait", "delivered", "--for", most]] {
            let server = Server::responding(move |_, request| answer(request));
            let run = home
                .asking("messages get t -o record --retry-for 0", &server)
                .args(wait);
            let ended = run.end();
            let expected = match (statuses, wait.is_empty()) {
                _ if statuses.contains(&200) => 0,
                ([_, _, 500], true) => 6,
                (_, true) => 5,
                (_, false) => 15,
            };
            assert_eq!(ended.code, expected, "{statuses:?} {wait:?}: {ended:?}");
            assert!(
                !ended.stderr.contains("client id"),
                "{statuses:?}: {ended:?}"
            );
            if statuses.contains(&200) {
                assert_eq!(ended.json()["state"], "delivered", "{statuses:?}");
                assert!(server.received().len() <= 4, "{statuses:?}");
            }
        }
    }
    // An unavailable source causes no wait if another source is left.
    let server = Server::responding(|_, request| {
        if request.line.contains("/history/") {
            page(&[entry("t", "bot", ANA, "Hola", 5)], 1)
        } else {
            Reply::json(500, "{}")
        }
    });
    home.asking("messages get t", &server).success();
    assert_eq!(server.received().len(), 4);
    // The error is about the credentials only if no source accepted them.
    let server = Server::answering(Reply::json(401, "{}"));
    home.asking("messages get t", &server)
        .fails(4, &["check client id, secret, --bot"]);
}

#[test]
fn get_waits_for_the_requested_status() {
    let home = Home::new();
    let statuses = ["CREATED", "DELIVERED_CHANNEL", "READ"];
    let server = Server::responding(move |number, request| {
        let is_history = request.line.contains("/messages/history/");
        let mut listed = entry("t", "bot", ANA, "Hola", 5);
        listed["status"] = json!(statuses[(number / 4).min(2)]);
        if is_history {
            page(&[listed], 1)
        } else {
            no_look_up()
        }
    });
    let record = home
        .asking("messages get t --wait delivered -o record", &server)
        .success()
        .json();
    assert_eq!(record["state"], "read");
    let paths: BTreeSet<_> = server
        .received()
        .iter()
        .map(|request| request.line.split('?').next().unwrap().to_owned())
        .collect();
    assert_eq!(paths.len(), 4, "{paths:?}");
    // A message found by its own address is requested there again.
    let server = Server::responding(move |number, request| {
        match request.line.split([' ', '?']).nth(1).unwrap() {
            "/v1/external/bots/BOT-ID/notifications/t" if number < 3 => {
                Reply::json(200, &notification("t", "CREATED").to_string())
            }
            "/v1/external/bots/BOT-ID/notifications/t" => {
                Reply::json(200, &notification("t", "DELIVERED_USER").to_string())
            }
            _ => page(&[], 0),
        }
    });
    home.asking("messages get t --wait delivered", &server)
        .success();
    let mut failed = notification("t", "FAILED");
    failed["error"] = json!("Message undeliverable");
    let server = by_place(page(&[], 0), page(&[failed], 1), no_look_up());
    let ended = home.asking("messages get t --wait read", &server);
    ended.fails(15, &["error: undelivered: 131026: Message undeliverable"]);
    let server = by_place(
        page(&[entry("t", "bot", ANA, "x", 1)], 1),
        page(&[], 0),
        no_look_up(),
    );
    let ended = home.asking("messages get t --wait read --for 2s", &server);
    ended.fails(15, &["error: not read within 2 s: it is delivered"]);
    let server = by_place(page(&[], 0), page(&[], 0), no_look_up());
    let ended = home.asking("messages get t --wait read --for 2s", &server);
    ended.fails(
        15,
        &["error: not read within 2 s: Jelou does not list it yet"],
    );
    let server = Server::answering(Reply::json(401, "{}"));
    home.asking("messages get t --wait read", &server)
        .fails(4, &["Jelou answered 401"]);
}

#[test]
fn messages_sharing_an_id_are_both_listed() {
    let entries = [
        entry("same", "user", ANA, "baja", 1),
        entry("same", "user", "593987654399", "baja", 2),
    ];
    let server = Server::start(vec![page(&entries, 1)]);
    let ended = Home::new().asking("messages list -o to", &server).success();
    let mut people: Vec<_> = ended.stdout.lines().collect();
    people.sort_unstable();
    assert_eq!(people, [&format!("+{ANA}"), "+593987654399"]);
}
