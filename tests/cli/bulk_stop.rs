//! `bulk stop`: which run it stops, in which ledger, and what it says about a run that nobody sends.

use std::process::Command;

use rustix::process::Signal;

use crate::bulk_run::{Watched, counts, people, resume, signal, start};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{Home, STATE, kill, test_with_both_ledgers, user_name};
use crate::terminal::Terminal;

test_with_both_ledgers! {
    concurrent_stops_and_reports_succeed,
    stop_works_while_resume_is_prompting,
}

const SLOW: &str = "bulk send people.csv --yes --run r --rate 4/s --progress none text Hola";
const IMPORT: &str = "bulk send people.csv --yes --run r --rate 1000000/s --hold text Hola";

/// Returns the path of the home's own ledger, as the command prints it.
fn ledger_file(home: &Home) -> String {
    home.path()
        .join(STATE)
        .join("state.db")
        .display()
        .to_string()
}

/// Checks that the home's own ledger has no run in progress.
fn is_nothing_sent(home: &Home) {
    let told = format!(
        "error: nothing is being sent from the ledger {}; other accounts and databases have other ledgers\n",
        ledger_file(home)
    );
    home.run("bulk stop")
        .fails(2, &[&told, "hint: to list the runs: jelouctl bulk list\n"]);
}

/// Checks that the home's own ledger has no run in progress, but these unfinished ones.
fn is_only_unfinished(home: &Home, runs: &str, hint: &str) {
    let told = format!(
        "error: nothing is being sent from the ledger {}; unfinished: {runs}\n",
        ledger_file(home)
    );
    let hint = format!("hint: {hint}\n");
    home.run("bulk stop").fails(2, &[&told, &hint]);
}

#[test]
fn stopped_run_finishes_requests_and_resumes_later() {
    let home = people(300);
    let jelou = Jelou::accept_all();
    let run = Watched::new(start(&home, SLOW, &[], &jelou.url));
    jelou.wait_for(2);
    let named = format!("run r (ledger {})", ledger_file(&home));
    let to_continue = "to continue: jelouctl bulk resume r\n";
    home.run("bulk stop").success().stderr_has(&[&format!(
        "note: {named} is stopping: it sends no more messages after those in flight; {to_continue}"
    )]);
    // A second stop changes nothing, and other commands can read the run.
    home.run("bulk stop r").success();
    home.run("bulk report r").success();
    let ended = run.end();
    assert_eq!(ended.code, 11, "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("error: run paused: stopped by `jelouctl bulk stop`"),
        "{ended:?}"
    );
    assert!(
        ended
            .stderr
            .contains("hint: to continue: jelouctl bulk resume r\n"),
        "{ended:?}"
    );
    let [sent, failed, unknown, pending] = counts(&ended.json());
    assert_eq!(
        (sent, failed, unknown),
        (jelou.requests().len() as u64, 0, 0)
    );
    assert!(pending > 0, "{ended:?}");
    home.run("bulk stop r").success().stderr_has(&[
        &format!("note: {named} was already paused since "),
        to_continue,
    ]);
    assert_eq!(
        counts(&resume(&home, &jelou.url).success().json()),
        [300, 0, 0, 0]
    );
    home.run("bulk stop r")
        .success()
        .stderr_has(&[&format!("nothing to stop: {named} is complete\n")]);
    assert!(jelou.accepted().values().all(|messages| *messages == 1));
}

#[test]
fn waiting_run_stops_immediately() {
    // The run waits for a rate limit.
    let home = people(3);
    let jelou = Jelou::start(|_, _| Act::Answer(429, "Retry-After: 600\r\n", "{}"));
    let mut run = Watched::new(start(&home, SLOW, &[], &jelou.url));
    run.wait_for("note: waiting");
    home.run("bulk stop r").success();
    let ended = run.end();
    assert_eq!(
        (ended.code, counts(&ended.json())),
        (11, [0, 0, 0, 3]),
        "{ended:?}"
    );
    // The run waits for its sending hours. The mark of the earlier stop does not affect it.
    let today = jiff::ZonedDateTime::now().date();
    let (before, after) = (today.yesterday().unwrap(), today.tomorrow().unwrap());
    let days = format!("--not-on {before} --not-on {today} --not-on {after}");
    let words = format!("bulk resume r {days} --time-zone America/Bogota --progress none");
    let mut run = Watched::new(start(&home, &words, &[], &jelou.url));
    run.wait_for("note: waiting");
    let status = home.run("bulk status r").success().json();
    // With a database, the status has `paused` instead of `stopping`.
    assert!(
        status["running"] == true && status["stopping"] != true,
        "{status}"
    );
    home.run("bulk stop r").success();
    let ended = run.end();
    assert_eq!(
        (ended.code, counts(&ended.json())),
        (11, [0, 0, 0, 3]),
        "{ended:?}"
    );
    assert_eq!(home.run("bulk status r").success().json()["running"], false);
}

