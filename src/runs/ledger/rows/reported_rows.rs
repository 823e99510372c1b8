//! Reads the rows of a run for reports. A row in flight in a lost process is shown as unknown, as are
//! the rows of a stale run.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::jelou::api::{DeliveryFacts, DeliveryState};
use crate::runs::ledger::db::{SqlRow, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::joined_workers::JoinedWorkers;
use crate::runs::ledger::model::RowState;
use crate::runs::ledger::run::{Run, is_stale};
use crate::runs::ledger::types::{ReportRow, RowDelivery, RowFilter, read_reasons};

/// The number of rows in one page of a report.
const PAGE: i64 = 1000;
/// The columns of a row in a report. [`reported`] reads them.
const REPORTED: &str = "state, message_id, http_status, code, error, api_code, attempts, row.at, \
    began_at, ended_at, delivery, delivery_code, delivery_reason, delivered_at, read_at, worker";
/// The rows of a recipient in any run, with the message and the columns for [`is_stale`].
pub(crate) static FIND: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT line, recipient, cells, {REPORTED}, body, details, run.name AS run_name, \
            identity, finished_at FROM known CROSS JOIN row CROSS JOIN message CROSS JOIN run \
            WHERE known.person = ?1 AND row.run = known.run AND row.n = known.n \
            AND message.run = known.run AND message.n = known.n AND run.id = known.run \
            ORDER BY known.run, known.n"
    )
});
/// The lines of the list for a page of a report. PostgreSQL may join them with the rows in a way
/// that reads each line a thousand times, so they are read separately.
const LIST_LINES: &str = "SELECT n, line, recipient, cells FROM message WHERE run = ?1 AND n > ?2 \
    AND n <= ?3 ORDER BY n";
/// The rows for a page of a report.
pub(crate) static ROW_STATES: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT n, {REPORTED} FROM row WHERE run = ?1 AND n > ?2 AND n <= ?3 ORDER BY n")
});

impl Run {
    /// Passes every row that matches `filter` to `write`, in the order of the input. The state of a
    /// row is from the time when its page was read.
    pub(crate) fn report<E: From<LedgerError>>(
        &self,
        filter: &RowFilter,
        mut write: impl FnMut(ReportRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let last = self.one("SELECT coalesce(max(n), 0) AS last FROM row WHERE run = ?1")?;
        let last = last.int("last")?;
        let mut after = 0;
        while after < last {
            for row in self.reported_page(after)? {
                if filter.matches(&row) {
                    write(row)?;
                }
            }
            after += PAGE;
        }
        Ok(())
    }

    /// Returns the next rows of a report after row `after`. They are read in a short transaction,
    /// because a reader such as `less` may pause for hours. A transaction of that length would let
    /// the log of a file grow, and a database could not remove old rows.
    fn reported_page(&self, after: i64) -> Result<Vec<ReportRow>, LedgerError> {
        self.ledger.db().read_transaction(|db| {
            let query = "SELECT identity, finished_at FROM run WHERE id = ?1";
            let run = db.first(query, &values![self.id])?;
            let run = run.ok_or_else(|| LedgerError::changed(self.name()))?;
            let is_stale = is_stale(&run, db.0.identity())?;
            let stale = is_stale.then(|| LedgerError::stale_ledger(&self.name().to_string()));
            let joined = JoinedWorkers::read(db)?;
            let page = values![self.id, after, after + PAGE];
            let lines = db.rows(LIST_LINES, &page, |mut row| {
                Ok((row.int("n")?, ListLine::read(&mut row)?))
            })?;
            let mut lines: BTreeMap<i64, ListLine> = lines.into_iter().collect();
            let mut rows = Vec::with_capacity(lines.len());
            db.for_each_row(&ROW_STATES, &page, |mut row| {
                if let Some(line) = lines.remove(&row.int("n")?) {
                    rows.push(reported(line, &mut row, &joined, stale.as_ref())?);
                }
                Ok(())
            })?;
            Ok(rows)
        })
    }
}

/// The line of a row in the list.
pub(crate) struct ListLine {
    line: u64,
    recipient: Option<String>,
    cells: String,
}

impl ListLine {
    /// Reads the columns `line, recipient, cells`.
    pub(crate) fn read(row: &mut SqlRow) -> Result<Self, LedgerError> {
        Ok(Self {
            line: row.count("line")?,
            recipient: row.opt_take_text("recipient")?,
            cells: row.take_text("cells")?,
        })
    }
}

/// Reads a row of [`REPORTED`]. Reading the columns in their order is faster.
pub(crate) fn reported(
    line: ListLine,
    row: &mut SqlRow,
    joined: &JoinedWorkers,
    stale_reason: Option<&LedgerError>,
) -> Result<ReportRow, LedgerError> {
    let ListLine {
        line,
        recipient,
        cells,
    } = line;
    let state = row.parse("state", RowState::from_name)?;
    let message_id = row.opt_take_text("message_id")?;
    let http_status = row.opt_int("http_status")?;
    let code = row.opt_take_text("code")?;
    let error = row.opt_text("error")?.map(read_reasons);
    let api_code = row.opt_take_text("api_code")?;
    let attempts = row.int("attempts")?;
    let at = row.opt_int("at")?;
    let began_at = row.opt_int("began_at")?;
    let ended_at = row.opt_int("ended_at")?;
    let delivery = match delivery_facts(row)? {
        None => None,
        Some(facts) => Some(RowDelivery {
            facts,
            delivered_at: row.opt_int("delivered_at")?,
            read_at: row.opt_int("read_at")?,
        }),
    };
    let worker = row.opt_int("worker")?;
    let read = ReportRow {
        line,
        recipient,
        cells,
        state,
        message_id,
        http_status: http_status.and_then(|status| u16::try_from(status).ok()),
        code: code.or_else(|| (state != RowState::Sent).then(|| state.name().to_owned())),
        error,
        api_code,
        attempts: u32::try_from(attempts).unwrap_or_default(),
        at,
        ended_at: ended_at.or(at.filter(|_| began_at.is_some() && state != RowState::Inflight)),
        delivery,
    };
    let read = match joined.lost_reason(worker.filter(|_| state == RowState::Inflight)) {
        Some(reason) => read.with_lost_process(reason),
        None => read,
    };
    Ok(match stale_reason {
        Some(reason) => read.with_lost_records(reason),
        None => read,
    })
}

/// Reads the columns `delivery, delivery_code, delivery_reason`.
pub(crate) fn delivery_facts(row: &mut SqlRow) -> Result<Option<DeliveryFacts>, LedgerError> {
    let Some(status) = row.opt_take_text("delivery")? else {
        return Ok(None);
    };
    let code = row.opt_take_text("delivery_code")?;
    let reason = row.opt_take_text("delivery_reason")?;
    Ok(Some(DeliveryFacts {
        code,
        reason,
        ..DeliveryFacts::new(DeliveryState::from_status(&status))
    }))
}
