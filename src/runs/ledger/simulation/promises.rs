//! What the ledger promises after a restore. Each promise is checked at the moments that could break it, whatever the
//! number and the order of the processes.

use super::server::Message;
use super::world::World;

/// A moment that could break a promise.
pub(super) enum Moment<'a> {
    /// A process sends this message.
    Departure(&'a Message),
    /// A command has accepted the ledger. It asked its question after this number of restores.
    LedgerAccepted { asked_after: u32 },
    /// A command has accepted this stale run.
    RunAccepted { run: i64, asked_after: u32 },
}

/// A promise of the ledger.
pub(super) struct Promise {
    name: &'static str,
    breaks: fn(&World, &Moment<'_>) -> bool,
}

const PROMISES: &[Promise] = &[
    Promise {
        name: "after a restore, no message leaves under a key before a person accepts the ledger",
        breaks: |world, moment| match moment {
            Moment::Departure(message) => {
                message.is_keyed && message.row.is_none() && world.is_after_restore(message)
            }
            Moment::LedgerAccepted { .. } | Moment::RunAccepted { .. } => false,
        },
    },
    Promise {
        name: "after a restore, no row leaves before a person accepts the ledger or its run",
        breaks: |world, moment| match moment {
            Moment::Departure(message) => message.row.is_some_and(|(run, _)| {
                world.is_after_restore(message) && !world.restore.accepted_runs.contains(&run)
            }),
            Moment::LedgerAccepted { .. } | Moment::RunAccepted { .. } => false,
        },
    },
    Promise {
        name: "an answer does not accept a later restore of the ledger",
        breaks: |world, moment| match moment {
            Moment::LedgerAccepted { asked_after } => *asked_after < world.server.restores,
            Moment::Departure(_) | Moment::RunAccepted { .. } => false,
        },
    },
    Promise {
        name: "an answer does not accept a run of a later restore",
        breaks: |world, moment| match moment {
            Moment::RunAccepted { run, asked_after } => {
                let is_refused = world.restore.is_refused;
                let is_accepted = world.restore.accepted_runs.contains(run);
                is_refused && !is_accepted && *asked_after < world.server.restores
            }
            Moment::Departure(_) | Moment::LedgerAccepted { .. } => false,
        },
    },
];

impl World {
    /// Records the promises that are broken at this moment.
    pub(super) fn check_promises(&mut self, moment: &Moment<'_>) {
        let broken = PROMISES
            .iter()
            .filter(|promise| (promise.breaks)(self, moment));
        let names: Vec<_> = broken.map(|promise| promise.name).collect();
        for name in names {
            self.add_violation(format!("promise: {name}"));
        }
    }

    /// Returns whether the ledger refuses to send, and the process of the message has asked it after the restore.
    fn is_after_restore(&self, message: &Message) -> bool {
        self.restore.is_refused && message.restores == self.server.restores
    }
}