#[test]
fn stop_works_while_resume_is_prompting() {
    let home = people(3);
    let jelou = Jelou::start(|_, _| Act::Answer(401, "", "{}"));
    home.profile("prod", &jelou.url, "");
    home.run("bulk send people.csv --yes --run r --rate 1000/s text Hola")
        .fails(4, &[]);
    let seen = jelou.requests().len();
    let mut terminal = Terminal::plain(&home, &["bulk", "resume"]);
    terminal.wait_for("[y/N] ");
    home.run("bulk stop r").success().stderr_has(&[
        "is paused: no process was sending it, and `bulk work` does not send it now",
    ]);
    assert_eq!(
        home.run("bulk list").success().json()["paused"]["reason"],
        "person"
    );
    let listed = Terminal::plain(&home, &["bulk", "list"]).end().1;
    assert!(listed.contains(", paused"), "{listed}");
    let (code, screen) = terminal.end_with("y");
    assert_eq!((code, jelou.requests().len()), (11, seen), "{screen}");
    assert!(screen.contains("jelouctl bulk stop"), "{screen}");
}

#[test]
fn stop_chooses_the_running_run() {
    let home = people(300);
    let jelou = Jelou::accept_all();
    home.run("bulk send people.csv --yes --run other --hold text Otra")
        .api(&jelou.url)
        .success();
    let run = Watched::new(start(&home, SLOW, &[], &jelou.url));
    jelou.wait_for(2);
    home.run("bulk stop")
        .success()
        .stderr_has(&["run r (ledger ", " is stopping: it sends no more messages"]);
    assert_eq!(run.end().code, 11);
}

#[test]
fn concurrent_stops_and_reports_succeed() {
    let home = people(400);
    let jelou = Jelou::accept_all();
    let run = start(
        &home,
        "bulk send people.csv --yes --run r --rate 40/s --progress none text Hola",
        &[],
        &jelou.url,
    );
    jelou.wait_for(2);
    let others: Vec<_> = [
        ["stop", "r"],
        ["stop", "r"],
        ["report", "r"],
        ["status", "r"],
    ]
    .iter()
    .map(|words| {
        let mut command: Command = home.command();
        command
            .arg("bulk")
            .args(words)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        command.spawn().unwrap()
    })
    .collect();
    // Rows of a run that is sending cannot be resolved.
    home.run("bulk resolve r --unknown-as sent").end();
    for mut other in others {
        assert!(other.wait().unwrap().success());
    }
    let ended = crate::bulk_run::end(run);
    assert_eq!(ended.code, 11, "{ended:?}");
    assert_eq!(counts(&ended.json())[0], jelou.requests().len() as u64);
    assert_eq!(
        counts(&resume(&home, &jelou.url).success().json()),
        [400, 0, 0, 0]
    );
    assert!(jelou.accepted().values().all(|messages| *messages == 1));
}

#[test]
fn stop_names_the_ledger_without_a_run_in_progress() {
    let home = people(300);
    let jelou = Jelou::accept_all();
    let run = Watched::new(start(&home, SLOW, &[], &jelou.url));
    jelou.wait_for(2);
    // Another account has its own ledger.
    let other = people(3);
    is_nothing_sent(&other);
    let missing = format!(
        "error: there is no run r in the ledger {}\n",
        ledger_file(&other)
    );
    other.run("bulk stop r").fails(2, &[&missing]);
    // An idle run is not the one that you mean.
    other.run(IMPORT).api(&jelou.url).success();
    is_only_unfinished(&other, "r", "to pause r: jelouctl bulk stop r");
    assert_eq!(
        other.run("bulk status r").success().json()["paused"],
        serde_json::Value::Null
    );
    let second = IMPORT.replace("--run r", "--again --run s");
    other.run(&second).api(&jelou.url).success();
    is_only_unfinished(&other, "r, s", "to pause r: jelouctl bulk stop r");
    other.run("bulk stop r").success();
    is_only_unfinished(&other, "s", "to pause s: jelouctl bulk stop s");
    home.run("bulk stop").success();
    assert_eq!(run.end().code, 11);
    is_nothing_sent(&home);
}

#[test]
fn stop_asks_which_of_two_runs_in_progress() {
    let home = people(300);
    let jelou = Jelou::accept_all();
    let begin = |run: &str| {
        let words = SLOW.replace("--run r", &format!("--again --run {run}"));
        let begun = Watched::new(start(&home, &words, &[], &jelou.url));
        crate::harness::wait_until("the run is there", || home.has_run(run));
        begun
    };
    let runs = ["a", "b"].map(begin);
    let told = format!(
        "error: several runs are being sent from the ledger {}: a, b\n",
        ledger_file(&home)
    );
    let hint = "hint: to stop one: jelouctl bulk stop RUN; to stop all: jelouctl bulk stop --all\n";
    home.run("bulk stop").fails(2, &[&told, hint]);
    let [a, b] = runs;
    home.run("bulk stop a").success();
    assert_eq!(a.end().code, 11);
    // Now there is only one.
    home.run("bulk stop")
        .success()
        .stderr_has(&["run b (ledger "]);
    assert_eq!(b.end().code, 11);
}

