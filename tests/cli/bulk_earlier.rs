//! A list after earlier runs: by the server's count, a recipient does not get the same message twice by default.

use std::collections::HashMap;
use std::fs;

use serde_json::{Value, json};

use crate::bulk_run::{user, users};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, Run, STATE, faketime, kill, test_with_both_ledgers};
use crate::terminal::Terminal;

test_with_both_ledgers! {
    killed_run_has_unknown_and_unsent_rows,
    only_one_of_two_simultaneous_runs_sends,
    wrong_clock_never_causes_duplicates,
    concurrent_resumes_do_not_send_duplicates,
    per_person_limit_sends_one_message_each,
}

fn list(users: &[String]) -> String {
    format!("celular\n{}\n", users.join("\n"))
}

/// Creates a home with a list of this many recipients.
fn people(rows: usize) -> Home {
    let home = Home::new();
    home.write("people.csv", list(&users(0..rows)));
    home
}

fn send<'a>(home: &'a Home, url: &str, flags: &[&str]) -> Run<'a> {
    let run = home
        .run("bulk send people.csv --yes --rate 1000000/s")
        .args(flags);
    run.args(&["text", "Hola"]).api(url)
}

/// Makes the times of a run's rows this many hours older, or younger.
fn age(home: &Home, run: &str, hours: i64) {
    let by = hours * 3_600_000;
    home.change_store(&format!(
        "UPDATE row SET at = at - {by}, ended_at = ended_at - {by}, began_at = began_at - {by} \
         WHERE run = (SELECT id FROM run WHERE name = '{run}')"
    ));
}

#[test]
fn sandbox_says_that_it_neither_asks_nor_compares() {
    let home = people(2);
    let note = "note: the sandbox does not ask before it sends, and does not compare the list with earlier runs";
    let words = ["--sandbox", "bulk", "send", "people.csv", "text", "Hola"];
    let (code, screen) = Terminal::plain(&home, &words).end();
    assert!(code == 0 && screen.contains(note), "{screen}");
    let told = format!("{note}, so --skip-sent, --once have no effect here\n");
    home.run("--sandbox bulk send people.csv --skip-sent --once k text Hola")
        .success()
        .stderr_has(&[&told]);
    home.run("--sandbox bulk send people.csv text Hola")
        .success()
        .stderr_lacks(&["does not compare"]);
}

#[test]
fn message_with_different_spaces_is_a_duplicate() {
    let home = Home::new();
    let jelou = Jelou::accept_all();
    let send = |rows: &str, run: &str| {
        home.write("people.csv", format!("celular,nombre\n{rows}"));
        home.run("bulk send people.csv --yes --rate 1000/s --run")
            .args(&[run, "text", "Hola {{ nombre }}"])
            .api(&jelou.url)
    };
    send("593987654301,Ana\n593987654301,Ana \n", "a").fails(
        2,
        &["line 3: sends 593987654301 the same message as line 2"],
    );
    send("593987654301,Ana Luz \n", "b").success();
    send("593987654301,Ana\u{a0} Luz\n", "c").fails(11, &["1 of 1 messages was sent by run b"]);
    assert_eq!(jelou.requests()[0].received.json()["text"], "Hola Ana Luz ");
    send("593987654301,AnaLuz\n", "d").success();
    assert_eq!(jelou.requests().len(), 2);
}

#[test]
fn limited_run_then_full_list_sends_once() {
    let home = people(30);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url, &["--limit", "10", "--run", "ten"]).success();
    let told = [
        "10 of 30 messages were sent by run ten at 20",
        "--skip-sent",
        "--again",
    ];
    send(&home, &jelou.url, &[]).fails(11, &told);
    assert_eq!(jelou.requests().len(), 10);
    let ended = send(&home, &jelou.url, &["--skip-sent", "--run", "rest"])
        .success()
        .stderr_has(&[
            "note: 30 rows: 20 to send; skipped: 10 already sent\nnote: columns of the 20 messages:\n  celular  20  Ecuador 20\n",
        ]);
    assert_eq!(jelou.times(&users(0..30)), [1; 30]);
    assert_eq!(ended.reasons(), json!({"already_sent": 10}));
    assert!(
        ended
            .stderr
            .contains("note: run rest: 20 messages from bot BOT-ID"),
        "{ended:?}"
    );
    let first = &home.report("rest --state skipped")[0];
    assert_eq!(
        json!([first["sent"], first["code"]]),
        json!(["no", "already_sent"])
    );
    assert!(
        first["error"]
            .as_str()
            .unwrap()
            .starts_with("was sent by run ten at 20"),
        "{first}"
    );
    // The refused list leaves neither a run nor an error.
    let ended = send(&home, &jelou.url, &["--skip-sent", "--run", "none"]).success();
    assert_eq!(ended.json()["run"], Value::Null);
    assert_eq!(
        json!([
            ended.json()["complete"],
            ended.json()["skipped"],
            ended.reasons()
        ]),
        json!([true, 30, {"already_sent": 30}])
    );
    assert!(ended.stderr.contains("nothing to send"), "{ended:?}");
    home.run("bulk status none")
        .fails(2, &["there is no run none"]);
    // Each of two runs has a part of the list.
    let told = "30 of 30 messages are in earlier runs: 20 were sent by run rest at 20";
    send(&home, &jelou.url, &[]).fails(11, &[told, ", 10 were sent by run ten at 20"]);
    assert_eq!(jelou.requests().len(), 30);
}

