//! The hours in which a run may send, by the wall clock: faketime moves it during the run.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use jiff::{ToSpan, ZonedDateTime};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::acceptor::OwnPort;
use crate::bulk_connections::{accepted, recipients, server_on};
use crate::bulk_run::{Watched, people, signal, start, user};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{CONFIG, Home, STATE, faketime, test_with_both_ledgers, tool, wait_until};
use crate::postgres::Cluster;
use crate::server::{Reply, Server};

test_with_both_ledgers! {
    hours_changed_during_a_join_apply,
}

const BOGOTA: [&str; 4] = ["--between", "07:00-19:00", "--time-zone", "America/Bogota"];
/// 06:00, 07:00 and 19:00 in Bogotá.
const EARLY: &str = "2026-11-20 11:00:00";
const OPENING: &str = "2026-11-20 12:00:00";
const CLOSING: &str = "2026-11-21 00:00:00";
const NEXT_OPENING: &str = "2026-11-21 12:00:00";

/// The clock of the processes that use it. It does not move until the test sets it.
pub(crate) struct Clock {
    file: PathBuf,
    library: String,
}

impl Clock {
    /// None if faketime is not installed.
    pub(crate) fn new(home: &Home, shows: &str) -> Option<Arc<Self>> {
        let clock = Self {
            file: home.path().join("clock"),
            library: faketime()?,
        };
        clock.set(shows);
        Some(Arc::new(clock))
    }

    /// In UTC.
    pub(crate) fn set(&self, shows: &str) {
        let next = self.file.with_extension("next");
        // A date starts the clock there; `+9000y` moves it ahead.
        let from = if shows.starts_with('+') { "" } else { "@" };
        std::fs::write(&next, format!("{from}{shows}\n")).unwrap();
        std::fs::rename(next, &self.file).unwrap();
    }

    pub(crate) fn command(&self, home: &Home, words: &[&str], url: &str) -> Command {
        let mut command = home.process("", url);
        command.args(words).envs([
            ("LD_PRELOAD", self.library.as_str()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.to_str().unwrap()),
            ("FAKETIME_NO_CACHE", "1"),
            // The clock for durations must not change.
            ("DONT_FAKE_MONOTONIC", "1"),
            ("NO_FAKE_STAT", "1"),
        ]);
        command
    }

    fn start(&self, home: &Home, flags: &[&str], url: &str) -> Watched {
        let send = [
            "bulk",
            "send",
            "people.csv",
            "--yes",
            "--run",
            "r",
            "--rate",
            "1000/s",
            "--progress",
            "ndjson",
        ];
        Watched::new(
            self.command(home, &[&send, flags, &["text", "Hola"]].concat(), url)
                .spawn()
                .unwrap(),
        )
    }

