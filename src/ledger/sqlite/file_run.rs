//! A run whose ledger is a file of this machine, and the order in which its rows leave.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::Ledger;
use super::rows::BYTES_AT_ONCE;
use crate::ledger::{
    Delay, ExchangeReply, LedgerError, Pace, PaceNews, QueuedRow, RowState, RunEvent, RunLedger, SettledRow, now,
};

/// The shortest time between two messages to one recipient (`api.md`, 131056).
pub(crate) const RECIPIENT_GAP: Duration = Duration::from_secs(6);
/// The number of rows that are read from the ledger at once.
const ROWS_READ_AT_ONCE: usize = 128;
/// Rows are read ahead while fewer than this many are queued.
const ROWS_READ_AHEAD: usize = 64;

/// The ledger of a run that this process has locked, and the order in which its rows are taken.
pub(crate) struct FileRun {
    ledger: Ledger,
    pace: Pace,
    /// Rows that do not wait for another row, in the order of the input.
    fresh: VecDeque<QueuedRow>,
    /// The last row that was read from the ledger; None once all have been read.
    cursor: Option<i64>,
    /// Rows that may be taken from a certain time on, earliest first.
    due: BinaryHeap<Reverse<(Instant, i64, Delay)>>,
    /// For each row that was handed out: the next row for the same recipient.
    followers: HashMap<i64, i64>,
}

impl FileRun {
    /// Takes over `ledger`, which was opened for writing, to hand out `rate` rows a second.
    pub(crate) fn new(ledger: Ledger, rate: f64) -> Result<Self, LedgerError> {
        let at = Instant::now();
        let due = ledger.followers()?.into_iter().map(|(n, ended_at)| {
            let age = Duration::from_millis(u64::try_from(now() - ended_at).unwrap_or_default());
            Reverse((at + RECIPIENT_GAP.saturating_sub(age), n, Delay::RecipientGap))
        });
        let (due, pace) = (due.collect(), Pace::new(rate, at));
        Ok(Self { ledger, pace, fresh: VecDeque::new(), cursor: Some(0), due, followers: HashMap::new() })
    }

    #[cfg(test)]
    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Takes at most `wanted` rows that may leave `now`.
    fn pick(&mut self, wanted: usize, now: Instant, rows: &mut Vec<QueuedRow>) -> Result<(), LedgerError> {
        while rows.len() < wanted && self.next_at(now)?.is_some_and(|(at, _)| at <= now) {
            if let Some(row) = self.take(now)? {
                self.followers.extend(row.follower.map(|follower| (row.n, follower)));
                rows.push(row);
            }
        }
        Ok(())
    }

    /// When the next row may be taken, and what it waits for; None if no row is left.
    fn next_at(&mut self, now: Instant) -> Result<Option<(Instant, Delay)>, LedgerError> {
        if self.fresh.is_empty() {
            self.read()?;
        }
        let due = self.due.peek().map(|Reverse((due, _, delay))| (*due, *delay));
        Ok(if self.fresh.is_empty() { due } else { Some((now, Delay::Retry)) })
    }

    fn read(&mut self) -> Result<(), LedgerError> {
        let Some(cursor) = self.cursor else { return Ok(()) };
        let rows = self.ledger.fresh(cursor, ROWS_READ_AT_ONCE, BYTES_AT_ONCE)?;
        self.cursor = rows.last().map(|row| row.n);
        self.fresh.extend(rows);
        Ok(())
    }

    /// Takes a row that is due, or else the next one of the input. None if the row was decided by hand meanwhile.
    fn take(&mut self, now: Instant) -> Result<Option<QueuedRow>, LedgerError> {
        let is_due = self.due.peek().is_some_and(|Reverse((due, ..))| *due <= now);
        let due = if is_due { self.due.pop() } else { None };
        match due {
            Some(Reverse((_, n, _))) => self.ledger.pending(n),
            None => Ok(self.fresh.pop_front()),
        }
    }

    /// Queues `row` again if it is to be retried, or else the row that waited for it.
    fn note(&mut self, row: &SettledRow) {
        let n = row.ended.n;
        if let Some((due, delay)) = row.retry.filter(|_| row.ended.state == RowState::Pending) {
            self.due.push(Reverse((due, n, delay)));
        } else if let Some(follower) = self.followers.remove(&n) {
            self.due.push(Reverse((row.at + RECIPIENT_GAP, follower, Delay::RecipientGap)));
        }
    }
}

