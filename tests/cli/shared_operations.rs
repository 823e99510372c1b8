//! Operations on runs in a database: find a recipient, resolve rows, remove old runs, resume a run.

use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::bulk_resolve::lines_in;
use crate::bulk_run::{Watched, counts, send_with, signal, start, user};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{CONFIG, Home, STATE, kill, user_name};
use crate::listening::Sandbox;
use crate::postgres::{Cluster, database_name};
use crate::shared_chaos::Proxy;
use crate::shared_ledger::{events, people_in_a_database};
use crate::terminal::Terminal;

/// Gives the ledger another identity, as after a failover.
const ELSEWHERE: &str = "UPDATE jelouctl.run SET identity = '999, timeline 00000001'";

#[test]
fn late_rejection_is_not_retried_after_key_removal() {
    let Some(home) = people_in_a_database(1) else {
        return;
    };
    let (arrived, arrivals) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let released = Mutex::new(released);
    let jelou = Jelou::start(move |_, before| {
        if before > 0 {
            return Act::Accept;
        }
        arrived.send(()).unwrap();
        released.lock().unwrap().recv().unwrap();
        Act::RATE_LIMIT
    });
    let refused = thread::scope(|scope| {
        let run = scope.spawn(|| send_with(&home, &jelou.url, &["--once", "k"]).end());
        arrivals.recv().unwrap();
        // Any other process does this after the lease has expired.
        let lost = "WITH lost AS (UPDATE jelouctl.row SET state = 'unknown') UPDATE jelouctl.run SET finished_at = changed_at";
        home.sql(lost);
        home.run("once remove k --yes").success();
        release.send(()).unwrap();
        run.join().unwrap()
    });
    assert_eq!(
        (refused.code, counts(&refused.json())),
        (10, [0, 1, 0, 0]),
        "{refused:?}"
    );
    let single = home.run("send text Hola --once k").api(&jelou.url);
    single.args(&["--to", &user(0)]).success();
    assert_eq!(jelou.accepted()[&user(0)], 1);
}

#[test]
fn send_with_lost_session_still_records_its_key() {
    let Some(home) = people_in_a_database(0) else {
        return;
    };
    let (jelou, arrived, release) = Jelou::hold_responses();
    let words = format!("send text Hola --once k --timeout 60s --to {}", user(0));
    let sent = thread::scope(|scope| {
        let sent = scope.spawn(|| home.run(&words).api(&jelou.url).end());
        arrived.recv().unwrap();
        let others = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        home.sql(others);
        // The message cannot be resolved while its response may still arrive.
        home.run(&format!("once resolve k --as failed --to {}", user(0)))
            .fails(2, &["is not unknown: its state is"]);
        release.send(()).unwrap();
        sent.join().unwrap()
    });
    assert_eq!(
        (sent.code, sent.stderr.contains("warning")),
        (0, false),
        "{sent:?}"
    );
    let replayed = home
        .run(&words)
        .api(&jelou.url)
        .args(&["-o", "record"])
        .success()
        .json();
    assert_eq!(
        (&replayed["replayed"], jelou.requests().len()),
        (&json!(true), 1),
        "{replayed}"
    );
}

#[test]
fn lost_worker_rows_can_be_resolved() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::start(|_, _| Act::Hang { accepted: true });
    send_with(&home, &jelou.url, &["--hold"]).success();
    let child = start(&home, "bulk work --progress none", &[], &jelou.url);
    jelou.wait_for(1);
    kill(child);
    let under_way = home.run("bulk resolve r --line 2 --unknown-as sent");
    under_way.fails(2, &["there is no unknown row at line 2"]);
    home.end_leases();
    // The process may still send the row if it is only suspended.
    home.run("bulk resolve r --line 2 --unknown-as pending")
        .fails(11, &["1 row at", "may still send", "--yes"]);
    home.run("bulk resolve r --line 2 --unknown-as sent")
        .success()
        .stderr_has(&["1 unknown row now counts as sent"]);
    assert_eq!(lines_in(&home, "sent"), [2]);
}

