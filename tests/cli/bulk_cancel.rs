//! `bulk cancel`: by the server's count, the rest of a run is never sent, no matter which process sends the run.

use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

use serde_json::json;

use crate::bulk_run::{Watched, counts, people, resume, send, send_with, start, user};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{Home, host_name, kill, test_with_both_ledgers, user_name};
use crate::terminal::Terminal;

test_with_both_ledgers! {
    cancel_skips_all_unsent_rows,
    cancelled_run_sends_nothing,
}

/// Creates a run of six rows. Two were sent, one was rejected, and then the server refused the credentials. The run is
/// paused until they are fixed.
fn paused(home: &Home) -> (Jelou, Arc<AtomicBool>) {
    let is_mended = Arc::new(AtomicBool::new(false));
    let mended = Arc::clone(&is_mended);
    let jelou = Jelou::start(move |user, _| match user.chars().last() {
        _ if mended.load(SeqCst) => Act::Accept,
        Some('0' | '1') => Act::Accept,
        Some('2') => Act::Answer(422, "", "{}"),
        _ => Act::Answer(401, "", "{}"),
    });
    send_with(home, &jelou.url, &["--concurrency", "1"])
        .fails(4, &["run paused", "jelouctl bulk resume r"]);
    (jelou, is_mended)
}

#[test]
fn cancel_skips_all_unsent_rows() {
    let home = people(6);
    let (jelou, is_mended) = paused(&home);
    let seen = jelou.requests().len();
    home.run("bulk cancel")
        .fails(2, &["`jelouctl bulk cancel` needs RUN"]);
    home.run("bulk cancel nowhere --yes")
        .fails(2, &["there is no run nowhere"]);
    home.run("bulk cancel r --dry-run")
        .fails(2, &["this command would change a run"]);
    home.run("bulk cancel r").fails(
        11,
        &[
            "run r was not cancelled: there is no terminal to ask on\n",
            "hint: to answer yes: --yes\n",
        ],
    );
    assert_eq!(
        home.run("bulk status r").success().json()["cancelled"],
        false
    );
    let ended = home
        .run("bulk cancel r --yes")
        .success()
        .stderr_has(&["note: run r is cancelled: its unsent rows will never be sent\n"]);
    let summary = ended.json();
    assert_eq!(
        (&summary["cancelled"], &summary["complete"]),
        (&json!(true), &json!(true)),
        "{summary}"
    );
    assert_eq!(summary["skipped_reasons"], json!({"cancelled": 3}));
    assert_eq!(counts(&summary), [2, 1, 0, 0]);
    home.run("bulk cancel r --yes")
        .success()
        .stderr_has(&["run r is cancelled: its unsent rows will never be sent"]);
    // Every command that shows the run shows that.
    let status = home.run("bulk status r").success().json();
    assert_eq!(
        (&status["cancelled"], &status["complete"]),
        (&json!(true), &json!(true)),
        "{status}"
    );
    let listed = home.run("bulk list").success().json();
    assert_eq!(
        (&listed["cancelled"], &listed["skipped"], counts(&listed)),
        (&json!(true), &json!(3), [2, 1, 0, 0])
    );
    let left = home
        .run("bulk report r --reason cancelled")
        .success()
        .stdout;
    assert_eq!(left.lines().count(), 4, "{left}");
    assert!(
        left.contains("cancelled,the run was cancelled,0,"),
        "{left}"
    );
    home.run("bulk report r --file page.html").success();
    let page = home.read("page.html");
    assert!(
        page.contains("Cancelled: the remaining messages are not sent"),
        "{page}"
    );
    // It cannot be undone.
    let resumed = || {
        let told = ["error: run r was cancelled by ", ": 2 of 6 sent\n"];
        resume(&home, &jelou.url).fails(11, &told)
    };
    assert_eq!(counts(&resumed().json()), [2, 1, 0, 0]);
    let list =
        "to list them: jelouctl bulk report r --state failed --reason cancelled --file r-again.csv";
    let refused = ["the run is cancelled: its rows cannot be sent again", list];
    home.run("bulk resolve r --failed-as pending")
        .fails(2, &refused);
    assert!(
        home.run("bulk stop r")
            .success()
            .stderr
            .contains("nothing to stop: run r (ledger ")
    );
    assert_eq!(jelou.requests().len(), seen);
    // The next run knows who got a message; the others get it from that run.
    is_mended.store(true, SeqCst);
    assert_eq!(counts(&resumed().json()), [2, 1, 0, 0]);
    assert_eq!(jelou.requests().len(), seen);
    let words = "bulk send people.csv --yes --run s --rate 1000000/s --skip-sent";
    let ended = home
        .run(words)
        .args(&["text", "Hola {{ nombre }}"])
        .api(&jelou.url)
        .success();
    assert_eq!(
        ended.json()["skipped_reasons"],
        json!({"already_sent": 2}),
        "{ended:?}"
    );
    assert_eq!(jelou.requests().len(), seen + 4);
}

