//! The page of a run: every row of its ledger with its outcome, and the history of the run.

use std::io::Write;
use std::path::Path;

use serde_json::Value;

use super::PageStyle;
use super::head::{CourseView, facts, run_state, steps};
use super::page::{Page, shown_message};
use super::rows::{NOT_KNOWN, Outcomes, PageRow, PageRows, RowOutcome, funnel};
use super::texts::{NO_CODE, PageClock};
use super::timeline::{Timeline, find_rests};
use crate::base::message::{Lang, Message};
use crate::jelou::api::{DeliveryFacts, DeliveryState, look_up_code};
use crate::jelou::message::MessageKind;
use crate::phone::find_country;
use crate::runs::cost::RunCost;
use crate::runs::import::BulkError;
use crate::runs::ledger::{
    Counts, LedgerError, PauseReason, RESOLVED, ReportRow, RowFilter, RowState, Run, RunEvent,
    RunEventKind, RunName, RunSettings, now,
};
use crate::runs::report::reported_cells;

/// The maximum length of a code in characters.
const LONGEST_API_CODE: usize = 64;

/// Writes the page of `run`; returns a description of it. With a mask, the page has no cells, no numbers and no API
/// messages about recipients.
///
/// # Errors
/// If the ledger cannot be read, or `to` cannot be written.
pub(crate) fn write_run_page(
    run: &Run,
    details: &RunSettings,
    style: PageStyle,
    to: impl Write,
) -> Result<Message, BulkError> {
    let PageStyle {
        language,
        mask,
        zone,
    } = style;
    let is_running = run.is_running()?;
    let now = now();
    let clock = PageClock::new(zone, language).with_country(details.country);
    let mut rows = PageRows::new(&clock, mask);
    let events = run.events()?;
    let mut reading = RowReading::new(run, details, is_running, &clock)?;
    run.report::<BulkError>(&RowFilter::default(), |row| reading.add(row, &mut rows))?;
    let RowReading {
        outcomes,
        mut timeline,
        last_end,
        ..
    } = reading;
    let counts = &outcomes.counts;
    let span = run_span(run, is_running.then_some(now), &events, last_end)?;
    let mut page = Page::new(details, &outcomes, &rows, now, language);
    page.name = run.name().to_string();
    page.span = span;
    page.state = if run.stale_reason()?.is_some() {
        "stale"
    } else {
        run_state(is_running.then_some(now), counts, &events)
    };
    page.facts = facts(
        details,
        counts.all(),
        span,
        Some(run.created_by()?),
        &clock,
        language,
    );
    page.next = if mask {
        None
    } else {
        next_command(run, is_running, counts)?
    };
    page.funnel = funnel(&run.all_deliveries()?);
    let not_received = counts.failed + outcomes.undelivered();
    page.not_received = (not_received > 0 && !mask)
        .then(|| not_received_command(run.name(), details.list.as_deref(), &outcomes, language));
    timeline.rest(find_rests(&events, counts.is_finished(), now));
    page.timeline = timeline.draw(&clock);
    page.cost = run.spent()?.as_ref().map(RunCost::to_json);
    page.message = first_message(run, details, mask, language)?;
    let view = CourseView {
        with_problems: !mask,
        is_running,
        now,
        clock: &clock,
        language,
    };
    page.course = steps(&run.history()?, &view);
    // The name of a column may identify recipients.
    if !mask {
        page.columns.clone_from(&details.columns);
    }
    page.write(&rows, &clock, language, to)
}

/// Reads the rows of a run.
struct RowReading<'a> {
    details: &'a RunSettings,
    is_running: bool,
    /// Whether a delivery check covered all messages of the run.
    is_checked: bool,
    clock: &'a PageClock,
    outcomes: Outcomes,
    timeline: Timeline,
    /// When the last attempt ended.
    last_end: Option<i64>,
}

impl<'a> RowReading<'a> {
    fn new(
        run: &Run,
        details: &'a RunSettings,
        is_running: bool,
        clock: &'a PageClock,
    ) -> Result<Self, LedgerError> {
        Ok(Self {
            details,
            is_running,
            is_checked: run.asked_at()?.is_some(),
            clock,
            outcomes: Outcomes::default(),
            timeline: Timeline::new(clock, run.created_at()?),
            last_end: None,
        })
    }

    fn add(&mut self, mut row: ReportRow, rows: &mut PageRows<'_>) -> Result<(), BulkError> {
        // Without a process that sends the run, a row in flight may have been sent.
        if row.state == RowState::Inflight && !self.is_running {
            row.state = RowState::Unknown;
        }
        let outcome = self.row_outcome(&row);
        let country = row
            .recipient
            .as_deref()
            .and_then(find_country)
            .unwrap_or_default();
        let failure = undelivered(&row);
        let reason = match failure {
            Some(failure) => undelivered_reason(failure, rows.mask, &self.outcomes),
            None => row_reason(&row, rows.mask, &self.outcomes),
        };
        let error = match failure {
            Some(failure) => failure.reason.as_deref().map(Message::verbatim),
            None => row.error.clone(),
        };
        // The meaning of a known code is clearer than the API's message.
        let error = error.filter(|_| !is_known(reason)).unwrap_or_default();
        let error = self.clock.shown(&error);
        let said = !error.is_empty() && !rows.mask;
        let example = said.then_some((row.line, error.as_str()));
        self.outcomes.add(outcome, reason, country, example);
        if let Some(ended_at) = row.ended_at {
            self.timeline.add(ended_at, outcome);
        }
        self.last_end = self.last_end.max(row.ended_at);
        let cells = reported_cells(&self.details.columns, &row.cells)?;
        rows.add(PageRow {
            line: row.line,
            outcome,
            reason,
            country,
            at: row.at,
            error: &error,
            cells,
            bubble: None,
        });
        Ok(())
    }

