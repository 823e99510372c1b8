//! `--once KEY`: each recipient gets at most one message with a key, even if the sending processes fail. The server's
//! own count proves it.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::bulk_run::signal;
use crate::bulk_server::{Act, Jelou};
use crate::exclusions::SPELLINGS;
use crate::harness::{
    CommandOutput, Home, Run, STATE, faketime, kill, test_with_both_ledgers, tool, wait_until,
};
#[cfg(target_os = "linux")]
use crate::harness::{can_trace, with_fault};
use crate::server::{Reply, Server};
use crate::shared_chaos::Proxy;
use crate::terminal::Terminal;

const ANA: &str = "593987654321";

test_with_both_ledgers! {
    ten_processes_send_one_message,
    killed_send_is_unknown_until_resolved,
    keys_are_listed_shown_and_removed,
    once_remove_keeps_sends_made_during_the_prompt,
}

trait Sending {
    fn send(&self, jelou: &Jelou, words: &str) -> Run<'_>;
}

impl Sending for Home {
    fn send(&self, jelou: &Jelou, words: &str) -> Run<'_> {
        self.run(&format!("send text --to {ANA} --retry-for 0 {words}"))
            .api(&jelou.url)
    }
}

fn sent_to_ana(jelou: &Jelou) -> usize {
    jelou.accepted().get(ANA).copied().unwrap_or_default()
}

fn times(ended: &CommandOutput) -> usize {
    ended.stderr.matches("note: already sent to ").count()
}

#[test]
fn second_send_with_key_replays_the_first() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let first = home
        .send(&jelou, "--once november Hola -o record")
        .success()
        .json();
    assert_eq!(
        (first["sent"].as_str(), first.get("replayed")),
        (Some("yes"), None)
    );
    let id = first["message_id"].as_str().unwrap();

    let same = home
        .send(&jelou, "--once november Hola -o record")
        .success();
    let record = same.json();
    assert_eq!(
        (record["sent"].as_str(), record["replayed"].as_bool()),
        (Some("yes"), Some(true))
    );
    assert_eq!(
        (record["message_id"].as_str(), record["attempts"].as_u64()),
        (Some(id), Some(0))
    );
    assert!(same.stderr.contains(": nothing is sent"), "{}", same.stderr);
    assert_eq!(first.get("once"), None);
    let key = |every: &str| {
        let line = format!("--once november {every} Hola -o record");
        home.send(&jelou, &line).success().json()["once"].clone()
    };
    let shown = || {
        let line = format!("once show november --to {ANA} -o record");
        home.run(&line).api(&jelou.url).success().json()
    };
    let forever = key("");
    assert_eq!(
        forever,
        json!({ "key": "november", "at": shown()["at"], "until": null })
    );
    let for_an_hour = key("--every 1h");
    assert!(for_an_hour["until"].is_string(), "{for_an_hour}");
    let shown = shown();
    assert_eq!(
        for_an_hour,
        json!({ "key": "november", "at": shown["at"], "until": shown["until"] })
    );
    let other = home
        .send(&jelou, "--once november Adiós")
        .success()
        .stderr_has(&[": nothing is sent"]);
    assert_eq!(
        other.json(),
        json!({ "success": true, "messageId": id, "replayed": true })
    );
    assert_eq!(
        home.send(&jelou, "--once november Adiós -o id")
            .success()
            .stdout,
        format!("{id}\n")
    );
    assert_eq!(sent_to_ana(&jelou), 1);

    // With another key, and without a key.
    assert_eq!(
        times(&home.send(&jelou, "--once december Hola").success()),
        0
    );
    home.send(&jelou, "Hola").success();
    assert_eq!(sent_to_ana(&jelou), 3);
}

#[test]
fn key_matches_every_number_format_in_bodies() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.send(&jelou, "--once k Hola").success();
    // A body with the prefix of an id is refused anyway.
    let in_bodies = SPELLINGS
        .iter()
        .filter(|spelling| !spelling.starts_with("id:"));
    for spelling in in_bodies {
        let text = json!({"text": "x", "userId": spelling});
        let template = json!({"elementName": "x", "destinations": [spelling]});
        for (command, body) in [
            ("send text", &text),
            ("send raw", &text),
            ("send template", &template),
        ] {
            home.write("body.json", body.to_string());
            let ended = home
                .run(&format!("{command} --body body.json --once k"))
                .api(&jelou.url)
                .end();
            let is_replay = ended.code == 0 && times(&ended) == 1;
            assert!(is_replay || ended.code == 11, "{spelling}: {ended:?}");
        }
    }
    assert_eq!(jelou.requests().len(), 1);
}

#[test]
fn address_spellings_share_one_once_key() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.send(&jelou, "--once k Hola").success();
    home.write("people.csv", format!("to\n{ANA}\n"));
    let port = jelou.url.rsplit(':').next().unwrap();
    for host in ["localhost", "LOCALHOST.", "[::1]"] {
        let url = format!("http://{host}:{port}/");
        let single = home
            .run(&format!("send text --to {ANA} --once k Hola"))
            .api(&url)
            .success();
        assert_eq!(times(&single), 1, "{host}");
        let list = home
            .run("bulk send people.csv --yes --once k text Hola")
            .api(&url)
            .success()
            .json();
        assert_eq!(list["skipped_reasons"]["already_sent"], 1, "{host}: {list}");
        let shown = home.run("once show k -o record").api(&url).success().json();
        assert_eq!(
            shown["api_url"].as_str(),
            Some(jelou.url.as_str()),
            "{host}"
        );
    }
    let other_bot = home
        .send(&jelou, "--once k Hola")
        .env("JELOU_BOT_ID", "077");
    other_bot.fails(
        3,
        &["JELOU_BOT_ID: `077` cannot be a bot id: it starts with 0"],
    );
    assert_eq!(jelou.requests().len(), 1);
}

