//! The runs in a database.

use std::time::Duration;

use tokio_postgres::{Error, Row};

use super::comparison::SharedEarlier;
use super::database::{LONG, SHORT};
use super::error::DatabaseError;
use super::joined_run::JoinedRun;
use super::once::SharedClaims;
use super::reading::{COLUMNS, DatabaseRun, reported, tables_after};
use super::runs::SharedRuns;
use crate::ledger::{
    Details, FoundMessage, FoundMessages, FoundRow, HeldFor, HeldRun, KnownRuns, LedgerDraft, LedgerError, LedgerStore,
    NewRun, OnceClaims, Run, RunAge, RunError, RunName, UnfinishedRuns, hash_of_person,
};
use crate::phone::person_key;
use crate::process::user_and_host;

/// The columns that a report adds.
const BEHIND: usize = 18;
/// A thousand years means forever: the database's times are limited.
const LONGEST: i64 = 31_556_952_000_000;

impl LedgerStore for SharedRuns {
    fn names(&self) -> Result<Vec<RunName>, LedgerError> {
        self.names_by("SELECT name FROM jelouctl.run ORDER BY name")
    }

    fn newest(&self) -> Result<RunName, LedgerError> {
        let newest = self.names_by("SELECT name FROM jelouctl.run ORDER BY sandbox, created_at DESC LIMIT 1")?;
        newest.into_iter().next().ok_or_else(|| RunError::NoRuns.into())
    }

    fn unfinished(
        &self,
        _is_to_stop: bool,
        _warn: &mut dyn FnMut(&RunName, &LedgerError),
    ) -> Result<UnfinishedRuns, LedgerError> {
        let names = self.names_by("SELECT name FROM jelouctl.run WHERE finished_at IS NULL ORDER BY name")?;
        Ok(UnfinishedRuns { names, unreadable: Vec::new() })
    }

    fn is_held(&self, name: &RunName) -> bool {
        self.id(name).and_then(|run| self.sent_by(run)).is_ok_and(|worker| worker.is_some())
    }

    fn read(&self, name: &RunName) -> Result<Box<dyn Run>, LedgerError> {
        let id = self.id(name)?;
        Ok(Box::new(DatabaseRun { runs: self.clone(), id, doubt: self.doubts(Some(id))?.into_values().next() }))
    }

    fn rows_to(&self, recipients: &[String]) -> Result<FoundMessages, LedgerError> {
        let (doubts, mut found) = (self.doubts(None)?, FoundMessages::default());
        for recipient in recipients {
            for (run, details, mut row) in self.rows_to_one(recipient)? {
                row.reported = row.reported.shown(doubts.get(&run), false);
                found.messages.push(FoundMessage::of(run, &details, row));
            }
        }
        found.damaged.extend(doubts.into_iter().filter_map(|(run, doubt)| Some((run.parse().ok()?, doubt))));
        Ok(found)
    }

