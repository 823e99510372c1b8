//! The states of many rows: by one walk through the records, or by a look-up for each.

use rusqlite::{Connection, OptionalExtension, Rows, Statement};

use super::row_set::RowSet;
use crate::ledger::{LedgerError, RowState};

/// A look-up costs as much as a walk past so many rows.
const ROWS_OF_A_LOOKUP: usize = 8;

/// A state, and since when it is so in milliseconds since 1970.
pub(super) type StateSince = (RowState, i64);

/// Gives `each` of `rows`, which are in order, with its state.
pub(super) fn states<T>(
    db: &Connection,
    rows: &[T],
    n: impl Fn(&T) -> u32,
    mut each: impl FnMut(&T, StateSince) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let (Some(first), Some(last)) = (rows.first().map(&n), rows.last().map(&n)) else { return Ok(()) };
    if rows.len().saturating_mul(ROWS_OF_A_LOOKUP) < (last - first) as usize {
        return rows.iter().try_for_each(|row| each(row, state(db, n(row))?));
    }
    let mut statements = Statements::of(db)?;
    let mut states = statements.walk(first)?;
    rows.iter().try_for_each(|row| each(row, states.of(n(row))?))
}

/// The rows that are still to be sent.
pub(super) fn pending(db: &Connection) -> Result<RowSet, LedgerError> {
    let rows: u32 = db.query_row("SELECT coalesce(max(n), 0) FROM row", [], |row| row.get(0))?;
    let mut statements = Statements::of(db)?;
    let mut states = statements.walk(1)?;
    let mut pending = RowSet::default();
    for n in 1..=rows {
        if states.of(n)?.0 == RowState::Pending {
            pending.insert(n);
        }
    }
    Ok(pending)
}

/// The state of one row.
pub(super) fn state(db: &Connection, n: u32) -> Result<StateSince, LedgerError> {
    // Nothing follows on this state, and one look finds it.
    let query = "SELECT state, ended_at FROM outcome WHERE row = ?1 ORDER BY number DESC LIMIT 1";
    let last = db.prepare_cached(query)?.query_row([n], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    if let Some((RowState::Sent, at)) = last {
        return Ok((RowState::Sent, at));
    }
    Ok(db
        .prepare_cached("SELECT state, coalesce(at, 0) FROM standing WHERE n = ?1")?
        .query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// One for each table of records.
struct Statements<'a> {
    attempts: Statement<'a>,
    outcomes: Statement<'a>,
    decisions: Statement<'a>,
}

impl<'a> Statements<'a> {
    fn of(db: &'a Connection) -> Result<Self, LedgerError> {
        let from = "WHERE row >= ?1 ORDER BY row, number";
        Ok(Self {
            attempts: db.prepare(&format!("SELECT row, number, began_at, 'inflight' FROM attempt {from}"))?,
            outcomes: db.prepare(&format!("SELECT row, number, ended_at, state FROM outcome {from}"))?,
            decisions: db.prepare(&format!("SELECT row, number, at, \"to\" FROM decision {from}"))?,
        })
    }

    fn walk(&mut self, first: u32) -> Result<StateWalk<'_>, LedgerError> {
        Ok(StateWalk {
            attempts: RecordWalk::of(&mut self.attempts, first)?,
            outcomes: RecordWalk::of(&mut self.outcomes, first)?,
            decisions: RecordWalk::of(&mut self.decisions, first)?,
        })
    }
}

/// The states of rows, which are asked for in order.
struct StateWalk<'a> {
    attempts: RecordWalk<'a>,
    outcomes: RecordWalk<'a>,
    decisions: RecordWalk<'a>,
}

impl StateWalk<'_> {
    fn of(&mut self, n: u32) -> Result<StateSince, LedgerError> {
        let outcome = self.outcomes.last_of(n)?;
        // Nothing follows on this state: the other records need not be read.
        if let Some(outcome) = outcome.filter(|outcome| outcome.state == RowState::Sent) {
            return Ok((outcome.state, outcome.at));
        }
        let (attempt, decision) = (self.attempts.last_of(n)?, self.decisions.last_of(n)?);
        let last = [attempt, decision].into_iter().flatten().max_by_key(|record| record.number);
        let ended = outcome.filter(|outcome| last.is_some_and(|last| last.number == outcome.number));
        Ok(ended.or(last).map_or((RowState::Pending, 0), |record| (record.state, record.at)))
    }
}

#[derive(Clone, Copy)]
struct LastRecord {
    n: u32,
    number: i64,
    at: i64,
    state: RowState,
}

