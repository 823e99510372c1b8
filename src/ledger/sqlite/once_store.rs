//! `once.db`, beside the directory of the runs: the claims of single sends, and the people that removed runs reached.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::BUSY_TIMEOUT;
use super::draft::{put_in_place, random};
use super::lock::{ClaimHolder, RunLock};
use super::once_bucket::{BUCKETS, Bucket, ClaimRow};
use super::run_files::remove;
use crate::ledger::claims::{ClaimEnd, Claimed, HeldClaim, OnceClaims, OnceSummary};
use crate::ledger::{ClaimsProblem, LedgerError, now};
use crate::once::{NewClaim, OnceEntry, OnceHash, OnceHasher, OncePeople, OnceScope, OnceState};
use crate::private_file::{self, FileError};

/// `PRAGMA application_id`: "Once".
const APPLICATION: i32 = 0x4f6e_6365;
/// The `PRAGMA user_version` of stores that this version writes. An older store is upgraded, never discarded.
const VERSION: i32 = 3;
/// The most bytes that its journal keeps. Without this limit, removing a run with many people would leave a large
/// journal.
const LONGEST_JOURNAL: i64 = 1 << 20;

/// The open store. A claim of this process shares its connection.
pub(super) struct OnceStore {
    file: Rc<OnceFile>,
    /// Held until the store is dropped, if other processes are held off.
    #[expect(dead_code, reason = "it holds as long as it is there")]
    making: Option<RunLock>,
}

struct OnceFile {
    db: Connection,
    path: PathBuf,
    /// The directory for the locks of single sends.
    holders: PathBuf,
    secret: Vec<u8>,
    hasher: OnceHasher,
}

impl OnceStore {
    /// Opens the store at `path`; none if it does not exist.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, LedgerError> {
        match path.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(FileError::of("read", path)(cause).into()),
            Ok(_) => {}
        }
        // Opening a pipe would block forever.
        if !path.is_file() {
            return Err(damaged(path, "it is not a regular file"));
        }
        Ok(Some(Self { file: Rc::new(OnceFile::open(path)?), making: None }))
    }

    /// Like [`OnceStore::open`], for claiming while `making` holds off other processes. Creates the store if it does
    /// not exist.
    pub(super) fn open_or_make(path: &Path, making: Option<RunLock>) -> Result<Self, LedgerError> {
        let store = if let Some(store) = Self::open(path)? {
            store
        } else {
            make(path)?;
            Self::open(path)?.ok_or_else(|| damaged(path, "it was removed"))?
        };
        Ok(Self { making, ..store })
    }
}

/// Creates an empty store: whole, under its name, or not at all.
fn make(path: &Path) -> Result<(), LedgerError> {
    let draft = path.with_extension("part");
    let failed = failed(path);
    // SQLite would apply the journal of a removed store to the new one.
    for old in [draft.as_path(), &path.with_extension("db-journal")] {
        remove(old)?;
    }
    private_file::open("create", &draft, File::options().write(true).create_new(true))?;
    let mut db = Connection::open(&draft).map_err(&failed)?;
    let secret = random::<{ OnceHasher::SECRET }>()?;
    let mut fill = || {
        db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
        db.pragma_update(None, "application_id", APPLICATION)?;
        db.pragma_update(None, "user_version", VERSION)?;
        let transaction = db.transaction()?;
        transaction.execute_batch(include_str!("once_schema.sql"))?;
        transaction.execute("INSERT INTO store (id, secret) VALUES (1, ?1)", [secret])?;
        Bucket::make_all(&transaction, &secret)?;
        transaction.commit()
    };
    fill().map_err(&failed)?;
    db.close().map_err(|(_, error)| failed(error))?;
    put_in_place(&draft, path)
}

fn damaged(path: &Path, problem: impl Into<String>) -> LedgerError {
    LedgerError::Claims { path: path.to_owned(), problem: ClaimsProblem::Damaged(problem.into()) }
}

fn failed(path: &Path) -> impl Fn(rusqlite::Error) -> LedgerError {
    move |error| {
        let problem = match LedgerError::from(error) {
            LedgerError::Damaged { problem } => ClaimsProblem::Damaged(problem),
            other => ClaimsProblem::Failed(other.to_string()),
        };
        LedgerError::Claims { path: path.to_owned(), problem }
    }
}