#[test]
fn earlier_runs_are_dated_in_run_zone() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url, &["--run", "r"]).success();
    let hours = ["--between", "00:00-24:00", "--time-zone", "Asia/Kolkata"];
    send(&home, &jelou.url, &hours).fails(
        11,
        &["3 of 3 messages were sent by run r at 20", " +05:30\n"],
    );
    // A report shows all its times in one zone.
    let rejects = [&hours[..], &["--skip-sent", "--rejects", "left.csv"]].concat();
    send(&home, &jelou.url, &rejects).success();
    let left = home.read("left.csv");
    assert_eq!(left.matches(" +05:30,").count(), 3, "{left}");
    let spanish = [&hours[..], &["--limit", "2", "--again", "--run", "s"]].concat();
    send(&home, &jelou.url, &spanish).success();
    let flags = [&hours[..], &["--skip-sent", "--run", "t"]].concat();
    home.write("people.csv", list(&users(0..4)));
    send(&home, &jelou.url, &flags).success();
    let report = home
        .run("bulk report t --lang es --time-zone America/Guayaquil")
        .success()
        .stdout;
    assert_eq!(
        report.matches("ya se envió en el envío ").count(),
        3,
        "{report}"
    );
    assert_eq!(report.matches(" -05:00),").count(), 3, "{report}");
}

#[test]
fn sent_count_is_messages_not_rows() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let twice = [users(0..10), users(0..1)].concat();
    home.write("people.csv", list(&twice));
    send(&home, &jelou.url, &["--one-per-recipient", "--run", "r"]).success();
    send(&home, &jelou.url, &["--allow-duplicates"])
        .fails(11, &["10 of 10 messages were sent by run r at 20"]);
    assert_eq!(jelou.requests().len(), 10);
}

#[test]
fn corrected_list_sends_only_the_corrected_row() {
    let home = people(5);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url, &["--run", "r"]).success();
    let mut corrected = users(0..5);
    corrected[2] = user(77);
    // In another order, too.
    corrected.reverse();
    home.write("people.csv", list(&corrected));
    send(&home, &jelou.url, &[]).fails(11, &["4 of 5 messages were sent by run r"]);
    send(&home, &jelou.url, &["--skip-sent"]).success();
    assert_eq!(jelou.requests().len(), 6);
    assert_eq!(jelou.times(&corrected), [1; 5]);
}

#[test]
fn next_run_sends_only_failed_rows() {
    let home = people(20);
    let jelou = Jelou::start(|user, before| {
        let is_odd = user.ends_with(['1', '3', '5', '7', '9']);
        if is_odd && before == 0 {
            Act::Answer(422, "", "{}")
        } else {
            Act::Accept
        }
    });
    send(&home, &jelou.url, &["--run", "half"]).fails(10, &[]);
    send(&home, &jelou.url, &[]).fails(11, &["10 of 20 messages were sent by run half"]);
    send(&home, &jelou.url, &["--skip-sent", "--run", "other"]).success();
    assert_eq!(jelou.times(&users(0..20)), [1; 20]);
    // Failed rows are no longer pending in the first run.
    home.run("bulk resolve half --failed-as pending").success();
    let resume = |flags: &[&str]| {
        home.run("bulk resume half --rate 1000000/s")
            .args(flags)
            .api(&jelou.url)
    };
    let told = [
        "10 of 10 unsent messages in run half were sent by run other",
        "--skip-sent",
        "--again",
    ];
    resume(&[]).fails(11, &told);
    resume(&["--again", "--skip-sent"]).fails(2, &["--skip-sent"]);
    assert_eq!(jelou.requests().len(), 30);
    let ended = resume(&["--skip-sent"]).success();
    assert_eq!(ended.reasons(), json!({"already_sent": 10}));
    assert_eq!(jelou.times(&users(0..20)), [1; 20]);
    assert_eq!(
        home.run("bulk status half").success().json()["complete"],
        true
    );
}

