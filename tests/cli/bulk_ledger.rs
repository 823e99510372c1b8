//! A ledger that is hurt: its log or its lock removed or cut, bits of it flipped, its file copied or renamed. The server
//! counts: nothing that was sent, or may have been, is sent again; what cannot be known is refused. Files alone, but for what
//! `also_in_a_database!` names.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};

use crate::bulk_server::{Act, Jelou};
use crate::harness::{Ended, Home, Run, STATE, also_in_a_database};
use crate::needs::{can_test, works};

also_in_a_database! {
    what_a_run_goes_through_is_kept_with_the_api_s_own_codes,
    what_was_decided_by_hand_stands_beside_what_was_answered,
    rows_that_may_have_been_sent_are_not_counted_as_to_be_sent,
    what_a_server_says_is_kept_to_a_limit,
    a_list_has_no_endless_number_of_fields,
}

const ROWS: usize = 40;
/// The number of messages sent before the kill …
const SENT: usize = 20;
/// … and the number under way.
const UNDER_WAY: usize = 4;
/// The files of a run that was killed.
const FILES: [&str; 3] = ["r.db", "r.db-wal", "r.lock"];

fn user(number: usize) -> String {
    format!("{}", 593_990_000_000 + number)
}

fn people(rows: usize) -> Home {
    let home = Home::new();
    let rows: Vec<_> = (0..rows).map(|number| format!("{}\n", user(number))).collect();
    home.write("people.csv", format!("to\n{}", rows.concat()));
    home
}

/// Changes a column that a trigger of the ledger keeps constant.
pub(crate) fn unguarded(ledger: &rusqlite::Connection, trigger: &str, change: &str) {
    let query = "SELECT sql FROM sqlite_schema WHERE name = ?1";
    let sql: String = ledger.query_row(query, [trigger], |row| row.get(0)).unwrap();
    ledger.execute_batch(&format!("DROP TRIGGER {trigger}; {change}; {sql};")).unwrap();
}

/// A run that was killed midway, to be damaged in several ways.
struct Killed {
    home: Home,
    jelou: Jelou,
    files: Vec<(PathBuf, Vec<u8>)>,
    /// The recipients that the server was asked to send to before the kill.
    asked: HashSet<String>,
}

impl Killed {
    fn new() -> Self {
        let home = people(ROWS);
        // Those under way stay so until the kill.
        let hangs = Arc::new(AtomicBool::new(true));
        let is_hanging = Arc::clone(&hangs);
        let jelou = Jelou::start(move |user, _| {
            let is_sent = user.parse::<usize>().unwrap() % 1000 < SENT;
            if is_sent || !is_hanging.load(Ordering::SeqCst) { Act::Accept } else { Act::Hang { accepted: true } }
        });
        let mut command = home.command();
        command.args("bulk send people.csv --yes --run r --rate 2000/s --concurrency 4 text Hola".split(' '));
        command.envs([("JELOU_API_URL", jelou.url.as_str()), ("JELOU_BOT_ID", "BOT_ID"), ("JELOU_CLIENT_ID", "id")]);
        command.env("JELOU_CLIENT_SECRET", "canary-secret-of-the-tests").stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        jelou.wait_for(SENT + UNDER_WAY);
        child.kill().unwrap();
        child.wait().unwrap();
        hangs.store(false, Ordering::SeqCst);
        let runs = home.path().join(STATE).join("runs");
        let files = FILES.map(|name| (runs.join(name), fs::read(runs.join(name)).unwrap()));
        let asked = jelou.seen().into_iter().map(|seen| seen.user).collect();
        Self { home, jelou, files: files.into(), asked }
    }

    fn runs(&self) -> PathBuf {
        self.home.path().join(STATE).join("runs")
    }

    /// The state when the process was killed.
    fn restore(&self) {
        for entry in fs::read_dir(self.runs()).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        for (path, content) in &self.files {
            fs::write(path, content).unwrap();
        }
    }

