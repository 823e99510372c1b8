//! A run that somebody goes on with, in a file or in a database: what is looked at before, and how it is taken up.

use super::arguments::RunOptions;
use super::earlier::{self, Repetition};
use super::excluded_since::{leave_out_excluded, leave_out_of_file};
use super::joined_run::JoinedRun;
use super::locked_run::{LockedRun, report_found};
use super::pause_words::{since_when, what_to_look_at};
use crate::commands::CommandError;
use crate::config::Rate;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::{
    Details, EarlierRuns, Ledger, LedgerError, PausedRun, Resumed, RunId, RunLock, RunName, RunStore, Runs,
    SharedEarlier, SharedRuns, StoredRun,
};
use crate::people::Exclusions;
use crate::sending::{Connection, Sender};

/// A run that this process is about to send.
pub(crate) enum ResumedRun {
    /// Nobody else has it.
    File { runs: Runs, name: RunName, lock: RunLock },
    /// Others may send it too.
    Shared {
        runs: Box<SharedRuns>,
        name: RunName,
        run: RunId,
        /// Why nobody took rows of it, by then.
        paused: Option<PausedRun>,
    },
}

/// How it goes on.
pub(crate) struct TakenUp {
    pub(crate) details: Details,
    /// Whether a person says so, which lifts a pause; a machine only joins those who send it.
    pub(crate) is_resumed: bool,
    /// Whether that person has answered a question, with all that there is to know above it.
    pub(crate) has_answered: bool,
    /// Whether its conditions were given anew.
    pub(crate) is_changed: bool,
}

impl ResumedRun {
    /// Takes the run `name` of `store`.
    ///
    /// # Errors
    /// When another process has it, or it cannot be read.
    pub(crate) fn hold(store: RunStore, name: RunName) -> Result<Self, LedgerError> {
        Ok(match store {
            RunStore::Files(runs) => {
                let lock = runs.lock_to_send(&name)?;
                // What was changed is compared with nothing that was typed.
                runs.read_locked(&name, &lock)?.into_whole()?;
                Self::File { runs, name, lock }
            }
            RunStore::Shared(runs) => {
                let run = runs.id(&name)?;
                runs.check_database(run)?;
                let paused = runs.paused(run)?;
                Self::Shared { runs, name, run, paused }
            }
        })
    }

    pub(crate) fn name(&self) -> &RunName {
        match self {
            Self::File { name, .. } | Self::Shared { name, .. } => name,
        }
    }

    /// Whether it goes on with the profile that it was begun with: a container may have variables alone.
    pub(crate) fn needs_its_profile(&self) -> bool {
        match self {
            Self::File { .. } => true,
            Self::Shared { .. } => false,
        }
    }

    pub(crate) fn read(&self) -> Result<StoredRun<'_>, LedgerError> {
        Ok(match self {
            Self::File { runs, name, lock } => StoredRun::File(Box::new(runs.read_locked(name, lock)?)),
            // Whoever resumes it takes it as it is.
            Self::Shared { runs, run, .. } => StoredRun::Shared(runs, *run, None),
        })
    }

    /// Tells a person who resumes it what it is paused for.
    pub(crate) fn report_pause(&self, context: &Context) {
        if let Self::Shared { name, paused: Some(paused), .. } = self {
            let look = what_to_look_at(paused.pause.reason, name);
            context.stderr.warning(&format!("run {name} is {}; {look}", since_when(paused)));
        }
    }

    /// Goes on after a question, which may have stood there for longer than a connection lives.
    pub(crate) fn reconnect(&mut self) -> Result<(), LedgerError> {
        if let Self::Shared { runs, .. } = self {
            **runs = runs.reopened()?;
        }
        Ok(())
    }

    /// Leaves out people who are not to be written to by now.
    pub(crate) fn leave_out(&self, context: &Context, exclusions: &Exclusions) -> Result<(), CommandError> {
        match self {
            Self::File { runs, name, lock } => leave_out_of_file(context, &runs.path(name), lock, exclusions),
            Self::Shared { runs, run, .. } => Ok(leave_out_excluded(context, runs, *run, exclusions)?),
        }
    }

    /// Looks whether another run has sent meanwhile what this one has left; nothing sent on the sandbox counts.
    pub(crate) fn leave_out_sent(&self, details: &Details, ignored: &[RunName]) -> Result<(), CommandError> {
        let repetition = Repetition::of(details.conditions.again, details.conditions.skip_sent);
        if details.sandbox || repetition == Repetition::Meant {
            return Ok(());
        }
        match self {
            Self::File { runs, name, lock } => {
                let ledger = runs.read_locked(name, lock)?;
                let created_at = ledger.created_at()?;
                let mut earlier = EarlierRuns::of_run(runs, (name, details), created_at, ignored);
                let found = earlier::compare_run(&mut earlier, &ledger)?;
                if earlier::are_left_out(&found, repetition, name, || ledger.counts())? {
                    let mut written = Ledger::resume(&runs.path(name), lock.mark()?)?;
                    written.skip_earlier(&ledger)?;
                    written.close()?;
                }
            }
            Self::Shared { runs, name, run, .. } => {
                let of = (details.bot.as_str(), details.api_url.as_str());
                let overlap = SharedEarlier::new(runs, of, details.remember).of_run(*run)?;
                if earlier::are_left_out(&overlap.messages(), repetition, name, || runs.counts(*run))? {
                    overlap.skip(runs, *run)?;
                }
            }
        }
        Ok(())
    }

    /// Sends what is left.
    pub(crate) async fn carry_out(
        self,
        context: &Context,
        sender: &Sender,
        connection: Connection,
        TakenUp { details, is_resumed, has_answered, is_changed }: TakenUp,
        options: RunOptions,
    ) -> Result<ExitCode, CommandError> {
        let counts = self.read()?.counts()?;
        match self {
            Self::File { runs, name, lock } => {
                let run = LockedRun { runs: &runs, name, details, is_changed, found: Some(counts), lock };
                run.send(context, sender, connection, options).await
            }
            Self::Shared { runs, name, run, paused } => {
                // Who resumes a run may be the only one who is left of it.
                report_found(context, &name, &counts, !is_resumed);
                if is_resumed {
                    runs.resume(
                        run,
                        &Resumed {
                            seen: paused.as_ref(),
                            has_answered,
                            rate: options.rate.map(Rate::per_second),
                            conditions: is_changed.then_some(&details.conditions),
                        },
                    )?;
                }
                let timeout = sender.settings.timeout.value.duration();
                let joined = JoinedRun { runs: &runs, run, name: &name, details: &details, timeout };
                joined.send(context, sender, connection, options).await
            }
        }
    }
}
