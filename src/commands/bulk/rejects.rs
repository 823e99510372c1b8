//! `bulk send --rejects FILE`: writes the rows that will not be sent as a report, which can be corrected and sent.

use std::path::Path;

use super::import::ReadList;
use super::report::{ReportFormat, format_of_name};
use super::report_file::ReportFile;
use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::input::Source;
use crate::ledger::LedgerDraft;
use crate::list::{ListReader, ReportLanguage};
use crate::output::counted;
use crate::report::{ListReport, write_left_out};

const FLAG: &str = "--rejects";

/// The file for the rejected rows.
pub(super) struct Rejects<'a> {
    file: ReportFile<'a>,
    format: ListReport,
}

impl<'a> Rejects<'a> {
    pub(super) fn open(context: &Context, path: &'a Path, reads: &[&Source]) -> Result<Self, UsageError> {
        let language = ReportLanguage::En;
        let format = match format_of_name(FLAG, path)? {
            None | Some(ReportFormat::Csv) => ListReport::Csv { is_for_a_terminal: false, delimiter: None, language },
            Some(ReportFormat::Ndjson) => ListReport::Ndjson,
            Some(ReportFormat::Xlsx) => ListReport::Workbook { language },
            Some(ReportFormat::Html) => {
                let message = format!("{FLAG}: rows are written as a list, not as a page");
                return Err(UsageError::new(message, "name a .csv, a .xlsx or a .ndjson"));
            }
        };
        Ok(Self { file: ReportFile::open(context, FLAG, path, reads)?, format })
    }
}

/// Writes the rejected rows of `draft`, if wanted, and prints how many there are.
pub(super) fn write_rejects(
    context: &Context,
    rejects: Option<Rejects<'_>>,
    draft: &LedgerDraft,
    list: &ListReader,
    read: &ReadList,
) -> Result<(), CommandError> {
    let Some(Rejects { file, format }) = rejects else { return Ok(()) };
    file.write(context, |to| {
        let rows = write_left_out(draft, (&read.imported.columns, list.format()), format, to)?;
        Ok(format!("{} that will not be sent", counted(rows, "row")))
    })
}
