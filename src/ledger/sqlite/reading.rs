//! Reads a run whose ledger is a file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use rusqlite::{Connection, OptionalExtension, Row as SqlRow};

use super::integrity::conditions_checksum;
use super::{Ledger, text_of, walk};
use crate::api::{DeliveryFacts, DeliveryState};
use crate::ledger::{
    Counts, DeliveryCounts, Details, FoundRow, KnownAttempt, LedgerError, QueuedRow, ReportedDelivery, ReportedRow,
    Run, RunEvent, SkipCounts, StandingRow, hash_of_person,
};
use crate::phone::person_key;

/// For rows whose last record is an outcome or a decision.
const REASONS: &str = "SELECT coalesce(api_code, code, state), count(*) FROM outcome AS last \
     WHERE (state = 'failed' AND ?1 OR state = 'unknown') \
     AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.n = last.n AND attempt.number > last.number) \
     AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.n = last.n AND decision.number > last.number) \
     GROUP BY 1 \
     UNION ALL SELECT 'resolved', count(*) FROM decision AS last WHERE (\"to\" = 'failed' OR \"to\" = 'unknown') \
     AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.n = last.n AND attempt.number > last.number) \
     AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.n = last.n AND decision.number > last.number)";

/// The last answer stays, even if a person decided the row later.
const REPORTED: &str = "SELECT line, standing.state, cells, \
     coalesce(message_id, (SELECT delivery.message_id FROM delivery WHERE delivery.n = row.n AND delivery.message_id IS NOT NULL)), \
     http_status, \
     CASE WHEN \"to\" = 'skipped' THEN reason WHEN \"to\" IS NOT NULL THEN 'resolved' \
       ELSE coalesce(code, nullif(standing.state, 'sent')) END, \
     CASE WHEN \"to\" IS NULL THEN error WHEN error IS NULL THEN problem \
       ELSE problem || '; before that: ' || error END, \
     (SELECT count(*) FROM attempt WHERE attempt.n = row.n), standing.at, recipient, api_code, ended_at, \
     status, told_code, told_reason, \
     (SELECT max(delivery.at) FROM delivery WHERE delivery.n = row.n AND delivery.status = 'DELIVERED_USER'), \
     (SELECT max(delivery.at) FROM delivery WHERE delivery.n = row.n AND delivery.status = 'READ') \
     FROM row JOIN content USING (n) JOIN standing USING (n) \
     LEFT JOIN outcome ON outcome.n = row.n \
       AND outcome.number = (SELECT max(number) FROM outcome WHERE outcome.n = row.n) \
     LEFT JOIN decision ON decision.n = row.n AND decision.number = standing.number \
     LEFT JOIN (SELECT n AS told_n, number AS told_number, status, code AS told_code, reason AS told_reason FROM delivery) \
       ON told_n = row.n AND told_number = (SELECT max(number) FROM delivery WHERE delivery.n = row.n)";

impl Run for Ledger {
    /// The file has this name too, unless it is a copy.
    fn name(&self) -> Result<String, LedgerError> {
        Ok(self.db.query_row("SELECT name FROM run", [], |row| row.get(0))?)
    }

    fn details(&self) -> Result<Details, LedgerError> {
        let query = "SELECT details, conditions, conditions_checksum FROM run, progress";
        let (details, conditions, checksum): (String, Option<String>, Option<i64>) =
            self.db.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        if conditions.as_deref().map(conditions_checksum) != checksum {
            return Err(LedgerError::damaged("the conditions of the run were changed"));
        }
        Details::of_json(&details, conditions.as_deref())
    }

    fn created_at(&self) -> Result<i64, LedgerError> {
        Ok(self.db.query_row("SELECT created_at FROM run", [], |row| row.get(0))?)
    }

    fn changed_at(&self) -> Result<i64, LedgerError> {
        Ok(self.read_progress()?.records.changed_at)
    }

    fn damage(&self) -> Option<&LedgerError> {
        self.damage.as_ref()
    }

    fn into_whole(self: Box<Self>) -> Result<Box<dyn Run>, LedgerError> {
        Ok(Box::new(Self::into_whole(*self)?))
    }

    fn is_at_rest(&self) -> bool {
        self.is_at_rest
    }

    /// The counts after the last commit. They are compared with the records whenever the ledger is opened for writing
    /// or is read whole.
    fn noted_counts(&self) -> Result<Counts, LedgerError> {
        let counts = self.read_progress()?.records.counts;
        // Counts that do not add up are wrong.
        Ok(if self.damage.is_some() && counts.all() != self.rows()? {
            self.integrity_scan()?.records.counts
        } else {
            counts
        })
    }

    fn skip_counts(&self) -> Result<SkipCounts, LedgerError> {
        skip_counts(&self.db)
    }

    fn noted_reasons(&self, failed_too: bool) -> Result<BTreeMap<String, u64>, LedgerError> {
        let mut reasons = BTreeMap::new();
        walk(&self.db, REASONS, [failed_too], |row| {
            let count: u64 = row.get(1)?;
            if count > 0 {
                // A code of the API may have the same name as one of jelouctl.
                *reasons.entry(row.get(0)?).or_default() += count;
            }
            Ok(())
        })?;
        Ok(reasons)
    }

    fn events(&self) -> Result<Vec<RunEvent>, LedgerError> {
        let mut statement = self.db.prepare("SELECT kind, at, reason, problem, until FROM event ORDER BY number")?;
        let events = statement.query_map([], |row| {
            Ok(RunEvent {
                kind: row.get(0)?,
                at: row.get(1)?,
                reason: row.get(2)?,
                problem: row.get(3)?,
                until: row.get(4)?,
            })
        })?;
        Ok(events.collect::<Result<_, _>>()?)
    }

