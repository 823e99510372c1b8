//! A run of a team: one person creates it, machines with other rules send it, and each change names who made it.

use serde_json::{Value, json};

use crate::bulk_hours::Clock;
use crate::bulk_run::{Watched, counts, people, resume, send_with, user};
use crate::bulk_server::Jelou;
use crate::harness::{Home, host_name, test_with_both_ledgers, user_name};
use crate::shared_ledger::{people_in_a_database, status};

/// Returns these fields of each change in the audit log.
fn changes(home: &Home, names: &[&str]) -> Value {
    let text = home.read("log");
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let changes = lines.filter(|line: &Value| line["event"] == "change");
    let told = changes.map(|line| {
        names
            .iter()
            .map(|name| line[name].clone())
            .collect::<Value>()
    });
    told.collect()
}

test_with_both_ledgers! {
    run_names_who_created_sent_and_stopped_it,
}

#[test]
fn run_names_who_created_sent_and_stopped_it() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    let made = send_with(&home, &jelou.url, &["--hold"]);
    // The environment does not name the user.
    made.env("JELOUCTL_LOG", "log").env("USER", "ana").success();
    for words in [
        "bulk stop r",
        "bulk resume r --keep-going",
        "bulk remove r --yes",
    ] {
        if words.contains("remove") {
            check_status(&home);
        }
        let run = home
            .run(words)
            .env("JELOUCTL_LOG", "log")
            .env("USER", "ana");
        run.api(&jelou.url).success();
    }
    let by = by(&home);
    let told = changes(
        &home,
        &["command", "run", "change", "reason", "by", "user", "host"],
    );
    let [user, host] = [user_name(), host_name()];
    let line = |command: &str, change: &str, reason: Option<&str>| {
        json!([command, "r", change, reason, by, user, host])
    };
    assert_eq!(
        told,
        json!([
            line("bulk send", "created", None),
            line("bulk stop", "stopped", None),
            line("bulk", "overridden", Some("--keep-going")),
            line("bulk", "resumed", None),
            line("bulk", "started", None),
            line("bulk remove", "removed", None),
        ])
    );
}

/// Returns who this test is to the ledger.
fn by(home: &Home) -> String {
    let [user, host] = [user_name(), host_name()];
    match home.ledger() {
        Some(_) => format!("{user} as app at {host}"),
        None => format!("{user} at {host}"),
    }
}

fn check_status(home: &Home) {
    let by = by(home);
    let told = status(home);
    assert_eq!(
        (&told["created_by"], &told["sent_by"]),
        (&json!(by), &json!([by]))
    );
    let events = told["events"].as_array().unwrap();
    let kinds: Vec<_> = events.iter().map(|event| &event["event"]).collect();
    assert_eq!(
        json!(kinds),
        json!(["stopped", "overridden", "begun", "ended"])
    );
    assert!(events.iter().all(|event| event["by"] == by), "{told}");
    assert_eq!(home.run("bulk list").success().json()["created_by"], by);
    home.run("bulk report r --file page.html").success();
    let page = home.read("page.html");
    assert!(
        page.contains(&format!("by hand; by {by}")),
        "the history names who stopped it"
    );
}

#[test]
fn machine_without_do_not_contact_sends_only_with_a_flag() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::accept_all();
    let list = home.write("bajas.csv", format!("{}\n", user(2)));
    let keys = format!("do_not_contact = {list:?}");
    home.profile("prod", &jelou.url, &keys);
    let made = "bulk send people.csv --yes --run r --hold --profile prod text Hola";
    home.run(made).success();
    let other = home.another_machine();
    let refused = [
        "error: run r was created with a do_not_contact, and this machine has none for it",
        "hint: to send without one: --without-do-not-contact\n",
    ];
    let bulk = |words: &str| {
        let run = other.run(words).env("JELOUCTL_LOG", "log");
        run.api(&jelou.url)
    };
    for words in ["bulk work r", "bulk resume r"] {
        bulk(words).fails(11, &refused);
    }
    assert!(jelou.requests().is_empty());
    bulk("bulk work r --without-do-not-contact").success();
    let told = status(&home);
    assert_eq!((counts(&told), &told["skipped"]), ([2, 0, 0, 0], &json!(1)));
    assert_eq!(
        told["events"][0],
        json!({"event": "overridden", "at": told["events"][0]["at"], "by": by(&other), "reason":
            "--without-do-not-contact", "problem": null, "until": null})
    );
    assert_eq!(
        changes(&other, &["change", "reason"]),
        json!([
            ["overridden", "--without-do-not-contact"],
            ["started", null]
        ])
    );
    // The machine that has the list needs no flag.
    home.run("bulk work r").success();
}

#[test]
fn allow_to_of_a_run_applies_on_every_machine() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::expect_no_requests();
    home.config("[profiles.p]\nallow_to = [\"5939*\"]\n");
    send_with(&home, &jelou.url, &["--hold"]).success();
    // As if somebody had changed a row instead.
    home.sql("UPDATE jelouctl.run SET details = replace(details, '5939*', '5938*')");
    let other = home.another_machine();
    let refused = [&format!(
        "error: {} is not among the recipients that run r allows: 5938*",
        user(0)
    ) as &str];
    for words in ["bulk work r", "bulk resume r"] {
        other.run(words).api(&jelou.url).fails(11, &refused);
    }
}

#[test]
fn rules_are_read_again_while_a_run_sends() {
    let home = people(5);
    let Some(clock) = Clock::new(&home, "2026-11-20 12:00:00") else {
        return;
    };
    let list = format!("{}\n", user(3));
    let path = home.write("bajas.csv", &list);
    home.config(&format!("[profiles.p]\ndo_not_contact = {path:?}\n"));
    let (jelou, arrived, go) = Jelou::hold_responses();
    // The lease of its rows must not end with the minute.
    let words =
        "bulk send people.csv --yes --run r --rate 1000/s --concurrency 1 --timeout 5m text Hola";
    let words: Vec<_> = words.split(' ').collect();
    let sends = Watched::new(clock.command(&home, &words, &jelou.url).spawn().unwrap());
    // Within a minute, the rules are the old ones.
    arrived.recv().unwrap();
    home.write("bajas.csv", format!("{list}{}\n", user(1)));
    clock.set("2026-11-20 12:01:01");
    go.send(()).unwrap();
    arrived.recv().unwrap();
    // The list is half-saved.
    home.write("bajas.csv", format!("{list}{}\n5939", user(1)));
    clock.set("2026-11-20 12:02:02");
    go.send(()).unwrap();
    let ended = sends.end();
    assert_eq!(ended.code, 3, "{ended:?}");
    ended.stderr_has(&[
        "error: run paused: do_not_contact (profile p): ",
        "bajas.csv: line 3",
    ]);
    let sent: Vec<_> = jelou.accepted().into_keys().collect();
    assert_eq!(sent.len(), 2);
    assert!(!sent.contains(&user(1)) && !sent.contains(&user(3)));
    let told = status(&home);
    assert_eq!((counts(&told), &told["skipped"]), ([2, 0, 0, 1], &json!(2)));
    // A profile without its list is not one to continue with.
    home.config("[profiles.p]\n");
    resume(&home, &jelou.url).fails(11, &["this machine has none for it"]);
}
