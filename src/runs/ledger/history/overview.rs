//! Lists runs: by name, with their counts, or the rows of one recipient.

use std::time::Duration;

use crate::base::clock::millis;
use crate::base::message::Message;
use crate::phone::person_key;
use crate::runs::ledger::db::{SqlRow, values};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::events::RunPause;
use crate::runs::ledger::message::hash_recipient;
use crate::runs::ledger::model::Counts;
use crate::runs::ledger::name::RunName;
use crate::runs::ledger::open::Ledger;
use crate::runs::ledger::rows::delivery::DeliveryCounts;
use crate::runs::ledger::rows::reported_rows::{FIND, ListLine, reported};
use crate::runs::ledger::run::{Run, is_stale, paused};
use crate::runs::ledger::types::{ReportRow, RunSettings};

impl Ledger {
    /// Returns the names of all runs.
    pub(crate) fn names(&self) -> Result<Vec<RunName>, LedgerError> {
        self.db()
            .rows("SELECT name FROM run ORDER BY name", &[], |row| {
                name_in(&row)
            })
    }

    /// Returns the newest run. In the sandbox, sandbox runs come before all others; elsewhere, they
    /// come after them.
    pub(crate) fn newest(&self) -> Result<RunName, LedgerError> {
        let query = "SELECT name FROM run ORDER BY CASE WHEN sandbox = ?1 THEN 0 ELSE 1 END, \
            id DESC LIMIT 1";
        let newest = self
            .db()
            .first(query, &values![i64::from(self.in_sandbox)])?;
        name_in(&newest.ok_or_else(LedgerError::no_runs)?)
    }

    /// Finds the run with this name.
    pub(crate) fn run(&self, asked: &RunName) -> Result<Run, LedgerError> {
        let found = self.db().first(
            "SELECT id FROM run WHERE name = ?1",
            &values![asked.to_string()],
        )?;
        match found {
            Some(row) => Ok(Run::new(self.clone(), row.int("id")?, asked.clone())),
            None => Err(LedgerError::no_such_run(
                asked,
                self.location(),
                &self.names()?,
            )),
        }
    }

    /// Returns all runs, the newest first.
    pub(crate) fn runs(&self) -> Result<Vec<Run>, LedgerError> {
        let query = "SELECT id, name FROM run ORDER BY created_at DESC, name";
        self.db().rows(query, &[], |row| {
            Ok(Run::new(self.clone(), row.int("id")?, name_in(&row)?))
        })
    }

    /// Finds the run `asked` for, or else the only unfinished one. Sandbox runs rank as in
    /// [`Ledger::newest`]. Returns None if `asked` is None and all runs are finished.
    pub(crate) fn named_or_unfinished(
        &self,
        asked: Option<&RunName>,
    ) -> Result<Option<Run>, LedgerError> {
        if let Some(asked) = asked {
            return self.run(asked).map(Some);
        }
        let mut runs = self.unfinished()?;
        self.prefer_own(&mut runs);
        match runs.as_slice() {
            [] => Ok(None),
            [run] => Ok(Some(run.open(self))),
            several => Err(LedgerError::several_unfinished(&names_of(several))),
        }
    }

    /// Finds the one run that a process sends now. Sandbox runs rank as in [`Ledger::newest`].
    pub(crate) fn in_progress(&self) -> Result<Run, LedgerError> {
        let workers = self.joined_workers()?;
        let unfinished = self.unfinished()?.into_iter();
        let mut runs: Vec<_> = unfinished
            .filter(|run| workers.has_sender(run.id))
            .collect();
        self.prefer_own(&mut runs);
        match runs.as_slice() {
            [] => Err(self.none_in_progress()?),
            [run] => Ok(run.open(self)),
            several => Err(LedgerError::several_in_progress(
                self.location(),
                &names_of(several),
            )),
        }
    }

    /// Returns every unfinished run, or an error if there is none. In the sandbox, only sandbox runs.
    pub(crate) fn all_unfinished(&self) -> Result<Vec<Run>, LedgerError> {
        let mut runs = self.unfinished()?;
        runs.retain(|run| run.is_sandbox || !self.in_sandbox);
        if runs.is_empty() {
            return Err(LedgerError::none_in_progress(self.location(), &[]));
        }
        Ok(runs.iter().map(|run| run.open(self)).collect())
    }

    /// Returns the error if no process sends a run now. It names the runs that may be sent on: their
    /// process may be suspended, or at work before it joins.
    fn none_in_progress(&self) -> Result<LedgerError, LedgerError> {
        let mut runs = self.unfinished()?;
        runs.retain(|run| run.may_be_sent);
        self.prefer_own(&mut runs);
        let names = names_of(&runs);
        Ok(LedgerError::none_in_progress(self.location(), &names))
    }

    fn unfinished(&self) -> Result<Vec<UnfinishedRun>, LedgerError> {
        let query = "SELECT id, name, sandbox, CASE WHEN paused IS NULL \
            AND cancelled_at IS NULL THEN 1 ELSE 0 END AS may_be_sent FROM run \
            WHERE finished_at IS NULL ORDER BY name";
        self.db().rows(query, &[], |row| {
            Ok(UnfinishedRun {
                id: row.int("id")?,
                name: name_in(&row)?,
                is_sandbox: row.is_set("sandbox")?,
                may_be_sent: row.is_set("may_be_sent")?,
            })
        })
    }

    /// In the sandbox, keeps only sandbox runs, if there are any; elsewhere, only the others.
    fn prefer_own(&self, runs: &mut Vec<UnfinishedRun>) {
        let is_own = |run: &UnfinishedRun| run.is_sandbox == self.in_sandbox;
        if runs.iter().any(is_own) {
            runs.retain(is_own);
        }
    }

