//! To learn the ledger, begin with `contract/`: its tests are the rules, for both engines.
//!
//! The ledger has every run of a machine or of a team, the state of every row, and the recipients of each key. It is one
//! database, a file in SQLite or a schema in PostgreSQL, with the same SQL for both.

#[cfg(test)]
mod contract;
mod create_run;
mod db;
mod error;
mod events;
mod exclusions;
mod file;
#[cfg(test)]
pub(crate) mod fixture;
mod history;
mod identity;
mod joined_workers;
mod keys;
mod manage;
mod message;
mod model;
mod name;
mod open;
mod pace;
mod postgres;
mod restored;
mod rows;
mod run;
#[cfg(test)]
mod simulation;
mod types;
mod worker;

pub(crate) use self::create_run::{CreatedRun, NewRun};
pub(crate) use self::db::{CopiedExclusions, new_secret};
pub(crate) use self::error::{LedgerError, LedgerErrorKind};
pub(crate) use self::events::{
    Cancellation, LIMIT, PauseReason, RunEvent, RunEventKind, RunPause, RunWorker,
};
pub(crate) use self::exclusions::{ExcludedRecipient, ExclusionChange, excluded_in_ledger};
pub(crate) use self::file::{AccessWarning, TurnPatience, make_private};
use self::file::{FileEngine, file_in};
pub(crate) use self::history::comparing::{EarlierQuery, EarlierRuns};
pub(crate) use self::history::draft::{CheckedRow, LedgerDraft, NewDraftRow};
pub(crate) use self::history::draft_rows::LimitUnit;
pub(crate) use self::history::earlier_rows::{EarlierMessages, EarlierRow};
pub(crate) use self::history::overview::{MessageMatch, RunOverview};
pub(crate) use self::history::reach::{DailyLimit, ReachEntry, ReachKey, SendLimit};
pub(crate) use self::identity::SeenIdentities;
pub(crate) use self::keys::changes::{ConfirmedEntries, KeyAddition};
pub(crate) use self::keys::claims::{ClaimResult, HeldClaim, OnceEntry};
pub(crate) use self::keys::summaries::OnceSummary;
pub(crate) use self::manage::StopResult;
pub(crate) use self::model::{
    Counts, OnceState, RowState, SkipCounts, SkipDetail, SkipReason, now,
};
pub(crate) use self::name::RunName;
pub(crate) use self::open::{Ledger, LedgerLocation, check_writable};
use self::postgres::DatabaseEngine;
pub(crate) use self::postgres::{DatabaseAddress, schema_sql, set_up};
pub(crate) use self::restored::{RestoredLedger, StaleRun};
pub(crate) use self::rows::delivery::{
    AttemptToCheck, DeliveryCounts, DeliveryRecord, DeliveryUpdates, LOOKS_BACK, ProvenRow,
};
pub(crate) use self::rows::resolution::Resolution;
pub(crate) use self::run::Run;
pub(crate) use self::types::{
    Delay, DraftRequest, ExchangeOrder, ExchangeReply, FinishedRow, RESOLVED, ReportRow,
    ResumeOptions, RowDelivery, RowFilter, RowToSend, RunConditions, RunSettings,
};
pub(crate) use self::worker::{Joined, POLL_EVERY, Worker};
