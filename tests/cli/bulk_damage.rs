//! One table: the ways in which the files of a run can be hurt, against everybody who reads them. The server counts: no
//! reader may say of a message that it received that it was not sent, and nothing is sent twice. Files alone.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{FileExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

use crate::bulk_server::{Act, Jelou};
use crate::harness::{Ended, Home, STATE, set_mode};

const ROWS: usize = 40;
/// Refused by the first process and accepted by the second, once a person had made it pending again.
const REFUSED_AT_FIRST: usize = 5;
/// What each of the two processes sends before it is killed, with four more that are under way then.
const SENT: [usize; 2] = [10, 24];
const FILES: [&str; 3] = ["r.db", "r.db-wal", "r.lock"];
/// A user who owns nothing here.
const NOBODY: u32 = 65_534;
const PAGE: usize = 4096;

fn user(number: usize) -> String {
    format!("{}", 593_990_000_000 + number)
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

/// The run `r`: sent in part, killed, resumed and killed again.
struct Killed {
    home: Home,
    jelou: Jelou,
    /// Its files after the first kill, and after the second.
    older: Vec<Vec<u8>>,
    files: Vec<Vec<u8>>,
    /// The recipients that the server was asked to send to.
    asked: HashSet<String>,
}

impl Killed {
    /// The second process sends up to `last` rows.
    fn new(last: usize) -> Self {
        let home = Home::new();
        let rows: Vec<_> = (0..ROWS).map(|number| format!("{}\n", user(number))).collect();
        home.write("people.csv", format!("to\n{}", rows.concat()));
        let sent = Arc::new(AtomicUsize::new(SENT[0]));
        let sent_by_now = Arc::clone(&sent);
        let jelou = Jelou::start(move |user, before| {
            let number = user.parse::<usize>().unwrap() % 1000;
            match sent_by_now.load(Ordering::SeqCst) {
                _ if number == REFUSED_AT_FIRST && before == 0 => Act::Answer(422, "", "{}"),
                sent if number < sent => Act::Accept,
                _ => Act::Hang { accepted: true },
            }
        });
        let runs = home.path().join(STATE).join("runs");
        let kill = |words: &str, asked: usize| {
            let mut command = home.command();
            command.args(words.split(' ')).args("--rate 2000/s --concurrency 4".split(' '));
            if words.contains("send") {
                command.args(["text", "Hola"]);
            }
            command.envs([
                ("JELOU_API_URL", jelou.url.as_str()),
                ("JELOU_BOT_ID", "BOT_ID"),
                ("JELOU_CLIENT_ID", "id"),
            ]);
            command.env("JELOU_CLIENT_SECRET", "canary-secret-of-the-tests");
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            jelou.wait_for(asked);
            child.kill().unwrap();
            child.wait().unwrap();
            FILES.map(|name| fs::read(runs.join(name)).unwrap()).to_vec()
        };
        let older = kill("bulk send people.csv --yes --run r", SENT[0] + 4);
        home.run("bulk resolve r --failed-as pending").success();
        sent.store(last, Ordering::SeqCst);
        // Those under way are not requested again; the refused one is.
        let files = kill("bulk resume r", 1 + last.min(ROWS - 4) + 4);
        sent.store(ROWS, Ordering::SeqCst);
        let asked = jelou.accepted().into_keys().collect();
        Self { home, jelou, older, files, asked }
    }

    fn runs(&self) -> PathBuf {
        self.home.path().join(STATE).join("runs")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.runs().join(name)
    }

    fn restore(&self) {
        for entry in fs::read_dir(self.runs()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { fs::remove_dir(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
        for (name, content) in FILES.iter().zip(&self.files) {
            fs::write(self.at(name), content).unwrap();
            set_mode(&self.at(name), 0o600);
        }
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut content = fs::read(self.at(name)).unwrap();
        change(&mut content);
        fs::write(self.at(name), content).unwrap();
    }

    /// With all of its log in the file itself, whose pages count then.
    fn fold_in(&self) {
        let ledger = rusqlite::Connection::open(self.at("r.db")).unwrap();
        ledger.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }

    /// Where the tables of the ledger begin in its file.
    fn root_page(&self, table: &str) -> usize {
        let ledger = rusqlite::Connection::open(self.at("r.db")).unwrap();
        let query = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        let page: usize = ledger.query_row(query, [table], |row| row.get(0)).unwrap();
        (page - 1) * PAGE
    }

    /// Flips a bit in the root page of a table.
    fn flip(&self, table: &str, offset: usize, bit: u8) {
        self.fold_in();
        let at = self.root_page(table) + offset;
        self.change("r.db", |db| db[at] ^= 1 << bit);
    }

    fn command(&self, words: &str) -> Command {
        let mut command = self.home.command();
        command.args(words.split(' '));
        command.envs([("JELOU_API_URL", self.jelou.url.as_str()), ("JELOU_BOT_ID", "BOT_ID")]);
        command.envs([("JELOU_CLIENT_ID", "id"), ("JELOU_CLIENT_SECRET", "canary-secret-of-the-tests")]);
        command
    }

    /// Runs the command as a user who may not read the files that belong to another in `is_foreign`.
    fn run(&self, words: &str, is_foreign: bool) -> Ended {
        let mut command = self.command(words);
        if is_foreign && is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let ended = Ended::new(&command.stdin(Stdio::null()).output().unwrap());
        assert!(!ended.stderr.contains("panicked"), "{ended:?}");
        ended
    }
}

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

/// Gives all in the home to a user who may not read these files, which stay ours.
fn keep_from_nobody(killed: &Killed, kept: &[&str]) {
    fn give(path: &Path) {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                give(&entry.unwrap().path());
            }
        }
    }
    if is_root() {
        give(killed.home.path());
    }
    for name in kept {
        if is_root() {
            chown(killed.at(name), Some(0), Some(0)).unwrap();
        } else {
            set_mode(&killed.at(name), 0);
        }
    }
}

type Hurt = (&'static str, fn(&Killed, &Killed));

/// Each change is made to the files of a run; the other run has the same list and more commits.
const HURTS: &[Hurt] = &[
    ("nothing", |_, _| {}),
    ("folded in", |run, _| run.fold_in()),
    ("copied as s", |run, _| {
        for ending in ["db", "db-wal", "lock"] {
            fs::copy(run.at(&format!("r.{ending}")), run.at(&format!("s.{ending}"))).unwrap();
        }
    }),
    ("renamed to s", |run, _| {
        for ending in ["db", "db-wal", "lock"] {
            fs::rename(run.at(&format!("r.{ending}")), run.at(&format!("s.{ending}"))).unwrap();
        }
    }),
    ("RUN.db cut in the middle", |run, _| run.change("r.db", |db| db.truncate(db.len() / 2))),
    ("RUN.db cut after a page", |run, _| run.change("r.db", |db| db.truncate(PAGE))),
    ("RUN.db without its last byte", |run, _| run.change("r.db", |db| db.truncate(db.len() - 1))),
    ("RUN.db of zero bytes", |run, _| run.change("r.db", Vec::clear)),
    ("RUN.db-wal removed", |run, _| fs::remove_file(run.at("r.db-wal")).unwrap()),
    ("RUN.db-wal emptied", |run, _| run.change("r.db-wal", Vec::clear)),
    ("RUN.db-wal cut in the middle", |run, _| run.change("r.db-wal", |log| log.truncate(log.len() / 2))),
    ("RUN.db-wal without its last page", |run, _| run.change("r.db-wal", |log| log.truncate(log.len() - PAGE))),
    ("RUN.db-wal: a bit at its begin", |run, _| run.change("r.db-wal", |log| log[40 + PAGE / 2] ^= 4)),
    ("RUN.db-wal: a bit at its end", |run, _| {
        run.change("r.db-wal", |log| {
            let last = log.len() - PAGE / 2;
            log[last] ^= 4;
        });
    }),
    ("RUN.db-wal of another run", |run, other| fs::write(run.at("r.db-wal"), &other.files[1]).unwrap()),
    ("RUN.db and log of an older copy", |run, _| {
        fs::write(run.at("r.db"), &run.older[0]).unwrap();
        fs::write(run.at("r.db-wal"), &run.older[1]).unwrap();
    }),
    ("RUN.db of an older copy, no log", |run, _| {
        fs::write(run.at("r.db"), &run.older[0]).unwrap();
        fs::remove_file(run.at("r.db-wal")).unwrap();
    }),
    ("RUN.lock removed", |run, _| fs::remove_file(run.at("r.lock")).unwrap()),
    ("RUN.lock emptied", |run, _| run.change("r.lock", Vec::clear)),
    ("RUN.lock: a digit changed", |run, _| run.change("r.lock", |lock| lock[26] ^= 1)),
    ("RUN.lock of another run", |run, other| fs::write(run.at("r.lock"), &other.files[2]).unwrap()),
    ("RUN.lock and log removed", |run, _| {
        fs::remove_file(run.at("r.lock")).unwrap();
        fs::remove_file(run.at("r.db-wal")).unwrap();
    }),
    ("RUN.db: a bit of its counts", |run, _| run.flip("progress", PAGE - 8, 1)),
    ("RUN.db: a count of a table", |run, _| run.flip("attempt", 4, 3)),
    ("RUN.db: a key of an attempt", |run, _| run.flip("attempt", PAGE - 11, 5)),
    ("RUN.db: a bit of an outcome", |run, _| run.flip("outcome", PAGE - 40, 0)),
    ("RUN.db: a bit of the list", |run, _| run.flip("row", PAGE - 30, 2)),
    ("RUN.db: a bit of the run itself", |run, _| run.flip("run", PAGE - 60, 2)),
    ("RUN.db: a bit of its head", |run, _| run.change("r.db", |db| db[100] ^= 8)),
    ("not SQLite", |run, _| fs::write(run.at("r.db"), b"hello".repeat(2000)).unwrap()),
    ("a directory in its place", |run, _| {
        fs::remove_file(run.at("r.db")).unwrap();
        fs::create_dir(run.at("r.db")).unwrap();
    }),
    ("a link that leads nowhere", |run, _| {
        fs::remove_file(run.at("r.db")).unwrap();
        symlink("/nowhere/r.db", run.at("r.db")).unwrap();
    }),
    ("RUN.db removed", |run, _| fs::remove_file(run.at("r.db")).unwrap()),
    ("RUN.db removed, RUN.lock torn", |run, _| {
        fs::remove_file(run.at("r.db")).unwrap();
        run.change("r.lock", |lock| lock.truncate(20));
    }),
    ("RUN.lock left, of another user", |run, _| {
        fs::remove_file(run.at("r.db")).unwrap();
        keep_from_nobody(run, &["r.lock"]);
    }),
    ("of an older version", |run, _| {
        run.fold_in();
        run.change("r.db", |db| db[60..64].copy_from_slice(&1_u32.to_be_bytes()));
    }),
    ("of a newer version", |run, _| {
        run.fold_in();
        run.change("r.db", |db| db[60..64].copy_from_slice(&99_u32.to_be_bytes()));
    }),
    ("RUN.db of another user", |run, _| keep_from_nobody(run, &["r.db", "r.db-wal"])),
    ("all of another user", |run, _| keep_from_nobody(run, &FILES)),
];

/// The output of one reader.
struct Said {
    reader: &'static str,
    code: i32,
    words: String,
    wrong: Vec<String>,
}

impl Said {
    fn new(reader: &'static str, ended: &Ended) -> Self {
        Self { reader, code: ended.code, words: String::new(), wrong: Vec::new() }
    }

    /// Its state of a row.
    fn row(&mut self, killed: &Killed, user: &str, sent: &str) {
        let was_asked = killed.asked.contains(user);
        match sent {
            "no" if was_asked => self.wrong.push(format!("{user} has it, and `{sent}` is said")),
            "yes" if !was_asked => self.wrong.push(format!("{user} has it not, and `{sent}` is said")),
            _ => {}
        }
    }

    /// Its states of all rows.
    fn counts(&mut self, killed: &Killed, sent: u64, not_sent: u64) {
        let _ = write!(self.words, "yes {sent} no {not_sent}");
        let asked = killed.asked.len() as u64;
        if sent > asked || not_sent > ROWS as u64 - asked {
            self.wrong.push(format!("sent {sent}, not sent {not_sent}, of {asked} who have it"));
        }
    }
}

fn report_csv(killed: &Killed, name: &str, is_foreign: bool) -> Said {
    let ended = killed.run(&format!("bulk report {name} --format ndjson"), is_foreign);
    let mut said = Said::new("report", &ended);
    let mut counts = [0; 2];
    for row in ended.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let (user, sent) = (user(number(&row["line"]) - 2), row["sent"].as_str().unwrap());
        said.row(killed, &user, sent);
        counts[0] += u64::from(sent == "yes");
        counts[1] += u64::from(sent == "no");
    }
    said.counts(killed, counts[0], counts[1]);
    said
}

fn page(killed: &Killed, name: &str, is_foreign: bool) -> Said {
    let ended = killed.run(&format!("bulk report {name} --format html"), is_foreign);
    let mut said = Said::new("page", &ended);
    let data = ended.stdout.split_once("id=\"data\">").and_then(|(_, rest)| rest.split_once("</script>"));
    let mut counts = [0; 2];
    for row in data.map(|(data, _)| serde_json::from_str::<Vec<Value>>(data).unwrap()).unwrap_or_default() {
        // The order of the states on the page.
        let sent = ["no", "unknown", "unknown", "no", "no", "yes"][number(&row[1])];
        said.row(killed, &user(number(&row[0]) - 2), sent);
        counts[0] += u64::from(sent == "yes");
        counts[1] += u64::from(sent == "no");
    }
    said.counts(killed, counts[0], counts[1]);
    let tile = |state: &str| {
        let (_, rest) = ended.stdout.split_once(&format!("data-state=\"{state}\" data-count=\""))?;
        rest.split('"').next()?.parse::<u64>().ok()
    };
    if let (Some(failed), Some(left)) = (tile("failed"), tile("pending"))
        && failed + left != counts[1]
    {
        said.wrong.push(format!("{failed} failed and {left} left, and rows say otherwise"));
    }
    said
}

fn status(killed: &Killed, name: &str, is_foreign: bool) -> Said {
    let ended = killed.run(&format!("bulk status {name}"), is_foreign);
    let mut said = Said::new("status", &ended);
    if let Ok(run) = serde_json::from_str(&ended.stdout) {
        counts_of(&mut said, killed, &run);
    }
    said
}

fn list(killed: &Killed, _: &str, is_foreign: bool) -> Said {
    let ended = killed.run("bulk list -o record", is_foreign);
    let mut said = Said::new("list", &ended);
    for run in ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()) {
        counts_of(&mut said, killed, &run);
    }
    if ended.stdout.is_empty() {
        said.wrong.push("it shows no run".to_owned());
    }
    said
}

fn counts_of(said: &mut Said, killed: &Killed, run: &Value) {
    if run["unreadable"].is_string() {
        return said.words.push_str("unreadable ");
    }
    let count = |state: &str| run[state].as_u64().unwrap();
    said.counts(killed, count("sent"), count("pending") + count("failed") + count("skipped"));
    if run["complete"] == true {
        said.wrong.push("it is called complete".to_owned());
    }
}

fn find(killed: &Killed, _: &str, is_foreign: bool) -> Said {
    let mut found: Option<Said> = None;
    // The one refused first, one of each process, one under way, and one that was never requested.
    for number in [REFUSED_AT_FIRST, 2, 12, 20, 25, 39] {
        let ended = killed.run(&format!("bulk find {} -o record", user(number)), is_foreign);
        let said = found.get_or_insert_with(|| Said::new("find", &ended));
        said.code = said.code.max(ended.code);
        let rows: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for row in &rows {
            match row["sent"].as_str() {
                Some(sent) => said.row(killed, &user(number), sent),
                None if row["unreadable"].is_string() => {}
                None => said.wrong.push(format!("{row}")),
            }
        }
        let _ = write!(said.words, "{} ", rows.first().map_or("-", |row| row["sent"].as_str().unwrap_or("unreadable")));
        if rows.is_empty() && ended.code == 0 {
            said.wrong.push(format!("nothing is found of {}", user(number)));
        }
    }
    found.unwrap()
}

fn remove(killed: &Killed, name: &str, is_foreign: bool) -> Said {
    let ended = killed.run(&format!("bulk remove {name}"), is_foreign);
    let mut said = Said::new("remove", &ended);
    let left = ended.stderr.split_once("of which ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<u64>().ok());
    if left.is_some_and(|left| left > (ROWS - killed.asked.len()) as u64) && ended.stderr.contains("still to be sent") {
        said.wrong.push(ended.stderr.clone());
    }
    if ended.code == 0 || ended.stderr.contains("which is complete") {
        said.wrong.push(format!("{ended:?}"));
    }
    said
}

/// Sends the same list again, and returns the recipients that this requested.
fn send_again(killed: &Killed, _: &str, is_foreign: bool) -> Said {
    let send = "bulk send people.csv --yes --run new --skip-sent --rate 100000/s text Hola";
    sending(killed, Said::new, "send", send, is_foreign)
}

fn resume(killed: &Killed, name: &str, is_foreign: bool) -> Said {
    sending(killed, Said::new, "resume", &format!("bulk resume {name} --rate 100000/s"), is_foreign)
}

fn sending(
    killed: &Killed,
    new: fn(&'static str, &Ended) -> Said,
    reader: &'static str,
    words: &str,
    is_foreign: bool,
) -> Said {
    let before = killed.jelou.seen().len();
    let ended = killed.run(words, is_foreign);
    let mut said = new(reader, &ended);
    let asked = killed.jelou.seen().split_off(before);
    let _ = write!(said.words, "{} sent", asked.len());
    let twice = asked.iter().filter(|seen| killed.asked.contains(&seen.user));
    said.wrong.extend(twice.map(|seen| format!("a second message to {}", seen.user)));
    said
}

const READERS: [fn(&Killed, &str, bool) -> Said; 8] =
    [report_csv, page, status, list, find, remove, send_again, resume];

#[test]
fn no_reader_says_of_a_hurt_ledger_what_is_not_so() {
    let other = Killed::new(36);
    let lines: Vec<(usize, String, Vec<String>)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|first| {
                let other = &other;
                scope.spawn(move || {
                    let killed = Killed::new(SENT[1]);
                    let hurts = HURTS.iter().enumerate().skip(first).step_by(2);
                    hurts.map(|(number, hurt)| table_line(&killed, other, number, hurt)).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut lines = lines;
    lines.sort();
    let table: Vec<_> = lines.iter().map(|(_, line, _)| line.as_str()).collect();
    println!("{}", table.join("\n"));
    let wrong: Vec<_> = lines.iter().flat_map(|(_, _, wrong)| wrong).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether only a reader of all records can see it. A reader that does not see it never says that a person has no
/// message.
fn has_whole_counts(hurt: &str) -> bool {
    matches!(hurt, "RUN.db: a count of a table" | "RUN.db: a key of an attempt" | "RUN.db: a bit of an outcome")
}

/// The output of a reader for an undamaged ledger.
fn words_of_whole(reader: &str) -> &'static str {
    match reader {
        "report" | "page" | "status" | "list" => "yes 20 no 12",
        "find" => "yes yes unknown yes unknown no",
        "send" => "0 sent",
        "resume" => "12 sent",
        _ => "",
    }
}

/// The output of all readers for one damage, with their errors.
fn table_line(killed: &Killed, other: &Killed, number: usize, (hurt, make): &Hurt) -> (usize, String, Vec<String>) {
    let (mut line, mut wrong) = (format!("{hurt:<34}"), Vec::new());
    // A changed bit in the list itself is found when its row is to be sent.
    let is_whole = matches!(*hurt, "nothing" | "folded in" | "RUN.db: a bit of the list");
    let is_foreign = hurt.contains("another user");
    for reader in READERS {
        killed.restore();
        make(killed, other);
        let name = if killed.at("s.db").exists() { "s" } else { "r" };
        let said = reader(killed, name, is_foreign);
        let _ = write!(line, "| {} {} {} ", said.reader, said.code, said.words.trim());
        wrong.extend(said.wrong.iter().map(|wrong| format!("{hurt}: {} (code {}): {wrong}", said.reader, said.code)));
        if matches!(*hurt, "nothing" | "folded in") && said.words.trim() != words_of_whole(said.reader) {
            wrong.push(format!("{hurt}: {} says {}", said.reader, said.words));
        }
        let expected: &[i32] = match said.reader {
            "remove" if is_foreign => &[2, 12],
            "remove" if *hurt == "a directory in its place" => &[12],
            "remove" => &[2],
            "send" if is_whole || has_whole_counts(hurt) || *hurt == "copied as s" => &[10, 11],
            "send" => &[11],
            "resume" if is_whole => &[10],
            _ if is_whole => &[0],
            "status" | "list" if has_whole_counts(hurt) => &[0],
            _ => &[12],
        };
        if !expected.contains(&said.code) {
            wrong.push(format!("{hurt}: {} ends with {}, not {expected:?}", said.reader, said.code));
        }
    }
    (number, line, wrong)
}

#[test]
fn what_is_taken_as_it_is_says_no_more_than_is_known() {
    let killed = Killed::new(SENT[1]);
    killed.restore();
    fs::write(killed.at("r.db"), &killed.older[0]).unwrap();
    fs::write(killed.at("r.db-wal"), &killed.older[1]).unwrap();
    let page = killed.run("bulk report r --format html", false).stdout;
    for part in ["is damaged: what it does not have as sent may have been sent", ">Damaged<", "--pending-as"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // Until the damage is accepted, no row can be decided.
    assert!(!page.contains("unknown.csv") && !page.contains("Nothing is left to do"), "{page}");
    let status = killed.run("bulk status r", false);
    let told = ["warning: run r: the ledger is damaged: r.db-wal is missing", "bulk resolve r --pending-as unknown"];
    assert!(status.code == 12 && told.iter().all(|part| status.stderr.contains(part)), "{status:?}");
    let figures = status.json();
    assert!(figures["damaged"].as_str().unwrap().starts_with("the ledger is damaged"), "{figures}");
    assert_eq!((&figures["complete"], &figures["reasons"]["rejected"]), (&false.into(), &Value::Null));
    // One that was refused then has been sent since.
    assert!(killed.asked.contains(&user(REFUSED_AT_FIRST)));
    let resolved = killed.run("bulk resolve r --pending-as unknown", false);
    assert!(resolved.code == 0 && resolved.stderr.contains("27 rows count as unknown from now on"), "{resolved:?}");
    let said = report_csv(&killed, "r", false);
    assert!(said.code == 0 && said.wrong.is_empty() && said.words == "yes 9 no 0", "{} {:?}", said.words, said.wrong);
    let resumed = resume(&killed, "r", false);
    assert!(resumed.code == 10 && resumed.words == "0 sent", "{}", resumed.words);
}

#[test]
fn a_lock_file_does_not_vouch_for_a_loss_that_was_not_accepted() {
    let killed = Killed::new(SENT[1]);
    killed.restore();
    fs::remove_file(killed.at("r.db-wal")).unwrap();
    fs::remove_file(killed.at("r.lock")).unwrap();
    // While this is open, the first file that grows is the lock, and the second one the log.
    let ledger = rusqlite::Connection::open(killed.at("r.db")).unwrap();
    ledger.query_row("SELECT count(*) FROM row", [], |_| Ok(())).unwrap();
    let command = killed.command("bulk resolve r --pending-as unknown");
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -f 1; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    limited.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ended = Ended::new(&limited.output().unwrap());
    assert!(ended.code == 12 && ended.stderr.contains("cannot be read or written"), "{ended:?}");
    drop(ledger);
    let resumed = resume(&killed, "r", false);
    assert_eq!((resumed.code, resumed.words.as_str()), (12, "0 sent"), "{:?}", resumed.wrong);
}

#[test]
fn what_only_a_copy_of_a_run_knows_is_not_sent_again() {
    let killed = Killed::new(SENT[1]);
    for reader in [send_again, resume] {
        killed.restore();
        for (number, name) in FILES.iter().enumerate() {
            fs::rename(killed.at(name), killed.at(&name.replace('r', "s"))).unwrap();
            fs::write(killed.at(name), &killed.older[number]).unwrap();
        }
        let said = reader(&killed, "r", false);
        assert!(said.code == 11 || said.code == 10, "{} {} {:?}", said.reader, said.code, said.wrong);
        assert!(said.wrong.is_empty(), "{} {:?}", said.reader, said.wrong);
    }
}

#[test]
fn a_finished_run_that_has_lost_records_is_not_finished() {
    let home = Home::new();
    home.write("people.csv", format!("to\n{}\n{}\n", user(0), user(1)));
    let jelou = Jelou::accepting();
    home.run("bulk send people.csv --yes --run r --rate 1000/s text Hola").api(&jelou.url).success();
    let lock = home.path().join(STATE).join("runs/r.lock");
    let text = fs::read_to_string(&lock).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    fs::write(&lock, format!("commits {:020} {:020}\n{rest}", 1000, !1000_u64)).unwrap();
    let told = home.run("bulk remove --older-than 1ms --yes").success().stderr;
    assert!(told.contains("run r is left alone: the ledger is damaged: r.db-wal is missing"), "{told}");
    home.run("bulk remove r").fails(2, &["of which 0 messages may have been sent (the ledger is damaged"]);
    let figures = home.run("bulk status r").fails(12, &["is damaged"]).json();
    assert_eq!((&figures["sent"], &figures["complete"]), (&2.into(), &false.into()));
    assert!(home.run("bulk list").fails(12, &[]).stdout.starts_with("r\tdamaged\t2\t2\t"));
    let again = home.run("bulk send people.csv --yes --skip-sent --rate 1000/s text Hola").api(&jelou.url);
    let told =
        ["the ledger of run r is damaged", "r.db-wal is missing", "bulk resolve r --pending-as unknown", "--skip-sent"];
    again.fails(11, &[&told[..], &["--ignore-run r", "nothing was sent"]].concat());
    // Every row that it has as sent was sent, whatever else is lost.
    let send = |flags: &str| {
        let words = format!("bulk send people.csv --yes --ignore-run r --rate 1000/s {flags} text Hola");
        home.run(&words).api(&jelou.url)
    };
    send("").fails(11, &["all 2 messages were sent by run r"]);
    send("--skip-sent").end();
    assert_eq!(jelou.seen().len(), 2);
    home.run("bulk resolve r --pending-as unknown").success();
    home.run("bulk status r").success();
    send("--again").success();
    assert_eq!(jelou.seen().len(), 4);
}

#[test]
fn a_reader_leaves_the_log_of_a_damaged_ledger_as_it_is() {
    let (killed, other) = (Killed::new(SENT[1]), Killed::new(36));
    killed.restore();
    fs::write(killed.at("r.db-wal"), &other.files[1]).unwrap();
    for words in ["bulk status r", "bulk report r", "bulk resume r", "bulk resolve r --pending-as unknown"] {
        let ended = killed.run(words, false);
        assert!(ended.code == 12 && ended.stderr.contains("r.db-wal is the log of another run"), "{ended:?}");
    }
    // Once its own is back, nothing is wrong with it.
    fs::write(killed.at("r.db-wal"), &killed.files[1]).unwrap();
    let _ = fs::remove_file(killed.at("r.db-shm"));
    assert_eq!((status(&killed, "r", false).code, resume(&killed, "r", false).code), (0, 10));
}

#[test]
fn a_reader_leaves_the_log_beside_a_file_that_is_no_whole_ledger() {
    let killed = Killed::new(SENT[1]);
    let half = killed.files[0].len() / 2;
    let random: Vec<u8> = (0..half).map(|at| (at.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()[0]).collect();
    let hurts = [Vec::new(), killed.files[0][..half].to_vec(), killed.files[0][..=PAGE].to_vec(), random];
    for (number, hurt) in hurts.iter().enumerate() {
        for words in ["bulk status r", "bulk list", "bulk find 593990000000", "bulk report r", "bulk resume r"] {
            killed.restore();
            fs::write(killed.at("r.db"), hurt).unwrap();
            let ended = killed.run(words, false);
            assert_eq!(ended.code, 12, "{number} {words} {ended:?}");
            assert!(fs::read(killed.at("r.db-wal")).unwrap() == killed.files[1], "{number} {words}");
            assert!(fs::read(killed.at("r.db")).unwrap() == *hurt, "{number} {words}");
            // With the file put back, nothing is lost.
            fs::write(killed.at("r.db"), &killed.files[0]).unwrap();
            assert_eq!(status(&killed, "r", false).code, 0, "{number} {words}");
        }
    }
    // Without a log, it does not create one.
    killed.restore();
    fs::remove_file(killed.at("r.db-wal")).unwrap();
    assert_eq!(killed.run("bulk status r", false).code, 12);
    assert!(!killed.at("r.db-wal").exists());
}

#[test]
fn a_ledger_whose_log_was_being_written_into_it_is_whole() {
    let killed = Killed::new(SENT[1]);
    killed.restore();
    let ledger = rusqlite::Connection::open(killed.at("r.db")).unwrap();
    ledger.execute_batch("CREATE TABLE grown AS SELECT zeroblob(100000); DROP TABLE grown").unwrap();
    let log = fs::read(killed.at("r.db-wal")).unwrap();
    drop(ledger);
    // The first page is written first: it says that the file is longer than it is by then.
    killed.change("r.db", |db| db.truncate(killed.files[0].len() + PAGE));
    fs::write(killed.at("r.db-wal"), &log).unwrap();
    assert_eq!(status(&killed, "r", false).code, 0);
    assert_eq!(resume(&killed, "r", false).code, 10);
}

#[test]
fn a_ledger_under_a_name_that_no_run_has_is_not_passed_over() {
    let killed = Killed::new(SENT[1]);
    for name in ["R", "r (copy)", "r_old", "a b"] {
        killed.restore();
        for ending in ["db", "db-wal", "lock"] {
            fs::rename(killed.at(&format!("r.{ending}")), killed.at(&format!("{name}.{ending}"))).unwrap();
        }
        let asked = killed.jelou.seen().len();
        let send = "bulk send people.csv --yes --run new text Hola";
        for (words, code) in [("bulk list", 12), ("bulk find 593990000000", 12), (send, 11)] {
            let ended = killed.run(words, false);
            assert!(ended.code == code && ended.stderr.contains(name), "{name} {words} {ended:?}");
            assert!(!ended.stderr.contains("--ignore-run"), "{ended:?}");
        }
        assert_eq!(killed.jelou.seen().len(), asked);
    }
}

#[test]
fn what_is_no_regular_file_is_neither_opened_nor_waited_for() {
    let killed = Killed::new(SENT[1]);
    let pipe = |name: &str| {
        killed.restore();
        let _ = fs::remove_file(killed.at(name));
        assert!(Command::new("mkfifo").arg(killed.at(name)).status().unwrap().success());
    };
    for (words, code) in [("bulk list", 12), ("bulk status r", 12), ("bulk resume r", 12), ("bulk remove r --yes", 0)] {
        pipe("r.db");
        assert_eq!(killed.run(words, false).code, code, "{words}");
    }
    for words in ["bulk list", "bulk status r", "bulk resume r", "bulk remove r --yes"] {
        pipe("r.lock");
        let ended = killed.run(words, false);
        assert_eq!(ended.code, 12, "{words} {ended:?}");
    }
    killed.restore();
    fs::create_dir(killed.at("dir.db")).unwrap();
    let ended = killed.run("bulk remove dir --yes", false);
    assert!(ended.code == 12 && ended.stderr.contains("it is a directory: move it away"), "{ended:?}");
    assert!(!killed.at("dir.lock").exists());
}

#[test]
fn a_report_takes_the_place_of_no_file_of_the_runs() {
    let killed = Killed::new(SENT[1]);
    killed.restore();
    for name in ["r.stop", "r.sender", "r.lock", "report.csv"] {
        let file = killed.at(name);
        let ended = killed.run(&format!("bulk report r --file {}", file.display()), false);
        assert!(ended.code == 2 && ended.stderr.contains("is in the directory of the runs"), "{ended:?}");
        assert_eq!(file.exists(), name == "r.lock");
    }
}

#[test]
fn a_process_that_writes_is_no_damage() {
    let home = Home::new();
    let rows: Vec<_> = (0..2000).map(|number| format!("{}\n", user(number))).collect();
    home.write("people.csv", format!("to\n{}", rows.concat()));
    let jelou = Jelou::accepting();
    let mut command = home.command();
    command.args("bulk send people.csv --yes --run r --rate 1500/s --progress none text Hola".split(' '));
    command.envs([("JELOU_API_URL", jelou.url.as_str()), ("JELOU_BOT_ID", "BOT_ID"), ("JELOU_CLIENT_ID", "id")]);
    command.env("JELOU_CLIENT_SECRET", "canary-secret-of-the-tests").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    jelou.wait_for(1);
    let mut looks = 0;
    while child.try_wait().unwrap().is_none() {
        for words in ["bulk status r", "bulk report r", "bulk list", "bulk find 593990001999"] {
            home.run(words).success();
        }
        looks += 1;
    }
    assert!(child.wait().unwrap().success() && looks > 0);
}

/// A ledger as version 0.1 wrote it, which this version does not read.
fn ledger_of_0_1(path: &Path) {
    let ledger = rusqlite::Connection::open(path).unwrap();
    ledger
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA application_id = 0x4a656c6f; PRAGMA user_version = 1; \
             CREATE TABLE run (id INTEGER PRIMARY KEY, details TEXT NOT NULL, digest BLOB NOT NULL, \
             created_at INTEGER NOT NULL, finished_at INTEGER) STRICT; \
             CREATE TABLE row (n INTEGER PRIMARY KEY, line INTEGER NOT NULL, recipient TEXT, before INTEGER, \
             state TEXT NOT NULL, attempts INTEGER NOT NULL, at INTEGER) STRICT; \
             INSERT INTO run VALUES (1, '{\"bot\":\"BOT_ID\"}', zeroblob(16), 1763700000000, 1763700001000); \
             INSERT INTO row VALUES (1, 2, '593990000000', NULL, 'sent', 1, 1763700000500)",
        )
        .unwrap();
}

#[test]
fn a_ledger_that_this_version_does_not_read_is_not_passed_over() {
    let home = Home::new();
    home.write("people.csv", format!("to\n{}\n", user(0)));
    let runs = home.path().join(STATE).join("runs");
    fs::create_dir_all(&runs).unwrap();
    ledger_of_0_1(&runs.join("old.db"));
    let jelou = Jelou::accepting();
    let send = |flags: &str| {
        let words = format!("bulk send people.csv --yes --rate 1000/s {flags} text Hola");
        home.run(&words).api(&jelou.url)
    };
    let path = runs.join("old.db").display().to_string();
    let told = ["run old and its bot cannot be read", "of version 1, older", path.as_str()];
    let ways = ["--ignore-run old", "jelouctl bulk remove old", "nothing was sent"];
    for flags in ["", "--skip-sent", "--again", "--skip-sent --limit 1", "--bot OTHER"] {
        send(flags).fails(11, &[&told[..], &ways[..]].concat());
    }
    let shown = send("--dry-run").success();
    assert!(shown.stderr.contains(told[0]) && shown.stdout.is_empty(), "{shown:?}");
    // A rehearsal sends to no one.
    home.run("--sandbox bulk send people.csv --run rehearsal text Hola").success();
    let why = "the ledger is of version 1, older than this jelouctl reads";
    let listed = home.run("bulk list -o record").fails(12, &["what run old sent is not known"]);
    let of_list: Value = serde_json::from_str(listed.stdout.lines().last().unwrap()).unwrap();
    let of_find = home.run(&format!("bulk find {}", user(9))).fails(12, &["what run old sent is not known"]).json();
    for said in [of_list, of_find] {
        assert_eq!((&said["run"], &said["unreadable"]), (&"old".into(), &why.into()), "{said}");
    }
    let fields = home.run("bulk list").fails(12, &[]).stdout;
    let fields: Vec<_> = fields.lines().map(|line| line.split('\t').collect::<Vec<_>>()).collect();
    assert_eq!((fields[1][0], fields[1][1], fields[1].len()), ("old", "unreadable", fields[0].len()));
    let left_alone =
        "run old is left alone: the ledger is of version 1, older than this jelouctl reads; use the jelouctl";
    for words in ["bulk stop", "bulk resume", "bulk work", "bulk resolve --unknown-as sent"] {
        let none = "no readable run is unfinished; left alone: old";
        let told = home.run(words).api(&jelou.url).fails(12, &[left_alone, none, "jelouctl bulk list"]).stderr;
        assert!(!told.contains("bulk resume old") && !told.contains("nothing was sent"), "{told}");
    }
    for words in ["bulk stop old", "bulk resume old"] {
        let told = home.run(words).api(&jelou.url).fails(12, &[why]).stderr;
        assert!(!told.contains("nothing was sent"), "{told}");
    }
    let doctor = home.run("doctor --offline -o record").api(&jelou.url).end();
    let told = [
        "unreadable or damaged: old",
        "a damaged or unreadable run can refuse new bulk runs; see `jelouctl bulk list`",
    ];
    assert!(told.iter().all(|part| doctor.stdout.contains(part)), "{doctor:?}");
    home.run("bulk remove --older-than 1ms --yes").success();
    let lost = ["removing run old loses its record of recipients", "add --yes"];
    home.run("bulk remove old").fails(2, &lost);
    assert!(jelou.seen().is_empty());
    send("--ignore-run old").success();
    home.run("bulk remove old --yes").success();
    send("--again").success();
    assert_eq!(jelou.seen().len(), 2);
    // A lock file of another bot, or of the sandbox, does not matter.
    for [bot, sandbox] in [["OTHER", "no"], ["BOT_ID", "yes"]] {
        ledger_of_0_1(&runs.join("old.db"));
        let commits = format!("{:020} {:020}", 1, !1_u64);
        let url = &jelou.url;
        let note = format!("commits {commits}\nidentity 00\nbot {bot}\naddress {url}\nsandbox {sandbox}\n");
        fs::write(runs.join("old.lock"), note).unwrap();
        send("--again").success();
        fs::remove_file(runs.join("old.db")).unwrap();
    }
}

#[test]
fn a_run_of_which_only_the_lock_file_is_left_is_not_taken_for_finished() {
    let home = Home::new();
    home.write("people.csv", format!("to\n{}\n", user(0)));
    let jelou = Jelou::accepting();
    home.run("bulk send people.csv --yes --run r text Hola").api(&jelou.url).success();
    home.run("bulk stop").success();
    fs::remove_file(home.path().join(STATE).join("runs/r.db")).unwrap();
    for words in ["bulk stop", "bulk resume"] {
        let told = ["run r is left alone: the ledger ", "cannot be opened", "no readable run is unfinished"];
        home.run(words).api(&jelou.url).fails(12, &told);
    }
    home.run("bulk status").fails(12, &["this is the newest run, r", "cannot be opened"]);
}

#[test]
fn a_run_that_is_sent_is_stopped_though_its_ledger_cannot_be_read() {
    let home = Home::new();
    let rows: Vec<_> = (0..ROWS).map(|number| format!("{}\n", user(number))).collect();
    home.write("people.csv", format!("to\n{}", rows.concat()));
    let jelou = Jelou::accepting();
    let mut command = home.command();
    command.args("bulk send people.csv --yes --run r --rate 1/s --progress none text Hola".split(' '));
    command.envs([("JELOU_API_URL", jelou.url.as_str()), ("JELOU_BOT_ID", "BOT_ID"), ("JELOU_CLIENT_ID", "id")]);
    command.env("JELOU_CLIENT_SECRET", "canary-secret-of-the-tests").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    jelou.wait_for(1);
    // Any later reader takes it for a ledger of a newer version.
    let ledger = fs::File::options().write(true).open(home.path().join(STATE).join("runs/r.db")).unwrap();
    ledger.write_all_at(&99_u32.to_be_bytes(), 60).unwrap();
    let left_alone = ["run r is left alone: the ledger is of version 99", "no readable run is unfinished"];
    home.run("bulk resume").api(&jelou.url).fails(12, &left_alone);
    // Of two ledgers, the one that a process sends counts, readable or not.
    let import = "bulk send people.csv --yes --run other --import-only --ignore-run r text Adios";
    home.run(import).api(&jelou.url).success();
    assert!(home.run("bulk stop").success().stderr.contains("run r sends no more messages"));
    assert_eq!(child.wait().unwrap().code(), Some(11));
    assert!(jelou.seen().len() < ROWS);
}

#[test]
fn a_run_that_ends_on_a_damaged_ledger_says_so() {
    let home = Home::new();
    home.write("people.csv", format!("to\n{}\n{}\n", user(0), user(1)));
    let path = home.path().join(STATE).join("runs/r.db");
    let jelou = Jelou::start(move |_, _| {
        let ledger = rusqlite::Connection::open(&path).unwrap();
        let change = "DROP TRIGGER IF EXISTS run_stays; UPDATE run SET created_at = created_at + 1";
        ledger.execute_batch(change).unwrap();
        Act::Accept
    });
    let told = ["warning: run r: the ledger is damaged: what the run is was changed", "keep the file"];
    home.run("bulk send people.csv --yes --run r text Hola").api(&jelou.url).fails(12, &told);
}

#[test]
fn a_run_that_ends_on_a_ledger_that_cannot_be_read_says_so() {
    let home = Home::new();
    home.write("people.csv", format!("to\n{}\n{}\n", user(0), user(1)));
    let path = home.path().join(STATE).join("runs/r.db");
    let jelou = Jelou::start(move |_, _| {
        rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        Act::Answer(401, "", "{}")
    });
    let told = ["error: the run paused", "warning: the ledger could not be read: ", "jelouctl bulk status r"];
    home.run("bulk send people.csv --yes --run r --concurrency 1 text Hola").api(&jelou.url).fails(4, &told);
}

#[test]
fn a_whole_ledger_is_read_where_nothing_can_be_written() {
    let killed = Killed::new(SENT[1]);
    killed.restore();
    killed.fold_in();
    keep_from_nobody(&killed, &[]);
    set_mode(&killed.at("r.db"), 0o400);
    set_mode(&killed.runs(), 0o500);
    for reader in [report_csv, page, status, list, find] {
        let said = reader(&killed, "r", true);
        assert_eq!((said.code, said.words.trim()), (0, words_of_whole(said.reader)), "{}", said.reader);
        assert!(said.wrong.is_empty(), "{} {:?}", said.reader, said.wrong);
    }
    for reader in [send_again, resume] {
        let said = reader(&killed, "r", true);
        assert_eq!((said.code, said.words.as_str()), (12, "0 sent"), "{}", said.reader);
    }
    set_mode(&killed.runs(), 0o700);
}
