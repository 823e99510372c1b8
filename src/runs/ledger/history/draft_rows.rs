//! The rows of a draft that need not be sent: an earlier run has them, they repeat another row, or
//! they come after `--limit`. A row repeats another with the same message or recipient.

use rusqlite::{OptionalExtension, params};

use super::draft::{IS_NOT_SKIPPED, IS_SENT, LedgerDraft, read_rows};
use super::earlier_rows::{EarlierMessages, EarlierRow, rank, reason_for_rank};
use crate::base::message::{Message, msg};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::model::{SkipDetail, SkipReason};
use crate::runs::once::OnceKey;

/// A minute in milliseconds.
const A_MINUTE: i64 = 60_000;

/// The reasons to skip a row because its recipient has a message from an earlier run, or will get
/// one.
const OF_EARLIER_RUNS: &str = "'already_sent', 'may_have_been_sent', 'to_be_sent'";

impl LedgerDraft {
    /// Records that `run`, or else a single send or a removed run, has row `n` too. The match that
    /// outweighs the others stays.
    pub(crate) fn note_earlier(
        &self,
        n: i64,
        run: Option<&str>,
        found: EarlierRow,
    ) -> Result<(), LedgerError> {
        let note = "INSERT INTO earlier VALUES (?1, ?2, ?3, ?4) ON CONFLICT (n) DO UPDATE \
            SET reason = excluded.reason, run = excluded.run, at = excluded.at \
            WHERE (excluded.reason, -excluded.at) < (reason, -at)";
        self.db
            .prepare_cached(note)?
            .execute(params![n, rank(found.reason), run, found.at])?;
        Ok(())
    }

    /// Records the rows for which `find` knows a message to their recipient that no ledger has.
    pub(crate) fn note_recipients(
        &self,
        find: impl Fn(&str) -> Option<EarlierRow>,
    ) -> Result<(), LedgerError> {
        let mut all = Vec::new();
        self.each_row_to_send(|row, request| {
            let found = find(request.recipient);
            all.extend(found.map(|found| (row.index, found)));
            Ok::<_, LedgerError>(())
        })?;
        all.into_iter()
            .try_for_each(|(n, found)| self.note_earlier(n, None, found))
    }

    /// Removes the matches of unskipped rows.
    pub(crate) fn remove_earlier(&self) -> Result<(), LedgerError> {
        let forget = "DELETE FROM earlier WHERE n NOT IN (SELECT n FROM row \
            WHERE skipped IS NOT NULL)";
        self.db.prepare_cached(forget)?.execute([])?;
        Ok(())
    }

    /// Unskips the rows that other runs or single sends were going to send, so that they are
    /// compared again. Returns whether there were any.
    pub(crate) fn recall_awaited(&mut self) -> Result<bool, LedgerError> {
        // The problem stays, because [`LedgerDraft::freed`] finds the rows by it.
        let recall = "UPDATE row SET skipped = NULL WHERE skipped = 'to_be_sent' \
            AND n IN (SELECT n FROM earlier)";
        let are_recalled = self.db.execute(recall, [])? > 0;
        self.count_skips()?;
        Ok(are_recalled)
    }

    /// Returns the number of unskipped rows that no other run or single send will send now.
    pub(crate) fn freed(&self) -> Result<u64, LedgerError> {
        let query = format!("SELECT count(*) FROM row WHERE {IS_SENT} AND problem IS NOT NULL");
        Ok(self.db.query_row(&query, [], |row| row.get(0))?)
    }

    /// Counts the messages to send. Rows with the same request count once.
    pub(crate) fn messages(&self) -> Result<u64, LedgerError> {
        self.index_keys()?;
        let query = format!(
            "SELECT count(*) FROM (SELECT 1 FROM row WHERE person IS NOT NULL \
                AND {IS_NOT_SKIPPED} GROUP BY person, fingerprint)"
        );
        Ok(self.db.query_row(&query, [], |row| row.get(0))?)
    }

    /// Returns the matches of messages to send, by run and reason, the largest counts first.
    pub(crate) fn earlier(&self) -> Result<Vec<EarlierMessages>, LedgerError> {
        let query = format!(
            "SELECT run, reason, count(DISTINCT fingerprint), max(at) \
                FROM earlier JOIN row USING (n) WHERE {IS_SENT} GROUP BY run, reason \
                ORDER BY 3 DESC, 4 DESC"
        );
        read_rows(&self.db, &query, [], |row| {
            let run = row.get::<_, Option<String>>(0)?.unwrap_or_default();
            Ok(EarlierMessages {
                run,
                reason: reason_for_rank(row.get(1)?)?,
                rows: row.get(2)?,
                at: row.get(3)?,
            })
        })
    }

    /// Returns the runs that will send skipped rows of this list.
    pub(crate) fn awaited_runs(&self) -> Result<Vec<String>, LedgerError> {
        let query = "SELECT DISTINCT run FROM earlier JOIN row USING (n) \
            WHERE skipped = 'to_be_sent' AND run IS NOT NULL";
        read_rows(&self.db, query, [], |row| Ok(row.get(0)?))
    }

