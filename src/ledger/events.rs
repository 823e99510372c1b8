//! What happened to a run as a whole: begun, resumed, waiting, paused, stopped, ended, each with its time. Reports show
//! it. Whether a row may leave never depends on it, so the integrity check ignores it.

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
    /// Why, in words; possibly the API's own.
    pub(crate) problem: Option<String>,
    /// When a wait is expected to end.
    pub(crate) until: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunEventKind {
    Begun,
    Resumed,
    /// Nothing leaves until a known time.
    Waiting,
    /// The fault would affect the other rows too.
    Paused,
    /// A person, or a fault of jelouctl, stopped it.
    Stopped,
    /// A person cancelled it: nothing more is sent.
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
    /// An event that happens now.
    pub(crate) fn now(kind: RunEventKind) -> Self {
        Self { kind, at: now(), reason: None, problem: None, until: None }
    }

    /// Sets the word for the reason.
    pub(crate) fn because(self, reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..self }
    }
}