#[test]
fn resolve_prompts_again_for_newly_unknown_rows() {
    let Some(home) = people_in_a_database(4) else {
        return;
    };
    let jelou = Jelou::start(|_, _| Act::Hang { accepted: true });
    send_with(&home, &jelou.url, &["--hold"]).success();
    let work = |rows: usize| {
        let child = start(&home, "bulk work --progress none", &[], &jelou.url);
        jelou.wait_for(rows);
        child
    };
    kill(work(1));
    home.end_leases();
    let mut terminal = Terminal::plain(&home, &["bulk", "resolve", "r", "--unknown-as", "pending"]);
    terminal.wait_for("Has it exited?");
    // During the question, another process stops responding, and another command resolves its rows.
    let stopped = work(2);
    home.run("bulk resolve r --unknown-as pending --yes")
        .fails(13, &["is in use by another process", "bulk stop"]);
    signal(&stopped, Signal::STOP);
    home.end_leases();
    home.run("bulk resolve r --unknown-as pending")
        .fails(11, &["may still send", "--yes"]);
    terminal.type_line("y");
    terminal.wait_for("Has it exited?");
    let (code, screen) = terminal.end_with("n");
    assert!(
        code == 11 && screen.contains("may still send these rows"),
        "{code}: {screen}"
    );
    assert_eq!(lines_in(&home, "unknown"), [2, 3]);
    kill(stopped);
}

#[test]
fn resume_reports_a_failover_found_by_others() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    home.change_database(ELSEWHERE);
    let resume = |flags: &str| {
        home.run(&format!("bulk resume r --yes --rate 7/s {flags}"))
            .api(&jelou.url)
    };
    let told = [
        "note: run r: up to 3 unsent messages may have been sent; to skip the recipients",
        "error: run r is stale: the ledger was copied or restored",
        "hint: to see the rows that may have been sent: jelouctl bulk report r --state unknown; to send them, ",
    ];
    for _ in 0..2 {
        home.run("bulk work r").api(&jelou.url).fails(11, &told);
        home.run("bulk resolve r --unknown-as failed").success();
        resume("").fails(11, &told);
    }
    // None of these attempts resumed the run.
    let query = "SELECT count(*) FROM jelouctl.event WHERE kind = 'resumed'";
    assert_eq!(home.sql(query)[0].get::<_, i64>(0), 0);
    assert!(jelou.requests().is_empty());
    let ended = resume("--accept-stale").success();
    let repeats =
        "up to 3 of them may already have been sent, because the ledger was copied or restored";
    assert!(ended.stderr.contains(repeats), "{ended:?}");
    assert_eq!(counts(&ended.json()), [3, 0, 0, 0]);
}

#[test]
fn resume_prompt_reports_a_failover() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    home.change_database(ELSEWHERE);
    let variables = [
        ("NO_COLOR", "1"),
        ("JELOU_API_URL", jelou.url.as_str()),
        ("JELOU_CLIENT_ID", "id"),
        ("JELOU_CLIENT_SECRET", "canary-secret-of-the-tests"),
    ];
    let resume = |words: &[&str]| Terminal::new(&home, words, &variables);
    let (code, screen) = resume(&["bulk", "resume", "r"]).end();
    assert!(
        code == 11 && screen.contains("jelouctl bulk resume r --accept-stale"),
        "{code}: {screen}"
    );
    let words = ["bulk", "resume", "r", "--accept-stale"];
    let (code, screen) = resume(&words).confirm("y");
    let question = "Up to 3 messages may already have been sent. Send 3 messages";
    assert!(code == 0 && screen.contains(question), "{code}: {screen}");
    assert_eq!(jelou.requests().len(), 3);
}

