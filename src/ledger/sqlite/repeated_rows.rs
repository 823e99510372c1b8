//! Finds rows of a draft that need not be sent: those that an earlier run has too, those that repeat another row, as the
//! same message or for the same person, and those behind `--limit`.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::comparison::note;
use super::draft::{IS_SENT, LedgerDraft};
use super::{Ledger, text_of, walk};
use crate::ledger::{EarlierMessages, EarlierRow, LedgerError, SameMessage, Skip, SkipReason, of_rank, rank};
use crate::once::{OnceHasher, OnceKey, OncePeople};
use crate::phone::person_key;

/// In milliseconds.
const A_MINUTE: i64 = 60_000;
/// The number of rows that one commit skips.
const ROWS_A_COMMIT: usize = 10_000;

/// Why a row is skipped if its person has a message from an earlier run, or will have one.
pub(super) const OF_EARLIER_RUNS: &str = "'already_sent', 'may_have_been_sent', 'to_be_sent'";

impl LedgerDraft {
    /// The matches of rows that are not skipped.
    pub(crate) fn earlier(&self) -> Result<Vec<EarlierMessages>, LedgerError> {
        earlier(&self.db)
    }

    /// Skips the rows with a match: the same message, or any message for the same person under `key`.
    pub(crate) fn skip_earlier(&mut self, key: Option<&OnceKey>) -> Result<(), LedgerError> {
        let Self { db, left_out, .. } = self;
        each_match(db, key, |rows| rows.iter().try_for_each(|row| left_out.add(db, row.n, row.skip())))
    }

    /// Records a match for the rows of those `people` who have a claim under the key and are not free.
    pub(crate) fn note_claimed(&self, hasher: &OnceHasher, people: &OncePeople) -> Result<(), LedgerError> {
        if people.values().all(|entry| entry.state.is_free()) {
            return Ok(());
        }
        let mut claimed = Vec::new();
        self.addressed(|n, recipient| {
            let entry = people.get(&hasher.person(recipient));
            claimed.extend(entry.and_then(|entry| Some((n, entry.run.as_deref(), EarlierRow::of_claim(entry)?))));
        })?;
        claimed.into_iter().try_for_each(|(n, run, found)| note(&self.db, n, run, found))
    }

    /// Passes to `each` the number and the recipient of every row that is to be sent.
    pub(crate) fn addressed(&self, mut each: impl FnMut(i64, &str)) -> Result<(), LedgerError> {
        walk(&self.db, &format!("SELECT n, recipient FROM row WHERE {IS_SENT} ORDER BY n"), [], |row| {
            each(row.get(0)?, text_of(row, 1)?);
            Ok(())
        })
    }

    /// When the first of the matching messages was sent.
    pub(crate) fn first_sent_at(&self) -> Result<Option<i64>, LedgerError> {
        let query = "SELECT min(at) FROM earlier WHERE reason = ?1";
        Ok(self.db.query_row(query, [rank(SkipReason::AlreadySent)], |row| row.get(0))?)
    }
}

impl Ledger {
    /// See [`LedgerDraft::earlier`].
    pub(super) fn earlier(&self) -> Result<Vec<EarlierMessages>, LedgerError> {
        earlier(&self.db)
    }

    /// Skips the rows for which `compared`, the same ledger, has matches; see [`LedgerDraft::skip_earlier`].
    pub(super) fn skip_earlier(&mut self, compared: &Self, key: Option<&OnceKey>) -> Result<(), LedgerError> {
        each_match(&compared.db, key, |rows| {
            self.write(|batch| rows.iter().try_for_each(|row| batch.skip(row.n, row.skip())))
        })
    }

    /// Whether a row with a match is not skipped yet.
    pub(super) fn has_match(&self) -> Result<bool, LedgerError> {
        let query = format!("SELECT EXISTS (SELECT 1 FROM earlier WHERE {IS_NOT_SKIPPED})");
        Ok(self.db.query_row(&query, [], |row| row.get(0))?)
    }

    /// The rows with a match under `key`, each with the reason.
    pub(super) fn taken_under(&self, key: &OnceKey) -> Result<BTreeMap<i64, String>, LedgerError> {
        let mut taken = BTreeMap::new();
        each_match(&self.db, Some(key), |rows| {
            taken.extend(rows.into_iter().map(|row| (row.n, row.problem)));
            Ok(())
        })?;
        Ok(taken)
    }
}

/// Whether a row with a match is not skipped yet.
const IS_NOT_SKIPPED: &str =
    "NOT EXISTS (SELECT 1 FROM decision WHERE decision.n = earlier.n AND decision.\"to\" = 'skipped')";

/// A row with a match that is not skipped yet, and the reason to skip it.
struct MatchedRow {
    n: i64,
    reason: SkipReason,
    problem: String,
    run: Option<String>,
}

impl MatchedRow {
    fn skip(&self) -> Skip<'_> {
        Skip { reason: self.reason, problem: &self.problem, run: self.run.as_deref() }
    }
}

