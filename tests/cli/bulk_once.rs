//! Lists with a key (`--once`): by the server's count, each recipient gets at most one message.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use crate::bulk_run::{user, users};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, Run, faketime, test_with_both_ledgers};
#[cfg(target_os = "linux")]
use crate::harness::{can_trace, with_fault};
use crate::terminal::Terminal;

test_with_both_ledgers! {
    once_key_sends_one_message_per_recipient,
    single_sends_during_list_reading_cause_no_duplicates,
    concurrent_lists_and_single_sends_send_once,
    removed_run_keeps_its_reserved_recipients,
}

fn write(home: &Home, users: &[String]) {
    home.write("people.csv", format!("celular\n{}\n", users.join("\n")));
}

fn people(rows: usize) -> Home {
    let home = Home::new();
    write(&home, &users(0..rows));
    home
}

/// Sends `people.csv` with this text.
fn send<'a>(home: &'a Home, url: &str, flags: &[&str], text: &str) -> Run<'a> {
    let run = home
        .run("bulk send people.csv --yes --rate 1000000/s")
        .args(flags);
    run.args(&["text", text]).api(url)
}

fn single<'a>(home: &'a Home, url: &str, to: &str, key: &str) -> Run<'a> {
    home.run("send text Suelto -o record")
        .args(&["--to", to, "--once", key])
        .api(url)
}

#[test]
fn once_key_sends_one_message_per_recipient() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    send(
        &home,
        &jelou.url,
        &["--once", "november", "--run", "a"],
        "Hola",
    )
    .success();
    write(&home, &users(0..5));
    let ended = send(
        &home,
        &jelou.url,
        &["--once", "november", "--run", "b"],
        "Otra cosa",
    )
    .success();
    assert_eq!(
        json!([ended.json()["sent"], ended.reasons()]),
        json!([2, {"already_sent": 3}]),
        "{ended:?}"
    );
    let first = &home.report("b --state skipped")[0];
    assert_eq!(first["code"], "already_sent");
    let told = "a message with the key november was sent to this recipient by run a at 20";
    assert!(
        first["error"].as_str().unwrap().starts_with(told),
        "{first}"
    );
    single(&home, &jelou.url, &user(6), "november").success();
    let replayed = single(&home, &jelou.url, &user(0), "november").success();
    assert_eq!(
        json!([replayed.json()["sent"], replayed.json()["replayed"]]),
        json!(["yes", true]),
        "{replayed:?}"
    );
    write(&home, &users(0..8));
    let ended = send(&home, &jelou.url, &["--once", "november"], "Hola").success();
    assert_eq!(
        json!([ended.json()["sent"], ended.reasons()]),
        json!([2, {"already_sent": 6}])
    );
    assert_eq!(jelou.times(&users(0..8)), [1; 8]);
    let ended = send(&home, &jelou.url, &["--once", "november"], "Hola").success();
    assert_eq!(
        json!([ended.json()["run"], ended.reasons()]),
        json!([null, {"already_sent": 8}])
    );
    let told = "8 rows are skipped: 8 already sent";
    assert!(ended.stderr.contains(told), "{ended:?}");
    // Another key or another bot is another message, even with the same text.
    send(&home, &jelou.url, &["--once", "december"], "Hola").success();
    send(
        &home,
        &jelou.url,
        &["--once", "november", "--bot", "OTHER"],
        "Hola",
    )
    .success();
    assert_eq!(jelou.requests().len(), 24);
    for flags in [
        &["--once", "november", "--again"][..],
        &["--once", "november", "--allow-duplicates"],
        &["--once="],
    ] {
        send(&home, &jelou.url, flags, "Hola").fails(2, &["--once"]);
    }
    let long = "x".repeat(101);
    send(&home, &jelou.url, &["--once", &long], "Hola").fails(2, &["the limit is 100"]);
    assert_eq!(jelou.requests().len(), 24);
}

