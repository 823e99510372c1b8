//! Finds rows of a draft that repeat another one, as the same message or for the same person, and applies `--limit`.

use rusqlite::{Connection, OptionalExtension, params};

use super::comparison::prepare;
use super::draft::{IS_SENT, LedgerDraft};
use super::{text_of, walk};
use crate::ledger::{LedgerError, SameMessage, Skip, SkipReason};
use crate::phone::person_key;

/// Why a row is skipped if its person has a message from an earlier run, or will have one.
pub(super) const OF_EARLIER_RUNS: &str = "'already_sent', 'may_have_been_sent', 'to_be_sent'";

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

    /// Links each row that is to be sent to the previous one for the same person.
    pub(super) fn put_in_order(&self) -> Result<(), LedgerError> {
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
        prepare(&self.db)?;
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
