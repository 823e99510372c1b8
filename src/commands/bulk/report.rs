//! `bulk report`: a run as a list that can be sent again, or as a page to look at.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum, ValueHint};

use super::report_file::{ReportFile, ReportFormat, format_from_name, page_lang};
use super::summary::report_stale;
use crate::base::exit::ExitCode;
use crate::base::input::UsageError;
use crate::base::message::{Lang, Message, msg};
use crate::base::output::{Format, RecordError};
use crate::base::texts::has_only_digits;
use crate::command_error::CommandError;
use crate::commands::open_ledger::{find_or_newest, open_ledger_to_show};
use crate::commands::zone::run_zone;
use crate::jelou::api::DeliveryState;
use crate::jelou::message::typed_form;
use crate::phone::person_key;
use crate::runs::hours::ZoneName;
use crate::runs::import::BulkError;
use crate::runs::ledger::{RowFilter, RowState, Run, RunName, SkipReason};
use crate::runs::report::write_report;
use crate::runs::report_page::{self, PageStyle};
use crate::sender::context::Context;

/// Parses a delivery status, as a value of `--delivery`.
fn delivery_step() -> impl TypedValueParser<Value = DeliveryState> {
    PossibleValuesParser::new(DeliveryState::NAMES).map(|name| DeliveryState::from_name(&name))
}

/// A value of `--reason`: why a row was skipped, or why a message was not delivered.
#[derive(Clone, Debug)]
enum ReasonFilter {
    Skipped(SkipReason),
    Code(String),
}

fn reason(raw: &str) -> Result<ReasonFilter, Message> {
    if !raw.is_empty() && has_only_digits(raw) {
        return Ok(ReasonFilter::Code(raw.to_owned()));
    }
    SkipReason::from_str(raw, false)
        .map(ReasonFilter::Skipped)
        .map_err(|_| {
            let names: Vec<_> = SkipReason::value_variants()
                .iter()
                .map(|reason| reason.name())
                .collect();
            msg!(
                "`{raw}` is not a WhatsApp code of digits, nor one of {names}",
                raw,
                names = names.join(", ")
            )
        })
}

/// Print the list file with each row's outcome, or write an HTML page
///
/// Examples:
///   jelouctl bulk report people-20261120-101500 > people.done.csv
///   jelouctl bulk report --state failed --reason invalid --file again.csv
///   jelouctl bulk report --file report.xlsx
///   jelouctl bulk report --file report.csv --delimiter ';'
///   jelouctl bulk report --delivery undelivered --reason 131050 -o to >> out.txt
///   jelouctl bulk report --file report.html
///   jelouctl bulk report --file report.html --mask --lang es
///   jelouctl bulk report --file informe.xlsx --lang es
///
/// Adds these columns to the list: run, line, sent, message_id, http_status, code, error, attempts, at.
/// `bulk deliveries` adds delivery, delivered_at, read_at, delivery_error. Last: sent_to.
/// In CSV, jelouctl puts ' before a cell that looks like a formula. `bulk send` removes it.
/// `-o to` prints only the recipients, one per line.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct BulkReportArgs {
    /// Name of the run [default: the newest one]
    ///
    /// Without --sandbox, sandbox runs are not the default.
    run: Option<RunName>,

    /// Only rows in this state (repeatable)
    #[arg(long, value_name = "STATE")]
    state: Vec<RowState>,

    /// Only sent rows with this delivery status, as of the last `bulk deliveries` (repeatable)
    ///
    /// `--state failed --delivery undelivered` prints both kinds of rows.
    #[arg(long, value_name = "STATE", value_parser = delivery_step())]
    delivery: Vec<DeliveryState>,

    /// Only rows skipped for this reason, or failed with this WhatsApp code (repeatable)
    ///
    /// Examples: invalid, 131050. With --state, a reason adds rows: --state failed --reason invalid prints both. A
    /// code removes rows: it keeps only the failed rows with this code.
    #[arg(long, value_name = "REASON|CODE", value_parser = reason)]
    reason: Vec<ReasonFilter>,

    /// Output format on standard output [default: csv]; the extension of --file sets its own
    #[arg(long, value_name = "FORMAT", conflicts_with = "file")]
    format: Option<ReportFormat>,

    /// CSV delimiter, one of ',' ';' '|' or tab [default: as in the list]
    ///
    /// Also writes a byte order mark, for spreadsheets.
    #[arg(long, value_name = "SIGN", value_parser = delimiter)]
    delimiter: Option<u8>,

    /// Write to this file instead of standard output; replaces it only if complete
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,

    /// Print times in this time zone, such as America/Bogota [default: the run's, else the profile's]
    ///
    /// If neither has one, times are in the time zone of this machine. Times in JSON are UTC.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<ZoneName>,

    /// Hide recipients and cell values on the HTML page
    ///
    /// Messages show column names instead of values.
    #[arg(long)]
    mask: bool,

    /// Write the page, CSV or .xlsx in this language [default: en]
    ///
    /// Without it, a page in a file is in the language of JELOUCTL_LANG or the profile.
    ///
    /// In CSV and .xlsx, es translates the added columns, and the values of sent, error and delivery. `bulk send` reads
    /// both languages.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Lang>,
}

