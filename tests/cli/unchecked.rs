//! Notifications of `run --once` while no ledger can check their key: another process keeps its lock, or it is damaged.
//! By the server's count, each recipient gets one in its time.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Child;

use rustix::process::Signal;
use serde_json::Value;

use crate::bulk_run::{signal, start};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{Home, Run, STATE, checked_record, faketime, kill, wait_until};

const ANA: &str = "593987654321";
const EVA: &str = "593987654323";

/// Creates a notification of both recipients. It waits a second for the ledger.
fn notify<'a>(home: &'a Home, jelou: &Jelou, flags: &str) -> Run<'a> {
    home.run(&format!(
        "run --to {ANA} --to {EVA} --notify-timeout 1s --strict-notify {flags} -- true"
    ))
    .env("JELOUCTL_LOG", "log")
    .api(&jelou.url)
}

/// Returns how many notifications each recipient got.
fn got(jelou: &Jelou) -> [usize; 2] {
    let accepted = jelou.accepted();
    [ANA, EVA].map(|person| accepted.get(person).copied().unwrap_or_default())
}

fn lock(home: &Home) -> PathBuf {
    home.path().join(STATE).join("state.db-write")
}

/// Keeps the lock of the ledger until the result is dropped.
fn keep(home: &Home) -> File {
    home.write(&format!("{STATE}/state.db-write"), "");
    let lock = File::open(lock(home)).unwrap();
    lock.lock().unwrap();
    lock
}

/// Suspends the process of a run while it writes the ledger.
fn suspended_writer(home: &Home, jelou: &Jelou) -> Child {
    let rows: Vec<_> = (0..5_000)
        .map(|row| format!("{}\n", 593_990_000_000_u64 + row))
        .collect();
    home.write("people.csv", format!("to\n{}", rows.concat()));
    let words = "bulk send people.csv --yes --run r --rate 1000000/s --progress none text Hola";
    let child = start(home, words, &[], &jelou.url);
    let state = format!("/proc/{}/stat", child.id());
    wait_until("it is suspended with the lock", || {
        signal(&child, Signal::STOP);
        wait_until("it is suspended", || {
            fs::read_to_string(&state).unwrap().contains(") T ")
        });
        let is_locked = File::open(lock(home)).is_ok_and(|lock| lock.try_lock().is_err());
        // During a part of a write, SQLite lets no process read.
        let is_right = is_locked
            && !home
                .run("bulk list")
                .end()
                .stderr
                .contains("keeps it locked");
        if !is_right {
            signal(&child, Signal::CONT);
        }
        is_right
    });
    child
}

#[test]
fn unchecked_notification_is_sent_once_in_its_time() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let suspended = suspended_writer(&home, &jelou);
    // Twelve alerts with the first key, of which some come at the same time.
    for (flags, rounds) in [("--once k --every 1h", 4), ("--once forever", 1)] {
        let before = got(&jelou);
        let after = before.map(|count| count + 1);
        for round in 0..rounds {
            let all: Vec<_> = std::thread::scope(|scope| {
                let send = || notify(&home, &jelou, flags).end();
                let all: Vec<_> = (0..3).map(|_| scope.spawn(send)).collect();
                all.into_iter().map(|one| one.join().unwrap()).collect()
            });
            for ended in &all {
                // While one of them sends, the others are told that it does.
                let codes: &[i32] = if round == 0 { &[0, 10, 11] } else { &[0] };
                assert!(codes.contains(&ended.code), "{ended:?}");
                let every = if flags.contains("1h") { "1h" } else { "10m" };
                let told = format!(
                    "so the notification may arrive twice, unless a mark shows one in the last {every}: "
                );
                assert!(ended.stderr.contains(&told), "{ended:?}");
            }
            assert_eq!(got(&jelou), after, "{flags}: {all:?}");
        }
    }
    let log = home.read("log");
    // Processes that begin a line at the same time can leave an empty one.
    let lines = log
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(
        lines.clone().all(|line| line["once"] == "unchecked"),
        "{log}"
    );
    let replayed = lines.filter(|line| line["replayed"] == true).count();
    assert!(replayed >= 2 * 9, "{log}");
    // Strict notifications name the lock once, and nobody gets one.
    let before = got(&jelou);
    let process = suspended.id();
    let said = format!(
        "process {process} has kept the lock {} for 1 s",
        lock(&home).display()
    );
    let strict = notify(&home, &jelou, "--once other --every 1h --once-strict").fails(
        3,
        &[
            &said,
            &format!("hint: to continue it: kill -CONT {process}; to end it: kill {process}\n"),
        ],
    );
    assert_eq!(strict.stderr.matches(&said).count(), 1, "{strict:?}");
    assert_eq!(got(&jelou), before);
    // The ledger, which can be written again, does not have the notifications.
    kill(suspended);
    for flags in ["--once k --every 1h", "--once forever"] {
        let again = notify(&home, &jelou, flags).success();
        again
            .stderr_has(&["already sent to", " with the key "])
            .stderr_lacks(&["unchecked"]);
    }
    assert_eq!(got(&jelou), before);
    let Some(faketime) = faketime() else { return };
    for (flags, clock) in [("--once k --every 1h", "+61m"), ("--once forever", "+11m")] {
        let before = got(&jelou);
        let later = notify(&home, &jelou, flags)
            .env("LD_PRELOAD", &faketime)
            .env("FAKETIME", clock);
        later.success();
        assert_eq!(got(&jelou), before.map(|count| count + 1), "{flags}");
    }
}