#[test]
fn rejected_message_is_resent_but_unknown_is_not() {
    let jelou = Jelou::start(|_, before| match before {
        0 => Act::Answer(422, "", "{\"code\":\"E0422\"}"),
        1 => Act::RATE_LIMIT,
        _ => Act::Hang { accepted: true },
    });
    let home = Home::new();
    home.send(&jelou, "--once k Hola").fails(5, &[]);
    home.send(&jelou, "--once k Hola").fails(6, &[]);
    home.send(&jelou, "--once k Hola --timeout 300ms")
        .fails(8, &["it may have been sent"]);
    let told = home.send(&jelou, "--once k Hola -o record").fails(
        8,
        &[
            "may have got a message with the key k, at ",
            "jelouctl once resolve k --to +593987654321 --as STATE",
        ],
    );
    assert_eq!(
        (
            told.json()["sent"].as_str(),
            told.json()["attempts"].as_u64()
        ),
        (Some("unknown"), Some(0))
    );
    assert_eq!((sent_to_ana(&jelou), jelou.requests().len()), (1, 3));

    home.run(&format!("once resolve k --to {ANA} --as sent"))
        .success();
    assert_eq!(times(&home.send(&jelou, "--once k Hola").success()), 1);
    home.run(&format!("once resolve k --to {ANA} --as failed"))
        .fails(2, &["is not unknown: its state is"]);
    assert_eq!(jelou.requests().len(), 3);
}

/// Starts a send with the key k.
fn start(home: &Home, jelou: &Jelou) -> std::process::Child {
    let words = format!("send text --to {ANA} --once k --timeout 60s Hola");
    home.process(&words, &jelou.url).spawn().unwrap()
}

#[test]
fn send_in_flight_blocks_others_with_its_key() {
    let (jelou, arrived, release) = Jelou::hold_responses();
    let home = Home::new();
    let mut first = start(&home, &jelou);
    arrived.recv().unwrap();
    home.send(&jelou, "--once k Hola")
        .fails(11, &["another process is sending", "nothing was sent"]);
    home.run(&format!("once remove k --to {ANA} --yes"))
        .fails(11, &["another process is sending"]);
    release.send(()).unwrap();
    assert!(first.wait().unwrap().success());
    assert_eq!(times(&home.send(&jelou, "--once k Hola").success()), 1);
    assert_eq!(sent_to_ana(&jelou), 1);
}

#[test]
fn ten_processes_send_one_message() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let send = || home.send(&jelou, "--once k Hola").end().code;
        let all: Vec<_> = (0..10).map(|_| scope.spawn(send)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(
        codes.contains(&0) && codes.iter().all(|code| [0, 11].contains(code)),
        "{codes:?}"
    );
    assert_eq!(sent_to_ana(&jelou), 1);
}

#[test]
fn killed_send_is_unknown_until_resolved() {
    let (held, arrived, release) = Jelou::hold_responses();
    let home = Home::new();
    let killed = start(&home, &held);
    arrived.recv().unwrap();
    kill(killed);
    home.end_leases();
    let mut told = None;
    wait_until("the send is known to be gone", || {
        let ended = home.send(&held, "--once k Hola").end();
        let is_gone = ended.code != 11;
        told = Some(ended);
        is_gone
    });
    let told = told.unwrap();
    assert!(
        told.code == 8
            && told
                .stderr
                .contains("may have got a message with the key k"),
        "{told:?}"
    );
    assert_eq!(
        home.run("once show k -o record").success().json()["unknown"],
        1
    );
    home.run(&format!("once resolve k --to {ANA} --as failed"))
        .success();
    release.send(()).unwrap();
    release.send(()).unwrap();
    assert_eq!(times(&home.send(&held, "--once k Hola").success()), 0);
    assert_eq!(held.requests().len(), 2);
}

#[test]
fn single_preview_reserves_no_recipient() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    for flag in ["--dry-run", "--curl"] {
        assert_eq!(
            home.send(&jelou, &format!("--once k Hola {flag}"))
                .success()
                .stderr,
            ""
        );
    }
    home.run("once list").success();
    assert!(!home.path().join(STATE).join("state.db").exists());
    home.send(&jelou, "--once k Hola").success();
    assert_eq!(
        home.send(&jelou, "--once k Hola --dry-run")
            .success()
            .json()["dry_run"],
        json!(true)
    );
    assert_eq!(sent_to_ana(&jelou), 1);
}

#[test]
fn replayed_notification_still_runs_the_command() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    for turn in 0..2 {
        let run = home
            .run(&format!("run --to {ANA} --once build-7 -- touch ran"))
            .api(&jelou.url)
            .success();
        assert_eq!(times(&run), turn);
        std::fs::remove_file(home.path().join("ran")).unwrap();
    }
    assert_eq!(sent_to_ana(&jelou), 1);
}

/// Returns the `once` of each line in the audit log.
fn checks(home: &Home) -> Vec<Value> {
    let log = home.read("log");
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| line["once"].clone()).collect()
}

