//! The page of a list before its run, for approval: every message as its recipient would see it.

use std::io::Write;

use serde_json::Value;

use super::PageStyle;
use super::head::{facts, list_name};
use super::page::{Page, shown_message};
use super::plan::{ListPreview, Refusal, plan_facts};
use super::rows::{Outcomes, PageRow, PageRows, RowOutcome};
use super::texts::PageClock;
use crate::base::message::{Lang, Message, msg};
use crate::jelou::message::Part;
use crate::phone::find_country;
use crate::runs::cost::Estimate;
use crate::runs::import::{BulkError, Finding, Place, RowPlace, Severity};
use crate::runs::ledger::{LedgerError, NewDraftRow, RowState, SkipDetail, SkipReason, now};
use crate::runs::report::reported_cells;

/// Writes the page of `list`; returns a description of it. With a mask, the page has no cells and no numbers, and the
/// message is unfilled.
///
/// # Errors
/// If the draft cannot be read, or `to` cannot be written.
pub(crate) fn write_preview(
    list: &ListPreview<'_>,
    style: PageStyle,
    to: impl Write,
) -> Result<Message, BulkError> {
    let PageStyle {
        language,
        mask,
        zone,
    } = style;
    let clock = PageClock::new(zone, language).with_country(list.details.country);
    let mut rows = PageRows::new(&clock, mask);
    let mut reading = DraftReading {
        list,
        clock: &clock,
        language,
        outcomes: Outcomes::default(),
    };
    reading.outcomes.is_preview = true;
    reading.outcomes.is_refused = list.refused.is_some();
    list.draft.each_row(|row| reading.add(&row, &mut rows))?;
    let outcomes = reading.outcomes;
    let mut page = Page::new(list.details, &outcomes, &rows, now(), language);
    if let Some(refusal) = &list.refused {
        let failed = outcomes.counts.failed;
        page.refuse(refusal, failed, &clock, language);
    }
    page.next = list.to_send.clone().map(|command| ("to_send", command));
    page.name = list_name(list.details, language);
    page.state = if list.refused.is_some() {
        "not_ready"
    } else {
        "not_sent"
    };
    page.facts = facts(
        list.details,
        outcomes.counts.all(),
        None,
        None,
        &clock,
        language,
    );
    page.facts.extend(plan_facts(list, &clock, language));
    page.list_warnings = list_warnings(list.warnings, mask, &clock, language);
    page.cost = list.details.estimate.as_ref().map(Estimate::to_json);
    page.message = first_message(list, mask, language)?;
    if !mask {
        page.columns.push(language.text("recipient").to_owned());
    }
    page.write(&rows, &clock, language, to)
}

/// Writes the page of a list that was refused before its columns were known; returns a description of it. `name` is that
/// of the file, or None for standard input.
///
/// # Errors
/// If `to` cannot be written.
pub(crate) fn write_refused_list(
    name: Option<String>,
    refusal: &Refusal,
    style: PageStyle,
    to: impl Write,
) -> Result<Message, BulkError> {
    let PageStyle {
        language,
        mask,
        zone,
    } = style;
    let clock = PageClock::new(zone, language);
    let rows = PageRows::new(&clock, mask);
    let mut page = Page::without_rows(mask, now(), language);
    page.name = name.unwrap_or_else(|| language.text("standard_input").to_owned());
    page.state = "not_ready";
    page.refuse(refusal, 0, &clock, language);
    page.write(&rows, &clock, language, to)?;
    Ok(msg!("a page that says why the list is refused"))
}

impl Page {
    /// Says why the list cannot be sent, and what to do. `failed` is the number of rows that cannot be sent.
    fn refuse(&mut self, refusal: &Refusal, failed: u64, clock: &PageClock, language: Lang) {
        let mask = self.mask;
        self.refused = Some(refusal_in_words(refusal, mask, failed, clock, language));
        let remedy = refusal.hint.as_ref().filter(|_| !mask);
        self.remedy = remedy.map(|hint| clock.shown(hint)).unwrap_or_default();
    }
}

/// Reads the rows of a draft.
struct DraftReading<'a> {
    list: &'a ListPreview<'a>,
    clock: &'a PageClock,
    language: Lang,
    outcomes: Outcomes,
}

impl DraftReading<'_> {
    fn add(&mut self, row: &NewDraftRow<'_>, rows: &mut PageRows<'_>) -> Result<(), LedgerError> {
        let (state, reason, words) = plan_row(self.list, row, self.clock, self.language);
        let outcome = RowOutcome::new(state);
        let request = row.request.as_ref();
        let recipient = request.map(|request| request.recipient);
        let country = recipient.and_then(find_country).unwrap_or_default();
        let is_shown = !rows.mask && !words.is_empty();
        let example = is_shown.then_some((row.line, words.as_str()));
        self.outcomes.add(outcome, reason, country, example);
        let shown = match recipient {
            Some(recipient) => recipient.to_owned(),
            None => describe_cells(self.list, row.cells)?,
        };
        let bubble = build_bubble(
            self.list,
            request.map(|request| request.body),
            self.language,
        )?;
        rows.add(PageRow {
            line: row.line,
            outcome,
            reason,
            country,
            at: None,
            error: &words,
            cells: vec![shown],
            bubble: Some(bubble),
        });
        Ok(())
    }
}