#[test]
fn excluded_row_of_stale_run_is_unknown() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::accept_all();
    home.config(&format!(
        "[profiles.p]\napi_url = \"{}\"\ndo_not_contact = \"bajas.txt\"\n",
        jelou.url
    ));
    let bajas = |list: &str| home.write(&format!("{CONFIG}/bajas.txt"), list);
    bajas("# nobody so far\n");
    send_with(&home, &jelou.url, &["--hold", "--once", "k"]).success();
    home.change_database(ELSEWHERE);
    let on = |words: &str| home.run(words).api(&jelou.url);
    bajas(&format!("{}\n", user(1)));
    on("bulk work r").fails(11, &["run r is stale"]);
    let states = || {
        let rows = home.sql("SELECT state FROM jelouctl.row ORDER BY n");
        rows.iter()
            .map(|row| row.get::<_, String>(0))
            .collect::<Vec<_>>()
    };
    on("bulk resume r --yes").fails(11, &["run r is stale"]);
    assert_eq!(states(), ["pending"; 3], "whoever accepts the run decides");
    let ended = on("bulk resume r --accept-stale").fails(10, &["1 message may have been sent"]);
    assert_eq!(states(), ["sent", "unknown", "sent"]);
    let shown = on(&format!("once show k --to {}", user(1))).end();
    assert!(shown.stdout.contains("unknown"), "{shown:?}");
    assert_eq!(ended.json()["unknown"], 1);
    let report = on("bulk report r --state unknown").success().stdout;
    assert!(
        report.contains("bajas.txt") && report.contains("it may have been sent before"),
        "{report}"
    );
    assert_eq!(jelou.accepted().get(&user(1)), None);
}

#[test]
fn cancelled_stale_run_marks_rows_unknown() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    send_with(
        &home,
        &Jelou::expect_no_requests().url,
        &["--hold", "--once", "k"],
    )
    .success();
    let mut terminal = Terminal::plain(&home, &["bulk", "cancel", "r"]);
    terminal.wait_for("Cancel run r");
    home.change_database(ELSEWHERE);
    let (code, screen) = terminal.end_with("y");
    assert!(
        code == 0 && screen.contains("3 messages may have been sent; to check with Jelou: "),
        "{code}: {screen}"
    );
    assert_eq!(lines_in(&home, "unknown"), [2, 3, 4]);
    assert_eq!(home.run("bulk status r").success().json()["complete"], true);
    // The command also asks if the run is already marked stale.
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    send_with(&home, &Jelou::expect_no_requests().url, &["--hold"]).success();
    home.change_database(ELSEWHERE);
    home.run("bulk cancel r")
        .fails(11, &["run r was not cancelled", "--yes"]);
}

#[test]
fn modified_request_in_database_leaves_none_in_flight() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    home.change_database("UPDATE jelouctl.message SET body = '{}' WHERE n = 2");
    let ended = home
        .run("bulk work r")
        .api(&jelou.url)
        .fails(12, &["has changed since the list was read"]);
    assert_eq!(
        (&ended.json()["inflight"], &ended.json()["unknown"]),
        (&json!(0), &json!(0)),
        "{ended:?}"
    );
}

#[test]
fn pause_is_described_in_local_time() {
    let Some(home) = people_in_a_database(1) else {
        return;
    };
    send_with(&home, &Jelou::expect_no_requests().url, &["--hold"]).success();
    home.run("bulk stop r").success();
    let by = format!("{} as app at ", user_name());
    let variables = [("NO_COLOR", "1"), ("TZ", "America/Bogota")];
    let (code, screen) = Terminal::new(&home, &["bulk", "status", "r"], &variables).end();
    let line = screen
        .lines()
        .find(|line| line.contains("paused"))
        .unwrap_or_default();
    assert!(
        code == 0 && line.contains(&format!("-05:00: stopped by `jelouctl bulk stop` ({by}")),
        "{code}: {screen}"
    );
    let paused = &home.run("bulk status r").success().json()["paused"];
    assert!(
        paused["reason"] == "person" && paused["by"].as_str().unwrap().starts_with(&by),
        "{paused}"
    );
    assert!(paused["at"].as_str().unwrap().ends_with('Z'), "{paused}");
}

