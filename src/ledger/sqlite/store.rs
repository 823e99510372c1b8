//! The runs in files of this machine.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use super::directory::Runs;
use super::draft::LedgerDraft;
use super::earlier_runs::EarlierRuns;
use super::lock::{ALL, ReservedRun, RunLock, is_locked};
use super::locked_run::LockedRun;
use super::once_store::OnceStore;
use super::run_files::{DRAFT, LEDGER, LOCK};
use super::{Ledger, RunNote, stop_mark};
use crate::ledger::{
    Details, FoundMessage, FoundMessages, FoundRow, HeldFor, HeldRun, KnownRuns, LedgerError, LedgerStore, NewRun,
    OnceClaims, RowFilter, RowState, Run, RunAge, RunError, RunName, UnfinishedRuns, now,
};
use crate::once::{OnceEntry, OnceKey, OnceRows, OnceScope};
use crate::output::Sent;
use crate::phone::person_key;

/// How long to wait for another process that holds a run without sending it: it stores what it has learned, or decides
/// rows.
const PATIENCE: Duration = Duration::from_secs(30);
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

impl LedgerStore for Runs {
    /// Includes runs whose files were given a name that no run can have: they may have sent, too.
    fn names(&self) -> Result<Vec<RunName>, LedgerError> {
        let mut names = self.with_ending(LEDGER, RunName::of_file)?;
        names.sort();
        Ok(names)
    }

    /// The runs that have only a lock file left.
    fn lost(&self) -> Result<Vec<RunName>, LedgerError> {
        let mut names = self.with_ending(LOCK, RunName::of_file)?;
        names.retain(|name| self.files(name).is_ledger_lost());
        Ok(names)
    }

    fn newest(&self) -> Result<RunName, LedgerError> {
        let runs = self.all_names()?.into_iter().map(|name| (self.age_of(&name), name));
        runs.max().map(|(_, name)| name).ok_or(RunError::NoRuns.into())
    }

    /// A copy, or an unreadable run, cannot be continued.
    fn unfinished(
        &self,
        is_to_stop: bool,
        warn: &mut dyn FnMut(&RunName, &LedgerError),
    ) -> Result<UnfinishedRuns, LedgerError> {
        let known = self.all_names()?;
        let (mut names, mut unreadable) = (Vec::new(), Vec::new());
        for name in &known {
            match self.is_unfinished(name) {
                _ if is_to_stop && self.is_held(name) => names.push(name.clone()),
                Ok(is_unfinished) => names.extend(is_unfinished.then(|| name.clone())),
                Err(_) if self.is_removed(name) => {}
                Err(error) => {
                    warn(name, &error);
                    // If the original of a copy is here, it is the original that is continued.
                    let of = if let LedgerError::Copy { run, .. } = &error { run.parse().ok() } else { None };
                    if !of.is_some_and(|of: RunName| known.contains(&of)) {
                        unreadable.push(name.clone());
                    }
                }
            }
        }
        Ok(UnfinishedRuns { names, unreadable })
    }

    /// A process that checks claims, decides rows or removes the run also holds it, but does not send it.
    fn is_held(&self, name: &RunName) -> bool {
        is_locked(&self.files(name).sender())
    }

    fn read(&self, name: &RunName) -> Result<Box<dyn Run>, LedgerError> {
        Ok(Box::new(self.ledger(name)?))
    }

    fn read_whole(&self, name: &RunName) -> Result<Box<dyn Run>, LedgerError> {
        Ok(Box::new(self.whole_ledger(name)?))
    }

    /// The run is gone if neither file exists. A dangling link is a run whose ledger is elsewhere.
    fn is_removed(&self, name: &RunName) -> bool {
        let files = self.files(name);
        [files.ledger(), files.lock()].iter().all(|path| path.symlink_metadata().is_err())
    }

    /// The contents of its lock file.
    fn note(&self, name: &RunName) -> Option<RunNote> {
        RunNote::read(&self.files(name).lock())
    }

    fn rows_to(&self, recipients: &[String]) -> Result<FoundMessages, LedgerError> {
        let mut found = FoundMessages::default();
        for name in self.all_names()? {
            match self.find_in(&name, recipients, &mut found) {
                Ok(()) => {}
                Err(_) if self.is_removed(&name) => {}
                Err(error) => found.unreadable.push(self.unreadable(name, error)),
            }
        }
        Ok(found)
    }

