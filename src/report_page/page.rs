//! The page itself: fills the template with everything that is known about the run.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::tz::TimeZone;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, State, UndefinedBehavior, context};
use ring::digest::{SHA256, digest};
use serde::Serialize;
use serde_json::{Value, json};

use super::cost::CostTable;
use super::course::{self, CourseStep, Decisions};
use super::funnel::{self, Funnel};
use super::head::{RunSpan, facts, is_cancelled, state_of};
use super::meanings::shown_reason;
use super::next_steps::{NextStep, next_steps};
use super::outcomes::{Outcomes, ReasonLine, Tile, UNDELIVERED};
use super::reasons::said_in;
use super::reported_run::ReportedRun;
use super::rows::{ChosenRows, FIRST_ROWS, ORDER, PageRow, PageRows};
use super::timeline::Timeline;
use super::times::{PageClock, duration};
use crate::api::{DeliveryFacts, DeliveryState, look_up_code};
use crate::import::BulkError;
use crate::ledger::{
    DeliveryCounts, Details, LedgerError, ReportedRow, RowFilter, RowState, RunEvent, RunEventKind, SkipReason,
};
use crate::list::ReportLanguage;
use crate::message::{Message, Part};
use crate::phone::country_of;
use crate::report::reported_cells;

const TEMPLATE: &str = include_str!("page.html");
const BUBBLE: &str = include_str!("bubble.html");
const COMMAND: &str = include_str!("command.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The maximum size of a page in bytes, which every browser and mail program accepts.
pub(super) const LARGEST: usize = 8_000_000;
/// The maximum number of different API codes; more would not help the reader.
const MOST_API_CODES: usize = 100;
/// The maximum length of a code in characters.
const LONGEST_API_CODE: usize = 64;

/// How much of the run the page shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageSize {
    pub(crate) rows: u64,
    pub(crate) left_out: u64,
}

