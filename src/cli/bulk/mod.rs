//! `bulk …`.

mod manage;
mod send;

use std::path::PathBuf;

use clap::Subcommand;

use self::manage::{DecidedRows, Decision, RemoveFlags};
pub(super) use self::send::BulkSend;
use self::send::{EarlierFlags, RunOptionFlags, WorkFlags};
use super::hours::HoursFlags;
use crate::commands::bulk::{BulkAction, ReportArguments, ReportFormat};
use crate::ledger::{RowFilter, RowState, RunName, SkipReason};
use crate::message::Message;
use crate::phone::Country;
use crate::report_page::PageLanguage;

#[derive(Debug, Subcommand)]
pub(crate) enum BulkCommand {
    Send(Box<BulkSend>),
    /// Continue a run that was stopped, paused or killed
    ///
    /// Examples:
    ///   jelouctl bulk resume
    ///   jelouctl bulk resume people-20261120-101500 --rate 2/s
    ///
    /// At a terminal it shows the first message that is left and asks, as `bulk send` does; elsewhere
    /// it goes on at once.
    /// What may have been sent is never sent again: see `bulk resolve`.
    #[command(verbatim_doc_comment)]
    Resume {
        /// Name of the run [default: the only unfinished one]
        run: Option<RunName>,

        #[command(flatten)]
        options: RunOptionFlags,

        #[command(flatten)]
        hours: HoursFlags,

        #[command(flatten)]
        earlier: EarlierFlags,
    },
    /// Send rows of a run that other machines send too, until it is complete
    ///
    /// Examples:
    ///   jelouctl bulk work --ledger postgres://jelou@db.example/jelou
    ///   jelouctl bulk work people-20261120-101500 --concurrency 16
    ///
    /// For machines: a paused run stays paused, and this ends with 8 or 11; `bulk resume` lifts a pause.
    /// All who send a run share its rate. Where the run is a file of this machine, it is `bulk resume`.
    #[command(verbatim_doc_comment)]
    Work {
        /// Name of the run [default: the only unfinished one]
        run: Option<RunName>,

        #[command(flatten)]
        options: WorkFlags,
    },
    /// Stop a run that another process sends; what is under way ends first
    ///
    /// Examples:
    ///   jelouctl bulk stop people-20261120-101500
    ///
    /// That process sees it within a second, also while it waits, and ends with 11; `bulk resume` goes on.
    #[command(verbatim_doc_comment)]
    Stop {
        /// Name of the run [default: the only unfinished one]
        run: Option<RunName>,
    },
    /// Show the state of a run, also while it is running
    Status {
        /// Name of the run [default: the newest one; a rehearsal on the sandbox only where there is no other]
        run: Option<RunName>,
    },
    /// Print the list with the outcome of each row, or make a page of it to look at
    ///
    /// Examples:
    ///   jelouctl bulk report people-20261120-101500 > people.done.csv
    ///   jelouctl bulk report --state failed --reason invalid --file again.csv
    ///   jelouctl bulk report --file report.html
    ///   jelouctl bulk report --file report.html --mask --lang es
    ///
    /// After the list's own columns: run, line, sent, message_id, http_status, code, error, attempts, at.
    /// In CSV, ' is put before a cell that a spreadsheet would run; `bulk send` removes it again.
    #[command(verbatim_doc_comment)]
    Report {
        /// Name of the run [default: the newest one; a rehearsal on the sandbox only where there is no other]
        run: Option<RunName>,

        /// Rows in this state only (repeatable)
        #[arg(long, value_name = "STATE")]
        state: Vec<RowState>,

        /// Of the skipped rows those with this reason only; with --state, besides the rows in that state (repeatable)
        #[arg(long, value_name = "REASON")]
        reason: Vec<SkipReason>,

        /// How it is written [default: what the file's name says, else csv]
        #[arg(long, value_name = "FORMAT")]
        format: Option<ReportFormat>,

        /// Write it to this file, all or nothing, instead of standard output
        #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
        file: Option<PathBuf>,

        /// On the page, show neither names nor numbers nor the list's columns, and the message unfilled
        #[arg(long)]
        mask: bool,

        /// Language of the page [default: en]
        #[arg(long, value_name = "LANGUAGE")]
        lang: Option<PageLanguage>,
    },
    /// Show what was sent to a person, by any run
    ///
    /// Examples:
    ///   jelouctl bulk find 593987654321
    ///   jelouctl bulk find 0987654321 --country EC -o record | jq .body
    ///
    /// However the number is written, here and in the lists. Elsewhere than at a terminal it prints one
    /// JSON object a line: what the report has of the row, with to, state, kind, bot_id, sandbox, and
    /// the message as body.
    #[command(verbatim_doc_comment)]
    Find {
        /// Phone number, WhatsApp user id, or id:USER of another channel
        #[arg(allow_hyphen_values = true)]
        user: String,

        /// Country whose national number it is, in two letters: EC
        #[arg(long, value_name = "CODE")]
        country: Option<Country>,
    },
    /// Set the state of unknown rows by hand, or send failed rows again
    ///
    /// Examples:
    ///   jelouctl bulk resolve people-20261120-101500 --unknown-as sent
    ///   jelouctl bulk resolve people-20261120-101500 --to 593987654321 --line 7 --unknown-as failed
    ///   jelouctl bulk resolve people-20261120-101500 --failed-as pending
    ///   jelouctl bulk report people-20261120-101500 --state unknown --file unknown.csv
    ///   jelouctl bulk resolve --from unknown.csv
    ///
    /// Unknown rows may have been sent: ask the recipients, or check in Jelou, before you say `pending`.
    /// A report says it row by row: in its column `sent`, write yes or no in place of unknown.
    /// All rows are decided or none.
    /// `--pending-as unknown` is for a ledger that is damaged: it does not know which rows were sent.
    /// Its failed rows become unknown too, since they may have been sent again.
    #[command(verbatim_doc_comment)]
    Resolve {
        /// Name of the run [default: the only unfinished one; with --from, the report's]
        run: Option<RunName>,

        #[command(flatten)]
        decision: Decision,

        #[command(flatten)]
        rows: DecidedRows,
    },
    /// List the runs, the newest first
    ///
    /// Elsewhere than at a terminal it prints, separated by tabs: name, state (complete, unfinished,
    /// damaged or unreadable), rows, sent, failed, unknown, left, skipped, when it was made (UTC), kind,
    /// and the bot or `sandbox`. With -o record it prints one JSON object a line.
    #[command(verbatim_doc_comment)]
    List,
    /// Remove a run, or old ones, with all that is known of it; asks, or needs --yes
    ///
    /// Examples:
    ///   jelouctl bulk remove people-20261120-101500
    ///   jelouctl bulk remove --older-than 90d --yes
    ///
    /// An unfinished run is removed by its name only. What a removed run sent counts no more when the
    /// same is sent again.
    #[command(verbatim_doc_comment)]
    Remove {
        #[command(flatten)]
        which: RemoveFlags,
    },
}

