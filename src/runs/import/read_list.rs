//! Reads the rows of a list into a draft, and decides whether the list may be sent. Also finds differences between the
//! sheet on a screen and the messages.

use jiff::civil::{DateTime, Time};

use super::countries::{NO_COUNTRY, country_column};
use super::earlier::{compare, refuse_reported};
use super::error::BulkError;
use super::exclude::{UnsentRows, skip_excluded};
use super::finding::{Finding, Place, RowCollector, Severity};
use super::import_result::{ImportResult, describe_not_allowed};
use super::plan::ImportPlan;
use super::policy::HiddenRule;
use super::questions::{hidden_rows, which_country};
use super::rows::import_list;
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::base::question::{PossibleAnswer, TypedFlag};
use crate::lists::column_facts::ColumnTable;
use crate::lists::exclusions::Exclusions;
use crate::lists::list_file::{FallbackColumn, FormatFallback, ListReader, read_sheet};
use crate::runs::ledger::{
    LedgerDraft, LedgerError, RunConditions, SkipDetail, SkipReason, excluded_in_ledger,
};

/// The results of reading a list, apart from its rows, which are in the draft.
pub(crate) struct ListReading {
    pub(crate) imported: ImportResult,
    /// What the rows send, column by column. Empty for a test.
    pub(crate) columns: ColumnTable,
    /// The error if the list may not be sent.
    pub(crate) list_error: Option<BulkError>,
    /// The error if earlier runs prevent a send.
    pub(crate) earlier_error: Option<BulkError>,
    /// The findings about the whole list.
    pub(crate) findings: Vec<Finding>,
}

impl ImportPlan<'_> {
    /// Skips the rows of recipients that the ledger excludes or that are outside the 24-hour window, and the rows that
    /// earlier runs have. A sandbox run has no earlier runs. Returns whether the last command with the key had another
    /// --every.
    fn skip_rows(&self, draft: &mut LedgerDraft) -> Result<bool, BulkError> {
        if let Some(ledger) = self.ledger {
            ledger.skip_excluded(self.sandbox, draft)?;
        }
        let Some(checks) = &self.checks else {
            return Ok(false);
        };
        let rows = UnsentRows::OfDraft(draft);
        skip_excluded(rows, &Exclusions::default(), checks.is_in_window)?;
        let Some(ledger) = self.ledger.filter(|_| !self.sandbox) else {
            return Ok(false);
        };
        ledger.with_earlier_runs(&checks.earlier, |known| {
            compare(checks.conditions, known, draft, &checks.zone)
        })
    }
}

/// Reads every row of `list` into `draft`. A row that cannot or may not be sent is not an error: the results contain it.
/// `rows` gets the findings in rows, also with an error, and `is_read` the number of rows so far.
pub(crate) fn read_list(
    list: &mut ListReader,
    draft: &mut LedgerDraft,
    import: &ImportPlan<'_>,
    rows: &mut RowCollector<'_>,
    is_read: &dyn Fn(u64),
) -> Result<ListReading, BulkError> {
    let mut earlier = Ok(false);
    let mut imported = import_list(
        list,
        draft,
        import,
        &mut |note| rows.add(note),
        is_read,
        |draft| {
            earlier = import.skip_rows(draft);
            earlier.is_ok()
        },
    )?;
    let earlier = earlier
        .and_then(|_| refuse_reported(rows.reported(), import.reported))
        .and_then(|()| import.skip_rows(draft));
    if earlier.is_err() && import.policy.notes_rejects {
        draft.skip_earlier(None)?;
    }
    for line in draft.lines_excluded_in_ledger()? {
        rows.add_finding(Finding::skipped_row(line, excluded_in_ledger().problem));
    }
    imported.count(draft);
    imported.settle_repeated(draft, import.policy, &mut |note| rows.add(note))?;
    let first_not_allowed = find_not_allowed(draft, import, &mut imported, rows)?;
    let found = ListFindings::collect(list, import, &imported);
    let list_error = refuse_list(list, import, &imported, &found)
        .err()
        .map(BulkError::from)
        .or_else(|| first_not_allowed.map(|first| not_allowed(&first, imported.not_allowed)));
    let mut findings = found.all;
    let mut columns = ColumnTable::default();
    if let Some(checks) = &import.checks {
        if let Ok(true) = earlier {
            findings.extend(other_every(checks.conditions));
        }
        imported.keep_templates_to_send(draft)?;
        columns = imported.column_table(list, draft, import)?;
    }
    Ok(ListReading {
        imported,
        columns,
        list_error,
        earlier_error: earlier.err(),
        findings,
    })
}

