//! `bulk deliveries`: its requests to Jelou, which are only GETs, and the answers that the ledger keeps.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::bulk_run::{Watched, end, people, signal, user};
use crate::harness::{Home, Run, faketime, kill, test_with_both_ledgers, wait_until};
use crate::listening::Sandbox;
use crate::server::{Received, Reply, Server};

test_with_both_ledgers! {
    delivery_status_is_saved_and_counted_once,
    concurrent_checks_save_everything_once,
    killed_run_resolves_only_listed_rows,
}

/// Runs a client that treats the sandbox like any other server.
fn at<'a>(run: Run<'a>, sandbox: &Sandbox) -> Run<'a> {
    sender_variables(sandbox)
        .into_iter()
        .fold(run, |run, (name, value)| run.env(name, value))
}

/// Returns the variables of a sender to this sandbox.
fn sender_variables(sandbox: &Sandbox) -> [(&'static str, String); 4] {
    [
        ("JELOU_API_URL", format!("http://{}", sandbox.address)),
        ("JELOU_BOT_ID", "77".to_owned()),
        ("JELOU_CLIENT_ID", "sandbox".to_owned()),
        ("JELOU_CLIENT_SECRET", "sandbox".to_owned()),
    ]
}

/// Starts a sandbox that delivers immediately, except for messages with these faults.
fn delivering(faults: &[String]) -> Sandbox {
    let faults = faults.iter().flat_map(|fault| ["--fault", fault.as_str()]);
    Sandbox::start(
        &["--deliver-after", "0ms"]
            .into_iter()
            .chain(faults)
            .collect::<Vec<_>>(),
    )
}

fn send<'a>(home: &'a Home, sandbox: &Sandbox) -> Run<'a> {
    at(
        home.run("bulk send people.csv --yes --run r --rate 1000000/s text 'Hola {{ nombre }}'"),
        sandbox,
    )
}

fn ask<'a>(home: &'a Home, sandbox: &Sandbox, flags: &str) -> Run<'a> {
    at(home.run(&format!("bulk deliveries r {flags}")), sandbox)
}

fn status(home: &Home) -> Value {
    home.run("bulk status r -o record").success().json()
}

/// Returns how many rows were sent; 0 before the run exists.
fn sent_so_far(home: &Home) -> u64 {
    let status = home.run("bulk status r -o record").end();
    if status.code == 0 {
        status.json()["sent"].as_u64().unwrap()
    } else {
        0
    }
}

/// Returns the counts with these names.
fn figures(json: &Value, names: &[&str]) -> Vec<u64> {
    names
        .iter()
        .map(|name| {
            json[name]
                .as_u64()
                .unwrap_or_else(|| panic!("{name}: {json}"))
        })
        .collect()
}

const STATES: [&str; 5] = [
    "at_whatsapp",
    "delivered",
    "undelivered",
    "not_listed",
    "no_id",
];

#[test]
fn run_with_rows_to_send_is_to_be_resumed() {
    let (home, sandbox) = (people(3), delivering(&[]));
    let hold = home.run("bulk send people.csv --yes --run r --hold text Hola");
    at(hold, &sandbox).success();
    let retry = || ask(&home, &sandbox, "").success().json()["retry"].clone();
    assert_eq!(retry(), "resume");
    home.run("bulk cancel r --yes").success();
    assert_eq!(retry(), "never");
}

#[test]
fn delivery_status_is_saved_and_counted_once() {
    let faults = [
        format!("undelivered=131026,to={}", user(3)),
        format!("unlisted,to={}", user(4)),
    ];
    let (home, sandbox) = (people(10), delivering(&faults));
    send(&home, &sandbox).success();
    let unasked = home
        .run("bulk report r --delivery undelivered -o to")
        .success();
    let told =
        "warning: run r has no delivery status yet\nhint: to check it: jelouctl bulk deliveries r";
    assert!(
        unasked.stdout.is_empty() && unasked.stderr.contains(told),
        "{unasked:?}"
    );
    let ended = ask(&home, &sandbox, "")
        .success()
        .stderr_has(&["checking 10 messages of run r\n"]);
    let json = ended.json();
    assert_eq!(figures(&json, &STATES), [0, 8, 1, 1, 0], "{json}");
    assert_eq!((&json["asked"], &json["whole"]), (&json!(10), &json!(true)));
    // The status is in the ledger, so no further request is necessary.
    let kept = &status(&home)["deliveries"];
    assert_eq!(figures(kept, &STATES), [0, 8, 1, 1, 0], "{kept}");
    let list = home.run("bulk list -o record").success().json();
    assert_eq!(&list["deliveries"], kept);
    let people = |words: &str| {
        home.run(&format!("bulk report r {words} -o to"))
            .success()
            .stdout
    };
    assert_eq!(people("--delivery undelivered"), format!("+{}\n", user(3)));
    assert_eq!(people("--delivery delivered").lines().count(), 8);
    // `--delivery` selects sent rows, and `--state` selects the others.
    assert_eq!(
        people("--state sent --delivery undelivered"),
        format!("+{}\n", user(3))
    );
    assert_eq!(
        people("--state failed --state unknown --delivery undelivered"),
        format!("+{}\n", user(3))
    );
    assert_eq!(people("--state sent --state pending").lines().count(), 10);
    // The history has no reasons.
    let without_code = home
        .run("bulk report r --delivery undelivered --reason 131026 -o to")
        .success();
    assert_eq!(without_code.stdout, "");
    // A report with these columns is still a list.
    home.run("bulk report r --delivery undelivered --file again.csv")
        .success();
    let again = "bulk send again.csv --again --yes --run s --rate 1000000/s";
    at(
        home.run(again).args(&["text", "Hola {{ nombre }}"]),
        &sandbox,
    )
    .success();
}

