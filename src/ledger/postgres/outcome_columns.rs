//! The outcomes of rows, as an exchange passes them to the database.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use tokio_postgres::types::ToSql;

use super::database::storable;
use crate::ledger::{PaceNews, PauseReason, SettledRow};

/// The outcomes of rows, as the columns of a call.
pub(super) struct OutcomeColumns<'a> {
    rows: Vec<i64>,
    numbers: Vec<i32>,
    states: Vec<&'static str>,
    ages: Vec<i64>,
    waits: Vec<i64>,
    statuses: Vec<Option<i32>>,
    ids: Vec<Option<Cow<'a, str>>>,
    codes: Vec<Option<&'static str>>,
    api_codes: Vec<Option<Cow<'a, str>>>,
    errors: Vec<Option<Cow<'a, str>>>,
    /// How long no row may be sent.
    stop: i64,
    is_too_much: bool,
    pause: Option<&'static str>,
}

impl<'a> OutcomeColumns<'a> {
    pub(super) fn of(settled: &[&'a SettledRow], pause: Option<PauseReason>) -> Self {
        let now = Instant::now();
        let PaceNews { is_too_much, stopped_until } = PaceNews::of(settled.iter().copied());
        let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        // More than a year means forever: the database's times are limited.
        let until =
            |then: Instant| milliseconds(then.saturating_duration_since(now).min(Duration::from_secs(366 * 24 * 3600)));
        let wait = |row: &&SettledRow| row.retry.map_or(0, |(due, _)| until(due));
        Self {
            rows: settled.iter().map(|row| row.ended.n).collect(),
            numbers: settled.iter().map(|row| i32::try_from(row.ended.number).unwrap_or(i32::MAX)).collect(),
            states: settled.iter().map(|row| row.ended.state.name()).collect(),
            ages: settled.iter().map(|row| milliseconds(row.at.elapsed())).collect(),
            waits: settled.iter().map(wait).collect(),
            statuses: settled.iter().map(|row| row.ended.http_status.map(i32::from)).collect(),
            ids: settled.iter().map(|row| row.ended.message_id.as_deref().map(storable)).collect(),
            api_codes: settled.iter().map(|row| row.ended.api_code.as_deref().map(storable)).collect(),
            codes: settled.iter().map(|row| row.ended.code).collect(),
            errors: settled.iter().map(|row| row.ended.error.as_deref().map(storable)).collect(),
            stop: stopped_until.map(until).unwrap_or_default(),
            is_too_much,
            pause: pause.map(PauseReason::name),
        }
    }

    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 13] {
        [
            &self.rows,
            &self.numbers,
            &self.states,
            &self.ages,
            &self.waits,
            &self.statuses,
            &self.ids,
            &self.codes,
            &self.api_codes,
            &self.errors,
            &self.stop,
            &self.is_too_much,
            &self.pause,
        ]
    }
}
