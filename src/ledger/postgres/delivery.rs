//! The deliveries of a database run's messages, and the attempts that may have sent them.

use tokio_postgres::{Error, Row};

use super::database::{LONG, SHORT, column, small, storable};
use super::joined_run::JoinedRun;
use super::reading::DatabaseRun;
use crate::api::{DeliveryFacts, DeliveryState};
use crate::ledger::{DeliveryCounts, DeliveryNews, KnownAttempt, KnownDelivery, LedgerError, RowState};
use crate::timestamps::of_milliseconds;

/// Number of rows whose attempts are read at once.
const PAGE: i64 = 2000;

/// Attempts that may have reached Jelou, for a page of rows after a given one. A row in flight has no outcome yet, so
/// the row itself stands for its attempt.
const ATTEMPTS: &str = "WITH page AS (SELECT n, state, number, worker, lease_until, began_at FROM jelouctl.row \
       WHERE run = $1 AND n > $2 ORDER BY n LIMIT $3), \
     attempt AS (SELECT n, outcome.number, outcome.began_at, outcome.message_id FROM jelouctl.outcome JOIN page USING (n) \
         WHERE run = $1 AND outcome.state IN ('sent', 'unknown') \
       UNION ALL SELECT n, number, began_at, NULL FROM page WHERE state = 'inflight') \
     SELECT page.n, attempt.number, recipient, path, body, (extract(epoch FROM attempt.began_at) * 1000)::bigint, \
       coalesce(attempt.number = max(attempt.number) OVER (PARTITION BY page.n), false), \
       attempt.message_id, page.state, page.number, last.number, last.status, (extract(epoch FROM last.at) * 1000)::bigint, \
       last.code, last.reason, (extract(epoch FROM first.learnt_at) * 1000)::bigint, found.message_id, \
       page.lease_until IS NOT NULL AND EXISTS (SELECT 1 FROM jelouctl.worker WHERE worker.id = page.worker \
         AND left_at IS NULL AND seen_at > clock_timestamp() - lease_ms * interval '1 ms') \
     FROM page LEFT JOIN attempt USING (n) JOIN jelouctl.content ON content.run = $1 AND content.n = page.n \
     LEFT JOIN LATERAL (SELECT * FROM jelouctl.delivery WHERE delivery.run = $1 AND delivery.n = page.n \
       ORDER BY delivery.number DESC LIMIT 1) AS last ON true \
     LEFT JOIN LATERAL (SELECT min(learnt_at) AS learnt_at FROM jelouctl.delivery WHERE delivery.run = $1 \
       AND delivery.n = page.n AND delivery.status = last.status) AS first ON true \
     LEFT JOIN LATERAL (SELECT message_id FROM jelouctl.delivery WHERE delivery.run = $1 AND delivery.n = page.n \
       AND message_id IS NOT NULL LIMIT 1) AS found ON true \
     ORDER BY page.n, attempt.number";

/// Accepted messages with an id and no known delivery: all of them, and those sent before the last look.
const SILENT: &str = "SELECT count(*), count(*) FILTER (WHERE ended_at <= (SELECT max(at) FROM jelouctl.inquiry WHERE run = $1)) \
     FROM jelouctl.outcome WHERE run = $1 AND state = 'sent' AND message_id IS NOT NULL \
     AND NOT EXISTS (SELECT 1 FROM jelouctl.delivery WHERE delivery.run = $1 AND delivery.n = outcome.n)";

/// The number of messages in each state, by the latest delivery record.
const COUNTS: &str = "SELECT status, code, reason, count(*) FROM (SELECT DISTINCT ON (n) status, code, reason \
     FROM jelouctl.delivery WHERE run = $1 ORDER BY n, number DESC) AS last GROUP BY 1, 2, 3";

impl DatabaseRun {
    pub(super) fn attempts(
        &self,
        [first, last]: [i64; 2],
        each: &mut dyn FnMut(KnownAttempt),
    ) -> Result<(), LedgerError> {
        let numbered = |row: &Row| Ok((row.try_get(0)?, attempt(row)?));
        let mut after = 0_i64;
        loop {
            let page = self.runs.rows(LONG, ATTEMPTS, &[&self.id.0, &after, &PAGE], numbered)?;
            let Some((end, _)) = page.last() else { return Ok(()) };
            after = *end;
            let attempts = page.into_iter().filter_map(|(_, attempt)| attempt);
            attempts.filter(|attempt| (first..=last).contains(&attempt.began_at)).for_each(&mut *each);
        }
    }

