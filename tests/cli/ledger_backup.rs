//! `ledger backup`: a copy of a ledger that processes write, and how a copy is recognized when it is used.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rusqlite::{Connection, OpenFlags};

use crate::bulk_run::{Watched, counts, people, start};
use crate::bulk_server::Jelou;
use crate::harness::{CommandOutput, Home, STATE, tool, under};

#[cfg(target_os = "linux")]
use crate::needs::can_mount;

const ROWS: usize = 60;
const SEND: &str = "bulk send people.csv --yes --run r --rate 40/s --progress none text Hola";

fn state(home: &Home) -> PathBuf {
    home.path().join(STATE)
}

/// Returns the names of the files in the home that contain `copy`, also of temporary ones.
fn copies(home: &Home) -> Vec<String> {
    let entries = fs::read_dir(home.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("copy")).collect()
}

/// Sends a run, and copies the ledger when some rows are sent.
fn sent_after_copy() -> (Home, Jelou) {
    let home = people(ROWS);
    let jelou = Jelou::accept_all();
    let run = Watched::new(start(&home, SEND, &[], &jelou.url));
    jelou.wait_for(5);
    let told = format!(
        "note: the ledger {} is copied to copy.db\n",
        state(&home).join("state.db").display()
    );
    home.run("ledger backup copy.db")
        .success()
        .stderr_has(&[&told]);
    let ended = run.end();
    assert_eq!(counts(&ended.json()), [ROWS as u64, 0, 0, 0], "{ended:?}");
    (home, jelou)
}

#[test]
fn backup_during_a_run_is_complete_and_private() {
    let (home, _) = sent_after_copy();
    assert_eq!(copies(&home), ["copy.db"]);
    let copy = home.path().join("copy.db");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = copy.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let url = format!("file:{}?immutable=1", copy.display());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let copy = Connection::open_with_flags(url, flags).unwrap();
    let text = |query: &str| -> String { copy.query_row(query, [], |row| row.get(0)).unwrap() };
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    assert_eq!(text("SELECT name FROM run"), "r");
    let rows: usize = copy
        .query_row("SELECT count(*) FROM row", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, ROWS);
}

/// Nobody gets a message again, whatever else stays in the directory.
#[test]
fn used_copy_counts_as_restored() {
    for way in [
        "rm -rf $d; mkdir $d; cp copy.db $d/state.db",
        "rm -rf $d/*; mv copy.db $d/state.db",
        "rm -f $d/state.db-wal $d/state.db-shm; cp copy.db $d/state.db",
        "rm -f $d/state.db-wal $d/state.db-shm; mv copy.db $d/state.db",
    ] {
        let (home, jelou) = sent_after_copy();
        let mut shell = Command::new("sh");
        shell.args(["-ec", way]).env("d", state(&home));
        tool(shell.current_dir(home.path()));
        for words in [
            "bulk resume r",
            "bulk work r",
            "send text --to 593987654321 --once k Hola",
            "bulk send people.csv --yes --again text Otra",
        ] {
            let ended = home.run(words).api(&jelou.url).end();
            assert_eq!(ended.code, 11, "{way}: {words}: {ended:?}");
        }
        assert_eq!(jelou.requests().len(), ROWS, "{way}");
        home.run("ledger accept --yes").success();
        home.run("bulk status r").success();
    }
}

#[test]
fn backup_refuses_a_place_without_changing_it() {
    let home = people(1);
    home.run("ledger backup copy.db")
        .fails(2, &["error: nothing to copy: there is no ledger\n"]);
    home.run("bulk send people.csv --yes --run r --hold text Hola")
        .api("http://127.0.0.1:9")
        .success();
    home.write("copy.db", "mine");
    home.run("ledger backup copy.db")
        .fails(2, &["error: copy.db exists already\n"]);
    assert_eq!(home.read("copy.db"), "mine");
    let journal = format!("{STATE}/state.db-journal");
    let told = format!("error: {journal} has the name of a file of the ledger\n");
    home.run(&format!("ledger backup {journal}"))
        .fails(2, &[&told]);
    let disk = "hint: check that the disk is not full and the directory is writable\n";
    for (path, told) in [
        (
            "none/copy.db",
            "error: failed to write none/copy.db: none does not exist\n",
        ),
        (
            "copy.db/x",
            "error: failed to write copy.db/x: copy.db is a file, not a directory\n",
        ),
    ] {
        home.run(&format!("ledger backup {path}"))
            .fails(12, &[told, disk]);
    }
    home.run("--dry-run ledger backup other-copy.db")
        .fails(2, &["this command writes a file"]);
    assert_eq!(copies(&home), ["copy.db"]);
}

#[test]
fn backup_of_a_database_names_pg_dump() {
    // It makes no connection.
    Home::new()
        .run("--ledger postgres://ana@127.0.0.1:9/jelou ledger backup copy.db")
        .fails(
            2,
            &[
                "error: the ledger postgres://ana@127.0.0.1:9/jelou is a database, not a file\n",
                "hint: pg_dump --schema jelouctl postgres://ana@127.0.0.1:9/jelou\n",
            ],
        );
}

fn check_not_copied(ended: &CommandOutput, problem: &str) {
    assert_eq!(ended.code, 12, "{ended:?}");
    let told = format!("error: failed to write {problem}\n");
    assert!(ended.stderr.contains(&told), "{ended:?}");
}

fn large_ledger() -> Home {
    let home = people(3000);
    home.run("bulk send people.csv --yes --run r --hold text Hola")
        .api("http://127.0.0.1:9")
        .success();
    home
}

#[test]
fn copy_above_the_limit_of_file_sizes_is_removed() {
    let home = large_ledger();
    let line = "ulimit -f 200; exec \"$0\" ledger backup copy.db";
    let limited = under(&["sh", "-c", line], &home.process("", "http://127.0.0.1:9")).output();
    let limited = CommandOutput::new(&limited.unwrap());
    check_not_copied(&limited, "copy.db: disk I/O error");
    assert!(copies(&home).is_empty(), "{:?}", copies(&home));
}

#[test]
#[cfg(target_os = "linux")]
fn full_disk_leaves_no_copy() {
    if !can_mount() {
        return;
    }
    let home = large_ledger();
    fs::create_dir(home.path().join("small")).unwrap();
    let line = "mount -t tmpfs -o size=64k none small; \"$0\" ledger backup small/copy.db; code=$?; ls -A small; exit $code";
    let mounted = ["unshare", "--map-root-user", "--mount", "sh", "-c", line];
    let mut command = under(&mounted, &home.process("", "http://127.0.0.1:9"));
    let full = command.env("PATH", "/usr/sbin:/usr/bin:/bin").output();
    let full = CommandOutput::new(&full.unwrap());
    check_not_copied(&full, "small/copy.db: the disk is full");
    assert_eq!(full.stdout, "", "a file is left");
}
