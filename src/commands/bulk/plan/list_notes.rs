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
    let is_read = |column: &&FallbackColumn| last_line.is_none_or(|end| column.row <= end);
    let columns = list.notes.fallback_columns.iter();
    let lines = columns.filter(is_read).filter(is_printed).map(
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

/// Returns the rows that the sheet hides or shows crossed out, if any.
pub(super) fn hidden_rows(list: &ListReader) -> Option<String> {
    let hidden = Some(&list.notes.hidden_rows).filter(|hidden| !hidden.is_empty())?;
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

/// Prints a note about everything that is not visible in the opened sheet.
pub(super) fn note_list(stderr: &Stderr, list: &ListReader, rule: Option<HiddenRule>) {
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
    if let (Some(hidden), Some(rule)) = (hidden_rows(list), rule) {
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
