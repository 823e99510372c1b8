//! Notifications of `run` to several recipients: all at the same time, within one limit.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::bulk_run::{Watched, signal};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{BETWEEN_LOOKS, CONFIG, CommandOutput, Home, Run, kill, wait_until};
use crate::server::{Reply, Server};

const ANA: &str = "593987654321";
const LUIS: &str = "593987654322";
const EVA: &str = "593987654323";
const ALL: &str = "--to 593987654321 --to 593987654322 --to 593987654323";
const PATH: (&str, &str) = ("PATH", "/usr/bin:/bin");

/// A server that accepts a connection and a request, but answers only to these recipients.
fn answer_only(reached: &'static [&str]) -> Jelou {
    Jelou::start(|user, _| {
        if reached.contains(&user) {
            Act::Accept
        } else {
            Act::Hang { accepted: false }
        }
    })
}

fn run<'a>(home: &'a Home, jelou: &Jelou, flags: &str, command: &str) -> Run<'a> {
    let line = format!("run {ALL} {flags} -- {command}");
    home.run(&line).api(&jelou.url).env(PATH.0, PATH.1)
}

/// Returns the recipients in the order of the lines that report them.
fn order(text: &str) -> Vec<&str> {
    let recipients = [ANA, LUIS, EVA];
    let named = |line: &'_ str| recipients.into_iter().find(|to| line.contains(to));
    let lines = text.lines().filter(|line| !line.starts_with("hint: "));
    lines.filter_map(named).collect()
}

#[test]
fn unreachable_recipients_share_one_limit() {
    const LIMIT: Duration = Duration::from_secs(4);
    let home = Home::new();
    let jelou = answer_only(&[EVA]);
    let begun = Instant::now();
    let ended = run(&home, &jelou, "--notify-timeout 4s --strict-notify", "true")
        .env("JELOUCTL_LOG", "log")
        .fails(8, &[]);
    let took = begun.elapsed();
    assert!(LIMIT <= took && took < 2 * LIMIT, "{took:?}");
    assert_eq!(jelou.requests().len(), 3);
    assert_eq!(jelou.accepted().into_keys().collect::<Vec<_>>(), [EVA]);
    let note =
        format!("note: the command has ended; notifying {ANA}, {LUIS}, {EVA}, at most 4 s\n");
    assert_eq!(ended.stderr.matches(&note).count(), 1, "{ended:?}");
    // Eva's came first, but is printed and logged in her turn.
    let results = ended.stderr.replace(&note, "");
    assert_eq!(order(&results), [ANA, LUIS], "{ended:?}");
    assert_eq!(order(&home.read("log")), [ANA, LUIS, EVA]);
    let unknown = "the notification may have been sent: no response (tried for 4 s)";
    assert_eq!(ended.stderr.matches(unknown).count(), 2, "{ended:?}");
    run(&home, &jelou, "--notify-timeout 1s", "false").fails(1, &[]);
}

#[test]
fn note_about_slow_notifications_names_no_excluded_recipient() {
    let home = Home::new();
    let jelou = answer_only(&[EVA]);
    home.profile("p", &jelou.url, "do_not_contact = \"none\"");
    home.write(&format!("{CONFIG}/none"), format!("{LUIS}\n"));
    let ended = run(&home, &jelou, "--notify-timeout 4s", "true")
        .env("JELOU_PROFILE", "p")
        .success();
    let note = format!("note: the command has ended; notifying {ANA}, {EVA}, at most 4 s\n");
    ended.stderr_has(&[&note, &format!("skipped: {LUIS} is excluded")]);
}

#[test]
fn each_recipient_keeps_the_outcome_of_its_key() {
    let home = Home::new();
    let jelou = Jelou::start(|user, before| match (user, before) {
        (ANA, 0) => Act::Answer(400, "", "{}"),
        (LUIS, _) => Act::Hang { accepted: false },
        _ => Act::Accept,
    });
    let flags = "--once k --notify-timeout 1s --strict-notify";
    run(&home, &jelou, flags, "true").fails(8, &[]);
    assert_eq!(jelou.requests().len(), 3);
    // Only Ana's was not sent.
    let ended = run(&home, &jelou, flags, "true").fails(8, &[]);
    assert_eq!(jelou.requests().len(), 4);
    assert_eq!(order(&ended.stderr), [LUIS, EVA], "{ended:?}");
    let replayed = format!("already sent to {EVA} with the key k");
    assert!(ended.stderr.contains(&replayed), "{ended:?}");
    let accepted = jelou.accepted();
    assert_eq!((accepted[ANA], accepted[EVA]), (1, 1));
}

