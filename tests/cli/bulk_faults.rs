//! A ledger that cannot be written: the disk is full, the file is missing, or a write or a sync fails. The run exits
//! with 12, prints the outcomes that the ledger lacks, and can be resumed.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, STATE};
#[cfg(target_os = "linux")]
use crate::harness::{can_trace, with_fault};
#[cfg(target_os = "linux")]
use crate::needs::{by_root, can_test, works};

const ROWS: usize = 40;

fn people() -> Home {
    let home = Home::new();
    let rows: Vec<_> = (0..ROWS)
        .map(|number| format!("{}\n", 593_990_000_000_u64 + number as u64))
        .collect();
    home.write("people.csv", format!("to\n{}", rows.concat()));
    home
}

fn ledger(home: &Home) -> PathBuf {
    home.path().join(STATE).join("state.db")
}

/// Resumes with the existing files, after any fault, until every row is final.
fn finish(home: &Home, jelou: &Jelou) -> Vec<Value> {
    let (words, more): (_, &[&str]) = if home.has_run("r") {
        ("bulk resume r --rate 100000/s", &[])
    } else {
        (
            "bulk send people.csv --yes --run r --rate 100000/s",
            &["text", "Hola"],
        )
    };
    let ended = home.run(words).args(more).api(&jelou.url).end();
    assert!([0, 10].contains(&ended.code), "{ended:?}");
    home.report("r")
}

/// Checks that no row is sent twice or lost, and that every state is correct.
fn check(home: &Home, jelou: &Jelou, ended: &CommandOutput, what: &str) {
    let rows = finish(home, jelou);
    let accepted = jelou.accepted();
    assert_eq!(rows.len(), ROWS, "{what}");
    assert!(
        accepted.values().all(|count| *count == 1),
        "{what}: sent twice"
    );
    let told: HashMap<String, String> = ended
        .stderr
        .lines()
        .filter_map(|line| {
            let record: Value = serde_json::from_str(line).ok()?;
            assert_eq!(record["kind"], "text", "{what}: {record}");
            Some((
                record["to"].as_str()?.to_owned(),
                record["sent"].as_str()?.to_owned(),
            ))
        })
        .collect();
    for row in &rows {
        let user = row["to"].as_str().unwrap();
        match row["sent"].as_str().unwrap() {
            "yes" => assert!(accepted.contains_key(user), "{what}: {row}"),
            // The command printed the outcomes that the ledger lacks, unless they are unknown.
            "unknown" if accepted.contains_key(user) => {
                assert_eq!(told[user], "yes", "{what}: {row}");
            }
            "unknown" => assert!(
                !told.contains_key(user) || told[user] == "no",
                "{what}: {row}"
            ),
            other => panic!("{what}: {other} in {row}"),
        }
    }
}

/// Makes the first of `calls` fail with `error`, in another run the second, and so on. Ends after `upto` runs, or if a
/// run has no more calls. At least `least` of the faults must end the run.
#[cfg(target_os = "linux")]
fn each_may_fail_once(calls: &str, error: &str, upto: usize, least: usize) {
    if !can_trace() {
        return;
    }
    let mut ends = 0;
    for when in 1..=upto {
        let home = people();
        let jelou = Jelou::accept_all();
        let words = "bulk send people.csv --yes --run r --rate 100000/s --concurrency 4 text Hola";
        let fault = format!("error={error}");
        let mut command = with_fault(&home.process(words, &jelou.url), calls, &fault, when);
        let ended = CommandOutput::new(&command.output().unwrap());
        let was_injected = home.read("trace").contains("(INJECTED)");
        let what = format!("{calls} {when}");
        // A fault that SQLite can ignore ends nothing.
        assert!(
            [0, 12].contains(&ended.code) && (was_injected || ended.code == 0),
            "{what}: {ended:?}"
        );
        ends += usize::from(was_injected && ended.code == 12);
        check(&home, &jelou, &ended, &what);
        if !was_injected {
            break;
        }
    }
    assert!(ends >= least, "only {ends} faults met the ledger");
}

#[test]
#[cfg(target_os = "linux")]
fn every_write_may_fail_once() {
    each_may_fail_once("pwrite64", "ENOSPC", 40, 15);
}

#[test]
#[cfg(target_os = "linux")]
fn every_disk_sync_may_fail_once() {
    each_may_fail_once("fsync,fdatasync", "EIO", 20, 8);
}

