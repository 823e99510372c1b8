//! The processes that send runs: which are alive, and which are lost.

use super::db::{AliveCheck, Db, Process, SqlRow};
use super::error::LedgerError;
use super::model::RowState;

/// The processes that send, and the lost ones that have not reported the outcomes of their rows.
pub(super) struct LostWorkers {
    /// Each process with its run, and whether it is alive.
    seen: Vec<(i64, Process, bool)>,
    life: AliveCheck,
}

impl LostWorkers {
    pub(super) fn read(db: &mut Db) -> Result<Self, LedgerError> {
        let life = db.0.life()?;
        let query =
            "SELECT id, host, pid, seen_at, lease_ms, run FROM worker WHERE left_at IS NULL";
        let seen = db.rows(query, &[], |mut row| {
            let run = row.int("run")?;
            let process = process(&mut row)?;
            let is_alive = life(process.id, process.seen_at.saturating_add(process.lease_ms));
            Ok((run, process, is_alive))
        })?;
        Ok(Self { seen, life })
    }

    /// Returns the state to show for a row of this worker. A row in flight in a lost process may
    /// have been sent.
    pub(super) fn shown(&self, state: RowState, worker: Option<i64>) -> RowState {
        if state == RowState::Inflight && self.status(worker).is_some() {
            RowState::Unknown
        } else {
            state
        }
    }

    /// Describes why rows in flight are unknown, if this worker is lost.
    pub(super) fn status(&self, worker: Option<i64>) -> Option<String> {
        let (_, process, _) = self
            .seen
            .iter()
            .find(|(_, process, is_alive)| Some(process.id) == worker && !is_alive)?;
        Some(format!(
            "the process that sent it no longer responds: {}",
            process.describe()
        ))
    }

    /// Returns the lost processes of a run.
    pub(super) fn in_run(&self, run: i64) -> impl Iterator<Item = i64> {
        self.seen
            .iter()
            .filter(move |(of, _, is_alive)| *of == run && !is_alive)
            .map(|(_, process, _)| process.id)
    }

    /// Returns whether the process of a single send is alive. It may send until this time.
    pub(super) fn lives(&self, id: Option<i64>, until: i64) -> bool {
        id.is_some_and(|id| (self.life)(id, until))
    }

    pub(super) fn is_alive(&self, worker: Option<i64>) -> bool {
        self.seen
            .iter()
            .any(|(_, process, is_alive)| Some(process.id) == worker && *is_alive)
    }

    /// Finds a process that sends the run.
    pub(super) fn sender(&self, run: i64) -> Option<&Process> {
        self.seen
            .iter()
            .find(|(of, _, is_alive)| *of == run && *is_alive)
            .map(|(_, process, _)| process)
    }

    pub(super) fn is_sent(&self, run: i64) -> bool {
        self.sender(run).is_some()
    }
}

/// Reads the columns `id, host, pid, seen_at, lease_ms`.
pub(super) fn process(row: &mut SqlRow) -> Result<Process, LedgerError> {
    Ok(Process {
        id: row.int("id")?,
        host: row.take("host")?,
        pid: row.int("pid")?,
        seen_at: row.int("seen_at")?,
        lease_ms: row.int("lease_ms")?,
    })
}
