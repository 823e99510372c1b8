//! Exchanges on a broken connection. The database receives them late, after the process has repeated them.

use std::sync::Arc;

use super::world::{World, world};
use crate::runs::ledger::types::ExchangeOrder;
use crate::runs::ledger::worker::Worker;

pub(super) struct LateExchange {
    worker: Worker,
    order: Arc<ExchangeOrder>,
}

impl LateExchange {
    /// Adds an exchange of the current actor.
    pub(super) fn add(worker: &Worker, order: Arc<ExchangeOrder>) {
        let Ok(worker) = without_faults(|| worker.late_twin()) else {
            return;
        };
        world(|world| world.late_exchanges.push(Self { worker, order }));
    }
}

/// Runs `work` as the simulation itself, which meets no faults.
fn without_faults<T>(work: impl FnOnce() -> T) -> T {
    let before = world(|world| std::mem::take(&mut world.current));
    let result = work();
    world(|world| world.current = before);
    result
}

/// Lets one of the late exchanges arrive.
pub(super) fn run_late_exchange() {
    let Some(mut late) = world(World::draw_late_exchange) else {
        return;
    };
    let id = late.worker.id();
    let ignores_connection = world(|world| {
        world
            .mutation
            .is_some_and(|mutation| mutation.ignores_connection)
    });
    if ignores_connection && let Some(connection) = world(|world| world.checker.connection(id)) {
        late.worker.set_connection(connection);
    }
    let reply = without_faults(|| late.worker.try_exchange(&late.order));
    let result = match reply {
        Ok(reply) => format!("{} rows", reply.rows.len()),
        Err(error) => error.to_string(),
    };
    world(|world| {
        world.count("late exchanges");
        world.log(&format!(
            "  a late exchange of worker {id} arrives: {result}"
        ));
    });
}

impl World {
    fn draw_late_exchange(&mut self) -> Option<LateExchange> {
        let count = self.late_exchanges.len();
        if count == 0 {
            return None;
        }
        let index = self.rng.usize(0..count);
        Some(self.late_exchanges.remove(index))
    }
}
