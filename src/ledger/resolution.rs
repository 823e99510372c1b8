//! How a person decides the state of rows: all or none, and only rows that are in the expected state. It is one transaction,
//! so that a process that sends the run changes none of them meanwhile.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::claims::{CLAIM_ROW, Claim, claims_of_candidates, fill_people, note_key};
use super::comparing::EarlierRow;
use super::db::{Db, values};
use super::error::{LedgerError, LedgerFault};
use super::events::LostWorker;
use super::model::RowState;
use super::run::Run;
use super::store::{Lost, lock_store};
use crate::once::{OnceHasher, OnceScope};
use crate::phone::person_key;

/// The number of rows that one statement changes.
const ROWS_AT_ONCE: usize = 10_000;

/// The rows in a state that have a request; with the process that sent it last, if that was lost and has not said how it ended.
const STANDING: &str = "SELECT row.n, number, line, recipient, worker.id, host, pid, seen_at FROM row CROSS JOIN message \
     LEFT JOIN worker ON worker.id = row.worker AND left_at IS NULL AND row.ended_at IS NULL \
     WHERE row.run = ?1 AND state = ?2 AND message.run = row.run AND message.n = row.n AND recipient IS NOT NULL \
     ORDER BY row.n";

/// Which rows are decided, and the states before and after.
#[derive(Clone, Debug)]
pub(crate) struct Resolution {
    pub(crate) change: [RowState; 2],
    /// Only the rows at these lines of the list, and those for these people; all rows in the state if none is named.
    pub(crate) lines: Vec<u64>,
    pub(crate) people: Vec<String>,
}

/// A row in the state that is decided.
struct StandingRow {
    n: i64,
    number: i64,
    line: u64,
    recipient: String,
    /// The lost process that has not said how it ended.
    process: Option<LostWorker>,
}

impl Resolution {
    /// Whether all rows in the state are decided.
    pub(crate) fn is_of_all(&self) -> bool {
        self.lines.is_empty() && self.people.is_empty()
    }

    /// Whether rows are to be sent again.
    pub(crate) fn sends_again(&self) -> bool {
        self.change[1] == RowState::Pending
    }
}

impl Run {
    /// Decides rows by hand, and returns how many were changed. In a run with a key, a row is sent again only if its person is
    /// still free under the key; if all rows in a state are decided, the others do not change. Rows that a lost process would
    /// still send if it was only suspended are sent again once that process is among those that have `ended`; until then
    /// nothing changes, and these processes are returned. Nor does anything change if a row does not exist or is not in the
    /// expected state, or the write fails.
    pub(crate) fn resolve(
        &self,
        resolution: &Resolution,
        ended: &[LostWorker],
    ) -> Result<Result<u64, Vec<LostWorker>>, LedgerError> {
        let [from, to] = resolution.change;
        let why = format!("decided by hand: {} as {}", from.name(), to.name());
        let scope = if resolution.sends_again() { self.details()?.scope() } else { None };
        self.store.db().change(|db| {
            if scope.is_some() {
                lock_store(db)?;
            }
            self.change_in(db, |db, run| {
                run.check_identity(db)?;
                run.note_lost(db)?;
                if resolution.sends_again() && run.cancelled_at.is_some() {
                    return Err(LedgerError::cancelled(self.name()));
                }
                // A process that sends the run compares its rows, and reads who is excluded, before it takes any.
                if resolution.sends_again()
                    && let Some(process) = Lost::of(db)?.sender(self.id)
                {
                    return Err(LedgerError::in_use(self.name(), Some(&process.words())));
                }
                let mut rows = chosen_rows(db, self.id, resolution)?;
                if resolution.sends_again() {
                    let lost = lost_processes(&rows, ended);
                    if !lost.is_empty() {
                        return Ok(Err(lost));
                    }
                }
                if let Some(scope) = &scope {
                    rows = free_rows(db, self.id, scope, rows, !resolution.is_of_all())?;
                }
                let rows: Vec<_> = rows.iter().map(|row| (row.n, row.number)).collect();
                let mut changed = 0;
                for rows in rows.chunks(ROWS_AT_ONCE) {
                    changed += run.decide(db, rows, [from, to], &why)?;
                }
                Ok(Ok(changed))
            })
        })
    }
}