    /// Skips the rows with a match: the same message, or any message to the same recipient under
    /// `key`.
    pub(crate) fn skip_earlier(&mut self, key: Option<&OnceKey>) -> Result<(), LedgerError> {
        // The text names the minute, so most rows have the text of another one.
        let query = format!(
            "SELECT run, reason, at - at % {A_MINUTE} AS minute, group_concat(n) \
                FROM earlier JOIN row USING (n) WHERE {IS_SENT} GROUP BY run, reason, \
                minute, n / 1000"
        );
        let found = read_rows(&self.db, &query, [], |row| {
            let run = row.get::<_, Option<String>>(0)?;
            let earlier = EarlierRow {
                reason: reason_for_rank(row.get(1)?)?,
                at: row.get(2)?,
            };
            let problem = match key {
                Some(key) => earlier.describe_under(key, run.as_deref()),
                None => earlier.problem(run.as_deref().unwrap_or_default()),
            };
            let skip = SkipDetail {
                reason: earlier.reason,
                problem,
            };
            Ok((skip, row.get::<_, String>(3)?))
        })?;
        for (skip, rows) in found {
            for n in rows.split(',').filter_map(|n| n.parse().ok()) {
                self.skip(n, &skip)?;
            }
        }
        Ok(())
    }

    /// Finds the recipients with several rows. Returns whether there are any.
    pub(crate) fn find_repeated(&self) -> Result<bool, LedgerError> {
        self.index_keys()?;
        self.db.execute_batch(
            "DELETE FROM repeated; INSERT INTO repeated SELECT person FROM row \
                WHERE person IS NOT NULL GROUP BY person HAVING count(*) > 1",
        )?;
        Ok(self
            .db
            .query_row("SELECT EXISTS (SELECT 1 FROM repeated)", [], |row| {
                row.get(0)
            })?)
    }

    /// Skips each row with the same request as an earlier row, and passes it to `report`: its line,
    /// the earlier line, and the recipient.
    pub(crate) fn duplicates(
        &mut self,
        mut report: impl FnMut(u64, u64, &str),
    ) -> Result<(), LedgerError> {
        let query = format!(
            "SELECT n, line, first_line, recipient FROM (SELECT n, line, recipient, \
                first_value(n) OVER same AS first, first_value(line) OVER same AS first_line \
                FROM row WHERE person IN (SELECT person FROM repeated) \
                AND {IS_SENT} WINDOW same AS (PARTITION BY fingerprint ORDER BY n)) \
                WHERE n <> first ORDER BY n"
        );
        let found = read_rows(&self.db, &query, [], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get::<_, u64>(2)?,
                row.get::<_, String>(3)?,
            ))
        })?;
        for (n, line, first_line, recipient) in found {
            report(line, first_line, &recipient);
            let problem = msg!("is the same message as line {line}", line = first_line);
            self.skip_repeated(n, problem)?;
        }
        Ok(())
    }

    /// Skips each row that has the same recipient as an earlier unskipped row, or as a row skipped
    /// because of an earlier run. `report` receives the lines of both rows.
    pub(crate) fn keep_one_per_recipient(
        &mut self,
        mut report: impl FnMut(u64, u64),
    ) -> Result<(), LedgerError> {
        for (n, line, first_line) in self.repeated_rows(OF_EARLIER_RUNS)? {
            report(line, first_line);
            let problem = msg!("has the same recipient as line {line}", line = first_line);
            self.skip_repeated(n, problem)?;
        }
        Ok(())
    }

    fn skip_repeated(&mut self, n: i64, problem: Message) -> Result<(), LedgerError> {
        let reason = SkipReason::Repeated;
        self.skip(n, &SkipDetail { reason, problem })
    }

    /// Returns the unskipped rows with an earlier unskipped row for the same recipient, in order:
    /// the number and the line, and the line of the first row for the recipient. Call
    /// [`LedgerDraft::find_repeated`] first.
    pub(crate) fn followers(&self) -> Result<Vec<(i64, u64, u64)>, LedgerError> {
        self.repeated_rows("''")
    }

    /// Does the same as [`Self::followers`], but rows that are skipped for one of `reasons` count
    /// as earlier than all others.
    fn repeated_rows(&self, reasons: &str) -> Result<Vec<(i64, u64, u64)>, LedgerError> {
        let query = format!(
            "SELECT n, line, first_line FROM (SELECT n, line, skipped, \
                first_value(n) OVER same AS first, first_value(line) OVER same AS first_line \
                FROM row WHERE person IN (SELECT person FROM repeated) AND (skipped IS NULL \
                OR skipped IN ({reasons})) WINDOW same AS (PARTITION BY person \
                ORDER BY skipped IS NULL, n)) WHERE skipped IS NULL AND n <> first \
                ORDER BY n"
        );
        read_rows(&self.db, &query, [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
    }

    /// Removes all rows after the first `limit` rows, messages or recipients. Returns the line of
    /// the last remaining row if the limit is reached.
    pub(crate) fn cut(&mut self, limit: u64, of: LimitUnit) -> Result<Option<u64>, LedgerError> {
        let Some(before) = limit.checked_sub(1) else {
            return Ok(None);
        };
        // A recipient with a message from an earlier run gets none from this list, in any row.
        let without_earlier_message = format!(
            "AND person NOT IN (SELECT person FROM row WHERE person IS NOT NULL \
                AND skipped IN ({OF_EARLIER_RUNS}))"
        );
        let (key, only) = match of {
            LimitUnit::Rows => ("n", ""),
            LimitUnit::Messages => ("fingerprint", ""),
            LimitUnit::People => ("person", without_earlier_message.as_str()),
        };
        let query = format!(
            "SELECT n, line FROM row WHERE n IN (SELECT min(n) FROM row \
                WHERE {IS_SENT} {only} GROUP BY {key}) ORDER BY n LIMIT 1 OFFSET ?1"
        );
        let last = self
            .db
            .query_row(&query, [before], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((last, line)) = last else {
            return Ok(None);
        };
        self.keep(last)?;
        Ok(Some(line))
    }
}

/// The unit of a limit. Repeated items count once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitUnit {
    Rows,
    Messages,
    /// Recipients with a message from an earlier run do not count.
    People,
}