#[test]
fn stop_all_stops_and_pauses_every_unfinished_run() {
    let home = people(300);
    let jelou = Jelou::accept_all();
    let told = format!(
        "error: nothing is being sent from the ledger {}; other accounts and databases have other ledgers\n",
        ledger_file(&home)
    );
    home.run("bulk stop --all").fails(2, &[&told]);
    home.run("bulk send people.csv --yes --run idle --hold text Otra")
        .api(&jelou.url)
        .success();
    // The sandbox does not stop a run to real recipients.
    home.run("--sandbox bulk stop --all").fails(2, &[&told]);
    home.run("bulk stop r --all").fails(2, &["--all"]);
    let run = Watched::new(start(&home, SLOW, &[], &jelou.url));
    jelou.wait_for(2);
    home.run("bulk stop --all").success().stderr_has(&[
        "note: run idle (ledger ",
        "is paused: no process was sending it",
        "note: run r (ledger ",
        "is stopping: it sends no more messages",
    ]);
    assert_eq!(run.end().code, 11);
    let sent = jelou.requests().len();
    for run in ["idle", "r"] {
        home.run(&format!("bulk work {run}"))
            .api(&jelou.url)
            .fails(11, &["run paused: stopped by `jelouctl bulk stop`"]);
        home.run(&format!("bulk cancel {run} --yes")).success();
    }
    assert_eq!(jelou.requests().len(), sent);
    home.run("bulk stop --all").fails(2, &[&told]);
}

#[test]
fn paused_run_is_sent_by_no_timer() {
    let home = people(3);
    let jelou = Jelou::accept_all();
    home.run(IMPORT).api(&jelou.url).success();
    let paused = format!(
        "note: run r (ledger {}) is paused: no process was sending it, and `bulk work` does not send it now; to continue: \
         jelouctl bulk resume r\n",
        ledger_file(&home)
    );
    home.run("bulk stop r").success().stderr_has(&[&paused]);
    home.run("bulk work")
        .api(&jelou.url)
        .fails(11, &["run paused: stopped by `jelouctl bulk stop`"]);
    assert!(jelou.requests().is_empty());
    home.run("bulk stop r").success().stderr_has(&[
        "was already paused since ",
        "stopped by `jelouctl bulk stop`",
    ]);
    // The hint works.
    assert_eq!(
        counts(&resume(&home, &jelou.url).success().json()),
        [3, 0, 0, 0]
    );
}

#[test]
fn run_of_a_dying_process_is_stopped_truly() {
    let home = people(30);
    let (jelou, arrived, go) = Jelou::hold_responses();
    // After Ctrl-C, the process waits for its request in flight. It still sends the run.
    let mut run = Watched::new(start(&home, SLOW, &[], &jelou.url));
    arrived.recv().unwrap();
    signal(&run.child, Signal::INT);
    run.wait_for("stopping: 1 request in flight");
    home.run("bulk stop")
        .success()
        .stderr_has(&["is stopping: it sends no more messages after those in flight"]);
    go.send(()).unwrap();
    assert_eq!(run.end().code, 130);
    // It has ended.
    is_nothing_sent(&home);
    home.run("bulk stop r")
        .success()
        .stderr_has(&["was already paused since "]);
    // A killed process does not send.
    let resumed = start(&home, "bulk resume r --progress none", &[], &jelou.url);
    arrived.recv().unwrap();
    kill(resumed);
    is_only_unfinished(&home, "r", "to pause r: jelouctl bulk stop r");
    home.run("bulk stop r")
        .success()
        .stderr_has(&["is paused: no process was sending it"]);
    go.send(()).unwrap();
}

#[test]
fn cancelled_run_has_nothing_to_stop() {
    let home = people(3);
    home.run(IMPORT).api("http://127.0.0.1:9").success();
    home.run("bulk cancel r --yes").success();
    let told = format!(
        "note: nothing to stop: run r (ledger {}) was cancelled by {} at ",
        ledger_file(&home),
        user_name()
    );
    home.run("bulk stop r").success().stderr_has(&[&told]);
    is_nothing_sent(&home);
}

#[test]
fn stop_prefers_runs_of_its_own_kind() {
    let home = people(300);
    let jelou = Jelou::accept_all();
    home.profile("prod", &jelou.url, "");
    let words =
        "--sandbox bulk send people.csv --run rehearsal --rate 4/s --progress none text Hola";
    let mut command = home.command();
    command
        .args(crate::harness::split_words(words))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let rehearsal = Watched::new(command.spawn().unwrap());
    crate::harness::wait_until("the run is there", || home.has_run("rehearsal"));
    let run = Watched::new(start(&home, SLOW, &[], &jelou.url));
    jelou.wait_for(1);
    home.run("--sandbox bulk stop r").fails(
        2,
        &["run r sends to real recipients", "outside the sandbox"],
    );
    home.run("bulk stop")
        .success()
        .stderr_has(&["run r (ledger "]);
    assert_eq!(run.end().code, 11);
    home.run("--sandbox bulk stop")
        .success()
        .stderr_has(&["run rehearsal (ledger "]);
    assert_eq!(rehearsal.end().code, 11);
}
