//! The runs in a database, and how its ledger is created.

use std::time::Duration;

use tokio_postgres::Row;

use super::VERSION;
use super::comparison::SharedEarlier;
use super::database::{Database, DatabaseAddress, LONG, SHORT};
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
const BEHIND: usize = 19;
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
        let (paused, changed_at) = (None, None);
        Ok(Box::new(JoinedRun { runs: self.clone(), name, id, paused, changed_at, purpose: HeldFor::Sending }))
    }

    fn hold(&self, name: &RunName, purpose: HeldFor) -> Result<Box<dyn HeldRun>, LedgerError> {
        let id = self.id(name)?;
        let (paused, changed_at) = (None, None);
        let mut run = JoinedRun { runs: self.clone(), name: name.clone(), id, paused, changed_at, purpose };
        match purpose {
            HeldFor::Sending => {
                // Pauses the run if its database is not the one that it began in.
                self.execute(SHORT, "SELECT jelouctl.check_database($1)", &[&id.0])?;
                run.paused = run.read()?.pause()?;
            }
            // A reader would find out only after the questions to Jelou.
            HeldFor::Deciding => self.require_sender()?,
            // The removal looks the run up again.
            HeldFor::Removal => {
                if let Some(worker) = self.sent_by(id)? {
                    return Err(LedgerError::in_use_by(name, &worker));
                }
                run.changed_at = Some(run.read()?.changed_at()?);
            }
        }
        Ok(Box::new(run))
    }

    /// Stops all processes from taking rows until a person resumes the run.
    fn stop(&self, name: &RunName) -> Result<bool, LedgerError> {
        let id = self.id(name)?;
        Ok(self.value(SHORT, "SELECT jelouctl.stop_run($1, $2)", &[&id.0, &user_and_host()])?)
    }

    fn remove_finished(&self, name: &RunName, age: RunAge) -> Result<bool, LedgerError> {
        let query = "SELECT (jelouctl.remove_run(id, NULL, $2)).removed FROM jelouctl.run WHERE name = $1";
        let (name, age) = (name.to_string(), age.milliseconds().min(LONGEST));
        Ok(self.rows(LONG, query, &[&name, &age], |row| row.try_get(0))?.contains(&true))
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn clock(&self) -> Result<Option<i64>, LedgerError> {
        let query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        Ok(Some(self.value(SHORT, query, &[])?))
    }
}

impl SharedRuns {
    fn names_by(&self, query: &str) -> Result<Vec<RunName>, LedgerError> {
        let names = self.rows(SHORT, query, &[], |row| Ok(row.try_get::<_, &str>(0)?.parse().ok()))?;
        Ok(names.into_iter().flatten().collect())
    }

    /// The rows for the person identified by `recipient`, each with the name and details of its run.
    fn rows_to_one(&self, recipient: &str) -> Result<Vec<(String, Details, FoundRow)>, LedgerError> {
        let query = format!(
            "SELECT {COLUMNS}, run.name, run.details, body FROM {} JOIN jelouctl.run ON run.id = row.run \
             WHERE content.person = $1 ORDER BY row.run, row.n",
            tables_after("0")
        );
        let read = |row: &Row| {
            let found =
                FoundRow { recipient: row.try_get(11)?, body: row.try_get(BEHIND + 2)?, reported: reported(row)? };
            Ok((row.try_get(BEHIND)?, row.try_get(BEHIND + 1)?, found))
        };
        let mut all = Vec::new();
        for (run, details, row) in self.rows::<(_, String, _)>(LONG, &query, &[&hash_of_person(recipient)], read)? {
            // Two people may share a hash.
            if person_key(&row.recipient) == person_key(recipient) {
                all.push((run, Details::of_json(&details, None)?, row));
            }
        }
        Ok(all)
    }
}

/// The sender and the reader. Roles belong to the whole server, and may exist already.
const ROLES: [&str; 2] = ["jelouctl_sender", "jelouctl_reader"];
/// Names must not resolve to objects that already exist in a schema of that name.
const BEGIN: &str = "BEGIN;\nSET LOCAL search_path = pg_catalog, pg_temp;\n\n";
/// The claims under keys, which are created or upgraded.
const CLAIMS: &str = include_str!("once.sql");

/// The complete SQL, in one transaction, for the owner of the database.
pub(crate) fn schema_sql() -> String {
    let roles = ROLES.map(|role| {
        format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} NOLOGIN; \
             END IF; END $$;\n"
        )
    });
    let (roles, tables, functions) = (roles.concat(), include_str!("schema.sql"), include_str!("functions.sql"));
    format!("{BEGIN}{roles}\n{tables}\n{functions}\n{CLAIMS}\nINSERT INTO ledger VALUES ({VERSION});\n\nCOMMIT;\n")
}

/// Creates the ledger in the database at `address`. Returns false if it exists already; an error changes nothing.
pub(crate) fn set_up(address: DatabaseAddress) -> Result<bool, DatabaseError> {
    let database = Database::new(address.clone())?;
    let sql = match SharedRuns::open(address).and_then(|runs| SharedClaims::open(&runs)) {
        Ok(_) => return Ok(false),
        Err(DatabaseError::OlderClaims { .. }) => format!("{BEGIN}{CLAIMS}\nCOMMIT;\n"),
        Err(DatabaseError::NoLedger { .. }) => schema_sql(),
        Err(error) => return Err(error),
    };
    let client = database.connect()?;
    database.call(LONG, client.batch_execute(&sql)).map_err(|error| match error {
        DatabaseError::Rights { at, cause } => DatabaseError::SetupRights { at, cause },
        other => other,
    })?;
    Ok(true)
}