#[test]
fn resumed_run_skips_rows_sent_by_others() {
    let home = people(10);
    let pausing = Jelou::start(|_, before| {
        if before == 0 {
            Act::Answer(401, "", "{}")
        } else {
            Act::Accept
        }
    });
    send(&home, &pausing.url, &["--run", "paused"]).fails(4, &[]);
    // The first run will still send all of them, so another run would send them twice.
    let told = [
        "10 of 10 messages are still to be sent by run paused",
        "hint: to skip them: --skip-sent; to send them again: --again\n",
    ];
    send(&home, &pausing.url, &[]).fails(11, &told);
    let waits = [
        "warning: run paused has unsent rows of this list, but no process is sending it",
        "bulk resume paused",
    ];
    let waits_in_paused = |ended: CommandOutput| {
        let record = ended.stderr_has(&waits).json();
        assert_eq!(record["waiting_in"], json!(["paused"]), "{record}");
        assert_eq!(record["retry"], "resume", "{record}");
        record
    };
    let flags = ["--skip-sent", "-o", "record"];
    let skipped = send(&home, &pausing.url, &flags).fails(10, &[]);
    let record = waits_in_paused(skipped);
    assert_eq!(record["skipped_reasons"], json!({"to_be_sent": 10}));
    assert_eq!(record["complete"], false);
    // A run of the other rows is complete, but not the list.
    home.write("more.csv", list(&users(0..11)));
    let more =
        "bulk send more.csv --yes --skip-sent --rate 1000000/s --run more -o record text Hola";
    let mut ended = home.run(more).api(&pausing.url).end();
    while ended.code == 4 {
        let resume = "bulk resume more --rate 1000000/s -o record";
        ended = home.run(resume).api(&pausing.url).end();
    }
    assert_eq!(ended.code, 10, "{ended:?}");
    assert_eq!(waits_in_paused(ended)["complete"], true);
    home.write("some.csv", list(&users(0..4)));
    let some = home
        .run("bulk send some.csv --yes --again --rate 1000000/s --run some text Hola")
        .api(&pausing.url);
    let ended = some.end();
    assert!([0, 4].contains(&ended.code), "{ended:?}");
    home.run("bulk resume some --rate 1000000/s")
        .api(&pausing.url)
        .success();
    let resume = |flags: &[&str]| {
        home.run("bulk resume paused --rate 1000000/s")
            .args(flags)
            .api(&pausing.url)
    };
    resume(&[]).fails(
        11,
        &["4 of 10 unsent messages in run paused were sent by run some"],
    );
    let mut ended = resume(&["--skip-sent"]).end();
    // The first request to each recipient is refused.
    while ended.code == 4 {
        ended = resume(&["--skip-sent"]).end();
    }
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(ended.reasons(), json!({"already_sent": 4}));
    assert_eq!(pausing.times(&users(0..10)), [1; 10]);
}

#[test]
fn killed_run_has_unknown_and_unsent_rows() {
    let home = people(10);
    let hangs = Jelou::start(|user, _| {
        if user.ends_with('0') {
            Act::Accept
        } else {
            Act::Hang { accepted: true }
        }
    });
    let words = "bulk send people.csv --yes --run r --rate 1000/s --concurrency 4 text Hola";
    let child = home.process(words, &hangs.url).spawn().unwrap();
    hangs.wait_for(5);
    // Its process will write the outcomes of the rows in flight.
    let while_sent = [
        "10 of 10 messages are in earlier runs: ",
        "9 are still to be sent by run r",
        "1 was sent by run r",
    ];
    send(&home, &hangs.url, &[]).fails(11, &while_sent);
    kill(child);
    home.end_leases();
    let told = [
        "10 of 10 messages are in earlier runs: ",
        "5 are still to be sent by run r",
        "4 may have been sent by run r",
        "1 was sent by run r",
    ];
    send(&home, &hangs.url, &[]).fails(11, &told);
    // The age does not matter, because the outcome is unknown.
    send(&home, &hangs.url, &["--remember", "0"]).fails(11, &["9 of 10 messages"]);
    let ended = send(&home, &hangs.url, &["--skip-sent"]).fails(10, &["nothing to send"]);
    assert_eq!(
        ended.reasons(),
        json!({"already_sent": 1, "may_have_been_sent": 4, "to_be_sent": 5})
    );
    assert_eq!(hangs.requests().len(), 5);
}

#[test]
fn second_send_leaves_rows_in_flight_to_the_first() {
    let home = people(3);
    let (jelou, arrived, go) = Jelou::hold_responses();
    let words = "bulk send people.csv --yes --run r --rate 1000/s text Hola";
    let first = home.process(words, &jelou.url).spawn().unwrap();
    arrived.recv().unwrap();
    let ended = send(&home, &jelou.url, &["--skip-sent"])
        .success()
        .stderr_has(&["3 rows are skipped: 3 to be sent by another run or send"]);
    assert_eq!(ended.reasons(), json!({"to_be_sent": 3}));
    // Also if the list is the report of that run.
    home.run("bulk report r --file report.csv").success();
    let report = "bulk send report.csv --yes --skip-sent --rate 1000/s text Hola";
    let ended = home.run(report).api(&jelou.url).success();
    assert_eq!(ended.reasons(), json!({"to_be_sent": 3}));
    for _ in 0..3 {
        go.send(()).unwrap();
    }
    assert_eq!(crate::bulk_run::end(first).code, 0);
    assert_eq!(jelou.requests().len(), 3);
    let ended = send(&home, &jelou.url, &["--skip-sent"]).success();
    assert_eq!(ended.reasons(), json!({"already_sent": 3}));
}

