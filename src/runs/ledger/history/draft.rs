//! A list while it is read: rows with their requests, in a temporary SQLite file that ends with the
//! process. One transaction of the ledger makes it a run (`create_run.rs`).

use std::ops::RangeInclusive;

use rusqlite::{Connection, Params, Row as SqlRow, params};

use crate::base::message::Message;
use crate::base::process::ensure_open_files;
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::message::{compute_checksum, compute_fingerprint, hash_recipient};
use crate::runs::ledger::model::{SkipCounts, SkipDetail, reason_named};
use crate::runs::ledger::types::DraftRequest;

/// Whether a row of a draft makes a request and is not skipped.
pub(crate) const IS_SENT: &str = "skipped IS NULL";

/// Selects the same as [`IS_SENT`], for a query that reads only the index of recipients and no row.
pub(crate) const IS_NOT_SKIPPED: &str = "NOT EXISTS (SELECT 1 \
    FROM row AS own INDEXED BY skipped WHERE own.n = row.n AND own.skipped IS NOT NULL)";

/// Whether a row is sent, and no row before it has the recipient. Few recipients have several rows. Call
/// [`LedgerDraft::find_repeated`] first.
pub(crate) const IS_FIRST: &str = "skipped IS NULL AND (person NOT IN (SELECT person FROM repeated) \
    OR NOT EXISTS (SELECT 1 FROM row AS other WHERE other.person = row.person \
    AND other.n < row.n AND other.skipped IS NULL))";

/// The draft is useless after a crash, so nothing is synced. A temporary file of SQLite has no
/// name, and only its owner can read it. It has large pages, because it is written and read in
/// order. Its cache is in KiB.
const TABLES: &str = "PRAGMA page_size = 16384; PRAGMA cache_size = -4096; PRAGMA \
    journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN; \
    CREATE TABLE row (n INTEGER PRIMARY KEY, line INTEGER NOT NULL, person INTEGER, \
    fingerprint INTEGER, checksum INTEGER, skipped TEXT, problem TEXT, recipient TEXT, \
    path TEXT, body TEXT, cells TEXT NOT NULL) STRICT; CREATE INDEX skipped ON row (n) \
    WHERE skipped IS NOT NULL; CREATE TABLE repeated (person INTEGER PRIMARY KEY) STRICT; \
    CREATE TABLE earlier (n INTEGER PRIMARY KEY, reason INTEGER NOT NULL, run TEXT, \
    at INTEGER NOT NULL) STRICT;";

/// The number of files that SQLite opens for a draft.
const FILES: usize = 2;

/// A list during import.
pub(crate) struct LedgerDraft {
    pub(crate) db: Connection,
    pub(crate) rows: i64,
    skips: SkipCounts,
}

/// A row of the list after its checks: it has a request, or a reason for skipping it.
#[derive(Debug)]
pub(crate) struct CheckedRow {
    pub(crate) line: u64,
    /// JSON.
    pub(crate) cells: String,
    /// Recipient, path and body. None if the row makes no request; then it is skipped.
    pub(crate) request: Option<[String; 3]>,
    /// The reason to skip it, and its text.
    pub(crate) skip: Option<SkipDetail>,
}

/// A row of the draft with its keys for comparisons.
#[derive(Debug)]
pub(crate) struct NewDraftRow<'a> {
    pub(crate) index: i64,
    pub(crate) line: u64,
    /// JSON.
    pub(crate) cells: &'a str,
    /// None, as the next fields, if the row makes no request.
    pub(crate) request: Option<DraftRequest<'a>>,
    pub(crate) person: Option<i64>,
    pub(crate) fingerprint: Option<i64>,
    pub(crate) checksum: Option<i64>,
    /// The reason to skip it.
    pub(crate) skip: Option<SkipDetail>,
}

impl LedgerDraft {
    pub(crate) fn create() -> Result<Self, LedgerError> {
        ensure_open_files(FILES).map_err(LedgerError::cannot_open_files)?;
        let db = Connection::open("")?;
        db.execute_batch(TABLES)?;
        db.set_prepared_statement_cache_capacity(32);
        Ok(Self {
            db,
            rows: 0,
            skips: SkipCounts::default(),
        })
    }