/// The data of the page: numbers, and names of texts, which the template puts into words. The page of a list before its run
/// has less of it.
#[derive(Default, Serialize)]
pub(super) struct Page {
    lang: &'static str,
    t: BTreeMap<&'static str, &'static str>,
    policy: String,
    style: &'static str,
    script: &'static str,
    mask: bool,
    is_rehearsal: bool,
    /// Whether it is for a list before its run: the rows have messages, but no events.
    is_preview: bool,
    /// When it was made, in milliseconds since 1970.
    made: i64,
    /// Why such a list cannot be sent as it is; empty if the reason may name a person.
    pub(super) refused: Option<String>,
    pub(super) name: String,
    pub(super) state: &'static str,
    pub(super) facts: Vec<(&'static str, String)>,
    tiles: Vec<Tile>,
    /// All rows, and those that were not skipped.
    all: u64,
    meant: u64,
    funnel: Option<Funnel>,
    timeline: Option<Timeline>,
    pub(super) message: Option<ShownMessage>,
    reasons: Vec<ReasonLine>,
    left_out_on_purpose: Vec<ReasonLine>,
    countries: Vec<(&'static str, Vec<u64>)>,
    pub(super) cost: Option<CostTable>,
    course: Vec<CourseStep>,
    next: Vec<NextStep>,
    pub(super) columns: Vec<String>,
    /// Names and words of the states, in the order of their numbers in the rows.
    states: Vec<(&'static str, &'static str)>,
    row_reasons: Vec<String>,
    rows: ChosenRows,
    left_out: u64,
    /// The data for the script, as JSON.
    settings: String,
}

/// A message as its recipient sees it.
#[derive(Serialize)]
pub(super) struct ShownMessage {
    parts: Vec<Part>,
    /// The recipient; None if its placeholders are not filled.
    to: Option<String>,
}

impl ShownMessage {
    pub(super) fn new(drawn: Vec<Part>, to: Option<String>) -> Self {
        Self { parts: Part::simple(drawn), to }
    }
}

impl Page {
    /// What a page has both before a run and after it.
    pub(super) fn of(
        details: &Details,
        outcomes: &Outcomes,
        rows: &PageRows<'_>,
        made: i64,
        language: ReportLanguage,
    ) -> Self {
        let is_preview = outcomes.is_preview;
        let one = if is_preview { "one_list_" } else { "one_" };
        // Before a run no row is pending.
        let word = |state: &RowState| language.find(&format!("{one}{}", state.name())).unwrap_or_default();
        let (all, skipped) = (outcomes.counts.all(), outcomes.counts.skipped);
        Self {
            lang: language.code(),
            t: language.texts(),
            policy: policy(),
            style: STYLE,
            script: SCRIPT,
            mask: rows.mask,
            is_rehearsal: details.sandbox,
            is_preview,
            made,
            tiles: outcomes.tiles(),
            all,
            meant: all - skipped,
            reasons: outcomes.reasons(false, language),
            left_out_on_purpose: outcomes.reasons(true, language),
            countries: outcomes.countries(),
            states: ORDER.iter().map(|state| (state.name(), word(state))).collect(),
            row_reasons: rows.reasons().into_iter().map(|reason| shown_reason(reason, language)).collect(),
            ..Self::default()
        }
    }

    /// Writes the page with as many of `rows` as fit.
    pub(super) fn write(
        mut self,
        rows: &PageRows<'_>,
        clock: &PageClock,
        language: ReportLanguage,
        mut to: impl Write,
    ) -> Result<PageSize, BulkError> {
        let failed = |error| BulkError::Report(io::Error::other::<minijinja::Error>(error));
        let environment = environment(&self.t, clock, language).map_err(failed)?;
        let render = |page: &Self| environment.render_str(TEMPLATE, Serde(page)).map_err(failed);
        self.settings = settings(&self, language);
        // Everything except the rows' JSON has its maximum length.
        self.rows = ChosenRows { json: String::new(), number: rows.number, ..rows.choose(LARGEST) };
        self.left_out = rows.number;
        let room = LARGEST.saturating_sub(render(&self)?.len());
        self.rows = rows.choose(room);
        self.left_out = rows.number - self.rows.number;
        to.write_all(render(&self)?.as_bytes()).and_then(|()| to.flush()).map_err(BulkError::Report)?;
        Ok(PageSize { rows: self.rows.number, left_out: self.left_out })
    }
}

/// Marks the beginning of every page, so that a newer page may replace it.
const MARK: &str = r#"<meta name="generator" content="jelouctl">"#;
/// The mark is within this many bytes from the start.
const MARK_WITHIN: usize = 4096;

/// Whether a file with this beginning is a page.
pub(crate) fn is_page(begin: &[u8]) -> bool {
    let begin = String::from_utf8_lossy(begin.get(..MARK_WITHIN).unwrap_or(begin));
    begin.starts_with("<!doctype html>") && begin.contains(MARK)
}

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
    let is_one_day = clock.is_one_day(run.ledger.created_at()?, run.ledger.changed_at()?);
    let asked_at = run.ledger.delivery_counts()?.map(|counts| counts.asked_at);
    let mut rows = PageRows::new(&clock, mask, is_one_day, LARGEST);
    let ReadRows { outcomes, deliveries, ends, decisions } = read_rows(run, language, asked_at, &mut rows)?;
    let counts = &outcomes.counts;
    let events = run.ledger.events()?;
    let span = span_of(run, &events, &ends)?;
    let rests = course::rests_of(&events, if counts.is_finished() { span.to } else { run.now });
    let invalid = run.ledger.skip_counts()?.rows(SkipReason::Invalid);
    let page = Page {
        name: run.name.to_owned(),
        state: state_of(run, counts, &events),
        facts: facts(run.details, counts.all(), Some(span), &clock, language),
        funnel: Funnel::of(&deliveries, asked_at),
        cost: run.ledger.spent()?.as_ref().map(CostTable::of_run),
        timeline: Timeline::of(&ends, &rests, span.to, &clock),
        message: message_of(run, mask)?,
        course: course::steps(&events, &decisions, !mask, &clock, language),
        next: if mask {
            // The recipient of the page does not have the ledger, and a command may identify people by the run or a
            // column.
            Vec::new()
        } else {
            next_steps(run, counts, invalid, deliveries.undelivered, is_cancelled(&events))
        },
        columns: if mask { Vec::new() } else { run.details.columns.clone() },
        ..Page::of(run.details, &outcomes, &rows, run.now, language)
    };
    page.write(&rows, &clock, language, to)
}

/// What all rows of a run come to.
#[derive(Default)]
struct ReadRows {
    outcomes: Outcomes,
    deliveries: DeliveryCounts,
    /// When rows ended, and in which state.
    ends: Vec<(i64, RowState)>,
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
    let mut api_codes = BTreeSet::new();
    run.ledger.report::<BulkError>(&RowFilter::default(), |mut row| {
        // If no process sends the run any more, a row in flight may have been sent.
        if row.state == RowState::Inflight && !run.is_running {
            row.state = RowState::Unknown;
        }
        let country = row.recipient.as_deref().and_then(country_of).unwrap_or_default();
        let reason = reason_of(&row, &mut api_codes, mask);
        let error = said_in(language, row.error.as_deref().unwrap_or_default());
        let said = row.error.is_some() && !mask && row.api_code.is_none();
        read.outcomes.add(row.state, reason, country, said.then_some((row.line, error.as_str())));
        funnel::count(&mut read.deliveries, &row, asked_at);
        if let (Some("resolved"), Some(at)) = (row.code.as_deref(), row.at) {
            course::note_decision(&mut read.decisions, at, row.state);
        }
        if let Some(failure) = undelivered(&row) {
            let code = failure.code.as_deref().and_then(|code| told_apart(code, &mut api_codes, mask));
            let said = failure.reason.as_deref().filter(|_| !mask && !code.is_some_and(is_known));
            read.outcomes.add_reason(UNDELIVERED, code.unwrap_or("no_code"), said.map(|words| (row.line, words)));
        }
        read.ends.extend(row.ended_at.filter(|_| has_left(row.state)).map(|at| (at, row.state)));
        let cells = reported_cells(&run.details.columns, &row.cells)?;
        let (line, state, at) = (row.line, row.state, row.at);
        rows.add(PageRow { line, state, reason, country, at, error: &error, cells, bubble: None });
        Ok(())
    })?;
    Ok(read)
}

/// What renders the page, with all values escaped.
fn environment(
    texts: &BTreeMap<&'static str, &'static str>,
    clock: &PageClock,
    language: ReportLanguage,
) -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    // A part that stands in several places is a template of its own.
    for (name, part) in [("bubble", BUBBLE), ("command", COMMAND)] {
        environment.add_template(name, part)?;
        let texts = minijinja::Value::from(Serde(texts));
        environment.add_filter(name, move |state: &State<'_, '_>, it: minijinja::Value| {
            let drawn = state.env().get_template(name)?.render(context! { it, t => texts.clone() })?;
            Ok::<_, minijinja::Error>(minijinja::Value::from_safe_string(drawn))
        });
    }
    environment.add_filter("number", move |number: u64| language.number(number));
    environment.add_filter("share", move |part: u64, whole: u64| language.share(part, whole));
    environment.add_filter("counted", move |number: u64, name: String| language.counted(&name, number));
    environment.add_filter("duration", duration);
    let (moments, spans) = (clock.clone(), clock.clone());
    environment.add_filter("moment", move |at: i64| moments.moment(at));
    environment.add_filter("span", move |from: i64, to: i64| spans.span(from, to));
    Ok(environment)
}

