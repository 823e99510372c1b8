//! Which run is meant where none is named.

use super::directory::Runs;
use crate::ledger::{LedgerError, RunError, RunName};

impl Runs {
    /// The run `asked` for, whether its ledger is there or only its lock file.
    ///
    /// # Errors
    /// When there is no such run.
    pub(crate) fn named(&self, asked: &RunName) -> Result<RunName, LedgerError> {
        let known = self.names()?;
        if known.contains(asked) || self.lost()?.contains(asked) {
            return Ok(asked.clone());
        }
        Err(RunError::NoSuchRun { name: asked.clone(), known }.into())
    }

    /// The run `asked` for, else the only one that is not finished; nothing where none is named and all are finished. `warn`
    /// hears of runs of which that is not known.
    ///
    /// # Errors
    /// When there is no such run, or none is named and several are unfinished, or only runs that cannot be read may be.
    pub(crate) fn named_or_unfinished(
        &self,
        asked: Option<&RunName>,
        warn: impl FnMut(&RunName, &LedgerError),
    ) -> Result<Option<RunName>, LedgerError> {
        asked.map_or_else(|| self.only_unfinished(|_| false, warn), |asked| self.named(asked).map(Some))
    }

    /// The same to stop it: one that a process sends is unfinished, whether its ledger can be read or not.
    ///
    /// # Errors
    /// As [`Runs::named_or_unfinished`].
    pub(crate) fn named_or_stoppable(
        &self,
        asked: Option<&RunName>,
        warn: impl FnMut(&RunName, &LedgerError),
    ) -> Result<Option<RunName>, LedgerError> {
        let is_sent = |name: &RunName| self.is_taken_to_send(name);
        asked.map_or_else(|| self.only_unfinished(is_sent, warn), |asked| self.named(asked).map(Some))
    }

    /// The newest run, one on the sandbox only where there is no other.
    ///
    /// # Errors
    /// When there are none.
    pub(crate) fn newest(&self) -> Result<RunName, LedgerError> {
        let runs = self.names()?.into_iter().chain(self.lost()?).map(|name| (self.age_of(&name), name));
        runs.max().map(|(_, name)| name).ok_or(RunError::NoRuns.into())
    }

    /// The only run that is not finished, or that `is_meant`; nothing where all are finished. Nobody can continue a copy, or
    /// what cannot be read: `warn` hears of it.
    fn only_unfinished(
        &self,
        is_meant: impl Fn(&RunName) -> bool,
        mut warn: impl FnMut(&RunName, &LedgerError),
    ) -> Result<Option<RunName>, LedgerError> {
        let known: Vec<_> = self.names()?.into_iter().chain(self.lost()?).collect();
        let (mut unfinished, mut unreadable) = (Vec::new(), Vec::new());
        for name in &known {
            match self.is_unfinished(name) {
                _ if is_meant(name) => unfinished.push(name.clone()),
                Ok(is_unfinished) => unfinished.extend(is_unfinished.then(|| name.clone())),
                Err(_) if self.is_removed(name) => {}
                Err(error) => {
                    warn(name, &error);
                    // Of a copy whose run is there, the run itself is continued.
                    let of = if let LedgerError::Copy { run, .. } = &error { run.parse().ok() } else { None };
                    if !of.is_some_and(|of: RunName| known.contains(&of)) {
                        unreadable.push(name.clone());
                    }
                }
            }
        }
        match unfinished.as_slice() {
            [] if unreadable.is_empty() => Ok(None),
            [] => Err(RunError::NoneReadable { unreadable }.into()),
            [name] => Ok(Some(name.clone())),
            _ => Err(RunError::Several { known: unfinished }.into()),
        }
    }

    fn is_unfinished(&self, name: &RunName) -> Result<bool, LedgerError> {
        let ledger = self.read(name)?;
        let is_unfinished = ledger.finished_at()?.is_none();
        match ledger.into_whole() {
            Err(copy @ LedgerError::Copy { .. }) => Err(copy),
            Ok(_) | Err(_) => Ok(is_unfinished),
        }
    }

    /// Whether it is no rehearsal, and when it was made. Of a ledger that cannot be read, its other files say so.
    fn age_of(&self, name: &RunName) -> (bool, i64) {
        let read = || {
            let ledger = self.read(name)?;
            Ok::<_, LedgerError>((!ledger.details()?.sandbox, ledger.created_at()?))
        };
        read().unwrap_or_else(|_| (self.note(name).is_none_or(|note| !note.sandbox), self.changed_at(name)))
    }
}