/// A sleeping laptop looks like a lost process, but sends on when it wakes.
#[test]
fn stop_names_a_run_whose_process_may_return() {
    let Some(home) = people_in_a_database(300) else {
        return;
    };
    let jelou = Jelou::accept_all();
    let words = "bulk send people.csv --yes --run r --rate 4/s --progress none text Hola";
    let run = Watched::new(start(&home, words, &[], &jelou.url));
    jelou.wait_for(1);
    signal(&run.child, Signal::STOP);
    home.end_leases();
    home.run("bulk stop").fails(
        2,
        &[
            "; unfinished: r\n",
            "hint: to pause r: jelouctl bulk stop r\n",
        ],
    );
    home.run("bulk stop r").success();
    signal(&run.child, Signal::CONT);
    assert_eq!(run.end().code, 11);
}

#[test]
fn stop_without_the_database_names_the_file() {
    let Some(home) = people_in_a_database(300) else {
        return;
    };
    let jelou = Jelou::accept_all();
    let words = "bulk send people.csv --yes --run r --rate 4/s --progress none text Hola";
    let run = Watched::new(start(&home, words, &[], &jelou.url));
    jelou.wait_for(1);
    let file = home.path().join(STATE).join("state.db");
    let file = file.display();
    let forgotten = |words: &str| home.run(words).env_remove("JELOUCTL_LEDGER");
    let nothing =
        format!("nothing is being sent from the ledger {file}; other accounts and databases");
    forgotten("bulk stop").fails(2, &[&nothing]);
    let missing = format!("there is no run r in the ledger {file}\n");
    forgotten("bulk stop r").fails(2, &[&missing]);
    let stopped = home.run("bulk stop").success();
    let (before, password) = home.ledger().unwrap().split_once("://").unwrap();
    let login = password.split_once('@').map(|(login, _)| login);
    let password = login.and_then(|login| login.split_once(':'));
    assert!(
        stopped
            .stderr
            .starts_with(&format!("note: run r (ledger {before}://"))
            && stopped.stderr.contains(") is stopping: "),
        "{stopped:?}"
    );
    assert!(password.is_none_or(|(_, password)| !stopped.stderr.contains(password)));
    assert_eq!(run.end().code, 11);
}

#[test]
fn run_records_stop_begin_and_end() {
    let Some(home) = people_in_a_database(1) else {
        return;
    };
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    home.run("bulk stop r").success();
    home.run("bulk work r")
        .api(&jelou.url)
        .fails(11, &["paused"]);
    home.run("bulk resume r").api(&jelou.url).success();
    assert_eq!(events(&home), ["stopped", "begun", "ended"]);
    // There is nothing to resume.
    home.run("bulk resume r").api(&jelou.url).success();
    assert_eq!(events(&home).len(), 3);
}

