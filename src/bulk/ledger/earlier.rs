//! Which rows are messages that an earlier run has too, and whom an earlier run wrote to: by merging the indexes of two
//! ledgers, so that the memory it takes does not grow with them. What is found is confirmed by the requests themselves.

use std::time::{Duration, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, params};

use super::join::{Key, join};
use super::message::SameMessage;
use super::seal::RequestHash;
use super::skip::skip_counts;
use super::{DraftRequest, Ledger, LedgerDraft, LedgerError, RowState, Skip, SkipCounts, SkipReason};

/// So many rows are left out by one commit.
const ROWS_A_COMMIT: usize = 10_000;

/// The rows that are compared: in the order of either number, without another look at the table.
const INDEXES: &str = "CREATE INDEX IF NOT EXISTS row_fingerprint ON row (fingerprint) WHERE fingerprint IS NOT NULL; \
     CREATE INDEX IF NOT EXISTS row_person ON row (person) WHERE person IS NOT NULL;";

/// What was found so far, in the ledger that is compared: of each row the worst.
const FOUND: &str = "CREATE TEMP TABLE IF NOT EXISTS earlier \
     (n INTEGER PRIMARY KEY, reason INTEGER NOT NULL, run TEXT NOT NULL, at INTEGER NOT NULL)";

const FIND: &str = "INSERT INTO earlier (n, reason, run, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (n) DO UPDATE \
     SET reason = excluded.reason, run = excluded.run, at = excluded.at \
     WHERE (excluded.reason, -excluded.at) < (reason, -at)";

/// A row that may still be sent.
const IS_PENDING: &str = "SELECT (NOT EXISTS (SELECT 1 FROM attempt WHERE row = ?1) \
     AND NOT EXISTS (SELECT 1 FROM decision WHERE row = ?1)) \
     OR (SELECT state FROM standing WHERE n = ?1) = 'pending'";

/// What of an earlier run counts; times are milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Rows that became sent or unknown then or later.
    pub(crate) ended_since: i64,
    /// Rows under way that began then or later.
    pub(crate) began_since: i64,
    /// Whether rows count that are still to be sent.
    pub(crate) pending: bool,
}

/// A row of an earlier run that counts, and since when it is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EarlierRow {
    pub(crate) reason: SkipReason,
    pub(crate) at: i64,
}

/// How many rows an earlier run has too, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EarlierMessages {
    pub(crate) run: String,
    pub(crate) reason: SkipReason,
    pub(crate) rows: u64,
    /// The last of them.
    pub(crate) at: i64,
}

impl EarlierMessages {
    /// `were sent by run r at 2026-11-20 13:23 UTC`
    pub(crate) fn words(&self) -> String {
        let was = if self.rows == 1 { "was" } else { "were" };
        let is = if self.rows == 1 { "is" } else { "are" };
        match self.reason {
            SkipReason::MayHaveBeenSent => format!("may have been sent by run {} {}", self.run, time(self.at)),
            SkipReason::ToBeSent => format!("{is} still to be sent by run {}", self.run),
            _ => format!("{was} sent by run {} {}", self.run, time(self.at)),
        }
    }
}

impl EarlierRow {
    /// Why a row is left out.
    pub(crate) fn problem(&self, run: &str) -> String {
        EarlierMessages { run: run.to_owned(), reason: self.reason, rows: 1, at: self.at }.words()
    }

    /// Whether it says more than `other`.
    pub(crate) fn outweighs(&self, other: &Self) -> bool {
        (rank(self.reason), -self.at) < (rank(other.reason), -other.at)
    }
}

/// `at 2026-11-20 13:23 UTC`
fn time(at: i64) -> String {
    let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(at).unwrap_or_default());
    let text = humantime::format_rfc3339_seconds(at).to_string();
    let minute = text.get(..16).unwrap_or(&text).replace('T', " ");
    format!("at {minute} UTC")
}

/// The place of a reason among all.
fn rank(reason: SkipReason) -> i64 {
    SkipReason::ALL.iter().position(|known| *known == reason).and_then(|place| i64::try_from(place).ok()).unwrap_or(0)
}

fn of_rank(rank: i64) -> SkipReason {
    usize::try_from(rank).ok().and_then(|place| SkipReason::ALL.get(place).copied()).unwrap_or(SkipReason::AlreadySent)
}

/// Of the rows of a ledger, those whose people were written to.
#[derive(Debug, Default)]
pub(crate) struct WrittenTo {
    /// A bit for each row that is the first of its person.
    rows: Vec<u64>,
    people: u64,
}

impl WrittenTo {
    pub(crate) fn people(&self) -> u64 {
        self.people
    }