/// Allows only the page's own style and script, each by its hash.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(digest(&SHA256, text.as_bytes())));
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// The API's own code if there is one, otherwise the ledger's word; empty for a row that was sent or whose reason is
/// unknown. With `mask`, only known codes appear: the API could put anything in them.
fn reason_of<'a>(row: &'a ReportedRow, api_codes: &mut BTreeSet<String>, mask: bool) -> &'a str {
    let code = row.code.as_deref().filter(|code| *code != row.state.name() || row.state == RowState::Unknown);
    let Some(code) = code else { return "" };
    let is_decided = row.state == RowState::Skipped || code == "resolved";
    let api_code = row.api_code.as_deref().filter(|_| !is_decided);
    api_code.and_then(|code| told_apart(code, api_codes, mask)).unwrap_or(code)
}

/// A code of the API, unless it is too long, exceeds the limit, or with `mask` is unknown.
fn told_apart<'a>(code: &'a str, api_codes: &mut BTreeSet<String>, mask: bool) -> Option<&'a str> {
    if code.chars().count() > LONGEST_API_CODE || mask && !is_known(code) {
        return None;
    }
    if !api_codes.contains(code) {
        if api_codes.len() >= MOST_API_CODES {
            return None;
        }
        api_codes.insert(code.to_owned());
    }
    Some(code)
}

