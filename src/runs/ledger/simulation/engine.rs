//! The engine of a simulated process. It is the engine of a file, with faults, steps of other processes in between, and
//! the changed statements of a mutation. In a shared simulation it behaves like a database: a process is alive until
//! its lease expires, and a connection can fail.

use std::any::Any;
use std::cell::Cell;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;

use super::mutants::changed_statement;
use super::world::{interleave, log, world};
use crate::base::clock;
use crate::runs::ledger::db::{
    AliveCheck, DbEngine, EachSqlRow, FillRow, SqlRow, SqlScript, SqlValue,
};
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::file::FileEngine;

thread_local! {
    /// Whether a process is being killed. Like after SIGKILL, values that are dropped now must not clean up.
    static IS_DYING: Cell<bool> = const { Cell::new(false) };
}

/// How many of 10,000 operations meet each fault.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FaultRates {
    pub(super) killed: u32,
    /// The disk is full, or the database does not respond.
    pub(super) failed: u32,
    /// Other actors run before the operation.
    pub(super) interleaved: u32,
    /// A COMMIT fails.
    pub(super) commit_failed: u32,
    /// A COMMIT is applied, but its answer is lost.
    pub(super) answer_lost: u32,
    /// The process is killed after its COMMIT.
    pub(super) killed_after_commit: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Killed,
    Failed,
    Interleaved,
    AnswerLost,
    KilledAfterCommit,
}

/// The payload of the panic that unwinds a killed process.
struct Killed;

/// Whether a process was unwound because it was killed, and not by a real panic.
pub(super) fn was_killed(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Killed>()
}

/// Drops a process without its cleanup, as SIGKILL does.
pub(super) fn drop_killed<T>(process: T) {
    IS_DYING.set(true);
    drop(process);
    IS_DYING.set(false);
}

fn kill_this_process() -> ! {
    IS_DYING.set(true);
    resume_unwind(Box::new(Killed))
}

struct SimulatedEngine {
    file: FileEngine,
    /// The process that opened the engine; 0 is the simulation itself, which meets no faults.
    actor: usize,
    is_away: bool,
    /// Whether the open transaction may change the ledger; None outside a transaction.
    changes: Option<bool>,
    /// Whether the transaction has run the statement that a mutation names.
    is_in_context: bool,
}

/// Opens the files of a directory for the current process.
pub(in crate::runs::ledger) fn open_engine(
    directory: &Path,
) -> Result<Box<dyn DbEngine>, LedgerError> {
    let file = FileEngine::open(directory, true, Arc::new(|_| {}))?;
    let mut engine = SimulatedEngine {
        file: file.ok_or_else(LedgerError::no_directory)?,
        actor: world(|world| world.current),
        is_away: false,
        changes: None,
        is_in_context: false,
    };
    engine.meet_fault(false)?;
    Ok(Box::new(engine))
}

fn is_shared() -> bool {
    world(|world| world.is_shared)
}

fn failure() -> LedgerError {
    if is_shared() {
        LedgerError::unreachable("db", "simulated")
    } else {
        LedgerError::sqlite("database or disk is full")
    }
}

impl SimulatedEngine {
    /// Draws a fault before an operation, and applies it.
    fn meet_fault(&mut self, may_interleave: bool) -> Result<(), LedgerError> {
        if self.is_away || IS_DYING.get() {
            return Err(failure());
        }
        let rates = world(|world| world.faults);
        let interleaved = if may_interleave { rates.interleaved } else { 0 };
        let fault = self.draw(&[
            (Fault::Killed, rates.killed),
            (Fault::Failed, rates.failed),
            (Fault::Interleaved, interleaved),
        ]);
        match fault {
            None => Ok(()),
            Some(Fault::Interleaved) => {
                interleave();
                Ok(())
            }
            Some(Fault::Failed) => {
                log(&format!("  {} meets a failure of the ledger", self.actor));
                self.is_away = is_shared();
                Err(failure())
            }
            Some(Fault::Killed | Fault::AnswerLost | Fault::KilledAfterCommit) => {
                log(&format!("  {} is killed within an operation", self.actor));
                kill_this_process()
            }
        }
    }

    /// Draws the fault of this operation, if any. `parts` has how many of 10,000 operations meet each fault.
    fn draw(&self, parts: &[(Fault, u32)]) -> Option<Fault> {
        world(|world| {
            world.operations += 1;
            if self.actor == 0 {
                return None;
            }
            let mut drawn = world.rng.u32(0..10_000);
            for (fault, part) in parts {
                if drawn < *part {
                    let is_possible = *fault != Fault::Interleaved || world.may_interleave();
                    return is_possible.then_some(*fault);
                }
                drawn -= part;
            }
            None
        })
    }

