//! Decides the state of rows for you: all or none, and only rows in the expected state. It is one
//! transaction, so a process that sends the run changes none of them at the same time.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::transitions::LockedRun;
use crate::base::clock::millis;
use crate::base::message::{Message, msg};
use crate::phone::person_key;
use crate::runs::ledger::db::{Db, SqlRow, values};
use crate::runs::ledger::error::{LedgerError, LedgerErrorKind};
use crate::runs::ledger::events::{RunEvent, RunEventKind};
use crate::runs::ledger::keys::claims::{
    CLAIM_ROW, Claim, fill_recipients, note_key, read_candidate_claims,
};
use crate::runs::ledger::model::RowState;
use crate::runs::ledger::name::RunName;
use crate::runs::ledger::open::lock_ledger;
use crate::runs::ledger::run::Run;
use crate::runs::once::{OnceHasher, OnceScope};

/// The number of rows that one statement changes.
const ROWS_AT_ONCE: usize = 10_000;

/// The rows in a state that have a request. Each comes with the process that sent it last, if that
/// is lost and has not reported the outcome.
pub(crate) const ROWS_TO_DECIDE: &str = "SELECT row.n, number, line, recipient, worker.id AS process, host, \
    pid FROM row CROSS JOIN message LEFT JOIN worker ON worker.id = row.worker \
    AND left_at IS NULL AND row.ended_at IS NULL WHERE row.run = ?1 AND state = ?2 \
    AND message.run = row.run AND message.n = row.n AND recipient IS NOT NULL ORDER BY row.n";

/// Which rows are decided, and the states before and after.
#[derive(Clone, Debug)]
pub(crate) struct Resolution {
    pub(crate) change: [RowState; 2],
    /// Decides only the rows at these lines of the list, and of these recipients. If both are
    /// empty, it decides all rows in the state.
    pub(crate) lines: Vec<u64>,
    pub(crate) people: Vec<String>,
}

/// A row in the state that is decided.
struct RowToDecide {
    index: i64,
    number: i64,
    line: u64,
    recipient: String,
    /// The lost process that has not reported the outcome.
    process: Option<RowProcess>,
}