    fn row_outcome(&self, row: &ReportRow) -> RowOutcome {
        let delivery = match &row.delivery {
            _ if row.state != RowState::Sent => "",
            Some(delivery) => delivery.facts.state.name(),
            None if self.is_checked => NOT_KNOWN,
            None => "",
        };
        RowOutcome {
            state: row.state,
            delivery,
        }
    }
}

/// Returns the next command for the run, after the name of the text that says what it does.
fn next_command(
    run: &Run,
    is_running: bool,
    counts: &Counts,
) -> Result<Option<(&'static str, String)>, LedgerError> {
    let reason = run.pause()?.map(|pause| pause.reason);
    let is_to_decide = run.stale_reason()?.is_some() || reason == Some(PauseReason::AllRejected);
    let (does, command) = if is_running {
        return Ok(None);
    } else if is_to_decide {
        ("to_decide", "status")
    } else if !counts.is_finished() {
        ("to_resume", "resume")
    } else if counts.unknown > 0 {
        ("to_check_unknown", "deliveries")
    } else {
        return Ok(None);
    };
    let name = run.name();
    Ok(Some((does, format!("jelouctl bulk {command} {name}"))))
}

/// Returns the command that lists the messages that were certainly not received, in a workbook if the `list` file was
/// one.
fn not_received_command(
    name: &RunName,
    list: Option<&str>,
    outcomes: &Outcomes,
    language: Lang,
) -> String {
    let mut command = format!("jelouctl bulk report {name}");
    if outcomes.counts.failed > 0 {
        command.push_str(" --state failed");
    }
    if outcomes.undelivered() > 0 {
        command.push_str(" --delivery undelivered");
    }
    let end = language.text("not_received_file");
    let is_workbook = list
        .and_then(|list| Path::new(list).extension())
        .is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx"));
    let extension = if is_workbook { "xlsx" } else { "csv" };
    command + &format!(" --file {name}-{end}.{extension}")
}

/// Returns the code of a failed delivery, or `NO_CODE`.
fn undelivered_reason<'r>(failure: &'r DeliveryFacts, mask: bool, outcomes: &Outcomes) -> &'r str {
    let code = failure.code.as_deref();
    code.and_then(|code| usable_code(code, mask, outcomes))
        .unwrap_or(NO_CODE)
}

/// Returns the code of the API, or else of the ledger; empty for a sent row or without a reason. With `mask`, only
/// known codes appear: the API could put anything in a code.
fn row_reason<'r>(row: &'r ReportRow, mask: bool, outcomes: &Outcomes) -> &'r str {
    // The page does not show that a pending row was returned to the ledger.
    let code = row
        .code
        .as_deref()
        .filter(|code| row.state != RowState::Pending || *code != "ledger")
        .filter(|code| *code != row.state.name() || row.state == RowState::Unknown);
    let Some(code) = code else { return "" };
    let is_decided = row.state == RowState::Skipped || code == RESOLVED;
    let api_code = row.api_code.as_deref().filter(|_| !is_decided);
    api_code
        .and_then(|code| usable_code(code, mask, outcomes))
        .unwrap_or(code)
}

/// Returns a code of the API, unless it is too long, unknown with `mask`, or above the maximum number of reasons.
fn usable_code<'r>(code: &'r str, mask: bool, outcomes: &Outcomes) -> Option<&'r str> {
    let is_short = code.chars().count() <= LONGEST_API_CODE;
    (is_short && (!mask || is_known(code)) && outcomes.has_room_for(code)).then_some(code)
}

fn is_known(code: &str) -> bool {
    look_up_code(code).is_some()
}

/// Returns the status of a sent but undelivered row.
fn undelivered(row: &ReportRow) -> Option<&DeliveryFacts> {
    let facts = &row.delivery.as_ref()?.facts;
    (row.state == RowState::Sent && facts.state == DeliveryState::Undelivered).then_some(facts)
}

/// Returns the start of the run and its last known time: `now` while the run is in progress. None before its
/// start.
fn run_span(
    run: &Run,
    now: Option<i64>,
    events: &[RunEvent],
    last_end: Option<i64>,
) -> Result<Option<[i64; 2]>, LedgerError> {
    if events.is_empty() && last_end.is_none() {
        return Ok(None);
    }
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
    Ok(Some([from, to.max(from)]))
}

/// Draws the first message, or with `mask` the unfilled one.
fn first_message(
    run: &Run,
    details: &RunSettings,
    mask: bool,
    language: Lang,
) -> Result<Option<Value>, BulkError> {
    let found = if mask {
        details.message.clone().map(|body| (body, None))
    } else {
        let first = run.first_message()?;
        first.map(|(to, body)| (serde_json::from_str(&body).unwrap_or_default(), Some(to)))
    };
    let shown = found.and_then(|(body, to): (Value, Option<String>)| {
        let kind = MessageKind::from_name(&details.kind)?;
        let drawn = details.template_texts.drawn(&kind, &body, language);
        shown_message(drawn, to.as_deref())
    });
    Ok(shown)
}
