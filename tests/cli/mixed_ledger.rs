//! An older file next to the newer log of a ledger, or the reverse, and other copies that keep a file of the original.
//! By the server's count, no message is sent twice, whatever command was the first. Only for ledgers in files.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use crate::bulk_run::{end, user, users};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{CommandOutput, Home, STATE, kill, sender, set_mode, tool, wait_until};
use crate::terminal::Terminal;

/// The number of rows of the run `r`, and the row that the server does not answer.
const ROWS: usize = 6;
const HELD: usize = 3;
/// The recipients of the keys `before` and `after` the copy.
const BEFORE: usize = ROWS;
const AFTER: usize = ROWS + 1;
/// Ways to put the copy `$b` of a ledger without a log over its files.
const WAYS: [&str; 3] = [
    "cp -a $b/. $d/",
    "cat $b/state.db > $d/state.db",
    "cp -a $b/state.db $d/new; mv -f $d/new $d/state.db",
];
/// Commands that open the ledger, with their exit code for one that cannot be used.
const COMMANDS: [(&str, i32); 5] = [
    ("bulk list", 12),
    ("bulk resume r", 12),
    ("bulk send people.csv --yes --run again text Hola", 12),
    ("ledger accept --yes", 12),
    ("once list", 3),
];

struct Scene {
    home: Home,
    jelou: Jelou,
}

impl Scene {
    /// Sends under the key `before`, copies the ledger, and sends under the key `after`.
    fn new() -> Self {
        let home = Home::new();
        let rows: Vec<_> = users(0..ROWS)
            .into_iter()
            .map(|user| format!("{user}\n"))
            .collect();
        home.write("people.csv", format!("to\n{}", rows.concat()));
        let held = user(HELD);
        let jelou = Jelou::start(move |to, before| {
            if to == held && before == 0 {
                Act::Hang { accepted: true }
            } else {
                Act::Accept
            }
        });
        let scene = Self { home, jelou };
        assert_eq!(scene.send_once("before", BEFORE).code, 0);
        scene.shell("cp -a $d $b");
        assert_eq!(scene.send_once("after", AFTER).code, 0);
        scene
    }

    /// Starts a run, and waits until the row is in flight that the server does not answer.
    fn start_run(&self) -> std::process::Child {
        let words = "bulk send people.csv --yes --run r --rate 1000/s --concurrency 1 text Hola";
        let child = self.home.process(words, &self.jelou.url).spawn().unwrap();
        self.jelou.wait_for(2 + HELD + 1);
        child
    }