#[test]
fn active_run_reserves_its_remaining_rows() {
    let home = people(10);
    let hangs = user(0);
    let jelou = Jelou::start(move |user, before| match before {
        0 => Act::Answer(422, "", "{}"),
        1 if user == hangs => Act::Hang { accepted: true },
        _ => Act::Accept,
    });
    send(&home, &jelou.url, &["--run", "a"]).fails(10, &[]);
    home.run("bulk resolve a --failed-as pending").success();
    let words = "bulk send people.csv --yes --again --run b --rate 1000/s text Hola";
    let going_on = home.process(words, &jelou.url).spawn().unwrap();
    jelou.wait_for(11);
    let resume = |flags: &[&str]| {
        home.run("bulk resume a --rate 1000000/s")
            .args(flags)
            .api(&jelou.url)
    };
    let told = "10 of 10 unsent messages in run a are still to be sent by run b";
    resume(&[]).fails(11, &[told]);
    kill(going_on);
    home.end_leases();
    // A paused run does not delay another run.
    resume(&[]).fails(
        11,
        &["1 of 10 unsent messages in run a may have been sent by run b"],
    );
    let ended = resume(&["--skip-sent"]).fails(10, &[]);
    assert_eq!(ended.reasons(), json!({"may_have_been_sent": 1}));
    assert_eq!(jelou.times(&users(0..10)), [1; 10]);
}

#[test]
fn only_one_of_two_simultaneous_runs_sends() {
    let home = people(40);
    let jelou = Jelou::accept_all();
    let start = |run: &str| {
        let words = format!("bulk send people.csv --yes --run {run} --rate 1000000/s text Hola");
        home.process(&words, &jelou.url).spawn().unwrap()
    };
    let both = [start("a"), start("b")]
        .map(|child| CommandOutput::new(&child.wait_with_output().unwrap()));
    let mut codes = [both[0].code, both[1].code];
    codes.sort_unstable();
    assert_eq!(codes, [0, 11], "{both:?}");
    assert_eq!(jelou.times(&users(0..40)), [1; 40]);
}

#[test]
fn limit_counts_sent_messages() {
    let home = people(7);
    // The third and the first line, once more.
    home.write(
        "people.csv",
        list(&[users(0..3), vec![user(0)], users(3..7)].concat()),
    );
    let jelou = Jelou::accept_all();
    for (sent, all) in [(3, 3), (3, 6), (1, 7), (0, 7)] {
        let flags = ["--limit", "3", "--skip-sent", "--skip-invalid"];
        let ended = send(&home, &jelou.url, &flags).success();
        assert_eq!(
            (ended.json()["sent"].as_u64(), jelou.requests().len()),
            (Some(sent), all),
            "{ended:?}"
        );
    }
    // Rows after the limit are not part of the run, nor are their faults.
    home.write(
        "people.csv",
        list(&[users(10..12), vec!["wrong".to_owned()]].concat()),
    );
    let ended = send(&home, &jelou.url, &["--limit", "2"]).success();
    assert_eq!(ended.json()["rows"], 2);
    let told = "note: --limit is reached in line 3; later rows are neither checked nor sent\n";
    assert!(ended.stderr.contains(told), "{ended:?}");
    // This also applies if all earlier rows were sent, although jelouctl then reads more of the list.
    home.write(
        "people.csv",
        list(&[users(10..14), vec!["wrong".to_owned()]].concat()),
    );
    let ended = send(&home, &jelou.url, &["--limit", "2", "--skip-sent"]).success();
    assert_eq!(
        json!([ended.json()["rows"], ended.reasons()]),
        json!([4, {"already_sent": 2}])
    );
    assert!(!ended.stderr.contains("line 6"), "{ended:?}");
    // A row that is skipped at the beginning does not count for the list.
    home.write("people.csv", list(&users(0..9)));
    let ended = send(
        &home,
        &jelou.url,
        &["--skip", "5", "--limit", "1", "--skip-sent"],
    )
    .success();
    assert_eq!(
        json!([ended.json()["rows"], ended.json()["sent"]]),
        json!([3, 1])
    );
    assert_eq!(jelou.times(&users(0..9)), [1, 1, 1, 1, 1, 1, 1, 1, 0]);
    // A recipient after the limit who got the message does not count, and is not skipped twice.
    for (before, list_of, limit, sent) in [
        (&[30, 32][..], 30..35, "1", vec![31]),
        (&[40, 45], 40..46, "3", vec![41, 42, 43]),
        (&[50, 52, 53, 54], 50..55, "1", vec![51]),
    ] {
        home.write(
            "people.csv",
            list(&before.iter().map(|one| user(*one)).collect::<Vec<_>>()),
        );
        send(&home, &jelou.url, &[]).success();
        let seen = jelou.requests().len();
        home.write("people.csv", list(&users(list_of)));
        send(&home, &jelou.url, &["--limit", limit, "--skip-sent"]).success();
        assert_eq!(jelou.requests().len() - seen, sent.len());
        assert_eq!(
            jelou.times(&sent.iter().map(|one| user(*one)).collect::<Vec<_>>()),
            vec![1; sent.len()]
        );
    }
}

