//! Imports a draft into the database as a run, in one transaction, with COPY.

use std::fmt::Write;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio::runtime::Runtime;
use tokio_postgres::CopyInSink;

use super::database::{LONG, SHORT, answer, storable};
use super::error::DatabaseError;
use super::once::SharedClaims;
use super::runs::{RunId, SharedRuns};
use crate::ledger::{Details, DraftedRow, LedgerDraft, LedgerError, LedgerStore, OnceClaims, RunError, RunName};
use crate::once::OnceScope;

/// The time limit for the end of a table's COPY, when its rows are checked.
const FINISH: Duration = Duration::from_secs(600);
/// How many bytes are sent at once.
const CHUNK: usize = 64 * 1024;
/// How many people are claimed at once.
const CLAIMS_AT_ONCE: usize = 10_000;

impl SharedRuns {
    /// Makes the run `name` from `draft`; after an error there is no new run.
    pub(super) fn import(
        &self,
        draft: &mut LedgerDraft,
        details: &Details,
        name: &RunName,
    ) -> Result<RunId, LedgerError> {
        draft.put_in_order()?;
        let client = &self.client;
        // A long list takes longer than any other statement.
        self.call(SHORT, client.batch_execute("BEGIN; SET LOCAL statement_timeout = '10min'"))?;
        let run = self.import_rows(draft, details, name).map_err(|error| {
            let _ = self.call(SHORT, client.batch_execute("ROLLBACK"));
            not_imported(error)
        })?;
        // It waits for the disk, however long that takes.
        let committed = self.call(LONG, client.batch_execute("COMMIT"));
        committed
            .map_err(|error| DatabaseError::PerhapsImported { run: name.to_string(), cause: error.to_string() })?;
        // The run exists already; if this fails, some statements are slower for a while.
        let _ = self.execute(LONG, "SELECT jelouctl.look_at_rows()", &[]);
        Ok(run)
    }

    fn import_rows(&self, draft: &mut LedgerDraft, details: &Details, name: &RunName) -> Result<RunId, LedgerError> {
        if self.names()?.contains(name) {
            return Err(RunError::Exists { name: name.clone() }.into());
        }
        let text = serde_json::to_string(details).map_err(LedgerError::damaged)?;
        let Details { bot, api_url, sandbox, rate, .. } = details;
        let make = "SELECT jelouctl.make_run($1, $2, $3, $4, $5, $6)";
        let run: i64 = self.value(SHORT, make, &[&name.to_string(), &text, bot, api_url, sandbox, rate])?;
        if let Some(scope) = details.scope() {
            self.claim_draft(&scope, RunId(run), draft)?;
        }
        for (table, write) in TABLES {
            let sink = Box::pin(self.call(SHORT, self.client.copy_in(&format!("COPY jelouctl.{table} FROM STDIN")))?);
            // Only one thread may use the draft.
            let (draft, at) = (&mut *draft, self.shown());
            self.database.outside(move |runtime| {
                let mut copy = Copy { runtime, at, sink, chunk: String::with_capacity(2 * CHUNK) };
                draft.each_row(|row| {
                    write(&mut copy.chunk, run, &row);
                    if copy.chunk.len() >= CHUNK { Ok(copy.send()?) } else { Ok(()) }
                })?;
                Ok::<_, LedgerError>(copy.finish()?)
            })?;
        }
        Ok(RunId(run))
    }

    /// Claims the person of every row of `draft` that will be sent, in the transaction that makes the run.
    fn claim_draft(&self, scope: &OnceScope, run: RunId, draft: &LedgerDraft) -> Result<(), LedgerError> {
        let claims = SharedClaims::open(self)?;
        let mut rows = Vec::new();
        draft.addressed(|n, recipient| rows.push((n, claims.hasher().person(recipient))))?;
        for rows in rows.chunks(CLAIMS_AT_ONCE) {
            if claims.claim_rows(scope, run, rows)?.len() < rows.len() {
                return Err(DatabaseError::ClaimedMeanwhile.into());
            }
        }
        Ok(())
    }
}

