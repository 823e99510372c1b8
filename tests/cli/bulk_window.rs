//! `bulk send --only-in-window`: free-form messages only to recipients who wrote recently, by Jelou's history.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::bulk_run::{people, user};
use crate::harness::{Home, Run};
use crate::server::{Reply, Server};
use crate::terminal::Terminal;

const HOUR: u64 = 3600;

/// Returns a message in the chat of recipient `number`, from this many seconds ago.
fn entry(by: &str, number: usize, seconds: u64) -> Value {
    let at = jiff::Timestamp::try_from(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
    let (bot, person) = (json!({"id": "BOT-ID"}), json!({"id": user(number)}));
    let (sender, recipient) = if by == "bot" {
        (bot, person)
    } else {
        (person, bot)
    };
    json!({"messageId": format!("h-{number}-{seconds}"), "by": by, "sender": sender, "recipient": recipient,
        "createdAt": format!("{at:.3}"), "bubble": {"type": "TEXT", "text": "Hola"}})
}

/// The first, second and fifth of six people wrote within 23 hours; only the bot wrote to one.
fn history() -> Vec<Value> {
    let (by_the_bot, twice) = (
        entry("bot", 3, HOUR),
        [entry("user", 4, 2 * HOUR), entry("user", 4, 30 * HOUR)],
    );
    let [late, early] = twice;
    let almost = entry("user", 1, 23 * HOUR - 60);
    vec![
        entry("user", 0, 60),
        by_the_bot,
        late,
        almost,
        entry("user", 2, 23 * HOUR + 60),
        early,
    ]
}

fn page(entries: &[Value]) -> Reply {
    let pagination = json!({"totalPages": 1, "total": entries.len()});
    Reply::json(
        200,
        &json!({"pagination": pagination, "results": entries}).to_string(),
    )
}

/// Accepts messages, and answers any other request with `history`.
fn server(history: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    Server::responding(move |number, request| {
        if request.line.starts_with("POST ") {
            return Reply::json(
                200,
                &json!({"success": true, "messageId": format!("m-{number}")}).to_string(),
            );
        }
        assert!(
            request.line.contains("/messages/history/"),
            "{}",
            request.line
        );
        history()
    })
}

/// Returns the recipients that got a message.
fn written_to(server: &Server) -> Vec<String> {
    let of = |request: &crate::server::Received| {
        let body: Value = serde_json::from_slice(&request.body).ok()?;
        body["userId"].as_str().map(str::to_owned)
    };
    let mut people: Vec<_> = server.received().iter().filter_map(of).collect();
    people.sort();
    people
}

fn send<'a>(home: &'a Home, server: &Server, flags: &str) -> Run<'a> {
    let words = format!(
        "bulk send people.csv --only-in-window --yes --run r --rate 1000000/s --retry-for 0 {flags}"
    );
    home.run(&words)
        .args(&["text", "Hola {{ nombre }}"])
        .api(&server.url)
}

#[test]
fn only_recipients_in_the_window_are_sent() {
    let home = people(6);
    let server = server(|| page(&history()));
    let ended = send(&home, &server, "").success();
    let said = "reading Jelou's history: who wrote within 23 hours";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    let json = ended.json();
    assert_eq!(
        (&json["sent"], &json["skipped_reasons"]),
        (&json!(3), &json!({"outside_window": 3})),
        "{json}"
    );
    assert_eq!(written_to(&server), [user(0), user(1), user(4)]);
    let others = home
        .run("bulk report r --state skipped --reason outside_window -o to")
        .success()
        .stdout;
    assert_eq!(
        others.lines().collect::<Vec<_>>(),
        [2, 3, 5].map(|number| format!("+{}", user(number)))
    );
    // If the report is sent again, a free-form message still reaches none of them, but a template does.
    home.run("bulk report r --reason outside_window --file others.csv")
        .success();
    let note = "3 rows are skipped because the report says `outside_window`: line 2, 3, 4";
    let again = |kind: &[&str]| {
        let words = [
            &[
                "bulk",
                "send",
                "others.csv",
                "--yes",
                "--rate",
                "1000/s",
                "--unchecked",
            ],
            kind,
        ]
        .concat();
        home.run_args(&words).api(&server.url)
    };
    let ended = again(&["text", "Otra"]).fails(0, &[note, "nothing to send"]);
    assert_eq!(ended.json()["run"], json!(null));
    assert_eq!(
        again(&["template", "hsm", "--param", "{{ nombre }}"])
            .success()
            .json()["sent"],
        json!(3)
    );
}

#[test]
fn recipients_without_a_number_match_by_id() {
    let home = Home::new();
    home.write(
        "people.csv",
        "to,nombre\nid:visitor-1,Ana\nid:visitor-2,Eva\n",
    );
    let mut entry = entry("user", 0, 60);
    entry["sender"] = json!({"id": "visitor-1"});
    let server = server(move || page(std::slice::from_ref(&entry)));
    let json = send(&home, &server, "").success().json();
    assert_eq!(
        (&json["sent"], &json["skipped_reasons"]),
        (&json!(1), &json!({"outside_window": 1})),
        "{json}"
    );
    assert_eq!(written_to(&server), ["visitor-1"]);
}

