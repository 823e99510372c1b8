//! The database engine of a simulated process. It is the engine of a file with faults. It also lets other actors act
//! between operations, and changes statements for a mutation. If the simulated ledger is shared, the engine behaves
//! like a database: processes live by their leases, and the connection may break.

use std::any::Any;
use std::cell::Cell;
use std::panic::resume_unwind;
use std::path::Path;
use std::time::Duration;

use super::mutation::mutate_statement;
use super::scheduler::interleave;
use super::world::{log, world};
use crate::base::clock;
use crate::base::private_file::FileError;
use crate::runs::ledger::FileEngine;
use crate::runs::ledger::TurnPatience;
use crate::runs::ledger::db::{
    AliveCheck, EachSqlRow, FillRow, Presence, SqlEngine, SqlScript, SqlValue,
};
use crate::runs::ledger::error::LedgerError;

thread_local! {
    /// Whether a process is being killed, so that its destructors must not clean up.
    static IS_DYING: Cell<bool> = const { Cell::new(false) };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Killed,
    /// The disk is full, or the database is unreachable.
    Failed,
    /// Other actors act before the operation.
    Interleaved,
    /// A COMMIT succeeds, but its response is lost.
    ResponseLost,
    KilledAfterCommit,
}

/// The payload that unwinds a killed process.
struct Killed;

/// Returns whether a process was killed, and did not panic.
pub(super) fn was_killed(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Killed>()
}

/// Drops a process as SIGKILL ends it.
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
    /// The process that opened it. 0 is the simulation itself, which meets no faults.
    actor: usize,
    /// Whether the connection to the database is broken.
    is_disconnected: bool,
    /// Whether the current transaction makes changes. None outside a transaction.
    makes_changes: Option<bool>,
    /// Whether the current transaction has run the statement that a mutation names.
    is_in_context: bool,
    /// The number of restores when it was opened.
    restores: u32,
    /// See [`Presence::identity`].
    identity: String,
}

/// Opens the ledger in a directory for the current actor.
pub(in crate::runs::ledger) fn open_engine(
    directory: &Path,
) -> Result<Box<dyn SqlEngine>, LedgerError> {
    let file = FileEngine::open(directory, true, TurnPatience::quiet())?;
    let file = file.ok_or_else(LedgerError::no_directory)?;
    let ignores_identity = world(|world| world.mutation.is_some_and(|it| it.ignores_identity));
    let first = world(|world| world.first_identity.clone());
    let identity = if ignores_identity && !first.is_empty() {
        first
    } else {
        file.identity().to_owned()
    };
    let mut engine = SimulatedEngine {
        file,
        identity,
        restores: world(|world| world.server.restores),
        actor: world(|world| world.current),
        is_disconnected: false,
        makes_changes: None,
        is_in_context: false,
    };
    engine.draw_fault(false)?;
    Ok(Box::new(engine))
}

fn is_shared() -> bool {
    world(|world| world.is_shared)
}

/// Returns how many of 10,000 operations kill their process.
fn rate_of_kills() -> u32 {
    world(|world| {
        if world.profile().has_no_kills {
            0
        } else {
            8 * world.fault_level
        }
    })
}

fn failure() -> LedgerError {
    if is_shared() {
        LedgerError::unreachable("db", "simulated")
    } else {
        LedgerError::sqlite("database or disk is full")
    }
}

impl SimulatedEngine {
    /// Draws a fault before an operation other than COMMIT.
    fn draw_fault(&mut self, may_interleave: bool) -> Result<(), LedgerError> {
        // After a failover, the connections are broken.
        let is_restored = world(|world| world.server.restores) != self.restores;
        self.is_disconnected |= is_restored && is_shared();
        if self.is_disconnected || IS_DYING.get() {
            return Err(failure());
        }
        let level = world(|world| world.fault_level);
        let may_interleave = may_interleave && world(|world| !world.is_ending);
        let fault = self.draw(&[
            (Fault::Killed, rate_of_kills()),
            (Fault::Failed, 12 * level),
            (Fault::Interleaved, if may_interleave { 600 } else { 0 }),
        ]);
        match fault {
            Some(Fault::Interleaved) => {
                if world(|world| world.may_interleave()) {
                    interleave();
                }
                Ok(())
            }
            Some(Fault::Failed) => {
                log(&format!("  an operation of {} fails", self.actor));
                Err(self.disconnect())
            }
            Some(_) => {
                log(&format!("  {} is killed in an operation", self.actor));
                kill_this_process()
            }
            None => Ok(()),
        }
    }