#[test]
fn template_times_and_reasons_come_from_notifications() {
    let home = people(3);
    let server = Server::responding(|_, request| {
        if request.line.starts_with("POST ") {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let person = body["destinations"][0].as_str().unwrap();
            return Reply::json(
                200,
                &json!([{"id": format!("u-{person}"), "destination": person}]).to_string(),
            );
        }
        assert!(request.line.contains("/notifications?"), "{}", request.line);
        let now = now();
        let template = |number: usize, status: &str, error: Value| {
            json!({"id": format!("u-{}", user(number)), "destination": user(number), "sentStatus": status, "createdAt": now,
                "deliveryUserAt": if status == "READ" { json!("2026-11-20T10:00:00.000Z") } else { Value::Null },
                "readAt": if status == "READ" { json!("2026-11-20T10:05:00.000Z") } else { Value::Null }, "error": error})
        };
        let failed = template(
            1,
            "FAILED",
            json!({"code": 131_050, "message": "User has stopped marketing messages"}),
        );
        entries(
            &[
                template(0, "READ", Value::Null),
                failed,
                template(2, "DELIVERED_CHANNEL", Value::Null),
            ],
            1,
        )
    });
    let send =
        "bulk send people.csv --yes --run r --rate 1000000/s --unchecked template order_shipped";
    home.run(send).api(&server.url).success();
    let json = ask_at(&home, &server, "").success().json();
    assert_eq!(
        figures(&json, &["read", "undelivered", "at_whatsapp"]),
        [1, 1, 1],
        "{json}"
    );
    assert_eq!(json["undelivered_reasons"], json!({"131050": 1}));
    let rows = home.report("r");
    assert_eq!(
        rows[0]["delivered_at"],
        json!("2026-11-20T10:00:00.000Z"),
        "{}",
        rows[0]
    );
    assert_eq!(
        rows[0]["read_at"],
        json!("2026-11-20T10:05:00.000Z"),
        "{}",
        rows[0]
    );
    assert_eq!(
        rows[1]["delivery_error"],
        json!("131050: User has stopped marketing messages"),
        "{}",
        rows[1]
    );
    let spanish = home.run("bulk report r --lang es").success().stdout;
    let parts = [
        ",leído,2026-11-20T10:00:00.000Z,2026-11-20T10:05:00.000Z,,",
        ",no entregado,,,131050: User has stopped marketing messages,",
        ",en WhatsApp,,,,",
    ];
    assert!(
        spanish
            .lines()
            .skip(1)
            .zip(parts)
            .all(|(row, part)| row.contains(part)),
        "{spanish}"
    );
    let opted_out = home
        .run("bulk report r --delivery undelivered --reason 131050 -o to")
        .success();
    assert_eq!(opted_out.stdout, format!("+{}\n", user(1)));
    assert!(!opted_out.stderr.contains("no code"), "{opted_out:?}");
    home.run("bulk report r --file r.html").success();
    let page = home.read("r.html");
    let wrong = r#"<span class="badge undelivered">Not delivered</span>
      <div class="why"><b>the recipient has opted out of this business&#x27;s marketing (131050)</b>"#;
    assert!(page.contains(wrong), "{page}");
    assert!(
        !page.contains("User has stopped marketing messages"),
        "the code has words of its own"
    );
    home.run("bulk report r --reason nothing")
        .fails(2, &["--reason: `nothing` is not", "already_sent"]);
}

