//! Whether another run sends the same requests: a second campaign is taken for a mistake.

use super::directory::Runs;
use super::name::RunName;
use crate::bulk::ledger::{Details, Ledger, LedgerError, now};

/// For so long after its end the same campaign is taken for a mistake: 12 hours, in milliseconds.
const REMEMBERED_AFTER_ITS_END: i64 = 12 * 60 * 60 * 1000;

/// Another run, because of which a new one is not begun.
#[derive(Debug)]
pub(crate) enum OtherCampaign {
    /// It sends the same requests. `is_finished` says whether nothing of it is left to be done.
    Same { run: RunName, is_finished: bool },
    /// It is of the same bot at the same address, and what it sends cannot be known.
    Unreadable { run: RunName, error: LedgerError },
}

impl Runs {
    /// A run that sends the same requests from the same bot to the same address and is not finished or was not long ago,
    /// or one of the same bot that cannot be read; those `ignored` may be such. `warn` hears of a run that cannot be read
    /// and does not say whose it is.
    pub(crate) fn other_campaign(
        &self,
        details: &Details,
        digest: [u8; 16],
        ignored: &[RunName],
        mut warn: impl FnMut(&RunName, &LedgerError),
    ) -> Result<Option<OtherCampaign>, LedgerError> {
        let (mut same, mut unreadable) = (None, None);
        for run in self.names()? {
            match self.compare(&run, details, digest) {
                Ok(found) => same = same.or(found),
                Err(_) if ignored.contains(&run) => {}
                Err(error) => match self.note(&run) {
                    Some(note) if !matches!(error, LedgerError::Older { .. }) => {
                        let is_ours = note.bot == details.bot && note.api_url == details.api_url;
                        if is_ours && !note.sandbox && !details.sandbox {
                            unreadable = unreadable.or(Some(OtherCampaign::Unreadable { run, error }));
                        }
                    }
                    Some(_) | None => warn(&run, &error),
                },
            }
        }
        Ok(unreadable.or(same))
    }

    fn compare(
        &self,
        name: &RunName,
        details: &Details,
        digest: [u8; 16],
    ) -> Result<Option<OtherCampaign>, LedgerError> {
        let run = Ledger::read(&self.path(name))?;
        run.check_seal()?;
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
        let found = OtherCampaign::Same { run: name.clone(), is_finished: finished_at.is_some() };
        Ok(is_same.then_some(found))
    }
}
