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

use super::bubble;
use super::course::{self, CourseStep, Decisions};
use super::funnel::{DeliverySums, Funnel};
use super::head::{Head, RunSpan, is_cancelled};
use super::meanings::shown_reason;
use super::next_steps::{NextStep, next_steps};
use super::outcomes::{CountryLine, Outcomes, ReasonLine, Tile, one};
use super::reasons::said_in;
use super::reported_run::ReportedRun;
use super::rows::{ChosenRows, FIRST_ROWS, ORDER, PageRow, PageRows, RestOfRow};
use super::timeline::{HEIGHT, Timeline, WIDTH};
use super::times::PageClock;
use crate::api::{DeliveryFacts, DeliveryState, look_up_code};
use crate::import::BulkError;
use crate::ledger::{Details, LedgerError, ReportedRow, RowFilter, RowState, RunEvent, RunEventKind, SkipReason};
use crate::list::ReportLanguage;
use crate::message::{Message, Part};
use crate::phone::country_of;
use crate::report::reported_cells;

const TEMPLATE: &str = include_str!("page.html");
const BUBBLE: &str = include_str!("bubble.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The maximum size of a page in bytes, which every browser and mail program accepts.
pub(super) const LARGEST: usize = 8_000_000;
/// The maximum number of different API codes; more would not help the reader.
const MOST_API_CODES: usize = 100;
/// The maximum length of a code in characters.
const LONGEST_API_CODE: usize = 64;
/// How many columns of the list fit on paper.
const COLUMNS_ON_PAPER: usize = 3;
/// The minimum number of digits in a phone number.
const SHORTEST_NUMBER: usize = 7;

/// How much of the run the page shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageSize {
    pub(crate) rows: u64,
    pub(crate) left_out: u64,
}

#[derive(Default, Serialize)]
pub(super) struct Page {
    lang: &'static str,
    t: BTreeMap<&'static str, &'static str>,
    policy: String,
    style: &'static str,
    script: &'static str,
    mask: bool,
    /// Whether it is for a list before its run: the rows have messages, but no events.
    pub(super) is_preview: bool,
    pub(super) title: &'static str,
    /// Why such a list cannot be sent as it is; empty if the reason may name a person.
    pub(super) refused: Option<String>,
    pub(super) head: Head,
    pub(super) made: String,
    pub(super) tiles: Vec<Tile>,
    funnel: Option<Funnel>,
    timeline: Option<Timeline>,
    width: i64,
    height: i64,
    chart_words: String,
    pub(super) message: Option<Vec<Part>>,
    pub(super) message_caption: String,
    pub(super) reasons: Vec<ReasonLine>,
    pub(super) left_out_on_purpose: Vec<ReasonLine>,
    pub(super) countries: Vec<CountryLine>,
    course: Vec<CourseStep>,
    next: Vec<NextStep>,
    pub(super) columns: Vec<String>,
    /// The positions of the columns that do not fit on paper.
    extra: Vec<usize>,
    extra_words: String,
    /// Names and words of the states, in the order of their numbers in the rows.
    pub(super) states: Vec<(&'static str, &'static str)>,
    pub(super) row_reasons: Vec<String>,
    rows: ChosenRows,
    first_rows: String,
    left_out: Option<String>,
    all_rows: String,
    /// The data for the script, as JSON.
    settings: String,
}

impl Page {
    /// The parts that all pages share.
    pub(super) fn of(language: ReportLanguage, mask: bool) -> Self {
        Self {
            lang: language.code(),
            t: language.texts(),
            policy: policy(),
            style: STYLE,
            script: SCRIPT,
            mask,
            width: WIDTH,
            height: HEIGHT,
            first_rows: language.text_with("shown_first", &language.number(FIRST_ROWS as u64)),
            ..Self::default()
        }
    }

