//! A ledger that was copied or restored, as a file and in a database. By the server's count, nobody gets a message
//! twice before a person accepts the ledger, whatever the number and the order of the commands.

use std::fs;
use std::io::{PipeReader, PipeWriter, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use rustix::fs::{OFlags, fcntl_setfl};

use crate::bulk_run::{end, user};
use crate::bulk_server::{Act, Jelou};
use crate::harness::{
    CommandOutput, Home, STATE, kill, sender, test_with_both_ledgers, tool, wait_until,
};
use crate::needs::can_mount;
use crate::postgres::{Cluster, database_name};
use crate::shared_ledger::LOOKER;
use crate::terminal::Terminal;

/// The number of rows of the run `r`.
const ROWS: usize = 12;
/// The recipient of the message under the key `k`, and of a list. Both were sent after the copy.
const KEYED: usize = ROWS;
const LISTED: usize = ROWS + 1;
const OTHER: usize = ROWS + 2;

const RESUME: &str = "bulk resume r --rate 100000/s";
const WORK: &str = "bulk work r";
const LIST: &str = "bulk send others.csv --yes --rate 100000/s text Hola";
const LEDGER_HINT: &str = "hint: jelouctl ledger accept\n";
const RUN_HINT: &str = "hint: to see the rows that may have been sent: jelouctl bulk report r --state unknown; to send \
    them, even if recipients get it twice: jelouctl bulk resume r --accept-stale\n";

/// A ledger that was restored from a copy. The copy has no outcome of the run, and neither the key nor the list.
struct Restored {
    home: Home,
    jelou: Jelou,
    /// The copy of a database.
    dump: Option<String>,
}

impl Restored {
    fn new() -> Self {
        let restored = Self::copied();
        restored.restore();
        restored
    }

    /// Creates the copy, and sends everything after it.
    fn copied() -> Self {
        let home = Home::new();
        let jelou = Jelou::accept_all();
        let rows: Vec<_> = (0..ROWS).map(|row| format!("{}\n", user(row))).collect();
        home.write("people.csv", format!("to\n{}", rows.concat()));
        home.write("others.csv", format!("to\n{}\n", user(LISTED)));
        let mut copied = Self {
            home,
            jelou,
            dump: None,
        };
        copied.success("bulk send people.csv --yes --hold --run r text Hola");
        copied.copy();
        copied.success(&format!("{WORK} --concurrency 1"));
        copied.success(&keyed("k", KEYED));
        copied.success(LIST);
        assert_eq!(copied.twice(), 0);
        copied
    }

    fn directory(&self) -> PathBuf {
        self.home.path().join(STATE)
    }

    fn copy(&mut self) {
        self.dump = self
            .home
            .ledger()
            .map(|ledger| Cluster::shared().unwrap().dump(database_name(ledger), &[]));
        if self.dump.is_none() {
            self.shell("cp -a $d $b");
        }
    }

    fn restore(&self) {
        let Some(dump) = &self.dump else {
            return self.shell("rm -rf $d; cp -a $b $d");
        };
        let database = database_name(self.home.ledger().unwrap());
        let cluster = Cluster::shared().unwrap();
        cluster.restore(database, "DROP SCHEMA jelouctl CASCADE", dump);
    }

    /// Runs a line of a shell. `$d` is the directory of the ledger, and `$b` its copy.
    fn shell(&self, line: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-ec", line]);
        let backup = self.home.path().join("backup");
        tool(shell.env("d", self.directory()).env("b", backup));
    }

    fn start(&self, words: &str) -> Child {
        self.home.process(words, &self.jelou.url).spawn().unwrap()
    }

    /// Runs this number of equal commands at the same moment.
    fn at_once(&self, words: &str, commands: usize) -> Vec<CommandOutput> {
        let started: Vec<_> = (0..commands).map(|_| self.start(words)).collect();
        started.into_iter().map(end).collect()
    }

    fn end(&self, words: &str) -> CommandOutput {
        self.home.run(words).api(&self.jelou.url).end()
    }

    fn success(&self, words: &str) -> CommandOutput {
        let ended = self.end(words);
        assert_eq!(ended.code, 0, "{words}: {ended:?}");
        ended
    }

    /// Checks that this number of equal commands at the same moment are all refused.
    fn refuses(&self, words: &str, commands: usize, hint: &str) {
        let before = self.jelou.requests().len();
        for ended in self.at_once(words, commands) {
            assert_eq!(ended.code, 11, "{words}: {ended:?}");
            assert!(ended.stderr.contains(hint), "{words}: {ended:?}");
        }
        assert_eq!(self.jelou.requests().len(), before, "{words}");
    }

    /// Checks that the ledger sends nothing.
    fn refuses_all(&self) {
        self.refuses(RESUME, 1, RUN_HINT);
        self.refuses(WORK, 1, RUN_HINT);
        self.refuses(&keyed("k", KEYED), 1, LEDGER_HINT);
        self.refuses(LIST, 1, LEDGER_HINT);
    }

    /// Counts the recipients that got a message more than once.
    fn twice(&self) -> usize {
        let accepted = self.jelou.accepted();
        accepted.values().filter(|count| **count > 1).count()
    }

    fn times(&self, number: usize) -> usize {
        self.jelou.times(&[user(number)])[0]
    }

    /// Starts a command at a terminal.
    fn ask(&self, words: &[&str]) -> Terminal {
        let api = sender(&self.jelou.url);
        let variables: Vec<_> = [("NO_COLOR", "1")].into_iter().chain(api).collect();
        Terminal::new(&self.home, words, &variables)
    }
}

/// The command line of a single send with a key.
fn keyed(key: &str, number: usize) -> String {
    format!("send text --to {} Hola --once {key}", user(number))
}

test_with_both_ledgers! {
    commands_at_the_same_moment_are_all_refused,
    refused_and_killed_commands_accept_nothing,
    notification_is_sent_unchecked_and_accepts_nothing,
    accepted_ledger_sends_again,
    accepted_ledger_sends_rows_of_reopened_run,
    accepted_run_needs_no_accepted_ledger,
    answer_does_not_accept_a_later_restore,
    only_one_of_two_commands_accepts,
    only_a_restored_ledger_is_accepted,
    restored_ledger_can_be_read,
}

#[test]
fn commands_at_the_same_moment_are_all_refused() {
    let restored = Restored::new();
    for commands in [1, 2, 8] {
        restored.refuses(RESUME, commands, RUN_HINT);
        restored.refuses(WORK, commands, RUN_HINT);
        restored.refuses(&keyed("k", KEYED), commands, LEDGER_HINT);
        restored.refuses(LIST, commands, LEDGER_HINT);
    }
    assert_eq!(restored.twice(), 0);
}

/// Creates a pipe that is full, so that a process stops when it writes the first byte.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    while writer.write(&[0; 4096]).is_ok() {}
    fcntl_setfl(&writer, OFlags::empty()).unwrap();
    (reader, writer)
}

