//! Many messages to the rows of a list: plan → import → ledger → engine → report. It talks to the API and prints its
//! progress; what was typed, who sends and who may be written to is decided by the commands.

mod breaker;
mod engine;
mod error;
#[cfg(test)]
mod fixture;
mod import;
mod ledger;
mod pace;
mod queue;
mod rate_limit;
mod report;
mod row_task;
mod run_end;
mod runs;
mod throttle;
mod writer;

pub use self::breaker::PauseReason;
pub use self::engine::Engine;
pub use self::error::BulkError;
pub use self::import::{ImportPlan, ImportPolicy, Imported, RecipientRule, RowFault, RowRange, import};
pub use self::ledger::{Counts, Details, EndedAttempt, Ledger, LedgerDraft, LedgerError, RowState};
pub use self::report::{ReportFormat, write as write_report};
pub use self::row_task::ApiSession;
pub use self::run_end::{RunEnd, StopReason};
pub use self::runs::{ReservedRun, RunError, RunLock, RunName, Runs, SameCampaign};
pub use self::throttle::RunLimits;
pub use self::writer::WriteFailure;
