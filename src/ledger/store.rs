//! Where runs are: files of this machine, or a database. What is only looked at is looked at here in both.

use std::collections::BTreeMap;
use std::time::Duration;

use super::age::RunAge;
use super::error::LedgerError;
use super::events::RunEvent;
use super::memory::EarlierRow;
use super::name::RunName;
use super::overview::{RunOverview, RunOverviews};
use super::skip::SkipCounts;
use super::state::{Counts, RowState};
use super::types::{Details, QueuedRow, ReportedRow};
use crate::ledger::now;
use crate::ledger::postgres::{RunId, SharedEarlier, SharedRuns};
use crate::ledger::sqlite::{
    DAMAGED, DraftRequest, EarlierError, EarlierRuns, Ledger, LedgerDraft, OpenRuns, RowFilter, Runs,
};

/// The runs that there are.
pub(crate) enum RunStore {
    Files(Runs),
    Shared(Box<SharedRuns>),
}

/// A run, to look at.
pub(crate) enum StoredRun<'a> {
    File(Box<Ledger>),
    /// With why its rows may have been sent though they are not sent there, where that is so and nobody has taken it as it is.
    Shared(&'a SharedRuns, RunId, Option<LedgerError>),
}

impl RunStore {
    /// The run of this name.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn named(&self, asked: &RunName) -> Result<RunName, LedgerError> {
        match self {
            Self::Files(runs) => runs.named(asked),
            Self::Shared(runs) => runs.named(asked),
        }
    }

    /// Every run, by name.
    ///
    /// # Errors
    /// When they cannot be looked for.
    pub(crate) fn names(&self) -> Result<Vec<RunName>, LedgerError> {
        Ok(match self {
            Self::Files(runs) => runs.names()?,
            Self::Shared(runs) => runs.names()?,
        })
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
    ) -> Result<Option<RunName>, LedgerError> {
        match self {
            Self::Files(runs) => runs.named_or_unfinished(asked, warn),
            Self::Shared(runs) => runs.named_or_unfinished(asked),
        }
    }

    /// The newest run, one on the sandbox only where there is no other.
    ///
    /// # Errors
    /// When there are none.
    pub(crate) fn newest(&self) -> Result<RunName, LedgerError> {
        match self {
            Self::Files(runs) => runs.newest(),
            Self::Shared(runs) => runs.newest(),
        }
    }

    /// Whether a process sends it at this moment.
    pub(crate) fn is_on_its_way(&self, name: &RunName) -> bool {
        match self {
            Self::Files(runs) => runs.is_held(name),
            Self::Shared(runs) => runs.id(name).and_then(|run| runs.sent_by(run)).is_ok_and(|worker| worker.is_some()),
        }
    }

    /// Every run, the newest first.
    ///
    /// # Errors
    /// When it cannot be told which runs there are.
    pub(crate) fn overviews(&self) -> Result<RunOverviews, LedgerError> {
        let RunOverviews { runs, unreadable } = match self {
            Self::Files(runs) => runs.overviews()?,
            Self::Shared(shared) => {
                let runs = shared.names()?.iter().map(|name| shared.overview(name)).collect::<Result<_, _>>()?;
                RunOverviews { runs, ..RunOverviews::default() }
            }
        };
        Ok(RunOverviews { runs: newest_first(runs), unreadable })
    }

    /// The runs that are complete, that nobody has, and in which nothing has changed for so long; the newest first. `warn`
    /// hears of those whose ledger cannot be read or is damaged.
    ///
    /// # Errors
    /// When it cannot be told which runs there are.
    pub(crate) fn finished_for(
        &self,
        age: RunAge,
        mut warn: impl FnMut(&RunName, &LedgerError),
    ) -> Result<Vec<RunOverview>, LedgerError> {
        match self {
            Self::Files(_) => {
                let RunOverviews { runs: mut old, unreadable } = self.overviews()?;
                let damaged = old.iter().filter_map(|run| Some((&run.name, run.damage.as_ref()?)));
                let unreadable = unreadable.iter().map(|run| (&run.name, &run.error));
                damaged.chain(unreadable).for_each(|(name, error)| warn(name, error));
                old.retain(|run| !run.is_held && run.is_finished() && age.has_passed(run.changed_at, now()));
                Ok(old)
            }
            Self::Shared(runs) => {
                let old = runs.finished_for(age)?.iter().map(|name| runs.overview(name)).collect::<Result<_, _>>()?;
                Ok(newest_first(old))
            }
        }
    }

    /// Removes such a run, unless a process has it, or has gone on with it meanwhile. Says whether it was removed.
    ///
    /// # Errors
    /// When it cannot be read or removed.
    pub(crate) fn remove_finished(&self, name: &RunName, age: RunAge) -> Result<bool, LedgerError> {
        match self {
            Self::Files(runs) => runs.remove_finished(name, age),
            Self::Shared(runs) => runs.remove_finished(name, age),
        }
    }

    pub(crate) fn read(&self, name: &RunName) -> Result<StoredRun<'_>, LedgerError> {
        Ok(match self {
            Self::Files(runs) => StoredRun::File(Box::new(runs.read(name)?)),
            Self::Shared(runs) => {
                let run = runs.id(name)?;
                StoredRun::Shared(runs, run, runs.doubt(run)?)
            }
        })
    }

    /// The same, but of a file all is read, so that every damage is found.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read_whole(&self, name: &RunName) -> Result<StoredRun<'_>, LedgerError> {
        match self {
            Self::Files(runs) => Ok(StoredRun::File(Box::new(runs.read_whole(name)?))),
            Self::Shared(_) => self.read(name),
        }
    }
}

