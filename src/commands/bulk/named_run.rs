//! Which run a command is about that only looks: the one that was named, or the newest.

use crate::context::Context;
use crate::ledger::{LedgerError, RunName, RunStore};

/// The run that was named, else the newest one, which is said.
pub(crate) fn find_or_newest(
    context: &Context,
    runs: &RunStore,
    asked: Option<&RunName>,
) -> Result<RunName, LedgerError> {
    if let Some(asked) = asked {
        return runs.named(asked);
    }
    let newest = runs.newest()?;
    context.stderr.note(&format!("this is the newest run, {newest}; jelouctl bulk list shows all"));
    Ok(newest)
}