impl RunLedger for FileRun {
    /// It does not wait for more outcomes: that makes fewer commits but a slower run, on fast and slow disks alike.
    fn exchange(
        &mut self,
        settled: &[SettledRow],
        events: &[RunEvent],
        wanted: usize,
    ) -> Result<ExchangeReply, LedgerError> {
        let mut given = ExchangeReply::default();
        let now = Instant::now();
        self.pace.hear(PaceNews::of(settled), now);
        given.problem = self.pick(wanted.min(self.pace.available(now)), now, &mut given.rows).err();
        self.pace.take(given.rows.len(), now);
        // Not earlier: until this exchange is written, the ledger has these rows as under way.
        for row in settled {
            self.note(row);
        }
        if !(settled.is_empty() && events.is_empty() && given.rows.is_empty()) {
            self.ledger.commit(&given.rows, settled, events)?;
        }
        if given.problem.is_none() {
            match self.next_at(Instant::now()) {
                Ok(next) => given.next = next.map(|next| next.max((self.pace.ready_at(), Delay::Pace))),
                Err(error) => given.problem = Some(error),
            }
        }
        Ok(given)
    }

    fn read_ahead(&mut self) {
        if self.fresh.len() < ROWS_READ_AHEAD {
            // If this fails, the exchange that needs the rows reports it.
            let _ = self.read();
        }
    }

    fn close(self: Box<Self>) -> Result<bool, LedgerError> {
        self.ledger.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sqlite::fixture;
    use crate::ledger::{Run, RunEventKind};

    fn settled(n: i64, state: RowState, retry: Option<(Instant, Delay)>) -> SettledRow {
        let ended = fixture::ended(n, state);
        SettledRow { retry, ..SettledRow::new(ended) }
    }

    #[test]
    fn rows_that_are_given_are_under_way_and_one_that_was_not_sent_comes_at_its_own_time() {
        let home = tempfile::TempDir::new().unwrap();
        let (ledger, reader) = fixture::ledgers(home.path(), &["593990000000", "593990000001", "593990000002"]);
        let mut run = FileRun::new(ledger, 1_000_000.0).unwrap();
        let numbers = |given: &ExchangeReply| given.rows.iter().map(|row| row.n).collect::<Vec<_>>();
        let given = run.exchange(&[], &[], 2).unwrap();
        assert_eq!((numbers(&given), reader.counts().unwrap().inflight), (vec![1, 2], 2));
        let later = Instant::now() + Duration::from_secs(60);
        let ended = [settled(1, RowState::Pending, Some((later, Delay::Retry))), settled(2, RowState::Sent, None)];
        let given = run.exchange(&ended, &[], 5).unwrap();
        assert_eq!((numbers(&given), given.next), (vec![3], Some((later, Delay::Retry))));
        let counts = reader.counts().unwrap();
        assert_eq!((counts.pending, counts.inflight, counts.sent), (1, 1, 1));
        run.exchange(&[settled(1, RowState::Sent, None)], &[], 0).unwrap_err();
        assert_eq!(reader.counts().unwrap(), counts, "of a row that is not under way nothing is written");
    }

    #[test]
    fn what_became_of_rows_is_written_where_an_event_cannot_be() {
        let home = tempfile::TempDir::new().unwrap();
        let (ledger, reader) = fixture::ledgers(home.path(), &["593990000000"]);
        let other = rusqlite::Connection::open(home.path().join("r.db")).unwrap();
        let refuse = "CREATE TRIGGER no_events BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'none'); END";
        other.execute_batch(refuse).unwrap();
        let mut run = FileRun::new(ledger, 1_000_000.0).unwrap();
        run.exchange(&[], &[], 1).unwrap();
        let paused = RunEvent::now(RunEventKind::Paused);
        run.exchange(&[settled(1, RowState::Sent, None)], std::slice::from_ref(&paused), 0).unwrap();
        assert_eq!((reader.counts().unwrap().sent, reader.events().unwrap()), (1, Vec::new()));
        other.execute_batch("DROP TRIGGER no_events").unwrap();
        run.exchange(&[], std::slice::from_ref(&paused), 0).unwrap();
        assert_eq!(reader.events().unwrap(), [paused]);
    }

    #[test]
    fn what_became_of_rows_is_written_where_the_next_ones_cannot_be_read() {
        let home = tempfile::TempDir::new().unwrap();
        let (ledger, reader) = fixture::ledgers(home.path(), &fixture::people(0..300));
        let other = rusqlite::Connection::open(home.path().join("r.db")).unwrap();
        other.execute_batch("DROP TRIGGER content_stays; UPDATE content SET body = '[]' WHERE n = 200").unwrap();
        let mut run = FileRun::new(ledger, 1_000_000.0).unwrap();
        let given = run.exchange(&[], &[], 128).unwrap();
        assert!(given.problem.is_some() && given.rows.len() == 128, "{given:?}");
        let given = run.exchange(&[settled(1, RowState::Sent, None)], &[], 1).unwrap();
        assert!(given.problem.is_some() && given.rows.is_empty(), "{given:?}");
        assert_eq!(reader.counts().unwrap().sent, 1);
    }
}