fn newest_first(mut overviews: Vec<RunOverview>) -> Vec<RunOverview> {
    overviews.sort_by(|one, other| (other.created_at, &one.name).cmp(&(one.created_at, &other.name)));
    overviews
}

impl StoredRun<'_> {
    /// Its name.
    pub(crate) fn name(&self) -> Result<String, LedgerError> {
        match self {
            Self::File(ledger) => ledger.name(),
            Self::Shared(runs, run, _) => runs.name(*run),
        }
    }

    pub(crate) fn details(&self) -> Result<Details, LedgerError> {
        match self {
            Self::File(ledger) => ledger.details(),
            Self::Shared(runs, run, _) => runs.details(*run),
        }
    }

    /// How many rows are in each state.
    pub(crate) fn counts(&self) -> Result<Counts, LedgerError> {
        match self {
            Self::File(ledger) => ledger.counts(),
            Self::Shared(runs, run, None) => runs.counts(*run),
            Self::Shared(runs, run, Some(_)) => Ok(runs.counts(*run)?.where_records_are_lost()),
        }
    }

    /// Why it is not all that was written: then its rows and counts have as unknown what may have been sent.
    pub(crate) fn damage(&self) -> Option<&LedgerError> {
        match self {
            Self::File(ledger) => ledger.damage(),
            Self::Shared(.., doubt) => doubt.as_ref(),
        }
    }

    /// The same, of a run that nobody looks at any more.
    pub(crate) fn into_damage(self) -> Option<LedgerError> {
        match self {
            Self::File(ledger) => ledger.into_whole().err(),
            Self::Shared(.., doubt) => doubt,
        }
    }

    /// How many rows are left out for each reason.
    pub(crate) fn skip_counts(&self) -> Result<SkipCounts, LedgerError> {
        match self {
            Self::File(ledger) => ledger.skip_counts(),
            Self::Shared(runs, run, _) => runs.skip_counts(*run),
        }
    }

    /// Of the failed and unknown rows: how many for each reason.
    pub(crate) fn reasons(&self) -> Result<BTreeMap<String, u64>, LedgerError> {
        match self {
            Self::File(ledger) => ledger.reasons(),
            Self::Shared(runs, run, None) => runs.reasons(*run, &[RowState::Failed, RowState::Unknown]),
            Self::Shared(runs, run, Some(_)) => {
                let mut reasons = runs.reasons(*run, &[RowState::Unknown])?;
                let doubtful = self.counts()?.unknown.saturating_sub(reasons.values().sum());
                if doubtful > 0 {
                    reasons.insert(DAMAGED.to_owned(), doubtful);
                }
                Ok(reasons)
            }
        }
    }

    /// When the list was read, in milliseconds since 1970.
    pub(crate) fn created_at(&self) -> Result<i64, LedgerError> {
        match self {
            Self::File(ledger) => ledger.created_at(),
            Self::Shared(runs, run, _) => Ok(runs.times(*run)?[0]),
        }
    }

    /// The last outcome or decision; where there is none, when the run was made.
    pub(crate) fn changed_at(&self) -> Result<i64, LedgerError> {
        match self {
            Self::File(ledger) => ledger.changed_at(),
            Self::Shared(runs, run, _) => Ok(runs.times(*run)?[1]),
        }
    }

    /// What happened to the run, in order.
    pub(crate) fn events(&self) -> Result<Vec<RunEvent>, LedgerError> {
        match self {
            Self::File(ledger) => ledger.events(),
            Self::Shared(runs, run, _) => runs.events(*run),
        }
    }

    /// Recipient and body of the first message: of one that is not left out, where there is one.
    pub(crate) fn first_message(&self) -> Result<Option<(String, String)>, LedgerError> {
        match self {
            Self::File(ledger) => ledger.first_message(),
            Self::Shared(runs, run, _) => runs.first_message(*run),
        }
    }

    /// Gives every row that is still to be sent.
    ///
    /// # Errors
    /// When it cannot be read, or `check` fails.
    pub(crate) fn pending_requests<E: From<LedgerError>>(
        &self,
        check: impl FnMut(&QueuedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::File(ledger) => ledger.pending_requests(check),
            Self::Shared(runs, run, _) => runs.pending_requests(*run, check),
        }
    }

    /// The first row that is still to be sent.
    pub(crate) fn first_pending_row(&self) -> Result<Option<QueuedRow>, LedgerError> {
        match self {
            Self::File(ledger) => ledger.first_pending_row(),
            Self::Shared(runs, run, _) => runs.first_pending_row(*run),
        }
    }

    /// Gives every row that `filter` takes to `write`, in the order of the input.
    pub(crate) fn report<E: From<LedgerError>>(
        &self,
        filter: &RowFilter,
        write: impl FnMut(ReportedRow) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::File(ledger) => ledger.report(filter, write),
            Self::Shared(runs, run, doubt) => runs.report((*run, doubt.as_ref()), filter, write),
        }
    }
}