    fn first_message(&self) -> Result<Option<(String, String)>, LedgerError> {
        let query = "SELECT recipient, body FROM row JOIN content USING (n) WHERE recipient IS NOT NULL ORDER BY \
                     EXISTS (SELECT 1 FROM decision WHERE decision.n = row.n AND \"to\" = 'skipped'), n LIMIT 1";
        Ok(self.db.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    fn pending_behind(&self, after: i64, most: usize) -> Result<Vec<QueuedRow>, LedgerError> {
        self.pending_within(after, most)
    }

    fn each_row(&self, each: &mut dyn FnMut(ReportedRow) -> ControlFlow<()>) -> Result<(), LedgerError> {
        let mut statement = self.db.prepare(&format!("{REPORTED} ORDER BY row.n"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if each(reported(row)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn each_attempt(&self, began: [i64; 2], each: &mut dyn FnMut(KnownAttempt)) -> Result<(), LedgerError> {
        self.attempts(began, each)
    }

    fn delivery_counts(&self) -> Result<Option<DeliveryCounts>, LedgerError> {
        self.counts_of_deliveries()
    }

    fn at_lines(&self, lines: &BTreeSet<u64>) -> Result<BTreeMap<u64, StandingRow>, LedgerError> {
        let mut found = BTreeMap::new();
        if lines.is_empty() {
            return Ok(found);
        }
        walk(&self.db, "SELECT line, n FROM row", [], |row| {
            let line = row.get(0)?;
            if lines.contains(&line) {
                found.insert(line, self.standing(row.get(1)?)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    fn to_person(&self, recipient: &str) -> Result<Vec<StandingRow>, LedgerError> {
        self.numbers_to(recipient)?.into_iter().map(|n| self.standing(n)).collect()
    }
}

impl Ledger {
    /// The rows for the person in `recipient`, in the order of the list.
    pub(crate) fn rows_to(&self, recipient: &str) -> Result<Vec<FoundRow>, LedgerError> {
        let mut found = Vec::new();
        let mut statement =
            self.db.prepare_cached("SELECT recipient, body FROM row JOIN content USING (n) WHERE n = ?1")?;
        for n in self.numbers_to(recipient)? {
            let (recipient, body) = statement.query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
            found.push(FoundRow { recipient, body, reported: self.reported_row(n)? });
        }
        Ok(found)
    }

    /// The numbers of these rows. This scans all rows, since a damaged index could hide one.
    pub(super) fn numbers_to(&self, recipient: &str) -> Result<Vec<i64>, LedgerError> {
        let query = "SELECT n, recipient FROM row NOT INDEXED WHERE person = ?1 ORDER BY n";
        let mut numbers = Vec::new();
        walk(&self.db, query, [hash_of_person(recipient)], |row| {
            // Two people may share a hash.
            if person_key(text_of(row, 1)?) == person_key(recipient) {
                numbers.push(row.get(0)?);
            }
            Ok(())
        })?;
        Ok(numbers)
    }

    /// A row, as reports show it.
    fn reported_row(&self, n: i64) -> Result<ReportedRow, LedgerError> {
        let query = format!("{REPORTED} WHERE row.n = ?1");
        let row = self.db.prepare_cached(&query)?.query_row([n], reported)?;
        Ok(row.shown(self.damage.as_ref(), self.is_at_rest))
    }

    pub(super) fn standing(&self, n: i64) -> Result<StandingRow, LedgerError> {
        let query =
            "SELECT standing.n, number, line, state, recipient FROM standing JOIN row USING (n) WHERE standing.n = ?1";
        Ok(self.db.prepare_cached(query)?.query_row([n], |row| {
            Ok(StandingRow {
                n: row.get(0)?,
                number: row.get(1)?,
                line: row.get(2)?,
                state: row.get(3)?,
                recipient: row.get(4)?,
            })
        })?)
    }
}

/// The number of skipped rows of a ledger, or of a draft, for each reason.
pub(super) fn skip_counts(db: &Connection) -> Result<SkipCounts, LedgerError> {
    let query = "SELECT reason, count(*) FROM decision WHERE \"to\" = 'skipped' GROUP BY reason";
    let mut statement = db.prepare(query)?;
    let counts = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    SkipCounts::of(counts.collect::<Result<Vec<_>, _>>()?)
}

fn reported(row: &SqlRow<'_>) -> rusqlite::Result<ReportedRow> {
    Ok(ReportedRow {
        line: row.get(0)?,
        state: row.get(1)?,
        cells: row.get(2)?,
        message_id: row.get(3)?,
        http_status: row.get(4)?,
        code: row.get(5)?,
        error: row.get(6)?,
        attempts: row.get(7)?,
        at: row.get(8)?,
        recipient: row.get(9)?,
        api_code: row.get(10)?,
        ended_at: row.get(11)?,
        delivery: row.get::<_, Option<String>>(12)?.map(|status| delivery(&status, row)).transpose()?,
    })
}

fn delivery(status: &str, row: &SqlRow<'_>) -> rusqlite::Result<ReportedDelivery> {
    let facts = DeliveryFacts {
        code: row.get(13)?,
        reason: row.get(14)?,
        ..DeliveryFacts::new(DeliveryState::of_status(status))
    };
    Ok(ReportedDelivery { facts, delivered_at: row.get(15)?, read_at: row.get(16)? })
}