#[test]
fn lists_and_dry_runs_respect_unchecked_notifications() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let kept = keep(&home);
    notify(&home, &jelou, "--once k --every 1h").success();
    drop(kept);
    assert_eq!(got(&jelou), [1, 1]);
    let tried = home.run(&format!(
        "send text --to {ANA} --to 593987654329 Hola --once k --every 1h --dry-run"
    ));
    tried
        .api(&jelou.url)
        .success()
        .stderr_has(&[&format!(
            "{ANA} would be skipped: the state with key k is \"sent\", since "
        )])
        .stderr_lacks(&["593987654329 would"]);
    home.write("list.csv", format!("to\n{ANA}\n593987654329\n{EVA}\n"));
    for flags in ["--dry-run", "--yes"] {
        let words = format!("bulk send list.csv --once k --every 1h {flags} text Hola");
        let ended = home.run(&words).api(&jelou.url).success();
        ended.stderr_has(&["2 already sent"]);
    }
    assert_eq!(got(&jelou), [1, 1]);
    assert_eq!(jelou.accepted().len(), 3);
    // Another key, and the same key after its time, are free.
    let other = "bulk send list.csv --once other --yes text Hola";
    home.run(other).api(&jelou.url).success();
    assert_eq!(got(&jelou), [2, 2]);
}

#[test]
fn marks_do_not_show_recipients_or_keys() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.write(&format!("{STATE}/state.db"), "no store");
    notify(&home, &jelou, "--once november").success();
    let marks = home.path().join(STATE).join("unchecked");
    let names: Vec<_> = fs::read_dir(&marks)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        names.len(),
        3,
        "a secret, and a mark for each recipient: {names:?}"
    );
    for name in &names {
        let shown = format!("{name} {}", fs::read_to_string(marks.join(name)).unwrap());
        for secret in [ANA, EVA, "november", "BOT-ID"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    // Another machine, or another user, has other names for the same recipients.
    let other = Home::new();
    other.write(&format!("{STATE}/state.db"), "no store");
    notify(&other, &jelou, "--once november").success();
    let there = other.path().join(STATE).join("unchecked");
    let same = names.iter().filter(|name| there.join(name).exists());
    assert_eq!(same.collect::<Vec<_>>(), ["secret"]);
}

#[test]
fn killed_unchecked_notification_is_not_repeated() {
    let (held, arrived, release) = Jelou::hold_responses();
    let home = Home::new();
    home.write(&format!("{STATE}/state.db"), "no store");
    let words = format!("run --to {ANA} --once k --strict-notify -- true");
    let killed = start(&home, &words, &[], &held.url);
    arrived.recv().unwrap();
    home.run(&words).api(&held.url).fails(
        11,
        &[&format!(
            "another process is sending {ANA} a message with the key k"
        )],
    );
    kill(killed);
    home.run(&words).api(&held.url).fails(
        8,
        &[&format!(
            "{ANA} may have got an unchecked notification with the key k, at "
        )],
    );
    release.send(()).unwrap();
    assert_eq!(held.requests().len(), 1);
}

#[test]
fn removed_key_lets_an_unchecked_notification_through() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    let kept = keep(&home);
    for key in ["k", "other"] {
        notify(&home, &jelou, &format!("--once {key}")).success();
    }
    drop(kept);
    let remove = |flags: &str| {
        let line = format!("once remove k --bot BOT-ID {flags}");
        home.run(&line).api(&jelou.url).env("JELOUCTL_LOG", "log")
    };
    notify(&home, &jelou, "--once k").success();
    assert_eq!(got(&jelou), [2, 2]);
    remove(&format!("--to {ANA}")).fails(11, &["there is no terminal to ask on"]);
    let freed = format!("note: {ANA} can get a message again with key k\n");
    remove(&format!("--to {ANA} --yes"))
        .success()
        .stderr_has(&[&freed]);
    remove(&format!("--to {ANA} --yes")).fails(2, &[]);
    notify(&home, &jelou, "--once k").success();
    assert_eq!(got(&jelou), [3, 2]);
    // Now the ledger has Ana, and the mark is Eva's.
    remove("--yes").success();
    notify(&home, &jelou, "--once k").success();
    notify(&home, &jelou, "--once other").success();
    assert_eq!(got(&jelou), [4, 3]);
    let log = home.read("log");
    let removed = log.lines().filter(|line| line.contains("once remove"));
    assert_eq!(removed.count(), 2, "{log}");
}

