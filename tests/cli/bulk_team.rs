//! A run of a team: one person creates it, machines with other rules send it, and each change names who made it.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::bulk_hours::Clock;
use crate::bulk_run::{Watched, counts, people, resume, send_with, signal, start, user};
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
    assert!(
        page.contains("--keep-going") && !page.contains("another reason"),
        "the history names the flag"
    );
}

/// Creates the run r on a machine whose profile excludes the third recipient.
fn hold_with_do_not_contact(home: &Home, jelou: &Jelou) {
    let list = home.write("bajas.csv", format!("{}\n", user(2)));
    let keys = format!("do_not_contact = \"{}\"", list.display());
    home.profile("prod", &jelou.url, &keys);
    let made = "bulk send people.csv --yes --run r --hold --profile prod text Hola";
    home.run(made).success();
}

#[test]
fn machine_without_do_not_contact_sends_only_with_a_flag() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::accept_all();
    hold_with_do_not_contact(&home, &jelou);
    let other = home.another_machine();
    let refused = [
        "error: run r was created with a do_not_contact, but this machine has none",
        "hint: to exclude a list: --exclude FILE --without-do-not-contact; to send without one: --without-do-not-contact\n",
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
fn machine_sends_after_its_profile_gets_a_do_not_contact() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::accept_all();
    hold_with_do_not_contact(&home, &jelou);
    let other = home.another_machine();
    other.profile("prod", &jelou.url, "");
    let hint =
        "hint: to set it: jelouctl profile set prod --do-not-contact FILE; to send without one: ";
    other.run("bulk work r").fails(11, &[hint]);
    other.write("mine.csv", format!("{}\n", user(1)));
    other
        .run("profile set prod --do-not-contact mine.csv")
        .success();
    other.run("bulk work r").success();
    assert_eq!(jelou.users(), [user(0)]);
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
    resume(&home, &jelou.url).fails(11, &["but this machine has none"]);
}

/// The hours and the messaging limit of the second machine's profile, stricter than those of the run.
const STRICTER: &str = "between = [\"10:00-12:00\"]\ntime_zone = \"America/Bogota\"\nlimit_24h = 2";

#[test]
fn run_waits_for_hours_of_both_machines() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::accept_all();
    let hours = [
        "--hold",
        "--between",
        "07:00-19:00",
        "--time-zone",
        "America/Bogota",
    ];
    send_with(&home, &jelou.url, &hours).success();
    let other = home.another_machine();
    other.profile("p", &jelou.url, STRICTER);
    // 08:00 in Bogotá.
    let Some(clock) = Clock::new(&other, "2026-11-20 13:00:00") else {
        return;
    };
    let words = ["bulk", "work", "r", "--progress", "ndjson"];
    let mut work = Watched::new(clock.command(&other, &words, &jelou.url).spawn().unwrap());
    work.wait_for(
        "note: waiting until 2026-11-20 10:00 America/Bogota: outside the sending hours, \
         07:00-19:00 (America/Bogota); 10:00-12:00 (America/Bogota)",
    );
    assert!(jelou.requests().is_empty());
    clock.set("2026-11-20 15:00:00");
    let ended = work.end();
    assert_eq!((ended.code, jelou.requests().len()), (0, 3), "{ended:?}");
}

#[test]
fn hours_that_never_open_together_are_refused() {
    let Some(home) = people_in_a_database(1) else {
        return;
    };
    let jelou = Jelou::accept_all();
    let hours = [
        "--hold",
        "--between",
        "13:00-19:00",
        "--time-zone",
        "America/Bogota",
    ];
    send_with(&home, &jelou.url, &hours).success();
    let other = home.another_machine();
    other.profile("p", &jelou.url, STRICTER);
    let refused = [
        "error: the sending hours of run r and of this machine's profile are never open at the same time: 13:00-19:00",
        "hint: to send at other hours: jelouctl bulk resume r --between HOURS\n",
    ];
    for words in ["bulk work r", "bulk resume r"] {
        other.run(words).api(&jelou.url).fails(11, &refused);
    }
    other
        .run("bulk resume r --between always")
        .api(&jelou.url)
        .success();
    let told = status(&home);
    assert_eq!(told["hours"], Value::Null);
    assert_eq!(told["events"][0]["reason"], "--between");
}