#[test]
fn run_stop_is_recorded_with_last_worker() {
    let Some(home) = people_in_a_database(2000) else {
        return;
    };
    let refuses = Arc::new(AtomicBool::new(false));
    let jelou = {
        let refuses = Arc::clone(&refuses);
        Jelou::start(move |_, _| {
            if refuses.load(SeqCst) {
                Act::Answer(401, "", "{}")
            } else {
                Act::Accept
            }
        })
    };
    let words = "bulk send people.csv --yes --run r --rate 20/s --hold text Hola";
    home.run(words).api(&jelou.url).success();
    let start = |workers: i64| {
        let started: Vec<_> = (0..workers)
            .map(|_| start(&home, "bulk work r", &[], &jelou.url))
            .collect();
        let sending = "SELECT count(DISTINCT worker) FROM jelouctl.row JOIN jelouctl.worker ON worker.id = row.worker \
                       WHERE state = 'sent' AND stopped_at IS NULL";
        for _ in 0..500 {
            if home.sql(sending)[0].get::<_, i64>(0) == workers {
                return started;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("{workers} processes do not send: {:?}", events(&home));
    };
    let stop = |mut stopped: Child| {
        signal(&stopped, Signal::TERM);
        assert_eq!(stopped.wait().unwrap().code(), Some(143));
    };
    let mut both = start(2);
    stop(both.remove(0));
    assert_eq!(events(&home), ["begun"]);
    stop(both.remove(0));
    assert_eq!(events(&home), ["begun", "stopped"]);
    let mut third = start(1).remove(0);
    assert_eq!(events(&home), ["begun", "stopped", "resumed"]);
    // A second stop changes neither its author nor its time.
    let stopped = [(); 2].map(|()| {
        home.run("bulk stop r").success();
        home.run("bulk status r").success().json()["paused"].clone()
    });
    assert!(
        stopped[0] == stopped[1] && stopped[0]["by"].is_string(),
        "{stopped:?}"
    );
    third.wait().unwrap();
    refuses.store(true, SeqCst);
    home.run("bulk resume r")
        .api(&jelou.url)
        .fails(4, &["paused"]);
    assert_eq!(events(&home)[3..], ["stopped", "resumed", "paused"]);
}

#[test]
fn database_resume_prompts_and_checks_exclusions_again() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::accept_all();
    home.write("bajas.txt", "# nobody\n");
    let keys = format!(
        "do_not_contact = \"{}\"",
        home.path().join("bajas.txt").display()
    );
    home.profile("prod", &jelou.url, &keys);
    home.run("bulk send people.csv --yes --run r --hold text Hola")
        .success();
    home.run("bulk stop r").success();
    let (code, screen) = Terminal::plain(&home, &["bulk", "resume"]).confirm("n");
    assert_eq!(code, 11, "{screen}");
    let shown = screen
        .find("the first unsent message, line 2, as 593990000000 would see it:\r\n  │ Hola\r\n");
    let asked = screen.find("Send 3 messages from bot BOT-ID (profile prod) to http://");
    assert!(shown.is_some() && shown < asked, "{screen}");
    // Without a confirmation the run stays paused.
    home.run("bulk work r")
        .fails(11, &["stopped by `jelouctl bulk stop`"]);
    let mut terminal = Terminal::plain(&home, &["bulk", "resume"]);
    terminal.wait_for("Send 3 messages");
    home.write("bajas.txt", format!("{}\n", user(1)));
    terminal.wait_for("[y/N] ");
    let (code, screen) = terminal.end_with("y");
    assert_eq!(code, 0, "{screen}");
    let accepted = jelou.accepted();
    assert!(
        accepted.len() == 2 && !accepted.contains_key(&user(1)),
        "{accepted:?}"
    );
    // The environment must agree with the run's settings.
    home.run("bulk resume r")
        .env("JELOU_BOT_ID", "78")
        .fails(2, &["JELOU_BOT_ID: run r uses BOT-ID"]);
}

#[test]
fn process_waiting_for_hours_notices_stop() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::expect_no_requests();
    let tomorrow = jiff::ZonedDateTime::now()
        .tomorrow()
        .unwrap()
        .strftime("%a")
        .to_string()
        .to_lowercase();
    let mut command = home.process(
        "bulk send people.csv --yes --run r --time-zone Etc/UTC --between",
        &jelou.url,
    );
    command.args([&format!("{tomorrow} 23:58-23:59"), "text", "Hola"]);
    let mut watched = Watched::new(command.spawn().unwrap());
    watched.wait_for("waiting until");
    // A process has the run, although no request is in flight.
    home.run("bulk remove r --yes").fails(13, &["in use"]);
    // The waiting process would not get the new hours. It does get the rate, which is stored with the run.
    let resume = |flags: &str| {
        home.run(&format!("bulk resume r --yes {flags}"))
            .api(&jelou.url)
    };
    resume("--between always").fails(
        13,
        &["run r (", "is in use", "to stop it: jelouctl bulk stop r"],
    );
    let details = home.sql("SELECT details FROM jelouctl.run")[0].get::<_, String>(0);
    assert!(
        details.contains("23:58-23:59"),
        "the hours are as they were: {details}"
    );
    home.run("bulk stop r").success();
    let ended = watched.end();
    assert_eq!(
        (ended.code, counts(&ended.json())),
        (11, [0, 0, 0, 3]),
        "{ended:?}"
    );
    assert!(
        ended
            .stderr
            .contains("run paused: stopped by `jelouctl bulk stop`"),
        "{ended:?}"
    );
    home.run("bulk remove r --yes").success();
}

