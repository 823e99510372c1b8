//! The ledger of a run, which holds one true state for every row, and the places where runs are stored: files of this
//! machine (`sqlite/`), or a database that several machines share (`postgres/`). This folder holds what both have in
//! common.

mod claims;
#[cfg(test)]
mod contract;
mod delivery;
mod duplicate_window;
mod error;
mod events;
mod exchange;
mod message;
mod model;
mod name;
mod overview;
mod pace;
mod postgres;
mod resolution;
mod run;
mod sqlite;
mod store;
mod types;

pub(crate) use self::claims::{ClaimEnd, Claimed, HeldClaim, OnceClaims, OnceSummary, hash_of_words};
pub(crate) use self::delivery::{DeliveryCounts, DeliveryNews, KnownAttempt, KnownDelivery, LearntDelivery, ProvenRow};
pub(crate) use self::duplicate_window::{
    DuplicateWindow, EarlierError, EarlierMessages, EarlierRow, FIRST_TIME, is_recent,
};
pub(crate) use self::error::{ClaimsProblem, LedgerError, RunError};
pub(crate) use self::events::{
    FAILED_OVER, LostWorker, PauseReason, PausedFor, PausedRun, RESTORED, Resumed, RunEvent, RunEventKind, RunPause,
    RunWorker,
};
pub(crate) use self::exchange::{Delay, ExchangeReply, RunLedger, SettledRow};
pub(crate) use self::model::{CANCELLED, Counts, RowState, Skip, SkipCounts, SkipReason, now};
pub(crate) use self::name::{RunAge, RunName};
pub(crate) use self::overview::{FoundMessage, FoundMessages, FoundRow, RunOverview, RunOverviews, UnreadableRun};
pub(crate) use self::postgres::{DatabaseAddress, DatabaseError, DatabaseTls, SharedRuns, schema_sql, set_up};
pub(crate) use self::resolution::{DecidedRow, Resolution, ResolveError, StandingRow, decided_by_hand};
pub(crate) use self::run::{HeldFor, HeldRun, Run};
#[cfg(any(test, fuzzing))]
pub(crate) use self::sqlite::damaged_ledger;
pub(crate) use self::sqlite::{
    DraftOverview, DraftRequest, DraftRow, DraftedRow, LedgerDraft, LimitOf, ReservedRun, RowKey, RunNote, Runs,
    StopWatch,
};
#[cfg(test)]
pub(crate) use self::sqlite::{FileRun, fixture};
pub(crate) use self::store::{KnownRuns, LedgerStore, NewRun, OtherMessages, UnfinishedRuns, WrittenTo};
pub(crate) use self::types::{
    Details, EndedAttempt, QueuedRow, RecipientFlags, ReportedDelivery, ReportedRow, RowFilter, RunConditions,
};

use self::duplicate_window::{of_rank, rank, since};
use self::message::{RequestHash, SameMessage, eight_bytes, hash_of_person};
use self::pace::{Pace, PaceNews};
use self::types::{ENDED_UNDER_WAY, recipients_of};
