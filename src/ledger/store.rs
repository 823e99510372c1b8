//! Where runs are stored: files of this machine, or a database. This file holds the logic that is the same for both.

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

/// A name that is reserved for a new run, and the draft that becomes the run.
pub(crate) struct NewRun {
    pub(crate) name: RunName,
    pub(crate) draft: LedgerDraft,
    /// The files of the run, if it will be in files. Until it is made, dropping this removes them.
    pub(super) reserved: Option<ReservedRun>,
}

/// The runs that are not finished.
pub(crate) struct UnfinishedRuns {
    pub(crate) names: Vec<RunName>,
    /// Runs that may or may not be finished.
    pub(crate) unreadable: Vec<RunName>,
}

/// People of a list that earlier runs wrote to recently.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WrittenTo {
    /// Their number, whatever the messages were.
    pub(crate) people: u64,
    /// Those of them who had a message that differs from the one in this list.
    pub(crate) otherwise: Option<OtherMessages>,
}

/// Messages that differ from those of a list, for people of that list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherMessages {
    pub(crate) people: u64,
    /// The run and the time of the last such message, in milliseconds since 1970.
    pub(crate) run: String,
    pub(crate) at: i64,
}

impl WrittenTo {
    /// Adds the counts of other people.
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

/// The earlier runs that a list is compared with.
pub(crate) trait KnownRuns {
    /// Marks the rows of `draft` that they have too.
    fn compare(&mut self, draft: &LedgerDraft) -> Result<(), EarlierError>;

    /// Marks the rows of `draft` whose person has a message under `key`, whatever its words.
    fn find_claimed(&mut self, draft: &LedgerDraft, key: &OnceKey) -> Result<(), EarlierError>;

    /// The people of `draft` that one of them has written to in the last 24 hours.
    fn people_written_to(&mut self, draft: &LedgerDraft) -> Result<WrittenTo, EarlierError>;

    /// The unfinished runs with messages for people of `draft`, each with the number of these people.
    fn unfinished(&mut self, draft: &LedgerDraft) -> Result<Vec<(RunName, u64)>, EarlierError>;

    /// Only checks that they can be read.
    fn check(&mut self) -> Result<(), EarlierError> {
        Ok(())
    }
}

/// The runs in a store.
pub(crate) trait LedgerStore {
    /// Every run that has a ledger, by name.
    fn names(&self) -> Result<Vec<RunName>, LedgerError>;

    /// The newest run. A sandbox run counts only if there is no other.
    fn newest(&self) -> Result<RunName, LedgerError>;

    /// The runs that are not finished. With `is_to_stop`, these include the runs that a process sends, whether they can
    /// be read or not. `warn` receives the runs whose state is unknown.
    fn unfinished(
        &self,
        is_to_stop: bool,
        warn: &mut dyn FnMut(&RunName, &LedgerError),
    ) -> Result<UnfinishedRuns, LedgerError>;

    /// Whether a process is sending the run at this moment.
    fn is_held(&self, name: &RunName) -> bool;

    /// Opens a run to read it, even while others send it.
    fn read(&self, name: &RunName) -> Result<Box<dyn Run>, LedgerError>;

    /// The same, but reads every record if that finds more damage.
    fn read_whole(&self, name: &RunName) -> Result<Box<dyn Run>, LedgerError> {
        self.read(name)
    }

    /// The rows for the people in `recipients`, in any order.
    fn rows_to(&self, recipients: &[String]) -> Result<FoundMessages, LedgerError>;

    /// The earlier runs of a bot at an address, for comparison with a new list. Sent and unknown rows count for as long
    /// as `remember`; rows under way and rows still to be sent count whatever their age.
    fn earlier<'a>(
        &'a self,
        of: (&'a str, &'a str),
        remember: Duration,
        ignored: &'a [RunName],
    ) -> Box<dyn KnownRuns + 'a>;

    /// Reserves a name for a new run.
    fn reserve(&self, name: &RunName) -> Result<NewRun, LedgerError>;

    /// Prevents any other process from making a run until this one is made. False if another process is making one.
    fn try_hold(&self, new: &mut NewRun) -> Result<bool, LedgerError>;

    /// The lock that the other process holds, in words.
    fn making_lock(&self) -> String;

    /// Makes the run, which this process then holds. If the write fails, the run does not exist, unless the error says
    /// otherwise.
    fn make(&self, new: NewRun, details: &Details) -> Result<Box<dyn HeldRun>, LedgerError>;

    /// Holds a run for this process.
    fn hold(&self, name: &RunName, purpose: HeldFor) -> Result<Box<dyn HeldRun>, LedgerError>;

    /// Tells the processes that send the run to take no more rows. False if there is no process to stop.
    fn stop(&self, name: &RunName) -> Result<bool, LedgerError>;

    /// Removes the run if it is complete and has not changed for at least this long, unless a process holds it or has
    /// resumed it meanwhile. Returns whether it was removed.
    fn remove_finished(&self, name: &RunName, age: RunAge) -> Result<bool, LedgerError>;

    /// Prevents any other process from making a run or claiming a person under a key, until the returned value is
    /// dropped. None if another process is doing so.
    fn try_hold_claims(&self) -> Result<Option<Box<dyn OnceClaims>>, LedgerError>;

    /// The claims, to read. None if there never was a claim.
    fn claims_to_look(&self) -> Result<Option<Box<dyn OnceClaims>>, LedgerError>;