#[test]
fn limit_counts_recipients_with_one_per_recipient() {
    let home = Home::new();
    let row = |number: usize, text: &str| format!("{},{text}\n", user(number));
    let rows = [
        row(0, "a"),
        row(0, "b"),
        row(1, "a"),
        row(0, "c"),
        row(1, "b"),
        row(2, "a"),
        row(3, "a"),
    ]
    .concat();
    home.write("people.csv", format!("celular,t\n{rows}"));
    let jelou = Jelou::accept_all();
    let mut sent = Vec::new();
    for _ in 0..3 {
        let run = home.run(
            "bulk send people.csv --yes --rate 1000000/s --one-per-recipient --limit 2 --skip-sent",
        );
        let ended = run.args(&["text", "{{ t }}"]).api(&jelou.url).success();
        sent.push((ended.json()["sent"].clone(), ended.reasons()));
    }
    // Recipients of a first message do not get another one.
    let expected = [
        (json!(2), json!({"repeated": 1})),
        (json!(2), json!({"already_sent": 2, "repeated": 3})),
        (json!(0), json!({"already_sent": 4, "repeated": 3})),
    ];
    assert_eq!(sent, expected);
    assert_eq!(jelou.times(&users(0..4)), [1; 4]);
}

#[test]
fn remember_sets_the_duplicate_look_back() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url, &["--run", "r"]).success();
    age(&home, "r", 71);
    send(&home, &jelou.url, &[]).fails(11, &["3 of 3 messages were sent by run r"]);
    age(&home, "r", 2);
    let shown = |flags: &[&str]| {
        send(&home, &jelou.url, &[flags, &["--dry-run"]].concat())
            .end()
            .stdout
            .lines()
            .count()
    };
    assert_eq!(
        [
            shown(&[]),
            shown(&["--remember", "6d"]),
            shown(&["--remember", "0"])
        ],
        [3, 0, 3]
    );
    for (time, problem) in [
        ("6", "is not a time"),
        ("400d", "at most 366d"),
        ("-1d", "is not a time"),
    ] {
        let flag = format!("--remember={time}");
        send(&home, &jelou.url, &[&flag]).fails(2, &[problem, "--remember"]);
    }
    // By default messages are skipped whatever their age, unless a flag limits it.
    assert_eq!(
        [
            shown(&["--skip-sent"]),
            shown(&["--skip-sent", "--remember", "12h"])
        ],
        [0, 3]
    );
    // The value in the profile.
    let profile = |remember: &str| {
        home.config(&format!(
            "[profiles.p]\napi_url = \"{}\"\nremember = {remember}\n",
            jelou.url
        ));
        send(&home, &jelou.url, &["--dry-run"]).end()
    };
    assert_eq!(profile("\"6d\"").stdout.lines().count(), 0);
    assert_eq!(profile("0").stdout.lines().count(), 3);
    assert_eq!(shown(&["--skip-sent"]), 0);
    assert_eq!(profile("3").code, 3);
    fs::remove_file(home.config("")).unwrap();
    // A finished run whose files are older is not even opened to compare.
    age(&home, "r", 100);
    let ended = send(&home, &jelou.url, &["--run", "again"]).success();
    assert_eq!(ended.json()["written_to_within_24_hours"], 0);
    assert_eq!(jelou.requests().len(), 6);
}

#[test]
fn duplicates_need_same_bot_and_address() {
    let home = people(3);
    let (jelou, other) = (Jelou::accept_all(), Jelou::accept_all());
    for _ in 0..2 {
        send(&home, &jelou.url, &["--sandbox"]).success();
    }
    send(&home, &jelou.url, &["--run", "r"]).success();
    send(&home, &jelou.url, &["--sandbox"]).success();
    send(&home, &jelou.url, &["--bot", "OTHER"]).success();
    send(&home, &other.url, &[]).success();
    send(&home, &jelou.url, &[]).fails(11, &["3 of 3 messages were sent by run r"]);
    send(&home, &jelou.url, &["--again"]).success();
    assert_eq!((jelou.requests().len(), other.requests().len()), (9, 3));
    send(&home, &jelou.url, &["--again", "--skip-sent"]).fails(2, &["--again", "--skip-sent"]);
}

#[test]
fn both_number_forms_are_one_recipient() {
    let home = Home::new();
    let jelou = Jelou::accept_all();
    home.write(
        "people.csv",
        "celular\n5215512345678\n541123456789\n5511987654321\n",
    );
    send(&home, &jelou.url, &["--run", "r"]).success();
    home.write(
        "people.csv",
        "celular\n525512345678\n5491123456789\n551187654321\n525512345679\n",
    );
    send(&home, &jelou.url, &[]).fails(11, &["3 of 4 messages were sent by run r"]);
    send(&home, &jelou.url, &["--skip-sent"]).success();
    let expected = [
        "5215512345678",
        "541123456789",
        "5511987654321",
        "525512345679",
    ]
    .map(|user| (user.to_owned(), 1));
    assert_eq!(jelou.accepted(), HashMap::from(expected));
}

