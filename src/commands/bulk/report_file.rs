//! The file for a report or a page: it is written completely or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::commands::CommandError;
use crate::context::{Context, UsageError};
use crate::import::BulkError;
use crate::input::Source;
use crate::ledger::Runs;
use crate::list::{ListOptions, ListReader, is_report};
use crate::output::counted;
use crate::private_file::{FileError, target_of};
use crate::report_page::{PageSize, is_page};

/// The file of a report. It is written beside the target, and replaces it once complete, even through a link.
pub(crate) struct ReportFile<'a> {
    path: &'a Path,
    file: NamedTempFile,
}

impl<'a> ReportFile<'a> {
    /// `flag` is named in errors. A file that the command `reads` is never replaced. If the command reads any, `--yes`
    /// does not answer the question whether to overwrite a file.
    pub(crate) fn open(context: &Context, flag: &str, path: &'a Path, reads: &[&Source]) -> Result<Self, UsageError> {
        if path.as_os_str() == "-" {
            let message = format!("{flag}: this is written to a file, not to standard output");
            return Err(UsageError::new(message, "name a file"));
        }
        let refused = |cause| {
            let error = FileError::of("write", path)(cause);
            UsageError::new(format!("{flag}: {error}"), "name a file in a directory that is there and can be written")
        };
        if path.is_dir() {
            return Err(refused(io::ErrorKind::IsADirectory.into()));
        }
        // This would replace a device or a pipe.
        if path.exists() && !path.is_file() {
            let message = format!("{flag}: {} is not a regular file", path.display());
            return Err(UsageError::new(message, "to write into a device or a pipe, redirect standard output: > FILE"));
        }
        if Runs::at_home().is_ok_and(|runs| runs.has(&target_of(path))) {
            let message = format!("{flag}: {} is in the directory of the runs", path.display());
            return Err(UsageError::new(message, "name a file in another directory"));
        }
        let target = target_of(path).canonicalize().ok();
        let is_target = |source: &&Source| match source {
            Source::File(read) => target.is_some() && read.canonicalize().ok() == target,
            Source::Stdin => false,
        };
        if reads.iter().any(is_target) {
            let message = format!("{flag}: {} is a file that this command reads", path.display());
            return Err(UsageError::new(message, "name another file"));
        }
        context.check_overwrite(flag, path, "a report of a run", reads.is_empty(), |begin| {
            is_report(begin) || is_page(begin) || is_report_workbook(path)
        })?;
        let target = target_of(path);
        let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { path, file: NamedTempFile::new_in(directory).map_err(refused)? })
    }

    /// Writes the file with `write`, which returns a description, and moves it into place.
    pub(crate) fn write(
        mut self,
        context: &Context,
        write: impl FnOnce(io::BufWriter<&mut NamedTempFile>) -> Result<String, BulkError>,
    ) -> Result<(), CommandError> {
        let failed = || FileError::of("write", self.path);
        let written = match write(io::BufWriter::new(&mut self.file)) {
            Err(BulkError::Report(cause)) => return Err(failed()(cause).into()),
            written => written?,
        };
        self.file.flush().map_err(failed())?;
        self.file.persist(target_of(self.path)).map_err(|error| failed()(error.error))?;
        context.stderr.note(&format!("{written} written to {}", self.path.display()));
        Ok(())
    }
}

/// Whether the file at `path` is a report saved as a workbook.
fn is_report_workbook(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    ListReader::open(file, "", &ListOptions::default()).is_ok_and(|list| list.is_report_workbook())
}

/// `a page with 507 rows`
pub(crate) fn page_in_words(size: PageSize) -> String {
    let all = counted(size.rows + size.left_out, "row");
    match size.left_out {
        0 => format!("a page with {all}"),
        _ => format!("a page with {} of {all}, as many as it has room for,", size.rows),
    }
}
