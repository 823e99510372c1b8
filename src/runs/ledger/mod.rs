//! The ledger: every run of a machine or of a team, the state of every row, and the recipients of
//! each key. It is one database, a file in SQLite or a schema in PostgreSQL, with the same SQL for
//! both.

mod claims;
mod commit_count;
mod comparing;
#[cfg(test)]
mod contract;
mod create_run;
mod db;
mod delivery;
mod draft;
mod draft_rows;
mod earlier_rows;
mod error;
mod events;
mod file;
mod file_and_log;
mod file_id;
mod file_opening;
mod file_turn;
#[cfg(test)]
pub(crate) mod fixture;
mod folder_access;
mod identity;
mod key_changes;
mod key_summaries;
mod listening;
mod lost_workers;
mod manage;
mod matching;
mod message;
mod model;
mod name;
mod open;
mod overview;
mod pace;
mod postgres;
mod process_locks;
mod reach;
mod reported_rows;
mod resolution;
mod restored;
mod run;
mod run_cost;
#[cfg(test)]
mod simulation;
mod sqlite;
mod transitions;
mod types;
mod worker;

pub(crate) use self::claims::{ClaimResult, HeldClaim, OnceEntry};
pub(crate) use self::comparing::{EarlierQuery, EarlierRuns};
pub(crate) use self::create_run::{CreatedRun, NewRun};
pub(crate) use self::db::new_secret;
pub(crate) use self::delivery::{
    AttemptToCheck, DeliveryCounts, DeliveryRecord, DeliveryUpdates, LOOKS_BACK, ProvenRow,
};
pub(crate) use self::draft::{DraftRow, LedgerDraft, NewDraftRow};
pub(crate) use self::draft_rows::LimitUnit;
pub(crate) use self::earlier_rows::{EarlierMessages, EarlierRow};
pub(crate) use self::error::{LedgerError, LedgerErrorKind};
pub(crate) use self::events::{
    Cancellation, LIMIT, PauseReason, RunEvent, RunEventKind, RunPause, RunWorker,
};
pub(crate) use self::file_turn::TurnPatience;
pub(crate) use self::folder_access::{AccessWarning, make_private};
pub(crate) use self::identity::SeenIdentities;
pub(crate) use self::key_changes::{ConfirmedEntries, KeyAddition};
pub(crate) use self::key_summaries::OnceSummary;
pub(crate) use self::manage::StopResult;
pub(crate) use self::model::{
    Counts, OnceState, RowState, SkipCounts, SkipDetail, SkipReason, now,
};
pub(crate) use self::name::RunName;
pub(crate) use self::open::{Ledger, LedgerLocation, check_writable};
pub(crate) use self::overview::{MessageMatch, RunOverview};
use self::postgres::DatabaseEngine;
pub(crate) use self::postgres::{DatabaseAddress, schema_sql, set_up};
pub(crate) use self::reach::{DailyLimit, ReachEntry, ReachKey, SendLimit};
pub(crate) use self::resolution::Resolution;
pub(crate) use self::restored::{Acceptance, RestoredLedger, StaleRun};
pub(crate) use self::run::Run;
pub(crate) use self::types::{
    AttemptResult, Delay, DraftRequest, ExchangeOrder, ExchangeReply, FinishedRow, RESOLVED,
    ReportRow, ResumeOptions, RowDelivery, RowFilter, RowToSend, RunConditions, RunSettings,
};
pub(crate) use self::worker::{Joined, LISTENS_EVERY, Worker};