fn is_known(code: &str) -> bool {
    look_up_code(code).is_some()
}

/// Why the person of a sent row did not get it.
fn undelivered(row: &ReportedRow) -> Option<&DeliveryFacts> {
    let facts = &row.delivery.as_ref()?.facts;
    (row.state == RowState::Sent && facts.state == DeliveryState::Undelivered).then_some(facts)
}

/// Whether a request for such a row was sent.
fn has_left(state: RowState) -> bool {
    match state {
        RowState::Sent | RowState::Failed | RowState::Unknown => true,
        RowState::Pending | RowState::Inflight | RowState::Skipped => false,
    }
}

fn span_of(run: &ReportedRun<'_>, events: &[RunEvent], ends: &[(i64, RowState)]) -> Result<RunSpan, LedgerError> {
    let from = match events.first() {
        Some(event) => event.at,
        None => run.ledger.created_at()?,
    };
    let last = ends.iter().map(|(at, _)| *at).chain(events.iter().map(|event| event.at)).max().unwrap_or(from);
    let is_over = events.last().is_some_and(|event| event.kind == RunEventKind::Ended);
    let to = if run.is_running && !is_over { last.max(run.now) } else { last };
    Ok(RunSpan { from, to: to.max(from) })
}

/// The first message, or with `mask` the unfilled one.
fn message_of(run: &ReportedRun<'_>, mask: bool) -> Result<Option<ShownMessage>, BulkError> {
    let details = run.details;
    let found = if mask {
        details.message.clone().map(|body| (body, None))
    } else {
        let first = run.ledger.first_message()?;
        first.map(|(to, body)| (serde_json::from_str(&body).unwrap_or_default(), Some(to)))
    };
    let shown = found.map(|(body, to): (Value, _)| {
        let drawn = Message::named(&details.kind).map(|kind| details.template_texts.drawn(&kind, &body));
        ShownMessage::new(drawn.unwrap_or_default(), to)
    });
    Ok(shown)
}

/// The data for the script: the words for states, reasons and columns, and its own texts.
fn settings(page: &Page, language: ReportLanguage) -> String {
    let words = ["range", "none_found", "on_paper", "copied", "copy", "template", "template_means"];
    let words = words.map(|name| (name, language.text(name)));
    let settings = json!({
        "language": language.code(),
        "states": page.states,
        "reasons": page.row_reasons,
        "columns": page.columns.len(),
        "mask": page.mask,
        "isPreview": page.is_preview,
        "page": FIRST_ROWS,
        "words": BTreeMap::from(words),
    });
    settings.to_string().replace('<', "\\u003c")
}