#[test]
fn sent_unknown_and_unsent_recipients_are_skipped() {
    let home = people(2);
    let second = user(1);
    let jelou = Jelou::start(move |user, _| {
        if user == second {
            Act::Reset { accepted: true }
        } else {
            Act::Accept
        }
    });
    send(&home, &jelou.url, &["--once", "k", "--run", "a"], "Hola").fails(10, &[]);
    write(&home, &users(0..3));
    let ended = send(&home, &jelou.url, &["--once", "k", "--run", "b"], "Otra").fails(10, &[]);
    assert_eq!(
        json!([ended.json()["sent"], ended.reasons()]),
        json!([1, {"already_sent": 1, "may_have_been_sent": 1}])
    );
    single(&home, &jelou.url, &user(1), "k")
        .fails(8, &["bulk resolve a --to +593990000001 --unknown-as STATE"]);
    for (person, told) in [
        (0, ["is not unknown", "its state is \"sent\""]),
        (
            1,
            [
                "is an unknown row of run a",
                "to set its state to sent or failed: jelouctl bulk resolve a --to +593990000001 --unknown-as STATE",
            ],
        ),
    ] {
        home.run("once resolve k --as failed --to")
            .args(&[&user(person)])
            .fails(2, &told);
    }
    write(&home, &users(3..5));
    send(
        &home,
        &jelou.url,
        &["--once", "k", "--run", "c", "--hold"],
        "Hola",
    )
    .success();
    write(&home, &users(3..6));
    let ended = send(&home, &jelou.url, &["--once", "k", "--run", "d"], "Otra").success();
    assert_eq!(
        json!([ended.json()["sent"], ended.reasons()]),
        json!([1, {"to_be_sent": 2}])
    );
    single(&home, &jelou.url, &user(3), "k").fails(11, &["run c", "bulk resume c"]);
    home.run("bulk resume c --yes --rate 1000000/s")
        .api(&jelou.url)
        .success();
    single(&home, &jelou.url, &user(3), "k").success();
    assert_eq!(jelou.times(&users(0..6)), [1; 6]);
}

/// The other run is cancelled after the list was compared with it, and before the new run begins.
#[test]
fn run_cancelled_during_prompt_stops_new_list() {
    let (home, jelou) = (people(2), Jelou::accept_all());
    home.profile("p", &jelou.url, "");
    send(
        &home,
        &jelou.url,
        &["--once", "k", "--run", "a", "--hold"],
        "Hola",
    )
    .success();
    write(&home, &users(0..4));
    let mut terminal = Terminal::plain(
        &home,
        &[
            "bulk",
            "send",
            "people.csv",
            "--once",
            "k",
            "--run",
            "b",
            "text",
            "Otra",
        ],
    );
    terminal.wait_for("[y/N] ");
    home.run("bulk cancel a --yes").success();
    let (code, screen) = terminal.end_with("y");
    let told =
        "this command skipped 2 rows for other runs or single sends that no longer send them";
    assert!(code == 11 && screen.contains(told), "{code} {screen}");
    assert_eq!(jelou.times(&users(0..4)), [0; 4]);
    send(&home, &jelou.url, &["--once", "k", "--run", "b"], "Otra").success();
    assert_eq!(jelou.times(&users(0..4)), [1; 4]);
}

#[test]
fn rejected_recipient_can_be_sent_with_same_key() {
    let home = people(4);
    let jelou = Jelou::start(|user, before| match (user.ends_with(['1', '3']), before) {
        (true, 0) => Act::Answer(422, "", "{}"),
        _ => Act::Accept,
    });
    send(&home, &jelou.url, &["--once", "k"], "Hola").fails(10, &[]);
    single(&home, &jelou.url, &user(1), "k").success();
    let ended = send(&home, &jelou.url, &["--once", "k"], "Hola").success();
    assert_eq!(
        json!([ended.json()["sent"], ended.reasons()]),
        json!([1, {"already_sent": 3}])
    );
    assert_eq!(jelou.times(&users(0..4)), [1; 4]);
}

#[test]
fn first_valid_row_per_recipient_is_sent() {
    let home = Home::new();
    let jelou = Jelou::accept_all();
    let (one, two) = (user(1), user(2));
    home.write(
        "people.csv",
        format!("celular,t\n{one},\n{one},b\n{two},c\n{one},d\n"),
    );
    let ended = send(
        &home,
        &jelou.url,
        &["--once", "k", "--skip-invalid", "--run", "r"],
        "{{ t }}",
    )
    .fails(10, &[]);
    assert_eq!(
        json!([ended.json()["sent"], ended.reasons()]),
        json!([2, {"invalid": 1, "repeated": 1}])
    );
    let report = home
        .run("bulk report r --state sent --format ndjson")
        .success()
        .stdout;
    assert!(
        report.contains("\"t\":\"b\"") && report.contains("\"t\":\"c\""),
        "{report}"
    );
    assert_eq!(jelou.times(&[one, two]), [1, 1]);
}

