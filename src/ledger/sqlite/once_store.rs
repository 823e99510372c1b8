//! `once.db`, beside the directory of the runs: the claims of single sends, and the people whom removed runs reached. Sums
//! over its rows tell whether it is all that was written: nobody is taken for free because a row was lost.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::BUSY_TIMEOUT;
use super::draft::put_in_place;
use super::lock::RunLock;
use super::once_holder::ClaimHolder;
use super::record::hash_of_fields;
use crate::ledger::claims::{ClaimEnd, HeldClaim, OnceClaims, OnceFinding, OnceSummary, scope_of};
use crate::ledger::{ClaimsProblem, LedgerError, now};
use crate::once::{NewClaim, OnceEntry, OnceHash, OnceHasher, OncePeople, OnceScope, OnceState};
use crate::private_file::{self, FileError};

/// `PRAGMA application_id`: "Once".
const APPLICATION: i32 = 0x4f6e_6365;
/// `PRAGMA user_version` of the store that this version writes. An older one is brought up to it, never thrown away.
const VERSION: i32 = 1;

const KEY: &str = "SELECT id, name, bot, address, people, sum FROM once_key";
const KEY_COLUMNS: usize = 6;
const PERSON: &str =
    "SELECT once_key, hash, state, at, holder, message_id, run, words, kind, shown FROM person WHERE once_key = ?1";
const PERSON_COLUMNS: usize = 10;

/// The store, open. Clones have one connection.
#[derive(Clone)]
pub(super) struct OnceStore {
    file: Rc<OnceFile>,
    /// Held until the last clone is dropped, where others are held off.
    #[expect(dead_code, reason = "it holds as long as it is there")]
    making: Option<Rc<RunLock>>,
}

struct OnceFile {
    db: Connection,
    path: PathBuf,
    /// Where the locks of single sends are.
    holders: PathBuf,
    hasher: OnceHasher,
}

/// A key as it stands.
struct KeyRow {
    id: i64,
    scope: OnceScope,
    people: i64,
    sum: i64,
}

/// What stands of a person, with the name of the lock of the process that sends, as long as that has not ended.
struct PersonRow {
    hash: OnceHash,
    entry: OnceEntry,
    holder: Option<i64>,
}

impl OnceStore {
    /// Opens the store at `path`; nothing where there is none.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, LedgerError> {
        match path.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(FileError::of("read", path)(cause).into()),
            Ok(_) => {}
        }
        // To open a pipe would wait for ever.
        if !path.is_file() {
            return Err(damaged(path, "it is not a regular file"));
        }
        Ok(Some(Self { file: Rc::new(OnceFile::open(path)?), making: None }))
    }

    /// As [`OnceStore::open`], to claim while `making` holds off the others; one that is not there is made.
    pub(super) fn open_or_make(path: &Path, making: Option<RunLock>) -> Result<Self, LedgerError> {
        let store = if let Some(store) = Self::open(path)? {
            store
        } else {
            make(path)?;
            Self::open(path)?.ok_or_else(|| damaged(path, "it was removed"))?
        };
        Ok(Self { making: making.map(Rc::new), ..store })
    }
}

/// Makes an empty store: whole, under its name, or not at all.
fn make(path: &Path) -> Result<(), LedgerError> {
    let draft = path.with_extension("part");
    let failed = failed(path);
    // The journal of a store that somebody removed would be played into the new one.
    for old in [draft.clone(), path.with_extension("db-journal")] {
        match fs::remove_file(&old) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                return Err(FileError::of("remove", &old)(cause).into());
            }
            _ => {}
        }
    }
    private_file::open("create", &draft, File::options().write(true).create_new(true))?;
    let db = Connection::open(&draft).map_err(&failed)?;
    let mut secret = [0; OnceHasher::SECRET];
    let filled = SystemRandom::new().fill(&mut secret);
    filled.map_err(|_| LedgerError::Sqlite("the system gives no random numbers".to_owned()))?;
    let fill = || {
        db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
        db.pragma_update(None, "application_id", APPLICATION)?;
        db.pragma_update(None, "user_version", VERSION)?;
        db.execute_batch(include_str!("once_schema.sql"))?;
        let seal = seal(&secret, 0, 0);
        db.execute("INSERT INTO store (id, secret, keys, sum, seal) VALUES (1, ?1, 0, 0, ?2)", params![secret, seal])
    };
    fill().map_err(&failed)?;
    db.close().map_err(|(_, error)| failed(error))?;
    put_in_place(&draft, path)
}