    /// Writes the page with as many of `rows` as fit.
    pub(super) fn write(
        mut self,
        rows: &PageRows<'_>,
        language: ReportLanguage,
        mut to: impl Write,
    ) -> Result<PageSize, BulkError> {
        self.chart_words = language.text_with("chart", &Tile::words(&self.tiles));
        self.extra_words = language.counted("not_on_paper_1", "not_on_paper_n", self.extra.len() as u64);
        self.settings = settings(&self, language);
        let left_out = fit(&mut self, rows, language)?;
        to.write_all(render(&self)?.as_bytes()).and_then(|()| to.flush()).map_err(BulkError::Report)?;
        Ok(PageSize { rows: self.rows.number, left_out })
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
    let columns = if mask { Vec::new() } else { run.details.columns.clone() };
    let is_one_day = clock.is_one_day(run.ledger.created_at()?, run.ledger.changed_at()?);
    let mut rows = PageRows::new(&clock, is_one_day, LARGEST);
    let mut deliveries = DeliverySums::new(run.ledger.delivery_counts()?.map(|counts| counts.asked_at));
    let (outcomes, ends, decisions) = read_rows(run, mask, language, &mut rows, &mut deliveries)?;
    let extra = extra_columns(columns.len(), rows.number_column);
    let events = run.ledger.events()?;
    let span = span_of(run, &events, &ends)?;
    let rests = course::rests_of(&events, if outcomes.counts.is_finished() { span.to } else { run.now });
    let invalid = run.ledger.skip_counts()?.rows(SkipReason::Invalid);
    let (message, message_caption) = message_of(run, language, mask)?;
    let tiles = outcomes.tiles(language);
    let page = Page {
        title: language.text("report"),
        head: Head::of(run, &outcomes.counts, &events, span, &clock, language),
        made: language.text_with("made", &clock.moment(run.now)),
        tiles,
        funnel: deliveries.funnel((!mask).then_some(run.name), &clock, language),
        timeline: Timeline::of(&ends, &rests, span.to, &clock, language),
        message,
        message_caption,
        reasons: outcomes.reasons(false, language),
        left_out_on_purpose: outcomes.reasons(true, language),
        countries: outcomes.countries(language),
        course: course::steps(&events, &decisions, !mask, &clock, language),
        next: if mask {
            // The recipient of the page does not have the ledger, and a command may identify people by the run or a
            // column.
            Vec::new()
        } else {
            next_steps(run, &outcomes.counts, invalid, deliveries.undelivered(), is_cancelled(&events), language)
        },
        columns,
        extra,
        states: ORDER.iter().map(|state| (state.name(), one(*state, language))).collect(),
        row_reasons: rows.reasons().iter().map(|reason| shown_reason(reason, language)).collect(),
        all_rows: format!("jelouctl bulk report {} --file {}.csv", run.name, run.name),
        ..Page::of(language, mask)
    };
    page.write(&rows, language, to)
}

/// The columns that do not fit on paper: all after the first ones, except the one with the numbers.
fn extra_columns(columns: usize, number_column: Option<usize>) -> Vec<usize> {
    let is_beyond = number_column.is_some_and(|column| (COLUMNS_ON_PAPER..columns).contains(&column));
    let first = if is_beyond { COLUMNS_ON_PAPER - 1 } else { COLUMNS_ON_PAPER };
    (first..columns).filter(|column| number_column != Some(*column)).collect()
}

/// The column that contains the number of `recipient`, in any format.
fn column_of(recipient: &str, cells: &[String]) -> Option<usize> {
    let digits = |cell: &String| cell.chars().filter(char::is_ascii_digit).collect::<String>();
    cells.iter().position(|cell| {
        let national = digits(cell);
        let national = national.trim_start_matches('0');
        national.len() >= SHORTEST_NUMBER && recipient.ends_with(national)
    })
}

/// When rows ended, and in which state.
type RowEnds = Vec<(i64, RowState)>;

/// Adds every row of the run. Returns the times and states of outcomes, and a person's decisions.
fn read_rows(
    run: &ReportedRun<'_>,
    mask: bool,
    language: ReportLanguage,
    rows: &mut PageRows<'_>,
    deliveries: &mut DeliverySums,
) -> Result<(Outcomes, RowEnds, Decisions), BulkError> {
    let mut outcomes = Outcomes::default();
    let (mut ends, mut decisions) = (RowEnds::new(), Decisions::new());
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
        outcomes.add(row.state, reason, country, said.then_some((row.line, error.as_str())));
        deliveries.add(&row);
        if let (Some("resolved"), Some(at)) = (row.code.as_deref(), row.at) {
            course::note_decision(&mut decisions, at, row.state);
        }
        if let Some(failure) = undelivered(&row) {
            let code = failure.code.as_deref().and_then(|code| told_apart(code, &mut api_codes, mask));
            let said = failure.reason.as_deref().filter(|_| !mask && !code.is_some_and(is_known));
            outcomes.add_undelivered(code.unwrap_or("no_code"), said.map(|words| (row.line, words)));
        }
        ends.extend(row.ended_at.filter(|_| has_left(row.state)).map(|at| (at, row.state)));
        let rest = || {
            let cells = reported_cells(&run.details.columns, &row.cells)?;
            Ok::<_, BulkError>(RestOfRow { at: row.at, error: &error, cells, bubble: None })
        };
        let rest = if mask { None } else { Some(rest()?) };
        if let (None, Some(recipient), Some(rest)) = (rows.number_column, &row.recipient, &rest) {
            rows.number_column = column_of(recipient, &rest.cells);
        }
        rows.add(PageRow { line: row.line, state: row.state, reason, country, rest });
        Ok(())
    })?;
    Ok((outcomes, ends, decisions))
}