#[test]
fn notification_is_sent_unchecked_without_a_ledger() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.write(&format!("{STATE}/state.db"), "no store");
    let run = |flags: &str| {
        home.run(&format!("run --to {ANA} --once k {flags} -- true"))
            .env("JELOUCTL_LOG", "log")
            .api(&jelou.url)
    };
    let told = ["cannot check the key k, ", "may arrive twice"];
    for replayed in 0..2 {
        let ended = run("--strict-notify").success().stderr_has(&told);
        assert_eq!((sent_to_ana(&jelou), times(&ended)), (1, replayed));
    }
    assert_eq!(checks(&home), ["unchecked"; 2]);
    let refused = ["the notification was not sent: ", "is damaged"];
    run("--once-strict --strict-notify").fails(3, &refused);
    run("--once-strict").success().stderr_has(&refused);
    assert_eq!(sent_to_ana(&jelou), 1);
    home.run(&format!("run --to {ANA} --once-strict -- true"))
        .api(&jelou.url)
        .fails(2, &["--once"]);
}

#[test]
fn lost_database_is_replaced_by_own_ledger() {
    const AWAY: &str = "postgres://jelouctl@127.0.0.1:1/x?sslmode=disable";
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let eva = "593987654323";
    let run = |flags: &str| {
        home.run(&format!(
            "run --to {ANA} --to {eva} --once k {flags} --notify-timeout 10s --strict-notify -- true"
        ))
        .env("JELOUCTL_LOG", "log")
        .env("JELOUCTL_LEDGER", AWAY)
        .api(&jelou.url)
    };
    for _ in 0..2 {
        run("--every 1h")
            .success()
            .stderr_has(&["in the shared ledger, so this notification may arrive twice: "]);
        assert_eq!((sent_to_ana(&jelou), jelou.accepted()[eva]), (1, 1));
    }
    assert_eq!(checks(&home), ["local"; 4]);
    run("--every 1h --once-strict").fails(7, &["is not available"]);
    // Only a command that continues a run has this hint.
    let on_database = |line: &str| home.run(line).env("JELOUCTL_LEDGER", AWAY).api(&jelou.url);
    for (line, code) in [("once list", 7), ("bulk stop r", 12)] {
        on_database(line)
            .fails(code, &["is not available"])
            .stderr_lacks(&["bulk work"]);
    }
    on_database("bulk resume r").fails(12, &["then continue the run: jelouctl bulk work"]);
    // If the local ledger cannot be used either, the alert is sent unchecked.
    home.write(&format!("{STATE}/state.db"), "no store");
    run("--every 1h")
        .success()
        .stderr_has(&["so the notification may arrive twice, unless"]);
    assert_eq!((sent_to_ana(&jelou), jelou.accepted()[eva]), (2, 2));
    home.send(&jelou, "--once k Hola")
        .env("JELOUCTL_LEDGER", AWAY)
        .fails(7, &["nothing was sent"]);
}

#[test]
#[cfg(target_os = "linux")]
fn message_is_repeated_after_its_time() {
    let Some(faketime) = faketime() else { return };
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.write("people.csv", format!("to\n{ANA}\n"));
    let at = |clock: &str, line: &str| {
        home.run(line)
            .env("LD_PRELOAD", &faketime)
            .env("FAKETIME", clock)
            .api(&jelou.url)
            .end()
    };
    let single = format!("send text --to {ANA} --once k --every 1h Hola");
    let list = "bulk send people.csv --once k --every 1h --yes text Hola";
    let notification = format!("run --to {ANA} --once k --every 1h -- true");
    let expect = |clock: &str, line: &str, count: usize| {
        let ended = at(clock, line);
        assert_eq!(
            (ended.code, sent_to_ana(&jelou)),
            (0, count),
            "{clock} {line}: {ended:?}"
        );
        ended
    };
    expect("+0", &single, 1);
    expect("+59m", &single, 1).stderr_has(&["nothing is sent until "]);
    expect("+59m", list, 1);
    expect("+59m", &notification, 1);
    expect("+61m", &notification, 2);
    expect("+100m", list, 2);
    expect("+130m", list, 3);
    expect("+150m", &single, 3);
    expect("+200m", &single, 4);
    // If the clock is set back, no recipient gets a duplicate, and the next message is sent after an hour.
    expect("-1d", &single, 4);
    expect("-1410m", &single, 4);
    expect("-1370m", &single, 5);
    // Without --every the key counts forever.
    let forever = format!("send text --to {ANA} --once k Hola");
    let differs = ["the last command with --once k had --every 1h; this one has no --every"];
    expect("+9d", &forever, 5).stderr_has(&differs);
    expect("+9d", &forever, 5).stderr_lacks(&differs);
    let shown = home
        .run(&format!("once show k --to {ANA} -o record"))
        .api(&jelou.url)
        .success()
        .json();
    assert_eq!(shown["until"], Value::Null);
    expect("+9d", &single, 6);
    let listed = home.run("once list -o record").success().json();
    let until = listed["until"].as_str().unwrap();
    assert!(until > listed["changed_at"].as_str().unwrap(), "{listed}");
}

#[test]
fn unknown_message_counts_for_its_time() {
    let (home, jelou) = (Home::new(), Jelou::start(|_, _| Act::AcceptAndFail));
    home.send(&jelou, "--once k --every 1m Hola").fails(8, &[]);
    home.send(&jelou, "--once k --every 1m Hola")
        .fails(8, &["may have got a message"]);
    assert_eq!(jelou.requests().len(), 1);
}

