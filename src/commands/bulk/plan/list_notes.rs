//! Notes about the whole list: differences between the sheet on a screen and the messages.

use jiff::civil::DateTime;

use crate::base::output::{Stderr, counted, counted_are};
use crate::commands::bulk::row_notes::NAMED;
use crate::lists::exclusions::CountryRule;
use crate::lists::list_file::{
    FallbackColumn, FormatFallback, ListReader, is_country_column, propose,
};
use crate::runs::import::{HiddenRule, ImportPlan, ImportResult};

/// Columns that the message uses, and that the sheet shows in another format. Rows after `last_line` are not sent.
pub(super) fn fallback_columns(
    list: &ListReader,
    plan: &ImportPlan<'_>,
    last_line: Option<u64>,
) -> Vec<String> {
    let is_printed = |column: &&FallbackColumn| {
        plan.texts().any(|(_, uses)| {
            uses.prints
                .iter()
                .any(|print| print.is_plain && list.is_column(&print.column, &column.name))
        })
    };
    let is_within = |column: &&FallbackColumn| last_line.is_none_or(|last| column.row <= last);
    let columns = list.notes.fallback_columns.iter();
    let lines = columns.filter(is_within).filter(is_printed).map(
        |FallbackColumn { name, why, format, row, stored, .. }| {
            let filter = filter_for(stored);
            let because = match why {
                FormatFallback::Format => format!(
                    "jelouctl does not know the format `{format}`; to format it, add a filter such as {filter}"
                ),
                FormatFallback::Country => format!(
                    "the format `{format}` depends on the country; add --country, or a filter such as {filter}"
                ),
            };
            format!("{name}: cells are sent as stored, `{stored}` in line {row}: {because}")
        },
    );
    lines.collect()
}

/// Returns a filter that formats a cell with the stored value `stored`: a date is stored as
/// `2026-12-05`.
fn filter_for(stored: &str) -> &'static str {
    // jiff reads eight digits as a date, too.
    if !stored.contains('-') || stored.parse::<DateTime>().is_err() {
        "number(2)"
    } else if stored.contains('T') {
        "date('%d/%m/%Y %H:%M')"
    } else {
        "date('%d/%m/%Y')"
    }
}

/// Prints how jelouctl reads numbers without `+` in a list that has countries.
pub(super) fn note_countries(stderr: &Stderr, imported: &ImportResult, rule: CountryRule) {
    let Some(column) = imported.columns.iter().find(|name| is_country_column(name)) else {
        return;
    };
    let column = column.trim();
    match rule.otherwise.filter(|_| !rule.by_column) {
        Some(country) => {
            stderr.note(&format!(
                "jelouctl reads numbers without + as numbers of {country} and ignores `{column}`"
            ));
        }
        None if imported.bare_codes.by_column => {
            stderr.note(&format!(
                "numbers without + are read with the country in `{column}`"
            ));
        }
        None => {}
    }
}

/// Prints which column has the recipients, if another one may have their mobiles.
pub(super) fn note_other_columns(stderr: &Stderr, imported: &ImportResult) {
    if let Some(column) = &imported.chosen_column
        && !imported.other_columns.is_empty()
    {
        let way = propose(&imported.other_columns);
        stderr.note(&format!(
            "the recipients are in `{column}`; to use another column, {way}"
        ));
    }
}

/// Describes the `hidden` rows, which the sheet hides or shows crossed out, up to `last_line`. None without any.
pub(super) fn describe_hidden(hidden: &[u64], last_line: Option<u64>) -> Option<String> {
    let is_within = |line: &u64| last_line.is_none_or(|last| *line <= last);
    let hidden: Vec<_> = hidden.iter().copied().filter(is_within).collect();
    if hidden.is_empty() {
        return None;
    }
    let more = if hidden.len() > NAMED { ", …" } else { "" };
    let lines = hidden
        .iter()
        .take(NAMED)
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    Some(format!(
        "{} hidden or crossed out in the sheet: line {lines}{more}",
        counted_are(hidden.len() as u64, "row")
    ))
}

/// Prints a note about everything that is not visible in the opened sheet. Rows after `last_line` are not sent.
pub(super) fn note_list(
    stderr: &Stderr,
    list: &ListReader,
    rule: Option<HiddenRule>,
    last_line: Option<u64>,
) {
    if let Some(misread) = &list.notes.misread {
        stderr.warning(misread);
    }
    let missing: Vec<_> = list
        .missing_columns()
        .into_iter()
        .map(|column| format!("`{column}`"))
        .collect();
    if !missing.is_empty() {
        stderr.note(&format!(
            "the list is a report without {}",
            missing.join(", ")
        ));
    }
    let hidden = describe_hidden(&list.notes.hidden_rows, last_line);
    if let (Some(hidden), Some(rule)) = (hidden, rule) {
        let done = match rule {
            HiddenRule::Skip => "skipped",
            HiddenRule::Send => "sent",
        };
        stderr.note(&format!("{hidden}; --hidden: {done}"));
    }
    let others = list.notes.other_sheets.len() as u64;
    if let Some(sheet) = list.notes.sheet.as_ref().filter(|_| others > 0) {
        let others = counted(others, "other sheet");
        let names = list.notes.named_sheets();
        stderr.note(&format!(
            "reading the sheet `{sheet}`; the workbook has {others}; to read another: --sheet NAME ({names})"
        ));
    }
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
            assert_eq!(described.as_deref(), expected, "{last_line:?}");
        }
    }

    #[test]
    fn filter_fits_the_stored_value() {
        for (stored, expected) in [
            ("2026-12-05", "date('%d/%m/%Y')"),
            ("2026-12-05T13:30:00", "date('%d/%m/%Y %H:%M')"),
            ("1500.5", "number(2)"),
            ("20261205", "number(2)"),
            ("0.15", "number(2)"),
        ] {
            assert_eq!(filter_for(stored), expected, "{stored}");
        }
    }
}
