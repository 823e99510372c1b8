//! Findings about the whole list: differences between the sheet on a screen and the messages.

use jiff::civil::DateTime;

use super::countries::country_column;
use super::finding::{Finding, Place};
use super::import_result::ImportResult;
use super::plan::ImportPlan;
use super::policy::HiddenRule;
use crate::base::message::{Message, msg};
use crate::lists::list_file::{FallbackColumn, FormatFallback, ListReader, read_sheet};

/// The most lines that a finding names.
const NAMED: usize = 5;

/// The findings about a list.
pub(crate) struct ListFindings {
    /// The columns with cells that are sent as stored. With `--strict`, they are an error.
    pub(super) fallbacks: Vec<Finding>,
    /// In the order in which they are printed.
    pub(crate) all: Vec<Finding>,
}

impl ListFindings {
    /// Collects the findings about a list that was read up to `imported.last_line`, or to its end.
    pub(crate) fn collect(
        list: &ListReader,
        plan: &ImportPlan<'_>,
        imported: &ImportResult,
    ) -> Self {
        let fallbacks = fallback_columns(list, plan, imported.last_line);
        let texts = imported.warnings.iter().cloned().map(Finding::warning);
        let all = texts
            .chain(fallbacks.iter().cloned())
            .chain(countries(imported, plan))
            .chain(imported.unmet.iter().cloned())
            .chain(unseen(list, plan.policy.hidden, imported.last_line))
            .chain(limit(imported))
            .collect();
        Self { fallbacks, all }
    }
}

/// Columns that the message uses, and that the sheet shows in another format. Rows after `last_line` are not sent.
fn fallback_columns(
    list: &ListReader,
    plan: &ImportPlan<'_>,
    last_line: Option<u64>,
) -> Vec<Finding> {
    let is_printed = |column: &&FallbackColumn| {
        plan.texts().any(|(_, uses)| {
            let mut printed = uses.printed_as_shown.iter();
            printed.any(|printed| list.is_column(printed, &column.name))
        })
    };
    let is_within = |column: &&FallbackColumn| last_line.is_none_or(|last| column.row <= last);
    let columns = list.notes.fallback_columns.iter();
    columns
        .filter(is_within)
        .filter(is_printed)
        .map(sent_as_stored)
        .collect()
}

fn sent_as_stored(column: &FallbackColumn) -> Finding {
    let FallbackColumn {
        name,
        why,
        format,
        row,
        stored,
        ..
    } = column;
    let filter = filter_for(stored);
    let (because, way) = match why {
        FormatFallback::Format => (
            msg!("jelouctl does not know the format `{format}`", format),
            msg!("to format it, add a filter such as {filter}", filter),
        ),
        FormatFallback::Country => (
            msg!("the format `{format}` depends on the country", format),
            msg!("add --country, or a filter such as {filter}", filter),
        ),
    };
    Finding::warning(msg!(
        "cells are sent as stored, `{stored}` in line {row}: {because}",
        stored,
        row,
        because
    ))
    .at(Place::Column(name.clone()))
    .with_hint(way)
}

/// Returns a filter that formats a cell with the stored value `stored`: a date is stored as
/// `2026-12-05`.
fn filter_for(stored: &str) -> &'static str {
    // jiff reads eight digits as a date, too.
    if !stored.contains('-') || stored.parse::<DateTime>().is_err() {
        "number(2)"
    } else if stored.contains('T') {
        "date(\"%d/%m/%Y %H:%M\")"
    } else {
        "date(\"%d/%m/%Y\")"
    }
}

/// Returns the column with the countries of numbers without `+`, if any of them has one.
fn countries(imported: &ImportResult, plan: &ImportPlan<'_>) -> Option<Finding> {
    let column = country_column(&imported.columns, &plan.countries)?;
    let message = msg!(
        "numbers without + are read with the country in `{column}`",
        column
    );
    imported.uses_country_column.then(|| Finding::note(message))
}