#[test]
fn unknown_key_of_own_ledger_is_resolved_locally() {
    let (home, jelou) = (Home::new(), Jelou::start(|_, _| Act::AcceptAndFail));
    let on_database = |line: &str| {
        home.run(line)
            .env(
                "JELOUCTL_LEDGER",
                "postgres://jelouctl@127.0.0.1:1/x?sslmode=disable",
            )
            .api(&jelou.url)
    };
    let notify = format!("run --to {ANA} --once k --notify-timeout 1s --strict-notify -- true");
    on_database(&notify).fails(8, &["the notification may have been sent"]);
    let hint = format!("jelouctl once resolve k --ledger local --to +{ANA} --as STATE");
    on_database(&notify).fails(8, &[&hint]);
    on_database(&format!(
        "once resolve k --ledger local --to +{ANA} --as sent"
    ))
    .success();
    let told = format!("note: already sent to {ANA} with the key k");
    on_database(&notify).success().stderr_has(&[&told]);
    assert_eq!(jelou.requests().len(), 1);
    on_database("once list --ledger=").fails(3, &["--ledger: its value is empty"]);
}

#[test]
fn recorded_key_of_unwritable_ledger_is_skipped() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let notify = |to: &str| {
        home.run(&format!(
            "run --to {to} --once k --every 1h --strict-notify -- true"
        ))
        .api(&jelou.url)
        .success()
    };
    notify(ANA);
    let processes = home.path().join(STATE).join("processes");
    std::fs::remove_dir_all(&processes).unwrap();
    home.write(&format!("{STATE}/processes"), "");
    notify(ANA)
        .stderr_has(&["note: already sent to "])
        .stderr_lacks(&["unchecked"]);
    assert_eq!(sent_to_ana(&jelou), 1);
    let eva = "593987654323";
    notify(eva).stderr_has(&["so the notification may arrive twice, unless"]);
    assert_eq!(jelou.accepted()[eva], 1);
    // A recipient without an entry does not hide the entries of the others, in any order.
    let luis = "593987654322";
    let bob = "593987654324";
    for to in [
        format!("{luis} --to {ANA}"),
        format!("{ANA} --to {bob}"),
        format!("{luis} --to {ANA} --to {eva} --to {bob}"),
    ] {
        let ended = notify(&to);
        assert_eq!(
            ended
                .stderr
                .matches("so the notification may arrive twice, unless")
                .count(),
            1,
            "{ended:?}"
        );
        ended.stderr_has(&[&format!("note: already sent to {ANA} ")]);
        assert_eq!(sent_to_ana(&jelou), 1, "{to}");
    }
    assert!(jelou.accepted().values().all(|count| *count == 1));
    // The audit log tells how each key was checked.
    home.run(&format!(
        "run --to 593987654325 --to {ANA} --once k --every 1h -- true"
    ))
    .env("JELOUCTL_LOG", "log")
    .api(&jelou.url)
    .success();
    assert_eq!(checks(&home), ["unchecked", "local"]);
    home.send(&jelou, "--once k Hola")
        .fails(3, &["nothing was sent"]);
}

#[test]
fn killed_send_over_database_names_its_end() {
    let Some(cluster) = crate::postgres::Cluster::shared() else {
        return;
    };
    let (jelou, arrived, release) = Jelou::hold_responses();
    let home = Home::new().on(cluster.ledger());
    let killed = start(&home, &jelou);
    arrived.recv().unwrap();
    kill(killed);
    home.send(&jelou, "--once k Hola").fails(
        11,
        &[
            "or was killed; if it was killed, its message counts as unknown at 20",
            "hint: try again at 20",
            "jelouctl once resolve k --to +593987654321 --as STATE",
        ],
    );
    // The hints act for the same bot.
    home.send(&jelou, "--once k Hola --bot BOT-ID").fails(
        11,
        &["jelouctl once resolve k --bot BOT-ID --to +593987654321 --as STATE"],
    );
    home.run(&format!("once remove k --to {ANA} --bot BOT-ID --yes"))
        .api(&jelou.url)
        .fails(
            11,
            &["jelouctl once resolve k --bot BOT-ID --to +593987654321 --as STATE"],
        );
    release.send(()).unwrap();
}

#[test]
fn invalid_every_is_refused() {
    let (home, server) = (Home::new(), Server::expect_no_requests());
    home.write("people.csv", format!("to\n{ANA}\n"));
    let single = format!("send text --to {ANA} Hola");
    for line in [&single, &format!("run --to {ANA}"), "bulk send people.csv"] {
        for (flags, problem) in [
            ("--every 1h", "--once"),
            ("--once k --every 0", "1m to 366d"),
            ("--once k --every 59s", "1m to 366d"),
            ("--once k --every -1h", "1m to 366d"),
            ("--once k --every 367d", "1m to 366d"),
        ] {
            let end = match line.split(' ').next() {
                Some("run") => "-- true",
                Some("bulk") => "--yes text Hola",
                _ => "",
            };
            home.run(&format!("{line} {flags} {end}"))
                .api(&server.url)
                .fails(2, &[problem]);
        }
    }
}

