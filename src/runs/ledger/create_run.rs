//! Creates a run from a draft. One transaction compares the draft with other runs and single sends,
//! and then writes it. The comparison before the prompt may be outdated; this one is not.

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use super::Worker;
use super::db::{Db, LONG, LONGEST, SHORT, json, values};
use super::error::LedgerError;
use super::history::comparing::{EarlierQuery, EarlierRuns};
use super::history::draft::LedgerDraft;
use super::keys::claims::{CLAIM_ROW, note_key};
use super::name::RunName;
use super::open::{Ledger, lock_ledger};
use super::pace::{Pace, moment};
use super::run::Run;
use super::types::{DraftRequest, RunSettings};
use crate::base::clock::millis;
use crate::runs::once::{OnceHasher, OnceScope};

/// The number of rows of a draft for each statement.
const ROWS_AT_ONCE: usize = 10_000;

/// A draft that becomes a run.
pub(crate) struct NewRun<'a> {
    pub(crate) name: &'a RunName,
    /// Whether you named the run. Then no other run may have the name.
    pub(crate) is_typed: bool,
    pub(crate) draft: &'a mut LedgerDraft,
    pub(crate) settings: &'a mut RunSettings,
    /// The earlier runs for the comparison.
    pub(crate) earlier: &'a EarlierQuery,
    /// The timeout of a request, if this process sends the run.
    pub(crate) sends_with_timeout: Option<Duration>,
}

/// A new run.
pub(crate) struct CreatedRun {
    pub(crate) run: Run,
    /// This process, if it sends the run.
    pub(crate) worker: Option<Worker>,
}

impl Ledger {
    /// Chooses the name of a new run: the `typed` one, or a free one after its list.
    pub(crate) fn choose_run_name(
        &self,
        typed: Option<&RunName>,
        list: &Path,
    ) -> Result<RunName, LedgerError> {
        match typed {
            Some(name) => free_name(&mut self.db(), name, true),
            None => free_name(&mut self.db(), &RunName::from_source(list), false),
        }
    }

    /// Creates a run, in one transaction with the last comparison and with the process that sends
    /// it. `compare` may skip rows, change the settings, or return false to create no run. After an
    /// error, the run exists only if the error reports that. If another run has taken a name that
    /// was not typed, this one gets a number.
    pub(crate) fn create_run<E: From<LedgerError>>(
        &self,
        new: NewRun<'_>,
        compare: impl FnOnce(
            &mut EarlierRuns<'_>,
            &mut LedgerDraft,
            &mut RunSettings,
        ) -> Result<bool, E>,
    ) -> Result<Option<CreatedRun>, E> {
        let NewRun {
            name,
            is_typed,
            draft,
            settings,
            earlier,
            sends_with_timeout,
        } = new;
        // A process that sends uses its own connection.
        let ledger = match sends_with_timeout {
            Some(_) => self.reopened()?,
            None => self.clone(),
        };
        let mut db = ledger.db();
        db.0.limit(LONGEST);
        let name = RefCell::new(name.clone());
        let not_created = |error: LedgerError| error.during_import(&name.borrow());
        let created = db.transaction(true, not_created, |db| {
            let locked = lock_ledger(db)?;
            if !settings.sandbox {
                locked.require_accepted()?;
            }
            let free = free_name(db, &name.borrow(), is_typed)?;
            name.replace(free);
            if !compare(
                &mut EarlierRuns::new(&mut *db, earlier, locked.now),
                draft,
                settings,
            )? {
                return Ok(None);
            }
            let name = name.borrow().clone();
            let id = write_run(db, locked.last_run + 1, locked.now, &name, draft, settings)?;
            let own = Run::new(ledger.clone(), id, name.clone());
            let worker = match sends_with_timeout {
                Some(timeout) => Some(Worker::for_new_run(db, &own, settings, timeout)?),
                None => None,
            };
            let run = Run::new(self.clone(), id, name);
            Ok::<_, E>(Some(CreatedRun { run, worker }))
        });
        db.0.limit(sends_with_timeout.map_or(LONG, |_| SHORT));
        created
    }
}

/// Creates the run `name` from `draft`. The caller has compared the draft in this transaction.
fn write_run(
    db: &mut Db,
    run: i64,
    now: i64,
    name: &RunName,
    draft: &LedgerDraft,
    details: &RunSettings,
) -> Result<i64, LedgerError> {
    db.run("UPDATE store SET runs = ?1 WHERE id = 1", &values![run])?;
    let identity = db.0.identity().to_owned();
    let pace = Pace::new(details.rate, moment(now));
    db.run(
        "INSERT INTO run (id, name, details, bot, address, sandbox, identity, pace, taken, \
            repeats, created_by, created_at, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, \
            0, ?9, ?10, ?11, ?11)",
        &values![
            run,
            name.to_string(),
            json(details)?,
            &details.bot,
            &details.api_url,
            i64::from(details.sandbox),
            identity,
            json(&pace)?,
            i64::from(!draft.followers()?.is_empty()),
            db.who().encode(),
            now
        ],
    )?;
    fill_messages(db, run, draft, details)?;
    fill_rows(db, run, draft, now)?;
    // The rows come in the order of the index, so this is cheap.
    db.0.fill("known (person, fingerprint, run, n)", &mut |each| {
        draft.keys("person IS NOT NULL", |[person, fingerprint, n]| {
            each(&values![person, fingerprint, run, n])
        })
    })?;
    if let Some(scope) = details.scope() {
        claim_rows(db, &scope, details.conditions.every, run, draft)?;
    }
    Ok(run)
}