    fn directory(&self) -> PathBuf {
        self.home.path().join(STATE)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    /// Runs a line of a shell. `$d` is the directory of the ledger, and `$b` its copy.
    fn shell(&self, line: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-ec", line]);
        let backup = self.home.path().join("backup");
        tool(shell.env("d", self.directory()).env("b", backup));
    }

    fn run(&self, words: &str) -> CommandOutput {
        self.home.run(words).api(&self.jelou.url).end()
    }

    fn send_once(&self, key: &str, number: usize) -> CommandOutput {
        self.run(&format!(
            "send text --to {} Hola --once {key}",
            user(number)
        ))
    }

    /// Checks that every command is refused each time, and that `first` was not the cause.
    fn refuses(&self, way: &str, first: &str) {
        let before = self.jelou.requests().len();
        self.run(first);
        for _ in 0..2 {
            let sent = self.send_once("after", AFTER);
            assert!([3, 11].contains(&sent.code), "{way}, {first}: {sent:?}");
            for (words, code) in COMMANDS {
                let ended = self.run(words);
                let is_restored = ended.stderr.contains("copied or restored");
                assert!(
                    ended.code == code || is_restored && words != "ledger accept --yes",
                    "{way}, {first}: {words}: {ended:?}"
                );
            }
        }
        assert_eq!(self.jelou.requests().len(), before, "{way}, {first}");
    }

    fn has_log(&self) -> bool {
        let log = self.file("state.db-wal").metadata();
        log.is_ok_and(|log| log.len() > 0)
    }
}

#[test]
fn older_file_under_a_left_log_stays_refused() {
    for way in &WAYS[..2] {
        for (first, _) in COMMANDS {
            let scene = Scene::new();
            kill(scene.start_run());
            scene.shell(way);
            scene.refuses(way, first);
            assert!(scene.has_log(), "{way}, {first}");
        }
    }
}

#[test]
fn older_file_counts_as_restored_without_the_log() {
    let scene = Scene::new();
    kill(scene.start_run());
    scene.shell(WAYS[0]);
    scene
        .run("bulk list")
        .stderr_has(&["state.db-wal is not the log of ", " without it: mv "]);
    scene.shell("mv $d/state.db-wal $d/state.db-wal.old");
    assert_eq!(scene.send_once("after", AFTER).code, 11);
    scene.home.run("ledger accept --yes").success();
    assert_eq!(scene.send_once("before", BEFORE).code, 0);
    assert_eq!(scene.jelou.times(&users(BEFORE..AFTER)), [1]);
    assert_eq!(scene.send_once("after", AFTER).code, 0);
    assert_eq!(scene.jelou.times(&[user(AFTER)]), [2]);
}

/// A process has the ledger open, and copies the log into the file when it ends.
#[test]
fn file_replaced_at_a_question_stays_refused() {
    for way in WAYS {
        let scene = Scene::new();
        kill(scene.start_run());
        let words = ["bulk", "resume", "r"];
        let api = sender(&scene.jelou.url);
        let variables: Vec<_> = [("NO_COLOR", "1")].into_iter().chain(api).collect();
        let mut terminal = Terminal::new(&scene.home, &words, &variables);
        terminal.wait_for("[y/N] ");
        scene.shell(way);
        let (code, screen) = terminal.end_with("n");
        assert_eq!(code, 11, "{way}: {screen}");
        scene.refuses(way, "bulk list");
    }
}

#[test]
fn ledger_removed_at_a_question_is_named() {
    let scene = Scene::new();
    let words = ["bulk", "send", "people.csv", "--run", "r", "text", "Hola"];
    let api = sender(&scene.jelou.url);
    let mut terminal = Terminal::new(&scene.home, &words, &api);
    terminal.wait_for("[y/N] ");
    scene.shell("rm -r $d");
    let (code, screen) = terminal.end_with("y");
    assert_eq!(code, 12, "{screen}");
    assert!(screen.contains("state.db was removed"), "{screen}");
    assert_eq!(scene.jelou.requests().len(), 2, "{screen}");
    assert!(!scene.file("state.db").exists());
}

/// A run during which files are replaced, after some of its rows.
fn replaced_while_sending(way: &str) {
    let home = Home::new();
    let rows: Vec<_> = users(0..ROWS)
        .into_iter()
        .map(|user| format!("{user}\n"))
        .collect();
    home.write("people.csv", format!("to\n{}", rows.concat()));
    let (jelou, arrived, go) = Jelou::hold_responses();
    let answer = || {
        arrived.recv().unwrap();
        go.send(()).unwrap();
    };
    let scene = Scene { home, jelou };
    let start = |words: &str| {
        let mut command = scene.home.process(words, &scene.jelou.url);
        command.spawn().unwrap()
    };
    for number in [BEFORE, AFTER] {
        let sent = start(&format!(
            "send text --to {} Hola --once {number}",
            user(number)
        ));
        answer();
        assert_eq!(end(sent).code, 0);
        if number == BEFORE {
            scene.shell("cp -a $d $b");
        }
    }
    let run = start("bulk send people.csv --yes --run r --rate 1000/s --concurrency 1 text Hola");
    answer();
    answer();
    arrived.recv().unwrap();
    scene.shell("cp -a $d/state.db-wal $d/state.db-shm $b/");
    go.send(()).unwrap();
    answer();
    arrived.recv().unwrap();
    scene.shell(way);
    for _ in 0..ROWS {
        go.send(()).unwrap();
    }
    let ended = end(run);
    assert!([11, 12].contains(&ended.code), "{way}: {ended:?}");
    scene.home.write("after.csv", format!("to\n{}\n", user(0)));
    for _ in 0..2 {
        for words in [
            "bulk send after.csv --yes --run again text Hola",
            "bulk resume r",
            &format!("send text --to {} Hola --once {AFTER}", user(AFTER)),
        ] {
            let again = scene.run(words);
            assert!([3, 11, 12].contains(&again.code), "{way}: {again:?}");
        }
    }
    let accepted = scene.jelou.accepted();
    assert!(
        accepted.values().all(|count| *count == 1),
        "{way}: {accepted:?}"
    );
}

#[test]
fn file_or_log_replaced_during_a_send_stops_it() {
    for way in [
        "rm $b/state.db-wal $b/state.db-shm; cp -a $b/. $d/",
        "cat $b/state.db > $d/state.db",
        "cp -a $b/state.db-wal $d/",
        "cat $b/state.db-wal > $d/state.db-wal",
        "rm $b/state.db-shm; cp -a $b/. $d/",
        "cp -a $b/. $d/",
    ] {
        replaced_while_sending(way);
    }
}

/// Another program may write the ledger by SQLite's rules.
#[test]
fn vacuum_does_not_affect_a_run() {
    for is_sending in [true, false] {
        let scene = Scene::new();
        let run = scene.start_run();
        let run = if is_sending {
            Some(run)
        } else {
            kill(run);
            None
        };
        scene.home.change_store("VACUUM");
        if let Some(run) = run {
            kill(run);
        }
        scene
            .home
            .change_store("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
        assert_eq!(scene.send_once("after", AFTER).code, 0);
        let resumed = scene.run("bulk resume r");
        assert_eq!(resumed.code, 10, "{resumed:?}");
        assert_eq!(scene.jelou.accepted().len(), 2 + ROWS);
        assert!(scene.jelou.accepted().values().all(|count| *count == 1));
    }
}

#[test]
fn output_of_vacuum_can_be_accepted() {
    let scene = Scene::new();
    let copy = scene.home.path().join("copy.db").display().to_string();
    scene.home.change_store(&format!("VACUUM INTO '{copy}'"));
    fs::rename(copy, scene.file("state.db")).unwrap();
    for _ in 0..2 {
        let sent = scene.send_once("new", ROWS + 2);
        assert_eq!(sent.code, 11, "{sent:?}");
    }
    scene.home.run("ledger accept --yes").success();
    assert_eq!(scene.send_once("after", AFTER).code, 0);
    assert_eq!(scene.jelou.times(&[user(AFTER)]), [1]);
}

/// A commit file next to a newer one came with a copy.
#[test]
fn second_commit_file_is_a_restore() {
    let scene = Scene::new();
    fs::write(scene.file("state.db-commits-1"), "").unwrap();
    for _ in 0..2 {
        let sent = scene.send_once("after", AFTER);
        assert_eq!(sent.code, 11, "{sent:?}");
    }
    scene.home.run("ledger accept --yes").success();
    assert_eq!(scene.send_once("after", AFTER).code, 0);
    assert_eq!(scene.jelou.times(&[user(AFTER)]), [1]);
}

#[test]
fn second_hard_link_is_refused() {
    let scene = Scene::new();
    scene.shell("cp -al $d $d.linked");
    for (words, code) in COMMANDS {
        let ended = scene.run(words);
        let ended = ended.stderr_has(&["state.db has another hard link", "-samefile"]);
        assert_eq!(ended.code, code, "{words}: {ended:?}");
    }
    assert_eq!(scene.send_once("after", AFTER).code, 3);
    scene.shell("rm -r $d.linked");
    assert_eq!(scene.send_once("after", AFTER).code, 0);
    assert_eq!(scene.jelou.times(&[user(AFTER)]), [1]);
    // During a send, the next change is refused.
    let mut terminal = Terminal::new(
        &scene.home,
        &["bulk", "send", "people.csv", "--run", "r", "text", "Hola"],
        &sender(&scene.jelou.url),
    );
    terminal.wait_for("[y/N] ");
    scene.shell("cp -al $d $d.linked");
    let (code, screen) = terminal.end_with("y");
    assert_eq!(code, 12, "{screen}");
    assert_eq!(scene.jelou.requests().len(), 2, "{screen}");
}

/// SQLite would open it, and wait forever.
#[test]
fn pipes_and_links_in_place_of_a_file_are_refused() {
    for name in ["state.db-journal", "state.db-wal", "state.db-shm"] {
        let scene = Scene::new();
        scene.shell(&format!("rm -rf $d/{name}; mkfifo $d/{name}"));
        let shown = format!("{name} is not a regular file");
        for (words, code) in COMMANDS {
            let ended = scene.run(words).stderr_has(&[&shown]);
            assert_eq!(ended.code, code, "{words}: {ended:?}");
        }
        scene.shell(&format!("rm $d/{name}; ln -s $b/{name} $d/{name}"));
        let ended = scene.run("bulk list");
        ended.stderr_has(&[name, "is a symbolic link"]);
    }
}

/// The target of the link belongs to this user, but another user may have made the link.
#[test]
fn linked_directory_of_locks_is_not_changed() {
    let scene = Scene::new();
    let target = scene.home.path().join("target");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("index.html"), "").unwrap();
    set_mode(&target, 0o755);
    set_mode(&target.join("index.html"), 0o644);
    scene.shell("rm -rf $d/processes");
    symlink(&target, scene.file("processes")).unwrap();
    for (words, code) in COMMANDS {
        let ended = scene.run(words).stderr_has(&["is a symbolic link"]);
        assert_eq!(ended.code, code, "{words}: {ended:?}");
    }
    assert_eq!(scene.send_once("new", ROWS + 2).code, 3);
    let mode = |path: PathBuf| path.metadata().unwrap().mode() & 0o777;
    assert_eq!(mode(target.clone()), 0o755);
    assert_eq!(mode(target.join("index.html")), 0o644);
}

/// The killed process may leave its last commits only in the log.
#[test]
fn left_log_of_a_killed_process_is_used() {
    let scene = Scene::new();
    let run = scene.start_run();
    wait_until("the log has commits", || scene.has_log());
    kill(run);
    let resumed = scene.run("bulk resume r");
    assert_eq!(resumed.code, 10, "{resumed:?}");
    assert_eq!(scene.send_once("after", AFTER).code, 0);
    assert!(!scene.has_log());
    assert!(scene.jelou.accepted().values().all(|count| *count == 1));
}