#[test]
fn run_sent_during_the_prompt_is_not_removed() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::accept_all();
    send_with(&home, &jelou.url, &["--hold"]).success();
    let mut terminal = Terminal::plain(&home, &["bulk", "remove", "r"]);
    terminal.wait_for("(3 not sent yet)?");
    home.run("bulk work r").api(&jelou.url).success();
    // The command's connection may be lost before the answer.
    home.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    terminal.wait_for("[y/N] ");
    let (code, screen) = terminal.end_with("y");
    assert!(
        code == 13 && screen.contains("run r has changed in the meantime"),
        "{code}: {screen}"
    );
    assert_eq!(
        counts(&home.run("bulk status r").success().json()),
        [3, 0, 0, 0]
    );
    home.run("bulk remove r --yes").success();
}

#[test]
fn run_with_killed_sender_is_not_removed() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::start(|_, _| Act::Hang { accepted: true });
    send_with(&home, &jelou.url, &["--hold"]).success();
    let mut terminal = Terminal::plain(&home, &["bulk", "remove", "r"]);
    terminal.wait_for("(3 not sent yet)?");
    let child = start(&home, "bulk work r --progress none", &[], &jelou.url);
    jelou.wait_for(1);
    kill(child);
    home.end_leases();
    terminal.wait_for("[y/N] ");
    let (code, screen) = terminal.end_with("y");
    assert!(
        code == 13 && screen.contains("run r has changed in the meantime"),
        "{code}: {screen}"
    );
}

#[test]
fn timed_out_change_does_not_happen_later() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let jelou = Jelou::expect_no_requests();
    send_with(&home, &jelou.url, &["--hold"]).success();
    home.while_holding("BEGIN; SELECT 1 FROM jelouctl.run FOR NO KEY UPDATE", || {
        // The second command waits for two locks: the first command also waits.
        let stop = || home.run("bulk stop r").fails(12, &["another command is using it", "try again in a moment"]);
        thread::scope(|scope| {
            scope.spawn(stop);
            stop();
        });
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        assert_eq!(home.sql(waiting)[0].get::<_, i64>(0), 0, "nothing waits for the run");
    });
    assert_eq!(
        home.run("bulk status r").success().json()["paused"],
        Value::Null
    );
}

#[test]
fn work_refuses_rate_with_a_hint() {
    let home = Home::new();
    home.run("bulk work r --rate 2/s").fails(
        2,
        &[
            "unexpected argument `--rate`",
            "hint: to set it for the run: jelouctl bulk resume RUN",
        ],
    );
    home.run("bulk work --between always")
        .fails(2, &["to set it for the run"]);
}