    /// The state of the recipient under the key, from rows of runs that are not among the claims. If there are several,
    /// the one that outweighs the others.
    fn row_under(&self, _scope: &OnceScope, _recipient: &str) -> Result<Option<OnceEntry>, LedgerError> {
        Ok(None)
    }

    /// The state of people under the key of their run, or under the `wanted` one, from rows that are not among the
    /// claims. If a person has several rows, the one that outweighs the others.
    fn people_of_rows(&self, _wanted: Option<&OnceKey>) -> Result<Vec<OnceRows>, LedgerError> {
        Ok(Vec::new())
    }

    /// Runs whose ledger no longer exists, though their rows may have been sent.
    fn lost(&self) -> Result<Vec<RunName>, LedgerError> {
        Ok(Vec::new())
    }

    /// Whether nothing is left of a run that could not be read.
    fn is_removed(&self, _name: &RunName) -> bool {
        false
    }

    /// What is known about a run without its ledger.
    fn note(&self, _name: &RunName) -> Option<RunNote> {
        None
    }

    /// Whether the process that sends the run is about to stop.
    fn is_stopping(&self, _name: &RunName) -> bool {
        false
    }

    /// Whether several processes, on several machines, may send a run at once.
    fn is_shared(&self) -> bool {
        false
    }

    /// The time of the clock that dates the rows, in milliseconds since 1970, if it is not this machine's clock.
    fn clock(&self) -> Result<Option<i64>, LedgerError> {
        Ok(None)
    }

    /// Every run, whether its ledger exists or not.
    fn all_names(&self) -> Result<Vec<RunName>, LedgerError> {
        Ok(self.names()?.into_iter().chain(self.lost()?).collect())
    }

    /// The run `asked` for, whether its ledger exists or not.
    fn named(&self, asked: &RunName) -> Result<RunName, LedgerError> {
        let known = self.names()?;
        if known.contains(asked) || self.lost()?.contains(asked) {
            return Ok(asked.clone());
        }
        Err(RunError::NoSuchRun { name: asked.clone(), known }.into())
    }

    /// The run `asked` for, or else the only unfinished one. None if no run is named and all are finished.
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

    /// The whole run, if it is one of `bot`; None if it is another bot's, or removed meanwhile.
    ///
    /// # Errors
    /// If what the run has sent is not known, and it may be the bot's.
    fn read_of_bot(&self, name: &RunName, bot: &str) -> Result<Option<Box<dyn Run>>, LedgerError> {
        let read = || {
            let run = self.read(name)?.into_whole()?;
            let is_of_bot = run.details()?.bot == bot;
            Ok(is_of_bot.then_some(run))
        };
        match read() {
            Err(_) if self.is_removed(name) || self.note(name).is_some_and(|note| note.bot != bot) => Ok(None),
            read => read,
        }
    }

    /// Whether the run is a sandbox run. For a run that cannot be read, this comes from what is known without its
    /// ledger.
    fn is_rehearsal(&self, name: &RunName) -> bool {
        match self.read(name).and_then(|run| run.details()) {
            Ok(details) => details.sandbox,
            Err(_) => self.note(name).is_some_and(|note| note.sandbox),
        }
    }

    /// The overview of the run.
    fn overview(&self, name: &RunName) -> Result<RunOverview, LedgerError> {
        // Checked before the counts are read: a process that ends in between has already written what it knew.
        let is_held = self.is_held(name);
        RunOverview::of(name, is_held, self.read(name)?)
    }

    /// Every run, the newest first.
    fn overviews(&self) -> Result<RunOverviews, LedgerError> {
        let mut all = RunOverviews::default();
        for name in self.all_names()? {
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

    /// The overview of a run that gave this error.
    fn unreadable(&self, name: RunName, error: LedgerError) -> UnreadableRun {
        UnreadableRun { note: self.note(&name), is_held: self.is_held(&name), name, error }
    }

    /// The complete runs that no process holds and that have not changed for at least this long, newest first. `warn`
    /// receives those whose ledger is unreadable or damaged.
    fn finished_for(
        &self,
        age: RunAge,
        warn: &mut dyn FnMut(&RunName, &LedgerError),
    ) -> Result<Vec<RunOverview>, LedgerError> {
        let RunOverviews { runs: mut old, unreadable } = self.overviews()?;
        let damaged = old.iter().filter_map(|run| Some((&run.name, run.damage.as_ref()?)));
        let unreadable = unreadable.iter().map(|run| (&run.name, &run.error));
        damaged.chain(unreadable).for_each(|(name, error)| warn(name, error));
        old.retain(|run| !run.is_held && run.is_finished && age.has_passed(run.changed_at, now()));
        Ok(old)
    }

    /// The rows for the people in `recipients`, newest first.
    fn find(&self, recipients: &[String]) -> Result<FoundMessages, LedgerError> {
        let mut found = self.rows_to(recipients)?;
        // A row without an attempt has no time yet.
        found.messages.sort_by_key(|found| std::cmp::Reverse(found.row.reported.at.unwrap_or(i64::MAX)));
        Ok(found)
    }

    /// Reserves the name that was `typed` for a new run, or else a free name based on its list.
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

/// The most likely of several runs, if any stand out.
fn meant(names: Vec<RunName>, is_likely: impl Fn(&RunName) -> bool) -> Vec<RunName> {
    let likely: Vec<_> =
        if names.len() < 2 { Vec::new() } else { names.iter().filter(|name| is_likely(name)).cloned().collect() };
    if likely.is_empty() { names } else { likely }
}