    /// Whether the row was not there before.
    fn insert(&mut self, n: i64) -> bool {
        let n = usize::try_from(n).unwrap_or_default();
        if self.rows.len() <= n / 64 {
            self.rows.resize(n / 64 + 1, 0);
        }
        let Some(bits) = self.rows.get_mut(n / 64) else { return false };
        let is_new = *bits & (1 << (n % 64)) == 0;
        *bits |= 1 << (n % 64);
        self.people += u64::from(is_new);
        is_new
    }

    fn has(&self, n: i64) -> bool {
        let n = usize::try_from(n).unwrap_or_default();
        self.rows.get(n / 64).is_some_and(|bits| bits & (1 << (n % 64)) != 0)
    }
}

impl LedgerDraft {
    /// Puts the rows in the order of what they are compared by.
    pub(crate) fn index_rows(&self) -> Result<(), LedgerError> {
        Ok(self.db.execute_batch(INDEXES)?)
    }

    /// Whether a row is this message to this person; [`LedgerDraft::index_rows`] was called before.
    pub(crate) fn has_message(&self, request: &DraftRequest<'_>) -> Result<bool, LedgerError> {
        let fingerprint = RequestHash::of(request.path, request.recipient, request.body).fingerprint();
        Ok(self.db.prepare_cached(Key::Message.look_up())?.exists([fingerprint])?)
    }

    /// Notes the rows that `other`, the ledger of `run`, has too.
    pub(crate) fn compare(&self, other: &Ledger, run: &str, memory: Memory) -> Result<(), LedgerError> {
        compare(&self.db, &other.db, run, memory)
    }

    /// Adds the people whom `other` wrote to since then.
    pub(crate) fn find_people(&self, other: &Ledger, since: i64, people: &mut WrittenTo) -> Result<(), LedgerError> {
        find_people(&self.db, &other.db, since, people)
    }

    /// What was noted of rows that are not left out.
    pub(crate) fn earlier(&self) -> Result<Vec<EarlierMessages>, LedgerError> {
        earlier(&self.db)
    }

    /// Leaves out the rows that were noted.
    pub(crate) fn skip_earlier(&mut self) -> Result<(), LedgerError> {
        let mut after = 0;
        loop {
            let rows = noted(&self.db, after)?;
            let Some((last, ..)) = rows.last() else { return Ok(()) };
            after = *last;
            for (n, run, found) in rows {
                self.skip(n, Skip { reason: found.reason, problem: &found.problem(&run), run: Some(&run) })?;
            }
        }
    }

    /// As [`Ledger::skip_counts`].
    pub(crate) fn skip_counts(&self) -> Result<SkipCounts, LedgerError> {
        skip_counts(&self.db)
    }

    /// How many rows are to be sent.
    pub(crate) fn to_be_sent(&self) -> Result<u64, LedgerError> {
        let query = "SELECT (SELECT count(*) FROM row) - (SELECT count(*) FROM decision)";
        Ok(self.db.query_row(query, [], |row| row.get(0))?)
    }
}

impl Ledger {
    /// As [`LedgerDraft::compare`], of the rows that are still to be sent.
    pub(crate) fn compare(&self, other: &Self, run: &str, memory: Memory) -> Result<(), LedgerError> {
        compare(&self.db, &other.db, run, memory)
    }

    /// As [`LedgerDraft::earlier`].
    pub(crate) fn earlier(&self) -> Result<Vec<EarlierMessages>, LedgerError> {
        earlier(&self.db)
    }

    /// Leaves out the rows that `compared`, the same ledger, has noted.
    pub(crate) fn skip_earlier(&mut self, compared: &Self) -> Result<(), LedgerError> {
        let mut after = 0;
        loop {
            let rows = noted(&compared.db, after)?;
            let Some((last, ..)) = rows.last() else { return Ok(()) };
            after = *last;
            self.write(|batch| {
                for (n, run, found) in rows {
                    let problem = found.problem(&run);
                    batch.skip(n, Skip { reason: found.reason, problem: &problem, run: Some(&run) })?;
                }
                Ok(())
            })?;
        }
    }