/// Accepts messages, and lists the messages to these users on pages of two.
fn listing(status: impl Fn(usize, usize) -> Reply + Send + Sync + 'static) -> Server {
    Server::responding(move |number, request| {
        if request.line.starts_with("POST ") {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let id = format!("m-{}", body["userId"].as_str().unwrap());
            return Reply::json(200, &json!({"success": true, "messageId": id}).to_string());
        }
        status(number, page(request))
    })
}

fn page(request: &Received) -> usize {
    let (_, query) = request.line.split_once("page=").unwrap();
    query
        .chars()
        .take_while(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap()
}

/// Returns a time as the API writes it.
fn now() -> String {
    jiff::Timestamp::try_from(SystemTime::now())
        .map(|at| format!("{at:.3}"))
        .unwrap()
}

fn entry(person: &str, status: &str) -> Value {
    json!({
        "messageId": format!("m-{person}"), "by": "bot", "recipient": {"id": person}, "sender": {"id": "BOT-ID"},
        "status": status, "createdAt": now(),
        "bubble": {"type": "TEXT", "text": "Hola"},
    })
}

fn entries(entries: &[Value], pages: u64) -> Reply {
    let pagination = json!({"totalPages": pages});
    Reply::json(
        200,
        &json!({"pagination": pagination, "results": entries}).to_string(),
    )
}

fn ask_at<'a>(home: &'a Home, server: &Server, flags: &str) -> Run<'a> {
    home.run(&format!("bulk deliveries r --retry-for 0 {flags}"))
        .api(&server.url)
}

fn send_to(home: &Home, server: &Server) {
    crate::bulk_run::send(home, &server.url).success();
}

/// Two of three messages have one id, and the history does not name the recipients' numbers.
#[test]
fn id_of_two_rows_proves_neither_delivery() {
    let home = people(3);
    let id_of = |person: &str| {
        let is_own = person == user(2);
        if is_own { "own" } else { "same" }.to_owned()
    };
    let server = Server::responding(move |_, request| {
        if request.line.starts_with("POST ") {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let id = id_of(body["userId"].as_str().unwrap());
            return Reply::json(200, &json!({"success": true, "messageId": id}).to_string());
        }
        let with_id = |id: &str| {
            let mut entry = entry("US.13491208655302741918", "READ");
            entry["messageId"] = json!(id);
            entry
        };
        entries(&[with_id("own"), with_id("same")], 1)
    });
    send_to(&home, &server);
    for _ in 0..2 {
        let ended = ask_at(&home, &server, "").success().stderr_has(&[
            "warning: cannot check the delivery status of 2 messages of run r: another message of the run has the same id",
        ]);
        let json = ended.json();
        assert_eq!(figures(&json, &["read", "not_listed"]), [1, 2], "{json}");
    }
    let known: Vec<_> = home
        .report("r")
        .iter()
        .map(|row| row["delivery"].clone())
        .collect();
    assert_eq!(known, [Value::Null, Value::Null, json!("read")]);
}

#[test]
fn delivery_updates_before_a_failure_are_saved() {
    let home = people(4);
    let server = listing(|_, page| match page {
        1 => entries(
            &[entry(&user(3), "READ"), entry(&user(2), "DELIVERED_USER")],
            2,
        ),
        _ => Reply::json(503, "{}"),
    });
    send_to(&home, &server);
    let ended = ask_at(&home, &server, "").fails(6, &["Jelou answered 503"]);
    let json = ended.json();
    assert_eq!(
        figures(&json, &["read", "delivered", "not_listed", "not_asked"]),
        [1, 1, 0, 2],
        "{json}"
    );
    assert_eq!(json["whole"], json!(false));
    // The look-up was incomplete, so no message counts as not listed. The known statuses stay.
    assert_eq!(status(&home)["deliveries"], Value::Null);
    let known: Vec<_> = home
        .report("r")
        .iter()
        .map(|row| row["delivery"].clone())
        .collect();
    assert_eq!(
        known,
        [Value::Null, Value::Null, json!("delivered"), json!("read")]
    );
    let methods = server
        .received()
        .into_iter()
        .filter(|request| !request.line.starts_with("GET "))
        .count();
    assert_eq!(methods, 4, "nothing but what was sent");
}

#[test]
fn delivery_updates_are_saved_despite_damaged_run() {
    let home = people(3);
    let server = listing(|_, _| {
        entries(
            &[entry(&user(2), "DELIVERED_USER"), entry(&user(1), "READ")],
            1,
        )
    });
    send_to(&home, &server);
    home.run("bulk send people.csv --yes --run other --hold text Otra")
        .api(&server.url)
        .success();
    home.change_store("UPDATE row SET state = 'unknown', message_id = NULL WHERE n = 1");
    home.change_store("UPDATE run SET details = '{}' WHERE name = 'other'");
    ask_at(&home, &server, "").fails(12, &["the ledger is damaged"]);
    let found = status(&home);
    assert_eq!(
        figures(&found["deliveries"], &["delivered", "read"]),
        [1, 1],
        "{found}"
    );
}

