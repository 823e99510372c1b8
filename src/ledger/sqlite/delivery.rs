//! What is known about the messages of a run in a file after they were accepted, and which attempts may have sent them.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, Row as SqlRow, params};

use super::commit::Batch;
use super::{Ledger, text_of, walk};
use crate::api::{DeliveryFacts, DeliveryState};
use crate::ledger::{
    DecidedRow, DeliveryCounts, DeliveryNews, KnownAttempt, KnownDelivery, LearntDelivery, LedgerError, ProvenRow,
    RowState, now,
};
use crate::timestamps::of_milliseconds;

/// Attempts that may have reached Jelou, for rows with a request.
const ATTEMPTS: &str = "SELECT attempt.n, recipient, path, body, began_at, \
     NOT EXISTS (SELECT 1 FROM attempt AS later LEFT JOIN outcome USING (n, number) WHERE later.n = attempt.n \
       AND later.number > attempt.number AND (state IS NULL OR state = 'sent' OR state = 'unknown')) AS is_last, \
     outcome.message_id, \
     standing.state, standing.number, last.number, last.status, last.at, last.code, last.reason, \
     (SELECT min(learnt_at) FROM delivery WHERE delivery.n = attempt.n AND status = last.status), \
     (SELECT message_id FROM delivery WHERE delivery.n = attempt.n AND message_id IS NOT NULL) \
     FROM attempt JOIN row ON row.n = attempt.n JOIN content ON content.n = attempt.n \
     JOIN standing ON standing.n = attempt.n \
     LEFT JOIN outcome ON outcome.n = attempt.n AND outcome.number = attempt.number \
     LEFT JOIN delivery AS last ON last.n = attempt.n \
       AND last.number = (SELECT max(number) FROM delivery WHERE delivery.n = attempt.n) \
     WHERE began_at BETWEEN ?1 AND ?2 AND (outcome.state IS NULL OR outcome.state = 'sent' OR outcome.state = 'unknown') \
     ORDER BY attempt.n, attempt.number";

/// Accepted messages with an id about which nothing was learned: all of them, and those that left before this time.
const SILENT: &str = "SELECT count(*), coalesce(sum(ended_at <= ?1), 0) FROM outcome \
     WHERE state = 'sent' AND message_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.n = outcome.n)";

impl Batch<'_> {
    /// Adds the news. Returns how many unknown rows are now sent.
    pub(super) fn learn(&mut self, news: &DeliveryNews) -> rusqlite::Result<u64> {
        let at = now();
        let (mut proven, mut refuted) = (0, HashSet::new());
        for row in &news.proven {
            if self.prove(row, at)? {
                proven += 1;
            } else {
                refuted.insert(row.n);
            }
        }
        for learnt in news.learnt.iter().filter(|learnt| !refuted.contains(&learnt.n)) {
            self.add_delivery(learnt, at)?;
        }
        if let Some((at, rows)) = news.asked {
            self.db.execute("INSERT INTO inquiry (at, rows) VALUES (?1, ?2)", params![at, rows])?;
        }
        Ok(proven)
    }

    /// Records that the row was sent, if it is still unknown.
    fn prove(&mut self, row: &ProvenRow, at: i64) -> rusqlite::Result<bool> {
        let change = [RowState::Unknown, RowState::Sent];
        let query = "SELECT EXISTS (SELECT 1 FROM standing WHERE n = ?1 AND number = ?2 AND state = ?3)";
        let is_unknown: bool =
            self.db.prepare_cached(query)?.query_row(params![row.n, row.number, change[0].name()], |row| row.get(0))?;
        if !is_unknown {
            return Ok(false);
        }
        self.decide(DecidedRow { n: row.n, number: row.number, change }, &row.evidence, at)?;
        Ok(true)
    }

    /// Adds how far a message came, unless another process has learned something about it meanwhile.
    fn add_delivery(&self, learnt: &LearntDelivery, at: i64) -> rusqlite::Result<()> {
        let mut statement = self.db.prepare_cached(
            "INSERT INTO delivery (n, number, learnt_at, status, at, code, reason, message_id) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 \
             WHERE ?2 = 1 + (SELECT coalesce(max(number), 0) FROM delivery WHERE n = ?1)",
        )?;
        let mut message_id = learnt.message_id.as_deref();
        for (number, facts) in (learnt.after + 1..).zip(&learnt.steps) {
            let since = facts.at.map(jiff::Timestamp::as_millisecond);
            let DeliveryFacts { state, code, reason, .. } = facts;
            statement.execute(params![learnt.n, number, at, state.status(), since, code, reason, message_id.take()])?;
        }
        Ok(())
    }
}

impl Ledger {
    pub(super) fn attempts(
        &self,
        [first, last]: [i64; 2],
        each: &mut dyn FnMut(KnownAttempt),
    ) -> Result<(), LedgerError> {
        walk(&self.db, ATTEMPTS, [first, last], |row| {
            let mut attempt = attempt(row)?;
            // The process that sent it is gone.
            if self.is_at_rest && attempt.row == RowState::Inflight {
                attempt.row = RowState::Unknown;
            }
            each(attempt);
            Ok(())
        })
    }

    pub(super) fn counts_of_deliveries(&self) -> Result<Option<DeliveryCounts>, LedgerError> {
        let query = "SELECT at, rows FROM inquiry ORDER BY number DESC LIMIT 1";
        let asked: Option<(i64, u64)> =
            self.db.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((asked_at, asked)) = asked else { return Ok(None) };
        let mut counts = DeliveryCounts { asked_at, asked, ..DeliveryCounts::default() };
        let query = "SELECT status, code, reason, count(*) FROM delivery AS last WHERE NOT EXISTS (SELECT 1 FROM delivery \
                     WHERE delivery.n = last.n AND delivery.number > last.number) GROUP BY status, code, reason";
        walk(&self.db, query, [], |row| {
            let facts = DeliveryFacts {
                code: row.get(1)?,
                reason: row.get(2)?,
                ..DeliveryFacts::new(DeliveryState::of_status(text_of(row, 0)?))
            };
            counts.add(&facts, row.get(3)?);
            Ok(())
        })?;
        let (silent, before): (u64, u64) =
            self.db.query_row(SILENT, [asked_at], |row| Ok((row.get(0)?, row.get(1)?)))?;
        counts.add_silent(self.read_progress()?.records.counts.sent, silent, before);
        Ok(Some(counts))
    }
}

fn attempt(row: &SqlRow<'_>) -> rusqlite::Result<KnownAttempt> {
    let delivery = match row.get::<_, Option<i64>>(9)? {
        None => None,
        Some(number) => Some(KnownDelivery {
            number,
            facts: DeliveryFacts {
                state: DeliveryState::of_status(&row.get::<_, String>(10)?),
                at: row.get::<_, Option<i64>>(11)?.map(of_milliseconds),
                code: row.get(12)?,
                reason: row.get(13)?,
            },
            since: row.get(14)?,
        }),
    };
    let (is_last, answered): (bool, Option<String>) = (row.get(5)?, row.get(6)?);
    let found: Option<String> = row.get(15)?;
    Ok(KnownAttempt {
        n: row.get(0)?,
        recipient: row.get(1)?,
        path: row.get(2)?,
        body: row.get(3)?,
        began_at: row.get(4)?,
        is_last,
        message_id: answered.or(found.filter(|_| is_last)),
        row: row.get(7)?,
        row_number: row.get(8)?,
        delivery,
        may_still_speak: false,
    })
}
