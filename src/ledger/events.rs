//! What a run went through, beside its rows: begun, resumed, waiting, paused, stopped, ended, each with its time. Reports
//! show it; whether a row may leave never depends on it, so the ledger is not checked by it.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

use super::model::now;

/// Something that happened to a run as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunEvent {
    pub(crate) kind: RunEventKind,
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    /// Why, as one word: `hours`, `rate_limit`, `network`, `credentials`, `SIGINT`.
    pub(crate) reason: Option<String>,
    /// Why, in words; the API's own, perhaps.
    pub(crate) problem: Option<String>,
    /// Of a wait: when it is to end.
    pub(crate) until: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunEventKind {
    Begun,
    Resumed,
    /// Nothing leaves until a time that is known.
    Waiting,
    /// A fault would meet the other rows too.
    Paused,
    /// Somebody, or a fault of our own, stopped it.
    Stopped,
    /// A person gave it up: nothing of it is sent any more.
    Cancelled,
    /// Every row is final.
    Ended,
}

impl RunEventKind {
    const ALL: [Self; 7] =
        [Self::Begun, Self::Resumed, Self::Waiting, Self::Paused, Self::Stopped, Self::Cancelled, Self::Ended];

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Resumed => "resumed",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Cancelled => "cancelled",
            Self::Ended => "ended",
        }
    }
}

impl ToSql for RunEventKind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.name()))
    }
}

impl FromSql for RunEventKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::of_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl RunEvent {
    /// It happens now.
    pub(crate) fn now(kind: RunEventKind) -> Self {
        Self { kind, at: now(), reason: None, problem: None, until: None }
    }

    /// With the word that says why.
    pub(crate) fn because(self, reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..self }
    }
}