#[test]
fn listing_shorter_than_its_count_is_incomplete() {
    let home = people(4);
    let pagination = json!({"total": 4, "totalPages": 2});
    for second in [
        json!({"results": [], "error": "timeout"}),
        json!({"results": [], "pagination": {"total": 0, "totalPages": 0}}),
        json!({"sentStatus": "x"}),
    ] {
        let (told, pagination) = (second.clone(), pagination.clone());
        let server = listing(move |_, page| match page {
            1 => {
                let results = [entry(&user(3), "READ"), entry(&user(2), "DELIVERED_USER")];
                Reply::json(
                    200,
                    &json!({"pagination": pagination, "results": results}).to_string(),
                )
            }
            _ => Reply::json(200, &second.to_string()),
        });
        send_to(&home, &server);
        let ended = ask_at(&home, &server, "").end();
        let json = ended.json();
        assert!([5, 6].contains(&ended.code), "{told}: {ended:?}");
        let states = ["read", "delivered", "not_listed", "not_asked"];
        assert_eq!(
            (&json["whole"], figures(&json, &states)),
            (&json!(false), vec![1, 1, 0, 2]),
            "{told}"
        );
        home.run("bulk remove r --yes").success();
    }
}

#[test]
fn single_lookups_must_find_or_pass_the_message() {
    let home = people(2);
    let server = Server::responding(|_, request| {
        if request.line.starts_with("POST ") {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            return Reply::json(
                200,
                &json!({"success": true, "messageId": body["userId"]}).to_string(),
            );
        }
        // Every page has the same messages of others.
        let others: Vec<_> = (0..50)
            .map(|other| entry(&format!("59399{other:07}"), "READ"))
            .collect();
        entries(
            &others,
            if request.line.contains("messageId=") {
                30
            } else {
                900
            },
        )
    });
    send_to(&home, &server);
    let json = ask_at(&home, &server, "")
        .fails(6, &["the listing is incomplete"])
        .json();
    assert_eq!(
        (&json["whole"], figures(&json, &["not_asked", "not_listed"])),
        (&json!(false), vec![2, 0]),
        "{json}"
    );
}

/// A row is unknown and was never sent. While the history is read, another run sends the same message to its recipient.
#[test]
fn messages_sent_during_history_read_are_counted() {
    let home = people(2);
    let other: Arc<Mutex<Option<Command>>> = Arc::default();
    let (gets, posts, arrived) = (
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        Mutex::new(Vec::new()),
    );
    let server = Server::responding({
        let other = Arc::clone(&other);
        move |_, request| {
            if request.line.starts_with("POST ") {
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                let (to, mut arrived) = (
                    body["userId"].as_str().unwrap().to_owned(),
                    arrived.lock().unwrap(),
                );
                if posts.fetch_add(1, Ordering::SeqCst) == 1 {
                    return Reply::json(500, "{}");
                }
                let id = format!("m-{}", arrived.len());
                arrived.push(json!({
                    "messageId": id, "by": "bot", "recipient": {"id": to}, "status": "READ",
                    "sender": {"id": "BOT-ID"}, "createdAt": now(), "bubble": {"type": "TEXT", "text": body["text"]},
                }));
                return Reply::json(200, &json!({"success": true, "messageId": id}).to_string());
            }
            if gets.fetch_add(1, Ordering::SeqCst) == 1 {
                let ended = other.lock().unwrap().take().unwrap().output().unwrap();
                assert!(ended.status.success(), "{ended:?}");
            }
            entries(&arrived.lock().unwrap(), 1)
        }
    });
    let words = "bulk send people.csv --yes --run r --rate 1000000/s --concurrency 1 text Hola";
    home.run(words).api(&server.url).fails(10, &[]);
    home.write("one.csv", format!("to\n{}\n", user(1)));
    *other.lock().unwrap() = Some(home.process(
        "bulk send one.csv --yes --again --run s text Hola",
        &server.url,
    ));
    let json = ask_at(&home, &server, "")
        .fails(10, &["Jelou's history has fewer of these messages"])
        .json();
    assert_eq!(figures(&json, &["unknown", "settled"]), [1, 0], "{json}");
}