    /// Returns the overview of every run, the newest first.
    pub(crate) fn overviews(&self) -> Result<Vec<RunOverview>, LedgerError> {
        self.runs()?.iter().map(RunOverview::read).collect()
    }

    /// Returns the complete runs without a change for at least `age`, newest first. In the sandbox,
    /// only sandbox runs.
    pub(crate) fn finished_for(&self, age: Duration) -> Result<Vec<RunOverview>, LedgerError> {
        let mut old = self.overviews()?;
        let now = self.now()?;
        old.retain(|run| {
            !run.is_running
                && run.is_finished()
                && now.saturating_sub(run.changed_at) >= millis(age)
        });
        old.retain(|run| run.details.sandbox || !self.in_sandbox);
        Ok(old)
    }

    /// Finds the rows for `recipient`, newest first.
    pub(crate) fn find(&self, recipient: &str) -> Result<Vec<MessageMatch>, LedgerError> {
        let joined = self.joined_workers()?;
        let mut found = Vec::new();
        let mut db = self.db();
        let identity = db.0.identity().to_owned();
        db.for_each_row(&FIND, &values![hash_recipient(recipient)], |mut row| {
            // Two recipients may share a hash.
            if row.opt_text("recipient")?.map(person_key) != Some(person_key(recipient)) {
                return Ok(());
            }
            let is_stale = is_stale(&row, &identity)?;
            let run = row.take_text("run_name")?;
            let stale = is_stale.then(|| LedgerError::stale_ledger(&run));
            let details: RunSettings = row.json("details")?;
            let body = row.take_text("body")?;
            let line = ListLine::read(&mut row)?;
            let reported = reported(line, &mut row, &joined, stale.as_ref())?;
            found.push(MessageMatch {
                run,
                details,
                stale,
                body,
                reported,
            });
            Ok(())
        })?;
        // A row without an attempt has no time yet.
        found.sort_by_key(|found| std::cmp::Reverse(found.reported.at.unwrap_or(i64::MAX)));
        Ok(found)
    }
}

/// A run that is not finished.
struct UnfinishedRun {
    id: i64,
    name: RunName,
    is_sandbox: bool,
    /// Whether it is neither paused nor cancelled.
    may_be_sent: bool,
}

impl UnfinishedRun {
    fn open(&self, ledger: &Ledger) -> Run {
        Run::new(ledger.clone(), self.id, self.name.clone())
    }
}

fn names_of(runs: &[UnfinishedRun]) -> Vec<RunName> {
    runs.iter().map(|run| run.name.clone()).collect()
}

fn name_in(row: &SqlRow) -> Result<RunName, LedgerError> {
    row.parse("name", |name| name.parse().ok())
}

/// One run in the list of runs.
#[derive(Debug)]
pub(crate) struct RunOverview {
    pub(crate) name: RunName,
    /// The reason if the run is stale. Then unsent rows may have been sent, and count as unknown.
    pub(crate) stale: Option<LedgerError>,
    pub(crate) details: RunSettings,
    /// The number of rows in each state. A row in flight in a lost process counts as unknown.
    pub(crate) counts: Counts,
    /// Who created it: `ana at build-7`
    pub(crate) created_by: Message,
    /// Milliseconds since 1970.
    pub(crate) created_at: i64,
    /// The time of the last outcome or decision, or else of the creation.
    pub(crate) changed_at: i64,
    /// Whether a process sends it.
    pub(crate) is_running: bool,
    /// The delivery status of its messages; None before the first delivery check.
    pub(crate) deliveries: Option<DeliveryCounts>,
    pub(crate) pause: Option<RunPause>,
    /// Whether you cancelled it.
    pub(crate) is_cancelled: bool,
}

impl RunOverview {
    pub(crate) fn read(run: &Run) -> Result<Self, LedgerError> {
        let query = "SELECT identity, finished_at, details, created_by, created_at, changed_at, \
            asked_at, cancelled_at, paused, paused_by, paused_at FROM run WHERE id = ?1";
        let mut row = run.one(query)?;
        let counts = run.noted_counts()?;
        let stale = run.stale_reason_in(&row)?;
        Ok(Self {
            name: run.name().clone(),
            details: row.json("details")?,
            counts: if stale.is_some() {
                counts.with_lost_records()
            } else {
                counts
            },
            created_by: row.message("created_by")?,
            created_at: row.int("created_at")?,
            changed_at: row.int("changed_at")?,
            is_running: run.is_running()?,
            deliveries: row
                .opt_int("asked_at")?
                .map(|_| run.all_deliveries())
                .transpose()?,
            pause: paused(&mut row)?,
            is_cancelled: row.opt_int("cancelled_at")?.is_some(),
            stale,
        })
    }

    /// Returns whether every row is final, and the ledger is not stale.
    pub(crate) fn is_finished(&self) -> bool {
        self.stale.is_none() && self.counts.is_finished()
    }

    /// Counts the rows that `--skip-sent` would skip in a new run.
    pub(crate) fn remembered(&self) -> u64 {
        let Counts {
            sent,
            unknown,
            inflight,
            ..
        } = self.counts;
        if self.details.sandbox {
            0
        } else {
            sent + unknown + inflight
        }
    }
}

/// A matching row and its run.
#[derive(Debug)]
pub(crate) struct MessageMatch {
    pub(crate) run: String,
    pub(crate) details: RunSettings,
    /// The reason if the run is stale, so that unsent rows may have been sent.
    pub(crate) stale: Option<LedgerError>,
    /// The message, as JSON.
    pub(crate) body: String,
    pub(crate) reported: ReportRow,
}
