//! Runs with a truncated, restored, copied or replaced ledger file. By the server's count, no message is sent twice,
//! and no sent message is reported as unsent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use assert_cmd::cargo::cargo_bin;

use crate::bulk_run::{people, user};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, STATE, kill, tool};
#[cfg(target_os = "linux")]
use crate::needs::can_mount;

pub(crate) const ROWS: usize = 40;
/// How many messages are accepted before the first process is killed with four more in flight.
pub(crate) const SENT: usize = 20;

/// After how many messages [`Killed::resume_until_killed`] kills the run again.
const LATER: usize = 30;

/// A run that was killed after `SENT` rows, with four in flight.
pub(crate) struct Killed {
    pub(crate) home: Home,
    pub(crate) jelou: Jelou,
    hangs_later: Arc<AtomicBool>,
}

impl Killed {
    pub(crate) fn new() -> Self {
        let home = Home::new();
        let rows: Vec<_> = (0..ROWS)
            .map(|number| format!("{}\n", user(number)))
            .collect();
        home.write("people.csv", format!("to\n{}", rows.concat()));
        let hangs_later = Arc::new(AtomicBool::new(false));
        let hangs_later_too = Arc::clone(&hangs_later);
        let jelou = Jelou::start(move |user, before| {
            let number = user.parse::<usize>().unwrap() % 1000;
            let mut hangs = (SENT..SENT + 4).contains(&number);
            if hangs_later_too.load(Ordering::SeqCst) {
                hangs |= (LATER..LATER + 4).contains(&number);
            }
            if hangs && before == 0 {
                Act::Hang { accepted: true }
            } else {
                Act::Accept
            }
        });
        let words = "bulk send people.csv --yes --run r --rate 2000/s --concurrency 4 text Hola";
        let child = home.process(words, &jelou.url).spawn().unwrap();
        jelou.wait_for(SENT + 4);
        kill(child);
        Self {
            home,
            jelou,
            hangs_later,
        }
    }

    fn state(&self) -> PathBuf {
        self.home.path().join(STATE)
    }

    pub(crate) fn resume(&self) -> CommandOutput {
        self.home
            .run("bulk resume r --rate 100000/s")
            .api(&self.jelou.url)
            .end()
    }

    /// Sends some more rows, and kills the run again.
    pub(crate) fn resume_until_killed(&self) {
        self.hangs_later.store(true, Ordering::SeqCst);
        let words = "bulk resume r --rate 2000/s --concurrency 4";
        let child = self.home.process(words, &self.jelou.url).spawn().unwrap();
        self.jelou.wait_for(LATER + 4);
        kill(child);
        self.hangs_later.store(false, Ordering::SeqCst);
    }

    /// Checks that no recipient got the message twice, and that each one who got it is reported as "sent" or "unknown".
    pub(crate) fn check(&self, what: &str) {
        let accepted = self.jelou.accepted();
        assert!(
            accepted.values().all(|count| *count == 1),
            "{what}: sent twice: {accepted:?}"
        );
        for row in self.home.report("r") {
            assert!(
                row["sent"] != "no" || !accepted.contains_key(row["to"].as_str().unwrap()),
                "{what}: {row}"
            );
        }
    }
}

fn copy(from: &Path, to: &Path) {
    tool(Command::new("cp").arg("-a").arg(from).arg(to));
}

#[test]
fn killed_run_resumes() {
    let killed = Killed::new();
    let ended = killed.resume();
    assert_eq!(
        (ended.code, ended.json()["unknown"].as_u64()),
        (10, Some(4)),
        "{ended:?}"
    );
    killed.check("killed");
    assert_eq!(killed.jelou.accepted().len(), ROWS);
}

#[test]
fn invalid_ledger_file_stops_every_command() {
    let killed = Killed::new();
    killed.home.run("bulk list").success();
    let (file, log) = (
        killed.state().join("state.db"),
        killed.state().join("state.db-wal"),
    );
    let _ = fs::remove_file(log);
    let whole = fs::read(&file).unwrap();
    let mut newer = whole.clone();
    // `PRAGMA user_version` is at byte 60 (https://sqlite.org/fileformat2.html, 1.3).
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    let mut scribbled = whole.clone();
    scribbled[4096..].fill(0xa5);
    let zeroed = vec![0; whole.len()];
    for (content, what) in [
        (&newer[..], "version 99, newer"),
        (&scribbled, "damaged"),
        (&zeroed, "damaged"),
        (b"hello", "damaged"),
        (&b"hello".repeat(2000), "damaged"),
        (&whole[..whole.len() / 2], "damaged"),
    ] {
        fs::write(&file, content).unwrap();
        let ended = killed.resume();
        assert!(
            ended.code == 12 && ended.stderr.contains(what),
            "{what}: {ended:?}"
        );
        let ended = killed
            .home
            .run("bulk send people.csv --yes text Otra")
            .api(&killed.jelou.url)
            .end();
        assert_eq!(ended.code, 12, "{what}: {ended:?}");
    }
    assert_eq!(killed.jelou.requests().len(), SENT + 4);
}

/// An older ledger lacks the latest messages, however it was restored. So the run sends no more without a confirmation.
#[test]
fn restored_ledger_makes_runs_stale() {
    for way in ["another inode", "the same inode", "the same inode, alone"] {
        let killed = Killed::new();
        let older = killed.home.path().join("older");
        copy(&killed.state(), &older);
        let resumed = killed.resume();
        assert_eq!(resumed.code, 10, "{way}: {resumed:?}");
        let seen = killed.jelou.requests().len();
        if way == "another inode" {
            fs::remove_dir_all(killed.state()).unwrap();
            copy(&older, &killed.state());
        } else {
            for name in ["state.db", "state.db-wal"] {
                if let Ok(content) = fs::read(older.join(name)) {
                    fs::write(killed.state().join(name), content).unwrap();
                }
            }
            if way.ends_with("alone") {
                for entry in fs::read_dir(killed.state()).unwrap() {
                    let path = entry.unwrap().path();
                    if path.to_string_lossy().contains("-commits-") {
                        fs::remove_file(path).unwrap();
                    }
                }
            }
        }
        let ended = killed.resume();
        assert!([11, 12].contains(&ended.code), "{way}: {ended:?}");
        assert_eq!(killed.jelou.requests().len(), seen, "{way}: {ended:?}");
    }
}

