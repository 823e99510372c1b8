//! Checks before a run begins, and prints a summary. At a terminal it shows enough to answer the question. Elsewhere it
//! has only numbers, because a recipient's message does not belong in a log.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::plan::begin::PreparedList;
use super::send::report_end::ActiveRun;
use super::skips::skips_in_words;
use super::waiting::report_closed;
use crate::base::output::{counted, one_line, rounded, wrapped};
use crate::base::timestamps::{self, local_time};
use crate::command_error::CommandError;
use crate::jelou::message::{MessageKind, Part, TemplateTexts};
use crate::lists::exclusions::Exclusions;
use crate::runs::cost::{Estimate, RunCost};
use crate::runs::ledger::{LedgerDraft, LedgerError, Run, RunSettings};
use crate::sender::context::Context;

/// The number of terminal columns to use.
const COLUMNS: usize = 80;
/// The number of lines of the first message to show.
const DRAWN_LINES: usize = 10;

impl PreparedList<'_> {
    /// Prints the summary before the question. Shows the first message only if the command will ask (`is_asked`), and the
    /// duration unless a warning already said that it `takes_days`.
    pub(super) fn report_before(
        &self,
        is_asked: bool,
        takes_days: bool,
    ) -> Result<(), CommandError> {
        let Self {
            context,
            kind,
            draft,
            details,
            exclusions,
            ..
        } = self;
        let stderr = &context.stderr;
        if stderr.is_quiet() {
            return Ok(());
        }
        let rows = draft.to_be_sent();
        let mut lines: Vec<_> = left_out(draft).into_iter().collect();
        lines.extend(
            excluding(exclusions)
                .into_iter()
                .chain(by_country(rows, &draft.countries()?)),
        );
        lines.extend(details.estimate.iter().flat_map(Estimate::words));
        if is_asked && !takes_days {
            lines.extend(duration(rows, details));
        }
        if !is_asked {
            for line in &lines {
                stderr.note(line);
            }
            return Ok(());
        }
        draft.first_sent(1, |row, first| {
            let of = if rows == 1 {
                "the message"
            } else {
                "the first message"
            };
            let drawn = draw(kind, first.body, &details.template_texts)?;
            draw_first(
                context,
                of,
                (row.line, first.recipient, drawn),
                "; --preview 1 shows all",
            );
            Ok::<_, LedgerError>(())
        })?;
        say(context, lines);
        Ok(())
    }

    /// Shows the first `most` messages as their recipients would see them.
    pub(super) fn draw_messages(&self, most: u64) -> Result<(), CommandError> {
        self.draft.first_sent(most, |_, message| {
            let lines = draw(self.kind, message.body, &self.details.template_texts)?;
            self.context.stderr.preview(message.recipient, &lines);
            Ok(())
        })
    }
}

impl ActiveRun<'_> {
    /// Prints what the run still has to send, at a terminal, before the question.
    pub(super) fn report_before(&self, run: &Run) -> Result<(), CommandError> {
        let Self {
            context,
            details,
            exclusions,
            ..
        } = self;
        if context.stderr.is_quiet() {
            return Ok(());
        }
        let counts = run.counts()?;
        if let (Some(first), Some(kind)) = (
            run.pending_behind(0, 1)?.pop(),
            MessageKind::named(&details.kind),
        ) {
            let of = if counts.pending == 1 {
                "the unsent message"
            } else {
                "the first unsent message"
            };
            let lines = draw(&kind, &first.body, &details.template_texts)?;
            draw_first(context, of, (first.line, &first.recipient, lines), "");
        }
        let duration =
            duration(counts.pending, details).filter(|_| details.conditions.per_day.is_none());
        let spent = run.spent()?.as_ref().map(RunCost::words);
        say(
            context,
            excluding(exclusions)
                .into_iter()
                .chain(spent)
                .chain(duration),
        );
        report_closed(context, details.conditions.hours.as_ref());
        Ok(())
    }
}

fn say(context: &Context, lines: impl IntoIterator<Item = String>) {
    for line in lines {
        context.stderr.known(&wrapped(&one_line(&line), COLUMNS));
    }
}

/// Shows a message above the question, given its line, its recipient and its drawn lines. `more` says how to see the
/// rest of a long one.
fn draw_first(
    context: &Context,
    of: &str,
    (line, recipient, lines): (u64, &str, Vec<String>),
    more: &str,
) {
    say(
        context,
        [format!("{of}, line {line}, as {recipient} would see it:")],
    );
    // The mark at the side takes four columns.
    let mut lines: Vec<_> = lines
        .iter()
        .flat_map(|line| wrapped(&one_line(line), COLUMNS - 4))
        .collect();
    if lines.len() > DRAWN_LINES {
        let cut = lines.split_off(DRAWN_LINES - 1).len();
        lines.push(format!("… and {}{more}", counted(cut as u64, "line")));
    }
    context.stderr.bubble(&lines);
}

/// The lines that show a body as its recipient would see it.
fn draw(kind: &MessageKind, body: &str, texts: &TemplateTexts) -> Result<Vec<String>, LedgerError> {
    let body = serde_json::from_str(body).map_err(LedgerError::damaged)?;
    Ok(Part::lines(texts.drawn(kind, &body)))
}

/// `100 rows: 95 to send; skipped: 3 invalid, 2 already sent`; None if no row is skipped.
fn left_out(draft: &LedgerDraft) -> Option<String> {
    let sent = draft.to_be_sent();
    let skips = draft.skip_counts();
    let rows = counted(sent + skips.all(), "row");
    let reasons = skips_in_words(skips)?;
    Some(format!("{rows}: {sent} to send; skipped: {reasons}"))
}

/// `by country: EC 90, CO 5, without a country 1`; None if no number has a country.
fn by_country(rows: u64, by_country: &BTreeMap<&str, u64>) -> Option<String> {
    let mut countries: Vec<_> = by_country.iter().collect();
    countries.sort_by_key(|(_, rows)| Reverse(**rows));
    let none = rows - by_country.values().sum::<u64>();
    let mut named: Vec<_> = countries
        .iter()
        .map(|(country, rows)| format!("{country} {rows}"))
        .collect();
    if named.is_empty() {
        return None;
    }
    named.extend((none > 0).then(|| format!("without a country {none}")));
    Some(format!("by country: {}", named.join(", ")))
}

/// `exclusion lists: bajas.xlsx: 214 recipients from 2 sheets`, whether or not this list has them; None without lists.
fn excluding(exclusions: &Exclusions) -> Option<String> {
    let lists: Vec<_> = exclusions.lists.iter().map(ToString::to_string).collect();
    (!lists.is_empty()).then(|| format!("exclusion lists: {}", lists.join("; ")))
}

/// How long the rows take, and when the last one is sent.
fn duration(rows: u64, details: &RunSettings) -> Option<String> {
    let takes = details.time_for(rows).filter(|takes| takes.as_secs() > 0)?;
    let now = timestamps::now();
    let work = SignedDuration::try_from(takes).ok()?;
    let end = match &details.conditions.hours {
        Some(hours) => hours.end_of(now, work).map(|end| hours.shown(end)),
        None => now
            .checked_add(work)
            .ok()
            .map(|end| local_time(end.as_millisecond())),
    };
    let end = end.map(|end| format!(", until {end}")).unwrap_or_default();
    Some(format!(
        "at {}/s this takes {}{end}",
        details.shown_rate(),
        rounded(takes)
    ))
}