/// The records of one table, in the order of the rows.
struct RecordWalk<'a> {
    records: Rows<'a>,
    /// The first record that was not looked at; nothing before the first is read, and behind the last.
    ahead: Option<LastRecord>,
    is_begun: bool,
    /// The last one of the row that was asked for.
    found: Option<LastRecord>,
}

impl<'a> RecordWalk<'a> {
    fn of(statement: &'a mut Statement<'_>, first: u32) -> Result<Self, LedgerError> {
        Ok(Self { records: statement.query([first])?, ahead: None, is_begun: false, found: None })
    }

    fn last_of(&mut self, n: u32) -> Result<Option<LastRecord>, LedgerError> {
        if !self.is_begun {
            self.is_begun = true;
            self.ahead = self.step()?;
        }
        while let Some(record) = self.ahead.filter(|record| record.n <= n) {
            self.found = Some(record);
            self.ahead = self.step()?;
        }
        Ok(self.found.filter(|record| record.n == n))
    }

    fn step(&mut self) -> Result<Option<LastRecord>, LedgerError> {
        let record = self.records.next()?;
        let read = record.map(|row| {
            let (n, number, at, state) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok::<_, rusqlite::Error>(LastRecord { n, number, at, state })
        });
        Ok(read.transpose()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sqlite::fixture;
    use crate::ledger::{BegunAttempt, EndedAttempt, Resolution, Skip, SkipReason};

    fn ended(n: i64, number: i64, state: RowState) -> EndedAttempt {
        let code = (state != RowState::Sent).then_some("x");
        EndedAttempt {
            n,
            number,
            began_at: 0,
            ended_at: n * 10 + number,
            state,
            http_status: None,
            message_id: None,
            code,
            error: None,
            api_code: None,
            recipient: String::new(),
        }
    }

    #[test]
    fn a_walk_sees_what_the_view_says() {
        let home = tempfile::TempDir::new().unwrap();
        let recipients: Vec<_> = (0..40).map(|row| format!("{}", 593_987_650_000_u64 + row)).collect();
        let recipients: Vec<_> = recipients.iter().map(String::as_str).collect();
        let (mut ledger, reader) = fixture::ledgers(home.path(), &recipients);
        let begin = |rows: &[i64], number| rows.iter().map(|n| BegunAttempt { n: *n, number }).collect::<Vec<_>>();
        // Of five rows each: one that failed, is unknown, will be tried again, was sent, is under way; the last five of each
        // eight have no record, or are left out.
        let rows: Vec<i64> = (1..=20).collect();
        ledger.commit(begin(&rows, 1).into_iter(), [].iter()).unwrap();
        let states = [RowState::Failed, RowState::Unknown, RowState::Pending, RowState::Sent];
        let first: Vec<_> = (1..=16).map(|n| ended(n, 1, states[usize::try_from(n % 4).unwrap()])).collect();
        ledger.commit([].into_iter(), first.iter()).unwrap();
        let again: Vec<i64> = (1..=16).filter(|n| n % 4 == 2).collect();
        ledger.commit(begin(&again, 2).into_iter(), [].iter()).unwrap();
        let second = [ended(again[0], 2, RowState::Sent), ended(again[1], 2, RowState::Failed)];
        ledger.commit([].into_iter(), second.iter()).unwrap();
        let skip = Skip { reason: SkipReason::Excluded, problem: "x", run: None };
        ledger.skip(&[(30, skip), (31, skip)]).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for step in 0..2 {
            if step == 1 {
                ledger.resolve(&Resolution::All([RowState::Failed, RowState::Pending])).unwrap();
                ledger.resolve(&Resolution::All([RowState::Unknown, RowState::Failed])).unwrap();
            }
            let mut view = reader.db.prepare("SELECT n, state, coalesce(at, 0) FROM standing ORDER BY n").unwrap();
            let known: Vec<(u32, StateSince)> = view
                .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            seen.extend(known.iter().map(|(_, (state, _))| state.name()));
            for rows in [(1..=40).collect::<Vec<u32>>(), vec![3, 3, 4, 9], vec![1, 40], vec![17], Vec::new()] {
                let mut found = Vec::new();
                super::states(
                    &reader.db,
                    &rows,
                    |n| *n,
                    |n, since| {
                        found.push((*n, since));
                        Ok(())
                    },
                )
                .unwrap();
                let expected: Vec<_> = rows.iter().map(|n| known[*n as usize - 1]).collect();
                assert_eq!(found, expected);
            }
            let pending = pending(&reader.db).unwrap();
            assert!(known.iter().all(|(n, (state, _))| pending.has(*n) == (*state == RowState::Pending)));
        }
        assert_eq!(seen.len(), 6, "{seen:?}");
    }
}
