//! Which run is meant where none is named.

use super::directory::Runs;
use super::error::RunError;
use super::name::RunName;
use crate::bulk::error::BulkError;
use crate::bulk::ledger::LedgerError;

impl Runs {
    /// The run `asked` for, whether its ledger is there or only its lock file.
    ///
    /// # Errors
    /// When there is no such run.
    pub(crate) fn named(&self, asked: &RunName) -> Result<RunName, BulkError> {
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
    /// When there is no such run, or none is named and several are unfinished.
    pub(crate) fn named_or_unfinished(
        &self,
        asked: Option<&RunName>,
        warn: impl FnMut(&RunName, &LedgerError),
    ) -> Result<Option<RunName>, BulkError> {
        asked.map_or_else(|| self.only_unfinished(warn), |asked| self.named(asked).map(Some))
    }

    /// The newest run, one on the sandbox only where there is no other.
    ///
    /// # Errors
    /// When there are none.
    pub(crate) fn newest(&self) -> Result<RunName, BulkError> {
        let runs = self.names()?.into_iter().map(|name| (self.age_of(&name), name));
        runs.max().map(|(_, name)| name).ok_or(RunError::NoRuns.into())
    }

    /// The only run that is not finished; nothing where all are. Nobody can go on with a copy, or with what cannot be read:
    /// `warn` hears of it.
    fn only_unfinished(&self, mut warn: impl FnMut(&RunName, &LedgerError)) -> Result<Option<RunName>, BulkError> {
        let mut unfinished = self.names()?;
        unfinished.retain(|name| match self.is_unfinished(name) {
            Ok(is_unfinished) => is_unfinished,
            Err(_) if self.is_removed(name) => false,
            Err(error) => {
                warn(name, &error);
                false
            }
        });
        match unfinished.as_slice() {
            [] => Ok(None),
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