#[test]
fn preview_reserves_no_recipients() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    for flags in [&["--dry-run"][..], &["--preview", "3"]] {
        let shown = send(
            &home,
            &jelou.url,
            &[&["--once", "k"], flags].concat(),
            "Hola",
        )
        .success();
        assert_eq!(shown.stdout.lines().count(), 3, "{shown:?}");
    }
    write(&home, &users(0..1));
    send(&home, &jelou.url, &["--once", "k"], "Hola").success();
    write(&home, &users(0..3));
    let shown = send(&home, &jelou.url, &["--once", "k", "--dry-run"], "Hola").success();
    let told = "1 row is skipped: 1 already sent";
    assert!(
        shown.stdout.lines().count() == 2 && shown.stderr.contains(told),
        "{shown:?}"
    );
    send(&home, &jelou.url, &["--once", "k"], "Hola").success();
    assert_eq!(jelou.times(&users(0..3)), [1; 3]);
}

/// Starts a list on standard input.
fn start(home: &Home, url: &str, flags: &str) -> std::process::Child {
    home.process(flags, url)
        .args(["text", "Hola"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn single_sends_during_list_reading_cause_no_duplicates() {
    let home = Home::new();
    let jelou = Jelou::accept_all();
    let mut list = start(
        &home,
        &jelou.url,
        "bulk send - --yes --once k --rate 1000000/s",
    );
    let mut rows = list.stdin.take().unwrap();
    writeln!(rows, "celular\n{}", users(0..10).join("\n")).unwrap();
    rows.flush().unwrap();
    // The list has not ended, so no recipient is reserved yet.
    for number in [2, 5, 12] {
        single(&home, &jelou.url, &user(number), "k").success();
    }
    writeln!(rows, "{}", users(10..20).join("\n")).unwrap();
    drop(rows);
    let ended = CommandOutput::new(&list.wait_with_output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(
        json!([ended.json()["sent"], ended.reasons()]),
        json!([17, {"already_sent": 3}])
    );
    assert_eq!(jelou.times(&users(0..20)), [1; 20]);
}

#[test]
fn concurrent_lists_and_single_sends_send_once() {
    let home = people(12);
    let jelou = Jelou::accept_all();
    let lists = ["a", "b"].map(|run| {
        start(
            &home,
            &jelou.url,
            &format!("bulk send people.csv --yes --once k --run {run} --rate 1000000/s"),
        )
    });
    let singles = users(0..6).into_iter().map(|to| {
        home.process(&format!("send text --to {to} --once k Suelto"), &jelou.url)
            .spawn()
            .unwrap()
    });
    let singles: Vec<_> = singles.collect();
    for child in lists {
        let ended = CommandOutput::new(&child.wait_with_output().unwrap());
        assert_eq!(ended.code, 0, "{ended:?}");
    }
    for child in singles {
        let ended = CommandOutput::new(&child.wait_with_output().unwrap());
        assert!([0, 11].contains(&ended.code), "{ended:?}");
    }
    assert_eq!(jelou.times(&users(0..12)), [1; 12]);
}

#[test]
fn failed_row_is_resent_only_if_unreserved() {
    let home = people(4);
    let jelou = Jelou::start(|_, before| {
        if before == 0 {
            Act::Answer(422, "", "{}")
        } else {
            Act::Accept
        }
    });
    send(&home, &jelou.url, &["--once", "k", "--run", "a"], "Hola").fails(10, &[]);
    single(&home, &jelou.url, &user(0), "k").success();
    write(&home, &users(1..2));
    send(&home, &jelou.url, &["--once", "k", "--run", "b"], "Otra").success();
    let chosen = |to: &str| {
        home.run("bulk resolve a --failed-as pending")
            .args(&["--to", to])
    };
    for taken in [0, 1] {
        let told = [
            "no row has changed",
            "1 failed row is unchanged: these recipients have another message with the run's key",
        ];
        chosen(&user(taken)).success().stderr_has(&told);
    }
    let told =
        "2 failed rows are unchanged: these recipients have another message with the run's key";
    let ended = home.run("bulk resolve a --failed-as pending").success();
    assert!(
        ended.stderr.contains(told) && ended.json()["pending"] == 2,
        "{ended:?}"
    );
    // The run has these rows again.
    write(&home, &users(2..4));
    let ended = send(&home, &jelou.url, &["--once", "k"], "Otra").fails(10, &["bulk resume a"]);
    assert_eq!(ended.reasons(), json!({"to_be_sent": 2}));
    home.run("bulk resume a --again")
        .api(&jelou.url)
        .fails(2, &["run a has the key k"]);
    home.run("bulk resume a --yes --rate 1000000/s")
        .api(&jelou.url)
        .fails(10, &[]);
    assert_eq!(jelou.times(&users(0..4)), [1; 4]);
}

#[test]
fn removed_run_keeps_its_reserved_recipients() {
    let home = people(4);
    let last = user(3);
    let second = user(1);
    let jelou = Jelou::start(
        move |user, before| match (user == last, user == second, before) {
            (true, _, 0) => Act::Answer(422, "", "{}"),
            (_, true, 0) => Act::Reset { accepted: true },
            _ => Act::Accept,
        },
    );
    send(&home, &jelou.url, &["--once", "k", "--run", "a"], "Hola").fails(10, &[]);
    let told = "the ledger still records who got, or may have got, a message with key k";
    home.run("bulk remove a --yes")
        .success()
        .stderr_has(&[told]);
    let ended = send(&home, &jelou.url, &["--once", "k", "--run", "b"], "Hola").fails(10, &[]);
    let expected = json!([1, {"already_sent": 2, "may_have_been_sent": 1}]);
    assert_eq!(json!([ended.json()["sent"], ended.reasons()]), expected);
    home.run("bulk remove --older-than 1ms --yes")
        .success()
        .stderr_has(&[told]);
    let ended = send(&home, &jelou.url, &["--once", "k", "--run", "c"], "Hola").fails(10, &[]);
    assert_eq!(
        ended.reasons(),
        json!({"already_sent": 3, "may_have_been_sent": 1})
    );
    assert_eq!(jelou.times(&users(0..4)), [1; 4]);
}

#[test]
fn daily_parts_with_changed_text_send_once() {
    let Some(library) = faketime() else { return };
    let home = people(14);
    let jelou = Jelou::accept_all();
    let mut sent = Vec::new();
    for day in 0..6 {
        let text = format!("Hola, quedan {day} días");
        let ended = on_day(
            send(&home, &jelou.url, &["--limit", "4", "--once", "K"], &text),
            &library,
            day,
        )
        .success();
        sent.push(ended.json()["sent"].as_u64().unwrap());
    }
    assert_eq!(sent, [4, 4, 4, 2, 0, 0]);
    assert_eq!(jelou.times(&users(0..14)), [1; 14]);
}

/// Runs with a clock that is this many days ahead.
fn on_day<'a>(run: Run<'a>, library: &str, day: u64) -> Run<'a> {
    let run = run
        .env("LD_PRELOAD", library)
        .env("FAKETIME", format!("+{day}d"))
        .env("TZ", "UTC");
    run.env("DONT_FAKE_MONOTONIC", "1").env("NO_FAKE_STAT", "1")
}

#[test]
fn once_key_is_stored_with_the_run() {
    let home = people(3);
    let jelou = Jelou::start(|_, before| {
        if before == 0 {
            Act::Answer(401, "", "{}")
        } else {
            Act::Accept
        }
    });
    send(&home, &jelou.url, &["--once", "k", "--run", "a"], "Hola").fails(4, &[]);
    let left = home.run("bulk status a").end().json()["pending"]
        .as_u64()
        .unwrap();
    assert!(left > 0);
    // Messages that other runs sent without the key do not prevent resuming.
    send(&home, &jelou.url, &["--run", "b"], "Hola").end();
    write(&home, &users(2..3));
    let mut ended = home
        .run("bulk resume a --yes --rate 1000000/s")
        .api(&jelou.url)
        .end();
    while ended.code == 4 {
        ended = home
            .run("bulk resume a --yes --rate 1000000/s")
            .api(&jelou.url)
            .end();
    }
    assert!([0, 10].contains(&ended.code), "{ended:?}");
    let ended = send(&home, &jelou.url, &["--once", "k"], "Otra").success();
    assert_eq!(ended.reasons(), json!({"already_sent": 1}));
}

#[test]
fn key_can_be_added_to_existing_runs() {
    let home = people(3);
    let third = user(2);
    let jelou = Jelou::start(move |user, before| match (user == third, before) {
        (true, 0) => Act::Answer(422, "", "{}"),
        _ => Act::Accept,
    });
    send(&home, &jelou.url, &["--run", "a", "--hold"], "Hola").success();
    home.run("once add k --run a")
        .fails(2, &["run a is not finished", "bulk resume a"]);
    home.run("bulk resume a --yes --rate 1000000/s")
        .api(&jelou.url)
        .fails(10, &[]);
    let told = "earlier runs sent messages to 2 of these recipients in the last 24 hours";
    send(&home, &jelou.url, &["--once", "k", "--dry-run"], "Hola")
        .success()
        .stderr_has(&[told]);
    let added = home.run("once add k --run a").success();
    send(&home, &jelou.url, &["--once", "k", "--dry-run"], "Hola")
        .success()
        .stderr_lacks(&[told]);
    assert!(
        added
            .stderr
            .contains("added 2 recipients of run a to key k"),
        "{added:?}"
    );
    home.run("once add k --run nobody").fails(2, &["nobody"]);
    write(&home, &users(0..5));
    let ended = send(&home, &jelou.url, &["--once", "k", "--run", "b"], "Otra").success();
    assert_eq!(
        json!([ended.json()["sent"], ended.reasons()]),
        json!([3, {"already_sent": 2}])
    );
    assert_eq!(jelou.times(&users(0..5)), [1; 5]);
    // `once` also lists and shows the messages of runs.
    let listed = home.run("once list -o record").success().json();
    assert_eq!(
        json!([listed["key"], listed["sent"]]),
        json!(["k", 5]),
        "{listed}"
    );
    let shown = home
        .run("once show k -o record")
        .args(&["--to", &user(4)])
        .success()
        .json();
    assert_eq!(
        json!([shown["state"], shown["run"]]),
        json!(["sent", "b"]),
        "{shown}"
    );
    // Another unfinished run will send messages with this key to the same recipients.
    send(
        &home,
        &jelou.url,
        &["--run", "later", "--once", "l", "--hold"],
        "Hola",
    )
    .success();
    let told = [
        "run later is unfinished, and has a row to recipients of run a with the key l",
        "jelouctl bulk cancel later",
    ];
    home.run("once add l --run a").fails(11, &told);
    home.run("bulk cancel later --yes").success();
    home.run("once add l --run a").success();
}

#[test]
fn run_send_overrides_an_interrupted_single_send() {
    let home = people(1);
    let (arrived, arrivals) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel();
    let released = std::sync::Mutex::new(released);
    let jelou = Jelou::start(move |_, before| {
        if before == 0 {
            return Act::Accept;
        }
        arrived.send(()).unwrap();
        released.lock().unwrap().recv().unwrap();
        Act::RATE_LIMIT
    });
    send(&home, &jelou.url, &["--run", "a"], "Hola").success();
    let refused = std::thread::scope(|scope| {
        let refused = scope.spawn(|| {
            single(&home, &jelou.url, &user(0), "k")
                .args(&["--retry-for", "0"])
                .end()
        });
        arrivals.recv().unwrap();
        home.run("once add k --run a").success();
        release.send(()).unwrap();
        refused.join().unwrap()
    });
    assert_eq!(refused.code, 6, "{refused:?}");
    let replayed = single(&home, &jelou.url, &user(0), "k").success();
    assert_eq!(
        (
            replayed.json()["replayed"].as_bool(),
            jelou.requests().len()
        ),
        (Some(true), 2)
    );
}

#[test]
fn unreachable_database_sends_nothing_with_a_key() {
    let (home, jelou) = (people(2), Jelou::expect_no_requests());
    let nowhere = "postgres://jelouctl@127.0.0.1:1/x?sslmode=disable";
    let told = ["is not available", "nothing was sent"];
    send(&home, &jelou.url, &["--once", "k"], "Hola")
        .env("JELOUCTL_LEDGER", nowhere)
        .fails(12, &told);
    single(&home, &jelou.url, &user(0), "k")
        .env("JELOUCTL_LEDGER", nowhere)
        .fails(7, &told);
}

/// Kills a list at the system calls that create its run, reserve its recipients and send it.
#[test]
#[cfg(target_os = "linux")]
fn list_killed_at_any_write_sends_once() {
    if !can_trace() {
        return;
    }
    let (jelou, mut kills, mut turns) = (Jelou::accept_all(), 0, 0);
    for (calls, step) in [
        ("pwrite64", 9),
        ("fsync,fdatasync", 2),
        ("rename,renameat,renameat2", 1),
        ("unlink,unlinkat", 1),
        ("flock", 2),
    ] {
        for when in (1..200).step_by(step) {
            let (home, them) = (Home::new(), users(turns * 2..turns * 2 + 2));
            turns += 1;
            write(&home, &them);
            let process = home.process("bulk send people.csv --yes --once k text Hola", &jelou.url);
            with_fault(&process, calls, "signal=KILL", when)
                .output()
                .unwrap();
            let is_killed = home.read("trace").contains("killed by SIGKILL");
            // Now send the rest: single sends, the list once more, and the unfinished runs.
            let ended = single(&home, &jelou.url, &them[0], "k").end();
            assert!(
                [0, 8, 11].contains(&ended.code),
                "killed at {calls} {when}: {ended:?}"
            );
            send(&home, &jelou.url, &["--once", "k"], "Otra").end();
            home.run("bulk resume --yes").api(&jelou.url).end();
            let sent = jelou.times(&them);
            assert!(
                sent.iter().all(|times| *times <= 1),
                "killed at {calls} {when}: {sent:?}"
            );
            if !is_killed {
                break;
            }
            kills += 1;
        }
    }
    assert!(kills > 20, "{kills}");
}

#[test]
fn report_contents_do_not_override_a_key() {
    let home = people(3);
    let refused = user(2);
    let jelou = Jelou::start(move |user, before| match (user == refused, before) {
        (true, 0) => Act::Answer(422, "", "{}"),
        _ => Act::Accept,
    });
    send(&home, &jelou.url, &["--once", "k", "--run", "a"], "Hola").fails(10, &[]);
    home.run("bulk report a --file people.csv --yes").success();
    let ended = send(
        &home,
        &jelou.url,
        &["--once", "k", "--run", "b", "--skip-invalid"],
        "Hola",
    )
    .success();
    assert_eq!(
        json!([ended.json()["sent"], ended.reasons()]),
        json!([1, {"already_sent": 2}]),
        "{ended:?}"
    );
    // The next campaign sends to all of them, unless the flag forbids it.
    let ended = send(
        &home,
        &jelou.url,
        &["--once", "l", "--skip-sent", "--dry-run"],
        "Hola",
    )
    .end();
    let told = "3 rows are skipped: 3 already sent";
    assert!(ended.stderr.contains(told), "{ended:?}");
    send(&home, &jelou.url, &["--once", "l", "--run", "c"], "Hola").success();
    assert_eq!(jelou.times(&users(0..3)), [2; 3]);
    send(
        &home,
        &jelou.url,
        &["--once", "l", "--test-to", &user(9)],
        "Hola",
    )
    .success();
}

#[test]
fn once_remove_refuses_rows_of_unfinished_runs() {
    let home = people(2);
    let second = user(1);
    let jelou = Jelou::start(move |user, _| {
        if user == second {
            Act::Answer(401, "", "{}")
        } else {
            Act::Accept
        }
    });
    send(
        &home,
        &jelou.url,
        &["--once", "k", "--run", "a", "--concurrency", "1"],
        "Hola",
    )
    .fails(4, &[]);
    let told = [
        "run a is unfinished, and has a row to",
        "bulk resume a",
        "bulk cancel a",
    ];
    home.run("once remove k --yes")
        .args(&["--to", &user(0)])
        .fails(11, &told);
    home.run("once remove k --yes").fails(
        11,
        &["run a is unfinished, and has a row to", "bulk cancel a"],
    );
}