    /// Draws one of these faults, each with its rate in 10,000 operations.
    fn draw(&self, faults: &[(Fault, u32)]) -> Option<Fault> {
        world(|world| {
            if self.actor == 0 {
                return None;
            }
            let mut drawn = world.rng.u32(0..10_000);
            for (fault, rate) in faults {
                if drawn < *rate {
                    return Some(*fault);
                }
                drawn -= rate;
            }
            None
        })
    }

    /// Breaks the connection to a database. Returns the error for the operation.
    fn disconnect(&mut self) -> LedgerError {
        self.is_disconnected = is_shared();
        failure()
    }

    fn mutate(&mut self, sql: &'static str) -> &'static str {
        let Some(mutation) = world(|world| world.mutation) else {
            return sql;
        };
        self.is_in_context |= sql.contains(mutation.context);
        if self.is_in_context {
            mutate_statement(mutation, sql)
        } else {
            sql
        }
    }
}

impl Drop for SimulatedEngine {
    fn drop(&mut self) {
        if IS_DYING.get() {
            self.file.leave_log();
        }
    }
}

impl Presence for SimulatedEngine {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn is_shared(&self) -> bool {
        is_shared()
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

    fn alive_check(&mut self) -> Result<AliveCheck, LedgerError> {
        if !is_shared() {
            return self.file.alive_check();
        }
        let now = clock::unix_millis();
        Ok(Box::new(move |_id, lost_at| lost_at > now))
    }

    fn unreadable_lock(&self, id: i64) -> Option<FileError> {
        self.file.unreadable_lock(id)
    }

    fn is_free(&mut self) -> Result<bool, LedgerError> {
        self.file.is_free()
    }

    fn writing(&self) -> Option<u32> {
        self.file.writing()
    }

    fn kept_lock(&self, waited: Duration) -> Option<LedgerError> {
        self.file.kept_lock(waited)
    }
}

impl SqlEngine for SimulatedEngine {
    fn begin(&mut self, makes_changes: bool) -> Result<(), LedgerError> {
        self.draw_fault(true)?;
        self.file.begin(makes_changes)?;
        self.makes_changes = Some(makes_changes);
        self.is_in_context = false;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), LedgerError> {
        let makes_changes = self.makes_changes.take() == Some(true);
        if self.is_disconnected {
            self.file.rollback();
            return Err(failure());
        }
        let (level, lost) = world(|world| (world.fault_level, world.profile().lost_responses));
        let mut faults = vec![(Fault::Killed, rate_of_kills())];
        if makes_changes {
            faults.push((Fault::Failed, 60 * level));
            faults.push((Fault::ResponseLost, lost * level));
            faults.push((Fault::KilledAfterCommit, 4 * rate_of_kills()));
        }
        let Some(fault) = self.draw(&faults) else {
            return self.file.commit();
        };
        log(&format!("  {fault:?} at a COMMIT of {}", self.actor));
        match fault {
            Fault::Killed => kill_this_process(),
            // No other actor acts at a COMMIT.
            Fault::Failed | Fault::Interleaved => {
                self.file.rollback();
                Err(self.disconnect())
            }
            Fault::ResponseLost => {
                self.file.commit()?;
                Err(self.disconnect())
            }
            Fault::KilledAfterCommit => {
                self.file.commit()?;
                kill_this_process()
            }
        }
    }

    fn rollback(&mut self) {
        self.makes_changes = None;
        self.file.rollback();
    }

    fn walk(
        &mut self,
        sql: &'static str,
        values: &[SqlValue<'_>],
        each: EachSqlRow<'_>,
    ) -> Result<(), LedgerError> {
        self.draw_fault(self.makes_changes.is_none())?;
        let sql = self.mutate(sql);
        self.file.walk(sql, values, each)
    }

    fn each(&mut self, sql: &'static str, all: &[Vec<SqlValue<'_>>]) -> Result<u64, LedgerError> {
        self.draw_fault(false)?;
        let sql = self.mutate(sql);
        self.file.each(sql, all)
    }

    fn fill(
        &mut self,
        table: &'static str,
        rows: &mut dyn FnMut(FillRow<'_>) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        self.draw_fault(false)?;
        // A mutation that changes the name of the table leaves it empty.
        if self.mutate(table) != table {
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

    fn limit(&mut self, limit: Duration) -> Duration {
        limit
    }
}
