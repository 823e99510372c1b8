//! `bulk …`: many messages from a list of people, and the runs that they are.

mod manage;
mod plan;
mod resume;
mod send;
mod sending;

use std::path::PathBuf;
use std::time::Duration;

pub use self::send::Typed;
use super::{Context, Mode, UsageError};
use crate::bulk::{ReportFormat, RowState, RunName};
use crate::config::Rate;
use crate::exit::ExitCode;
use crate::output::ProgressFormat;

/// What is done with runs.
#[derive(Debug)]
pub enum Action {
    Send(Box<Typed>),
    Resume { run: Option<RunName>, options: RunOptions },
    Status { run: Option<RunName> },
    Report { run: Option<RunName>, states: Vec<RowState>, format: ReportFormat, file: Option<PathBuf> },
    Resolve { run: Option<RunName>, from: RowState, to: RowState },
    List,
    Remove { run: RunName },
}

/// How a run is sent and watched; what is absent is the run's own, or the default.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions {
    pub rate: Option<Rate>,
    pub concurrency: Option<usize>,
    /// How long a run goes on while every row that is tried meets a rate limit.
    pub max_wait: Duration,
    pub progress: ProgressFormat,
}

/// # Errors
/// With whatever stopped it.
pub fn run(context: &mut Context, action: Action) -> anyhow::Result<ExitCode> {
    let changes = matches!(action, Action::Resume { .. } | Action::Resolve { .. } | Action::Remove { .. });
    if context.mode != Mode::Send && changes {
        let message = "--dry-run and --curl show what `bulk send` would send; this would change a run".to_owned();
        return Err(
            UsageError { message, hint: "leave them out, or look with `jelouctl bulk status`".to_owned() }.into()
        );
    }
    match action {
        Action::Send(typed) => send::run(context, &typed),
        Action::Resume { run, options } => resume::run(context, run.as_ref(), options),
        Action::Status { run } => manage::status(context, run.as_ref()),
        Action::Report { run, states, format, file } => {
            manage::report(context, run.as_ref(), &states, format, file.as_deref())
        }
        Action::Resolve { run, from, to } => manage::resolve(context, run.as_ref(), from, to),
        Action::List => manage::list(context),
        Action::Remove { run } => manage::remove(context, &run),
    }
}
