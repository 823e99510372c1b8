//! What was typed for `bulk`.

use std::time::Duration;

use super::report::ReportArguments;
use crate::config::{Rate, Remember};
use crate::hours::HoursChoice;
use crate::import::{ImportPolicy, RowRange};
use crate::input::Source;
use crate::ledger::{RowState, RunAge, RunName};
use crate::list::ListOptions;
use crate::message::{InvalidMessage, Message, TypedRecipient};
use crate::output::ProgressFormat;
use crate::phone::Country;

/// What is done with runs.
#[derive(Debug)]
pub(crate) enum BulkAction {
    Send(Box<BulkSendArguments>),
    Resume { run: Option<RunName>, options: RunOptions, hours: HoursChoice, earlier: EarlierOptions },
    Work { run: Option<RunName>, options: RunOptions },
    Status { run: Option<RunName> },
    Report(ReportArguments),
    Stop { run: Option<RunName> },
    Find { user: String, country: Option<Country> },
    Resolve { run: Option<RunName>, decided: Decided },
    List,
    Remove(Removed),
}

/// What `bulk resolve` says of which rows.
#[derive(Debug)]
pub(crate) enum Decided {
    /// Rows in the first state are in the second: those at `lines` and to `people`, or all.
    Rows { change: [RowState; 2], lines: Vec<u64>, people: Vec<String>, country: Option<Country> },
    /// `--from`: what a report has in its column `sent`.
    Reported(Source),
}

/// What `bulk remove` removes.
#[derive(Debug)]
pub(crate) enum Removed {
    Run(RunName),
    OlderThan(RunAge),
}

/// How a run is sent and watched; what is absent is the run's own, or the default.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunOptions {
    pub(crate) rate: Option<Rate>,
    pub(crate) concurrency: Option<usize>,
    /// How long a run goes on while every row that is tried meets a rate limit, or the network is away.
    pub(crate) max_wait: Option<Duration>,
    /// `--no-keep-alive`
    pub(crate) no_keep_alive: bool,
    /// Whether the bot is not asked for its templates.
    pub(crate) unchecked: bool,
    pub(crate) progress: ProgressFormat,
    /// `--keep-going`
    pub(crate) keep_going: bool,
}

/// What is done with messages that an earlier run has too.
#[derive(Debug, Default)]
pub(crate) struct EarlierOptions {
    /// `--skip-sent`
    pub(crate) skip_sent: bool,
    /// `--again`
    pub(crate) again: bool,
    /// `--ignore-run`: runs that may send the same, since they cannot be read.
    pub(crate) ignored_runs: Vec<RunName>,
}

/// What was typed for a new run.
#[derive(Debug)]
pub(crate) struct BulkSendArguments {
    pub(crate) source: Source,
    pub(crate) list: ListOptions,
    /// `--to`, a template.
    pub(crate) to: Option<String>,
    pub(crate) to_column: Option<String>,
    /// `--country`, in front of the kind and behind it.
    pub(crate) countries: [Option<Country>; 2],
    /// `--body`
    pub(crate) body: Option<Source>,
    /// The kind, with what its flags say.
    pub(crate) message: Message,
    pub(crate) run: Option<RunName>,
    /// `--import-only`
    pub(crate) import_only: bool,
    pub(crate) options: RunOptions,
    pub(crate) hours: HoursChoice,
    pub(crate) range: RowRange,
    pub(crate) policy: ImportPolicy,
    /// `--strict`: a warning about a row's message makes the row invalid.
    pub(crate) strict: bool,
    /// `--exclude`
    pub(crate) excluded: Vec<Source>,
    pub(crate) earlier: EarlierOptions,
    /// `--remember`
    pub(crate) remember: Option<Remember>,
    /// `--preview`
    pub(crate) preview: Option<u64>,
    /// `--test-to`
    pub(crate) test: Option<TestSend>,
}

/// Who gets how many of the messages.
#[derive(Clone, Debug)]
pub(crate) struct TestSend {
    /// `--test-to`
    pub(crate) to: String,
    /// `--test-rows`
    pub(crate) rows: u8,
}

impl TestSend {
    pub(crate) fn recipient(&self, country: Option<Country>) -> Result<TypedRecipient, InvalidMessage> {
        TypedRecipient::read(&self.to, country)
            .map_err(|error| InvalidMessage::Recipient { origin: "--test-to", error })
    }
}