/// Of what tells whether all keys are there.
fn seal(secret: &[u8], keys: i64, sum: i64) -> i64 {
    let fields = [ValueRef::Blob(secret), ValueRef::Integer(keys), ValueRef::Integer(sum)];
    hash_of_fields(6, fields.into_iter())
}

fn hash_of_row(tag: u8, row: &Row<'_>, columns: usize) -> rusqlite::Result<i64> {
    let fields: Vec<_> = (0..columns).map(|column| row.get_ref(column)).collect::<Result<_, _>>()?;
    Ok(hash_of_fields(tag, fields.into_iter()))
}

fn hash_of_key(row: &Row<'_>) -> rusqlite::Result<i64> {
    hash_of_row(4, row, KEY_COLUMNS)
}

fn hash_of_person(row: &Row<'_>) -> rusqlite::Result<i64> {
    hash_of_row(5, row, PERSON_COLUMNS)
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
        let set = || {
            db.busy_timeout(BUSY_TIMEOUT)?;
            // With a journal that is cut at the end of a commit, a commit is on the disk once it is answered.
            db.pragma_update(None, "journal_mode", "TRUNCATE")?;
            db.pragma_update(None, "synchronous", "FULL")?;
            db.pragma_update(None, "fullfsync", true)
        };
        set().map_err(&failed)?;
        let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
        match (pragma("application_id").map_err(&failed)?, pragma("user_version").map_err(&failed)?) {
            (APPLICATION, VERSION) => {}
            (APPLICATION, version) if version > VERSION => {
                let problem = ClaimsProblem::Newer(version);
                return Err(LedgerError::Claims { path: path.to_owned(), problem });
            }
            (_, _) => return Err(damaged(path, "it is not a store of jelouctl")),
        }
        let secret: Vec<u8> =
            db.query_row("SELECT secret FROM store", [], |row| row.get(0)).map_err(|error| match error {
                rusqlite::Error::QueryReturnedNoRows => damaged(path, "its secret is missing"),
                error => failed(error),
            })?;
        let hasher = OnceHasher::new(&secret);
        Ok(Self { db, path: path.to_owned(), holders: path.with_extension(""), hasher })
    }

    /// Does all of `work` or nothing; others read and write before or after.
    fn change<T>(&self, work: impl FnOnce(&Connection) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        let failed = failed(&self.path);
        let transaction = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate).map_err(&failed)?;
        let done = work(&transaction)?;
        transaction.commit().map_err(&failed)?;
        Ok(done)
    }

    /// Reads all of it at one moment.
    fn look<T>(&self, work: impl FnOnce(&Connection) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        let transaction = Transaction::new_unchecked(&self.db, TransactionBehavior::Deferred);
        let transaction = transaction.map_err(failed(&self.path))?;
        work(&transaction)
    }

    /// Every key, where none is missing.
    fn key_rows(&self, db: &Connection) -> Result<Vec<KeyRow>, LedgerError> {
        let read = || {
            let (mut keys, mut sum) = (Vec::new(), 0_i64);
            let mut statement = db.prepare_cached(KEY)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                sum = sum.wrapping_add(hash_of_key(row)?);
                let (name, bot, address) = (row.get::<_, String>(1)?, row.get(2)?, row.get(3)?);
                keys.push((row.get(0)?, scope_of(&name, bot, address), row.get(4)?, row.get(5)?));
            }
            let whole = db.query_row("SELECT secret, keys, sum, seal FROM store", [], |row| {
                let (secret, count, noted) = (row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get::<_, i64>(2)?);
                Ok(seal(&secret, count, noted) == row.get::<_, i64>(3)?
                    && (keys.len(), sum) == (as_count(count), noted))
            })?;
            Ok((keys, whole))
        };
        let (keys, is_whole) = read().map_err(failed(&self.path))?;
        let key = |(id, scope, people, sum)| Some(KeyRow { id, scope: scope?, people, sum });
        let known: Option<Vec<_>> = keys.into_iter().map(key).collect();
        known.filter(|_| is_whole).ok_or_else(|| damaged(&self.path, "keys are missing or were changed"))
    }

    fn key_row(&self, db: &Connection, scope: &OnceScope) -> Result<Option<KeyRow>, LedgerError> {
        Ok(self.key_rows(db)?.into_iter().find(|key| key.scope == *scope))
    }

    /// Gives everybody whom a key has, where nobody is missing.
    fn each_person(&self, db: &Connection, key: &KeyRow, mut each: impl FnMut(PersonRow)) -> Result<(), LedgerError> {
        let broken = || damaged(&self.path, format!("people of the key {} are missing or were changed", key.scope.key));
        let mut read = || {
            let (mut people, mut sum) = (0, 0_i64);
            let mut statement = db.prepare_cached(PERSON)?;
            let mut rows = statement.query([key.id])?;
            while let Some(row) = rows.next()? {
                sum = sum.wrapping_add(hash_of_person(row)?);
                people += 1;
                match person_of(row)? {
                    Some(person) => each(person),
                    None => return Ok(false),
                }
            }
            Ok((people, sum) == (key.people, key.sum))
        };
        if read().map_err(failed(&self.path))? { Ok(()) } else { Err(broken()) }
    }

    fn person(&self, db: &Connection, key: i64, hash: &OnceHash) -> Result<Option<PersonRow>, LedgerError> {
        let one = || {
            let mut statement = db.prepare_cached(&format!("{PERSON} AND hash = ?2"))?;
            statement.query_row(params![key, hash.0], person_of).optional()
        };
        match one().map_err(failed(&self.path))? {
            None => Ok(None),
            Some(None) => Err(damaged(&self.path, "a person has no state that is known")),
            Some(person) => Ok(person),
        }
    }

    /// The id of the key, which is made where it is not there.
    fn key_id(&self, db: &Connection, scope: &OnceScope) -> Result<i64, LedgerError> {
        if let Some(key) = self.key_row(db, scope)? {
            return Ok(key.id);
        }
        let add = || {
            let insert = "INSERT INTO once_key (name, bot, address, people, sum) VALUES (?1, ?2, ?3, 0, 0)";
            db.execute(insert, params![scope.key.as_str(), scope.bot, scope.address])?;
            let id = db.last_insert_rowid();
            let hash = db.query_row(&format!("{KEY} WHERE id = ?1"), [id], hash_of_key)?;
            note_keys(db, 1, hash)?;
            Ok(id)
        };
        add().map_err(failed(&self.path))
    }

    /// Writes `people` under the key, in place of what stood of them; nothing in place of a person takes them away.
    fn write(
        &self,
        db: &Connection,
        key: i64,
        people: impl IntoIterator<Item = (OnceHash, Option<PersonRow>)>,
    ) -> Result<(), LedgerError> {
        let hash_of = |hash: &OnceHash| {
            let mut statement = db.prepare_cached(&format!("{PERSON} AND hash = ?2"))?;
            statement.query_row(params![key, hash.0], hash_of_person).optional()
        };
        let (mut count, mut sum) = (0, 0_i64);
        let write = || {
            for (hash, person) in people {
                let before = hash_of(&hash)?;
                match &person {
                    None => {
                        let mut delete = db.prepare_cached("DELETE FROM person WHERE once_key = ?1 AND hash = ?2")?;
                        delete.execute(params![key, hash.0])?;
                    }
                    Some(PersonRow { entry, holder, .. }) => {
                        let mut insert = db.prepare_cached(
                            "INSERT OR REPLACE INTO person (once_key, hash, state, at, holder, message_id, run, words, \
                             kind, shown) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                        )?;
                        let [words, kind, shown] =
                            [&entry.words, &entry.kind, &entry.shown].map(|hash| hash.as_ref().map(|hash| hash.0));
                        let (state, id, run) = (entry.state.name(), &entry.message_id, &entry.run);
                        insert.execute(params![key, hash.0, state, entry.at, holder, id, run, words, kind, shown])?;
                    }
                }
                let after = hash_of(&hash)?;
                count += i64::from(after.is_some()) - i64::from(before.is_some());
                sum = sum.wrapping_sub(before.unwrap_or(0)).wrapping_add(after.unwrap_or(0));
            }
            let one = format!("{KEY} WHERE id = ?1");
            let before = db.query_row(&one, [key], hash_of_key)?;
            let noted: i64 = db.query_row("SELECT sum FROM once_key WHERE id = ?1", [key], |row| row.get(0))?;
            let update = "UPDATE once_key SET people = people + ?2, sum = ?3 WHERE id = ?1";
            db.execute(update, [key, count, noted.wrapping_add(sum)])?;
            let after = db.query_row(&one, [key], hash_of_key)?;
            if db.execute("DELETE FROM once_key WHERE id = ?1 AND people = 0", [key])? > 0 {
                return note_keys(db, -1, before.wrapping_neg());
            }
            note_keys(db, 0, after.wrapping_sub(before))
        };
        write().map_err(failed(&self.path))
    }

    /// Whether the process that sends it is there.
    fn is_held(&self, person: &PersonRow) -> bool {
        person.holder.is_some_and(|holder| ClaimHolder::is_held(&self.holders, holder))
    }

    /// How the person stands: a message whose process is gone may have been sent. To be asked in a transaction that keeps
    /// others from writing, or again where that changes something: the process may just have ended in order.
    fn standing(&self, person: &PersonRow) -> OnceState {
        match person.entry.state {
            OnceState::UnderWay if !self.is_held(person) => OnceState::Unknown,
            state => state,
        }
    }

    /// The states of all whose process seems gone are noted, so that it is known from now on.
    fn settle_gone(&self, db: &Connection, key: &KeyRow) -> Result<(), LedgerError> {
        let mut gone = Vec::new();
        self.each_person(db, key, |person| {
            if person.entry.state == OnceState::UnderWay && !self.is_held(&person) {
                gone.push(person);
            }
        })?;
        if gone.is_empty() {
            return Ok(());
        }
        let unknown = |person: PersonRow| {
            let entry = OnceEntry { state: OnceState::Unknown, ..person.entry };
            (person.hash, Some(PersonRow { entry, holder: None, ..person }))
        };
        self.write(db, key.id, gone.into_iter().map(unknown))
    }
}