#[test]
fn completed_run_is_not_cancelled() {
    let home = people(2);
    let jelou = Jelou::accept_all();
    send(&home, &jelou.url).success();
    home.run("bulk cancel r --yes")
        .success()
        .stderr_has(&["nothing to cancel: run r is complete"]);
    assert_eq!(
        home.run("bulk status r").success().json()["cancelled"],
        false
    );
}

#[test]
fn cancel_asks_for_confirmation() {
    let home = people(6);
    let _paused = paused(&home);
    for (answer, code, is_cancelled) in [("n", 11, false), ("y", 0, true)] {
        let (ended, screen) = Terminal::plain(&home, &["bulk", "cancel", "r"]).confirm(answer);
        assert_eq!(ended, code, "{screen}");
        assert!(
            screen.contains("Its unsent rows (3 messages) will never be sent."),
            "{screen}"
        );
        assert_eq!(
            home.run("bulk list").success().json()["cancelled"],
            is_cancelled
        );
    }
}

#[test]
fn run_completed_during_the_prompt_is_not_cancelled() {
    let home = people(6);
    let (jelou, is_mended) = paused(&home);
    let mut terminal = Terminal::plain(&home, &["bulk", "cancel", "r"]);
    terminal.wait_for("[y/N] ");
    is_mended.store(true, SeqCst);
    assert_eq!(
        counts(&resume(&home, &jelou.url).fails(10, &[]).json()),
        [5, 1, 0, 0]
    );
    let (ended, screen) = terminal.end_with("y");
    assert!(
        ended == 0 && screen.contains("nothing to cancel: run r is complete"),
        "{ended} {screen}"
    );
    let listed = home.run("bulk list").success().json();
    assert_eq!(
        (&listed["cancelled"], counts(&listed)),
        (&json!(false), [5, 1, 0, 0])
    );
}