/// Returns a history where the first user's message has `value` in `field`, so that its author or time is unclear.
fn incomplete(field: &str, value: Value) -> Reply {
    let mut entry = entry("user", 0, 60);
    entry[field] = value;
    page(&[entry, super::bulk_window::entry("user", 1, 60)])
}

#[test]
fn nothing_is_sent_if_history_is_unreadable() {
    type Answer = fn() -> Reply;
    let home = people(6);
    let broken = || {
        Reply::json(
            200,
            &json!({"results": [null], "pagination": {"totalPages": 1}}).to_string(),
        )
    };
    let unreadable = "the listing is incomplete: 1 entry lacks a required field";
    let answers: [(Answer, i32, &str); 8] = [
        (|| Reply::json(503, "{}"), 6, "Jelou answered 503"),
        (
            || Reply::json(404, "{}"),
            5,
            "this account cannot look up messages",
        ),
        (|| Reply::json(401, "{}"), 4, "Jelou answered 401"),
        (broken, 6, "the listing is incomplete"),
        (|| incomplete("createdAt", Value::Null), 6, unreadable),
        (
            || incomplete("createdAt", json!("20/11/2026 10:00")),
            6,
            unreadable,
        ),
        (
            || incomplete("sender", json!({"id": "5f0c2a99"})),
            6,
            unreadable,
        ),
        (|| incomplete("sender", Value::Null), 6, unreadable),
    ];
    for (answer, code, said) in answers {
        let server = server(answer);
        send(&home, &server, "").fails(code, &[said, "nothing was sent"]);
        assert_eq!(written_to(&server), [""; 0], "{said}");
    }
    assert_eq!(home.run("bulk list -o id").success().stdout, "");
    // An empty history is a valid answer: no user has written.
    let server = server(|| page(&[]));
    let ended = send(&home, &server, "").success();
    assert_eq!(
        ended.json()["skipped_reasons"],
        json!({"outside_window": 6})
    );
    assert_eq!(written_to(&server), [""; 0]);
}

#[test]
fn resumed_run_reads_the_history_again() {
    let (home, is_later, is_away) = (
        people(6),
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let (later, away) = (Arc::clone(&is_later), Arc::clone(&is_away));
    let server =
        server(
            move || match (away.load(Ordering::SeqCst), later.load(Ordering::SeqCst)) {
                (true, _) => Reply::json(503, "{}"),
                (false, true) => page(&[entry("user", 5, 60), entry("user", 1, 60)]),
                (false, false) => page(&history()),
            },
        );
    send(&home, &server, "--hold").success();
    let resume = || home.run("bulk resume r --retry-for 0").api(&server.url);
    is_away.store(true, Ordering::SeqCst);
    resume().fails(6, &["Jelou answered 503"]);
    assert_eq!(written_to(&server), [""; 0]);
    is_away.store(false, Ordering::SeqCst);
    is_later.store(true, Ordering::SeqCst);
    let ended = resume()
        .success()
        .stderr_has(&["2 rows are skipped because the recipient has not written"]);
    assert_eq!(
        ended.json()["skipped_reasons"],
        json!({"outside_window": 5})
    );
    // Recipients that were skipped before stay skipped.
    assert_eq!(written_to(&server), [user(1)]);
}

#[test]
fn rows_outside_window_do_not_count_for_limit() {
    let home = people(6);
    let server = server(|| page(&history()));
    let json = send(&home, &server, "--limit 3").success().json();
    assert_eq!(
        (&json["sent"], &json["skipped"]),
        (&json!(3), &json!(2)),
        "{json}"
    );
    assert_eq!(written_to(&server), [user(0), user(1), user(4)]);
}

#[test]
fn window_rejects_templates_and_preview_makes_no_requests() {
    let home = people(2);
    let server = Server::expect_no_requests();
    let template = "bulk send people.csv --only-in-window --yes template order_shipped";
    home.run(template)
        .api(&server.url)
        .fails(2, &["a template can be sent at any time"]);
    send(&home, &server, "--preview 2")
        .success()
        .stderr_has(&["applies when the run is created, and has no effect here"]);
}

/// Standard input returns the secret only once.
#[test]
fn secret_from_standard_input_is_fetched_once() {
    let home = people(6);
    let server = server(|| page(&history()));
    let words = "bulk send people.csv --client-id id --client-secret-file - --yes --run r --rate 1000/s --only-in-window text Hola";
    home.profile("p", &server.url, "");
    home.run(words)
        .stdin("canary-secret-of-the-tests\n")
        .success();
    assert_eq!(written_to(&server), [user(0), user(1), user(4)]);
}

/// You type the secret only once, too.
#[test]
fn secret_prompt_appears_once() {
    let home = people(6);
    let server = server(|| page(&history()));
    home.config(&format!(
        "[profiles.p]\nbot_id = \"BOT-ID\"\nclient_id = \"id\"\napi_url = \"{}\"\n",
        server.url
    ));
    let words = "bulk send people.csv --run r --rate 1000/s --only-in-window text Hola";
    let mut terminal = Terminal::plain(&home, &words.split(' ').collect::<Vec<_>>());
    terminal.answer("Client secret (hidden):", "canary-secret-of-the-tests");
    let (code, screen) = terminal.confirm("y");
    assert_eq!(code, 0, "{screen}");
    assert_eq!(screen.matches("Client secret").count(), 1, "{screen}");
    assert_eq!(written_to(&server), [user(0), user(1), user(4)]);
}
