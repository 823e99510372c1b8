//! The file for a report, a page, or the rows that will not be sent. Its extension sets the format, and it is written
//! completely or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use tempfile::NamedTempFile;

use crate::base::input::{Source, UsageError};
use crate::base::message::{Lang, Message, msg};
use crate::base::owner::follow_own_links;
use crate::base::paths::is_ledger_file;
use crate::base::private_file::{FileAction, FileError, directory_of};
use crate::base::process::TemporaryFile;
use crate::command_error::CommandError;
use crate::lists::list_file::{ListInput, ListOptions, ListReader, is_report};
use crate::runs::import::BulkError;
use crate::runs::report::{CsvOptions, ListReport};
use crate::runs::report_page::is_page;
use crate::sender::config::configured_lang;
use crate::sender::context::Context;

/// The format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// The list as CSV, for a spreadsheet
    Csv,
    /// The list, one JSON object per line
    Ndjson,
    /// The list as an Excel workbook, all cells as text
    Xlsx,
    /// A page for a browser
    Html,
}

impl ReportFormat {
    /// Returns how a list is written to this file. None for a page.
    pub(super) fn list_report(
        self,
        is_for_a_terminal: bool,
        delimiter: Option<u8>,
        language: Lang,
    ) -> Option<ListReport> {
        match self {
            Self::Csv => Some(ListReport::Csv(CsvOptions {
                is_for_a_terminal,
                delimiter,
                language,
            })),
            Self::Ndjson => Some(ListReport::Ndjson),
            Self::Xlsx => Some(ListReport::Workbook { language }),
            Self::Html => None,
        }
    }
}

/// The file of a report. It is written next to the target, and replaces it when complete.
pub(crate) struct ReportFile {
    path: PathBuf,
    /// The path without its links. Replacing it does not follow a link that another user puts there later.
    target: PathBuf,
    temporary: TemporaryFile,
}

impl ReportFile {
    /// Opens the file. Errors name `flag`. A file that the command `reads` is never replaced. If
    /// the command reads any, `--yes` does not answer the question whether to overwrite a file.
    pub(crate) fn open(
        context: &Context,
        flag: &str,
        path: &Path,
        reads: &[&Source],
    ) -> Result<Self, UsageError> {
        if path.as_os_str() == "-" {
            let message = msg!("{flag} needs a file, not standard output", flag);
            return Err(UsageError::new(message, msg!("write the name of a file")));
        }
        let refused = |cause, hint: Message| {
            let error = FileError::while_doing(FileAction::Write, path)(cause);
            let message = msg!("{flag}: {error}", flag, error = error.message());
            UsageError::new(message, hint)
        };
        // A device or a pipe would be replaced.
        if path.exists() && !path.is_file() {
            return Err(UsageError::new(
                msg!("{flag}: {path} is not a regular file", flag, path),
                msg!("to write to a device or a pipe: > FILE"),
            ));
        }
        let target = follow_own_links(path).map_err(|cause| refused(cause, another_file()))?;
        if is_ledger_file(&target) {
            return Err(UsageError::new(
                msg!("{flag}: {path} is a file of the ledger", flag, path),
                msg!("write to another directory"),
            ));
        }
        if reads.iter().any(|source| is_replaced(source, &target)) {
            let message = msg!(
                "{flag}: {path} is a file that this command reads",
                flag,
                path
            );
            return Err(UsageError::new(message, another_file()));
        }
        context.check_overwrite(
            flag,
            path,
            msg!("a report of a run"),
            reads.is_empty(),
            |begin| is_report(begin) || is_page(begin) || is_report_workbook(path),
        )?;
        let temporary = TemporaryFile::create(directory_of(&target), &target).map_err(|cause| {
            let hint = msg!("write to a directory that exists and is writable");
            refused(cause, hint)
        })?;
        Ok(Self {
            path: path.to_owned(),
            target,
            temporary,
        })
    }

    /// Writes the file with `write`, which returns a description, and moves it into place.
    pub(crate) fn write(
        self,
        context: &Context,
        write: impl FnOnce(io::BufWriter<&mut NamedTempFile>) -> Result<Message, BulkError>,
    ) -> Result<(), CommandError> {
        let failed = || FileError::while_doing(FileAction::Write, &self.path);
        let mut file = self.temporary.file;
        let written = match write(io::BufWriter::new(&mut file)) {
            Err(BulkError::Report(cause)) => return Err(failed()(cause).into()),
            written => written?,
        };
        file.flush().map_err(failed())?;
        file.persist(&self.target)
            .map_err(|error| failed()(error.error))?;
        context.stderr.note(msg!(
            "{written} written to {path}",
            written,
            path = self.path
        ));
        Ok(())
    }
}

/// Returns the format of a file with this name; `flag` is named in errors.
pub(super) fn format_from_name(flag: &str, path: &Path) -> Result<ReportFormat, UsageError> {
    let ending = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    match ending.as_str() {
        "ndjson" | "jsonl" => Ok(ReportFormat::Ndjson),
        "html" | "htm" => Ok(ReportFormat::Html),
        "xlsx" => Ok(ReportFormat::Xlsx),
        "xlsm" | "xls" | "ods" | "pdf" => {
            let message = msg!(
                "{flag}: a report cannot be written as .{ending}",
                flag,
                ending
            );
            let hint = msg!(
                "for a spreadsheet: .csv or .xlsx; for a page that a browser can print as a PDF: .html"
            );
            Err(UsageError::new(message, hint))
        }
        _ => Ok(ReportFormat::Csv),
    }
}

/// Returns whether writing `target` replaces the file of `source`.
fn is_replaced(source: &Source, target: &Path) -> bool {
    // On Linux the name of a file that standard input reads can be found.
    let list_file = match source {
        Source::File(file) => file,
        Source::Stdin => Path::new("/dev/stdin"),
    };
    let replaced = target.canonicalize().ok();
    replaced.is_some() && list_file.canonicalize().ok() == replaced
}

fn another_file() -> Message {
    msg!("write to another file")
}

/// Returns whether the file at `path` is a report saved as a workbook.
fn is_report_workbook(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    ListReader::open(ListInput::File(file), "", &ListOptions::default())
        .is_ok_and(|list| list.is_report_workbook())
}

/// Returns the language of a page in a file: `--lang`, else that of the environment or the profile. The terminal does not
/// decide, because the page is for others.
pub(super) fn page_lang(context: &Context, typed: Option<Lang>) -> Lang {
    typed
        .or_else(|| configured_lang(&context.flags))
        .unwrap_or_default()
}
