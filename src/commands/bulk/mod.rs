//! `bulk …`: many messages from a list of people, and the runs that they are.

mod arguments;
mod before;
mod begin;
mod carry_out;
mod earlier;
mod ending;
mod excluded;
mod find;
mod hours;
mod import;
mod list;
mod list_notes;
mod plan;
mod remove;
mod report;
mod resolve;
mod resume;
mod run_log;
mod send;
mod show;
mod status;
mod stop;
mod store;
mod summary;
mod test_send;
mod words;

pub(crate) use self::arguments::{
    BulkAction, BulkSendArguments, Decided, EarlierOptions, Removed, RunOptions, TestSend,
};
pub(crate) use self::report::{ReportArguments, ReportFormat};
use self::resume::Resumption;
use self::run_log::log_refused_run;
pub(crate) use self::store::{ledger_address, ledger_database};
use super::CommandError;
use crate::context::{Context, Mode, UsageError};
use crate::exit::ExitCode;
use crate::process::outlive_file_size_limit;

pub(crate) fn run(context: &mut Context, action: BulkAction) -> Result<ExitCode, CommandError> {
    let changes = matches!(
        action,
        BulkAction::Resume { .. }
            | BulkAction::Work { .. }
            | BulkAction::Stop { .. }
            | BulkAction::Resolve { .. }
            | BulkAction::Remove(_)
    );
    if context.mode != Mode::Send && changes {
        let message = "--dry-run and --curl show what `bulk send` would send; this would change a run";
        return Err(UsageError::new(message, "leave them out, or look with `jelouctl bulk status`").into());
    }
    outlive_file_size_limit()?;
    match action {
        BulkAction::Send(arguments) => {
            let ended = send::run(context, &arguments).map_err(CommandError::of_send);
            if makes_run(context, &arguments) {
                log_refused_run(context, arguments.run.as_ref(), &ended);
            }
            ended
        }
        BulkAction::Resume { run, options, hours, earlier } => {
            let resumption = Resumption { hours, earlier };
            let ended = resume::resume(context, run.as_ref(), options, &resumption).map_err(CommandError::of_send);
            log_refused_run(context, run.as_ref(), &ended);
            ended
        }
        BulkAction::Work { run, options } => {
            let ended = resume::work(context, run.as_ref(), options).map_err(CommandError::of_send);
            log_refused_run(context, run.as_ref(), &ended);
            ended
        }
        BulkAction::Status { run } => status::run(context, run.as_ref()),
        BulkAction::Report(arguments) => report::run(context, &arguments),
        BulkAction::Stop { run } => stop::run(context, run.as_ref()),
        BulkAction::Find { user, country } => find::run(context, &user, country),
        BulkAction::Resolve { run, decided } => {
            resolve::run(context, run.as_ref(), &decided).map_err(CommandError::of_resolve)
        }
        BulkAction::List => list::run(context),
        BulkAction::Remove(Removed::Run(run)) => remove::run(context, &run),
        BulkAction::Remove(Removed::OlderThan(age)) => remove::older_than(context, age),
    }
}

/// Whether a run is to come of it: no preview, no test.
fn makes_run(context: &Context, arguments: &BulkSendArguments) -> bool {
    context.mode == Mode::Send && arguments.preview.is_none() && arguments.test.is_none()
}