    fn status(&self, home: &Home) -> Value {
        let output = tool(&mut self.command(home, &["bulk", "status", "r"], "http://127.0.0.1:1"));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[test]
fn run_waits_for_sending_hours_and_continues() {
    let home = people(3);
    let Some(clock) = Clock::new(&home, EARLY) else {
        return;
    };
    let jelou = Jelou::accept_all();
    let mut run = clock.start(&home, &BOGOTA, &jelou.url);
    run.wait_for("note: waiting until 2026-11-20 07:00 America/Bogota: outside the sending hours, 07:00-19:00");
    run.wait_for(r#""waiting":{"reason":"hours","until":"2026-11-20T07:00:00-05:00"}"#);
    let status = clock.status(&home);
    assert_eq!(
        status["waiting"],
        json!({"reason": "hours", "until": "2026-11-20T07:00:00-05:00"}),
        "{status}"
    );
    assert_eq!(
        status["hours"]["between"],
        json!(["07:00-19:00"]),
        "{status}"
    );
    // The clock is set back to another hour of the closed time. The run still waits only once.
    clock.set("2026-11-19 11:00:00");
    run.wait_for("note: waiting until 2026-11-19 07:00 America/Bogota");
    clock.set("2026-11-20 11:59:59");
    run.wait_for("note: waiting until 2026-11-20 07:00 America/Bogota");
    assert!(jelou.requests().is_empty());
    clock.set(OPENING);
    let ended = run.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(jelou.requests().len(), 3);
    assert!(ended.stderr.contains(r#""waiting":null"#), "{ended:?}");
    assert_eq!(clock.status(&home)["waiting"], Value::Null);
}

#[test]
fn retry_waits_for_the_next_sending_hours() {
    let home = people(2);
    let Some(clock) = Clock::new(&home, OPENING) else {
        return;
    };
    let (first, clock_of_server) = (user(0), Arc::clone(&clock));
    let jelou = Jelou::start(move |user, before| match (user == first, before) {
        (true, 0) => {
            clock_of_server.set(CLOSING);
            Act::RATE_LIMIT
        }
        _ => Act::Accept,
    });
    let flags = [&BOGOTA[..], &["--not-on", "2026-11-21", "--max-wait", "1s"]].concat();
    let mut run = clock.start(&home, &flags, &jelou.url);
    run.wait_for("note: waiting until 2026-11-22 07:00 America/Bogota: outside");
    assert_eq!(jelou.requests().len(), 1);
    clock.set("2026-11-22 12:00:00");
    let ended = run.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(jelou.accepted().values().sum::<usize>(), 2);
}

#[test]
fn signal_ends_wait_and_hours_persist() {
    let home = people(3);
    let Some(clock) = Clock::new(&home, EARLY) else {
        return;
    };
    let jelou = Jelou::accept_all();
    let mut run = clock.start(&home, &BOGOTA, &jelou.url);
    run.wait_for("note: waiting until");
    signal(&run.child, Signal::TERM);
    let ended = run.end();
    assert_eq!(ended.code, 143, "{ended:?}");
    // No process is waiting now.
    let status = clock.status(&home);
    assert_eq!(
        (&status["waiting"], &status["pending"]),
        (&Value::Null, &json!(3)),
        "{status}"
    );

    let resume = |flags: &[&str]| {
        let words = [&["bulk", "resume", "r", "--progress", "ndjson"], flags].concat();
        Watched::new(clock.command(&home, &words, &jelou.url).spawn().unwrap())
    };
    for (flags, until) in [
        (&[][..], "2026-11-20 07:00 America/Bogota"),
        (
            &["--time-zone", "America/New_York"],
            "2026-11-20 07:00 America/New_York",
        ),
        (
            &["--between", "08:00-09:00"],
            "2026-11-20 08:00 America/New_York",
        ),
        (
            &["--not-on", "2026-11-20"],
            "2026-11-21 08:00 America/New_York",
        ),
        // The hours are stored.
        (&[], "2026-11-21 08:00 America/New_York"),
    ] {
        let mut run = resume(flags);
        run.wait_for(&format!("note: waiting until {until}"));
        // Status shows the hours that were set last.
        assert!(
            clock.status(&home)["waiting"]["until"]
                .as_str()
                .unwrap()
                .starts_with(&until[..10])
        );
        signal(&run.child, Signal::INT);
        assert_eq!(run.end().code, 130, "{flags:?}");
    }
    assert!(jelou.requests().is_empty());
    let ended = resume(&["--between", "always"]).end();
    assert_eq!((ended.code, jelou.requests().len()), (0, 3), "{ended:?}");
    assert_eq!(clock.status(&home)["hours"], Value::Null);
}

#[test]
fn nothing_is_sent_after_the_sending_hours() {
    let home = people(30);
    let Some(clock) = Clock::new(&home, OPENING) else {
        return;
    };
    let clock_of_server = Arc::clone(&clock);
    let first = user(0);
    let jelou = Jelou::start(move |user, _| {
        if user == first {
            clock_of_server.set(CLOSING);
        }
        Act::Accept
    });
    let mut run = clock.start(&home, &BOGOTA, &jelou.url);
    run.wait_for("note: waiting until 2026-11-21 07:00");
    assert_eq!(jelou.accepted().len(), 1);
    clock.set(NEXT_OPENING);
    // The first message, which moved the clock, is not sent again, so the hours stay open.
    assert_eq!(run.end().code, 0);
    assert_eq!(jelou.requests().len(), 30);
}

#[test]
fn network_wait_respects_sending_hours() {
    let (home, port) = (people(30), OwnPort::new());
    let Some(clock) = Clock::new(&home, OPENING) else {
        return;
    };
    let mut run = clock.start(&home, &BOGOTA, &port.url());
    run.wait_for(r#""waiting":{"reason":"network","until":"20"#);
    clock.set(CLOSING);
    run.wait_for("note: waiting until 2026-11-21 07:00");
    let (_server, seen) = server_on(port.listen(), |user, _, _| Some(accepted(user, "")));
    run.wait_for(r#""waiting":{"reason":"hours","until":"2026-11-21"#);
    assert!(recipients(&[&seen]).is_empty());
    clock.set(NEXT_OPENING);
    let ended = run.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(recipients(&[&seen]), (0..30).map(user).collect::<Vec<_>>());
}

/// The test needs a separate database.
#[test]
fn rows_assigned_after_hours_wait_until_opening() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let (home, jelou) = (people(3), Jelou::accept_all());
    let Some(clock) = Clock::new(&home, OPENING) else {
        return;
    };
    let ledger = cluster.ledger();
    let database = ledger.rsplit('/').next().unwrap();
    let change = "CREATE FUNCTION jelouctl.late() RETURNS trigger LANGUAGE plpgsql AS \
                  $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$; \
                  CREATE TRIGGER late BEFORE UPDATE ON jelouctl.row FOR EACH ROW WHEN (NEW.n = 1 AND NEW.number = 1 \
                    AND NEW.state = 'inflight') EXECUTE FUNCTION jelouctl.late()";
    cluster.script("postgres", database, change);
    let send = [
        "bulk",
        "send",
        "people.csv",
        "--yes",
        "--run",
        "r",
        "--rate",
        "1000/s",
        "--progress",
        "ndjson",
    ];
    let mut command = clock.command(
        &home,
        &[&send[..], &BOGOTA, &["text", "Hola"]].concat(),
        &jelou.url,
    );
    let mut run = Watched::new(command.env("JELOUCTL_LEDGER", &ledger).spawn().unwrap());
    wait_until("the database gives rows", || {
        let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
        cluster.sql(database, sleeping)[0].get::<_, i64>(0) == 1
    });
    clock.set(CLOSING);
    run.wait_for("note: waiting until 2026-11-21 07:00");
    assert_eq!(jelou.requests().len(), 0);
    clock.set(NEXT_OPENING);
    let ended = run.end();
    assert_eq!((ended.code, jelou.accepted().len()), (0, 3), "{ended:?}");
}

#[test]
fn exclusion_added_during_the_wait_applies() {
    let home = people(3);
    let Some(clock) = Clock::new(&home, EARLY) else {
        return;
    };
    let jelou = Jelou::accept_all();
    home.config(&format!(
        "[profiles.p]\napi_url = \"{}\"\ndo_not_contact = \"bajas.txt\"\n",
        jelou.url
    ));
    let write = |list: &str| home.write(&format!("{CONFIG}/bajas.txt"), list);
    write("# nobody so far\n");
    let mut run = clock.start(&home, &BOGOTA, &jelou.url);
    run.wait_for("note: waiting until 2026-11-20 07:00");
    write(&format!("+{}\n", user(1)));
    clock.set(OPENING);
    let ended = run.end();
    assert_eq!((ended.code, jelou.requests().len()), (0, 2), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("note: 1 row is skipped because the recipient is excluded by "),
        "{ended:?}"
    );
    assert_eq!(
        ended.stderr.matches("is empty and excludes no one").count(),
        1,
        "{ended:?}"
    );
    assert_eq!(ended.json()["skipped_reasons"], json!({"excluded": 1}));
    assert!(jelou.requests().iter().all(|seen| seen.user != user(1)));
}

#[test]
fn recipient_outside_window_at_opening_is_skipped() {
    let home = people(3);
    let Some(clock) = Clock::new(&home, EARLY) else {
        return;
    };
    let wrote = |number: usize, at: &str| json!({"messageId": at, "by": "user", "sender": {"id": user(number)}, "recipient": {"id": "BOT-ID"}, "createdAt": at});
    let both = vec![
        wrote(0, "2026-11-20T10:00:00Z"),
        wrote(1, "2026-11-20T10:30:00Z"),
    ];
    let history = Arc::new(Mutex::new(both));
    let listed = Arc::clone(&history);
    let server = Server::responding(move |number, request| {
        if request.line.starts_with("POST ") {
            return Reply::json(
                200,
                &json!({"success": true, "messageId": format!("m-{number}")}).to_string(),
            );
        }
        let results = listed.lock().unwrap().clone();
        Reply::json(
            200,
            &json!({"pagination": {"totalPages": 1}, "results": results}).to_string(),
        )
    });
    let mut run = clock.start(
        &home,
        &[&BOGOTA[..], &["--only-in-window"]].concat(),
        &server.url,
    );
    run.wait_for("note: waiting until 2026-11-20 07:00");
    history
        .lock()
        .unwrap()
        .push(wrote(0, "2026-11-21T12:00:00Z"));
    // The machine was asleep for a day.
    clock.set("2026-11-21 12:30:00");
    let ended = run.end();
    assert!(
        ended.code == 0
            && ended
                .stderr
                .contains("note: 1 row is skipped because the recipient has not written"),
        "{ended:?}"
    );
    assert_eq!(
        (&ended.json()["sent"], &ended.json()["skipped_reasons"]),
        (&json!(1), &json!({"outside_window": 2}))
    );
}

#[test]
fn missing_exclusion_list_at_opening_stops_run() {
    let home = people(3);
    let Some(clock) = Clock::new(&home, EARLY) else {
        return;
    };
    let jelou = Jelou::accept_all();
    home.config(&format!(
        "[profiles.p]\napi_url = \"{}\"\ndo_not_contact = \"bajas.txt\"\n",
        jelou.url
    ));
    let list = home.write(&format!("{CONFIG}/bajas.txt"), "# nobody so far\n");
    let mut run = clock.start(&home, &BOGOTA, &jelou.url);
    run.wait_for("note: waiting until 2026-11-20 07:00");
    std::fs::remove_file(&list).unwrap();
    clock.set(OPENING);
    let ended = run
        .end()
        .stderr_has(&["hint: to continue: jelouctl bulk resume r"]);
    assert_eq!((ended.code, jelou.requests().len()), (3, 0), "{ended:?}");
    let told = "the run did not continue: do_not_contact (profile p): failed to read";
    assert!(ended.stderr.contains(told), "{ended:?}");
    assert_eq!(
        (&ended.json()["pending"], &ended.json()["complete"]),
        (&json!(3), &json!(false))
    );
    std::fs::write(&list, format!("{}\n", user(0))).unwrap();
    let resume = ["bulk", "resume", "r"];
    let ended = Watched::new(clock.command(&home, &resume, &jelou.url).spawn().unwrap()).end();
    assert_eq!((ended.code, jelou.requests().len()), (0, 2), "{ended:?}");
}

/// The process has read the run. Before it joins, it reads which recipients have written.
#[test]
fn hours_changed_during_a_join_apply() {
    let home = people(1);
    let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap();
    let wrote = json!({"messageId": "w", "by": "user", "sender": {"id": user(0)}, "recipient": {"id": "BOT-ID"},
        "createdAt": format!("{now:.3}")});
    let holds = Arc::new(AtomicBool::new(false));
    let (is_to_hold, (arrived, has_arrived), (go, may_go)) =
        (Arc::clone(&holds), channel(), channel());
    let may_go = Mutex::new(may_go);
    let server = Server::responding(move |number, request| {
        if request.line.starts_with("POST ") {
            return Reply::json(
                200,
                &json!({"success": true, "messageId": format!("m-{number}")}).to_string(),
            );
        }
        if is_to_hold.swap(false, SeqCst) {
            arrived.send(()).unwrap();
            may_go.lock().unwrap().recv().unwrap();
        }
        Reply::json(
            200,
            &json!({"pagination": {"totalPages": 1}, "results": [wrote]}).to_string(),
        )
    });
    let made = "bulk send people.csv --yes --run r --only-in-window --hold text Hola";
    home.run(made).api(&server.url).success();
    holds.store(true, SeqCst);
    let mut worker = Watched::new(start(&home, "bulk work r", &[], &server.url));
    has_arrived.recv().unwrap();
    let tomorrow = now
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .tomorrow()
        .unwrap();
    let between = tomorrow
        .tomorrow()
        .unwrap()
        .strftime("%a 07:00-19:00")
        .to_string()
        .to_lowercase();
    let hours = ["--between", &between, "--time-zone", "UTC"];
    let mut resumed = Watched::new(start(&home, "bulk resume r", &hours, &server.url));
    resumed.wait_for("note: waiting until ");
    signal(&resumed.child, Signal::INT);
    assert_eq!(resumed.end().code, 130);
    go.send(()).unwrap();
    worker.wait_for("note: waiting until ");
    signal(&worker.child, Signal::INT);
    assert_eq!(worker.end().code, 130);
    assert!(
        server
            .received()
            .iter()
            .all(|request| !request.line.starts_with("POST "))
    );
}

#[test]
fn profile_hours_apply_unless_flags_override() {
    let home = people(2);
    let Some(clock) = Clock::new(&home, EARLY) else {
        return;
    };
    let jelou = Jelou::accept_all();
    home.config(&format!(
        "[profiles.p]\napi_url = \"{}\"\nbetween = [\"mon-fri 07:00-19:00\", \"sat 08:00-15:00\"]\n\
         not_on = [\"2026-11-21\", \"2026-11-20\"]\ntime_zone = \"America/Guayaquil\"\n",
        jelou.url
    ));
    let mut run = clock.start(&home, &[], &jelou.url);
    run.wait_for(
        "note: waiting until 2026-11-23 07:00 America/Guayaquil: outside the sending hours, mon-fri 07",
    );
    signal(&run.child, Signal::TERM);
    assert_eq!(run.end().code, 143);
    let page = home.run("bulk report r --format html").success().stdout;
    // The times of a run in a database are the database's, whose clock was not moved.
    let until = if home.ledger().is_some() {
        "for the sending hours; planned until 20"
    } else {
        "for the sending hours; planned until 2026-11-23 07:00:00"
    };
    for part in [
        until,
        "by the computer that ran it",
        "(Guayaquil time)",
        ">Stopped</span>",
    ] {
        assert!(page.contains(part), "`{part}` is missing in {page}");
    }
    home.run("bulk remove r --yes").success();
    // Days that are typed add to those of the profile.
    let mut run = clock.start(&home, &["--not-on", "2026-11-23"], &jelou.url);
    run.wait_for("note: waiting until 2026-11-24 07:00 America/Guayaquil");
    signal(&run.child, Signal::TERM);
    assert_eq!(run.end().code, 143);
    home.run("bulk remove r --yes").success();
    assert!(jelou.requests().is_empty());
    let ended = clock
        .start(&home, &["--between", "always"], &jelou.url)
        .end();
    assert_eq!((ended.code, jelou.requests().len()), (0, 2), "{ended:?}");
    let shown = home.run("profile show p").success().stdout;
    assert!(
        shown.contains("between\t[\"mon-fri 07:00-19:00\", \"sat 08:00-15:00\"]\tprofile p"),
        "{shown}"
    );
    assert!(
        shown.contains("time_zone\tAmerica/Guayaquil\tprofile p"),
        "{shown}"
    );
}

#[test]
fn impossible_hours_are_refused_before_reading() {
    let home = people(2);
    let yesterday = ZonedDateTime::now().date().yesterday().unwrap();
    let every_day = yesterday
        .series(1.day())
        .take(400)
        .map(|date| format!("--not-on={date}"));
    let every_day: Vec<_> = every_day
        .chain(["--time-zone=America/Bogota".to_owned()])
        .collect();
    let every_day: Vec<_> = every_day.iter().map(String::as_str).collect();
    let jelou = Jelou::expect_no_requests();
    for (flags, parts) in [
        (
            &["--between", "mon-fri"][..],
            &[
                "--between",
                "is not a range of hours such as 'mon-fri 07:00-19:00'",
            ][..],
        ),
        (
            &["--between", "mondey 07:00-19:00"],
            &["`mondey` is not a day"],
        ),
        (
            &["--between", "07:00-19:00"],
            &["time zone", "is UTC", "--time-zone"],
        ),
        (
            &["--between", "always", "--between", "07:00-19:00"],
            &["`always` cannot be combined"],
        ),
        (
            &["--between", "07:00-19:00", "--time-zone", "Bogota"],
            &["is not a time zone such as America/Bogota"],
        ),
        (
            &["--time-zone", "America/Bogota"],
            &["--time-zone has no effect"],
        ),
        (
            &["--not-on", "05/06/2026", "--time-zone", "America/Bogota"],
            &["--not-on", "`05/06/2026` is not a date"],
        ),
        (&every_day, &["do not open within the next year"]),
    ] {
        let run = home
            .run("bulk send people.csv --yes")
            .args(flags)
            .args(&["text", "Hola"]);
        run.api(&jelou.url).env("TZ", "UTC").fails(2, parts);
    }
    assert!(!home.path().join(STATE).exists());
    for (profile, part) in [
        (
            "between = [\"mon 7h-19\"]",
            "between of profile p: `7h` is not a time of day",
        ),
        (
            "time_zone = \"Bogota\"",
            "time_zone of profile p: `Bogota` is not a time zone such as America/Bogota",
        ),
        (
            "not_on = [\"nope.txt\"]\ntime_zone = \"America/Bogota\"",
            "not_on of profile p: `nope.txt` is not a date",
        ),
    ] {
        home.config(&format!(
            "[profiles.p]\napi_url = \"{}\"\nbot_id = \"1\"\n{profile}\n",
            jelou.url
        ));
        home.run("bulk send people.csv --yes text Hola")
            .api(&jelou.url)
            .fails(3, &[part]);
    }
}

#[test]
fn machine_time_zone_is_used_only_if_set() {
    let home = people(2);
    let Some(clock) = Clock::new(&home, EARLY) else {
        return;
    };
    let jelou = Jelou::expect_no_requests();
    let send = [
        "bulk",
        "send",
        "people.csv",
        "--yes",
        "--run",
        "r",
        "--between",
        "07:00-19:00",
        "text",
        "Hola",
    ];
    // faketime reads the clock's file in this time zone.
    clock.set("2026-11-20 03:00:00");
    let mut run = Watched::new(
        clock
            .command(&home, &send, &jelou.url)
            .env("TZ", "America/Lima")
            .spawn()
            .unwrap(),
    );
    run.wait_for("note: waiting until 2026-11-20 07:00 America/Lima");
    signal(&run.child, Signal::TERM);
    assert_eq!(run.end().code, 143);
}

#[test]
fn clock_before_1970_does_not_panic() {
    let home = people(1);
    let Some(clock) = Clock::new(&home, "1960-01-01 00:00:00") else {
        return;
    };
    let jelou = Jelou::accept_all();
    let send = [
        "bulk",
        "send",
        "people.csv",
        "--yes",
        "--rate",
        "1000/s",
        "text",
        "Hola",
    ];
    home.run_args(&send).api(&jelou.url).success();
    for (words, code) in [
        (&["send", "text", "--to", "593987654321", "Hola"][..], 0),
        (&send, 11),
        (
            &[
                "run",
                "--to",
                "593987654321",
                "--text",
                "{{ started }}",
                "--",
                "true",
            ],
            0,
        ),
        (&["bulk", "list"], 0),
        (&["bulk", "report"], 0),
    ] {
        let mut command = clock.command(&home, words, &jelou.url);
        let ended = Watched::new(command.env("PATH", "/usr/bin:/bin").spawn().unwrap()).end();
        assert!(
            ended.code == code && !ended.stderr.contains("panicked"),
            "{words:?}: {ended:?}"
        );
    }
    assert_eq!(
        jelou.requests()[2].received.json()["text"],
        "1960-01-01 00:00:00 +00:00"
    );
    let words = ["--sandbox", "send", "text", "--to", "593987654321", "Hola"];
    let ended = Watched::new(clock.command(&home, &words, &jelou.url).spawn().unwrap()).end();
    assert!(
        ended.stderr.contains("a time before 1970") && !ended.stderr.contains("panicked"),
        "{ended:?}"
    );
}

#[test]
fn clock_after_9999_does_not_panic() {
    let home = people(1);
    let Some(clock) = Clock::new(&home, "+9000y") else {
        return;
    };
    let jelou = Jelou::accept_all();
    let wrong = "the clock of this machine shows a time ";
    for (words, code, part) in [
        (&["send", "text", "--to", "593987654321", "Hola"][..], 0, ""),
        (&["run", "--to", "593987654321", "--", "true"], 0, ""),
        (
            &["bulk", "send", "people.csv", "--yes", "text", "Hola"],
            11,
            wrong,
        ),
        (
            &[
                "bulk",
                "send",
                "people.csv",
                "--yes",
                "--between",
                "07:00-19:00",
                "--time-zone",
                "UTC",
                "text",
                "Hola",
            ],
            2,
            "the sending hours do not open",
        ),
        (&["bulk", "list"], 0, ""),
        (
            &["--sandbox", "send", "text", "--to", "593987654321", "Hola"],
            1,
            wrong,
        ),
    ] {
        let mut command = clock.command(&home, words, &jelou.url);
        let ended = Watched::new(command.env("PATH", "/usr/bin:/bin").spawn().unwrap()).end();
        assert_eq!(ended.code, code, "{words:?}: {ended:?}");
        assert!(
            ended.stderr.contains(part) && !ended.stderr.contains("panicked"),
            "{words:?}: {ended:?}"
        );
    }
    assert_eq!(jelou.requests().len(), 2);
}

#[test]
fn time_zone_ignores_case() {
    let home = people(1);
    let words = [
        "--sandbox",
        "bulk",
        "send",
        "people.csv",
        "--between",
        "07:00-19:00",
        "--time-zone",
        "AMERICA/bogota",
    ];
    home.run_args(&[&words[..], &["text", "Hola"]].concat())
        .success();
    assert_eq!(
        home.run("bulk status").success().json()["hours"]["time_zone"],
        "America/Bogota"
    );
}

/// Only for ledgers in files: the test writes no ledger.
#[test]
fn past_day_off_warns() {
    let home = people(1);
    let today = ZonedDateTime::try_from(SystemTime::now()).unwrap();
    let today = today.with_time_zone(jiff::tz::TimeZone::UTC);
    let last_year = today.checked_sub(1.year()).unwrap().date();
    let two_years_ago = today.checked_sub(2.years()).unwrap().date();
    let tomorrow = today.checked_add(1.day()).unwrap().date();
    let shown = |day: jiff::civil::Date| {
        let words = format!(
            "--sandbox bulk send people.csv --not-on {day} --time-zone UTC --preview 1 text Hola"
        );
        home.run(&words).success()
    };
    for day in [last_year, two_years_ago] {
        shown(day).stderr_has(&[&format!(
            "warning: --not-on {day}: this day is over; did you mean {}",
            today.year()
        )]);
    }
    shown(today.date()).stderr_lacks(&["is over"]);
    shown(tomorrow).stderr_lacks(&["is over"]);
}