#[test]
fn accepted_notification_is_saved_while_others_wait() {
    let home = Home::new();
    let jelou = answer_only(&[EVA]);
    let line = format!("run {ALL} --once k --notify-timeout 60s -- true");
    let mut command = home.process(&line, &jelou.url);
    let child = command.env(PATH.0, PATH.1).spawn().unwrap();
    jelou.wait_for(3);
    wait_until("the accepted one is saved", || {
        let keys = home.run("once list -o record").success();
        keys.json()["sent"] == json!(1)
    });
    kill(child);
    let ended = run(&home, &jelou, "--once k --strict-notify", "true").fails(8, &[]);
    let replayed = format!("already sent to {EVA} with the key k");
    assert!(ended.stderr.contains(&replayed), "{ended:?}");
    assert_eq!(jelou.requests().len(), 3);
}

#[test]
fn two_jobs_with_one_key_notify_each_recipient_once() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let line = format!("run {ALL} --once k --strict-notify -- true");
    let spawn = || {
        let mut command = home.process(&line, &jelou.url);
        command.env(PATH.0, PATH.1).spawn().unwrap()
    };
    let children = [spawn(), spawn()];
    for child in children {
        let ended = CommandOutput::new(&child.wait_with_output().unwrap());
        assert!([0, 10, 11].contains(&ended.code), "{ended:?}");
    }
    let accepted = jelou.accepted();
    assert_eq!(accepted.len(), 3);
    assert!(accepted.values().all(|count| *count == 1), "{accepted:?}");
}

/// In the first two seconds after the command, the first signal of each kind is ignored.
#[test]
fn signal_ends_all_notifications_together() {
    for flags in ["", "--once k"] {
        let home = Home::new();
        let jelou = answer_only(&[]);
        let line = format!("run {ALL} {flags} --notify-timeout 60s --strict-notify -- true");
        let mut command = home.process(&line, &jelou.url);
        let mut child = command.env(PATH.0, PATH.1).spawn().unwrap();
        jelou.wait_for(3);
        let begun = Instant::now();
        while child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(40), "it still waits");
            signal(&child, Signal::TERM);
            std::thread::sleep(BETWEEN_LOOKS);
        }
        let ended = CommandOutput::new(&child.wait_with_output().unwrap());
        assert_eq!(ended.code, 143, "{ended:?}");
        let interrupted = "the notification may have been sent: interrupted by SIGTERM";
        assert_eq!(ended.stderr.matches(interrupted).count(), 3, "{ended:?}");
        assert_eq!(jelou.requests().len(), 3);
        if !flags.is_empty() {
            run(&home, &jelou, "--once k --strict-notify", "true").fails(8, &[]);
            assert_eq!(jelou.requests().len(), 3);
        }
    }
}

/// The signal comes while jelouctl checks the template, after all recipients had their turn.
#[test]
fn signal_before_the_notifications_is_reported_once_for_each_recipient() {
    let home = Home::new();
    let server = Server::answering(Reply::HangAfterReading);
    let ids = ["EC.13491208655302741918", "EC.13491208655302741919"];
    let [first, second] = ids;
    let line = format!("run --to {first} --to {second} --template promo --strict-notify -- true");
    let mut command = home.process(&line, &server.url);
    let mut watched = Watched::new(command.env(PATH.0, PATH.1).spawn().unwrap());
    wait_until("it checks the template", || !server.received().is_empty());
    watched.signal_until_it_ends(Signal::TERM);
    let ended = watched.end();
    assert_eq!(ended.code, 143, "{ended:?}");
    for id in ids {
        let told = format!("error: {id}: the notification was not sent: interrupted by SIGTERM\n");
        assert_eq!(ended.stderr.matches(&told).count(), 1, "{ended:?}");
    }
    assert!(!ended.stderr.contains("not tried"), "{ended:?}");
}

#[test]
fn refused_credentials_are_reported_for_each_recipient() {
    let (home, jelou) = (Home::new(), Jelou::start(|_, _| Act::Answer(401, "", "{}")));
    let ended = run(&home, &jelou, "--strict-notify", "true").fails(4, &[]);
    assert_eq!(order(&ended.stderr), [ANA, LUIS, EVA], "{ended:?}");
    assert_eq!(jelou.requests().len(), 3);
}
