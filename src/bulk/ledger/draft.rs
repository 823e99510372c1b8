//! A ledger while its rows are read: fast, and no run before it is complete. It is written beside its place, and put
//! there at once.

use std::fs::File;
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::{Connection, params};

use super::commit::skipped;
use super::commit_mark::CommitMark;
use super::comparison::message_of;
use super::keys::{self, KeyKind};
use super::record::{self, RecordKind};
use super::seal::{RequestHash, RunFields, hash_of_person, seal_of_run};
use super::{APPLICATION, Details, LedgerError, Skip, SkipReason, VERSION, now};
use crate::phone::person_key;
use crate::private_file::{self, FileError};

/// Why a row is left out that somebody has, or will have, from an earlier run.
const OF_EARLIER_RUNS: &str = "'already_sent', 'may_have_been_sent', 'to_be_sent'";

/// A ledger that is being filled.
pub(crate) struct LedgerDraft {
    pub(super) db: Connection,
    /// Where it is written; nowhere for a preview, which leaves nothing behind.
    path: Option<PathBuf>,
    rows: i64,
    /// The sum of the hashes of what was decided.
    records: i64,
}

/// A row of the input, with the request that it makes or why it makes none.
#[derive(Debug)]
pub(crate) struct DraftRow<'a> {
    pub(crate) line: u64,
    /// JSON.
    pub(crate) cells: &'a str,
    pub(crate) request: Result<DraftRequest<'a>, &'a str>,
    /// Why its request is not to be sent.
    pub(crate) skip: Option<Skip<'a>>,
}

#[derive(Debug)]
pub(crate) struct DraftRequest<'a> {
    pub(crate) recipient: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a str,
}

impl LedgerDraft {
    /// Begins a ledger at `path`; without one, in a file of the system's that is gone when it is closed.
    pub(crate) fn create(path: Option<&Path>) -> Result<Self, LedgerError> {
        let db = match path {
            Some(path) => {
                // SQLite gives the files beside it the same permissions.
                private_file::open("create", path, File::options().write(true).create_new(true))?;
                Connection::open(path)?
            }
            None => Connection::open("")?,
        };
        let draft = Self { db, path: path.map(Path::to_owned), rows: 0, records: 0 };
        // What fails before it is complete is thrown away whole: no journal, and the disk is waited for once, at the end.
        draft
            .db
            .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;")?;
        draft.db.pragma_update(None, "application_id", APPLICATION)?;
        draft.db.pragma_update(None, "user_version", VERSION)?;
        draft.db.execute_batch(concat!("BEGIN;", include_str!("schema.sql")))?;
        Ok(draft)
    }