/// So many keys more there are, with this much more of the sum.
fn note_keys(db: &Connection, more: i64, sum: i64) -> rusqlite::Result<()> {
    let (secret, keys, noted) = db.query_row("SELECT secret, keys, sum FROM store", [], |row| {
        Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)? + more, row.get::<_, i64>(2)?.wrapping_add(sum)))
    })?;
    let seal = seal(&secret, keys, noted);
    db.execute("UPDATE store SET keys = ?1, sum = ?2, seal = ?3", [keys, noted, seal])?;
    Ok(())
}

fn as_count(count: i64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// A row of [`PERSON`]; nothing where it is none that we write.
fn person_of(row: &Row<'_>) -> rusqlite::Result<Option<PersonRow>> {
    let hash = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<[u8; 16]>>(column)?.map(OnceHash));
    let state = OnceState::of_name(&row.get::<_, String>(2)?);
    let (Some(state), Some(person)) = (state, hash(1)?) else { return Ok(None) };
    let entry = OnceEntry {
        state,
        at: row.get(3)?,
        message_id: row.get(5)?,
        run: row.get(6)?,
        is_row: false,
        words: hash(7)?,
        kind: hash(8)?,
        shown: hash(9)?,
    };
    Ok(Some(PersonRow { hash: person, entry, holder: row.get(4)? }))
}