/// Writes the constant part of each row.
fn fill_messages(
    db: &mut Db,
    run: i64,
    draft: &LedgerDraft,
    details: &RunSettings,
) -> Result<(), LedgerError> {
    let charge = |DraftRequest {
                      recipient,
                      path,
                      body,
                  }: &DraftRequest<'_>| {
        let estimate = details.estimate.as_ref()?;
        let (country, category) = details.charged_by(recipient, path, body);
        estimate
            .find_charge(country, category)
            .map(|place| place as u64)
    };
    let columns = "message (run, n, line, cells, recipient, person, fingerprint, path, body, \
        checksum, charge)";
    db.0.fill(columns, &mut |each| {
        draft.each_row(|row| {
            let request = row.request.as_ref();
            each(&values![
                run,
                row.index,
                row.line,
                row.cells,
                request.map(|request| request.recipient),
                row.person,
                row.fingerprint,
                request.map(|request| request.path),
                request.map(|request| request.body),
                row.checksum,
                request.and_then(charge)
            ])
        })
    })
}

/// Writes the changing part of each row.
fn fill_rows(db: &mut Db, run: i64, draft: &LedgerDraft, now: i64) -> Result<(), LedgerError> {
    db.0.fill(
        "row (run, n, state, number, at, attempts, code, error)",
        &mut |each| {
            draft.each_where("skipped IS NOT NULL", i64::MAX, |row| {
                let (reason, problem) = row
                    .skip
                    .map(|skip| (skip.reason.name(), skip.problem.encode()))
                    .unzip();
                each(&values![
                    run, row.index, "skipped", 1_i64, now, 0_i64, reason, problem
                ])
            })
        },
    )?;
    // All other rows are alike, so the database creates them itself.
    db.run(
        "INSERT INTO row (run, n, state, number, due_at, attempts) SELECT run, n, 'pending', \
            0, 0, 0 FROM message WHERE run = ?1 ON CONFLICT DO NOTHING",
        &values![run],
    )?;
    Ok(())
}

/// Claims the recipient of every row to send. Each is free, because the caller has skipped the
/// other rows.
fn claim_rows(
    db: &mut Db,
    scope: &OnceScope,
    every: Option<Duration>,
    run: i64,
    draft: &LedgerDraft,
) -> Result<(), LedgerError> {
    let every_ms = every.map(millis);
    let key = note_key(db, scope)?;
    let hasher = OnceHasher::load(db)?;
    let mut claims = Vec::new();
    draft.each_row_to_send(|row, request| {
        claims.push(
            values![
                key,
                hasher.person(request.recipient),
                run,
                row.index,
                every_ms
            ]
            .to_vec(),
        );
        if claims.len() == ROWS_AT_ONCE {
            db.each(CLAIM_ROW, &std::mem::take(&mut claims))?;
        }
        Ok::<_, LedgerError>(())
    })?;
    db.each(CLAIM_ROW, &claims)?;
    Ok(())
}

/// Returns the name if no run has it. A name that was not typed may get a number: the first free
/// one.
fn free_name(db: &mut Db, name: &RunName, is_typed: bool) -> Result<RunName, LedgerError> {
    for name in name.numbered().take(if is_typed { 1 } else { usize::MAX }) {
        if !db.exists(
            "SELECT 1 FROM run WHERE name = ?1",
            &values![name.to_string()],
        )? {
            return Ok(name);
        }
    }
    let is_of_sandbox = db.exists(
        "SELECT 1 FROM run WHERE name = ?1 AND sandbox = 1",
        &values![name.to_string()],
    )?;
    Err(LedgerError::exists(name, is_of_sandbox))
}

/// How the contract creates a run.
#[cfg(test)]
mod tests {
    use super::*;

    impl Ledger {
        /// Creates a run that no process sends, as `bulk send --hold` does.
        pub(crate) fn make<E: From<LedgerError>>(
            &self,
            name: &RunName,
            is_typed: bool,
            draft: &mut LedgerDraft,
            settings: &mut RunSettings,
            earlier: &EarlierQuery,
            compare: impl FnOnce(
                &mut EarlierRuns<'_>,
                &mut LedgerDraft,
                &mut RunSettings,
            ) -> Result<bool, E>,
        ) -> Result<Option<Run>, E> {
            let new = NewRun {
                name,
                is_typed,
                draft,
                settings,
                earlier,
                sends_with_timeout: None,
            };
            let created = self.create_run(new, compare)?;
            Ok(created.map(|created| created.run))
        }
    }
}
