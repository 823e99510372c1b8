//! Reads the list in, and says what is wrong with its rows.

use std::fs::File;
use std::io::{self, Read};

use crate::bulk::{self, ImportPlan, ImportPolicy, Imported, LedgerDraft, RowFault, RowRange};
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::input::Source;
use crate::list::{ListError, ListReader};
use crate::sending::{GuardError, Sender};

/// Warnings of rows that are told one by one.
const WARNINGS: u64 = 5;

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

/// Reads every row into `draft`.
///
/// # Errors
/// When a row cannot be sent, or may not be.
pub(crate) fn import(
    context: &Context,
    list: &mut ListReader,
    draft: &mut LedgerDraft,
    plan: &ImportPlan<'_>,
    sender: &Sender,
    (range, policy): (RowRange, ImportPolicy),
) -> Result<Imported, CommandError> {
    let stderr = &context.stderr;
    let mut first_guarded = None;
    let mut warnings = 0;
    let guard = |recipient: &str| sender.check_allowed(std::iter::once(recipient));
    let allows = |recipient: &str| guard(recipient).is_ok();
    let imported = bulk::import(list, draft, plan, (range, policy), allows, |line, fault| match fault {
        RowFault::Warning(warning) => {
            warnings += 1_u64;
            if warnings <= WARNINGS {
                stderr.warning(&format!("line {line}: {warning}"));
            }
        }
        RowFault::Guarded(recipient) => {
            first_guarded = first_guarded.take().or_else(|| guard(recipient).err());
        }
        RowFault::Invalid(problem) if policy.skip_invalid => {
            stderr.warning(&format!("line {line} is left out: {problem}"));
        }
        RowFault::Invalid(problem) => stderr.fault(&format!("line {line}: {problem}")),
        RowFault::Duplicate { of, recipient } if policy.skip_invalid => {
            stderr.warning(&format!("line {line} is left out: it is the same message to {recipient} as line {of}"));
        }
        RowFault::Duplicate { of, recipient } => {
            stderr.fault(&format!("line {line}: it is the same message to {recipient} as line {of}"));
        }
    })?;
    match list.empty_rows() {
        0 => {}
        1 => stderr.note("1 row without a filled cell was passed over"),
        rows => stderr.note(&format!("{rows} rows without a filled cell were passed over")),
    }
    if warnings > WARNINGS {
        stderr.warning(&format!("{} more warnings like these", warnings - WARNINGS));
    }
    refuse_faulty(&imported, policy)?;
    match first_guarded {
        Some(first) => Err(GuardError::Rows { count: imported.guarded, first: Box::new(first) }.into()),
        None => Ok(imported),
    }
}

fn refuse_faulty(imported: &Imported, policy: ImportPolicy) -> Result<(), UsageError> {
    let Imported { rows, invalid, duplicates, .. } = imported;
    match (invalid, duplicates) {
        _ if *rows == 0 && (policy.skip_invalid || *duplicates == 0) => {
            Err(UsageError::new("no row can be sent", "fix the rows; nothing was sent"))
        }
        (0, 0) => Ok(()),
        _ if policy.skip_invalid => Ok(()),
        (0, _) => Err(UsageError::new(
            format!("{duplicates} rows send the same message to the same recipient as another one"),
            "remove them, leave them out with --skip-invalid, or send them with --allow-duplicates; nothing was sent",
        )),
        (_, _) => Err(UsageError::new(
            format!("{} rows cannot be sent", invalid + duplicates),
            "fix them, or leave them out with --skip-invalid; nothing was sent",
        )),
    }
}