impl OnceClaims for OnceStore {
    fn hasher(&self) -> &OnceHasher {
        &self.file.hasher
    }

    fn people(&self, scope: &OnceScope) -> Result<OncePeople, LedgerError> {
        let file = &self.file;
        let read = |db: &Connection| {
            let (mut people, mut may_have_ended) = (OncePeople::new(), false);
            let Some(key) = file.key_row(db, scope)? else { return Ok((people, false)) };
            file.each_person(db, &key, |person| {
                let state = file.standing(&person);
                may_have_ended |= state != person.entry.state;
                people.insert(person.hash, OnceEntry { state, ..person.entry });
            })?;
            Ok((people, may_have_ended))
        };
        match file.look(read)? {
            // Looked at again, and nobody writes meanwhile.
            (_, true) => Ok(file.change(read)?.0),
            (people, false) => Ok(people),
        }
    }

    fn claim(&self, scope: &OnceScope, claim: &NewClaim) -> Result<Box<dyn HeldClaim>, LedgerError> {
        let file = &self.file;
        let holder = ClaimHolder::take(&file.holders)?;
        let entry = OnceEntry {
            state: OnceState::UnderWay,
            at: now(),
            message_id: None,
            run: None,
            is_row: false,
            words: Some(claim.words),
            kind: Some(claim.kind),
            shown: claim.shown,
        };
        file.change(|db| {
            let key = file.key_id(db, scope)?;
            let known = file.person(db, key, &claim.person)?;
            if known.is_some_and(|known| !file.standing(&known).is_free()) {
                return Err(LedgerError::Claims { path: file.path.clone(), problem: ClaimsProblem::Taken });
            }
            let person = PersonRow { hash: claim.person, entry: entry.clone(), holder: Some(holder.number) };
            file.write(db, key, [(claim.person, Some(person))])
        })?;
        let store = Self { making: None, ..self.clone() };
        Ok(Box::new(FileClaim { store, scope: scope.clone(), person: claim.person, entry, holder }))
    }