/// Returns the note that the last command with the key had another --every.
fn other_every(conditions: &RunConditions) -> Option<Finding> {
    let key = conditions.once.as_ref()?;
    Some(Finding::note(msg!(
        "an earlier command with --once {key} had another --every; this one uses its own",
        key = key.to_string()
    )))
}

/// Counts the rows with recipients that are not allowed, and returns why the first is not. Runs after every step that
/// skips rows.
fn find_not_allowed(
    draft: &mut LedgerDraft,
    import: &ImportPlan<'_>,
    imported: &mut ImportResult,
    rows: &mut RowCollector<'_>,
) -> Result<Option<Message>, LedgerError> {
    let Some(refusal) = import
        .checks
        .as_ref()
        .and_then(|checks| checks.why_not_allowed)
    else {
        return Ok(None);
    };
    let mut first = None;
    let mut found = Vec::new();
    draft.each_row_to_send(|row, request| {
        let recipients = request.recipients()?;
        if let Some(problem) = refusal(&mut recipients.iter().map(String::as_str)) {
            found.push(row.index);
            first.get_or_insert(problem);
            let problem = describe_not_allowed();
            rows.add_finding(Finding {
                reason: SkipReason::NotAllowed,
                ..Finding::for_row(row.line, Severity::Fault, problem)
            });
        }
        Ok::<_, LedgerError>(())
    })?;
    imported.not_allowed = found.len() as u64;
    if import.policy.notes_rejects {
        for n in found {
            let skip = SkipDetail {
                reason: SkipReason::NotAllowed,
                problem: describe_not_allowed(),
            };
            draft.skip(n, &skip)?;
        }
    }
    Ok(first)
}

/// Returns the error for `rows` rows with recipients that are not allowed.
fn not_allowed(first: &Message, rows: u64) -> BulkError {
    BulkError::NotAllowed(UsageError::new(
        msg!(
            "{rows} {rows|row has a recipient that is|rows have recipients that are} not allowed{rows|:|; the first:} {first}",
            rows,
            first
        ),
        msg!("to skip {rows|it|them}: --skip-not-allowed", rows),
    ))
}

/// Refuses a list that may not be sent. An error that a flag can settle has a question.
fn refuse_list(
    list: &ListReader,
    plan: &ImportPlan<'_>,
    imported: &ImportResult,
    findings: &ListFindings,
) -> Result<(), UsageError> {
    if let Some(unclear) = &imported.unclear_column {
        return Err(unclear.clone());
    }
    let conflict = &imported.country_conflict;
    conflict.refuse(plan.countries.otherwise)?;
    refuse_faulty(imported, plan)?;
    if let Some(misread) = list.notes.misread.as_ref().filter(|_| plan.strict) {
        let hint = msg!("pass the right --encoding, or remove --strict");
        return Err(UsageError::new(misread.clone(), hint));
    }
    if let Some(fallback) = findings.fallbacks.first().filter(|_| plan.strict) {
        return Err(UsageError {
            hint: fallback.hint.clone(),
            ..UsageError::bare(fallback.line())
        });
    }
    match describe_hidden(&list.notes.hidden_rows, imported.last_line) {
        Some(hidden) if plan.policy.hidden.is_none() => {
            Err(UsageError::open(hidden, hidden_rows()))
        }
        _ => Ok(()),
    }
}

