//! The thread that has the ledger. It makes one exchange of whatever has queued up, so that the disk is waited for once for
//! many rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::breaker::PauseReason;
use super::exchange::{Given, RunLedger, SettledRow};
use super::ledger::{EndedAttempt, LedgerError, RunEvent};

/// What the engine has for the ledger, and wants from it.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) settled: Vec<SettledRow>,
    /// How many rows there is room for.
    pub(crate) wanted: usize,
    /// Why nobody is to take rows any more.
    pub(crate) pause: Option<PauseReason>,
    /// What happened to the run.
    pub(crate) events: Vec<RunEvent>,
}

/// What came of some orders.
#[derive(Debug)]
pub(crate) struct Exchanged {
    pub(crate) given: Given,
    /// How many orders it answers, and how many rows they wanted.
    pub(crate) orders: usize,
    pub(crate) wanted: usize,
}

/// The way to the thread; it ends when this is gone.
pub(crate) struct LedgerHandle {
    orders: Sender<Order>,
    exchanged: UnboundedReceiver<Exchanged>,
}

/// The thread itself, by what it gives at its end.
pub(crate) struct Writer {
    end: Receiver<Result<Box<dyn RunLedger>, WriteFailure>>,
    /// Whether nobody waits for it any longer.
    is_left: Arc<AtomicBool>,
}

/// A ledger that could not be written, with what became of rows since then: nothing else knows it.
#[derive(Debug)]
pub(crate) struct WriteFailure {
    pub(crate) error: LedgerError,
    pub(crate) outcomes: Vec<EndedAttempt>,
}

impl Writer {
    pub(crate) fn start(mut ledger: Box<dyn RunLedger>) -> (Self, LedgerHandle) {
        let (sender, orders) = channel();
        let (answers, exchanged) = unbounded_channel();
        let (at_end, end) = channel();
        let is_left = Arc::new(AtomicBool::new(false));
        ledger.watch(Arc::clone(&is_left));
        thread::spawn(move || {
            // Whoever left without waiting does not hear it.
            let _ = at_end.send(write(ledger, &orders, answers));
        });
        (Self { end, is_left }, LedgerHandle { orders: sender, exchanged })
    }

    /// Waits until everything is written; the handle must be gone by then.
    pub(crate) fn close(self) -> Result<Box<dyn RunLedger>, WriteFailure> {
        self.end.recv().unwrap_or_else(|_| Err(WriteFailure::gone()))
    }

    /// As [`Writer::close`], but no longer than `limit`; nothing when it is still writing then.
    pub(crate) fn close_within(self, limit: Duration) -> Option<Result<Box<dyn RunLedger>, WriteFailure>> {
        self.is_left.store(true, Ordering::SeqCst);
        match self.end.recv_timeout(limit) {
            Ok(written) => Some(written),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Err(WriteFailure::gone())),
        }
    }
}

impl WriteFailure {
    fn gone() -> Self {
        Self { error: LedgerError::WriterGone, outcomes: Vec::new() }
    }
}

impl LedgerHandle {
    /// Asks for an exchange; [`LedgerHandle::exchanged`] gives what came of it.
    pub(crate) fn order(&self, order: Order) {
        // The thread lives as long as the handle does; one that has failed keeps what became of rows.
        let _ = self.orders.send(order);
    }

    /// The next exchange; nothing, for ever, once the ledger cannot be written.
    pub(crate) async fn exchanged(&mut self) -> Option<Exchanged> {
        self.exchanged.recv().await
    }
}

fn write(
    mut ledger: Box<dyn RunLedger>,
    orders: &Receiver<Order>,
    answers: UnboundedSender<Exchanged>,
) -> Result<Box<dyn RunLedger>, WriteFailure> {
    while let Ok(first) = orders.recv() {
        // Whatever came while the last one was written shares this one.
        let (mut settled, mut wanted, mut events, mut number) = (first.settled, first.wanted, first.events, 1);
        let mut pause = first.pause;
        let began = Instant::now();
        loop {
            let rest = ledger.gathers(settled.len()).saturating_sub(began.elapsed());
            let Ok(order) = orders.recv_timeout(rest) else { break };
            settled.extend(order.settled);
            events.extend(order.events);
            wanted += order.wanted;
            number += 1;
            pause = pause.or(order.pause);
        }
        if let Some(reason) = pause {
            ledger.pause(reason);
        }
        match ledger.note_events(&events).and_then(|()| ledger.exchange(&settled, wanted)) {
            Ok(given) => {
                // Whoever asked may have left at once.
                let _ = answers.send(Exchanged { given, orders: number, wanted });
                ledger.read_ahead();
            }
            Err(error) => {
                // No row is given any more. Those that are under way still come to their end.
                drop(answers);
                settled.extend(orders.iter().flat_map(|order| order.settled));
                return Err(WriteFailure { error, outcomes: settled.into_iter().map(|row| row.ended).collect() });
            }
        }
    }
    Ok(ledger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::file_run::FileRun;
    use crate::bulk::fixture;
    use crate::bulk::ledger::RowState;

    fn sent(n: i64, recipient: &str) -> SettledRow {
        let ended = EndedAttempt {
            n,
            number: 1,
            recipient: recipient.to_owned(),
            state: RowState::Sent,
            began_at: 1,
            ended_at: 2,
            http_status: Some(200),
            message_id: None,
            code: None,
            error: None,
            api_code: None,
        };
        SettledRow { ended, at: Instant::now(), retry: None }
    }

    #[tokio::test]
    async fn who_leaves_at_once_waits_for_what_is_known_to_be_written() {
        let home = tempfile::TempDir::new().unwrap();
        let recipients: Vec<_> = (0..200).map(|number| format!("{}", 593_990_000_000_u64 + number)).collect();
        let recipients: Vec<_> = recipients.iter().map(String::as_str).collect();
        let (ledger, reader) = fixture::ledgers(home.path(), &recipients);
        let (writer, mut handle) = Writer::start(Box::new(FileRun::new(ledger).unwrap()));
        for _ in 1..=200 {
            handle.order(Order { settled: Vec::new(), wanted: 1, events: Vec::new(), pause: None });
            let row = handle.exchanged().await.unwrap().given.rows.pop().unwrap();
            let settled = vec![sent(row.n, &row.recipient)];
            handle.order(Order { settled, wanted: 0, events: Vec::new(), pause: None });
            handle.exchanged().await.unwrap();
        }
        // A handle that is left keeps the thread waiting, and nobody waits for it longer than that.
        let other = FileRun::new(fixture::ledgers(tempfile::TempDir::new().unwrap().path(), &[]).0).unwrap();
        let (other, held) = Writer::start(Box::new(other));
        assert!(other.close_within(Duration::from_millis(10)).is_none());
        drop((handle, held));
        assert!(writer.close_within(Duration::from_secs(60)).unwrap().is_ok());
        assert_eq!(reader.counts().unwrap().sent, 200);
    }
}