#[test]
fn lower_messaging_limit_of_two_machines_applies() {
    let Some(home) = people_in_a_database(4) else {
        return;
    };
    let jelou = Jelou::accept_all();
    home.run("bulk send people.csv --yes --run r --hold --per-day 3 --unchecked template promo")
        .api(&jelou.url)
        .success();
    let other = home.another_machine();
    other.profile("p", &jelou.url, "limit_24h = 2");
    let work = "bulk work r --unchecked --progress ndjson";
    let mut working = Watched::new(start(&other, work, &[], &jelou.url));
    working.wait_for("\"waiting\":{\"reason\":\"limit_24h\"");
    signal(&working.child, Signal::INT);
    assert_eq!((working.end().code, jelou.requests().len()), (130, 2));
    // The run keeps its own limit for other machines.
    let mut working = Watched::new(start(&home, work, &[], &jelou.url));
    working.wait_for("\"waiting\":{\"reason\":\"limit_24h\"");
    signal(&working.child, Signal::INT);
    assert_eq!((working.end().code, jelou.requests().len()), (130, 3));
    assert_eq!(status(&home)["per_day"], 3);
}

#[test]
fn budget_of_the_sending_machine_applies() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    let other = home.another_machine();
    let prices = other.write(
        "prices.csv",
        "country,category,price,currency\n*,service,0.10,USD\n",
    );
    let keys = format!("prices = {prices:?}\nbudget = 0.2");
    other.profile("p", &jelou.url, &keys);
    let refused = [
        "error: the messages cost 0.30 USD, more than the budget of 0.20",
        "hint: to send the rest anyway: --without-budget\n",
    ];
    for words in ["bulk work r", "bulk resume r"] {
        other.run(words).api(&jelou.url).fails(11, &refused);
    }
    assert!(jelou.requests().is_empty());
    other
        .run("bulk work r --without-budget")
        .api(&jelou.url)
        .success();
    let event = status(&home)["events"][0].clone();
    assert_eq!(
        (&event["event"], &event["reason"]),
        (&json!("overridden"), &json!("--without-budget"))
    );
}

#[test]
fn new_hours_of_a_profile_apply_within_a_minute() {
    let home = people(4);
    // 08:00 in Bogotá.
    let Some(clock) = Clock::new(&home, "2026-11-20 13:00:00") else {
        return;
    };
    let zone = "time_zone = \"America/Bogota\"";
    home.config(&format!("[profiles.p]\n{zone}\n"));
    let (jelou, arrived, go) = Jelou::hold_responses();
    let words =
        "bulk send people.csv --yes --run r --rate 1000/s --concurrency 1 --timeout 5m text Hola";
    let words: Vec<_> = words.split(' ').collect();
    let mut sends = Watched::new(clock.command(&home, &words, &jelou.url).spawn().unwrap());
    arrived.recv().unwrap();
    home.config(&format!(
        "[profiles.p]\nbetween = [\"10:00-12:00\"]\n{zone}\n"
    ));
    clock.set("2026-11-20 13:01:01");
    go.send(()).unwrap();
    sends
        .wait_for("note: waiting until 2026-11-20 10:00 America/Bogota: outside the sending hours");
    assert_eq!(jelou.accepted().len(), 1);
    // A file that is half-saved lacks a rule.
    home.config(&format!("[profiles.p]\n{zone}\n"));
    clock.set("2026-11-20 15:00:00");
    let ended = sends.end();
    assert_eq!(ended.code, 3, "{ended:?}");
    ended.stderr_has(&["profile p no longer has between"]);
    assert_eq!(jelou.accepted().len(), 1);
}