/// Adds as many rows to the page as fit, and returns how many are omitted.
fn fit(page: &mut Page, rows: &PageRows<'_>, language: ReportLanguage) -> Result<u64, BulkError> {
    let words_left_out = |left_out| language.counted("left_out_1", "left_out_n", left_out);
    // Everything except the rows' JSON has its maximum length.
    page.rows = ChosenRows { json: String::new(), number: rows.number, ..rows.choose(LARGEST) };
    page.left_out = Some(words_left_out(rows.number));
    let room = LARGEST.saturating_sub(render(page)?.len());
    page.rows = rows.choose(room);
    let left_out = rows.number - page.rows.number;
    page.left_out = (left_out > 0).then(|| words_left_out(left_out));
    Ok(left_out)
}

/// The page as text, with all values escaped.
fn render(page: &Page) -> Result<String, BulkError> {
    let failed = |error| BulkError::Report(io::Error::other::<minijinja::Error>(error));
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(failed)?;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(syntax);
    environment.add_template("bubble.html", BUBBLE).map_err(failed)?;
    let texts = minijinja::Value::from(Serde(&page.t));
    environment.add_filter("bubble", move |state: &State<'_, '_>, parts: minijinja::Value| {
        let drawn = state.env().get_template("bubble.html")?.render(context! { parts, t => texts.clone() })?;
        Ok::<_, minijinja::Error>(minijinja::Value::from_safe_string(drawn))
    });
    environment.render_str(TEMPLATE, Serde(page)).map_err(failed)
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

/// The message with its caption: the first one, or with `mask` the unfilled one.
fn message_of(
    run: &ReportedRun<'_>,
    language: ReportLanguage,
    mask: bool,
) -> Result<(Option<Vec<Part>>, String), BulkError> {
    let first = || {
        let first = run.ledger.first_message()?;
        let first = first.map(|(to, body)| {
            let body: Value = serde_json::from_str(&body).unwrap_or_default();
            (body, language.text_with("to", &to))
        });
        Ok::<_, LedgerError>(first)
    };
    let (body, caption) = if mask { typed_message(run.details, language) } else { unzipped(first()?, language) };
    let Some(body) = body else { return Ok((None, caption)) };
    let kind = Message::named(&run.details.kind);
    let read_as = kind.as_ref().and_then(|kind| kind.read_as(body.as_object()?));
    let texts = &run.details.template_texts;
    let parts = read_as.or(kind).map(|kind| texts.drawn(&kind, &body)).unwrap_or_default();
    Ok((Some(bubble::parts(parts)), caption))
}

/// The unfilled message, with its caption.
pub(super) fn typed_message(details: &Details, language: ReportLanguage) -> (Option<Value>, String) {
    let typed = details.message.clone().map(|message| (message, language.text("unfilled").to_owned()));
    unzipped(typed, language)
}

/// A message with its caption, or why there is none.
fn unzipped(message: Option<(Value, String)>, language: ReportLanguage) -> (Option<Value>, String) {
    match message {
        Some((body, caption)) => (Some(body), caption),
        None => (None, language.text("no_message").to_owned()),
    }
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
        "extra": page.extra,
        "mask": page.mask,
        "isPreview": page.is_preview,
        "page": FIRST_ROWS,
        "words": BTreeMap::from(words),
    });
    settings.to_string().replace('<', "\\u003c")
}
