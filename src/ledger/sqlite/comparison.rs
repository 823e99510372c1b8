//! Which rows are messages that an earlier run has too, and whom an earlier run wrote to: the keys of two ledgers are walked
//! through side by side, and then the records of the other one, so that the memory it takes does not grow with them.

use rusqlite::{Connection, params};

use super::keys::{KeyEntry, KeyKind};
use super::row_set::RowSet;
use super::row_states::{pending, state, states};
use super::{Ledger, keys};
use crate::ledger::{EarlierRow, LedgerError, Memory, SameMessage, SkipReason, of_rank, rank};

/// So many pairs of rows are put in the order of the other ledger before its records are walked through; of a longer one
/// there are more, or it would be walked through too often.
const PAIRS_AT_ONCE: usize = 400_000;
/// One pair for so many of its rows.
const ROWS_A_PAIR: usize = 12;

/// What was found so far, in the ledger that is compared: of each row the worst.
const FOUND: &str = "CREATE TEMP TABLE IF NOT EXISTS earlier \
     (n INTEGER PRIMARY KEY, reason INTEGER NOT NULL, run TEXT NOT NULL, at INTEGER NOT NULL)";

const FIND: &str = "INSERT INTO earlier (n, reason, run, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (n) DO UPDATE \
     SET reason = excluded.reason, run = excluded.run, at = excluded.at \
     WHERE (excluded.reason, -excluded.at) < (reason, -at)";

/// The rows of a ledger that are to be sent, and what is known of them.
pub(crate) struct Comparison<'a> {
    ours: &'a Connection,
    pending: RowSet,
    found: FoundRows,
    /// Of each person who was written to, the first row.
    people: RowSet,
}

/// For each reason, the rows that an earlier run has for it.
struct FoundRows([(SkipReason, RowSet); 3]);

/// A row of theirs and one of ours that have a key in common.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct RowPair {
    their: u32,
    our: u32,
    /// Whether they are known to be the same, byte for byte.
    is_same: bool,
}

/// Makes room for what is found.
pub(super) fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(FOUND)
}

/// Notes that `run` has row `n` too; of several notes the worst stays.
pub(super) fn note(db: &Connection, n: i64, run: &str, row: EarlierRow) -> Result<(), LedgerError> {
    db.prepare_cached(FIND)?.execute(params![n, rank(row.reason), run, row.at])?;
    Ok(())
}

/// The message of a row.
pub(super) fn message_of(db: &Connection, n: u32) -> Result<SameMessage<'static>, LedgerError> {
    let query = "SELECT path, recipient, body FROM row JOIN content USING (n) WHERE n = ?1";
    Ok(db.prepare_cached(query)?.query_row([n], |row| {
        let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
        Ok(SameMessage::of(text(0)?, text(1)?, text(2)?).into_owned())
    })?)
}

impl<'a> Comparison<'a> {
    pub(super) fn of(ours: &'a Connection) -> Result<Self, LedgerError> {
        prepare(ours)?;
        let mut found = FoundRows::none();
        let mut statement = ours.prepare("SELECT n, reason FROM earlier ORDER BY n")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            found.insert(row.get(0)?, of_rank(row.get(1)?)?);
        }
        Ok(Self { ours, pending: pending(ours)?, found, people: RowSet::default() })
    }

    /// Notes the rows that `other`, the ledger of `run`, has too. A row that another run is known to have sent is not looked
    /// for again.
    pub(crate) fn find_messages(&mut self, other: &Ledger, run: &str, memory: Memory) -> Result<(), LedgerError> {
        keys::write(self.ours, KeyKind::Message)?;
        let finder = MessageFinder { ours: self.ours, theirs: &other.db, run, memory };
        let most = pairs_at_once(finder.theirs)?;
        let (mut pairs, mut found) = (Vec::new(), FoundRows::none());
        self.ours.execute_batch("SAVEPOINT found")?;
        let joined = keys::join((finder.ours, finder.theirs), KeyKind::Message, |our_rows, their_rows| {
            let is_open = |row: &&KeyEntry| self.pending.has(row.n) && !self.found.has(row.n, SkipReason::AlreadySent);
            let our_rows = our_rows.iter().filter(is_open);
            if their_rows.len() > 1 {
                return finder.find_repeated(our_rows, their_rows, &mut found);
            }
            for (our, their) in our_rows.zip(their_rows.iter().cycle()) {
                pairs.push(RowPair { their: their.n, our: our.n, is_same: our.rest == their.rest });
            }
            if pairs.len() < most { Ok(()) } else { finder.settle(&mut pairs, &self.found, &mut found) }
        });
        let settled = joined.and_then(|()| finder.settle(&mut pairs, &self.found, &mut found));
        // What was found before a record that cannot be read counts too.
        self.ours.execute_batch("RELEASE found")?;
        self.found.add(&found);
        settled
    }

    /// Adds the people to whom `other` has a row that counts.
    pub(crate) fn find_people(&mut self, other: &Ledger, memory: Memory) -> Result<(), LedgerError> {
        keys::write(self.ours, KeyKind::Person)?;
        let (theirs, pending, people) = (&other.db, &self.pending, &mut self.people);
        let most = pairs_at_once(theirs)?;
        let mut pairs = Vec::new();
        keys::join((self.ours, theirs), KeyKind::Person, |our_rows, their_rows| {
            let first = our_rows.first().filter(|first| !people.has(first.n));
            let Some(first) = first.filter(|_| our_rows.iter().any(|row| pending.has(row.n))) else { return Ok(()) };
            pairs.extend(their_rows.iter().map(|their| RowPair { their: their.n, our: first.n, is_same: true }));
            if pairs.len() < most { Ok(()) } else { add_people(theirs, &mut pairs, memory, people) }
        })?;
        add_people(theirs, &mut pairs, memory, people)
    }

    /// How many people were found.
    pub(crate) fn people(&self) -> u64 {
        self.people.len()
    }
}

