//! Runs with copied, restored, removed or replaced ledger files, as in the table of docs/ledger.md. By the server's
//! count, no message is sent twice. Only for ledgers in files.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender};

use crate::bulk_damage::{Killed, ROWS, SENT};
use crate::bulk_run::user;
use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, STATE, kill, tool};

/// Ways to restore a backup `$b` into the directory `$d` of the ledger.
const WAYS_BACK: [&str; 14] = [
    "cp -a $b/. $d/",
    "cp -r $b/. $d/",
    "tar -C $b -cf - . | tar -C $d --overwrite -xf -",
    "tar -C $b -cf - . | tar -C $d -xf -",
    "rm -rf $d; cp -a $b $d",
    "rm -rf $d; cp -r $b $d",
    "rm -rf $d; mv $b $d",
    "mv $d $d.old; cp -a $b $d",
    "rm -rf $d/*; tar -C $b -cf - . | tar -C $d -xf -",
    "mv -f $b/state* $d/",
    "cp -a $b/state.db* $d/",
    "cp -a $b/state.db $b/state.db-wal $d/",
    "for f in $b/state*; do cp $f $d/new; mv -f $d/new $d/${f##*/}; done",
    "rm -f $d/state.db-commits-*; cp -a $b/. $d/",
];
/// Ways to restore it with `rsync`, which not every machine has.
const WAYS_OF_RSYNC: [&str; 4] = [
    "rsync -a $b/ $d/",
    "rsync -a --delete $b/ $d/",
    "rsync -a --inplace $b/ $d/",
    "rsync -a --inplace --delete $b/ $d/",
];
/// Changes that do not affect a run.
const HARMLESS: [&str; 8] = [
    "chmod -R g+rwX $d",
    "chown -R $(id -u):$(id -g) $d",
    "find $d -exec touch {} +",
    "cp -a $d $d.backup",
    "mv $d $d.away; mv $d.away $d",
    "rm -f $d/state.db-turn $d/state.db-write",
    "rm -f $d/state.db-shm",
    "rm -rf $d/processes",
];

/// Runs a line of a shell. `$d` is the directory of the ledger, and `$b` its backup.
fn shell(home: &Home, line: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-ec", line]);
    shell.env("d", state(home)).env("b", backup(home));
    tool(&mut shell);
}

fn state(home: &Home) -> PathBuf {
    home.path().join(STATE)
}

fn backup(home: &Home) -> PathBuf {
    home.path().join("backup")
}

fn ways_back() -> Vec<&'static str> {
    let has_rsync = Command::new("rsync").arg("--version").output().is_ok();
    let of_rsync = has_rsync.then_some(WAYS_OF_RSYNC);
    WAYS_BACK
        .into_iter()
        .chain(of_rsync.into_iter().flatten())
        .collect()
}

/// A single send with a key.
fn send_with_key(killed: &Killed) -> CommandOutput {
    let words = format!("send text --to {} Hola --once k", user(ROWS));
    killed.home.run(&words).api(&killed.jelou.url).end()
}

/// Checks that neither the run, nor the same list, nor the same key sends a message, however often it is tried. A file
/// that cannot be used is an error of the configuration for a single send.
fn sends_nothing(killed: &Killed, way: &str) {
    let before = killed.jelou.requests().len();
    let run = |words: &str| killed.home.run(words).api(&killed.jelou.url).end();
    for _ in 0..2 {
        for words in [
            "bulk resume r --rate 100000/s",
            "bulk work r",
            "bulk send people.csv --yes --run again text Hola",
        ] {
            let ended = run(words);
            assert!([11, 12].contains(&ended.code), "{way}: {ended:?}");
        }
        let ended = send_with_key(killed);
        assert!([3, 11].contains(&ended.code), "{way}: {ended:?}");
    }
    assert_eq!(killed.jelou.requests().len(), before, "{way}");
}

#[test]
fn older_copy_sends_nothing_after_a_kill() {
    for way in ways_back() {
        let killed = Killed::new();
        shell(&killed.home, "cp -a $d $b");
        assert_eq!(send_with_key(&killed).code, 0, "{way}");
        killed.resume_until_killed();
        shell(&killed.home, way);
        sends_nothing(&killed, way);
    }
}