    /// Adds the next rows of the list.
    pub(crate) fn add(&mut self, rows: &[CheckedRow]) -> Result<(), LedgerError> {
        let insert = "INSERT INTO row VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let mut insert = self.db.prepare_cached(insert)?;
        for CheckedRow {
            line,
            cells,
            request,
            skip,
        } in rows
        {
            self.rows += 1;
            let texts = request.as_ref();
            let request = texts.map(|[recipient, path, body]| DraftRequest {
                recipient,
                path,
                body,
            });
            let fingerprint = request.as_ref().map(compute_fingerprint);
            let checksum = request
                .as_ref()
                .zip(fingerprint)
                .map(|(request, fingerprint)| {
                    compute_checksum(request, fingerprint, self.rows, *line)
                });
            let [recipient, path, body] = texts
                .map(|texts| texts.each_ref().map(Some))
                .unwrap_or_default();
            insert.execute(params![
                self.rows,
                line,
                request
                    .as_ref()
                    .map(|request| hash_recipient(request.recipient)),
                fingerprint,
                checksum,
                skip.as_ref().map(|skip| skip.reason.name()),
                skip.as_ref().map(|skip| skip.problem.encode()),
                recipient,
                path,
                body,
                cells,
            ])?;
            if let Some(skip) = skip {
                self.skips.add(skip.reason, 1);
            }
        }
        Ok(())
    }

    /// Skips a row.
    pub(crate) fn skip(&mut self, n: i64, skip: &SkipDetail) -> Result<(), LedgerError> {
        let mut skipped = self.db.prepare_cached(
            "UPDATE row SET skipped = ?2, problem = ?3 WHERE n = ?1 AND skipped IS NULL",
        )?;
        if skipped.execute(params![n, skip.reason.name(), skip.problem.encode()])? > 0 {
            self.skips.add(skip.reason, 1);
        }
        Ok(())
    }

    /// Returns the number of rows to send.
    pub(crate) fn to_be_sent(&self) -> u64 {
        self.rows.cast_unsigned() - self.skips.all()
    }

    pub(crate) fn skip_counts(&self) -> &SkipCounts {
        &self.skips
    }

    /// Returns the number of rows that are skipped because of `problem`.
    pub(crate) fn rows_skipped_by(&self, problem: &Message) -> Result<u64, LedgerError> {
        let query = "SELECT count(*) FROM row WHERE skipped IS NOT NULL AND problem = ?1";
        let rows = self
            .db
            .query_row(query, [problem.encode()], |row| row.get(0))?;
        Ok(rows)
    }

    /// Removes all but the first `rows` rows.
    pub(crate) fn keep(&mut self, rows: i64) -> Result<(), LedgerError> {
        for delete in [
            "DELETE FROM row WHERE n > ?1",
            "DELETE FROM earlier WHERE n > ?1",
        ] {
            self.db.execute(delete, [rows])?;
        }
        self.rows = rows;
        self.count_skips()
    }

    pub(crate) fn count_skips(&mut self) -> Result<(), LedgerError> {
        let query = "SELECT skipped, count(*) FROM row WHERE skipped IS NOT NULL GROUP BY 1";
        self.skips = SkipCounts::default();
        walk(&self.db, query, [], |row| {
            self.skips.add(reason_named(text_at(row, 0)?)?, row.get(1)?);
            Ok(())
        })
    }