impl RowToDecide {
    fn from_row(mut row: SqlRow) -> Result<Self, LedgerError> {
        let process = match row.opt_int("process")? {
            Some(id) => Some(RowProcess {
                id,
                name: format!("{} pid {}", row.text("host")?, row.int("pid")?),
            }),
            None => None,
        };
        Ok(Self {
            index: row.int("n")?,
            number: row.int("number")?,
            line: row.count("line")?,
            recipient: row.take_text("recipient")?,
            process,
        })
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct RowProcess {
    id: i64,
    /// The name of a process, such as `db-2 pid 812`.
    name: String,
}

/// A lost process that has not reported the outcomes of rows.
pub(crate) struct LostProcess {
    pub(crate) id: i64,
    /// The rows of each process, such as `4 rows at db-2 pid 812`.
    pub(crate) rows: Message,
}

impl Resolution {
    /// Returns whether rows become pending again.
    pub(crate) fn sends_again(&self) -> bool {
        self.change[1] == RowState::Pending
    }
}

impl Run {
    /// Lists the lost processes that have not reported the outcomes of these rows, except the
    /// processes in `asked`. If they are only suspended, they may still send the rows.
    pub(crate) fn lost_processes(
        &self,
        resolution: &Resolution,
        asked: &[i64],
    ) -> Result<Vec<LostProcess>, LedgerError> {
        let rows = self.change(|db, run| {
            run.note_lost(db)?;
            chosen_rows(db, run, self.name(), resolution)
        })?;
        let processes = rows.into_iter().filter_map(|row| row.process);
        let mut lost: BTreeMap<_, u64> = BTreeMap::new();
        for process in processes.filter(|process| !asked.contains(&process.id)) {
            *lost.entry(process).or_default() += 1;
        }
        let described = lost.into_iter().map(|(process, rows)| LostProcess {
            id: process.id,
            rows: msg!(
                "{rows} {rows|row|rows} at {process}",
                rows,
                process = process.name
            ),
        });
        Ok(described.collect())
    }

    /// Decides rows for you. Returns how many changed, and how many did not. In a run with a key, a
    /// row is sent again only if its recipient is still free under the key.
    ///
    /// # Errors
    ///
    /// Nothing changes if a row does not exist or is not in the expected state, or if the write
    /// fails. Rows are not sent again if a lost process that is not in `asked` may still send one
    /// of them.
    pub(crate) fn resolve(
        &self,
        resolution: &Resolution,
        asked: &[i64],
    ) -> Result<(u64, u64), LedgerError> {
        let [from, to] = resolution.change;
        let why = msg!(
            "decided by hand: {from} as {to}",
            from = from.describe(),
            to = to.describe()
        );
        let details = self.details()?;
        let every = details.conditions.every;
        let scope = details.scope().filter(|_| resolution.sends_again());
        self.ledger.db().change(|db| {
            if scope.is_some() {
                lock_ledger(db)?;
            }
            self.change_in(db, |db, run| {
                run.note_lost(db)?;
                if resolution.sends_again() && run.cancellation.is_some() {
                    return Err(LedgerError::cancelled(self.name()));
                }
                // Refuse while a process sends the run: it checks duplicates and exclusions only
                // before it takes rows.
                if resolution.sends_again() {
                    self.require_no_sender(db)?;
                }
                let mut rows = chosen_rows(db, run, self.name(), resolution)?;
                let chosen = rows.len() as u64;
                let mut lost = rows.iter().filter_map(|row| row.process.as_ref());
                if resolution.sends_again() && lost.any(|process| !asked.contains(&process.id)) {
                    return Err(LedgerError::may_still_send());
                }
                if let Some(scope) = &scope {
                    rows = free_rows(db, self.id, scope, every, rows)?;
                }
                let rows: Vec<_> = rows.iter().map(|row| (row.index, row.number)).collect();
                if !rows.is_empty() {
                    let event = RunEvent::new(RunEventKind::Resolved);
                    run.note(db, &event.described(why.clone()))?;
                }
                let mut changed = 0;
                for rows in rows.chunks(ROWS_AT_ONCE) {
                    changed += run.decide(db, rows, [from, to], &why)?;
                }
                Ok((changed, chosen - changed))
            })
        })
    }
}

/// Finds the rows to decide. Returns an error for a line or recipient without a row in the expected
/// state.
fn chosen_rows(
    db: &mut Db,
    run: &LockedRun,
    name: &RunName,
    resolution: &Resolution,
) -> Result<Vec<RowToDecide>, LedgerError> {
    let Resolution {
        change: [from, _],
        lines,
        people,
    } = resolution;
    let mut rows = db.rows(
        ROWS_TO_DECIDE,
        &values![run.id, from.name()],
        RowToDecide::from_row,
    )?;
    if lines.is_empty() && people.is_empty() {
        return Ok(rows);
    }
    let keys: HashSet<_> = people.iter().map(|person| person_key(person)).collect();
    let at_lines: HashSet<_> = lines.iter().collect();
    rows.retain(|row| at_lines.contains(&row.line) || keys.contains(&person_key(&row.recipient)));
    let none = |message: Message| {
        let hint = if run.is_stale(db) {
            msg!(
                "to send the rest without recipients that got it: jelouctl bulk resume {run} \
                    --accept-stale --exclude FILE; to cancel the rest: jelouctl bulk cancel {run}",
                run = name
            )
        } else {
            msg!("to list all rows: jelouctl bulk report {run}", run = name)
        };
        LedgerError::new(LedgerErrorKind::Choice, message, hint)
    };
    let state = from.describe();
    if let Some(line) = lines
        .iter()
        .find(|line| !rows.iter().any(|row| row.line == **line))
    {
        return Err(none(msg!(
            "there is no {state} row at line {line}",
            state,
            line
        )));
    }
    let has_row = |person: &&String| {
        rows.iter()
            .any(|row| person_key(&row.recipient) == person_key(person))
    };
    match people.iter().find(|person| !has_row(person)) {
        Some(person) => Err(none(msg!(
            "there is no {state} row to {person}",
            state,
            person
        ))),
        None => Ok(rows),
    }
}

/// Claims the recipients of `rows` under the key of the run. Returns the rows with a free
/// recipient, and the rows that already have the claim on their recipient.
fn free_rows(
    db: &mut Db,
    run: i64,
    scope: &OnceScope,
    every: Option<Duration>,
    mut rows: Vec<RowToDecide>,
) -> Result<Vec<RowToDecide>, LedgerError> {
    let now = db.0.now()?;
    let key = note_key(db, scope)?;
    let hasher = OnceHasher::load(db)?;
    let people: HashMap<_, _> = rows
        .iter()
        .map(|row| (row.index, hasher.person(&row.recipient)))
        .collect();
    fill_recipients(db, |each| {
        people
            .iter()
            .try_for_each(|(n, person)| each(&values![person, *n]))
    })?;
    let mut own = HashSet::new();
    let mut taken = HashSet::new();
    read_candidate_claims(db, key, |n, Claim { entry, row, .. }| {
        if row == Some((run, n)) {
            own.insert(n);
        } else if !entry.is_free(every, now) {
            taken.insert(n);
        }
        Ok(())
    })?;
    // If two rows have one recipient, only the first is sent again.
    let mut claimed = HashSet::new();
    rows.retain(|row| {
        !taken.contains(&row.index)
            && people
                .get(&row.index)
                .is_some_and(|person| claimed.insert(person.clone()))
    });
    let new = rows.iter().filter(|row| !own.contains(&row.index));
    let claims: Vec<_> = new
        .filter_map(|row| {
            Some(
                values![
                    key,
                    people.get(&row.index)?,
                    run,
                    row.index,
                    every.map(millis)
                ]
                .to_vec(),
            )
        })
        .collect();
    db.each(CLAIM_ROW, &claims)?;
    Ok(rows)
}
