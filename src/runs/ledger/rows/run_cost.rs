//! Estimates what a run costs.

use crate::jelou::api::DeliveryState;
use crate::runs::cost::RunCost;
use crate::runs::ledger::db::{SqlRow, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::run::Run;
use crate::runs::ledger::types::RunSettings;

/// The rows of a run with the same charge.
struct ChargedRows {
    /// The index of the charge in the estimate.
    charge: u64,
    all: u64,
    sent: u64,
    delivered: u64,
}

const CHARGES: &str = "SELECT charge, count(*) AS rows, \
    count(CASE WHEN state = 'sent' THEN 1 END) AS sent, count(CASE WHEN state = 'sent' \
    AND delivery IN (?2, ?3, ?4) THEN 1 END) AS delivered FROM row CROSS JOIN message \
    WHERE row.run = ?1 AND state <> 'skipped' AND message.run = row.run \
    AND message.n = row.n AND charge IS NOT NULL GROUP BY charge";

fn charged_rows(row: &SqlRow) -> Result<ChargedRows, LedgerError> {
    Ok(ChargedRows {
        charge: row.count("charge")?,
        all: row.count("rows")?,
        sent: row.count("sent")?,
        delivered: row.count("delivered")?,
    })
}

impl Run {
    /// Estimates the cost of all messages that are not skipped, of the sent ones, and of the
    /// delivered ones. Delivery is unknown before the first delivery check. Returns None without
    /// prices.
    pub(crate) fn spent(&self) -> Result<Option<RunCost>, LedgerError> {
        let RunSettings {
            estimate: Some(estimate),
            sandbox: is_sandbox,
            ..
        } = self.details()?
        else {
            return Ok(None);
        };
        let is_asked = self.asked_at()?.is_some();
        let delivered = DeliveryState::Delivered;
        let read = DeliveryState::Read;
        let replied = DeliveryState::Replied;
        let values = values![self.id, delivered.status(), read.status(), replied.status()];
        let rows_by_charge = self
            .ledger
            .db()
            .rows(CHARGES, &values, |row| charged_rows(&row))?;
        let with_counts = |count: fn(&ChargedRows) -> u64| {
            estimate.with_counts(|place| {
                let charge = rows_by_charge
                    .iter()
                    .find(|rows| rows.charge == place as u64);
                charge.map(count).unwrap_or_default()
            })
        };
        let all = with_counts(|rows| rows.all);
        let sent = with_counts(|rows| rows.sent);
        let delivered = with_counts(|rows| rows.delivered);
        Ok(Some(RunCost {
            is_sandbox,
            sent,
            delivered: is_asked.then_some(delivered),
            estimate: all,
        }))
    }
}
