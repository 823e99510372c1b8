//! Decides whether a list may be sent, after every row is read.

use super::countries::country_column;
use super::import_result::ImportResult;
use super::list_findings::{ListFindings, describe_hidden};
use super::plan::ImportPlan;
use super::questions::{hidden_rows, which_country};
use crate::base::input::UsageError;
use crate::base::message::{Message, msg};
use crate::lists::list_file::ListReader;

/// Refuses a list that may not be sent. An error that a flag can settle has a question.
pub(crate) fn refuse_list(
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
        _ if policy.skip_invalid => Ok(()),
        (0, _) => Err(UsageError::new(
            msg!(
                "{rows} {rows|row|rows} with the message and recipient of another row",
                rows = faulty
            ),
            msg!(
                "to skip {rows|it|them}: --skip-invalid; to send {rows|it|them}: --allow-duplicates",
                rows = faulty
            ),
        )),
        (_, _) => {
            let message = msg!("{rows} {rows|row|rows} cannot be sent", rows = faulty);
            let hint = msg!(
                "fix {rows|it|them}; or, to skip {rows|it|them}: --skip-invalid",
                rows = faulty
            );
            Err(without_country(&message, imported, plan)
                .unwrap_or_else(|| UsageError::new(message, hint)))
        }
    }
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
            let question = which_country(&imported.without_country);
            return Some(UsageError::open(message, question));
        }
    };
    Some(UsageError::new(message, hint))
}
