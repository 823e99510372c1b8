//! What was typed for `bulk`.

use std::path::PathBuf;
use std::time::Duration;

use crate::bulk::{ImportPolicy, ReportFormat, RowRange, RowState, RunName};
use crate::config::Rate;
use crate::input::Source;
use crate::message::Message;
use crate::output::ProgressFormat;

/// What is done with runs.
#[derive(Debug)]
pub enum BulkAction {
    Send(Box<BulkSendArguments>),
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

/// What was typed for a new run.
#[derive(Debug)]
pub struct BulkSendArguments {
    pub source: Source,
    /// `--to`, a template.
    pub to: Option<String>,
    pub to_column: Option<String>,
    /// `--body`
    pub body: Option<Source>,
    /// The kind, with what its flags say.
    pub message: Message,
    pub run: Option<RunName>,
    pub options: RunOptions,
    pub range: RowRange,
    pub policy: ImportPolicy,
    /// `--strict`: a warning about a row's message makes the row invalid.
    pub strict: bool,
    /// `--again`
    pub again: bool,
    /// `--preview`
    pub preview: Option<u64>,
}