/// Turns a temporary error into one that says that there is no run.
fn not_imported(error: LedgerError) -> LedgerError {
    match error {
        LedgerError::Database(DatabaseError::Unreachable { cause, .. } | DatabaseError::Failed { cause }) => {
            DatabaseError::NotImported { cause }.into()
        }
        other => other,
    }
}

/// A table with its columns, and the function that writes a row as a line.
type Table = (&'static str, fn(&mut String, i64, &DraftedRow<'_>));

const TABLES: [Table; 3] = [
    ("row (run, n, before, state, number, due_at, at)", write_row),
    ("content (run, n, line, cells, recipient, path, body, person, fingerprint, row_checksum)", write_content),
    ("decision (run, n, number, \"from\", \"to\", reason, problem, other_run, at)", write_decision),
];

fn write_row(line: &mut String, run: i64, row: &DraftedRow<'_>) {
    let _ = write!(line, "{run}\t{}\t", row.n);
    number(line, row.before);
    line.push_str(match (&row.skip, row.before) {
        (Some(_), _) => "\tskipped\t1\t\\N\t",
        (None, Some(_)) => "\tpending\t0\t\\N\t",
        (None, None) => "\tpending\t0\t-infinity\t",
    });
    time(line, row.skip.as_ref().map(|skip| skip.at));
    line.push('\n');
}

fn write_content(line: &mut String, run: i64, row: &DraftedRow<'_>) {
    let _ = write!(line, "{run}\t{}\t{}\t", row.n, row.line);
    for value in [Some(row.cells), row.recipient, row.path, row.body] {
        text(line, value);
        line.push('\t');
    }
    number(line, row.person);
    line.push('\t');
    number(line, row.fingerprint);
    line.push('\t');
    number(line, row.row_checksum);
    line.push('\n');
}

fn write_decision(line: &mut String, run: i64, row: &DraftedRow<'_>) {
    let Some(skip) = &row.skip else { return };
    let _ = write!(line, "{run}\t{}\t1\tpending\tskipped\t", row.n);
    for value in [Some(skip.reason), skip.problem, skip.run] {
        text(line, value);
        line.push('\t');
    }
    time(line, Some(skip.at));
    line.push('\n');
}

fn number(line: &mut String, value: Option<i64>) {
    match value {
        Some(value) => {
            let _ = write!(line, "{value}");
        }
        None => line.push_str("\\N"),
    }
}

/// Converts milliseconds since 1970 to a time.
fn time(line: &mut String, at: Option<i64>) {
    match at.and_then(|at| u64::try_from(at).ok()) {
        Some(at) => {
            let at = std::time::UNIX_EPOCH + Duration::from_millis(at);
            let _ = write!(line, "{}", humantime::format_rfc3339_millis(at));
        }
        None => line.push_str("\\N"),
    }
}

/// Escapes a text for COPY.
fn text(line: &mut String, value: Option<&str>) {
    let Some(value) = value else { return line.push_str("\\N") };
    for letter in storable(value).chars() {
        match letter {
            '\\' => line.push_str("\\\\"),
            '\t' => line.push_str("\\t"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            other => line.push(other),
        }
    }
}

/// Lines that are being sent to one table.
struct Copy<'a> {
    runtime: &'a Runtime,
    at: &'a str,
    sink: Pin<Box<CopyInSink<Bytes>>>,
    chunk: String,
}

impl Copy<'_> {
    fn send(&mut self) -> Result<(), DatabaseError> {
        let chunk = Bytes::copy_from_slice(self.chunk.as_bytes());
        self.chunk.clear();
        self.runtime.block_on(answer(LONG, self.at, self.sink.send(chunk)))
    }

    fn finish(mut self) -> Result<(), DatabaseError> {
        self.send()?;
        self.runtime.block_on(answer(FINISH, self.at, self.sink.as_mut().finish()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_is_written_as_copy_takes_it() {
        let mut line = String::new();
        super::text(&mut line, Some("a\tb\\n\r\nñ\0"));
        assert_eq!(line, "a\\tb\\\\n\\r\\nñ\u{fffd}");
        line.clear();
        super::text(&mut line, None);
        assert_eq!(line, "\\N");
    }
}
