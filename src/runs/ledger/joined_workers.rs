//! Decides whether each sending process is alive or lost.

use super::db::{AliveCheck, Db, Process, SqlRow};
use super::error::LedgerError;
use super::model::RowState;
use crate::base::message::{Message, msg};

/// The processes that have joined a run and have not left it. Some of them may be lost.
pub(super) struct JoinedWorkers {
    workers: Vec<JoinedWorker>,
    is_process_alive: AliveCheck,
}

/// A process that has joined a run and has not left it.
struct JoinedWorker {
    run: i64,
    process: Process,
    is_alive: bool,
}

impl JoinedWorkers {
    pub(super) fn read(db: &mut Db) -> Result<Self, LedgerError> {
        let is_process_alive = db.0.alive_check()?;
        let query =
            "SELECT id, host, pid, seen_at, lease_ms, run FROM worker WHERE left_at IS NULL";
        let workers = db.rows(query, &[], |mut row| {
            let run = row.int("run")?;
            let process = process(&mut row)?;
            let lease_end = process.seen_at.saturating_add(process.lease_ms);
            Ok(JoinedWorker {
                run,
                is_alive: is_process_alive(process.id, lease_end),
                process,
            })
        })?;
        Ok(Self {
            workers,
            is_process_alive,
        })
    }

    /// Returns the state to show for a row of this worker. A row in flight in a lost process may
    /// have been sent.
    pub(super) fn shown_state(&self, state: RowState, worker: Option<i64>) -> RowState {
        if state == RowState::Inflight && self.lost_reason(worker).is_some() {
            RowState::Unknown
        } else {
            state
        }
    }

    /// Describes why rows in flight are unknown, if this worker is lost.
    pub(super) fn lost_reason(&self, worker: Option<i64>) -> Option<Message> {
        let lost = self
            .workers
            .iter()
            .find(|known| Some(known.process.id) == worker && !known.is_alive)?;
        Some(msg!(
            "the process that sent it no longer responds: {process}",
            process = lost.process.describe()
        ))
    }

    /// Returns the lost processes of a run.
    pub(super) fn lost_in_run(&self, run: i64) -> impl Iterator<Item = i64> {
        self.workers
            .iter()
            .filter(move |known| known.run == run && !known.is_alive)
            .map(|known| known.process.id)
    }

    /// Returns whether the process of a single send is alive. It may send until this time.
    pub(super) fn is_sender_alive(&self, id: Option<i64>, until: i64) -> bool {
        id.is_some_and(|id| (self.is_process_alive)(id, until))
    }

    pub(super) fn is_alive(&self, worker: Option<i64>) -> bool {
        self.workers
            .iter()
            .any(|known| Some(known.process.id) == worker && known.is_alive)
    }

    /// Finds a process that sends the run.
    pub(super) fn sender(&self, run: i64) -> Option<&Process> {
        self.workers
            .iter()
            .find(|known| known.run == run && known.is_alive)
            .map(|known| &known.process)
    }

    pub(super) fn has_sender(&self, run: i64) -> bool {
        self.sender(run).is_some()
    }
}

/// Reads the columns `id, host, pid, seen_at, lease_ms`.
pub(super) fn process(row: &mut SqlRow) -> Result<Process, LedgerError> {
    Ok(Process {
        id: row.int("id")?,
        host: row.take_text("host")?,
        pid: row.int("pid")?,
        seen_at: row.int("seen_at")?,
        lease_ms: row.int("lease_ms")?,
    })
}