    fn statement(&mut self, sql: &'static str) -> &'static str {
        let mutation = world(|world| world.mutation);
        let Some(mutation) = mutation else {
            return sql;
        };
        self.is_in_context |= sql.contains(mutation.within);
        if self.is_in_context {
            changed_statement(mutation, sql)
        } else {
            sql
        }
    }
}

impl DbEngine for SimulatedEngine {
    fn begin(&mut self, changes: bool) -> Result<(), LedgerError> {
        self.meet_fault(true)?;
        self.file.begin(changes)?;
        self.changes = Some(changes);
        self.is_in_context = false;
        Ok(())
    }

    fn is_free(&mut self) -> Result<bool, LedgerError> {
        self.file.is_free()
    }

    fn commit(&mut self) -> Result<(), LedgerError> {
        let changes = self.changes.take() == Some(true);
        if self.is_away {
            self.file.rollback();
            return Err(failure());
        }
        let rates = world(|world| world.faults);
        let only_of_changes = |part: u32| if changes { part } else { 0 };
        let fault = self.draw(&[
            (Fault::Killed, rates.killed),
            (Fault::Failed, only_of_changes(rates.commit_failed)),
            (Fault::AnswerLost, only_of_changes(rates.answer_lost)),
            (
                Fault::KilledAfterCommit,
                only_of_changes(rates.killed_after_commit),
            ),
        ]);
        if let Some(fault) = fault {
            log(&format!("  {} at COMMIT: {fault:?}", self.actor));
        }
        match fault {
            None | Some(Fault::Interleaved) => self.file.commit(),
            Some(Fault::Killed) => kill_this_process(),
            Some(Fault::Failed) => {
                self.file.rollback();
                self.is_away = is_shared();
                Err(failure())
            }
            Some(Fault::AnswerLost) => {
                self.file.commit()?;
                self.is_away = is_shared();
                Err(failure())
            }
            Some(Fault::KilledAfterCommit) => {
                self.file.commit()?;
                kill_this_process()
            }
        }
    }

    fn rollback(&mut self) {
        self.changes = None;
        self.file.rollback();
    }

    fn walk(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
        each: EachSqlRow<'_>,
    ) -> Result<(), LedgerError> {
        self.meet_fault(self.changes.is_none())?;
        let sql = self.statement(sql);
        self.file.walk(sql, values, each)
    }

    fn lock(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
    ) -> Result<(Option<SqlRow>, i64), LedgerError> {
        self.meet_fault(false)?;
        let sql = self.statement(sql);
        self.file.lock(sql, values)
    }

    fn each(&mut self, sql: &'static str, all: &[Vec<SqlValue<'_>>]) -> Result<u64, LedgerError> {
        self.meet_fault(false)?;
        let sql = self.statement(sql);
        self.file.each(sql, all)
    }

    fn fill(
        &mut self,
        table: &'static str,
        rows: &mut dyn FnMut(FillRow<'_>) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        self.meet_fault(false)?;
        if world(|world| {
            world
                .mutation
                .is_some_and(|mutation| mutation.leaves_empty(table))
        }) {
            return rows(&mut |_| Ok(()));
        }
        self.file.fill(table, rows)
    }

    fn script(&mut self, script: &SqlScript) -> Result<(), LedgerError> {
        self.file.script(script)
    }

    fn now(&mut self) -> Result<i64, LedgerError> {
        self.file.now()
    }

    fn identity(&mut self) -> Result<String, LedgerError> {
        self.file.identity()
    }

    fn alive_check(&mut self) -> Result<AliveCheck, LedgerError> {
        if !is_shared() {
            return self.file.alive_check();
        }
        let now = clock::unix_millis();
        Ok(Box::new(move |_id, lost_at| lost_at > now))
    }

    fn enter(&mut self, id: i64) -> Result<(), LedgerError> {
        if is_shared() {
            Ok(())
        } else {
            self.file.enter(id)
        }
    }

    fn leave(&mut self, id: i64) {
        if !IS_DYING.get() && !is_shared() {
            self.file.leave(id);
        }
    }

    fn is_shared(&self) -> bool {
        is_shared()
    }

    fn ensure_writable(&mut self) -> Result<(), LedgerError> {
        self.file.ensure_writable()
    }

    fn check(&mut self) -> Result<(), LedgerError> {
        if is_shared() {
            Ok(())
        } else {
            self.file.check()
        }
    }

    fn tidy(&mut self) {
        self.file.tidy();
    }
}
