//! The page of a run: every row of its ledger, what became of it, and its history.

use std::io::Write;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::head::{facts, state_of, steps};
use super::page::{Page, shown_message};
use super::rows::{Outcomes, PageRow, PageRows, UNDELIVERED, funnel};
use super::texts::{PageClock, said_in};
use crate::api::{DeliveryFacts, DeliveryState, look_up_code};
use crate::cost::Spent;
use crate::import::BulkError;
use crate::ledger::{
    Details, LedgerError, ReportedRow, RowFilter, RowState, Run, RunEvent, RunEventKind, now,
};
use crate::list::ReportLanguage;
use crate::message::Message;
use crate::phone::country_of;
use crate::report::reported_cells;

/// The maximum length of a code in characters.
const LONGEST_API_CODE: usize = 64;

/// Writes the page of `run`; returns what was written, in words. With `mask`, it contains no cell, no number and no
/// API message about a recipient.
///
/// # Errors
/// When the ledger cannot be read, or `to` cannot be written.
pub(crate) fn write(
    run: &Run,
    details: &Details,
    language: ReportLanguage,
    mask: bool,
    to: impl Write,
) -> Result<String, BulkError> {
    let (is_running, now) = (run.is_held()?, now());
    let hours = details.conditions.hours.as_ref();
    let clock = PageClock::new(hours.map_or_else(TimeZone::system, |hours| hours.zone().clone()));
    let mut rows = PageRows::new(&clock, mask);
    let (outcomes, last_end) = read_rows((run, details, is_running), language, &mut rows)?;
    let counts = &outcomes.counts;
    let events = run.events()?;
    let span = span_of(run, is_running.then_some(now), &events, last_end)?;
    let mut page = Page::of(details, &outcomes, &rows, now, language);
    page.name = run.name().to_string();
    page.state = if run.doubt()?.is_some() {
        "doubtful"
    } else {
        state_of(is_running, counts, &events)
    };
    page.facts = facts(details, counts.all(), Some(span), &clock, language);
    page.funnel = funnel(&run.deliveries(i64::MIN)?);
    page.cost = run.spent()?.as_ref().map(Spent::to_json);
    page.message = message_of(run, details, mask)?;
    page.course = steps(&events, !mask, &clock, language);
    // The name of a column may identify people.
    if !mask {
        page.columns.clone_from(&details.columns);
    }
    page.write(&rows, &clock, language, to)
}

/// Adds every row of the run; returns what they come to, and when the last attempt ended.
fn read_rows(
    (run, details, is_running): (&Run, &Details, bool),
    language: ReportLanguage,
    rows: &mut PageRows<'_>,
) -> Result<(Outcomes, Option<i64>), BulkError> {
    let (mut outcomes, mut last_end) = (Outcomes::default(), None);
    let mask = rows.mask;
    run.report::<BulkError>(&RowFilter::default(), |mut row| {
        // If no process sends the run any more, a row in flight may have been sent.
        if row.state == RowState::Inflight && !is_running {
            row.state = RowState::Unknown;
        }
        let country = row
            .recipient
            .as_deref()
            .and_then(country_of)
            .unwrap_or_default();
        let reason = reason_of(&row, mask, &outcomes);
        let error = said_in(language, row.error.as_deref().unwrap_or_default());
        let said = row.error.is_some() && !mask && row.api_code.is_none();
        outcomes.add(
            row.state,
            reason,
            country,
            said.then_some((row.line, error.as_str())),
        );
        if let Some(failure) = undelivered(&row) {
            let code = failure
                .code
                .as_deref()
                .and_then(|code| told_apart(code, mask, &outcomes));
            let said = failure
                .reason
                .as_deref()
                .filter(|_| !mask && !code.is_some_and(is_known));
            outcomes.add_reason(
                UNDELIVERED,
                code.unwrap_or("no_code"),
                said.map(|words| (row.line, words)),
            );
        }
        last_end = last_end.max(row.ended_at);
        let cells = reported_cells(&details.columns, &row.cells)?;
        let (line, state, at) = (row.line, row.state, row.at);
        rows.add(PageRow {
            line,
            state,
            reason,
            country,
            at,
            error: &error,
            cells,
            bubble: None,
        });
        Ok(())
    })?;
    Ok((outcomes, last_end))
}

/// The API's own code if there is one, otherwise the ledger's word; empty for a row that was sent or whose reason is
/// unknown. With `mask`, only known codes appear: the API could put anything in them.
fn reason_of<'r>(row: &'r ReportedRow, mask: bool, outcomes: &Outcomes) -> &'r str {
    let code = row
        .code
        .as_deref()
        .filter(|code| *code != row.state.name() || row.state == RowState::Unknown);
    let Some(code) = code else { return "" };
    let is_decided = row.state == RowState::Skipped || code == "resolved";
    let api_code = row.api_code.as_deref().filter(|_| !is_decided);
    api_code
        .and_then(|code| told_apart(code, mask, outcomes))
        .unwrap_or(code)
}

/// A code of the API, unless it is too long, one too many, or with `mask` unknown.
fn told_apart<'r>(code: &'r str, mask: bool, outcomes: &Outcomes) -> Option<&'r str> {
    let is_short = code.chars().count() <= LONGEST_API_CODE;
    (is_short && (!mask || is_known(code)) && outcomes.takes(code)).then_some(code)
}

fn is_known(code: &str) -> bool {
    look_up_code(code).is_some()
}

/// Why the person of a sent row did not get it.
fn undelivered(row: &ReportedRow) -> Option<&DeliveryFacts> {
    let facts = &row.delivery.as_ref()?.facts;
    (row.state == RowState::Sent && facts.state == DeliveryState::Undelivered).then_some(facts)
}

/// When the run began, and the last known time, which is `now` while it is sent.
fn span_of(
    run: &Run,
    now: Option<i64>,
    events: &[RunEvent],
    last_end: Option<i64>,
) -> Result<[i64; 2], LedgerError> {
    let from = match events.first() {
        Some(event) => event.at,
        None => run.created_at()?,
    };
    let last = events
        .iter()
        .map(|event| event.at)
        .chain(last_end)
        .max()
        .unwrap_or(from);
    let is_over = events
        .last()
        .is_some_and(|event| event.kind == RunEventKind::Ended);
    let to = now.filter(|_| !is_over).map_or(last, |now| last.max(now));
    Ok([from, to.max(from)])
}

/// The first message, or with `mask` the unfilled one.
fn message_of(run: &Run, details: &Details, mask: bool) -> Result<Option<Value>, BulkError> {
    let found = if mask {
        details.message.clone().map(|body| (body, None))
    } else {
        let first = run.first_message()?;
        first.map(|(to, body)| (serde_json::from_str(&body).unwrap_or_default(), Some(to)))
    };
    let shown = found.map(|(body, to): (Value, Option<String>)| {
        let drawn =
            Message::named(&details.kind).map(|kind| details.template_texts.drawn(&kind, &body));
        shown_message(drawn.unwrap_or_default(), to.as_deref())
    });
    Ok(shown)
}