/// Returns whether a thread of the process is about to write to its standard error.
fn is_about_to_speak(child: &Child) -> bool {
    let tasks = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let calls = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("syscall")));
    calls
        .flatten()
        .any(|call| call.starts_with("1 0x2 ") || call.starts_with("64 0x2 "))
}

#[test]
fn refused_and_killed_commands_accept_nothing() {
    let restored = Restored::new();
    for words in [&keyed("other", OTHER), RESUME, WORK, LIST] {
        // It is killed before it says a word.
        let (_reader, writer) = full_pipe();
        let mut command = restored.home.process(words, &restored.jelou.url);
        let child = command.stderr(Stdio::from(writer)).spawn().unwrap();
        wait_until("it is refused", || is_about_to_speak(&child));
        kill(child);
        // It cannot say a word.
        let mut command = restored.home.process(words, &restored.jelou.url);
        let closed = fs::File::options().write(true).open("/dev/full").unwrap();
        let ended = command.stderr(closed).output().unwrap();
        assert_eq!(ended.status.code(), Some(11), "{words}: {ended:?}");
        restored.refuses_all();
    }
    assert_eq!((restored.twice(), restored.times(OTHER)), (0, 0));
}

#[test]
fn notification_is_sent_unchecked_and_accepts_nothing() {
    let restored = Restored::new();
    for _ in 0..2 {
        let words = format!("run --to {} --once other -- false", user(OTHER));
        let ended = restored.end(&words);
        assert_eq!(ended.code, 1, "{ended:?}");
        let told = if restored.home.ledger().is_some() {
            "so this notification may arrive twice"
        } else {
            "so the notification may arrive twice, unless a mark shows one"
        };
        ended.stderr_has(&[
            "warning: cannot check the key other",
            "copied or restored",
            told,
        ]);
        // After the first one, the own ledger of the machine has the key, or its mark.
        assert_eq!(restored.times(OTHER), 1);
        restored.refuses_all();
    }
}