#[test]
fn process_says_who_cancelled_its_run() {
    let home = people(30);
    home.profile(
        "p",
        "http://127.0.0.1:9",
        "time_zone = \"America/Guayaquil\"",
    );
    let (jelou, arrived, go) = Jelou::hold_responses();
    let words =
        "bulk send people.csv --yes --run r --rate 1000/s --concurrency 1 -o record text Hola";
    let mut sending = home.process(words, &jelou.url);
    let sending = Watched::new(sending.env("JELOUCTL_LOG", "log").spawn().unwrap());
    for _ in 0..3 {
        arrived.recv().unwrap();
        go.send(()).unwrap();
    }
    arrived.recv().unwrap();
    // It waits for the request in flight.
    let mut cancel = home.command();
    cancel
        .args(["bulk", "cancel", "r", "--yes"])
        .env("USER", "another");
    let cancel = cancel
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut cancel = Watched::new(cancel);
    cancel.wait_for("waiting for 1 message in flight");
    go.send(()).unwrap();
    assert_eq!(cancel.end().code, 0);
    let ended = sending.end();
    assert_eq!(ended.code, 11, "{ended:?}");
    let record = ended.json();
    assert_eq!(counts(&record), [4, 0, 0, 0]);
    let by = record["cancelled_by"].as_str().unwrap();
    assert_eq!(by, format!("{} at {}", user_name(), host_name()));
    let error = &record["error"];
    let message = error["message"].as_str().unwrap();
    assert_eq!(error["code"], "cancelled");
    let begin = format!("run r was cancelled by {by} at 20");
    assert!(
        message.starts_with(&begin) && message.ends_with(" -05:00: 4 of 30 sent"),
        "{message}"
    );
    assert!(
        ended.stderr.contains(&format!("error: {message}\n")),
        "{ended:?}"
    );
    let logged: serde_json::Value =
        serde_json::from_str(home.read("log").lines().last().unwrap()).unwrap();
    let told = [
        "exit_code",
        "code",
        "cancelled_by",
        "cancelled_at",
        "rows_sent",
        "rows_skipped",
    ];
    assert_eq!(
        json!(told.map(|name| &logged[name])),
        json!([11, "cancelled", by, record["cancelled_at"], 4, 26])
    );
    // The hint lists the others.
    let hint = error["hint"].as_str().unwrap();
    let command = hint.strip_prefix("to list the others: jelouctl ").unwrap();
    let others = home.run(command).success().stdout;
    assert_eq!(others.lines().count(), 27, "{others}");
    // A later process ends in the same way, and sends nothing.
    for words in ["bulk resume r -o record", "bulk work r -o record"] {
        let again = home
            .run(words)
            .env("JELOUCTL_LOG", "log")
            .api(&jelou.url)
            .fails(11, &[message]);
        assert_eq!(again.json()["error"], *error, "{words}");
    }
    let log = home.read("log");
    let ends = log.lines().filter(|line| line.contains(r#""event":"run""#));
    assert_eq!(ends.count(), 3, "{log}");
    // No other command has an error.
    let status = home.run("bulk status r").success().json();
    assert_eq!(
        (&status["cancelled_by"], status.get("error")),
        (&json!(by), None)
    );
    assert_eq!(jelou.requests().len(), 4);
}

/// The processes that send the run.
fn senders(home: &Home, url: &str) -> Vec<Child> {
    let words =
        "bulk send people.csv --yes --run r --rate 400/s --timeout 4s --progress none text Hola";
    let first = start(home, words, &[], url);
    crate::harness::wait_until("the run is there", || {
        home.run("bulk status r").end().code == 0
    });
    vec![
        first,
        start(home, "bulk work r --timeout 4s --progress none", &[], url),
    ]
}

#[test]
fn cancelled_run_sends_nothing() {
    // No process is killed, or all, or one.
    for (killed, seen_before) in [(0, 10), (2, 22), (1, 46)] {
        let home = people(400);
        // Some rows are not sent at first, and become pending again.
        let jelou = Jelou::start(|user, earlier| match (user.chars().last(), earlier) {
            (Some('3'), 0) => Act::RATE_LIMIT,
            (Some('7'), 0) => Act::Answer(503, "Retry-After: 1\r\n", "{}"),
            _ => Act::Accept,
        });
        let mut sending = senders(&home, &jelou.url);
        jelou.wait_for(seen_before);
        sending.drain(..killed).for_each(kill);
        let ended = home.run("bulk cancel r --yes").success();
        let seen = jelou.requests().len();
        for process in sending {
            let ended = Watched::new(process).end();
            assert_eq!(ended.code, 11, "{ended:?}");
            assert_eq!(ended.json()["error"]["code"], "cancelled", "{ended:?}");
        }
        let [sent, failed, unknown, pending] = counts(&ended.json());
        assert_eq!(
            (failed, pending, ended.json()["inflight"].as_u64()),
            (0, 0, Some(0)),
            "{ended:?}"
        );
        assert!(
            ended.json()["skipped_reasons"]["cancelled"].as_u64() > Some(0),
            "{ended:?}"
        );
        assert_eq!(ended.json()["complete"], true, "{ended:?}");
        let accepted = jelou.accepted();
        assert!(
            accepted.values().all(|messages| *messages == 1),
            "{accepted:?}"
        );
        // Messages that a killed process had in flight may have arrived.
        let arrived = accepted.len() as u64;
        assert!(
            sent <= arrived && arrived <= sent + unknown,
            "{arrived}: {ended:?}"
        );
        assert!(killed > 0 || unknown == 0, "{ended:?}");
        resume(&home, &jelou.url).end();
        let status = home.run("bulk status r").success().json();
        assert_eq!(
            (jelou.requests().len(), &status["pending"]),
            (seen, &json!(0)),
            "{status}"
        );
        assert!(
            !home
                .run("bulk report r --reason cancelled")
                .success()
                .stdout
                .contains(&user(0))
        );
    }
}
