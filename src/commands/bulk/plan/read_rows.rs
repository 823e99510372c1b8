//! Reads the list and reports the faults of its rows.

use super::list_notes::{
    RowMessages, RowNotes, Severity, excluded_words, hidden_rows, tell_of_countries, tell_of_list,
    unshown_columns,
};
use crate::base::input::UsageError;
use crate::base::output::{ProgressFormat, ReadProgress, counted};
use crate::command_error::CommandError;
use crate::commands::bulk::earlier::refuse_reported;
use crate::lists::list_file::ListReader;
use crate::runs::import::{
    ImportPlan, ImportPolicy, Imported, NOT_ALLOWED, Remarks, RowFault, RowProblem, import_list,
};
use crate::runs::ledger::{LedgerDraft, LedgerError, SkipCounts, SkipDetail, SkipReason};
use crate::sender::context::Context;
use crate::sender::{Sender, check_allowed};

/// The result of reading, and whether the list may be sent.
pub(crate) struct ReadList {
    pub(crate) imported: Imported,
    pub(crate) verdict: Result<(), CommandError>,
    /// Whether earlier runs allow sending; printed after the verdict.
    pub(crate) comparison: Result<(), CommandError>,
    /// Collected if wanted.
    pub(crate) remarks: Remarks,
}

/// Reads every row into `draft` and prints the faults; remarks are kept if the page `keeps_remarks`. `guard` is the
/// sender whose `allow_to` applies. `compare` skips rows that earlier runs have, before duplicate rows are skipped. A row
/// that cannot or may not be sent is part of the verdict, not an error.
pub(crate) fn import(
    context: &Context,
    list: &mut ListReader,
    draft: &mut LedgerDraft,
    plan: &ImportPlan<'_>,
    guard: Option<&Sender>,
    (progress, keeps_remarks): (ProgressFormat, bool),
    compare: &mut dyn FnMut(&mut LedgerDraft) -> Result<(), CommandError>,
) -> Result<ReadList, CommandError> {
    let stderr = &context.stderr;
    let name = list.name().to_owned();
    let reading = ReadProgress::new(stderr, progress, &name);
    let mut told = ToldRows {
        policy: plan.policy,
        messages: RowMessages::new(stderr, &reading),
        notes: RowNotes::default(),
        reported: SkipCounts::default(),
        remarks: keeps_remarks.then(Remarks::new),
    };
    let mut comparison = Ok(());
    let leave_out = |draft: &mut LedgerDraft| {
        comparison = compare(draft);
        comparison.is_ok()
    };
    let report = &mut |line, fault| told.tell(line, &fault);
    let mut imported = import_list(
        list,
        draft,
        plan,
        report,
        &|rows| reading.show(rows),
        leave_out,
    )?;
    let comparison = comparison
        .and_then(|()| refuse_reported(&told.reported, plan.reported))
        .and_then(|()| compare(draft));
    if comparison.is_err() && plan.policy.notes_rejects {
        draft.skip_earlier(None)?;
    }
    imported.count(draft);
    imported.settle_repeated(draft, plan.policy, &mut |line, fault| {
        told.tell(line, &fault);
    })?;
    let first_guarded = guarded_rows(draft, guard, &mut imported, &mut told)?;
    let ToldRows {
        messages,
        notes,
        remarks,
        ..
    } = told;
    messages.finish();
    drop(reading);
    stderr.warnings(&imported.warnings);
    stderr.warnings(&unshown_columns(list, plan));
    stderr.warnings(imported.bare_codes.warning().as_slice());
    tell_of_countries(stderr, &imported, plan.countries);
    notes.tell(stderr);
    tell_of_list(stderr, list, plan.policy.hidden);
    if let Some(line) = imported.last_line {
        stderr.note(&format!(
            "--limit is reached in line {line}; rows below it are neither checked nor sent"
        ));
    }
    let verdict = verdict(list, &imported, plan, first_guarded);
    if verdict.is_err() {
        stderr.note(&imported.sums());
    }
    Ok(ReadList {
        imported,
        verdict,
        comparison,
        remarks: remarks.unwrap_or_default(),
    })
}

/// Prints some faults of rows immediately, and the others together at the end.
struct ToldRows<'a> {
    policy: ImportPolicy,
    messages: RowMessages<'a>,
    notes: RowNotes,
    reported: SkipCounts,
    /// Collected if wanted.
    remarks: Option<Remarks>,
}

