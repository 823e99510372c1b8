//! The page of a run: every row of its ledger, what became of it, and its history.

use std::io::Write;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::course::{self, Decisions};
use super::head::{ReportedRun, facts, state_of};
use super::outcomes::{Outcomes, UNDELIVERED, count_delivery, funnel};
use super::page::{Page, PageSize, shown_message};
use super::reasons::said_in;
use super::rows::{PageRow, PageRows};
use super::texts::PageClock;
use crate::api::{DeliveryFacts, DeliveryState, look_up_code};
use crate::cost::Spent;
use crate::import::BulkError;
use crate::ledger::{DeliveryCounts, LedgerError, ReportedRow, RowFilter, RowState, RunEvent, RunEventKind};
use crate::list::ReportLanguage;
use crate::message::Message;
use crate::phone::country_of;
use crate::report::reported_cells;

/// The maximum length of a code in characters.
const LONGEST_API_CODE: usize = 64;

/// Writes the page of `run`. With `mask`, it contains no cell, no number and no API message about a recipient.
///
/// # Errors
/// When the ledger cannot be read, or `to` cannot be written.
pub(crate) fn write(
    run: &ReportedRun<'_>,
    language: ReportLanguage,
    mask: bool,
    to: impl Write,
) -> Result<PageSize, BulkError> {
    let hours = run.details.conditions.hours.as_ref();
    let clock = PageClock::new(hours.map_or_else(TimeZone::system, |hours| hours.zone().clone()));
    let asked_at = run.ledger.delivery_counts()?.map(|counts| counts.asked_at);
    let mut rows = PageRows::new(&clock, mask);
    let ReadRows { outcomes, deliveries, last_end, decisions } = read_rows(run, language, asked_at, &mut rows)?;
    let counts = &outcomes.counts;
    let events = run.ledger.events()?;
    let span = span_of(run, &events, last_end)?;
    let mut page = Page::of(run.details, &outcomes, &rows, run.now, language);
    run.name.clone_into(&mut page.name);
    page.state = state_of(run, counts, &events);
    page.facts = facts(run.details, counts.all(), Some(span), &clock, language);
    page.funnel = funnel(&deliveries, asked_at);
    page.cost = run.ledger.spent()?.as_ref().map(Spent::to_json);
    page.message = message_of(run, mask)?;
    page.course = course::steps(&events, &decisions, !mask, &clock, language);
    // The name of a column may identify people.
    if !mask {
        page.columns.clone_from(&run.details.columns);
    }
    page.write(&rows, &clock, language, to)
}

/// What all rows of a run come to.
#[derive(Default)]
struct ReadRows {
    outcomes: Outcomes,
    deliveries: DeliveryCounts,
    /// When the last attempt ended.
    last_end: Option<i64>,
    decisions: Decisions,
}

/// Adds every row of the run, which was last asked about at `asked_at`.
fn read_rows(
    run: &ReportedRun<'_>,
    language: ReportLanguage,
    asked_at: Option<i64>,
    rows: &mut PageRows<'_>,
) -> Result<ReadRows, BulkError> {
    let mut read = ReadRows::default();
    let mask = rows.mask;
    run.ledger.report::<BulkError>(&RowFilter::default(), |mut row| {
        // If no process sends the run any more, a row in flight may have been sent.
        if row.state == RowState::Inflight && !run.is_running {
            row.state = RowState::Unknown;
        }
        let country = row.recipient.as_deref().and_then(country_of).unwrap_or_default();
        let reason = reason_of(&row, mask, &read.outcomes);
        let error = said_in(language, row.error.as_deref().unwrap_or_default());
        let said = row.error.is_some() && !mask && row.api_code.is_none();
        read.outcomes.add(row.state, reason, country, said.then_some((row.line, error.as_str())));
        count_delivery(&mut read.deliveries, &row, asked_at);
        if let (Some("resolved"), Some(at)) = (row.code.as_deref(), row.at) {
            course::note_decision(&mut read.decisions, at, row.state);
        }
        if let Some(failure) = undelivered(&row) {
            let code = failure.code.as_deref().and_then(|code| told_apart(code, mask, &read.outcomes));
            let said = failure.reason.as_deref().filter(|_| !mask && !code.is_some_and(is_known));
            read.outcomes.add_reason(UNDELIVERED, code.unwrap_or("no_code"), said.map(|words| (row.line, words)));
        }
        read.last_end = read.last_end.max(row.ended_at);
        let cells = reported_cells(&run.details.columns, &row.cells)?;
        let (line, state, at) = (row.line, row.state, row.at);
        rows.add(PageRow { line, state, reason, country, at, error: &error, cells, bubble: None });
        Ok(())
    })?;
    Ok(read)
}

/// The API's own code if there is one, otherwise the ledger's word; empty for a row that was sent or whose reason is
/// unknown. With `mask`, only known codes appear: the API could put anything in them.
fn reason_of<'r>(row: &'r ReportedRow, mask: bool, outcomes: &Outcomes) -> &'r str {
    let code = row.code.as_deref().filter(|code| *code != row.state.name() || row.state == RowState::Unknown);
    let Some(code) = code else { return "" };
    let is_decided = row.state == RowState::Skipped || code == "resolved";
    let api_code = row.api_code.as_deref().filter(|_| !is_decided);
    api_code.and_then(|code| told_apart(code, mask, outcomes)).unwrap_or(code)
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

/// When the run began, and the last known time.
fn span_of(run: &ReportedRun<'_>, events: &[RunEvent], last_end: Option<i64>) -> Result<[i64; 2], LedgerError> {
    let from = match events.first() {
        Some(event) => event.at,
        None => run.ledger.created_at()?,
    };
    let last = events.iter().map(|event| event.at).chain(last_end).max().unwrap_or(from);
    let is_over = events.last().is_some_and(|event| event.kind == RunEventKind::Ended);
    let to = if run.is_running && !is_over { last.max(run.now) } else { last };
    Ok([from, to.max(from)])
}

/// The first message, or with `mask` the unfilled one.
fn message_of(run: &ReportedRun<'_>, mask: bool) -> Result<Option<Value>, BulkError> {
    let details = run.details;
    let found = if mask {
        details.message.clone().map(|body| (body, None))
    } else {
        let first = run.ledger.first_message()?;
        first.map(|(to, body)| (serde_json::from_str(&body).unwrap_or_default(), Some(to)))
    };
    let shown = found.map(|(body, to): (Value, Option<String>)| {
        let drawn = Message::named(&details.kind).map(|kind| details.template_texts.drawn(&kind, &body));
        shown_message(drawn.unwrap_or_default(), to.as_deref())
    });
    Ok(shown)
}