    fn earlier<'a>(
        &'a self,
        of: (&'a str, &'a str),
        remember: Duration,
        ignored: &'a [RunName],
    ) -> Box<dyn KnownRuns + 'a> {
        Box::new(EarlierRuns::of_list(self, of, remember, ignored))
    }

    /// Removes files left by imports that were killed.
    fn reserve(&self, name: &RunName) -> Result<NewRun, LedgerError> {
        for abandoned in self.with_ending(DRAFT, |stem| stem.parse().ok())? {
            if let Ok(lock) = RunLock::take(&self.files(&abandoned)) {
                drop(ReservedRun::new(self.files(&abandoned), lock));
            }
        }
        let lock = self.lock_to_send(name)?;
        if self.path(name).exists() {
            return Err(RunError::Exists { name: name.clone() }.into());
        }
        // SQLite would apply the log of a removed ledger to the new one.
        self.files(name).remove_logs()?;
        let reserved = ReservedRun::new(self.files(name), lock);
        let draft = LedgerDraft::create(Some(&self.files(name).draft()))?;
        Ok(NewRun { name: name.clone(), draft, reserved: Some(reserved) })
    }

    fn try_hold(&self, new: &mut NewRun) -> Result<bool, LedgerError> {
        let making = RunLock::try_for_all(&self.directory)?;
        let is_held = making.is_some();
        if let Some(reserved) = &mut new.reserved {
            reserved.making = making;
        }
        Ok(is_held)
    }

    fn try_hold_claims(&self) -> Result<Option<Box<dyn OnceClaims>>, LedgerError> {
        let Some(making) = RunLock::try_for_all(&self.directory)? else { return Ok(None) };
        Ok(Some(Box::new(OnceStore::open_or_make(&self.once_store(), Some(making))?)))
    }

    fn claims_to_look(&self) -> Result<Option<Box<dyn OnceClaims>>, LedgerError> {
        Ok(OnceStore::open(&self.once_store())?.map(|store| Box::new(store) as Box<dyn OnceClaims>))
    }

    fn row_under(&self, scope: &OnceScope, recipient: &str) -> Result<Option<OnceEntry>, LedgerError> {
        let mut worst: Option<OnceEntry> = None;
        for name in self.all_names()? {
            let Some((ledger, _)) = self.ledger_with_key(&name, Some(scope))? else { continue };
            let mut rows = ledger.rows_to(recipient)?;
            // A message is reported as failed only after all records were read.
            if rows.iter().any(|row| row.reported.state == RowState::Failed) {
                rows = self.whole_ledger(&name)?.rows_to(recipient)?;
            }
            let found = rows.iter().map(|row| row.reported.under_key(&name)).chain(worst);
            worst = found.reduce(|one, other| if other.outweighs(&one) { other } else { one });
        }
        Ok(worst)
    }

    fn people_of_rows(&self, wanted: Option<&OnceKey>) -> Result<Vec<OnceRows>, LedgerError> {
        let mut all: BTreeMap<OnceScope, BTreeMap<String, OnceEntry>> = BTreeMap::new();
        for name in self.all_names()? {
            if wanted.is_some() && self.note(&name).is_some_and(|note| note.once.as_ref() != wanted) {
                continue;
            }
            let Some((ledger, scope)) = self.ledger_with_key(&name, None)? else { continue };
            let people = all.entry(scope).or_default();
            (&ledger as &dyn Run).report(&RowFilter::default(), |row| {
                if let (Some(recipient), true) = (&row.recipient, row.state != RowState::Skipped) {
                    let entry = row.under_key(&name);
                    let person = person_key(recipient).into_owned();
                    if people.get(&person).is_none_or(|known| entry.outweighs(known)) {
                        people.insert(person, entry);
                    }
                }
                Ok::<_, LedgerError>(())
            })?;
        }
        Ok(all.into_iter().collect())
    }

    fn making_lock(&self) -> String {
        format!("{} is locked", self.directory.join(ALL).display())
    }

    fn make(&self, new: NewRun, details: &Details) -> Result<Box<dyn HeldRun>, LedgerError> {
        let NewRun { name, draft, reserved } = new;
        let in_use = || LedgerError::InUse { run: name.to_string() };
        let reserved = reserved.ok_or_else(in_use)?;
        draft.complete(details, &reserved.mark()?, &self.path(&name))?;
        let lock = reserved.keep().ok_or_else(in_use)?;
        Ok(Box::new(LockedRun::new(self, &name, lock)))
    }

    fn hold(&self, name: &RunName, purpose: HeldFor) -> Result<Box<dyn HeldRun>, LedgerError> {
        let began = Instant::now();
        let lock = loop {
            let taken = match purpose {
                HeldFor::Sending => self.lock_to_send(name),
                HeldFor::Deciding | HeldFor::Removal => RunLock::take(&self.files(name)),
            };
            match taken {
                Err(LedgerError::InUse { .. }) if !self.is_held(name) && began.elapsed() < PATIENCE => {
                    thread::sleep(BETWEEN_TRIES);
                }
                taken => break taken?,
            }
        };
        if purpose == HeldFor::Sending {
            // Checked first, so that the flags that were typed are not compared with changed data.
            self.locked_ledger(name, &lock)?.into_whole()?;
        }
        Ok(Box::new(LockedRun::new(self, name, lock)))
    }

    fn stop(&self, name: &RunName) -> Result<bool, LedgerError> {
        let is_sent = self.is_held(name);
        if is_sent {
            stop_mark::set(&self.files(name).stop())?;
        }
        Ok(is_sent)
    }

    fn is_stopping(&self, name: &RunName) -> bool {
        stop_mark::is_set(&self.files(name).stop())
    }

    fn remove_finished(&self, name: &RunName, age: RunAge) -> Result<bool, LedgerError> {
        let lock = match RunLock::take(&self.files(name)) {
            Err(LedgerError::InUse { .. }) => return Ok(false),
            lock => lock?,
        };
        let ledger = match self.locked_ledger(name, &lock) {
            Err(_) if self.is_removed(name) => return Ok(false),
            ledger => ledger?,
        };
        let is_old = ledger.finished_at()?.is_some_and(|at| age.has_passed(at, now()));
        drop(ledger);
        if is_old {
            Box::new(LockedRun::new(self, name, lock)).remove(false)?;
        }
        Ok(is_old)
    }
}