#[test]
fn watch_survives_a_server_outage() {
    let home = people(1);
    let looks = AtomicUsize::new(0);
    let server = listing(move |_, _| match looks.fetch_add(1, Ordering::SeqCst) {
        2 | 3 => entries(&[entry(&user(0), "DELIVERED_USER")], 1),
        0..7 => Reply::json(503, "{}"),
        _ => entries(&[entry(&user(0), "REPLY")], 1),
    });
    send_to(&home, &server);
    let ended = ask_at(&home, &server, "--watch --every 100ms --for 60s").success();
    assert_eq!(ended.json()["replied"], json!(1), "{ended:?}");
    assert_eq!(
        ended.stderr.matches("Jelou answered 503").count(),
        2,
        "each outage is said once: {}",
        ended.stderr
    );
    // An account without look-ups gets the error immediately.
    for (status, code) in [(401, 4), (403, 4), (404, 5)] {
        let server = listing(move |_, _| Reply::json(status, "{}"));
        home.run("bulk remove r --yes").success();
        send_to(&home, &server);
        ask_at(&home, &server, "--watch --every 100ms --for 1h")
            .fails(code, &["404"][..usize::from(status == 404)]);
    }
}

#[test]
fn watch_ends_on_time_despite_the_server() {
    let home = people(1);
    let server = listing(|_, _| Reply::HangAfterReading);
    send_to(&home, &server);
    let json = ask_at(&home, &server, "--watch --for 200ms --timeout 1h")
        .fails(6, &["time ran out"])
        .json();
    assert_eq!(
        (&json["whole"], &json["not_asked"]),
        (&json!(false), &json!(1)),
        "{json}"
    );

    let looks = AtomicUsize::new(0);
    let server = listing(move |_, _| match looks.fetch_add(1, Ordering::SeqCst) {
        0..4 => entries(&[entry(&user(0), "READ")], 1),
        _ => Reply::HangAfterReading,
    });
    home.run("bulk remove r --yes").success();
    send_to(&home, &server);
    let ended = ask_at(&home, &server, "--watch --every 10ms --for 2s --timeout 1h")
        .fails(6, &["time ran out"]);
    assert_eq!(ended.json()["read"], json!(1), "{ended:?}");
    assert_eq!(
        ended.stderr.matches("note: read 1").count(),
        1,
        "what has not changed is said once: {ended:?}"
    );

    // Each check needs three requests: the number of pages, and two pages. The last request of the second check fails.
    let home = people(3);
    let looks = AtomicUsize::new(0);
    let server = listing(
        move |_, page| match (looks.fetch_add(1, Ordering::SeqCst), page) {
            (0..5, 1) => entries(&[entry(&user(0), "READ"), entry(&user(1), "READ")], 2),
            (0..5, _) => entries(&[entry(&user(2), "READ")], 2),
            _ => Reply::json(503, "{}"),
        },
    );
    send_to(&home, &server);
    let words = "bulk deliveries r --watch --every 10ms --for 2s --retry-for 1h";
    let json = home
        .run(words)
        .api(&server.url)
        .fails(6, &["time ran out"])
        .json();
    assert_eq!(
        (&json["whole"], &json["read"]),
        (&json!(false), &json!(3)),
        "{json}"
    );
}

/// Messages that the server accepts while `is_failing` are never delivered.
#[test]
fn resumed_run_ignores_earlier_delivery_failures() {
    let home = people(40);
    let (accepted, is_failing) = (
        Arc::new(Mutex::new(Vec::new())),
        Arc::new(AtomicBool::new(true)),
    );
    let (listed, failing) = (Arc::clone(&accepted), Arc::clone(&is_failing));
    let server = Server::responding(move |_, request| {
        let mut listed = listed.lock().unwrap();
        if request.line.starts_with("POST ") {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let to = body["userId"].as_str().unwrap();
            listed.push(entry(
                to,
                if failing.load(Ordering::SeqCst) {
                    "FAILED"
                } else {
                    "READ"
                },
            ));
            return Reply::json(
                200,
                &json!({"success": true, "messageId": format!("m-{to}")}).to_string(),
            );
        }
        entries(&listed, 1)
    });
    let start = |words: &str| Watched::new(home.process(words, &server.url).spawn().unwrap());
    let watch =
        || start("bulk deliveries r --watch --every 100ms --pause-if-undelivered --for 60s");
    let wait_for_more =
        |sent: usize| wait_until("more is sent", || sent_so_far(&home) > sent as u64);
    let run = start("bulk send people.csv --yes --run r --rate 10/s text Hola");
    wait_for_more(0);
    let mut guard = watch();
    guard.wait_for(" messages were not delivered\n");
    guard.wait_for("hint: to continue: jelouctl bulk resume r\n");
    let ended = run.end();
    signal(&guard.child, Signal::TERM);
    guard.end();
    let told = "run paused: stopped by `jelouctl bulk deliveries --pause-if-undelivered` (";
    assert!(ended.stderr.contains(told), "{ended:?}");
    home.run("bulk report r --file r.html").success();
    let page = home.read("r.html");
    assert!(
        page.contains(" messages were not delivered") && !page.contains("too many messages"),
        "{page}"
    );
    let before = accepted.lock().unwrap().len();
    assert!(
        ended.code == 11 && (10..40).contains(&before),
        "{before}: {ended:?}"
    );

    is_failing.store(false, Ordering::SeqCst);
    let resumed = start("bulk resume r --yes --rate 10/s");
    wait_for_more(before);
    let mut guard = watch();
    guard.wait_for("read ");
    let ended = resumed.end();
    assert_eq!(
        (ended.code, accepted.lock().unwrap().len()),
        (0, 40),
        "{ended:?}"
    );
    signal(&guard.child, Signal::TERM);
    let told = guard.end().stderr;
    assert!(!told.contains("stopped run"), "{told}");
}