#[test]
fn accepted_ledger_sends_again() {
    let restored = Restored::new();
    let accepted = restored.success("ledger accept --yes");
    let pending = format!(
        "warning: run r: up to {ROWS} unsent messages may have been sent, and the next bulk resume or bulk work sends them\n"
    );
    accepted.stderr_has(&[
        "was copied or restored: it may lack the messages, runs, --once keys and exclusions since 20",
        &pending,
        " is accepted, and jelouctl sends from it again\n",
    ]);
    restored.success(&keyed("k", KEYED));
    restored.success(LIST);
    restored.success(WORK);
    assert_eq!(
        restored
            .jelou
            .times(&(0..OTHER).map(user).collect::<Vec<_>>()),
        [2; OTHER]
    );
    // From now on, everything counts again.
    restored.success(&keyed("k", KEYED));
    assert_eq!(restored.end(LIST).code, 11);
    restored.success(RESUME);
    assert_eq!(restored.times(KEYED), 2);
}

/// The ledger was moved, for example, so it lacks nothing.
#[test]
fn accepted_ledger_sends_rows_of_reopened_run() {
    let home = Home::new();
    let jelou = Jelou::start(|user, before| {
        if user.ends_with('1') && before == 0 {
            Act::Answer(422, "", "{}")
        } else {
            Act::Accept
        }
    });
    home.write("people.csv", format!("to\n{}\n{}\n", user(0), user(1)));
    let mut moved = Restored {
        home,
        jelou,
        dump: None,
    };
    let sent = moved.end("bulk send people.csv --yes --run r --rate 100000/s text Hola");
    assert_eq!(sent.code, 10, "{sent:?}");
    moved.copy();
    moved.restore();
    moved.success("ledger accept --yes");
    let reopened = moved.success("bulk resolve r --failed-as pending");
    let reopened = reopened.stderr_lacks(&["restored"]);
    assert_eq!(reopened.json()["pending"], 1, "{reopened:?}");
    moved.success("bulk list").stderr_lacks(&["restored"]);
    moved.success(RESUME);
    assert_eq!(moved.jelou.times(&[user(0), user(1)]), [1, 1]);
}

#[test]
fn accepted_run_needs_no_accepted_ledger() {
    let restored = Restored::new();
    let words = format!("{RESUME} --accept-stale");
    for ended in restored.at_once(&words, 2) {
        assert_eq!(ended.code, 0, "{ended:?}");
    }
    let rows: Vec<_> = (0..ROWS).map(user).collect();
    assert_eq!(restored.jelou.times(&rows), [2; ROWS]);
    restored.refuses(&keyed("k", KEYED), 2, LEDGER_HINT);
    restored.refuses(LIST, 2, LEDGER_HINT);
    // The run is no longer stale.
    restored.success("bulk status r");
    restored.success(WORK);
}

#[test]
fn answer_does_not_accept_a_later_restore() {
    for (words, codes) in [
        (&["ledger", "accept"][..], &[11][..]),
        (&["bulk", "resume", "r", "--accept-stale"], &[11, 12]),
    ] {
        let restored = Restored::new();
        let before = restored.jelou.requests().len();
        let mut terminal = restored.ask(words);
        terminal.wait_for("[y/N] ");
        restored.restore();
        let (code, screen) = terminal.end_with("y");
        assert!(codes.contains(&code), "{code}: {screen}");
        assert_eq!(restored.jelou.requests().len(), before, "{screen}");
        restored.refuses_all();
    }
}

#[test]
fn only_one_of_two_commands_accepts() {
    let restored = Restored::new();
    let ended = restored.at_once("ledger accept --yes", 2);
    let accepted = ended
        .iter()
        .filter(|ended| ended.stderr.contains("is accepted, and jelouctl sends"));
    assert_eq!(accepted.count(), 1, "{ended:?}");
    let others = ended
        .iter()
        .filter(|ended| ended.stderr.contains("note: nothing to accept: "));
    assert_eq!(others.count(), 1, "{ended:?}");
    assert!(ended.iter().all(|ended| ended.code == 0), "{ended:?}");
    restored.success(&keyed("k", KEYED));
}