/// The earlier runs that a list is compared with.
pub(crate) enum KnownRuns<'a> {
    Files(EarlierRuns<'a>),
    Shared(SharedEarlier<'a>),
}

/// Some of them, to look for one message after the other.
pub(crate) enum LookedUpRuns<'a> {
    Files(OpenRuns),
    Shared(SharedEarlier<'a>),
}

impl<'a> KnownRuns<'a> {
    /// For a new list. Sent and unknown rows count for as long as `remember`, rows under way and to be sent whatever their
    /// age.
    pub(crate) fn of_list(
        store: &'a RunStore,
        of: (&'a str, &'a str),
        remember: Duration,
        ignored: &'a [RunName],
    ) -> Self {
        match store {
            RunStore::Files(runs) => Self::Files(EarlierRuns::of_list(runs, of, remember, ignored)),
            RunStore::Shared(runs) => Self::Shared(SharedEarlier::new(runs, of, remember)),
        }
    }

    /// Notes in `draft` what the runs have too.
    pub(crate) fn compare(&mut self, draft: &LedgerDraft) -> Result<(), EarlierError> {
        match self {
            Self::Files(runs) => runs.compare(draft),
            Self::Shared(runs) => Ok(runs.compare(draft)?),
        }
    }

    /// Checks only that they can be read.
    pub(crate) fn check(&mut self) -> Result<(), EarlierError> {
        match self {
            Self::Files(runs) => runs.check(),
            Self::Shared(_) => Ok(()),
        }
    }

    /// How many people of `draft` a run has written to in the last 24 hours.
    pub(crate) fn people_written_to(&mut self, draft: &LedgerDraft) -> Result<u64, EarlierError> {
        match self {
            Self::Files(runs) => runs.people_written_to(draft),
            Self::Shared(runs) => Ok(runs.people_written_to(draft)?),
        }
    }

    /// The unfinished runs that have messages for people of `draft`, each with how many people that is.
    pub(crate) fn unfinished(&mut self, draft: &LedgerDraft) -> Result<Vec<(RunName, u64)>, EarlierError> {
        match self {
            Self::Files(runs) => runs.unfinished(draft),
            Self::Shared(runs) => Ok(runs.unfinished(draft)?),
        }
    }

    /// Opens all of them.
    pub(crate) fn open(&mut self) -> Result<LookedUpRuns<'a>, EarlierError> {
        Ok(match self {
            Self::Files(runs) => LookedUpRuns::Files(runs.open()?),
            Self::Shared(runs) => LookedUpRuns::Shared(runs.clone()),
        })
    }
}

impl LookedUpRuns<'_> {
    /// The row that is this message to the same person, and its run: of several the one that says most.
    pub(crate) fn find(&self, request: &DraftRequest<'_>) -> Result<Option<(String, EarlierRow)>, LedgerError> {
        match self {
            Self::Files(runs) => Ok(runs.find(request)?.map(|(run, row)| (run.to_string(), row))),
            Self::Shared(runs) => runs.find(request),
        }
    }
}