impl BulkCommand {
    /// The kind that `bulk send` sends.
    pub(super) fn kind(&self) -> Option<&Message> {
        match self {
            Self::Send(send) => Some(send.kind()),
            _ => None,
        }
    }
}

impl From<BulkCommand> for BulkAction {
    fn from(action: BulkCommand) -> Self {
        match action {
            BulkCommand::Send(send) => Self::Send(Box::new((*send).into())),
            BulkCommand::Resume { run, options, hours, earlier } => {
                Self::Resume { run, options: options.into(), hours: hours.into(), earlier: earlier.into() }
            }
            BulkCommand::Work { run, options } => Self::Work { run, options: options.into() },
            BulkCommand::Status { run } => Self::Status { run },
            BulkCommand::Report { run, state, reason, format, file, mask, lang } => {
                let filter = RowFilter { states: state, reasons: reason };
                Self::Report(ReportArguments { run, filter, format, file, mask, language: lang })
            }
            BulkCommand::Stop { run } => Self::Stop { run },
            BulkCommand::Find { user, country } => Self::Find { user, country },
            BulkCommand::Resolve { run, decision, rows } => Self::Resolve { run, decided: decision.of(rows) },
            BulkCommand::List => Self::List,
            BulkCommand::Remove { which } => Self::Remove(which.removed()),
        }
    }
}