fn refuse_faulty(imported: &ImportResult, plan: &ImportPlan<'_>) -> Result<(), UsageError> {
    let policy = plan.policy;
    let ImportResult {
        rows,
        invalid,
        duplicates,
        ..
    } = imported;
    let faulty = invalid + duplicates;
    match (invalid, duplicates) {
        _ if rows + imported.skipped_on_purpose() == 0
            && (policy.skip_invalid || *duplicates == 0) =>
        {
            Err(refuse_every_row(imported, plan))
        }
        (0, 0) => Ok(()),
        _ if policy.skip_invalid => ask_before_skipping(imported, plan),
        (0, _) => Err(UsageError::new(
            msg!(
                "{rows} {rows|row repeats|rows repeat} a message to the same recipient",
                rows = faulty
            ),
            msg!(
                "to skip {rows|it|them}: --skip-invalid; to send {rows|it|them}: --allow-duplicates",
                rows = faulty
            ),
        )),
        (_, _) => {
            let message = msg!("{rows} {rows|row|rows} cannot be sent", rows = faulty);
            let hint = msg!("to skip {rows|it|them}: --skip-invalid", rows = faulty);
            Err(without_country(&message, imported, plan)
                .unwrap_or_else(|| UsageError::new(message, hint)))
        }
    }
}

/// Asks for the country of local numbers before they are skipped as invalid.
fn ask_before_skipping(imported: &ImportResult, plan: &ImportPlan<'_>) -> Result<(), UsageError> {
    if !plan.can_ask {
        return Ok(());
    }
    let message = msg!(
        "{rows} {rows|row|rows} cannot be sent",
        rows = imported.invalid
    );
    let Some(mut error) = without_country(&message, imported, plan) else {
        return Ok(());
    };
    let Some(question) = &mut error.question else {
        return Ok(());
    };
    let flag = TypedFlag::with_value("--country", NO_COUNTRY);
    let skip = PossibleAnswer::new(msg!("skip them"), flag);
    question.answers.push(skip);
    Err(error)
}

/// Returns the error for a list without a valid row.
fn refuse_every_row(imported: &ImportResult, plan: &ImportPlan<'_>) -> UsageError {
    let message = msg!("no row can be sent");
    without_country(&message, imported, plan).unwrap_or_else(|| UsageError::bare(message))
}

/// Returns the error for local numbers without a country; None if there are none. With their country these recipients get
/// their message, with --skip-invalid they do not.
fn without_country(
    message: &Message,
    imported: &ImportResult,
    plan: &ImportPlan<'_>,
) -> Option<UsageError> {
    if plan.countries.has_none {
        return None;
    }
    let (first, others) = imported.without_country.split_first()?;
    let line = first.line;
    let message = match first.written.as_str() {
        "" => msg!(
            "{message}; line {line} has a local number without its country",
            message,
            line
        ),
        written => msg!(
            "{message}; `{written}` in line {line} is a local number without its country",
            message,
            written,
            line
        ),
    };
    // --country would override the column, and send the numbers of other countries to strangers.
    let hint = match country_column(&imported.columns, &plan.countries) {
        Some(column) if others.is_empty() => {
            msg!(
                "write the country of the number in `{column}` in line {line}",
                column,
                line
            )
        }
        Some(column) => {
            msg!(
                "write the countries of the local numbers in `{column}`, first in line {line}",
                column,
                line
            )
        }
        None => {
            let question = which_country(imported);
            return Some(UsageError::open(message, question));
        }
    };
    Some(UsageError::new(message, hint))
}

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
            msg!("to send what the sheet shows, save it as CSV UTF-8"),
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
    if !stored.contains('-') && stored.contains(':') && stored.parse::<Time>().is_ok() {
        return "date(\"%H:%M\")";
    }
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
            ("13:30:00", "date(\"%H:%M\")"),
            ("1500.5", "number(2)"),
            ("20261205", "number(2)"),
            ("0.15", "number(2)"),
        ] {
            assert_eq!(filter_for(stored), expected, "{stored}");
        }
    }
}