/// The rows that are decided; an error if one of the lines or people has none in the expected state.
fn chosen_rows(db: &mut Db, run: i64, resolution: &Resolution) -> Result<Vec<StandingRow>, LedgerError> {
    let Resolution { change: [from, _], lines, people } = resolution;
    let mut rows = db.rows(STANDING, &values![run, from.name()], |mut row| {
        let (n, number, line, recipient) = (row.int(0)?, row.int(1)?, row.count(2)?, row.take(3)?);
        let process = match row.opt_int(4)? {
            Some(id) => Some(LostWorker { id, host: row.take(5)?, pid: row.int(6)?, seen_at: row.int(7)?, rows: 1 }),
            None => None,
        };
        Ok(StandingRow { n, number, line, recipient, process })
    })?;
    if resolution.is_of_all() {
        return Ok(rows);
    }
    let keys: HashSet<_> = people.iter().map(|person| person_key(person)).collect();
    let at_lines: HashSet<_> = lines.iter().collect();
    rows.retain(|row| at_lines.contains(&row.line) || keys.contains(&person_key(&row.recipient)));
    if let Some(line) = lines.iter().find(|line| !rows.iter().any(|row| row.line == **line)) {
        return Err(LedgerError::other_rows(&format!("there is no {} row at line {line}", from.name())));
    }
    let has_row = |person: &&String| rows.iter().any(|row| person_key(&row.recipient) == person_key(person));
    match people.iter().find(|person| !has_row(person)) {
        Some(person) => Err(LedgerError::other_rows(&format!("there is no {} row to {person}", from.name()))),
        None => Ok(rows),
    }
}

/// The lost processes that have not said how these rows ended, except for those that have `ended`.
fn lost_processes(rows: &[StandingRow], ended: &[LostWorker]) -> Vec<LostWorker> {
    let mut lost: BTreeMap<i64, LostWorker> = BTreeMap::new();
    let open = rows.iter().filter_map(|row| row.process.as_ref());
    for process in open.filter(|process| ended.iter().all(|ended| ended.id != process.id)) {
        lost.entry(process.id).and_modify(|known| known.rows += 1).or_insert_with(|| process.clone());
    }
    lost.into_values().collect()
}

/// The `rows` whose people are free under the key of the run, or are theirs; it claims them for these rows. If they were
/// chosen one by one, all must be.
fn free_rows(
    db: &mut Db,
    run: i64,
    scope: &OnceScope,
    mut rows: Vec<StandingRow>,
    are_chosen: bool,
) -> Result<Vec<StandingRow>, LedgerError> {
    let (key, hasher) = (note_key(db, scope)?, OnceHasher::of_store(db)?);
    let people: HashMap<_, _> = rows.iter().map(|row| (row.n, hasher.person(&row.recipient))).collect();
    fill_people(db, |each| people.iter().try_for_each(|(n, person)| each(&values![person, *n])))?;
    let (mut own, mut taken) = (HashSet::new(), HashMap::new());
    claims_of_candidates(db, key, |n, Claim { entry, row, .. }| {
        if row == Some((run, n)) {
            own.insert(n);
        } else if let Some(found) = EarlierRow::of_claim(&entry) {
            taken.insert(n, found.problem_under(&scope.key, entry.run.as_deref()));
        }
        Ok(())
    })?;
    if let Some((line, problem)) =
        rows.iter().find_map(|row| Some((row.line, taken.get(&row.n)?))).filter(|_| are_chosen)
    {
        return Err(LedgerError::new(
            LedgerFault::Guard,
            format!("line {line}: {problem}"),
            "leave this row out: under the key each person gets one message at most",
        ));
    }
    // Two rows may have one person: the first of them is sent again.
    let mut claimed = HashSet::new();
    rows.retain(|row| {
        !taken.contains_key(&row.n) && people.get(&row.n).is_some_and(|person| claimed.insert(person.clone()))
    });
    let new = rows.iter().filter(|row| !own.contains(&row.n));
    let claims: Vec<_> = new.filter_map(|row| Some(values![key, people.get(&row.n)?, run, row.n].to_vec())).collect();
    db.each(CLAIM_ROW, &claims)?;
    Ok(rows)
}