#[test]
fn unreadable_log_settings_do_not_hide_the_acceptance() {
    let restored = Restored::new();
    let accepted = restored
        .home
        .run("ledger accept --yes")
        .api("nonsense")
        .success();
    accepted.stderr_has(&[
        "warning: the audit log may be incomplete: ",
        " is accepted, and jelouctl sends from it again\n",
    ]);
    restored.success(&keyed("k", KEYED));
}

#[test]
fn only_a_restored_ledger_is_accepted() {
    let copied = Restored::copied();
    let told = |ended: CommandOutput| ended.stderr_has(&["note: nothing to accept: the ledger "]);
    told(copied.success("ledger accept"));
    copied.restore();
    let refused = copied.end("ledger accept");
    assert_eq!(refused.code, 11, "{refused:?}");
    refused.stderr_has(&[
        "was not accepted: there is no terminal to ask on\n",
        "hint: to answer yes: --yes\n",
    ]);
    let (code, screen) = copied.ask(&["ledger", "accept"]).confirm("n");
    assert_eq!(code, 11, "{screen}");
    copied.refuses_all();
    let (code, screen) = copied.ask(&["ledger", "accept"]).confirm("y");
    assert_eq!(code, 0, "{screen}");
    told(copied.success("ledger accept"));
}

#[test]
fn restored_ledger_can_be_read() {
    let restored = Restored::new();
    let told = [
        "warning: the ledger was copied or restored: it may lack messages, runs, --once keys and exclusions",
    ];
    let stale = "warning: run r: the ledger was copied or restored";
    for words in [
        "bulk list",
        "bulk status r",
        "bulk report r",
        &format!("bulk find {}", user(0)),
    ] {
        let ended = restored.end(words).stderr_has(&told).stderr_has(&[stale]);
        assert_eq!(ended.code, 12, "{words}: {ended:?}");
    }
    for words in ["once list", "bulk send others.csv --dry-run text Hola"] {
        restored.success(words).stderr_has(&told);
    }
    // Both hints name the file of the configuration.
    restored.home.write("c.toml", "");
    restored.end("--config c.toml bulk status r").stderr_has(&[
        "get messages twice: jelouctl --config c.toml ledger accept\n",
        "get it twice: jelouctl --config c.toml bulk resume r --accept-stale\n",
    ]);
    // Runs and keys of the sandbox are not affected.
    restored.success("--sandbox bulk send others.csv --yes text Hola");
    restored.refuses_all();
}

#[test]
fn missing_ledger_is_not_accepted() {
    let home = Home::new();
    let told = "note: nothing to accept: there is no ledger\n";
    home.run("ledger accept").success().stderr_has(&[told]);
    assert!(!home.path().join(STATE).exists());
}

#[test]
fn role_that_only_reads_accepts_nothing() {
    crate::postgres::in_a_database(|| {
        let restored = Restored::new();
        let database = database_name(restored.home.ledger().unwrap());
        let cluster = Cluster::shared().unwrap();
        cluster.script("postgres", database, LOOKER);
        let reader = Home::new().on(cluster.url("looker", database));
        let told = ["the role of ", " may not use the ledger"];
        reader.run("ledger accept --yes").fails(3, &told);
        restored.refuses_all();
    });
}

/// A directory that cannot be written, in a separate mount namespace.
#[test]
fn read_only_ledger_is_not_accepted_but_read() {
    if !can_mount() {
        return;
    }
    let restored = Restored::new();
    let read_only = |words: &str| {
        let script = format!(
            "mount --bind \"$LEDGER\" \"$LEDGER\"; mount -o remount,bind,ro \"$LEDGER\"; exec \"$JELOUCTL\" {words}"
        );
        let ended = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-ec", &script])
            .env("HOME", restored.home.path())
            .env("LEDGER", restored.directory())
            .env("JELOUCTL", cargo_bin!("jelouctl"))
            .output();
        CommandOutput::new(&ended.unwrap())
    };
    // A copy over the files shows only in the number of commits, which cannot be written here.
    for way in ["", "rm -rf $d; cp -a $b $d; touch $d/state.db-commits-99"] {
        restored.shell(way);
        for (words, code, told) in [
            ("ledger accept --yes", 12, "failed to write "),
            ("bulk list", 12, "copied or restored"),
            ("once list", 0, "copied or restored"),
        ] {
            let ended = read_only(words).stderr_has(&[told]);
            assert_eq!(ended.code, code, "{way}: {words}: {ended:?}");
        }
        restored.refuses_all();
    }
}
