//! What a run went through, beside its rows: begun, resumed, waiting, paused, stopped, ended, each with its time. Reports
//! show it; whether a row may leave never depends on it, so it is no part of what the ledger is checked by.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, ToSql, params};

use super::commit::Batch;
use super::{Ledger, LedgerError, now};

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
    /// Every row is final.
    Ended,
}

impl RunEventKind {
    const ALL: [Self; 6] = [Self::Begun, Self::Resumed, Self::Waiting, Self::Paused, Self::Stopped, Self::Ended];

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

impl Batch<'_> {
    /// Adds what happened to the run.
    pub(super) fn event(&self, event: &RunEvent) -> rusqlite::Result<()> {
        let RunEvent { kind, at, reason, problem, until } = event;
        let query = "INSERT INTO event (kind, at, reason, problem, until) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.connection().execute(query, params![kind, at, reason, problem, until]).map(|_| ())
    }
}

impl Ledger {
    /// Notes what happened to the run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn note_events(&mut self, events: &[RunEvent]) -> Result<(), LedgerError> {
        self.write(|batch| events.iter().try_for_each(|event| batch.event(event)))
    }

    /// What happened to the run, in order.
    pub(crate) fn events(&self) -> Result<Vec<RunEvent>, LedgerError> {
        let mut statement = self.db.prepare("SELECT kind, at, reason, problem, until FROM event ORDER BY number")?;
        let events = statement.query_map([], |row| {
            Ok(RunEvent {
                kind: row.get(0)?,
                at: row.get(1)?,
                reason: row.get(2)?,
                problem: row.get(3)?,
                until: row.get(4)?,
            })
        })?;
        Ok(events.collect::<Result<_, _>>()?)
    }

    /// That the run has ended, where that is not what was noted last.
    pub(super) fn end(&self) -> Result<Option<RunEvent>, LedgerError> {
        let query = "SELECT kind FROM event ORDER BY number DESC LIMIT 1";
        let last: Option<RunEventKind> = self.db.query_row(query, [], |row| row.get(0)).optional()?;
        Ok((last != Some(RunEventKind::Ended)).then(|| RunEvent::now(RunEventKind::Ended)))
    }
}