#[test]
fn dry_run_names_skipped_recipients() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.send(&jelou, "--once k Hola").success();
    let to = format!("--to {ANA} --to 593987654322 --once k --dry-run");
    for line in [format!("send text {to} Hola"), format!("run {to} -- true")] {
        let ended = home.run(&line).api(&jelou.url).success();
        assert_eq!(ended.rows().len(), 2);
        let skipped = format!("{ANA} would be skipped: the state with key k is \"sent\"");
        ended
            .stderr_has(&[&skipped])
            .stderr_lacks(&["593987654322 would"]);
    }
    assert_eq!(jelou.requests().len(), 1);
}

#[test]
fn run_describes_its_own_flags() {
    let help = Home::new().run("run --help").success().stdout;
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "The exit code is the command's. With --strict-notify, it is 8",
        "With --once-strict, it sends nothing instead",
        "With --strict-notify, it is 15",
    ] {
        assert!(words.contains(part), "{part}");
    }
    for untrue in ["exits with 0", "prints the id of the first message"] {
        assert!(!words.contains(untrue), "{untrue}");
    }
}

#[test]
fn keys_are_listed_shown_and_removed() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    assert!(
        home.run("once list")
            .success()
            .stderr
            .contains("there are no keys")
    );
    home.run("once show k").fails(
        2,
        &[
            "no message has the key k",
            "to list the keys: jelouctl once list",
        ],
    );
    home.send(&jelou, "--once k Hola").success();
    let listed = home.run("once list -o record").success().json();
    assert_eq!(
        (
            listed["key"].as_str(),
            listed["bot_id"].as_str(),
            listed["sent"].as_u64()
        ),
        (Some("k"), Some("BOT-ID"), Some(1))
    );
    // The spelling of the number does not matter.
    let shown = home
        .run("once show k --to '+593 98 765 4321' -o record")
        .success()
        .json();
    assert_eq!(shown["state"], "sent");
    home.run("once show k --to 593987654322").success();
    home.run("once remove k --to 593987654322 --yes")
        .fails(2, &["593987654322 has no message with the key k"]);
    home.run("once remove k").fails(
        11,
        &["there is no terminal to ask on", "to answer yes: --yes"],
    );
    home.run("once remove k --yes").success();
    home.run("once show k")
        .fails(2, &["no message has the key k"]);
    assert_eq!(times(&home.send(&jelou, "--once k Hola").success()), 0);
    assert_eq!(sent_to_ana(&jelou), 2);
}

#[test]
fn key_lookup_uses_the_profile_country() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.profile("co", &jelou.url, "country = \"CO\"");
    let to = "--profile co --to 3212345678";
    home.run(&format!("send text Hola --once k {to}")).success();
    let shown = home.run(&format!("once show k {to} -o record")).success();
    assert_eq!(shown.json()["state"], "sent", "{shown:?}");
    home.run(&format!("once resolve k {to} --as failed")).fails(
        2,
        &["the message of 573212345678 with key k is not unknown: its state is \"sent\""],
    );
    // A flag wins over the profile.
    home.run(&format!("once remove k {to} --country MX --yes"))
        .fails(2, &["523212345678 has no message with the key k"]);
    home.run(&format!("once remove k {to} --yes")).success();
}

/// The database stops responding after Jelou got the message.
#[test]
#[cfg(target_os = "linux")]
fn stalled_database_delays_accepted_messages_only_briefly() {
    let Some(cluster) = crate::postgres::Cluster::shared() else {
        return;
    };
    let database = cluster.database();
    let end = |words: &str, is_signalled: bool| {
        let proxy = Proxy::start(cluster.socket());
        let way = proxy.way();
        let jelou = Jelou::start(move |_, _| {
            way.stall(true);
            Act::Accept
        });
        let home = Home::new();
        let through = format!("postgres://app@127.0.0.1:{}/{database}", proxy.port);
        let mut command = home.process(words, &jelou.url);
        let mut child = command
            .env("JELOUCTL_LEDGER", through)
            .env("JELOUCTL_LOG", "log")
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut told = String::new();
        while stderr.read_line(&mut told).unwrap() > 0 && !told.contains("cannot save the outcome")
        {
        }
        let begun = Instant::now();
        if is_signalled {
            signal(&child, Signal::TERM);
        }
        stderr.read_to_string(&mut told).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{told}");
        assert!(
            told.contains("so it is in flight until its lease ends"),
            "{told}"
        );
        let log: Value = serde_json::from_str(&home.read("log")).unwrap();
        assert_eq!(
            (log["sent"].as_str(), log["exit_code"].as_i64()),
            (Some("yes"), Some(0))
        );
        proxy.way().stall(false);
        begun.elapsed()
    };
    let send = format!("send text --to {ANA} Hola --once");
    std::thread::scope(|scope| {
        let patient = scope.spawn(|| end(&format!("{send} patient"), false));
        let interrupted = scope.spawn(|| end(&format!("{send} interrupted"), true));
        let notification = scope.spawn(|| {
            end(
                &format!("run --to {ANA} --strict-notify --once notification -- true"),
                true,
            )
        });
        assert!(patient.join().unwrap() < Duration::from_secs(10));
        assert!(interrupted.join().unwrap() < Duration::from_secs(2));
        assert!(notification.join().unwrap() < Duration::from_secs(6));
    });
}