pub(crate) fn run(context: &Context, args: &BulkReportArgs) -> Result<ExitCode, CommandError> {
    // Errors of the command line come first, also that its file cannot be written.
    let format = args.format()?;
    let filter = args.filter();
    args.check(format, &filter, context)?;
    let to = args
        .file
        .as_deref()
        .map(|path| ReportFile::open(context, "--file", path, &[]))
        .transpose()?;
    let ledger = open_ledger_to_show(context)?;
    let run = find_or_newest(context, &ledger, args.run.as_ref())?;
    let name = run.name();
    let details = run.details()?;
    let zone = run_zone(context, args.time_zone.as_ref(), &details)?;
    let stale_reason = run.stale_reason()?;
    let code = report_stale(context, name, stale_reason.as_ref());
    let is_for_a_terminal = to.is_none() && context.stdout.is_for_reading();
    if let Some(spent) = run.spent()? {
        context.stderr.note(spent.describe());
    }
    warn_about_unknown_deliveries(context, &run, &filter)?;
    let page_lang = match &to {
        Some(_) => page_lang(context, args.lang),
        None => args.lang.unwrap_or_default(),
    };
    // The closure returns a description of the written file.
    let write = |to: &mut dyn Write| {
        let zone = zone.clone();
        if let Some(list) = format.list_report(
            is_for_a_terminal,
            args.delimiter,
            args.lang.unwrap_or_default(),
        ) {
            let rows = write_report(&run, &details, &filter, list, zone, to)?;
            return Ok(msg!("{rows} {rows|row|rows}", rows));
        }
        let style = PageStyle {
            language: page_lang,
            mask: args.mask,
            zone,
        };
        report_page::write_run_page(&run, &details, style, to)
    };
    match to {
        Some(to) => {
            to.write(context, |mut file| write(&mut file))?;
            let error = stale_reason.map(|error| RecordError::from(&CommandError::from(error)));
            context.stdout.outcome(code, error.as_ref());
        }
        None if context.stdout.format == Format::To => print_recipients(context, &run, &filter)?,
        None => match write(&mut context.stdout.stream()) {
            // A reader that stops early, such as `head`, is not an error.
            Err(BulkError::Report(cause)) if cause.kind() == io::ErrorKind::BrokenPipe => {}
            written => drop(written?),
        },
    }
    Ok(code)
}

/// Without `bulk deliveries`, the ledger has no delivery status.
fn warn_about_unknown_deliveries(
    context: &Context,
    run: &Run,
    filter: &RowFilter,
) -> Result<(), CommandError> {
    let needs_deliveries = !filter.deliveries.is_empty() || !filter.codes.is_empty();
    if needs_deliveries && run.asked_at()?.is_none() {
        let run = run.name();
        context.stderr.warning_with_hint(
            msg!("run {run} has no delivery status yet", run),
            msg!("to check it: jelouctl bulk deliveries {run}", run),
        );
    }
    Ok(())
}

/// Prints each recipient of the selected rows once.
fn print_recipients(context: &Context, run: &Run, filter: &RowFilter) -> Result<(), CommandError> {
    let mut printed = HashSet::new();
    run.report::<CommandError>(filter, |row| {
        let Some(recipient) = row.recipient else {
            return Ok(());
        };
        if printed.insert(person_key(&recipient).into_owned()) {
            context.stdout.value(&typed_form(&recipient))?;
        }
        Ok(())
    })
}

/// Parses a delimiter: `;`, or `tab`
fn delimiter(typed: &str) -> Result<u8, Message> {
    match typed {
        "," => Ok(b','),
        ";" => Ok(b';'),
        "|" => Ok(b'|'),
        "tab" | "\t" | "\\t" => Ok(b'\t'),
        _ => Err(msg!(
            "`{typed}` is not a delimiter: ',', ';', '|' or tab",
            typed = typed.escape_debug().to_string()
        )),
    }
}

impl BulkReportArgs {
    /// Returns whether standard output gets the report.
    pub(crate) fn is_printed(&self) -> bool {
        self.file.is_none()
    }

    fn filter(&self) -> RowFilter {
        let mut reasons = Vec::new();
        let mut codes = Vec::new();
        for reason in &self.reason {
            match reason {
                ReasonFilter::Skipped(reason) => reasons.push(*reason),
                ReasonFilter::Code(code) => codes.push(code.clone()),
            }
        }
        RowFilter {
            states: self.state.clone(),
            reasons,
            deliveries: self.delivery.clone(),
            codes,
        }
    }

    /// Returns the format of the file's extension, or else the typed format.
    fn format(&self) -> Result<ReportFormat, UsageError> {
        match &self.file {
            Some(path) => format_from_name("--file", path),
            None => Ok(self.format.unwrap_or(ReportFormat::Csv)),
        }
    }

    /// Refuses flags that do not work with the format.
    fn check(
        &self,
        format: ReportFormat,
        filter: &RowFilter,
        context: &Context,
    ) -> Result<(), UsageError> {
        if self.delimiter.is_some() && format != ReportFormat::Csv {
            return Err(UsageError::new(
                msg!("--delimiter: only CSV has one"),
                msg!("remove --delimiter, or write CSV: --format csv, or --file report.csv"),
            ));
        }
        let is_of_file = matches!(format, ReportFormat::Html | ReportFormat::Xlsx);
        if is_of_file && self.file.is_none() && context.stdout.is_for_reading() {
            return Err(UsageError::new(
                msg!("--format: a page or a workbook cannot be printed on a terminal"),
                msg!("write to a file: --file report.html, or report.xlsx"),
            ));
        }
        if format != ReportFormat::Html {
            if self.mask {
                return Err(UsageError::new(
                    msg!("--mask works only for a page, not for a list"),
                    msg!("write a page: --format html, or --file report.html"),
                ));
            }
            return Ok(());
        }
        if *filter != RowFilter::default() {
            return Err(UsageError::new(
                msg!(
                    "--state, --delivery and --reason select rows of a list; a page has all rows, and its own filters"
                ),
                msg!("remove them, or write a list: --format csv, or --file report.csv"),
            ));
        }
        Ok(())
    }
}