    fn add(
        &self,
        scope: &OnceScope,
        people: &mut dyn Iterator<Item = (OnceHash, OnceEntry)>,
    ) -> Result<u64, LedgerError> {
        let file = &self.file;
        file.change(|db| {
            let key = file.key_id(db, scope)?;
            let mut changed = OncePeople::new();
            for (hash, entry) in people {
                let known = match changed.get(&hash) {
                    Some(known) => Some(known.state),
                    None => file.person(db, key, &hash)?.map(|known| known.entry.state),
                };
                if known.is_none_or(|known| entry.state.outweighs(known)) {
                    changed.insert(hash, entry);
                }
            }
            let count = changed.len() as u64;
            let row = |(hash, entry)| (hash, Some(PersonRow { hash, entry, holder: None }));
            file.write(db, key, changed.into_iter().map(row))?;
            Ok(count)
        })
    }

    fn decide(&self, scope: &OnceScope, person: &OnceHash, found: &OnceFinding) -> Result<bool, LedgerError> {
        let file = &self.file;
        file.change(|db| {
            let Some(key) = file.key_row(db, scope)? else { return Ok(false) };
            let Some(known) = file.person(db, key.id, person)? else { return Ok(false) };
            if file.standing(&known) != OnceState::Unknown {
                return Ok(false);
            }
            let state = if found.was_sent { OnceState::Sent } else { OnceState::NotSent };
            let entry = OnceEntry { state, message_id: found.message_id.clone(), ..known.entry };
            file.write(db, key.id, [(*person, Some(PersonRow { entry, holder: None, ..known }))])?;
            Ok(true)
        })
    }

    fn forget(&self, scope: &OnceScope, person: Option<&OnceHash>) -> Result<u64, LedgerError> {
        let file = &self.file;
        file.change(|db| {
            let Some(key) = file.key_row(db, scope)? else { return Ok(0) };
            file.settle_gone(db, &key)?;
            let Some(key) = file.key_row(db, scope)? else { return Ok(0) };
            let mut forgotten = Vec::new();
            file.each_person(db, &key, |known| {
                if person.is_none_or(|person| *person == known.hash) && known.entry.state != OnceState::UnderWay {
                    forgotten.push((known.hash, None));
                }
            })?;
            let count = forgotten.len() as u64;
            file.write(db, key.id, forgotten)?;
            Ok(count)
        })
    }