#[test]
fn sent_rows_are_printed_despite_stalled_database() {
    let Some(home) = people_in_a_database(1) else {
        return;
    };
    let proxy = Proxy::start(Cluster::shared().unwrap().socket());
    let way = proxy.way();
    // The database gets the row's start, but nothing after it.
    let jelou = Jelou::start(move |_, _| {
        way.stall(true);
        Act::Accept
    });
    send_with(&home, &jelou.url, &["--hold"]).success();
    let address = format!(
        "postgres://app@127.0.0.1:{}/{}",
        proxy.port,
        database_name(home.ledger().unwrap())
    );
    let through = Home::new().on(address);
    let mut watched = Watched::new(start(
        &through,
        "bulk work --progress ndjson",
        &[],
        &jelou.url,
    ));
    watched.wait_for("\"sent\":1");
    signal(&watched.child, Signal::INT);
    watched.wait_for("press Ctrl-C again");
    watched.signal_until_it_ends(Signal::INT);
    let ended = watched.end();
    assert!([12, 130].contains(&ended.code), "{ended:?}");
    let records: Vec<Value> = ended
        .stderr
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let record = records.iter().find(|record| record["to"] == json!(user(0)));
    assert_eq!(
        record.map(|record| &record["sent"]),
        Some(&json!("yes")),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("jelouctl bulk status"), "{ended:?}");
}

#[test]
fn profile_shows_and_stores_its_ledger() {
    let home = Home::new();
    let url = "postgres://jelou@db.example/jelou";
    home.write("word", "canary\n");
    home.run("profile set prod --bot 77 --client-id x --ledger postgres://a:canary@db/j")
        .fails(3, &["must not contain a password"]);
    home.run(&format!(
        "profile set prod --bot 77 --client-id x --ledger {url} --ledger-password-file word"
    ))
    .success();
    let word = home.path().join("word");
    let shown = home.run("profile show").success().stdout;
    assert!(
        shown.contains(&format!("\nledger\t{url}\tprofile prod\n")),
        "{shown}"
    );
    assert!(
        shown.contains(&format!(
            "\nledger_password\tfile {}\tprofile prod\n",
            word.display()
        )),
        "{shown}"
    );
    let list = home.run("profile list -o record").success().json();
    assert_eq!(list["profiles"][0]["ledger"], json!(url));
    // The variable overrides the profile, and may have a password.
    let shown = home
        .run("profile show")
        .env("JELOUCTL_LEDGER", "postgres://u:canary@other.example/j")
        .success()
        .stdout;
    assert!(
        shown.contains("\nledger\tpostgres://u@other.example/j\tJELOUCTL_LEDGER\n"),
        "{shown}"
    );
    assert!(
        shown.contains("\nledger_password\t(redacted)\tJELOUCTL_LEDGER\n"),
        "{shown}"
    );
    assert!(
        home.run("profile show --bot 1")
            .env("JELOU_PROFILE", "prod")
            .success()
            .stdout
            .contains(url)
    );
}