/// Passes the rows with a match that are not skipped yet to `each`, as many at once as one commit skips.
fn each_match(
    db: &Connection,
    key: Option<&OnceKey>,
    mut each: impl FnMut(Vec<MatchedRow>) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT n, run, reason, at FROM earlier WHERE n > ?1 AND {IS_NOT_SKIPPED} ORDER BY n LIMIT ?2"
    ))?;
    let mut said: Option<(EarlierRow, Option<String>, String)> = None;
    let mut after = 0;
    loop {
        let rows = statement.query_and_then(params![after, ROWS_A_COMMIT], |row| {
            let (n, run): (_, Option<String>) = (row.get(0)?, row.get(1)?);
            let (reason, at): (_, i64) = (of_rank(row.get(2)?)?, row.get(3)?);
            // The words name the minute, so most rows have those of the row before.
            let found = EarlierRow { reason, at: at.saturating_sub(at.rem_euclid(A_MINUTE)) };
            let problem = match said.take() {
                Some((before, of, problem)) if before == found && of == run => problem,
                _ => match key {
                    Some(key) => found.problem_under(key, run.as_deref()),
                    None => found.problem(run.as_deref().unwrap_or_default()),
                },
            };
            said = Some((found, run.clone(), problem.clone()));
            Ok::<_, LedgerError>(MatchedRow { n, reason, problem, run })
        })?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.n;
        each(rows)?;
    }
}

fn earlier(db: &Connection) -> Result<Vec<EarlierMessages>, LedgerError> {
    let mut statement = db.prepare(&format!(
        "SELECT run, reason, count(*), max(at) FROM earlier WHERE {IS_NOT_SKIPPED} GROUP BY run, reason \
         ORDER BY count(*) DESC, max(at) DESC"
    ))?;
    let rows = statement.query_and_then([], |row| {
        Ok(EarlierMessages { run: row.get(0)?, reason: of_rank(row.get(1)?)?, rows: row.get(2)?, at: row.get(3)? })
    })?;
    rows.collect()
}

impl LedgerDraft {
    /// Whether several rows are for one person. If so, they must be compared and put in order.
    pub(crate) fn find_repeated(&self) -> Result<bool, LedgerError> {
        self.db.execute_batch(
            "CREATE TEMP TABLE repeated (person INTEGER PRIMARY KEY); \
             INSERT INTO repeated SELECT person FROM row WHERE person IS NOT NULL GROUP BY person HAVING count(*) > 1",
        )?;
        Ok(self.db.query_row("SELECT EXISTS (SELECT 1 FROM repeated)", [], |row| row.get(0))?)
    }

    /// Passes to `report` each row that makes the same request as an earlier row: its line, the earlier line, and the
    /// recipient. With `skip`, these rows are skipped.
    pub(crate) fn duplicates(&mut self, skip: bool, mut report: impl FnMut(u64, u64, &str)) -> Result<(), LedgerError> {
        self.db.execute_batch(
            "CREATE TEMP TABLE duplicate AS SELECT * FROM (SELECT row.n, line, recipient, \
             first_value(row.n) OVER same AS first, first_value(line) OVER same AS first_line FROM row \
             WHERE person IN (SELECT person FROM repeated) \
             AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.n = row.n) \
             WINDOW same AS (PARTITION BY fingerprint ORDER BY row.n)) WHERE n <> first",
        )?;
        let Self { db, left_out, .. } = self;
        walk(db, "SELECT n, line, first_line, recipient, first FROM duplicate ORDER BY n", [], |row| {
            let (n, line, first_line) = (row.get(0)?, row.get(1)?, row.get(2)?);
            // Two messages may share a fingerprint.
            if message_of(db, row.get(0)?)? != message_of(db, row.get(4)?)? {
                return Ok(());
            }
            report(line, first_line, text_of(row, 3)?);
            if skip {
                let problem = format!("is the same message as line {first_line}");
                let skip = Skip { reason: SkipReason::Repeated, problem: &problem, run: None };
                left_out.add(db, n, skip)?;
            }
            Ok(())
        })
    }

    /// Skips each row whose person has an earlier row that is to be sent, or any row skipped because of an earlier run.
    /// `report` receives the lines of both rows.
    pub(crate) fn keep_one_per_person(&mut self, mut report: impl FnMut(u64, u64)) -> Result<(), LedgerError> {
        let Self { db, left_out, .. } = self;
        repeated_behind(db, OF_EARLIER_RUNS, |n, line, first_line| {
            report(line, first_line);
            let problem = format!("goes to the same person as line {first_line}");
            left_out.add(db, n, Skip { reason: SkipReason::Repeated, problem: &problem, run: None })
        })
    }

    /// Passes to `each` every row that is to be sent and whose person has an earlier such row: its line, and the line
    /// of the first one. [`LedgerDraft::find_repeated`] must be called first.
    pub(crate) fn repeated_people(&self, mut each: impl FnMut(u64, u64)) -> Result<(), LedgerError> {
        repeated_behind(&self.db, "''", |_, line, first_line| {
            each(line, first_line);
            Ok(())
        })
    }