    fn keys(&self) -> Result<Vec<OnceSummary>, LedgerError> {
        let file = &self.file;
        file.look(|db| {
            let mut all = Vec::new();
            for key in file.key_rows(db)? {
                let mut summary = OnceSummary::new(key.scope.clone());
                file.each_person(db, &key, |person| summary.count(file.standing(&person), 1, person.entry.at))?;
                all.push(summary);
            }
            Ok(all)
        })
    }
}

/// A person whom this process has claimed in the store.
struct FileClaim {
    store: OnceStore,
    scope: OnceScope,
    person: OnceHash,
    entry: OnceEntry,
    holder: ClaimHolder,
}

impl HeldClaim for FileClaim {
    fn end(self: Box<Self>, end: &ClaimEnd) -> Result<(), LedgerError> {
        let Self { store, scope, person, entry, holder } = *self;
        let message_id = end.message_id().map(str::to_owned);
        // Of one that may have been sent it counts when it began: then it can be looked for.
        let at = if end.state() == OnceState::Unknown { entry.at } else { now() };
        let entry = OnceEntry { state: end.state(), at, message_id, ..entry };
        let file = &store.file;
        let written = file.change(|db| {
            let key = file.key_id(db, &scope)?;
            file.write(db, key, [(person, Some(PersonRow { hash: person, entry, holder: None }))])
        });
        // Not before: whoever finds it gone takes what stands there for the truth.
        drop(holder);
        written
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
        NewClaim {
            person: hasher.person(recipient),
            words: hasher.words(&["a"]),
            kind: hasher.kind("text"),
            shown: None,
        }
    }

    fn state(store: &OnceStore, key: &str, recipient: &str) -> Option<OnceState> {
        let people = store.people(&scope(key)).unwrap();
        people.get(&store.hasher().person(recipient)).map(|entry| entry.state)
    }

    #[test]
    fn a_claim_is_its_process_own_until_it_ends() {
        let home = TempDir::new().unwrap();
        let store = store(&home);
        let claim = claim_of(&store, "593987654321");
        let held = store.claim(&scope("k"), &claim).unwrap();
        assert_eq!(state(&store, "k", "+593 98 765 4321"), Some(OnceState::UnderWay));
        assert!(store.claim(&scope("k"), &claim).is_err());
        held.end(&ClaimEnd::NotSent).unwrap();
        assert_eq!(state(&store, "k", "593987654321"), Some(OnceState::NotSent));
        // Dropped without an end, as by a process that is killed.
        drop(store.claim(&scope("k"), &claim).unwrap());
        assert_eq!(state(&store, "k", "593987654321"), Some(OnceState::Unknown));
        assert!(store.claim(&scope("k"), &claim).is_err());
        assert_eq!(state(&store, "l", "593987654321"), None);
        assert!(store.decide(&scope("k"), &claim.person, &OnceFinding { was_sent: false, message_id: None }).unwrap());
        let message_id = Some("m".to_owned());
        store.claim(&scope("k"), &claim).unwrap().end(&ClaimEnd::Sent { message_id }).unwrap();
        assert_eq!(state(&store, "k", "593987654321"), Some(OnceState::Sent));
        assert_eq!(store.forget(&scope("k"), Some(&claim.person)).unwrap(), 1);
        assert!(store.keys().unwrap().is_empty());
    }

    #[test]
    fn people_of_a_run_are_added_at_once_and_what_outweighs_stays() {
        let home = TempDir::new().unwrap();
        let store = store(&home);
        let claim = claim_of(&store, "593987654321");
        store.claim(&scope("k"), &claim).unwrap().end(&ClaimEnd::Sent { message_id: None }).unwrap();
        let entry = |state| OnceEntry {
            state,
            at: 7,
            message_id: None,
            run: Some("r".to_owned()),
            is_row: false,
            words: None,
            kind: None,
            shown: None,
        };
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