#[test]
fn recent_recipient_is_reported_but_not_refused() {
    let home = people(4);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url, &["--limit", "3", "--run", "r"]).success();
    let other = |flags: &[&str]| {
        home.run("bulk send people.csv --yes --rate 1000000/s")
            .args(flags)
            .args(&["text", "Otra cosa"])
            .api(&jelou.url)
    };
    let told = "warning: earlier runs sent messages to 3 of these recipients in the last 24 hours";
    let shown = other(&["--dry-run"]).success();
    assert!(
        shown.stderr.contains(&format!("{told}\n")) && shown.stdout.lines().count() == 4,
        "{shown:?}"
    );
    home.run("bulk report r --state sent --state unknown --file r-sent.csv")
        .success();
    let to_others = other(&["--dry-run", "--exclude", "r-sent.csv"]).success();
    assert!(
        !to_others.stderr.contains(told) && to_others.stdout.lines().count() == 1,
        "{to_others:?}"
    );
    let ended = other(&["--run", "other"]).success().stderr_has(&[told]);
    assert_eq!(ended.json()["written_to_within_24_hours"], 3);
    assert_eq!(
        home.run("bulk status other").success().json()["written_to_within_24_hours"],
        3
    );
    // A run from yesterday, with a clock that was far behind, and with a clock that was ahead.
    for hours in [25, 24 * 365 * 50, -24 * 365 * 60] {
        for run in ["r", "other"] {
            age(&home, run, hours);
        }
        other(&["--dry-run", "--again"])
            .success()
            .stderr_lacks(&["in the last 24 hours"]);
    }
    let ended = other(&["--again"]).success();
    assert_eq!(ended.json()["written_to_within_24_hours"], 0);
}

#[test]
fn daily_parts_reach_each_recipient_once() {
    let home = people(14);
    let jelou = Jelou::accept_all();
    let mut sent = Vec::new();
    for day in 0..6 {
        let run = format!("day-{day}");
        let ended = send(
            &home,
            &jelou.url,
            &["--limit", "4", "--skip-sent", "--run", &run],
        )
        .success();
        sent.push(ended.json()["sent"].as_u64().unwrap());
        for earlier in 0..=day.min(3) {
            age(&home, &format!("day-{earlier}"), 24);
            age(&home, &format!("day-{earlier}"), 24);
        }
    }
    assert_eq!(sent, [4, 4, 4, 2, 0, 0]);
    assert_eq!(jelou.times(&users(0..14)), [1; 14]);
}

#[test]
fn preview_and_dry_run_check_for_duplicates() {
    let home = people(5);
    let jelou = Jelou::accept_all();
    let shown = send(&home, &jelou.url, &["--dry-run"]).success();
    assert_eq!(shown.stdout.lines().count(), 5);
    assert!(!home.path().join(STATE).exists());
    send(&home, &jelou.url, &["--limit", "2", "--run", "r"]).success();
    let kept = || {
        let files = fs::read_dir(home.path().join(STATE))
            .map(Iterator::count)
            .ok();
        (home.run("bulk list -o id").success().stdout, files)
    };
    let before = kept();
    for flags in [&["--dry-run"][..], &["--curl"], &["--preview", "9"]] {
        let told = "error: this would be refused: 2 of 5 messages were sent by run r";
        let ended = send(&home, &jelou.url, flags)
            .fails(11, &[told, "--skip-sent"])
            .stderr_lacks(&["are fine"]);
        assert!(ended.stdout.is_empty(), "{ended:?}");
        for (more, rows) in [("--skip-sent", 3), ("--again", 5)] {
            let ended = send(&home, &jelou.url, &[flags, &[more]].concat()).success();
            let shown = ended.stdout.matches(&user(0)[..8]).count();
            assert_eq!(shown, rows, "{ended:?}");
            assert!(rows == 5 || !ended.stdout.contains(&user(0)), "{ended:?}");
        }
    }
    assert_eq!(kept(), before);
    assert_eq!(jelou.requests().len(), 2);
}

#[test]
fn wrong_clock_never_causes_duplicates() {
    let home = people(6);
    let refuses_first = Jelou::start(|_, before| {
        if before == 0 {
            Act::Answer(422, "", "{}")
        } else {
            Act::Accept
        }
    });
    send(&home, &refuses_first.url, &["--run", "a", "--keep-going"]).fails(10, &[]);
    send(&home, &refuses_first.url, &["--run", "b"]).success();
    // By its own clock, the second run came first.
    age(&home, "b", 2);
    home.run("bulk resolve a --failed-as pending").success();
    home.run("bulk resume a")
        .api(&refuses_first.url)
        .fails(11, &["6 of 6 unsent messages in run a were sent by run b"]);
    assert_eq!(refuses_first.times(&users(0..6)), [1; 6]);
}

/// Runs with the clock at this time.
fn at<'a>(run: Run<'a>, library: &str, time: &str) -> Run<'a> {
    let run = run
        .env("LD_PRELOAD", library)
        .env("FAKETIME", format!("@{time}"))
        .env("TZ", "UTC");
    run.env("DONT_FAKE_MONOTONIC", "1").env("NO_FAKE_STAT", "1")
}

