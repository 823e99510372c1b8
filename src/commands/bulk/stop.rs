//! `bulk stop`: lets a run that another process carries out come to its end.

use super::damage::{report_damage, warn_of_left_alone};
use super::shared;
use super::store::open_store;
use super::summary::to_continue;
use crate::commands::CommandError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::ledger::{RunName, RunStore};

pub(crate) fn run(context: &Context, asked: Option<&RunName>) -> Result<ExitCode, CommandError> {
    let runs = match open_store(context)? {
        RunStore::Files(runs) => runs,
        RunStore::Shared(runs) => return shared::stop(context, &runs, asked),
    };
    let Some(name) = runs.named_or_stoppable(asked, warn_of_left_alone(context))? else {
        context.stderr.note("no run is unfinished: there is nothing to stop");
        return Ok(ExitCode::Success);
    };
    let stderr = &context.stderr;
    let nobody_sends = format!("no process sends run {name}: there is nothing to stop");
    if runs.is_taken_to_send(&name) {
        runs.stop_mark(&name).set()?;
        stderr.note(&format!(
            "run {name} takes no more messages, and ends once those under way have ended: jelouctl bulk status {name}"
        ));
        return Ok(ExitCode::Success);
    }
    let run = runs.overview(&name)?;
    if run.damage.is_some() {
        stderr.note(&nobody_sends);
    } else if run.is_finished() {
        stderr.note(&format!("run {name} is complete: there is nothing to stop"));
    } else {
        stderr.note(&format!("{nobody_sends}; {}", to_continue(&name)));
    }
    Ok(report_damage(context, &name, run.damage.as_ref()))
}