#[test]
#[cfg(target_os = "linux")]
fn every_file_resize_may_fail_once() {
    each_may_fail_once("ftruncate,fallocate", "EIO", 4, 1);
}

#[test]
fn removed_ledger_stops_the_run() {
    for ending in ["db", "db-wal"] {
        let home = people();
        let path = ledger(&home).with_extension(ending);
        let remove = path.clone();
        let jelou = Jelou::start(move |_, _| {
            // The ledger disappears while the tenth row is in flight.
            let _ = fs::remove_file(&remove);
            Act::Accept
        });
        let ended = home
            .run("bulk send people.csv --yes --run r --rate 1000/s text Hola")
            .api(&jelou.url);
        let ended = ended.fails(
            12,
            &[
                "was removed or replaced",
                "\"sent\":\"yes\"",
                "\"to\":\"593990000000\"",
            ],
        );
        assert!(
            jelou.requests().len() <= 2,
            "{}: {ended:?}",
            jelou.requests().len()
        );
    }
}

#[test]
fn emptied_ledger_stops_the_run() {
    let home = people();
    let path = ledger(&home);
    let jelou = Jelou::start(move |_, _| {
        // Other programs cut a file in the same way: `: > state.db`.
        fs::File::create(&path).unwrap();
        Act::Accept
    });
    let ended = home
        .run("bulk send people.csv --yes --run r --rate 1000/s text Hola")
        .api(&jelou.url);
    let parts = ["state.db was emptied during the run", "\"sent\":\"yes\""];
    ended.fails(12, &parts);
    assert!(jelou.requests().len() <= 2, "{}", jelou.requests().len());
}

#[test]
fn unwritable_ledger_directory_stops_before_sending() {
    let jelou = Jelou::expect_no_requests();
    let home = people();
    home.write(STATE, "a file");
    let send = "bulk send people.csv --yes --run r text Hola";
    home.run(send).api(&jelou.url).fails(
        12,
        &[
            "/jelouctl is a file, not a directory\nhint: to keep runs elsewhere: set XDG_STATE_HOME\n",
        ],
    );
}

#[test]
#[cfg(unix)]
fn link_without_a_target_stops_before_sending() {
    let jelou = Jelou::expect_no_requests();
    let home = people();
    let state = home.path().join(STATE);
    fs::create_dir_all(state.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/mnt/unplugged", &state).unwrap();
    let send = "bulk send people.csv --yes --run r text Hola";
    home.run(send).api(&jelou.url).fails(
        12,
        &["/jelouctl is a link to /mnt/unplugged, which does not exist\n"],
    );
}

#[test]
#[cfg(target_os = "linux")]
fn full_disk_stops_run_and_resume_is_correct() {
    let home = people();
    let state = home.path().join("small");
    fs::create_dir(&state).unwrap();
    let mount = [
        "mount",
        "-t",
        "tmpfs",
        "-o",
        "size=4m",
        "none",
        state.to_str().unwrap(),
    ];
    let is_done = |words: &[&str]| {
        let words = by_root(words);
        works(words[0], &words[1..])
    };
    if !can_test("root, or sudo without a password, to mount a tmpfs", || {
        is_done(&mount)
    }) {
        return;
    }
    let filler = state.join("filler");
    let jelou = Jelou::start(move |user, _| {
        if user == "593990000015" {
            // Fills the remaining space, until nothing more fits.
            let _ = fs::write(&filler, vec![0; 4 * 1024 * 1024]);
        }
        Act::Accept
    });
    let run = |words: &str| {
        home.run(words)
            .api(&jelou.url)
            .env("XDG_STATE_HOME", &state)
    };
    let ended =
        run("bulk send people.csv --yes --run r --rate 1000/s --concurrency 4 text Hola").end();
    fs::remove_file(state.join("filler")).unwrap();
    let resumed = run("bulk resume r --rate 1000/s").end();
    let report = run("bulk report r --format ndjson").success().stdout;
    assert!(is_done(&["umount", state.to_str().unwrap()]));
    assert_eq!(ended.code, 12, "{ended:?}");
    assert!([0, 10].contains(&resumed.code), "{resumed:?}");
    assert_eq!(report.lines().count(), ROWS);
    assert!(jelou.accepted().values().all(|count| *count == 1));
    for row in report
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
    {
        let known = row["sent"] == "yes"
            || row["sent"] == "unknown" && ended.stderr.contains(row["to"].as_str().unwrap());
        assert!(known, "{row}");
    }
}