/// Neither copy records what a run in the other copy sends.
#[test]
fn copied_ledger_makes_runs_stale() {
    let killed = Killed::new();
    let home = Home::new();
    let there = home.path().join(STATE);
    fs::create_dir_all(there.parent().unwrap()).unwrap();
    copy(&killed.state(), &there);
    let ended = home
        .run("bulk resume r --rate 100000/s")
        .api(&killed.jelou.url)
        .end();
    assert_eq!(ended.code, 11, "{ended:?}");
    assert_eq!(killed.jelou.requests().len(), SENT + 4);
    // The original ledger still works as before.
    assert_eq!(killed.resume().code, 10);
    killed.check("copied");
}

/// A trigger simulates any fault that prevents marking a row.
/// The latest rows are only in the log beside the file, in a separate mount namespace.
#[test]
#[cfg(target_os = "linux")]
fn read_only_ledger_shows_the_latest_rows() {
    if !can_mount() {
        return;
    }
    let home = people(ROWS);
    let jelou = Jelou::start(move |user, _| {
        let number = user.parse::<usize>().unwrap() % 1000;
        if number < SENT {
            Act::Accept
        } else {
            Act::Hang { accepted: false }
        }
    });
    let words = "bulk send people.csv --yes --run r --rate 2000/s --concurrency 4 text Hola";
    let child = home.process(words, &jelou.url).spawn().unwrap();
    jelou.wait_for(SENT + 4);
    let script = "mount --bind \"$LEDGER\" \"$LEDGER\"; mount -o remount,bind,ro \"$LEDGER\"; \
                  \"$JELOUCTL\" bulk status r -o record";
    let shown = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-ec", script])
        .env("HOME", home.path())
        .env("LEDGER", home.path().join(STATE))
        .env("JELOUCTL", cargo_bin!("jelouctl"))
        .output()
        .unwrap();
    kill(child);
    let shown = CommandOutput::new(&shown);
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""), "{shown:?}");
    let status = shown.json();
    assert_eq!(
        (&status["sent"], &status["inflight"]),
        (&SENT.into(), &4.into()),
        "{shown:?}"
    );
}

/// While the first row is sent, another program puts a valid request to a third person into the last row. It takes the
/// request from a run whose profile allows that person.
#[test]
fn changed_row_passes_the_safety_checks_again() {
    const OUTSIDER: &str = "593987654321";
    for (flags, keys, end, said) in [
        (
            "",
            "allow_to = [\"59399000000*\"]",
            11,
            "error: the run did not continue: 593987654321 is not among the recipients that profile p allows",
        ),
        ("--exclude out.csv", "", 0, "excluded by out.csv"),
        ("", "do_not_contact = \"../../out.csv\"", 0, "excluded by "),
    ] {
        let home = people(3);
        home.write("out.csv", format!("to\n{OUTSIDER}\n"));
        home.write(
            "other.csv",
            format!(
                "nombre,celular\nPersona 0,{}\nPersona 1,{}\nOtra,{OUTSIDER}\n",
                user(0),
                user(1)
            ),
        );
        let state = home.path().join(STATE).join("state.db");
        let swap = "UPDATE message SET (recipient, person, fingerprint, path, body, checksum) = (SELECT recipient, \
            person, fingerprint, path, body, checksum FROM message AS other WHERE other.n = message.n AND other.run = \
            (SELECT id FROM run WHERE name = 'other')) WHERE n = 3 AND run = (SELECT id FROM run WHERE name = 'r')";
        let jelou = Jelou::start(move |person, _| {
            if person == user(0) {
                let store = rusqlite::Connection::open(&state).unwrap();
                assert_eq!(store.execute(swap, []).unwrap(), 1);
            }
            Act::Accept
        });
        home.profile("p", &jelou.url, "");
        home.run("-p p bulk send other.csv --yes --again --run other --hold text Hola")
            .success();
        home.profile("p", &jelou.url, keys);
        let line = format!(
            "-p p bulk send people.csv --yes --again --run r --rate 1000000/s --concurrency 1 {flags} text Hola"
        );
        let ended = home.run(&line).end();
        assert_eq!(ended.code, end, "{ended:?}");
        ended.stderr_has(&[said]);
        assert_eq!(jelou.users(), [user(0), user(1)], "{keys}");
    }
}

#[test]
fn rows_that_cannot_be_marked_are_not_sent() {
    let home = people(3);
    let jelou = Jelou::expect_no_requests();
    home.run("bulk send people.csv --hold --yes --run r text Hola")
        .api(&jelou.url)
        .success();
    home.change_store(
        "CREATE TRIGGER unmarked BEFORE UPDATE ON row WHEN NEW.state = 'inflight' BEGIN SELECT RAISE(IGNORE); END",
    );
    let ended = home.run("bulk work r").api(&jelou.url).end();
    assert_eq!(ended.code, 12, "{ended:?}");
    ended
        .stderr_has(&["the ledger marked 0 rows as in flight instead of 1; none of them was sent"]);
    home.change_store("DROP TRIGGER unmarked");
    let report = home.report("r");
    assert!(
        report.iter().all(|row| row["code"] == "pending"),
        "{report:?}"
    );
}