impl Runs {
    /// The ledger of the run `name`, with its key. None if the run has no key, or not the `wanted` one. If the lock
    /// file says so, the ledger is not opened.
    fn ledger_with_key(
        &self,
        name: &RunName,
        wanted: Option<&OnceScope>,
    ) -> Result<Option<(Ledger, OnceScope)>, LedgerError> {
        let is_wanted = |note: &RunNote| {
            let of_note = |scope: &OnceScope| note.bot == scope.bot && note.api_url == scope.address;
            !note.sandbox
                && note.once.as_ref().is_some_and(|key| wanted.is_none_or(|scope| scope.key == *key && of_note(scope)))
        };
        if self.note(name).is_some_and(|note| !is_wanted(&note)) {
            return Ok(None);
        }
        let ledger = match self.ledger(name) {
            Err(_) if self.is_removed(name) || self.files(name).was_never_made() => return Ok(None),
            Err(error) => {
                return Err(LedgerError::Unreadable {
                    run: name.to_string(),
                    path: self.path(name),
                    error: Box::new(error),
                });
            }
            Ok(ledger) => ledger,
        };
        let scope = ledger.details()?.scope();
        Ok(scope.filter(|scope| wanted.is_none_or(|wanted| wanted == scope)).map(|scope| (ledger, scope)))
    }

    fn find_in(&self, name: &RunName, recipients: &[String], found: &mut FoundMessages) -> Result<(), LedgerError> {
        let mut ledger = self.ledger(name)?;
        let mut rows = rows_to(&ledger, recipients)?;
        // A row is reported as not sent only after all records were read. The first handle is closed after the second
        // has checked for damage, and only the last one to close writes the log into the file.
        if rows.iter().any(|row| row.reported.state.sent() == Sent::No) {
            ledger = self.whole_ledger(name)?;
            rows = rows_to(&ledger, recipients)?;
        }
        if !rows.is_empty() {
            let details = ledger.details()?;
            found.messages.extend(rows.into_iter().map(|row| FoundMessage::of(name.to_string(), &details, row)));
        }
        found.damaged.extend(ledger.into_whole().err().map(|damage| (name.clone(), damage)));
        Ok(())
    }

    fn is_unfinished(&self, name: &RunName) -> Result<bool, LedgerError> {
        let ledger = self.ledger(name)?;
        let is_unfinished = ledger.finished_at()?.is_none();
        match ledger.into_whole() {
            Err(copy @ LedgerError::Copy { .. }) => Err(copy),
            Ok(_) | Err(_) => Ok(is_unfinished),
        }
    }

    /// Whether it is not a sandbox run, and when it was made. For an unreadable ledger, this comes from its other
    /// files.
    fn age_of(&self, name: &RunName) -> (bool, i64) {
        let read = || {
            let ledger = self.ledger(name)?;
            Ok::<_, LedgerError>((!ledger.details()?.sandbox, ledger.created_at()?))
        };
        read().unwrap_or_else(|_| (self.note(name).is_none_or(|note| !note.sandbox), self.files(name).changed_at()))
    }
}

fn rows_to(ledger: &Ledger, recipients: &[String]) -> Result<Vec<FoundRow>, LedgerError> {
    let mut rows = Vec::new();
    for recipient in recipients {
        rows.extend(ledger.rows_to(recipient)?);
    }
    Ok(rows)
}