    fn earlier<'a>(
        &'a self,
        of: (&'a str, &'a str),
        remember: Duration,
        _ignored: &'a [RunName],
    ) -> Box<dyn KnownRuns + 'a> {
        Box::new(SharedEarlier::new(self, of, remember))
    }

    /// The name is reserved only when the run is made: the second of two processes is refused then.
    fn reserve(&self, name: &RunName) -> Result<NewRun, LedgerError> {
        if self.names()?.contains(name) {
            return Err(RunError::Exists { name: name.clone() }.into());
        }
        Ok(NewRun { name: name.clone(), draft: LedgerDraft::create(None)?, reserved: None })
    }

    /// The lock ends with the connection at the latest.
    fn try_hold(&self, _new: &mut NewRun) -> Result<bool, LedgerError> {
        Ok(self.try_lock_making()?)
    }

    fn try_hold_claims(&self) -> Result<Option<Box<dyn OnceClaims>>, LedgerError> {
        Ok(SharedClaims::try_hold(self)?.map(|claims| Box::new(claims) as Box<dyn OnceClaims>))
    }

    fn claims_to_look(&self) -> Result<Option<Box<dyn OnceClaims>>, LedgerError> {
        Ok(Some(Box::new(SharedClaims::open(self)?)))
    }

    fn making_lock(&self) -> String {
        format!("the ledger is {}", self.shown())
    }

    fn make(&self, new: NewRun, details: &Details) -> Result<Box<dyn HeldRun>, LedgerError> {
        let NewRun { name, mut draft, .. } = new;
        let id = self.import(&mut draft, details, &name)?;
        // The run exists even if this connection fails, which also releases the lock.
        self.unlock_making();
        Ok(Box::new(JoinedRun { runs: self.clone(), name, id, paused: None }))
    }

    fn hold(&self, name: &RunName, purpose: HeldFor) -> Result<Box<dyn HeldRun>, LedgerError> {
        let id = self.id(name)?;
        let mut run = JoinedRun { runs: self.clone(), name: name.clone(), id, paused: None };
        match purpose {
            HeldFor::Sending => {
                // Pauses the run if its database is not the one that it began in.
                self.call(SHORT, self.client().execute("SELECT jelouctl.check_database($1)", &[&id.0]))?;
                run.paused = run.read()?.pause()?;
            }
            HeldFor::Deciding => {}
            // The removal looks the run up again.
            HeldFor::Removal => {
                if let Some(worker) = self.sent_by(id)? {
                    return Err(LedgerError::in_use_by(name, &worker));
                }
            }
        }
        Ok(Box::new(run))
    }

    /// Stops all processes from taking rows until a person resumes the run.
    fn stop(&self, name: &RunName) -> Result<bool, LedgerError> {
        let id = self.id(name)?;
        let run = DatabaseRun { runs: self.clone(), id, doubt: None };
        if run.noted_counts()?.is_finished() {
            return Ok(false);
        }
        self.call(SHORT, self.client().execute("SELECT jelouctl.stop_run($1, $2)", &[&id.0, &user_and_host()]))?;
        Ok(true)
    }

    fn remove_finished(&self, name: &RunName, age: RunAge) -> Result<bool, LedgerError> {
        let query = "SELECT jelouctl.remove_old_run(id, $2) FROM jelouctl.run WHERE name = $1";
        let (name, age) = (name.to_string(), age.milliseconds().min(LONGEST));
        let removed = self.call(LONG, self.client().query_opt(query, &[&name, &age]))?;
        Ok(removed.is_some_and(|row| row.try_get(0).unwrap_or_default()))
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn clock(&self) -> Result<Option<i64>, LedgerError> {
        let query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        Ok(Some(self.call(SHORT, async { self.client().query_one(query, &[]).await?.try_get(0) })?))
    }
}

impl SharedRuns {
    fn names_by(&self, query: &str) -> Result<Vec<RunName>, LedgerError> {
        let rows = self.call(SHORT, self.client().query(query, &[]))?;
        Ok(rows.iter().filter_map(|row| row.try_get::<_, String>(0).ok()?.parse().ok()).collect())
    }

    /// The rows for the person identified by `recipient`, each with the name and details of its run.
    fn rows_to_one(&self, recipient: &str) -> Result<Vec<(String, Details, FoundRow)>, LedgerError> {
        let query = format!(
            "SELECT {COLUMNS}, run.name, run.details, body FROM {} JOIN jelouctl.run ON run.id = row.run \
             WHERE content.person = $1 ORDER BY row.run, row.n",
            tables_after("0")
        );
        let rows = self.call(LONG, self.client().query(&query, &[&hash_of_person(recipient)]))?;
        let mut all = Vec::new();
        for row in &rows {
            let (run, details, row) = found(row).map_err(|error| DatabaseError::of_statement(self.shown(), &error))?;
            // Two people may share a hash.
            if person_key(&row.recipient) == person_key(recipient) {
                all.push((run, Details::of_json(&details, None)?, row));
            }
        }
        Ok(all)
    }
}

fn found(row: &Row) -> Result<(String, String, FoundRow), Error> {
    let found = FoundRow { recipient: row.try_get(11)?, body: row.try_get(BEHIND + 2)?, reported: reported(row)? };
    Ok((row.try_get(BEHIND)?, row.try_get(BEHIND + 1)?, found))
}