    pub(super) fn counts_of_deliveries(&self, sent: u64) -> Result<Option<DeliveryCounts>, LedgerError> {
        let query = "SELECT (extract(epoch FROM at) * 1000)::bigint, rows FROM jelouctl.inquiry WHERE run = $1 \
                     ORDER BY number DESC LIMIT 1";
        let asked = self.runs.rows(SHORT, query, &[&self.id.0], |row| Ok((row.try_get(0)?, number(row, 1)?)))?.pop();
        let Some((asked_at, asked)) = asked else { return Ok(None) };
        let mut counts = DeliveryCounts { asked_at, asked, ..DeliveryCounts::default() };
        let read = |row: &Row| {
            let state = DeliveryState::of_status(row.try_get(0)?);
            let (code, reason) = (row.try_get(1)?, row.try_get(2)?);
            Ok((DeliveryFacts { code, reason, ..DeliveryFacts::new(state) }, number(row, 3)?))
        };
        for (facts, messages) in self.runs.rows(LONG, COUNTS, &[&self.id.0], read)? {
            counts.add(&facts, messages);
        }
        let silent = |row: &Row| Ok((number(row, 0)?, number(row, 1)?));
        let (silent, before) = self.runs.one(LONG, SILENT, &[&self.id.0], silent)?;
        counts.add_silent(sent, silent, before);
        Ok(Some(counts))
    }
}

fn number(row: &Row, column: usize) -> Result<u64, Error> {
    Ok(row.try_get::<_, i64>(column)?.unsigned_abs())
}

impl JoinedRun {
    /// Writes the deliveries in one transaction. Returns how many unknown rows are now sent.
    pub(super) fn keep(&self, news: &DeliveryNews) -> Result<u64, LedgerError> {
        let proven = &news.proven;
        let steps = news.learnt.iter().flat_map(|learnt| {
            let mut id = learnt.message_id.as_deref();
            (learnt.after + 1..).zip(&learnt.steps).map(move |(number, facts)| (learnt.n, number, facts, id.take()))
        });
        let steps: Vec<_> = steps.collect();
        let (asked_at, asked) = news.asked.map(|(at, rows)| (at, i64::try_from(rows).unwrap_or(i64::MAX))).unzip();
        let query = "SELECT jelouctl.learn($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        let proven: i64 = self.runs.value(
            LONG,
            query,
            &[
                &self.id.0,
                &column(proven, |row| row.n),
                &column(proven, |row| small(row.number)),
                &column(proven, |row| storable(&row.evidence)),
                &column(&steps, |(n, ..)| *n),
                &column(&steps, |(_, number, ..)| small(*number)),
                &column(&steps, |(_, _, facts, _)| storable(facts.state.status())),
                &column(&steps, |(_, _, facts, _)| facts.at.map(jiff::Timestamp::as_millisecond)),
                &column(&steps, |(_, _, facts, _)| facts.code.as_deref().map(storable)),
                &column(&steps, |(_, _, facts, _)| facts.reason.as_deref().map(storable)),
                &column(&steps, |(.., id)| id.map(storable)),
                &asked_at,
                &asked,
            ],
        )?;
        Ok(proven.unsigned_abs())
    }
}

/// An attempt; None if the row has none.
fn attempt(row: &Row) -> Result<Option<KnownAttempt>, Error> {
    let (number, is_last): (Option<i32>, bool) = (row.try_get(1)?, row.try_get(6)?);
    if number.is_none() {
        return Ok(None);
    }
    let (answered, found): (Option<String>, Option<String>) = (row.try_get(7)?, row.try_get(16)?);
    let delivery = match row.try_get::<_, Option<i32>>(10)? {
        None => None,
        Some(number) => Some(KnownDelivery {
            number: number.into(),
            facts: DeliveryFacts {
                state: DeliveryState::of_status(row.try_get(11)?),
                at: row.try_get::<_, Option<i64>>(12)?.map(of_milliseconds),
                code: row.try_get(13)?,
                reason: row.try_get(14)?,
            },
            since: row.try_get(15)?,
        }),
    };
    Ok(Some(KnownAttempt {
        n: row.try_get(0)?,
        recipient: row.try_get::<_, Option<String>>(2)?.unwrap_or_default(),
        path: row.try_get::<_, Option<String>>(3)?.unwrap_or_default(),
        body: row.try_get::<_, Option<String>>(4)?.unwrap_or_default(),
        began_at: row.try_get(5)?,
        is_last,
        message_id: answered.or(found.filter(|_| is_last)),
        row: RowState::of_name(row.try_get(8)?).unwrap_or(RowState::Unknown),
        row_number: row.try_get::<_, i32>(9)?.into(),
        delivery,
        may_still_speak: row.try_get(17)?,
    }))
}