    /// Links each row that is to be sent to the previous one for the same person. No rows may be added afterwards.
    pub(crate) fn put_in_order(&self) -> Result<(), LedgerError> {
        let query = "SELECT EXISTS (SELECT 1 FROM temp.sqlite_schema WHERE name = 'repeated')";
        if !self.db.query_row(query, [], |row| row.get(0))? {
            return Ok(());
        }
        Ok(self.db.execute_batch(
            "UPDATE row SET before = earlier.before FROM (SELECT n, lag(n) OVER (PARTITION BY person ORDER BY n) AS \
             before FROM row WHERE person IN (SELECT person FROM repeated) \
             AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.n = row.n)) AS earlier WHERE \
             row.n = earlier.n AND earlier.before IS NOT NULL",
        )?)
    }
}

/// The message of a row.
fn message_of(db: &Connection, n: u32) -> Result<SameMessage<'static>, LedgerError> {
    let query = "SELECT path, recipient, body FROM row JOIN content USING (n) WHERE n = ?1";
    Ok(db.prepare_cached(query)?.query_row([n], |row| {
        let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
        Ok(SameMessage::of(text(0)?, text(1)?, text(2)?).into_owned())
    })?)
}

/// Passes to `each` every row that is to be sent and whose person has an earlier one: its number and line, and the line
/// of the first one. Rows that are skipped for one of `reasons` count as earlier than all others.
fn repeated_behind(
    db: &Connection,
    reasons: &str,
    mut each: impl FnMut(i64, u64, u64) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    // All of them are found before the first is passed on, since `each` may skip it.
    db.execute_batch(&format!(
        "DROP TABLE IF EXISTS temp.behind; CREATE TEMP TABLE behind AS SELECT * FROM \
         (SELECT row.n, reason IS NULL AS is_sent, first_value(row.n) OVER \
         (PARTITION BY person ORDER BY reason IS NULL, row.n) AS first \
         FROM row LEFT JOIN decision ON decision.n = row.n \
         WHERE person IN (SELECT person FROM repeated) AND (reason IS NULL OR reason IN ({reasons}))) \
         WHERE is_sent AND n <> first",
    ))?;
    let query = "SELECT own.n, own.line, own.recipient, first.line, first.recipient FROM behind \
         JOIN row AS own ON own.n = behind.n JOIN row AS first ON first.n = behind.first ORDER BY behind.n";
    walk(db, query, [], |row| {
        // Two people may share a hash.
        if person_key(text_of(row, 2)?) == person_key(text_of(row, 4)?) {
            each(row.get(0)?, row.get(1)?, row.get(3)?)?;
        }
        Ok(())
    })
}

/// What the limit counts. Repeated items count once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitOf {
    Rows,
    Messages,
    /// People with a message from an earlier run do not count.
    People,
}

impl LedgerDraft {
    /// If `limit` is reached, removes all rows after it and returns the line of the last row that remains.
    pub(crate) fn cut(&mut self, limit: u64, of: LimitOf) -> Result<Option<u64>, LedgerError> {
        let Some(before) = limit.checked_sub(1) else { return Ok(None) };
        // A person with a message from an earlier run gets none from this list, wherever that row is.
        let of_nobody_earlier = format!(
            "AND person NOT IN (SELECT person FROM row JOIN decision ON decision.n = row.n \
             WHERE person IS NOT NULL AND reason IN ({OF_EARLIER_RUNS}))"
        );
        let (key, only) = match of {
            LimitOf::Rows => ("n", ""),
            LimitOf::Messages => ("fingerprint", ""),
            LimitOf::People => ("person", of_nobody_earlier.as_str()),
        };
        let query = format!(
            "SELECT n, line FROM row WHERE n IN (SELECT min(n) FROM row WHERE {IS_SENT} {only} GROUP BY {key}) \
             ORDER BY n LIMIT 1 OFFSET ?1"
        );
        let last = self.db.query_row(&query, [before], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((last, line)) = last else { return Ok(None) };
        for delete in [
            "DELETE FROM row WHERE n > ?1",
            "DELETE FROM content WHERE n > ?1",
            "DELETE FROM decision WHERE n > ?1",
            "DELETE FROM earlier WHERE n > ?1",
        ] {
            self.db.execute(delete, params![last])?;
        }
        self.has_rows(last)?;
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Run;
    use crate::ledger::sqlite::comparison::prepare;
    use crate::ledger::sqlite::fixture;

    #[test]
    fn a_row_is_skipped_once() {
        let home = tempfile::TempDir::new().unwrap();
        let (mut ledger, reader) = fixture::ledgers(home.path(), &["593987650000", "593987650001"]);
        prepare(&reader.db).unwrap();
        for n in [2, 1, 1] {
            reader.db.execute("INSERT OR REPLACE INTO earlier VALUES (?1, 2, 'r', 0)", [n]).unwrap();
            ledger.skip_earlier(&reader, None).unwrap();
        }
        assert_eq!(reader.skip_counts().unwrap().iter().collect::<Vec<_>>(), [(SkipReason::AlreadySent, 2)]);
    }
}