impl FoundRows {
    fn none() -> Self {
        let reasons = [SkipReason::AlreadySent, SkipReason::MayHaveBeenSent, SkipReason::ToBeSent];
        Self(reasons.map(|reason| (reason, RowSet::default())))
    }

    fn insert(&mut self, n: u32, reason: SkipReason) {
        self.0.iter_mut().filter(|(known, _)| *known == reason).for_each(|(_, rows)| rows.insert(n));
    }

    /// Whether a row is known for this reason, or one that says more.
    fn has(&self, n: u32, reason: SkipReason) -> bool {
        self.0.iter().any(|(known, rows)| rank(*known) <= rank(reason) && rows.has(n))
    }

    fn add(&mut self, others: &Self) {
        for ((_, rows), (_, others)) in self.0.iter_mut().zip(&others.0) {
            rows.add(others);
        }
    }
}

/// Finds the rows that one other run has too.
struct MessageFinder<'a> {
    ours: &'a Connection,
    theirs: &'a Connection,
    run: &'a str,
    memory: Memory,
}

impl MessageFinder<'_> {
    /// Notes those of `pairs` whose row of theirs counts, and forgets them all.
    fn settle(&self, pairs: &mut Vec<RowPair>, known: &FoundRows, found: &mut FoundRows) -> Result<(), LedgerError> {
        pairs.sort_unstable();
        states(
            self.theirs,
            pairs,
            |pair| pair.their,
            |pair, since| {
                let Some(row) = self.memory.row(since).filter(|row| !known.has(pair.our, row.reason)) else {
                    return Ok(());
                };
                // The same JSON and the same number can be written in other bytes, and two messages may have one key.
                if pair.is_same || message_of(self.ours, pair.our)? == message_of(self.theirs, pair.their)? {
                    self.note(pair.our, row, found)?;
                }
                Ok(())
            },
        )?;
        pairs.clear();
        Ok(())
    }

    /// As [`MessageFinder::settle`], of rows that all have one key: they are nearly always one message.
    fn find_repeated<'b>(
        &self,
        our_rows: impl Iterator<Item = &'b KeyEntry>,
        their_rows: &[KeyEntry],
        found: &mut FoundRows,
    ) -> Result<(), LedgerError> {
        let mut our_rows = our_rows.peekable();
        if our_rows.peek().is_none() {
            return Ok(());
        }
        let messages = self.messages(their_rows)?;
        for our in our_rows {
            if messages.is_empty() {
                return Ok(());
            }
            let message = message_of(self.ours, our.n)?;
            if let Some((_, row)) = messages.iter().find(|(other, _)| *other == message) {
                self.note(our.n, *row, found)?;
            }
        }
        Ok(())
    }

    /// The different messages among rows of theirs that count, each with what outweighs the rest.
    fn messages(&self, rows: &[KeyEntry]) -> Result<Vec<(SameMessage<'static>, EarlierRow)>, LedgerError> {
        let mut messages: Vec<(SameMessage<'static>, EarlierRow)> = Vec::new();
        for entry in rows {
            let Some(row) = self.memory.row(state(self.theirs, entry.n)?) else { continue };
            let message = message_of(self.theirs, entry.n)?;
            match messages.iter_mut().find(|(known, _)| *known == message) {
                Some((_, known)) if row.outweighs(known) => *known = row,
                Some(_) => {}
                None => messages.push((message, row)),
            }
        }
        Ok(messages)
    }

    fn note(&self, n: u32, row: EarlierRow, found: &mut FoundRows) -> Result<(), LedgerError> {
        note(self.ours, n.into(), self.run, row)?;
        found.insert(n, row.reason);
        Ok(())
    }
}

