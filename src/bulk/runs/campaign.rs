//! Whether another run sends the same requests: a second campaign is taken for a mistake.

use super::directory::Runs;
use super::name::RunName;
use crate::bulk::ledger::{Details, Ledger, LedgerError, now};

/// For so long after its end the same campaign is taken for a mistake: 12 hours, in milliseconds.
const REMEMBERED_AFTER_ITS_END: i64 = 12 * 60 * 60 * 1000;

/// A run that sends the same requests.
#[derive(Debug)]
pub(crate) struct SameCampaign {
    pub(crate) run: RunName,
    /// Whether nothing of it is left to be done.
    pub(crate) is_finished: bool,
}

impl Runs {
    /// A run that sends the same requests from the same bot to the same address, and is not finished or was not long
    /// ago. A ledger that cannot be read says nothing about its campaign.
    pub(crate) fn same_campaign(
        &self,
        details: &Details,
        digest: [u8; 16],
    ) -> Result<Option<SameCampaign>, LedgerError> {
        let same = |name: &RunName| self.compare(name, details, digest).unwrap_or_default();
        Ok(self.names()?.iter().find_map(same))
    }

    fn compare(
        &self,
        name: &RunName,
        details: &Details,
        digest: [u8; 16],
    ) -> Result<Option<SameCampaign>, LedgerError> {
        let run = Ledger::read(&self.path(name))?;
        if run.digest()? != digest {
            return Ok(None);
        }
        let finished_at = run.finished_at()?;
        if finished_at.is_some_and(|at| now() - at >= REMEMBERED_AFTER_ITS_END) {
            return Ok(None);
        }
        let other = run.details()?;
        let is_same =
            other.bot == details.bot && other.api_url == details.api_url && !other.sandbox && !details.sandbox;
        let found = SameCampaign { run: name.clone(), is_finished: finished_at.is_some() };
        Ok(is_same.then_some(found))
    }
}