    pub(crate) fn add(&mut self, row: &DraftRow<'_>) -> Result<(), LedgerError> {
        self.rows += 1;
        let request = row.request.as_ref().ok();
        let hash = request.map(|request| RequestHash::of(request.path, request.recipient, request.body));
        self.db
            .prepare_cached(
                "INSERT INTO row (n, line, recipient, person, fingerprint, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                self.rows,
                row.line,
                request.map(|request| request.recipient),
                request.map(|request| hash_of_person(request.recipient)),
                hash.as_ref().map(RequestHash::fingerprint),
                hash.as_ref().map(|hash| hash.seal(self.rows, row.line)),
            ])?;
        self.db.prepare_cached("INSERT INTO content (n, cells, path, body) VALUES (?1, ?2, ?3, ?4)")?.execute(
            params![self.rows, row.cells, request.map(|request| request.path), request.map(|request| request.body),],
        )?;
        match (row.request.as_ref(), row.skip) {
            (Ok(_), None) => Ok(()),
            (Ok(_), Some(skip)) => self.skip(self.rows, skip),
            (Err(problem), _) => self.skip(self.rows, Skip { reason: SkipReason::Invalid, problem, run: None }),
        }
    }

    /// Row `n` is left out; it has no other record.
    pub(crate) fn skip(&mut self, n: i64, skip: Skip<'_>) -> Result<(), LedgerError> {
        let fields = skipped(n, 1, skip, now());
        self.records = self.records.wrapping_add(record::insert(&self.db, RecordKind::Decision, &fields)?);
        Ok(())
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.db
    }

    /// Whether several rows go to one person; then they must be compared and put in order.
    pub(crate) fn find_repeated(&self) -> Result<bool, LedgerError> {
        keys::write(&self.db, KeyKind::Person)?;
        self.db.execute_batch("CREATE TEMP TABLE repeated (person INTEGER PRIMARY KEY)")?;
        let mut insert = self.db.prepare("INSERT INTO repeated (person) VALUES (?1)")?;
        keys::repeated(&self.db, KeyKind::Person, |person| Ok(insert.execute([person]).map(|_| ())?))?;
        Ok(self.db.query_row("SELECT EXISTS (SELECT 1 FROM repeated)", [], |row| row.get(0))?)
    }

    /// Gives `report` each row whose request an earlier row makes too: its line, the earlier one's, and the recipient. With
    /// `skip` they are left out.
    pub(crate) fn duplicates(&mut self, skip: bool, mut report: impl FnMut(u64, u64, &str)) -> Result<(), LedgerError> {
        self.db.execute_batch(
            "CREATE TEMP TABLE duplicate AS SELECT * FROM (SELECT row.n, line, recipient, \
             first_value(row.n) OVER same AS first, first_value(line) OVER same AS first_line FROM row \
             WHERE person IN (SELECT person FROM repeated) \
             AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.row = row.n) \
             WINDOW same AS (PARTITION BY fingerprint ORDER BY row.n)) WHERE n <> first",
        )?;
        let mut left_out = Vec::new();
        let mut statement =
            self.db.prepare("SELECT n, line, first_line, recipient, first FROM duplicate ORDER BY n")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (n, line, first_line) = (row.get(0)?, row.get(1)?, row.get(2)?);
            // Two messages may have one fingerprint.
            if message_of(&self.db, row.get(0)?)? != message_of(&self.db, row.get(4)?)? {
                continue;
            }
            report(line, first_line, row.get_ref(3)?.as_str().unwrap_or_default());
            if skip {
                left_out.push((n, first_line));
            }
        }
        drop(rows);
        drop(statement);
        for (n, first_line) in left_out {
            let problem = format!("is the same message as line {first_line}");
            self.skip(n, Skip { reason: SkipReason::Repeated, problem: &problem, run: None })?;
        }
        Ok(())
    }

    /// Leaves out each row to a person who has an earlier row that is to be sent, or any that an earlier run has. `report` is
    /// given its line and the other one's.
    pub(crate) fn keep_one_per_person(&mut self, mut report: impl FnMut(u64, u64)) -> Result<(), LedgerError> {
        let mut left_out = Vec::new();
        self.repeated_behind(OF_EARLIER_RUNS, |n, line, first_line| {
            report(line, first_line);
            left_out.push((n, first_line));
        })?;
        for (n, first_line) in left_out {
            let problem = format!("goes to the same person as line {first_line}");
            self.skip(n, Skip { reason: SkipReason::Repeated, problem: &problem, run: None })?;
        }
        Ok(())
    }

    /// Gives `each` row that is to be sent to a person who has an earlier such row: its number and line, and the line of the
    /// first one. [`LedgerDraft::find_repeated`] comes before.
    pub(crate) fn repeated_people(&self, each: impl FnMut(i64, u64, u64)) -> Result<(), LedgerError> {
        self.repeated_behind("''", each)
    }

    /// As [`LedgerDraft::repeated_people`]; rows that are left out for one of `reasons` come before all others.
    fn repeated_behind(&self, reasons: &str, mut each: impl FnMut(i64, u64, u64)) -> Result<(), LedgerError> {
        let mut statement = self.db.prepare(&format!(
            "SELECT own.n, own.line, own.recipient, first.line, first.recipient FROM \
             (SELECT row.n, line, recipient, reason IS NULL AS is_sent, first_value(row.n) OVER \
             (PARTITION BY person ORDER BY reason IS NULL, row.n) AS first \
             FROM row LEFT JOIN decision ON decision.row = row.n \
             WHERE person IN (SELECT person FROM repeated) AND (reason IS NULL OR reason IN ({reasons}))) AS own \
             JOIN row AS first ON first.n = own.first WHERE is_sent AND own.n <> own.first ORDER BY own.n",
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let key = |column| Ok::<_, LedgerError>(person_key(row.get_ref(column)?.as_str().unwrap_or_default()));
            // Two people may have one hash.
            if key(2)? == key(4)? {
                each(row.get(0)?, row.get(1)?, row.get(3)?);
            }
        }
        Ok(())
    }

    /// Notes for each row that is to be sent the one before it to the same person.
    pub(super) fn put_in_order(&self) -> Result<(), LedgerError> {
        let query = "SELECT EXISTS (SELECT 1 FROM temp.sqlite_schema WHERE name = 'repeated')";
        if !self.db.query_row(query, [], |row| row.get(0))? {
            return Ok(());
        }
        Ok(self.db.execute_batch(
            "UPDATE row SET before = earlier.before FROM (SELECT n, lag(n) OVER (PARTITION BY person ORDER BY n) AS \
             before FROM row WHERE person IN (SELECT person FROM repeated) \
             AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.row = n)) AS earlier WHERE \
             row.n = earlier.n AND earlier.before IS NOT NULL",
        )?)
    }

    /// Gives the path and body of every request, in order.
    pub(crate) fn requests<E: From<LedgerError>>(
        &self,
        mut show: impl FnMut(&str, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        let query = "SELECT path, body FROM content WHERE path IS NOT NULL \
                     AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.row = n) ORDER BY n";
        let mut statement = self.db.prepare(query).map_err(LedgerError::from)?;
        let mut rows = statement.query([]).map_err(LedgerError::from)?;
        while let Some(row) = rows.next().map_err(LedgerError::from)? {
            let text = |column| row.get_ref(column).ok().and_then(|value| value.as_str().ok()).unwrap_or_default();
            show(text(0), text(1))?;
        }
        Ok(())
    }

    /// Gives of every request the number and the line of its row, the recipient and the body.
    ///
    /// # Errors
    /// When it cannot be read, or `check` fails.
    pub(crate) fn recipients<E: From<LedgerError>>(
        &self,
        mut check: impl FnMut((i64, u64), &str, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        let query = "SELECT n, line, recipient, body FROM row JOIN content USING (n) WHERE recipient IS NOT NULL \
                     AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.row = n) ORDER BY n";
        let mut statement = self.db.prepare(query).map_err(LedgerError::from)?;
        let mut rows = statement.query([]).map_err(LedgerError::from)?;
        while let Some(row) = rows.next().map_err(LedgerError::from)? {
            let place = (row.get(0).map_err(LedgerError::from)?, row.get(1).map_err(LedgerError::from)?);
            let (recipient, body): (String, String) =
                (row.get(2).map_err(LedgerError::from)?, row.get(3).map_err(LedgerError::from)?);
            check(place, &recipient, &body)?;
        }
        Ok(())
    }

    /// Makes it a run: on the disk whole, and under the name `to`. Its lock file says so first.
    ///
    /// # Errors
    /// When it cannot be written; then there is no run.
    pub(crate) fn complete(self, details: &Details, mark: &CommitMark, to: &Path) -> Result<(), LedgerError> {
        self.put_in_order()?;
        self.write_keys()?;
        let Self { db, path, rows, records } = self;
        let Some(path) = path else { return Ok(()) };
        db.execute_batch(include_str!("rules.sql"))?;
        let created_at = now();
        // What has a decision by now is skipped.
        db.execute(
            "INSERT INTO progress (id, records, pending, skipped, changed_at) \
             SELECT 1, ?1, ?2 - count(*), count(*), max(?3, coalesce(max(at), 0)) FROM decision",
            [records, rows, created_at],
        )?;
        let fields = RunFields {
            identity: identity()?,
            name: to.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            details: serde_json::to_string(details)
                .map_err(|error| LedgerError::Damaged { problem: error.to_string() })?,
            rows,
            created_at,
        };
        let seal = seal_of_run(&db, &fields)?;
        let RunFields { identity, name, details: text, created_at, .. } = fields;
        db.execute(
            "INSERT INTO run (id, identity, name, details, rows, created_at, seal) VALUES \
             (1, ?1, ?2, ?3, ?4, ?5, ?6)",
            params![identity, name, text, rows, created_at, seal],
        )?;
        db.execute_batch("COMMIT; PRAGMA journal_mode = WAL;")?;
        db.close().map_err(|(_, error)| error)?;
        mark.write(&details.note(&identity))?;
        // Windows syncs no file that was opened to be read.
        let written = File::options().write(true).open(&path).and_then(|file| file.sync_all());
        written.map_err(FileError::of("write", &path))?;
        std::fs::rename(&path, to).map_err(FileError::of("create", to))?;
        #[cfg(unix)]
        if let Some(directory) = to.parent() {
            File::open(directory).and_then(|file| file.sync_all()).map_err(FileError::of("write", directory))?;
        }
        Ok(())
    }
}

/// What no other run has.
fn identity() -> Result<[u8; 16], LedgerError> {
    let mut identity = [0; 16];
    let filled = SystemRandom::new().fill(&mut identity);
    filled.map_err(|_| LedgerError::Sqlite("the system gives no random numbers".to_owned()))?;
    Ok(identity)
}
