//! Finds the rows of two ledgers that have the same key, so that the memory it takes does not grow with them.

use rusqlite::{Connection, Rows, Statement};

use super::LedgerError;

/// A look-up costs as much as so many steps through an index.
const STEPS_OF_A_LOOKUP: i64 = 8;
/// So many pairs of rows are put in the order of their ledger before it is read.
const PAIRS_AT_ONCE: usize = 100_000;
/// What two ledgers are compared by.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Message,
    Person,
}

impl Key {
    fn in_order(self) -> &'static str {
        match self {
            Self::Message => {
                "SELECT fingerprint, n FROM row INDEXED BY row_fingerprint WHERE fingerprint IS NOT NULL \
                 ORDER BY fingerprint"
            }
            Self::Person => "SELECT person, n FROM row INDEXED BY row_person WHERE person IS NOT NULL ORDER BY person",
        }
    }

    pub(super) fn look_up(self) -> &'static str {
        match self {
            Self::Message => "SELECT n FROM row INDEXED BY row_fingerprint WHERE fingerprint = ?1",
            Self::Person => "SELECT n FROM row INDEXED BY row_person WHERE person = ?1",
        }
    }
}

/// Gives `each` the rows of both ledgers that have the same key. Where one of them is far smaller, its keys are looked up in
/// the other; else both are walked through side by side.
pub(super) fn join(
    ours: &Connection,
    theirs: &Connection,
    key: Key,
    mut each: impl FnMut(&[i64], &[i64]) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let mut pairs = Vec::new();
    let mut found = |our_rows: &[i64], their_rows: &[i64]| match (our_rows, their_rows) {
        // Rows that lie side by side are read together.
        ([our], [their]) => {
            pairs.push((*their, *our));
            if pairs.len() < PAIRS_AT_ONCE { Ok(()) } else { read_pairs(&mut pairs, &mut each) }
        }
        _ => each(our_rows, their_rows),
    };
    let rows = |db: &Connection| db.query_row("SELECT coalesce(max(n), 0) FROM row", [], |row| row.get::<_, i64>(0));
    let (our_count, their_count) = (rows(ours)?, rows(theirs)?);
    let (mut our_order, mut their_order) = (ours.prepare(key.in_order())?, theirs.prepare(key.in_order())?);
    if our_count.saturating_mul(STEPS_OF_A_LOOKUP) < their_count {
        let (mut our_keys, mut look_up) = (Keys::of(&mut our_order)?, theirs.prepare(key.look_up())?);
        while let Some(key) = our_keys.next()? {
            match looked_up(&mut look_up, key)? {
                their_rows if their_rows.is_empty() => {}
                their_rows => found(&our_keys.rows, &their_rows)?,
            }
        }
    } else if their_count.saturating_mul(STEPS_OF_A_LOOKUP) < our_count {
        let (mut their_keys, mut look_up) = (Keys::of(&mut their_order)?, ours.prepare(key.look_up())?);
        while let Some(key) = their_keys.next()? {
            match looked_up(&mut look_up, key)? {
                our_rows if our_rows.is_empty() => {}
                our_rows => found(&our_rows, &their_keys.rows)?,
            }
        }
    } else {
        let (mut our_keys, mut their_keys) = (Keys::of(&mut our_order)?, Keys::of(&mut their_order)?);
        let (mut our_key, mut their_key) = (our_keys.next()?, their_keys.next()?);
        while let (Some(one), Some(other)) = (our_key, their_key) {
            if one == other {
                found(&our_keys.rows, &their_keys.rows)?;
            }
            if one <= other {
                our_key = our_keys.next()?;
            }
            if other <= one {
                their_key = their_keys.next()?;
            }
        }
    }
    read_pairs(&mut pairs, &mut each)
}

/// Gives `each` the pairs in the order of their ledger, and forgets them.
fn read_pairs(
    pairs: &mut Vec<(i64, i64)>,
    each: &mut impl FnMut(&[i64], &[i64]) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    pairs.sort_unstable();
    pairs.drain(..).try_for_each(|(their, our)| each(&[our], &[their]))
}

fn looked_up(statement: &mut Statement<'_>, key: i64) -> Result<Vec<i64>, LedgerError> {
    Ok(statement.query_map([key], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The keys of a ledger in order, each with its rows.
struct Keys<'a> {
    cursor: Rows<'a>,
    /// The first row of the next key.
    ahead: Option<(i64, i64)>,
    rows: Vec<i64>,
}

impl<'a> Keys<'a> {
    fn of(in_order: &'a mut Statement<'_>) -> Result<Self, LedgerError> {
        let mut keys = Self { cursor: in_order.query([])?, ahead: None, rows: Vec::new() };
        keys.ahead = keys.step()?;
        Ok(keys)
    }

    fn next(&mut self) -> Result<Option<i64>, LedgerError> {
        self.rows.clear();
        let Some((key, _)) = self.ahead else { return Ok(None) };
        while let Some((_, n)) = self.ahead.filter(|(next, _)| *next == key) {
            self.rows.push(n);
            self.ahead = self.step()?;
        }
        Ok(Some(key))
    }

    fn step(&mut self) -> Result<Option<(i64, i64)>, LedgerError> {
        let row = self.cursor.next()?;
        Ok(row.map(|row| Ok::<_, rusqlite::Error>((row.get(0)?, row.get(1)?))).transpose()?)
    }
}
