//! Finds the rows that an earlier run has too, and the people that it wrote to. The people and messages of our rows are
//! sorted in memory, 24 bytes a row, and merged with every row of the other ledger, sorted in parts. So the rows
//! themselves decide, and no damaged index on the disk can hide one.

use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

use super::rows::IS_PENDING;
use super::{Ledger, walk};
use crate::ledger::{DecidedRow, DuplicateWindow, EarlierRow, LedgerError, RowState, SkipReason, rank};

/// The number of rows of the other ledger that are sorted and compared at once. Tests compare in several parts.
const COMPARED_AT_ONCE: usize = if cfg!(test) { 4 } else { 20_000 };

/// The matches found so far, in the ledger that is being compared: the worst one for each row.
const FOUND: &str = "CREATE TEMP TABLE IF NOT EXISTS earlier \
     (n INTEGER PRIMARY KEY, reason INTEGER NOT NULL, run TEXT, at INTEGER NOT NULL)";

/// If a row has several matches, the worst one stays.
macro_rules! or_worse {
    () => {
        " ON CONFLICT (n) DO UPDATE SET reason = excluded.reason, run = excluded.run, at = excluded.at \
          WHERE (excluded.reason, -excluded.at) < (reason, -at)"
    };
}

const FIND: &str = concat!("INSERT INTO temp.earlier (n, reason, run, at) VALUES (?1, ?2, ?3, ?4)", or_worse!());

/// Copies the match of row `?2` to row `?1`, which is the same message.
const REPEAT: &str = concat!(
    "INSERT INTO temp.earlier (n, reason, run, at) SELECT ?1, reason, run, at FROM temp.earlier WHERE n = ?2",
    or_worse!()
);

/// The state in the last record of a row. Two cases have a shortcut: nothing follows an outcome that says the row was
/// sent, and a row may have no records at all.
const STATE: &str = "SELECT sent.ended_at, CASE WHEN sent.ended_at IS NOT NULL THEN 'sent' \
       WHEN NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.n = ?1) \
         AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.n = ?1) THEN 'pending' \
       ELSE (SELECT state FROM standing WHERE n = ?1) END \
     FROM (SELECT 1) LEFT JOIN outcome AS sent ON sent.n = ?1 AND sent.state = 'sent'";

/// The rows of a ledger that are to be sent, and the matches found for them.
pub(crate) struct Comparison<'a> {
    db: &'a Connection,
    /// Our rows, sorted; loaded when first needed.
    own: Option<Vec<ComparedRow>>,
}

/// What makes two rows the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SameBy {
    /// The same message to the same person.
    Message,
    /// The same person, whatever the message.
    Person,
}

impl SameBy {
    /// The fingerprint in a query: zero if rows are compared by their people alone.
    fn fingerprint(self) -> &'static str {
        match self {
            Self::Message => "fingerprint",
            Self::Person => "0",
        }
    }
}

/// A row, ours or of the other ledger. Ours are sorted by person, then by message, then by number.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct ComparedRow {
    person: i64,
    /// See [`SameBy::fingerprint`]. Two messages may share a fingerprint, but not if they go to one person.
    fingerprint: i64,
    n: u32,
    /// Whether a ledger compared before has sent it, and whether this one has; set on the first of the same rows.
    is_sent: bool,
    is_sent_here: bool,
    /// Whether its person was found, and if so, whether with a message that is not one of ours; set on any row of the
    /// person.
    person_found: Option<bool>,
}

impl ComparedRow {
    /// From the columns `n`, `person`, `fingerprint`.
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { n: row.get(0)?, person: row.get(1)?, fingerprint: row.get(2)?, ..Self::default() })
    }

    fn key(&self) -> (i64, i64) {
        (self.person, self.fingerprint)
    }
}

/// Creates the table for the matches.
pub(super) fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(FOUND)
}

/// Records that `run`, if it is known, has row `n` too. If there are several matches, the worst one stays.
pub(super) fn note(db: &Connection, n: i64, run: Option<&str>, row: EarlierRow) -> Result<(), LedgerError> {
    db.prepare_cached(FIND)?.execute(params![n, rank(row.reason), run, row.at])?;
    Ok(())
}

impl<'a> Comparison<'a> {
    pub(super) fn of(db: &'a Connection) -> Result<Self, LedgerError> {
        prepare(db)?;
        Ok(Self { db, own: None })
    }

