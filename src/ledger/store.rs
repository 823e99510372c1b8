//! The store: all runs of this machine, or of a team, and the messages under keys. It is found, opened and searched here.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::db::{Db, Life, Place, Process, Row, values};
use super::draft::LedgerDraft;
use super::error::{LedgerError, RunError};
use super::file::{FileEngine, OnWait};
use super::making::{self, EarlierOf, KnownRuns};
use super::message::hash_of_person;
use super::model::RowState;
use super::name::{RunAge, RunName};
use super::overview::{FoundMessage, FoundRow, RunOverview};
use super::postgres::DatabaseEngine;
use super::run::{COLUMNS, FIND, Run, reported};
use super::types::Details;
use crate::phone::person_key;
use crate::places::STATE;
use crate::private_file::FileError;

/// How long the database may take to make a run.
const MAKING: Duration = Duration::from_secs(600);

/// People of a list that earlier runs wrote to recently.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WrittenTo {
    /// Their number, whatever the messages were.
    pub(crate) people: u64,
    /// Those of them who had a message that differs from the one in this list.
    pub(crate) otherwise: Option<OtherMessages>,
}

/// Messages that differ from those of a list, for people of that list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherMessages {
    pub(crate) people: u64,
    /// The run and the time of the last such message, in milliseconds since 1970.
    pub(crate) run: String,
    pub(crate) at: i64,
}

impl WrittenTo {
    /// Counts a person, and the run and the time of their last message that differs.
    pub(super) fn count(&mut self, is_other: bool, last: Option<(&str, i64)>) {
        self.people += 1;
        if let Some((run, at)) = last.filter(|_| is_other) {
            let other = self.otherwise.get_or_insert(OtherMessages { people: 0, run: String::new(), at: i64::MIN });
            other.people += 1;
            if other.at < at {
                (other.run, other.at) = (run.to_owned(), at);
            }
        }
    }
}

/// The processes that were lost, as far as the store has not noted it, and those that send.
pub(super) struct Lost {
    /// Each with the reason why its rows are unknown.
    lost: HashMap<i64, (Process, String)>,
    /// By run.
    alive: Vec<(i64, Process)>,
    life: Life,
    now: i64,
}

impl Lost {
    pub(super) fn of(db: &mut Db, now: i64) -> Result<Self, LedgerError> {
        let mut found = Self { lost: HashMap::new(), alive: Vec::new(), life: db.0.life(), now };
        let query = "SELECT id, host, pid, seen_at, lease_ms, run FROM worker WHERE left_at IS NULL";
        for (run, process) in db.rows(query, &[], |mut row| Ok((row.int(5)?, process(&mut row)?)))? {
            if (found.life)(&process, now) {
                found.alive.push((run, process));
            } else {
                let words = db.0.words_of_lost(&process);
                found.lost.insert(process.id, (process, words));
            }
        }
        Ok(found)
    }

    /// The state of a row of this worker: one that was under way in a lost process may have been sent.
    pub(super) fn shown(&self, state: RowState, worker: Option<i64>) -> RowState {
        if state == RowState::Inflight && self.of_worker(worker).is_some() { RowState::Unknown } else { state }
    }

    pub(super) fn of_worker(&self, worker: Option<i64>) -> Option<&str> {
        self.lost.get(&worker?).map(|(_, words)| words.as_str())
    }

    /// The lost processes of all runs.
    pub(super) fn processes(&self) -> impl Iterator<Item = &(Process, String)> {
        self.lost.values()
    }

    /// Whether the process of a single send lives, which may send until this time.
    pub(super) fn lives(&self, id: Option<i64>, until: i64) -> bool {
        let process = |id| Process { id, host: String::new(), pid: 0, seen_at: until, lease_ms: 0 };
        id.is_some_and(|id| (self.life)(&process(id), self.now))
    }

    pub(super) fn is_alive(&self, worker: Option<i64>) -> bool {
        self.alive.iter().any(|(_, process)| Some(process.id) == worker)
    }

    /// A process that sends the run.
    pub(super) fn sender(&self, run: i64) -> Option<&Process> {
        self.alive.iter().find(|(of, _)| *of == run).map(|(_, process)| process)
    }

    pub(super) fn is_sent(&self, run: i64) -> bool {
        self.sender(run).is_some()
    }
}

