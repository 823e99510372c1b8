//! Where runs are: files of this machine, or a database. What is the same for both is decided here.

use std::path::Path;
use std::time::Duration;

use super::claims::OnceClaims;
use super::duplicate_window::EarlierError;
use super::error::{LedgerError, RunError};
use super::name::{RunAge, RunName};
use super::overview::{FoundMessages, RunOverview, RunOverviews, UnreadableRun};
use super::run::{HeldFor, HeldRun, Run};
use super::types::Details;
use crate::ledger::{LedgerDraft, ReservedRun, RunNote, now};
use crate::once::{OnceEntry, OnceKey, OnceRows, OnceScope};

/// A name that is taken for a new run, and the draft that becomes it.
pub(crate) struct NewRun {
    pub(crate) name: RunName,
    pub(crate) draft: LedgerDraft,
    /// Its files, where it will be in some: until it is made, nothing of them stays.
    pub(super) reserved: Option<ReservedRun>,
}

/// Those of the runs that are not finished.
pub(crate) struct UnfinishedRuns {
    pub(crate) names: Vec<RunName>,
    /// Of which it is not known.
    pub(crate) unreadable: Vec<RunName>,
}

/// People of a list whom earlier runs wrote to a short time ago.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WrittenTo {
    /// How many they are, whatever the messages.
    pub(crate) people: u64,
    /// Those of them who had another message than this list has for them.
    pub(crate) otherwise: Option<OtherMessages>,
}

/// Messages that differ from those of a list, to people of that list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherMessages {
    pub(crate) people: u64,
    /// The last of these messages: its run and its time, in milliseconds since 1970.
    pub(crate) run: String,
    pub(crate) at: i64,
}

impl WrittenTo {
    /// Adds what is known of other people.
    pub(super) fn add(&mut self, of_others: Self) {
        self.people += of_others.people;
        self.otherwise = match (self.otherwise.take(), of_others.otherwise) {
            (Some(one), Some(other)) => {
                let people = one.people + other.people;
                Some(OtherMessages { people, ..if one.at < other.at { other } else { one } })
            }
            (one, other) => one.or(other),
        };
    }
}

/// Those that count for a list.
pub(crate) trait KnownRuns {
    /// Notes in `draft` what they have too.
    fn compare(&mut self, draft: &LedgerDraft) -> Result<(), EarlierError>;

    /// Notes in `draft` the rows whose person has a message under `key`, whatever its words.
    fn find_claimed(&mut self, draft: &LedgerDraft, key: &OnceKey) -> Result<(), EarlierError>;

    /// The people of `draft` whom one of them has written to in the last 24 hours.
    fn people_written_to(&mut self, draft: &LedgerDraft) -> Result<WrittenTo, EarlierError>;

    /// Those that are unfinished and have messages for people of `draft`, each with how many people that is.
    fn unfinished(&mut self, draft: &LedgerDraft) -> Result<Vec<(RunName, u64)>, EarlierError>;

    /// Checks only that they can be read.
    fn check(&mut self) -> Result<(), EarlierError> {
        Ok(())
    }
}

/// The runs that there are.
pub(crate) trait LedgerStore {
    /// Every run that has a ledger, by name.
    fn names(&self) -> Result<Vec<RunName>, LedgerError>;

    /// The newest run, one on the sandbox only where there is no other.
    fn newest(&self) -> Result<RunName, LedgerError>;

    /// The runs that are not finished; where one `is_to_stop`, also those that a process sends, whether they can be read or not.
    /// `warn` hears of runs of which that is not known.
    fn unfinished(
        &self,
        is_to_stop: bool,
        warn: &mut dyn FnMut(&RunName, &LedgerError),
    ) -> Result<UnfinishedRuns, LedgerError>;

    /// Whether a process has the run at this moment, to send it.
    fn is_held(&self, name: &RunName) -> bool;

    /// Opens a run to look at it, also while others send it.
    fn read(&self, name: &RunName) -> Result<Box<dyn Run>, LedgerError>;

    /// The same, but every record is read where that finds more damage.
    fn read_whole(&self, name: &RunName) -> Result<Box<dyn Run>, LedgerError> {
        self.read(name)
    }