    /// Compares these rows by their people.
    pub(super) fn of_people(db: &'a Connection, rows: &[DecidedRow]) -> Result<Self, LedgerError> {
        let mut person_of = db.prepare("SELECT person FROM row WHERE n = ?1 AND person IS NOT NULL")?;
        let mut own = Vec::new();
        for DecidedRow { n, .. } in rows {
            if let Some(person) = person_of.query_row([n], |row| row.get(0)).optional()? {
                let n = u32::try_from(*n).unwrap_or(u32::MAX);
                own.push(ComparedRow { person, n, ..ComparedRow::default() });
            }
        }
        own.sort_unstable();
        drop(person_of);
        Ok(Self { own: Some(own), ..Self::of(db)? })
    }

    /// Records the rows that `other`, the ledger of `run`, has too. A row that another run is known to have sent is not
    /// searched for again.
    pub(super) fn find_rows(
        &mut self,
        other: &Ledger,
        run: &str,
        window: DuplicateWindow,
        by: SameBy,
    ) -> Result<(), LedgerError> {
        let db = self.db;
        let own = loaded(&mut self.own, db, by)?;
        if each_different(own).all(|same| same.first().is_some_and(|row| row.is_sent)) {
            return Ok(());
        }
        db.execute_batch("SAVEPOINT found")?;
        let wants = |own: &[ComparedRow], at: usize, their: &ComparedRow| {
            own.get(at).is_some_and(|row| row.key() == their.key() && !row.is_sent).then_some(at)
        };
        let found = each_found(own, other, by, window, wants, |own, _, row| {
            own.is_sent_here |= row.reason == SkipReason::AlreadySent;
            note(db, own.n.into(), Some(run), row)
        });
        db.execute_batch("RELEASE found")?;
        for row in own {
            row.is_sent |= row.is_sent_here;
        }
        found
    }

    /// Records the match of a message, or of a person, for every row that has it.
    pub(crate) fn finish(&self) -> Result<(), LedgerError> {
        let mut repeat = self.db.prepare(REPEAT)?;
        for same in self.own.iter().flat_map(|own| each_different(own)) {
            if let [first, others @ ..] = same {
                others.iter().try_for_each(|row| repeat.execute([row.n, first.n]).map(drop))?;
            }
        }
        Ok(())
    }

    /// Searches for people for whom `other` has a row that counts. Returns the time of the last such row whose message
    /// is not one of ours.
    pub(crate) fn find_people(&mut self, other: &Ledger, window: DuplicateWindow) -> Result<Option<i64>, LedgerError> {
        let own = loaded(&mut self.own, self.db, SameBy::Message)?;
        let mut last_otherwise = None;
        let wants = |own: &[ComparedRow], at: usize, their: &ComparedRow| match own.get(at) {
            Some(row) if row.key() == their.key() => row.person_found.is_none().then_some(at),
            // Other messages to this person, if there are any, are next to this place.
            _ => [at, at.wrapping_sub(1)]
                .into_iter()
                .find(|at| own.get(*at).is_some_and(|row| row.person == their.person)),
        };
        each_found(own, other, SameBy::Message, window, wants, |own, their, row| {
            let is_other = own.key() != their.key();
            own.person_found = own.person_found.max(Some(is_other));
            last_otherwise = last_otherwise.max(is_other.then_some(row.at));
            Ok(())
        })?;
        Ok(last_otherwise)
    }

    /// The number of people found since the last call, and of those found with a message that is not one of ours.
    pub(crate) fn people(&mut self) -> [u64; 2] {
        let mut found = [0; 2];
        let own = self.own.as_deref_mut().unwrap_or_default();
        for rows in own.chunk_by_mut(|one, other| one.person == other.person) {
            let person_found = rows.iter_mut().filter_map(|row| row.person_found.take()).max();
            found[0] += u64::from(person_found.is_some());
            found[1] += u64::from(person_found == Some(true));
        }
        found
    }
}

/// The rows of `db` that are to be sent, sorted.
fn loaded<'a>(
    own: &'a mut Option<Vec<ComparedRow>>,
    db: &Connection,
    by: SameBy,
) -> Result<&'a mut Vec<ComparedRow>, LedgerError> {
    let missing = match own {
        Some(own) => return Ok(own),
        missing => missing,
    };
    let fingerprint = by.fingerprint();
    let query = format!("SELECT n, person, {fingerprint} FROM row WHERE recipient IS NOT NULL AND {IS_PENDING}");
    let mut rows = Vec::new();
    walk(db, &query, [], |row| {
        rows.push(ComparedRow::of(row)?);
        Ok(())
    })?;
    rows.sort_unstable();
    Ok(missing.insert(rows))
}

