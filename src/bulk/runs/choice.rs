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

    /// The run `asked` for, else the only one that is not finished; nothing where none is named and all are finished.
    ///
    /// # Errors
    /// When there is no such run, or none is named and several are unfinished.
    pub(crate) fn named_or_unfinished(&self, asked: Option<&RunName>) -> Result<Option<RunName>, BulkError> {
        asked.map_or_else(|| self.only_unfinished(), |asked| self.named(asked).map(Some))
    }

    /// The newest run, one on the sandbox only where there is no other.
    ///
    /// # Errors
    /// When there are none.
    pub(crate) fn newest(&self) -> Result<RunName, BulkError> {
        let runs = self.names()?.into_iter().map(|name| (self.age_of(&name), name));
        runs.max().map(|(_, name)| name).ok_or(RunError::NoRuns.into())
    }

    /// The only run that is not finished; nothing where all are. A ledger that cannot be read is not finished.
    ///
    /// # Errors
    /// When there are several.
    fn only_unfinished(&self) -> Result<Option<RunName>, BulkError> {
        let mut unfinished = self.names()?;
        unfinished.retain(|name| {
            let finished_at = self.read(name).and_then(|run| run.finished_at());
            !finished_at.is_ok_and(|at| at.is_some())
        });
        match unfinished.as_slice() {
            [] => Ok(None),
            [name] => Ok(Some(name.clone())),
            _ => Err(RunError::Several { known: unfinished }.into()),
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