#[test]
fn stale_run_counts_what_it_may_repeat() {
    let killed = Killed::new();
    shell(&killed.home, "cp -a $d $b");
    killed.resume_until_killed();
    shell(&killed.home, "rm -rf $d; cp -a $b $d");
    let first = killed.resume();
    assert_eq!(first.code, 11, "{first:?}");
    let told = [
        "note: run r: up to ",
        " unsent messages may have been sent; to skip the recipients that got one since the run began: jelouctl messages list --bot BOT-ID --by bot --since ",
        "-o to > sent.txt, then jelouctl bulk resume r --accept-stale --exclude sent.txt\n",
        "hint: to see the rows that may have been sent: jelouctl bulk report r --state unknown; to send them, ",
    ];
    first
        .stderr_has(&told)
        .stderr_lacks(&["left to send", "not sent again"]);
    let accepted = killed.jelou.accepted();
    let recipients: Vec<_> = accepted.keys().map(|user| format!("{user}\n")).collect();
    killed.home.write("sent.txt", recipients.concat());
    let unsent = ROWS - recipients.len();
    let repeats = format!(
        "note: up to {unsent} of them may already have been sent, because the ledger was copied or restored"
    );
    killed
        .home
        .run("bulk resume r --rate 100000/s --accept-stale --exclude sent.txt")
        .api(&killed.jelou.url)
        .env("JELOUCTL_LOG", "log")
        .fails(10, &[&repeats]);
    let log = killed.home.read("log");
    let accepted = r#""command":"bulk resume""#;
    let accepted = log
        .lines()
        .find(|line| line.contains(accepted))
        .expect(&log);
    assert!(
        accepted.contains(r#""run":"r","accepted_stale":true"#),
        "{log}"
    );
    let accepted = killed.jelou.accepted();
    assert_eq!(accepted.len(), ROWS);
    assert!(accepted.values().all(|count| *count == 1), "{accepted:?}");
}

#[test]
fn older_copy_sends_nothing_after_an_end() {
    for way in ways_back() {
        let killed = Killed::new();
        shell(&killed.home, "cp -a $d $b");
        assert_eq!(send_with_key(&killed).code, 0, "{way}");
        assert_eq!(killed.resume().code, 10, "{way}");
        shell(&killed.home, way);
        sends_nothing(&killed, way);
    }
}

/// The rows that failed before the backup were sent after it. Most of these ways keep the identity of the files.
#[test]
fn reopened_run_of_older_copy_sends_nothing() {
    for way in &WAYS_BACK[..5] {
        let home = Home::new();
        let jelou = Jelou::start(|_, before| {
            if before == 0 {
                Act::Answer(422, "", "{}")
            } else {
                Act::Accept
            }
        });
        home.write("people.csv", format!("to\n{}\n{}\n", user(0), user(1)));
        let run = |words: &str| home.run(words).api(&jelou.url).end();
        let reopen = "bulk resolve r --failed-as pending";
        let sent = run("bulk send people.csv --yes --run r --rate 2000/s text Hola");
        assert_eq!(sent.code, 10, "{way}: {sent:?}");
        shell(&home, "cp -a $d $b");
        for words in [reopen, "bulk resume r --rate 2000/s"] {
            let ended = run(words);
            assert_eq!(ended.code, 0, "{way}: {ended:?}");
            ended.stderr_lacks(&["restored"]);
        }
        shell(&home, way);
        let reopened = run(reopen);
        if reopened.code == 0 {
            reopened.stderr_has(&["warning: the ledger was copied or restored"]);
        }
        for words in ["bulk resume r", "bulk work r"] {
            let ended = run(words);
            assert!([11, 12].contains(&ended.code), "{way}: {ended:?}");
        }
        assert_eq!(jelou.times(&[user(0), user(1)]), [1, 1], "{way}");
    }
}

#[test]
fn ledger_without_its_log_sends_nothing() {
    for way in [
        "rm -f $d/state.db-wal",
        "rm -f $d/state.db",
        "cp $d/state.db $b; rm -rf $d/*; mv $b $d/state.db",
        "cp $d/state.db $b; rm -rf $d; mkdir $d; mv $b $d/state.db",
        "cp $d/state.db $b; cp $d/state.db-commits-* $d.x; rm -rf $d/*; mv $b $d/state.db",
    ] {
        let killed = Killed::new();
        shell(&killed.home, way);
        sends_nothing(&killed, way);
    }
}

#[test]
fn harmless_changes_do_not_pause_a_run() {
    for way in HARMLESS {
        let killed = Killed::new();
        shell(&killed.home, way);
        let ended = killed.resume();
        assert_eq!(ended.code, 10, "{way}: {ended:?}");
        let sent = send_with_key(&killed);
        assert_eq!(sent.code, 0, "{way}: {sent:?}");
        killed.check(way);
        assert_eq!(killed.jelou.accepted().len(), ROWS + 1, "{way}");
    }
}

/// A run whose first request has arrived. The test decides when the server answers it.
struct Sending {
    home: Home,
    jelou: Jelou,
    arrived: Receiver<()>,
    go: Sender<()>,
}

impl Sending {
    fn new() -> Self {
        let home = Home::new();
        let rows: Vec<_> = (0..SENT)
            .map(|number| format!("{}\n", user(number)))
            .collect();
        home.write("people.csv", format!("to\n{}", rows.concat()));
        let (jelou, arrived, go) = Jelou::hold_responses();
        Self {
            home,
            jelou,
            arrived,
            go,
        }
    }

    /// Changes the files with `way` during a send. Returns the results of that process and of a process that joins the
    /// run after the change.
    fn with(&self, way: &str) -> [CommandOutput; 2] {
        let words = "bulk send people.csv --yes --run r --rate 2000/s text Hola";
        let sender = self.home.process(words, &self.jelou.url).spawn().unwrap();
        self.arrived.recv().unwrap();
        shell(&self.home, "cp -a $d $b");
        shell(&self.home, way);
        let joiner = self
            .home
            .run("bulk resume r --rate 2000/s")
            .api(&self.jelou.url)
            .end();
        for _ in 0..2 * SENT {
            self.go.send(()).unwrap();
        }
        [
            CommandOutput::new(&sender.wait_with_output().unwrap()),
            joiner,
        ]
    }
}

#[test]
fn replaced_file_stops_sender_and_joiner() {
    for file in ["state.db", "state.db-wal", "state.db-shm"] {
        let removed = format!("rm $d/{file}");
        let replaced = format!("cp -a $d/{file} $d/new; mv -f $d/new $d/{file}");
        for way in [removed, replaced] {
            let sending = Sending::new();
            for ended in sending.with(&way) {
                assert_eq!(ended.code, 12, "{way}: {ended:?}");
                assert!(ended.stderr.contains(file), "{way}: {ended:?}");
            }
            let accepted = sending.jelou.accepted();
            assert!(
                accepted.values().all(|count| *count == 1),
                "{way}: {accepted:?}"
            );
        }
    }
}

#[test]
fn directory_put_back_stops_sender_and_joiner() {
    for way in [
        "rm -rf $d; cp -a $b $d",
        "mv $d $d.old; cp -a $b $d",
        "rm -rf $d; mv $b $d",
    ] {
        let sending = Sending::new();
        for ended in sending.with(way) {
            assert!([11, 12].contains(&ended.code), "{way}: {ended:?}");
        }
        let accepted = sending.jelou.accepted();
        assert!(
            accepted.values().all(|count| *count == 1),
            "{way}: {accepted:?}"
        );
    }
}

/// Without the lock other processes take the sender for dead, so its rows in flight count as unknown.
#[test]
fn sender_without_lock_leaves_no_row_in_flight() {
    let sending = Sending::new();
    let words = "bulk send people.csv --yes --run r --rate 2000/s --concurrency 4 text Hola";
    let sender = sending
        .home
        .process(words, &sending.jelou.url)
        .spawn()
        .unwrap();
    sending.arrived.recv().unwrap();
    shell(&sending.home, "rm -rf $d/processes");
    for _ in 0..SENT {
        sending.go.send(()).unwrap();
    }
    sending.arrived.recv().unwrap();
    kill(sender);
    for _ in 0..SENT {
        sending.go.send(()).unwrap();
    }
    let resume = sending.home.run("bulk resume r --rate 2000/s");
    let ended = resume.api(&sending.jelou.url).end();
    assert!([0, 10].contains(&ended.code), "{ended:?}");
    assert_eq!(ended.json()["inflight"], 0, "{ended:?}");
    let accepted = sending.jelou.accepted();
    assert!(accepted.values().all(|count| *count == 1), "{accepted:?}");
}

/// Only one file has the number of commits in its name, even after a restore.
#[test]
fn run_leaves_one_commit_file() {
    let killed = Killed::new();
    shell(&killed.home, "cp -a $d $b");
    killed.resume();
    shell(&killed.home, "cp -a $b/. $d/");
    killed.home.run("ledger accept --yes").success();
    killed.resume();
    let names = fs::read_dir(state(&killed.home)).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let counts = names.filter(|name| name.starts_with("state.db-commits-"));
    assert_eq!(counts.count(), 1);
}