/// Our rows, each with those that are the same behind it.
fn each_different(own: &[ComparedRow]) -> impl Iterator<Item = &[ComparedRow]> {
    own.chunk_by(|one, other| one.key() == other.key())
}

/// Passes to `each` the rows of `other`, from one snapshot, that count in `window` and for which `wants` gives the place
/// of a row of ours, each with that row. `wants` receives the place of the first of our rows that is not before theirs.
fn each_found(
    own: &mut [ComparedRow],
    other: &Ledger,
    by: SameBy,
    window: DuplicateWindow,
    wants: impl Fn(&[ComparedRow], usize, &ComparedRow) -> Option<usize>,
    mut each: impl FnMut(&mut ComparedRow, &ComparedRow, EarlierRow) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let view = other.db.unchecked_transaction()?;
    let all: u64 = view.query_row("SELECT count(*) FROM row NOT INDEXED", [], |row| row.get(0))?;
    // In a ledger that is known to be damaged, the remaining rows count.
    if all != other.rows()? && other.damage.is_none() {
        return Err(other.damaged("rows are missing".to_owned()));
    }
    let fingerprint = by.fingerprint();
    let query = format!("SELECT n, person, {fingerprint} FROM row NOT INDEXED WHERE recipient IS NOT NULL");
    let (mut statement, mut state) = (view.prepare(&query)?, view.prepare(STATE)?);
    let mut since = view.prepare("SELECT coalesce(at, 0) FROM standing WHERE n = ?1")?;
    let mut rows = statement.query([])?;
    let mut theirs: Vec<ComparedRow> = Vec::new();
    loop {
        let row = rows.next();
        // Matches found before an unreadable row count too.
        if !matches!(row, Ok(Some(_))) || theirs.len() == COMPARED_AT_ONCE {
            theirs.sort_unstable();
            let mut at = 0;
            let mut found = Vec::new();
            for their in theirs.drain(..) {
                at += own.iter().skip(at).take_while(|row| row.key() < their.key()).count();
                if let Some(place) = wants(own, at, &their)
                    && let Some(row) = own.get(place)
                {
                    found.push((row.n, place, their));
                }
            }
            // Both ledgers are read and written faster in order.
            found.sort_unstable();
            for (_, place, their) in found {
                if let Some(row) = window.row(state_of(their.n, &mut state, &mut since)?)
                    && let Some(own) = own.get_mut(place)
                {
                    each(own, &their, row)?;
                }
            }
        }
        let Some(row) = row? else { return Ok(()) };
        theirs.push(ComparedRow::of(row)?);
    }
}

