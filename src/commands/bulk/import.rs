//! Reads the list in, and says what is wrong with its rows.

use std::fs::File;
use std::io::{self, Read};

use super::row_messages::{RowMessages, Severity};
use crate::bulk::{self, ImportPlan, ImportPolicy, Imported, LedgerDraft, RowFault, RowRange};
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::input::Source;
use crate::list::{ListError, ListReader};
use crate::output::{ProgressFormat, Reading, counted};
use crate::sending::{GuardError, Sender};

pub(crate) fn open(source: &Source) -> Result<ListReader, ListError> {
    let (reader, name): (Box<dyn Read>, _) = match source {
        Source::Stdin => (Box::new(io::stdin()), "standard input".to_owned()),
        Source::File(path) => {
            let name = path.display().to_string();
            let opened = File::open(path).map_err(|cause| ListError::Unreadable { name: name.clone(), cause });
            (Box::new(opened?), name)
        }
    };
    ListReader::open(reader, &name)
}

/// What was read, and whether it may be sent.
pub(crate) struct ReadList {
    pub(crate) imported: Imported,
    pub(crate) verdict: Result<(), CommandError>,
}

impl ReadList {
    /// `5 of 6 rows are fine, 1 is not`.
    pub(crate) fn words(&self) -> String {
        let Imported { rows, invalid, guarded, duplicates, .. } = &self.imported;
        let (all, fine) = (rows + invalid + duplicates, rows - guarded);
        match all - fine {
            0 if all == 1 => "the row is fine".to_owned(),
            0 => format!("all {all} rows are fine"),
            1 => format!("{fine} of {all} rows are fine, 1 is not"),
            bad => format!("{fine} of {all} rows are fine, {bad} are not"),
        }
    }
}

/// Reads every row into `draft`, and tells what is wrong with them.
///
/// # Errors
/// When the list or the draft fails; that a row cannot be sent, or may not be, is the verdict.
pub(crate) fn import(
    context: &Context,
    list: &mut ListReader,
    draft: &mut LedgerDraft,
    plan: &ImportPlan<'_>,
    sender: &Sender,
    (range, policy): (RowRange, ImportPolicy),
    progress: ProgressFormat,
) -> Result<ReadList, CommandError> {
    let stderr = &context.stderr;
    let mut first_guarded = None;
    let name = list.name().to_owned();
    let reading = Reading::new(stderr, progress, &name);
    let mut messages = RowMessages::new(stderr, &reading);
    let guard = |recipient: &str| sender.check_allowed(std::iter::once(recipient));
    let allows = |recipient: &str| guard(recipient).is_ok();
    let (severity, left_out) =
        if policy.skip_invalid { (Severity::Warning, " is left out") } else { (Severity::Fault, "") };
    let report = |line, fault: RowFault<'_>| match fault {
        RowFault::Warning(warning) => messages.tell(Severity::Warning, line, &format!(": {warning}")),
        RowFault::Guarded(recipient) => {
            first_guarded = first_guarded.take().or_else(|| guard(recipient).err());
        }
        RowFault::Invalid(problem) => messages.tell(severity, line, &format!("{left_out}: {problem}")),
        RowFault::Duplicate { of, recipient } => {
            let said = format!("{left_out}: it is the same message to {recipient} as line {of}");
            messages.tell(severity, line, &said);
        }
    };
    let imported = bulk::import(list, draft, plan, (range, policy), allows, report, |rows| reading.show(rows))?;
    messages.finish();
    drop(reading);
    match list.empty_rows() {
        0 => {}
        1 => stderr.note("1 row without a filled cell was passed over"),
        rows => stderr.note(&format!("{rows} rows without a filled cell were passed over")),
    }
    let verdict = match (refuse_faulty(&imported, policy), first_guarded) {
        (Err(error), _) => Err(error.into()),
        (Ok(()), Some(first)) => Err(GuardError::Rows { count: imported.guarded, first: Box::new(first) }.into()),
        (Ok(()), None) => Ok(()),
    };
    Ok(ReadList { imported, verdict })
}

fn refuse_faulty(imported: &Imported, policy: ImportPolicy) -> Result<(), UsageError> {
    let Imported { rows, invalid, duplicates, earlier, .. } = imported;
    match (invalid, duplicates) {
        _ if rows + earlier == 0 && (policy.skip_invalid || *duplicates == 0) => {
            Err(UsageError::new("no row can be sent", "fix the message or the rows; nothing was sent"))
        }
        (0, 0) => Ok(()),
        _ if policy.skip_invalid => Ok(()),
        (0, _) => Err(UsageError::new(
            format!("the message and recipient of {} are those of another row", counted(*duplicates, "row")),
            "remove them, leave them out with --skip-invalid, or send them with --allow-duplicates; nothing was sent",
        )),
        (_, _) => Err(UsageError::new(
            format!("{} cannot be sent", counted(invalid + duplicates, "row")),
            "fix them, or leave them out with --skip-invalid; nothing was sent",
        )),
    }
}