#[test]
fn unsent_unchecked_notification_is_tried_again() {
    let home = Home::new();
    let _kept = keep(&home);
    let jelou = Jelou::start(|_, before| {
        if before == 0 {
            Act::Answer(400, "", "{}")
        } else {
            Act::Accept
        }
    });
    notify(&home, &jelou, "--once k").fails(5, &[]);
    notify(&home, &jelou, "--once k").success();
    assert_eq!(got(&jelou), [1, 1]);
}

#[test]
fn wrong_clock_neither_repeats_nor_silences_unchecked_notifications() {
    let Some(faketime) = faketime() else { return };
    // The clock of each notification, and how many each recipient has got by then.
    for clocks in [
        [("+0", 1), ("-2d", 1), ("-2d", 1)],
        [("+0", 1), ("@1970-01-02 00:00:00", 1), ("+30m", 1)],
        [("@1970-01-02 00:00:00", 1), ("+0", 1), ("+61m", 2)],
        [("+400d", 1), ("+0", 1), ("+61m", 2)],
    ] {
        let (home, jelou) = (Home::new(), Jelou::accept_all());
        home.write(&format!("{STATE}/state.db"), "no store");
        for (clock, expected) in clocks {
            let run = notify(&home, &jelou, "--once k --every 1h")
                .env("LD_PRELOAD", &faketime)
                .env("FAKETIME", clock);
            let ended = run.success();
            assert_eq!(
                got(&jelou),
                [expected; 2],
                "{clock} of {clocks:?}: {ended:?}"
            );
        }
    }
}

/// Nothing can be written in the place of the state directory.
#[test]
fn unchecked_notification_is_marked_with_the_runtime_files() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.write(STATE, "");
    let runtime = home.path().join("runtime");
    fs::create_dir(&runtime).unwrap();
    for _ in 0..2 {
        notify(&home, &jelou, "--once k --record records")
            .env("XDG_RUNTIME_DIR", &runtime)
            .success();
        assert_eq!(got(&jelou), [1, 1]);
        for line in home.read("records").lines() {
            let record = checked_record(serde_json::from_str(line).unwrap());
            assert_eq!(record["key_check"], "unchecked", "{record}");
        }
    }
    assert_eq!(
        fs::read_dir(runtime.join("jelouctl/unchecked"))
            .unwrap()
            .count(),
        3
    );
    let unmarked =
        ["warning: cannot mark the unchecked notification, so the next one may repeat it: "];
    notify(&home, &jelou, "--once k")
        .success()
        .stderr_has(&unmarked);
    assert_eq!(got(&jelou), [2, 2]);
}

/// A mark cannot be written, as on a full disk, although its directory has a secret.
#[test]
fn unwritable_mark_is_written_with_the_runtime_files() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.write(&format!("{STATE}/state.db"), "no store");
    let runtime = home.path().join("runtime");
    fs::create_dir(&runtime).unwrap();
    let alert = || {
        notify(&home, &jelou, "--once k")
            .env("XDG_RUNTIME_DIR", &runtime)
            .success()
    };
    alert();
    for entry in fs::read_dir(home.path().join(STATE).join("unchecked")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "mark") {
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
        }
    }
    for _ in 0..3 {
        alert().stderr_lacks(&["cannot mark"]);
        assert_eq!(got(&jelou), [2, 2]);
    }
}

/// The state directory could not be written at first.
#[test]
fn mark_in_the_other_directory_counts() {
    let (home, jelou) = (Home::new(), Jelou::accept_all());
    home.write(STATE, "");
    let runtime = home.path().join("runtime");
    fs::create_dir(&runtime).unwrap();
    let alert = |key: &str| {
        notify(&home, &jelou, &format!("--once {key}"))
            .env("XDG_RUNTIME_DIR", &runtime)
            .success()
    };
    alert("k");
    fs::remove_file(home.path().join(STATE)).unwrap();
    home.write(&format!("{STATE}/state.db"), "no store");
    alert("k");
    assert_eq!(got(&jelou), [1, 1]);
    // Another key gets its mark with the state.
    alert("other");
    assert_eq!(got(&jelou), [2, 2]);
    let marks = fs::read_dir(home.path().join(STATE).join("unchecked")).unwrap();
    assert_eq!(marks.count(), 3);
}