impl OnceFile {
    fn open(path: &Path) -> Result<Self, LedgerError> {
        let failed = failed(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags).map_err(|error| match File::open(path) {
            Err(cause) => FileError::of("read", path)(cause).into(),
            Ok(_) => failed(error),
        })?;
        let read = || {
            db.busy_timeout(BUSY_TIMEOUT)?;
            db.pragma_update(None, "synchronous", "FULL")?;
            // As much as possible runs in one transaction: separate statements would each lock the file and look for a
            // journal.
            let reading = Transaction::new_unchecked(&db, TransactionBehavior::Deferred)?;
            // With a journal whose header is zeroed at the end of a commit, a commit is on the disk once it returns.
            db.pragma_update(None, "journal_mode", "PERSIST")?;
            db.pragma_update(None, "journal_size_limit", LONGEST_JOURNAL)?;
            if cfg!(target_vendor = "apple") {
                db.pragma_update(None, "fullfsync", true)?;
            }
            let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
            let kind = (pragma("application_id")?, pragma("user_version")?);
            let secret = match kind {
                (APPLICATION, VERSION) => Some(db.query_row("SELECT secret FROM store", [], |row| row.get(0))),
                _ => None,
            };
            reading.finish()?;
            Ok((kind, secret))
        };
        let secret: Vec<u8> = match read().map_err(&failed)? {
            (_, Some(Err(rusqlite::Error::QueryReturnedNoRows))) => return Err(damaged(path, "its secret is missing")),
            (_, Some(secret)) => secret.map_err(&failed)?,
            ((APPLICATION, version), None) if version > VERSION => {
                let problem = ClaimsProblem::Newer(version);
                return Err(LedgerError::Claims { path: path.to_owned(), problem });
            }
            (_, None) => return Err(damaged(path, "it is not a store of jelouctl")),
        };
        let hasher = OnceHasher::new(&secret);
        Ok(Self { db, path: path.to_owned(), holders: path.with_extension(""), secret, hasher })
    }

    /// Does all of `work` or nothing. Other processes read and write before or after it.
    fn change<T>(&self, work: impl FnOnce(&Connection) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        let failed = failed(&self.path);
        let transaction = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate).map_err(&failed)?;
        let done = work(&transaction)?;
        transaction.commit().map_err(&failed)?;
        Ok(done)
    }

    /// Reads from one snapshot.
    fn look<T>(&self, work: impl FnOnce(&Connection) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        let transaction = Transaction::new_unchecked(&self.db, TransactionBehavior::Deferred);
        let transaction = transaction.map_err(failed(&self.path))?;
        work(&transaction)
    }

    /// Reads a bucket, and fails if claims are missing.
    fn bucket(&self, db: &Connection, id: i64) -> Result<Bucket, LedgerError> {
        let bucket = Bucket::read(db, &self.secret, id).map_err(failed(&self.path))?;
        bucket.ok_or_else(|| damaged(&self.path, "claims are missing or were changed"))
    }

    fn bucket_of(&self, db: &Connection, scope: &OnceScope, person: &OnceHash) -> Result<Bucket, LedgerError> {
        self.bucket(db, Bucket::of(scope, person))
    }

    /// Reads every claim, and fails if one is missing.
    fn each_claim(&self, db: &Connection, mut each: impl FnMut(ClaimRow)) -> Result<(), LedgerError> {
        for id in 0..BUCKETS {
            self.bucket(db, id)?.rows.into_iter().for_each(&mut each);
        }
        Ok(())
    }

    fn put(&self, db: &Connection, mut bucket: Bucket, row: ClaimRow) -> Result<(), LedgerError> {
        bucket.put(db, row).and_then(|()| bucket.save(db)).map_err(failed(&self.path))
    }

    /// The state in `row`: if the process that sends it is gone, the message may have been sent. Must be called in the
    /// transaction that read the row: no claim can end during it, and a process that ends one holds its lock until that
    /// is written.
    fn standing(&self, row: &ClaimRow) -> OnceEntry {
        let is_held = || row.holder.is_some_and(|holder| ClaimHolder::is_held(&self.holders, holder));
        match row.entry.state {
            OnceState::UnderWay if !is_held() => OnceEntry { state: OnceState::Unknown, ..row.entry.clone() },
            _ => row.entry.clone(),
        }
    }
}

impl OnceClaims for OnceStore {
    fn hasher(&self) -> &OnceHasher {
        &self.file.hasher
    }

    fn people(&self, scope: &OnceScope) -> Result<OncePeople, LedgerError> {
        let file = &self.file;
        file.look(|db| {
            let mut people = OncePeople::new();
            file.each_claim(db, |row| {
                if row.scope == *scope {
                    people.insert(row.person, file.standing(&row));
                }
            })?;
            Ok(people)
        })
    }

    fn person(&self, scope: &OnceScope, person: &OnceHash) -> Result<Option<OnceEntry>, LedgerError> {
        let file = &self.file;
        file.look(|db| Ok(file.bucket_of(db, scope, person)?.find(scope, person).map(|row| file.standing(row))))
    }

