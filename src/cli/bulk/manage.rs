//! The flags of `bulk resolve` and `bulk remove`: which rows are decided and as what, and which runs are removed.

use clap::{Args, ValueEnum};

use crate::commands::bulk::{Decided, Removed};
use crate::input::Source;
use crate::ledger::{RowState, RunAge, RunName};
use crate::phone::Country;

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Decision {
    /// What the unknown rows are from now on
    #[arg(long, value_name = "STATE")]
    unknown_as: Option<UnknownAs>,

    /// What the failed rows are from now on
    #[arg(long, value_name = "STATE")]
    failed_as: Option<FailedAs>,

    /// What the pending rows are from now on; a damaged ledger is then taken as it is
    #[arg(long, value_name = "STATE")]
    pending_as: Option<PendingAs>,

    /// What became of unknown rows, as a report of the run has it in its column `sent`: yes, no or unknown
    #[arg(long, value_name = "FILE|-", value_hint = clap::ValueHint::FilePath)]
    from: Option<Source>,
}

/// Which rows are decided; all that are in the state where none is named.
#[derive(Args, Debug)]
#[command(next_help_heading = "Which rows")]
pub(crate) struct DecidedRows {
    /// Only the row at this line of the list, as the report has it (repeatable)
    #[arg(long, value_name = "N", conflicts_with_all = ["from", "pending_as"])]
    line: Vec<u64>,

    /// Only the rows to this user (repeatable)
    #[arg(long, value_name = "USER", allow_hyphen_values = true, conflicts_with_all = ["from", "pending_as"])]
    to: Vec<String>,

    /// Country whose national number --to is, in two letters: EC
    #[arg(long, value_name = "CODE", requires = "to")]
    country: Option<Country>,
}

/// One run, or all old ones.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct RemoveFlags {
    /// Name of the run
    run: Option<RunName>,

    /// Every finished run in which nothing has changed for so long: 90d, 12h
    #[arg(long, value_name = "AGE")]
    older_than: Option<RunAge>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum UnknownAs {
    Sent,
    Failed,
    /// To be sent (again)
    Pending,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailedAs {
    /// To be sent again
    Pending,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PendingAs {
    /// They may have been sent: the ledger has lost what it knew of them
    Unknown,
}

impl Decision {
    /// What is decided of `rows`; clap has made sure that there is one decision.
    pub(super) fn of(self, rows: DecidedRows) -> Decided {
        let change = match (self.from, self.unknown_as, self.pending_as, self.failed_as) {
            (Some(report), _, _, _) => return Decided::Reported(report),
            (None, Some(UnknownAs::Sent), _, _) => [RowState::Unknown, RowState::Sent],
            (None, Some(UnknownAs::Failed), _, _) => [RowState::Unknown, RowState::Failed],
            (None, Some(UnknownAs::Pending), _, _) => [RowState::Unknown, RowState::Pending],
            (None, None, Some(PendingAs::Unknown), _) => [RowState::Pending, RowState::Unknown],
            (None, None, None, Some(FailedAs::Pending) | None) => [RowState::Failed, RowState::Pending],
        };
        Decided::Rows { change, lines: rows.line, people: rows.to, country: rows.country }
    }
}

impl RemoveFlags {
    #[expect(clippy::expect_used, reason = "clap takes no line without one of them")]
    pub(super) fn removed(self) -> Removed {
        let older_than = || Removed::OlderThan(self.older_than.expect("one of them is required"));
        self.run.map_or_else(older_than, Removed::Run)
    }
}