/// Describes the `hidden` rows, which the sheet hides or shows crossed out, up to `last_line`. None without any.
pub(super) fn describe_hidden(hidden: &[u64], last_line: Option<u64>) -> Option<Message> {
    let is_within = |line: &u64| last_line.is_none_or(|last| *line <= last);
    let hidden: Vec<_> = hidden.iter().copied().filter(is_within).collect();
    if hidden.is_empty() {
        return None;
    }
    let mut lines: Vec<_> = hidden.iter().take(NAMED).map(ToString::to_string).collect();
    lines.extend((hidden.len() > NAMED).then(|| "…".to_owned()));
    Some(msg!(
        "{rows} {rows|row is|rows are} hidden or crossed out in the sheet: line {lines}",
        rows = hidden.len(),
        lines = lines.join(", ")
    ))
}

/// Returns what is not visible in the opened sheet, or in its encoding.
fn unseen(list: &ListReader, rule: Option<HiddenRule>, last_line: Option<u64>) -> Vec<Finding> {
    let misread = list.notes.misread.clone().map(Finding::warning);
    let missing: Vec<_> = list
        .missing_columns()
        .into_iter()
        .map(|column| format!("`{column}`"))
        .collect();
    let missing = (!missing.is_empty()).then(|| {
        let columns = missing.join(", ");
        Finding::note(msg!("the list is a report without {columns}", columns))
    });
    let hidden = describe_hidden(&list.notes.hidden_rows, last_line);
    let hidden = hidden.zip(rule).map(|(hidden, rule)| {
        Finding::note(match rule {
            HiddenRule::Skip => msg!("{hidden}; --hidden: skipped", hidden),
            HiddenRule::Send => msg!("{hidden}; --hidden: sent", hidden),
        })
    });
    let sheets = other_sheets(list);
    [misread, missing, hidden, sheets]
        .into_iter()
        .flatten()
        .collect()
}

/// Returns where the list is cut.
fn limit(imported: &ImportResult) -> Option<Finding> {
    let line = imported.last_line?;
    Some(Finding::note(msg!(
        "--limit is reached in line {line}; later rows are neither checked nor sent",
        line
    )))
}

/// Returns which sheet is read, if the workbook has several.
fn other_sheets(list: &ListReader) -> Option<Finding> {
    let sheet = list.notes.sheet.as_ref()?;
    let other = list.notes.other_sheets.first()?;
    let others = list.notes.other_sheets.len();
    let names = list.notes.named_sheets();
    let found = Finding::note(msg!(
        "reading the sheet `{sheet}`; the workbook has {others} other {others|sheet|sheets}: {names}",
        sheet,
        others,
        names
    ));
    Some(found.with_hint(read_sheet(other).way()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_rows_after_the_limit_are_not_described() {
        for (last_line, expected) in [
            (
                None,
                Some("2 rows are hidden or crossed out in the sheet: line 3, 9"),
            ),
            (
                Some(9),
                Some("2 rows are hidden or crossed out in the sheet: line 3, 9"),
            ),
            (
                Some(8),
                Some("1 row is hidden or crossed out in the sheet: line 3"),
            ),
            (Some(2), None),
        ] {
            let described = describe_hidden(&[3, 9], last_line);
            assert_eq!(
                described.map(|it| it.to_string()).as_deref(),
                expected,
                "{last_line:?}"
            );
        }
    }

    #[test]
    fn filter_fits_the_stored_value() {
        for (stored, expected) in [
            ("2026-12-05", "date(\"%d/%m/%Y\")"),
            ("2026-12-05T13:30:00", "date(\"%d/%m/%Y %H:%M\")"),
            ("1500.5", "number(2)"),
            ("20261205", "number(2)"),
            ("0.15", "number(2)"),
        ] {
            assert_eq!(filter_for(stored), expected, "{stored}");
        }
    }
}
