//! The limit of different recipients in 24 hours, counted over all runs and single sends of a bot. faketime moves the
//! clock.

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::bulk_hours::Clock;
use crate::bulk_run::{Watched, people, signal, start, user};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{Home, Run, test_with_both_ledgers, wait_until};

test_with_both_ledgers! {
    runs_and_single_sends_share_the_limit,
}

const SEND: &str = "bulk send people.csv --yes --rate 1000/s --unchecked --progress ndjson";
const TEMPLATE: [&str; 3] = ["template", "promo", "--unchecked"];

/// Several times the interval in which waiting processes check the ledger.
const AWHILE: Duration = Duration::from_millis(1500);

/// Returns the recipients that got a message.
fn reached(jelou: &Jelou) -> BTreeSet<String> {
    let seen = jelou.requests();
    let reached: BTreeSet<_> = seen.iter().map(|seen| seen.user.clone()).collect();
    assert_eq!(reached.len(), seen.len(), "nobody gets two messages");
    reached
}

#[test]
fn limited_run_continues_after_a_day_and_kill() {
    let home = people(60);
    let Some(clock) = Clock::new(&home, "2026-11-20 10:00:00") else {
        return;
    };
    let jelou = Jelou::accept_all();
    home.write("bajas.txt", "");
    let start = |words: &str| {
        let words: Vec<_> = words.split_whitespace().collect();
        Watched::new(clock.command(&home, &words, &jelou.url).spawn().unwrap())
    };
    let mut run = start(&format!("{SEND} --run r --per-day 20 template promo"));
    run.wait_for("templates may go to 20 different recipients in 24 hours: this list has 60 new ones, and there is room for 20");
    run.wait_for("note: waiting 24 h");
    run.wait_for(r#""waiting":{"reason":"limit_24h","until":"2026-11-21T10:0"#);
    assert_eq!(reached(&jelou).len(), 20);
    signal(&run.child, Signal::KILL);
    drop(run.child.wait());
    // Two other processes continue to wait.
    let both = || {
        [
            start("bulk work r --unchecked"),
            start("bulk work r --unchecked"),
        ]
    };
    let mut others = both();
    for other in &mut others {
        other.wait_for("until 2026-11-21 10:0");
    }
    clock.set("2026-11-21 09:59:00");
    std::thread::sleep(AWHILE);
    assert_eq!(reached(&jelou).len(), 20);
    clock.set("2026-11-21 10:02:00");
    wait_until("the people of the second day are reached", || {
        reached(&jelou).len() == 40
    });
    // A clock that is set back by an hour allows no more recipients.
    clock.set("2026-11-21 09:02:00");
    std::thread::sleep(AWHILE);
    assert_eq!(reached(&jelou).len(), 40);
    clock.set("2026-11-22 10:05:00");
    for other in others {
        let ended = other.end();
        assert_eq!(ended.code, 0, "{ended:?}");
    }
    assert_eq!(reached(&jelou), (0..60).map(user).collect());
}

#[test]
fn exclusion_added_during_the_limit_wait_applies() {
    let home = people(4);
    let Some(clock) = Clock::new(&home, "2026-11-20 10:00:00") else {
        return;
    };
    let jelou = Jelou::accept_all();
    let excluded = home.write("bajas.txt", "# none yet\n");
    home.config(&format!(
        "[profiles.p]\nbot_id = \"1\"\ndo_not_contact = \"{}\"\n",
        excluded.display()
    ));
    let words = format!("{SEND} --run r --per-day 2 template promo");
    let words: Vec<_> = words.split_whitespace().collect();
    let mut run = Watched::new(clock.command(&home, &words, &jelou.url).spawn().unwrap());
    run.wait_for("note: waiting 24 h");
    std::fs::write(&excluded, user(2)).unwrap();
    clock.set("2026-11-21 10:03:00");
    let ended = run.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(reached(&jelou), [0, 1, 3].map(user).into());
}

#[cfg(unix)]
#[test]
fn limit_lowered_during_the_prompt_applies() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    home.profile("p", &jelou.url, "limit_24h = 3");
    let words = [
        "bulk",
        "send",
        "people.csv",
        "--run",
        "r",
        "--unchecked",
        "template",
        "promo",
    ];
    let mut terminal = crate::terminal::Terminal::plain(&home, &words);
    terminal.wait_for("[y/N] ");
    home.profile("p", &jelou.url, "limit_24h = 2");
    terminal.type_line("y");
    let status = || home.run("bulk status r -o record").end();
    terminal.wait_until("the run waits for room", || {
        let status = status();
        status.code == 0 && status.json()["waiting"]["reason"] == "limit_24h"
    });
    let status = status().json();
    assert_eq!([&status["sent"], &status["per_day"]], [2, 2], "{status}");
    terminal.press_ctrl_c();
    assert_eq!(terminal.end().0, 130);
}

fn single<'a>(home: &'a Home, to: usize, flags: &[&str]) -> Run<'a> {
    home.run_args(&["send", "template", "promo", "--to", &user(to)])
        .args(flags)
}