#[test]
#[cfg(target_os = "linux")]
fn notification_waits_for_a_restarting_database() {
    if crate::postgres::Cluster::shared().is_none() {
        return;
    }
    let (cluster, home, jelou) = (
        crate::postgres::Cluster::start(""),
        Home::new(),
        Jelou::accept_all(),
    );
    let words = format!("run --to {ANA} --strict-notify --once k --");
    let notification = home.run(&words).args(&[
        "sh",
        "-c",
        "touch ran; until [ -e away ]; do sleep 0.05; done",
    ]);
    let notification = notification
        .api(&jelou.url)
        .env("JELOUCTL_LEDGER", cluster.ledger());
    std::thread::scope(|scope| {
        let ended = scope.spawn(|| notification.success());
        wait_until("the command runs", || home.path().join("ran").exists());
        cluster.stop();
        home.write("away", "");
        // Within this time, the command has tried once.
        std::thread::sleep(Duration::from_secs(1));
        assert!(!ended.is_finished());
        cluster.start_again();
        ended.join().unwrap();
    });
    assert_eq!(sent_to_ana(&jelou), 1);
}

#[test]
fn once_key_applies_to_one_bot() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.send(&jelou, "--once k Hola").success();
    home.send(&jelou, "--once k Hola --bot OTHER").success();
    assert_eq!(sent_to_ana(&jelou), 2);
    home.run(&format!("once resolve k --to {ANA} --as sent"))
        .fails(2, &["several bots have used the key k", "--bot"]);
    home.run("once show k --bot THIRD")
        .fails(2, &["bot THIRD has no message with the key k", "BOT-ID at"]);
    home.run("once show k --bot OTHER").success();
}

#[test]
fn key_changes_affect_only_the_sending_bot() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.send(&jelou, "--once k Hola --bot 78").success();
    let forget = "once remove k --yes";
    let told = [
        "bot 77 has no message with the key k",
        "the key belongs to 78 at ",
        "--bot",
    ];
    home.run(forget).env("JELOU_BOT_ID", "77").fails(2, &told);
    for rehearsal in [
        "--dry-run once remove k",
        "--curl once remove k",
        "--sandbox once remove k",
    ] {
        home.run(&format!("{rehearsal} --yes"))
            .fails(2, &["would change"]);
    }
    home.run(&format!("--dry-run once resolve k --to {ANA} --as failed"))
        .fails(2, &["would change"]);
    home.run("--sandbox once add k --run r")
        .fails(2, &["would change"]);
    assert_eq!(
        home.run("once show k -o record").success().json()["sent"],
        1
    );
    home.run(forget).env("JELOU_BOT_ID", "78").success();
    home.run("once show k")
        .fails(2, &["no message has the key k"]);
}

#[test]
fn once_remove_keeps_sends_made_during_the_prompt() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.send(&jelou, "--once k Hola").success();
    let mut terminal = Terminal::plain(&home, &["once", "forget", "k"]);
    terminal.wait_for("Remove 1 recipient from the key k");
    home.run("send text --to 593987654322 Hola --once k")
        .api(&jelou.url)
        .success();
    let (code, screen) = terminal.end_with("y");
    assert!(
        code == 2 && screen.contains("changed before the answer; nothing was removed"),
        "{screen}"
    );
    assert_eq!(home.run("once list -o record").success().json()["sent"], 2);
    home.run("once remove k --yes")
        .success()
        .stderr_has(&["2 recipients can get a message again"]);
}