    fn run(&self, words: &str) -> Run<'_> {
        self.home.run(words).api(&self.jelou.url)
    }

    /// Resumes the run that was `hurt`, checks the invariants, and returns the end.
    fn resume(&self, hurt: &str) -> Ended {
        let before = self.jelou.seen().len();
        let ended = self.run("bulk resume r --rate 100000/s").end();
        let mut asked = self.asked.clone();
        for seen in self.jelou.seen().split_off(before) {
            assert!(asked.insert(seen.user.clone()), "{hurt}: a second message to {}: {ended:?}", seen.user);
        }
        assert!([0, 10, 12].contains(&ended.code), "{hurt}: {ended:?}");
        if ended.code != 12 {
            self.check_report(&asked, hurt);
        }
        ended
    }

    /// The report agrees with the server.
    fn check_report(&self, asked: &HashSet<String>, hurt: &str) {
        let report = self.run("bulk report r --format ndjson").end();
        // A cell of the list may have become unreadable.
        assert!(report.code == 12 || report.stdout.lines().count() == ROWS, "{hurt}: {report:?}");
        let rows = report.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        for (number, row) in rows.enumerate() {
            match row["sent"].as_str().unwrap() {
                "yes" => assert!(asked.contains(&user(number)), "{hurt}: {row}"),
                "unknown" => {}
                other => panic!("{hurt}: {other} in {row}"),
            }
        }
    }
}