    /// A row that is the same message to the same person and counts.
    pub(crate) fn find_message(
        &self,
        request: &DraftRequest<'_>,
        memory: Memory,
    ) -> Result<Option<EarlierRow>, LedgerError> {
        let fingerprint = RequestHash::of(request.path, request.recipient, request.body).fingerprint();
        let mut statement = self.db.prepare_cached(Key::Message.look_up())?;
        let rows = statement.query_map([fingerprint], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        let message = SameMessage::of(request.path, request.recipient, request.body);
        let found = messages(&self.db, &rows, memory)?;
        Ok(found.into_iter().find(|(other, _)| *other == message).map(|(_, found)| found))
    }

    /// What tells whether the run has changed: whose it is, and how often it was written.
    pub(crate) fn version(&self) -> Result<([u8; 16], u64), LedgerError> {
        let query = "SELECT identity, commits FROM run, progress";
        Ok(self.db.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Whether a process has opened the run to write it, and has not ended in order.
    pub(crate) fn is_opened(&self) -> Result<bool, LedgerError> {
        Ok(self.db.query_row("SELECT opened <> closed FROM progress", [], |row| row.get(0))?)
    }

    /// When the list was read.
    pub(crate) fn created_at(&self) -> Result<i64, LedgerError> {
        Ok(self.db.query_row("SELECT created_at FROM run", [], |row| row.get(0))?)
    }
}

fn compare(ours: &Connection, theirs: &Connection, run: &str, memory: Memory) -> Result<(), LedgerError> {
    ours.execute_batch(FOUND)?;
    join(ours, theirs, Key::Message, |our_rows, their_rows| {
        let found = messages(theirs, their_rows, memory)?;
        if found.is_empty() {
            return Ok(());
        }
        for n in our_rows {
            if !is_pending(ours, *n)? {
                continue;
            }
            let message = message_of(ours, *n)?;
            if let Some((_, row)) = found.iter().find(|(other, _)| *other == message) {
                ours.prepare_cached(FIND)?.execute(params![n, rank(row.reason), run, row.at])?;
            }
        }
        Ok(())
    })
}

fn find_people(ours: &Connection, theirs: &Connection, since: i64, people: &mut WrittenTo) -> Result<(), LedgerError> {
    let memory = Memory { ended_since: since, began_since: since, pending: false };
    join(ours, theirs, Key::Person, |our_rows, their_rows| {
        let Some(first) = our_rows.first().filter(|first| !people.has(**first)) else { return Ok(()) };
        for n in their_rows {
            if standing(theirs, *n, memory)?.is_none() {
                continue;
            }
            for ours_too in our_rows {
                if is_pending(ours, *ours_too)? {
                    people.insert(*first);
                    break;
                }
            }
            break;
        }
        Ok(())
    })
}

/// The different messages among `rows` that count, each with what outweighs the rest: several rows with one number are
/// nearly always one message.
fn messages(
    db: &Connection,
    rows: &[i64],
    memory: Memory,
) -> Result<Vec<(SameMessage<'static>, EarlierRow)>, LedgerError> {
    let mut found: Vec<(SameMessage<'static>, EarlierRow)> = Vec::new();
    for n in rows {
        let Some(row) = standing(db, *n, memory)? else { continue };
        let message = message_of(db, *n)?;
        match found.iter_mut().find(|(known, _)| *known == message) {
            Some((_, known)) if row.outweighs(known) => *known = row,
            Some(_) => {}
            None => found.push((message, row)),
        }
    }
    Ok(found)
}

/// The row, if it counts.
fn standing(db: &Connection, n: i64, memory: Memory) -> Result<Option<EarlierRow>, LedgerError> {
    // Nothing follows on this state, and one look finds it.
    let query = "SELECT state, ended_at FROM outcome WHERE row = ?1 ORDER BY number DESC LIMIT 1";
    let last = db.prepare_cached(query)?.query_row([n], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (state, at): (RowState, Option<i64>) = match last {
        Some((RowState::Sent, at)) => (RowState::Sent, at),
        _ => db
            .prepare_cached("SELECT state, at FROM standing WHERE n = ?1")?
            .query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?,
    };
    let at = at.unwrap_or_default();
    let reason = match state {
        RowState::Sent if at >= memory.ended_since => SkipReason::AlreadySent,
        RowState::Unknown if at >= memory.ended_since => SkipReason::MayHaveBeenSent,
        RowState::Inflight if at >= memory.began_since => SkipReason::MayHaveBeenSent,
        RowState::Pending if memory.pending => SkipReason::ToBeSent,
        RowState::Sent
        | RowState::Unknown
        | RowState::Inflight
        | RowState::Pending
        | RowState::Failed
        | RowState::Skipped => return Ok(None),
    };
    Ok(Some(EarlierRow { reason, at }))
}

fn is_pending(db: &Connection, n: i64) -> Result<bool, LedgerError> {
    Ok(db.prepare_cached(IS_PENDING)?.query_row([n], |row| row.get(0))?)
}

fn message_of(db: &Connection, n: i64) -> Result<SameMessage<'static>, LedgerError> {
    let query = "SELECT path, recipient, body FROM row JOIN content USING (n) WHERE n = ?1";
    Ok(db.prepare_cached(query)?.query_row([n], |row| {
        let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
        Ok(SameMessage::of(text(0)?, text(1)?, text(2)?).into_owned())
    })?)
}

fn earlier(db: &Connection) -> Result<Vec<EarlierMessages>, LedgerError> {
    db.execute_batch(FOUND)?;
    let mut statement = db.prepare(&format!(
        "SELECT run, reason, count(*), max(at) FROM earlier WHERE {} GROUP BY run, reason \
         ORDER BY count(*) DESC, max(at) DESC",
        "NOT EXISTS (SELECT 1 FROM decision WHERE decision.row = n AND decision.\"to\" = 'skipped')"
    ))?;
    let rows = statement.query_map([], |row| {
        Ok(EarlierMessages { run: row.get(0)?, reason: of_rank(row.get(1)?), rows: row.get(2)?, at: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The next rows behind `after` that were noted and are not left out yet.
fn noted(db: &Connection, after: i64) -> Result<Vec<(i64, String, EarlierRow)>, LedgerError> {
    db.execute_batch(FOUND)?;
    let mut statement = db.prepare_cached(
        "SELECT n, run, reason, at FROM earlier WHERE n > ?1 AND NOT EXISTS (SELECT 1 FROM decision \
         WHERE decision.row = n AND decision.\"to\" = 'skipped') ORDER BY n LIMIT ?2",
    )?;
    let rows = statement.query_map(params![after, ROWS_A_COMMIT], |row| {
        Ok((row.get(0)?, row.get(1)?, EarlierRow { reason: of_rank(row.get(2)?), at: row.get(3)? }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::fixture;

    const ALL: Memory = Memory { ended_since: 0, began_since: 0, pending: true };

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
            ours.compare(&theirs, "r", ALL).unwrap();
            let found = ours.earlier().unwrap().iter().map(|messages| messages.rows).sum::<u64>();
            assert_eq!(found, expected);
            let mut people = WrittenTo::default();
            find_people(&ours.db, &theirs.db, 0, &mut people).unwrap();
            assert_eq!(people.people(), 0, "nobody was written to");
        }
    }

    #[test]
    fn a_list_with_one_message_many_times_is_compared_once_a_row() {
        let many = [numbers(0..1), numbers(0..1), numbers(0..1)].concat();
        let (_our_home, _, ours) = run(&many);
        let (_their_home, mut theirs, reader) = run(&many);
        let begun = super::super::BegunAttempt { n: 2, number: 1 };
        theirs.commit([begun].into_iter(), [].into_iter()).unwrap();
        ours.compare(&reader, "r", ALL).unwrap();
        let [found] = &ours.earlier().unwrap()[..] else { panic!("{:?}", ours.earlier()) };
        assert_eq!((found.rows, found.reason), (3, SkipReason::MayHaveBeenSent));
        assert!(found.words().starts_with("may have been sent by run r at 20"), "{}", found.words());
        // What was found first gives way to what says more, and nothing else does.
        let other = Memory { pending: true, ..ALL };
        ours.compare(&reader, "other", other).unwrap();
        assert_eq!(ours.earlier().unwrap().len(), 1);
    }

    #[test]
    fn a_row_that_is_left_out_holds_up_nobody() {
        let (_home, mut ledger, reader) = run(&[numbers(0..1), numbers(0..1), numbers(0..1)].concat());
        let in_order = "DROP TRIGGER row_stays; UPDATE row SET before = n - 1 WHERE n > 1";
        reader.db.execute_batch(in_order).unwrap();
        reader.db.execute_batch(FOUND).unwrap();
        reader.db.execute("INSERT INTO earlier VALUES (2, 2, 'r', 0)", []).unwrap();
        ledger.skip_earlier(&reader).unwrap();
        assert_eq!(reader.skip_counts().unwrap().iter().collect::<Vec<_>>(), [(SkipReason::AlreadySent, 1)]);
        // The third row waits for the first.
        assert_eq!(reader.followers().unwrap(), []);
        assert_eq!(reader.pending(2).unwrap().map(|row| row.n), Some(3));
        reader.db.execute("INSERT OR REPLACE INTO earlier VALUES (1, 2, 'r', 0)", []).unwrap();
        ledger.skip_earlier(&reader).unwrap();
        assert_eq!(reader.followers().unwrap(), [(3, 0)]);
        let left = reader.pending(3).unwrap();
        assert_eq!(left.map(|row| row.number), Some(1));
        // Twice it is not left out.
        ledger.skip_earlier(&reader).unwrap();
        assert_eq!(reader.counts().unwrap().skipped, 2);
    }
}