#[test]
fn audit_log_distinguishes_replays_from_messages() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    for _ in 0..2 {
        home.send(&jelou, "--once k Hola")
            .env("JELOUCTL_LOG", "log")
            .success();
    }
    home.run("once remove k --yes")
        .env("JELOUCTL_LOG", "log")
        .success();
    let lines = home.read("log");
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |name: &str| {
        lines
            .iter()
            .map(|line| line[name].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(json!(of("event")), json!(["message", "message", "key"]));
    assert_eq!(json!(of("replayed")), json!([false, true, null]));
    assert_eq!(json!(of("command")), json!(["send", "send", "once remove"]));
    let decided = ["key", "bot_id", "people", "to"].map(|name| lines[2][name].clone());
    assert_eq!(json!(decided), json!(["k", "BOT-ID", 1, null]));
}

#[test]
fn once_key_never_expires() {
    let Some(library) = faketime() else { return };
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.send(&jelou, "--once k Hola").success();
    let years_later = home
        .send(&jelou, "--once k Adiós")
        .env("LD_PRELOAD", library)
        .env("FAKETIME", "+3y")
        .success();
    assert_eq!((times(&years_later), sent_to_ana(&jelou)), (1, 1));
}

#[test]
fn invalid_key_is_refused() {
    let (home, server) = (Home::new(), Server::expect_no_requests());
    let long = "x".repeat(200);
    for (key, problem) in [
        ("", "the key is empty"),
        ("   ", "a key cannot begin or end with a space"),
        (
            "a\nb",
            "a key can only have visible characters and spaces; character 2 is neither",
        ),
        (
            long.as_str(),
            "the key has 200 characters; the limit is 100",
        ),
    ] {
        let send = ["send", "text", "--to", ANA, "Hola", "--once", key];
        home.run_args(&send)
            .api(&server.url)
            .fails(2, &[problem, "--once"]);
    }
    let again = "send text --to 593987654321 Hola --once k --again";
    home.run(again).api(&server.url).fails(2, &["--again"]);
}

#[test]
fn unusable_ledger_stops_the_send() {
    let (home, server) = (Home::new(), Server::expect_no_requests());
    let send = |home: &Home, parts: &[&str]| {
        home.run(&format!("send text --to {ANA} Hola --once k"))
            .api(&server.url)
            .fails(3, parts);
    };
    let store = format!("{STATE}/state.db");
    for content in [&b"no store"[..], &[1; 4096]] {
        home.write(&store, content);
        send(&home, &["damaged", "nothing was sent"]);
    }
    std::fs::remove_file(home.path().join(&store)).unwrap();
    std::fs::create_dir(home.path().join(&store)).unwrap();
    send(&home, &["state.db is not a regular file"]);
    std::fs::remove_dir(home.path().join(&store)).unwrap();
    // A pipe in place of the lock file does not block the command.
    let beside = home.path().join(format!("{store}-write"));
    std::fs::remove_file(&beside).unwrap();
    tool(std::process::Command::new("mkfifo").arg(&beside));
    send(
        &home,
        &["state.db-write is not a regular file\nhint: move it away\n"],
    );

    let no_place = home
        .run(&format!("send text --to {ANA} Hola --once k"))
        .api(&server.url);
    no_place.env("XDG_STATE_HOME", "/dev/null/x").fails(
        3,
        &["failed to create", "XDG_STATE_HOME", "nothing was sent"],
    );
}

#[test]
fn once_warns_on_ci_and_in_sandbox() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let told = home
        .send(&jelou, "--once k Hola")
        .env("CI", "true")
        .success();
    assert!(
        told.stderr
            .contains("warning: the key is lost with this machine: CI is set"),
        "{told:?}"
    );
    let kept = home.path().join("kept");
    home.send(&jelou, "--once k Hola")
        .env("CI", "true")
        .env("XDG_STATE_HOME", &kept)
        .success()
        .stderr_lacks(&["warning"]);
    let told = home
        .run(&format!("send text --to {ANA} Hola --once k --sandbox"))
        .success();
    assert!(
        told.stderr.contains("this sandbox does not save keys"),
        "{told:?}"
    );
    home.run("--sandbox once remove k --yes").fails(
        2,
        &[
            "this sandbox has no keys",
            "hint: to try keys: jelouctl sandbox -- COMMAND\n",
        ],
    );
}

#[test]
fn ledger_is_private_and_contains_no_numbers() {
    use std::os::unix::fs::PermissionsExt;

    let (home, server) = (Home::new(), Server::answering(Reply::accepted()));
    home.run(&format!("send text --to {ANA} --once november Hola"))
        .api(&server.url)
        .success();
    let path = home.path().join(STATE).join("state.db");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let content = std::fs::read(&path).unwrap();
    let has = |text: &str| {
        content
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(has("november") && !has(ANA) && !has("Hola"));
}

#[test]
fn single_send_reports_ledger_wait_until_signal() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.send(&jelou, "Hola --once before").success();
    let lock = std::fs::File::open(home.path().join(STATE).join("state.db-write")).unwrap();
    lock.lock().unwrap();
    let mut child = start(&home, &jelou);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    stderr.read_line(&mut told).unwrap();
    assert!(
        told.contains("waiting for another process that writes to the ledger"),
        "{told}"
    );
    signal(&child, Signal::TERM);
    stderr.read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143), "{told}");
    assert!(told.contains("nothing was sent"), "{told}");
    assert_eq!(sent_to_ana(&jelou), 1);
}

/// Repeats the send of a killed process. No recipient gets a duplicate, and no recipient who got the message is
/// reported as "not sent".
fn check_after_kill(home: &Home, jelou: &Jelou, to: &str, what: &str) -> i32 {
    let sent_to = || jelou.accepted().get(to).copied().unwrap_or_default();
    let before = sent_to();
    let ended = home
        .run(&format!("send text --to {to} --once k Hola -o record"))
        .api(&jelou.url)
        .end();
    assert!([0, 8].contains(&ended.code), "{what}: {ended:?}");
    let sent = ended.json()["sent"].clone();
    assert!(
        sent == "yes" || sent == "unknown",
        "{what}: who may have got it is told {sent}"
    );
    assert!(sent_to() <= 1, "{what}: sent twice");
    assert!(
        before == 0 || ended.code == 8 || times(&ended) == 1,
        "{what}: {ended:?}"
    );
    ended.code
}

/// Kills a send at some of the system calls that create the ledger, reserve the recipient and save the outcome.
#[test]
#[cfg(target_os = "linux")]
fn send_killed_at_ledger_writes_sends_once() {
    kill_at_calls(&[1, 2, 3, 5, 8, 13, 21, 34, 55], 12);
}

/// `cargo test --release --test cli -- --ignored send_killed_at_every`: some minutes.
#[test]
#[ignore = "takes minutes; CONTRIBUTING.md says when to run it"]
#[cfg(target_os = "linux")]
fn send_killed_at_every_ledger_write_sends_once() {
    kill_at_calls(&(1..=80).collect::<Vec<_>>(), 60);
}