    fn claim(&self, scope: &OnceScope, claim: &NewClaim) -> Result<Claimed, LedgerError> {
        let file = &self.file;
        let holder = ClaimHolder::take(&file.holders)?;
        let entry = OnceEntry {
            state: OnceState::UnderWay,
            at: now(),
            message_id: None,
            run: None,
            is_row: false,
            words: Some(claim.words),
        };
        let row = ClaimRow { scope: scope.clone(), person: claim.person, entry, holder: Some(holder.number) };
        let known = file.change(|db| {
            let bucket = file.bucket_of(db, scope, &claim.person)?;
            let known = bucket.find(scope, &claim.person).map(|known| file.standing(known));
            let known = known.filter(|known| !known.state.is_free());
            if known.is_none() {
                file.put(db, bucket, row.clone())?;
            }
            Ok(known)
        })?;
        Ok(match known {
            Some(known) => Claimed::Before(known),
            None => Claimed::Now(Box::new(FileClaim { file: Rc::clone(file), row, holder })),
        })
    }

    fn add(
        &self,
        scope: &OnceScope,
        people: &mut dyn Iterator<Item = (OnceHash, OnceEntry)>,
    ) -> Result<u64, LedgerError> {
        let file = &self.file;
        let mut by_bucket: BTreeMap<i64, Vec<_>> = BTreeMap::new();
        for (person, entry) in people {
            by_bucket.entry(Bucket::of(scope, &person)).or_default().push((person, entry));
        }
        file.change(|db| {
            let mut changed = BTreeSet::new();
            for (id, people) in by_bucket {
                let mut bucket = file.bucket(db, id)?;
                for (person, entry) in people {
                    let known = bucket.find(scope, &person);
                    if known.is_none_or(|known| entry.state.outweighs(known.entry.state)) {
                        let row = ClaimRow { scope: scope.clone(), person, entry, holder: None };
                        bucket.put(db, row).map_err(failed(&file.path))?;
                        changed.insert(person);
                    }
                }
                bucket.save(db).map_err(failed(&file.path))?;
            }
            Ok(changed.len() as u64)
        })
    }

    fn decide(&self, scope: &OnceScope, person: &OnceHash, end: &ClaimEnd) -> Result<bool, LedgerError> {
        let file = &self.file;
        file.change(|db| {
            let bucket = file.bucket_of(db, scope, person)?;
            let known = bucket.find(scope, person).cloned();
            let Some(known) = known.filter(|known| file.standing(known).state == OnceState::Unknown) else {
                return Ok(false);
            };
            let message_id = end.message_id().map(str::to_owned);
            let entry = OnceEntry { state: end.state(), message_id, ..known.entry };
            file.put(db, bucket, ClaimRow { entry, holder: None, ..known })?;
            Ok(true)
        })
    }

    fn forget(&self, scope: &OnceScope, person: Option<&OnceHash>) -> Result<u64, LedgerError> {
        let file = &self.file;
        let ids = person.map_or(0..BUCKETS, |person| {
            let id = Bucket::of(scope, person);
            id..id + 1
        });
        file.change(|db| {
            let mut count = 0;
            for id in ids {
                let mut bucket = file.bucket(db, id)?;
                let is_meant = |row: &&ClaimRow| {
                    row.scope == *scope
                        && person.is_none_or(|person| row.person == *person)
                        && file.standing(row).state != OnceState::UnderWay
                };
                let forgotten: Vec<_> = bucket.rows.iter().filter(is_meant).map(|row| row.person).collect();
                count += forgotten.len() as u64;
                let forget = forgotten.iter().try_for_each(|person| bucket.remove(db, scope, person));
                forget.and_then(|()| bucket.save(db)).map_err(failed(&file.path))?;
            }
            Ok(count)
        })
    }

    fn keys(&self) -> Result<Vec<OnceSummary>, LedgerError> {
        let file = &self.file;
        file.look(|db| {
            let mut all = BTreeMap::new();
            file.each_claim(db, |row| {
                let summary = all.entry(row.scope.clone()).or_insert_with_key(|scope| OnceSummary::new(scope.clone()));
                summary.count(file.standing(&row).state, 1, row.entry.at);
            })?;
            Ok(all.into_values().collect())
        })
    }
}

/// A person that this process has claimed in the store.
struct FileClaim {
    file: Rc<OnceFile>,
    row: ClaimRow,
    /// Locked longer than the end takes to write: a process that finds the lock gone takes the stored state as final.
    #[expect(dead_code, reason = "it holds as long as it is there")]
    holder: ClaimHolder,
}

