//! Why rows were not sent, or may have been: how many for each reason.

use std::collections::BTreeMap;

use super::Ledger;
use super::integrity::DAMAGED;
use crate::ledger::LedgerError;

/// Of rows whose last record is an outcome or a decision.
const REASONS: &str = "SELECT coalesce(api_code, code, state), count(*) FROM outcome AS last \
     WHERE (state = 'failed' AND ?1 OR state = 'unknown') \
     AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.row = last.row AND attempt.number > last.number) \
     AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.row = last.row AND decision.number > last.number) \
     GROUP BY 1 \
     UNION ALL SELECT 'resolved', count(*) FROM decision AS last WHERE (\"to\" = 'failed' OR \"to\" = 'unknown') \
     AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.row = last.row AND attempt.number > last.number) \
     AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.row = last.row AND decision.number > last.number)";

impl Ledger {
    /// How many failed and unknown rows there are for each reason: the API's own code where it gave one, else the
    /// record's, else `resolved` for what a person decided.
    pub(crate) fn reasons(&self) -> Result<BTreeMap<String, u64>, LedgerError> {
        let (noted, counts) = (self.noted_counts()?, self.counts()?);
        if counts.failed + counts.unknown == 0 {
            return Ok(BTreeMap::new());
        }
        let mut statement = self.db.prepare(REASONS)?;
        // Of a damaged ledger those that failed are unknown too.
        let mut rows = statement.query([self.damage.is_none()])?;
        let mut reasons = BTreeMap::new();
        if counts.unknown > noted.unknown {
            reasons.insert(DAMAGED.to_owned(), counts.unknown - noted.unknown);
        }
        while let Some(row) = rows.next()? {
            let count: u64 = row.get(1)?;
            if count > 0 {
                // The API may have a code that is called as a name of ours.
                *reasons.entry(row.get(0)?).or_default() += count;
            }
        }
        Ok(reasons)
    }
}
