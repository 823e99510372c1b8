//! A run whose ledger is a file, and which this process has locked, so that no other process changes it.

use std::time::Duration;

use super::Ledger;
use super::directory::Runs;
use super::earlier_runs::EarlierRuns;
use super::file_run::FileRun;
use super::lock::RunLock;
use super::once_store::OnceStore;
use super::run_files::remove;
use super::stop_mark::StopWatch;
use crate::ledger::{
    Counts, DecidedRow, DeliveryNews, Details, EarlierError, EarlierMessages, HeldRun, LedgerError, LostWorker,
    OnceClaims, Resolution, ResolveError, Resumed, RowState, Run, RunEvent, RunEventKind, RunLedger, RunName, Skip,
};
use crate::once::OnceScope;

/// The number of rows that one commit skips.
const ROWS_A_COMMIT: usize = 1000;

/// A run that only this process holds.
pub(super) struct LockedRun {
    runs: Runs,
    name: RunName,
    lock: RunLock,
    /// The ledger, if it was opened to resume the run.
    opened: Option<Ledger>,
    /// Rows a second, if a rate other than the run's own was given.
    rate: Option<f64>,
    /// Whether the ledger records that this process sends it.
    is_begun: bool,
}

impl LockedRun {
    pub(super) fn new(runs: &Runs, name: &RunName, lock: RunLock) -> Self {
        Self { runs: runs.clone(), name: name.clone(), lock, opened: None, rate: None, is_begun: false }
    }

    /// Those of `rows` whose people are still free under the key of the run.
    fn free_rows(
        &self,
        scope: &OnceScope,
        ledger: &Ledger,
        resolution: &Resolution,
        rows: Vec<DecidedRow>,
    ) -> Result<Vec<DecidedRow>, ResolveError> {
        EarlierRuns::of_key(&self.runs, Some(&self.name), scope, &[]).find_taken(ledger, scope, &rows)?;
        resolution.free_rows(rows, &ledger.taken_under(&scope.key)?, |n| Ok(ledger.standing(n)?.line))
    }

    /// Opens its ledger for writing.
    fn write(&self) -> Result<Ledger, LedgerError> {
        Ledger::resume(&self.runs.path(&self.name), self.lock.mark()?)
    }

    /// Opens its ledger for writing, and closes it after the change, whether that succeeded or not.
    fn change<T, E: From<LedgerError>>(&self, change: impl FnOnce(&mut Ledger) -> Result<T, E>) -> Result<T, E> {
        let mut ledger = self.write()?;
        let changed = change(&mut ledger);
        ledger.close()?;
        changed
    }
}

impl HeldRun for LockedRun {
    fn name(&self) -> &RunName {
        &self.name
    }

    fn read(&self) -> Result<Box<dyn Run>, LedgerError> {
        Ok(Box::new(self.runs.locked_ledger(&self.name, &self.lock)?))
    }