impl ToldRows<'_> {
    fn tell(&mut self, line: u64, fault: &RowFault) {
        if let (Some(remarks), RowFault::Remark(remark)) = (&mut self.remarks, fault) {
            remarks.entry(line).or_default().push(remark.clone());
        }
        let (severity, left_out) = if self.policy.skip_invalid {
            (Severity::Warning, " is skipped")
        } else {
            (Severity::Fault, "")
        };
        let Self {
            messages, notes, ..
        } = self;
        let (words, of, way_out, is_warning) = match fault {
            RowFault::Reported(reason) => return self.reported.add(*reason, 1),
            RowFault::Remark(RowProblem::Warning(warning)) => {
                return messages.tell(Severity::Warning, line, &format!(": {warning}"));
            }
            RowFault::Remark(RowProblem::Invalid(problem)) => {
                return messages.tell(severity, line, &format!("{left_out}: {problem}"));
            }
            RowFault::Remark(RowProblem::Duplicate { of, recipient }) => {
                let said =
                    format!("{left_out}: it sends {recipient} the same message as line {of}");
                return messages.tell(severity, line, &said);
            }
            RowFault::Excluded(list) => (excluded_words(list), None, "", false),
            RowFault::KeptOut(reason) => (
                format!("skipped, {} in the report", reason.name()),
                None,
                "",
                false,
            ),
            RowFault::SamePerson { of } => (
                "skipped because an earlier row has the same recipient".to_owned(),
                Some(of),
                "",
                false,
            ),
            RowFault::Remark(RowProblem::NotAllowed) if self.policy.skip_not_allowed => (
                "skipped because allow_to does not allow the recipient".to_owned(),
                None,
                "",
                false,
            ),
            RowFault::Remark(RowProblem::NotAllowed) => {
                let words = "addressed to recipients that are not allowed".to_owned();
                (words, None, "; to skip them: --skip-not-allowed", true)
            }
            RowFault::Remark(RowProblem::EmptyCell(column)) => {
                let way_out = "; this leaves a gap in the text";
                (format!("missing `{column}`"), None, way_out, true)
            }
            RowFault::Remark(RowProblem::PlaceholderCell { column, cell }) => (
                format!("marked `{cell}` in `{column}`"),
                None,
                "; the recipient would read that",
                true,
            ),
            RowFault::Remark(RowProblem::RepeatedPerson { of }) => {
                let words = "addressed to the recipient of an earlier row".to_owned();
                (
                    words,
                    Some(of),
                    "; to send only the first: --one-per-person",
                    false,
                )
            }
        };
        let line = of.map_or_else(|| line.to_string(), |of| format!("{line} (as line {of})"));
        notes.add(words, line, way_out, is_warning);
    }
}

/// Counts the rows with a recipient that `allow_to` of `guard` does not allow, and returns the first fault. It runs after
/// everything that skips rows.
fn guarded_rows(
    draft: &mut LedgerDraft,
    guard: Option<&Sender>,
    imported: &mut Imported,
    told: &mut ToldRows<'_>,
) -> Result<Option<CommandError>, CommandError> {
    let Some(sender) = guard.filter(|sender| sender.settings.allow_to.is_some()) else {
        return Ok(None);
    };
    let mut first = None;
    let mut guarded = Vec::new();
    draft.each_sent(|row, request| {
        if let Err(error) = check_allowed(
            &sender.settings,
            request.recipients()?.iter().map(String::as_str),
        ) {
            guarded.push(row.n);
            told.tell(row.line, &RowFault::Remark(RowProblem::NotAllowed));
            first.get_or_insert(error);
        }
        Ok::<_, LedgerError>(())
    })?;
    imported.guarded = guarded.len() as u64;
    for n in guarded.into_iter().filter(|_| told.policy.notes_rejects) {
        draft.skip(
            n,
            SkipDetail {
                reason: SkipReason::NotAllowed,
                problem: NOT_ALLOWED,
            },
        )?;
    }
    Ok(first)
}

/// Whether the list may be sent. Errors of the list come before errors of a safety check.
fn verdict(
    list: &ListReader,
    imported: &Imported,
    plan: &ImportPlan<'_>,
    first_guarded: Option<CommandError>,
) -> Result<(), CommandError> {
    let policy = plan.policy;
    refuse_faulty(imported, policy)?;
    if let Some(misread) = list.notes.misread.as_ref().filter(|_| plan.strict) {
        let hint = "pass the right --encoding, or remove --strict";
        return Err(UsageError::new(misread, hint).into());
    }
    if let Some(hidden) = hidden_rows(list).filter(|_| policy.hidden.is_none()) {
        let way = "to skip them: --hidden skip; to send them: --hidden send";
        return Err(UsageError::new(hidden, way).into());
    }
    match first_guarded {
        Some(first) => {
            let count = imported.guarded;
            let one = &first.message;
            let message = format!(
                "{count} of the rows have a recipient that is not allowed; the first: {one}"
            );
            Err(CommandError { message, ..first })
        }
        None => Ok(()),
    }
}

fn refuse_faulty(imported: &Imported, policy: ImportPolicy) -> Result<(), UsageError> {
    let Imported {
        rows,
        invalid,
        duplicates,
        without_country,
        ..
    } = imported;
    let them = if invalid + duplicates == 1 {
        "it"
    } else {
        "them"
    };
    match (invalid, duplicates) {
        _ if rows + imported.left_out() == 0 && (policy.skip_invalid || *duplicates == 0) => Err(
            UsageError::new("no row can be sent", "fix the message or the rows"),
        ),
        (0, 0) => Ok(()),
        _ if policy.skip_invalid => Ok(()),
        (0, _) => Err(UsageError::new(
            format!(
                "{} with the message and recipient of another row",
                counted(*duplicates, "row")
            ),
            format!("to skip {them}: --skip-invalid; to send {them}: --allow-duplicates"),
        )),
        (_, _) => Err(UsageError::new(
            format!("{} cannot be sent", counted(invalid + duplicates, "row")),
            // With --country these recipients get their message; with --skip-invalid they do not.
            match without_country {
                0 => format!("fix {them}; or, to skip {them}: --skip-invalid"),
                _ => "add the country of the local numbers: --country EC".to_owned(),
            },
        )),
    }
}
