//! `--rejects`: the file for the rows that will not be sent.

use jiff::tz::TimeZone;

use super::report_file::{ReportFile, format_from_name};
use super::send_args::BulkSendArgs;
use crate::base::input::UsageError;
use crate::base::message::{Lang, msg};
use crate::command_error::CommandError;
use crate::runs::ledger::{LedgerDraft, RunSettings};
use crate::runs::report::{ListReport, write_skipped_rows};
use crate::sender::context::Context;

const FLAG: &str = "--rejects";

/// The file, and how the rows are written.
pub(super) struct RejectsFile {
    file: ReportFile,
    format: ListReport,
}

impl RejectsFile {
    /// Opens the file; None without the flag.
    pub(super) fn open(context: &Context, args: &BulkSendArgs) -> Result<Option<Self>, UsageError> {
        let Some(path) = args.rejects.as_deref() else {
            return Ok(None);
        };
        let format = format_from_name(FLAG, path)?
            .list_report(false, None, Lang::En)
            .ok_or_else(|| {
                UsageError::new(
                    msg!(
                        "{flag}: rows are written as a list, not as a page",
                        flag = FLAG
                    ),
                    msg!("write to a .csv, .xlsx or .ndjson file"),
                )
            })?;
        let file = ReportFile::open(context, FLAG, path, &args.inputs())?;
        Ok(Some(Self { file, format }))
    }

    /// Writes the skipped rows of the draft, with times in `zone`.
    pub(super) fn write(
        self,
        context: &Context,
        draft: &LedgerDraft,
        settings: &RunSettings,
        zone: TimeZone,
    ) -> Result<(), CommandError> {
        let format = self.format;
        self.file.write(context, |to| {
            let rows = write_skipped_rows(draft, settings, format, zone, to)?;
            Ok(msg!("{rows} {rows|row|rows} that will not be sent", rows))
        })
    }
}