#[test]
fn runs_and_single_sends_share_the_limit() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    home.profile("p", &jelou.url, "limit_24h = 3");
    single(&home, 7, &["--dry-run"]).success();
    single(&home, 7, &[]).success();
    let mut run = Watched::new(start(
        &home,
        SEND,
        &["--run", "r", "template", "promo"],
        &jelou.url,
    ));
    run.wait_for("templates may go to 3 different recipients in 24 hours: this list has 3 new ones, and there is room for 2");
    run.wait_for("\"waiting\":{\"reason\":\"limit_24h\"");
    let refused = single(&home, 8, &[]).fails(
        11,
        &[
            "limit_24h is reached until ",
            ": it allows templates to 3 recipients",
            "to send now: --over-limit",
        ],
    );
    assert!(
        refused.stderr.ends_with("nothing was sent\n"),
        "{refused:?}"
    );
    single(&home, 7, &[]).success();
    home.run_args(&["send", "text", "Hola", "--to", &user(8)])
        .success();
    single(&home, 8, &["--over-limit"]).success();
    let status = home.run("bulk status r").success().json();
    assert_eq!(
        (&status["waiting"]["reason"], &status["sent"]),
        (&json!("limit_24h"), &json!(2)),
        "{status}"
    );
    let list = home.run("bulk list -o record").success().json();
    assert_eq!(list["waiting"]["reason"], "limit_24h", "{list}");
    signal(&run.child, Signal::INT);
    assert_eq!(run.end().code, 130);
    // Neither a run with a higher limit nor a run of texts waits.
    home.run("bulk resume r --per-day 6 --unchecked").success();
    let texts = home
        .run("bulk send people.csv --yes --rate 1000/s text Hola")
        .success()
        .json();
    assert_eq!(texts["sent"], 3);
}

#[test]
fn unlimited_run_adopts_the_profile_limit() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    home.profile("p", &jelou.url, "");
    home.run(&format!("{SEND} --run r --hold template promo"))
        .success();
    home.profile("p", &jelou.url, "limit_24h = 2");
    let mut run = Watched::new(start(
        &home,
        "bulk resume r --unchecked --progress ndjson",
        &[],
        &jelou.url,
    ));
    run.wait_for("\"waiting\":{\"reason\":\"limit_24h\"");
    signal(&run.child, Signal::INT);
    assert_eq!((run.end().code, reached(&jelou).len()), (130, 2));
}

#[test]
fn run_waiting_for_limit_can_stop_or_cancel() {
    let home = people(6);
    let jelou = Jelou::accept_all();
    let begin = |run: &str, skip: &str| {
        let flags = [
            "--run",
            run,
            "--skip",
            skip,
            "--limit",
            "3",
            "--per-day",
            "1",
            "template",
            "promo",
        ];
        let mut watched = Watched::new(start(&home, SEND, &flags, &jelou.url));
        watched.wait_for("\"waiting\":{\"reason\":\"limit_24h\"");
        watched
    };
    let run = begin("a", "0");
    home.run("bulk stop a").success();
    assert_eq!(run.end().code, 11);
    let run = begin("b", "3");
    home.run("bulk cancel b --yes").success();
    assert_eq!(run.end().code, 11);
    assert_eq!(reached(&jelou).len(), 1);
}

#[test]
fn rejected_recipient_does_not_count() {
    let home = people(4);
    let refused = [user(0), user(9)];
    let jelou = Jelou::start(move |to, _| {
        if refused.iter().any(|user| user == to) {
            Act::Answer(400, "", "{}")
        } else {
            Act::Accept
        }
    });
    home.profile("p", &jelou.url, "limit_24h = 3");
    single(&home, 9, &[]).fails(5, &["not sent"]);
    let flags = [SEND, "--run r --limit 3 --again template promo"].join(" ");
    let ended = home.run(&flags).end();
    let summary: Value = ended.json();
    assert_eq!(
        (&summary["failed"], &summary["sent"]),
        (&json!(1), &json!(2)),
        "{ended:?}"
    );
    single(&home, 5, &[]).success();
    single(&home, 6, &[]).fails(11, &["limit_24h"]);
}

#[test]
fn invalid_messaging_limit_is_refused() {
    let home = people(1);
    let jelou = Jelou::expect_no_requests();
    for limit in ["0", "-3", "many", "1.5"] {
        let words = [
            "bulk",
            "send",
            "people.csv",
            "--yes",
            &format!("--per-day={limit}"),
        ];
        let parts = [&*format!("--per-day: expected 1 or more, found `{limit}`")];
        home.run_args(&[&words[..], &TEMPLATE].concat())
            .api(&jelou.url)
            .fails(2, &parts);
    }
    home.run("bulk send people.csv --yes --per-day 5 text Hola")
        .api(&jelou.url)
        .fails(
            2,
            &["--per-day counts recipients of templates; a message of kind text is not a template"],
        );
    home.config("[profiles.p]\nbot_id = \"1\"\nlimit_24h = 0\n");
    home.run("bulk send people.csv --yes text Hola").fails(
        3,
        &["limit_24h of profile p: expected 1 or more, found `0`"],
    );
}

#[test]
fn sandbox_does_not_apply_the_limit() {
    let home = people(3);
    let words = "bulk send people.csv --sandbox --rate 1000/s --per-day 1 template promo";
    let ended = home
        .run(words)
        .success()
        .stderr_has(&["the sandbox does not count recipients, so --per-day has no effect here"]);
    assert_eq!(ended.json()["sent"], 3);
}