/// Returns the planned outcome of a row: its state, its reason, and a text for both. Here the state sent means ready,
/// unknown needs a check, and failed cannot be sent.
fn plan_row(
    list: &ListPreview<'_>,
    row: &NewDraftRow<'_>,
    clock: &PageClock,
    language: Lang,
) -> (RowState, &'static str, String) {
    let findings = list
        .findings
        .get(&row.line)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut each = findings.iter();
    let fault = each.find(|finding| finding.severity == Severity::Fault);
    let is_fault =
        |reason| matches!(reason, SkipReason::Invalid | SkipReason::Repeated) && !list.skip_invalid;
    if let Some(SkipDetail { reason, problem }) = row
        .skip
        .as_ref()
        .filter(|skip| fault.is_none() || !is_fault(skip.reason))
    {
        return (RowState::Skipped, reason.name(), clock.shown(problem));
    }
    let words: Vec<_> = findings
        .iter()
        .map(|finding| describe(finding, clock, language))
        .collect();
    let (state, reason) = match (fault, findings) {
        (Some(fault), _) => {
            let skip = row.skip.as_ref().map(|skip| skip.reason.name());
            (RowState::Failed, skip.unwrap_or(reason_name(fault)))
        }
        (None, [first, ..]) => (RowState::Unknown, reason_name(first)),
        (None, []) => (RowState::Sent, ""),
    };
    (state, reason, words.join("; "))
}

/// Describes why the list is refused. With a mask, a reason that may name a recipient is replaced by the number of the
/// rows that cannot be sent, if there are any.
fn refusal_in_words(
    refusal: &Refusal,
    mask: bool,
    failed: u64,
    clock: &PageClock,
    language: Lang,
) -> String {
    if !mask || !refusal.may_name_recipients {
        return clock.shown(&refusal.reason);
    }
    match failed {
        0 => String::new(),
        failed => language.counted("rows_cannot_be_sent", failed),
    }
}

/// Returns the warnings about the whole list. They may have cells of the list, so with a mask there is only their
/// number.
fn list_warnings(
    warnings: &[Message],
    mask: bool,
    clock: &PageClock,
    language: Lang,
) -> Vec<String> {
    if !mask {
        let shown = warnings.iter().map(|warning| clock.shown(warning));
        return shown.collect();
    }
    match warnings.len() as u64 {
        0 => Vec::new(),
        number => vec![language.counted("masked_warnings", number)],
    }
}

/// Returns the name of a reason that does not skip the row.
fn reason_name(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Fault => SkipReason::NotAllowed.name(),
        Severity::Warning => "warning",
        Severity::Note => "same_person",
    }
}

fn describe(finding: &Finding, clock: &PageClock, language: Lang) -> String {
    match finding.place {
        Place::Row(RowPlace {
            same_as: Some(of), ..
        }) => language.text_with("same_person_as", &of.to_string()),
        _ => clock.shown(&finding.message),
    }
}

/// Describes a row without a recipient by its cells: `celular: 12 · nombre: Ana`.
fn describe_cells(list: &ListPreview<'_>, cells: &str) -> Result<String, LedgerError> {
    let columns = &list.details.columns;
    let cells = reported_cells(columns, cells).map_err(LedgerError::damaged)?;
    let filled = columns
        .iter()
        .zip(&cells)
        .filter(|(_, cell)| !cell.is_empty());
    Ok(filled
        .map(|(column, cell)| format!("{column}: {cell}"))
        .collect::<Vec<_>>()
        .join(" · "))
}

/// Draws the message of the first row to send. Without a row to send, or with a mask, it is the message as typed.
fn first_message(
    list: &ListPreview<'_>,
    mask: bool,
    language: Lang,
) -> Result<Option<Value>, LedgerError> {
    let mut first = None;
    if !mask {
        list.draft.each_row_to_send_up_to(1, |_, request| {
            let body: Value = serde_json::from_str(request.body).map_err(LedgerError::damaged)?;
            first = shown_message(draw(list, &body, language), Some(request.recipient));
            Ok::<_, LedgerError>(())
        })?;
    }
    let typed = || {
        let body = list.details.message.as_ref()?;
        shown_message(draw(list, body, language), None)
    };
    Ok(first.or_else(typed))
}

fn build_bubble(
    list: &ListPreview<'_>,
    body: Option<&str>,
    language: Lang,
) -> Result<Vec<Part>, LedgerError> {
    let Some(body) = body else {
        return Ok(Vec::new());
    };
    let body = serde_json::from_str(body).map_err(LedgerError::damaged)?;
    Ok(Part::simple(draw(list, &body, language)))
}

fn draw(list: &ListPreview<'_>, body: &Value, language: Lang) -> Vec<Part> {
    let texts = &list.details.template_texts;
    texts.drawn(list.kind, body, language)
}