impl HeldClaim for FileClaim {
    fn end(&mut self, end: &ClaimEnd) -> Result<(), LedgerError> {
        let (file, row) = (&self.file, self.row.clone());
        let message_id = end.message_id().map(str::to_owned);
        // An unknown message keeps the time when it began, so that it can be found later.
        let at = if end.state() == OnceState::Unknown { row.entry.at } else { now() };
        let entry = OnceEntry { state: end.state(), at, message_id, ..row.entry };
        // A power cut can undo this write. The message then counts as unknown, and is never sent twice.
        let _ = file.db.pragma_update(None, "synchronous", "NORMAL");
        file.change(|db| {
            let bucket = file.bucket_of(db, &row.scope, &row.person)?;
            // A claim that a run has added meanwhile stays.
            let is_outweighed = bucket
                .find(&row.scope, &row.person)
                .is_some_and(|known| known.holder != row.holder && !entry.state.outweighs(known.entry.state));
            if is_outweighed { Ok(()) } else { file.put(db, bucket, ClaimRow { entry, holder: None, ..row }) }
        })
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn scope(key: &str) -> OnceScope {
        OnceScope { key: key.parse().unwrap(), bot: "1".to_owned(), address: "http://127.0.0.1".to_owned() }
    }

    fn store(home: &TempDir) -> OnceStore {
        OnceStore::open_or_make(&home.path().join("once.db"), None).unwrap()
    }

    fn claim_of(store: &OnceStore, recipient: &str) -> NewClaim {
        let hasher = store.hasher();
        NewClaim { person: hasher.person(recipient), words: hasher.words(&["a"]) }
    }

    fn claimed(store: &OnceStore, claim: &NewClaim) -> Box<dyn HeldClaim> {
        match store.claim(&scope("k"), claim).unwrap() {
            Claimed::Now(held) => held,
            Claimed::Before(entry) => panic!("{entry:?}"),
        }
    }

    fn state(store: &OnceStore, key: &str, recipient: &str) -> Option<OnceState> {
        let person = store.hasher().person(recipient);
        let entry = store.person(&scope(key), &person).unwrap();
        assert_eq!(store.people(&scope(key)).unwrap().get(&person), entry.as_ref());
        entry.map(|entry| entry.state)
    }

    #[test]
    fn a_claim_is_its_process_own_until_it_ends() {
        let home = TempDir::new().unwrap();
        let store = store(&home);
        let claim = claim_of(&store, "593987654321");
        let mut held = claimed(&store, &claim);
        assert_eq!(state(&store, "k", "+593 98 765 4321"), Some(OnceState::UnderWay));
        assert!(matches!(store.claim(&scope("k"), &claim).unwrap(), Claimed::Before(_)));
        held.end(&ClaimEnd::NotSent).unwrap();
        drop(held);
        assert_eq!(state(&store, "k", "593987654321"), Some(OnceState::NotSent));
        // Dropped without an end, as if the process was killed.
        drop(claimed(&store, &claim));
        assert_eq!(state(&store, "k", "593987654321"), Some(OnceState::Unknown));
        assert!(matches!(store.claim(&scope("k"), &claim).unwrap(), Claimed::Before(_)));
        assert_eq!(state(&store, "l", "593987654321"), None);
        assert!(store.decide(&scope("k"), &claim.person, &ClaimEnd::NotSent).unwrap());
        let message_id = Some("m".to_owned());
        claimed(&store, &claim).end(&ClaimEnd::Sent { message_id }).unwrap();
        assert_eq!(state(&store, "k", "593987654321"), Some(OnceState::Sent));
        assert_eq!(store.forget(&scope("k"), Some(&claim.person)).unwrap(), 1);
        assert!(store.keys().unwrap().is_empty());
    }

    #[test]
    fn people_of_a_run_are_added_at_once_and_what_outweighs_stays() {
        let home = TempDir::new().unwrap();
        let store = store(&home);
        let claim = claim_of(&store, "593987654321");
        claimed(&store, &claim).end(&ClaimEnd::Sent { message_id: None }).unwrap();
        let entry =
            |state| OnceEntry { state, at: 7, message_id: None, run: Some("r".to_owned()), is_row: false, words: None };
        let person = |recipient: &str| store.hasher().person(recipient);
        let mut people = [
            (person("593987654321"), entry(OnceState::Unknown)),
            (person("593987654322"), entry(OnceState::NotSent)),
            (person("593987654322"), entry(OnceState::Unknown)),
            (person("593987654323"), entry(OnceState::Sent)),
        ]
        .into_iter();
        assert_eq!(store.add(&scope("k"), &mut people).unwrap(), 2);
        let states = ["593987654321", "593987654322", "593987654323"].map(|one| state(&store, "k", one));
        assert_eq!(states, [OnceState::Sent, OnceState::Unknown, OnceState::Sent].map(Some));
        assert_eq!(store.keys().unwrap().iter().map(|of| of.people[0]).collect::<Vec<_>>(), [2]);
    }
}
