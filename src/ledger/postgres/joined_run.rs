//! A run in a database, opened by this process while others may send it too.

use std::time::Duration;

use tokio_postgres::types::ToSql;

use super::comparison::SharedEarlier;
use super::database::{LONG, SHORT};
use super::reading::DatabaseRun;
use super::runs::{RunId, SharedRuns};
use crate::ledger::{
    Counts, DeliveryNews, Details, EarlierError, EarlierMessages, HeldRun, LedgerError, LostWorker, PausedRun,
    Resolution, ResolveError, Resumed, Run, RunLedger, RunName, Skip,
};

/// How many rows are skipped at once.
const ROWS_A_CALL: usize = 10_000;

/// A run whose rows this process sends or changes.
pub(super) struct JoinedRun {
    pub(super) runs: SharedRuns,
    pub(super) name: RunName,
    pub(super) id: RunId,
    /// The reason why the run was paused when it was read.
    pub(super) paused: Option<PausedRun>,
}

impl HeldRun for JoinedRun {
    fn name(&self) -> &RunName {
        &self.name
    }

    fn read(&self) -> Result<Box<dyn Run>, LedgerError> {
        Ok(Box::new(DatabaseRun { runs: self.runs.clone(), id: self.id, doubt: None }))
    }

    fn skip(&mut self, rows: &mut dyn Iterator<Item = (i64, Skip<'_>)>) -> Result<(), LedgerError> {
        let mut rows = rows.peekable();
        while rows.peek().is_some() {
            let rows: Vec<_> = rows.by_ref().take(ROWS_A_CALL).collect();
            let numbers: Vec<_> = rows.iter().map(|(n, _)| *n).collect();
            let reasons: Vec<_> = rows.iter().map(|(_, skip)| skip.reason.name()).collect();
            let problems: Vec<_> = rows.iter().map(|(_, skip)| skip.problem).collect();
            let runs: Vec<_> = rows.iter().map(|(_, skip)| skip.run).collect();
            let query = "SELECT jelouctl.skip_rows($1, $2, $3, $4, $5)";
            let parameters: [&(dyn ToSql + Sync); 5] = [&self.id.0, &numbers, &reasons, &problems, &runs];
            self.runs.call(LONG, self.runs.client().execute(query, &parameters))?;
        }
        Ok(())
    }

    /// The database has no unreadable runs.
    fn compare(
        &mut self,
        details: &Details,
        _ignored: &[RunName],
        leaves_out: bool,
    ) -> Result<Vec<EarlierMessages>, EarlierError> {
        let of = (details.bot.as_str(), details.api_url.as_str());
        let overlap = SharedEarlier::new(&self.runs, of, details.remember).of_run(self.id)?;
        let found = overlap.messages();
        if leaves_out {
            overlap.skip(self)?;
        }
        Ok(found)
    }

    /// Lifts the pause that was shown to the person. A newer pause stays, and so does a failover that was not shown to
    /// anyone who resumed the run before. If the run stays paused, the caller gets the reason.
    fn resume(&mut self, resumed: &Resumed<'_>) -> Result<(), LedgerError> {
        let conditions = resumed.conditions.map(serde_json::to_string).transpose();
        let conditions = conditions.map_err(|error| LedgerError::Damaged { problem: error.to_string() })?;
        let seen = self.paused.as_ref().map(|paused| paused.pauses);
        let query = "SELECT jelouctl.resume_run($1, $2, $3, $4, $5)";
        let parameters: [&(dyn ToSql + Sync); 5] =
            [&self.id.0, &seen, &resumed.has_answered, &resumed.rate, &conditions];
        self.runs.call(SHORT, self.runs.client().execute(query, &parameters))?;
        Ok(())
    }

    fn open(&mut self, timeout: Duration) -> Result<(Box<dyn RunLedger>, Counts), LedgerError> {
        let joined = self.runs.join(self.id, timeout)?;
        Ok((Box::new(joined), self.read()?.counts()?))
    }

    fn resolve(
        &mut self,
        resolution: &Resolution,
        have_ended: &mut dyn FnMut(&[LostWorker]) -> bool,
    ) -> Result<Counts, ResolveError> {
        self.note_lost_rows()?;
        self.read()?.check_resolution(resolution)?;
        let decision = self.decide(resolution)?;
        let lost = self.lost_workers(&decision)?;
        if !lost.is_empty() && !have_ended(&lost) {
            return Err(ResolveError::MayStillSend);
        }
        self.carry_out(resolution, &decision, &lost)
    }

    fn note_lost(&mut self) -> Result<(), LedgerError> {
        self.note_lost_rows()
    }

    fn learn(&mut self, news: &DeliveryNews) -> Result<u64, LedgerError> {
        self.keep(news)
    }

    fn cancel(&mut self) -> Result<(), LedgerError> {
        self.runs.call(LONG, self.runs.client().execute("SELECT jelouctl.cancel_run($1)", &[&self.id.0]))?;
        self.note_lost_rows()
    }

    fn remove(self: Box<Self>, _is_unreadable: bool) -> Result<(), LedgerError> {
        let query = "SELECT jelouctl.remove_run($1)";
        let busy: Option<String> =
            self.runs.call(LONG, async { self.runs.client().query_one(query, &[&self.id.0]).await?.try_get(0) })?;
        match busy {
            None => Ok(()),
            Some(worker) => Err(LedgerError::in_use_by(&self.name, &worker)),
        }
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn pause(&self) -> Option<&PausedRun> {
        self.paused.as_ref()
    }

    fn reconnect(&mut self) -> Result<(), LedgerError> {
        self.runs = self.runs.reopened()?;
        Ok(())
    }
}
