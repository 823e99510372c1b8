//! What is said of a run whose ledger is not all that was written, or cannot be read, whichever command looks.

use std::fmt::Display;

use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::{LedgerError, RunName, UnreadableRun};

/// Warns of a ledger that is damaged, with the way out; gives the code of that, and success where it is not.
pub(super) fn report_damage(context: &Context, run: impl Display, damage: Option<&LedgerError>) -> ExitCode {
    let Some(damage) = damage else { return ExitCode::Success };
    context.stderr.warning(&format!(
        "run {run}: {damage}; rows that are not recorded as sent or skipped may have been sent; they are shown as unknown; {}",
        damage.hint()
    ));
    ExitCode::Ledger
}

/// Warns of a run whose ledger cannot be read, with the way out; gives the code of that.
pub(super) fn report_unreadable(context: &Context, UnreadableRun { name, error, .. }: &UnreadableRun) -> ExitCode {
    context.stderr.warning(&format!("what run {name} sent is not known: {error}; {}", error.hint()));
    ExitCode::Ledger
}

/// For the runs that a command passes over which does something with others.
pub(super) fn warn_of_left_alone(context: &Context) -> impl FnMut(&RunName, &LedgerError) {
    |run, error| context.stderr.warning(&format!("run {run} is left alone: {error}; {}", error.hint()))
}