#[test]
fn clock_before_the_release_prevents_sending() {
    let home = people(3);
    let Some(library) = faketime() else { return };
    let url = Jelou::expect_no_requests().url;
    let told = [
        "the clock of this machine shows 1971-01-02T00:00:",
        "before this jelouctl was released (20",
        "set the clock",
    ];
    at(
        send(&home, &url, &["--run", "a"]),
        &library,
        "1971-01-02 00:00:00",
    )
    .fails(11, &told);
    send(&home, &url, &["--run", "a", "--hold"]).success();
    for words in ["bulk resume a --yes", "bulk work a"] {
        at(home.run(words).api(&url), &library, "1971-01-02 00:00:00").fails(11, &told);
    }
    assert_eq!(home.run("bulk status a").success().json()["pending"], 3);
}

#[test]
fn messages_sent_with_old_clock_are_remembered() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url, &["--run", "a"]).success();
    // A clock can be set back during a run.
    age(&home, "a", 24 * 365 * 50);
    send(&home, &jelou.url, &["--run", "b"])
        .fails(11, &["3 of 3 messages were sent by run a at 197"]);
    send(&home, &jelou.url, &["--run", "b", "--skip-sent"]).success();
    send(&home, &jelou.url, &["--run", "b", "--hold", "--again"]).success();
    home.run("bulk resume b --skip-sent --yes")
        .api(&jelou.url)
        .success();
    assert_eq!(jelou.times(&users(0..3)), [1; 3]);
    // If the look back is zero, jelouctl still asks nothing.
    send(&home, &jelou.url, &["--run", "c", "--remember", "0"]).success();
}

#[test]
fn remove_reports_messages_sent_with_old_clock() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url, &["--run", "a"]).success();
    home.change_store("UPDATE run SET changed_at = 86400000");
    for words in ["bulk remove a", "bulk remove --older-than 90d"] {
        home.run(words).fails(
            11,
            &[
                "3 messages were or may have been sent: after the removal",
                "nothing was removed: there is no terminal to ask on\n",
            ],
        );
    }
    // As the message warned, the list is refused.
    age(&home, "a", 24 * 365 * 50);
    send(&home, &jelou.url, &["--run", "b"])
        .fails(11, &["3 of 3 messages were sent by run a at 197"]);
}

#[test]
fn future_dated_run_forgets_nothing() {
    let home = people(3);
    let Some(library) = faketime() else { return };
    let jelou = Jelou::accept_all();
    at(
        send(&home, &jelou.url, &["--run", "b", "--hold"]),
        &library,
        "2038-01-01 00:00:00",
    )
    .success();
    home.change_database("UPDATE run SET created_at = 2145916800000");
    send(&home, &jelou.url, &["--run", "a", "--again"]).success();
    home.run("bulk resume b --yes")
        .api(&jelou.url)
        .fails(11, &["3 of 3 unsent messages in run b were sent by run a"]);
    assert_eq!(jelou.times(&users(0..3)), [1; 3]);
}

#[test]
fn work_compares_its_run_with_others() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url, &["--run", "b", "--hold"]).success();
    send(&home, &jelou.url, &["--run", "a", "--again"]).success();
    let told = [
        "3 of 3 unsent messages in run b were sent by run a",
        "to skip them: jelouctl bulk resume b --skip-sent",
    ];
    home.run("bulk work b").api(&jelou.url).fails(11, &told);
    assert_eq!(jelou.times(&users(0..3)), [1; 3]);
}

