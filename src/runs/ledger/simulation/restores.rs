//! Copies the files of the ledger, and restores a copy. With a database, this is a failover to an older standby: the
//! processes lose their connections.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::actors::{Role, kill};
use super::engine::drop_killed;
use super::world::{World, world};
use crate::runs::ledger::FileEngine;
use crate::runs::ledger::TurnPatience;

/// A copy of the ledger's files.
#[derive(Clone)]
pub(super) struct Backup {
    /// The number of requests that had been sent.
    requests: usize,
    last_run: i64,
    commits: i64,
}

/// The latest restore.
#[derive(Default)]
pub(super) struct Restore {
    /// Whether nobody has accepted the ledger since then.
    pub(super) is_refused: bool,
    /// The runs that were accepted since then.
    pub(super) accepted_runs: BTreeSet<i64>,
}

/// Copies the ledger, or restores a copy, in profiles that do so. No actor is in the middle of a step.
pub(super) fn draw_restore() {
    let frequency = world(|world| world.profile().restores);
    if frequency == 0 || world(|world| world.rng.u32(0..1_000)) >= frequency {
        return;
    }
    let backup = world(|world| world.backup.clone());
    let may_restore = world(|world| world.rng.u8(0..3) > 0);
    match backup {
        Some(backup) if may_restore => restore(&backup),
        _ => copy(),
    }
}

fn backup_directory(home: &Path) -> PathBuf {
    home.with_file_name("backup")
}

/// Copies the files of a directory over those of another one, as `cp` does.
fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the directory can be created");
    for entry in fs::read_dir(from).expect("the directory is readable") {
        let path = entry.expect("the directory is readable").path();
        let name = path.file_name().expect("a file has a name");
        if path.is_file() {
            let content = fs::read(&path).expect("the file is readable");
            fs::write(to.join(name), content).expect("the file is writable");
        }
    }
}

fn copy() {
    if world(|world| world.checker.commits()) == 0 {
        // The copy of an empty ledger counts as damaged over a used one.
        return;
    }
    let home = world(|world| world.home.clone());
    let directory = backup_directory(&home);
    let _ = fs::remove_dir_all(&directory);
    if !world(|world| world.is_shared) {
        // Without its log, the file alone is a copy, too.
        let file = Connection::open(home.join("state.db")).expect("the ledger is readable");
        let _ = file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    copy_files(&home, &directory);
    world(|world| {
        world.backup = Some(Backup {
            requests: world.server.requests.len(),
            last_run: world.checker.last_run(),
            commits: world.checker.commits(),
        });
        world.log("the ledger is copied");
    });
}

fn restore(backup: &Backup) {
    let home = world(|world| world.home.clone());
    let directory = backup_directory(&home);
    let is_in_place = world(|world| !world.is_shared && world.rng.bool());
    if is_in_place && world(|world| world.checker.commits()) == backup.commits {
        // Nothing would change.
        return;
    }
    let are_ended = is_in_place || world(|world| !world.is_shared && world.rng.bool());
    if are_ended {
        end_processes();
    }
    let late_exchanges = world(|world| std::mem::take(&mut world.late_exchanges));
    drop_killed(late_exchanges);
    let is_file_alone = is_in_place && world(|world| world.rng.u8(0..3) == 0);
    let commits = world(|world| world.checker.commits());
    world(|world| world.checker.close());
    if is_file_alone {
        if put_under_log(&directory, &home) {
            // The log has every commit that the file lacks.
            world(|world| world.checker.open());
            assert_eq!(world(|world| world.checker.commits()), commits);
            return;
        }
    } else {
        if !is_in_place {
            fs::remove_dir_all(&home).expect("the directory can be removed");
        }
        copy_files(&directory, &home);
    }
    world(|world| {
        world.checker.open();
        world.note_restore(backup);
        world.log(&format!("the ledger is restored, in place: {is_in_place}"));
    });
}

/// Puts the older file under the log that killed processes left. Returns whether they still belong together. If not, the
/// log is moved away, as the refusal says. A log that was copied into the newer file is empty.
fn put_under_log(backup: &Path, home: &Path) -> bool {
    let content = fs::read(backup.join("state.db")).expect("the copy is readable");
    fs::write(home.join("state.db"), content).expect("the file is writable");
    let is_log_empty = fs::metadata(home.join("state.db-wal")).map_or(true, |log| log.len() == 0);
    if is_log_empty {
        return false;
    }
    let opens = || FileEngine::open(home, false, TurnPatience::quiet()).is_ok();
    if opens() {
        return true;
    }
    // A refusal does not change the files.
    assert!(!opens(), "the ledger was refused before");
    for name in ["state.db-wal", "state.db-shm"] {
        let _ = fs::remove_file(home.join(name));
    }
    false
}

/// Ends every process. An operator at a question stays: its command opens the ledger again after the answer.
fn end_processes() {
    for actor in world(|world| world.actors.clone()) {
        let is_asked = match &*actor.role.borrow() {
            Some(Role::Operator(operator)) => operator.is_asked(),
            _ => false,
        };
        if !is_asked {
            kill(&actor);
        }
    }
}

impl World {
    fn note_restore(&mut self, backup: &Backup) {
        self.server.restore(backup.requests, backup.last_run);
        self.restore = Restore {
            is_refused: true,
            accepted_runs: BTreeSet::new(),
        };
        // Rows in flight in the copy become unknown without a request.
        self.unclean.extend(1..=self.last_id);
        self.count("restored");
    }

    /// Records that a command is about to accept the ledger. If it is killed, the ledger may be accepted.
    pub(super) fn note_acceptance(&mut self, asked_after: u32) {
        if asked_after == self.server.restores {
            self.restore.is_refused = false;
        }
    }

    /// Does the same for a run.
    pub(super) fn note_accepted_run(&mut self, run: i64, asked_after: u32) {
        if asked_after == self.server.restores {
            self.restore.accepted_runs.insert(run);
        }
    }
}
