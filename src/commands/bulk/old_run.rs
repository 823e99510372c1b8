//! A run that was left for days: the question names it, and a script must mean it, since what it says may not hold any more.

use std::collections::HashSet;
use std::time::Duration;

use crate::commands::CommandError;
use crate::ledger::{HeldRun, LedgerError, LedgerStore, Run, now};
use crate::output::{counted, rounded};
use crate::phone::person_key;
use crate::sending::{GuardError, Sender};

/// From this age on the question names the run.
pub(super) const ASKED_BY_NAME: Duration = Duration::from_secs(24 * 60 * 60);
/// From this age on a script must mean it.
pub(super) const MUST_BE_MEANT: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// How long nothing has changed in a run, by the clock of its ledger.
pub(super) fn age_of(store: &dyn LedgerStore, run: &dyn Run) -> Result<Duration, LedgerError> {
    let now = store.clock()?.unwrap_or_else(now);
    Ok(Duration::from_millis(u64::try_from(now.saturating_sub(run.changed_at()?)).unwrap_or_default()))
}

/// That a run with rows left is so old that nobody may mean it any more.
pub(super) fn refuse_old(run: &dyn HeldRun, age: Duration) -> Result<(), CommandError> {
    let rows = run.read()?.counts()?.pending;
    if rows == 0 {
        return Ok(());
    }
    Err(GuardError::OldRun { run: run.name().to_string(), age: rounded(age), rows }.into())
}

/// The question of a run that may be forgotten: which one it is, how old, and how many people it still goes to.
pub(super) fn question_by_name(run: &dyn HeldRun, sender: &Sender, age: Duration) -> Result<String, LedgerError> {
    let (mut people, mut rows) = (HashSet::new(), 0);
    run.read()?.pending_requests::<LedgerError>(|row| {
        rows += 1;
        people.extend(row.recipients()?.iter().map(|recipient| person_key(recipient).into_owned()));
        Ok(())
    })?;
    let people = if people.len() == 1 { "1 person".to_owned() } else { format!("{} people", people.len()) };
    let (messages, from, to) = (counted(rows, "message"), sender.description(), sender.planned_base());
    Ok(format!(
        "Run {} last changed {} ago. Send {messages} to {people} from {from} to {to}?",
        run.name(),
        rounded(age)
    ))
}
