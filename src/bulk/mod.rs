//! Many messages to the rows of a list: plan → import → ledger → engine → report. It talks to the API and prints its
//! progress; what was typed, who sends and who may be written to is decided by the commands.

mod bare_codes;
mod breaker;
mod caught;
mod draft_feed;
mod empty_cells;
mod engine;
mod error;
mod exchange;
mod file_run;
mod find;
#[cfg(any(test, fuzzing))]
mod fixture;
#[cfg(any(test, fuzzing))]
mod fuzzing;
mod hours_gate;
mod import;
mod import_plan;
mod imported;
mod ledger;
mod pace;
mod patience;
mod queue;
mod report;
mod reported;
mod row_task;
mod run_end;
mod run_pause;
mod runs;
mod send_again;
mod shared_ledger;
mod stand_ins;
mod store;
mod throttle;
mod writer;

pub(crate) use self::breaker::PauseReason;
pub(crate) use self::engine::Engine;
pub(crate) use self::error::BulkError;
pub(crate) use self::exchange::RunLedger;
pub(crate) use self::file_run::FileRun;
pub(crate) use self::find::{FoundMessage, FoundMessages};
#[cfg(any(test, fuzzing))]
pub(crate) use self::fuzzing::damaged_ledger;
pub(crate) use self::import::{ImportPolicy, RowRange, import, settle_repeated};
pub(crate) use self::import_plan::{ImportPlan, RecipientRule};
pub(crate) use self::imported::{ExcludedBy, Imported, RowFault};
pub(crate) use self::ledger::{
    Counts, Details, DraftOverview, EarlierMessages, EndedAttempt, FoundRow, Ledger, LedgerDraft, LedgerError,
    RecipientFlags, ReportedRow, Resolution, ResolveError, RowFilter, RowOfReport, RowState, RunConditions, RunEvent,
    RunEventKind, Skip, SkipCounts, SkipReason, now,
};
pub(crate) use self::report::{ListReport, outcome as reported_outcome, reported_cells, write as write_report};
pub(crate) use self::reported::{ReportedRows, ReportedRule};
pub(crate) use self::row_task::ApiSession;
pub(crate) use self::run_end::{RunEnd, StopReason, StopRequest};
pub(crate) use self::run_pause::{FAILED_OVER, PausedFor, RESTORED, RunPause};
pub(crate) use self::runs::{
    EarlierError, EarlierRuns, ReservedRun, RunAge, RunError, RunLock, RunName, RunOverview, RunOverviews, Runs,
    StopWatch, UnreadableRun,
};
pub(crate) use self::send_again::commands_to_send_again;
pub(crate) use self::shared_ledger::{
    DatabaseAddress, DatabaseError, DatabaseTls, LostWorker, PausedRun, Resumed, RunId, RunWorker, SharedEarlier,
    SharedRuns, schema_sql, set_up,
};
pub(crate) use self::store::{KnownRuns, LookedUpRuns, RunStore, StoredRun};
pub(crate) use self::throttle::RunLimits;