    /// The rows to the people whom `recipients` mean, in no order.
    fn rows_to(&self, recipients: &[String]) -> Result<FoundMessages, LedgerError>;

    /// The earlier runs of a bot at an address with which a new list is compared. Sent and unknown rows count for as long as
    /// `remember`, rows under way and to be sent whatever their age.
    fn earlier<'a>(
        &'a self,
        of: (&'a str, &'a str),
        remember: Duration,
        ignored: &'a [RunName],
    ) -> Box<dyn KnownRuns + 'a>;

    /// Takes a name for a new run.
    fn reserve(&self, name: &RunName) -> Result<NewRun, LedgerError>;

    /// Holds off every other process that would make a run, until this one is made; false while one is at it.
    fn try_hold(&self, new: &mut NewRun) -> Result<bool, LedgerError>;

    /// What that process has locked, in words.
    fn making_lock(&self) -> String;

    /// Makes the run, which is this process's from then on. When it cannot be written, there is no run, unless the error says
    /// otherwise.
    fn make(&self, new: NewRun, details: &Details) -> Result<Box<dyn HeldRun>, LedgerError>;

    /// Takes a run for this process.
    fn hold(&self, name: &RunName, purpose: HeldFor) -> Result<Box<dyn HeldRun>, LedgerError>;

    /// Lets whoever sends the run take no more rows; false where nobody is there to be stopped.
    fn stop(&self, name: &RunName) -> Result<bool, LedgerError>;

    /// Removes the run if nothing has changed in it for so long since it was complete, unless a process has it, or has gone on
    /// with it meanwhile. Says whether it was removed.
    fn remove_finished(&self, name: &RunName, age: RunAge) -> Result<bool, LedgerError>;

    /// Holds off every other process that would make a run or claim a person under a key, until what this gives is dropped;
    /// nothing while one is at it.
    fn try_hold_claims(&self) -> Result<Option<Box<dyn OnceClaims>>, LedgerError>;

    /// The claims, to look at them; nothing where nobody ever claimed.
    fn claims_to_look(&self) -> Result<Option<Box<dyn OnceClaims>>, LedgerError>;

    /// What the recipient has under the key by rows of runs that are not among the claims: of several what outweighs the
    /// others.
    fn row_under(&self, _scope: &OnceScope, _recipient: &str) -> Result<Option<OnceEntry>, LedgerError> {
        Ok(None)
    }

    /// What the people of rows that are not among the claims have under the key of their run, or under the `wanted` one: of
    /// several rows to a person what outweighs the others.
    fn people_of_rows(&self, _wanted: Option<&OnceKey>) -> Result<Vec<OnceRows>, LedgerError> {
        Ok(Vec::new())
    }

    /// Runs whose ledger is not there any more, though rows of theirs may have been sent.
    fn lost(&self) -> Result<Vec<RunName>, LedgerError> {
        Ok(Vec::new())
    }

    /// Whether nothing is left of a run that could not be read.
    fn is_removed(&self, _name: &RunName) -> bool {
        false
    }

    /// What is known of a run beside its ledger.
    fn note(&self, _name: &RunName) -> Option<RunNote> {
        None
    }

    /// Whether the process that sends the run is about to stop.
    fn is_stopping(&self, _name: &RunName) -> bool {
        false
    }

    /// Whether several processes may send a run at once, on several machines.
    fn is_shared(&self) -> bool {
        false
    }

    /// What the clock shows by which rows are remembered, in milliseconds since 1970, where it is not this machine's.
    fn clock(&self) -> Result<Option<i64>, LedgerError> {
        Ok(None)
    }

    /// The run `asked` for, whether its ledger is there or not.
    fn named(&self, asked: &RunName) -> Result<RunName, LedgerError> {
        let known = self.names()?;
        if known.contains(asked) || self.lost()?.contains(asked) {
            return Ok(asked.clone());
        }
        Err(RunError::NoSuchRun { name: asked.clone(), known }.into())
    }

    /// The run `asked` for, else the only one that is not finished; nothing where none is named and all are finished.
    fn named_or_unfinished(
        &self,
        asked: Option<&RunName>,
        is_to_stop: bool,
        warn: &mut dyn FnMut(&RunName, &LedgerError),
    ) -> Result<Option<RunName>, LedgerError> {
        if let Some(asked) = asked {
            return self.named(asked).map(Some);
        }
        let UnfinishedRuns { names, unreadable } = self.unfinished(is_to_stop, warn)?;
        let names = meant(names, |name| !self.is_rehearsal(name));
        let names = if is_to_stop { meant(names, |name| self.is_held(name)) } else { names };
        match names.as_slice() {
            [] if unreadable.is_empty() => Ok(None),
            [] => Err(RunError::NoneReadable { unreadable }.into()),
            [name] => Ok(Some(name.clone())),
            _ => Err(RunError::Several { known: names }.into()),
        }
    }

    /// Whether the run is one on the sandbox; of one that cannot be read, by what is known beside its ledger.
    fn is_rehearsal(&self, name: &RunName) -> bool {
        match self.read(name).and_then(|run| run.details()) {
            Ok(details) => details.sandbox,
            Err(_) => self.note(name).is_some_and(|note| note.sandbox),
        }
    }

    /// The run in figures.
    fn overview(&self, name: &RunName) -> Result<RunOverview, LedgerError> {
        // Asked before the counts are read: a process that ends in between has written by then what it knew.
        let is_held = self.is_held(name);
        RunOverview::of(name, is_held, self.read(name)?)
    }

    /// Every run, the newest first.
    fn overviews(&self) -> Result<RunOverviews, LedgerError> {
        let mut all = RunOverviews::default();
        for name in self.names()?.into_iter().chain(self.lost()?) {
            match self.overview(&name) {
                Ok(overview) => all.runs.push(overview),
                Err(error @ LedgerError::Database(_)) => return Err(error),
                Err(_) if self.is_removed(&name) => {}
                Err(error) => all.unreadable.push(self.unreadable(name, error)),
            }
        }
        all.runs.sort_by(|one, other| (other.created_at, &one.name).cmp(&(one.created_at, &other.name)));
        Ok(all)
    }

    /// A run that gave this error.
    fn unreadable(&self, name: RunName, error: LedgerError) -> UnreadableRun {
        UnreadableRun { note: self.note(&name), is_held: self.is_held(&name), name, error }
    }

    /// The runs that are complete, that nobody has, and in which nothing has changed for so long; the newest first. `warn`
    /// hears of those whose ledger cannot be read or is damaged.
    fn finished_for(
        &self,
        age: RunAge,
        warn: &mut dyn FnMut(&RunName, &LedgerError),
    ) -> Result<Vec<RunOverview>, LedgerError> {
        let RunOverviews { runs: mut old, unreadable } = self.overviews()?;
        let damaged = old.iter().filter_map(|run| Some((&run.name, run.damage.as_ref()?)));
        let unreadable = unreadable.iter().map(|run| (&run.name, &run.error));
        damaged.chain(unreadable).for_each(|(name, error)| warn(name, error));
        old.retain(|run| !run.is_held && run.is_finished() && age.has_passed(run.changed_at, now()));
        Ok(old)
    }

    /// The rows to the people whom `recipients` mean, the last first.
    fn find(&self, recipients: &[String]) -> Result<FoundMessages, LedgerError> {
        let mut found = self.rows_to(recipients)?;
        // What nothing became of yet has no time.
        found.messages.sort_by_key(|found| std::cmp::Reverse(found.row.reported.at.unwrap_or(i64::MAX)));
        Ok(found)
    }

    /// Takes the name that was `typed` for a new run, else a free one after its list.
    fn begin(&self, typed: Option<&RunName>, list: &Path) -> Result<NewRun, LedgerError> {
        if let Some(name) = typed {
            return self.reserve(name);
        }
        let first = RunName::of_source(list);
        for name in first.numbered() {
            match self.reserve(&name) {
                Err(LedgerError::Run(_) | LedgerError::InUse { .. }) => {}
                reserved => return reserved,
            }
        }
        Err(RunError::Exists { name: first }.into())
    }
}

/// Of several runs the likely ones, where there are such.
fn meant(names: Vec<RunName>, is_likely: impl Fn(&RunName) -> bool) -> Vec<RunName> {
    let likely: Vec<_> =
        if names.len() < 2 { Vec::new() } else { names.iter().filter(|name| is_likely(name)).cloned().collect() };
    if likely.is_empty() { names } else { likely }
}