#[test]
fn json_field_order_does_not_change_message() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    let send = |run: &str, body: &str| {
        let path = home.write("body.json", body);
        let words = ["raw", "--body", path.to_str().unwrap()];
        home.run("bulk send people.csv --yes --rate 1000000/s --run")
            .args(&[run])
            .args(&words)
            .api(&jelou.url)
    };
    let first = r#"{"type":"X","b":{"z":1.0,"y":[{"k":1,"j":"á"}]},"a":null}"#;
    send("a", first).success();
    // The message is sent as written.
    let left = String::from_utf8(jelou.requests()[0].received.body.clone()).unwrap();
    assert!(
        left.contains(r#""type":"X","b":{"z":1.0,"y":[{"k":1,"j":"á"}]},"a":null"#),
        "{left}"
    );
    let other_order = r#"{"a":null,"b":{"y":[{"j":"\u00e1","k":1}],"z":1.0},"type":"X"}"#;
    send("b", other_order).fails(11, &["3 of 3 messages were sent by run a"]);
    assert_eq!(jelou.requests().len(), 3);
    // The order of an array matters.
    send("c", r#"{"type":"X","b":{"z":1,"y":[1,2]}}"#).success();
    send("d", r#"{"type":"X","b":{"z":1,"y":[2,1]}}"#).success();
}

#[test]
fn concurrent_resumes_do_not_send_duplicates() {
    let home = people(4);
    let jelou = Jelou::start(|_, before| match before {
        0 | 1 => Act::Answer(422, "", "{}"),
        _ => Act::Hang { accepted: true },
    });
    for run in ["a", "b"] {
        send(&home, &jelou.url, &["--run", run, "--again"]).fails(10, &[]);
        home.run(&format!("bulk resolve {run} --failed-as pending"))
            .success();
    }
    let first = home
        .process("bulk resume a --concurrency 1", &jelou.url)
        .spawn()
        .unwrap();
    jelou.wait_for(9);
    // Both runs were started with --again, so their pending rows are sent anyway.
    let ended = home
        .run("bulk resume b --skip-sent")
        .api(&jelou.url)
        .success();
    assert_eq!(ended.json()["skipped_reasons"], json!({"to_be_sent": 4}));
    assert_eq!(jelou.requests().len(), 9);
    kill(first);
}

#[test]
fn per_person_limit_sends_one_message_each() {
    let home = Home::new();
    home.write(
        "people.csv",
        format!(
            "celular,n\n{0},a\n{0},b\n{1},c\n{1},d\n525512345678,e\n5215512345678,e\n",
            user(1),
            user(2)
        ),
    );
    let jelou = Jelou::accept_all();
    let daily = |flags: &[&str]| {
        let run = home
            .run("bulk send people.csv --yes --rate 1000000/s")
            .args(flags);
        run.args(&["text", "{{ n }}"]).api(&jelou.url)
    };
    // Both forms of a number with one text are one message.
    daily(&["--skip", "4"]).fails(
        2,
        &["line 7: sends 5215512345678 the same message as line 6"],
    );
    // Every day the run sends up to the limit. A recipient with one message gets no other.
    for _ in 0..4 {
        daily(&["--one-per-recipient", "--skip-sent", "--limit", "1"]).success();
    }
    assert_eq!(
        jelou.accepted().values().copied().collect::<Vec<_>>(),
        [1; 3],
        "{:?}",
        jelou.accepted()
    );
    daily(&["--one-per-recipient", "--skip-sent"]).success();
    assert_eq!(jelou.requests().len(), 3);
}

#[test]
fn exclusions_apply_only_to_messages_to_send() {
    let home = Home::new();
    home.write("people.csv", format!("celular,n\n{0},a\n{0},b\n", user(1)));
    let jelou = Jelou::accept_all();
    let login = "bot_id = \"77\"\nclient_id = \"x\"\nclient_secret_command = [\"echo\", \"s\"]\n";
    let url = &jelou.url;
    home.config(&format!(
        "[profiles.me]\n{login}api_url = \"{url}\"\nallow_to = [\"593987654321\"]\n"
    ));
    let run = |flags: &str| {
        home.run(&format!(
            "bulk send people.csv -p me {flags} text {{{{n}}}}"
        ))
    };
    run("--one-per-recipient --preview 1").fails(
        11,
        &["2 rows: 1 is addressed to recipients that are not allowed, 1 is addressed to a recipient"],
    );
    run("--yes").fails(11, &["allow_to"]);
    assert_eq!(jelou.requests().len(), 0);
    // A test message goes to the allowed recipient, whatever the list contains.
    run("--test-to 593987654321").success();
    assert_eq!(jelou.requests().len(), 1);
}

#[test]
fn relative_home_directories_are_refused() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url, &[]).success();
    // The configuration there may have safety checks.
    let elsewhere = send(&home, &jelou.url, &[]).env("XDG_CONFIG_HOME", "rel");
    elsewhere.fails(
        3,
        &[
            "cannot find the configuration: `XDG_CONFIG_HOME` is not an absolute path",
            "hint: to use another file: --config FILE\n",
        ],
    );
    for (variable, problem) in [
        ("XDG_STATE_HOME", "`XDG_STATE_HOME` is not an absolute path"),
        (
            "HOME",
            "neither `XDG_STATE_HOME` nor `HOME` is an absolute path",
        ),
    ] {
        let elsewhere = send(&home, &jelou.url, &[]).env(variable, "rel");
        elsewhere.fails(12, &[problem, "nothing was sent"]);
    }
    assert_eq!(jelou.requests().len(), 3);
}

#[test]
fn unfinished_run_with_the_same_recipients_warns() {
    let home = people(5);
    let refusing = Jelou::start(|_, _| Act::Answer(401, "", "{}"));
    send(&home, &refusing.url, &["--run", "first"]).fails(4, &["run paused"]);
    home.write("people.csv", list(&users(3..9)));
    let told = "warning: 2 of these recipients still have unsent messages in unfinished runs\nhint: to see them: jelouctl bulk list\n";
    for flags in ["--preview 1", "--dry-run", ""] {
        let words = format!("bulk send people.csv --yes --rate 1000000/s {flags} text Otro");
        let ended = home.run(&words).api(&refusing.url).end();
        assert!(ended.stderr.contains(told), "{flags}: {ended:?}");
    }
    home.write("people.csv", list(&users(17..19)));
    home.run("bulk send people.csv --yes --preview 1 text Mas")
        .api(&refusing.url)
        .success()
        .stderr_lacks(&["still have unsent"]);
}