#[test]
fn cancel_is_logged_if_its_wait_is_interrupted() {
    let Some(home) = people_in_a_database(2) else {
        return;
    };
    let (jelou, has_arrived, go) = Jelou::hold_responses();
    send_with(&home, &jelou.url, &["--hold"]).success();
    let sending = start(
        &home,
        "bulk work r --concurrency 1 --timeout 50s",
        &[],
        &jelou.url,
    );
    has_arrived.recv().unwrap();
    let mut command = home.command();
    command
        .args(["bulk", "cancel", "r", "--yes"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command.env("JELOUCTL_LOG", home.path().join("log"));
    let mut cancelling = Watched::new(command.spawn().unwrap());
    cancelling.wait_for(&format!(
        " pid {}; if a process is suspended: kill -CONT PID",
        sending.id()
    ));
    signal(&cancelling.child, Signal::INT);
    let ended = cancelling.end();
    assert_eq!(ended.code, 130, "{ended:?}");
    assert!(
        ended.stderr.contains("note: run r is cancelled: "),
        "{ended:?}"
    );
    let hint = "hint: run r is cancelled; to see its state: jelouctl bulk status r";
    assert!(
        ended.stderr.contains(hint) && !ended.stderr.contains("try again"),
        "{ended:?}"
    );
    let logged: Value = serde_json::from_str(&home.read("log")).unwrap();
    let told = [
        "command",
        "run",
        "rows_skipped",
        "rows_inflight",
        "exit_code",
    ]
    .map(|name| &logged[name]);
    assert_eq!(
        told,
        [
            &json!("bulk cancel"),
            &json!("r"),
            &json!(1),
            &json!(1),
            &json!(130)
        ]
    );
    go.send(()).unwrap();
    assert_eq!(crate::bulk_run::end(sending).code, 11);
    assert_eq!(
        home.run("bulk status r").success().json()["cancelled"],
        true
    );
}

#[test]
fn resolved_rows_are_logged_if_ledger_then_fails() {
    let Some(home) = people_in_a_database(3) else {
        return;
    };
    let sandbox = Sandbox::start(&[
        "--deliver-after",
        "0ms",
        "--fault",
        &format!("hang,stored,to={}", user(1)),
    ]);
    let at = |words| {
        let run = home
            .run(words)
            .env("JELOU_API_URL", format!("http://{}", sandbox.address));
        let run = run
            .env("JELOU_BOT_ID", "77")
            .env("JELOU_CLIENT_ID", "sandbox")
            .env("JELOU_CLIENT_SECRET", "sandbox");
        run.env("JELOUCTL_LOG", "log")
    };
    let words = "bulk send people.csv --yes --run r --timeout 2s text";
    at(words)
        .args(&["Hola {{ nombre }}"])
        .fails(10, &["1 message may have been sent"]);
    let change = "CREATE FUNCTION jelouctl.fail_later() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN \
                  REVOKE SELECT ON jelouctl.event FROM jelouctl_sender; RETURN NULL; END $$; \
                  CREATE TRIGGER fail_later AFTER UPDATE ON jelouctl.row FOR EACH ROW WHEN (NEW.state = 'sent') \
                  EXECUTE FUNCTION jelouctl.fail_later()";
    home.change_database(change);
    let found = "found 1 unknown row of run r in Jelou's history: now sent";
    at("bulk deliveries r").fails(3, &[found, "permission denied for table event"]);
    let logged = home.read("log");
    let logged: Vec<Value> = logged
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = logged
        .iter()
        .filter(|line| line["event"] == "run")
        .map(|line| ["command", "run"].map(|name| line[name].clone()))
        .collect();
    assert_eq!(json!(told), json!([["bulk", "r"], ["bulk resolve", "r"]]));
}

#[test]
fn removed_runs_are_reported_if_one_fails() {
    let Some(home) = people_in_a_database(1) else {
        return;
    };
    let jelou = Jelou::accept_all();
    for run in ["a", "b", "c"] {
        let words = format!("bulk send people.csv --yes --run {run} --once key-{run} text Hola");
        home.run(&words).api(&jelou.url).success();
    }
    let change = "CREATE FUNCTION jelouctl.keep() RETURNS trigger LANGUAGE plpgsql AS \
                  $$ BEGIN RAISE 'it is kept'; END $$; \
                  CREATE TRIGGER keep BEFORE DELETE ON jelouctl.run FOR EACH ROW WHEN (OLD.name = 'b') \
                  EXECUTE FUNCTION jelouctl.keep()";
    home.change_database(change);
    let ended = home
        .run("bulk remove --older-than 1ms --yes")
        .fails(12, &["it is kept"]);
    let left = home.run("bulk list -o id").success().stdout;
    let (removed, stays) = if left.contains('a') {
        ("c", "a")
    } else {
        ("a", "c")
    };
    assert_eq!(left.lines().count(), 2, "{left}");
    assert!(
        ended
            .stderr
            .contains(&format!("note: run {removed} is removed")),
        "{ended:?}"
    );
    assert!(
        ended.stderr.contains(&format!(
            "the ledger still records who got, or may have got, a message with key key-{removed}"
        )),
        "{ended:?}"
    );
    assert!(
        !ended.stderr.contains(&format!("with key key-{stays}")),
        "{ended:?}"
    );
}