    fn skip(&mut self, rows: &mut dyn Iterator<Item = (i64, Skip<'_>)>) -> Result<(), LedgerError> {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        self.change(|ledger| {
            while rows.peek().is_some() {
                ledger.skip(&rows.by_ref().take(ROWS_A_COMMIT).collect::<Vec<_>>())?;
            }
            Ok(())
        })
    }

    fn compare(
        &mut self,
        details: &Details,
        ignored: &[RunName],
        leaves_out: bool,
    ) -> Result<Vec<EarlierMessages>, EarlierError> {
        let ledger = self.runs.locked_ledger(&self.name, &self.lock)?;
        let created_at = ledger.created_at()?;
        EarlierRuns::of_run(&self.runs, (&self.name, details), created_at, ignored).compare_with(&ledger.db)?;
        let found = ledger.earlier()?;
        if leaves_out && !found.is_empty() {
            self.change(|written| written.skip_earlier(&ledger, None))?;
        }
        Ok(found)
    }

    fn leave_out_taken(&mut self, details: &Details, ignored: &[RunName]) -> Result<(), EarlierError> {
        let Some(scope) = details.scope() else { return Ok(()) };
        let ledger = self.runs.locked_ledger(&self.name, &self.lock)?;
        let rows = ledger.all_to_change([RowState::Pending, RowState::Skipped])?;
        EarlierRuns::of_key(&self.runs, Some(&self.name), &scope, ignored).find_taken(&ledger, &scope, &rows)?;
        if ledger.has_match()? {
            self.change(|written| written.skip_earlier(&ledger, Some(&scope.key)))?;
        }
        Ok(())
    }

    fn resume(&mut self, resumed: &Resumed<'_>) -> Result<(), LedgerError> {
        let mut ledger = self.write()?;
        if let Some(conditions) = resumed.conditions {
            ledger.keep_conditions(conditions)?;
        }
        self.opened = Some(ledger);
        self.rate = resumed.rate;
        Ok(())
    }

    fn open(&mut self, _timeout: Duration) -> Result<(Box<dyn RunLedger>, Counts), LedgerError> {
        let mut ledger = match self.opened.take() {
            Some(ledger) => ledger,
            None => self.write()?,
        };
        let counts = ledger.counts()?;
        // A complete run has nothing left to send.
        if !self.is_begun && !counts.is_finished() {
            let has_begun = ledger.events()?.iter().any(|event| event.kind == RunEventKind::Begun);
            let kind = if has_begun { RunEventKind::Resumed } else { RunEventKind::Begun };
            ledger.write(|batch| batch.event(&RunEvent::now(kind)))?;
        }
        self.is_begun = true;
        let rate = match self.rate {
            Some(rate) => rate,
            None => ledger.details()?.rate,
        };
        Ok((Box::new(FileRun::new(ledger, rate)?), counts))
    }

    fn resolve(
        &mut self,
        resolution: &Resolution,
        _have_ended: &mut dyn FnMut(&[LostWorker]) -> bool,
    ) -> Result<Counts, ResolveError> {
        // With nothing left to send, a ledger that has lost records can be accepted in its present state.
        if matches!(resolution, Resolution::All([RowState::Pending, _])) {
            let (ledger, unknown) = Ledger::accept_loss(&self.runs.path(&self.name), self.lock.mark()?)?;
            ledger.close()?;
            return Ok(Counts { unknown, ..Counts::default() });
        }
        self.change(|ledger| {
            (&*ledger as &dyn Run).check_resolution(resolution)?;
            let mut rows = ledger.rows_of(resolution)?;
            if let Some(scope) = ledger.details()?.scope().filter(|_| resolution.sends_again()) {
                rows = self.free_rows(&scope, ledger, resolution, rows)?;
            }
            Ok(ledger.decide_rows(rows)?)
        })
    }

    fn note_lost(&mut self) -> Result<(), LedgerError> {
        self.change(|_| Ok(()))
    }

    fn learn(&mut self, news: &DeliveryNews) -> Result<u64, LedgerError> {
        self.change(|ledger| ledger.write(|batch| batch.learn(news)))
    }

    fn cancel(&mut self) -> Result<(), LedgerError> {
        self.change(Ledger::cancel)
    }

    fn remove(self: Box<Self>, is_unreadable: bool) -> Result<(), LedgerError> {
        // The people that an unreadable run reached are unknown.
        let run = match self.read() {
            Err(_) if is_unreadable => None,
            run => Some(run?),
        };
        if let Some(run) = run
            && let Some(scope) = run.details()?.scope()
        {
            let claims = OnceStore::open_or_make(&self.runs.once_store(), None)?;
            let reached = run.reached(claims.hasher(), &self.name)?;
            claims.add(&scope, &mut reached.into_iter())?;
        }
        let Self { runs, name, lock, .. } = *self;
        let files = runs.files(&name);
        remove(&files.stop())?;
        files.remove_ledger()?;
        let removed = files.remove_lock();
        drop(lock);
        Ok(removed?)
    }

    fn stop_watch(&self) -> Option<StopWatch> {
        Some(StopWatch::new(self.runs.files(&self.name).stop()))
    }

    fn end(&self) {
        // There is nothing left for it to stop.
        let _ = remove(&self.runs.files(&self.name).stop());
    }
}
