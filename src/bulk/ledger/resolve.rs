//! What a person decides of rows: all or nothing, and only of rows that are in the state that was meant.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use thiserror::Error;

use super::commit::decision;
use super::record::RecordKind;
use super::{Counts, Ledger, LedgerError, RowState, now};
use crate::output::Sent;

/// Which rows are decided, and as what.
#[derive(Clone, Debug)]
pub(crate) enum Resolution {
    /// Every row that is in the first state is in the second from now on.
    All([RowState; 2]),
    /// Rows at these lines of the list, and rows to these people.
    Some { change: [RowState; 2], lines: Vec<u64>, people: Vec<String> },
    /// Unknown rows, by their lines, are what a report says of them.
    Reported(BTreeMap<u64, Sent>),
}

/// Why nothing was decided.
#[derive(Debug, Error)]
pub(crate) enum ResolveError {
    #[error("the list of the run has no row at line {line}")]
    NoSuchLine { line: u64 },
    #[error("the run has no message to {recipient}")]
    NobodyOf { recipient: String },
    #[error("line {line} is {}, not {}", state.name(), wanted.name())]
    OtherState { line: u64, state: RowState, wanted: RowState },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<rusqlite::Error> for ResolveError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Ledger(error.into())
    }
}

/// A row as it is decided.
struct DecidedRow {
    n: i64,
    /// Of its last record.
    number: i64,
    change: [RowState; 2],
}

/// A row as it stands.
struct StandingRow {
    n: i64,
    number: i64,
    line: u64,
    state: RowState,
}

impl StandingRow {
    fn decided(&self, change: [RowState; 2]) -> Result<DecidedRow, ResolveError> {
        let [wanted, _] = change;
        if self.state != wanted {
            return Err(ResolveError::OtherState { line: self.line, state: self.state, wanted });
        }
        Ok(DecidedRow { n: self.n, number: self.number, change })
    }
}

impl Ledger {
    /// Decides rows by hand. Says how many are in which state now because of it.
    ///
    /// # Errors
    /// When a row is not there or in another state than was meant, or the ledger cannot be written: then nothing is changed.
    pub(crate) fn resolve(&mut self, resolution: &Resolution) -> Result<Counts, ResolveError> {
        let rows = match resolution {
            Resolution::All(change) => self.all_in_state(*change)?,
            Resolution::Some { change, lines, people } => self.chosen(*change, lines, people)?,
            Resolution::Reported(said) => self.reported_otherwise(said)?,
        };
        let mut changed = Counts::default();
        self.write(|batch| {
            for DecidedRow { n, number, change } in rows {
                let (at, [from, to]) = (now(), change);
                let problem = format!("decided by hand: {} as {}", from.name(), to.name());
                let fields = decision(n, number + 1, change, "resolved", &problem, at);
                batch.add(RecordKind::Decision, &fields, change, at)?;
                *changed.of_mut(to) += 1;
            }
            Ok(())
        })?;
        Ok(changed)
    }

    fn all_in_state(&self, change: [RowState; 2]) -> Result<Vec<DecidedRow>, ResolveError> {
        let [from, _] = change;
        let mut statement = self.db.prepare("SELECT n, number FROM standing WHERE state = ?1 ORDER BY n")?;
        let rows = statement.query_map([from], |row| Ok(DecidedRow { n: row.get(0)?, number: row.get(1)?, change }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn chosen(&self, change: [RowState; 2], lines: &[u64], people: &[String]) -> Result<Vec<DecidedRow>, ResolveError> {
        let mut chosen = BTreeMap::new();
        let numbers = self.numbers_at(&lines.iter().copied().collect())?;
        for line in lines {
            let row = self.standing_at(*line, &numbers)?.decided(change)?;
            chosen.insert(row.n, row);
        }
        for recipient in people {
            let rows: Vec<_> =
                self.numbers_to(recipient)?.into_iter().map(|n| self.standing(n)).collect::<Result<_, _>>()?;
            let Some(first) = rows.first() else {
                return Err(ResolveError::NobodyOf { recipient: recipient.clone() });
            };
            let mut decided: Vec<_> = rows.iter().filter_map(|row| row.decided(change).ok()).collect();
            if decided.is_empty() {
                decided.push(first.decided(change)?);
            }
            chosen.extend(decided.into_iter().map(|row| (row.n, row)));
        }
        Ok(chosen.into_values().collect())
    }

    /// The unknown rows of which `said` says that they were sent, or were not. What it says of others must be so already.
    fn reported_otherwise(&self, said: &BTreeMap<u64, Sent>) -> Result<Vec<DecidedRow>, ResolveError> {
        let numbers = self.numbers_at(&said.keys().copied().collect())?;
        let mut rows = Vec::new();
        for (line, sent) in said {
            let row = self.standing_at(*line, &numbers)?;
            let to = match sent {
                Sent::Yes => RowState::Sent,
                Sent::No => RowState::Failed,
                Sent::Unknown => continue,
            };
            if row.state == RowState::Unknown || row.state.sent() != *sent {
                rows.push(row.decided([RowState::Unknown, to])?);
            }
        }
        Ok(rows)
    }

    /// The rows at these lines.
    fn numbers_at(&self, lines: &BTreeSet<u64>) -> Result<HashMap<u64, i64>, LedgerError> {
        let mut numbers = HashMap::new();
        if lines.is_empty() {
            return Ok(numbers);
        }
        let mut statement = self.db.prepare("SELECT line, n FROM row")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let line = row.get(0)?;
            if lines.contains(&line) {
                numbers.insert(line, row.get(1)?);
            }
        }
        Ok(numbers)
    }

    fn standing_at(&self, line: u64, numbers: &HashMap<u64, i64>) -> Result<StandingRow, ResolveError> {
        let n = numbers.get(&line).ok_or(ResolveError::NoSuchLine { line })?;
        Ok(self.standing(*n)?)
    }

    fn standing(&self, n: i64) -> Result<StandingRow, LedgerError> {
        let query = "SELECT standing.n, number, line, state FROM standing JOIN row USING (n) WHERE standing.n = ?1";
        Ok(self.db.prepare_cached(query)?.query_row([n], |row| {
            Ok(StandingRow { n: row.get(0)?, number: row.get(1)?, line: row.get(2)?, state: row.get(3)? })
        })?)
    }
}