    /// Passes every row, in order.
    pub(crate) fn each_row<E: From<LedgerError>>(
        &self,
        each: impl FnMut(NewDraftRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_where("true", i64::MAX, each)
    }

    /// Passes the first rows to send, at most `max`, in order: the line, the cells and the request.
    pub(crate) fn each_row_to_send_up_to<E: From<LedgerError>>(
        &self,
        max: u64,
        mut each: impl FnMut(NewDraftRow<'_>, DraftRequest<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_where(
            IS_SENT,
            i64::try_from(max).unwrap_or(i64::MAX),
            |mut row| match row.request.take() {
                Some(request) => each(row, request),
                None => Ok(()),
            },
        )
    }

    /// Passes the row to send in `line`, if there is one.
    pub(crate) fn row_to_send_in<E: From<LedgerError>>(
        &self,
        line: u64,
        mut each: impl FnMut(NewDraftRow<'_>, DraftRequest<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        // The lines of a list ascend, and none is before its own number. So the search begins near the row.
        let query = format!(
            "SELECT {DRAFTED} FROM row WHERE n <= ?1 AND line = ?1 AND {IS_SENT} ORDER BY n DESC LIMIT 1"
        );
        walk(&self.db, &query, [line], |row| {
            let mut row = drafted(row)?;
            match row.request.take() {
                Some(request) => each(row, request),
                None => Ok(()),
            }
        })
    }

    /// Passes every row to send, in order.
    pub(crate) fn each_row_to_send<E: From<LedgerError>>(
        &self,
        each: impl FnMut(NewDraftRow<'_>, DraftRequest<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each_row_to_send_up_to(u64::MAX, each)
    }

    /// Passes the first rows that match the SQL condition `rows`.
    pub(crate) fn each_where<E: From<LedgerError>>(
        &self,
        rows: &str,
        max: i64,
        mut each: impl FnMut(NewDraftRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let query = format!("SELECT {DRAFTED} FROM row WHERE {rows} ORDER BY n LIMIT ?1");
        walk(&self.db, &query, [max], |row| each(drafted(row)?))
    }

    /// Passes person, fingerprint and number of every row that matches the SQL condition `rows`, in
    /// the order of the ledger.
    pub(crate) fn keys(
        &self,
        rows: &str,
        mut each: impl FnMut([i64; 3]) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let query = format!(
            "SELECT person, fingerprint, n FROM row WHERE {rows} ORDER BY person, fingerprint, n"
        );
        walk(&self.db, &query, [], |row| {
            each([row.get(0)?, row.get(1)?, row.get(2)?])
        })
    }

    /// Sorts the recipients and messages once for all queries. The index also has the order of
    /// [`Self::keys`].
    pub(crate) fn index_keys(&self) -> Result<(), LedgerError> {
        let index = "CREATE INDEX IF NOT EXISTS keys ON row (person, fingerprint)";
        Ok(self.db.execute_batch(index)?)
    }

    /// Returns person, fingerprint and number of the rows of a part of the list that match the SQL condition `rows`, in
    /// the order of the ledger.
    pub(crate) fn keys_of_part(
        &self,
        part: RangeInclusive<i64>,
        rows: &str,
    ) -> Result<Vec<[i64; 3]>, LedgerError> {
        let query =
            format!("SELECT person, fingerprint, n FROM row WHERE n >= ?1 AND n <= ?2 AND {rows}");
        let part = [*part.start(), *part.end()];
        let mut keys: Vec<[i64; 3]> = read_rows(&self.db, &query, part, |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?])
        })?;
        keys.sort_unstable();
        Ok(keys)
    }

    /// Passes every different recipient of rows to send.
    pub(crate) fn people(&self, mut each: impl FnMut(i64)) -> Result<(), LedgerError> {
        walk(
            &self.db,
            &format!("SELECT DISTINCT person FROM row WHERE {IS_SENT}"),
            [],
            |row| {
                each(row.get(0)?);
                Ok(())
            },
        )
    }
}

/// The columns that [`drafted`] reads.
const DRAFTED: &str = "n, line, cells, recipient, path, body, person, fingerprint, checksum, \
    skipped, problem";

fn drafted<'a>(row: &'a SqlRow<'_>) -> Result<NewDraftRow<'a>, LedgerError> {
    let text = |column| {
        row.get_ref(column)?
            .as_str_or_null()
            .map_err(LedgerError::from)
    };
    let request = match (text(3)?, text(4)?, text(5)?) {
        (Some(recipient), Some(path), Some(body)) => Some(DraftRequest {
            recipient,
            path,
            body,
        }),
        _ => None,
    };
    let skip = match text(9)? {
        None => None,
        Some(name) => Some(SkipDetail {
            reason: reason_named(name)?,
            problem: Message::decode(text_at(row, 10)?),
        }),
    };
    Ok(NewDraftRow {
        index: row.get(0)?,
        line: row.get(1)?,
        cells: text_at(row, 2)?,
        request,
        person: row.get(6)?,
        fingerprint: row.get(7)?,
        checksum: row.get(8)?,
        skip,
    })
}

/// Passes the rows of `query` to `each`, one by one, until the last row or an error.
fn walk<E: From<LedgerError>>(
    db: &Connection,
    query: &str,
    parameters: impl Params,
    mut each: impl FnMut(&SqlRow<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = db.prepare_cached(query).map_err(LedgerError::from)?;
    let mut rows = statement.query(parameters).map_err(LedgerError::from)?;
    while let Some(row) = rows.next().map_err(LedgerError::from)? {
        each(row)?;
    }
    Ok(())
}

/// Returns the rows of `query`, each converted by `read`.
pub(crate) fn read_rows<T>(
    db: &Connection,
    query: &str,
    parameters: impl Params,
    mut read: impl FnMut(&SqlRow<'_>) -> Result<T, LedgerError>,
) -> Result<Vec<T>, LedgerError> {
    let mut rows = Vec::new();
    walk(db, query, parameters, |row| {
        rows.push(read(row)?);
        Ok::<_, LedgerError>(())
    })?;
    Ok(rows)
}

/// Returns the text in a column of a row, or an error for any other type.
fn text_at<'a>(row: &'a SqlRow<'_>, column: usize) -> Result<&'a str, LedgerError> {
    Ok(row.get_ref(column)?.as_str()?)
}