/// Kills a send at each of these calls of each kind, until a send ends without another call. More than `least` sends
/// must be killed.
#[cfg(target_os = "linux")]
fn kill_at_calls(places: &[usize], least: u32) {
    if !can_trace() {
        return;
    }
    let (jelou, mut kills, mut turns) = (Jelou::accept_all(), 0, 0);
    for calls in [
        "pwrite64",
        "fsync,fdatasync",
        "ftruncate",
        "rename,renameat,renameat2",
        "unlink,unlinkat",
        "flock",
        "mkdir",
    ] {
        for when in places.iter().copied() {
            turns += 1;
            let (home, to) = (Home::new(), format!("593987{turns:06}"));
            let process = home.process(&format!("send text --to {to} Hola --once k"), &jelou.url);
            with_fault(&process, calls, "signal=KILL", when)
                .output()
                .unwrap();
            check_after_kill(&home, &jelou, &to, &format!("killed at {calls} {when}"));
            if !home.read("trace").contains("killed by SIGKILL") {
                break;
            }
            kills += 1;
        }
    }
    assert!(kills > least, "{kills}");
}

/// `cargo test --release --test cli -- --ignored send_killed_at_200`: some minutes.
#[test]
#[ignore = "takes minutes; CONTRIBUTING.md says when to run it"]
fn send_killed_at_200_random_times_sends_once() {
    let (mut killed, mut replayed, mut unknown, mut sent_now) = (0, 0, 0, 0);
    let jelou = Jelou::accept_all();
    for turn in 0..200 {
        let (home, to) = (Home::new(), format!("593987{turn:06}"));
        let begun = Instant::now();
        let mut child = home
            .process(&format!("send text --to {to} Hola --once k"), &jelou.url)
            .spawn()
            .unwrap();
        // This waits for nothing: the test varies the instant of the kill.
        std::thread::sleep(Duration::from_micros(fastrand::u64(0..150_000)));
        child.kill().unwrap();
        killed += i32::from(!child.wait().unwrap().success());
        let before = usize::from(jelou.accepted().contains_key(&to));
        let code = check_after_kill(
            &home,
            &jelou,
            &to,
            &format!("turn {turn}, killed after {:?}", begun.elapsed()),
        );
        unknown += i32::from(code == 8);
        replayed += i32::from(code == 0 && before == 1);
        sent_now += i32::from(code == 0 && before == 0);
    }
    eprintln!(
        "200 sends, {killed} killed; then: {replayed} replayed, {unknown} unknown, {sent_now} sent; nobody twice"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn two_homes_send_one_message_over_a_database() {
    let Some(cluster) = crate::postgres::Cluster::shared() else {
        return;
    };
    let (ledger, jelou) = (cluster.ledger(), Jelou::accept_all());
    let homes = [Home::new(), Home::new()];
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|turn| {
                let (home, jelou, ledger) = (&homes[turn % 2], &jelou, ledger.as_str());
                scope.spawn(move || {
                    home.send(jelou, "--once k Hola")
                        .env("JELOUCTL_LEDGER", ledger)
                        .end()
                        .code
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(
        codes.contains(&0) && codes.iter().all(|code| [0, 11].contains(code)),
        "{codes:?}"
    );
    assert_eq!(sent_to_ana(&jelou), 1);
    // A home without the database knows nothing about it.
    assert!(!homes[0].path().join(STATE).join("state.db").exists());
    homes[1]
        .send(&jelou, "--once k Hola")
        .env(
            "JELOUCTL_LEDGER",
            "postgres://jelouctl@127.0.0.1:1/x?sslmode=disable",
        )
        .fails(7, &["is not available", "nothing was sent"]);
}

/// The database accepts the connection of the command, and then stops responding.
#[test]
#[cfg(target_os = "linux")]
fn silent_database_ends_a_single_send_soon() {
    const SOON: Duration = Duration::from_secs(20);
    let Some(cluster) = crate::postgres::Cluster::shared() else {
        return;
    };
    let database = cluster.database();
    let end = |keys: &str, words: &str| {
        let proxy = Proxy::start(cluster.socket());
        let jelou = Server::expect_no_requests();
        let home = Home::new();
        // The secret is fetched between the connection to the database and its first use.
        let secret = "touch connected; until [ -e silent ]; do sleep 0.05; done; echo canary";
        home.config(&format!(
            "[profiles.p]\nbot_id = \"1\"\nclient_id = \"x\"\napi_url = \"{}\"\n{keys}\n\
             client_secret_command = [\"sh\", \"-c\", \"{secret}\"]\n",
            jelou.url
        ));
        let through = format!("postgres://app@127.0.0.1:{}/{database}", proxy.port);
        let mut command = home.command();
        command
            .args(words.split(' '))
            .env("PATH", "/usr/bin:/bin")
            .env("JELOUCTL_LEDGER", through)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        wait_until("it has connected", || {
            home.path().join("connected").exists()
        });
        proxy.way().stall(true);
        home.write("silent", "");
        let begun = Instant::now();
        let ended = CommandOutput::new(&child.wait_with_output().unwrap());
        proxy.way().stall(false);
        assert!(begun.elapsed() < SOON, "{words}: {:?}", begun.elapsed());
        assert_eq!(ended.code, 7, "{words}: {ended:?}");
        for part in ["no answer within 3 s", "nothing was sent"] {
            assert!(ended.stderr.contains(part), "{words}: {ended:?}");
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| end("", &format!("send text --to {ANA} --once k Hola")));
        scope.spawn(|| {
            let body = concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/fixtures/bodies/flow-message.en.json"
            );
            end(
                "",
                &format!("flow-message --to {ANA} --body {body} --once k"),
            );
        });
        scope.spawn(|| end("limit_24h = 5", &format!("send template promo --to {ANA}")));
    });
}