/// From the columns `id, host, pid, seen_at, lease_ms`.
pub(super) fn process(row: &mut Row) -> Result<Process, LedgerError> {
    Ok(Process { id: row.int(0)?, host: row.take(1)?, pid: row.int(2)?, seen_at: row.int(3)?, lease_ms: row.int(4)? })
}

/// The store. All clones share one connection.
#[derive(Clone)]
pub(crate) struct Store {
    db: Arc<Mutex<Db>>,
    place: Place,
    on_wait: OnWait,
}

impl Store {
    /// Opens the store; a file is made where there is none.
    pub(crate) fn open(place: Place, on_wait: OnWait) -> Result<Self, LedgerError> {
        let db = match &place {
            Place::Database(address) => Db(Box::new(DatabaseEngine::open((**address).clone())?)),
            Place::Files(directory) => {
                let directory = directory.as_deref().ok_or(LedgerError::NoDirectory)?;
                let opened = FileEngine::open(directory, true, Arc::clone(&on_wait))?;
                Db(Box::new(opened.ok_or(LedgerError::NoDirectory)?))
            }
        };
        Ok(Self { db: Arc::new(Mutex::new(db)), place, on_wait })
    }

    /// Opens the store without making anything; None if there is none.
    pub(crate) fn open_to_look(place: Place, on_wait: OnWait) -> Result<Option<Self>, LedgerError> {
        let Place::Files(directory) = &place else { return Self::open(place, on_wait).map(Some) };
        let Some(directory) = directory else { return Ok(None) };
        let opened = FileEngine::open(directory, false, Arc::clone(&on_wait))?;
        Ok(opened.map(|file| Self { db: Arc::new(Mutex::new(Db(Box::new(file)))), place, on_wait }))
    }

    /// The same store on a connection of its own.
    pub(crate) fn reopened(&self) -> Result<Self, LedgerError> {
        Self::open(self.place.clone(), Arc::clone(&self.on_wait))
    }

    /// The same, to read beside what goes on here.
    pub(super) fn reopened_to_look(&self) -> Result<Self, LedgerError> {
        let opened = Self::open_to_look(self.place.clone(), Arc::clone(&self.on_wait))?;
        opened.map_or_else(|| self.reopened(), Ok)
    }