/// After the run has ended, the time of its last change stays.
#[test]
fn watch_during_a_run_saves_everything() {
    let home = people(6);
    let server = listing(|_, _| {
        entries(
            &(0..6).map(|n| entry(&user(n), "REPLY")).collect::<Vec<_>>(),
            1,
        )
    });
    let words = "bulk send people.csv --yes --run r --rate 4/s text Hola";
    let child = home.process(words, &server.url).spawn().unwrap();
    wait_until("a message is sent", || sent_so_far(&home) > 0);
    let ended = ask_at(&home, &server, "--watch --every 100ms --for 60s").success();
    assert_eq!(end(child).code, 0);
    assert_eq!(ended.json()["replied"], json!(6));
    assert_eq!(
        figures(&status(&home)["deliveries"], &["replied", "not_listed"]),
        [6, 0]
    );
}

#[test]
fn account_without_lookups_exits_with_5() {
    let home = people(2);
    let server = listing(|_, _| Reply::json(404, r#"{"message":"Not Found"}"#));
    send_to(&home, &server);
    let ended = ask_at(&home, &server, "").fails(5, &["this account cannot look up messages"]);
    assert_eq!(figures(&ended.json(), &["not_asked", "not_listed"]), [2, 0]);
}

#[test]
fn messages_without_an_id_are_not_checked() {
    let home = people(3);
    let server = Server::responding(|_, _| Reply::json(200, r#"{"success":true}"#));
    let send =
        home.run("bulk send people.csv --yes --run r --rate 1000000/s flow-message --type x");
    let flow = [
        "--title",
        "t",
        "--text",
        "a",
        "--caption",
        "c",
        "--flow-name",
        "f",
        "--cta",
        "Go",
        "--screen",
        "A",
    ];
    send.args(&flow).api(&server.url).success();
    let requests = server.received().len();
    let ended = ask_at(&home, &server, "").success();
    assert_eq!(figures(&ended.json(), &["no_id", "asked"]), [3, 0]);
    assert_eq!(server.received().len(), requests, "nothing is asked");
}

#[test]
fn delivery_check_keeps_the_run_change_time() {
    let (home, sandbox) = (people(3), delivering(&[]));
    send(&home, &sandbox).success();
    let before = status(&home)["changed_at"].clone();
    ask(&home, &sandbox, "").success();
    assert_eq!(status(&home)["changed_at"], before);
    home.run("bulk report r").success();
}

#[test]
fn concurrent_checks_save_everything_once() {
    let (home, sandbox) = (people(200), delivering(&[]));
    send(&home, &sandbox).success();
    let start = |_| {
        home.process("bulk deliveries r --quiet", "")
            .envs(sender_variables(&sandbox))
            .spawn()
            .unwrap()
    };
    let all: Vec<_> = (0..4).map(start).collect();
    for child in all {
        let ended = end(child);
        assert_eq!(
            (ended.code, ended.json()["delivered"].as_u64()),
            (0, Some(200)),
            "{ended:?}"
        );
    }
    assert_eq!(
        figures(&status(&home)["deliveries"], &["delivered", "asked"]),
        [200, 200]
    );
}

/// Returns the recipient and the body of each message of the bot in the sandbox.
fn stored(sandbox: &Sandbox) -> Vec<(String, Value)> {
    let all = sandbox.read("/sandbox/messages?limit=10000");
    let of = |message: &Value| {
        (
            message["user"].as_str().unwrap().to_owned(),
            message["body"].clone(),
        )
    };
    all.as_array().unwrap().iter().map(of).collect()
}

/// Sends `list` until this many rows have ended, kills the sender, and lets its leases expire.
fn kill_after(home: &Home, sandbox: &Sandbox, ended: u64, message: &[&str]) {
    let words = "bulk send people.csv --yes --run r --rate 1000000/s --timeout 60s";
    let child = home
        .process(words, "")
        .args(message)
        .envs(sender_variables(sandbox))
        .spawn()
        .unwrap();
    wait_until("all rows that can end have ended", || {
        sent_so_far(home) == ended
    });
    kill(child);
    home.end_leases();
}

const KILLED: usize = 300;

/// Returns the sandbox of a killed run. Ten of its rows got no answer, and seven of these were accepted. Three other
/// messages have faults: one is never listed, one is listed after the time `late`, and one is not delivered.
fn killed(home: &Home, late: &str, message: &[&str]) -> Sandbox {
    let stored = (20..27).map(|number| ("hang,stored,first=1", number));
    let lost = (27..30).map(|number| ("hang,first=1", number));
    let faults =
        stored
            .chain(lost)
            .chain([("unlisted", 40), (late, 41), ("undelivered=131026", 42)]);
    let sandbox = delivering(
        &faults
            .map(|(fault, number)| format!("{fault},to={}", user(number)))
            .collect::<Vec<_>>(),
    );
    kill_after(home, &sandbox, 290, message);
    sandbox
}

#[test]
fn killed_run_resolves_only_listed_rows() {
    let home = people(KILLED);
    let sandbox = killed(&home, "late=1ms", &["text", "Hola {{ nombre }}"]);
    let log = home.path().join("log");
    let ended = ask(&home, &sandbox, "")
        .env("JELOUCTL_LOG", log.to_str().unwrap())
        .fails(
            10,
            &[
                "found 7 unknown rows of run r in Jelou's history",
                "3 unknown rows: Jelou's history has fewer of these messages",
            ],
        );
    let logged: Value = serde_json::from_str(&std::fs::read_to_string(log).unwrap()).unwrap();
    assert_eq!(
        (&logged["exit_code"], &logged["rows_unknown"]),
        (&json!(10), &json!(3)),
        "{logged}"
    );
    let json = ended.json();
    assert_eq!(
        figures(
            &json,
            &["sent", "unknown", "settled", "not_listed", "undelivered"]
        ),
        [297, 3, 7, 1, 1],
        "{json}"
    );
    // The sandbox's own messages prove the result.
    let stored = stored(&sandbox);
    let mut wrong = 0;
    for row in home.report("r") {
        let copies = stored
            .iter()
            .filter(|(to, _)| *to == row["celular"].as_str().unwrap())
            .count();
        let expected = match row["sent"].as_str().unwrap() {
            "yes" => copies == 1,
            "unknown" => copies == 0,
            _ => false,
        };
        wrong += usize::from(!expected);
    }
    assert_eq!(wrong, 0);
    let settled = home.report("r").swap_remove(20);
    assert!(
        settled["error"]
            .as_str()
            .unwrap()
            .starts_with("Jelou's history has it as "),
        "{settled}"
    );
    assert!(
        settled["message_id"].is_string() && settled["delivery"] == json!("delivered"),
        "{settled}"
    );
    // A second check resolves no other row, and changes nothing.
    let again = at(home.run("bulk deliveries r"), &sandbox)
        .fails(10, &[])
        .json();
    assert_eq!(
        figures(&again, &["sent", "unknown", "settled"]),
        [297, 3, 0],
        "{again}"
    );
}

#[test]
fn text_also_sent_by_flow_resolves_nothing() {
    let home = people(30);
    let faults = [
        format!("hang,stored,first=1,to={}", user(20)),
        format!("hang,first=1,to={}", user(21)),
    ];
    let sandbox = delivering(&faults);
    kill_after(&home, &sandbox, 28, &["text", "Hola"]);
    // A flow sends the same text to every recipient.
    sandbox.send((0..30).map(|number| crate::listening::text_to(&user(number), "Hola")));
    let ended = ask(&home, &sandbox, "").fails(10, &["another sender sends the same message"]);
    assert_eq!(figures(&ended.json(), &["unknown", "settled"]), [2, 0]);
}

/// Returns the message to recipient `number`, as the history lists it.
fn greeting(number: usize) -> Value {
    let mut entry = entry(&user(number), "DELIVERED_USER");
    entry["bubble"]["text"] = json!(format!("Hola Persona {number}"));
    entry
}

/// Ten of 300 rows got no answer, and seven of these were accepted. At the same time a flow sends the same message to
/// some of the recipients.
#[test]
fn only_distinguishable_messages_resolve_despite_a_flow() {
    type Body<'a> = &'a dyn Fn(usize) -> Value;
    let image = [
        "image",
        "--media-url",
        "https://example.com/{{ celular }}.png",
        "--text",
        "Hola {{ nombre }}",
    ];
    let of_image = |number: usize| {
        let url = format!("https://example.com/{}.png", user(number));
        json!({"type": "image", "userId": user(number), "mediaUrl": url, "text": format!("Hola Persona {number}")})
    };
    let of_text =
        |number: usize| crate::listening::text_to(&user(number), &format!("Hola Persona {number}"));
    let messages: [(&[&str], Body<'_>); 2] = [
        (&image, &of_image),
        (&["text", "Hola {{ nombre }}"], &of_text),
    ];
    for (message, body) in messages {
        let home = people(KILLED);
        let sandbox = killed(&home, "late=1h", message);
        let ours = stored(&sandbox);
        // The flow sends to two unknown rows that were accepted, to one that was not, and to three sent rows. It also
        // sends another text to every recipient.
        sandbox.send([20, 21, 27, 100, 101, 102].map(body));
        sandbox.send(
            (0..KILLED).map(|number| crate::listening::text_to(&user(number), "¿Te ayudamos?")),
        );
        let ended = ask(&home, &sandbox, "")
            .fails(10, &["found 6 unknown rows of run r in Jelou's history"]);
        let json = ended.json();
        let found = figures(
            &json,
            &["sent", "unknown", "settled", "not_listed", "undelivered"],
        );
        assert_eq!(found, [296, 4, 6, 2, 1], "{json}");
        let is_ours = |number: usize| ours.iter().any(|(to, _)| *to == user(number));
        let rows = home.report("r");
        let is_wrong = |number: &usize| match rows[*number]["sent"].as_str().unwrap() {
            "yes" => !is_ours(*number),
            // A row without proof stays unknown, even if it was sent.
            "unknown" => false,
            other => panic!("{other}"),
        };
        // Only row 27 has a wrong result. Its message was lost, and a flow sent the same text to this recipient in the
        // same minutes.
        assert_eq!(
            (0..KILLED).filter(is_wrong).collect::<Vec<_>>(),
            [27],
            "{}",
            message[0]
        );
        for (number, row) in rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row["sent"] == json!("unknown"))
        {
            assert!([20, 21, 28, 29].contains(&number), "{row}");
        }
    }
}

/// On Friday the sender is killed with a request in flight, and another answer is lost. On Monday the rest is sent, and
/// `bulk deliveries` checks all rows.
#[test]
fn run_killed_friday_and_resumed_monday_is_resolved() {
    let Some(library) = faketime() else { return };
    let home = people(4);
    let friday = SystemTime::now() - std::time::Duration::from_secs(62 * 60 * 60);
    let is_monday = Arc::new(AtomicBool::new(false));
    let monday = Arc::clone(&is_monday);
    let listed = |number: usize, at: SystemTime| {
        let mut entry = greeting(number);
        entry["createdAt"] = json!(format!("{:.3}", jiff::Timestamp::try_from(at).unwrap()));
        entry
    };
    let server = Server::responding(move |_, request| {
        let is_monday = monday.load(Ordering::SeqCst);
        let now = if is_monday { SystemTime::now() } else { friday };
        let date = format!("Date: {}\r\n", httpdate::fmt_http_date(now));
        if !request.line.starts_with("POST ") {
            let entries = [
                listed(3, SystemTime::now()),
                listed(1, friday),
                listed(0, friday),
            ];
            let page = json!({"pagination": {"totalPages": 1}, "results": entries});
            return Reply::with_headers(200, &date, &page.to_string());
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let person = body["userId"].as_str().unwrap();
        match (0..4).find(|number| user(*number) == person) {
            Some(1) => Reply::ResetAfterReading,
            Some(2) => Reply::HangAfterReading,
            _ => {
                let accepted = json!({"success": true, "messageId": format!("m-{person}")});
                Reply::with_headers(200, &date, &accepted.to_string())
            }
        }
    });
    let mut command = home.process(
        "bulk send people.csv --yes --run r --rate 1000000/s --concurrency 1",
        &server.url,
    );
    command
        .args(["text", "Hola {{ nombre }}"])
        .env("LD_PRELOAD", library)
        .env("FAKETIME", "-62h");
    let child = command.spawn().unwrap();
    wait_until("the third message is under way", || {
        server.received().len() == 3
    });
    kill(child);
    is_monday.store(true, Ordering::SeqCst);
    crate::bulk_run::resume(&home, &server.url).fails(10, &[]);
    let ended =
        ask_at(&home, &server, "").fails(10, &["found 1 unknown row of run r in Jelou's history"]);
    assert_eq!(
        figures(&ended.json(), &["sent", "unknown", "settled", "delivered"]),
        [3, 1, 1, 3]
    );
    let states: Vec<_> = home
        .report("r")
        .iter()
        .map(|row| row["sent"].clone())
        .collect();
    assert_eq!(states, ["yes", "yes", "unknown", "yes"]);
}