/// Makes each of `hurts` to a run that was killed, on all threads of the machine; returns how many were refused.
fn each<T: Sync>(hurts: &[T], hurt: impl Fn(&Path, &T) -> String + Sync) -> usize {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|first| {
                let hurt = &hurt;
                scope.spawn(move || {
                    let killed = Killed::new();
                    let mut refused = 0;
                    for each in hurts.iter().skip(first).step_by(2) {
                        killed.restore();
                        let what = hurt(&killed.runs(), each);
                        refused += usize::from(killed.resume(&what).code == 12);
                    }
                    refused
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

#[test]
fn a_killed_run_goes_on_and_one_without_its_log_or_lock_does_not() {
    let killed = Killed::new();
    killed.restore();
    assert_eq!(killed.resume("nothing").code, 10);
    for (missing, problem) in [
        (&["r.db-wal"][..], "r.db-wal is missing or has lost its end"),
        (&["r.lock"], "r.lock is missing or changed"),
        (&["r.db-wal", "r.lock"], "r.db-wal too may be missing"),
    ] {
        killed.restore();
        for name in missing {
            fs::remove_file(killed.runs().join(name)).unwrap();
        }
        let ended = killed.resume(problem);
        assert_eq!(ended.code, 12, "{missing:?}: {ended:?}");
        assert!(ended.stderr.contains(problem) && ended.stderr.contains("--pending-as unknown"), "{ended:?}");
        // Accepting the ledger as it is sends nothing; afterwards it is in order again.
        let before = killed.jelou.seen().len();
        let resolved = killed.run("bulk resolve r --pending-as unknown").success().json();
        assert_eq!((&resolved["pending"], &resolved["complete"]), (&json!(0), &json!(true)));
        let resumed = killed.resume("taken as it is");
        assert_eq!(resumed.code, 10, "{resumed:?}");
        assert!(resumed.stderr.contains("jelouctl bulk report r --state unknown"), "{resumed:?}");
        assert_eq!(killed.jelou.seen().len(), before);
    }
}

#[test]
fn a_log_that_a_reader_folded_in_is_no_damage() {
    let killed = Killed::new();
    killed.restore();
    // Two readers: the last one to close writes the log back.
    for _ in 0..2 {
        killed.run("bulk status r").success();
    }
    assert!(!killed.runs().join("r.db-wal").exists());
    assert_eq!(killed.resume("folded in").code, 10);
}

#[test]
fn a_ledger_that_is_cut_is_refused() {
    let length = |file: &str| {
        let killed = Killed::new();
        killed.files.iter().find(|(path, _)| path.ends_with(file)).unwrap().1.len()
    };
    for file in ["r.db", "r.db-wal"] {
        let cuts: Vec<_> = (0..length(file)).step_by(4096).collect();
        let refused = each(&cuts, |runs, cut| {
            let path = runs.join(file);
            let content = fs::read(&path).unwrap();
            // The runs of the test need not be as long.
            fs::write(&path, &content[..(*cut).min(content.len() - 1)]).unwrap();
            format!("{file} cut at {cut}")
        });
        assert_eq!(refused, cuts.len(), "{file}");
    }
}

#[test]
fn a_flipped_bit_sends_nothing_twice() {
    for file in ["r.db", "r.db-wal"] {
        let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
        let bits: Vec<_> = (0..200).map(|_| random.next_u64()).collect();
        let refused = each(&bits, |runs, bit| {
            let path = runs.join(file);
            let mut content = fs::read(&path).unwrap();
            let bit = bit % (content.len() as u64 * 8);
            content[usize::try_from(bit / 8).unwrap()] ^= 1 << (bit % 8);
            fs::write(&path, content).unwrap();
            format!("{file}: bit {bit} flipped")
        });
        assert!(refused > 20, "only {refused} of the changes of {file} were seen");
    }
}

#[test]
fn a_copy_of_a_ledger_is_not_sent_and_hinders_nobody() {
    let killed = Killed::new();
    let at = |name: &str| killed.runs().join(name);
    let endings = ["db", "db-wal", "lock"];
    killed.restore();
    for ending in endings {
        fs::copy(at(&format!("r.{ending}")), at(&format!("s.{ending}"))).unwrap();
    }
    fs::hard_link(at("r.db"), at("t.db")).unwrap();
    let seen = killed.jelou.seen().len();
    for name in ["s", "t"] {
        let part = format!("{name} is a copy of run r");
        killed.run("bulk resume").args(&[name]).fails(12, &[&part]);
        killed.run("bulk resolve").args(&[name, "--unknown-as", "pending"]).fails(12, &[&part]);
    }
    assert_eq!(killed.jelou.seen().len(), seen);
    let list =
        killed.run("bulk list").fails(12, &["warning: run s: s is a copy of run r", "warning: run t: t is a copy"]);
    assert!(list.stdout.starts_with("r\tunfinished\t") && list.stdout.contains("\ns\tdamaged\t"), "{list:?}");
    // Without a name, it does not choose a run that cannot be resumed.
    let told = killed.run("bulk stop").success().stderr;
    assert!(told.contains("no process sends run r") && told.contains("run s is left alone: s is a copy"), "{told}");
    assert_eq!(killed.resume("copied").code, 10);
    // Under another name, all of it.
    killed.restore();
    for ending in endings {
        fs::rename(at(&format!("r.{ending}")), at(&format!("u.{ending}"))).unwrap();
    }
    killed
        .run("bulk resume u")
        .fails(12, &["u is a copy of run r, or its file under another name", "name it r.db again"]);
    for ending in endings {
        // Its log has been merged by now: it was read.
        if at(&format!("u.{ending}")).exists() {
            fs::rename(at(&format!("u.{ending}")), at(&format!("r.{ending}"))).unwrap();
        }
    }
    assert_eq!(killed.resume("moved aside and back").code, 10);
}

#[test]
fn a_stopped_run_is_not_sent_from_a_copy_without_its_lock() {
    let (home, jelou) = (people(3), Jelou::accepting());
    home.run("bulk send people.csv --yes --run r --import-only text Hola").api(&jelou.url).success();
    let (runs, copied) = (home.path().join(STATE).join("runs"), Home::new());
    let there = copied.path().join(STATE).join("runs");
    fs::create_dir_all(&there).unwrap();
    fs::copy(runs.join("r.db"), there.join("r.db")).unwrap();
    let resume = |home: &Home| home.run("bulk resume r --yes --rate 1000000/s").api(&jelou.url).end();
    let refused = resume(&copied);
    assert_eq!(refused.code, 12, "{refused:?}");
    assert!(refused.stderr.contains("r.lock is missing or changed: this may be a copy"), "{refused:?}");
    assert_eq!(jelou.seen().len(), 0);
    // With all of its files it is moved.
    fs::rename(runs.join("r.lock"), there.join("r.lock")).unwrap();
    fs::remove_file(runs.join("r.db")).unwrap();
    assert_eq!(resume(&copied).code, 0);
    assert_eq!(jelou.seen().len(), 3);
}

#[test]
fn an_older_file_beside_the_lock_is_refused() {
    let killed = Killed::new();
    killed.restore();
    let older = fs::read(killed.runs().join("r.db")).unwrap();
    assert_eq!(killed.resume("nothing").code, 10);
    fs::write(killed.runs().join("r.db"), older).unwrap();
    killed.run("bulk resume r").fails(12, &["the ledger is damaged"]);
}

/// Kills the process at each of its writes: when it is opened, while it sends, when it is closed. None of this is damage.
#[test]
#[cfg(target_os = "linux")]
fn a_run_that_is_killed_at_any_write_goes_on() {
    let is_traced = || works("strace", &["-f", "-o", "/dev/null", "/bin/true"]);
    if !can_test("strace, and the right to trace a child", is_traced) {
        return;
    }
    let killed = Killed::new();
    for calls in ["pwrite64", "write", "fsync,fdatasync", "ftruncate"] {
        for when in 1..=24 {
            killed.restore();
            let program = killed.home.command();
            let mut command = Command::new("strace");
            let fault = format!("inject={calls}:signal=KILL:when={when}");
            command.args(["-f", "-qq", "-o", "trace", "-e", &format!("trace={calls}"), "-e", &fault]);
            command.arg(program.get_program()).args("bulk resume r --rate 100000/s --concurrency 4".split(' '));
            command.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
            command.env("PATH", "/usr/bin:/bin").current_dir(killed.home.path());
            command.env("JELOU_CLIENT_SECRET", "canary-secret-of-the-tests").env("JELOU_CLIENT_ID", "id");
            let before = killed.jelou.seen().len();
            command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
            let what = format!("killed at {calls} {when}");
            let sent: HashSet<_> = killed.jelou.seen().split_off(before).into_iter().map(|seen| seen.user).collect();
            assert!(sent.is_disjoint(&killed.asked), "{what}");
            let before = killed.jelou.seen().len();
            let ended = killed.run("bulk resume r --rate 100000/s").end();
            assert!([0, 10].contains(&ended.code), "{what}: {ended:?}");
            for again in killed.jelou.seen().split_off(before) {
                assert!(!sent.contains(&again.user) && !killed.asked.contains(&again.user), "{what}: {}", again.user);
            }
            if !killed.home.read("trace").contains("killed by SIGKILL") {
                break;
            }
        }
    }
}

#[test]
fn a_changed_request_is_found_before_it_leaves() {
    let killed = Killed::new();
    let runs = killed.runs();
    for change in [
        "UPDATE content SET body = replace(body, '593990000039', '593990000999') WHERE n = 40",
        "UPDATE content SET body = replace(body, 'Hola', 'Hole') WHERE n = 40",
        "UPDATE content SET path = replace(path, 'BOT_ID', 'BOT_IE') WHERE n = 40",
    ] {
        killed.restore();
        let ledger = rusqlite::Connection::open(runs.join("r.db")).unwrap();
        unguarded(&ledger, "content_stays", change);
        drop(ledger);
        let ended = killed.resume(change);
        assert_eq!(ended.code, 12, "{ended:?}");
        assert!(ended.stderr.contains("the request of line 41 is not the one that was written"), "{ended:?}");
    }
    killed.restore();
    let ledger = rusqlite::Connection::open(runs.join("r.db")).unwrap();
    unguarded(
        &ledger,
        "outcome_stays",
        "DELETE FROM outcome WHERE 0; UPDATE outcome SET state = 'pending', code = 'network' WHERE n = 1",
    );
    drop(ledger);
    let ended = killed.resume("an outcome that was changed");
    assert!(ended.code == 12 && ended.stderr.contains("the outcomes of rows are not what was written"), "{ended:?}");
    killed.restore();
    let ledger = rusqlite::Connection::open(runs.join("r.db")).unwrap();
    unguarded(&ledger, "run_stays", "UPDATE run SET details = replace(details, 'BOT_ID', 'BOT_IE')");
    drop(ledger);
    let ended = killed.run("bulk resume r --bot BOT_IE").end();
    assert!(ended.code == 12 && ended.stderr.contains("what the run is was changed"), "{ended:?}");
}

#[test]
fn rows_and_counts_that_are_not_those_of_the_records_are_found() {
    let killed = Killed::new();
    let runs = killed.runs();
    for (change, problem) in [
        ("UPDATE progress SET sent = sent - 1, pending = pending + 1", "the outcomes of rows are not what was written"),
        ("UPDATE progress SET changed_at = changed_at + 1", "the outcomes of rows are not what was written"),
        ("DROP TRIGGER content_is_kept; DELETE FROM content WHERE n = 30", "rows or records are missing"),
        ("DROP TRIGGER row_is_kept; DELETE FROM row WHERE n = 30", "rows or records are missing"),
        ("DROP TRIGGER row_stays; UPDATE row SET n = 99 WHERE n = 40", "rows or records are missing"),
    ] {
        killed.restore();
        let ledger = rusqlite::Connection::open(runs.join("r.db")).unwrap();
        let trigger = change.strip_prefix("DROP TRIGGER ").and_then(|rest| rest.split_once("; "));
        ledger.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        match trigger {
            Some((trigger, change)) => unguarded(&ledger, trigger, change),
            None => ledger.execute_batch(change).unwrap(),
        }
        drop(ledger);
        let ended = killed.resume(change);
        assert!(ended.code == 12 && ended.stderr.contains(problem), "{change}: {ended:?}");
    }
}

#[test]
fn the_counts_of_a_killed_run_are_those_of_its_records() {
    let killed = Killed::new();
    killed.restore();
    let told = killed.run("bulk status r").success().json();
    let ledger = rusqlite::Connection::open(killed.runs().join("r.db")).unwrap();
    for state in ["pending", "inflight", "sent", "failed", "unknown", "skipped"] {
        let query = "SELECT count(*) FROM standing WHERE state = ?1";
        let counted: u64 = ledger.query_row(query, [state], |row| row.get(0)).unwrap();
        // What was under way may have been sent.
        let shown = match state {
            "inflight" => 0,
            "unknown" => counted + u64::try_from(UNDER_WAY).unwrap(),
            _ => counted,
        };
        assert_eq!(told[state], shown, "{state}: {told}");
    }
    assert_eq!((&told["sent"], &told["unknown"]), (&json!(SENT), &json!(UNDER_WAY)));
}

#[test]
fn the_schema_refuses_what_must_not_be() {
    let home = people(3);
    let jelou = Jelou::start(|user, _| if user.ends_with('0') { Act::Answer(422, "", "{}") } else { Act::Accept });
    home.run("bulk send people.csv --yes --run r --rate 1000/s text Hola").api(&jelou.url).fails(10, &[]);
    let ledger = rusqlite::Connection::open(home.path().join(STATE).join("runs/r.db")).unwrap();
    for (change, refusal) in [
        ("INSERT INTO attempt VALUES (1, 1, 0)", "UNIQUE"),
        ("INSERT INTO attempt VALUES (1, 2, 0)", "a row that is not pending cannot begin"),
        ("INSERT INTO outcome VALUES (1, 1, 0, 'sent', 200, NULL, NULL, NULL, NULL)", "UNIQUE"),
        ("INSERT INTO outcome VALUES (1, 2, 0, 'sent', 200, NULL, NULL, NULL, NULL)", "FOREIGN KEY"),
        ("INSERT INTO outcome VALUES (1, 1, 0, 'skipped', 200, NULL, 'x', NULL, NULL)", "CHECK"),
        ("INSERT INTO decision VALUES (2, 2, 'sent', 'pending', 'resolved', NULL, NULL, 0)", "CHECK"),
        ("INSERT INTO decision VALUES (2, 2, 'failed', 'pending', 'resolved', NULL, NULL, 0)", "in another state"),
        ("INSERT INTO decision VALUES (1, 3, 'failed', 'pending', 'resolved', NULL, NULL, 0)", "in another state"),
        ("INSERT INTO row (n, line) VALUES (4, 5)", "no new rows"),
        ("INSERT INTO content (n, cells) VALUES (4, '')", "no new rows"),
        ("UPDATE row SET line = 9", "does not change"),
        ("UPDATE content SET body = ''", "does not change"),
        ("UPDATE attempt SET began_at = 9", "does not change"),
        ("UPDATE outcome SET state = 'pending'", "does not change"),
        ("UPDATE run SET rows = 9", "does not change"),
        ("UPDATE event SET at = 9", "does not change"),
        ("DELETE FROM row", "loses nothing"),
        ("DELETE FROM content", "loses nothing"),
        ("DELETE FROM attempt", "loses nothing"),
        ("DELETE FROM outcome", "loses nothing"),
        ("DELETE FROM run", "loses nothing"),
        ("DELETE FROM event", "loses nothing"),
    ] {
        let refused = ledger.execute(change, []).unwrap_err().to_string();
        assert!(refused.contains(refusal), "{change}: {refused}");
    }
    ledger.execute("INSERT INTO decision VALUES (1, 2, 'failed', 'pending', 'resolved', NULL, NULL, 0)", []).unwrap();
    for change in ["UPDATE decision SET at = 9", "DELETE FROM decision"] {
        ledger.execute(change, []).unwrap_err();
    }
    ledger.execute("INSERT INTO attempt VALUES (1, 3, 0)", []).unwrap();
}

#[test]
fn what_a_run_goes_through_is_kept_with_the_api_s_own_codes() {
    let home = people(3);
    let body = r#"{"error":{"code":"131026","message":"Message undeliverable"}}"#;
    let jelou = Jelou::start(move |user, number| match (user.chars().last(), number) {
        (Some('1'), 0) => Act::Answer(401, "", "{}"),
        (Some('0'), _) => Act::Answer(422, "", body),
        _ => Act::Accept,
    });
    home.run("bulk send people.csv --yes --run r --rate 1000/s text Hola").api(&jelou.url).fails(4, &["paused"]);
    for _ in 0..2 {
        home.run("bulk resume r").api(&jelou.url).fails(10, &[]);
    }
    let report = home.run("bulk report r --format html").success().stdout;
    assert!(report.contains("131026") && report.contains("credentials"), "{report}");
    if home.ledger().is_some() {
        return;
    }
    let ledger = rusqlite::Connection::open(home.path().join(STATE).join("runs/r.db")).unwrap();
    let mut statement = ledger.prepare("SELECT kind, coalesce(reason, '') FROM event ORDER BY number").unwrap();
    let events = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let events: Vec<(String, String)> = events.map(Result::unwrap).collect();
    let events: Vec<_> = events.iter().map(|(kind, reason)| (kind.as_str(), reason.as_str())).collect();
    // There was nothing to resume.
    assert_eq!(events, [("begun", ""), ("paused", "credentials"), ("resumed", ""), ("ended", "")]);
    let code: String =
        ledger.query_row("SELECT api_code FROM outcome WHERE state = 'failed'", [], |row| row.get(0)).unwrap();
    assert_eq!(code, "131026");
}

#[test]
fn what_was_decided_by_hand_stands_beside_what_was_answered() {
    let home = people(3);
    let jelou = Jelou::start(|user, _| if user.ends_with('2') { Act::AcceptAndFail } else { Act::Accept });
    home.run("bulk send people.csv --yes --run r --rate 1000/s text Hola").api(&jelou.url).end();
    home.run("bulk resolve r --unknown-as sent").success();
    let report = home.run("bulk report r --format ndjson").success().stdout;
    let last: Value = serde_json::from_str(report.lines().last().unwrap()).unwrap();
    let expected =
        json!(["yes", 500, "resolved", "decided by hand: unknown as sent; before that: the API answered 500"]);
    assert_eq!(json!([last["sent"], last["http_status"], last["code"], last["error"]]), expected);
}

#[test]
fn rows_that_may_have_been_sent_are_not_counted_as_to_be_sent() {
    let home = people(10);
    let mut hung = home.command();
    let hangs = Jelou::start(|user, _| match user.chars().last() {
        Some('0') => Act::Accept,
        _ => Act::Hang { accepted: true },
    });
    hung.args("bulk send people.csv --yes --run r --rate 1000/s --concurrency 4 text Hola".split(' '));
    hung.envs([("JELOU_API_URL", hangs.url.as_str()), ("JELOU_BOT_ID", "BOT_ID"), ("JELOU_CLIENT_ID", "id")]);
    hung.env("JELOU_CLIENT_SECRET", "canary").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = hung.spawn().unwrap();
    hangs.wait_for(5);
    child.kill().unwrap();
    child.wait().unwrap();
    home.end_leases();
    let told = "of which 5 messages are still to be sent and 4 may have been sent";
    home.run("bulk remove r").fails(2, &[told]);
    let parts = [
        "note: run r: 5 of 10 messages left to send\n",
        "note: 4 messages may have been sent and are left alone: jelouctl bulk report r --state unknown",
    ];
    let ended = home.run("bulk resume r --timeout 300ms --rate 1000/s").api(&hangs.url).end();
    for part in parts {
        assert!(ended.stderr.contains(part), "{ended:?}");
    }
    let unknown = ended.json()["unknown"].as_u64().unwrap();
    let ask = "note: to ask Jelou about the messages that may have been sent: jelouctl bulk resolve r --ask; ";
    assert!(ended.stderr.contains(ask), "{ended:?}");
    let last = format!(
        "note: {unknown} messages may have been sent and are left alone: jelouctl bulk report r --state unknown\n"
    );
    assert!(ended.stderr.ends_with(&last), "{ended:?}");
}

#[test]
fn a_run_that_cannot_be_read_is_not_passed_over() {
    let home = people(3);
    let jelou = Jelou::accepting();
    home.run("bulk send people.csv --yes --run r --rate 1000/s text Hola").api(&jelou.url).success();
    let runs = home.path().join(STATE).join("runs");
    let whole = fs::read(runs.join("r.db")).unwrap();
    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    let mut older = whole.clone();
    older[60..64].copy_from_slice(&1_u32.to_be_bytes());
    let send = |flags: &[&str]| {
        let run = home.run("bulk send people.csv --yes --rate 1000/s").args(flags);
        run.args(&["text", "Otra cosa"]).api(&jelou.url)
    };
    for content in [newer, b"hello".repeat(2000)] {
        fs::write(runs.join("r.db"), content).unwrap();
        let ways = ["run r of the same bot cannot be read", "jelouctl bulk remove r", "--ignore-run r"];
        send(&[]).fails(11, &ways);
        send(&["--again"]).fails(11, &ways);
        // Another bot is not affected.
        let other = send(&["--bot", "OTHER", "--again"]).success();
        assert!(!other.stderr.contains("warning"), "{other:?}");
    }
    assert_eq!(jelou.seen().len(), 9);
    send(&["--ignore-run", "r"]).success();
    assert_eq!(jelou.seen().len(), 12);
    fs::write(runs.join("r.db"), older).unwrap();
    send(&["--again"]).fails(11, &["run r of the same bot cannot be read", "of version 1, older"]);
    // If even that is unknown, every bot is affected.
    fs::write(runs.join("r.db"), b"hello").unwrap();
    fs::remove_file(runs.join("r.lock")).unwrap();
    let file = runs.join("r.db").display().to_string();
    for bot in ["BOT_ID", "OTHER"] {
        let told = ["run r and its bot cannot be read", &file, "--ignore-run r", "bulk remove r"];
        send(&["--bot", bot, "--again"]).fails(11, &told);
    }
    assert_eq!(jelou.seen().len(), 12);
}

#[test]
fn a_lock_that_was_removed_is_not_taken_for_the_run() {
    let home = people(3);
    let jelou = Jelou::accepting();
    home.run("bulk send people.csv --yes --run r --rate 1000/s text Hola").api(&jelou.url).success();
    let lock = home.path().join(STATE).join("runs/r.lock");
    let text = fs::read_to_string(&lock).unwrap();
    assert!(text.starts_with("commits 0000") && text.contains("\nbot BOT_ID\n"), "{text}");
    assert!(text.contains(&format!("\naddress {}", jelou.url)) && text.ends_with("\nsandbox no\n"), "{text}");
    // A run that ended in order is whole without it.
    fs::remove_file(&lock).unwrap();
    home.run("bulk resume r").api(&jelou.url).success();
    assert_eq!(
        fs::read_to_string(&lock).unwrap().lines().skip(1).collect::<Vec<_>>(),
        text.lines().skip(1).collect::<Vec<_>>()
    );
    home.run("bulk remove r --yes").success();
    assert!(!lock.exists());
}

#[test]
fn a_time_out_of_range_is_told_with_its_row() {
    let home = people(3);
    let jelou = Jelou::accepting();
    home.run("bulk send people.csv --yes --run r --rate 1000/s text Hola").api(&jelou.url).success();
    let ledger = rusqlite::Connection::open(home.path().join(STATE).join("runs/r.db")).unwrap();
    for at in ["253402300800000", "9223372036854775807", "-1"] {
        unguarded(&ledger, "outcome_stays", &format!("UPDATE outcome SET ended_at = {at} WHERE n = 2"));
        home.run("bulk report r").fails(12, &["the row of line 3 has a time that is out of range", at]);
    }
}

#[test]
fn a_row_is_said_to_be_left_out_only_where_all_records_are_whole() {
    let home = people(2);
    let jelou = Jelou::accepting();
    home.write("never.txt", user(1));
    let send = home.run("bulk send people.csv --yes --run r --exclude never.txt --rate 1000/s text Hola");
    send.api(&jelou.url).end();
    let find = format!("bulk find {}", user(1));
    assert_eq!(home.run(&find).success().json()["state"], "skipped");
    let ledger = rusqlite::Connection::open(home.path().join(STATE).join("runs/r.db")).unwrap();
    unguarded(&ledger, "outcome_stays", "UPDATE outcome SET ended_at = ended_at + 1");
    home.run(&find).fails(12, &["run r: the ledger is damaged"]);
}

#[test]
fn what_a_server_says_is_kept_to_a_limit() {
    let home = people(2);
    let said: &'static str = Box::leak(format!("{{\"code\":\"E1\",\"description\":\"{}\"}}", "é".repeat(4000)).into());
    let id: &'static str = Box::leak(format!("{{\"success\":true,\"messageId\":\"{}\"}}", "i".repeat(300)).into());
    let jelou = Jelou::start(
        move |user, _| {
            if user.ends_with('0') { Act::Answer(200, "", id) } else { Act::Answer(422, "", said) }
        },
    );
    home.run("bulk send people.csv --yes --run r --rate 1000/s text Hola").api(&jelou.url).fails(10, &[]);
    let report = home.run("bulk report r --format ndjson").success().stdout;
    let rows: Vec<Value> = report.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&rows[0]["sent"], &rows[0]["message_id"]), (&json!("yes"), &Value::Null));
    let error = rows[1]["error"].as_str().unwrap();
    assert!(error.len() <= 2048 + '…'.len_utf8() && error.ends_with('…') && error.contains("E1"), "{}", error.len());
}

#[test]
fn a_list_has_no_endless_number_of_fields() {
    let home = Home::new();
    let rows: Vec<_> = (0..1001).map(|n| format!("{{\"to\":\"{}\",\"field{n}\":1}}\n", user(n))).collect();
    home.write("people.ndjson", rows.concat());
    let jelou = Jelou::never_asked();
    let send = home.run("bulk send people.ndjson --yes text Hola").api(&jelou.url);
    send.fails(2, &["line 1000: with this row the list has more than 1000 differently named fields"]);
    home.write("people.ndjson", rows[..999].concat());
    home.run("--dry-run bulk send people.ndjson text Hola").api(&jelou.url).success();
}

#[test]
#[cfg(unix)]
fn a_limit_on_the_size_of_files_is_like_a_full_disk() {
    let home = people(2000);
    let jelou = Jelou::accepting();
    let with_limit = |blocks: u32, words: &str| {
        let mut command = Command::new("sh");
        let program = home.command();
        let line = format!("ulimit -f {blocks}; exec \"$0\" {words}");
        command.args(["-c", &line]).arg(program.get_program());
        command.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.envs([("JELOU_API_URL", jelou.url.as_str()), ("JELOU_BOT_ID", "BOT_ID"), ("JELOU_CLIENT_ID", "id")]);
        command.env("JELOU_CLIENT_SECRET", "canary").current_dir(home.path());
        Ended::new(&command.output().unwrap())
    };
    let ended = with_limit(32, "bulk send people.csv --yes --run r text Hola");
    assert_eq!(ended.code, 12, "{ended:?}");
    let told = "hint: check that the disk is not full and the directory can be written; nothing was sent\n";
    assert!(ended.stderr.contains(told), "{ended:?}");
    assert!(jelou.seen().is_empty() && !home.path().join(STATE).join("runs/r.db.part").exists());
    let ended = with_limit(0, "send text --to 593987654321 Hola > answer");
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stderr.contains("File too large"), "{ended:?}");
    assert_eq!(jelou.seen().len(), 1);
}