/// The state of row `n`, and its time. The time is not looked up for states that count whatever their time.
fn state_of(n: u32, state: &mut Statement<'_>, since: &mut Statement<'_>) -> Result<(RowState, i64), LedgerError> {
    let (sent_at, state): (Option<i64>, _) = state.query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let at = match (sent_at, state) {
        (Some(at), _) => at,
        (None, RowState::Pending | RowState::Failed | RowState::Skipped) => 0,
        (None, RowState::Inflight | RowState::Sent | RowState::Unknown) => since.query_row([n], |row| row.get(0))?,
    };
    Ok((state, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sqlite::fixture::{self, people};
    use crate::ledger::{EarlierMessages, Skip};

    const ALL: DuplicateWindow = DuplicateWindow { ended_since: 0, began_since: 0, ..DuplicateWindow::UNDER_KEY };

    /// A ledger to write and one to read, with the directory that holds them.
    fn run(recipients: &[String]) -> (tempfile::TempDir, Ledger, Ledger) {
        let home = tempfile::TempDir::new().unwrap();
        let (ledger, reader) = fixture::ledgers(home.path(), recipients);
        (home, ledger, reader)
    }

    fn found(ours: &Ledger, theirs: &Ledger, window: DuplicateWindow) -> Vec<EarlierMessages> {
        let mut comparison = Comparison::of(&ours.db).unwrap();
        comparison.find_rows(theirs, "r", window, SameBy::Message).unwrap();
        comparison.finish().unwrap();
        ours.earlier().unwrap()
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
            let (_our_home, _, ours) = run(&people(ours));
            let (_their_home, _, theirs) = run(&people(theirs));
            assert_eq!(found(&ours, &theirs, ALL).iter().map(|messages| messages.rows).sum::<u64>(), expected);
            let mut comparison = Comparison::of(&ours.db).unwrap();
            comparison.find_people(&theirs, DuplicateWindow::written_to_between(0, i64::MAX)).unwrap();
            assert_eq!(comparison.people(), [0, 0], "nobody was written to");
            comparison.find_people(&theirs, DuplicateWindow::to_be_sent()).unwrap();
            assert_eq!([comparison.people(), comparison.people()], [[expected, 0], [0, 0]]);
        }
    }

    #[test]
    fn a_list_with_one_message_many_times_has_every_row_noted() {
        let many = [people(0..1), people(0..1), people(0..1)].concat();
        let (_our_home, _, ours) = run(&many);
        let (_their_home, mut theirs, reader) = run(&many);
        fixture::begin(&mut theirs, &[2]);
        let [found_once] = &found(&ours, &reader, ALL)[..] else { panic!("{:?}", ours.earlier()) };
        assert_eq!((found_once.rows, found_once.reason), (3, SkipReason::MayHaveBeenSent));
        assert!(found_once.words().starts_with("may have been sent by run r at 20"), "{}", found_once.words());
        // A match gives way only to a worse one.
        let mut comparison = Comparison::of(&ours.db).unwrap();
        comparison.find_rows(&reader, "other", ALL, SameBy::Message).unwrap();
        comparison.finish().unwrap();
        assert_eq!(ours.earlier().unwrap().len(), 1);
    }

    #[test]
    fn only_what_a_run_has_sent_is_not_searched_for_in_the_next() {
        let all = people(0..6);
        for (n, sent) in (1..).zip(&all) {
            let (_our_home, _, ours) = run(&all);
            let (_first_home, mut first, first_reader) = run(std::slice::from_ref(sent));
            fixture::begin(&mut first, &[1]);
            fixture::end(&mut first, &[RowState::Sent]);
            let (_second_home, mut second, second_reader) = run(&all);
            fixture::begin(&mut second, &[1, 2, 3, 4, 5, 6]);
            fixture::end(&mut second, &[RowState::Unknown; 6]);
            let mut comparison = Comparison::of(&ours.db).unwrap();
            for (reader, name) in [(&first_reader, "first"), (&second_reader, "second")] {
                comparison.find_rows(reader, name, ALL, SameBy::Message).unwrap();
            }
            let is_sent = |row: &ComparedRow| row.is_sent.then_some(row.n);
            assert_eq!(comparison.own.iter().flatten().filter_map(is_sent).collect::<Vec<_>>(), [n]);
            comparison.finish().unwrap();
            let mut query = ours.db.prepare("SELECT n, run FROM temp.earlier ORDER BY n").unwrap();
            let found = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            let found: Vec<(u32, String)> = found.map(Result::unwrap).collect();
            let run_of = |row| if row == n { "first" } else { "second" };
            assert_eq!(found, (1..=6).map(|row| (row, run_of(row).to_owned())).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_counts_is_the_last_record_of_a_row() {
        let all = people(0..6);
        let (_their_home, mut theirs, reader) = run(&all);
        fixture::begin(&mut theirs, &[1, 2, 3, 4, 5]);
        fixture::end(&mut theirs, &[RowState::Sent, RowState::Failed, RowState::Unknown, RowState::Pending]);
        let skip = Skip { reason: SkipReason::Excluded, problem: "x", run: None };
        theirs.skip(&[(6, skip)]).unwrap();
        let counted = |window| {
            let (_our_home, _, ours) = run(&all);
            let found = found(&ours, &reader, window).into_iter().map(|messages| (messages.reason, messages.rows));
            let mut found: Vec<_> = found.collect();
            found.sort_unstable();
            found
        };
        let [sent, unknown, pending] = [SkipReason::AlreadySent, SkipReason::MayHaveBeenSent, SkipReason::ToBeSent];
        assert_eq!(counted(ALL), [(sent, 1), (unknown, 2), (pending, 1)]);
        assert_eq!(counted(DuplicateWindow { pending: false, ended_since: i64::MAX, ..ALL }), [(unknown, 1)]);
        for change in [[RowState::Unknown, RowState::Sent], [RowState::Failed, RowState::Pending]] {
            let rows = theirs.all_to_change(change).unwrap();
            theirs.decide_rows(rows).unwrap();
        }
        assert_eq!(counted(ALL), [(sent, 2), (unknown, 1), (pending, 2)]);
    }
}
