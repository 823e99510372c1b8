//! The operator resolves rows of a run. Every decision agrees with what the recipients have.

use super::actors::Step;
use super::world::world;
use crate::runs::ledger::db::values;
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::model::RowState;
use crate::runs::ledger::rows::resolution::{LostProcess, Resolution};
use crate::runs::ledger::run::Run;

/// Resolves some rows by the first change, in a random order, that has any.
pub(super) fn resolve_rows(run: &Run) -> Result<Step, LedgerError> {
    let mut changes = [
        [RowState::Unknown, RowState::Sent],
        [RowState::Unknown, RowState::Failed],
        [RowState::Unknown, RowState::Pending],
        [RowState::Failed, RowState::Pending],
    ];
    world(|world| world.rng.shuffle(&mut changes));
    // This marks rows of lost processes as unknown.
    run.prepare()?;
    for change in changes {
        let rows = find_rows(run, change)?;
        if !rows.is_empty() {
            return decide(run, change, rows);
        }
    }
    Ok(Step::Last("no rows to decide".to_owned()))
}

/// Finds the rows that a change would describe truly.
fn find_rows(run: &Run, change: [RowState; 2]) -> Result<Vec<i64>, LedgerError> {
    let query = "SELECT n FROM row WHERE run = ?1 AND state = ?2";
    let from = change[0].name();
    let mut rows = run
        .ledger
        .db()
        .rows(query, &values![run.id, from], |row| row.int("n"))?;
    rows.retain(|n| is_true(change, (run.id, *n)));
    Ok(rows)
}

/// Returns whether a decision agrees with what the recipient has. The chat shows nothing of a row at the socket of a
/// suspended process. Before it is sent again, the command asks the operator about that process.
fn is_true([from, to]: [RowState; 2], row: (i64, i64)) -> bool {
    let truth = world(|world| {
        if to == RowState::Pending {
            world.server.truth(row)
        } else {
            world.truth(row)
        }
    });
    match (from, to) {
        (_, RowState::Sent) => truth.has_message,
        (RowState::Failed, _) => true,
        _ => !truth.has_message && !truth.may_still_arrive,
    }
}

fn decide(run: &Run, change: [RowState; 2], mut rows: Vec<i64>) -> Result<Step, LedgerError> {
    let max = world(|world| world.rng.usize(1..4));
    rows.truncate(max);
    let resolution = Resolution {
        change,
        lines: rows.iter().map(|n| n.unsigned_abs() + 1).collect(),
        people: Vec::new(),
    };
    let Some(confirmed) = confirm_lost_processes(run, &resolution)? else {
        return Ok(Step::Last("a process may still send the rows".to_owned()));
    };
    let resolved = run.resolve(&resolution, &confirmed)?;
    world(|world| world.count("resolved"));
    Ok(Step::Last(format!("{change:?} of {rows:?}: {resolved:?}")))
}

/// Confirms that the processes of the rows no longer run. None if one of them does.
fn confirm_lost_processes(
    run: &Run,
    resolution: &Resolution,
) -> Result<Option<Vec<i64>>, LedgerError> {
    let mut confirmed = Vec::new();
    if !resolution.sends_again() {
        return Ok(Some(confirmed));
    }
    loop {
        let lost = run.lost_processes(resolution, &confirmed)?;
        if lost.is_empty() {
            return Ok(Some(confirmed));
        }
        for LostProcess { id: worker, .. } in lost {
            let is_running = world(|world| {
                let actor = world.workers.get(&worker);
                actor.is_some_and(|actor| world.is_running(*actor))
            });
            if is_running {
                return Ok(None);
            }
            confirmed.push(worker);
        }
    }
}