    pub(super) fn db(&self) -> MutexGuard<'_, Db> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is a database, which several machines may share.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.place, Place::Database(_))
    }

    /// In a file: the runs of an older layout beside it. Their people would get their messages again.
    pub(crate) fn refuse_older_layout(&self) -> Result<(), LedgerError> {
        match older_layout(&self.place) {
            Some(path) => Err(LedgerError::OlderLayout { path }),
            None => Ok(()),
        }
    }

    /// The time of the clock that dates the rows, in milliseconds since 1970.
    pub(crate) fn now(&self) -> Result<i64, LedgerError> {
        self.db().0.now()
    }

    /// Whether no other process changes the store for long.
    pub(crate) fn is_free(&self) -> Result<bool, LedgerError> {
        self.db().0.is_free()
    }

    /// Says that this process waits for another one.
    pub(crate) fn tell_of_wait(&self) {
        (self.on_wait)();
    }

    /// Checks that the store can be changed.
    pub(crate) fn require_write(&self) -> Result<(), LedgerError> {
        self.db().0.require_write()
    }

    /// Reads all of it, and finds damage.
    pub(crate) fn check(&self) -> Result<(), LedgerError> {
        self.db().0.check()
    }

    /// The names of all runs.
    pub(crate) fn names(&self) -> Result<Vec<RunName>, LedgerError> {
        self.names_by("SELECT name FROM run ORDER BY name")
    }

    /// The newest run. A sandbox run counts only if there is no other.
    pub(crate) fn newest(&self) -> Result<RunName, LedgerError> {
        let newest = self.names_by("SELECT name FROM run ORDER BY sandbox, id DESC LIMIT 1")?;
        newest.into_iter().next().ok_or_else(|| RunError::NoRuns.into())
    }

    fn names_by(&self, query: &'static str) -> Result<Vec<RunName>, LedgerError> {
        let names = self.db().rows(query, &[], |row| Ok(row.text(0)?.parse().ok()))?;
        Ok(names.into_iter().flatten().collect())
    }

    /// The run with this name.
    pub(crate) fn run(&self, asked: &RunName) -> Result<Run, LedgerError> {
        let found = self.db().first("SELECT id FROM run WHERE name = ?1", &values![asked.to_string()])?;
        match found {
            Some(row) => Ok(Run::new(self.clone(), row.int(0)?, asked.clone())),
            None => Err(RunError::NoSuchRun { name: asked.clone(), known: self.names()? }.into()),
        }
    }

    /// All runs, the newest first.
    pub(crate) fn runs(&self) -> Result<Vec<Run>, LedgerError> {
        let all = self.db().rows("SELECT id, name FROM run ORDER BY created_at DESC, name", &[], |row| {
            Ok((row.int(0)?, row.text(1)?.parse().ok()))
        })?;
        Ok(all.into_iter().filter_map(|(id, name)| Some(Run::new(self.clone(), id, name?))).collect())
    }

    /// The run `asked` for, or else the only unfinished one, of which a sandbox run counts only if there is no other.
    /// With `is_sent`, a run that a process sends comes first. None if no run is named and all are finished.
    pub(crate) fn named_or_unfinished(
        &self,
        asked: Option<&RunName>,
        is_sent: bool,
    ) -> Result<Option<Run>, LedgerError> {
        if let Some(asked) = asked {
            return self.run(asked).map(Some);
        }
        let query = "SELECT id, name, sandbox FROM run WHERE finished_at IS NULL ORDER BY name";
        let all = self.db().rows(query, &[], |row| Ok((row.int(0)?, row.text(1)?.parse().ok(), row.is_set(2)?)))?;
        let mut runs: Vec<(i64, RunName, bool)> =
            all.into_iter().filter_map(|(id, name, sandbox)| Some((id, name?, sandbox))).collect();
        prefer(&mut runs, |(.., is_sandbox)| !is_sandbox);
        if is_sent {
            let sent = self.lost()?;
            prefer(&mut runs, |(id, ..)| sent.is_sent(*id));
        }
        match runs.as_slice() {
            [] => Ok(None),
            [(id, name, _)] => Ok(Some(Run::new(self.clone(), *id, name.clone()))),
            several => {
                Err(RunError::Several { known: several.iter().map(|(_, name, _)| name.clone()).collect() }.into())
            }
        }
    }

    pub(super) fn lost(&self) -> Result<Lost, LedgerError> {
        let mut db = self.db();
        let now = db.0.now()?;
        Lost::of(&mut db, now)
    }

    /// Every run in figures, the newest first.
    pub(crate) fn overviews(&self) -> Result<Vec<RunOverview>, LedgerError> {
        self.runs()?.iter().map(RunOverview::of).collect()
    }

    /// The complete runs that have not changed for at least this long, newest first.
    pub(crate) fn finished_for(&self, age: RunAge) -> Result<Vec<RunOverview>, LedgerError> {
        let (mut old, now) = (self.overviews()?, self.now()?);
        old.retain(|run| !run.is_held && run.is_finished && age.has_passed(run.changed_at, now));
        Ok(old)
    }

    /// The rows for the people in `recipients`, newest first.
    pub(crate) fn find(&self, recipients: &[String]) -> Result<Vec<FoundMessage>, LedgerError> {
        let lost = self.lost()?;
        let mut found = Vec::new();
        for recipient in recipients {
            let mut db = self.db();
            let identity = db.0.identity()?;
            db.each_of(FIND, &values![hash_of_person(recipient)], |mut row| {
                // Two people may share a hash.
                if row.opt_text(2)?.map(person_key) != Some(person_key(recipient)) {
                    return Ok(());
                }
                let is_doubtful = row.opt_int(COLUMNS + 5)?.is_none() && row.text(COLUMNS + 4)? != identity;
                let run = row.take(COLUMNS + 3)?;
                let doubt = is_doubtful.then(|| LedgerError::Doubtful { run: run.clone() });
                let details: Details = serde_json::from_str(row.text(COLUMNS + 1)?).map_err(LedgerError::damaged)?;
                let body = row.take(COLUMNS)?;
                let reported = reported(&mut row, &lost, doubt.as_ref())?;
                let recipient = reported.recipient.clone().unwrap_or_default();
                found.push(FoundMessage::of(run, &details, FoundRow { recipient, body, reported }));
                Ok(())
            })?;
        }
        // A row without an attempt has no time yet.
        found.sort_by_key(|found| std::cmp::Reverse(found.row.reported.at.unwrap_or(i64::MAX)));
        Ok(found)
    }

    /// The name of a new run: the `typed` one, or else a free one after its list.
    pub(crate) fn name_of_new(&self, typed: Option<&RunName>, list: &Path) -> Result<RunName, LedgerError> {
        let mut db = self.db();
        if let Some(name) = typed {
            making::check_name(&mut db, name)?;
            return Ok(name.clone());
        }
        let first = RunName::of_source(list);
        for name in first.numbered() {
            match making::check_name(&mut db, &name) {
                Err(LedgerError::Run(_)) => {}
                checked => return checked.map(|()| name),
            }
        }
        Err(RunError::Exists { name: first }.into())
    }

    /// Compares a list with the runs of `of`, as they are at this moment.
    pub(crate) fn known<T, E: From<LedgerError>>(
        &self,
        of: &EarlierOf,
        work: impl FnOnce(&mut KnownRuns<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.db().look(|db| {
            let now = db.0.now()?;
            work(&mut KnownRuns { db, of, now })
        })
    }

    /// Makes a run of a draft, in one transaction with the last comparison: `compare` may leave out rows, change the
    /// details, or return false if no run is to be made. If this fails, there is no run, unless the error says otherwise.
    pub(crate) fn make<E: From<LedgerError>>(
        &self,
        name: &RunName,
        draft: &mut LedgerDraft,
        details: &mut Details,
        of: &EarlierOf,
        compare: impl FnOnce(&mut KnownRuns<'_>, &mut LedgerDraft, &mut Details) -> Result<bool, E>,
    ) -> Result<Option<Run>, E> {
        let mut db = self.db();
        db.0.limit(MAKING);
        let not_made = |error: LedgerError| match error {
            LedgerError::Database(error) => error.of_import(name).into(),
            other => other,
        };
        let made = db.change_or(not_made, |db| {
            // Of two lists at once, the second one sees the first.
            let (_, now) = db.0.lock("SELECT runs FROM store WHERE id = 1 /*lock*/", &[])?;
            making::check_name(db, name)?;
            let is_wanted = compare(&mut KnownRuns { db: &mut *db, of, now }, draft, details)?;
            Ok::<_, E>(if is_wanted { Some(making::make(db, name, draft, details)?) } else { None })
        });
        db.0.limit(super::postgres::LONG);
        let made = made?;
        if made.is_some() {
            db.0.tidy(false);
        }
        drop(db);
        Ok(made.map(|id| Run::new(self.clone(), id, name.clone())))
    }
}

/// Of several runs, those that stand out, if there are any.
fn prefer<T: Clone>(runs: &mut Vec<T>, is_likely: impl Fn(&T) -> bool) {
    if runs.iter().any(&is_likely) {
        runs.retain(is_likely);
    }
}

/// The file or directory of an older layout in the state directory: runs in files of their own, or their keys.
fn older_layout(place: &Place) -> Option<PathBuf> {
    let Place::Files(Some(directory)) = place else { return None };
    let (runs, keys) = (directory.join("runs"), directory.join("once.db"));
    let is_run = |entry: fs::DirEntry| entry.path().extension().is_some_and(|ending| ending == "db");
    let has_runs = fs::read_dir(&runs).into_iter().flatten().flatten().any(is_run);
    if has_runs { Some(runs) } else { Some(keys).filter(|keys| keys.exists()) }
}

/// Whether a path is one of the files of this user's store.
pub(crate) fn is_of_the_store(path: &Path) -> bool {
    let directory = STATE.directory().and_then(|directory| directory.canonicalize().ok());
    let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
    directory.is_some() && directory == parent
}

/// Checks that a file could be written in a directory, which need not exist, and creates nothing.
pub(crate) fn check_writable(directory: &Path) -> Result<(), LedgerError> {
    // A path that exists but cannot be read does not count as missing.
    let is_missing = |path: &&Path| path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let there = directory.ancestors().find(|path| !is_missing(path)).unwrap_or(directory);
    let written = tempfile::tempfile_in(there).and_then(|mut file| file.write_all(b"x"));
    Ok(written.map_err(FileError::of("write", directory))?)
}

impl Place {
    /// The files of this user.
    pub(crate) fn home() -> Self {
        Self::Files(STATE.directory())
    }
}