/// Adds the people of `pairs` whose row of theirs counts, and forgets the pairs.
fn add_people(
    theirs: &Connection,
    pairs: &mut Vec<RowPair>,
    memory: Memory,
    people: &mut RowSet,
) -> Result<(), LedgerError> {
    pairs.sort_unstable();
    states(
        theirs,
        pairs,
        |pair| pair.their,
        |pair, since| {
            if memory.row(since).is_some() {
                people.insert(pair.our);
            }
            Ok(())
        },
    )?;
    pairs.clear();
    Ok(())
}

fn pairs_at_once(theirs: &Connection) -> Result<usize, LedgerError> {
    let rows: u32 = theirs.query_row("SELECT coalesce(max(n), 0) FROM row", [], |row| row.get(0))?;
    Ok(PAIRS_AT_ONCE.max(rows as usize / ROWS_A_PAIR))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sqlite::fixture;

    const ALL: Memory = Memory { ended_since: 0, began_since: 0, pending: true, until: None };

    fn numbers(rows: std::ops::Range<u64>) -> Vec<String> {
        rows.map(|row| format!("{}", 593_987_650_000 + row)).collect()
    }

    /// A ledger to write and one to read, in a directory that lives as long.
    fn run(recipients: &[String]) -> (tempfile::TempDir, Ledger, Ledger) {
        let home = tempfile::TempDir::new().unwrap();
        let recipients: Vec<_> = recipients.iter().map(String::as_str).collect();
        let (ledger, reader) = fixture::ledgers(home.path(), &recipients);
        (home, ledger, reader)
    }

    #[test]
    fn the_same_is_found_whichever_list_is_longer() {
        for (ours, theirs, expected) in [
            (0..20, 10..30, 10),
            (0..1, 0..40, 1),
            (5..6, 6..40, 0),
            (0..40, 39..40, 1),
            (0..40, 40..41, 0),
            (0..0, 0..40, 0),
            (0..40, 0..0, 0),
        ] {
            let (_our_home, _, ours) = run(&numbers(ours));
            let (_their_home, _, theirs) = run(&numbers(theirs));
            let mut comparison = ours.comparison().unwrap();
            comparison.find_messages(&theirs, "r", ALL).unwrap();
            let found = ours.earlier().unwrap().iter().map(|messages| messages.rows).sum::<u64>();
            assert_eq!(found, expected);
            comparison.find_people(&theirs, Memory::written_to_between(0, i64::MAX)).unwrap();
            assert_eq!(comparison.people(), 0, "nobody was written to");
        }
    }

    #[test]
    fn a_list_with_one_message_many_times_is_compared_once_a_row() {
        let many = [numbers(0..1), numbers(0..1), numbers(0..1)].concat();
        let (_our_home, _, ours) = run(&many);
        let (_their_home, mut theirs, reader) = run(&many);
        let begun = crate::ledger::BegunAttempt { n: 2, number: 1 };
        theirs.commit([begun].into_iter(), [].iter()).unwrap();
        ours.comparison().unwrap().find_messages(&reader, "r", ALL).unwrap();
        let [found] = &ours.earlier().unwrap()[..] else { panic!("{:?}", ours.earlier()) };
        assert_eq!((found.rows, found.reason), (3, SkipReason::MayHaveBeenSent));
        assert!(found.words().starts_with("may have been sent by run r at 20"), "{}", found.words());
        // What was found first gives way to what says more, and nothing else does.
        let other = Memory { pending: true, ..ALL };
        ours.comparison().unwrap().find_messages(&reader, "other", other).unwrap();
        assert_eq!(ours.earlier().unwrap().len(), 1);
    }
}
